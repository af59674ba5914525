//! Adding, changing and removing accounts.

use domain::{AccountId, Metadata, Platform, TargetKind, Trigger, fold};
use sea_orm::FromQueryResult;
use uuid::Uuid;

use crate::changes::{AccountChange, NewAccount, Refusal};
use crate::schedule::{self, Target};
use crate::search::texts;
use crate::sql::{Number, Patch, execute, is_postgres, row, values};
use crate::views::Account;
use crate::{StoreError, TenantTx, creators, organizations, tracked_posts};

#[derive(FromQueryResult)]
pub(crate) struct TrackedRow {
    pub(crate) profile_id: i64,
    creator_id: Option<Uuid>,
}

impl TenantTx {
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
        let target = self.held_profile(new.platform, new.handle.as_str()).await?;
        let profile_id = target.id;
        let is_creator_active = match new.creator_id {
            Some(creator) => self.keep_creator(creator).await?,
            None => true,
        };
        let id = AccountId::new();
        let inserted = execute(
            &self.tx,
            &format!(
                "INSERT INTO accounts (id, organization_id, profile_id, creator_id, platform, username, category, metadata, is_active, \
                 scrape_interval_hours, max_recent_posts, post_lookback_days, added_at, updated_at, username_folded) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, COALESCE($10, {}), $11, $12, $13, $13, $14) \
                 ON CONFLICT (organization_id, profile_id) DO NOTHING",
                organizations::default_interval("$2")
            ),
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
                fold(new.handle.as_str()),
            ],
        )
        .await?;
        if inserted == 0 {
            return Err(self.duplicate_account(profile_id).await?);
        }
        texts::add_accounts(&self.tx, "id = $1", values![id.0]).await?;
        if new.is_active && is_creator_active {
            let wake = schedule::arm_locked_now(&self.tx, target, Trigger::Created, self.cause(), self.now).await?;
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
        self.lock_account(id, tracked.profile_id).await?;
        if let Some(Some(creator)) = change.creator_id {
            self.keep_creator(creator).await?;
        }
        let AccountChange {
            category,
            scrape_interval_hours,
            metadata,
            is_active,
            creator_id,
            max_recent_posts,
            post_lookback_days,
        } = change;
        let mut patch = Patch::at(self.now);
        patch.set_if("category", category.clone());
        patch.set_if("scrape_interval_hours", *scrape_interval_hours);
        patch.set_if("metadata", metadata.as_ref().map(Metadata::to_stored));
        patch.set_if("is_active", *is_active);
        patch.set_if("creator_id", creator_id.map(|creator| creator.map(|id| id.0)));
        patch.set_if("max_recent_posts", *max_recent_posts);
        patch.set_if("post_lookback_days", *post_lookback_days);
        let (sql, values) = patch.of("accounts", id.0);
        if execute(&self.tx, &sql, values).await? == 0 {
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
        schedule::visit_orphans(&self.tx, TargetKind::Post, posts, id.0, &self.age_curve, self.now).await?;
        schedule::visit_orphans(
            &self.tx,
            TargetKind::Profile,
            "SELECT CAST($3 AS BIGINT)",
            tracked.profile_id,
            &self.age_curve,
            self.now,
        )
        .await?;
        tracked_posts::leave_account(&self.tx, self.organization, id).await?;
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

    /// The shared profile of a handle, made when it is new, with the lock of its schedule row.
    async fn held_profile(&self, platform: Platform, username: &str) -> Result<Target, StoreError> {
        loop {
            // Neither is there when it is cleared away just when it was found.
            let Some(id) = self.profile(platform, username).await? else { continue };
            let target = Target { kind: TargetKind::Profile, id, platform };
            schedule::rest(&self.tx, target).await?;
            if schedule::hold(&self.tx, target).await? {
                return Ok(target);
            }
        }
    }

    /// The shared profile of a handle, made when it is new; `None` when somebody else made it and it is gone again.
    async fn profile(&self, platform: Platform, username: &str) -> Result<Option<i64>, StoreError> {
        // A YouTube channel may be named by its id, under which it may be known already.
        let find = match platform {
            Platform::Youtube => {
                "SELECT id AS value FROM profiles WHERE platform = $1 AND (username = $2 OR platform_id = $2) \
                 ORDER BY CASE WHEN platform_id = $2 THEN 0 ELSE 1 END LIMIT 1"
            }
            Platform::Instagram | Platform::Tiktok | Platform::Pinterest => {
                "SELECT id AS value FROM profiles WHERE platform = $1 AND username = $2"
            }
        };
        let values = || values![platform.as_str(), username];
        if let Some(found) = row::<Number>(&self.tx, find, values()).await? {
            return Ok(Some(found.value));
        }
        let insert = "INSERT INTO profiles (platform, username) VALUES ($1, $2) \
             ON CONFLICT (platform, username) DO NOTHING RETURNING id AS value";
        if let Some(made) = row::<Number>(&self.tx, insert, values()).await? {
            return Ok(Some(made.value));
        }
        // Somebody else made it a moment ago.
        Ok(row::<Number>(&self.tx, find, values()).await?.map(|found| found.value))
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
        schedule::lock_profile(&self.tx, profile_id).await?;
        let posts = "SELECT post_id FROM account_videos WHERE account_id = $3";
        schedule::lock_all(&self.tx, TargetKind::Post, posts, id.0).await
    }

    /// Brings the schedules of an account's profile and posts in line with how it is tracked now.
    pub(crate) async fn follow_account(&self, id: AccountId, profile_id: i64) -> Result<(), StoreError> {
        let posts = "SELECT post_id FROM account_videos WHERE account_id = $3";
        schedule::follow_tracking(
            &self.tx,
            TargetKind::Profile,
            "SELECT CAST($3 AS BIGINT)",
            profile_id,
            &self.age_curve,
            self.now,
        )
        .await?;
        schedule::follow_tracking(&self.tx, TargetKind::Post, posts, id.0, &self.age_curve, self.now).await
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
