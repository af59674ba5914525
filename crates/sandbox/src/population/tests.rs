use std::collections::HashSet;
use std::time::Duration;

use domain::{PostMetrics, Reading, shortcode};

use super::*;
use crate::named;

const NOW: Timestamp = Timestamp::from_millis(1_767_225_600_000);
const DAY: Duration = Duration::from_hours(24);

fn handles() -> Vec<String> {
    (0..200).map(|n| format!("creator{n}")).collect()
}

fn counts(metrics: &PostMetrics) -> [Option<i64>; 6] {
    let PostMetrics { views, likes, comments, shares, plays, saves } = metrics;
    [views, likes, comments, shares, plays, saves].map(|reading| reading.value())
}

#[test]
fn the_same_question_always_has_the_same_answer() {
    for platform in Platform::ALL {
        let (one, other) = (Population::new(7), Population::new(7));
        assert_eq!(one.profile(platform, "Anna", NOW), other.profile(platform, "anna", NOW));
        assert_eq!(one.posts(platform, "busy", NOW), other.posts(platform, "busy", NOW));
        assert_ne!(one.profile(platform, "anna", NOW), Population::new(8).profile(platform, "anna", NOW));
        assert_ne!(one.profile(platform, "anna", NOW).platform_id, one.profile(platform, "bert", NOW).platform_id);
    }
}

#[test]
fn a_post_says_the_same_in_the_list_and_alone() {
    let population = Population::new(1);
    for platform in Platform::ALL {
        let listed = population.posts(platform, "busy", NOW);
        assert_eq!(listed.len(), PAGE_POSTS);
        for post in listed {
            assert_eq!(population.post(platform, &post.external_id, Some("busy"), NOW), post);
        }
    }
}

#[test]
fn no_count_ever_falls_and_followers_rise() {
    let population = Population::new(1);
    for platform in Platform::ALL {
        for handle in ["anna", "busy", "famous"] {
            let mut profile = population.profile(platform, handle, NOW);
            let id = population.posts(platform, "busy", NOW)[0].external_id.clone();
            let mut post = counts(&population.post(platform, &id, None, NOW).metrics);
            for day in 1..60 {
                let at = NOW.plus(DAY * day);
                let next = population.profile(platform, handle, at);
                assert!(next.metrics.followers.value() >= profile.metrics.followers.value());
                let exact = |at| population.profile_counts(platform, handle, at).followers;
                assert!(exact(at) > exact(at.minus(DAY)));
                assert!(next.metrics.posts.value() >= profile.metrics.posts.value());
                let next_post = counts(&population.post(platform, &id, None, at).metrics);
                assert!(post.iter().zip(&next_post).all(|(before, after)| after >= before), "{post:?} {next_post:?}");
                (profile, post) = (next, next_post);
            }
        }
    }
}

#[test]
fn new_posts_come_as_the_clock_moves_and_only_then() {
    let population = Population::new(1);
    for platform in Platform::ALL {
        let ids = |at| population.posts(platform, "busy", at).into_iter().map(|p| p.external_id).collect::<Vec<_>>();
        assert_eq!(ids(NOW), ids(NOW));
        let before: HashSet<_> = ids(NOW).into_iter().collect();
        let after = ids(NOW.plus(DAY));
        let new = after.iter().filter(|id| !before.contains(*id)).count();
        assert!((5..=7).contains(&new), "six posts a day, but {new} are new");
    }
    let count = |at| population.profile(Platform::Tiktok, "busy", at).metrics.posts.value().unwrap();
    assert!((5..=7).contains(&(count(NOW.plus(DAY)) - count(NOW))));
}

#[test]
fn every_listed_post_is_out_and_its_id_tells_when_it_was_made() {
    let population = Population::new(3);
    for platform in Platform::ALL {
        let mut seen = 0;
        for handle in handles() {
            for post in population.posts(platform, &handle, NOW) {
                seen += 1;
                let created = post.create_time.unwrap();
                assert!(created <= NOW, "{post:?}");
                let id = ids::number(platform, &post.external_id);
                let (made_seconds, lag) = match platform {
                    Platform::Tiktok => (shortcode::item_id_seconds(id), 60),
                    Platform::Instagram => (shortcode::media_id_millis(id) / 1000, 480),
                    Platform::Youtube => (ids::video_seconds(3, id).unwrap(), 60),
                    Platform::Pinterest => {
                        (ids::PIN_EPOCH_SECONDS + ((id - ids::PIN_BASE) >> ids::PIN_CHANCE_BITS), 60)
                    }
                };
                assert!(created.as_seconds().abs_diff(i64::try_from(made_seconds).unwrap()) < lag, "{post:?}");
                match platform {
                    Platform::Tiktok => assert_eq!(post.external_id.len(), 19),
                    Platform::Youtube => assert_eq!(post.external_id.len(), 11),
                    Platform::Pinterest => assert_eq!(post.external_id.len(), 18),
                    Platform::Instagram => {
                        assert_eq!(post.shortcode.as_deref().and_then(shortcode::to_media_id), Some(id));
                    }
                }
            }
        }
        assert!(seen > 1000);
    }
}

