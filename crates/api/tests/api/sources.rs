//! Where the service asks, as integrators see it.

use std::collections::BTreeSet;
use std::time::Duration;

use api::ConfiguredSource;
use domain::source::{DIRECT, OFFICIAL};
use domain::{Channel, Observation, Outcome, Platform, Source, TargetKind};
use serde_json::{Value, json};
use store::{Breaker, Budget, PlatformPolicy, SourcePlan};

use crate::harness::{Api, new_key, new_organization, request};

const PROFILE: Source = Source { name: "tiktok.profile_page", channel: Channel::Page };
const EMBED: Source = Source { name: "tiktok.embed_page", channel: Channel::Page };
const POST: Source = Source { name: "tiktok.post_page", channel: Channel::Page };
const DATA_API: Source = Source { name: "youtube.data_api", channel: Channel::Official };
const PIN: Source = Source { name: "pinterest.pin_page", channel: Channel::Page };

/// A name that no client may see.
const PROXY: &str = "proxy-in-vienna";
const WORKER: &str = "worker-of-the-operator";

/// For how long one read is shown to everybody.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(2);

fn configured() -> Vec<ConfiguredSource> {
    let tiktok = |kind, source| ConfiguredSource {
        platform: Platform::Tiktok,
        kind,
        source,
        is_enabled: true,
        egresses: vec![PROXY.to_owned()],
    };
    let youtube = |kind| ConfiguredSource {
        platform: Platform::Youtube,
        kind,
        source: DATA_API,
        is_enabled: true,
        egresses: vec![OFFICIAL.to_owned()],
    };
    vec![
        tiktok(TargetKind::Profile, PROFILE),
        tiktok(TargetKind::Profile, EMBED),
        tiktok(TargetKind::Feed, EMBED),
        tiktok(TargetKind::Post, POST),
        youtube(TargetKind::Profile),
        youtube(TargetKind::Feed),
        youtube(TargetKind::Post),
        ConfiguredSource {
            platform: Platform::Pinterest,
            kind: TargetKind::Post,
            source: PIN,
            is_enabled: false,
            egresses: vec![DIRECT.to_owned()],
        },
    ]
}

fn policy() -> PlatformPolicy {
    let budget = Budget::default();
    PlatformPolicy {
        platform: Platform::Tiktok,
        sources: SourcePlan { profile: vec![PROFILE, EMBED], feed: vec![EMBED], post: vec![POST] },
        egresses: vec![PROXY.to_owned()],
        pages: budget,
        official: budget,
        breaker: Breaker { refusals_to_open: 1, waits: [Duration::from_mins(5); 4] },
    }
}

/// A page load of a source that ends in `outcome`.
async fn load(api: &Api, source: Source, outcome: Outcome) {
    let (policy, lease) = (policy(), Duration::from_mins(1));
    let slot = api.store.take_slot(&policy, source, TargetKind::Post, WORKER, lease, api.clock.now()).await.unwrap();
    let observation = Observation::failed(outcome, "said by the platform");
    api.store.finish_slot(&slot.expect("a slot"), &observation, api.clock.now()).await.unwrap();
}

fn names(list: &Value) -> Vec<&str> {
    list["data"].as_array().unwrap().iter().map(|source| source["name"].as_str().unwrap()).collect()
}

