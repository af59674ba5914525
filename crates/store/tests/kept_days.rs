//! Days stay right where what they were made of has gone: old days, snapshots, the row of a profile that turned out to be another.

#![expect(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a helper of a test fails the test")]

mod support;

use std::time::Duration;

use domain::{AccountId, Day, Observation, PostFacts, Timestamp};
use store::{JobTarget, RowId, SnapshotOrder, Tenant, TrackedKind};
use support::{
    HOUR, Home, START, add, add_video, answer, exact, feed, make_due, new_account, new_video, page_of, post, post_id,
    profile, tenant, work,
};

const DAYS: Duration = Duration::from_hours(24);

async fn prune(home: &Home, before: Day) {
    let mut at = store::PrunedDays::BEGIN;
    while !at.is_done() {
        at = home.store.prune_days(before, at, 3).await.unwrap();
    }
}

/// Each day of all accounts: its number from the start on, and these columns.
async fn account_days(home: &Home, columns: &[&str]) -> Vec<String> {
    let shown: Vec<_> =
        columns.iter().map(|column| format!("|| '|' || COALESCE(CAST({column} AS TEXT), '-')")).collect();
    home.lines(&format!(
        "SELECT (day - {}) {} FROM account_days ORDER BY account_id, day",
        Day::of(START).number(),
        shown.join(" ")
    ))
    .await
}

/// What an organization is shown of an account's reads: when, counted in hours from the start on, and followers.
async fn snapshots(tenant: &Tenant, id: AccountId) -> Vec<(u64, Option<i64>)> {
    let page = support::whole(SnapshotOrder::Time);
    let page = tenant.snapshots(TrackedKind::Account, RowId::Uuid(id.0), &page).await.unwrap().unwrap();
    page.rows.iter().map(|read| (read.at.since(START).as_secs() / 3600, read.counts.followers)).collect()
}

/// A profile of which a page tells no id, as one that is made of a description's text.
fn unnamed(username: &str, followers: i64) -> Observation {
    let mut seen = profile("?", username, followers);
    seen.profile.as_mut().unwrap().platform_id = None;
    seen
}

