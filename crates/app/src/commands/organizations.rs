//! `org`: organizations.

use std::ops::RangeInclusive;

use clap::Subcommand;
use domain::{Clock, OrganizationId, RequestId};
use serde_json::{Value, json};
use store::{NewOrganization, Organization, TermsChange};

use super::{Failure, keys, print, print_json, roles};
use crate::config::Config;
use crate::wiring;

/// What `org` does.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make an organization.
    Create {
        /// Its name.
        #[arg(long, value_parser = super::name)]
        name: String,
        /// Cap on tracked accounts; without it there is none.
        #[arg(long, value_parser = clap::value_parser!(i64).range(0..))]
        max_tracked_accounts: Option<i64>,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Change what the operator decides of one. What is not named stays.
    Update {
        /// Its id.
        id: OrganizationId,
        /// Let its keys in (true) or none of them (false), from the next call on.
        #[arg(long, value_name = "BOOL")]
        active: Option<bool>,
        /// Cap on tracked accounts, or `none`.
        #[arg(long, value_name = "NUMBER|none", value_parser = cap)]
        max_tracked_accounts: Option<Bound>,
        /// Calls a minute for each of its keys, or `none` for the service's own number.
        #[arg(long, value_name = "NUMBER|none", value_parser = calls)]
        requests_per_minute: Option<Bound>,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// List the organizations, oldest first.
    List {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}

/// A number, or none at all.
#[derive(Clone, Copy, Debug)]
pub struct Bound(Option<i64>);

fn cap(text: &str) -> Result<Bound, String> {
    bound(text, 0..=i64::MAX)
}

fn calls(text: &str) -> Result<Bound, String> {
    bound(text, 1..=1_000_000)
}

fn bound(text: &str, allowed: RangeInclusive<i64>) -> Result<Bound, String> {
    if text == "none" {
        return Ok(Bound(None));
    }
    let number = text.parse().ok().filter(|number| allowed.contains(number));
    number
        .map(|number| Bound(Some(number)))
        .ok_or_else(|| format!("must be none or from {} to {}", allowed.start(), allowed.end()))
}

/// Does it.
pub async fn run(config: &Config, command: Command) -> Result<(), Failure> {
    let store = wiring::store(config).await?;
    roles::require_tables(&store).await?;
    match command {
        Command::Create { name, max_tracked_accounts, json } => {
            let new = NewOrganization { name, max_tracked_accounts };
            let made = store.create_organization(&new, Clock::system().now()).await?;
            show(&[made], json, true)
        }
        Command::Update { id, active, max_tracked_accounts, requests_per_minute, json } => {
            let missing = || Failure::NotFound { what: "organization", id: id.to_string() };
            store.organization(id).await?.ok_or_else(missing)?;
            let change = TermsChange {
                is_active: active,
                max_tracked_accounts: max_tracked_accounts.map(|Bound(cap)| cap),
                rate_limit_per_minute: requests_per_minute.map(|Bound(calls)| calls),
            };
            let mut tx = store.tenant(id).begin(&RequestId::new(), Clock::system().now()).await?;
            tx.change_terms(&change).await?;
            keys::commit(config, tx).await?;
            show(&[store.organization(id).await?.ok_or_else(missing)?], json, true)
        }
        Command::List { json } => show(&store.organizations().await?, json, false),
    }
}

fn show(organizations: &[Organization], as_json: bool, one: bool) -> Result<(), Failure> {
    if !as_json {
        for organization in organizations {
            let cap = organization.max_tracked_accounts.map_or_else(|| "no cap".to_owned(), |cap| format!("cap {cap}"));
            print(&format!(
                "{}  {}  {} accounts, {cap}",
                organization.id, organization.name, organization.tracked_accounts
            ));
        }
        return Ok(());
    }
    let values: Vec<Value> = organizations.iter().map(as_value).collect();
    match (one, values.as_slice()) {
        (true, [value]) => print_json(value),
        (true | false, _) => print_json(&Value::Array(values)),
    }
}

fn as_value(organization: &Organization) -> Value {
    let Organization { id, name, is_active, max_tracked_accounts, tracked_accounts, created_at } = organization;
    json!({
        "id": id,
        "name": name,
        "is_active": is_active,
        "max_tracked_accounts": max_tracked_accounts,
        "tracked_accounts": tracked_accounts,
        "created_at": created_at,
    })
}
