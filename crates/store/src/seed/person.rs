//! From people to rows.

use domain::{Scopes, fold};

use super::account::{self, Of};
use super::post::{self, Counters, WrittenPost, next};
use super::table::SeedBatch;
use super::tracked::Read;
use super::{SeedAccount, SeedCreator, SeedOrganization, SeedPerson, profile};
use crate::copy::{Field, fields};
use crate::days::Changed;
use crate::search::texts::APART;

/// The ids that are given next.
#[derive(Clone, Copy, Debug)]
pub(super) struct NextIds {
    pub(super) profile: i64,
    pub(super) post: i64,
    pub(super) account_video: i64,
    pub(super) tracked_post: i64,
    pub(super) account_text: i64,
    pub(super) creator_text: i64,
    pub(super) video_text: i64,
    pub(super) account_video_text: i64,
}

impl NextIds {
    /// The tables that they are ids of, each with the id that is given next.
    pub(super) const fn of_tables(&self) -> [(&'static str, i64); 8] {
        [
            ("profiles", self.profile),
            ("posts", self.post),
            ("account_videos", self.account_video),
            ("tracked_posts", self.tracked_post),
            ("account_texts", self.account_text),
            ("creator_texts", self.creator_text),
            ("video_texts", self.video_text),
            ("account_video_texts", self.account_video_text),
        ]
    }

    /// Of the ids of the same tables in the same order.
    pub(super) const fn of(ids: [i64; 8]) -> Self {
        let [profile, post, account_video, tracked_post, account_text, creator_text, video_text, account_video_text] =
            ids;
        Self { profile, post, account_video, tracked_post, account_text, creator_text, video_text, account_video_text }
    }
}

/// Makes rows of people, in whose order ids are given. It needs no database, so it can work on a thread of its own.
#[derive(Debug)]
pub struct SeedEncoder {
    pub(super) is_postgres: bool,
    pub(super) next: NextIds,
    /// What all days so far come to for their organizations.
    pub(super) changed: Changed,
}

impl SeedEncoder {
    /// The rows of organizations, which must be written before those of whom they track.
    pub fn organizations(&self, organizations: &[SeedOrganization]) -> SeedBatch {
        let mut batch = SeedBatch::new(self.is_postgres);
        for SeedOrganization { id, name, key_id, key, created_at } in organizations {
            let at = created_at.as_millis();
            batch.organizations.push(&fields![id.0, name.as_str(), true, at, at]);
            let (hash, scopes) = (key.secret_hash(), Scopes::all_coarse().to_string());
            batch.keys.push(&fields![
                key_id.0,
                id.0,
                "seed",
                "seed",
                key.public_part(),
                hash.as_slice(),
                scopes.as_str(),
                at,
                at
            ]);
        }
        batch
    }

    /// The rows of people.
    pub fn people(&mut self, people: &[SeedPerson]) -> SeedBatch {
        let mut batch = SeedBatch::new(self.is_postgres);
        for person in people {
            self.person(&mut batch, person);
        }
        batch
    }

    /// The days of organizations, of all the people so far.
    pub(super) fn organization_days(&self) -> SeedBatch {
        let mut batch = SeedBatch::new(self.is_postgres);
        for (organization, day, sums) in self.changed.rows() {
            let mut row = fields![organization, day.number(), 0].to_vec();
            row.extend(sums.numbers().into_iter().map(Field::from));
            batch.organization_days.push(&row);
        }
        batch
    }

    fn person(&mut self, batch: &mut SeedBatch, person: &SeedPerson) {
        let first = self.next.profile;
        let accounts: Vec<(&SeedAccount, String)> = person
            .profiles
            .iter()
            .flat_map(|profile| profile.accounts.iter().map(|account| (account, fold(&profile.facts.username))))
            .collect();
        let mut posts = Vec::new();
        for profile in &person.profiles {
            let id = next(&mut self.next.profile);
            for post in &profile.posts {
                posts.push(self.post(batch, Some(id), post, &accounts));
            }
        }
        for post in &person.apart {
            self.post(batch, None, post, &accounts);
        }
        let mut followers = Vec::new();
        for (id, seeded) in (first..).zip(&person.profiles) {
            let read = Read::new(profile::METRICS, &seeded.reads);
            let of = Of {
                profile_id: id,
                platform: seeded.facts.platform.as_str(),
                username: &seeded.facts.username,
                name: seeded.facts.name.as_deref(),
                read: &read,
                posts: &posts,
            };
            for account in &seeded.accounts {
                let counted = account::write(batch, &mut self.changed, next(&mut self.next.account_text), account, &of);
                if account.creator.is_some() {
                    followers.push(counted);
                }
            }
            profile::write(batch, id, &seeded.facts, read);
        }
        if let Some(creator) = &person.creator {
            self.creator(batch, creator, &followers);
        }
    }

    fn post(
        &mut self,
        batch: &mut SeedBatch,
        profile_id: Option<i64>,
        seeded: &super::SeedPost,
        accounts: &[(&SeedAccount, String)],
    ) -> WrittenPost {
        let id = next(&mut self.next.post);
        let counters = Counters {
            account_video: &mut self.next.account_video,
            account_video_text: &mut self.next.account_video_text,
            tracked_post: &mut self.next.tracked_post,
            video_text: &mut self.next.video_text,
            changed: &mut self.changed,
        };
        post::write(batch, (id, profile_id), seeded, accounts, counters)
    }

    /// `followers` are those of each of its accounts.
    fn creator(&mut self, batch: &mut SeedBatch, creator: &SeedCreator, followers: &[Option<i64>]) {
        let SeedCreator { id, organization, name, added_at } = creator;
        let known: Vec<i64> = followers.iter().copied().flatten().collect();
        let total = (followers.is_empty() || !known.is_empty()).then(|| known.iter().sum::<i64>());
        let (folded, at) = (fold(name), added_at.as_millis());
        batch.creators.push(&fields![id.0, organization.0, name.as_str(), folded.as_str(), true, "{}", total, at, at]);
        let names = format!("{APART}{folded}{APART}");
        let text_id = next(&mut self.next.creator_text);
        batch.creator_texts.push(&fields![text_id, id.0, organization.0, names.as_str()]);
    }
}
