//! What creators and organizations come to.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::{Day, GainName, Gains, HistoryDay, Window};
use store::{AccountChange, JobTarget, RolledUp};

use crate::known::{compare, ids, plain};
use crate::parts::{kept, make_anew};
use crate::support::Dice;
use crate::support::{
    HOUR, START, add, add_creator, add_video, begin, exact, feed, make_due, new_account, new_video, page_of, patch,
    post, post_id, profile, tenant, work,
};
use crate::world::{World, delete_account, delete_video, link, read};
use crate::{on_both, support};

on_both! {
    async fn roll_ups_are_those_of_a_plain_walk_over_posts_and_profiles(home) {
        for seed in 1..=2 {
            let of = support::organization(&home.store, None).await;
            let tenant = home.store.tenant(of);
            let creators = vec![add_creator(&tenant, "Zoe", START).await, add_creator(&tenant, "Al", START).await];
            let mut world = World {
                dice: Dice(seed), tenant: tenant.clone(), creators, accounts: [None; 3], lists: Default::default(), videos: BTreeMap::new(),
            };
            for _ in 0..5 {
                world.publish(START);
            }
            let mut now = START;
            for step in 0..45 {
                world.happen(now).await;
                world.happen(now).await;
                let followers = world.dice.number(2000);
                read(&home, &world.lists, followers, now).await;
                if step % 9 == 8 {
                    compare(&home, &tenant, of, &world.creators, now).await;
                }
                let hours = u32::try_from(world.dice.roll(20)).unwrap();
                now = now.plus(HOUR * hours + Duration::from_mins(7));
                if world.dice.roll(8) == 0 {
                    now = now.plus(HOUR * 72);
                }
            }
            compare(&home, &tenant, of, &world.creators, now).await;
            let sums = kept(&home).await;
            assert!(sums.len() > 15, "{}", sums.len());
            make_anew(&home).await;
            assert_eq!(kept(&home).await, sums);
            for (id, _) in world.accounts.into_iter().flatten() {
                delete_account(&tenant, id, now).await;
            }
            for id in world.videos.into_values() {
                delete_video(&tenant, id, now).await;
            }
            let own = format!("{} = '{}'", ids(&home, "organization_id"), plain(of.0));
            let parts: Vec<String> = ["view_gain", "view_change", "comment_gain", "follower_change", "posts", "accounts", "posts_observed"]
                .map(|name| format!("ABS(SUM({name}))")).into();
            let sql = format!("SELECT CAST(COALESCE(SUM(n), 0) AS BIGINT) FROM (SELECT {} AS n FROM organization_days WHERE {own} GROUP BY day) d", parts.join(" + "));
            assert_eq!(home.number(&sql).await, Some(0), "nothing is left of what is gone");
            while home.store.prune_forgotten_days(10).await.unwrap() > 0 {}
            work(&home.store, now.plus(HOUR), |_| panic!("nothing is collected")).await;
        }
    }

    async fn a_post_in_two_feeds_and_added_by_hand_counts_once(home) {
        let tenant = tenant(&home.store).await;
        let creator = add_creator(&tenant, "Amy", START).await;
        let shared = |views| post(post_id(1), START.minus(HOUR * 100), views);
        let apart = |views| post(post_id(2), START.minus(HOUR * 100), views);
        let by_hand = add_video(&tenant, &new_video(&post_id(1).to_string()), START).await;
        add_video(&tenant, &new_video(&post_id(2).to_string()), START).await;
        let day = |n: u32| START.plus(HOUR * 24 * n);
        // By hand alone for two days.
        read(&home, &[vec![shared(100), apart(1000)], vec![], vec![]], 10, day(0)).await;
        read(&home, &[vec![shared(107), apart(1001)], vec![], vec![]], 10, day(1)).await;
        // Then in one feed, a day later in another.
        let (amy, _) = add(&tenant, &new_account("amy"), day(2)).await;
        link(&tenant, amy, Some(creator), day(2)).await;
        read(&home, &[vec![shared(117)], vec![], vec![apart(1003)]], 10, day(2)).await;
        let (ben, _) = add(&tenant, &new_account("ben"), day(3)).await;
        link(&tenant, ben, Some(creator), day(3)).await;
        let lists = |views, other| [vec![shared(views)], vec![shared(views)], vec![apart(other)]];
        read(&home, &lists(137, 1006), 10, day(3)).await;
        read(&home, &lists(177, 1010), 12, day(4)).await;
        let window = Window::ending(Day::of(day(4)), 7);
        let of = |scope| {
            let tenant = tenant.clone();
            async move { tenant.rolled_up_timeseries(scope, window).await.unwrap().unwrap() }
        };
        let views = |days: &[HistoryDay]| days.iter().map(|day| (day.values.views, day.gains.views)).collect::<Vec<_>>();
        let all = of(RolledUp::Organization).await;
        let known = |value, gain| (Some(value), Some(gain));
        assert_eq!(views(&all)[2..], [known(1100, 0), known(1108, 8), known(1120, 12), known(1143, 23), known(1187, 44)]);
        let own = of(RolledUp::Creator(creator)).await;
        assert_eq!(views(&own)[2..], [(None, None), (None, None), known(117, 10), known(137, 20), known(177, 40)]);
        assert_eq!((all[6].values.followers, all[6].gains.followers), (Some(24), Some(4)));
        let top = tenant.top_creators(GainName::Views, window, 10).await.unwrap();
        assert_eq!((top[0].gains.views, top[0].coverage.posts, top[0].coverage.observed_days), (Some(70), 1, 3));
        // The numbers stay when a record goes and another still shows the post.
        delete_video(&tenant, by_hand, day(4)).await;
        assert_eq!(of(RolledUp::Organization).await, all);
        delete_account(&tenant, amy, day(4)).await;
        let views_now = views(&of(RolledUp::Organization).await);
        assert_eq!(views_now, views(&all));
        // What is left of the creator begins when its other account showed the post.
        assert_eq!(views(&of(RolledUp::Creator(creator)).await)[5..], [known(137, 20), known(177, 40)]);
        delete_account(&tenant, ben, day(4)).await;
        let alone = of(RolledUp::Organization).await;
        assert_eq!(views(&alone)[2..], [known(1000, 0), known(1001, 1), known(1003, 2), known(1006, 3), known(1010, 4)]);
        assert_eq!(alone[6].values.followers, None);
    }

    async fn an_account_takes_its_history_to_another_creator(home) {
        let tenant = tenant(&home.store).await;
        let (one, other) = (add_creator(&tenant, "One", START).await, add_creator(&tenant, "Other", START).await);
        let (amy, _) = add(&tenant, &new_account("amy"), START).await;
        link(&tenant, amy, Some(one), START).await;
        for (n, views) in [10, 15, 40].into_iter().enumerate() {
            let now = START.plus(HOUR * 24 * u32::try_from(n).unwrap());
            read(&home, &[vec![post(post_id(1), START.minus(HOUR * 100), views)], vec![], vec![]], 5, now).await;
        }
        let now = START.plus(HOUR * 48);
        let window = Window::ending(Day::of(now), 30);
        let names = |top: Vec<store::TopCreator>| top.into_iter().map(|top| (top.name, top.gains.views)).collect::<Vec<_>>();
        assert_eq!(names(tenant.top_creators(GainName::Views, window, 10).await.unwrap()), [("One".to_owned(), Some(30))]);
        link(&tenant, amy, None, now).await;
        assert_eq!(names(tenant.top_creators(GainName::Views, window, 10).await.unwrap()), []);
        link(&tenant, amy, Some(other), now).await;
        assert_eq!(names(tenant.top_creators(GainName::Views, window, 10).await.unwrap()), [("Other".to_owned(), Some(30))]);
        let before = tenant.creator_analytics(one, window).await.unwrap().unwrap();
        assert_eq!((before.totals, before.coverage.observed_days, before.coverage.posts), (Gains::default(), 0, 0));
    }

    async fn who_gained_most_is_the_same_whether_a_few_are_looked_up_or_all(home) {
        let tenant = tenant(&home.store).await;
        let handle = |n: i64| format!("maker{n:02}");
        let mut creator = add_creator(&tenant, "Maker", START).await;
        for n in 0..40 {
            // Every eighth is another account of the creator before it, and shows that one's post as well.
            if n % 8 != 7 {
                creator = add_creator(&tenant, &format!("Maker {}", n * 17 % 40), START).await;
            }
            let (id, _) = add(&tenant, &new_account(&handle(n)), START).await;
            link(&tenant, id, Some(creator), START).await;
        }
        // Some grow fast, some as fast as others, some fall, and a few show their first post late.
        let views = |n: i64, day: i64| n * n * 7 % 101 * 50 + day * (n * 37 % 19 - 3) * 15 + 1000;
        for day in [0_u32, 1, 5, 8] {
            let now = START.plus(HOUR * 24 * day);
            make_due(&home, now).await;
            let shown = |n: i64| {
                let mut facts = post(post_id(n), START.minus(HOUR * 100), views(n, day.into()));
                facts.metrics.likes = exact(n * 13 % 60 + i64::from(day) * (n % 4));
                facts.metrics.comments = exact(n % 5 + i64::from(day) * (n % 6));
                facts
            };
            let posts = |n: i64| {
                let mut posts = if n % 9 == 0 && day < 5 { vec![] } else { vec![shown(n)] };
                posts.extend((n % 8 == 7).then(|| shown(n - 1)));
                posts
            };
            let number = |name: &str| name.trim_start_matches("maker").parse::<i64>().unwrap();
            work(&home.store, now, |job| match &job.target {
                JobTarget::Profile { username, .. } => {
                    let n = number(username.as_str());
                    profile(&format!("7{n:02}"), username.as_str(), 5000 - 100 * n + i64::from(day) * (n * 7 % 31))
                }
                JobTarget::Feed { username, .. } => feed(posts(number(username.as_str()))),
                JobTarget::Post { external_id, .. } => page_of(shown(external_id.parse::<i64>().unwrap() - post_id(0))),
            })
            .await;
        }
        let day = |n: u32| Day::of(START.plus(HOUR * 24 * n));
        // The last one ends before the last read, so that nothing is known beforehand.
        for window in [(day(0), day(8)), (day(1), day(8)), (day(6), day(8)), (day(1), day(5))] {
            let window = Window::new(window.0, window.1, day(8)).unwrap();
            for order in GainName::ALL {
                let all = tenant.top_creators(order, window, 40).await.unwrap();
                let is_told = !matches!(order, GainName::Plays | GainName::Shares | GainName::Saves);
                assert!(all.len() > 20 || !is_told, "{order:?} {window:?}");
                for limit in 1..=3 {
                    let few = tenant.top_creators(order, window, limit).await.unwrap();
                    let first = &all[..all.len().min(usize::try_from(limit).unwrap())];
                    assert_eq!(few, first, "{order:?} {window:?} {limit}");
                }
            }
        }
    }

    async fn an_overview_counts_what_was_there(home) {
        let tenant = tenant(&home.store).await;
        let creator = add_creator(&tenant, "Amy", START).await;
        let (amy, _) = add(&tenant, &new_account("amy"), START).await;
        let posts = |n: i64| (1..=n).map(|n| post(post_id(n), START.minus(HOUR * 100), 10 * n)).collect::<Vec<_>>();
        read(&home, &[posts(2), vec![], vec![]], 5, START).await;
        let now = START.plus(HOUR * 24 * 8);
        let (ben, _) = add(&tenant, &new_account("ben"), now).await;
        add_video(&tenant, &new_video(&post_id(3).to_string()), now).await;
        read(&home, &[posts(3), vec![], vec![]], 5, now).await;
        let window = Window::ending(Day::of(now), 7);
        let numbers = |overview: store::Overview| {
            [overview.current, overview.previous].map(|of| (of.active_accounts, of.account_videos, of.tracked_videos))
        };
        assert_eq!(numbers(tenant.overview(window).await.unwrap()), [(2, 3, 1), (1, 2, 0)]);
        patch(&tenant, ben, &AccountChange { is_active: Some(false), ..AccountChange::default() }, now).await;
        assert_eq!(numbers(tenant.overview(window).await.unwrap()), [(1, 3, 1), (1, 2, 0)]);
        link(&tenant, amy, Some(creator), now).await;
        let mut tx = begin(&tenant, now).await;
        let pause = store::CreatorChange { is_active: Some(false), ..store::CreatorChange::default() };
        tx.update_creator(creator, &pause).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(numbers(tenant.overview(window).await.unwrap()), [(0, 3, 1), (0, 2, 0)]);
    }

    async fn nothing_is_seen_of_another_organization(home) {
        let (one, other) = (tenant(&home.store).await, tenant(&home.store).await);
        let creator = add_creator(&one, "Amy", START).await;
        let (amy, _) = add(&one, &new_account("amy"), START).await;
        link(&one, amy, Some(creator), START).await;
        read(&home, &[vec![post(post_id(1), START, 10)], vec![], vec![]], 5, START).await;
        let window = Window::ending(Day::of(START), 7);
        assert!(other.rolled_up_timeseries(RolledUp::Creator(creator), window).await.unwrap().is_none());
        assert!(other.creator_analytics(creator, window).await.unwrap().is_none());
        assert_eq!(other.top_creators(GainName::Views, window, 10).await.unwrap(), []);
        let nothing = other.rolled_up_timeseries(RolledUp::Organization, window).await.unwrap().unwrap();
        assert!(nothing.iter().all(|day| *day == HistoryDay::unobserved(day.day)));
        let overview = other.overview(window).await.unwrap();
        assert_eq!((overview.current.gains, overview.current.account_videos), (Gains::default(), 0));
        assert_eq!(one.overview(window).await.unwrap().current.gains.views, Some(10));
    }
}
