//! The service's JSON of an account, out of the statement's columns. What the service concludes from other columns is copied instead.

use domain::Timestamp;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use uuid::Uuid;

/// One resource.
#[derive(Serialize)]
pub struct Envelope<T> {
    pub data: T,
}

/// A page.
#[derive(Serialize)]
pub struct Listing {
    data: Vec<Account>,
    pagination: Pagination,
    filters: Filters,
}

#[derive(Serialize)]
struct Pagination {
    next_cursor: Option<Uuid>,
    has_next: bool,
    limit: usize,
}

#[derive(Serialize)]
struct Filters {
    platform: (),
    q: (),
    is_active: (),
    category: (),
    creator_id: (),
    order_by: &'static str,
    order_direction: &'static str,
}

impl Listing {
    /// The first `limit` of the rows.
    pub fn of(mut data: Vec<Account>, limit: usize) -> Self {
        let has_next = data.len() > limit;
        data.truncate(limit);
        let next_cursor = data.last().filter(|_| has_next).map(|last| last.id);
        let filters = Filters {
            platform: (),
            q: (),
            is_active: (),
            category: (),
            creator_id: (),
            order_by: "added_at",
            order_direction: "desc",
        };
        Self { data, pagination: Pagination { next_cursor, has_next, limit }, filters }
    }
}

/// An account.
#[derive(Serialize)]
#[expect(clippy::struct_field_names, reason = "the names are the API's")]
pub struct Account {
    pub id: Uuid,
    #[serde(rename = "type")]
    pub kind: &'static str,
    pub platform: String,
    pub username: String,
    pub platform_account_id: Option<String>,
    #[serde(serialize_with = "raw")]
    pub previous_usernames: String,
    pub name: Option<String>,
    pub description: Option<String>,
    pub profile_pic_url: (),
    pub profile_pic_url_original: Option<String>,
    pub is_verified: Option<bool>,
    pub is_private: Option<bool>,
    pub is_active: bool,
    pub is_unavailable: bool,
    pub unavailable_reason: Option<String>,
    pub link_in_bio: Option<String>,
    pub creator_id: Option<Uuid>,
    pub creator_name: Option<String>,
    pub category: Option<String>,
    #[serde(serialize_with = "raw")]
    pub metadata: String,
    #[serde(serialize_with = "time")]
    pub added_at: Option<i64>,
    #[serde(serialize_with = "time")]
    pub updated_at: Option<i64>,
    #[serde(serialize_with = "time")]
    pub first_scrape_time: Option<i64>,
    #[serde(serialize_with = "time")]
    pub last_scrape_time: Option<i64>,
    pub scrape_interval_hours: i64,
    #[serde(flatten)]
    pub metrics: Metrics,
    pub max_recent_posts_per_account: Option<i64>,
    pub post_lookback_days: Option<i64>,
    pub effective_max_recent_posts_per_account: Option<i64>,
    pub effective_post_lookback_days: Option<i64>,
    pub freshness: Freshness,
    pub metric_precision: Precisions,
}

/// What an account's data come to, and which of them are null.
pub struct Metrics(pub [(&'static str, Option<i64>); 10]);

#[derive(Serialize)]
pub struct Freshness {
    pub state: &'static str,
    #[serde(serialize_with = "time")]
    pub last_attempt_time: Option<i64>,
    pub last_attempt_outcome: Option<String>,
    #[serde(serialize_with = "time")]
    pub next_scrape_time: Option<i64>,
    pub consecutive_failures: Option<i64>,
}

/// What is noted of the sums, of which it says how exact they are.
pub struct Precisions(pub Option<String>);

impl Serialize for Precisions {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let noted = self.0.iter().flat_map(|notes| notes.split(',')).filter_map(|note| note.split_once(':'));
        serializer.collect_map(noted.filter(|(_, word)| matches!(*word, "rounded" | "from_text")))
    }
}

impl Serialize for Metrics {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        /// Metrics that TikTok has not at all.
        const NEVER: [&str; 3] = ["fb_play_count", "ig_play_count", "fb_like_count"];
        struct Null<'a>(&'a Metrics);
        impl Serialize for Null<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let null = self.0.0.iter().filter(|(_, value)| value.is_none()).map(|(name, _)| *name);
                serializer.collect_map(null.chain(NEVER).map(|name| (name, "unsupported")))
            }
        }
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        for name in NEVER {
            map.serialize_entry(name, &())?;
        }
        map.serialize_entry("metric_status", &Null(self))?;
        map.end()
    }
}

/// Stored JSON, as it stands.
fn raw<S: Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
    let raw: &RawValue = serde_json::from_str(text).map_err(serde::ser::Error::custom)?;
    raw.serialize(serializer)
}

#[expect(clippy::ref_option, reason = "serde hands fields over by reference")]
fn time<S: Serializer>(millis: &Option<i64>, serializer: S) -> Result<S::Ok, S::Error> {
    millis.map(Timestamp::from_millis).serialize(serializer)
}

/// Both drivers read a column in the same words, by types of their own.
macro_rules! account {
    ($row:expr) => {{
        use super::answer::{Freshness, Metrics, Precisions};
        // Read as the service must, which concludes from them what cannot be copied.
        let _: (bool, String) = ($row.try_get(26)?, $row.try_get(36)?);
        Account {
            id: $row.try_get(0)?,
            kind: "account",
            platform: $row.try_get(1)?,
            username: $row.try_get(2)?,
            category: $row.try_get(3)?,
            metadata: $row.try_get(4)?,
            is_active: $row.try_get(5)?,
            creator_id: $row.try_get(6)?,
            scrape_interval_hours: $row.try_get(7)?,
            max_recent_posts_per_account: $row.try_get(8)?,
            post_lookback_days: $row.try_get(9)?,
            added_at: $row.try_get(10)?,
            updated_at: $row.try_get(11)?,
            first_scrape_time: $row.try_get(12)?,
            last_scrape_time: $row.try_get(13)?,
            metrics: Metrics([
                ("follower_count", $row.try_get(14)?),
                ("following_count", $row.try_get(15)?),
                ("profile_post_count", $row.try_get(16)?),
                ("total_post_count", $row.try_get(17)?),
                ("view_count", $row.try_get(18)?),
                ("like_count", $row.try_get(19)?),
                ("comment_count", $row.try_get(20)?),
                ("share_count", $row.try_get(21)?),
                ("play_count", $row.try_get(22)?),
                ("saved_count", $row.try_get(23)?),
            ]),
            creator_name: $row.try_get(25)?,
            platform_account_id: $row.try_get(27)?,
            previous_usernames: $row.try_get(28)?,
            name: $row.try_get(29)?,
            description: $row.try_get(30)?,
            profile_pic_url: (),
            profile_pic_url_original: $row.try_get(31)?,
            is_verified: $row.try_get(32)?,
            is_private: $row.try_get(33)?,
            is_unavailable: $row.try_get(34)?,
            unavailable_reason: $row.try_get(35)?,
            link_in_bio: $row.try_get(37)?,
            effective_max_recent_posts_per_account: $row.try_get(38)?,
            effective_post_lookback_days: $row.try_get(39)?,
            freshness: Freshness {
                state: "fresh",
                next_scrape_time: $row.try_get(40)?,
                last_attempt_time: $row.try_get(41)?,
                last_attempt_outcome: $row.try_get(42)?,
                consecutive_failures: $row.try_get(43)?,
            },
            metric_precision: Precisions($row.try_get(24)?),
        }
    }};
}
pub(super) use account;
