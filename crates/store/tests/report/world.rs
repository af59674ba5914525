//! What is reported on, and a model of it: a plain walk over the reads.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use domain::media_value::WrittenCard;
use domain::{
    AccountId, CreatorId, Day, MediaType, Metadata, MetricStatus, Platform, PostFacts, PostRef, RateCard, Reading,
    Timestamp, VideoId, Window,
};
use store::{
    AccountChange, Direction, JobTarget, NewVideo, PageRequest, ReportFilter, ReportMetrics, ReportOrder, ReportPost,
    ReportRequest, Tenant,
};

use crate::support::{
    HOUR, Home, START, add, add_creator, add_video, exact, failed, feed, new_account, new_video, organization, page_of,
    patch, post_id, profile, tenant, work,
};

/// The days on which everything is read, counted from the first.
pub const READ_DAYS: [i32; 5] = [0, 1, 2, 5, 9];
pub const TODAY: i32 = 10;

/// Ids and handles of the profiles, and the posts of their feeds. Some posts are in both.
pub const PROFILES: [(&str, &str, std::ops::RangeInclusive<i64>); 2] = [("10", "amy", 1..=7), ("20", "bob", 6..=10)];
/// The posts that are added by hand: one of a feed, one by a tracked profile, one by nobody who is known.
pub const BY_HAND: [i64; 3] = [3, 11, 12];
pub const ALL: std::ops::RangeInclusive<i64> = 1..=12;

pub const ORDERS: [ReportOrder; 10] = [
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

pub fn first_day() -> Day {
    Day::of(START)
}

pub fn day(n: i32) -> Day {
    first_day().plus(n)
}

pub fn at(n: i32) -> Timestamp {
    day(n).start().plus(Duration::from_hours(12))
}

pub fn window(first: i32, last: i32) -> Window {
    Window::new(day(first), day(last), day(TODAY)).unwrap()
}

pub fn card() -> RateCard {
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
pub fn shows_on(n: i64) -> i32 {
    if n == 10 { 5 } else { 0 }
}

/// Views, likes, comments and shares of a post on a day. Some are unknown, some the same for several posts, and the likes of one fall.
pub fn counts(n: i64, day: i32) -> [Option<i64>; 4] {
    let day = i64::from(day);
    let likes = if n == 5 { 500 - 7 * day } else { n * 10 + day * (n % 5) };
    [
        (n % 4 != 0).then_some(n * 1000 + day * n * n),
        (n % 3 != 0 || n == 12).then_some(likes),
        (n != 8).then_some(n / 2 + day * (n % 2)),
        (n % 2 == 1).then_some(n + day * n),
    ]
}

pub const fn media_type(n: i64) -> Option<MediaType> {
    match n % 3 {
        0 => None,
        1 => Some(MediaType::Video),
        _ => Some(MediaType::Image),
    }
}

pub fn created(n: i64) -> Timestamp {
    day(-i32::try_from(n).unwrap()).start().plus(HOUR)
}

pub fn facts(n: i64, day: i32) -> PostFacts {
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
pub struct World {
    pub home: Home,
    pub tenant: Tenant,
    pub accounts: [AccountId; 2],
    pub creators: [CreatorId; 3],
    pub videos: BTreeMap<i64, VideoId>,
}

pub async fn read_everything(home: &Home, n: i32) {
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

pub async fn world(home: Home) -> World {
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
pub fn modelled(n: i64, metrics: ReportMetrics) -> [Option<i64>; 4] {
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

pub fn engagement([_, likes, comments, shares]: [Option<i64>; 4]) -> Option<i64> {
    [likes, comments, shares].into_iter().flatten().reduce(|sum, part| sum + part)
}

/// In hundredths of a percent, halves away from 0.
pub fn rate(engagement: Option<i64>, views: Option<i64>) -> Option<i64> {
    let (engagement, views) = (engagement?, views.filter(|views| *views != 0)?);
    let (whole, left) = ((engagement * 10_000).div_euclid(views), (engagement * 10_000).rem_euclid(views));
    assert!(views > 0, "no views fall here");
    // Above the whole below it, halves away from 0.
    let is_up = 2 * left > views || (2 * left == views && engagement > 0);
    Some(whole + i64::from(is_up))
}

pub fn tmv([views, likes, comments, shares]: [Option<i64>; 4]) -> Option<i64> {
    let parts = [(views, 2_500), (likes, 10_000), (comments, 300_000), (shares, 1_000_000)];
    parts.into_iter().filter_map(|(count, price)| Some(count? * price)).reduce(|sum, part| sum + part)
}

pub fn key(n: i64, order: ReportOrder, metrics: ReportMetrics) -> Option<i64> {
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

pub fn request(order_by: ReportOrder, direction: Direction, limit: u32, metrics: ReportMetrics) -> ReportRequest {
    let page = PageRequest { order_by, direction, after: None, limit, include_total: true };
    ReportRequest { page, offset: 0, metrics, card: card() }
}

pub fn number(post: &ReportPost) -> i64 {
    post.external_id.parse::<i64>().unwrap() - post_id(0)
}

pub async fn only_post(tenant: &Tenant) -> ReportPost {
    let all = ReportFilter::default();
    let mut posts = tenant.report_posts(&all, ReportMetrics::Lifetime, &card(), None, 10).await.unwrap().rows;
    assert_eq!(posts.len(), 1);
    posts.remove(0)
}

pub async fn found(tenant: &Tenant, filter: &ReportFilter) -> BTreeSet<i64> {
    let request = request(ReportOrder::CreateTime, Direction::Desc, 500, ReportMetrics::Lifetime);
    let page = tenant.posts_report(filter, &request).await.unwrap();
    let numbers: BTreeSet<i64> = page.rows.iter().map(number).collect();
    assert_eq!((page.rows.len(), page.total), (numbers.len(), Some(i64::try_from(numbers.len()).unwrap())));
    let walked = tenant.report_posts(filter, ReportMetrics::Lifetime, &card(), None, 500).await.unwrap();
    assert_eq!(walked.rows.iter().map(number).collect::<BTreeSet<_>>(), numbers);
    numbers
}

/// All pages of an order, by cursor and by offset, with the total and without, which must be the same.
pub async fn in_order(tenant: &Tenant, mut request: ReportRequest) -> Vec<ReportPost> {
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
