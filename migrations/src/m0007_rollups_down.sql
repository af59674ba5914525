DROP INDEX tracked_posts_shared;
CREATE INDEX tracked_posts_apart ON tracked_posts (organization_id) WHERE feeds <> 1;
DROP TABLE organization_days;
