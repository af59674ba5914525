//! Reads of one row by its id, many at a time: everybody gets what they asked for, and nobody anything else.

#![expect(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a helper of a test fails the test")]

mod support;

use std::time::Duration;

use domain::{AccountId, AccountVideoId, CreatorId, VideoId};
use futures_util::future::join_all;
use store::{StoreError, Tenant};
use support::{
    START, account_videos, add, add_creator, add_video, feed, new_account, new_video, page_of, post, post_id, profile,
    tenant, work,
};

/// More than go into one statement, several times over.
const READERS: usize = 500;

async fn accounts(tenant: &Tenant, count: usize, prefix: &str) -> Vec<AccountId> {
    let mut ids = Vec::new();
    for number in 0..count {
        ids.push(add(tenant, &new_account(&format!("{prefix}{number}")), START).await.0);
    }
    ids
}

async fn name_of(tenant: &Tenant, id: AccountId) -> Option<String> {
    tenant.account(id, START).await.unwrap().map(|account| account.username.clone())
}

on_both! {
    async fn many_readers_of_few_and_of_many_accounts_get_each_the_right_one(home) {
        let tenant = tenant(&home.store).await;
        let ids = accounts(&tenant, 90, "u").await;
        for distinct in [1, 3, 90] {
            let read = join_all((0..READERS).map(|reader| name_of(&tenant, ids[reader % distinct]))).await;
            for (reader, name) in read.into_iter().enumerate() {
                assert_eq!(name, Some(format!("u{}", reader % distinct)));
            }
        }
    }

    async fn absent_and_foreign_ids_are_not_found_beside_those_that_are(home) {
        let (ours, theirs) = (tenant(&home.store).await, tenant(&home.store).await);
        let (our_ids, their_ids) = (accounts(&ours, 5, "u").await, accounts(&theirs, 5, "u").await);
        let read = join_all((0..READERS).map(async |reader| {
            let nth = reader % 5;
            match reader % 4 {
                0 => assert_eq!(name_of(&ours, our_ids[nth]).await, Some(format!("u{nth}"))),
                1 => assert_eq!(name_of(&theirs, their_ids[nth]).await, Some(format!("u{nth}"))),
                2 => assert_eq!(name_of(&ours, their_ids[nth]).await, None),
                _ => assert_eq!(name_of(&ours, AccountId::new()).await, None),
            }
        })).await;
        assert_eq!(read.len(), READERS);
    }

    async fn videos_account_videos_and_creators_are_read_likewise(home) {
        let (ours, theirs) = (tenant(&home.store).await, tenant(&home.store).await);
        let (amy, _) = add(&ours, &new_account("amy"), START).await;
        work(&home.store, START, |job| match &job.target {
            store::JobTarget::Profile { .. } => profile("11", "amy", 7),
            store::JobTarget::Feed { .. } => feed((1..=9).map(|n| post(post_id(n), START, n)).collect()),
            store::JobTarget::Post { .. } => page_of(post(post_id(1), START, 1)),
        }).await;
        let found: Vec<AccountVideoId> = account_videos(&ours, amy, START).await.into_iter().map(|video| video.id).collect();
        let mut videos: Vec<VideoId> = Vec::new();
        let mut creators: Vec<CreatorId> = Vec::new();
        for n in 0..9 {
            videos.push(add_video(&ours, &new_video(&post_id(100 + n).to_string()), START).await);
            creators.push(add_creator(&ours, &format!("c{n}"), START).await);
        }
        let mut tx = support::begin(&ours, START).await;
        tx.link_account(creators[4], amy).await.unwrap();
        tx.commit().await.unwrap();
        join_all((0..READERS).map(async |reader| {
            let nth = reader % 9;
            let video = ours.video(videos[nth], START).await.unwrap().unwrap();
            assert_eq!(video.id, videos[nth]);
            let found_video = ours.account_video(found[nth], START).await.unwrap().unwrap();
            assert_eq!((found_video.id, found_video.post.account_id), (found[nth], Some(amy)));
            let creator = ours.creator(creators[nth]).await.unwrap().unwrap();
            assert_eq!(creator.name, format!("c{nth}"));
            assert_eq!(creator.accounts_by_platform.values().sum::<i64>(), i64::from(nth == 4));
            assert!(theirs.video(videos[nth], START).await.unwrap().is_none());
            assert!(theirs.account_video(found[nth], START).await.unwrap().is_none());
            assert!(theirs.creator(creators[nth]).await.unwrap().is_none());
        })).await;
    }

    async fn a_read_sees_what_was_written_before_it_began(home) {
        let tenant = tenant(&home.store).await;
        let ids = accounts(&tenant, 1, "u").await;
        let busy = join_all((0..READERS).map(|_| name_of(&tenant, ids[0])));
        let writing = async {
            for number in 0..20 {
                let (id, _) = add(&tenant, &new_account(&format!("w{number}")), START).await;
                assert_eq!(name_of(&tenant, id).await, Some(format!("w{number}")));
            }
        };
        tokio::join!(busy, writing);
    }

    async fn readers_who_go_away_strand_nobody(home) {
        let tenant = tenant(&home.store).await;
        let ids = accounts(&tenant, 8, "u").await;
        for _ in 0..20 {
            let mut impatient = tokio::task::JoinSet::new();
            for reader in 0..READERS {
                let (tenant, id) = (tenant.clone(), ids[reader % 8]);
                impatient.spawn(async move { name_of(&tenant, id).await });
            }
            tokio::task::yield_now().await;
            impatient.abort_all();
            let patient = join_all((0..8).map(|nth| name_of(&tenant, ids[nth])));
            let read = tokio::time::timeout(Duration::from_secs(20), patient).await.unwrap();
            assert_eq!(read, (0..8).map(|nth| Some(format!("u{nth}"))).collect::<Vec<_>>());
        }
    }

    async fn a_failure_reaches_everybody_and_passes(home) {
        let tenant = tenant(&home.store).await;
        let ids = accounts(&tenant, 4, "u").await;
        home.sql("ALTER TABLE profiles RENAME TO hidden").await;
        let refused = join_all((0..READERS).map(|reader| tenant.account(ids[reader % 4], START))).await;
        assert!(refused.iter().all(|read| matches!(read, Err(StoreError::Internal(_)))));
        home.sql("ALTER TABLE hidden RENAME TO profiles").await;
        assert_eq!(name_of(&tenant, ids[3]).await, Some("u3".to_owned()));
    }

    async fn a_database_that_is_away_is_away_for_everybody(home) {
        let tenant = tenant(&home.store).await;
        let ids = accounts(&tenant, 4, "u").await;
        home.store.clone().close().await.unwrap();
        let refused = join_all((0..READERS).map(|reader| tenant.account(ids[reader % 4], START))).await;
        assert!(refused.iter().all(|read| matches!(read, Err(StoreError::Unavailable(_)))));
    }
}
