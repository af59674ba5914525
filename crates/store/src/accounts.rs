//! Tracked accounts.

use domain::{AccountId, CreatorId, Metadata, MetricStatus, Platform, TargetKind, Timestamp, Trigger};
use sea_orm::{ConnectionTrait, FromQueryResult};
use uuid::Uuid;

use crate::changes::{AccountChange, NewAccount, Refusal};
use crate::freshness;
use crate::listing::{self, Listing, SortColumn};
use crate::paging::{AccountFilter, AccountOrder, Page, PageRequest, Position, RowId, SortKey};
use crate::schedule::{self, Target};
use crate::sql::{Filter, Number, contains, execute, is_postgres, row, values};
use crate::views::{Account, MetricStatuses, PostCounts};
use crate::{StoreError, Tenant, TenantTx, creators};

const FROM: &str = "FROM accounts a JOIN profiles p ON p.id = a.profile_id \
     JOIN organizations o ON o.id = a.organization_id LEFT JOIN creators c ON c.id = a.creator_id \
     LEFT JOIN schedules s ON s.kind = 'profile' AND s.target_id = a.profile_id";

const SELECT: &str = "SELECT a.id, a.platform, a.username, a.category, a.metadata, a.is_active, a.creator_id, \
     a.scrape_interval_hours, a.max_recent_posts, a.post_lookback_days, a.added_at, a.updated_at, a.first_scrape_at, \
     a.last_scrape_at, a.follower_count, a.following_count, a.profile_post_count, a.total_post_count, a.view_count, a.like_count, \
     a.comment_count, a.share_count, a.play_count, a.saved_count, c.name AS creator_name, \
     (a.is_active AND COALESCE(c.is_active, TRUE)) AS is_collected, \
     p.platform_id, p.previous_usernames, p.name, p.description, p.profile_pic_url, p.is_verified, p.is_private, \
     p.is_unavailable, p.link_in_bio, \
     COALESCE(a.max_recent_posts, o.max_recent_posts) AS effective_max_recent_posts, \
     COALESCE(a.post_lookback_days, o.post_lookback_days) AS effective_post_lookback_days, \
     s.due_at, s.last_attempt_at, s.last_attempt_outcome, s.consecutive_failures";

#[derive(Debug, FromQueryResult)]
struct AccountRow {
    id: Uuid,
    platform: String,
    username: String,
    category: Option<String>,
    metadata: String,
    is_active: bool,
    creator_id: Option<Uuid>,
    scrape_interval_hours: i64,
    max_recent_posts: Option<i64>,
    post_lookback_days: Option<i64>,
    added_at: i64,
    updated_at: i64,
    first_scrape_at: Option<i64>,
    last_scrape_at: Option<i64>,
    follower_count: Option<i64>,
    following_count: Option<i64>,
    profile_post_count: Option<i64>,
    total_post_count: Option<i64>,
    view_count: Option<i64>,
    like_count: Option<i64>,
    comment_count: Option<i64>,
    share_count: Option<i64>,
    play_count: Option<i64>,
    saved_count: Option<i64>,
    creator_name: Option<String>,
    is_collected: bool,
    platform_id: Option<String>,
    previous_usernames: String,
    name: Option<String>,
    description: Option<String>,
    profile_pic_url: Option<String>,
    is_verified: Option<bool>,
    is_private: Option<bool>,
    is_unavailable: bool,
    link_in_bio: Option<String>,
    effective_max_recent_posts: Option<i64>,
    effective_post_lookback_days: Option<i64>,
    due_at: Option<i64>,
    last_attempt_at: Option<i64>,
    last_attempt_outcome: Option<String>,
    consecutive_failures: Option<i64>,
}

