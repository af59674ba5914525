DROP INDEX request_events_by_replay;
