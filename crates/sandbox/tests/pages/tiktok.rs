use domain::{MediaType, Platform, Reading};
use sandbox::named;
use serde_json::{Value, json};

use crate::client::{Answer, NOW, POPULATION, get, start};

const PLATFORM: Platform = Platform::Tiktok;
const DATA: &str = "__UNIVERSAL_DATA_FOR_REHYDRATION__";

fn scope(answer: &Answer, key: &str) -> Value {
    assert_eq!(answer.status, 200);
    answer.script(DATA).unwrap()["__DEFAULT_SCOPE__"][key].clone()
}

fn exact(reading: Reading) -> Value {
    json!(reading.value().unwrap().to_string())
}

#[tokio::test]
async fn a_profile_page_says_what_the_population_says() {
    let sandbox = start().await;
    for handle in ["anna", "famous", "renamed.now"] {
        let answer = get(&sandbox, &format!("/tiktok/@{handle}")).await;
        let detail = scope(&answer, "webapp.user-detail");
        let facts = POPULATION.profile(PLATFORM, handle, NOW);
        let (user, stats) = (&detail["userInfo"]["user"], &detail["userInfo"]["statsV2"]);
        assert_eq!(detail["statusCode"], 0);
        assert_eq!(user["id"], json!(facts.platform_id));
        assert_eq!(user["uniqueId"], json!(handle));
        assert_eq!(user["secUid"], facts.platform_data["sec_uid"]);
        assert_eq!(user["secUid"].as_str().unwrap().len(), 76);
        assert_eq!(stats["followerCount"], exact(facts.metrics.followers));
        assert_eq!(stats["heart"], exact(facts.metrics.likes));
        assert_eq!(stats["videoCount"], exact(facts.metrics.posts));
        assert_eq!(detail["userInfo"]["itemList"], json!([]));
        let linked = answer.script("ProfilePage").unwrap();
        let followers = &linked["mainEntity"]["interactionStatistic"][1]["userInteractionCount"];
        assert_eq!(followers.as_i64(), facts.metrics.followers.value());
    }
    sandbox.stop().await;
}

#[tokio::test]
async fn the_heart_count_of_the_famous_is_the_platforms_own_mistake() {
    let sandbox = start().await;
    let detail = scope(&get(&sandbox, "/tiktok/@famous").await, "webapp.user-detail");
    let wrapped = detail["userInfo"]["stats"]["heartCount"].as_i64().unwrap();
    let hearts = detail["userInfo"]["statsV2"]["heart"].as_str().unwrap().parse::<i64>().unwrap();
    assert!(i32::try_from(wrapped).is_ok() && wrapped != hearts);
    assert_eq!((hearts - wrapped) % (1 << 32), 0);
    let rounded = detail["userInfo"]["stats"]["heart"].as_i64().unwrap();
    assert!(rounded % 100_000_000 == 0 && rounded.abs_diff(hearts) <= 50_000_000);
    sandbox.stop().await;
}

#[tokio::test]
async fn the_embed_page_lists_posts_that_have_pages() {
    let sandbox = start().await;
    let answer = get(&sandbox, "/tiktok/embed/@busy").await;
    let state = answer.script("__FRONTITY_CONNECT_STATE__").unwrap();
    let page = &state["source"]["data"]["/embed/@busy"];
    let videos = page["videoList"].as_array().unwrap();
    let facts = POPULATION.posts(PLATFORM, "busy", NOW);
    assert!(videos.len() == 10 || videos.len() == 12);
    let mut kinds = Vec::new();
    for (video, facts) in videos.iter().zip(&facts) {
        assert_eq!(video["id"], json!(facts.external_id));
        assert_eq!(video["playCount"].as_i64(), facts.metrics.plays.value());
        // The handle in the address is of no matter.
        for path in [
            format!("@busy/video/{}", facts.external_id),
            format!("@/video/{}", facts.external_id),
            format!("@busy/photo/{}", facts.external_id),
        ] {
            let detail = scope(&get(&sandbox, &format!("/tiktok/{path}")).await, "webapp.video-detail");
            let item = &detail["itemInfo"]["itemStruct"];
            assert_eq!(detail["statusCode"], 0);
            assert_eq!(item["id"], json!(facts.external_id), "{path}");
            assert_eq!(item["author"]["uniqueId"], "busy", "{path}");
            assert_eq!(item["createTime"], json!(facts.create_time.unwrap().as_seconds().to_string()));
            assert_eq!(item["stats"]["diggCount"].as_i64(), facts.metrics.likes.value());
            assert_eq!(item["statsV2"]["playCount"], exact(facts.metrics.plays));
            assert_eq!(item["stats"]["collectCount"], json!(facts.platform_data["collect_count"].to_string()));
            assert_eq!(item["desc"], json!(facts.description.clone().unwrap_or_default()));
            let is_video = facts.media_type == Some(MediaType::Video);
            assert_eq!(item.get("imagePost").is_none(), is_video);
            assert_eq!(item["video"]["duration"].as_u64().unwrap() > 0, is_video);
            kinds.push(is_video);
        }
    }
    assert!(kinds.contains(&true));
    sandbox.stop().await;
}

