//! What the server knows beside the population: the clock, the faults in force, what has happened to whom, who is waiting to be released, who made
//! which post, and the counts.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::{Clock, Platform, PostFacts, ProfileFacts, Timestamp};
use tokio::sync::watch;

use crate::ask::{Ask, Subject};
use crate::events::{Era, Lives, Who};
use crate::faults::{FaultAt, Faults, Refusals};
use crate::named;
use crate::noise::Noise;
use crate::population::{PAGE_POSTS, Population, hide_counts, metrics_shown, posts_shown};
use crate::requests::{Log, Request};
use crate::state::State;
use crate::stats::{Counters, Door, Stats};
use crate::surface::Surface;

/// How many posts' authors, and how many accounts' ids, are remembered.
const REMEMBERED: usize = 200_000;
/// Seconds that a throttled client is told to wait, unless told otherwise.
const RETRY_AFTER_SECONDS: u64 = 60;

/// The key of the account behind an id; the oldest entries are forgotten first.
#[derive(Debug, Default)]
struct Memory {
    keys: HashMap<(Platform, String), String>,
    oldest_first: VecDeque<(Platform, String)>,
}

impl Memory {
    fn get(&self, platform: Platform, id: &str) -> Option<String> {
        self.keys.get(&(platform, id.to_owned())).cloned()
    }

    fn remember(&mut self, platform: Platform, id: &str, key: &str) {
        let place = (platform, id.to_owned());
        if self.keys.insert(place.clone(), key.to_owned()).is_none() {
            self.oldest_first.push_back(place);
        }
        while self.oldest_first.len() > REMEMBERED {
            if let Some(oldest) = self.oldest_first.pop_front() {
                self.keys.remove(&oldest);
            }
        }
    }
}

/// What is kept of requests.
#[derive(Debug)]
struct Ledger {
    counters: Counters,
    log: Log,
}

