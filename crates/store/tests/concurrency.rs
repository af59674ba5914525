//! Many at once: workers that claim, record, release and vanish while clients add, change and delete.

#![expect(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a helper of a test fails the test")]

mod support;

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use domain::{AccountId, Clock, Observation, Outcome, Platform, PostFacts, RequestId, TargetKind, Wake};
use store::{
    AccountChange, AccountFilter, AccountOrder, Claim, CreatorChange, Job, JobTarget, PostOrder, Recorded, Refusal,
    Store, StoreError, Tenant, VideoFilter,
};
use support::{
    HOUR, Home, MINUTE, START, account, account_videos, add, add_creator, begin, claim, claims, failed, feed,
    new_account, new_video, page_of, policy, post, post_id, profile, record, tenant, whole, work,
};

/// A small generator of numbers, so that a run can be repeated from its seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % sides
    }
}

/// The list of the account `amy<n>`.
fn list(username: &str) -> Vec<PostFacts> {
    let n: i64 = username.trim_start_matches("amy").parse().unwrap();
    (0..3).map(|k| post(post_id(n * 10 + k), START, n + k)).collect()
}

fn answer(job: &Job) -> Observation {
    match &job.target {
        JobTarget::Profile { username, .. } => profile(&format!("id of {username}"), username, 10),
        JobTarget::Feed { username, .. } => feed(list(username)),
        JobTarget::Post { external_id, .. } => {
            let id: i64 = external_id.parse().unwrap();
            page_of(post(id, START, id % 1000))
        }
    }
}

/// What all tasks share.
struct Field {
    store: Store,
    tenants: Vec<Tenant>,
    clock: Clock,
    recorded: Mutex<HashSet<uuid::Uuid>>,
    unavailable: Mutex<u32>,
}

