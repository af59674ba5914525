//! What the gains of a post can be at most, told by the post itself: so that of many posts only those are looked up that may be among the first.
//!
//! A window's gain is the count at its end less the one before it, or less the first that is known, and no count is below 0: the gain is no more than
//! the count at its end. Of a post that was first read within the window the gain is known at once. Of one that was read after the window nothing is
//! said, and it is looked up.

use domain::{Platform, RateCard, Window};

use super::ReportOrder;
use super::numbers::{ENGAGEMENT, priced, rough_tmv};
use crate::days::worths;
use crate::sql::{Filter, once};

/// More than any number that is sorted by, as a fraction.
const ANYTHING: &str = "1e30";

/// The tracked posts that match, as rows from which gains are worked out, each with the most that what is sorted by can be: `bound`, null where there
/// is nothing. `None` where nothing can be said.
pub fn posts(
    order: ReportOrder,
    card: &RateCard,
    window: Window,
    joins: &str,
    filter: &mut Filter,
    is_postgres: bool,
) -> Option<String> {
    let (metrics, bound) = most(order, card)?;
    let (last, first) = (filter.bind(window.last().number()), filter.bind(window.first().number()));
    let columns: Vec<_> = metrics
        .iter()
        .map(|metric| {
            format!(
                "t.{metric}_total, t.{metric}_days, CASE WHEN t.first_day >= {first} THEN t.{metric}_total \
                 ELSE t.{metric}_last END AS {metric}_count"
            )
        })
        .collect();
    let once = once(is_postgres);
    Some(format!(
        "SELECT n.*, CASE WHEN n.last_day > {last} THEN {ANYTHING} ELSE {bound} END AS bound FROM (SELECT t.id, t.platform, t.first_day, t.last_day, {} \
         FROM tracked_posts t{joins} WHERE {} AND t.last_day >= {first}{once}) n{once}",
        columns.join(", "),
        filter.text(),
    ))
}

/// What tracked posts have in the order of an index that says how much they can have gained at most.
#[derive(Clone, Copy)]
pub struct Indexed {
    /// What the index has.
    column: &'static str,
    /// The metrics from whose sums gains are worked out.
    metrics: &'static [&'static str],
    /// A gain is at most this many times the column.
    times: f64,
    of: Of,
}

/// Of which day the column is.
#[derive(Clone, Copy)]
enum Of {
    /// Of what is known now, so that it says nothing of a few posts: those of which more was known on their newest day. They have an index of their own.
    Now,
    /// Of the newest day.
    NewestDay,
}

/// Which of the posts are taken.
#[derive(Clone, Copy)]
pub enum Taken {
    /// The first so many.
    Most(i64),
    /// All that may have gained more than this.
    Above(f64),
}

impl Indexed {
    /// What bounds a gain.
    pub fn of(order: ReportOrder, card: &RateCard) -> Option<Self> {
        let now = |column, metrics| Some(Self { column, metrics, times: 1.0, of: Of::Now });
        match order {
            ReportOrder::Views => now("COALESCE(t.view_count, -1)", &["view"]),
            ReportOrder::Likes => now("COALESCE(t.like_count, -1)", &["like"]),
            ReportOrder::Comments => now("COALESCE(t.comment_count, -1)", &["comment"]),
            ReportOrder::Shares => now("COALESCE(t.share_count, -1)", &["share"]),
            ReportOrder::Engagements => now("COALESCE(t.engagement, -1)", &["like", "comment", "share"]),
            ReportOrder::Tmv => times_worth(card).map(|times| Self {
                column: "t.worth",
                metrics: &["view", "like", "comment", "share", "saved"],
                times,
                of: Of::NewestDay,
            }),
            ReportOrder::EngagementRate
            | ReportOrder::Impressions
            | ReportOrder::ViewTime
            | ReportOrder::CreateTime => None,
        }
    }

