DROP TABLE account_video_texts;
DROP TABLE video_texts;
DROP TABLE creator_texts;
DROP TABLE account_texts;
ALTER TABLE accounts DROP COLUMN username_folded;
ALTER TABLE posts DROP COLUMN author_folded;
ALTER TABLE profiles DROP COLUMN name_folded;
