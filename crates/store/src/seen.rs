//! Rows that were read before, with what they came to. Whoever polls asks mostly for what has not changed: a row that the database says is that of
//! last time is neither read into fields nor viewed again, and whoever shows it finds what it was shown as.
//!
//! The database is asked every time, so nothing here can be out of date. How it says so is told in [`crate::versions`].

use std::any::Any;
use std::fmt::Debug;
use std::ops::Deref;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use domain::{OrganizationId, Timestamp};
use hashlink::LruCache;
use sea_orm::{DbErr, QueryResult};
use uuid::Uuid;

use crate::StoreError;
use crate::columns::{Column, Columns};
use crate::freshness::Moment;
use crate::merged::{Key, Keyed, lock};
use crate::versions::{Statements, columns_of};

/// Rows of one kind that are remembered at most; each takes some 8 KB with what it was shown as.
const MOST: usize = 2048;

/// All rows of late were remembered as they are.
const ALL: u32 = 1 << 16;

/// So many rows are "of late", about.
const LATE: u32 = 64;

/// A row that is shown to clients. Its first two columns are its id and its organization.
pub trait Viewed: Keyed<Id: for<'r> Column<'r>> + Debug + Sync {
    /// What it is shown as.
    type View: Clone + Debug + Send + Sync + 'static;

    /// The versions of the rows that it is made of, or what is shown of a row whose versions come and go without it. While these are as they were,
    /// so is everything: whatever a column is read from is among them, and whatever leads from one row to another stands in one of them.
    const PARTS: &'static [&'static str];

    /// The row as it stands at that moment.
    fn view(self, moment: Moment<'_>) -> Result<Self::View, StoreError>;

    /// Until when a view is good while the row stays as it is; `None` for ever.
    fn good_until(view: &Self::View) -> Option<Timestamp>;
}

/// A view, and what somebody made of it, which goes with it.
#[derive(Debug)]
pub struct Seen<V> {
    view: V,
    made: OnceLock<Arc<dyn Any + Send + Sync>>,
}

impl<V> Seen<V> {
    /// What `make` makes of the view. It is made once, as long as nobody makes things of different types.
    pub fn made<T: Send + Sync + 'static>(&self, make: impl Fn(&V) -> T) -> Arc<T> {
        let thing = self.made.get_or_init(|| Arc::new(make(&self.view)));
        Arc::clone(thing).downcast().unwrap_or_else(|_| Arc::new(make(&self.view)))
    }
}

impl<V> Deref for Seen<V> {
    type Target = V;

    fn deref(&self) -> &V {
        &self.view
    }
}

impl<V: PartialEq> PartialEq for Seen<V> {
    fn eq(&self, other: &Self) -> bool {
        self.view == other.view
    }
}

/// A row with what tells it from what it was before.
#[derive(Debug)]
pub struct Kept<R: Viewed> {
    row: R,
    mark: Box<[u8]>,
    latest: Mutex<Option<Latest<R::View>>>,
}

/// The view that was made last.
#[derive(Debug)]
struct Latest<V> {
    from: Timestamp,
    until: Option<Timestamp>,
    seen: Arc<Seen<V>>,
}

impl<R: Viewed> Kept<R> {
    /// The row.
    pub const fn row(&self) -> &R {
        &self.row
    }

    /// The row as it stands at that moment.
    pub fn view(&self, moment: Moment<'_>) -> Result<Arc<Seen<R::View>>, StoreError> {
        let mut latest = lock(&self.latest);
        if let Some(Latest { from, until, seen }) = latest.as_ref()
            && *from <= moment.now
            && until.is_none_or(|until| moment.now <= until)
        {
            return Ok(Arc::clone(seen));
        }
        let view = self.row.clone().view(moment)?;
        let until = R::good_until(&view);
        let seen = Arc::new(Seen { view, made: OnceLock::new() });
        *latest = Some(Latest { from: moment.now, until, seen: Arc::clone(&seen) });
        Ok(seen)
    }
}

