//! The further surfaces of Instagram and TikTok, and faults that stand before one surface alone.

use domain::{MediaType, Platform};
use sandbox::{Era, Event, FaultAt, State, Surface};
use serde_json::{Value, json};

use crate::client::{Answer, NOW, POPULATION, get, send, start};

/// The context of an Instagram embed page: JSON in a JSON string.
fn context(answer: &Answer) -> Option<Value> {
    let (_, rest) = answer.text().split_once("\"contextJSON\":").unwrap();
    let mut values = serde_json::Deserializer::from_str(rest).into_iter::<Value>();
    let outer = values.next().unwrap().unwrap();
    outer.as_str().map(|text| serde_json::from_str(text).unwrap())
}

#[tokio::test]
async fn instagrams_profile_embed_has_the_exact_number_of_posts() {
    let sandbox = start().await;
    let context = context(&get(&sandbox, "/instagram/busy/embed/").await).unwrap()["context"].clone();
    let truth = sandbox.profile_truth(Platform::Instagram, "busy").unwrap();
    assert_eq!((&context["username"], &context["owner_id"]), (&json!("busy"), &json!(truth.facts.platform_id)));
    assert_eq!(context["followers_count"].as_i64(), truth.counts.followers);
    assert_eq!(context["posts_count"].as_i64(), truth.counts.posts);
    assert_ne!(context["posts_count"].as_i64(), truth.facts.metrics.posts.value(), "the page itself rounds it");
    let listed = context["graphql_media"].as_array().unwrap();
    assert_eq!(
        listed[0]["shortcode_media"]["id"],
        json!(POPULATION.posts(Platform::Instagram, "busy", NOW)[0].external_id)
    );
    assert!(get(&sandbox, "/instagram/missing/embed/").await.text().contains("class=\"Embed  EmbedIsBroken\""));
    sandbox.stop().await;
}

#[tokio::test]
async fn instagrams_post_embeds_say_what_the_population_says() {
    let sandbox = start().await;
    get(&sandbox, "/instagram/busy/").await;
    let mut kinds = Vec::new();
    for post in POPULATION.posts(Platform::Instagram, "busy", NOW) {
        let code = post.shortcode.as_deref().unwrap();
        let answer = get(&sandbox, &format!("/instagram/p/{code}/embed/captioned/")).await;
        let (likes, comments) = (post.metrics.likes.value().unwrap(), post.metrics.comments.value().unwrap());
        match (post.media_type, context(&answer)) {
            (Some(MediaType::Image), None) => {
                assert!(answer.text().contains(&format!("data-media-id=\"{}\"", post.external_id)));
                assert!(answer.text().contains(&format!("{likes} likes")));
                assert!(answer.text().contains(&format!("View all {comments} comments")));
            }
            (Some(MediaType::Image), Some(_)) => panic!("a single image has no context"),
            (_, context) => {
                let media = context.unwrap()["gql_data"]["shortcode_media"].clone();
                assert_eq!((&media["id"], &media["owner"]["username"]), (&json!(post.external_id), &json!("busy")));
                assert_eq!(media["edge_liked_by"]["count"].as_i64(), Some(likes));
                assert_eq!(media["edge_media_to_comment"]["count"].as_i64(), Some(comments));
                assert!(media.get("taken_at_timestamp").is_none());
            }
        }
        kinds.push(post.media_type);
        sandbox.set_fault(Platform::Instagram, Some(&post.external_id), Some(State::Missing));
        assert!(get(&sandbox, &format!("/instagram/p/{code}/embed/captioned/")).await.text().contains("EmbedIsBroken"));
    }
    assert!(kinds.contains(&Some(MediaType::Image)) && kinds.contains(&Some(MediaType::Video)), "{kinds:?}");
    sandbox.stop().await;
}

fn tiktok_embed(answer: &Answer, id: &str) -> Value {
    answer.script("__FRONTITY_CONNECT_STATE__").unwrap()["source"]["data"][format!("/embed/v2/{id}")].clone()
}

#[tokio::test]
async fn tiktoks_post_embed_says_what_the_population_says() {
    let sandbox = start().await;
    get(&sandbox, "/tiktok/embed/@busy").await;
    let post = POPULATION.posts(Platform::Tiktok, "busy", NOW)[0].clone();
    let id = &post.external_id;
    let data = tiktok_embed(&get(&sandbox, &format!("/tiktok/embed/v2/{id}")).await, id)["videoData"].clone();
    assert_eq!(data["itemInfos"]["id"], json!(id));
    assert_eq!(data["itemInfos"]["playCount"].as_i64(), post.metrics.plays.value());
    assert_eq!(data["itemInfos"]["diggCount"].as_i64(), post.metrics.likes.value());
    assert_eq!(
        (&data["authorInfos"]["uniqueId"], &data["authorInfos"]["userId"]),
        (&json!("busy"), &json!(post.author.platform_id))
    );
    sandbox.happen(Platform::Tiktok, Event::Delete { target: id.clone() }).unwrap();
    let gone = tiktok_embed(&get(&sandbox, &format!("/tiktok/embed/v2/{id}")).await, id);
    assert_eq!((&gone["videoData"], &gone["isError"]), (&json!({}), &json!(true)));
    sandbox.stop().await;
}

