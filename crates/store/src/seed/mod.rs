//! A database full of history, written in bulk: by `COPY` on PostgreSQL, by many rows at once on SQLite.
//!
//! Whoever makes the history up says who is there, who tracks whom, and what was read when; the rows follow from that by the same rules as
//! when reads are recorded one by one (`crate::record`, `crate::days`), so that days made anew from the snapshots are the same days. Nothing
//! of it is due: schedules rest, and no worker reads a page of it until somebody asks.

mod account;
mod indexes;
mod person;
mod post;
mod profile;
mod table;
mod tracked;
mod writing;

use domain::{
    AccountId, ApiKey, ApiKeyId, CreatorId, OrganizationId, PostFacts, PostStatus, ProfileFacts, Reading, Timestamp,
    VideoId,
};

pub use person::SeedEncoder;
pub use table::SeedBatch;
pub use writing::Seeding;

/// An organization with a key of every scope.
#[derive(Clone, Debug)]
pub struct SeedOrganization {
    /// Its id.
    pub id: OrganizationId,
    /// Its name.
    pub name: String,
    /// The key's id.
    pub key_id: ApiKeyId,
    /// The key, of which the hash alone is kept.
    pub key: ApiKey,
    /// When it was made.
    pub created_at: Timestamp,
}

/// One read of a page.
#[derive(Clone, Copy, Debug)]
pub struct SeedRead<const N: usize> {
    /// When; every read of a target has a time of its own.
    pub at: Timestamp,
    /// What the page said, in the order of the snapshots' columns: of a profile followers, following, posts, likes; of a post views, likes,
    /// comments, shares, plays, saves.
    pub readings: [Reading; N],
    /// Who read it.
    pub adapter: &'static str,
}

/// What belongs together: the profiles of one person, their posts, and who tracks them. An account's posts are among those of its person.
#[derive(Clone, Debug, Default)]
pub struct SeedPerson {
    /// The creator that an organization makes of the person.
    pub creator: Option<SeedCreator>,
    /// The profiles.
    pub profiles: Vec<SeedProfile>,
    /// Posts whose author nobody tracks.
    pub apart: Vec<SeedPost>,
}

/// A creator.
#[derive(Clone, Debug)]
pub struct SeedCreator {
    /// Its id.
    pub id: CreatorId,
    /// Whose it is.
    pub organization: OrganizationId,
    /// Its name.
    pub name: String,
    /// When it was made.
    pub added_at: Timestamp,
}

/// A profile with its history.
#[derive(Clone, Debug)]
pub struct SeedProfile {
    /// What the last page said.
    pub facts: ProfileFacts,
    /// Its reads, oldest first.
    pub reads: Vec<SeedRead<4>>,
    /// Who tracks it, at most one account for each organization.
    pub accounts: Vec<SeedAccount>,
    /// Its posts.
    pub posts: Vec<SeedPost>,
}

/// An account.
#[derive(Clone, Debug)]
pub struct SeedAccount {
    /// Its id.
    pub id: AccountId,
    /// Whose it is.
    pub organization: OrganizationId,
    /// The person's creator, if it is linked.
    pub creator: Option<CreatorId>,
    /// Its category.
    pub category: Option<&'static str>,
    /// When it was added.
    pub added_at: Timestamp,
    /// A stretch of time in which it was paused.
    pub paused: Option<(Timestamp, Timestamp)>,
}

/// A post with its history.
#[derive(Clone, Debug)]
pub struct SeedPost {
    /// What the last page said.
    pub facts: PostFacts,
    /// Its reads, oldest first.
    pub reads: Vec<SeedRead<6>>,
    /// How it stands.
    pub status: PostStatus,
    /// The feeds that it was found in.
    pub feeds: Vec<SeedFeed>,
    /// Who added it by hand, each organization once at most.
    pub by_hand: Vec<SeedVideo>,
}

/// A post in an account's feed.
#[derive(Clone, Copy, Debug)]
pub struct SeedFeed {
    /// The account, one of the person's.
    pub account: AccountId,
    /// When it was found there.
    pub found_at: Timestamp,
}

/// A post that was added by hand.
#[derive(Clone, Copy, Debug)]
pub struct SeedVideo {
    /// Its id.
    pub id: VideoId,
    /// Whose it is.
    pub organization: OrganizationId,
    /// When it was added.
    pub added_at: Timestamp,
}

impl SeedAccount {
    /// Whether a read of this time is for it.
    fn collects(&self, at: Timestamp) -> bool {
        at >= self.added_at && !self.paused.is_some_and(|(since, until)| (since..until).contains(&at))
    }
}
