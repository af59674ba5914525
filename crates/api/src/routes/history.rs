//! Numbers over time of accounts, videos and account videos: windows, several at once, day by day, beside the window before, and the reads.

use domain::{AccountId, Analytics, FieldErrors, HistoryDay, MetricName, VideoId};
use serde::Serialize;
use store::{Deltas, Direction, RowId, Snapshot, SnapshotOrder, TrackedKind, WindowNumbers};

use crate::body::Fields;
use crate::call::Call;
use crate::listing::{Listing, listed};
use crate::problem::Problem;
use crate::respond::{Answer, JSON, Reply, fetched, json_bytes, tag_of};
use crate::views::history::{AnalyticsAnswerOut, RollupAnalyticsAnswerOut, RollupTimeseriesOut, TimeseriesOut};
use crate::views::history_in::{
    AccountDeltasIn, AccountMetricsIn, AccountVideoDeltasIn, AccountVideoMetricsIn, GivenId, VideoDeltasIn,
    VideoMetricsIn, account_video_ids, deltas_asked, uuid_ids, window_asked,
};
use crate::views::history_many::{AccountDeltasAnswerOut, DeltasAnswerOut, MetricsAnswerOut, RollupMetricsAnswerOut};
use crate::views::snapshot::{AccountSnapshotOut, SnapshotFiltersOut, SnapshotListParams, SnapshotOut};
use crate::window::{Asked, WindowParams};
use actix_web::http::StatusCode;

/// Metrics of many accounts.
///
/// What each account gained in a window, over its posts and in followers. It writes nothing, so it needs no `Idempotency-Key`.
#[utoipa::path(
    post, path = "/v2/accounts/metrics", operation_id = "account_metrics", tag = "history",
    request_body = AccountMetricsIn,
    responses((status = 200, description = "What each of them gained.", body = RollupMetricsAnswerOut))
)]
pub(crate) async fn account_metrics(call: Call) -> Answer {
    metrics(call, TrackedKind::Account, RollupMetricsAnswerOut::new).await
}

/// Metrics of many videos.
///
/// What each video gained in a window. It writes nothing, so it needs no `Idempotency-Key`.
#[utoipa::path(
    post, path = "/v2/videos/metrics", operation_id = "video_metrics", tag = "history",
    request_body = VideoMetricsIn,
    responses((status = 200, description = "What each of them gained.", body = MetricsAnswerOut))
)]
pub(crate) async fn video_metrics(call: Call) -> Answer {
    metrics(call, TrackedKind::Video, MetricsAnswerOut::new).await
}

/// Metrics of many account videos.
///
/// What each account video gained in a window. It writes nothing, so it needs no `Idempotency-Key`.
#[utoipa::path(
    post, path = "/v2/account-videos/metrics", operation_id = "account_video_metrics", tag = "history",
    request_body = AccountVideoMetricsIn,
    responses((status = 200, description = "What each of them gained.", body = MetricsAnswerOut))
)]
pub(crate) async fn account_video_metrics(call: Call) -> Answer {
    metrics(call, TrackedKind::AccountVideo, MetricsAnswerOut::new).await
}

/// One metric of many accounts over several windows.
///
/// Each window ends today (UTC), today included. It is null unless the metric was known by the end of the day before the window, and a gain within is
/// known. A rate is that of what was gained. It writes nothing, so it needs no `Idempotency-Key`.
#[utoipa::path(
    post, path = "/v2/accounts/deltas", operation_id = "account_deltas", tag = "history",
    request_body = AccountDeltasIn,
    responses((status = 200, description = "What each of them gained in each window.", body = AccountDeltasAnswerOut))
)]
pub(crate) async fn account_deltas(call: Call) -> Answer {
    deltas(call, TrackedKind::Account, AccountDeltasAnswerOut::new).await
}

