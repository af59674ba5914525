//! Reads of one row by its key that wait at the same time become one statement.
//!
//! A look-up is sent at once while no statement is under way; otherwise it waits for that to end and goes out together with all that wait by
//! then. One that takes its time holds nobody up: the next look-up to come takes along all that wait. A row that is handed out was
//! therefore always read after it was asked for, and on an idle service nobody waits.

use std::collections::HashMap;
use std::fmt::Debug;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use domain::OrganizationId;
use sea_orm::{ConnAcquireErr, ConnectionTrait, DatabaseConnection, DbErr, FromQueryResult, QueryResult, Value};
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::StoreError;
use crate::account_videos::AccountVideoRow;
use crate::accounts::AccountRow;
use crate::collections::CountedCollection;
use crate::creators::LinkedCreator;
use crate::freshness::Moment;
use crate::keys::KeyRecord;
use crate::seen::{Kept, Memory, Seen, Viewed};
use crate::sql::{places, rows_by};
use crate::versions;
use crate::videos::VideoRow;

/// Statements of one kind that are under way at once, at most.
const MOST_UNDER_WAY: usize = 2;

/// A statement that has been under way for this long is no reason to wait. Most take a tenth of it; the more go out together, the less
/// each costs.
const PATIENCE: Duration = Duration::from_millis(3);

/// Look-ups of one statement, at most.
const MOST_TOGETHER: usize = 64;

/// A row of one organization. Another organization's row is never found under it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key<I> {
    pub organization: OrganizationId,
    pub id: I,
}

/// What is found for the keys of a statement; those without a row are left out.
pub type Found<K, V> = Result<HashMap<K, V>, StoreError>;

/// The look-ups of a store, by kind.
#[derive(Debug, Default)]
pub struct Lookups {
    pub accounts: Remembered<AccountRow>,
    pub videos: Remembered<VideoRow>,
    pub account_videos: Remembered<AccountVideoRow>,
    pub creators: Merged<Key<Uuid>, LinkedCreator>,
    pub collections: Merged<Key<Uuid>, CountedCollection>,
    /// By public part.
    pub api_keys: Merged<String, Arc<KeyRecord>>,
}

/// Where look-ups of one kind meet.
#[derive(Debug)]
pub struct Merged<K, V>(Arc<Mutex<Line<K, V>>>);

#[derive(Debug)]
struct Line<K, V> {
    under_way: usize,
    /// When the newest of those under way was sent.
    sent_at: Instant,
    patience: Duration,
    waiting: Vec<Reader<K, V>>,
}

impl<K, V> Line<K, V> {
    /// Whether whoever comes now begins a statement.
    fn is_free(&self) -> bool {
        self.under_way == 0 || (self.under_way < MOST_UNDER_WAY && self.sent_at.elapsed() >= self.patience)
    }
}

/// Somebody who waits for a row. One that has gone away is passed over.
#[derive(Debug)]
struct Reader<K, V> {
    key: K,
    answer: oneshot::Sender<Result<Option<V>, StoreError>>,
}

impl<K, V> Merged<K, V> {
    fn with(patience: Duration) -> Self {
        let line = Line { under_way: 0, sent_at: Instant::now(), patience, waiting: Vec::new() };
        Self(Arc::new(Mutex::new(line)))
    }
}

impl<K, V> Default for Merged<K, V> {
    fn default() -> Self {
        Self::with(PATIENCE)
    }
}

impl<K, V> Merged<K, V>
where
    K: Clone + Eq + Hash + Send + Sync + 'static,
    V: Clone + Send + 'static,
{
    /// The row of `key`. `read` reads the rows of several keys in one statement; every look-up of one kind must bring the same.
    /// A statement that fails fails for all who wait for it, in the same way. Dropping a look-up disturbs nobody else's.
    pub async fn find<F>(&self, key: K, read: impl Fn(Vec<K>) -> F + Send + 'static) -> Result<Option<V>, StoreError>
    where
        F: Future<Output = Found<K, V>> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let turn = {
            let mut line = lock(&self.0);
            line.waiting.push(Reader { key, answer });
            line.is_free().then(|| {
                line.under_way += 1;
                // Sent as soon as the task runs.
                line.sent_at = Instant::now();
                Turn { line: Arc::clone(&self.0), is_over: false }
            })
        };
        if let Some(turn) = turn {
            // A task of its own, so that what others wait for does not end with the request that began it.
            tokio::spawn(turn.serve(read));
        }
        // Nobody answers when the process is about to end.
        answered.await.unwrap_or_else(|_| Err(DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed).into()))
    }
}

