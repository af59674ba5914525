//! All that the model knows: what each organization tracks, and the reads that it saw, as they were recorded. No number is kept here that was
//! not read.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    AccountId, AccountVideoId, CollectionId, CollectionKind, CreatorId, Member, MetricStatus, OrganizationId, Platform,
    Reading, Timestamp, VideoId,
};
use store::Tenant;

/// A profile, by its place among all profiles.
pub type Profile = usize;
/// A post, by its place among all posts.
pub type Post = usize;

/// Views, likes, comments, shares, plays, saves: the metrics of a post in the order in which the model has them.
pub const POST_METRICS: usize = 6;
/// Followers, following, posts.
pub const PROFILE_METRICS: usize = 3;

/// One read: what a page said, at what time.
#[derive(Clone, Copy, Debug)]
pub struct Read<const N: usize> {
    pub at: Timestamp,
    pub said: [Reading; N],
}

/// What an organization saw of a post, through whichever of its records.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    pub reads: Vec<Read<POST_METRICS>>,
    /// When it was published, as far as one of these reads told.
    pub told: Option<Timestamp>,
}

/// The attempts at reading that were made for a record.
#[derive(Clone, Copy, Debug, Default)]
pub struct Attempts {
    pub read_at: Option<Timestamp>,
    pub failed_at: Option<Timestamp>,
    /// Failed ones since the last good one.
    pub failures: usize,
}

impl Attempts {
    const fn succeed(&mut self, at: Timestamp) {
        self.read_at = Some(at);
        self.failures = 0;
    }

    const fn fail(&mut self, at: Timestamp) {
        self.failed_at = Some(at);
        self.failures += 1;
    }
}

/// A post in the feed of an account, as the organization found it there.
#[derive(Clone, Copy, Debug)]
pub struct Shown {
    pub added_at: Timestamp,
    /// The first read while the account was collected.
    pub first_read: Option<Timestamp>,
    pub attempts: Attempts,
}

#[derive(Clone, Debug)]
pub struct Account {
    pub id: AccountId,
    pub profile: Profile,
    pub is_active: bool,
    pub creator: Option<CreatorId>,
    pub added_at: Timestamp,
    pub reads: Vec<Read<PROFILE_METRICS>>,
    pub attempts: Attempts,
    pub shows: BTreeMap<Post, Shown>,
}

/// A post that was added by hand.
#[derive(Clone, Copy, Debug)]
pub struct Video {
    pub id: VideoId,
    pub post: Post,
    pub is_active: bool,
    pub added_at: Timestamp,
    pub first_read: Option<Timestamp>,
    pub attempts: Attempts,
}

#[derive(Clone, Debug)]
pub struct Creator {
    pub id: CreatorId,
    pub name: String,
    pub is_active: bool,
}

#[derive(Clone, Debug)]
pub struct Collection {
    pub kind: CollectionKind,
    pub id: CollectionId,
    pub members: Vec<Member>,
    /// Which posts its account videos are, and of which accounts.
    pub shown: Vec<(AccountVideoId, AccountId, Post)>,
}

pub struct Organization {
    pub id: OrganizationId,
    pub tenant: Tenant,
    pub key: String,
    pub accounts: Vec<Account>,
    pub videos: Vec<Video>,
    pub creators: Vec<Creator>,
    pub collections: Vec<Collection>,
    pub seen: BTreeMap<Post, Seen>,
}

impl Organization {
    /// Whether an account is collected: neither it nor its creator is paused.
    fn collects_account(&self, account: &Account) -> bool {
        let is_paused = |id| self.creators.iter().any(|creator| creator.id == id && !creator.is_active);
        account.is_active && !account.creator.is_some_and(is_paused)
    }

    /// The accounts that collect a profile; one at most.
    fn collecting(&self, profile: Profile) -> Vec<usize> {
        let all = self.accounts.iter().enumerate();
        all.filter(|(_, account)| account.profile == profile && self.collects_account(account))
            .map(|(place, _)| place)
            .collect()
    }

    /// The page of a profile was read.
    pub fn see_profile(&mut self, profile: Profile, read: Read<PROFILE_METRICS>) {
        for place in self.collecting(profile) {
            self.accounts[place].reads.push(read);
            self.accounts[place].attempts.succeed(read.at);
        }
    }

    /// The page of a profile could not be read.
    pub fn miss_profile(&mut self, profile: Profile, at: Timestamp) {
        for place in self.collecting(profile) {
            self.accounts[place].attempts.fail(at);
        }
    }

