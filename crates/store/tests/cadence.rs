//! How often targets are read: the shortest wish rules, young posts are read often, old ones seldom, and those beyond an account's bounds
//! not at all; what was added together does not come back together.

#![expect(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a helper of a test fails the test")]

mod support;

use std::time::Duration;

use domain::{AgeCurve, AgeStep, FreshnessState, RequestId, Timestamp};
use store::{AccountChange, JobTarget, Store, StoreConfig};
use support::{HOUR, Home, START, add, answer, feed, new_account, post, post_id, profile, tenant};

const DAY: Duration = Duration::from_hours(24);

/// The store with posts younger than two days at a quarter of the interval, older than thirty at four times it.
async fn curved(home: &Home) -> Store {
    let step = |younger_than_days, percent| AgeStep { younger_than_days, percent };
    let age_curve = AgeCurve::new(vec![step(2, 25), step(30, 100)], 400);
    Store::connect(&StoreConfig { url: home.url.clone(), max_connections: 4, age_curve }).await.unwrap()
}

/// When the post is due, in hours from `now`.
async fn due_in_hours(home: &Home, n: i64, now: Timestamp) -> Option<f64> {
    let sql = format!(
        "SELECT s.due_at FROM schedules s JOIN posts p ON p.id = s.target_id WHERE s.kind = 'post' AND p.external_id = '{}'",
        post_id(n)
    );
    let due = home.number(&sql).await?;
    Some(f64::from(i32::try_from((due - now.as_millis()) / 60_000).unwrap()) / 60.0)
}

/// Reads an account whose feed lists posts of these ages, and all of them, twice: the second read tells the cadence.
async fn read_twice(store: &Store, ages: &[Duration]) -> Timestamp {
    let list: Vec<_> = ages.iter().zip(0..).map(|(age, n)| post(post_id(n), START.minus(*age), 5)).collect();
    let answer = answer("11", "amy", &list);
    support::work(store, START, &answer).await;
    let mut now = START;
    for _ in 0..150 {
        now = now.plus(HOUR);
        support::work(store, now, &answer).await;
    }
    now
}

