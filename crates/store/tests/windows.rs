//! Numbers of windows: what they are at their edges, what a record shows of a post that another record had before, and the reads themselves.

#![expect(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a helper of a test fails the test")]

mod support;

use std::time::Duration;

use domain::{Day, Gains, MetricName, PostFacts, Precision, Reading, Timestamp, Window};
use store::{
    AccountChange, Delta, Direction, PageRequest, RowId, Snapshot, SnapshotOrder, Tenant, TrackedKind, WindowNumbers,
};
use support::{
    HOUR, Home, START, account_videos, add, add_video, answer, exact, feed, new_account, new_video, organization,
    page_of, patch, post, post_id, profile, tenant, work,
};

const KINDS: [TrackedKind; 3] = [TrackedKind::Account, TrackedKind::Video, TrackedKind::AccountVideo];

fn day(n: i32) -> Day {
    Day::of(START).plus(n)
}

fn noon(n: i32) -> Timestamp {
    day(n).start().plus(12 * HOUR)
}

fn window(first: i32, last: i32) -> Window {
    Window::new(day(first), day(last), day(last)).unwrap()
}

/// Does everything at once, as if its interval had passed.
async fn work_all(home: &Home, now: Timestamp, answer: impl Fn(&store::Job) -> domain::Observation) {
    home.sql(&format!("UPDATE schedules SET due_at = {} WHERE due_at IS NOT NULL", now.as_millis())).await;
    work(&home.store, now, answer).await;
}

fn rounded(mut facts: PostFacts, views: i64) -> PostFacts {
    facts.metrics.views = Reading::Known { value: views, precision: Precision::Rounded };
    facts
}

/// A video that was published before it was tracked, with a fall, a change of precision, and days without a read.
async fn story(home: &Home, tenant: &Tenant) -> RowId {
    let id = add_video(tenant, &new_video(&post_id(1).to_string()), noon(0)).await;
    let created = noon(-9);
    for (n, facts) in [
        (0, post(post_id(1), created, 100)),
        (1, post(post_id(1), created, 150)),
        (3, post(post_id(1), created, 140)),
        (5, rounded(post(post_id(1), created, 0), 200)),
        (6, rounded(post(post_id(1), created, 0), 260)),
    ] {
        work_all(home, noon(n), |_| page_of(facts.clone())).await;
    }
    RowId::Uuid(id.0)
}

async fn numbers(tenant: &Tenant, kind: TrackedKind, id: RowId, window: Window) -> WindowNumbers {
    tenant.window_numbers(kind, &[id], window).await.unwrap().remove(0)
}

async fn views(tenant: &Tenant, kind: TrackedKind, id: RowId, first: i32, last: i32) -> Option<i64> {
    numbers(tenant, kind, id, window(first, last)).await.gains.views
}

async fn deltas(tenant: &Tenant, kind: TrackedKind, id: RowId, today: i32, windows: &[i32]) -> Vec<Option<i64>> {
    let found = tenant.deltas(kind, &[id], MetricName::Views, windows, day(today)).await.unwrap().remove(0);
    let count = |delta: Delta| match delta {
        Delta::Count(count) => count,
        Delta::Rate(rate) => panic!("{rate:?} is a rate"),
    };
    found.by_window.into_iter().map(|delta| delta.map(count)).collect()
}

fn newest(limit: u32, after: Option<store::Position>) -> PageRequest<SnapshotOrder> {
    PageRequest { order_by: SnapshotOrder::Time, direction: Direction::Desc, after, limit, include_total: true }
}

/// All reads that a record shows, page by page.
async fn walk(tenant: &Tenant, kind: TrackedKind, id: RowId, limit: u32) -> Vec<Snapshot> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let page = tenant.snapshots(kind, id, &newest(limit, after)).await.unwrap().unwrap();
        all.extend(page.rows);
        if page.next.is_none() {
            assert_eq!(page.total, Some(i64::try_from(all.len()).unwrap()));
            return all;
        }
        after = page.next;
    }
}

