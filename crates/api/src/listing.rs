//! The answer to a GET of a collection: rows, pagination, the filters and sort in force, and the links to other pages.

use std::hash::Hash;

use actix_web::http::header::{self, HeaderValue};
use actix_web::web::Bytes;
use serde::Serialize;
use store::{Page, PageRequest};
use utoipa::ToSchema;

use crate::call::Call;
use crate::cursor::Scope;
use crate::problem::Problem;
use crate::query::with_cursor;
use crate::respond::{Answer, JSON, fetched, tag_of};

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
    let link = HeaderValue::try_from(links(call, next_cursor.as_deref())).ok();
    let mut response = fetched(call.headers(), &tag, JSON, || {
        let listing = Listing {
            data: rows.into_iter().map(T::from).collect::<Vec<_>>(),
            pagination: Pagination {
                has_next: next_cursor.is_some(),
                next_cursor,
                limit: request.limit,
                total_count: total,
            },
            filters,
        };
        serde_json::to_vec(&listing).map(Bytes::from).map_err(Problem::internal)
    })?;
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
