use std::time::Duration;

use domain::{Clock, Platform};
use sandbox::{SandboxConfig, State, named};
use serde_json::json;

use crate::client::{NOW, POPULATION, ask, get, read, send, start, start_with, until};

#[tokio::test]
async fn the_same_question_at_the_same_time_gets_the_same_bytes() {
    let (one, other) = (start().await, start().await);
    for path in [
        "/tiktok/@anna",
        "/tiktok/embed/@anna",
        "/instagram/anna/",
        "/instagram/anna/reels/",
        "/instagram/p/CN2VQ1yI_MA/",
    ] {
        let (a, b) = (get(&one, path).await, get(&other, path).await);
        assert_eq!(a.status, 200);
        assert!(a.body.len() > 20_000, "{path} is padded");
        assert_eq!(a.body, b.body, "{path}");
    }
    one.stop().await;
    other.stop().await;
}

#[tokio::test]
async fn pages_change_as_the_clock_moves() {
    let clock = Clock::manual(NOW);
    let sandbox = start_with(SandboxConfig { clock: clock.clone(), ..SandboxConfig::default() }).await;
    for path in ["/tiktok/@anna", "/tiktok/embed/@busy", "/instagram/busy/"] {
        let before = get(&sandbox, path).await.body;
        clock.advance(Duration::from_hours(24));
        assert_ne!(before, get(&sandbox, path).await.body, "{path}");
    }
    sandbox.stop().await;
}

#[tokio::test]
async fn a_whole_platform_can_be_put_into_a_state_and_back() {
    let sandbox = start().await;
    let fault = |state| json!({ "platform": "tiktok", "state": state }).to_string();
    assert_eq!(send(&sandbox, "POST", "/control/faults", &fault(Some("throttled"))).await.status, 204);
    assert_eq!(get(&sandbox, "/tiktok/@anna").await.status, 429);
    assert_eq!(get(&sandbox, "/tiktok/@/video/7571863205253778710").await.status, 429);
    assert_eq!(get(&sandbox, "/instagram/anna/").await.status, 200);
    assert_eq!(send(&sandbox, "POST", "/control/faults", &fault(None)).await.status, 204);
    assert_eq!(get(&sandbox, "/tiktok/@anna").await.status, 200);
    assert_eq!(send(&sandbox, "POST", "/control/faults", &fault(Some("tired"))).await.status, 400);
    sandbox.stop().await;
}

#[tokio::test]
async fn one_account_or_post_can_be_put_into_a_state() {
    let sandbox = start().await;
    let id = "7571863205253778710";
    let fault = json!({ "platform": "tiktok", "target": "@Anna", "state": "renamed" }).to_string();
    assert_eq!(send(&sandbox, "POST", "/control/faults", &fault).await.status, 204);
    let moved = get(&sandbox, "/tiktok/@anna").await;
    assert_eq!((moved.status, moved.header("location")), (302, Some("/tiktok/@anna.now")));
    let platform_id = |handle| POPULATION.profile(Platform::Tiktok, handle, NOW).platform_id;
    assert_eq!(platform_id("anna"), platform_id("anna.now"));
    let post = || get(&sandbox, "/instagram/p/CN2VQ1yI_MA/");
    assert!(post().await.text().contains("xig_polaris_media"));
    let link = "https://www.instagram.com/reel/CN2VQ1yI_MA/";
    sandbox.set_fault(Platform::Instagram, Some(link), Some(State::Missing));
    assert!(post().await.text().contains("PolarisErrorRoute"));
    sandbox.set_fault(Platform::Instagram, Some(link), None);
    assert!(post().await.text().contains("xig_polaris_media"));
    sandbox.set_fault(Platform::Tiktok, Some(id), Some(State::Broken));
    assert_eq!(get(&sandbox, &format!("/tiktok/@bert/video/{id}")).await.status, 500);
    sandbox.stop().await;
}

