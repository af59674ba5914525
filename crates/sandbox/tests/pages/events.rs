//! What happens over time: renames, take-overs, deletions and the like, on every surface alike.

use std::time::Duration;

use domain::{Clock, Platform, shortcode};
use sandbox::{Event, FaultAt, Sandbox, SandboxConfig, Standing, State, Surface};
use serde_json::json;

use crate::client::{NOW, SEED, ask, get, happen, read, start, start_with, until};

/// A profile's page, its list, and the page of a post of its.
fn pages(platform: Platform, handle: &str, id: &str, channel: &str) -> [String; 3] {
    match platform {
        Platform::Tiktok => {
            [format!("/tiktok/@{handle}"), format!("/tiktok/embed/@{handle}"), format!("/tiktok/@x/video/{id}")]
        }
        Platform::Instagram => {
            let code = shortcode::from_media_id(id.parse().unwrap());
            [format!("/instagram/{handle}/"), format!("/instagram/{handle}/embed/"), format!("/instagram/p/{code}/")]
        }
        Platform::Youtube => [
            format!("/youtube/@{handle}"),
            format!("/youtube/feeds/videos.xml?channel_id={channel}"),
            format!("/youtube/watch?v={id}"),
        ],
        Platform::Pinterest => {
            [format!("/pinterest/{handle}/"), format!("/pinterest/{handle}/feed.rss"), format!("/pinterest/pin/{id}/")]
        }
    }
}

async fn first_post(sandbox: &Sandbox, platform: Platform, handle: &str) -> (String, String) {
    let account = sandbox.profile_truth(platform, handle).unwrap().facts.platform_id.unwrap();
    let [page, list, _] = pages(platform, handle, "1234567890123456789", &account);
    get(sandbox, &page).await;
    get(sandbox, &list).await;
    let posts = sandbox::Population::new(SEED).posts(platform, handle, sandbox_now(sandbox, platform));
    (account, posts[0].external_id.clone())
}

fn sandbox_now(sandbox: &Sandbox, platform: Platform) -> domain::Timestamp {
    sandbox.profile_truth(platform, "busy").unwrap().at
}

#[tokio::test]
async fn a_renamed_account_answers_under_its_new_handle_with_the_same_id() {
    let sandbox = start().await;
    for platform in Platform::ALL {
        let (account, id) = first_post(&sandbox, platform, "busy").await;
        let [old, ..] = pages(platform, "busy", &id, &account);
        let [new, _, post] = pages(platform, "busier", &id, &account);
        happen(
            &sandbox,
            json!({ "platform": platform, "event": "rename", "handle": "busy", "to": "busier", "redirects": true }),
        )
        .await;
        let moved = get(&sandbox, &old).await;
        assert_eq!((moved.status, moved.header("location")), (301, Some(new.as_str())), "{platform}");
        let page = get(&sandbox, &new).await;
        assert!(page.status == 200 && page.text().contains(&account) && page.text().contains("busier"), "{platform}");
        let page = get(&sandbox, &post).await;
        assert!(
            page.text().contains("busier") && page.text().contains(&account) && !page.text().contains("\"busy\""),
            "{platform}"
        );
        sandbox
            .happen(platform, Event::Rename { handle: "busier".into(), to: "busiest".into(), redirects: false })
            .unwrap();
        let truth = sandbox.profile_truth(platform, &account).unwrap();
        assert_eq!(truth.previous_usernames, ["busy", "busier"]);
        assert_eq!((truth.facts.username.as_str(), truth.facts.platform_id), ("busiest", Some(account.clone())));
        assert!(!get(&sandbox, &new).await.text().contains(&account), "{platform}: the second handle is not found");
        assert_eq!(sandbox.truth(platform, "busier"), None);
        assert!(get(&sandbox, &post).await.text().contains("busiest"));
    }
    assert!(
        sandbox
            .happen(Platform::Tiktok, Event::Rename { handle: "busier".into(), to: "x".into(), redirects: false })
            .is_err()
    );
    sandbox.stop().await;
}

