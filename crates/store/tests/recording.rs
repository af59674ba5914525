//! Recording: facts, history and tracking rows, bounds and sums, identity, and what is left when tracking ends.

#![expect(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a helper of a test fails the test")]

mod support;

use std::time::Duration;

use domain::{
    AccountId, FreshnessState, MetricStatus, Outcome, PostStatus, Precision, Reading, TargetKind, Timestamp,
    UnavailableReason,
};
use store::{AccountChange, CreatorChange, JobTarget, Refusal, Tenant, VideoChange};
use support::{
    HOUR, Home, MINUTE, START, account, account_videos, add, add_creator, add_video, answer, begin, claim, exact,
    failed, new_account, new_video, page_of, patch, post, post_id, profile, record, tenant, video, work,
};

const DAY: Duration = Duration::from_hours(24);

/// The ids of the posts that an account collects, smallest first.
async fn collected(tenant: &Tenant, id: AccountId, now: Timestamp) -> Vec<i64> {
    let mut ids: Vec<i64> = account_videos(tenant, id, now)
        .await
        .iter()
        .map(|one| one.post.external_id.parse::<i64>().unwrap() - post_id(0))
        .collect();
    ids.sort_unstable();
    ids
}

async fn snapshots(home: &Home) -> i64 {
    home.number("SELECT COUNT(*) FROM post_snapshots").await.unwrap()
}

/// When the next read of the only target of this kind is due, after `now`.
async fn due_in(home: &Home, kind: TargetKind, now: Timestamp) -> Option<Duration> {
    let due = home.number(&format!("SELECT due_at FROM schedules WHERE kind = '{}'", kind.as_str())).await;
    due.map(|at| Timestamp::from_millis(at).since(now))
}

/// Whether a wait is this interval, spread over a fiftieth.
fn is_about(wait: Option<Duration>, interval: Duration) -> bool {
    wait.is_some_and(|wait| wait >= interval && wait <= interval + interval / 50)
}

/// Whether a wait is that after a first read: in the second half of the interval, so that what was added together comes apart.
fn is_within(wait: Option<Duration>, interval: Duration) -> bool {
    wait.is_some_and(|wait| wait >= interval / 2 && wait <= interval)
}

/// The detail and status of the last run that ended.
async fn last_run(home: &Home) -> (String, String) {
    let text = async |column: &str| {
        let sql = format!(
            "SELECT {column} FROM runs WHERE finished_at IS NOT NULL ORDER BY finished_at DESC, id DESC LIMIT 1"
        );
        home.text(&sql).await.unwrap_or_default()
    };
    (text("outcome").await, text("detail").await)
}

/// The sums of an account are those over its rows.
async fn assert_sums(home: &Home, tenant: &Tenant, id: AccountId, now: Timestamp) {
    let shown = account(tenant, id, now).await;
    let rows = account_videos(tenant, id, now).await;
    let sum = |of: fn(&store::PostCounts) -> Option<i64>| {
        let known: Vec<i64> = rows.iter().filter_map(|one| of(&one.post.counts)).collect();
        (!known.is_empty()).then(|| known.iter().sum::<i64>())
    };
    assert_eq!(shown.sums.view_count, sum(|counts| counts.view_count));
    assert_eq!(shown.sums.like_count, sum(|counts| counts.like_count));
    assert_eq!(shown.sums.comment_count, sum(|counts| counts.comment_count));
    assert_eq!(shown.total_post_count, Some(i64::try_from(rows.len()).unwrap()));
    assert!(home.store.ping().await.is_ok());
}

