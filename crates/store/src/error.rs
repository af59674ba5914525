//! How the store fails: because the database is away, or because something is wrong.

use sea_orm::{DbErr, RuntimeErr, SqlErr, SqlxError};
use thiserror::Error;

/// A failure of the store. Nothing was written.
#[derive(Clone, Debug, Error)]
pub enum StoreError {
    /// The database cannot be reached, is shutting down, or asks to try again; the same call may well succeed in a moment.
    #[error("the database is not available")]
    Unavailable(#[source] DbErr),
    /// A statement failed for a reason that trying again will not mend.
    #[error("the database refused a statement")]
    Internal(#[source] DbErr),
    /// A row holds what this version cannot read.
    #[error("a row of {table} holds an unreadable {column}")]
    Unreadable {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
    },
    /// The database's address is not one of the two kinds.
    #[error("database.url must begin with sqlite: or postgres:")]
    UnknownDatabase,
    /// The database's address cannot be read. It may hold a password, so it is not repeated.
    #[error("database.url cannot be read as an address")]
    UnreadableAddress,
}

impl From<DbErr> for StoreError {
    fn from(error: DbErr) -> Self {
        if is_passing(&error) { Self::Unavailable(error) } else { Self::Internal(error) }
    }
}

/// Of a statement that was run without the help of sea-orm.
impl From<SqlxError> for StoreError {
    fn from(error: SqlxError) -> Self {
        DbErr::Exec(RuntimeErr::SqlxError(error.into())).into()
    }
}

fn is_passing(error: &DbErr) -> bool {
    // Whatever went wrong while connecting, the next connection may be made: the database may be starting, full, or closed to us for now.
    if matches!(error, DbErr::ConnectionAcquire(_) | DbErr::Conn(_)) {
        return true;
    }
    if met_another(error) {
        return true;
    }
    let (DbErr::Exec(RuntimeErr::SqlxError(cause)) | DbErr::Query(RuntimeErr::SqlxError(cause))) = error else {
        return false;
    };
    let is_transport = matches!(
        cause.as_ref(),
        SqlxError::Io(_)
            | SqlxError::Tls(_)
            | SqlxError::Protocol(_)
            | SqlxError::PoolTimedOut
            | SqlxError::PoolClosed
            | SqlxError::WorkerCrashed
    );
    is_transport || code_of(cause).is_some_and(|code| is_passing_code(&code))
}

/// Whether a row was deleted, or made, between being looked up and being referred to: the next try sees how things stand.
fn met_another(error: &DbErr) -> bool {
    matches!(error.sql_err(), Some(SqlErr::ForeignKeyConstraintViolation(_) | SqlErr::UniqueConstraintViolation(_)))
}

/// The database's own code of a statement's error.
fn code_of_statement(error: &DbErr) -> Option<String> {
    let (DbErr::Exec(RuntimeErr::SqlxError(cause)) | DbErr::Query(RuntimeErr::SqlxError(cause))) = error else {
        return None;
    };
    code_of(cause)
}

/// The database's own code of an error.
fn code_of(error: &SqlxError) -> Option<String> {
    error.as_database_error()?.code().map(std::borrow::Cow::into_owned)
}

/// PostgreSQL: connection trouble (08…), shutdown and start-up (57P0…), too many connections, a transaction that was idle for too long,
/// serialization, deadlock, lock time-out.
/// SQLite: busy and locked.
fn is_passing_code(code: &str) -> bool {
    code.starts_with("08")
        || code.starts_with("57P0")
        || matches!(code, "53300" | "25P03" | "40001" | "40P01" | "55P03" | "5" | "6" | "261" | "517")
}

impl StoreError {
    /// Whether the transaction met another one, of which one had to give way: the same again may well succeed at once.
    pub fn is_collision(&self) -> bool {
        let Self::Unavailable(error) = self else { return false };
        met_another(error) || code_of_statement(error).is_some_and(|code| matches!(code.as_str(), "40001" | "40P01"))
    }

    /// Whether the statement waited too long for a lock that another transaction holds.
    pub(crate) fn is_lock_timeout(&self) -> bool {
        let Self::Unavailable(error) = self else { return false };
        code_of_statement(error).is_some_and(|code| code == "55P03")
    }
}
