//! The product as an operator runs it: a database, a queue, API and worker processes, an organization and its keys.

use std::fs::File;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::str::FromStr;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use crate::cargo::binary;
use crate::client::Client;
use crate::database::Database;
use crate::poll::poll_until;
use crate::postgres::{OwnDatabase, Postgres};
use crate::process::{Process, tied};
use crate::redis::Redis;
use crate::sample_platform::SamplePlatform;
use crate::samples::Samples;
use crate::sandbox::Sandbox;
use crate::settings;

/// Where facts and wake-ups are kept, and how many processes share them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pair {
    /// SQLite and an in-memory queue; API and worker in one process.
    SqliteEmbedded,
    /// API and workers as processes of their own on one SQLite file.
    SqliteProcesses,
    /// PostgreSQL and Redis; API and workers as processes of their own.
    PostgresRedis,
}

/// What stands in the platforms' place.
pub enum Platforms {
    /// Nothing: a port that refuses connections.
    Nowhere,
    /// The sandbox.
    Sandbox,
    /// The recorded pages.
    Samples(Samples),
}

/// A deployment in the making.
pub struct Builder {
    pair: Pair,
    platforms: Platforms,
    workers: usize,
    own_servers: bool,
    as_in_production: bool,
    postgres_settings: Vec<String>,
    settings: Vec<(&'static str, String)>,
}

/// In what one process of a deployment differs from the others.
#[derive(Clone, Debug)]
pub enum Change {
    /// A setting, named as in [`crate::settings`].
    Setting {
        /// The name, without the product's prefix.
        name: String,
        /// Its value.
        value: String,
    },
    /// Another build of the service.
    Build(PathBuf),
}

impl FromStr for Change {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once('=') {
            Some((name, value)) => Ok(Self::Setting { name: name.to_owned(), value: value.to_owned() }),
            // Deployments work in a folder of their own, so the path must not depend on ours.
            None => {
                std::fs::canonicalize(text).map(Self::Build).map_err(|_| "must be SECTION__NAME=value, or a program")
            }
        }
    }
}

/// A running deployment. Its processes end before its stores do.
pub struct Deployment {
    /// The store and queue pair.
    pub pair: Pair,
    /// The API process, which is the worker too on [`Pair::SqliteEmbedded`]; `None` while it is down.
    pub api: Option<Process>,
    /// The worker processes.
    pub workers: Vec<Process>,
    /// The sandbox, when it stands in for the platforms.
    pub sandbox: Option<Sandbox>,
    /// The recorded pages, when they stand in for the platforms.
    pub samples: Option<SamplePlatform>,
    /// The first organization's id.
    pub organization: String,
    /// A client with a key of every scope, of the first organization.
    pub client: Client,
    program: PathBuf,
    environment: Vec<(String, String)>,
    database_url: String,
    embedded_worker: bool,
    log_files: bool,
    started: usize,
    _database: Option<OwnDatabase>,
    /// The Redis server or database.
    pub redis: Option<Redis>,
    /// The PostgreSQL cluster.
    pub postgres: Option<Postgres>,
    directory: TempDir,
}

impl Builder {
    /// On `pair`, with one worker, with nothing in the platforms' place.
    pub fn new(pair: Pair) -> Self {
        Self {
            pair,
            platforms: Platforms::Nowhere,
            workers: 1,
            own_servers: false,
            as_in_production: false,
            postgres_settings: Vec::new(),
            settings: Vec::new(),
        }
    }

    /// What stands in the platforms' place.
    #[must_use]
    pub fn platforms(mut self, platforms: Platforms) -> Self {
        self.platforms = platforms;
        self
    }

    /// How many workers there are; in one process, whether there is one.
    #[must_use]
    pub const fn workers(mut self, workers: usize) -> Self {
        self.workers = workers;
        self
    }

    /// PostgreSQL and Redis servers that no other test uses, so that they can be stopped.
    #[must_use]
    pub const fn own_servers(mut self) -> Self {
        self.own_servers = true;
        self
    }

    /// For measuring: a PostgreSQL server of its own that waits for the disk as one in production does, and logs that go into files
    /// instead of through our hands.
    #[must_use]
    pub const fn as_in_production(mut self) -> Self {
        self.own_servers = true;
        self.as_in_production = true;
        self
    }

    /// For measuring reads: servers of its own, of which PostgreSQL has these settings (`name=value`) and does not wait for the disk, and logs that go
    /// into files.
    #[must_use]
    pub fn with_postgres(mut self, settings: Vec<String>) -> Self {
        self.own_servers = true;
        self.as_in_production = true;
        self.postgres_settings = settings;
        self
    }

    /// Changes a setting of [`crate::settings`].
    #[must_use]
    pub fn set(mut self, name: &'static str, value: impl std::fmt::Display) -> Self {
        self.settings.push((name, value.to_string()));
        self
    }

