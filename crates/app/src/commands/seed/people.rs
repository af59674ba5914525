//! Who there is and who tracks whom: people with a profile or a few, each tracked by one organization and some by another one too.

use domain::{
    AccountId, ApiKey, ApiKeyId, CreatorId, Day, OrganizationId, Platform, ProfileFacts, Timestamp, VideoId, api_key,
};
use sandbox::past::{Chance, Past, PastPost, PastRead};
use store::seed::{
    SeedAccount, SeedCreator, SeedFeed, SeedOrganization, SeedPerson, SeedPost, SeedProfile, SeedRead, SeedVideo,
};
use uuid::Uuid;

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;

/// What is drawn apart from each other, beside what the past itself draws.
const PERSON: u64 = 11;
const ORGANIZATION: u64 = 12;

/// Handles are made of these. None is the beginning of one that stands for a state of the stand-in platforms.
const HANDLES: [&[&str]; 2] = [
    &["amber", "birch", "cedar", "delta", "ember", "fable", "grove", "hazel", "indigo", "juniper", "linen", "maple"],
    &["baker", "cook", "diary", "farm", "goods", "house", "lab", "maker", "notes", "studio", "trail", "works"],
];

const CATEGORIES: [&str; 5] = ["beauty", "food", "home", "music", "sports"];

/// What is to be made.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    pub seed: u64,
    pub profiles: u64,
    pub organizations: u32,
    pub posts_per_profile: u32,
    pub first: Day,
    pub last: Day,
}

impl Plan {
    const fn past(&self) -> Past {
        Past::new(self.seed, self.first, self.last)
    }

    /// The organizations, each with a key that follows from the seed.
    pub fn organizations(&self) -> Vec<SeedOrganization> {
        let past = self.past();
        let created_at = earlier(past.start(), DAY_MS);
        (0..self.organizations)
            .map(|number| {
                let mut chance = past.chance(&[ORGANIZATION, u64::from(number)]);
                let mut entropy = [0; api_key::ENTROPY];
                for byte in &mut entropy {
                    *byte = u8::try_from(chance.below(256)).unwrap_or(0);
                }
                SeedOrganization {
                    id: OrganizationId(id(created_at, &mut chance)),
                    name: format!("Seeded {}", number + 1),
                    key_id: ApiKeyId(id(created_at, &mut chance)),
                    key: ApiKey::from_entropy(&entropy),
                    created_at,
                }
            })
            .collect()
    }
}

/// An id as if it had been made at `at`.
fn id(at: Timestamp, chance: &mut Chance) -> Uuid {
    let millis = u64::try_from(at.as_millis()).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &chance.bytes()).into_uuid()
}

fn later(at: Timestamp, millis: i64) -> Timestamp {
    Timestamp::from_millis(at.as_millis().saturating_add(millis))
}

fn earlier(at: Timestamp, millis: i64) -> Timestamp {
    later(at, -millis)
}

fn pick<T: Copy + Default>(choices: &[T], chance: &mut Chance) -> T {
    let place = chance.below(u64::try_from(choices.len()).unwrap_or(0));
    usize::try_from(place).ok().and_then(|place| choices.get(place)).copied().unwrap_or_default()
}

fn platform(chance: &mut Chance) -> Platform {
    match chance.below(20) {
        ..10 => Platform::Tiktok,
        10..17 => Platform::Instagram,
        17 | 18 => Platform::Youtube,
        _ => Platform::Pinterest,
    }
}

fn reads<const N: usize>(reads: &[PastRead<N>]) -> Vec<SeedRead<N>> {
    reads.iter().map(|PastRead { at, readings, adapter }| SeedRead { at: *at, readings: *readings, adapter }).collect()
}

/// Everybody, one after another.
pub struct People {
    plan: Plan,
    past: Past,
    organizations: Vec<OrganizationId>,
    /// How many there were so far.
    made: u64,
    profiles: u64,
    posts: u64,
}

