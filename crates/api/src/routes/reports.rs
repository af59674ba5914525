//! `/v2/posts` and `/v2/members`: reports over all posts of an organization, and over its creators.

use std::hash::Hash;

use actix_web::http::header::{self, HeaderValue};
use actix_web::web::Bytes;
use serde::Serialize;
use store::{Page, ReportMetrics};
use utoipa::ToSchema;

use crate::call::Call;
use crate::listing::links;
use crate::problem::Problem;
use crate::respond::{Answer, JSON, fetched, tag_of};
use crate::views::report::{ReportMetaOut, Row};
use crate::views::report_in::{AskedReport, ReportFiltersOut, ReportParams, report_query};
use crate::views::report_member::ReportMemberOut;
use crate::views::report_post::ReportPostOut;

/// A page of a report.
#[derive(Serialize, ToSchema)]
pub(crate) struct Report<T> {
    /// The rows.
    data: Vec<T>,
    /// Where this page stands.
    pagination: ReportPagination,
    /// The filters, numbers and sort in force; a filter that is not set is null.
    filters: ReportFiltersOut,
    /// What the numbers are.
    meta: ReportMetaOut,
}

/// Where a page of a report stands.
#[derive(Serialize, ToSchema)]
struct ReportPagination {
    /// `cursor` of the next page; null on the last.
    next_cursor: Option<String>,
    /// Whether there is a next page.
    has_next: bool,
    /// Rows on a page.
    #[schema(minimum = 1, maximum = 500)]
    limit: u32,
    /// Rows that were passed over; null when none was asked for.
    #[schema(minimum = 0, maximum = 1_000_000)]
    offset: Option<u64>,
    /// All rows that match, with `include_total=true` alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false, minimum = 0)]
    total_count: Option<i64>,
}

/// Report on posts.
///
/// Every post that your organization tracks, once: those of feeds and those that were added by hand. Its numbers are those that are known now, or
/// with `metrics=range` what was gained within the window.
#[utoipa::path(
    get, path = "/v2/posts", operation_id = "report_posts", tag = "reports",
    params(ReportParams),
    responses((status = 200, description = "A page.", body = Report<ReportPostOut>))
)]
pub(crate) async fn posts(call: Call) -> Answer {
    let asked = report_query(&call)?;
    let page = call.tenant()?.posts_report(&asked.filter, &asked.request).await?;
    reported::<_, ReportPostOut>(&call, page, asked)
}

/// Report on members.
///
/// Every creator that matches, and what its posts come to. The creator, account, project and group choose the members; all filters choose the posts that
/// are summed, so a member is there also when no post of it matches.
#[utoipa::path(
    get, path = "/v2/members", operation_id = "report_members", tag = "reports",
    params(ReportParams),
    responses((status = 200, description = "A page.", body = Report<ReportMemberOut>))
)]
pub(crate) async fn members(call: Call) -> Answer {
    let asked = report_query(&call)?;
    let page = call.tenant()?.members_report(&asked.filter, &asked.request).await?;
    reported::<_, ReportMemberOut>(&call, page, asked)
}

fn reported<R, T>(call: &Call, page: Page<R>, asked: AskedReport) -> Answer
where
    R: Hash,
    T: From<Row<R>> + Serialize,
{
    let AskedReport { filter: _, request, dates, scope, offset, in_force } = asked;
    let Page { rows, next, total } = page;
    let metrics: ReportMetrics = request.metrics;
    let next_cursor = next.map(|position| scope.cursor(&position));
    let tag = tag_of(&(&rows, &next_cursor, total, &request.card));
    let link = HeaderValue::try_from(links(call, next_cursor.as_deref())).ok();
    let mut response = fetched(call.headers(), &tag, JSON, || {
        let report = Report {
            data: rows.into_iter().map(|of| T::from(Row { of, metrics })).collect::<Vec<_>>(),
            pagination: ReportPagination {
                has_next: next_cursor.is_some(),
                next_cursor,
                limit: request.page.limit,
                offset,
                total_count: total,
            },
            filters: in_force,
            meta: ReportMetaOut::new(metrics, dates, request.card),
        };
        serde_json::to_vec(&report).map(Bytes::from).map_err(Problem::internal)
    })?;
    if let Some(link) = link {
        response.headers_mut().insert(header::LINK, link);
    }
    Ok(response)
}
