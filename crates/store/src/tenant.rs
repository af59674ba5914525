//! An organization's door to its own tracking: every read and write of it begins here, so the organization is in every query.

use std::pin::pin;
use std::sync::Arc;

use domain::{AgeCurve, OrganizationId, RequestId, Timestamp, Wake};
use sea_orm::DatabaseTransaction;
use tokio::time::timeout;

use crate::audit::Actor;
use crate::freshness::Moment;
use crate::idempotency::{self, IdempotencyClaim, LONGEST_WAIT, RunningKey, StoredAnswer};
use crate::runs::Cause;
use crate::sql::is_postgres;
use crate::{Store, StoreError};

/// One organization's view of the store.
#[derive(Clone, Debug)]
pub struct Tenant {
    pub(crate) store: Store,
    pub(crate) organization: OrganizationId,
}

impl Store {
    /// The view of `organization`.
    pub fn tenant(&self, organization: OrganizationId) -> Tenant {
        Tenant { store: self.clone(), organization }
    }
}

impl Tenant {
    /// Begins a transaction on behalf of a request. Dropping it undoes everything.
    pub async fn begin(&self, request_id: &RequestId, now: Timestamp) -> Result<TenantTx, StoreError> {
        Ok(TenantTx {
            tx: self.store.begin().await?,
            organization: self.organization,
            request_id: request_id.clone(),
            now,
            wakes: Vec::new(),
            changed_keys: Vec::new(),
            actor: Actor::Operator,
            age_curve: Arc::clone(&self.store.age_curve),
            running: None,
        })
    }

    /// The same for a request that is going to claim the idempotency `key`. `None` when it has waited long enough for an earlier request of the
    /// same key, which is still running.
    pub async fn begin_keyed(
        &self,
        request_id: &RequestId,
        now: Timestamp,
        key: &str,
    ) -> Result<Option<TenantTx>, StoreError> {
        if is_postgres(&self.store.write) {
            // There the claim itself waits, and no longer than that.
            return self.begin(request_id, now).await.map(Some);
        }
        let mut begun = pin!(self.begin(request_id, now));
        let tx = match timeout(LONGEST_WAIT, &mut begun).await {
            Ok(tx) => tx?,
            Err(_) if self.store.running.has(self.organization, key) => return Ok(None),
            // It is somebody else's turn that takes so long.
            Err(_) => begun.await?,
        };
        Ok(Some(TenantTx { running: Some(self.store.running.enter(self.organization, key)), ..tx }))
    }
}

/// One organization's transaction.
#[derive(Debug)]
pub struct TenantTx {
    pub(crate) tx: DatabaseTransaction,
    pub(crate) organization: OrganizationId,
    pub(crate) request_id: RequestId,
    pub(crate) now: Timestamp,
    pub(crate) wakes: Vec<Wake>,
    pub(crate) changed_keys: Vec<String>,
    pub(crate) actor: Actor,
    pub(crate) age_curve: Arc<AgeCurve>,
    /// Held until the transaction ends, for [`Tenant::begin_keyed`].
    running: Option<RunningKey>,
}

impl TenantTx {
    /// The call that this transaction is made for, as what arms a schedule row.
    pub(crate) fn cause(&self) -> Cause<'_> {
        Cause::Call { organization: self.organization, request_id: &self.request_id }
    }

    /// What its rows are viewed by.
    pub(crate) fn moment(&self) -> Moment<'_> {
        Moment { now: self.now, curve: &self.age_curve }
    }

    /// Takes an idempotency key for this transaction. To be the first statement of it.
    pub async fn claim_idempotency(&self, key: &str, fingerprint: &[u8; 32]) -> Result<IdempotencyClaim, StoreError> {
        idempotency::claim(&self.tx, self.organization, key, fingerprint, self.now).await
    }

    /// Keeps the answer to a freshly claimed key.
    pub async fn remember(&self, key: &str, answer: &StoredAnswer) -> Result<(), StoreError> {
        idempotency::remember(&self.tx, self.organization, key, answer).await
    }

    /// The public parts of the API keys that this transaction changes: whoever keeps records of keys must let go of these.
    pub fn changed_keys(&self) -> &[String] {
        &self.changed_keys
    }

    /// Makes everything lasting; the wakes to ring after it, best effort.
    pub async fn commit(self) -> Result<Vec<Wake>, StoreError> {
        let Self { tx, wakes, running, .. } = self;
        tx.commit().await?;
        drop(running);
        Ok(wakes)
    }
}
