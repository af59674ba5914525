//! Single reads on the wire.

use domain::{Counts, Timestamp};
use serde::Serialize;
use store::{MetricPrecisions, Snapshot};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::views::gains::ValuesOut;
use crate::views::vocabulary::PrecisionName;

/// What an account's page said.
#[derive(Serialize, ToSchema)]
#[schema(as = AccountSnapshotValues)]
pub(crate) struct AccountSnapshotValuesOut {
    /// Followers.
    followers: Option<i64>,
    /// Accounts that are followed.
    following: Option<i64>,
    /// Posts, as the profile counts them.
    posts: Option<i64>,
    /// Likes, as the profile counts them over all its posts; TikTok alone says so.
    profile_likes: Option<i64>,
}

macro_rules! snapshot {
    ($snapshot:ident as $name:ident, $values:ty, $read:expr) => {
        /// One read: what the page said, and nothing from elsewhere.
        #[derive(Serialize, ToSchema)]
        #[schema(as = $name)]
        pub(crate) struct $snapshot {
            /// `snapshot`.
            #[serde(rename = "type")]
            #[schema(example = "snapshot")]
            kind: &'static str,
            /// When it was taken.
            #[schema(value_type = String, format = DateTime)]
            time: Timestamp,
            /// What was read. Null for what the page did not say.
            values: $values,
            /// How exact each of the values is, by its name; exact ones are left out.
            #[schema(value_type = std::collections::HashMap<String, PrecisionName>)]
            metric_precision: MetricPrecisions,
            /// Whether one of the values is less than the last one before it, where both are equally exact.
            anomaly: bool,
            /// The reader that understood the page.
            adapter: Option<String>,
            /// The run, as long as you can see it; runs are kept for a while.
            run_id: Option<Uuid>,
        }

        impl From<Snapshot> for $snapshot {
            fn from(snapshot: Snapshot) -> Self {
                let Snapshot { at, counts, profile_likes, precision, anomaly, adapter, run_id } = snapshot;
                let read: fn(Counts, Option<i64>) -> $values = $read;
                Self {
                    kind: "snapshot",
                    time: at,
                    values: read(counts, profile_likes),
                    metric_precision: precision,
                    anomaly,
                    adapter,
                    run_id: run_id.map(|run| run.0),
                }
            }
        }
    };
}

snapshot!(SnapshotOut as Snapshot, ValuesOut, |counts, _| counts.into());
snapshot!(AccountSnapshotOut as AccountSnapshot, AccountSnapshotValuesOut, |counts, profile_likes| {
    let Counts { followers, following, posts, .. } = counts;
    AccountSnapshotValuesOut { followers, following, posts, profile_likes }
});

/// Which page of the reads.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "the published form of what Query::page reads")]
pub(crate) struct SnapshotListParams {
    /// Rows on a page.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// `next_cursor` of the page before; anything else is a 422.
    #[param(pattern = "^[A-Za-z0-9_-]+$")]
    cursor: Option<String>,
    /// Whether to count all rows, as `pagination.total_count`.
    #[param(default = false)]
    include_total: Option<bool>,
}

/// The sort in force in a list of reads.
#[derive(Serialize, ToSchema)]
#[schema(as = SnapshotFilters)]
pub(crate) struct SnapshotFiltersOut {
    /// `time`.
    #[schema(example = "time")]
    order_by: &'static str,
    /// `desc`.
    #[schema(example = "desc")]
    order_direction: &'static str,
}

impl SnapshotFiltersOut {
    pub(crate) const NEWEST_FIRST: Self = Self { order_by: "time", order_direction: "desc" };
}
