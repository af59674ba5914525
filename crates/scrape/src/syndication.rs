//! What can be had from a feed in XML by a byte search, in time linear in its length: the entries, and the text and attributes of elements
//! inside them. Feeds are flat and small, so a tree is never built; which elements mean what is left to the platforms' readers.

use memchr::memmem;

use crate::markup::{attribute, decoded, find};

/// Most entries of a feed that are looked at; real feeds have fifteen to fifty.
const MAX_ENTRIES: usize = 500;

/// Whether a body is a feed rather than a page.
pub(crate) fn is_feed(text: &str) -> bool {
    let head = text.get(..text.floor_char_boundary(1_024)).unwrap_or("");
    ["<feed", "<rss"].iter().any(|root| head.starts_with(root) || (head.starts_with("<?xml") && head.contains(root)))
}

/// Whether the root element was closed, so that nothing is missing.
pub(crate) fn is_whole(text: &str) -> bool {
    let tail = text.trim_end();
    tail.ends_with("</feed>") || tail.ends_with("</rss>")
}

/// What stands before the first entry, and the entries.
pub(crate) fn entries<'a>(text: &'a str, name: &str) -> (&'a str, Vec<&'a str>) {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let head = find(text, &open).and_then(|at| text.get(..at)).unwrap_or(text);
    let mut rest = text.get(head.len()..).unwrap_or("");
    let mut found = Vec::new();
    while found.len() < MAX_ENTRIES {
        let Some(from) = find(rest, &open) else { break };
        let inside = rest.get(from + open.len()..).unwrap_or("");
        let Some(end) = find(inside, &close) else { break };
        found.push(inside.get(..end).unwrap_or(""));
        rest = inside.get(end + close.len()..).unwrap_or("");
    }
    (head, found)
}

/// The tag of the first element of this name, from behind the name on.
fn tag<'a>(block: &'a str, name: &str) -> Option<&'a str> {
    let open = format!("<{name}");
    memmem::find_iter(block.as_bytes(), &open).take(20).find_map(|at| {
        let after = block.get(at + open.len()..)?;
        after.starts_with(|c: char| c.is_ascii_whitespace() || matches!(c, '>' | '/')).then_some(after)
    })
}

/// The text of the first element of this name, entities decoded; `None` where it is empty.
pub(crate) fn text(block: &str, name: &str) -> Option<String> {
    let after = tag(block, name)?;
    let (attributes, inside) = after.split_at_checked(find(after, ">")?)?;
    if attributes.ends_with('/') {
        return None;
    }
    let inside = inside.get(1..)?;
    let inside = inside.get(..find(inside, &format!("</{name}"))?)?.trim();
    let verbatim = inside.strip_prefix("<![CDATA[").and_then(|inside| inside.strip_suffix("]]>"));
    let text = verbatim.map_or_else(|| decoded(inside), str::to_owned);
    (!text.trim().is_empty()).then(|| text.trim().to_owned())
}

/// An attribute of the first element of this name.
pub(crate) fn attribute_of(block: &str, element: &str, name: &str) -> Option<String> {
    attribute(tag(block, element)?, name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_and_their_elements_are_found() {
        let feed = "<feed><id>x</id><entry><a:b c='1' d=\"2 &amp; 3\"/><t>5 &lt; 6</t></entry><entry><t><![CDATA[<b>]]></t></entry><entry>";
        let (head, found) = entries(feed, "entry");
        assert_eq!(text(head, "id").as_deref(), Some("x"));
        assert_eq!(found.len(), 2);
        assert_eq!(attribute_of(found[0], "a:b", "d").as_deref(), Some("2 & 3"));
        assert_eq!(text(found[0], "t").as_deref(), Some("5 < 6"));
        assert_eq!(text(found[1], "t").as_deref(), Some("<b>"));
        assert_eq!((text(found[0], "a"), text(found[1], "id")), (None, None));
        assert!(is_feed(feed) && !is_whole(feed));
    }
}
