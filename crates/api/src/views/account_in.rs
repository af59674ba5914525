//! What clients send about accounts, and the lists of accounts that they ask for.

use domain::{CreatorId, Handle, Platform};
use serde::Serialize;
use serde_json::Value;
use store::{AccountChange, AccountFilter, AccountOrder, Direction, NewAccount};
use utoipa::{IntoParams, ToSchema};

use crate::body::{Fields, any_text, boolean, choice, integer, text, uuid};
use crate::links::{Draft, Target};
use crate::problem::Problem;
use crate::query::{Order, Query, Sort};
use crate::views::metadata_in;
use crate::views::vocabulary::PlatformName;

/// Longest interval between reads, in hours.
pub(crate) const LONGEST_INTERVAL_HOURS: i64 = 720;
/// Largest bound on recent posts.
pub(crate) const MOST_RECENT_POSTS: i64 = 2000;
/// Largest bound on the age of posts, in days.
pub(crate) const LONGEST_LOOKBACK_DAYS: i64 = 3650;
const LONGEST_CATEGORY: usize = 255;

/// An account to track.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AccountCreate)]
#[expect(dead_code, reason = "the published form of what new_account reads")]
pub(crate) struct AccountIn {
    /// The platform.
    #[schema(value_type = PlatformName)]
    platform: String,
    /// A handle, an `@handle`, or the profile's URL in any form that the platform uses, its share links included; in any case. On YouTube
    /// a channel's id as well.
    #[schema(min_length = 1, example = "@natgeo")]
    username: String,
    /// Your own category.
    #[schema(min_length = 1, max_length = 255)]
    category: Option<String>,
    /// Hours between reads. Left out, it is your organization's `scrape_interval_hours`.
    #[schema(minimum = 1, maximum = 720, required = false, value_type = i64)]
    scrape_interval_hours: Option<i64>,
    /// Your own notes: at most 20 keys; keys and texts of at most 255 characters; no nested values. Whole numbers
    /// are kept within 64 bits, others to double precision.
    #[schema(schema_with = metadata_in, required = false)]
    metadata: Option<Value>,
    /// Whether to collect it.
    #[schema(default = true, required = false, value_type = bool)]
    is_active: Option<bool>,
    /// A creator to link it to.
    #[schema(value_type = Option<String>, format = Uuid)]
    creator_id: Option<String>,
    /// Bound on recent posts; null inherits.
    #[schema(minimum = 1, maximum = 2000)]
    max_recent_posts_per_account: Option<i64>,
    /// Bound on the age of posts in days; null inherits.
    #[schema(minimum = 1, maximum = 3650)]
    post_lookback_days: Option<i64>,
}

/// Reads the body of a POST.
pub(crate) fn new_account(mut fields: Fields) -> Result<Draft<Handle, impl FnOnce(Handle) -> NewAccount>, Problem> {
    let platform = fields.required("platform", choice::<Platform>);
    let username = fields.required("username", any_text);
    let located = username.and_then(|text| fields.of_platform("username", platform, |p| Handle::locate(p, &text)));
    let category = fields.nullable("category", text(LONGEST_CATEGORY)).flatten();
    let scrape_interval_hours = fields.optional("scrape_interval_hours", integer(1, LONGEST_INTERVAL_HOURS));
    let metadata = fields.metadata();
    let is_active = fields.optional("is_active", boolean);
    let creator_id = fields.nullable("creator_id", uuid).flatten().map(CreatorId);
    let max_recent_posts = fields.nullable("max_recent_posts_per_account", integer(1, MOST_RECENT_POSTS)).flatten();
    let post_lookback_days = fields.nullable("post_lookback_days", integer(1, LONGEST_LOOKBACK_DAYS)).flatten();
    fields.finish()?;
    let (Some(platform), Some(located)) = (platform, located) else {
        return Err(Problem::internal("a required field was neither read nor refused"));
    };
    let complete = move |handle| NewAccount {
        platform,
        handle,
        category,
        scrape_interval_hours,
        metadata: metadata.unwrap_or_default(),
        is_active: is_active.unwrap_or(true),
        creator_id,
        max_recent_posts,
        post_lookback_days,
    };
    Ok(Draft { located, complete })
}

