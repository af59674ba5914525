//! Walks while rows come and change: whatever happens meanwhile, a row that was there throughout, and stayed where it was in the order, is
//! seen exactly once. A row whose sort column changes moves; it may be seen at either place, at both or at none, and nothing else is
//! promised of it.

#![expect(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a helper of a test fails the test")]

mod support;

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use store::{
    AccountFilter, AccountOrder, AccountVideoFilter, CreatorFilter, CreatorOrder, Direction, JobTarget, Page,
    PageRequest, PostOrder, VideoFilter,
};
use support::{
    Home, START, add, add_creator, add_video, feed, new_account, new_video, post, post_id, profile, tenant, work,
};

const BOTH: [Direction; 2] = [Direction::Asc, Direction::Desc];

/// Rows that are there from the beginning to the end. Every third of them moves with every page, the rest stays.
const ROWS: u64 = 18;

/// Rows of a table that a walk is made of, and what is done to them between two pages.
struct Table {
    name: &'static str,
    /// The columns that are sorted by, as they may be set to a number or to null.
    columns: &'static [&'static str],
}

impl Table {
    /// Gives every row a value of few, so that there are ties, and every fourth none.
    async fn spread(&self, home: &Home) {
        let ranked = format!(
            "UPDATE {name} SET {sets} FROM (SELECT id, ROW_NUMBER() OVER (ORDER BY id) AS n FROM {name}) AS ranked \
             WHERE ranked.id = {name}.id",
            name = self.name,
            sets = self.sets("CASE WHEN n % 4 <> 0 THEN 100 + n % 5 END"),
        );
        home.sql(&ranked).await;
    }

    /// Sets every column of the rows that move to `value`.
    async fn shift(&self, home: &Home, movers: &str, value: Option<u64>) {
        let value = value.map_or_else(|| "NULL".to_owned(), |number| number.to_string());
        home.sql(&format!("UPDATE {} SET {} WHERE {movers}", self.name, self.sets(&value))).await;
    }

    fn sets(&self, value: &str) -> String {
        self.columns.iter().map(|column| format!("{column} = {value}")).collect::<Vec<_>>().join(", ")
    }
}

