//! The numbers of a tracked post `t`, as expressions, and what must be joined for them.

use domain::Platform;
use domain::media_value::{MOST_VALUE, RateCard};

use super::ReportMetrics;
use crate::days::Newest;
use crate::sql::{Filter, once};

/// The counts, as their columns begin.
pub const COUNTS: [&str; 6] = ["view", "like", "comment", "share", "play", "saved"];

/// Expressions for the counts of a post, or what they gained.
pub struct Numbers {
    /// What they need beside `t`.
    pub joins: String,
    range: Option<Range>,
}

/// A window: its days, as parameters, and its ends, as rows of days.
struct Range {
    first: String,
    last: String,
    end: &'static str,
    begin: &'static str,
}

impl Numbers {
    /// The numbers that are asked for; the ends of a window become parameters of `filter`.
    pub fn of(metrics: ReportMetrics, filter: &mut Filter, is_postgres: bool) -> Self {
        let ReportMetrics::Range(window) = metrics else {
            return Self { joins: String::new(), range: None };
        };
        let (last, first) = (filter.bind(window.last().number()), filter.bind(window.first().number()));
        let range = Range { first, last, end: "e", begin: "b" };
        let days = Newest::of_post("t.id", is_postgres);
        let joins = range.ends().map(|(name, than, when)| days.join(name, &than, &when));
        Self { joins: joins.concat(), range: Some(range) }
    }

    /// The posts that match, each once with some of [`COUNTS`]: for very many of them.
    pub fn of_posts(
        metrics: ReportMetrics,
        counts: &[&str],
        joins: &str,
        filter: &mut Filter,
        is_postgres: bool,
    ) -> String {
        let mut numbers = Self::of(metrics, filter, is_postgres);
        let once = once(is_postgres);
        let Some(range) = numbers.range.as_mut().filter(|_| is_postgres) else {
            return format!(
                "SELECT t.id, t.platform, {} FROM tracked_posts t{joins}{} WHERE {}{once}",
                numbers.columns(counts),
                numbers.joins,
                filter.text()
            );
        };
        // PostgreSQL sets out on a join anew for each post, also where there is nothing to look up. These are looked up where they are needed.
        let days = Newest::of_post("t.id", is_postgres);
        let ends = range.ends().map(|(name, than, when)| format!("{} AS {name}", days.row(&than, &when)));
        (range.end, range.begin) = ("(t.e)", "(t.b)");
        let sums: Vec<_> = counts.iter().map(|metric| format!("t.{metric}_total, t.{metric}_days")).collect();
        format!(
            "SELECT t.id, t.platform, {} FROM (SELECT t.id, t.platform, t.first_day, t.last_day, {}, {} \
             FROM tracked_posts t{joins} WHERE {}{once}) t{once}",
            numbers.columns(counts),
            sums.join(", "),
            ends.join(", "),
            filter.text()
        )
    }

    /// Days of the window with a read; null without a window.
    pub fn observed_days(&self) -> String {
        match &self.range {
            None => "CAST(NULL AS INTEGER)".to_owned(),
            Some(range) => format!("COALESCE({}, 0)", range.gained("observed_days")),
        }
    }