#[tokio::test]
async fn a_handle_that_somebody_else_took_has_another_id() {
    let sandbox = start().await;
    for platform in Platform::ALL {
        let (account, id) = first_post(&sandbox, platform, "busy").await;
        sandbox.happen(platform, Event::HandOver { handle: "busy".into(), former_becomes: None }).unwrap();
        let taker = sandbox.profile_truth(platform, "busy").unwrap();
        let new_id = taker.facts.platform_id.unwrap();
        assert_ne!(new_id, account);
        let [page, _, post] = pages(platform, "busy", &id, &account);
        let page = get(&sandbox, &page).await;
        assert!(page.text().contains(&new_id) && !page.text().contains(&account), "{platform}");
        assert_eq!(sandbox.post_truth(platform, &id).unwrap().standing, Standing::Deleted);
        let gone = get(&sandbox, &post).await;
        assert!(!gone.text().contains(&account), "{platform}: the former owner's posts are gone");
        assert_eq!(sandbox.profile_truth(platform, &account).unwrap().standing, Standing::Deleted);
    }
    let (account, _) = first_post(&sandbox, Platform::Tiktok, "anna").await;
    let event = Event::HandOver { handle: "anna".into(), former_becomes: Some("anna.once".into()) };
    sandbox.happen(Platform::Tiktok, event).unwrap();
    assert!(get(&sandbox, "/tiktok/@anna.once").await.text().contains(&account));
    assert!(!get(&sandbox, "/tiktok/@anna").await.text().contains(&account));
    sandbox.stop().await;
}

#[tokio::test]
async fn what_is_deleted_or_private_is_so_on_every_surface_until_it_is_back() {
    let sandbox = start().await;
    for platform in Platform::ALL {
        let (account, id) = first_post(&sandbox, platform, "busy").await;
        let [page, list, post] = pages(platform, "busy", &id, &account);
        let posts = sandbox.profile_truth(platform, "busy").unwrap().counts.posts.unwrap();
        sandbox.happen(platform, Event::Delete { target: id.clone() }).unwrap();
        assert!(!get(&sandbox, &list).await.text().contains(&format!("{id}\"")), "{platform}");
        assert_eq!(sandbox.profile_truth(platform, "busy").unwrap().counts.posts, Some(posts - 1));
        assert!(!get(&sandbox, &post).await.text().contains(&account), "{platform}");
        sandbox.happen(platform, Event::Restore { target: id.clone() }).unwrap();
        assert!(
            get(&sandbox, &list).await.text().contains(&id) && get(&sandbox, &post).await.text().contains(&account)
        );
        sandbox.happen(platform, Event::MakePrivate { target: id.clone() }).unwrap();
        assert_eq!(sandbox.post_truth(platform, &id).unwrap().standing, Standing::Private);
        assert!(!get(&sandbox, &post).await.text().contains(&account), "{platform}");
        sandbox.happen(platform, Event::MakePublic { target: id.clone() }).unwrap();
        sandbox.happen(platform, Event::Delete { target: "busy".into() }).unwrap();
        for path in [&page, &list, &post] {
            assert!(!get(&sandbox, path).await.text().contains(&account), "{platform}: {path}");
        }
        sandbox.happen(platform, Event::Restore { target: "@busy".into() }).unwrap();
        sandbox.happen(platform, Event::MakePrivate { target: "busy".into() }).unwrap();
        assert!(!get(&sandbox, &post).await.text().contains(&account), "{platform}");
        assert!(!get(&sandbox, &list).await.text().contains(&format!("{id}\"")), "{platform}");
        assert_eq!(sandbox.profile_truth(platform, "busy").unwrap().standing, Standing::Private);
    }
    assert!(get(&sandbox, "/tiktok/@busy").await.text().contains("\"privateAccount\":true"));
    sandbox.stop().await;
}

