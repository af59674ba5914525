//! Runs: the truth of every field over a whole life, what each organization may see, refreshing on demand, pruning.

#![expect(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a helper of a test fails the test")]

mod support;

use std::time::Duration;

use domain::{
    AccountId, Outcome, Platform, RequestId, RunId, RunStatus, TargetKind, Timestamp, Trigger, VideoId, Wake,
};
use futures_util::future::join_all;
use store::{
    AccountChange, Claim, Direction, Page, PageRequest, Refreshed, RowId, Run, RunFilter, RunOrder, RunTarget, Store,
    Tenant, VideoChange,
};
use support::{
    HOUR, MINUTE, START, add, add_video, answer, begin, claim, claims, failed, new_account, new_video, patch, post,
    post_id, profile, record, tenant, work,
};

const COOLDOWN: Duration = Duration::from_mins(15);

const fn newest(limit: u32) -> PageRequest<RunOrder> {
    PageRequest { order_by: RunOrder::QueuedAt, direction: Direction::Desc, after: None, limit, include_total: false }
}

async fn listed(tenant: &Tenant, filter: &RunFilter) -> Vec<Run> {
    tenant.runs(filter, &newest(200)).await.unwrap().rows
}

async fn all(tenant: &Tenant) -> Vec<Run> {
    listed(tenant, &RunFilter::default()).await
}

/// The runs of one kind, newest first.
async fn of_kind(tenant: &Tenant, kind: TargetKind) -> Vec<Run> {
    all(tenant).await.into_iter().filter(|run| run.kind == kind).collect()
}

async fn run(tenant: &Tenant, id: RunId) -> Run {
    tenant.run(id).await.unwrap().expect("the run")
}

async fn refresh(tenant: &Tenant, id: AccountId, now: Timestamp) -> (Refreshed, Vec<Wake>) {
    let mut tx = begin(tenant, now).await;
    let refreshed = tx.refresh_account(id, COOLDOWN).await.unwrap();
    (refreshed, tx.commit().await.unwrap())
}

/// A run without what differs between two of the same life.
fn comparable(run: &Run, own: RunTarget, since: Timestamp) -> Run {
    assert_eq!(run.target, own);
    let shift = |at: Timestamp| Timestamp::from_millis(at.as_millis() - since.as_millis());
    Run {
        id: RunId(uuid::Uuid::nil()),
        target: RunTarget::Account(AccountId(uuid::Uuid::nil())),
        request_id: run.request_id.as_ref().map(|_| "own".to_owned()),
        queued_at: shift(run.queued_at),
        started_at: run.started_at.map(shift),
        finished_at: run.finished_at.map(shift),
        ..run.clone()
    }
}

/// The life of an added account, read at `after` from its adding on.
async fn read_all(store: &Store, now: Timestamp) {
    work(store, now, answer("11", "amy", &[post(post_id(1), START, 5)])).await;
}

