//! The record of calls: written once, whatever happens; found by index; forgotten in time. And the stories that it tells.

#![expect(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a helper of a test fails the test")]

mod support;

use std::borrow::Cow;

use domain::{ApiKey, ApiKeyId, OrganizationId, RequestId, RunId, Timestamp};
use store::{ApiProcess, NewRequestEvent, RequestEvent, Store};
use support::{HOUR, Home, MINUTE, START};
use uuid::Uuid;

const LIMIT: u32 = 100;

fn event(id: &str, organization: Option<OrganizationId>, at: Timestamp) -> NewRequestEvent<'static> {
    NewRequestEvent {
        request_id: id.to_owned().into(),
        occurred_at: at,
        organization_id: organization,
        api_key_id: None,
        api_key_name: None,
        method: "GET".into(),
        route: "/v2/accounts",
        path: "/v2/accounts".into(),
        status: 200,
        code: None,
        duration_us: 812,
        client_address: None,
        user_agent: None,
        idempotency_key: None,
        resources: None,
        replay_of: None,
        is_write: false,
    }
}

fn process(written: usize) -> ApiProcess {
    let written = u64::try_from(written).unwrap();
    ApiProcess { name: "serve-a-1".to_owned(), started_at: START, written, lost: 0, lost_at: None }
}

