ALTER TABLE tracked_posts ADD COLUMN view_last BIGINT;
ALTER TABLE tracked_posts ADD COLUMN like_last BIGINT;
ALTER TABLE tracked_posts ADD COLUMN comment_last BIGINT;
ALTER TABLE tracked_posts ADD COLUMN share_last BIGINT;
ALTER TABLE tracked_posts ADD COLUMN play_last BIGINT;
ALTER TABLE tracked_posts ADD COLUMN saved_last BIGINT;
UPDATE tracked_posts SET view_last = d.view_count, like_last = d.like_count, comment_last = d.comment_count, share_last = d.share_count, play_last = d.play_count, saved_last = d.saved_count
FROM post_days d WHERE d.tracked_post_id = tracked_posts.id AND d.day = tracked_posts.last_day;
