//! Instagram's shortcodes: the media id written in base 64, most significant digit first, without padding.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Milliseconds since 1970 at which Instagram's ids begin to count.
const INSTAGRAM_EPOCH_MILLIS: u64 = 1_314_220_021_721;

/// The media id that a shortcode stands for. A private link's longer code is read by its first eleven characters.
/// `None` when it holds other characters or passes 64 bits.
pub fn to_media_id(shortcode: &str) -> Option<u64> {
    let code = if shortcode.len() > 11 { shortcode.get(..11)? } else { shortcode };
    if code.is_empty() {
        return None;
    }
    code.bytes().try_fold(0_u64, |id, byte| {
        let digit = ALPHABET.iter().position(|letter| *letter == byte)?;
        id.checked_mul(64)?.checked_add(u64::try_from(digit).ok()?)
    })
}

/// The shortcode of a media id.
pub fn from_media_id(mut id: u64) -> String {
    let mut digits = Vec::with_capacity(11);
    loop {
        digits.push(char::from(ALPHABET[usize::try_from(id % 64).unwrap_or(0)]));
        id /= 64;
        if id == 0 {
            break;
        }
    }
    digits.iter().rev().collect()
}

/// When an Instagram id was made, in milliseconds since 1970: its upper 41 bits count from Instagram's own epoch.
/// Lies −1 s to some minutes before publication, much more for scheduled posts, so it is for ordering.
pub const fn media_id_millis(id: u64) -> u64 {
    (id >> 23) + INSTAGRAM_EPOCH_MILLIS
}

/// When a TikTok item id was made, in seconds since 1970: its upper 32 bits.
pub const fn item_id_seconds(id: u64) -> u64 {
    id >> 32
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pairs that stand in public pages.
    const PAIRS: [(u64, &str); 5] = [
        (2_555_323_354_817_229_568, "CN2VQ1yI_MA"),
        (905_953_264_702_648_298, "ySl7G9tO_q"),
        (2_911_295_595_251_935_837, "Chm_-tPJqpd"),
        (3_983_118_388_705_688_735, "DdG4RIxIPyf"),
        (3_991_849_403_537_918_302, "Ddl5eH-u4le"),
    ];

    #[test]
    fn ids_and_shortcodes_convert_both_ways() {
        for (id, code) in PAIRS {
            assert_eq!(to_media_id(code), Some(id));
            assert_eq!(from_media_id(id), code);
        }
    }

    #[test]
    fn a_private_links_code_is_read_by_its_head() {
        assert_eq!(to_media_id("CN2VQ1yI_MAabcdefghijklmnopqrstuvwxyz01"), Some(2_555_323_354_817_229_568));
    }

    #[test]
    fn what_is_no_shortcode_has_no_id() {
        for text in ["", "CN2VQ1yI!MA", "ü", "___________"] {
            assert_eq!(to_media_id(text), None, "{text}");
        }
    }

    #[test]
    fn an_id_tells_when_it_was_made() {
        let reel_taken_at = 1_618_838_526_000;
        assert!(media_id_millis(PAIRS[0].0).abs_diff(reel_taken_at) < 480_000);
        assert!(item_id_seconds(7_571_863_205_253_778_710).abs_diff(1_762_961_788) < 60);
    }
}
