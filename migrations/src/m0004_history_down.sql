DROP TABLE account_days;
DROP TABLE post_days;
ALTER TABLE accounts DROP COLUMN seen_before;
ALTER TABLE accounts DROP COLUMN seen_until;
ALTER TABLE accounts DROP COLUMN seen_since;
DROP TABLE forgotten_posts;
DROP TABLE tracked_posts;
