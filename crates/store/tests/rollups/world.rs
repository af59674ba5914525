//! A world in which time goes on.

use std::collections::{BTreeMap, BTreeSet};

use domain::{AccountId, CreatorId, PostFacts, Reading, Timestamp, VideoId};
use store::{AccountChange, JobTarget, Tenant};

use crate::support::Dice;
use crate::support::{
    HOUR, Home, add, add_video, begin, exact, feed, make_due, new_account, new_video, page_of, patch, post, post_id,
    profile, work,
};

pub const HANDLES: [(&str, &str); 3] = [("11", "amy"), ("12", "ben"), ("13", "cat")];

/// Reads everything that is due. `lists` are the posts in the list of each of [`HANDLES`].
pub async fn read(home: &Home, lists: &[Vec<PostFacts>; 3], followers: i64, now: Timestamp) {
    make_due(home, now).await;
    let place = |name: &str| HANDLES.iter().position(|(_, handle)| *handle == name).unwrap();
    work(&home.store, now, |job| match &job.target {
        JobTarget::Profile { username, .. } => {
            let (id, handle) = HANDLES[place(username.as_str())];
            profile(id, handle, followers)
        }
        JobTarget::Feed { username, .. } => feed(lists[place(username.as_str())].clone()),
        JobTarget::Post { external_id, .. } => {
            page_of(lists.iter().flatten().find(|facts| facts.external_id == *external_id).unwrap().clone())
        }
    })
    .await;
}

pub async fn link(tenant: &Tenant, account: AccountId, creator: Option<CreatorId>, now: Timestamp) {
    let change = AccountChange { creator_id: Some(creator), ..AccountChange::default() };
    patch(tenant, account, &change, now).await;
}

pub async fn delete_account(tenant: &Tenant, id: AccountId, now: Timestamp) {
    let mut tx = begin(tenant, now).await;
    tx.delete_account(id).await.unwrap();
    tx.commit().await.unwrap();
}

pub async fn delete_video(tenant: &Tenant, id: VideoId, now: Timestamp) {
    let mut tx = begin(tenant, now).await;
    tx.delete_video(id).await.unwrap();
    tx.commit().await.unwrap();
}

pub struct World {
    pub dice: Dice,
    pub tenant: Tenant,
    pub creators: Vec<CreatorId>,
    pub accounts: [Option<(AccountId, bool)>; 3],
    pub lists: [Vec<PostFacts>; 3],
    pub videos: BTreeMap<String, VideoId>,
}

impl World {
    pub fn publish(&mut self, now: Timestamp) {
        let n = self.lists.iter().flatten().map(|facts| facts.external_id.clone()).collect::<BTreeSet<_>>().len();
        let age = u32::try_from(self.dice.roll(40)).unwrap();
        let facts = post(post_id(i64::try_from(n).unwrap()), now.minus(HOUR * age), self.dice.number(50));
        let list = self.dice.place(3);
        self.lists[list].push(facts.clone());
        if self.dice.roll(2) == 0 {
            // Somebody else's list shows it too, at once or some day.
            self.lists[(list + 1) % 3].push(facts);
        }
    }

    pub async fn happen(&mut self, now: Timestamp) {
        let place = self.dice.place(3);
        match (self.dice.roll(9), self.accounts[place]) {
            (0, Some((id, is_active))) => {
                let change = AccountChange { is_active: Some(!is_active), ..AccountChange::default() };
                patch(&self.tenant, id, &change, now).await;
                self.accounts[place] = Some((id, !is_active));
            }
            (1, Some((id, _))) => {
                let to = [None, Some(self.creators[0]), Some(self.creators[1])][self.dice.place(3)];
                link(&self.tenant, id, None, now).await;
                link(&self.tenant, id, to, now).await;
            }
            (2, Some((id, _))) => {
                delete_account(&self.tenant, id, now).await;
                self.accounts[place] = None;
            }
            (_, None) => {
                let (id, _) = add(&self.tenant, &new_account(HANDLES[place].1), now).await;
                let to = self.creators[self.dice.place(2)];
                link(&self.tenant, id, Some(to), now).await;
                self.accounts[place] = Some((id, true));
            }
            (3, Some(_)) => {
                let Some(facts) = self.lists[place].get(self.dice.place(3)) else { return };
                let name = facts.external_id.clone();
                if let Some(id) = self.videos.remove(&name) {
                    delete_video(&self.tenant, id, now).await;
                } else {
                    let id = add_video(&self.tenant, &new_video(&name), now).await;
                    self.videos.insert(name, id);
                }
            }
            (4, Some(_)) => self.publish(now),
            _ => {}
        }
        let mut said: BTreeMap<String, PostFacts> = BTreeMap::new();
        for facts in self.lists.iter_mut().flatten() {
            if let Some(same) = said.get(&facts.external_id) {
                *facts = same.clone();
                continue;
            }
            let value = facts.metrics.views.value().unwrap_or(0);
            let views = (value + self.dice.number(60) - 15).max(0);
            facts.metrics.views = if self.dice.roll(7) == 0 { Reading::NOT_PROVIDED } else { exact(views) };
            facts.metrics.comments =
                if self.dice.roll(3) == 0 { Reading::NOT_PROVIDED } else { exact(self.dice.number(30)) };
            said.insert(facts.external_id.clone(), facts.clone());
        }
    }
}
