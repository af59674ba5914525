//! From facts to an observation: whether they are about what was asked for, whether they are withheld, and whether an empty list is truly
//! empty. Both platforms end here, so that these rules exist once.

use domain::{Observation, Outcome, Platform, PostFacts, ProfileFacts, shortcode};

use crate::page::Page;

/// A list of posts, as a page gave it.
pub(crate) struct Listing {
    /// Whose list it is, where the page says.
    pub profile: Option<ProfileFacts>,
    /// The posts, those of other people left out.
    pub posts: Vec<PostFacts>,
    /// What it means if there are none.
    pub when_empty: WhenEmpty,
}

/// What an empty list means.
pub(crate) enum WhenEmpty {
    /// The page says in so many words that there is nothing.
    Certain,
    /// It may be a refusal, for this reason.
    Doubtful(&'static str),
}

/// The observation of a profile's page. `withheld` says what is kept from us, where something is.
pub(crate) fn profile(
    page: &Page<'_>,
    adapter: &'static str,
    facts: ProfileFacts,
    posts: Vec<PostFacts>,
    withheld: Option<String>,
) -> Observation {
    if let Some(mismatch) = profile_mismatch(page, &facts) {
        return failed(adapter, Outcome::ParseError, mismatch);
    }
    let withheld =
        withheld.or_else(|| (facts.is_private == Some(true)).then(|| "withheld: private account".to_owned()));
    concluded(adapter, withheld, Some(facts), posts)
}

/// The observation of a post's page.
pub(crate) fn post(page: &Page<'_>, adapter: &'static str, facts: PostFacts, withheld: Option<String>) -> Observation {
    if let Some(contradiction) = contradiction(&facts) {
        return failed(adapter, Outcome::ParseError, contradiction);
    }
    if let Some(expected) = page.expect
        && !is_post(&facts, expected)
    {
        let detail = format!("asked for post {}, the page is about {}", short(expected), short(&facts.external_id));
        return failed(adapter, Outcome::ParseError, detail);
    }
    concluded(adapter, withheld, None, vec![facts])
}

/// The observation of a list of posts.
pub(crate) fn feed(page: &Page<'_>, adapter: &'static str, listing: Listing) -> Observation {
    let Listing { profile, posts, when_empty } = listing;
    let mismatch = match &profile {
        Some(facts) => profile_mismatch(page, facts),
        None => authors_mismatch(page, &posts),
    };
    if let Some(mismatch) = mismatch {
        return failed(adapter, Outcome::ParseError, mismatch);
    }
    if posts.is_empty() {
        let is_private = profile.as_ref().is_some_and(|facts| facts.is_private == Some(true));
        let (outcome, detail) = match when_empty {
            _ if is_private => (Outcome::Private, "withheld: private account"),
            WhenEmpty::Certain => (Outcome::Empty, "the account lists no posts"),
            WhenEmpty::Doubtful(reason) => (Outcome::Blocked, reason),
        };
        return Observation { profile, ..failed(adapter, outcome, detail) };
    }
    concluded(adapter, None, profile, posts)
}

/// An observation without facts, by a reader that understood the page.
pub(crate) fn failed(adapter: &'static str, outcome: Outcome, detail: impl Into<String>) -> Observation {
    Observation { adapter: Some(adapter), ..Observation::failed(outcome, detail) }
}

fn concluded(
    adapter: &'static str,
    withheld: Option<String>,
    profile: Option<ProfileFacts>,
    posts: Vec<PostFacts>,
) -> Observation {
    let outcome = if withheld.is_some() { Outcome::Private } else { Outcome::Ok };
    Observation { outcome, detail: withheld, profile, posts, ..Observation::ok(adapter) }
}

/// Whether two handles are the same, with or without `@`.
pub(crate) fn same_handle(a: &str, b: &str) -> bool {
    a.trim_start_matches('@').eq_ignore_ascii_case(b.trim_start_matches('@'))
}

/// Whether `expected`, a handle or an id, names this account.
pub(crate) fn is_account(expected: &str, handle: Option<&str>, id: Option<&str>) -> bool {
    handle.is_some_and(|handle| same_handle(handle, expected)) || id.is_some_and(|id| id == expected)
}

/// Whether `expected`, an id or a shortcode, names this post.
pub(crate) fn is_post(facts: &PostFacts, expected: &str) -> bool {
    let expected = expected.split('_').next().filter(|id| id.len() > 11 && is_number(id)).unwrap_or(expected);
    facts.external_id == expected
        || facts.shortcode.as_deref() == Some(expected)
        || (facts.platform == Platform::Instagram
            && shortcode::to_media_id(expected).is_some_and(|id| id.to_string() == facts.external_id))
}

/// An id and a shortcode that are not of the same post: what stands beside them may be either's.
fn contradiction(facts: &PostFacts) -> Option<String> {
    let code = facts.shortcode.as_deref().filter(|_| facts.platform == Platform::Instagram)?;
    let named = shortcode::to_media_id(code)?.to_string();
    (named != facts.external_id).then(|| {
        format!("the page contradicts itself: post {} under the code {}", short(&facts.external_id), short(code))
    })
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

fn profile_mismatch(page: &Page<'_>, facts: &ProfileFacts) -> Option<String> {
    let expected = page.expect?;
    if is_account(expected, Some(&facts.username), facts.platform_id.as_deref()) {
        return None;
    }
    // The platform's own redirect to the page's own handle: the account was renamed.
    if page.redirect_segments().any(|segment| same_handle(segment, &facts.username)) {
        return None;
    }
    Some(format!("asked for account {}, the page is about {}", short(expected), short(&facts.username)))
}

/// A list that does not say whose it is may still say who made its posts.
fn authors_mismatch(page: &Page<'_>, posts: &[PostFacts]) -> Option<String> {
    let expected = page.expect?;
    let named = posts.iter().filter(|post| post.author.username.is_some()).collect::<Vec<_>>();
    let is_theirs =
        |post: &&PostFacts| is_account(expected, post.author.username.as_deref(), post.author.platform_id.as_deref());
    (!named.is_empty() && !named.iter().any(is_theirs))
        .then(|| format!("asked for account {}, the list is somebody else's", short(expected)))
}

/// At most forty characters of what stands in a page or an address, fit for a log line.
fn short(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(40).collect()
}