impl AccountRow {
    fn view(self, now: Timestamp) -> Result<Account, StoreError> {
        let platform: Platform =
            self.platform.parse().map_err(|_| StoreError::Unreadable { table: "accounts", column: "platform" })?;
        let freshness = freshness::sum_up(
            &freshness::Facts {
                added_at: self.added_at,
                is_collected: self.is_collected,
                is_unavailable: self.is_unavailable,
                last_scrape_at: self.last_scrape_at,
                interval_hours: self.scrape_interval_hours,
                due_at: self.due_at,
                last_attempt_at: self.last_attempt_at,
                last_attempt_outcome: self.last_attempt_outcome.as_deref(),
                consecutive_failures: self.consecutive_failures,
            },
            now,
        );
        let metric_status = self.metric_status();
        // Until this organization's own first read, the profile's facts are somebody else's.
        let seen = self.first_scrape_at.is_some();
        Ok(Account {
            id: AccountId(self.id),
            platform,
            platform_account_id: self.platform_id.filter(|_| seen),
            previous_usernames: if seen {
                serde_json::from_str(&self.previous_usernames).unwrap_or_default()
            } else {
                Vec::new()
            },
            name: self.name.filter(|_| seen),
            description: self.description.filter(|_| seen),
            profile_pic_url_original: self.profile_pic_url.filter(|_| seen),
            is_verified: self.is_verified.filter(|_| seen),
            is_private: self.is_private.filter(|_| seen),
            is_unavailable: self.is_unavailable && freshness.last_attempt_at.is_some(),
            link_in_bio: self.link_in_bio.filter(|_| seen),
            username: self.username,
            is_active: self.is_active,
            creator_id: self.creator_id.map(CreatorId),
            creator_name: self.creator_name,
            category: self.category,
            metadata: Metadata::from_stored(&self.metadata),
            added_at: Timestamp::from_millis(self.added_at),
            updated_at: Timestamp::from_millis(self.updated_at),
            first_scrape_at: self.first_scrape_at.map(Timestamp::from_millis),
            last_scrape_at: self.last_scrape_at.map(Timestamp::from_millis),
            scrape_interval_hours: self.scrape_interval_hours,
            follower_count: self.follower_count,
            following_count: self.following_count,
            profile_post_count: self.profile_post_count,
            total_post_count: self.total_post_count,
            sums: PostCounts {
                view_count: self.view_count,
                like_count: self.like_count,
                comment_count: self.comment_count,
                share_count: self.share_count,
                play_count: self.play_count,
                saved_count: self.saved_count,
            },
            max_recent_posts: self.max_recent_posts,
            post_lookback_days: self.post_lookback_days,
            effective_max_recent_posts: self.effective_max_recent_posts,
            effective_post_lookback_days: self.effective_post_lookback_days,
            freshness,
            metric_status,
        })
    }

    fn metric_status(&self) -> MetricStatuses {
        let why = if self.first_scrape_at.is_none() { MetricStatus::NotYetScraped } else { MetricStatus::NotProvided };
        // Sums wait for the first post to be read, which comes after the profile itself.
        let why_sum =
            if self.total_post_count.is_none() { MetricStatus::NotYetScraped } else { MetricStatus::NotProvided };
        [
            ("follower_count", self.follower_count, why),
            ("following_count", self.following_count, why),
            ("profile_post_count", self.profile_post_count, why),
            ("total_post_count", self.total_post_count, why_sum),
            ("view_count", self.view_count, why_sum),
            ("like_count", self.like_count, why_sum),
            ("comment_count", self.comment_count, why_sum),
            ("share_count", self.share_count, why_sum),
            ("play_count", self.play_count, why_sum),
            ("saved_count", self.saved_count, why_sum),
        ]
        .into_iter()
        .filter(|(_, value, _)| value.is_none())
        .map(|(name, _, status)| (name.to_owned(), status))
        .collect()
    }

    fn position(&self, order: AccountOrder) -> Position {
        let key = match order {
            AccountOrder::AddedAt => SortKey::Number(Some(self.added_at)),
            AccountOrder::Username => SortKey::Text(self.username.clone()),
            AccountOrder::LastScrapeTime => SortKey::Number(self.last_scrape_at),
            AccountOrder::FollowerCount => SortKey::Number(self.follower_count),
            AccountOrder::ViewCount => SortKey::Number(self.view_count),
            AccountOrder::LikeCount => SortKey::Number(self.like_count),
            AccountOrder::PlayCount => SortKey::Number(self.play_count),
        };
        Position { key, id: RowId::Uuid(self.id) }
    }
}

