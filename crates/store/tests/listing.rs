//! Lists: every order in both directions, nulls and ties, filters, and walks while rows come and change.

#![expect(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a helper of a test fails the test")]

mod support;

use std::collections::BTreeSet;
use std::time::Duration;

use domain::{AccountId, MediaType, MetricStatus, Platform, Reading, Timestamp};
use store::{
    AccountChange, AccountFilter, AccountOrder, AccountVideoFilter, CreatorFilter, CreatorOrder, Direction, JobTarget,
    Page, PageRequest, PostOrder, Tenant, TrackedPost, VideoFilter,
};
use support::{
    Home, START, account_videos, add, add_creator, add_video, begin, exact, feed, new_account, new_video, page_of,
    patch, post, post_id, profile, tenant, whole, work,
};

const BOTH: [Direction; 2] = [Direction::Asc, Direction::Desc];
const PAGES: [u32; 3] = [1, 3, 50];

/// Reads a list page by page and checks what every page must keep to.
async fn walk<O: Copy, T>(
    order_by: O,
    direction: Direction,
    limit: u32,
    expected: usize,
    read: impl AsyncFn(PageRequest<O>) -> Page<T>,
) -> Vec<T> {
    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let include_total = seen.is_empty();
        let page = read(PageRequest { order_by, direction, after, limit, include_total }).await;
        let total = include_total.then(|| i64::try_from(expected).unwrap());
        assert_eq!(page.total, total, "the total is counted when asked for, over all pages");
        let full = usize::try_from(limit).unwrap();
        assert!(page.rows.len() <= full);
        seen.extend(page.rows);
        assert_eq!(page.next.is_none(), seen.len() >= expected, "`next` is missing on the last page alone");
        match page.next {
            Some(next) => {
                assert_eq!(seen.len() % full, 0, "only the last page may be short");
                after = Some(next);
            }
            None => return seen,
        }
        assert!(seen.len() <= expected, "the walk has no end");
    }
}

/// Checks that rows of (key, id) are in strict order, nulls last in both directions, so each row is there once.
fn assert_ordered<K: Ord + std::fmt::Debug, I: Ord + std::fmt::Debug>(rows: &[(Option<K>, I)], direction: Direction) {
    for pair in rows.windows(2) {
        let [(one, one_id), (two, two_id)] = pair else { unreachable!() };
        let rises = match (one, two) {
            (Some(_), None) => continue,
            (None, Some(_)) => panic!("a null before a value: {pair:?}"),
            (None, None) => one_id < two_id,
            (Some(one), Some(two)) => (one, one_id) < (two, two_id),
        };
        assert_eq!(rises, direction == Direction::Asc, "{pair:?}");
        assert!(one != two || one_id != two_id, "twice: {pair:?}");
    }
}

/// Twenty-three accounts with ties and nulls in every column that is sorted by.
async fn accounts(home: &Home, tenant: &Tenant) -> Vec<AccountId> {
    let mut ids = Vec::new();
    for n in 0..23_u64 {
        let handle = format!("{}{}", ["amy_", "amy", "a.my"][usize::try_from(n % 3).unwrap()], n % 12 * 7 + n);
        ids.push(add(tenant, &new_account(&handle), START.plus(Duration::from_millis(n / 4))).await.0);
    }
    home.sql(
        "UPDATE accounts SET follower_count = NULLIF((added_at * 7 + LENGTH(username)) % 5, 0), \
         last_scrape_at = NULLIF((added_at + LENGTH(username)) % 3, 1), like_count = NULLIF(added_at % 2, 0) - 1, \
         view_count = NULLIF(added_at % 4, 2) * 3074457345618258602",
    )
    .await;
    ids
}

fn post_key(post: &TrackedPost, order: PostOrder) -> Option<i64> {
    match order {
        PostOrder::AddedAt => Some(post.added_at.as_millis()),
        PostOrder::CreateTime => post.create_time.map(Timestamp::as_millis),
        PostOrder::ViewCount => post.counts.view_count,
        PostOrder::LikeCount => post.counts.like_count,
        PostOrder::PlayCount => post.counts.play_count,
    }
}

