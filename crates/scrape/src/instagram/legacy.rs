//! Page blocks up to 2022: `window._sharedData = {…}` and `window.__additionalDataLoaded('path', {…})`, whose contents have the shapes of the
//! API bodies of their time.

use domain::{Observation, Outcome};
use serde_json::Value;

use super::polaris::bare_profile;
use super::{ADDITIONAL_DATA, SHARED_DATA, SHARED_DATA_STORY, SIGNALS, meta, shapes};
use crate::conclude::failed;
use crate::json::{at, id, list, read as read_json, text};
use crate::markup::assigned;
use crate::page::{Page, PageKind};

/// Reads the first block that holds data.
pub(crate) fn read(page: &Page<'_>, html: &str) -> Option<Observation> {
    let shared: Vec<Value> = assigned(html, "window._sharedData").into_iter().filter_map(read_json).collect();
    let additional = || assigned(html, "__additionalDataLoaded(").into_iter().filter_map(read_json);
    shared
        .iter()
        .find_map(|data| shapes(page, at(data, &["entry_data"]), Some(SHARED_DATA)))
        .or_else(|| additional().find_map(|data| shapes(page, &data, Some(ADDITIONAL_DATA))))
        .or_else(|| shared.iter().find_map(|data| story(page, html, data)))
        .or_else(|| shared.iter().find_map(|data| wall(page, data)))
}

/// A page of stories names its account; the counts stand in the description.
fn story(page: &Page<'_>, html: &str, data: &Value) -> Option<Observation> {
    if !matches!(page.kind, PageKind::Profile | PageKind::Feed) {
        return None;
    }
    let user = at(list(at(data, &["entry_data", "StoriesPage"])).first()?, &["user"]);
    let mut profile = bare_profile(Some(id(at(user, &["id"]))?), text(at(user, &["username"]))?.to_lowercase());
    profile.profile_pic_url = text(at(user, &["profile_pic_url"]));
    meta::read(page, html, Some((SHARED_DATA_STORY, profile)))
}

/// The login page and the error page of the time.
fn wall(page: &Page<'_>, data: &Value) -> Option<Observation> {
    let has = |name: &str| at(data, &["entry_data"]).get(name).is_some();
    if has("LoginAndSignupPage") || has("Challenge") {
        return Some(failed(SIGNALS, Outcome::Blocked, "login wall"));
    }
    if has("HttpErrorPage") && page.http_status == Some(404) {
        return Some(failed(SIGNALS, Outcome::NotFound, "the platform's own error page, HTTP 404"));
    }
    None
}
