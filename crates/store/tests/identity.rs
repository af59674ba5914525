//! Who is who: handles that somebody else took, profiles that moved to another handle, two records of one profile, and names that only
//! stand in for a handle.

#![expect(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a helper of a test fails the test")]

mod support;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;

use domain::{
    AccountId, FreshnessState, Observation, Outcome, Platform, PostFacts, TargetKind, Timestamp, UnavailableReason,
};
use store::{Claim, ClaimPolicy, Job, JobTarget, Tenant};
use support::{
    HOUR, Home, MINUTE, START, account, account_videos, add, add_video, begin, claim, failed, feed, new_account,
    new_video, page_of, post, post_id, profile, record, tenant, work,
};

const DAY: Duration = Duration::from_hours(24);

/// A small platform: who has which handle, and each account's posts. Posts are known by their ids, whatever the handle.
#[derive(Default)]
struct World {
    holders: RefCell<BTreeMap<String, String>>,
    posts: BTreeMap<String, Vec<i64>>,
}

impl World {
    fn new(holders: &[(&str, &str)], posts: &[(&str, &[i64])]) -> Self {
        let world = Self {
            holders: RefCell::default(),
            posts: posts.iter().map(|(id, posts)| ((*id).to_owned(), posts.to_vec())).collect(),
        };
        for (handle, id) in holders {
            world.give(handle, id);
        }
        world
    }

    /// From now on the handle is this account's.
    fn give(&self, handle: &str, id: &str) {
        self.holders.borrow_mut().insert(handle.to_owned(), id.to_owned());
    }

    /// The handle is nobody's any more.
    fn free(&self, handle: &str) {
        self.holders.borrow_mut().remove(handle);
    }

    fn handle_of(&self, id: &str) -> Option<String> {
        self.holders.borrow().iter().find(|(_, holder)| *holder == id).map(|(handle, _)| handle.clone())
    }

    fn facts(&self, author: &str, n: i64) -> PostFacts {
        let mut facts = post(post_id(n), START, 100 + n);
        facts.author.platform_id = Some(author.to_owned());
        facts.author.username = self.handle_of(author);
        facts
    }

    fn answer(&self, job: &Job) -> Observation {
        let holder = |handle: &str| self.holders.borrow().get(handle).cloned();
        match &job.target {
            JobTarget::Profile { username, .. } => {
                holder(username).map_or_else(|| failed(Outcome::NotFound), |id| profile(&id, username, 1000))
            }
            JobTarget::Feed { username, .. } => holder(username).map_or_else(
                || failed(Outcome::NotFound),
                |id| feed(self.posts.get(&id).into_iter().flatten().map(|n| self.facts(&id, *n)).collect()),
            ),
            JobTarget::Post { external_id, .. } => {
                let n = external_id.parse::<i64>().unwrap() - post_id(0);
                let author = self.posts.iter().find(|(_, posts)| posts.contains(&n)).map(|(id, _)| id.clone());
                author.map_or_else(|| failed(Outcome::NotFound), |author| page_of(self.facts(&author, n)))
            }
        }
    }

    async fn work(&self, home: &Home, now: Timestamp) -> Vec<JobTarget> {
        work(&home.store, now, |job| self.answer(job)).await
    }
}

/// Makes the profile's row due.
async fn read_again(home: &Home, username: &str) {
    home.sql(&format!(
        "UPDATE schedules SET due_at = 0 WHERE kind = 'profile' AND target_id IN \
         (SELECT profile_id FROM accounts WHERE username = '{username}')"
    ))
    .await;
}

async fn profile_of(home: &Home, platform_id: &str, column: &str) -> Option<String> {
    home.text(&format!("SELECT CAST({column} AS TEXT) FROM profiles WHERE platform_id = '{platform_id}'")).await
}

async fn state(tenant: &Tenant, id: AccountId, now: Timestamp) -> (FreshnessState, Option<UnavailableReason>) {
    let shown = account(tenant, id, now).await;
    assert_eq!(shown.is_unavailable, shown.unavailable_reason.is_some());
    (shown.freshness.state, shown.unavailable_reason)
}

