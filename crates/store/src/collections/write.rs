//! Adding, changing and removing collections.

use domain::{CollectionId, CollectionKind, Metadata, fold};

use super::{Collection, find, of_kind};
use crate::changes::Refusal;
use crate::merged::Key;
use crate::sql::{Number, Patch, execute, is_postgres, row, values};
use crate::{StoreError, TenantTx};

/// Collections of one kind that an organization may have.
pub const MOST_COLLECTIONS: i64 = 1000;

/// A new collection.
#[derive(Clone, Debug)]
pub struct NewCollection {
    /// The name. Several may have the same.
    pub name: String,
    /// The client's own notes.
    pub metadata: Metadata,
}

/// A change of a collection: `None` leaves a field.
#[derive(Clone, Debug, Default)]
pub struct CollectionChange {
    /// The name.
    pub name: Option<String>,
    /// The client's own notes, replaced as a whole.
    pub metadata: Option<Metadata>,
}

impl TenantTx {
    /// One collection, as the transaction sees it.
    pub async fn collection(&self, kind: CollectionKind, id: CollectionId) -> Result<Option<Collection>, StoreError> {
        let key = Key { organization: self.organization, id: id.0 };
        of_kind(find(&self.tx, &[key]).await?.remove(&key), kind)
    }

    /// One collection, kept from being changed by others until the transaction ends. What is deleted altogether leaves it even so.
    pub async fn hold_collection(
        &self,
        kind: CollectionKind,
        id: CollectionId,
    ) -> Result<Option<Collection>, StoreError> {
        match self.lock_collection(kind, id).await {
            Ok(()) => self.collection(kind, id).await,
            Err(Refusal::Store(error)) => Err(error),
            Err(_) => Ok(None),
        }
    }

    /// Adds a collection, refusing to pass [`MOST_COLLECTIONS`] of its kind.
    pub async fn create_collection(
        &mut self,
        kind: CollectionKind,
        new: &NewCollection,
    ) -> Result<CollectionId, Refusal> {
        if is_postgres(&self.tx) {
            // Locked to the end by a statement of its own, so that the count is of what is committed by then, and stays true.
            let lock = "SELECT created_at AS value FROM organizations WHERE id = $1 FOR NO KEY UPDATE";
            row::<Number>(&self.tx, lock, values![self.organization.0]).await?;
        }
        let count = "SELECT COUNT(*) AS value FROM collections WHERE organization_id = $1 AND kind = $2";
        let counted = row::<Number>(&self.tx, count, values![self.organization.0, kind.as_str()]).await?;
        if counted.is_some_and(|number| number.value >= MOST_COLLECTIONS) {
            return Err(Refusal::TooManyCollections { kind, most: MOST_COLLECTIONS });
        }
        let id = CollectionId::new();
        execute(
            &self.tx,
            "INSERT INTO collections (id, organization_id, kind, name, name_folded, metadata, added_at, updated_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $7)",
            values![
                id.0,
                self.organization.0,
                kind.as_str(),
                new.name.clone(),
                fold(&new.name),
                new.metadata.to_stored(),
                self.now.as_millis(),
            ],
        )
        .await?;
        Ok(id)
    }

    /// Changes a collection. What is so already is no change.
    pub async fn update_collection(
        &mut self,
        kind: CollectionKind,
        id: CollectionId,
        change: &CollectionChange,
    ) -> Result<(), Refusal> {
        self.lock_collection(kind, id).await?;
        let CollectionChange { name, metadata } = change;
        let mut patch = Patch::at(self.now);
        patch.set_if("name", name.clone());
        patch.set_if("name_folded", name.as_deref().map(fold));
        patch.set_if("metadata", metadata.as_ref().map(Metadata::to_stored));
        let (sql, values) = patch.of("collections", id.0);
        execute(&self.tx, &sql, values).await?;
        Ok(())
    }

    /// Removes a collection. What belonged to it stays as it is.
    pub async fn delete_collection(&mut self, kind: CollectionKind, id: CollectionId) -> Result<(), Refusal> {
        self.lock_collection(kind, id).await?;
        execute(&self.tx, "DELETE FROM collections WHERE id = $1", values![id.0]).await?;
        Ok(())
    }

    /// Takes the lock of a collection, which stays to the end. It comes before the locks of whatever is to belong to it.
    pub(super) async fn lock_collection(&self, kind: CollectionKind, id: CollectionId) -> Result<(), Refusal> {
        // The strongest one at once: somebody who deletes it may wait between a lesser lock and that one.
        let lock = if is_postgres(&self.tx) { " FOR UPDATE" } else { "" };
        let sql = format!(
            "SELECT added_at AS value FROM collections WHERE id = $1 AND organization_id = $2 AND kind = $3{lock}"
        );
        let found = row::<Number>(&self.tx, &sql, values![id.0, self.organization.0, kind.as_str()]).await?;
        found.map(|_| ()).ok_or(Refusal::NoCollection(id))
    }
}
