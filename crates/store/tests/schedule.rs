//! The schedule row: claims, leases, fences, failures, gates.

#![expect(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a helper of a test fails the test")]

mod support;

use std::time::Duration;

use domain::{FreshnessState, Outcome, Platform, RequestId};
use store::{AccountChange, Claim, Page, PlatformPolicy, Recorded};
use support::{HOUR, MINUTE, START, add, claim, claims, failed, new_account, policy, profile, record, tenant};

fn tiktok() -> PlatformPolicy {
    support::platform(Platform::Tiktok)
}

on_both! {
    async fn a_new_account_is_due_at_once_and_is_read_once(home) {
        let tenant = tenant(&home.store).await;
        let (id, wakes) = add(&tenant, &new_account("amy"), START).await;
        assert_eq!(wakes.len(), 1);
        let pending = tenant.account(id, START).await.unwrap().unwrap();
        assert_eq!((pending.freshness.state, pending.last_scrape_at), (FreshnessState::Pending, None));

        let job = claim(&home.store, &wakes[0], START).await;
        assert_eq!(home.store.claim(&wakes[0], &claims("w2"), START).await.unwrap(), Claim::NotDue);
        let now = START.plus(Duration::from_millis(90));
        let feed = record(&home.store, &job, &profile("11", "amy", 1000), now).await;
        assert_eq!(feed.len(), 1, "the feed is looked at after a good read of the profile");

        let read = tenant.account(id, now).await.unwrap().unwrap();
        assert_eq!(read.follower_count, Some(1000));
        assert_eq!(read.last_scrape_at, Some(now));
        assert_eq!(read.freshness.state, FreshnessState::Fresh);
        let next = read.freshness.next_scrape_at.unwrap();
        assert!(next >= now.plus(12 * HOUR) && next <= now.plus(24 * HOUR), "the second read is spread over half the interval");
        assert_eq!(home.store.claim(&wakes[0], &claims("w2"), now).await.unwrap(), Claim::NotDue);
    }

    async fn when_a_lease_ends_another_worker_takes_over_and_the_first_can_write_nothing(home) {
        let tenant = tenant(&home.store).await;
        let (id, wakes) = add(&tenant, &new_account("amy"), START).await;
        let first = claim(&home.store, &wakes[0], START).await;
        let later = START.plus(2 * MINUTE);
        let offered = home.store.offer_due(&tiktok(), 10, MINUTE, later).await.unwrap();
        assert_eq!(offered.len(), 1);
        let second = claim(&home.store, &offered[0], later).await;
        assert_eq!((second.run_id, second.attempts), (first.run_id, 2), "it is the same run, tried again");

        let late = home.store.record(&first, &profile("11", "amy", 1), &policy(), later).await.unwrap();
        assert_eq!(late, Recorded::LeaseLost);
        assert_eq!(tenant.account(id, later).await.unwrap().unwrap().follower_count, None);
        record(&home.store, &second, &profile("11", "amy", 2), later).await;
        assert_eq!(tenant.account(id, later).await.unwrap().unwrap().follower_count, Some(2));
    }

    async fn a_new_account_goes_before_the_posts_of_an_earlier_ones_feed(home) {
        let tenant = tenant(&home.store).await;
        let (_, wakes) = add(&tenant, &new_account("amy"), START).await;
        let job = claim(&home.store, &wakes[0], START).await;
        let wakes = record(&home.store, &job, &profile("11", "amy", 1000), START).await;
        let job = claim(&home.store, &wakes[0], START).await;
        let list = (0..3).map(|n| support::post(support::post_id(n), START, 5)).collect();
        let posts = record(&home.store, &job, &support::feed(list), START).await;
        assert_eq!(posts.len(), 3, "each has a page of its own to be read");
        let later = START.plus(MINUTE);
        let (_, wakes) = add(&tenant, &new_account("bob"), later).await;
        let offered = home.store.offer_due(&tiktok(), 1, Duration::ZERO, later).await.unwrap();
        assert_eq!((offered[0].kind, offered[0].target_id), (wakes[0].kind, wakes[0].target_id));
        // A post of the feed that somebody adds by hand is waited for.
        support::add_video(&tenant, &support::new_video(&support::post_id(1).to_string()), later).await;
        let offered = home.store.offer_due(&tiktok(), 2, Duration::ZERO, later).await.unwrap();
        assert_eq!(offered.iter().filter(|wake| wake.kind == domain::TargetKind::Post).count(), 1, "{offered:?}");
    }

    async fn a_released_claim_can_be_taken_at_once(home) {
        let tenant = tenant(&home.store).await;
        let (_, wakes) = add(&tenant, &new_account("amy"), START).await;
        let job = claim(&home.store, &wakes[0], START).await;
        home.store.release(&job, START).await.unwrap();
        claim(&home.store, &wakes[0], START).await;
    }

    async fn a_failure_moves_the_attempt_but_never_the_scrape(home) {
        let tenant = tenant(&home.store).await;
        let (id, wakes) = add(&tenant, &new_account("amy"), START).await;
        let job = claim(&home.store, &wakes[0], START).await;
        assert!(record(&home.store, &job, &failed(Outcome::Blocked), START).await.is_empty());
        let account = tenant.account(id, START).await.unwrap().unwrap();
        assert_eq!(account.last_scrape_at, None);
        assert_eq!(account.follower_count, None);
        assert_eq!(account.freshness.state, FreshnessState::Failing);
        assert_eq!(account.freshness.last_attempt_outcome, Some(Outcome::Blocked));
        assert_eq!(account.freshness.consecutive_failures, 1);
        let wait = account.freshness.next_scrape_at.unwrap().since(START);
        assert!(wait >= Duration::from_secs(24) && wait <= Duration::from_secs(36), "{wait:?}");
        assert!(home.store.offer_due(&tiktok(), 10, MINUTE, START).await.unwrap().is_empty());
    }

    async fn an_offered_row_is_left_alone_for_a_while_and_then_offered_again(home) {
        let tenant = tenant(&home.store).await;
        add(&tenant, &new_account("amy"), START).await;
        assert_eq!(home.store.offer_due(&tiktok(), 10, MINUTE, START).await.unwrap().len(), 1);
        assert_eq!(home.store.offer_due(&tiktok(), 10, MINUTE, START).await.unwrap().len(), 0);
        assert_eq!(home.store.offer_due(&support::platform(Platform::Instagram), 10, MINUTE, START).await.unwrap().len(), 0);
        assert_eq!(home.store.offer_due(&tiktok(), 10, MINUTE, START.plus(MINUTE)).await.unwrap().len(), 1);
    }

    async fn a_target_is_gone_when_the_platform_says_so_twice_far_enough_apart(home) {
        let tenant = tenant(&home.store).await;
        let (id, wakes) = add(&tenant, &new_account("amy"), START).await;
        let job = claim(&home.store, &wakes[0], START).await;
        record(&home.store, &job, &failed(Outcome::NotFound), START).await;
        let account = tenant.account(id, START).await.unwrap().unwrap();
        assert_eq!((account.is_unavailable, account.freshness.state), (false, FreshnessState::Failing));
        assert_eq!(account.freshness.next_scrape_at, Some(START.plus(6 * HOUR)));

        let later = START.plus(6 * HOUR);
        let offered = home.store.offer_due(&tiktok(), 10, MINUTE, later).await.unwrap();
        let job = claim(&home.store, &offered[0], later).await;
        record(&home.store, &job, &failed(Outcome::NotFound), later).await;
        let account = tenant.account(id, later).await.unwrap().unwrap();
        assert_eq!((account.is_unavailable, account.freshness.state), (true, FreshnessState::Unavailable));

        let back = later.plus(24 * HOUR);
        let offered = home.store.offer_due(&tiktok(), 10, MINUTE, back).await.unwrap();
        let job = claim(&home.store, &offered[0], back).await;
        record(&home.store, &job, &profile("11", "amy", 5), back).await;
        let account = tenant.account(id, back).await.unwrap().unwrap();
        assert_eq!((account.is_unavailable, account.follower_count), (false, Some(5)));
    }

    async fn refusals_in_a_row_close_the_platform_for_every_worker_and_a_good_answer_resets_them(home) {
        let tenant = tenant(&home.store).await;
        let mut wakes = Vec::new();
        for n in 0..6 {
            wakes.extend(add(&tenant, &new_account(&format!("amy{n}")), START).await.1);
        }
        for (n, wake) in wakes.iter().take(2).enumerate() {
            let job = claim(&home.store, wake, START).await;
            record(&home.store, &job, &failed(Outcome::RateLimited), START).await;
            assert!(n < 2);
        }
        let job = claim(&home.store, &wakes[2], START).await;
        record(&home.store, &job, &profile("2", "amy2", 1), START).await;
        for wake in &wakes[3..5] {
            let job = claim(&home.store, wake, START).await;
            record(&home.store, &job, &failed(Outcome::Blocked), START).await;
        }
        let again = home.store.offer_due(&tiktok(), 10, MINUTE, START.plus(2 * MINUTE)).await.unwrap();
        let retried = again.iter().find(|wake| wake.target_id != wakes[5].target_id).unwrap();
        let job = claim(&home.store, retried, START.plus(2 * MINUTE)).await;
        record(&home.store, &job, &failed(Outcome::Blocked), START.plus(2 * MINUTE)).await;

        let closed = START.plus(3 * MINUTE);
        assert_eq!(home.store.claim(&wakes[5], &claims("w2"), closed).await.unwrap(), Claim::Gated);
        assert!(home.store.offer_due(&tiktok(), 10, Duration::ZERO, closed).await.unwrap().is_empty());
        let open = START.plus(8 * MINUTE);
        assert!(!home.store.offer_due(&tiktok(), 10, Duration::ZERO, open).await.unwrap().is_empty());
        claim(&home.store, &wakes[5], open).await;
    }

    async fn the_least_time_between_page_loads_holds_over_all_workers(home) {
        let tenant = tenant(&home.store).await;
        let one = add(&tenant, &new_account("amy"), START).await.1.remove(0);
        let two = add(&tenant, &new_account("ben"), START).await.1.remove(0);
        let mut polite = claims("w1");
        for platform in &mut polite.platforms {
            platform.pages.min_interval = Duration::from_secs(4);
        }
        assert!(matches!(home.store.claim(&one, &polite, START).await.unwrap(), Claim::Taken(_)));
        "w2".clone_into(&mut polite.worker);
        let soon = START.plus(Duration::from_secs(3));
        assert_eq!(home.store.claim(&two, &polite, soon).await.unwrap(), Claim::Gated);
        let then = START.plus(Duration::from_secs(4));
        assert!(matches!(home.store.claim(&two, &polite, then).await.unwrap(), Claim::Taken(_)));
    }

    async fn what_is_armed_anew_while_it_is_read_stays_due(home) {
        let tenant = tenant(&home.store).await;
        let (_, wakes) = add(&tenant, &new_account("amy"), START).await;
        let job = claim(&home.store, &wakes[0], START).await;
        let other = support::tenant(&home.store).await;
        let (late, wakes) = add(&other, &new_account("amy"), START).await;
        record(&home.store, &job, &profile("11", "amy", 1000), START).await;
        let job = claim(&home.store, &wakes[0], START).await;
        record(&home.store, &job, &profile("11", "amy", 1001), START).await;
        assert_eq!(other.account(late, START).await.unwrap().unwrap().follower_count, Some(1001));
    }

    async fn a_paused_account_rests_and_comes_back_when_resumed(home) {
        let tenant = tenant(&home.store).await;
        let (id, wakes) = add(&tenant, &new_account("amy"), START).await;
        let set = async |is_active| {
            let mut tx = tenant.begin(&RequestId::new(), START).await.unwrap();
            tx.update_account(id, &AccountChange { is_active: Some(is_active), ..AccountChange::default() }).await.unwrap();
            tx.commit().await.unwrap();
        };
        set(false).await;
        assert_eq!(home.store.claim(&wakes[0], &claims("w1"), START).await.unwrap(), Claim::Untracked);
        let account = tenant.account(id, START).await.unwrap().unwrap();
        assert_eq!((account.freshness.state, account.freshness.next_scrape_at), (FreshnessState::Paused, None));
        assert_eq!(home.store.count_due(START.plus(100 * HOUR)).await.unwrap(), 0);
        set(true).await;
        let offered = home.store.offer_due(&tiktok(), 10, MINUTE, START).await.unwrap();
        claim(&home.store, &offered[0], START).await;
    }

    async fn what_nobody_tracks_any_more_is_cleared_away(home) {
        let tenant = tenant(&home.store).await;
        let (id, wakes) = add(&tenant, &new_account("amy"), START).await;
        let job = claim(&home.store, &wakes[0], START).await;
        let wakes = record(&home.store, &job, &profile("11", "amy", 1000), START).await;
        let job = claim(&home.store, &wakes[0], START).await;
        record(&home.store, &job, &support::feed(vec![support::post(7_571_863_205_253_778_710, START, 5)]), START).await;
        let mut tx = tenant.begin(&RequestId::new(), START).await.unwrap();
        tx.delete_account(id).await.unwrap();
        tx.commit().await.unwrap();
        let mut rounds = 0;
        let later = START.plus(HOUR);
        loop {
            let offered = home.store.offer_due(&tiktok(), 10, Duration::ZERO, later).await.unwrap();
            if offered.is_empty() || rounds > 5 {
                break;
            }
            for wake in offered {
                // Clearing a post away may have taken its author along.
                let claimed = home.store.claim(&wake, &claims("w1"), later).await.unwrap();
                assert!(matches!(claimed, Claim::Untracked | Claim::NotDue), "{claimed:?}");
            }
            rounds += 1;
        }
        assert_eq!(home.store.count_targets().await.unwrap(), 0, "profile, post and schedules are gone");
        let Page { rows, .. } = support::all_accounts(&tenant).await;
        assert!(rows.is_empty());
    }
}
