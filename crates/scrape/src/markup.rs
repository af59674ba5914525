//! What can be had from markup by a byte search, in time linear in its length: script blocks, `<meta>` tags, the title. A document tree is
//! never built here.

use memchr::memchr;
use memchr::memmem::{self, Finder};

/// A script element: its opening tag and what it holds.
#[derive(Clone, Copy)]
pub(crate) struct Script<'a> {
    tag: &'a str,
    /// The text between the tags.
    pub body: &'a str,
}

impl Script<'_> {
    /// Whether the element's id is `id`.
    pub(crate) fn has_id(&self, id: &str) -> bool {
        contains(self.tag, id) && attributes(self.tag).0.iter().any(|(name, value)| name == "id" && value == id)
    }

    /// Whether the element holds `text`.
    pub(crate) fn holds(&self, text: &str) -> bool {
        contains(self.body, text)
    }

    /// Whether the element holds what was prepared, which is quicker for whoever asks many.
    pub(crate) fn holds_prepared(&self, prepared: &Finder<'_>) -> bool {
        prepared.find(self.body.as_bytes()).is_some()
    }
}

/// All script elements, in order.
pub(crate) fn scripts(html: &str) -> impl Iterator<Item = Script<'_>> {
    // A page has hundreds of them, so what is searched for is prepared once.
    let (opening, closing) = (Finder::new("<script"), Finder::new("</script"));
    let mut rest = html;
    std::iter::from_fn(move || {
        let from = opening.find(rest.as_bytes())? + "<script".len();
        let inside = rest.get(from..)?;
        let (tag, after) = inside.split_at(memchr(b'>', inside.as_bytes())?);
        let after = after.get(1..)?;
        let end = closing.find(after.as_bytes()).unwrap_or(after.len());
        let (body, tail) = after.split_at(end);
        rest = tail;
        Some(Script { tag, body })
    })
}

/// The JSON text of the script element with this id.
pub(crate) fn script_by_id<'a>(html: &'a str, id: &str) -> Option<&'a str> {
    scripts(html).find(|script| script.has_id(id)).map(|script| script.body.trim_start())
}

/// The text from the first `{` after each occurrence of `marker` in a script, such as `window._sharedData =`, up to the script's end.
pub(crate) fn assigned<'a>(html: &'a str, marker: &str) -> Vec<&'a str> {
    let mut found = Vec::new();
    for script in scripts(html).filter(|script| script.holds(marker)) {
        let mut read_to = 0;
        for at in memmem::find_iter(script.body.as_bytes(), marker).take(8) {
            let from = at + marker.len();
            // A marker before the same brace as the last one names the same value.
            if from < read_to {
                continue;
            }
            let Some(brace) = script.body.get(from..).and_then(|after| find(after, "{")) else { break };
            read_to = from + brace + 1;
            found.extend(script.body.get(from + brace..));
        }
    }
    found
}

/// Most `<meta>` tags that are read.
const MAX_METAS: usize = 400;
/// Longest `<meta>` tag that is read; descriptions have a few thousand bytes.
const MAX_META_BYTES: usize = 16 * 1024;

/// The `<meta>` tags by their `property` or `name`, entities decoded. At most the first 400.
pub(crate) struct Metas(Vec<(String, String)>);

impl Metas {
    /// Reads them.
    pub(crate) fn of(html: &str) -> Self {
        Self(metas(html).collect())
    }

    /// The content of the first tag of this name.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// The contents of all tags of this name.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, content)| content.as_str())
    }
}

/// The `<meta>` tags one by one, for whoever needs the first of them alone: they stand at a page's head. At most the first 400.
pub(crate) fn metas(html: &str) -> impl Iterator<Item = (String, String)> {
    let mut rest = html;
    let tags = std::iter::from_fn(move || {
        let inside = find(rest, "<meta").and_then(|at| rest.get(at + "<meta".len()..))?;
        let (meta, after) = meta(inside);
        // What was read as one tag is not read as another.
        rest = after;
        Some(meta)
    });
    tags.take(MAX_METAS).flatten()
}

/// The name and content of the tag whose attributes `inside` begins with, and what follows them.
fn meta(inside: &str) -> (Option<(String, String)>, &str) {
    let (tag, beyond) = inside.split_at(inside.floor_char_boundary(MAX_META_BYTES));
    let (attributes, unread) = attributes(tag);
    let get = |wanted: &str| attributes.iter().find(|(name, _)| name == wanted).map(|(_, value)| value);
    let name = get("property").or_else(|| get("name"));
    let meta = name.zip(get("content")).map(|(name, content)| (name.clone(), decoded(content)));
    let after = inside.get(tag.len() - unread.len()..).unwrap_or(beyond);
    (meta, after)
}

