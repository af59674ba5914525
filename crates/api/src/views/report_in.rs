//! Which posts or members a report is asked for, in which order, and with which numbers.

use domain::{
    AccountId, CollectionId, CreatorId, DateBasis, Day, ExportFilters, FieldErrors, MediaType, OrganizationId,
    Platform, PostSource, PostStatus, RateCard, ReportOptions, ReportedMetrics, Window,
};
use serde::Serialize;
use store::{Direction, PageRequest, ReportFilter, ReportMetrics, ReportOrder, ReportRequest};
use utoipa::{IntoParams, ToSchema};

use crate::call::Call;
use crate::cursor::{Cursor, Scope};
use crate::parameters::{Parameters, choice, id};
use crate::problem::Problem;
use crate::query::{Order, Query};
use crate::views::vocabulary::{
    DateBasisName, MediaTypeName, PlatformName, PostSourceName, PostStatusName, ReportMetricsName,
};
use crate::window::{Calendar, report_dates};

/// Rows on a page when the client does not say.
const DEFAULT_LIMIT: u32 = 50;
pub(crate) const MOST_ROWS: u32 = 500;
/// Rows that may be passed over. Who wants more follows cursors, which cost the same everywhere.
pub(crate) const MOST_OFFSET: u64 = 1_000_000;
const LONGEST_RATES: usize = 1_000;

const ORDERS: &[Order<ReportOrder>] = &[
    Order { name: "create_time", value: ReportOrder::CreateTime, direction: Direction::Desc },
    Order { name: "views", value: ReportOrder::Views, direction: Direction::Desc },
    Order { name: "impressions", value: ReportOrder::Impressions, direction: Direction::Desc },
    Order { name: "engagements", value: ReportOrder::Engagements, direction: Direction::Desc },
    Order { name: "engagement_rate", value: ReportOrder::EngagementRate, direction: Direction::Desc },
    Order { name: "tmv", value: ReportOrder::Tmv, direction: Direction::Desc },
    Order { name: "view_time", value: ReportOrder::ViewTime, direction: Direction::Desc },
    Order { name: "likes", value: ReportOrder::Likes, direction: Direction::Desc },
    Order { name: "comments", value: ReportOrder::Comments, direction: Direction::Desc },
    Order { name: "shares", value: ReportOrder::Shares, direction: Direction::Desc },
];

#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "published names")]
enum ReportOrderName {
    CreateTime,
    Views,
    Impressions,
    Engagements,
    EngagementRate,
    Tmv,
    ViewTime,
    Likes,
    Comments,
    Shares,
}

#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
#[expect(dead_code, reason = "published names")]
enum DirectionName {
    Asc,
    Desc,
}

/// Which posts, in which order, and with which numbers.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "the published form of what report_query reads")]
pub(crate) struct ReportParams {
    /// The first day (UTC) of the window. There may be at most 366 days.
    #[param(format = Date)]
    start_date: Option<String>,
    /// The last day of the window, itself included. Not after today (UTC).
    #[param(format = Date)]
    end_date: Option<String>,
    /// Which posts the window chooses: those that were `published` within it, or those that were read within it (`metric`). Default `published`.
    #[param(inline)]
    date_basis: Option<DateBasisName>,
    /// On this platform.
    #[param(inline)]
    platform: Option<PlatformName>,
    /// Belonging to this project: the post is a member, or its account, or its account's creator.
    #[param(format = Uuid)]
    project_id: Option<String>,
    /// Belonging to this group, likewise.
    #[param(format = Uuid)]
    group_id: Option<String>,
    /// Of this creator: in the feed of one of its accounts, or added by hand and made by one.
    #[param(format = Uuid)]
    creator_id: Option<String>,
    /// Of this account, likewise.
    #[param(format = Uuid)]
    account_id: Option<String>,
    /// Made of this.
    #[param(inline)]
    media_type: Option<MediaTypeName>,
    /// How it came to be tracked: `auto_discovered` in a feed alone; added by hand and `submitted`, or `brand_initiated` when the video's `metadata`
    /// says so under the key `source`.
    #[param(inline)]
    source: Option<PostSourceName>,
    /// Standing there.
    #[param(inline)]
    status: Option<PostStatusName>,
    /// Your own organization's id; any other is not found.
    #[param(format = Uuid)]
    client_id: Option<String>,
    /// Which numbers: those that are known now (`lifetime`), or what was gained within the window (`range`, which wants dates). Default `lifetime`.
    #[param(inline)]
    metrics: Option<ReportMetricsName>,
    /// By which card the media value is estimated. Without it the service's own is taken.
    #[param(max_length = 64)]
    rate_card: Option<String>,
    /// Prices of your own for some of the card's: `platform.what:price` with a comma between them, such as
    /// `instagram.like:0.1,tiktok.thousand_views:25`, each once. There is `thousand_views`, `like`, `comment`, `share` and `save`.
    #[param(max_length = 1000)]
    rates: Option<String>,
    /// What to sort by; nulls come last. `impressions` and `view_time` are known of no post, so these are in the order of ids. Default `create_time`:
    /// when a post was published, or a member added.
    #[param(inline)]
    order_by: Option<ReportOrderName>,
    /// Direction of the sort. Default `desc`.
    #[param(inline)]
    order_direction: Option<DirectionName>,
    /// The older form of a sort: a column of `order_by`, with `-` before it for descending. `order_by` wins over it.
    sort: Option<String>,
    /// Rows on a page.
    #[param(minimum = 1, maximum = 500, default = 50)]
    limit: Option<u32>,
    /// Rows to pass over. It does not go with a cursor, which costs the same on every page.
    #[param(minimum = 0, maximum = 1_000_000)]
    offset: Option<u64>,
    /// `next_cursor` of the page before, under the same filters and sort; anything else is a 422.
    #[param(pattern = "^[A-Za-z0-9_-]+$")]
    cursor: Option<String>,
    /// Whether to count all rows that match, as `pagination.total_count`.
    #[param(default = false)]
    include_total: Option<bool>,
}

