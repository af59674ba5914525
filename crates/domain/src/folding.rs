//! The form in which texts are compared when somebody looks for one.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::canonical_combining_class;

/// The form of a text in which two that a reader would call the same are the same: what is looked for, and what it is looked for in, are
/// both brought to it, and then compared letter by letter.
///
/// - Compatibility decomposition (NFKD): `ﬁ` is `fi`, `①` is `1`, full-width letters are letters, a Hangul syllable is its letters.
/// - Marks that stand on a letter (a combining class other than 0) are dropped, and so are letters with a stroke for the letter, which
///   Unicode's default collation has as a mark too: `é` is `e`, `ł` is `l`, `đ` is `d`.
/// - Full case folding: `STRASSE`, `straße` and `STRAẞE` are one, as are `Σ`, `σ` and `ς`.
/// - What is not to be seen (joiners, soft hyphens, variation selectors, marks of direction) is dropped.
/// - White space and control characters are one space between words, and none at the ends.
///
/// Folding a folded text changes nothing. The result has no control characters.
pub fn fold(text: &str) -> String {
    if text.bytes().all(is_folded) {
        return text.to_owned();
    }
    let mut folded = String::with_capacity(text.len());
    let mut is_apart = false;
    for letter in text.nfkd().flat_map(case_folded).nfkd() {
        if letter.is_whitespace() || letter.is_control() {
            is_apart = !folded.is_empty();
        } else if canonical_combining_class(letter) == 0 && !is_ignorable(letter) {
            if is_apart {
                folded.push(' ');
                is_apart = false;
            }
            folded.push(letter);
        }
    }
    folded
}

/// Most handles are in this form already.
const fn is_folded(byte: u8) -> bool {
    matches!(byte, b'!'..=b'@' | b'['..=b'~')
}

/// A letter without its case. Down, up and down again, so that every letter comes to what its capitals come to.
fn case_folded(letter: char) -> impl Iterator<Item = char> {
    letter.to_lowercase().flat_map(char::to_uppercase).flat_map(char::to_lowercase).map(without_stroke)
}

const fn without_stroke(letter: char) -> char {
    match letter {
        'đ' => 'd',
        'ħ' => 'h',
        'ı' => 'i',
        'ł' => 'l',
        'ø' => 'o',
        'ŧ' => 't',
        other => other,
    }
}

/// Characters that are there and not seen, of those that have no combining class.
const fn is_ignorable(letter: char) -> bool {
    matches!(
        letter,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}' | '\u{ffa0}' | '\u{e0000}'..='\u{e0fff}'
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn case_and_accents_make_no_difference() {
        for same in [
            ["Café", "cafe", "CAFE\u{301}", "ｃａｆé"],
            ["straße", "STRASSE", "STRAẞE", "Strasse"],
            ["ΣΊΣΥΦΟΣ", "Σίσυφος", "σισυφοσ", "σίσυφος"],
            ["Łódź", "lodz", "ŁÓDŹ", "lo\u{301}dz"],
            ["Đà Nẵng", "da nang", "ĐÀ NẴNG", "da\u{a0}nang"],
            ["İzmir", "izmir", "IZMIR", "ızmır"],
            ["ﬁnn", "FINN", "finn", "Ｆinn"],
            ["❤️ a\u{200d}b", "❤ AB", "\u{feff}❤\u{fe0e}  ab ", "❤\n\tab\u{0}"],
        ] {
            for text in same {
                assert_eq!(fold(text), fold(same[1]), "{text:?}");
            }
        }
        assert_eq!(fold("Großer  Fuß"), "grosser fuss");
        assert_eq!(fold("100%_a\\b"), "100%_a\\b");
    }

    #[test]
    fn different_letters_stay_different() {
        for (one, other) in [("a", "b"), ("ß", "s"), ("и", "н"), ("日", "本"), ("a b", "ab"), ("æ", "a"), ("का", "कि")]
        {
            assert_ne!(fold(one), fold(other));
        }
    }

    #[test]
    fn nothing_to_be_seen_is_nothing() {
        for text in ["", " ", "\u{200b}", "\u{301}", "\u{0}\u{1f}\n", "\u{fe0f} \u{ad}"] {
            assert_eq!(fold(text), "", "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn a_folded_text_is_folded(text in prop_oneof!["\\PC{0,40}".boxed(), any::<String>().boxed()]) {
            let folded = fold(&text);
            prop_assert_eq!(fold(&folded), folded.clone());
            prop_assert!(!folded.contains(char::is_control));
        }

        #[test]
        fn every_letter_folds_like_its_capitals(letter in any::<char>()) {
            let letter = letter.to_string();
            let folded = fold(&letter);
            prop_assert_eq!(&fold(&letter.to_uppercase()), &folded);
            prop_assert_eq!(&fold(&letter.to_lowercase()), &folded);
            prop_assert_eq!(&fold(&folded), &folded);
        }
    }
}
