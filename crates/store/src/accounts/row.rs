//! An account as it stands in the tables, and how it is shown.

use domain::{AccountId, CreatorId, Metadata, MetricStatus, OrganizationId, Platform, Precision, Timestamp};
use uuid::Uuid;

use crate::StoreError;
use crate::columns::columns;
use crate::freshness::{self, Moment};
use crate::listing::SortColumn;
use crate::merged::{Key, Keyed};
use crate::paging::{AccountOrder, Position, RowId, SortKey};
use crate::record::provenance::{Provenance, noted};
use crate::seen::Viewed;
use crate::views::{Account, MetricPrecisions, MetricStatuses, PostCounts};

const JOINS: &str = "JOIN profiles p ON p.id = a.profile_id \
     JOIN organizations o ON o.id = a.organization_id LEFT JOIN creators c ON c.id = a.creator_id \
     LEFT JOIN schedules s ON s.kind = 'profile' AND s.target_id = a.profile_id";

columns! {
    #[derive(Clone, Debug)]
    pub struct AccountRow {
        id: Uuid = "a.id",
        organization_id: Uuid = "a.organization_id",
        platform: String = "a.platform",
        username: String = "a.username",
        category: Option<String> = "a.category",
        metadata: String = "a.metadata",
        is_active: bool = "a.is_active",
        creator_id: Option<Uuid> = "a.creator_id",
        scrape_interval_hours: i64 = "a.scrape_interval_hours",
        max_recent_posts: Option<i64> = "a.max_recent_posts",
        post_lookback_days: Option<i64> = "a.post_lookback_days",
        added_at: i64 = "a.added_at",
        updated_at: i64 = "a.updated_at",
        first_scrape_at: Option<i64> = "a.first_scrape_at",
        last_scrape_at: Option<i64> = "a.last_scrape_at",
        follower_count: Option<i64> = "a.follower_count",
        following_count: Option<i64> = "a.following_count",
        profile_post_count: Option<i64> = "a.profile_post_count",
        total_post_count: Option<i64> = "a.total_post_count",
        view_count: Option<i64> = "a.view_count",
        like_count: Option<i64> = "a.like_count",
        comment_count: Option<i64> = "a.comment_count",
        share_count: Option<i64> = "a.share_count",
        play_count: Option<i64> = "a.play_count",
        saved_count: Option<i64> = "a.saved_count",
        sum_notes: Option<String> = "a.sum_notes",
        creator_name: Option<String> = "c.name",
        is_collected: bool = "(a.is_active AND COALESCE(c.is_active, TRUE))",
        platform_id: Option<String> = "p.platform_id",
        previous_usernames: String = "p.previous_usernames",
        name: Option<String> = "p.name",
        description: Option<String> = "p.description",
        profile_pic_url: Option<String> = "p.profile_pic_url",
        is_verified: Option<bool> = "p.is_verified",
        is_private: Option<bool> = "p.is_private",
        is_unavailable: bool = "p.is_unavailable",
        unavailable_because: Option<String> = "p.unavailable_because",
        provenance: String = "p.provenance",
        link_in_bio: Option<String> = "p.link_in_bio",
        effective_max_recent_posts: Option<i64> = "COALESCE(a.max_recent_posts, o.max_recent_posts)",
        effective_post_lookback_days: Option<i64> = "COALESCE(a.post_lookback_days, o.post_lookback_days)",
        due_at: Option<i64> = "s.due_at",
        last_attempt_at: Option<i64> = "a.last_attempt_at",
        last_attempt_outcome: Option<String> = "a.last_attempt_outcome",
        failures: i64 = "a.failures",
    }
}

impl Keyed for AccountRow {
    type Id = Uuid;

    const TABLE: &'static str = "accounts";
    const ALIAS: &'static str = "a";

    fn columns() -> &'static str {
        Self::COLUMNS
    }

    fn joins() -> &'static str {
        JOINS
    }

    fn key(&self) -> Key<Uuid> {
        Key { organization: OrganizationId(self.organization_id), id: self.id }
    }
}

