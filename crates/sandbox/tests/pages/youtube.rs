use domain::{Platform, Reading};
use sandbox::{Era, Event, Population, Sandbox, State, Surface};
use serde_json::{Value, json};

use crate::client::{Answer, NOW, POPULATION, all_under, get, start};

const PLATFORM: Platform = Platform::Youtube;

fn channel_id(handle: &str) -> String {
    POPULATION.profile(PLATFORM, handle, NOW).platform_id.unwrap()
}

fn header_texts(answer: &Answer) -> Vec<String> {
    let data = answer.variable("ytInitialData");
    let rows =
        all_under(&data["header"]["pageHeaderRenderer"], "metadataParts").into_iter().cloned().collect::<Vec<_>>();
    rows.iter().flat_map(|row| all_under(row, "content")).map(|text| text.as_str().unwrap().to_owned()).collect()
}

/// The count that `15.1M subscribers` says.
fn count(text: &str) -> i64 {
    let number = text.split(' ').next().unwrap();
    let (digits, thousands) = match number.as_bytes()[number.len() - 1] {
        b'K' => (&number[..number.len() - 1], 1),
        b'M' => (&number[..number.len() - 1], 2),
        b'B' => (&number[..number.len() - 1], 3),
        _ => (number, 0),
    };
    let (whole, rest) = digits.split_once('.').unwrap_or((digits, ""));
    let unit = 1000_i64.pow(thousands);
    let rest: i64 = format!("{rest:0<3}").parse().unwrap();
    whole.parse::<i64>().unwrap() * unit + rest * unit / 1000
}

#[tokio::test]
async fn a_channel_page_says_what_the_population_says_by_every_address() {
    let sandbox = start().await;
    let (facts, id) = (POPULATION.profile(PLATFORM, "busy", NOW), channel_id("busy"));
    for path in [
        "@busy".to_owned(),
        "@Busy/videos".to_owned(),
        format!("channel/{id}"),
        "c/busy".to_owned(),
        "user/busy".to_owned(),
    ] {
        let answer = get(&sandbox, &format!("/youtube/{path}")).await;
        assert_eq!(answer.status, 200, "{path}");
        let data = answer.variable("ytInitialData");
        let about = &data["metadata"]["channelMetadataRenderer"];
        assert_eq!((&about["externalId"], &about["title"]), (&json!(id), &json!(facts.name)), "{path}");
        assert_eq!(about["vanityChannelUrl"], "http://www.youtube.com/@busy");
        let texts = header_texts(&answer);
        assert_eq!(texts[0], "@busy");
        assert_eq!(count(&texts[1]), facts.metrics.followers.value().unwrap(), "{texts:?}");
        assert_eq!(count(&texts[2]), facts.metrics.posts.value().unwrap(), "{texts:?}");
        let listed: Vec<_> =
            all_under(&data, "lockupViewModel").into_iter().map(|card| card["contentId"].clone()).collect();
        let posts = POPULATION.posts(PLATFORM, "busy", NOW);
        assert_eq!(listed, posts.iter().map(|post| json!(post.external_id)).collect::<Vec<_>>());
    }
    let exact = sandbox.profile_truth(PLATFORM, &id).unwrap();
    assert_eq!((exact.facts.username.as_str(), exact.facts.platform_id.as_deref()), ("busy", Some(id.as_str())));
    assert!(
        exact.counts.followers.unwrap() - exact.facts.metrics.followers.value().unwrap()
            < exact.counts.followers.unwrap() / 100
    );
    sandbox.stop().await;
}

#[tokio::test]
async fn a_channel_of_any_id_answers_with_that_id() {
    let sandbox = start().await;
    let id = "UCLA_DiR1FfKNvjuUpBHmylQ";
    let answer = get(&sandbox, &format!("/youtube/channel/{id}")).await;
    let handle = header_texts(&answer)[0].clone();
    for path in [format!("channel/{id}"), handle] {
        let data = get(&sandbox, &format!("/youtube/{path}")).await.variable("ytInitialData");
        assert_eq!(data["metadata"]["channelMetadataRenderer"]["externalId"], id, "{path}");
    }
    sandbox.stop().await;
}

