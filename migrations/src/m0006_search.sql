ALTER TABLE profiles ADD COLUMN name_folded TEXT;
ALTER TABLE posts ADD COLUMN author_folded TEXT;
ALTER TABLE accounts ADD COLUMN username_folded TEXT NOT NULL DEFAULT '';

CREATE TABLE account_texts (
    id {identity},
    target_id {uuid} NOT NULL UNIQUE REFERENCES accounts (id) ON DELETE CASCADE,
    organization_id {uuid} NOT NULL,
    names TEXT NOT NULL
);

CREATE TABLE creator_texts (
    id {identity},
    target_id {uuid} NOT NULL UNIQUE REFERENCES creators (id) ON DELETE CASCADE,
    organization_id {uuid} NOT NULL,
    names TEXT NOT NULL
);

CREATE TABLE video_texts (
    id {identity},
    target_id {uuid} NOT NULL UNIQUE REFERENCES videos (id) ON DELETE CASCADE,
    organization_id {uuid} NOT NULL,
    names TEXT NOT NULL,
    words TEXT NOT NULL
);

CREATE TABLE account_video_texts (
    id {identity},
    target_id BIGINT NOT NULL UNIQUE REFERENCES account_videos (id) ON DELETE CASCADE,
    organization_id {uuid} NOT NULL,
    names TEXT NOT NULL,
    words TEXT NOT NULL
);
