//! One account of the population: who it is, how it grows, and when it posts.

use domain::{Platform, ProfileFacts, ProfileMetrics, Reading, Timestamp, metric::MetricStatus, metric::Precision};
use serde_json::Map;

use super::draw::Draw;
use super::{DAY_SECONDS, HOUR_SECONDS, base64, ids, post, signed_until, words};
use crate::named;
use crate::rounding;
use crate::state::{State, is_named};
use crate::truth::ProfileCounts;

/// 2018-01-01, when the oldest accounts joined.
const OLDEST_SECONDS: i64 = 1_514_764_800;
/// The youngest joined six years after the oldest, so that from 2024 on everybody has had time to post.
const JOINING_DAYS: i64 = 6 * 365;
/// A badge comes with this many followers.
const VERIFIED_FROM_FOLLOWERS: i64 = 1_000_000;

/// How often an account posts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cadence {
    /// So many posts, a month apart, and no more.
    Few(i64),
    /// One post in every stretch of so many hours, for ever.
    EveryHours(i64),
}

/// An account, as drawn from the seed.
pub(super) struct Account {
    platform: Platform,
    /// The handle that the account is drawn from; it stays the same when the account is renamed.
    key: String,
    seed: u64,
    joined_seconds: i64,
    id: u64,
    cadence: Cadence,
    followers_at_joining: i64,
    followers_a_day: i64,
    following: i64,
    likes_per_follower: i64,
    /// An old post that the account keeps at the top.
    pinned: Option<i64>,
}

impl Account {
    /// The account that is drawn from `key`.
    pub(super) fn of_key(seed: u64, platform: Platform, key: &str) -> Self {
        let key = key.to_owned();
        let mut draw = Draw::of(seed, &["account", platform.as_str(), &key]);
        let joined_seconds = OLDEST_SECONDS
            .saturating_add(draw.between(0, JOINING_DAYS) * DAY_SECONDS)
            .saturating_add(draw.between(0, DAY_SECONDS - 1));
        let id = match platform {
            Platform::Tiktok | Platform::Youtube => {
                (u64::try_from(joined_seconds).unwrap_or(0) << 32) | draw.below(u64::from(u32::MAX)) | 1
            }
            Platform::Pinterest => ids::PIN_BASE + draw.below(8 * ids::PIN_BASE),
            // Wider than Instagram's own, so that a load test's millions stay apart.
            Platform::Instagram => 100_000_000_000_000 + draw.below(800_000_000_000_000),
        };
        let drawn_cadence = match draw.below(10) {
            0 => Cadence::Few(0),
            1 => Cadence::Few(draw.between(1, 3)),
            _ => Cadence::EveryHours(draw.pick(&[4_i64, 6, 8, 12, 24, 48, 72])),
        };
        let cadence = if is_named(&key, named::QUIET) {
            Cadence::Few(0)
        } else if is_named(&key, named::BUSY) {
            Cadence::EveryHours(4)
        } else {
            drawn_cadence
        };
        let famous = is_named(&key, named::FAMOUS);
        let followers_at_joining = if famous { 160_000_000 } else { draw.magnitude(2, 7) };
        let likes_per_follower = if famous { 21 } else { draw.between(2, 40) };
        Self {
            platform,
            seed,
            joined_seconds,
            id,
            cadence,
            followers_at_joining,
            followers_a_day: followers_at_joining / draw.between(500, 3000) + draw.between(1, 20),
            following: if draw.one_in(10) { 0 } else { draw.between(1, 1900) },
            likes_per_follower,
            pinned: draw.one_in(5).then(|| draw.between(0, 5)),
            key,
        }
    }

    /// What the account's profile says at `at`, under the handle that it goes by.
    pub(super) fn facts(&self, handle: &str, at: Timestamp) -> ProfileFacts {
        let (platform, seed, key) = (self.platform, self.seed, self.key.as_str());
        let mut draw = Draw::of(seed, &["biography", platform.as_str(), key]);
        let followers = self.followers(at);
        let hearts = self.hearts(followers, &mut draw);
        let signature = draw.below(u64::from(u32::MAX));
        let until = signed_until(platform, at);
        let mut platform_data = Map::new();
        match platform {
            Platform::Tiktok => {
                let tail = Draw::text(seed, &["sec_uid", key], base64::URL_SAFE, 64);
                platform_data.insert("sec_uid".to_owned(), format!("MS4wLjABAAAA{tail}").into());
            }
            Platform::Instagram => {
                platform_data.insert("fbid".to_owned(), format!("17841{:012}", self.id % 1_000_000_000_000).into());
            }
            Platform::Youtube | Platform::Pinterest => {}
        }
        ProfileFacts {
            platform,
            platform_id: Some(self.platform_id()),
            username: handle.to_owned(),
            name: Some(words::name(&mut draw)),
            description: words::biography(&mut draw),
            profile_pic_url: Some(format!(
                "https://cdn.sandbox.invalid/{platform}/avatar/{}-{signature:08x}.jpeg{until}",
                self.id
            )),
            is_verified: Some(self.followers_at_joining >= VERIFIED_FROM_FOLLOWERS),
            // YouTube knows no private channels.
            is_private: (platform != Platform::Youtube).then(|| State::of_handle(handle) == Some(State::Private)),
            link_in_bio: draw.one_in(2).then(|| format!("https://{}.example/links", key.replace('#', "-"))),
            metrics: shown(
                platform,
                &ProfileCounts {
                    followers: Some(followers),
                    following: Some(self.following),
                    posts: Some(self.posts_by(at)),
                    likes: Some(hearts),
                },
            ),
            platform_data,
        }
    }

