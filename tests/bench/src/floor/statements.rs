//! What the service asks the database for, word for word, but for the merging of look-ups.

/// The columns of an account, in the order in which [`super::answer::Account`] reads them.
macro_rules! account {
    ($rest:literal) => {
        concat!(
            "SELECT a.id, a.platform, a.username, a.category, a.metadata, a.is_active, a.creator_id, \
             a.scrape_interval_hours, a.max_recent_posts, a.post_lookback_days, a.added_at, a.updated_at, a.first_scrape_at, \
             a.last_scrape_at, a.follower_count, a.following_count, a.profile_post_count, a.total_post_count, a.view_count, \
             a.like_count, a.comment_count, a.share_count, a.play_count, a.saved_count, a.sum_notes, c.name AS creator_name, \
             (a.is_active AND COALESCE(c.is_active, TRUE)) AS is_collected, \
             p.platform_id, p.previous_usernames, p.name, p.description, p.profile_pic_url, p.is_verified, p.is_private, \
             p.is_unavailable, p.unavailable_because, p.provenance, p.link_in_bio, \
             COALESCE(a.max_recent_posts, o.max_recent_posts) AS effective_max_recent_posts, \
             COALESCE(a.post_lookback_days, o.post_lookback_days) AS effective_post_lookback_days, \
             s.due_at, a.last_attempt_at, a.last_attempt_outcome, a.failures \
             FROM accounts a JOIN profiles p ON p.id = a.profile_id \
             JOIN organizations o ON o.id = a.organization_id LEFT JOIN creators c ON c.id = a.creator_id \
             LEFT JOIN schedules s ON s.kind = 'profile' AND s.target_id = a.profile_id ",
            $rest
        )
    };
}

pub const READ: &str = account!("WHERE a.id = $1 AND a.organization_id = $2");

pub const LIST: &str = account!("WHERE a.organization_id = $1 ORDER BY a.added_at DESC, a.id DESC LIMIT $2");

pub const FIND_PROFILE: &str = "SELECT id FROM profiles WHERE platform = $1 AND username = $2";

pub const MAKE_PROFILE: &str = "INSERT INTO profiles (platform, username) VALUES ($1, $2) \
     ON CONFLICT (platform, username) DO NOTHING RETURNING id";

pub const REST: &str = "INSERT INTO schedules (kind, target_id, platform, priority, reason) VALUES ('profile', $1, $2, 1, 'created') \
     ON CONFLICT (kind, target_id) DO NOTHING";

/// PostgreSQL's alone: SQLite has one writer.
pub const LOCK: &str = "SELECT target_id FROM schedules WHERE kind = 'profile' AND target_id = $1 FOR UPDATE";

pub const MAKE_ACCOUNT: &str = "INSERT INTO accounts (id, organization_id, profile_id, creator_id, platform, username, category, metadata, is_active, \
     scrape_interval_hours, max_recent_posts, post_lookback_days, added_at, updated_at, username_folded) \
     VALUES ($1, $2, $3, NULL, $4, $5, NULL, '{}', TRUE, \
     (SELECT COALESCE(o.scrape_interval_hours, 24) FROM organizations o WHERE o.id = $2), NULL, NULL, $6, $6, $5) \
     ON CONFLICT (organization_id, profile_id) DO NOTHING";

/// What the search finds it by.
pub const NOTE_TEXTS: &str = "INSERT INTO account_texts (target_id, organization_id, names) \
     SELECT id, organization_id, '\u{1f}' || username_folded || '\u{1f}' FROM accounts WHERE id = $1";

pub const BEFORE: &str = "SELECT run_id, attempts FROM schedules \
     WHERE kind = 'profile' AND target_id = $1 AND lease_token IS NULL AND run_id IS NOT NULL";

pub const ARM: &str = "INSERT INTO schedules (kind, target_id, platform, priority, due_at, generation, reason, request_id, run_id) \
     VALUES ('profile', $1, $2, 0, $3, 1, 'created', $4, $5) \
     ON CONFLICT (kind, target_id) DO UPDATE SET priority = 0, due_at = excluded.due_at, \
     generation = schedules.generation + 1, reason = excluded.reason, \
     request_id = CASE WHEN schedules.run_id = excluded.run_id THEN COALESCE(excluded.request_id, schedules.request_id) \
     ELSE excluded.request_id END, \
     run_id = excluded.run_id, attempts = 0, step = 0, first_outcome = NULL, first_detail = NULL, offered_at = NULL \
     RETURNING generation";

pub const NOTE_RUN: &str = "INSERT INTO runs (id, kind, target_id, platform, reason, request_id, status, worker, queued_at, organization_id) \
     VALUES ($1, 'profile', $2, $3, 'created', $4, 'queued', NULL, $5, $6)";

/// The run as the organization sees it.
pub const SHOW_RUN: &str = "INSERT INTO tracked_runs (organization_id, run_id, target_type, target_id, reason, request_id, queued_at, status) \
     SELECT x.organization_id, $2, x.target_type, x.target_id, 'created', $5, $3, 'queued' \
     FROM (SELECT a.organization_id, 'account' AS target_type, CAST(a.id AS TEXT) AS target_id, a.added_at FROM accounts a \
     LEFT JOIN creators c ON c.id = a.creator_id \
     WHERE a.profile_id = $1 AND a.is_active AND COALESCE(c.is_active, TRUE)) x \
     WHERE x.organization_id = $4 ON CONFLICT (run_id, organization_id) DO NOTHING";

pub const COUNT: &str = "UPDATE organizations SET tracked_accounts = tracked_accounts + 1 WHERE id = $1 \
     AND (max_tracked_accounts IS NULL OR tracked_accounts + 1 <= max_tracked_accounts)";
