//! What the attention that a post got would have cost as advertising: an estimate, by a card of prices for each platform.
//!
//! Money is counted in whole millionths, so that sums are exact, and the same in every database. A thousand views cost at most three places after
//! the point, so that a single view costs whole millionths.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::platform::Platform;
use crate::validation::one_of;

/// Millionths that make one of the currency.
pub const MILLIONTHS: i64 = 1_000_000;

/// A value is at most this, in millionths. More is no estimate of anything.
pub const MOST_VALUE: i64 = 9_000_000_000_000_000_000;

/// The most that a thousand views, or one of anything else, may cost.
const MOST_PRICE: i64 = 1_000_000;

/// What has a price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Priced {
    /// A thousand views.
    ThousandViews,
    /// A like.
    Like,
    /// A comment.
    Comment,
    /// A share.
    Share,
    /// A save.
    Save,
}

impl Priced {
    /// Everything that has a price, in the order of [`Attention`]'s fields.
    pub const ALL: [Self; 5] = [Self::ThousandViews, Self::Like, Self::Comment, Self::Share, Self::Save];

    /// The name on the wire and in a card.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ThousandViews => "thousand_views",
            Self::Like => "like",
            Self::Comment => "comment",
            Self::Share => "share",
            Self::Save => "save",
        }
    }

    /// Reads a price: the millionths that one view, like, comment, share or save costs.
    fn price(self, text: &str) -> Result<i64, String> {
        let (places, what) = match self {
            // Thousandths for a thousand are millionths for one.
            Self::ThousandViews => (3, "three"),
            Self::Like | Self::Comment | Self::Share | Self::Save => (6, "six"),
        };
        decimal(text, places).ok_or_else(|| {
            format!("must be an amount from 0 to {MOST_PRICE}, with at most {what} places after the point")
        })
    }
}

impl std::str::FromStr for Priced {
    type Err = String;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        one_of(s, &Self::ALL, Priced::as_str)
    }
}

/// A decimal as a whole number of its last place.
fn decimal(text: &str, places: usize) -> Option<i64> {
    let (whole, part) = text.split_once('.').map_or((text, ""), |(whole, part)| (whole, part));
    let is_digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let is_plain = (1..=7).contains(&whole.len()) && is_digits(whole) && is_digits(part);
    if !is_plain || part.len() > places || (part.is_empty() && text.contains('.')) {
        return None;
    }
    let value: i64 = format!("{whole}{part:0<places$}").parse().ok()?;
    let most = MOST_PRICE.checked_mul(10_i64.checked_pow(u32::try_from(places).ok()?)?)?;
    (value <= most).then_some(value)
}

/// The prices of one platform, in millionths for each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Prices {
    of: [i64; 5],
}

impl Prices {
    /// What one view, like, comment, share or save costs, in the order of [`Priced::ALL`].
    pub const fn each(&self) -> [i64; 5] {
        self.of
    }

    /// What a thousand views, or one of anything else, costs in the card's currency, in the order of [`Priced::ALL`].
    #[expect(clippy::cast_precision_loss, reason = "a price has at most 13 digits")]
    pub fn amounts(&self) -> [f64; 5] {
        let [view, like, comment, share, save] = self.of.map(|price| price as f64);
        let one = |price: f64| price / MILLIONTHS as f64;
        // Millionths for one are thousandths for a thousand.
        [view / 1000.0, one(like), one(comment), one(share), one(save)]
    }

    fn set(&mut self, what: Priced, price: i64) {
        for (known, slot) in Priced::ALL.into_iter().zip(&mut self.of) {
            if known == what {
                *slot = price;
            }
        }
    }
}

/// What has a value: counts, or what they gained. `None` for what is not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Attention {
    /// Views.
    pub views: Option<i64>,
    /// Likes.
    pub likes: Option<i64>,
    /// Comments.
    pub comments: Option<i64>,
    /// Shares.
    pub shares: Option<i64>,
    /// Saves.
    pub saves: Option<i64>,
}

/// The prices of attention on every platform, under a name that changes when they do. Written down with what uses it, it stays what it was.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RateCard {
    /// Its name.
    pub id: String,
    /// The name of the card that it was made from, when a caller changed prices.
    pub base: Option<String>,
    /// The currency, by its three letters.
    pub currency: String,
    prices: BTreeMap<Platform, Prices>,
}

