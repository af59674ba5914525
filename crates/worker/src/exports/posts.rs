//! Posts as they are reported, each once.

use store::{ReportFilter, ReportMetrics};

use super::ExportError;
use super::walk::{Looked, Place, Walk, rows_at};

/// The next posts.
pub async fn page(walk: &Walk) -> Result<Looked, ExportError> {
    let after = match walk.place {
        Some(Place::Post(id)) => Some(id),
        Some(Place::Account(_) | Place::Member(_)) | None => None,
    };
    let filters = &walk.job.filters;
    let (filter, metrics) = (ReportFilter::of(filters), ReportMetrics::of(filters));
    let found = walk.tenant.report_posts(&filter, metrics, walk.card()?, after, walk.page_rows).await?;
    let places = found.rows.iter().map(|post| Place::Post(post.id)).collect();
    let rows = rows_at(places, (walk.layouts.posts.rows)(found.rows, filters)?)?;
    Ok(Looked { rows, last: found.last.map(Place::Post) })
}
