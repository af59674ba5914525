CREATE VIRTUAL TABLE account_texts_search USING fts5(organization, names, content = '', contentless_delete = 1,
    tokenize = 'trigram case_sensitive 1');
INSERT INTO account_texts_search (rowid, organization, names) SELECT id, substr(hex(organization_id), 30), names FROM account_texts;
CREATE TRIGGER account_texts_added AFTER INSERT ON account_texts BEGIN
    INSERT INTO account_texts_search (rowid, organization, names) VALUES (new.id, substr(hex(new.organization_id), 30), new.names); END;
CREATE TRIGGER account_texts_changed AFTER UPDATE ON account_texts BEGIN
    UPDATE account_texts_search SET organization = substr(hex(new.organization_id), 30), names = new.names WHERE rowid = old.id; END;
CREATE TRIGGER account_texts_removed AFTER DELETE ON account_texts BEGIN
    DELETE FROM account_texts_search WHERE rowid = old.id; END;

CREATE VIRTUAL TABLE creator_texts_search USING fts5(organization, names, content = '', contentless_delete = 1,
    tokenize = 'trigram case_sensitive 1');
INSERT INTO creator_texts_search (rowid, organization, names) SELECT id, substr(hex(organization_id), 30), names FROM creator_texts;
CREATE TRIGGER creator_texts_added AFTER INSERT ON creator_texts BEGIN
    INSERT INTO creator_texts_search (rowid, organization, names) VALUES (new.id, substr(hex(new.organization_id), 30), new.names); END;
CREATE TRIGGER creator_texts_changed AFTER UPDATE ON creator_texts BEGIN
    UPDATE creator_texts_search SET organization = substr(hex(new.organization_id), 30), names = new.names WHERE rowid = old.id; END;
CREATE TRIGGER creator_texts_removed AFTER DELETE ON creator_texts BEGIN
    DELETE FROM creator_texts_search WHERE rowid = old.id; END;

CREATE VIRTUAL TABLE video_texts_search USING fts5(organization, names, words, content = '', contentless_delete = 1,
    tokenize = 'trigram case_sensitive 1');
INSERT INTO video_texts_search (rowid, organization, names, words) SELECT id, substr(hex(organization_id), 30), names, words FROM video_texts;
CREATE TRIGGER video_texts_added AFTER INSERT ON video_texts BEGIN
    INSERT INTO video_texts_search (rowid, organization, names, words) VALUES (new.id, substr(hex(new.organization_id), 30), new.names, new.words); END;
CREATE TRIGGER video_texts_changed AFTER UPDATE ON video_texts BEGIN
    UPDATE video_texts_search SET organization = substr(hex(new.organization_id), 30), names = new.names, words = new.words WHERE rowid = old.id; END;
CREATE TRIGGER video_texts_removed AFTER DELETE ON video_texts BEGIN
    DELETE FROM video_texts_search WHERE rowid = old.id; END;

CREATE VIRTUAL TABLE account_video_texts_search USING fts5(organization, names, words, content = '', contentless_delete = 1,
    tokenize = 'trigram case_sensitive 1');
INSERT INTO account_video_texts_search (rowid, organization, names, words) SELECT id, substr(hex(organization_id), 30), names, words FROM account_video_texts;
CREATE TRIGGER account_video_texts_added AFTER INSERT ON account_video_texts BEGIN
    INSERT INTO account_video_texts_search (rowid, organization, names, words) VALUES (new.id, substr(hex(new.organization_id), 30), new.names, new.words); END;
CREATE TRIGGER account_video_texts_changed AFTER UPDATE ON account_video_texts BEGIN
    UPDATE account_video_texts_search SET organization = substr(hex(new.organization_id), 30), names = new.names, words = new.words WHERE rowid = old.id; END;
CREATE TRIGGER account_video_texts_removed AFTER DELETE ON account_video_texts BEGIN
    DELETE FROM account_video_texts_search WHERE rowid = old.id; END;
