//! What holds of any reading of any bytes. The property tests and the fuzz targets share these rules; none of them knows a reader.

use std::collections::HashSet;

use domain::{Observation, Outcome, Platform, PostFacts, Precision, Reading};
use scrape::{Page, PageKind, adapter_names, parse};

/// No count of anything on a platform is greater.
const GREATEST_COUNT: i64 = 1_000_000_000_000_000;
/// Posts of a list whose counts are looked up in the page.
const POSTS_LOOKED_UP: usize = 50;

/// The rule that is broken when a page is read for nobody in particular, for the one that it is about, or for a stranger.
pub fn broken_by_anybody(page: &Page<'_>) -> Option<String> {
    let free = parse(page);
    let own = identity(page, &free);
    broken(page, &free)
        .or_else(|| {
            let asked = Page { expect: own.as_deref(), ..*page };
            own.as_ref().and_then(|_| broken(&asked, &parse(&asked)))
        })
        .or_else(|| broken_by_a_stranger(page, &free))
}

/// The rule that `seen`, a reading of `page`, breaks.
pub fn broken(page: &Page<'_>, seen: &Observation) -> Option<String> {
    let rule = broken_form(page, seen).or_else(|| broken_identity(page, seen)).map(str::to_owned);
    let rule = rule.or_else(|| broken_count(page, seen))?;
    Some(format!("{rule}; {:?} of {}, expect {:?}: {seen:#?}", page.kind, page.platform, page.expect))
}

/// Asked for somebody who stands nowhere in it, a page yields nothing, unless it is a list that does not say whose it is.
fn broken_by_a_stranger(page: &Page<'_>, free: &Observation) -> Option<String> {
    let stranger = stranger(page);
    let is_there = page.body.windows(stranger.len()).any(|window| window.eq_ignore_ascii_case(stranger.as_bytes()));
    let names_its_owner = free.profile.as_ref().is_some_and(|profile| !profile.username.is_empty());
    if is_there || (page.kind == PageKind::Feed && !names_its_owner) {
        return None;
    }
    let asked = Page { expect: Some(stranger), ..*page };
    let seen = parse(&asked);
    let yields =
        matches!(seen.outcome, Outcome::Ok | Outcome::Empty) || seen.profile.is_some() || !seen.posts.is_empty();
    yields.then(|| format!("a page about somebody else is taken for {stranger}'s: {seen:#?}"))
}

