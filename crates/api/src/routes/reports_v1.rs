//! `/v1/posts` and `/v1/members`: the same reports under the paths and names of the Aspire API, for its clients. The body is the bare list; how many there
//! are, and where the other pages are, stands in the headers.

use std::hash::Hash;

use actix_web::http::header::{self, HeaderName, HeaderValue};
use serde::Serialize;
use store::{Page, ReportRequest};
use url::form_urlencoded;

use crate::call::Call;
use crate::respond::{Answer, JSON, fetched, json_bytes, tag_of};
use crate::views::report_in::MOST_OFFSET;
use crate::views::report_v1::{OlderMemberOut, OlderParams, OlderPostOut, OlderRow, older_query};

const X_TOTAL_COUNT: HeaderName = HeaderName::from_static("x-total-count");

/// List posts (Aspire API).
///
/// The posts of `GET /v2/posts` with what is known of them now, the newest first, as a bare list.
///
/// Pages reach as far as the greatest `offset` does, and so do the links. What lies beyond is found with narrower filters, as by `start_date` and `end_date`,
/// or by the cursors of `GET /v2/posts`.
#[utoipa::path(
    get, path = "/v1/posts", operation_id = "list_posts_v1", tag = "reports",
    params(OlderParams),
    responses((
        status = 200, description = "The posts.", body = Vec<OlderPostOut>,
        headers(
            ("X-Total-Count" = i64, description = "All posts that match."),
            ("Link" = String, description = "The first, previous, next and last page (RFC 8288), those that there are and that an `offset` can name."),
        ),
    ))
)]
pub(crate) async fn posts(call: Call) -> Answer {
    let (filter, request) = older_query(&call)?;
    let page = call.tenant()?.posts_report(&filter, &request).await?;
    listed::<_, OlderPostOut>(&call, page, &request)
}

/// List members (Aspire API).
///
/// The members of `GET /v2/members`, the newest first, as a bare list.
///
/// Pages reach as far as the greatest `offset` does, and so do the links. What lies beyond is found with narrower filters, or by the cursors of
/// `GET /v2/members`.
#[utoipa::path(
    get, path = "/v1/members", operation_id = "list_members_v1", tag = "reports",
    params(OlderParams),
    responses((
        status = 200, description = "The members.", body = Vec<OlderMemberOut>,
        headers(
            ("X-Total-Count" = i64, description = "All members that match."),
            ("Link" = String, description = "The first, previous, next and last page (RFC 8288), those that there are and that an `offset` can name."),
        ),
    ))
)]
pub(crate) async fn members(call: Call) -> Answer {
    let (filter, request) = older_query(&call)?;
    let page = call.tenant()?.members_report(&filter, &request).await?;
    listed::<_, OlderMemberOut>(&call, page, &request)
}

fn listed<R, T>(call: &Call, page: Page<R>, request: &ReportRequest) -> Answer
where
    R: Hash,
    T: for<'a> From<OlderRow<'a, R>> + Serialize,
{
    let Page { rows, next: _, total } = page;
    let total = u64::try_from(total.unwrap_or(0)).unwrap_or(0);
    let client = call.key()?.organization_id;
    let tag = tag_of(&(&rows, total, &request.card));
    let mut response = fetched(call.headers(), &tag, JSON, || {
        let shown = rows.into_iter().map(|of| T::from(OlderRow { of, client, card: &request.card }));
        json_bytes(&shown.collect::<Vec<_>>())
    })?;
    let headers = response.headers_mut();
    headers.insert(X_TOTAL_COUNT, HeaderValue::from(total));
    let (given, page) = (call.http().query_string(), format!("{}{}", call.base_url(), call.http().path()));
    if let Ok(link) = HeaderValue::try_from(links(&page, given, request.offset, u64::from(request.page.limit), total)) {
        headers.insert(header::LINK, link);
    }
    Ok(response)
}

/// The `Link` header of a page by offset: no link is to an offset that would be refused.
fn links(page: &str, given: &str, offset: u64, limit: u64, total: u64) -> String {
    let link = |offset: u64, rel: &str| {
        let mut query = form_urlencoded::Serializer::new(String::new());
        let given = form_urlencoded::parse(given.as_bytes());
        query.extend_pairs(given.filter(|(name, _)| name != "offset" && name != "limit"));
        query.append_pair("limit", &limit.to_string()).append_pair("offset", &offset.to_string());
        format!("<{page}?{}>; rel=\"{rel}\"", query.finish())
    };
    let next = offset.saturating_add(limit);
    let last = total.saturating_sub(1) / limit * limit;
    let links = [
        Some((0, "first")),
        (offset > 0).then(|| (offset.saturating_sub(limit), "prev")),
        (next < total).then_some((next, "next")),
        Some((last, "last")),
    ];
    let links = links.into_iter().flatten().filter(|(offset, _)| *offset <= MOST_OFFSET);
    links.map(|(offset, rel)| link(offset, rel)).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to(offset: u64, total: u64) -> Vec<String> {
        let links = links("http://x/v1/posts", "client_id=1&limit=9&offset=7", offset, 500, total);
        let shown = links.split(", ").map(|link| {
            let link = link.strip_prefix("<http://x/v1/posts?client_id=1&limit=500&offset=").unwrap();
            link.replace(">; rel=", " ").replace('"', "")
        });
        shown.collect()
    }

    #[test]
    fn links_lead_to_the_pages_that_there_are() {
        assert_eq!(to(0, 0), ["0 first", "0 last"]);
        assert_eq!(to(0, 501), ["0 first", "500 next", "500 last"]);
        assert_eq!(to(700, 1800), ["0 first", "200 prev", "1200 next", "1500 last"]);
        assert_eq!(to(500, 1000), ["0 first", "0 prev", "500 last"]);
    }

    #[test]
    fn no_link_leads_to_an_offset_that_is_refused() {
        assert_eq!(to(999_500, 1_000_500), ["0 first", "999000 prev", "1000000 next", "1000000 last"]);
        assert_eq!(to(999_500, 1_000_501), ["0 first", "999000 prev", "1000000 next"]);
        assert_eq!(to(999_501, 1_001_000), ["0 first", "999001 prev"]);
        assert_eq!(to(1_000_000, 2_000_000), ["0 first", "999500 prev"]);
    }
}