/// The right to have one statement under way.
struct Turn<K, V> {
    line: Arc<Mutex<Line<K, V>>>,
    is_over: bool,
}

impl<K, V> Turn<K, V>
where
    K: Clone + Eq + Hash,
    V: Clone,
{
    async fn serve<F: Future<Output = Found<K, V>>>(mut self, read: impl Fn(Vec<K>) -> F) {
        loop {
            let readers = self.next();
            if readers.is_empty() {
                return;
            }
            let mut keys: Vec<K> = Vec::with_capacity(readers.len());
            for reader in &readers {
                if !keys.contains(&reader.key) {
                    keys.push(reader.key.clone());
                }
            }
            let found = read(keys).await;
            for Reader { key, answer } in readers {
                // Whoever has gone away needs no answer.
                let _ = answer.send(match &found {
                    Ok(found) => Ok(found.get(&key).cloned()),
                    Err(error) => Err(error.clone()),
                });
            }
        }
    }

    /// Those who are served next, in the order in which they came. When there is nobody the turn is over: whoever comes now begins another.
    fn next(&mut self) -> Vec<Reader<K, V>> {
        let mut line = lock(&self.line);
        line.waiting.retain(|reader| !reader.answer.is_closed());
        let together = line.waiting.len().min(MOST_TOGETHER);
        line.sent_at = Instant::now();
        if together == 0 {
            line.under_way -= 1;
            self.is_over = true;
        }
        let rest = line.waiting.split_off(together);
        std::mem::replace(&mut line.waiting, rest)
    }
}

impl<K, V> Drop for Turn<K, V> {
    fn drop(&mut self) {
        if self.is_over {
            return;
        }
        // The task was cut off. Nobody who waits may be left without an answer.
        let mut line = lock(&self.line);
        line.under_way -= 1;
        if line.under_way == 0 {
            line.waiting.clear();
        }
    }
}

/// What a mutex guards, also after somebody broke down with it.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A row that is looked up by its key.
pub trait Keyed: FromQueryResult + Clone + Send + 'static {
    type Id: Copy + Debug + Eq + Hash + Into<Value> + Send + Sync + 'static;

    /// The table that the keys are of.
    const TABLE: &'static str;

    /// What it is called in the statement.
    const ALIAS: &'static str;

    /// What is selected, the id first and then the organization.
    fn columns() -> &'static str;

    /// `JOIN …`, beside that table.
    fn joins() -> &'static str;

    /// `SELECT … FROM … JOIN …`, without `WHERE`.
    fn select() -> String {
        Self::select_of(Self::columns())
    }

    /// The same of other columns.
    fn select_of(columns: &str) -> String {
        format!("SELECT {columns} FROM {} {} {}", Self::TABLE, Self::ALIAS, Self::joins())
    }

    fn key(&self) -> Key<Self::Id>;
}

/// Reads the rows of `keys`.
pub async fn rows_of<R: Keyed>(connection: &impl ConnectionTrait, keys: &[Key<R::Id>]) -> Found<Key<R::Id>, R> {
    let found = rows_by_keys::<R, R>(connection, &R::select(), keys, |row| R::from_query_result(row, "")).await?;
    Ok(found.into_iter().map(|row| (row.key(), row)).collect())
}

/// What `select`, a `SELECT … FROM …`, says of the rows of `keys`, by a reading of the caller's.
pub async fn rows_by_keys<R: Keyed, T>(
    connection: &impl ConnectionTrait,
    select: &str,
    keys: &[Key<R::Id>],
    read: impl Fn(&QueryResult) -> Result<T, DbErr>,
) -> Result<Vec<T>, StoreError> {
    let ids = padded(keys.iter().map(|key| key.id).collect());
    let mut organizations: Vec<Uuid> = keys.iter().map(|key| key.organization.0).collect();
    organizations.sort_unstable();
    organizations.dedup();
    let organizations = padded(organizations);
    // Another organization's row costs what none costs, unless both are asked for at the same time; then the key tells them apart.
    let sql = format!(
        "{select} WHERE {own}.id IN ({}) AND {own}.organization_id IN ({})",
        places(1, ids.len()),
        places(1 + ids.len(), organizations.len()),
        own = R::ALIAS,
    );
    let values = ids.into_iter().map(Into::into).chain(organizations.into_iter().map(Value::from)).collect();
    rows_by(connection, &sql, values, read).await
}

