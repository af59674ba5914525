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
