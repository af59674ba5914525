//! The product's own stand-in platforms as a process: `creator-audit sandbox`. It answers for any handle and any post, keeps the pages
//! of one handle back until it is told to let go, and counts what it was asked.

use std::process::Command;

use serde_json::Value;

use crate::cargo::binary;
use crate::client::{Answer, Client};
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

    /// In place of `https://www.youtube.com`.
    pub fn youtube_url(&self) -> String {
        format!("{}/youtube", self.base_url)
    }

    /// In place of `https://www.pinterest.com`.
    pub fn pinterest_url(&self) -> String {
        format!("{}/pinterest", self.base_url)
    }

    /// In place of `https://graph.facebook.com/v25.0`.
    pub fn graph_url(&self) -> String {
        format!("{}/graph/v25.0", self.base_url)
    }

    /// In place of `https://www.googleapis.com/youtube/v3`.
    pub fn youtube_data_url(&self) -> String {
        format!("{}/youtube-data/v3", self.base_url)
    }

    /// Puts what `fault` names (`platform`, and perhaps `surface`, `target`, `egress`) into its `state`.
    pub async fn fault(&self, fault: &Value) {
        let answer = self.client.post("/control/faults", fault).await;
        assert_eq!(answer.status, 204, "{fault}: {}", answer.text());
    }

    /// Makes an event happen: `{"platform": …, "event": "rename", …}`.
    pub async fn happen(&self, event: &Value) {
        let answer = self.client.post("/control/events", event).await;
        assert_eq!(answer.status, 204, "{event}: {}", answer.text());
    }

    /// What is true now of a handle, an account's id or a post's id.
    pub async fn truth(&self, platform: &str, target: &str) -> Value {
        let answer = self.client.get(&format!("/control/truth?platform={platform}&target={target}")).await;
        assert_eq!(answer.status, 200, "{platform} {target}: {}", answer.text());
        answer.json()
    }

    /// Every request to the platforms so far, the oldest first.
    pub async fn requests(&self) -> Value {
        let answer = self.client.get("/control/requests").await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()
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

    /// What the sandbox answers at a path of its own.
    pub async fn answer(&self, path: &str) -> Answer {
        self.client.get(path).await
    }

    /// A page of the sandbox as a worker would get it.
    pub async fn page(&self, url: &str) -> String {
        self.client.get(url).await.text()
    }
}
