//! From rows to parts, and from parts to the file.

use std::collections::VecDeque;

use files::{Column, FilesError, Part, PartWriter};
use store::{ExportJob, ExportPart, FinishedExport};
use tracing::debug;

use super::walk::{Noted, Row, Walk, columns};
use super::{Ended, ExportError, Inner, folder};

/// Writes an export on, until there is its file.
pub(super) async fn whole(inner: &Inner, job: &ExportJob) -> Result<Ended, ExportError> {
    let Inner { store, config, .. } = inner;
    // Whatever is left to do: what is there already must be of this version.
    let walk = Walk::of(store.tenant(job.hold.organization), job, config.page_rows, config.layouts)?;
    if !job.is_read && !parts(inner, job, walk).await? {
        return Ok(Ended::Lost);
    }
    file(inner, job).await
}

/// Writes the parts that there are not yet. `false` when the lease was lost.
async fn parts(inner: &Inner, job: &ExportJob, mut walk: Walk) -> Result<bool, ExportError> {
    let Inner { store, config, .. } = inner;
    let columns = columns(config.layouts, job.dataset);
    let mut waiting = VecDeque::new();
    let mut number = job.parts;
    loop {
        let Some((part, last)) = fill(inner, &mut walk, &mut waiting).await? else { break };
        number += 1;
        let name = format!("part-{number:06}-{}", job.hold.lease_token.simple());
        let rows = i64::try_from(part.rows()).unwrap_or(i64::MAX);
        // A part is some megabytes to encode: not beside scrapes.
        let bytes = tokio::task::spawn_blocking(move || part.finish()).await.map_err(|_| FilesError::Broken)??;
        let (size, place) = (i64::try_from(bytes.len()).unwrap_or(i64::MAX), place_of(&last, columns)?);
        config.storage.put(folder(&job.hold), &name, bytes).await?;
        let noted = store.record_export_part(&job.hold, &ExportPart { name, rows, bytes: size, place }).await?;
        if !noted {
            return Ok(false);
        }
        debug!(part = number, rows, bytes = size, "a part of an export is written");
    }
    Ok(store.note_export_read(&job.hold).await?)
}

fn place_of(row: &Row, columns: &[Column]) -> Result<String, FilesError> {
    Ok(serde_json::to_string(&Noted::after(row, columns))?)
}

/// The next part, and its last row; `None` when there are no further rows.
async fn fill(
    inner: &Inner,
    walk: &mut Walk,
    waiting: &mut VecDeque<Row>,
) -> Result<Option<(PartWriter, Row)>, ExportError> {
    let mut part = PartWriter::new(walk.job.format, columns(walk.layouts, walk.job.dataset), inner.config.part);
    let mut last = None;
    while !part.is_full() {
        if waiting.is_empty() {
            waiting.extend(walk.page().await?);
        }
        let Some(row) = waiting.pop_front() else { break };
        part.push(&row.values)?;
        last = Some(row);
    }
    Ok(last.map(|last| (part, last)))
}

/// Joins the parts. They are still there afterwards, and nobody knows of the file yet.
async fn file(inner: &Inner, job: &ExportJob) -> Result<Ended, ExportError> {
    let Inner { store, config, .. } = inner;
    let parts: Vec<_> = store.export_parts(&job.hold).await?.into_iter().map(|name| Part { name }).collect();
    let name = format!("file-{}", job.hold.lease_token.simple());
    let columns = columns(config.layouts, job.dataset);
    let written = config.storage.join(folder(&job.hold), &name, job.format, columns, &parts).await?;
    let bytes = i64::try_from(written.bytes).unwrap_or(i64::MAX);
    debug!(parts = parts.len(), bytes, "the parts of an export are joined");
    Ok(Ended::Written(FinishedExport { name, bytes, sha256: written.sha256, kept: config.kept }))
}
