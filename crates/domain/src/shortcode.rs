//! Instagram's shortcodes: the media id written in base 64, most significant digit first, without padding.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Milliseconds since 1970 at which Instagram's ids begin to count.
const INSTAGRAM_EPOCH_MILLIS: u64 = 1_314_220_021_721;

/// Longest shortcode that stands for an id of 64 bits.
const LONGEST: usize = 11;

/// Characters that a link to a post of a private account has behind the shortcode: a pass, which is no part of it.
const PASS: usize = 28;

/// The media id that a shortcode stands for; a pass behind it is left out.
/// `None` when it has another length, holds other characters, or passes 64 bits.
pub fn to_media_id(shortcode: &str) -> Option<u64> {
    let (code, pass) = shortcode
        .split_at_checked(shortcode.len().saturating_sub(PASS))
        .filter(|(code, _)| !code.is_empty())
        .unwrap_or((shortcode, ""));
    if !(1..=LONGEST).contains(&code.len()) || !pass.bytes().all(|byte| ALPHABET.contains(&byte)) {
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
    fn the_pass_behind_a_private_posts_code_is_left_out() {
        assert_eq!(to_media_id("CN2VQ1yI_MAabcdefghijklmnopqrstuvwxyz01"), Some(2_555_323_354_817_229_568));
        assert_eq!(to_media_id("ySl7G9tO_qabcdefghijklmnopqrstuvwxyz01"), Some(905_953_264_702_648_298));
    }

    #[test]
    fn what_is_no_shortcode_has_no_id() {
        for text in ["", "CN2VQ1yI!MA", "ü", "___________", "CN2VQ1yI_MAabc"] {
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
