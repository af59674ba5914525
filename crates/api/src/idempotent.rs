//! The one way in which anything is written: in a transaction, once for each `Idempotency-Key`, with the wakes rung after the commit.
//!
//! The answer to a key is kept in the transaction of the write itself, so a process killed between commit and answer is answered for from
//! the record. A refused write (4xx) is kept too; 5xx, and what says when to try again, never are. Bodies that are no JSON at all are refused before this.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use domain::FieldErrors;
use sha2::{Digest, Sha256};
use store::{IdempotencyClaim, StoredAnswer, TenantTx};

use crate::auth::bearer;
use crate::call::Call;
use crate::key_tags::KeyChangeError;
use crate::problem::{PROBLEM_JSON, Problem};
use crate::respond::{Answer, JSON, Reply, with_body};
use crate::sealed::Seal;

pub(crate) const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const IDEMPOTENCY_REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// Seconds after which a client may ask again for the answer to a request that is still being worked on.
const RUNNING_RETRY_SECONDS: u64 = 1;

/// A client's own name for a request: 1 to 255 visible ASCII characters.
pub(crate) struct IdempotencyKey(String);

impl IdempotencyKey {
    /// Reads the header; `None` when there is none.
    pub(crate) fn read(headers: &HeaderMap) -> Result<Option<Self>, Problem> {
        let mut values = headers.get_all(IDEMPOTENCY_KEY);
        let Some(value) = values.next() else { return Ok(None) };
        let is_visible = |text: &&str| (1..=255).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
        match value.to_str().ok().filter(is_visible) {
            Some(text) if values.next().is_none() => Ok(Some(Self(text.to_owned()))),
            Some(_) | None => {
                Err(Problem::bad_request("Idempotency-Key must be given once, as 1 to 255 visible ASCII characters."))
            }
        }
    }
}

/// A key together with the request that it is used for.
struct Claimed {
    key: String,
    fingerprint: [u8; 32],
    seal: Seal,
}

impl Claimed {
    fn new(key: &IdempotencyKey, call: &Call, body: &[u8]) -> Result<Self, Problem> {
        let request = call.http();
        let mut hash = Sha256::new();
        for part in [request.method().as_str(), request.path()] {
            hash.update(part);
            hash.update([0]);
        }
        hash.update(body);
        let seal = Seal::new(&bearer(call.headers())?, &key.0);
        Ok(Self { key: key.0.clone(), fingerprint: hash.finalize().into(), seal })
    }
}

/// How often a transaction that gives way to another one is begun before the client is asked to try again.
const MOST_TRIES: u32 = 3;

/// Does `once`, which is a whole transaction, again when it gave way to another one.
async fn tried_again(once: impl AsyncFn() -> Answer) -> Answer {
    for _ in 1..MOST_TRIES {
        match once().await {
            Err(problem) if problem.gave_way() => tracing::debug!(cause = problem.source_chain(), "begun again"),
            answer => return answer,
        }
    }
    once().await
}

/// Does `work` for a POST, or answers as the first request of the same key was answered.
pub(crate) async fn post<T: Clone>(
    call: &Call,
    key: Option<IdempotencyKey>,
    body: &[u8],
    input: Result<T, Problem>,
    work: impl AsyncFn(&mut TenantTx, T) -> Result<Reply, Problem>,
) -> Answer {
    let Some(key) = key else { return write(call, input?, work).await };
    let claimed = Claimed::new(&key, call, body)?;
    match input {
        Ok(input) => tried_again(async || post_once(call, &claimed, input.clone(), &work).await).await,
        Err(unready) if !is_kept(&unready) => {
            // Dropping the transaction lets go of the key.
            let tx = begin_keyed(call, &claimed).await?;
            claim(call, &tx, &claimed).await?.unwrap_or(Err(unready))
        }
        Err(invalid) => refuse(call, &claimed, invalid).await,
    }
}

async fn post_once<T>(
    call: &Call,
    claimed: &Claimed,
    input: T,
    work: &impl AsyncFn(&mut TenantTx, T) -> Result<Reply, Problem>,
) -> Answer {
    let mut tx = begin_keyed(call, claimed).await?;
    if let Some(earlier) = claim(call, &tx, claimed).await? {
        return earlier;
    }
    let refusal = match work(&mut tx, input).await {
        Ok(reply) => {
            remember(tx, call, claimed, &stored(call, &reply, claimed)?).await?;
            return Ok(reply.into_response());
        }
        Err(problem) => problem,
    };
    // This undoes the work, and the claim with it. It must be gone before the next begins: SQLite has one writer.
    drop(tx);
    if is_kept(&refusal) { refuse(call, claimed, refusal).await } else { Err(refusal) }
}