const fn sort_column(order: AccountOrder) -> SortColumn {
    match order {
        AccountOrder::AddedAt => SortColumn::Number("a.added_at"),
        AccountOrder::Username => SortColumn::Text("a.username"),
        AccountOrder::LastScrapeTime => SortColumn::NullableNumber("a.last_scrape_at"),
        AccountOrder::FollowerCount => SortColumn::NullableNumber("a.follower_count"),
        AccountOrder::ViewCount => SortColumn::NullableNumber("a.view_count"),
        AccountOrder::LikeCount => SortColumn::NullableNumber("a.like_count"),
        AccountOrder::PlayCount => SortColumn::NullableNumber("a.play_count"),
    }
}

async fn find(
    connection: &impl ConnectionTrait,
    organization: Uuid,
    id: AccountId,
    now: Timestamp,
) -> Result<Option<Account>, StoreError> {
    row::<AccountRow>(
        connection,
        &format!("{SELECT} {FROM} WHERE a.id = $1 AND a.organization_id = $2"),
        values![id.0, organization],
    )
    .await?
    .map(|found| found.view(now))
    .transpose()
}

impl Tenant {
    /// One account.
    pub async fn account(&self, id: AccountId, now: Timestamp) -> Result<Option<Account>, StoreError> {
        find(&self.store.read, self.organization.0, id, now).await
    }

    /// A page of the organization's accounts.
    pub async fn accounts(
        &self,
        filter: &AccountFilter,
        page: &PageRequest<AccountOrder>,
        now: Timestamp,
    ) -> Result<Page<Account>, StoreError> {
        let mut conditions = Filter::new("a.organization_id = $1", self.organization.0);
        conditions.and_if("a.platform = ?", filter.platform.map(Platform::as_str));
        conditions.and_if("a.username LIKE ? ESCAPE '\\'", filter.q.as_deref().map(contains));
        conditions.and_if("a.is_active = ?", filter.is_active);
        conditions.and_if("a.category = ?", filter.category.clone());
        conditions.and_if("a.creator_id = ?", filter.creator_id.map(|id| id.0));
        let listing = Listing {
            select: &format!("{SELECT} {FROM}"),
            count_from: "FROM accounts a",
            id: "a.id",
            sort: sort_column(page.order_by),
        };
        let found =
            listing::page(&self.store.read, &listing, conditions, page, |row: &AccountRow| row.position(page.order_by))
                .await?;
        listing::convert(found, |row| row.view(now))
    }
}

#[derive(FromQueryResult)]
pub(crate) struct TrackedRow {
    pub(crate) profile_id: i64,
    creator_id: Option<Uuid>,
}

impl TenantTx {
    /// One account, as the transaction sees it.
    pub async fn account(&self, id: AccountId) -> Result<Option<Account>, StoreError> {
        find(&self.tx, self.organization.0, id, self.now).await
    }

    /// One account, kept from being changed by others until the transaction ends: what a condition was checked against still holds when
    /// the change is made.
    pub async fn hold_account(&self, id: AccountId) -> Result<Option<Account>, StoreError> {
        match self.tracked(id).await {
            Ok(tracked) => schedule::lock(&self.tx, TargetKind::Profile, tracked.profile_id).await?,
            Err(Refusal::Store(error)) => return Err(error),
            Err(_) => return Ok(None),
        }
        self.account(id).await
    }