on_both! {
    async fn every_field_is_true_over_a_whole_life(home) {
        let tenant = tenant(&home.store).await;
        let request_id = RequestId::new();
        let mut tx = tenant.begin(&request_id, START).await.unwrap();
        let account = tx.create_account(&new_account("amy")).await.unwrap();
        let wakes = tx.commit().await.unwrap();

        let [queued] = all(&tenant).await.try_into().unwrap();
        let expected = Run {
            id: queued.id,
            target: RunTarget::Account(account),
            kind: TargetKind::Profile,
            platform: Platform::Tiktok,
            trigger: Trigger::Created,
            request_id: Some(request_id.as_str().to_owned()),
            status: RunStatus::Queued,
            outcome: None,
            attempts: 0,
            queued_at: START,
            started_at: None,
            finished_at: None,
            http_status: None,
            adapter: None,
            detail: None,
            worker: None,
        };
        assert_eq!(queued, expected);

        let began = START.plus(MINUTE);
        let job = claim(&home.store, &wakes[0], began).await;
        let expected = Run { status: RunStatus::Running, attempts: 1, started_at: Some(began), worker: Some("w1".to_owned()), ..expected };
        assert_eq!(run(&tenant, queued.id).await, expected);

        home.store.release(&job, began).await.unwrap();
        assert_eq!(run(&tenant, queued.id).await, Run { status: RunStatus::Queued, worker: None, ..expected.clone() });
        let job = claim(&home.store, &wakes[0], began.plus(MINUTE)).await;
        let ended = began.plus(2 * MINUTE);
        let mut observation = profile("11", "amy", 1000);
        observation.http_status = Some(200);
        let feed = record(&home.store, &job, &observation, ended).await;
        let expected = Run {
            status: RunStatus::Succeeded,
            outcome: Some(Outcome::Ok),
            attempts: 2,
            finished_at: Some(ended),
            http_status: Some(200),
            adapter: Some("test.profile".to_owned()),
            ..expected
        };
        assert_eq!(run(&tenant, queued.id).await, expected);

        // What follows from the call is the call's.
        let [feed_run] = of_kind(&tenant, TargetKind::Feed).await.try_into().unwrap();
        assert_eq!((feed_run.trigger, feed_run.status), (Trigger::Scheduled, RunStatus::Queued));
        assert_eq!((feed_run.request_id.as_deref(), feed_run.target), (Some(request_id.as_str()), RunTarget::Account(account)));
        let job = claim(&home.store, &feed[0], ended).await;
        record(&home.store, &job, &support::feed(vec![post(post_id(1), START, 5)]), ended).await;
        let [post_run] = of_kind(&tenant, TargetKind::Post).await.try_into().unwrap();
        assert!(matches!(post_run.target, RunTarget::AccountVideo(_)), "{post_run:?}");
        assert_eq!((post_run.trigger, post_run.request_id.as_deref()), (Trigger::Created, Some(request_id.as_str())));
        let by_request = RunFilter { request_id: Some(request_id.as_str().to_owned()), ..RunFilter::default() };
        assert_eq!(listed(&tenant, &by_request).await.len(), 3);
    }

    async fn a_retry_names_the_call_whose_run_failed_and_the_next_read_names_none(home) {
        let tenant = tenant(&home.store).await;
        let (_, wakes) = add(&tenant, &new_account("amy"), START).await;
        let job = claim(&home.store, &wakes[0], START).await;
        record(&home.store, &job, &failed(Outcome::Timeout), START).await;
        let [first] = all(&tenant).await.try_into().unwrap();
        assert_eq!((first.status, first.outcome, first.finished_at), (RunStatus::Failed, Some(Outcome::Timeout), Some(START)));
        assert_eq!(first.detail.as_deref(), Some("as the test wants it"));

        let due = Timestamp::from_millis(home.number("SELECT due_at FROM schedules WHERE kind = 'profile'").await.unwrap());
        let later = due.plus(MINUTE);
        read_all(&home.store, later).await;
        let [retry, before] = of_kind(&tenant, TargetKind::Profile).await.try_into().unwrap();
        assert_eq!(before.id, first.id);
        assert_eq!((retry.trigger, retry.status), (Trigger::Retry, RunStatus::Succeeded));
        assert_eq!(retry.request_id, first.request_id);
        assert_eq!((retry.attempts, retry.started_at), (1, Some(later)));
        assert_eq!(retry.queued_at, due, "it waited from when it was due");
        let by_request = RunFilter { request_id: first.request_id.clone(), ..RunFilter::default() };
        let found = listed(&tenant, &by_request).await;
        assert!(found.contains(&retry) && found.contains(&first), "{found:?}");

        read_all(&home.store, later.plus(24 * HOUR)).await;
        let routine = &of_kind(&tenant, TargetKind::Profile).await[0];
        assert_eq!((routine.trigger, &routine.request_id), (Trigger::Scheduled, &None));
        assert_eq!(Some(routine.queued_at), routine.started_at, "its due time would tell whose interval it follows");
    }

    async fn a_run_that_is_not_needed_any_more_is_skipped(home) {
        let tenant = tenant(&home.store).await;
        let (id, wakes) = add(&tenant, &new_account("amy"), START).await;
        patch(&tenant, id, &AccountChange { is_active: Some(false), ..AccountChange::default() }, START).await;
        let later = START.plus(MINUTE);
        assert_eq!(home.store.claim(&wakes[0], &claims("w1"), later).await.unwrap(), Claim::Untracked);
        let [skipped] = all(&tenant).await.try_into().unwrap();
        assert_eq!((skipped.status, skipped.outcome, skipped.attempts), (RunStatus::Skipped, None, 0));
        assert_eq!((skipped.started_at, skipped.finished_at), (None, Some(later)));
        assert_eq!(skipped.detail.as_deref(), Some("nobody collects it any more"));
    }

    async fn a_run_whose_row_is_armed_anew_gives_way_and_says_so_without_naming_the_other(home) {
        let tenant = tenant(&home.store).await;
        let (id, _) = add(&tenant, &new_account("amy"), START).await;
        let mut tx = begin(&tenant, START).await;
        tx.delete_account(id).await.unwrap();
        tx.commit().await.unwrap();
        let (again, _) = add(&tenant, &new_account("amy"), START.plus(MINUTE)).await;
        let [second, first] = all(&tenant).await.try_into().unwrap();
        assert_eq!((first.target, first.status), (RunTarget::Account(id), RunStatus::Skipped));
        assert_eq!(first.detail.as_deref(), Some("a later run took its place"));
        assert_eq!((second.target, second.status), (RunTarget::Account(again), RunStatus::Queued));
        // A re-added account does not inherit the runs of its predecessor, which stay to be found by its id.
        for (target, run) in [(id, first.id), (again, second.id)] {
            let filter = RunFilter { target: Some(RowId::Uuid(target.0)), ..RunFilter::default() };
            let found: Vec<_> = listed(&tenant, &filter).await.into_iter().map(|run| run.id).collect();
            assert_eq!(found, [run]);
        }
    }

    async fn the_run_of_a_lost_worker_does_not_run_for_ever(home) {
        let tenant = tenant(&home.store).await;
        let (id, wakes) = add(&tenant, &new_account("amy"), START).await;
        claim(&home.store, &wakes[0], START).await;
        let lost = all(&tenant).await.remove(0);
        // Armed anew by somebody else, while the first worker is never heard of again.
        let other = support::tenant(&home.store).await;
        let (_, wakes) = add(&other, &new_account("amy"), START.plus(MINUTE)).await;
        claim(&home.store, &wakes[0], START.plus(HOUR)).await;
        let lost = run(&tenant, lost.id).await;
        assert_eq!((lost.status, lost.finished_at), (RunStatus::Skipped, Some(START.plus(HOUR))));
        let now = all(&tenant).await.remove(0);
        assert_eq!((now.status, now.target, now.request_id), (RunStatus::Running, RunTarget::Account(id), None));
    }

    async fn two_organizations_that_track_the_same_profile_see_nothing_of_each_other(home) {
        let (one, two, alone) = (tenant(&home.store).await, tenant(&home.store).await, tenant(&home.store).await);
        let (first, wakes) = add(&one, &new_account("amy"), START).await;
        assert!(all(&two).await.is_empty());
        let (second, both) = add(&two, &new_account("amy"), START.plus(MINUTE)).await;
        let (only, own) = add(&alone, &new_account("ben"), START.plus(MINUTE)).await;
        let due = START.plus(2 * MINUTE);
        assert_eq!(home.store.claim(&wakes[0], &claims("w1"), due).await.unwrap(), Claim::NotDue);
        for (wake, id, name) in [(&both[0], "11", "amy"), (&own[0], "12", "ben")] {
            let job = claim(&home.store, wake, due).await;
            record(&home.store, &job, &profile(id, name, 1), due).await;
        }
        // The life of each is that of somebody who is alone.
        let expected = comparable(&of_kind(&alone, TargetKind::Profile).await[0], RunTarget::Account(only), START.plus(MINUTE));
        let [theirs] = of_kind(&two, TargetKind::Profile).await.try_into().unwrap();
        assert_eq!(comparable(&theirs, RunTarget::Account(second), START.plus(MINUTE)), expected);
        let [mine] = of_kind(&one, TargetKind::Profile).await.try_into().unwrap();
        let mine_shown = comparable(&mine, RunTarget::Account(first), START);
        assert_eq!((mine_shown.status, mine_shown.trigger), (RunStatus::Succeeded, Trigger::Created));
        assert_ne!(mine.request_id, theirs.request_id);
        assert_eq!((mine.queued_at, theirs.queued_at), (START, START.plus(MINUTE)));

        // Another's refresh is a scheduled read, and is not there before it begins.
        let later = due.plus(HOUR);
        let (refreshed, wakes) = refresh(&two, second, later).await;
        let Refreshed::Begun { run: asked, .. } = refreshed else { panic!("{refreshed:?}") };
        assert_eq!((asked.trigger, asked.target), (Trigger::Refresh, RunTarget::Account(second)));
        assert_eq!(of_kind(&one, TargetKind::Profile).await.len(), 1);
        assert!(one.run(asked.id).await.unwrap().is_none());
        let claimed = later.plus(MINUTE);
        claim(&home.store, &wakes[0], claimed).await;
        let seen = run(&one, asked.id).await;
        assert_eq!((seen.trigger, seen.request_id, seen.target), (Trigger::Scheduled, None, RunTarget::Account(first)));
        assert_eq!((seen.queued_at, seen.started_at), (claimed, Some(claimed)));
        let by_request = RunFilter { request_id: asked.request_id, ..RunFilter::default() };
        assert!(listed(&one, &by_request).await.is_empty());
        assert!(all(&alone).await.iter().all(|run| run.id != asked.id));
        assert!(alone.run(asked.id).await.unwrap().is_none());
    }

    async fn what_follows_a_failure_is_its_retry_whoever_armed_it(home) {
        let (one, two) = (tenant(&home.store).await, tenant(&home.store).await);
        let (_, wakes) = add(&two, &new_account("amy"), START).await;
        let job = claim(&home.store, &wakes[0], START).await;
        record(&home.store, &job, &failed(Outcome::Timeout), START).await;
        let [first] = all(&two).await.try_into().unwrap();
        assert!(first.request_id.is_some());

        // Somebody else adds it before the retry, and that read fails as well.
        let asked = START.plus(Duration::from_secs(1));
        let (_, wakes) = add(&one, &new_account("amy"), asked).await;
        assert_eq!(all(&two).await.len(), 1, "it is not there before it begins");
        let began = asked.plus(Duration::from_secs(1));
        let job = claim(&home.store, &wakes[0], began).await;
        record(&home.store, &job, &failed(Outcome::Timeout), began).await;
        let second = all(&two).await.remove(0);
        assert_eq!((second.trigger, &second.request_id), (Trigger::Retry, &first.request_id));
        assert_eq!(second.queued_at, began, "when it was armed is the other's affair");
        let theirs = all(&one).await.remove(0);
        assert_eq!((theirs.id, theirs.trigger, theirs.queued_at), (second.id, Trigger::Created, asked));
        assert_ne!(theirs.request_id, first.request_id);

        // The retry that both wait for is that of each, and so is what follows from it.
        let due = Timestamp::from_millis(home.number("SELECT due_at FROM schedules WHERE kind = 'profile'").await.unwrap());
        read_all(&home.store, due.plus(MINUTE)).await;
        for (tenant, own) in [(&one, &theirs), (&two, &first)] {
            let third = of_kind(tenant, TargetKind::Profile).await.remove(0);
            assert_eq!((third.trigger, third.status, third.queued_at), (Trigger::Retry, RunStatus::Succeeded, due));
            let runs = all(tenant).await;
            assert!(runs.len() > 3 && runs.iter().all(|run| run.request_id == own.request_id), "{runs:?}");
        }
    }

    async fn the_retry_of_a_failure_is_one_still_when_its_worker_is_lost(home) {
        let (one, two) = (tenant(&home.store).await, tenant(&home.store).await);
        let (_, wakes) = add(&two, &new_account("amy"), START).await;
        let job = claim(&home.store, &wakes[0], START).await;
        record(&home.store, &job, &failed(Outcome::Timeout), START).await;
        let later = START.plus(HOUR);
        let wake = home.store.offer_due(&support::platform(Platform::Tiktok), 1, Duration::ZERO, later).await.unwrap().remove(0);
        claim(&home.store, &wake, later).await;
        let (_, wakes) = add(&one, &new_account("amy"), later).await;
        claim(&home.store, &wakes[0], later.plus(HOUR)).await;
        let [third, second, first] = all(&two).await.try_into().unwrap();
        assert_eq!((third.status, second.status, first.status), (RunStatus::Running, RunStatus::Skipped, RunStatus::Failed));
        assert_eq!((third.trigger, &third.request_id), (Trigger::Retry, &first.request_id));
        assert_eq!(third.queued_at, later.plus(HOUR));
    }

    async fn who_leaves_before_a_worker_comes_sees_the_run_end_there(home) {
        let (one, two) = (tenant(&home.store).await, tenant(&home.store).await);
        let (first, _) = add(&one, &new_account("amy"), START).await;
        let (_, _) = add(&two, &new_account("amy"), START).await;
        patch(&one, first, &AccountChange { is_active: Some(false), ..AccountChange::default() }, START).await;
        let later = START.plus(MINUTE);
        read_all(&home.store, later).await;
        read_all(&home.store, later.plus(48 * HOUR)).await;
        let [left] = all(&one).await.try_into().unwrap();
        assert_eq!((left.status, left.outcome, left.attempts, left.worker), (RunStatus::Skipped, None, 0, None));
        assert_eq!((left.started_at, left.finished_at), (None, Some(later)));
        assert_eq!((left.detail.as_deref(), left.http_status), (Some("nobody collects it any more"), None));
        assert_eq!(of_kind(&two, TargetKind::Profile).await.len(), 2, "a paused tracker sees nothing of runs made meanwhile");
    }

    async fn a_post_tracked_by_hand_is_read_as_a_video_and_otherwise_as_an_account_video(home) {
        let (one, two) = (tenant(&home.store).await, tenant(&home.store).await);
        let (_, _) = add(&one, &new_account("amy"), START).await;
        let video = add_video(&two, &new_video(&post_id(1).to_string()), START).await;
        read_all(&home.store, START.plus(MINUTE)).await;
        let posts = of_kind(&one, TargetKind::Post).await;
        assert!(!posts.is_empty() && posts.iter().all(|run| matches!(run.target, RunTarget::AccountVideo(_))), "{posts:?}");
        let posts = of_kind(&two, TargetKind::Post).await;
        assert!(!posts.is_empty() && posts.iter().all(|run| run.target == RunTarget::Video(video)), "{posts:?}");
        assert!(two.tracks(RunTarget::Video(video)).await.unwrap() && !one.tracks(RunTarget::Video(video)).await.unwrap());
    }

    async fn a_list_is_filtered_and_walked_page_by_page(home) {
        let tenant = tenant(&home.store).await;
        for n in 0..5 {
            add(&tenant, &new_account(&format!("amy{n}")), START.plus(MINUTE * n)).await;
        }
        let (bad, wakes) = add(&tenant, &new_account("bad"), START).await;
        let job = claim(&home.store, &wakes[0], START).await;
        record(&home.store, &job, &failed(Outcome::Blocked), START).await;
        let mut request = PageRequest { include_total: true, ..newest(2) };
        let mut seen = Vec::new();
        loop {
            let Page { rows, next, total } = tenant.runs(&RunFilter::default(), &request).await.unwrap();
            assert_eq!(total, Some(6));
            seen.extend(rows);
            request.after = next;
            if request.after.is_none() {
                break;
            }
        }
        assert_eq!(seen.len(), 6);
        assert!(seen.is_sorted_by(|a, b| (a.queued_at, a.id) > (b.queued_at, b.id)));
        let by = async |filter: RunFilter| listed(&tenant, &filter).await;
        for filter in [
            RunFilter { status: Some(RunStatus::Failed), ..RunFilter::default() },
            RunFilter { outcome: Some(Outcome::Blocked), ..RunFilter::default() },
            RunFilter { target: Some(RowId::Uuid(bad.0)), ..RunFilter::default() },
        ] {
            let found = by(filter).await;
            assert_eq!(found.iter().map(|run| run.target).collect::<Vec<_>>(), [RunTarget::Account(bad)]);
        }
        assert_eq!(by(RunFilter { status: Some(RunStatus::Queued), ..RunFilter::default() }).await.len(), 5);
        assert!(by(RunFilter { status: Some(RunStatus::Queued), outcome: Some(Outcome::Ok), ..RunFilter::default() }).await.is_empty());
    }

    async fn a_refresh_reads_now_and_others_within_the_cooldown_share_it(home) {
        let tenant = tenant(&home.store).await;
        let (id, _) = add(&tenant, &new_account("amy"), START).await;
        // The first read is under way already.
        let (refreshed, wakes) = refresh(&tenant, id, START).await;
        let Refreshed::Coalesced { run: first, next_allowed_at } = refreshed else { panic!("{refreshed:?}") };
        assert_eq!((first.trigger, next_allowed_at, wakes.len()), (Trigger::Created, START.plus(COOLDOWN), 0));
        read_all(&home.store, START).await;

        let soon = START.plus(COOLDOWN).minus(Duration::from_millis(1));
        let (refreshed, _) = refresh(&tenant, id, soon).await;
        let Refreshed::Coalesced { run: ended, next_allowed_at } = refreshed else { panic!("{refreshed:?}") };
        assert_eq!((ended.id, ended.status, next_allowed_at), (first.id, RunStatus::Succeeded, START.plus(COOLDOWN)));

        let then = START.plus(COOLDOWN);
        let (refreshed, wakes) = refresh(&tenant, id, then).await;
        let Refreshed::Begun { run: begun, next_allowed_at } = refreshed else { panic!("{refreshed:?}") };
        assert_eq!((begun.trigger, begun.status, begun.queued_at), (Trigger::Refresh, RunStatus::Queued, then));
        assert_eq!((wakes.len(), next_allowed_at), (1, then.plus(COOLDOWN)));
        // However long it waits.
        let (refreshed, _) = refresh(&tenant, id, then.plus(48 * HOUR)).await;
        assert!(matches!(refreshed, Refreshed::Coalesced { run, .. } if run.id == begun.id));
        let read_at = then.plus(49 * HOUR);
        read_all(&home.store, read_at).await;
        assert_eq!(support::account(&tenant, id, read_at).await.last_scrape_at, Some(read_at));
        assert_eq!(run(&tenant, begun.id).await.status, RunStatus::Succeeded);
    }

    async fn a_video_is_refreshed_likewise(home) {
        let tenant = tenant(&home.store).await;
        let id = add_video(&tenant, &new_video(&post_id(1).to_string()), START).await;
        read_all(&home.store, START).await;
        let later = START.plus(HOUR);
        let again = async |id: VideoId, now: Timestamp| {
            let mut tx = begin(&tenant, now).await;
            let refreshed = tx.refresh_video(id, COOLDOWN).await;
            tx.commit().await.unwrap();
            refreshed
        };
        let Refreshed::Begun { run: begun, .. } = again(id, later).await.unwrap() else { panic!("not begun") };
        assert_eq!((begun.kind, begun.target), (TargetKind::Post, RunTarget::Video(id)));
        assert!(matches!(again(id, later).await.unwrap(), Refreshed::Coalesced { run, .. } if run.id == begun.id));
        let mut tx = begin(&tenant, later).await;
        tx.update_video(id, &VideoChange { is_active: Some(false), ..VideoChange::default() }).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(again(id, later).await.unwrap(), Refreshed::Paused);
        assert!(again(VideoId::new(), later).await.is_err());
    }

    async fn what_is_paused_by_itself_or_by_its_creator_is_not_refreshed(home) {
        let tenant = tenant(&home.store).await;
        let creator = support::add_creator(&tenant, "Amy", START).await;
        let (id, _) = add(&tenant, &store::NewAccount { creator_id: Some(creator), ..new_account("amy") }, START).await;
        let mut tx = begin(&tenant, START).await;
        tx.update_creator(creator, &store::CreatorChange { is_active: Some(false), ..Default::default() }).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(refresh(&tenant, id, START).await.0, Refreshed::CreatorPaused);
        patch(&tenant, id, &AccountChange { is_active: Some(false), ..AccountChange::default() }, START).await;
        assert_eq!(refresh(&tenant, id, START).await.0, Refreshed::Paused);
        let other = support::tenant(&home.store).await;
        let mut tx = begin(&other, START).await;
        assert!(matches!(tx.refresh_account(id, COOLDOWN).await, Err(store::Refusal::NoAccount(_))));
    }

    async fn twenty_refreshes_at_once_make_one_run(home) {
        let tenant = tenant(&home.store).await;
        let (id, _) = add(&tenant, &new_account("amy"), START).await;
        read_all(&home.store, START).await;
        let later = START.plus(HOUR);
        let refreshed = join_all((0..20).map(|_| refresh(&tenant, id, later))).await;
        let begun = refreshed.iter().filter(|(refreshed, _)| matches!(refreshed, Refreshed::Begun { .. })).count();
        let wakes: usize = refreshed.iter().map(|(_, wakes)| wakes.len()).sum();
        assert_eq!((begun, wakes), (1, 1));
        assert_eq!(of_kind(&tenant, TargetKind::Profile).await.len(), 2);
    }

    async fn old_runs_go_in_batches_and_what_a_row_names_stays(home) {
        let tenant = tenant(&home.store).await;
        let (_, _) = add(&tenant, &new_account("amy"), START).await;
        read_all(&home.store, START).await;
        let (_, _) = add(&tenant, &new_account("ben"), START).await;
        let (_, wakes) = add(&tenant, &new_account("cid"), START).await;
        claim(&home.store, &wakes[0], START).await;
        let before = all(&tenant).await;
        assert_eq!(home.store.prune_runs(START, 100).await.unwrap(), 0, "nothing is older");
        let later = START.plus(HOUR);
        assert_eq!(home.store.prune_runs(later, 1).await.unwrap(), 1);
        home.store.prune_runs(later, 100).await.unwrap();
        let mut left: Vec<_> = all(&tenant).await.into_iter().map(|run| run.status).collect();
        left.sort_by_key(|status| status.as_str());
        assert!(before.len() > 3, "{before:?}");
        assert_eq!(left, [RunStatus::Queued, RunStatus::Running]);
        assert_eq!(home.number("SELECT COUNT(*) FROM tracked_runs").await, Some(2));
        assert_eq!(home.number("SELECT COUNT(*) FROM runs").await, Some(2));
    }
}
