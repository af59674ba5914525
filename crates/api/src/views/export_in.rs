//! What clients send about exports, and the list of them that they ask for.

use domain::{AccountId, CreatorId, ExportDataset, ExportFilters, OrganizationId, RateCard};
use serde::Serialize;
use serde_json::{Map, Value};
use store::{Direction, ExportFilter, ExportOrder, NewExport};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::body::{self, Fields, boolean, text};
use crate::parameters::{choice, id};
use crate::problem::Problem;
use crate::query::{Order, Query, Sort};
use crate::views::report_in::reported;
use crate::views::vocabulary::{
    DateBasisName, ExportDatasetName, ExportFormatName, MediaTypeName, PeriodName, PlatformName, PostSourceName,
    PostStatusName, ReportMetricsName,
};
use crate::window::{Asked, Calendar, report_dates};

/// An export to be written.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ExportCreate)]
#[expect(dead_code, reason = "the published form of what new_export reads")]
pub(crate) struct ExportIn {
    /// What it is of.
    dataset: ExportDatasetName,
    /// The form of its file.
    format: ExportFormatName,
    /// Which rows it has.
    #[schema(required = false, value_type = ExportFiltersIn)]
    filters: Option<ExportFiltersIn>,
}

/// Which rows an export has; all filters combine.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ExportFiltersCreate)]
#[expect(dead_code, reason = "the published form of what filters_of reads")]
pub(crate) struct ExportFiltersIn {
    /// On this platform.
    #[schema(required = false, value_type = PlatformName)]
    platform: Option<PlatformName>,
    /// Collected or paused (`accounts`, `timeseries`).
    #[schema(required = false, value_type = bool)]
    is_active: Option<bool>,
    /// In this category (`accounts`, `timeseries`).
    #[schema(min_length = 1, max_length = 255, required = false, value_type = String)]
    category: Option<String>,
    /// Linked to this creator; for `posts` and `members` as in `/v2/posts` and `/v2/members`.
    #[schema(required = false, value_type = Uuid)]
    creator_id: Option<Uuid>,
    /// This account alone (`timeseries`), or its posts (`posts`, `members`).
    #[schema(required = false, value_type = Uuid)]
    account_id: Option<Uuid>,
    /// Posts made of this (`posts`, `members`).
    #[schema(required = false, value_type = MediaTypeName)]
    media_type: Option<MediaTypeName>,
    /// Posts that came to be tracked like this (`posts`, `members`).
    #[schema(required = false, value_type = PostSourceName)]
    source: Option<PostSourceName>,
    /// Posts standing there (`posts`, `members`).
    #[schema(required = false, value_type = PostStatusName)]
    status: Option<PostStatusName>,
    /// Posts belonging to this project (`posts`, `members`).
    #[schema(required = false, value_type = Uuid)]
    project_id: Option<Uuid>,
    /// Posts belonging to this group (`posts`, `members`).
    #[schema(required = false, value_type = Uuid)]
    group_id: Option<Uuid>,
    /// Your own organization's id; any other is not found (`posts`, `members`).
    #[schema(required = false, value_type = Uuid)]
    client_id: Option<Uuid>,
    /// Which posts the window chooses: those that were `published` within it, or those that were read within it (`metric`). Default `published`
    /// (`posts`, `members`).
    #[schema(required = false, value_type = DateBasisName)]
    date_basis: Option<DateBasisName>,
    /// Which numbers: those that are known now (`lifetime`), or what was gained within the window (`range`, which wants one). Default `lifetime`
    /// (`posts`, `members`).
    #[schema(required = false, value_type = ReportMetricsName)]
    metrics: Option<ReportMetricsName>,
    /// By which card the media value is estimated (`posts`, `members`). Without it the service's own is taken.
    #[schema(required = false, max_length = 64, value_type = String)]
    rate_card: Option<String>,
    /// Prices of your own for some of the card's, as in `/v2/posts` (`posts`, `members`).
    #[schema(required = false, max_length = 1000, value_type = String)]
    rates: Option<String>,
    /// Days that end today (UTC), today included, or `custom`: the window of `timeseries` (default `30d`), or of a report (by default none).
    #[schema(required = false, value_type = PeriodName)]
    period: Option<PeriodName>,
    /// The first day, with `custom` alone. There may be at most 366 days.
    #[schema(required = false, value_type = String, format = Date)]
    start_date: Option<String>,
    /// The last day, itself included, with `custom` alone. Not after today (UTC).
    #[schema(required = false, value_type = String, format = Date)]
    end_date: Option<String>,
}

