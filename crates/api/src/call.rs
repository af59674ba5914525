//! What a handler is given: one call, already admitted, and the few things that it may ask of it.

use std::future::{Ready, ready};
use std::hash::Hash;
use std::rc::Rc;
use std::str::FromStr;
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::http::header::{self, HeaderMap};
use actix_web::http::uri::Authority;
use actix_web::web::{Bytes, BytesMut};
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use domain::{AccountVideoId, Day, Timestamp};
use futures_util::StreamExt;
use serde::Serialize;
use store::{KeyRecord, Seen, Tenant};
use uuid::Uuid;

use crate::body::Fields;
use crate::exchange::Exchange;
use crate::idempotent::IdempotencyKey;
use crate::negotiate;
use crate::problem::{Code, Problem};
use crate::query::Query;
use crate::respond::{Answer, Precondition, shown, shown_again};
use crate::window::Calendar;
use crate::{Shared, Worker};

/// One call. Its body is read when a handler asks for it, after everything that may refuse it unread.
pub(crate) struct Call {
    http: HttpRequest,
    payload: Payload,
    worker: Rc<Worker>,
    exchange: Rc<Exchange>,
}

/// A POST that writes: its body, and the key that makes it safe to repeat.
pub(crate) struct Post {
    pub(crate) key: Option<IdempotencyKey>,
    pub(crate) body: Bytes,
}

impl Post {
    /// The body's fields.
    pub(crate) fn fields(&self) -> Result<Fields, Problem> {
        Fields::parse(&self.body)
    }

    /// Lets pass a POST without a body, and one with an empty object.
    pub(crate) fn no_fields(&self) -> Result<(), Problem> {
        if self.body.is_empty() { Ok(()) } else { Ok(self.fields()?.finish()?) }
    }
}

impl FromRequest for Call {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(http: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let exchange = http.extensions().get::<Rc<Exchange>>().cloned();
        let worker = http.app_data::<Rc<Worker>>().cloned();
        ready(match (exchange, worker) {
            (Some(exchange), Some(worker)) => {
                Ok(Self { http: http.clone(), payload: payload.take(), worker, exchange })
            }
            (None, _) | (_, None) => Err(Problem::internal("the request did not pass the boundary")),
        })
    }
}

impl Call {
    pub(crate) fn http(&self) -> &HttpRequest {
        &self.http
    }

    pub(crate) fn headers(&self) -> &HeaderMap {
        self.http.headers()
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.worker.shared
    }

    pub(crate) fn worker(&self) -> &Worker {
        &self.worker
    }

    pub(crate) fn exchange(&self) -> &Exchange {
        &self.exchange
    }

    /// When the call came.
    pub(crate) fn now(&self) -> Timestamp {
        self.exchange.now
    }

    /// The day (UTC) on which the call came.
    pub(crate) fn today(&self) -> Day {
        Day::of(self.exchange.now)
    }

    /// That day, and how far back days are kept.
    pub(crate) fn calendar(&self) -> Calendar {
        let today = self.today();
        let kept_from = self.shared().daily_retention.map(|kept| Day::of(self.exchange.now.minus(kept)));
        Calendar { today, kept_from }
    }

    /// The key that the call was made with.
    pub(crate) fn key(&self) -> Result<&KeyRecord, Problem> {
        self.exchange.key.get().map(Arc::as_ref).ok_or_else(|| Problem::internal("the route is open and has no key"))
    }

    /// The store as the key's organization sees it.
    pub(crate) fn tenant(&self) -> Result<Tenant, Problem> {
        Ok(self.shared().store.tenant(self.key()?.organization_id))
    }

    /// The UUID that stands in the path under `name`. What is no UUID names nothing, so it is not found.
    pub(crate) fn id<T: From<PathUuid>>(&self, name: &str) -> Result<T, Problem> {
        let text = self.http.match_info().get(name).unwrap_or_default();
        text.parse().map(|PathUuid(uuid)| T::from(PathUuid(uuid)))
    }

