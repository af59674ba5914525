//! Runs a command with a PostgreSQL cluster and a Redis server of its own, named to it by the environment, and ends both when the
//! command ends, fails or is interrupted. The exit code is the command's.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitCode;

use tokio::process::Command;
use tokio::signal::unix::{SignalKind, signal};

use tests::{Postgres, Redis, postgres, redis};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let Some(program) = arguments.next() else {
        eprintln!("usage: with-services COMMAND [ARGUMENT…]");
        return ExitCode::from(2);
    };
    // From here on a signal does not end this process: first the command ends, then the servers.
    let mut interrupt = signal(SignalKind::interrupt()).expect("signals can be listened to");
    let mut terminate = signal(SignalKind::terminate()).expect("signals can be listened to");
    let cluster = Postgres::start().await;
    let queue = Redis::start().await;
    let mut command = Command::new(&program);
    command.args(arguments).env(postgres::ENV, cluster.admin_url()).env(redis::ENV, queue.url());
    let mut child = command.spawn().unwrap_or_else(|e| panic!("{}: {e}", program.display()));
    let status = loop {
        tokio::select! {
            status = child.wait() => break status.expect("a child's end can be awaited"),
            // The terminal has told the command too.
            _ = interrupt.recv() => {}
            _ = terminate.recv() => forward(child.id()),
        }
    };
    let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal)).unwrap_or(1);
    ExitCode::from(u8::try_from(code).unwrap_or(1))
}

fn forward(child: Option<u32>) {
    if let Some(id) = child {
        // The command may have ended a moment ago.
        let _ = std::process::Command::new("sh").args(["-c", &format!("kill -TERM {id}")]).status();
    }
}
