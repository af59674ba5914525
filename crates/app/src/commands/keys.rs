//! `key`: API keys. The secret is shown when the key is made, and never again.

use std::time::Duration;

use clap::{Subcommand, ValueEnum};
use domain::{ApiKey, ApiKeyId, Clock, OrganizationId, Scopes, Timestamp, api_key};
use serde_json::{Value, json};
use store::{Key, Store};

use super::{Failure, print, print_json};
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
        /// When it ends.
        #[arg(long, value_enum, default_value_t = Expiry::Days90)]
        expires: Expiry,
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
    /// Revoke a key for good, from the next request on.
    Revoke {
        /// The key's id.
        id: ApiKeyId,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}

/// When a key ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Expiry {
    /// In 30 days.
    #[value(name = "30d")]
    Days30,
    /// In 60 days.
    #[value(name = "60d")]
    Days60,
    /// In 90 days.
    #[value(name = "90d")]
    Days90,
    /// In a year.
    #[value(name = "1y")]
    Year,
    /// Never.
    #[value(name = "never")]
    Never,
}

impl Expiry {
    fn from(self, now: Timestamp) -> Option<Timestamp> {
        let days = match self {
            Self::Days30 => 30,
            Self::Days60 => 60,
            Self::Days90 => 90,
            Self::Year => 365,
            Self::Never => return None,
        };
        Some(now.plus(Duration::from_hours(24 * days)))
    }
}

/// Does it.
pub async fn run(config: &Config, command: Command) -> Result<(), Failure> {
    let store = wiring::store(config).await?;
    let now = Clock::system().now();
    match command {
        Command::Create { org, name, scopes, expires, json } => {
            if store.organization(org).await?.is_none() {
                return Err(Failure::NotFound { what: "organization", id: org.to_string() });
            }
            let (key, secret) = create(&store, org, &name, &scopes, expires, now).await?;
            if !json {
                print(secret.reveal());
                return Ok(());
            }
            let mut value = as_value(&key);
            value["key"] = Value::from(secret.reveal());
            print_json(&value)
        }
        Command::List { org, json } => {
            let keys = store.keys(org).await?;
            if json {
                return print_json(&keys.iter().map(as_value).collect());
            }
            for key in keys {
                let state = if key.revoked_at.is_some() { "revoked" } else { "active" };
                print(&format!("{}  ca_{}…  {}  {}  {state}", key.id, key.public_part, key.name, key.scopes));
            }
            Ok(())
        }
        Command::Revoke { id, json } => {
            if !store.revoke_key(id, now).await? {
                return Err(Failure::NotFound { what: "key", id: id.to_string() });
            }
            if json {
                print_json(&json!({ "id": id, "revoked": true }))
            } else {
                print(&format!("{id} is revoked"));
                Ok(())
            }
        }
    }
}

/// Makes a key of fresh random bytes.
pub async fn create(
    store: &Store,
    organization: OrganizationId,
    name: &str,
    scopes: &Scopes,
    expires: Expiry,
    now: Timestamp,
) -> Result<(Key, ApiKey), Failure> {
    let mut entropy = [0; api_key::ENTROPY];
    getrandom::fill(&mut entropy).map_err(Failure::Random)?;
    let secret = ApiKey::from_entropy(&entropy);
    let key = store.create_key(organization, name, &secret, scopes, expires.from(now), now).await?;
    Ok((key, secret))
}

fn as_value(key: &Key) -> Value {
    let Key { id, organization_id, name, public_part, scopes, expires_at, disabled_at, revoked_at, created_at } = key;
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
    })
}