/// What is known of a row whose versions were read.
#[derive(Debug)]
pub struct Recalled<R: Viewed> {
    /// Whose they are.
    pub key: Key<R::Id>,
    /// The row, when it is remembered as it is.
    pub kept: Option<Arc<Kept<R>>>,
    mark: Box<[u8]>,
}

impl<R: Viewed> Recalled<R> {
    /// Whether this is the row of those versions.
    pub fn is_of(&self, kept: &Kept<R>) -> bool {
        self.mark == kept.mark
    }
}

/// What is remembered of rows of one kind.
#[derive(Debug)]
pub struct Memory<R: Viewed> {
    /// What its rows are read by.
    pub statements: Statements,
    newest: Mutex<Newest<R>>,
    /// The share of rows of late that were remembered as they are, of [`ALL`].
    share: AtomicU32,
}

type Newest<R> = LruCache<Key<<R as Keyed>::Id>, Arc<Kept<R>>>;

impl<R: Viewed> Default for Memory<R> {
    fn default() -> Self {
        Self { statements: Statements::of::<R>(), newest: Mutex::new(LruCache::new(MOST)), share: AtomicU32::new(0) }
    }
}

impl<R: Viewed> Memory<R> {
    /// Whether it pays to ask for versions first: three of four rows of late were remembered as they are. Versions cost half of what rows
    /// cost, and a row that is not remembered costs both.
    pub fn serves(&self) -> bool {
        self.share.load(Ordering::Relaxed) > ALL / 4 * 3
    }

    /// The row, as it was read last when it is the same.
    pub fn read(&self, row: &QueryResult) -> Result<Arc<Kept<R>>, DbErr> {
        let Recalled { key, kept, mark } = self.recall(row)?;
        if let Some(kept) = kept {
            return Ok(kept);
        }
        let kept = Arc::new(Kept { row: R::from_query_result(row, "")?, mark, latest: Mutex::default() });
        lock(&self.newest).insert(key, Arc::clone(&kept));
        Ok(kept)
    }

    /// What is known of a row of which this is the key and the versions, or the whole row.
    pub fn recall(&self, row: &QueryResult) -> Result<Recalled<R>, DbErr> {
        let mut columns = Columns::of(row)?;
        let mark = columns.mark(columns_of::<R>())?;
        let id: R::Id = columns.next()?;
        let organization: Uuid = columns.next()?;
        let key = Key { organization: OrganizationId(organization), id };
        let kept = lock(&self.newest).get(&key).filter(|kept| kept.mark == mark).map(Arc::clone);
        self.note(kept.is_some());
        Ok(Recalled { key, kept, mark })
    }

    /// Whoever notes at the same time may go uncounted: it is an estimate.
    fn note(&self, was_remembered: bool) {
        let share = self.share.load(Ordering::Relaxed);
        let share = if was_remembered { share + (ALL - share) / LATE } else { share - share / LATE };
        self.share.store(share, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::Memory;
    use crate::accounts::AccountRow;

    #[test]
    fn versions_are_asked_for_while_most_rows_are_remembered() {
        let memory = Memory::<AccountRow>::default();
        assert!(!memory.serves(), "nothing is remembered at first");
        (0..200).for_each(|_| memory.note(true));
        assert!(memory.serves());
        (0..200).for_each(|turn| memory.note(turn % 8 != 0));
        assert!(memory.serves(), "seven of eight");
        (0..200).for_each(|turn| memory.note(turn % 2 != 0));
        assert!(!memory.serves(), "one of two");
        (0..200).for_each(|_| memory.note(true));
        assert!(memory.serves(), "it is of late");
        (0..1_000).for_each(|_| memory.note(false));
        (0..1_000).for_each(|_| memory.note(true));
        assert!(memory.serves(), "whatever was before");
    }
}
