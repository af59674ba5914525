//! Posts in order, and all there is to say of the few that are shown.

use std::collections::HashMap;

use domain::{
    AccountId, AccountVideoId, CreatorId, Float, MediaType, Platform, PostSource, PostStatus, RateCard, Timestamp,
    VideoId,
};
use sea_orm::{FromQueryResult, Value};
use uuid::Uuid;

use super::bounds;
use super::matching::{IS_TOLD, Matching, POST, SCHEDULE, noted_source};
use super::numbers::{ENGAGEMENT, Numbers, engagement_rate, tmv};
use super::{ReportFilter, ReportMetrics, ReportNumbers, ReportOrder, ReportPost, ReportRequest};
use crate::listing::{self, Listing, SortColumn};
use crate::merged::padded;
use crate::paging::{Direction, Page, PageRequest, Position, RowId, SortKey};
use crate::sql::{Filter, is_postgres, places, rows};
use crate::views::{MetricStatuses, PostCounts};
use crate::{StoreError, Tenant};

/// A post in its place.
#[derive(FromQueryResult)]
struct Placed {
    id: i64,
    sort_key: Option<i64>,
}

impl Placed {
    const fn position(&self) -> Position {
        Position { key: SortKey::Number(self.sort_key), id: RowId::Integer(self.id) }
    }
}

/// For the first so many posts it is tried to look up few.
const MOST_LOOKED_FOR: u64 = 2_000;

/// Posts that are looked up for each one that is wanted.
const CANDIDATES_FOR_EACH: u64 = 8;

/// A post that may be among the first, beside how many there are, and the least that one of them could be.
#[derive(FromQueryResult)]
struct Candidate {
    id: i64,
    sort_key: i64,
    candidates: i64,
    bound: f64,
}

impl Candidate {
    /// Whether it is more than all could be that are no candidates. The bound is a fraction, so it is kept off by more than its error.
    #[expect(clippy::cast_precision_loss, reason = "the comparison leaves room for it")]
    fn is_beyond(&self) -> bool {
        self.sort_key as f64 > self.bound + self.bound.abs() * 1e-9 + 1.0
    }
}

/// By what posts are put in order.
enum Order {
    /// A column of tracked posts, which has an index.
    Column { select: &'static str, sort: SortColumn },
    /// An expression over the numbers `n` of every post that matches.
    Expression(String),
}

impl Order {
    fn of(request: &ReportRequest) -> Self {
        let is_range = request.metrics != ReportMetrics::Lifetime;
        let by = |column: &'static str, expression: String| {
            if is_range {
                Self::Expression(expression)
            } else {
                Self::Column { select: column, sort: SortColumn::NullableNumber(column) }
            }
        };
        match request.page.order_by {
            ReportOrder::Views => by("t.view_count", "n.view_count".to_owned()),
            ReportOrder::Likes => by("t.like_count", "n.like_count".to_owned()),
            ReportOrder::Comments => by("t.comment_count", "n.comment_count".to_owned()),
            ReportOrder::Shares => by("t.share_count", "n.share_count".to_owned()),
            ReportOrder::Engagements => by("t.engagement", ENGAGEMENT.to_owned()),
            ReportOrder::EngagementRate => by("t.engagement_rate", engagement_rate()),
            ReportOrder::Tmv => Self::Expression(tmv(&request.card)),
            ReportOrder::CreateTime => {
                Self::Column { select: "t.create_time", sort: SortColumn::NullableNumber("t.create_time") }
            }
            ReportOrder::Impressions | ReportOrder::ViewTime => {
                Self::Column { select: "t.id", sort: SortColumn::Number("t.id") }
            }
        }
    }
}

impl Tenant {
    /// A page of the posts that match, each with its numbers.
    pub async fn posts_report(
        &self,
        filter: &ReportFilter,
        request: &ReportRequest,
    ) -> Result<Page<ReportPost>, StoreError> {
        let matching = Matching::of(self.organization, filter, is_postgres(&self.store.read));
        let Page { rows, next, total } = match Order::of(request) {
            Order::Column { select, sort } => self.by_column(matching, request, select, sort).await?,
            Order::Expression(expression) => self.by_expression(matching, request, &expression).await?,
        };
        let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
        let rows = self.dressed_posts(&ids, request.metrics, &request.card).await?;
        Ok(Page { rows, next, total })
    }

