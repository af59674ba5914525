use domain::{MediaType, Platform};
use sandbox::named;
use serde_json::{Value, json};

use crate::client::{Answer, NOW, POPULATION, all_under, get, start};

const PLATFORM: Platform = Platform::Instagram;

fn route(answer: &Answer) -> String {
    let scripts = answer.scripts();
    let routes: Vec<_> = scripts.iter().flat_map(|(_, value)| all_under(value, "canonicalRouteName")).collect();
    assert_eq!(routes.len(), 1);
    routes[0].as_str().unwrap().strip_prefix("comet.igweb.").unwrap().to_owned()
}

/// The values of `key` in all blocks of the page.
fn blocks(answer: &Answer, key: &str) -> Vec<Value> {
    answer.scripts().iter().flat_map(|(_, value)| all_under(value, key)).cloned().collect()
}

fn edges(answer: &Answer, connection: &str) -> Vec<Value> {
    let connections = blocks(answer, connection);
    assert_eq!(connections.len(), 1, "one {connection}");
    connections[0]["edges"].as_array().unwrap().iter().map(|edge| edge["node"].clone()).collect()
}

#[tokio::test]
async fn a_profile_page_says_what_the_population_says() {
    let sandbox = start().await;
    let answer = get(&sandbox, "/instagram/busy/").await;
    assert_eq!((answer.status, route(&answer).as_str()), (200, "PolarisLoggedOutDesktopWWWProfileRoute"));
    let facts = POPULATION.profile(PLATFORM, "busy", NOW);
    let users = blocks(&answer, "xig_user_by_username");
    assert_eq!(users.len(), 2);
    let user = users.iter().find(|user| user.get("username").is_some()).unwrap();
    assert_eq!(user["pk"], json!(facts.platform_id));
    assert_eq!(user["id"], facts.platform_data["fbid"]);
    assert_eq!(user["follower_count"].as_i64(), facts.metrics.followers.value());
    assert_eq!(user["following_count"].as_i64(), facts.metrics.following.value());
    assert_eq!(user["all_media_count"], Value::Null);
    let posts = POPULATION.posts(PLATFORM, "busy", NOW);
    let nodes = edges(&answer, "polaris_ordered_timeline_connection");
    assert_eq!((nodes.len(), posts.len()), (12, 12));
    for (node, post) in nodes.iter().zip(&posts) {
        assert_eq!((&node["pk"], &node["code"]), (&json!(post.external_id), &json!(post.shortcode)));
        assert_eq!(node.get("like_count"), None);
    }
    sandbox.stop().await;
}

#[tokio::test]
async fn the_number_of_posts_stands_in_the_description_alone() {
    let sandbox = start().await;
    let answer = get(&sandbox, "/instagram/quiet/").await;
    assert!(answer.text().contains(" Following, 0 Posts - See Instagram photos and videos from "));
    assert_eq!(edges(&answer, "polaris_ordered_timeline_connection"), [] as [Value; 0]);
    let facts = (0..100).map(|n| POPULATION.profile(PLATFORM, &format!("creator{n}"), NOW));
    let facts = facts.into_iter().find(|f| (1000..10_000).contains(&f.metrics.posts.value().unwrap())).unwrap();
    let posts = facts.metrics.posts.value().unwrap();
    let answer = get(&sandbox, &format!("/instagram/{}/", facts.username)).await;
    assert!(answer.text().contains(&format!(", {},{:03} Posts - ", posts / 1000, posts % 1000)));
    sandbox.stop().await;
}

