//! History by days, as each organization has it: what was last known of every day, what the day added, and the sum of all that was added so far.
//!
//! A window's number is the difference of two such sums, so a year costs as much as a week: two look-ups by primary key. Days are kept in the
//! recording's transaction and can be made anew from the snapshots. An account's day holds what its profile says and the sums over its posts.

mod fold;
mod newest;
mod organization;
mod prune;
mod ranks;
mod read;
mod rebuild;
mod record;
mod rows;
mod seen;
mod statements;
mod sums;
mod whole;

pub(crate) use fold::{DAY_MS, keep_newest_of_account};
pub(crate) use newest::Newest;
pub(crate) use organization::{Changed, take_away};
pub use prune::PrunedDays;
pub(crate) use ranks::worths;
pub use read::{DayOfAccount, Delta, Deltas, Snapshot, SnapshotOrder, TrackedKind, WindowNumbers};
pub use rebuild::Rebuilt;
pub(crate) use record::without_hearts;
pub(crate) use record::{ReadPost, collected_accounts, collected_posts, see_profile, write_accounts, write_posts};
pub(crate) use rows::{
    ACCOUNT_DAY, AccountDay, GAINED_METRICS, NEWEST_ACCOUNT_DAY, NEWEST_POST_DAY, POST_DAY, POST_METRICS, PostDay,
};
pub(crate) use seen::{SEEN_COLUMNS, Seen};
pub(crate) use statements::NEWEST_OF_ACCOUNTS;
pub(crate) use sums::{COLUMNS as ORGANIZATION_DAY, DaySums, MetricSums, Rows, SummedDay, summed};
pub(crate) use whole::{ShownPost, whole_account, whole_post};