#[tokio::test]
async fn the_feed_has_fifteen_videos_with_exact_counts() {
    let sandbox = start().await;
    let id = channel_id("busy");
    let answer = get(&sandbox, &format!("/youtube/feeds/videos.xml?channel_id={id}")).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("text/xml; charset=UTF-8")));
    let text = answer.text();
    assert_eq!(text.matches("<entry>").count(), 15);
    assert!(text.contains(&format!("href=\"https://www.youtube.com/channel/{id}\"")));
    for post in POPULATION.posts(PLATFORM, "busy", NOW) {
        let (_, entry) = text.split_once(&format!("<yt:videoId>{}</yt:videoId>", post.external_id)).unwrap();
        let (entry, _) = entry.split_once("</entry>").unwrap();
        assert!(entry.contains(&format!("views=\"{}\"", post.metrics.views.value().unwrap())));
        assert!(entry.contains(&format!("starRating count=\"{}\"", post.metrics.likes.value().unwrap())));
        assert!(entry.contains(&format!("<yt:channelId>{id}</yt:channelId>")));
    }
    let quiet = get(&sandbox, &format!("/youtube/feeds/videos.xml?channel_id={}", channel_id("quiet"))).await;
    assert_eq!((quiet.status, quiet.text().matches("<entry>").count()), (200, 0));
    for gone in [channel_id("missing"), "UCshort".to_owned()] {
        assert_eq!(get(&sandbox, &format!("/youtube/feeds/videos.xml?channel_id={gone}")).await.status, 404);
    }
    sandbox.stop().await;
}

async fn player(sandbox: &Sandbox, id: &str) -> Value {
    get(sandbox, &format!("/youtube/watch?v={id}")).await.variable("ytInitialPlayerResponse")
}

#[tokio::test]
async fn a_watch_page_says_what_the_population_says() {
    let sandbox = start().await;
    assert_eq!(get(&sandbox, "/youtube/@busy").await.status, 200);
    for post in POPULATION.posts(PLATFORM, "busy", NOW).iter().take(4) {
        let id = &post.external_id;
        for path in [format!("watch?v={id}"), format!("watch?v={id}&t=3s"), format!("shorts/{id}")] {
            let answer = get(&sandbox, &format!("/youtube/{path}")).await;
            let player = answer.variable("ytInitialPlayerResponse");
            let (details, format) = (&player["videoDetails"], &player["microformat"]["playerMicroformatRenderer"]);
            assert_eq!(player["playabilityStatus"]["status"], "OK");
            assert_eq!(
                (&details["videoId"], &details["channelId"]),
                (&json!(id), &json!(channel_id("busy"))),
                "{path}"
            );
            assert_eq!(details["viewCount"], json!(post.metrics.views.value().unwrap().to_string()));
            assert_eq!(format["likeCount"], json!(post.metrics.likes.value().unwrap().to_string()));
            assert_eq!(format["ownerProfileUrl"], "http://www.youtube.com/@busy");
            let published = domain::Timestamp::parse(format["publishDate"].as_str().unwrap());
            assert_eq!(published, post.create_time);
            let next = answer.variable("ytInitialData");
            let comments = all_under(&next, "commentsEntryPointHeaderRenderer")[0];
            assert_eq!(
                count(comments["commentCount"]["simpleText"].as_str().unwrap()),
                post.metrics.comments.value().unwrap()
            );
            assert_eq!(all_under(&next, "likeButtonViewModel").len(), 2);
        }
        let oembed =
            get(&sandbox, &format!("/youtube/oembed?url=https%3A%2F%2Fwww.youtube.com%2Fwatch%3Fv%3D{id}")).await;
        assert_eq!((oembed.status, &oembed.json()["author_url"]), (200, &json!("https://www.youtube.com/@busy")));
    }
    let made_up = player(&sandbox, "dQw4w9WgXcQ").await;
    assert_eq!(made_up["videoDetails"]["videoId"], "dQw4w9WgXcQ");
    sandbox.stop().await;
}