/// The page's title, entities decoded.
pub(crate) fn title(html: &str) -> Option<String> {
    let after = html.get(find(html, "<title")?..)?;
    let inside = after.get(find(after, ">")? + 1..)?;
    Some(decoded(inside.get(..find(inside, "</title")?)?.trim()))
}

/// The value of an attribute of the tag that `tag` stands behind the name of, entities decoded.
pub(crate) fn attribute(tag: &str, name: &str) -> Option<String> {
    attributes(tag).0.into_iter().find(|(known, _)| known == name).map(|(_, value)| decoded(&value))
}

/// The attributes of a tag, from behind its name to its `>`, at most 40, and what follows them.
fn attributes(tag: &str) -> (Vec<(String, String)>, &str) {
    let mut found = Vec::new();
    let mut rest = tag;
    while found.len() < 40 {
        rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '/');
        let name_end = rest.find(|c: char| c.is_ascii_whitespace() || matches!(c, '=' | '>')).unwrap_or(rest.len());
        let (name, after) = rest.split_at(name_end);
        if name.is_empty() {
            break;
        }
        let after_name = after.trim_start();
        let value = if let Some(after_equals) = after_name.strip_prefix('=') {
            let start = after_equals.trim_start();
            let (value, tail) = match start.chars().next() {
                Some(quote @ ('"' | '\'')) => {
                    let inside = start.get(1..).unwrap_or("");
                    inside.split_once(quote).unwrap_or((inside, ""))
                }
                Some(_) | None => {
                    start.split_at(start.find(|c: char| c.is_ascii_whitespace() || c == '>').unwrap_or(start.len()))
                }
            };
            rest = tail;
            value
        } else {
            rest = after_name;
            ""
        };
        found.push((name.to_ascii_lowercase(), value.to_owned()));
    }
    (found, rest)
}

/// `text` with character references replaced: numeric ones, and the few named ones that platforms use.
pub(crate) fn decoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = memchr(b'&', rest.as_bytes()) {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let end = from.bytes().take(12).position(|b| b == b';');
        if let Some((character, end)) = end.and_then(|end| Some((entity(from.get(1..end)?)?, end))) {
            out.push(character);
            rest = from.get(end + 1..).unwrap_or("");
        } else {
            out.push('&');
            rest = from.get(1..).unwrap_or("");
        }
    }
    out.push_str(rest);
    out
}

fn entity(name: &str) -> Option<char> {
    let named = [("amp", '&'), ("lt", '<'), ("gt", '>'), ("quot", '"'), ("apos", '\''), ("nbsp", '\u{a0}')];
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16),
            None => number.parse(),
        };
        return code.ok().and_then(char::from_u32);
    }
    named.into_iter().find(|(known, _)| *known == name).map(|(_, character)| character)
}

/// Where `needle` first stands in `text`.
pub(crate) fn find(text: &str, needle: &str) -> Option<usize> {
    memmem::find(text.as_bytes(), needle.as_bytes())
}

/// Whether `needle` stands in `text`.
pub(crate) fn contains(text: &str, needle: &str) -> bool {
    find(text, needle).is_some()
}

/// The digits right after `marker`, or after `marker` and any of `":` and white space.
pub(crate) fn digits_after<'a>(text: &'a str, marker: &str) -> Option<&'a str> {
    memmem::find_iter(text.as_bytes(), marker).take(20).find_map(|at| {
        let after = text.get(at + marker.len()..)?.trim_start_matches(['"', ':', ' ', '\n', '\r', '\t']);
        let digits = after.get(..after.bytes().take_while(u8::is_ascii_digit).count())?;
        (!digits.is_empty()).then_some(digits)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_found_by_its_id_however_its_tag_is_written() {
        for tag in ["id=\"X\" type=\"application/json\"", "type='a'\n  id='X'", "id=X", "nonce=\"\" id = \"X\""] {
            let html = format!("<p>X</p><script>var X</script><script {tag}>{{\"a\":1}}</script>");
            assert_eq!(script_by_id(&html, "X"), Some("{\"a\":1}"), "{tag}");
        }
        assert_eq!(script_by_id("<script data-id=\"X\">1</script><script id=\"XY\">2</script>", "X"), None);
    }

    #[test]
    fn meta_tags_are_read_with_quotes_and_entities_of_all_kinds() {
        let html = "<META><meta property='og:description' content='5 > 4 &#064;a &amp;&quot;b&quot;'/><meta content=\"x\" name=\"d\">\
                    <meta charset=utf-8><meta name=e content=";
        let metas = Metas::of(html);
        assert_eq!(metas.get("og:description"), Some("5 > 4 @a &\"b\""));
        assert_eq!(metas.get("d"), Some("x"));
        assert_eq!(metas.get("charset"), None);
    }

    #[test]
    fn broken_entities_stay_as_they_are() {
        assert_eq!(decoded("a & b &#x110000; &nope; &#; &é;"), "a & b &#x110000; &nope; &#; &é;");
    }
}
