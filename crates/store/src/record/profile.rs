//! Recording facts about profiles and the lists of their posts. Whose facts they are is told by [`super::identity`].

use domain::outcome::Verdict;
use domain::{Day, Observation, Outcome, ProfileFacts, TargetKind, Trigger, UnavailableReason, fold};
use sea_orm::{FromQueryResult, Value};
use uuid::Uuid;

use super::holding::keepers;
use super::identity::{self, Identity, Known, Names};
use super::provenance::{Kept, Provenance, Readings};
use super::{COLLECTED, Facts, Recording, attempts, history, list, lost};
use crate::schedule::{self, Target};
use crate::search::texts;
use crate::sql::{Filter, execute, rows, values};
use crate::{StoreError, creators, days};

/// The metrics of a profile with their columns.
const fn readings(facts: &ProfileFacts) -> Readings<4> {
    let metrics = &facts.metrics;
    [
        ("follower_count", metrics.followers),
        ("following_count", metrics.following),
        ("post_count", metrics.posts),
        ("like_count", metrics.likes),
    ]
}

/// Nothing of the page is kept.
const fn rejected(outcome: Outcome, detail: String, wakes: Vec<domain::Wake>) -> Facts {
    Facts { outcome, detail: Some(detail), kept: false, wakes }
}

/// Records a profile's page.
pub async fn record(recording: &Recording<'_>, observation: &Observation) -> Result<Facts, StoreError> {
    let verdict = observation.outcome.verdict();
    let is_seen = matches!(verdict, Verdict::Good | Verdict::Withheld);
    let Some(facts) = observation.profile.as_ref().filter(|_| is_seen) else {
        return note_unseen(recording, observation.outcome).await;
    };
    let (known, left_behind) = match identity::identify(recording, facts).await? {
        Identity::Known(known) => (known, None),
        Identity::Joined(known, detail) => (known, Some(detail)),
        Identity::Duplicate(detail, wakes) => return Ok(rejected(Outcome::NotFound, detail, wakes)),
        // It exists and is withheld, whosever it is.
        Identity::Unsure(detail) if verdict == Verdict::Withheld => {
            lost::note_withheld(recording).await?;
            return Ok(rejected(observation.outcome, detail, Vec::new()));
        }
        Identity::Unsure(detail) => return Ok(rejected(Outcome::ParseError, detail, Vec::new())),
        Identity::Foreign(detail) => {
            let wakes = lost::note_gone(recording, UnavailableReason::HandleTaken).await?;
            return Ok(rejected(Outcome::NotFound, detail, wakes));
        }
    };
    let mut wakes = Vec::new();
    let is_good = verdict == Verdict::Good;
    if is_good {
        // Before any row that the feed's own recording locks after its schedule.
        let feed = Target { kind: TargetKind::Feed, id: known.id, platform: facts.platform };
        let cause = recording.job.cause();
        wakes.push(schedule::arm_now(recording.tx, feed, Trigger::Scheduled, cause, recording.now).await?);
    }
    let (username, kept) = write_profile(recording, &known, facts).await?;
    history::write(recording, history::PROFILES, known.id, &readings(facts)).await?;
    if is_good {
        wakes.extend(list::record_list(recording, known.id, &observation.posts).await?);
    }
    write_accounts(recording, &known, kept, username, observation.outcome).await?;
    if known.id != recording.job.target_id {
        // Trackers moved over, whose last read this was.
        let Recording { tx, age_curve, now, .. } = recording;
        let targets = "SELECT CAST($3 AS BIGINT)";
        schedule::follow_tracking(tx, TargetKind::Profile, targets, known.id, age_curve, *now).await?;
    }
    Ok(match left_behind {
        None => Facts { outcome: observation.outcome, detail: None, kept: true, wakes },
        // The row that was asked for has trackers left, who got nothing.
        Some(detail) => rejected(Outcome::NotFound, detail, wakes),
    })
}

/// There are no facts; what that says of the profile.
async fn note_unseen(recording: &Recording<'_>, outcome: Outcome) -> Result<Facts, StoreError> {
    let wakes = match outcome.verdict() {
        Verdict::Gone => lost::note_gone(recording, UnavailableReason::NotFound).await?,
        Verdict::Withheld => {
            lost::note_withheld(recording).await?;
            Vec::new()
        }
        Verdict::Good | Verdict::Refused | Verdict::Broken => Vec::new(),
    };
    Ok(Facts { outcome, detail: None, kept: false, wakes })
}

/// Records the list of a profile's posts. What the list's page says of the profile itself tells whose list it is and is left aside
/// otherwise.
pub async fn record_feed(recording: &Recording<'_>, observation: &Observation) -> Result<Facts, StoreError> {
    if observation.outcome.verdict() != Verdict::Good {
        return Ok(Facts { outcome: observation.outcome, detail: None, kept: false, wakes: Vec::new() });
    }
    let known = identity::known(recording).await?;
    let lister = observation.profile.as_ref().and_then(|facts| facts.platform_id.as_deref());
    if let Some(detail) = lister.and_then(|found| known.foreign(found)) {
        return Ok(rejected(Outcome::NotFound, detail, Vec::new()));
    }
    if known.is_gone() && lister.is_none() {
        let detail = "the profile is not to be found, so the list may be somebody else's".to_owned();
        return Ok(rejected(Outcome::NotFound, detail, Vec::new()));
    }
    let wakes = list::record_list(recording, known.id, &observation.posts).await?;
    Ok(Facts { outcome: observation.outcome, detail: None, kept: true, wakes })
}

