//! Refreshing on demand: a target is read now, unless the organization sees that it just was or is about to be.

use std::time::Duration;

use domain::{AccountId, Platform, RunStatus, TargetKind, Timestamp, Trigger, VideoId};
use sea_orm::FromQueryResult;

use crate::changes::Refusal;
use crate::runs::{self, Run, RunTarget};
use crate::schedule::{self, Target};
use crate::sql::{row, values};
use crate::{StoreError, TenantTx};

/// What a wish to refresh came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refreshed {
    /// A new run.
    Begun {
        /// That run.
        run: Run,
        /// When another can begin at the earliest.
        next_allowed_at: Timestamp,
    },
    /// A run that is under way, or ended a moment ago, does for this one as well.
    Coalesced {
        /// That run.
        run: Run,
        /// When another can begin at the earliest.
        next_allowed_at: Timestamp,
    },
    /// It is paused itself.
    Paused,
    /// Its creator is paused.
    CreatorPaused,
}

#[derive(FromQueryResult)]
struct Tracked {
    target_id: i64,
    platform: String,
    is_active: bool,
    is_creator_active: bool,
}

impl TenantTx {
    /// Has an account's profile read now, and with it the list of its posts.
    pub async fn refresh_account(&mut self, id: AccountId, cooldown: Duration) -> Result<Refreshed, Refusal> {
        let found = self.held(RunTarget::Account(id)).await?.ok_or(Refusal::NoAccount(id))?;
        Ok(self.refresh(RunTarget::Account(id), found, cooldown).await?)
    }

    /// Has a post that was added by hand read now.
    pub async fn refresh_video(&mut self, id: VideoId, cooldown: Duration) -> Result<Refreshed, Refusal> {
        let found = self.held(RunTarget::Video(id)).await?.ok_or(Refusal::NoVideo(id))?;
        Ok(self.refresh(RunTarget::Video(id), found, cooldown).await?)
    }

    /// The record, with the lock of its schedule row: of many wishes at once the first decides.
    async fn held(&self, target: RunTarget) -> Result<Option<Tracked>, StoreError> {
        let Some(mut seen) = self.tracked_as(target).await? else { return Ok(None) };
        loop {
            schedule::rest(&self.tx, seen.target(target)?).await?;
            schedule::lock(&self.tx, kind_of(target), seen.target_id).await?;
            // Seen again under the lock: it may have been paused or deleted, or its account found to be another one.
            match self.tracked_as(target).await? {
                Some(now) if now.target_id != seen.target_id => seen = now,
                held @ (Some(_) | None) => return Ok(held),
            }
        }
    }

    async fn tracked_as(&self, target: RunTarget) -> Result<Option<Tracked>, StoreError> {
        let (sql, id) = match target {
            RunTarget::Account(AccountId(id)) => (
                "SELECT a.profile_id AS target_id, a.platform, a.is_active, COALESCE(c.is_active, TRUE) AS is_creator_active \
                 FROM accounts a LEFT JOIN creators c ON c.id = a.creator_id WHERE a.id = $1 AND a.organization_id = $2",
                id,
            ),
            RunTarget::Video(VideoId(id)) => (
                "SELECT v.post_id AS target_id, v.platform, v.is_active, TRUE AS is_creator_active FROM videos v \
                 WHERE v.id = $1 AND v.organization_id = $2",
                id,
            ),
            RunTarget::AccountVideo(_) => return Ok(None),
        };
        row::<Tracked>(&self.tx, sql, values![id, self.organization.0]).await
    }

    async fn refresh(&mut self, id: RunTarget, found: Tracked, cooldown: Duration) -> Result<Refreshed, StoreError> {
        if !found.is_active {
            return Ok(Refreshed::Paused);
        }
        if !found.is_creator_active {
            return Ok(Refreshed::CreatorPaused);
        }
        let target = found.target(id)?;
        if let Some(run) = runs::last_read(&self.tx, self.organization.0, id, target.kind).await? {
            let next_allowed_at = next_allowed_at(&run, cooldown, self.now);
            if next_allowed_at > self.now || !is_over(run.status) {
                return Ok(Refreshed::Coalesced { run, next_allowed_at });
            }
        }
        let wake = schedule::arm_now(&self.tx, target, Trigger::Refresh, self.cause(), self.now).await?;
        self.wakes.push(wake);
        let run = runs::last_read(&self.tx, self.organization.0, id, target.kind)
            .await?
            .ok_or(StoreError::Unreadable { table: "tracked_runs", column: "run_id" })?;
        let next_allowed_at = next_allowed_at(&run, cooldown, self.now);
        Ok(Refreshed::Begun { run, next_allowed_at })
    }
}

impl Tracked {
    fn target(&self, of: RunTarget) -> Result<Target, StoreError> {
        let platform: Platform =
            self.platform.parse().map_err(|_| StoreError::Unreadable { table: "accounts", column: "platform" })?;
        Ok(Target { kind: kind_of(of), id: self.target_id, platform })
    }
}

/// Which page a refresh reads.
const fn kind_of(target: RunTarget) -> TargetKind {
    match target {
        RunTarget::Account(_) => TargetKind::Profile,
        RunTarget::Video(_) | RunTarget::AccountVideo(_) => TargetKind::Post,
    }
}

const fn is_over(status: RunStatus) -> bool {
    match status {
        RunStatus::Queued | RunStatus::Running => false,
        RunStatus::Succeeded | RunStatus::Failed | RunStatus::Skipped => true,
    }
}

/// When another run can begin. One that has not ended ends now at the earliest.
fn next_allowed_at(run: &Run, cooldown: Duration, now: Timestamp) -> Timestamp {
    run.finished_at.unwrap_or(now).plus(cooldown)
}