    /// The posts that match and are taken, and those of which the column says nothing, as rows from which gains are worked out: the columns of a common
    /// table that is called `c`, and of another, `s`, that tells whether there are `others`, and what these have at most (`bound`). There are none at
    /// all where something was read after the window, and more may have been known then than is now.
    pub fn posts(self, taken: Taken, window: Window, joins: &str, filter: &mut Filter) -> String {
        let Self { column, metrics, times, of } = self;
        let posts = until_the_newest_day(window, joins, filter);
        let (taken, others) = match (taken, of) {
            (Taken::Most(most), _) => {
                let most = filter.bind(most);
                (
                    format!("AND {column} IS NOT NULL ORDER BY {column} DESC, t.id DESC LIMIT {most}"),
                    format!("CASE WHEN COUNT(*) < {most} THEN 0 ELSE 1 END"),
                )
            }
            // An index of whole numbers is asked for one.
            (Taken::Above(bound), Of::Now) => {
                (format!("AND {column} > {}", filter.bind(whole(bound / times))), "0".to_owned())
            }
            (Taken::Above(bound), Of::NewestDay) => {
                (format!("AND {column} > {}", filter.bind(bound / times)), "0".to_owned())
            }
        };
        let (columns, of_t) = columns(metrics);
        let unsaid = match of {
            Of::Now => format!(
                " UNION SELECT {of_t} {posts} AND ({}) AND ({})",
                behind(&["view", "like", "comment", "share"]),
                behind(metrics)
            ),
            Of::NewestDay => String::new(),
        };
        format!(
            "WITH l AS (SELECT {of_t}, {column} AS bound {posts} {taken}), \
             s AS (SELECT {others} AS others, CAST(MIN(bound) AS DOUBLE PRECISION) * {times:e} AS bound FROM l), \
             c AS (SELECT {columns} FROM l{unsaid})"
        )
    }
}

/// The posts of which the highest engagement rates are, for [`Indexed`]'s tables. A post that has no day before the window has the rate of all that it
/// gained, and an index has that: of these the first `wanted` are enough. The others are all there. There are none at all where something was read
/// after the window.
pub fn rates(window: Window, joins: &str, filter: &mut Filter, wanted: i64) -> String {
    let posts = until_the_newest_day(window, joins, filter);
    let (first, wanted) = (filter.bind(window.first().number()), filter.bind(wanted));
    let (columns, of_t) = columns(&["view", "like", "comment", "share"]);
    format!(
        "WITH l AS (SELECT {of_t} {posts} AND t.first_day >= {first} AND t.gained_rate IS NOT NULL \
         ORDER BY t.gained_rate DESC, t.id DESC LIMIT {wanted}), \
         s AS (SELECT 0 AS others, CAST(NULL AS DOUBLE PRECISION) AS bound), \
         c AS (SELECT {columns} FROM l UNION ALL SELECT {of_t} {posts} AND t.first_day < {first} AND t.last_day >= {first} \
         AND t.view_days > 0 AND (t.like_days > 0 OR t.comment_days > 0 OR t.share_days > 0))"
    )
}

/// The posts that match, where nothing of the organization was read after the window.
fn until_the_newest_day(window: Window, joins: &str, filter: &mut Filter) -> String {
    let last = filter.bind(window.last().number());
    format!(
        "FROM tracked_posts t{joins} WHERE {} \
         AND (SELECT MAX(o.day) FROM organization_days o WHERE o.organization_id = $1) <= {last}",
        filter.text()
    )
}

/// The columns from which the gains of metrics are worked out, plain and as those of `t`.
fn columns(metrics: &[&str]) -> (String, String) {
    let sums: Vec<_> = metrics.iter().map(|metric| format!("{metric}_total, {metric}_days")).collect();
    let columns = format!("id, platform, first_day, last_day, {}", sums.join(", "));
    let of_t = format!("t.{}", columns.replace(", ", ", t."));
    (columns, of_t)
}

/// Whether less is known now of one of the metrics than was on the newest day.
fn behind(metrics: &[&str]) -> String {
    let each: Vec<_> =
        metrics.iter().map(|metric| format!("t.{metric}_last > COALESCE(t.{metric}_count, -1)")).collect();
    each.join(" OR ")
}

