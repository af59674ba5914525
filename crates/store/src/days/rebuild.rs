//! Making days anew from snapshots: after a fault, or when the tables came from before there were days.
//!
//! It is the same folding as in recording, so it comes to the same rows. Where snapshots were thrown away already, days stay as they are, up to the
//! first whose snapshots are all there.

use domain::Day;
use domain::history::Sample;
use sea_orm::{DatabaseTransaction, FromQueryResult};
use uuid::Uuid;

use super::fold::{
    AccountHistory, PostHistory, keep_newest_of_account, keep_newest_of_post, kept_account, kept_post, write_account,
    write_post,
};
use super::organization::Changed;
use super::record::without_hearts;
use super::seen::{SEEN_COLUMNS, Seen};
use crate::record::history;
use crate::schedule;
use crate::sql::{execute, is_postgres, row, rows, values};
use crate::{Store, StoreError};
use domain::{TargetKind, Timestamp};

#[derive(FromQueryResult)]
struct StoredPost {
    id: i64,
    organization_id: Uuid,
    post_id: i64,
    create_time: Option<i64>,
    #[sea_orm(nested)]
    seen: Seen,
}

#[derive(FromQueryResult)]
struct StoredAccount {
    id: Uuid,
    organization_id: Uuid,
    profile_id: i64,
    #[sea_orm(nested)]
    seen: Seen,
}

#[derive(FromQueryResult)]
struct First {
    day: Option<i32>,
}

/// What was made anew in one transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rebuilt<I> {
    /// The last of them; where to go on.
    pub last: I,
    /// How many they were.
    pub records: u64,
}

impl Store {
    /// Makes the days of the next `most` tracked posts after the id `after` anew, in one transaction; `None` at the end. Posts come
    /// before accounts, whose days are made of theirs.
    pub async fn rebuild_post_days(&self, after: i64, most: u32) -> Result<Option<Rebuilt<i64>>, StoreError> {
        let tx = self.begin().await?;
        let select = format!(
            "SELECT id, organization_id, post_id, create_time, {SEEN_COLUMNS} FROM tracked_posts WHERE id > $1 ORDER BY id LIMIT $2"
        );
        let found = rows::<StoredPost>(&tx, &select, values![after, i64::from(most)]).await?;
        let mut posts: Vec<i64> = found.iter().map(|found| found.post_id).collect();
        posts.sort_unstable();
        posts.dedup();
        schedule::lock_list(&tx, TargetKind::Post, &posts).await?;
        let last = found.last().map(|found| found.id);
        let mut records = 0;
        let mut changed = Changed::default();
        // As they are under the locks.
        for found in rows::<StoredPost>(&tx, &select, values![after, i64::from(most)]).await? {
            // One that came meanwhile, whose post is not locked, had its days made just now.
            if Some(found.id) > last || posts.binary_search(&found.post_id).is_err() {
                continue;
            }
            rebuild_post(&tx, found, &mut changed).await?;
            records += 1;
        }
        changed.write(&tx).await?;
        tx.commit().await?;
        Ok(last.map(|last| Rebuilt { last, records }))
    }

    /// Makes the days of the next `most` accounts after the id `after` anew, in one transaction; `None` at the end.
    pub async fn rebuild_account_days(&self, after: Uuid, most: u32) -> Result<Option<Rebuilt<Uuid>>, StoreError> {
        let tx = self.begin().await?;
        let lock = if is_postgres(&tx) { "FOR NO KEY UPDATE" } else { "" };
        let sql = format!(
            "SELECT id, organization_id, profile_id, {SEEN_COLUMNS} FROM accounts WHERE id > $1 ORDER BY id LIMIT $2 {lock}"
        );
        let found = rows::<StoredAccount>(&tx, &sql, values![after, i64::from(most)]).await?;
        let last = found.last().map(|found| found.id);
        let records = u64::try_from(found.len()).unwrap_or(u64::MAX);
        let mut changed = Changed::default();
        for found in found {
            rebuild_account(&tx, found, &mut changed).await?;
        }
        changed.write(&tx).await?;
        tx.commit().await?;
        Ok(last.map(|last| Rebuilt { last, records }))
    }
}

