//! Numbers of creators and of the organization: day by day, beside the window before, at a glance, by rank.

use std::time::Duration;

use domain::backoff::Backoff;
use domain::source::DIRECT;
use domain::{
    Channel, Day, Observation, Platform, PostFacts, ProfileFacts, ProfileMetrics, Reading, Source, Timestamp,
};
use serde_json::{Map, Value, json};
use store::{Breaker, Budget, Claim, ClaimPolicy, JobTarget, PlatformPolicy, RecordPolicy, Recorded, SourcePlan};

use crate::harness::{Api, KEPT_DAYS, NOON, new_key, new_organization, request};

const POST: &str = "7571863205253778710";

/// The present time, two days after everything was added.
fn now() -> Timestamp {
    NOON.plus(Duration::from_hours(48))
}

/// Noon so many days before the present one.
fn before(days: i32) -> Timestamp {
    Day::of(now()).plus(-days).start().plus(Duration::from_hours(12))
}

fn date(days: i32) -> String {
    Day::of(now()).plus(-days).to_string()
}

fn facts(views: i64) -> PostFacts {
    let mut facts = PostFacts::bare(Platform::Tiktok, POST.to_owned());
    facts.create_time = Some(before(40));
    facts.metrics.views = Reading::exact(Some(views));
    facts.metrics.plays = facts.metrics.views;
    facts.metrics.likes = Reading::exact(Some(views / 10));
    facts
}

fn profile(username: &str, followers: i64) -> ProfileFacts {
    ProfileFacts {
        platform: Platform::Tiktok,
        platform_id: Some(username.bytes().map(|byte| byte.to_string()).collect()),
        username: username.to_owned(),
        name: None,
        description: None,
        profile_pic_url: None,
        is_verified: None,
        is_private: None,
        link_in_bio: None,
        metrics: ProfileMetrics { followers: Reading::exact(Some(followers)), ..ProfileMetrics::default() },
        platform_data: Map::new(),
    }
}

/// Reads everything that is due at a time, as a worker would: every profile has the one post.
async fn read(api: &Api, at: Timestamp, views: i64, followers: i64) {
    let page = |name| vec![Source { name, channel: Channel::Page }];
    let policy = PlatformPolicy {
        platform: Platform::Tiktok,
        sources: SourcePlan { profile: page("test.profile"), feed: page("test.feed"), post: page("test.post") },
        egresses: vec![DIRECT.to_owned()],
        pages: Budget::default(),
        official: Budget::default(),
        breaker: Breaker { refusals_to_open: 3, waits: [Duration::from_mins(5); 4] },
    };
    let claims =
        ClaimPolicy { worker: "w1".to_owned(), lease: Duration::from_mins(2), platforms: vec![policy.clone()] };
    let backoff = Backoff { base: Duration::from_secs(30), cap: Duration::from_hours(6) };
    let record = RecordPolicy { backoff, gone_confirm: Duration::from_hours(6), compact: true };
    for _ in 0..10 {
        let offered = api.store.offer_due(&policy, 500, Duration::ZERO, at).await.unwrap();
        if offered.is_empty() {
            return;
        }
        for wake in offered {
            let Claim::Taken(job) = api.store.claim(&wake, &claims, at).await.unwrap() else { continue };
            let mut observation = Observation::ok("test");
            match &job.target {
                JobTarget::Profile { username, .. } => {
                    observation.profile = Some(profile(username.as_str(), followers));
                }
                JobTarget::Feed { .. } | JobTarget::Post { .. } => observation.posts = vec![facts(views)],
            }
            let recorded = api.store.record(&job, &observation, &record, at).await.unwrap();
            assert!(matches!(recorded, Recorded::Stored(_)));
        }
    }
    panic!("there is no end to the work");
}

/// A creator with two accounts that both show the one post, which was added by hand as well, read two days ago and today.
async fn story() -> (Api, String) {
    let api = Api::start().await;
    let creator = api.post("/v2/creators", &json!({"name": "Amy"})).await.expect(201).id();
    api.post("/v2/creators", &json!({"name": "Nobody"})).await.expect(201);
    for handle in ["amy", "amy.two"] {
        let account = json!({"platform": "tiktok", "username": handle, "creator_id": creator});
        api.post("/v2/accounts", &account).await.expect(201);
    }
    api.post("/v2/videos", &json!({"platform": "tiktok", "identifier": POST})).await.expect(201);
    read(&api, NOON, 100, 1000).await;
    api.clock.advance(Duration::from_hours(48));
    read(&api, now(), 150, 1010).await;
    (api, creator)
}

