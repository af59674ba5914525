//! Opaque cursors: the position of a page's last row, tied by a hash to the organization, the route, the filters and the sort.
//!
//! A cursor that was altered in any byte, or is used under another scope, does not open. The hash holds no secret: a cursor opens nothing
//! that the key does not open anyway.

use domain::{FieldErrors, OrganizationId};
use serde::Serialize;
use sha2::{Digest, Sha256};
use store::{Position, RowId, SortKey};
use uuid::Uuid;

use crate::problem::Problem;

const SEAL_BYTES: usize = 16;
const REFUSED: &str = "is not a cursor of this list under these filters and this sort";

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// What a cursor is tied to.
pub(crate) struct Scope(Sha256);

impl Scope {
    /// The scope of a list: whose, which, and under which filters and sort.
    pub(crate) fn of<E: Serialize>(organization: OrganizationId, route: &str, in_force: &E) -> Result<Self, Problem> {
        let in_force = serde_json::to_vec(in_force).map_err(Problem::internal)?;
        let mut hash = Sha256::new();
        hash.update(organization.0.as_bytes());
        hash.update(route.as_bytes());
        hash.update([0]);
        hash.update(in_force);
        hash.update([0]);
        Ok(Self(hash))
    }

    fn seal(&self, payload: &[u8]) -> Vec<u8> {
        let mut hash = self.0.clone();
        hash.update(payload);
        hash.finalize()[..SEAL_BYTES].to_vec()
    }

    /// The cursor of the page that begins after `position`.
    pub(crate) fn cursor(&self, position: &Position) -> String {
        let mut bytes = write(position);
        bytes.extend(self.seal(&bytes));
        to_base64url(&bytes)
    }
}

/// A cursor whose letters are right, not opened yet.
pub(crate) struct Cursor(Vec<u8>);

impl Cursor {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        from_base64url(text).filter(|bytes| bytes.len() > SEAL_BYTES).map(Self).ok_or_else(|| REFUSED.to_owned())
    }

    /// The position, when the cursor was made for this scope.
    pub(crate) fn open(&self, scope: &Scope) -> Result<Position, FieldErrors> {
        let (payload, seal) = self.0.split_at(self.0.len() - SEAL_BYTES);
        let position = if scope.seal(payload) == seal { read(payload) } else { None };
        position.ok_or_else(|| FieldErrors::of("cursor", REFUSED))
    }
}

fn write(position: &Position) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(48);
    match &position.id {
        RowId::Uuid(id) => {
            bytes.push(b'u');
            bytes.extend(id.as_bytes());
        }
        RowId::Integer(id) => {
            bytes.push(b'i');
            bytes.extend(id.to_be_bytes());
        }
    }
    match &position.key {
        SortKey::Text(text) => {
            bytes.push(b't');
            bytes.extend(text.as_bytes());
        }
        SortKey::Number(Some(number)) => {
            bytes.push(b'n');
            bytes.extend(number.to_be_bytes());
        }
        SortKey::Number(None) => bytes.push(b'0'),
    }
    bytes
}

fn read(bytes: &[u8]) -> Option<Position> {
    let (id, rest) = match bytes.split_first()? {
        (b'u', rest) => {
            let (id, rest) = rest.split_first_chunk::<16>()?;
            (RowId::Uuid(Uuid::from_bytes(*id)), rest)
        }
        (b'i', rest) => {
            let (id, rest) = rest.split_first_chunk::<8>()?;
            (RowId::Integer(i64::from_be_bytes(*id)), rest)
        }
        _ => return None,
    };
    let key = match rest.split_first()? {
        (b't', text) => SortKey::Text(std::str::from_utf8(text).ok()?.to_owned()),
        (b'n', number) => SortKey::Number(Some(i64::from_be_bytes(number.try_into().ok()?))),
        (b'0', []) => SortKey::Number(None),
        _ => return None,
    };
    Some(Position { key, id })
}

fn to_base64url(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let group = chunk.iter().fold(0_u32, |group, byte| group << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for digit in 0..=chunk.len() {
            let index = usize::try_from(group >> (18 - 6 * digit) & 63).unwrap_or(0);
            out.push(char::from(ALPHABET[index]));
        }
    }
    out
}

/// Reads what [`to_base64url`] writes and nothing else: no padding, and no stray bits in the last letter.
fn from_base64url(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3 + 2);
    for chunk in text.as_bytes().chunks(4) {
        let mut group = 0_u32;
        for letter in chunk {
            let digit = ALPHABET.iter().position(|known| known == letter)?;
            group = group << 6 | u32::try_from(digit).ok()?;
        }
        group <<= 6 * (4 - chunk.len());
        let [_, bytes @ ..] = group.to_be_bytes();
        let whole = match chunk.len() {
            4 => 3,
            3 => 2,
            2 => 1,
            _ => return None,
        };
        out.extend(&bytes[..whole]);
        if bytes[whole..].iter().any(|byte| *byte != 0) {
            return None;
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(route: &str, filters: &str) -> Scope {
        Scope::of(OrganizationId(Uuid::nil()), route, &filters).ok().unwrap()
    }

    fn opened(text: &str, scope: &Scope) -> Option<Position> {
        Cursor::parse(text).ok()?.open(scope).ok()
    }

    fn positions() -> Vec<Position> {
        let keys = ["", "zoë", "a\u{0}b"].map(|text| SortKey::Text(text.to_owned()));
        let numbers = [None, Some(0), Some(-1), Some(i64::MAX)].map(SortKey::Number);
        let ids = [RowId::Uuid(Uuid::now_v7()), RowId::Integer(42)];
        let keys = keys.into_iter().chain(numbers);
        keys.flat_map(|key| ids.map(|id| Position { key: key.clone(), id })).collect()
    }

    #[test]
    fn a_cursor_opens_under_its_own_scope_alone() {
        for position in positions() {
            let text = scope("/v2/accounts", "a").cursor(&position);
            assert_eq!(opened(&text, &scope("/v2/accounts", "a")), Some(position));
            assert_eq!(opened(&text, &scope("/v2/accounts", "b")), None);
            assert_eq!(opened(&text, &scope("/v2/videos", "a")), None);
            let other = Scope::of(OrganizationId::new(), "/v2/accounts", &"a").ok().unwrap();
            assert_eq!(opened(&text, &other), None);
        }
    }

    #[test]
    fn a_cursor_altered_in_any_byte_does_not_open() {
        let scope = scope("/v2/accounts", "a");
        for position in positions() {
            let text = scope.cursor(&position);
            for at in 0..text.len() {
                for letter in [b'A', b'B', b'_', b'z', b'=', b' '] {
                    let mut altered = text.clone().into_bytes();
                    if altered[at] != letter {
                        altered[at] = letter;
                        assert_eq!(opened(std::str::from_utf8(&altered).unwrap(), &scope), None, "{text} at {at}");
                    }
                }
            }
            assert_eq!(opened(&text[..text.len() - 1], &scope), None);
            assert_eq!(opened(&format!("{text}A"), &scope), None);
        }
    }

    #[test]
    fn any_bytes_survive_the_alphabet() {
        for length in 0..40_u8 {
            let bytes: Vec<_> = (0..length).map(|i| i.wrapping_mul(97)).collect();
            assert_eq!(from_base64url(&to_base64url(&bytes)), Some(bytes));
        }
    }
}