/// What is to change of an account. What is left out stays; null clears.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AccountUpdate)]
#[expect(dead_code, reason = "the published form of what account_change reads")]
pub(crate) struct AccountPatch {
    /// Your own category.
    #[schema(min_length = 1, max_length = 255)]
    category: Option<String>,
    /// Hours between reads.
    #[schema(minimum = 1, maximum = 720, required = false, value_type = i64)]
    scrape_interval_hours: Option<i64>,
    /// Your own notes, replaced as a whole.
    #[schema(schema_with = metadata_in, required = false)]
    metadata: Option<Value>,
    /// Collect or pause.
    #[schema(required = false, value_type = bool)]
    is_active: Option<bool>,
    /// Link to a creator, or unlink.
    #[schema(value_type = Option<String>, format = Uuid)]
    creator_id: Option<String>,
    /// Bound on recent posts; null inherits.
    #[schema(minimum = 1, maximum = 2000)]
    max_recent_posts_per_account: Option<i64>,
    /// Bound on the age of posts in days; null inherits.
    #[schema(minimum = 1, maximum = 3650)]
    post_lookback_days: Option<i64>,
}

/// Reads the body of a PATCH.
pub(crate) fn account_change(mut fields: Fields) -> Result<AccountChange, Problem> {
    let change = AccountChange {
        category: fields.nullable("category", text(LONGEST_CATEGORY)),
        scrape_interval_hours: fields.optional("scrape_interval_hours", integer(1, LONGEST_INTERVAL_HOURS)),
        metadata: fields.metadata(),
        is_active: fields.optional("is_active", boolean),
        creator_id: fields.nullable("creator_id", uuid).map(|id| id.map(CreatorId)),
        max_recent_posts: fields.nullable("max_recent_posts_per_account", integer(1, MOST_RECENT_POSTS)),
        post_lookback_days: fields.nullable("post_lookback_days", integer(1, LONGEST_LOOKBACK_DAYS)),
    };
    fields.finish()?;
    Ok(change)
}

const ORDERS: &[Order<AccountOrder>] = &[
    Order { name: "added_at", value: AccountOrder::AddedAt, direction: Direction::Desc },
    Order { name: "username", value: AccountOrder::Username, direction: Direction::Asc },
    Order { name: "last_scrape_time", value: AccountOrder::LastScrapeTime, direction: Direction::Desc },
    Order { name: "follower_count", value: AccountOrder::FollowerCount, direction: Direction::Desc },
    Order { name: "view_count", value: AccountOrder::ViewCount, direction: Direction::Desc },
    Order { name: "like_count", value: AccountOrder::LikeCount, direction: Direction::Desc },
    Order { name: "play_count", value: AccountOrder::PlayCount, direction: Direction::Desc },
];

/// Which accounts, in which order.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "the published form of what account_list reads")]
pub(crate) struct AccountListParams {
    /// On this platform.
    #[param(inline)]
    platform: Option<PlatformName>,
    /// The handle contains this, whatever its case.
    #[param(max_length = 255)]
    q: Option<String>,
    /// Collected (`true`) or paused (`false`).
    is_active: Option<bool>,
    /// In this category.
    #[param(max_length = 255)]
    category: Option<String>,
    /// Linked to this creator.
    #[param(format = Uuid)]
    creator_id: Option<String>,
    /// The column to sort by; nulls come last. Default `added_at`.
    #[param(inline)]
    order_by: Option<AccountOrderName>,
}

#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "published names")]
enum AccountOrderName {
    AddedAt,
    Username,
    LastScrapeTime,
    FollowerCount,
    ViewCount,
    LikeCount,
    PlayCount,
}

/// The filters and sort in force in a list of accounts.
#[derive(Serialize, ToSchema)]
#[schema(as = AccountFilters)]
pub(crate) struct AccountFiltersOut {
    #[schema(value_type = Option<PlatformName>)]
    platform: Option<Platform>,
    q: Option<String>,
    is_active: Option<bool>,
    category: Option<String>,
    #[schema(value_type = Option<String>, format = Uuid)]
    creator_id: Option<CreatorId>,
    order_by: &'static str,
    order_direction: &'static str,
}

