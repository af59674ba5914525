//! How many of the sandbox's pages one thread reads in a second. The pages are fetched once; their reading alone is timed.

use std::hint::black_box;
use std::time::{Duration, Instant};

use domain::{Outcome, Platform};
use scrape::{Page, PageKind, parse};
use tests::Sandbox;

use crate::report::PageRate;

/// Whose pages are read.
const HANDLE: &str = "read.by.one";

/// Pages between two looks at the clock.
const BATCH: u32 = 10;

/// A page of the sandbox is not understood.
#[derive(Debug, thiserror::Error)]
#[error("the sandbox's {platform} {kind:?} page is read as {outcome}: {detail}")]
pub struct Unread {
    platform: Platform,
    kind: PageKind,
    outcome: &'static str,
    detail: String,
}

/// Reads each kind of page for `duration`.
pub async fn measure(sandbox: &mut Sandbox, duration: Duration) -> Result<Vec<PageRate>, Unread> {
    eprintln!("reading pages on one thread");
    let mut rates = Vec::new();
    for platform in [Platform::Instagram, Platform::Tiktok] {
        let base_url = match platform {
            Platform::Instagram => sandbox.instagram_url(),
            Platform::Tiktok | Platform::Youtube | Platform::Pinterest => sandbox.tiktok_url(),
        };
        let (profile, feed) = match platform {
            Platform::Instagram => (format!("{base_url}/{HANDLE}/"), format!("{base_url}/{HANDLE}/reels/")),
            Platform::Tiktok | Platform::Youtube | Platform::Pinterest => {
                (format!("{base_url}/@{HANDLE}"), format!("{base_url}/embed/@{HANDLE}"))
            }
        };
        let listed = read(platform, PageKind::Feed, HANDLE, &sandbox.page(&feed).await)?;
        rates.push(time(platform, PageKind::Profile, HANDLE, &sandbox.page(&profile).await, duration)?);
        rates.push(time(platform, PageKind::Feed, HANDLE, &sandbox.page(&feed).await, duration)?);
        let Some(post) = listed.posts.into_iter().next() else { continue };
        let shortcode = post.shortcode.unwrap_or_default();
        let url = match platform {
            Platform::Instagram => format!("{base_url}/p/{shortcode}/"),
            Platform::Tiktok | Platform::Youtube | Platform::Pinterest => {
                format!("{base_url}/@{HANDLE}/video/{}", post.external_id)
            }
        };
        rates.push(time(platform, PageKind::Post, &post.external_id, &sandbox.page(&url).await, duration)?);
    }
    Ok(rates)
}

fn time(platform: Platform, kind: PageKind, expect: &str, body: &str, duration: Duration) -> Result<PageRate, Unread> {
    read(platform, kind, expect, body)?;
    let (began, mut pages) = (Instant::now(), 0);
    let took = loop {
        for _ in 0..BATCH {
            black_box(parse(&page(platform, kind, expect, black_box(body))));
        }
        pages += BATCH;
        let took = began.elapsed();
        if took >= duration {
            break took;
        }
    };
    let pages_per_second = f64::from(pages) / took.as_secs_f64();
    Ok(PageRate { platform, kind: name(kind), bytes: u32::try_from(body.len()).unwrap_or(u32::MAX), pages_per_second })
}

/// Reads a page once; anything but facts is an error, since its rate would be none.
fn read(platform: Platform, kind: PageKind, expect: &str, body: &str) -> Result<domain::Observation, Unread> {
    let seen = parse(&page(platform, kind, expect, body));
    if seen.outcome == Outcome::Ok && (seen.profile.is_some() || !seen.posts.is_empty()) {
        return Ok(seen);
    }
    Err(Unread { platform, kind, outcome: seen.outcome.as_str(), detail: seen.detail.unwrap_or_default() })
}

const fn page<'a>(platform: Platform, kind: PageKind, expect: &'a str, body: &'a str) -> Page<'a> {
    Page { platform, kind, expect: Some(expect), http_status: Some(200), redirected_to: None, body: body.as_bytes() }
}

const fn name(kind: PageKind) -> &'static str {
    match kind {
        PageKind::Profile => "profile",
        PageKind::Feed => "feed",
        PageKind::Post => "post",
        PageKind::Oembed => "oembed",
    }
}
