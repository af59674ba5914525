//! What YouTube's pages share: the frame around `ytInitialData`, titles and dates, and the consent wall.

use std::fmt::Write as _;
use std::time::Duration;

use domain::{PostFacts, Timestamp};
use serde_json::Value;

use crate::noise::{Noise, in_html, in_script};

/// A video's title: the first line of what its owner wrote.
pub(crate) fn title(post: &PostFacts) -> &str {
    post.description.as_deref().and_then(|text| text.lines().next()).unwrap_or("Untitled")
}

/// A time as the pages write it: in California, where they are made.
pub(super) fn written_time(at: Option<Timestamp>) -> String {
    let Some(at) = at else { return String::new() };
    let there = Timestamp::from_millis(at.as_seconds() * 1000).minus(Duration::from_hours(7));
    there.to_string().replace('Z', "-07:00")
}

/// A page around the blocks that it hands to its scripts, each under the name of its variable.
pub(super) fn page(noise: &Noise, title: &str, head: &str, blocks: &[(&str, &Value)]) -> String {
    let title = in_html(title);
    let scripts = &noise.scripts;
    let mut written = String::new();
    for (name, block) in blocks {
        // Writing to a string cannot fail.
        let _ = write!(written, "<script nonce=\"sandbox\">var {name} = {};</script>", in_script(block));
    }
    format!(
        "<!DOCTYPE html><html lang=\"en\" dir=\"ltr\"><head><meta charset=\"utf-8\"><script nonce=\"sandbox\">var ytcfg={{d:function(){{return{{}}}}}};</script>\
         <title>{title} - YouTube</title>{head}</head><body dir=\"ltr\">{scripts}{written}\
         <script nonce=\"sandbox\">if (window.ytcsi) {{window.ytcsi.tick('pdc', null, '');}}</script></body></html>\n"
    )
}

/// The wall before everything, for guests who have not agreed to cookies.
pub(super) fn consent(noise: &Noise) -> String {
    let scripts = &noise.scripts;
    format!(
        "<!DOCTYPE html><html lang=\"en\" dir=\"ltr\"><head><base href=\"https://consent.youtube.com/\"><title>Before you continue to YouTube</title></head>\
         <body><form action=\"https://consent.youtube.com/save\" method=\"POST\"><input type=\"hidden\" name=\"gl\" value=\"GB\">\
         <button>Reject all</button><button>Accept all</button></form>{scripts}</body></html>\n"
    )
}
