//! Reporting: every post of an organization once, and what posts come to for each creator.
//!
//! A post is what the organization tracks of it, in however many of its records it stands (`tracked_posts`). Its numbers are those that are known now,
//! or what they gained in a window: the difference of two sums of its days. A page is made in two steps: one statement puts the ids in order, by an
//! index where there is one, and a second reads all there is to say of the few that are shown.

mod belonging;
mod bounds;
mod first;
mod matching;
mod members;
mod numbers;
mod order;
mod posts;
mod sums;

use std::collections::BTreeMap;

use domain::{
    AccountId, AccountVideoId, CollectionId, CreatorId, Float, MediaType, Platform, PostSource, PostStatus, RateCard,
    Timestamp, VideoId, Window, media_value,
};

use crate::paging::PageRequest;
use crate::views::{MetricStatuses, PostCounts};

/// Which posts are reported on; all conditions combine.
#[derive(Clone, Debug, Default)]
pub struct ReportFilter {
    /// On this platform.
    pub platform: Option<Platform>,
    /// Made of this.
    pub media_type: Option<MediaType>,
    /// Came to be tracked like this.
    pub source: Option<PostSource>,
    /// Standing there.
    pub status: Option<PostStatus>,
    /// In this account's feed, or added by hand and made by it.
    pub account_id: Option<AccountId>,
    /// Likewise of one of this creator's accounts.
    pub creator_id: Option<CreatorId>,
    /// Belonging to this project.
    pub project_id: Option<CollectionId>,
    /// Belonging to this group.
    pub group_id: Option<CollectionId>,
    /// Published within these days.
    pub published: Option<Window>,
    /// Read on one of these days.
    pub read: Option<Window>,
}

/// Which numbers of posts are reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReportMetrics {
    /// What is known now.
    Lifetime,
    /// What was gained within these days.
    Range(Window),
}

/// Sort columns of reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReportOrder {
    /// Views.
    Views,
    /// Impressions, which no public page shows: nothing but ids are sorted.
    Impressions,
    /// Likes, comments and shares.
    Engagements,
    /// Engagements by views.
    EngagementRate,
    /// Media value.
    Tmv,
    /// How long it was looked at, which no public page shows: nothing but ids are sorted.
    ViewTime,
    /// Likes.
    Likes,
    /// Comments.
    Comments,
    /// Shares.
    Shares,
    /// When a post was published, or a creator added.
    CreateTime,
}

/// Which page of a report.
#[derive(Clone, Debug)]
pub struct ReportRequest {
    /// The order, and where the page begins.
    pub page: PageRequest<ReportOrder>,
    /// Rows to pass over before it.
    pub offset: u64,
    /// Which numbers.
    pub metrics: ReportMetrics,
    /// What they are worth.
    pub card: RateCard,
}

/// Rows of a walk that were read at once.
#[derive(Clone, Debug)]
pub struct Stretch<T, Id> {
    /// The rows. What goes while they are read is left out, so there may be none although the walk goes on.
    pub rows: Vec<T>,
    /// After what it goes on; `None` at its end.
    pub last: Option<Id>,
}

/// The numbers of a post, or of several together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct ReportNumbers {
    /// The counts, or what they gained.
    pub counts: PostCounts,
    /// Likes, comments and shares; `None` when none of them is known.
    pub engagements: Option<i64>,
    /// Engagements by views in hundredths of a percent, over the posts of which both are known.
    pub engagement_rate: Option<i64>,
    /// What the attention would have cost, in millionths of the card's currency.
    pub tmv: Option<i64>,
}

