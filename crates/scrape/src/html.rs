//! The one door to the HTML parser. A tree's cost grows with the square of its nesting, and unclosed formatting is repeated in every paragraph
//! that follows, so nothing enters that is long or has so many tags that either could hurt; one linear look finds out. Readers come here
//! only for facts that stand nowhere but in the tree.

use memchr::memchr_iter;
use scraper::Html;

/// Longest fragment that is let in.
const MAX_BYTES: usize = 64 * 1024;
/// Most opening tags that are let in, and so the deepest nesting, however the tags are arranged. Real fragments have some two hundred.
const MAX_TAGS: usize = 1_000;

/// The tree of a fragment; `None` when it is too long or may be too deep to be let in.
pub(crate) fn fragment(html: &str) -> Option<Html> {
    (html.len() <= MAX_BYTES && opening_tags(html) <= MAX_TAGS).then(|| Html::parse_fragment(html))
}

/// Closing tags are not set against opening ones: what is a closing tag to a reader this simple need not be one to the parser.
fn opening_tags(html: &str) -> usize {
    let bytes = html.as_bytes();
    memchr_iter(b'<', bytes).filter(|at| bytes.get(at + 1).is_some_and(u8::is_ascii_alphabetic)).count()
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn ordinary_markup_is_let_in() {
        assert!(fragment(&"<div><p>a<br>b</p><a>c</a></div>".repeat(200)).is_some());
    }

    #[test]
    fn length_and_depth_are_refused_also_where_false_closing_tags_hide_it() {
        assert!(fragment(&"x".repeat(MAX_BYTES + 1)).is_none());
        assert!(fragment(&"<div>".repeat(1_001)).is_none());
        assert!(fragment(&"<div title='</div>'>".repeat(1_001)).is_none());
    }

    #[test]
    fn the_worst_that_is_let_in_is_read_in_time() {
        let formatting = (0..500).fold(String::new(), |all, i| all + &format!("<b id={i}>"));
        let worst = format!("{formatting}{}", "<p>x".repeat(500));
        let start = Instant::now();
        assert!(fragment(&worst).is_some() && fragment(&"<div>".repeat(1_000)).is_some());
        assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
    }
}