/// Reads which accounts are asked for; the page is left in `query`.
pub(crate) fn account_list(query: &mut Query) -> (AccountFilter, Sort<AccountOrder>, AccountFiltersOut) {
    let filter = AccountFilter {
        platform: query.choice("platform"),
        q: query.text("q"),
        is_active: query.boolean("is_active"),
        category: query.text("category"),
        creator_id: query.uuid("creator_id").map(CreatorId),
    };
    let sort = query.sort(ORDERS);
    let AccountFilter { platform, q, is_active, category, creator_id } = filter.clone();
    let in_force = AccountFiltersOut {
        platform,
        q,
        is_active,
        category,
        creator_id,
        order_by: sort.name,
        order_direction: sort.direction_name(),
    };
    (filter, sort, in_force)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::links::Located;

    /// Names of the invalid fields, as the problem document lists them.
    fn invalid<T>(read: impl Fn(Fields) -> Result<T, Problem>, body: &Value) -> Vec<String> {
        let fields = Fields::parse(body.to_string().as_bytes()).ok().unwrap();
        let Err(problem) = read(fields) else { return Vec::new() };
        let document: Value = serde_json::from_slice(&problem.document("/", "r")).unwrap();
        let errors = document["errors"].as_array().unwrap().iter();
        let mut fields: Vec<_> = errors.map(|e| e["field"].as_str().unwrap().to_owned()).collect();
        fields.sort();
        fields
    }

    fn valid() -> Value {
        json!({
            "platform": "instagram", "username": "@NatGeo", "category": "nature", "scrape_interval_hours": 12,
            "metadata": {"team": "a"}, "is_active": false, "creator_id": "0197a6f0-0000-7000-8000-000000000001",
            "max_recent_posts_per_account": 100, "post_lookback_days": 90,
        })
    }

    #[test]
    fn a_whole_body_is_read_and_the_handle_is_normalised() {
        let fields = Fields::parse(valid().to_string().as_bytes()).ok().unwrap();
        let Draft { located, complete } = new_account(fields).ok().unwrap();
        let Located::Found(handle) = located else { panic!("{located:?}") };
        let new = complete(handle);
        assert_eq!(new.handle.as_str(), "natgeo");
        assert_eq!((new.scrape_interval_hours, new.is_active), (Some(12), false));
        assert_eq!((new.max_recent_posts, new.post_lookback_days), (Some(100), Some(90)));
    }

    #[test]
    fn for_every_set_of_spoilt_fields_exactly_those_are_named() {
        let spoilt = [
            ("username", "username", json!("no spaces")),
            ("category", "category", json!("x".repeat(256))),
            ("scrape_interval_hours", "scrape_interval_hours", json!(0)),
            ("metadata", "metadata.k", json!({"k": ["nested"]})),
            ("is_active", "is_active", json!(null)),
            ("creator_id", "creator_id", json!("me")),
            ("max_recent_posts_per_account", "max_recent_posts_per_account", json!("ten")),
            ("post_lookback_days", "post_lookback_days", json!(3651)),
            ("surprise", "surprise", json!(1)),
        ];
        for set in 0_u32..1 << spoilt.len() {
            let mut body = valid();
            let mut expected = Vec::new();
            for (at, (field, named, value)) in spoilt.iter().enumerate() {
                if set >> at & 1 == 1 {
                    body[*field] = value.clone();
                    expected.push((*named).to_owned());
                }
            }
            expected.sort();
            assert_eq!(invalid(new_account, &body), expected);
            // A PATCH knows the same fields but the two that name the account.
            let mut patch = body;
            patch.as_object_mut().unwrap().retain(|name, _| name != "platform" && name != "username");
            expected.retain(|name| name != "username");
            assert_eq!(invalid(account_change, &patch), expected);
        }
    }

    #[test]
    fn without_a_good_platform_a_handle_is_judged_by_what_holds_on_all_of_them() {
        assert_eq!(invalid(new_account, &json!({"platform": "myspace", "username": "natgeo"})), ["platform"]);
        assert_eq!(invalid(new_account, &json!({"platform": "myspace", "username": "!!"})), ["platform", "username"]);
        assert_eq!(invalid(new_account, &json!({"platform": "myspace", "username": " "})), ["platform", "username"]);
        assert_eq!(invalid(new_account, &json!({"platform": 3})), ["platform", "username"]);
        assert_eq!(invalid(new_account, &json!({"username": 3})), ["platform", "username"]);
        assert_eq!(invalid(new_account, &json!({})), ["platform", "username"]);
    }

    #[test]
    fn null_clears_what_may_be_null_and_nothing_else() {
        let body = json!({"category": null, "creator_id": null, "max_recent_posts_per_account": null, "post_lookback_days": null});
        let fields = Fields::parse(body.to_string().as_bytes()).ok().unwrap();
        let change = account_change(fields).ok().unwrap();
        assert_eq!((change.category, change.creator_id), (Some(None), Some(None)));
        assert_eq!((change.max_recent_posts, change.post_lookback_days), (Some(None), Some(None)));
        let body = json!({"is_active": null, "metadata": null, "scrape_interval_hours": null, "platform": null});
        assert_eq!(invalid(account_change, &body), ["is_active", "metadata", "platform", "scrape_interval_hours"]);
    }
}