impl Field {
    /// The value, unless the database asked to try again.
    fn passed<T>(&self, result: Result<T, StoreError>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(StoreError::Unavailable(why)) => {
                eprintln!("to be tried again: {why:?}");
                *self.unavailable.lock().unwrap() += 1;
                None
            }
            Err(other) => panic!("{other:?}"),
        }
    }

    async fn job(&self, worker: usize, dice: &mut Dice) -> Option<Job> {
        let now = self.clock.now();
        let gap = Duration::from_secs(dice.roll(3));
        let wakes = self.passed(self.store.offer_due(&support::platform(Platform::Tiktok), 5, gap, now).await)?;
        let at = usize::try_from(dice.roll(u64::try_from(wakes.len()).unwrap().max(1))).unwrap();
        let wake: &Wake = wakes.get(at)?;
        match self.passed(self.store.claim(wake, &claims(&format!("w{worker}")), now).await)? {
            Claim::Taken(job) => Some(*job),
            Claim::NotDue | Claim::Gated | Claim::Untracked => None,
        }
    }

    async fn record(&self, job: &Job, observation: &Observation) {
        let now = self.clock.now();
        if let Some(Recorded::Stored(_)) = self.passed(self.store.record(job, observation, &policy(), now).await) {
            assert!(self.recorded.lock().unwrap().insert(job.lease_token), "one claim was recorded twice: {job:?}");
        }
    }

    /// A worker that does well, gives back, fails, comes late or vanishes, as the dice fall.
    async fn collect(&self, worker: usize, mut dice: Dice) {
        for _ in 0..60 {
            self.clock.advance(Duration::from_secs(dice.roll(20)));
            let Some(job) = self.job(worker, &mut dice).await else { continue };
            match dice.roll(10) {
                0 => {
                    self.passed(self.store.release(&job, self.clock.now()).await);
                }
                1 => self.clock.advance(2 * MINUTE),
                2 => {
                    self.clock.advance(3 * MINUTE);
                    self.record(&job, &answer(&job)).await;
                }
                3 => self.record(&job, &failed(Outcome::Timeout)).await,
                4 => {
                    self.record(&job, &answer(&job)).await;
                    self.record(&job, &answer(&job)).await;
                }
                _ => self.record(&job, &answer(&job)).await,
            }
        }
    }

    /// A client that adds, changes and deletes.
    async fn use_it(&self, tenant: &Tenant, mut dice: Dice) {
        for _ in 0..40 {
            if let Err(refusal) = self.one_change(tenant, &mut dice).await {
                match refusal {
                    Refusal::Store(error) => {
                        self.passed(Err::<(), _>(error));
                    }
                    Refusal::Duplicate { .. }
                    | Refusal::NoAccount(_)
                    | Refusal::NoCreator(_)
                    | Refusal::NoVideo(_)
                    | Refusal::LinkedElsewhere(_)
                    | Refusal::NoCollection(_)
                    | Refusal::NoMember(_)
                    | Refusal::NoExport(_) => {}
                    Refusal::QuotaExceeded { .. }
                    | Refusal::TooManyCollections { .. }
                    | Refusal::CollectionFull { .. }
                    | Refusal::TooManyExports { .. }
                    | Refusal::TooManyExportsAtOnce { .. } => panic!("no cap is near"),
                }
            }
        }
    }

    async fn one_change(&self, tenant: &Tenant, dice: &mut Dice) -> Result<(), Refusal> {
        let now = self.clock.now();
        let page = whole(AccountOrder::AddedAt);
        let accounts = tenant.accounts(&AccountFilter::default(), &page, now).await?.rows;
        let creators = tenant.creators(&store::CreatorFilter::default(), &whole(store::CreatorOrder::Name)).await?.rows;
        let videos = tenant.videos(&VideoFilter::default(), &whole(PostOrder::AddedAt), now).await?.rows;
        let some =
            |count: usize, dice: &mut Dice| usize::try_from(dice.roll(u64::try_from(count).unwrap().max(1))).unwrap();
        let one: Option<AccountId> = accounts.get(some(accounts.len(), dice)).map(|one| one.id);
        let creator = creators.get(some(creators.len(), dice)).map(|one| one.id);
        let mut tx = tenant.begin(&RequestId::new(), now).await?;
        let change = |is_active| AccountChange { is_active: Some(is_active), ..AccountChange::default() };
        match (dice.roll(9), one, creator) {
            (0, Some(id), _) => tx.update_account(id, &change(false)).await?,
            (1, Some(id), _) => tx.update_account(id, &change(true)).await?,
            (2, Some(id), _) => {
                let hours = 1 + i64::try_from(dice.roll(24)).unwrap();
                let change = AccountChange { scrape_interval_hours: Some(hours), ..AccountChange::default() };
                tx.update_account(id, &change).await?;
            }
            (3, Some(id), _) => tx.delete_account(id).await?,
            (4, Some(id), Some(creator)) => {
                tx.link_account(creator, id).await?;
            }
            (5, _, Some(creator)) => {
                let is_active = dice.roll(2) == 0;
                tx.update_creator(creator, &CreatorChange { is_active: Some(is_active), ..CreatorChange::default() })
                    .await?;
            }
            (6, _, _) => {
                let n = i64::try_from(dice.roll(20) * 10 + dice.roll(3)).unwrap();
                tx.create_video(&new_video(&post_id(n).to_string())).await?;
            }
            (7, _, _) if !videos.is_empty() => tx.delete_video(videos[some(videos.len(), dice)].id).await?,
            _ => {
                tx.create_account(&new_account(&format!("amy{}", dice.roll(20)))).await?;
            }
        }
        tx.commit().await?;
        Ok(())
    }

    /// Resumes everything, does all the work, and checks that nothing was forgotten.
    async fn settle(&self, home: &Home) {
        self.clock.advance(HOUR);
        let now = self.clock.now();
        for tenant in &self.tenants {
            let mut tx = begin(tenant, now).await;
            let on = CreatorChange { is_active: Some(true), ..CreatorChange::default() };
            for creator in
                tenant.creators(&store::CreatorFilter::default(), &whole(store::CreatorOrder::Name)).await.unwrap().rows
            {
                tx.update_creator(creator.id, &on).await.unwrap();
            }
            let on =
                AccountChange { is_active: Some(true), scrape_interval_hours: Some(24), ..AccountChange::default() };
            for one in
                tenant.accounts(&AccountFilter::default(), &whole(AccountOrder::AddedAt), now).await.unwrap().rows
            {
                tx.update_account(one.id, &on).await.unwrap();
            }
            tx.commit().await.unwrap();
        }
        let later = now.plus(26 * HOUR);
        work(&self.store, later, answer).await;
        for tenant in &self.tenants {
            let accounts =
                tenant.accounts(&AccountFilter::default(), &whole(AccountOrder::AddedAt), later).await.unwrap().rows;
            for one in &accounts {
                assert_eq!(one.last_scrape_at, Some(later), "{one:?}");
                let posts = account_videos(tenant, one.id, later).await;
                assert_eq!(posts.len(), 3, "{one:?}");
                assert!(posts.iter().all(|found| found.post.last_scrape_at == Some(later)), "{posts:?}");
                let sum: i64 = posts.iter().map(|found| found.post.counts.view_count.unwrap()).sum();
                assert_eq!(one.sums.view_count, Some(sum));
            }
            for one in tenant.videos(&VideoFilter::default(), &whole(PostOrder::AddedAt), later).await.unwrap().rows {
                assert_eq!(one.post.last_scrape_at, Some(later), "{one:?}");
            }
            let organization = "SELECT COUNT(*) FROM organizations o WHERE o.tracked_accounts <> \
                 (SELECT COUNT(*) FROM accounts a WHERE a.organization_id = o.id)";
            assert_eq!(home.number(organization).await, Some(0), "the counter is the count");
        }
        let orphans = "SELECT (SELECT COUNT(*) FROM posts p WHERE NOT EXISTS (SELECT 1 FROM videos v WHERE v.post_id = p.id) \
             AND NOT EXISTS (SELECT 1 FROM account_videos v WHERE v.post_id = p.id)) + (SELECT COUNT(*) FROM profiles p \
             WHERE NOT EXISTS (SELECT 1 FROM accounts a WHERE a.profile_id = p.id) AND NOT EXISTS (SELECT 1 FROM posts q WHERE q.profile_id = p.id))";
        assert_eq!(home.number(orphans).await, Some(0), "nothing is kept that nobody tracks");
        let leases = "SELECT COUNT(*) FROM schedules WHERE lease_token IS NOT NULL";
        assert_eq!(home.number(leases).await, Some(0));
    }
}

