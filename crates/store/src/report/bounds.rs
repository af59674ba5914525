//! What the gains of a post can be at most, told by the post itself: so that of many posts only those are looked up that may be among the first.
//!
//! Where every day with a read had a known gain, a window's gain is the count at its end less the one before it, and no count is below 0: the gain is
//! no more than the count. Of a post that was first read within the window the gain is known at once. Of all others nothing is said, and they are
//! looked up.

use domain::media_value::Priced;
use domain::{Platform, RateCard, Window};

use super::ReportOrder;
use crate::sql::Filter;

/// More than any count.
const ANYTHING: &str = "1000000000000000000";

/// The most that what is sorted by can be of a tracked post `t`, as an expression, null where there is nothing; `None` where nothing can be said.
pub fn most(order: ReportOrder, card: &RateCard, window: Window, filter: &mut Filter) -> Option<String> {
    let (last, first) = (filter.bind(window.last().number()), filter.bind(window.first().number()));
    let of = |metric: &str| {
        format!(
            "CASE WHEN t.last_day IS NULL OR t.last_day < {first} OR t.{metric}_days = 0 THEN NULL \
             WHEN t.last_day > {last} THEN {ANYTHING} WHEN t.first_day >= {first} THEN t.{metric}_total \
             WHEN t.{metric}_days = t.observed_days THEN COALESCE(t.{metric}_count, {ANYTHING}) ELSE {ANYTHING} END"
        )
    };
    let sum = |parts: &[(&str, i64)]| {
        let all: Vec<_> = parts.iter().map(|(metric, _)| of(metric)).collect();
        let each = parts.iter().zip(&all).map(|((_, price), of)| {
            format!("CAST(COALESCE({of}, 0) AS DOUBLE PRECISION) * CAST({price} AS DOUBLE PRECISION)")
        });
        format!("CASE WHEN COALESCE({}) IS NOT NULL THEN {} END", all.join(", "), each.collect::<Vec<_>>().join(" + "))
    };
    let metric = |metric: &str| Some(format!("CAST({} AS DOUBLE PRECISION)", of(metric)));
    match order {
        ReportOrder::Views => metric("view"),
        ReportOrder::Likes => metric("like"),
        ReportOrder::Comments => metric("comment"),
        ReportOrder::Shares => metric("share"),
        ReportOrder::Engagements => Some(sum(&[("like", 1), ("comment", 1), ("share", 1)])),
        ReportOrder::Tmv => {
            let of_platform = Platform::ALL.map(|platform| {
                let prices = Priced::ALL.into_iter().zip(card.prices(platform).each());
                let parts: Vec<_> = prices
                    .filter(|(what, _)| platform.has_saves() || *what != Priced::Save)
                    .map(|(what, price)| {
                        let metric = match what {
                            Priced::ThousandViews => "view",
                            Priced::Like => "like",
                            Priced::Comment => "comment",
                            Priced::Share => "share",
                            Priced::Save => "saved",
                        };
                        (metric, price)
                    })
                    .collect();
                format!("WHEN '{platform}' THEN {}", sum(&parts))
            });
            Some(format!("CASE t.platform {} END", of_platform.join(" ")))
        }
        ReportOrder::EngagementRate | ReportOrder::Impressions | ReportOrder::ViewTime | ReportOrder::CreateTime => {
            None
        }
    }
}
