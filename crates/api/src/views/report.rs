//! What reports say of posts and of members alike: the numbers, what they are, and by which prices they are worth something.

use std::collections::BTreeMap;

use domain::{Day, Float, Platform, RateCard};
use serde::Serialize;
use store::{PostCounts, ReportMetrics, ReportNumbers};
use utoipa::ToSchema;

use crate::views::Metric;
use crate::views::vocabulary::ReportMetricsName;

/// What no public page shows.
pub(crate) const NOT_SHOWN: [&str; 2] = ["impressions", "view_time"];

/// Numbers of a post, or sums over posts: what is known now, or with `metrics=range` what was gained within the window.
#[derive(Clone, Copy, Serialize, ToSchema)]
#[schema(as = ReportMetrics)]
pub(crate) struct ReportNumbersOut {
    /// Views.
    pub(crate) views: Option<i64>,
    /// Impressions, which no public page shows.
    #[schema(value_type = Option<i64>)]
    pub(crate) impressions: (),
    /// Likes.
    pub(crate) likes: Option<i64>,
    /// Comments.
    pub(crate) comments: Option<i64>,
    /// Shares.
    pub(crate) shares: Option<i64>,
    /// Saves.
    pub(crate) saves: Option<i64>,
    /// Plays; on TikTok the same as views.
    pub(crate) plays: Option<i64>,
    /// Likes, comments and shares, as far as they are known; null when none of them is.
    pub(crate) engagements: Option<i64>,
    /// Engagements by views, in percent, to two places; over the posts of which both are known. Null when views are unknown or 0.
    #[schema(value_type = Option<f64>)]
    pub(crate) engagement_rate: Option<Float>,
    /// How long it was looked at, which no public page shows.
    #[schema(value_type = Option<i64>)]
    pub(crate) view_time: (),
    /// Total media value: an estimate of what the attention would have cost as advertising, by the prices of `meta.rate_card`, in its currency.
    #[schema(value_type = Option<f64>)]
    pub(crate) tmv: Option<Float>,
}

impl From<ReportNumbers> for ReportNumbersOut {
    fn from(numbers: ReportNumbers) -> Self {
        let ReportNumbers { counts, engagements, engagement_rate, tmv } = numbers;
        Self {
            views: counts.view_count,
            impressions: (),
            likes: counts.like_count,
            comments: counts.comment_count,
            shares: counts.share_count,
            saves: counts.saved_count,
            plays: counts.play_count,
            engagements,
            engagement_rate: engagement_rate.map(|hundredths| part_of(hundredths, 100)),
            view_time: (),
            tmv: tmv.map(|millionths| part_of(millionths, domain::media_value::MILLIONTHS)),
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "beyond 2^53 parts the last digits are of no use to anybody")]
fn part_of(parts: i64, whole: i64) -> Float {
    Float(parts as f64 / whole as f64)
}

/// The counts under their names in reports.
pub(crate) const fn metrics_of(counts: &PostCounts) -> [Metric; 6] {
    [
        ("views", "view_count", counts.view_count),
        ("likes", "like_count", counts.like_count),
        ("comments", "comment_count", counts.comment_count),
        ("shares", "share_count", counts.share_count),
        ("saves", "saved_count", counts.saved_count),
        ("plays", "play_count", counts.play_count),
    ]
}

/// The numbers of a report's row and the days that they are about.
pub(crate) struct Row<T> {
    pub(crate) of: T,
    pub(crate) metrics: ReportMetrics,
}

/// What a report is about.
#[derive(Serialize, ToSchema)]
#[schema(as = ReportMeta)]
pub(crate) struct ReportMetaOut {
    /// Whether the numbers are those that are known now, or what was gained within the window.
    #[schema(value_type = ReportMetricsName)]
    metrics: &'static str,
    /// The first day of the window; null without one.
    #[schema(value_type = Option<String>, format = Date)]
    start_date: Option<Day>,
    /// The last day of the window, itself included.
    #[schema(value_type = Option<String>, format = Date)]
    end_date: Option<Day>,
    /// By which prices the media value is estimated.
    rate_card: RateCardOut,
}

/// The prices of media value.
#[derive(Serialize, ToSchema)]
#[schema(as = RateCard)]
pub(crate) struct RateCardOut {
    /// The card's id; `custom` when `rates` changed prices.
    id: String,
    /// The card that was changed; null when none was.
    base: Option<String>,
    /// The currency, by its three letters.
    currency: String,
    /// The prices that were used, by platform. Media value is `views / 1000 * thousand_views + likes * like + comments * comment + shares * share +
    /// saves * save`, of what is known.
    #[schema(value_type = std::collections::HashMap<String, PricesOut>)]
    prices: BTreeMap<Platform, PricesOut>,
}

/// What attention costs on a platform, in the card's currency.
#[derive(Serialize, ToSchema)]
#[schema(as = RateCardPrices)]
pub(crate) struct PricesOut {
    /// A thousand views.
    #[schema(value_type = f64, minimum = 0)]
    thousand_views: Float,
    /// A like.
    #[schema(value_type = f64, minimum = 0)]
    like: Float,
    /// A comment.
    #[schema(value_type = f64, minimum = 0)]
    comment: Float,
    /// A share.
    #[schema(value_type = f64, minimum = 0)]
    share: Float,
    /// A save.
    #[schema(value_type = f64, minimum = 0)]
    save: Float,
}

impl From<RateCard> for RateCardOut {
    fn from(card: RateCard) -> Self {
        let prices = Platform::ALL.map(|platform| {
            let [thousand_views, like, comment, share, save] = card.prices(platform).amounts().map(Float);
            (platform, PricesOut { thousand_views, like, comment, share, save })
        });
        let RateCard { id, base, currency, .. } = card;
        Self { id, base, currency, prices: prices.into() }
    }
}

impl ReportMetaOut {
    pub(crate) fn new(metrics: ReportMetrics, dates: Option<domain::Window>, card: RateCard) -> Self {
        Self {
            metrics: match metrics {
                ReportMetrics::Lifetime => "lifetime",
                ReportMetrics::Range(_) => "range",
            },
            start_date: dates.map(domain::Window::first),
            end_date: dates.map(domain::Window::last),
            rate_card: card.into(),
        }
    }
}
