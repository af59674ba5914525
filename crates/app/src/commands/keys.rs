//! `key`: API keys. A secret is shown when it is made, and never again.

use std::time::Duration;

use clap::Subcommand;
use domain::{ApiKey, ApiKeyId, Clock, KeyLifetime, OrganizationId, RequestId, Scopes, Timestamp, api_key};
use serde_json::{Value, json};
use store::{Key, KeyChange, RetiringSecret, Rotated, Rotation, Store, StoreError, TenantTx};

use super::{Failure, print, print_json, roles};
use crate::config::Config;
use crate::wiring;

/// What `key` does.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a key and show it, this once.
    Create {
        /// The organization it is for.
        #[arg(long, value_name = "ORGANIZATION_ID")]
        org: OrganizationId,
        /// Its name.
        #[arg(long, value_parser = super::name)]
        name: String,
        /// What it may do.
        #[arg(long, default_value = "read,write,admin")]
        scopes: Scopes,
        /// How long it lives: 30d, 60d, 90d, 1y or never.
        #[arg(long, default_value_t)]
        expires: KeyLifetime,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// List keys, oldest first.
    List {
        /// Those of one organization.
        #[arg(long, value_name = "ORGANIZATION_ID")]
        org: Option<OrganizationId>,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Disable a key, from the next request on.
    Disable(OfKey),
    /// Enable a key again.
    Enable(OfKey),
    /// Give a key a new secret and show it, this once.
    Rotate {
        #[command(flatten)]
        of: OfKey,
        /// For how many hours the secret of now goes on opening.
        #[arg(long, default_value_t = 24, value_parser = clap::value_parser!(u64).range(0..=168))]
        overlap_hours: u64,
        /// A new lifetime from now on: 30d, 60d, 90d, 1y or never. Without it the key's end stays.
        #[arg(long)]
        expires: Option<KeyLifetime>,
    },
    /// Revoke a key for good, from the next request on.
    Revoke(OfKey),
}

/// Which key, and how to print it.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct OfKey {
    /// The key's id.
    id: ApiKeyId,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Does it.
pub async fn run(config: &Config, command: Command) -> Result<(), Failure> {
    let store = wiring::store(config).await?;
    roles::require_tables(&store).await?;
    let now = Clock::system().now();
    match command {
        Command::Create { org, name, scopes, expires, json } => {
            if store.organization(org).await?.is_none() {
                return Err(Failure::NotFound { what: "organization", id: org.to_string() });
            }
            let (key, secret) = create(&store, org, &name, &scopes, expires, now).await?;
            show_secret(&key, &secret, json, now)
        }
        Command::List { org, json } => list(&store, org, json, now).await,
        Command::Disable(of) => switch(config, &store, of, false, now).await,
        Command::Enable(of) => switch(config, &store, of, true, now).await,
        Command::Rotate { of, overlap_hours, expires } => {
            let rotation = Rotation {
                overlap: Duration::from_hours(overlap_hours),
                expires_at: expires.map(|lifetime| lifetime.end(now)),
            };
            rotate(config, &store, of, &rotation, now).await
        }
        Command::Revoke(OfKey { id, json }) => {
            revoke(config, &store, id, now).await?;
            if json {
                return print_json(&json!({ "id": id, "revoked": true }));
            }
            print(&format!("{id} is revoked"));
            Ok(())
        }
    }
}

async fn list(
    store: &Store,
    organization: Option<OrganizationId>,
    as_json: bool,
    now: Timestamp,
) -> Result<(), Failure> {
    let keys = store.keys(organization).await?;
    if as_json {
        return print_json(&keys.iter().map(|key| as_value(key, now)).collect());
    }
    for key in keys {
        let state = state(&key, now);
        print(&format!("{}  ca_{}…  {}  {}  {state}", key.id, key.public_part, key.name, key.scopes));
    }
    Ok(())
}

fn state(key: &Key, now: Timestamp) -> &'static str {
    if key.revoked_at.is_some() {
        "revoked"
    } else if key.disabled_at.is_some() {
        "disabled"
    } else if key.expires_at.is_some_and(|end| end <= now) {
        "expired"
    } else {
        "active"
    }
}

async fn switch(config: &Config, store: &Store, of: OfKey, is_active: bool, now: Timestamp) -> Result<(), Failure> {
    let change = KeyChange { name: None, is_active: Some(is_active) };
    let changed = change_of(config, store, of.id, now, async |tx, held| tx.change_api_key(held, &change).await).await?;
    let key = changed.ok_or_else(|| missing(of.id))?;
    if of.json {
        return print_json(&as_value(&key, now));
    }
    print(&format!("{} is {}", key.id, if is_active { "enabled" } else { "disabled" }));
    Ok(())
}

