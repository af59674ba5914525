CREATE TABLE exports (
    id {uuid} NOT NULL PRIMARY KEY,
    organization_id {uuid} NOT NULL REFERENCES organizations (id),
    dataset TEXT NOT NULL,
    format TEXT NOT NULL,
    filters TEXT NOT NULL,
    status TEXT NOT NULL,
    api_key_id {uuid},
    request_id TEXT,
    created_at BIGINT NOT NULL,
    started_at BIGINT,
    finished_at BIGINT,
    expires_at BIGINT,
    removed_at BIGINT,
    due_at BIGINT NOT NULL,
    lease_token {uuid},
    worker TEXT,
    attempts BIGINT NOT NULL,
    place TEXT,
    is_read BOOLEAN NOT NULL,
    parts BIGINT NOT NULL,
    rows_written BIGINT NOT NULL,
    bytes_written BIGINT NOT NULL,
    failure TEXT,
    file TEXT,
    file_bytes BIGINT,
    file_sha256 TEXT
);
CREATE INDEX exports_due ON exports (due_at);
CREATE INDEX exports_by_age ON exports (organization_id, created_at, id);

CREATE TABLE export_parts (
    export_id {uuid} NOT NULL REFERENCES exports (id) ON DELETE CASCADE,
    number BIGINT NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (export_id, number)
);

CREATE TABLE service_secrets (
    name TEXT NOT NULL PRIMARY KEY,
    value {bytes} NOT NULL,
    created_at BIGINT NOT NULL
);
