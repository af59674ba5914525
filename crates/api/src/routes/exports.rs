//! Exports: `/v2/exports`, and the files that they come to.

use actix_web::HttpResponse;
use actix_web::body::SizedStream;
use actix_web::http::header::{self, HeaderValue};
use actix_web::http::{Method, StatusCode};
use domain::{Day, ExportId};
use files::{FilesError, Folder};
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use store::{Export, ExportFile, Page, TenantTx};

use crate::call::Call;
use crate::file_links::{SignedLink, Signer};
use crate::idempotent;
use crate::listing::{Listing, listed};
use crate::negotiate::{Tags, refuses_identity};
use crate::problem::{Code, Problem};
use crate::query::PageParams;
use crate::range::Wanted;
use crate::respond::{Answer, Envelope, Reply};
use crate::views::export::{ExportOut, ExportView};
use crate::views::export_in::{
    ExportIn, ExportListFiltersOut, ExportListParams, LinkParams, RangeParams, export_list, new_export,
};
use crate::views::report_in::is_own;

/// What signs the links that the call shows.
async fn signer(call: &Call) -> Result<Signer<'_>, Problem> {
    let shared = call.shared();
    shared.file_links.signer(&shared.store, call.now()).await
}

/// The export with a link to its file, when that is there.
fn view(call: &Call, signer: &Signer<'_>, export: Export) -> ExportView {
    let mut link = None;
    if let (Some(_), Some(gone_at)) = (&export.file, export.expires_at) {
        let SignedLink { path, expires_at } = signer.sign(export.id, gone_at, call.now());
        link = Some((format!("{}{path}", call.base_url()), expires_at));
    }
    ExportView { export, link }
}

/// List exports.
///
/// Newest first. One that failed, or whose file is no longer kept, is listed for 30 days more.
#[utoipa::path(
    get, path = "/v2/exports", operation_id = "list_exports", tag = "exports",
    params(ExportListParams, PageParams),
    responses((status = 200, description = "A page.", body = Listing<ExportOut, ExportListFiltersOut>))
)]
pub(crate) async fn list(call: Call) -> Answer {
    let mut query = call.query();
    let (filter, sort, in_force) = export_list(&mut query);
    let (request, scope) = query.page(&call, sort.order, sort.direction, &in_force)?;
    let Page { rows, next, total } = call.tenant()?.exports(&filter, &request, call.now()).await?;
    let signer = signer(&call).await?;
    let page = Page { rows: rows.into_iter().map(|export| view(&call, &signer, export)).collect(), next, total };
    listed::<_, ExportOut, _, _>(&call, page, &request, &scope, in_force)
}

/// Export rows to a file.
///
/// The file is written after the answer: read the export until its `status` is `succeeded`, then download the file from `download_url`. Whatever
/// interrupts the writing, the file has each row once.
///
/// `accounts` has a row for each account, in the order in which they were added, and says of it what `/v2/accounts` says. `timeseries` has a row for
/// each account and day of the window, read or not: an account's days one after another. `posts` has a row for each post and `members` one for each
/// creator, and they say what `/v2/posts` and `/v2/members` say under the same filters, with `metrics=range` too. Which filters go with which is said at
/// each; an id that is none of yours finds nothing, and the file has no rows. Columns keep their names, order and types; new ones come at the end.
///
/// A column is named as the member of the record that it holds; what stands in an object has the object's name before it (`account_username`,
/// `coverage_days`), but for `metrics`, whose members are named by themselves (`views`, `tmv`). Lists, and objects whose members differ, are one column of
/// JSON (`metric_status`, `by_platform`). What a report says once in its `meta` is in every row (`metrics`, `start_date`, `end_date`, `rate_card_id`, …); the
/// prices are the export's `rate_card`.
///
/// - `csv`: RFC 4180, UTF-8, a line of names first, nulls empty, times in RFC 3339. A text that a spreadsheet would run as a formula (it begins with
///   `=`, `+`, `-`, `@`, a tab or a carriage return) has a `'` before it.
/// - `ndjson`: a JSON object on each line, with every column.
/// - `parquet`: typed, compressed with Snappy. Texts are strings, counts 64-bit integers, times milliseconds in UTC, dates dates; any may be null.
///
/// Rows are read a page at a time, so the file is no snapshot of one moment: a row shows how things stood when it was read, some time between `started_at` and
/// `finished_at`. What is added or deleted meanwhile may be there or not. Two things go by `created_at`, the moment of asking, however long the file takes: the days of
/// a window, and in `accounts` what is fresh, so `freshness_state` is of that moment.
///
/// An organization may have 100 exports; one more is a 403 with `QUOTA_EXCEEDED`. Of these 5 may be under way. A sixth is a 409 with `Retry-After`; that
/// passes by itself, so it is not remembered for the idempotency key. An export waits while its organization is not active.
#[utoipa::path(
    post, path = "/v2/exports", operation_id = "create_export", tag = "exports",
    request_body(content = ExportIn, example = json!({
        "dataset": "posts", "format": "csv",
        "filters": {"platform": "instagram", "period": "30d", "date_basis": "metric", "metrics": "range"},
    })),
    responses((status = 202, description = "It will be written.", body = Envelope<ExportOut>))
)]
pub(crate) async fn create(mut call: Call) -> Answer {
    let post = call.post().await?;
    let read = |fields| {
        let (new, client) = new_export(fields, call.calendar(), &call.shared().rate_cards)?;
        is_own(&call, client)?;
        Ok(new)
    };
    let input = post.fields().and_then(read);
    let signer = signer(&call).await?;
    // What the filters name and is not yours is not there: a filter that finds nothing makes a file of no rows.
    idempotent::post(&call, post.key, &post.body, input, async |tx, new| {
        let id = tx.create_export(&new).await?;
        let made = current(&call, &signer, tx, id).await?;
        let location = Some(format!("/v2/exports/{id}"));
        Ok(Reply { status: StatusCode::ACCEPTED, location, ..Reply::ok::<ExportOut>(made)? })
    })
    .await
}

