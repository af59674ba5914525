//! What is measured, set up: the service on one store and queue pair, the sandbox in the platforms' place, one organization without a limit in
//! its way, and one account that has been scraped.

use std::net::SocketAddr;
use std::time::Duration;

use clap::ValueEnum;
use serde_json::json;
use tests::process::tied;
use tests::{Builder, Client, Deployment, Pair, Platforms, Process, Sandbox, poll_until, settings};

/// More requests a minute than this machine can make.
const UNLIMITED: &str = "UPDATE organizations SET rate_limit_per_minute = 2000000000";

/// How long processes may take to end when they are asked to.
const ENDING: Duration = Duration::from_secs(40);

/// A store and queue pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Stores {
    /// SQLite and a queue in memory, in one process.
    Sqlite,
    /// PostgreSQL and Redis, API and worker as processes of their own.
    Postgres,
}

impl Stores {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Sqlite, Self::Postgres];

    /// For people.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite + memory, one process",
            Self::Postgres => "PostgreSQL + Redis, API and worker apart",
        }
    }

    /// What the floor reads with.
    pub const fn driver(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlx",
            Self::Postgres => "tokio-postgres",
        }
    }
}

/// Why there is nothing to measure.
#[derive(Debug, thiserror::Error)]
pub enum StageError {
    /// A process of ours says where it listens in a way that we do not understand.
    #[error("{0} is no address")]
    Address(String),
    /// We do not know where our own program lies.
    #[error("our own program cannot be found: {0}")]
    Program(#[from] std::io::Error),
}

/// The service and what stands around it. Everything ends with this value.
pub struct Stage {
    /// The pair.
    pub stores: Stores,
    /// The path of the account that is polled.
    pub account_path: String,
    /// Its id.
    pub account_id: String,
    /// A key that may do everything.
    pub key: String,
    // Ends before the database that it reads.
    floor: Process,
    floor_address: SocketAddr,
    deployment: Deployment,
}

impl Stage {
    /// Starts all of it and returns when it is quiet.
    pub async fn set(stores: Stores, workers: u32, log: Option<&str>) -> Result<Self, StageError> {
        eprintln!("{}: starting", stores.name());
        let pair = match stores {
            Stores::Sqlite => Pair::SqliteEmbedded,
            Stores::Postgres => Pair::PostgresRedis,
        };
        let mut builder = Builder::new(pair).platforms(Platforms::Sandbox).as_in_production();
        builder = builder.set(settings::HTTP_WORKERS, workers);
        if let Some(filter) = log {
            builder = builder.set(settings::LOG_FILTER, filter);
        }
        let deployment = builder.start().await;
        deployment.database().execute(UNLIMITED).await;
        let key = deployment.create_key(&deployment.organization, &[]);
        let account = json!({"platform": "tiktok", "username": "polled.by.many"});
        let account = deployment.client.post("/v2/accounts", &account).await.data(201);
        let account_id = account["id"].as_str().unwrap_or_default().to_owned();
        let account_path = format!("/v2/accounts/{account_id}");
        deployment.scraped(&account_path).await;

        let mut command = tied(std::env::current_exe()?, "KILL");
        command.args(["floor", "--database", deployment.database_url(), "--workers", &workers.to_string()]);
        let mut floor = Process::spawn("the bare handler", command);
        let floor_address = address(&floor.base_url().await)?;
        let stage = Self { stores, account_path, account_id, key, floor, floor_address, deployment };
        stage.quiet().await;
        Ok(stage)
    }

    /// A client of the service.
    pub const fn client(&self) -> &Client {
        &self.deployment.client
    }

    /// The sandbox.
    pub fn sandbox(&mut self) -> &mut Sandbox {
        self.deployment.sandbox()
    }

    /// Where the service listens.
    pub fn service_address(&self) -> Result<SocketAddr, StageError> {
        address(self.deployment.client.base_url())
    }

    /// Where the floor listens.
    pub const fn floor_address(&self) -> SocketAddr {
        self.floor_address
    }

    /// Returns when no scrape is under way or waits for its turn.
    pub async fn quiet(&self) {
        let database = self.deployment.database();
        let unfinished = "SELECT count(*) FROM runs WHERE status IN ('queued', 'running')";
        poll_until("every scrape is done", async || (database.number(unfinished).await == 0).then_some(())).await;
    }

    /// Ends everything in order, which the service must do cleanly.
    pub async fn strike(mut self) {
        self.floor.terminate(ENDING).await;
        self.deployment.terminate_all().await;
    }
}

fn address(base_url: &str) -> Result<SocketAddr, StageError> {
    let address = base_url.strip_prefix("http://").and_then(|rest| rest.parse().ok());
    address.ok_or_else(|| StageError::Address(base_url.to_owned()))
}
