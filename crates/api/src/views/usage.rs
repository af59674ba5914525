//! What an organization uses, on the wire.

use std::collections::BTreeMap;

use domain::Platform;
use serde::Serialize;
use store::{Tracked, Usage};
use utoipa::ToSchema;

use crate::limit::WINDOW_SECONDS;

/// The limits in force for the key at hand.
#[derive(Hash)]
pub(crate) struct Limits {
    pub(crate) requests_per_minute: u32,
    pub(crate) failed_authentications_per_minute: u32,
}

/// An organization's counts and limits.
#[derive(Serialize, ToSchema)]
#[schema(as = Usage)]
pub(crate) struct UsageOut {
    /// `usage`.
    #[serde(rename = "type")]
    #[schema(example = "usage")]
    kind: &'static str,
    /// Accounts that you track.
    tracked_accounts: TrackedAccountsOut,
    /// Posts that you added by hand.
    tracked_videos: TrackedVideosOut,
    /// Posts that were found in the feeds of your accounts.
    account_videos: AccountVideosOut,
    /// Your creators.
    creators: CountOut,
    /// Your API keys, without those that are revoked.
    api_keys: CountOut,
    /// How often you may call.
    rate_limit: UsageLimitsOut,
}

/// Tracked accounts.
#[derive(Serialize, ToSchema)]
#[schema(as = UsageOfAccounts)]
struct TrackedAccountsOut {
    /// All of them: what the cap counts.
    #[schema(minimum = 0)]
    total: i64,
    /// Those that are collected: neither they nor their creator is paused.
    #[schema(minimum = 0)]
    billable: i64,
    /// The most that you may track; null for no cap.
    #[schema(minimum = 0)]
    cap: Option<i64>,
    /// The same for each platform.
    #[schema(value_type = std::collections::HashMap<String, TrackedOut>)]
    by_platform: BTreeMap<Platform, TrackedOut>,
}

/// Videos added by hand.
#[derive(Serialize, ToSchema)]
#[schema(as = UsageOfVideos)]
struct TrackedVideosOut {
    /// All of them.
    #[schema(minimum = 0)]
    total: i64,
    /// Those that are collected.
    #[schema(minimum = 0)]
    billable: i64,
    /// The same for each platform.
    #[schema(value_type = std::collections::HashMap<String, TrackedOut>)]
    by_platform: BTreeMap<Platform, TrackedOut>,
}

/// Posts found in feeds.
#[derive(Serialize, ToSchema)]
#[schema(as = UsageOfAccountVideos)]
struct AccountVideosOut {
    /// All of them.
    #[schema(minimum = 0)]
    total: i64,
    /// The same for each platform.
    #[schema(value_type = std::collections::HashMap<String, CountOut>)]
    by_platform: BTreeMap<Platform, CountOut>,
}

/// How many there are, and how many are collected.
#[derive(Serialize, ToSchema)]
#[schema(as = UsageTracked)]
struct TrackedOut {
    /// All of them.
    #[schema(minimum = 0)]
    total: i64,
    /// Those that are collected.
    #[schema(minimum = 0)]
    billable: i64,
}

/// How many there are.
#[derive(Serialize, ToSchema)]
#[schema(as = UsageCount)]
struct CountOut {
    /// All of them.
    #[schema(minimum = 0)]
    total: i64,
}

/// How often you may call.
#[derive(Serialize, ToSchema)]
#[schema(as = UsageLimits)]
struct UsageLimitsOut {
    /// Calls of each key in a minute.
    requests_per_minute: u32,
    /// Length of the time over which calls are counted, in seconds.
    window_seconds: i64,
    /// Calls without a good key that one address may make in a minute.
    failed_authentications_per_minute: u32,
}

/// One entry for each platform, whether there is anything on it or not.
fn by_platform<T: Copy + Default, U>(counts: &BTreeMap<Platform, T>, shown: impl Fn(T) -> U) -> BTreeMap<Platform, U> {
    let count = |platform| counts.get(&platform).copied().unwrap_or_default();
    Platform::ALL.into_iter().map(|platform| (platform, shown(count(platform)))).collect()
}

impl From<Tracked> for TrackedOut {
    fn from(Tracked { total, billable }: Tracked) -> Self {
        Self { total, billable }
    }
}

impl From<(Usage, Limits)> for UsageOut {
    fn from((usage, limits): (Usage, Limits)) -> Self {
        let Usage { accounts, max_tracked_accounts, videos, account_videos, creators, api_keys } = usage;
        let Limits { requests_per_minute, failed_authentications_per_minute } = limits;
        Self {
            kind: "usage",
            tracked_accounts: TrackedAccountsOut {
                total: accounts.values().map(|tracked| tracked.total).sum(),
                billable: accounts.values().map(|tracked| tracked.billable).sum(),
                cap: max_tracked_accounts,
                by_platform: by_platform(&accounts, TrackedOut::from),
            },
            tracked_videos: TrackedVideosOut {
                total: videos.values().map(|tracked| tracked.total).sum(),
                billable: videos.values().map(|tracked| tracked.billable).sum(),
                by_platform: by_platform(&videos, TrackedOut::from),
            },
            account_videos: AccountVideosOut {
                total: account_videos.values().sum(),
                by_platform: by_platform(&account_videos, |total| CountOut { total }),
            },
            creators: CountOut { total: creators },
            api_keys: CountOut { total: api_keys },
            rate_limit: UsageLimitsOut {
                requests_per_minute,
                window_seconds: WINDOW_SECONDS,
                failed_authentications_per_minute,
            },
        }
    }
}
