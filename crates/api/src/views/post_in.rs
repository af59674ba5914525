//! What clients send about videos, and the lists of videos and account videos that they ask for.

use domain::{AccountId, CollectionId, CreatorId, MediaType, Platform, PostRef, Timestamp};
use serde::Serialize;
use serde_json::Value;
use store::{AccountVideoFilter, Direction, NewVideo, PostOrder, VideoChange, VideoFilter};
use utoipa::{IntoParams, ToSchema};

use crate::body::{Fields, any_text, boolean, choice, integer};
use crate::links::{Draft, Target};
use crate::problem::Problem;
use crate::query::{Order, Query, Sort, TimeOrDate};
use crate::views::account_in::LONGEST_INTERVAL_HOURS;
use crate::views::metadata_in;
use crate::views::vocabulary::{MediaTypeName, PlatformName};

/// A post to track.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = VideoCreate)]
#[expect(dead_code, reason = "the published form of what new_video reads")]
pub(crate) struct VideoIn {
    /// The platform.
    #[schema(value_type = PlatformName)]
    platform: String,
    /// The post's URL in any form that the platform uses, its short links included, the platform's own id, or its Instagram shortcode.
    #[schema(min_length = 1, example = "7571863205253778710")]
    identifier: String,
    /// Your own notes: at most 20 keys; keys and texts of at most 255 characters; no nested values. Whole numbers
    /// are kept within 64 bits, others to double precision.
    #[schema(schema_with = metadata_in, required = false)]
    metadata: Option<Value>,
    /// Whether to collect it.
    #[schema(default = true, required = false, value_type = bool)]
    is_active: Option<bool>,
    /// Hours between reads. Left out, it is your organization's `scrape_interval_hours`.
    #[schema(minimum = 1, maximum = 720, required = false, value_type = i64)]
    scrape_interval_hours: Option<i64>,
}

/// Reads the body of a POST.
pub(crate) fn new_video(mut fields: Fields) -> Result<Draft<PostRef, impl FnOnce(PostRef) -> NewVideo>, Problem> {
    let platform = fields.required("platform", choice::<Platform>);
    let identifier = fields.required("identifier", any_text);
    let located = identifier.and_then(|text| fields.of_platform("identifier", platform, |p| PostRef::locate(p, &text)));
    let metadata = fields.metadata();
    let is_active = fields.optional("is_active", boolean);
    let scrape_interval_hours = fields.optional("scrape_interval_hours", integer(1, LONGEST_INTERVAL_HOURS));
    fields.finish()?;
    let located = located.ok_or_else(|| Problem::internal("a required field was neither read nor refused"))?;
    let complete = move |post| NewVideo {
        post,
        scrape_interval_hours,
        metadata: metadata.unwrap_or_default(),
        is_active: is_active.unwrap_or(true),
    };
    Ok(Draft { located, complete })
}

/// What is to change of a video. What is left out stays.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = VideoUpdate)]
#[expect(dead_code, reason = "the published form of what video_change reads")]
pub(crate) struct VideoPatch {
    /// Your own notes, replaced as a whole.
    #[schema(schema_with = metadata_in, required = false)]
    metadata: Option<Value>,
    /// Collect or pause.
    #[schema(required = false, value_type = bool)]
    is_active: Option<bool>,
    /// Hours between reads.
    #[schema(minimum = 1, maximum = 720, required = false, value_type = i64)]
    scrape_interval_hours: Option<i64>,
}

/// Reads the body of a PATCH.
pub(crate) fn video_change(mut fields: Fields) -> Result<VideoChange, Problem> {
    let change = VideoChange {
        scrape_interval_hours: fields.optional("scrape_interval_hours", integer(1, LONGEST_INTERVAL_HOURS)),
        metadata: fields.metadata(),
        is_active: fields.optional("is_active", boolean),
    };
    fields.finish()?;
    Ok(change)
}

const ORDERS: &[Order<PostOrder>] = &[
    Order { name: "added_at", value: PostOrder::AddedAt, direction: Direction::Desc },
    Order { name: "create_time", value: PostOrder::CreateTime, direction: Direction::Desc },
    Order { name: "view_count", value: PostOrder::ViewCount, direction: Direction::Desc },
    Order { name: "like_count", value: PostOrder::LikeCount, direction: Direction::Desc },
    Order { name: "play_count", value: PostOrder::PlayCount, direction: Direction::Desc },
];

#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "published names")]
enum PostOrderName {
    AddedAt,
    CreateTime,
    ViewCount,
    LikeCount,
    PlayCount,
}

/// Which videos, in which order.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "the published form of what video_list reads")]
pub(crate) struct VideoListParams {
    /// On this platform.
    #[param(inline)]
    platform: Option<PlatformName>,
    /// By this tracked account.
    #[param(format = Uuid)]
    account_id: Option<String>,
    /// Collected (`true`) or paused (`false`).
    is_active: Option<bool>,
    /// The caption contains this, whatever its case.
    #[param(max_length = 255)]
    q: Option<String>,
    /// Belonging to this project: the post is a member, or its account, or its account's creator.
    #[param(format = Uuid)]
    project_id: Option<String>,
    /// Belonging to this group, likewise.
    #[param(format = Uuid)]
    group_id: Option<String>,
    /// The column to sort by; nulls come last. Default `added_at`.
    #[param(inline)]
    order_by: Option<PostOrderName>,
}

