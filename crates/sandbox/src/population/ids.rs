//! Ids of posts as text, and the ids of YouTube's channels. A channel id holds its account's key, scrambled, so that a page asked for by id alone
//! needs no memory of who was listed before.

use domain::Platform;
use domain::handle::is_channel_id;

use super::base64;
use super::draw::Draw;

/// Where Pinterest's made-up ids begin: eighteen digits, as the real ones of the last years have.
pub(super) const PIN_BASE: u64 = 100_000_000_000_000_000;
/// Pins count their seconds from here: 2018-01-01.
pub(super) const PIN_EPOCH_SECONDS: u64 = 1_514_764_800;
/// The low bits of a pin's id that say nothing of time.
pub(super) const PIN_CHANCE_BITS: u32 = 29;

/// The characters of a key that a channel id can hold.
const KEY_LETTERS: &[u8; 40] = b"abcdefghijklmnopqrstuvwxyz0123456789._-#";
/// One more than the letters, since 0 ends a key.
const KEY_BASE: u128 = 41;
/// 41 to this power is less than 2 to the 128.
const KEY_LONGEST: usize = 23;
/// Odd, so that multiplying by it can be undone.
const MIXERS: [u128; 2] = [0x2545_F491_4F6C_DD1D_9E37_79B9_7F4A_7C15, 0xD134_2543_DE82_EF95_DA94_2042_E4DD_58B5];

/// A post's id as the platform writes it.
pub(super) fn text(platform: Platform, id: u64) -> String {
    match platform {
        Platform::Youtube => base64::digits(u128::from(id) << 2, 11),
        Platform::Instagram | Platform::Tiktok | Platform::Pinterest => id.to_string(),
    }
}

/// The number behind a post's id; what is no id of the platform's form gets one that hangs on its text.
pub(super) fn number(platform: Platform, text: &str) -> u64 {
    match platform {
        Platform::Instagram | Platform::Tiktok | Platform::Pinterest => text.parse().unwrap_or(0),
        Platform::Youtube => {
            let value = if text.len() == 11 { base64::value(text) } else { None };
            value
                .and_then(|value| u64::try_from(value >> 2).ok())
                .unwrap_or_else(|| Draw::of(0, &["video", text]).below(u64::MAX))
        }
    }
}

/// A video's id: its second and 24 bits of chance, with a check that tells it from ids that were made elsewhere, scrambled.
pub(super) fn video(seed: u64, seconds: u64, chance: u64) -> u64 {
    let payload = (seconds << 24) | (chance & 0xFF_FFFF);
    scramble(seed, (payload << 8) | check(seed, payload))
}

/// The second that [`video`] was made from; `None` for other ids.
pub(super) fn video_seconds(seed: u64, id: u64) -> Option<u64> {
    let plain = unscramble(seed, id);
    let payload = plain >> 8;
    (plain & 0xFF == check(seed, payload)).then_some(payload >> 24)
}

fn check(seed: u64, payload: u64) -> u64 {
    Draw::of(seed, &["check", &payload.to_string()]).below(256)
}

fn mixers(seed: u64) -> [u128; 2] {
    [MIXERS[0], MIXERS[1].wrapping_add(u128::from(seed) << 1)]
}

fn scramble(seed: u64, plain: u64) -> u64 {
    let [a, b] = mixers(seed).map(low);
    let mixed = plain.wrapping_mul(a);
    (mixed ^ (mixed >> 32)).wrapping_mul(b)
}

fn unscramble(seed: u64, mixed: u64) -> u64 {
    let [a, b] = mixers(seed).map(|mixer| low(inverse(mixer)));
    let mixed = mixed.wrapping_mul(b);
    (mixed ^ (mixed >> 32)).wrapping_mul(a)
}

fn low(value: u128) -> u64 {
    u64::try_from(value & u128::from(u64::MAX)).unwrap_or(0)
}

/// What undoes multiplying by `odd`.
fn inverse(odd: u128) -> u128 {
    (0..7).fold(odd, |guess, _| guess.wrapping_mul(2_u128.wrapping_sub(odd.wrapping_mul(guess))))
}

