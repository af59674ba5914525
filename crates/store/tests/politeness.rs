//! What all workers together may ask of a platform: budgets for each way out, breakers, the platform's own waits, the stop switch, and the
//! sources that are tried one after another.

#![expect(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a helper of a test fails the test")]

mod support;

use std::time::Duration;

use domain::{Channel, Observation, Outcome, Platform, PostFacts, RunStatus, Source, TargetKind, Timestamp, Wake};
use store::{BreakerState, Budget, Claim, ClaimPolicy, GateState, Job, PlatformPolicy, Store};
use support::{HOUR, Home, MINUTE, START, add, claims, failed, new_account, policy, profile, record, tenant};

const SECOND: Duration = Duration::from_secs(1);

/// Claims under a policy for TikTok.
fn under(worker: &str, change: impl Fn(&mut PlatformPolicy)) -> ClaimPolicy {
    let mut claims = claims(worker);
    claims.platforms.iter_mut().for_each(change);
    claims
}

async fn try_claim(store: &Store, wake: &Wake, claims: &ClaimPolicy, now: Timestamp) -> Option<Job> {
    match store.claim(wake, claims, now).await.unwrap() {
        Claim::Taken(job) => Some(*job),
        Claim::Gated => None,
        other @ (Claim::NotDue | Claim::Untracked) => panic!("{other:?}"),
    }
}

/// The wakes of `count` new accounts.
async fn accounts(home: &Home, count: usize) -> Vec<Wake> {
    let tenant = tenant(&home.store).await;
    let mut wakes = Vec::new();
    for n in 0..count {
        wakes.extend(add(&tenant, &new_account(&format!("amy{n}")), START).await.1);
    }
    wakes
}

async fn gate(store: &Store, egress: &str, now: Timestamp) -> GateState {
    let states = store.platform_states(now).await.unwrap();
    let tiktok = states.into_iter().find(|state| state.platform == Platform::Tiktok).unwrap();
    tiktok.gates.into_iter().find(|gate| gate.egress == egress).unwrap()
}

/// A claimed job of a wake that comes to `outcome`.
async fn ends_in(store: &Store, wake: &Wake, outcome: Outcome, now: Timestamp) {
    let job = try_claim(store, wake, &claims("w1"), now).await.expect("the gate is open");
    record(store, &job, &failed(outcome), now).await;
}

/// The sources of a post in a chain: two pages, or an official one before them.
fn chain(policy: &mut PlatformPolicy, official: bool) {
    let page = |name| Source { name, channel: Channel::Page };
    let mut sources = vec![page("test.page"), page("test.embed")];
    if official {
        sources.insert(0, Source { name: "test.official", channel: Channel::Official });
    }
    policy.sources.profile.clone_from(&sources);
    policy.sources.post = sources;
}