    /// Starts everything and waits until the API is ready.
    pub async fn start(self) -> Deployment {
        let directory = tempfile::tempdir().expect("a temporary directory can be made");
        let (mut postgres, mut redis, mut database) = (None, None, None);
        let (database_url, queue_url) = match self.pair {
            Pair::SqliteEmbedded | Pair::SqliteProcesses => {
                (format!("sqlite://{}", directory.path().join("audit.db").display()), "memory:".to_owned())
            }
            Pair::PostgresRedis => {
                let cluster = match (self.own_servers, self.as_in_production) {
                    (_, true) if self.postgres_settings.is_empty() => Postgres::start_durable().await,
                    (_, true) => Postgres::start_set(self.postgres_settings).await,
                    (true, false) => Postgres::start().await,
                    (false, false) => Postgres::shared().await,
                };
                let queue = if self.own_servers { Redis::start().await } else { Redis::shared().await };
                let own = cluster.create_database().await;
                let urls = (own.url().to_owned(), queue.url());
                (postgres, redis, database) = (Some(cluster), Some(queue), Some(own));
                urls
            }
        };
        // The first port is nobody's by convention, so connections are refused at once.
        let nowhere = || "http://127.0.0.1:1".to_owned();
        let (mut sandbox, mut samples) = (None, None);
        let (instagram, tiktok) = match self.platforms {
            Platforms::Nowhere => (nowhere(), nowhere()),
            Platforms::Sandbox => {
                let platforms = Sandbox::start(7).await;
                let urls = (platforms.instagram_url(), platforms.tiktok_url());
                sandbox = Some(platforms);
                urls
            }
            Platforms::Samples(recorded) => {
                let platforms = SamplePlatform::start(&recorded);
                let url = platforms.url();
                samples = Some(platforms);
                (url.clone(), url)
            }
        };
        let unhurried = "1000000".to_owned();
        let mut values = vec![
            (settings::DATABASE_URL, database_url.clone()),
            (settings::QUEUE_URL, queue_url),
            (settings::HTTP_LISTEN, "127.0.0.1:0".to_owned()),
            (settings::INSTAGRAM_BASE_URL, instagram),
            (settings::TIKTOK_BASE_URL, tiktok),
            (settings::REQUESTS_PER_MINUTE, unhurried.clone()),
            (settings::FAILED_AUTHENTICATIONS_PER_MINUTE, unhurried),
            // Pages that were not recorded are refusals, and must not keep from those that were.
            (settings::INSTAGRAM_REFUSALS_TO_CLOSE, "1000".to_owned()),
            (settings::TIKTOK_REFUSALS_TO_CLOSE, "1000".to_owned()),
        ];
        values.extend(self.settings);
        let environment =
            values.into_iter().map(|(name, value)| (format!("{}{name}", settings::PREFIX), value)).collect();
        let mut deployment = Deployment {
            pair: self.pair,
            api: None,
            workers: Vec::new(),
            sandbox,
            samples,
            organization: String::new(),
            client: Client::new("http://127.0.0.1:1"),
            program: binary(),
            environment,
            database_url,
            embedded_worker: self.pair == Pair::SqliteEmbedded && self.workers > 0,
            log_files: self.as_in_production,
            started: 0,
            _database: database,
            redis,
            postgres,
            directory,
        };
        deployment.prepare(self.workers).await;
        deployment
    }
}

impl Deployment {
    async fn prepare(&mut self, workers: usize) {
        self.run(&["migrate"]);
        self.organization = self.create_organization("first", &[]);
        let key = self.create_key(&self.organization, &[]);
        self.start_api().await;
        self.client = self.client.with_key(&key);
        if !self.embedded_worker {
            for _ in 0..workers {
                self.start_worker();
            }
        }
    }

    /// Starts the API process (again), and points the client to it.
    pub async fn start_api(&mut self) {
        let role = if self.embedded_worker { "dev" } else { "serve" };
        let (process, base_url) = self.launch_api(role).await;
        self.client = self.client.at(&base_url);
        self.api = Some(process);
    }

    /// Starts one more API process and returns it with its base URL.
    pub async fn start_replica(&mut self) -> (Process, String) {
        self.launch_api("serve").await
    }

    /// The same with one difference.
    pub async fn start_changed_replica(&mut self, change: &Change) -> (Process, String) {
        let (program, environment) = (self.program.clone(), self.environment.clone());
        match change {
            Change::Setting { name, value } => {
                self.environment.push((format!("{}{name}", settings::PREFIX), value.clone()));
            }
            Change::Build(program) => self.program.clone_from(program),
        }
        let replica = self.launch_api("serve").await;
        (self.program, self.environment) = (program, environment);
        replica
    }

