//! Collections: what they are, what belongs to them, how many there may be, and what happens when many change them at once.

#![expect(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a helper of a test fails the test")]

mod support;

use std::time::Duration;

use domain::{AccountId, CollectionId, CollectionKind, Member, MemberType, Metadata, RequestId, Timestamp};
use store::{
    Collection, CollectionChange, CollectionFilter, CollectionOrder, Direction, Linked, MOST_COLLECTIONS, MOST_MEMBERS,
    MemberCounts, MemberFilter, MemberOrder, NewCollection, PageRequest, Refusal, Tenant,
};
use support::{
    Home, START, account, account_videos, add, add_creator, add_video, answer, begin, new_account, new_video, post,
    post_id, tenant, video, whole, work,
};

use CollectionKind::{Group, Project};

const SECOND: Duration = Duration::from_secs(1);

fn named(name: &str) -> NewCollection {
    NewCollection { name: name.to_owned(), metadata: Metadata::default() }
}

async fn create(tenant: &Tenant, kind: CollectionKind, name: &str, now: Timestamp) -> Result<CollectionId, Refusal> {
    let mut tx = tenant.begin(&RequestId::new(), now).await?;
    let id = tx.create_collection(kind, &named(name)).await?;
    tx.commit().await?;
    Ok(id)
}

async fn put(tenant: &Tenant, id: CollectionId, member: Member, now: Timestamp) -> Result<Linked, Refusal> {
    let mut tx = tenant.begin(&RequestId::new(), now).await?;
    let (linked, _) = tx.add_member(Project, id, member).await?;
    tx.commit().await?;
    Ok(linked)
}

async fn take(tenant: &Tenant, id: CollectionId, member: Member) -> Result<(), Refusal> {
    let mut tx = tenant.begin(&RequestId::new(), START).await?;
    tx.remove_member(Project, id, member).await?;
    tx.commit().await?;
    Ok(())
}

async fn read(tenant: &Tenant, kind: CollectionKind, id: CollectionId) -> Collection {
    tenant.collection(kind, id).await.unwrap().expect("the collection")
}

async fn members(tenant: &Tenant, id: CollectionId) -> Vec<Member> {
    let page = tenant.collection_members(Project, id, &MemberFilter::default(), &whole(MemberOrder::AddedAt)).await;
    page.unwrap().rows.into_iter().map(|row| row.member).collect()
}

/// One of everything that can be a member: a creator, an account with three posts, a post of its feed, and a post that was added by hand.
async fn one_of_each(home: &Home, tenant: &Tenant) -> [Member; 4] {
    let creator = add_creator(tenant, "Amy", START).await;
    let (account, _) = add(tenant, &new_account("amy"), START).await;
    let list: Vec<_> = (0..3).map(|n| post(post_id(n), START, n)).collect();
    work(&home.store, START, answer("id of amy", "amy", &list)).await;
    let found = account_videos(tenant, account, START).await;
    let video = add_video(tenant, &new_video(&post_id(9).to_string()), START).await;
    [Member::Creator(creator), Member::Account(account), Member::Video(video), Member::AccountVideo(found[0].id)]
}

/// Does `work` for each of these at once.
async fn at_once<T: Send + 'static>(tasks: impl Iterator<Item = impl Future<Output = T> + Send + 'static>) -> Vec<T> {
    let tasks: Vec<_> = tasks.map(tokio::spawn).collect();
    let mut done = Vec::new();
    for task in tasks {
        done.push(task.await.unwrap());
    }
    done
}

/// An expression for a random id.
fn random_id(home: &Home) -> &'static str {
    if home.url.starts_with("sqlite") { "randomblob(16)" } else { "gen_random_uuid()" }
}