/// Reads the body of a POST, and whose posts it asks for, if it says so. `cards` begins with the service's own.
pub(crate) fn new_export(
    mut fields: Fields,
    calendar: Calendar,
    cards: &[RateCard],
) -> Result<(NewExport, Option<OrganizationId>), Problem> {
    let (dataset, format) = (fields.required("dataset", body::choice), fields.required("format", body::choice));
    let object = |value: &Value| value.as_object().cloned().ok_or_else(|| "must be an object".to_owned());
    let filters: Map<_, _> = fields.optional("filters", object).unwrap_or_default();
    let Some(dataset) = dataset else {
        // Which filters there may be depends on it.
        fields.finish()?;
        return Err(Problem::internal("a required field was neither read nor refused"));
    };
    let mut part = Fields::part(Value::Object(filters), "filters".to_owned())?;
    let mut client = None;
    let filters = match dataset {
        ExportDataset::Accounts => of_accounts(&mut part),
        ExportDataset::Timeseries => {
            let Asked { period: _, window } = Asked::read(&mut part, calendar);
            let account_id = id(&mut part, "account_id", AccountId);
            let (start_date, end_date) = (Some(window.first()), Some(window.last()));
            ExportFilters { account_id, start_date, end_date, ..of_accounts(&mut part) }
        }
        ExportDataset::Posts | ExportDataset::Members => {
            let filters;
            (filters, client) = of_report(&mut part, calendar, cards);
            filters
        }
    };
    if let Err(errors) = part.finish() {
        fields.refuse_all(errors);
    }
    fields.finish()?;
    let format = format.ok_or_else(|| Problem::internal("a required field was neither read nor refused"))?;
    Ok((NewExport { dataset, format, filters }, client))
}

/// What a report reads, and a period for its dates.
fn of_report(part: &mut Fields, calendar: Calendar, cards: &[RateCard]) -> (ExportFilters, Option<OrganizationId>) {
    // Whether the days must be kept follows from what is asked of them.
    let any = Calendar { kept_from: None, ..calendar };
    let dates = if part.has("period") { Some(Asked::read(part, any).window) } else { report_dates(part, any.today) };
    reported(part, dates, calendar, cards)
}

fn of_accounts(part: &mut Fields) -> ExportFilters {
    ExportFilters {
        platform: choice(part, "platform"),
        creator_id: id(part, "creator_id", CreatorId),
        is_active: part.optional("is_active", boolean),
        category: part.optional("category", text(255)),
        ..ExportFilters::default()
    }
}

const ORDERS: &[Order<ExportOrder>] =
    &[Order { name: "created_at", value: ExportOrder::CreatedAt, direction: Direction::Desc }];

#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "published names")]
enum ExportOrderName {
    CreatedAt,
}

/// Which exports, in which order.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "the published form of what export_list reads")]
pub(crate) struct ExportListParams {
    /// Of this.
    #[param(inline)]
    dataset: Option<ExportDatasetName>,
    /// The column to sort by.
    #[param(inline)]
    order_by: Option<ExportOrderName>,
}

/// The filters and sort in force in a list of exports.
#[derive(Serialize, ToSchema)]
#[schema(as = ExportListFilters)]
pub(crate) struct ExportListFiltersOut {
    #[schema(value_type = Option<ExportDatasetName>)]
    dataset: Option<ExportDataset>,
    order_by: &'static str,
    order_direction: &'static str,
}

/// Reads which exports are asked for; the page is left in `query`.
pub(crate) fn export_list(query: &mut Query) -> (ExportFilter, Sort<ExportOrder>, ExportListFiltersOut) {
    let filter = ExportFilter { dataset: query.choice("dataset") };
    let sort = query.sort(ORDERS);
    let ExportFilter { dataset } = filter;
    let in_force = ExportListFiltersOut { dataset, order_by: sort.name, order_direction: sort.direction_name() };
    (filter, sort, in_force)
}

/// What a signed link is made of.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "the published form of what download reads")]
pub(crate) struct LinkParams {
    /// When the link ends, in seconds since 1970.
    #[param(minimum = 0, maximum = 253_402_300_799_i64)]
    expires: i64,
    /// The signature of the path and the end.
    #[param(pattern = "^[0-9a-f]{64}$")]
    signature: String,
}

/// Which part of a file.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "the published form of what Wanted reads")]
pub(crate) struct RangeParams {
    /// Which bytes: one range, such as `bytes=0-1023`.
    #[param(rename = "Range", nullable = false, example = "bytes=0-1023")]
    range: Option<String>,
    /// The entity tag of the file that the range is of.
    #[param(rename = "If-Range", nullable = false)]
    if_range: Option<String>,
}

#[cfg(test)]
mod tests {
    use domain::{DateBasis, ReportedMetrics};
    use serde_json::json;

