//! The population's past, as a service would have read it that had been there: who was read when, and what the pages said. For databases full of
//! history. The people and posts are those of [`Population`] of the same seed, so the stand-in platforms go on where the past ends.
//!
//! Reads come at their hour and late, are missed, and fall away for days; counts grow unevenly and fall; they are rounded where the platform
//! rounds, read out of prose now and then, and hidden by some. A post is read daily while it is young and seldom when it is old.

mod chance;
mod times;

use domain::{
    Day, MediaType, MetricStatus, Platform, PostFacts, PostStatus, Precision, ProfileFacts, Reading, Timestamp,
};

pub use chance::Chance;
use times::{HOUR_MS, MINUTE_MS, Times};

use crate::population::{self, Audience, Population};
use crate::truth::{PostCounts, ProfileCounts};

const DAY_MS: i64 = 24 * HOUR_MS;

/// How long before the first day the oldest posts were published.
const OLDEST_POST_DAYS: i64 = 400;

/// What is drawn apart from each other.
const PROFILE: u64 = 1;
const POST: u64 = 2;
const POST_ID: u64 = 3;

/// Everybody's past over some days.
#[derive(Clone, Copy, Debug)]
pub struct Past {
    population: Population,
    seed: u64,
    first: Day,
    last: Day,
}

/// One read of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PastRead<const N: usize> {
    /// When.
    pub at: Timestamp,
    /// What the page said, in the order of the columns in which the service keeps it: of a profile followers, following, posts and likes; of a
    /// post views, likes, comments, shares, plays and saves.
    pub readings: [Reading; N],
    /// Who read it.
    pub adapter: &'static str,
}

/// A profile's past.
#[derive(Clone, Debug)]
pub struct PastProfile {
    /// What the last page said.
    pub facts: ProfileFacts,
    /// Its reads, oldest first.
    pub reads: Vec<PastRead<4>>,
}

/// A post's past.
#[derive(Clone, Debug)]
pub struct PastPost {
    /// What the last page said.
    pub facts: PostFacts,
    /// Its reads, oldest first.
    pub reads: Vec<PastRead<6>>,
    /// How it stands.
    pub status: PostStatus,
}

impl Past {
    /// The past of a seed's population from the first to the last of these days.
    pub const fn new(seed: u64, first: Day, last: Day) -> Self {
        Self { population: Population::new(seed), seed, first, last }
    }

    /// The first moment.
    pub fn start(&self) -> Timestamp {
        self.first.start()
    }

    /// The first moment that is not past.
    pub fn end(&self) -> Timestamp {
        self.last.plus(1).start()
    }

    /// Chance that belongs to the subject that `parts` name.
    pub fn chance(&self, parts: &[u64]) -> Chance {
        Chance::of(self.seed, parts)
    }

    /// Somebody of whom nothing but their posts was read.
    pub fn author(&self, platform: Platform, handle: &str) -> ProfileFacts {
        self.population.profile(platform, handle, self.start())
    }

    /// The past of the profile that goes by `handle`, from its first read at `from` on. `number` tells profiles apart.
    pub fn profile(&self, platform: Platform, handle: &str, number: u64, from: Timestamp) -> PastProfile {
        let mut chance = self.chance(&[PROFILE, number]);
        let end = self.end();
        let mut purges: Vec<(Timestamp, i64)> = Vec::new();
        for _ in 0..chance.below(3) {
            purges.push((self.moment(&mut chance), chance.between(2, 15)));
        }
        let key = population::key_of(handle);
        let readings = |at: Timestamp, chance: &mut Chance| {
            let counts = self.population.profile_counts(platform, &key, unsteady(at, chance));
            let kept = 1000 - purges.iter().filter(|(then, _)| *then <= at).map(|(_, part)| part).sum::<i64>();
            let followers = counts.followers.map(|count| count * kept / 1000);
            let metrics = population::profile_metrics_shown(platform, &ProfileCounts { followers, ..counts });
            [metrics.followers, metrics.following, metrics.posts, metrics.likes]
        };
        let mut reads = Vec::new();
        let times = Times::draw(&mut chance, from, end).every(|_| DAY_MS);
        for at in times {
            let adapter = match platform {
                Platform::Instagram => "instagram.polaris_profile",
                Platform::Tiktok => "tiktok.user_detail",
                Platform::Youtube => "youtube.channel_page",
                Platform::Pinterest => "pinterest.profile_page",
            };
            reads.push(PastRead { at, readings: readings(at, &mut chance), adapter });
        }
        let last = reads.last().map_or(from, |read| read.at);
        let mut facts = self.population.profile(platform, handle, last);
        if let Some(read) = reads.last() {
            let [followers, following, posts, likes] = read.readings;
            facts.metrics = domain::ProfileMetrics { followers, following, posts, likes };
        }
        PastProfile { facts, reads }
    }

    /// When a post was published that is first read at `from` or later: within the days, or long before.
    pub fn publication(&self, chance: &mut Chance) -> Timestamp {
        if chance.one_in(4) {
            return plus(self.start(), -chance.between(1, OLDEST_POST_DAYS * DAY_MS));
        }
        self.moment(chance)
    }

