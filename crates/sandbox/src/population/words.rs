//! Names, biographies and captions, with the characters that make parsers stumble: emoji, quotes, line breaks, ampersands and angle brackets.

use super::draw::Draw;

const FIRST: [&str; 16] = [
    "Mira", "Jonas", "Aiko", "Thabo", "Zoë", "Rafael", "Nadia", "Émile", "Priya", "Lars", "Chiara", "Kwame", "Ines",
    "Tomasz", "Leïla", "Owen",
];
const LAST: [&str; 16] = [
    "Stone",
    "Okafor",
    "Tanaka",
    "Lindqvist",
    "Moreau",
    "D'Angelo",
    "Silva",
    "Novak",
    "Haddad",
    "Brandt",
    "Müller",
    "Kaya",
    "Reyes",
    "Whitfield",
    "Sørensen",
    "Adeyemi",
];
const TRADE: [&str; 8] = [
    "bakes bread & breaks records",
    "fells trees, plants more 🌲",
    "small kitchens, large plates 🍲",
    "runs slowly \"on purpose\"",
    "paints what the tide leaves",
    "tests bicycles < 10 kg",
    "knits in public places 🧶",
    "restores radios older than you",
];
const OPENING: [&str; 8] = [
    "Third attempt at this and it finally holds",
    "Nobody asked, so here it is 😅",
    "Before → after, in one afternoon",
    "What I wish I had known in spring",
    "Part two, because you were right & I was wrong",
    "\"It will rain\", they said",
    "The quiet part of the work",
    "Rating everything below 5 < price < 10",
];
const TAG: [&str; 8] = ["fyp", "handmade", "weekend", "diy", "küche", "outdoors", "slowliving", "howto"];

/// A display name.
pub(super) fn name(draw: &mut Draw) -> String {
    format!("{} {}", draw.pick(&FIRST), draw.pick(&LAST))
}

/// A biography, of one line or two; some have none.
pub(super) fn biography(draw: &mut Draw) -> Option<String> {
    let trade = draw.pick(&TRADE);
    match draw.below(5) {
        0 => None,
        1 | 2 => Some(trade.to_owned()),
        _ => Some(format!("{trade}\nwrites back on Sundays")),
    }
}

/// A caption with hashtags; some posts have none.
pub(super) fn caption(draw: &mut Draw) -> Option<String> {
    let (opening, first, second) = (draw.pick(&OPENING), draw.pick(&TAG), draw.pick(&TAG));
    match draw.below(8) {
        0 => None,
        1 => Some(opening.to_owned()),
        2 => Some(format!("{opening}\n\n#{first}")),
        _ => Some(format!("{opening} #{first} #{second}")),
    }
}