/// The name of a card whose prices were changed by a caller.
pub const CUSTOM: &str = "custom";

/// A card as it is written down.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct WrittenCard {
    id: String,
    currency: String,
    prices: BTreeMap<Platform, BTreeMap<String, String>>,
}

impl TryFrom<WrittenCard> for RateCard {
    type Error = String;

    /// Every platform has every price; what has none is written as 0.
    fn try_from(written: WrittenCard) -> Result<Self, String> {
        let WrittenCard { id, currency, prices } = written;
        let is_name = |text: &str| text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if id.is_empty() || id.len() > 64 || !is_name(&id) || id == CUSTOM {
            return Err(format!("id: must be 1 to 64 letters a to z, digits and -, other than {CUSTOM}"));
        }
        if currency.len() != 3 || !currency.bytes().all(|b| b.is_ascii_uppercase()) {
            return Err("currency: must be three letters A to Z".to_owned());
        }
        let mut card = Self { id, base: None, currency, prices: BTreeMap::new() };
        for platform in Platform::ALL {
            let given = prices.get(&platform).ok_or_else(|| format!("prices.{platform}: is required"))?;
            for (name, price) in given {
                let wrong = |error| format!("prices.{platform}.{name}: {error}");
                let what: Priced = name.parse().map_err(wrong)?;
                card.set(platform, what, what.price(price).map_err(wrong)?);
            }
            if let Some(missing) = Priced::ALL.into_iter().find(|what| !given.contains_key(what.as_str())) {
                return Err(format!("prices.{platform}.{}: is required", missing.as_str()));
            }
        }
        Ok(card)
    }
}

impl RateCard {
    /// A card that puts no price on anything, for those who ask for no values.
    pub const fn without_prices() -> Self {
        Self { id: String::new(), base: None, currency: String::new(), prices: BTreeMap::new() }
    }

    /// The prices of a platform.
    pub fn prices(&self, platform: Platform) -> Prices {
        self.prices.get(&platform).copied().unwrap_or_default()
    }

    fn set(&mut self, platform: Platform, what: Priced, price: i64) {
        self.prices.entry(platform).or_default().set(what, price);
    }

    /// The card with other prices, each given once: `instagram.like:0.1,tiktok.thousand_views:25`. It is then called [`CUSTOM`].
    pub fn with(&self, changes: &str) -> Result<Self, String> {
        let mut card = self.clone();
        let mut given = BTreeSet::new();
        for change in changes.split(',') {
            let form = || "must be prices such as instagram.like:0.1,tiktok.thousand_views:25".to_owned();
            let (place, price) = change.split_once(':').ok_or_else(form)?;
            let (platform, what) = place.split_once('.').ok_or_else(form)?;
            let of = |error: String| format!("{place}: {error}");
            let platform: Platform = platform.parse().map_err(of)?;
            let what: Priced = what.parse().map_err(of)?;
            card.set(platform, what, what.price(price).map_err(of)?);
            if !given.insert((platform, what)) {
                return Err(of("must be given once".to_owned()));
            }
        }
        card.base = Some(self.id.clone());
        CUSTOM.clone_into(&mut card.id);
        Ok(card)
    }

    /// The media value in millionths of the currency: of a thousand views, and of each like, comment, share and save, the price. What is not known
    /// adds nothing; `None` when nothing is known.
    pub fn value(&self, platform: Platform, attention: &Attention) -> Option<i64> {
        let Attention { views, likes, comments, shares, saves } = *attention;
        let prices = self.prices(platform).each();
        let parts = [views, likes, comments, shares, saves].into_iter().zip(prices);
        let known = parts.filter_map(|(count, price)| Some(i128::from(count?) * i128::from(price)));
        let (least, most) = (-i128::from(MOST_VALUE), i128::from(MOST_VALUE));
        known.reduce(|sum, part| sum + part).and_then(|sum| i64::try_from(sum.clamp(least, most)).ok())
    }
}

