//! The demonstration of `dev --demo`: an organization, a key, a few creators, and their metrics as they arrive.

use std::collections::BTreeSet;
use std::time::Duration;

use domain::metadata::Metadata;
use domain::{AccountId, Clock, Handle, KeyLifetime, OrganizationId, Platform, RequestId, Scopes};
use queue::Queue;
use store::{
    Account, AccountFilter, AccountOrder, Direction, NewAccount, NewOrganization, PageRequest, Refusal, Store,
};
use tokio_util::sync::CancellationToken;

use super::{Failure, keys, print};
use crate::config::Config;

const NAME: &str = "demo";

/// Well-known public accounts, for a look at the real platforms.
const LIVE: [(Platform, &str); 4] = [
    (Platform::Tiktok, "nasa"),
    (Platform::Instagram, "natgeo"),
    (Platform::Tiktok, "khaby.lame"),
    (Platform::Instagram, "nike"),
];

/// Inhabitants of the stand-in platforms, where every handle exists.
const SANDBOX: [(Platform, &str); 4] = [
    (Platform::Tiktok, "the.baker"),
    (Platform::Instagram, "city_gardens"),
    (Platform::Tiktok, "night_runner"),
    (Platform::Instagram, "paper.boats"),
];

/// How long metrics are waited for before the demonstration leaves the reader alone.
const PATIENCE: Duration = Duration::from_mins(2);

/// Sets the demonstration up and shows it.
pub async fn show(
    config: &Config,
    store: &Store,
    queue: &Queue,
    base_url: &str,
    is_sandbox: bool,
    shutdown: &CancellationToken,
) -> Result<(), Failure> {
    let organization = organization(store).await?;
    let key = key(config, store, organization).await?;
    let creators = if is_sandbox { SANDBOX } else { LIVE };
    for (platform, username) in creators {
        track(store, queue, organization, platform, username).await?;
    }
    print(&format!("\nAPI      {base_url}/v2"));
    print(&format!("Docs     {base_url}/v2/docs"));
    print(&format!("Key      {key}   (new at every start; earlier demo keys are revoked)"));
    print("\nTry, in another terminal:\n");
    let authorization = format!("-H 'Authorization: Bearer {key}'");
    print(&format!("  curl -s {authorization} '{base_url}/v2/accounts?order_by=follower_count'"));
    print(&format!("  curl -s {authorization} '{base_url}/v2/account-videos?order_by=view_count&limit=3'"));
    // In the sandbox every handle exists, so each start can have a new one.
    let newcomer =
        if is_sandbox { format!("new.{}", Clock::system().now().as_seconds()) } else { "mrbeast".to_owned() };
    print(&format!(
        "  curl -s {authorization} -H 'Content-Type: application/json' -H 'Idempotency-Key: {newcomer}' '{base_url}/v2/accounts' \\\n       \
         -d '{{\"platform\":\"tiktok\",\"username\":\"@{newcomer}\"}}'"
    ));
    print("\nMetrics as they arrive (Ctrl-C ends the service):\n");
    tokio::select! {
        shown = watch(store, organization, creators.len()) => shown,
        () = tokio::time::sleep(PATIENCE) => { print("  (still waiting; the API will tell)"); Ok(()) }
        () = shutdown.cancelled() => Ok(()),
    }
}

async fn organization(store: &Store) -> Result<OrganizationId, Failure> {
    if let Some(existing) = store.organizations().await?.into_iter().find(|organization| organization.name == NAME) {
        return Ok(existing.id);
    }
    let new = NewOrganization { name: NAME.to_owned(), max_tracked_accounts: None };
    Ok(store.create_organization(&new, Clock::system().now()).await?.id)
}

/// A key's secret cannot be shown twice, so each start makes a new one and revokes those before.
async fn key(config: &Config, store: &Store, organization: OrganizationId) -> Result<String, Failure> {
    let now = Clock::system().now();
    for old in store.keys(Some(organization)).await? {
        if old.name == NAME && old.revoked_at.is_none() {
            keys::revoke(config, store, old.id, now).await?;
        }
    }
    let scopes = Scopes::all_coarse();
    let (_, secret) = keys::create(store, organization, NAME, &scopes, KeyLifetime::Days30, now).await?;
    Ok(secret.reveal().to_owned())
}

async fn track(
    store: &Store,
    queue: &Queue,
    organization: OrganizationId,
    platform: Platform,
    username: &str,
) -> Result<(), Failure> {
    // The names above are well formed; a test of this module holds them to it.
    let Ok(handle) = Handle::parse(platform, username) else { return Ok(()) };
    let new = NewAccount {
        platform,
        handle,
        category: None,
        scrape_interval_hours: None,
        metadata: Metadata::default(),
        is_active: true,
        creator_id: None,
        max_recent_posts: None,
        post_lookback_days: None,
    };
    let mut tx = store.tenant(organization).begin(&RequestId::new(), Clock::system().now()).await?;
    match tx.create_account(&new).await {
        Ok(_) => {
            for wake in tx.commit().await? {
                queue.wake(wake);
            }
            Ok(())
        }
        Err(Refusal::Duplicate { .. }) => Ok(()),
        Err(refusal) => Err(refusal.into()),
    }
}

/// Prints each account when it and its posts have been read for the first time.
async fn watch(store: &Store, organization: OrganizationId, expected: usize) -> Result<(), Failure> {
    let mut seen: BTreeSet<AccountId> = BTreeSet::new();
    let page = PageRequest {
        order_by: AccountOrder::AddedAt,
        direction: Direction::Asc,
        after: None,
        limit: 200,
        include_total: false,
    };
    while seen.len() < expected {
        let now = Clock::system().now();
        let found = store.tenant(organization).accounts(&AccountFilter::default(), &page, now).await?;
        for account in found.rows {
            if account.sums.view_count.or(account.sums.play_count).is_some() && seen.insert(account.id) {
                print(&line(&account));
            }
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    Ok(())
}

fn line(account: &Account) -> String {
    let number = |value: Option<i64>| value.map_or_else(|| "-".to_owned(), |value| value.to_string());
    format!(
        "  {:<10} {:<16} followers {:>12}   posts collected {:>4}   views {:>14}   plays {:>14}",
        account.platform.as_str(),
        account.username,
        number(account.follower_count),
        number(account.total_post_count),
        number(account.sums.view_count),
        number(account.sums.play_count),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_demo_creator_has_a_handle_that_its_platform_allows() {
        for (platform, username) in LIVE.into_iter().chain(SANDBOX) {
            assert_eq!(Handle::parse(platform, username).unwrap().as_str(), username);
        }
    }
}
