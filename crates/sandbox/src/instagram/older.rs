//! Instagram's pages in other shapes than today's: the shell whose counts stand in its meta tags alone, and one that nobody knows.

use domain::{MediaType, PostFacts, ProfileFacts, Timestamp};
use serde_json::json;

use super::node::hides_counts;
use super::page::{Route, page, route_block, text};
use super::profile::profile_head;
use crate::noise::{Noise, in_html};
use crate::rounding;

/// A profile: rounded counts in the description, the id in a script.
pub(super) fn profile(noise: &Noise, profile: &ProfileFacts) -> String {
    let mut route = route_block(Route::Profile);
    route["hostableView"] =
        json!({ "props": { "profile_id": profile.platform_id, "page_logging": { "name": "profilePage" } } });
    let title = format!("{} (@{}) • Instagram photos and videos", text(profile.name.as_ref()), profile.username);
    page(noise, &title, &profile_head(profile), &route, "")
}

/// A post: likes and comments in the description; without likes when its owner hides them.
pub(super) fn post(noise: &Noise, post: &PostFacts, author: &ProfileFacts) -> String {
    let count = |count: Option<i64>| rounding::text(count.unwrap_or(0));
    let likes =
        if hides_counts(post) { String::new() } else { format!("{} likes, ", count(post.metrics.likes.value())) };
    let comments = count(post.metrics.comments.value());
    let kind = if post.media_type == Some(MediaType::Video) { "reel" } else { "p" };
    let address = format!("https://www.instagram.com/{kind}/{}/", text(post.shortcode.as_ref()));
    let date = written_date(post.create_time);
    let caption = in_html(text(post.description.as_ref()));
    let (name, handle) = (in_html(text(author.name.as_ref())), &author.username);
    let owner = author.platform_id.as_deref().unwrap_or_default();
    let cover = in_html(text(post.cover_image_url.as_ref()));
    let head = format!(
        "<meta property=\"og:type\" content=\"article\" /><meta property=\"og:url\" content=\"{address}\" />\
         <meta property=\"og:title\" content=\"{name} on Instagram: &quot;{caption}&quot;\" />\
         <meta property=\"og:image\" content=\"{cover}\" /><meta property=\"al:ios:url\" content=\"instagram://media?id={}\" />\
         <meta property=\"instapp:owner_user_id\" content=\"{owner}\" />\
         <meta property=\"og:description\" content=\"{likes}{comments} comments - {handle} on {date}: &quot;{caption}&quot;. \" />\n",
        post.external_id
    );
    page(noise, &format!("{} on Instagram", text(author.name.as_ref())), &head, &route_block(Route::Post), "")
}

/// A date as descriptions write it.
fn written_date(at: Option<Timestamp>) -> String {
    let text = at.map(|at| at.to_string()).unwrap_or_default();
    super::node::long_date(&text).unwrap_or_default()
}

/// A page on the right route whose data is nowhere that a reader would look.
pub(super) fn nobody_knows(noise: &Noise, route: Route) -> String {
    let body = "<script type=\"application/octet-stream+b64\" data-prism>c2FuZGJveA==</script>\n";
    page(noise, "Instagram", "<meta name=\"prism\" content=\"1\" />\n", &route_block(route), body)
}