/// The sum of values, as far as they are known.
pub fn sum(values: impl Iterator<Item = Option<i64>>) -> Option<i64> {
    values.flatten().reduce(|sum, value| sum.saturating_add(value).clamp(-MOST_VALUE, MOST_VALUE))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(like: &str) -> WrittenCard {
        let prices = Platform::ALL.map(|platform| {
            let prices = Priced::ALL.map(|what| {
                let price = if what == Priced::Like { like } else { "0" };
                (what.as_str().to_owned(), price.to_owned())
            });
            (platform, prices.into_iter().collect())
        });
        WrittenCard { id: "test-1".to_owned(), currency: "EUR".to_owned(), prices: prices.into_iter().collect() }
    }

    fn card() -> RateCard {
        written("0.1").try_into().unwrap()
    }

    #[test]
    fn a_value_is_the_sum_of_what_is_known_to_the_millionth() {
        let card = card().with("tiktok.thousand_views:25.001,tiktok.save:0.000001").unwrap();
        let attention = Attention { views: Some(3), likes: Some(7), saves: Some(5), ..Attention::default() };
        assert_eq!(card.value(Platform::Tiktok, &attention), Some(3 * 25_001 + 7 * 100_000 + 5));
        assert_eq!(card.value(Platform::Instagram, &attention), Some(700_000));
        assert_eq!(card.value(Platform::Tiktok, &Attention::default()), None);
        let fall = Attention { likes: Some(-2), ..Attention::default() };
        assert_eq!(card.value(Platform::Youtube, &fall), Some(-200_000));
    }

    #[test]
    fn a_value_beyond_all_measure_stays_at_the_most() {
        let card = card().with("tiktok.like:1000000").unwrap();
        let attention = Attention { likes: Some(1_000_000_000_000_000), ..Attention::default() };
        assert_eq!(card.value(Platform::Tiktok, &attention), Some(MOST_VALUE));
        assert_eq!(sum([Some(MOST_VALUE), None, Some(MOST_VALUE)].into_iter()), Some(MOST_VALUE));
        assert_eq!(sum([None, None].into_iter()), None);
    }

    #[test]
    fn a_changed_card_says_what_it_was_made_from() {
        let changed = card().with("pinterest.like:2").unwrap();
        assert_eq!((changed.id.as_str(), changed.base.as_deref()), ("custom", Some("test-1")));
        assert_eq!(changed.prices(Platform::Pinterest).each()[1], 2 * MILLIONTHS);
        assert_eq!(changed.prices(Platform::Tiktok), card().prices(Platform::Tiktok));
    }

    #[test]
    fn a_price_is_given_once() {
        let twice = card().with("tiktok.like:1,instagram.like:1,tiktok.like:1").unwrap_err();
        assert_eq!(twice, "tiktok.like: must be given once");
    }

    #[test]
    fn amounts_are_what_was_written() {
        let card = card().with("tiktok.thousand_views:25.001,tiktok.save:0.000001,tiktok.share:1000000").unwrap();
        let [views, like, comment, share, save] =
            card.prices(Platform::Tiktok).amounts().map(|amount| amount.to_string());
        assert_eq!([views, like, comment, share, save].join(" "), "25.001 0.1 0 1000000 0.000001");
    }

    #[test]
    fn a_card_that_was_written_down_is_the_same_card() {
        let card = card().with("tiktok.thousand_views:25.001").unwrap();
        let kept = serde_json::to_string(&card).unwrap();
        assert_eq!(serde_json::from_str::<RateCard>(&kept).unwrap(), card, "{kept}");
    }

    #[test]
    fn prices_that_make_no_sense_are_refused() {
        for changes in
            ["", "like:1", "tiktok.like", "myspace.like:1", "tiktok.wink:1", "tiktok.like:-1", "tiktok.like:1e3"]
        {
            assert!(card().with(changes).is_err(), "{changes}");
        }
        for price in ["1.", ".5", "1000001", "0.0000001", "1 ", "99999999"] {
            assert!(card().with(&format!("tiktok.like:{price}")).is_err(), "{price}");
        }
        assert!(card().with("tiktok.thousand_views:0.0001").is_err());
        assert!(RateCard::try_from(written("x")).unwrap_err().contains("prices.instagram.like: "));
        assert!(RateCard::try_from(WrittenCard { currency: "euro".to_owned(), ..written("1") }).is_err());
        assert!(RateCard::try_from(WrittenCard { id: "custom".to_owned(), ..written("1") }).is_err());
    }
}
