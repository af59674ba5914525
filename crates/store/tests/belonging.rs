//! Which posts belong to a project or a group, seen through the lists that can be filtered by them.

#![expect(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a helper of a test fails the test")]

mod support;

use domain::{AccountId, AuthorFacts, CollectionId, CollectionKind, CreatorId, Member, Metadata, PostFacts, VideoId};
use store::{
    AccountVideoFilter, Job, JobTarget, NewCollection, PageRequest, PostOrder, Tenant, TrackedPost, VideoFilter,
};
use support::{
    Home, START, account_videos, add, add_creator, add_video, begin, feed, new_account, new_video, page_of, post,
    post_id, profile, tenant, whole, work,
};

use CollectionKind::{Group, Project};

/// Amy made the posts 0 to 9, Ben 10 to 19.
fn author_of(n: i64) -> &'static str {
    if n < 10 { "amy" } else { "ben" }
}

fn facts(n: i64) -> PostFacts {
    let mut facts = post(post_id(n), START, n);
    let username = author_of(n).to_owned();
    facts.author = AuthorFacts { platform_id: Some(format!("id of {username}")), username: Some(username) };
    facts
}

/// The feeds: Amy shows her posts 0 to 2, Ben his 10 and 11.
fn page(job: &Job) -> domain::Observation {
    match &job.target {
        JobTarget::Profile { username, .. } => profile(&format!("id of {username}"), username, 5),
        JobTarget::Feed { username, .. } if username == "amy" => feed((0..3).map(facts).collect()),
        JobTarget::Feed { .. } => feed((10..12).map(facts).collect()),
        JobTarget::Post { external_id, .. } => page_of(facts(number(external_id))),
    }
}

fn number(external_id: &str) -> i64 {
    external_id.parse::<i64>().unwrap() - post_id(0)
}

/// An organization with two accounts, one of them a creator's, and three posts that were added by hand: 1, which is in Amy's feed as well, her
/// older 5, and 15, an older one of Ben's.
struct World {
    tenant: Tenant,
    creator: CreatorId,
    amy: AccountId,
    ben: AccountId,
    by_hand: [VideoId; 3],
}

impl World {
    async fn new(home: &Home) -> Self {
        let tenant = tenant(&home.store).await;
        let creator = add_creator(&tenant, "Amy", START).await;
        let mut new = new_account("amy");
        new.creator_id = Some(creator);
        let (amy, _) = add(&tenant, &new, START).await;
        let (ben, _) = add(&tenant, &new_account("ben"), START).await;
        work(&home.store, START, page).await;
        let mut by_hand = Vec::new();
        for n in [1, 5, 15] {
            by_hand.push(add_video(&tenant, &new_video(&post_id(n).to_string()), START).await);
        }
        work(&home.store, START, page).await;
        Self { tenant, creator, amy, ben, by_hand: by_hand.try_into().unwrap() }
    }

    /// A collection of these.
    async fn collection(&self, kind: CollectionKind, members: &[Member]) -> CollectionId {
        let mut tx = begin(&self.tenant, START).await;
        let new = NewCollection { name: "Spring".to_owned(), metadata: Metadata::default() };
        let id = tx.create_collection(kind, &new).await.unwrap();
        for member in members {
            tx.add_member(kind, id, *member).await.unwrap();
        }
        tx.commit().await.unwrap();
        id
    }

    /// The posts that belong: those of feeds, and those added by hand.
    async fn posts(&self, project_id: Option<CollectionId>, group_id: Option<CollectionId>) -> (Vec<i64>, Vec<i64>) {
        let page = PageRequest { include_total: true, ..whole(PostOrder::AddedAt) };
        let filter = AccountVideoFilter { project_id, group_id, ..AccountVideoFilter::default() };
        let found = self.tenant.account_videos(&filter, &page, START).await.unwrap();
        assert_eq!(found.total, Some(i64::try_from(found.rows.len()).unwrap()));
        let in_feeds = numbers(found.rows.iter().map(|row| &row.post));
        let filter = VideoFilter { project_id, group_id, ..VideoFilter::default() };
        let found = self.tenant.videos(&filter, &page, START).await.unwrap();
        assert_eq!(found.total, Some(i64::try_from(found.rows.len()).unwrap()));
        (in_feeds, numbers(found.rows.iter().map(|row| &row.post)))
    }

    async fn of_project(&self, members: &[Member]) -> (Vec<i64>, Vec<i64>) {
        let id = self.collection(Project, members).await;
        self.posts(Some(id), None).await
    }