/// One metric of many videos over several windows.
///
/// Each window ends today (UTC), today included. It is null unless the metric was known by the end of the day before the window, or the video was first
/// read on the day on which it was published, and had the metric then; and a gain within is known. A rate is that of what was gained. It writes
/// nothing, so it needs no `Idempotency-Key`.
#[utoipa::path(
    post, path = "/v2/videos/deltas", operation_id = "video_deltas", tag = "history",
    request_body = VideoDeltasIn,
    responses((status = 200, description = "What each of them gained in each window.", body = DeltasAnswerOut))
)]
pub(crate) async fn video_deltas(call: Call) -> Answer {
    deltas(call, TrackedKind::Video, DeltasAnswerOut::new).await
}

/// One metric of many account videos over several windows.
///
/// The same as of videos.
#[utoipa::path(
    post, path = "/v2/account-videos/deltas", operation_id = "account_video_deltas", tag = "history",
    request_body = AccountVideoDeltasIn,
    responses((status = 200, description = "What each of them gained in each window.", body = DeltasAnswerOut))
)]
pub(crate) async fn account_video_deltas(call: Call) -> Answer {
    deltas(call, TrackedKind::AccountVideo, DeltasAnswerOut::new).await
}

/// An account day by day.
///
/// Numbers of posts are sums over the posts that were collected here. A post that shows for the first time adds to the values of its day, and to the
/// gains what it gained from then on.
#[utoipa::path(
    get, path = "/v2/accounts/{account_id}/timeseries", operation_id = "account_timeseries", tag = "history",
    params(("account_id" = uuid::Uuid, Path, description = "The account's id."), WindowParams),
    responses((status = 200, description = "One row for each day.", body = RollupTimeseriesOut))
)]
pub(crate) async fn account_timeseries(call: Call) -> Answer {
    let id: AccountId = call.id("account_id")?;
    timeseries(&call, TrackedKind::Account, RowId::Uuid(id.0), RollupTimeseriesOut::new).await
}

/// A video day by day.
#[utoipa::path(
    get, path = "/v2/videos/{video_id}/timeseries", operation_id = "video_timeseries", tag = "history",
    params(("video_id" = uuid::Uuid, Path, description = "The video's id."), WindowParams),
    responses((status = 200, description = "One row for each day.", body = TimeseriesOut))
)]
pub(crate) async fn video_timeseries(call: Call) -> Answer {
    let id: VideoId = call.id("video_id")?;
    timeseries(&call, TrackedKind::Video, RowId::Uuid(id.0), TimeseriesOut::new).await
}

/// An account video day by day.
#[utoipa::path(
    get, path = "/v2/account-videos/{account_video_id}/timeseries", operation_id = "account_video_timeseries", tag = "history",
    params(("account_video_id" = i64, Path, description = "The account video's id.", minimum = 1), WindowParams),
    responses((status = 200, description = "One row for each day.", body = TimeseriesOut))
)]
pub(crate) async fn account_video_timeseries(call: Call) -> Answer {
    let id = call.account_video_id("account_video_id")?;
    timeseries(&call, TrackedKind::AccountVideo, RowId::Integer(id.0), TimeseriesOut::new).await
}

/// Analytics of an account.
///
/// A window, as many days before it, how the two compare, and the window day by day.
#[utoipa::path(
    get, path = "/v2/accounts/{account_id}/analytics", operation_id = "account_analytics", tag = "history",
    params(("account_id" = uuid::Uuid, Path, description = "The account's id."), WindowParams),
    responses((status = 200, description = "The window beside the one before it.", body = RollupAnalyticsAnswerOut))
)]
pub(crate) async fn account_analytics(call: Call) -> Answer {
    let id: AccountId = call.id("account_id")?;
    analytics(&call, TrackedKind::Account, RowId::Uuid(id.0), RollupAnalyticsAnswerOut::new).await
}

/// Analytics of a video.
///
/// A window, as many days before it, how the two compare, and the window day by day.
#[utoipa::path(
    get, path = "/v2/videos/{video_id}/analytics", operation_id = "video_analytics", tag = "history",
    params(("video_id" = uuid::Uuid, Path, description = "The video's id."), WindowParams),
    responses((status = 200, description = "The window beside the one before it.", body = AnalyticsAnswerOut))
)]
pub(crate) async fn video_analytics(call: Call) -> Answer {
    let id: VideoId = call.id("video_id")?;
    analytics(&call, TrackedKind::Video, RowId::Uuid(id.0), AnalyticsAnswerOut::new).await
}

