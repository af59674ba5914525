//! Who lives on the stand-in platforms: accounts and posts as pure functions of the seed, the handle or post id, and the time.
//!
//! Nothing is stored, so a population of millions costs nothing and a test can compute what a page must have said. Every handle and every post id
//! that is asked for exists; named states (a handle `missing`, say) are the server's business, except that a `private` account
//! lists no posts and a `hidden_likes` account's posts hide their counts. Counts never fall while the clock moves on.

mod account;
mod base64;
mod draw;
mod post;
mod words;

use domain::{AuthorFacts, MediaType, Platform, PostFacts, ProfileFacts, Timestamp};

use account::Account;

use crate::state::State;

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

    /// What the profile of `handle` says at `at`. The counts are exact, as in the pages' machine-readable blocks, but for Instagram's number of posts, which
    /// stands on its page as text alone and is rounded from 10,000 up.
    pub fn profile(&self, platform: Platform, handle: &str, at: Timestamp) -> ProfileFacts {
        let handle = handle.to_ascii_lowercase();
        Account::behind(self.seed, platform, &handle).facts(&handle, at)
    }

    /// The posts that the profile's page (TikTok: its embed page, which may show fewer) lists at `at`, in the page's order: newest first, but for an old one that
    /// one account in five keeps at the top. Facts are those of [`Population::post`]; the listing itself carries fewer.
    pub fn posts(&self, platform: Platform, handle: &str, at: Timestamp) -> Vec<PostFacts> {
        self.list(platform, handle, at, |account| account.post_ids(at).take(PAGE_POSTS).collect())
    }

    /// The reels that an Instagram profile's reels tab lists at `at`, newest first, but for an old one at the top.
    pub fn reels(&self, handle: &str, at: Timestamp) -> Vec<PostFacts> {
        let platform = Platform::Instagram;
        self.list(platform, handle, at, |account| {
            let recent = account.post_ids(at).take(REELS_AMONG);
            recent
                .filter(|id| post::media_type(self.seed, platform, *id) == MediaType::Video)
                .take(PAGE_POSTS)
                .collect()
        })
    }

    /// What is to be read of a post at `at` on all pages together; `handle` is its author's, when known, else [`Population::author_of`].
    ///
    /// TikTok rounds all counts from 10,000 up, but for saves. On Instagram `plays` stand on the reels tab alone, and all else on the post's page.
    /// An id that is no number is a post with id 0.
    pub fn post(&self, platform: Platform, external_id: &str, handle: Option<&str>, at: Timestamp) -> PostFacts {
        let handle = handle.map_or_else(|| self.author_of(platform, external_id), str::to_ascii_lowercase);
        let author = self.profile(platform, &handle, at);
        self.post_by(platform, external_id.parse().unwrap_or(0), &author, at)
    }

    /// The handle that a post of unknown author is given.
    pub fn author_of(&self, platform: Platform, external_id: &str) -> String {
        let letters = b"abcdefghijklmnopqrstuvwxyz0123456789";
        let tail = draw::Draw::text(self.seed, &["author", platform.as_str(), external_id], letters, 8);
        format!("maker_{tail}")
    }

    fn post_by(self, platform: Platform, id: u64, author: &ProfileFacts, at: Timestamp) -> PostFacts {
        let hidden = State::of_handle(&author.username) == Some(State::HiddenLikes)
            || State::of_post(platform, &id.to_string()) == Some(State::HiddenLikes);
        let by = AuthorFacts { platform_id: author.platform_id.clone(), username: Some(author.username.clone()) };
        let mut facts = post::facts(self.seed, platform, id, by, at);
        if hidden {
            hide_counts(&mut facts);
        }
        facts
    }

    fn list(
        self,
        platform: Platform,
        handle: &str,
        at: Timestamp,
        choose: impl FnOnce(&Account) -> Vec<u64>,
    ) -> Vec<PostFacts> {
        let handle = handle.to_ascii_lowercase();
        if State::of_handle(&handle) == Some(State::Private) {
            return Vec::new();
        }
        let account = Account::behind(self.seed, platform, &handle);
        let author = account.facts(&handle, at);
        choose(&account).into_iter().map(|id| self.post_by(platform, id, &author, at)).collect()
    }
}

/// Makes a post one whose owner hides its counts.
pub(crate) fn hide_counts(post: &mut PostFacts) {
    post::hide_counts(post);
}

/// The query of a signed address: it holds for two days, and is another one every day.
fn signed_until(platform: Platform, at: Timestamp) -> String {
    let until = (at.as_seconds().div_euclid(DAY_SECONDS) + 2).saturating_mul(DAY_SECONDS);
    match platform {
        Platform::Tiktok => format!("x-expires={until}&x-signature=sandbox%3D"),
        Platform::Instagram => format!("oh=00_sandbox&oe={until:X}"),
        // These two do not sign the addresses of their pictures.
        Platform::Youtube | Platform::Pinterest => String::new(),
    }
}

#[cfg(test)]
mod tests;