impl Viewed for AccountRow {
    type View = Account;

    // Being claimed changes a schedule's row, and nothing that is shown.
    const PARTS: &'static [&'static str] = &["a.xmin", "p.xmin", "o.xmin", "c.xmin", "s.due_at"];

    fn good_until(account: &Account) -> Option<Timestamp> {
        account.freshness.fresh_until
    }

    fn view(self, moment: Moment<'_>) -> Result<Account, StoreError> {
        let platform: Platform =
            self.platform.parse().map_err(|_| StoreError::Unreadable { table: "accounts", column: "platform" })?;
        let freshness = freshness::sum_up(
            &freshness::Facts {
                is_collected: self.is_collected,
                is_unavailable: self.is_unavailable,
                last_scrape_at: self.last_scrape_at,
                interval: freshness::hours(self.scrape_interval_hours),
                due_at: self.due_at,
                last_attempt_at: self.last_attempt_at,
                last_attempt_outcome: self.last_attempt_outcome.as_deref(),
                failures: self.failures,
            },
            moment.now,
        );
        let provenance = Provenance::from_stored(&self.provenance);
        let metric_status = self.metric_status(&provenance);
        let metric_precision = self.metric_precision(&provenance);
        let is_unavailable = self.is_unavailable && freshness.last_attempt_at.is_some();
        // Until this organization's own first read, the profile's facts are somebody else's.
        let seen = self.first_scrape_at.is_some();
        Ok(Account {
            id: AccountId(self.id),
            platform,
            platform_account_id: self.platform_id.filter(|_| seen),
            previous_usernames: if seen {
                serde_json::from_str(&self.previous_usernames).unwrap_or_default()
            } else {
                Vec::new()
            },
            name: self.name.filter(|_| seen),
            description: self.description.filter(|_| seen),
            profile_pic_url_original: self.profile_pic_url.filter(|_| seen),
            is_verified: self.is_verified.filter(|_| seen),
            is_private: self.is_private.filter(|_| seen),
            is_unavailable,
            unavailable_reason: self.unavailable_because.filter(|_| is_unavailable).and_then(|name| name.parse().ok()),
            link_in_bio: self.link_in_bio.filter(|_| seen),
            username: self.username,
            is_active: self.is_active,
            creator_id: self.creator_id.map(CreatorId),
            creator_name: self.creator_name,
            category: self.category,
            metadata: Metadata::from_stored(&self.metadata),
            added_at: Timestamp::from_millis(self.added_at),
            updated_at: Timestamp::from_millis(self.updated_at),
            first_scrape_at: self.first_scrape_at.map(Timestamp::from_millis),
            last_scrape_at: self.last_scrape_at.map(Timestamp::from_millis),
            scrape_interval_hours: self.scrape_interval_hours,
            follower_count: self.follower_count,
            following_count: self.following_count,
            profile_post_count: self.profile_post_count,
            total_post_count: self.total_post_count,
            sums: PostCounts {
                view_count: self.view_count,
                like_count: self.like_count,
                comment_count: self.comment_count,
                share_count: self.share_count,
                play_count: self.play_count,
                saved_count: self.saved_count,
            },
            max_recent_posts: self.max_recent_posts,
            post_lookback_days: self.post_lookback_days,
            effective_max_recent_posts: self.effective_max_recent_posts,
            effective_post_lookback_days: self.effective_post_lookback_days,
            freshness,
            metric_status,
            metric_precision,
        })
    }
}

impl AccountRow {
    /// The profile's own counts as this record has them, with the columns that the profile keeps them in.
    const fn counts(&self) -> [(&'static str, &'static str, Option<i64>); 3] {
        [
            ("follower_count", "follower_count", self.follower_count),
            ("following_count", "following_count", self.following_count),
            ("profile_post_count", "post_count", self.profile_post_count),
        ]
    }

