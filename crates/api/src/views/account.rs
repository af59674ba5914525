//! An account on the wire.

use domain::{Metadata, Platform, Timestamp, UnavailableReason};
use serde::Serialize;
use store::{Account, PostCounts};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::views::vocabulary::{MetricStatusName, PlatformName, PrecisionName, UnavailableReasonName};
use crate::views::{
    FreshnessOut, Metric, MetricPrecisionOut, MetricStatusOut, has_metric, metric_precision, metric_status,
};

/// A tracked account. Metrics that are not known are null, and `metric_status` says why.
#[derive(Serialize, ToSchema)]
#[schema(as = Account)]
pub(crate) struct AccountOut {
    /// The account's id here.
    id: Uuid,
    /// `account`.
    #[serde(rename = "type")]
    #[schema(example = "account")]
    kind: &'static str,
    /// The platform.
    #[schema(value_type = PlatformName)]
    platform: Platform,
    /// The current handle, in lower case, without `@`. On YouTube, until the handle is known, what the channel was added by: its id (`UC…`),
    /// `c/name` or `user/name`.
    username: String,
    /// The platform's own id of the account. It survives a change of handle.
    platform_account_id: Option<String>,
    /// Handles that the account had before, oldest first.
    previous_usernames: Vec<String>,
    /// The display name.
    name: Option<String>,
    /// The biography.
    description: Option<String>,
    /// Our copy of the profile picture, where copies are kept.
    #[schema(value_type = Option<String>)]
    profile_pic_url: (),
    /// The platform's address of the profile picture, which expires.
    profile_pic_url_original: Option<String>,
    /// The platform's badge.
    is_verified: Option<bool>,
    /// Whether posts are shown to followers alone.
    is_private: Option<bool>,
    /// Whether it is collected; paused when false.
    is_active: bool,
    /// Whether it is certain that the account cannot be read any more; `unavailable_reason` says why.
    is_unavailable: bool,
    /// Why it is unavailable; null while it is not.
    #[schema(value_type = Option<UnavailableReasonName>)]
    unavailable_reason: Option<UnavailableReason>,
    /// The link in the biography.
    link_in_bio: Option<String>,
    /// The creator that it is linked to.
    #[schema(value_type = Option<String>, format = Uuid)]
    creator_id: Option<domain::CreatorId>,
    /// That creator's name.
    creator_name: Option<String>,
    /// Your own category.
    category: Option<String>,
    /// Your own notes.
    #[schema(value_type = Object)]
    metadata: Metadata,
    /// When tracking began.
    #[schema(value_type = String, format = DateTime)]
    added_at: Timestamp,
    /// When the record last changed.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
    /// First good read since tracking began.
    #[schema(value_type = Option<String>, format = DateTime)]
    first_scrape_time: Option<Timestamp>,
    /// Last good read; null until the first.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_scrape_time: Option<Timestamp>,
    /// Hours between reads.
    scrape_interval_hours: i64,
    /// Followers; on YouTube subscribers, which a channel may hide and which the platform rounds.
    follower_count: Option<i64>,
    /// Accounts that it follows (null on YouTube).
    following_count: Option<i64>,
    /// Posts, as the profile itself counts them.
    profile_post_count: Option<i64>,
    /// Posts collected here.
    total_post_count: Option<i64>,
    /// Views over the collected posts (null on Pinterest).
    view_count: Option<i64>,
    /// Likes over the collected posts.
    like_count: Option<i64>,
    /// Comments over the collected posts.
    comment_count: Option<i64>,
    /// Shares over the collected posts (null on YouTube and Pinterest).
    share_count: Option<i64>,
    /// Plays over the collected posts; on TikTok the same as views (null on YouTube and Pinterest).
    play_count: Option<i64>,
    /// Saves over the collected posts (Instagram and Pinterest; null on TikTok and YouTube).
    saved_count: Option<i64>,
    /// Plays on Facebook (Instagram; null elsewhere).
    #[schema(value_type = Option<i64>)]
    fb_play_count: (),
    /// Plays on Instagram alone (Instagram; null elsewhere).
    #[schema(value_type = Option<i64>)]
    ig_play_count: (),
    /// Likes on Facebook (Instagram; null elsewhere).
    #[schema(value_type = Option<i64>)]
    fb_like_count: (),
    /// The account's own bound on recent posts; null inherits.
    max_recent_posts_per_account: Option<i64>,
    /// The account's own bound on the age of posts in days; null inherits.
    post_lookback_days: Option<i64>,
    /// The bound in force; null for none.
    effective_max_recent_posts_per_account: Option<i64>,
    /// The bound in force; null for none.
    effective_post_lookback_days: Option<i64>,
    /// How the data stands.
    freshness: FreshnessOut,
    /// Why each null metric is null, by the metric's name.
    #[schema(value_type = std::collections::HashMap<String, MetricStatusName>)]
    metric_status: MetricStatusOut,
    /// How exact each known metric is, by the metric's name; exact ones are left out. A sum is as exact as the least exact of its parts.
    #[schema(value_type = std::collections::HashMap<String, PrecisionName>)]
    metric_precision: MetricPrecisionOut,
}