on_both! {
    async fn an_accounts_sums_stand_on_the_day_before_it_showed_a_post_however_old(home) {
        let tenant = tenant(&home.store).await;
        add_video(&tenant, &new_video(&post_id(1).to_string()), START).await;
        let read = |day: i32, views: i64| {
            let home = &home;
            async move {
                let now = START.plus(DAYS * u32::try_from(day).unwrap());
                make_due(home, now).await;
                work(&home.store, now, answer("11", "amy", &[post(post_id(1), START, views)])).await;
            }
        };
        for day in 0..4 {
            read(day, 250_000 * i64::from(day + 1)).await;
        }
        add(&tenant, &new_account("amy"), START.plus(4 * DAYS)).await;
        for day in 4..9 {
            read(day, 1_000_000 + 10 * i64::from(day - 3)).await;
        }
        let kept = account_days(&home, &["view_gain", "view_total"]).await;
        assert_eq!(kept, ["4|10|10", "5|10|20", "6|10|30", "7|10|40", "8|10|50"]);
        let before = Day::of(START).plus(7);
        prune(&home, before).await;
        read(9, 1_000_060).await;
        assert_eq!(account_days(&home, &["view_gain", "view_total"]).await, ["6|10|30", "7|10|40", "8|10|50", "9|10|60"]);
        let posts = "SELECT CAST(day AS TEXT) FROM post_days ORDER BY day";
        let expected = [3, 6, 7, 8, 9].map(|day| Day::of(START).plus(day).number().to_string());
        assert_eq!(home.lines(posts).await, expected);
        prune(&home, before).await;
        assert_eq!(home.lines(posts).await, expected, "no less by doing it again");
        home.sql(&format!("DELETE FROM post_snapshots WHERE taken_at < {}", before.start().as_millis())).await;
        home.sql(&format!("DELETE FROM profile_snapshots WHERE taken_at < {}", before.start().as_millis())).await;
        home.rebuild().await;
        assert_eq!(account_days(&home, &["view_gain", "view_total"]).await, ["6|10|30", "7|10|40", "8|10|50", "9|10|60"]);
    }

    async fn a_date_that_comes_late_leaves_what_days_have_of_profiles_whose_reads_have_gone(home) {
        let tenant = tenant(&home.store).await;
        add(&tenant, &new_account("amy"), START).await;
        let read = |day: u32, views: i64, created: Option<Timestamp>| {
            let home = &home;
            async move {
                let now = START.plus(DAYS * day);
                let posts = [PostFacts { create_time: created, ..post(post_id(1), START, views) }];
                make_due(home, now).await;
                work(&home.store, now, |job| match &job.target {
                    JobTarget::Profile { .. } => profile("11", "amy", 1_000 + 100 * i64::from(day)),
                    JobTarget::Feed { .. } => feed(posts.to_vec()),
                    JobTarget::Post { .. } => page_of(posts[0].clone()),
                })
                .await;
            }
        };
        for (day, views) in [(0, 5_000), (1, 5_100), (2, 5_300), (3, 5_600)] {
            read(day, views, None).await;
        }
        let cut = Day::of(START).plus(2).start().as_millis();
        home.sql(&format!("DELETE FROM profile_snapshots WHERE taken_at < {cut}")).await;
        read(4, 6_000, Some(START)).await;
        let columns = ["follower_gain", "follower_total", "view_gain", "view_total", "observed_days"];
        let kept = account_days(&home, &columns).await;
        let expected = ["0|0|0|5000|5000|1", "1|100|100|100|5100|2", "2|100|200|200|5300|3", "3|100|300|300|5600|4", "4|100|400|400|6000|5"];
        assert_eq!(kept, expected);
        home.rebuild().await;
        assert_eq!(account_days(&home, &columns).await, expected);
        let sums = "SELECT CAST(SUM(follower_gain) AS BIGINT) FROM organization_days";
        assert_eq!(home.number(sums).await, Some(400));
    }

    async fn saves_that_tiktok_does_not_count_are_in_no_read_and_no_day_nor_come_back_when_days_are_made_anew(home) {
        let tenant = tenant(&home.store).await;
        let id = add_video(&tenant, &new_video(&post_id(1).to_string()), START).await;
        for day in 0..2 {
            let now = START.plus(DAYS * day);
            let mut facts = post(post_id(1), START, 10);
            facts.metrics.saves = exact(59 + i64::from(day));
            make_due(&home, now).await;
            work(&home.store, now, |_| page_of(facts.clone())).await;
        }
        let page = support::whole(SnapshotOrder::Time);
        let reads = tenant.snapshots(TrackedKind::Video, RowId::Uuid(id.0), &page).await.unwrap().unwrap().rows;
        assert_eq!(reads.iter().map(|read| (read.counts.views, read.counts.saves)).collect::<Vec<_>>(), [(Some(10), None); 2]);
        for made_anew in [false, true] {
            let held = home.number("SELECT COUNT(*) FROM post_days WHERE saved_count IS NOT NULL OR saved_total <> 0 OR saved_days <> 0").await;
            assert_eq!(held, Some(0), "made anew: {made_anew}");
            home.rebuild().await;
        }
    }

    async fn who_joins_a_profile_that_others_read_sees_none_of_what_they_read_before(home) {
        let (old, new) = (tenant(&home.store).await, tenant(&home.store).await);
        add(&old, &new_account("amy"), START).await;
        let (id, _) = add(&new, &new_account("amy_two"), START).await;
        let read = |hour: u32, is_told: bool| {
            let home = &home;
            async move {
                let now = START.plus(HOUR * hour);
                make_due(home, now).await;
                work(&home.store, now, |job| match &job.target {
                    JobTarget::Profile { username, .. } if username == "amy" => profile("11", "amy", 7_000 + i64::from(hour)),
                    JobTarget::Profile { .. } if is_told => profile("11", "amy_two", 1_000 + i64::from(hour)),
                    JobTarget::Profile { .. } => unnamed("amy_two", 1_000 + i64::from(hour)),
                    JobTarget::Feed { .. } | JobTarget::Post { .. } => feed(Vec::new()),
                })
                .await;
            }
        };
        for hour in [0, 5, 24, 48] {
            read(hour, false).await;
        }
        assert_eq!(snapshots(&new, id).await, [(48, Some(1_048)), (24, Some(1_024)), (5, Some(1_005)), (0, Some(1_000))]);
        read(72, true).await;
        let profiles = "SELECT COUNT(DISTINCT profile_id) FROM accounts";
        assert_eq!(home.number(profiles).await, Some(1), "they are one profile by now");
        for hour in [74, 96] {
            read(hour, true).await;
        }
        let seen = snapshots(&new, id).await;
        assert_eq!(seen.iter().map(|(hour, _)| *hour).collect::<Vec<_>>(), [96, 74, 72], "its own reads of the profile that it is now");
        let columns = ["follower_count", "follower_gain", "follower_total", "observed_days"];
        let kept = account_days(&home, &columns).await;
        home.rebuild().await;
        assert_eq!(account_days(&home, &columns).await, kept);
        // Those from before are made of its own reads, and none of what others read.
        for day in ["0|1005|5|5|1", "1|1024|19|24|2", "2|1048|24|48|3", "3|1074|26|74|4", "4|1096|22|96|5"] {
            assert!(kept.iter().any(|kept| kept == day), "{day} in {kept:?}");
        }
    }
}
