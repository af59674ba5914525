//! Adding, changing and removing creators, and linking accounts to them.

use domain::{AccountId, CreatorId, Metadata, TargetKind, fold};
use sea_orm::{DatabaseTransaction, FromQueryResult};
use uuid::Uuid;

use crate::changes::{CreatorChange, Linked, NewCreator, Refusal};
use crate::lasting::{Savepoint, kept};
use crate::schedule;
use crate::search::texts;
use crate::sql::{Number, Patch, execute, is_postgres, places, row, rows, values};
use crate::{StoreError, TenantTx};

/// Brings the followers that creators' accounts add up to up to date.
pub async fn sum_followers(tx: &DatabaseTransaction, creators: &[Uuid]) -> Result<(), StoreError> {
    if creators.is_empty() {
        return Ok(());
    }
    let ids = || creators.iter().map(|id| sea_orm::Value::from(*id)).collect::<Vec<_>>();
    if is_postgres(tx) {
        // Locked by a statement of its own, so that the sum is made of what is committed by then.
        let lock = format!(
            "SELECT added_at AS value FROM creators WHERE id IN ({}) ORDER BY id FOR NO KEY UPDATE",
            places(1, creators.len())
        );
        rows::<Number>(tx, &lock, ids()).await?;
    }
    let sql = format!(
        "UPDATE creators SET total_followers = \
         (SELECT CASE WHEN COUNT(*) = 0 THEN 0 ELSE CAST(SUM(a.follower_count) AS BIGINT) END FROM accounts a \
         WHERE a.creator_id = creators.id) \
         WHERE id IN ({})",
        places(1, creators.len())
    );
    execute(tx, &sql, ids()).await?;
    Ok(())
}

impl TenantTx {
    /// Adds a creator.
    pub async fn create_creator(&mut self, new: &NewCreator) -> Result<CreatorId, Refusal> {
        let id = CreatorId::new();
        execute(
            &self.tx,
            "INSERT INTO creators (id, organization_id, name, name_folded, is_active, metadata, total_followers, added_at, updated_at) \
             VALUES ($1, $2, $3, $4, $5, $6, 0, $7, $7)",
            values![
                id.0,
                self.organization.0,
                new.name.clone(),
                fold(&new.name),
                new.is_active,
                new.metadata.to_stored(),
                self.now.as_millis(),
            ],
        )
        .await?;
        texts::name_creator(&self.tx, self.organization, id, &new.name).await?;
        Ok(id)
    }

    /// Changes a creator; pausing it pauses the collection of its accounts.
    pub async fn update_creator(&mut self, id: CreatorId, change: &CreatorChange) -> Result<(), Refusal> {
        self.require_creator(id).await?;
        let CreatorChange { name, is_active, metadata } = change;
        if is_active.is_some() {
            self.hold_accounts_of(id).await?.ok_or(Refusal::NoCreator(id))?;
        }
        let mut patch = Patch::at(self.now);
        patch.set_if("name", name.clone());
        patch.set_if("name_folded", name.as_deref().map(fold));
        patch.set_if("is_active", *is_active);
        patch.set_if("metadata", metadata.as_ref().map(Metadata::to_stored));
        let (sql, values) = patch.of("creators", id.0);
        if execute(&self.tx, &sql, values).await? == 0 {
            // Deleted while this waited for its lock.
            return Err(Refusal::NoCreator(id));
        }
        if let Some(name) = name {
            texts::name_creator(&self.tx, self.organization, id, name).await?;
        }
        if is_active.is_some() {
            self.follow_accounts_of(id).await?;
        }
        Ok(())
    }

    /// Removes a creator and unlinks its accounts.
    pub async fn delete_creator(&mut self, id: CreatorId) -> Result<(), Refusal> {
        self.require_creator(id).await?;
        let linked = self.hold_accounts_of(id).await?.ok_or(Refusal::NoCreator(id))?;
        execute(
            &self.tx,
            "UPDATE accounts SET creator_id = NULL, updated_at = $2 WHERE creator_id = $1",
            values![id.0, self.now.as_millis()],
        )
        .await?;
        if execute(&self.tx, "DELETE FROM creators WHERE id = $1", values![id.0]).await? == 0 {
            return Err(Refusal::NoCreator(id));
        }
        for LinkedAccount { id, profile_id } in linked {
            self.follow_account(AccountId(id), profile_id).await?;
        }
        Ok(())
    }

    /// Links an account to a creator.
    pub async fn link_account(&mut self, creator: CreatorId, account: AccountId) -> Result<Linked, Refusal> {
        self.require_creator(creator).await?;
        let profile_id = self.tracked(account).await?.profile_id;
        self.lock_account(account, profile_id).await?;
        self.keep_creator(creator).await?;
        let current = self.account(account).await?.ok_or(Refusal::NoAccount(account))?.creator_id;
        match current {
            Some(linked) if linked == creator => return Ok(Linked::Before),
            Some(other) => return Err(Refusal::LinkedElsewhere(other)),
            None => {}
        }
        let linked = self.relink(account, Some(creator)).await?;
        if !linked {
            // Somebody else linked it between the look and the leap.
            let now = self.account(account).await?.and_then(|account| account.creator_id);
            return now.map_or(Err(Refusal::NoAccount(account)), |other| Err(Refusal::LinkedElsewhere(other)));
        }
        sum_followers(&self.tx, &[creator.0]).await?;
        self.follow_account(account, profile_id).await?;
        Ok(Linked::Now)
    }

