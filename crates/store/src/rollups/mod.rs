//! Numbers of what is made of many: a creator's accounts, all that an organization has. A post counts once, in however many of their feeds it
//! stands.
//!
//! A creator is the accounts that are linked to it now: an account that moves takes its whole history along. Its posts are those of its accounts'
//! feeds, each from the day on which the first of them showed it. An organization's posts are those of its accounts and those that were added by
//! hand, each from its first read on.

mod coverage;
mod days;
mod overview;
mod top;

use domain::{CreatorId, Gains};

pub use overview::{Overview, OverviewNumbers};
pub use top::TopCreator;

/// What numbers are rolled up for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RolledUp {
    /// All that the organization has.
    Organization,
    /// A creator's accounts.
    Creator(CreatorId),
}

/// Gains, in the order of [`GAINED_METRICS`](crate::days::GAINED_METRICS).
const fn gains_of(gains: [Option<i64>; 7]) -> Gains {
    let [views, likes, comments, shares, plays, saves, followers] = gains;
    Gains { views, plays, likes, comments, shares, saves, followers }
}
