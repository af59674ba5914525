//! Answers that hold a secret, such as a new API key, are kept for replays like all others, but only whoever sent the request can open them.
//!
//! The lock is made of the secret of the API key that the request was made with, which the service does not keep.

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use domain::ApiKey;
use sha2::{Digest, Sha256};

use crate::problem::Problem;

/// Locks and opens the answer to one idempotency key of one API key.
pub(crate) struct Seal([u8; 32]);

impl Seal {
    pub(crate) fn new(key: &ApiKey, idempotency_key: &str) -> Self {
        let mut hash = Sha256::new_with_prefix("creator-audit sealed answer");
        hash.update(key.reveal());
        hash.update([0]);
        hash.update(idempotency_key);
        Self(hash.finalize().into())
    }

    /// The nonce, and after it `body` encrypted and authenticated.
    pub(crate) fn lock(&self, body: &[u8]) -> Result<Vec<u8>, Problem> {
        let mut locked = body.to_vec();
        let nonce = self.key()?.seal_in_place_append_tag(Aad::empty(), &mut locked).map_err(Problem::internal)?;
        Ok([nonce.as_ref().as_slice(), &locked].concat())
    }

    /// What was locked; `None` when it was by another seal.
    pub(crate) fn open(&self, locked: &[u8]) -> Option<Vec<u8>> {
        let (nonce, body) = locked.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut body = body.to_vec();
        let length = self.key().ok()?.open_in_place(nonce, Aad::empty(), &mut body).ok()?.len();
        body.truncate(length);
        Some(body)
    }

    fn key(&self) -> Result<RandomizedNonceKey, Problem> {
        RandomizedNonceKey::new(&AES_256_GCM, &self.0).map_err(Problem::internal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(seed: u8) -> ApiKey {
        ApiKey::from_entropy(&[seed; 51])
    }

    #[test]
    fn an_answer_opens_for_its_own_request_alone_and_shows_nothing_meanwhile() {
        let body = br#"{"data":{"key":"ca_secret"}}"#;
        let locked = Seal::new(&key(1), "k").lock(body).unwrap();
        assert!(!locked.windows(6).any(|six| six == b"secret"));
        assert_ne!(locked, Seal::new(&key(1), "k").lock(body).unwrap());
        assert_eq!(Seal::new(&key(1), "k").open(&locked).as_deref(), Some(body.as_slice()));
        assert_eq!(Seal::new(&key(2), "k").open(&locked), None);
        assert_eq!(Seal::new(&key(1), "l").open(&locked), None);
        for cut in [0, 5, 12, locked.len() - 1] {
            assert_eq!(Seal::new(&key(1), "k").open(&locked[..cut]), None, "{cut}");
        }
    }
}
