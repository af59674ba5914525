//! Which of two readings is shown, what history says of either, and what is told of how exact a number is.

#![expect(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a helper of a test fails the test")]

mod support;

use domain::{
    FreshnessState, MetricStatus, Observation, Outcome, PostFacts, PostStatus, Precision, Reading, UnavailableReason,
};
use store::{Job, JobTarget};
use support::{
    HOUR, Home, MINUTE, START, account, account_videos, add, add_video, exact, failed, feed, new_account, new_video,
    page_of, post, post_id, profile, set_active, tenant, video, work,
};

const fn rounded(value: i64) -> Reading {
    Reading::Known { value, precision: Precision::Rounded }
}

const fn from_text(value: i64) -> Reading {
    Reading::Known { value, precision: Precision::FromText }
}

/// The page of post 1 as `adapter` reads it.
fn read_by(adapter: &'static str, views: Reading) -> Observation {
    let mut facts = post(post_id(1), START, 0);
    facts.metrics.views = views;
    let mut page = page_of(facts);
    page.adapter = Some(adapter);
    page
}

/// Makes every post that is known due.
async fn read_posts_again(home: &Home) {
    home.sql("UPDATE schedules SET due_at = 0 WHERE kind = 'post'").await;
}

async fn last_snapshot(home: &Home, column: &str) -> Option<String> {
    home.text(&format!("SELECT CAST({column} AS TEXT) FROM post_snapshots ORDER BY taken_at DESC LIMIT 1")).await
}