on_both! {
    async fn workers_and_clients_at_once_lose_and_double_nothing(home) {
        let seed = 20_260_101_u64;
        eprintln!("seed {seed}");
        let mut tenants = Vec::new();
        for n in 0..3 {
            let tenant = tenant(&home.store).await;
            add_creator(&tenant, "One", START).await;
            add_creator(&tenant, "Two", START).await;
            for k in 0..20 {
                if (n + k) % 2 == 0 {
                    add(&tenant, &new_account(&format!("amy{k}")), START).await;
                }
            }
            tenants.push(tenant);
        }
        let field = Arc::new(Field {
            store: home.store.clone(),
            tenants,
            clock: Clock::manual(START),
            recorded: Mutex::new(HashSet::new()),
            unavailable: Mutex::new(0),
        });
        let workers = (0..8_usize).map(|n| {
            let (field, dice) = (Arc::clone(&field), Dice(seed + 7919 * u64::try_from(n).unwrap()));
            tokio::spawn(async move { field.collect(n, dice).await })
        });
        let clients = (0..3_usize).map(|n| {
            let (field, dice) = (Arc::clone(&field), Dice(seed + 104_729 * (1 + u64::try_from(n).unwrap())));
            tokio::spawn(async move { field.use_it(&field.tenants[n].clone(), dice).await })
        });
        for task in workers.chain(clients).collect::<Vec<_>>() {
            task.await.unwrap();
        }
        let recorded = field.recorded.lock().unwrap().len();
        let unavailable = *field.unavailable.lock().unwrap();
        eprintln!("{recorded} recordings, {unavailable} asked to try again");
        assert!(recorded > 60, "the loop did something: {recorded}");
        assert!(unavailable <= 10, "locks are taken in one order: {unavailable} transactions had to be tried again");
        field.settle(&home).await;
    }

    async fn sums_hold_when_the_posts_of_one_account_are_recorded_at_once(home) {
        let tenant = tenant(&home.store).await;
        let creator = add_creator(&tenant, "Amy", START).await;
        let mut new = new_account("amy1");
        new.creator_id = Some(creator);
        let (id, _) = add(&tenant, &new, START).await;
        let list: Vec<_> = (0..16).map(|n| post(post_id(n), START, 1)).collect();
        work(&home.store, START, |job| match &job.target {
            JobTarget::Profile { .. } => profile("11", "amy1", 10),
            JobTarget::Feed { .. } => feed(list.clone()),
            JobTarget::Post { external_id, .. } => page_of(post(external_id.parse().unwrap(), START, 1)),
        })
        .await;
        let mut now = START;
        for round in 0..4_i64 {
            now = now.plus(26 * HOUR);
            let offered = home.store.offer_due(&support::platform(Platform::Tiktok), 100, MINUTE, now).await.unwrap();
            let mut tasks = Vec::new();
            for wake in offered.into_iter().filter(|wake| wake.kind == TargetKind::Post) {
                let job = claim(&home.store, &wake, now).await;
                let store = home.store.clone();
                tasks.push(tokio::spawn(async move {
                    let JobTarget::Post { external_id, .. } = &job.target else { unreachable!() };
                    let seen = page_of(post(external_id.parse().unwrap(), START, 100 + round));
                    record(&store, &job, &seen, now).await;
                }));
            }
            assert_eq!(tasks.len(), 16);
            for task in tasks {
                task.await.unwrap();
            }
            assert_eq!(account(&tenant, id, now).await.sums.view_count, Some(16 * (100 + round)));
        }
    }

    async fn followers_of_a_creator_hold_when_its_accounts_are_recorded_at_once(home) {
        let tenant = tenant(&home.store).await;
        let creator = add_creator(&tenant, "Amy", START).await;
        let mut jobs = Vec::new();
        for n in 0..12 {
            let mut new = new_account(&format!("amy{n}"));
            new.creator_id = Some(creator);
            let (_, wakes) = add(&tenant, &new, START).await;
            jobs.push((n, claim(&home.store, &wakes[0], START).await));
        }
        let tasks: Vec<_> = jobs
            .into_iter()
            .map(|(n, job)| {
                let store = home.store.clone();
                tokio::spawn(async move {
                    record(&store, &job, &profile(&n.to_string(), &format!("amy{n}"), 100), START).await;
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(tenant.creator(creator).await.unwrap().unwrap().total_followers, Some(1200));
    }

    async fn workers_that_clear_away_the_last_posts_of_a_profile_at_once_leave_no_profile(home) {
        let tenant = tenant(&home.store).await;
        for n in 0..4 {
            let (id, _) = add(&tenant, &new_account(&format!("amy{n}")), START).await;
            work(&home.store, START, answer).await;
            let mut tx = begin(&tenant, START).await;
            tx.delete_account(id).await.unwrap();
            tx.commit().await.unwrap();
            let offered = home.store.offer_due(&support::platform(Platform::Tiktok), 100, MINUTE, START).await.unwrap();
            let tasks: Vec<_> = offered
                .into_iter()
                .map(|wake| {
                    let store = home.store.clone();
                    tokio::spawn(async move { store.claim(&wake, &claims("w"), START).await.unwrap() })
                })
                .collect();
            for task in tasks {
                assert!(matches!(task.await.unwrap(), Claim::Untracked | Claim::NotDue));
            }
            assert_eq!(home.store.count_targets().await.unwrap(), 0);
        }
    }

    async fn an_account_that_is_added_while_its_profile_is_first_read_is_no_deadlock(home) {
        for n in 0..6 {
            let handle = format!("amy{n}");
            let first = tenant(&home.store).await;
            let (_, wakes) = add(&first, &new_account(&handle), START).await;
            let job = claim(&home.store, &wakes[0], START).await;
            let mut others = Vec::new();
            for _ in 0..3 {
                others.push(tenant(&home.store).await);
            }
            let tasks: Vec<_> = others
                .into_iter()
                .map(|other| {
                    let handle = handle.clone();
                    tokio::spawn(async move { add(&other, &new_account(&handle), START).await })
                })
                .collect();
            record(&home.store, &job, &profile(&handle, &handle, 5), START).await;
            for task in tasks {
                task.await.unwrap();
            }
        }
    }

    async fn two_handles_of_one_profile_that_are_first_read_at_once_become_one(home) {
        let (one, two) = (tenant(&home.store).await, tenant(&home.store).await);
        let mut jobs = Vec::new();
        for (tenant, handle) in [(&one, "amy1"), (&two, "amy2")] {
            let (_, wakes) = add(tenant, &new_account(handle), START).await;
            jobs.push(claim(&home.store, &wakes[0], START).await);
        }
        let tasks: Vec<_> = jobs
            .into_iter()
            .map(|job| {
                let store = home.store.clone();
                tokio::spawn(async move {
                    loop {
                        match store.record(&job, &profile("11", "amy2", 5), &policy(), START).await {
                            Ok(recorded) => return recorded,
                            Err(StoreError::Unavailable(_)) => {}
                            Err(other) => panic!("{other:?}"),
                        }
                    }
                })
            })
            .collect();
        for task in tasks {
            assert!(matches!(task.await.unwrap(), Recorded::Stored(_)));
        }
        work(&home.store, START.plus(MINUTE), |job| match &job.target {
            JobTarget::Profile { .. } => profile("11", "amy2", 5),
            JobTarget::Feed { .. } => feed(Vec::new()),
            JobTarget::Post { .. } => failed(Outcome::NotFound),
        })
        .await;
        assert_eq!(home.number("SELECT COUNT(*) FROM profiles").await, Some(1));
        for tenant in [&one, &two] {
            let found = tenant.accounts(&AccountFilter::default(), &whole(AccountOrder::AddedAt), START).await.unwrap().rows;
            assert_eq!((found.len(), found[0].follower_count), (1, Some(5)));
        }
    }
}

/// SQLite has no server that could end it, and one process.
#[tokio::test]
async fn what_a_frozen_process_had_begun_on_postgres_holds_nobody_up_for_long() {
    let Some(home) = support::postgres().await else { return };
    let tenant = tenant(&home.store).await;
    let mut frozen = begin(&tenant, START).await;
    frozen.create_account(&new_account("amy")).await.unwrap();
    let (id, _) = tokio::time::timeout(MINUTE, add(&tenant, &new_account("amy"), START))
        .await
        .expect("the account is free to be added while nobody ends the first transaction");
    let woken = frozen.commit().await;
    assert!(matches!(woken, Err(StoreError::Unavailable(_))), "{woken:?}");
    assert!(tenant.account(id, START).await.unwrap().is_some());
}
