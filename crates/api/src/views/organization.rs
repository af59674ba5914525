//! An organization on the wire, and what clients may change of it.

use domain::Timestamp;
use serde::Serialize;
use store::{OrganizationChange, OrganizationSettings};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::body::{Fields, integer, name};
use crate::problem::Problem;
use crate::views::account_in::{LONGEST_INTERVAL_HOURS, LONGEST_LOOKBACK_DAYS, MOST_RECENT_POSTS};

/// An organization, with the rate limit that its keys have.
#[derive(Hash)]
pub(crate) struct InForce {
    pub(crate) settings: OrganizationSettings,
    pub(crate) rate_limit_per_minute: u32,
}

/// The organization that a key belongs to.
#[derive(Serialize, ToSchema)]
#[schema(as = Organization)]
pub(crate) struct OrganizationOut {
    /// The organization's id.
    id: Uuid,
    /// `organization`.
    #[serde(rename = "type")]
    #[schema(example = "organization")]
    kind: &'static str,
    /// The name.
    name: String,
    /// Whether its keys open anything.
    is_active: bool,
    /// Hours between reads of accounts and videos that are added without an interval of their own.
    #[schema(minimum = 1, maximum = 720)]
    scrape_interval_hours: i64,
    /// Bound on recent posts, for accounts without one of their own; null for no bound.
    #[schema(minimum = 1, maximum = 2000)]
    max_recent_posts_per_account: Option<i64>,
    /// Bound on the age of posts in days, likewise.
    #[schema(minimum = 1, maximum = 3650)]
    post_lookback_days: Option<i64>,
    /// Cap on tracked accounts; null for no cap.
    #[schema(minimum = 0)]
    max_tracked_accounts: Option<i64>,
    /// Calls that each key may make in a minute.
    rate_limit_per_minute: u32,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it last changed.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

impl From<InForce> for OrganizationOut {
    fn from(InForce { settings, rate_limit_per_minute }: InForce) -> Self {
        let OrganizationSettings {
            id,
            name,
            is_active,
            scrape_interval_hours,
            max_recent_posts,
            post_lookback_days,
            max_tracked_accounts,
            rate_limit_per_minute: _,
            created_at,
            updated_at,
        } = settings;
        Self {
            id: id.0,
            kind: "organization",
            name,
            is_active,
            scrape_interval_hours,
            max_recent_posts_per_account: max_recent_posts,
            post_lookback_days,
            max_tracked_accounts,
            rate_limit_per_minute,
            created_at,
            updated_at,
        }
    }
}

/// What is to change of your organization. What is left out stays; null clears.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OrganizationUpdate)]
#[expect(dead_code, reason = "the published form of what organization_change reads")]
pub(crate) struct OrganizationPatch {
    /// The name.
    #[schema(min_length = 1, max_length = 255, pattern = r"^[^\x00]*[^\s\x00][^\x00]*$", required = false, value_type = String)]
    name: Option<String>,
    /// Hours between reads of what is added from now on without an interval of its own; null for 24.
    #[schema(minimum = 1, maximum = 720)]
    scrape_interval_hours: Option<i64>,
    /// Bound on recent posts, for accounts without one of their own; null for no bound.
    #[schema(minimum = 1, maximum = 2000)]
    max_recent_posts_per_account: Option<i64>,
    /// Bound on the age of posts in days, likewise.
    #[schema(minimum = 1, maximum = 3650)]
    post_lookback_days: Option<i64>,
}

/// Reads the body of a PATCH.
pub(crate) fn organization_change(mut fields: Fields) -> Result<OrganizationChange, Problem> {
    let change = OrganizationChange {
        name: fields.optional("name", name),
        scrape_interval_hours: fields.nullable("scrape_interval_hours", integer(1, LONGEST_INTERVAL_HOURS)),
        max_recent_posts: fields.nullable("max_recent_posts_per_account", integer(1, MOST_RECENT_POSTS)),
        post_lookback_days: fields.nullable("post_lookback_days", integer(1, LONGEST_LOOKBACK_DAYS)),
    };
    fields.finish()?;
    Ok(change)
}
