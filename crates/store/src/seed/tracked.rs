//! What all trackers of a target have in common: which reads came for them, and what they made of them.

use domain::history::{Count, Sample, standing};
use domain::{Gain, MetricStatus, Outcome, Reading, Timestamp};
use uuid::Uuid;

use super::SeedRead;
use super::table::Table;
use crate::copy::{Field, fields};
use crate::days::Seen;
use crate::record::history::inexact;
use crate::record::provenance::{Kept, Provenance, Readings};

/// A target's reads with what was kept of each.
pub struct Read<'a, const N: usize> {
    columns: [&'static str; N],
    reads: &'a [SeedRead<N>],
    kept: Vec<[(&'static str, Kept); N]>,
    /// Where the current values come from.
    pub provenance: Provenance,
}

/// What one record has of a target.
#[derive(Clone, Copy, Debug)]
pub struct Record<const N: usize> {
    /// The first read that came for it.
    pub first: Option<Timestamp>,
    /// The last one.
    pub last: Option<Timestamp>,
    /// Its counts.
    pub counts: [Option<i64>; N],
}

impl<const N: usize> Record<N> {
    /// Its last attempt, and how that ended: no read failed.
    pub fn attempts(&self) -> [Field<'static>; 2] {
        fields![self.last.map(Timestamp::as_millis), self.last.map(|_| Outcome::Ok.as_str())]
    }
}

impl<'a, const N: usize> Read<'a, N> {
    /// Takes in the reads, oldest first.
    pub fn new(columns: [&'static str; N], reads: &'a [SeedRead<N>]) -> Self {
        let mut provenance = Provenance::default();
        let keep = |read: &SeedRead<N>| provenance.keep(named(columns, read.readings), Some(read.adapter), read.at);
        let kept = reads.iter().map(keep).collect();
        Self { columns, reads, kept, provenance }
    }

    /// The last read.
    pub fn last(&self) -> Option<&'a SeedRead<N>> {
        self.reads.last()
    }

    /// Of each metric the last reading that became the current value.
    pub fn current(&self) -> [(&'static str, Kept); N] {
        let mut current = self.columns.map(|column| (column, Kept::Untouched));
        for kept in &self.kept {
            for (current, kept) in current.iter_mut().zip(kept) {
                if let Some(reading) = kept.1.for_all() {
                    current.1 = Kept::Now(reading);
                }
            }
        }
        current
    }

    /// What a record has that collects at the times that `collects` tells.
    pub fn record(&self, collects: impl Fn(Timestamp) -> bool) -> Record<N> {
        let mut record = Record { first: None, last: None, counts: [None; N] };
        let mut held = [None::<(Timestamp, Count)>; N];
        for read in self.reads.iter().filter(|read| collects(read.at)) {
            for (held, reading) in held.iter_mut().zip(read.readings) {
                match reading {
                    Reading::Null(MetricStatus::NotProvided | MetricStatus::NotYetScraped) => {}
                    Reading::Null(MetricStatus::Hidden | MetricStatus::Unsupported) => *held = None,
                    Reading::Known { value, precision } => {
                        *held = standing(held.take().into_iter().chain([(read.at, Count { value, precision })]));
                    }
                }
            }
            record.first.get_or_insert(read.at);
            record.last = Some(read.at);
        }
        record.counts = held.map(|held| held.map(|(_, count)| count.value));
        record
    }

    /// Which reads were seen by who collects at the times that `collects` tells.
    pub fn seen(&self, collects: impl Fn(Timestamp) -> bool) -> Seen {
        let (mut seen, mut previous) = (Seen::default(), None);
        for read in self.reads {
            if collects(read.at) {
                seen.add(read.at, previous);
            }
            previous = Some(read.at);
        }
        seen
    }

    /// The reads as days are made of them.
    pub fn samples(&self) -> Vec<Sample<N>> {
        let count = |reading| match reading {
            Reading::Known { value, precision } => Some(Count { value, precision }),
            Reading::Null(_) => None,
        };
        self.reads.iter().map(|read| Sample { at: read.at, counts: read.readings.map(count) }).collect()
    }

    /// Writes a snapshot for each read.
    pub fn write_snapshots(&self, table: &mut Table, id: i64) {
        let mut known = [Reading::NOT_PROVIDED; N];
        for read in self.reads {
            let mut fell = String::new();
            for ((reading, known), column) in read.readings.iter().zip(&mut known).zip(self.columns) {
                if Gain::between(*known, *reading).is_fall {
                    fell.push_str(if fell.is_empty() { "" } else { "," });
                    fell.push_str(column);
                }
                if reading.value().is_some() {
                    *known = *reading;
                }
            }
            let inexact = inexact(&named(self.columns, read.readings));
            let fell = Some(fell.as_str()).filter(|fell| !fell.is_empty());
            let mut row =
                fields![id, read.at.as_millis(), run_id(id, read.at), read.adapter, inexact.as_deref(), fell].to_vec();
            row.extend(read.readings.iter().map(|reading| Field::from(reading.value())));
            table.push(&row);
        }
    }
}

fn named<const N: usize>(columns: [&'static str; N], readings: [Reading; N]) -> Readings<N> {
    let mut readings = readings.into_iter();
    columns.map(|column| (column, readings.next().unwrap_or_default()))
}

/// The run that a read belongs to; it is as old as the history, and runs are forgotten earlier.
fn run_id(id: i64, at: Timestamp) -> Uuid {
    let bytes: [u8; 8] = id.to_be_bytes();
    let mut random = [0; 10];
    for (random, byte) in random.iter_mut().zip(bytes) {
        *random = byte;
    }
    uuid::Builder::from_unix_timestamp_millis(u64::try_from(at.as_millis()).unwrap_or(0), &random).into_uuid()
}
