//! What is shown from memory is what stands in the tables, whatever a record is made of has changed.

#![expect(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a helper of a test fails the test")]

mod support;

use domain::{AccountId, CreatorId, OrganizationId, Timestamp};
use store::{
    Account, AccountChange, AccountFilter, AccountOrder, AccountVideo, AccountVideoFilter, CreatorChange,
    OrganizationChange, PostOrder, Store, StoreConfig, Tenant, TenantTx, Video, VideoFilter,
};
use support::{
    HOUR, Home, MINUTE, START, add, add_creator, add_video, answer, begin, make_due, new_account, new_video,
    organization, post, post_id, set_active, tenant, whole, work,
};

/// Everything that an organization is shown.
type Shown = (Vec<Account>, Vec<Video>, Vec<AccountVideo>);

/// All lists, and each record by itself, which must say the same.
async fn shown(tenant: &Tenant, now: Timestamp) -> Shown {
    let accounts = tenant.accounts(&AccountFilter::default(), &whole(AccountOrder::AddedAt), now).await.unwrap().rows;
    for account in &accounts {
        assert_eq!(tenant.account(account.id, now).await.unwrap().as_ref(), Some(account));
    }
    let videos = tenant.videos(&VideoFilter::default(), &whole(PostOrder::AddedAt), now).await.unwrap().rows;
    for video in &videos {
        assert_eq!(tenant.video(video.id, now).await.unwrap().as_ref(), Some(video));
    }
    let found = tenant.account_videos(&AccountVideoFilter::default(), &whole(PostOrder::AddedAt), now).await;
    let found = found.unwrap().rows;
    for video in &found {
        assert_eq!(tenant.account_video(video.id, now).await.unwrap().as_ref(), Some(video));
    }
    (
        accounts.iter().map(|account| Account::clone(account)).collect(),
        videos.iter().map(|video| Video::clone(video)).collect(),
        found.iter().map(|video| AccountVideo::clone(video)).collect(),
    )
}

/// Somebody who asks all the time, beside others who ask for the first time.
struct Poller<'a> {
    home: &'a Home,
    organization: OrganizationId,
    tenant: &'a Tenant,
    last: Shown,
}

impl Poller<'_> {
    /// Holds what is remembered against what a process says that remembers nothing, after something was done; the change must show.
    async fn sees(&mut self, what: &str, now: Timestamp) {
        let url = self.home.url.clone();
        let config = StoreConfig { url, age_curve: domain::AgeCurve::flat(), max_connections: 2 };
        let other = Store::connect(&config).await.unwrap();
        let expected = shown(&other.tenant(self.organization), now).await;
        assert_eq!(shown(self.tenant, now).await, expected, "after {what}");
        assert_ne!(expected, self.last, "{what} shows");
        self.last = expected;
        // Until nearly all is remembered again.
        for _ in 0..40 {
            shown(self.tenant, now).await;
        }
    }

    /// Changes something by a call of the organization's.
    async fn by(&mut self, what: &str, now: Timestamp, change: impl AsyncFnOnce(&mut TenantTx)) {
        let mut tx = begin(self.tenant, now).await;
        change(&mut tx).await;
        tx.commit().await.unwrap();
        self.sees(what, now).await;
    }
}

async fn link(tx: &mut TenantTx, creator: CreatorId, account: AccountId) {
    tx.link_account(creator, account).await.unwrap();
}