on_both! {
    async fn a_profiles_page_becomes_facts_history_and_a_tracking_row(home) {
        let tenant = tenant(&home.store).await;
        let (id, wakes) = add(&tenant, &new_account("amy"), START).await;
        let job = claim(&home.store, &wakes[0], START).await;
        let mut seen = profile("11", "amy", 12_300);
        let facts = seen.profile.as_mut().unwrap();
        facts.description = Some("Soup".to_owned());
        facts.link_in_bio = Some("https://soup.example".to_owned());
        facts.profile_pic_url = Some("https://cdn.example/amy".to_owned());
        facts.metrics.followers = Reading::Known { value: 12_300, precision: Precision::Rounded };
        let now = START.plus(MINUTE);
        record(&home.store, &job, &seen, now).await;

        let shown = account(&tenant, id, now).await;
        assert_eq!(shown.platform_account_id.as_deref(), Some("11"));
        assert_eq!((shown.name.as_deref(), shown.description.as_deref()), (Some("Name"), Some("Soup")));
        assert_eq!(shown.link_in_bio.as_deref(), Some("https://soup.example"));
        assert_eq!(shown.profile_pic_url_original.as_deref(), Some("https://cdn.example/amy"));
        assert_eq!((shown.is_verified, shown.is_private), (Some(true), Some(false)));
        assert_eq!((shown.follower_count, shown.following_count, shown.profile_post_count), (Some(12_300), Some(7), None));
        assert_eq!((shown.first_scrape_at, shown.last_scrape_at), (Some(now), Some(now)));
        assert_eq!(shown.metric_status.get("profile_post_count"), Some(&MetricStatus::NotProvided));
        assert_eq!(home.number("SELECT COUNT(*) FROM profile_snapshots").await, Some(1));
        let inexact = home.text("SELECT inexact FROM profile_snapshots").await;
        assert_eq!(inexact.as_deref(), Some("follower_count:rounded"));
        assert_eq!(shown.metric_precision.get("follower_count"), Some(&Precision::Rounded));
        assert_eq!(shown.metric_precision.len(), 1, "exact ones are left out");
        assert_eq!(last_run(&home).await.0, "ok");
        assert!(is_within(due_in(&home, TargetKind::Profile, now).await, DAY));
    }

    async fn a_page_that_lacks_a_count_of_the_profile_leaves_the_one_before(home) {
        let tenant = tenant(&home.store).await;
        let (id, _) = add(&tenant, &new_account("amy"), START).await;
        work(&home.store, START, |job| {
            let mut seen = answer("11", "amy", &[])(job);
            if let Some(facts) = &mut seen.profile {
                facts.metrics.posts = exact(40);
            }
            seen
        })
        .await;
        let later = START.plus(25 * HOUR);
        work(&home.store, later, answer("11", "amy", &[])).await;
        let shown = account(&tenant, id, later).await;
        assert_eq!((shown.profile_post_count, shown.last_scrape_at), (Some(40), Some(later)));
    }

    async fn a_feed_fills_an_account_within_its_bounds(home) {
        let tenant = tenant(&home.store).await;
        let days = |n: u32| START.minus(n * DAY);
        // A pinned post stands first on the page, whatever its age.
        let list = vec![
            post(post_id(1), days(300), 1), post(post_id(5), days(0), 5), post(post_id(4), days(2), 4),
            post(post_id(3), days(20), 3), post(post_id(2), days(40), 2),
        ];
        let bounds = [
            (None, None, vec![1, 2, 3, 4, 5]), (Some(2), None, vec![4, 5]), (None, Some(30), vec![3, 4, 5]),
            (Some(1), Some(30), vec![5]), (Some(4), Some(1), vec![5]),
        ];
        for (max, lookback, expected) in bounds {
            let mut new = new_account("amy");
            (new.max_recent_posts, new.post_lookback_days) = (max, lookback);
            let tenant = support::tenant(&home.store).await;
            let (id, _) = add(&tenant, &new, START).await;
            work(&home.store, START, answer("11", "amy", &list)).await;
            assert_eq!(collected(&tenant, id, START).await, expected, "{max:?} {lookback:?}");
            assert_sums(&home, &tenant, id, START).await;
        }
        let (id, _) = add(&tenant, &new_account("amy"), START).await;
        home.sql("UPDATE organizations SET max_recent_posts = 3, post_lookback_days = 5").await;
        let shown = account(&tenant, id, START).await;
        assert_eq!((shown.effective_max_recent_posts, shown.effective_post_lookback_days), (Some(3), Some(5)));
        work(&home.store, START, answer("11", "amy", &list)).await;
        assert_eq!(collected(&tenant, id, START).await, [4, 5], "the organization's bounds hold where the account has none");
    }

    async fn a_post_outside_everybodys_bounds_is_not_known_at_all(home) {
        let tenant = tenant(&home.store).await;
        let mut new = new_account("amy");
        new.max_recent_posts = Some(1);
        add(&tenant, &new, START).await;
        let list = [post(post_id(1), START.minus(DAY), 1), post(post_id(2), START, 2)];
        work(&home.store, START, answer("11", "amy", &list)).await;
        assert_eq!(home.number("SELECT COUNT(*) FROM posts").await, Some(1));
    }

    async fn sums_are_those_of_the_rows_after_every_read_with_falls_and_hidden_likes(home) {
        let tenant = tenant(&home.store).await;
        let mut new = new_account("amy");
        new.scrape_interval_hours = Some(1);
        let (id, _) = add(&tenant, &new, START).await;
        let mut list: Vec<_> = (0..4).map(|n| post(post_id(n), START, 100 * (n + 1))).collect();
        list[0].metrics.likes = exact(10);
        list[1].metrics.likes = exact(20);
        let mut now = START;
        for (views, likes) in [(None, Some(11)), (Some(3), None), (Some(90_000), Some(0)), (Some(0), None)] {
            work(&home.store, now, answer("11", "amy", &list)).await;
            assert_sums(&home, &tenant, id, now).await;
            if let Some(views) = views {
                list[2].metrics.views = exact(views);
            }
            list[0].metrics.likes = likes.map_or(Reading::Null(MetricStatus::Hidden), exact);
            now = now.plus(2 * HOUR);
        }
        work(&home.store, now, answer("11", "amy", &list)).await;
        assert_sums(&home, &tenant, id, now).await;
        let shown = account(&tenant, id, now).await;
        assert_eq!((shown.sums.view_count, shown.sums.like_count), (Some(100 + 200 + 400), Some(20)));
        assert_eq!(shown.sums.comment_count, None);
        assert_eq!(shown.metric_status.get("comment_count"), Some(&MetricStatus::NotProvided));
        for facts in &mut list {
            facts.metrics.likes = Reading::Null(MetricStatus::Hidden);
        }
        now = now.plus(2 * HOUR);
        work(&home.store, now, answer("11", "amy", &list)).await;
        assert_sums(&home, &tenant, id, now).await;
        let shown = account(&tenant, id, now).await;
        assert_eq!(shown.metric_status.get("like_count"), Some(&MetricStatus::Hidden), "every post hides them");
    }

    async fn a_metric_that_a_page_lacks_keeps_its_value_and_a_hidden_one_loses_it(home) {
        let tenant = tenant(&home.store).await;
        let mut new = new_video(&post_id(1).to_string());
        new.scrape_interval_hours = Some(1);
        let id = add_video(&tenant, &new, START).await;
        let mut facts = post(post_id(1), START, 50);
        facts.metrics.likes = exact(9);
        facts.metrics.comments = exact(3);
        work(&home.store, START, |_| page_of(facts.clone())).await;
        facts.metrics.views = Reading::NOT_PROVIDED;
        facts.metrics.likes = Reading::Null(MetricStatus::Hidden);
        facts.metrics.comments = exact(2);
        let now = START.plus(2 * HOUR);
        work(&home.store, now, |_| page_of(facts.clone())).await;
        let shown = video(&tenant, id, now).await.post;
        assert_eq!(shown.counts.view_count, Some(50), "this page did not say");
        assert_eq!((shown.counts.like_count, shown.counts.comment_count), (None, Some(2)));
        assert_eq!(shown.metric_status.get("like_count"), Some(&MetricStatus::Hidden));
        assert_eq!(shown.metric_status.get("share_count"), Some(&MetricStatus::NotProvided));
        assert!(!shown.metric_status.contains_key("view_count"));
        let last = "SELECT view_count FROM post_snapshots ORDER BY taken_at DESC LIMIT 1";
        assert_eq!(home.number(last).await, None, "history holds what the page said");
        facts.metrics.likes = exact(8);
        let now = now.plus(2 * HOUR);
        work(&home.store, now, |_| page_of(facts.clone())).await;
        let shown = video(&tenant, id, now).await.post;
        assert_eq!(shown.counts.like_count, Some(8));
        assert!(!shown.metric_status.contains_key("like_count"));
    }

    async fn each_recording_leaves_one_snapshot_and_a_failed_one_none(home) {
        let tenant = tenant(&home.store).await;
        let mut new = new_video(&post_id(1).to_string());
        new.scrape_interval_hours = Some(1);
        add_video(&tenant, &new, START).await;
        let (mut now, mut expected) = (START, 0);
        for outcome in [None, Some(Outcome::Timeout), None, Some(Outcome::NotFound), None] {
            let seen = outcome.map_or_else(|| page_of(post(post_id(1), START, 5)), failed);
            let read = work(&home.store, now, |_| seen.clone()).await;
            assert_eq!(read.len(), 1);
            expected += i64::from(outcome.is_none());
            assert_eq!(snapshots(&home).await, expected);
            now = now.plus(8 * HOUR);
        }
    }

    async fn a_post_is_missing_then_deleted_then_live_again_and_private_when_withheld(home) {
        let tenant = tenant(&home.store).await;
        let mut new = new_video(&post_id(1).to_string());
        new.scrape_interval_hours = Some(1);
        let id = add_video(&tenant, &new, START).await;
        let live = page_of(post(post_id(1), START, 5));
        let mut withheld = live.clone();
        withheld.outcome = Outcome::Private;
        let steps = [
            (live.clone(), PostStatus::Live, FreshnessState::Fresh),
            (failed(Outcome::NotFound), PostStatus::Missing, FreshnessState::Failing),
            (failed(Outcome::Removed), PostStatus::Deleted, FreshnessState::Unavailable),
            (live.clone(), PostStatus::Live, FreshnessState::Fresh),
            (failed(Outcome::NotFound), PostStatus::Missing, FreshnessState::Failing),
            (live, PostStatus::Live, FreshnessState::Fresh),
            (failed(Outcome::Private), PostStatus::Private, FreshnessState::Failing),
            (withheld, PostStatus::Private, FreshnessState::Fresh),
        ];
        let mut now = START;
        for (seen, status, state) in steps {
            assert_eq!(work(&home.store, now, |_| seen.clone()).await.len(), 1, "{status:?}");
            let shown = video(&tenant, id, now).await.post;
            assert_eq!((shown.status, shown.freshness.state), (status, state));
            assert_eq!(shown.counts.view_count, Some(5), "what was known stays");
            now = now.plus(7 * HOUR);
        }
    }

    async fn the_interval_is_the_shortest_of_all_that_collect_and_follows_changes(home) {
        let (one, two) = (tenant(&home.store).await, tenant(&home.store).await);
        let list = [post(post_id(1), START, 5)];
        let (account_id, _) = add(&one, &new_account("amy"), START).await;
        work(&home.store, START, answer("11", "amy", &list)).await;
        assert!(is_within(due_in(&home, TargetKind::Post, START).await, DAY));
        assert!(is_within(due_in(&home, TargetKind::Profile, START).await, DAY));

        let mut new = new_video(&post_id(1).to_string());
        new.scrape_interval_hours = Some(6);
        let video_id = add_video(&two, &new, START).await;
        work(&home.store, START, answer("11", "amy", &list)).await;
        assert!(is_about(due_in(&home, TargetKind::Post, START).await, 6 * HOUR));
        assert!(is_within(due_in(&home, TargetKind::Profile, START).await, DAY));

        let hours = |hours| AccountChange { scrape_interval_hours: Some(hours), ..AccountChange::default() };
        let now = START.plus(HOUR);
        patch(&one, account_id, &hours(2), now).await;
        for kind in [TargetKind::Post, TargetKind::Profile] {
            assert_eq!(due_in(&home, kind, now).await, Some(HOUR), "the new interval counts from the last read");
        }
        let now = START.plus(2 * HOUR);
        work(&home.store, now, answer("11", "amy", &list)).await;
        assert!(is_about(due_in(&home, TargetKind::Post, now).await, 2 * HOUR));
        patch(&one, account_id, &hours(48), now).await;
        assert_eq!(due_in(&home, TargetKind::Post, now).await, Some(6 * HOUR), "the other organization's");
        assert_eq!(due_in(&home, TargetKind::Profile, now).await, Some(48 * HOUR));
        let mut tx = begin(&two, now).await;
        tx.update_video(video_id, &VideoChange { is_active: Some(false), ..VideoChange::default() }).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(due_in(&home, TargetKind::Post, now).await, Some(48 * HOUR), "paused ones do not count");
        let now = START.plus(51 * HOUR);
        work(&home.store, now, answer("11", "amy", &list)).await;
        assert!(is_about(due_in(&home, TargetKind::Post, now).await, 48 * HOUR));
        let spread = due_in(&home, TargetKind::Profile, now).await;
        patch(&one, account_id, &AccountChange { category: Some(None), ..hours(48) }, now).await;
        assert_eq!(due_in(&home, TargetKind::Profile, now).await, spread, "a time that suits the interval stays");
    }

    async fn an_interval_that_is_shortened_while_a_late_target_is_read_does_not_make_it_read_twice(home) {
        let tenant = tenant(&home.store).await;
        let (id, _) = add(&tenant, &new_account("amy"), START).await;
        work(&home.store, START, answer("11", "amy", &[])).await;
        let late = START.plus(30 * HOUR);
        let offered = home.store.offer_due(&support::platform(domain::Platform::Tiktok), 10, MINUTE, late).await.unwrap();
        assert_eq!(offered.len(), 1);
        let job = claim(&home.store, &offered[0], late).await;
        patch(&tenant, id, &AccountChange { scrape_interval_hours: Some(1), ..AccountChange::default() }, late).await;
        record(&home.store, &job, &profile("11", "amy", 1001), late).await;
        assert!(is_about(due_in(&home, TargetKind::Profile, late).await, HOUR));
    }

    async fn a_paused_creator_pauses_its_accounts_and_unlinking_resumes_them(home) {
        let tenant = tenant(&home.store).await;
        let creator = add_creator(&tenant, "Amy", START).await;
        let mut new = new_account("amy");
        new.creator_id = Some(creator);
        let (id, _) = add(&tenant, &new, START).await;
        let list = [post(post_id(1), START, 5)];
        work(&home.store, START, answer("11", "amy", &list)).await;
        assert_eq!(tenant.creator(creator).await.unwrap().unwrap().total_followers, Some(1000));
        let set = async |is_active, now| {
            let mut tx = begin(&tenant, now).await;
            tx.update_creator(creator, &CreatorChange { is_active: Some(is_active), ..CreatorChange::default() }).await.unwrap();
            tx.commit().await.unwrap();
        };
        set(false, START).await;
        assert_eq!(account(&tenant, id, START).await.freshness.state, FreshnessState::Paused);
        let now = START.plus(30 * HOUR);
        assert!(work(&home.store, now, answer("11", "amy", &list)).await.is_empty());
        assert_eq!(home.store.count_due(now.plus(100 * DAY)).await.unwrap(), 0, "all of it rests");
        let mut tx = begin(&tenant, now).await;
        tx.unlink_account(creator, id).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(work(&home.store, now, answer("11", "amy", &list)).await.len(), 3, "profile, feed and post");
        assert_eq!(tenant.creator(creator).await.unwrap().unwrap().total_followers, Some(0));

        let mut tx = begin(&tenant, now).await;
        assert_eq!(tx.link_account(creator, id).await.unwrap(), store::Linked::Now);
        assert_eq!(tx.link_account(creator, id).await.unwrap(), store::Linked::Before);
        let other = tx.create_creator(&store::NewCreator {
            name: "Ben".to_owned(), is_active: true, metadata: domain::Metadata::default(),
        }).await.unwrap();
        assert!(matches!(tx.link_account(other, id).await, Err(Refusal::LinkedElsewhere(at)) if at == creator));
        tx.commit().await.unwrap();
        let now = now.plus(30 * HOUR);
        assert!(work(&home.store, now, answer("11", "amy", &list)).await.is_empty());
        set(true, now).await;
        assert_eq!(work(&home.store, now, answer("11", "amy", &list)).await.len(), 3);
        set(false, now).await;
        let now = now.plus(30 * HOUR);
        assert!(work(&home.store, now, answer("11", "amy", &list)).await.is_empty());
        let mut tx = begin(&tenant, now).await;
        tx.delete_creator(creator).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(work(&home.store, now, answer("11", "amy", &list)).await.len(), 3);
        assert_eq!(account(&tenant, id, now).await.creator_id, None);
    }

    async fn followers_that_nobody_knows_are_not_none(home) {
        let tenant = tenant(&home.store).await;
        let creator = add_creator(&tenant, "Amy", START).await;
        let total = async || tenant.creator(creator).await.unwrap().unwrap().total_followers;
        assert_eq!(total().await, Some(0), "without accounts there is nothing that is not known");
        let mut new = new_account("amy");
        new.creator_id = Some(creator);
        add(&tenant, &new, START).await;
        assert_eq!(total().await, None);
        work(&home.store, START, answer("11", "amy", &[])).await;
        assert_eq!(total().await, Some(1000));
    }

    async fn a_renamed_handle_keeps_its_history(home) {
        let tenant = tenant(&home.store).await;
        let (id, _) = add(&tenant, &new_account("amy"), START).await;
        work(&home.store, START, answer("11", "amy", &[])).await;
        let mut now = START;
        for name in ["amy.cooks", "amy.bakes"] {
            now = now.plus(25 * HOUR);
            work(&home.store, now, answer("11", name, &[])).await;
        }
        let shown = account(&tenant, id, now).await;
        assert_eq!((shown.username.as_str(), shown.previous_usernames), ("amy.bakes", vec!["amy".to_owned(), "amy.cooks".to_owned()]));
        assert_eq!(shown.first_scrape_at, Some(START));
        assert_eq!(home.number("SELECT COUNT(*) FROM profile_snapshots").await, Some(3));
        let read = work(&home.store, now.plus(25 * HOUR), answer("11", "amy", &[])).await;
        assert!(matches!(&read[0], JobTarget::Profile { username, .. } if username == "amy.bakes"), "{read:?}");
        let shown = account(&tenant, id, now).await;
        assert_eq!(shown.previous_usernames, ["amy.cooks", "amy.bakes"], "a name that came back is no former one");
    }

    async fn a_new_handle_of_a_known_profile_joins_it(home) {
        let (old, new) = (tenant(&home.store).await, tenant(&home.store).await);
        let list = [post(post_id(1), START, 5)];
        let (first, _) = add(&old, &new_account("amy"), START).await;
        work(&home.store, START, answer("11", "amy", &list)).await;
        let now = START.plus(HOUR);
        let (second, _) = add(&new, &new_account("amy.cooks"), now).await;
        let by_hand = {
            let mut post = new_video("https://www.tiktok.com/@amy.cooks/video/7571863205253770002");
            post.scrape_interval_hours = Some(24);
            add_video(&new, &post, now).await
        };
        let mut other = post(post_id(2), now, 6);
        other.author.username = Some("amy.cooks".to_owned());
        work(&home.store, now, answer("11", "amy.cooks", &[list[0].clone(), other])).await;
        work(&home.store, now.plus(MINUTE), answer("11", "amy.cooks", &list)).await;
        let shown = account(&new, second, now).await;
        assert_eq!((shown.follower_count, shown.username.as_str()), (Some(1000), "amy.cooks"));
        assert_eq!(shown.freshness.state, FreshnessState::Fresh);
        assert_eq!(shown.freshness.last_attempt_at, shown.last_scrape_at, "a scrape is an attempt");
        assert_eq!(collected(&new, second, now).await, [1, 2], "its posts are collected for the newcomer as well");
        assert_eq!(account(&old, first, now).await.username, "amy.cooks");
        assert_eq!(video(&new, by_hand, now).await.post.account_id, Some(second));
        assert_eq!(home.number("SELECT COUNT(*) FROM profiles").await, Some(1), "one profile is left");
        assert_eq!(home.number("SELECT COUNT(*) FROM profiles WHERE username = 'amy.cooks'").await, Some(1));
        assert_eq!(home.number("SELECT COUNT(*) FROM schedules WHERE kind = 'profile'").await, Some(1));
        let later = now.plus(25 * HOUR);
        work(&home.store, later, answer("11", "amy.cooks", &list)).await;
        assert_eq!(account(&new, second, later).await.last_scrape_at, Some(later));
        assert_eq!(account(&old, first, later).await.last_scrape_at, Some(later));
    }

    async fn an_organization_that_tracks_a_profile_under_both_handles_is_told_so(home) {
        let tenant = tenant(&home.store).await;
        let (first, _) = add(&tenant, &new_account("amy"), START).await;
        work(&home.store, START, answer("11", "amy", &[])).await;
        let now = START.plus(HOUR);
        let (second, wakes) = add(&tenant, &new_account("amy.cooks"), now).await;
        let job = claim(&home.store, &wakes[0], now).await;
        record(&home.store, &job, &profile("11", "amy.cooks", 1001), now).await;
        let (outcome, detail) = last_run(&home).await;
        assert_eq!(outcome, "not_found");
        assert!(detail.contains("tracked already, as amy"), "{detail}");
        let shown = account(&tenant, second, now).await;
        assert_eq!((shown.freshness.state, shown.follower_count), (FreshnessState::Unavailable, None));
        assert_eq!((shown.is_unavailable, shown.unavailable_reason), (true, Some(UnavailableReason::Duplicate)));
        assert_eq!(shown.username, "amy.cooks", "it is shown as it was added");
        assert_eq!(account(&tenant, first, now).await.follower_count, Some(1000));
        assert_eq!(home.number("SELECT COUNT(*) FROM profile_snapshots").await, Some(1));

        // Once the first is gone, the second takes the profile over.
        let mut tx = begin(&tenant, now).await;
        tx.delete_account(first).await.unwrap();
        tx.commit().await.unwrap();
        let later = now.plus(10 * HOUR);
        work(&home.store, later, answer("11", "amy.cooks", &[])).await;
        let shown = account(&tenant, second, later).await;
        assert_eq!((shown.freshness.state, shown.unavailable_reason), (FreshnessState::Fresh, None));
    }

    async fn who_tracks_both_handles_keeps_a_clear_state_while_others_move_over(home) {
        let (both, new) = (tenant(&home.store).await, tenant(&home.store).await);
        let (first, _) = add(&both, &new_account("amy"), START).await;
        work(&home.store, START, answer("11", "amy", &[])).await;
        let now = START.plus(HOUR);
        let (second, _) = add(&both, &new_account("amy.cooks"), now).await;
        let (moved, _) = add(&new, &new_account("amy.cooks"), now).await;
        work(&home.store, now, answer("11", "amy.cooks", &[])).await;
        let shown = account(&new, moved, now).await;
        assert_eq!((shown.follower_count, shown.username.as_str()), (Some(1000), "amy.cooks"));
        assert_eq!(account(&both, first, now).await.username, "amy.cooks");
        for later in [now, now.plus(HOUR), now.plus(30 * HOUR)] {
            work(&home.store, later, answer("11", "amy.cooks", &[])).await;
            let left = account(&both, second, later).await;
            assert_eq!((left.freshness.state, left.freshness.last_attempt_outcome), (FreshnessState::Unavailable, Some(Outcome::NotFound)));
            assert_eq!(left.unavailable_reason, Some(UnavailableReason::Duplicate));
            assert_eq!(left.follower_count, None);
            assert_eq!(account(&both, first, later).await.freshness.consecutive_failures, 0);
        }
        let mut tx = begin(&both, now).await;
        tx.delete_account(first).await.unwrap();
        tx.commit().await.unwrap();
        let later = now.plus(60 * HOUR);
        work(&home.store, later, answer("11", "amy.cooks", &[])).await;
        assert_eq!(account(&both, second, later).await.freshness.state, FreshnessState::Fresh);
        work(&home.store, later.plus(MINUTE), answer("11", "amy.cooks", &[])).await;
        assert_eq!(home.number("SELECT COUNT(*) FROM profiles").await, Some(1));
    }

    async fn a_handle_that_somebody_else_took_over_does_not_inherit(home) {
        let tenant = tenant(&home.store).await;
        let (id, _) = add(&tenant, &new_account("amy"), START).await;
        work(&home.store, START, answer("11", "amy", &[])).await;
        let before = account(&tenant, id, START).await;
        let now = START.plus(25 * HOUR);
        work(&home.store, now, |_| profile("99", "amy", 5)).await;
        let (outcome, detail) = last_run(&home).await;
        assert_eq!(outcome, "not_found");
        assert_eq!(detail, "the handle belongs to another account now: id 99 instead of 11");
        let shown = account(&tenant, id, now).await;
        assert_eq!(shown.follower_count, before.follower_count);
        assert_eq!(shown.platform_account_id.as_deref(), Some("11"));
        assert_eq!((shown.last_scrape_at, shown.freshness.state), (Some(START), FreshnessState::Failing));
        assert_eq!(home.number("SELECT COUNT(*) FROM profile_snapshots").await, Some(1));
        assert_eq!(home.number("SELECT COUNT(*) FROM profiles").await, Some(1));
    }

    async fn a_page_that_does_not_say_which_account_it_is_about_adds_nothing_to_a_known_one(home) {
        let tenant = tenant(&home.store).await;
        let (id, _) = add(&tenant, &new_account("amy"), START).await;
        let nameless = || {
            let mut observation = profile("-", "amy", 5);
            if let Some(facts) = &mut observation.profile {
                facts.platform_id = None;
            }
            observation
        };
        work(&home.store, START, |_| nameless()).await;
        let shown = account(&tenant, id, START).await;
        assert_eq!((shown.follower_count, shown.platform_account_id), (Some(5), None), "nobody is known by that handle yet");
        let day = START.plus(25 * HOUR);
        work(&home.store, day, answer("11", "amy", &[])).await;
        let known = account(&tenant, id, day).await;
        assert_eq!(known.platform_account_id.as_deref(), Some("11"));
        let later = day.plus(25 * HOUR);
        work(&home.store, later, |_| nameless()).await;
        assert_eq!(last_run(&home).await.0, "parse_error");
        assert_eq!(account(&tenant, id, later).await.follower_count, known.follower_count);
    }

    async fn a_post_in_a_feed_and_by_hand_is_one_post_that_is_read_once_and_seen_by_both(home) {
        let (one, two) = (tenant(&home.store).await, tenant(&home.store).await);
        let list = [post(post_id(1), START, 5)];
        let (id, _) = add(&one, &new_account("amy"), START).await;
        let by_hand = add_video(&one, &new_video(&post_id(1).to_string()), START).await;
        let elsewhere = add_video(&two, &new_video(&post_id(1).to_string()), START).await;
        work(&home.store, START, answer("11", "amy", &list)).await;
        let now = START.plus(30 * HOUR);
        let read = work(&home.store, now, answer("11", "amy", &[post(post_id(1), START, 8)])).await;
        let posts = read.iter().filter(|target| matches!(target, JobTarget::Post { .. })).count();
        assert_eq!(posts, 1);
        assert_eq!(home.number("SELECT COUNT(*) FROM posts").await, Some(1));
        for shown in [video(&one, by_hand, now).await.post, video(&two, elsewhere, now).await.post, account_videos(&one, id, now).await.remove(0).post] {
            assert_eq!((shown.counts.view_count, shown.last_scrape_at), (Some(8), Some(now)));
        }
        assert_eq!(video(&one, by_hand, now).await.post.account_id, Some(id));
        assert_eq!(video(&two, elsewhere, now).await.post.account_id, None);
    }

    async fn whatever_order_tracking_ends_in_nothing_is_left(home) {
        let orders: [[usize; 3]; 6] = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
        let mut now = START;
        for order in orders {
            for visits_between in [false, true] {
                let tenant = tenant(&home.store).await;
                let creator = add_creator(&tenant, "Amy", now).await;
                let mut new = new_account("amy");
                new.creator_id = Some(creator);
                let (id, _) = add(&tenant, &new, now).await;
                let by_hand = add_video(&tenant, &new_video(&post_id(1).to_string()), now).await;
                let mut list = [post(post_id(1), now, 5), post(post_id(2), now, 6)];
                for facts in &mut list {
                    facts.author.platform_id = Some("11".to_owned());
                }
                work(&home.store, now, answer("11", "amy", &list)).await;
                assert!(home.store.count_targets().await.unwrap() >= 7);
                for step in order {
                    now = now.plus(HOUR);
                    let mut tx = begin(&tenant, now).await;
                    match step {
                        0 => tx.delete_creator(creator).await.unwrap(),
                        1 => tx.delete_account(id).await.unwrap(),
                        _ => tx.delete_video(by_hand).await.unwrap(),
                    }
                    tx.commit().await.unwrap();
                    if visits_between {
                        work(&home.store, now, answer("11", "amy", &list)).await;
                    }
                }
                work(&home.store, now, answer("11", "amy", &list)).await;
                assert_eq!(home.store.count_targets().await.unwrap(), 0, "{order:?}, {visits_between}");
                for table in ["profile_snapshots", "post_snapshots", "account_videos", "videos", "accounts", "creators"] {
                    assert_eq!(home.number(&format!("SELECT COUNT(*) FROM {table}")).await, Some(0), "{table}");
                }
                let open = "SELECT COUNT(*) FROM runs WHERE status IN ('queued', 'running')";
                assert_eq!(home.number(open).await, Some(0), "no run waits for ever");
            }
        }
    }
}
