//! The layer around every route, and the one place where the order of things is decided: key, rate limit, method, scope, `Accept`, then
//! the handler. A call that only reads, of a key that is known and has plenty of calls left, is run while it is counted; if it is refused all the
//! same, what it came to is given up unseen. Whatever fails, here or in the handler, leaves as a problem document; a panic leaves as a 500 and takes nothing with it.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::rc::Rc;
use std::sync::Arc;

use actix_web::body::BoxBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header;
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpRequest, HttpResponse};
use domain::Scope;
use futures_util::FutureExt;
use futures_util::future::join;
use store::KeyRecord;

use crate::Worker;
use crate::auth::{Caller, check_scope, refuse_failed};
use crate::cors::answer_preflight;
use crate::exchange::Exchange;
use crate::limit::Window;
use crate::negotiate::{check_accept, refuses_identity};
use crate::problem::{Code, Problem};

/// Who may call an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Anybody.
    Open,
    /// Any good key.
    AnyKey,
    /// A key that holds this scope.
    Scope(Scope),
}

/// What a resource answers to.
#[derive(Debug)]
pub(crate) struct Rules {
    /// The pattern of its path.
    pub(crate) route: &'static str,
    /// Its methods, HEAD aside, which goes wherever GET goes, and OPTIONS, which goes everywhere. None at all: the rest of the paths, where nothing is.
    pub(crate) operations: Vec<(Method, Access)>,
    /// Whether it answers with something else than JSON.
    pub(crate) is_document: bool,
}

impl Rules {
    fn access(&self, method: &Method) -> Option<Access> {
        let wanted = if method == Method::HEAD { &Method::GET } else { method };
        self.operations.iter().find(|(known, _)| known == wanted).map(|(_, access)| *access)
    }

    fn allow(&self) -> String {
        let mut names = Vec::new();
        for (method, _) in &self.operations {
            names.push(method.as_str());
            if method == Method::GET {
                names.push("HEAD");
            }
        }
        names.push("OPTIONS");
        names.join(", ")
    }

    /// Whether nothing is there.
    fn is_nowhere(&self) -> bool {
        self.operations.is_empty()
    }

    /// Whether everything on the path is open.
    fn is_open(&self) -> bool {
        self.operations.iter().all(|(_, access)| *access == Access::Open)
    }

    /// Whether a request needs a key. A path where nothing is needs none to say so, but counts towards a good one.
    fn needs_key(&self, http: &HttpRequest) -> bool {
        if self.is_nowhere() { http.headers().contains_key(header::AUTHORIZATION) } else { !self.is_open() }
    }

    /// Refuses what is not offered here, what `key` may not do, and what nobody could read the answer to.
    fn check(&self, http: &HttpRequest, key: Option<&Arc<KeyRecord>>) -> Result<(), Problem> {
        match self.access(http.method()) {
            None if self.is_nowhere() => return Err(Problem::not_found()),
            None => return Err(Problem::method_not_allowed(self.allow())),
            Some(Access::Scope(scope)) => {
                if let Some(key) = key {
                    check_scope(key, scope)?;
                }
            }
            Some(Access::Open | Access::AnyKey) => {}
        }
        if self.is_document { Ok(()) } else { check_accept(http.headers()) }
    }

    /// The key by which a call that only reads will hardly fail to be let in. Such a call need not wait until it is.
    fn likely(&self, http: &HttpRequest, caller: Option<&Result<Caller, Problem>>) -> Option<Arc<KeyRecord>> {
        let key = caller?.as_ref().ok()?.likely()?;
        let only_reads = matches!(*http.method(), Method::GET | Method::HEAD);
        (only_reads && self.check(http, Some(key)).is_ok()).then(|| Arc::clone(key))
    }
}

/// Runs a request through the gate.
pub(crate) async fn gate(
    rules: Rc<Rules>,
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let exchange = request.extensions().get::<Rc<Exchange>>().cloned();
    let worker = request.app_data::<Rc<Worker>>().cloned();
    let (Some(exchange), Some(worker)) = (exchange, worker) else {
        return Err(Problem::internal("the request did not pass the boundary").into());
    };
    exchange.route.set(rules.route);
    tracing::Span::current().record("route", rules.route);

    if request.method() == Method::OPTIONS && !rules.is_nowhere() {
        return Ok(options(&rules, request));
    }
    let caller = rules.needs_key(request.request()).then(|| Caller::of(&worker, request.headers(), exchange.now));
    let mut response = match rules.likely(request.request(), caller.as_ref()) {
        Some(key) => admit_and_run(&rules, &worker, &exchange, (caller, key), request, &next).await,
        None => match admit(&rules, &worker, &exchange, request.request(), caller).await {
            Ok(()) => {
                let http = request.request().clone();
                answer(&exchange, http, run(request, &next).await)
            }
            Err(problem) => refuse(&exchange, request.into_parts().0, &problem),
        },
    };
    let is_marked = response.headers().get(header::CONTENT_ENCODING).is_some_and(|coding| coding == "identity");
    if is_marked && refuses_identity(response.request().headers()) {
        // It is too small to be worth it, but the client takes nothing else.
        response.headers_mut().remove(header::CONTENT_ENCODING);
    }
    if let Some(window) = exchange.window.get() {
        window.write(response.headers_mut());
    }
    Ok(response)
}

