//! Keeping the days of what was just recorded, in the recording's own transaction.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use domain::history::Sample;
use domain::{Day, Timestamp};
use sea_orm::{FromQueryResult, Value};
use uuid::Uuid;

use super::fold::{AccountHistory, PostHistory, write_account, write_post};
use super::organization::Changed;
use super::rebuild::profile_whole_from;
use super::seen::{SEEN_COLUMNS, Seen};
use crate::collecting::Listed;
use crate::record::Recording;
use crate::record::history;
use crate::sql::{Number, execute, is_postgres, places, row, rows, values};
use crate::{StoreError, collecting};

/// A tracked post that has just been read for its organization.
#[derive(FromQueryResult)]
pub struct ReadPost {
    /// The id of its `tracked_posts` row.
    pub id: i64,
    /// Whose it is.
    pub organization_id: Uuid,
    create_time: Option<i64>,
    /// Which reads the organization had seen before.
    #[sea_orm(nested)]
    pub seen: Seen,
}

/// An account for which its profile has just been read.
#[derive(FromQueryResult)]
pub struct ReadAccount {
    /// Its id.
    pub id: Uuid,
    /// Which reads the account had seen before.
    #[sea_orm(nested)]
    pub seen: Seen,
}

#[derive(FromQueryResult)]
struct Shown {
    id: Uuid,
}

#[derive(FromQueryResult)]
struct FirstDay {
    day: Option<i32>,
}

/// The tracked posts of `post` that somebody collects right now, as they are before the read, in the order of their ids.
pub async fn collected_posts(
    recording: &Recording<'_>,
    post: i64,
    listed: Listed,
) -> Result<Vec<ReadPost>, StoreError> {
    static SELECT: LazyLock<String> = LazyLock::new(|| {
        format!(
            "SELECT id, organization_id, create_time, {SEEN_COLUMNS} FROM tracked_posts \
             WHERE post_id = $1 AND {} ORDER BY id",
            collecting::tracked_post("tracked_posts", &Listed::rank("$3", "$4"), "$2")
        )
    });
    let values = values![post, recording.now.as_millis(), listed.profile_id, listed.rank];
    rows(recording.tx, &SELECT, values).await
}

/// Writes the days of a post that was read, for everybody in `read`, after its snapshot was written; from which day on. `created` is when it was
/// published, where the page told of that.
pub async fn write_posts(
    recording: &Recording<'_>,
    post: i64,
    read: Vec<ReadPost>,
    created: Option<Timestamp>,
) -> Result<Day, StoreError> {
    let Recording { tx, now, .. } = *recording;
    let mut from = Day::of(now);
    if read.is_empty() {
        return Ok(from);
    }
    let previous = history::previous(recording, history::POSTS, post).await?;
    for read in &read {
        from = from.min(told_late(recording, post, read, created).await?.unwrap_or(from));
    }
    let samples: Vec<Sample<6>> = history::samples(tx, history::POSTS, post, from.start()).await?;
    let mut changed = Changed::default();
    for read in read {
        let mut seen = read.seen;
        seen.add(now, previous);
        keep_seen(recording, "tracked_posts", read.id, &seen).await?;
        let create_time = created.or(read.create_time.map(Timestamp::from_millis));
        let post = PostHistory { id: read.id, organization: read.organization_id, create_time, seen };
        write_post(tx, &post, &samples, from, &mut changed).await?;
    }
    recording.change_organizations(changed);
    history::compact(recording, history::POSTS, post, &samples).await?;
    Ok(from)
}

/// The first day of a post of which it is known only now, or otherwise than before, that it was published then: all its days are other than they
/// were.
async fn told_late(
    recording: &Recording<'_>,
    post: i64,
    read: &ReadPost,
    created: Option<Timestamp>,
) -> Result<Option<Day>, StoreError> {
    let before = read.create_time.map(|at| Day::of(Timestamp::from_millis(at)));
    let Some(day) = created.map(Day::of).filter(|day| Some(*day) != before && !read.seen.is_empty()) else {
        return Ok(None);
    };
    let first = "SELECT MIN(day) AS day FROM post_days WHERE tracked_post_id = $1";
    let first = row::<FirstDay>(recording.tx, first, values![read.id]).await?.and_then(|first| first.day);
    let first = first.map(Day::from_number).filter(|first| *first == day || Some(*first) == before);
    let Some(first) = first else { return Ok(None) };
    // Days whose snapshots have gone cannot be made anew: then they stay as they are.
    let kept = "SELECT CAST(1 AS BIGINT) AS value FROM post_snapshots WHERE post_id = $1 AND taken_at >= $2 AND taken_at < $3 LIMIT 1";
    let (begin, end) = (first.start().as_millis(), first.plus(1).start().as_millis());
    Ok(row::<Number>(recording.tx, kept, values![post, begin, end]).await?.map(|_| first))
}

