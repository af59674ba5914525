//! Reports: every post once, in any order, with numbers that a plain walk over the reads comes to as well.

#![expect(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a helper of a test fails the test")]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use domain::media_value::WrittenCard;
use domain::{
    AccountId, CollectionId, CollectionKind, CreatorId, Day, MediaType, Member, Metadata, MetricStatus, Platform,
    PostFacts, PostRef, PostSource, PostStatus, RateCard, Reading, Timestamp, VideoId, Window,
};
use store::{
    AccountChange, Direction, JobTarget, NewCollection, NewVideo, PageRequest, ReportFilter, ReportMember,
    ReportMetrics, ReportOrder, ReportPost, ReportRequest, Stretch, Tenant,
};
use support::{
    HOUR, Home, START, add, add_creator, add_video, begin, exact, failed, feed, make_due, new_account, new_video,
    organization, page_of, patch, post_id, profile, tenant, work,
};

/// The days on which everything is read, counted from the first.
const READ_DAYS: [i32; 5] = [0, 1, 2, 5, 9];
const TODAY: i32 = 10;

/// Ids and handles of the profiles, and the posts of their feeds. Some posts are in both.
const PROFILES: [(&str, &str, std::ops::RangeInclusive<i64>); 2] = [("10", "amy", 1..=7), ("20", "bob", 6..=10)];
/// The posts that are added by hand: one of a feed, one by a tracked profile, one by nobody who is known.
const BY_HAND: [i64; 3] = [3, 11, 12];
const ALL: std::ops::RangeInclusive<i64> = 1..=12;

const ORDERS: [ReportOrder; 10] = [
    ReportOrder::Views,
    ReportOrder::Impressions,
    ReportOrder::Engagements,
    ReportOrder::EngagementRate,
    ReportOrder::Tmv,
    ReportOrder::ViewTime,
    ReportOrder::Likes,
    ReportOrder::Comments,
    ReportOrder::Shares,
    ReportOrder::CreateTime,
];

fn first_day() -> Day {
    Day::of(START)
}

fn day(n: i32) -> Day {
    first_day().plus(n)
}

fn at(n: i32) -> Timestamp {
    day(n).start().plus(Duration::from_hours(12))
}

fn window(first: i32, last: i32) -> Window {
    Window::new(day(first), day(last), day(TODAY)).unwrap()
}

fn card() -> RateCard {
    let prices: Vec<_> = Platform::ALL
        .into_iter()
        .map(|platform| {
            let prices =
                [("thousand_views", "2.5"), ("like", "0.01"), ("comment", "0.3"), ("share", "1"), ("save", "9")];
            (platform, prices.map(|(what, price)| (what.to_owned(), price.to_owned())).into_iter().collect())
        })
        .collect();
    let prices: BTreeMap<Platform, BTreeMap<String, String>> = prices.into_iter().collect();
    let written: WrittenCard =
        serde_json::from_value(serde_json::json!({"id": "test", "currency": "EUR", "prices": prices})).unwrap();
    written.try_into().unwrap()
}

/// The first day on which a post shows.
fn shows_on(n: i64) -> i32 {
    if n == 10 { 5 } else { 0 }
}

/// Views, likes, comments and shares of a post on a day. Some are unknown, some the same for several posts, and the likes of one fall.
fn counts(n: i64, day: i32) -> [Option<i64>; 4] {
    let day = i64::from(day);
    let likes = if n == 5 { 500 - 7 * day } else { n * 10 + day * (n % 5) };
    [
        (n % 4 != 0).then_some(n * 1000 + day * n * n),
        (n % 3 != 0 || n == 12).then_some(likes),
        (n != 8).then_some(n / 2 + day * (n % 2)),
        (n % 2 == 1).then_some(n + day * n),
    ]
}

const fn media_type(n: i64) -> Option<MediaType> {
    match n % 3 {
        0 => None,
        1 => Some(MediaType::Video),
        _ => Some(MediaType::Image),
    }
}

