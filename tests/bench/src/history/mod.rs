//! Questions about a history of many million rows, at a tenth of its size and at the whole, so that it shows what grows with it: time to an answer
//! over HTTP, one at a time, and whether any plan walks through a whole table of history.
//!
//! Both databases are written by `creator-audit seed` into a PostgreSQL of ours. Organizations are as large in the one as in the other.

mod plans;
mod questions;
mod table;

use std::time::Instant;

use serde::Serialize;
use serde_json::{Value, json};
use tests::{Builder, Client, Deployment, Pair, Platforms, settings};

use crate::connection::{Connection, ConnectionError};
use crate::load::percentile;
use crate::stage::{StageError, address};
use plans::Plans;
use questions::Question;

pub use table::to_text;

/// More requests a minute than this machine can make.
const UNLIMITED: &str = "UPDATE organizations SET rate_limit_per_minute = 2000000000";

/// Without the organization that a deployment begins with the database is empty, and is filled faster.
const EMPTIED: &str = "DELETE FROM audit_records; DELETE FROM api_keys; DELETE FROM organizations";

/// Requests of each question that are not counted.
const WARM_UP: usize = 20;

/// How much history.
#[derive(Clone, Debug, clap::Args)]
pub struct HistoryOptions {
    /// With `--only history`: profiles at the whole size.
    #[arg(long, default_value_t = 200_000, value_parser = clap::value_parser!(u64).range(10..))]
    profiles: u64,
    /// With `--only history`: days of history.
    #[arg(long, default_value_t = 90)]
    days: u16,
    /// With `--only history`: posts of a profile, on the average.
    #[arg(long, default_value_t = 10)]
    posts_per_profile: u32,
    /// With `--only history`: accounts of an organization.
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(1..))]
    accounts_per_organization: u64,
    /// With `--only history`: how often each question is asked.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u64).range(1..))]
    samples: u64,
    /// With `--only history`: not the tenth, the whole alone.
    #[arg(long)]
    whole_alone: bool,
    /// With `--only history`: a setting of PostgreSQL, over those that are given in any case.
    #[arg(long, value_name = "NAME=VALUE")]
    postgres: Vec<String>,
}

