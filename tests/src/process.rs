//! A child process that ends with the value that owns it, and whose last lines are shown when the test fails.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::poll::poll_within;

/// Lines kept of what a process printed.
const KEPT_LINES: usize = 4_000;
/// Lines shown of them when a test fails.
const SHOWN_LINES: usize = 40;

type Lines = Arc<Mutex<VecDeque<String>>>;

/// A running child process, killed on drop.
pub struct Process {
    name: String,
    child: Child,
    lines: Lines,
}

/// A command for `program` that the kernel ends with `signal` should this process die without a chance to end it itself.
/// Where the system has no `setpriv`, a plain command.
pub fn tied(program: impl AsRef<std::ffi::OsStr>, signal: &str) -> Command {
    let setpriv = std::path::Path::new("/usr/bin/setpriv");
    if !setpriv.exists() {
        return Command::new(program);
    }
    let mut command = Command::new(setpriv);
    command.args(["--pdeathsig", signal, "--"]).arg(program);
    command
}

impl Process {
    /// Starts `command`; what it prints is kept under `name`.
    pub fn spawn(name: impl Into<String>, command: Command) -> Self {
        Self::spawn_logging(name, command, Stdio::piped())
    }

    /// As [`Process::spawn`], with the errors and logs of the process going where the caller says. A file costs nobody's time to read.
    pub fn spawn_logging(name: impl Into<String>, mut command: Command, log: Stdio) -> Self {
        let name = name.into();
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log);
        let mut child = command.spawn().unwrap_or_else(|e| panic!("{name} does not start: {command:?}: {e}"));
        let lines = Lines::default();
        keep(child.stdout.take(), &lines);
        keep(child.stderr.take(), &lines);
        Self { name, child, lines }
    }

    /// The base URL of the line `listening on http://…` that a server prints once it listens.
    pub async fn base_url(&mut self) -> String {
        poll_within(Duration::from_mins(1), &format!("{} listens", self.name), async || {
            let found = self.lock().iter().find_map(|line| bound_address(line));
            if found.is_none() {
                self.assert_running();
            }
            found
        })
        .await
    }

    /// The process's id. It stays its own when the program that ties it has handed over.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Panics when the process has ended.
    pub fn assert_running(&mut self) {
        if let Some(status) = self.exited() {
            panic!("{} ended by itself: {status}", self.name);
        }
    }

    /// How the process ended, if it has.
    pub fn exited(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("the state of a child can be asked for")
    }

    /// Sends a signal by its name, such as `STOP`.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("sh").args(["-c", &format!("kill -{name} {}", self.child.id())]).status();
        assert!(sent.is_ok_and(|status| status.success()), "{name} cannot be sent to {}", self.name);
    }

    /// Kills the process as a crash would: without any warning.
    pub fn kill9(mut self) {
        self.child.kill().expect("a child can be killed");
        let status = self.child.wait().expect("a killed child ends");
        assert_eq!(status.signal(), Some(9), "{} had ended before it was killed: {status}", self.name);
    }

    /// Asks the process to end (SIGTERM), and asserts that it does so in time and with exit code 0.
    pub async fn terminate(mut self, within: Duration) {
        self.assert_running();
        self.signal("TERM");
        let name = self.name.clone();
        let status = poll_within(within, &format!("{name} ends after SIGTERM"), async || self.exited()).await;
        assert_eq!(status.code(), Some(0), "{name} ended with {status}");
    }

    /// Ends the process by `signal` and waits until it is gone, however long that takes.
    pub fn end(&mut self, signal: &str) {
        if self.exited().is_none() {
            self.signal(signal);
            self.child.wait().expect("a signalled child ends");
        }
    }

    /// What the process printed last.
    pub fn tail(&self) -> String {
        let lines = self.lock();
        let skipped = lines.len().saturating_sub(SHOWN_LINES);
        lines.iter().skip(skipped).fold(String::new(), |text, line| text + "    " + line + "\n")
    }

    /// Whether the process printed a line that contains `text`.
    pub fn printed(&self, text: &str) -> bool {
        self.lock().iter().any(|line| line.contains(text))
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<String>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already; then there is nothing to kill.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("--- the last lines of {}:\n{}", self.name, self.tail());
        }
    }
}

/// Keeps the lines of a stream, on a thread that ends with it.
fn keep(stream: Option<impl Read + Send + 'static>, lines: &Lines) {
    let Some(stream) = stream else { return };
    let lines = Arc::clone(lines);
    std::thread::spawn(move || {
        let mut reader = BufReader::new(stream);
        let mut line = Vec::new();
        while reader.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
            let mut kept = lines.lock().unwrap_or_else(PoisonError::into_inner);
            if kept.len() == KEPT_LINES {
                kept.pop_front();
            }
            kept.push_back(String::from_utf8_lossy(&line).trim_end().to_owned());
            line.clear();
        }
    });
}

fn bound_address(line: &str) -> Option<String> {
    let (_, rest) = line.split_once("listening on http://")?;
    let host: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || ".:[]".contains(*c)).collect();
    Some(format!("http://{host}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Process {
        let mut command = tied("sh", "KILL");
        command.args(["-c", script]);
        Process::spawn("a script", command)
    }

    #[tokio::test]
    async fn a_process_is_asked_for_its_address_and_then_to_end() {
        let script = "trap 'exit 0' TERM; echo listening on http://127.0.0.1:7; while :; do sleep 0.05; done";
        let mut process = shell(script);
        assert_eq!(process.base_url().await, "http://127.0.0.1:7");
        process.terminate(Duration::from_secs(20)).await;
    }

    #[tokio::test]
    #[should_panic(expected = "ended with")]
    async fn a_bad_end_is_no_good_end() {
        let mut process =
            shell("trap 'exit 3' TERM; echo listening on http://127.0.0.1:7; while :; do sleep 0.05; done");
        process.base_url().await;
        process.terminate(Duration::from_secs(20)).await;
    }

    #[tokio::test]
    #[should_panic(expected = "ended by itself")]
    async fn a_process_that_ends_instead_of_listening_is_not_waited_for() {
        shell("echo no; exit 1").base_url().await;
    }

    #[test]
    fn a_killed_process_was_alive_until_then() {
        shell("sleep 60").kill9();
    }

    #[test]
    fn the_address_is_found_in_plain_and_in_json_lines() {
        for line in ["listening on http://127.0.0.1:8080", r#"{"message":"listening on http://127.0.0.1:8080"}"#] {
            assert_eq!(bound_address(line).as_deref(), Some("http://127.0.0.1:8080"));
        }
        assert_eq!(bound_address("listening"), None);
    }
}
