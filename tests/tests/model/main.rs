//! Every number of history beside a model of its own: reads are recorded over weeks in generated worlds, and whatever the API then says of windows,
//! days, roll-ups and reports is computed anew, in plain words, from nothing but the list of those reads.

mod asking;
mod attempts;
mod dice;
mod events;
mod ledger;
mod numbers;
mod prices;
mod records;
mod reports;
mod rollups;
mod shapes;
mod variety;
mod world;

use std::time::Duration;

use asking::Service;
use dice::Dice;
use domain::Timestamp;
use tests::postgres::Postgres;
use world::World;

/// The worlds: a seed, and a day on which the history begins, so that it spans a leap day and a turn of the year.
const WORLDS: [(u64, &str); 2] = [(1, "2024-02-23T09:00:00Z"), (2, "2023-12-27T22:30:00Z")];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_number_is_that_of_the_model_on_sqlite() {
    let mut missing = Vec::new();
    for (seed, start) in worlds() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let url = format!("sqlite://{}?mode=rwc", folder.path().join("model.db").display());
        missing.push(live_and_compare(&url, seed, start).await);
        if never(&missing).is_empty() {
            break;
        }
    }
    check_variety(&missing);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_number_is_that_of_the_model_on_postgres() {
    let cluster = Postgres::shared().await;
    let mut missing = Vec::new();
    for (seed, start) in worlds() {
        let database = cluster.create_database().await;
        missing.push(live_and_compare(database.url(), seed, start).await);
        if never(&missing).is_empty() {
            break;
        }
    }
    check_variety(&missing);
}

/// What comes after these, while there is something that happened in none of them: retries and reads come at times of chance, so no two worlds of one
/// seed are quite alike.
const FURTHER: std::ops::RangeInclusive<u64> = 3..=8;

/// The world of `MODEL_SEED` alone, when it is set: to repeat what failed, or to look for more.
fn worlds() -> Vec<(u64, &'static str)> {
    let of = |seed: u64| (seed, WORLDS[usize::from(seed.is_multiple_of(2))].1);
    let Ok(seed) = std::env::var("MODEL_SEED") else { return WORLDS.into_iter().chain(FURTHER.map(of)).collect() };
    vec![of(seed.parse().expect("MODEL_SEED is a number"))]
}

const ROUNDS: u64 = 22;
/// As many as the world has.
const ORGANIZATIONS: usize = 3;

/// Fails unless each thing that the model is to be tried by happened in one of the worlds.
fn check_variety(missing: &[Vec<&'static str>]) {
    if missing.len() > 1 {
        let never = never(missing);
        assert!(never.is_empty(), "no world had {never:?}");
    }
}

/// What happened in none of the worlds, of which there are to be two at least.
fn never<'a>(missing: &[Vec<&'a str>]) -> Vec<&'a str> {
    match missing {
        [] | [_] => vec!["a second world"],
        [first, others @ ..] => {
            first.iter().copied().filter(|what| others.iter().all(|other| other.contains(what))).collect()
        }
    }
}

/// What did not happen in this world.
async fn live_and_compare(url: &str, seed: u64, start: &str) -> Vec<&'static str> {
    eprintln!("the world of seed {seed}, from {start}");
    let start = Timestamp::parse(start).expect("a time");
    let mut world = World::new(url, seed, start).await;
    world.begin_tracking().await;
    for round in 1..=ROUNDS {
        world.live();
        for _ in 0..3 {
            world.happen().await;
        }
        let percent = 20 + world.dice.roll(65);
        world.read(percent).await;
        if round == ROUNDS / 2 {
            for organization in 0..ORGANIZATIONS * 2 {
                world.collect(organization % ORGANIZATIONS).await;
            }
        }
        if round == ROUNDS / 2 || round == ROUNDS {
            compare(&world, url, seed).await;
        }
        if round < ROUNDS {
            world.pass_time();
        }
    }
    rebuild(&mut world, url).await;
    let reads: usize = world.organizations.iter().flat_map(|it| it.seen.values()).map(|seen| seen.reads.len()).sum();
    eprintln!("{} posts, {reads} reads seen, until {}", world.posts.len(), world.now);
    world.missing()
}

