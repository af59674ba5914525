ALTER TABLE accounts ADD COLUMN last_attempt_at BIGINT;
ALTER TABLE accounts ADD COLUMN last_attempt_outcome TEXT;
ALTER TABLE accounts ADD COLUMN failures BIGINT NOT NULL DEFAULT 0;
ALTER TABLE videos ADD COLUMN last_attempt_at BIGINT;
ALTER TABLE videos ADD COLUMN last_attempt_outcome TEXT;
ALTER TABLE videos ADD COLUMN failures BIGINT NOT NULL DEFAULT 0;
ALTER TABLE account_videos ADD COLUMN last_attempt_at BIGINT;
ALTER TABLE account_videos ADD COLUMN last_attempt_outcome TEXT;
ALTER TABLE account_videos ADD COLUMN failures BIGINT NOT NULL DEFAULT 0;
ALTER TABLE tracked_posts ADD COLUMN tried_at BIGINT;

UPDATE accounts SET last_attempt_at = w.at, last_attempt_outcome = w.outcome, failures = w.failures
FROM (SELECT a.id, COALESCE(s.last_attempt_at, a.last_scrape_at) AS at, COALESCE(s.last_attempt_outcome, 'ok') AS outcome,
        CASE WHEN s.consecutive_failures > 0 AND a.last_scrape_at IS NULL THEN 1 ELSE COALESCE(s.consecutive_failures, 0) END AS failures
    FROM accounts a LEFT JOIN creators c ON c.id = a.creator_id
    LEFT JOIN schedules s ON s.kind = 'profile' AND s.target_id = a.profile_id AND a.is_active AND COALESCE(c.is_active, TRUE)
        AND s.last_attempt_at >= a.added_at AND s.last_attempt_at >= COALESCE(a.last_scrape_at, 0)
        AND COALESCE(s.last_success_at, 0) <= COALESCE(a.last_scrape_at, a.added_at)) w
WHERE w.id = accounts.id AND w.at IS NOT NULL;
UPDATE videos SET last_attempt_at = w.at, last_attempt_outcome = w.outcome, failures = w.failures
FROM (SELECT v.id, COALESCE(s.last_attempt_at, v.last_scrape_at) AS at, COALESCE(s.last_attempt_outcome, 'ok') AS outcome,
        CASE WHEN s.consecutive_failures > 0 AND v.last_scrape_at IS NULL THEN 1 ELSE COALESCE(s.consecutive_failures, 0) END AS failures
    FROM videos v LEFT JOIN schedules s ON s.kind = 'post' AND s.target_id = v.post_id AND v.is_active
        AND s.last_attempt_at >= v.added_at AND s.last_attempt_at >= COALESCE(v.last_scrape_at, 0)
        AND COALESCE(s.last_success_at, 0) <= COALESCE(v.last_scrape_at, v.added_at)) w
WHERE w.id = videos.id AND w.at IS NOT NULL;
UPDATE account_videos SET last_attempt_at = w.at, last_attempt_outcome = w.outcome, failures = w.failures
FROM (SELECT v.id, COALESCE(s.last_attempt_at, v.last_scrape_at) AS at, COALESCE(s.last_attempt_outcome, 'ok') AS outcome,
        CASE WHEN s.consecutive_failures > 0 AND v.last_scrape_at IS NULL THEN 1 ELSE COALESCE(s.consecutive_failures, 0) END AS failures
    FROM account_videos v JOIN accounts a ON a.id = v.account_id LEFT JOIN creators c ON c.id = a.creator_id
    LEFT JOIN schedules s ON s.kind = 'post' AND s.target_id = v.post_id AND a.is_active AND COALESCE(c.is_active, TRUE)
        AND s.last_attempt_at >= v.added_at AND s.last_attempt_at >= COALESCE(v.last_scrape_at, 0)
        AND COALESCE(s.last_success_at, 0) <= COALESCE(v.last_scrape_at, v.added_at)) w
WHERE w.id = account_videos.id AND w.at IS NOT NULL;
UPDATE tracked_posts SET tried_at = w.at
FROM (SELECT v.organization_id, v.post_id, MIN(v.at) AS at FROM
    (SELECT organization_id, post_id, last_attempt_at AS at FROM videos WHERE failures > 0
    UNION ALL SELECT organization_id, post_id, last_attempt_at FROM account_videos WHERE failures > 0) v
    GROUP BY v.organization_id, v.post_id) w
WHERE w.organization_id = tracked_posts.organization_id AND w.post_id = tracked_posts.post_id AND tracked_posts.first_scrape_at IS NULL;

ALTER TABLE schedules DROP COLUMN last_attempt_at;
ALTER TABLE schedules DROP COLUMN last_attempt_outcome;
