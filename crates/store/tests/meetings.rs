//! Two that meet at one row: whoever points at it and whoever takes it away come to what one after the other would come to, and nobody is asked to try
//! again.

#![expect(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a helper of a test fails the test")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use domain::{AccountId, CreatorId, Platform, PostFacts, TargetKind, Wake};
use store::{
    AccountChange, Claim, CreatorChange, JobTarget, NewAccount, Recorded, Refusal, Store, StoreError, Tenant, TenantTx,
};
use support::{
    MINUTE, START, account_videos, add, add_creator, add_video, begin, claim, claims, feed, new_account, new_video,
    page_of, platform, policy, post, post_id, profile, tenant, work,
};

/// How often each race is run.
const ROUNDS: i64 = 40;

/// How long whoever comes second is given to get as far as it can. What they come to is the same when that was not enough.
const A_WHILE: Duration = Duration::from_millis(30);

/// A change that meets others.
#[derive(Clone, Debug)]
enum Deed {
    Link(CreatorId, AccountId),
    Patch(AccountId, CreatorId),
    Add(NewAccount),
    AddMany(Vec<NewAccount>),
    Pause(CreatorId, bool),
    DeleteCreator(CreatorId),
}

async fn act(tx: &mut TenantTx, deed: &Deed) -> Result<(), Refusal> {
    match deed {
        Deed::Link(creator, account) => tx.link_account(*creator, *account).await.map(|_| ()),
        Deed::Patch(account, creator) => {
            let change = AccountChange { creator_id: Some(Some(*creator)), ..AccountChange::default() };
            tx.update_account(*account, &change).await
        }
        Deed::Add(new) => tx.create_account(new).await.map(|_| ()),
        Deed::AddMany(new) => tx.create_accounts(new).await?.into_iter().try_for_each(|made| made.map(|_| ())),
        Deed::Pause(creator, is_active) => {
            tx.update_creator(*creator, &CreatorChange { is_active: Some(*is_active), ..CreatorChange::default() })
                .await
        }
        Deed::DeleteCreator(creator) => tx.delete_creator(*creator).await,
    }
}

async fn done(tenant: &Tenant, deed: &Deed) -> Result<(), Refusal> {
    let mut tx = begin(tenant, START).await;
    act(&mut tx, deed).await?;
    tx.commit().await?;
    Ok(())
}

/// What two come to when the second begins while the first is about to commit.
async fn one_before_the_other(
    tenant: &Tenant,
    first: Deed,
    second: Deed,
) -> (Result<(), Refusal>, Result<(), Refusal>) {
    let mut tx = begin(tenant, START).await;
    let came_to = act(&mut tx, &first).await;
    let other = tenant.clone();
    let second = tokio::spawn(async move { done(&other, &second).await });
    tokio::time::sleep(A_WHILE).await;
    let came_to = match came_to {
        Ok(()) => tx.commit().await.map(|_| ()).map_err(Refusal::from),
        Err(refusal) => {
            drop(tx);
            Err(refusal)
        }
    };
    (came_to, second.await.unwrap())
}

/// What two come to that begin at the same moment.
async fn both_at_once(tenant: &Tenant, one: Deed, other: Deed) -> (Result<(), Refusal>, Result<(), Refusal>) {
    let tasks = [one, other].map(|deed| {
        let tenant = tenant.clone();
        tokio::spawn(async move { done(&tenant, &deed).await })
    });
    let [one, other] = tasks;
    (one.await.unwrap(), other.await.unwrap())
}

/// A worker that clears away what nobody tracks and reads nothing, until it is told to stop.
fn clear_away(store: &Store, stop: &Arc<AtomicBool>) -> tokio::task::JoinHandle<u32> {
    let (store, stop) = (store.clone(), Arc::clone(stop));
    tokio::spawn(async move {
        let mut cleared = 0;
        while !stop.load(Ordering::SeqCst) {
            for wake in offered(&store).await {
                match store.claim(&wake, &claims("w"), START).await.unwrap() {
                    Claim::Untracked => cleared += 1,
                    Claim::NotDue => {}
                    other @ (Claim::Taken(_) | Claim::Gated) => panic!("nothing is collected: {other:?}"),
                }
            }
            tokio::task::yield_now().await;
        }
        cleared
    })
}

async fn offered(store: &Store) -> Vec<Wake> {
    store.offer_due(&platform(Platform::Tiktok), 100, Duration::ZERO, START).await.unwrap()
}

fn paused(username: &str) -> NewAccount {
    NewAccount { is_active: false, ..new_account(username) }
}

