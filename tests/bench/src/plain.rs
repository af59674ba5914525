//! What the readers are compared with: the same fields of a page's data block, read by types that fit this one shape, when somebody else has
//! already found the block. Nothing of it could be relied upon: it fails at the first field that is missing or of another type.
#![expect(dead_code, reason = "what is read is timed, and not looked at")]
#![expect(clippy::struct_field_names, reason = "the platforms named them")]

use std::hint::black_box;

use serde::Deserialize;
use serde::de::DeserializeOwned;

/// Reads the one value at the start of `text`; whether it was of this shape.
fn read<T: DeserializeOwned>(text: &str) -> bool {
    let read = serde_json::Deserializer::from_str(text).into_iter::<T>().next();
    black_box(read).is_some_and(|value| value.is_ok())
}

/// TikTok's universal data on a video's page.
pub fn tiktok_video(blocks: &[&str]) -> bool {
    blocks.iter().all(|block| read::<Universal<VideoScope>>(block))
}

/// TikTok's universal data on a profile page.
pub fn tiktok_profile(blocks: &[&str]) -> bool {
    blocks.iter().all(|block| read::<Universal<UserScope>>(block))
}

/// The accounts in the blocks of a profile page of Instagram's.
pub fn instagram_profile(blocks: &[&str]) -> bool {
    blocks.iter().all(|block| read::<XigUser>(block))
}

/// The post in the block of a post's page of Instagram's.
pub fn instagram_post(blocks: &[&str]) -> bool {
    blocks.iter().all(|block| read::<XigMedia>(block))
}

/// YouTube's player response and initial data, in this order.
pub fn youtube_watch(blocks: &[&str]) -> bool {
    matches!(blocks, [player, data] if read::<Player>(player) && read::<WatchData>(data))
}

/// A prefetched query of Pinterest's.
pub fn pinterest_pin(blocks: &[&str]) -> bool {
    blocks.iter().all(|block| read::<Relay>(block))
}

#[derive(Deserialize)]
struct Universal<T> {
    #[serde(rename = "__DEFAULT_SCOPE__")]
    scope: T,
}

