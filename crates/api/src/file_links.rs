//! Links by which a file is downloaded without a key: signed, and good for some time.

use std::time::Duration;

use aws_lc_rs::hmac;
use domain::{ExportId, Timestamp};
use store::Store;
use tokio::sync::OnceCell;

use crate::problem::{Code, Problem};

/// Links to files, with a secret that all processes of the service share.
pub(crate) struct FileLinks {
    good_for: Duration,
    key: OnceCell<hmac::Key>,
}

/// What signs links and checks them. It is had before a transaction begins: the first of all brings the secret, by a write of its own.
pub(crate) struct Signer<'a> {
    good_for: Duration,
    key: &'a hmac::Key,
}

/// A link in its parts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct SignedLink {
    /// The path and the query.
    pub(crate) path: String,
    /// When it ends.
    pub(crate) expires_at: Timestamp,
}

impl FileLinks {
    /// Links that are good for `good_for` at least, and twice that at most.
    pub(crate) fn new(good_for: Duration) -> Self {
        Self { good_for, key: OnceCell::new() }
    }

    /// What signs and checks, once the secret is known.
    pub(crate) async fn signer(&self, store: &Store, now: Timestamp) -> Result<Signer<'_>, Problem> {
        let read = async || {
            let mut new = [0; 32];
            aws_lc_rs::rand::fill(&mut new).map_err(|_| Problem::internal("there is no randomness"))?;
            let secret = store.link_secret(&new, now).await?;
            Ok::<_, Problem>(hmac::Key::new(hmac::HMAC_SHA256, &secret))
        };
        Ok(Signer { good_for: self.good_for, key: self.key.get_or_try_init(read).await? })
    }
}

impl Signer<'_> {
    /// A link to the file of an export that goes at `gone_at`. Links made soon after another are the same, so that what shows them is.
    pub(crate) fn sign(&self, export: ExportId, gone_at: Timestamp, now: Timestamp) -> SignedLink {
        let expires = end(now, self.good_for).min(gone_at.as_seconds());
        let signature = hexadecimal(hmac::sign(self.key, &message(export, expires)).as_ref());
        let path = format!("/v2/exports/{export}/download?expires={expires}&signature={signature}");
        SignedLink { path, expires_at: Timestamp::from_seconds(expires).unwrap_or(gone_at) }
    }

    /// Refuses a link that was not signed here, or whose time is over. The signature is compared in constant time.
    pub(crate) fn check(
        &self,
        export: ExportId,
        expires: Option<i64>,
        signature: Option<&str>,
        now: Timestamp,
    ) -> Result<(), Problem> {
        let refused = || {
            Problem::new(
                Code::Forbidden,
                "The link is not one of ours, or its time is over. Read the export again: it has a new one.",
            )
        };
        let (Some(expires), Some(signature)) = (expires, signature.and_then(bytes_of)) else { return Err(refused()) };
        hmac::verify(self.key, &message(export, expires), &signature).map_err(|_| refused())?;
        if expires > now.as_seconds() { Ok(()) } else { Err(refused()) }
    }
}

/// The second whole stretch of `good_for` to end from `now` on, in seconds since 1970.
fn end(now: Timestamp, good_for: Duration) -> i64 {
    let stretch = i64::try_from(good_for.as_secs()).unwrap_or(i64::MAX).max(1);
    now.as_seconds().div_euclid(stretch).saturating_add(2).saturating_mul(stretch)
}

fn message(export: ExportId, expires: i64) -> Vec<u8> {
    format!("export {export} until {expires}").into_bytes()
}

fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn bytes_of(text: &str) -> Option<Vec<u8>> {
    let is_written_so = text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) && text.len().is_multiple_of(2);
    let pairs = text.as_bytes().chunks(2).filter(|_| is_written_so);
    let bytes: Vec<u8> =
        pairs.filter_map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect();
    is_written_so.then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_hours(1);

    fn key() -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, &[7; 32])
    }

    fn parts(link: &SignedLink) -> (Option<i64>, String) {
        let query = link.path.split_once('?').unwrap().1;
        let (expires, signature) = query.split_once('&').unwrap();
        (
            expires.strip_prefix("expires=").unwrap().parse().ok(),
            signature.strip_prefix("signature=").unwrap().to_owned(),
        )
    }

    #[test]
    fn a_link_is_good_until_its_end_and_no_longer() {
        let (key, id, now) = (key(), ExportId::new(), Timestamp::from_millis(10_000_500));
        let links = Signer { good_for: HOUR, key: &key };
        let link = links.sign(id, now.plus(24 * HOUR), now);
        let (expires, signature) = parts(&link);
        let left = link.expires_at.since(now);
        assert!((HOUR..=2 * HOUR).contains(&left), "{left:?}");
        let check = |at| links.check(id, expires, Some(&signature), at).is_ok();
        assert!(check(now) && check(link.expires_at.minus(Duration::from_secs(1))));
        assert!(!check(link.expires_at));
        // The file's own end comes first.
        let short = links.sign(id, now.plus(Duration::from_mins(1)), now);
        assert_eq!(short.expires_at.as_seconds(), 10_060);
    }

    #[test]
    fn nothing_of_a_link_can_be_changed() {
        let (key, id, now) = (key(), ExportId::new(), Timestamp::from_millis(10_000_500));
        let links = Signer { good_for: HOUR, key: &key };
        let (expires, signature) = parts(&links.sign(id, now.plus(24 * HOUR), now));
        let check = |id, expires, signature: Option<&str>| {
            links.check(id, expires, signature, now).err().map(|problem| problem.code())
        };
        assert_eq!(check(id, expires, Some(&signature)), None);
        let refused = Some(Code::Forbidden);
        assert_eq!(check(ExportId::new(), expires, Some(&signature)), refused);
        assert_eq!(check(id, expires.map(|end| end + 1), Some(&signature)), refused);
        assert_eq!((check(id, None, Some(&signature)), check(id, expires, None)), (refused, refused));
        for at in 0..signature.len() {
            let other = if &signature[at..=at] == "0" { "1" } else { "0" };
            let changed = format!("{}{other}{}", &signature[..at], &signature[at + 1..]);
            assert_eq!(check(id, expires, Some(&changed)), refused);
        }
        for bad in ["", "0", &signature[2..], &signature.to_uppercase(), &format!("{signature}00"), "\u{fc}\u{fc}"] {
            assert_eq!(check(id, expires, Some(bad)), refused, "{bad}");
        }
    }

    #[test]
    fn links_that_follow_each_other_soon_are_the_same() {
        let (key, id) = (key(), ExportId::new());
        let links = Signer { good_for: HOUR, key: &key };
        let gone_at = Timestamp::from_millis(i64::from(u32::MAX) * 1000);
        let at = |seconds: i64| links.sign(id, gone_at, Timestamp::from_millis(seconds * 1000));
        assert_eq!(at(7200), at(10_799));
        assert_ne!(at(7200), at(10_800));
    }
}