async fn keep_seen(
    recording: &Recording<'_>,
    table: &str,
    id: impl Into<Value>,
    seen: &Seen,
) -> Result<(), StoreError> {
    let (since, until, before) = seen.to_stored();
    let sql = format!("UPDATE {table} SET seen_since = $2, seen_until = $3, seen_before = $4 WHERE id = $1");
    execute(recording.tx, &sql, values![id.into(), since, until, before]).await?;
    Ok(())
}

/// The accounts that collect a profile right now, as they are before the read, in the order of their ids. `collected` is a condition on `accounts`.
pub async fn collected_accounts(
    recording: &Recording<'_>,
    profile: i64,
    collected: &str,
) -> Result<Vec<ReadAccount>, StoreError> {
    let sql = format!("SELECT id, {SEEN_COLUMNS} FROM accounts WHERE profile_id = $1 AND {collected} ORDER BY id");
    rows(recording.tx, &sql, values![profile]).await
}

/// Notes that the profile's page was seen by the accounts in `read`, after its snapshot was written.
pub async fn see_profile(recording: &Recording<'_>, profile: i64, read: &[ReadAccount]) -> Result<(), StoreError> {
    let previous = history::previous(recording, history::PROFILES, profile).await?;
    for read in read {
        let mut seen = read.seen.clone();
        seen.add(recording.now, previous);
        keep_seen(recording, "accounts", read.id, &seen).await?;
    }
    let since = Day::of(recording.now).start();
    let samples: Vec<Sample<4>> = history::samples(recording.tx, history::PROFILES, profile, since).await?;
    history::compact(recording, history::PROFILES, profile, &samples).await
}

/// Writes the days, from `from` on, of the accounts that show one of `posts`, and of those of `profile` when its own page was read; which these are.
/// They are locked, and still to be told of their newest day.
pub async fn write_accounts(
    recording: &Recording<'_>,
    profile: Option<i64>,
    posts: &[i64],
    from: Day,
) -> Result<BTreeSet<Uuid>, StoreError> {
    let Recording { tx, now, .. } = *recording;
    let mut ids: BTreeSet<Uuid> = BTreeSet::new();
    if let Some(profile) = profile {
        let sql = "SELECT id FROM accounts WHERE profile_id = $1 AND seen_until = $2";
        ids.extend(rows::<Shown>(tx, sql, values![profile, now.as_millis()]).await?.into_iter().map(|shown| shown.id));
    }
    if !posts.is_empty() {
        let sql = format!(
            "SELECT DISTINCT v.account_id AS id FROM account_videos v WHERE v.post_id IN ({}) AND v.first_scrape_at IS NOT NULL",
            places(1, posts.len())
        );
        let posts = posts.iter().map(|id| Value::from(*id)).collect();
        ids.extend(rows::<Shown>(tx, &sql, posts).await?.into_iter().map(|shown| shown.id));
    }
    if ids.is_empty() {
        return Ok(ids);
    }
    // Locked by a statement of its own, so that the days are made of what is committed by then.
    let lock = if is_postgres(tx) { "FOR NO KEY UPDATE" } else { "" };
    let sql = format!(
        "SELECT id, organization_id, profile_id, {SEEN_COLUMNS} FROM accounts WHERE id IN ({}) ORDER BY id {lock}",
        places(1, ids.len())
    );
    let mut changed = Changed::default();
    for found in rows::<Located>(tx, &sql, ids.iter().copied().map(Value::from).collect()).await? {
        let account = AccountHistory { id: found.id, organization: found.organization_id, seen: found.seen };
        let today = Day::of(now);
        let since = if from < today { Timestamp::from_millis(i64::MIN) } else { from.start() };
        let samples: Vec<Sample<4>> = history::samples(tx, history::PROFILES, found.profile_id, since).await?;
        let samples: Vec<Sample<3>> = samples.iter().map(without_hearts).collect();
        let whole = if from < today {
            profile_whole_from(tx, account.id, &account.seen, &samples).await?.unwrap_or(today)
        } else {
            from
        };
        write_account(tx, &account, &samples, from, whole, &mut changed).await?;
    }
    recording.change_organizations(changed);
    Ok(ids)
}

#[derive(FromQueryResult)]
struct Located {
    id: Uuid,
    organization_id: Uuid,
    profile_id: i64,
    #[sea_orm(nested)]
    seen: Seen,
}

/// What a profile says of itself, less the likes that it counts over its posts: an account's likes are the sum of what its posts say.
pub fn without_hearts(sample: &Sample<4>) -> Sample<3> {
    let [followers, following, posts, _] = sample.counts;
    Sample { at: sample.at, counts: [followers, following, posts] }
}
