//! All there is to say of the posts that are shown, a page of them in an order or all in the order of their ids.

use std::collections::HashMap;

use domain::{
    AccountId, AccountVideoId, CreatorId, Float, MediaType, Platform, PostSource, PostStatus, RateCard, Timestamp,
    VideoId,
};
use sea_orm::{FromQueryResult, Value};
use uuid::Uuid;

use super::matching::{IS_TOLD, Matching, POST, noted_source};
use super::numbers::{COUNTS, Numbers};
use super::order::Placed;
use super::{ReportFilter, ReportMetrics, ReportNumbers, ReportPost, ReportRequest, Stretch};
use crate::merged::padded;
use crate::paging::Page;
use crate::sql::{Filter, is_postgres, places, rows};
use crate::views::{MetricStatuses, PostCounts};
use crate::{StoreError, Tenant};

impl Tenant {
    /// A page of the posts that match, each with its numbers.
    pub async fn posts_report(
        &self,
        filter: &ReportFilter,
        request: &ReportRequest,
    ) -> Result<Page<ReportPost>, StoreError> {
        let matching = Matching::of(self.organization, filter, is_postgres(&self.store.read));
        let Page { rows, next, total } = self.posts_in_order(matching, request).await?;
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
    ) -> Result<Stretch<ReportPost, i64>, StoreError> {
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
        Ok(Stretch { rows: self.dressed_posts(&ids, metrics, card).await?, last: ids.last().copied() })
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
             FROM tracked_posts t{POST}{}{} LEFT JOIN creators c ON c.id = a.creator_id{} WHERE {} AND t.id IN ({})",
            numbers.columns(&COUNTS),
            numbers.observed_days(),
            IS_TOLD,
            noted_source(is_postgres(read)),
            one("videos", "h", "h.organization_id = t.organization_id AND h.post_id = t.post_id", is_postgres(read)),
            one("accounts", "a", &format!("a.id = {AUTHOR}"), is_postgres(read)),
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

/// Joins, as `name`, the one row of `table` at most where `when` holds. PostgreSQL would walk through all there are for hundreds of posts.
fn one(table: &str, name: &str, when: &str, is_postgres: bool) -> String {
    if is_postgres {
        format!(" LEFT JOIN LATERAL (SELECT {name}.* FROM {table} {name} WHERE {when} OFFSET 0) {name} ON TRUE")
    } else {
        format!(" LEFT JOIN {table} {name} ON {when}")
    }
}

/// The organization's account of the author of a post `p`, else the first whose feed shows it. Who made a post is not known before the
/// organization's own first read.
const AUTHOR: &str = "COALESCE((SELECT x.id FROM accounts x WHERE t.first_scrape_at IS NOT NULL AND x.organization_id = t.organization_id \
     AND x.profile_id = p.profile_id), (SELECT v.account_id FROM account_videos v WHERE v.organization_id = t.organization_id \
     AND v.post_id = t.post_id ORDER BY v.id LIMIT 1))";

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
