//! Who lives on the stand-in platforms: accounts and posts as pure functions of the seed, the handle or post id, and the time.
//!
//! Nothing is stored, so a population of millions costs nothing and a test can compute what a page must have said. Every handle and every post id
//! that is asked for exists; named states (a handle `missing`, say) are the server's business, except that a `private` account
//! lists no posts and a `hidden_likes` account's posts hide their counts. Counts never fall while the clock moves on.

mod account;
mod base64;
mod draw;
pub(crate) mod ids;
mod post;
mod words;

use domain::{AuthorFacts, MediaType, Platform, PostFacts, ProfileFacts, Timestamp};

use account::Account;
pub(crate) use post::Audience;

use crate::named;
use crate::state::State;
use crate::truth::{PostCounts, ProfileCounts};

const HOUR_SECONDS: i64 = 3600;
const DAY_SECONDS: i64 = 24 * HOUR_SECONDS;

/// Posts on a profile's page, and reels on a reels tab, at most.
pub const PAGE_POSTS: usize = 12;

/// How far back a reels tab looks for its reels, in posts.
const REELS_AMONG: usize = 60;

/// Everybody, as one seed draws them.
#[derive(Clone, Copy, Debug)]
pub struct Population {
    seed: u64,
}

impl Population {
    /// The population of a seed.
    pub const fn new(seed: u64) -> Self {
        Self { seed }
    }

    /// What the profile of `handle` says at `at`. The counts are exact, as in the pages' machine-readable blocks, but for what stands on a page as a
    /// text for people alone: Instagram's number of posts, rounded from 10,000 up, and YouTube's subscribers and videos, cut to three digits.
    pub fn profile(&self, platform: Platform, handle: &str, at: Timestamp) -> ProfileFacts {
        let handle = handle.to_ascii_lowercase();
        self.profile_of(platform, &key_of(&handle), &handle, at)
    }

    /// The posts that the profile's page (TikTok: its embed page, which may show fewer) lists at `at`, in the page's order: newest first, but for an old one that
    /// one account in five keeps at the top. Facts are those of [`Population::post`]; the listing itself carries fewer.
    pub fn posts(&self, platform: Platform, handle: &str, at: Timestamp) -> Vec<PostFacts> {
        self.list(platform, handle, at, |key| self.post_ids(platform, key, at, PAGE_POSTS))
    }

    /// The reels that an Instagram profile's reels tab lists at `at`, newest first, but for an old one at the top.
    pub fn reels(&self, handle: &str, at: Timestamp) -> Vec<PostFacts> {
        self.list(Platform::Instagram, handle, at, |key| self.reel_ids(key, at))
    }

    /// What is to be read of a post at `at` on all pages together; `handle` is its author's, when known, else [`Population::author_of`].
    ///
    /// TikTok rounds all counts from 10,000 up, but for saves. On Instagram `plays` stand on the reels tab alone, and all else on the post's page.
    /// YouTube cuts the number of comments to two digits from 1,000 up. An id that is no id of the platform's form is a post too.
    pub fn post(&self, platform: Platform, external_id: &str, handle: Option<&str>, at: Timestamp) -> PostFacts {
        let handle = handle.map_or_else(|| self.author_of(platform, external_id), str::to_ascii_lowercase);
        self.post_by(platform, external_id, &self.profile(platform, &handle, at), at)
    }

    /// The handle that a post of unknown author is given.
    pub fn author_of(&self, platform: Platform, external_id: &str) -> String {
        let letters = b"abcdefghijklmnopqrstuvwxyz0123456789";
        let tail = draw::Draw::text(self.seed, &["author", platform.as_str(), external_id], letters, 8);
        format!("maker_{tail}")
    }

    /// What the profile of the account that is drawn from `key` says at `at`, while it goes by `handle`.
    pub(crate) fn profile_of(self, platform: Platform, key: &str, handle: &str, at: Timestamp) -> ProfileFacts {
        Account::of_key(self.seed, platform, key).facts(handle, at)
    }

    /// The platform's own counts of an account.
    pub(crate) fn profile_counts(self, platform: Platform, key: &str, at: Timestamp) -> ProfileCounts {
        Account::of_key(self.seed, platform, key).counts(at)
    }

    /// When an account was made.
    pub(crate) fn joined(self, platform: Platform, key: &str) -> Timestamp {
        let seconds = Account::of_key(self.seed, platform, key).joined_seconds();
        Timestamp::from_millis(seconds.saturating_mul(1000))
    }

    /// The ids of an account's posts at `at`, in the order of its page, `most` at most.
    pub(crate) fn post_ids(self, platform: Platform, key: &str, at: Timestamp, most: usize) -> Vec<String> {
        let account = Account::of_key(self.seed, platform, key);
        account.post_ids(at).take(most).map(|id| ids::text(platform, id)).collect()
    }

    /// The ids of an Instagram account's reels.
    pub(crate) fn reel_ids(self, key: &str, at: Timestamp) -> Vec<String> {
        let platform = Platform::Instagram;
        let account = Account::of_key(self.seed, platform, key);
        let recent = account.post_ids(at).take(REELS_AMONG);
        let reels = recent.filter(|id| post::media_type(self.seed, platform, *id) == MediaType::Video);
        reels.take(PAGE_POSTS).map(|id| ids::text(platform, id)).collect()
    }

