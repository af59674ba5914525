//! What every target of pages does: read the bytes as a page, and hold what comes of it to the rules that hold for any bytes.

use domain::Platform;
use scrape::{Page, PageKind};

#[path = "../crates/scrape/tests/invariants/mod.rs"]
mod invariants;

const KINDS: [PageKind; 4] = [PageKind::Profile, PageKind::Feed, PageKind::Post, PageKind::Oembed];

/// Reads `data`: of the first byte the low bits choose what is asked for and how it came, the rest is the body. Whom the page is asked for
/// it says itself, so that the seeds are pages that are understood.
pub fn read(platform: Platform, data: &[u8]) {
    let Some((choice, body)) = data.split_first() else { return };
    let kind = KINDS[usize::from(choice & 3)];
    let http_status = match (choice >> 2) & 3 {
        0 => None,
        1 => Some(200),
        2 => Some(404),
        _ => Some(429),
    };
    let page = Page { platform, kind, expect: None, http_status, redirected_to: None, body };
    if let Some(broken) = invariants::broken_by_anybody(&page) {
        panic!("{broken}");
    }
}
