//! The cap on tracked accounts, and who gets a handle when many ask at once.

#![expect(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a helper of a test fails the test")]

mod support;

use std::collections::BTreeSet;

use domain::AccountId;
use store::{Refusal, StoreError, Tenant};
use support::{Home, START, begin, new_account, organization, tenant};

async fn create(tenant: &Tenant, handle: &str) -> Result<AccountId, Refusal> {
    let mut tx = tenant.begin(&domain::RequestId::new(), START).await?;
    let id = tx.create_account(&new_account(handle)).await?;
    tx.commit().await?;
    Ok(id)
}

async fn delete(tenant: &Tenant, id: AccountId) -> Result<(), Refusal> {
    let mut tx = tenant.begin(&domain::RequestId::new(), START).await?;
    tx.delete_account(id).await?;
    tx.commit().await?;
    Ok(())
}

async fn tracked(home: &Home) -> i64 {
    home.number("SELECT CAST(SUM(tracked_accounts) AS BIGINT) FROM organizations").await.unwrap()
}

/// Does `work` for each of these at once.
async fn at_once<T: Send + 'static>(tasks: impl Iterator<Item = impl Future<Output = T> + Send + 'static>) -> Vec<T> {
    let tasks: Vec<_> = tasks.map(tokio::spawn).collect();
    let mut done = Vec::new();
    for task in tasks {
        done.push(task.await.unwrap());
    }
    done
}

on_both! {
    async fn the_cap_is_exact_when_thirty_ask_at_once(home) {
        let tenant = home.store.tenant(organization(&home.store, Some(7)).await);
        let made = at_once((0..30).map(|n| {
            let tenant = tenant.clone();
            async move { create(&tenant, &format!("amy{n}")).await }
        }))
        .await;
        assert_eq!(made.iter().filter(|one| one.is_ok()).count(), 7);
        for refused in made.iter().filter_map(|one| one.as_ref().err()) {
            assert!(matches!(refused, Refusal::QuotaExceeded { cap: 7 }), "{refused:?}");
        }
        assert_eq!(support::all_accounts(&tenant).await.rows.len(), 7);
        assert_eq!(tracked(&home).await, 7);
        assert_eq!(home.number("SELECT COUNT(*) FROM profiles").await, Some(7), "what was refused left nothing");
    }

    async fn what_is_deleted_makes_room_once(home) {
        let tenant = home.store.tenant(organization(&home.store, Some(2)).await);
        let first = create(&tenant, "amy").await.unwrap();
        create(&tenant, "ben").await.unwrap();
        assert!(matches!(create(&tenant, "cleo").await, Err(Refusal::QuotaExceeded { cap: 2 })));
        let gone = at_once((0..10).map(|_| {
            let tenant = tenant.clone();
            async move { delete(&tenant, first).await }
        }))
        .await;
        assert_eq!(gone.iter().filter(|one| one.is_ok()).count(), 1, "{gone:?}");
        assert!(gone.iter().filter_map(|one| one.as_ref().err()).all(|why| matches!(why, Refusal::NoAccount(_))));
        assert_eq!(tracked(&home).await, 1);
        create(&tenant, "cleo").await.unwrap();
        assert!(matches!(create(&tenant, "dan").await, Err(Refusal::QuotaExceeded { .. })));
    }

    async fn without_a_cap_there_is_none_and_a_cap_of_nothing_allows_nothing(home) {
        let free = tenant(&home.store).await;
        for n in 0..12 {
            create(&free, &format!("amy{n}")).await.unwrap();
        }
        let barred = home.store.tenant(organization(&home.store, Some(0)).await);
        assert!(matches!(create(&barred, "amy0").await, Err(Refusal::QuotaExceeded { cap: 0 })));
        assert_eq!(tracked(&home).await, 12);
    }

    async fn a_duplicate_is_not_counted_and_names_what_is_there(home) {
        let tenant = home.store.tenant(organization(&home.store, Some(3)).await);
        let made = at_once((0..20).map(|_| {
            let tenant = tenant.clone();
            async move { create(&tenant, "amy").await }
        }))
        .await;
        let ids: Vec<_> = made.iter().filter_map(|one| one.as_ref().ok()).collect();
        assert_eq!(ids.len(), 1);
        for refused in made.iter().filter_map(|one| one.as_ref().err()) {
            assert!(matches!(refused, Refusal::Duplicate { existing_id } if *existing_id == ids[0].0), "{refused:?}");
        }
        assert_eq!(tracked(&home).await, 1);
        assert_eq!(support::all_accounts(&tenant).await.rows.len(), 1);
    }

    async fn ten_organizations_that_ask_for_one_handle_share_its_profile(home) {
        let mut tenants = Vec::new();
        for _ in 0..10 {
            tenants.push(tenant(&home.store).await);
        }
        let made = at_once(tenants.clone().into_iter().map(|tenant| async move { create(&tenant, "amy").await })).await;
        let ids: BTreeSet<_> = made.into_iter().map(|one| one.unwrap()).collect();
        assert_eq!(ids.len(), 10);
        assert_eq!(home.number("SELECT COUNT(*) FROM profiles").await, Some(1));
        assert_eq!(home.number("SELECT COUNT(*) FROM schedules").await, Some(1));
    }

    async fn a_video_that_many_ask_for_at_once_is_one(home) {
        let tenant = tenant(&home.store).await;
        let made = at_once((0..20).map(|_| {
            let tenant = tenant.clone();
            async move {
                let mut tx = begin(&tenant, START).await;
                let id = tx.create_video(&support::new_video(&support::post_id(1).to_string())).await?;
                tx.commit().await.map_err(Refusal::Store)?;
                Ok::<_, Refusal>(id)
            }
        }))
        .await;
        let ids: Vec<_> = made.iter().filter_map(|one| one.as_ref().ok()).collect();
        assert_eq!(ids.len(), 1);
        let is_duplicate = |why: &Refusal| matches!(why, Refusal::Duplicate { existing_id } if *existing_id == ids[0].0);
        assert!(made.iter().filter_map(|one| one.as_ref().err()).all(is_duplicate), "{made:?}");
        assert!(!made.iter().any(|one| matches!(one, Err(Refusal::Store(StoreError::Internal(_))))));
    }
}
