CREATE TABLE organizations (
    id {uuid} NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    is_active BOOLEAN NOT NULL DEFAULT TRUE,
    max_tracked_accounts BIGINT,
    tracked_accounts BIGINT NOT NULL DEFAULT 0,
    max_recent_posts BIGINT,
    post_lookback_days BIGINT,
    rate_limit_per_minute BIGINT,
    created_at BIGINT NOT NULL
);

CREATE TABLE api_keys (
    id {uuid} NOT NULL PRIMARY KEY,
    organization_id {uuid} NOT NULL REFERENCES organizations (id),
    name TEXT NOT NULL,
    public_part TEXT NOT NULL UNIQUE,
    secret_hash {bytes} NOT NULL,
    scopes TEXT NOT NULL,
    expires_at BIGINT,
    disabled_at BIGINT,
    revoked_at BIGINT,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT
);
CREATE INDEX api_keys_organization ON api_keys (organization_id);

CREATE TABLE profiles (
    id {identity},
    platform TEXT NOT NULL,
    username TEXT,
    platform_id TEXT,
    previous_usernames TEXT NOT NULL DEFAULT '[]',
    name TEXT,
    description TEXT,
    profile_pic_url TEXT,
    is_verified BOOLEAN,
    is_private BOOLEAN,
    link_in_bio TEXT,
    follower_count BIGINT,
    following_count BIGINT,
    post_count BIGINT,
    like_count BIGINT,
    platform_data TEXT NOT NULL DEFAULT '{}',
    gone_since BIGINT,
    is_unavailable BOOLEAN NOT NULL DEFAULT FALSE,
    last_scrape_at BIGINT,
    UNIQUE (platform, username),
    UNIQUE (platform, platform_id)
);

CREATE TABLE posts (
    id {identity},
    platform TEXT NOT NULL,
    external_id TEXT NOT NULL,
    shortcode TEXT,
    profile_id BIGINT REFERENCES profiles (id),
    author_platform_id TEXT,
    author_username TEXT,
    description TEXT,
    description_folded TEXT,
    create_time BIGINT,
    media_type TEXT,
    duration_seconds DOUBLE PRECISION,
    cover_image_url TEXT,
    video_url TEXT,
    view_count BIGINT,
    like_count BIGINT,
    comment_count BIGINT,
    share_count BIGINT,
    play_count BIGINT,
    saved_count BIGINT,
    metric_status TEXT NOT NULL DEFAULT '{}',
    platform_data TEXT NOT NULL DEFAULT '{}',
    status TEXT NOT NULL DEFAULT 'live',
    gone_since BIGINT,
    last_scrape_at BIGINT,
    UNIQUE (platform, external_id)
);
CREATE INDEX posts_profile ON posts (profile_id);

CREATE TABLE profile_snapshots (
    profile_id BIGINT NOT NULL REFERENCES profiles (id),
    taken_at BIGINT NOT NULL,
    run_id {uuid} NOT NULL,
    adapter TEXT,
    follower_count BIGINT,
    following_count BIGINT,
    post_count BIGINT,
    like_count BIGINT,
    rounded TEXT,
    PRIMARY KEY (profile_id, taken_at)
);

CREATE TABLE post_snapshots (
    post_id BIGINT NOT NULL REFERENCES posts (id),
    taken_at BIGINT NOT NULL,
    run_id {uuid} NOT NULL,
    adapter TEXT,
    view_count BIGINT,
    like_count BIGINT,
    comment_count BIGINT,
    share_count BIGINT,
    play_count BIGINT,
    saved_count BIGINT,
    rounded TEXT,
    PRIMARY KEY (post_id, taken_at)
);

