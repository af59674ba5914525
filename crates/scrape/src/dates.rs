//! Dates and lengths of time as platforms write them: RFC 3339 with or without the colon in its offset, bare days, the dates of e-mail, and
//! ISO 8601 durations. What an id tells of a date is left to the platforms' readers.

use domain::{Precision, Timestamp};
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

/// The time that a value holds as text, with how exact it is; a bare day is its midnight in UTC, roughly.
pub(crate) fn timestamp(value: &Value) -> Option<(Timestamp, Precision)> {
    written(value.as_str()?)
}

/// The time that a text holds, likewise.
pub(crate) fn written(text: &str) -> Option<(Timestamp, Precision)> {
    let text = text.trim();
    let moment = Timestamp::parse(text)
        .or_else(|| with_colon(text))
        .or_else(|| Timestamp::from_seconds(OffsetDateTime::parse(text, &Rfc2822).ok()?.unix_timestamp()));
    let day = || (text.len() == 10).then(|| Timestamp::parse(&format!("{text}T00:00:00Z")))?;
    moment.map(|at| (at, Precision::Exact)).or_else(|| Some((day()?, Precision::Rounded)))
}

/// `2026-08-13T05:00:00+0000`, as Meta's interfaces write it.
fn with_colon(text: &str) -> Option<Timestamp> {
    let (head, offset) = text.split_at_checked(text.len().checked_sub(5)?)?;
    let (hours, minutes) = offset.split_at_checked(3)?;
    offset.starts_with(['+', '-']).then(|| Timestamp::parse(&format!("{head}{hours}:{minutes}")))?
}

/// The seconds of an ISO 8601 duration such as `PT1H2M3S`; `None` for one that counts in months or years.
pub(crate) fn iso_duration(text: &str) -> Option<f64> {
    let (days, times) = match text.strip_prefix('P')?.split_once('T') {
        Some((days, times)) => (days, times),
        None => (text.strip_prefix('P')?, ""),
    };
    let total =
        parts(days, &[('W', 604_800.0), ('D', 86_400.0)])? + parts(times, &[('H', 3_600.0), ('M', 60.0), ('S', 1.0)])?;
    (total.is_finite() && !(days.is_empty() && times.is_empty())).then_some(total)
}

fn parts(text: &str, units: &[(char, f64)]) -> Option<f64> {
    let mut total = 0.0;
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !(c.is_ascii_digit() || c == '.'))?;
        let (number, tail) = rest.split_at(end);
        let unit = tail.chars().next()?;
        let (_, seconds) = units.iter().find(|(name, _)| *name == unit)?;
        total += number.parse::<f64>().ok()? * seconds;
        rest = tail.get(unit.len_utf8()..)?;
    }
    Some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_in_every_dress() {
        for (text, seconds, precision) in [
            ("2018-03-10T17:30:44-08:00", 1_520_731_844, Precision::Exact),
            ("2026-08-13T05:00:00+0000", 1_786_597_200, Precision::Exact),
            ("2012-12-30T15:35:39.000Z", 1_356_881_739, Precision::Exact),
            ("Sun, 30 Dec 2012 15:35:39 +0000", 1_356_881_739, Precision::Exact),
            ("2008-10-04", 1_223_078_400, Precision::Rounded),
        ] {
            assert_eq!(written(text).map(|(at, how)| (at.as_seconds(), how)), Some((seconds, precision)), "{text}");
        }
        for text in ["", "yesterday", "2008-13-04", "é+000é", "+0000"] {
            assert_eq!(written(text), None, "{text}");
        }
    }

    #[test]
    fn durations_are_seconds() {
        assert_eq!(iso_duration("PT1H2M3S"), Some(3_723.0));
        assert_eq!(iso_duration("P1DT12.5S"), Some(86_412.5));
        assert_eq!(iso_duration("P0D"), Some(0.0));
        for text in ["", "P", "PT", "PT5", "P1Y", "P1M", "PTS", "1S"] {
            assert_eq!(iso_duration(text), None, "{text}");
        }
    }
}
