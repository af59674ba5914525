//! Numbers over time: windows, several at once, day by day, beside the window before, and the reads.

use std::time::Duration;

use domain::backoff::Backoff;
use domain::source::DIRECT;
use domain::{
    Channel, Day, MetricStatus, Observation, Outcome, Platform, PostFacts, ProfileFacts, ProfileMetrics, Reading,
    Source, Timestamp,
};
use serde_json::{Map, Value, json};
use store::{Breaker, Budget, Claim, ClaimPolicy, JobTarget, PlatformPolicy, RecordPolicy, Recorded, SourcePlan};

use crate::harness::{Api, NOON, new_key, new_organization, request};

const NEVER: &str = "01890a5d-ac96-774b-bcce-b302099a8057";
const POST: &str = "7571863205253778710";

/// How many days the story takes.
const LENGTH: u32 = 9;

/// The evening so many days before the present one, which is the last of the story.
fn before(days: u32) -> Timestamp {
    Timestamp::parse(&format!("{}T18:00:00Z", date(i32::try_from(days).unwrap()))).unwrap()
}

fn date(days: i32) -> String {
    Day::of(NOON).plus(i32::try_from(LENGTH).unwrap() - days).to_string()
}

/// Ends the story.
fn end(api: &Api) {
    api.clock.advance(Duration::from_hours(24) * LENGTH);
}

fn exact(value: i64) -> Reading {
    Reading::exact(Some(value))
}

fn facts(views: i64) -> PostFacts {
    let mut facts = PostFacts::bare(Platform::Tiktok, POST.to_owned());
    facts.create_time = Some(before(40));
    facts.metrics.views = exact(views);
    facts.metrics.plays = exact(views);
    facts.metrics.likes = exact(views / 10);
    facts.metrics.saves = Reading::Null(MetricStatus::Unsupported);
    facts
}

fn profile(followers: i64) -> ProfileFacts {
    ProfileFacts {
        platform: Platform::Tiktok,
        platform_id: Some("11".to_owned()),
        username: "amy".to_owned(),
        name: None,
        description: None,
        profile_pic_url: None,
        is_verified: None,
        is_private: None,
        link_in_bio: None,
        metrics: ProfileMetrics { followers: exact(followers), following: exact(7), posts: exact(1), likes: exact(90) },
        platform_data: Map::new(),
    }
}

fn policy() -> PlatformPolicy {
    let page = |name| vec![Source { name, channel: Channel::Page }];
    PlatformPolicy {
        platform: Platform::Tiktok,
        sources: SourcePlan { profile: page("test.profile"), feed: page("test.feed"), post: page("test.post") },
        egresses: vec![DIRECT.to_owned()],
        pages: Budget::default(),
        official: Budget::default(),
        breaker: Breaker { refusals_to_open: 3, waits: [Duration::from_mins(5); 4] },
    }
}

/// Reads everything that is due at a time: one profile with one post.
async fn read(api: &Api, at: Timestamp, views: i64, followers: i64) {
    work(api, at, |target| match target {
        JobTarget::Profile { .. } => {
            let mut observation = Observation::ok("test.profile");
            observation.profile = Some(profile(followers));
            observation
        }
        JobTarget::Feed { .. } => {
            let mut observation = Observation::ok("test.feed");
            observation.posts = vec![facts(views)];
            observation
        }
        JobTarget::Post { .. } => {
            let mut observation = Observation::ok("test.post");
            observation.posts = vec![facts(views)];
            observation
        }
    })
    .await;
}

/// Does everything that is due at a time, as a worker would.
async fn work(api: &Api, at: Timestamp, answer: impl Fn(&JobTarget) -> Observation) {
    let claims = ClaimPolicy { worker: "w1".to_owned(), lease: Duration::from_mins(2), platforms: vec![policy()] };
    let backoff = Backoff { base: Duration::from_secs(30), cap: Duration::from_hours(6) };
    let record = RecordPolicy { backoff, gone_confirm: Duration::from_hours(6), compact: true };
    for _ in 0..10 {
        let offered = api.store.offer_due(&policy(), 500, Duration::ZERO, at).await.unwrap();
        if offered.is_empty() {
            return;
        }
        for wake in offered {
            let Claim::Taken(job) = api.store.claim(&wake, &claims, at).await.unwrap() else { continue };
            let recorded = api.store.record(&job, &answer(&job.target), &record, at).await.unwrap();
            assert!(matches!(recorded, Recorded::Stored(_)));
        }
    }
    panic!("there is no end to the work");
}