async fn rotate(config: &Config, store: &Store, of: OfKey, rotation: &Rotation, now: Timestamp) -> Result<(), Failure> {
    let secret = new_secret()?;
    let rotated =
        change_of(config, store, of.id, now, async |tx, held| tx.rotate_api_key(held, rotation, &secret).await).await?;
    let key = match rotated.ok_or_else(|| missing(of.id))? {
        Rotated::Done(key) => *key,
        Rotated::Ended => return Err(Failure::Expired(of.id.to_string())),
    };
    show_secret(&key, &secret, of.json, now)
}

/// Revokes a key; one that is revoked already stays so.
pub async fn revoke(config: &Config, store: &Store, id: ApiKeyId, now: Timestamp) -> Result<(), Failure> {
    change_of(config, store, id, now, async |tx, held| tx.revoke_api_key(held).await).await?;
    Ok(())
}

/// Does `work` on a key in a transaction of its own; `None` when the key is revoked.
async fn change_of<T>(
    config: &Config,
    store: &Store,
    id: ApiKeyId,
    now: Timestamp,
    work: impl AsyncFnOnce(&mut TenantTx, Key) -> Result<T, StoreError>,
) -> Result<Option<T>, Failure> {
    let organization = store.organization_of_key(id).await?.ok_or_else(|| missing(id))?;
    let mut tx = store.tenant(organization).begin(&RequestId::new(), now).await?;
    let Some(held) = tx.hold_api_key(id).await? else { return Ok(None) };
    let done = work(&mut tx, held).await?;
    commit(config, tx).await?;
    Ok(Some(done))
}

/// Commits a change, telling the processes that answer calls which keys it is about.
pub async fn commit(config: &Config, tx: TenantTx) -> Result<(), Failure> {
    let announced = announce(config, tx.changed_keys()).await;
    tx.commit().await?;
    if let Some(change) = announced
        && let Err(error) = change.committed().await
    {
        not_told(&error);
    }
    Ok(())
}

/// Tells the processes that answer calls, where there can be others than this one, to let go of what they know of these keys.
async fn announce(config: &Config, public_parts: &[String]) -> Option<api::KeyChange> {
    if config.queue.is_memory() {
        return None;
    }
    let announced = api::announce_key_changes(config.queue.url.reveal(), public_parts).await;
    announced.inspect_err(not_told).ok()
}

fn not_told(error: &api::KeyChangeError) {
    tracing::warn!(%error, "Redis is out of reach: the change may take 15 seconds to reach every process");
}

fn missing(id: ApiKeyId) -> Failure {
    Failure::NotFound { what: "key that is not revoked has the id", id: id.to_string() }
}

/// Makes a key of fresh random bytes.
pub async fn create(
    store: &Store,
    organization: OrganizationId,
    name: &str,
    scopes: &Scopes,
    lifetime: KeyLifetime,
    now: Timestamp,
) -> Result<(Key, ApiKey), Failure> {
    let secret = new_secret()?;
    let key = store.create_key(organization, name, &secret, scopes, lifetime.end(now), now).await?;
    Ok((key, secret))
}

fn new_secret() -> Result<ApiKey, Failure> {
    let mut entropy = [0; api_key::ENTROPY];
    getrandom::fill(&mut entropy).map_err(Failure::Random)?;
    Ok(ApiKey::from_entropy(&entropy))
}

fn show_secret(key: &Key, secret: &ApiKey, as_json: bool, now: Timestamp) -> Result<(), Failure> {
    if !as_json {
        print(secret.reveal());
        return Ok(());
    }
    let mut value = as_value(key, now);
    value["key"] = Value::from(secret.reveal());
    print_json(&value)
}

fn as_value(key: &Key, now: Timestamp) -> Value {
    let Key {
        id,
        organization_id,
        name,
        public_part,
        scopes,
        expires_at,
        disabled_at,
        revoked_at,
        created_at,
        updated_at,
        last_used_at,
        retiring,
    } = key;
    let retiring = retiring.iter().filter(|old| old.expires_at > now);
    let retiring = retiring.map(|RetiringSecret { public_part, expires_at }| {
        json!({ "prefix": format!("ca_{public_part}"), "expires_at": expires_at })
    });
    json!({
        "id": id,
        "organization_id": organization_id,
        "name": name,
        "prefix": format!("ca_{public_part}"),
        "scopes": scopes,
        "expires_at": expires_at,
        "disabled_at": disabled_at,
        "revoked_at": revoked_at,
        "created_at": created_at,
        "updated_at": updated_at,
        "last_used_at": last_used_at,
        "retiring_secrets": retiring.collect::<Vec<_>>(),
    })
}
