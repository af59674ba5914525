//! When a post was published: sources differ on it, and no day is made anew for that.

#![expect(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a helper of a test fails the test")]

mod support;

use std::time::Duration;

use domain::{Day, PostFacts, Precision, Timestamp};
use support::{
    HOUR, Home, START, account_videos, add, add_video, answer, make_due, new_account, new_video, page_of, post,
    post_id, tenant, video, work,
};

const DAYS: Duration = Duration::from_hours(24);

/// The post with these views, published at this time, which the page itself says or which was derived.
fn told(created: Option<Timestamp>, create_precision: Precision, views: i64) -> PostFacts {
    PostFacts { create_time: created, create_precision, ..post(post_id(1), START, views) }
}

/// What each day gained, with what was gained up to it.
async fn gains(home: &Home, table: &str) -> Vec<String> {
    home.lines(&format!(
        "SELECT COALESCE(CAST(view_gain AS TEXT), '-') || '|' || CAST(view_total AS TEXT) FROM {table} ORDER BY day"
    ))
    .await
}

on_both! {
    async fn a_date_that_a_source_derived_takes_nothing_back_of_what_a_page_said(home) {
        let tenant = tenant(&home.store).await;
        let (id, _) = add(&tenant, &new_account("amy"), START).await;
        let uploaded = START.minus(3 * DAYS);
        let reads = [
            (told(Some(START), Precision::Exact, 5_000), vec!["5000|5000"]),
            (told(Some(uploaded), Precision::Rounded, 5_100), vec!["5000|5000", "100|5100"]),
            (told(None, Precision::Exact, 5_150), vec!["5000|5000", "100|5100", "50|5150"]),
            // Nor does another page that says something else again.
            (told(Some(uploaded), Precision::Exact, 5_350), vec!["5000|5000", "100|5100", "50|5150", "200|5350"]),
        ];
        for (day, (facts, expected)) in (0..).zip(reads) {
            let now = START.plus(DAYS * day);
            make_due(&home, now).await;
            work(&home.store, now, answer("11", "amy", &[facts])).await;
            assert_eq!(gains(&home, "post_days").await, expected);
            assert_eq!(gains(&home, "account_days").await, expected);
            let shown = account_videos(&tenant, id, now).await.remove(0);
            assert_eq!(shown.post.create_time, Some(START));
        }
        let sum = "SELECT CAST(SUM(view_gain) AS BIGINT) FROM organization_days";
        assert_eq!(home.number(sum).await, Some(5_350));
        home.rebuild().await;
        assert_eq!(gains(&home, "post_days").await.last().map(String::as_str), Some("200|5350"));
    }

    async fn the_moment_that_a_page_says_is_taken_once_and_days_are_made_anew_for_it(home) {
        let tenant = tenant(&home.store).await;
        let video_id = add_video(&tenant, &new_video(&post_id(1).to_string()), START).await;
        let uploaded = START.minus(3 * DAYS);
        let reads = [
            (told(Some(uploaded), Precision::Rounded, 5_000), uploaded, vec!["0|0"]),
            (told(Some(START), Precision::Exact, 5_100), START, vec!["5000|5000", "100|5100"]),
            (told(Some(uploaded), Precision::Rounded, 5_150), START, vec!["5000|5000", "100|5100", "50|5150"]),
        ];
        for (day, (facts, created, expected)) in (0..).zip(reads) {
            let now = START.plus(DAYS * day);
            make_due(&home, now).await;
            work(&home.store, now, |_| page_of(facts.clone())).await;
            assert_eq!(gains(&home, "post_days").await, expected);
            assert_eq!(video(&tenant, video_id, now).await.post.create_time, Some(created));
        }
        home.rebuild().await;
        assert_eq!(gains(&home, "post_days").await, ["5000|5000", "100|5100", "50|5150"]);
    }

    async fn who_comes_later_has_the_date_that_is_known(home) {
        let (one, other) = (tenant(&home.store).await, tenant(&home.store).await);
        let new = new_video(&post_id(1).to_string());
        add_video(&one, &new, START).await;
        let said = told(Some(START), Precision::Exact, 10);
        work(&home.store, START, |_| page_of(said.clone())).await;
        let now = START.plus(2 * HOUR);
        let id = add_video(&other, &new, now).await;
        assert_eq!(video(&other, id, now).await.post.create_time, None, "nothing before its own first read");
        make_due(&home, now).await;
        let derived = told(Some(START.minus(3 * DAYS)), Precision::Rounded, 30);
        work(&home.store, now, |_| page_of(derived.clone())).await;
        assert_eq!(video(&other, id, now).await.post.create_time, Some(START));
        // Both were there on the day on which it was published: all of it is what the day gained.
        let day = format!("SELECT COUNT(*) FROM post_days WHERE day = {} AND view_gain = 30", Day::of(START).number());
        assert_eq!(home.number(&day).await, Some(2));
    }
}
