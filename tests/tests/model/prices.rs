//! What attention is worth, in whole millionths, by a card of the model's own.

use domain::media_value::WrittenCard;
use domain::{Platform, RateCard};
use serde_json::{Value, json};

use crate::ledger::POST_METRICS;
use crate::shapes;

/// The prices of a platform, in millionths: of one view, like, comment, share, save.
const fn prices(platform: Platform) -> [i64; 5] {
    match platform {
        Platform::Instagram => [9_005, 100_000, 600_001, 800_000, 500_000],
        Platform::Tiktok => [6_500, 50_000, 500_000, 600_000, 7],
        Platform::Youtube => [12_000, 150_000, 900_000, 0, 0],
        Platform::Pinterest => [0, 80_000, 500_000, 1_000_000, 400_000],
    }
}

/// The card as the service has it.
pub fn card() -> RateCard {
    let amount = |millionths: i64| format!("{}.{:06}", millionths / 1_000_000, millionths % 1_000_000);
    let of = |platform: Platform| {
        let [view, like, comment, share, save] = prices(platform);
        let thousand = format!("{}.{:03}", view / 1000, view % 1000);
        let written = json!({
            "thousand_views": thousand, "like": amount(like), "comment": amount(comment), "share": amount(share),
            "save": amount(save),
        });
        (shapes::platform(platform).to_owned(), written)
    };
    let written =
        json!({ "id": "model-1", "currency": "EUR", "prices": Platform::ALL.map(of).into_iter().collect::<Value>() });
    let written: WrittenCard = serde_json::from_value(written).expect("a card");
    written.try_into().expect("prices")
}

/// Prices that a caller sets instead of some of the card's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Own {
    Nothing,
    /// Instagram's like at 0.25, TikTok's thousand views at 1.001.
    Some,
}

impl Own {
    /// The parameter.
    pub const fn query(self) -> &'static str {
        match self {
            Self::Nothing => "",
            Self::Some => "&rates=instagram.like:0.25,tiktok.thousand_views:1.001",
        }
    }
}

/// What counts of a post are worth, in millionths; `None` when nothing of them is known.
pub fn worth(platform: Platform, own: Own, counts: &[Option<i64>; POST_METRICS]) -> Option<i64> {
    let [mut view, mut like, comment, share, save] = prices(platform);
    match (own, platform) {
        (Own::Some, Platform::Instagram) => like = 250_000,
        (Own::Some, Platform::Tiktok) => view = 1_001,
        (Own::Some, Platform::Youtube | Platform::Pinterest) | (Own::Nothing, _) => {}
    }
    let [views, likes, comments, shares, _, saves] = *counts;
    let all = [(views, view), (likes, like), (comments, comment), (shares, share), (saves, save)];
    crate::numbers::sum(all.into_iter().map(|(count, price)| count.map(|count| count * price)))
}
