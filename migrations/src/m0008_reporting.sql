ALTER TABLE tracked_posts ADD COLUMN first_day INTEGER;
ALTER TABLE tracked_posts ADD COLUMN last_day INTEGER;
ALTER TABLE tracked_posts ADD COLUMN observed_days INTEGER;
ALTER TABLE tracked_posts ADD COLUMN view_total BIGINT;
ALTER TABLE tracked_posts ADD COLUMN like_total BIGINT;
ALTER TABLE tracked_posts ADD COLUMN comment_total BIGINT;
ALTER TABLE tracked_posts ADD COLUMN share_total BIGINT;
ALTER TABLE tracked_posts ADD COLUMN play_total BIGINT;
ALTER TABLE tracked_posts ADD COLUMN saved_total BIGINT;
ALTER TABLE tracked_posts ADD COLUMN view_days SMALLINT;
ALTER TABLE tracked_posts ADD COLUMN like_days SMALLINT;
ALTER TABLE tracked_posts ADD COLUMN comment_days SMALLINT;
ALTER TABLE tracked_posts ADD COLUMN share_days SMALLINT;
ALTER TABLE tracked_posts ADD COLUMN play_days SMALLINT;
ALTER TABLE tracked_posts ADD COLUMN saved_days SMALLINT;
UPDATE tracked_posts SET first_day = (SELECT MIN(x.day) FROM post_days x WHERE x.tracked_post_id = tracked_posts.id), last_day = d.day,
    observed_days = d.observed_days, view_total = d.view_total, like_total = d.like_total, comment_total = d.comment_total, share_total = d.share_total, play_total = d.play_total, saved_total = d.saved_total,
    view_days = d.view_days, like_days = d.like_days, comment_days = d.comment_days, share_days = d.share_days, play_days = d.play_days, saved_days = d.saved_days
FROM post_days d WHERE d.tracked_post_id = tracked_posts.id AND d.day = (SELECT MAX(x.day) FROM post_days x WHERE x.tracked_post_id = tracked_posts.id);

ALTER TABLE tracked_posts ADD COLUMN engagement BIGINT GENERATED ALWAYS AS (
    CASE WHEN COALESCE(like_count, comment_count, share_count) IS NOT NULL
    THEN COALESCE(like_count, 0) + COALESCE(comment_count, 0) + COALESCE(share_count, 0) END
) {kept};
ALTER TABLE tracked_posts ADD COLUMN engagement_rate BIGINT GENERATED ALWAYS AS (
    CASE WHEN view_count > 0 AND COALESCE(like_count, comment_count, share_count) IS NOT NULL
    AND COALESCE(like_count, 0) + COALESCE(comment_count, 0) + COALESCE(share_count, 0) <= 400000000000000
    THEN (20000 * (COALESCE(like_count, 0) + COALESCE(comment_count, 0) + COALESCE(share_count, 0)) + view_count) / (2 * view_count) END
) {kept};

CREATE INDEX tracked_posts_by_id ON tracked_posts (organization_id, id);
CREATE INDEX tracked_posts_by_create_time ON tracked_posts (organization_id, COALESCE(create_time, -1), id);
CREATE INDEX tracked_posts_by_views ON tracked_posts (organization_id, COALESCE(view_count, -1), id);
CREATE INDEX tracked_posts_by_likes ON tracked_posts (organization_id, COALESCE(like_count, -1), id);
CREATE INDEX tracked_posts_by_comments ON tracked_posts (organization_id, COALESCE(comment_count, -1), id);
CREATE INDEX tracked_posts_by_shares ON tracked_posts (organization_id, COALESCE(share_count, -1), id);
CREATE INDEX tracked_posts_by_engagement ON tracked_posts (organization_id, COALESCE(engagement, -1), id);
CREATE INDEX tracked_posts_by_engagement_rate ON tracked_posts (organization_id, COALESCE(engagement_rate, -1), id);
