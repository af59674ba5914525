//! An organization's days, which have parts.

use domain::{Day, Window};
use store::RolledUp;

use crate::known::ids;
use crate::support::{HOUR, Home, START, add, new_account, post, post_id, tenant};
use crate::world::read;
use crate::{on_both, support};

/// The sums that are kept of organizations, each day's parts together.
pub async fn kept(home: &Home) -> Vec<String> {
    let metrics = ["view", "like", "comment", "share", "play", "saved", "follower", "following", "profile_post"];
    let sums: Vec<String> = metrics
        .iter()
        .flat_map(|metric| ["change", "counted", "gain", "known"].map(|of| format!(" || '|' || SUM({metric}_{of})")))
        .collect();
    let sums = sums.concat();
    let tallies = "SUM(accounts) || '|' || SUM(accounts_observed) || '|' || SUM(profiles_observed) || '|' || SUM(accounts_fallen) \
         || '|' || SUM(posts) || '|' || SUM(posts_observed) || '|' || SUM(posts_fallen)";
    let sql = format!(
        "SELECT {} || '|' || day || '|' || {tallies}{sums} FROM organization_days GROUP BY organization_id, day \
         HAVING SUM(accounts_observed) + SUM(posts_observed) > 0 ORDER BY 1",
        ids(home, "organization_id")
    );
    home.lines(&sql).await
}

pub async fn make_anew(home: &Home) {
    let mut after = uuid::Uuid::nil();
    while let Some(last) = home.store.rebuild_organization_days(after).await.unwrap() {
        after = last;
    }
}

on_both! {
    async fn days_that_are_over_are_laid_together_and_come_to_the_same(home) {
        let tenant = tenant(&home.store).await;
        add(&tenant, &new_account("amy"), START).await;
        for n in 0..6_u32 {
            let now = START.plus(HOUR * 24 * n);
            let views = 10 + i64::from(n) * i64::from(n);
            read(&home, &[vec![post(post_id(1), START.minus(HOUR * 100), views)], vec![], vec![]], i64::from(n), now).await;
        }
        // As if two had written each day at the same time.
        let sums = "accounts accounts_observed profiles_observed accounts_fallen posts posts_observed posts_fallen".split(' ').map(str::to_owned);
        let metrics = ["view", "like", "comment", "share", "play", "saved", "follower", "following", "profile_post"];
        let metrics = metrics.iter().flat_map(|metric| ["change", "counted", "gain", "known"].map(|of| format!("{metric}_{of}")));
        let columns: Vec<_> = sums.chain(metrics).collect();
        let zeroes = vec!["0"; columns.len()].join(", ");
        let split = format!(
            "INSERT INTO organization_days (organization_id, day, part, {}) SELECT organization_id, day, part + 1, {zeroes} FROM organization_days WHERE part < 2147483647",
            columns.join(", ")
        );
        home.sql(&split).await;
        let parts = || home.number("SELECT COUNT(*) FROM organization_days");
        assert_eq!(parts().await, Some(12));
        let before = kept(&home).await;
        let today = Day::of(START).plus(5);
        let window = Window::new(today.plus(-2), today, today).unwrap();
        let shown = || async {
            let days = tenant.rolled_up_timeseries(RolledUp::Organization, window).await.unwrap().unwrap();
            (days, tenant.overview(Window::ending(today, 1)).await.unwrap())
        };
        let then = shown().await;
        while home.store.fold_organization_days(today, None, 2).await.unwrap() > 0 {}
        assert_eq!((parts().await, kept(&home).await), (Some(7), before), "today is still written");
        assert_eq!(shown().await, then);
        // Those of which nobody may ask any more become one.
        while home.store.fold_organization_days(today, Some(today.plus(-2)), 2).await.unwrap() > 0 {}
        assert_eq!(parts().await, Some(5));
        assert_eq!(shown().await, then);
        assert_eq!(home.store.fold_organization_days(today, Some(today.plus(-2)), 2).await.unwrap(), 0);
    }

    async fn parts_of_a_day_are_added_up(home) {
        let of = support::organization(&home.store, None).await;
        let tenant = home.store.tenant(of);
        add(&tenant, &new_account("amy"), START).await;
        let lists = |views| [vec![post(post_id(1), START.minus(HOUR * 100), views)], vec![], vec![]];
        read(&home, &lists(10), 5, START).await;
        let window = Window::ending(Day::of(START), 1);
        let views = || async { tenant.overview(window).await.unwrap().current.gains.views };
        assert_eq!((views().await, home.number("SELECT COUNT(*) FROM organization_days").await), (Some(0), Some(1)));
        if home.url.starts_with("sqlite") {
            return;
        }
        // Somebody holds the one part that there is, and a recording does not wait.
        let connection = home.connection().await;
        let holder = sea_orm::TransactionTrait::begin(&connection).await.unwrap();
        sea_orm::ConnectionTrait::execute_unprepared(&holder, "SELECT * FROM organization_days FOR UPDATE").await.unwrap();
        read(&home, &lists(17), 5, START.plus(HOUR)).await;
        assert_eq!((views().await, home.number("SELECT COUNT(*) FROM organization_days").await), (Some(7), Some(2)));
        // Nor does anybody who makes sums anew, and there is nothing to be done.
        let sums = kept(&home).await;
        make_anew(&home).await;
        assert_eq!((kept(&home).await, home.number("SELECT COUNT(*) FROM organization_days").await), (sums, Some(2)));
        holder.rollback().await.unwrap();
        connection.close().await.unwrap();
    }

    async fn what_is_wrong_with_the_sums_of_days_is_mended(home) {
        let tenant = tenant(&home.store).await;
        add(&tenant, &new_account("amy"), START).await;
        for n in 0..4_u32 {
            let now = START.plus(HOUR * 24 * n);
            let views = 10 + 3 * i64::from(n);
            read(&home, &[vec![post(post_id(1), START.minus(HOUR * 100), views)], vec![], vec![]], i64::from(n), now).await;
        }
        let sums = kept(&home).await;
        let (first, last) = (Day::of(START).number(), Day::of(START).plus(3).number());
        home.sql(&format!("DELETE FROM organization_days WHERE day = {first}")).await;
        home.sql(&format!("UPDATE organization_days SET view_gain = view_gain + 7, posts = 9 WHERE day = {}", first + 1)).await;
        home.sql(&format!("UPDATE organization_days SET day = {} WHERE day = {last}", last + 20)).await;
        assert_ne!(kept(&home).await, sums);
        make_anew(&home).await;
        assert_eq!(kept(&home).await, sums);
    }
}
