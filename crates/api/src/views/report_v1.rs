//! Posts and members on the wire under the older paths, for clients of the Aspire API: flat objects under its names.

use domain::{
    CollectionId, CreatorId, FieldErrors, MediaType, OrganizationId, Platform, PostSource, PostStatus, RateCard,
    Timestamp,
};
use serde::Serialize;
use store::{
    Direction, PageRequest, ReportFilter, ReportMember, ReportMetrics, ReportOrder, ReportPost, ReportRequest,
};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::call::Call;
use crate::problem::Problem;
use crate::views::post::address;
use crate::views::report::ReportNumbersOut;
use crate::views::report_in::{MOST_ROWS, is_own, offset};
use crate::views::report_post::{ReportAccountOut, ReportCreatorOut};
use crate::views::vocabulary::{MediaTypeName, PlatformName, PostSourceName, PostStatusName};
use crate::window::report_dates;

/// Rows on a page when the client does not say.
const DEFAULT_LIMIT: u32 = 50;

/// Which posts, and which of them.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "the published form of what older_query reads")]
pub(crate) struct OlderParams {
    /// Your own organization's id; any other is not found.
    #[param(required, format = Uuid)]
    client_id: String,
    /// Published on this day (UTC) or after it. It goes together with `end_date`, and there may be at most 366 days.
    #[param(format = Date)]
    start_date: Option<String>,
    /// Published on this day or before it. Not after today (UTC).
    #[param(format = Date)]
    end_date: Option<String>,
    /// Belonging to this project: the post is a member, or its account, or its account's creator.
    #[param(format = Uuid)]
    project_id: Option<String>,
    /// Belonging to this group, likewise.
    #[param(format = Uuid)]
    group_id: Option<String>,
    /// Of this creator: in the feed of one of its accounts, or added by hand and made by one.
    #[param(format = Uuid)]
    member_id: Option<String>,
    /// On this platform.
    #[param(inline)]
    network: Option<PlatformName>,
    /// Made of this.
    #[param(inline)]
    post_type: Option<MediaTypeName>,
    /// How it came to be tracked.
    #[param(inline)]
    mention_source: Option<PostSourceName>,
    /// Standing there.
    #[param(inline)]
    post_status: Option<PostStatusName>,
    /// Rows to pass over.
    #[param(minimum = 0, maximum = 1_000_000, default = 0)]
    offset: Option<u64>,
    /// Rows at most.
    #[param(minimum = 1, maximum = 500, default = 50)]
    limit: Option<u32>,
}

/// Reads the query: what is asked for, with the newest first and the total counted.
pub(crate) fn older_query(call: &Call) -> Result<(ReportFilter, ReportRequest), Problem> {
    let mut query = call.query();
    let client_id = query.uuid("client_id").map(OrganizationId);
    if client_id.is_none() {
        // What was given and is no id is refused already, and that word stands.
        query.refuse(FieldErrors::of("client_id", "is required"));
    }
    let filter = ReportFilter {
        published: report_dates(&mut query, call.today()),
        platform: query.choice("network"),
        media_type: query.choice("post_type"),
        source: query.choice("mention_source"),
        status: query.choice("post_status"),
        creator_id: query.uuid("member_id").map(CreatorId),
        project_id: query.uuid("project_id").map(CollectionId),
        group_id: query.uuid("group_id").map(CollectionId),
        account_id: None,
        read: None,
    };
    let offset = offset(&mut query).unwrap_or(0);
    let limit = query.limit(MOST_ROWS).unwrap_or(DEFAULT_LIMIT);
    query.finish()?;
    is_own(call, client_id)?;
    let card = call.shared().rate_cards.first().cloned().ok_or_else(|| Problem::internal("there is no rate card"))?;
    let (order_by, direction) = (ReportOrder::CreateTime, Direction::Desc);
    let page = PageRequest { order_by, direction, after: None, limit, include_total: true };
    Ok((filter, ReportRequest { page, offset, metrics: ReportMetrics::Lifetime, card }))
}

/// What a row is shown with.
pub(crate) struct OlderRow<'a, T> {
    pub(crate) of: T,
    pub(crate) client: OrganizationId,
    pub(crate) card: &'a RateCard,
}

