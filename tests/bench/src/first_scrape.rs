//! How long a new account waits for its first metrics on an idle service: from the sending of the POST to the first answer that carries a
//! `last_scrape_time`.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::time::{MissedTickBehavior, interval};

use crate::report::FirstScrape;
use crate::stage::Stage;

/// Between two looks at the account.
const LOOK_EVERY: Duration = Duration::from_millis(2);

/// How long an account is looked at.
const PATIENCE: Duration = Duration::from_secs(30);

/// An account was never scraped.
#[derive(Debug, thiserror::Error)]
#[error("{path} has no last_scrape_time after {PATIENCE:?}: {account}")]
pub struct Late {
    path: String,
    account: Value,
}

/// Adds `accounts` accounts one after another, on both platforms in turn, each when the last one's scrapes are done.
pub async fn measure(stage: &Stage, accounts: u32) -> Result<FirstScrape, Late> {
    eprintln!("{}: first scrapes of {accounts} accounts", stage.stores.name());
    let mut waits = Vec::new();
    for index in 0..accounts {
        stage.quiet().await;
        // Pauses of different lengths meet the worker's own rhythm at different points of it.
        tokio::time::sleep(Duration::from_millis(u64::from(100 + index * 37 % 100))).await;
        waits.push(first_scrape(stage, index).await?);
    }
    stage.quiet().await;
    Ok(FirstScrape::of(&waits))
}

async fn first_scrape(stage: &Stage, index: u32) -> Result<Duration, Late> {
    let platform = if index.is_multiple_of(2) { "tiktok" } else { "instagram" };
    let body = json!({"platform": platform, "username": format!("newcomer.{index}")});
    let sent = Instant::now();
    let made = stage.client().post("/v2/accounts", &body).await.data(201);
    let path = format!("/v2/accounts/{}", made["id"].as_str().unwrap_or_default());
    let mut looks = interval(LOOK_EVERY);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        looks.tick().await;
        let account = stage.client().get(&path).await.data(200);
        let waited = sent.elapsed();
        if !account["last_scrape_time"].is_null() {
            return Ok(waited);
        }
        if waited > PATIENCE {
            return Err(Late { path, account });
        }
    }
}
