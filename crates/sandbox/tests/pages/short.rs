use domain::Platform;
use sandbox::{Event, short_code, short_link};

use crate::client::{NOW, POPULATION, ask, get, start, until};

async fn leads_to(sandbox: &sandbox::Sandbox, path: &str) -> String {
    let answer = get(sandbox, path).await;
    assert_eq!(answer.status, 301, "{path}");
    answer.header("location").unwrap().to_owned()
}

#[tokio::test]
async fn a_short_link_leads_to_the_posts_real_address() {
    let sandbox = start().await;
    get(&sandbox, "/tiktok/embed/@busy").await;
    let id = POPULATION.posts(Platform::Tiktok, "busy", NOW)[0].external_id.clone();
    let code = short_code(Platform::Tiktok, &id).unwrap();
    for path in
        [format!("vm.tiktok.com/{code}/"), format!("vt.tiktok.com/{code}/"), format!("www.tiktok.com/t/{code}/")]
    {
        let to = leads_to(&sandbox, &format!("/tiktok/_short/{path}")).await;
        assert!(to.starts_with(&format!("https://www.tiktok.com/@busy/video/{id}?")), "{to}");
    }
    sandbox
        .happen(Platform::Tiktok, Event::Rename { handle: "busy".into(), to: "busier".into(), redirects: false })
        .unwrap();
    assert!(leads_to(&sandbox, &format!("/tiktok/_short/vm.tiktok.com/{code}/")).await.contains("/@busier/video/"));
    let insta = short_code(Platform::Instagram, "2555323354817229568").unwrap();
    assert!(
        leads_to(&sandbox, &format!("/instagram/_short/www.instagram.com/share/reel/{insta}"))
            .await
            .starts_with("https://www.instagram.com/reel/CN2VQ1yI_MA/")
    );
    assert!(
        leads_to(&sandbox, &format!("/instagram/_short/www.instagram.com/share/p/{insta}/"))
            .await
            .starts_with("https://www.instagram.com/p/CN2VQ1yI_MA/")
    );
    let pin = short_code(Platform::Pinterest, "106890191127977979").unwrap();
    assert!(
        leads_to(&sandbox, &format!("/pinterest/_short/pin.it/{pin}"))
            .await
            .starts_with("https://www.pinterest.com/pin/106890191127977979/")
    );
    assert!(leads_to(&sandbox, "/youtube/_short/youtu.be/dQw4w9WgXcQ").await.contains("watch?v=dQw4w9WgXcQ"));
    assert_eq!(
        leads_to(&sandbox, &format!("/tiktok/_short/vm.tiktok.com/via{code}/")).await,
        format!("https://vm.tiktok.com/{code}/")
    );
    assert_eq!(short_link(Platform::Pinterest, "106890191127977979").unwrap(), format!("https://pin.it/{pin}"));
    sandbox.stop().await;
}

#[tokio::test]
async fn a_short_link_may_lead_astray() {
    let sandbox = start().await;
    assert_eq!(leads_to(&sandbox, "/tiktok/_short/vm.tiktok.com/dead1/").await, "https://www.tiktok.com/?_r=1");
    assert_eq!(leads_to(&sandbox, "/pinterest/_short/pin.it/dead1").await, "https://www.pinterest.com/");
    assert!(
        leads_to(&sandbox, "/instagram/_short/www.instagram.com/share/evil1")
            .await
            .starts_with("https://elsewhere.invalid/")
    );
    assert!(leads_to(&sandbox, "/instagram/_short/www.instagram.com/share/login1").await.contains("/accounts/login/"));
    let waiting = ask(&sandbox, "GET", "/tiktok/_short/vm.tiktok.com/slow1/", "").await;
    until(&sandbox, |stats| stats.tiktok.in_flight == 1).await;
    drop(waiting);
    until(&sandbox, |stats| stats.tiktok.in_flight == 0).await;
    sandbox.stop().await;
}
