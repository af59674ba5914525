//! What is said of a post, to whom, and which are chosen.

use std::collections::BTreeSet;

use domain::{
    CollectionId, CollectionKind, MediaType, Member, Metadata, MetricStatus, Platform, PostSource, PostStatus, Reading,
};
use store::{
    Direction, NewCollection, NewVideo, ReportFilter, ReportMember, ReportMetrics, ReportOrder, ReportPost, Stretch,
};

use crate::support::{
    HOUR, START, add, add_video, begin, failed, make_due, new_account, new_video, organization, page_of, post_id,
    tenant, work,
};
use crate::world::{
    ALL, PROFILES, TODAY, at, card, created, found, in_order, media_type, number, only_post, read_everything, request,
    shows_on, window, world,
};
use crate::{on_both, support};

on_both! {
    async fn a_post_shows_whose_it_is_and_by_which_records(home) {
        let world = world(home).await;
        let [amy, bob] = world.accounts;
        let rows = in_order(&world.tenant, request(ReportOrder::Views, Direction::Desc, 500, ReportMetrics::Lifetime)).await;
        for post in rows {
            let n = number(&post);
            let (accounts, handle, creator) = match n {
                // Whoever's feed was read first: nobody is named as its author.
                6 | 7 if post.account_id == Some(bob) => (vec![amy, bob], Some("bob"), Some("Bob")),
                1..=7 | 11 => (vec![amy], Some("amy"), Some("Amy")),
                8..=10 => (vec![bob], Some("bob"), Some("Bob")),
                _ => (vec![], None, None),
            };
            assert_eq!(post.account_id.is_some_and(|id| accounts.contains(&id)), !accounts.is_empty(), "{n}");
            assert_eq!((post.account_username.as_deref(), post.creator_name.as_deref()), (handle, creator), "{n}");
            assert_eq!(post.video_id, world.videos.get(&n).copied());
            let feeds = PROFILES.iter().filter(|(_, _, posts)| posts.contains(&n)).count();
            assert_eq!(post.account_video_ids.len(), feeds, "{n}");
            let source = match n {
                3 | 11 => PostSource::Submitted,
                12 => PostSource::BrandInitiated,
                _ => PostSource::AutoDiscovered,
            };
            assert_eq!((post.source, post.status, post.media_type), (source, PostStatus::Live, media_type(n)));
            assert_eq!(post.description, Some(format!("post {n}")));
            assert_eq!((post.create_time, post.first_scrape_at), (Some(created(n)), Some(at(shows_on(n)))));
        }
    }

    async fn conditions_choose_and_combine(home) {
        let world = world(home).await;
        let tenant = &world.tenant;
        let [amy, bob] = world.accounts;
        let [of_amy, of_bob, of_cleo] = world.creators;
        let none = ReportFilter::default;
        let set = |numbers: &[i64]| numbers.iter().copied().collect::<BTreeSet<_>>();
        assert_eq!(found(tenant, &none()).await, ALL.collect());
        let filter = ReportFilter { platform: Some(Platform::Instagram), ..none() };
        assert!(found(tenant, &filter).await.is_empty());
        let filter = ReportFilter { account_id: Some(amy), ..none() };
        assert_eq!(found(tenant, &filter).await, set(&[1, 2, 3, 4, 5, 6, 7, 11]));
        let filter = ReportFilter { creator_id: Some(of_bob), ..none() };
        assert_eq!(found(tenant, &filter).await, set(&[6, 7, 8, 9, 10]));
        let filter = ReportFilter { creator_id: Some(of_amy), account_id: Some(bob), ..none() };
        assert_eq!(found(tenant, &filter).await, set(&[6, 7]));
        assert!(found(tenant, &ReportFilter { creator_id: Some(of_cleo), ..none() }).await.is_empty());
        let filter = ReportFilter { media_type: Some(MediaType::Image), ..none() };
        assert_eq!(found(tenant, &filter).await, set(&[2, 5, 8, 11]));
        let sources = [
            (PostSource::AutoDiscovered, set(&[1, 2, 4, 5, 6, 7, 8, 9, 10])),
            (PostSource::Submitted, set(&[3, 11])),
            (PostSource::BrandInitiated, set(&[12])),
        ];
        for (source, expected) in sources {
            assert_eq!(found(tenant, &ReportFilter { source: Some(source), ..none() }).await, expected);
        }
        let filter = ReportFilter { published: Some(window(-4, -2)), ..none() };
        assert_eq!(found(tenant, &filter).await, set(&[2, 3, 4]));
        assert!(found(tenant, &ReportFilter { read: Some(window(3, 4)), ..none() }).await.is_empty());
        let filter = ReportFilter { read: Some(window(1, 2)), media_type: Some(MediaType::Video), ..none() };
        assert_eq!(found(tenant, &filter).await, set(&[1, 4, 7]));
        world.home.sql(&format!("UPDATE posts SET status = 'expired' WHERE external_id = '{}'", post_id(2))).await;
        let status = |status| ReportFilter { status: Some(status), ..none() };
        assert_eq!(found(tenant, &status(PostStatus::Expired)).await, set(&[2]));
        assert_eq!(found(tenant, &status(PostStatus::Live)).await.len(), 11);
        let mut tx = begin(tenant, at(TODAY)).await;
        let new = NewCollection { name: "Spring".to_owned(), metadata: Metadata::default() };
        let project = tx.create_collection(CollectionKind::Project, &new).await.unwrap();
        for member in [Member::Account(bob), Member::Video(world.videos[&11])] {
            tx.add_member(CollectionKind::Project, project, member).await.unwrap();
        }
        tx.commit().await.unwrap();
        let filter = ReportFilter { project_id: Some(project), ..none() };
        assert_eq!(found(tenant, &filter).await, set(&[6, 7, 8, 9, 10, 11]));
        let names = |members: Stretch<ReportMember, _>| members.rows.into_iter().map(|it| it.name).collect::<Vec<_>>();
        let members = tenant.report_members(&filter, ReportMetrics::Lifetime, &card(), None, 10).await.unwrap();
        assert_eq!(names(members), ["Amy", "Bob"], "one by a post, one by an account");
        let filter = ReportFilter { group_id: Some(project), ..none() };
        assert!(found(tenant, &filter).await.is_empty(), "a project is no group");
        let filter = ReportFilter { project_id: Some(CollectionId::new()), ..none() };
        assert!(found(tenant, &filter).await.is_empty());
    }

    async fn another_organization_sees_its_own_and_finds_nothing_by_ids_of_others(home) {
        let world = world(home).await;
        let other = world.home.store.tenant(organization(&world.home.store, None).await);
        assert!(found(&other, &ReportFilter::default()).await.is_empty());
        let (late, _) = add(&other, &new_account("bob"), at(TODAY)).await;
        read_everything(&world.home, TODAY).await;
        let filter = ReportFilter { account_id: Some(late), ..ReportFilter::default() };
        assert_eq!(found(&other, &filter).await, (6..=10).collect());
        assert!(found(&world.tenant, &filter).await.is_empty());
        let range = ReportMetrics::Range(window(0, 10));
        for post in other.report_posts(&filter, range, &card(), None, 500).await.unwrap().rows {
            let zero = |count: Option<i64>| count.is_none_or(|count| count == 0);
            assert!(zero(post.numbers.counts.view_count), "what was read before is not theirs: {post:?}");
            assert_eq!(post.observed_days, Some(1));
        }
        let [amy, _] = world.accounts;
        let theirs = ReportFilter { account_id: Some(amy), ..ReportFilter::default() };
        assert!(found(&other, &theirs).await.is_empty());
        let theirs = ReportFilter { creator_id: Some(world.creators[0]), ..ReportFilter::default() };
        assert!(found(&other, &theirs).await.is_empty());
        let members = other.report_members(&theirs, ReportMetrics::Lifetime, &card(), None, 10).await.unwrap();
        assert!(members.rows.is_empty() && members.last.is_none());
    }

    async fn a_post_that_was_not_read_yet_is_there_with_nothing_known_of_it(home) {
        let tenant = tenant(&home.store).await;
        add_video(&tenant, &new_video(&post_id(1).to_string()), START).await;
        for metrics in [ReportMetrics::Lifetime, ReportMetrics::Range(window(0, 1))] {
            let posts = tenant.report_posts(&ReportFilter::default(), metrics, &card(), None, 10).await.unwrap().rows;
            assert_eq!(posts[0].numbers, store::ReportNumbers::default());
            assert_eq!((posts[0].status, &posts[0].description, posts[0].media_type), (PostStatus::Live, &None, None));
        }
        let live = ReportFilter { status: Some(PostStatus::Live), ..ReportFilter::default() };
        assert_eq!(found(&tenant, &live).await, [1].into());
    }

    async fn what_was_found_out_for_somebody_else_is_not_told_to_a_record_without_a_read_of_its_own(home) {
        let (here, there) = (tenant(&home.store).await, tenant(&home.store).await);
        let paused = NewVideo { is_active: false, ..new_video(&post_id(1).to_string()) };
        add_video(&here, &paused, START).await;
        add_video(&there, &new_video(&post_id(1).to_string()), START).await;
        let mut now = START;
        for _ in 0..4 {
            now = now.plus(24 * HOUR);
            make_due(&home, now).await;
            work(&home.store, now, |_| failed(domain::Outcome::NotFound)).await;
        }
        assert_eq!((only_post(&there).await.status, only_post(&here).await.status), (PostStatus::Deleted, PostStatus::Live));
        let deleted = ReportFilter { status: Some(PostStatus::Deleted), ..ReportFilter::default() };
        assert_eq!((found(&there, &deleted).await.len(), found(&here, &deleted).await.len()), (1, 0));
    }

    async fn a_reason_for_null_is_the_organizations_own(home) {
        let (here, there) = (tenant(&home.store).await, tenant(&home.store).await);
        add_video(&there, &new_video(&post_id(1).to_string()), START).await;
        work(&home.store, START, |_| {
            let mut facts = support::post(post_id(1), START, 10);
            facts.metrics.likes = Reading::Null(MetricStatus::Hidden);
            page_of(facts)
        })
        .await;
        add_video(&here, &new_video(&post_id(1).to_string()), START).await;
        let reason = |post: &ReportPost| post.metric_status.get("like_count").copied();
        assert_eq!((reason(&only_post(&there).await), reason(&only_post(&here).await)), (Some(MetricStatus::Hidden), None));
    }

    async fn a_note_called_source_may_be_anything(home) {
        let tenant = tenant(&home.store).await;
        let notes = [r#"{"source": 5}"#, r#"{"source": true}"#, r#"{"source": "brand_initiated"}"#, r#"{"source": 1.5}"#];
        for (n, notes) in (1..).zip(notes) {
            let new = NewVideo { metadata: Metadata::from_stored(notes), ..new_video(&post_id(n).to_string()) };
            add_video(&tenant, &new, START).await;
        }
        let posts = tenant.report_posts(&ReportFilter::default(), ReportMetrics::Lifetime, &card(), None, 10).await;
        let posts = posts.unwrap().rows;
        let sources: Vec<_> = posts.iter().map(|post| post.source).collect();
        let submitted = PostSource::Submitted;
        assert_eq!(sources, [submitted, submitted, PostSource::BrandInitiated, submitted]);
        let of = |source| ReportFilter { source: Some(source), ..ReportFilter::default() };
        assert_eq!(found(&tenant, &of(submitted)).await, [1, 2, 4].into());
        assert_eq!(found(&tenant, &of(PostSource::BrandInitiated)).await, [3].into());
    }
}