/// Analytics of an account video.
///
/// A window, as many days before it, how the two compare, and the window day by day.
#[utoipa::path(
    get, path = "/v2/account-videos/{account_video_id}/analytics", operation_id = "account_video_analytics", tag = "history",
    params(("account_video_id" = i64, Path, description = "The account video's id.", minimum = 1), WindowParams),
    responses((status = 200, description = "The window beside the one before it.", body = AnalyticsAnswerOut))
)]
pub(crate) async fn account_video_analytics(call: Call) -> Answer {
    let id = call.account_video_id("account_video_id")?;
    analytics(&call, TrackedKind::AccountVideo, RowId::Integer(id.0), AnalyticsAnswerOut::new).await
}

/// List the reads of an account.
///
/// What each read of its page said, newest first, since you track it and while you collected it. Of reads of one day that say the same, the first
/// and the last are kept; the oldest go after a while, and the days that were made of them stay.
#[utoipa::path(
    get, path = "/v2/accounts/{account_id}/snapshots", operation_id = "list_account_snapshots", tag = "history",
    params(("account_id" = uuid::Uuid, Path, description = "The account's id."), SnapshotListParams),
    responses((status = 200, description = "A page.", body = Listing<AccountSnapshotOut, SnapshotFiltersOut>))
)]
pub(crate) async fn account_snapshots(call: Call) -> Answer {
    let id: AccountId = call.id("account_id")?;
    snapshots::<AccountSnapshotOut>(&call, TrackedKind::Account, RowId::Uuid(id.0)).await
}

/// List the reads of a video.
///
/// What each read said of it, on its own page or in a list, newest first, since you track it and while you collected it. Of reads of one day that say
/// the same, the first and the last are kept; the oldest go after a while, and the days that were made of them stay.
#[utoipa::path(
    get, path = "/v2/videos/{video_id}/snapshots", operation_id = "list_video_snapshots", tag = "history",
    params(("video_id" = uuid::Uuid, Path, description = "The video's id."), SnapshotListParams),
    responses((status = 200, description = "A page.", body = Listing<SnapshotOut, SnapshotFiltersOut>))
)]
pub(crate) async fn video_snapshots(call: Call) -> Answer {
    let id: VideoId = call.id("video_id")?;
    snapshots::<SnapshotOut>(&call, TrackedKind::Video, RowId::Uuid(id.0)).await
}

/// List the reads of an account video.
///
/// The same as of a video.
#[utoipa::path(
    get, path = "/v2/account-videos/{account_video_id}/snapshots", operation_id = "list_account_video_snapshots", tag = "history",
    params(("account_video_id" = i64, Path, description = "The account video's id.", minimum = 1), SnapshotListParams),
    responses((status = 200, description = "A page.", body = Listing<SnapshotOut, SnapshotFiltersOut>))
)]
pub(crate) async fn account_video_snapshots(call: Call) -> Answer {
    let id = call.account_video_id("account_video_id")?;
    snapshots::<SnapshotOut>(&call, TrackedKind::AccountVideo, RowId::Integer(id.0)).await
}

fn ids_of(given: &[GivenId]) -> Vec<RowId> {
    let mut ids: Vec<RowId> = Vec::with_capacity(given.len());
    for it in given {
        if !ids.contains(&it.id) {
            ids.push(it.id);
        }
    }
    ids
}

/// Reads which records a body names.
fn given(fields: &mut Fields, kind: TrackedKind) -> Vec<GivenId> {
    match kind {
        TrackedKind::Account => uuid_ids(fields, "account_ids"),
        TrackedKind::Video => uuid_ids(fields, "video_ids"),
        TrackedKind::AccountVideo => account_video_ids(fields),
    }
}

