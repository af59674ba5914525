DROP TABLE canaries;
DROP INDEX account_videos_of_account;
ALTER TABLE post_snapshots DROP COLUMN fell;
ALTER TABLE post_snapshots RENAME COLUMN inexact TO rounded;
ALTER TABLE profile_snapshots DROP COLUMN fell;
ALTER TABLE profile_snapshots RENAME COLUMN inexact TO rounded;
ALTER TABLE accounts DROP COLUMN sum_notes;
ALTER TABLE posts DROP COLUMN provenance;
ALTER TABLE profiles DROP COLUMN unavailable_because;
ALTER TABLE profiles DROP COLUMN provenance;
ALTER TABLE schedules DROP COLUMN first_detail;
ALTER TABLE schedules DROP COLUMN first_outcome;
ALTER TABLE schedules DROP COLUMN step;
DROP TABLE page_loads;
DROP TABLE gates;
DROP TABLE platforms;
CREATE TABLE platform_gates (
    platform TEXT NOT NULL PRIMARY KEY,
    next_slot_at BIGINT NOT NULL DEFAULT 0,
    closed_until BIGINT NOT NULL DEFAULT 0,
    refusals BIGINT NOT NULL DEFAULT 0
);
INSERT INTO platform_gates (platform) VALUES ('instagram'), ('tiktok');
