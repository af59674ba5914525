//! What happens on the platforms, drawn from a seed, and its undoing.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use domain::{Platform, Timestamp};
use sandbox::{Era, Event, Refusals, State};
use store::{AccountVideo, Seen};

use crate::HOUR;
use crate::world::World;

/// What happens first, to which of the tracked accounts: everything once, so that no draw of the dice leaves a kind out of the month.
const FIRST: [(u64, usize); 15] = [
    (2, 5),
    (9, 4),
    (3, 9),
    (4, 11),
    (6, 6),
    (7, 2),
    (7, 10),
    (8, 3),
    (8, 13),
    (8, 8),
    (10, 7),
    (11, 12),
    (0, 8),
    (2, 15),
    (4, 14),
];

/// Draws what happens.
pub struct Fate {
    dice: u64,
    names: u32,
    begun: usize,
    /// What ends something that has begun, and when.
    due: Vec<(Timestamp, Platform, Event)>,
    /// How often each kind of thing happened.
    pub happened: BTreeMap<&'static str, u32>,
}

impl Fate {
    pub fn new(seed: u64) -> Self {
        Self {
            dice: seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1,
            names: 0,
            begun: 0,
            due: Vec::new(),
            happened: BTreeMap::new(),
        }
    }

    /// A number below `bound`, by xorshift.
    fn roll(&mut self, bound: u64) -> u64 {
        self.dice ^= self.dice << 13;
        self.dice ^= self.dice >> 7;
        self.dice ^= self.dice << 17;
        (self.dice >> 11) % bound
    }

    /// How long nothing new happens.
    pub fn pause(&mut self) -> Duration {
        HOUR + HOUR * u32::try_from(self.roll(7)).unwrap_or(0)
    }

    fn later(&mut self, now: Timestamp, hours: u64, spread: u64) -> Timestamp {
        now.plus(Duration::from_hours(hours + self.roll(spread)))
    }

    /// Lets something happen.
    pub async fn strike(&mut self, world: &mut World) {
        let now = world.clock.now();
        let drawn = usize::try_from(self.roll(u64::try_from(world.tracked.len()).unwrap_or(1))).unwrap_or(0);
        let (kind, at) = (self.roll(12), drawn);
        let first = FIRST.get(self.begun).copied();
        self.begun += 1;
        let (kind, at) = first.unwrap_or((kind, at));
        let (platform, id) = (world.tracked[at].platform, world.tracked[at].platform_id.clone());
        let Some(truth) = world.sandbox.profile_truth(platform, &id) else { return };
        let handle = truth.facts.username.clone();
        let posts = world.posts().await;
        // What fell out of its account's bounds is not looked at any more, so that nothing of it would be seen.
        let is_own = |video: &&Arc<Seen<AccountVideo>>| {
            video.post.account_id == Some(world.tracked[at].account) && video.post.freshness.next_scrape_at.is_some()
        };
        let own: Vec<_> = posts.iter().filter(is_own).collect();
        let post = match u64::try_from(own.len()) {
            Ok(0) | Err(_) => None,
            Ok(count) => own.get(usize::try_from(self.roll(count)).unwrap_or(0)).map(|v| v.post.external_id.clone()),
        };
        let is_there = truth.standing == sandbox::Standing::Live;
        let (name, event, undo) = match (kind, post) {
            (0 | 1, _) if is_there => {
                self.names += 1;
                let to = format!("name{}_{platform}", self.names);
                let redirects = self.roll(2) == 0;
                ("rename", Event::Rename { handle, to, redirects }, None)
            }
            (2, _) if is_there => {
                self.names += 1;
                let former_becomes =
                    (first.is_none() && self.roll(3) > 0).then(|| format!("moved{}_{platform}", self.names));
                ("hand over", Event::HandOver { handle, former_becomes }, None)
            }
            (3, _) if is_there => {
                let back = Event::Restore { target: handle.clone() };
                let at = self.later(now, 10, 90);
                ("delete account", Event::Delete { target: handle }, Some((at, back)))
            }
            (4 | 5, Some(post)) if is_there => {
                let back = Event::Restore { target: post.clone() };
                let at = self.later(now, 10, 150);
                ("delete post", Event::Delete { target: post }, Some((at, back)))
            }
            (6, _) if is_there => {
                let back = Event::MakePublic { target: handle.clone() };
                let at = self.later(now, 10, 90);
                ("make private", Event::MakePrivate { target: handle }, Some((at, back)))
            }
            (7, Some(post)) => {
                let back = Event::ShowLikes { target: post.clone() };
                let at = self.later(now, 30, 60);
                ("hide likes", Event::HideLikes { target: post }, Some((at, back)))
            }
            (8, Some(post)) => ("delete comments", Event::DeleteComments { target: post, percent: 90 }, None),
            (9, _) => {
                let era = if first.is_none() && self.roll(2) == 0 { Era::Older } else { Era::Unknown };
                let at = self.later(now, 6, 20);
                ("change era", Event::ChangeEra { era }, Some((at, Event::ChangeEra { era: Era::Current })))
            }
            (10, _) => {
                let states = [
                    State::LoginWall,
                    State::Challenge,
                    State::EmptyBody,
                    State::Garbage,
                    State::Broken,
                    State::Throttled,
                ];
                let state =
                    if first.is_some() { states[0] } else { states[usize::try_from(self.roll(6)).unwrap_or(0)] };
                let is_hard = first.is_some();
                let per_mille = if is_hard { 1_000 } else { 300 + u16::try_from(self.roll(700)).unwrap_or(0) };
                let at = self.later(now, if is_hard { 12 } else { 3 }, 12);
                let refusals = Some(Refusals { per_mille, state });
                ("refuse", Event::Refuse { refusals }, Some((at, Event::Refuse { refusals: None })))
            }
            (11, _) => {
                let at = self.later(now, 1, 3);
                let end = Event::Throttle { retry_after_seconds: None };
                ("throttle", Event::Throttle { retry_after_seconds: Some(900) }, Some((at, end)))
            }
            _ => return,
        };
        if world.sandbox.happen(platform, event).is_err() {
            return;
        }
        *self.happened.entry(name).or_default() += 1;
        if let Some((at, undo)) = undo {
            self.due.push((at, platform, undo));
        }
        crate::checks::note_what_is_gone(world).await;
    }

    /// Ends what has lasted long enough by `now`; everything that troubles a platform as a whole, and nothing else, when the month is over.
    pub async fn undo_what_is_due(&mut self, world: &mut World, now: Option<Timestamp>) {
        let is_due = |at: Timestamp, event: &Event| match now {
            Some(now) => at <= now,
            None => matches!(event, Event::ChangeEra { .. } | Event::Refuse { .. } | Event::Throttle { .. }),
        };
        let (ended, left): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.due).into_iter().partition(|(at, _, event)| is_due(*at, event));
        self.due = left;
        if ended.is_empty() {
            return;
        }
        for (_, platform, event) in ended {
            // Whoever was to come back may have been taken over meanwhile.
            let _ = world.sandbox.happen(platform, event);
        }
        crate::checks::note_what_is_gone(world).await;
    }
}