impl From<Account> for AccountOut {
    fn from(account: Account) -> Self {
        let metrics = metrics(&account);
        let metric_status =
            metric_status(account.platform, account.first_scrape_at.is_some(), &account.metric_status, &metrics);
        let metric_precision = metric_precision(&account.metric_precision, &metrics);
        let Account {
            id,
            platform,
            username,
            platform_account_id,
            previous_usernames,
            name,
            description,
            profile_pic_url_original,
            is_verified,
            is_private,
            is_unavailable,
            unavailable_reason,
            link_in_bio,
            is_active,
            creator_id,
            creator_name,
            category,
            metadata,
            added_at,
            updated_at,
            first_scrape_at,
            last_scrape_at,
            scrape_interval_hours,
            follower_count,
            following_count,
            profile_post_count,
            total_post_count,
            sums: PostCounts { view_count, like_count, comment_count, share_count, play_count, saved_count },
            max_recent_posts,
            post_lookback_days,
            effective_max_recent_posts,
            effective_post_lookback_days,
            freshness,
            metric_status: _,
            metric_precision: _,
        } = account;
        Self {
            id: id.0,
            kind: "account",
            platform,
            username,
            platform_account_id,
            previous_usernames,
            name,
            description,
            profile_pic_url: (),
            profile_pic_url_original,
            is_verified,
            is_private,
            is_active,
            is_unavailable,
            unavailable_reason,
            link_in_bio,
            creator_id,
            creator_name,
            category,
            metadata,
            added_at,
            updated_at,
            first_scrape_time: first_scrape_at,
            last_scrape_time: last_scrape_at,
            scrape_interval_hours,
            follower_count,
            following_count,
            profile_post_count,
            total_post_count,
            view_count,
            like_count,
            comment_count,
            share_count,
            play_count,
            saved_count: saved_count.filter(|_| has_metric(platform, "saved_count")),
            fb_play_count: (),
            ig_play_count: (),
            fb_like_count: (),
            max_recent_posts_per_account: max_recent_posts,
            post_lookback_days,
            effective_max_recent_posts_per_account: effective_max_recent_posts,
            effective_post_lookback_days,
            freshness: freshness.into(),
            metric_status,
            metric_precision,
        }
    }
}

/// The metrics of an account, as it shows them.
fn metrics(account: &Account) -> [Metric; 13] {
    let PostCounts { view_count, like_count, comment_count, share_count, play_count, saved_count } = account.sums;
    [
        ("follower_count", account.follower_count),
        ("following_count", account.following_count),
        ("profile_post_count", account.profile_post_count),
        ("total_post_count", account.total_post_count),
        ("view_count", view_count),
        ("like_count", like_count),
        ("comment_count", comment_count),
        ("share_count", share_count),
        ("play_count", play_count),
        ("saved_count", saved_count.filter(|_| has_metric(account.platform, "saved_count"))),
        ("fb_play_count", None),
        ("ig_play_count", None),
        ("fb_like_count", None),
    ]
    .map(|(name, value)| (name, name, value))
}

#[cfg(test)]
pub(crate) mod tests {
    use std::collections::BTreeMap;

    use domain::{AccountId, FreshnessState, MetricStatus, Precision};
    use serde_json::{Value, json};
    use store::Freshness;

    use super::*;

    /// An account that was read at `scraped`.
    pub(crate) fn account(platform: Platform, scraped: Option<Timestamp>) -> Account {
        let added = Timestamp::from_millis(1_790_000_000_000);
        Account {
            id: AccountId::new(),
            platform,
            username: "someone".to_owned(),
            platform_account_id: None,
            previous_usernames: vec!["before".to_owned()],
            name: None,
            description: None,
            profile_pic_url_original: None,
            is_verified: None,
            is_private: None,
            is_unavailable: true,
            unavailable_reason: Some(UnavailableReason::HandleTaken),
            link_in_bio: None,
            is_active: true,
            creator_id: None,
            creator_name: None,
            category: None,
            metadata: Metadata::default(),
            added_at: added,
            updated_at: added,
            first_scrape_at: scraped,
            last_scrape_at: scraped,
            scrape_interval_hours: 24,
            follower_count: scraped.map(|_| 7),
            following_count: None,
            profile_post_count: None,
            total_post_count: None,
            sums: PostCounts { saved_count: scraped.map(|_| 5), ..PostCounts::default() },
            max_recent_posts: None,
            post_lookback_days: None,
            effective_max_recent_posts: None,
            effective_post_lookback_days: None,
            freshness: Freshness {
                state: FreshnessState::Fresh,
                fresh_until: None,
                last_attempt_at: None,
                last_attempt_outcome: None,
                next_scrape_at: None,
                consecutive_failures: 0,
            },
            metric_status: BTreeMap::from([("following_count".to_owned(), MetricStatus::Hidden)]),
            metric_precision: BTreeMap::from(
                [
                    ("follower_count", Precision::Rounded),
                    ("saved_count", Precision::FromText),
                    ("view_count", Precision::Rounded),
                ]
                .map(|(name, precision)| (name.to_owned(), precision)),
            ),
        }
    }