/// The row of `key`, by a statement of its own, as a transaction sees it.
pub async fn row_of<R: Keyed>(connection: &impl ConnectionTrait, key: Key<R::Id>) -> Result<Option<R>, StoreError> {
    Ok(rows_of::<R>(connection, &[key]).await?.remove(&key))
}

/// Look-ups of rows that are remembered.
#[derive(Debug)]
pub struct Remembered<R: Viewed> {
    merged: Merged<Key<R::Id>, Arc<Kept<R>>>,
    /// What of them is remembered, for lists as well.
    pub memory: Arc<Memory<R>>,
}

impl<R: Viewed> Default for Remembered<R> {
    fn default() -> Self {
        Self { merged: Merged::default(), memory: Arc::default() }
    }
}

impl<R: Viewed> Remembered<R> {
    /// The row of `key` as it stands at that moment.
    pub async fn view(
        &self,
        connection: &DatabaseConnection,
        key: Key<R::Id>,
        moment: Moment<'_>,
    ) -> Result<Option<Arc<Seen<R::View>>>, StoreError> {
        let (connection, memory) = (connection.clone(), Arc::clone(&self.memory));
        let read = move |keys: Vec<Key<R::Id>>| {
            let (connection, memory) = (connection.clone(), Arc::clone(&memory));
            async move { versions::rows_of(&connection, &memory, keys).await }
        };
        self.merged.find(key, read).await?.map(|kept| kept.view(moment)).transpose()
    }
}