#[tokio::test]
async fn each_state_of_a_video_shows_its_signal() {
    let sandbox = start().await;
    let id = POPULATION.posts(PLATFORM, "busy", NOW)[0].external_id.clone();
    for (state, status, reason) in [
        (State::Missing, "ERROR", json!("Video unavailable")),
        (State::Private, "LOGIN_REQUIRED", Value::Null),
        (State::Challenge, "LOGIN_REQUIRED", json!("Sign in to confirm you’re not a bot")),
        (State::RegionGated, "UNPLAYABLE", json!("Video unavailable")),
    ] {
        sandbox.set_fault(PLATFORM, Some(&id), Some(state));
        let player = player(&sandbox, &id).await;
        let shown = &player["playabilityStatus"];
        assert_eq!((&shown["status"], &shown["reason"]), (&json!(status), &reason));
        assert_eq!(shown["messages"].is_array(), state == State::Private, "only a private video has messages");
        assert_eq!(player.get("videoDetails").is_some(), state == State::RegionGated);
    }
    sandbox.set_fault(PLATFORM, Some(&id), Some(State::HiddenLikes));
    let answer = get(&sandbox, &format!("/youtube/watch?v={id}")).await;
    let format = &answer.variable("ytInitialPlayerResponse")["microformat"]["playerMicroformatRenderer"];
    assert!(format.get("likeCount").is_none() && format["viewCount"].is_string());
    assert!(!answer.text().contains("along with"));
    sandbox.set_fault(PLATFORM, Some(&id), Some(State::LoginWall));
    let wall = get(&sandbox, &format!("/youtube/watch?v={id}")).await;
    assert!(wall.text().contains("Before you continue to YouTube") && !wall.text().contains("ytInitialPlayerResponse"));
    for (state, status) in [(State::Private, 403), (State::Missing, 404), (State::RateLimited, 429)] {
        sandbox.set_fault(PLATFORM, Some(&id), Some(state));
        assert_eq!(get(&sandbox, &format!("/youtube/oembed?url=https://youtu.be/{id}")).await.status, status);
    }
    sandbox.stop().await;
}

#[tokio::test]
async fn each_state_of_a_channel_shows_its_signal() {
    let sandbox = start().await;
    let alert = |answer: &Answer| answer.variable("ytInitialData")["alerts"][0]["alertRenderer"].clone();
    let missing = get(&sandbox, "/youtube/@missing.3").await;
    assert_eq!((missing.status, &alert(&missing)["type"]), (404, &json!("ERROR")));
    let gated = get(&sandbox, "/youtube/@region_gated").await;
    assert_eq!((gated.status, &alert(&gated)["type"]), (200, &json!("ERROR")));
    let throttled = get(&sandbox, "/youtube/@throttled").await;
    assert_eq!((throttled.status, throttled.header("retry-after")), (429, Some("60")));
    let moved = get(&sandbox, "/youtube/@renamed.7").await;
    assert_eq!((moved.status, moved.header("location")), (302, Some("/youtube/@renamed.7.now")));
    assert!(get(&sandbox, "/youtube/@login_wall").await.text().contains("consent.youtube.com/save"));
    assert!(std::str::from_utf8(&get(&sandbox, "/youtube/@garbage").await.body).is_err());
    assert_eq!(
        POPULATION.post(PLATFORM, "dQw4w9WgXcQ", Some("hidden_likes"), NOW).metrics.likes,
        Reading::Null(domain::MetricStatus::Hidden)
    );
    sandbox.stop().await;
}

#[tokio::test]
async fn an_older_header_and_one_that_nobody_knows() {
    let sandbox = start().await;
    sandbox.happen(PLATFORM, Event::ChangeEra { era: Era::Older }).unwrap();
    let data = get(&sandbox, "/youtube/@busy").await.variable("ytInitialData");
    let header = &data["header"]["c4TabbedHeaderRenderer"];
    let facts = POPULATION.profile(PLATFORM, "busy", NOW);
    assert_eq!(
        count(header["subscriberCountText"]["simpleText"].as_str().unwrap()),
        facts.metrics.followers.value().unwrap()
    );
    assert_eq!(header["channelId"], json!(facts.platform_id));
    sandbox.happen(PLATFORM, Event::ChangeEra { era: Era::Unknown }).unwrap();
    let id = POPULATION.posts(PLATFORM, "busy", NOW)[0].external_id.clone();
    for path in ["@busy".to_owned(), format!("watch?v={id}")] {
        let answer = get(&sandbox, &format!("/youtube/{path}")).await;
        assert_eq!(answer.status, 200);
        assert!(!answer.text().contains("ytInitial") && !answer.text().contains(&id));
    }
    // The feed keeps its shape, so that there is something to fall back on.
    let feed = get(&sandbox, &format!("/youtube/feeds/videos.xml?channel_id={}", channel_id("busy"))).await;
    assert!(feed.text().contains(&id));
    assert!(sandbox.requests().iter().any(|request| request.surface == Surface::Feed && request.status == Some(200)));
    assert_eq!(Population::new(11).profile(PLATFORM, "busy", NOW), facts);
    sandbox.stop().await;
}