    /// The past of a post of `author` that was published at `published`, from `from` on. `number` tells posts apart. Nothing is read of a post that
    /// shows too late.
    pub fn post(&self, author: &ProfileFacts, number: u64, published: Timestamp, from: Timestamp) -> PastPost {
        let mut chance = self.chance(&[POST, number]);
        let platform = author.platform;
        // Odd, so that as many posts as there are values have different ones; and of another seed all have others.
        let distinct = number.wrapping_mul(0x9E37_79B1) ^ self.chance(&[POST_ID]).next();
        let id = self.population.post_id_at(platform, published, distinct);
        let end = self.end();
        let gone_at = chance.one_in(50).then(|| self.moment(&mut chance));
        let status = match (gone_at, chance.below(4)) {
            (None, _) => PostStatus::Live,
            (Some(_), 0) => PostStatus::Private,
            (Some(_), _) => PostStatus::Deleted,
        };
        let found = plus(published, chance.between(5 * MINUTE_MS, 20 * HOUR_MS)).max(from);
        let until = gone_at.filter(|gone| *gone > plus(found, DAY_MS)).unwrap_or(end).min(end);
        let audience = self.population.audience(platform, &id);
        let mut facts = self.population.post_by(platform, &id, author, found);
        let looks = Looks::draw(&mut chance, platform, facts.media_type, |chance| self.moment(chance));
        let interval = |at: Timestamp| match at.since(published).as_secs() / 86_400 {
            ..4 => DAY_MS,
            4..28 => 4 * DAY_MS,
            _ => 14 * DAY_MS,
        };
        let times = Times::draw(&mut chance, found, until).every(interval);
        let reads: Vec<PastRead<6>> = times.into_iter().map(|at| looks.read(&audience, at, &mut chance)).collect();
        if let Some(read) = reads.last() {
            let [views, likes, comments, shares, plays, saves] = read.readings;
            facts.metrics = domain::PostMetrics { views, likes, comments, shares, plays, saves };
        }
        let status = if until < end { status } else { PostStatus::Live };
        PastPost { facts, reads, status }
    }

    /// Any moment of the past.
    pub fn moment(&self, chance: &mut Chance) -> Timestamp {
        let days = i64::from(self.last.number()) - i64::from(self.first.number()) + 1;
        plus(self.start(), chance.between(0, days * DAY_MS - 1))
    }
}

/// How a post's counts show on its pages.
struct Looks {
    platform: Platform,
    media: Option<MediaType>,
    /// From when on likes are hidden.
    hidden_from: Option<Timestamp>,
    /// When somebody cleared out likes and comments, and how many of a thousand went.
    cleared: Option<(Timestamp, i64)>,
}

impl Looks {
    fn draw(
        chance: &mut Chance,
        platform: Platform,
        media: Option<MediaType>,
        moment: impl Fn(&mut Chance) -> Timestamp,
    ) -> Self {
        let can_hide = matches!(platform, Platform::Instagram | Platform::Youtube);
        let hidden_from = (can_hide && chance.one_in(20))
            .then(|| if chance.one_in(2) { Timestamp::from_millis(0) } else { moment(chance) });
        let cleared = chance.one_in(10).then(|| (moment(chance), chance.between(10, 60)));
        Self { platform, media, hidden_from, cleared }
    }

    fn read(&self, audience: &Audience, at: Timestamp, chance: &mut Chance) -> PastRead<6> {
        let mut counts = audience.counts(unsteady(at, chance));
        if let Some((_, part)) = self.cleared.filter(|(then, _)| *then <= at) {
            let left = |count: i64| count * (1000 - part) / 1000;
            counts = PostCounts { likes: left(counts.likes), comments: left(counts.comments), ..counts };
        }
        let shown = population::metrics_shown(self.platform, &counts, self.media);
        let mut readings = [shown.views, shown.likes, shown.comments, shown.shares, shown.plays, shown.saves];
        let is_text = matches!(self.platform, Platform::Instagram | Platform::Tiktok) && chance.one_in(40);
        if is_text {
            // A description in prose has likes and comments alone.
            let text = |count| Reading::of(Some(count), Precision::FromText);
            readings = [Reading::NOT_PROVIDED; 6];
            (readings[1], readings[2]) = (text(counts.likes), text(counts.comments));
        }
        if self.hidden_from.is_some_and(|from| from <= at) {
            readings[1] = Reading::Null(MetricStatus::Hidden);
        }
        let adapter = match (self.platform, is_text) {
            (Platform::Instagram, true) => "instagram.meta_text",
            (Platform::Instagram, false) => "instagram.polaris_post",
            (Platform::Tiktok, true) => "tiktok.meta_text",
            (Platform::Tiktok, false) => "tiktok.universal_data.item_detail",
            (Platform::Youtube, _) => "youtube.watch_page",
            (Platform::Pinterest, _) => "pinterest.pin_page",
        };
        PastRead { at, readings, adapter }
    }
}

/// A moment near `at`: growth is uneven, and what caches and replicas show is not of one moment.
fn unsteady(at: Timestamp, chance: &mut Chance) -> Timestamp {
    plus(at, chance.between(-3 * HOUR_MS, 0))
}

fn plus(at: Timestamp, millis: i64) -> Timestamp {
    Timestamp::from_millis(at.as_millis().saturating_add(millis))
}

#[cfg(test)]
mod tests;
