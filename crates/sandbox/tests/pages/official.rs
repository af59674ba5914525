use domain::Platform;
use sandbox::{Event, FaultAt, GRAPH_TOKEN, GRAPH_USER_ID, Sandbox, State, Surface, YOUTUBE_DATA_KEY};
use serde_json::{Value, json};

use crate::client::{Answer, NOW, POPULATION, get, start};

async fn discover(sandbox: &Sandbox, handle: &str, token: &str) -> Answer {
    let fields = format!(
        "business_discovery.username({handle}){{followers_count,follows_count,media_count,name,username,media.limit(4){{caption,timestamp,permalink,like_count,comments_count,view_count,media_type}}}}"
    );
    let fields = fields.replace('{', "%7B").replace('}', "%7D").replace(',', "%2C");
    get(sandbox, &format!("/graph/v25.0/{GRAPH_USER_ID}?fields={fields}&access_token={token}")).await
}

async fn data(sandbox: &Sandbox, question: &str) -> Answer {
    get(sandbox, &format!("/youtube-data/v3/{question}&key={YOUTUBE_DATA_KEY}")).await
}

#[tokio::test]
async fn the_graph_tells_of_professional_accounts_to_the_digit() {
    let sandbox = start().await;
    let answer = discover(&sandbox, "busy", GRAPH_TOKEN).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let truth = sandbox.profile_truth(Platform::Instagram, "busy").unwrap();
    let found = answer.json()["business_discovery"].clone();
    assert_eq!((&found["username"], &found["id"]), (&json!("busy"), &truth.facts.platform_data["fbid"]));
    assert_eq!(found["followers_count"].as_i64(), truth.counts.followers);
    assert_eq!(found["media_count"].as_i64(), truth.counts.posts);
    assert!(found.get("biography").is_none(), "only what was asked for");
    let posts = POPULATION.posts(Platform::Instagram, "busy", NOW);
    let media = found["media"]["data"].as_array().unwrap();
    assert_eq!(media.len(), 4);
    for (media, post) in media.iter().zip(&posts) {
        assert!(media["permalink"].as_str().unwrap().contains(post.shortcode.as_deref().unwrap()));
        assert_eq!(media["like_count"].as_i64(), post.metrics.likes.value());
        assert_eq!(media["comments_count"].as_i64(), post.metrics.comments.value());
        assert_eq!(media["view_count"].as_i64(), post.metrics.plays.value());
        assert_ne!(media["id"], json!(post.external_id));
    }
    assert!(get(&sandbox, "/instagram/busy/reels/").await.status == 200);
    sandbox.stop().await;
}

#[tokio::test]
async fn the_graph_refuses_as_documented() {
    let sandbox = start().await;
    let code = |answer: &Answer| (answer.status, answer.json()["error"]["code"].as_i64().unwrap());
    assert_eq!(code(&discover(&sandbox, "busy", "wrong").await), (400, 190));
    for nobody in ["personal", "personal.3", "missing", "private", "region_gated"] {
        assert_eq!(code(&discover(&sandbox, nobody, GRAPH_TOKEN).await), (400, 110), "{nobody}");
    }
    for well in ["throttled", "login_wall", "garbage"] {
        assert_eq!(discover(&sandbox, well, GRAPH_TOKEN).await.status, 200, "{well} is the pages' affair");
    }
    sandbox.set_fault(Platform::Instagram, None, Some(State::Throttled));
    assert_eq!(discover(&sandbox, "busy", GRAPH_TOKEN).await.status, 200);
    sandbox.set_fault_at(FaultAt::platform(Platform::Instagram).on(Surface::Official), Some(State::Throttled));
    assert_eq!(code(&discover(&sandbox, "busy", GRAPH_TOKEN).await), (403, 4));
    sandbox.stop().await;
}