/// Makes all days anew, which changes none of them.
async fn rebuild(world: &mut World, url: &str) {
    let before = world.all_days().await;
    let mut after = 0;
    while let Some(rebuilt) = world.store.rebuild_post_days(after, 7).await.expect("an answer") {
        after = rebuilt.last;
    }
    let mut after = uuid::Uuid::nil();
    while let Some(rebuilt) = world.store.rebuild_account_days(after, 2).await.expect("an answer") {
        after = rebuilt.last;
    }
    let mut after = uuid::Uuid::nil();
    while let Some(last) = world.store.rebuild_organization_days(after).await.expect("an answer") {
        after = last;
    }
    assert!(before == world.all_days().await, "days that are made anew are other days");
    // An organization's days may be kept in other parts, so they are held against the model.
    let service = Service::start(url, world.now).await;
    for organization in &world.organizations {
        let mut client = service.asker(&organization.key);
        rollups::compare_days(world, organization, &mut Dice::new(1), &mut client).await;
        assert!(client.differences.is_empty(), "made anew: {:#?}", client.differences);
    }
    service.stop().await;
}

/// Holds all that the API says against the model.
async fn compare(world: &World, url: &str, seed: u64) {
    let service = Service::start(url, world.now).await;
    let (mut differences, mut compared) = (Vec::new(), 0);
    for (place, organization) in world.organizations.iter().enumerate() {
        let mut dice = Dice::new(seed + place as u64);
        let mut client = service.asker(&organization.key);
        attempts::compare(world, organization, &mut client).await;
        records::compare(world, organization, &mut dice, &mut client).await;
        rollups::compare(world, organization, &mut dice, &mut client).await;
        reports::compare(world, organization, &mut dice, &mut client).await;
        differences.extend(client.differences.into_iter().map(|it| format!("organization {place}: {it}")));
        compared += client.compared;
    }
    service.stop().await;
    eprintln!("{compared} comparisons at {}", world.now);
    let some: Vec<_> = differences.iter().take(60).collect();
    assert!(differences.is_empty(), "{} differences in the world of seed {seed}: {some:#?}", differences.len());
}

impl World {
    /// The first organization tracks nearly everybody, the second some, and the third begins later.
    async fn begin_tracking(&mut self) {
        for organization in 0..2 {
            for _ in 0..2 {
                self.add_creator(organization).await;
            }
        }
        for profile in 0..self.profiles.len() {
            self.add_account(0, profile).await;
            if profile % 3 == 0 {
                self.add_account(1, profile).await;
            }
        }
        for post in 0..4 {
            self.add_video(post % 2, post).await;
        }
    }

    /// Time goes on: mostly by some hours, now and then to the moments around midnight, sometimes by days on which nobody reads.
    fn pass_time(&mut self) {
        let midnight = (self.now.as_millis() / 86_400_000 + 1) * 86_400_000;
        let millis = match self.dice.roll(10) {
            // So that the reads of one round lie on both sides of it.
            0 | 1 => midnight - 1_500,
            2 => midnight,
            3 => self.now.as_millis() + 86_400_000 * (2 + self.dice.number(5)) + self.dice.number(86_400_000),
            4 => self.now.as_millis() + self.dice.number(3_000_000),
            _ => self.now.as_millis() + 3_600_000 * (2 + self.dice.number(24)) + self.dice.number(3_600_000),
        };
        let earliest = self.now.plus(Duration::from_secs(1));
        let next = Timestamp::from_millis(millis).max(earliest);
        // These are not passed over.
        let days = [
            "2023-12-31T23:00:00Z",
            "2024-01-01T01:00:00Z",
            "2024-02-28T20:00:00Z",
            "2024-02-29T12:00:00Z",
            "2024-03-01T02:00:00Z",
        ];
        let special = days.iter().filter_map(|text| Timestamp::parse(text)).find(|at| *at > self.now && *at < next);
        self.now = special.unwrap_or(next);
    }
}
