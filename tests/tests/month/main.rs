//! A month in the life of the service, in simulated time: three workers read accounts and posts on four stand-in platforms, on which people
//! rename, hand over, delete, restore and hide, and which refuse, throttle and change their pages. After every read what the service
//! keeps is held against what the platforms know to be true.

mod checks;
mod events;
mod world;

use std::time::Duration;

use domain::Timestamp;
use events::Fate;
use tests::postgres::Postgres;
use world::World;

/// When the month begins.
const START: Timestamp = Timestamp::from_millis(1_790_000_000_000);
const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

/// How long things happen, and how long nothing does at the end, so that everything has time to be noticed.
const MONTH: Duration = Duration::from_hours(30 * 24);
const AFTERMATH: Duration = Duration::from_hours(6 * 24);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_month_of_blocks_renames_and_deletions_leaves_nothing_false_on_sqlite() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let url = format!("sqlite://{}?mode=rwc", folder.path().join("month.db").display());
    live_through(&url, 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_month_of_blocks_renames_and_deletions_leaves_nothing_false_on_postgres() {
    let cluster = Postgres::shared().await;
    let database = cluster.create_database().await;
    live_through(database.url(), 2).await;
}

async fn live_through(url: &str, seed: u64) {
    let mut world = World::new(url, seed).await;
    world.add_everybody().await;
    let mut fate = Fate::new(seed);
    let (end, last) = (START.plus(MONTH), START.plus(MONTH).plus(AFTERMATH));
    let mut next_event = START.plus(2 * DAY);
    while world.clock.now() < last {
        let now = world.clock.now();
        if now < end && now >= next_event {
            fate.strike(&mut world).await;
            next_event = now.plus(fate.pause());
        }
        fate.undo_what_is_due(&mut world, if now >= end { None } else { Some(now) }).await;
        let loads = world.work().await;
        if loads > 0 {
            checks::after_reads(&mut world).await;
        }
        let pause = if loads > 0 {
            Duration::from_secs(4)
        } else {
            // What is due and waits for its platform is looked at every some minutes; where nothing is due, time flies.
            let next = world.next_due().await.map_or(HOUR, |due| due.since(now));
            next.clamp(Duration::from_mins(3), HOUR)
        };
        world.clock.advance(pause);
    }
    checks::at_the_end(&mut world, &fate).await;
}
