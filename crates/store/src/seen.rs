//! Rows that were read before, with what they came to. Whoever polls asks mostly for what has not changed: a row that comes from the database with
//! the bytes of last time is neither read into fields nor viewed again, and whoever shows it finds what it was shown as.
//!
//! The database is asked every time, so nothing here can be out of date.

use std::any::Any;
use std::fmt::Debug;
use std::ops::Deref;
use std::sync::{Arc, Mutex, OnceLock};

use domain::{OrganizationId, Timestamp};
use hashlink::LruCache;
use sea_orm::{DbErr, QueryResult};
use uuid::Uuid;

use crate::StoreError;
use crate::columns::{Column, Columns};
use crate::merged::{Key, Keyed, lock};

/// Rows of one kind that are remembered at most; each takes some 8 KB with what it was shown as.
const MOST: usize = 2048;

/// A row that is shown to clients. Its first two columns are its id and its organization.
pub trait Viewed: Keyed<Id: for<'r> Column<'r>> + Debug + Sync {
    /// What it is shown as.
    type View: Clone + Debug + Send + Sync + 'static;

    /// The row as it stands at `now`.
    fn view(self, now: Timestamp) -> Result<Self::View, StoreError>;

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

/// A row with its bytes.
#[derive(Debug)]
pub struct Kept<R: Viewed> {
    row: R,
    bytes: Box<[u8]>,
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

    /// The row as it stands at `now`.
    pub fn view(&self, now: Timestamp) -> Result<Arc<Seen<R::View>>, StoreError> {
        let mut latest = lock(&self.latest);
        if let Some(Latest { from, until, seen }) = latest.as_ref()
            && *from <= now
            && until.is_none_or(|until| now <= until)
        {
            return Ok(Arc::clone(seen));
        }
        let view = self.row.clone().view(now)?;
        let until = R::good_until(&view);
        let seen = Arc::new(Seen { view, made: OnceLock::new() });
        *latest = Some(Latest { from: now, until, seen: Arc::clone(&seen) });
        Ok(seen)
    }
}

/// What is remembered of rows of one kind.
#[derive(Debug)]
pub struct Memory<R: Viewed>(Mutex<Newest<R>>);

type Newest<R> = LruCache<Key<<R as Keyed>::Id>, Arc<Kept<R>>>;

impl<R: Viewed> Default for Memory<R> {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(MOST)))
    }
}

impl<R: Viewed> Memory<R> {
    /// The row, as it was read last when it is the same.
    pub fn read(&self, row: &QueryResult) -> Result<Arc<Kept<R>>, DbErr> {
        let mut columns = Columns::of(row)?;
        let bytes = columns.bytes()?;
        let id: R::Id = columns.next()?;
        let organization: Uuid = columns.next()?;
        let key = Key { organization: OrganizationId(organization), id };
        if let Some(kept) = lock(&self.0).get(&key)
            && *kept.bytes == *bytes
        {
            return Ok(Arc::clone(kept));
        }
        let kept = Arc::new(Kept {
            row: R::from_query_result(row, "")?,
            bytes: bytes.into_boxed_slice(),
            latest: Mutex::default(),
        });
        lock(&self.0).insert(key, Arc::clone(&kept));
        Ok(kept)
    }
}