/// The filters and sort in force in a list of videos.
#[derive(Serialize, ToSchema)]
#[schema(as = VideoFilters)]
pub(crate) struct VideoFiltersOut {
    #[schema(value_type = Option<PlatformName>)]
    platform: Option<Platform>,
    #[schema(value_type = Option<String>, format = Uuid)]
    account_id: Option<AccountId>,
    is_active: Option<bool>,
    q: Option<String>,
    #[schema(value_type = Option<String>, format = Uuid)]
    project_id: Option<CollectionId>,
    #[schema(value_type = Option<String>, format = Uuid)]
    group_id: Option<CollectionId>,
    order_by: &'static str,
    order_direction: &'static str,
}

/// Reads which videos are asked for; the page is left in `query`.
pub(crate) fn video_list(query: &mut Query) -> (VideoFilter, Sort<PostOrder>, VideoFiltersOut) {
    let filter = VideoFilter {
        platform: query.choice("platform"),
        account_id: query.uuid("account_id").map(AccountId),
        is_active: query.boolean("is_active"),
        q: query.text("q"),
        project_id: query.uuid("project_id").map(CollectionId),
        group_id: query.uuid("group_id").map(CollectionId),
    };
    let sort = query.sort(ORDERS);
    let VideoFilter { platform, account_id, is_active, q, project_id, group_id } = filter.clone();
    let (order_by, order_direction) = (sort.name, sort.direction_name());
    let in_force =
        VideoFiltersOut { platform, account_id, is_active, q, project_id, group_id, order_by, order_direction };
    (filter, sort, in_force)
}

/// Which account videos, in which order.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "the published form of what account_video_list reads")]
pub(crate) struct AccountVideoListParams {
    /// On this platform.
    #[param(inline)]
    platform: Option<PlatformName>,
    /// In this account's feed.
    #[param(format = Uuid)]
    account_id: Option<String>,
    /// In the feed of an account of this creator.
    #[param(format = Uuid)]
    creator_id: Option<String>,
    /// Made of this.
    #[param(inline)]
    media_type: Option<MediaTypeName>,
    /// The caption contains this, whatever its case.
    #[param(max_length = 255)]
    q: Option<String>,
    /// Published at or after this: a date (UTC), from its first moment on, or an RFC 3339 time.
    #[param(inline, value_type = Option<TimeOrDate>)]
    created_after: Option<String>,
    /// Published at or before this: a date (UTC), to its last moment, or an RFC 3339 time. Not before `created_after`.
    #[param(inline, value_type = Option<TimeOrDate>)]
    created_before: Option<String>,
    /// Belonging to this project: the post is a member, or its account, or its account's creator.
    #[param(format = Uuid)]
    project_id: Option<String>,
    /// Belonging to this group, likewise.
    #[param(format = Uuid)]
    group_id: Option<String>,
    /// The column to sort by; nulls come last. Default `added_at`.
    #[param(inline)]
    order_by: Option<PostOrderName>,
}

/// The filters and sort in force in a list of account videos.
#[derive(Serialize, ToSchema)]
#[schema(as = AccountVideoFilters)]
pub(crate) struct AccountVideoFiltersOut {
    #[schema(value_type = Option<PlatformName>)]
    platform: Option<Platform>,
    #[schema(value_type = Option<String>, format = Uuid)]
    account_id: Option<AccountId>,
    #[schema(value_type = Option<String>, format = Uuid)]
    creator_id: Option<CreatorId>,
    #[schema(value_type = Option<MediaTypeName>)]
    media_type: Option<MediaType>,
    q: Option<String>,
    #[schema(value_type = Option<String>, format = DateTime)]
    created_after: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    created_before: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = Uuid)]
    project_id: Option<CollectionId>,
    #[schema(value_type = Option<String>, format = Uuid)]
    group_id: Option<CollectionId>,
    order_by: &'static str,
    order_direction: &'static str,
}

/// Reads which account videos are asked for; the page is left in `query`.
pub(crate) fn account_video_list(query: &mut Query) -> (AccountVideoFilter, Sort<PostOrder>, AccountVideoFiltersOut) {
    let (created_after, created_before) = query.span("created_after", "created_before");
    let filter = AccountVideoFilter {
        platform: query.choice("platform"),
        account_id: query.uuid("account_id").map(AccountId),
        creator_id: query.uuid("creator_id").map(CreatorId),
        media_type: query.choice("media_type"),
        q: query.text("q"),
        created_after,
        created_before,
        project_id: query.uuid("project_id").map(CollectionId),
        group_id: query.uuid("group_id").map(CollectionId),
    };
    let sort = query.sort(ORDERS);
    let AccountVideoFilter {
        platform,
        account_id,
        creator_id,
        media_type,
        q,
        created_after,
        created_before,
        project_id,
        group_id,
    } = filter.clone();
    let in_force = AccountVideoFiltersOut {
        platform,
        account_id,
        creator_id,
        media_type,
        q,
        created_after,
        created_before,
        project_id,
        group_id,
        order_by: sort.name,
        order_direction: sort.direction_name(),
    };
    (filter, sort, in_force)
}