async fn rebuild_post(tx: &DatabaseTransaction, found: StoredPost, changed: &mut Changed) -> Result<(), StoreError> {
    let StoredPost { id, organization_id, post_id, create_time, seen } = found;
    let samples: Vec<Sample<6>> =
        history::samples(tx, history::POSTS, post_id, Timestamp::from_millis(i64::MIN)).await?;
    let oldest = samples.iter().find(|sample| seen.has(sample.at)).map(|sample| Day::of(sample.at));
    let first = "SELECT MIN(day) AS day FROM post_days WHERE tracked_post_id = $1";
    let first = row::<First>(tx, first, values![id]).await?.and_then(|first| first.day);
    let Some(from) = first_whole_day(oldest, first) else { return keep_newest_of_post(tx, id).await };
    let kept = kept_post(tx, id, from).await?;
    changed.posts(organization_id, kept.before.as_ref(), &kept.days, -1);
    execute(tx, "DELETE FROM post_days WHERE tracked_post_id = $1 AND day >= $2", values![id, from.number()]).await?;
    let create_time = create_time.map(Timestamp::from_millis);
    let post = PostHistory { id, organization: organization_id, create_time, seen };
    write_post(tx, &post, &samples, from, changed).await?;
    // Where nothing was written, days may have gone all the same.
    keep_newest_of_post(tx, id).await
}

async fn rebuild_account(
    tx: &DatabaseTransaction,
    found: StoredAccount,
    changed: &mut Changed,
) -> Result<(), StoreError> {
    let StoredAccount { id, organization_id, profile_id, seen } = found;
    let samples: Vec<Sample<4>> =
        history::samples(tx, history::PROFILES, profile_id, Timestamp::from_millis(i64::MIN)).await?;
    let samples: Vec<Sample<3>> = samples.iter().map(without_hearts).collect();
    let Some(from) = profile_whole_from(tx, id, &seen, &samples).await? else {
        return keep_newest_of_account(tx, id).await;
    };
    let kept = kept_account(tx, id, from).await?;
    changed.accounts(organization_id, kept.before.as_ref(), &kept.days, -1);
    execute(tx, "DELETE FROM account_days WHERE account_id = $1 AND day >= $2", values![id, from.number()]).await?;
    let account = AccountHistory { id, organization: organization_id, seen };
    write_account(tx, &account, &samples, from, from, changed).await?;
    keep_newest_of_account(tx, id).await
}

/// The first day from which on the reads of an account's profile are all there, of those that it has seen; `samples` are all that are kept. `None`
/// when there are none any more.
pub async fn profile_whole_from<const N: usize>(
    tx: &DatabaseTransaction,
    account: Uuid,
    seen: &Seen,
    samples: &[Sample<N>],
) -> Result<Option<Day>, StoreError> {
    let oldest = samples.iter().find(|sample| seen.has(sample.at)).map(|sample| Day::of(sample.at));
    let read = "SELECT MIN(day) AS day FROM account_days WHERE account_id = $1 AND notes <> 0";
    let read = row::<First>(tx, read, values![account]).await?.and_then(|first| first.day);
    Ok(match (oldest, read) {
        // Its own page was never read: its days are its posts' days.
        (None, None) => Some(Day::from_number(0)),
        (oldest, read) => first_whole_day(oldest, read)
            .map(|day| if read.is_none_or(|read| day.number() <= read) { Day::from_number(0) } else { day }),
    })
}

/// The first day whose snapshots are all there. `oldest` is the day of the oldest snapshot, `first` the first day that has a row.
fn first_whole_day(oldest: Option<Day>, first: Option<i32>) -> Option<Day> {
    let oldest = oldest?;
    match first {
        Some(first) if first < oldest.number() => Some(oldest.plus(1)),
        Some(_) | None => Some(oldest),
    }
}