    async fn in_feed(&self, n: i64) -> Member {
        let found = account_videos(&self.tenant, if author_of(n) == "amy" { self.amy } else { self.ben }, START).await;
        let found = found.iter().find(|one| number(&one.post.external_id) == n);
        Member::AccountVideo(found.expect("the post").id)
    }
}

fn numbers<'a>(posts: impl Iterator<Item = &'a TrackedPost>) -> Vec<i64> {
    let mut numbers: Vec<_> = posts.map(|post| number(&post.external_id)).collect();
    numbers.sort_unstable();
    numbers
}

on_both! {
    async fn a_post_belongs_by_itself_by_its_account_and_by_its_accounts_creator(home) {
        let world = World::new(&home).await;
        assert_eq!(world.posts(None, None).await, (vec![0, 1, 2, 10, 11], vec![1, 5, 15]));
        assert_eq!(world.of_project(&[]).await, (vec![], vec![]));
        let of_amy = (vec![0, 1, 2], vec![1, 5]);
        assert_eq!(world.of_project(&[Member::Account(world.amy)]).await, of_amy);
        assert_eq!(world.of_project(&[Member::Creator(world.creator)]).await, of_amy);
        assert_eq!(world.of_project(&[Member::Creator(world.creator), Member::Account(world.amy)]).await, of_amy);
        assert_eq!(world.of_project(&[Member::Account(world.ben)]).await, (vec![10, 11], vec![15]));
        assert_eq!(world.of_project(&[world.in_feed(2).await, world.in_feed(10).await]).await, (vec![2, 10], vec![]));
        assert_eq!(world.of_project(&[Member::Video(world.by_hand[2])]).await, (vec![], vec![15]));
        let mixed = [world.in_feed(10).await, Member::Video(world.by_hand[1]), Member::Creator(world.creator)];
        assert_eq!(world.of_project(&mixed).await, (vec![0, 1, 2, 10], vec![1, 5]));
    }

    async fn a_post_that_is_tracked_twice_belongs_by_either_of_its_records(home) {
        let world = World::new(&home).await;
        assert_eq!(world.of_project(&[Member::Video(world.by_hand[0])]).await, (vec![1], vec![1]));
        assert_eq!(world.of_project(&[world.in_feed(1).await]).await, (vec![1], vec![1]));
    }

    async fn belonging_follows_what_is_tracked(home) {
        let world = World::new(&home).await;
        let id = world.collection(Project, &[Member::Creator(world.creator)]).await;
        let mut tx = begin(&world.tenant, START).await;
        tx.unlink_account(world.creator, world.amy).await.unwrap();
        tx.link_account(world.creator, world.ben).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(world.posts(Some(id), None).await, (vec![10, 11], vec![15]));
        // Who made a post is nobody's to know before it was read for the first time.
        add_video(&world.tenant, &new_video(&post_id(16).to_string()), START).await;
        assert_eq!(world.posts(Some(id), None).await, (vec![10, 11], vec![15]));
        work(&home.store, START, page).await;
        assert_eq!(world.posts(Some(id), None).await, (vec![10, 11], vec![15, 16]));
        let mut tx = begin(&world.tenant, START).await;
        tx.delete_creator(world.creator).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(world.posts(Some(id), None).await, (vec![], vec![]));
    }

    async fn a_project_and_a_group_narrow_each_other_and_neither_is_the_other(home) {
        let world = World::new(&home).await;
        let project = world.collection(Project, &[Member::Account(world.amy)]).await;
        let group = world.collection(Group, &[world.in_feed(1).await, world.in_feed(10).await]).await;
        assert_eq!(world.posts(None, Some(group)).await, (vec![1, 10], vec![1]));
        assert_eq!(world.posts(Some(project), Some(group)).await, (vec![1], vec![1]));
        assert_eq!(world.posts(Some(group), None).await, (vec![], vec![]));
        assert_eq!(world.posts(None, Some(project)).await, (vec![], vec![]));
    }

    async fn another_organizations_collection_has_no_posts_even_of_what_both_track(home) {
        let (own, other) = (World::new(&home).await, World::new(&home).await);
        let theirs = other.collection(Project, &[Member::Account(other.amy), Member::Video(other.by_hand[2])]).await;
        assert_eq!(other.posts(Some(theirs), None).await, (vec![0, 1, 2], vec![1, 5, 15]));
        assert_eq!(own.posts(Some(theirs), None).await, (vec![], vec![]));
    }
}
