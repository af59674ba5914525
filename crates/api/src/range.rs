//! Parts of a file: `Range` and `If-Range`, as RFC 9110 reads them. Of several ranges none is served alone, so the whole is.

use std::ops::Range;

use actix_web::http::header::{self, HeaderMap};

/// What of a file a client asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// All of it.
    Whole,
    /// These bytes.
    Part(Range<u64>),
    /// Bytes that it does not have.
    Nothing,
}

impl Wanted {
    /// Reads what is asked for of a file of `length` bytes whose strong tag is `tag`.
    pub(crate) fn read(headers: &HeaderMap, tag: &str, length: u64) -> Self {
        let mut ranges = headers.get_all(header::RANGE);
        let (Some(range), None) = (ranges.next().and_then(|value| value.to_str().ok()), ranges.next()) else {
            return Self::Whole;
        };
        // A condition by date holds for nothing, as no date is given out.
        if headers.get(header::IF_RANGE).is_some_and(|condition| condition.as_bytes() != tag.as_bytes()) {
            return Self::Whole;
        }
        Self::of(range, length).unwrap_or(Self::Whole)
    }

    /// `None` when the range cannot be read, which is as good as none.
    fn of(range: &str, length: u64) -> Option<Self> {
        let (unit, range) = range.split_once('=')?;
        let (first, last) = range.trim().split_once('-').filter(|_| unit.trim().eq_ignore_ascii_case("bytes"))?;
        if first.is_empty() {
            let most = number(last)?.min(length);
            return Some(if most == 0 { Self::Nothing } else { Self::Part(length - most..length) });
        }
        let first = number(first)?;
        let last = if last.is_empty() { u64::MAX } else { number(last)? };
        if last < first {
            return None;
        }
        Some(if first < length { Self::Part(first..last.saturating_add(1).min(length)) } else { Self::Nothing })
    }
}

/// A number of bytes; one beyond all files is as good as the greatest.
fn number(text: &str) -> Option<u64> {
    let is_number = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    is_number.then(|| text.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn wanted(range: &str, condition: Option<&'static str>, length: u64) -> Wanted {
        let mut headers = HeaderMap::new();
        headers.insert(header::RANGE, HeaderValue::from_str(range).unwrap());
        if let Some(condition) = condition {
            headers.insert(header::IF_RANGE, HeaderValue::from_static(condition));
        }
        Wanted::read(&headers, "\"t\"", length)
    }

    #[test]
    fn one_range_of_bytes_is_a_part() {
        for (range, part) in [
            ("bytes=0-0", 0..1),
            ("bytes=0-", 0..10),
            ("bytes=3-5", 3..6),
            ("bytes=3-50", 3..10),
            ("Bytes = 9-9", 9..10),
            ("bytes=-3", 7..10),
            ("bytes=-30", 0..10),
            ("bytes=0-18446744073709551615", 0..10),
            ("bytes=0-99999999999999999999", 0..10),
        ] {
            assert_eq!(wanted(range, None, 10), Wanted::Part(part), "{range}");
        }
    }

    #[test]
    fn bytes_that_are_not_there_are_nothing() {
        for (range, length) in
            [("bytes=10-", 10), ("bytes=10-20", 10), ("bytes=-0", 10), ("bytes=0-", 0), ("bytes=-1", 0)]
        {
            assert_eq!(wanted(range, None, length), Wanted::Nothing, "{range}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_no_range_and_several_are_the_whole() {
        for range in
            ["bytes=5-3", "bytes=a-b", "bytes=+1-2", "bytes=-", "bytes", "lines=0-1", "bytes=0-1,3-4", "bytes=1-2-3"]
        {
            assert_eq!(wanted(range, None, 10), Wanted::Whole, "{range}");
        }
        assert_eq!(Wanted::read(&HeaderMap::new(), "\"t\"", 10), Wanted::Whole);
    }

    #[test]
    fn a_condition_holds_for_the_same_strong_tag_alone() {
        assert_eq!(wanted("bytes=0-0", Some("\"t\""), 10), Wanted::Part(0..1));
        for condition in ["\"u\"", "W/\"t\"", "Wed, 21 Oct 2015 07:28:00 GMT"] {
            assert_eq!(wanted("bytes=0-0", Some(condition), 10), Wanted::Whole, "{condition}");
        }
    }
}
