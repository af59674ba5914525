CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS btree_gin;
CREATE INDEX account_texts_search ON account_texts USING gin (organization_id, names gin_trgm_ops)
    WITH (gin_pending_list_limit = 256);
CREATE INDEX creator_texts_search ON creator_texts USING gin (organization_id, names gin_trgm_ops)
    WITH (gin_pending_list_limit = 256);
CREATE INDEX video_texts_search ON video_texts USING gin (organization_id, names gin_trgm_ops, words gin_trgm_ops)
    WITH (gin_pending_list_limit = 256);
CREATE INDEX account_video_texts_search ON account_video_texts
    USING gin (organization_id, names gin_trgm_ops, words gin_trgm_ops) WITH (gin_pending_list_limit = 256);