#[tokio::test]
async fn likes_are_hidden_and_comments_fall() {
    let clock = Clock::manual(NOW);
    let sandbox = start_with(SandboxConfig { seed: SEED, clock: clock.clone(), ..SandboxConfig::default() }).await;
    for platform in Platform::ALL {
        let since = clock.now();
        first_post(&sandbox, platform, "busy").await;
        clock.advance(Duration::from_hours(24 * 20));
        let posts = sandbox::Population::new(SEED).posts(platform, "busy", since);
        let comments = |id: &str| sandbox.post_truth(platform, id).unwrap().counts.comments;
        let id = posts.into_iter().map(|post| post.external_id).max_by_key(|id| comments(id)).unwrap();
        let before = sandbox.post_truth(platform, &id).unwrap();
        assert!(before.counts.comments > 1, "{platform}");
        sandbox.happen(platform, Event::DeleteComments { target: id.clone(), percent: 60 }).unwrap();
        let fallen = sandbox.post_truth(platform, &id).unwrap();
        assert!(
            fallen.counts.comments < before.counts.comments
                && fallen.facts.metrics.comments.value() <= before.facts.metrics.comments.value()
        );
        clock.advance(Duration::from_hours(24 * 30));
        let later = sandbox.post_truth(platform, &id).unwrap();
        assert!(later.counts.comments >= fallen.counts.comments);
        sandbox.happen(platform, Event::HideLikes { target: "busy".into() }).unwrap();
        let hidden = sandbox.post_truth(platform, &id).unwrap().facts.metrics.likes;
        let can_hide = matches!(platform, Platform::Instagram | Platform::Youtube);
        assert_eq!(hidden == domain::Reading::Null(domain::MetricStatus::Hidden), can_hide, "{platform}");
        sandbox.happen(platform, Event::ShowLikes { target: "busy".into() }).unwrap();
        assert_eq!(sandbox.post_truth(platform, &id).unwrap(), later);
    }
    sandbox.stop().await;
}

#[tokio::test]
async fn over_a_month_nothing_falls_and_addresses_are_signed_anew() {
    let clock = Clock::manual(NOW);
    let sandbox = start_with(SandboxConfig { seed: SEED, clock: clock.clone(), ..SandboxConfig::default() }).await;
    for platform in Platform::ALL {
        let (_, id) = first_post(&sandbox, platform, "busy").await;
        let (mut profile, mut post) =
            (sandbox.profile_truth(platform, "busy").unwrap(), sandbox.post_truth(platform, &id).unwrap());
        for _ in 0..30 {
            clock.advance(Duration::from_hours(24));
            let (next, next_post) =
                (sandbox.profile_truth(platform, "busy").unwrap(), sandbox.post_truth(platform, &id).unwrap());
            assert!(next.counts.followers > profile.counts.followers && next.counts.posts > profile.counts.posts);
            let (old, new) = (post.counts, next_post.counts);
            assert!(
                new.plays >= old.plays
                    && new.likes >= old.likes
                    && new.comments >= old.comments
                    && new.saves >= old.saves
            );
            let signed = matches!(platform, Platform::Instagram | Platform::Tiktok);
            assert_eq!(next_post.facts.cover_image_url != post.facts.cover_image_url, signed, "{platform}");
            (profile, post) = (next, next_post);
        }
    }
    sandbox.stop().await;
}

#[tokio::test]
async fn a_share_of_requests_is_refused_and_always_the_same_ones() {
    let mut seen = Vec::new();
    for _ in 0..2 {
        let sandbox = start().await;
        happen(
            &sandbox,
            json!({ "platform": "tiktok", "event": "refuse", "refusals": { "per_mille": 300, "state": "broken" } }),
        )
        .await;
        let mut statuses = Vec::new();
        for n in 0..40 {
            statuses.push(get(&sandbox, &format!("/tiktok/@anna{n}")).await.status);
        }
        let refused = statuses.iter().filter(|status| **status == 500).count();
        assert!((3..25).contains(&refused), "{refused} of 40");
        assert_eq!(get(&sandbox, "/instagram/anna/").await.status, 200);
        sandbox.happen(Platform::Tiktok, Event::Refuse { refusals: None }).unwrap();
        seen.push(statuses);
        sandbox.stop().await;
    }
    assert_eq!(seen[0], seen[1]);
}

