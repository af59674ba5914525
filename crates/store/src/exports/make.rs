//! Asking for exports, and deleting them.

use domain::{ExportDataset, ExportFilters, ExportFormat, ExportId, ExportStatus, Timestamp};

use crate::audit::Actor;
use crate::changes::Refusal;
use crate::sql::{Number, execute, is_postgres, row, values};
use crate::{Store, StoreError, TenantTx};

/// Exports of an organization that are kept or under way, at most.
pub const MOST_EXPORTS: i64 = 100;

/// Exports of an organization that wait or are written, at most.
pub const MOST_EXPORTS_AT_ONCE: i64 = 5;

/// An export to be written.
#[derive(Clone, Debug)]
pub struct NewExport {
    /// What it is of.
    pub dataset: ExportDataset,
    /// The form of its file.
    pub format: ExportFormat,
    /// Which rows it has.
    pub filters: ExportFilters,
}

/// What links are signed with, among the service's own secrets.
const LINK_SECRET: &str = "export_links";

impl TenantTx {
    /// Has an export written, refusing to pass [`MOST_EXPORTS`] and [`MOST_EXPORTS_AT_ONCE`].
    pub async fn create_export(&mut self, new: &NewExport) -> Result<ExportId, Refusal> {
        if is_postgres(&self.tx) {
            // Locked to the end by a statement of its own, so that the counts are of what is committed by then, and stay true.
            let lock = "SELECT created_at AS value FROM organizations WHERE id = $1 FOR NO KEY UPDATE";
            row::<Number>(&self.tx, lock, values![self.organization.0]).await?;
        }
        let count = "SELECT COUNT(*) AS value FROM exports WHERE organization_id = $1 AND removed_at IS NULL AND status IN ($2, $3, $4)";
        let (queued, running) = (ExportStatus::Queued.as_str(), ExportStatus::Running.as_str());
        let all = values![self.organization.0, queued, running, ExportStatus::Succeeded.as_str()];
        let unfinished = values![self.organization.0, queued, running, running];
        let reaches = |counted: Option<Number>, most| counted.is_some_and(|number| number.value >= most);
        if reaches(row(&self.tx, count, unfinished).await?, MOST_EXPORTS_AT_ONCE) {
            return Err(Refusal::TooManyExportsAtOnce { most: MOST_EXPORTS_AT_ONCE });
        }
        if reaches(row(&self.tx, count, all).await?, MOST_EXPORTS) {
            return Err(Refusal::TooManyExports { most: MOST_EXPORTS });
        }
        let id = ExportId::new();
        let key = match &self.actor {
            Actor::Key { id, name: _ } => Some(id.0),
            Actor::Operator => None,
        };
        let NewExport { dataset, format, filters } = new;
        let filters = serde_json::to_string(filters)
            .map_err(|_| StoreError::Unreadable { table: "exports", column: "filters" })?;
        execute(
            &self.tx,
            "INSERT INTO exports (id, organization_id, dataset, format, filters, status, api_key_id, request_id, created_at, due_at, \
             attempts, is_read, parts, rows_written, bytes_written) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, 0, FALSE, 0, 0, 0)",
            values![
                id.0,
                self.organization.0,
                dataset.as_str(),
                format.as_str(),
                filters,
                queued,
                key,
                self.request_id.as_str(),
                self.now.as_millis(),
            ],
        )
        .await?;
        Ok(id)
    }

    /// Deletes an export, whatever has become of it: nobody finds it any more, whoever writes it loses the lease, and its objects are removed as soon
    /// as whoever writes it has certainly stopped.
    pub async fn delete_export(&mut self, id: ExportId) -> Result<(), Refusal> {
        let deleted = execute(
            &self.tx,
            "UPDATE exports SET removed_at = $3, due_at = CASE WHEN lease_token IS NULL THEN $3 ELSE due_at END, lease_token = NULL \
             WHERE id = $1 AND organization_id = $2 AND removed_at IS NULL",
            values![id.0, self.organization.0, self.now.as_millis()],
        )
        .await?;
        if deleted == 0 { Err(Refusal::NoExport(id)) } else { Ok(()) }
    }
}

#[derive(sea_orm::FromQueryResult)]
struct Secret {
    value: Vec<u8>,
}

impl Store {
    /// What links to files are signed with: the same for all processes. The first who asks brings it, as `new`.
    pub async fn link_secret(&self, new: &[u8; 32], now: Timestamp) -> Result<Vec<u8>, StoreError> {
        let select = "SELECT value FROM service_secrets WHERE name = $1";
        if let Some(secret) = row::<Secret>(&self.read, select, values![LINK_SECRET]).await? {
            return Ok(secret.value);
        }
        execute(
            &self.write,
            "INSERT INTO service_secrets (name, value, created_at) VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING",
            values![LINK_SECRET, new.to_vec(), now.as_millis()],
        )
        .await?;
        let secret = row::<Secret>(&self.write, select, values![LINK_SECRET]).await?;
        secret.map(|secret| secret.value).ok_or(StoreError::Unreadable { table: "service_secrets", column: "value" })
    }
}
