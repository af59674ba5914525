//! Which sources each kind of target has, in the order in which they are tried. Where each is stands in `address`.

use domain::{Channel, Platform, Source, TargetKind};

use super::config::ScrapeConfig;

/// The sources of a kind of target, official ones first where they are configured.
pub(super) fn of(config: &ScrapeConfig, platform: Platform, kind: TargetKind) -> Vec<Source> {
    let official = match (platform, kind) {
        (Platform::Instagram, TargetKind::Profile | TargetKind::Feed) => {
            config.official.instagram.as_ref().map(|_| "instagram.graph_api")
        }
        (Platform::Youtube, TargetKind::Profile | TargetKind::Feed | TargetKind::Post) => {
            config.official.youtube.as_ref().map(|_| "youtube.data_api")
        }
        (Platform::Instagram, TargetKind::Post) | (Platform::Tiktok | Platform::Pinterest, _) => None,
    };
    let official = official.map(|name| Source { name, channel: Channel::Official });
    let pages = pages(platform, kind).iter().map(|name| Source { name, channel: Channel::Page });
    official.into_iter().chain(pages).collect()
}

const fn pages(platform: Platform, kind: TargetKind) -> &'static [&'static str] {
    match (platform, kind) {
        (Platform::Instagram, TargetKind::Profile) => &["instagram.profile_page", "instagram.profile_embed"],
        (Platform::Instagram, TargetKind::Feed) => &["instagram.reels_tab"],
        (Platform::Instagram, TargetKind::Post) => &["instagram.post_page", "instagram.post_embed"],
        (Platform::Tiktok, TargetKind::Profile) => &["tiktok.profile_page", "tiktok.embed_page"],
        (Platform::Tiktok, TargetKind::Feed) => &["tiktok.embed_page"],
        (Platform::Tiktok, TargetKind::Post) => &["tiktok.post_page", "tiktok.post_embed", "tiktok.oembed"],
        (Platform::Youtube, TargetKind::Profile) => &["youtube.channel_page"],
        (Platform::Youtube, TargetKind::Feed) => &["youtube.rss"],
        (Platform::Youtube, TargetKind::Post) => &["youtube.watch_page", "youtube.oembed"],
        (Platform::Pinterest, TargetKind::Profile) => &["pinterest.profile_page"],
        (Platform::Pinterest, TargetKind::Feed) => &["pinterest.rss"],
        (Platform::Pinterest, TargetKind::Post) => &["pinterest.pin_page", "pinterest.oembed"],
    }
}
