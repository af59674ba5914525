//! The harness of the end-to-end suites: real processes of `creator-audit`, real PostgreSQL and Redis servers on free loopback
//! ports, stand-in platforms, and a thin HTTP client.
//!
//! Nothing here knows the product's code; it is driven by its command line, its environment and its HTTP API alone. Everything that
//! is started is owned by a value and ends with it, and what a process printed is shown when a test fails.

pub mod cargo;
pub mod client;
pub mod database;
pub mod deployment;
pub mod poll;
pub mod postgres;
pub mod process;
pub mod redis;
pub mod sample_platform;
pub mod samples;
pub mod sandbox;
pub mod settings;

pub use client::{Answer, Client};
pub use database::Database;
pub use deployment::{Builder, Change, Deployment, Pair, Platforms};
pub use poll::{poll_until, poll_within};
pub use postgres::Postgres;
pub use process::Process;
pub use redis::Redis;
pub use sample_platform::SamplePlatform;
pub use sandbox::Sandbox;

/// Makes of each `async fn name(pair: Pair)` in scope one test per store and queue pair: `name::on_sqlite_and_memory` and
/// `name::on_postgresql_and_redis`.
#[macro_export]
macro_rules! on_every_pair {
    ($($name:ident),+ $(,)?) => {$(
        mod $name {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_sqlite_and_memory() {
                super::$name($crate::Pair::SqliteEmbedded).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_postgresql_and_redis() {
                super::$name($crate::Pair::PostgresRedis).await;
            }
        }
    )+};
}

/// As [`on_every_pair!`], where API and workers must be processes of their own: `name::on_one_sqlite_file` and
/// `name::on_postgresql_and_redis`.
#[macro_export]
macro_rules! on_every_pair_of_processes {
    ($($name:ident),+ $(,)?) => {$(
        mod $name {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_one_sqlite_file() {
                super::$name($crate::Pair::SqliteProcesses).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_postgresql_and_redis() {
                super::$name($crate::Pair::PostgresRedis).await;
            }
        }
    )+};
}
