//! Numbers over time of creators and of the organization, and the two at a glance.

use domain::CreatorId;
use store::{RolledUp, RowId};

use super::history::{asked, asked_beside, tagged};
use crate::call::Call;
use crate::problem::Problem;
use crate::respond::Answer;
use crate::views::history::{RollupAnalyticsAnswerOut, RollupTimeseriesOut};
use crate::views::rollup::{OverviewAnswerOut, OverviewParams, TopCreatorsOut, TopParams, overview_query, top_query};
use crate::window::WindowParams;

/// A creator day by day.
///
/// Sums over the accounts that are linked to the creator now, with all their history: an account that moves takes it along. A post counts once, in
/// however many of their feeds it stands, from the day on which the first of them showed it. Posts that were added by hand are no creator's unless a
/// feed shows them.
#[utoipa::path(
    get, path = "/v2/creators/{creator_id}/timeseries", operation_id = "creator_timeseries", tag = "history",
    params(("creator_id" = uuid::Uuid, Path, description = "The creator's id."), WindowParams),
    responses((status = 200, description = "One row for each day.", body = RollupTimeseriesOut))
)]
pub(crate) async fn creator_timeseries(call: Call) -> Answer {
    let id: CreatorId = call.id("creator_id")?;
    timeseries(&call, RolledUp::Creator(id)).await
}

/// Analytics of a creator.
///
/// A window, as many days before it, how the two compare, and the window day by day, over the accounts that are linked to the creator now. A post
/// counts once.
#[utoipa::path(
    get, path = "/v2/creators/{creator_id}/analytics", operation_id = "creator_analytics", tag = "history",
    params(("creator_id" = uuid::Uuid, Path, description = "The creator's id."), WindowParams),
    responses((status = 200, description = "The window beside the one before it.", body = RollupAnalyticsAnswerOut))
)]
pub(crate) async fn creator_analytics(call: Call) -> Answer {
    let id: CreatorId = call.id("creator_id")?;
    let asked = asked_beside(&call)?;
    let analytics = call.tenant()?.creator_analytics(id, asked.window).await?.ok_or_else(Problem::not_found)?;
    tagged(&call, (analytics, asked), |(it, asked)| {
        RollupAnalyticsAnswerOut::new("creator", RowId::Uuid(id.0), it, asked)
    })
}

/// Your organization day by day.
///
/// Sums over all accounts, and all posts in their feeds or added by hand, of those that are tracked now. A post counts once, from its first read on,
/// in however many feeds it stands and whether it was added by hand or not.
#[utoipa::path(
    get, path = "/v2/timeseries", operation_id = "organization_timeseries", tag = "history",
    params(WindowParams),
    responses((status = 200, description = "One row for each day.", body = RollupTimeseriesOut))
)]
pub(crate) async fn organization_timeseries(call: Call) -> Answer {
    timeseries(&call, RolledUp::Organization).await
}

/// Your organization at a glance.
///
/// A period that ends today, as many days before it, and how the two compare. `total_views` and the like are what was gained in the period, over all
/// posts, each once; `engagement_rate` is that of what was gained. Accounts and posts are those that are tracked now and were there by the end of the
/// period; pauses that are over are not known any more, so `active_accounts` takes each as it is now.
#[utoipa::path(
    get, path = "/v2/overview", operation_id = "overview", tag = "history",
    params(OverviewParams),
    responses((status = 200, description = "The period beside the one before it.", body = OverviewAnswerOut))
)]
pub(crate) async fn overview(call: Call) -> Answer {
    let asked = overview_query(&call)?;
    let overview = call.tenant()?.overview(asked.window).await?;
    tagged(&call, (overview, asked), |(overview, asked)| OverviewAnswerOut::new(&overview, asked))
}

/// The creators whose accounts gained most.
///
/// Of creators that gained the same, the first by name comes first; an engagement rate counts with all its places. Creators without a known gain of
/// what is ranked by are left out. Paused creators are among them, with what they gained. A post counts once for each creator.
#[utoipa::path(
    get, path = "/v2/creators/top", operation_id = "top_creators", tag = "history",
    params(TopParams),
    responses((status = 200, description = "The best, the first of them first.", body = TopCreatorsOut))
)]
pub(crate) async fn top_creators(call: Call) -> Answer {
    let top = top_query(&call)?;
    let found = call.tenant()?.top_creators(top.order, top.asked.window, top.limit).await?;
    tagged(&call, (found, top), |(found, top)| TopCreatorsOut::new(found, top))
}

async fn timeseries(call: &Call, of: RolledUp) -> Answer {
    let asked = asked(call)?;
    let days = call.tenant()?.rolled_up_timeseries(of, asked.window).await?.ok_or_else(Problem::not_found)?;
    tagged(call, (days, asked), |(days, asked)| RollupTimeseriesOut::new(days, asked))
}
