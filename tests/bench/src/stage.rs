//! What is measured, set up: the service on one store and queue pair, the sandbox in the platforms' place, one organization without a limit in
//! its way, and accounts that have been scraped.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use clap::ValueEnum;
use serde_json::json;
use tests::process::tied;
use tests::{Builder, Change, Client, Deployment, Pair, Platforms, Process, Sandbox, poll_within, settings};

/// More requests a minute than this machine can make.
const UNLIMITED: &str = "UPDATE organizations SET rate_limit_per_minute = 2000000000";

/// Accounts that are read, more than there are connections and than fit on a page.
const ACCOUNTS: u32 = 64;

/// How long all that they bring may take to be collected.
const COLLECTING: Duration = Duration::from_mins(3);

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
}

/// Why there is nothing to measure.
#[derive(Debug, thiserror::Error)]
pub enum StageError {
    /// A process of ours says where it listens in a way that we do not understand.
    #[error("{0} is no address")]
    Address(String),
    /// What the floor does is not what the service does.
    #[error("the floor is unlike the service: {0}")]
    Unlike(String),
    /// We do not know where our own program lies.
    #[error("our own program cannot be found: {0}")]
    Program(#[from] std::io::Error),
}

/// Who answers under load.
pub struct Target {
    /// Where it listens.
    pub address: SocketAddr,
    /// What stands before `/accounts`.
    pub prefix: &'static str,
    /// Header lines that it wants, each with its end.
    pub headers: String,
    /// The id of its process.
    pub process: u32,
}

/// What is set up beside the service's own defaults.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Threads that serve requests.
    pub workers: u32,
    /// The service's log filter, instead of the one it comes with.
    pub log: Option<String>,
    /// What is different in the service that is measured beside itself.
    pub changed: Option<Change>,
    /// A Python that can run the twin.
    pub python: Option<PathBuf>,
}

/// The service and what stands around it. Everything ends with this value.
pub struct Stage {
    /// The pair.
    pub stores: Stores,
    /// The accounts that are read.
    pub account_ids: Vec<String>,
    /// The service.
    pub service: Target,
    /// The service under another setting, or another build of it.
    pub changed: Option<Target>,
    /// The floor.
    pub floor: Target,
    /// The twin, on PostgreSQL, where there is a Python for it.
    pub twin: Option<Target>,
    // These end before the database that they read.
    processes: Vec<Process>,
    deployment: Deployment,
}

impl Stage {
    /// Starts all of it and returns when it is quiet.
    pub async fn set(stores: Stores, setup: &Setup) -> Result<Self, StageError> {
        eprintln!("{}: starting", stores.name());
        let pair = match stores {
            Stores::Sqlite => Pair::SqliteEmbedded,
            Stores::Postgres => Pair::PostgresRedis,
        };
        let mut builder = Builder::new(pair).platforms(Platforms::Sandbox).as_in_production();
        builder = builder.set(settings::HTTP_WORKERS, setup.workers);
        if let Some(filter) = &setup.log {
            builder = builder.set(settings::LOG_FILTER, filter);
        }
        let deployment = builder.start().await;
        deployment.database().execute(UNLIMITED).await;
        let key = deployment.create_key(&deployment.organization, &[]);
        let headers = format!("Authorization: Bearer {key}\r\n");
        let service = Target {
            address: address(deployment.client.base_url())?,
            prefix: "/v2",
            headers: headers.clone(),
            process: deployment.api.as_ref().map_or(0, Process::id),
        };
        let mut stage = Self {
            stores,
            account_ids: Vec::new(),
            service,
            changed: None,
            floor: Target {
                address: SocketAddr::from(([127, 0, 0, 1], 0)),
                prefix: "",
                headers: String::new(),
                process: 0,
            },
            twin: None,
            processes: Vec::new(),
            deployment,
        };
        stage.track().await;
        if let Some(change) = &setup.changed {
            let (process, base_url) = stage.deployment.start_changed_replica(change).await;
            let address = address(&base_url)?;
            stage.changed = Some(Target { address, prefix: "/v2", headers, process: process.id() });
            stage.processes.push(process);
        }
        stage.start_floor(setup.workers).await?;
        if let Some(python) = setup.python.as_deref().filter(|_| stores == Stores::Postgres) {
            stage.start_twin(python).await?;
        }
        Ok(stage)
    }