on_both! {
    async fn a_window_is_the_difference_of_two_sums_at_every_edge(home) {
        let tenant = tenant(&home.store).await;
        let id = story(&home, &tenant).await;
        for (first, last, gain, observed) in [
            (0, 6, Some(160), 5),
            (-30, 6, Some(160), 5),
            (0, 0, Some(0), 1),
            (1, 1, Some(50), 1),
            (2, 2, None, 0),
            (2, 3, Some(-10), 1),
            (4, 4, None, 0),
            (5, 5, Some(60), 1),
            (4, 5, Some(60), 1),
            (6, 6, Some(60), 1),
            (7, 9, None, 0),
            (-9, -1, None, 0),
        ] {
            let found = numbers(&tenant, TrackedKind::Video, id, window(first, last)).await;
            assert_eq!((found.gains.views, found.coverage.observed_days), (gain, observed), "{first} to {last}");
            assert_eq!((found.coverage.days, found.gains.likes, found.gains.followers), (last - first + 1, None, None));
        }
        // Whatever the lifetime is parted into, the parts come to the whole.
        for cut in 0..6 {
            for other in cut..6 {
                let parts = [(-3, cut), (cut + 1, other), (other + 1, 8)];
                let mut sum = 0;
                for (first, last) in parts.into_iter().filter(|(first, last)| first <= last) {
                    sum += views(&tenant, TrackedKind::Video, id, first, last).await.unwrap_or(0);
                }
                assert_eq!(sum, 160, "{parts:?}");
            }
        }
    }

    async fn days_without_a_read_are_shown_as_such(home) {
        let tenant = tenant(&home.store).await;
        let id = story(&home, &tenant).await;
        let days = tenant.timeseries(TrackedKind::Video, id, window(-1, 6)).await.unwrap().unwrap();
        let shown: Vec<_> =
            days.iter().map(|day| (day.observed, day.anomaly, day.values.views, day.gains.views)).collect();
        let nothing = (false, false, None, None);
        assert_eq!(
            shown,
            [
                nothing,
                (true, false, Some(100), Some(0)),
                (true, false, Some(150), Some(50)),
                nothing,
                (true, true, Some(140), Some(-10)),
                nothing,
                (true, false, Some(200), Some(60)),
                (true, false, Some(260), Some(60)),
            ]
        );
        assert_eq!(days.iter().map(|day| day.day).collect::<Vec<_>>(), window(-1, 6).each().collect::<Vec<_>>());
    }

    async fn a_window_stands_beside_the_one_before_it(home) {
        let tenant = tenant(&home.store).await;
        let id = story(&home, &tenant).await;
        let found = tenant.analytics(TrackedKind::Video, id, window(3, 6)).await.unwrap().unwrap();
        assert_eq!((found.totals.views, found.previous.views), (Some(110), Some(50)));
        assert_eq!((found.coverage.days, found.coverage.observed_days, found.daily.len()), (4, 3, 4));
        let first = tenant.analytics(TrackedKind::Video, id, window(0, 2)).await.unwrap().unwrap();
        assert_eq!((first.totals.views, first.previous), (Some(50), Gains::default()));
    }

    async fn a_delta_is_null_where_history_does_not_reach_that_far(home) {
        let tenant = tenant(&home.store).await;
        let id = story(&home, &tenant).await;
        let known = deltas(&tenant, TrackedKind::Video, id, 6, &[1, 3, 4, 6, 7, 30]).await;
        assert_eq!(known, [Some(60), Some(120), Some(110), Some(160), None, None]);
        // Nothing was read in the last two of these days.
        assert_eq!(deltas(&tenant, TrackedKind::Video, id, 8, &[1, 2, 3]).await, [None, None, Some(60)]);
        // A post that was seen from its first day on has no other history.
        let born = add_video(&tenant, &new_video(&post_id(2).to_string()), noon(7)).await;
        let born = RowId::Uuid(born.0);
        assert_eq!(deltas(&tenant, TrackedKind::Video, born, 7, &[1, 7]).await, [None, None], "not read yet");
        for n in 0..2 {
            work_all(&home, noon(7 + n), |_| page_of(post(post_id(2), noon(7), 30 + i64::from(n)))).await;
        }
        assert_eq!(deltas(&tenant, TrackedKind::Video, born, 8, &[1, 2, 365]).await, [Some(1), Some(31), Some(31)]);
    }

    async fn what_was_hidden_when_a_post_was_new_has_no_delta_until_it_was_known_for_as_long(home) {
        let tenant = tenant(&home.store).await;
        let id = RowId::Uuid(add_video(&tenant, &new_video(&post_id(1).to_string()), noon(0)).await.0);
        for (n, likes) in [(0, Reading::NOT_PROVIDED), (1, exact(500)), (2, exact(520))] {
            let mut facts = post(post_id(1), noon(0), 30 + i64::from(n));
            facts.metrics.likes = likes;
            work_all(&home, noon(n), |_| page_of(facts.clone())).await;
        }
        let likes = async |today| {
            let found = tenant.deltas(TrackedKind::Video, &[id], MetricName::Likes, &[1, 2, 3, 30], day(today)).await;
            found.unwrap().remove(0).by_window
        };
        assert_eq!(likes(1).await, [None; 4]);
        assert_eq!(likes(2).await, [Some(Delta::Count(20)), None, None, None]);
        assert_eq!(deltas(&tenant, TrackedKind::Video, id, 2, &[1, 2, 30]).await, [Some(1), Some(2), Some(32)]);
    }

    async fn engagement_is_made_of_what_is_known_of_it(home) {
        let tenant = tenant(&home.store).await;
        let id = RowId::Uuid(add_video(&tenant, &new_video(&post_id(1).to_string()), noon(0)).await.0);
        for (n, likes, comments) in [(0, 10, Reading::NOT_PROVIDED), (1, 14, exact(3)), (2, 20, exact(5))] {
            let mut facts = post(post_id(1), noon(-5), 1000 + 300 * n);
            facts.metrics.likes = exact(likes);
            facts.metrics.comments = comments;
            work_all(&home, noon(i32::try_from(n).unwrap()), |_| page_of(facts.clone())).await;
        }
        let gains = numbers(&tenant, TrackedKind::Video, id, window(0, 2)).await.gains;
        assert_eq!((gains.likes, gains.comments, gains.shares, gains.engagement()), (Some(10), Some(2), None, Some(12)));
        assert_eq!(gains.engagement_rate().map(|rate| rate.0), Some(2.0));
        let delta = async |metric, windows: &[i32]| {
            tenant.deltas(TrackedKind::Video, &[id], metric, windows, day(2)).await.unwrap().remove(0).by_window
        };
        // Comments were not known before the second of the two days.
        assert_eq!(delta(MetricName::Engagement, &[1, 2]).await, [Some(Delta::Count(8)), Some(Delta::Count(10))]);
        let rate = |rate| Some(Delta::Rate(domain::Float(rate)));
        assert_eq!(delta(MetricName::EngagementRate, &[1, 2, 3]).await, [rate(2.67), rate(1.67), None]);
        assert_eq!(delta(MetricName::Saves, &[1]).await, [None]);
    }

    async fn a_record_shows_a_post_from_its_own_first_read_on(home) {
        let tenant = tenant(&home.store).await;
        let (account, _) = add(&tenant, &new_account("amy"), noon(0)).await;
        let counts = [10, 30, 60, 100];
        let read = async |n: i32| {
            let posts = [post(post_id(1), noon(-3), counts[usize::try_from(n).unwrap()])];
            work_all(&home, noon(n), answer("11", "amy", &posts)).await;
        };
        read(0).await;
        read(1).await;
        let video = RowId::Uuid(add_video(&tenant, &new_video(&post_id(1).to_string()), noon(2)).await.0);
        assert_eq!(views(&tenant, TrackedKind::Video, video, 0, 2).await, None, "what the feed saw is the feed's");
        assert!(walk(&tenant, TrackedKind::Video, video, 5).await.is_empty());
        read(2).await;
        read(3).await;
        let found = RowId::Integer(account_videos(&tenant, account, noon(3)).await[0].id.0);
        let account = RowId::Uuid(account.0);
        assert_eq!(views(&tenant, TrackedKind::AccountVideo, found, 0, 3).await, Some(90));
        assert_eq!(views(&tenant, TrackedKind::Account, account, 0, 3).await, Some(90), "a post counts once");
        assert_eq!(views(&tenant, TrackedKind::Video, video, 0, 3).await, Some(70));
        assert_eq!(views(&tenant, TrackedKind::Video, video, 0, 2).await, Some(30));
        assert_eq!(views(&tenant, TrackedKind::Video, video, 0, 1).await, None);
        assert_eq!(deltas(&tenant, TrackedKind::Video, video, 3, &[1, 2]).await, [Some(40), None]);
        assert_eq!(deltas(&tenant, TrackedKind::AccountVideo, found, 3, &[1, 2]).await, [Some(40), Some(70)]);
        let observed = tenant.timeseries(TrackedKind::Video, video, window(0, 3)).await.unwrap().unwrap();
        assert_eq!(observed.iter().map(|day| day.observed).collect::<Vec<_>>(), [false, false, true, true]);
        let seen = |all: Vec<Snapshot>| all.iter().map(|read| Day::of(read.at)).min().unwrap();
        assert_eq!(seen(walk(&tenant, TrackedKind::Video, video, 2).await), day(2));
        assert_eq!(seen(walk(&tenant, TrackedKind::AccountVideo, found, 2).await), day(0));
    }

    async fn an_account_is_the_sum_of_its_posts_and_tells_how_many_were_read(home) {
        let tenant = tenant(&home.store).await;
        let (account, _) = add(&tenant, &new_account("amy"), noon(0)).await;
        let account = RowId::Uuid(account.0);
        let post = |n: i64, views: i64| post(post_id(n), noon(-4), views);
        let fresh = |views| support::post(post_id(3), noon(2), views);
        for (n, followers, posts) in [
            (0, 1000, vec![post(1, 100), post(2, 500)]),
            (1, 1010, vec![post(1, 130)]),
            (2, 990, vec![post(1, 120), fresh(7)]),
            (3, 1005, vec![post(1, 125), post(2, 540)]),
        ] {
            let seen = posts.clone();
            work_all(&home, noon(n), move |job| match &job.target {
                store::JobTarget::Profile { .. } => profile("11", "amy", followers),
                store::JobTarget::Feed { .. } => feed(seen.clone()),
                store::JobTarget::Post { external_id, .. } => seen
                    .iter()
                    .find(|facts| facts.external_id == *external_id)
                    .map_or_else(|| support::failed(domain::Outcome::NotFound), |facts| page_of(facts.clone())),
            })
            .await;
        }
        for (first, last, views, followers, known, read) in [
            (0, 3, Some(72), Some(5), 3, 3),
            (1, 2, Some(27), Some(-10), 3, 2),
            (1, 1, Some(30), Some(10), 2, 1),
            (2, 2, Some(-3), Some(-20), 3, 2),
            (3, 3, Some(45), Some(15), 3, 2),
            (-5, -1, None, None, 0, 0),
        ] {
            let found = numbers(&tenant, TrackedKind::Account, account, window(first, last)).await;
            assert_eq!((found.gains.views, found.gains.followers), (views, followers), "{first} to {last}");
            assert_eq!((found.coverage.posts, found.coverage.posts_observed), (known, read), "{first} to {last}");
        }
        let days = tenant.timeseries(TrackedKind::Account, account, window(0, 3)).await.unwrap().unwrap();
        let shown: Vec<_> = days.iter().map(|day| (day.values.views, day.values.followers, day.anomaly)).collect();
        let expected = [(600, 1000, false), (630, 1010, false), (627, 990, true), (672, 1005, false)];
        assert_eq!(shown, expected.map(|(views, followers, fell)| (Some(views), Some(followers), fell)));
        let delta = async |metric| {
            let found = tenant.deltas(TrackedKind::Account, &[account], metric, &[1, 3, 4], day(3)).await.unwrap();
            found[0].by_window.clone()
        };
        let count = |count| Some(Delta::Count(count));
        assert_eq!(delta(MetricName::Followers).await, [count(15), count(5), None]);
        assert_eq!(delta(MetricName::Following).await, [count(0), count(0), None]);
        assert_eq!(delta(MetricName::Views).await, [count(45), count(72), None]);
    }

    async fn what_is_anothers_is_nowhere(home) {
        let (owner, other) = (tenant(&home.store).await, tenant(&home.store).await);
        let video = story(&home, &owner).await;
        let (account, _) = add(&owner, &new_account("amy"), noon(7)).await;
        let posts = [post(post_id(5), noon(7), 10)];
        work_all(&home, noon(7), answer("11", "amy", &posts)).await;
        let found = account_videos(&owner, account, noon(7)).await[0].id;
        let ids = [RowId::Uuid(account.0), video, RowId::Integer(found.0)];
        for (at, kind) in KINDS.into_iter().enumerate() {
            let own = owner.window_numbers(kind, &ids, window(0, 7)).await.unwrap();
            assert_eq!(own.iter().map(|it| it.id).collect::<Vec<_>>(), [ids[at]], "{kind:?}: an id is of one kind alone");
            assert!(other.window_numbers(kind, &ids, window(0, 7)).await.unwrap().is_empty());
            assert!(other.deltas(kind, &ids, MetricName::Views, &[7], day(7)).await.unwrap().is_empty());
            for id in ids {
                assert!(other.timeseries(kind, id, window(0, 7)).await.unwrap().is_none());
                assert!(other.analytics(kind, id, window(0, 7)).await.unwrap().is_none());
                assert!(other.snapshots(kind, id, &newest(5, None)).await.unwrap().is_none());
                assert_eq!(owner.timeseries(kind, id, window(0, 7)).await.unwrap().is_some(), id == ids[at]);
                assert_eq!(owner.snapshots(kind, id, &newest(5, None)).await.unwrap().is_some(), id == ids[at]);
            }
        }
    }

    async fn reads_are_walked_newest_first_with_what_they_said(home) {
        let tenant = tenant(&home.store).await;
        let id = story(&home, &tenant).await;
        let all = walk(&tenant, TrackedKind::Video, id, 50).await;
        let said: Vec<_> = all.iter().map(|read| (read.at, read.counts.views.unwrap(), read.anomaly)).collect();
        assert_eq!(
            said,
            [
                (noon(6), 260, false),
                (noon(5), 200, false),
                (noon(3), 140, true),
                (noon(1), 150, false),
                (noon(0), 100, false),
            ]
        );
        assert_eq!(all[0].precision.get("views"), Some(&Precision::Rounded));
        assert!(all[2].precision.is_empty() && all[2].counts.likes.is_none());
        assert_eq!(all[0].adapter.as_deref(), Some("test.post"));
        let run = tenant.run(all[0].run_id.unwrap()).await.unwrap().unwrap();
        assert_eq!(run.target.id(), id);
        for limit in 1..=6 {
            assert_eq!(walk(&tenant, TrackedKind::Video, id, limit).await, all, "{limit} at a time");
        }
    }

    async fn reads_that_came_for_others_alone_are_not_shown_and_tell_nothing(home) {
        let (one, other) = (tenant(&home.store).await, tenant(&home.store).await);
        let (mine, _) = add(&one, &new_account("amy"), noon(0)).await;
        add(&other, &new_account("amy"), noon(0)).await;
        let read = async |n: i32, followers: i64| {
            work_all(&home, noon(n), move |job| match &job.target {
                store::JobTarget::Profile { .. } => profile("11", "amy", followers),
                store::JobTarget::Feed { .. } | store::JobTarget::Post { .. } => feed(Vec::new()),
            })
            .await;
        };
        let pause = async |is_active, n| {
            let change = AccountChange { is_active: Some(is_active), ..AccountChange::default() };
            patch(&one, mine, &change, noon(n)).await;
        };
        read(0, 100).await;
        read(1, 110).await;
        pause(false, 1).await;
        read(2, 500).await;
        pause(true, 2).await;
        read(3, 120).await;
        read(4, 115).await;
        let all = walk(&one, TrackedKind::Account, RowId::Uuid(mine.0), 2).await;
        let said: Vec<_> = all.iter().map(|read| (read.counts.followers.unwrap(), read.anomaly)).collect();
        // From 500 to 120 it fell, but who did not see the 500 saw no fall.
        assert_eq!(said, [(115, true), (120, false), (110, false), (100, false)]);
        assert!(all.iter().all(|read| read.run_id.is_some() && read.profile_likes.is_none()));
    }

    async fn a_run_that_is_forgotten_leaves_its_read(home) {
        let tenant = tenant(&home.store).await;
        let id = story(&home, &tenant).await;
        home.sql("DELETE FROM tracked_runs").await;
        let all = walk(&tenant, TrackedKind::Video, id, 50).await;
        assert_eq!((all.len(), all.iter().filter(|read| read.run_id.is_some()).count()), (5, 0));
    }

    async fn two_hundred_ids_are_one_question(home) {
        let organization = organization(&home.store, None).await;
        let tenant = home.store.tenant(organization);
        let mut ids = Vec::new();
        for n in 0..200 {
            ids.push(RowId::Uuid(add_video(&tenant, &new_video(&post_id(n).to_string()), noon(0)).await.0));
        }
        for n in 0..2 {
            let views = i64::from(n);
            work_all(&home, noon(n), move |job| match &job.target {
                store::JobTarget::Post { external_id, .. } => {
                    page_of(post(external_id.parse().unwrap(), noon(-2), views * (external_id.parse::<i64>().unwrap() - post_id(0))))
                }
                store::JobTarget::Profile { .. } | store::JobTarget::Feed { .. } => panic!("nobody tracks an account"),
            })
            .await;
        }
        let found = tenant.window_numbers(TrackedKind::Video, &ids, window(0, 1)).await.unwrap();
        let gains: Vec<_> = found.iter().map(|it| (it.id, it.gains.views.unwrap())).collect();
        assert_eq!(gains, ids.iter().copied().zip(0..200).collect::<Vec<_>>());
        let windows: Vec<i32> = (1..=10).collect();
        let found = tenant.deltas(TrackedKind::Video, &ids, MetricName::Views, &windows, day(1)).await.unwrap();
        assert!(found.iter().zip(0..200).all(|(it, views)| it.by_window[0] == Some(Delta::Count(views))));
    }
}

#[test]
fn the_story_is_told_at_noon() {
    assert_eq!(Day::of(noon(3)), day(3));
    assert_eq!(noon(0).since(day(0).start()), Duration::from_hours(12));
}