/// A well-formed name of the asked kind that nobody has.
pub fn stranger(page: &Page<'_>) -> &'static str {
    match (page.kind, page.platform) {
        (PageKind::Profile | PageKind::Feed, _) => "nobody.at.all",
        (PageKind::Post | PageKind::Oembed, Platform::Youtube) => "qZq-_0ZqQzZ",
        (PageKind::Post | PageKind::Oembed, Platform::Instagram | Platform::Tiktok | Platform::Pinterest) => {
            "1234567890123456789"
        }
    }
}

/// Whom the page is about, as its reading says.
pub fn identity(page: &Page<'_>, seen: &Observation) -> Option<String> {
    match page.kind {
        PageKind::Profile | PageKind::Feed => seen.profile.as_ref().map(|profile| profile.username.clone()),
        PageKind::Post | PageKind::Oembed => seen.posts.first().map(|post| post.external_id.clone()),
    }
}

fn broken_form(page: &Page<'_>, seen: &Observation) -> Option<&'static str> {
    let is_good = matches!(seen.outcome, Outcome::Ok | Outcome::Empty);
    let mut posts = seen.posts.iter();
    let profile = seen.profile.as_ref();
    let rules = [
        (seen.outcome == Outcome::Ok && profile.is_none() && seen.posts.is_empty(), "an ok without facts"),
        (seen.outcome == Outcome::Empty && !seen.posts.is_empty(), "an empty list with posts"),
        (seen.outcome == Outcome::Empty && page.kind != PageKind::Feed, "an empty thing that is no list"),
        (
            !is_good && seen.outcome != Outcome::Private && !seen.posts.is_empty(),
            "posts of a page that was not understood",
        ),
        (is_good && page.kind == PageKind::Profile && profile.is_none(), "an account's page without an account"),
        (
            is_good && matches!(page.kind, PageKind::Post | PageKind::Oembed) && seen.posts.len() != 1,
            "a post's page without one post",
        ),
        (seen.outcome != Outcome::Ok && seen.detail.is_none(), "an outcome without a reason"),
        (
            seen.detail.as_ref().is_some_and(|why| why.len() > 300 || why.chars().any(char::is_control)),
            "a reason that is too long or not printable",
        ),
        (seen.adapter.is_none_or(|name| !adapter_names().contains(&name)), "a reader that is not listed"),
        (profile.is_some_and(|profile| profile.username.trim().is_empty()), "an account without a name"),
        (posts.any(|post| post.external_id.is_empty() || post.external_id.len() > 24), "a post without an id"),
        (
            seen.posts.iter().filter_map(|post| post.duration).any(|length| !length.is_finite() || length < 0.0),
            "a length that is none",
        ),
        (
            profile
                .map(|profile| profile.platform)
                .into_iter()
                .chain(seen.posts.iter().map(|post| post.platform))
                .any(|platform| platform != page.platform),
            "facts of another platform",
        ),
    ];
    rules.into_iter().find(|(is_broken, _)| *is_broken).map(|(_, rule)| rule)
}

/// What was asked for is what was found, and stands in the page.
fn broken_identity(page: &Page<'_>, seen: &Observation) -> Option<&'static str> {
    let expected = page.expect?;
    if !matches!(seen.outcome, Outcome::Ok | Outcome::Empty) || page.redirected_to.is_some() {
        return None;
    }
    let is_it = |name: Option<&str>| name.is_some_and(|name| name.eq_ignore_ascii_case(expected));
    // A shortcode is an id in other letters.
    let id = domain::shortcode::to_media_id(expected).filter(|_| page.platform == Platform::Instagram);
    let id = id.map(|id| id.to_string());
    let is_post = |post: &PostFacts| {
        is_it(Some(&post.external_id)) || is_it(post.shortcode.as_deref()) || id.as_ref() == Some(&post.external_id)
    };
    let is_account = seen
        .profile
        .as_ref()
        .is_some_and(|profile| is_it(Some(&profile.username)) || is_it(profile.platform_id.as_deref()));
    let found = match page.kind {
        PageKind::Profile => is_account,
        PageKind::Feed => is_account || seen.profile.is_none(),
        PageKind::Post | PageKind::Oembed => seen.posts.first().is_some_and(is_post),
    };
    (!found).then_some("what was found is not what was asked for")
}

/// Every count is possible, and one that is said to be exact stands in the page digit by digit.
fn broken_count(page: &Page<'_>, seen: &Observation) -> Option<String> {
    let readings = readings(seen);
    let known = || readings.iter().filter_map(|(name, reading)| Some((name, reading.value()?, reading.precision()?)));
    if let Some((name, value, _)) = known().find(|(_, value, _)| !(0..=GREATEST_COUNT).contains(value)) {
        return Some(format!("{name} is {value}, which no count can be"));
    }
    let exact: Vec<_> = known().filter(|(.., precision)| *precision != Precision::Rounded).collect();
    if exact.is_empty() {
        return None;
    }
    let numbers = numbers(&String::from_utf8_lossy(page.body))?;
    // Pinterest's likes are the sum over the kinds of reaction.
    let is_sum = |name: &str| name == "likes" && page.platform == Platform::Pinterest;
    let invented = exact.into_iter().find(|(name, value, _)| !numbers.contains(value) && !is_sum(name))?;
    Some(format!("{} is said to be {}, which does not stand in the page", invented.0, invented.1))
}

/// Every count of the account and of the first posts, with its name.
pub fn readings(seen: &Observation) -> Vec<(&'static str, Reading)> {
    let account = seen.profile.iter().flat_map(|profile| {
        let of = profile.metrics;
        [("followers", of.followers), ("following", of.following), ("posts", of.posts), ("likes", of.likes)]
    });
    let posts = seen.posts.iter().take(POSTS_LOOKED_UP).flat_map(|post| {
        let of = post.metrics;
        [
            ("views", of.views),
            ("likes", of.likes),
            ("comments", of.comments),
            ("shares", of.shares),
            ("plays", of.plays),
            ("saves", of.saves),
        ]
    });
    account.chain(posts).collect()
}

/// The whole numbers that stand in a text: runs of digits, alone and with the separators of thousands left out, and floats that are whole.
/// `None` where digits are written as escapes, which this simple a look does not see through.
fn numbers(text: &str) -> Option<HashSet<i64>> {
    let is_digit = |c: char| c.is_ascii_digit();
    let hides_digits = |start: &str, radix: u32| {
        text.split(start).skip(1).any(|after| {
            let end = after.find(|c: char| !c.is_digit(radix)).unwrap_or(after.len());
            let code = after.get(..end.min(8)).and_then(|code| u32::from_str_radix(code, radix).ok());
            code.is_some_and(|code| (0x30..=0x39).contains(&code))
        })
    };
    if text.contains("\\u003") && text.split("\\u003").skip(1).any(|after| after.starts_with(is_digit)) {
        return None;
    }
    if hides_digits("&#x", 16) || hides_digits("&#X", 16) || hides_digits("&#", 10) {
        return None;
    }
    let mut found = HashSet::new();
    // A number with its thousands apart, as far as it was read.
    let (mut joined, mut rest) = (String::new(), text);
    while let Some(start) = rest.find(is_digit) {
        let digits = rest.get(start..)?;
        let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
        let (group, after) = digits.split_at(end);
        let mut between = rest.get(..start)?.chars();
        let goes_on =
            matches!((between.next(), between.next()), (Some('.' | ',' | '\u{a0}' | '\u{202f}' | '\''), None));
        if !goes_on {
            joined.clear();
        }
        joined.push_str(group);
        found.extend(group.parse::<i64>());
        found.extend(joined.parse::<i64>());
        found.extend(whole_float(digits));
        rest = after;
    }
    Some(found)
}

/// The value of a float such as `1.5e3` at the start of a text, where it is whole.
fn whole_float(rest: &str) -> Option<i64> {
    let end =
        rest.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '+' | '-'))).unwrap_or(rest.len());
    let value = rest.get(..end)?.parse::<f64>().ok().filter(|value| value.fract() == 0.0 && value.abs() < 1e16)?;
    format!("{value:.0}").parse().ok()
}