/// An account, its one post in both records, and three reads: nine, two and no days ago.
struct Story {
    api: Api,
    account: String,
    video: String,
    account_video: i64,
}

async fn story() -> Story {
    let api = Api::start().await;
    let account = api.post("/v2/accounts", &json!({"platform": "tiktok", "username": "amy"})).await.expect(201).id();
    let video = api.post("/v2/videos", &json!({"platform": "tiktok", "identifier": POST})).await.expect(201).id();
    for (days, views, followers) in [(9, 1000, 50), (2, 1600, 60), (0, 1500, 75)] {
        read(&api, before(days), views, followers).await;
    }
    end(&api);
    let found = api.get("/v2/account-videos").await.expect(200).json();
    let account_video = found["data"][0]["id"].as_i64().unwrap();
    Story { api, account, video, account_video }
}

/// Gains of the post, whose likes are a tenth of its views.
fn gains(views: Option<i64>, rate: Option<f64>) -> Value {
    let likes = views.map(|views| views / 10);
    json!({"views": views, "plays": views, "likes": likes, "comments": null, "shares": null, "saves": null,
        "engagement": likes, "engagement_rate": rate})
}

fn with(mut value: Value, more: &Value) -> Value {
    value.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    value
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tag_tells_of_an_attempt_that_was_made_for_the_record_and_of_nobody_elses() {
    let api = Api::start().await;
    let body = json!({"platform": "tiktok", "username": "amy"});
    let path = format!("/v2/accounts/{}", api.post("/v2/accounts", &body).await.expect(201).id());
    let other = new_organization(&api.store, None).await;
    let bearer = format!("Bearer {}", new_key(&api.store, other, "admin", None).await);
    let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
    request(api.addr, "POST", "/v2/accounts", &headers, body.to_string().as_bytes()).await.expect(201);
    read(&api, before(9), 1000, 50).await;
    let is_known = async |tag: &str| api.send("GET", &path, &[("If-None-Match", tag)], None).await.status == 304;
    let fail =
        async |days| work(&api, before(days), |_| Observation::failed(Outcome::Timeout, "as the test wants it")).await;

    let paused = api.patch(&path, &json!({"is_active": false})).await.expect(200);
    fail(7).await;
    assert!(is_known(paused.header("etag")).await);
    let active = api.patch(&path, &json!({"is_active": true})).await.expect(200);
    assert!(is_known(active.header("etag")).await);
    fail(5).await;
    assert!(!is_known(active.header("etag")).await);
    let shown = api.get(&path).await.json();
    let freshness = &shown["data"]["freshness"];
    let attempt =
        ["state", "last_attempt_time", "last_attempt_outcome", "consecutive_failures"].map(|name| &freshness[name]);
    assert_eq!(attempt, [&json!("failing"), &json!(before(5).to_string()), &json!("timeout"), &json!(1)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_records_are_asked_for_at_once() {
    let Story { api, account, video, account_video } = story().await;
    let meta = |not_found: Value| json!({"period": "7d", "start_date": date(6), "end_date": date(0), "days": 7, "not_found": not_found});
    let of_post = with(gains(Some(500), Some(10.0)), &json!({"coverage": {"days": 7, "observed_days": 2}}));
    let body = json!({"video_ids": [video, NEVER, video], "period": "7d"});
    let found = api.post("/v2/videos/metrics", &body).await.expect(200);
    assert!(!found.headers.contains_key("etag"));
    assert_eq!(found.json(), json!({"data": {&video: of_post}, "meta": meta(json!([NEVER]))}));

    let body = json!({"account_video_ids": [account_video, 987_654], "tiktok_video_ids": [account_video.to_string()],
        "instagram_post_ids": ["987654", account_video], "period": "7d"});
    let found = api.post("/v2/account-videos/metrics", &body).await.expect(200).json();
    let expected = json!({"data": {account_video.to_string(): of_post}, "meta": meta(json!([987_654, account_video]))});
    assert_eq!(found, expected);

    let body = json!({"account_ids": [account.to_uppercase(), video], "period": "7d"});
    let found = api.post("/v2/accounts/metrics", &body).await.expect(200).json();
    let coverage = json!({"days": 7, "observed_days": 2, "posts": 1, "posts_observed": 1});
    let of_account = with(gains(Some(500), Some(10.0)), &json!({"followers_gained": 25, "coverage": coverage}));
    assert_eq!(found, json!({"data": {&account: of_account}, "meta": meta(json!([video]))}));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_windows_are_asked_for_at_once() {
    let Story { api, account, video, account_video } = story().await;
    let found = api.post("/v2/videos/deltas", &json!({"video_ids": [video, NEVER]})).await.expect(200).json();
    let deltas = json!({"1d": -100, "7d": 500, "14d": null, "30d": null});
    let meta = json!({"windows": [1, 7, 14, 30], "video_count": 1, "not_found": [NEVER]});
    assert_eq!(found, json!({"data": {&video: deltas}, "meta": meta}));
    let body = json!({"account_video_ids": [account_video], "windows": [9, 1], "metric": "engagement_rate"});
    let found = api.post("/v2/account-videos/deltas", &body).await.expect(200).json();
    assert_eq!(found["data"], json!({account_video.to_string(): {"9d": 10.0, "1d": 10.0}}));
    let body = json!({"account_ids": [account], "windows": [1, 365], "metric": "followers"});
    let found = api.post("/v2/accounts/deltas", &body).await.expect(200).json();
    let meta = json!({"windows": [1, 365], "account_count": 1, "not_found": []});
    assert_eq!(found, json!({"data": {account: {"1d": 15, "365d": null}}, "meta": meta}));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_window_is_shown_day_by_day_and_beside_the_one_before_it() {
    let Story { api, account, video, account_video } = story().await;
    let path = format!("/v2/videos/{video}/timeseries?start_date={}&end_date={}", date(2), date(0));
    let shown = api.get(&path).await.expect(200);
    let values = |views: Value, likes: Value| json!({"views": views, "plays": views, "likes": likes, "comments": null, "shares": null, "saves": null});
    let day = |days, fell, views: i64, by: i64| {
        json!({"date": date(days), "observed": true, "anomaly": fell, "values": values(json!(views), json!(views / 10)),
            "gains": gains(Some(by), Some(10.0))})
    };
    let silent = json!({"date": date(1), "observed": false, "anomaly": false, "values": values(json!(null), json!(null)),
        "gains": gains(None, None)});
    let meta = json!({"period": "custom", "start_date": date(2), "end_date": date(0), "days": 3});
    let rows = json!([day(2, false, 1600, 600), silent, day(0, true, 1500, -100)]);
    assert_eq!(shown.json(), json!({"data": rows, "meta": meta}));
    let tag = shown.header("etag").to_owned();
    api.send("GET", &path, &[("If-None-Match", &tag)], None).await.expect(304);

    let shown = api.get(&format!("/v2/accounts/{account}/analytics?period=7d")).await.expect(200).json();
    let (data, meta) = (&shown["data"], &shown["meta"]);
    assert_eq!((&data["type"], &data["id"]), (&json!("account"), &json!(account)));
    let totals = with(gains(Some(500), Some(10.0)), &json!({"followers_gained": 25}));
    assert_eq!(data["totals"], totals);
    assert_eq!(data["previous"]["views"], json!(0), "the first count is the base");
    assert_eq!((&data["changes"]["views_pct"], &data["changes"]["followers_gained_pct"]), (&json!(null), &json!(null)));
    assert_eq!(data["coverage"], json!({"days": 7, "observed_days": 2, "posts": 1, "posts_observed": 1}));
    assert_eq!(data["daily"].as_array().unwrap().len(), 7);
    assert_eq!(data["daily"][6]["values"]["followers"], json!(75));
    assert_eq!(
        *meta,
        json!({"period": "7d", "start_date": date(6), "end_date": date(0), "days": 7,
            "previous_start_date": date(13), "previous_end_date": date(7)})
    );
    let two = format!("/v2/account-videos/{account_video}/analytics?start_date={}&end_date={}", date(1), date(0));
    let shown = api.get(&two).await.expect(200).json();
    assert_eq!(shown["data"]["id"], json!(account_video));
    assert_eq!(shown["data"]["changes"]["views_pct"], json!(-116.67));
    for path in [format!("/v2/accounts/{account}/timeseries"), format!("/v2/account-videos/{account_video}/timeseries")]
    {
        let rows = api.get(&path).await.expect(200).json()["data"].as_array().unwrap().clone();
        assert_eq!(rows.len(), 30, "{path}");
        assert_eq!(rows.iter().filter(|row| row["observed"] == json!(true)).count(), 3, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_reads_are_listed_newest_first() {
    let Story { api, account, video, account_video } = story().await;
    let path = format!("/v2/videos/{video}/snapshots");
    let page = api.get(&format!("{path}?limit=2&include_total=true")).await.expect(200).json();
    let newest = &page["data"][0];
    let values = json!({"views": 1500, "plays": 1500, "likes": 150, "comments": null, "shares": null, "saves": null});
    assert_eq!((&newest["type"], &newest["values"], &newest["anomaly"]), (&json!("snapshot"), &values, &json!(true)));
    assert_eq!(
        (&newest["metric_precision"], newest["time"].as_str()),
        (&json!({}), Some(before(0).to_string().as_str()))
    );
    assert!(newest["run_id"].is_string() && newest["adapter"].as_str().unwrap().starts_with("test."));
    assert_eq!(page["filters"], json!({"order_by": "time", "order_direction": "desc"}));
    assert_eq!(page["pagination"]["total_count"], json!(3));
    let cursor = page["pagination"]["next_cursor"].as_str().unwrap();
    let rest = api.get(&format!("{path}?limit=2&cursor={cursor}")).await.expect(200).json();
    assert_eq!((rest["data"].as_array().unwrap().len(), &rest["pagination"]["has_next"]), (1, &json!(false)));
    let other = format!("/v2/account-videos/{account_video}/snapshots?cursor={cursor}");
    assert_eq!(api.get(&other).await.expect(422).invalid(), ["cursor"]);
    let of_account = api.get(&format!("/v2/accounts/{account}/snapshots")).await.expect(200).json();
    let values = json!({"followers": 75, "following": 7, "posts": 1, "profile_likes": 90});
    assert_eq!((&of_account["data"][0]["values"], &of_account["data"][0]["anomaly"]), (&values, &json!(false)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_is_named() {
    let api = Api::start().await;
    end(&api);
    let (tomorrow, today) = (date(-1), date(0));
    for (path, body, fields) in [
        ("accounts/metrics", json!({}), vec!["account_ids"]),
        ("accounts/metrics", json!({"account_ids": []}), vec!["account_ids"]),
        ("accounts/metrics", json!({"account_ids": vec![NEVER; 201]}), vec!["account_ids"]),
        ("accounts/metrics", json!({"account_ids": [NEVER, NEVER, NEVER, "x"]}), vec!["account_ids[3]"]),
        ("accounts/metrics", json!({"video_ids": [NEVER]}), vec!["account_ids", "video_ids"]),
        ("videos/metrics", json!({"video_ids": [NEVER], "period": "8d"}), vec!["period"]),
        ("videos/metrics", json!({"video_ids": [NEVER], "period": "7d", "start_date": today}), vec!["start_date"]),
        ("videos/metrics", json!({"video_ids": [NEVER], "start_date": today, "end_date": tomorrow}), vec!["end_date"]),
        ("videos/metrics", json!({"video_ids": [NEVER], "start_date": today, "end_date": date(1)}), vec!["end_date"]),
        (
            "videos/metrics",
            json!({"video_ids": [NEVER], "start_date": date(366), "end_date": today}),
            vec!["start_date"],
        ),
        ("videos/metrics", json!({"video_ids": [NEVER], "period": "custom"}), vec!["end_date", "start_date"]),
        ("account-videos/metrics", json!({}), vec!["account_video_ids"]),
        (
            "account-videos/metrics",
            json!({"account_video_ids": [1_000_000_000_000_000_000_i64]}),
            vec!["account_video_ids[0]"],
        ),
        ("account-videos/deltas", json!({"account_video_ids": ["1000000000000000000"]}), vec!["account_video_ids[0]"]),
        ("account-videos/metrics", json!({"tiktok_video_ids": ["x"]}), vec!["tiktok_video_ids[0]"]),
        (
            "account-videos/metrics",
            json!({"account_video_ids": vec![1; 101], "tiktok_video_ids": vec![2; 100]}),
            vec!["account_video_ids"],
        ),
        ("videos/deltas", json!({"video_ids": [NEVER], "windows": [0, 7, 7]}), vec!["windows[0]", "windows[2]"]),
        ("videos/deltas", json!({"video_ids": [NEVER], "metric": "followers"}), vec!["metric"]),
        (
            "accounts/deltas",
            json!({"account_ids": [7], "windows": [1, 1], "metric": "x", "period": "7d"}),
            vec!["account_ids[0]", "metric", "period", "windows[1]"],
        ),
    ] {
        let refused = api.post(&format!("/v2/{path}"), &body).await.expect(422);
        assert_eq!(refused.invalid(), fields, "{path} {body}");
    }
    let long = api.post("/v2/videos/metrics", &json!({"video_ids": vec![NEVER; 201]})).await.expect(422).json();
    assert!(long["detail"].as_str().unwrap().contains("1 to 200"), "{long}");
    let unknown =
        api.post("/v2/accounts/deltas", &json!({"account_ids": [NEVER], "metric": "x"})).await.expect(422).json();
    let all = "must be one of: views, plays, likes, comments, shares, saves, engagement, engagement_rate, followers, following, posts";
    assert_eq!(unknown["errors"][0]["message"], json!(all));
    let video = api.post("/v2/videos", &json!({"platform": "tiktok", "identifier": POST})).await.expect(201).id();
    for (query, fields) in [
        ("period=1d", vec!["period"]),
        ("period=custom", vec!["end_date", "start_date"]),
        ("start_date=2024-02-30&end_date=x", vec!["end_date", "start_date"]),
        ("period=30d&end_date=2024-02-03", vec!["end_date"]),
        ("days=7&limit=1", vec!["days", "limit"]),
    ] {
        for what in ["timeseries", "analytics"] {
            let refused = api.get(&format!("/v2/videos/{video}/{what}?{query}")).await.expect(422);
            assert_eq!(refused.invalid(), fields, "{what} {query}");
        }
    }
    let refused = api.get(&format!("/v2/videos/{video}/snapshots?period=7d&limit=0&order_by=time")).await.expect(422);
    assert_eq!(refused.invalid(), ["limit", "order_by", "period"]);
    // Before the first read nothing is known, which is no fault.
    let silent = api.get(&format!("/v2/videos/{video}/timeseries?start_date=2001-01-01&end_date=2001-01-02")).await;
    assert_eq!(silent.expect(200).json()["data"][1]["gains"]["views"], json!(null));
    for what in ["timeseries", "analytics", "snapshots"] {
        for target in ["videos", "accounts"] {
            api.get(&format!("/v2/{target}/{NEVER}/{what}")).await.expect(404);
            api.get(&format!("/v2/{target}/{}/{what}", &NEVER[1..])).await.expect(404);
        }
        api.get(&format!("/v2/account-videos/987654/{what}")).await.expect(404);
        api.get(&format!("/v2/account-videos/{NEVER}/{what}")).await.expect(404);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_question_is_no_write() {
    let Story { api, account, video, .. } = story().await;
    let ask = async |key: &str, path: &str, body: Value| {
        let bearer = format!("Bearer {key}");
        let headers =
            [("Authorization", bearer.as_str()), ("Content-Type", "application/json"), ("Idempotency-Key", "the same")];
        request(api.addr, "POST", path, &headers, body.to_string().as_bytes()).await
    };
    let reader = api.key_with("read:social").await;
    for period in ["7d", "30d"] {
        let answer =
            ask(&reader, "/v2/videos/metrics", json!({"video_ids": [video], "period": period})).await.expect(200);
        assert_eq!(answer.json()["meta"]["period"], json!(period));
        assert!(!answer.headers.contains_key("idempotency-replayed"));
    }
    for scopes in ["write:tracking", "read:member"] {
        let key = api.key_with(scopes).await;
        ask(&key, "/v2/videos/metrics", json!({"video_ids": [video]})).await.expect(403);
        let bearer = format!("Bearer {key}");
        let path = format!("/v2/accounts/{account}/timeseries");
        request(api.addr, "GET", &path, &[("Authorization", bearer.as_str())], b"").await.expect(403);
    }
    let other = new_key(&api.store, new_organization(&api.store, None).await, "read", None).await;
    let answer = ask(&other, "/v2/accounts/metrics", json!({"account_ids": [account]})).await.expect(200).json();
    assert_eq!((&answer["data"], &answer["meta"]["not_found"]), (&json!({}), &json!([account])));
    api.send("POST", "/v2/videos/metrics?x=1", &[], Some(&json!({"video_ids": [video]}))).await.expect(422);
    api.get("/v2/videos/metrics").await.expect(405);
}