    /// Walks the posts that match in the order of their ids, `limit` at a time: those after the post `after`.
    pub async fn report_posts(
        &self,
        filter: &ReportFilter,
        metrics: ReportMetrics,
        card: &RateCard,
        after: Option<i64>,
        limit: u32,
    ) -> Result<Vec<ReportPost>, StoreError> {
        let Matching { joins, mut conditions, .. } =
            Matching::of(self.organization, filter, is_postgres(&self.store.read));
        conditions.and_if("t.id > ?", after);
        let limit = conditions.bind(i64::from(limit));
        let sql = format!(
            "SELECT t.id, t.id AS sort_key FROM tracked_posts t{joins} WHERE {} ORDER BY t.id LIMIT {limit}",
            conditions.text()
        );
        let ids: Vec<i64> =
            rows::<Placed>(&self.store.read, &sql, conditions.values()).await?.iter().map(|row| row.id).collect();
        self.dressed_posts(&ids, metrics, card).await
    }

    /// Posts in the order of an index.
    async fn by_column(
        &self,
        Matching { joins, conditions, .. }: Matching,
        request: &ReportRequest,
        column: &str,
        sort: SortColumn,
    ) -> Result<Page<Placed>, StoreError> {
        let from = format!("FROM tracked_posts t{joins}");
        let select = format!("SELECT t.id, {column} AS sort_key {from}");
        let listing = Listing { select: &select, count_from: &from, id: "t.id", sort };
        listing::page_from(&self.store.read, &listing, conditions, &request.page, request.offset, Placed::position)
            .await
    }

    /// Posts in the order of what is made of their numbers, which is done for every one that matches.
    async fn by_expression(
        &self,
        Matching { joins, mut conditions, .. }: Matching,
        request: &ReportRequest,
        expression: &str,
    ) -> Result<Page<Placed>, StoreError> {
        let PageRequest { order_by: _, direction, after, limit, include_total } = &request.page;
        let read = &self.store.read;
        let total = if *include_total {
            Some(listing::count(read, &format!("FROM tracked_posts t{joins}"), &conditions).await?)
        } else {
            None
        };
        if let Some(first) = self.first_few(&joins, &conditions, request, expression).await? {
            return Ok(Page { total, ..first });
        }
        let numbers = Numbers::of(request.metrics, &mut conditions, is_postgres(read));
        let of_posts = format!(
            "SELECT t.id, t.platform, {} FROM tracked_posts t{joins}{} WHERE {}",
            numbers.columns(),
            numbers.joins,
            conditions.text()
        );
        let begins = begins_after(&mut conditions, after.as_ref(), *direction);
        let most = conditions.bind(i64::from(*limit) + 1);
        let skip = conditions.bind(i64::try_from(request.offset).unwrap_or(i64::MAX));
        let word = match direction {
            Direction::Asc => "ASC",
            Direction::Desc => "DESC",
        };
        let sql = format!(
            "SELECT id, sort_key FROM (SELECT n.id, {expression} AS sort_key FROM ({of_posts}) n) k {begins} \
             ORDER BY CASE WHEN sort_key IS NULL THEN 1 ELSE 0 END, sort_key {word}, id {word} LIMIT {most} OFFSET {skip}"
        );
        let mut found = rows::<Placed>(read, &sql, conditions.values()).await?;
        let wanted = usize::try_from(*limit).unwrap_or(usize::MAX);
        let has_next = found.len() > wanted;
        found.truncate(wanted);
        let next = if has_next { found.last().map(Placed::position) } else { None };
        Ok(Page { rows: found, next, total })
    }

    /// The first page of what gained most, without looking at every post: of those that may have gained most. `None` when that is not enough to be
    /// sure of.
    async fn first_few(
        &self,
        joins: &str,
        conditions: &Filter,
        request: &ReportRequest,
        expression: &str,
    ) -> Result<Option<Page<Placed>>, StoreError> {
        let PageRequest { order_by, direction, after, limit, include_total: _ } = &request.page;
        let (ReportMetrics::Range(window), Direction::Desc, None) = (request.metrics, direction, after) else {
            return Ok(None);
        };
        let wanted = u64::from(*limit).saturating_add(request.offset).saturating_add(1);
        if wanted > MOST_LOOKED_FOR {
            return Ok(None);
        }
        let candidates = i64::try_from(wanted.saturating_mul(CANDIDATES_FOR_EACH)).unwrap_or(i64::MAX);
        let read = &self.store.read;
        let mut filter = conditions.clone();
        let Some(bound) = bounds::most(*order_by, &request.card, window, &mut filter) else { return Ok(None) };
        let numbers = Numbers::of(request.metrics, &mut filter, is_postgres(read));
        let matching = filter.text().to_owned();
        let (most, page, skip) = (
            filter.bind(candidates + 1),
            filter.bind(i64::from(*limit) + 1),
            filter.bind(i64::try_from(request.offset).unwrap_or(i64::MAX)),
        );
        let sql = format!(
            "WITH c AS (SELECT id, bound FROM (SELECT t.id, {bound} AS bound FROM tracked_posts t{joins} WHERE {matching}) b \
             WHERE bound IS NOT NULL ORDER BY bound DESC LIMIT {most}) \
             SELECT id, sort_key, (SELECT COUNT(*) FROM c) AS candidates, (SELECT MIN(bound) FROM c) AS bound \
             FROM (SELECT n.id, {expression} AS sort_key FROM (SELECT t.id, t.platform, {} \
             FROM c JOIN tracked_posts t ON t.id = c.id{}) n) k WHERE sort_key IS NOT NULL \
             ORDER BY sort_key DESC, id DESC LIMIT {page} OFFSET {skip}",
            numbers.columns(),
            numbers.joins
        );
        let mut found = rows::<Candidate>(read, &sql, filter.values()).await?;
        // One more than is shown is beyond what all others can be, so that the order is certain to its end.
        let is_whole = found.len() > usize::try_from(*limit).unwrap_or(usize::MAX);
        if !is_whole || !found.iter().all(|candidate| candidate.candidates <= candidates || candidate.is_beyond()) {
            return Ok(None);
        }
        found.pop();
        let rows: Vec<Placed> = found.into_iter().map(|it| Placed { id: it.id, sort_key: Some(it.sort_key) }).collect();
        let next = rows.last().map(Placed::position);
        Ok(Some(Page { rows, next, total: None }))
    }