/// How many times its worth a post's media value is at most; `None` where nothing has a price.
#[expect(clippy::cast_precision_loss, reason = "the comparison leaves room for it")]
fn times_worth(card: &RateCard) -> Option<f64> {
    let times = Platform::ALL.into_iter().flat_map(|platform| {
        let worths = worths(platform);
        let of = move |metric| worths.into_iter().find(|(known, _)| *known == metric).map(|(_, worth)| worth as f64);
        priced(card, platform).into_iter().filter_map(move |(metric, price)| Some(price as f64 / of(metric)?))
    });
    Some(times.fold(0.0, f64::max)).filter(|times| *times > 0.0)
}

/// The greatest whole number that is no more.
#[expect(clippy::cast_possible_truncation, reason = "what is beyond is as good as the last of them")]
fn whole(number: f64) -> i64 {
    number.floor() as i64
}

/// The metrics that what is sorted by is made of, and the most that it can be by the most that they can be, as an expression over columns of `n`.
fn most(order: ReportOrder, card: &RateCard) -> Option<(Vec<&'static str>, String)> {
    let metric = |metric| Some((vec![metric], format!("CAST(n.{metric}_count AS DOUBLE PRECISION)")));
    match order {
        ReportOrder::Views => metric("view"),
        ReportOrder::Likes => metric("like"),
        ReportOrder::Comments => metric("comment"),
        ReportOrder::Shares => metric("share"),
        ReportOrder::Engagements => {
            Some((vec!["like", "comment", "share"], format!("CAST({ENGAGEMENT} AS DOUBLE PRECISION)")))
        }
        ReportOrder::Tmv => Some((vec!["view", "like", "comment", "share", "saved"], rough_tmv(card))),
        // Of a rate nothing can be said: one like of two views is much. What can be had of it is said by `rates`.
        ReportOrder::EngagementRate | ReportOrder::Impressions | ReportOrder::ViewTime | ReportOrder::CreateTime => {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use domain::media_value::{Attention, WrittenCard};

    use super::*;

    fn card(prices: [&str; 5]) -> RateCard {
        let of_platform: BTreeMap<_, _> =
            ["thousand_views", "like", "comment", "share", "save"].into_iter().zip(prices).collect();
        let prices: BTreeMap<_, _> =
            Platform::ALL.into_iter().map(|platform| (platform, of_platform.clone())).collect();
        let written = serde_json::json!({"id": "test", "currency": "EUR", "prices": prices});
        serde_json::from_value::<WrittenCard>(written).unwrap().try_into().unwrap()
    }

    #[test]
    fn a_media_value_is_at_most_so_many_times_what_the_post_is_worth() {
        let cards = [["9", "0.1", "0.6", "0.8", "0.5"], ["0", "0", "7", "0", "0"], ["0.001", "1000000", "0", "0", "3"]];
        for prices in cards {
            let card = card(prices);
            let times = times_worth(&card).unwrap();
            for platform in Platform::ALL {
                for counts in [[1, 0, 0, 0, 0], [0, 1, 0, 0, 0], [0, 0, 1, 0, 0], [0, 0, 0, 1, 1], [900, 50, 4, 3, 2]] {
                    let [views, likes, comments, shares, saves] = counts.map(Some);
                    let saves = saves.filter(|_| platform.has_saves());
                    let value = card.value(platform, &Attention { views, likes, comments, shares, saves }).unwrap();
                    let worth: i64 = worths(platform).iter().zip(counts).map(|((_, worth), count)| worth * count).sum();
                    let most = times * f64::from(i32::try_from(worth).unwrap()) * (1.0 + 1e-9);
                    assert!(whole(most) >= value, "{platform} {prices:?} {counts:?} {most} {value}");
                }
            }
        }
        assert_eq!(times_worth(&card(["0"; 5])), None);
    }
}
