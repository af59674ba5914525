//! YouTube's page of a channel, with its header of 2024 and later or the one before.

use domain::{PostFacts, ProfileFacts};
use serde_json::{Value, json};

use super::page::{page, title};
use crate::events::Era;
use crate::noise::in_html;
use crate::rounding::{leading, leading_text};
use crate::world::World;

fn shortened(reading: domain::Reading) -> String {
    leading_text(reading.value().unwrap_or(0))
}

/// A channel with its newest videos.
pub(super) fn shown(world: &World, channel: &ProfileFacts, videos: &[PostFacts]) -> String {
    let id = channel.platform_id.as_deref().unwrap_or_default();
    let (name, handle) = (channel.name.as_deref().unwrap_or_default(), &channel.username);
    let about = channel.description.as_deref().unwrap_or_default();
    let address = format!("https://www.youtube.com/channel/{id}");
    let avatar = json!({ "thumbnails": [{ "url": channel.profile_pic_url, "width": 900, "height": 900 }] });
    let data = json!({
        "responseContext": {},
        "contents": { "twoColumnBrowseResultsRenderer": { "tabs": [{ "tabRenderer": {
            "title": "Home", "selected": true, "endpoint": { "browseEndpoint": { "browseId": id, "canonicalBaseUrl": format!("/@{handle}") } },
            "content": { "richGridRenderer": {
                "contents": videos.iter().map(|video| card(video, channel)).chain([another_channel()]).collect::<Vec<_>>(),
            } },
        } }] } },
        "header": match world.era(domain::Platform::Youtube) {
            Era::Current | Era::Unknown => page_header(channel),
            Era::Older => tabbed_header(channel),
        },
        "metadata": { "channelMetadataRenderer": {
            "title": name, "description": about, "rssUrl": format!("https://www.youtube.com/feeds/videos.xml?channel_id={id}"), "externalId": id,
            "keywords": "", "ownerUrls": [format!("http://www.youtube.com/@{handle}")], "avatar": avatar, "channelUrl": address,
            "isFamilySafe": true, "vanityChannelUrl": format!("http://www.youtube.com/@{handle}"),
        } },
        "microformat": { "microformatDataRenderer": {
            "urlCanonical": address, "title": name, "description": about, "thumbnail": avatar, "siteName": "YouTube",
        } },
    });
    let head = format!(
        "<link rel=\"canonical\" href=\"{address}\"><meta property=\"og:title\" content=\"{0}\"><meta property=\"og:url\" content=\"{address}\">\
         <meta property=\"og:type\" content=\"profile\"><meta itemprop=\"identifier\" content=\"{id}\">",
        in_html(name)
    );
    match world.era(domain::Platform::Youtube) {
        Era::Current | Era::Older => page(&world.noise, name, &head, &[("ytInitialData", &data)]),
        Era::Unknown => page(&world.noise, name, "", &[("ytPrism", &json!({ "v": 1, "stream": "c2FuZGJveA==" }))]),
    }
}

/// The page of a channel that is not shown, for the reason in `message`.
pub(super) fn not_shown(world: &World, message: &str) -> String {
    let data = json!({
        "responseContext": {}, "alerts": [{ "alertRenderer": { "type": "ERROR", "text": { "simpleText": message } } }],
    });
    page(&world.noise, "", "", &[("ytInitialData", &data)])
}

fn page_header(channel: &ProfileFacts) -> Value {
    let part = |text: String| json!({ "text": { "content": text } });
    let badge = channel.is_verified.unwrap_or(false).then(|| {
        json!({ "element": { "type": { "imageType": { "image": { "sources": [
        { "clientResource": { "imageName": "CHECK_CIRCLE_FILLED" } },
    ] } } } } })
    });
    let posts = channel.metrics.posts.value().unwrap_or(0);
    let mut numbers = vec![part(format!("{} subscribers", shortened(channel.metrics.followers)))];
    // A channel without videos shows no number of them.
    if posts > 0 {
        numbers.push(part(format!("{} video{}", leading_text(posts), if posts == 1 { "" } else { "s" })));
    }
    let name = channel.name.as_deref().unwrap_or_default();
    json!({ "pageHeaderRenderer": { "pageTitle": name, "content": { "pageHeaderViewModel": {
        "title": { "dynamicTextViewModel": { "text": { "content": name, "attachmentRuns": badge.into_iter().collect::<Vec<_>>() } } },
        "image": { "decoratedAvatarViewModel": { "avatar": { "avatarViewModel": { "image": { "sources": [
            { "url": channel.profile_pic_url, "width": 160, "height": 160 },
        ] } } } } },
        "metadata": { "contentMetadataViewModel": {
            "metadataRows": [{ "metadataParts": [part(format!("@{}", channel.username))] }, { "metadataParts": numbers }], "delimiter": "•",
        } },
        "description": { "descriptionPreviewViewModel": { "description": { "content": channel.description.as_deref().unwrap_or_default() } } },
        "attribution": channel.link_in_bio.as_ref().map(|link| json!({ "attributionViewModel": { "text": { "content": link } } })),
    } } } })
}

fn tabbed_header(channel: &ProfileFacts) -> Value {
    let videos = leading_text(channel.metrics.posts.value().unwrap_or(0));
    let badge = channel
        .is_verified
        .unwrap_or(false)
        .then(|| json!({ "metadataBadgeRenderer": { "style": "BADGE_STYLE_TYPE_VERIFIED" } }));
    json!({ "c4TabbedHeaderRenderer": {
        "channelId": channel.platform_id, "title": channel.name, "avatar": { "thumbnails": [{ "url": channel.profile_pic_url }] },
        "subscriberCountText": { "simpleText": format!("{} subscribers", shortened(channel.metrics.followers)) },
        "badges": badge.into_iter().collect::<Vec<_>>(), "channelHandleText": { "runs": [{ "text": format!("@{}", channel.username) }] },
        "videosCountText": { "runs": [{ "text": videos }, { "text": " videos" }] },
    } })
}

/// A video in the list.
fn card(video: &PostFacts, channel: &ProfileFacts) -> Value {
    let views = leading(video.metrics.views.value().unwrap_or(0), 2);
    json!({ "richItemRenderer": { "content": { "lockupViewModel": {
        "contentId": video.external_id, "contentType": "LOCKUP_CONTENT_TYPE_VIDEO",
        "contentImage": { "thumbnailViewModel": { "image": { "sources": [{ "url": video.cover_image_url, "width": 336, "height": 188 }] } } },
        "metadata": { "lockupMetadataViewModel": {
            "title": { "content": title(video) },
            "metadata": { "contentMetadataViewModel": { "metadataRows": [{ "metadataParts": [
                { "text": { "content": format!("{} views", leading_text(views)) } }, { "text": { "content": "some time ago" } },
            ] }] } },
        } },
        "rendererContext": { "commandContext": { "onTap": { "innertubeCommand": {
            "watchEndpoint": { "videoId": video.external_id }, "browseEndpoint": { "browseId": channel.platform_id },
        } } } },
    } } } })
}

/// A card that a careless reader would take the subscribers from.
fn another_channel() -> Value {
    json!({ "gridChannelRenderer": {
        "channelId": "UCaaaaaaaaaaaaaaaaaaaaaa", "title": { "simpleText": "A recommended channel" },
        "subscriberCountText": { "simpleText": "77.7M subscribers" }, "videoCountText": { "runs": [{ "text": "777" }, { "text": " videos" }] },
    } })
}