#[tokio::test]
async fn the_data_api_says_what_the_pages_say_and_exactly() {
    let sandbox = start().await;
    let truth = sandbox.profile_truth(Platform::Youtube, "@busy").unwrap();
    let id = truth.facts.platform_id.clone().unwrap();
    for question in [
        format!("channels?part=snippet,statistics,contentDetails&id={id}"),
        "channels?part=snippet,statistics,contentDetails&forHandle=%40Busy".to_owned(),
    ] {
        let found = data(&sandbox, &question).await.json()["items"][0].clone();
        assert_eq!((&found["id"], &found["snippet"]["customUrl"]), (&json!(id), &json!("@busy")));
        assert_eq!(found["statistics"]["videoCount"], json!(truth.counts.posts.unwrap().to_string()));
        assert_eq!(
            found["statistics"]["subscriberCount"],
            json!(truth.facts.metrics.followers.value().unwrap().to_string())
        );
        assert_eq!(found["contentDetails"]["relatedPlaylists"]["uploads"], json!(id.replacen("UC", "UU", 1)));
    }
    let uploads = id.replacen("UC", "UU", 1);
    let page =
        data(&sandbox, &format!("playlistItems?part=contentDetails&playlistId={uploads}&maxResults=8")).await.json();
    let posts = POPULATION.posts(Platform::Youtube, "busy", NOW);
    let ids = |page: &Value| {
        page["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["contentDetails"]["videoId"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(ids(&page), posts.iter().take(8).map(|post| json!(post.external_id)).collect::<Vec<_>>());
    let token = page["nextPageToken"].as_str().unwrap();
    let next = data(
        &sandbox,
        &format!("playlistItems?part=contentDetails&playlistId={uploads}&maxResults=4&pageToken={token}"),
    )
    .await
    .json();
    assert_eq!(ids(&next), posts.iter().skip(8).map(|post| json!(post.external_id)).collect::<Vec<_>>());
    let two = format!("{},{}", posts[0].external_id, posts[1].external_id);
    sandbox.happen(Platform::Youtube, Event::HideLikes { target: posts[1].external_id.clone() }).unwrap();
    let videos = data(&sandbox, &format!("videos?part=snippet,statistics,contentDetails&id={two}")).await.json();
    for (item, post) in videos["items"].as_array().unwrap().iter().zip(&posts) {
        let exact = sandbox.post_truth(Platform::Youtube, &post.external_id).unwrap().counts;
        assert_eq!((&item["id"], &item["snippet"]["channelId"]), (&json!(post.external_id), &json!(id)));
        assert_eq!(item["statistics"]["viewCount"], json!(exact.plays.to_string()));
        assert_eq!(item["statistics"]["commentCount"], json!(exact.comments.to_string()));
        assert!(item["contentDetails"]["duration"].as_str().unwrap().starts_with("PT"));
    }
    let likes = |n: usize| videos["items"][n]["statistics"].get("likeCount").is_some();
    assert!(likes(0) && !likes(1));
    sandbox.stop().await;
}

#[tokio::test]
async fn the_data_api_refuses_as_documented() {
    let sandbox = start().await;
    let wrong = get(&sandbox, "/youtube-data/v3/videos?part=id&id=dQw4w9WgXcQ&key=wrong").await;
    assert_eq!((wrong.status, &wrong.json()["error"]["errors"][0]["reason"]), (400, &json!("keyInvalid")));
    let gone = data(&sandbox, "channels?part=id&forHandle=missing").await;
    assert!(gone.status == 200 && gone.json().get("items").is_none());
    let id = "dQw4w9WgXcQ";
    sandbox.happen(Platform::Youtube, Event::Delete { target: format!("https://youtu.be/{id}") }).unwrap();
    assert_eq!(data(&sandbox, &format!("videos?part=id&id={id}")).await.json()["items"], json!([]));
    assert_eq!(data(&sandbox, "playlistItems?part=id&playlistId=UUnothing").await.status, 404);
    sandbox.set_fault_at(FaultAt::platform(Platform::Youtube).on(Surface::Official), Some(State::RateLimited));
    let quota = data(&sandbox, &format!("videos?part=id&id={id}")).await;
    assert_eq!((quota.status, &quota.json()["error"]["errors"][0]["reason"]), (403, &json!("quotaExceeded")));
    assert_eq!(get(&sandbox, "/youtube/@busy").await.status, 200);
    sandbox.stop().await;
}
