//! The key that an official interface wants in its address. It is put there at the last moment and taken out of whatever comes back, so that
//! nothing that is kept, shown or logged can hold it.

use std::fmt::{Debug, Formatter};

use memchr::memmem;
use url::Url;

/// What stands in an answer where the secret stood.
const REMOVED: &[u8] = b"REMOVED";

/// A secret query parameter.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Secret {
    parameter: &'static str,
    value: String,
}

impl Secret {
    /// The secret `value` of a query parameter.
    pub(super) fn new(parameter: &'static str, value: &str) -> Self {
        Self { parameter, value: value.to_owned() }
    }

    /// The address with the secret in it, to be sent and forgotten.
    pub(super) fn added_to(&self, url: &Url) -> Url {
        let mut url = url.clone();
        url.query_pairs_mut().append_pair(self.parameter, &self.value);
        url
    }

    /// The body without the secret, which some answers repeat in the addresses of their further pages.
    pub(super) fn removed_from(&self, body: Vec<u8>) -> Vec<u8> {
        if self.value.is_empty() {
            return body;
        }
        let encoded: String = url::form_urlencoded::byte_serialize(self.value.as_bytes()).collect();
        let plain = replaced(body, self.value.as_bytes());
        if encoded == self.value { plain } else { replaced(plain, encoded.as_bytes()) }
    }
}

impl Debug for Secret {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Secret").field("parameter", &self.parameter).finish_non_exhaustive()
    }
}

fn replaced(body: Vec<u8>, secret: &[u8]) -> Vec<u8> {
    let mut hits = memmem::find_iter(&body, secret).peekable();
    if hits.peek().is_none() {
        drop(hits);
        return body;
    }
    let mut out = Vec::with_capacity(body.len());
    let mut from = 0;
    for at in hits {
        out.extend_from_slice(body.get(from..at).unwrap_or_default());
        out.extend_from_slice(REMOVED);
        from = at + secret.len();
    }
    out.extend_from_slice(body.get(from..).unwrap_or_default());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_taken_out_however_it_is_written() {
        let secret = Secret::new("key", "a b+c");
        let body = b"{\"next\":\"https://x/?key=a+b%2Bc&n=2\",\"key\":\"a b+c\"}".to_vec();
        let body = String::from_utf8(secret.removed_from(body)).unwrap();
        assert_eq!(body, "{\"next\":\"https://x/?key=REMOVED&n=2\",\"key\":\"REMOVED\"}");
        assert!(!format!("{secret:?}").contains("a b"));
    }
}
