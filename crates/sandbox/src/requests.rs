//! The log of requests to the platforms: what was asked, when by the injected clock, by which way out, and how it was answered.

use std::collections::VecDeque;

use domain::{Platform, Timestamp};
use serde::{Deserialize, Serialize};

use crate::surface::Surface;

/// How many requests are remembered; the oldest are forgotten first.
const REMEMBERED: usize = 200_000;

/// One request to a platform.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// When it came, by the sandbox's clock.
    pub at: Timestamp,
    /// The platform.
    pub platform: Platform,
    /// What was asked for.
    pub surface: Surface,
    /// The path and query, without secrets.
    pub path: String,
    /// The way out that it came by: the value of its `X-Sandbox-Egress` header.
    pub egress: Option<String>,
    /// The status that it was answered with; `None` while it is being answered, and when the client went away before.
    pub status: Option<u16>,
}

/// The newest requests, and how many were forgotten.
#[derive(Debug, Default)]
pub(crate) struct Log {
    requests: VecDeque<Request>,
    forgotten: usize,
}

impl Log {
    /// Notes a request and returns its number.
    pub(crate) fn begin(&mut self, request: Request) -> usize {
        self.requests.push_back(request);
        if self.requests.len() > REMEMBERED {
            self.requests.pop_front();
            self.forgotten += 1;
        }
        self.forgotten + self.requests.len() - 1
    }

    /// Notes how a request was answered.
    pub(crate) fn end(&mut self, number: usize, status: u16) {
        let place = number.checked_sub(self.forgotten);
        if let Some(request) = place.and_then(|place| self.requests.get_mut(place)) {
            request.status = Some(status);
        }
    }

    pub(crate) fn read(&self) -> Vec<Request> {
        self.requests.iter().cloned().collect()
    }

    /// Forgets everything; numbers given before stay the numbers of those requests alone.
    pub(crate) fn clear(&mut self) {
        self.forgotten += self.requests.len();
        self.requests.clear();
    }
}

/// A path and query as the log keeps them: keys and tokens are blotted out.
pub(crate) fn without_secrets(path: &str, query: &str) -> String {
    if query.is_empty() {
        return path.to_owned();
    }
    let pairs: Vec<String> = query
        .split('&')
        .map(|pair| match pair.split_once('=') {
            Some((name @ ("access_token" | "key"), _)) => format!("{name}=…"),
            Some(_) | None => pair.to_owned(),
        })
        .collect();
    format!("{path}?{}", pairs.join("&"))
}
