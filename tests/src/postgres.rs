//! A PostgreSQL cluster of the suites' own, or the one that the environment names; databases are made in it, one a deployment.

use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tempfile::TempDir;

use crate::database::{Database, execute_in};
use crate::poll::poll_within;
use crate::process::{Process, tied};
use crate::redis::free_port;

/// Names the cluster that all tests share: the URL of a superuser's database.
pub const ENV: &str = "TEST_POSTGRES_URL";

/// A cluster: an own one, ended with this value, or a shared one.
pub struct Postgres {
    own: Option<Server>,
    /// Without the database's name.
    base_url: String,
}

struct Server {
    /// `None` while it is stopped.
    process: Option<Process>,
    directory: TempDir,
    port: u16,
    durable: bool,
    /// Of our choice, as `name=value`.
    settings: Vec<String>,
}

/// Who runs the server: PostgreSQL refuses to run as root.
#[derive(Clone, Copy)]
struct User {
    uid: u32,
    gid: u32,
}

impl Postgres {
    /// The cluster named by [`ENV`], or an own one when none is named.
    pub async fn shared() -> Self {
        match std::env::var(ENV) {
            Ok(url) => {
                let (base, _) = url.rsplit_once('/').unwrap_or_else(|| panic!("{ENV} names no database: {url}"));
                Self { own: None, base_url: base.to_owned() }
            }
            Err(_) => Self::start().await,
        }
    }

    /// Makes and starts an own cluster on a free port, which does not wait for the disk.
    pub async fn start() -> Self {
        Self::start_with(false, Vec::new()).await
    }

    /// The same with settings of one's choice, each as `name=value`.
    pub async fn start_set(settings: Vec<String>) -> Self {
        Self::start_with(false, settings).await
    }

    /// As [`Postgres::start`], but a commit waits for the disk as it does in production.
    pub async fn start_durable() -> Self {
        Self::start_with(true, Vec::new()).await
    }

    async fn start_with(durable: bool, settings: Vec<String>) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory can be made");
        let user = unprivileged_user();
        if let Some(user) = user {
            chown(directory.path(), Some(user.uid), Some(user.gid)).expect("a temporary directory can be handed over");
        }
        let mut initdb = run_as(Command::new(binary("initdb")), user);
        initdb.args(["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync", "-D"]);
        let made = initdb.arg(directory.path().join("data")).current_dir(directory.path()).output();
        let made = made.expect("initdb can be run");
        assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
        // Somebody may take the port between our look and the server's start.
        for _ in 0..10 {
            let port = free_port();
            if let Some(process) = launch(port, directory.path(), durable, &settings).await {
                let own = Server { process: Some(process), directory, port, durable, settings };
                return Self { own: Some(own), base_url: base_url(port) };
            }
        }
        panic!("postgres does not start on any of ten free ports");
    }

    /// The URL of the superuser's database.
    pub fn admin_url(&self) -> String {
        format!("{}/postgres", self.base_url)
    }

    /// The folder of an own cluster's data.
    pub fn data(&self) -> Option<PathBuf> {
        self.own.as_ref().map(|server| server.directory.path().join("data"))
    }

    /// Makes an empty database, dropped with the returned value.
    pub async fn create_database(&self) -> OwnDatabase {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let nanos = std::time::UNIX_EPOCH.elapsed().expect("it is past 1970").subsec_nanos();
        let name = format!("audit_{}_{}_{nanos}", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed));
        execute_in(&self.admin_url(), format!("CREATE DATABASE {name}"))
            .await
            .unwrap_or_else(|e| panic!("a database cannot be made in {}: {e}", self.base_url));
        let url = format!("{}/{name}", self.base_url);
        OwnDatabase { url, name, admin_url: self.own.is_none().then(|| self.admin_url()) }
    }

    /// Stops an own cluster as a crash of the machine would: connections break, nothing is written out in order.
    pub fn stop(&mut self) {
        let server = self.own.as_mut().expect("a shared cluster is not stopped; ask for an own one");
        if let Some(mut process) = server.process.take() {
            process.end("QUIT");
        }
    }

    /// Keeps what an own, stopped cluster holds, for [`Postgres::go_back`].
    pub fn keep(&self) {
        self.copy("data", "kept");
    }

    /// Puts an own, stopped cluster back to what it held at [`Postgres::keep`], as a restored copy of its disk would.
    pub fn go_back(&self) {
        self.copy("kept", "data");
    }

    fn copy(&self, from: &str, to: &str) {
        let server =
            self.own.as_ref().filter(|server| server.process.is_none()).expect("an own cluster that is stopped");
        let [from, to] = [from, to].map(|name| server.directory.path().join(name));
        if to.exists() {
            std::fs::remove_dir_all(&to).expect("the folder can be removed");
        }
        let copied = Command::new("cp").arg("-a").args([&from, &to]).status();
        assert!(copied.is_ok_and(|status| status.success()), "{} is not copied", from.display());
    }

    /// Starts an own, stopped cluster again, on the same port and with what was committed.
    pub async fn restart(&mut self) {
        self.stop();
        let server = self.own.as_mut().expect("a shared cluster is not restarted; ask for an own one");
        server.process = launch(server.port, server.directory.path(), server.durable, &server.settings).await;
        assert!(server.process.is_some(), "postgres does not start again on port {}", server.port);
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if self.own.is_some() {
            self.stop();
        }
    }
}