/// A post as it is reported.
#[derive(Clone, Debug, PartialEq, Hash)]
pub struct ReportPost {
    /// Its id in reports, by which a walk goes on.
    pub id: i64,
    /// The record of it that was added by hand, if there is one.
    pub video_id: Option<VideoId>,
    /// Its records in feeds, oldest first.
    pub account_video_ids: Vec<AccountVideoId>,
    /// The platform.
    pub platform: Platform,
    /// The platform's own id.
    pub external_id: String,
    /// The author's handle as the page gave it, for the address.
    pub author_username: Option<String>,
    /// The caption.
    pub description: Option<String>,
    /// When it was published.
    pub create_time: Option<Timestamp>,
    /// What it is made of.
    pub media_type: Option<MediaType>,
    /// Length in seconds.
    pub duration: Option<Float>,
    /// Where it stands.
    pub status: PostStatus,
    /// How it came to be tracked.
    pub source: PostSource,
    /// When tracking began.
    pub added_at: Timestamp,
    /// First good read.
    pub first_scrape_at: Option<Timestamp>,
    /// Last good read.
    pub last_scrape_at: Option<Timestamp>,
    /// The organization's account of the author, else the first whose feed shows it.
    pub account_id: Option<AccountId>,
    /// That account's handle.
    pub account_username: Option<String>,
    /// The creator that the account is linked to.
    pub creator_id: Option<CreatorId>,
    /// That creator's name.
    pub creator_name: Option<String>,
    /// The numbers.
    pub numbers: ReportNumbers,
    /// Days of the window with a read; of a window alone.
    pub observed_days: Option<i32>,
    /// Why counts are null, as far as a page told, by the metric's name (`view_count`, …).
    pub metric_status: MetricStatuses,
}

/// What several posts come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct MemberNumbers {
    /// The sums, as far as they are known.
    pub numbers: ReportNumbers,
    /// Posts.
    pub posts_known: i64,
    /// Those of them with a known metric.
    pub posts_counted: i64,
    /// Those of them that were read at all.
    pub posts_read: i64,
    /// Of how many posts each count is known.
    pub counted: CountedPosts,
    /// Those of the posts that were read within the window; of a window alone.
    pub posts_observed: Option<i64>,
}

/// Of how many posts each count is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct CountedPosts {
    /// Views.
    pub views: i64,
    /// Likes.
    pub likes: i64,
    /// Comments.
    pub comments: i64,
    /// Shares.
    pub shares: i64,
    /// Saves.
    pub saves: i64,
    /// Plays.
    pub plays: i64,
}

/// A creator as it is reported. A post counts once for a creator, in however many of its accounts' feeds it stands.
#[derive(Clone, Debug, PartialEq, Hash)]
pub struct ReportMember {
    /// The creator, by whom a walk goes on.
    pub id: CreatorId,
    /// The name.
    pub name: String,
    /// Whether its accounts are collected.
    pub is_active: bool,
    /// When it was added.
    pub added_at: Timestamp,
    /// Followers over the linked accounts.
    pub followers: Option<i64>,
    /// Linked accounts by platform.
    pub accounts_by_platform: BTreeMap<Platform, i64>,
    /// Everything together.
    pub total: MemberNumbers,
    /// By platform; those without a post are left out.
    pub by_platform: BTreeMap<Platform, MemberNumbers>,
    /// By what posts are made of; `None` where it is not known.
    pub by_media_type: Vec<(Option<MediaType>, MemberNumbers)>,
}

impl ReportNumbers {
    /// The numbers of one post.
    fn of_post(platform: Platform, counts: PostCounts, card: &RateCard) -> Self {
        let counts = PostCounts { saved_count: counts.saved_count.filter(|_| platform.has_saves()), ..counts };
        let engagements = domain::gains::engagement(counts.like_count, counts.comment_count, counts.share_count);
        let rate = engagements.zip(counts.view_count).and_then(|(part, whole)| domain::gains::hundredths(part, whole));
        let tmv = card.value(platform, &attention(&counts));
        Self { counts, engagements, engagement_rate: rate, tmv }
    }
}

/// What of counts has a price.
const fn attention(counts: &PostCounts) -> media_value::Attention {
    media_value::Attention {
        views: counts.view_count,
        likes: counts.like_count,
        comments: counts.comment_count,
        shares: counts.share_count,
        saves: counts.saved_count,
    }
}