/// Tells anybody what the path answers to; it is in the published document, so no key is needed.
fn options(rules: &Rules, request: ServiceRequest) -> ServiceResponse {
    let allow = rules.allow();
    let mut answer = HttpResponse::NoContent();
    answer.insert_header((header::ALLOW, allow.as_str()));
    answer_preflight(request.headers(), &mut answer, &allow);
    request.into_response(answer.finish())
}

/// Lets a call in, or says why not.
async fn admit(
    rules: &Rules,
    worker: &Worker,
    exchange: &Exchange,
    http: &HttpRequest,
    caller: Option<Result<Caller, Problem>>,
) -> Result<(), Problem> {
    if let Some(caller) = caller {
        match identify(worker, exchange, caller).await {
            Err(problem) if !rules.is_nowhere() || problem.code() == Code::RateLimited => return Err(problem),
            Ok(()) | Err(_) => {}
        }
    }
    rules.check(http, exchange.key.get())
}

/// Finds the key and counts the request towards its limit.
async fn identify(worker: &Worker, exchange: &Exchange, caller: Result<Caller, Problem>) -> Result<(), Problem> {
    let authenticated = match caller {
        Ok(caller) => caller.authenticate(worker, exchange.now).await,
        Err(problem) => Err(problem),
    };
    let (key, window) = match authenticated {
        Ok(authenticated) => authenticated,
        Err(problem) => return Err(refuse_failed(worker, exchange, problem).await),
    };
    exchange.key.get_or_init(|| key);
    exchange.window.set(Some(window));
    let Window { is_admitted, limit, retry_after, .. } = window;
    if is_admitted { Ok(()) } else { Err(Problem::rate_limited(u64::from(retry_after), limit)) }
}

/// Lets a call in and runs it at the same time. What it comes to is given up unless the call is let in by `key`.
async fn admit_and_run(
    rules: &Rules,
    worker: &Worker,
    exchange: &Rc<Exchange>,
    (caller, key): (Option<Result<Caller, Problem>>, Arc<KeyRecord>),
    mut request: ServiceRequest,
    next: &Next<BoxBody>,
) -> ServiceResponse {
    let tried = Rc::new(exchange.tried_with(Arc::clone(&key)));
    let (http, payload) = (request.request().clone(), request.take_payload());
    http.extensions_mut().insert(Rc::clone(&tried));
    let (admitted, outcome) = join(admit(rules, worker, exchange, &http, caller), run(request, next)).await;
    http.extensions_mut().insert(Rc::clone(exchange));
    match admitted {
        Ok(()) if exchange.key.get().is_some_and(|found| Arc::ptr_eq(found, &key)) => {
            exchange.adopt(&tried);
            answer(exchange, http, outcome)
        }
        Ok(()) => {
            // The key was changed, or that could not be told.
            drop(outcome);
            let again = ServiceRequest::from_parts(http, payload);
            let http = again.request().clone();
            answer(exchange, http, run(again, next).await)
        }
        Err(problem) => refuse(exchange, http, &problem),
    }
}

/// What a handler came to, or what it broke down with.
type Outcome = Result<Result<ServiceResponse, Error>, Box<dyn Any + Send>>;

async fn run(request: ServiceRequest, next: &Next<BoxBody>) -> Outcome {
    AssertUnwindSafe(next.call(request)).catch_unwind().await
}

fn answer(exchange: &Exchange, http: HttpRequest, outcome: Outcome) -> ServiceResponse {
    match outcome {
        Ok(Ok(response)) => match response.response().error().and_then(|error| error.as_error::<Problem>()) {
            Some(problem) => refuse(exchange, http, problem),
            None => response,
        },
        Ok(Err(error)) => match error.as_error::<Problem>() {
            Some(problem) => refuse(exchange, http, problem),
            None => refuse(exchange, http, &Problem::internal(error.to_string())),
        },
        Err(panic) => refuse(exchange, http, &Problem::internal(format!("panic: {}", message(panic.as_ref())))),
    }
}