async fn write(store: &Store, process: &ApiProcess, events: &[NewRequestEvent<'_>]) {
    store.write_request_events(process, events.iter().cloned(), false, START).await.unwrap();
}

async fn number(home: &Home, sql: &str) -> i64 {
    home.number(sql).await.unwrap()
}

/// A literal of an id in the dialect at hand.
fn literal(home: &Home, id: Uuid) -> String {
    if home.url.starts_with("sqlite") { format!("x'{}'", id.simple()) } else { format!("'{id}'") }
}

async fn key(store: &Store, organization: OrganizationId, seed: u8) -> ApiKeyId {
    let key = ApiKey::from_entropy(&std::array::from_fn(|at| seed.wrapping_add(u8::try_from(at).unwrap())));
    store.create_key(organization, "a key", &key, &"read".parse().unwrap(), None, START).await.unwrap().id
}

fn ids(calls: &[RequestEvent]) -> Vec<&str> {
    calls.iter().map(|call| call.request_id.as_str()).collect()
}

/// Notes a failed run that a call of the organization caused, and shows it to it.
async fn insert_run(home: &Home, id: RunId, owner: OrganizationId, request: &str, at: Timestamp) {
    let (run, owner, at) = (literal(home, id.0), literal(home, owner.0), at.as_millis());
    home.sql(&format!(
        "INSERT INTO runs (id, kind, target_id, platform, reason, request_id, organization_id, status, queued_at) \
         VALUES ({run}, 'profile', 1, 'tiktok', 'created', '{request}', {owner}, 'failed', {at})"
    ))
    .await;
    let account = domain::AccountId::new();
    home.sql(&format!(
        "INSERT INTO tracked_runs (organization_id, run_id, target_type, target_id, reason, request_id, queued_at, status) \
         VALUES ({owner}, {run}, 'account', '{account}', 'created', '{request}', {at}, 'failed')"
    ))
    .await;
}

on_both! {
    async fn every_field_comes_back_as_it_was_written(home) {
        let organization = support::organization(&home.store, None).await;
        let account = Uuid::now_v7().to_string();
        let written = NewRequestEvent {
            api_key_id: Some(ApiKeyId::new()),
            api_key_name: Some("Müller's key".into()),
            method: "PATCH".into(),
            code: Some("CONFLICT"),
            status: 409,
            client_address: Some("203.0.113.0/24".into()),
            user_agent: Some("curl\t8 \\N \"x\"".into()),
            idempotency_key: Some("order 17".into()),
            resources: Some(format!("{account} 17").into()),
            replay_of: Some("the first".into()),
            is_write: true,
            ..event("every-field", Some(organization), START)
        };
        write(&home.store, &process(1), std::slice::from_ref(&written)).await;
        let id = RequestId::adopt(Some("every-field"));
        let found = home.store.tenant(organization).recorded_request(&id).await.unwrap().unwrap();
        assert_eq!(
            found.call,
            RequestEvent {
                request_id: "every-field".to_owned(),
                occurred_at: START,
                process: "serve-a-1".to_owned(),
                organization_id: Some(organization),
                api_key_id: written.api_key_id,
                api_key_name: written.api_key_name.map(Cow::into_owned),
                method: "PATCH".to_owned(),
                route: "/v2/accounts".to_owned(),
                path: "/v2/accounts".to_owned(),
                status: 409,
                code: Some("CONFLICT".to_owned()),
                duration_us: 812,
                client_address: written.client_address.map(Cow::into_owned),
                user_agent: written.user_agent.map(Cow::into_owned),
                idempotency_key: written.idempotency_key.map(Cow::into_owned),
                resources: vec![account, "17".to_owned()],
                replay_of: Some("the first".to_owned()),
            }
        );
        let stranger = support::organization(&home.store, None).await;
        assert_eq!(home.store.tenant(stranger).recorded_request(&id).await.unwrap(), None);
    }

    async fn a_batch_that_is_tried_again_is_written_once(home) {
        let events: Vec<_> = (0..301).map(|n| event(&format!("call-{n}"), None, START)).collect();
        write(&home.store, &process(301), &events).await;
        write(&home.store, &process(301), &events).await;
        assert_eq!(number(&home, "SELECT COUNT(*) FROM request_events").await, 301);
        write(&home.store, &process(602), &events).await;
        assert_eq!(number(&home, "SELECT COUNT(*) FROM request_events").await, 602);
        // Another life of the same name counts from one.
        let reborn = ApiProcess { started_at: START.plus(HOUR), ..process(301) };
        write(&home.store, &reborn, &events).await;
        assert_eq!(number(&home, "SELECT COUNT(*) FROM request_events").await, 903);
    }

    async fn the_last_use_of_a_key_is_written_once_a_minute_whoever_saw_it(home) {
        let organization = support::organization(&home.store, None).await;
        let keys = [key(&home.store, organization, 1).await, key(&home.store, organization, 9).await];
        let used = async |at: Timestamp| {
            home.store.note_key_uses(&keys.map(|key| (key, at))).await.unwrap();
            number(&home, "SELECT MIN(last_used_at) FROM api_keys").await
        };
        assert_eq!(used(START).await, START.as_millis());
        assert_eq!(used(START.plus(MINUTE / 2)).await, START.as_millis(), "another process saw it half a minute later");
        assert_eq!(used(START.plus(2 * MINUTE)).await, START.plus(2 * MINUTE).as_millis());
        assert_eq!(used(START).await, START.plus(2 * MINUTE).as_millis(), "a late word does not turn time back");
    }

    async fn old_calls_go_a_bounded_number_at_a_time_with_what_they_touched(home) {
        let organization = support::organization(&home.store, None).await;
        let call = |n: u32, at| NewRequestEvent {
            resources: Some(Uuid::now_v7().to_string().into()),
            is_write: true,
            ..event(&format!("call-{n}"), Some(organization), at)
        };
        let old: Vec<_> = (0..5).map(|n| call(n, START)).collect();
        let new: Vec<_> = (5..8).map(|n| call(n, START.plus(HOUR))).collect();
        write(&home.store, &process(8), &[old, new].concat()).await;
        let before = START.plus(MINUTE);
        for gone in [2 + 2 + 1, 2 + 2, 1 + 1, 0] {
            assert_eq!(home.store.prune_request_events(before, 2).await.unwrap(), gone);
        }
        assert_eq!(number(&home, "SELECT COUNT(*) FROM request_events").await, 3);
        assert_eq!(number(&home, "SELECT COUNT(*) FROM touched_resources").await, 3);
        assert_eq!(number(&home, "SELECT COUNT(*) FROM api_processes").await, 0);
    }

    async fn a_process_that_said_no_goodbye_is_told_of(home) {
        let named = |name: &str| ApiProcess { name: name.to_owned(), ..process(0) };
        let store = &home.store;
        store.write_request_events(&named("said goodbye"), std::iter::empty(), true, START).await.unwrap();
        store.write_request_events(&named("crashed"), std::iter::empty(), false, START).await.unwrap();
        store.write_request_events(&named("began again"), std::iter::empty(), false, START.plus(2 * MINUTE)).await.unwrap();
        let reborn = ApiProcess { started_at: START.plus(MINUTE), ..named("began again") };
        store.write_request_events(&reborn, std::iter::empty(), false, START.plus(2 * MINUTE)).await.unwrap();
        let lossy = ApiProcess { lost: 3, lost_at: Some(START), ..named("lost some") };
        store.write_request_events(&lossy, std::iter::empty(), false, START.plus(2 * MINUTE)).await.unwrap();
        let told = store.trace_request("none", LIMIT, START.plus(2 * MINUTE)).await.unwrap();
        let mut gaps: Vec<_> = told.gaps.iter().map(|gap| (gap.name.as_str(), gap.is_silent, gap.lost)).collect();
        gaps.sort_unstable();
        assert_eq!(gaps, [("began again", true, 0), ("crashed", true, 0), ("lost some", false, 3)]);
    }

    async fn the_runs_that_an_organization_caused_are_shown_to_it_alone(home) {
        let [own, stranger] = [support::organization(&home.store, None).await, support::organization(&home.store, None).await];
        let events = [event("shared-id", Some(own), START), event("shared-id", Some(stranger), START)];
        write(&home.store, &process(2), &events).await;
        let (run_id, account) = (RunId::new(), domain::AccountId::new());
        let (run_text, own_text) = (literal(&home, run_id.0), literal(&home, own.0));
        home.sql(&format!(
            "INSERT INTO runs (id, kind, target_id, platform, reason, request_id, organization_id, status, outcome, queued_at) \
             VALUES ({run_text}, 'profile', 1, 'tiktok', 'created', 'shared-id', {own_text}, 'failed', 'not_found', 5)"
        )).await;
        home.sql(&format!(
            "INSERT INTO tracked_runs \
             (organization_id, run_id, target_type, target_id, reason, request_id, queued_at, status, outcome) \
             VALUES ({own_text}, {run_text}, 'account', '{account}', 'created', 'shared-id', 5, 'failed', 'not_found')"
        )).await;
        let id = RequestId::adopt(Some("shared-id"));
        let mine = home.store.tenant(own).recorded_request(&id).await.unwrap().unwrap();
        assert_eq!(mine.runs.len(), 1);
        assert_eq!(mine.runs[0].id, run_id);
        assert_eq!(mine.runs[0].target, store::RunTarget::Account(account));
        assert_eq!((mine.runs[0].status, mine.runs[0].outcome), (domain::RunStatus::Failed, Some(domain::Outcome::NotFound)));
        let theirs = home.store.tenant(stranger).recorded_request(&id).await.unwrap().unwrap();
        assert_eq!((theirs.runs.len(), theirs.other_calls.len()), (0, 0));
    }

    async fn a_story_has_the_calls_of_everybody_and_the_writes_that_touched_a_record(home) {
        let organizations = [support::organization(&home.store, None).await, support::organization(&home.store, None).await];
        let account = domain::AccountId::new();
        let touching = |id: &str, at, is_write| NewRequestEvent {
            resources: Some(account.to_string().into()),
            is_write,
            ..event(id, Some(organizations[0]), at)
        };
        let events = [
            event("shared", None, START),
            event("shared", Some(organizations[0]), START.plus(MINUTE)),
            event("shared", Some(organizations[1]), START.plus(2 * MINUTE)),
            touching("created", START, true),
            touching("looked at", START.plus(MINUTE), false),
            touching("deleted", START.plus(2 * MINUTE), true),
        ];
        write(&home.store, &process(events.len()), &events).await;
        let shared = home.store.trace_request("shared", LIMIT, START).await.unwrap();
        let owners: Vec<_> = shared.calls.iter().map(|call| call.organization_id).collect();
        assert_eq!(owners, [None, Some(organizations[0]), Some(organizations[1])]);
        let story = home.store.trace_account(account, LIMIT, START).await.unwrap();
        assert_eq!(story.record, None, "there is no such account any more");
        assert_eq!(ids(&story.calls), ["created", "deleted"]);
        let bounded = home.store.trace_account(account, 1, START).await.unwrap();
        assert_eq!(ids(&bounded.calls), ["deleted"], "the newest");
    }

    async fn the_story_of_an_account_has_its_runs_and_their_page_loads(home) {
        let organization = support::organization(&home.store, None).await;
        let tenant = home.store.tenant(organization);
        let (account, wakes) = support::add(&tenant, &support::new_account("nasa"), START).await;
        let job = support::claim(&home.store, &wakes[0], START).await;
        let story = home.store.trace_account(account, LIMIT, START).await.unwrap();
        let record = story.record.unwrap();
        assert_eq!((record.kind, record.name.as_deref(), record.is_active), ("account", Some("nasa"), true));
        assert_eq!(story.runs.iter().map(|run| run.id).collect::<Vec<_>>(), [job.run_id]);
        assert_eq!(story.runs[0].status, "running");
        assert_eq!(story.loads.len(), 1);
        assert_eq!(story.loads[0].source, "test.profile");
        let same = home.store.trace_run(job.run_id, LIMIT, START).await.unwrap();
        assert_eq!((same.runs, same.loads), (story.runs, story.loads));
    }
    async fn the_story_of_an_account_names_the_calls_behind_its_runs(home) {
        let (own, stranger) = (support::organization(&home.store, None).await, support::organization(&home.store, None).await);
        let (account, _) = support::add(&home.store.tenant(own), &support::new_account("nasa"), START).await;
        // The run waits already: this call joins it.
        let (theirs, _) = support::add(&home.store.tenant(stranger), &support::new_account("nasa"), START.plus(MINUTE)).await;
        let now = START.plus(2 * MINUTE);
        let story = async |account| home.store.trace_account(account, LIMIT, now).await.unwrap();
        let lost = async |account| {
            let calls = story(account).await.unrecorded;
            calls.into_iter().map(|call| (call.request_id, call.organization_id.unwrap(), call.before)).collect::<Vec<_>>()
        };
        let run = story(account).await.runs[0].id;
        let [first] = lost(account).await.try_into().unwrap();
        let [second] = lost(theirs).await.try_into().unwrap();
        assert_eq!((first.1, first.2, second.1, second.2), (own, START, stranger, START.plus(MINUTE)));
        // Calls of a thousand, which name their first hundred alone; and others under the same ids.
        let events = [
            event(&first.0, Some(own), START), event(&first.0, Some(stranger), START),
            event(&second.0, Some(stranger), START.plus(MINUTE)),
        ];
        write(&home.store, &process(events.len()), &events).await;
        for (account, request, organization) in [(account, &first.0, own), (theirs, &second.0, stranger)] {
            let told = story(account).await;
            let calls: Vec<_> = told.calls.iter().map(|call| (&call.request_id, call.organization_id)).collect();
            assert_eq!((calls, told.unrecorded.len()), (vec![(request, Some(organization))], 0));
            let told = home.store.trace_request(request, LIMIT, now).await.unwrap();
            assert_eq!(told.runs.iter().map(|run| run.id).collect::<Vec<_>>(), [run], "{request}");
            assert_eq!(told.unrecorded, []);
        }
        let told = home.store.trace_run(run, LIMIT, now).await.unwrap();
        assert!(told.calls.iter().any(|call| call.request_id == second.0), "{told:?}");
        assert_eq!(told.unrecorded, []);
    }

    async fn what_follows_a_joined_run_comes_of_the_call_that_made_it(home) {
        let (own, stranger) = (support::organization(&home.store, None).await, support::organization(&home.store, None).await);
        let (account, _) = support::add(&home.store.tenant(own), &support::new_account("nasa"), START).await;
        support::add(&home.store.tenant(stranger), &support::new_account("nasa"), START).await;
        let later = START.plus(MINUTE);
        support::work(&home.store, later, support::answer("11", "nasa", &[])).await;
        let runs = home.store.trace_account(account, LIMIT, later).await.unwrap().runs;
        let causes: Vec<_> = runs.iter().map(|run| (run.kind.as_str(), &run.request_id, run.organization_id)).collect();
        let first = &runs[0].request_id;
        assert!(first.is_some());
        assert_eq!(causes, [("profile", first, Some(own)), ("feed", first, Some(own))]);
    }

    async fn a_story_ends_with_what_its_runs_wait_for(home) {
        let tenant = support::tenant(&home.store).await;
        let (account, wakes) = support::add(&tenant, &support::new_account("nasa"), START).await;
        let story = async |now| home.store.trace_account(account, LIMIT, now).await.unwrap();
        let queued = story(START).await;
        assert_eq!(queued.waiting.len(), 1, "{queued:?}");
        let wait = &queued.waiting[0];
        assert_eq!((wait.name.as_deref(), wait.due_at, wait.leased_until), (Some("nasa"), Some(START), None));
        assert_eq!((wait.shut_doors.len(), wait.is_left_alone, wait.stopped_at), (0, false, None));
        let run = &queued.runs[0];
        assert_eq!((run.name.as_deref(), run.tracked_type.as_deref()), (Some("nasa"), Some("account")));
        assert_eq!(run.tracked_id, Some(account.to_string()));

        let job = support::claim(&home.store, &wakes[0], START).await;
        assert_eq!(story(START).await.waiting[0].worker.as_deref(), Some("w1"));
        support::record(&home.store, &job, &support::failed(domain::Outcome::RateLimited), START).await;
        home.store.stop_platform(domain::Platform::Tiktok, Some("a ban"), START).await.unwrap();
        let until = START.plus(HOUR);
        home.sql(&format!("UPDATE gates SET closed_until = {} WHERE platform = 'tiktok'", until.as_millis())).await;
        let failed = story(START.plus(MINUTE)).await;
        assert_eq!(failed.runs[0].status, "failed");
        let wait = &failed.waiting[0];
        assert!(wait.due_at.is_some_and(|at| at > START), "{wait:?}");
        assert_eq!((wait.stopped_at, wait.stopped_because.as_deref()), (Some(START), Some("a ban")));
        assert!(wait.is_left_alone && wait.shut_doors.iter().all(|door| door.closed_until == until), "{wait:?}");
        assert!(!story(until).await.waiting[0].is_left_alone);
    }

    async fn a_repetition_has_the_story_of_the_call_that_was_answered_first(home) {
        let [own, stranger] = [support::organization(&home.store, None).await, support::organization(&home.store, None).await];
        let (run, theirs) = (RunId::new(), RunId::new());
        for (id, owner) in [(run, own), (theirs, stranger)] {
            insert_run(&home, id, owner, "first", START).await;
        }
        let replay = |id: &str, first: &str| NewRequestEvent {
            replay_of: Some(first.to_owned().into()),
            is_write: true,
            ..event(id, Some(own), START.plus(MINUTE))
        };
        let events = [
            event("first", Some(own), START),
            event("first", Some(stranger), START),
            replay("again", "first"),
            replay("again-without-it", "lost"),
        ];
        write(&home.store, &process(events.len()), &events).await;
        let story = home.store.trace_request("again", LIMIT, START).await.unwrap();
        assert_eq!(ids(&story.calls), ["first", "again"], "{story:?}");
        assert!(story.calls.iter().all(|call| call.organization_id == Some(own)));
        assert_eq!(story.runs.iter().map(|run| run.id).collect::<Vec<_>>(), [run]);
        assert_eq!(story.unrecorded, []);
        let shown = home.store.tenant(own).recorded_request(&RequestId::adopt(Some("again"))).await.unwrap().unwrap();
        assert_eq!(shown.call.replay_of.as_deref(), Some("first"));
        assert_eq!(shown.runs.iter().map(|run| run.id).collect::<Vec<_>>(), [run]);
        let story = home.store.trace_request("again-without-it", LIMIT, START).await.unwrap();
        let lost: Vec<_> = story.unrecorded.iter().map(|call| (call.request_id.as_str(), call.organization_id)).collect();
        assert_eq!(lost, [("lost", Some(own))]);
        // Whoever asks for the first call is told of the others.
        let story = home.store.trace_request("first", LIMIT, START).await.unwrap();
        assert_eq!(story.calls.iter().filter(|call| call.request_id == "again").count(), 1, "{story:?}");
        assert_eq!((ids(&story.calls).len(), story.unrecorded.len()), (3, 0), "{story:?}");
    }

    async fn a_lost_call_is_found_by_its_repetition(home) {
        let own = support::organization(&home.store, None).await;
        let at = |seconds| START.plus(std::time::Duration::from_secs(seconds));
        let gone = ApiProcess { name: "gone".to_owned(), ..process(0) };
        home.store.write_request_events(&gone, std::iter::empty(), false, at(100)).await.unwrap();
        let again = NewRequestEvent {
            replay_of: Some("lost".to_owned().into()),
            is_write: true,
            ..event("again", Some(own), at(130))
        };
        write(&home.store, &process(1), &[again]).await;
        for id in ["lost", "again"] {
            let story = home.store.trace_request(id, LIMIT, at(200)).await.unwrap();
            assert_eq!(ids(&story.calls), ["again"], "of {id}");
            let lost: Vec<_> = story.unrecorded.iter().map(|call| (call.request_id.as_str(), call.organization_id)).collect();
            assert_eq!(lost, [("lost", Some(own))], "of {id}");
            assert!(story.gaps.iter().any(|gap| gap.name == "gone"), "of {id}: {:?}", story.gaps);
        }
    }

    async fn of_a_lost_call_whose_answer_is_kept_the_time_is_known(home) {
        let own = support::organization(&home.store, None).await;
        let at = |seconds| START.plus(std::time::Duration::from_secs(seconds));
        for (name, heard) in [("died long before", 50), ("had it", 99)] {
            let gone = ApiProcess { name: name.to_owned(), ..process(0) };
            home.store.write_request_events(&gone, std::iter::empty(), false, at(heard)).await.unwrap();
        }
        let tx = support::begin(&home.store.tenant(own), at(100)).await;
        tx.claim_idempotency("key", &[7; 32]).await.unwrap();
        let answer = store::StoredAnswer {
            status: 201,
            location: None,
            etag: None,
            content_type: "application/json".to_owned(),
            body: Vec::new(),
            is_sealed: false,
            request_id: Some("lost".to_owned()),
        };
        tx.remember("key", &answer).await.unwrap();
        tx.commit().await.unwrap();
        let again = NewRequestEvent {
            replay_of: Some("lost".to_owned().into()),
            idempotency_key: Some("key".into()),
            is_write: true,
            ..event("again", Some(own), at(130))
        };
        write(&home.store, &process(1), &[again]).await;
        for id in ["lost", "again"] {
            let story = home.store.trace_request(id, LIMIT, at(200)).await.unwrap();
            assert_eq!(story.unrecorded.iter().map(|call| call.before).collect::<Vec<_>>(), [at(100)], "of {id}");
            assert_eq!(story.gaps.iter().map(|gap| gap.name.as_str()).collect::<Vec<_>>(), ["had it"], "of {id}");
        }
    }

    async fn repetitions_that_are_not_shown_are_counted(home) {
        let own = support::organization(&home.store, None).await;
        let replay = |id: &str, minutes| NewRequestEvent {
            replay_of: Some("lost".to_owned().into()),
            is_write: true,
            ..event(id, Some(own), START.plus(minutes * MINUTE))
        };
        write(&home.store, &process(3), &[replay("a", 1), replay("b", 2), replay("c", 3)]).await;
        let story = home.store.trace_request("lost", 2, START).await.unwrap();
        assert_eq!((ids(&story.calls), story.left_out.calls), (vec!["b", "c"], 1));
        assert_eq!(story.unrecorded.len(), 1, "the call itself is missing all the same");
    }

    async fn a_run_that_a_call_was_answered_with_belongs_to_its_story(home) {
        let own = support::organization(&home.store, None).await;
        let run = RunId::new();
        insert_run(&home, run, own, "created", START).await;
        let answered = |id: &str, status, minutes| NewRequestEvent {
            resources: Some(format!("{} {run}", Uuid::now_v7()).into()),
            is_write: true,
            status,
            ..event(id, Some(own), START.plus(minutes * MINUTE))
        };
        let events = [event("created", Some(own), START), answered("refresh", 200, 1), answered("refused", 404, 2)];
        write(&home.store, &process(3), &events).await;
        let runs = async |id: &str| {
            let story = home.store.trace_request(id, LIMIT, START).await.unwrap();
            let shown = home.store.tenant(own).recorded_request(&RequestId::adopt(Some(id))).await.unwrap().unwrap();
            assert_eq!(shown.runs.len(), story.runs.len());
            story.runs.iter().map(|run| run.id).collect::<Vec<_>>()
        };
        assert_eq!(runs("refresh").await, [run]);
        assert_eq!(runs("refused").await, []);
        let story = home.store.trace_run(run, LIMIT, START).await.unwrap();
        assert_eq!(ids(&story.calls), ["created", "refresh", "refused"]);
    }

    async fn a_call_that_was_lost_is_told_of_with_the_process_that_may_have_had_it(home) {
        let own = support::organization(&home.store, None).await;
        let at = |seconds| START.plus(std::time::Duration::from_secs(seconds));
        let lives = |name: &str| ApiProcess { name: name.to_owned(), ..process(0) };
        for (name, heard) in [("long ago", 0), ("idle", 100), ("busy", 108), ("later", 115)] {
            home.store.write_request_events(&lives(name), std::iter::empty(), false, at(heard)).await.unwrap();
        }
        let run = RunId::new();
        insert_run(&home, run, own, "killed", at(108)).await;
        for story in [
            home.store.trace_request("killed", LIMIT, at(200)).await.unwrap(),
            home.store.trace_run(run, LIMIT, at(200)).await.unwrap(),
        ] {
            let lost = store::UnrecordedCall { request_id: "killed".to_owned(), organization_id: Some(own), before: at(108) };
            assert_eq!(story.unrecorded, [lost]);
            let gaps: Vec<_> = story.gaps.iter().map(|gap| gap.name.as_str()).collect();
            assert_eq!((gaps, story.left_out.gaps), (vec!["busy", "idle"], 0));
        }
    }

    async fn for_an_id_that_is_not_known_few_gaps_are_named_and_none_that_cannot_be_its(home) {
        let at = |seconds| START.plus(std::time::Duration::from_secs(seconds));
        for n in 0..7_u64 {
            let life = ApiProcess { name: format!("p{n}"), ..process(0) };
            home.store.write_request_events(&life, std::iter::empty(), false, at(100 * n)).await.unwrap();
        }
        let gaps = async |id: &str| {
            let story = home.store.trace_request(id, LIMIT, at(10_000)).await.unwrap();
            assert!(story.is_empty());
            (story.gaps.into_iter().map(|gap| gap.name).collect::<Vec<_>>(), story.left_out.gaps)
        };
        let named = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(gaps("ticket").await, (named(&["p6", "p5", "p4"]), 4));
        // As ids of ours are made: their first 48 bits are milliseconds.
        let made = |at: Timestamp| {
            let digits = format!("{:012x}", at.as_millis());
            format!("{}-{}-7000-8000-000000000000", &digits[..8], &digits[8..])
        };
        assert_eq!(gaps(&made(at(301))).await, (named(&["p3"]), 6));
        assert_eq!(gaps(&made(at(350))).await, (named(&[]), 7));
    }

    async fn what_nobody_collects_is_not_told_to_be_due(home) {
        let tenant = support::tenant(&home.store).await;
        let (account, wakes) = support::add(&tenant, &support::new_account("nasa"), START).await;
        let job = support::claim(&home.store, &wakes[0], START).await;
        support::record(&home.store, &job, &support::failed(domain::Outcome::RateLimited), START).await;
        let waits = async || home.store.trace_account(account, LIMIT, START.plus(MINUTE)).await.unwrap().waiting;
        let due = waits().await;
        assert!(due.iter().all(|wait| wait.is_collected && wait.due_at.is_some()) && !due.is_empty(), "{due:?}");
        // As it stands where a schedule was not put to rest yet.
        home.sql("UPDATE accounts SET is_active = FALSE").await;
        let waiting = waits().await;
        assert_eq!(waiting.len(), due.len());
        assert!(waiting.iter().all(|wait| !wait.is_collected && wait.due_at.is_none()), "{waiting:?}");
    }

    async fn runs_of_a_profile_that_lost_its_handle_have_the_one_that_it_is_tracked_by(home) {
        let tenant = support::tenant(&home.store).await;
        let (account, _) = support::add(&tenant, &support::new_account("nasa"), START).await;
        home.sql("UPDATE profiles SET username = NULL").await;
        let story = home.store.trace_account(account, LIMIT, START).await.unwrap();
        assert_eq!(story.runs[0].name.as_deref(), Some("nasa"));
    }

    async fn of_a_request_the_first_runs_are_kept_and_the_others_counted(home) {
        let organization = support::organization(&home.store, None).await;
        for n in 0..5_u32 {
            let run = literal(&home, RunId::new().0);
            home.sql(&format!(
                "INSERT INTO runs (id, kind, target_id, platform, reason, request_id, status, queued_at) \
                 VALUES ({run}, 'profile', {n}, 'tiktok', 'created', 'many', 'skipped', {n})"
            )).await;
        }
        let calls: Vec<_> = (0..4).map(|_| event("many", Some(organization), START)).collect();
        write(&home.store, &process(4), &calls).await;
        let told = home.store.trace_request("many", 2, START).await.unwrap();
        assert_eq!(told.runs.iter().map(|run| run.target_id).collect::<Vec<_>>(), [0, 1]);
        assert_eq!(told.left_out, store::LeftOut { calls: 2, runs: 3, ..store::LeftOut::default() });
        let whole = home.store.trace_request("many", 5, START).await.unwrap();
        assert_eq!((whole.runs.len(), whole.left_out), (5, store::LeftOut::default()));
    }

    async fn a_gap_is_told_of_in_the_stories_of_its_time(home) {
        let at = |seconds| START.plus(std::time::Duration::from_secs(seconds));
        write(&home.store, &process(1), &[event("near", None, START)]).await;
        let gaps = async |id: &str, now| home.store.trace_request(id, LIMIT, now).await.unwrap().gaps.len();
        assert_eq!((gaps("near", at(10)).await, gaps("near", at(16)).await), (0, 1), "silent for more than 15 s");
        write(&home.store, &process(2), &[event("far", None, at(5))]).await;
        assert_eq!((gaps("far", at(60)).await, gaps("none", at(60)).await), (0, 1));
    }
}