#[tokio::test]
async fn requests_are_counted_by_platform_and_kind() {
    let sandbox = start().await;
    for path in [
        "/tiktok/@anna",
        "/tiktok/@bert",
        "/tiktok/embed/@anna",
        "/instagram/anna/",
        "/instagram/p/CN2VQ1yI_MA/",
        "/tiktok/@throttled",
    ] {
        get(&sandbox, path).await;
    }
    until(&sandbox, |stats| stats.tiktok.in_flight + stats.instagram.in_flight == 0).await;
    let stats = get(&sandbox, "/control/stats").await.json();
    assert_eq!(stats["tiktok"]["requests"], json!({ "profile": 3, "feed": 1 }));
    assert_eq!(stats["instagram"]["requests"], json!({ "profile": 1, "post": 1 }));
    assert_eq!((&stats["tiktok"]["total"], &stats["tiktok"]["max_in_flight"]), (&json!(4), &json!(1)));
    assert_eq!(send(&sandbox, "DELETE", "/control/stats", "").await.status, 204);
    assert_eq!(sandbox.stats(), sandbox::Stats::default());
    sandbox.stop().await;
}

#[tokio::test]
async fn the_held_wait_until_they_are_released() {
    let sandbox = start().await;
    let post = format!("/instagram/p/{}/", named::INSTAGRAM_HELD.shortcode.unwrap());
    let waiting = [
        ask(&sandbox, "GET", "/tiktok/@held", "").await,
        ask(&sandbox, "GET", "/tiktok/@held.7/video/7571863205253778710", "").await,
        ask(&sandbox, "GET", &post, "").await,
    ];
    let gone = ask(&sandbox, "GET", "/tiktok/@held.8", "").await;
    until(&sandbox, |stats| stats.held == 4 && stats.tiktok.held == 3).await;
    drop(gone);
    until(&sandbox, |stats| stats.held == 3).await;
    assert_eq!(get(&sandbox, "/tiktok/@anna").await.status, 200);
    assert_eq!(send(&sandbox, "POST", "/control/release", "").await.status, 204);
    for stream in waiting {
        assert_eq!(read(stream).await.status, 200);
    }
    until(&sandbox, |stats| stats.held == 0).await;
    assert_eq!(get(&sandbox, "/tiktok/@held").await.status, 200);
    assert_eq!(send(&sandbox, "POST", "/control/hold", "").await.status, 204);
    let again = ask(&sandbox, "GET", "/tiktok/@held", "").await;
    until(&sandbox, |stats| stats.held == 1).await;
    drop(again);
    sandbox.stop().await;
}

#[tokio::test]
async fn stopping_frees_the_port_even_while_requests_are_held() {
    let sandbox = start().await;
    let addr = sandbox.addr();
    let _held = ask(&sandbox, "GET", "/tiktok/@held", "").await;
    until(&sandbox, |stats| stats.held == 1).await;
    tokio::time::timeout(Duration::from_secs(10), sandbox.stop()).await.unwrap();
    assert!(tokio::net::TcpStream::connect(addr).await.is_err());
}

#[tokio::test]
async fn a_dropped_sandbox_ends_too() {
    let sandbox = start().await;
    let addr = sandbox.addr();
    assert_eq!(get(&sandbox, "/tiktok/@anna").await.status, 200);
    drop(sandbox);
    let ended = async { while tokio::net::TcpStream::connect(addr).await.is_ok() {} };
    tokio::time::timeout(Duration::from_secs(10), ended).await.unwrap();
}

#[tokio::test]
async fn a_taken_port_is_an_error_and_no_hang() {
    let sandbox = start().await;
    let second = sandbox::start(sandbox.addr(), SandboxConfig::default()).await;
    assert!(second.is_err());
    sandbox.stop().await;
}

#[tokio::test]
async fn what_is_on_no_platform_is_not_found() {
    let sandbox = start().await;
    for path in [
        "/",
        "/elsewhere/@anna",
        "/tiktok/foryou",
        "/youtube/feed/subscriptions",
        "/pinterest/anna/board/more/",
        "/instagram/explore/tags/x/",
        "/control/nothing",
    ] {
        assert_eq!(get(&sandbox, path).await.status, 404, "{path}");
    }
    sandbox.stop().await;
}
