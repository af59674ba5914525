DROP INDEX tracked_posts_behind;
ALTER TABLE accounts DROP COLUMN observed_days;
ALTER TABLE accounts DROP COLUMN view_last;
ALTER TABLE accounts DROP COLUMN like_last;
ALTER TABLE accounts DROP COLUMN comment_last;
ALTER TABLE accounts DROP COLUMN share_last;
ALTER TABLE accounts DROP COLUMN play_last;
ALTER TABLE accounts DROP COLUMN saved_last;
ALTER TABLE accounts DROP COLUMN follower_last;