    /// The sums over the collected posts.
    const fn sums(&self) -> [(&'static str, Option<i64>); 6] {
        [
            ("view_count", self.view_count),
            ("like_count", self.like_count),
            ("comment_count", self.comment_count),
            ("share_count", self.share_count),
            ("play_count", self.play_count),
            ("saved_count", self.saved_count),
        ]
    }

    fn metric_status(&self, provenance: &Provenance) -> MetricStatuses {
        let seen = self.first_scrape_at.is_some();
        let why = |column| {
            let said = provenance.status(column).unwrap_or(MetricStatus::NotProvided);
            if seen { said } else { MetricStatus::NotYetScraped }
        };
        // Sums wait for the list of posts to be read, which comes after the profile itself. A private profile lists none.
        let why_none = match (self.total_post_count, self.first_scrape_at, self.is_private) {
            (Some(_), _, _) => MetricStatus::NotProvided,
            (None, Some(_), Some(true)) => MetricStatus::Hidden,
            (None, _, _) => MetricStatus::NotYetScraped,
        };
        let why_sum = |metric| {
            if seen && metric == "saved_count" && self.platform == Platform::Tiktok.as_str() {
                return MetricStatus::Unsupported;
            }
            noted(self.sum_notes.as_deref(), metric).and_then(|word| word.parse().ok()).unwrap_or(why_none)
        };
        let own = self.counts().into_iter().filter(|(_, _, value)| value.is_none());
        let sums = self.sums().into_iter().filter(|(_, value)| value.is_none());
        let mut statuses: MetricStatuses = own.map(|(name, column, _)| (name.to_owned(), why(column))).collect();
        statuses.extend(sums.map(|(name, _)| (name.to_owned(), why_sum(name))));
        if self.total_post_count.is_none() {
            statuses.insert("total_post_count".to_owned(), why_none);
        }
        statuses
    }

    fn metric_precision(&self, provenance: &Provenance) -> MetricPrecisions {
        let own = self.counts().into_iter().filter(|(_, _, value)| value.is_some());
        let own = own.filter_map(|(name, column, _)| Some((name, provenance.precision(column, self.first_scrape_at)?)));
        let sums = self.sums().into_iter().filter(|(_, value)| value.is_some());
        let sums = sums
            .filter_map(|(name, _)| Some((name, noted(self.sum_notes.as_deref(), name)?.parse::<Precision>().ok()?)));
        own.chain(sums).map(|(name, precision)| (name.to_owned(), precision)).collect()
    }

    pub fn position(&self, order: AccountOrder) -> Position {
        let key = match order {
            AccountOrder::AddedAt => SortKey::Number(Some(self.added_at)),
            AccountOrder::Username => SortKey::Text(self.username.clone()),
            AccountOrder::LastScrapeTime => SortKey::Number(self.last_scrape_at),
            AccountOrder::FollowerCount => SortKey::Number(self.follower_count),
            AccountOrder::ViewCount => SortKey::Number(self.view_count),
            AccountOrder::LikeCount => SortKey::Number(self.like_count),
            AccountOrder::PlayCount => SortKey::Number(self.play_count),
        };
        Position { key, id: RowId::Uuid(self.id) }
    }
}

pub const fn sort_column(order: AccountOrder) -> SortColumn {
    match order {
        AccountOrder::AddedAt => SortColumn::Number("a.added_at"),
        AccountOrder::Username => SortColumn::Text("a.username"),
        AccountOrder::LastScrapeTime => SortColumn::NullableNumber("a.last_scrape_at"),
        AccountOrder::FollowerCount => SortColumn::NullableNumber("a.follower_count"),
        AccountOrder::ViewCount => SortColumn::NullableNumber("a.view_count"),
        AccountOrder::LikeCount => SortColumn::NullableNumber("a.like_count"),
        AccountOrder::PlayCount => SortColumn::NullableNumber("a.play_count"),
    }
}
