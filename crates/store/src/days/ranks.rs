//! What a tracked post knows of its newest day for the sake of an order that cannot be had by its counts: the engagement rate of all that it gained,
//! and what it is worth by prices of our own, which tells what it is worth at most by any others.

use domain::{Platform, gains};

use super::rows::{POST_METRICS, PostDay};
use crate::copy::{Field, fields};

/// What has a price, as columns begin, with what one is taken to be worth. Nothing is worth nothing: whatever it costs is then some number of times
/// as much. The nearer that number is to the same for all of them, the fewer posts need a look; nobody is told a value that was made of these.
pub const fn worths(platform: Platform) -> [(&'static str, i64); 5] {
    let [view, like, comment, share, saved] = match platform {
        Platform::Instagram => [9_000, 100_000, 600_000, 800_000, 500_000],
        Platform::Tiktok => [6_500, 50_000, 500_000, 600_000, 400_000],
        Platform::Youtube => [12_000, 150_000, 900_000, 600_000, 400_000],
        Platform::Pinterest => [6_500, 80_000, 500_000, 600_000, 400_000],
    };
    [("view", view), ("like", like), ("comment", comment), ("share", share), ("saved", saved)]
}

/// What is assigned to a tracked post whose newest day is `d`.
pub fn assigned() -> String {
    let gained = "(d.like_total + d.comment_total + d.share_total)";
    let worth = Platform::ALL.map(|platform| {
        let parts = worths(platform)
            .map(|(metric, worth)| format!("CAST(COALESCE(d.{metric}_count, 0) AS DOUBLE PRECISION) * {worth}"));
        format!("WHEN '{platform}' THEN {}", parts.join(" + "))
    });
    format!(
        "gained_rate = CASE WHEN d.view_days > 0 AND d.view_total <> 0 AND (d.like_days > 0 OR d.comment_days > 0 OR d.share_days > 0) \
         AND {gained} BETWEEN -400000000000000 AND 400000000000000 THEN (20000 * {gained} \
         + CASE WHEN ({gained} < 0) = (d.view_total < 0) THEN d.view_total ELSE -d.view_total END) / (2 * d.view_total) END, \
         worth = CASE WHEN d.day IS NOT NULL THEN CASE tracked_posts.platform {} END END",
        worth.join(" ")
    )
}

impl PostDay {
    /// What [`assigned`] assigns: `gained_rate` and `worth`.
    #[expect(clippy::cast_precision_loss, reason = "it is compared with room for that")]
    pub fn rank_fields(&self, platform: Platform) -> [Field<'static>; 2] {
        let metrics = &self.is.metrics;
        let [views, likes, comments, shares, ..] = metrics.map(|metric| Some(metric.total).filter(|_| metric.days > 0));
        let rate = gains::engagement(likes, comments, shares)
            .zip(views)
            .and_then(|(part, whole)| gains::hundredths(part, whole));
        let worth = worths(platform).into_iter().map(|(metric, worth)| {
            let known = POST_METRICS.iter().zip(metrics).find(|(name, _)| **name == metric);
            known.and_then(|(_, metric)| metric.count).map_or(0, |count| count.value) as f64 * worth as f64
        });
        fields![rate, worth.sum::<f64>()]
    }
}