    /// These posts as they are reported, in this order. One that has gone meanwhile is left out.
    async fn dressed_posts(
        &self,
        ids: &[i64],
        metrics: ReportMetrics,
        card: &RateCard,
    ) -> Result<Vec<ReportPost>, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let read = &self.store.read;
        let mut filter = Filter::new("t.organization_id = $1", self.organization.0);
        let numbers = Numbers::of(metrics, &mut filter, is_postgres(read));
        let ids_in: Vec<String> = padded(ids.to_vec()).into_iter().map(|id| filter.bind(id)).collect();
        let sql = format!(
            "SELECT t.id, t.post_id, t.platform, t.added_at, t.first_scrape_at, t.last_scrape_at, t.create_time, {}, {} AS observed_days, \
             p.external_id, p.author_username, p.description, p.media_type, p.duration_seconds, p.metric_status, \
             CASE WHEN {} THEN p.status ELSE 'live' END AS status, h.id AS video_id, {} AS noted_source, \
             a.id AS account_id, a.username AS account_username, c.id AS creator_id, c.name AS creator_name \
             FROM tracked_posts t{POST}{SCHEDULE} \
             LEFT JOIN videos h ON h.organization_id = t.organization_id AND h.post_id = t.post_id \
             LEFT JOIN accounts a ON a.id = {AUTHOR} LEFT JOIN creators c ON c.id = a.creator_id{} WHERE {} AND t.id IN ({})",
            numbers.columns(),
            numbers.observed_days(),
            *IS_TOLD,
            noted_source(is_postgres(read)),
            numbers.joins,
            filter.text(),
            ids_in.join(", ")
        );
        let found = rows::<PostRow>(read, &sql, filter.values()).await?;
        let mut records = self.records_in_feeds(found.iter().map(|row| row.post_id).collect()).await?;
        let mut posts = HashMap::with_capacity(found.len());
        for row in found {
            let account_video_ids = records.remove(&row.post_id).unwrap_or_default();
            posts.insert(row.id, row.view(account_video_ids, metrics, card)?);
        }
        Ok(ids.iter().filter_map(|id| posts.remove(id)).collect())
    }

    /// The account videos that show each of these posts, oldest first.
    async fn records_in_feeds(&self, posts: Vec<i64>) -> Result<HashMap<i64, Vec<AccountVideoId>>, StoreError> {
        #[derive(FromQueryResult)]
        struct Record {
            id: i64,
            post_id: i64,
        }
        let mut records: HashMap<i64, Vec<AccountVideoId>> = HashMap::new();
        if posts.is_empty() {
            return Ok(records);
        }
        let posts = padded(posts);
        let sql = format!(
            "SELECT v.id, v.post_id FROM account_videos v WHERE v.organization_id = $1 AND v.post_id IN ({}) ORDER BY v.id",
            places(2, posts.len())
        );
        let values = std::iter::once(self.organization.0.into()).chain(posts.into_iter().map(Value::from));
        for Record { id, post_id } in rows::<Record>(&self.store.read, &sql, values.collect()).await? {
            records.entry(post_id).or_default().push(AccountVideoId(id));
        }
        Ok(records)
    }
}

