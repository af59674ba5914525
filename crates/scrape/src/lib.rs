//! How pages become facts.
//!
//! Two halves that know nothing of each other's trade: [`parse`] is pure (bytes in, an observation out, never a panic), and [`Scraper`] asks a
//! platform for a page and hands the bytes over. Each platform has one module, inside it one reader for each shape that its pages have had.
//! When to ask, how often, and what to do with the facts is left to whoever calls.

mod conclude;
mod dates;
mod fetch;
mod html;
mod instagram;
mod json;
mod markup;
mod page;
mod pinterest;
mod syndication;
mod text_counts;
mod tiktok;
mod tree;
mod youtube;

pub use fetch::{
    Egress, ExpandError, InstagramGraph, OfficialApis, PlatformSite, ScrapeConfig, ScrapeSetupError, Scraped, Scraper,
    Target, UnreadPage, YoutubeData,
};
pub use page::{Page, PageKind, parse};

/// The names of all readers, as they stand in [`domain::Observation::adapter`].
pub fn adapter_names() -> &'static [&'static str] {
    &[
        tiktok::UNIVERSAL_DATA,
        tiktok::SIGI_STATE,
        tiktok::NEXT_DATA,
        tiktok::API,
        tiktok::ITEM_LIST,
        tiktok::EMBED,
        tiktok::META_TEXT,
        tiktok::OEMBED,
        tiktok::SIGNALS,
        instagram::POLARIS_PROFILE,
        instagram::POLARIS_TIMELINE,
        instagram::POLARIS_POST,
        instagram::REELS_TAB,
        instagram::WEB_INFO,
        instagram::SHARED_DATA,
        instagram::SHARED_DATA_STORY,
        instagram::ADDITIONAL_DATA,
        instagram::GRAPHQL,
        instagram::MOBILE_API,
        instagram::EMBED,
        instagram::META_TEXT,
        instagram::OEMBED,
        instagram::SIGNALS,
        instagram::GRAPH_API,
        youtube::PLAYER_RESPONSE,
        youtube::C4_HEADER,
        youtube::PAGE_HEADER,
        youtube::RSS,
        youtube::OEMBED,
        youtube::DATA_API,
        youtube::SIGNALS,
        pinterest::INITIAL_STATE,
        pinterest::REDUX_STATE,
        pinterest::RELAY,
        pinterest::RESOURCE,
        pinterest::RSS,
        pinterest::OEMBED,
        pinterest::SIGNALS,
    ]
}