    /// Begins to track a profile; when active, a scrape is due at once.
    pub async fn create_account(&mut self, new: &NewAccount) -> Result<AccountId, Refusal> {
        if let Some(creator) = new.creator_id {
            self.require_creator(creator).await?;
        }
        let profile_id = self.profile(new.platform, new.handle.as_str()).await?;
        let target = Target { kind: TargetKind::Profile, id: profile_id, platform: new.platform };
        schedule::rest(&self.tx, target).await?;
        schedule::lock(&self.tx, target.kind, target.id).await?;
        let id = AccountId::new();
        let inserted = execute(
            &self.tx,
            "INSERT INTO accounts (id, organization_id, profile_id, creator_id, platform, username, category, metadata, is_active, \
             scrape_interval_hours, max_recent_posts, post_lookback_days, added_at, updated_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13) \
             ON CONFLICT (organization_id, profile_id) DO NOTHING",
            values![
                id.0,
                self.organization.0,
                profile_id,
                new.creator_id.map(|id| id.0),
                new.platform.as_str(),
                new.handle.as_str(),
                new.category.clone(),
                new.metadata.to_stored(),
                new.is_active,
                new.scrape_interval_hours,
                new.max_recent_posts,
                new.post_lookback_days,
                self.now.as_millis(),
            ],
        )
        .await?;
        if inserted == 0 {
            return Err(self.duplicate_account(profile_id).await?);
        }
        if new.is_active && self.is_creator_active(new.creator_id).await? {
            let wake = schedule::arm_now(&self.tx, target, Trigger::Created, Some(&self.request_id), self.now).await?;
            self.wakes.push(wake);
        }
        if let Some(creator) = new.creator_id {
            creators::sum_followers(&self.tx, &[creator.0]).await?;
        }
        // Last, because it serialises an organization's additions.
        self.count_tracked(1).await?;
        Ok(id)
    }

    /// Changes an account.
    pub async fn update_account(&mut self, id: AccountId, change: &AccountChange) -> Result<(), Refusal> {
        let tracked = self.tracked(id).await?;
        if let Some(Some(creator)) = change.creator_id {
            self.require_creator(creator).await?;
        }
        self.lock_account(id, tracked.profile_id).await?;
        let mut set = Filter::new("updated_at = $1", self.now.as_millis());
        let mut assign = |column: &str, value: sea_orm::Value| {
            let place = set.bind(value);
            set.assign(column, &place);
        };
        let AccountChange {
            category,
            scrape_interval_hours,
            metadata,
            is_active,
            creator_id,
            max_recent_posts,
            post_lookback_days,
        } = change;
        if let Some(category) = category {
            assign("category", category.clone().into());
        }
        if let Some(hours) = scrape_interval_hours {
            assign("scrape_interval_hours", (*hours).into());
        }
        if let Some(metadata) = metadata {
            assign("metadata", metadata.to_stored().into());
        }
        if let Some(is_active) = is_active {
            assign("is_active", (*is_active).into());
        }
        if let Some(creator) = creator_id {
            assign("creator_id", creator.map(|id| id.0).into());
        }
        if let Some(bound) = max_recent_posts {
            assign("max_recent_posts", (*bound).into());
        }
        if let Some(bound) = post_lookback_days {
            assign("post_lookback_days", (*bound).into());
        }
        let place = set.bind(id.0);
        let sql = format!("UPDATE accounts SET {} WHERE id = {place}", set.text());
        if execute(&self.tx, &sql, set.values()).await? == 0 {
            // Deleted while this waited for its lock.
            return Err(Refusal::NoAccount(id));
        }
        let creators: Vec<Uuid> =
            [tracked.creator_id, creator_id.flatten().map(|id| id.0)].into_iter().flatten().collect();
        if creator_id.is_some() {
            creators::sum_followers(&self.tx, &creators).await?;
        }
        self.follow_account(id, tracked.profile_id).await?;
        Ok(())
    }

    /// Ends tracking. What nobody else tracks is cleared away by a worker soon after.
    pub async fn delete_account(&mut self, id: AccountId) -> Result<(), Refusal> {
        let tracked = self.tracked(id).await?;
        self.lock_account(id, tracked.profile_id).await?;
        if is_postgres(&self.tx) {
            // The lock that deleting needs, before a lesser one that recordings wait for while they hold what deleting waits for.
            let lock = "SELECT profile_id AS value FROM accounts WHERE id = $1 FOR UPDATE";
            row::<Number>(&self.tx, lock, values![id.0]).await?;
        }
        // Collection stops first, so that the sub-queries below no longer count this account.
        execute(&self.tx, "UPDATE accounts SET is_active = FALSE WHERE id = $1", values![id.0]).await?;
        let posts = "SELECT post_id FROM account_videos WHERE account_id = $3";
        schedule::visit_orphans(&self.tx, TargetKind::Post, posts, id.0, self.now).await?;
        schedule::visit_orphans(
            &self.tx,
            TargetKind::Profile,
            "SELECT CAST($3 AS BIGINT)",
            tracked.profile_id,
            self.now,
        )
        .await?;
        if execute(&self.tx, "DELETE FROM accounts WHERE id = $1", values![id.0]).await? == 0 {
            // Deleted while this waited for its lock, and counted out by whoever did.
            return Err(Refusal::NoAccount(id));
        }
        if let Some(creator) = tracked.creator_id {
            creators::sum_followers(&self.tx, &[creator]).await?;
        }
        self.count_tracked(-1).await?;
        Ok(())
    }

