//! Runs a command beside a whole deployment whose platforms are the sandbox, told to it by the environment, and ends the deployment when
//! the command ends. The exit code is the command's.
//!
//! - `CREATOR_AUDIT_URL`: where the API is.
//! - `CREATOR_AUDIT_KEY`: a key of every scope, and `CREATOR_AUDIT_KEY_ID`: its id.
//! - `CREATOR_AUDIT_OTHER_KEY`: a key of another organization.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitCode;

use tests::{Builder, Pair, Sandbox, settings};
use tokio::process::Command;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let pair = arguments.next().and_then(|name| match name.to_str() {
        Some("sqlite") => Some(Pair::SqliteEmbedded),
        Some("postgres") => Some(Pair::PostgresRedis),
        Some(_) | None => None,
    });
    let (Some(pair), Some(program)) = (pair, arguments.next()) else {
        eprintln!("usage: with-deployment sqlite|postgres COMMAND [ARGUMENT…]");
        return ExitCode::from(2);
    };
    let platforms = Sandbox::start(7).await;
    let mut deployment = Builder::new(pair)
        .set(settings::INSTAGRAM_BASE_URL, platforms.instagram_url())
        .set(settings::TIKTOK_BASE_URL, platforms.tiktok_url())
        .set(settings::YOUTUBE_BASE_URL, platforms.youtube_url())
        .set(settings::PINTEREST_BASE_URL, platforms.pinterest_url())
        // Many of the calls that are made up have no key or a bad one.
        .set(settings::FAILED_AUTHENTICATIONS_PER_MINUTE, 1_000_000)
        .start()
        .await;
    let key = deployment.create_key_record(&deployment.organization, &[]);
    let text = |field: &str| key[field].as_str().unwrap_or_else(|| panic!("no {field} in {key}")).to_owned();
    let other = deployment.create_organization("other", &[]);
    let mut command = Command::new(&program);
    command
        .args(arguments)
        .env("CREATOR_AUDIT_URL", deployment.client.base_url())
        .env("CREATOR_AUDIT_KEY", text("key"))
        .env("CREATOR_AUDIT_KEY_ID", text("id"))
        .env("CREATOR_AUDIT_OTHER_KEY", deployment.create_key(&other, &[]));
    let status = command.status().await.unwrap_or_else(|e| panic!("{}: {e}", program.display()));
    if let (false, Some(api)) = (status.success(), &deployment.api) {
        eprintln!("--- the last lines of the API:\n{}", api.tail());
    }
    deployment.terminate_all().await;
    let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal)).unwrap_or(1);
    ExitCode::from(u8::try_from(code).unwrap_or(1))
}