/// The filters, the numbers and the sort in force in a report.
#[derive(Serialize, ToSchema)]
#[schema(as = ReportFilters)]
pub(crate) struct ReportFiltersOut {
    #[schema(value_type = Option<String>, format = Date)]
    start_date: Option<Day>,
    #[schema(value_type = Option<String>, format = Date)]
    end_date: Option<Day>,
    #[schema(value_type = DateBasisName)]
    date_basis: DateBasis,
    #[schema(value_type = Option<PlatformName>)]
    platform: Option<Platform>,
    #[schema(value_type = Option<String>, format = Uuid)]
    project_id: Option<CollectionId>,
    #[schema(value_type = Option<String>, format = Uuid)]
    group_id: Option<CollectionId>,
    #[schema(value_type = Option<String>, format = Uuid)]
    creator_id: Option<CreatorId>,
    #[schema(value_type = Option<String>, format = Uuid)]
    account_id: Option<AccountId>,
    #[schema(value_type = Option<MediaTypeName>)]
    media_type: Option<MediaType>,
    #[schema(value_type = Option<PostSourceName>)]
    source: Option<PostSource>,
    #[schema(value_type = Option<PostStatusName>)]
    status: Option<PostStatus>,
    #[schema(value_type = Option<String>, format = Uuid)]
    client_id: Option<OrganizationId>,
    #[schema(value_type = ReportMetricsName)]
    metrics: ReportedMetrics,
    rate_card: Option<String>,
    rates: Option<String>,
    order_by: &'static str,
    order_direction: &'static str,
}

/// A report as it is asked for.
pub(crate) struct AskedReport {
    pub(crate) filter: ReportFilter,
    pub(crate) request: ReportRequest,
    /// The window, whatever it is for.
    pub(crate) dates: Option<Window>,
    /// What cursors are tied to.
    pub(crate) scope: Scope,
    /// What was given as `offset`.
    pub(crate) offset: Option<u64>,
    pub(crate) in_force: ReportFiltersOut,
}

/// Reads what is reported, all but the dates, whoever asks: for a page of it, or for a file; and whose posts, as the client says. What is wrong is left
/// with `parameters`, whose end then refuses it.
pub(crate) fn reported(
    parameters: &mut impl Parameters,
    dates: Option<Window>,
    calendar: Calendar,
    known: &[RateCard],
) -> (ExportFilters, Option<OrganizationId>) {
    let date_basis = choice(parameters, "date_basis").unwrap_or_default();
    let filters = ExportFilters {
        platform: choice(parameters, "platform"),
        media_type: choice(parameters, "media_type"),
        source: choice(parameters, "source"),
        status: choice(parameters, "status"),
        account_id: id(parameters, "account_id", AccountId),
        creator_id: id(parameters, "creator_id", CreatorId),
        project_id: id(parameters, "project_id", CollectionId),
        group_id: id(parameters, "group_id", CollectionId),
        start_date: dates.map(Window::first),
        end_date: dates.map(Window::last),
        ..ExportFilters::default()
    };
    let client_id = id(parameters, "client_id", OrganizationId);
    let metrics = choice(parameters, "metrics").unwrap_or_default();
    if metrics == ReportedMetrics::Range && dates.is_none() {
        for name in ["start_date", "end_date"] {
            parameters.refuse(FieldErrors::of(name, "is required with metrics=range"));
        }
    }
    // What was published on days that are not kept is known all the same.
    if let (true, Some(window)) = (metrics == ReportedMetrics::Range || date_basis == DateBasis::Metric, dates)
        && let Err(errors) = calendar.check_kept(window)
    {
        parameters.refuse(errors);
    }
    let (card, rate_card, rates) = rates(parameters, known);
    let report = card.map(|card| ReportOptions { date_basis, metrics, card, rate_card, rates });
    (ExportFilters { report, ..filters }, client_id)
}

