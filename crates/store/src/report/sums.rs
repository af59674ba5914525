//! Sums over a creator's posts, and what is reported of them.

use std::collections::BTreeMap;

use domain::{MediaType, Platform, RateCard, media_value};
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::{CountedPosts, MemberNumbers, ReportMember, ReportNumbers, attention};
use crate::StoreError;
use crate::views::PostCounts;

/// What the posts of a creator on a platform come to, of one kind or of all.
#[derive(FromQueryResult)]
pub struct Group {
    pub creator_id: Uuid,
    platform: String,
    media_type: Option<String>,
    posts: i64,
    counted: i64,
    observed: i64,
    posts_read: i64,
    view_count: Option<i64>,
    view_posts: i64,
    like_count: Option<i64>,
    like_posts: i64,
    comment_count: Option<i64>,
    comment_posts: i64,
    share_count: Option<i64>,
    share_posts: i64,
    play_count: Option<i64>,
    play_posts: i64,
    saved_count: Option<i64>,
    saved_posts: i64,
    engagement: Option<i64>,
    rated_engagement: Option<i64>,
    rated_views: Option<i64>,
}

impl Group {
    /// The platform, what the posts are made of, and the sums.
    pub fn read(&self, card: &RateCard) -> Result<(Platform, Option<MediaType>, Sums), StoreError> {
        let unreadable = |column| StoreError::Unreadable { table: "posts", column };
        let platform: Platform = self.platform.parse().map_err(|_| unreadable("platform"))?;
        let media_type =
            self.media_type.as_deref().map(str::parse).transpose().map_err(|_| unreadable("media_type"))?;
        let (saved_count, saves) = if platform.has_saves() { (self.saved_count, self.saved_posts) } else { (None, 0) };
        let counts = PostCounts {
            view_count: self.view_count,
            like_count: self.like_count,
            comment_count: self.comment_count,
            share_count: self.share_count,
            play_count: self.play_count,
            saved_count,
        };
        let sums = Sums {
            counts,
            engagements: self.engagement,
            rated: (self.rated_engagement, self.rated_views),
            tmv: card.value(platform, &attention(&counts)),
            posts: self.posts,
            posts_counted: self.counted,
            posts_read: self.posts_read,
            posts_observed: self.observed,
            counted: CountedPosts {
                views: self.view_posts,
                likes: self.like_posts,
                comments: self.comment_posts,
                shares: self.share_posts,
                saves,
                plays: self.play_posts,
            },
        };
        Ok((platform, media_type, sums))
    }
}

/// Sums over posts.
#[derive(Clone, Copy, Default)]
pub struct Sums {
    counts: PostCounts,
    engagements: Option<i64>,
    /// Engagement and views of the posts of which both are known.
    rated: (Option<i64>, Option<i64>),
    tmv: Option<i64>,
    posts: i64,
    posts_counted: i64,
    posts_read: i64,
    posts_observed: i64,
    counted: CountedPosts,
}

/// The sum, as far as it is known.
fn plus(one: Option<i64>, other: Option<i64>) -> Option<i64> {
    [one, other].into_iter().flatten().reduce(i64::saturating_add)
}

impl Sums {
    /// Takes others in.
    pub fn add(&mut self, other: &Self) {
        let Self { counts, engagements, rated, tmv, posts, posts_counted, posts_read, posts_observed, counted } = self;
        counts.view_count = plus(counts.view_count, other.counts.view_count);
        counts.like_count = plus(counts.like_count, other.counts.like_count);
        counts.comment_count = plus(counts.comment_count, other.counts.comment_count);
        counts.share_count = plus(counts.share_count, other.counts.share_count);
        counts.play_count = plus(counts.play_count, other.counts.play_count);
        counts.saved_count = plus(counts.saved_count, other.counts.saved_count);
        *engagements = plus(*engagements, other.engagements);
        *rated = (plus(rated.0, other.rated.0), plus(rated.1, other.rated.1));
        *tmv = media_value::sum([*tmv, other.tmv].into_iter());
        *posts += other.posts;
        *posts_counted += other.posts_counted;
        *posts_read += other.posts_read;
        *posts_observed += other.posts_observed;
        counted.views += other.counted.views;
        counted.likes += other.counted.likes;
        counted.comments += other.counted.comments;
        counted.shares += other.counted.shares;
        counted.saves += other.counted.saves;
        counted.plays += other.counted.plays;
    }

    /// What is reported of them.
    pub fn numbers(&self) -> ReportNumbers {
        let (engagement, views) = self.rated;
        ReportNumbers {
            counts: self.counts,
            engagements: self.engagements,
            engagement_rate: engagement.zip(views).and_then(|(part, whole)| domain::gains::hundredths(part, whole)),
            tmv: self.tmv,
        }
    }

    fn shown(&self, is_range: bool) -> MemberNumbers {
        MemberNumbers {
            numbers: self.numbers(),
            posts_known: self.posts,
            posts_counted: self.posts_counted,
            posts_read: self.posts_read,
            counted: self.counted,
            posts_observed: is_range.then_some(self.posts_observed),
        }
    }
}

/// A creator with what its posts come to, by platform and kind.
pub fn member(
    creator: crate::views::Creator,
    groups: Vec<(Platform, Option<MediaType>, Sums)>,
    is_range: bool,
) -> ReportMember {
    let mut total = Sums::default();
    let mut by_platform: BTreeMap<Platform, Sums> = BTreeMap::new();
    let mut by_media_type: Vec<(Option<MediaType>, Sums)> =
        MediaType::ALL.into_iter().map(Some).chain([None]).map(|kind| (kind, Sums::default())).collect();
    for (platform, media_type, sums) in groups {
        total.add(&sums);
        by_platform.entry(platform).or_default().add(&sums);
        for (_, of_kind) in by_media_type.iter_mut().filter(|(kind, _)| *kind == media_type) {
            of_kind.add(&sums);
        }
    }
    let shown = |sums: &Sums| sums.shown(is_range);
    ReportMember {
        id: creator.id,
        name: creator.name,
        is_active: creator.is_active,
        added_at: creator.added_at,
        followers: creator.total_followers,
        accounts_by_platform: creator.accounts_by_platform,
        total: shown(&total),
        by_platform: by_platform.iter().map(|(platform, sums)| (*platform, shown(sums))).collect(),
        by_media_type: by_media_type
            .iter()
            .filter(|(_, sums)| sums.posts > 0)
            .map(|(kind, sums)| (*kind, shown(sums)))
            .collect(),
    }
}