    /// One of [`COUNTS`].
    pub fn count(&self, metric: &str) -> String {
        match &self.range {
            None => format!("t.{metric}_count"),
            // Nothing is known of a metric without a day of the window on which its gain is.
            Some(range) => format!(
                "CASE WHEN {} THEN CASE WHEN t.{metric}_days > 0 THEN t.{metric}_total END WHEN {} > 0 THEN {} END",
                range.is_whole(),
                range.gained(&format!("{metric}_days")),
                range.gained(&format!("{metric}_total"))
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

impl Range {
    /// The ends of the window: each a name, a condition on its day, and one on posts for which it is looked up. The post itself knows the sums of
    /// its newest day. Where that is within the window no other end is looked for, and no beginning where it is before the window, or the first day
    /// is not.
    fn ends(&self) -> [(&'static str, String, String); 2] {
        let Self { first, last, .. } = self;
        [
            ("e", format!("<= {last}"), format!("t.last_day > {last}")),
            ("b", format!("< {first}"), format!("t.first_day < {first} AND t.last_day >= {first}")),
        ]
    }

    /// Whether the post has no day outside the window.
    fn is_whole(&self) -> String {
        format!("t.first_day >= {} AND t.last_day <= {}", self.first, self.last)
    }

    /// What a sum of the newest day by the end of the window is more than by its beginning; null where no day is within.
    fn gained(&self, sum: &str) -> String {
        let Self { first, last, end, begin } = self;
        format!(
            "CASE WHEN t.last_day >= {first} THEN CASE WHEN t.last_day <= {last} THEN t.{sum} ELSE {end}.{sum} END \
             - COALESCE({begin}.{sum}, 0) END"
        )
    }
}

/// Engagement, of the columns of `n`.
pub const ENGAGEMENT: &str = "CASE WHEN COALESCE(n.like_count, n.comment_count, n.share_count) IS NOT NULL \
     THEN COALESCE(n.like_count, 0) + COALESCE(n.comment_count, 0) + COALESCE(n.share_count, 0) END";

/// Engagement by views in hundredths of a percent, halves away from 0, of the columns of `n`, where `n.parts` is [`ENGAGEMENT`]. Counts so high
/// that whole numbers could not hold it do not occur.
pub const ENGAGEMENT_RATE: &str = "CASE WHEN n.view_count <> 0 AND n.parts BETWEEN -400000000000000 AND 400000000000000 \
     THEN (20000 * n.parts + CASE WHEN (n.parts < 0) = (n.view_count < 0) THEN n.view_count ELSE -n.view_count END) \
     / (2 * n.view_count) END";

/// What of a platform's posts has a price, with its price in millionths.
pub fn priced(card: &RateCard, platform: Platform) -> Vec<(&'static str, i64)> {
    let [view, like, comment, share, save] = card.prices(platform).each();
    let mut parts = vec![("view", view), ("like", like), ("comment", comment), ("share", share)];
    if platform.has_saves() {
        parts.push(("saved", save));
    }
    parts
}

/// Up to here fractions hold whole numbers exactly.
const MOST_EXACT: i64 = 9_000_000_000_000_000;

/// The media value by the prices of `card` in millionths, as a fraction, of the columns of `n`, the platform among them.
pub fn rough_tmv(card: &RateCard) -> String {
    by_platform(card, |parts| {
        let known: Vec<_> = parts.iter().map(|(metric, _)| format!("n.{metric}_count")).collect();
        format!("CASE WHEN COALESCE({}) IS NOT NULL THEN {} END", known.join(", "), sum(parts, "DOUBLE PRECISION"))
    })
}

/// The same exactly, where `n.parts` is [`rough_tmv`]. Whoever has no number below 0 has no part that is more than the whole; gains may be below 0.
pub fn tmv(card: &RateCard, metrics: ReportMetrics) -> String {
    let exact = by_platform(card, |parts| sum(parts, "BIGINT"));
    let is_whole = match metrics {
        ReportMetrics::Lifetime => String::new(),
        ReportMetrics::Range(_) => {
            let counts: Vec<_> = ["view", "like", "comment", "share", "saved"]
                .map(|metric| format!("COALESCE(n.{metric}_count, 0)"))
                .into();
            format!(" AND ({}) >= 0", counts.join(" | "))
        }
    };
    format!(
        "CASE WHEN n.parts BETWEEN -{MOST_EXACT} AND {MOST_EXACT}{is_whole} THEN CAST(n.parts AS BIGINT) WHEN n.parts IS NULL THEN NULL \
         WHEN n.parts > {MOST_VALUE} THEN {MOST_VALUE} WHEN n.parts < -{MOST_VALUE} THEN -{MOST_VALUE} ELSE {exact} END"
    )
}

fn by_platform(card: &RateCard, value: impl Fn(&[(&'static str, i64)]) -> String) -> String {
    let of_platform =
        Platform::ALL.map(|platform| format!("WHEN '{platform}' THEN {}", value(&priced(card, platform))));
    format!("CASE n.platform {} END", of_platform.join(" "))
}

fn sum(parts: &[(&'static str, i64)], kind: &str) -> String {
    let parts = parts
        .iter()
        .filter(|(_, price)| *price != 0)
        .map(|(metric, price)| format!("CAST(COALESCE(n.{metric}_count, 0) AS {kind}) * CAST({price} AS {kind})"));
    let parts: Vec<_> = parts.collect();
    if parts.is_empty() { format!("CAST(0 AS {kind})") } else { parts.join(" + ") }
}
