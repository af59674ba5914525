CREATE TABLE collections (
    id {uuid} NOT NULL PRIMARY KEY,
    organization_id {uuid} NOT NULL REFERENCES organizations (id),
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    name_folded TEXT {bytewise} NOT NULL,
    metadata TEXT NOT NULL,
    added_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX collections_by_name ON collections (organization_id, kind, name_folded, id);
CREATE INDEX collections_by_age ON collections (organization_id, kind, added_at, id);

CREATE TABLE collection_members (
    id {uuid} NOT NULL PRIMARY KEY,
    collection_id {uuid} NOT NULL REFERENCES collections (id) ON DELETE CASCADE,
    member_type TEXT NOT NULL,
    creator_id {uuid} REFERENCES creators (id) ON DELETE CASCADE,
    account_id {uuid} REFERENCES accounts (id) ON DELETE CASCADE,
    video_id {uuid} REFERENCES videos (id) ON DELETE CASCADE,
    account_video_id BIGINT REFERENCES account_videos (id) ON DELETE CASCADE,
    added_at BIGINT NOT NULL
);
CREATE INDEX collection_members_by_age ON collection_members (collection_id, added_at, id);
CREATE INDEX collection_members_by_type ON collection_members (collection_id, member_type, added_at, id);
CREATE UNIQUE INDEX collection_members_creator ON collection_members (creator_id, collection_id) WHERE creator_id IS NOT NULL;
CREATE UNIQUE INDEX collection_members_account ON collection_members (account_id, collection_id) WHERE account_id IS NOT NULL;
CREATE UNIQUE INDEX collection_members_video ON collection_members (video_id, collection_id) WHERE video_id IS NOT NULL;
CREATE UNIQUE INDEX collection_members_account_video ON collection_members (account_video_id, collection_id) WHERE account_video_id IS NOT NULL;