    /// The counts as the platform itself keeps them at `at`.
    pub(super) fn counts(&self, at: Timestamp) -> ProfileCounts {
        let mut draw = Draw::of(self.seed, &["biography", self.platform.as_str(), &self.key]);
        let followers = self.followers(at);
        ProfileCounts {
            followers: Some(followers),
            following: (self.platform != Platform::Youtube).then_some(self.following),
            posts: Some(self.posts_by(at)),
            likes: (self.platform == Platform::Tiktok).then(|| self.hearts(followers, &mut draw)),
        }
    }

    /// The likes over all posts, from the first draw of the biography's pool.
    fn hearts(&self, followers: i64, draw: &mut Draw) -> i64 {
        followers.saturating_mul(self.likes_per_follower).saturating_add(draw.between(0, 999))
    }

    /// The platform's own id of the account.
    pub(super) fn platform_id(&self) -> String {
        match self.platform {
            Platform::Youtube => ids::channel(self.seed, &self.key),
            Platform::Instagram | Platform::Tiktok | Platform::Pinterest => self.id.to_string(),
        }
    }

    /// When the account was made.
    pub(super) const fn joined_seconds(&self) -> i64 {
        self.joined_seconds
    }

    fn followers(&self, at: Timestamp) -> i64 {
        let days_scaled = self.age_seconds(at).saturating_mul(self.followers_a_day);
        self.followers_at_joining.saturating_add(days_scaled / DAY_SECONDS)
    }

    fn age_seconds(&self, at: Timestamp) -> i64 {
        at.as_seconds().saturating_sub(self.joined_seconds).max(0)
    }

    /// How many posts the account has published by `at`.
    pub(super) fn posts_by(&self, at: Timestamp) -> i64 {
        let (hours, most) = match self.cadence {
            Cadence::Few(most) => (30 * 24, most),
            Cadence::EveryHours(hours) => (hours, i64::MAX),
        };
        if at.as_seconds() < self.joined_seconds {
            return 0;
        }
        let begun = self.age_seconds(at) / (hours * HOUR_SECONDS);
        let newest_is_out =
            begun < most && post::created_seconds(self.seed, self.platform, self.post_id(begun)) <= at.as_seconds();
        if newest_is_out { begun + 1 } else { begun.min(most) }
    }

    /// The id of the account's post number `index`, counted from 0. Its time bits lie in that post's stretch of time, in the first half.
    pub(super) fn post_id(&self, index: i64) -> u64 {
        let hours = match self.cadence {
            Cadence::Few(_) => 30 * 24,
            Cadence::EveryHours(hours) => hours,
        };
        let mut draw = Draw::of(self.seed, &["post of", self.platform.as_str(), &self.key, &index.to_string()]);
        let seconds = self
            .joined_seconds
            .saturating_add(index.saturating_mul(hours * HOUR_SECONDS))
            .saturating_add(draw.between(0, hours * HOUR_SECONDS / 2));
        let seconds = u64::try_from(seconds).unwrap_or(0);
        match self.platform {
            Platform::Tiktok => (seconds << 32) | draw.below(u64::from(u32::MAX)),
            Platform::Youtube => ids::video(self.seed, seconds, draw.below(1 << 24)),
            Platform::Pinterest => {
                let since = seconds.saturating_sub(ids::PIN_EPOCH_SECONDS);
                ids::PIN_BASE + ((since << ids::PIN_CHANCE_BITS) | draw.below(1 << ids::PIN_CHANCE_BITS))
            }
            Platform::Instagram => {
                let millis = seconds * 1000 + draw.below(1000);
                (millis.saturating_sub(domain::shortcode::media_id_millis(0)) << 23) | draw.below(1 << 23)
            }
        }
    }

    /// The ids of the account's posts at `at` in the order of its page: newest first, but for an old one that is kept at the top.
    pub(super) fn post_ids(&self, at: Timestamp) -> impl Iterator<Item = u64> {
        let count = self.posts_by(at);
        let pinned = self.pinned.filter(|_| count > 30);
        let rest = (0..count).rev().filter(move |index| Some(*index) != pinned);
        pinned.into_iter().chain(rest).map(|index| self.post_id(index))
    }
}

/// What the platform's pages show of an account's counts.
pub(super) fn shown(platform: Platform, counts: &ProfileCounts) -> ProfileMetrics {
    let ProfileCounts { followers, following, posts, likes } = *counts;
    let unsupported = Reading::Null(MetricStatus::Unsupported);
    ProfileMetrics {
        followers: match (platform, followers) {
            (Platform::Youtube, Some(followers)) => rounding::three_digits_reading(followers),
            (Platform::Youtube | Platform::Instagram | Platform::Tiktok | Platform::Pinterest, followers) => {
                Reading::exact(followers)
            }
        },
        following: match platform {
            Platform::Youtube => unsupported,
            Platform::Instagram | Platform::Tiktok | Platform::Pinterest => Reading::exact(following),
        },
        posts: posts.map_or(Reading::NOT_PROVIDED, |posts| posts_shown(platform, posts)),
        likes: match platform {
            Platform::Tiktok => Reading::exact(likes),
            Platform::Instagram | Platform::Youtube | Platform::Pinterest => unsupported,
        },
    }
}

/// The number of posts as the profile's page gives it: Instagram's and YouTube's stand in a text for people.
pub(super) fn posts_shown(platform: Platform, posts: i64) -> Reading {
    match platform {
        Platform::Instagram if rounding::is_rounded(posts) => {
            Reading::of(Some(rounding::text_value(posts)), Precision::Rounded)
        }
        Platform::Youtube => rounding::three_digits_reading(posts),
        Platform::Instagram | Platform::Tiktok | Platform::Pinterest => Reading::exact(Some(posts)),
    }
}
