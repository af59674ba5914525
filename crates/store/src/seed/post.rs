//! A post's rows: its facts and snapshots, and for each organization that tracks it what hangs on that.

use std::collections::BTreeMap;

use domain::{MediaType, MetricStatus, OrganizationId, Platform, PostStatus, Precision, Reading, Timestamp, fold};

use super::profile::{rest, value};
use super::table::SeedBatch;
use super::tracked::{Read, Record};
use super::{SeedAccount, SeedFeed, SeedPost, SeedRead, SeedVideo};
use crate::copy::{Field, fields};
use crate::days::{Changed, NEWEST_POST_DAY, PostDay, whole_post};
use crate::record::{counted, metric_status};
use crate::search::texts::APART;

/// The metrics, as all columns name them.
pub const METRICS: [&str; 6] =
    ["view_count", "like_count", "comment_count", "share_count", "play_count", "saved_count"];

/// A post that was written, as far as its accounts need it.
pub struct WrittenPost {
    /// In which feeds it stands: the account, and what its record has.
    pub feeds: Vec<(SeedFeed, Record<6>)>,
    /// Its days, by organization.
    pub days: BTreeMap<OrganizationId, Vec<PostDay>>,
    /// Why a metric is null, when a page said so.
    pub statuses: [Option<MetricStatus>; 6],
    /// How exact the metrics are, of those that are not exact.
    pub precisions: [Option<Precision>; 6],
}

/// What goes on from post to post: the ids that rows take, each a counter, and the days of organizations.
pub struct Counters<'a> {
    pub account_video: &'a mut i64,
    pub account_video_text: &'a mut i64,
    pub tracked_post: &'a mut i64,
    pub video_text: &'a mut i64,
    /// What the days come to for their organizations.
    pub changed: &'a mut Changed,
}

/// The next id of a counter.
pub fn next(counter: &mut i64) -> i64 {
    let id = *counter;
    *counter += 1;
    id
}

/// Writes a post. `accounts` are those of its person, with the handle of each, folded.
pub fn write(
    batch: &mut SeedBatch,
    (id, profile_id): (i64, Option<i64>),
    post: &SeedPost,
    accounts: &[(&SeedAccount, String)],
    mut counters: Counters<'_>,
) -> WrittenPost {
    let reads: Vec<_> = post.reads.iter().map(|read| counted_read(post.facts.platform, read)).collect();
    let mut read = Read::new(METRICS, &reads);
    read.write_snapshots(&mut batch.post_snapshots, id);
    let texts = Texts {
        author: post.facts.author.username.as_deref().map(fold),
        words: post.facts.description.as_deref().map(fold),
    };
    write_facts(batch, (id, profile_id), post, &mut read, &texts);
    let feeds = write_feeds(batch, id, post, &read, accounts, &texts, &mut counters);
    for video in &post.by_hand {
        write_video(batch, id, post, video, &read.record(|at| at >= video.added_at), &texts, &mut counters);
    }
    let days = write_tracked(batch, id, post, &read, accounts, &mut counters);
    let current = read.current();
    WrittenPost {
        feeds,
        days,
        statuses: current.map(|(_, kept)| kept.for_all().and_then(Reading::status)),
        precisions: METRICS.map(|metric| read.provenance.precision(metric, None)),
    }
}

/// A read of what the platform counts.
fn counted_read(platform: Platform, read: &SeedRead<6>) -> SeedRead<6> {
    let mut read = *read;
    for (reading, metric) in read.readings.iter_mut().zip(METRICS) {
        *reading = counted(platform, metric, *reading);
    }
    read
}

/// Folded texts of a post.
struct Texts {
    author: Option<String>,
    words: Option<String>,
}

fn write_facts(
    batch: &mut SeedBatch,
    (id, profile_id): (i64, Option<i64>),
    post: &SeedPost,
    read: &mut Read<'_, 6>,
    texts: &Texts,
) {
    let facts = &post.facts;
    let current = read.current();
    let last = read.last().map(|last| (last.at, last.adapter));
    let platform_data = match last {
        Some((at, adapter)) => read.provenance.extras("{}", &facts.platform_data, Some(adapter), at),
        None => "{}".to_owned(),
    };
    if let Some(first) = post.reads.first() {
        let created = facts.create_time.map(|at| (at, facts.create_precision));
        read.provenance.keep_created(None, created, Some(first.adapter), first.at);
    }
    let (statuses, provenance) = (metric_status("{}", &current), read.provenance.to_stored());
    let at = last.map(|(at, _)| at);
    let gone_since = match post.status {
        PostStatus::Live | PostStatus::Private | PostStatus::Expired => None,
        PostStatus::Missing | PostStatus::Deleted => at,
    };
    let mut row = fields![
        id,
        facts.platform.as_str(),
        facts.external_id.as_str(),
        facts.shortcode.as_deref(),
        profile_id,
        facts.author.platform_id.as_deref(),
        facts.author.username.as_deref(),
        texts.author.as_deref(),
        facts.description.as_deref(),
        texts.words.as_deref(),
        facts.create_time.map(Timestamp::as_millis),
        facts.media_type.map(MediaType::as_str),
        facts.duration,
        facts.cover_image_url.as_deref(),
        facts.video_url.as_deref(),
    ]
    .to_vec();
    row.extend(current.map(|(_, kept)| value(kept)));
    row.extend(fields![
        statuses.as_str(),
        platform_data.as_str(),
        provenance.as_str(),
        post.status.as_str(),
        gone_since.map(Timestamp::as_millis),
        at.map(Timestamp::as_millis),
    ]);
    batch.posts.push(&row);
    rest(batch, "post", id, facts.platform.as_str(), at);
}