/// Keeps a refusal as the answer to its key, unless there is one already.
async fn refuse(call: &Call, claimed: &Claimed, refusal: Problem) -> Answer {
    let tx = begin_keyed(call, claimed).await?;
    if let Some(earlier) = claim(call, &tx, claimed).await? {
        return earlier;
    }
    remember(tx, call, claimed, &stored_refusal(call, &refusal)).await?;
    Err(refusal)
}

/// The answer to an earlier POST of the same key, for one that has something to do before it can begin. The key is not claimed: whoever
/// finds no answer goes on to [`post`], which looks again.
pub(crate) async fn earlier(call: &Call, key: &IdempotencyKey, body: &[u8]) -> Result<Option<Answer>, Problem> {
    let claimed = Claimed::new(key, call, body)?;
    let tx = begin_keyed(call, &claimed).await?;
    // Dropping the transaction lets go of the key.
    claim(call, &tx, &claimed).await
}

/// Does `work` and undoes it: the answer is what [`post`] would come to now. Nothing is written and nobody is woken.
pub(crate) async fn rehearse<T: Clone>(
    call: &Call,
    input: T,
    work: impl AsyncFn(&mut TenantTx, T) -> Result<Reply, Problem>,
) -> Answer {
    tried_again(async || {
        let mut tx = begin(call).await?;
        work(&mut tx, input.clone()).await.map(Reply::into_response)
    })
    .await
}

/// Does `work` for a PATCH, PUT or DELETE, which are idempotent by nature, or for a POST without a key.
pub(crate) async fn write<T: Clone>(
    call: &Call,
    input: T,
    work: impl AsyncFn(&mut TenantTx, T) -> Result<Reply, Problem>,
) -> Answer {
    tried_again(async || {
        let mut tx = begin(call).await?;
        let reply = work(&mut tx, input.clone()).await?;
        commit(tx, call).await?;
        Ok(reply.into_response())
    })
    .await
}

/// Whether a refusal is the answer to its key from now on: it is not when the same request may fare better later.
fn is_kept(refusal: &Problem) -> bool {
    refusal.code().status().is_client_error() && !refusal.passes()
}

async fn begin(call: &Call) -> Result<TenantTx, Problem> {
    acting(call, call.tenant()?.begin(&call.exchange().request_id, call.now()).await?)
}

/// The transaction with the key that it is made by, for the audit records.
fn acting(call: &Call, mut tx: TenantTx) -> Result<TenantTx, Problem> {
    let key = call.key()?;
    tx.acting_as(key.id, &key.name);
    Ok(tx)
}

async fn begin_keyed(call: &Call, claimed: &Claimed) -> Result<TenantTx, Problem> {
    let begun = call.tenant()?.begin_keyed(&call.exchange().request_id, call.now(), &claimed.key).await?;
    acting(call, begun.ok_or_else(still_running)?)
}

fn still_running() -> Problem {
    Problem::conflict("The first request with this Idempotency-Key is still running.").retry(RUNNING_RETRY_SECONDS)
}

/// Commits, lets every process forget what it knew of the keys that were changed, and rings the wakes.
async fn commit(tx: TenantTx, call: &Call) -> Result<(), Problem> {
    let mut change = call.worker().key_change(tx.changed_keys());
    if let Some(change) = &mut change {
        told(change.announce().await);
    }
    let wakes = tx.commit().await?;
    if let Some(change) = change {
        told(change.committed().await);
    }
    for wake in wakes {
        call.shared().queue.wake(wake);
    }
    Ok(())
}

/// A process that cannot be told of a change goes by what it knows for some seconds at most, and whoever cannot reach Redis knows nothing.
fn told(outcome: Result<(), KeyChangeError>) {
    if let Err(error) = outcome {
        tracing::warn!(%error, "a changed API key may be taken for what it was for some seconds");
    }
}

/// Claims the key; `Some` when there is an answer already.
async fn claim(call: &Call, tx: &TenantTx, claimed: &Claimed) -> Result<Option<Answer>, Problem> {
    Ok(match tx.claim_idempotency(&claimed.key, &claimed.fingerprint).await? {
        IdempotencyClaim::Fresh => None,
        IdempotencyClaim::Replay(answer) => Some(replay(call, answer, &claimed.seal)),
        IdempotencyClaim::OtherRequest => Some(Err(FieldErrors::of(
            "Idempotency-Key",
            "was used with another body or path before; use a new one for a new request",
        )
        .into())),
        IdempotencyClaim::InProgress => Some(Err(still_running())),
    })
}

async fn remember(tx: TenantTx, call: &Call, claimed: &Claimed, answer: &StoredAnswer) -> Result<(), Problem> {
    tx.remember(&claimed.key, answer).await?;
    commit(tx, call).await
}

