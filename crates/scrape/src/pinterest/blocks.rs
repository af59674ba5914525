//! The data blocks of a page, and the pins and accounts that stand in them. Which of them the page is about, and what they say, is left to
//! `pin` and `profile`.

use serde_json::{Map, Value};

use super::{INITIAL_STATE, REDUX_STATE, RELAY, either};
use crate::json::{all, at, id, list, picked};
use crate::markup::{Script, scripts};
use crate::page::{Page, PageKind};
use crate::tree::Part::{Of, Whole};
use crate::tree::Wanted;

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

/// Most blocks of a page that are looked at.
const MAX_BLOCKS: usize = 20;
/// Most entries of a part of the store that are looked at.
const MAX_ENTRIES: usize = 500;

/// The blocks of a page, those without any of the known places left out. Prefetched queries are read first: where they hold what was asked
/// for, the state of the store, many times their size, is read only if it mentions that too.
pub(super) fn of_page(page: &Page<'_>, html: &str) -> Vec<Block> {
    let adapter = |script: &Script<'_>| {
        if script.has_id("initial-state") {
            Some(INITIAL_STATE)
        } else if script.has_id("__PWS_DATA__") || script.has_id("__PWS_INITIAL_PROPS__") {
            Some(REDUX_STATE)
        } else if script.holds("\"v3Get") && (script.holds("\"v3GetPinQuery") || script.holds("\"v3GetUserHandler")) {
            Some(RELAY)
        } else {
            None
        }
    };
    let candidates = scripts(html).filter_map(|script| Some((adapter(&script)?, script))).take(MAX_BLOCKS);
    let mut blocks: Vec<(&'static str, Script<'_>, Option<Block>)> =
        candidates.map(|(adapter, script)| (adapter, script, None)).collect();
    for (adapter, script, block) in blocks.iter_mut().filter(|(adapter, ..)| *adapter == RELAY) {
        *block = read(adapter, script, page);
    }
    let subject = blocks.iter().find_map(|(.., block)| subject(page, block.as_ref()?));
    for (adapter, script, block) in blocks.iter_mut().filter(|(adapter, ..)| *adapter != RELAY) {
        // Ids are written as strings in all stores; a bare number is part of some address.
        if subject.as_ref().is_none_or(|id| script.holds(&format!("\"{id}\""))) {
            *block = read(adapter, script, page);
        }
    }
    blocks.into_iter().filter_map(|(.., block)| block).collect()
}

fn read(adapter: &'static str, script: &Script<'_>, page: &Page<'_>) -> Option<Block> {
    let wanted = match page.kind {
        PageKind::Post | PageKind::Oembed => &PIN_BLOCK,
        PageKind::Profile | PageKind::Feed => &USER_BLOCK,
    };
    Some(Block { adapter, root: picked(script.body.trim_start(), wanted)? })
}

/// The id of the pin that a prefetched query answers with, if it is the one that was asked for. Accounts are put together from all blocks,
/// since their pins stand in the store.
fn subject(page: &Page<'_>, block: &Block) -> Option<String> {
    match page.kind {
        PageKind::Post | PageKind::Oembed => {}
        PageKind::Profile | PageKind::Feed => return None,
    }
    let pins = queries(block, PINS.query).into_iter().filter_map(|answer| entity_id(at(answer, &["data"])));
    pins.into_iter().find(|id| page.expect.is_none_or(|expected| expected == id))
}

/// What is looked at for a pin.
static PIN_BLOCK: Wanted = Wanted {
    members: &[
        ("v3GetPinQuery", Whole),
        ("v3GetPinQueryv2", Whole),
        ("PinResource", Whole),
        ("resourceResponses", Whole),
        ("initialReduxState", Of(&PIN_STORE)),
    ],
    others: Some(&PIN_BLOCK),
};

static PIN_STORE: Wanted = Wanted {
    members: &[
        ("pins", Whole),
        ("v3GetPinQuery", Whole),
        ("v3GetPinQueryv2", Whole),
        ("PinResource", Whole),
        ("resourceResponses", Whole),
    ],
    others: Some(&PIN_BLOCK),
};

/// What is looked at for an account, its pins included.
static USER_BLOCK: Wanted = Wanted {
    members: &[
        ("v3GetUserHandlerQuery", Whole),
        ("v3GetUserHandlerv2Query", Whole),
        ("v3GetUserHandler", Whole),
        ("v3GetPinQuery", Whole),
        ("v3GetPinQueryv2", Whole),
        ("UserResource", Whole),
        ("PinResource", Whole),
        ("resourceResponses", Whole),
        ("initialReduxState", Of(&USER_STORE)),
    ],
    others: Some(&USER_BLOCK),
};

static USER_STORE: Wanted = Wanted {
    members: &[
        ("users", Whole),
        ("pins", Whole),
        ("UserResource", Whole),
        ("PinResource", Whole),
        ("resourceResponses", Whole),
    ],
    others: Some(&USER_BLOCK),
};

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
