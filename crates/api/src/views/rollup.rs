//! What is rolled up over many, on the wire: the overview of an organization, and its creators by what they gained.

use domain::{Float, GainName, Period, gains};
use serde::Serialize;
use store::{Overview, OverviewNumbers, TopCreator};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::call::Call;
use crate::problem::Problem;
use crate::query::Query;
use crate::views::history::{AnalyticsMetaOut, RollupMetricsOut};
use crate::views::vocabulary::{GainNameName, RollingPeriodName};
use crate::window::{Asked, WindowOut};

/// Creators when the client does not say.
const DEFAULT_LIMIT: u32 = 10;
const MOST_CREATORS: u32 = 25;

/// Which days.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "the published form of what overview_query reads")]
pub(crate) struct OverviewParams {
    /// Days that end today (UTC), today included. Default `7d`.
    #[param(inline)]
    period: Option<RollingPeriodName>,
}

/// Reads a query: the period that ends today.
pub(crate) fn overview_query(call: &Call) -> Result<Asked, Problem> {
    let mut query = call.query();
    let period = rolling(&mut query);
    query.finish()?;
    Ok(Asked::ending(period.unwrap_or(Period::Week), call.today()))
}

fn rolling(query: &mut Query) -> Option<Period> {
    query.read("period", |text| Period::parse(text, &Period::ROLLING))
}

/// Which days, by what, and how many.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "the published form of what top_query reads")]
pub(crate) struct TopParams {
    /// Days that end today (UTC), today included. Default `30d`.
    #[param(inline)]
    period: Option<RollingPeriodName>,
    /// What is ranked by. Default `views`.
    #[param(inline)]
    order_by: Option<GainNameName>,
    /// How many creators at most.
    #[param(minimum = 1, maximum = 25, default = 10)]
    limit: Option<u32>,
}

/// What the best creators are asked for by.
#[derive(Clone, Copy, Debug, Hash)]
pub(crate) struct TopAsked {
    pub(crate) asked: Asked,
    pub(crate) order: GainName,
    pub(crate) limit: u32,
}

/// Reads a query: the period that ends today, what is ranked by, and how many are wanted.
pub(crate) fn top_query(call: &Call) -> Result<TopAsked, Problem> {
    let mut query = call.query();
    let period = rolling(&mut query);
    let order = query.choice("order_by");
    let limit = query.limit(MOST_CREATORS);
    query.finish()?;
    Ok(TopAsked {
        asked: Asked::ending(period.unwrap_or(Period::Month), call.today()),
        order: order.unwrap_or(GainName::Views),
        limit: limit.unwrap_or(DEFAULT_LIMIT),
    })
}

/// Your organization at a glance.
#[derive(Serialize, ToSchema)]
#[schema(as = OverviewAnswer)]
pub(crate) struct OverviewAnswerOut {
    data: OverviewOut,
    meta: AnalyticsMetaOut,
}

/// A period beside as many days before it.
#[derive(Serialize, ToSchema)]
#[schema(as = Overview)]
struct OverviewOut {
    /// `overview`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The period.
    current: OverviewNumbersOut,
    /// As many days before it.
    previous: OverviewNumbersOut,
    /// How the two compare.
    changes: OverviewChangesOut,
}