#[tokio::test]
async fn a_throttled_platform_says_how_long_to_wait() {
    let sandbox = start().await;
    for (platform, path) in [
        (Platform::Instagram, "/instagram/anna/"),
        (Platform::Tiktok, "/tiktok/@anna"),
        (Platform::Youtube, "/youtube/@anna"),
        (Platform::Pinterest, "/pinterest/anna/"),
    ] {
        sandbox.happen(platform, Event::Throttle { retry_after_seconds: Some(777) }).unwrap();
        let answer = get(&sandbox, path).await;
        assert_eq!((answer.status, answer.header("retry-after")), (429, Some("777")));
        sandbox.happen(platform, Event::Throttle { retry_after_seconds: None }).unwrap();
        assert_eq!(get(&sandbox, path).await.status, 200);
    }
    sandbox.stop().await;
}

#[tokio::test]
async fn every_request_is_logged_with_its_time_and_status() {
    let clock = Clock::manual(NOW);
    let sandbox = start_with(SandboxConfig { seed: SEED, clock: clock.clone(), ..SandboxConfig::default() }).await;
    get(&sandbox, "/tiktok/@anna").await;
    clock.advance(Duration::from_mins(1));
    get(&sandbox, "/graph/v25.0/1?fields=x&access_token=hidden").await;
    let held = ask(&sandbox, "GET", "/tiktok/@held", "").await;
    until(&sandbox, |stats| stats.held == 1).await;
    let log = sandbox.requests();
    assert_eq!(log.len(), 3);
    assert_eq!((log[0].at, log[0].surface, log[0].status), (NOW, Surface::Profile, Some(200)));
    assert_eq!(
        (log[1].at, log[1].surface, log[1].status),
        (NOW.plus(Duration::from_mins(1)), Surface::Official, Some(400))
    );
    assert!(!log[1].path.contains("hidden"), "{}", log[1].path);
    assert_eq!(log[2].status, None);
    sandbox.release();
    read(held).await;
    let stats = sandbox.stats();
    assert!(stats.tiktok.least_gap_ms.is_some() && stats.instagram.total == 0 && stats.instagram_official.total == 1);
    assert_eq!(get(&sandbox, "/control/requests").await.json().as_array().unwrap().len(), 3);
    sandbox.stop().await;
}

#[tokio::test]
async fn the_control_addresses_tell_the_truth_and_move_the_clock() {
    let sandbox = start().await;
    let truth = get(&sandbox, "/control/truth?platform=tiktok&target=%40busy").await.json();
    let known = sandbox.profile_truth(Platform::Tiktok, "busy").unwrap();
    assert_eq!((&truth["type"], &truth["platform_id"]), (&json!("profile"), &json!(known.facts.platform_id)));
    assert_eq!(truth["counts"]["followers"].as_i64(), known.counts.followers);
    let moved = crate::client::send(&sandbox, "POST", "/control/clock", "{\"advance_seconds\": 86400}").await;
    assert_eq!(moved.status, 204);
    assert!(sandbox.profile_truth(Platform::Tiktok, "busy").unwrap().counts.followers > known.counts.followers);
    let refused =
        crate::client::send(&sandbox, "POST", "/control/events", "{\"platform\":\"tiktok\",\"event\":\"explode\"}")
            .await;
    assert_eq!(refused.status, 400);
    let by_b = FaultAt::platform(Platform::Tiktok).by("b");
    sandbox.set_fault_at(by_b, Some(State::RateLimited));
    assert_eq!(get(&sandbox, "/tiktok/@anna").await.status, 200);
    sandbox.stop().await;
}
