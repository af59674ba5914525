//! What happens to accounts and posts while the clock runs: they are renamed, taken over, deleted, restored and hidden, and a platform's pages
//! change their shape. An event holds from the moment at which it is told, on every surface.

use std::collections::HashMap;

use domain::{Platform, Timestamp};
use serde::{Deserialize, Serialize};

use crate::faults::Refusals;
use crate::population::{handle_of_key, key_of};
use crate::state::State;

/// Something that happens on a platform. On the wire `{"event": "rename", "handle": …, "to": …}` and so on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case", deny_unknown_fields)]
pub enum Event {
    /// An account takes another handle. Choose one that no other account was seen under.
    Rename {
        /// The handle that it has now.
        handle: String,
        /// The handle that it takes.
        to: String,
        /// Whether the old address redirects to the new one; otherwise it is not found.
        #[serde(default)]
        redirects: bool,
    },
    /// A new account, with another id, gets a handle.
    HandOver {
        /// The handle.
        handle: String,
        /// The handle that its former account takes, when it still has this one; without it that account is deleted.
        #[serde(default)]
        former_becomes: Option<String>,
    },
    /// An account or a post is no more.
    Delete {
        /// A handle, or a post's id, shortcode or address.
        target: String,
    },
    /// What was deleted is back.
    Restore {
        /// A handle, or a post's id, shortcode or address.
        target: String,
    },
    /// An account or a post is shown to followers or its owner alone.
    MakePrivate {
        /// A handle, or a post's id, shortcode or address.
        target: String,
    },
    /// What was private is shown to everybody.
    MakePublic {
        /// A handle, or a post's id, shortcode or address.
        target: String,
    },
    /// The owner hides the counts of a post, or of all posts of an account, where the platform allows that.
    HideLikes {
        /// A handle, or a post's id, shortcode or address.
        target: String,
    },
    /// The owner shows them again.
    ShowLikes {
        /// A handle, or a post's id, shortcode or address.
        target: String,
    },
    /// A share of a post's comments is deleted, so that their number falls at once and grows on from there.
    DeleteComments {
        /// A post's id, shortcode or address.
        target: String,
        /// How many of a hundred.
        percent: u8,
    },
    /// The platform's profile and post pages take another shape. Embed pages, lists, oEmbed and official interfaces keep theirs.
    ChangeEra {
        /// The shape.
        era: Era,
    },
    /// A share of the platform's requests for pages is refused, drawn from the seed.
    Refuse {
        /// The share and the way; `null` for none any more.
        refusals: Option<Refusals>,
    },
    /// Every page of the platform answers 429.
    Throttle {
        /// Seconds that clients are told to wait; `null` ends it.
        retry_after_seconds: Option<u64>,
    },
}

/// The shape of a platform's profile and post pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Era {
    /// Today's.
    #[default]
    Current,
    /// An earlier one that still occurs: TikTok's `SIGI_STATE`, Instagram's shell with counts in its meta tags alone, YouTube's tabbed header,
    /// Pinterest's `initial-state`.
    Older,
    /// One that nobody knows: the page is there and its data cannot be found by any known key.
    Unknown,
}

/// What has become of an account or a post.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Life {
    pub(crate) deleted: bool,
    pub(crate) private: bool,
    pub(crate) hides_likes: bool,
    /// The key of a post's author, as known when the event was told.
    pub(crate) author: Option<String>,
}

impl Life {
    /// The state that all surfaces answer with; hidden counts are not one, since they go with any.
    pub(crate) const fn state(&self) -> Option<State> {
        match (self.deleted, self.private) {
            (true, _) => Some(State::Missing),
            (false, true) => Some(State::Private),
            (false, false) => None,
        }
    }
}

/// Who answers at a handle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    /// The account of this key.
    Here(String),
    /// Its former account, to whose present handle the address redirects.
    Moved(String),
    /// Nobody; this account had it last.
    Left(String),
}

impl Who {
    /// The account that has the handle, or had it last.
    pub(crate) fn key(&self) -> &str {
        match self {
            Self::Here(key) | Self::Moved(key) | Self::Left(key) => key,
        }
    }
}