    /// Unlinks an account from a creator it is linked to.
    pub async fn unlink_account(&mut self, creator: CreatorId, account: AccountId) -> Result<(), Refusal> {
        self.require_creator(creator).await?;
        let linked = self.accounts_of(creator).await?;
        let Some(found) = linked.iter().find(|linked| linked.id == account.0) else {
            return Err(Refusal::NoAccount(account));
        };
        self.lock_account(account, found.profile_id).await?;
        self.relink(account, None).await?;
        sum_followers(&self.tx, &[creator.0]).await?;
        self.follow_account(account, found.profile_id).await?;
        Ok(())
    }

    async fn relink(&self, account: AccountId, creator: Option<CreatorId>) -> Result<bool, StoreError> {
        let touched = execute(
            &self.tx,
            "UPDATE accounts SET creator_id = $3, updated_at = $4 WHERE id = $1 AND organization_id = $2 \
             AND (creator_id IS NULL OR $5)",
            values![account.0, self.organization.0, creator.map(|id| id.0), self.now.as_millis(), creator.is_none(),],
        )
        .await?;
        Ok(touched > 0)
    }

    async fn require_creator(&self, id: CreatorId) -> Result<(), Refusal> {
        match self.creator_activity(id, "").await? {
            Some(_) => Ok(()),
            None => Err(Refusal::NoCreator(id)),
        }
    }

    /// Sees that a creator stays, and stays as active as it is, until the transaction ends; whether it lets its accounts be collected. To be called with
    /// the locks of the account that is linked to it.
    pub(crate) async fn keep_creator(&self, id: CreatorId) -> Result<bool, Refusal> {
        self.creator_activity(id, kept(&self.tx)).await?.ok_or(Refusal::NoCreator(id))
    }

    async fn creator_activity(&self, id: CreatorId, lock: &str) -> Result<Option<bool>, StoreError> {
        #[derive(FromQueryResult)]
        struct Activity {
            is_active: bool,
        }
        let found = row::<Activity>(
            &self.tx,
            &format!("SELECT is_active FROM creators WHERE id = $1 AND organization_id = $2 {lock}"),
            values![id.0, self.organization.0],
        )
        .await?;
        Ok(found.map(|row| row.is_active))
    }

    async fn accounts_of(&self, creator: CreatorId) -> Result<Vec<LinkedAccount>, StoreError> {
        rows::<LinkedAccount>(
            &self.tx,
            "SELECT id, profile_id FROM accounts WHERE creator_id = $1 AND organization_id = $2 ORDER BY profile_id, id",
            values![creator.0, self.organization.0],
        )
        .await
    }

    /// Takes the locks of everything that a creator's accounts collect, before any row of theirs is touched, and then the creator's own, so that no account
    /// is linked to it before the transaction ends; `None` when there is no such creator. Linking takes the creator's lock after the account's as well, so what was linked meanwhile is only
    /// seen then: all locks are let go and taken again.
    pub(super) async fn hold_accounts_of(&self, creator: CreatorId) -> Result<Option<Vec<LinkedAccount>>, StoreError> {
        if !is_postgres(&self.tx) {
            return self.accounts_of(creator).await.map(Some);
        }
        let before = Savepoint::at(&self.tx).await?;
        loop {
            let locked = self.lock_accounts_of(creator).await?;
            let is_there = self.creator_activity(creator, "FOR UPDATE").await?.is_some();
            let linked = self.accounts_of(creator).await?;
            if linked == locked {
                before.go_on().await?;
                return Ok(is_there.then_some(linked));
            }
            before.go_back().await?;
        }
    }

    async fn lock_accounts_of(&self, creator: CreatorId) -> Result<Vec<LinkedAccount>, StoreError> {
        let linked = self.accounts_of(creator).await?;
        let profiles: Vec<i64> = linked.iter().map(|linked| linked.profile_id).collect();
        for kind in [TargetKind::Profile, TargetKind::Feed] {
            schedule::lock_list(&self.tx, kind, &profiles).await?;
        }
        let posts =
            "SELECT v.post_id FROM account_videos v JOIN accounts a ON a.id = v.account_id WHERE a.creator_id = $3";
        schedule::lock_all(&self.tx, TargetKind::Post, posts, creator.0).await?;
        Ok(linked)
    }

    async fn follow_accounts_of(&self, creator: CreatorId) -> Result<(), StoreError> {
        for LinkedAccount { id, profile_id } in self.accounts_of(creator).await? {
            self.follow_account(AccountId(id), profile_id).await?;
        }
        Ok(())
    }
}

#[derive(PartialEq, Eq, FromQueryResult)]
pub(super) struct LinkedAccount {
    id: Uuid,
    profile_id: i64,
}
