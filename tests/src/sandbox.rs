//! The product's own stand-in platforms as a process: `creator-audit sandbox`. It answers for any handle and any post, keeps the pages
//! of one handle back until it is told to let go, and counts what it was asked.

use std::process::Command;

use serde_json::Value;

use crate::cargo::binary;
use crate::client::Client;
use crate::process::{Process, tied};

/// The TikTok handle whose page the sandbox holds back until [`Sandbox::release`].
pub const HELD_HANDLE: &str = "held.x";

/// A running sandbox.
pub struct Sandbox {
    process: Process,
    client: Client,
    base_url: String,
}

impl Sandbox {
    /// Starts one on a free port; what it says is a function of `seed`, the handle and the clock.
    pub async fn start(seed: u64) -> Self {
        let mut command: Command = tied(binary(), "KILL");
        command.args(["sandbox", "--listen", "127.0.0.1:0", "--seed", &seed.to_string()]);
        let mut process = Process::spawn("sandbox", command);
        let base_url = process.base_url().await;
        Self { process, client: Client::new(&base_url), base_url }
    }

    /// In place of `https://www.instagram.com`.
    pub fn instagram_url(&self) -> String {
        format!("{}/instagram", self.base_url)
    }

    /// In place of `https://www.tiktok.com`.
    pub fn tiktok_url(&self) -> String {
        format!("{}/tiktok", self.base_url)
    }

    /// What the sandbox counted so far.
    pub async fn stats(&mut self) -> Value {
        self.process.assert_running();
        let answer = self.client.get("/control/stats").await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()
    }

    /// Requests whose answer is held back right now.
    pub async fn held(&mut self) -> u64 {
        let stats = self.stats().await;
        stats["held"].as_u64().unwrap_or_else(|| panic!("the sandbox does not count what it holds: {stats}"))
    }

    /// Lets go of every answer that is held back.
    pub async fn release(&self) {
        let answer = self.client.post("/control/release", &serde_json::json!({})).await;
        assert!(answer.status < 300, "{} {}", answer.status, answer.text());
    }

    /// A page of the sandbox as a worker would get it.
    pub async fn page(&self, url: &str) -> String {
        self.client.get(url).await.text()
    }
}
