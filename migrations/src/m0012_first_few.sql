ALTER TABLE accounts ADD COLUMN observed_days INTEGER;
ALTER TABLE accounts ADD COLUMN view_last BIGINT;
ALTER TABLE accounts ADD COLUMN like_last BIGINT;
ALTER TABLE accounts ADD COLUMN comment_last BIGINT;
ALTER TABLE accounts ADD COLUMN share_last BIGINT;
ALTER TABLE accounts ADD COLUMN play_last BIGINT;
ALTER TABLE accounts ADD COLUMN saved_last BIGINT;
ALTER TABLE accounts ADD COLUMN follower_last BIGINT;
UPDATE accounts SET observed_days = d.observed_days, view_last = d.view_count, like_last = d.like_count, comment_last = d.comment_count, share_last = d.share_count, play_last = d.play_count, saved_last = d.saved_count, follower_last = d.follower_count
FROM account_days d WHERE d.account_id = accounts.id AND d.day = accounts.last_day;

CREATE INDEX tracked_posts_behind ON tracked_posts (organization_id) WHERE view_last > COALESCE(view_count, -1)
    OR like_last > COALESCE(like_count, -1) OR comment_last > COALESCE(comment_count, -1) OR share_last > COALESCE(share_count, -1);
