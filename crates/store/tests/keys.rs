//! API keys: one secret in force, old ones for a while, and a record of whatever is changed.

#![expect(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a helper of a test fails the test")]

mod support;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use domain::{ApiKey, ApiKeyId, OrganizationId, RequestId, Timestamp, api_key};
use serde_json::json;
use store::{
    AuditFilter, AuditRecord, Direction, Key, KeyChange, KeyFilter, KeyOrder, NewKey, PageRequest, Rotated, Rotation,
    Store, Tenant,
};
use support::{HOUR, Home, START, begin, organization};

const DAY: Duration = Duration::from_hours(24);
const OVERLAP: Rotation = Rotation { overlap: DAY, expires_at: None };

/// Another key at every call.
fn secret() -> ApiKey {
    static NEXT: AtomicU8 = AtomicU8::new(1);
    let seed = NEXT.fetch_add(1, Ordering::SeqCst);
    let entropy: [u8; api_key::ENTROPY] = std::array::from_fn(|at| {
        if at == 0 {
            seed % 62
        } else if at == 1 {
            seed / 62
        } else {
            u8::try_from(at).unwrap()
        }
    });
    ApiKey::from_entropy(&entropy)
}

async fn make(tenant: &Tenant, name: &str, ends: Option<Timestamp>, now: Timestamp) -> (Key, ApiKey) {
    let secret = secret();
    let new = NewKey { name: name.to_owned(), scopes: "read,write:tracking".parse().unwrap(), expires_at: ends };
    let mut tx = begin(tenant, now).await;
    let key = tx.create_api_key(&new, &secret).await.unwrap();
    tx.commit().await.unwrap();
    (key, secret)
}

async fn rotate(tenant: &Tenant, id: ApiKeyId, rotation: &Rotation, now: Timestamp) -> (Key, ApiKey) {
    let secret = secret();
    let mut tx = begin(tenant, now).await;
    let held = tx.hold_api_key(id).await.unwrap().expect("the key");
    let Rotated::Done(key) = tx.rotate_api_key(held, rotation, &secret).await.unwrap() else { panic!("it has ended") };
    tx.commit().await.unwrap();
    (*key, secret)
}

async fn change(tenant: &Tenant, id: ApiKeyId, change: KeyChange, now: Timestamp) -> (Key, Vec<String>) {
    let mut tx = begin(tenant, now).await;
    let held = tx.hold_api_key(id).await.unwrap().expect("the key");
    let key = tx.change_api_key(held, &change).await.unwrap();
    let changed = tx.changed_keys().to_vec();
    tx.commit().await.unwrap();
    (key, changed)
}

/// Whether a secret opens at `now`: of what the door keeper is told.
async fn opens(store: &Store, secret: &ApiKey, now: Timestamp) -> bool {
    let record = store.authenticate(secret.public_part()).await.unwrap();
    record.is_some_and(|record| {
        secret.matches(&record.secret_hash) && !record.is_disabled && record.expires_at.is_none_or(|end| end > now)
    })
}

async fn records(store: &Store, organization: OrganizationId) -> Vec<AuditRecord> {
    let filter = AuditFilter { organization: Some(organization), since: None, limit: 100 };
    store.audit_records(&filter).await.unwrap()
}

fn actions(records: &[AuditRecord]) -> Vec<&str> {
    records.iter().map(|record| record.action.as_str()).collect()
}

async fn tenant_of(home: &Home) -> (OrganizationId, Tenant) {
    let organization = organization(&home.store, None).await;
    (organization, home.store.tenant(organization))
}

