//! TikTok's pages in other shapes than today's: `SIGI_STATE` of 2021 to 2023, and one that nobody knows.

use domain::{PostFacts, ProfileFacts};
use serde_json::{Map, Value, json};

use super::page::{count, rounded, sec_uid};
use super::post::item;
use super::profile::user;
use crate::noise::{Noise, in_script};

/// A page around another block than today's.
fn page(noise: &Noise, id: &str, block: &Value) -> String {
    let (data, translations) = (in_script(block), &noise.translations);
    format!(
        r#"<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title data-rh="true">TikTok</title>
<script id="sigi-persisted-strings" type="application/json">{translations}</script></head>
<body><div id="app"></div><script id="{id}" type="application/json">{data}</script>
<script async="async" src="//static.sandbox.invalid/webapp/main.js"></script></body></html>
"#
    )
}

/// An item as these pages hold it: its author is a handle, and no count stands twice.
fn sigi_item(post: &PostFacts, author: &ProfileFacts) -> Value {
    let mut item = item(post, author);
    if let Some(fields) = item.as_object_mut() {
        for newer in ["statsV2", "authorStatsV2", "contents"] {
            fields.remove(newer);
        }
        fields.insert("author".to_owned(), author.username.clone().into());
        fields.insert("authorId".to_owned(), author.platform_id.clone().into());
        fields.insert("authorSecId".to_owned(), sec_uid(author).into());
        fields.insert("nickname".to_owned(), author.name.clone().into());
    }
    item["stats"]["collectCount"] = Value::Null;
    item
}

fn stats(profile: &ProfileFacts) -> Value {
    let metrics = profile.metrics;
    json!({
        "followerCount": rounded(metrics.followers), "followingCount": count(metrics.following), "heart": rounded(metrics.likes),
        "heartCount": rounded(metrics.likes), "videoCount": count(metrics.posts), "diggCount": 0, "needFix": false,
    })
}

/// A profile with its newest posts.
pub(super) fn profile(noise: &Noise, profile: &ProfileFacts, posts: &[PostFacts], status: i64) -> String {
    let handle = &profile.username;
    let items: Map<String, Value> =
        posts.iter().map(|post| (post.external_id.clone(), sigi_item(post, profile))).collect();
    let ids: Vec<_> = posts.iter().map(|post| post.external_id.as_str()).collect();
    let state = json!({
        "AppContext": { "appContext": { "language": "en", "region": "GB" } },
        "UserPage": { "uniqueId": handle, "secUid": sec_uid(profile), "statusCode": status },
        "UserModule": { "users": { (handle): user(profile) }, "stats": { (handle): stats(profile) } },
        "ItemList": { "user-post": { "list": ids, "hasMore": true, "cursor": "0", "keyword": profile.platform_id } },
        "ItemModule": items,
    });
    page(noise, "SIGI_STATE", &state)
}

/// A post.
pub(super) fn post(noise: &Noise, post: &PostFacts, author: &ProfileFacts) -> String {
    let (handle, id) = (&author.username, &post.external_id);
    let state = json!({
        "AppContext": { "appContext": { "language": "en", "region": "GB" } },
        "VideoPage": { "statusCode": 0 },
        "UserModule": { "users": { (handle): user(author) }, "stats": { (handle): stats(author) } },
        "ItemList": { "video": { "list": [id], "keyword": id } },
        "ItemModule": { (id): sigi_item(post, author) },
    });
    page(noise, "SIGI_STATE", &state)
}

/// The data under names that nobody has seen.
pub(super) fn nobody_knows(noise: &Noise, block: &Value) -> String {
    page(noise, "__PRISM_STREAM_V1__", &json!({ "v": 1, "chunks": [renamed(block)] }))
}

/// The values under shuffled names, so that no key that a reader knows is left.
fn renamed(value: &Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .iter()
            .map(|(key, field)| (format!("x{}", key.bytes().rev().map(char::from).collect::<String>()), renamed(field)))
            .collect(),
        Value::Array(items) => items.iter().map(renamed).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}
