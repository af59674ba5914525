//! Posts that were added by hand.

use std::sync::{Arc, LazyLock};

use domain::{
    CollectionKind, Metadata, OrganizationId, Platform, PostRef, TargetKind, Timestamp, Trigger, VideoId, fold,
};
use sea_orm::FromQueryResult;
use uuid::Uuid;

use crate::changes::{NewVideo, Refusal, VideoChange};
use crate::collections::belongs_to;
use crate::freshness::{self, Moment};
use crate::merged::{Key, Keyed, row_of};
use crate::paging::{Page, PageRequest, Position, PostOrder, RowId, VideoFilter};
use crate::schedule::{self, Target};
use crate::search::{Wanted, found_in};
use crate::seen::{Seen, Viewed};
use crate::sql::{Filter, Number, Patch, execute, row, values};
use crate::tracked_post::{COLUMNS, JOINS, PostRow, sort_column};
use crate::versions::{self, Source};
use crate::views::Video;
use crate::{StoreError, Tenant, TenantTx, lasting, organizations, tracked_posts};

/// The organization's account of the author, where there is one. Who made a post is not known before the organization's own first read.
const AUTHOR: &str = "LEFT JOIN accounts a ON a.profile_id = p.profile_id AND a.organization_id = t.organization_id \
     AND t.first_scrape_at IS NOT NULL";

#[derive(Clone, Debug, FromQueryResult)]
pub struct VideoRow {
    id: Uuid,
    organization_id: Uuid,
    metadata: String,
    #[sea_orm(nested)]
    post: PostRow,
}

impl Viewed for VideoRow {
    type View = Video;

    const PARTS: &'static [&'static str] = &["t.xmin", "p.xmin", "a.xmin", "s.due_at"];

    fn good_until(video: &Video) -> Option<Timestamp> {
        video.post.freshness.fresh_until
    }

    fn view(self, moment: Moment<'_>) -> Result<Video, StoreError> {
        let interval = freshness::hours(self.post.scrape_interval_hours);
        let post = self.post.view(interval, moment.now)?;
        Ok(Video { id: VideoId(self.id), metadata: Metadata::from_stored(&self.metadata), post })
    }
}

static SELECTED: LazyLock<String> = LazyLock::new(|| {
    format!(
        "t.id, t.organization_id, t.metadata, t.is_active, t.is_active AS is_collected, t.scrape_interval_hours, {COLUMNS}"
    )
});

static FACTS: LazyLock<String> = LazyLock::new(|| format!("{JOINS} {AUTHOR}"));

impl Keyed for VideoRow {
    type Id = Uuid;

    const TABLE: &'static str = "videos";
    const ALIAS: &'static str = "t";

    fn columns() -> &'static str {
        &SELECTED
    }

    fn joins() -> &'static str {
        &FACTS
    }

    fn key(&self) -> Key<Uuid> {
        Key { organization: OrganizationId(self.organization_id), id: self.id }
    }
}

impl Tenant {
    /// One video.
    pub async fn video(&self, id: VideoId, now: Timestamp) -> Result<Option<Arc<Seen<Video>>>, StoreError> {
        let key = Key { organization: self.organization, id: id.0 };
        self.store.lookups.videos.view(&self.store.read, key, self.store.moment(now)).await
    }

    /// A page of the organization's videos.
    pub async fn videos(
        &self,
        filter: &VideoFilter,
        page: &PageRequest<PostOrder>,
        now: Timestamp,
    ) -> Result<Page<Arc<Seen<Video>>>, StoreError> {
        let mut conditions = Filter::new("t.organization_id = $1", self.organization.0);
        conditions.and_if("t.platform = ?", filter.platform.map(Platform::as_str));
        conditions.and_if("a.id = ?", filter.account_id.map(|id| id.0));
        conditions.and_if("t.is_active = ?", filter.is_active);
        if let Some(wanted) = filter.q.as_deref().and_then(Wanted::of) {
            conditions.and(&found_in("words", "video_texts", "t"), wanted.anywhere());
        }
        for (kind, id) in [(CollectionKind::Project, filter.project_id), (CollectionKind::Group, filter.group_id)] {
            if let Some(id) = id {
                belongs_to(&mut conditions, "t", self.organization, kind, id);
            }
        }
        // What the filters speak of, and nothing else.
        let mut from = "FROM videos t".to_owned();
        if filter.account_id.is_some() {
            from.push_str(" JOIN posts p ON p.id = t.post_id ");
            from.push_str(AUTHOR);
        }
        let source = Source { from: &from, sort: sort_column(page.order_by) };
        let memory = &self.store.lookups.videos.memory;
        let position = |row: &VideoRow| Position { key: row.post.sort_key(page.order_by), id: RowId::Uuid(row.id) };
        versions::page(&self.store.read, source, conditions, (page, self.store.moment(now)), memory, position).await
    }
}

impl TenantTx {
    /// One video, as the transaction sees it.
    pub async fn video(&self, id: VideoId) -> Result<Option<Video>, StoreError> {
        let key = Key { organization: self.organization, id: id.0 };
        row_of::<VideoRow>(&self.tx, key).await?.map(|found| found.view(self.moment())).transpose()
    }

