ALTER TABLE accounts ADD COLUMN first_day INTEGER;
ALTER TABLE accounts ADD COLUMN last_day INTEGER;
ALTER TABLE accounts ADD COLUMN view_total BIGINT;
ALTER TABLE accounts ADD COLUMN like_total BIGINT;
ALTER TABLE accounts ADD COLUMN comment_total BIGINT;
ALTER TABLE accounts ADD COLUMN share_total BIGINT;
ALTER TABLE accounts ADD COLUMN play_total BIGINT;
ALTER TABLE accounts ADD COLUMN saved_total BIGINT;
ALTER TABLE accounts ADD COLUMN follower_total BIGINT;
ALTER TABLE accounts ADD COLUMN view_days SMALLINT;
ALTER TABLE accounts ADD COLUMN like_days SMALLINT;
ALTER TABLE accounts ADD COLUMN comment_days SMALLINT;
ALTER TABLE accounts ADD COLUMN share_days SMALLINT;
ALTER TABLE accounts ADD COLUMN play_days SMALLINT;
ALTER TABLE accounts ADD COLUMN saved_days SMALLINT;
ALTER TABLE accounts ADD COLUMN follower_days SMALLINT;
UPDATE accounts SET first_day = (SELECT MIN(x.day) FROM account_days x WHERE x.account_id = accounts.id), last_day = d.day,
    view_total = d.view_total, like_total = d.like_total, comment_total = d.comment_total, share_total = d.share_total, play_total = d.play_total, saved_total = d.saved_total, follower_total = d.follower_total,
    view_days = d.view_days, like_days = d.like_days, comment_days = d.comment_days, share_days = d.share_days, play_days = d.play_days, saved_days = d.saved_days, follower_days = d.follower_days
FROM account_days d WHERE d.account_id = accounts.id AND d.day = (SELECT MAX(x.day) FROM account_days x WHERE x.account_id = accounts.id);
DROP INDEX account_days_of_organization;