/// All that has happened to accounts and posts.
#[derive(Debug, Default)]
pub(crate) struct Lives {
    holders: HashMap<(Platform, String), Who>,
    /// The handles that an account took after its first.
    names: HashMap<(Platform, String), Vec<(Timestamp, String)>>,
    accounts: HashMap<(Platform, String), Life>,
    posts: HashMap<(Platform, String), Life>,
    cuts: HashMap<(Platform, String), Vec<(Timestamp, i64)>>,
    eras: HashMap<Platform, Era>,
    successors: u32,
}

impl Lives {
    /// Who answers at a handle.
    pub(crate) fn who(&self, platform: Platform, handle: &str) -> Who {
        let held = self.holders.get(&(platform, handle.to_owned()));
        held.cloned().unwrap_or_else(|| Who::Here(key_of(handle)))
    }

    /// The handle that an account goes by now.
    pub(crate) fn handle(&self, platform: Platform, key: &str) -> String {
        let taken = self.names.get(&(platform, key.to_owned())).and_then(|names| names.last());
        taken.map_or_else(|| handle_of_key(key), |(_, handle)| handle.clone())
    }

    /// The handles that an account had before, the first one first.
    pub(crate) fn former_handles(&self, platform: Platform, key: &str) -> Vec<String> {
        let taken = self.names.get(&(platform, key.to_owned())).map_or(&[][..], Vec::as_slice);
        let all = std::iter::once(handle_of_key(key)).chain(taken.iter().map(|(_, handle)| handle.clone()));
        all.take(taken.len()).collect()
    }

    /// Gives a handle to an account that was asked for by its id alone.
    pub(crate) fn settle(&mut self, platform: Platform, key: &str) {
        let place = (platform, handle_of_key(key));
        self.holders.entry(place).or_insert_with(|| Who::Here(key.to_owned()));
    }

    pub(crate) fn rename(&mut self, platform: Platform, key: &str, to: &str, redirects: bool, now: Timestamp) {
        let old = self.handle(platform, key);
        let left = if redirects { Who::Moved(key.to_owned()) } else { Who::Left(key.to_owned()) };
        self.holders.insert((platform, old), left);
        self.holders.insert((platform, to.to_owned()), Who::Here(key.to_owned()));
        self.names.entry((platform, key.to_owned())).or_default().push((now, to.to_owned()));
    }

    /// Gives a handle to a new account, whose key is returned.
    pub(crate) fn hand_over(&mut self, platform: Platform, handle: &str) -> String {
        self.successors += 1;
        let key = format!("{handle}#{}", self.successors + 1);
        self.holders.insert((platform, handle.to_owned()), Who::Here(key.clone()));
        key
    }

    pub(crate) fn account(&self, platform: Platform, key: &str) -> Life {
        self.accounts.get(&(platform, key.to_owned())).cloned().unwrap_or_default()
    }

    pub(crate) fn account_mut(&mut self, platform: Platform, key: &str) -> &mut Life {
        self.accounts.entry((platform, key.to_owned())).or_default()
    }

    pub(crate) fn post(&self, platform: Platform, id: &str) -> Life {
        self.posts.get(&(platform, id.to_owned())).cloned().unwrap_or_default()
    }

    pub(crate) fn post_mut(&mut self, platform: Platform, id: &str) -> &mut Life {
        self.posts.entry((platform, id.to_owned())).or_default()
    }

    /// How many of an account's posts were deleted.
    pub(crate) fn deleted_posts(&self, platform: Platform, key: &str) -> usize {
        let own =
            |((on, _), life): &(&(Platform, String), &Life)| *on == platform && life.author.as_deref() == Some(key);
        self.posts.iter().filter(own).filter(|(_, life)| life.deleted).count()
    }

    pub(crate) fn cut_comments(&mut self, platform: Platform, id: &str, comments: i64, now: Timestamp) {
        self.cuts.entry((platform, id.to_owned())).or_default().push((now, comments));
    }

    /// How many of a post's comments were deleted until `at`.
    pub(crate) fn comments_cut(&self, platform: Platform, id: &str, at: Timestamp) -> i64 {
        let cuts = self.cuts.get(&(platform, id.to_owned())).map_or(&[][..], Vec::as_slice);
        cuts.iter().filter(|(since, _)| *since <= at).map(|(_, comments)| comments).sum()
    }

    pub(crate) fn era(&self, platform: Platform) -> Era {
        self.eras.get(&platform).copied().unwrap_or_default()
    }

    pub(crate) fn set_era(&mut self, platform: Platform, era: Era) {
        self.eras.insert(platform, era);
    }
}
