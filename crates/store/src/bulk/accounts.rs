//! Adding many accounts.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use domain::{AccountId, CreatorId, TargetKind, fold};
use sea_orm::{FromQueryResult, Value};
use uuid::Uuid;

use super::profiles::{Profiles, name_of};
use super::{ROWS_AT_ONCE, listed};
use crate::changes::{NewAccount, Refusal};
use crate::lasting::{Savepoint, kept};
use crate::organizations::default_interval;
use crate::schedule::{self, Asker, Target};
use crate::search::texts;
use crate::sql::{Number, execute, is_postgres, places, row, rows, values};
use crate::{StoreError, TenantTx, creators};

/// The first item of a batch that asks for a profile.
struct Asked<'a> {
    id: AccountId,
    index: usize,
    new: &'a NewAccount,
}

/// What a batch points at, which stays until the transaction ends.
struct Held<'a> {
    /// The organization's own of the creators that are named, and whether they let their accounts be collected.
    creators: HashMap<Uuid, bool>,
    profiles: Profiles<'a>,
}

/// The creator that an item names and that is not there.
fn unknown(creators: &HashMap<Uuid, bool>, new: &NewAccount) -> Option<CreatorId> {
    new.creator_id.filter(|id| !creators.contains_key(&id.0))
}

/// What became of a profile that a batch asks for.
enum Fate {
    /// It is tracked from now on.
    Added,
    /// It was tracked before, as this account.
    There(Uuid),
    /// The cap left no room for it.
    Over { cap: i64 },
}

impl TenantTx {
    /// Begins to track many profiles, each as [`TenantTx::create_account`] would; those that are active are due at once. One result for each
    /// of `new`, in their order; the second of two that are the same profile is a duplicate of the first. When the cap is reached, those
    /// that come first are added.
    pub async fn create_accounts(&mut self, new: &[NewAccount]) -> Result<Vec<Result<AccountId, Refusal>>, StoreError> {
        let Held { creators, profiles } = self.hold_for(new).await?;
        let unknown = |new: &NewAccount| unknown(&creators, new);
        let profile_of = |new| profiles.ids.get(&name_of(new)).copied();
        let mut asked: BTreeMap<i64, Asked<'_>> = BTreeMap::new();
        for (index, new) in new.iter().enumerate().filter(|(_, new)| unknown(new).is_none()) {
            if let Some(profile) = profile_of(new) {
                asked.entry(profile).or_insert(Asked { id: AccountId::new(), index, new });
            }
        }
        let fates = self.track(&asked, &profiles.made).await?;
        self.arm_added(&asked, &fates, &creators).await?;
        let result = |(index, new)| {
            if let Some(creator) = unknown(new) {
                return Err(Refusal::NoCreator(creator));
            }
            let found = profile_of(new).and_then(|profile| Some((asked.get(&profile)?, fates.get(&profile)?)));
            match found {
                Some((first, Fate::Added)) if first.index == index => Ok(first.id),
                Some((first, Fate::Added)) => Err(Refusal::Duplicate { existing_id: first.id.0 }),
                Some((_, Fate::There(existing_id))) => Err(Refusal::Duplicate { existing_id: *existing_id }),
                Some((_, Fate::Over { cap })) => Err(Refusal::QuotaExceeded { cap: *cap }),
                None => Err(StoreError::Unreadable { table: "profiles", column: "id" }.into()),
            }
        };
        Ok(new.iter().enumerate().map(result).collect())
    }

