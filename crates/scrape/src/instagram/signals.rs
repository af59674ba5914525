//! What Instagram's refusals look like: the route that a page names, the messages of its API, and pages without data. The HTTP status is asked
//! last, since a missing profile, a login wall and a throttled shell all come with 200.

use domain::{Observation, Outcome};
use serde_json::Value;

use super::{META_TEXT, SIGNALS, mentions_data};
use crate::conclude::failed;
use crate::json::{at, is_set, list, read as read_json};
use crate::markup::{contains, find, title};
use crate::page::{self, Page};

/// Reads the route of a page that has no data: error page and login wall.
pub(crate) fn of_route(html: &str) -> Option<Observation> {
    let route = value_after(html, "\"canonicalRouteName\"")?;
    match route.as_str()?.rsplit('.').next()? {
        "PolarisErrorRoute" => Some(error_route(html)),
        name if name.contains("Login") => {
            Some(failed(SIGNALS, Outcome::Blocked, format!("login wall, route {}", short(name))))
        }
        _ => None,
    }
}

fn error_route(html: &str) -> Observation {
    let set = |key: &str| value_after(html, key).is_some_and(|value| is_set(&value));
    if set("\"restricted_age\"") {
        return failed(SIGNALS, Outcome::Private, "withheld: restricted by age, PolarisErrorRoute");
    }
    if set("\"failure_reason\"") {
        return failed(SIGNALS, Outcome::Private, "withheld: a failure reason is given, PolarisErrorRoute");
    }
    failed(SIGNALS, Outcome::NotFound, "PolarisErrorRoute")
}

/// The JSON value after `"key":`.
fn value_after(html: &str, key: &str) -> Option<Value> {
    let after = html.get(find(html, key)? + key.len()..)?.trim_start().strip_prefix(':')?.trim_start();
    // A short look: these are names and numbers, never objects of any size.
    let end = after.char_indices().nth(400).map_or(after.len(), |(at, _)| at);
    let value = after.get(..end)?;
    read_json(value).or_else(|| read_json(value.split([',', '}']).next()?))
}

/// Reads an API's refusal.
pub(crate) fn of_json(page: &Page<'_>, root: &Value) -> Observation {
    let refused = |detail: &str| failed(SIGNALS, Outcome::Blocked, detail);
    let message = at(root, &["message"]).as_str().unwrap_or("");
    if message.starts_with("Please wait a few minutes") {
        return failed(SIGNALS, Outcome::RateLimited, "asked to wait a few minutes");
    }
    if let Some(known) =
        ["checkpoint_required", "challenge_required", "feedback_required", "login_required", "useragent mismatch"]
            .into_iter()
            .find(|known| message == *known)
    {
        return refused(known);
    }
    if is_set(at(root, &["require_login"])) {
        return refused("login wanted");
    }
    if list(at(root, &["errors"])).iter().any(|error| at(error, &["message"]) == "execution error") {
        return refused("execution error");
    }
    if at(root, &["status"]) == "fail" || !list(at(root, &["errors"])).is_empty() {
        return page::unread(page, SIGNALS, "the API refused");
    }
    match page.http_status {
        Some(status) if status >= 300 => page::unread(page, SIGNALS, "JSON without data"),
        Some(_) | None if root.as_object().is_some_and(serde_json::Map::is_empty) => refused("an empty answer"),
        Some(_) | None => failed(SIGNALS, Outcome::ParseError, "JSON of a shape that is not known"),
    }
}

/// What a page means that holds no data.
pub(crate) fn unread(page: &Page<'_>, html: &str) -> Observation {
    let segments: Vec<&str> = page.redirect_segments().collect();
    let refused = |detail: &str| failed(SIGNALS, Outcome::Blocked, detail);
    if segments.windows(2).any(|pair| pair == ["accounts", "login"]) {
        return refused("redirected to the login page");
    }
    if segments.iter().any(|segment| matches!(*segment, "challenge" | "consent" | "suspended")) {
        return refused("redirected to a challenge");
    }
    if html.is_empty() {
        return page::unread(page, SIGNALS, "empty body");
    }
    if mentions_data(html) {
        return failed(SIGNALS, Outcome::ParseError, "the data block cannot be read");
    }
    if contains(html, "canonicalRouteName") {
        return page::unread(page, SIGNALS, "the right route without its data block: a throttled shell");
    }
    if title(html).is_some_and(|title| title.contains("(@") || title.contains("Instagram")) {
        return page::unread(page, META_TEXT, "a page with a title and no counts");
    }
    page::unread(page, SIGNALS, "a page without data")
}

fn short(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).take(60).collect()
}
