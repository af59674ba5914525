//! The answer to a GET of a collection: rows, pagination, the filters and sort in force, and the links to other pages.

use std::hash::Hash;
use std::sync::Arc;

use actix_web::http::header::{self, HeaderValue};
use serde::Serialize;
use store::{Page, PageRequest, Seen};
use utoipa::ToSchema;

use crate::call::Call;
use crate::cursor::Scope;
use crate::problem::Problem;
use crate::query::with_cursor;
use crate::respond::{Answer, JSON, Shown, fetched, json_bytes, tag_of};

/// A page of a collection.
#[derive(Serialize, ToSchema)]
pub(crate) struct Listing<T, F> {
    /// The rows.
    data: Vec<T>,
    /// Where this page stands.
    pagination: Pagination,
    /// The filters and sort in force; a filter that is not set is null.
    filters: F,
}

/// Where a page stands.
#[derive(Serialize, ToSchema)]
pub(crate) struct Pagination {
    /// `cursor` of the next page; null on the last.
    next_cursor: Option<String>,
    /// Whether there is a next page.
    has_next: bool,
    /// Rows on a page.
    #[schema(minimum = 1, maximum = 200)]
    limit: u32,
    /// All rows that match, with `include_total=true` alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false, minimum = 0)]
    total_count: Option<i64>,
}

impl Pagination {
    fn at(next_cursor: Option<String>, limit: u32, total_count: Option<i64>) -> Self {
        Self { has_next: next_cursor.is_some(), next_cursor, limit, total_count }
    }
}

/// Answers with a page.
pub(crate) fn listed<R, T, F, O>(
    call: &Call,
    page: Page<R>,
    request: &PageRequest<O>,
    scope: &Scope,
    filters: F,
) -> Answer
where
    R: Hash,
    T: From<R> + Serialize,
    F: Serialize,
{
    let Page { rows, next, total } = page;
    let next_cursor = next.map(|position| scope.cursor(&position));
    let tag = tag_of(&(&rows, &next_cursor, total));
    let pagination = Pagination::at(next_cursor, request.limit, total);
    answered(call, &tag, pagination, filters, || Ok(rows.into_iter().map(T::from).collect()))
}

/// The same for views that are kept.
pub(crate) fn listed_again<T, V, F, O>(
    call: &Call,
    page: Page<Arc<Seen<V>>>,
    request: &PageRequest<O>,
    scope: &Scope,
    filters: F,
) -> Answer
where
    T: Serialize,
    V: Clone + Hash + Into<T>,
    F: Serialize,
{
    let Page { rows, next, total } = page;
    let next_cursor = next.map(|position| scope.cursor(&position));
    let shown: Vec<_> = rows.iter().map(|seen| Shown::of(seen)).collect();
    let tags: Vec<&str> = shown.iter().map(|shown| shown.tag.as_str()).collect();
    let tag = tag_of(&(&tags, &next_cursor, total));
    let pagination = Pagination::at(next_cursor, request.limit, total);
    answered(call, &tag, pagination, filters, || {
        rows.iter().zip(&shown).map(|(seen, shown)| shown.json::<T, V>(seen)).collect()
    })
}

/// Answers with a page whose tag is `tag`. The rows are made when they are wanted.
fn answered<T: Serialize, F: Serialize>(
    call: &Call,
    tag: &str,
    pagination: Pagination,
    filters: F,
    rows: impl FnOnce() -> Result<Vec<T>, Problem>,
) -> Answer {
    let link = HeaderValue::try_from(links(call, pagination.next_cursor.as_deref())).ok();
    let mut response =
        fetched(call.headers(), tag, JSON, || json_bytes(&Listing { data: rows()?, pagination, filters }))?;
    if let Some(link) = link {
        response.headers_mut().insert(header::LINK, link);
    }
    Ok(response)
}

/// The `Link` header: always the first page, the next one while there is one.
pub(crate) fn links(call: &Call, next: Option<&str>) -> String {
    let (base, path) = (call.base_url(), call.http().path());
    let link = |cursor: Option<&str>, rel: &str| {
        let query = with_cursor(call.http().query_string(), cursor);
        let mark = if query.is_empty() { "" } else { "?" };
        format!("<{base}{path}{mark}{query}>; rel=\"{rel}\"")
    };
    match next {
        Some(cursor) => format!("{}, {}", link(None, "first"), link(Some(cursor), "next")),
        None => link(None, "first"),
    }
}