fn created(n: i64) -> Timestamp {
    day(-i32::try_from(n).unwrap()).start().plus(HOUR)
}

fn facts(n: i64, day: i32) -> PostFacts {
    let mut facts = PostFacts::bare(Platform::Tiktok, post_id(n).to_string());
    let reading = |value: Option<i64>| value.map_or(Reading::Null(MetricStatus::Hidden), exact);
    let [views, likes, comments, shares] = counts(n, day).map(reading);
    facts.metrics.views = views;
    (facts.metrics.likes, facts.metrics.comments, facts.metrics.shares) = (likes, comments, shares);
    facts.create_time = Some(created(n));
    facts.media_type = media_type(n);
    facts.description = Some(format!("post {n}"));
    if n == 11 {
        facts.author.platform_id = Some("10".to_owned());
    }
    facts
}

/// One organization with all of it, and its creators Amy (of `amy`), Bob (of `bob`) and Cleo, who has no account.
struct World {
    home: Home,
    tenant: Tenant,
    accounts: [AccountId; 2],
    creators: [CreatorId; 3],
    videos: BTreeMap<i64, VideoId>,
}

async fn read_everything(home: &Home, n: i32) {
    home.sql(&format!("UPDATE schedules SET due_at = {} WHERE due_at IS NOT NULL", at(n).as_millis())).await;
    let shown =
        |ids: std::ops::RangeInclusive<i64>| ids.filter(move |id| shows_on(*id) <= n).map(move |id| facts(id, n));
    work(&home.store, at(n), |job| match &job.target {
        JobTarget::Profile { username, .. } => {
            let (id, handle, _) = PROFILES.into_iter().find(|(_, handle, _)| handle == username).unwrap();
            profile(id, handle, 1000)
        }
        JobTarget::Feed { username, .. } => {
            let (_, _, posts) = PROFILES.into_iter().find(|(_, handle, _)| handle == username).unwrap();
            feed(shown(posts).collect())
        }
        JobTarget::Post { external_id, .. } => shown(ALL)
            .find(|facts| facts.external_id == *external_id)
            .map_or_else(|| failed(domain::Outcome::NotFound), page_of),
    })
    .await;
}