/// Repeats the last value up to a power of two, so that few different statements are prepared.
pub fn padded<T: Clone>(mut values: Vec<T>) -> Vec<T> {
    if let Some(last) = values.last().cloned() {
        values.resize(values.len().next_power_of_two(), last);
    }
    values
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::sync::Semaphore;
    use tokio::task::JoinSet;

    use super::*;

    /// A table of the even numbers under 1,000, each with its half, that is read when it is let and notes what it was asked.
    struct Table {
        may_read: Semaphore,
        asked: Mutex<Vec<Vec<u32>>>,
        fails: AtomicUsize,
    }

    impl Table {
        fn closed() -> Arc<Self> {
            let (may_read, asked) = (Semaphore::new(0), Mutex::default());
            Arc::new(Self { may_read, asked, fails: AtomicUsize::new(0) })
        }

        async fn read(self: Arc<Self>, keys: Vec<u32>) -> Found<u32, u32> {
            self.asked.lock().unwrap().push(keys.clone());
            self.may_read.acquire().await.unwrap().forget();
            if self.fails.load(Ordering::SeqCst) > 0 {
                self.fails.fetch_sub(1, Ordering::SeqCst);
                return Err(StoreError::Unreadable { table: "numbers", column: "half" });
            }
            assert!(!keys.contains(&666), "the reading breaks down");
            Ok(keys.into_iter().filter(|key| key % 2 == 0).map(|key| (key, key / 2)).collect())
        }

        fn asked(&self) -> Vec<Vec<u32>> {
            self.asked.lock().unwrap().clone()
        }
    }

    /// Look-ups that wait for the statement before, however long it takes.
    fn patient() -> Arc<Merged<u32, u32>> {
        Arc::new(Merged::with(Duration::MAX))
    }

    /// Look-ups to which every statement is too slow.
    fn impatient() -> Arc<Merged<u32, u32>> {
        Arc::new(Merged::with(Duration::ZERO))
    }

    type Answers = JoinSet<(u32, Result<Option<u32>, StoreError>)>;

    fn ask(
        answers: &mut Answers,
        merged: &Arc<Merged<u32, u32>>,
        table: &Arc<Table>,
        key: u32,
    ) -> tokio::task::AbortHandle {
        let (merged, table) = (Arc::clone(merged), Arc::clone(table));
        answers.spawn(async move { (key, merged.find(key, move |keys| Arc::clone(&table).read(keys)).await) })
    }

    /// Lets every task get as far as it can without time passing.
    async fn settle() {
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn the_first_is_sent_at_once_and_the_rest_together() {
        let (merged, table, mut answers) = (patient(), Table::closed(), JoinSet::new());
        ask(&mut answers, &merged, &table, 0);
        settle().await;
        for key in 1..40 {
            ask(&mut answers, &merged, &table, key % 30);
        }
        settle().await;
        assert_eq!(table.asked(), [vec![0]]);
        table.may_read.add_permits(1);
        settle().await;
        let together = table.asked().pop().unwrap();
        assert_eq!(together.len(), 30, "each key once: {together:?}");
        table.may_read.add_permits(100);
        while let Some(answered) = answers.join_next().await {
            let (key, found) = answered.unwrap();
            assert_eq!(found.unwrap(), (key % 2 == 0).then_some(key / 2));
        }
        assert_eq!(lock(&merged.0).under_way, 0);
    }

    #[tokio::test]
    async fn a_statement_that_takes_its_time_holds_nobody_up() {
        let (merged, table, mut answers) = (patient(), Table::closed(), JoinSet::new());
        for key in 0..10 {
            ask(&mut answers, &merged, &table, key);
            settle().await;
        }
        assert_eq!(table.asked(), [vec![0]]);
        lock(&merged.0).patience = Duration::ZERO;
        for key in 10..20 {
            ask(&mut answers, &merged, &table, key);
            settle().await;
        }
        assert_eq!(table.asked(), [vec![0], (1..11).collect()], "the next to come takes along all that wait");
        table.may_read.add_permits(100);
        while let Some(answered) = answers.join_next().await {
            answered.unwrap().1.unwrap();
        }
        assert_eq!(lock(&merged.0).under_way, 0);
    }

    #[tokio::test]
    async fn a_statement_has_a_most() {
        let (merged, table, mut answers) = (impatient(), Table::closed(), JoinSet::new());
        for key in 0..200 {
            ask(&mut answers, &merged, &table, key);
        }
        settle().await;
        table.may_read.add_permits(200);
        while let Some(answered) = answers.join_next().await {
            answered.unwrap().1.unwrap();
        }
        let asked = table.asked();
        assert!(asked.iter().all(|keys| keys.len() <= MOST_TOGETHER));
        assert_eq!(asked.iter().map(Vec::len).sum::<usize>(), 200);
    }

    #[tokio::test]
    async fn one_who_goes_away_takes_nobody_along_and_is_not_read_for() {
        let (merged, table, mut answers) = (impatient(), Table::closed(), JoinSet::new());
        let mut gone = Vec::new();
        for key in 0..20 {
            let reader = ask(&mut answers, &merged, &table, key);
            settle().await;
            if key < 10 {
                gone.push(reader);
            }
        }
        // Those whose statement is under way are among them.
        gone.iter().for_each(tokio::task::AbortHandle::abort);
        settle().await;
        table.may_read.add_permits(100);
        let mut served = 0;
        while let Some(answered) = answers.join_next().await {
            if let Ok((key, found)) = answered {
                assert_eq!(found.unwrap(), (key % 2 == 0).then_some(key / 2));
                served += 1;
            }
        }
        assert_eq!(served, 10);
        assert!(table.asked().last().unwrap().iter().all(|key| *key >= 10));
        assert_eq!(lock(&merged.0).under_way, 0);
    }

    #[tokio::test]
    async fn a_failure_is_everybodys_who_waited_for_the_statement_and_nobody_elses() {
        let (merged, table, mut answers) = (impatient(), Table::closed(), JoinSet::new());
        for key in 0..20 {
            ask(&mut answers, &merged, &table, key);
            settle().await;
        }
        table.fails.store(MOST_UNDER_WAY + 1, Ordering::SeqCst);
        table.may_read.add_permits(100);
        while let Some(answered) = answers.join_next().await {
            let (_, found) = answered.unwrap();
            assert!(matches!(found, Err(StoreError::Unreadable { table: "numbers", column: "half" })));
        }
        ask(&mut answers, &merged, &table, 8);
        assert_eq!(answers.join_next().await.unwrap().unwrap().1.unwrap(), Some(4));
    }

    #[tokio::test]
    async fn a_reading_that_breaks_down_leaves_nobody_waiting() {
        let (merged, table, mut answers) = (impatient(), Table::closed(), JoinSet::new());
        for _ in 0..20 {
            ask(&mut answers, &merged, &table, 666);
        }
        settle().await;
        table.may_read.add_permits(100);
        let waiting = async {
            while let Some(answered) = answers.join_next().await {
                assert!(matches!(answered.unwrap().1, Err(StoreError::Unavailable(_))));
            }
        };
        tokio::time::timeout(Duration::from_secs(5), waiting).await.unwrap();
        assert_eq!(lock(&merged.0).under_way, 0);
        ask(&mut answers, &merged, &table, 8);
        assert_eq!(answers.join_next().await.unwrap().unwrap().1.unwrap(), Some(4));
    }

    #[test]
    fn numbers_of_values_are_powers_of_two() {
        assert_eq!(padded(vec![7]), [7]);
        assert_eq!(padded(vec![1, 2, 3, 4, 5]), [1, 2, 3, 4, 5, 5, 5, 5]);
        assert!(padded::<u8>(Vec::new()).is_empty());
    }
}