    /// The shared profile of a handle, made when it is new.
    async fn profile(&self, platform: Platform, username: &str) -> Result<i64, StoreError> {
        let find = "SELECT id AS value FROM profiles WHERE platform = $1 AND username = $2";
        let values = || values![platform.as_str(), username];
        if let Some(found) = row::<Number>(&self.tx, find, values()).await? {
            return Ok(found.value);
        }
        let insert = "INSERT INTO profiles (platform, username) VALUES ($1, $2) \
             ON CONFLICT (platform, username) DO NOTHING RETURNING id AS value";
        if let Some(made) = row::<Number>(&self.tx, insert, values()).await? {
            return Ok(made.value);
        }
        // Somebody else made it a moment ago.
        row::<Number>(&self.tx, find, values())
            .await?
            .map(|found| found.value)
            .ok_or(StoreError::Unreadable { table: "profiles", column: "id" })
    }

    async fn duplicate_account(&self, profile_id: i64) -> Result<Refusal, StoreError> {
        #[derive(FromQueryResult)]
        struct Existing {
            id: Uuid,
        }
        let existing = row::<Existing>(
            &self.tx,
            "SELECT id FROM accounts WHERE organization_id = $1 AND profile_id = $2",
            values![self.organization.0, profile_id],
        )
        .await?
        .ok_or(StoreError::Unreadable { table: "accounts", column: "id" })?;
        Ok(Refusal::Duplicate { existing_id: existing.id })
    }

    pub(crate) async fn tracked(&self, id: AccountId) -> Result<TrackedRow, Refusal> {
        row::<TrackedRow>(
            &self.tx,
            "SELECT profile_id, creator_id FROM accounts WHERE id = $1 AND organization_id = $2",
            values![id.0, self.organization.0],
        )
        .await?
        .ok_or(Refusal::NoAccount(id))
    }

    /// Takes the locks of an account's profile and posts, before any row of the account is touched.
    pub(crate) async fn lock_account(&self, id: AccountId, profile_id: i64) -> Result<(), StoreError> {
        schedule::lock(&self.tx, TargetKind::Profile, profile_id).await?;
        let posts = "SELECT post_id FROM account_videos WHERE account_id = $3";
        schedule::lock_all(&self.tx, TargetKind::Post, posts, id.0).await
    }

    /// Brings the schedules of an account's profile and posts in line with how it is tracked now.
    pub(crate) async fn follow_account(&self, id: AccountId, profile_id: i64) -> Result<(), StoreError> {
        let posts = "SELECT post_id FROM account_videos WHERE account_id = $3";
        schedule::follow_tracking(&self.tx, TargetKind::Profile, "SELECT CAST($3 AS BIGINT)", profile_id, self.now)
            .await?;
        schedule::follow_tracking(&self.tx, TargetKind::Post, posts, id.0, self.now).await
    }

    /// Counts an account in or out, refusing to pass the organization's cap. Exact under concurrency: the row is locked to the end.
    async fn count_tracked(&self, change: i64) -> Result<(), Refusal> {
        let counted = execute(
            &self.tx,
            "UPDATE organizations SET tracked_accounts = tracked_accounts + $2 WHERE id = $1 \
             AND ($2 < 0 OR max_tracked_accounts IS NULL OR tracked_accounts + $2 <= max_tracked_accounts)",
            values![self.organization.0, change],
        )
        .await?;
        if counted > 0 {
            return Ok(());
        }
        let cap = row::<Number>(
            &self.tx,
            "SELECT COALESCE(max_tracked_accounts, 0) AS value FROM organizations WHERE id = $1",
            values![self.organization.0],
        )
        .await?;
        Err(Refusal::QuotaExceeded { cap: cap.map_or(0, |number| number.value) })
    }
}
