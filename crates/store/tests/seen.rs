//! What is shown again is what was shown before while nothing has changed, and never a moment longer.

#![expect(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a helper of a test fails the test")]

mod support;

use std::sync::Arc;

use domain::{AccountId, FreshnessState, Timestamp};
use store::{Account, AccountChange, CreatorChange, Seen, Tenant};
use support::{
    HOUR, Home, MINUTE, START, add, add_creator, begin, feed, make_due, new_account, page_of, post, post_id, profile,
    tenant, whole, work,
};

async fn see(tenant: &Tenant, id: AccountId, now: Timestamp) -> Arc<Seen<Account>> {
    tenant.account(id, now).await.unwrap().unwrap()
}

/// Reads everything that is due at `now`; the account has so many followers.
async fn read(home: &Home, now: Timestamp, followers: i64) {
    work(&home.store, now, |job| match &job.target {
        store::JobTarget::Profile { .. } => profile("11", "amy", followers),
        store::JobTarget::Feed { .. } => feed(vec![post(post_id(1), START, 7)]),
        store::JobTarget::Post { .. } => page_of(post(post_id(1), START, 7)),
    })
    .await;
}

on_both! {
    async fn an_account_that_has_not_changed_is_the_same_by_itself_and_in_a_list(home) {
        let tenant = tenant(&home.store).await;
        let (id, _) = add(&tenant, &new_account("amy"), START).await;
        read(&home, START, 7).await;
        let first = see(&tenant, id, START).await;
        assert!(Arc::ptr_eq(&first, &see(&tenant, id, START.plus(MINUTE)).await));
        let page = whole(store::AccountOrder::AddedAt);
        let listed = tenant.accounts(&store::AccountFilter::default(), &page, START.plus(HOUR)).await.unwrap().rows;
        assert!(Arc::ptr_eq(&first, &listed[0]));
        let posts = tenant.account_videos(&store::AccountVideoFilter::default(), &whole(store::PostOrder::AddedAt), START).await.unwrap().rows;
        let again = tenant.account_video(posts[0].id, START.plus(MINUTE)).await.unwrap().unwrap();
        assert!(Arc::ptr_eq(&posts[0], &again));
    }

    async fn whatever_changes_an_account_is_seen_at_once(home) {
        let tenant = tenant(&home.store).await;
        let (id, _) = add(&tenant, &new_account("amy"), START).await;
        let creator = add_creator(&tenant, "Amy", START).await;
        assert_eq!(see(&tenant, id, START).await.follower_count, None);
        read(&home, START, 7).await;
        assert_eq!(see(&tenant, id, START).await.follower_count, Some(7));
        let later = START.plus(HOUR);
        make_due(&home, later).await;
        read(&home, later, 8).await;
        assert_eq!(see(&tenant, id, later).await.follower_count, Some(8));
        let mut tx = begin(&tenant, later).await;
        tx.link_account(creator, id).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(see(&tenant, id, later).await.creator_name.as_deref(), Some("Amy"));
        let mut tx = begin(&tenant, later).await;
        tx.update_creator(creator, &CreatorChange { name: Some("Amelia".to_owned()), ..Default::default() }).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(see(&tenant, id, later).await.creator_name.as_deref(), Some("Amelia"));
        let mut tx = begin(&tenant, later).await;
        tx.update_account(id, &AccountChange { category: Some(Some("food".to_owned())), ..Default::default() }).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(see(&tenant, id, later).await.category.as_deref(), Some("food"));
        let mut tx = begin(&tenant, later).await;
        tx.delete_account(id).await.unwrap();
        tx.commit().await.unwrap();
        assert!(tenant.account(id, later).await.unwrap().is_none());
    }

    async fn time_alone_makes_an_account_stale(home) {
        let tenant = tenant(&home.store).await;
        let (id, _) = add(&tenant, &new_account("amy"), START).await;
        read(&home, START, 7).await;
        let state = async |now| see(&tenant, id, now).await.freshness.state;
        // A day, and a tenth of it.
        let last = START.plus(HOUR * 24).plus(HOUR * 24 / 10);
        let just_stale = Timestamp::from_millis(last.as_millis() + 1);
        for (now, expected) in [
            (START, FreshnessState::Fresh),
            (last, FreshnessState::Fresh),
            (just_stale, FreshnessState::Stale),
            (last, FreshnessState::Fresh),
            (just_stale, FreshnessState::Stale),
        ] {
            assert_eq!(state(now).await, expected, "at {now}");
        }
    }

    async fn two_organizations_accounts_of_one_profile_are_told_apart(home) {
        let (ours, theirs) = (tenant(&home.store).await, tenant(&home.store).await);
        let (our_id, _) = add(&ours, &new_account("amy"), START).await;
        let (their_id, _) = add(&theirs, &new_account("amy"), START).await;
        read(&home, START, 7).await;
        let (one, two) = (see(&ours, our_id, START).await, see(&theirs, their_id, START).await);
        assert_eq!((one.id, two.id), (our_id, their_id));
        assert!(ours.account(their_id, START).await.unwrap().is_none());
    }

    async fn what_was_made_of_a_view_goes_when_it_changes(home) {
        let tenant = tenant(&home.store).await;
        let (id, _) = add(&tenant, &new_account("amy"), START).await;
        read(&home, START, 7).await;
        let write = |account: &Account| format!("{} has {:?}", account.username, account.follower_count);
        let seen = see(&tenant, id, START).await;
        assert_eq!(*seen.made(write), "amy has Some(7)");
        let again = see(&tenant, id, START).await;
        assert!(Arc::ptr_eq(&seen.made(write), &again.made(|_| String::new())), "it is made once");
        assert_eq!(*again.made(|account| account.follower_count), Some(7), "another type is made for itself");
        let later = START.plus(HOUR);
        make_due(&home, later).await;
        read(&home, later, 8).await;
        assert_eq!(*see(&tenant, id, later).await.made(write), "amy has Some(8)");
    }
}
