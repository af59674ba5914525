//! `org`: organizations.

use clap::Subcommand;
use domain::Clock;
use serde_json::{Value, json};
use store::{NewOrganization, Organization};

use super::{Failure, print, print_json};
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
    /// List the organizations, oldest first.
    List {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}

/// Does it.
pub async fn run(config: &Config, command: Command) -> Result<(), Failure> {
    let store = wiring::store(config).await?;
    match command {
        Command::Create { name, max_tracked_accounts, json } => {
            let new = NewOrganization { name, max_tracked_accounts };
            let made = store.create_organization(&new, Clock::system().now()).await?;
            show(&[made], json, true)
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
