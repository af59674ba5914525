//! What must hold after every read, and at the end.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::{FreshnessState, MetricStatus, Platform, PostStatus, Timestamp};
use sandbox::{PostTruth, ProfileTruth, Standing};
use store::{Account, AccountVideo};

use crate::events::Fate;
use crate::world::{BUDGETS, World, reason_seen};
use crate::{DAY, HOUR};

/// How far apart two words of "gone" must be.
const CONFIRM: Duration = Duration::from_hours(6);

/// A count in a snapshot with how exact it says it is.
struct Count {
    name: &'static str,
    value: Option<i64>,
    is_exact: bool,
}

fn counts(names: &[&'static str], row: &[Option<String>], inexact: Option<&str>) -> Vec<Count> {
    let inexact = inexact.unwrap_or("");
    let count = |(name, text): (&&'static str, &Option<String>)| Count {
        name,
        value: text.as_deref().map(|text| text.parse().expect("a number")),
        is_exact: !inexact.split(',').any(|entry| entry.split(':').next() == Some(*name)),
    };
    names.iter().zip(row).map(count).collect()
}

impl Count {
    /// Whether it is what the platform knows, to its own exactness.
    fn agrees(&self, truth: Option<i64>) -> bool {
        match (self.value, truth) {
            (None, _) => true,
            (Some(value), Some(truth)) if self.is_exact => value == truth,
            // The coarsest rounding is YouTube's of comments, down to two digits: "10K" for 10,999.
            (Some(value), Some(truth)) => value.abs_diff(truth) <= truth.unsigned_abs() / 10 + 1,
            (Some(_), None) => false,
        }
    }
}

/// After pages were read: what was written is true at this moment.
pub async fn after_reads(world: &mut World) {
    let now = world.clock.now();
    profiles_are_true(world, now).await;
    posts_are_true(world, now).await;
    accounts_stand_as_they_should(world, now).await;
    posts_stand_as_they_should(world, now).await;
    let openings = world.eye.texts("SELECT CAST(MAX(openings) AS TEXT) FROM gates").await;
    world.note("an open breaker", openings[0][0].as_deref().is_some_and(|openings| openings != "0"));
    world.note("a breaker that stayed open", openings[0][0].as_deref().is_some_and(|n| n != "0" && n != "1"));
}

/// Keeps book, by the truth, of what cannot be found where the service looks for it.
pub async fn note_what_is_gone(world: &mut World) {
    let now = world.clock.now();
    let mut gone = Vec::new();
    for account in world.accounts().await {
        if profile_truth(world, &account).is_some_and(|truth| is_lost(&account, &truth)) {
            gone.push(account.id.to_string());
        }
    }
    for video in world.posts().await {
        if post_truth(world, &video).is_none_or(|truth| is_nowhere(video.post.platform, truth.standing)) {
            gone.push(video.post.external_id.clone());
        }
    }
    world.gone_since.retain(|key, _| gone.contains(key));
    for key in gone {
        world.gone_since.entry(key).or_insert(now);
    }
}

/// Whether a post cannot be found. Pinterest answers for what is secret as for what does not exist.
fn is_nowhere(platform: Platform, standing: Standing) -> bool {
    standing == Standing::Deleted || (platform == Platform::Pinterest && standing == Standing::Private)
}

/// The truth about whom an account was added for.
fn profile_truth(world: &World, account: &Account) -> Option<ProfileTruth> {
    let tracked = world.tracked.iter().find(|tracked| tracked.account == account.id)?;
    world.sandbox.profile_truth(tracked.platform, &tracked.platform_id)
}

fn post_truth(world: &World, video: &AccountVideo) -> Option<PostTruth> {
    world.sandbox.post_truth(video.post.platform, &video.post.external_id)
}

/// Whether whom an account was added for is not at the handle that the service knows.
fn is_lost(account: &Account, truth: &ProfileTruth) -> bool {
    truth.standing == Standing::Deleted || truth.facts.username != account.username
}

async fn profiles_are_true(world: &mut World, now: Timestamp) {
    const NAMES: [&str; 4] = ["follower_count", "following_count", "post_count", "like_count"];
    let rows = world
        .eye
        .texts(&format!(
            "SELECT CAST(s.follower_count AS TEXT), CAST(s.following_count AS TEXT), CAST(s.post_count AS TEXT), \
             CAST(s.like_count AS TEXT), s.inexact, p.platform, p.platform_id, s.adapter FROM profile_snapshots s \
             JOIN profiles p ON p.id = s.profile_id WHERE s.taken_at = {}",
            now.as_millis()
        ))
        .await;
    for row in rows {
        let platform: Platform = row[5].as_deref().expect("a platform").parse().expect("a platform");
        let id = row[6].as_deref().expect("what was read has an id");
        let truth = world.sandbox.profile_truth(platform, id).unwrap_or_else(|| panic!("nobody is {platform} {id}"));
        let exact = truth.counts;
        let exact = [exact.followers, exact.following, exact.posts, exact.likes];
        for (count, exact) in counts(&NAMES, &row, row[4].as_deref()).into_iter().zip(exact) {
            assert!(
                count.agrees(exact),
                "{platform} {id} ({}) at {now}: {} is {:?}, kept as {:?} by {:?}",
                truth.facts.username,
                count.name,
                exact,
                count.value,
                row[7]
            );
        }
    }
}

async fn posts_are_true(world: &mut World, now: Timestamp) {
    const NAMES: [&str; 6] = ["view_count", "like_count", "comment_count", "share_count", "play_count", "saved_count"];
    let rows = world
        .eye
        .texts(&format!(
            "SELECT CAST(s.view_count AS TEXT), CAST(s.like_count AS TEXT), CAST(s.comment_count AS TEXT), \
             CAST(s.share_count AS TEXT), CAST(s.play_count AS TEXT), CAST(s.saved_count AS TEXT), s.inexact, p.platform, \
             p.external_id, s.adapter, s.fell FROM post_snapshots s JOIN posts p ON p.id = s.post_id WHERE s.taken_at = {}",
            now.as_millis()
        ))
        .await;
    for row in rows {
        let platform: Platform = row[7].as_deref().expect("a platform").parse().expect("a platform");
        let id = row[8].as_deref().expect("an id");
        let truth = world.sandbox.post_truth(platform, id).unwrap_or_else(|| panic!("there is no {platform} {id}"));
        let exact = truth.counts;
        let likes_are_hidden = truth.facts.metrics.likes.status() == Some(MetricStatus::Hidden);
        let likes = (!likes_are_hidden).then_some(exact.likes);
        // On Instagram views are another number than plays: the stand-in's embedded pages show half as many.
        let views = Some(if platform == Platform::Instagram { exact.plays / 2 } else { exact.plays });
        let exact = [views, likes, Some(exact.comments), Some(exact.shares), Some(exact.plays), Some(exact.saves)];
        for (count, exact) in counts(&NAMES, &row, row[6].as_deref()).into_iter().zip(exact) {
            assert!(
                count.agrees(exact),
                "{platform} {id} at {now}: {} is {:?}, kept as {:?} by {:?}",
                count.name,
                exact,
                count.value,
                row[9]
            );
        }
        world.note("hidden likes", likes_are_hidden);
        world.note("a fall that was flagged", row[10].as_deref().is_some_and(|fell| fell.contains("comment_count")));
        world.note("a post by its embedded page", row[9].as_deref().is_some_and(|adapter| adapter.contains("embed")));
    }
}

/// No account is shown as gone that is there, nor before it was gone for as long as two words of it are apart.
async fn accounts_stand_as_they_should(world: &mut World, now: Timestamp) {
    for account in world.accounts().await {
        let key = account.id.to_string();
        let truth = profile_truth(world, &account);
        if truth.is_some_and(|truth| is_lost(&account, &truth)) {
            world.gone_since.entry(key.clone()).or_insert(now);
        } else {
            world.gone_since.remove(&key);
        }
        let was_gone = world.shown_gone.contains(&key);
        if account.is_unavailable && !was_gone {
            let since = world.gone_since.get(&key);
            assert!(
                since.is_some_and(|since| now.since(*since) >= CONFIRM),
                "{} {} is shown as unavailable at {now}; by the truth it is gone since {since:?}",
                account.platform,
                account.username
            );
            let reason = account.unavailable_reason.expect("what is unavailable says why");
            world.note(reason_seen(reason), true);
            world.shown_gone.insert(key);
        } else if !account.is_unavailable && was_gone {
            world.note("an account that came back", true);
            world.shown_gone.remove(&key);
        }
        world.note("a rename", !account.previous_usernames.is_empty());
        world.note("a private account", account.is_private == Some(true));
        world.note("a failing account", account.freshness.state == FreshnessState::Failing);
        let tracked = world.tracked.iter().find(|tracked| tracked.account == account.id).expect("it is tracked");
        if let Some(id) = &account.platform_account_id {
            assert_eq!(*id, tracked.platform_id, "{} {} is somebody else", account.platform, account.username);
        }
    }
}

/// Likewise for the posts that were just read.
async fn posts_stand_as_they_should(world: &mut World, now: Timestamp) {
    let sql = format!(
        "SELECT p.platform, p.external_id, p.status FROM page_loads l JOIN posts p ON p.id = l.target_id \
         WHERE l.kind = 'post' AND l.started_at = {}",
        now.as_millis()
    );
    for row in world.eye.texts(&sql).await {
        let platform: Platform = row[0].as_deref().expect("a platform").parse().expect("a platform");
        let (key, status) = (row[1].clone().expect("an id"), row[2].as_deref());
        let is_gone = world.sandbox.post_truth(platform, &key).is_none_or(|truth| is_nowhere(platform, truth.standing));
        if is_gone {
            world.gone_since.entry(key.clone()).or_insert(now);
        } else {
            world.gone_since.remove(&key);
        }
        let was_gone = world.shown_gone.contains(&key);
        if status == Some("deleted") && !was_gone {
            let since = world.gone_since.get(&key).copied();
            if since.is_none_or(|since| now.since(since) < CONFIRM) {
                let story = story(world, "post", &key).await;
                panic!(
                    "{platform} {key} is shown as deleted at {now}; by the truth it is gone since {since:?}: {story:#?}"
                );
            }
            world.note("a deleted post", true);
            world.shown_gone.insert(key);
        } else if status != Some("deleted") && was_gone {
            world.note("a post that came back", true);
            world.shown_gone.remove(&key);
        }
        world.note("a private post", status == Some("private"));
    }
}

/// The page loads of a post or profile, for whoever has to find out what went wrong.
async fn story(world: &mut World, kind: &str, id: &str) -> Vec<String> {
    let target = if kind == "post" { "posts t WHERE t.external_id" } else { "profiles t WHERE t.platform_id" };
    let sql = format!(
        "SELECT CAST(l.started_at AS TEXT), l.source, l.outcome, l.detail FROM page_loads l \
         WHERE l.kind = '{kind}' AND l.target_id IN (SELECT t.id FROM {target} = '{id}') ORDER BY l.started_at"
    );
    let at = |text: &Option<String>| text.as_deref().and_then(|at| at.parse().ok()).map(Timestamp::from_millis);
    let told = world.eye.texts(&sql).await;
    told.iter().map(|row| format!("{:?} {:?} {:?} {:?}", at(&row[0]), row[1], row[2], row[3])).collect()
}

/// After the last event and some quiet days: everything is as it is.
pub async fn at_the_end(world: &mut World, fate: &Fate) {
    budgets_were_kept(world);
    let now = world.clock.now();
    for account in world.accounts().await {
        let truth = profile_truth(world, &account).expect("whoever was added is known");
        let shown = format!(
            "{} {} (by the truth {}, {:?}): {:?}, {:?}",
            account.platform,
            account.username,
            truth.facts.username,
            truth.standing,
            account.freshness,
            account.unavailable_reason
        );
        if truth.standing == Standing::Deleted {
            if !account.is_unavailable {
                let id = account.platform_account_id.clone().expect("it was read");
                panic!("{shown}: {:#?}", story(world, "profile", &id).await);
            }
            continue;
        }
        if account.is_unavailable && !has_posts(world, &account).await {
            // Who left a handle without a word is found by their posts, and this one has none that were ever read.
            continue;
        }
        if account.username != truth.facts.username {
            let id = account.platform_account_id.clone().expect("it was read");
            panic!("{shown}: {:#?}", story(world, "profile", &id).await);
        }
        assert!(!account.is_unavailable && account.unavailable_reason.is_none(), "{shown}");
        let read = account.last_scrape_at.expect("it was read");
        assert!(now.since(read) < 2 * DAY + HOUR, "{shown}");
        for former in &account.previous_usernames {
            assert!(truth.previous_usernames.contains(former), "{former} was never a name of {shown}");
        }
    }
    for video in world.posts().await {
        let truth = post_truth(world, &video);
        let shown = format!("{} {} is {:?}", video.post.platform, video.post.external_id, video.post.status);
        let is_collected = video.post.freshness.next_scrape_at.is_some();
        match truth.map(|truth| truth.standing) {
            // What fell out of its account's bounds is not looked at any more.
            _ if !is_collected => {}
            Some(standing) if is_nowhere(video.post.platform, standing) => {
                assert_eq!(video.post.status, PostStatus::Deleted, "{shown}");
            }
            Some(Standing::Deleted) | None => assert_eq!(video.post.status, PostStatus::Deleted, "{shown}"),
            Some(Standing::Private) => assert_eq!(video.post.status, PostStatus::Private, "{shown}"),
            Some(Standing::Live) => assert_eq!(video.post.status, PostStatus::Live, "{shown}"),
        }
    }
    eprintln!("happened: {:?}\nseen: {:?}", fate.happened, world.seen);
    for wanted in [
        "a rename",
        "a handle that was taken over",
        "an account that is gone",
        "an account that came back",
        "a private account",
        "a failing account",
        "a deleted post",
        "a post that came back",
        "hidden likes",
        "a fall that was flagged",
        "a post by its embedded page",
        "an open breaker",
        "a breaker that stayed open",
    ] {
        assert!(world.seen.contains(wanted), "the month never saw {wanted}; seen: {:?}", world.seen);
    }
}

/// Whether a post of the account was ever read that could tell where its maker is.
async fn has_posts(world: &mut World, account: &Account) -> bool {
    let id = account.platform_account_id.clone().expect("it was read");
    let sql = format!(
        "SELECT p.external_id FROM posts p JOIN profiles f ON f.id = p.profile_id \
         WHERE f.platform_id = '{id}' AND p.status = 'live' AND p.last_scrape_at IS NOT NULL"
    );
    !world.eye.texts(&sql).await.is_empty()
}

/// By the platforms' own log, all workers together kept to the budget. What follows a redirect belongs to the page load that was redirected.
fn budgets_were_kept(world: &World) {
    let mut times: BTreeMap<&str, Vec<Timestamp>> = BTreeMap::new();
    let mut redirected: BTreeMap<&str, Timestamp> = BTreeMap::new();
    for request in world.sandbox.requests() {
        let platform = request.platform.as_str();
        let follows = redirected.get(platform) == Some(&request.at);
        if request.status.is_some_and(|status| (300..400).contains(&status)) {
            redirected.insert(platform, request.at);
        }
        if !follows {
            times.entry(platform).or_default().push(request.at);
        }
    }
    for (platform, seconds, per_hour) in BUDGETS {
        let asked = times.get(platform.as_str()).map_or(&[][..], Vec::as_slice);
        assert!(asked.len() > 200, "{platform} was asked {} times", asked.len());
        for pair in asked.windows(2) {
            assert!(pair[1].since(pair[0]) >= Duration::from_secs(seconds), "{platform} at {}", pair[1]);
        }
        for window in asked.windows(usize::try_from(per_hour).unwrap_or(usize::MAX) + 1) {
            assert!(window[window.len() - 1].since(window[0]) >= HOUR, "{platform} within an hour of {}", window[0]);
        }
        eprintln!("{platform}: {} page loads", asked.len());
    }
}
