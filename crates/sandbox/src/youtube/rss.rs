//! YouTube's feed of a channel: its fifteen newest videos with exact views and likes.

use std::fmt::Write as _;

use domain::{PostFacts, ProfileFacts, Timestamp};

use super::page::title;
use crate::noise::in_html;
use crate::world::World;

/// The feed of a channel.
pub(super) fn feed(world: &World, channel: &ProfileFacts, videos: &[PostFacts]) -> String {
    let id = channel.platform_id.as_deref().unwrap_or_default();
    let name = in_html(channel.name.as_deref().unwrap_or_default());
    let author =
        format!("<author>\n  <name>{name}</name>\n  <uri>https://www.youtube.com/channel/{id}</uri>\n </author>");
    // The feed leaves out the two letters that every channel's id begins with.
    let bare = id.strip_prefix("UC").unwrap_or(id);
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<feed xmlns:yt=\"http://www.youtube.com/xml/schemas/2015\" \
         xmlns:media=\"http://search.yahoo.com/mrss/\" xmlns=\"http://www.w3.org/2005/Atom\">\n \
         <link rel=\"self\" href=\"http://www.youtube.com/feeds/videos.xml?channel_id={id}\"/>\n <id>yt:channel:{bare}</id>\n \
         <yt:channelId>{bare}</yt:channelId>\n <title>{name}</title>\n \
         <link rel=\"alternate\" href=\"https://www.youtube.com/channel/{id}\"/>\n {author}\n <published>{}</published>\n",
        time(Some(world.joined_of(channel)))
    );
    for video in videos {
        let (video_id, about) = (&video.external_id, in_html(video.description.as_deref().unwrap_or_default()));
        let (title, views) = (in_html(title(video)), video.metrics.views.value().unwrap_or(0));
        let published = time(video.create_time);
        let rating = match video.metrics.likes.value() {
            Some(likes) => format!("<media:starRating count=\"{likes}\" average=\"5.00\" min=\"1\" max=\"5\"/>"),
            None => String::new(),
        };
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            " <entry>\n  <id>yt:video:{video_id}</id>\n  <yt:videoId>{video_id}</yt:videoId>\n  <yt:channelId>{id}</yt:channelId>\n  \
             <title>{title}</title>\n  <link rel=\"alternate\" href=\"https://www.youtube.com/watch?v={video_id}\"/>\n  {author}\n  \
             <published>{published}</published>\n  <updated>{published}</updated>\n  <media:group>\n   <media:title>{title}</media:title>\n   \
             <media:thumbnail url=\"{}\" width=\"480\" height=\"360\"/>\n   <media:description>{about}</media:description>\n   \
             <media:community>\n    {rating}\n    <media:statistics views=\"{views}\"/>\n   </media:community>\n  </media:group>\n </entry>\n",
            in_html(video.cover_image_url.as_deref().unwrap_or_default())
        );
    }
    text.push_str("</feed>\n");
    text
}

fn time(at: Option<Timestamp>) -> String {
    at.map(|at| Timestamp::from_millis(at.as_seconds() * 1000).to_string().replace('Z', "+00:00")).unwrap_or_default()
}