/// The organization's account of the author of a post `p`, else the first whose feed shows it. Who made a post is not known before the
/// organization's own first read.
const AUTHOR: &str = "COALESCE((SELECT x.id FROM accounts x WHERE t.first_scrape_at IS NOT NULL AND x.organization_id = t.organization_id \
     AND x.profile_id = p.profile_id), (SELECT v.account_id FROM account_videos v WHERE v.organization_id = t.organization_id \
     AND v.post_id = t.post_id ORDER BY v.id LIMIT 1))";

/// The condition on what comes after a position in an order with nulls last.
fn begins_after(conditions: &mut Filter, after: Option<&Position>, direction: Direction) -> String {
    let comparison = match direction {
        Direction::Asc => ">",
        Direction::Desc => "<",
    };
    let Some(Position { key, id }) = after else { return String::new() };
    let id = match id {
        RowId::Integer(id) => conditions.bind(*id),
        RowId::Uuid(id) => conditions.bind(*id),
    };
    match key {
        SortKey::Number(Some(key)) => {
            let key = conditions.bind(*key);
            format!(
                "WHERE sort_key IS NULL OR sort_key {comparison} {key} OR (sort_key = {key} AND id {comparison} {id})"
            )
        }
        SortKey::Number(None) | SortKey::Text(_) => format!("WHERE sort_key IS NULL AND id {comparison} {id}"),
    }
}

/// All there is to say of a post.
#[derive(FromQueryResult)]
struct PostRow {
    id: i64,
    post_id: i64,
    platform: String,
    added_at: i64,
    first_scrape_at: Option<i64>,
    last_scrape_at: Option<i64>,
    create_time: Option<i64>,
    view_count: Option<i64>,
    like_count: Option<i64>,
    comment_count: Option<i64>,
    share_count: Option<i64>,
    play_count: Option<i64>,
    saved_count: Option<i64>,
    observed_days: Option<i32>,
    external_id: String,
    author_username: Option<String>,
    description: Option<String>,
    media_type: Option<String>,
    duration_seconds: Option<f64>,
    metric_status: String,
    status: String,
    video_id: Option<Uuid>,
    noted_source: Option<String>,
    account_id: Option<Uuid>,
    account_username: Option<String>,
    creator_id: Option<Uuid>,
    creator_name: Option<String>,
}

impl PostRow {
    fn view(
        self,
        account_video_ids: Vec<AccountVideoId>,
        metrics: ReportMetrics,
        card: &RateCard,
    ) -> Result<ReportPost, StoreError> {
        let unreadable = |column| StoreError::Unreadable { table: "posts", column };
        let platform: Platform = self.platform.parse().map_err(|_| unreadable("platform"))?;
        let status: PostStatus = self.status.parse().map_err(|_| unreadable("status"))?;
        let media_type = self.media_type.as_deref().map(str::parse::<MediaType>).transpose();
        let media_type = media_type.map_err(|_| unreadable("media_type"))?;
        let is_seen = self.first_scrape_at.is_some();
        let source = match (self.video_id, self.noted_source.as_deref()) {
            (None, _) => PostSource::AutoDiscovered,
            (Some(_), Some(noted)) if noted == PostSource::BrandInitiated.as_str() => PostSource::BrandInitiated,
            (Some(_), _) => PostSource::Submitted,
        };
        let counts = PostCounts {
            view_count: self.view_count,
            like_count: self.like_count,
            comment_count: self.comment_count,
            share_count: self.share_count,
            play_count: self.play_count,
            saved_count: self.saved_count,
        };
        Ok(ReportPost {
            id: self.id,
            video_id: self.video_id.map(VideoId),
            account_video_ids,
            platform,
            external_id: self.external_id,
            author_username: self.author_username.filter(|_| is_seen),
            description: self.description.filter(|_| is_seen),
            create_time: self.create_time.map(Timestamp::from_millis),
            media_type: media_type.filter(|_| is_seen),
            duration: self.duration_seconds.filter(|_| is_seen).map(Float),
            status,
            source,
            added_at: Timestamp::from_millis(self.added_at),
            first_scrape_at: self.first_scrape_at.map(Timestamp::from_millis),
            last_scrape_at: self.last_scrape_at.map(Timestamp::from_millis),
            account_id: self.account_id.map(AccountId),
            account_username: self.account_username,
            creator_id: self.creator_id.map(CreatorId),
            creator_name: self.creator_name,
            numbers: ReportNumbers::of_post(platform, counts, card),
            observed_days: match metrics {
                ReportMetrics::Lifetime => None,
                ReportMetrics::Range(_) => self.observed_days,
            },
            metric_status: if is_seen {
                serde_json::from_str(&self.metric_status).unwrap_or_default()
            } else {
                MetricStatuses::default()
            },
        })
    }
}
