//! What real pages hold beside the facts: translations, feature switches and resource lists, of a chosen size.
//! The words in it are those that a careless reader would take for a signal.

use std::fmt::Write as _;

/// Sentences that ship with every good page and mean nothing there.
const PHRASES: [&str; 8] = [
    "Couldn't find this account",
    "Video currently unavailable",
    "This account is private",
    "Please wait a few minutes before you try again.",
    "Verify to continue: drag the slider to finish the captcha",
    "Log in to follow creators, like videos and view comments",
    "Sorry, this page isn't available. The link may be broken, or the page may have been removed.",
    "Too many attempts. Try again later.",
];

/// The padding of all pages, made once.
#[derive(Debug)]
pub(crate) struct Noise {
    /// A JSON object of translations.
    pub(crate) translations: String,
    /// Script tags with JSON that is about nothing.
    pub(crate) scripts: String,
}

impl Noise {
    /// Padding of about `bytes` bytes in either form.
    pub(crate) fn of(bytes: usize) -> Self {
        let mut translations = String::from("{");
        let mut scripts = String::new();
        let mut index = 0_u32;
        for phrase in PHRASES.iter().cycle() {
            if translations.len() >= bytes && scripts.len() >= bytes {
                break;
            }
            index += 1;
            if translations.len() < bytes {
                let comma = if index == 1 { "" } else { "," };
                // Writing to a string cannot fail.
                let _ = write!(translations, r#"{comma}"webapp_text_{index}_captcha":"{phrase}""#);
            }
            if scripts.len() < bytes {
                let _ = writeln!(
                    scripts,
                    "<script type=\"application/json\" data-content-len=\"{index}\" data-sjs>{{\"require\":[[\"Bootloader\",\
                     \"handlePayload\",null,[{{\"consistency\":{{\"rev\":{index}}},\"strings\":{{\"s{index}\":\"{phrase}\"}},\"rsrcMap\":{{\"r{index}\":\
                     {{\"type\":\"js\",\"src\":\"https://static.sandbox.invalid/rsrc/{index:08x}.js\"}}}}}}]]]}}</script>",
                );
            }
        }
        translations.push('}');
        Self { translations, scripts }
    }
}

/// JSON that may stand inside a script tag.
pub(crate) fn in_script(value: &serde_json::Value) -> String {
    value.to_string().replace('<', "\\u003C").replace('>', "\\u003E").replace('&', "\\u0026")
}

/// Text that may stand in HTML, in attributes too.
pub(crate) fn in_html(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#039;"),
            '@' => escaped.push_str("&#064;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_has_about_the_size_that_was_asked_for_and_is_json() {
        for bytes in [0, 1, 20_000] {
            let noise = Noise::of(bytes);
            assert!(noise.translations.len().abs_diff(bytes) < 400 && noise.scripts.len().abs_diff(bytes) < 600);
            assert!(serde_json::from_str::<serde_json::Value>(&noise.translations).is_ok());
        }
    }

    #[test]
    fn text_cannot_end_the_tag_that_it_stands_in() {
        let value = serde_json::json!({ "text": "</script> & <b>" });
        let text = in_script(&value);
        assert!(!text.contains('<'));
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), value);
        assert_eq!(in_html("<a \"b\"> & 'c' @d"), "&lt;a &quot;b&quot;&gt; &amp; &#039;c&#039; &#064;d");
    }
}