fn profiles_read(read: &[JobTarget]) -> Vec<&str> {
    read.iter()
        .filter_map(|target| match target {
            JobTarget::Profile { username, .. } => Some(username.as_str()),
            JobTarget::Feed { .. } | JobTarget::Post { .. } => None,
        })
        .collect()
}

on_both! {
    async fn a_handle_that_was_taken_over_is_given_up_at_first_sight_and_the_account_unavailable_at_the_second(home) {
        let tenant = tenant(&home.store).await;
        let (id, _) = add(&tenant, &new_account("amy"), START).await;
        let world = World::new(&[("amy", "11")], &[("11", &[]), ("99", &[9])]);
        world.work(&home, START).await;
        world.give("amy", "99");
        let now = START.plus(25 * HOUR);
        let read = world.work(&home, now).await;
        assert_eq!(read.len(), 1, "no list is read of somebody else's handle: {read:?}");
        assert_eq!(profile_of(&home, "11", "username").await, None);
        assert_eq!(state(&tenant, id, now).await, (FreshnessState::Failing, None));
        let shown = account(&tenant, id, now).await;
        assert_eq!((shown.username.as_str(), shown.follower_count), ("amy", Some(1000)));
        assert_eq!(shown.freshness.last_attempt_outcome, Some(Outcome::NotFound));
        assert!(world.work(&home, now.plus(5 * HOUR)).await.is_empty(), "it is looked at again when it may count");
        let now = now.plus(7 * HOUR);
        assert_eq!(profiles_read(&world.work(&home, now).await), ["amy"]);
        assert_eq!(state(&tenant, id, now).await, (FreshnessState::Unavailable, Some(UnavailableReason::HandleTaken)));
        assert_eq!(home.number("SELECT COUNT(*) FROM profile_snapshots").await, Some(1));
        assert_eq!(home.number("SELECT COUNT(*) FROM posts").await, Some(0));

        world.give("amy", "11");
        let now = now.plus(30 * HOUR);
        world.work(&home, now).await;
        assert_eq!(state(&tenant, id, now).await, (FreshnessState::Fresh, None));
        assert_eq!(profile_of(&home, "11", "username").await.as_deref(), Some("amy"));
        assert!(account(&tenant, id, now).await.previous_usernames.is_empty(), "a handle that came back is no former one");
    }

    async fn who_adds_a_handle_that_was_taken_over_gets_its_new_owner_and_no_history_is_mixed(home) {
        let (old, new) = (tenant(&home.store).await, tenant(&home.store).await);
        let (first, _) = add(&old, &new_account("amy"), START).await;
        let world = World::new(&[("amy", "11")], &[("11", &[1]), ("99", &[9])]);
        world.work(&home, START).await;
        world.give("amy", "99");
        let now = START.plus(25 * HOUR);
        world.work(&home, now).await;
        let (second, _) = add(&new, &new_account("amy"), now).await;
        let (third, _) = add(&old, &new_account("amy"), now).await;
        world.work(&home, now).await;
        for (tenant, id) in [(&new, second), (&old, third)] {
            let shown = account(tenant, id, now).await;
            assert_eq!(shown.platform_account_id.as_deref(), Some("99"));
            let posts: Vec<_> = account_videos(tenant, id, now).await.into_iter().map(|one| one.post.external_id).collect();
            assert_eq!(posts, [post_id(9).to_string()]);
        }
        assert_eq!(account(&old, first, now).await.platform_account_id.as_deref(), Some("11"));
        let history = "SELECT COUNT(*) FROM profile_snapshots s JOIN profiles p ON p.id = s.profile_id WHERE p.platform_id = ";
        for id in ["11", "99"] {
            assert_eq!(home.number(&format!("{history} '{id}'")).await, Some(1), "{id}");
        }
        // The old owner comes back while the new one's row has the handle: each keeps what is its own.
        world.give("amy", "11");
        let now = now.plus(30 * HOUR);
        world.work(&home, now).await;
        let now = now.plus(30 * HOUR);
        world.work(&home, now).await;
        assert_eq!(profile_of(&home, "11", "username").await.as_deref(), Some("amy"));
        assert_eq!(profile_of(&home, "99", "username").await, None);
        assert_eq!(state(&old, first, now).await, (FreshnessState::Fresh, None));
        assert_eq!(state(&new, second, now).await.1, Some(UnavailableReason::HandleTaken));
    }

    async fn a_list_that_was_asked_for_by_a_lost_handle_is_not_kept(home) {
        let tenant = tenant(&home.store).await;
        let (id, _) = add(&tenant, &new_account("amy"), START).await;
        let world = World::new(&[("amy", "11")], &[("11", &[1]), ("99", &[9])]);
        let read = work(&home.store, START, |job| match &job.target {
            JobTarget::Feed { .. } => failed(Outcome::Timeout),
            JobTarget::Profile { .. } | JobTarget::Post { .. } => world.answer(job),
        })
        .await;
        assert_eq!(read.len(), 2);
        world.give("amy", "99");
        // The list is in a worker's hands while the profile's own page shows that the handle changed hands.
        let now = START.plus(30 * MINUTE);
        home.sql("UPDATE schedules SET due_at = 0").await;
        let offered = home.store.offer_due(&support::platform(Platform::Tiktok), 10, MINUTE, now).await.unwrap();
        let of = |kind| offered.iter().find(|wake| wake.kind == kind).unwrap();
        let list = claim(&home.store, of(TargetKind::Feed), now).await;
        let own = claim(&home.store, of(TargetKind::Profile), now).await;
        record(&home.store, &own, &world.answer(&own), now).await;
        record(&home.store, &list, &world.answer(&list), now).await;
        assert_eq!(home.number("SELECT COUNT(*) FROM posts").await, Some(0));
        assert!(account_videos(&tenant, id, now).await.is_empty());
        // A list that says whose it is, and is somebody else's, is refused at any time.
        world.give("amy", "11");
        read_again(&home, "amy").await;
        let now = now.plus(HOUR);
        work(&home.store, now, |job| match &job.target {
            JobTarget::Feed { .. } => {
                let mut seen = feed(vec![world.facts("99", 9)]);
                seen.profile = profile("99", "amy", 5).profile;
                seen
            }
            JobTarget::Profile { .. } | JobTarget::Post { .. } => world.answer(job),
        })
        .await;
        assert_eq!(home.number("SELECT COUNT(*) FROM posts").await, Some(0));
        assert_eq!(account(&tenant, id, now).await.freshness.state, FreshnessState::Fresh);
    }

    async fn a_profile_that_moved_is_found_by_its_post_and_keeps_its_history(home) {
        let (tenant, other) = (tenant(&home.store).await, tenant(&home.store).await);
        let (id, _) = add(&tenant, &new_account("amy"), START).await;
        let (elsewhere, _) = add(&other, &new_account("amy"), START).await;
        let world = World::new(&[("amy", "11")], &[("11", &[1, 2]), ("99", &[])]);
        world.work(&home, START).await;
        let new_owners: [Option<&str>; 2] = [None, Some("99")];
        let mut now = START;
        let (mut handle, mut former) = ("amy".to_owned(), Vec::new());
        for (number, owner) in new_owners.into_iter().enumerate() {
            world.free(&handle);
            if let Some(owner) = owner {
                world.give(&handle, owner);
            }
            let next = format!("amy.{number}");
            world.give(&next, "11");
            now = now.plus(25 * HOUR);
            read_again(&home, &handle).await;
            let read = world.work(&home, now).await;
            assert_eq!(profiles_read(&read), [handle.as_str(), next.as_str()], "found within the same round: {read:?}");
            former.push(std::mem::replace(&mut handle, next));
            for (tenant, id) in [(&tenant, id), (&other, elsewhere)] {
                let shown = account(tenant, id, now).await;
                assert_eq!((shown.username.as_str(), &shown.previous_usernames), (handle.as_str(), &former));
                assert_eq!(shown.platform_account_id.as_deref(), Some("11"));
                assert_eq!((shown.first_scrape_at, shown.last_scrape_at), (Some(START), Some(now)));
                assert_eq!(state(tenant, id, now).await, (FreshnessState::Fresh, None));
            }
        }
        assert_eq!(home.number("SELECT COUNT(*) FROM profiles").await, Some(1));
        assert_eq!(home.number("SELECT COUNT(*) FROM profile_snapshots").await, Some(3));
    }

    async fn accounts_show_the_new_handle_even_before_the_profile_can_be_read_by_it(home) {
        let tenant = tenant(&home.store).await;
        let (id, _) = add(&tenant, &new_account("amy"), START).await;
        let world = World::new(&[("amy", "11")], &[("11", &[1])]);
        world.work(&home, START).await;
        world.free("amy");
        let now = START.plus(25 * HOUR);
        read_again(&home, "amy").await;
        home.sql("UPDATE schedules SET due_at = 9999999999999 WHERE kind = 'post'").await;
        let read = work(&home.store, now, |job| match &job.target {
            JobTarget::Post { .. } => {
                let mut facts = world.facts("11", 1);
                facts.author.username = Some("amy.cooks".to_owned());
                page_of(facts)
            }
            JobTarget::Profile { username, .. } if username == "amy.cooks" => failed(Outcome::Timeout),
            JobTarget::Profile { .. } | JobTarget::Feed { .. } => world.answer(job),
        })
        .await;
        assert_eq!(profiles_read(&read), ["amy", "amy.cooks"]);
        let shown = account(&tenant, id, now).await;
        assert_eq!((shown.username.as_str(), shown.previous_usernames), ("amy.cooks", vec!["amy".to_owned()]));
        assert_eq!(state(&tenant, id, now).await, (FreshnessState::Failing, None));
    }

    async fn while_a_profile_is_fine_a_differing_handle_on_a_post_changes_nothing(home) {
        let tenant = tenant(&home.store).await;
        let (id, _) = add(&tenant, &new_account("amy"), START).await;
        let world = World::new(&[("amy", "11")], &[("11", &[1])]);
        world.work(&home, START).await;
        let now = START.plus(HOUR);
        home.sql("UPDATE schedules SET due_at = 0 WHERE kind = 'post'").await;
        let read = work(&home.store, now, |job| {
            let mut seen = world.answer(job);
            seen.posts[0].author.username = Some("stale".to_owned());
            seen
        })
        .await;
        assert_eq!(read.len(), 1, "the profile is not read for it: {read:?}");
        let shown = account(&tenant, id, now).await;
        assert_eq!((shown.username.as_str(), shown.previous_usernames.len()), ("amy", 0));
    }

    async fn a_lost_profile_does_not_take_a_handle_that_another_row_has(home) {
        let (tenant, other) = (tenant(&home.store).await, tenant(&home.store).await);
        let (id, _) = add(&tenant, &new_account("amy"), START).await;
        let (second, _) = add(&other, &new_account("ben"), START).await;
        let world = World::new(&[("amy", "11"), ("ben", "22")], &[("11", &[1]), ("22", &[])]);
        world.work(&home, START).await;
        // Ben left and Amy has his handle, before Ben's own row was looked at again.
        world.free("amy");
        world.give("ben", "11");
        let now = START.plus(25 * HOUR);
        read_again(&home, "amy").await;
        home.sql("UPDATE schedules SET due_at = 9999999999999 WHERE kind = 'profile' AND target_id = \
            (SELECT id FROM profiles WHERE username = 'ben')").await;
        world.work(&home, now).await;
        assert_eq!(account(&other, second, now).await.platform_account_id.as_deref(), Some("22"));
        assert_eq!(account(&tenant, id, now).await.username, "amy");
        read_again(&home, "ben").await;
        let now = now.plus(HOUR);
        world.work(&home, now).await;
        assert_eq!(profile_of(&home, "22", "username").await, None, "somebody else's by now");
        home.sql("UPDATE schedules SET due_at = 0 WHERE kind = 'post'").await;
        let now = now.plus(HOUR);
        world.work(&home, now).await;
        let shown = account(&tenant, id, now).await;
        assert_eq!((shown.username.as_str(), shown.last_scrape_at), ("ben", Some(now)));
    }

    async fn a_second_record_of_one_profile_hands_its_handle_to_the_lost_first(home) {
        let tenant = tenant(&home.store).await;
        let (first, _) = add(&tenant, &new_account("amy"), START).await;
        let world = World::new(&[("amy", "11")], &[("11", &[])]);
        world.work(&home, START).await;
        world.free("amy");
        world.give("amy.cooks", "11");
        let now = START.plus(25 * HOUR);
        world.work(&home, now).await;
        assert_eq!(state(&tenant, first, now).await, (FreshnessState::Failing, None));
        let (second, _) = add(&tenant, &new_account("amy.cooks"), now).await;
        world.work(&home, now).await;
        assert_eq!(state(&tenant, first, now).await, (FreshnessState::Fresh, None));
        let shown = account(&tenant, first, now).await;
        assert_eq!((shown.username.as_str(), shown.previous_usernames), ("amy.cooks", vec!["amy".to_owned()]));
        assert_eq!(state(&tenant, second, now).await, (FreshnessState::Unavailable, Some(UnavailableReason::Duplicate)));
        assert_eq!(account(&tenant, second, now).await.follower_count, None);

        let mut tx = begin(&tenant, now).await;
        tx.delete_account(first).await.unwrap();
        tx.commit().await.unwrap();
        let now = now.plus(30 * HOUR);
        world.work(&home, now).await;
        assert_eq!(state(&tenant, second, now).await, (FreshnessState::Fresh, None));
        world.work(&home, now.plus(MINUTE)).await;
        assert_eq!(home.number("SELECT COUNT(*) FROM profiles").await, Some(1));
    }

    async fn the_search_reads_one_live_post_of_a_missing_profile_once(home) {
        let tenant = tenant(&home.store).await;
        add(&tenant, &new_account("amy"), START).await;
        let by_hand = add_video(&tenant, &new_video(&post_id(5).to_string()), START).await;
        let world = World::new(&[("amy", "11")], &[("11", &[1, 2, 3])]);
        world.work(&home, START).await;
        home.sql("UPDATE schedules SET due_at = 9999999999999 WHERE kind = 'post'").await;
        home.sql(&format!("UPDATE posts SET create_time = create_time + 1000 WHERE external_id = '{}'", post_id(2))).await;
        home.sql(&format!("UPDATE posts SET create_time = create_time + 9000, status = 'deleted' WHERE external_id = '{}'", post_id(3))).await;
        world.free("amy");
        let now = START.plus(25 * HOUR);
        let read = world.work(&home, now).await;
        let posts: Vec<_> = read.iter().filter(|target| matches!(target, JobTarget::Post { .. })).collect();
        let youngest = post_id(2).to_string();
        assert!(matches!(posts.as_slice(), [JobTarget::Post { external_id, .. }] if *external_id == youngest), "{read:?}");
        home.sql("UPDATE schedules SET due_at = 9999999999999 WHERE kind = 'post'").await;
        let read = world.work(&home, now.plus(7 * HOUR)).await;
        assert_eq!(read.len(), 1, "the second signal searches no more: {read:?}");
        assert!(tenant.video(by_hand, now).await.unwrap().is_some());
    }

    async fn the_posts_and_the_page_of_a_lost_profile_can_be_recorded_at_once(home) {
        let (tenant, other) = (tenant(&home.store).await, tenant(&home.store).await);
        let mut ids = Vec::new();
        for tenant in [&tenant, &other] {
            ids.push(add(tenant, &new_account("amy.0"), START).await.0);
        }
        let world = World::new(&[("amy.0", "11")], &[("11", &[1, 2, 3, 4, 5, 6])]);
        world.work(&home, START).await;
        let mut now = START;
        for round in 0..6 {
            let (old, new) = (format!("amy.{round}"), format!("amy.{}", round + 1));
            world.free(&old);
            world.give(&new, "11");
            now = now.plus(25 * HOUR);
            if round % 2 == 1 {
                // It is known to be missing when the posts are read.
                home.sql("UPDATE schedules SET due_at = 9999999999999 WHERE kind = 'post'").await;
                home.sql("UPDATE profiles SET gone_since = 1, unavailable_because = 'not_found'").await;
            }
            home.sql("UPDATE schedules SET due_at = 0 WHERE kind <> 'feed'").await;
            let mut jobs = Vec::new();
            for wake in home.store.offer_due(&support::platform(Platform::Tiktok), 50, MINUTE, now).await.unwrap() {
                jobs.push(claim(&home.store, &wake, now).await);
            }
            let mut recordings = tokio::task::JoinSet::new();
            for job in jobs {
                let (store, seen) = (home.store.clone(), world.answer(&job));
                recordings.spawn(async move { store.record(&job, &seen, &support::policy(), now).await });
            }
            assert!(recordings.len() >= 7, "{}", recordings.len());
            for recorded in recordings.join_all().await {
                assert!(recorded.is_ok(), "round {round}: {recorded:?}");
            }
            now = now.plus(8 * HOUR);
            home.sql("UPDATE schedules SET due_at = 0 WHERE kind = 'post'").await;
            world.work(&home, now).await;
            for (tenant, id) in [(&tenant, ids[0]), (&other, ids[1])] {
                assert_eq!(account(tenant, id, now).await.username, new, "round {round}");
            }
        }
    }

    async fn a_name_that_only_stands_in_for_a_youtube_handle_is_no_former_handle(home) {
        const CHANNEL: &str = "UCX6OQ3DkcsbYNE6H8uQQuVA";
        let youtube = |store: store::Store, now: Timestamp, handle: &'static str| async move {
            let policy = ClaimPolicy {
                worker: "w1".to_owned(),
                lease: 2 * MINUTE,
                platforms: vec![support::platform(Platform::Youtube)],
            };
            for _ in 0..20 {
                for wake in store.offer_due(&policy.platforms[0], 50, Duration::ZERO, now).await.unwrap() {
                    match store.claim(&wake, &policy, now).await.unwrap() {
                        Claim::Taken(job) => {
                            let mut seen = match &job.target {
                                JobTarget::Profile { .. } => profile(CHANNEL, handle, 1000),
                                JobTarget::Feed { .. } | JobTarget::Post { .. } => feed(Vec::new()),
                            };
                            if let Some(facts) = &mut seen.profile {
                                facts.platform = Platform::Youtube;
                            }
                            record(&store, &job, &seen, now).await;
                        }
                        Claim::NotDue | Claim::Untracked => {}
                        Claim::Gated => panic!("the gate is closed"),
                    }
                }
            }
        };
        let mut now = START;
        for stand_in in [CHANNEL, "c/mrbeast", "user/mrbeast6000"] {
            let tenant = tenant(&home.store).await;
            let mut new = new_account("standin");
            new.platform = Platform::Youtube;
            let (id, _) = add(&tenant, &new, now).await;
            for table in ["accounts", "profiles"] {
                home.sql(&format!("UPDATE {table} SET username = '{stand_in}' WHERE username = 'standin'")).await;
            }
            youtube(home.store.clone(), now, "mrbeast").await;
            let shown = account(&tenant, id, now).await;
            assert_eq!(shown.username, "mrbeast", "{stand_in}");
            assert!(shown.previous_usernames.is_empty(), "{:?}", shown.previous_usernames);
            assert_eq!(shown.platform_account_id.as_deref(), Some(CHANNEL));
            now = now.plus(DAY);
        }
        youtube(home.store.clone(), now, "beast").await;
        let former = "SELECT previous_usernames FROM profiles WHERE username = 'beast'";
        assert_eq!(home.text(former).await.as_deref(), Some("[\"mrbeast\"]"), "a handle is");
        youtube(home.store.clone(), now.plus(25 * HOUR), CHANNEL).await;
        assert_eq!(home.number("SELECT COUNT(*) FROM profiles WHERE username = 'beast'").await, Some(1), "a page without a handle takes none away");
    }
}