CREATE TABLE creators (
    id {uuid} NOT NULL PRIMARY KEY,
    organization_id {uuid} NOT NULL REFERENCES organizations (id),
    name TEXT NOT NULL,
    name_folded TEXT {bytewise} NOT NULL,
    is_active BOOLEAN NOT NULL,
    metadata TEXT NOT NULL,
    total_followers BIGINT,
    added_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX creators_by_name ON creators (organization_id, name_folded, id);
CREATE INDEX creators_by_age ON creators (organization_id, added_at, id);
CREATE INDEX creators_by_followers ON creators (organization_id, COALESCE(total_followers, -1), id);

CREATE TABLE accounts (
    id {uuid} NOT NULL PRIMARY KEY,
    organization_id {uuid} NOT NULL REFERENCES organizations (id),
    profile_id BIGINT NOT NULL REFERENCES profiles (id),
    creator_id {uuid} REFERENCES creators (id),
    platform TEXT NOT NULL,
    username TEXT {bytewise} NOT NULL,
    category TEXT,
    metadata TEXT NOT NULL,
    is_active BOOLEAN NOT NULL,
    scrape_interval_hours BIGINT NOT NULL,
    max_recent_posts BIGINT,
    post_lookback_days BIGINT,
    added_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    first_scrape_at BIGINT,
    last_scrape_at BIGINT,
    follower_count BIGINT,
    following_count BIGINT,
    profile_post_count BIGINT,
    total_post_count BIGINT,
    view_count BIGINT,
    like_count BIGINT,
    comment_count BIGINT,
    share_count BIGINT,
    play_count BIGINT,
    saved_count BIGINT,
    UNIQUE (organization_id, profile_id)
);
CREATE INDEX accounts_profile ON accounts (profile_id);
CREATE INDEX accounts_creator ON accounts (creator_id);
CREATE INDEX accounts_by_age ON accounts (organization_id, added_at, id);
CREATE INDEX accounts_by_username ON accounts (organization_id, username, id);
CREATE INDEX accounts_by_last_scrape ON accounts (organization_id, COALESCE(last_scrape_at, -1), id);
CREATE INDEX accounts_by_followers ON accounts (organization_id, COALESCE(follower_count, -1), id);
CREATE INDEX accounts_by_views ON accounts (organization_id, COALESCE(view_count, -1), id);
CREATE INDEX accounts_by_likes ON accounts (organization_id, COALESCE(like_count, -1), id);
CREATE INDEX accounts_by_plays ON accounts (organization_id, COALESCE(play_count, -1), id);

CREATE TABLE videos (
    id {uuid} NOT NULL PRIMARY KEY,
    organization_id {uuid} NOT NULL REFERENCES organizations (id),
    post_id BIGINT NOT NULL REFERENCES posts (id),
    platform TEXT NOT NULL,
    metadata TEXT NOT NULL,
    is_active BOOLEAN NOT NULL,
    scrape_interval_hours BIGINT NOT NULL,
    added_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    first_scrape_at BIGINT,
    last_scrape_at BIGINT,
    create_time BIGINT,
    view_count BIGINT,
    like_count BIGINT,
    comment_count BIGINT,
    share_count BIGINT,
    play_count BIGINT,
    saved_count BIGINT,
    UNIQUE (organization_id, post_id)
);
CREATE INDEX videos_post ON videos (post_id);
CREATE INDEX videos_by_age ON videos (organization_id, added_at, id);
CREATE INDEX videos_by_create_time ON videos (organization_id, COALESCE(create_time, -1), id);
CREATE INDEX videos_by_views ON videos (organization_id, COALESCE(view_count, -1), id);
CREATE INDEX videos_by_likes ON videos (organization_id, COALESCE(like_count, -1), id);
CREATE INDEX videos_by_plays ON videos (organization_id, COALESCE(play_count, -1), id);

CREATE TABLE account_videos (
    id {identity},
    organization_id {uuid} NOT NULL REFERENCES organizations (id),
    account_id {uuid} NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    post_id BIGINT NOT NULL REFERENCES posts (id),
    platform TEXT NOT NULL,
    added_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    first_scrape_at BIGINT,
    last_scrape_at BIGINT,
    create_time BIGINT,
    view_count BIGINT,
    like_count BIGINT,
    comment_count BIGINT,
    share_count BIGINT,
    play_count BIGINT,
    saved_count BIGINT,
    UNIQUE (account_id, post_id)
);
CREATE INDEX account_videos_post ON account_videos (post_id);
CREATE INDEX account_videos_by_age ON account_videos (organization_id, added_at, id);
CREATE INDEX account_videos_by_create_time ON account_videos (organization_id, COALESCE(create_time, -1), id);
CREATE INDEX account_videos_by_views ON account_videos (organization_id, COALESCE(view_count, -1), id);
CREATE INDEX account_videos_by_likes ON account_videos (organization_id, COALESCE(like_count, -1), id);
CREATE INDEX account_videos_by_plays ON account_videos (organization_id, COALESCE(play_count, -1), id);

CREATE TABLE schedules (
    kind TEXT NOT NULL,
    target_id BIGINT NOT NULL,
    platform TEXT NOT NULL,
    priority BIGINT NOT NULL,
    due_at BIGINT,
    generation BIGINT NOT NULL DEFAULT 0,
    reason TEXT NOT NULL,
    request_id TEXT,
    run_id {uuid},
    attempts BIGINT NOT NULL DEFAULT 0,
    lease_token {uuid},
    lease_until BIGINT,
    worker TEXT,
    offered_at BIGINT,
    consecutive_failures BIGINT NOT NULL DEFAULT 0,
    last_attempt_at BIGINT,
    last_attempt_outcome TEXT,
    last_success_at BIGINT,
    PRIMARY KEY (kind, target_id)
);
CREATE INDEX schedules_due ON schedules (platform, priority, due_at) WHERE due_at IS NOT NULL;

CREATE TABLE runs (
    id {uuid} NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    target_id BIGINT NOT NULL,
    platform TEXT NOT NULL,
    reason TEXT NOT NULL,
    request_id TEXT,
    status TEXT NOT NULL,
    outcome TEXT,
    attempts BIGINT NOT NULL DEFAULT 0,
    queued_at BIGINT NOT NULL,
    started_at BIGINT,
    finished_at BIGINT,
    http_status BIGINT,
    adapter TEXT,
    detail TEXT,
    worker TEXT
);
CREATE INDEX runs_target ON runs (kind, target_id, queued_at);
CREATE INDEX runs_request ON runs (request_id) WHERE request_id IS NOT NULL;

CREATE TABLE platform_gates (
    platform TEXT NOT NULL PRIMARY KEY,
    next_slot_at BIGINT NOT NULL DEFAULT 0,
    closed_until BIGINT NOT NULL DEFAULT 0,
    refusals BIGINT NOT NULL DEFAULT 0
);
INSERT INTO platform_gates (platform) VALUES ('instagram'), ('tiktok');

CREATE TABLE idempotency_records (
    organization_id {uuid} NOT NULL REFERENCES organizations (id),
    idempotency_key TEXT NOT NULL,
    fingerprint {bytes} NOT NULL,
    status BIGINT,
    location TEXT,
    content_type TEXT,
    body {bytes},
    created_at BIGINT NOT NULL,
    PRIMARY KEY (organization_id, idempotency_key)
);
CREATE INDEX idempotency_records_age ON idempotency_records (created_at);