/// A post.
#[derive(Serialize, ToSchema)]
#[schema(as = PostV1)]
pub(crate) struct OlderPostOut {
    /// The post's id in reports.
    id: i64,
    /// The platform's own id of the post.
    post_id: String,
    /// Your organization's id.
    client_id: Uuid,
    /// The platform.
    #[schema(value_type = PlatformName)]
    network: Platform,
    /// What it is made of.
    #[schema(value_type = Option<MediaTypeName>)]
    post_type: Option<MediaType>,
    /// Where it stands.
    #[schema(value_type = PostStatusName)]
    post_status: PostStatus,
    /// How it came to be tracked.
    #[schema(value_type = PostSourceName)]
    mention_source: PostSource,
    /// The post's address on the platform.
    url: String,
    /// The caption.
    caption: Option<String>,
    /// When it was published.
    #[schema(value_type = Option<String>, format = DateTime)]
    posted_at: Option<Timestamp>,
    /// Last good read; null until the first.
    #[schema(value_type = Option<String>, format = DateTime)]
    refreshed_at: Option<Timestamp>,
    /// The creator that it is counted to.
    member: Option<ReportCreatorOut>,
    /// The account that it is counted to.
    account: Option<ReportAccountOut>,
    #[serde(flatten)]
    numbers: ReportNumbersOut,
    /// The currency of `tmv`, by its three letters.
    currency: String,
}

impl From<OlderRow<'_, ReportPost>> for OlderPostOut {
    fn from(OlderRow { of: post, client, card }: OlderRow<'_, ReportPost>) -> Self {
        let author = post.author_username.or_else(|| post.account_username.clone());
        let (external_id, url) = address(post.platform, post.external_id, author);
        let member = post.creator_id.zip(post.creator_name).map(|(id, name)| ReportCreatorOut { id: id.0, name });
        let account = post.account_id.zip(post.account_username);
        Self {
            id: post.id,
            post_id: external_id,
            client_id: client.0,
            network: post.platform,
            post_type: post.media_type,
            post_status: post.status,
            mention_source: post.source,
            url,
            caption: post.description,
            posted_at: post.create_time,
            refreshed_at: post.last_scrape_at,
            member,
            account: account.map(|(id, username)| ReportAccountOut { id: id.0, username }),
            numbers: post.numbers.into(),
            currency: card.currency.clone(),
        }
    }
}

/// A creator, and what its posts come to.
#[derive(Serialize, ToSchema)]
#[schema(as = MemberV1)]
pub(crate) struct OlderMemberOut {
    /// The creator's id.
    id: Uuid,
    /// Your organization's id.
    client_id: Uuid,
    /// The name.
    name: String,
    /// When it was added.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// The platforms of its accounts.
    #[schema(value_type = Vec<PlatformName>)]
    networks: Vec<Platform>,
    /// Followers over its accounts, as far as they are known.
    followers: Option<i64>,
    /// Posts that match.
    #[schema(minimum = 0)]
    post_count: i64,
    /// Posts of which at least one metric is known.
    #[schema(minimum = 0)]
    posts_counted: i64,
    #[serde(flatten)]
    numbers: ReportNumbersOut,
    /// The sums for each platform.
    by_network: Vec<OlderBreakdownOut>,
    /// The currency of `tmv`, by its three letters.
    currency: String,
}

/// The sums of a platform.
#[derive(Serialize, ToSchema)]
#[schema(as = MemberNetworkV1)]
pub(crate) struct OlderBreakdownOut {
    /// The platform.
    #[schema(value_type = PlatformName)]
    network: Platform,
    /// Posts that match.
    #[schema(minimum = 0)]
    post_count: i64,
    #[serde(flatten)]
    numbers: ReportNumbersOut,
}

impl From<OlderRow<'_, ReportMember>> for OlderMemberOut {
    fn from(OlderRow { of: member, client, card }: OlderRow<'_, ReportMember>) -> Self {
        let by_network = member.by_platform.into_iter().map(|(network, of)| OlderBreakdownOut {
            network,
            post_count: of.posts_known,
            numbers: of.numbers.into(),
        });
        Self {
            id: member.id.0,
            client_id: client.0,
            name: member.name,
            created_at: member.added_at,
            networks: member.accounts_by_platform.into_keys().collect(),
            followers: member.followers,
            post_count: member.total.posts_known,
            posts_counted: member.total.posts_counted,
            numbers: member.total.numbers.into(),
            by_network: by_network.collect(),
            currency: card.currency.clone(),
        }
    }
}
