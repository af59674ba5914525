//! Recorded pages in the platforms' place: what stands in a real page comes back through the API, with API and worker as processes of
//! their own on PostgreSQL and Redis, and in one process on SQLite.

use serde_json::{Value, json};
use tests::sample_platform::file_of;
use tests::samples::{Samples, table};
use tests::{Builder, Deployment, Pair, Platforms, on_every_pair, poll_until};

on_every_pair!(
    the_accounts_of_recorded_pages_come_back,
    the_posts_of_recorded_pages_come_back,
    the_posts_of_a_recorded_feed_are_found_and_read,
);

async fn deployment(pair: Pair) -> Option<Deployment> {
    let samples = Samples::find()?;
    Some(Builder::new(pair).platforms(Platforms::Samples(samples)).start().await)
}

/// Asserts that every recorded value that the resource has is the resource's, and that there are some.
fn assert_same(samples: &Samples, file: &str, resource: &Value) {
    table::assert_right(&table::of_resource(&samples.sample(file), resource), 4);
}

async fn the_accounts_of_recorded_pages_come_back(pair: Pair) {
    let Some(mut deployment) = deployment(pair).await else { return };
    let client = deployment.client.clone();
    let samples = Samples::find().expect("they were there a moment ago");
    for (platform, username, page) in [
        ("tiktok", "illojuan", "/@illojuan"),
        ("tiktok", "https://www.tiktok.com/@Khaby.Lame", "/@khaby.lame"),
        ("tiktok", "@nasa", "/@nasa"),
        ("instagram", "https://instagram.com/natgeo/", "/natgeo"),
    ] {
        let made = client.post("/v2/accounts", &json!({"platform": platform, "username": username})).await.data(201);
        assert!(made["last_scrape_time"].is_null() && made["follower_count"].is_null(), "{made}");
        let account = deployment.scraped(&format!("/v2/accounts/{}", made["id"].as_str().expect("an id"))).await;
        assert_same(&samples, file_of(page), &account);
        assert_eq!(account["is_unavailable"], false, "{account}");
    }
    deployment.terminate_all().await;
}

async fn the_posts_of_recorded_pages_come_back(pair: Pair) {
    let Some(mut deployment) = deployment(pair).await else { return };
    let client = deployment.client.clone();
    let samples = Samples::find().expect("they were there a moment ago");
    for (platform, identifier, page) in [
        ("tiktok", "https://www.tiktok.com/@illojuan/video/7571863205253778710?lang=es", "7571863205253778710"),
        ("tiktok", "6806030056956251397", "6806030056956251397"),
        ("tiktok", "https://m.tiktok.com/v/7134059641968872746.html", "7134059641968872746"),
        ("tiktok", "https://www.tiktok.com/@/video/7665075736742530317", "7665075736742530317"),
        ("instagram", "https://www.instagram.com/natgeo/reel/DdG4RIxIPyf/", "DdG4RIxIPyf"),
        ("instagram", "DeBJRyaDIyP", "DeBJRyaDIyP"),
        ("instagram", "2555323354817229568", "CN2VQ1yI_MA"),
    ] {
        let body = json!({"platform": platform, "identifier": identifier});
        let made = client.post("/v2/videos", &body).await.data(201);
        assert!(made["last_scrape_time"].is_null() && made["like_count"].is_null(), "{made}");
        let video = deployment.scraped(&format!("/v2/videos/{}", made["id"].as_str().expect("an id"))).await;
        let truth = samples.truth(file_of(page));
        assert_same(&samples, file_of(page), &video);
        if platform == "tiktok" {
            assert_eq!(video["view_count"], truth["plays"], "TikTok's views are its plays: {video}");
        }
    }
    deployment.terminate_all().await;
}

async fn the_posts_of_a_recorded_feed_are_found_and_read(pair: Pair) {
    let Some(mut deployment) = deployment(pair).await else { return };
    let client = deployment.client.clone();
    let samples = Samples::find().expect("they were there a moment ago");
    client.post("/v2/accounts", &json!({"platform": "tiktok", "username": "nasa"})).await.assert_status(201);
    let found = poll_until("the feed's posts are account videos", async || {
        let rows = client.get("/v2/account-videos").await.rows();
        (rows.len() >= 8).then_some(rows)
    })
    .await;
    let remark = samples.truth(file_of("/embed/@nasa"))["_items"].as_str().expect("the feed's items").to_owned();
    let listed: Vec<_> = remark.split(';').filter_map(|item| item.split_whitespace().next()).collect();
    for id in &listed {
        assert!(found.iter().any(|video| video["external_id"] == *id), "{id} is in the feed and was not found");
    }
    // One of them has a page of its own; the others' pages say 404, which must not take away what the feed said.
    let recorded = file_of("7665075736742530317");
    let video = poll_until("the post's own page is read", async || {
        let rows = client.get("/v2/account-videos").await.rows();
        rows.into_iter().find(|row| row["external_id"] == "7665075736742530317" && !row["like_count"].is_null())
    })
    .await;
    assert_same(&samples, recorded, &video);
    for row in client.get("/v2/account-videos").await.rows() {
        assert!(row["play_count"].is_i64(), "{row}");
    }
    let asked = deployment.samples.as_ref().expect("the recorded pages").asked();
    assert!(asked.iter().any(|path| path == "/embed/@nasa"), "{asked:?}");
    deployment.terminate_all().await;
}
