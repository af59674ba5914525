//! The numbers of a tracked post `t`, as expressions, and what must be joined for them.

use domain::Platform;
use domain::media_value::{MOST_VALUE, RateCard};

use super::ReportMetrics;
use crate::days::Newest;
use crate::sql::Filter;

/// The counts, as their columns begin.
pub const COUNTS: [&str; 6] = ["view", "like", "comment", "share", "play", "saved"];

/// Expressions for the counts of a post, or what they gained.
pub struct Numbers {
    /// What they need beside `t`.
    pub joins: String,
    range: Option<Range>,
}

/// The days of a window, as parameters.
struct Range {
    first: String,
    last: String,
}

impl Numbers {
    /// The numbers that are asked for; the ends of a window become parameters of `filter`.
    pub fn of(metrics: ReportMetrics, filter: &mut Filter, is_postgres: bool) -> Self {
        let ReportMetrics::Range(window) = metrics else {
            return Self { joins: String::new(), range: None };
        };
        let (last, first) = (filter.bind(window.last().number()), filter.bind(window.first().number()));
        // The post itself knows the sums of its newest day. Where that is within the window no other end is looked for, and no beginning where it is
        // before the window, or the first day is not.
        let ends = [
            ("e", format!("<= {last}"), format!("t.last_day > {last}")),
            ("b", format!("< {first}"), format!("t.first_day < {first} AND t.last_day >= {first}")),
        ];
        let days = Newest::of_post("t.id", is_postgres);
        let joins = ends.map(|(name, than, when)| days.join(name, &than, &when));
        Self { joins: joins.concat(), range: Some(Range { first, last }) }
    }

    /// What a sum of the newest day by the end of the window is more than by its beginning; null where no day is within.
    fn gained(range: &Range, sum: &str) -> String {
        let Range { first, last } = range;
        format!(
            "CASE WHEN t.last_day >= {first} THEN CASE WHEN t.last_day <= {last} THEN t.{sum} ELSE e.{sum} END - COALESCE(b.{sum}, 0) END"
        )
    }

    /// Days of the window with a read; null without a window.
    pub fn observed_days(&self) -> String {
        match &self.range {
            None => "CAST(NULL AS INTEGER)".to_owned(),
            Some(range) => format!("COALESCE({}, 0)", Self::gained(range, "observed_days")),
        }
    }

    /// One of [`COUNTS`].
    pub fn count(&self, metric: &str) -> String {
        match &self.range {
            None => format!("t.{metric}_count"),
            // Nothing is known of a metric without a day of the window on which its gain is.
            Some(range) => format!(
                "CASE WHEN {} > 0 THEN {} END",
                Self::gained(range, &format!("{metric}_days")),
                Self::gained(range, &format!("{metric}_total"))
            ),
        }
    }

    /// Some of [`COUNTS`], each named as a column of counts.
    pub fn columns(&self, metrics: &[&str]) -> String {
        let columns: Vec<_> =
            metrics.iter().map(|metric| format!("{} AS {metric}_count", self.count(metric))).collect();
        columns.join(", ")
    }
}

/// What ends a subquery whose expressions are worked out once for each row, however often the query around it names them.
pub const fn once(is_postgres: bool) -> &'static str {
    if is_postgres { " OFFSET 0" } else { " LIMIT -1" }
}

/// Engagement, of the columns of `n`.
pub const ENGAGEMENT: &str = "CASE WHEN COALESCE(n.like_count, n.comment_count, n.share_count) IS NOT NULL \
     THEN COALESCE(n.like_count, 0) + COALESCE(n.comment_count, 0) + COALESCE(n.share_count, 0) END";

/// Engagement by views in hundredths of a percent, halves away from 0, of the columns of `n`. Counts so high that whole numbers could not hold it
/// do not occur.
pub fn engagement_rate() -> String {
    let parts = "(COALESCE(n.like_count, 0) + COALESCE(n.comment_count, 0) + COALESCE(n.share_count, 0))";
    format!(
        "CASE WHEN n.view_count <> 0 AND COALESCE(n.like_count, n.comment_count, n.share_count) IS NOT NULL \
         AND {parts} BETWEEN -400000000000000 AND 400000000000000 \
         THEN (20000 * {parts} + CASE WHEN ({parts} < 0) = (n.view_count < 0) THEN n.view_count ELSE -n.view_count END) \
         / (2 * n.view_count) END"
    )
}

/// What of a platform's posts has a price, with its price in millionths.
pub fn priced(card: &RateCard, platform: Platform) -> Vec<(&'static str, i64)> {
    let [view, like, comment, share, save] = card.prices(platform).each();
    let mut parts = vec![("view", view), ("like", like), ("comment", comment), ("share", share)];
    if platform.has_saves() {
        parts.push(("saved", save));
    }
    parts
}

/// The media value by the prices of `card` in millionths, of the columns of `n`, the platform among them.
pub fn tmv(card: &RateCard) -> String {
    let of_platform = Platform::ALL.map(|platform| {
        let parts = priced(card, platform);
        let known: Vec<_> = parts.iter().map(|(metric, _)| format!("n.{metric}_count")).collect();
        let sum = |kind: &str| {
            let parts = parts.iter().map(|(metric, price)| {
                format!("CAST(COALESCE(n.{metric}_count, 0) AS {kind}) * CAST({price} AS {kind})")
            });
            parts.collect::<Vec<_>>().join(" + ")
        };
        let (rough, exact) = (sum("DOUBLE PRECISION"), sum("BIGINT"));
        format!(
            "WHEN '{platform}' THEN CASE WHEN COALESCE({}) IS NULL THEN NULL WHEN {rough} > {MOST_VALUE} THEN {MOST_VALUE} \
             WHEN {rough} < -{MOST_VALUE} THEN -{MOST_VALUE} ELSE {exact} END",
            known.join(", ")
        )
    });
    format!("CASE n.platform {} END", of_platform.join(" "))
}
