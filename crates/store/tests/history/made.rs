//! Days as recording makes them, and as they are made anew.

use std::time::Duration;

use domain::{Day, PostFacts, Timestamp};
use store::NewAccount;

use crate::rows::{all_days, misremembered};
use crate::support::{
    HOUR, START, add, add_video, answer, exact, make_due, new_account, new_video, page_of, post, post_id, tenant, work,
};
use crate::world::World;
use crate::{on_both, support};

on_both! {
    async fn days_are_those_of_a_plain_model_and_the_same_when_made_anew(home) {
        // The second begins before the 29th of February.
        let leap = Timestamp::parse("2028-02-26T20:00:00Z").unwrap();
        for (seed, start) in [(1, START), (2, leap)] {
            let mut world = World::new(&home, seed, start).await;
            let mut now = start;
            for _ in 0..40 {
                world.read(&home, now).await;
                let hours = world.dice.roll(20);
                now = now.plus(Duration::from_hours(hours)).plus(Duration::from_mins(world.dice.roll(60) + 1));
                if world.dice.roll(8) == 0 {
                    now = now.plus(Duration::from_hours(72));
                }
                if world.dice.roll(6) == 0 {
                    // The first moment of a day, or the last of the one before.
                    let millis = world.dice.roll(2);
                    now = Day::of(now).plus(1).start().minus(Duration::from_millis(millis));
                }
                world.happen(&home, now).await;
                make_due(&home, now).await;
            }
            world.compare(&home).await;
            assert_eq!(misremembered(&home).await, [""; 0]);
            world.add_up(start, now).await;
            let kept = all_days(&home).await;
            assert!(kept.0.len() > 50 && kept.1.len() > 20, "{} {}", kept.0.len(), kept.1.len());
            home.rebuild().await;
            assert_eq!(all_days(&home).await, kept);
            // A world of its own each time.
            for sql in ["DELETE FROM videos", "DELETE FROM account_videos", "DELETE FROM accounts", "DELETE FROM tracked_posts",
                "DELETE FROM post_days", "DELETE FROM account_days", "DELETE FROM post_snapshots", "DELETE FROM profile_snapshots",
                "DELETE FROM posts", "DELETE FROM profiles", "DELETE FROM schedules"] {
                home.sql(sql).await;
            }
        }
    }

    async fn what_was_lost_is_made_anew(home) {
        let tenant = tenant(&home.store).await;
        add(&tenant, &new_account("amy"), START).await;
        let posts = [post(post_id(1), START, 10), post(post_id(2), START.minus(HOUR * 48), 500)];
        work(&home.store, START, answer("11", "amy", &posts)).await;
        let kept = all_days(&home).await;
        assert_eq!((kept.0.len(), kept.1.len()), (2, 1));
        home.sql("DELETE FROM post_days").await;
        home.sql("DELETE FROM account_days").await;
        home.rebuild().await;
        assert_eq!(all_days(&home).await, kept);
        // What was published today is all gain, the older post's count is its base.
        assert_eq!(home.number("SELECT view_gain FROM account_days").await, Some(10));
        assert_eq!(home.number("SELECT view_count FROM account_days").await, Some(510));
    }

    async fn a_date_that_comes_late_changes_no_day_whose_snapshots_have_gone(home) {
        let tenant = tenant(&home.store).await;
        add_video(&tenant, &new_video(&post_id(1).to_string()), START).await;
        let read = |day: i32, views, created: Option<Timestamp>| {
            let home = &home;
            async move {
                let now = START.plus(24 * HOUR * u32::try_from(day).unwrap());
                let facts = PostFacts { create_time: created, ..post(post_id(1), START, views) };
                make_due(home, now).await;
                work(&home.store, now, |_| page_of(facts.clone())).await;
            }
        };
        for (day, views) in [(0, 5_000), (1, 5_100), (2, 5_300), (3, 5_600)] {
            read(day, views, None).await;
        }
        let sql = "SELECT CAST(day AS TEXT) || '|' || CAST(view_total AS TEXT) FROM post_days ORDER BY day";
        let before = home.lines(sql).await;
        let cut = Day::of(START).plus(2).start().as_millis();
        home.sql(&format!("DELETE FROM post_snapshots WHERE taken_at < {cut}")).await;
        read(4, 6_000, Some(START)).await;
        let after = home.lines(sql).await;
        assert_eq!(after[..4], before);
        assert_eq!(after[4], format!("{}|1000", Day::of(START).plus(4).number()));
        let sum = "SELECT CAST(SUM(view_gain) AS BIGINT) FROM organization_days";
        assert_eq!(home.number(sum).await, Some(1_000));
    }

    async fn what_a_platform_does_not_count_is_in_no_history(home) {
        let tenant = tenant(&home.store).await;
        add_video(&tenant, &new_video(&post_id(1).to_string()), START).await;
        let mut facts = post(post_id(1), START, 10);
        facts.metrics.saves = exact(59);
        let page = page_of(facts);
        work(&home.store, START, |_| page.clone()).await;
        let held = [
            home.number("SELECT MAX(saved_count) FROM post_days").await,
            home.number("SELECT CAST(SUM(saved_total) AS BIGINT) FROM post_days").await,
            home.number("SELECT CAST(SUM(saved_known) AS BIGINT) FROM organization_days").await,
            home.number("SELECT MAX(saved_count) FROM tracked_posts").await,
        ];
        assert_eq!(held, [None, Some(0), Some(0), None]);
        assert_eq!(home.number("SELECT saved_count FROM post_snapshots").await, None);
    }

    async fn what_is_known_of_newest_days_is_made_anew_with_them_and_filled_in_by_the_migration(home) {
        let tenant = tenant(&home.store).await;
        add(&tenant, &new_account("amy"), START).await;
        add(&tenant, &NewAccount { is_active: false, ..new_account("never") }, START).await;
        for day in 0..3 {
            let now = START.plus(24 * HOUR * day);
            make_due(&home, now).await;
            let posts = [1, 2].map(|n| post(post_id(n), START, n * 10 + i64::from(day) * n));
            work(&home.store, now, answer("11", "amy", &posts)).await;
        }
        assert_eq!(misremembered(&home).await, [""; 0]);
        let sql = "SELECT first_day || '|' || last_day || '|' || view_total || '|' || view_days FROM accounts WHERE first_day IS NOT NULL";
        let first = Day::of(START);
        let known = home.lines(sql).await;
        assert_eq!(known, [format!("{}|{}|36|3", first.number(), first.plus(2).number())]);
        home.sql("UPDATE accounts SET first_day = 1, last_day = 2, view_total = 3, like_days = 4, follower_last = 5").await;
        home.sql("UPDATE tracked_posts SET first_day = 1, last_day = 2, view_total = 3, like_days = 4").await;
        assert_eq!(misremembered(&home).await.len(), 4);
        home.rebuild().await;
        assert_eq!(misremembered(&home).await, [""; 0]);
        for migration in ["m0008_reporting", "m0010_newest_days", "m0012_first_few"] {
            home.take_back(migration).await;
            home.store.migrate().await.unwrap();
            assert_eq!(misremembered(&home).await, [""; 0]);
            assert_eq!(home.lines(sql).await, known);
        }
    }
}