on_both! {
    async fn a_rounded_number_never_replaces_a_better_one_of_the_same_hour_and_history_has_both(home) {
        let tenant = tenant(&home.store).await;
        let id = add_video(&tenant, &new_video(&post_id(1).to_string()), START).await;
        work(&home.store, START, |_| read_by("official", exact(12_345))).await;
        let now = START.plus(59 * MINUTE);
        read_posts_again(&home).await;
        assert_eq!(work(&home.store, now, |_| read_by("page", rounded(12_300))).await.len(), 1);
        let shown = video(&tenant, id, now).await.post;
        assert_eq!((shown.counts.view_count, shown.last_scrape_at), (Some(12_345), Some(now)));
        assert!(shown.metric_precision.is_empty(), "{:?}", shown.metric_precision);
        assert_eq!(home.number("SELECT view_count FROM posts").await, Some(12_345));
        assert!(home.text("SELECT provenance FROM posts").await.unwrap().contains("official"));
        assert_eq!(last_snapshot(&home, "view_count").await.as_deref(), Some("12300"));
        assert_eq!(last_snapshot(&home, "inexact").await.as_deref(), Some("view_count:rounded"));
        assert_eq!(last_snapshot(&home, "fell").await, None, "nothing is known of a gain across precisions");

        let now = START.plus(61 * MINUTE);
        read_posts_again(&home).await;
        work(&home.store, now, |_| read_by("page", rounded(12_400))).await;
        let shown = video(&tenant, id, now).await.post;
        assert_eq!(shown.counts.view_count, Some(12_400), "an hour after, the newer one counts");
        assert_eq!(shown.metric_precision.get("view_count"), Some(&Precision::Rounded));
        read_posts_again(&home).await;
        let now = now.plus(MINUTE);
        work(&home.store, now, |_| read_by("text", from_text(12_398))).await;
        let shown = video(&tenant, id, now).await.post;
        assert_eq!(shown.counts.view_count, Some(12_398), "a better one counts at once");
        assert_eq!(shown.metric_precision.get("view_count"), Some(&Precision::FromText));
    }

    async fn a_hidden_metric_hides_the_best_number_at_once(home) {
        let tenant = tenant(&home.store).await;
        let id = add_video(&tenant, &new_video(&post_id(1).to_string()), START).await;
        work(&home.store, START, |_| read_by("official", exact(5))).await;
        read_posts_again(&home).await;
        let now = START.plus(MINUTE);
        work(&home.store, now, |_| read_by("page", Reading::Null(MetricStatus::Hidden))).await;
        let shown = video(&tenant, id, now).await.post;
        assert_eq!(shown.counts.view_count, None);
        assert_eq!(shown.metric_status.get("view_count"), Some(&MetricStatus::Hidden));
        assert!(!shown.metric_precision.contains_key("view_count"));
        read_posts_again(&home).await;
        let now = now.plus(MINUTE);
        work(&home.store, now, |_| read_by("page", rounded(7))).await;
        assert_eq!(video(&tenant, id, now).await.post.counts.view_count, Some(7), "a hidden one holds nothing back");
    }

    async fn a_newcomer_has_what_the_page_said_while_a_better_number_is_kept_for_others(home) {
        let (old, new) = (tenant(&home.store).await, tenant(&home.store).await);
        let first = add_video(&old, &new_video(&post_id(1).to_string()), START).await;
        work(&home.store, START, |_| read_by("official", exact(12_345))).await;
        let now = START.plus(30 * MINUTE);
        let second = add_video(&new, &new_video(&post_id(1).to_string()), now).await;
        work(&home.store, now, |_| read_by("page", rounded(12_300))).await;
        assert_eq!(video(&old, first, now).await.post.counts.view_count, Some(12_345));
        let shown = video(&new, second, now).await.post;
        assert_eq!(shown.counts.view_count, Some(12_300), "nothing that was read before it came");
        assert_eq!(shown.metric_precision.get("view_count"), Some(&Precision::Rounded));
        assert!(video(&old, first, now).await.post.metric_precision.is_empty());
    }

    async fn a_newcomers_own_better_number_holds_its_hour_when_the_older_one_of_others_has_ended(home) {
        let (old, new) = (tenant(&home.store).await, tenant(&home.store).await);
        let first = add_video(&old, &new_video(&post_id(1).to_string()), START).await;
        work(&home.store, START, |_| read_by("official", exact(1002))).await;
        let mut now = START.plus(30 * MINUTE);
        let second = add_video(&new, &new_video(&post_id(1).to_string()), now).await;
        for (minutes, said, of_old, of_new) in [
            (30, from_text(1003), (1002, None), (1003, Some(Precision::FromText))),
            (61, rounded(1000), (1000, Some(Precision::Rounded)), (1003, Some(Precision::FromText))),
            (89, rounded(1010), (1010, Some(Precision::Rounded)), (1003, Some(Precision::FromText))),
            (91, rounded(1020), (1020, Some(Precision::Rounded)), (1020, Some(Precision::Rounded))),
        ] {
            now = START.plus(minutes * MINUTE);
            read_posts_again(&home).await;
            assert_eq!(work(&home.store, now, |_| read_by("page", said)).await.len(), 1);
            for (tenant, id, expected) in [(&old, first, of_old), (&new, second, of_new)] {
                let shown = video(tenant, id, now).await.post;
                let is = (shown.counts.view_count, shown.metric_precision.get("view_count").copied());
                assert_eq!(is, (Some(expected.0), expected.1), "of {id} after {minutes} minutes");
            }
            assert_eq!(home.number("SELECT view_count FROM posts").await, Some(of_old.0));
        }
        // What each has of it as a post of its own, in reports and windows, is the same.
        assert_eq!(home.number("SELECT COUNT(*) FROM tracked_posts WHERE view_count = 1020").await, Some(2));
    }

    async fn only_who_has_seen_a_better_number_keeps_it_whatever_others_saw_during_its_pause(home) {
        for (number, before, during, after, of_one, of_paused) in [
            // The better one was read for others.
            (1_u32, vec![(0_u32, rounded(900))], vec![(180, exact(1002))], vec![(181, rounded(1000))], 1002, 1000),
            (2, vec![(0, rounded(900))], vec![(180, exact(1002))], vec![(181, Reading::NOT_PROVIDED), (182, rounded(1000))], 1002, 1000),
            // Its own is of the last hour.
            (3, vec![(0, exact(1002))], vec![(10, exact(1005))], vec![(20, rounded(1000))], 1005, 1002),
            (4, vec![(0, exact(1002))], vec![(50, exact(1005))], vec![(61, rounded(1000))], 1005, 1000),
        ] {
            let (one, paused) = (tenant(&home.store).await, tenant(&home.store).await);
            let start = START.plus(number * 100 * HOUR);
            let post = post_id(i64::from(number)).to_string();
            let first = add_video(&one, &new_video(&post), start).await;
            let second = add_video(&paused, &new_video(&post), start).await;
            let due = format!(
                "UPDATE schedules SET due_at = CASE WHEN target_id = (SELECT id FROM posts WHERE external_id = '{post}') THEN 0 \
                 ELSE 9000000000000000 END WHERE due_at IS NOT NULL"
            );
            let mut now = start;
            for (stage, reads) in [before, during, after].into_iter().enumerate() {
                set_active(&paused, second, stage != 1, now).await;
                for (minutes, views) in reads {
                    now = start.plus(minutes * MINUTE);
                    home.sql(&due).await;
                    let mut page = read_by("page", views);
                    page.posts[0].external_id.clone_from(&post);
                    assert_eq!(work(&home.store, now, |_| page.clone()).await.len(), 1);
                }
            }
            assert_eq!(video(&one, first, now).await.post.counts.view_count, Some(of_one), "case {number}");
            assert_eq!(video(&paused, second, now).await.post.counts.view_count, Some(of_paused), "case {number}");
            let tracked = home.lines("SELECT CAST(view_count AS TEXT) FROM tracked_posts ORDER BY id DESC LIMIT 2").await;
            assert_eq!(tracked, [of_paused.to_string(), of_one.to_string()], "case {number}, in reports");
        }
    }

    async fn a_fall_is_kept_and_flagged_against_the_last_number_of_the_same_precision(home) {
        let tenant = tenant(&home.store).await;
        let id = add_video(&tenant, &new_video(&post_id(1).to_string()), START).await;
        let mut now = START;
        let steps = [
            (exact(100), exact(10), None),
            (exact(90), exact(10), Some("view_count")),
            (Reading::NOT_PROVIDED, exact(9), Some("like_count")),
            (exact(89), exact(8), Some("view_count,like_count")),
            (exact(95), exact(8), None),
            (rounded(90), exact(9), None),
            (rounded(80), exact(9), Some("view_count")),
            (exact(70), exact(9), None),
        ];
        for (number, (views, likes, fell)) in steps.into_iter().enumerate() {
            let mut page = read_by("page", views);
            page.posts[0].metrics.likes = likes;
            read_posts_again(&home).await;
            work(&home.store, now, |_| page.clone()).await;
            assert_eq!(last_snapshot(&home, "fell").await.as_deref(), fell, "step {number}");
            let shown = video(&tenant, id, now).await.post.counts;
            assert_eq!(shown.like_count, likes.value(), "falls are kept");
            now = now.plus(2 * HOUR);
        }
    }

    async fn the_counts_of_a_profile_follow_the_same_rules(home) {
        let tenant = tenant(&home.store).await;
        let (id, _) = add(&tenant, &new_account("amy"), START).await;
        let page = |followers: Reading, following: Reading| {
            move |job: &Job| match &job.target {
                JobTarget::Profile { .. } => {
                    let mut seen = profile("11", "amy", 0);
                    let facts = seen.profile.as_mut().unwrap();
                    (facts.metrics.followers, facts.metrics.following) = (followers, following);
                    facts.metrics.posts = rounded(1200);
                    seen
                }
                JobTarget::Feed { .. } | JobTarget::Post { .. } => feed(Vec::new()),
            }
        };
        work(&home.store, START, page(exact(12_345), exact(7))).await;
        let again = "UPDATE schedules SET due_at = 0 WHERE kind = 'profile'";
        home.sql(again).await;
        let now = START.plus(30 * MINUTE);
        work(&home.store, now, page(rounded(12_300), exact(6))).await;
        let shown = account(&tenant, id, now).await;
        assert_eq!((shown.follower_count, shown.following_count), (Some(12_345), Some(6)));
        let precisions: Vec<_> = shown.metric_precision.iter().map(|(name, precision)| (name.as_str(), *precision)).collect();
        assert_eq!(precisions, [("profile_post_count", Precision::Rounded)]);
        let fell = "SELECT fell FROM profile_snapshots ORDER BY taken_at DESC LIMIT 1";
        assert_eq!(home.text(fell).await.as_deref(), Some("following_count"));
        home.sql(again).await;
        let now = now.plus(MINUTE);
        work(&home.store, now, page(Reading::Null(MetricStatus::Hidden), Reading::Null(MetricStatus::Unsupported))).await;
        let shown = account(&tenant, id, now).await;
        assert_eq!((shown.follower_count, shown.following_count), (None, None));
        assert_eq!(shown.metric_status.get("follower_count"), Some(&MetricStatus::Hidden));
        assert_eq!(shown.metric_status.get("following_count"), Some(&MetricStatus::Unsupported));
    }

    async fn a_sum_is_as_exact_as_its_least_exact_post_and_says_why_it_is_not_there(home) {
        let tenant = tenant(&home.store).await;
        let (id, _) = add(&tenant, &new_account("amy"), START).await;
        let mut list: Vec<PostFacts> = (0..3).map(|n| post(post_id(n), START, 100)).collect();
        list[0].metrics.views = rounded(1_400_000);
        list[1].metrics.views = from_text(1234);
        for facts in &mut list {
            facts.metrics.comments = exact(4);
            facts.metrics.saves = Reading::Null(MetricStatus::Unsupported);
            facts.metrics.plays = Reading::Null(MetricStatus::Unsupported);
            facts.platform_data.insert("collect_count".to_owned(), 59.into());
        }
        let everything = |list: &[PostFacts]| {
            let list = list.to_vec();
            move |job: &Job| match &job.target {
                JobTarget::Profile { .. } => profile("11", "amy", 10),
                JobTarget::Feed { .. } => feed(list.clone()),
                JobTarget::Post { external_id, .. } => {
                    page_of(list.iter().find(|facts| facts.external_id == *external_id).unwrap().clone())
                }
            }
        };
        work(&home.store, START, everything(&list)).await;
        let shown = account(&tenant, id, START).await;
        assert_eq!(shown.sums.view_count, Some(1_400_000 + 1234 + 100));
        assert_eq!(shown.metric_precision.get("view_count"), Some(&Precision::Rounded));
        assert!(!shown.metric_precision.contains_key("comment_count"));
        let why = |name: &str| shown.metric_status.get(name).copied();
        assert_eq!(why("like_count"), Some(MetricStatus::Hidden));
        assert_eq!(why("play_count"), Some(MetricStatus::Unsupported));
        assert_eq!(why("saved_count"), Some(MetricStatus::Unsupported));
        assert_eq!(why("share_count"), Some(MetricStatus::NotProvided));
        let one = account_videos(&tenant, id, START).await.remove(0).post;
        assert_eq!(one.counts.saved_count, None);
        assert_eq!(one.metric_status.get("saved_count"), Some(&MetricStatus::Unsupported));
        assert_eq!(one.platform_data.get("collect_count"), Some(&59.into()));

        list[0].metrics.views = exact(1_400_321);
        let now = START.plus(25 * HOUR);
        work(&home.store, now, everything(&list)).await;
        let shown = account(&tenant, id, now).await;
        assert_eq!(shown.metric_precision.get("view_count"), Some(&Precision::FromText));
        list[1].metrics.likes = exact(3);
        let now = now.plus(25 * HOUR);
        work(&home.store, now, everything(&list)).await;
        assert_eq!(account(&tenant, id, now).await.sums.like_count, Some(3), "one of them shows its likes");
    }

    async fn a_second_reader_does_not_erase_what_it_never_carries_and_the_first_one_may(home) {
        let tenant = tenant(&home.store).await;
        let (id, _) = add(&tenant, &new_account("amy"), START).await;
        let page = |adapter: &'static str, bio: Option<&'static str>, extra: Option<&'static str>| {
            move |job: &Job| match &job.target {
                JobTarget::Profile { .. } => {
                    let mut seen = profile("11", "amy", 10);
                    seen.adapter = Some(adapter);
                    let facts = seen.profile.as_mut().unwrap();
                    facts.description = bio.map(str::to_owned);
                    if let Some(extra) = extra {
                        facts.platform_data.insert(extra.to_owned(), 1.into());
                    }
                    seen
                }
                JobTarget::Feed { .. } | JobTarget::Post { .. } => feed(Vec::new()),
            }
        };
        let mut now = START;
        for (adapter, bio, extra, shown_bio, extras) in [
            ("page", Some("Soup"), Some("sec_uid"), Some("Soup"), "sec_uid"),
            ("embed", None, Some("embed"), Some("Soup"), "embed,sec_uid"),
            ("page", None, Some("sec_uid"), None, "embed,sec_uid"),
            ("page", Some("Bread"), Some("other"), Some("Bread"), "other"),
        ] {
            work(&home.store, now, page(adapter, bio, extra)).await;
            let shown = account(&tenant, id, now).await;
            assert_eq!(shown.description.as_deref(), shown_bio, "{adapter} {bio:?}");
            let stored = home.text("SELECT platform_data FROM profiles").await.unwrap();
            let stored: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&stored).unwrap();
            let mut names: Vec<_> = stored.keys().cloned().collect();
            names.sort();
            assert_eq!(names.join(","), extras);
            now = now.plus(25 * HOUR);
        }
    }

    async fn two_gone_signals_count_whatever_blocks_lie_between_and_an_answer_starts_them_anew(home) {
        use PostStatus::{Deleted, Live, Missing, Private};
        let tenant = tenant(&home.store).await;
        let mut new = new_video(&post_id(1).to_string());
        new.scrape_interval_hours = Some(1);
        let id = add_video(&tenant, &new, START).await;
        let live = || page_of(post(post_id(1), START, 5));
        let mut withheld = live();
        withheld.outcome = Outcome::Private;
        let (gone, blocked) = (|| failed(Outcome::NotFound), || failed(Outcome::Blocked));
        let orders: [Vec<(Observation, u32, PostStatus)>; 6] = [
            vec![(gone(), 0, Missing), (blocked(), 3, Missing), (gone(), 6, Deleted)],
            vec![(gone(), 0, Missing), (gone(), 5, Missing), (gone(), 6, Deleted)],
            vec![(gone(), 0, Missing), (live(), 3, Live), (gone(), 8, Missing), (gone(), 14, Deleted), (live(), 20, Live)],
            vec![(blocked(), 0, Live), (gone(), 1, Missing), (blocked(), 8, Missing), (blocked(), 9, Missing), (gone(), 10, Deleted)],
            vec![(gone(), 0, Missing), (gone(), 7, Deleted), (blocked(), 8, Deleted), (gone(), 9, Deleted), (live(), 10, Live), (gone(), 20, Missing)],
            vec![(gone(), 0, Missing), (withheld, 3, Private), (gone(), 7, Missing), (live(), 8, Live)],
        ];
        let mut start = START;
        for (number, order) in orders.into_iter().enumerate() {
            read_posts_again(&home).await;
            work(&home.store, start, |_| live()).await;
            start = start.plus(HOUR);
            for (step, (seen, hours, status)) in order.into_iter().enumerate() {
                let now = start.plus(hours * HOUR);
                read_posts_again(&home).await;
                home.sql("UPDATE gates SET closed_until = 0, refusals = 0, openings = 0, probe_until = 0").await;
                assert_eq!(work(&home.store, now, |_| seen.clone()).await.len(), 1);
                let shown = video(&tenant, id, now).await.post;
                assert_eq!(shown.status, status, "order {number}, step {step}");
                assert_eq!(shown.counts.view_count, Some(5), "metrics stay");
            }
            start = start.plus(100 * HOUR);
        }
    }

    async fn a_profile_is_unavailable_after_two_gone_signals_and_any_good_read_brings_it_back(home) {
        let tenant = tenant(&home.store).await;
        let mut new = new_account("amy");
        new.scrape_interval_hours = Some(1);
        let (id, _) = add(&tenant, &new, START).await;
        let mut hidden = profile("11", "amy", 10);
        hidden.outcome = Outcome::Private;
        hidden.profile.as_mut().unwrap().is_private = Some(true);
        hidden.profile.as_mut().unwrap().metrics.followers = Reading::NOT_PROVIDED;
        let not_found = Some(UnavailableReason::NotFound);
        let steps = [
            (0, profile("11", "amy", 10), None, FreshnessState::Fresh, false),
            (2, failed(Outcome::NotFound), None, FreshnessState::Failing, false),
            (5, failed(Outcome::Timeout), None, FreshnessState::Failing, false),
            (8, failed(Outcome::Removed), not_found, FreshnessState::Unavailable, false),
            (15, profile("11", "amy", 10), None, FreshnessState::Fresh, false),
            (17, failed(Outcome::NotFound), None, FreshnessState::Failing, false),
            (24, failed(Outcome::NotFound), not_found, FreshnessState::Unavailable, false),
            (31, failed(Outcome::Private), None, FreshnessState::Failing, false),
            (38, failed(Outcome::NotFound), None, FreshnessState::Failing, false),
            (45, hidden, None, FreshnessState::Fresh, true),
        ];
        for (hours, seen, reason, state, is_private) in steps {
            let now = START.plus(hours * HOUR);
            home.sql("UPDATE schedules SET due_at = 0 WHERE kind = 'profile'").await;
            work(&home.store, now, |job| match &job.target {
                JobTarget::Profile { .. } => seen.clone(),
                JobTarget::Feed { .. } | JobTarget::Post { .. } => feed(Vec::new()),
            })
            .await;
            let shown = account(&tenant, id, now).await;
            assert_eq!((shown.unavailable_reason, shown.is_unavailable), (reason, reason.is_some()), "after {hours} hours");
            assert_eq!((shown.freshness.state, shown.is_private), (state, Some(is_private)), "after {hours} hours");
            assert_eq!(shown.follower_count, Some(10), "metrics stay");
        }
    }
}
