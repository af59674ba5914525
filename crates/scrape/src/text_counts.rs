//! Counts in a description's text, such as `291M Followers, 269 Following, 1,667 Posts - See …` or `152K likes, 784 comments - …`, in the
//! languages that have been seen. Only a text that begins with counts is read, so that a caption cannot pass for them. Also the one number of a
//! button's or a header's label.

use domain::{Precision, Reading};
use serde_json::Value;

use crate::json::count;

/// The counts that a description names.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct TextCounts {
    pub followers: Reading,
    pub following: Reading,
    pub posts: Reading,
    pub likes: Reading,
    pub comments: Reading,
    pub views: Reading,
}

impl TextCounts {
    /// Reads a description. Numbers with a unit (K, M, mila, …) are rounded, those written out digit by digit are from text.
    pub(crate) fn of(text: &str) -> Self {
        let end = [" - ", " – ", " — "].iter().filter_map(|dash| text.find(dash)).min().unwrap_or(text.len());
        let head = text.get(..end).unwrap_or("");
        let mut counts = Self::default();
        for part in head.split(", ") {
            let Some((reading, label)) = labelled(part.trim()) else { break };
            let Some(place) = counts.place(&label) else { break };
            *place = reading;
        }
        counts
    }

    /// Whether there is any.
    pub(crate) fn any(&self) -> bool {
        *self != Self::default()
    }

    fn place(&mut self, label: &str) -> Option<&mut Reading> {
        const FOLLOWERS: &[&str] =
            &["follower", "subscriber", "seguidor", "abonné", "abonnent", "suscriptor", "inscrit", "iscritt", "volger"];
        const FOLLOWING: &[&str] = &["following", "seguido", "seguit", "seguind", "suivi", "gefolgt", "volgend"];
        const POSTS: &[&str] = &["post", "publica", "beitr", "bericht", "video", "vídeo", "vidéo"];
        const LIKES: &[&str] = &["like", "me gusta", "j’aime", "j'aime", "mi piace", "gefällt", "curtida", "gosto"];
        const COMMENTS: &[&str] = &["comment", "comentari", "comentári", "kommentar", "reactie"];
        const VIEWS: &[&str] = &["view", "visualiza", "visualizza", "vue", "aufruf"];
        let is = |starts: &[&str]| starts.iter().any(|start| label.starts_with(start));
        Some(match label {
            _ if is(FOLLOWERS) => &mut self.followers,
            _ if is(FOLLOWING) => &mut self.following,
            _ if is(POSTS) => &mut self.posts,
            _ if is(LIKES) => &mut self.likes,
            _ if is(COMMENTS) => &mut self.comments,
            _ if is(VIEWS) => &mut self.views,
            _ => return None,
        })
    }
}

/// `784 comments`, `6,6 M de suscriptores` or `Mi piace: 104 mila`: the number and its label in lower case.
fn labelled(part: &str) -> Option<(Reading, String)> {
    let (reading, label) = match part.split_once(':') {
        Some((label, number)) => {
            let (reading, rest) = number_at_start(number.trim())?;
            rest.trim().is_empty().then_some((reading, label))?
        }
        None => number_at_start(part)?,
    };
    let label = label.trim_start().to_lowercase();
    Some((reading, label.strip_prefix("de ").unwrap_or(&label).to_owned()))
}

/// The number of a label such as `15.1M subscribers`, `12 K` or `like this along with 215,407 other people`; nothing where there are several.
pub(crate) fn only_number(text: &str) -> Reading {
    let start = text.find(|c: char| c.is_ascii_digit()).unwrap_or(text.len());
    let number = text.get(start..).and_then(number_at_start);
    match number {
        Some((reading, rest)) if !rest.contains(|c: char| c.is_ascii_digit()) => reading,
        Some(_) | None => Reading::NOT_PROVIDED,
    }
}

/// The number at the start of a text, with its unit, and what follows.
fn number_at_start(text: &str) -> Option<(Reading, &str)> {
    let is_separator = |c: char| matches!(c, '.' | ',' | '\u{a0}' | '\u{202f}');
    let end = text.find(|c: char| !(c.is_ascii_digit() || is_separator(c))).unwrap_or(text.len());
    let (number, rest) = text.split_at(end);
    let number = number.trim_end_matches(is_separator);
    let groups: Vec<&str> = number.split(is_separator).collect();
    let (unit, rest) = unit_at_start(rest);
    let digits: String = groups.concat();
    let value = count(&Value::from(digits))?;
    let Some(unit) = unit else {
        let grouped = groups.iter().skip(1).all(|group| group.len() == 3);
        return grouped.then_some((Reading::of(Some(value), Precision::FromText), rest));
    };
    let decimals = match groups.as_slice() {
        [_] => 0,
        [_, decimals] => u32::try_from(decimals.len()).ok()?,
        _ => return None,
    };
    let value = count(&Value::from(value.checked_mul(unit)?.checked_div(10_i64.checked_pow(decimals)?)?))?;
    Some((Reading::of(Some(value), Precision::Rounded), rest))
}

