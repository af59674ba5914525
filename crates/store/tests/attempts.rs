//! What a record is told of attempts: those that were made for it, and when the next one comes by its own last read.

#![expect(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a helper of a test fails the test")]

mod support;

use std::time::Duration;

use domain::{AccountId, FreshnessState, Observation, Outcome, PostFacts, Timestamp, VideoId};
use store::{AccountChange, CreatorChange, Freshness, Job, JobTarget, NewAccount, Tenant};
use support::{
    HOUR, Home, START, account, account_videos, add, add_creator, add_video, answer, begin, exact, failed, feed,
    make_due, new_account, new_video, page_of, patch, post, post_id, profile, set_active, tenant, video, work,
};

const DAY: Duration = Duration::from_hours(24);

async fn pause(tenant: &Tenant, id: AccountId, now: Timestamp) {
    patch(tenant, id, &AccountChange { is_active: Some(false), ..AccountChange::default() }, now).await;
}

async fn resume(tenant: &Tenant, id: AccountId, now: Timestamp) {
    patch(tenant, id, &AccountChange { is_active: Some(true), ..AccountChange::default() }, now).await;
}

/// Everything that is tracked is read at `now`, or tried to.
async fn read(home: &Home, now: Timestamp, answer: impl Fn(&Job) -> Observation) {
    make_due(home, now).await;
    work(&home.store, now, answer).await;
}

/// Likewise, and all of it fails.
async fn fail(home: &Home, now: Timestamp) {
    read(home, now, |_| failed(Outcome::Timeout)).await;
}

/// A post whose page says more than its list.
fn one() -> [PostFacts; 1] {
    [post(post_id(1), START, 5)]
}

type Attempts = (Option<Timestamp>, Option<Outcome>, i64);

const NONE: Attempts = (None, None, 0);

const fn good(at: Timestamp) -> Attempts {
    (Some(at), Some(Outcome::Ok), 0)
}

const fn timed_out(at: Timestamp, failures: i64) -> Attempts {
    (Some(at), Some(Outcome::Timeout), failures)
}

const fn of(freshness: &Freshness) -> Attempts {
    (freshness.last_attempt_at, freshness.last_attempt_outcome, freshness.consecutive_failures)
}

async fn attempts(tenant: &Tenant, id: AccountId) -> Attempts {
    of(&account(tenant, id, START).await.freshness)
}

async fn attempts_at_video(tenant: &Tenant, id: VideoId) -> Attempts {
    of(&video(tenant, id, START).await.post.freshness)
}

/// Of the one account video of an account.
async fn attempts_in_feed(tenant: &Tenant, id: AccountId) -> Attempts {
    let [found] = account_videos(tenant, id, START).await.try_into().unwrap();
    of(&found.post.freshness)
}

async fn next_read(tenant: &Tenant, id: AccountId, now: Timestamp) -> Option<Timestamp> {
    account(tenant, id, now).await.freshness.next_scrape_at
}

