//! Posts found in the feeds of tracked accounts. Records are made when a feed is read, never by a client.

use std::sync::{Arc, LazyLock};

use domain::{AccountVideoId, CollectionKind, MediaType, OrganizationId, Platform, Timestamp};
use sea_orm::FromQueryResult;
use uuid::Uuid;

use crate::collections::belongs_to;
use crate::freshness::{self, Moment};
use crate::merged::{Key, Keyed};
use crate::paging::{AccountVideoFilter, Page, PageRequest, Position, PostOrder, RowId};
use crate::search::{Wanted, found_in};
use crate::seen::{Seen, Viewed};
use crate::sql::Filter;
use crate::tracked_post::{COLUMNS, JOINS, PostRow, sort_column};
use crate::versions::{self, Source};
use crate::views::AccountVideo;
use crate::{StoreError, Tenant};

#[derive(Clone, Debug, FromQueryResult)]
pub struct AccountVideoRow {
    id: i64,
    organization_id: Uuid,
    #[sea_orm(nested)]
    post: PostRow,
}

impl Viewed for AccountVideoRow {
    type View = AccountVideo;

    const PARTS: &'static [&'static str] = &["t.xmin", "p.xmin", "a.xmin", "c.xmin", "s.due_at"];

    fn good_until(video: &AccountVideo) -> Option<Timestamp> {
        video.post.freshness.fresh_until
    }

    fn view(self, moment: Moment<'_>) -> Result<AccountVideo, StoreError> {
        let PostRow { scrape_interval_hours, create_time, last_scrape_at, .. } = self.post;
        let interval = freshness::hours_by_age(scrape_interval_hours, create_time, last_scrape_at, moment.curve);
        Ok(AccountVideo { id: AccountVideoId(self.id), post: self.post.view(interval, moment.now)? })
    }
}

static SELECTED: LazyLock<String> = LazyLock::new(|| {
    format!(
        "t.id, t.organization_id, a.is_active, (a.is_active AND COALESCE(c.is_active, TRUE)) AS is_collected, \
         a.scrape_interval_hours, {COLUMNS}"
    )
});

static FACTS: LazyLock<String> = LazyLock::new(|| {
    format!("JOIN accounts a ON a.id = t.account_id LEFT JOIN creators c ON c.id = a.creator_id {JOINS}")
});

impl Keyed for AccountVideoRow {
    type Id = i64;

    const TABLE: &'static str = "account_videos";
    const ALIAS: &'static str = "t";

    fn columns() -> &'static str {
        &SELECTED
    }

    fn joins() -> &'static str {
        &FACTS
    }

    fn key(&self) -> Key<i64> {
        Key { organization: OrganizationId(self.organization_id), id: self.id }
    }
}

impl Tenant {
    /// One account video.
    pub async fn account_video(
        &self,
        id: AccountVideoId,
        now: Timestamp,
    ) -> Result<Option<Arc<Seen<AccountVideo>>>, StoreError> {
        let key = Key { organization: self.organization, id: id.0 };
        self.store.lookups.account_videos.view(&self.store.read, key, self.store.moment(now)).await
    }

    /// A page of the organization's account videos.
    pub async fn account_videos(
        &self,
        filter: &AccountVideoFilter,
        page: &PageRequest<PostOrder>,
        now: Timestamp,
    ) -> Result<Page<Arc<Seen<AccountVideo>>>, StoreError> {
        let mut conditions = Filter::new("t.organization_id = $1", self.organization.0);
        conditions.and_if("t.platform = ?", filter.platform.map(Platform::as_str));
        conditions.and_if("t.account_id = ?", filter.account_id.map(|id| id.0));
        conditions.and_if("a.creator_id = ?", filter.creator_id.map(|id| id.0));
        conditions.and_if("p.media_type = ?", filter.media_type.map(MediaType::as_str));
        if let Some(wanted) = filter.q.as_deref().and_then(Wanted::of) {
            conditions.and(&found_in("words", "account_video_texts", "t"), wanted.anywhere());
        }
        if filter.media_type.is_some() {
            // What the post says is somebody else's until this organization's own first read.
            conditions.and_plain("t.first_scrape_at IS NOT NULL");
        }
        conditions.and_if("t.create_time >= ?", filter.created_after.map(Timestamp::as_millis));
        conditions.and_if("t.create_time <= ?", filter.created_before.map(Timestamp::as_millis));
        for (kind, id) in [(CollectionKind::Project, filter.project_id), (CollectionKind::Group, filter.group_id)] {
            if let Some(id) = id {
                belongs_to(&mut conditions, "t", self.organization, kind, id);
            }
        }
        // What the filters speak of, and nothing else.
        let mut from = "FROM account_videos t".to_owned();
        if filter.creator_id.is_some() {
            from.push_str(" JOIN accounts a ON a.id = t.account_id");
        }
        if filter.media_type.is_some() {
            from.push_str(" JOIN posts p ON p.id = t.post_id");
        }
        let source = Source { from: &from, sort: sort_column(page.order_by) };
        let memory = &self.store.lookups.account_videos.memory;
        let position =
            |row: &AccountVideoRow| Position { key: row.post.sort_key(page.order_by), id: RowId::Integer(row.id) };
        versions::page(&self.store.read, source, conditions, (page, self.store.moment(now)), memory, position).await
    }
}
