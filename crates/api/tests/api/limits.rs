//! Rate limits, and keys that are known without a look into the database; one process alone and several together.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use api::{ApiConfig, LimiterConfig};
use domain::ApiKey;
use futures_util::future::join_all;
use serde_json::json;

use crate::harness::{Api, NOON, Reply, config, new_key, request, serve, serve_configured};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_gets_its_calls_at_once_and_then_one_at_each_interval() {
    let api = Api::with(5, LimiterConfig::Memory).await;
    for left in (0..5).rev() {
        let back_after = 12 * (5 - left);
        // Refused calls count like any other.
        let reply = api.get(if left % 2 == 0 { "/v2/whoami" } else { "/v2/nothing" }).await;
        assert_eq!(reply.header("x-ratelimit-limit"), "5");
        assert_eq!(reply.header("x-ratelimit-remaining"), left.to_string());
        assert_eq!(reply.header("x-ratelimit-reset"), (1_790_000_040 + back_after).to_string());
        assert_eq!(reply.header("ratelimit"), format!("\"default\";r={left};t={back_after}"));
        assert_eq!(reply.header("ratelimit-policy"), "\"default\";q=5;w=60");
    }
    for _ in 0..2 {
        let refused = api.get("/v2/whoami").await.expect(429);
        assert_eq!(refused.json()["code"], "RATE_LIMITED");
        assert_eq!(refused.header("retry-after"), "12");
        assert_eq!(refused.header("x-ratelimit-remaining"), "0");
        assert_eq!(refused.header("x-ratelimit-reset"), "1790000100", "a refused call costs nothing");
    }
    request(api.addr, "GET", "/v2/health", &[], b"").await.expect(200);
    api.clock.advance(Duration::from_secs(12));
    api.get("/v2/whoami").await.expect(200);
    api.get("/v2/whoami").await.expect(429);
    api.clock.advance(Duration::from_mins(1));
    assert_eq!(api.get("/v2/whoami").await.expect(200).header("x-ratelimit-remaining"), "4");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_of_one_organization_are_counted_apart() {
    let api = Api::with(1, LimiterConfig::Memory).await;
    let other = api.key_with("read").await;
    let whoami = api.get("/v2/whoami").await.expect(200).json();
    assert_eq!(whoami["data"]["rate_limit"]["limit"], 1);
    assert_eq!(whoami["data"]["type"], "whoami");
    api.get("/v2/whoami").await.expect(429);
    request(api.addr, "GET", "/v2/whoami", &[("Authorization", &format!("Bearer {other}"))], b"").await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_redis_is_away_calls_are_let_through_quickly_and_counted() {
    let nobody = free_port();
    let api = Api::with(2, LimiterConfig::Redis { url: format!("redis://127.0.0.1:{nobody}") }).await;
    let began = Instant::now();
    for _ in 0..20 {
        let reply = api.get("/v2/whoami").await.expect(200);
        assert_eq!(reply.header("x-ratelimit-limit"), "2");
    }
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    assert_eq!(api.handle.let_through_uncounted(), 20);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_redis_comes_back_calls_are_counted_again() {
    let port = free_port();
    let api = Api::with(100_000, LimiterConfig::Redis { url: format!("redis://127.0.0.1:{port}") }).await;
    api.get("/v2/whoami").await.expect(200);
    assert_eq!(api.handle.let_through_uncounted(), 1);
    let Some(_redis) = Redis::start(port).await else {
        eprintln!("skipped: there is no redis-server on the PATH");
        return;
    };
    let patience = Instant::now() + Duration::from_secs(20);
    // Both workers must have found it again.
    let mut counted = 0;
    while counted < 20 {
        assert!(Instant::now() < patience, "calls are still let through");
        let before = api.handle.let_through_uncounted();
        api.get("/v2/whoami").await.expect(200);
        counted = if api.handle.let_through_uncounted() == before { counted + 1 } else { 0 };
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_that_share_redis_admit_exactly_the_limit_together() {
    const LIMIT: usize = 20;
    let Some((api, second, _redis)) = two_on_one_redis(20).await else { return };
    // Both have a connection after this, so that no call is let through for want of one.
    let warm = api.key_with("read").await;
    for addr in [api.addr, second, api.addr, second] {
        call(addr, &warm).await.expect(200);
    }
    let began = Instant::now();
    let calls = (0..80).map(|i| call(if i % 2 == 0 { api.addr } else { second }, &api.key));
    let replies = join_all(calls).await;
    let admitted = replies.iter().filter(|reply| reply.status == 200).count();
    let came_back = usize::try_from(began.elapsed().as_secs()).unwrap() / 3;
    assert_eq!(api.handle.let_through_uncounted(), 0);
    assert!((LIMIT..=LIMIT + came_back).contains(&admitted), "{admitted} with {came_back} that came back");
    assert!(replies.iter().filter(|reply| reply.status != 200).all(|reply| reply.status == 429));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn too_many_failed_authentications_from_one_address_are_told_to_wait_and_a_good_key_is_not() {
    let api = Api::start().await;
    let limited = ApiConfig { failed_authentications_per_minute: 3, ..config(600, LimiterConfig::Memory) };
    let (addr, _handle) = serve_configured(&api.store, &api.clock, limited);
    let unknown = format!("{}x", api.key);
    let bare = || request(addr, "GET", "/v2/whoami", &[], b"");
    bare().await.expect(401);
    call(addr, &unknown).await.expect(401);
    // Where nothing is, a bad key is not told apart from none, and counts.
    let bearer = format!("Bearer {unknown}");
    request(addr, "GET", "/v2/nothing", &[("Authorization", &bearer)], b"").await.expect(404);
    for reply in [bare().await, call(addr, &unknown).await] {
        let refused = reply.expect(429);
        assert_eq!(refused.json()["code"], "RATE_LIMITED");
        assert_eq!(refused.header("retry-after"), "20");
        assert!(!refused.headers.contains_key("x-ratelimit-limit") && !refused.headers.contains_key("ratelimit"));
    }
    call(addr, &api.key).await.expect(200);
    api.clock.advance(Duration::from_secs(20));
    bare().await.expect(401);
    bare().await.expect(429);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn failed_authentications_are_counted_over_all_processes() {
    let Some((api, _second, redis)) = two_on_one_redis(600).await else { return };
    let start = || {
        let limited = ApiConfig { failed_authentications_per_minute: 3, ..config(600, redis.limiter()) };
        serve_configured(&api.store, &api.clock, limited).0
    };
    let addrs = [start(), start()];
    let mut statuses = Vec::new();
    for n in 0..5 {
        statuses.push(request(addrs[n % 2], "GET", "/v2/whoami", &[], b"").await.status);
    }
    assert_eq!(statuses, [401, 401, 401, 429, 429]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_known_key_is_let_in_without_a_look_into_the_database() {
    let Some((api, second, _redis)) = two_on_one_redis(600).await else { return };
    for _ in 0..3 {
        call(api.addr, &api.key).await.expect(200);
    }
    // Another process, which knows nothing yet.
    call(second, &api.key).await.expect(200);
    api.store.clone().close().await.unwrap();
    for _ in 0..10 {
        call(api.addr, &api.key).await.expect(200);
    }
    // The same public part with another secret is not let in by what is known.
    call(api.addr, &forged(&api.key)).await.expect(503);
    call(second, &api.key).await.expect(503);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_known_key_expires_to_the_second() {
    let Some((api, _second, _redis)) = two_on_one_redis(600).await else { return };
    let ending = new_key(&api.store, api.organization, "read", Some(NOON.plus(Duration::from_secs(5)))).await;
    for _ in 0..4 {
        call(api.addr, &ending).await.expect(200);
    }
    api.clock.advance(Duration::from_secs(5));
    call(api.addr, &ending).await.expect(401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revoked_key_is_refused_by_every_process_on_the_very_next_call_however_busy_it_is() {
    let Some((api, second, redis)) = two_on_one_redis(1_000_000).await else { return };
    for round in 0..12_u64 {
        let key = api.key_with("read").await;
        let public_part = key[3..11].to_owned();
        let records = api.store.keys(Some(api.organization)).await.unwrap();
        let id = records.iter().find(|record| record.public_part == public_part).unwrap().id;
        let busy = Arc::new(AtomicBool::new(true));
        let callers: Vec<_> = [api.addr, second, api.addr, second]
            .into_iter()
            .map(|addr| {
                let (key, busy) = (key.clone(), Arc::clone(&busy));
                tokio::spawn(async move {
                    while busy.load(Ordering::Relaxed) {
                        call(addr, &key).await;
                    }
                })
            })
            .collect();
        tokio::time::sleep(Duration::from_millis(10 + 7 * round)).await;
        let change = api::announce_key_changes(&redis.url(), &[public_part]).await.unwrap();
        assert!(api.store.revoke_key(id, NOON).await.unwrap());
        change.committed().await.unwrap();
        for addr in [api.addr, second, second, api.addr] {
            call(addr, &key).await.expect(403);
        }
        busy.store(false, Ordering::Relaxed);
        join_all(callers).await;
    }
    assert_eq!(api.handle.let_through_uncounted(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_seemed_sure_to_pass_is_refused_like_any_other() {
    let Some((api, _second, redis)) = two_on_one_redis(40).await else { return };
    // Under a name of its own, since calls are recorded under their process's.
    let named = ApiConfig { process: "another".to_owned(), ..config(40, redis.limiter()) };
    let (second, _handle) = serve_configured(&api.store, &api.clock, named);
    let account = json!({"platform": "tiktok", "username": "nasa"});
    let path = format!("/v2/accounts/{}", api.post("/v2/accounts", &account).await.expect(201).id());
    let watcher = api.key_with("read,admin").await;
    // Here the key has plenty of calls left, as far as this process knows; elsewhere they are used up.
    for _ in 0..4 {
        api.get(&path).await.expect(200);
    }
    let bearer = format!("Bearer {}", api.key);
    let named = |id: &'static str| [("Authorization", bearer.clone()), ("X-Request-ID", id.to_owned())];
    let ask = async |addr, headers: &[(&str, String)]| {
        let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        request(addr, "GET", &path, &headers, b"").await
    };
    let mut used = 0;
    while ask(second, &named("used-up")).await.status == 200 {
        used += 1;
        assert!(used < 60, "the limit is never reached");
    }
    let [sure, plain] = [ask(api.addr, &named("seemed-sure")).await, ask(second, &named("known-to-fail")).await]
        .map(|reply| reply.expect(429));
    assert_eq!(sure.json()["code"], "RATE_LIMITED");
    assert!(!sure.headers.contains_key("etag"));
    for name in ["x-ratelimit-limit", "x-ratelimit-remaining", "retry-after", "content-type"] {
        assert_eq!(sure.header(name), plain.header(name), "{name}");
    }
    // What is left of it is what is left of the other.
    let mut records = Vec::new();
    for id in ["seemed-sure", "known-to-fail"] {
        let patience = Instant::now() + Duration::from_secs(20);
        let record = loop {
            let bearer = format!("Bearer {watcher}");
            let path = format!("/v2/requests/{id}");
            let reply = request(api.addr, "GET", &path, &[("Authorization", &bearer)], b"").await;
            if reply.status == 200 {
                break reply.json()["data"].clone();
            }
            assert!(Instant::now() < patience, "{id} is never recorded: {reply:?}");
            tokio::time::sleep(Duration::from_secs(1)).await;
        };
        let fields = ["status", "code", "route", "path", "api_key", "resources"];
        records.push(fields.map(|field| record[field].clone()));
    }
    assert_eq!(records[0], records[1]);
    assert_eq!((&records[0][0], &records[0][1]), (&json!(429), &json!("RATE_LIMITED")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_was_changed_elsewhere_answers_for_itself_as_it_is_now() {
    let Some((api, second, _redis)) = two_on_one_redis(100_000).await else { return };
    let admin = format!("Bearer {}", api.key);
    let headers = [("Authorization", admin.as_str()), ("Content-Type", "application/json")];
    let made = request(second, "POST", "/v2/api-keys", &headers, br#"{"name": "round 0", "scopes": ["read"]}"#).await;
    let (path, made) = (format!("/v2/api-keys/{}", made.id()), made.expect(201).json());
    let key = made["data"]["key"].as_str().expect("a key");
    for round in 1..=10 {
        for _ in 0..4 {
            call(api.addr, key).await.expect(200);
        }
        let name = format!("round {round}");
        let change = json!({ "name": name }).to_string();
        request(second, "PATCH", &path, &headers, change.as_bytes()).await.expect(200);
        let calls = join_all((0..4).map(|_| call(api.addr, key))).await;
        for reply in calls {
            assert_eq!(reply.expect(200).json()["data"]["api_key_name"], name);
        }
    }
}

/// The key with another secret: one that is well-formed, and wrong.
fn forged(key: &str) -> String {
    let entropy: Vec<u8> = key[3..11].bytes().map(digit).chain(std::iter::repeat_n(7, 43)).collect();
    let forged = ApiKey::from_entropy(&std::array::from_fn(|at| entropy[at])).reveal().to_owned();
    assert_eq!(forged[..12], key[..12]);
    forged
}

/// The byte of which a key's letter is made.
fn digit(letter: u8) -> u8 {
    match letter {
        b'0'..=b'9' => letter - b'0',
        b'A'..=b'Z' => letter - b'A' + 10,
        _ => letter - b'a' + 36,
    }
}

async fn call(addr: SocketAddr, key: &str) -> Reply {
    request(addr, "GET", "/v2/whoami", &[("Authorization", &format!("Bearer {key}"))], b"").await
}

/// Two servers on one store and one Redis; `None` where there is no Redis to start.
async fn two_on_one_redis(limit: u32) -> Option<(Api, SocketAddr, Redis)> {
    let Some(redis) = Redis::start(free_port()).await else {
        eprintln!("skipped: there is no redis-server on the PATH");
        return None;
    };
    let api = Api::with(limit, redis.limiter()).await;
    let (second, _handle) = serve(&api.store, &api.clock, limit, redis.limiter());
    Some((api, second, redis))
}

struct Redis {
    child: Child,
    port: u16,
}

impl Redis {
    fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    fn limiter(&self) -> LimiterConfig {
        LimiterConfig::Redis { url: self.url() }
    }

    async fn start(port: u16) -> Option<Self> {
        let child = Command::new("redis-server")
            .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let redis = Self { child, port };
        let patience = Instant::now() + Duration::from_secs(10);
        while tokio::net::TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.is_err() {
            assert!(Instant::now() < patience, "redis-server does not listen");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Some(redis)
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|socket| socket.local_addr()).expect("a free port").port()
}
