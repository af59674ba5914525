//! What records are told of attempts, and when they are read after their tracking changed: by their own reads, whatever was read for others.

use std::time::Duration;

use domain::Timestamp;
use serde_json::{Value, json};

use crate::asking::Asker;
use crate::ledger::{Attempts, Organization, Profile};
use crate::world::World;

/// How often everything is read.
const INTERVAL: Duration = Duration::from_hours(24);

/// Compares how the data of each record of an organization stand.
pub async fn compare(world: &World, organization: &Organization, asker: &mut Asker) {
    for account in &organization.accounts {
        let found = asker.get(&format!("/v2/accounts/{}", account.id)).await;
        let expected = freshness(world, &account.attempts, organization.is_collected(account));
        compare_one(asker, &format!("account {}", account.id), &expected, &found["data"]);
    }
    for video in &organization.videos {
        let found = asker.get(&format!("/v2/videos/{}", video.id)).await;
        let expected = freshness(world, &video.attempts, video.is_active);
        compare_one(asker, &format!("video {}", video.id), &expected, &found["data"]);
    }
    for account in &organization.accounts {
        let path = format!("/v2/account-videos?limit=200&account_id={}", account.id);
        let found = asker.get(&path).await;
        for row in found["data"].as_array().expect("rows") {
            let shown = account.shows.iter().find(|(post, _)| row["external_id"] == world.posts[**post].external_id);
            let (_, shown) = shown.expect("what is listed was found");
            let expected = freshness(world, &shown.attempts, organization.is_collected(account));
            compare_one(asker, &format!("account video {}", row["id"]), &expected, row);
        }
    }
}

fn compare_one(asker: &mut Asker, what: &str, expected: &Value, found: &Value) {
    let mut found = found["freshness"].clone();
    found.as_object_mut().expect("an object").remove("next_scrape_time");
    asker.compare(&format!("{what}'s freshness"), expected, &found);
}

fn freshness(world: &World, attempts: &Attempts, is_collected: bool) -> Value {
    let Attempts { read_at, failed_at, failures } = *attempts;
    let state = match read_at {
        _ if !is_collected => "paused",
        _ if failures > 0 => "failing",
        None => "pending",
        Some(at) if world.now.since(at) > INTERVAL + INTERVAL / 10 => "stale",
        Some(_) => "fresh",
    };
    let (at, outcome) = if failures > 0 { (failed_at, "network_error") } else { (read_at, "ok") };
    json!({
        "state": state,
        "last_attempt_time": at.map(|at| at.to_string()),
        "last_attempt_outcome": at.map(|_| outcome),
        "consecutive_failures": failures,
    })
}

/// How a profile is scheduled.
pub struct Due {
    is_failing: bool,
    at: Option<Timestamp>,
}

impl World {
    /// How a profile that is tracked is scheduled now.
    pub async fn due(&mut self, profile: Profile) -> Due {
        let page = &self.profiles[profile];
        let sql = format!(
            "SELECT CAST(s.consecutive_failures AS TEXT) || ' ' || COALESCE(CAST(s.due_at AS TEXT), '-') FROM schedules s \
             JOIN profiles p ON p.id = s.target_id WHERE s.kind = 'profile' AND p.platform = '{}' AND p.username = '{}'",
            page.platform.as_str(),
            page.username
        );
        let rows = self.eye.column(&sql).await;
        let (failures, due) = rows.first().and_then(|row| row.split_once(' ')).expect("a profile that is tracked");
        Due { is_failing: failures != "0", at: due.parse().ok().map(Timestamp::from_millis) }
    }

    /// An account was changed: those who collect its profile now are read when the interval of one of them has passed since its own last read.
    pub async fn check_due(&self, organization: usize, place: usize, before: &Due) {
        let its = &self.organizations[organization];
        let account = &its.accounts[place];
        // What fails keeps its back-off, and what is due already stays so.
        let is_settled = before.at.is_some_and(|at| before.is_failing || at <= self.now);
        if is_settled || !its.is_collected(account) {
            return;
        }
        let collectors = self.organizations.iter().flat_map(|it| {
            it.accounts.iter().filter(move |other| other.profile == account.profile && it.is_collected(other))
        });
        let wished = collectors.map(|it| it.attempts.read_at.map_or(Timestamp::from_millis(0), |at| at.plus(INTERVAL)));
        let wished = wished.min().expect("the account itself collects");
        let suits = before.at.filter(|at| *at >= wished && *at <= wished.plus(INTERVAL / 50));
        let shown = its.tenant.account(account.id, self.now).await.expect("an answer").expect("the account");
        assert_eq!(shown.freshness.next_scrape_at, Some(suits.unwrap_or(wished.max(self.now))), "{account:?}");
    }
}
