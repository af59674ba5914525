use std::collections::BTreeSet;

use super::*;

fn past() -> Past {
    let last = Day::parse("2026-03-31").unwrap();
    Past::new(5, last.plus(-89), last)
}

fn posts(count: u64) -> Vec<PastPost> {
    let past = past();
    let mut all = Vec::new();
    for number in 0..count {
        let platform = Platform::ALL[usize::try_from(number % 4).unwrap()];
        let author = past.population.profile(platform, &format!("maker_{number}"), past.end());
        let published = past.publication(&mut past.chance(&[number]));
        all.push(past.post(&author, number, published, past.start()));
    }
    all
}

#[test]
fn reads_are_in_order_of_time_and_within_the_days() {
    let past = past();
    let profiles: Vec<PastProfile> =
        (0..50).map(|number| past.profile(Platform::Tiktok, &format!("t_{number}"), number, past.start())).collect();
    let of_profiles = profiles.iter().map(|profile| profile.reads.iter().map(|read| read.at).collect::<Vec<_>>());
    let posts = posts(400);
    let of_posts = posts.iter().map(|post| post.reads.iter().map(|read| read.at).collect());
    for times in of_profiles.chain(of_posts) {
        assert!(times.is_sorted_by(|one, other| one < other), "{times:?}");
        assert!(times.iter().all(|at| (past.start()..past.end()).contains(at)), "{times:?}");
    }
    let most = profiles.iter().map(|profile| profile.reads.len()).max().unwrap();
    let fewest = profiles.iter().map(|profile| profile.reads.len()).min().unwrap();
    assert!((80..=100).contains(&most) && fewest >= 60 && fewest < most, "{fewest}..{most}");
}

#[test]
fn the_past_has_all_that_history_must_stand() {
    let posts = posts(800);
    let mut met = BTreeSet::new();
    for post in &posts {
        let created = post.facts.create_time.unwrap();
        let Some(first) = post.reads.first() else { continue };
        assert!(created <= first.at, "{post:?}");
        met.insert(if Day::of(created) == Day::of(first.at) { "born" } else { "found later" });
        met.insert(if post.status == PostStatus::Live { "live" } else { "gone" });
        for pair in post.reads.windows(2) {
            if Day::of(pair[0].at) == Day::of(pair[1].at) {
                met.insert("twice a day");
            }
            let days = Day::of(pair[1].at).number() - Day::of(pair[0].at).number();
            met.insert(if days > 1 { "a gap" } else { "daily" });
            for (before, after) in pair[0].readings.iter().zip(pair[1].readings) {
                let gain = domain::Gain::between(*before, after);
                if gain.is_fall {
                    met.insert("a fall");
                }
                if before.precision().is_some()
                    && after.precision().is_some()
                    && before.precision() != after.precision()
                {
                    met.insert("another precision");
                }
                if after.status() == Some(MetricStatus::Hidden) {
                    met.insert("hidden");
                }
            }
        }
    }
    let all = [
        "a fall",
        "a gap",
        "another precision",
        "born",
        "daily",
        "found later",
        "gone",
        "hidden",
        "live",
        "twice a day",
    ];
    assert_eq!(met.into_iter().collect::<Vec<_>>(), all);
}

#[test]
fn posts_have_ids_of_their_own_that_tell_when_they_were_published() {
    let posts = posts(2000);
    let ids: BTreeSet<_> = posts.iter().map(|post| (post.facts.platform, post.facts.external_id.clone())).collect();
    assert_eq!(ids.len(), posts.len());
    let past = past();
    for (number, post) in (0..).zip(&posts) {
        let published = past.publication(&mut past.chance(&[number]));
        let lag = post.facts.create_time.unwrap().since(published).as_secs();
        assert!(lag <= 121, "{lag} {published} {post:?}");
    }
}

#[test]
fn the_same_seed_has_the_same_past() {
    let (one, other) = (posts(30), posts(30));
    for (one, other) in one.iter().zip(&other) {
        assert_eq!((&one.facts, &one.reads, one.status), (&other.facts, &other.reads, other.status));
    }
    let past = past();
    let of = |past: &Past| past.profile(Platform::Instagram, "amy", 3, past.start()).reads;
    assert_eq!(of(&past), of(&past));
    assert_ne!(of(&past), of(&Past::new(6, past.first, past.last)));
}

#[test]
fn posts_of_the_same_second_have_ids_of_their_own_whatever_the_seed() {
    let past = past();
    for platform in Platform::ALL {
        let published = past.start();
        let ids = (0..12).flat_map(|seed| {
            let past = Past { seed, population: Population::new(seed), ..past };
            let author = past.population.profile(platform, "maker", past.end());
            (0..12).map(move |number| past.post(&author, number, published, past.start()).facts.external_id)
        });
        let all: BTreeSet<String> = ids.collect();
        assert_eq!(all.len(), 144, "{platform:?}");
    }
}