/// A database of one deployment. In a shared cluster it is dropped with this value; an own cluster goes as a whole.
pub struct OwnDatabase {
    url: String,
    name: String,
    admin_url: Option<String>,
}

impl OwnDatabase {
    /// The URL to connect to.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A reader of it.
    pub fn reader(&self) -> Database {
        Database::new(self.url.clone())
    }
}

impl Drop for OwnDatabase {
    fn drop(&mut self) {
        let Some(admin_url) = self.admin_url.take() else { return };
        let statement = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        // A drop cannot await, and the caller's runtime may be on its way out.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(execute_in(&admin_url, statement)).map_err(std::io::Error::other)
        });
        if !matches!(dropping.join(), Ok(Ok(()))) {
            eprintln!("the database {} could not be dropped", self.name);
        }
    }
}

fn base_url(port: u16) -> String {
    format!("postgres://postgres@127.0.0.1:{port}")
}

async fn launch(port: u16, directory: &Path, durable: bool, settings: &[String]) -> Option<Process> {
    let mut command = run_as(tied(binary("postgres"), "QUIT"), unprivileged_user());
    command.arg("-D").arg(directory.join("data")).args(["-p", &port.to_string()]).current_dir(directory);
    for setting in
        ["listen_addresses=127.0.0.1", "unix_socket_directories=", "max_connections=300", "shared_buffers=64MB"]
    {
        command.args(["-c", setting]);
    }
    for setting in settings {
        command.args(["-c", setting]);
    }
    // Without waiting for the disk a crash of the server loses nothing, only one of the machine would. Commits stay synchronous, or the
    // server's own crash would lose the last of them.
    if !durable {
        command.args(["-c", "fsync=off", "-c", "full_page_writes=off"]);
    }
    let mut process = Process::spawn("postgres", command);
    let admin_url = format!("{}/postgres", base_url(port));
    poll_within(Duration::from_mins(1), "PostgreSQL answers", async || {
        if process.exited().is_some() {
            return Some(false);
        }
        execute_in(&admin_url, "SELECT 1".to_owned()).await.is_ok().then_some(true)
    })
    .await
    .then_some(process)
}

fn run_as(mut command: Command, user: Option<User>) -> Command {
    if let Some(user) = user {
        command.uid(user.uid).gid(user.gid);
    }
    command
}

/// `postgres` or `nobody` when we are root, `None` (ourselves) otherwise.
fn unprivileged_user() -> Option<User> {
    let we_are_root = std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0);
    if !we_are_root {
        return None;
    }
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let find = |name: &str| {
        let mut fields = users.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?.split(':').skip(1);
        Some(User { uid: fields.next()?.parse().ok()?, gid: fields.next()?.parse().ok()? })
    };
    Some(find("postgres").or_else(|| find("nobody")).expect("there is a user postgres or nobody to run PostgreSQL as"))
}

/// A program of PostgreSQL: of the newest version that Debian's packages installed, or from the path.
fn binary(name: &str) -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = versions.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok()).max();
    let packaged = newest.map(|version| PathBuf::from(format!("/usr/lib/postgresql/{version}/bin/{name}")));
    packaged.filter(|path| path.exists()).unwrap_or_else(|| PathBuf::from(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_was_committed_survives_a_crash_of_the_cluster() {
        let mut postgres = Postgres::start().await;
        let database = postgres.create_database().await;
        execute_in(database.url(), "CREATE TABLE kept AS SELECT 1 AS n".to_owned()).await.unwrap();
        postgres.stop();
        assert!(execute_in(database.url(), "SELECT 1".to_owned()).await.is_err());
        postgres.restart().await;
        assert_eq!(database.reader().number("SELECT count(*) FROM kept").await, 1);
    }
}
