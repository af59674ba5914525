//! `/v2/sources`: where the service asks the platforms, and how it fares there.

use store::{Direction, Page, PageRequest, Position, RowId, SortKey};

use crate::call::Call;
use crate::listing::{Listing, listed};
use crate::query::PageParams;
use crate::respond::Answer;
use crate::views::source::{SourceFiltersOut, SourceListParams, SourceOut, source_list};

/// List sources.
///
/// Tells whether new data is to be expected: every place where the service asks a platform, whether it is switched on, whether the platform
/// lets itself be asked, and how often it answered. It is the same list for every organization, and a short one that fits on one page; it is
/// paged and sorted like the others so that a client needs nothing of its own for it. What it says may be two seconds old.
#[utoipa::path(
    get, path = "/v2/sources", operation_id = "list_sources", tag = "sources",
    params(SourceListParams, PageParams),
    responses((status = 200, description = "A page.", body = Listing<SourceOut, SourceFiltersOut>))
)]
pub(crate) async fn list(call: Call) -> Answer {
    let mut query = call.query();
    let (sort, in_force) = source_list(&mut query);
    let (request, scope) = query.page(&call, sort.order, sort.direction, &in_force)?;
    let sources = &call.shared().sources;
    let states = sources.states(&call.shared().store, call.now()).await?;
    let known = sources.known().iter().filter(|known| in_force.platform.is_none_or(|wanted| wanted == known.platform));
    let rows = known.map(|known| SourceOut::new(known, &states)).collect();
    listed::<_, SourceOut, _, _>(&call, page(rows, &request), &request, &scope, in_force)
}

/// Cuts a page out of all rows, which come sorted by name.
fn page(mut rows: Vec<SourceOut>, request: &PageRequest<()>) -> Page<SourceOut> {
    let total = request.include_total.then(|| i64::try_from(rows.len()).unwrap_or(i64::MAX));
    let is_ascending = match request.direction {
        Direction::Asc => true,
        Direction::Desc => {
            rows.reverse();
            false
        }
    };
    if let Some(Position { key: SortKey::Text(last), id: _ }) = &request.after {
        rows.retain(|row| if is_ascending { row.name > last.as_str() } else { row.name < last.as_str() });
    }
    let limit = usize::try_from(request.limit).unwrap_or(usize::MAX);
    let has_next = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| has_next).map(|row| Position {
        key: SortKey::Text(row.name.to_owned()),
        // Names are unique.
        id: RowId::Integer(0),
    });
    Page { rows, next, total }
}