    /// Finds what a batch points at, and sees that it stays.
    async fn hold_for<'a>(&self, new: &'a [NewAccount]) -> Result<Held<'a>, StoreError> {
        let before = Savepoint::at(&self.tx).await?;
        loop {
            let found = self.activity_of_creators(new, "").await?;
            let names = new.iter().filter(|new| unknown(&found, new).is_none()).map(name_of).collect();
            if let Some(profiles) = self.held_profiles(names).await? {
                // Creators come after what is linked to them.
                let creators = self.activity_of_creators(new, kept(&self.tx)).await?;
                if creators.len() == found.len() {
                    before.go_on().await?;
                    return Ok(Held { creators, profiles });
                }
            }
            // Something went when it had just been found. Names are waited for before rows are, so all of them are let go.
            before.go_back().await?;
        }
    }

    /// The organization's own of the creators that are named, and whether they let their accounts be collected.
    async fn activity_of_creators(&self, new: &[NewAccount], lock: &str) -> Result<HashMap<Uuid, bool>, StoreError> {
        #[derive(FromQueryResult)]
        struct Activity {
            id: Uuid,
            is_active: bool,
        }
        let named: BTreeSet<Uuid> = new.iter().filter_map(|new| new.creator_id).map(|id| id.0).collect();
        if named.is_empty() {
            return Ok(HashMap::new());
        }
        let sql = format!(
            "SELECT id, is_active FROM creators WHERE organization_id = $1 AND id IN ({}) ORDER BY id {lock}",
            places(2, named.len())
        );
        let values = std::iter::once(self.organization.0).chain(named).map(Value::from).collect();
        let found = rows::<Activity>(&self.tx, &sql, values).await?;
        Ok(found.into_iter().map(|row| (row.id, row.is_active)).collect())
    }

    /// Makes the tracking records, as many as the cap allows.
    async fn track(
        &self,
        asked: &BTreeMap<i64, Asked<'_>>,
        made: &HashSet<i64>,
    ) -> Result<BTreeMap<i64, Fate>, StoreError> {
        let new = self.insert_accounts(asked).await?;
        let old: Vec<i64> = asked.keys().copied().filter(|id| !new.contains(id)).collect();
        let mut fates: BTreeMap<i64, Fate> = self.tracked_before(&old).await?;
        fates.extend(new.iter().map(|id| (*id, Fate::Added)));
        let added: Vec<&Asked<'_>> = asked.iter().filter(|(id, _)| new.contains(id)).map(|(_, asked)| asked).collect();
        let linked: BTreeSet<Uuid> = added.iter().filter_map(|asked| asked.new.creator_id).map(|id| id.0).collect();
        let linked: Vec<Uuid> = linked.into_iter().collect();
        creators::sum_followers(&self.tx, &linked).await?;
        // Last, because it serialises an organization's additions.
        let Some((cap, room)) = self.room().await?.filter(|(_, room)| *room < added.len()) else {
            self.count_in(added.len()).await?;
            return Ok(fates);
        };
        let mut by_index: Vec<(usize, i64)> =
            asked.iter().filter(|(id, _)| new.contains(id)).map(|(id, asked)| (asked.index, *id)).collect();
        by_index.sort_unstable();
        let over: Vec<i64> = by_index.into_iter().skip(room).map(|(_, id)| id).collect();
        self.count_in(room).await?;
        self.take_back(&over, made).await?;
        creators::sum_followers(&self.tx, &linked).await?;
        fates.extend(over.into_iter().map(|id| (id, Fate::Over { cap })));
        Ok(fates)
    }

    /// Makes those accounts that are not there yet; the profiles of those that it made.
    async fn insert_accounts(&self, asked: &BTreeMap<i64, Asked<'_>>) -> Result<HashSet<i64>, StoreError> {
        let mut made = HashSet::new();
        let all: Vec<_> = asked.iter().collect();
        for some in all.chunks(ROWS_AT_ONCE) {
            let hours = default_interval("$1");
            let (list, values) = listed(
                &format!("(?, $1, ?, ?, ?, ?, ?, ?, ?, COALESCE(?, {hours}), ?, ?, $2, $2, ?)"),
                values![self.organization.0, self.now.as_millis()],
                some.iter().map(|(profile, Asked { id, index: _, new })| {
                    values![
                        id.0,
                        **profile,
                        new.creator_id.map(|id| id.0),
                        new.platform.as_str(),
                        new.handle.as_str(),
                        new.category.clone(),
                        new.metadata.to_stored(),
                        new.is_active,
                        new.scrape_interval_hours,
                        new.max_recent_posts,
                        new.post_lookback_days,
                        fold(new.handle.as_str()),
                    ]
                }),
            );
            let sql = format!(
                "INSERT INTO accounts (id, organization_id, profile_id, creator_id, platform, username, category, metadata, is_active, \
                 scrape_interval_hours, max_recent_posts, post_lookback_days, added_at, updated_at, username_folded) \
                 VALUES {list} ON CONFLICT (organization_id, profile_id) DO NOTHING RETURNING profile_id AS value"
            );
            let new: Vec<i64> =
                rows::<Number>(&self.tx, &sql, values).await?.into_iter().map(|made| made.value).collect();
            if !new.is_empty() {
                let which = format!("organization_id = $1 AND profile_id IN ({})", places(2, new.len()));
                let profiles = new.iter().map(|id| Value::from(*id));
                let values = std::iter::once(self.organization.0.into()).chain(profiles).collect();
                texts::add_accounts(&self.tx, &which, values).await?;
            }
            made.extend(new);
        }
        Ok(made)
    }

    /// The organization's accounts of these profiles.
    async fn tracked_before(&self, profiles: &[i64]) -> Result<BTreeMap<i64, Fate>, StoreError> {
        #[derive(FromQueryResult)]
        struct There {
            id: Uuid,
            profile_id: i64,
        }
        let mut there = BTreeMap::new();
        for some in profiles.chunks(ROWS_AT_ONCE) {
            let sql = format!(
                "SELECT id, profile_id FROM accounts WHERE organization_id = $1 AND profile_id IN ({})",
                places(2, some.len())
            );
            let ids = some.iter().map(|id| Value::from(*id));
            let values = std::iter::once(self.organization.0.into()).chain(ids).collect();
            let found = rows::<There>(&self.tx, &sql, values).await?;
            there.extend(found.into_iter().map(|row| (row.profile_id, Fate::There(row.id))));
        }
        Ok(there)
    }

    /// The cap, and how many accounts it leaves room for until this transaction ends; `None` without one.
    async fn room(&self) -> Result<Option<(i64, usize)>, StoreError> {
        #[derive(FromQueryResult)]
        struct Count {
            max_tracked_accounts: Option<i64>,
            tracked_accounts: i64,
        }
        let lock = if is_postgres(&self.tx) { "FOR NO KEY UPDATE" } else { "" };
        let sql = format!("SELECT max_tracked_accounts, tracked_accounts FROM organizations WHERE id = $1 {lock}");
        let found = row::<Count>(&self.tx, &sql, values![self.organization.0]).await?;
        Ok(found.and_then(|Count { max_tracked_accounts, tracked_accounts }| {
            let cap = max_tracked_accounts?;
            Some((cap, usize::try_from(cap - tracked_accounts).unwrap_or(0)))
        }))
    }

    /// Counts so many accounts in, for which there is room.
    async fn count_in(&self, accounts: usize) -> Result<(), StoreError> {
        let sql = "UPDATE organizations SET tracked_accounts = tracked_accounts + $2 WHERE id = $1";
        let more = i64::try_from(accounts).unwrap_or(i64::MAX);
        if more > 0 {
            execute(&self.tx, sql, values![self.organization.0, more]).await?;
        }
        Ok(())
    }

    /// Undoes what was made for these profiles, of which this transaction alone knows the accounts.
    async fn take_back(&self, profiles: &[i64], made: &HashSet<i64>) -> Result<(), StoreError> {
        for some in profiles.chunks(ROWS_AT_ONCE) {
            let ids = || some.iter().map(|id| Value::from(*id));
            let sql = format!(
                "DELETE FROM accounts WHERE organization_id = $1 AND profile_id IN ({})",
                places(2, some.len())
            );
            let values = std::iter::once(self.organization.0.into()).chain(ids()).collect();
            execute(&self.tx, &sql, values).await?;
        }
        let new: Vec<i64> = profiles.iter().copied().filter(|id| made.contains(id)).collect();
        for some in new.chunks(ROWS_AT_ONCE) {
            let list = places(1, some.len());
            for sql in [
                format!("DELETE FROM schedules WHERE kind = 'profile' AND target_id IN ({list})"),
                format!("DELETE FROM profiles WHERE id IN ({list})"),
            ] {
                execute(&self.tx, &sql, some.iter().map(|id| Value::from(*id)).collect()).await?;
            }
        }
        Ok(())
    }

    /// Makes due what was added and is collected.
    async fn arm_added(
        &mut self,
        asked: &BTreeMap<i64, Asked<'_>>,
        fates: &BTreeMap<i64, Fate>,
        creators: &HashMap<Uuid, bool>,
    ) -> Result<(), StoreError> {
        let is_collected = |new: &NewAccount| {
            new.is_active && new.creator_id.is_none_or(|id| creators.get(&id.0).copied().unwrap_or(true))
        };
        let added = asked.iter().filter(|(profile, _)| matches!(fates.get(profile), Some(Fate::Added)));
        let active: Vec<(Target, Uuid)> = added
            .filter(|(_, asked)| is_collected(asked.new))
            .map(|(profile, asked)| (target(*profile, asked.new), asked.id.0))
            .collect();
        let on_behalf = Asker { organization: self.organization, request_id: &self.request_id, target_type: "account" };
        let wakes = schedule::arm_batch(&self.tx, &active, on_behalf, self.now).await?;
        self.wakes.extend(wakes);
        Ok(())
    }
}

const fn target(profile: i64, new: &NewAccount) -> Target {
    Target { kind: TargetKind::Profile, id: profile, platform: new.platform }
}
