//! Base 64, as far as signed addresses and account ids need it.

const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The digits that may stand in an address.
pub(super) const URL_SAFE: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// A number in `length` digits of the address alphabet, the most significant first.
pub(super) fn digits(value: u128, length: u32) -> String {
    let digit = |place: u32| usize::try_from((value >> (6 * place)) & 63).map_or('A', |at| char::from(URL_SAFE[at]));
    (0..length).rev().map(|place| if 6 * place < 128 { digit(place) } else { 'A' }).collect()
}

/// The number that [`digits`] wrote; `None` when there are other characters.
pub(super) fn value(text: &str) -> Option<u128> {
    text.bytes().try_fold(0_u128, |sum, byte| {
        let digit = URL_SAFE.iter().position(|letter| *letter == byte)?;
        Some((sum << 6) | u128::try_from(digit).ok()?)
    })
}

/// The bytes in the standard alphabet, padded.
pub(super) fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let group = (0..3).fold(0_usize, |group, i| (group << 8) | chunk.get(i).map_or(0, |byte| usize::from(*byte)));
        for digit in 0..4 {
            let is_padding = digit > chunk.len();
            text.push(if is_padding { '=' } else { char::from(STANDARD[(group >> (18 - 6 * digit)) & 63]) });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_encoded_with_their_padding() {
        for (bytes, text) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg==")] {
            assert_eq!(encode(bytes.as_bytes()), text);
        }
        assert_eq!(encode(br#"{"duration_s":72}"#), "eyJkdXJhdGlvbl9zIjo3Mn0=");
    }
}