fn named<'a>(list: &'a Value, name: &str) -> &'a Value {
    let found = list["data"].as_array().unwrap().iter().find(|source| source["name"] == name);
    found.unwrap_or_else(|| panic!("no {name} in {list}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_configured_source_is_listed_once_even_when_it_was_never_used() {
    let api = Api::with_sources(configured()).await;
    let reply = api.get("/v2/sources").await.expect(200);
    assert_eq!(reply.header("link"), "<http://api.test/v2/sources>; rel=\"first\"");
    let list = reply.json();
    assert_eq!(names(&list), [PIN.name, EMBED.name, POST.name, PROFILE.name, DATA_API.name]);
    assert_eq!(list["pagination"], json!({"next_cursor": null, "has_next": false, "limit": 50}));
    assert_eq!(list["filters"], json!({"platform": null, "order_by": "name", "order_direction": "asc"}));
    let unused = json!({
        "type": "source", "platform": "youtube", "name": "youtube.data_api", "channel": "official",
        "target_types": ["account", "account_videos", "video"], "is_enabled": true,
        "breaker": {"state": "closed", "retry_at": null}, "loads_24h": 0, "success_rate_24h": null,
        "last_load_time": null, "last_outcome": null, "last_success_time": null,
    });
    assert_eq!(*named(&list, DATA_API.name), unused);
    let embed = named(&list, EMBED.name);
    assert_eq!((&embed["target_types"], &embed["channel"]), (&json!(["account", "account_videos"]), &json!("page")));
    assert_eq!(named(&list, PIN.name)["is_enabled"], false, "it is off in the settings");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_list_is_filtered_paged_and_sorted_like_the_others() {
    let api = Api::with_sources(configured()).await;
    let list = api.get("/v2/sources?platform=tiktok&include_total=true").await.expect(200).json();
    assert_eq!(names(&list), [EMBED.name, POST.name, PROFILE.name]);
    assert_eq!((&list["filters"]["platform"], &list["pagination"]["total_count"]), (&json!("tiktok"), &json!(3)));
    assert_eq!(api.get("/v2/sources?platform=instagram").await.expect(200).json()["data"], json!([]));

    for (sort, expected) in [
        ("", [PIN.name, EMBED.name, POST.name, PROFILE.name, DATA_API.name]),
        ("&order_direction=desc", [DATA_API.name, PROFILE.name, POST.name, EMBED.name, PIN.name]),
    ] {
        let (mut walked, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = api.get(&format!("/v2/sources?limit=2{sort}{cursor}")).await.expect(200).json();
            walked.extend(names(&page).into_iter().map(str::to_owned));
            let next = page["pagination"]["next_cursor"].as_str();
            assert_eq!(page["pagination"]["has_next"], next.is_some());
            let Some(next) = next else { break };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(walked, expected, "{sort}");
    }

    let refused = api.get("/v2/sources?colour=red&platform=myspace&limit=0&order_by=loads").await.expect(422);
    assert_eq!(refused.invalid(), ["colour", "limit", "order_by", "platform"]);
    let errors = refused.json()["errors"].clone();
    let platform = errors.as_array().unwrap().iter().find(|error| error["field"] == "platform").unwrap();
    assert_eq!(platform["message"], "must be one of: instagram, tiktok, youtube, pinterest");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn page_loads_move_the_numbers_and_refusals_the_breaker() {
    let api = Api::with_sources(configured()).await;
    load(&api, POST, Outcome::Ok).await;
    api.clock.advance(Duration::from_secs(10));
    load(&api, POST, Outcome::Removed).await;
    api.clock.advance(Duration::from_secs(10));
    load(&api, POST, Outcome::Blocked).await;
    let refused_at = api.clock.now();
    let list = api.get("/v2/sources?platform=tiktok").await.expect(200).json();
    let post = named(&list, POST.name);
    assert_eq!((&post["loads_24h"], &post["success_rate_24h"]), (&json!(3), &json!(0.6667)));
    assert_eq!((&post["last_outcome"], &post["last_load_time"]), (&json!("blocked"), &json!(refused_at.to_string())));
    let answered_at = refused_at.minus(Duration::from_secs(10)).to_string();
    assert_eq!(post["last_success_time"], answered_at);
    assert_eq!(post["breaker"]["state"], "open");
    let retry_at = post["breaker"]["retry_at"].as_str().and_then(domain::Timestamp::parse).expect("a time");
    assert!(retry_at > refused_at, "{post}");
    assert_eq!(named(&list, PROFILE.name)["breaker"], post["breaker"], "they stand behind the same door");
    assert_eq!(named(&list, PROFILE.name)["loads_24h"], 0);

    api.clock.advance(retry_at.since(refused_at));
    let list = api.get("/v2/sources?platform=tiktok").await.expect(200).json();
    assert_eq!(named(&list, POST.name)["breaker"], json!({"state": "half_open", "retry_at": null}));
    // What is a day old does not count any more, and is not forgotten either.
    api.clock.advance(Duration::from_hours(25));
    let list = api.get("/v2/sources?platform=tiktok").await.expect(200).json();
    let post = named(&list, POST.name);
    assert_eq!((&post["loads_24h"], &post["success_rate_24h"]), (&json!(0), &Value::Null));
    assert_eq!((&post["last_outcome"], &post["last_success_time"]), (&json!("blocked"), &json!(answered_at)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_platform_that_the_operator_stopped_is_not_enabled_until_it_is_started_again() {
    let api = Api::with_sources(configured()).await;
    let enabled = async || {
        api.clock.advance(FORGOTTEN_AFTER);
        let list = api.get("/v2/sources").await.expect(200).json();
        let sources = list["data"].as_array().unwrap().iter().filter(|source| source["is_enabled"] == true);
        sources.map(|source| source["platform"].as_str().unwrap().to_owned()).collect::<BTreeSet<_>>()
    };
    assert_eq!(enabled().await, BTreeSet::from(["tiktok".to_owned(), "youtube".to_owned()]));
    api.store.stop_platform(Platform::Tiktok, Some("a letter came"), api.clock.now()).await.unwrap();
    assert_eq!(enabled().await, BTreeSet::from(["youtube".to_owned()]));
    assert!(!String::from_utf8(api.get("/v2/sources").await.body).unwrap().contains("letter"));
    api.store.start_platform(Platform::Tiktok).await.unwrap();
    assert_eq!(enabled().await, BTreeSet::from(["tiktok".to_owned(), "youtube".to_owned()]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_organization_sees_the_same_and_nothing_of_the_operators() {
    let api = Api::with_sources(configured()).await;
    api.post("/v2/accounts", &json!({"platform": "tiktok", "username": "someone.of.ours"})).await.expect(201);
    load(&api, POST, Outcome::Ok).await;
    let own = api.get("/v2/sources").await.expect(200);
    assert_eq!(named(&own.json(), POST.name)["loads_24h"], 1);
    let other = new_organization(&api.store, None).await;
    let bearer = format!("Bearer {}", new_key(&api.store, other, "read", None).await);
    let theirs = request(api.addr, "GET", "/v2/sources", &[("Authorization", &bearer)], b"").await.expect(200);
    assert_eq!((&theirs.body, theirs.header("etag")), (&own.body, own.header("etag")));
    let text = String::from_utf8(theirs.body).unwrap();
    for secret in [PROXY, WORKER, "egress", "someone", "said by the platform"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_scope_read_is_needed_and_enough() {
    let api = Api::with_sources(configured()).await;
    request(api.addr, "GET", "/v2/sources", &[], b"").await.expect(401);
    for (scopes, status) in
        [("read", 200), ("write", 200), ("admin", 200), ("read:social", 403), ("write:tracking", 403)]
    {
        let bearer = format!("Bearer {}", api.key_with(scopes).await);
        let reply = request(api.addr, "GET", "/v2/sources", &[("Authorization", &bearer)], b"").await;
        assert_eq!(reply.status, status, "{scopes}");
        if status == 403 {
            assert_eq!(reply.json()["code"], "INSUFFICIENT_SCOPE");
        }
    }
    let refused = api.send("POST", "/v2/sources", &[], Some(&json!({}))).await.expect(405);
    assert_eq!(refused.header("allow"), "GET, HEAD, OPTIONS");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_poller_gets_304_and_reads_are_shared_for_two_seconds() {
    let api = Api::with_sources(configured()).await;
    let etag = api.get("/v2/sources").await.expect(200).header("etag").to_owned();
    let poll = async || api.send("GET", "/v2/sources", &[("If-None-Match", &etag)], None).await;
    let same = poll().await.expect(304);
    assert!(same.body.is_empty());
    assert_eq!(same.header("etag"), etag);

    load(&api, POST, Outcome::Ok).await;
    api.clock.advance(Duration::from_millis(1_999));
    poll().await.expect(304);
    api.clock.advance(Duration::from_millis(1));
    let changed = poll().await.expect(200);
    assert_ne!(changed.header("etag"), etag);
}
