//! Orders, pages and walks.

use std::collections::{BTreeMap, BTreeSet};

use domain::{MetricStatus, Reading, Timestamp};
use store::{Direction, JobTarget, ReportFilter, ReportMetrics, ReportOrder, ReportPost, ReportRequest};

use crate::support::{add_video, begin, exact, failed, new_video, page_of, post_id, tenant, work};
use crate::world::{
    ALL, ORDERS, READ_DAYS, TODAY, at, card, day, engagement, facts, in_order, key, modelled, number, rate,
    read_everything, request, shows_on, tmv, window, world,
};
use crate::{on_both, support};

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

    async fn what_a_post_knows_of_its_newest_day_is_made_anew_with_its_days(home) {
        let world = world(home).await;
        let columns = "first_day last_day observed_days view_last like_last comment_last share_last play_last saved_last view_total like_total comment_total share_total play_total saved_total \
             view_days like_days comment_days share_days play_days saved_days gained_rate worth";
        let all: Vec<_> = columns.split_whitespace().map(|it| format!("COALESCE(CAST({it} AS TEXT), '-')")).collect();
        let sql = format!("SELECT {} FROM tracked_posts ORDER BY id", all.join(" || '|' || "));
        let before = world.home.lines(&sql).await;
        assert!(before.iter().all(|line| !line.starts_with('-')), "{before:?}");
        world.home.sql("UPDATE tracked_posts SET first_day = 1, last_day = 2, view_last = 5, view_total = 3, like_days = 4, gained_rate = 7, worth = 8").await;
        assert_ne!(world.home.lines(&sql).await, before);
        let mut after = 0;
        while let Some(last) = world.home.store.rebuild_post_days(after, 5).await.unwrap() {
            after = last.last;
        }
        assert_eq!(world.home.lines(&sql).await, before);
        // Those that were there before they knew their ranks came to know them by the migration, on whatever platform.
        let platforms = "CASE id % 4 WHEN 0 THEN 'instagram' WHEN 1 THEN 'tiktok' WHEN 2 THEN 'youtube' ELSE 'pinterest' END";
        world.home.sql(&format!("UPDATE tracked_posts SET platform = {platforms}")).await;
        world.home.sql("UPDATE post_days SET saved_count = tracked_post_id").await;
        let mut after = 0;
        while let Some(last) = world.home.store.rebuild_post_days(after, 5).await.unwrap() {
            after = last.last;
        }
        let made = world.home.lines(&sql).await;
        assert_ne!(made, before);
        world.home.sql("UPDATE tracked_posts SET gained_rate = 7, worth = 8").await;
        let migration = include_str!("../../../../migrations/src/m0014_ranks.sql").split(";\n");
        world.home.sql(migration.into_iter().find(|statement| statement.starts_with("UPDATE")).unwrap()).await;
        assert_eq!(world.home.lines(&sql).await, made);
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
        // What is known now may be less than what was known on the newest day: a count that is hidden since, or that was read elsewhere.
        for now in ["added_at = added_at", "view_count = NULL, like_count = 1", "comment_count = 0, share_count = 5"] {
            home.sql(&format!("UPDATE tracked_posts SET {now} WHERE id % 3 <> 0")).await;
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
}
