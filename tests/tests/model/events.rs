//! What organizations do between reads: they add, pause, take away, link and collect into projects and groups.

use std::collections::BTreeMap;

use domain::{CollectionKind, CreatorId, Member, Metadata, PostRef, RequestId};
use store::{
    AccountChange, AccountVideoFilter, CreatorChange, Direction, Linked, NewAccount, NewCollection, NewCreator,
    NewVideo, PageRequest, PostOrder, TenantTx, VideoChange,
};

use crate::ledger::{Account, Attempts, Collection, Creator, Organization, Post, Profile, Video};
use crate::world::World;

impl World {
    async fn begin(&self, organization: usize) -> TenantTx {
        let tenant = &self.organizations[organization].tenant;
        tenant.begin(&RequestId::new(), self.now).await.expect("a transaction")
    }

    /// An organization begins to track a profile.
    pub async fn add_account(&mut self, organization: usize, profile: Profile) {
        let page = &self.profiles[profile];
        let creators: Vec<CreatorId> = self.organizations[organization].creators.iter().map(|it| it.id).collect();
        let creator = if self.dice.chance(60) { self.dice.one_of(&creators).copied() } else { None };
        let new = NewAccount {
            platform: page.platform,
            handle: page.handle(),
            category: None,
            scrape_interval_hours: None,
            metadata: Metadata::default(),
            is_active: true,
            creator_id: creator,
            max_recent_posts: None,
            post_lookback_days: None,
        };
        let mut tx = self.begin(organization).await;
        let id = tx.create_account(&new).await.expect("a new account");
        tx.commit().await.expect("it is kept");
        self.organizations[organization].accounts.push(Account {
            id,
            profile,
            is_active: true,
            creator,
            added_at: self.now,
            reads: Vec::new(),
            attempts: Attempts::default(),
            shows: BTreeMap::new(),
        });
    }

    /// An organization adds a post by hand.
    pub async fn add_video(&mut self, organization: usize, post: Post) {
        let page = &self.posts[post];
        let new = NewVideo {
            post: PostRef::parse(page.platform, &page.external_id).expect("a post"),
            scrape_interval_hours: None,
            metadata: Metadata::default(),
            is_active: true,
        };
        assert_eq!(new.post.external_id, page.external_id);
        let mut tx = self.begin(organization).await;
        let id = tx.create_video(&new).await.expect("a new video");
        tx.commit().await.expect("it is kept");
        let video =
            Video { id, post, is_active: true, added_at: self.now, first_read: None, attempts: Attempts::default() };
        self.organizations[organization].videos.push(video);
    }

    /// An organization adds a creator.
    pub async fn add_creator(&mut self, organization: usize) {
        let name = format!("creator {}", self.dice.roll(1000));
        let mut tx = self.begin(organization).await;
        let new = NewCreator { name: name.clone(), is_active: true, metadata: Metadata::default() };
        let id = tx.create_creator(&new).await.expect("a new creator");
        tx.commit().await.expect("it is kept");
        self.organizations[organization].creators.push(Creator { id, name, is_active: true });
    }

    /// An organization makes a project or a group and puts something into it.
    pub async fn collect(&mut self, organization: usize) {
        let kind = if self.dice.chance(50) { CollectionKind::Project } else { CollectionKind::Group };
        let mut tx = self.begin(organization).await;
        let new = NewCollection { name: "some".to_owned(), metadata: Metadata::default() };
        let id = tx.create_collection(kind, &new).await.expect("a new collection");
        let its = &self.organizations[organization];
        let accounts: Vec<Member> = its.accounts.iter().map(|it| Member::Account(it.id)).collect();
        let videos: Vec<Member> = its.videos.iter().map(|it| Member::Video(it.id)).collect();
        let creators: Vec<Member> = its.creators.iter().map(|it| Member::Creator(it.id)).collect();
        let mut members = Vec::new();
        let mut shown = Vec::new();
        if let Some(account) = self.dice.one_of(&its.accounts)
            && self.dice.chance(60)
        {
            let page = PageRequest {
                order_by: PostOrder::AddedAt,
                direction: Direction::Asc,
                after: None,
                limit: 200,
                include_total: false,
            };
            let filter = AccountVideoFilter { account_id: Some(account.id), ..AccountVideoFilter::default() };
            let rows = its.tenant.account_videos(&filter, &page, self.now).await.expect("a page").rows;
            if let Some(row) = self.dice.one_of(&rows) {
                let post = self.posts.iter().position(|page| page.external_id == row.post.external_id);
                shown.push((row.id, account.id, post.expect("a post of this world")));
                members.push(Member::AccountVideo(row.id));
            }
        }
        for some in [accounts, videos, creators] {
            members.extend(self.dice.one_of(&some).copied().filter(|_| self.dice.chance(60)));
        }
        for member in &members {
            let (linked, _) = tx.add_member(kind, id, *member).await.expect("a member");
            assert_eq!(linked, Linked::Now);
        }
        tx.commit().await.expect("it is kept");
        self.organizations[organization].collections.push(Collection { kind, id, members, shown });
    }