    /// One video, kept from being changed by others until the transaction ends.
    pub async fn hold_video(&self, id: VideoId) -> Result<Option<Video>, StoreError> {
        match self.tracked_post(id).await {
            Ok(post_id) => schedule::lock(&self.tx, TargetKind::Post, post_id).await?,
            Err(Refusal::Store(error)) => return Err(error),
            Err(_) => return Ok(None),
        }
        self.video(id).await
    }

    /// Begins to track a post; when active, a scrape is due at once.
    pub async fn create_video(&mut self, new: &NewVideo) -> Result<VideoId, Refusal> {
        let post_id = self.post(&new.post).await?;
        let target = Target { kind: TargetKind::Post, id: post_id, platform: new.post.platform };
        schedule::rest(&self.tx, target).await?;
        schedule::lock(&self.tx, target.kind, target.id).await?;
        let id = VideoId::new();
        let inserted = execute(
            &self.tx,
            &format!(
                "INSERT INTO videos (id, organization_id, post_id, platform, metadata, is_active, scrape_interval_hours, added_at, \
                 updated_at) VALUES ($1, $2, $3, $4, $5, $6, COALESCE($7, {}), $8, $8) \
                 ON CONFLICT (organization_id, post_id) DO NOTHING",
                organizations::default_interval("$2")
            ),
            values![
                id.0,
                self.organization.0,
                post_id,
                new.post.platform.as_str(),
                new.metadata.to_stored(),
                new.is_active,
                new.scrape_interval_hours,
                self.now.as_millis(),
            ],
        )
        .await?;
        if inserted == 0 {
            return Err(self.duplicate_video(post_id).await?);
        }
        tracked_posts::keep(&self.tx, &[post_id], self.now).await?;
        if new.is_active {
            let wake = schedule::arm_locked_now(&self.tx, target, Trigger::Created, self.cause(), self.now).await?;
            self.wakes.push(wake);
        }
        Ok(id)
    }

    /// Changes a video.
    pub async fn update_video(&mut self, id: VideoId, change: &VideoChange) -> Result<(), Refusal> {
        let post_id = self.tracked_post(id).await?;
        schedule::lock(&self.tx, TargetKind::Post, post_id).await?;
        let VideoChange { scrape_interval_hours, metadata, is_active } = change;
        let mut patch = Patch::at(self.now);
        patch.set_if("scrape_interval_hours", *scrape_interval_hours);
        patch.set_if("metadata", metadata.as_ref().map(Metadata::to_stored));
        patch.set_if("is_active", *is_active);
        let (sql, values) = patch.of("videos", id.0);
        if execute(&self.tx, &sql, values).await? == 0 {
            // Deleted while this waited for its lock.
            return Err(Refusal::NoVideo(id));
        }
        schedule::follow_tracking(
            &self.tx,
            TargetKind::Post,
            "SELECT CAST($3 AS BIGINT)",
            post_id,
            &self.age_curve,
            self.now,
        )
        .await?;
        Ok(())
    }

    /// Ends tracking. What nobody else tracks is cleared away by a worker soon after.
    pub async fn delete_video(&mut self, id: VideoId) -> Result<(), Refusal> {
        let post_id = self.tracked_post(id).await?;
        schedule::lock(&self.tx, TargetKind::Post, post_id).await?;
        if execute(&self.tx, "DELETE FROM videos WHERE id = $1", values![id.0]).await? == 0 {
            return Err(Refusal::NoVideo(id));
        }
        tracked_posts::leave_video(&self.tx, self.organization, post_id).await?;
        schedule::visit_orphans(
            &self.tx,
            TargetKind::Post,
            "SELECT CAST($3 AS BIGINT)",
            post_id,
            &self.age_curve,
            self.now,
        )
        .await?;
        Ok(())
    }

    /// The shared post of a reference, made when it is new.
    async fn post(&self, post: &PostRef) -> Result<i64, StoreError> {
        let key = values![post.platform.as_str(), post.external_id.clone()];
        let new = values![
            post.platform.as_str(),
            post.external_id.clone(),
            post.shortcode(),
            post.handle.as_ref().map(|handle| handle.as_str().to_owned()),
            post.handle.as_ref().map(|handle| fold(handle.as_str())),
        ];
        let insert = "INSERT INTO posts (platform, external_id, shortcode, author_username, author_folded) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT (platform, external_id) DO NOTHING RETURNING id AS value";
        Ok(lasting::found_or_made(&self.tx, lasting::POST, key, insert, new).await?.0)
    }

    async fn tracked_post(&self, id: VideoId) -> Result<i64, Refusal> {
        row::<Number>(
            &self.tx,
            "SELECT post_id AS value FROM videos WHERE id = $1 AND organization_id = $2",
            values![id.0, self.organization.0],
        )
        .await?
        .map(|found| found.value)
        .ok_or(Refusal::NoVideo(id))
    }

    async fn duplicate_video(&self, post_id: i64) -> Result<Refusal, StoreError> {
        #[derive(FromQueryResult)]
        struct Existing {
            id: Uuid,
        }
        let existing = row::<Existing>(
            &self.tx,
            "SELECT id FROM videos WHERE organization_id = $1 AND post_id = $2",
            values![self.organization.0, post_id],
        )
        .await?
        .ok_or(StoreError::Unreadable { table: "videos", column: "id" })?;
        Ok(Refusal::Duplicate { existing_id: existing.id })
    }
}
