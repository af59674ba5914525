//! The queue inside one process: a bounded line of wakes that any number of workers draw from, in the form of apalis' in-memory storage.
//!
//! apalis' own in-memory storage serves one worker and grows without bound, so it is given this line to read from. A push wakes every
//! waiting worker rather than one: a worker that is stopping no longer looks, and must not keep a wake from the others.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

use apalis_core::backend::memory::{MemorySink, MemoryStorage};
use apalis_core::task::Task;
use apalis_core::task::builder::TaskBuilder;
use domain::Wake;
use futures_util::{SinkExt, StreamExt};

#[derive(Debug)]
pub(crate) struct Mailbox {
    line: Mutex<Line>,
    max_backlog: usize,
}

#[derive(Debug, Default)]
struct Line {
    wakes: VecDeque<Wake>,
    waiting: Vec<Waker>,
}

impl Mailbox {
    pub(crate) fn new(max_backlog: usize) -> Self {
        Self { line: Mutex::default(), max_backlog }
    }

    /// Adds `wake` unless the line is full; says whether it did.
    pub(crate) fn push(&self, wake: Wake) -> bool {
        let mut line = self.line();
        if line.wakes.len() >= self.max_backlog {
            return false;
        }
        line.wakes.push_back(wake);
        let waiting = std::mem::take(&mut line.waiting);
        drop(line);
        waiting.into_iter().for_each(Waker::wake);
        true
    }

    pub(crate) fn len(&self) -> usize {
        self.line().wakes.len()
    }

    /// The line as apalis reads it.
    pub(crate) fn storage(self: &Arc<Self>) -> MemoryStorage<Wake> {
        // Pushing goes through `push`, which knows the bound. apalis asks for a sink all the same.
        let unused = futures_util::sink::drain::<Task<Wake>>().sink_map_err(|never| match never {});
        let mailbox = Arc::clone(self);
        let wakes = futures_util::stream::poll_fn(move |context| {
            let mut line = mailbox.line();
            if let Some(wake) = line.wakes.pop_front() {
                return Poll::Ready(Some(TaskBuilder::new(wake).build()));
            }
            if !line.waiting.iter().any(|waker| waker.will_wake(context.waker())) {
                line.waiting.push(context.waker().clone());
            }
            Poll::Pending
        });
        MemoryStorage::new_with(
            MemorySink::new(Arc::new(futures_util::lock::Mutex::new(Box::new(unused)))),
            wakes.boxed(),
        )
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
