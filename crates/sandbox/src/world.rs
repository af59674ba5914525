//! What the server knows beside the population: the clock, the faults in force, who is waiting to be released, who made which post, and the counts.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::{Clock, Handle, Platform, PostFacts, ProfileFacts, Timestamp};
use tokio::sync::watch;

use crate::ask::{Ask, Kind, Subject};
use crate::faults::Faults;
use crate::named;
use crate::noise::Noise;
use crate::population::{Population, hide_counts};
use crate::state::State;
use crate::stats::{Counters, Stats};

/// How many posts' authors are remembered.
const REMEMBERED_POSTS: usize = 200_000;

/// Which handle a listed post belongs to; the oldest entries are forgotten first.
#[derive(Debug, Default)]
struct Authors {
    handles: HashMap<(Platform, String), String>,
    oldest_first: VecDeque<(Platform, String)>,
}

impl Authors {
    fn remember(&mut self, posts: &[PostFacts]) {
        for post in posts {
            let Some(handle) = &post.author.username else { continue };
            let key = (post.platform, post.external_id.clone());
            if self.handles.insert(key.clone(), handle.clone()).is_none() {
                self.oldest_first.push_back(key);
            }
        }
        while self.oldest_first.len() > REMEMBERED_POSTS {
            if let Some(key) = self.oldest_first.pop_front() {
                self.handles.remove(&key);
            }
        }
    }
}

/// One running stand-in.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) population: Population,
    pub(crate) noise: Noise,
    pub(crate) slow: Duration,
    clock: Clock,
    faults: Mutex<Faults>,
    authors: Mutex<Authors>,
    counters: Mutex<Counters>,
    /// True once the held requests are released.
    released: watch::Sender<bool>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is inside stays consistent whatever panics: each change is one step.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl World {
    pub(crate) fn new(seed: u64, clock: Clock, slow: Duration, padding_bytes: usize) -> Self {
        Self {
            population: Population::new(seed),
            noise: Noise::of(padding_bytes),
            slow,
            clock,
            faults: Mutex::default(),
            authors: Mutex::default(),
            counters: Mutex::new(Counters::new()),
            released: watch::Sender::new(false),
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The state in which a request is answered: the platform's, the post's own, else its author's.
    pub(crate) fn state_of(&self, ask: &Ask) -> Option<State> {
        let whole = lock(&self.faults).of_platform(ask.platform);
        whole.or_else(|| match &ask.subject {
            Subject::Profile(handle) => self.state_of_handle(ask.platform, handle.as_str()),
            Subject::Post { external_id, handle } => {
                let own = lock(&self.faults).of_target(ask.platform, external_id);
                own.or_else(|| State::of_post(ask.platform, external_id)).or_else(|| {
                    let author = self.author(ask.platform, external_id, handle.as_ref());
                    let by_address = handle.as_ref().and_then(|h| self.state_of_handle(ask.platform, h.as_str()));
                    by_address.or_else(|| self.state_of_handle(ask.platform, &author))
                })
            }
            Subject::Nothing => None,
        })
    }

    fn state_of_handle(&self, platform: Platform, handle: &str) -> Option<State> {
        lock(&self.faults).of_target(platform, handle).or_else(|| State::of_handle(handle))
    }

    pub(crate) fn set_fault(&self, platform: Platform, target: Option<String>, state: Option<State>) {
        lock(&self.faults).set(platform, target, state);
    }

    /// The handle behind a post: whoever listed it, else who stands in its address, else one made from the id.
    fn author(&self, platform: Platform, external_id: &str, in_address: Option<&Handle>) -> String {
        let listed = lock(&self.authors).handles.get(&(platform, external_id.to_owned())).cloned();
        listed
            .or_else(|| in_address.map(ToString::to_string))
            .unwrap_or_else(|| self.population.author_of(platform, external_id))
    }

    /// The profile, as its page says it now.
    pub(crate) fn profile(&self, platform: Platform, handle: &str, state: Option<State>) -> ProfileFacts {
        let mut profile = self.population.profile(platform, handle, self.now());
        if state == Some(State::Private) {
            profile.is_private = Some(true);
        }
        profile
    }

    /// The posts that a profile's page lists now.
    pub(crate) fn posts(&self, platform: Platform, handle: &str, state: Option<State>) -> Vec<PostFacts> {
        self.listed(self.population.posts(platform, handle, self.now()), state)
    }

    /// The reels that a reels tab lists now.
    pub(crate) fn reels(&self, handle: &str, state: Option<State>) -> Vec<PostFacts> {
        self.listed(self.population.reels(handle, self.now()), state)
    }

    fn listed(&self, mut posts: Vec<PostFacts>, state: Option<State>) -> Vec<PostFacts> {
        if state == Some(State::Private) {
            return Vec::new();
        }
        if state == Some(State::HiddenLikes) {
            posts.iter_mut().for_each(hide_counts);
        }
        lock(&self.authors).remember(&posts);
        posts
    }

    /// A post and its author, as its page says them now.
    pub(crate) fn post(
        &self,
        platform: Platform,
        external_id: &str,
        in_address: Option<&Handle>,
        state: Option<State>,
    ) -> (PostFacts, ProfileFacts) {
        let now = self.now();
        let mut handle = self.author(platform, external_id, in_address);
        if self.state_of_handle(platform, &handle) == Some(State::Renamed) {
            handle.push_str(named::RENAMED_SUFFIX);
        }
        let mut post = self.population.post(platform, external_id, Some(&handle), now);
        if state == Some(State::HiddenLikes) {
            hide_counts(&mut post);
        }
        (post, self.population.profile(platform, &handle, now))
    }

    /// Counts a request in, until the guard is dropped.
    pub(crate) fn begin(&self, platform: Platform, kind: Kind) -> Guard<'_> {
        lock(&self.counters).begin(platform, kind);
        Guard { counters: &self.counters, leave: Box::new(move |counters| counters.end(platform)) }
    }

    pub(crate) fn stats(&self) -> Stats {
        lock(&self.counters).read()
    }

    pub(crate) fn reset_stats(&self) {
        lock(&self.counters).reset();
    }

    /// Returns when the held requests are released. A client that goes away meanwhile is no longer counted as held.
    pub(crate) async fn hold(&self, platform: Platform) {
        let mut released = self.released.subscribe();
        if *released.borrow_and_update() {
            return;
        }
        lock(&self.counters).hold(platform);
        let _held = Guard { counters: &self.counters, leave: Box::new(move |counters| counters.let_go(platform)) };
        // The sender lives as long as the world, so this ends by a release alone.
        let _ = released.wait_for(|released| *released).await;
    }

    /// Lets the held requests go and holds no more, or (`false`) holds from now on.
    pub(crate) fn set_released(&self, released: bool) {
        self.released.send_replace(released);
    }
}

/// Counts out what was counted in, even when the request is cut off.
pub(crate) struct Guard<'a> {
    counters: &'a Mutex<Counters>,
    leave: Box<dyn Fn(&mut Counters)>,
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        (self.leave)(&mut lock(self.counters));
    }
}
