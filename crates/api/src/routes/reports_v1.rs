//! `/v1/posts` and `/v1/members`: the same reports under the paths and names of the Aspire API, for its clients. The body is the bare list; how many there
//! are, and where the other pages are, stands in the headers.

use std::hash::Hash;

use actix_web::http::header::{self, HeaderName, HeaderValue};
use serde::Serialize;
use store::{Page, ReportRequest};
use url::form_urlencoded;

use crate::call::Call;
use crate::respond::{Answer, JSON, fetched, json_bytes, tag_of};
use crate::views::report_v1::{OlderMemberOut, OlderParams, OlderPostOut, OlderRow, older_query};

const X_TOTAL_COUNT: HeaderName = HeaderName::from_static("x-total-count");

/// List posts (Aspire API).
///
/// The posts of `GET /v2/posts` with what is known of them now, the newest first, as a bare list.
#[utoipa::path(
    get, path = "/v1/posts", operation_id = "list_posts_v1", tag = "reports",
    params(OlderParams),
    responses((
        status = 200, description = "The posts.", body = Vec<OlderPostOut>,
        headers(
            ("X-Total-Count" = i64, description = "All posts that match."),
            ("Link" = String, description = "The first, previous, next and last page, as far as they are (RFC 8288)."),
        ),
    ))
)]
pub(crate) async fn posts(call: Call) -> Answer {
    let (filter, request) = older_query(&call)?;
    let page = call.tenant()?.posts_report(&filter, &request).await?;
    listed::<_, OlderPostOut>(&call, page, &request, |of, call| {
        Ok(OlderRow { of, client: call.key()?.organization_id, card: &request.card }.into())
    })
}

/// List members (Aspire API).
///
/// The members of `GET /v2/members`, the newest first, as a bare list.
#[utoipa::path(
    get, path = "/v1/members", operation_id = "list_members_v1", tag = "reports",
    params(OlderParams),
    responses((
        status = 200, description = "The members.", body = Vec<OlderMemberOut>,
        headers(
            ("X-Total-Count" = i64, description = "All members that match."),
            ("Link" = String, description = "The first, previous, next and last page, as far as they are (RFC 8288)."),
        ),
    ))
)]
pub(crate) async fn members(call: Call) -> Answer {
    let (filter, request) = older_query(&call)?;
    let page = call.tenant()?.members_report(&filter, &request).await?;
    listed::<_, OlderMemberOut>(&call, page, &request, |of, call| {
        Ok(OlderRow { of, client: call.key()?.organization_id, card: &request.card }.into())
    })
}

fn listed<R: Hash, T: Serialize>(
    call: &Call,
    page: Page<R>,
    request: &ReportRequest,
    show: impl Fn(R, &Call) -> Result<T, crate::problem::Problem>,
) -> Answer {
    let Page { rows, next: _, total } = page;
    let total = u64::try_from(total.unwrap_or(0)).unwrap_or(0);
    let tag = tag_of(&(&rows, total, &request.card));
    let mut response = fetched(call.headers(), &tag, JSON, || {
        let rows: Vec<T> = rows.into_iter().map(|row| show(row, call)).collect::<Result<_, _>>()?;
        json_bytes(&rows)
    })?;
    let headers = response.headers_mut();
    headers.insert(X_TOTAL_COUNT, HeaderValue::from(total));
    if let Ok(link) = HeaderValue::try_from(links(call, request.offset, u64::from(request.page.limit), total)) {
        headers.insert(header::LINK, link);
    }
    Ok(response)
}

/// The `Link` header of a page by offset.
fn links(call: &Call, offset: u64, limit: u64, total: u64) -> String {
    let (base, path) = (call.base_url(), call.http().path());
    let link = |offset: u64, rel: &str| {
        let mut query = form_urlencoded::Serializer::new(String::new());
        let given = form_urlencoded::parse(call.http().query_string().as_bytes());
        query.extend_pairs(given.filter(|(name, _)| name != "offset" && name != "limit"));
        query.append_pair("limit", &limit.to_string()).append_pair("offset", &offset.to_string());
        format!("<{base}{path}?{}>; rel=\"{rel}\"", query.finish())
    };
    let mut links = vec![link(0, "first")];
    if offset > 0 {
        links.push(link(offset.saturating_sub(limit), "prev"));
    }
    if offset.saturating_add(limit) < total {
        links.push(link(offset.saturating_add(limit), "next"));
    }
    links.push(link(total.saturating_sub(1) / limit * limit, "last"));
    links.join(", ")
}