on_both! {
    async fn young_posts_are_read_often_and_old_ones_seldom(home) {
        let store = curved(&home).await;
        add(&tenant(&store).await, &new_account("amy"), START).await;
        let list = [DAY / 4, 10 * DAY, 90 * DAY];
        let posts: Vec<_> = list.iter().zip(0..).map(|(age, n)| post(post_id(n), START.minus(*age), 5)).collect();
        let answer = answer("11", "amy", &posts);
        support::work(&store, START, &answer).await;
        for (n, hours) in [(0, 6.0), (1, 24.0), (2, 96.0)] {
            let due = due_in_hours(&home, n, START).await.unwrap();
            assert!(due >= hours / 2.0 - 0.1 && due <= hours, "the first time, within the second half: post {n} in {due} h");
        }
        let second = START.plus(4 * DAY);
        support::work(&store, second, &answer).await;
        for (n, hours) in [(0, 24.0), (1, 24.0), (2, 96.0)] {
            let due = due_in_hours(&home, n, second).await.unwrap();
            assert!(due >= hours - 0.1 && due <= hours * 1.03, "post {n} in {due} h");
        }
    }

    async fn an_old_post_that_is_read_as_planned_is_not_stale(home) {
        let store = curved(&home).await;
        let mine = tenant(&store).await;
        let (id, _) = add(&mine, &new_account("amy"), START).await;
        let posts = [post(post_id(0), START.minus(10 * DAY), 5), post(post_id(1), START.minus(90 * DAY), 5)];
        support::work(&store, START, answer("11", "amy", &posts)).await;
        let rows = support::account_videos(&mine, id, START).await;
        for (after, expected) in [
            (26 * HOUR, [FreshnessState::Fresh, FreshnessState::Fresh]),
            (27 * HOUR, [FreshnessState::Stale, FreshnessState::Fresh]),
            (105 * HOUR, [FreshnessState::Stale, FreshnessState::Fresh]),
            (106 * HOUR, [FreshnessState::Stale, FreshnessState::Stale]),
        ] {
            let now = START.plus(after);
            for (row, expected) in rows.iter().zip(expected) {
                let one = mine.account_video(row.id, now).await.unwrap().unwrap();
                assert_eq!(one.post.freshness.state, expected, "{} after {after:?}", one.post.external_id);
            }
            let listed = support::account_videos(&mine, id, now).await;
            assert_eq!(listed.iter().map(|row| row.post.freshness.state).collect::<Vec<_>>(), expected, "{after:?}");
        }
    }

    async fn the_shortest_wish_among_trackers_rules(home) {
        let store = curved(&home).await;
        let (mine, other) = (tenant(&store).await, tenant(&store).await);
        add(&mine, &new_account("amy"), START).await;
        let old = [90 * DAY];
        let now = read_twice(&store, &old).await;
        let mut by_hand = support::new_video(&post_id(0).to_string());
        by_hand.scrape_interval_hours = Some(5);
        support::add_video(&other, &by_hand, now).await;
        support::work(&store, now, |job| {
            assert!(matches!(&job.target, JobTarget::Post { .. }), "{job:?}");
            feed(vec![post(post_id(0), START.minus(90 * DAY), 5)])
        })
        .await;
        let due = due_in_hours(&home, 0, now).await.unwrap();
        assert!((4.9..=5.2).contains(&due), "a video added by hand has its own interval: {due} h");
    }

    async fn posts_beyond_an_accounts_bounds_are_kept_and_not_read_any_more(home) {
        let store = curved(&home).await;
        let mine = tenant(&store).await;
        let (id, _) = add(&mine, &new_account("amy"), START).await;
        let ages = [DAY, 2 * DAY, 3 * DAY];
        let now = read_twice(&store, &ages).await;
        let set = async |change: AccountChange, now| {
            let mut tx = mine.begin(&RequestId::new(), now).await.unwrap();
            tx.update_account(id, &change).await.unwrap();
            tx.commit().await.unwrap();
        };
        set(AccountChange { max_recent_posts: Some(Some(1)), ..AccountChange::default() }, now).await;
        let later = now.plus(30 * DAY);
        let list: Vec<_> = ages.iter().zip(0..).map(|(age, n)| post(post_id(n), START.minus(*age), 5)).collect();
        let answer = answer("11", "amy", &list);
        let read = support::work(&store, later, &answer).await;
        let posts = read.iter().filter(|target| matches!(target, JobTarget::Post { .. })).count();
        assert_eq!(posts, 1, "{read:?}");
        assert_eq!(due_in_hours(&home, 2, later).await, None);
        let account = mine.account(id, later).await.unwrap().unwrap();
        assert_eq!(account.total_post_count, Some(3), "what was collected stays");
        set(AccountChange { max_recent_posts: Some(None), ..AccountChange::default() }, later).await;
        let read = support::work(&store, later, &answer).await;
        assert_eq!(read.len(), 2, "widened bounds take them up again: {read:?}");
    }

    async fn what_was_added_together_does_not_come_back_together(home) {
        let mine = tenant(&home.store).await;
        for n in 0..40 {
            add(&mine, &new_account(&format!("amy{n}")), START).await;
        }
        support::work(&home.store, START, |job| match &job.target {
            JobTarget::Profile { username, .. } => profile(&format!("id of {username}"), username, 5),
            JobTarget::Feed { .. } | JobTarget::Post { .. } => feed(Vec::new()),
        })
        .await;
        let within = |from: Duration, to: Duration| {
            format!(
                "SELECT COUNT(*) FROM schedules WHERE kind = 'profile' AND due_at BETWEEN {} AND {}",
                START.plus(from).as_millis(),
                START.plus(to).as_millis()
            )
        };
        assert_eq!(home.number(&within(DAY / 2, DAY)).await, Some(40));
        for quarter in 0..4 {
            let from = DAY / 2 + DAY / 8 * quarter;
            let due = home.number(&within(from, from + DAY / 8)).await.unwrap();
            assert!((1..=25).contains(&due), "{due} of 40 in quarter {quarter}");
        }
    }
}