    use super::*;

    fn read(body: &Value) -> Result<NewExport, Vec<String>> {
        let fields = Fields::parse(body.to_string().as_bytes()).ok().unwrap();
        let mut card = RateCard::without_prices();
        "own".clone_into(&mut card.id);
        let cards = [card];
        let calendar = Calendar { today: domain::Day::parse("2024-03-01").unwrap(), kept_from: None };
        new_export(fields, calendar, &cards).map(|(new, _)| new).map_err(|problem| {
            let document: Value = serde_json::from_slice(&problem.document("/v2/exports", "r-1")).unwrap();
            let errors = document["errors"].as_array().unwrap();
            errors.iter().map(|error| error["field"].as_str().unwrap().to_owned()).collect()
        })
    }

    #[test]
    fn what_is_left_open_is_settled_at_once() {
        let series = read(&json!({"dataset": "timeseries", "format": "parquet"})).unwrap();
        assert_eq!(series.filters.start_date.unwrap().to_string(), "2024-02-01");
        assert_eq!(series.filters.end_date.unwrap().to_string(), "2024-03-01");
        let accounts = read(&json!({"dataset": "accounts", "format": "csv", "filters": {}})).unwrap();
        assert_eq!(accounts.filters, ExportFilters::default());
        let posts = read(&json!({"dataset": "posts", "format": "csv"})).unwrap();
        assert_eq!((posts.filters.start_date, posts.filters.end_date), (None, None), "published whenever");
        let report = posts.filters.report.unwrap();
        assert_eq!((report.date_basis, report.metrics), (DateBasis::Published, ReportedMetrics::Lifetime));
        assert_eq!((report.card.id.as_str(), report.rate_card, report.rates), ("own", None, None));
        let posts = read(&json!({"dataset": "posts", "format": "csv", "filters": {"period": "7d"}})).unwrap();
        assert_eq!(posts.filters.start_date.unwrap().to_string(), "2024-02-24");
    }

    #[test]
    fn a_report_is_asked_for_as_a_page_of_it_is() {
        let filters = json!({"metrics": "range", "date_basis": "metric", "start_date": "2024-02-01", "end_date": "2024-02-29",
            "rate_card": "own", "rates": "tiktok.like:0.5"});
        let members = read(&json!({"dataset": "members", "format": "csv", "filters": filters})).unwrap();
        let report = members.filters.report.unwrap();
        assert_eq!((report.date_basis, report.metrics), (DateBasis::Metric, ReportedMetrics::Range));
        assert_eq!((report.card.id.as_str(), report.card.base.as_deref()), ("custom", Some("own")));
        assert_eq!((report.rate_card.as_deref(), report.rates.as_deref()), (Some("own"), Some("tiktok.like:0.5")));
        for (filters, refused) in [
            (json!({"metrics": "all"}), "filters.metrics"),
            (json!({"date_basis": 1}), "filters.date_basis"),
            (json!({"rate_card": "none"}), "filters.rate_card"),
            (json!({"rates": "tiktok.like:1,tiktok.like:2"}), "filters.rates"),
            (json!({"rates": ["tiktok.like:1"]}), "filters.rates"),
            (json!({"start_date": "2024-02-02", "end_date": "2024-02-01"}), "filters.end_date"),
            (json!({"start_date": "2024-02-02"}), "filters.end_date"),
            (json!({"order_by": "views"}), "filters.order_by"),
        ] {
            let body = json!({"dataset": "posts", "format": "csv", "filters": filters});
            assert_eq!(read(&body).unwrap_err(), [refused], "{filters}");
            let other = json!({"dataset": "accounts", "format": "csv", "filters": filters});
            assert!(read(&other).is_err(), "{filters}");
        }
    }

    #[test]
    fn everything_that_is_wrong_is_named_at_once() {
        assert_eq!(read(&json!({})).unwrap_err(), ["dataset", "format"]);
        let filters = json!({"platform": "x", "is_active": 1, "creator_id": "y", "period": "30d"});
        assert_eq!(
            read(&json!({"dataset": "accounts", "format": "xls", "filters": filters, "more": 1})).unwrap_err(),
            ["format", "filters.platform", "filters.creator_id", "filters.is_active", "filters.period", "more"]
        );
        let filters = json!({"start_date": "2024-02-30", "end_date": "2024-03-02", "account_id": 3});
        assert_eq!(
            read(&json!({"dataset": "timeseries", "format": "csv", "filters": filters})).unwrap_err(),
            ["filters.start_date", "filters.account_id"]
        );
        assert_eq!(read(&json!({"dataset": "accounts", "format": "csv", "filters": []})).unwrap_err(), ["filters"]);
    }
}