impl People {
    /// The people of a plan, tracked by these.
    pub const fn new(plan: Plan, organizations: Vec<OrganizationId>) -> Self {
        Self { past: plan.past(), plan, organizations, made: 0, profiles: 0, posts: 0 }
    }

    fn handle(&self, number: u64, chance: &mut Chance) -> String {
        let [first, second] = HANDLES.map(|words| pick(words, chance));
        // Each seed has handles of its own.
        let tag = self.past.chance(&[]).below(36_u64.pow(3));
        format!("{first}_{second}_{}{}", base36(tag, 3), base36(number, 1))
    }

    fn organization(&self, number: u64) -> OrganizationId {
        let count = u64::try_from(self.organizations.len()).unwrap_or(1).max(1);
        let place = usize::try_from(number % count).unwrap_or(0);
        self.organizations.get(place).copied().unwrap_or(OrganizationId(Uuid::nil()))
    }

    /// When an account was added: on the first day, in the order of the profiles, or some time later.
    fn added_at(&self, chance: &mut Chance) -> Timestamp {
        if chance.one_in(8) {
            return self.past.moment(chance);
        }
        let share = i128::from(6 * HOUR_MS) * i128::from(self.profiles) / i128::from(self.plan.profiles);
        later(self.past.start(), i64::try_from(share).unwrap_or(0))
    }

    /// The accounts of a profile, that of the person's organization first.
    fn accounts(&self, owner: Owner, chance: &mut Chance) -> Vec<SeedAccount> {
        let added_at = self.added_at(chance);
        let category = chance.one_in(3).then(|| pick(&CATEGORIES, chance));
        let mut accounts = vec![SeedAccount {
            id: AccountId(id(added_at, chance)),
            organization: owner.organization,
            creator: owner.creator.filter(|_| !chance.one_in(10)),
            category,
            added_at,
            paused: None,
        }];
        if let Some(organization) = owner.other {
            let added_at = self.past.moment(chance).max(added_at);
            let paused_at = later(added_at, chance.between(2, 20) * DAY_MS);
            accounts.push(SeedAccount {
                id: AccountId(id(added_at, chance)),
                organization,
                creator: None,
                category: None,
                added_at,
                paused: chance.one_in(2).then(|| (paused_at, later(paused_at, chance.between(3, 25) * DAY_MS))),
            });
        }
        accounts
    }

    /// The posts of a profile, in the feeds of its accounts, some in those of `guests` as well.
    fn posts(
        &mut self,
        author: &ProfileFacts,
        accounts: &[SeedAccount],
        guests: &[SeedAccount],
        chance: &mut Chance,
    ) -> Vec<SeedPost> {
        let Some(first) = accounts.first() else { return Vec::new() };
        let from = later(first.added_at, chance.between(MINUTE_MS / 10, 2 * MINUTE_MS));
        let mut posts = Vec::new();
        for _ in 0..chance.below(2 * u64::from(self.plan.posts_per_profile) + 1) {
            let number = self.posts;
            self.posts += 1;
            let published = self.past.publication(chance);
            let past = self.past.post(author, number, published, from);
            let Some(found_at) = past.reads.first().map(|read| read.at) else { continue };
            let with_guests = chance.one_in(6);
            let shown_by = accounts.iter().chain(guests.iter().filter(|_| with_guests));
            let feeds = shown_by.map(|account| SeedFeed {
                account: account.id,
                found_at: found_at.max(later(account.added_at, MINUTE_MS)),
            });
            let feeds = feeds.collect();
            let by_hand =
                if chance.one_in(15) { vec![self.video(first.organization, found_at, chance)] } else { vec![] };
            posts.push(seed_post(past, feeds, by_hand));
        }
        posts
    }

    /// A post that was added by hand after it was first read, by this organization or any.
    fn video(&self, organization: OrganizationId, read_at: Timestamp, chance: &mut Chance) -> SeedVideo {
        let organization = if chance.one_in(3) { self.organization(chance.next()) } else { organization };
        let added_at = self.past.moment(chance).max(read_at);
        SeedVideo { id: VideoId(id(added_at, chance)), organization, added_at }
    }

