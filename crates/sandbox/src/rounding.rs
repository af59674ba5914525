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
    fn counts_are_written_as_people_read_them() {
        for (count, shown) in
            [(269, "269"), (1667, "1,667"), (17_520, "17.5K"), (291_150_541, "291M"), (2_000_000, "2M")]
        {
            assert_eq!(text(count), shown);
            assert_eq!(text(text_value(count)), shown);
        }
    }
}
