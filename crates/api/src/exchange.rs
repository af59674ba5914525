//! What is known of one request while it is on its way: made at the boundary, filled in by the gate, read by the handlers and by the
//! access log.

use std::cell::{Cell, OnceCell, RefCell};
use std::net::IpAddr;
use std::sync::Arc;

use domain::{RequestId, Timestamp};
use store::KeyRecord;

use crate::limit::Window;
use crate::problem::Code;

/// One request. It stays on the thread of its worker.
pub(crate) struct Exchange {
    /// The value of `X-Request-ID`.
    pub(crate) request_id: RequestId,
    /// When it came.
    pub(crate) now: Timestamp,
    /// Where it came from, as far as that is known.
    pub(crate) client: Option<IpAddr>,
    /// The pattern of its route; empty until it is routed.
    pub(crate) route: Cell<&'static str>,
    /// What it failed with.
    pub(crate) code: Cell<Option<Code>>,
    /// The key that it was made with.
    pub(crate) key: OnceCell<Arc<KeyRecord>>,
    /// Where the key stands with its rate limit.
    pub(crate) window: Cell<Option<Window>>,
    /// The ids of resources that it touched, beside those in its path and in the answer's `Location`.
    pub(crate) touched: RefCell<Vec<String>>,
    /// The call whose answer it got, when it is a repetition by its idempotency key.
    pub(crate) replay_of: OnceCell<String>,
}

impl Exchange {
    pub(crate) fn new(request_id: RequestId, now: Timestamp, client: Option<IpAddr>) -> Self {
        Self {
            request_id,
            now,
            client,
            route: Cell::new(""),
            code: Cell::new(None),
            key: OnceCell::new(),
            window: Cell::new(None),
            touched: RefCell::default(),
            replay_of: OnceCell::new(),
        }
    }

    /// The same request as it goes on if `key` lets it in. Nothing of that is known of the request unless it is adopted.
    pub(crate) fn tried_with(&self, key: Arc<KeyRecord>) -> Self {
        let tried = Self::new(self.request_id.clone(), self.now, self.client);
        tried.route.set(self.route.get());
        tried.key.get_or_init(|| key);
        tried
    }

    /// Takes over what became of the request as it was tried. What only reads is no repetition.
    pub(crate) fn adopt(&self, tried: &Self) {
        let Self { request_id: _, now: _, client: _, route: _, code, key: _, window: _, touched, replay_of: _ } = tried;
        self.code.set(code.get());
        self.touched.replace(touched.take());
    }
}
