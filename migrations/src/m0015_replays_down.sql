ALTER TABLE request_events DROP COLUMN replay_of;
ALTER TABLE idempotency_records DROP COLUMN request_id;
