CREATE INDEX request_events_by_replay ON request_events (replay_of, occurred_at) WHERE replay_of IS NOT NULL;
