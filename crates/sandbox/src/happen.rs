//! How events change the world, and what is true of an account or a post thereafter.

use domain::{Platform, PostFacts, ProfileFacts, Timestamp};

use crate::ask::handle_of;
use crate::events::{Event, Life, Who};
use crate::faults::FaultAt;
use crate::state::State;
use crate::truth::{PostTruth, ProfileTruth, Standing, Truth};
use crate::world::{Target, World, lock};

/// An event that cannot happen; the text says why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CannotHappen(&'static str);

impl std::fmt::Display for CannotHappen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for CannotHappen {}

impl World {
    /// Makes an event happen now.
    pub(crate) fn happen(&self, platform: Platform, event: Event) -> Result<(), CannotHappen> {
        match event {
            Event::Rename { handle, to, redirects } => return self.rename(platform, &handle, &to, redirects),
            Event::HandOver { handle, former_becomes } => {
                return self.hand_over(platform, &handle, former_becomes.as_deref());
            }
            Event::Delete { target } => self.change(platform, &target, |life| life.deleted = true),
            Event::Restore { target } => self.change(platform, &target, |life| life.deleted = false),
            Event::MakePrivate { target } => self.change(platform, &target, |life| life.private = true),
            Event::MakePublic { target } => self.change(platform, &target, |life| life.private = false),
            Event::HideLikes { target } => self.change(platform, &target, |life| life.hides_likes = true),
            Event::ShowLikes { target } => self.change(platform, &target, |life| life.hides_likes = false),
            Event::DeleteComments { target, percent } => {
                let Target::Post(id) = self.target(platform, &target) else {
                    return Err(CannotHappen("comments are deleted from a post; this names none"));
                };
                let now = self.now();
                let before = self.population.post_counts(platform, &id, now).comments;
                let mut lives = lock(&self.lives);
                let left = before.saturating_sub(lives.comments_cut(platform, &id, now)).max(0);
                lives.cut_comments(platform, &id, left * i64::from(percent.min(100)) / 100, now);
            }
            Event::ChangeEra { era } => lock(&self.lives).set_era(platform, era),
            Event::Refuse { refusals } => self.refuse(platform, refusals),
            Event::Throttle { retry_after_seconds } => {
                if let Some(seconds) = retry_after_seconds {
                    self.set_retry_after(platform, seconds);
                }
                self.set_fault(FaultAt::platform(platform), retry_after_seconds.map(|_| State::RateLimited));
            }
        }
        Ok(())
    }

    fn rename(&self, platform: Platform, handle: &str, to: &str, redirects: bool) -> Result<(), CannotHappen> {
        let key = self.present_key(platform, handle).ok_or(CannotHappen("nobody has this handle"))?;
        let to = handle_of(platform, to).ok_or(CannotHappen("the new handle is none on this platform"))?;
        lock(&self.lives).rename(platform, &key, &to, redirects, self.now());
        Ok(())
    }

    fn hand_over(&self, platform: Platform, handle: &str, former_becomes: Option<&str>) -> Result<(), CannotHappen> {
        let handle = handle_of(platform, handle).ok_or(CannotHappen("this is no handle on this platform"))?;
        if let Some(key) = self.present_key(platform, &handle) {
            match former_becomes {
                Some(to) => self.rename(platform, &handle, to, false)?,
                None => lock(&self.lives).account_mut(platform, &key).deleted = true,
            }
        }
        lock(&self.lives).hand_over(platform, &handle);
        Ok(())
    }

    /// The account that has a handle, or an id, now.
    fn present_key(&self, platform: Platform, handle_or_id: &str) -> Option<String> {
        match self.target(platform, handle_or_id) {
            Target::Account(handle) => match lock(&self.lives).who(platform, &handle) {
                Who::Here(key) => Some(key),
                Who::Moved(_) | Who::Left(_) => None,
            },
            Target::Post(_) => None,
        }
    }

