ALTER TABLE organizations ADD COLUMN scrape_interval_hours BIGINT;
ALTER TABLE organizations ADD COLUMN updated_at BIGINT;
UPDATE organizations SET updated_at = created_at;
ALTER TABLE organizations ADD COLUMN bounds_changed_at BIGINT;

ALTER TABLE api_keys ADD COLUMN updated_at BIGINT;
UPDATE api_keys SET updated_at = created_at;
ALTER TABLE api_keys ADD COLUMN name_folded TEXT {bytewise} NOT NULL DEFAULT '';
UPDATE api_keys SET name_folded = LOWER(name);
DROP INDEX api_keys_organization;
CREATE INDEX api_keys_by_name ON api_keys (organization_id, name_folded, id);
CREATE INDEX api_keys_by_age ON api_keys (organization_id, created_at, id);

CREATE TABLE retired_secrets (
    public_part TEXT NOT NULL PRIMARY KEY,
    api_key_id {uuid} NOT NULL REFERENCES api_keys (id),
    secret_hash {bytes} NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX retired_secrets_key ON retired_secrets (api_key_id);
CREATE INDEX retired_secrets_age ON retired_secrets (expires_at);

ALTER TABLE idempotency_records ADD COLUMN etag TEXT;
ALTER TABLE idempotency_records ADD COLUMN is_sealed BOOLEAN NOT NULL DEFAULT FALSE;

ALTER TABLE runs ADD COLUMN organization_id {uuid};
CREATE INDEX runs_age ON runs (queued_at);
CREATE INDEX runs_open ON runs (kind, target_id) WHERE status IN ('queued', 'running');
CREATE TABLE tracked_runs (
    organization_id {uuid} NOT NULL REFERENCES organizations (id),
    run_id {uuid} NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    target_type TEXT NOT NULL,
    target_id TEXT NOT NULL,
    reason TEXT NOT NULL,
    request_id TEXT,
    queued_at BIGINT NOT NULL,
    status TEXT NOT NULL,
    outcome TEXT,
    left_at BIGINT,
    left_after BIGINT,
    PRIMARY KEY (run_id, organization_id)
);
CREATE INDEX tracked_runs_by_age ON tracked_runs (organization_id, queued_at, run_id);
CREATE INDEX tracked_runs_by_target ON tracked_runs (organization_id, target_id, queued_at, run_id);
CREATE INDEX tracked_runs_by_status ON tracked_runs (organization_id, status, queued_at, run_id);
CREATE INDEX tracked_runs_by_outcome ON tracked_runs (organization_id, outcome, queued_at, run_id) WHERE outcome IS NOT NULL;
CREATE INDEX tracked_runs_by_request ON tracked_runs (organization_id, request_id, queued_at, run_id) WHERE request_id IS NOT NULL;

CREATE TABLE request_events (
    request_id TEXT NOT NULL,
    occurred_at BIGINT NOT NULL,
    process TEXT NOT NULL,
    organization_id {uuid},
    api_key_id {uuid},
    api_key_name TEXT,
    method TEXT NOT NULL,
    route TEXT NOT NULL,
    path TEXT NOT NULL,
    status BIGINT NOT NULL,
    code TEXT,
    duration_us BIGINT NOT NULL,
    client_address TEXT,
    user_agent TEXT,
    idempotency_key TEXT,
    resources TEXT
);
CREATE INDEX request_events_request ON request_events (request_id, organization_id, occurred_at);
CREATE INDEX request_events_age ON request_events ((occurred_at / 60000));

CREATE TABLE touched_resources (
    resource_id TEXT NOT NULL,
    organization_id {uuid} NOT NULL,
    request_id TEXT NOT NULL,
    occurred_at BIGINT NOT NULL
);
CREATE INDEX touched_resources_resource ON touched_resources (resource_id, occurred_at);
CREATE INDEX touched_resources_age ON touched_resources ((occurred_at / 60000));

CREATE TABLE api_processes (
    name TEXT NOT NULL,
    started_at BIGINT NOT NULL,
    heard_at BIGINT NOT NULL,
    written BIGINT NOT NULL,
    lost BIGINT NOT NULL,
    lost_at BIGINT,
    ended_at BIGINT,
    PRIMARY KEY (name, started_at)
);
CREATE INDEX api_processes_age ON api_processes ((heard_at / 60000));

CREATE TABLE audit_records (
    id {uuid} NOT NULL PRIMARY KEY,
    organization_id {uuid} NOT NULL REFERENCES organizations (id),
    occurred_at BIGINT NOT NULL,
    request_id TEXT,
    actor_key_id {uuid},
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject_type TEXT NOT NULL,
    subject_id {uuid} NOT NULL,
    before TEXT,
    after TEXT
);
CREATE INDEX audit_records_organization ON audit_records (organization_id, occurred_at, id);
CREATE INDEX audit_records_age ON audit_records (occurred_at, id);
CREATE INDEX audit_records_request ON audit_records (request_id) WHERE request_id IS NOT NULL;
