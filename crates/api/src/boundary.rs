//! The outermost layer: gives every request its id and its span, every response its `X-Request-ID`, and the log its one line.

use std::net::IpAddr;
use std::rc::Rc;
use std::time::Instant;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage};
use domain::RequestId;
use tracing::Instrument;

use crate::Worker;
use crate::events::event_of;
use crate::exchange::Exchange;
use crate::headers;
use crate::negotiate::tag_in_coding;
use crate::problem::{Code, PROBLEM_JSON, Problem};

pub(crate) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Runs a request through everything else.
pub(crate) async fn boundary<B: MessageBody + 'static>(
    worker: Rc<Worker>,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let started = Instant::now();
    let offered = request.headers().get(X_REQUEST_ID).and_then(|value| value.to_str().ok());
    let exchange = Rc::new(Exchange::new(
        RequestId::adopt(offered),
        worker.shared.clock.now(),
        client_address(&request, worker.shared.trust_forwarded_for),
    ));
    let span = tracing::info_span!("request", request_id = %exchange.request_id, route = tracing::field::Empty);
    request.extensions_mut().insert(Rc::clone(&exchange));

    let response = next.call(request).instrument(span.clone()).await?.map_into_boxed_body();
    let mut response = as_problem(&exchange, response);
    let (method, status) = (response.request().method().clone(), response.status());
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(exchange.request_id.as_str()) {
        headers.insert(X_REQUEST_ID, value);
    }
    settle_encoding(headers);
    headers::complete(&worker.shared, exchange.route.get(), &method, status, headers);
    span.in_scope(|| log(&exchange, &response, started));
    if let Some(event) = event_of(&exchange, &response, worker.shared.kept_address, started.elapsed()) {
        worker.shared.recorder.record(&event);
    }
    Ok(response)
}

/// Where a request came from: the peer, or what the proxy in front appended to `X-Forwarded-For`, where that is trusted.
fn client_address(request: &ServiceRequest, trust_forwarded_for: bool) -> Option<IpAddr> {
    let peer = request.peer_addr().map(|peer| peer.ip());
    if !trust_forwarded_for {
        return peer;
    }
    let forwarded = request.headers().get_all(X_FORWARDED_FOR).next_back().and_then(|value| value.to_str().ok());
    forwarded.and_then(|list| list.rsplit(',').next()?.trim().parse().ok()).or(peer)
}

/// Turns an error that some layer of the framework answered with into a problem document.
fn as_problem(exchange: &Exchange, response: ServiceResponse) -> ServiceResponse {
    let status = response.status();
    let is_error = status.is_client_error() || status.is_server_error();
    let is_problem =
        response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes() == PROBLEM_JSON.as_bytes());
    if !is_error || is_problem {
        return response;
    }
    // What the framework refuses by itself, such as an `Accept-Encoding` that leaves nothing.
    let code = Code::of_status(status);
    let problem = Problem::new(code, code.title());
    exchange.code.set(Some(problem.code()));
    let (request, _) = response.into_parts();
    let answer = problem.answer(request.path(), exchange.request_id.as_str());
    ServiceResponse::new(request, answer)
}

/// Drops the mark by which small bodies are kept from being compressed, and gives the body of a coding its own tag.
fn settle_encoding(headers: &mut HeaderMap) {
    if headers.get(header::CONTENT_ENCODING).is_some_and(|value| value == "identity") {
        headers.remove(header::CONTENT_ENCODING);
    }
    // Other bytes are another representation, whose strong tag is another one.
    let coded = headers.get(header::CONTENT_ENCODING).zip(headers.get(header::ETAG));
    let tag = coded.and_then(|(coding, tag)| tag_in_coding(tag.to_str().ok()?, coding.to_str().ok()?));
    if let Some(tag) = tag.and_then(|tag| HeaderValue::try_from(tag).ok()) {
        headers.insert(header::ETAG, tag);
    }
}

fn log(exchange: &Exchange, response: &ServiceResponse, started: Instant) {
    let key = exchange.key.get();
    tracing::info!(
        request_id = %exchange.request_id,
        method = %response.request().method(),
        route = exchange.route.get(),
        status = response.status().as_u16(),
        code = exchange.code.get().map(Code::as_str),
        duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        organization_id = key.map(|key| tracing::field::display(key.organization_id)),
        key_id = key.map(|key| tracing::field::display(key.id)),
        "request"
    );
}
