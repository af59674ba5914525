use domain::Platform;
use sandbox::{Era, Event, State};
use serde_json::{Value, json};

use crate::client::{Answer, NOW, POPULATION, all_under, get, start};

const PLATFORM: Platform = Platform::Pinterest;

fn props(answer: &Answer) -> Option<Value> {
    answer.script("__PWS_INITIAL_PROPS__").map(|props| props["initialReduxState"].clone())
}

/// The relay answers of a page.
fn relays(answer: &Answer) -> Vec<Value> {
    let relays =
        answer.scripts().into_iter().filter(|(attributes, _)| attributes.contains("data-relay-response=\"true\""));
    relays.map(|(_, value)| value["response"]["data"]["v3GetPinQuery"]["data"].clone()).collect()
}

#[tokio::test]
async fn a_profile_page_says_what_the_population_says() {
    let sandbox = start().await;
    let answer = get(&sandbox, "/pinterest/busy/").await;
    assert_eq!(answer.status, 200);
    assert!(answer.script("__PWS_DATA__").is_some());
    let (state, facts) = (props(&answer).unwrap(), POPULATION.profile(PLATFORM, "busy", NOW));
    let user = &state["users"][facts.platform_id.as_deref().unwrap()];
    assert_eq!((&user["username"], &user["full_name"]), (&json!("busy"), &json!(facts.name)));
    assert_eq!(user["follower_count"].as_i64(), facts.metrics.followers.value());
    assert_eq!(user["following_count"].as_i64(), facts.metrics.following.value());
    assert_eq!(user["pin_count"].as_i64(), facts.metrics.posts.value());
    let posts = POPULATION.posts(PLATFORM, "busy", NOW);
    assert_eq!(state["pins"].as_object().unwrap().len(), posts.len());
    for post in &posts {
        let pin = &state["pins"][&post.external_id];
        assert_eq!(pin["aggregated_pin_data"]["aggregated_stats"]["saves"].as_i64(), post.metrics.saves.value());
        assert_eq!(pin["repin_count"], post.platform_data["repin_count"]);
        assert_eq!(pin["comment_count"].as_i64(), post.metrics.comments.value());
    }
    sandbox.stop().await;
}

#[tokio::test]
async fn the_feed_names_the_newest_pins_without_counts() {
    let sandbox = start().await;
    let answer = get(&sandbox, "/pinterest/busy/feed.rss").await;
    assert_eq!((answer.status, answer.text().matches("<item>").count()), (200, 25));
    for post in POPULATION.posts(PLATFORM, "busy", NOW) {
        assert!(answer.text().contains(&format!("<guid>https://www.pinterest.com/pin/{}/</guid>", post.external_id)));
    }
    for gone in ["missing", "private", "region_gated.2"] {
        assert_eq!(get(&sandbox, &format!("/pinterest/{gone}/feed.rss")).await.status, 404);
    }
    sandbox.stop().await;
}

#[tokio::test]
async fn a_pins_page_says_what_the_population_says() {
    let sandbox = start().await;
    get(&sandbox, "/pinterest/busy/").await;
    let owner = POPULATION.profile(PLATFORM, "busy", NOW);
    for post in POPULATION.posts(PLATFORM, "busy", NOW).iter().take(3) {
        let id = &post.external_id;
        let answer = get(&sandbox, &format!("/pinterest/pin/{id}/")).await;
        let [page, detail] = <[Value; 2]>::try_from(relays(&answer)).unwrap();
        assert_eq!((&page["entityId"], &detail["entityId"]), (&json!(id), &json!(id)));
        assert!(page.get("repinCount").is_none());
        assert_eq!(detail["repinCount"], post.platform_data["repin_count"]);
        assert_eq!(detail["aggregatedPinData"]["aggregatedStats"]["saves"].as_i64(), post.metrics.saves.value());
        assert_eq!(detail["aggregatedPinData"]["commentCount"].as_i64(), post.metrics.comments.value());
        assert_eq!(
            (&detail["pinner"]["username"], &detail["pinner"]["entityId"]),
            (&json!("busy"), &json!(owner.platform_id))
        );
        let oembed =
            get(&sandbox, &format!("/pinterest/oembed.json?url=https%3A%2F%2Fwww.pinterest.com%2Fpin%2F{id}%2F")).await;
        assert_eq!((oembed.status, &oembed.json()["author_url"]), (200, &json!("https://www.pinterest.com/busy/")));
    }
    sandbox.stop().await;
}

#[tokio::test]
async fn each_state_shows_its_signal() {
    let sandbox = start().await;
    let id = POPULATION.posts(PLATFORM, "busy", NOW)[0].external_id.clone();
    let pin = format!("/pinterest/pin/{id}/");
    let oembed = format!("/pinterest/oembed.json?url=https://www.pinterest.com/pin/{id}/");
    for (state, status) in [
        (State::Missing, 302),
        (State::Private, 404),
        (State::RegionGated, 404),
        (State::LoginWall, 302),
        (State::Challenge, 200),
        (State::RateLimited, 429),
        (State::Throttled, 429),
    ] {
        sandbox.set_fault(PLATFORM, Some(&id), Some(state));
        let answer = get(&sandbox, &pin).await;
        assert_eq!(answer.status, status, "{state:?}");
        assert!(!String::from_utf8_lossy(&answer.body).contains(&id));
        if state.is_of_the_thing() {
            assert_eq!(get(&sandbox, &oembed).await.status, 404);
        }
    }
    assert_eq!(get(&sandbox, "/pinterest/missing/").await.status, 404);
    let private = props(&get(&sandbox, "/pinterest/private/").await).unwrap();
    assert_eq!((all_under(&private, "is_private_profile")[0], &private["pins"]), (&json!(true), &json!({})));
    let shell = get(&sandbox, "/pinterest/challenged/").await;
    assert!(shell.status == 200 && props(&shell).is_none());
    let moved = get(&sandbox, "/pinterest/renamed/").await;
    assert_eq!((moved.status, moved.header("location")), (302, Some("/pinterest/renamed.now/")));
    assert_eq!(get(&sandbox, "/pinterest/login/?next=%2F").await.status, 200);
    sandbox.stop().await;
}

#[tokio::test]
async fn an_older_shape_and_one_that_nobody_knows() {
    let sandbox = start().await;
    let post = POPULATION.posts(PLATFORM, "busy", NOW)[0].clone();
    let path = format!("/pinterest/pin/{}/", post.external_id);
    sandbox.happen(PLATFORM, Event::ChangeEra { era: Era::Older }).unwrap();
    let state = get(&sandbox, &path).await.script("initial-state").unwrap();
    let pin = &state["resourceResponses"][0]["response"]["data"];
    assert_eq!(pin["aggregated_pin_data"]["aggregated_stats"]["saves"].as_i64(), post.metrics.saves.value());
    sandbox.happen(PLATFORM, Event::ChangeEra { era: Era::Unknown }).unwrap();
    let unknown = get(&sandbox, &path).await;
    assert!(unknown.status == 200 && !unknown.text().contains(&post.external_id));
    sandbox.stop().await;
}
