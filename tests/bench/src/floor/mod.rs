//! The floor: an actix-web server that runs the service's own statements by the fastest driver alone and writes the service's own JSON. No key,
//! no limit, no tag, no log, no check of what is asked: what the framework and the database cost by themselves.

mod answer;
mod postgres;
mod sqlite;
mod statements;

use std::io;
use std::io::Write;
use std::net::SocketAddr;
use std::time::Duration;

use actix_web::{App, HttpResponse, HttpServer, error, web};
use domain::{Clock, Timestamp};
use serde::Deserialize;
use sqlx::SqlitePool;
use uuid::Uuid;

use self::answer::{Account, Envelope, Listing};

/// Connections of all workers together: as many as the service has unless it is told otherwise.
const CONNECTIONS: u32 = 10;

/// As long as the service keeps an idle connection.
const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// Accounts on a page.
const PAGE: usize = 50;

/// Why the floor cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum FloorError {
    /// The socket cannot be bound, or the server ended.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The SQLite file cannot be opened or read.
    #[error(transparent)]
    Sqlite(#[from] sqlx::Error),
    /// The PostgreSQL server cannot be reached or refuses.
    #[error(transparent)]
    Postgres(#[from] tokio_postgres::Error),
    /// A row is not there that the statement before had made or found.
    #[error("a row is missing")]
    Missing,
}

/// A new account, as the load asks for it.
#[derive(Deserialize)]
struct NewAccount {
    platform: String,
    username: String,
}

/// A database's connections, for one worker thread.
enum Accounts {
    /// Pools that all workers share.
    Sqlite(sqlite::Accounts),
    /// This worker's own connections.
    Postgres(postgres::Accounts),
}

impl Accounts {
    async fn find(&self, id: Uuid) -> Result<Option<Account>, FloorError> {
        match self {
            Self::Sqlite(accounts) => accounts.find(id).await,
            Self::Postgres(accounts) => accounts.find(id).await,
        }
    }

    async fn page(&self) -> Result<Vec<Account>, FloorError> {
        match self {
            Self::Sqlite(accounts) => accounts.page().await,
            Self::Postgres(accounts) => accounts.page().await,
        }
    }

    async fn create(&self, new: &NewAccount, now: Timestamp) -> Result<Account, FloorError> {
        match self {
            Self::Sqlite(accounts) => accounts.create(new, now).await,
            Self::Postgres(accounts) => accounts.create(new, now).await,
        }
    }
}

/// Serves one organization's `/accounts` and `/accounts/{id}` until a signal says to stop. Tells the address on stdout as the service does.
pub async fn serve(database: &str, organization: Uuid, listen: SocketAddr, workers: usize) -> Result<(), FloorError> {
    let sqlite = if database.starts_with("sqlite:") { Some(sqlite::pools(database).await?) } else { None };
    let database = database.to_owned();
    let own_connections = usize::try_from(CONNECTIONS).unwrap_or(1).div_ceil(workers.max(1));
    let server = HttpServer::new(move || {
        let (sqlite, database) = (sqlite.clone(), database.clone());
        let accounts = move || worker_accounts(sqlite.clone(), database.clone(), organization, own_connections);
        App::new()
            .data_factory(accounts)
            .route("/accounts", web::get().to(list))
            .route("/accounts", web::post().to(create))
            .route("/accounts/{id}", web::get().to(read))
    })
    .workers(workers)
    .keep_alive(KEEP_ALIVE)
    .tcp_nodelay(true)
    .shutdown_timeout(1)
    .bind(listen)?;
    for address in server.addrs() {
        writeln!(io::stdout(), "listening on http://{address}")?;
    }
    Ok(server.run().await?)
}

async fn worker_accounts(
    sqlite: Option<[SqlitePool; 2]>,
    database: String,
    organization: Uuid,
    connections: usize,
) -> Result<Accounts, FloorError> {
    match sqlite {
        Some([read, write]) => Ok(Accounts::Sqlite(sqlite::Accounts { read, write, organization })),
        None => Ok(Accounts::Postgres(postgres::Accounts::connect(&database, organization, connections).await?)),
    }
}

async fn read(accounts: web::Data<Accounts>, id: web::Path<Uuid>) -> actix_web::Result<HttpResponse> {
    let found = accounts.find(*id).await.map_err(error::ErrorInternalServerError)?;
    Ok(found.map_or_else(
        || HttpResponse::NotFound().finish(),
        |account| HttpResponse::Ok().json(Envelope { data: account }),
    ))
}

async fn list(accounts: web::Data<Accounts>) -> actix_web::Result<HttpResponse> {
    let page = accounts.page().await.map_err(error::ErrorInternalServerError)?;
    Ok(HttpResponse::Ok().json(Listing::of(page, PAGE)))
}

async fn create(accounts: web::Data<Accounts>, new: web::Json<NewAccount>) -> actix_web::Result<HttpResponse> {
    let account = accounts.create(&new, Clock::system().now()).await.map_err(error::ErrorInternalServerError)?;
    Ok(HttpResponse::Created().json(Envelope { data: account }))
}
