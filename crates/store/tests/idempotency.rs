//! Idempotency keys: one request does the work, the rest get its answer.

#![expect(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a helper of a test fails the test")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use domain::Timestamp;
use store::{IdempotencyClaim, Store, StoreConfig, StoreError, StoredAnswer, Tenant, TenantTx};
use support::{HOUR, START, begin, new_account, tenant};

const ONE: [u8; 32] = [1; 32];
const TWO: [u8; 32] = [2; 32];

fn answer(body: &str) -> StoredAnswer {
    StoredAnswer {
        status: 201,
        location: Some(format!("/v2/accounts/{body}")),
        etag: Some("\"t\"".to_owned()),
        content_type: "application/json".to_owned(),
        body: body.as_bytes().to_vec(),
        is_sealed: body.len() % 2 == 1,
        request_id: Some(format!("made-{body}")),
    }
}

async fn claim(tenant: &Tenant, key: &str, print: &[u8; 32], now: Timestamp) -> IdempotencyClaim {
    begin(tenant, now).await.claim_idempotency(key, print).await.unwrap()
}

async fn keyed(tenant: &Tenant, key: &str) -> Option<TenantTx> {
    tenant.begin_keyed(&domain::RequestId::new(), START, key).await.unwrap()
}

async fn answered(tenant: &Tenant, key: &str, print: &[u8; 32], body: &str, now: Timestamp) {
    let tx = begin(tenant, now).await;
    assert_eq!(tx.claim_idempotency(key, print).await.unwrap(), IdempotencyClaim::Fresh);
    tx.remember(key, &answer(body)).await.unwrap();
    tx.commit().await.unwrap();
}

/// Thirty requests at once with one key; how often the work was done, and the answers.
async fn rush(tenant: &Tenant, now: Timestamp, handle: &str) -> (usize, Vec<StoredAnswer>) {
    let worked = Arc::new(AtomicUsize::new(0));
    let tasks: Vec<_> = (0..30)
        .map(|_| {
            let (tenant, worked, handle) = (tenant.clone(), Arc::clone(&worked), handle.to_owned());
            tokio::spawn(async move {
                let mut tx = match tenant.begin(&domain::RequestId::new(), now).await {
                    Ok(tx) => tx,
                    Err(StoreError::Unavailable(_)) => return None,
                    Err(other) => panic!("{other:?}"),
                };
                match tx.claim_idempotency("key", &ONE).await {
                    Ok(IdempotencyClaim::Fresh) => {
                        let id = tx.create_account(&new_account(&handle)).await.unwrap();
                        let answer = answer(&id.to_string());
                        tx.remember("key", &answer).await.unwrap();
                        worked.fetch_add(1, Ordering::SeqCst);
                        tx.commit().await.unwrap();
                        Some(answer)
                    }
                    Ok(IdempotencyClaim::Replay(answer)) => Some(answer),
                    Ok(IdempotencyClaim::InProgress) | Err(StoreError::Unavailable(_)) => None,
                    other => panic!("{other:?}"),
                }
            })
        })
        .collect();
    let mut answers = Vec::new();
    for task in tasks {
        answers.extend(task.await.unwrap());
    }
    (worked.load(Ordering::SeqCst), answers)
}

