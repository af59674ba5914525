//! Creators, and what their posts come to.

use domain::Platform;
use store::{Direction, PageRequest, ReportFilter, ReportMember, ReportMetrics, ReportOrder, ReportRequest};

use crate::world::{ORDERS, card, engagement, modelled, rate, request, tmv, window, world};
use crate::{on_both, support};

on_both! {
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
}
