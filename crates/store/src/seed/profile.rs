//! A profile's rows.

use domain::{ProfileFacts, Reading, Timestamp, fold};

use super::table::SeedBatch;
use super::tracked::Read;
use crate::copy::{Field, fields};
use crate::record::provenance::Kept;

/// The metrics, as the snapshots' columns name them.
pub const METRICS: [&str; 4] = ["follower_count", "following_count", "post_count", "like_count"];

/// Writes the profile with its snapshots and its schedules.
pub fn write(batch: &mut SeedBatch, id: i64, facts: &ProfileFacts, mut read: Read<'_, 4>) {
    read.write_snapshots(&mut batch.profile_snapshots, id);
    let current = read.current();
    let last = read.last().map(|last| (last.at, last.adapter));
    let mut platform_data = "{}".to_owned();
    if let Some((at, adapter)) = last {
        let said = [
            ("name", facts.name.is_some()),
            ("description", facts.description.is_some()),
            ("profile_pic_url", facts.profile_pic_url.is_some()),
            ("is_verified", facts.is_verified.is_some()),
            ("is_private", facts.is_private.is_some()),
            ("link_in_bio", facts.link_in_bio.is_some()),
        ];
        for (column, _) in said.into_iter().filter(|(_, is_said)| *is_said) {
            read.provenance.note(column, Some(adapter), at);
        }
        platform_data = read.provenance.extras("{}", &facts.platform_data, Some(adapter), at);
    }
    let (name_folded, provenance) = (facts.name.as_deref().map(fold), read.provenance.to_stored());
    let last_scrape_at = last.map(|(at, _)| at.as_millis());
    let mut row = fields![
        id,
        facts.platform.as_str(),
        facts.username.as_str(),
        facts.platform_id.as_deref(),
        facts.name.as_deref(),
        name_folded.as_deref(),
        facts.description.as_deref(),
        facts.profile_pic_url.as_deref(),
        facts.is_verified,
        facts.is_private,
        facts.link_in_bio.as_deref(),
    ]
    .to_vec();
    row.extend(current.map(|(_, kept)| value(kept)));
    row.extend(fields![platform_data.as_str(), provenance.as_str(), last_scrape_at]);
    batch.profiles.push(&row);
    for kind in ["profile", "feed"] {
        rest(batch, kind, id, facts.platform.as_str(), last.map(|(at, _)| at));
    }
}

/// The current value of a metric.
pub fn value(kept: Kept) -> Field<'static> {
    kept.for_all().and_then(Reading::value).into()
}

/// Writes a schedule that rests since its last read.
pub fn rest(batch: &mut SeedBatch, kind: &str, id: i64, platform: &str, last: Option<Timestamp>) {
    let at = last.map(Timestamp::as_millis);
    batch.schedules.push(&fields![kind, id, platform, 1_i64, 1_i64, "scheduled", at]);
}
