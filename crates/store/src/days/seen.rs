//! Which reads an organization has seen. Reads are shared, but an organization's history is made of those that came while it collected.
//!
//! They are kept as stretches of time: one that is still going on, and those before it. A stretch goes on as long as the read before this one
//! was seen too, so there is a second stretch only for who paused while somebody else went on.

use domain::Timestamp;
use sea_orm::{DbErr, FromQueryResult, QueryResult};

/// Stretches of time in which every read was seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Ends included, oldest first, in milliseconds.
    stretches: Vec<(i64, i64)>,
}

impl Seen {
    fn from_stored(since: Option<i64>, until: Option<i64>, before: Option<&str>) -> Result<Self, serde_json::Error> {
        let mut stretches: Vec<(i64, i64)> = before.map(serde_json::from_str).transpose()?.unwrap_or_default();
        stretches.extend(since.zip(until));
        Ok(Self { stretches })
    }

    /// As it is stored: the stretch that goes on, and the others.
    pub fn to_stored(&self) -> (Option<i64>, Option<i64>, Option<String>) {
        let Some(((since, until), before)) = self.stretches.split_last() else { return (None, None, None) };
        let before = (!before.is_empty()).then(|| serde_json::json!(before).to_string());
        (Some(*since), Some(*until), before)
    }

    /// Adds a read that came after `previous`, the newest of all before it.
    pub fn add(&mut self, at: Timestamp, previous: Option<Timestamp>) {
        let at = at.as_millis();
        match self.stretches.last_mut() {
            Some((_, until)) if *until >= at || previous.is_some_and(|previous| previous.as_millis() <= *until) => {
                *until = at.max(*until);
            }
            Some(_) | None => self.stretches.push((at, at)),
        }
    }

    /// Its stretches as far as they are not before `from`, oldest first.
    pub fn since(&self, from: i64) -> Vec<(i64, i64)> {
        let cut = self.stretches.iter().map(|(since, until)| (from.max(*since), *until));
        cut.filter(|(since, until)| since <= until).collect()
    }

    /// Whether no read was seen.
    pub const fn is_empty(&self) -> bool {
        self.stretches.is_empty()
    }

    /// Whether a read of this time was seen.
    pub fn has(&self, at: Timestamp) -> bool {
        self.stretches.iter().any(|(since, until)| (*since..=*until).contains(&at.as_millis()))
    }
}

/// The columns that it is read from.
pub const SEEN_COLUMNS: &str = "seen_since, seen_until, seen_before";

impl FromQueryResult for Seen {
    fn from_query_result(row: &QueryResult, prefix: &str) -> Result<Self, DbErr> {
        let before: Option<String> = row.try_get(prefix, "seen_before")?;
        let unreadable = |error| DbErr::Type(format!("seen_before holds no stretches of time: {error}"));
        Self::from_stored(row.try_get(prefix, "seen_since")?, row.try_get(prefix, "seen_until")?, before.as_deref())
            .map_err(unreadable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    #[test]
    fn a_stretch_goes_on_until_a_read_is_missed() {
        let mut seen = Seen::default();
        seen.add(at(10), Some(at(3)));
        seen.add(at(20), Some(at(10)));
        assert_eq!(seen.to_stored(), (Some(10), Some(20), None));
        // Somebody else read at 30.
        seen.add(at(40), Some(at(30)));
        assert_eq!(seen.to_stored(), (Some(40), Some(40), Some("[[10,20]]".to_owned())));
        let has: Vec<i64> = [3, 10, 15, 20, 30, 40, 41].into_iter().filter(|time| seen.has(at(*time))).collect();
        assert_eq!(has, [10, 15, 20, 40]);
        assert_eq!(Seen::from_stored(Some(40), Some(40), Some("[[10,20]]")).unwrap(), seen);
    }

    #[test]
    fn a_read_that_comes_late_is_within() {
        let mut seen = Seen::default();
        seen.add(at(10), None);
        seen.add(at(30), Some(at(10)));
        seen.add(at(20), Some(at(10)));
        assert_eq!(seen.to_stored(), (Some(10), Some(30), None));
    }
}
