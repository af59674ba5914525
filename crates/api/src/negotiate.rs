//! What a client accepts and what it sends: media types and entity tags, as RFC 9110 reads them.

use actix_web::http::header::{self, HeaderMap, HeaderName};

use crate::problem::{Code, Problem};

/// Refuses a request whose `Accept` leaves no room for JSON.
pub(crate) fn check_accept(headers: &HeaderMap) -> Result<(), Problem> {
    let mut values = headers.get_all(header::ACCEPT).peekable();
    if values.peek().is_none() {
        return Ok(());
    }
    let accept = values.filter_map(|value| value.to_str().ok()).collect::<Vec<_>>().join(",");
    if accepts_json(&accept) {
        return Ok(());
    }
    Err(Problem::new(Code::NotAcceptable, "Answers are application/json, and problems application/problem+json."))
}

/// Whether `application/json`, or by name `application/problem+json`, has a quality above 0. The most specific range decides.
fn accepts_json(accept: &str) -> bool {
    if matches!(accept, "" | "*/*" | "application/json") {
        return true;
    }
    let (mut any, mut application, mut json, mut problem) = (None, None, None, None);
    for range in accept.split(',') {
        let mut parts = range.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default().to_ascii_lowercase();
        let slot = match name.as_str() {
            "*/*" => &mut any,
            "application/*" => &mut application,
            "application/json" => &mut json,
            "application/problem+json" => &mut problem,
            _ => continue,
        };
        let is_wanted = parts.find_map(quality).unwrap_or(1.0) > 0.0;
        *slot = Some(slot.unwrap_or(false) || is_wanted);
    }
    json.or(application).or(any).unwrap_or(false) || problem.unwrap_or(false)
}

fn quality(parameter: &str) -> Option<f32> {
    let (name, value) = parameter.split_once('=')?;
    if !name.trim().eq_ignore_ascii_case("q") {
        return None;
    }
    // An unreadable quality is none.
    Some(value.trim().parse().unwrap_or(0.0))
}

/// Whether the client takes a body in a coding alone: it refuses the plain form, by name or with everything that it does not name.
pub(crate) fn refuses_identity(headers: &HeaderMap) -> bool {
    let (mut identity, mut any) = (None, None);
    for value in headers.get_all(header::ACCEPT_ENCODING).filter_map(|value| value.to_str().ok()) {
        for coding in value.split(',') {
            let mut parts = coding.split(';').map(str::trim);
            let name = parts.next().unwrap_or_default();
            let is_wanted = parts.find_map(quality).unwrap_or(1.0) > 0.0;
            if name.eq_ignore_ascii_case("identity") {
                identity = Some(is_wanted);
            } else if name == "*" {
                any = Some(is_wanted);
            }
        }
    }
    identity.or(any) == Some(false)
}

/// Refuses a body that is not declared as JSON, or is compressed.
pub(crate) fn check_content_type(headers: &HeaderMap) -> Result<(), Problem> {
    let declared = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut parts = declared.split(';').map(str::trim);
    let is_json = parts.next().is_some_and(|name| name.eq_ignore_ascii_case("application/json"));
    let is_utf8 = parts.filter_map(|parameter| parameter.split_once('=')).all(|(name, value)| {
        !name.eq_ignore_ascii_case("charset") || value.trim_matches('"').eq_ignore_ascii_case("utf-8")
    });
    let is_plain = headers.get(header::CONTENT_ENCODING).is_none_or(|value| value == "identity");
    if is_json && is_utf8 && is_plain {
        return Ok(());
    }
    Err(Problem::new(Code::UnsupportedMediaType, "Send the body as application/json, in UTF-8, uncompressed."))
}

/// The condition in `If-Match` or `If-None-Match`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Tags {
    /// `*`: any representation.
    Any,
    /// One of these, each with whether it is weak.
    Listed(Vec<(bool, String)>),
}

/// What a condition that stands in the request but cannot be read is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct UnreadableTags;

impl Tags {
    /// Reads the condition; `None` when the request has none.
    pub(crate) fn read(headers: &HeaderMap, name: &HeaderName) -> Result<Option<Self>, UnreadableTags> {
        let mut texts = Vec::new();
        for value in headers.get_all(name) {
            texts.push(value.to_str().map_err(|_| UnreadableTags)?.trim());
        }
        match texts.as_slice() {
            [] => Ok(None),
            ["*"] => Ok(Some(Self::Any)),
            several => Self::list(&several.join(",")).map(Some),
        }
    }

