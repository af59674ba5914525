//! The form of an API key: `ca_<8 public>_<43 secret>_<6 checksum>`, all of `A-Z a-z 0-9`.
//!
//! The prefix lets secret scanners recognise a key, the public part finds its record, and the checksum refuses a typo without a
//! look-up in the database. Of the secret only a SHA-256 is ever stored.

use sha2::{Digest, Sha256};

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const PUBLIC: usize = 8;
const SECRET: usize = 43;
const CHECKSUM: usize = 6;

/// Random bytes that a new key is made of (about 304 bits).
pub const ENTROPY: usize = PUBLIC + SECRET;

/// A well-formed API key. Its `Debug` form hides the secret.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey {
    text: String,
}

impl ApiKey {
    /// Makes a key of random bytes.
    pub fn from_entropy(entropy: &[u8; ENTROPY]) -> Self {
        let letters: String = entropy.iter().map(|byte| char::from(DIGITS[usize::from(*byte) % 62])).collect();
        let (public, secret) = letters.split_at(PUBLIC);
        let body = format!("ca_{public}_{secret}");
        let checksum = checksum(&body);
        Self { text: format!("{body}_{checksum}") }
    }

    /// Reads a key; `None` when its form or checksum is wrong.
    pub fn parse(text: &str) -> Option<Self> {
        let (body, sum) = text.rsplit_once('_')?;
        let (head, secret) = body.rsplit_once('_')?;
        let public = head.strip_prefix("ca_")?;
        let plain = |part: &str, length| part.len() == length && part.bytes().all(|b| b.is_ascii_alphanumeric());
        let good = plain(public, PUBLIC) && plain(secret, SECRET) && plain(sum, CHECKSUM) && checksum(body) == sum;
        good.then(|| Self { text: text.to_owned() })
    }

    /// The part that names the key's record and may be shown.
    pub fn public_part(&self) -> &str {
        &self.text[3..3 + PUBLIC]
    }

    /// SHA-256 of the secret part.
    pub fn secret_hash(&self) -> [u8; 32] {
        let start = 3 + PUBLIC + 1;
        Sha256::digest(&self.text.as_bytes()[start..start + SECRET]).into()
    }

    /// Whether `stored` is the hash of this key's secret, compared in constant time.
    pub fn matches(&self, stored: &[u8]) -> bool {
        let own = self.secret_hash();
        own.len() == stored.len() && own.iter().zip(stored).fold(0, |diff, (a, b)| diff | (a ^ b)) == 0
    }

    /// The whole key, to be shown once.
    pub fn reveal(&self) -> &str {
        &self.text
    }
}

impl std::fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ApiKey(ca_{}_…)", self.public_part())
    }
}

fn checksum(body: &str) -> String {
    let hash = Sha256::digest(body.as_bytes());
    hash.iter().take(CHECKSUM).map(|byte| char::from(DIGITS[usize::from(*byte) % 62])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(seed: u8) -> ApiKey {
        ApiKey::from_entropy(&std::array::from_fn(|i| seed.wrapping_mul(31).wrapping_add(u8::try_from(i).unwrap())))
    }

    #[test]
    fn a_made_key_has_the_published_form_and_reads_back() {
        let key = key(7);
        let lengths: Vec<_> = key.reveal().split('_').map(str::len).collect();
        assert_eq!(lengths, [2, 8, 43, 6]);
        assert_eq!(ApiKey::parse(key.reveal()), Some(key));
    }

    #[test]
    fn a_typo_in_any_place_is_refused() {
        let key = key(3);
        for at in 0..key.reveal().len() {
            let mut text: Vec<u8> = key.reveal().bytes().collect();
            text[at] = if text[at] == b'x' { b'y' } else { b'x' };
            assert_eq!(ApiKey::parse(std::str::from_utf8(&text).unwrap()), None, "at {at}");
        }
    }

    #[test]
    fn a_key_matches_its_own_hash_alone_and_never_prints_its_secret() {
        assert!(key(1).matches(&key(1).secret_hash()));
        assert!(!key(1).matches(&key(2).secret_hash()));
        assert!(!key(1).matches(&[]));
        assert!(!format!("{:?}", key(1)).contains(&key(1).reveal()[12..55]));
    }
}
