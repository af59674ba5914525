//! What one organization can learn of another: nothing.

#![expect(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a helper of a test fails the test")]

mod support;

use std::time::Duration;

use domain::{AccountId, AccountVideoId, CreatorId, FreshnessState, MetricStatus, Outcome, PostStatus, VideoId};
use store::{
    AccountChange, AccountFilter, AccountOrder, AccountVideoFilter, CreatorChange, CreatorFilter, CreatorOrder,
    JobTarget, PostCounts, PostOrder, Refusal, TrackedPost, VideoChange, VideoFilter,
};
use support::{
    HOUR, START, account, account_videos, add, add_creator, add_video, begin, failed, feed, new_account, new_video,
    page_of, patch, post, post_id, profile, tenant, video, whole, work,
};

/// A post with a caption and everything else that a page may say.
fn talkative(n: i64, views: i64) -> domain::PostFacts {
    let mut facts = post(post_id(n), START, views);
    facts.description = Some("The secret caption".to_owned());
    facts.media_type = Some(domain::MediaType::Video);
    facts.duration = Some(1.5);
    facts.cover_image_url = Some("https://cdn.example/cover".to_owned());
    facts.video_url = Some("https://cdn.example/video".to_owned());
    facts.author.username = Some("amy".to_owned());
    facts.author.platform_id = Some("11".to_owned());
    facts.platform_data.insert("music".to_owned(), "x".into());
    facts
}

/// Answers for amy, with one post.
fn amy(job: &store::Job, views: i64) -> domain::Observation {
    match &job.target {
        JobTarget::Profile { .. } => profile("11", "amy", views),
        JobTarget::Feed { .. } => feed(vec![talkative(1, views)]),
        JobTarget::Post { .. } => page_of(talkative(1, views)),
    }
}

fn assert_unread(post: &TrackedPost) {
    assert_eq!(post.counts, PostCounts::default());
    assert_eq!((post.first_scrape_at, post.last_scrape_at), (None, None));
    assert_eq!((&post.description, post.media_type, post.duration), (&None, None, None));
    assert_eq!((&post.cover_image_url_original, &post.video_url_original), (&None, &None));
    assert_eq!((&post.author_username, &post.platform_account_id), (&None, &None));
    assert!(post.platform_data.is_empty());
    assert_eq!((post.status, post.create_time), (PostStatus::Live, None));
    assert_eq!((post.freshness.last_attempt_at, post.freshness.consecutive_failures), (None, 0));
    assert!(
        post.metric_status.len() == 6 && post.metric_status.values().all(|why| *why == MetricStatus::NotYetScraped)
    );
}

