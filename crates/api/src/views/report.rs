//! Posts and members on the wire, as reports show them.

use std::collections::BTreeMap;

use domain::{Coverage, Day, Float, MediaType, MetricStatus, Platform, PostSource, PostStatus, RateCard, Timestamp};
use serde::Serialize;
use store::{CountedPosts, MemberNumbers, PostCounts, ReportMember, ReportMetrics, ReportNumbers, ReportPost};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::views::creator::AccountsSummaryOut;
use crate::views::history::CoverageOut;
use crate::views::post::address;
use crate::views::vocabulary::{
    MediaTypeName, MetricStatusName, PlatformName, PostSourceName, PostStatusName, ReportMetricsName,
};
use crate::views::{Metric, MetricStatusOut, metric_status};

/// What no public page shows.
const NOT_SHOWN: [&str; 2] = ["impressions", "view_time"];

/// A post with its numbers. A post that is tracked several times is there once.
#[derive(Serialize, ToSchema)]
#[schema(as = ReportPost)]
pub(crate) struct ReportPostOut {
    /// The post's id in reports.
    id: i64,
    /// `post`.
    #[serde(rename = "type")]
    #[schema(example = "post")]
    kind: &'static str,
    /// The account videos that show it, oldest first.
    account_video_ids: Vec<i64>,
    /// The video that shows it, when it was added by hand.
    video_id: Option<Uuid>,
    /// The platform.
    #[schema(value_type = PlatformName)]
    platform: Platform,
    /// The platform's own id of the post.
    external_id: String,
    /// The post's address on the platform.
    url: String,
    /// The caption; on YouTube and Pinterest the title too, where there is one.
    description: Option<String>,
    /// When it was published.
    #[schema(value_type = Option<String>, format = DateTime)]
    create_time: Option<Timestamp>,
    /// What it is made of.
    #[schema(value_type = Option<MediaTypeName>)]
    media_type: Option<MediaType>,
    /// Length in seconds; for what does not play null, or 0 where the platform says so.
    #[schema(value_type = Option<f64>)]
    duration: Option<Float>,
    /// Where it stands.
    #[schema(value_type = PostStatusName)]
    status: PostStatus,
    /// How it came to be tracked. What was added by hand is `submitted`, or `brand_initiated`, wherever else it stands.
    #[schema(value_type = PostSourceName)]
    source: PostSource,
    /// When tracking began.
    #[schema(value_type = String, format = DateTime)]
    added_at: Timestamp,
    /// First good read since tracking began.
    #[schema(value_type = Option<String>, format = DateTime)]
    first_scrape_time: Option<Timestamp>,
    /// Last good read; null until the first.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_scrape_time: Option<Timestamp>,
    /// Your account of the author, else the first whose feed shows it; null when there is none.
    account: Option<ReportAccountOut>,
    /// The creator that the account is linked to.
    creator: Option<ReportCreatorOut>,
    /// The numbers.
    metrics: ReportNumbersOut,
    /// Why metrics are null, by their names. Engagements, their rate and the media value are null when what they are made of is.
    #[schema(value_type = std::collections::HashMap<String, MetricStatusName>)]
    metric_status: MetricStatusOut,
    /// How much of the window was seen; with `metrics=range` alone.
    coverage: Option<CoverageOut>,
}

/// The account that a post is counted to.
#[derive(Serialize, ToSchema)]
#[schema(as = ReportAccount)]
pub(crate) struct ReportAccountOut {
    /// Its id.
    pub(crate) id: Uuid,
    /// Its handle.
    pub(crate) username: String,
}

/// The creator that a post is counted to.
#[derive(Serialize, ToSchema)]
#[schema(as = ReportCreator)]
pub(crate) struct ReportCreatorOut {
    /// The id.
    pub(crate) id: Uuid,
    /// The name.
    pub(crate) name: String,
}

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
const fn metrics_of(counts: &PostCounts) -> [Metric; 6] {
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

impl From<Row<ReportPost>> for ReportPostOut {
    fn from(Row { of: post, metrics }: Row<ReportPost>) -> Self {
        let ReportPost {
            id,
            video_id,
            account_video_ids,
            platform,
            external_id,
            author_username,
            description,
            create_time,
            media_type,
            duration,
            status,
            source,
            added_at,
            first_scrape_at,
            last_scrape_at,
            account_id,
            account_username,
            creator_id,
            creator_name,
            numbers,
            observed_days,
            metric_status: known,
        } = post;
        let counts = numbers.counts;
        let mut statuses = metric_status(platform, first_scrape_at.is_some(), &known, &metrics_of(&counts));
        statuses.extend(NOT_SHOWN.map(|name| (name, MetricStatus::NotProvided)));
        let (external_id, url) = address(platform, external_id, author_username.or_else(|| account_username.clone()));
        let coverage = match metrics {
            ReportMetrics::Lifetime => None,
            ReportMetrics::Range(window) => {
                let observed_days = observed_days.unwrap_or(0);
                Some(Coverage { days: window.days(), observed_days, ..Coverage::default() }.into())
            }
        };
        Self {
            id,
            kind: "post",
            account_video_ids: account_video_ids.into_iter().map(|id| id.0).collect(),
            video_id: video_id.map(|id| id.0),
            platform,
            external_id,
            url,
            description,
            create_time,
            media_type,
            duration,
            status,
            source,
            added_at,
            first_scrape_time: first_scrape_at,
            last_scrape_time: last_scrape_at,
            account: account_id.zip(account_username).map(|(id, username)| ReportAccountOut { id: id.0, username }),
            creator: creator_id.zip(creator_name).map(|(id, name)| ReportCreatorOut { id: id.0, name }),
            metrics: numbers.into(),
            metric_status: statuses,
            coverage,
        }
    }
}

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
