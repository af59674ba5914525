//! Whether a world had all that numbers could go wrong by.

use domain::{Precision, Timestamp};

use crate::ledger::{Organization, POST_METRICS, Read};
use crate::numbers::{self, Day, day_of};
use crate::world::World;

impl World {
    /// What did not happen of all that the model is to be tried by.
    pub fn missing(&self) -> Vec<&'static str> {
        let all = |of: fn(&Organization) -> bool| self.organizations.iter().any(of);
        let days: Vec<Day> = self.organizations.iter().flat_map(days_read).collect();
        let has = |text: &str| days.contains(&domain::Day::parse(text).expect("a day").number());
        let seen = [
            ("a leap day", has("2024-02-28") && has("2024-02-29") && has("2024-03-01")),
            ("a turn of the year", has("2023-12-31") && has("2024-01-01")),
            ("a fall", all(|it| gains(it).any(|gain| gain.is_some_and(|gain| gain < 0)))),
            ("a change of precision", all(|it| pairs(it).any(|(one, other)| is_less_exact(&one, &other)))),
            ("a hidden count", all(|it| reads(it).any(|read| read.said.iter().any(|said| said.status() == HIDDEN)))),
            ("reads around midnight", all(|it| pairs(it).any(|(one, other)| is_across_midnight(one.at, other.at)))),
            ("days that nobody read", all(|it| pairs(it).any(|(one, other)| day_of(other.at) - day_of(one.at) > 2))),
            ("a post that was born while it was tracked", all(is_any_born)),
            ("a post in two feeds of one organization", all(|it| shown_by(it, 2))),
            (
                "a post by hand and in a feed",
                all(|it| it.videos.iter().any(|video| it.accounts.iter().any(|a| a.shows.contains_key(&video.post)))),
            ),
            ("a pause while somebody else went on", self.is_any_missed()),
            (
                "a creator with two accounts",
                all(|it| {
                    it.creators.iter().any(|c| it.accounts.iter().filter(|a| a.creator == Some(c.id)).count() > 1)
                }),
            ),
            ("a collection", all(|it| it.collections.iter().any(|collection| !collection.members.is_empty()))),
        ];
        seen.iter().filter(|(_, is_there)| !is_there).map(|(what, _)| *what).collect()
    }

    /// Whether an organization missed a read of a post, between two that it saw, that another one saw.
    fn is_any_missed(&self) -> bool {
        let times = |it: &Organization, post| -> Vec<Timestamp> {
            it.seen.get(&post).map(|seen| seen.reads.iter().map(|read| read.at).collect()).unwrap_or_default()
        };
        (0..self.posts.len()).any(|post| {
            let all: Vec<Vec<Timestamp>> = self.organizations.iter().map(|it| times(it, post)).collect();
            all.iter().any(|its| {
                let is_missed = |at: &Timestamp| !its.contains(at) && its.first() < Some(at) && its.last() > Some(at);
                !its.is_empty() && all.iter().flatten().any(is_missed)
            })
        })
    }
}

const HIDDEN: Option<domain::MetricStatus> = Some(domain::MetricStatus::Hidden);

fn reads(organization: &Organization) -> impl Iterator<Item = &Read<POST_METRICS>> {
    organization.seen.values().flat_map(|seen| &seen.reads)
}

fn days_read(organization: &Organization) -> Vec<Day> {
    reads(organization).map(|read| day_of(read.at)).collect()
}

/// One read and the next of the same post.
fn pairs(organization: &Organization) -> impl Iterator<Item = (Read<POST_METRICS>, Read<POST_METRICS>)> {
    organization.seen.values().flat_map(|seen| seen.reads.iter().copied().zip(seen.reads.iter().skip(1).copied()))
}

fn gains(organization: &Organization) -> impl Iterator<Item = Option<i64>> {
    let all = organization.seen.values().flat_map(|seen| numbers::days(&seen.reads, seen.told).into_values());
    all.flat_map(|numbers| numbers.gains)
}

fn is_less_exact(one: &Read<POST_METRICS>, other: &Read<POST_METRICS>) -> bool {
    one.said[1].precision() == Some(Precision::Exact) && other.said[1].precision() == Some(Precision::Rounded)
}

fn is_across_midnight(one: Timestamp, other: Timestamp) -> bool {
    day_of(one) != day_of(other) && other.as_millis() - one.as_millis() < 3_600_000
}

fn is_any_born(organization: &Organization) -> bool {
    organization.seen.values().any(|seen| seen.told.map(day_of) == seen.reads.first().map(|read| day_of(read.at)))
}

fn shown_by(organization: &Organization, many: usize) -> bool {
    let by = |post| organization.accounts.iter().filter(|account| account.shows.contains_key(post)).count();
    organization.seen.keys().any(|post| by(post) >= many)
}
