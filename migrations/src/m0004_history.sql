CREATE TABLE tracked_posts (
    id {identity},
    organization_id {uuid} NOT NULL REFERENCES organizations (id),
    post_id BIGINT NOT NULL REFERENCES posts (id),
    platform TEXT NOT NULL,
    feeds BIGINT NOT NULL,
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
    seen_since BIGINT,
    seen_until BIGINT,
    seen_before TEXT,
    UNIQUE (organization_id, post_id)
);
CREATE INDEX tracked_posts_post ON tracked_posts (post_id);
CREATE INDEX tracked_posts_apart ON tracked_posts (organization_id) WHERE feeds <> 1;
INSERT INTO tracked_posts (organization_id, post_id, platform, feeds, added_at, updated_at, first_scrape_at, last_scrape_at, create_time,
    view_count, like_count, comment_count, share_count, play_count, saved_count, seen_since, seen_until)
SELECT v.organization_id, v.post_id, MIN(v.platform), SUM(v.feed), MIN(v.added_at), MAX(v.updated_at), MIN(v.first_scrape_at),
    MAX(v.last_scrape_at), MAX(v.create_time), MAX(v.view_count), MAX(v.like_count), MAX(v.comment_count), MAX(v.share_count),
    MAX(v.play_count), MAX(v.saved_count), MIN(v.first_scrape_at), MAX(v.last_scrape_at)
FROM (SELECT organization_id, post_id, platform, 1 AS feed, added_at, updated_at, first_scrape_at, last_scrape_at, create_time,
    view_count, like_count, comment_count, share_count, play_count, saved_count FROM account_videos
    UNION ALL SELECT organization_id, post_id, platform, 0, added_at, updated_at, first_scrape_at, last_scrape_at, create_time,
    view_count, like_count, comment_count, share_count, play_count, saved_count FROM videos) v
GROUP BY v.organization_id, v.post_id;

CREATE TABLE forgotten_posts (
    tracked_post_id BIGINT NOT NULL PRIMARY KEY
);

ALTER TABLE accounts ADD COLUMN seen_since BIGINT;
ALTER TABLE accounts ADD COLUMN seen_until BIGINT;
ALTER TABLE accounts ADD COLUMN seen_before TEXT;
UPDATE accounts SET seen_since = first_scrape_at, seen_until = last_scrape_at;

CREATE TABLE post_days (
    tracked_post_id BIGINT NOT NULL,
    day INTEGER NOT NULL,
    observed_days INTEGER NOT NULL,
    notes INTEGER NOT NULL,
    view_count BIGINT,
    like_count BIGINT,
    comment_count BIGINT,
    share_count BIGINT,
    play_count BIGINT,
    saved_count BIGINT,
    view_gain BIGINT,
    like_gain BIGINT,
    comment_gain BIGINT,
    share_gain BIGINT,
    play_gain BIGINT,
    saved_gain BIGINT,
    view_total BIGINT NOT NULL,
    like_total BIGINT NOT NULL,
    comment_total BIGINT NOT NULL,
    share_total BIGINT NOT NULL,
    play_total BIGINT NOT NULL,
    saved_total BIGINT NOT NULL,
    view_days SMALLINT NOT NULL,
    like_days SMALLINT NOT NULL,
    comment_days SMALLINT NOT NULL,
    share_days SMALLINT NOT NULL,
    play_days SMALLINT NOT NULL,
    saved_days SMALLINT NOT NULL,
    PRIMARY KEY (tracked_post_id, day)
);

CREATE TABLE account_days (
    account_id {uuid} NOT NULL,
    organization_id {uuid} NOT NULL,
    day INTEGER NOT NULL,
    observed_days INTEGER NOT NULL,
    notes INTEGER NOT NULL,
    posts INTEGER NOT NULL,
    posts_observed INTEGER NOT NULL,
    posts_fallen INTEGER NOT NULL,
    follower_count BIGINT,
    following_count BIGINT,
    profile_post_count BIGINT,
    view_count BIGINT,
    like_count BIGINT,
    comment_count BIGINT,
    share_count BIGINT,
    play_count BIGINT,
    saved_count BIGINT,
    follower_gain BIGINT,
    following_gain BIGINT,
    profile_post_gain BIGINT,
    view_gain BIGINT,
    like_gain BIGINT,
    comment_gain BIGINT,
    share_gain BIGINT,
    play_gain BIGINT,
    saved_gain BIGINT,
    follower_total BIGINT NOT NULL,
    following_total BIGINT NOT NULL,
    profile_post_total BIGINT NOT NULL,
    view_total BIGINT NOT NULL,
    like_total BIGINT NOT NULL,
    comment_total BIGINT NOT NULL,
    share_total BIGINT NOT NULL,
    play_total BIGINT NOT NULL,
    saved_total BIGINT NOT NULL,
    follower_days SMALLINT NOT NULL,
    following_days SMALLINT NOT NULL,
    profile_post_days SMALLINT NOT NULL,
    view_days SMALLINT NOT NULL,
    like_days SMALLINT NOT NULL,
    comment_days SMALLINT NOT NULL,
    share_days SMALLINT NOT NULL,
    play_days SMALLINT NOT NULL,
    saved_days SMALLINT NOT NULL,
    view_posts INTEGER NOT NULL,
    like_posts INTEGER NOT NULL,
    comment_posts INTEGER NOT NULL,
    share_posts INTEGER NOT NULL,
    play_posts INTEGER NOT NULL,
    saved_posts INTEGER NOT NULL,
    PRIMARY KEY (account_id, day)
);
CREATE INDEX account_days_of_organization ON account_days (organization_id, day);
