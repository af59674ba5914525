//! Rate limits, alone and together.

use std::net::{Ipv4Addr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use api::LimiterConfig;
use futures_util::future::join_all;

use crate::harness::{Api, request, serve};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_gets_its_calls_in_each_minute_and_not_one_more() {
    let api = Api::with(5, LimiterConfig::Memory).await;
    for left in (0..5).rev() {
        // Refused calls count like any other.
        let reply = api.get(if left % 2 == 0 { "/v2/whoami" } else { "/v2/nothing" }).await;
        assert_eq!(reply.header("x-ratelimit-limit"), "5");
        assert_eq!(reply.header("x-ratelimit-remaining"), left.to_string());
        assert_eq!(reply.header("x-ratelimit-reset"), "1790000100");
        assert_eq!(reply.header("ratelimit"), format!("\"default\";r={left};t=60"));
        assert_eq!(reply.header("ratelimit-policy"), "\"default\";q=5;w=60");
    }
    let refused = api.get("/v2/whoami").await.expect(429);
    assert_eq!(refused.json()["code"], "RATE_LIMITED");
    assert_eq!(refused.header("retry-after"), "60");
    assert_eq!(refused.header("x-ratelimit-remaining"), "0");
    request(api.addr, "GET", "/v2/health", &[], b"").await.expect(200);
    api.clock.advance(Duration::from_mins(1));
    api.get("/v2/whoami").await.expect(200);
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
    let Some(redis) = Redis::start(free_port()).await else {
        eprintln!("skipped: there is no redis-server on the PATH");
        return;
    };
    let url = format!("redis://127.0.0.1:{}", redis.port);
    let api = Api::with(50, LimiterConfig::Redis { url: url.clone() }).await;
    let (second, _handle) = serve(&api.store, &api.clock, 50, LimiterConfig::Redis { url });
    let bearer = format!("Bearer {}", api.key);
    let auth = [("Authorization", bearer.as_str())];
    // Both have a connection, so that no call is let through for want of one. Then the minute must hold still: a window that has
    // less than ten seconds to go is waited out.
    let mut used = 0;
    loop {
        for addr in [api.addr, second, api.addr, second] {
            used += 1;
            let reply = request(addr, "GET", "/v2/whoami", &auth, b"").await.expect(200);
            if reply.header("x-ratelimit-remaining") == "49" {
                used = 1;
            }
        }
        let reply = request(second, "GET", "/v2/whoami", &auth, b"").await.expect(200);
        used += 1;
        if reply.header("x-ratelimit-remaining") == "49" {
            used = 1;
        }
        let left: u32 = reply.header("ratelimit").rsplit_once("t=").unwrap().1.parse().unwrap();
        if left > 10 {
            break;
        }
        tokio::time::sleep(Duration::from_secs(u64::from(left))).await;
    }
    let calls = (0..80).map(|i| request(if i % 2 == 0 { api.addr } else { second }, "GET", "/v2/whoami", &auth, b""));
    let replies = join_all(calls).await;
    let admitted = replies.iter().filter(|reply| reply.status == 200).count();
    let let_through = api.handle.let_through_uncounted();
    assert_eq!((admitted, let_through), (50 - used, 0));
    assert!(replies.iter().filter(|reply| reply.status != 200).all(|reply| reply.status == 429));
}

struct Redis {
    child: Child,
    port: u16,
}

impl Redis {
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