/// A unit at the start of a text, which must end there or before a space; Chinese, Japanese and Korean put none there.
fn unit_at_start(text: &str) -> (Option<i64>, &str) {
    const UNITS: [(&str, i64); 21] = [
        ("mila", 1_000),
        ("mil", 1_000),
        ("tsd.", 1_000),
        ("tys.", 1_000),
        ("тыс.", 1_000),
        ("k", 1_000),
        ("lakh", 100_000),
        ("mio.", 1_000_000),
        ("mln", 1_000_000),
        ("mln.", 1_000_000),
        ("млн", 1_000_000),
        ("mi", 1_000_000),
        ("m", 1_000_000),
        ("crore", 10_000_000),
        ("mrd.", 1_000_000_000),
        ("mrd", 1_000_000_000),
        ("mld", 1_000_000_000),
        ("md", 1_000_000_000),
        ("bn", 1_000_000_000),
        ("bi", 1_000_000_000),
        ("b", 1_000_000_000),
    ];
    const SIGNS: [(char, i64); 7] = [
        ('千', 1_000),
        ('천', 1_000),
        ('万', 10_000),
        ('萬', 10_000),
        ('만', 10_000),
        ('億', 100_000_000),
        ('亿', 100_000_000),
    ];
    let trimmed = text.trim_start();
    if let Some((sign, unit)) = SIGNS.into_iter().find(|(sign, _)| trimmed.starts_with(*sign)) {
        return (Some(unit), trimmed.get(sign.len_utf8()..).unwrap_or(""));
    }
    let word = trimmed.split(char::is_whitespace).next().unwrap_or("");
    let lower = word.to_lowercase();
    match UNITS.into_iter().find(|(unit, _)| *unit == lower) {
        Some((_, unit)) => (Some(unit), trimmed.get(word.len()..).unwrap_or("")),
        None => (None, text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(reading: Reading) -> Option<(i64, Precision)> {
        reading.value().zip(reading.precision())
    }

    #[test]
    fn a_profiles_description_is_rounded_but_for_small_numbers() {
        let counts = TextCounts::of("291M Followers, 269 Following, 1,667 Posts - See Instagram photos, 5 likes");
        assert_eq!(value(counts.followers), Some((291_000_000, Precision::Rounded)));
        assert_eq!(value(counts.following), Some((269, Precision::FromText)));
        assert_eq!(value(counts.posts), Some((1_667, Precision::FromText)));
        assert_eq!(counts.likes, Reading::NOT_PROVIDED);
    }

    #[test]
    fn a_posts_description_is_read_in_several_languages() {
        for text in [
            "104K likes, 562 comments - x",
            "Mi piace: 104 mila, commenti: 562 - x",
            "104 mil Me gusta, 562 comentarios - x",
        ] {
            let counts = TextCounts::of(text);
            assert_eq!(value(counts.likes), Some((104_000, Precision::Rounded)), "{text}");
            assert_eq!(value(counts.comments), Some((562, Precision::FromText)), "{text}");
        }
        assert_eq!(
            value(TextCounts::of("6,6\u{a0}M de suscriptores").followers),
            Some((6_600_000, Precision::Rounded))
        );
        assert_eq!(value(TextCounts::of("215.407 likes").likes), Some((215_407, Precision::FromText)));
        assert_eq!(value(TextCounts::of("1\u{202f}234 abonnés, 5 publications").posts), Some((5, Precision::FromText)));
    }

    #[test]
    fn the_number_of_a_label_is_read_in_many_languages() {
        for (text, number) in [
            ("15.1M subscribers", 15_100_000),
            ("4,69 M de suscriptores", 4_690_000),
            ("4,69\u{a0}M de suscriptores", 4_690_000),
            ("12 K", 12_000),
            ("6,8 K vídeos", 6_800),
            ("15,1 mil inscritos", 15_100),
            ("1.2M", 1_200_000),
            ("チャンネル登録者数 469万人", 4_690_000),
            ("1.2亿位订阅者", 120_000_000),
            ("구독자 3.4천명", 3_400),
            ("1,5 тыс. подписчиков", 1_500),
        ] {
            assert_eq!(value(only_number(text)), Some((number, Precision::Rounded)), "{text}");
        }
        for (text, number) in [
            ("7620 suscriptores", 7_620),
            ("Me gusta: 115.413", 115_413),
            ("like this video along with 215,407 other people", 215_407),
            ("haz clic en Me gusta en este vídeo junto con otras 2 personas", 2),
            ("628", 628),
        ] {
            assert_eq!(value(only_number(text)), Some((number, Precision::FromText)), "{text}");
        }
        for text in ["", "Me gusta", "No subscribers", "2 of 3", "1.23 likes", "99999999999999999999 likes"] {
            assert_eq!(only_number(text), Reading::NOT_PROVIDED, "{text}");
        }
    }

    #[test]
    fn a_caption_is_not_mistaken_for_counts() {
        for text in [
            "Ann shared a post: \"5 likes, 3 comments\"",
            "12 monkeys, 5 likes",
            "",
            "5",
            ", likes",
            "1,23 likes",
            "9999999999999999999 likes",
        ] {
            assert!(!TextCounts::of(text).any(), "{text}");
        }
    }
}