on_both! {
    async fn a_key_opens_with_its_own_secret_alone_and_shows_none(home) {
        let (organization, tenant) = tenant_of(&home).await;
        let ends = Some(START.plus(DAY));
        let (key, secret) = make(&tenant, "Ünïque", ends, START).await;
        let record = home.store.authenticate(secret.public_part()).await.unwrap().unwrap();
        assert_eq!((record.id, record.name.as_str(), record.organization_id), (key.id, "Ünïque", organization));
        assert_eq!((&record.scopes, record.expires_at), (&key.scopes, ends));
        assert!(secret.matches(&record.secret_hash) && record.organization_is_active && !record.is_disabled);
        assert!(!opens(&home.store, &secret, START.plus(DAY)).await);
        assert_eq!(tenant.api_key(key.id, START).await.unwrap(), Some(key.clone()));
        assert_eq!(home.store.keys(Some(organization)).await.unwrap(), [key]);
        let unknown = self::secret();
        assert!(home.store.authenticate(unknown.public_part()).await.unwrap().is_none());
    }

    async fn calls_that_come_at_the_same_time_are_told_of_their_own_keys_alone(home) {
        let (_, ours) = tenant_of(&home).await;
        let (_, theirs) = tenant_of(&home).await;
        let (key, first) = make(&ours, "ours", None, START).await;
        let (_, second) = rotate(&ours, key.id, &OVERLAP, START).await;
        let (other, third) = make(&theirs, "theirs", None, START).await;
        let unknown = secret();
        let mut calls = tokio::task::JoinSet::new();
        for (secret, id) in [(first, Some(key.id)), (second, Some(key.id)), (third, Some(other.id)), (unknown, None)] {
            for _ in 0..20 {
                let (store, secret) = (home.store.clone(), secret.clone());
                calls.spawn(async move {
                    let record = store.authenticate(secret.public_part()).await.unwrap();
                    assert_eq!(record.as_ref().map(|record| record.id), id);
                    assert!(record.is_none_or(|record| secret.matches(&record.secret_hash)));
                });
            }
        }
        calls.join_all().await;
    }

    async fn an_old_secret_opens_for_the_overlap_and_every_older_one_to_its_own_end(home) {
        let (_, tenant) = tenant_of(&home).await;
        let (key, first) = make(&tenant, "k", None, START).await;
        let (once, second) = rotate(&tenant, key.id, &OVERLAP, START.plus(HOUR)).await;
        assert_eq!((once.id, &once.scopes, once.expires_at), (key.id, &key.scopes, None));
        assert_eq!((once.public_part.as_str(), once.updated_at), (second.public_part(), START.plus(HOUR)));
        let long = Rotation { overlap: 7 * DAY, expires_at: None };
        let (twice, third) = rotate(&tenant, key.id, &long, START.plus(2 * HOUR)).await;
        let retiring: Vec<_> = twice.retiring.iter().map(|old| (old.public_part.as_str(), old.expires_at)).collect();
        let (first_ends, second_ends) = (START.plus(HOUR + DAY), START.plus(2 * HOUR + 7 * DAY));
        assert_eq!(retiring, [(first.public_part(), first_ends), (second.public_part(), second_ends)]);
        assert_eq!(tenant.api_key(key.id, START.plus(2 * HOUR)).await.unwrap(), Some(twice));

        let moment = Duration::from_millis(1);
        for (secret, ends) in [(&first, Some(first_ends)), (&second, Some(second_ends)), (&third, None)] {
            let record = home.store.authenticate(secret.public_part()).await.unwrap().unwrap();
            assert!(secret.matches(&record.secret_hash));
            assert_eq!((record.id, record.expires_at), (key.id, ends));
            if let Some(end) = ends {
                assert!(opens(&home.store, secret, end.minus(moment)).await && !opens(&home.store, secret, end).await);
            }
        }
        let later = tenant.api_key(key.id, first_ends).await.unwrap().unwrap();
        assert_eq!(later.retiring.len(), 1, "what has ended is not shown");
    }

    async fn a_rotation_without_overlap_shuts_the_old_secret_at_once(home) {
        let (_, tenant) = tenant_of(&home).await;
        let (key, first) = make(&tenant, "k", None, START).await;
        let (rotated, second) =
            rotate(&tenant, key.id, &Rotation { overlap: Duration::ZERO, expires_at: None }, START).await;
        assert!(rotated.retiring.is_empty());
        assert!(!opens(&home.store, &first, START).await && opens(&home.store, &second, START).await);
    }

    async fn a_shorter_overlap_shortens_the_ones_that_run_already(home) {
        let (_, tenant) = tenant_of(&home).await;
        let (key, first) = make(&tenant, "k", None, START).await;
        let (_, second) = rotate(&tenant, key.id, &OVERLAP, START).await;
        let brief = Rotation { overlap: HOUR, expires_at: None };
        let (rotated, third) = rotate(&tenant, key.id, &brief, START).await;
        let ends: Vec<_> = rotated.retiring.iter().map(|old| old.expires_at).collect();
        assert_eq!(ends, [START.plus(HOUR); 2]);
        assert_eq!(tenant.api_key(key.id, START).await.unwrap(), Some(rotated));
        let none = Rotation { overlap: Duration::ZERO, expires_at: None };
        let (last, fourth) = rotate(&tenant, key.id, &none, START).await;
        assert!(last.retiring.is_empty());
        for shut in [&first, &second, &third] {
            assert!(!opens(&home.store, shut, START).await);
        }
        assert!(opens(&home.store, &fourth, START).await);
    }

    async fn an_organization_whose_terms_change_is_let_go_of_with_all_its_keys(home) {
        let (_, tenant) = tenant_of(&home).await;
        let (key, first) = make(&tenant, "k", None, START).await;
        let (_, second) = rotate(&tenant, key.id, &OVERLAP, START).await;
        let mut tx = tenant.begin(&RequestId::new(), START).await.unwrap();
        let change = store::TermsChange { is_active: Some(false), rate_limit_per_minute: Some(Some(7)), ..Default::default() };
        let after = tx.change_terms(&change).await.unwrap();
        assert_eq!((after.is_active, after.rate_limit_per_minute, after.max_tracked_accounts), (false, Some(7), None));
        let mut changed = tx.changed_keys().to_vec();
        changed.sort_unstable();
        let mut own = vec![first.public_part().to_owned(), second.public_part().to_owned()];
        own.sort_unstable();
        assert_eq!(changed, own);
        tx.commit().await.unwrap();
        let record = home.store.authenticate(second.public_part()).await.unwrap().unwrap();
        assert_eq!((record.organization_is_active, record.rate_limit_per_minute), (false, Some(7)));
    }

    async fn an_old_secret_never_outlives_the_end_that_it_had_itself(home) {
        let (_, tenant) = tenant_of(&home).await;
        let soon = START.plus(2 * HOUR);
        let (key, first) = make(&tenant, "k", Some(soon), START).await;
        let renewed = Rotation { overlap: DAY, expires_at: Some(Some(START.plus(90 * DAY))) };
        let (rotated, second) = rotate(&tenant, key.id, &renewed, START).await;
        assert_eq!(rotated.expires_at, Some(START.plus(90 * DAY)));
        assert_eq!(rotated.retiring.iter().map(|old| old.expires_at).collect::<Vec<_>>(), [soon]);
        assert!(!opens(&home.store, &first, soon).await && opens(&home.store, &second, soon).await);

        // The end stays when nothing is said about it, and can be taken away.
        let (rotated, _) = rotate(&tenant, key.id, &OVERLAP, START).await;
        assert_eq!(rotated.expires_at, Some(START.plus(90 * DAY)));
        let forever = Rotation { overlap: DAY, expires_at: Some(None) };
        assert_eq!(rotate(&tenant, key.id, &forever, START).await.0.expires_at, None);
    }

    async fn an_expired_key_comes_back_by_a_new_lifetime_and_its_old_secret_does_not(home) {
        let (organization, tenant) = tenant_of(&home).await;
        let (key, first) = make(&tenant, "k", Some(START.plus(HOUR)), START).await;
        let now = START.plus(HOUR);
        let mut tx = begin(&tenant, now).await;
        let held = tx.hold_api_key(key.id).await.unwrap().unwrap();
        assert_eq!(tx.rotate_api_key(held, &OVERLAP, &secret()).await.unwrap(), Rotated::Ended);
        tx.commit().await.unwrap();
        assert_eq!(actions(&records(&home.store, organization).await), ["api_key.created", "organization.created"]);

        let renewed = Rotation { overlap: DAY, expires_at: Some(Some(now.plus(DAY))) };
        let (rotated, second) = rotate(&tenant, key.id, &renewed, now).await;
        assert!(rotated.retiring.is_empty());
        assert!(!opens(&home.store, &first, now).await && opens(&home.store, &second, now).await);
    }

    async fn a_disabled_key_is_shut_with_all_its_secrets_until_it_is_enabled(home) {
        let (_, tenant) = tenant_of(&home).await;
        let (key, first) = make(&tenant, "k", None, START).await;
        let (_, second) = rotate(&tenant, key.id, &OVERLAP, START).await;
        let now = START.plus(HOUR);
        let switch = |on| KeyChange { name: None, is_active: Some(on) };
        let (off, touched) = change(&tenant, key.id, switch(false), now).await;
        assert_eq!((off.disabled_at, off.updated_at), (Some(now), now));
        let parts = BTreeSet::from([first.public_part().to_owned(), second.public_part().to_owned()]);
        assert_eq!(BTreeSet::from_iter(touched), parts, "whoever keeps records lets go of all of them");
        let again = change(&tenant, key.id, switch(false), now.plus(HOUR)).await;
        assert_eq!(again, (off, vec![]), "what is so already is no change");
        for secret in [&first, &second] {
            let known = home.store.authenticate(secret.public_part()).await.unwrap().unwrap();
            assert!(known.is_disabled && !known.is_revoked);
        }
        let (on, _) = change(&tenant, key.id, switch(true), now.plus(HOUR)).await;
        assert_eq!(on.disabled_at, None);
        assert!(opens(&home.store, &first, now).await && opens(&home.store, &second, now).await);
    }

    async fn a_revoked_key_is_gone_for_all_but_the_door_keeper(home) {
        let (organization, tenant) = tenant_of(&home).await;
        let (key, first) = make(&tenant, "k", None, START).await;
        let (_, second) = rotate(&tenant, key.id, &OVERLAP, START).await;
        let mut tx = begin(&tenant, START).await;
        let held = tx.hold_api_key(key.id).await.unwrap().unwrap();
        tx.revoke_api_key(held).await.unwrap();
        assert_eq!(tx.changed_keys().len(), 2);
        tx.commit().await.unwrap();
        for secret in [&first, &second] {
            let known = home.store.authenticate(secret.public_part()).await.unwrap().unwrap();
            assert!(known.is_disabled && known.is_revoked);
        }
        assert_eq!(tenant.api_key(key.id, START).await.unwrap(), None);
        assert_eq!(begin(&tenant, START).await.hold_api_key(key.id).await.unwrap(), None);
        assert!(tenant.api_keys(&KeyFilter::default(), &support::whole(KeyOrder::Name), START).await.unwrap().rows.is_empty());
        assert_eq!(home.store.keys(Some(organization)).await.unwrap()[0].revoked_at, Some(START));
        assert!(home.store.revoke_key(key.id, START).await.unwrap(), "it is revoked already");
        assert!(!home.store.revoke_key(ApiKeyId::new(), START).await.unwrap());
        assert_eq!(actions(&records(&home.store, organization).await)[0], "api_key.revoked");
        assert_eq!(records(&home.store, organization).await.len(), 4, "it is revoked once");
    }

    async fn another_organizations_key_is_not_there(home) {
        let (_, tenant) = tenant_of(&home).await;
        let (key, _) = make(&tenant, "k", None, START).await;
        let (_, other) = tenant_of(&home).await;
        assert_eq!(other.api_key(key.id, START).await.unwrap(), None);
        let mut tx = begin(&other, START).await;
        assert_eq!(tx.hold_api_key(key.id).await.unwrap(), None);
        // Not even for whoever came by its view in another way.
        let renaming = KeyChange { name: Some("x".to_owned()), is_active: None };
        tx.change_api_key(key.clone(), &renaming).await.unwrap();
        tx.revoke_api_key(key.clone()).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(tenant.api_key(key.id, START).await.unwrap(), Some(key));
    }

    async fn lists_are_walked_by_age_and_by_name_and_filtered(home) {
        let (_, tenant) = tenant_of(&home).await;
        for (at, name) in ["beta", "Alpha", "ärger", "alpha", "100%", "Ärmel"].into_iter().enumerate() {
            let now = START.plus(Duration::from_millis(u64::try_from(at).unwrap() / 2));
            make(&tenant, name, None, now).await;
        }
        let all = tenant.api_keys(&KeyFilter::default(), &support::whole(KeyOrder::CreatedAt), START).await.unwrap().rows;
        for (order_by, direction) in [
            (KeyOrder::CreatedAt, Direction::Asc),
            (KeyOrder::CreatedAt, Direction::Desc),
            (KeyOrder::Name, Direction::Asc),
            (KeyOrder::Name, Direction::Desc),
        ] {
            let mut expected = all.clone();
            match order_by {
                KeyOrder::CreatedAt => expected.sort_by_key(|key| (key.created_at, key.id)),
                KeyOrder::Name => expected.sort_by_key(|key| (domain::fold(&key.name), key.id)),
            }
            if direction == Direction::Desc {
                expected.reverse();
            }
            let mut walked = Vec::new();
            let mut after = None;
            loop {
                let request = PageRequest { order_by, direction, after, limit: 2, include_total: true };
                let page = tenant.api_keys(&KeyFilter::default(), &request, START).await.unwrap();
                assert_eq!(page.total, Some(6));
                walked.extend(page.rows);
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
            assert_eq!(walked, expected, "{order_by:?} {direction:?}");
        }
        change(&tenant, all[0].id, KeyChange { name: None, is_active: Some(false) }, START).await;
        rotate(&tenant, all[1].id, &OVERLAP, START).await;
        for (is_active, q, expected) in [
            (None, Some("ALPHA"), 2),
            (None, Some("är"), 2),
            (None, Some("%"), 1),
            (Some(true), None, 5),
            (Some(false), None, 1),
            (Some(false), Some("zzz"), 0),
        ] {
            let filter = KeyFilter { is_active, q: q.map(str::to_owned) };
            let page = tenant.api_keys(&filter, &support::whole(KeyOrder::Name), START).await.unwrap();
            assert_eq!(page.rows.len(), expected, "{filter:?}");
            for key in page.rows {
                assert_eq!(tenant.api_key(key.id, START).await.unwrap(), Some(key), "a list shows what a read shows");
            }
        }
    }

    async fn rotations_at_once_each_leave_a_secret_that_opens(home) {
        let (organization, tenant) = tenant_of(&home).await;
        let (key, first) = make(&tenant, "k", None, START).await;
        let tasks: Vec<_> = (0..12)
            .map(|_| {
                let tenant = tenant.clone();
                tokio::spawn(async move { rotate(&tenant, key.id, &OVERLAP, START).await.1 })
            })
            .collect();
        let mut secrets = vec![first];
        for task in tasks {
            secrets.push(task.await.unwrap());
        }
        for secret in &secrets {
            assert!(opens(&home.store, secret, START).await);
        }
        let key = tenant.api_key(key.id, START).await.unwrap().unwrap();
        let mut parts: BTreeSet<_> = key.retiring.iter().map(|old| old.public_part.clone()).collect();
        assert_eq!((key.retiring.len(), parts.len()), (12, 12));
        parts.insert(key.public_part);
        assert_eq!(parts, secrets.iter().map(|secret| secret.public_part().to_owned()).collect());
        assert_eq!(records(&home.store, organization).await.len(), 14);
    }

    async fn old_secrets_that_have_ended_are_forgotten_a_bounded_number_at_a_time(home) {
        let (_, tenant) = tenant_of(&home).await;
        let (key, _) = make(&tenant, "k", None, START).await;
        for _ in 0..3 {
            rotate(&tenant, key.id, &OVERLAP, START).await;
        }
        rotate(&tenant, key.id, &Rotation { overlap: 2 * DAY, expires_at: None }, START).await;
        let ended = START.plus(DAY);
        assert_eq!(home.store.prune_retired_secrets(ended.minus(HOUR), 10).await.unwrap(), 0);
        assert_eq!(home.store.prune_retired_secrets(ended, 2).await.unwrap(), 2);
        assert_eq!(home.store.prune_retired_secrets(ended, 10).await.unwrap(), 1);
        assert_eq!(home.number("SELECT COUNT(*) FROM retired_secrets").await, Some(1));
    }

    async fn every_change_leaves_a_record_of_who_asked_for_it(home) {
        let (organization, tenant) = tenant_of(&home).await;
        let (admin, _) = make(&tenant, "admin", None, START).await;
        let (key, first) = make(&tenant, "old name", None, START.plus(HOUR)).await;
        let request = RequestId::adopt(Some("trace-7"));
        let now = START.plus(2 * HOUR);
        let mut tx = tenant.begin(&request, now).await.unwrap();
        tx.acting_as(admin.id, &admin.name);
        let held = tx.hold_api_key(key.id).await.unwrap().unwrap();
        let both = KeyChange { name: Some("new name".to_owned()), is_active: Some(false) };
        let held = tx.change_api_key(held, &both).await.unwrap();
        let held = tx.change_api_key(held, &KeyChange { name: None, is_active: Some(true) }).await.unwrap();
        let second = secret();
        let Rotated::Done(held) = tx.rotate_api_key(held, &OVERLAP, &second).await.unwrap() else { panic!("ended") };
        tx.revoke_api_key(*held).await.unwrap();
        tx.commit().await.unwrap();
        let mut dropped = begin(&tenant, now).await;
        let held = dropped.hold_api_key(admin.id).await.unwrap().unwrap();
        dropped.revoke_api_key(held).await.unwrap();
        drop(dropped);

        let records = records(&home.store, organization).await;
        let expected = [
            "api_key.revoked", "api_key.rotated", "api_key.enabled", "api_key.disabled", "api_key.renamed",
            "api_key.created", "api_key.created", "organization.created",
        ];
        assert_eq!(actions(&records), expected, "newest first, and nothing of what was not committed");
        for record in &records[..5] {
            assert_eq!((record.actor_key_id, record.actor.as_str()), (Some(admin.id), "admin"));
            assert_eq!((record.request_id.as_deref(), record.occurred_at), (Some("trace-7"), now));
            assert_eq!((record.subject_type.as_str(), record.subject_id), ("api_key", key.id.0));
            assert_eq!(record.organization_id, organization);
        }
        for record in &records[5..] {
            assert_eq!((record.actor_key_id, record.actor.as_str(), record.request_id.as_deref()), (None, "operator", None));
        }
        let fields = |at: usize| (records[at].before.clone(), records[at].after.clone());
        assert_eq!(fields(4), (Some(json!({"name": "old name"})), Some(json!({"name": "new name"}))));
        assert_eq!(fields(3), (Some(json!({"disabled_at": null})), Some(json!({"disabled_at": now}))));
        let (old, new) = (format!("ca_{}", first.public_part()), format!("ca_{}", second.public_part()));
        let after = json!({"prefix": new, "expires_at": null, "old_secret_expires_at": now.plus(DAY)});
        assert_eq!(fields(1), (Some(json!({"prefix": old, "expires_at": null})), Some(after)));
        let made = json!({"name": "old name", "prefix": old, "scopes": ["read", "write:tracking"], "expires_at": null});
        assert_eq!(fields(5), (None, Some(made)));
        assert_eq!(fields(0).1, None);
        assert_eq!((records[7].subject_id, fields(7).1), (organization.0, Some(json!({"name": "test", "max_tracked_accounts": null}))));

        let some = AuditFilter { organization: None, since: Some(now), limit: 2 };
        assert_eq!(actions(&home.store.audit_records(&some).await.unwrap()), &expected[..2]);
        let elsewhere = AuditFilter { organization: Some(OrganizationId::new()), since: None, limit: 9 };
        assert!(home.store.audit_records(&elsewhere).await.unwrap().is_empty());
    }
}