    async fn launch_api(&mut self, role: &str) -> (Process, String) {
        let mut process = self.launch(role);
        let base_url = process.base_url().await;
        let client = Client::new(&base_url);
        poll_until(&format!("{role} is ready"), async || {
            process.assert_running();
            (client.get("/v2/health/ready").await.status == 200).then_some(())
        })
        .await;
        (process, base_url)
    }

    /// Starts one more worker process.
    pub fn start_worker(&mut self) {
        assert!(self.pair != Pair::SqliteEmbedded, "a queue in memory has its worker in the API's process");
        let worker = self.launch("worker");
        self.workers.push(worker);
    }

    fn launch(&mut self, role: &str) -> Process {
        self.started += 1;
        let mut command = self.command(tied(&self.program, "KILL"));
        command.arg(role);
        let name = format!("{role} {}", self.started);
        let log = if self.log_files {
            let file = File::create(self.directory.path().join(format!("{name}.log")));
            file.expect("a log can be made in our own directory").into()
        } else {
            Stdio::piped()
        };
        Process::spawn_logging(name, command, log)
    }

    /// The command's environment: the deployment's settings and nothing of ours.
    fn command(&self, mut command: Command) -> Command {
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with(settings::PREFIX) {
                command.env_remove(name);
            }
        }
        command.envs(self.environment.iter().cloned()).current_dir(self.directory.path());
        command
    }

    /// Runs the command line to its end, which must be a success, and returns what it printed.
    pub fn run(&self, arguments: &[&str]) -> String {
        let output = self.try_run(arguments);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "creator-audit {}: {}\n{stderr}", arguments.join(" "), output.status);
        String::from_utf8(output.stdout).expect("the command line prints UTF-8")
    }

    /// Runs the command line to its end, whatever that is.
    pub fn try_run(&self, arguments: &[&str]) -> Output {
        self.command(Command::new(binary())).args(arguments).output().expect("the binary can be run")
    }

    /// As [`Deployment::run`], with all that it says meanwhile on our own standard error.
    pub fn run_showing(&self, arguments: &[&str]) -> String {
        let mut command = self.command(Command::new(binary()));
        let output = command.args(arguments).stderr(Stdio::inherit()).output().expect("the binary can be run");
        assert!(output.status.success(), "creator-audit {}: {}", arguments.join(" "), output.status);
        String::from_utf8(output.stdout).expect("the command line prints UTF-8")
    }

    /// As [`Deployment::run`], with `--json`.
    pub fn run_json(&self, arguments: &[&str]) -> Value {
        let printed = self.run(&[arguments, &["--json"]].concat());
        serde_json::from_str(&printed).unwrap_or_else(|e| panic!("{}: {e}: {printed}", arguments.join(" ")))
    }

    /// Makes an organization and returns its id.
    pub fn create_organization(&self, name: &str, further: &[&str]) -> String {
        let made = self.run_json(&[&["org", "create", "--name", name], further].concat());
        assert_eq!(made["name"], name, "{made}");
        text(&made, "id")
    }

    /// Makes a key of an organization and returns the secret.
    pub fn create_key(&self, organization: &str, further: &[&str]) -> String {
        text(&self.create_key_record(organization, further), "key")
    }

    /// Makes a key of an organization and returns all that the command line said: `id`, `key`, ….
    pub fn create_key_record(&self, organization: &str, further: &[&str]) -> Value {
        self.run_json(&[&["key", "create", "--org", organization, "--name", "suite"], further].concat())
    }

    /// A client of a new organization.
    pub fn client_of_new_organization(&self, name: &str) -> Client {
        let organization = self.create_organization(name, &[]);
        self.client.with_key(&self.create_key(&organization, &[]))
    }

    /// The database's URL.
    pub fn database_url(&self) -> &str {
        &self.database_url
    }

    /// A look into the database.
    pub fn database(&self) -> Database {
        Database::new(&self.database_url)
    }

    /// The sandbox, which the deployment must have been given.
    pub fn sandbox(&mut self) -> &mut Sandbox {
        self.sandbox.as_mut().expect("this deployment was started with the sandbox")
    }

    /// Ends every process by SIGTERM and asserts that each does so in time and with exit code 0.
    pub async fn terminate_all(&mut self) {
        for process in self.workers.drain(..).chain(self.api.take()) {
            process.terminate(Duration::from_secs(40)).await;
        }
    }

    /// Polls one resource until its first scrape is recorded, and returns it.
    pub async fn scraped(&self, path: &str) -> Value {
        poll_until(&format!("{path} is scraped"), async || {
            let resource = self.client.get(path).await.data(200);
            (!resource["last_scrape_time"].is_null()).then_some(resource)
        })
        .await
    }
}

fn text(value: &Value, field: &str) -> String {
    value[field].as_str().unwrap_or_else(|| panic!("no {field} in {value}")).to_owned()
}
