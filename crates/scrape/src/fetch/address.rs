//! Where each source of each target is: the one place that knows the platforms' addresses. What may be done with an address is left to
//! `redirects` and `fetch`.

use domain::handle::is_channel_id;
use domain::{Handle, Platform, PostRef, Source, shortcode};
use url::Url;

use super::config::{InstagramGraph, ScrapeConfig, YoutubeData};
use super::secret::Secret;
use super::target::Target;
use crate::page::PageKind;

/// A question to a platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Question {
    /// The address, without secrets.
    pub url: Url,
    /// What is expected to come back.
    pub kind: PageKind,
    /// Whom or what the answer has to be about.
    pub expect: String,
    /// What the address still lacks; only official interfaces want one.
    pub secret: Option<Secret>,
}

/// Why a source cannot be asked for a target.
const NO_CHANNEL_ID: &str = "no channel id yet: this source knows channels by it alone";
const NO_SUCH_SOURCE: &str = "there is no such source for this kind of target";
const ODD_HANDLE: &str = "the handle has characters that this source cannot be asked with";

/// What Instagram's Graph API is asked about an account, and about each of its newest posts.
const GRAPH_PROFILE: &str =
    "id,ig_id,username,name,biography,website,profile_picture_url,followers_count,follows_count,media_count";
const GRAPH_MEDIA: &str =
    "id,caption,timestamp,permalink,media_type,media_product_type,media_url,like_count,comments_count,view_count";

/// The base address of a platform.
pub(super) const fn base(config: &ScrapeConfig, platform: Platform) -> &Url {
    match platform {
        Platform::Instagram => &config.instagram.base_url,
        Platform::Tiktok => &config.tiktok.base_url,
        Platform::Youtube => &config.youtube.base_url,
        Platform::Pinterest => &config.pinterest.base_url,
    }
}

/// The question that a source is asked about a target, or why it cannot be.
pub(super) fn of(config: &ScrapeConfig, target: &Target, source: Source) -> Result<Question, &'static str> {
    let platform = target.platform();
    if source.name.split('.').next() != Some(platform.as_str()) {
        return Err(NO_SUCH_SOURCE);
    }
    let (kind, expect) = match target {
        Target::Profile { username, platform_id, .. } => {
            (PageKind::Profile, account(platform, username, platform_id.as_deref()))
        }
        Target::Feed { username, platform_id, .. } => {
            (PageKind::Feed, account(platform, username, platform_id.as_deref()))
        }
        Target::Post { external_id, .. } => (PageKind::Post, external_id.as_str()),
    };
    let kind = if source.name.ends_with(".oembed") { PageKind::Oembed } else { kind };
    let (url, secret) = match source.name {
        "instagram.graph_api" => graph(config.official.instagram.as_ref().ok_or(NO_SUCH_SOURCE)?, target)?,
        "youtube.data_api" => data_api(config.official.youtube.as_ref().ok_or(NO_SUCH_SOURCE)?, target)?,
        page => (of_page(base(config, platform), target, page)?, None),
    };
    Ok(Question { url, kind, expect: expect.to_owned(), secret })
}

/// By what an answer is told to be about the account: a YouTube channel is asked for by its id once it is known, and may change its handle.
fn account<'a>(platform: Platform, username: &'a str, platform_id: Option<&'a str>) -> &'a str {
    match (platform, platform_id) {
        (Platform::Youtube, Some(id)) => id,
        (Platform::Instagram | Platform::Tiktok | Platform::Youtube | Platform::Pinterest, _) => username,
    }
}

fn of_page(base: &Url, target: &Target, source: &str) -> Result<Url, &'static str> {
    // Where an address ends in a slash, every page without it costs a redirect.
    Ok(match (source, target) {
        ("instagram.profile_page" | "pinterest.profile_page", Target::Profile { username, .. }) => {
            below(base, &[username, ""])
        }
        ("instagram.profile_embed", Target::Profile { username, .. }) => below(base, &[username, "embed", ""]),
        ("instagram.reels_tab", Target::Feed { username, .. }) => below(base, &[username, "reels", ""]),
        ("instagram.post_page", Target::Post { external_id, .. }) => below(base, &["p", &code(external_id), ""]),
        ("instagram.post_embed", Target::Post { external_id, .. }) => {
            below(base, &["p", &code(external_id), "embed", "captioned", ""])
        }
        ("tiktok.profile_page", Target::Profile { username, .. }) => below(base, &[&at(username)]),
        ("tiktok.embed_page", Target::Profile { username, .. } | Target::Feed { username, .. }) => {
            below(base, &["embed", &at(username)])
        }
        ("tiktok.post_page", Target::Post { external_id, username, .. }) => {
            below(base, &[&at(username.as_deref().unwrap_or("")), "video", external_id])
        }
        ("tiktok.post_embed", Target::Post { external_id, .. }) => below(base, &["embed", "v2", external_id]),
        ("tiktok.oembed", Target::Post { .. }) => with(below(base, &["oembed"]), &[("url", &canonical(target))]),
        ("youtube.channel_page", Target::Profile { username, platform_id, .. }) => {
            channel(base, username, platform_id.as_deref())
        }
        ("youtube.rss", Target::Feed { username, platform_id, .. }) => {
            let id = channel_id(username, platform_id.as_deref()).ok_or(NO_CHANNEL_ID)?;
            with(below(base, &["feeds", "videos.xml"]), &[("channel_id", id)])
        }
        ("youtube.watch_page", Target::Post { external_id, .. }) => {
            with(below(base, &["watch"]), &[("v", external_id)])
        }
        ("youtube.oembed", Target::Post { .. }) => {
            with(below(base, &["oembed"]), &[("url", &canonical(target)), ("format", "json")])
        }
        ("pinterest.rss", Target::Feed { username, .. }) => below(base, &[username, "feed.rss"]),
        ("pinterest.pin_page", Target::Post { external_id, .. }) => below(base, &["pin", external_id, ""]),
        ("pinterest.oembed", Target::Post { .. }) => {
            with(below(base, &["oembed.json"]), &[("url", &canonical(target))])
        }
        _ => return Err(NO_SUCH_SOURCE),
    })
}

