//! A thin HTTP client of the API: a base URL, a key, and answers that can be asked about.

use std::time::Duration;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap};
use reqwest::{Method, RequestBuilder};
use serde_json::Value;

/// Speaks to one API process with one key.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base_url: String,
    key: Option<String>,
}

impl Client {
    /// A client without a key.
    pub fn new(base_url: impl Into<String>) -> Self {
        let http = reqwest::Client::builder()
            .no_proxy()
            .timeout(Duration::from_secs(30))
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .expect("a client can be made");
        Self { http, base_url: base_url.into(), key: None }
    }

    /// The same with a key.
    #[must_use]
    pub fn with_key(&self, key: &str) -> Self {
        Self { key: Some(key.to_owned()), ..self.clone() }
    }

    /// The same without a key.
    #[must_use]
    pub fn without_key(&self) -> Self {
        Self { key: None, ..self.clone() }
    }

    /// Where the API is.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// The same with the same key against another process.
    #[must_use]
    pub fn at(&self, base_url: &str) -> Self {
        Self { base_url: base_url.to_owned(), ..self.clone() }
    }

    /// A request to shape further; `path` may be a whole URL, as `Link` headers carry them.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = if path.starts_with("http://") { path.to_owned() } else { format!("{}{path}", self.base_url) };
        let request = self.http.request(method, url);
        match &self.key {
            Some(key) => request.header(AUTHORIZATION, format!("Bearer {key}")),
            None => request,
        }
    }

    /// A POST of `body` as JSON, to shape further.
    pub fn posting(&self, path: &str, body: &Value) -> RequestBuilder {
        self.request(Method::POST, path).header(CONTENT_TYPE, "application/json").body(body.to_string())
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::GET, path)).await
    }

    /// DELETE.
    pub async fn delete(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::DELETE, path)).await
    }

    /// PUT without a body.
    pub async fn put(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::PUT, path)).await
    }

    /// POST of JSON.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        Answer::of(self.posting(path, body)).await
    }

    /// PATCH of JSON.
    pub async fn patch(&self, path: &str, body: &Value) -> Answer {
        let request = self.request(Method::PATCH, path).header(CONTENT_TYPE, "application/json");
        Answer::of(request.body(body.to_string())).await
    }
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Method and path of the request, for messages.
    pub request: String,
    /// The path that was asked for, without the query.
    pub path: String,
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The bytes of the body.
    pub body: Vec<u8>,
}

impl Answer {
    /// Sends `request` and reads the whole answer.
    pub async fn of(request: RequestBuilder) -> Self {
        Self::try_of(request).await.unwrap_or_else(|e| panic!("no answer: {e:?}"))
    }

    /// As [`Answer::of`], where the connection may well break.
    pub async fn try_of(request: RequestBuilder) -> reqwest::Result<Self> {
        let (client, request) = request.build_split();
        let request = request?;
        let (name, path) = (format!("{} {}", request.method(), request.url()), request.url().path().to_owned());
        let response = client.execute(request).await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Ok(Self { request: name, path, status, headers, body: response.bytes().await?.to_vec() })
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|e| panic!("{} answered no JSON: {e}: {}", self.request, self.text()))
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The `data` of a body, which must have come with `status`.
    #[track_caller]
    pub fn data(&self, status: u16) -> Value {
        self.assert_status(status);
        self.json()["data"].take()
    }

    /// The `data` of a collection, which must have come with 200.
    #[track_caller]
    pub fn rows(&self) -> Vec<Value> {
        let data = self.data(200);
        data.as_array().unwrap_or_else(|| panic!("{} answered no collection: {data}", self.request)).clone()
    }

    /// A header's text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// A header's text, which must be there.
    #[track_caller]
    pub fn must_header(&self, name: &str) -> &str {
        self.header(name).unwrap_or_else(|| panic!("{} answered without {name}: {:?}", self.request, self.headers))
    }

    /// Asserts the status, and the request id that every answer carries.
    #[track_caller]
    pub fn assert_status(&self, status: u16) -> &Self {
        assert_eq!(self.status, status, "{} answered {}", self.request, self.text());
        let id = self.must_header("x-request-id");
        assert!((1..=128).contains(&id.len()), "{}: request id {id}", self.request);
        self
    }

    /// Asserts that this is the contract's problem document for `code`, whole and consistent, and returns it.
    #[track_caller]
    pub fn assert_problem(&self, status: u16, code: &str) -> Value {
        self.assert_status(status);
        let kind = self.must_header("content-type");
        assert!(kind.starts_with("application/problem+json"), "{}: {kind}", self.request);
        let problem = self.json();
        let urn = format!("urn:creatoraudit:error:{}", code.to_ascii_lowercase().replace('_', "-"));
        assert_eq!(problem["code"], code, "{}: {problem}", self.request);
        assert_eq!(problem["type"], urn, "{}: {problem}", self.request);
        assert_eq!(problem["status"], status, "{}: {problem}", self.request);
        assert_eq!(problem["instance"], self.path, "{}: {problem}", self.request);
        assert_eq!(problem["request_id"], self.must_header("x-request-id"), "{}: {problem}", self.request);
        for field in ["title", "detail"] {
            assert!(problem[field].as_str().is_some_and(|text| !text.is_empty()), "{}: {problem}", self.request);
        }
        problem
    }

    /// Asserts a 422 that names exactly `fields`, in any order, and returns the document.
    #[track_caller]
    pub fn assert_invalid(&self, fields: &[&str]) -> Value {
        let problem = self.assert_problem(422, "VALIDATION_ERROR");
        let errors = problem["errors"].as_array().unwrap_or_else(|| panic!("{}: {problem}", self.request));
        let mut named: Vec<_> = errors.iter().filter_map(|error| error["field"].as_str()).collect();
        let mut wanted = fields.to_vec();
        named.sort_unstable();
        wanted.sort_unstable();
        assert_eq!(named, wanted, "{}: {problem}", self.request);
        assert!(errors.iter().all(|e| e["message"].as_str().is_some_and(|m| !m.is_empty())), "{problem}");
        problem
    }
}