on_both! {
    async fn whoever_links_an_account_to_a_creator_that_is_being_deleted_is_before_or_after_it(home) {
        let tenant = tenant(&home.store).await;
        let (amy, _) = add(&tenant, &paused("amy"), START).await;
        for round in 0..ROUNDS {
            let creator = add_creator(&tenant, "Amy", START).await;
            let new = |name: &str| NewAccount { creator_id: Some(creator), ..paused(&format!("{name}{round}")) };
            let link = match round % 4 {
                0 => Deed::Link(creator, amy),
                1 => Deed::Patch(amy, creator),
                2 => Deed::Add(new("bob")),
                _ => Deed::AddMany(vec![new("cat"), new("dog")]),
            };
            let delete = Deed::DeleteCreator(creator);
            let (linked, deleted) = match round % 3 {
                0 => one_before_the_other(&tenant, link.clone(), delete).await,
                1 => {
                    let (deleted, linked) = one_before_the_other(&tenant, delete, link.clone()).await;
                    (linked, deleted)
                }
                _ => both_at_once(&tenant, link.clone(), delete).await,
            };
            assert!(matches!(linked, Ok(()) | Err(Refusal::NoCreator(_))), "{round}, {link:?}: {linked:?}");
            assert!(deleted.is_ok(), "{round}, {link:?}: {deleted:?}");
            assert_eq!(home.number("SELECT COUNT(*) FROM accounts WHERE creator_id IS NOT NULL").await, Some(0));
            assert_eq!(home.number("SELECT COUNT(*) FROM creators").await, Some(0));
        }
    }

    async fn an_account_that_is_linked_while_its_creator_is_resumed_is_due_when_it_is_collected(home) {
        let tenant = tenant(&home.store).await;
        for round in 0..ROUNDS / 2 {
            let creator = add_creator(&tenant, "Amy", START).await;
            done(&tenant, &Deed::Pause(creator, false)).await.unwrap();
            let name = format!("amy{round}");
            let link = if round % 2 == 0 {
                Deed::Add(NewAccount { creator_id: Some(creator), ..new_account(&name) })
            } else {
                let (id, _) = add(&tenant, &new_account(&name), START).await;
                Deed::Link(creator, id)
            };
            let resume = Deed::Pause(creator, true);
            let (linked, resumed) = match round % 3 {
                0 => one_before_the_other(&tenant, link, resume).await,
                1 => {
                    let (resumed, linked) = one_before_the_other(&tenant, resume, link).await;
                    (linked, resumed)
                }
                _ => both_at_once(&tenant, link, resume).await,
            };
            assert!(linked.is_ok() && resumed.is_ok(), "{linked:?} {resumed:?}");
            let resting = "SELECT COUNT(*) FROM schedules WHERE kind = 'profile' AND due_at IS NULL";
            assert_eq!(home.number(resting).await, Some(0), "{round}");
        }
    }

    async fn an_account_is_added_again_while_a_worker_clears_its_profile_away(home) {
        let tenant = tenant(&home.store).await;
        let stop = Arc::new(AtomicBool::new(false));
        let workers = [clear_away(&home.store, &stop), clear_away(&home.store, &stop)];
        for round in 0..4 * ROUNDS {
            let mut tx = begin(&tenant, START).await;
            let ids = if round % 2 == 0 {
                vec![tx.create_account(&paused("amy0")).await]
            } else {
                let new: Vec<_> = (0..3).map(|n| paused(&format!("amy{n}"))).collect();
                tx.create_accounts(&new).await.unwrap_or_else(|error| panic!("{round}: {error:?}"))
            };
            let ids: Vec<_> = ids.into_iter().map(|id| id.unwrap_or_else(|why| panic!("{round}: {why:?}"))).collect();
            tx.commit().await.unwrap();
            for id in ids {
                let mut tx = begin(&tenant, START).await;
                tx.delete_account(id).await.unwrap();
                tx.commit().await.unwrap();
            }
        }
        stop.store(true, Ordering::SeqCst);
        for worker in workers {
            worker.await.unwrap();
        }
        work(&home.store, START, |job| panic!("nothing is collected: {job:?}")).await;
        assert_eq!(home.store.count_targets().await.unwrap(), 0);
    }

    async fn a_video_is_added_again_while_a_worker_clears_its_post_away(home) {
        let tenant = tenant(&home.store).await;
        let stop = Arc::new(AtomicBool::new(false));
        let workers = [clear_away(&home.store, &stop), clear_away(&home.store, &stop)];
        let new = |n: i64| store::NewVideo { is_active: false, ..new_video(&post_id(n).to_string()) };
        for round in 0..4 * ROUNDS {
            let mut tx = begin(&tenant, START).await;
            let ids = if round % 2 == 0 {
                vec![tx.create_video(&new(0)).await]
            } else {
                tx.create_videos(&[new(0), new(1), new(2)]).await.unwrap_or_else(|error| panic!("{round}: {error:?}"))
            };
            let ids: Vec<_> = ids.into_iter().map(|id| id.unwrap_or_else(|why| panic!("{round}: {why:?}"))).collect();
            tx.commit().await.unwrap();
            for id in ids {
                let mut tx = begin(&tenant, START).await;
                tx.delete_video(id).await.unwrap();
                tx.commit().await.unwrap();
            }
        }
        stop.store(true, Ordering::SeqCst);
        for worker in workers {
            worker.await.unwrap();
        }
        work(&home.store, START, |job| panic!("nothing is collected: {job:?}")).await;
        assert_eq!(home.store.count_targets().await.unwrap(), 0);
    }

    async fn a_list_shows_posts_that_are_cleared_away_at_the_same_moment(home) {
        let (tenant, other) = (tenant(&home.store).await, tenant(&home.store).await);
        for round in 0..ROUNDS / 2 {
            let handle = format!("amy{round}");
            let list: Vec<PostFacts> = (0..4).map(|n| post(post_id(round * 10 + n), START, n)).collect();
            let (id, wakes) = add(&tenant, &new_account(&handle), START).await;
            let first = claim(&home.store, &wakes[0], START).await;
            let wakes = support::record(&home.store, &first, &profile(&handle, &handle, 5), START).await;
            let job = claim(&home.store, &wakes[0], START).await;
            assert_eq!(job.kind, TargetKind::Feed);
            for facts in &list {
                let new = store::NewVideo { is_active: false, ..new_video(&facts.external_id) };
                let video = add_video(&other, &new, START).await;
                let mut tx = begin(&other, START).await;
                tx.delete_video(video).await.unwrap();
                tx.commit().await.unwrap();
            }
            let clearing: Vec<_> = offered(&home.store)
                .await
                .into_iter()
                .filter(|wake| wake.kind == TargetKind::Post)
                .map(|wake| {
                    let store = home.store.clone();
                    tokio::spawn(async move { store.claim(&wake, &claims("w"), START).await })
                })
                .collect();
            let recorded = home.store.record(&job, &feed(list.clone()), &policy(), START).await;
            assert!(matches!(recorded, Ok(Recorded::Stored(_))), "{round}: {recorded:?}");
            for cleared in clearing {
                let cleared = cleared.await.unwrap();
                assert!(cleared.is_ok(), "{round}: {cleared:?}");
            }
            let found = account_videos(&tenant, id, START).await;
            assert_eq!(found.len(), 4, "{round}");
            work(&home.store, START, |job| match &job.target {
                JobTarget::Post { external_id, .. } => page_of(post(external_id.parse().unwrap(), START, 7)),
                JobTarget::Profile { .. } | JobTarget::Feed { .. } => panic!("read before: {job:?}"),
            })
            .await;
            assert!(account_videos(&tenant, id, START).await.iter().all(|found| found.post.counts.view_count == Some(7)));
        }
    }

    async fn an_account_is_deleted_while_its_list_and_its_posts_are_recorded(home) {
        let tenant = tenant(&home.store).await;
        for round in 0..ROUNDS / 2 {
            let handle = format!("amy{round}");
            let list: Vec<PostFacts> = (0..8).map(|n| post(post_id(round * 10 + n), START, n)).collect();
            let (id, wakes) = add(&tenant, &new_account(&handle), START).await;
            let first = claim(&home.store, &wakes[0], START).await;
            let wakes = support::record(&home.store, &first, &profile(&handle, &handle, 5), START).await;
            let job = claim(&home.store, &wakes[0], START).await;
            let stop = Arc::new(AtomicBool::new(false));
            let workers: Vec<_> = (0..3)
                .map(|_| {
                    let (store, stop) = (home.store.clone(), Arc::clone(&stop));
                    tokio::spawn(async move {
                        while !stop.load(Ordering::SeqCst) {
                            for wake in offered(&store).await {
                                let Claim::Taken(job) = store.claim(&wake, &claims("w"), START).await? else { continue };
                                let JobTarget::Post { external_id, .. } = &job.target else { continue };
                                let seen = page_of(post(external_id.parse().unwrap(), START, 7));
                                store.record(&job, &seen, &policy(), START).await?;
                            }
                        }
                        Ok::<_, StoreError>(())
                    })
                })
                .collect();
            let (store, seen) = (home.store.clone(), feed(list));
            let recorded = tokio::spawn(async move { store.record(&job, &seen, &policy(), START).await });
            tokio::time::sleep(Duration::from_millis(u64::try_from(round % 10).unwrap() * 3)).await;
            let mut tx = begin(&tenant, START).await;
            let deleted = tx.delete_account(id).await;
            assert!(deleted.is_ok(), "{round}: {deleted:?}");
            tx.commit().await.unwrap();
            let recorded = recorded.await.unwrap();
            assert!(recorded.is_ok(), "{round}: {recorded:?}");
            tokio::time::sleep(A_WHILE).await;
            stop.store(true, Ordering::SeqCst);
            for worker in workers {
                let worked = worker.await.unwrap();
                assert!(worked.is_ok(), "{round}: {worked:?}");
            }
            work(&home.store, START.plus(3 * MINUTE), |job| panic!("nothing is collected: {job:?}")).await;
            assert_eq!(home.store.count_targets().await.unwrap(), 0, "{round}");
        }
    }
}