async fn current(call: &Call, signer: &Signer<'_>, tx: &TenantTx, id: ExportId) -> Result<ExportView, Problem> {
    Ok(view(call, signer, tx.export(id).await?.ok_or_else(Problem::not_found)?))
}

/// Read an export.
///
/// How far it has come and, once it is written, where its file can be downloaded.
#[utoipa::path(
    get, path = "/v2/exports/{export_id}", operation_id = "read_export", tag = "exports",
    params(("export_id" = uuid::Uuid, Path, description = "The export's id.")),
    responses((status = 200, description = "The export.", body = Envelope<ExportOut>))
)]
pub(crate) async fn read(call: Call) -> Answer {
    let id: ExportId = call.id("export_id")?;
    call.no_query()?;
    let export = call.tenant()?.export(id, call.now()).await?.ok_or_else(Problem::not_found)?;
    call.show::<ExportOut>(view(&call, &signer(&call).await?, export))
}

/// Delete an export.
///
/// Its file is removed, and its links lead nowhere at once. One that is under way is not written on.
#[utoipa::path(
    delete, path = "/v2/exports/{export_id}", operation_id = "delete_export", tag = "exports",
    params(("export_id" = uuid::Uuid, Path, description = "The export's id.")),
    responses((status = 204, description = "It is deleted."))
)]
pub(crate) async fn delete(call: Call) -> Answer {
    let id: ExportId = call.id("export_id")?;
    let precondition = call.delete()?;
    let signer = signer(&call).await?;
    idempotent::write(&call, (), async |tx, ()| {
        if precondition.is_set() {
            precondition.check(&current(&call, &signer, tx, id).await?)?;
        }
        tx.delete_export(id).await?;
        Ok(Reply::no_content())
    })
    .await
}