on_both! {
    async fn a_newcomer_sees_an_account_as_new_until_its_own_first_read(home) {
        let old = tenant(&home.store).await;
        add(&old, &new_account("amy"), START).await;
        work(&home.store, START, |job| amy(job, 1000)).await;

        let now = START.plus(HOUR);
        let newcomer = tenant(&home.store).await;
        let (id, _) = add(&newcomer, &new_account("amy"), now).await;
        let (unknown, _) = add(&newcomer, &new_account("nobody.knows"), now).await;
        let seen = account(&newcomer, id, now).await;
        let mut truly_new = account(&newcomer, unknown, now).await;
        assert_eq!(seen.freshness.state, FreshnessState::Pending);
        truly_new.id = id;
        "amy".clone_into(&mut truly_new.username);
        assert_eq!(seen, truly_new, "what others know looks like what nobody knows");
        assert!(account_videos(&newcomer, id, now).await.is_empty());

        work(&home.store, now, |job| match &job.target {
            JobTarget::Profile { username, .. } if username != "amy" => failed(Outcome::NotFound),
            JobTarget::Profile { .. } | JobTarget::Feed { .. } | JobTarget::Post { .. } => amy(job, 1001),
        })
        .await;
        let seen = account(&newcomer, id, now).await;
        assert_eq!((seen.follower_count, seen.first_scrape_at), (Some(1001), Some(now)));
        assert_eq!(seen.name.as_deref(), Some("Name"));
        assert_eq!(account_videos(&newcomer, id, now).await.len(), 1);
    }

    async fn a_newcomer_learns_neither_that_others_failed_nor_that_a_profile_is_gone(home) {
        let old = tenant(&home.store).await;
        let (theirs, _) = add(&old, &new_account("amy"), START).await;
        let confirmed = START.plus(7 * HOUR);
        for now in [START, confirmed] {
            work(&home.store, now, |_| failed(Outcome::NotFound)).await;
        }
        assert!(account(&old, theirs, confirmed).await.is_unavailable);
        let now = confirmed.plus(HOUR);
        let newcomer = tenant(&home.store).await;
        let (id, _) = add(&newcomer, &new_account("amy"), now).await;
        let seen = account(&newcomer, id, now).await;
        assert!(!seen.is_unavailable);
        assert_eq!(seen.freshness.state, FreshnessState::Pending);
        assert_eq!(seen.freshness.last_attempt_at, None);
        assert_eq!(seen.freshness.last_attempt_outcome, None);
        assert_eq!(seen.freshness.consecutive_failures, 0);
    }

    async fn a_newcomer_sees_a_video_as_new_and_cannot_find_it_by_its_caption_until_its_own_first_read(home) {
        let old = tenant(&home.store).await;
        add(&old, &new_account("amy"), START).await;
        add_video(&old, &new_video(&post_id(1).to_string()), START).await;
        work(&home.store, START, |job| amy(job, 1000)).await;

        let now = START.plus(HOUR);
        let newcomer = tenant(&home.store).await;
        let id = add_video(&newcomer, &new_video(&post_id(1).to_string()), now).await;
        let mut paused = new_account("amy");
        paused.is_active = false;
        let (author, _) = add(&newcomer, &paused, now).await;
        let seen = video(&newcomer, id, now).await;
        assert_unread(&seen.post);
        assert_eq!(seen.post.account_id, None, "who made it is not known yet");
        let by_caption = VideoFilter { q: Some("secret".to_owned()), ..VideoFilter::default() };
        let by_author = VideoFilter { account_id: Some(author), ..VideoFilter::default() };
        for filter in [&by_caption, &by_author] {
            let found = newcomer.videos(filter, &whole(PostOrder::AddedAt), now).await.unwrap();
            assert!(found.rows.is_empty(), "{filter:?}");
        }
        work(&home.store, now, |job| amy(job, 1001)).await;
        let seen = video(&newcomer, id, now).await;
        assert_eq!((seen.post.counts.view_count, seen.post.account_id), (Some(1001), Some(author)));
        for filter in [&by_caption, &by_author] {
            assert_eq!(newcomer.videos(filter, &whole(PostOrder::AddedAt), now).await.unwrap().rows.len(), 1);
        }
    }

    async fn a_list_without_counts_shows_a_newcomer_nothing_of_posts_that_others_read(home) {
        let old = tenant(&home.store).await;
        add(&old, &new_account("amy"), START).await;
        work(&home.store, START, |job| amy(job, 1000)).await;

        let now = START.plus(HOUR);
        let newcomer = tenant(&home.store).await;
        let (id, _) = add(&newcomer, &new_account("amy"), now).await;
        work(&home.store, now, |job| match &job.target {
            JobTarget::Profile { .. } => profile("11", "amy", 1001),
            JobTarget::Feed { .. } => feed(vec![domain::PostFacts::bare(domain::Platform::Tiktok, post_id(1).to_string())]),
            JobTarget::Post { .. } => failed(Outcome::Timeout),
        })
        .await;
        let found = account_videos(&newcomer, id, now).await;
        assert_eq!(found.len(), 1);
        assert_eq!((&found[0].post.description, found[0].post.counts), (&None, PostCounts::default()));
        for filter in [
            AccountVideoFilter { q: Some("secret".to_owned()), ..AccountVideoFilter::default() },
            AccountVideoFilter { media_type: Some(domain::MediaType::Video), ..AccountVideoFilter::default() },
        ] {
            let found = newcomer.account_videos(&filter, &whole(PostOrder::AddedAt), now).await.unwrap();
            assert!(found.rows.is_empty(), "{filter:?}");
        }
    }

    async fn a_paused_organizations_numbers_stand_still_while_anothers_move(home) {
        let (still, moving) = (tenant(&home.store).await, tenant(&home.store).await);
        let (mine, _) = add(&still, &new_account("amy"), START).await;
        let my_video = add_video(&still, &new_video(&post_id(1).to_string()), START).await;
        let (theirs, _) = add(&moving, &new_account("amy"), START).await;
        work(&home.store, START, |job| amy(job, 1000)).await;
        patch(&still, mine, &AccountChange { is_active: Some(false), ..AccountChange::default() }, START).await;
        let mut tx = begin(&still, START).await;
        tx.update_video(my_video, &VideoChange { is_active: Some(false), ..VideoChange::default() }).await.unwrap();
        tx.commit().await.unwrap();
        let before = account(&still, mine, START).await;
        let posts_before = account_videos(&still, mine, START).await;
        let video_before = video(&still, my_video, START).await;
        assert_eq!(before.sums.view_count, Some(1000));

        let later = START.plus(26 * HOUR);
        work(&home.store, later, |job| amy(job, 2000)).await;
        let theirs = account(&moving, theirs, later).await;
        assert_eq!((theirs.follower_count, theirs.sums.view_count), (Some(2000), Some(2000)));
        assert_eq!(account(&still, mine, later).await, before);
        assert_eq!(account_videos(&still, mine, later).await, posts_before);
        assert_eq!(video(&still, my_video, later).await, video_before);
    }

    async fn what_is_paused_with_its_creator_stands_still_as_well(home) {
        let (still, moving) = (tenant(&home.store).await, tenant(&home.store).await);
        let (mine, _) = add(&still, &new_account("amy"), START).await;
        add(&moving, &new_account("amy"), START).await;
        work(&home.store, START, |job| amy(job, 1000)).await;
        let creator = add_creator(&still, "Amy", START).await;
        let mut tx = begin(&still, START).await;
        tx.link_account(creator, mine).await.unwrap();
        tx.update_creator(creator, &CreatorChange { is_active: Some(false), ..CreatorChange::default() }).await.unwrap();
        tx.commit().await.unwrap();
        let before = account(&still, mine, START).await;
        let posts_before = account_videos(&still, mine, START).await;
        let later = START.plus(26 * HOUR);
        work(&home.store, later, |job| amy(job, 2000)).await;
        assert_eq!(account(&still, mine, later).await, before);
        assert_eq!(account_videos(&still, mine, later).await, posts_before);
        assert_eq!(still.creator(creator).await.unwrap().unwrap().total_followers, Some(1000));
    }

    async fn what_a_post_says_of_itself_is_what_was_read_last_and_its_numbers_are_a_paused_records_own(home) {
        let (still, moving) = (tenant(&home.store).await, tenant(&home.store).await);
        let mine = add_video(&still, &new_video(&post_id(1).to_string()), START).await;
        add_video(&moving, &new_video(&post_id(1).to_string()), START).await;
        let said = |caption: &str, views| {
            let mut facts = post(post_id(1), START, views);
            facts.description = Some(caption.to_owned());
            page_of(facts)
        };
        work(&home.store, START, |_| said("before", 10)).await;
        let mut tx = begin(&still, START).await;
        tx.update_video(mine, &VideoChange { is_active: Some(false), ..VideoChange::default() }).await.unwrap();
        tx.commit().await.unwrap();
        let later = START.plus(26 * HOUR);
        work(&home.store, later, |_| said("after", 20)).await;
        let shown = video(&still, mine, later).await.post;
        assert_eq!((shown.description.as_deref(), shown.counts.view_count), (Some("after"), Some(10)));
        assert_eq!(shown.last_scrape_at, Some(START));
    }

    async fn other_organizations_ids_lead_nowhere(home) {
        let (mine, other) = (tenant(&home.store).await, tenant(&home.store).await);
        let (id, _) = add(&mine, &new_account("amy"), START).await;
        let video_id = add_video(&mine, &new_video(&post_id(1).to_string()), START).await;
        let creator = add_creator(&mine, "Amy", START).await;
        work(&home.store, START, |job| amy(job, 1000)).await;
        let found = account_videos(&mine, id, START).await.remove(0).id;

        assert_eq!(other.account(id, START).await.unwrap(), None);
        assert_eq!(other.video(video_id, START).await.unwrap(), None);
        assert_eq!(other.account_video(found, START).await.unwrap(), None);
        assert_eq!(other.creator(creator).await.unwrap(), None);
        assert!(other.accounts(&AccountFilter::default(), &whole(AccountOrder::AddedAt), START).await.unwrap().rows.is_empty());
        assert!(other.videos(&VideoFilter::default(), &whole(PostOrder::AddedAt), START).await.unwrap().rows.is_empty());
        for filter in [
            AccountVideoFilter::default(),
            AccountVideoFilter { account_id: Some(id), ..AccountVideoFilter::default() },
            AccountVideoFilter { creator_id: Some(creator), ..AccountVideoFilter::default() },
            AccountVideoFilter { q: Some("secret".to_owned()), ..AccountVideoFilter::default() },
        ] {
            let page = store::PageRequest { include_total: true, ..whole(PostOrder::AddedAt) };
            let found = other.account_videos(&filter, &page, START).await.unwrap();
            assert_eq!((found.rows.len(), found.total), (0, Some(0)));
        }
        assert!(other.creators(&CreatorFilter::default(), &whole(CreatorOrder::Name)).await.unwrap().rows.is_empty());

        let (own, _) = add(&other, &new_account("ben"), START).await;
        let own_creator = add_creator(&other, "Ben", START).await;
        let mut tx = begin(&other, START).await;
        assert_eq!(tx.account(id).await.unwrap(), None);
        assert_eq!(tx.video(video_id).await.unwrap(), None);
        assert_eq!(tx.creator(creator).await.unwrap(), None);
        assert!(matches!(tx.update_account(id, &AccountChange::default()).await, Err(Refusal::NoAccount(found)) if found == id));
        assert!(matches!(tx.delete_account(id).await, Err(Refusal::NoAccount(_))));
        assert!(matches!(tx.update_video(video_id, &VideoChange::default()).await, Err(Refusal::NoVideo(_))));
        assert!(matches!(tx.delete_video(video_id).await, Err(Refusal::NoVideo(_))));
        assert!(matches!(tx.update_creator(creator, &CreatorChange::default()).await, Err(Refusal::NoCreator(_))));
        assert!(matches!(tx.delete_creator(creator).await, Err(Refusal::NoCreator(_))));
        assert!(matches!(tx.link_account(own_creator, id).await, Err(Refusal::NoAccount(_))));
        assert!(matches!(tx.link_account(creator, own).await, Err(Refusal::NoCreator(_))));
        assert!(matches!(tx.unlink_account(own_creator, id).await, Err(Refusal::NoAccount(_))));
        assert!(matches!(tx.unlink_account(creator, id).await, Err(Refusal::NoCreator(_))));
        let change = AccountChange { creator_id: Some(Some(creator)), ..AccountChange::default() };
        assert!(matches!(tx.update_account(own, &change).await, Err(Refusal::NoCreator(_))));
        let mut new = new_account("cleo");
        new.creator_id = Some(creator);
        assert!(matches!(tx.create_account(&new).await, Err(Refusal::NoCreator(_))));
        tx.commit().await.unwrap();
        assert_eq!(account(&mine, id, START).await.creator_id, None);
        assert!(mine.video(video_id, START).await.unwrap().is_some());
    }

    async fn ids_of_nothing_lead_nowhere(home) {
        let tenant = tenant(&home.store).await;
        assert_eq!(tenant.account(AccountId::new(), START).await.unwrap(), None);
        assert_eq!(tenant.video(VideoId::new(), START).await.unwrap(), None);
        assert_eq!(tenant.account_video(AccountVideoId(i64::MAX), START).await.unwrap(), None);
        assert_eq!(tenant.creator(CreatorId::new()).await.unwrap(), None);
    }

    async fn account_videos_belong_to_their_own_account_alone(home) {
        let tenant = tenant(&home.store).await;
        let (one, _) = add(&tenant, &new_account("amy"), START).await;
        let (two, _) = add(&tenant, &new_account("ben"), START).await;
        work(&home.store, START, |job| match &job.target {
            JobTarget::Profile { username, .. } => profile(username, username, 5),
            JobTarget::Feed { username, .. } if username == "amy" => feed(vec![post(post_id(1), START, 1), post(post_id(2), START, 2)]),
            JobTarget::Feed { .. } => feed(vec![post(post_id(3), START, 30)]),
            JobTarget::Post { external_id, .. } => page_of(post(external_id.parse().unwrap(), START, 5)),
        })
        .await;
        let of = |list: Vec<store::AccountVideo>| {
            list.into_iter().map(|one| (one.post.external_id, one.post.account_id.unwrap())).collect::<Vec<_>>()
        };
        let mut first = of(account_videos(&tenant, one, START).await);
        first.sort();
        assert_eq!(first, [(post_id(1).to_string(), one), (post_id(2).to_string(), one)]);
        assert_eq!(of(account_videos(&tenant, two, START).await), [(post_id(3).to_string(), two)]);
        assert_eq!(account(&tenant, one, START).await.sums.view_count, Some(10));
        assert_eq!(account(&tenant, two, START.plus(Duration::ZERO)).await.sums.view_count, Some(5));
    }
}
