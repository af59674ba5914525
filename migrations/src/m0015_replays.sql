ALTER TABLE idempotency_records ADD COLUMN request_id TEXT;
ALTER TABLE request_events ADD COLUMN replay_of TEXT;