type Official = Result<(Url, Option<Secret>), &'static str>;

fn graph(api: &InstagramGraph, target: &Target) -> Official {
    let (username, fields) = match target {
        Target::Profile { username, .. } => (username, GRAPH_PROFILE.to_owned()),
        Target::Feed { username, .. } => (username, format!("{GRAPH_PROFILE},media.limit(50){{{GRAPH_MEDIA}}}")),
        Target::Post { .. } => return Err(NO_SUCH_SOURCE),
    };
    // The handle stands inside an expression, where quoting does not exist.
    if username.is_empty() || !username.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_')) {
        return Err(ODD_HANDLE);
    }
    let url = with(
        below(&api.base_url, &[&api.user_id]),
        &[("fields", &format!("business_discovery.username({username}){{{fields}}}"))],
    );
    Ok((url, Some(Secret::new("access_token", &api.access_token))))
}

fn data_api(api: &YoutubeData, target: &Target) -> Official {
    let ask = |path: &str, pairs: &[(&str, &str)]| with(below(&api.base_url, &[path]), pairs);
    let url = match target {
        Target::Profile { username, platform_id, .. } => {
            let by = match (channel_id(username, platform_id.as_deref()), username.split_once('/')) {
                (Some(id), _) => ("id", id),
                (None, Some(("user", name))) => ("forUsername", name),
                (None, Some(_)) => return Err(NO_CHANNEL_ID),
                (None, None) => ("forHandle", username.as_str()),
            };
            ask("channels", &[("part", "snippet,statistics"), by])
        }
        Target::Feed { username, platform_id, .. } => {
            let id = channel_id(username, platform_id.as_deref())
                .and_then(|id| id.strip_prefix("UC"))
                .ok_or(NO_CHANNEL_ID)?;
            let uploads = format!("UU{id}");
            ask("playlistItems", &[("part", "snippet,contentDetails"), ("playlistId", &uploads), ("maxResults", "50")])
        }
        Target::Post { external_id, .. } => {
            ask("videos", &[("part", "snippet,statistics,contentDetails,status"), ("id", external_id)])
        }
    };
    Ok((url, Some(Secret::new("key", &api.api_key))))
}

/// A channel's page: by its id where it is known, else by whatever form its name has.
fn channel(base: &Url, username: &str, platform_id: Option<&str>) -> Url {
    if let Some(id) = channel_id(username, platform_id) {
        return below(base, &["channel", id]);
    }
    match username.split_once('/') {
        Some((form @ ("c" | "user"), name)) => below(base, &[form, name]),
        Some(_) | None => below(base, &[&at(username)]),
    }
}

/// The channel id, where it is known.
fn channel_id<'a>(username: &'a str, platform_id: Option<&'a str>) -> Option<&'a str> {
    [platform_id, Some(username)].into_iter().flatten().find(|text| is_channel_id(text))
}

/// The address of a post as people know it, which oEmbed is asked by.
fn canonical(target: &Target) -> String {
    match target {
        Target::Post { platform, external_id, username } => {
            let handle = username.as_deref().and_then(|name| Handle::parse(*platform, name).ok());
            PostRef { platform: *platform, external_id: external_id.clone(), handle }.url()
        }
        Target::Profile { .. } | Target::Feed { .. } => String::new(),
    }
}

fn code(external_id: &str) -> String {
    external_id.parse().map_or_else(|_| external_id.to_owned(), shortcode::from_media_id)
}

fn at(username: &str) -> String {
    format!("@{username}")
}

/// The address of a path below `base`, whose own path and query stay.
fn below(base: &Url, path: &[&str]) -> Url {
    let mut url = base.clone();
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty().extend(path);
    }
    url
}

fn with(mut url: Url, pairs: &[(&str, &str)]) -> Url {
    url.query_pairs_mut().extend_pairs(pairs);
    url
}