const POST_ORDERS: [PostOrder; 5] =
    [PostOrder::AddedAt, PostOrder::CreateTime, PostOrder::ViewCount, PostOrder::LikeCount, PostOrder::PlayCount];

/// Posts with ties and nulls in every metric.
fn posts(from: i64, count: i64) -> Vec<domain::PostFacts> {
    (from..from + count)
        .map(|n| {
            let mut facts = post(post_id(n), START.plus(Duration::from_secs(u64::try_from(n / 3).unwrap())), n % 4);
            if n % 5 == 0 {
                facts.create_time = None;
            }
            if n % 6 == 0 {
                facts.metrics.views = Reading::NOT_PROVIDED;
            }
            facts.metrics.likes = if n % 2 == 0 { exact(n / 4) } else { Reading::Null(MetricStatus::Hidden) };
            facts.metrics.plays = if n % 3 == 0 { exact(7) } else { Reading::NOT_PROVIDED };
            facts
        })
        .collect()
}

/// An account whose feed holds these posts, all read once.
async fn account_with(home: &Home, tenant: &Tenant, handle: &str, list: Vec<domain::PostFacts>) -> AccountId {
    let (id, _) = add(tenant, &new_account(handle), START).await;
    let count = list.len();
    work(&home.store, START, |job| match &job.target {
        JobTarget::Profile { username, .. } => profile(&format!("id of {username}"), username, 5),
        JobTarget::Feed { .. } => feed(list.clone()),
        JobTarget::Post { external_id, .. } => {
            page_of(list.iter().find(|facts| facts.external_id == *external_id).unwrap().clone())
        }
    })
    .await;
    assert_eq!(account_videos(tenant, id, START).await.len(), count);
    id
}

