//! What the gains of a post can be at most, told by the post itself: so that of many posts only those are looked up that may be among the first.
//!
//! A window's gain is the count at its end less the one before it, or less the first that is known, and no count is below 0: the gain is no more than
//! the count at its end. Of a post that was first read within the window the gain is known at once. Of one that was read after the window nothing is
//! said, and it is looked up.

use domain::{RateCard, Window};

use super::ReportOrder;
use super::numbers::{ENGAGEMENT, rough_tmv};
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

/// A column of tracked posts in whose order an index has them, where a gain is no more than it is but for few: those of which what was known on
/// their newest day is more than what is known now. They have an index of their own.
#[derive(Clone, Copy)]
pub struct Indexed {
    /// The column.
    pub column: &'static str,
    /// The metrics that it is the sum of.
    pub metrics: &'static [&'static str],
}

impl Indexed {
    /// What bounds a gain.
    pub const fn of(order: ReportOrder) -> Option<Self> {
        let (column, metrics): (_, &[_]) = match order {
            ReportOrder::Views => ("view_count", &["view"]),
            ReportOrder::Likes => ("like_count", &["like"]),
            ReportOrder::Comments => ("comment_count", &["comment"]),
            ReportOrder::Shares => ("share_count", &["share"]),
            ReportOrder::Engagements => ("engagement", &["like", "comment", "share"]),
            ReportOrder::EngagementRate
            | ReportOrder::Tmv
            | ReportOrder::Impressions
            | ReportOrder::ViewTime
            | ReportOrder::CreateTime => return None,
        };
        Some(Self { column, metrics })
    }

    /// The first `most` posts that match, by what is known now, and those of which that says nothing, as rows from which gains are worked out: the
    /// columns of a common table that is called `c`, and of another, `s`, that tells whether there are `others`, and what these have at most
    /// (`bound`). There are none at all where something was read after the window, and more may have been known then than is now.
    pub fn posts(self, window: Window, joins: &str, filter: &mut Filter, most: i64) -> String {
        const BEHIND: [&str; 4] = ["view", "like", "comment", "share"];
        let Self { column, metrics } = self;
        let behind = |metrics: &[&str]| {
            let each: Vec<_> =
                metrics.iter().map(|metric| format!("t.{metric}_last > COALESCE(t.{metric}_count, -1)")).collect();
            each.join(" OR ")
        };
        let sums: Vec<_> = metrics.iter().map(|metric| format!("{metric}_total, {metric}_days")).collect();
        let columns = format!("id, platform, first_day, last_day, {}", sums.join(", "));
        let last = filter.bind(window.last().number());
        let most = filter.bind(most);
        let posts = format!(
            "FROM tracked_posts t{joins} WHERE {} \
             AND (SELECT MAX(o.day) FROM organization_days o WHERE o.organization_id = $1) <= {last}",
            filter.text()
        );
        let of_t = columns.replace(", ", ", t.");
        format!(
            "WITH l AS (SELECT t.{of_t}, COALESCE(t.{column}, -1) AS bound {posts} \
             ORDER BY COALESCE(t.{column}, -1) DESC, t.id DESC LIMIT {most}), \
             s AS (SELECT CASE WHEN COUNT(*) < {most} THEN 0 ELSE 1 END AS others, CAST(MIN(bound) AS DOUBLE PRECISION) AS bound FROM l), \
             c AS (SELECT {columns} FROM l UNION SELECT t.{of_t} {posts} AND ({}) AND ({}))",
            behind(&BEHIND),
            behind(metrics),
        )
    }
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
        // Of a rate nothing can be said: one like of two views is much.
        ReportOrder::EngagementRate | ReportOrder::Impressions | ReportOrder::ViewTime | ReportOrder::CreateTime => {
            None
        }
    }
}
