//! Many accounts or videos in one transaction, alone and beside others; the organization's defaults and bounds; what it uses.

#![expect(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a helper of a test fails the test")]

mod support;

use std::sync::Arc;
use std::time::Instant;

use domain::{AccountId, CreatorId, Handle, OrganizationId, Platform, Timestamp, VideoId, Wake};
use store::{
    AccountChange, CreatorChange, NewAccount, NewVideo, OrganizationChange, Refusal, StoreError, Tenant, Tracked,
    VideoChange,
};
use support::{
    HOUR, Home, MINUTE, START, account, account_videos, add, add_creator, add_video, answer, begin, new_account,
    new_video, organization, patch, post, post_id, tenant, video, work,
};
use tokio::sync::Semaphore;

type Made<T> = Vec<Result<T, Refusal>>;

async fn accounts(tenant: &Tenant, new: &[NewAccount]) -> Result<(Made<AccountId>, Vec<Wake>), StoreError> {
    let mut tx = begin(tenant, START).await;
    let made = tx.create_accounts(new).await?;
    Ok((made, tx.commit().await?))
}

async fn videos(tenant: &Tenant, new: &[NewVideo]) -> Result<(Made<VideoId>, Vec<Wake>), StoreError> {
    let mut tx = begin(tenant, START).await;
    let made = tx.create_videos(new).await?;
    Ok((made, tx.commit().await?))
}

async fn change(tenant: &Tenant, change: OrganizationChange, now: Timestamp) {
    let mut tx = begin(tenant, now).await;
    tx.update_settings(&change).await.unwrap();
    tx.commit().await.unwrap();
}

fn handles(range: std::ops::Range<i64>) -> Vec<NewAccount> {
    range.map(|n| new_account(&format!("amy{n}"))).collect()
}

fn posts(range: std::ops::Range<i64>) -> Vec<NewVideo> {
    range.map(|n| new_video(&post_id(n).to_string())).collect()
}

fn on_youtube(name: &str) -> NewAccount {
    NewAccount {
        platform: Platform::Youtube,
        handle: Handle::parse(Platform::Youtube, name).unwrap(),
        ..new_account("amy")
    }
}

/// What became of each item, in short: `+` created, `=` there already, `Q` over the cap, `C` no such creator.
fn signs<T>(made: &Made<T>) -> String {
    made.iter()
        .map(|made| match made {
            Ok(_) => '+',
            Err(Refusal::Duplicate { .. }) => '=',
            Err(Refusal::QuotaExceeded { .. }) => 'Q',
            Err(Refusal::NoCreator(_)) => 'C',
            Err(other) => panic!("{other:?}"),
        })
        .collect()
}

fn duplicate_of<T>(made: &Result<T, Refusal>) -> uuid::Uuid {
    match made {
        Err(Refusal::Duplicate { existing_id }) => *existing_id,
        Ok(_) | Err(_) => panic!("no duplicate"),
    }
}

async fn number(home: &Home, sql: &str) -> i64 {
    home.number(sql).await.unwrap()
}

async fn settled(home: &Home) {
    let miscounted = "SELECT COUNT(*) FROM organizations o WHERE o.tracked_accounts <> \
         (SELECT COUNT(*) FROM accounts a WHERE a.organization_id = o.id)";
    assert_eq!(number(home, miscounted).await, 0, "the counter is the count");
    let lost = "SELECT COUNT(*) FROM profiles p WHERE NOT EXISTS (SELECT 1 FROM accounts a WHERE a.profile_id = p.id)";
    assert_eq!(number(home, lost).await, 0, "what was refused left no profile");
    let lost = "SELECT COUNT(*) FROM schedules s WHERE s.kind = 'profile' \
         AND NOT EXISTS (SELECT 1 FROM profiles p WHERE p.id = s.target_id)";
    assert_eq!(number(home, lost).await, 0, "what was refused left no schedule");
}

