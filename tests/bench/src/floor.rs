//! The floor: an actix-web server whose one handler reads an account by its primary key with a prepared statement and writes the row as JSON.
//! No key, no limit, no tag, no log: what the framework and the database driver cost by themselves.

use std::cell::Cell;
use std::io;
use std::io::Write;
use std::net::SocketAddr;
use std::time::Duration;

use actix_web::{App, HttpResponse, HttpServer, error, web};
use serde::Serialize;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use sqlx::{Row, SqlitePool};
use tokio_postgres::{Client, NoTls, Statement};
use uuid::Uuid;

/// Connections of all workers together: as many as the service has unless it is told otherwise.
const CONNECTIONS: u32 = 10;

/// As long as the service keeps an idle connection.
const KEEP_ALIVE: Duration = Duration::from_secs(75);

const SELECT: &str = "SELECT id, organization_id, profile_id, creator_id, platform, username, category, metadata, is_active, \
     scrape_interval_hours, max_recent_posts, post_lookback_days, added_at, updated_at, first_scrape_at, last_scrape_at, follower_count, \
     following_count, profile_post_count, total_post_count, view_count, like_count, comment_count, share_count, play_count, saved_count \
     FROM accounts WHERE id = $1";

/// Why the floor cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum FloorError {
    /// The socket cannot be bound, or the server ended.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The SQLite file cannot be opened.
    #[error(transparent)]
    Sqlite(#[from] sqlx::Error),
    /// The PostgreSQL server cannot be reached.
    #[error(transparent)]
    Postgres(#[from] tokio_postgres::Error),
}

/// The table's row.
#[derive(Serialize)]
struct Account {
    id: Uuid,
    organization_id: Uuid,
    profile_id: i64,
    creator_id: Option<Uuid>,
    platform: String,
    username: String,
    category: Option<String>,
    metadata: String,
    is_active: bool,
    scrape_interval_hours: i64,
    max_recent_posts: Option<i64>,
    post_lookback_days: Option<i64>,
    added_at: i64,
    updated_at: i64,
    first_scrape_at: Option<i64>,
    last_scrape_at: Option<i64>,
    follower_count: Option<i64>,
    following_count: Option<i64>,
    profile_post_count: Option<i64>,
    total_post_count: Option<i64>,
    view_count: Option<i64>,
    like_count: Option<i64>,
    comment_count: Option<i64>,
    share_count: Option<i64>,
    play_count: Option<i64>,
    saved_count: Option<i64>,
}

/// Both drivers read a column in the same words, by types of their own.
macro_rules! account {
    ($row:expr) => {
        Account {
            id: $row.try_get(0)?,
            organization_id: $row.try_get(1)?,
            profile_id: $row.try_get(2)?,
            creator_id: $row.try_get(3)?,
            platform: $row.try_get(4)?,
            username: $row.try_get(5)?,
            category: $row.try_get(6)?,
            metadata: $row.try_get(7)?,
            is_active: $row.try_get(8)?,
            scrape_interval_hours: $row.try_get(9)?,
            max_recent_posts: $row.try_get(10)?,
            post_lookback_days: $row.try_get(11)?,
            added_at: $row.try_get(12)?,
            updated_at: $row.try_get(13)?,
            first_scrape_at: $row.try_get(14)?,
            last_scrape_at: $row.try_get(15)?,
            follower_count: $row.try_get(16)?,
            following_count: $row.try_get(17)?,
            profile_post_count: $row.try_get(18)?,
            total_post_count: $row.try_get(19)?,
            view_count: $row.try_get(20)?,
            like_count: $row.try_get(21)?,
            comment_count: $row.try_get(22)?,
            share_count: $row.try_get(23)?,
            play_count: $row.try_get(24)?,
            saved_count: $row.try_get(25)?,
        }
    };
}

/// A database's connections, for one worker thread.
enum Accounts {
    /// sqlx's pool, which all workers share.
    Sqlite(SqlitePool),
    /// This worker's own connections, taken in turn. Requests on one connection do not wait for each other.
    Postgres { connections: Vec<(Client, Statement)>, turn: Cell<usize> },
}

impl Accounts {
    async fn on_postgres(url: &str, count: usize) -> Result<Self, FloorError> {
        let mut connections = Vec::with_capacity(count);
        for _ in 0..count {
            let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
            // Ends with the client; what goes wrong, the client's next query says.
            actix_web::rt::spawn(connection);
            let statement = client.prepare(SELECT).await?;
            connections.push((client, statement));
        }
        Ok(Self::Postgres { connections, turn: Cell::new(0) })
    }

    async fn find(&self, id: Uuid) -> Result<Option<Account>, FloorError> {
        match self {
            Self::Sqlite(pool) => {
                let row = sqlx::query(SELECT).bind(id).fetch_optional(pool).await?;
                row.map(|row| Ok(account!(row))).transpose()
            }
            Self::Postgres { connections, turn } => {
                let this = turn.get() % connections.len();
                turn.set(this + 1);
                let (client, statement) = &connections[this];
                let row = client.query_opt(statement, &[&id]).await?;
                row.map(|row| Ok(account!(row))).transpose()
            }
        }
    }
}

/// Serves `GET /accounts/{id}` until a signal says to stop. Tells the address on stdout as the service does.
pub async fn serve(database: &str, listen: SocketAddr, workers: usize) -> Result<(), FloorError> {
    let sqlite = if database.starts_with("sqlite:") { Some(sqlite(database).await?) } else { None };
    let database = database.to_owned();
    let own_connections = usize::try_from(CONNECTIONS).unwrap_or(1).div_ceil(workers.max(1));
    let server = HttpServer::new(move || {
        let (sqlite, database) = (sqlite.clone(), database.clone());
        let accounts = move || {
            let (sqlite, database) = (sqlite.clone(), database.clone());
            async move {
                match sqlite {
                    Some(pool) => Ok(Accounts::Sqlite(pool)),
                    None => Accounts::on_postgres(&database, own_connections).await,
                }
            }
        };
        App::new().data_factory(accounts).route("/accounts/{id}", web::get().to(account))
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

async fn sqlite(url: &str) -> Result<SqlitePool, FloorError> {
    let options: SqliteConnectOptions = url.parse()?;
    let pool = SqlitePoolOptions::new()
        .max_connections(CONNECTIONS)
        .min_connections(CONNECTIONS)
        .test_before_acquire(false)
        .idle_timeout(None)
        .max_lifetime(None);
    Ok(pool.connect_with(options).await?)
}

async fn account(accounts: web::Data<Accounts>, id: web::Path<Uuid>) -> actix_web::Result<HttpResponse> {
    let found = accounts.find(*id).await.map_err(error::ErrorInternalServerError)?;
    Ok(found.map_or_else(|| HttpResponse::NotFound().finish(), |account| HttpResponse::Ok().json(account)))
}