/// Download an export's file.
///
/// By the export's `download_url`, which holds all that is needed: no key is looked at. `HEAD` answers with the headers alone. The file is sent as it is, in no
/// coding, whatever `Accept` says. One range of bytes is answered with that part (206); several with the whole file, and so is a range under an `If-Range`
/// that is not the file's tag. A link that was changed, or whose time is over, is a 403; the file of an export that was deleted is not found.
#[utoipa::path(
    get, path = "/v2/exports/{export_id}/download", operation_id = "download_export", tag = "exports",
    params(
        ("export_id" = uuid::Uuid, Path, description = "The export's id."),
        LinkParams,
        RangeParams,
    ),
    responses(
        (
            status = 200, description = "The whole file.",
            content(
                (String = "text/csv", example = json!("id,platform\r\n7,tiktok\r\n")),
                (String = "application/x-ndjson", example = json!("{\"id\":7,\"platform\":\"tiktok\"}\n")),
                (String = "application/vnd.apache.parquet", example = json!("PAR1")),
            ),
            headers(
                ("Accept-Ranges" = String, description = "`bytes`."),
                ("Content-Disposition" = String, description = "A name for the file."),
            ),
        ),
        (
            status = 206, description = "A part of it.",
            content(
                (String = "text/csv", example = json!("7,tiktok\r\n")),
                (String = "application/x-ndjson", example = json!("{\"id\":7,")),
                (String = "application/vnd.apache.parquet", example = json!("PAR1")),
            ),
            headers(
                ("Accept-Ranges" = String, description = "`bytes`."),
                ("Content-Disposition" = String, description = "A name for the file."),
                ("Content-Range" = String, description = "Which bytes of how many."),
            ),
        ),
    )
)]
pub(crate) async fn download(call: Call) -> Answer {
    let id: ExportId = call.id("export_id")?;
    let mut query = call.query();
    let expires = query.text("expires").and_then(|text| text.parse().ok());
    let signature = query.text("signature");
    query.finish()?;
    signer(&call).await?.check(id, expires, signature.as_deref(), call.now())?;
    let found = call.shared().store.linked_export(id, call.now()).await?;
    let (organization, export) = found.ok_or_else(Problem::not_found)?;
    let file = export.file.clone().ok_or_else(Problem::not_found)?;
    if refuses_identity(call.headers()) {
        return Err(Problem::new(Code::NotAcceptable, "Files are sent as they are, in no coding."));
    }
    send(&call, &export, Folder { organization, export: id }, &file).await
}

async fn send(call: &Call, export: &Export, folder: Folder, file: &ExportFile) -> Answer {
    let length = u64::try_from(file.bytes).unwrap_or_default();
    let tag = format!("\"{}\"", file.sha256.get(..32).unwrap_or(&file.sha256));
    let condition = Tags::read(call.headers(), &header::IF_NONE_MATCH).ok().flatten();
    let mut response = HttpResponse::build(StatusCode::OK);
    response
        .insert_header((header::ETAG, tag.as_str()))
        .insert_header((header::ACCEPT_RANGES, HeaderValue::from_static("bytes")))
        .insert_header((header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache")));
    if condition.is_some_and(|tags| tags.name_weakly(&tag).is_some()) {
        return Ok(response.status(StatusCode::NOT_MODIFIED).finish());
    }
    let is_head = call.http().method() == Method::HEAD;
    let wanted = if is_head { Wanted::Whole } else { Wanted::read(call.headers(), &tag, length) };
    let range = match wanted {
        Wanted::Whole => 0..length,
        Wanted::Part(range) => {
            let shown = format!("bytes {}-{}/{length}", range.start, range.end.saturating_sub(1));
            response.status(StatusCode::PARTIAL_CONTENT).insert_header((header::CONTENT_RANGE, shown));
            range
        }
        Wanted::Nothing => {
            let problem = Problem::new(Code::RangeNotSatisfiable, format!("The file has {length} bytes."));
            let mut answer = problem.answer(call.http().path(), call.exchange().request_id.as_str());
            call.exchange().code.set(Some(problem.code()));
            if let Ok(shown) = HeaderValue::try_from(format!("bytes */{length}")) {
                answer.headers_mut().insert(header::CONTENT_RANGE, shown);
            }
            return Ok(answer);
        }
    };
    let bytes: BoxStream<'static, _> = if is_head {
        futures_util::stream::empty().boxed()
    } else {
        call.shared().files.read(folder, &file.name, range.clone()).await.map_err(|error| unreadable(&error))?
    };
    response
        .insert_header((header::CONTENT_TYPE, export.format.media_type()))
        .insert_header((header::CONTENT_DISPOSITION, format!("attachment; filename=\"{}\"", name(export))))
        // Other bytes would have other ranges, so it is never compressed.
        .insert_header((header::CONTENT_ENCODING, HeaderValue::from_static("identity")));
    Ok(response.body(SizedStream::new(range.end - range.start, bytes)))
}

/// What the file is called at the client's.
fn name(export: &Export) -> String {
    let Export { dataset, format, created_at, .. } = export;
    let day = Day::of(*created_at);
    format!("{}-{day}.{}", dataset.as_str(), format.as_str())
}

/// Why a file that should be there cannot be sent.
fn unreadable(error: &FilesError) -> Problem {
    if error.is_missing() {
        // Deleted at this very moment.
        return Problem::not_found();
    }
    tracing::warn!(error = error as &dyn std::error::Error, "a file cannot be read");
    Problem::new(Code::ServiceUnavailable, "The file cannot be read at the moment.").retry(RETRY_SECONDS)
}

/// Seconds after which a client may try again to get a file.
const RETRY_SECONDS: u64 = 5;