fn gains(views: Option<i64>, likes: Option<i64>, rate: Option<f64>, followers: Option<i64>) -> Value {
    json!({
        "views": views, "plays": views, "likes": likes, "comments": null, "shares": null, "saves": null,
        "engagement": likes, "engagement_rate": rate, "followers_gained": followers,
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn creators_and_the_organization_have_days_in_which_a_post_counts_once() {
    let (api, creator) = story().await;
    let of_creator = format!("/v2/creators/{creator}/timeseries");
    for path in [of_creator.as_str(), "/v2/timeseries"] {
        let found = api.get(&format!("{path}?period=7d")).await.expect(200);
        let body = found.json();
        let meta = json!({"period": "7d", "start_date": date(6), "end_date": date(0), "days": 7});
        assert_eq!(body["meta"], meta, "{path}");
        assert_eq!(body["data"].as_array().unwrap().len(), 7);
        let nothing = json!({
            "views": null, "plays": null, "likes": null, "comments": null, "shares": null, "saves": null,
            "followers": null, "following": null, "posts": null,
        });
        assert_eq!(
            body["data"][5],
            json!({"date": date(1), "observed": false, "anomaly": false, "values": nothing, "gains": gains(None, None, None, None)}),
            "{path}"
        );
        let values = json!({
            "views": 150, "plays": 150, "likes": 15, "comments": null, "shares": null, "saves": null,
            "followers": 2020, "following": null, "posts": null,
        });
        assert_eq!(
            body["data"][6],
            json!({"date": date(0), "observed": true, "anomaly": false, "values": values,
                "gains": gains(Some(50), Some(5), Some(10.0), Some(20))}),
            "{path}"
        );
        let again = [("If-None-Match", found.header("etag"))];
        api.send("GET", &format!("{path}?period=7d"), &again, None).await.expect(304);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn analytics_of_a_creator_are_beside_the_window_before() {
    let (api, creator) = story().await;
    let path = format!("/v2/creators/{creator}/analytics?start_date={}&end_date={}", date(0), date(0));
    let body = api.get(&path).await.expect(200).json();
    let data = &body["data"];
    assert_eq!((&data["type"], &data["id"]), (&json!("creator"), &json!(creator)));
    assert_eq!(data["totals"], gains(Some(50), Some(5), Some(10.0), Some(20)));
    assert_eq!(data["previous"], gains(None, None, None, None));
    assert_eq!(data["changes"]["followers_gained_pct"], Value::Null);
    assert_eq!(data["coverage"], json!({"days": 1, "observed_days": 1, "posts": 1, "posts_observed": 1}));
    assert_eq!(data["daily"].as_array().unwrap().len(), 1);
    assert_eq!((&body["meta"]["period"], &body["meta"]["previous_end_date"]), (&json!("custom"), &json!(date(1))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_overview_has_a_week_when_nothing_is_said() {
    let (api, _) = story().await;
    let body = api.get("/v2/overview").await.expect(200).json();
    let current = &body["data"]["current"];
    assert_eq!(body["data"]["type"], "overview");
    assert_eq!((&current["total_views"], &current["engagement_rate"]), (&json!(50), &json!(10.0)));
    assert_eq!((&current["active_accounts"], &current["tracked_videos"]), (&json!(2), &json!(1)));
    assert_eq!((&current["account_videos"], &current["followers_gained"]), (&json!(2), &json!(20)));
    assert_eq!(body["data"]["previous"]["total_views"], Value::Null);
    assert_eq!(body["data"]["changes"]["total_views_pct"], Value::Null);
    assert_eq!((&body["meta"]["period"], &body["meta"]["days"]), (&json!("7d"), &json!(7)));
    assert_eq!(api.get("/v2/overview?period=90d").await.expect(200).json()["meta"]["days"], 90);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_best_creators_are_those_with_a_known_gain() {
    let (api, creator) = story().await;
    let body = api.get("/v2/creators/top").await.expect(200).json();
    let mut row = gains(Some(50), Some(5), Some(10.0), Some(20));
    row["type"] = json!("creator");
    row["id"] = json!(creator);
    row["name"] = json!("Amy");
    row["rank"] = json!(1);
    row["coverage"] = json!({"days": 30, "observed_days": 2, "posts": 1, "posts_observed": 1});
    assert_eq!(body["data"], json!([row]));
    let meta = json!({
        "period": "30d", "start_date": date(29), "end_date": date(0), "days": 30, "order_by": "views", "limit": 10,
    });
    assert_eq!(body["meta"], meta);
    for order in ["engagement", "engagement_rate", "followers_gained", "likes"] {
        let body = api.get(&format!("/v2/creators/top?order_by={order}&limit=25&period=7d")).await.expect(200).json();
        assert_eq!((body["data"].as_array().unwrap().len(), &body["meta"]["order_by"]), (1, &json!(order)));
    }
    let none = api.get("/v2/creators/top?order_by=saves").await.expect(200).json();
    assert_eq!(none["data"], json!([]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_is_named_and_what_is_others_is_not_there() {
    let (api, creator) = story().await;
    for (path, invalid) in [
        ("/v2/overview?period=custom", vec!["period"]),
        ("/v2/overview?period=8d&start_date=2024-01-01", vec!["period", "start_date"]),
        ("/v2/creators/top?period=custom&limit=26&order_by=followers", vec!["limit", "order_by", "period"]),
        ("/v2/creators/top?limit=0&cursor=x", vec!["cursor", "limit"]),
        ("/v2/timeseries?period=custom", vec!["end_date", "start_date"]),
        ("/v2/timeseries?start_date=2024-01-02&end_date=2024-01-01", vec!["end_date"]),
        ("/v2/timeseries?start_date=2020-01-01&end_date=2024-01-01", vec!["start_date"]),
        ("/v2/timeseries?start_date=2024-01-01&end_date=2999-01-01", vec!["end_date"]),
        ("/v2/timeseries?start_date=1900-01-01&end_date=1900-01-02", vec!["start_date"]),
        ("/v2/posts?start_date=1900-01-01&end_date=1900-01-02&metrics=range", vec!["start_date"]),
        ("/v2/members?start_date=1900-01-01&end_date=1900-01-02&date_basis=metric", vec!["start_date"]),
    ] {
        assert_eq!(api.get(path).await.expect(422).invalid(), invalid, "{path}");
    }
    // What was published then is known all the same, and so are days whose forerunners are gone.
    api.get("/v2/posts?start_date=1900-01-01&end_date=1900-01-02").await.expect(200);
    let first = Day::of(api.clock.now()).plus(-i32::try_from(KEPT_DAYS).unwrap());
    let window = format!("start_date={first}&end_date={}", first.plus(6));
    api.get(&format!("/v2/creators/{creator}/timeseries?{window}")).await.expect(200);
    let beside = api.get(&format!("/v2/creators/{creator}/analytics?{window}")).await.expect(422);
    assert_eq!(beside.invalid(), ["start_date"]);
    let foreign = new_organization(&api.store, None).await;
    let key = format!("Bearer {}", new_key(&api.store, foreign, "read", None).await);
    let theirs = async |path: &str| request(api.addr, "GET", path, &[("Authorization", key.as_str())], &[]).await;
    for path in ["timeseries", "analytics"] {
        theirs(&format!("/v2/creators/{creator}/{path}")).await.expect(404);
        api.get(&format!("/v2/creators/not-an-id/{path}")).await.expect(404);
    }
    assert_eq!(theirs("/v2/creators/top").await.expect(200).json()["data"], json!([]));
    let overview = theirs("/v2/overview").await.expect(200).json();
    assert_eq!(
        (&overview["data"]["current"]["total_views"], &overview["data"]["current"]["account_videos"]),
        (&Value::Null, &json!(0))
    );
    // Before anything was read there are days, in which nothing is known.
    let early = api.get("/v2/timeseries?start_date=2020-02-28&end_date=2020-03-01").await.expect(200).json();
    assert_eq!(early["data"].as_array().unwrap().len(), 3);
    assert!(early["data"].as_array().unwrap().iter().all(|day| day["observed"] == false));
    let metrics_only = api.key_with("read:member").await;
    let bearer = format!("Bearer {metrics_only}");
    request(api.addr, "GET", "/v2/overview", &[("Authorization", bearer.as_str())], &[]).await.expect(403);
}