fn stored(call: &Call, reply: &Reply, claimed: &Claimed) -> Result<StoredAnswer, Problem> {
    let body = if reply.is_secret { claimed.seal.lock(&reply.body)? } else { reply.body.clone() };
    Ok(StoredAnswer {
        status: reply.status.as_u16(),
        location: reply.location.clone(),
        etag: reply.etag.clone(),
        content_type: JSON.to_owned(),
        body,
        is_sealed: reply.is_secret,
        request_id: Some(own_id(call)),
    })
}

fn stored_refusal(call: &Call, problem: &Problem) -> StoredAnswer {
    StoredAnswer {
        status: problem.code().status().as_u16(),
        location: None,
        etag: None,
        content_type: PROBLEM_JSON.to_owned(),
        is_sealed: false,
        request_id: Some(own_id(call)),
        body: problem.document(call.http().path(), call.exchange().request_id.as_str()),
    }
}

fn own_id(call: &Call) -> String {
    call.exchange().request_id.as_str().to_owned()
}

fn replay(call: &Call, answer: StoredAnswer, seal: &Seal) -> Answer {
    let StoredAnswer { status, location, etag, content_type, body, is_sealed, request_id } = answer;
    let body = if is_sealed {
        seal.open(&body).ok_or_else(|| {
            Problem::conflict("The first request with this Idempotency-Key was made with another API key, which alone may see its answer again.")
        })?
    } else {
        body
    };
    let status = StatusCode::from_u16(status).map_err(Problem::internal)?;
    if let Some(first) = request_id {
        // Once: whoever looks twice finds the same answer.
        let _known = call.exchange().replay_of.set(first);
    }
    let mut response = HttpResponse::build(status);
    response.insert_header((IDEMPOTENCY_REPLAYED, HeaderValue::from_static("true")));
    response.insert_header((header::CACHE_CONTROL, HeaderValue::from_static("no-store")));
    if let Some(location) = location {
        response.insert_header((header::LOCATION, location));
    }
    if let Some(etag) = etag {
        response.insert_header((header::ETAG, etag));
    }
    Ok(with_body(response, &content_type, body))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use domain::{AgeCurve, Metadata, OrganizationId, RequestId, Timestamp};
    use store::{NewCreator, Store, StoreConfig};

    use super::*;

    /// What a transaction comes to that points at what is not there.
    async fn gave_way() -> Problem {
        let config = StoreConfig { url: "sqlite::memory:".to_owned(), age_curve: AgeCurve::flat(), max_connections: 1 };
        let store = Store::connect(&config).await.unwrap();
        store.migrate().await.unwrap();
        let nobody = store.tenant(OrganizationId::new());
        let mut tx = nobody.begin(&RequestId::new(), Timestamp::from_millis(0)).await.unwrap();
        let new = NewCreator { name: "Amy".to_owned(), is_active: true, metadata: Metadata::default() };
        tx.create_creator(&new).await.unwrap_err().into()
    }

    #[tokio::test]
    async fn what_gave_way_is_done_again_twice_and_what_failed_otherwise_is_not() {
        let passing = gave_way().await;
        let away = Problem::unavailable("the database is away");
        for (problem, failures, tries, is_done) in
            [(&passing, 0, 1, true), (&passing, 2, 3, true), (&passing, 3, 3, false), (&away, 1, 1, false)]
        {
            let tried = Cell::new(0);
            let answer = tried_again(async || {
                tried.set(tried.get() + 1);
                if tried.get() > failures { Ok(HttpResponse::NoContent().finish()) } else { Err(problem.clone()) }
            })
            .await;
            assert_eq!((tried.get(), answer.is_ok()), (tries, is_done), "{problem:?}, {failures} times");
        }
    }

    fn read(values: &[&str]) -> Result<Option<String>, Problem> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(IDEMPOTENCY_KEY, HeaderValue::from_str(value).unwrap());
        }
        IdempotencyKey::read(&headers).map(|key| key.map(|key| key.0))
    }

    #[test]
    fn a_key_is_1_to_255_visible_characters_given_once() {
        assert_eq!(read(&[]).unwrap(), None);
        assert_eq!(read(&["a-1_!~"]).unwrap().as_deref(), Some("a-1_!~"));
        assert!(read(&[&"x".repeat(255)]).is_ok());
        let long = "x".repeat(256);
        for values in [vec![""], vec![long.as_str()], vec!["a b"], vec!["a\tb"], vec!["a", "a"]] {
            assert_eq!(read(&values).unwrap_err().code().as_str(), "BAD_REQUEST", "{values:?}");
        }
    }
}
