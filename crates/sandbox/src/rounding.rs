//! How the platforms shorten counts: as numbers (TikTok's `stats`) and as text (`783.4K`, `1,667`).

/// The least count that is rounded.
const ROUNDED_FROM: i64 = 10_000;

/// A count as TikTok's pages round it: exact below 10,000, from there on one decimal of thousands, millions or billions.
pub(crate) fn tiktok(count: i64) -> i64 {
    let step = match count {
        ..ROUNDED_FROM => return count,
        ROUNDED_FROM..1_000_000 => 100,
        1_000_000..1_000_000_000 => 100_000,
        1_000_000_000.. => 100_000_000,
    };
    count.saturating_add(step / 2) / step * step
}

/// Whether [`tiktok`] rounds such a count.
pub(crate) const fn is_rounded(count: i64) -> bool {
    count >= ROUNDED_FROM
}

/// A count as texts show it: with commas below 10,000 (`1,667`), shortened from there on (`17.5K`, `291M`).
pub(crate) fn text(count: i64) -> String {
    let (unit, letter) = match count {
        ..1000 => return count.to_string(),
        1000..ROUNDED_FROM => return format!("{},{:03}", count / 1000, count % 1000),
        ROUNDED_FROM..1_000_000 => (1000, 'K'),
        1_000_000..1_000_000_000 => (1_000_000, 'M'),
        1_000_000_000.. => (1_000_000_000, 'B'),
    };
    let tenths = count / (unit / 10);
    match tenths % 10 {
        0 => format!("{}{letter}", tenths / 10),
        _ if tenths >= 1000 => format!("{}{letter}", tenths / 10),
        tenth => format!("{}.{tenth}{letter}", tenths / 10),
    }
}

/// A count to the digit, in groups of three: `215,407`.
pub(crate) fn grouped(count: i64) -> String {
    let digits = count.to_string();
    let groups: Vec<_> = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy).collect();
    groups.join(",")
}

/// The count that a reader makes of [`text`].
pub(crate) const fn text_value(count: i64) -> i64 {
    let step = match count {
        ..ROUNDED_FROM => 1,
        ROUNDED_FROM..100_000 => 100,
        100_000..1_000_000 => 1000,
        1_000_000..100_000_000 => 100_000,
        100_000_000..1_000_000_000 => 1_000_000,
        1_000_000_000.. => 100_000_000,
    };
    count / step * step
}

/// A count cut down to its first `digits` digits, as YouTube shortens: 15,149,999 is `15.1M`. Below 1,000 it is exact.
pub(crate) const fn leading(count: i64, digits: u32) -> i64 {
    if count < 1000 {
        return count;
    }
    let mut step = 1;
    while count / step >= 10_i64.pow(digits) {
        step *= 10;
    }
    count / step * step
}

/// [`leading`] with three digits, as a reading of YouTube's pages.
pub(crate) fn three_digits_reading(count: i64) -> domain::Reading {
    leading_reading(count, 3)
}

/// [`leading`] as a reading.
pub(crate) fn leading_reading(count: i64, digits: u32) -> domain::Reading {
    let precision = if count < 1000 { domain::Precision::Exact } else { domain::Precision::Rounded };
    domain::Reading::of(Some(leading(count, digits)), precision)
}

/// A count that [`leading`] cut, as YouTube writes it: `987`, `1.23K`, `15.1M`.
pub(crate) fn leading_text(count: i64) -> String {
    let (unit, letter) = match count {
        ..1000 => return count.to_string(),
        1000..1_000_000 => (1000, 'K'),
        1_000_000..1_000_000_000 => (1_000_000, 'M'),
        1_000_000_000.. => (1_000_000_000, 'B'),
    };
    let hundredths = count / (unit / 100).max(1);
    let (whole, rest) = (hundredths / 100, hundredths % 100);
    match (rest, rest % 10) {
        (0, _) => format!("{whole}{letter}"),
        (_, 0) => format!("{whole}.{}{letter}", rest / 10),
        _ => format!("{whole}.{rest:02}{letter}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_rounded_as_tiktok_rounds_them() {
        for (count, shown) in [
            (0, 0),
            (9692, 9692),
            (9999, 9999),
            (783_427, 783_400),
            (162_986_107, 163_000_000),
            (2_680_875_280, 2_700_000_000),
            (999_960, 1_000_000),
        ] {
            assert_eq!(tiktok(count), shown);
        }
    }

    #[test]
    fn youtube_cuts_counts_to_their_first_digits() {
        for (count, cut, shown) in [
            (987, 987, "987"),
            (1239, 1230, "1.23K"),
            (6100, 6100, "6.1K"),
            (15_149_999, 15_100_000, "15.1M"),
            (123_999, 123_000, "123K"),
            (1_204_000_000, 1_200_000_000, "1.2B"),
            (1_014_000, 1_010_000, "1.01M"),
        ] {
            assert_eq!(leading(count, 3), cut);
            assert_eq!(leading_text(cut), shown);
        }
        assert_eq!(leading_text(leading(18_976, 2)), "18K");
    }

    #[test]
    fn counts_are_written_as_people_read_them() {
        for (count, shown) in
            [(269, "269"), (1667, "1,667"), (17_520, "17.5K"), (291_150_541, "291M"), (2_000_000, "2M")]
        {
            assert_eq!(text(count), shown);
            assert_eq!(text(text_value(count)), shown);
        }
    }
}
