ALTER TABLE schedules ADD COLUMN last_attempt_at BIGINT;
ALTER TABLE schedules ADD COLUMN last_attempt_outcome TEXT;
UPDATE schedules SET last_attempt_at = last_success_at, last_attempt_outcome = 'ok' WHERE last_success_at IS NOT NULL;
UPDATE schedules SET last_attempt_at = w.at, last_attempt_outcome = w.outcome
FROM (SELECT profile_id, MAX(last_attempt_at) AS at, MAX(last_attempt_outcome) AS outcome FROM accounts WHERE failures > 0 GROUP BY profile_id) w
WHERE schedules.kind = 'profile' AND schedules.target_id = w.profile_id AND schedules.consecutive_failures > 0;
UPDATE schedules SET last_attempt_at = w.at, last_attempt_outcome = w.outcome
FROM (SELECT v.post_id, MAX(v.last_attempt_at) AS at, MAX(v.last_attempt_outcome) AS outcome FROM
    (SELECT post_id, last_attempt_at, last_attempt_outcome FROM videos WHERE failures > 0
    UNION ALL SELECT post_id, last_attempt_at, last_attempt_outcome FROM account_videos WHERE failures > 0) v GROUP BY v.post_id) w
WHERE schedules.kind = 'post' AND schedules.target_id = w.post_id AND schedules.consecutive_failures > 0;
ALTER TABLE tracked_posts DROP COLUMN tried_at;
ALTER TABLE account_videos DROP COLUMN failures;
ALTER TABLE account_videos DROP COLUMN last_attempt_outcome;
ALTER TABLE account_videos DROP COLUMN last_attempt_at;
ALTER TABLE videos DROP COLUMN failures;
ALTER TABLE videos DROP COLUMN last_attempt_outcome;
ALTER TABLE videos DROP COLUMN last_attempt_at;
ALTER TABLE accounts DROP COLUMN failures;
ALTER TABLE accounts DROP COLUMN last_attempt_outcome;
ALTER TABLE accounts DROP COLUMN last_attempt_at;
