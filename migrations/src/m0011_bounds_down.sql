ALTER TABLE tracked_posts DROP COLUMN view_last;
ALTER TABLE tracked_posts DROP COLUMN like_last;
ALTER TABLE tracked_posts DROP COLUMN comment_last;
ALTER TABLE tracked_posts DROP COLUMN share_last;
ALTER TABLE tracked_posts DROP COLUMN play_last;
ALTER TABLE tracked_posts DROP COLUMN saved_last;
