DROP INDEX tracked_posts_shared;
CREATE INDEX tracked_posts_shared ON tracked_posts (organization_id) WHERE feeds > 1;
DROP INDEX tracked_posts_by_worth;
DROP INDEX tracked_posts_by_gained_rate;
ALTER TABLE tracked_posts DROP COLUMN worth;
ALTER TABLE tracked_posts DROP COLUMN gained_rate;