#[tokio::test]
async fn the_reels_tab_has_the_plays() {
    let sandbox = start().await;
    let answer = get(&sandbox, "/instagram/busy/reels/").await;
    let reels = POPULATION.reels("busy", NOW);
    let nodes = edges(&answer, "polaris_clips_connection");
    assert_eq!((nodes.len(), reels.len()), (12, 12));
    for (node, reel) in nodes.iter().zip(&reels) {
        assert_eq!(node["code"], json!(reel.shortcode));
        assert_eq!(node["play_count"].as_i64(), reel.metrics.plays.value());
        assert_eq!(node["like_count"].as_i64(), reel.metrics.likes.value());
        assert_eq!(node["like_and_view_counts_disabled"], false);
    }
    sandbox.stop().await;
}

#[tokio::test]
async fn a_post_page_says_what_the_population_says_and_holds_other_posts_inside() {
    let sandbox = start().await;
    // Once the profile was served, its posts are known to be its own.
    assert_eq!(get(&sandbox, "/instagram/busy/").await.status, 200);
    let posts = POPULATION.posts(PLATFORM, "busy", NOW);
    let mut kinds = Vec::new();
    for post in &posts {
        let code = post.shortcode.as_deref().unwrap();
        for path in [format!("p/{code}"), format!("reel/{code}"), format!("busy/p/{code}")] {
            let answer = get(&sandbox, &format!("/instagram/{path}/")).await;
            assert_eq!(route(&answer), "PolarisLoggedOutDesktopWWWPostRoute");
            let media = blocks(&answer, "xig_polaris_media").pop().unwrap();
            let inner = &media["if_not_gated_logged_out"];
            assert_eq!((&media["code"], &media["pk"]), (&json!(code), &json!(post.external_id)));
            assert_eq!(inner["user"]["username"], "busy", "{path}");
            assert_eq!(inner["like_count"].as_i64(), post.metrics.likes.value());
            assert_eq!(inner["comment_count"].as_i64(), post.metrics.comments.value());
            assert_eq!(inner["taken_at"].as_i64(), post.create_time.map(domain::Timestamp::as_seconds));
            assert_eq!(all_under(&media, "play_count"), Vec::<&Value>::new());
            let others = edges(&answer, "polaris_ordered_timeline_connection");
            assert_eq!(others.len(), posts.len() - 1);
            assert!(others.iter().all(|other| other["code"] != json!(code)));
            assert_eq!(inner["media_type"] == 2, post.media_type == Some(MediaType::Video));
            assert_eq!(inner.get("video_versions").is_some(), post.media_type == Some(MediaType::Video));
        }
        kinds.push(post.media_type);
    }
    assert!(kinds.contains(&Some(MediaType::Video)) && kinds.contains(&Some(MediaType::Carousel)), "{kinds:?}");
    sandbox.stop().await;
}

#[tokio::test]
async fn each_state_of_a_profile_shows_its_signal() {
    let sandbox = start().await;
    for (handle, landed) in [
        ("missing", "PolarisErrorRoute"),
        ("missing.7", "PolarisErrorRoute"),
        ("region_gated", "PolarisErrorRoute"),
        ("throttled", "PolarisLoggedOutDesktopWWWProfileRoute"),
        ("login_wall", "PolarisCAAIGLoginHomepageRoute"),
    ] {
        for tab in ["", "reels/"] {
            let answer = get(&sandbox, &format!("/instagram/{handle}/{tab}")).await;
            assert_eq!((answer.status, route(&answer).as_str()), (200, landed), "{handle}");
            assert_eq!(blocks(&answer, "xig_user_by_username"), [] as [Value; 0]);
        }
    }
    let reason = |answer: &Answer| blocks(answer, "failure_reason").pop().unwrap();
    assert_eq!(reason(&get(&sandbox, "/instagram/missing/").await), Value::Null);
    assert!(reason(&get(&sandbox, "/instagram/region_gated/").await).is_string());
    let private = get(&sandbox, "/instagram/private/").await;
    let user =
        blocks(&private, "xig_user_by_username").into_iter().find(|user| user.get("username").is_some()).unwrap();
    assert_eq!(user["is_private"], true);
    assert!(user["follower_count"].as_i64().unwrap() > 0);
    assert_eq!(edges(&private, "polaris_ordered_timeline_connection"), [] as [Value; 0]);
    let challenge = get(&sandbox, "/instagram/challenged/").await;
    assert_eq!((challenge.status, &challenge.json()["require_login"]), (401, &json!(true)));
    let moved = get(&sandbox, "/instagram/renamed.7/").await;
    assert_eq!((moved.status, moved.header("location")), (302, Some("/instagram/renamed.7.now/")));
    let moved_to = get(&sandbox, "/instagram/renamed.7.now/").await;
    let id = POPULATION.profile(PLATFORM, "renamed.7", NOW).platform_id;
    assert!(blocks(&moved_to, "xig_user_by_username").iter().all(|user| user["pk"] == json!(id)));
    assert_eq!(get(&sandbox, "/instagram/broken/").await.status, 500);
    assert!(std::str::from_utf8(&get(&sandbox, "/instagram/garbage/").await.body).is_err());
    let empty = get(&sandbox, "/instagram/empty_body/").await;
    assert_eq!((empty.status, empty.body.len()), (200, 0));
    sandbox.stop().await;
}

