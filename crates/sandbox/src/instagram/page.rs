//! What all of Instagram's guest pages share: the route that the guest landed on, and the relay blocks that hand data to the page.

use domain::ProfileFacts;
use serde_json::{Value, json};

use crate::noise::{Noise, in_html, in_script};

/// The routes that a guest can land on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Route {
    Profile,
    Post,
    Login,
    Error,
}

impl Route {
    const fn name(self) -> &'static str {
        match self {
            Self::Profile => "PolarisLoggedOutDesktopWWWProfileRoute",
            Self::Post => "PolarisLoggedOutDesktopWWWPostRoute",
            Self::Login => "PolarisCAAIGLoginHomepageRoute",
            Self::Error => "PolarisErrorRoute",
        }
    }
}

pub(super) fn text(field: Option<&String>) -> &str {
    field.map_or("", String::as_str)
}

pub(super) fn fbid(profile: &ProfileFacts) -> &str {
    profile.platform_data.get("fbid").and_then(Value::as_str).unwrap_or("")
}

/// A page on `route` with `head` and the blocks in `body`.
pub(super) fn page(noise: &Noise, title: &str, head: &str, route: &Value, body: &str) -> String {
    let (title, route) = (in_html(title), in_script(route));
    let scripts = &noise.scripts;
    format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\">\n<title>{title}</title>\n{head}</head><body>\n\
         <script type=\"application/json\" data-content-len=\"75\" data-sjs>{route}</script>\n{scripts}{body}</body></html>\n"
    )
}

pub(super) fn route_block(route: Route) -> Value {
    json!({ "canonicalRouteName": format!("comet.igweb.{}", route.name()) })
}

/// A script tag that hands `data` to the page as the answer to a query.
pub(super) fn relay(query: &str, preloader: &str, data: &Value) -> String {
    let block = json!({ "require": [["ScheduledServerJS", "handle", null, [
        { "__bbox": {
            "require": [
                ["RelayPrefetchedStreamCache", "next", [], [
                    format!("adp_{query}RelayPreloader_{preloader:0>24}"),
                    { "__bbox": { "complete": true, "result": { "data": data, "extensions": { "is_final": true } }, "sequence_number": 0 } },
                ]],
                ["CometResourceScheduler", "registerHighPriHashes", null, [["sandbox"]]],
            ],
            "phd2_indexes": ":0",
        } },
        { "__bbox": null },
        { "__bbox": null },
    ]]] });
    format!("<script type=\"application/json\" data-sjs>{}</script>\n", in_script(&block))
}

/// The shell of a page without any data.
pub(super) fn shell(noise: &Noise, route: Route) -> String {
    page(noise, "Instagram", "", &route_block(route), "")
}

/// The error page; with a `reason` the thing exists and is withheld.
pub(super) fn error(noise: &Noise, reason: Option<&str>) -> String {
    let mut route = route_block(Route::Error);
    route["rootView"] =
        json!({ "props": { "failure_reason": reason, "restricted_age": null, "page_type": "httpErrorPage" } });
    page(noise, "Instagram", "", &route, "")
}

/// The account's id as a page's preloader names it.
pub(super) fn owner_id(profile: &ProfileFacts) -> &str {
    profile.platform_id.as_deref().unwrap_or_default()
}