    /// A post of somebody whom nobody tracks.
    fn apart(&mut self, organization: OrganizationId, chance: &mut Chance) -> SeedPost {
        let author = self.past.author(platform(chance), &format!("guest_{}", base36(self.posts, 1)));
        let number = self.posts;
        self.posts += 1;
        let added_at = self.past.moment(chance);
        let published = self.past.publication(chance).min(earlier(added_at, HOUR_MS));
        let past = self.past.post(&author, number, published, later(added_at, MINUTE_MS));
        let video = SeedVideo { id: VideoId(id(added_at, chance)), organization, added_at };
        seed_post(past, Vec::new(), vec![video])
    }
}

/// Who tracks a person.
#[derive(Clone, Copy)]
struct Owner {
    organization: OrganizationId,
    creator: Option<CreatorId>,
    other: Option<OrganizationId>,
}

impl Iterator for People {
    type Item = SeedPerson;

    fn next(&mut self) -> Option<SeedPerson> {
        let left = self.plan.profiles.checked_sub(self.profiles).filter(|left| *left > 0)?;
        let mut chance = self.past.chance(&[PERSON, self.made]);
        let number = self.made;
        self.made += 1;
        let organization = self.organization(number);
        let others = u64::from(self.plan.organizations) - 1;
        let other = (others > 0 && chance.one_in(20)).then(|| self.organization(number + 1 + chance.below(others)));
        let creator = (!chance.one_in(4)).then(|| CreatorId(id(self.past.start(), &mut chance)));
        let owner = Owner { organization, creator, other };
        let profiles = match chance.below(10) {
            ..7 => 1,
            7 | 8 => 2,
            _ => 3,
        };
        let mut person = SeedPerson::default();
        let mut before: Option<(Platform, Vec<SeedAccount>)> = None;
        for _ in 0..left.min(profiles) {
            // A second channel is often on the platform of the first.
            let drawn = platform(&mut chance);
            let platform = before.as_ref().map(|(platform, _)| *platform).filter(|_| chance.one_in(2)).unwrap_or(drawn);
            let handle = self.handle(self.profiles, &mut chance);
            let accounts = self.accounts(owner, &mut chance);
            let from = accounts.first().map_or(self.past.start(), |account| later(account.added_at, 5 * 1000));
            let past = self.past.profile(platform, &handle, self.profiles, from);
            self.profiles += 1;
            let guests = before.take().filter(|(other, _)| *other == platform).map(|(_, accounts)| accounts);
            let guests: Vec<_> =
                guests.into_iter().flatten().filter(|account| account.organization == organization).collect();
            let posts = self.posts(&past.facts, &accounts, &guests, &mut chance);
            before = Some((platform, accounts.clone()));
            person.profiles.push(SeedProfile { facts: past.facts, reads: reads(&past.reads), accounts, posts });
        }
        if chance.one_in(8) {
            let apart = self.apart(organization, &mut chance);
            person.apart.push(apart);
        }
        person.creator = creator.map(|id| SeedCreator {
            id,
            organization,
            name: person.profiles.first().and_then(|profile| profile.facts.name.clone()).unwrap_or_default(),
            added_at: self.past.start(),
        });
        Some(person)
    }
}

fn seed_post(past: PastPost, feeds: Vec<SeedFeed>, by_hand: Vec<SeedVideo>) -> SeedPost {
    SeedPost { reads: reads(&past.reads), facts: past.facts, status: past.status, feeds, by_hand }
}

/// A number in base 36, of so many digits at least.
fn base36(mut number: u64, digits: usize) -> String {
    let mut text = Vec::new();
    while number > 0 || text.len() < digits {
        text.push(char::from_digit(u32::try_from(number % 36).unwrap_or(0), 36).unwrap_or('0'));
        number /= 36;
    }
    text.iter().rev().collect()
}

#[cfg(test)]
mod tests;
