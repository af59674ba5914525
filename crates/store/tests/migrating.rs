//! Bringing the tables up to date, from several processes at once.

#![expect(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a helper of a test fails the test")]

mod support;

use store::{Store, StoreConfig};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_that_migrate_at_once_wait_for_each_other_on_postgresql() {
    let Some(home) = support::postgres().await else { return };
    home.sql("DROP SCHEMA public CASCADE").await;
    home.sql("CREATE SCHEMA public").await;
    let migrating = (0..4).map(|_| {
        let url = home.url.clone();
        tokio::spawn(async move {
            let config = StoreConfig { url, age_curve: domain::AgeCurve::flat(), max_connections: 1 };
            let store = Store::connect(&config).await.unwrap();
            store.migrate().await
        })
    });
    for process in migrating.collect::<Vec<_>>() {
        process.await.unwrap().unwrap();
    }
    assert!(home.store.is_migrated().await.unwrap());
}