#[test]
fn some_accounts_have_few_posts_and_most_fill_a_page() {
    let population = Population::new(1);
    for platform in Platform::ALL {
        let sizes: Vec<_> = handles().iter().map(|handle| population.posts(platform, handle, NOW).len()).collect();
        assert!(sizes.iter().filter(|size| **size == 0).count() >= 5);
        assert!(sizes.iter().filter(|size| (1..=3).contains(*size)).count() >= 5);
        assert!(sizes.iter().filter(|size| **size == PAGE_POSTS).count() >= 120);
        assert_eq!(population.posts(platform, named::QUIET, NOW), []);
        assert_eq!(population.profile(platform, named::QUIET, NOW).metrics.posts.value(), Some(0));
    }
}

#[test]
fn ids_are_not_shared() {
    let population = Population::new(1);
    for platform in Platform::ALL {
        let mut posts = HashSet::new();
        let mut accounts = HashSet::new();
        for handle in handles() {
            assert!(accounts.insert(population.profile(platform, &handle, NOW).platform_id));
            for post in population.posts(platform, &handle, NOW) {
                assert!(posts.insert(post.external_id));
            }
        }
    }
}

#[test]
fn a_renamed_account_keeps_its_id_and_its_posts() {
    let population = Population::new(1);
    for platform in Platform::ALL {
        let old = population.profile(platform, named::RENAMED, NOW);
        let new = population.profile(platform, named::RENAMED_NOW, NOW);
        assert_eq!((old.platform_id, new.username.as_str()), (new.platform_id, named::RENAMED_NOW));
    }
}

#[test]
fn many_posts_are_rounded_where_the_page_says_them_in_words() {
    let posts = |platform| Population::new(1).profile(platform, named::BUSY, NOW).metrics.posts;
    let rounded = posts(Platform::Instagram);
    assert_eq!(rounded.precision(), Some(domain::Precision::Rounded));
    assert_eq!(rounded.value().unwrap() % 100, 0);
    assert_eq!(posts(Platform::Tiktok).precision(), Some(domain::Precision::Exact));
}

#[test]
fn the_famous_overflow_thirty_two_bits() {
    let hearts = Population::new(1).profile(Platform::Tiktok, named::FAMOUS, NOW).metrics.likes.value().unwrap();
    assert!(hearts > i64::from(u32::MAX) / 2, "{hearts}");
}

#[test]
fn hidden_counts_are_hidden_and_private_accounts_list_nothing() {
    let population = Population::new(1);
    let reels = (0..20).map(|n| population.reels(&format!("hidden_likes.{n}"), NOW)).find(|reels| !reels.is_empty());
    for reel in reels.unwrap() {
        assert_eq!(reel.metrics.likes, Reading::Null(domain::MetricStatus::Hidden));
        assert_eq!(reel.metrics.plays, Reading::Null(domain::MetricStatus::Hidden));
        assert!(reel.metrics.comments.value().is_some());
    }
    assert_eq!(population.posts(Platform::Instagram, "private.7", NOW), []);
    assert_eq!(population.profile(Platform::Instagram, "private.7", NOW).is_private, Some(true));
}

#[test]
fn a_reels_tab_holds_reels_alone() {
    let reels = Population::new(1).reels(named::BUSY, NOW);
    assert_eq!(reels.len(), PAGE_POSTS);
    assert!(reels.iter().all(|reel| reel.media_type == Some(MediaType::Video) && reel.metrics.plays.value().is_some()));
}

#[test]
fn a_made_up_or_odd_id_is_a_post_too() {
    let population = Population::new(1);
    for id in ["123456", "9223372036854775807", "18446744073709551615", "nonsense"] {
        for platform in Platform::ALL {
            let post = population.post(platform, id, None, NOW);
            assert!(post.create_time.is_some(), "{post:?}");
            assert!(post.author.username.is_some_and(|handle| handle.starts_with("maker_")));
        }
    }
}

#[test]
fn before_an_account_joined_it_has_no_posts() {
    for platform in Platform::ALL {
        assert_eq!(Population::new(1).posts(platform, named::BUSY, Timestamp::from_millis(0)), []);
    }
}