    /// Something happens somewhere.
    pub async fn happen(&mut self) {
        let organization = self.dice.place(self.organizations.len());
        match self.dice.roll(14) {
            0 | 1 => {
                let its = &self.organizations[organization].accounts;
                let is_new = |profile: &Profile| its.iter().all(|account| account.profile != *profile);
                let new: Vec<Profile> = (0..self.profiles.len()).filter(is_new).collect();
                if let Some(profile) = self.dice.one_of(&new).copied() {
                    self.add_account(organization, profile).await;
                }
            }
            2 | 3 => {
                let its = &self.organizations[organization].videos;
                let is_new =
                    |post: &Post| its.iter().all(|video| video.post != *post) && self.posts[*post].created <= self.now;
                let new: Vec<Post> = (0..self.posts.len()).filter(is_new).collect();
                if let Some(post) = self.dice.one_of(&new).copied() {
                    self.add_video(organization, post).await;
                }
            }
            4..=6 => self.change_account(organization).await,
            7 => self.change_video(organization).await,
            8 => self.add_creator(organization).await,
            9 => self.change_creator(organization).await,
            _ => {
                let hours = self.dice.roll(40);
                self.publish(self.now.minus(std::time::Duration::from_hours(hours)));
            }
        }
    }

    /// An account is paused or goes on, is linked, moved or unlinked, or is taken away.
    async fn change_account(&mut self, organization: usize) {
        let its = &self.organizations[organization];
        let Some(place) = (!its.accounts.is_empty()).then(|| self.dice.place(its.accounts.len())) else { return };
        let account = &its.accounts[place];
        let (id, creators) = (account.id, its.creators.iter().map(|it| it.id).collect::<Vec<_>>());
        let due = self.due(self.organizations[organization].accounts[place].profile).await;
        let account = &self.organizations[organization].accounts[place];
        let mut tx = self.begin(organization).await;
        match self.dice.roll(8) {
            0..=3 => {
                let is_active = !account.is_active;
                let change = AccountChange { is_active: Some(is_active), ..AccountChange::default() };
                tx.update_account(id, &change).await.expect("a change");
                self.organizations[organization].accounts[place].is_active = is_active;
            }
            4..=6 => {
                let creator = self.dice.one_of(&creators).copied().filter(|_| self.dice.chance(75));
                let change = AccountChange { creator_id: Some(creator), ..AccountChange::default() };
                tx.update_account(id, &change).await.expect("a change");
                self.organizations[organization].accounts[place].creator = creator;
            }
            _ => {
                tx.delete_account(id).await.expect("it goes");
                self.organizations[organization].accounts.remove(place);
                tx.commit().await.expect("it is kept");
                self.organizations[organization].forget_untracked();
                return;
            }
        }
        tx.commit().await.expect("it is kept");
        self.check_due(organization, place, &due).await;
    }

    /// A post that was added by hand is paused or goes on, or is taken away.
    async fn change_video(&mut self, organization: usize) {
        let its = &self.organizations[organization];
        let Some(place) = (!its.videos.is_empty()).then(|| self.dice.place(its.videos.len())) else { return };
        let Video { id, is_active, .. } = its.videos[place];
        let mut tx = self.begin(organization).await;
        if self.dice.chance(60) {
            let change = VideoChange { is_active: Some(!is_active), ..VideoChange::default() };
            tx.update_video(id, &change).await.expect("a change");
            self.organizations[organization].videos[place].is_active = !is_active;
        } else {
            tx.delete_video(id).await.expect("it goes");
            self.organizations[organization].videos.remove(place);
        }
        tx.commit().await.expect("it is kept");
        self.organizations[organization].forget_untracked();
    }

    /// A creator is paused or goes on, or is taken away.
    async fn change_creator(&mut self, organization: usize) {
        let its = &self.organizations[organization];
        let Some(place) = (!its.creators.is_empty()).then(|| self.dice.place(its.creators.len())) else { return };
        let (id, is_active) = (its.creators[place].id, its.creators[place].is_active);
        let mut tx = self.begin(organization).await;
        if self.dice.chance(70) {
            let change = CreatorChange { is_active: Some(!is_active), ..CreatorChange::default() };
            tx.update_creator(id, &change).await.expect("a change");
            self.organizations[organization].creators[place].is_active = !is_active;
        } else {
            tx.delete_creator(id).await.expect("it goes");
            self.forget_creator(organization, place);
        }
        tx.commit().await.expect("it is kept");
        self.organizations[organization].forget_untracked();
    }

    fn forget_creator(&mut self, organization: usize, place: usize) {
        let Organization { creators, accounts, .. } = &mut self.organizations[organization];
        let gone = creators.remove(place).id;
        for account in accounts.iter_mut().filter(|account| account.creator == Some(gone)) {
            account.creator = None;
        }
    }
}
