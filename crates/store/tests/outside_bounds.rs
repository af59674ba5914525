//! What an organization has of a post ends where its bounds end, whoever else collects the post.

#![expect(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a helper of a test fails the test")]

mod support;

use std::time::Duration;

use domain::{AccountId, Day, PostFacts, Timestamp, Window};
use store::{JobTarget, NewAccount, RowId, RunFilter, Tenant, TrackedKind};
use support::{
    Home, START, account, account_videos, add, add_video, failed, feed, make_due, new_account, new_video, page_of,
    post, post_id, profile, tenant, work,
};

const DAYS: Duration = Duration::from_hours(24);

/// The posts of a profile on a day: published five, three and one day before the start, and one two days after it. They grow. Those of another are the same
/// but for their ids.
fn posts(first: i64, day: u32) -> Vec<PostFacts> {
    let facts = |(n, age): (i64, u32)| {
        let mut facts = post(post_id(first + n), START.minus(age * DAYS), 1_000 * n + 100 * i64::from(day));
        facts.metrics.likes = support::exact(10 * n + i64::from(day));
        facts
    };
    let mut all: Vec<_> = (1..).zip([5, 3, 1]).map(facts).collect();
    if day >= 2 {
        all.push(PostFacts { create_time: Some(START.plus(2 * DAYS)), ..facts((4, 0)) });
    }
    all
}

/// Two profiles with the same posts, each of which is read on a day wherever it is due. On one day no post's page can be read.
async fn read(home: &Home, day: u32) -> Vec<JobTarget> {
    let now = START.plus(DAYS * day);
    make_due(home, now).await;
    let all = [("11", "amy", posts(0, day)), ("12", "ben", posts(100, day))];
    work(&home.store, now, |job| match &job.target {
        JobTarget::Profile { username, .. } => {
            let (id, username, _) = all.iter().find(|(_, name, _)| *name == username.as_str()).unwrap();
            profile(id, username, 1_000)
        }
        JobTarget::Feed { username, .. } => {
            feed(all.iter().find(|(_, name, _)| *name == username.as_str()).unwrap().2.clone())
        }
        JobTarget::Post { external_id, .. } => all
            .iter()
            .flat_map(|(_, _, posts)| posts)
            .find(|facts| facts.external_id == *external_id)
            .filter(|_| day != 4)
            .map_or_else(|| failed(domain::Outcome::Timeout), |facts| page_of(facts.clone())),
    })
    .await
}

/// All that an organization is shown of an account that is not a name or an id of it.
async fn shown(tenant: &Tenant, id: AccountId, now: Timestamp) -> Vec<String> {
    let window = Window::new(Day::of(START).plus(-3), Day::of(now), Day::of(now)).unwrap();
    let account = account(tenant, id, now).await;
    let mut all =
        vec![format!("{:?} {:?} {:?}", account.total_post_count, account.sums.view_count, account.sums.like_count)];
    for day in tenant.timeseries(TrackedKind::Account, RowId::Uuid(id.0), window).await.unwrap().unwrap() {
        all.push(format!("{day:?}"));
    }
    let mut videos = account_videos(tenant, id, now).await;
    videos.sort_by_key(|video| video.post.create_time);
    for video in videos {
        let freshness = &video.post.freshness;
        let attempt = (freshness.last_attempt_at, freshness.last_attempt_outcome, freshness.consecutive_failures);
        all.push(format!("{:?} {:?} {attempt:?}", video.post.create_time, video.post.counts));
        let kind = TrackedKind::AccountVideo;
        let days = tenant.timeseries(kind, RowId::Integer(video.id.0), window).await.unwrap().unwrap();
        all.extend(days.iter().map(|day| format!("{day:?}")));
    }
    let runs = tenant.runs(&RunFilter::default(), &support::whole(store::RunOrder::QueuedAt)).await.unwrap();
    let mut runs: Vec<_> = runs.rows.iter().map(|run| format!("{:?} {:?}", run.queued_at, run.trigger)).collect();
    runs.sort();
    all.extend(runs);
    all
}

/// Tracks a profile within bounds alone, and another together with somebody who has none; what is shown of both.
async fn compare(home: &Home, bounds: fn(NewAccount) -> NewAccount) -> (Vec<String>, Vec<String>) {
    let (alone, beside, other) = (tenant(&home.store).await, tenant(&home.store).await, tenant(&home.store).await);
    let (amy, _) = add(&alone, &bounds(new_account("amy")), START).await;
    let (ben, _) = add(&beside, &bounds(new_account("ben")), START).await;
    add(&other, &new_account("ben"), START).await;
    add_video(&other, &new_video(&post_id(102).to_string()), START).await;
    let mut reads = 0;
    for day in 0..6 {
        let read = read(home, day).await;
        let of_ben =
            |target: &&JobTarget| matches!(target, JobTarget::Post { external_id, .. } if external_id.ends_with("101"));
        reads += read.iter().filter(of_ben).count();
    }
    assert!(reads >= 4, "the other goes on reading what is outside of bounds: {reads}");
    let now = START.plus(5 * DAYS);
    (shown(&alone, amy, now).await, shown(&beside, ben, now).await)
}

on_both! {
    async fn a_post_that_is_too_old_stands_still_though_somebody_else_goes_on(home) {
        let (alone, beside) = compare(&home, |new| NewAccount { post_lookback_days: Some(4), ..new }).await;
        assert_eq!(beside, alone);
        assert!(alone.iter().any(|line| line.contains("view_count: Some(4500)")), "the youngest is read to the end: {alone:#?}");
    }

    async fn a_post_that_is_none_of_the_newest_stands_still_though_somebody_else_goes_on(home) {
        let (alone, beside) = compare(&home, |new| NewAccount { max_recent_posts: Some(1), ..new }).await;
        assert_eq!(beside, alone);
        assert!(alone.iter().any(|line| line.contains("view_count: Some(4500)")), "the youngest is read to the end: {alone:#?}");
    }

    async fn what_has_been_deleted_takes_no_place_among_the_newest_of_a_list(home) {
        let tenant = tenant(&home.store).await;
        let (id, _) = add(&tenant, &NewAccount { max_recent_posts: Some(1), ..new_account("amy") }, START).await;
        for (day, listed) in [(0, vec![post(post_id(1), START, 5), post(post_id(2), START.minus(DAYS), 7)]), (1, vec![post(post_id(2), START.minus(DAYS), 9)])] {
            let now = START.plus(DAYS * day);
            make_due(&home, now).await;
            work(&home.store, now, support::answer("11", "amy", &listed)).await;
        }
        let views: Vec<_> = account_videos(&tenant, id, START.plus(DAYS)).await.iter().map(|video| video.post.counts.view_count).collect();
        assert_eq!(views, [Some(5), Some(9)]);
    }
}
