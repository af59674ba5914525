ALTER TABLE tracked_posts ADD COLUMN gained_rate BIGINT;
ALTER TABLE tracked_posts ADD COLUMN worth DOUBLE PRECISION;
UPDATE tracked_posts SET gained_rate = CASE WHEN view_days > 0 AND view_total <> 0 AND (like_days > 0 OR comment_days > 0 OR share_days > 0)
        AND like_total + comment_total + share_total BETWEEN -400000000000000 AND 400000000000000
        THEN (20000 * (like_total + comment_total + share_total)
            + CASE WHEN (like_total + comment_total + share_total < 0) = (view_total < 0) THEN view_total ELSE -view_total END) / (2 * view_total) END,
    worth = CAST(COALESCE(view_last, 0) AS DOUBLE PRECISION) * CASE platform WHEN 'instagram' THEN 9000 WHEN 'tiktok' THEN 6500 WHEN 'youtube' THEN 12000 ELSE 6500 END
        + CAST(COALESCE(like_last, 0) AS DOUBLE PRECISION) * CASE platform WHEN 'instagram' THEN 100000 WHEN 'tiktok' THEN 50000 WHEN 'youtube' THEN 150000 ELSE 80000 END
        + CAST(COALESCE(comment_last, 0) AS DOUBLE PRECISION) * CASE platform WHEN 'instagram' THEN 600000 WHEN 'tiktok' THEN 500000 WHEN 'youtube' THEN 900000 ELSE 500000 END
        + CAST(COALESCE(share_last, 0) AS DOUBLE PRECISION) * CASE platform WHEN 'instagram' THEN 800000 ELSE 600000 END
        + CAST(COALESCE(saved_last, 0) AS DOUBLE PRECISION) * CASE platform WHEN 'instagram' THEN 500000 ELSE 400000 END
WHERE last_day IS NOT NULL;
CREATE INDEX tracked_posts_by_gained_rate ON tracked_posts (organization_id, gained_rate, id, first_day, last_day);
CREATE INDEX tracked_posts_by_worth ON tracked_posts (organization_id, worth, id);

DROP INDEX tracked_posts_shared;
CREATE INDEX tracked_posts_shared ON tracked_posts (organization_id, post_id) WHERE feeds > 1;