    /// The account video's integer that stands in the path under `name`.
    pub(crate) fn account_video_id(&self, name: &str) -> Result<AccountVideoId, Problem> {
        let text = self.http.match_info().get(name).unwrap_or_default();
        let is_plain = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) && !text.starts_with('0');
        is_plain.then(|| text.parse().ok()).flatten().map(AccountVideoId).ok_or_else(Problem::not_found)
    }

    /// The query's parameters.
    pub(crate) fn query(&self) -> Query {
        Query::parse(self.http.query_string())
    }

    /// Refuses every query parameter.
    pub(crate) fn no_query(&self) -> Result<(), Problem> {
        if self.http.query_string().is_empty() { Ok(()) } else { Ok(self.query().finish()?) }
    }

    /// What a POST that writes brings.
    pub(crate) async fn post(&mut self) -> Result<Post, Problem> {
        self.no_query()?;
        let key = IdempotencyKey::read(self.headers())?;
        negotiate::check_content_type(self.headers())?;
        Ok(Post { key, body: self.body().await? })
    }

    /// What a POST brings that asks and writes nothing. An idempotency key has no meaning there and is not looked at.
    pub(crate) async fn question(&mut self) -> Result<Fields, Problem> {
        self.no_query()?;
        negotiate::check_content_type(self.headers())?;
        Fields::parse(&self.body().await?)
    }

    /// What a POST brings whose fields may all be left out: no body is as good as an empty object.
    pub(crate) async fn optional_post(&mut self) -> Result<Post, Problem> {
        self.no_query()?;
        let key = IdempotencyKey::read(self.headers())?;
        let body = self.body().await?;
        if body.is_empty() {
            return Ok(Post { key, body: Bytes::from_static(b"{}") });
        }
        negotiate::check_content_type(self.headers())?;
        Ok(Post { key, body })
    }

    /// What a PATCH brings.
    pub(crate) async fn patch(&mut self) -> Result<(Precondition, Fields), Problem> {
        self.no_query()?;
        let precondition = Precondition::read(self.headers())?;
        negotiate::check_content_type(self.headers())?;
        let fields = Fields::parse(&self.body().await?)?;
        Ok((precondition, fields))
    }

    /// What a DELETE brings. A body has no meaning there and is not looked at.
    pub(crate) fn delete(&self) -> Result<Precondition, Problem> {
        self.no_query()?;
        Precondition::read(self.headers())
    }

    /// Lets pass a call that needs no body, and one with an empty object.
    pub(crate) async fn no_fields(&mut self) -> Result<(), Problem> {
        self.no_query()?;
        let body = self.body().await?;
        if body.is_empty() {
            return Ok(());
        }
        negotiate::check_content_type(self.headers())?;
        Ok(Fields::parse(&body)?.finish()?)
    }

    async fn body(&mut self) -> Result<Bytes, Problem> {
        let limit = self.shared().body_limit_bytes;
        let too_large = || Problem::new(Code::PayloadTooLarge, format!("A body may have at most {limit} bytes."));
        let declared = self.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
        if declared.is_some_and(|length: u64| length > u64::try_from(limit).unwrap_or(u64::MAX)) {
            return Err(too_large());
        }
        let mut body = BytesMut::new();
        while let Some(chunk) = self.payload.next().await {
            let chunk = chunk.map_err(|_| Problem::bad_request("The body broke off or is badly framed."))?;
            if body.len() + chunk.len() > limit {
                return Err(too_large());
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body.freeze())
    }

    /// Answers a GET with one resource.
    pub(crate) fn show<T: Serialize>(&self, view: impl Hash + Into<T>) -> Answer {
        shown(self.headers(), view)
    }

    /// The same for a view that is kept.
    pub(crate) fn show_again<T: Serialize, V: Clone + Hash + Into<T>>(&self, seen: &Seen<V>) -> Answer {
        shown_again(self.headers(), seen)
    }

    /// Scheme and authority under which clients reach the service, without a slash at the end.
    pub(crate) fn base_url(&self) -> String {
        if let Some(url) = &self.shared().public_url {
            return url.clone();
        }
        if self.shared().trust_forwarded_for {
            let connection = self.http.connection_info();
            return format!("{}://{}", connection.scheme(), connection.host());
        }
        let host = self.headers().get(header::HOST).and_then(|host| host.to_str().ok());
        let host = host.or_else(|| self.http.uri().authority().map(Authority::as_str));
        let own = self.http.app_config();
        format!("{}://{}", if own.secure() { "https" } else { "http" }, host.unwrap_or_else(|| own.host()))
    }
}

/// A UUID as it stands in a path: hyphenated, and nothing else, so that a resource has one address.
#[derive(Clone, Copy)]
pub(crate) struct PathUuid(Uuid);

impl FromStr for PathUuid {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Problem> {
        hyphenated(text).map(Self).ok_or_else(Problem::not_found)
    }
}

/// Reads the hyphenated form of a UUID alone.
pub(crate) fn hyphenated(text: &str) -> Option<Uuid> {
    (text.len() == 36).then(|| text.parse().ok()).flatten()
}

macro_rules! from_path {
    ($($id:ident),*) => {$(
        impl From<PathUuid> for domain::$id {
            fn from(PathUuid(uuid): PathUuid) -> Self {
                Self(uuid)
            }
        }
    )*};
}

from_path!(AccountId, VideoId, CreatorId);
from_path!(ApiKeyId);
from_path!(RunId);
from_path!(CollectionId);
from_path!(ExportId);