    fn shown(account: Account) -> Value {
        serde_json::to_value(AccountOut::from(account)).unwrap()
    }

    #[test]
    fn before_the_first_scrape_every_null_metric_says_so() {
        let shown = shown(account(Platform::Tiktok, None));
        let reasons = shown["metric_status"].as_object().unwrap();
        assert_eq!(reasons.len(), 13);
        assert!(reasons.iter().all(|(name, reason)| reason == "not_yet_scraped" && shown[name].is_null()));
    }

    #[test]
    fn after_it_the_reasons_are_the_pages_or_the_platforms_and_known_metrics_have_none() {
        let at = Some(Timestamp::from_millis(1_790_000_001_000));
        let instagram = shown(account(Platform::Instagram, at));
        assert_eq!((&instagram["follower_count"], &instagram["saved_count"]), (&json!(7), &json!(5)));
        let reasons = &instagram["metric_status"];
        assert!(reasons.get("follower_count").is_none() && reasons.get("saved_count").is_none());
        assert_eq!(reasons["following_count"], "hidden");
        assert_eq!(reasons["fb_play_count"], "not_provided");
        assert_eq!(instagram["last_scrape_time"], "2026-09-21T14:13:21Z");

        let tiktok = shown(account(Platform::Tiktok, at));
        assert_eq!(
            (&tiktok["saved_count"], &tiktok["metric_status"]["saved_count"]),
            (&Value::Null, &json!("unsupported"))
        );
        assert_eq!(tiktok["metric_status"]["ig_play_count"], "unsupported");
    }

    #[test]
    fn what_a_platform_does_not_have_is_unsupported_whatever_the_page_said() {
        let at = Some(Timestamp::from_millis(1_790_000_001_000));
        let unsupported = |platform| {
            let shown = shown(account(platform, at));
            let reasons = shown["metric_status"].as_object().unwrap().clone();
            let names = reasons.into_iter().filter(|(_, reason)| reason == "unsupported").map(|(name, _)| name);
            names.filter(|name| !name.starts_with("fb_") && !name.starts_with("ig_")).collect::<Vec<_>>()
        };
        assert_eq!(unsupported(Platform::Instagram), Vec::<String>::new());
        assert_eq!(unsupported(Platform::Tiktok), ["saved_count"]);
        assert_eq!(unsupported(Platform::Youtube), ["following_count", "play_count", "saved_count", "share_count"]);
        assert_eq!(unsupported(Platform::Pinterest), ["play_count", "share_count", "view_count"]);
        let pinterest = shown(account(Platform::Pinterest, at));
        assert_eq!(pinterest["saved_count"], 5);
        for platform in [Platform::Tiktok, Platform::Youtube, Platform::Pinterest] {
            let shown = shown(account(platform, at));
            for name in ["fb_play_count", "ig_play_count", "fb_like_count"] {
                assert_eq!(shown["metric_status"][name], "unsupported", "{platform} {name}");
            }
        }
    }

    #[test]
    fn precisions_are_those_of_metrics_that_are_shown() {
        let at = Some(Timestamp::from_millis(1_790_000_001_000));
        let instagram = shown(account(Platform::Instagram, at));
        assert_eq!(instagram["metric_precision"], json!({"follower_count": "rounded", "saved_count": "from_text"}));
        assert_eq!(shown(account(Platform::Tiktok, at))["metric_precision"], json!({"follower_count": "rounded"}));
        assert_eq!(shown(account(Platform::Tiktok, None))["metric_precision"], json!({}));
    }

    #[test]
    fn an_unavailable_account_says_why() {
        let shown = shown(account(Platform::Tiktok, None));
        assert_eq!((&shown["is_unavailable"], &shown["unavailable_reason"]), (&json!(true), &json!("handle_taken")));
    }
}
