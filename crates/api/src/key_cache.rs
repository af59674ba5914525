//! Records of keys that a process keeps, so that a call whose key it knows is answered without a read of it.
//!
//! A record is kept under the key's tag (see [`crate::key_tags`]), and only when the tag was known before the record was read from the
//! database and still held after it: then nothing that was committed before the tag was told is missing from it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use store::KeyRecord;

use crate::key_tags::Tag;

/// How long a record is used at most. It bounds what a Redis can do that lost its last second, or could not be told of a change.
const LONGEST_USE: Duration = Duration::from_secs(15);

/// Keys that are kept at most.
const MOST: usize = 10_000;

/// The records of one process, by public part.
#[derive(Default)]
pub(crate) struct KeyCache {
    kept: Mutex<HashMap<String, Kept>>,
}

/// What is known of a key before the database is asked.
#[derive(Clone, Default)]
pub(crate) struct Known {
    /// The tag that it had when it was counted last.
    pub(crate) tag: Option<Tag>,
    /// The record that was read under that tag, good if the key has it still.
    pub(crate) record: Option<Arc<KeyRecord>>,
    /// Whether so many of its calls were left then that the next one will hardly be refused.
    pub(crate) has_plenty: bool,
}

struct Kept {
    tag: Tag,
    record: Option<(Arc<KeyRecord>, Instant)>,
    has_plenty: bool,
}

impl KeyCache {
    /// What is known of a key.
    pub(crate) fn known(&self, public_part: &str, now: Instant) -> Known {
        let kept = self.lock();
        let Some(Kept { tag, record, has_plenty }) = kept.get(public_part) else { return Known::default() };
        let young = record.as_ref().filter(|(_, read_at)| is_young(*read_at, now));
        Known { tag: Some(*tag), record: young.map(|(record, _)| Arc::clone(record)), has_plenty: *has_plenty }
    }

    /// Notes whether the key has plenty of calls left.
    pub(crate) fn note(&self, public_part: &str, has_plenty: bool) {
        if let Some(known) = self.lock().get_mut(public_part) {
            known.has_plenty = has_plenty;
        }
    }

    /// Learns that the key has the tag `current`, and keeps `record` under it if the tag was known, as `before`, when its reading began
    /// at `read_at`.
    pub(crate) fn learn(
        &self,
        public_part: &str,
        (before, current): (Option<Tag>, Tag),
        record: &Arc<KeyRecord>,
        read_at: Instant,
    ) {
        let mut kept = self.lock();
        if !kept.contains_key(public_part) {
            make_room(&mut kept, read_at);
        }
        let is_sound = before == Some(current);
        match kept.get_mut(public_part) {
            Some(known) if known.tag == current && !is_sound => {}
            Some(_) | None => {
                let record = is_sound.then(|| (Arc::clone(record), read_at));
                kept.insert(public_part.to_owned(), Kept { tag: current, record, has_plenty: false });
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Forgets what is of no use any more when there are too many, and everything when all are in use: reading them again is cheap.
fn make_room(kept: &mut HashMap<String, Kept>, now: Instant) {
    if kept.len() < MOST {
        return;
    }
    kept.retain(|_, kept| kept.record.as_ref().is_some_and(|(_, read_at)| is_young(*read_at, now)));
    if kept.len() >= MOST {
        kept.clear();
    }
}

fn is_young(read_at: Instant, now: Instant) -> bool {
    now.saturating_duration_since(read_at) < LONGEST_USE
}

#[cfg(test)]
mod tests {
    use domain::{ApiKeyId, OrganizationId, Scopes};

    use super::*;
    use crate::key_tags;

    fn record() -> Arc<KeyRecord> {
        Arc::new(KeyRecord {
            id: ApiKeyId::new(),
            name: "key".to_owned(),
            organization_id: OrganizationId::new(),
            secret_hash: Vec::new(),
            scopes: "read".parse::<Scopes>().unwrap(),
            expires_at: None,
            is_disabled: false,
            is_revoked: false,
            organization_is_active: true,
            rate_limit_per_minute: None,
        })
    }

    fn tag() -> Tag {
        key_tags::read(&key_tags::fresh()).unwrap()
    }

    #[test]
    fn a_record_is_kept_only_when_its_tag_was_known_before_it_was_read() {
        let (cache, first, second, now) = (KeyCache::default(), tag(), tag(), Instant::now());
        cache.learn("a", (None, first), &record(), now);
        let known = cache.known("a", now);
        assert!(known.tag == Some(first) && known.record.is_none());
        cache.learn("a", (Some(first), second), &record(), now);
        let known = cache.known("a", now);
        assert!(known.tag == Some(second) && known.record.is_none());
        let good = record();
        cache.learn("a", (Some(second), second), &good, now);
        assert!(Arc::ptr_eq(&cache.known("a", now).record.unwrap(), &good));
        // Somebody slower who knew nothing takes nothing away.
        cache.learn("a", (Some(first), second), &record(), now);
        assert!(Arc::ptr_eq(&cache.known("a", now).record.unwrap(), &good));
        assert!(cache.known("b", now).tag.is_none());
    }

    #[test]
    fn a_record_is_not_used_for_longer_than_agreed_and_its_tag_stays_known() {
        let (cache, tag, now) = (KeyCache::default(), tag(), Instant::now());
        cache.learn("a", (Some(tag), tag), &record(), now);
        let almost = LONGEST_USE.saturating_sub(Duration::from_millis(1));
        assert!(cache.known("a", now + almost).record.is_some());
        let known = cache.known("a", now + LONGEST_USE);
        assert!(known.record.is_none() && known.tag == Some(tag));
    }

    #[test]
    fn what_a_key_has_left_is_known_once_it_was_noted_and_goes_with_its_tag() {
        let (cache, tag, next, now) = (KeyCache::default(), tag(), tag(), Instant::now());
        cache.note("a", true);
        assert!(!cache.known("a", now).has_plenty, "of whom nothing is known");
        cache.learn("a", (Some(tag), tag), &record(), now);
        assert!(!cache.known("a", now).has_plenty);
        cache.note("a", true);
        assert!(cache.known("a", now).has_plenty);
        cache.note("a", false);
        assert!(!cache.known("a", now).has_plenty);
        cache.note("a", true);
        cache.learn("a", (Some(tag), next), &record(), now);
        assert!(!cache.known("a", now).has_plenty);
    }

    #[test]
    fn what_is_kept_has_a_bound() {
        let (cache, tag, start, record) = (KeyCache::default(), tag(), Instant::now(), record());
        for n in 0..=MOST {
            cache.learn(&n.to_string(), (Some(tag), tag), &record, start);
        }
        assert_eq!(cache.lock().len(), 1, "all were in use");
        let later = start + LONGEST_USE;
        for n in 1..=MOST {
            cache.learn(&n.to_string(), (Some(tag), tag), &record, later);
        }
        assert!(cache.lock().len() <= MOST);
        assert!(cache.known("1", later).record.is_some(), "only the old one went");
    }

    #[test]
    fn a_mark_is_no_tag() {
        assert!(key_tags::read("changing").is_none() && key_tags::read("").is_none());
    }
}