#[tokio::test]
async fn a_fault_can_stand_before_one_surface_alone() {
    let sandbox = start().await;
    let id = "7571863205253778710";
    let fault = json!({ "platform": "tiktok", "surface": "post", "state": "garbage" }).to_string();
    assert_eq!(send(&sandbox, "POST", "/control/faults", &fault).await.status, 204);
    let page = get(&sandbox, &format!("/tiktok/@anna/video/{id}")).await;
    assert!(std::str::from_utf8(&page.body).is_err());
    assert_eq!(
        tiktok_embed(&get(&sandbox, &format!("/tiktok/embed/v2/{id}")).await, id)["videoData"]["itemInfos"]["id"],
        json!(id)
    );
    assert_eq!(get(&sandbox, "/tiktok/@anna").await.status, 200);
    let of_one = FaultAt::platform(Platform::Instagram).on(Surface::ProfileEmbed).of("anna");
    sandbox.set_fault_at(of_one.clone(), Some(State::Broken));
    assert_eq!(get(&sandbox, "/instagram/anna/embed/").await.status, 500);
    assert_eq!(get(&sandbox, "/instagram/anna/").await.status, 200);
    assert_eq!(get(&sandbox, "/instagram/bert/embed/").await.status, 200);
    sandbox.set_fault_at(of_one, None);
    assert_eq!(get(&sandbox, "/instagram/anna/embed/").await.status, 200);
    sandbox.stop().await;
}

#[tokio::test]
async fn tiktoks_pages_change_their_shape() {
    let sandbox = start().await;
    let platform = Platform::Tiktok;
    let post = POPULATION.posts(platform, "busy", NOW)[0].clone();
    let (profile, path) = ("/tiktok/@busy", format!("/tiktok/@busy/video/{}", post.external_id));
    sandbox.happen(platform, Event::ChangeEra { era: Era::Older }).unwrap();
    let state = get(&sandbox, profile).await.script("SIGI_STATE").unwrap();
    let facts = POPULATION.profile(platform, "busy", NOW);
    assert_eq!(state["UserModule"]["users"]["busy"]["id"], json!(facts.platform_id));
    assert_eq!(state["UserModule"]["stats"]["busy"]["videoCount"].as_i64(), facts.metrics.posts.value());
    let state = get(&sandbox, &path).await.script("SIGI_STATE").unwrap();
    let item = &state["ItemModule"][&post.external_id];
    assert_eq!((&item["author"], item["stats"]["playCount"].as_i64()), (&json!("busy"), post.metrics.plays.value()));
    sandbox.happen(platform, Event::ChangeEra { era: Era::Unknown }).unwrap();
    for path in [profile, &path] {
        let answer = get(&sandbox, path).await;
        assert_eq!(answer.status, 200);
        for known in ["SIGI_STATE", "UNIVERSAL_DATA", "\"uniqueId\"", "\"stats\"", "\"statusCode\""] {
            assert!(!answer.text().contains(known), "{known}");
        }
    }
    assert!(get(&sandbox, "/tiktok/embed/@busy").await.script("__FRONTITY_CONNECT_STATE__").is_some());
    sandbox.happen(platform, Event::ChangeEra { era: Era::Current }).unwrap();
    assert!(get(&sandbox, profile).await.script("__UNIVERSAL_DATA_FOR_REHYDRATION__").is_some());
    sandbox.stop().await;
}

#[tokio::test]
async fn instagrams_pages_change_their_shape() {
    let sandbox = start().await;
    let platform = Platform::Instagram;
    get(&sandbox, "/instagram/busy/").await;
    let post = POPULATION.posts(platform, "busy", NOW)[0].clone();
    let path = format!("/instagram/p/{}/", post.shortcode.as_deref().unwrap());
    sandbox.happen(platform, Event::ChangeEra { era: Era::Older }).unwrap();
    let profile = get(&sandbox, "/instagram/busy/").await;
    let id = POPULATION.profile(platform, "busy", NOW).platform_id.unwrap();
    assert!(profile.text().contains(&format!("\"profile_id\":\"{id}\"")) && profile.text().contains(" Followers, "));
    assert!(!profile.text().contains("xig_user_by_username"));
    let page = get(&sandbox, &path).await;
    assert!(page.text().contains(" comments - busy on ") && !page.text().contains("xig_polaris_media"));
    assert!(page.text().contains(&format!("instagram://media?id={}", post.external_id)));
    sandbox.happen(platform, Event::ChangeEra { era: Era::Unknown }).unwrap();
    for path in ["/instagram/busy/", &path] {
        let answer = get(&sandbox, path).await;
        assert!(answer.status == 200 && !answer.text().contains("xig_") && !answer.text().contains("og:description"));
    }
    assert!(context(&get(&sandbox, "/instagram/busy/embed/").await).is_some());
    sandbox.stop().await;
}
