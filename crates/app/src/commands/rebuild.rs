//! `rebuild-daily`: makes history by days anew from the snapshots.

use std::time::{Duration, Instant};

use clap::Parser;
use serde_json::json;
use store::StoreError;
use uuid::Uuid;

use super::{Failure, print, print_json, roles};
use crate::config::Config;
use crate::wiring;

/// How often the progress is told.
const TELL_EVERY: Duration = Duration::from_secs(5);

/// How long it is waited before a step is done again, each time.
const WAITS: [Duration; 3] = [Duration::from_millis(200), Duration::from_secs(1), Duration::from_secs(5)];

/// What `rebuild-daily` takes.
#[derive(Debug, Parser)]
pub struct Args {
    /// Posts or accounts in one transaction. Workers that read one of them wait for its end.
    #[arg(long, value_name = "NUMBER", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    batch: u32,
    /// Print what was done as JSON.
    #[arg(long)]
    json: bool,
}

/// Makes the days of every post anew, then those of every account, which are made of them, and then those of organizations, which are sums of both
/// and are added up one organization at a time. Whoever breaks off may begin again: what is done is
/// kept, and doing it twice comes to the same.
pub async fn run(config: &Config, args: &Args) -> Result<(), Failure> {
    let store = wiring::store(config).await?;
    roles::require_tables(&store).await?;
    let begun = Instant::now();
    let mut posts = Progress::of("posts");
    let mut after = 0;
    while let Some(rebuilt) = patiently(|| store.rebuild_post_days(after, args.batch)).await? {
        after = rebuilt.last;
        posts.add(rebuilt.records);
    }
    let mut accounts = Progress::of("accounts");
    let mut after = Uuid::nil();
    while let Some(rebuilt) = patiently(|| store.rebuild_account_days(after, args.batch)).await? {
        after = rebuilt.last;
        accounts.add(rebuilt.records);
    }
    let mut organizations = Progress::of("organizations");
    let mut after = Some(Uuid::nil());
    while let Some(last) = after {
        after = patiently(|| store.rebuild_organization_days(last)).await?;
        organizations.add(u64::from(after.is_some()));
    }
    let duration_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    if args.json {
        return print_json(&json!({
            "posts": posts.done,
            "accounts": accounts.done,
            "organizations": organizations.done,
            "duration_ms": duration_ms,
        }));
    }
    print(&format!(
        "made anew: the days of {} posts, {} accounts and {} organizations, in {}.{:03} s",
        posts.done,
        accounts.done,
        organizations.done,
        duration_ms / 1000,
        duration_ms % 1000
    ));
    Ok(())
}

/// Does a step again that the database broke off, as it may between workers that wait for each other: a step is done whole or not at all.
async fn patiently<T, F: Future<Output = Result<T, StoreError>>>(step: impl Fn() -> F) -> Result<T, StoreError> {
    for wait in WAITS {
        match step().await {
            Err(StoreError::Unavailable(error)) => tracing::warn!(%error, "a step is done again"),
            done => return done,
        }
        tokio::time::sleep(wait).await;
    }
    step().await
}

/// How far it came, told now and then to whoever looks on.
struct Progress {
    what: &'static str,
    done: u64,
    told: Instant,
}

impl Progress {
    fn of(what: &'static str) -> Self {
        Self { what, done: 0, told: Instant::now() }
    }

    fn add(&mut self, records: u64) {
        self.done += records;
        if self.told.elapsed() >= TELL_EVERY {
            self.told = Instant::now();
            eprintln!("{} {} so far", self.done, self.what);
        }
    }
}
