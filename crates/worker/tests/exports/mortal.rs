//! A store of objects that holds whoever uses it at one step, for good or until it is told to go on, or that fails at some steps.

use std::fmt::{Display, Formatter};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// On which side of the work of a step the hold is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Before,
    After,
}

#[derive(Debug)]
pub struct Mortal {
    inner: Arc<InMemory>,
    step: Step,
    holds_at: usize,
    fails: Range<usize>,
    holds_removals: bool,
    steps: AtomicUsize,
    died: Notify,
    revived: CancellationToken,
}

impl Mortal {
    /// Holds at the `n`th step.
    pub fn new(inner: Arc<InMemory>, n: usize, step: Step) -> Self {
        Self {
            inner,
            step,
            holds_at: n,
            fails: 0..0,
            holds_removals: false,
            steps: AtomicUsize::new(0),
            died: Notify::new(),
            revived: CancellationToken::new(),
        }
    }

    /// Fails from the `n`th step on.
    pub fn broken_from(inner: Arc<InMemory>, n: usize) -> Self {
        Self { fails: n..usize::MAX, ..Self::new(inner, usize::MAX, Step::Before) }
    }

    /// Holds at the `n`th step, which fails when it goes on.
    pub fn failing_late(inner: Arc<InMemory>, n: usize) -> Self {
        Self { fails: n..n + 1, ..Self::new(inner, n, Step::Before) }
    }

    /// Holds when objects are to be removed.
    pub fn holding_removals(inner: Arc<InMemory>) -> Self {
        Self { holds_removals: true, ..Self::new(inner, usize::MAX, Step::Before) }
    }

    /// Returns when somebody is held.
    pub async fn died(&self) {
        self.died.notified().await;
    }

    /// Lets whoever is held go on.
    pub fn revive(&self) {
        self.revived.cancel();
    }

    async fn hold(&self) {
        self.died.notify_one();
        self.revived.cancelled().await;
    }

    /// Does a step.
    async fn through<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        let n = self.steps.fetch_add(1, Ordering::SeqCst);
        if n == self.holds_at && self.step == Step::Before {
            self.hold().await;
        }
        if self.fails.contains(&n) {
            return Err(Error::Generic { store: "test", source: "as the test wants it".into() });
        }
        let done = work.await;
        if n == self.holds_at && self.step == Step::After {
            self.hold().await;
        }
        done
    }
}

impl Display for Mortal {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.write_str("mortal")
    }
}

#[async_trait::async_trait]
impl ObjectStore for Mortal {
    async fn put_opts(&self, location: &Path, payload: PutPayload, opts: PutOptions) -> Result<PutResult> {
        self.through(self.inner.put_opts(location, payload, opts)).await
    }

    async fn put_multipart_opts(&self, location: &Path, opts: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        self.through(self.inner.put_multipart_opts(location, opts)).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.through(self.inner.get_opts(location, options)).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        if self.fails.contains(&self.steps.load(Ordering::SeqCst)) {
            let failure = Error::Generic { store: "test", source: "as the test wants it".into() };
            return futures_util::stream::once(async { Err(failure) }).boxed();
        }
        let removed = self.inner.delete_stream(locations);
        if !self.holds_removals {
            return removed;
        }
        self.died.notify_one();
        let revived = self.revived.clone();
        let late = async move {
            revived.cancelled().await;
            removed
        };
        futures_util::stream::once(late).flatten().boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.through(self.inner.list_with_delimiter(prefix)).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.through(self.inner.copy_opts(from, to, options)).await
    }
}
