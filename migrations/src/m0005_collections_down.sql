DROP TABLE collection_members;
DROP TABLE collections;
