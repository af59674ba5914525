//! The data blocks of a page, and the pins and accounts that stand in them. Which of them the page is about, and what they say, is left to
//! `pin` and `profile`.

use serde_json::{Map, Value};

use super::{INITIAL_STATE, REDUX_STATE, RELAY, either};
use crate::json::{all, at, id, list, read as read_json};
use crate::markup::scripts;

/// A data block.
pub(super) struct Block {
    /// Its reader.
    pub adapter: &'static str,
    /// What it holds.
    pub root: Value,
}

/// The places at which what was asked for stands, and those of the platform's word that it does not exist.
pub(super) struct Places {
    /// The prefetched query.
    pub query: &'static [&'static str],
    /// The resource.
    pub resource: &'static [&'static str],
    /// The part of the store.
    pub store: &'static str,
    /// The type that a query answers with where there is no such thing.
    pub missing: &'static str,
}

/// Where pins stand.
pub(super) const PINS: Places = Places {
    query: &["v3GetPinQuery", "v3GetPinQueryv2"],
    resource: &["PinResource"],
    store: "pins",
    missing: "PinNotFound",
};

/// Where accounts stand.
pub(super) const USERS: Places = Places {
    query: &["v3GetUserHandlerQuery", "v3GetUserHandlerv2Query", "v3GetUserHandler"],
    resource: &["UserResource"],
    store: "users",
    missing: "UserNotFound",
};

/// Most entries of a part of the store that are looked at.
const MAX_ENTRIES: usize = 500;

/// The blocks of a page, those without any of the known places left out.
pub(super) fn of_page(html: &str) -> Vec<Block> {
    let adapter = |script: &crate::markup::Script<'_>| {
        if script.has_id("initial-state") {
            Some(INITIAL_STATE)
        } else if script.has_id("__PWS_DATA__") || script.has_id("__PWS_INITIAL_PROPS__") {
            Some(REDUX_STATE)
        } else if script.holds("\"v3GetPinQuery") || script.holds("\"v3GetUserHandler") {
            Some(RELAY)
        } else {
            None
        }
    };
    scripts(html)
        .filter_map(|script| {
            let adapter = adapter(&script)?;
            Some(Block { adapter, root: read_json(script.body.trim_start())? })
        })
        .take(20)
        .collect()
}

/// The answers of resources of these names: `{data, http_status, error}`, wherever the era put them.
pub(super) fn responses<'a>(block: &'a Block, names: &[&str]) -> Vec<&'a Value> {
    let mut found = Vec::new();
    for responses in all(&block.root, "resourceResponses") {
        let is_wanted = |entry: &&Value| at(entry, &["name"]).as_str().is_some_and(|name| names.contains(&name));
        found.extend(list(responses).iter().filter(is_wanted).map(|entry| at(entry, &["response"])));
    }
    // In the store each resource has its answers by the options that were asked with.
    for name in names {
        let by_options = all(&block.root, name).into_iter().filter_map(Value::as_object);
        found.extend(by_options.flat_map(|answers| answers.values().take(MAX_ENTRIES)));
    }
    let is_named = at(&block.root, &["resource", "name"]).as_str().is_some_and(|name| names.contains(&name));
    if is_named {
        found.push(at(&block.root, &["resource_response"]));
    }
    found
}

/// The answers of prefetched queries.
pub(super) fn queries<'a>(block: &'a Block, names: &[&str]) -> Vec<&'a Value> {
    names.iter().flat_map(|name| all(&block.root, name)).filter(|answer| answer.is_object()).collect()
}

/// Something that stands in a page.
pub(super) struct Found<'a> {
    /// The reader of its block.
    pub adapter: &'static str,
    /// What is said of it there.
    pub value: &'a Value,
    /// Whether it stands at the place of what was asked for, rather than among others.
    pub is_asked_for: bool,
}

/// Everything that stands at these places.
pub(super) fn found<'a>(blocks: &'a [Block], places: &Places) -> Vec<Found<'a>> {
    let mut found = Vec::new();
    for block in blocks {
        let answers = queries(block, places.query).into_iter().chain(responses(block, places.resource));
        let data = answers.map(|answer| at(answer, &["data"])).filter(|data| data.is_object());
        found.extend(data.map(|value| Found { adapter: block.adapter, value, is_asked_for: true }));
        for state in all(&block.root, "initialReduxState") {
            let entries = at(state, &[places.store]).as_object().into_iter().flat_map(Map::values);
            let entries = entries.filter(|entry| entry.is_object()).take(MAX_ENTRIES);
            found.extend(entries.map(|value| Found { adapter: block.adapter, value, is_asked_for: false }));
        }
    }
    found
}

/// The platform's own id of something, which prefetched queries keep beside one of their own.
pub(super) fn entity_id(value: &Value) -> Option<String> {
    id(either(value, &["entityId", "entity_id"])).or_else(|| id(at(value, &["id"])))
}

/// What several places say of one thing, each adding what those before left out.
pub(super) fn together<'a>(parts: impl IntoIterator<Item = &'a Value>) -> Value {
    let mut whole = Map::new();
    for (key, value) in parts.into_iter().filter_map(Value::as_object).flatten() {
        let place = whole.entry(key.clone()).or_insert(Value::Null);
        if place.is_null() {
            *place = value.clone();
        }
    }
    Value::Object(whole)
}
