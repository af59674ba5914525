//! What somebody looks for.

use domain::fold;

use super::texts::APART;

/// What is looked for, folded.
#[derive(Clone, Debug)]
pub struct Wanted {
    text: String,
}

/// Where it stands in a text; and, of these, as much as an index can tell: that and whatever is narrower.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// Wherever it stands.
    Anywhere,
    /// Names that begin with it.
    Begins,
    /// Names that are it.
    Whole,
    /// Nothing.
    Nowhere,
}

/// Letters in a row that indexes are made of.
const INDEXED_LETTERS: usize = 3;

impl Wanted {
    /// `None` when there is nothing to look for.
    pub fn of(q: &str) -> Option<Self> {
        let text = fold(q);
        (!text.is_empty()).then_some(Self { text })
    }

    /// For `LIKE … ESCAPE '\'`, in any text: somewhere.
    pub fn anywhere(&self) -> String {
        like(&self.text)
    }

    /// Likewise, in names each of which is between two [`APART`]s: at the beginning of one.
    pub fn begins(&self) -> String {
        like(&format!("{APART}{}", self.text))
    }

    /// Likewise: one from end to end.
    pub fn whole(&self) -> String {
        like(&format!("{APART}{}{APART}", self.text))
    }

    /// What an index of letters in threes can tell. PostgreSQL's has letters and digits alone, and the ends of words.
    pub fn reach(&self) -> Reach {
        let is_word = |letter: char| letter.is_alphanumeric();
        let in_a_row = self.text.split(|letter| !is_word(letter)).map(|word| word.chars().count()).max();
        match (in_a_row.unwrap_or(0), self.text.chars().count()) {
            (INDEXED_LETTERS.., _) => Reach::Anywhere,
            (0, _) => Reach::Nowhere,
            (_, 1) => Reach::Whole,
            (_, _) => Reach::Begins,
        }
    }

    /// The phrase that SQLite's index is asked for.
    pub fn phrase(&self, reach: Reach) -> String {
        let text = match reach {
            Reach::Anywhere | Reach::Nowhere => self.text.clone(),
            Reach::Begins => format!("{APART}{}", self.text),
            Reach::Whole => format!("{APART}{}{APART}", self.text),
        };
        format!("\"{}\"", text.replace('"', "\"\""))
    }
}

/// A pattern that finds `text` anywhere.
fn like(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for letter in text.chars() {
        if matches!(letter, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_of_patterns_are_letters_like_others() {
        let wanted = Wanted::of("100%_Ä\\").unwrap();
        assert_eq!(wanted.anywhere(), "%100\\%\\_a\\\\%");
        assert_eq!(wanted.begins(), "%\u{1f}100\\%\\_a\\\\%");
        assert_eq!(wanted.phrase(Reach::Anywhere), "\"100%_a\\\"");
        assert_eq!(Wanted::of("a\"b").unwrap().phrase(Reach::Whole), "\"\u{1f}a\"\"b\u{1f}\"");
    }

    #[test]
    fn an_index_reaches_as_far_as_the_letters_go() {
        for (q, reach) in [
            ("abc", Reach::Anywhere),
            ("é, für", Reach::Anywhere),
            ("日本語", Reach::Anywhere),
            ("ab", Reach::Begins),
            ("a.b.c", Reach::Begins),
            ("a", Reach::Whole),
            ("🔥🔥🔥", Reach::Nowhere),
            ("%", Reach::Nowhere),
        ] {
            assert_eq!(Wanted::of(q).unwrap().reach(), reach, "{q}");
        }
        assert!(Wanted::of(" \u{301}").is_none());
    }
}