    /// The post with this id by this author.
    pub(crate) fn post_by(self, platform: Platform, id: &str, author: &ProfileFacts, at: Timestamp) -> PostFacts {
        let hidden = State::of_handle(&author.username) == Some(State::HiddenLikes)
            || State::of_post(platform, id) == Some(State::HiddenLikes);
        let by = AuthorFacts { platform_id: author.platform_id.clone(), username: Some(author.username.clone()) };
        let id = match platform {
            Platform::Youtube => id.to_owned(),
            Platform::Instagram | Platform::Tiktok | Platform::Pinterest => ids::number(platform, id).to_string(),
        };
        let mut facts = post::facts(self.seed, platform, id, by, at);
        if hidden {
            hide_counts(&mut facts);
        }
        facts
    }

    /// The platform's own counts of a post.
    pub(crate) fn post_counts(self, platform: Platform, id: &str, at: Timestamp) -> PostCounts {
        post::counts(self.seed, platform, ids::number(platform, id), at)
    }

    /// How the counts of a post grow.
    pub(crate) fn audience(self, platform: Platform, id: &str) -> Audience {
        Audience::of(self.seed, platform, ids::number(platform, id))
    }

    /// The id of a post that is published in the seconds after `at`; another one for each `chance`.
    pub(crate) fn post_id_at(self, platform: Platform, at: Timestamp, chance: u64) -> String {
        let (millis, seconds) = (unsigned(at.as_millis()), unsigned(at.as_seconds()));
        let id = match platform {
            Platform::Tiktok => (seconds << 32) | (chance & u64::from(u32::MAX)),
            Platform::Youtube => ids::video(self.seed, seconds, chance),
            Platform::Pinterest => {
                let since = seconds.saturating_sub(ids::PIN_EPOCH_SECONDS) << ids::PIN_CHANCE_BITS;
                ids::PIN_BASE + (since | (chance & ((1 << ids::PIN_CHANCE_BITS) - 1)))
            }
            Platform::Instagram => {
                (millis.saturating_sub(domain::shortcode::media_id_millis(0)) << 23) | (chance & 0x7F_FFFF)
            }
        };
        ids::text(platform, id)
    }

    /// The key that a YouTube channel's id holds; `None` for an id that was made elsewhere.
    pub(crate) fn channel_key(self, id: &str) -> Option<String> {
        ids::channel_key(self.seed, id)
    }

    /// Whether a text is the id of one of this population's videos, and not a handle of the same length.
    pub(crate) fn is_video(self, text: &str) -> bool {
        let id = ids::number(Platform::Youtube, text);
        text.len() == 11 && ids::text(Platform::Youtube, id) == text && ids::video_seconds(self.seed, id).is_some()
    }

    /// One of `bound` numbers, by what `parts` name.
    pub(crate) fn draw(self, parts: &[&str], bound: u64) -> u64 {
        draw::Draw::of(self.seed, parts).below(bound)
    }

    fn list(
        self,
        platform: Platform,
        handle: &str,
        at: Timestamp,
        choose: impl FnOnce(&str) -> Vec<String>,
    ) -> Vec<PostFacts> {
        let handle = handle.to_ascii_lowercase();
        if State::of_handle(&handle) == Some(State::Private) {
            return Vec::new();
        }
        let key = key_of(&handle);
        let author = self.profile_of(platform, &key, &handle, at);
        choose(&key).into_iter().map(|id| self.post_by(platform, &id, &author, at)).collect()
    }
}

/// The key behind a handle that nothing happened to. A handle that ends in `.now` is the same account as the one without.
pub(crate) fn key_of(handle: &str) -> String {
    handle.strip_suffix(named::RENAMED_SUFFIX).unwrap_or(handle).to_owned()
}

/// The handle that an account goes by while nothing happens to it.
pub(crate) fn handle_of_key(key: &str) -> String {
    if domain::handle::is_channel_id(key) {
        let tail = key.get(2..12).unwrap_or_default().to_ascii_lowercase();
        return format!("channel.{tail}");
    }
    key.split('#').next().unwrap_or(key).to_owned()
}

/// Counts of an account as the platform's pages show them.
pub(crate) fn profile_metrics_shown(platform: Platform, counts: &ProfileCounts) -> domain::ProfileMetrics {
    account::shown(platform, counts)
}

/// Counts of a post as the platform's pages show them.
pub(crate) fn metrics_shown(platform: Platform, counts: &PostCounts, media: Option<MediaType>) -> domain::PostMetrics {
    post::shown(platform, counts, media == Some(MediaType::Video))
}

/// A number of posts as the platform's profile pages show it.
pub(crate) fn posts_shown(platform: Platform, posts: i64) -> domain::Reading {
    account::posts_shown(platform, posts)
}

fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

/// Makes a post one whose owner hides its counts.
pub(crate) fn hide_counts(post: &mut PostFacts) {
    post::hide_counts(post);
}

/// The query of a signed address, with its question mark: it holds for two days, and is another one every day.
fn signed_until(platform: Platform, at: Timestamp) -> String {
    let until = (at.as_seconds().div_euclid(DAY_SECONDS) + 2).saturating_mul(DAY_SECONDS);
    match platform {
        Platform::Tiktok => format!("?x-expires={until}&x-signature=sandbox%3D"),
        Platform::Instagram => format!("?oh=00_sandbox&oe={until:X}"),
        // These two do not sign the addresses of their pictures.
        Platform::Youtube | Platform::Pinterest => String::new(),
    }
}

#[cfg(test)]
mod tests;