/// Whether a read of this time is for the account's record of a post that it found.
fn collects(account: &SeedAccount, feed: &SeedFeed, at: Timestamp) -> bool {
    at >= feed.found_at && account.collects(at)
}

fn write_feeds(
    batch: &mut SeedBatch,
    id: i64,
    post: &SeedPost,
    read: &Read<'_, 6>,
    accounts: &[(&SeedAccount, String)],
    texts: &Texts,
    counters: &mut Counters<'_>,
) -> Vec<(SeedFeed, Record<6>)> {
    let mut written = Vec::new();
    for feed in &post.feeds {
        let Some((account, handle)) = accounts.iter().find(|(account, _)| account.id == feed.account) else { continue };
        let record = read.record(|at| collects(account, feed, at));
        let video_id = next(counters.account_video);
        let mut row = fields![
            video_id,
            account.organization.0,
            account.id.0,
            id,
            post.facts.platform.as_str(),
            feed.found_at.as_millis(),
        ]
        .to_vec();
        row.extend(record_fields(&record, feed.found_at, post));
        row.extend(record.attempts());
        batch.account_videos.push(&row);
        let mut names = format!("{APART}{handle}{APART}");
        let mut words = "";
        if record.first.is_some() {
            words = texts.words.as_deref().unwrap_or_default();
            if let Some(author) = texts.author.as_ref().filter(|author| *author != handle) {
                names.push_str(author);
                names.push(APART);
            }
        }
        batch.account_video_texts.push(&fields![
            next(counters.account_video_text),
            video_id,
            account.organization.0,
            names.as_str(),
            words
        ]);
        written.push((*feed, record));
    }
    written
}

/// From `updated_at` to the counts.
fn record_fields(record: &Record<6>, added_at: Timestamp, post: &SeedPost) -> Vec<Field<'static>> {
    let mut row = fields![
        record.last.unwrap_or(added_at).as_millis(),
        record.first.map(Timestamp::as_millis),
        record.last.map(Timestamp::as_millis),
        post.facts.create_time.map(Timestamp::as_millis),
    ]
    .to_vec();
    row.extend(record.counts.map(Field::from));
    row
}

fn write_video(
    batch: &mut SeedBatch,
    id: i64,
    post: &SeedPost,
    video: &SeedVideo,
    record: &Record<6>,
    texts: &Texts,
    counters: &mut Counters<'_>,
) {
    let mut row = fields![
        video.id.0,
        video.organization.0,
        id,
        post.facts.platform.as_str(),
        "{}",
        true,
        24_i64,
        video.added_at.as_millis(),
    ]
    .to_vec();
    row.extend(record_fields(record, video.added_at, post));
    row.extend(record.attempts());
    batch.videos.push(&row);
    if record.first.is_some() {
        let author = texts.author.as_ref().map(|author| format!("{author}{APART}")).unwrap_or_default();
        let names = format!("{APART}{author}");
        let words = texts.words.as_deref().unwrap_or_default();
        let text_id = next(counters.video_text);
        batch.video_texts.push(&fields![text_id, video.id.0, video.organization.0, names.as_str(), words]);
    }
}

/// Writes what each organization tracks, however many of its records show the post, with its days.
fn write_tracked(
    batch: &mut SeedBatch,
    id: i64,
    post: &SeedPost,
    read: &Read<'_, 6>,
    accounts: &[(&SeedAccount, String)],
    counters: &mut Counters<'_>,
) -> BTreeMap<OrganizationId, Vec<PostDay>> {
    let shows: Vec<(&SeedAccount, &SeedFeed)> = post
        .feeds
        .iter()
        .filter_map(|feed| Some((accounts.iter().find(|(account, _)| account.id == feed.account)?.0, feed)))
        .collect();
    let mut added: BTreeMap<OrganizationId, Timestamp> = BTreeMap::new();
    let of_feeds = shows.iter().map(|(account, feed)| (account.organization, feed.found_at));
    for (organization, at) in of_feeds.chain(post.by_hand.iter().map(|video| (video.organization, video.added_at))) {
        added.entry(organization).and_modify(|added| *added = at.min(*added)).or_insert(at);
    }
    let samples = read.samples();
    let mut days = BTreeMap::new();
    for (organization, added_at) in added {
        let feeds: Vec<_> = shows.iter().filter(|(account, _)| account.organization == organization).collect();
        let is_collected = |at: Timestamp| {
            feeds.iter().any(|(account, feed)| collects(account, feed, at))
                || post.by_hand.iter().any(|video| video.organization == organization && video.added_at <= at)
        };
        let (record, seen) = (read.record(is_collected), read.seen(is_collected));
        let tracked = next(counters.tracked_post);
        let (since, until, before) = seen.to_stored();
        let mut row = fields![
            tracked,
            organization.0,
            id,
            post.facts.platform.as_str(),
            i64::try_from(feeds.len()).unwrap_or(i64::MAX),
            added_at.as_millis(),
        ]
        .to_vec();
        row.extend(record_fields(&record, added_at, post));
        row.extend(fields![since, until, before.as_deref()]);
        let made = whole_post(&seen, &samples, post.facts.create_time);
        row.extend(made.last().map_or([Field::Null; 2], |day| day.rank_fields(post.facts.platform)));
        row.push(made.first().map(|day| day.day.number()).into());
        row.extend(made.last().map_or_else(|| vec![Field::Null; NEWEST_POST_DAY.len()], PostDay::newest_fields));
        batch.tracked_posts.push(&row);
        let by_day = made.iter().map(|day| (day.day, day.is)).collect();
        counters.changed.posts(organization.0, None, &by_day, 1);
        for day in &made {
            batch.post_days.push(&day.fields(tracked));
        }
        days.insert(organization, made);
    }
    days
}
