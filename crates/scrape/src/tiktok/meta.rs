//! What a profile page's `<meta>` tags say when its data block is missing: rounded counts in a description. The last resort, and only where
//! the tags name the account that was asked for.

use domain::{Handle, Observation, Platform, ProfileFacts, ProfileMetrics, Reading};

use super::META_TEXT;
use crate::conclude::{self, is_account};
use crate::markup::Metas;
use crate::page::{Page, PageKind};
use crate::text_counts::TextCounts;

/// Reads a profile page by its tags; `None` when they hold no counts or name nobody, or somebody else.
pub(crate) fn read(page: &Page<'_>, html: &str) -> Option<Observation> {
    if page.kind != PageKind::Profile || page.http_status.is_some_and(|status| status != 200) {
        return None;
    }
    let metas = Metas::of(html);
    let title = metas.get("og:title").unwrap_or("");
    let username = metas.get("og:url").and_then(handle_of_url).or_else(|| handle_in_parentheses(title))?;
    if page.expect.is_some_and(|expected| !is_account(expected, Some(&username), None)) {
        return None;
    }
    let counts = metas.all("og:description").chain(metas.all("description")).map(counts).find(TextCounts::any)?;
    counts.followers.value()?;
    let name = title.split(" (@").next().map(str::trim).filter(|name| !name.is_empty() && title.contains(" (@"));
    let facts = ProfileFacts {
        platform: Platform::Tiktok,
        platform_id: None,
        username,
        name: name.map(str::to_owned),
        description: None,
        profile_pic_url: metas.get("og:image").filter(|address| !address.is_empty()).map(str::to_owned),
        is_verified: None,
        is_private: None,
        link_in_bio: None,
        metrics: ProfileMetrics {
            followers: counts.followers,
            following: counts.following,
            posts: Reading::NOT_PROVIDED,
            likes: counts.likes,
        },
        platform_data: serde_json::Map::new(),
    };
    Some(conclude::profile(page, META_TEXT, facts, Vec::new(), None))
}

/// The counts in `Name (@handle) on TikTok | 3.9M Likes. 783.4K Followers. Biography…` or `@handle 783.4K Followers, 81 Following, …`.
fn counts(description: &str) -> TextCounts {
    if let Some((_, after)) = description.split_once(") on TikTok | ") {
        // Likes and followers; what follows was written by the account's owner.
        let parts: Vec<&str> = after.splitn(3, ". ").take(2).map(|part| part.trim_end_matches('.')).collect();
        return TextCounts::of(&parts.join(", "));
    }
    let rest = description.strip_prefix('@').and_then(|rest| rest.split_once(' ')).map(|(_, rest)| rest);
    TextCounts::of(rest.unwrap_or(description))
}

fn handle_of_url(address: &str) -> Option<String> {
    Handle::parse(Platform::Tiktok, address).ok().map(|handle| handle.as_str().to_owned())
}

fn handle_in_parentheses(title: &str) -> Option<String> {
    let (handle, _) = title.rsplit_once("(@")?.1.split_once(')')?;
    Handle::parse(Platform::Tiktok, handle).ok().map(|handle| handle.as_str().to_owned())
}
