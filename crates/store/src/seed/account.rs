//! An account's rows: its record with the sums over its posts, its days, and what it is found by.

use domain::{Day, Timestamp, fold};

use super::SeedAccount;
use super::post::{METRICS, WrittenPost};
use super::table::SeedBatch;
use super::tracked::{Read, Record};
use crate::copy::{Field, fields};
use crate::days::{AccountDay, Changed, NEWEST_ACCOUNT_DAY, ShownPost, whole_account, without_hearts};
use crate::record::note_of;
use crate::search::texts::APART;

/// What an account is made of, beside its own record.
pub struct Of<'a> {
    /// The profile's row.
    pub profile_id: i64,
    /// Its platform.
    pub platform: &'static str,
    /// Its handle.
    pub username: &'a str,
    /// Its display name.
    pub name: Option<&'a str>,
    /// Its reads.
    pub read: &'a Read<'a, 4>,
    /// All posts of the person.
    pub posts: &'a [WrittenPost],
}

/// Writes an account; its followers. What its days come to for its organization is added to `changed`.
pub fn write(
    batch: &mut SeedBatch,
    changed: &mut Changed,
    text_id: i64,
    account: &SeedAccount,
    of: &Of<'_>,
) -> Option<i64> {
    let record = of.read.record(|at| account.collects(at));
    let seen = of.read.seen(|at| account.collects(at));
    let shown: Vec<(&WrittenPost, &Record<6>)> = of
        .posts
        .iter()
        .flat_map(|post| post.feeds.iter().map(move |(feed, record)| (post, feed, record)))
        .filter(|(_, feed, _)| feed.account == account.id)
        .map(|(post, _, record)| (post, record))
        .collect();
    let posts: Vec<ShownPost<'_>> = shown
        .iter()
        .filter_map(|(post, record)| {
            Some(ShownPost { days: post.days.get(&account.organization)?, from: Day::of(record.first?) })
        })
        .collect();
    let samples: Vec<_> = of.read.samples().iter().map(without_hearts).collect();
    let days = whole_account(&seen, &samples, &posts);
    write_record(batch, account, of, &record, &seen.to_stored(), &shown, &days);

    let folded = fold(of.username);
    let mut names = format!("{APART}{folded}{APART}");
    if let Some(name) = of.name.filter(|_| record.first.is_some()) {
        names.push_str(&fold(name));
        names.push(APART);
    }
    batch.account_texts.push(&fields![text_id, account.id.0, account.organization.0, names.as_str()]);

    for day in &days {
        batch.account_days.push(&day.fields(account.id.0, account.organization.0));
    }
    let by_day = days.into_iter().map(|day| (day.day, day)).collect();
    changed.accounts(account.organization.0, None, &by_day, 1);
    let [followers, ..] = record.counts;
    followers
}

fn write_record(
    batch: &mut SeedBatch,
    account: &SeedAccount,
    of: &Of<'_>,
    record: &Record<4>,
    seen: &(Option<i64>, Option<i64>, Option<String>),
    shown: &[(&WrittenPost, &Record<6>)],
    days: &[AccountDay],
) {
    let millis = |at: Option<Timestamp>| at.map(Timestamp::as_millis);
    let updated_at = shown.iter().filter_map(|(_, record)| record.last).chain(record.last).max();
    let folded = fold(of.username);
    let [followers, following, posts, _] = record.counts;
    // Sums are made when the list of posts was read.
    let count = record.first.map(|_| i64::try_from(shown.len()).unwrap_or(i64::MAX));
    let mut row = fields![
        account.id.0,
        account.organization.0,
        of.profile_id,
        account.creator.map(|id| id.0),
        of.platform,
        of.username,
        folded.as_str(),
        account.category,
        "{}",
        true,
        24_i64,
        account.added_at.as_millis(),
        updated_at.unwrap_or(account.added_at).as_millis(),
        millis(record.first),
        millis(record.last),
        followers,
        following,
        posts,
        count,
    ]
    .to_vec();
    let mut notes = String::new();
    for (place, metric) in METRICS.into_iter().enumerate() {
        let facts =
            || shown.iter().map(|(post, record)| (record.counts[place], post.statuses[place], post.precisions[place]));
        let known: Vec<i64> = facts().filter_map(|(count, ..)| count).collect();
        row.push(Field::from((!known.is_empty()).then(|| known.iter().sum::<i64>())));
        notes.push_str(&note_of(metric, &facts().collect::<Vec<_>>()));
    }
    let (since, until, before) = seen;
    row.extend(fields![count.map(|_| notes.as_str()), *since, *until, before.as_deref()]);
    row.extend(record.attempts());
    row.push(days.first().map(|day| day.day.number()).into());
    row.extend(days.last().map_or_else(|| vec![Field::Null; NEWEST_ACCOUNT_DAY.len()], AccountDay::newest_fields));
    batch.accounts.push(&row);
}
