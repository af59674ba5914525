//! `audit`: who changed what of organizations and keys.

use clap::Parser;
use domain::{OrganizationId, Timestamp};
use serde_json::{Value, json};
use store::{AuditFilter, AuditRecord};

use super::{Failure, print, print_json, roles};
use crate::config::Config;
use crate::wiring;

/// Which changes to print.
#[derive(Debug, Parser)]
pub struct Args {
    /// Those of one organization.
    #[arg(long, value_name = "ORGANIZATION_ID")]
    org: Option<OrganizationId>,
    /// Those since a date (UTC) or an RFC 3339 time.
    #[arg(long, value_name = "TIME", value_parser = time)]
    since: Option<Timestamp>,
    /// At most so many.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    limit: u32,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

fn time(text: &str) -> Result<Timestamp, String> {
    let time = Timestamp::parse(text).or_else(|| Timestamp::parse(&format!("{text}T00:00:00Z")));
    time.ok_or_else(|| "must be a date, such as 2026-01-31, or an RFC 3339 time".to_owned())
}

/// Prints them, newest first.
pub async fn run(config: &Config, args: &Args) -> Result<(), Failure> {
    let Args { org, since, limit, json } = args;
    let store = wiring::store(config).await?;
    roles::require_tables(&store).await?;
    let records = store.audit_records(&AuditFilter { organization: *org, since: *since, limit: *limit }).await?;
    if *json {
        return print_json(&records.iter().map(as_value).collect());
    }
    for record in records {
        let changed = |fields: Option<Value>| fields.map_or_else(|| "-".to_owned(), |fields| fields.to_string());
        print(&format!(
            "{}  {}  {}  {} {}  by {}  {} -> {}{}",
            record.occurred_at,
            record.organization_id,
            record.action,
            record.subject_type,
            record.subject_id,
            match record.actor_key_id {
                Some(key) => format!("key {key} ({:?})", record.actor),
                None => record.actor,
            },
            changed(record.before),
            changed(record.after),
            record.request_id.map(|id| format!("  request {id}")).unwrap_or_default(),
        ));
    }
    Ok(())
}

fn as_value(record: &AuditRecord) -> Value {
    let AuditRecord {
        id,
        organization_id,
        occurred_at,
        request_id,
        actor_key_id,
        actor,
        action,
        subject_type,
        subject_id,
        before,
        after,
    } = record;
    json!({
        "id": id,
        "organization_id": organization_id,
        "time": occurred_at,
        "request_id": request_id,
        "actor": { "key_id": actor_key_id, "name": actor },
        "action": action,
        "subject": { "type": subject_type, "id": subject_id },
        "before": before,
        "after": after,
    })
}
