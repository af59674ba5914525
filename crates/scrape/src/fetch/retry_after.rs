//! The `Retry-After` header: a number of seconds, or a date.

use std::time::{Duration, SystemTime};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

/// How long the platform asks to be left alone, from `now`. A date in the past asks for nothing.
pub(super) fn parse(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let date = OffsetDateTime::parse(value, &Rfc2822).ok()?;
    Some(SystemTime::from(date).duration_since(now).unwrap_or(Duration::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_dates_are_both_understood() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        assert_eq!(parse(" 120 ", now), Some(Duration::from_mins(2)));
        assert_eq!(parse("Sun, 06 Nov 1994 08:51:37 GMT", now), Some(Duration::from_mins(2)));
        assert_eq!(parse("Sun, 06 Nov 1994 08:00:00 GMT", now), Some(Duration::ZERO));
        for text in ["soon", "-5", "", "99999999999999999999999"] {
            assert_eq!(parse(text, now), None, "{text}");
        }
    }
}
