//! The statements by tokio-postgres, prepared, and sent without waiting for each other wherever one does not need what another brings.

use std::cell::{Cell, RefCell};

use domain::Timestamp;
use futures_util::future::{try_join, try_join_all};
use tokio::sync::Semaphore;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, NoTls, Statement};
use uuid::Uuid;

use super::answer::{Account, account};
use super::statements::{
    ARM, BEFORE, COUNT, FIND_PROFILE, LIST, LOCK, MAKE_ACCOUNT, MAKE_PROFILE, NOTE_RUN, NOTE_TEXTS, READ, REST,
    SHOW_RUN,
};
use super::{FloorError, NewAccount, PAGE};

/// The accounts of one organization.
pub struct Accounts {
    organization: Uuid,
    /// For reading, in turn: requests on one connection do not wait for each other.
    readers: Vec<Connection>,
    turn: Cell<usize>,
    /// For writing, one transaction each.
    writers: RefCell<Vec<Connection>>,
    free_writers: Semaphore,
}

struct Connection {
    client: Client,
    read: Statement,
    list: Statement,
    write: Writing,
}

/// The statements of a new account.
struct Writing {
    find_profile: Statement,
    make_profile: Statement,
    rest: Statement,
    lock: Statement,
    make_account: Statement,
    note_texts: Statement,
    before: Statement,
    arm: Statement,
    note_run: Statement,
    show_run: Statement,
    count: Statement,
}

impl Connection {
    async fn open(url: &str) -> Result<Self, FloorError> {
        let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
        // Ends with the client; what goes wrong, the client's next query says.
        actix_web::rt::spawn(connection);
        let (read, list) = (client.prepare(READ).await?, client.prepare(LIST).await?);
        let write = Writing {
            find_profile: client.prepare(FIND_PROFILE).await?,
            make_profile: client.prepare(MAKE_PROFILE).await?,
            rest: client.prepare(REST).await?,
            lock: client.prepare(LOCK).await?,
            make_account: client.prepare(MAKE_ACCOUNT).await?,
            note_texts: client.prepare(NOTE_TEXTS).await?,
            before: client.prepare(BEFORE).await?,
            arm: client.prepare(ARM).await?,
            note_run: client.prepare(NOTE_RUN).await?,
            show_run: client.prepare(SHOW_RUN).await?,
            count: client.prepare(COUNT).await?,
        };
        Ok(Self { client, read, list, write })
    }

    /// The transaction of a new account.
    async fn create(&self, organization: Uuid, new: &NewAccount, now: i64) -> Result<Account, FloorError> {
        let Self { client, read, list: _, write } = self;
        let NewAccount { platform, username } = new;
        let (id, run) = (Uuid::now_v7(), Uuid::now_v7());
        let request = run.to_string();
        let (begin, key) = (client.batch_execute("BEGIN"), [platform as &(dyn ToSql + Sync), username]);
        let profile: i64 = match try_join(begin, client.query_opt(&write.find_profile, &key)).await?.1 {
            Some(row) => row.try_get(0)?,
            None => client.query_one(&write.make_profile, &key).await?.try_get(0)?,
        };
        // In this order, which is the order in which they are polled first.
        let (_, row) = try_join(
            try_join_all([
                client.query_raw(&write.rest, params(&[&profile, platform])),
                client.query_raw(&write.lock, params(&[&profile])),
                client
                    .query_raw(&write.make_account, params(&[&id, &organization, &profile, platform, username, &now])),
                client.query_raw(&write.note_texts, params(&[&id])),
                client.query_raw(&write.before, params(&[&profile])),
                client.query_raw(&write.arm, params(&[&profile, platform, &now, &request, &run])),
                client.query_raw(&write.note_run, params(&[&run, &profile, platform, &request, &now, &organization])),
                client.query_raw(&write.show_run, params(&[&profile, &run, &now, &organization, &request])),
                client.query_raw(&write.count, params(&[&organization])),
            ]),
            client.query_one(read, &[&id, &organization]),
        )
        .await?;
        let account = account!(row);
        client.batch_execute("COMMIT").await?;
        Ok(account)
    }
}

/// The parameters of one statement, in the form of the driver's that does not collect the rows.
fn params<'a>(values: &'a [&'a (dyn ToSql + Sync)]) -> impl ExactSizeIterator<Item = &'a (dyn ToSql + Sync)> {
    values.iter().copied()
}

impl Accounts {
    pub async fn connect(url: &str, organization: Uuid, connections: usize) -> Result<Self, FloorError> {
        let (mut readers, mut writers) = (Vec::new(), Vec::new());
        for _ in 0..connections {
            readers.push(Connection::open(url).await?);
            writers.push(Connection::open(url).await?);
        }
        Ok(Self {
            organization,
            readers,
            turn: Cell::new(0),
            writers: RefCell::new(writers),
            free_writers: Semaphore::new(connections),
        })
    }

    fn reader(&self) -> &Connection {
        let this = self.turn.get() % self.readers.len();
        self.turn.set(this + 1);
        &self.readers[this]
    }

    pub async fn find(&self, id: Uuid) -> Result<Option<Account>, FloorError> {
        let Connection { client, read, .. } = self.reader();
        let row = client.query_opt(read, &[&id, &self.organization]).await?;
        row.map(|row| Ok(account!(row))).transpose()
    }

    pub async fn page(&self) -> Result<Vec<Account>, FloorError> {
        let Connection { client, list, .. } = self.reader();
        let most = i64::try_from(PAGE + 1).unwrap_or(i64::MAX);
        let rows = client.query(list, &[&self.organization, &most]).await?;
        rows.iter().map(|row| Ok(account!(row))).collect()
    }

    pub async fn create(&self, new: &NewAccount, now: Timestamp) -> Result<Account, FloorError> {
        let _free = self.free_writers.acquire().await.map_err(|_| FloorError::Missing)?;
        let writer = self.writers.borrow_mut().pop().ok_or(FloorError::Missing)?;
        let made = writer.create(self.organization, new, now.as_millis()).await;
        self.writers.borrow_mut().push(writer);
        made
    }
}