on_both! {
    async fn a_batch_is_what_single_additions_would_have_come_to(home) {
        let (bulk, single) = (tenant(&home.store).await, tenant(&home.store).await);
        let mut new = handles(0..3);
        new[0].category = Some("food".to_owned());
        new[0].scrape_interval_hours = Some(6);
        new[1].max_recent_posts = Some(9);
        new[1].is_active = false;
        new[2].post_lookback_days = Some(30);
        let (made, wakes) = accounts(&bulk, &new).await.unwrap();
        assert_eq!((signs(&made).as_str(), wakes.len()), ("+++", 2));
        for (new, id) in new.iter().zip(made) {
            let (alone, _) = add(&single, new, START).await;
            let of_batch = account(&bulk, id.unwrap(), START).await;
            let alone = account(&single, alone, START).await;
            assert_eq!(of_batch, store::Account { id: of_batch.id, ..alone });
        }
        let (made, wakes) = videos(&bulk, &posts(0..2)).await.unwrap();
        assert_eq!((signs(&made).as_str(), wakes.len()), ("++", 2));
        let of_batch = video(&bulk, *made[0].as_ref().unwrap(), START).await;
        let alone = add_video(&single, &posts(0..1)[0], START).await;
        assert_eq!(of_batch, store::Video { id: of_batch.id, ..video(&single, alone, START).await });
        settled(&home).await;
    }

    async fn what_a_batch_adds_is_read_at_once_and_its_runs_name_the_call(home) {
        let tenant = tenant(&home.store).await;
        let mut tx = begin(&tenant, START).await;
        let mut new = handles(0..150);
        new[7].is_active = false;
        tx.create_accounts(&new).await.unwrap();
        tx.create_videos(&posts(0..120)).await.unwrap();
        let wakes = tx.commit().await.unwrap();
        assert_eq!(wakes.len(), 149 + 120);
        assert_eq!(home.store.count_due(START).await.unwrap(), 149 + 120);
        for (kind, count) in [("profile", 149), ("post", 120)] {
            let runs = format!(
                "SELECT COUNT(*) FROM runs r JOIN schedules s ON s.run_id = r.id JOIN tracked_runs t ON t.run_id = r.id \
                 AND t.organization_id = r.organization_id WHERE s.kind = '{kind}' AND r.kind = s.kind \
                 AND r.target_id = s.target_id AND r.platform = 'tiktok' AND r.reason = 'created' AND r.status = 'queued' \
                 AND r.request_id IS NOT NULL AND r.request_id = s.request_id AND s.generation = 1"
            );
            assert_eq!(number(&home, &runs).await, count);
        }
        for wake in &wakes {
            support::claim(&home.store, wake, START).await;
        }
    }

    async fn what_another_organization_waits_for_is_read_once_for_both(home) {
        let (first, second) = (tenant(&home.store).await, tenant(&home.store).await);
        accounts(&first, &handles(0..3)).await.unwrap();
        accounts(&second, &handles(1..4)).await.unwrap();
        assert_eq!(number(&home, "SELECT COUNT(*) FROM profiles").await, 4);
        // Nobody learns from the end of a run that somebody else came.
        assert_eq!(number(&home, "SELECT COUNT(*) FROM runs WHERE status = 'queued'").await, 4);
        assert_eq!(number(&home, "SELECT COUNT(*) FROM runs").await, 4);
        assert_eq!(number(&home, "SELECT COUNT(*) FROM tracked_runs WHERE status = 'queued'").await, 6);
        assert_eq!(home.store.count_due(START).await.unwrap(), 4);
    }

    async fn the_second_of_two_that_are_the_same_is_the_first(home) {
        let tenant = tenant(&home.store).await;
        let (known, _) = add(&tenant, &new_account("amy9"), START).await;
        let mut new = handles(0..2);
        new.extend([new_account("@AMY0"), new_account("amy9"), new_account("amy1")]);
        let (made, wakes) = accounts(&tenant, &new).await.unwrap();
        assert_eq!((signs(&made).as_str(), wakes.len()), ("++===", 2));
        assert_eq!(duplicate_of(&made[2]), made[0].as_ref().unwrap().0);
        assert_eq!(duplicate_of(&made[3]), known.0);
        assert_eq!(duplicate_of(&made[4]), made[1].as_ref().unwrap().0);
        let (again, wakes) = accounts(&tenant, &new).await.unwrap();
        assert_eq!((signs(&again).as_str(), wakes.len()), ("=====", 0));
        let url = new_video(&format!("https://www.tiktok.com/@amy/video/{}", post_id(1)));
        let (made, wakes) = videos(&tenant, &[posts(1..2).remove(0), url.clone(), posts(2..3).remove(0)]).await.unwrap();
        assert_eq!((signs(&made).as_str(), wakes.len()), ("+=+", 2));
        assert_eq!(duplicate_of(&made[1]), made[0].as_ref().unwrap().0);
        let (again, _) = videos(&tenant, &[url]).await.unwrap();
        assert_eq!(duplicate_of(&again[0]), made[0].as_ref().unwrap().0);
        settled(&home).await;
    }

    async fn a_channel_is_one_under_its_id_and_its_handle(home) {
        let tenant = tenant(&home.store).await;
        let id = format!("UC{}", "a".repeat(22));
        add(&tenant, &on_youtube("@amy"), START).await;
        home.sql(&format!("UPDATE profiles SET platform_id = '{id}'")).await;
        let new = [on_youtube(&id), on_youtube("@amy"), new_account("amy"), on_youtube("@ben")];
        let (made, _) = accounts(&tenant, &new).await.unwrap();
        assert_eq!(signs(&made), "==++");
        assert_eq!(duplicate_of(&made[0]), duplicate_of(&made[1]));
    }

    async fn a_creator_must_be_the_organizations_own_and_a_paused_one_pauses(home) {
        let (tenant, other) = (tenant(&home.store).await, tenant(&home.store).await);
        let amy = add_creator(&tenant, "Amy", START).await;
        let paused = add_creator(&tenant, "Paused", START).await;
        let mut tx = begin(&tenant, START).await;
        tx.update_creator(paused, &CreatorChange { is_active: Some(false), ..CreatorChange::default() }).await.unwrap();
        tx.commit().await.unwrap();
        let stranger = add_creator(&other, "Stranger", START).await;
        let mut new = handles(0..4);
        for (new, creator) in new.iter_mut().zip([amy, paused, stranger, CreatorId::new()]) {
            new.creator_id = Some(creator);
        }
        new.push(new_account("amy2"));
        let (made, wakes) = accounts(&tenant, &new).await.unwrap();
        assert_eq!((signs(&made).as_str(), wakes.len()), ("++CC+", 2));
        assert_eq!(number(&home, "SELECT COUNT(*) FROM profiles WHERE username = 'amy3'").await, 0);
        assert_eq!(tenant.creator(amy).await.unwrap().unwrap().total_followers, None);
        settled(&home).await;
    }

    async fn past_the_cap_the_first_ones_are_added_and_nothing_is_left_of_the_others(home) {
        let tenant = home.store.tenant(organization(&home.store, Some(130)).await);
        let empty = add_creator(&tenant, "Empty", START).await;
        add(&tenant, &new_account("amy3"), START).await;
        let mut new = handles(0..250);
        new[249].creator_id = Some(empty);
        new.push(new_account("amy240"));
        let (made, wakes) = accounts(&tenant, &new).await.unwrap();
        let expected = format!("+++={}{}", "+".repeat(126), "Q".repeat(121));
        assert_eq!(signs(&made), expected);
        assert!(matches!(made[250], Err(Refusal::QuotaExceeded { cap: 130 })));
        assert_eq!(wakes.len(), 129);
        assert_eq!(number(&home, "SELECT tracked_accounts FROM organizations").await, 130);
        assert_eq!(tenant.creator(empty).await.unwrap().unwrap().total_followers, Some(0));
        settled(&home).await;
        let (again, _) = accounts(&tenant, &new[..6]).await.unwrap();
        assert_eq!(signs(&again), "======");
    }

    async fn the_cap_is_exact_when_batches_and_single_additions_come_at_once(home) {
        let tenant = home.store.tenant(organization(&home.store, Some(100)).await);
        let mut tasks = Vec::new();
        for n in 0..12_i64 {
            let tenant = tenant.clone();
            tasks.push(tokio::spawn(async move {
                if n % 3 == 0 {
                    let mut tx = begin(&tenant, START).await;
                    let made = tx.create_account(&new_account(&format!("ben{n}"))).await;
                    if made.is_ok() {
                        tx.commit().await.unwrap();
                    }
                    return usize::from(made.is_ok());
                }
                let (made, _) = accounts(&tenant, &handles(n * 20..n * 20 + 30)).await.unwrap();
                made.iter().filter(|made| made.is_ok()).count()
            }));
        }
        let mut made = 0;
        for task in tasks {
            made += task.await.unwrap();
        }
        assert_eq!(made, 100);
        assert_eq!(number(&home, "SELECT tracked_accounts FROM organizations").await, 100);
        settled(&home).await;
    }

    async fn batches_that_share_their_targets_in_any_order_never_wait_for_each_other_in_a_ring(home) {
        let mut tenants = Vec::new();
        for _ in 0..4 {
            tenants.push(tenant(&home.store).await);
        }
        // Half of what they ask for is there already.
        accounts(&tenants[0], &handles(0..120)).await.unwrap();
        videos(&tenants[0], &posts(0..120)).await.unwrap();
        // As many at once as there are connections: waiting for one of those is no waiting in a ring.
        let turns = Arc::new(Semaphore::new(8));
        let mut tasks = Vec::new();
        for round in 0..4_i64 {
            for (n, tenant) in tenants.iter().cloned().enumerate() {
                let (backwards, turns) = (n % 2 == 1, Arc::clone(&turns));
                tasks.push(tokio::spawn(async move {
                    let _turn = turns.acquire().await.unwrap();
                    let (mut accounts_of, mut videos_of) = (handles(round * 20..240), posts(round * 20..240));
                    if backwards {
                        accounts_of.reverse();
                        videos_of.reverse();
                    }
                    accounts(&tenant, &accounts_of).await.map(|_| ())?;
                    videos(&tenant, &videos_of).await.map(|_| ())
                }));
            }
            for n in 0..12 {
                let (tenant, turns) = (tenants[n % 4].clone(), Arc::clone(&turns));
                tasks.push(tokio::spawn(async move {
                    let _turn = turns.acquire().await.unwrap();
                    let mut tx = begin(&tenant, START).await;
                    let made = tx.create_account(&new_account(&format!("amy{}", 239 - n * 17))).await;
                    match made {
                        Ok(_) => tx.commit().await.map(|_| ()),
                        Err(Refusal::Store(error)) => Err(error),
                        Err(_) => Ok(()),
                    }
                }));
            }
        }
        for task in tasks {
            task.await.unwrap().expect("no deadlock");
        }
        assert_eq!(number(&home, "SELECT COUNT(*) FROM accounts").await, 4 * 240);
        assert_eq!(number(&home, "SELECT COUNT(*) FROM videos").await, 4 * 240);
        assert_eq!(number(&home, "SELECT COUNT(*) FROM profiles").await, 240);
        settled(&home).await;
    }

    async fn a_thousand_are_added_in_moments(home) {
        let tenant = tenant(&home.store).await;
        let begun = Instant::now();
        let (made, wakes) = accounts(&tenant, &handles(0..1000)).await.unwrap();
        let of_accounts = begun.elapsed();
        assert_eq!((signs(&made), wakes.len()), ("+".repeat(1000), 1000));
        let begun = Instant::now();
        let (made, _) = videos(&tenant, &posts(0..1000)).await.unwrap();
        let of_videos = begun.elapsed();
        assert_eq!(signs(&made), "+".repeat(1000));
        let begun = Instant::now();
        let (made, _) = accounts(&tenant, &handles(0..1000)).await.unwrap();
        assert_eq!(signs(&made), "=".repeat(1000));
        let again = begun.elapsed();
        eprintln!("a thousand accounts {of_accounts:?}, videos {of_videos:?}, accounts that are there {again:?}");
        assert!(of_accounts.max(of_videos).as_secs() < 10, "{of_accounts:?} {of_videos:?}");
    }

    async fn what_is_added_without_an_interval_has_the_organizations(home) {
        let tenant = tenant(&home.store).await;
        assert_eq!(tenant.settings().await.unwrap().scrape_interval_hours, 24);
        let hours = |hours| OrganizationChange { scrape_interval_hours: Some(hours), ..OrganizationChange::default() };
        for (n, set, expected) in [(0, None, 24), (10, Some(Some(6)), 6), (20, Some(None), 24)] {
            if let Some(set) = set {
                change(&tenant, hours(set), START).await;
            }
            let own = NewAccount { scrape_interval_hours: Some(3), ..new_account(&format!("amy{}", n + 1)) };
            let (one, _) = add(&tenant, &new_account(&format!("amy{n}")), START).await;
            let (many, _) = accounts(&tenant, &[own, new_account(&format!("amy{}", n + 2))]).await.unwrap();
            let many: Vec<_> = many.into_iter().map(Result::unwrap).collect();
            for (id, expected) in [(one, expected), (many[0], 3), (many[1], expected)] {
                assert_eq!(account(&tenant, id, START).await.scrape_interval_hours, expected);
            }
            let one = add_video(&tenant, &posts(n..n + 1)[0], START).await;
            let (many, _) = videos(&tenant, &posts(n + 1..n + 2)).await.unwrap();
            for id in [one, *many[0].as_ref().unwrap()] {
                assert_eq!(video(&tenant, id, START).await.post.scrape_interval_hours, expected);
            }
        }
    }

    async fn settings_change_what_is_said_and_leave_the_rest_and_the_neighbours(home) {
        let (tenant, other) = (tenant(&home.store).await, tenant(&home.store).await);
        let (before, neighbour) = (tenant.settings().await.unwrap(), other.settings().await.unwrap());
        let later = START.plus(HOUR);
        let bounds = OrganizationChange {
            name: Some("New".to_owned()),
            max_recent_posts: Some(Some(5)),
            ..OrganizationChange::default()
        };
        change(&tenant, bounds, later).await;
        let mut expected = before;
        "New".clone_into(&mut expected.name);
        expected.max_recent_posts = Some(5);
        expected.updated_at = later;
        assert_eq!(tenant.settings().await.unwrap(), expected);
        assert_eq!(other.settings().await.unwrap(), neighbour);
        let (id, _) = add(&tenant, &new_account("amy"), START).await;
        assert_eq!(account(&tenant, id, START).await.effective_max_recent_posts, Some(5));
    }

    async fn a_narrower_bound_ends_the_reading_of_posts_and_a_wider_one_begins_it_again(home) {
        let tenant = tenant(&home.store).await;
        let list: Vec<_> = (0..6).map(|n| post(post_id(n), START.minus(HOUR * u32::try_from(n).unwrap()), 10)).collect();
        let (id, _) = add(&tenant, &new_account("amy"), START).await;
        work(&home.store, START, answer("11", "amy", &list)).await;
        assert_eq!(account_videos(&tenant, id, START).await.len(), 6);
        let bound = |bound| OrganizationChange { max_recent_posts: Some(bound), ..OrganizationChange::default() };
        let read_at = async |at: Timestamp| {
            let read = work(&home.store, at, answer("11", "amy", &list)).await;
            read.iter().filter(|target| matches!(target, store::JobTarget::Post { .. })).count()
        };
        change(&tenant, bound(Some(2)), START.plus(MINUTE)).await;
        assert_eq!(read_at(START.plus(26 * HOUR)).await, 2);
        assert_eq!(number(&home, "SELECT COUNT(*) FROM schedules WHERE kind = 'post' AND due_at IS NULL").await, 4);
        assert_eq!(read_at(START.plus(53 * HOUR)).await, 2);
        // No row of any account is touched, and the next read of the account finds out.
        change(&tenant, bound(Some(5)), START.plus(54 * HOUR)).await;
        assert_eq!(number(&home, "SELECT COUNT(*) FROM schedules WHERE kind = 'post' AND due_at IS NULL").await, 4);
        assert_eq!(read_at(START.plus(80 * HOUR)).await, 5);
        change(&tenant, bound(None), START.plus(81 * HOUR)).await;
        assert_eq!(read_at(START.plus(107 * HOUR)).await, 6);
        assert_eq!(number(&home, "SELECT COUNT(*) FROM schedules WHERE kind = 'post' AND due_at IS NULL").await, 0);
    }

    async fn usage_counts_what_is_tracked_and_what_is_collected(home) {
        let (tenant, other) = (tenant(&home.store).await, tenant(&home.store).await);
        accounts(&other, &handles(0..5)).await.unwrap();
        let list: Vec<_> = (0..4).map(|n| post(post_id(n), START, 10)).collect();
        let (amy, _) = add(&tenant, &new_account("amy"), START).await;
        work(&home.store, START, answer("11", "amy", &list)).await;
        let creator = add_creator(&tenant, "Paused", START).await;
        let mut new = handles(20..23);
        new[0].creator_id = Some(creator);
        new.push(on_youtube("@amy"));
        let (made, _) = accounts(&tenant, &new).await.unwrap();
        let mut tx = begin(&tenant, START).await;
        let off = CreatorChange { is_active: Some(false), ..CreatorChange::default() };
        tx.update_creator(creator, &off).await.unwrap();
        tx.commit().await.unwrap();
        let off = AccountChange { is_active: Some(false), ..AccountChange::default() };
        patch(&tenant, *made[1].as_ref().unwrap(), &off, START).await;
        let (made, _) = videos(&tenant, &posts(10..13)).await.unwrap();
        let mut tx = begin(&tenant, START).await;
        let off = VideoChange { is_active: Some(false), ..VideoChange::default() };
        tx.update_video(*made[0].as_ref().unwrap(), &off).await.unwrap();
        tx.commit().await.unwrap();

        let usage = tenant.usage().await.unwrap();
        let tracked = |total, billable| Tracked { total, billable };
        assert_eq!(usage.accounts, [(Platform::Tiktok, tracked(4, 2)), (Platform::Youtube, tracked(1, 1))].into());
        assert_eq!(usage.videos, [(Platform::Tiktok, tracked(3, 2))].into());
        assert_eq!(usage.account_videos, [(Platform::Tiktok, 4), (Platform::Youtube, 0)].into());
        assert_eq!((usage.creators, usage.api_keys, usage.max_tracked_accounts), (1, 0, None));
        assert_eq!(account_videos(&tenant, amy, START).await.len(), 4);
        let mut tx = begin(&tenant, START).await;
        tx.delete_account(amy).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(tenant.usage().await.unwrap().account_videos, [(Platform::Tiktok, 0), (Platform::Youtube, 0)].into());
    }

    async fn usage_costs_little_however_many_posts_there_are(home) {
        let own: OrganizationId = organization(&home.store, None).await;
        let tenant = home.store.tenant(own);
        accounts(&tenant, &handles(0..500)).await.unwrap();
        let numbers = "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 200)";
        home.sql(&format!(
            "INSERT INTO posts (platform, external_id) SELECT 'tiktok', CAST(m AS TEXT) FROM (\
             {numbers} SELECT a.n * 1000 + b.n AS m FROM n a CROSS JOIN n b WHERE a.n <= 100) x"
        ))
        .await;
        home.sql(
            "INSERT INTO account_videos (organization_id, account_id, post_id, platform, added_at, updated_at) \
             SELECT a.organization_id, a.id, p.id, 'tiktok', 0, 0 FROM (SELECT id, organization_id FROM accounts ORDER BY id LIMIT 1) a \
             CROSS JOIN posts p",
        )
        .await;
        home.sql(
            "UPDATE accounts SET total_post_count = (SELECT COUNT(*) FROM account_videos v WHERE v.account_id = accounts.id)",
        )
        .await;
        let begun = Instant::now();
        let usage = tenant.usage().await.unwrap();
        eprintln!("usage at {} account videos of 500 accounts: {:?}", usage.account_videos[&Platform::Tiktok], begun.elapsed());
        assert_eq!(usage.account_videos[&Platform::Tiktok], 20_000);
        assert!(begun.elapsed().as_secs() < 2);
    }
}