on_both! {
    async fn no_more_page_loads_are_under_way_than_the_budget_allows_and_a_killed_worker_gives_its_place_back(home) {
        let wakes = accounts(&home, 4).await;
        let polite = under("w1", |policy| policy.pages.max_in_flight = Some(2));
        let one = try_claim(&home.store, &wakes[0], &polite, START).await.unwrap();
        try_claim(&home.store, &wakes[1], &polite, START).await.unwrap();
        assert!(try_claim(&home.store, &wakes[2], &polite, START).await.is_none());
        record(&home.store, &one, &profile("0", "amy0", 1), START).await;
        try_claim(&home.store, &wakes[2], &polite, START).await.expect("one has ended");
        assert!(try_claim(&home.store, &wakes[3], &polite, START).await.is_none());
        let later = START.plus(polite.lease);
        assert!(try_claim(&home.store, &wakes[3], &polite, later).await.is_some(), "the workers of the other two are gone");
    }

    async fn no_hour_sees_more_page_loads_than_its_cap(home) {
        let wakes = accounts(&home, 8).await;
        let polite = under("w1", |policy| policy.pages.max_per_hour = Some(3));
        let mut times = Vec::new();
        let mut waiting = wakes.iter();
        let mut next = waiting.next();
        for minute in 0..200 {
            let now = START.plus(minute * MINUTE);
            let Some(wake) = next else { break };
            // A wake whose claim was passed over is offered again: its row is still due.
            if let Some(job) = try_claim(&home.store, wake, &polite, now).await {
                record(&home.store, &job, &failed(Outcome::ParseError), now).await;
                times.push(now);
                next = waiting.next();
            }
        }
        assert_eq!(times.len(), 8);
        for window in times.windows(4) {
            assert!(window[3].since(window[0]) >= HOUR, "{times:?}");
        }
    }

    async fn each_way_out_has_a_budget_of_its_own(home) {
        let wakes = accounts(&home, 3).await;
        let polite = under("w1", |policy| {
            policy.egresses = vec!["east".to_owned(), "west".to_owned()];
            policy.pages.min_interval = 8 * SECOND;
        });
        let one = try_claim(&home.store, &wakes[0], &polite, START).await.unwrap();
        let two = try_claim(&home.store, &wakes[1], &polite, START).await.unwrap();
        let mut ways = [one.egress, two.egress];
        ways.sort();
        assert_eq!(ways, ["east", "west"]);
        assert!(try_claim(&home.store, &wakes[2], &polite, START.plus(7 * SECOND)).await.is_none());
        assert!(try_claim(&home.store, &wakes[2], &polite, START.plus(8 * SECOND)).await.is_some());
    }

    async fn a_breaker_stays_open_for_longer_each_time_and_lets_one_probe_through(home) {
        let wakes = accounts(&home, 12).await;
        for wake in &wakes[..3] {
            ends_in(&home.store, wake, Outcome::Blocked, START).await;
        }
        let mut now = START;
        for (n, wait) in [5 * MINUTE, 15 * MINUTE, HOUR, 6 * HOUR, 6 * HOUR].into_iter().enumerate() {
            let state = gate(&home.store, "direct", now).await;
            assert_eq!((state.breaker, state.closed_until), (BreakerState::Open, Some(now.plus(wait))), "opening {n}");
            assert!(try_claim(&home.store, &wakes[3 + n], &claims("w1"), now.plus(wait).minus(SECOND)).await.is_none());
            now = now.plus(wait);
            assert_eq!(gate(&home.store, "direct", now).await.breaker, BreakerState::HalfOpen);
            let probe = try_claim(&home.store, &wakes[3 + n], &claims("w1"), now).await.expect("a probe");
            assert!(try_claim(&home.store, &wakes[4 + n], &claims("w2"), now).await.is_none(), "one probe at a time");
            record(&home.store, &probe, &failed(Outcome::Blocked), now).await;
        }
        now = now.plus(6 * HOUR);
        let probe = try_claim(&home.store, &wakes[9], &claims("w1"), now).await.expect("a probe");
        record(&home.store, &probe, &failed(Outcome::NotFound), now).await;
        let state = gate(&home.store, "direct", now).await;
        assert_eq!((state.breaker, state.refusals), (BreakerState::Closed, 0), "any clear answer closes it");
        for wake in &wakes[10..12] {
            try_claim(&home.store, wake, &claims("w1"), now).await.expect("all may ask again");
        }
    }

    async fn a_probe_whose_worker_dies_or_that_meets_no_answer_makes_way_for_the_next(home) {
        let wakes = accounts(&home, 6).await;
        for wake in &wakes[..3] {
            ends_in(&home.store, wake, Outcome::Blocked, START).await;
        }
        let now = START.plus(5 * MINUTE);
        try_claim(&home.store, &wakes[3], &claims("w1"), now).await.expect("a probe, whose worker is killed");
        assert!(try_claim(&home.store, &wakes[4], &claims("w2"), now).await.is_none());
        let later = now.plus(claims("w1").lease);
        ends_in(&home.store, &wakes[4], Outcome::NetworkError, later).await;
        assert_eq!(gate(&home.store, "direct", later).await.breaker, BreakerState::HalfOpen);
        try_claim(&home.store, &wakes[5], &claims("w2"), later).await.expect("the next probe");
    }

    async fn what_comes_back_after_the_breaker_opened_opens_it_no_further(home) {
        let wakes = accounts(&home, 6).await;
        let mut jobs = Vec::new();
        for wake in &wakes {
            jobs.push(try_claim(&home.store, wake, &claims("w1"), START).await.unwrap());
        }
        for job in &jobs {
            record(&home.store, job, &failed(Outcome::Blocked), START).await;
        }
        assert_eq!(gate(&home.store, "direct", START).await.closed_until, Some(START.plus(5 * MINUTE)));
    }

    async fn the_platforms_own_wait_holds_for_every_worker_and_for_no_longer_than_six_hours(home) {
        let wakes = accounts(&home, 3).await;
        for (wake, asked, held) in [(&wakes[0], 20 * MINUTE, 20 * MINUTE), (&wakes[1], 1000 * HOUR, 6 * HOUR)] {
            let now = if held == 20 * MINUTE { START } else { START.plus(HOUR) };
            let job = try_claim(&home.store, wake, &claims("w1"), now).await.unwrap();
            let throttled = Observation { retry_after: Some(asked), ..failed(Outcome::RateLimited) };
            record(&home.store, &job, &throttled, now).await;
            assert!(try_claim(&home.store, &wakes[2], &claims("w2"), now.plus(held).minus(SECOND)).await.is_none());
        }
        let now = START.plus(7 * HOUR);
        assert!(try_claim(&home.store, &wakes[2], &claims("w2"), now).await.is_some());
    }

    async fn page_loads_are_counted_where_nothing_was_refused_and_are_under_way_as_long_as_a_lease(home) {
        let wakes = accounts(&home, 1).await;
        let job = try_claim(&home.store, &wakes[0], &claims("w1"), START).await.unwrap();
        home.sql("DELETE FROM gates").await;
        let counted = async |now| {
            let states = home.store.platform_states_under(MINUTE, now).await.unwrap();
            let tiktok = states.into_iter().find(|state| state.platform == Platform::Tiktok).unwrap();
            tiktok.gates.iter().map(|gate| (gate.egress.clone(), gate.loads_last_hour, gate.in_flight)).collect::<Vec<_>>()
        };
        assert_eq!(counted(START.plus(SECOND)).await, [(job.egress.clone(), 1, 1)]);
        assert_eq!(counted(START.plus(MINUTE)).await, [(job.egress.clone(), 1, 0)], "its worker was lost");
        assert_eq!(counted(START.plus(HOUR)).await, []);
    }

    async fn a_stopped_platform_is_asked_nothing_until_it_is_started_again(home) {
        let wakes = accounts(&home, 1).await;
        home.store.stop_platform(Platform::Tiktok, Some("a letter came"), START).await.unwrap();
        assert!(try_claim(&home.store, &wakes[0], &claims("w1"), START).await.is_none());
        let tiktok = support::platform(Platform::Tiktok);
        assert!(home.store.offer_due(&tiktok, 10, Duration::ZERO, START).await.unwrap().is_empty());
        let source = tiktok.sources.profile[0];
        let slot = home.store.take_slot(&tiktok, source, TargetKind::Profile, "w1", MINUTE, START).await.unwrap();
        assert_eq!(slot, None);
        let states = home.store.platform_states(START).await.unwrap();
        let stopped: Vec<_> = states.iter().filter(|state| state.stopped_at.is_some()).collect();
        assert_eq!(stopped.len(), 1);
        assert_eq!(stopped[0].stopped_because.as_deref(), Some("a letter came"));
        home.store.start_platform(Platform::Tiktok).await.unwrap();
        assert!(try_claim(&home.store, &wakes[0], &claims("w1"), START).await.is_some());
    }

    async fn a_source_that_fails_does_not_fail_the_next_and_each_is_a_page_load_with_a_slot_of_its_own(home) {
        let wakes = accounts(&home, 1).await;
        let polite = under("w1", |policy| {
            chain(policy, true);
            policy.pages.min_interval = 4 * SECOND;
        });
        let official = try_claim(&home.store, &wakes[0], &polite, START).await.unwrap();
        assert_eq!((official.source.name, official.egress.as_str(), official.is_primary), ("test.official", "official", true));
        let again = record(&home.store, &official, &failed(Outcome::RateLimited), START).await;
        let page = try_claim(&home.store, &again[0], &polite, START).await.unwrap();
        assert_eq!((page.source.name, page.egress.as_str(), page.is_primary), ("test.page", "direct", true));
        assert_eq!(page.run_id, official.run_id, "one run, several page loads");
        let again = record(&home.store, &page, &failed(Outcome::ParseError), START).await;
        assert!(try_claim(&home.store, &again[0], &polite, START.plus(3 * SECOND)).await.is_none());
        let then = START.plus(4 * SECOND);
        let embed = try_claim(&home.store, &again[0], &polite, then).await.unwrap();
        assert_eq!((embed.source.name, embed.is_primary), ("test.embed", false));
        record(&home.store, &embed, &profile("0", "amy0", 5), then).await;
        let run = format!("SELECT attempts FROM runs WHERE status = '{}' AND outcome = 'ok'", RunStatus::Succeeded.as_str());
        assert_eq!(home.number(&run).await, Some(3));
        assert_eq!(home.number("SELECT COUNT(*) FROM page_loads WHERE outcome IS NOT NULL").await, Some(3));
        let states = home.store.platform_states(then).await.unwrap();
        let tiktok = states.iter().find(|state| state.platform == Platform::Tiktok).unwrap();
        let shown: Vec<_> = tiktok.sources.iter().map(|s| (s.name.as_str(), s.loads, s.successes, s.last_outcome)).collect();
        assert_eq!(shown, [
            ("test.embed", 1, 1, Some(Outcome::Ok)),
            ("test.official", 1, 0, Some(Outcome::RateLimited)),
            ("test.page", 1, 0, Some(Outcome::ParseError)),
        ]);
    }

    async fn when_every_source_fails_the_run_ends_as_the_platforms_own_page_did(home) {
        let tenant = tenant(&home.store).await;
        let (id, wakes) = add(&tenant, &new_account("amy"), START).await;
        let chained = under("w1", |policy| chain(policy, true));
        let mut wake = wakes[0].clone();
        for outcome in [Outcome::NetworkError, Outcome::ParseError, Outcome::NotFound] {
            let job = try_claim(&home.store, &wake, &chained, START).await.unwrap();
            let mut wakes = record(&home.store, &job, &failed(outcome), START).await;
            wake = wakes.pop().unwrap_or(wake);
        }
        let account = tenant.account(id, START).await.unwrap().unwrap();
        assert_eq!(account.freshness.last_attempt_outcome, Some(Outcome::ParseError));
        assert_eq!(account.freshness.consecutive_failures, 1, "one run, one failure");
        assert_eq!(home.number("SELECT COUNT(*) FROM profiles WHERE gone_since IS NOT NULL").await, Some(0));
        let detail = home.text("SELECT detail FROM runs WHERE outcome = 'parse_error'").await.unwrap();
        for source in ["test.official: ", "test.page: ", "test.embed: "] {
            assert!(detail.contains(source), "{detail}");
        }
    }

    async fn a_caption_without_counts_is_no_read_of_a_post(home) {
        let tenant = tenant(&home.store).await;
        let id = support::add_video(&tenant, &support::new_video("7571863205253778710"), START).await;
        let tiktok = support::platform(Platform::Tiktok);
        let wakes = home.store.offer_due(&tiktok, 1, Duration::ZERO, START).await.unwrap();
        let chained = under("w1", |policy| chain(policy, false));
        let job = try_claim(&home.store, &wakes[0], &chained, START).await.unwrap();
        let again = record(&home.store, &job, &failed(Outcome::Blocked), START).await;
        let job = try_claim(&home.store, &again[0], &chained, START).await.unwrap();
        let mut bare = PostFacts::bare(Platform::Tiktok, "7571863205253778710".to_owned());
        bare.description = Some("a caption".to_owned());
        record(&home.store, &job, &support::feed(vec![bare]), START).await;
        let video = tenant.video(id, START).await.unwrap().unwrap();
        assert_eq!(video.post.last_scrape_at, None);
        assert_eq!(video.post.freshness.last_attempt_outcome, Some(Outcome::Blocked));
    }

    async fn a_platform_that_asks_for_fewer_requests_is_not_asked_by_another_source_of_the_same_door(home) {
        let wakes = accounts(&home, 1).await;
        let chained = under("w1", |policy| chain(policy, false));
        let job = try_claim(&home.store, &wakes[0], &chained, START).await.unwrap();
        assert!(record(&home.store, &job, &failed(Outcome::RateLimited), START).await.is_empty());
        let retried = home.number("SELECT due_at FROM schedules WHERE step = 0 AND kind = 'profile'").await.unwrap();
        assert!(retried > START.as_millis());
    }

    async fn a_slot_outside_of_the_schedule_counts_in_the_same_budget(home) {
        let wakes = accounts(&home, 2).await;
        let polite = under("w1", |policy| policy.pages.max_in_flight = Some(1));
        let tiktok = polite.platforms.iter().find(|p| p.platform == Platform::Tiktok).unwrap();
        let source = Source { name: "test.canary", channel: Channel::Page };
        let take = async |now| {
            home.store.take_slot(tiktok, source, TargetKind::Profile, "w1", polite.lease, now).await.unwrap()
        };
        let slot = take(START).await.unwrap();
        assert!(try_claim(&home.store, &wakes[0], &polite, START).await.is_none());
        home.store.finish_slot(&slot, &profile("0", "amy0", 1), START).await.unwrap();
        try_claim(&home.store, &wakes[0], &polite, START).await.unwrap();
        assert_eq!(take(START).await, None);
    }

    async fn a_canary_is_read_by_one_worker_at_a_time_and_remembers_since_when_it_fails(home) {
        let canaries = [(Platform::Tiktok, "nasa".to_owned())];
        let claim = async |now| home.store.claim_canary(&canaries, HOUR, now).await.unwrap();
        assert_eq!(claim(START).await, Some(canaries[0].clone()));
        assert_eq!(claim(START.plus(59 * MINUTE)).await, None);
        let later = START.plus(HOUR);
        assert_eq!(claim(later).await, Some(canaries[0].clone()));
        let look = async |outcome, now| home.store.record_canary(Platform::Tiktok, "nasa", outcome, None, now).await.unwrap();
        assert_eq!(look(Outcome::Timeout, START).await.failing_since, None);
        assert_eq!(look(Outcome::ParseError, START).await.failing_since, Some(START));
        let still = look(Outcome::Blocked, later).await;
        assert_eq!((still.failing_since, still.was_failing), (Some(START), true));
        let well = look(Outcome::Ok, later).await;
        assert_eq!((well.failing_since, well.was_failing), (None, true));
    }

    async fn old_page_loads_are_forgotten_in_bounded_batches(home) {
        for wake in accounts(&home, 3).await {
            ends_in(&home.store, &wake, Outcome::ParseError, START).await;
        }
        let before = START.plus(SECOND);
        assert_eq!(home.store.prune_page_loads(START, 10).await.unwrap(), 0);
        assert_eq!(home.store.prune_page_loads(before, 2).await.unwrap(), 2);
        assert_eq!(home.store.prune_page_loads(before, 2).await.unwrap(), 1);
    }

    async fn three_workers_at_once_keep_to_one_budget(home) {
        let wakes = accounts(&home, 30).await;
        let budget = Budget { min_interval: Duration::ZERO, max_in_flight: Some(4), max_per_hour: Some(7) };
        let mut workers = Vec::new();
        for worker in 0..3_usize {
            let (store, wakes) = (home.store.clone(), wakes.clone());
            let polite = under(&format!("w{worker}"), |policy| policy.pages = budget);
            workers.push(tokio::spawn(async move {
                let mut taken = 0_usize;
                for wake in wakes.iter().skip(worker).step_by(3) {
                    if let Claim::Taken(job) = store.claim(wake, &polite, START).await.unwrap() {
                        taken += 1;
                        if taken.is_multiple_of(2) {
                            store.record(&job, &failed(Outcome::ParseError), &policy(), START).await.unwrap();
                        }
                    }
                }
                taken
            }));
        }
        let mut taken = 0;
        for worker in workers {
            taken += worker.await.unwrap();
        }
        let begun = home.number("SELECT COUNT(*) FROM page_loads").await.unwrap();
        let under_way = home.number("SELECT COUNT(*) FROM page_loads WHERE finished_at IS NULL").await.unwrap();
        assert_eq!(i64::try_from(taken).unwrap(), begun);
        assert!((4..=7).contains(&begun) && under_way <= 4, "{begun} begun, {under_way} under way");
    }
}