#[tokio::test]
async fn each_state_of_a_post_shows_its_signal() {
    let sandbox = start().await;
    let path = |post: named::NamedPost| format!("/instagram/p/{}/", post.shortcode.unwrap());
    let deleted = get(&sandbox, &path(named::INSTAGRAM_DELETED)).await;
    assert_eq!(route(&deleted), "PolarisErrorRoute");
    for (post, title) in [
        (named::INSTAGRAM_REGION_GATED, "Not available in your region"),
        (named::INSTAGRAM_PRIVATE, "Restricted Video"),
    ] {
        let media = blocks(&get(&sandbox, &path(post)).await, "xig_polaris_media").pop().unwrap();
        assert_eq!(media["code"].as_str(), post.shortcode);
        assert_eq!(media["if_not_gated_logged_out"], Value::Null);
        assert_eq!(media["gating_ruling"]["title"], title);
    }
    assert_eq!(get(&sandbox, &path(named::INSTAGRAM_BROKEN)).await.status, 500);
    let slow = get(&sandbox, &path(named::INSTAGRAM_SLOW)).await;
    assert_eq!(blocks(&slow, "xig_polaris_media").len(), 1);
    let hidden = blocks(&get(&sandbox, &path(named::INSTAGRAM_HIDDEN_LIKES)).await, "xig_polaris_media").pop().unwrap();
    assert_eq!(hidden["if_not_gated_logged_out"]["like_and_view_counts_disabled"], true);
    let throttled = get(&sandbox, "/instagram/throttled/p/CN2VQ1yI_MA/").await;
    assert_eq!(route(&throttled), "PolarisLoggedOutDesktopWWWPostRoute");
    assert_eq!(blocks(&throttled, "xig_polaris_media"), [] as [Value; 0]);
    sandbox.stop().await;
}

#[tokio::test]
async fn who_hides_likes_hides_them_on_every_post() {
    let sandbox = start().await;
    let handle = (0..30).map(|n| format!("hidden_likes.{n}")).find(|h| !POPULATION.reels(h, NOW).is_empty()).unwrap();
    let tab = get(&sandbox, &format!("/instagram/{handle}/reels/")).await;
    for reel in edges(&tab, "polaris_clips_connection") {
        assert_eq!((&reel["like_and_view_counts_disabled"], &reel["play_count"]), (&json!(true), &Value::Null));
        let page = get(&sandbox, &format!("/instagram/p/{}/", reel["code"].as_str().unwrap())).await;
        let media = blocks(&page, "xig_polaris_media").pop().unwrap();
        assert_eq!(media["if_not_gated_logged_out"]["like_and_view_counts_disabled"], true);
        assert_eq!(media["if_not_gated_logged_out"]["like_count"], 3);
    }
    sandbox.stop().await;
}