#[derive(Deserialize)]
struct VideoScope {
    #[serde(rename = "webapp.video-detail")]
    detail: VideoDetail,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct VideoDetail {
    item_info: ItemInfo,
    status_code: i64,
    status_msg: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ItemInfo {
    item_struct: Item,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    id: String,
    desc: String,
    create_time: String,
    author: TiktokUser,
    video: Video,
    stats: Stats,
    #[serde(rename = "statsV2")]
    exact: ExactStats,
    #[serde(default)]
    text_extra: Vec<TextExtra>,
    #[serde(default)]
    music: Option<Music>,
    #[serde(default)]
    text_language: Option<String>,
    #[serde(default)]
    location_created: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TiktokUser {
    id: String,
    unique_id: String,
    sec_uid: String,
    nickname: String,
    #[serde(default)]
    signature: Option<String>,
    #[serde(default)]
    avatar_larger: Option<String>,
    #[serde(default)]
    verified: bool,
    #[serde(default)]
    private_account: bool,
    #[serde(default)]
    create_time: i64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Video {
    duration: f64,
    cover: String,
    #[serde(default)]
    play_addr: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Stats {
    digg_count: i64,
    share_count: i64,
    comment_count: i64,
    play_count: i64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ExactStats {
    digg_count: String,
    share_count: String,
    comment_count: String,
    play_count: String,
    collect_count: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TextExtra {
    #[serde(default)]
    hashtag_name: String,
}

#[derive(Deserialize)]
struct Music {
    id: String,
    title: String,
}

#[derive(Deserialize)]
struct UserScope {
    #[serde(rename = "webapp.user-detail")]
    detail: UserDetail,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct UserDetail {
    user_info: UserInfo,
    status_code: i64,
}

#[derive(Deserialize)]
struct UserInfo {
    user: TiktokUser,
    #[serde(rename = "statsV2")]
    exact: ExactUserStats,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ExactUserStats {
    follower_count: String,
    following_count: String,
    heart: String,
    video_count: String,
}

#[derive(Deserialize)]
struct XigUser {
    pk: String,
    #[serde(default)]
    username: Option<String>,
    #[serde(default)]
    full_name: Option<String>,
    #[serde(default)]
    biography: Option<String>,
    #[serde(default)]
    profile_pic_url: Option<String>,
    #[serde(default)]
    follower_count: Option<i64>,
    #[serde(default)]
    following_count: Option<i64>,
    #[serde(default)]
    all_media_count: Option<i64>,
    #[serde(default)]
    is_private: Option<bool>,
    #[serde(default)]
    is_verified: Option<bool>,
    #[serde(default)]
    polaris_ordered_timeline_connection: Option<Connection>,
}

#[derive(Deserialize)]
struct Connection {
    edges: Vec<Edge>,
}

#[derive(Deserialize)]
struct Edge {
    node: Node,
}

#[derive(Deserialize)]
struct Node {
    pk: String,
    code: String,
    #[serde(default)]
    media_type: Option<i64>,
    #[serde(default)]
    display_uri: Option<String>,
    #[serde(default)]
    image_versions2: Option<Images>,
}

#[derive(Deserialize)]
struct XigMedia {
    if_not_gated_logged_out: Media,
}

#[derive(Deserialize)]
struct Media {
    pk: String,
    code: String,
    taken_at: i64,
    media_type: i64,
    like_count: i64,
    comment_count: i64,
    #[serde(default)]
    caption: Option<Caption>,
    user: MediaUser,
    #[serde(default)]
    image_versions2: Option<Images>,
    #[serde(default)]
    video_versions: Vec<Candidate>,
    #[serde(default)]
    product_type: Option<String>,
}

#[derive(Deserialize)]
struct Caption {
    text: String,
}

#[derive(Deserialize)]
struct MediaUser {
    pk: String,
    username: String,
}

#[derive(Deserialize)]
struct Images {
    candidates: Vec<Candidate>,
}

#[derive(Deserialize)]
struct Candidate {
    url: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Player {
    playability_status: Playability,
    video_details: VideoDetails,
    microformat: Microformat,
}

#[derive(Deserialize)]
struct Playability {
    status: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct VideoDetails {
    video_id: String,
    title: String,
    length_seconds: String,
    channel_id: String,
    short_description: String,
    view_count: String,
    author: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Microformat {
    player_microformat_renderer: Format,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Format {
    publish_date: String,
    category: String,
    owner_profile_url: String,
    #[serde(default)]
    like_count: Option<String>,
}

#[derive(Deserialize)]
struct WatchData {
    contents: TwoColumns,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TwoColumns {
    two_column_watch_next_results: OuterResults,
}

#[derive(Deserialize)]
struct OuterResults {
    results: InnerResults,
}

#[derive(Deserialize)]
struct InnerResults {
    results: Contents,
}

#[derive(Deserialize)]
struct Contents {
    contents: Vec<Content>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Content {
    #[serde(default)]
    video_primary_info_renderer: Option<Primary>,
    #[serde(default)]
    video_secondary_info_renderer: Option<Secondary>,
    #[serde(default)]
    item_section_renderer: Option<Section>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Primary {
    video_actions: Actions,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Actions {
    menu_renderer: Menu,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Menu {
    top_level_buttons: Vec<Button>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Button {
    #[serde(default)]
    segmented_like_dislike_button_view_model: Option<Segmented>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Segmented {
    like_button_view_model: OuterLike,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OuterLike {
    like_button_view_model: Like,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Like {
    toggle_button_view_model: OuterToggle,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OuterToggle {
    toggle_button_view_model: Toggle,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Toggle {
    default_button_view_model: DefaultButton,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DefaultButton {
    button_view_model: ButtonModel,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ButtonModel {
    accessibility_text: String,
    title: String,
}

#[derive(Deserialize)]
struct Secondary {
    owner: Owner,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Owner {
    video_owner_renderer: OwnerRenderer,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OwnerRenderer {
    subscriber_count_text: Label,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Label {
    simple_text: String,
}

#[derive(Deserialize)]
struct Section {
    contents: Vec<SectionContent>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SectionContent {
    #[serde(default)]
    comments_entry_point_header_renderer: Option<CommentsEntry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CommentsEntry {
    comment_count: Label,
}

#[derive(Deserialize)]
struct Relay {
    response: RelayResponse,
}

#[derive(Deserialize)]
struct RelayResponse {
    data: RelayData,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RelayData {
    #[serde(rename = "v3GetPinQuery")]
    query: RelayQuery,
}

#[derive(Deserialize)]
struct RelayQuery {
    data: Pin,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Pin {
    #[serde(default)]
    entity_id: Option<String>,
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    created_at: Option<String>,
    #[serde(default)]
    repin_count: Option<i64>,
    #[serde(default)]
    link: Option<String>,
    #[serde(default)]
    domain: Option<String>,
    #[serde(default)]
    aggregated_pin_data: Option<Aggregated>,
    #[serde(default)]
    pinner: Option<Pinner>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Aggregated {
    #[serde(default)]
    comment_count: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Pinner {
    #[serde(default)]
    username: Option<String>,
    #[serde(default)]
    follower_count: Option<i64>,
}
