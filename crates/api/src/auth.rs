//! Who is calling: from the `Authorization` header to the record of a key that may be used now.

use actix_web::http::header::{self, HeaderMap};
use domain::{ApiKey, Scope, Timestamp};
use store::{KeyRecord, Store};

use crate::problem::{Code, Problem};

/// Finds the key that a request was made with. A typo is refused without a look-up; an unknown key and a wrong secret are the same answer.
pub(crate) async fn authenticate(store: &Store, headers: &HeaderMap, now: Timestamp) -> Result<KeyRecord, Problem> {
    let key = bearer(headers)?;
    let record = store.authenticate(key.public_part()).await?;
    let record = record.filter(|record| key.matches(&record.secret_hash));
    let record = record.ok_or_else(|| Problem::unauthorized("The API key is not known."))?;
    if record.is_disabled {
        return Err(Problem::new(Code::Forbidden, "The API key is disabled."));
    }
    if !record.organization_is_active {
        return Err(Problem::new(Code::Forbidden, "The organization is not active."));
    }
    if record.expires_at.is_some_and(|end| end <= now) {
        return Err(Problem::unauthorized("The API key has expired."));
    }
    Ok(record)
}

/// Reads the key that a request was made with.
pub(crate) fn bearer(headers: &HeaderMap) -> Result<ApiKey, Problem> {
    let mut values = headers.get_all(header::AUTHORIZATION);
    let missing = || Problem::unauthorized("Send an API key: Authorization: Bearer <key>.");
    let value = values.next().ok_or_else(missing)?;
    if values.next().is_some() {
        return Err(Problem::unauthorized("Send one Authorization header."));
    }
    let (scheme, token) = value.to_str().ok().and_then(|text| text.trim().split_once(' ')).ok_or_else(missing)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(missing());
    }
    ApiKey::parse(token.trim()).ok_or_else(|| Problem::unauthorized("The API key is malformed: check it for typos."))
}

/// Refuses a key that lacks `needed`.
pub(crate) fn check_scope(key: &KeyRecord, needed: Scope) -> Result<(), Problem> {
    if key.scopes.allow(needed) {
        return Ok(());
    }
    let fine = needed.as_str();
    let detail = match fine.split_once(':') {
        Some((coarse, _)) => format!("This needs the scope {fine}, or {coarse}, which contains it."),
        None => format!("This needs the scope {fine}."),
    };
    Err(Problem::new(Code::InsufficientScope, detail))
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn key() -> ApiKey {
        ApiKey::from_entropy(&std::array::from_fn(|i| u8::try_from(i).unwrap()))
    }

    fn with(values: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::AUTHORIZATION, HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    #[test]
    fn the_scheme_is_read_without_case_and_the_key_to_the_letter() {
        let text = key().reveal().to_owned();
        for value in [format!("Bearer {text}"), format!("bearer  {text} "), format!("BEARER {text}")] {
            assert_eq!(bearer(&with(&[&value])).unwrap(), key());
        }
    }

    #[test]
    fn anything_else_is_unauthorized() {
        let text = key().reveal().to_owned();
        let twice = format!("Bearer {text}");
        let swapped = text.to_lowercase();
        for values in [
            vec![],
            vec!["Bearer"],
            vec!["Basic dTpw"],
            vec![text.as_str()],
            vec![twice.as_str(), twice.as_str()],
            vec![&format!("Bearer {swapped}")],
        ] {
            assert_eq!(bearer(&with(&values)).unwrap_err().code(), Code::Unauthorized, "{values:?}");
        }
    }
}