    fn change(&self, platform: Platform, target: &str, change: impl FnOnce(&mut Life)) {
        match self.target(platform, target) {
            Target::Account(handle) => {
                let mut lives = lock(&self.lives);
                let key = lives.who(platform, &handle).key().to_owned();
                change(lives.account_mut(platform, &key));
            }
            Target::Post(id) => {
                let author = self.author(platform, &id, None);
                let mut lives = lock(&self.lives);
                let life = lives.post_mut(platform, &id);
                life.author = Some(author);
                change(life);
            }
        }
    }

    /// What is true now of what a text names; `None` when nobody has that handle.
    pub(crate) fn truth(&self, platform: Platform, target: &str) -> Option<Truth> {
        match self.target(platform, target) {
            Target::Post(id) => Some(Truth::Post(Box::new(self.post_truth(platform, &id)))),
            Target::Account(handle) => {
                let known = self.key_of_id(platform, target.trim());
                let key = known.or_else(|| match lock(&self.lives).who(platform, &handle) {
                    Who::Here(key) | Who::Moved(key) => Some(key),
                    Who::Left(_) => None,
                })?;
                Some(Truth::Profile(Box::new(self.profile_truth(platform, &key, &handle))))
            }
        }
    }

    fn profile_truth(&self, platform: Platform, key: &str, asked: &str) -> ProfileTruth {
        let now = self.now();
        let (present, former, life, is_here) = {
            let lives = lock(&self.lives);
            let is_here = lives.who(platform, asked) == Who::Here(key.to_owned());
            (lives.handle(platform, key), lives.former_handles(platform, key), lives.account(platform, key), is_here)
        };
        // A name such as `anna.now` is as much the account's as the one that it was drawn from.
        let username = if is_here { asked.to_owned() } else { present };
        let standing = standing(life.state().or_else(|| State::of_handle(&username)));
        let state = (standing == Standing::Private).then_some(State::Private);
        let facts = self.profile_of(platform, key, &username, state);
        let mut counts = self.population.profile_counts(platform, key, now);
        let deleted = i64::try_from(lock(&self.lives).deleted_posts(platform, key)).unwrap_or(0);
        counts.posts = counts.posts.map(|posts| posts.saturating_sub(deleted));
        ProfileTruth { at: now, previous_usernames: former, standing, counts, facts }
    }

    fn post_truth(&self, platform: Platform, id: &str) -> PostTruth {
        let now = self.now();
        let (facts, author) = self.post(platform, id, None, None);
        let key = self.author(platform, id, None);
        let lives = lock(&self.lives);
        let state = lives.post(platform, id).state().or_else(|| State::of_post(platform, id));
        let state =
            state.or_else(|| lives.account(platform, &key).state()).or_else(|| State::of_handle(&author.username));
        let mut counts = self.population.post_counts(platform, id, now);
        counts.comments = counts.comments.saturating_sub(lives.comments_cut(platform, id, now)).max(0);
        PostTruth { at: now, standing: standing(state), counts, facts }
    }
}

const fn standing(state: Option<State>) -> Standing {
    match state {
        Some(State::Missing) => Standing::Deleted,
        Some(State::Private) => Standing::Private,
        Some(_) | None => Standing::Live,
    }
}

impl World {
    /// When an account that is shown was made.
    pub(crate) fn joined_of(&self, facts: &ProfileFacts) -> Timestamp {
        self.population.joined(facts.platform, &self.key_of(facts))
    }

    /// How many posts an account that is shown has, to the digit.
    pub(crate) fn posts_of(&self, facts: &ProfileFacts) -> Option<i64> {
        self.profile_truth(facts.platform, &self.key_of(facts), &facts.username).counts.posts
    }

    /// How many comments a post has, to the digit.
    pub(crate) fn comments_of(&self, post: &PostFacts) -> i64 {
        self.post_truth(post.platform, &post.external_id).counts.comments
    }

    fn key_of(&self, facts: &ProfileFacts) -> String {
        lock(&self.lives).who(facts.platform, &facts.username).key().to_owned()
    }
}