/// Writes the problem document, and the log line of a failure of ours: the only one that it leaves.
fn refuse(exchange: &Exchange, http: HttpRequest, problem: &Problem) -> ServiceResponse {
    exchange.code.set(Some(problem.code()));
    if problem.code().status().as_u16() == 503 {
        // Said to the client with a time to come back; no fault of the service's own.
        tracing::warn!(
            request_id = %exchange.request_id,
            code = problem.code().as_str(),
            cause = problem.source_chain(),
            "request put off"
        );
    } else if problem.code().status().is_server_error() {
        tracing::error!(
            request_id = %exchange.request_id,
            code = problem.code().as_str(),
            cause = problem.source_chain(),
            "request failed"
        );
    }
    let answer = problem.answer(http.path(), exchange.request_id.as_str());
    ServiceResponse::new(http, answer)
}

fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use actix_web::middleware::from_fn;
    use actix_web::{App, HttpResponse, test as http_test, web};
    use store::{Store, StoreConfig};

    use super::*;
    use crate::Shared;
    use crate::boundary::boundary;

    async fn worker() -> Rc<Worker> {
        let config =
            StoreConfig { url: "sqlite::memory:".to_owned(), max_connections: 1, age_curve: domain::AgeCurve::flat() };
        let shared = Shared {
            store: Store::connect(&config).await.unwrap(),
            queue: queue::Queue::memory(),
            clock: domain::Clock::system(),
            body_limit_bytes: 10,
            rate_limit_per_minute: 10,
            failed_authentications_per_minute: 10,
            trust_forwarded_for: false,
            kept_address: crate::KeptAddress::None,
            allowed_origins: Vec::new(),
            refresh_cooldown: std::time::Duration::ZERO,
            daily_retention: None,
            rate_cards: Vec::new(),
            public_url: None,
            limits: crate::limit::MemoryLimits::default(),
            keys: crate::key_cache::KeyCache::default(),
            let_through: Arc::default(),
            openapi: web::Bytes::new(),
            links: None,
            files: files::Storage::in_memory(),
            file_links: crate::file_links::FileLinks::new(std::time::Duration::ZERO),
            sources: crate::sources::Sources::default(),
            recorder: Arc::default(),
        };
        Rc::new(Worker { shared: Arc::new(shared), redis: None })
    }

    #[actix_web::test]
    async fn a_panic_is_a_500_that_tells_nothing_and_takes_nothing_with_it() {
        async fn handler(request: HttpRequest) -> HttpResponse {
            assert!(request.query_string().is_empty(), "the secret is hunter2");
            HttpResponse::Ok().finish()
        }
        let worker = worker().await;
        let outermost = Rc::clone(&worker);
        let rules = Rc::new(rules(vec![(Method::GET, Access::Open)]));
        let gate = from_fn(move |request, next| gate(Rc::clone(&rules), request, next));
        let app = App::new()
            .app_data(worker)
            .wrap(from_fn(move |request, next| boundary(Rc::clone(&outermost), request, next)))
            .service(web::resource("/v2/x").wrap(gate).to(handler));
        let app = http_test::init_service(app).await;
        let response =
            http_test::call_service(&app, http_test::TestRequest::get().uri("/v2/x?panic").to_request()).await;
        assert_eq!(response.status(), 500);
        assert!(response.headers().contains_key("x-request-id"));
        let body = http_test::read_body(response).await;
        assert!(!body.windows(7).any(|seven| seven == b"hunter2"));
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(body["code"], "INTERNAL_ERROR");
        let response = http_test::call_service(&app, http_test::TestRequest::get().uri("/v2/x").to_request()).await;
        assert_eq!(response.status(), 200);
    }

    fn rules(operations: Vec<(Method, Access)>) -> Rules {
        Rules { route: "/v2/x", operations, is_document: false }
    }

    #[test]
    fn head_goes_where_get_goes_and_options_everywhere_and_allow_says_so() {
        let rules = rules(vec![(Method::GET, Access::AnyKey), (Method::POST, Access::Scope(Scope::WriteTracking))]);
        assert_eq!(rules.access(&Method::HEAD), Some(Access::AnyKey));
        assert_eq!(rules.access(&Method::PATCH), None);
        assert_eq!(rules.allow(), "GET, HEAD, POST, OPTIONS");
    }

    #[test]
    fn a_path_is_open_only_when_all_of_it_is() {
        assert!(rules(vec![(Method::GET, Access::Open)]).is_open());
        assert!(!rules(vec![(Method::GET, Access::Open), (Method::PUT, Access::AnyKey)]).is_open());
    }
}