/// Writes out the numbers of an overview with how each compares.
macro_rules! overview {
    ($($(#[$doc:meta])* $name:ident / $pct:ident: $kind:ty = $of:expr),* $(,)?) => {
        /// A period. What was gained is the sum of what each day added, as far as it is known; a post counts once.
        #[derive(Clone, Copy, Serialize, ToSchema)]
        #[schema(as = OverviewNumbers)]
        struct OverviewNumbersOut {
            $($(#[$doc])* $name: $kind,)*
            /// Engagement by views over what was gained, in percent, to two places. Null when views are unknown or 0.
            #[schema(value_type = Option<f64>)]
            engagement_rate: Option<Float>,
        }

        impl From<OverviewNumbers> for OverviewNumbersOut {
            fn from(numbers: OverviewNumbers) -> Self {
                Self { $($name: $of(&numbers),)* engagement_rate: numbers.gains.engagement_rate() }
            }
        }

        /// How a period compares with as many days before it, in percent of those, to two places. Null where either is unknown, or the earlier is 0.
        #[derive(Serialize, ToSchema)]
        #[schema(as = OverviewChanges)]
        struct OverviewChangesOut {
            $($(#[$doc])* #[schema(value_type = Option<f64>)] $pct: Option<Float>,)*
            /// The engagement rate: by how many percent of itself it changed, worked out from the two rates as they are shown.
            #[schema(value_type = Option<f64>)]
            engagement_rate_pct: Option<Float>,
        }

        impl OverviewChangesOut {
            fn between(now: &OverviewNumbers, before: &OverviewNumbers) -> Self {
                Self {
                    $($pct: gains::change($of(now).into(), $of(before).into()),)*
                    engagement_rate_pct: now.gains.changes_since(&before.gains).engagement_rate,
                }
            }
        }
    };
}

overview! {
    /// Views gained.
    total_views / total_views_pct: Option<i64> = |of: &OverviewNumbers| of.gains.views,
    /// Plays gained.
    total_plays / total_plays_pct: Option<i64> = |of: &OverviewNumbers| of.gains.plays,
    /// Likes gained.
    total_likes / total_likes_pct: Option<i64> = |of: &OverviewNumbers| of.gains.likes,
    /// Comments gained.
    total_comments / total_comments_pct: Option<i64> = |of: &OverviewNumbers| of.gains.comments,
    /// Shares gained.
    total_shares / total_shares_pct: Option<i64> = |of: &OverviewNumbers| of.gains.shares,
    /// Saves gained.
    total_saves / total_saves_pct: Option<i64> = |of: &OverviewNumbers| of.gains.saves,
    /// Likes, comments and shares gained, as far as they are known; null when none of them is.
    total_engagement / total_engagement_pct: Option<i64> = |of: &OverviewNumbers| of.gains.engagement(),
    /// Followers gained by all accounts together.
    followers_gained / followers_gained_pct: Option<i64> = |of: &OverviewNumbers| of.gains.followers,
    /// Accounts that are collected now (neither they nor their creator are paused) and were added by the end of the period.
    active_accounts / active_accounts_pct: i64 = |of: &OverviewNumbers| of.active_accounts,
    /// Posts in the feeds of accounts, of those that are tracked now, that were found by the end of the period.
    account_videos / account_videos_pct: i64 = |of: &OverviewNumbers| of.account_videos,
    /// Posts added by hand, of those that are tracked now, that were added by the end of the period.
    tracked_videos / tracked_videos_pct: i64 = |of: &OverviewNumbers| of.tracked_videos,
}

impl OverviewAnswerOut {
    pub(crate) fn new(overview: &Overview, asked: Asked) -> Self {
        let Overview { current, previous } = overview;
        let data = OverviewOut {
            kind: "overview",
            current: (*current).into(),
            previous: (*previous).into(),
            changes: OverviewChangesOut::between(current, previous),
        };
        Self { data, meta: asked.into() }
    }
}

/// The creators whose accounts gained most.
#[derive(Serialize, ToSchema)]
#[schema(as = TopCreators)]
pub(crate) struct TopCreatorsOut {
    /// The best first.
    data: Vec<TopCreatorOut>,
    meta: TopMetaOut,
}

/// A creator by what its accounts gained.
#[derive(Serialize, ToSchema)]
#[schema(as = TopCreator)]
struct TopCreatorOut {
    /// `creator`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The creator's id.
    id: Uuid,
    /// Its name.
    name: String,
    /// Its place, from 1.
    #[schema(minimum = 1, maximum = 25)]
    rank: usize,
    #[serde(flatten)]
    metrics: RollupMetricsOut,
}

/// What was ranked.
#[derive(Serialize, ToSchema)]
#[schema(as = TopMeta)]
struct TopMetaOut {
    #[serde(flatten)]
    window: WindowOut,
    /// What was ranked by.
    #[schema(value_type = GainNameName)]
    order_by: &'static str,
    /// How many creators at most.
    #[schema(minimum = 1, maximum = 25)]
    limit: u32,
}

impl TopCreatorsOut {
    pub(crate) fn new(creators: Vec<TopCreator>, top: TopAsked) -> Self {
        let TopAsked { asked, order, limit } = top;
        let row = |(place, creator): (usize, TopCreator)| {
            let TopCreator { id, name, gains, coverage } = creator;
            TopCreatorOut { kind: "creator", id: id.0, name, rank: place + 1, metrics: (gains, coverage).into() }
        };
        let data = creators.into_iter().enumerate().map(row).collect();
        Self { data, meta: TopMetaOut { window: asked.into(), order_by: order.as_str(), limit } }
    }
}

#[cfg(test)]
mod tests {
    use domain::Gains;
    use serde_json::json;

    use super::*;

    #[test]
    fn an_overview_compares_each_number() {
        let numbers = |views, likes, accounts| OverviewNumbers {
            gains: Gains { views, likes, ..Gains::default() },
            active_accounts: accounts,
            account_videos: 4,
            tracked_videos: 0,
        };
        let overview = Overview { current: numbers(Some(200), Some(3), 3), previous: numbers(Some(100), Some(3), 2) };
        let today = domain::Day::parse("2024-03-01").unwrap();
        let shown =
            serde_json::to_value(OverviewAnswerOut::new(&overview, Asked::ending(Period::Week, today))).unwrap();
        let data = &shown["data"];
        assert_eq!(data["type"], "overview");
        assert_eq!(data["current"]["total_views"], 200);
        assert_eq!(
            (&data["current"]["engagement_rate"], &data["previous"]["engagement_rate"]),
            (&json!(1.5), &json!(3.0))
        );
        let changes = &data["changes"];
        assert_eq!((&changes["total_views_pct"], &changes["engagement_rate_pct"]), (&json!(100.0), &json!(-50.0)));
        assert_eq!((&changes["active_accounts_pct"], &changes["account_videos_pct"]), (&json!(50.0), &json!(0.0)));
        assert_eq!((&changes["tracked_videos_pct"], &changes["total_shares_pct"]), (&json!(null), &json!(null)));
        assert_eq!(shown["meta"]["previous_start_date"], "2024-02-17");
    }
}
