DROP TABLE platform_gates;

CREATE TABLE platforms (
    platform TEXT NOT NULL PRIMARY KEY,
    stopped_at BIGINT,
    stopped_because TEXT
);
INSERT INTO platforms (platform) VALUES ('instagram'), ('tiktok'), ('youtube'), ('pinterest');

CREATE TABLE gates (
    platform TEXT NOT NULL,
    egress TEXT NOT NULL,
    next_slot_at BIGINT NOT NULL DEFAULT 0,
    closed_until BIGINT NOT NULL DEFAULT 0,
    refusals BIGINT NOT NULL DEFAULT 0,
    openings BIGINT NOT NULL DEFAULT 0,
    probe_until BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (platform, egress)
);

CREATE TABLE page_loads (
    id {uuid} NOT NULL PRIMARY KEY,
    run_id {uuid},
    platform TEXT NOT NULL,
    egress TEXT NOT NULL,
    source TEXT NOT NULL,
    kind TEXT NOT NULL,
    target_id BIGINT,
    worker TEXT,
    started_at BIGINT NOT NULL,
    finished_at BIGINT,
    outcome TEXT,
    http_status BIGINT,
    adapter TEXT,
    detail TEXT
);
CREATE INDEX page_loads_egress ON page_loads (platform, egress, started_at);
CREATE INDEX page_loads_source ON page_loads (source, started_at);
CREATE INDEX page_loads_run ON page_loads (run_id);
CREATE INDEX page_loads_age ON page_loads (started_at);

ALTER TABLE schedules ADD COLUMN step BIGINT NOT NULL DEFAULT 0;
ALTER TABLE schedules ADD COLUMN first_outcome TEXT;
ALTER TABLE schedules ADD COLUMN first_detail TEXT;

ALTER TABLE profiles ADD COLUMN provenance TEXT NOT NULL DEFAULT '{}';
ALTER TABLE profiles ADD COLUMN unavailable_because TEXT;
UPDATE profiles SET unavailable_because = 'not_found' WHERE gone_since IS NOT NULL;
ALTER TABLE posts ADD COLUMN provenance TEXT NOT NULL DEFAULT '{}';
ALTER TABLE accounts ADD COLUMN sum_notes TEXT;

ALTER TABLE profile_snapshots RENAME COLUMN rounded TO inexact;
ALTER TABLE profile_snapshots ADD COLUMN fell TEXT;
ALTER TABLE post_snapshots RENAME COLUMN rounded TO inexact;
ALTER TABLE post_snapshots ADD COLUMN fell TEXT;

CREATE INDEX account_videos_of_account ON account_videos (account_id, COALESCE(create_time, -1));

CREATE TABLE canaries (
    platform TEXT NOT NULL,
    username TEXT NOT NULL,
    due_at BIGINT NOT NULL,
    checked_at BIGINT,
    outcome TEXT,
    detail TEXT,
    failing_since BIGINT,
    PRIMARY KEY (platform, username)
);