    fn list(text: &str) -> Result<Self, UnreadableTags> {
        let mut tags = Vec::new();
        let mut rest = text;
        loop {
            rest = rest.trim_start_matches([' ', '\t', ',']);
            if rest.is_empty() {
                break;
            }
            let (is_weak, quoted) = rest.strip_prefix("W/").map_or((false, rest), |quoted| (true, quoted));
            let (tag, after) = quoted.strip_prefix('"').and_then(|q| q.split_once('"')).ok_or(UnreadableTags)?;
            tags.push((is_weak, tag.to_owned()));
            rest = after.trim_start_matches([' ', '\t']);
            if !rest.is_empty() && !rest.starts_with(',') {
                return Err(UnreadableTags);
            }
        }
        if tags.is_empty() { Err(UnreadableTags) } else { Ok(Self::Listed(tags)) }
    }

    /// `etag` (quoted, strong) as it is named, weak tags counting too: for `If-None-Match`.
    pub(crate) fn name_weakly(&self, etag: &str) -> Option<String> {
        match self {
            Self::Any => Some(etag.to_owned()),
            Self::Listed(tags) => tags.iter().find(|(_, tag)| is_of(tag, etag)).map(|(_, tag)| format!("\"{tag}\"")),
        }
    }

    /// Whether `etag` (quoted, strong) is named by a strong tag: for `If-Match`.
    pub(crate) fn names_strongly(&self, etag: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Listed(tags) => tags.iter().any(|(is_weak, tag)| !is_weak && is_of(tag, etag)),
        }
    }
}

/// Codings under which a body has a tag of its own.
const CODINGS: [&str; 3] = ["br", "gzip", "deflate"];

/// The tag of a body in a coding: other bytes, so another strong tag. It tells the tag of the plain body by its beginning.
pub(crate) fn tag_in_coding(etag: &str, coding: &str) -> Option<String> {
    let plain = etag.strip_prefix('"')?.strip_suffix('"')?;
    CODINGS.contains(&coding).then(|| format!("\"{plain}-{coding}\""))
}

/// Whether a client's `tag` is `etag`'s own or that of the same body in a coding.
fn is_of(tag: &str, etag: &str) -> bool {
    let plain = CODINGS.iter().find_map(|coding| tag.strip_suffix(coding)?.strip_suffix('-')).unwrap_or(tag);
    etag.trim_matches('"') == plain
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderValue, IF_NONE_MATCH};

    use super::*;

    #[test]
    fn an_accept_that_json_satisfies_passes() {
        for accept in [
            "",
            "*/*",
            "application/*",
            "application/json",
            "Application/JSON; charset=utf-8",
            "application/problem+json",
            "text/html, application/json;q=0.1",
            "text/html;q=0.9,*/*;q=0.8",
            "application/json;q=0, application/problem+json",
            "*/*;q=0, application/json",
        ] {
            assert!(accepts_json(accept), "{accept}");
        }
    }

    #[test]
    fn an_accept_that_json_cannot_satisfy_does_not() {
        for accept in [
            "text/html",
            "image/*",
            "application/xml, text/*",
            "*/*;q=0",
            "application/json;q=0",
            "application/json;q=0, */*",
            "application/json;q=0.0, application/*",
            "application/*;q=0, */*",
            "json",
        ] {
            assert!(!accepts_json(accept), "{accept}");
        }
    }

    #[test]
    fn the_plain_form_is_refused_by_name_or_with_the_rest() {
        let refuses = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_str(text).unwrap());
            refuses_identity(&headers)
        };
        for text in ["gzip, identity;q=0", "Identity; q=0.0, br", "br, *;q=0"] {
            assert!(refuses(text), "{text}");
        }
        for text in ["", "gzip", "*", "identity", "identity;q=0.1, *;q=0", "gzip;q=0", "*;q=0.5"] {
            assert!(!refuses(text), "{text}");
        }
    }

    fn tags(values: &[&str]) -> Result<Option<Tags>, UnreadableTags> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(IF_NONE_MATCH, HeaderValue::from_str(value).unwrap());
        }
        Tags::read(&headers, &IF_NONE_MATCH)
    }

    #[test]
    fn a_list_of_tags_names_each_and_a_comma_inside_a_tag_is_part_of_it() {
        let list = tags(&["\"a\", W/\"b\" ,\"c,d\"", "\"e\""]).unwrap().unwrap();
        for tag in ["\"a\"", "\"b\"", "\"c,d\"", "\"e\""] {
            assert_eq!(list.name_weakly(tag).as_deref(), Some(tag));
        }
        assert!(list.name_weakly("\"c\"").is_none() && !list.names_strongly("\"b\"") && list.names_strongly("\"a\""));
    }

    #[test]
    fn a_star_names_everything_and_garbage_is_told_apart_from_absence() {
        assert!(tags(&["*"]).unwrap().unwrap().names_strongly("\"x\""));
        assert_eq!(tags(&[]), Ok(None));
        for text in ["abc", "\"a", "\"a\" \"b\"", "", "W/x"] {
            assert_eq!(tags(&[text]), Err(UnreadableTags), "{text}");
        }
    }
}