on_both! {
    async fn whatever_a_record_is_made_of_a_change_of_it_is_seen_at_once(home) {
        let organization = organization(&home.store, None).await;
        let (tenant, other) = (home.store.tenant(organization), tenant(&home.store).await);
        let mut poller = Poller { home: &home, organization, tenant: &tenant, last: Shown::default() };
        let creator = add_creator(&tenant, "Amy", START).await;
        let (amy, _) = add(&tenant, &new_account("amy"), START).await;
        poller.sees("adding", START).await;
        let mut posts = vec![post(post_id(1), START, 7), post(post_id(2), START, 8)];
        let video = add_video(&tenant, &new_video(&post_id(1).to_string()), START).await;
        poller.sees("adding a video", START).await;
        work(&home.store, START, answer("11", "amy", &posts)).await;
        poller.sees("a first read", START).await;

        let now = START.plus(HOUR);
        poller.by("linking", now, async |tx| link(tx, creator, amy).await).await;
        let named = CreatorChange { name: Some("Amelia".to_owned()), ..CreatorChange::default() };
        poller.by("another name", now, async |tx| tx.update_creator(creator, &named).await.unwrap()).await;
        let paused = CreatorChange { is_active: Some(false), ..CreatorChange::default() };
        poller.by("a creator's pause", now, async |tx| tx.update_creator(creator, &paused).await.unwrap()).await;
        let goes_on = CreatorChange { is_active: Some(true), ..CreatorChange::default() };
        poller.by("its end", now, async |tx| tx.update_creator(creator, &goes_on).await.unwrap()).await;
        let settings = OrganizationChange { max_recent_posts: Some(Some(17)), ..OrganizationChange::default() };
        poller.by("other settings", now, async |tx| { tx.update_settings(&settings).await.unwrap(); }).await;
        let hours = AccountChange { scrape_interval_hours: Some(48), ..AccountChange::default() };
        poller.by("another interval", now, async |tx| tx.update_account(amy, &hours).await.unwrap()).await;
        let rest = AccountChange { is_active: Some(false), ..AccountChange::default() };
        poller.by("an account's pause", now, async |tx| tx.update_account(amy, &rest).await.unwrap()).await;
        // Another organization has the profile read, which has another picture by now.
        let (theirs, _) = add(&other, &new_account("amy"), now).await;
        work(&home.store, now, |job| {
            let mut said = answer("11", "amy", &posts)(job);
            if let Some(profile) = said.profile.as_mut() {
                profile.description = Some("another".to_owned());
            }
            said
        }).await;
        poller.sees("a profile's read for others", now).await;
        let mut tx = begin(&other, now).await;
        tx.delete_account(theirs).await.unwrap();
        tx.commit().await.unwrap();
        let active = AccountChange { is_active: Some(true), ..AccountChange::default() };
        poller.by("its end", now, async |tx| tx.update_account(amy, &active).await.unwrap()).await;
        set_active(&tenant, video, false, now).await;
        poller.sees("a video's pause", now).await;

        // Another organization has the post read, which says something else by now.
        posts[0].description = Some("another".to_owned());
        add_video(&other, &new_video(&post_id(1).to_string()), now).await;
        work(&home.store, now, answer("11", "amy", &posts)).await;
        poller.sees("a post's read for others", now).await;

        // Each table by itself, which no call and no read changes alone.
        set_active(&tenant, video, true, now).await;
        poller.sees("a video's going on", now).await;
        for change in [
            "UPDATE profiles SET description = 'one more'",
            "UPDATE posts SET description = 'one more'",
            "UPDATE videos SET view_count = 99",
            "UPDATE account_videos SET view_count = 98",
            "UPDATE schedules SET due_at = due_at + 1 WHERE kind = 'post'",
            "UPDATE schedules SET due_at = due_at + 1 WHERE kind = 'profile'",
        ] {
            home.sql(change).await;
            poller.sees(change, now).await;
        }

        let now = now.plus(MINUTE);
        make_due(&home, now).await;
        poller.sees("being due at another time", now).await;
        work(&home.store, now, answer("11", "amelia", &posts)).await;
        poller.sees("a rename", now).await;
        poller.by("unlinking", now, async |tx| { tx.delete_creator(creator).await.unwrap(); }).await;
        poller.by("deleting the account", now, async |tx| { tx.delete_account(amy).await.unwrap(); }).await;
        poller.by("deleting the video", now, async |tx| { tx.delete_video(video).await.unwrap(); }).await;
        assert_eq!(poller.last, Shown::default());
    }
}