async fn world(home: Home) -> World {
    let tenant = tenant(&home.store).await;
    let now = at(0);
    let mut creators = Vec::new();
    for name in ["Amy", "Bob", "Cleo"] {
        creators.push(add_creator(&tenant, name, now).await);
    }
    let mut accounts = Vec::new();
    for (at, (_, handle, _)) in PROFILES.into_iter().enumerate() {
        let (id, _) = add(&tenant, &new_account(handle), now).await;
        patch(&tenant, id, &AccountChange { creator_id: Some(Some(creators[at])), ..Default::default() }, now).await;
        accounts.push(id);
    }
    let mut videos = BTreeMap::new();
    for n in BY_HAND {
        let mut new = NewVideo {
            post: PostRef::parse(Platform::Tiktok, &post_id(n).to_string()).unwrap(),
            ..new_video(&post_id(n).to_string())
        };
        if n == 12 {
            new.metadata = Metadata::from_stored(r#"{"source":"brand_initiated"}"#);
        }
        videos.insert(n, add_video(&tenant, &new, now).await);
    }
    // Somebody else tracks one of them as well.
    let other = home.store.tenant(organization(&home.store, None).await);
    add(&other, &new_account("amy"), now).await;
    for n in READ_DAYS {
        read_everything(&home, n).await;
    }
    World { home, tenant, accounts: accounts.try_into().unwrap(), creators: creators.try_into().unwrap(), videos }
}

/// What a model knows of a post: views, likes, comments, shares.
fn modelled(n: i64, metrics: ReportMetrics) -> [Option<i64>; 4] {
    let read = || READ_DAYS.into_iter().filter(|day| *day >= shows_on(n));
    match metrics {
        ReportMetrics::Lifetime => counts(n, *READ_DAYS.last().unwrap()),
        ReportMetrics::Range(window) => {
            let is_within = |at: &i32| window.has(day(*at));
            let Some(last) = read().rfind(is_within) else { return [None; 4] };
            let base = read().take_while(|at| day(*at) < window.first()).last().or_else(|| read().next()).unwrap();
            let (last, base) = (counts(n, last), counts(n, base));
            std::array::from_fn(|metric| Some(last[metric]? - base[metric]?))
        }
    }
}

fn engagement([_, likes, comments, shares]: [Option<i64>; 4]) -> Option<i64> {
    [likes, comments, shares].into_iter().flatten().reduce(|sum, part| sum + part)
}

/// In hundredths of a percent, halves away from 0.
fn rate(engagement: Option<i64>, views: Option<i64>) -> Option<i64> {
    let (engagement, views) = (engagement?, views.filter(|views| *views != 0)?);
    let (whole, left) = ((engagement * 10_000).div_euclid(views), (engagement * 10_000).rem_euclid(views));
    assert!(views > 0, "no views fall here");
    // Above the whole below it, halves away from 0.
    let is_up = 2 * left > views || (2 * left == views && engagement > 0);
    Some(whole + i64::from(is_up))
}

fn tmv([views, likes, comments, shares]: [Option<i64>; 4]) -> Option<i64> {
    let parts = [(views, 2_500), (likes, 10_000), (comments, 300_000), (shares, 1_000_000)];
    parts.into_iter().filter_map(|(count, price)| Some(count? * price)).reduce(|sum, part| sum + part)
}

fn key(n: i64, order: ReportOrder, metrics: ReportMetrics) -> Option<i64> {
    let numbers = modelled(n, metrics);
    let [views, likes, comments, shares] = numbers;
    match order {
        ReportOrder::Views => views,
        ReportOrder::Impressions | ReportOrder::ViewTime => None,
        ReportOrder::Engagements => engagement(numbers),
        ReportOrder::EngagementRate => rate(engagement(numbers), views),
        ReportOrder::Tmv => tmv(numbers),
        ReportOrder::Likes => likes,
        ReportOrder::Comments => comments,
        ReportOrder::Shares => shares,
        ReportOrder::CreateTime => Some(created(n).as_millis()),
    }
}

fn request(order_by: ReportOrder, direction: Direction, limit: u32, metrics: ReportMetrics) -> ReportRequest {
    let page = PageRequest { order_by, direction, after: None, limit, include_total: true };
    ReportRequest { page, offset: 0, metrics, card: card() }
}

fn number(post: &ReportPost) -> i64 {
    post.external_id.parse::<i64>().unwrap() - post_id(0)
}

async fn only_post(tenant: &Tenant) -> ReportPost {
    let all = ReportFilter::default();
    let mut posts = tenant.report_posts(&all, ReportMetrics::Lifetime, &card(), None, 10).await.unwrap().rows;
    assert_eq!(posts.len(), 1);
    posts.remove(0)
}

async fn found(tenant: &Tenant, filter: &ReportFilter) -> BTreeSet<i64> {
    let request = request(ReportOrder::CreateTime, Direction::Desc, 500, ReportMetrics::Lifetime);
    let page = tenant.posts_report(filter, &request).await.unwrap();
    let numbers: BTreeSet<i64> = page.rows.iter().map(number).collect();
    assert_eq!((page.rows.len(), page.total), (numbers.len(), Some(i64::try_from(numbers.len()).unwrap())));
    let walked = tenant.report_posts(filter, ReportMetrics::Lifetime, &card(), None, 500).await.unwrap();
    assert_eq!(walked.rows.iter().map(number).collect::<BTreeSet<_>>(), numbers);
    numbers
}

/// All pages of an order, by cursor and by offset, with the total and without, which must be the same.
async fn in_order(tenant: &Tenant, mut request: ReportRequest) -> Vec<ReportPost> {
    let filter = ReportFilter::default();
    let mut rows = Vec::new();
    loop {
        let page = tenant.posts_report(&filter, &request).await.unwrap();
        assert_eq!(page.total, Some(12));
        let untold = PageRequest { include_total: false, ..request.page.clone() };
        for limit in [1, request.page.limit] {
            let page_of = ReportRequest { page: PageRequest { limit, ..untold.clone() }, ..request.clone() };
            let same = tenant.posts_report(&filter, &page_of).await.unwrap();
            let most = page.rows.len().min(usize::try_from(limit).unwrap());
            assert_eq!((same.total, same.rows.as_slice()), (None, &page.rows[..most]), "{page_of:?}");
        }
        let by_offset = ReportRequest {
            offset: u64::try_from(rows.len()).unwrap(),
            page: PageRequest { after: None, ..untold },
            ..request.clone()
        };
        let same = tenant.posts_report(&filter, &by_offset).await.unwrap();
        assert_eq!((&same.rows, &same.next), (&page.rows, &page.next), "{by_offset:?}");
        rows.extend(page.rows);
        match page.next {
            Some(next) => request.page.after = Some(next),
            None => return rows,
        }
    }
}

on_both! {
    async fn every_order_in_both_directions_is_that_of_the_model_with_nulls_last_and_every_post_once(home) {
        let world = world(home).await;
        let ranges = [(0, 10), (2, 10), (1, 4), (3, 4), (6, 8), (-20, -10), (9, 9)];
        let ranges = ranges.map(|(first, last)| ReportMetrics::Range(window(first, last)));
        for metrics in [ReportMetrics::Lifetime].into_iter().chain(ranges) {
            for order in ORDERS {
                for direction in [Direction::Asc, Direction::Desc] {
                    let rows = in_order(&world.tenant, request(order, direction, 5, metrics)).await;
                    let ids: BTreeMap<i64, i64> = rows.iter().map(|post| (number(post), post.id)).collect();
                    assert_eq!(ids.len(), 12);
                    let mut expected: Vec<i64> = ALL.collect();
                    expected.sort_by_key(|n| {
                        let (key, id) = (key(*n, order, metrics), ids[n]);
                        match direction {
                            Direction::Asc => (key.is_none(), key.unwrap_or(0), id),
                            Direction::Desc => (key.is_none(), -key.unwrap_or(0), -id),
                        }
                    });
                    let seen: Vec<i64> = rows.iter().map(number).collect();
                    assert_eq!(seen, expected, "{order:?} {direction:?} {metrics:?}");
                    for post in &rows {
                        let (n, numbers) = (number(post), post.numbers);
                        let counts = numbers.counts;
                        let model = modelled(n, metrics);
                        assert_eq!(
                            [counts.view_count, counts.like_count, counts.comment_count, counts.share_count],
                            model,
                            "{n} {metrics:?}"
                        );
                        assert_eq!((counts.play_count, counts.saved_count), (None, None));
                        assert_eq!(numbers.engagements, engagement(model));
                        assert_eq!(numbers.engagement_rate, rate(engagement(model), model[0]), "{n} {metrics:?}");
                        assert_eq!(numbers.tmv, tmv(model), "{n} {metrics:?}");
                        let observed = match metrics {
                            ReportMetrics::Lifetime => None,
                            ReportMetrics::Range(window) => {
                                let read = READ_DAYS.into_iter().filter(|at| *at >= shows_on(n) && window.has(day(*at)));
                                Some(i32::try_from(read.count()).unwrap())
                            }
                        };
                        assert_eq!(post.observed_days, observed, "{n} {metrics:?}");
                    }
                }
            }
        }
    }

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

    async fn a_member_comes_to_what_its_posts_do_each_counted_once(home) {
        let world = world(home).await;
        let posts = [("Amy", vec![1, 2, 3, 4, 5, 6, 7, 11]), ("Bob", vec![6, 7, 8, 9, 10]), ("Cleo", vec![])];
        for metrics in [ReportMetrics::Lifetime, ReportMetrics::Range(window(2, 10)), ReportMetrics::Range(window(3, 4))] {
            let all = world.tenant.report_members(&ReportFilter::default(), metrics, &card(), None, 10).await.unwrap().rows;
            assert_eq!(all.len(), 3);
            for (member, (name, posts)) in all.iter().zip(&posts) {
                assert_eq!(member.name, *name);
                let of = |metric: usize| {
                    posts.iter().filter_map(|n| modelled(*n, metrics)[metric]).reduce(|sum, part| sum + part)
                };
                let total = member.total;
                let counts = total.numbers.counts;
                assert_eq!(
                    [counts.view_count, counts.like_count, counts.comment_count, counts.share_count],
                    [of(0), of(1), of(2), of(3)],
                    "{name} {metrics:?}"
                );
                let numbers = || posts.iter().map(|n| modelled(*n, metrics));
                let sum = |values: Vec<Option<i64>>| values.into_iter().flatten().reduce(|sum, part| sum + part);
                assert_eq!(total.numbers.tmv, sum(numbers().map(tmv).collect()));
                assert_eq!(total.numbers.engagements, sum(numbers().map(engagement).collect()));
                let rated = || numbers().filter(|it| it[0].is_some() && engagement(*it).is_some());
                let (part, whole) = (sum(rated().map(engagement).collect()), sum(rated().map(|it| it[0]).collect()));
                assert_eq!(total.numbers.engagement_rate, rate(part, whole), "{name} {metrics:?}");
                let known = |metric: usize| {
                    i64::try_from(numbers().filter(|it| it[metric].is_some()).count()).unwrap()
                };
                assert_eq!((total.counted.views, total.counted.likes), (known(0), known(1)));
                assert_eq!(total.posts_known, i64::try_from(posts.len()).unwrap());
                let counted = numbers().filter(|it| it.iter().any(Option::is_some)).count();
                assert_eq!(total.posts_counted, i64::try_from(counted).unwrap());
                let by_media: i64 = member.by_media_type.iter().map(|(_, of)| of.posts_known).sum();
                let views = member.by_media_type.iter().filter_map(|(_, of)| of.numbers.counts.view_count);
                assert_eq!((by_media, views.reduce(|sum, part| sum + part)), (total.posts_known, counts.view_count));
                let by_platform: Vec<_> = member.by_platform.iter().map(|(platform, of)| (*platform, *of)).collect();
                let expected = if posts.is_empty() { vec![] } else { vec![(Platform::Tiktok, total)] };
                assert_eq!(by_platform, expected);
            }
        }
        let amy = world.tenant.report_members(&ReportFilter::default(), ReportMetrics::Lifetime, &card(), None, 1).await;
        assert_eq!(amy.unwrap().rows[0].followers, Some(1000));
    }

    async fn members_are_in_every_order_with_nulls_last(home) {
        let world = world(home).await;
        let filter = ReportFilter::default();
        for metrics in [ReportMetrics::Lifetime, ReportMetrics::Range(window(2, 10))] {
            for order in ORDERS {
                for direction in [Direction::Asc, Direction::Desc] {
                    let mut asked = request(order, direction, 2, metrics);
                    let mut rows: Vec<ReportMember> = Vec::new();
                    loop {
                        let page = world.tenant.members_report(&filter, &asked).await.unwrap();
                        let by_offset = ReportRequest {
                            offset: u64::try_from(rows.len()).unwrap(),
                            page: PageRequest { after: None, ..asked.page.clone() },
                            ..asked.clone()
                        };
                        let same = world.tenant.members_report(&filter, &by_offset).await.unwrap();
                        assert_eq!((&same.rows, page.total), (&page.rows, Some(3)));
                        rows.extend(page.rows);
                        match page.next {
                            Some(next) => asked.page.after = Some(next),
                            None => break,
                        }
                    }
                    let key = |member: &ReportMember| match order {
                        ReportOrder::Views => member.total.numbers.counts.view_count,
                        ReportOrder::Likes => member.total.numbers.counts.like_count,
                        ReportOrder::Comments => member.total.numbers.counts.comment_count,
                        ReportOrder::Shares => member.total.numbers.counts.share_count,
                        ReportOrder::Engagements => member.total.numbers.engagements,
                        ReportOrder::EngagementRate => member.total.numbers.engagement_rate,
                        ReportOrder::Tmv => member.total.numbers.tmv,
                        ReportOrder::CreateTime => Some(member.added_at.as_millis()),
                        ReportOrder::Impressions | ReportOrder::ViewTime => None,
                    };
                    let mut expected = rows.clone();
                    expected.sort_by(|one, other| {
                        let nulls = key(one).is_none().cmp(&key(other).is_none());
                        let values = (key(one), one.id.0).cmp(&(key(other), other.id.0));
                        nulls.then(if direction == Direction::Asc { values } else { values.reverse() })
                    });
                    assert_eq!(rows.len(), 3);
                    assert_eq!(rows, expected, "{order:?} {direction:?}");
                }
            }
        }
    }

    async fn a_walk_sees_what_was_there_throughout_once_whatever_is_added_and_taken_away(home) {
        let world = world(home).await;
        let tenant = &world.tenant;
        let (filter, metrics) = (ReportFilter::default(), ReportMetrics::Lifetime);
        let mut seen = Vec::new();
        let mut after = None;
        for step in 0.. {
            let page = tenant.report_posts(&filter, metrics, &card(), after, 4).await.unwrap();
            if page.last.is_none() {
                break;
            }
            assert_eq!(page.last, page.rows.last().map(|post| post.id));
            after = page.last;
            seen.extend(page.rows.iter().map(number));
            if step == 0 {
                add_video(tenant, &new_video(&post_id(50).to_string()), at(TODAY)).await;
                let mut tx = begin(tenant, at(TODAY)).await;
                tx.delete_video(world.videos[&12]).await.unwrap();
                tx.commit().await.unwrap();
                read_everything(&world.home, TODAY).await;
            }
        }
        let throughout: Vec<i64> = seen.iter().copied().filter(|n| (1..=11).contains(n)).collect();
        assert_eq!(throughout.len(), 11, "{seen:?}");
        assert_eq!(throughout.into_iter().collect::<BTreeSet<_>>(), (1..=11).collect());
        let mut after = None;
        let mut names = Vec::new();
        loop {
            let page = tenant.report_members(&filter, metrics, &card(), after, 1).await.unwrap();
            if page.last.is_none() {
                break;
            }
            assert_eq!(page.last, page.rows.last().map(|member| member.id));
            after = page.last;
            names.extend(page.rows.into_iter().map(|member| member.name));
        }
        assert_eq!(names, ["Amy", "Bob", "Cleo"]);
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

    async fn what_was_found_out_for_somebody_else_is_not_told_to_a_record_that_pauses(home) {
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

    async fn what_a_post_knows_of_its_newest_day_is_made_anew_with_its_days(home) {
        let world = world(home).await;
        let columns = "first_day last_day observed_days view_last like_last comment_last share_last play_last saved_last view_total like_total comment_total share_total play_total saved_total \
             view_days like_days comment_days share_days play_days saved_days";
        let all: Vec<_> = columns.split_whitespace().map(|it| format!("COALESCE(CAST({it} AS TEXT), '-')")).collect();
        let sql = format!("SELECT {} FROM tracked_posts ORDER BY id", all.join(" || '|' || "));
        let before = world.home.lines(&sql).await;
        assert!(before.iter().all(|line| !line.starts_with('-')), "{before:?}");
        world.home.sql("UPDATE tracked_posts SET first_day = 1, last_day = 2, view_last = 5, view_total = 3, like_days = 4").await;
        assert_ne!(world.home.lines(&sql).await, before);
        let mut after = 0;
        while let Some(last) = world.home.store.rebuild_post_days(after, 5).await.unwrap() {
            after = last.last;
        }
        assert_eq!(world.home.lines(&sql).await, before);
    }

    async fn what_gained_most_is_the_same_whether_a_few_posts_are_looked_up_or_all(home) {
        let tenant = tenant(&home.store).await;
        for n in 1..=60 {
            add_video(&tenant, &new_video(&post_id(n).to_string()), at(0)).await;
        }
        // Some grow fast, some fall, some hide a count for a day, and a few are new.
        let counts = |n: i64, day: i32| {
            let day = i64::from(day);
            let views = n * n * 7 % 101 * 50 + day * (n * 37 % 19) * 20;
            let likes = if n % 7 == 0 { 400 - day * n } else { n * 13 % 60 + day * (n % 4) };
            [(n % 9 != 0 || day != 1).then_some(views), (n % 5 != 0).then_some(likes), Some(n % 3 + day * (n % 6)), None]
        };
        for read_on in [0, 1, 5, 8] {
            home.sql(&format!("UPDATE schedules SET due_at = {} WHERE due_at IS NOT NULL", at(read_on).as_millis())).await;
            work(&home.store, at(read_on), |job| {
                let JobTarget::Post { external_id, .. } = &job.target else { panic!("a post") };
                let n = external_id.parse::<i64>().unwrap() - post_id(0);
                let mut facts = facts(n, read_on);
                let reading = |value: Option<i64>| value.map_or(Reading::Null(MetricStatus::Hidden), exact);
                let [views, likes, comments, shares] = counts(n, read_on).map(reading);
                (facts.metrics.views, facts.metrics.likes) = (views, likes);
                (facts.metrics.comments, facts.metrics.shares) = (comments, shares);
                if n % 4 == 0 && read_on < 5 { failed(domain::Outcome::NotFound) } else { page_of(facts) }
            })
            .await;
        }
        let filter = ReportFilter::default();
        for metrics in [(3, 10), (0, 4), (5, 8), (2, 6)].map(|(first, last)| ReportMetrics::Range(window(first, last))) {
            for order in ORDERS {
                let all = request(order, Direction::Asc, 500, metrics);
                let all = tenant.posts_report(&filter, &all).await.unwrap().rows;
                let key = |post: &ReportPost| {
                    let numbers = post.numbers;
                    match order {
                        ReportOrder::Views => numbers.counts.view_count,
                        ReportOrder::Likes => numbers.counts.like_count,
                        ReportOrder::Comments => numbers.counts.comment_count,
                        ReportOrder::Shares => numbers.counts.share_count,
                        ReportOrder::Engagements => numbers.engagements,
                        ReportOrder::EngagementRate => numbers.engagement_rate,
                        ReportOrder::Tmv => numbers.tmv,
                        ReportOrder::CreateTime => post.create_time.map(Timestamp::as_millis),
                        ReportOrder::Impressions | ReportOrder::ViewTime => None,
                    }
                };
                let mut expected: Vec<(Option<i64>, i64)> = all.iter().map(|post| (key(post), post.id)).collect();
                expected.sort_by(|one, other| other.cmp(one));
                for (limit, offset) in [(1, 0), (2, 0), (3, 1), (5, 0)] {
                    let asked = ReportRequest { offset, ..request(order, Direction::Desc, limit, metrics) };
                    let page = tenant.posts_report(&filter, &asked).await.unwrap();
                    let seen: Vec<_> = page.rows.iter().map(|post| (key(post), post.id)).collect();
                    let (begin, end) = (usize::try_from(offset).unwrap(), usize::try_from(u64::from(limit) + offset).unwrap());
                    assert_eq!(seen, expected[begin..end], "{order:?} {metrics:?} {limit} {offset}");
                    assert_eq!((page.total, page.next.is_some()), (Some(60), true));
                }
            }
        }
    }
}