async fn metrics<T: Serialize>(
    mut call: Call,
    kind: TrackedKind,
    shown: impl FnOnce(Vec<GivenId>, Vec<WindowNumbers>, Asked) -> T,
) -> Answer {
    let mut fields = call.question().await?;
    let given = given(&mut fields, kind);
    let asked = window_asked(fields, call.calendar())?;
    let numbers = call.tenant()?.window_numbers(kind, &ids_of(&given), asked.window).await?;
    answered(&shown(given, numbers, asked))
}

async fn deltas<T: Serialize>(
    mut call: Call,
    kind: TrackedKind,
    shown: impl FnOnce(Vec<GivenId>, Vec<Deltas>, Vec<i32>) -> T,
) -> Answer {
    let mut fields = call.question().await?;
    let given = given(&mut fields, kind);
    let known = match kind {
        TrackedKind::Account => MetricName::OF_ACCOUNTS,
        TrackedKind::Video | TrackedKind::AccountVideo => MetricName::OF_POSTS,
    };
    let (windows, metric) = deltas_asked(fields, known)?;
    let deltas = call.tenant()?.deltas(kind, &ids_of(&given), metric, &windows, call.today()).await?;
    answered(&shown(given, deltas, windows))
}

/// The window that a query asks for.
pub(crate) fn asked(call: &Call) -> Result<Asked, Problem> {
    let mut query = call.query();
    let asked = Asked::read(&mut query, call.calendar());
    query.finish()?;
    Ok(asked)
}

/// Likewise, beside the window before it.
pub(crate) fn asked_beside(call: &Call) -> Result<Asked, Problem> {
    let asked = asked(call)?;
    call.calendar().check_kept(asked.window.before()).map_err(|_| {
        let days = asked.window.days();
        FieldErrors::of("start_date", format!("must be later: the {days} days before it are no longer kept"))
    })?;
    Ok(asked)
}

async fn timeseries<T: Serialize>(
    call: &Call,
    kind: TrackedKind,
    id: RowId,
    shown: impl FnOnce(Vec<HistoryDay>, Asked) -> T,
) -> Answer {
    let asked = asked(call)?;
    let days = call.tenant()?.timeseries(kind, id, asked.window).await?.ok_or_else(Problem::not_found)?;
    tagged(call, (days, asked), |(days, asked)| shown(days, asked))
}

async fn analytics<T: Serialize>(
    call: &Call,
    kind: TrackedKind,
    id: RowId,
    shown: impl FnOnce(&'static str, RowId, Analytics, Asked) -> T,
) -> Answer {
    let asked = asked_beside(call)?;
    let analytics = call.tenant()?.analytics(kind, id, asked.window).await?.ok_or_else(Problem::not_found)?;
    let name = match kind {
        TrackedKind::Account => "account",
        TrackedKind::Video => "video",
        TrackedKind::AccountVideo => "account_video",
    };
    tagged(call, (analytics, asked), |(analytics, asked)| shown(name, id, analytics, asked))
}

async fn snapshots<T: From<Snapshot> + Serialize>(call: &Call, kind: TrackedKind, id: RowId) -> Answer {
    let in_force = SnapshotFiltersOut::NEWEST_FIRST;
    let (request, scope) = call.query().page(call, SnapshotOrder::Time, Direction::Desc, &(&in_force, row_text(id)))?;
    let page = call.tenant()?.snapshots(kind, id, &request).await?.ok_or_else(Problem::not_found)?;
    listed::<_, T, _, _>(call, page, &request, &scope, in_force)
}

fn row_text(id: RowId) -> String {
    match id {
        RowId::Uuid(id) => id.to_string(),
        RowId::Integer(id) => id.to_string(),
    }
}

/// Answers a question that was sent as a POST.
fn answered(document: &impl Serialize) -> Answer {
    Ok(Reply::json(StatusCode::OK, document)?.into_response())
}

/// Answers a GET with what `shown` makes of the facts.
pub(crate) fn tagged<F: std::hash::Hash, T: Serialize>(call: &Call, facts: F, shown: impl FnOnce(F) -> T) -> Answer {
    fetched(call.headers(), &tag_of(&facts), JSON, || json_bytes(&shown(facts)))
}
