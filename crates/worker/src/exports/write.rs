//! From rows to parts, and from parts to the file.

use std::collections::VecDeque;

use files::{Column, FilesError, Part, PartWriter};
use store::{ExportJob, ExportPart, FinishedExport, StoreError};
use tracing::{debug, info};

use super::walk::{Noted, Row, Walk, columns};
use super::{Ended, ExportError, Inner, folder};
use crate::job::chain;

/// Writes an export on, to its end.
pub(super) async fn whole(inner: &Inner, job: &ExportJob) -> Result<Ended, ExportError> {
    let Inner { store, config, .. } = inner;
    // Whatever is left to do: what is there already must be of this version.
    let walk = Walk::of(store.tenant(job.organization), job, config.page_rows, config.layouts)?;
    if !job.is_read
        && let Ended::Lost = parts(inner, job, walk).await?
    {
        return Ok(Ended::Lost);
    }
    file(inner, job).await
}

/// Writes the parts that there are not yet.
async fn parts(inner: &Inner, job: &ExportJob, mut walk: Walk) -> Result<Ended, ExportError> {
    let Inner { store, config, .. } = inner;
    let columns = columns(config.layouts, job.dataset);
    let mut waiting = VecDeque::new();
    let mut number = job.parts;
    loop {
        let Some((part, last)) = fill(inner, &mut walk, &mut waiting).await? else { break };
        number += 1;
        let name = format!("part-{number:06}-{}", job.lease_token.simple());
        let rows = i64::try_from(part.rows()).unwrap_or(i64::MAX);
        // A part is some megabytes to encode: not beside scrapes.
        let bytes = tokio::task::spawn_blocking(move || part.finish()).await.map_err(|_| FilesError::Broken)??;
        let (size, place) = (i64::try_from(bytes.len()).unwrap_or(i64::MAX), place_of(&last, columns)?);
        config.storage.put(folder(job), &name, bytes).await?;
        let noted = store.record_export_part(job, &ExportPart { name, rows, bytes: size, place }).await?;
        if !noted {
            return Ok(Ended::Lost);
        }
        debug!(part = number, rows, bytes = size, "a part of an export is written");
    }
    Ok(if store.note_export_read(job).await? { Ended::Done } else { Ended::Lost })
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

/// Joins the parts.
async fn file(inner: &Inner, job: &ExportJob) -> Result<Ended, ExportError> {
    let Inner { store, clock, config, .. } = inner;
    let parts: Vec<_> = store.export_parts(job).await?.into_iter().map(|name| Part { name }).collect();
    let name = format!("file-{}", job.lease_token.simple());
    let columns = columns(config.layouts, job.dataset);
    let written = config.storage.join(folder(job), &name, job.format, columns, &parts).await?;
    let finished = FinishedExport {
        name: name.clone(),
        bytes: i64::try_from(written.bytes)
            .map_err(|_| StoreError::Unreadable { table: "exports", column: "file_bytes" })?,
        sha256: written.sha256,
        kept: config.kept,
    };
    if !store.finish_export(job, &finished, clock.now()).await? {
        return Ok(Ended::Lost);
    }
    info!(parts = parts.len(), bytes = finished.bytes, "an export is written");
    if let Err(error) = config.storage.clear(folder(job), Some(&name)).await {
        // They go with the file at the latest.
        debug!(error = %chain(&error), "could not remove the parts of an export");
    }
    Ok(Ended::Done)
}
