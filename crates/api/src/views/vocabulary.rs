//! The closed sets of names, as the OpenAPI document lists them. `domain` holds the sets themselves and knows nothing of OpenAPI; a test
//! keeps the two alike.

use utoipa::ToSchema;

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident as $published:ident { $($variant:ident = $text:literal),* $(,)? })*) => {$(
        $(#[$doc])*
        #[derive(ToSchema)]
        #[schema(as = $published)]
        #[expect(dead_code, reason = "published names")]
        pub(crate) enum $name { $(#[schema(rename = $text)] $variant),* }
    )*};
}

names! {
    /// A platform.
    PlatformName as Platform {
        Instagram = "instagram", Tiktok = "tiktok", Youtube = "youtube", Pinterest = "pinterest",
    }

    /// What a post is made of.
    MediaTypeName as MediaType { Video = "video", Image = "image", Carousel = "carousel", Story = "story" }

    /// Whether a post can still be seen: `missing` was said once, `deleted` confirmed; `expired` vanished by design.
    PostStatusName as PostStatus {
        Live = "live", Missing = "missing", Deleted = "deleted", Expired = "expired", Private = "private",
    }

    /// How the data of a resource stands. `pending`: never read so far; `fresh`: read within its interval; `stale`: not read again within its interval and
    /// a tenth of it; `failing`: the last attempt failed; `paused`: not collected; `unavailable`: the platform said twice that it does not exist. The
    /// interval is `scrape_interval_hours`; for an account video, its account's, or the longer one that the operator set for posts of the age it had at its last read.
    FreshnessStateName as FreshnessState {
        Pending = "pending", Fresh = "fresh", Stale = "stale", Failing = "failing", Paused = "paused",
        Unavailable = "unavailable",
    }

    /// How an attempt to read a page ended.
    OutcomeName as Outcome {
        Ok = "ok", Empty = "empty", Blocked = "blocked", RateLimited = "rate_limited", Private = "private",
        NotFound = "not_found", Removed = "removed", ParseError = "parse_error", NetworkError = "network_error",
        Timeout = "timeout",
    }

    /// Why a metric is null: the owner hides it, the platform has no such metric, nothing was read yet, or the page that was read does not
    /// carry it.
    MetricStatusName as MetricStatus {
        Hidden = "hidden", Unsupported = "unsupported", NotYetScraped = "not_yet_scraped", NotProvided = "not_provided",
    }

    /// How a known metric falls short of exact: `rounded` by the platform, or read `from_text` made for people, which lags behind by hours.
    PrecisionName as MetricPrecision { Rounded = "rounded", FromText = "from_text" }

    /// Why an account is unavailable: the platform says that there is no such account; the handle is another account's by now; or it is the
    /// same account as another one that you track.
    UnavailableReasonName as UnavailableReason {
        NotFound = "not_found", HandleTaken = "handle_taken", Duplicate = "duplicate",
    }

    /// What a member of a project or group is.
    MemberTypeName as MemberType {
        Creator = "creator", Account = "account", Video = "video", AccountVideo = "account_video",
    }

    /// By which door a platform is asked: the public pages, which everybody is shown, or its official interface.
    ChannelName as SourceChannel { Page = "page", Official = "official" }

    /// What a source is asked for: an account's profile, the list of its posts, or a single post, be it added by hand or found in a feed.
    TargetTypeName as SourceTargetType { Account = "account", AccountVideos = "account_videos", Video = "video" }

    /// Whether a platform lets itself be asked: `closed` when it does; `open` when it refused often and is left alone for a while;
    /// `half_open` when a single request goes out to see whether it answers again.
    BreakerStateName as BreakerState { Closed = "closed", Open = "open", HalfOpen = "half_open" }

    /// Days that end today (UTC), today included; or `custom`, from one date to another.
    PeriodName as Period { Week = "7d", Month = "30d", Quarter = "90d", Custom = "custom" }

    /// What an export is of: accounts, a row each; a row for each account and day; posts, each once; creators with what their posts come to.
    ExportDatasetName as ExportDataset {
        Accounts = "accounts", Timeseries = "timeseries", Posts = "posts", Members = "members",
    }

    /// The form of an export's file.
    ExportFormatName as ExportFormat { Csv = "csv", Ndjson = "ndjson", Parquet = "parquet" }

    /// How far an export has come; `expired` is one whose file was kept for its time.
    ExportStatusName as ExportStatus {
        Queued = "queued", Running = "running", Succeeded = "succeeded", Failed = "failed", Expired = "expired",
    }

    /// A metric of a post.
    PostMetricName as PostMetric {
        Views = "views", Plays = "plays", Likes = "likes", Comments = "comments", Shares = "shares", Saves = "saves",
        Engagement = "engagement", EngagementRate = "engagement_rate",
    }

    /// A metric of an account.
    AccountMetricName as AccountMetric {
        Views = "views", Plays = "plays", Likes = "likes", Comments = "comments", Shares = "shares", Saves = "saves",
        Engagement = "engagement", EngagementRate = "engagement_rate", Followers = "followers", Following = "following",
        Posts = "posts",
    }

    /// How a post came to be tracked: found in a feed, added by hand, or added by hand and noted as the brand's own idea.
    PostSourceName as PostSource {
        AutoDiscovered = "auto_discovered", Submitted = "submitted", BrandInitiated = "brand_initiated",
    }

    /// Which posts the dates of a report choose.
    DateBasisName as DateBasis { Published = "published", Metric = "metric" }

    /// Which numbers a report shows: those that are known now, or what was gained within its dates.
    ReportMetricsName as ReportMetricsKind { Lifetime = "lifetime", Range = "range" }

    /// Days that end today (UTC), today included.
    RollingPeriodName as RollingPeriod { Week = "7d", Month = "30d", Quarter = "90d" }

    /// What is ranked by: what was gained, or the rate of it.
    GainNameName as GainName {
        Views = "views", Plays = "plays", Likes = "likes", Comments = "comments", Shares = "shares", Saves = "saves",
        Engagement = "engagement", EngagementRate = "engagement_rate", FollowersGained = "followers_gained",
    }

    /// How a post came to be tracked.
    SourceName as Source { AutoDiscovered = "auto_discovered", Submitted = "submitted" }

    /// What a key may do.
    ScopeName as Scope {
        Read = "read", Write = "write", Admin = "admin", ReadSocial = "read:social", ReadUsage = "read:usage",
        ReadSupport = "read:support", ReadMember = "read:member", ReadAffiliate = "read:affiliate",
        ReadPayment = "read:payment", ReadProductFulfillment = "read:product-fulfillment",
        WriteTracking = "write:tracking", WriteWebhooks = "write:webhooks",
    }

    /// How long a key lives: 30, 60 or 90 days, a year of 365 days, or without an end.
    KeyLifetimeName as ApiKeyLifetime { Days30 = "30d", Days60 = "60d", Days90 = "90d", Year = "1y", Never = "never" }
}

names! {
    /// Why a run came to be: the target was just added, its interval passed, you asked, or the run before it failed.
    TriggerName as RunTrigger { Created = "created", Scheduled = "scheduled", Refresh = "refresh", Retry = "retry" }

    /// Where a run stands. One that is `skipped` was not needed any more: nobody collects the target, or a later run took its place.
    RunStatusName as RunStatus {
        Queued = "queued", Running = "running", Succeeded = "succeeded", Failed = "failed", Skipped = "skipped",
    }

    /// Which page a run reads.
    RunKindName as RunKind { Profile = "profile", Feed = "feed", Post = "post" }

    /// What a run reads.
    RunTargetTypeName as RunTargetType { Account = "account", Video = "video", AccountVideo = "account_video" }
}

#[cfg(test)]
mod tests {
    use utoipa::PartialSchema;

    use super::*;

    fn published<T: PartialSchema>() -> Vec<String> {
        let schema = serde_json::to_value(T::schema()).unwrap();
        schema["enum"].as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn the_published_names_are_the_domains() {
        assert_eq!(published::<PlatformName>(), domain::Platform::ALL.map(domain::Platform::as_str));
        assert_eq!(published::<MediaTypeName>(), domain::MediaType::ALL.map(domain::MediaType::as_str));
        assert_eq!(published::<PostSourceName>(), domain::PostSource::ALL.map(domain::PostSource::as_str));
        assert_eq!(published::<OutcomeName>(), domain::Outcome::ALL.map(domain::Outcome::as_str));
        assert_eq!(published::<ScopeName>(), domain::Scope::ALL.map(domain::Scope::as_str));
        assert_eq!(published::<KeyLifetimeName>(), domain::KeyLifetime::ALL.map(domain::KeyLifetime::as_str));
        assert_eq!(published::<TriggerName>(), domain::Trigger::ALL.map(domain::Trigger::as_str));
        assert_eq!(published::<PeriodName>(), domain::Period::ALL.map(domain::Period::as_str));
        assert_eq!(published::<RollingPeriodName>(), domain::Period::ROLLING.map(domain::Period::as_str));
        assert_eq!(published::<GainNameName>(), domain::GainName::ALL.map(domain::GainName::as_str));
        assert_eq!(published::<PostSourceName>(), domain::PostSource::ALL.map(domain::PostSource::as_str));
        assert_eq!(published::<ExportDatasetName>(), domain::ExportDataset::ALL.map(domain::ExportDataset::as_str));
        assert_eq!(published::<ExportFormatName>(), domain::ExportFormat::ALL.map(domain::ExportFormat::as_str));
        assert_eq!(published::<ExportStatusName>(), domain::ExportStatus::ALL.map(domain::ExportStatus::as_str));
        let metrics = |names: &[domain::MetricName]| names.iter().map(|name| name.as_str()).collect::<Vec<_>>();
        assert_eq!(published::<PostMetricName>(), metrics(domain::MetricName::OF_POSTS));
        assert_eq!(published::<AccountMetricName>(), metrics(domain::MetricName::OF_ACCOUNTS));
        assert_eq!(published::<RunStatusName>(), domain::RunStatus::ALL.map(domain::RunStatus::as_str));
        assert_eq!(published::<MemberTypeName>(), domain::MemberType::ALL.map(domain::MemberType::as_str));
        assert_eq!(published::<RunKindName>(), domain::TargetKind::ALL.map(domain::TargetKind::as_str));
        for name in published::<PostStatusName>() {
            assert!(name.parse::<domain::PostStatus>().is_ok(), "{name}");
        }
        for name in published::<MetricStatusName>() {
            assert!(name.parse::<domain::MetricStatus>().is_ok(), "{name}");
        }
        assert_eq!(
            published::<PrecisionName>(),
            [domain::Precision::Rounded, domain::Precision::FromText].map(domain::Precision::as_str)
        );
        assert_eq!(
            published::<ChannelName>(),
            [domain::Channel::Page, domain::Channel::Official].map(domain::Channel::as_str)
        );
        assert_eq!(
            published::<BreakerStateName>(),
            [store::BreakerState::Closed, store::BreakerState::Open, store::BreakerState::HalfOpen]
                .map(store::BreakerState::as_str)
        );
        assert_eq!(
            published::<UnavailableReasonName>(),
            domain::UnavailableReason::ALL.map(domain::UnavailableReason::as_str)
        );
    }
}