#[tokio::test]
async fn a_post_that_nobody_listed_belongs_to_the_handle_in_its_address() {
    let sandbox = start().await;
    let id = "7571863205253778710";
    let author = |answer: &Answer| {
        scope(answer, "webapp.video-detail")["itemInfo"]["itemStruct"]["author"]["uniqueId"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(author(&get(&sandbox, &format!("/tiktok/@anna/video/{id}")).await), "anna");
    let derived = author(&get(&sandbox, &format!("/tiktok/@/video/{id}")).await);
    assert_eq!(derived, POPULATION.author_of(PLATFORM, id));
    assert_eq!(author(&get(&sandbox, &format!("/tiktok/@renamed/video/{id}")).await), "renamed.now");
    sandbox.stop().await;
}

#[tokio::test]
async fn each_state_of_a_profile_shows_its_signal() {
    let sandbox = start().await;
    let status = |answer: &Answer| scope(answer, "webapp.user-detail")["statusCode"].as_i64().unwrap();
    for handle in ["missing", "missing.7", "too_long_to_be_a_handle_at_all"] {
        let answer = get(&sandbox, &format!("/tiktok/@{handle}")).await;
        assert_eq!(status(&answer), 10221, "{handle}");
        assert_eq!(scope(&answer, "webapp.user-detail")["userInfo"], json!({}));
    }
    let private = scope(&get(&sandbox, "/tiktok/@private").await, "webapp.user-detail");
    assert_eq!(private["statusCode"], 10222);
    assert_eq!(private["userInfo"]["user"]["privateAccount"], true);
    let followers = POPULATION.profile(PLATFORM, named::PRIVATE, NOW).metrics.followers;
    assert_eq!(private["userInfo"]["statsV2"]["followerCount"], exact(followers));
    let embed = get(&sandbox, "/tiktok/embed/@private").await.script("__FRONTITY_CONNECT_STATE__").unwrap();
    assert_eq!(embed["source"]["data"]["/embed/@private"]["videoList"], json!([]));
    assert_eq!(status(&get(&sandbox, "/tiktok/@region_gated").await), 10223);

    let throttled = get(&sandbox, "/tiktok/@throttled").await;
    assert_eq!((throttled.status, throttled.header("retry-after")), (429, Some("60")));
    let wall = get(&sandbox, "/tiktok/@login_wall").await;
    assert_eq!(wall.status, 302);
    assert!(wall.header("location").unwrap().starts_with("/tiktok/login?"));
    let login = get(&sandbox, wall.header("location").unwrap()).await;
    assert!(login.script(DATA).unwrap()["__DEFAULT_SCOPE__"].get("webapp.user-detail").is_none());
    let challenge = get(&sandbox, "/tiktok/@challenged.7").await;
    assert_eq!((challenge.status, challenge.script(DATA)), (200, None));
    assert!(challenge.body.len() < 1500 && challenge.text().contains("_wafchallengeid"));
    let moved = get(&sandbox, "/tiktok/@renamed").await;
    assert_eq!((moved.status, moved.header("location")), (302, Some("/tiktok/@renamed.now")));
    assert_eq!(get(&sandbox, "/tiktok/@broken").await.status, 500);
    let garbage = get(&sandbox, "/tiktok/@garbage").await;
    assert!(garbage.status == 200 && !garbage.body.is_empty() && std::str::from_utf8(&garbage.body).is_err());
    let empty = get(&sandbox, "/tiktok/@empty_body").await;
    assert_eq!((empty.status, empty.body.len()), (200, 0));
    let started = std::time::Instant::now();
    assert_eq!(status(&get(&sandbox, "/tiktok/@slow").await), 0);
    assert!(started.elapsed().as_millis() >= 300);
    sandbox.stop().await;
}

#[tokio::test]
async fn each_state_of_a_post_shows_its_signal() {
    let sandbox = start().await;
    for (path, message) in [
        (format!("@anna/video/{}", named::TIKTOK_DELETED.external_id), "item doesn't exist"),
        (format!("@/video/{}", named::TIKTOK_PRIVATE.external_id), "status_self_see"),
        (format!("@/video/{}", named::TIKTOK_REGION_GATED.external_id), "cross_border_violation_ur"),
        ("@missing.1/video/7571863205253778710".to_owned(), "item doesn't exist"),
        ("@private/video/7571863205253778710".to_owned(), "status_self_see"),
    ] {
        let detail = scope(&get(&sandbox, &format!("/tiktok/{path}")).await, "webapp.video-detail");
        assert_eq!((&detail["statusCode"], &detail["statusMsg"]), (&json!(10204), &json!(message)), "{path}");
        assert_eq!(detail["itemInfo"], json!({}));
    }
    let broken = format!("/tiktok/@anna/video/{}", named::TIKTOK_BROKEN.external_id);
    assert_eq!(get(&sandbox, &broken).await.status, 500);
    let slow = format!("/tiktok/@anna/video/{}", named::TIKTOK_SLOW.external_id);
    assert_eq!(scope(&get(&sandbox, &slow).await, "webapp.video-detail")["statusCode"], 0);
    assert_eq!(get(&sandbox, "/tiktok/@throttled/video/7571863205253778710").await.status, 429);
    sandbox.stop().await;
}

#[tokio::test]
async fn oembed_answers_for_what_is_shown_and_refuses_the_rest() {
    let sandbox = start().await;
    let oembed =
        |path: String| format!("/tiktok/oembed?url=https%3A%2F%2Fwww.tiktok.com%2F{}", path.replace('/', "%2F"));
    let shown = get(&sandbox, &oembed("@anna/video/7571863205253778710".to_owned())).await;
    assert_eq!(shown.status, 200);
    assert_eq!(shown.json()["embed_product_id"], "7571863205253778710");
    assert_eq!(shown.json()["author_unique_id"], "anna");
    assert_eq!(get(&sandbox, &oembed("@anna".to_owned())).await.json()["author_unique_id"], "anna");
    for gone in [format!("@anna/video/{}", named::TIKTOK_DELETED.external_id), "@missing".to_owned(), String::new()] {
        assert_eq!(get(&sandbox, &oembed(gone)).await.status, 400);
    }
    sandbox.stop().await;
}