/// Why there are no numbers.
#[derive(Debug, thiserror::Error)]
pub enum Unmeasured {
    /// The service cannot be set up.
    #[error("{0}")]
    Stage(#[from] StageError),
    /// What the seeding said cannot be read.
    #[error("what creator-audit seed said cannot be read: {0}")]
    Seeded(#[from] serde_json::Error),
    /// A connection broke.
    #[error("{0}")]
    Connection(#[from] ConnectionError),
    /// The server's log cannot be read.
    #[error("the plans cannot be read: {0}")]
    Plans(std::io::Error),
}

/// What was measured at one size.
#[derive(Debug, Serialize)]
pub struct Size {
    /// Profiles.
    profiles: u64,
    /// Rows of all tables.
    rows: u64,
    /// Rows of days and snapshots.
    history_rows: i64,
    /// Size of the database.
    bytes: i64,
    /// How long it took to be written.
    seeding_seconds: f64,
    /// Each question.
    answers: Vec<Answered>,
    /// The plans.
    plans: Plans,
}

/// What became of one question.
#[derive(Debug, Serialize)]
struct Answered {
    name: String,
    /// Half of the answers came within this time, and 99 of 100 within the other, in microseconds.
    times_us: Option<(u32, u32)>,
    /// Why there are none.
    otherwise: Option<String>,
}

/// Measures both sizes.
pub async fn measure(options: &HistoryOptions, workers: u32) -> Result<Vec<Size>, Unmeasured> {
    let sizes =
        if options.whole_alone { vec![options.profiles] } else { vec![options.profiles / 10, options.profiles] };
    let mut measured = Vec::new();
    for profiles in sizes {
        measured.push(measure_one(options, profiles, workers).await?);
    }
    Ok(measured)
}

async fn measure_one(options: &HistoryOptions, profiles: u64, workers: u32) -> Result<Size, Unmeasured> {
    eprintln!("{profiles} profiles: starting");
    let mut set: Vec<String> = [
        "shared_buffers=4GB",
        "effective_cache_size=12GB",
        "random_page_cost=1.1",
        "max_wal_size=2GB",
        "checkpoint_timeout=30min",
    ]
    .map(str::to_owned)
    .into();
    set.extend(plans::SETTINGS.map(str::to_owned));
    set.extend(options.postgres.iter().cloned());
    let builder = Builder::new(Pair::PostgresRedis).platforms(Platforms::Nowhere).workers(0).with_postgres(set);
    let mut deployment = builder.set(settings::HTTP_WORKERS, workers).start().await;
    deployment.database().execute(EMPTIED).await;
    let began = Instant::now();
    let made = seed(&deployment, options, profiles)?;
    let seeding_seconds = began.elapsed().as_secs_f64();
    let database = deployment.database();
    database.execute(UNLIMITED).await;
    database.execute("CHECKPOINT").await;
    let history = "SELECT (SELECT count(*) FROM post_days) + (SELECT count(*) FROM account_days) + (SELECT count(*) FROM post_snapshots) \
         + (SELECT count(*) FROM profile_snapshots)";
    let history_rows = database.number(history).await;
    let bytes = database.number("SELECT pg_database_size(current_database())").await;

    let key = made["organizations"][0]["key"].as_str().unwrap_or_default();
    let client = deployment.client.with_key(key);
    let samples = usize::try_from(options.samples).unwrap_or(usize::MAX);
    let questions = questions::all(&client, key, samples).await;
    let mut answers = Vec::new();
    for question in &questions {
        let answered = ask(&client, question, WARM_UP).await?;
        eprintln!("{profiles} profiles: {}", table::line(&answered));
        answers.push(answered);
    }
    let plans = explain(&deployment, &client, &questions).await?;
    deployment.terminate_all().await;
    Ok(Size {
        profiles,
        rows: made["rows"].as_u64().unwrap_or_default(),
        history_rows,
        bytes,
        seeding_seconds,
        answers,
        plans,
    })
}

fn seed(deployment: &Deployment, options: &HistoryOptions, profiles: u64) -> Result<Value, Unmeasured> {
    let organizations = (profiles / options.accounts_per_organization).max(1);
    let arguments = [
        ("--profiles", profiles),
        ("--days", options.days.into()),
        ("--seed", 7),
        ("--organizations", organizations),
        ("--posts-per-profile", options.posts_per_profile.into()),
    ];
    let arguments = arguments.map(|(name, value)| [name.to_owned(), value.to_string()]).concat();
    let mut all = vec!["seed", "--json"];
    all.extend(arguments.iter().map(String::as_str));
    Ok(serde_json::from_str(&deployment.run_showing(&all))?)
}

/// Asks a question as often as it has requests, one after another, after some that are not counted.
async fn ask(client: &Client, question: &Question, warm_up: usize) -> Result<Answered, Unmeasured> {
    let answered = |times_us, otherwise| Answered { name: question.name.clone(), times_us, otherwise };
    let mut connection = Connection::open(address(client.base_url())?).await.map_err(ConnectionError::from)?;
    let mut times = Vec::with_capacity(question.requests.len());
    let warming = question.requests.iter().take(warm_up).map(|request| (false, request));
    for (is_counted, request) in warming.chain(question.requests.iter().map(|request| (true, request))) {
        let asked = Instant::now();
        let answer = connection.exchange(request).await?;
        let time = u32::try_from(asked.elapsed().as_micros()).unwrap_or(u32::MAX);
        match answer.status {
            200 if is_counted => times.push(time),
            200 => {}
            // A path that is there for another method alone reads the last part as an id.
            404 | 405 => return Ok(answered(None, Some("not there".to_owned()))),
            status => {
                let body: String = String::from_utf8_lossy(answer.body).chars().take(300).collect();
                return Ok(answered(None, Some(format!("{status}: {body}"))));
            }
        }
    }
    times.sort_unstable();
    let times = percentile(&times, 50).zip(percentile(&times, 99));
    Ok(answered(times, times.is_none().then(|| "nothing to ask about".to_owned())))
}

/// Has the server write down the plan of every statement while each question is asked again, often enough for plans that hold for any value.
async fn explain(deployment: &Deployment, client: &Client, questions: &[Question]) -> Result<Plans, Unmeasured> {
    let Some(data) = deployment.postgres.as_ref().and_then(tests::Postgres::data) else { return Ok(Plans::default()) };
    for statement in plans::BEGIN {
        deployment.database().execute(statement).await;
    }
    let mut all = Plans::default();
    let mut log = plans::Log::open(&data).map_err(Unmeasured::Plans)?;
    for question in questions {
        let few =
            Question { name: question.name.clone(), requests: question.requests.iter().take(8).cloned().collect() };
        ask(client, &few, 0).await?;
        all.add(&question.name, &log.news().await.map_err(Unmeasured::Plans)?);
    }
    Ok(all)
}

/// A body of a POST about metrics of 90 days.
fn of_ninety_days(ids: &str, values: &[Value]) -> String {
    json!({ ids: values, "period": "90d" }).to_string()
}