/// Writes what the page says of the profile; the handle by which it is shown from now on, and which of its counts are kept. A count that
/// the page did not carry stays as it is, and so does a fact that another reader gave and this page lacks.
async fn write_profile(
    recording: &Recording<'_>,
    known: &Known,
    facts: &ProfileFacts,
) -> Result<(String, [(&'static str, Kept); 4]), StoreError> {
    let Names { held, shown, previous } = identity::rename(recording, known, facts).await?;
    let Recording { adapter, now, .. } = *recording;
    let mut provenance = Provenance::from_stored(&known.provenance);
    let mut set = Filter::new(
        "gone_since = NULL, is_unavailable = FALSE, unavailable_because = NULL, last_scrape_at = $1",
        now.as_millis(),
    );
    let mut assign = |column: &str, value: Value| {
        let place = set.bind(value);
        set.assign(column, &place);
    };
    if let Some(platform_id) = &facts.platform_id {
        assign("platform_id", platform_id.clone().into());
    }
    assign("username", held.into());
    assign("previous_usernames", previous.into());
    let said: [(&str, bool, Value); 6] = [
        ("name", facts.name.is_some(), facts.name.clone().into()),
        ("description", facts.description.is_some(), facts.description.clone().into()),
        ("profile_pic_url", facts.profile_pic_url.is_some(), facts.profile_pic_url.clone().into()),
        ("is_verified", facts.is_verified.is_some(), facts.is_verified.into()),
        ("is_private", facts.is_private.is_some(), facts.is_private.into()),
        ("link_in_bio", facts.link_in_bio.is_some(), facts.link_in_bio.clone().into()),
    ];
    for (column, is_said, value) in said {
        if is_said {
            provenance.note(column, adapter, now);
        } else if provenance.is_withdrawn(column, adapter) {
            provenance.forget(column);
        } else {
            continue;
        }
        assign(column, value);
        if column == "name" {
            assign("name_folded", facts.name.as_deref().map(fold).into());
        }
    }
    assign("platform_data", provenance.extras(&known.platform_data, &facts.platform_data, adapter, now).into());
    let kept = provenance.keep(readings(facts), adapter, now);
    for (column, kept) in kept {
        if let Some(reading) = kept.for_all() {
            assign(column, reading.value().into());
        }
    }
    assign("provenance", provenance.to_stored().into());
    let place = set.bind(known.id);
    let sql = format!("UPDATE profiles SET {} WHERE id = {place}", set.text());
    execute(recording.tx, &sql, set.values()).await?;
    Ok((shown, kept))
}

/// Writes the counts to the accounts that collect the profile, and what they add up to to their creators.
async fn write_accounts(
    recording: &Recording<'_>,
    known: &Known,
    kept: [(&'static str, Kept); 4],
    username: String,
    outcome: Outcome,
) -> Result<(), StoreError> {
    let mut set = Filter::new(
        "last_scrape_at = $1, updated_at = $1, first_scrape_at = COALESCE(first_scrape_at, $1)",
        recording.now.as_millis(),
    );
    attempts::assign_good(&mut set, outcome);
    let place = set.bind(fold(&username));
    set.assign("username_folded", &place);
    let place = set.bind(username);
    set.assign("username", &place);
    let read = days::collected_accounts(recording, known.id, COLLECTED).await?;
    let seen: Vec<_> = read.iter().map(|read| &read.seen).collect();
    let keepers = keepers(recording, history::PROFILES, known.id, &kept, &seen).await?;
    let columns = ["follower_count", "following_count", "profile_post_count"];
    for ((column, (_, kept)), keepers) in columns.into_iter().zip(kept).zip(keepers) {
        kept.assign(&mut set, column, |set| {
            let whole = keepers.iter().filter(|keeper| keeper.is_from_the_first());
            let ids = whole.filter_map(|keeper| Some(read.get(keeper.place)?.id));
            ids.map(|id| format!("id = {}", set.bind(id))).collect()
        });
    }
    if !read.is_empty() {
        let ids: Vec<_> = read.iter().map(|read| set.bind(read.id)).collect();
        let sql = format!("UPDATE accounts SET {} WHERE id IN ({})", set.text(), ids.join(", "));
        execute(recording.tx, &sql, set.values()).await?;
    }
    days::see_profile(recording, known.id, &read).await?;
    for account in days::write_accounts(recording, Some(known.id), &[], Day::of(recording.now)).await? {
        days::keep_newest_of_account(recording.tx, account).await?;
    }
    texts::follow_accounts(recording.tx, "a.profile_id = $1", values![known.id]).await?;
    sum_creators(recording, known.id).await
}

async fn sum_creators(recording: &Recording<'_>, profile_id: i64) -> Result<(), StoreError> {
    #[derive(FromQueryResult)]
    struct Linked {
        creator_id: Uuid,
    }
    let linked = rows::<Linked>(
        recording.tx,
        "SELECT DISTINCT creator_id FROM accounts WHERE profile_id = $1 AND creator_id IS NOT NULL ORDER BY creator_id",
        values![profile_id],
    )
    .await?;
    let ids: Vec<Uuid> = linked.into_iter().map(|row| row.creator_id).collect();
    creators::sum_followers(recording.tx, &ids).await
}