    /// The page of a post could not be read.
    pub fn miss_post(&mut self, post: Post, at: Timestamp) {
        for place in 0..self.accounts.len() {
            let is_collected = self.collects_account(&self.accounts[place]);
            if let Some(shown) = self.accounts[place].shows.get_mut(&post).filter(|_| is_collected) {
                shown.attempts.fail(at);
            }
        }
        for video in self.videos.iter_mut().filter(|video| video.post == post && video.is_active) {
            video.attempts.fail(at);
        }
    }

    /// The list of a profile's posts was read: what stands in it is shown by the account from now on.
    pub fn see_list(&mut self, profile: Profile, posts: &[Post], at: Timestamp) {
        for place in self.collecting(profile) {
            for post in posts {
                let new = Shown { added_at: at, first_read: None, attempts: Attempts::default() };
                self.accounts[place].shows.entry(*post).or_insert(new);
            }
        }
    }

    /// Counts of a post were read, on its own page or in a list.
    pub fn see_post(&mut self, post: Post, read: Read<POST_METRICS>, told: Option<Timestamp>) {
        let mut is_seen = false;
        for place in 0..self.accounts.len() {
            let is_collected = self.collects_account(&self.accounts[place]);
            if let Some(shown) = self.accounts[place].shows.get_mut(&post).filter(|_| is_collected) {
                shown.first_read.get_or_insert(read.at);
                shown.attempts.succeed(read.at);
                is_seen = true;
            }
        }
        for video in self.videos.iter_mut().filter(|video| video.post == post && video.is_active) {
            video.first_read.get_or_insert(read.at);
            video.attempts.succeed(read.at);
            is_seen = true;
        }
        if is_seen {
            let seen = self.seen.entry(post).or_default();
            seen.reads.push(read);
            seen.told = told.or(seen.told);
        }
    }

    /// What no record shows any more is forgotten.
    pub fn forget_untracked(&mut self) {
        let tracked = self.tracked();
        self.seen.retain(|post, _| tracked.contains(post));
        for collection in &mut self.collections {
            let (accounts, videos, creators) = (&self.accounts, &self.videos, &self.creators);
            collection.shown.retain(|(_, of, _)| accounts.iter().any(|account| account.id == *of));
            let shown = &collection.shown;
            collection.members.retain(|member| match member {
                Member::Account(id) => accounts.iter().any(|account| account.id == *id),
                Member::Video(id) => videos.iter().any(|video| video.id == *id),
                Member::Creator(id) => creators.iter().any(|creator| creator.id == *id),
                Member::AccountVideo(id) => shown.iter().any(|(its, _, _)| its == id),
            });
        }
    }

    /// Every post that some record shows, read or not.
    pub fn tracked(&self) -> BTreeSet<Post> {
        let shown = self.accounts.iter().flat_map(|account| account.shows.keys().copied());
        shown.chain(self.videos.iter().map(|video| video.post)).collect()
    }

    /// Whether the account is collected as things are now.
    pub fn is_collected(&self, account: &Account) -> bool {
        self.collects_account(account)
    }
}

/// The value that is current after some reads: the last that was said, but a better count is not replaced by a worse one of the next hour. Why
/// there is none, when a page said so.
pub fn current<const N: usize>(reads: &[Read<N>], metric: usize) -> Reading {
    let mut current: Option<(Reading, Timestamp)> = None;
    for read in reads {
        let said = read.said[metric];
        match said {
            Reading::Null(MetricStatus::NotProvided | MetricStatus::NotYetScraped) => continue,
            Reading::Null(MetricStatus::Hidden | MetricStatus::Unsupported) | Reading::Known { .. } => {}
        }
        let holds = current.is_some_and(|(held, since)| {
            said.precision().is_some_and(|is| held.precision().is_some_and(|was| was > is))
                && read.at.as_millis() - since.as_millis() < 3_600_000
        });
        if !holds {
            current = Some((said, read.at));
        }
    }
    current.map_or(Reading::NOT_PROVIDED, |(reading, _)| reading)
}

/// What a platform shows: whether there is a number at all.
pub const fn shows(platform: Platform, metric: usize) -> bool {
    match platform {
        Platform::Instagram => true,
        // Plays are its views, and saves it does not count.
        Platform::Tiktok => metric < 4,
        Platform::Youtube => matches!(metric, 0..=2),
        Platform::Pinterest => matches!(metric, 1 | 2 | 5),
    }
}
