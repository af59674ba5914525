//! Who is calling: from the `Authorization` header to the record of a key that may be used now, and the count of its calls.

use std::sync::Arc;
use std::time::Instant;

use actix_web::http::header::{self, HeaderMap};
use domain::{ApiKey, Scope, Timestamp};
use store::KeyRecord;

use crate::Worker;
use crate::exchange::Exchange;
use crate::key_cache::Known;
use crate::limit::{Counted, Window};
use crate::problem::{Code, Problem};

/// Whoever shows a key, before the call is counted.
pub(crate) struct Caller {
    key: ApiKey,
    known: Known,
}

impl Caller {
    /// Reads the key. A typo is refused without a look-up.
    pub(crate) fn of(worker: &Worker, headers: &HeaderMap, now: Timestamp) -> Result<Self, Problem> {
        let key = bearer(headers)?;
        let mut known = worker.shared.keys.known(key.public_part(), Instant::now());
        // One that would be refused may have been changed since, and must not be counted towards a key before that is certain.
        known.record = known.record.filter(|record| check(record, &key, now).is_ok());
        Ok(Self { key, known })
    }

    /// The record by which the call will hardly fail to be let in.
    pub(crate) fn likely(&self) -> Option<&Arc<KeyRecord>> {
        self.known.record.as_ref().filter(|_| self.known.has_plenty)
    }

    /// Finds the record of the key, and counts the call towards its limit. An unknown key and a wrong secret are the same answer.
    ///
    /// The record is one that this process keeps, when the count tells that the key is still as it was when that was read; else it is read.
    pub(crate) async fn authenticate(
        self,
        worker: &Worker,
        now: Timestamp,
    ) -> Result<(Arc<KeyRecord>, Window), Problem> {
        let Self { key, known } = self;
        let keys = &worker.shared.keys;
        let limit_before = known.record.as_ref().map(|record| worker.shared.limit_of(record));
        let counted = match &known.record {
            Some(record) => Some(count(worker, record, &key, now).await),
            None => None,
        };
        if let (Some(record), Some(Counted { window, tag: Some(tag) })) = (known.record, counted)
            && known.tag == Some(tag)
        {
            if window.has_plenty() != known.has_plenty {
                keys.note(key.public_part(), window.has_plenty());
            }
            return Ok((record, window));
        }
        let before = counted.map_or(known.tag, |counted| counted.tag);
        let read_at = Instant::now();
        let record = worker.shared.store.authenticate(key.public_part()).await?;
        let record = record.ok_or_else(unknown)?;
        check(&record, &key, now)?;
        let Counted { window, tag } = match counted {
            Some(counted) if limit_before == Some(worker.shared.limit_of(&record)) => counted,
            // What was counted towards a limit that the key has no more says nothing.
            Some(_) | None => count(worker, &record, &key, now).await,
        };
        if let Some(tag) = tag {
            keys.learn(key.public_part(), (before, tag), &record, read_at);
        }
        Ok((record, window))
    }
}

async fn count(worker: &Worker, record: &KeyRecord, key: &ApiKey, now: Timestamp) -> Counted {
    worker.limiter().take(record.id, key.public_part(), worker.shared.limit_of(record), now).await
}

fn unknown() -> Problem {
    Problem::unauthorized("The API key is not known.")
}

/// Refuses a key that `record` does not let in at `now`.
fn check(record: &KeyRecord, key: &ApiKey, now: Timestamp) -> Result<(), Problem> {
    if !key.matches(&record.secret_hash) {
        return Err(unknown());
    }
    if record.is_revoked {
        return Err(Problem::new(Code::Forbidden, "The API key is revoked."));
    }
    if record.is_disabled {
        return Err(Problem::new(Code::Forbidden, "The API key is disabled."));
    }
    if !record.organization_is_active {
        return Err(Problem::new(Code::Forbidden, "The organization is not active."));
    }
    if record.expires_at.is_some_and(|end| end <= now) {
        return Err(Problem::unauthorized("The API key has expired."));
    }
    Ok(())
}

/// What a request that was not authenticated is refused with: a 401 counts against the client's address, and is a 429 when there were too
/// many from there.
pub(crate) async fn refuse_failed(worker: &Worker, exchange: &Exchange, problem: Problem) -> Problem {
    let (Code::Unauthorized, Some(client)) = (problem.code(), exchange.client) else { return problem };
    let limit = worker.shared.failed_authentications_per_minute;
    let window = worker.limiter().take_failure(client, limit, exchange.now).await;
    if window.is_admitted {
        return problem;
    }
    Problem::new(Code::RateLimited, "Too many requests without a good API key came from your address.")
        .retry(u64::from(window.retry_after))
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
    let (needed, others) = (needed.as_str(), needed.contained_in().into_iter().map(Scope::as_str).collect::<Vec<_>>());
    let detail = if others.is_empty() {
        format!("This needs the scope {needed}.")
    } else {
        format!("This needs the scope {needed}, or one that contains it: {}.", others.join(", "))
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