/// Walks in both directions and checks that each of `stayed` is seen once.
async fn check<O: Copy + Debug, T, I: Ord + Clone + Debug>(
    order: O,
    stayed: &[I],
    read: impl AsyncFn(PageRequest<O>) -> Page<T>,
    id: impl Fn(&T) -> I,
    between: impl AsyncFn(u64),
) {
    for direction in BOTH {
        let mut seen = BTreeMap::new();
        let mut after = None;
        for step in 0.. {
            assert!(step < 60, "{order:?} {direction:?} does not come to an end");
            let page = read(PageRequest { order_by: order, direction, after, limit: 4, include_total: false }).await;
            for row in &page.rows {
                *seen.entry(id(row)).or_insert(0) += 1;
            }
            between(step).await;
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        for id in stayed {
            assert_eq!(seen.get(id), Some(&1), "{order:?} {direction:?}: {id:?} in {seen:?}");
        }
    }
}

/// The rows that stay, of ids in their order.
fn staying<I: Clone>(ids: &[I]) -> Vec<I> {
    ids.iter().enumerate().filter(|(n, _)| n % 3 != 0).map(|(_, id)| id.clone()).collect()
}

/// A value before, among or behind the others, or none.
fn elsewhere(step: u64) -> Option<u64> {
    [Some(1), Some(102), None, Some(900)][usize::try_from(step % 4).unwrap()]
}

/// How many rows have come: not with every page, or the walk would run after them for ever.
const fn comes(step: u64) -> bool {
    step < 8
}

on_both! {
    async fn of_accounts_in_every_order(home) {
        let tenant = tenant(&home.store).await;
        let table = Table {
            name: "accounts",
            columns: &["last_scrape_at", "follower_count", "view_count", "like_count", "play_count"],
        };
        let mut ids = Vec::new();
        for n in 0..ROWS {
            let handle = format!("{}{n}", ["mover", "amy_", "a.my"][usize::try_from(n % 3).unwrap()]);
            let at = START.plus(Duration::from_millis(n / 4));
            ids.push(add(&tenant, &new_account(&handle), at).await.0);
        }
        for order in [
            AccountOrder::AddedAt, AccountOrder::Username, AccountOrder::LastScrapeTime, AccountOrder::FollowerCount,
            AccountOrder::ViewCount, AccountOrder::LikeCount, AccountOrder::PlayCount,
        ] {
            table.spread(&home).await;
            check(
                order,
                &staying(&ids),
                async |page| tenant.accounts(&AccountFilter::default(), &page, START).await.unwrap(),
                |row| row.id,
                async |step| {
                    table.shift(&home, "username LIKE 'mover%'", elsewhere(step)).await;
                    if comes(step) {
                        let handle = format!("{}{}", ["a", "n", "zz"][usize::try_from(step % 3).unwrap()], another());
                        add(&tenant, &new_account(&handle), START.plus(Duration::from_millis(step))).await;
                    }
                },
            )
            .await;
        }
    }

    async fn of_creators_in_every_order(home) {
        let tenant = tenant(&home.store).await;
        let table = Table { name: "creators", columns: &["total_followers"] };
        let mut ids = Vec::new();
        for n in 0..ROWS {
            let name = ["mover", "Amy", "zoë"][usize::try_from(n % 3).unwrap()];
            ids.push(add_creator(&tenant, name, START.plus(Duration::from_millis(n / 4))).await);
        }
        for order in [CreatorOrder::Name, CreatorOrder::AddedAt, CreatorOrder::TotalFollowers] {
            table.spread(&home).await;
            check(
                order,
                &staying(&ids),
                async |page| tenant.creators(&CreatorFilter::default(), &page).await.unwrap(),
                |row| row.id,
                async |step| {
                    table.shift(&home, "name = 'mover'", elsewhere(step)).await;
                    if comes(step) {
                        let name = ["Aaron", "nina", "Amy", "ωmega"][usize::try_from(step % 4).unwrap()];
                        add_creator(&tenant, name, START.plus(Duration::from_millis(step))).await;
                    }
                },
            )
            .await;
        }
    }

    async fn of_videos_in_every_order(home) {
        let tenant = tenant(&home.store).await;
        let table = Table { name: "videos", columns: &["create_time", "view_count", "like_count", "play_count"] };
        let mut ids = Vec::new();
        for n in 0..ROWS {
            let mut new = new_video(&post_id(another()).to_string());
            new.scrape_interval_hours = Some(if n % 3 == 0 { 7 } else { 24 });
            ids.push(add_video(&tenant, &new, START.plus(Duration::from_millis(n / 4))).await);
        }
        for order in POST_ORDERS {
            table.spread(&home).await;
            check(
                order,
                &staying(&ids),
                async |page| tenant.videos(&VideoFilter::default(), &page, START).await.unwrap(),
                |row| row.id,
                async |step| {
                    table.shift(&home, "scrape_interval_hours = 7", elsewhere(step)).await;
                    if comes(step) {
                        let new = new_video(&post_id(another()).to_string());
                        add_video(&tenant, &new, START.plus(Duration::from_millis(step))).await;
                    }
                },
            )
            .await;
        }
    }

    async fn of_account_videos_in_every_order(home) {
        let tenant = tenant(&home.store).await;
        let table = Table { name: "account_videos", columns: &["create_time", "view_count", "like_count", "play_count"] };
        let track = async |handle: &str, count: u64| {
            add(&tenant, &new_account(handle), START).await;
            let posts: Vec<_> = (0..count).map(|_| post(post_id(another()), START, 1)).collect();
            work(&home.store, START, |job| match &job.target {
                JobTarget::Profile { username, .. } => profile(&format!("id of {username}"), username, 5),
                JobTarget::Feed { .. } => feed(posts.clone()),
                JobTarget::Post { external_id, .. } => {
                    support::page_of(posts.iter().find(|facts| facts.external_id == *external_id).unwrap().clone())
                }
            })
            .await;
        };
        track("amy", ROWS).await;
        let all = tenant.account_videos(&AccountVideoFilter::default(), &support::whole(PostOrder::AddedAt), START).await;
        let ids: Vec<_> = all.unwrap().rows.iter().map(|row| row.id).collect();
        assert_eq!(ids.len(), usize::try_from(ROWS).unwrap());
        let movers = format!("id IN ({})", ids.iter().step_by(3).map(|id| id.0.to_string()).collect::<Vec<_>>().join(", "));
        for order in POST_ORDERS {
            table.spread(&home).await;
            check(
                order,
                &staying(&ids),
                async |page| tenant.account_videos(&AccountVideoFilter::default(), &page, START).await.unwrap(),
                |row| row.id,
                async |step| {
                    table.shift(&home, &movers, elsewhere(step)).await;
                    if step == 1 {
                        track(&format!("b{}", another()), 5).await;
                    }
                },
            )
            .await;
        }
    }
}

const POST_ORDERS: [PostOrder; 5] =
    [PostOrder::AddedAt, PostOrder::CreateTime, PostOrder::ViewCount, PostOrder::LikeCount, PostOrder::PlayCount];

/// A number that was not given before.
fn another() -> i64 {
    static NEXT: AtomicI64 = AtomicI64::new(100);
    NEXT.fetch_add(1, Ordering::SeqCst)
}
