//! The states that a platform can answer with, and how a handle or a well-known post names one.
//! Which bytes a state is on the wire is each platform's own module's business.

use domain::Platform;
use serde::{Deserialize, Serialize};

use crate::named::{self, NamedPost};

/// A state other than an ordinary page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Does not exist, or was removed.
    #[serde(alias = "deleted")]
    Missing,
    /// A private account (its counts are shown) or a post for its owner alone.
    Private,
    /// Exists, but not in this region.
    RegionGated,
    /// Asked too often.
    Throttled,
    /// Guests are sent to the login page.
    LoginWall,
    /// A challenge instead of the page.
    Challenge,
    /// HTTP 429 with `Retry-After`, in the same way on every platform.
    RateLimited,
    /// A redirect to the handle with `.now` behind it. Posts answer rightly, under the author's new handle.
    Renamed,
    /// The right answer, late.
    Slow,
    /// HTTP 500.
    Broken,
    /// HTTP 200 with bytes that are no page.
    Garbage,
    /// HTTP 200 with an empty body.
    EmptyBody,
    /// The right answer, the counts of posts being hidden where the platform allows that.
    HiddenLikes,
    /// No answer until the held ones are released; then the right one.
    Held,
}

impl State {
    const BY_HANDLE: [(&'static str, Self); 13] = [
        (named::MISSING, Self::Missing),
        (named::PRIVATE, Self::Private),
        (named::REGION_GATED, Self::RegionGated),
        (named::THROTTLED, Self::Throttled),
        (named::LOGIN_WALL, Self::LoginWall),
        (named::CHALLENGED, Self::Challenge),
        (named::RENAMED, Self::Renamed),
        (named::SLOW, Self::Slow),
        (named::BROKEN, Self::Broken),
        (named::GARBAGE, Self::Garbage),
        (named::EMPTY_BODY, Self::EmptyBody),
        (named::HIDDEN_LIKES, Self::HiddenLikes),
        (named::HELD, Self::Held),
    ];

    const TIKTOK_POSTS: [(NamedPost, Self); 6] = [
        (named::TIKTOK_DELETED, Self::Missing),
        (named::TIKTOK_PRIVATE, Self::Private),
        (named::TIKTOK_REGION_GATED, Self::RegionGated),
        (named::TIKTOK_BROKEN, Self::Broken),
        (named::TIKTOK_SLOW, Self::Slow),
        (named::TIKTOK_HELD, Self::Held),
    ];

    const INSTAGRAM_POSTS: [(NamedPost, Self); 7] = [
        (named::INSTAGRAM_DELETED, Self::Missing),
        (named::INSTAGRAM_PRIVATE, Self::Private),
        (named::INSTAGRAM_REGION_GATED, Self::RegionGated),
        (named::INSTAGRAM_BROKEN, Self::Broken),
        (named::INSTAGRAM_SLOW, Self::Slow),
        (named::INSTAGRAM_HELD, Self::Held),
        (named::INSTAGRAM_HIDDEN_LIKES, Self::HiddenLikes),
    ];

    /// Whether it is a state of the account or post itself, which the official interface tells too; the others are the pages' own.
    pub const fn is_of_the_thing(self) -> bool {
        match self {
            Self::Missing | Self::Private | Self::RegionGated | Self::Renamed | Self::HiddenLikes => true,
            Self::Throttled
            | Self::LoginWall
            | Self::Challenge
            | Self::RateLimited
            | Self::Slow
            | Self::Broken
            | Self::Garbage
            | Self::EmptyBody
            | Self::Held => false,
        }
    }

    /// The state that a handle stands for by its name; `None` for an ordinary account.
    pub fn of_handle(handle: &str) -> Option<Self> {
        let renamed_to = handle.strip_suffix(named::RENAMED_SUFFIX).and_then(Self::by_name) == Some(Self::Renamed);
        if renamed_to { None } else { Self::by_name(handle) }
    }

    /// The state that a post stands for by its id; `None` for an ordinary post.
    pub fn of_post(platform: Platform, external_id: &str) -> Option<Self> {
        let posts: &[(NamedPost, Self)] = match platform {
            Platform::Instagram => &Self::INSTAGRAM_POSTS,
            Platform::Tiktok => &Self::TIKTOK_POSTS,
            Platform::Youtube | Platform::Pinterest => &[],
        };
        posts.iter().find(|(post, _)| post.external_id == external_id).map(|(_, state)| *state)
    }

    fn by_name(handle: &str) -> Option<Self> {
        Self::BY_HANDLE.iter().find(|(name, _)| is_named(handle, name)).map(|(_, state)| *state)
    }
}

/// Whether `handle` is `name` or `name.<anything>`.
pub(crate) fn is_named(handle: &str, name: &str) -> bool {
    handle.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use domain::{Handle, shortcode};

    use super::*;

    #[test]
    fn a_name_with_a_tail_stands_for_the_same_state() {
        for (name, state) in State::BY_HANDLE {
            assert_eq!(State::of_handle(name), Some(state));
            assert_eq!(State::of_handle(&format!("{name}.7")), Some(state));
            assert_eq!(State::of_handle(&format!("{name}ly")), None);
        }
    }

    #[test]
    fn every_name_is_a_handle_on_both_platforms() {
        for platform in Platform::ALL {
            for name in
                State::BY_HANDLE.map(|(name, _)| name).into_iter().chain([named::FAMOUS, named::QUIET, named::BUSY])
            {
                assert_eq!(Handle::parse(platform, name).map(|handle| handle.to_string()), Ok(name.to_owned()));
            }
        }
    }

    #[test]
    fn where_a_renamed_account_went_is_an_ordinary_page() {
        assert_eq!(State::of_handle(named::RENAMED_NOW), None);
        assert_eq!(State::of_handle("renamed.7.now"), None);
        assert_eq!(State::of_handle("missing.now"), Some(State::Missing));
    }

    #[test]
    fn the_named_posts_have_ids_of_the_year_that_they_claim() {
        let year_2025 = 1_735_689_600..1_767_225_600;
        for (post, _) in State::TIKTOK_POSTS {
            let id = post.external_id.parse().unwrap();
            assert!(year_2025.contains(&shortcode::item_id_seconds(id)), "{post:?}");
        }
        for (post, _) in State::INSTAGRAM_POSTS {
            let id = post.external_id.parse().unwrap();
            assert_eq!(post.shortcode, Some(shortcode::from_media_id(id).as_str()));
            assert!(year_2025.contains(&(shortcode::media_id_millis(id) / 1000)), "{post:?}");
        }
    }
}