/// The channel id of an account. A key that is a channel's id already is its own; one too long to be held is drawn instead, and then only
/// who was shown the id can tell whose it is.
pub(super) fn channel(seed: u64, key: &str) -> String {
    if is_channel_id(key) {
        return key.to_owned();
    }
    let Some(plain) = pack(key) else {
        return format!("UC{}", Draw::text(seed, &["channel", key], base64::URL_SAFE, 22));
    };
    let [a, b] = mixers(seed);
    let mixed = plain.wrapping_mul(a);
    let mixed = (mixed ^ (mixed >> 64)).wrapping_mul(b);
    let digits = base64::digits(mixed, 22);
    // Two bits of the first digit belong to the number; the other four are a check.
    let first =
        base64::value(digits.get(..1).unwrap_or("A")).unwrap_or(0) | (u128::from(channel_check(seed, mixed)) << 2);
    format!("UC{}{}", base64::digits(first, 1), digits.get(1..).unwrap_or(""))
}

/// The key that [`channel`] put into an id; `None` for an id that was made elsewhere.
pub(crate) fn channel_key(seed: u64, id: &str) -> Option<String> {
    let digits = id.strip_prefix("UC").filter(|_| is_channel_id(id))?;
    let first = base64::value(digits.get(..1)?)?;
    let rest = base64::value(digits.get(1..)?)?;
    let mixed = ((first & 3) << 126) | rest;
    (first >> 2 == u128::from(channel_check(seed, mixed))).then_some(())?;
    let [a, b] = mixers(seed).map(inverse);
    let plain = mixed.wrapping_mul(b);
    unpack((plain ^ (plain >> 64)).wrapping_mul(a))
}

fn channel_check(seed: u64, mixed: u128) -> u64 {
    Draw::of(seed, &["channel check", &mixed.to_string()]).below(16)
}

fn pack(key: &str) -> Option<u128> {
    if key.is_empty() || key.len() > KEY_LONGEST {
        return None;
    }
    key.bytes().rev().try_fold(0_u128, |sum, byte| {
        let digit = KEY_LETTERS.iter().position(|letter| *letter == byte)? + 1;
        Some(sum * KEY_BASE + u128::try_from(digit).ok()?)
    })
}

fn unpack(mut number: u128) -> Option<String> {
    let mut key = String::new();
    while number > 0 {
        let digit = usize::try_from(number % KEY_BASE).ok()?.checked_sub(1)?;
        key.push(char::from(*KEY_LETTERS.get(digit)?));
        number /= KEY_BASE;
    }
    (!key.is_empty() && key.len() <= KEY_LONGEST).then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_id_holds_its_accounts_key() {
        for key in ["a", "anna", "busy.now", "anna#2", "abcdefghijklmnopqrstuvw", "9-9_9"] {
            let id = channel(7, key);
            assert!(is_channel_id(&id), "{id}");
            assert_eq!(channel_key(7, &id).as_deref(), Some(key));
            assert_ne!(channel(8, key), id);
        }
    }

    #[test]
    fn ids_made_elsewhere_hold_no_key() {
        let held = (0..500).filter(|n| {
            channel_key(1, &format!("UC{}", Draw::text(9, &["x", &n.to_string()], base64::URL_SAFE, 22))).is_some()
        });
        assert!(held.count() <= 2);
        assert_eq!(channel_key(1, "UCLA_DiR1FfKNvjuUpBHmylQ"), None);
        assert_eq!(channel_key(1, "anna"), None);
    }

    #[test]
    fn a_videos_id_is_eleven_characters_and_tells_its_second() {
        for (seconds, chance) in [(1_700_000_000, 0), (1_767_225_600, 0xFF_FFFF), (1, 5)] {
            let id = video(3, seconds, chance);
            let written = text(Platform::Youtube, id);
            assert_eq!(written.len(), 11);
            assert_eq!(number(Platform::Youtube, &written), id);
            assert_eq!(video_seconds(3, id), Some(seconds));
        }
    }
}
