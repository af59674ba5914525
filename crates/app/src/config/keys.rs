//! Which keys there are and of what kind: `config/default.toml` says both. A key exists when it stands there, as a setting or as an optional
//! key in a comment, and its value there tells its kind.

use std::collections::BTreeMap;

use config::ValueKind;

use super::list::items;
use super::sources::parse;

/// The one section whose keys the operator names; `default.toml` has an example of one.
const NAMED_BY_OPERATOR: (&str, &str) = ("scraping.proxies.", "scraping.proxies.example");

/// The documented defaults.
pub(super) const DEFAULTS: &str = include_str!("../../../../config/default.toml");

/// A value as far as its kind matters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// True or false.
    Flag,
    /// A whole number.
    Number(i64),
    /// A text. The environment has texts only, so one may stand for a flag or a number.
    Text(String),
    /// A list. The environment has texts only, so a text with commas may stand for one.
    List(Vec<Value>),
    /// A table without keys.
    EmptySection,
    /// Something that no key takes.
    Other,
}

impl Value {
    fn of(kind: &ValueKind) -> Self {
        match kind {
            ValueKind::Boolean(_) => Self::Flag,
            ValueKind::I64(number) => Self::Number(*number),
            ValueKind::String(text) => Self::Text(text.clone()),
            ValueKind::Array(items) => Self::List(items.iter().map(|item| Self::of(&item.kind)).collect()),
            ValueKind::Table(_) => Self::EmptySection,
            ValueKind::Nil | ValueKind::I128(_) | ValueKind::U64(_) | ValueKind::U128(_) | ValueKind::Float(_) => {
                Self::Other
            }
        }
    }
}

/// Every key that exists, optional ones included, with a value of its kind.
pub(super) fn documented() -> Result<BTreeMap<String, Value>, config::ConfigError> {
    parse(&with_optional_keys()).map(|all| flatten(&all.cache).into_iter().collect())
}

/// The defaults with the optional keys, which stand there as comments, made real.
pub(super) fn with_optional_keys() -> String {
    let is_name = |text: &str| text.bytes().all(|b| b == b'_' || b.is_ascii_lowercase() || b.is_ascii_digit());
    let uncommented = |line: &'static str| {
        let setting =
            line.strip_prefix("# ").filter(|text| text.split_once(" = ").is_some_and(|(key, _)| is_name(key)));
        setting.unwrap_or(line)
    };
    DEFAULTS.lines().flat_map(|line| [uncommented(line), "\n"]).collect()
}

/// The values under `root` by dotted key.
pub(super) fn flatten(root: &config::Value) -> Vec<(String, Value)> {
    let mut flat = Vec::new();
    let mut waiting = vec![(String::new(), &root.kind)];
    while let Some((key, kind)) = waiting.pop() {
        if let ValueKind::Table(table) = kind
            && !table.is_empty()
        {
            let dotted = |name: &String| if key.is_empty() { name.clone() } else { format!("{key}.{name}") };
            waiting.extend(table.iter().map(|(name, value)| (dotted(name), &value.kind)));
        } else if !key.is_empty() {
            flat.push((key, Value::of(kind)));
        }
    }
    flat.sort_by(|(a, _), (b, _)| a.cmp(b));
    flat
}

/// What is wrong with `value` for `key`, as far as existence and kind go.
pub(super) fn misfit(key: &str, value: &Value, documented: &BTreeMap<String, Value>) -> Option<String> {
    let (section, example) = NAMED_BY_OPERATOR;
    let is_named = key.strip_prefix(section).is_some_and(|name| !name.contains('.'));
    let Some(kind) = documented.get(if is_named { example } else { key }) else {
        let is_section =
            documented.keys().any(|known| known.strip_prefix(key).is_some_and(|rest| rest.starts_with('.')));
        return match (is_section, value) {
            (true, Value::EmptySection) => None,
            (true, _) => Some("is a section, not a key".to_owned()),
            (false, _) => Some("there is no such key".to_owned()),
        };
    };
    let text = if let Value::Text(text) = value { Some(text.as_str()) } else { None };
    let (fits, wanted) = match kind {
        Value::Flag => (*value == Value::Flag || matches!(text, Some("true" | "false")), "must be true or false"),
        Value::Number(_) => {
            let number =
                if let Value::Number(number) = value { Some(*number) } else { text.and_then(|t| t.parse().ok()) };
            (number.is_some_and(|number| number >= 0), "must be a whole number from 0")
        }
        Value::List(kinds) if matches!(kinds.first(), Some(Value::Number(_))) => {
            let is_number = |item: &Value| matches!(item, Value::Number(number) if *number >= 0);
            let listed = matches!(value, Value::List(items) if items.iter().all(is_number));
            let written = text.is_some_and(|text| items(text).all(|item| item.parse::<u64>().is_ok()));
            (listed || written, "must be a list of whole numbers from 0")
        }
        Value::List(_) => {
            let is_text = |item: &Value| matches!(item, Value::Text(_));
            (
                text.is_some() || matches!(value, Value::List(items) if items.iter().all(is_text)),
                "must be a list of texts",
            )
        }
        Value::Text(_) | Value::EmptySection | Value::Other => (text.is_some(), "must be a text"),
    };
    (!fits).then(|| wanted.to_owned())
}