on_both! {
    async fn every_order_of_accounts_shows_each_once_with_nulls_last(home) {
        let tenant = tenant(&home.store).await;
        let ids: BTreeSet<_> = accounts(&home, &tenant).await.into_iter().collect();
        let other = support::tenant(&home.store).await;
        add(&other, &new_account("amy"), START).await;
        for order in [
            AccountOrder::AddedAt, AccountOrder::Username, AccountOrder::LastScrapeTime, AccountOrder::FollowerCount,
            AccountOrder::ViewCount, AccountOrder::LikeCount, AccountOrder::PlayCount,
        ] {
            for direction in BOTH {
                for limit in PAGES {
                    let seen = walk(order, direction, limit, ids.len(), async |page| {
                        tenant.accounts(&AccountFilter::default(), &page, START).await.unwrap()
                    })
                    .await;
                    assert_eq!(seen.iter().map(|account| account.id).collect::<BTreeSet<_>>(), ids);
                    if order == AccountOrder::Username {
                        let keys: Vec<_> = seen.iter().map(|one| (Some(one.username.as_bytes()), one.id)).collect();
                        assert_ordered(&keys, direction);
                        continue;
                    }
                    let keys: Vec<_> = seen
                        .iter()
                        .map(|one| {
                            let key = match order {
                                AccountOrder::AddedAt => Some(one.added_at.as_millis()),
                                AccountOrder::LastScrapeTime => one.last_scrape_at.map(Timestamp::as_millis),
                                AccountOrder::FollowerCount => one.follower_count,
                                AccountOrder::ViewCount => one.sums.view_count,
                                AccountOrder::LikeCount => one.sums.like_count,
                                AccountOrder::PlayCount => one.sums.play_count,
                                AccountOrder::Username => unreachable!(),
                            };
                            (key, one.id)
                        })
                        .collect();
                    assert_ordered(&keys, direction);
                    let nulls = keys.iter().filter(|(key, _)| key.is_none()).count();
                    assert!(order == AccountOrder::AddedAt || nulls > 0, "{order:?} has no null to sort");
                }
            }
        }
    }

    async fn every_order_of_videos_shows_each_once_with_nulls_last(home) {
        let tenant = tenant(&home.store).await;
        let mut ids = BTreeSet::new();
        for n in 0..13_u64 {
            let new = new_video(&post_id(i64::try_from(n).unwrap()).to_string());
            ids.insert(add_video(&tenant, &new, START.plus(Duration::from_millis(n / 4))).await);
        }
        let list = posts(0, 11);
        work(&home.store, START.plus(Duration::from_millis(9)), |job| {
            let JobTarget::Post { external_id, .. } = &job.target else { panic!("{job:?}") };
            list.iter()
                .find(|facts| facts.external_id == *external_id)
                .map_or_else(|| support::failed(domain::Outcome::Timeout), |facts| page_of(facts.clone()))
        })
        .await;
        for order in POST_ORDERS {
            for direction in BOTH {
                for limit in PAGES {
                    let seen = walk(order, direction, limit, ids.len(), async |page| {
                        tenant.videos(&VideoFilter::default(), &page, START).await.unwrap()
                    })
                    .await;
                    assert_eq!(seen.iter().map(|one| one.id).collect::<BTreeSet<_>>(), ids);
                    let keys: Vec<_> = seen.iter().map(|one| (post_key(&one.post, order), one.id)).collect();
                    assert_ordered(&keys, direction);
                    assert!(order == PostOrder::AddedAt || keys.iter().any(|(key, _)| key.is_none()));
                }
            }
        }
    }

    async fn every_order_of_account_videos_shows_each_once_with_nulls_last(home) {
        let tenant = tenant(&home.store).await;
        account_with(&home, &tenant, "amy", posts(0, 10)).await;
        account_with(&home, &tenant, "ben", posts(100, 10)).await;
        for order in POST_ORDERS {
            for direction in BOTH {
                for limit in PAGES {
                    let seen = walk(order, direction, limit, 20, async |page| {
                        tenant.account_videos(&AccountVideoFilter::default(), &page, START).await.unwrap()
                    })
                    .await;
                    assert_eq!(seen.iter().map(|one| one.id).collect::<BTreeSet<_>>().len(), 20);
                    let keys: Vec<_> = seen.iter().map(|one| (post_key(&one.post, order), one.id)).collect();
                    assert_ordered(&keys, direction);
                    assert!(order == PostOrder::AddedAt || keys.iter().any(|(key, _)| key.is_none()));
                }
            }
        }
    }

    async fn every_order_of_creators_shows_each_once(home) {
        let tenant = tenant(&home.store).await;
        let mut ids = BTreeSet::new();
        for n in 0..13_u64 {
            let name = ["Bob", "bob", "a b", "ab", "a_b", "Éa", "zoë"][usize::try_from(n % 7).unwrap()];
            ids.insert(add_creator(&tenant, name, START.plus(Duration::from_millis(n / 4))).await);
        }
        home.sql("UPDATE creators SET total_followers = CASE WHEN added_at % 4 < 3 THEN added_at % 4 END").await;
        for order in [CreatorOrder::Name, CreatorOrder::AddedAt, CreatorOrder::TotalFollowers] {
            for direction in BOTH {
                for limit in PAGES {
                    let seen = walk(order, direction, limit, ids.len(), async |page| {
                        tenant.creators(&CreatorFilter::default(), &page).await.unwrap()
                    })
                    .await;
                    assert_eq!(seen.iter().map(|one| one.id).collect::<BTreeSet<_>>(), ids);
                    if order == CreatorOrder::Name {
                        let keys: Vec<_> = seen.iter().map(|one| (Some(domain::fold(&one.name)), one.id)).collect();
                        assert_ordered(&keys, direction);
                    } else {
                        let by_age = order == CreatorOrder::AddedAt;
                        let key = |one: &store::Creator| if by_age { Some(one.added_at.as_millis()) } else { one.total_followers };
                        let keys: Vec<_> = seen.iter().map(|one| (key(one), one.id)).collect();
                        assert_ordered(&keys, direction);
                    }
                }
            }
        }
    }

    async fn an_empty_list_is_one_page_without_rows(home) {
        let tenant = tenant(&home.store).await;
        let page = PageRequest { include_total: true, ..whole(AccountOrder::AddedAt) };
        let found = tenant.accounts(&AccountFilter::default(), &page, START).await.unwrap();
        assert_eq!((found.rows.len(), found.next, found.total), (0, None, Some(0)));
    }

    async fn a_search_takes_every_letter_as_it_stands_and_no_case(home) {
        let tenant = tenant(&home.store).await;
        for handle in ["amy_b", "amyxb", "ben.c"] {
            add(&tenant, &new_account(handle), START).await;
        }
        let accounts = async |q: &str| {
            let filter = AccountFilter { q: Some(q.to_owned()), ..AccountFilter::default() };
            let found = tenant.accounts(&filter, &whole(AccountOrder::Username), START).await.unwrap();
            found.rows.iter().map(|one| one.username.clone()).collect::<Vec<_>>()
        };
        assert_eq!(accounts("AMY").await, ["amy_b", "amyxb"]);
        assert_eq!(accounts("y_B").await, ["amy_b"]);
        assert_eq!(accounts("%").await, [""; 0]);
        assert_eq!(accounts("\\").await, [""; 0]);
        assert_eq!(accounts("a%b").await, [""; 0]);

        for name in ["100% Amy", "Amy_B", "back\\slash", "ÜBER Éa"] {
            add_creator(&tenant, name, START).await;
        }
        let creators = async |q: &str| {
            let filter = CreatorFilter { q: Some(q.to_owned()), is_active: None };
            let found = tenant.creators(&filter, &whole(CreatorOrder::Name)).await.unwrap();
            found.rows.into_iter().map(|one| one.name).collect::<Vec<_>>()
        };
        assert_eq!(creators("0% a").await, ["100% Amy"]);
        assert_eq!(creators("Y_b").await, ["Amy_B"]);
        assert_eq!(creators("K\\S").await, ["back\\slash"]);
        assert_eq!(creators("über é").await, ["ÜBER Éa"]);
        assert_eq!(creators("%").await, ["100% Amy"]);

        let captions = ["100% Off", "snake_case", "back\\slash", "ÉXITO total"];
        let list = (0..).zip(captions).map(|(n, caption)| {
            let mut facts = post(post_id(n), START, n);
            facts.description = Some(caption.to_owned());
            facts
        });
        let tenant = support::tenant(&home.store).await;
        home.sql("UPDATE accounts SET is_active = FALSE").await;
        account_with(&home, &tenant, "amy", list.clone().collect()).await;
        for n in 0..4 {
            add_video(&tenant, &new_video(&post_id(n).to_string()), START).await;
        }
        work(&home.store, START, |job| match &job.target {
            JobTarget::Profile { username, .. } | JobTarget::Feed { username, .. } => profile(username, username, 5),
            JobTarget::Post { external_id, .. } => {
                page_of(list.clone().find(|facts| facts.external_id == *external_id).unwrap())
            }
        })
        .await;
        for (q, expected) in [
            ("0% OFF", captions[0]), ("E_C", captions[1]), ("k\\s", captions[2]), ("éxito", captions[3]),
            ("ÉX", captions[3]),
        ] {
            let filter = AccountVideoFilter { q: Some(q.to_owned()), ..AccountVideoFilter::default() };
            let found = tenant.account_videos(&filter, &whole(PostOrder::AddedAt), START).await.unwrap().rows;
            let found: Vec<_> = found.iter().filter_map(|one| one.post.description.as_deref()).collect();
            assert_eq!(found, [expected], "account videos with {q}");
            let filter = VideoFilter { q: Some(q.to_owned()), ..VideoFilter::default() };
            let found = tenant.videos(&filter, &whole(PostOrder::AddedAt), START).await.unwrap().rows;
            let found: Vec<_> = found.iter().filter_map(|one| one.post.description.as_deref()).collect();
            assert_eq!(found, [expected], "videos with {q}");
        }
    }

    async fn filters_of_accounts_hold_each_and_together(home) {
        let tenant = tenant(&home.store).await;
        let creator = add_creator(&tenant, "Amy", START).await;
        let mut names = Vec::new();
        for n in 0..16 {
            let mut new = new_account(&format!("amy{n}"));
            if n & 1 > 0 {
                new.platform = Platform::Instagram;
            }
            new.is_active = n & 2 > 0;
            new.category = (n & 4 > 0).then(|| "food".to_owned());
            new.creator_id = (n & 8 > 0).then_some(creator);
            add(&tenant, &new, START).await;
            names.push(new);
        }
        for mask in 0..16 {
            let filter = AccountFilter {
                platform: (mask & 1 > 0).then_some(Platform::Instagram),
                q: Some("AMY".to_owned()),
                is_active: (mask & 2 > 0).then_some(true),
                category: (mask & 4 > 0).then(|| "food".to_owned()),
                creator_id: (mask & 8 > 0).then_some(creator),
            };
            let page = PageRequest { include_total: true, ..whole(AccountOrder::Username) };
            let found = tenant.accounts(&filter, &page, START).await.unwrap();
            let mut expected: Vec<_> = (0..16).filter(|n| n & mask == mask).map(|n| format!("amy{n}")).collect();
            expected.sort();
            assert_eq!(found.rows.iter().map(|one| one.username.clone()).collect::<Vec<_>>(), expected);
            assert_eq!(found.total, Some(i64::try_from(expected.len()).unwrap()));
        }
        let filter = AccountFilter { is_active: Some(false), ..AccountFilter::default() };
        assert_eq!(tenant.accounts(&filter, &whole(AccountOrder::AddedAt), START).await.unwrap().rows.len(), 8);
    }

    async fn filters_of_posts_hold_each_and_together(home) {
        let tenant = tenant(&home.store).await;
        let creator = add_creator(&tenant, "Amy", START).await;
        let list: Vec<_> = (0..8_i64)
            .map(|n| {
                let mut facts = post(post_id(n), START.plus(Duration::from_secs(u64::try_from(n).unwrap())), n);
                facts.media_type = Some(if n & 1 > 0 { MediaType::Video } else { MediaType::Image });
                facts.description = Some(if n & 2 > 0 { "Soup of the day" } else { "Salad" }.to_owned());
                facts.author.platform_id = Some("id of amy".to_owned());
                facts
            })
            .collect();
        let amy = account_with(&home, &tenant, "amy", list.clone()).await;
        let ben = account_with(&home, &tenant, "ben", posts(100, 2)).await;
        let mut tx = begin(&tenant, START).await;
        tx.link_account(creator, amy).await.unwrap();
        tx.commit().await.unwrap();
        let count = async |filter: AccountVideoFilter| {
            let page = PageRequest { include_total: true, ..whole(PostOrder::CreateTime) };
            let found = tenant.account_videos(&filter, &page, START).await.unwrap();
            assert_eq!(found.total, Some(i64::try_from(found.rows.len()).unwrap()));
            found.rows.len()
        };
        let none = AccountVideoFilter::default;
        assert_eq!(count(none()).await, 10);
        assert_eq!(count(AccountVideoFilter { platform: Some(Platform::Instagram), ..none() }).await, 0);
        assert_eq!(count(AccountVideoFilter { platform: Some(Platform::Tiktok), ..none() }).await, 10);
        assert_eq!(count(AccountVideoFilter { account_id: Some(ben), ..none() }).await, 2);
        assert_eq!(count(AccountVideoFilter { creator_id: Some(creator), ..none() }).await, 8);
        assert_eq!(count(AccountVideoFilter { media_type: Some(MediaType::Video), ..none() }).await, 4);
        assert_eq!(count(AccountVideoFilter { q: Some("SOUP".to_owned()), ..none() }).await, 4);
        let at = |secs| Some(START.plus(Duration::from_secs(secs)));
        assert_eq!(count(AccountVideoFilter { created_after: at(2), created_before: at(5), ..none() }).await, 4);
        let all = AccountVideoFilter {
            platform: Some(Platform::Tiktok),
            account_id: Some(amy),
            creator_id: Some(creator),
            media_type: Some(MediaType::Video),
            q: Some("soup".to_owned()),
            created_after: at(3),
            created_before: at(3),
            ..none()
        };
        assert_eq!(count(all).await, 1);

        for n in 0..4 {
            let mut new = new_video(&post_id(n).to_string());
            new.is_active = n != 3;
            add_video(&tenant, &new, START).await;
        }
        add_video(&tenant, &new_video(&post_id(200).to_string()), START).await;
        work(&home.store, START, |job| match &job.target {
            JobTarget::Profile { username, .. } | JobTarget::Feed { username, .. } => profile(username, username, 5),
            JobTarget::Post { external_id, .. } => list
                .iter()
                .find(|facts| facts.external_id == *external_id)
                .map_or_else(|| page_of(post(post_id(200), START, 1)), |facts| page_of(facts.clone())),
        })
        .await;
        let count = async |filter: VideoFilter| {
            let page = PageRequest { include_total: true, ..whole(PostOrder::CreateTime) };
            let found = tenant.videos(&filter, &page, START).await.unwrap();
            assert_eq!(found.total, Some(i64::try_from(found.rows.len()).unwrap()));
            found.rows.len()
        };
        let none = VideoFilter::default;
        assert_eq!(count(none()).await, 5);
        assert_eq!(count(VideoFilter { is_active: Some(false), ..none() }).await, 1);
        assert_eq!(count(VideoFilter { platform: Some(Platform::Instagram), ..none() }).await, 0);
        assert_eq!(count(VideoFilter { account_id: Some(amy), ..none() }).await, 3, "the paused one was never read");
        assert_eq!(count(VideoFilter { account_id: Some(ben), ..none() }).await, 0);
        assert_eq!(count(VideoFilter { q: Some("SALAD".to_owned()), ..none() }).await, 2);
        let all = VideoFilter {
            platform: Some(Platform::Tiktok),
            account_id: Some(amy),
            is_active: Some(true),
            q: Some("soup".to_owned()),
            ..none()
        };
        assert_eq!(count(all).await, 1);
    }

    async fn a_walk_sees_what_was_there_throughout_exactly_once_whatever_comes_and_changes(home) {
        let tenant = tenant(&home.store).await;
        for direction in BOTH {
            let mut there = BTreeSet::new();
            let prefix = if direction == Direction::Asc { "up" } else { "down" };
            let middle = START.plus(Duration::from_secs(500));
            for n in 0..11 {
                there.insert(add(&tenant, &new_account(&format!("{prefix}{n}")), middle).await.0);
            }
            let mut seen = Vec::new();
            let mut after = None;
            let mut step = 0_u64;
            loop {
                let page = PageRequest { order_by: AccountOrder::AddedAt, direction, after, limit: 3, include_total: false };
                let filter = AccountFilter { q: Some(prefix.to_owned()), ..AccountFilter::default() };
                let found = tenant.accounts(&filter, &page, START).await.unwrap();
                seen.extend(found.rows.iter().map(|one| one.id));
                for at in [START, middle, middle.plus(Duration::from_secs(step + 1))] {
                    step += 1;
                    add(&tenant, &new_account(&format!("{prefix}.new{step}")), at).await;
                }
                let change = AccountChange { category: Some(Some("moved".to_owned())), ..AccountChange::default() };
                for id in &there {
                    patch(&tenant, *id, &change, middle.plus(Duration::from_secs(step))).await;
                }
                after = found.next;
                if after.is_none() || step > 60 {
                    break;
                }
            }
            let once: BTreeSet<_> = seen.iter().copied().collect();
            assert_eq!(once.len(), seen.len(), "nothing twice");
            assert!(there.is_subset(&once), "nothing missed");
        }
    }
}