/// Reads the query of a report.
pub(crate) fn report_query(call: &Call) -> Result<AskedReport, Problem> {
    let mut query = call.query();
    let dates = report_dates(&mut query, call.today());
    let (filters, client_id) = reported(&mut query, dates, call.calendar(), &call.shared().rate_cards);
    let sort = query.sort(ORDERS);
    let limit = query.limit(MOST_ROWS).unwrap_or(DEFAULT_LIMIT);
    let include_total = query.boolean("include_total").unwrap_or(false);
    let offset = offset(&mut query);
    let cursor = query.read("cursor", Cursor::parse);
    if offset.is_some() && cursor.is_some() {
        query.refuse(FieldErrors::of("offset", "does not go with a cursor"));
    }
    query.finish()?;
    is_own(call, client_id)?;
    let (filter, numbers) = (ReportFilter::of(&filters), ReportMetrics::of(&filters));
    let report = filters.report.ok_or_else(|| Problem::internal("there is no rate card"))?;
    let ReportOptions { date_basis, metrics, card, rate_card, rates } = report;
    let in_force = ReportFiltersOut {
        start_date: filters.start_date,
        end_date: filters.end_date,
        date_basis,
        platform: filters.platform,
        project_id: filters.project_id,
        group_id: filters.group_id,
        creator_id: filters.creator_id,
        account_id: filters.account_id,
        media_type: filters.media_type,
        source: filters.source,
        status: filters.status,
        client_id,
        metrics,
        rate_card,
        rates,
        order_by: sort.name,
        order_direction: sort.direction_name(),
    };
    // Other prices are another order, so a cursor does not outlive the card that it was made under.
    let scope = Scope::of(call.key()?.organization_id, call.exchange().route.get(), &(&in_force, &card))?;
    let after = cursor.map(|cursor| cursor.open(&scope)).transpose()?;
    let page = PageRequest { order_by: sort.order, direction: sort.direction, after, limit, include_total };
    let request = ReportRequest { page, offset: offset.unwrap_or(0), metrics: numbers, card };
    Ok(AskedReport { filter, request, dates, scope, offset, in_force })
}

/// Reads how many rows to pass over.
pub(crate) fn offset(query: &mut Query) -> Option<u64> {
    query.read("offset", |text| match text.parse() {
        Ok(offset) if offset <= MOST_OFFSET && !text.starts_with('+') => Ok(offset),
        Ok(_) | Err(_) => Err(format!("must be an integer from 0 to {MOST_OFFSET}")),
    })
}

/// Refuses any organization but the key's own.
pub(crate) fn is_own(call: &Call, client: Option<OrganizationId>) -> Result<(), Problem> {
    let own = call.key()?.organization_id;
    if client.is_none_or(|client| client == own) { Ok(()) } else { Err(Problem::not_found()) }
}

/// Reads which card is taken and which of its prices are other ones. `known` begins with the service's own.
fn rates(parameters: &mut impl Parameters, known: &[RateCard]) -> (Option<RateCard>, Option<String>, Option<String>) {
    let named = parameters.read("rate_card", |id| {
        let ids = || known.iter().map(|card| card.id.as_str()).collect::<Vec<_>>().join(", ");
        known.iter().find(|card| card.id == id).ok_or_else(|| format!("must be one of: {}", ids()))
    });
    let card = named.or_else(|| known.first());
    let changed = parameters.read("rates", |text| {
        if text.len() > LONGEST_RATES {
            return Err(format!("must be at most {LONGEST_RATES} characters long"));
        }
        card.map(|card| card.with(text)).transpose().map(|card| (card, text.to_owned()))
    });
    let name = named.map(|card| card.id.clone());
    match changed {
        Some((custom, text)) => (custom, name, Some(text)),
        None => (card.cloned(), name, None),
    }
}