on_both! {
    async fn after_a_pause_a_record_shows_its_own_last_attempt_and_what_others_tried_changes_nothing(home) {
        let (still, other) = (tenant(&home.store).await, tenant(&home.store).await);
        let (mine, _) = add(&still, &new_account("amy"), START).await;
        let (theirs, _) = add(&other, &new_account("amy"), START).await;
        let by_hand = add_video(&still, &new_video(&post_id(1).to_string()), START).await;
        work(&home.store, START, answer("11", "amy", &one())).await;
        pause(&still, mine, START).await;
        set_active(&still, by_hand, false, START).await;
        let before = (account(&still, mine, START).await, account_videos(&still, mine, START).await, video(&still, by_hand, START).await);
        let failed_at = START.plus(HOUR);
        fail(&home, failed_at).await;
        let after = (account(&still, mine, START).await, account_videos(&still, mine, START).await, video(&still, by_hand, START).await);
        assert_eq!(after, before, "so the tag is the same as well");
        assert_eq!(attempts(&other, theirs).await, timed_out(failed_at, 1));
        assert_eq!(attempts_in_feed(&other, theirs).await, timed_out(failed_at, 1));

        let now = START.plus(2 * HOUR);
        resume(&still, mine, now).await;
        set_active(&still, by_hand, true, now).await;
        for shown in [attempts(&still, mine).await, attempts_in_feed(&still, mine).await, attempts_at_video(&still, by_hand).await] {
            assert_eq!(shown, good(START));
        }
        assert_eq!(account(&still, mine, now).await.freshness.state, FreshnessState::Fresh);
        let failed_at = START.plus(3 * HOUR);
        fail(&home, failed_at).await;
        for shown in [attempts(&still, mine).await, attempts_in_feed(&still, mine).await, attempts_at_video(&still, by_hand).await] {
            assert_eq!(shown, timed_out(failed_at, 1));
        }
        assert_eq!(attempts(&other, theirs).await, timed_out(failed_at, 2));
        assert_ne!(account(&still, mine, START).await, before.0, "its own attempt is told");
    }

    async fn a_failure_is_counted_for_those_for_whom_it_was_made(home) {
        let old = tenant(&home.store).await;
        let (theirs, _) = add(&old, &new_account("amy"), START).await;
        let their_video = add_video(&old, &new_video(&post_id(1).to_string()), START).await;
        for hour in 0..3 {
            fail(&home, START.plus(HOUR * hour)).await;
        }
        let newcomer = tenant(&home.store).await;
        let (mine, _) = add(&newcomer, &new_account("amy"), START.plus(5 * HOUR)).await;
        let my_video = add_video(&newcomer, &new_video(&post_id(1).to_string()), START.plus(5 * HOUR)).await;
        assert_eq!((attempts(&newcomer, mine).await, attempts_at_video(&newcomer, my_video).await), (NONE, NONE));
        let now = START.plus(6 * HOUR);
        fail(&home, now).await;
        assert_eq!((attempts(&newcomer, mine).await, attempts_at_video(&newcomer, my_video).await), (timed_out(now, 1), timed_out(now, 1)));
        assert_eq!((attempts(&old, theirs).await, attempts_at_video(&old, their_video).await), (timed_out(now, 4), timed_out(now, 4)));
        let now = START.plus(7 * HOUR);
        read(&home, now, answer("11", "amy", &one())).await;
        assert_eq!((attempts(&newcomer, mine).await, attempts(&old, theirs).await), (good(now), good(now)));
    }

    async fn a_record_that_is_paused_keeps_its_failed_attempts(home) {
        let tenant = tenant(&home.store).await;
        let creator = add_creator(&tenant, "Amy", START).await;
        let (id, _) = add(&tenant, &NewAccount { creator_id: Some(creator), ..new_account("amy") }, START).await;
        let by_hand = add_video(&tenant, &new_video(&post_id(1).to_string()), START).await;
        fail(&home, START).await;
        let mut tx = begin(&tenant, START).await;
        tx.update_creator(creator, &CreatorChange { is_active: Some(false), ..CreatorChange::default() }).await.unwrap();
        tx.commit().await.unwrap();
        set_active(&tenant, by_hand, false, START).await;
        assert_eq!(account(&tenant, id, START).await.freshness.state, FreshnessState::Paused);
        assert_eq!((attempts(&tenant, id).await, attempts_at_video(&tenant, by_hand).await), (timed_out(START, 1), timed_out(START, 1)));
    }

    async fn two_records_of_one_organization_have_each_their_own_attempts_at_a_post(home) {
        let tenant = tenant(&home.store).await;
        let (id, _) = add(&tenant, &new_account("amy"), START).await;
        let by_hand = add_video(&tenant, &new_video(&post_id(1).to_string()), START).await;
        work(&home.store, START, answer("11", "amy", &one())).await;
        set_active(&tenant, by_hand, false, START).await;
        let now = START.plus(HOUR);
        fail(&home, now).await;
        assert_eq!((attempts_in_feed(&tenant, id).await, attempts_at_video(&tenant, by_hand).await), (timed_out(now, 1), good(START)));
        set_active(&tenant, by_hand, true, now).await;
        pause(&tenant, id, now).await;
        let later = START.plus(2 * HOUR);
        fail(&home, later).await;
        assert_eq!((attempts_in_feed(&tenant, id).await, attempts_at_video(&tenant, by_hand).await), (timed_out(now, 1), timed_out(later, 1)));
    }

    async fn counts_in_a_list_are_a_good_attempt_and_a_line_without_counts_is_none(home) {
        let tenant = tenant(&home.store).await;
        let (id, _) = add(&tenant, &new_account("amy"), START).await;
        let list = |facts: PostFacts| move |job: &Job| match &job.target {
            JobTarget::Profile { .. } => profile("11", "amy", 1),
            JobTarget::Feed { .. } => feed(vec![facts.clone()]),
            JobTarget::Post { .. } => failed(Outcome::Timeout),
        };
        let bare = PostFacts::bare(domain::Platform::Tiktok, post_id(1).to_string());
        read(&home, START, list(bare.clone())).await;
        assert_eq!(attempts_in_feed(&tenant, id).await, timed_out(START, 1));
        let now = START.plus(HOUR);
        home.sql("UPDATE schedules SET due_at = NULL WHERE kind = 'post'").await;
        read(&home, now, list(bare)).await;
        assert_eq!(attempts_in_feed(&tenant, id).await, timed_out(START, 1));
        let now = START.plus(2 * HOUR);
        read(&home, now, list(one()[0].clone())).await;
        assert_eq!(attempts_in_feed(&tenant, id).await, good(now));
        let [found] = account_videos(&tenant, id, now).await.try_into().unwrap();
        assert_eq!((found.post.last_scrape_at, found.post.freshness.state), (Some(now), FreshnessState::Fresh));
    }

    async fn who_comes_back_is_read_when_its_own_interval_has_passed_whatever_others_read(home) {
        let (still, other) = (tenant(&home.store).await, tenant(&home.store).await);
        let (mine, _) = add(&still, &new_account("amy"), START).await;
        add(&other, &new_account("amy"), START).await;
        work(&home.store, START, answer("11", "amy", &one())).await;
        pause(&still, mine, START).await;
        read(&home, START.plus(20 * HOUR), answer("11", "amy", &one())).await;
        resume(&still, mine, START.plus(21 * HOUR)).await;
        assert_eq!(next_read(&still, mine, START).await, Some(START.plus(DAY)), "not before its own interval");
        let [found] = account_videos(&still, mine, START).await.try_into().unwrap();
        assert_eq!(found.post.freshness.next_scrape_at, Some(START.plus(DAY)));

        pause(&still, mine, START.plus(22 * HOUR)).await;
        read(&home, START.plus(40 * HOUR), answer("11", "amy", &one())).await;
        let now = START.plus(41 * HOUR);
        resume(&still, mine, now).await;
        assert_eq!(next_read(&still, mine, now).await, Some(now), "at once when it has passed");
        let targets = work(&home.store, now, answer("11", "amy", &one())).await;
        assert_eq!(targets.len(), 3, "profile, list and post: {targets:?}");
        assert_eq!((attempts(&still, mine).await, attempts_in_feed(&still, mine).await), (good(now), good(now)));
        let next = next_read(&still, mine, now).await.unwrap();
        patch(&still, mine, &AccountChange { category: Some(Some("food".to_owned())), ..AccountChange::default() }, now.plus(HOUR)).await;
        assert_eq!(next_read(&still, mine, now).await, Some(next), "a time that suits stays");
    }

    async fn a_record_that_was_never_read_is_read_at_once_when_it_goes_on(home) {
        let (late, other) = (tenant(&home.store).await, tenant(&home.store).await);
        add(&other, &new_account("amy"), START).await;
        let (mine, _) = add(&late, &NewAccount { is_active: false, ..new_account("amy") }, START).await;
        read(&home, START, answer("11", "amy", &one())).await;
        read(&home, START.plus(HOUR), answer("11", "amy", &one())).await;
        assert_eq!(attempts(&late, mine).await, NONE);
        let now = START.plus(2 * HOUR);
        resume(&late, mine, now).await;
        assert_eq!(next_read(&late, mine, now).await, Some(now));
        work(&home.store, now, answer("11", "amy", &one())).await;
        assert_eq!(attempts(&late, mine).await, good(now));
    }

    async fn what_fails_for_others_keeps_its_back_off_when_somebody_comes_back(home) {
        let (still, other) = (tenant(&home.store).await, tenant(&home.store).await);
        let (mine, _) = add(&still, &new_account("amy"), START).await;
        let (theirs, _) = add(&other, &new_account("amy"), START).await;
        work(&home.store, START, answer("11", "amy", &[])).await;
        pause(&still, mine, START).await;
        let now = START.plus(30 * HOUR);
        fail(&home, now).await;
        let retry = next_read(&other, theirs, now).await;
        resume(&still, mine, now).await;
        assert_eq!((next_read(&still, mine, now).await, attempts(&still, mine).await), (retry, good(START)));
    }

    async fn lists_between_the_reads_of_a_page_do_not_put_it_off(home) {
        let tenant = tenant(&home.store).await;
        let (id, _) = add(&tenant, &new_account("amy"), START).await;
        for hour in [0, 12] {
            read(&home, START.plus(HOUR * hour), answer("11", "amy", &one())).await;
        }
        let [found] = account_videos(&tenant, id, START).await.try_into().unwrap();
        let due = found.post.freshness.next_scrape_at.unwrap();
        let now = START.plus(20 * HOUR);
        home.sql(&format!("UPDATE schedules SET due_at = {} WHERE kind = 'profile'", now.as_millis())).await;
        let targets = work(&home.store, now, answer("11", "amy", &one())).await;
        assert_eq!(targets.len(), 2, "profile and list: {targets:?}");
        patch(&tenant, id, &AccountChange { category: Some(Some("food".to_owned())), ..AccountChange::default() }, now).await;
        let [found] = account_videos(&tenant, id, START).await.try_into().unwrap();
        assert_eq!((found.post.last_scrape_at, found.post.freshness.next_scrape_at), (Some(now), Some(due)));
    }

    async fn a_page_that_withholds_all_but_the_counts_is_a_good_attempt_with_its_own_outcome(home) {
        let tenant = tenant(&home.store).await;
        let id = add_video(&tenant, &new_video(&post_id(1).to_string()), START).await;
        read(&home, START, |_| {
            let mut facts = post(post_id(1), START, 5);
            facts.metrics.likes = exact(1);
            Observation { outcome: Outcome::Private, ..page_of(facts) }
        })
        .await;
        assert_eq!(attempts_at_video(&tenant, id).await, (Some(START), Some(Outcome::Private), 0));
    }

    async fn attempts_of_before_are_given_to_those_for_whom_they_were_made(home) {
        let [still, other, late] = [tenant(&home.store).await, tenant(&home.store).await, tenant(&home.store).await];
        let (paused, _) = add(&still, &new_account("amy"), START).await;
        let (failing, _) = add(&other, &new_account("amy"), START).await;
        let by_hand = add_video(&other, &new_video(&post_id(1).to_string()), START).await;
        work(&home.store, START, answer("11", "amy", &one())).await;
        pause(&still, paused, START).await;
        for hour in [1, 2] {
            fail(&home, START.plus(HOUR * hour)).await;
        }
        let now = START.plus(2 * HOUR);
        let (never, _) = add(&late, &NewAccount { is_active: false, ..new_account("amy") }, now).await;
        let new_video = add_video(&late, &new_video(&post_id(2).to_string()), now).await;
        fail(&home, START.plus(3 * HOUR)).await;
        let told = "SELECT COUNT(tried_at) FROM tracked_posts";
        let all = async || {
            (
                [attempts(&still, paused).await, attempts(&other, failing).await, attempts(&late, never).await],
                [attempts_in_feed(&still, paused).await, attempts_in_feed(&other, failing).await],
                [attempts_at_video(&other, by_hand).await, attempts_at_video(&late, new_video).await],
                home.number(told).await,
            )
        };
        let before = all().await;
        assert_eq!(before.0, [good(START), timed_out(START.plus(3 * HOUR), 3), NONE]);
        assert_eq!((before.2[1], before.3), (timed_out(START.plus(3 * HOUR), 1), Some(1)));
        home.take_back("m0013_own_attempts").await;
        home.store.migrate().await.unwrap();
        assert_eq!(all().await, before);
    }
}
