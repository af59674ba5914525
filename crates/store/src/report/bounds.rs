//! What the gains of a post can be at most, told by the post itself: so that of many posts only those are looked up that may be among the first.
//!
//! A window's gain is the count at its end less the one before it, or less the first that is known, and no count is below 0: the gain is no more than
//! the count at its end. Of a post that was first read within the window the gain is known at once. Of one that was read after the window nothing is
//! said, and it is looked up.

use domain::{Platform, RateCard, Window};

use super::ReportOrder;
use super::numbers::{once, priced};
use crate::sql::Filter;

/// More than any count.
const ANYTHING: &str = "1000000000000000000";

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
                "t.{metric}_total, t.{metric}_days, CASE WHEN t.last_day >= {first} AND t.{metric}_days > 0 THEN \
                 CASE WHEN t.last_day > {last} THEN {ANYTHING} WHEN t.first_day >= {first} THEN t.{metric}_total \
                 ELSE t.{metric}_last END END AS {metric}_count"
            )
        })
        .collect();
    Some(format!(
        "SELECT n.*, {bound} AS bound FROM (SELECT t.id, t.platform, t.first_day, t.last_day, {} \
         FROM tracked_posts t{joins} WHERE {}{}) n",
        columns.join(", "),
        filter.text(),
        once(is_postgres)
    ))
}

/// The metrics that what is sorted by is made of, and the most that it can be by the most that they can be, as an expression over columns of `n`.
fn most(order: ReportOrder, card: &RateCard) -> Option<(Vec<&'static str>, String)> {
    let sum = |parts: &[(&str, i64)]| {
        let all: Vec<_> = parts.iter().map(|(metric, _)| format!("n.{metric}_count")).collect();
        let each = parts.iter().map(|(metric, price)| {
            format!("CAST(COALESCE(n.{metric}_count, 0) AS DOUBLE PRECISION) * CAST({price} AS DOUBLE PRECISION)")
        });
        format!("CASE WHEN COALESCE({}) IS NOT NULL THEN {} END", all.join(", "), each.collect::<Vec<_>>().join(" + "))
    };
    let metric = |metric| Some((vec![metric], format!("CAST(n.{metric}_count AS DOUBLE PRECISION)")));
    match order {
        ReportOrder::Views => metric("view"),
        ReportOrder::Likes => metric("like"),
        ReportOrder::Comments => metric("comment"),
        ReportOrder::Shares => metric("share"),
        ReportOrder::Engagements => {
            Some((vec!["like", "comment", "share"], sum(&[("like", 1), ("comment", 1), ("share", 1)])))
        }
        ReportOrder::Tmv => {
            let of_platform =
                Platform::ALL.map(|platform| format!("WHEN '{platform}' THEN {}", sum(&priced(card, platform))));
            let metrics = vec!["view", "like", "comment", "share", "saved"];
            Some((metrics, format!("CASE n.platform {} END", of_platform.join(" "))))
        }
        // Of a rate nothing can be said: one like of two views is much.
        ReportOrder::EngagementRate | ReportOrder::Impressions | ReportOrder::ViewTime | ReportOrder::CreateTime => {
            None
        }
    }
}
