//! The life of a video.

use serde_json::{Value, json};

use crate::harness::Api;

const FIELDS: [&str; 39] = [
    "id",
    "type",
    "platform",
    "external_id",
    "shortcode",
    "url",
    "is_active",
    "scrape_interval_hours",
    "metadata",
    "added_at",
    "updated_at",
    "first_scrape_time",
    "last_scrape_time",
    "description",
    "create_time",
    "media_type",
    "duration",
    "is_unavailable",
    "cover_image_url",
    "cover_image_url_original",
    "video_url",
    "video_url_original",
    "view_count",
    "like_count",
    "comment_count",
    "share_count",
    "play_count",
    "saved_count",
    "total_views",
    "total_plays",
    "account_id",
    "account_username",
    "platform_account_id",
    "platform_data",
    "freshness",
    "metric_status",
    "metric_precision",
    "status",
    "source",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_video_is_created_read_changed_and_deleted() {
    let api = Api::start().await;
    let body = json!({"platform": "instagram", "identifier": "https://www.instagram.com/reel/CN2VQ1yI_MA/?x=1"});
    let created = api.post("/v2/videos", &body).await.expect(201);
    let path = format!("/v2/videos/{}", created.id());
    assert_eq!(created.header("location"), path);
    let video = created.json()["data"].clone();
    let mut expected = FIELDS;
    expected.sort_unstable();
    let mut members: Vec<_> = video.as_object().unwrap().keys().map(String::as_str).collect();
    members.sort_unstable();
    assert_eq!(members, expected);
    assert_eq!(video["external_id"], "2555323354817229568");
    assert_eq!(video["shortcode"], "CN2VQ1yI_MA");
    assert_eq!(video["url"], "https://www.instagram.com/p/CN2VQ1yI_MA/");
    assert_eq!((&video["source"], &video["status"]), (&json!("submitted"), &json!("live")));
    assert_eq!(video["metric_status"]["total_views"], "not_yet_scraped");
    assert_eq!(api.get(&path).await.expect(200).body, created.body);

    for form in ["CN2VQ1yI_MA", "2555323354817229568", "https://www.instagram.com/p/CN2VQ1yI_MA/"] {
        let refused = api.post("/v2/videos", &json!({"platform": "instagram", "identifier": form})).await.expect(409);
        assert_eq!(refused.json()["existing_id"], created.id().as_str(), "{form}");
    }
    let changed = api.patch(&path, &json!({"scrape_interval_hours": 6, "is_active": false})).await.expect(200);
    assert_eq!(changed.json()["data"]["scrape_interval_hours"], 6);
    let refused = api.patch(&path, &json!({"identifier": "x", "is_active": null})).await.expect(422);
    assert_eq!(refused.invalid(), ["identifier", "is_active"]);
    api.send("DELETE", &path, &[], None).await.expect(204);
    api.get(&path).await.expect(404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_identifier_that_names_no_post_is_invalid_and_short_links_say_why() {
    let api = Api::start().await;
    for (platform, identifier) in [
        ("tiktok", "https://vm.tiktok.com/ZMabc/"),
        ("tiktok", "https://www.instagram.com/p/CN2VQ1yI_MA/"),
        ("instagram", ""),
        ("tiktok", "abc"),
    ] {
        let body = json!({"platform": platform, "identifier": identifier});
        assert_eq!(api.post("/v2/videos", &body).await.expect(422).invalid(), ["identifier"], "{identifier}");
    }
    let page: Value =
        api.get("/v2/account-videos?media_type=video&created_after=2026-01-01T00:00:00Z").await.expect(200).json();
    assert_eq!(page["data"], json!([]));
    assert_eq!(page["filters"]["created_after"], "2026-01-01T00:00:00Z");
    let refused = api.get("/v2/account-videos?media_type=film&created_before=yesterday").await.expect(422);
    assert_eq!(refused.invalid(), ["created_before", "media_type"]);
    // As with the windows of history and of reports.
    let reversed = api.get("/v2/account-videos?created_after=2025-02-01&created_before=2025-01-31").await.expect(422);
    assert_eq!(reversed.invalid(), ["created_before"]);
    api.get("/v2/account-videos?created_after=2025-02-01&created_before=2025-02-01").await.expect(200);
}
