//! Creators with what their posts come to, a row each.

use domain::CreatorId;
use store::{ReportFilter, ReportMetrics};

use super::ExportError;
use super::walk::{Looked, Place, Walk, rows_at};

/// Creators at once: the posts of each are summed.
const MOST_CREATORS: u32 = 200;

/// The next creators.
pub async fn page(walk: &Walk) -> Result<Looked, ExportError> {
    let after = match walk.place {
        Some(Place::Member(id)) => Some(CreatorId(id)),
        Some(Place::Account(_) | Place::Post(_)) | None => None,
    };
    let (filters, most) = (&walk.job.filters, walk.page_rows.min(MOST_CREATORS));
    let (filter, metrics) = (ReportFilter::of(filters), ReportMetrics::of(filters));
    let found = walk.tenant.report_members(&filter, metrics, walk.card()?, after, most).await?;
    let places = found.rows.iter().map(|member| Place::Member(member.id.0)).collect();
    let rows = rows_at(places, (walk.layouts.members.rows)(found.rows, filters)?)?;
    Ok(Looked { rows, last: found.last.map(|CreatorId(id)| Place::Member(id)) })
}
