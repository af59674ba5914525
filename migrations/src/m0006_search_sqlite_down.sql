DROP TABLE account_video_texts_search;
DROP TABLE video_texts_search;
DROP TABLE creator_texts_search;
DROP TABLE account_texts_search;
