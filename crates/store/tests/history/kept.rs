//! What is kept of reads and of days, and what goes.

use domain::Day;

use crate::rows::all_days;
use crate::support::{
    HOUR, START, add, add_video, answer, begin, make_due, new_account, new_video, page_of, post, post_id, tenant, work,
};
use crate::{on_both, support};

on_both! {
    async fn of_equal_reads_of_a_day_the_first_and_the_last_are_kept(home) {
        let tenant = tenant(&home.store).await;
        add_video(&tenant, &new_video(&post_id(1).to_string()), START).await;
        let mut now = START;
        for views in [10, 10, 10, 10, 11, 11, 10] {
            let page = page_of(post(post_id(1), START, views));
            make_due(&home, now).await;
            work(&home.store, now, |_| page.clone()).await;
            now = now.plus(HOUR / 4);
        }
        let views = home.lines("SELECT CAST(view_count AS TEXT) FROM post_snapshots ORDER BY taken_at").await;
        assert_eq!(views, ["10", "10", "11", "11", "10"]);
        let kept = all_days(&home).await;
        home.rebuild().await;
        assert_eq!(all_days(&home).await, kept);
    }

    async fn what_one_organization_missed_keeps_its_equal_reads_apart(home) {
        let (one, other) = (tenant(&home.store).await, tenant(&home.store).await);
        let video = new_video(&post_id(1).to_string());
        add_video(&one, &video, START).await;
        let page = page_of(post(post_id(1), START, 10));
        work(&home.store, START, |_| page.clone()).await;
        add_video(&other, &video, START).await;
        for quarters in 1..=3 {
            let now = START.plus(HOUR / 4 * quarters);
            make_due(&home, now).await;
            work(&home.store, now, |_| page.clone()).await;
        }
        // The second is the other organization's first.
        assert_eq!(home.number("SELECT COUNT(*) FROM post_snapshots").await, Some(3));
    }

    async fn days_of_what_is_no_longer_tracked_are_forgotten(home) {
        let tenant = tenant(&home.store).await;
        let (id, _) = add(&tenant, &new_account("amy"), START).await;
        let video = add_video(&tenant, &new_video(&post_id(2).to_string()), START).await;
        let posts = [post(post_id(1), START, 10), post(post_id(2), START, 500)];
        work(&home.store, START, answer("11", "amy", &posts)).await;
        let mut tx = begin(&tenant, START).await;
        tx.delete_account(id).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(home.number("SELECT COUNT(*) FROM account_days").await, Some(0));
        assert_eq!(home.number("SELECT COUNT(*) FROM tracked_posts").await, Some(1));
        assert_eq!(home.store.prune_forgotten_days(10).await.unwrap(), 1);
        assert_eq!(home.number("SELECT COUNT(*) FROM post_days").await, Some(1));
        let mut tx = begin(&tenant, START).await;
        tx.delete_video(video).await.unwrap();
        tx.commit().await.unwrap();
        while home.store.prune_forgotten_days(10).await.unwrap() > 0 {}
        assert_eq!(home.number("SELECT COUNT(*) FROM post_days").await, Some(0));
    }

    async fn old_days_go_but_for_the_one_that_later_ones_stand_upon(home) {
        let tenant = tenant(&home.store).await;
        add(&tenant, &new_account("amy"), START).await;
        for day in 0..5 {
            let now = START.plus(24 * HOUR * day);
            make_due(&home, now).await;
            let posts = [post(post_id(1), START, 10 + i64::from(day))];
            work(&home.store, now, answer("11", "amy", &posts)).await;
        }
        let before = Day::of(START).plus(3);
        let mut at = store::PrunedDays::BEGIN;
        while !at.is_done() {
            at = home.store.prune_days(before, at, 1).await.unwrap();
        }
        let days = home.lines("SELECT CAST(day AS TEXT) FROM post_days ORDER BY day").await;
        assert_eq!(days, [2, 3, 4].map(|n| before.plus(n - 3).number().to_string()));
        assert_eq!(home.number("SELECT COUNT(*) FROM account_days").await, Some(3));
    }

    async fn the_days_of_forgotten_posts_go_with_their_notes_whoever_clears_away(home) {
        let tenant = tenant(&home.store).await;
        let (id, _) = add(&tenant, &new_account("amy"), START).await;
        let posts: Vec<_> = (1..=60).map(|n| post(post_id(n), START, 10)).collect();
        work(&home.store, START, answer("11", "amy", &posts)).await;
        let mut tx = begin(&tenant, START).await;
        tx.delete_account(id).await.unwrap();
        tx.commit().await.unwrap();
        let clear = || async { while home.store.prune_forgotten_days(3).await.unwrap() > 0 {} };
        tokio::join!(clear(), clear(), clear(), clear());
        assert_eq!(home.number("SELECT COUNT(*) FROM forgotten_posts").await, Some(0));
        assert_eq!(home.number("SELECT COUNT(*) FROM post_days").await, Some(0));
    }

    async fn snapshots_have_months_of_their_own_and_go_with_them(home) {
        let tenant = tenant(&home.store).await;
        add_video(&tenant, &new_video(&post_id(1).to_string()), START).await;
        for month in 0..3 {
            let now = START.plus(24 * HOUR * 31 * month);
            make_due(&home, now).await;
            work(&home.store, now, |_| page_of(post(post_id(1), START, i64::from(month)))).await;
        }
        let is_postgres = !home.url.starts_with("sqlite");
        assert_eq!(home.store.keep_partitions(START).await.unwrap(), if is_postgres { 6 } else { 0 });
        assert_eq!(home.store.keep_partitions(START).await.unwrap(), 0);
        if is_postgres {
            assert_eq!(home.number("SELECT COUNT(*) FROM post_snapshots_rest").await, Some(0), "what was there was moved");
        }
        assert_eq!(home.number("SELECT COUNT(*) FROM post_snapshots").await, Some(3));
        let kept = all_days(&home).await;
        // Forty days later the first month is over.
        while home.store.prune_snapshots(START.plus(24 * HOUR * 40), 2).await.unwrap() > 0 {}
        let left = home.number("SELECT COUNT(*) FROM post_snapshots").await.unwrap();
        assert_eq!(left, if is_postgres { 2 } else { 1 }, "months go whole");
        home.rebuild().await;
        assert_eq!(all_days(&home).await, kept, "days stay where their snapshots are gone");
    }
}
