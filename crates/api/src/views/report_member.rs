//! Members on the wire, as reports show them.

use std::collections::BTreeMap;

use domain::{MediaType, MetricStatus, Platform, Timestamp};
use serde::Serialize;
use store::{CountedPosts, MemberNumbers, ReportMember, ReportMetrics};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::views::MetricStatusOut;
use crate::views::creator::AccountsSummaryOut;
use crate::views::report::{NOT_SHOWN, ReportNumbersOut, Row, metrics_of};
use crate::views::vocabulary::MetricStatusName;

/// A creator, and what its posts come to. A post counts once, in however many feeds of the creator it stands.
#[derive(Serialize, ToSchema)]
#[schema(as = ReportMember)]
pub(crate) struct ReportMemberOut {
    /// The creator's id.
    id: Uuid,
    /// `member`.
    #[serde(rename = "type")]
    #[schema(example = "member")]
    kind: &'static str,
    /// The name.
    name: String,
    /// Whether its accounts are collected; paused when false.
    is_active: bool,
    /// When it was added.
    #[schema(value_type = String, format = DateTime)]
    added_at: Timestamp,
    /// The linked accounts.
    accounts_summary: AccountsSummaryOut,
    /// Followers over the linked accounts, as far as they are known.
    followers: Option<i64>,
    #[serde(flatten)]
    total: BreakdownOut,
    /// Why metrics are null, by their names: nothing was read yet of any post, no post is on a platform that has it, or no post's page carries it.
    #[schema(value_type = std::collections::HashMap<String, MetricStatusName>)]
    metric_status: MetricStatusOut,
    /// The same for each platform; those without a post are left out.
    #[schema(value_type = std::collections::HashMap<String, BreakdownOut>)]
    by_platform: BTreeMap<Platform, BreakdownOut>,
    /// The same by what posts are made of, `unknown` where that is not known; what there is none of is left out.
    #[schema(value_type = std::collections::HashMap<String, BreakdownOut>)]
    by_media_type: BTreeMap<&'static str, BreakdownOut>,
    /// How much of the window was seen; with `metrics=range` alone.
    coverage: Option<MemberCoverageOut>,
}

/// Sums over posts, and over how many.
#[derive(Clone, Copy, Serialize, ToSchema)]
#[schema(as = ReportSums)]
pub(crate) struct BreakdownOut {
    /// The sums, as far as they are known.
    pub(crate) metrics: ReportNumbersOut,
    /// Posts of which at least one metric is known.
    #[schema(minimum = 0)]
    pub(crate) posts_counted: i64,
    /// Posts that match.
    #[schema(minimum = 0)]
    pub(crate) posts_known: i64,
    /// Of how many posts each metric is known.
    pub(crate) counted: CountedOut,
}

/// Of how many posts each metric is known.
#[derive(Clone, Copy, Serialize, ToSchema)]
#[schema(as = CountedPosts)]
pub(crate) struct CountedOut {
    /// Views.
    #[schema(minimum = 0)]
    views: i64,
    /// Likes.
    #[schema(minimum = 0)]
    likes: i64,
    /// Comments.
    #[schema(minimum = 0)]
    comments: i64,
    /// Shares.
    #[schema(minimum = 0)]
    shares: i64,
    /// Saves.
    #[schema(minimum = 0)]
    saves: i64,
    /// Plays.
    #[schema(minimum = 0)]
    plays: i64,
}

/// How much of the window was seen of a member's posts.
#[derive(Serialize, ToSchema)]
#[schema(as = MemberCoverage)]
pub(crate) struct MemberCoverageOut {
    /// Days of the window.
    #[schema(minimum = 1, maximum = 366)]
    days: i32,
    /// Posts that match.
    #[schema(minimum = 0)]
    posts: i64,
    /// Those of them that were read within the window.
    #[schema(minimum = 0)]
    posts_observed: i64,
}

impl From<MemberNumbers> for BreakdownOut {
    fn from(of: MemberNumbers) -> Self {
        let MemberNumbers { numbers, posts_known, posts_counted, posts_read: _, counted, posts_observed: _ } = of;
        let CountedPosts { views, likes, comments, shares, saves, plays } = counted;
        let counted = CountedOut { views, likes, comments, shares, saves, plays };
        Self { metrics: numbers.into(), posts_counted, posts_known, counted }
    }
}

impl From<Row<ReportMember>> for ReportMemberOut {
    fn from(Row { of: member, metrics }: Row<ReportMember>) -> Self {
        let ReportMember {
            id,
            name,
            is_active,
            added_at,
            followers,
            accounts_by_platform,
            total,
            by_platform,
            by_media_type,
        } = member;
        let counts = total.numbers.counts;
        let all = metrics_of(&counts);
        let why = |stored: &str| {
            // The same words as of each post, where one is true of all.
            let mut platforms = by_platform.keys();
            match (total.posts_read, platforms.any(|platform| platform.has_metric(stored))) {
                (0, _) => MetricStatus::NotYetScraped,
                (_, true) => MetricStatus::NotProvided,
                (_, false) => MetricStatus::Unsupported,
            }
        };
        let null = all.into_iter().filter(|(.., value)| value.is_none());
        let null: Vec<_> = null.map(|(metric, stored, _)| (metric, why(stored))).collect();
        let coverage = match metrics {
            ReportMetrics::Lifetime => None,
            ReportMetrics::Range(window) => Some(MemberCoverageOut {
                days: window.days(),
                posts: total.posts_known,
                posts_observed: total.posts_observed.unwrap_or(0),
            }),
        };
        Self {
            id: id.0,
            kind: "member",
            name,
            is_active,
            added_at,
            accounts_summary: AccountsSummaryOut::new(accounts_by_platform, followers),
            followers,
            total: total.into(),
            metric_status: null.into_iter().chain(NOT_SHOWN.map(|name| (name, MetricStatus::NotProvided))).collect(),
            by_platform: by_platform.into_iter().map(|(platform, of)| (platform, of.into())).collect(),
            by_media_type: by_media_type
                .into_iter()
                .map(|(kind, of)| (kind.map_or("unknown", MediaType::as_str), of.into()))
                .collect(),
            coverage,
        }
    }
}