/// One running stand-in.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) population: Population,
    pub(crate) noise: Noise,
    pub(crate) slow: Duration,
    pub(crate) clock: Clock,
    faults: Mutex<Faults>,
    pub(super) lives: Mutex<Lives>,
    /// Whose posts were listed.
    authors: Mutex<Memory>,
    /// Which accounts were shown.
    accounts: Mutex<Memory>,
    ledger: Mutex<Ledger>,
    retry_after_seconds: Mutex<HashMap<Platform, u64>>,
    /// True once the held requests are released.
    released: watch::Sender<bool>,
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
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
            lives: Mutex::default(),
            authors: Mutex::default(),
            accounts: Mutex::default(),
            ledger: Mutex::new(Ledger { counters: Counters::new(), log: Log::default() }),
            retry_after_seconds: Mutex::default(),
            released: watch::Sender::new(false),
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn era(&self, platform: Platform) -> Era {
        lock(&self.lives).era(platform)
    }

    /// The state in which a request is answered: the platform's, the post's own, else its author's.
    pub(crate) fn state_of(&self, ask: &Ask, egress: Option<&str>) -> Option<State> {
        let (platform, surface) = (ask.platform, ask.surface);
        let whole = lock(&self.faults).find(platform, surface, None, egress);
        whole.or_else(|| self.refused(platform, surface)).or_else(|| match &ask.subject {
            Subject::Profile(handle) => self.state_of_handle(platform, surface, handle, egress),
            Subject::Post { external_id, handle } => {
                let own = lock(&self.faults).find(platform, surface, Some(external_id), egress);
                let named = || State::of_post(platform, external_id);
                let lived = || lock(&self.lives).post(platform, external_id).state();
                own.or_else(named).or_else(lived).or_else(|| {
                    let by_address = handle.as_ref().and_then(|handle| {
                        let fault = lock(&self.faults).find(platform, surface, Some(handle), egress);
                        fault.or_else(|| named_state(surface, handle))
                    });
                    by_address.or_else(|| {
                        let key = self.author(platform, external_id, handle.as_deref());
                        self.state_of_account(platform, surface, &key, egress)
                    })
                })
            }
            Subject::Channel(_) | Subject::Short { .. } | Subject::Nothing => None,
        })
    }

    fn state_of_handle(
        &self,
        platform: Platform,
        surface: Surface,
        handle: &str,
        egress: Option<&str>,
    ) -> Option<State> {
        let fault = lock(&self.faults).find(platform, surface, Some(handle), egress);
        fault.or_else(|| {
            let lives = lock(&self.lives);
            match lives.who(platform, handle) {
                Who::Here(key) => lives.account(platform, &key).state(),
                Who::Moved(_) => None,
                Who::Left(_) => Some(State::Missing),
            }
            .or_else(|| named_state(surface, handle))
        })
    }

    /// The state of an account, whoever has the handle now that it once had.
    fn state_of_account(&self, platform: Platform, surface: Surface, key: &str, egress: Option<&str>) -> Option<State> {
        let (lived, handle, has_it) = {
            let lives = lock(&self.lives);
            let handle = lives.handle(platform, key);
            let has_it = lives.who(platform, &handle) == Who::Here(key.to_owned());
            (lives.account(platform, key).state(), handle, has_it)
        };
        let fault = || lock(&self.faults).find(platform, surface, Some(&handle), egress);
        let by_handle = || if has_it { fault().or_else(|| named_state(surface, &handle)) } else { None };
        lived.or_else(by_handle)
    }

    /// Whether this request is one of those that are refused at random.
    fn refused(&self, platform: Platform, surface: Surface) -> Option<State> {
        if matches!(surface, Surface::Official | Surface::Login | Surface::Other) {
            return None;
        }
        let (Refusals { per_mille, state }, number) = lock(&self.faults).next_refusal(platform)?;
        let drawn = self.population.draw(&["refusal", platform.as_str(), &number.to_string()], 1000);
        (drawn < u64::from(per_mille)).then_some(state)
    }

    pub(crate) fn set_fault(&self, at: FaultAt, state: Option<State>) {
        let target = at.target.as_deref().map(|target| match self.target(at.platform, target) {
            Target::Account(handle) => handle,
            Target::Post(id) => id,
        });
        lock(&self.faults).set(FaultAt { target, ..at }, state);
    }

    pub(crate) fn refuse(&self, platform: Platform, refusals: Option<Refusals>) {
        lock(&self.faults).refuse(platform, refusals);
    }

    /// Seconds that a throttled client of a platform is told to wait.
    pub(crate) fn retry_after_seconds(&self, platform: Platform) -> u64 {
        lock(&self.retry_after_seconds).get(&platform).copied().unwrap_or(RETRY_AFTER_SECONDS)
    }

    pub(crate) fn set_retry_after(&self, platform: Platform, seconds: u64) {
        lock(&self.retry_after_seconds).insert(platform, seconds);
    }

    /// What a client's text names: a post's id, shortcode or address, or else a handle, a channel's id or an account's id that was shown before.
    pub(crate) fn target(&self, platform: Platform, text: &str) -> Target {
        let text = text.trim();
        let account = |key: &str| Target::Account(lock(&self.lives).handle(platform, key));
        if let Some(key) = self.key_of_id(platform, text) {
            return account(&key);
        }
        let is_long_number = text.len() >= 15 && text.bytes().all(|byte| byte.is_ascii_digit());
        let is_post = match platform {
            // What could be both, such as a TikTok handle of digits, is taken for a handle unless it has the length of an id.
            Platform::Instagram | Platform::Tiktok => is_long_number || crate::ask::handle_of(platform, text).is_none(),
            Platform::Pinterest => is_long_number || text.contains("/pin/"),
            Platform::Youtube => {
                self.population.is_video(text)
                    || ["watch?", "youtu.be/", "/shorts/"].iter().any(|form| text.contains(form))
            }
        };
        let post = if is_post { crate::ask::post_id_of(platform, text) } else { None };
        let last = || text.trim_end_matches('/').rsplit('/').next().unwrap_or(text);
        post.map_or_else(
            || Target::Account(crate::ask::handle_of(platform, last()).unwrap_or_else(|| text.to_owned())),
            Target::Post,
        )
    }

    /// The key of the account with a platform's id; `None` for one that is not known.
    pub(crate) fn key_of_id(&self, platform: Platform, id: &str) -> Option<String> {
        let shown = lock(&self.accounts).get(platform, id);
        shown.or_else(|| {
            let is_channel = platform == Platform::Youtube && domain::handle::is_channel_id(id);
            is_channel.then(|| self.population.channel_key(id).unwrap_or_else(|| id.to_owned()))
        })
    }

    /// A channel's handle now. One whose handle went to another channel is no more, and its id does not lead to that other one: then this is
    /// a handle that nobody has.
    pub(crate) fn channel_handle(&self, id: &str) -> String {
        let key = self.key_of_id(Platform::Youtube, id).unwrap_or_else(|| id.to_owned());
        let mut lives = lock(&self.lives);
        lives.settle(Platform::Youtube, &key);
        let handle = lives.handle(Platform::Youtube, &key);
        let is_its_own = lives.who(Platform::Youtube, &handle).key() == key;
        if is_its_own { handle } else { format!("{}.{id}", named::MISSING) }
    }

    /// The key of a post's author: whoever listed it, else who stands in its address, else one made from the id.
    pub(crate) fn author(&self, platform: Platform, external_id: &str, in_address: Option<&str>) -> String {
        if let Some(key) = lock(&self.authors).get(platform, external_id) {
            return key;
        }
        match in_address {
            Some(handle) => lock(&self.lives).who(platform, handle).key().to_owned(),
            None => self.population.author_of(platform, external_id),
        }
    }

    /// The handle that a post's author goes by now.
    pub(crate) fn author_handle(&self, platform: Platform, external_id: &str) -> String {
        let key = self.author(platform, external_id, None);
        self.present_handle(platform, &key)
    }

    fn present_handle(&self, platform: Platform, key: &str) -> String {
        let mut handle = lock(&self.lives).handle(platform, key);
        if self.state_of_handle(platform, Surface::Profile, &handle, None) == Some(State::Renamed) {
            handle.push_str(named::RENAMED_SUFFIX);
        }
        handle
    }

    /// The profile, as its page says it now.
    pub(crate) fn profile(&self, platform: Platform, handle: &str, state: Option<State>) -> ProfileFacts {
        let key = lock(&self.lives).who(platform, handle).key().to_owned();
        self.profile_of(platform, &key, handle, state)
    }

    pub(super) fn profile_of(&self, platform: Platform, key: &str, handle: &str, state: Option<State>) -> ProfileFacts {
        let now = self.now();
        let mut profile = self.population.profile_of(platform, key, handle, now);
        let deleted = lock(&self.lives).deleted_posts(platform, key);
        if deleted > 0 {
            let posts = self.population.profile_counts(platform, key, now).posts.unwrap_or(0);
            profile.metrics.posts = posts_shown(platform, posts.saturating_sub(i64::try_from(deleted).unwrap_or(0)));
        }
        if state == Some(State::Private) && platform != Platform::Youtube {
            profile.is_private = Some(true);
        }
        if let Some(id) = &profile.platform_id {
            lock(&self.accounts).remember(platform, id, key);
        }
        profile
    }

    /// The posts that a profile's page lists now.
    pub(crate) fn posts(&self, platform: Platform, handle: &str, state: Option<State>) -> Vec<PostFacts> {
        self.newest(platform, handle, state, PAGE_POSTS)
    }

    /// The newest posts of a profile, `most` at most.
    pub(crate) fn newest(&self, platform: Platform, handle: &str, state: Option<State>, most: usize) -> Vec<PostFacts> {
        self.listed(platform, handle, state, most, |key, spare| {
            self.population.post_ids(platform, key, self.now(), most + spare)
        })
    }

    /// The reels that a reels tab lists now.
    pub(crate) fn reels(&self, handle: &str, state: Option<State>) -> Vec<PostFacts> {
        self.listed(Platform::Instagram, handle, state, PAGE_POSTS, |key, _| self.population.reel_ids(key, self.now()))
    }

    /// The posts of `choose` that are shown; it is given the account's key, and how many more it may have to name since some are not.
    fn listed(
        &self,
        platform: Platform,
        handle: &str,
        state: Option<State>,
        most: usize,
        choose: impl FnOnce(&str, usize) -> Vec<String>,
    ) -> Vec<PostFacts> {
        if state == Some(State::Private) || State::of_handle(handle) == Some(State::Private) {
            return Vec::new();
        }
        let key = lock(&self.lives).who(platform, handle).key().to_owned();
        let author = self.profile_of(platform, &key, handle, state);
        let spare = lock(&self.lives).deleted_posts(platform, &key) + 3;
        let ids = choose(&key, spare);
        let shown = ids.into_iter().filter(|id| lock(&self.lives).post(platform, id).state().is_none());
        let posts: Vec<_> = shown.take(most).map(|id| self.post_by(platform, &id, &key, &author, state)).collect();
        let mut authors = lock(&self.authors);
        for post in &posts {
            authors.remember(platform, &post.external_id, &key);
        }
        posts
    }

    fn post_by(
        &self,
        platform: Platform,
        id: &str,
        key: &str,
        author: &ProfileFacts,
        state: Option<State>,
    ) -> PostFacts {
        let now = self.now();
        let mut post = self.population.post_by(platform, id, author, now);
        let lives = lock(&self.lives);
        let cut = lives.comments_cut(platform, id, now);
        if cut > 0 {
            let mut counts = self.population.post_counts(platform, id, now);
            counts.comments = counts.comments.saturating_sub(cut).max(0);
            post.metrics.comments = metrics_shown(platform, &counts, post.media_type).comments;
        }
        let hides = lives.account(platform, key).hides_likes || lives.post(platform, id).hides_likes;
        if hides || state == Some(State::HiddenLikes) {
            hide_counts(&mut post);
        }
        post
    }

    /// A post and its author, as its page says them now.
    pub(crate) fn post(
        &self,
        platform: Platform,
        external_id: &str,
        in_address: Option<&str>,
        state: Option<State>,
    ) -> (PostFacts, ProfileFacts) {
        let key = self.author(platform, external_id, in_address);
        let author = self.profile_of(platform, &key, &self.present_handle(platform, &key), None);
        (self.post_by(platform, external_id, &key, &author, state), author)
    }

    /// Counts a request in and notes it, until the guard is dropped.
    pub(crate) fn begin(&self, request: Request) -> Begun<'_> {
        let door = Door::of(request.platform, request.surface);
        let mut ledger = lock(&self.ledger);
        ledger.counters.begin(door, request.surface);
        Begun { ledger: &self.ledger, door, number: ledger.log.begin(request) }
    }

    pub(crate) fn stats(&self) -> Stats {
        lock(&self.ledger).counters.read()
    }

    pub(crate) fn reset_stats(&self) {
        let mut ledger = lock(&self.ledger);
        ledger.counters.reset();
        ledger.log.clear();
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        lock(&self.ledger).log.read()
    }

    /// Returns when the held requests are released. A client that goes away meanwhile is no longer counted as held.
    pub(crate) async fn hold(&self, door: Door) {
        let mut released = self.released.subscribe();
        if *released.borrow_and_update() {
            return;
        }
        lock(&self.ledger).counters.hold(door);
        let _held = Holding { ledger: &self.ledger, door };
        // The sender lives as long as the world, so this ends by a release alone.
        let _ = released.wait_for(|released| *released).await;
    }

    /// Lets the held requests go and holds no more, or (`false`) holds from now on.
    pub(crate) fn set_released(&self, released: bool) {
        self.released.send_replace(released);
    }
}

/// The state that a handle stands for by its name, as far as a surface knows of it.
fn named_state(surface: Surface, handle: &str) -> Option<State> {
    State::of_handle(handle).filter(|state| surface != Surface::Official || state.is_of_the_thing())
}

/// What an event, a fault or a question is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// The account at this handle.
    Account(String),
    /// The post with this id.
    Post(String),
}

/// A request that was counted in; dropped, it is counted out, even when the request was cut off.
pub(crate) struct Begun<'a> {
    ledger: &'a Mutex<Ledger>,
    door: Door,
    number: usize,
}

impl Begun<'_> {
    /// Notes how the request was answered.
    pub(crate) fn answered(&self, status: u16) {
        lock(self.ledger).log.end(self.number, status);
    }
}

impl Drop for Begun<'_> {
    fn drop(&mut self) {
        lock(self.ledger).counters.end(self.door);
    }
}

/// A request that is held.
struct Holding<'a> {
    ledger: &'a Mutex<Ledger>,
    door: Door,
}

impl Drop for Holding<'_> {
    fn drop(&mut self) {
        lock(self.ledger).counters.let_go(self.door);
    }
}
