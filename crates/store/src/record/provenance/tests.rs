use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

const NOON: Timestamp = Timestamp::from_millis(1_790_000_000_000);

fn views(value: i64, precision: Precision) -> Readings<1> {
    [("view_count", Reading::of(Some(value), precision))]
}

#[test]
fn a_better_reading_holds_for_an_hour_and_a_better_or_equal_one_replaces_at_once() {
    for (stored, read, holds) in [
        (Precision::Exact, Precision::Rounded, true),
        (Precision::Exact, Precision::FromText, true),
        (Precision::FromText, Precision::Rounded, true),
        (Precision::Exact, Precision::Exact, false),
        (Precision::Rounded, Precision::FromText, false),
        (Precision::FromText, Precision::Exact, false),
    ] {
        for (minutes, is_fresh) in [(0, true), (59, true), (60, false), (600, false)] {
            let mut provenance = Provenance::default();
            provenance.keep(views(12_345, stored), Some("a"), NOON);
            let later = NOON.plus(Duration::from_mins(minutes));
            let [(_, kept)] = provenance.keep(views(12_300, read), Some("b"), later);
            let is_behind = matches!(kept, Kept::Behind { .. });
            assert_eq!(is_behind, holds && is_fresh, "{read:?} after {stored:?} and {minutes} minutes");
            let for_all = Some(Reading::of(Some(12_300), read)).filter(|_| !is_behind);
            assert_eq!(kept.for_all(), for_all, "{read:?} after {stored:?} and {minutes} minutes");
        }
    }
}

#[test]
fn a_hidden_metric_replaces_the_best_reading_and_a_page_without_it_nothing() {
    let mut provenance = Provenance::default();
    provenance.keep(views(5, Precision::Exact), Some("a"), NOON);
    let before = provenance.clone();
    let [(_, kept)] = provenance.keep([("view_count", Reading::NOT_PROVIDED)], Some("b"), NOON);
    assert_eq!((kept, &provenance), (Kept::Untouched, &before));
    let hidden = Reading::Null(MetricStatus::Hidden);
    let [(_, kept)] = provenance.keep([("view_count", hidden)], Some("b"), NOON);
    assert_eq!(kept, Kept::Now(hidden));
    assert_eq!(provenance.status("view_count"), Some(MetricStatus::Hidden));
    assert_eq!(provenance.precision("view_count", None), None);
}

#[test]
fn a_record_that_is_younger_than_the_current_value_has_the_one_behind_it() {
    let mut provenance = Provenance::default();
    provenance.keep(views(12_345, Precision::Exact), Some("a"), NOON);
    let later = NOON.plus(Duration::from_mins(5));
    provenance.keep(views(12_300, Precision::Rounded), Some("b"), later);
    assert_eq!(provenance.precision("view_count", Some(NOON.as_millis())), None);
    assert_eq!(provenance.precision("view_count", Some(later.as_millis())), Some(Precision::Rounded));
}

/// The value and its precision after all of some reads, by the rule alone.
fn standing(reads: &[(Timestamp, Reading)]) -> (Option<i64>, Option<Precision>) {
    let mut standing: Option<(Timestamp, Reading)> = None;
    for (at, reading) in reads.iter().filter(|(_, reading)| *reading != Reading::NOT_PROVIDED) {
        let holds = standing.is_some_and(|(since, better)| {
            let pair = better.precision().zip(reading.precision());
            pair.is_some_and(|(better, worse)| better > worse) && at.since(since) < BETTER_HOLDS
        });
        if !holds {
            standing = Some((*at, *reading));
        }
    }
    standing.map_or((None, None), |(_, reading)| (reading.value(), reading.precision()))
}

proptest! {
    #[test]
    fn the_reads_of_every_record_come_to_what_is_told_of_it(reads in vec((1_u64..90, 0_u8..10), 1..24)) {
        let mut provenance = Provenance::default();
        let mut said: Vec<(Timestamp, Reading)> = Vec::new();
        let mut now = NOON;
        for (number, (minutes, kind)) in reads.into_iter().enumerate() {
            now = now.plus(Duration::from_mins(minutes));
            let value = i64::try_from(number).ok();
            let reading = match kind {
                0 => Reading::Null(MetricStatus::Hidden),
                1 => Reading::NOT_PROVIDED,
                2..5 => Reading::of(value, Precision::Exact),
                5..8 => Reading::of(value, Precision::FromText),
                _ => Reading::of(value, Precision::Rounded),
            };
            let [(_, kept)] = provenance.keep([("view_count", reading)], None, now);
            said.push((now, reading));
            provenance = Provenance::from_stored(&provenance.to_stored());
            for (began, (first, _)) in said.iter().enumerate() {
                let (value, precision) = standing(&said[began..]);
                if value.is_some() {
                    let inexact = precision.filter(|precision| *precision != Precision::Exact);
                    let told = provenance.precision("view_count", Some(first.as_millis()));
                    prop_assert_eq!(told, inexact, "{:?}", &said[began..]);
                }
            }
            let has_this = |began: usize| standing(&said[began..]) == (reading.value(), reading.precision());
            let expected = if reading == Reading::NOT_PROVIDED {
                Kept::Untouched
            } else if (0..said.len()).all(has_this) {
                Kept::Now(reading)
            } else {
                Kept::Behind { reading, is_for_all: has_this(0) }
            };
            prop_assert_eq!(kept, expected, "{:?}", &said);
        }
    }
}

#[test]
fn what_is_stored_reads_back_and_shows_its_precisions() {
    let mut provenance = Provenance::default();
    provenance.keep(views(12_300, Precision::Rounded), Some("a"), NOON);
    let stored = provenance.to_stored();
    assert_eq!(Provenance::from_stored(&stored), provenance);
    assert!(stored.contains(&written_as("view_count", Precision::Rounded)), "{stored}");
    assert!(!stored.contains(&written_as("view_count", Precision::FromText)), "{stored}");
    assert_eq!(Provenance::from_stored("not json"), Provenance::default());
}

#[test]
fn a_date_is_replaced_once_at_most_and_by_a_page_that_says_the_moment() {
    let (day, moment, other) = (NOON, NOON.plus(Duration::from_hours(70)), NOON.plus(Duration::from_hours(99)));
    let (rounded, exact) = (Precision::Rounded, Precision::Exact);
    let mut provenance = Provenance::default();
    let mut known = None;
    for (read, expected) in [
        (None, None),
        (Some((day, rounded)), Some(day)),
        (Some((other, rounded)), Some(day)),
        (Some((moment, exact)), Some(moment)),
        (Some((day, rounded)), Some(moment)),
        (Some((other, exact)), Some(moment)),
        (None, Some(moment)),
    ] {
        known = provenance.keep_created(known, read, Some("a"), NOON);
        assert_eq!(known, expected, "{read:?}");
        provenance = Provenance::from_stored(&provenance.to_stored());
    }
    // Of one that is known without a word on how, the page's moment is the better one.
    assert_eq!(Provenance::default().keep_created(Some(day), Some((other, rounded)), None, NOON), Some(day));
    assert_eq!(Provenance::default().keep_created(Some(day), Some((moment, exact)), None, NOON), Some(moment));
}

#[test]
fn only_who_gave_a_fact_can_take_it_back() {
    let mut provenance = Provenance::default();
    assert!(!provenance.is_withdrawn("description", Some("a")));
    provenance.note("description", Some("a"), NOON);
    assert!(provenance.is_withdrawn("description", Some("a")));
    assert!(!provenance.is_withdrawn("description", Some("b")));
}