on_both! {
    async fn of_thirty_requests_with_one_key_one_does_the_work_and_the_rest_get_its_answer(home) {
        let tenant = tenant(&home.store).await;
        let (worked, answers) = rush(&tenant, START, "amy").await;
        assert_eq!(worked, 1);
        assert!(answers.len() > 1, "somebody was answered from memory");
        assert!(answers.iter().all(|one| *one == answers[0]), "byte for byte");
        assert_eq!(support::all_accounts(&tenant).await.rows.len(), 1);
    }

    async fn of_thirty_requests_with_an_expired_key_one_does_the_work(home) {
        let tenant = tenant(&home.store).await;
        answered(&tenant, "key", &TWO, "old", START).await;
        let (worked, answers) = rush(&tenant, START.plus(25 * HOUR), "amy").await;
        assert_eq!(worked, 1);
        assert!(answers.iter().all(|one| *one == answers[0]));
    }

    async fn the_same_key_with_another_request_is_told_apart(home) {
        let tenant = tenant(&home.store).await;
        answered(&tenant, "key", &ONE, "a", START).await;
        assert_eq!(claim(&tenant, "key", &TWO, START).await, IdempotencyClaim::OtherRequest);
        assert_eq!(claim(&tenant, "key", &ONE, START).await, IdempotencyClaim::Replay(answer("a")));
    }

    async fn keys_are_each_organizations_own(home) {
        let (one, two) = (tenant(&home.store).await, tenant(&home.store).await);
        answered(&one, "key", &ONE, "a", START).await;
        answered(&two, "key", &TWO, "b", START).await;
        assert_eq!(claim(&one, "key", &ONE, START).await, IdempotencyClaim::Replay(answer("a")));
        assert_eq!(claim(&two, "key", &TWO, START).await, IdempotencyClaim::Replay(answer("b")));
    }

    async fn work_that_was_undone_leaves_the_key_fresh(home) {
        let tenant = tenant(&home.store).await;
        let mut tx = begin(&tenant, START).await;
        assert_eq!(tx.claim_idempotency("key", &ONE).await.unwrap(), IdempotencyClaim::Fresh);
        tx.create_account(&new_account("amy")).await.unwrap();
        tx.remember("key", &answer("a")).await.unwrap();
        drop(tx);
        assert_eq!(claim(&tenant, "key", &TWO, START).await, IdempotencyClaim::Fresh);
        assert!(support::all_accounts(&tenant).await.rows.is_empty());
    }

    async fn while_the_first_request_runs_the_second_is_told_so_in_time(home) {
        let tenant = tenant(&home.store).await;
        let first = keyed(&tenant, "key").await.expect("nobody else is there");
        assert_eq!(first.claim_idempotency("key", &ONE).await.unwrap(), IdempotencyClaim::Fresh);
        let began = Instant::now();
        let told = match keyed(&tenant, "key").await {
            Some(tx) => tx.claim_idempotency("key", &ONE).await.unwrap(),
            None => IdempotencyClaim::InProgress,
        };
        assert_eq!(told, IdempotencyClaim::InProgress);
        assert!(began.elapsed() < Duration::from_millis(3500), "{:?}", began.elapsed());
        // Another key has nothing to do with it: at worst it waits until the first has ended.
        let other = tokio::spawn({
            let tenant = tenant.clone();
            async move {
                let tx = keyed(&tenant, "other").await.expect("nobody runs this key");
                tx.claim_idempotency("other", &ONE).await.unwrap()
            }
        });
        tokio::time::sleep(Duration::from_millis(2300)).await;
        first.remember("key", &answer("a")).await.unwrap();
        first.commit().await.unwrap();
        assert_eq!(other.await.unwrap(), IdempotencyClaim::Fresh);
        let again = keyed(&tenant, "key").await.expect("it has ended");
        assert_eq!(again.claim_idempotency("key", &ONE).await.unwrap(), IdempotencyClaim::Replay(answer("a")));
    }

    async fn forgetting_finds_its_rows_by_index(home) {
        let tenant = tenant(&home.store).await;
        answered(&tenant, "one", &ONE, "a", START).await;
        let copies = "INSERT INTO idempotency_records (organization_id, idempotency_key, fingerprint, status, content_type, body, created_at) \
             WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30000) \
             SELECT organization_id, idempotency_key || i, fingerprint, status, content_type, body, created_at + i * 6000 \
             FROM idempotency_records, n";
        home.sql(copies).await;
        home.sql("ANALYZE").await;
        if home.url.starts_with("sqlite") {
            let plan = "EXPLAIN QUERY PLAN DELETE FROM idempotency_records WHERE created_at < 5 AND rowid IN \
                 (SELECT rowid FROM idempotency_records WHERE created_at < 5 ORDER BY created_at LIMIT 5)";
            assert!(home.plan(plan).await.iter().all(|line| !line.contains("SCAN idempotency_records")));
            return;
        }
        let scans = async |column: &str| {
            let sql = format!("SELECT {column} FROM pg_stat_user_tables WHERE relname = 'idempotency_records'");
            home.number(&sql).await.unwrap()
        };
        // A connection says what it has done when it ends.
        let config = StoreConfig { url: home.url.clone(), max_connections: 1, age_curve: domain::AgeCurve::flat() };
        let store = Store::connect(&config).await.unwrap();
        let (by_index, whole) = (scans("idx_scan").await, scans("seq_scan").await);
        assert_eq!(store.prune_idempotency(START.plus(40 * HOUR), 1000).await.unwrap(), 1000);
        store.close().await.unwrap();
        while scans("idx_scan").await == by_index {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(scans("seq_scan").await, whole, "the whole table was read");
    }

    async fn a_key_that_is_taken_over_is_not_forgotten_with_the_old(home) {
        let tenant = tenant(&home.store).await;
        answered(&tenant, "key", &ONE, "a", START).await;
        let now = START.plus(25 * HOUR);
        let tx = begin(&tenant, now).await;
        assert_eq!(tx.claim_idempotency("key", &TWO).await.unwrap(), IdempotencyClaim::Fresh);
        let forgetting = tokio::spawn({
            let store = home.store.clone();
            async move { store.prune_idempotency(now, 10).await }
        });
        tokio::time::sleep(Duration::from_millis(200)).await;
        tx.remember("key", &answer("b")).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(forgetting.await.unwrap().unwrap(), 0);
        assert_eq!(claim(&tenant, "key", &TWO, now).await, IdempotencyClaim::Replay(answer("b")));
    }

    async fn an_answer_is_remembered_for_a_day(home) {
        let tenant = tenant(&home.store).await;
        answered(&tenant, "key", &ONE, "a", START).await;
        let last = START.plus(24 * HOUR);
        assert_eq!(claim(&tenant, "key", &ONE, last).await, IdempotencyClaim::Replay(answer("a")));
        answered(&tenant, "key", &TWO, "b", last.plus(Duration::from_millis(1))).await;
        assert_eq!(claim(&tenant, "key", &TWO, last.plus(HOUR)).await, IdempotencyClaim::Replay(answer("b")));
        assert_eq!(claim(&tenant, "key", &ONE, last.plus(HOUR)).await, IdempotencyClaim::OtherRequest);
    }

    async fn what_is_forgotten_is_old_and_no_more_than_asked(home) {
        let tenant = tenant(&home.store).await;
        for n in 0..7 {
            answered(&tenant, &format!("old{n}"), &ONE, "a", START).await;
        }
        let now = START.plus(25 * HOUR);
        answered(&tenant, "new", &ONE, "b", now).await;
        assert_eq!(home.store.prune_idempotency(START.plus(24 * HOUR), 3).await.unwrap(), 0, "not yet");
        assert_eq!(home.store.prune_idempotency(now, 3).await.unwrap(), 3);
        assert_eq!(home.store.prune_idempotency(now, 3).await.unwrap(), 3);
        assert_eq!(home.store.prune_idempotency(now, 3).await.unwrap(), 1);
        assert_eq!(home.store.prune_idempotency(now, 3).await.unwrap(), 0);
        assert_eq!(claim(&tenant, "new", &ONE, now).await, IdempotencyClaim::Replay(answer("b")));
    }
}
