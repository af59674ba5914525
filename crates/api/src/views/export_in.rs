//! What clients send about exports, and the list of them that they ask for.

use domain::{Day, ExportDataset, ExportFilters, Platform};
use serde::Serialize;
use serde_json::{Map, Value};
use store::{Direction, ExportFilter, ExportOrder, NewExport};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::body::{Fields, boolean, choice, text, uuid};
use crate::problem::Problem;
use crate::query::{Order, Query, Sort};
use crate::views::vocabulary::{
    ExportDatasetName, ExportFormatName, MediaTypeName, PeriodName, PlatformName, PostSourceName, PostStatusName,
};
use crate::window::Asked;

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
    /// Linked to this creator.
    #[schema(required = false, value_type = Uuid)]
    creator_id: Option<Uuid>,
    /// This account alone (`timeseries`, `posts`, `members`).
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
    /// Days that end today (UTC), today included, or `custom`: those of `timeseries` (default `30d`), or on which posts were published (by default
    /// any).
    #[schema(required = false, value_type = PeriodName)]
    period: Option<PeriodName>,
    /// The first day, with `custom` alone. There may be at most 366 days.
    #[schema(required = false, value_type = String, format = Date)]
    start_date: Option<String>,
    /// The last day, itself included, with `custom` alone. Not after today (UTC).
    #[schema(required = false, value_type = String, format = Date)]
    end_date: Option<String>,
}

/// Reads the body of a POST.
pub(crate) fn new_export(mut fields: Fields, today: Day) -> Result<NewExport, Problem> {
    let (dataset, format) = (fields.required("dataset", choice), fields.required("format", choice));
    let object = |value: &Value| value.as_object().cloned().ok_or_else(|| "must be an object".to_owned());
    let filters: Map<_, _> = fields.optional("filters", object).unwrap_or_default();
    let Some(dataset) = dataset else {
        // Which filters there may be depends on it.
        fields.finish()?;
        return Err(Problem::internal("a required field was neither read nor refused"));
    };
    let filters = filters_of(&mut fields, dataset, filters, today)?;
    fields.finish()?;
    let format = format.ok_or_else(|| Problem::internal("a required field was neither read nor refused"))?;
    Ok(NewExport { dataset, format, filters })
}

fn filters_of(
    whole: &mut Fields,
    dataset: ExportDataset,
    filters: Map<String, Value>,
    today: Day,
) -> Result<ExportFilters, Problem> {
    let is_dated = ["period", "start_date", "end_date"].iter().any(|name| filters.contains_key(*name));
    let mut fields = Fields::part(Value::Object(filters), "filters".to_owned())?;
    let mut filters = ExportFilters {
        platform: fields.optional("platform", choice::<Platform>),
        creator_id: fields.optional("creator_id", uuid).map(domain::CreatorId),
        ..ExportFilters::default()
    };
    match dataset {
        ExportDataset::Accounts => of_accounts(&mut filters, &mut fields),
        ExportDataset::Timeseries => {
            of_accounts(&mut filters, &mut fields);
            filters.account_id = fields.optional("account_id", uuid).map(domain::AccountId);
            let Asked { period: _, window } = Asked::of_body(&mut fields, today);
            (filters.start_date, filters.end_date) = (Some(window.first()), Some(window.last()));
        }
        ExportDataset::Posts | ExportDataset::Members => {
            filters.account_id = fields.optional("account_id", uuid).map(domain::AccountId);
            filters.media_type = fields.optional("media_type", choice);
            filters.source = fields.optional("source", choice);
            filters.status = fields.optional("status", choice);
            filters.project_id = fields.optional("project_id", uuid).map(domain::CollectionId);
            filters.group_id = fields.optional("group_id", uuid).map(domain::CollectionId);
            if is_dated {
                let Asked { period: _, window } = Asked::of_body(&mut fields, today);
                (filters.start_date, filters.end_date) = (Some(window.first()), Some(window.last()));
            }
        }
    }
    if let Err(errors) = fields.finish() {
        whole.refuse_all(errors);
    }
    Ok(filters)
}

fn of_accounts(filters: &mut ExportFilters, fields: &mut Fields) {
    filters.is_active = fields.optional("is_active", boolean);
    filters.category = fields.optional("category", text(255));
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(body: &Value) -> Result<NewExport, Vec<String>> {
        let fields = Fields::parse(body.to_string().as_bytes()).ok().unwrap();
        new_export(fields, Day::parse("2024-03-01").unwrap()).map_err(|problem| {
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
        assert_eq!(posts.filters, ExportFilters::default(), "published whenever");
        let posts = read(&json!({"dataset": "posts", "format": "csv", "filters": {"period": "7d"}})).unwrap();
        assert_eq!(posts.filters.start_date.unwrap().to_string(), "2024-02-24");
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
            ["filters.account_id", "filters.start_date"]
        );
        assert_eq!(read(&json!({"dataset": "accounts", "format": "csv", "filters": []})).unwrap_err(), ["filters"]);
    }
}
