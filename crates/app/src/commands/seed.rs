//! `seed`: a database full of history, to try things on and to measure with.

mod people;
mod progress;

use domain::{Clock, Day};
use serde_json::json;
use store::Store;
use store::seed::{SeedBatch, SeedOrganization};
use tokio::sync::mpsc;

use self::people::{People, Plan};
use self::progress::Progress;
use super::{Failure, print, print_json, roles};
use crate::config::Config;
use crate::wiring;

/// People whose rows are written together.
const PEOPLE_AT_ONCE: usize = 48;

/// Batches that wait for the database.
const BATCHES_AHEAD: usize = 2;

/// What `seed` takes.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Profiles, each tracked by an organization or two.
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    profiles: u64,
    /// Days of history.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=3_660))]
    days: u16,
    /// The same number makes the same rows. With --add it must be one that the database was not filled by.
    #[arg(long)]
    seed: u64,
    /// Organizations that share the profiles.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    organizations: u32,
    /// Posts of a profile, on the average.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(0..=1_000))]
    posts_per_profile: u32,
    /// The last day of the history, YYYY-MM-DD, which must be over; yesterday when it is left out.
    #[arg(long, value_name = "DATE", value_parser = day)]
    end: Option<Day>,
    /// Write into a database that holds organizations already. They stay as they are; whoever writes meanwhile waits.
    #[arg(long)]
    add: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

fn day(text: &str) -> Result<Day, String> {
    Day::parse(text).ok_or_else(|| "must be a date of the form YYYY-MM-DD".to_owned())
}

/// Does it.
pub async fn run(config: &Config, args: &Args) -> Result<(), Failure> {
    let yesterday = Day::of(Clock::system().now()).plus(-1);
    let last = args.end.unwrap_or(yesterday);
    if last > yesterday {
        return Err(Failure::NotOver(last));
    }
    let store = wiring::store(config).await?;
    roles::require_tables(&store).await?;
    if !args.add && !store.organizations().await?.is_empty() {
        return Err(Failure::NotEmpty);
    }
    let plan = Plan {
        seed: args.seed,
        profiles: args.profiles,
        organizations: args.organizations,
        posts_per_profile: args.posts_per_profile,
        first: last.plus(1 - i32::from(args.days)),
        last,
    };
    let organizations = plan.organizations();
    // Whatever else was asked for then, the first of them had this key, and what comes after the same handles.
    if let Some(first) = organizations.first()
        && store.authenticate(first.key.public_part()).await?.is_some()
    {
        return Err(Failure::Sown(args.seed));
    }
    let rows = write(&store, plan, &organizations).await?;
    show(args, rows, &organizations)
}

/// Writes all of it; the number of rows. Rows are made on a thread of their own, beside the database that writes them.
async fn write(store: &Store, plan: Plan, organizations: &[SeedOrganization]) -> Result<u64, Failure> {
    let mut seeding = store.begin_seeding(plan.first, plan.last).await?;
    let mut encoder = seeding.encoder();
    let mut progress = Progress::new(plan.profiles);
    seeding.write(encoder.organizations(organizations)).await?;
    let ids: Vec<_> = organizations.iter().map(|organization| organization.id).collect();
    let (made, mut waiting) = mpsc::channel::<(u64, SeedBatch)>(BATCHES_AHEAD);
    let making = tokio::task::spawn_blocking(move || {
        let mut people = People::new(plan, ids);
        loop {
            let some: Vec<_> = people.by_ref().take(PEOPLE_AT_ONCE).collect();
            let profiles = some.iter().map(|person| person.profiles.len()).sum::<usize>();
            // Nobody waits for it any more when the database has failed.
            if some.is_empty() || made.blocking_send((count(profiles), encoder.people(&some))).is_err() {
                return encoder;
            }
        }
    });
    let mut rows = 0;
    while let Some((profiles, batch)) = waiting.recv().await {
        rows += batch.rows();
        seeding.write(batch).await?;
        progress.go_on(profiles, rows);
    }
    let encoder = making.await.map_err(|_| Failure::Ended("maker of rows"))?;
    seeding.finish(&encoder, |what| progress.tell(what)).await?;
    progress.end();
    Ok(rows)
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

fn show(args: &Args, rows: u64, organizations: &[SeedOrganization]) -> Result<(), Failure> {
    if args.json {
        let organizations: Vec<_> = organizations
            .iter()
            .map(|SeedOrganization { id, name, key, .. }| json!({ "id": id, "name": name, "key": key.reveal() }))
            .collect();
        return print_json(&json!({ "profiles": args.profiles, "rows": rows, "organizations": organizations }));
    }
    for SeedOrganization { id, name, key, .. } in organizations.iter().take(1) {
        print(&format!("{id}  {name}\n{}", key.reveal()));
    }
    Ok(())
}