    /// Tracks the accounts that are read, until all that they bring is collected.
    async fn track(&mut self) {
        for number in 0..ACCOUNTS {
            let account = json!({"platform": "tiktok", "username": format!("polled.by.many.{number}")});
            let account = self.deployment.client.post("/v2/accounts", &account).await.data(201);
            self.account_ids.push(account["id"].as_str().unwrap_or_default().to_owned());
        }
        self.quiet().await;
        if self.stores == Stores::Postgres {
            // As the server does by itself after a while.
            self.deployment.database().execute("ANALYZE").await;
        }
    }

    async fn start_floor(&mut self, workers: u32) -> Result<(), StageError> {
        let mut command = tied(std::env::current_exe()?, "KILL");
        command.args(["floor", "--database", self.deployment.database_url(), "--workers", &workers.to_string()]);
        command.args(["--organization", &self.deployment.organization]);
        self.floor = self.start("the bare handler", command).await?;
        Ok(())
    }

    async fn start_twin(&mut self, python: &Path) -> Result<(), StageError> {
        let mut command = tied(python, "KILL");
        command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("twin/twin.py"));
        command.args([self.deployment.database_url(), &self.deployment.organization]);
        self.twin = Some(self.start("the twin", command).await?);
        Ok(())
    }

    async fn start(&mut self, name: &str, command: Command) -> Result<Target, StageError> {
        let mut process = Process::spawn(name, command);
        let address = address(&process.base_url().await)?;
        let target = Target { address, prefix: "", headers: String::new(), process: process.id() };
        self.processes.push(process);
        Ok(target)
    }

    /// A client of the service.
    pub const fn client(&self) -> &Client {
        &self.deployment.client
    }

    /// A client of the floor.
    pub fn floor_client(&self) -> Client {
        Client::new(format!("http://{}", self.floor.address))
    }

    /// The database under it.
    pub fn database(&self) -> tests::Database {
        self.deployment.database()
    }

    /// The sandbox.
    pub fn sandbox(&mut self) -> &mut Sandbox {
        self.deployment.sandbox()
    }

    /// Returns when no scrape is under way or waits for its turn.
    pub async fn quiet(&self) {
        let database = self.deployment.database();
        let unfinished = "SELECT count(*) FROM runs WHERE status IN ('queued', 'running')";
        poll_within(COLLECTING, "every scrape is done", async || {
            (database.number(unfinished).await == 0).then_some(())
        })
        .await;
    }

    /// From here on the service has no worker: what is added stays due, and whoever adds it has the database to themselves.
    pub async fn retire_workers(&mut self) -> Result<(), StageError> {
        let (alone, base_url) = self.deployment.start_replica().await;
        self.deployment.terminate_all().await;
        self.service.address = address(&base_url)?;
        self.service.process = alone.id();
        self.deployment.client = self.deployment.client.at(&base_url);
        self.deployment.api = Some(alone);
        Ok(())
    }

    /// Ends everything in order, which the service must do cleanly.
    pub async fn strike(mut self) {
        for mut process in self.processes.drain(..) {
            process.end("TERM");
        }
        self.deployment.terminate_all().await;
    }
}

/// Where a process listens, of what it says of itself.
pub fn address(base_url: &str) -> Result<SocketAddr, StageError> {
    let address = base_url.strip_prefix("http://").and_then(|rest| rest.parse().ok());
    address.ok_or_else(|| StageError::Address(base_url.to_owned()))
}