on_both! {
    async fn a_collection_is_made_changed_and_removed_under_its_own_name_alone(home) {
        let tenant = tenant(&home.store).await;
        let project = create(&tenant, Project, "Spring", START).await.unwrap();
        let group = create(&tenant, Group, "Spring", START).await.unwrap();
        create(&tenant, Project, "Spring", START).await.expect("another of the same name");
        let made = read(&tenant, Project, project).await;
        assert_eq!((made.kind, made.name.as_str(), made.members), (Project, "Spring", MemberCounts::default()));
        assert_eq!((made.added_at, made.updated_at), (START, START));
        assert_eq!(read(&tenant, Group, group).await.kind, Group);
        assert!(tenant.collection(Group, project).await.unwrap().is_none());

        let later = START.plus(SECOND);
        let mut tx = begin(&tenant, later).await;
        let change = CollectionChange { name: Some("Summer".to_owned()), ..CollectionChange::default() };
        assert!(matches!(tx.update_collection(Group, project, &change).await, Err(Refusal::NoCollection(_))));
        assert!(matches!(tx.delete_collection(Group, project).await, Err(Refusal::NoCollection(_))));
        assert!(tx.hold_collection(Group, project).await.unwrap().is_none());
        assert_eq!(tx.hold_collection(Project, project).await.unwrap(), Some(made));
        tx.update_collection(Project, project, &change).await.unwrap();
        tx.delete_collection(Group, group).await.unwrap();
        tx.commit().await.unwrap();
        let changed = read(&tenant, Project, project).await;
        assert_eq!((changed.name.as_str(), changed.added_at, changed.updated_at), ("Summer", START, later));
        assert!(tenant.collection(Group, group).await.unwrap().is_none());
    }

    async fn members_come_once_are_counted_and_go(home) {
        let tenant = tenant(&home.store).await;
        let all = one_of_each(&home, &tenant).await;
        let id = create(&tenant, Project, "Spring", START).await.unwrap();
        let mut now = START;
        for member in all {
            now = now.plus(SECOND);
            assert_eq!(put(&tenant, id, member, now).await.unwrap(), Linked::Now, "{member}");
            assert_eq!(put(&tenant, id, member, now.plus(SECOND)).await.unwrap(), Linked::Before, "{member}");
        }
        assert_eq!(members(&tenant, id).await, all);
        let counted = read(&tenant, Project, id).await;
        assert_eq!(counted.members, MemberCounts { creators: 1, accounts: 1, videos: 2 });
        assert_eq!(counted.updated_at, START, "its name and notes are as they were");
        let tx = begin(&tenant, now).await;
        let held = tx.hold_member(Project, id, all[1]).await.unwrap();
        assert_eq!((held.member, held.added_at), (all[1], START.plus(2 * SECOND)), "the first time counts");
        drop(tx);
        for member in all {
            take(&tenant, id, member).await.unwrap();
            assert!(matches!(take(&tenant, id, member).await, Err(Refusal::NoMember(gone)) if gone == member));
        }
        assert_eq!(read(&tenant, Project, id).await.members, MemberCounts::default());
        assert!(members(&tenant, id).await.is_empty());
    }

    async fn what_is_deleted_leaves_every_collection_and_a_deleted_collection_leaves_everything(home) {
        let tenant = tenant(&home.store).await;
        let all = one_of_each(&home, &tenant).await;
        let [Member::Creator(creator), Member::Account(amy), Member::Video(by_hand), _] = all else { panic!("{all:?}") };
        let ids = [
            create(&tenant, Project, "One", START).await.unwrap(),
            create(&tenant, Project, "Two", START).await.unwrap(),
            create(&tenant, Project, "Three", START).await.unwrap(),
        ];
        for id in ids {
            for member in all {
                put(&tenant, id, member, START).await.unwrap();
            }
        }
        let mut tx = begin(&tenant, START).await;
        tx.delete_collection(Project, ids[2]).await.unwrap();
        tx.commit().await.unwrap();
        assert!(tenant.creator(creator).await.unwrap().is_some());
        assert!(account(&tenant, amy, START).await.is_active && video(&tenant, by_hand, START).await.post.is_active);
        assert_eq!(account_videos(&tenant, amy, START).await.len(), 3);
        assert_eq!(home.number("SELECT COUNT(*) FROM collection_members").await, Some(8));

        let left = async || {
            let [one, two] = [read(&tenant, Project, ids[0]).await.members, read(&tenant, Project, ids[1]).await.members];
            assert_eq!(one, two);
            (one.creators, one.accounts, one.videos)
        };
        let mut tx = begin(&tenant, START).await;
        tx.delete_video(by_hand).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(left().await, (1, 1, 1));
        let mut tx = begin(&tenant, START).await;
        tx.delete_creator(creator).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(left().await, (0, 1, 1));
        let mut tx = begin(&tenant, START).await;
        tx.delete_account(amy).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(left().await, (0, 0, 0), "the posts of its feed went with it");
    }

    async fn other_organizations_collections_and_things_are_not_there(home) {
        let (own, other) = (tenant(&home.store).await, tenant(&home.store).await);
        let theirs = one_of_each(&home, &other).await;
        let their_project = create(&other, Project, "Theirs", START).await.unwrap();
        put(&other, their_project, theirs[0], START).await.unwrap();
        let project = create(&own, Project, "Own", START).await.unwrap();
        let creator = Member::Creator(add_creator(&own, "Own", START).await);
        for member in theirs {
            assert!(matches!(put(&own, project, member, START).await, Err(Refusal::NoMember(_))), "{member}");
            assert!(matches!(take(&own, project, member).await, Err(Refusal::NoMember(_))), "{member}");
        }
        assert!(matches!(put(&own, their_project, creator, START).await, Err(Refusal::NoCollection(_))));
        assert!(matches!(take(&own, their_project, theirs[0]).await, Err(Refusal::NoCollection(_))));
        assert!(own.collection(Project, their_project).await.unwrap().is_none());
        assert!(members(&own, their_project).await.is_empty());
        let listed = own.collections(Project, &CollectionFilter::default(), &whole(CollectionOrder::Name)).await.unwrap();
        assert_eq!(listed.rows.iter().map(|one| one.id).collect::<Vec<_>>(), [project]);
        assert_eq!(read(&other, Project, their_project).await.members.creators, 1);
    }

    async fn lists_are_walked_in_every_order_and_filtered(home) {
        let tenant = tenant(&home.store).await;
        for n in 0..17_u64 {
            let name = ["Ärger", "ärger", "Zoë", "amy", "100%"][usize::try_from(n % 5).unwrap()];
            create(&tenant, Project, name, START.plus(Duration::from_millis(n / 3))).await.unwrap();
        }
        create(&tenant, Group, "amy", START).await.unwrap();
        for order_by in [CollectionOrder::Name, CollectionOrder::AddedAt] {
            for direction in [Direction::Asc, Direction::Desc] {
                let mut seen: Vec<Collection> = Vec::new();
                let mut after = None;
                loop {
                    let page = PageRequest { order_by, direction, after, limit: 3, include_total: true };
                    let page = tenant.collections(Project, &CollectionFilter::default(), &page).await.unwrap();
                    assert_eq!(page.total, Some(17));
                    seen.extend(page.rows);
                    after = page.next;
                    if after.is_none() {
                        break;
                    }
                }
                assert_eq!(seen.len(), 17);
                let key = |one: &Collection| match order_by {
                    CollectionOrder::Name => (domain::fold(&one.name), 0, one.id),
                    CollectionOrder::AddedAt => (String::new(), one.added_at.as_millis(), one.id),
                };
                let rises = seen.windows(2).all(|pair| (key(&pair[0]) < key(&pair[1])) == (direction == Direction::Asc));
                assert!(rises, "{order_by:?} {direction:?} {seen:?}");
            }
        }
        let count = async |q: &str| {
            let filter = CollectionFilter { q: Some(q.to_owned()) };
            tenant.collections(Project, &filter, &whole(CollectionOrder::Name)).await.unwrap().rows.len()
        };
        assert_eq!((count("ÄRG").await, count("%").await, count("zo").await, count("_").await), (8, 3, 3, 0));
    }

    async fn members_are_walked_and_filtered_by_their_type(home) {
        let tenant = tenant(&home.store).await;
        let id = create(&tenant, Project, "Spring", START).await.unwrap();
        let mut put_in = Vec::new();
        for n in 0..10_u64 {
            let member = if n % 2 == 0 {
                Member::Creator(add_creator(&tenant, "Amy", START).await)
            } else {
                Member::Account(add(&tenant, &new_account(&format!("amy{n}")), START).await.0)
            };
            put(&tenant, id, member, START.plus(Duration::from_millis(n / 4))).await.unwrap();
            put_in.push(member);
        }
        for (member_type, expected) in [(None, 10), (Some(MemberType::Account), 5), (Some(MemberType::Video), 0)] {
            let mut seen = Vec::new();
            let mut after = None;
            loop {
                let page = PageRequest {
                    order_by: MemberOrder::AddedAt,
                    direction: Direction::Desc,
                    after,
                    limit: 2,
                    include_total: true,
                };
                let page = tenant.collection_members(Project, id, &MemberFilter { member_type }, &page).await.unwrap();
                assert_eq!(page.total, Some(expected));
                seen.extend(page.rows);
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
            assert!(seen.windows(2).all(|pair| pair[0].added_at >= pair[1].added_at));
            let is_wanted = |member: &Member| member_type.is_none_or(|wanted| member.member_type() == wanted);
            let wanted: Vec<_> = put_in.iter().copied().filter(is_wanted).collect();
            assert_eq!(seen.len(), wanted.len());
            assert!(seen.iter().all(|one| wanted.contains(&one.member)), "{seen:?}");
        }
    }

    async fn the_cap_on_collections_is_exact_when_twenty_ask_at_once(home) {
        let tenant = tenant(&home.store).await;
        let random = random_id(&home);
        create(&tenant, Project, "The first", START).await.unwrap();
        home.sql(&format!(
            "INSERT INTO collections (id, organization_id, kind, name, name_folded, metadata, added_at, updated_at) \
             WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {}) \
             SELECT {random}, c.organization_id, c.kind, c.name, c.name_folded, c.metadata, 1, 1 FROM n, collections c",
            MOST_COLLECTIONS - 6
        ))
        .await;
        let made = at_once((0..20).map(|_| {
            let tenant = tenant.clone();
            async move { create(&tenant, Project, "One more", START).await }
        }))
        .await;
        assert_eq!(made.iter().filter(|one| one.is_ok()).count(), 5);
        for refused in made.iter().filter_map(|one| one.as_ref().err()) {
            assert!(matches!(refused, Refusal::TooManyCollections { kind: Project, most: 1000 }), "{refused:?}");
        }
        assert_eq!(home.number("SELECT COUNT(*) FROM collections").await, Some(MOST_COLLECTIONS));
        create(&tenant, Group, "Groups are counted apart", START).await.unwrap();
        create(&support::tenant(&home.store).await, Project, "And organizations", START).await.unwrap();
    }

    async fn the_cap_on_members_is_exact_when_many_are_put_in_at_once(home) {
        let tenant = tenant(&home.store).await;
        let random = random_id(&home);
        let id = create(&tenant, Project, "Spring", START).await.unwrap();
        let mut creators = Vec::new();
        for _ in 0..12 {
            creators.push(Member::Creator(add_creator(&tenant, "Amy", START).await));
        }
        assert_eq!(put(&tenant, id, creators[0], START).await.unwrap(), Linked::Now);
        // Members of nothing: they are counted and cost nothing else.
        home.sql(&format!(
            "INSERT INTO collection_members (id, collection_id, member_type, added_at) \
             WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {}) \
             SELECT {random}, c.id, 'account', 1 FROM n, collections c",
            MOST_MEMBERS - 5
        ))
        .await;
        // Everyone is put in twice, at the same time.
        let tries = creators.iter().chain(&creators).copied();
        let made = at_once(tries.map(|member| {
            let tenant = tenant.clone();
            async move { put(&tenant, id, member, START).await }
        }))
        .await;
        assert_eq!(made.iter().filter(|one| matches!(one, Ok(Linked::Now))).count(), 4);
        for refused in made.iter().filter_map(|one| one.as_ref().err()) {
            assert!(matches!(refused, Refusal::CollectionFull { kind: Project, most: 10_000 }), "{refused:?}");
        }
        let counted = read(&tenant, Project, id).await.members;
        assert_eq!(counted.creators + counted.accounts, MOST_MEMBERS);
        assert_eq!(put(&tenant, id, creators[0], START).await.unwrap(), Linked::Before, "who is in a full one stays");
        take(&tenant, id, creators[0]).await.unwrap();
        assert_eq!(put(&tenant, id, creators[0], START).await.unwrap(), Linked::Now, "what goes makes room");
    }

    async fn putting_in_taking_out_and_deleting_at_once_end_in_order(home) {
        let tenant = tenant(&home.store).await;
        for round in 0..4 {
            let mut collections = Vec::new();
            for name in ["One", "Two", "Three"] {
                collections.push(create(&tenant, Project, name, START).await.unwrap());
            }
            let (mut accounts, mut creators) = (Vec::new(), Vec::new());
            for n in 0..3 {
                let creator = add_creator(&tenant, "Amy", START).await;
                let mut new = new_account(&format!("amy{round}x{n}"));
                new.creator_id = Some(creator);
                accounts.push(add(&tenant, &new, START).await.0);
                creators.push(creator);
            }
            let mut tasks = Vec::new();
            for id in collections.clone() {
                let everything: Vec<_> =
                    accounts.iter().map(|id| Member::Account(*id)).chain(creators.iter().map(|id| Member::Creator(*id))).collect();
                for member in everything {
                    for _ in 0..2 {
                        let tenant = tenant.clone();
                        tasks.push(tokio::spawn(async move { put(&tenant, id, member, START).await.map(|_| ()) }));
                    }
                    let tenant = tenant.clone();
                    tasks.push(tokio::spawn(async move { take(&tenant, id, member).await }));
                }
            }
            let (own, gone) = (tenant.clone(), [accounts[0], accounts[1]]);
            tasks.push(tokio::spawn(async move { delete_accounts(&own, gone).await }));
            let (own, gone) = (tenant.clone(), creators[2]);
            tasks.push(tokio::spawn(async move {
                let mut tx = own.begin(&RequestId::new(), START).await?;
                tx.delete_creator(gone).await?;
                tx.commit().await?;
                Ok(())
            }));
            let (own, gone) = (tenant.clone(), collections[1]);
            tasks.push(tokio::spawn(async move {
                let mut tx = own.begin(&RequestId::new(), START).await?;
                tx.delete_collection(Project, gone).await?;
                tx.commit().await?;
                Ok(())
            }));
            for task in tasks {
                let done: Result<(), Refusal> = task.await.unwrap();
                let is_orderly = matches!(done, Ok(()) | Err(Refusal::NoMember(_) | Refusal::NoCollection(_)));
                assert!(is_orderly, "{done:?}");
            }
            for id in collections {
                for member in members(&tenant, id).await {
                    let is_gone = match member {
                        Member::Account(id) => tenant.account(id, START).await.unwrap().is_none(),
                        Member::Creator(id) => tenant.creator(id).await.unwrap().is_none(),
                        Member::Video(_) | Member::AccountVideo(_) => true,
                    };
                    assert!(!is_gone, "{member} is a member and is not there");
                }
            }
        }
    }
}

async fn delete_accounts(tenant: &Tenant, ids: [AccountId; 2]) -> Result<(), Refusal> {
    for id in ids {
        let mut tx = tenant.begin(&RequestId::new(), START).await?;
        tx.delete_account(id).await?;
        tx.commit().await?;
    }
    Ok(())
}
