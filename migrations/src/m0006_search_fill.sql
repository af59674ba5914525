INSERT INTO account_texts (target_id, organization_id, names)
    SELECT a.id, a.organization_id, '{apart}' || a.username_folded || '{apart}'
        || CASE WHEN a.first_scrape_at IS NOT NULL THEN COALESCE(p.name_folded || '{apart}', '') ELSE '' END
    FROM accounts a JOIN profiles p ON p.id = a.profile_id;

INSERT INTO creator_texts (target_id, organization_id, names)
    SELECT c.id, c.organization_id, '{apart}' || c.name_folded || '{apart}' FROM creators c;

INSERT INTO video_texts (target_id, organization_id, names, words)
    SELECT t.id, t.organization_id, '{apart}' || COALESCE(p.author_folded || '{apart}', ''), COALESCE(p.description_folded, '')
    FROM videos t JOIN posts p ON p.id = t.post_id WHERE t.first_scrape_at IS NOT NULL;

INSERT INTO account_video_texts (target_id, organization_id, names, words)
    SELECT t.id, t.organization_id, '{apart}' || a.username_folded || '{apart}'
        || CASE WHEN t.first_scrape_at IS NOT NULL AND p.author_folded <> a.username_folded
            THEN p.author_folded || '{apart}' ELSE '' END,
        CASE WHEN t.first_scrape_at IS NOT NULL THEN COALESCE(p.description_folded, '') ELSE '' END
    FROM account_videos t JOIN accounts a ON a.id = t.account_id JOIN posts p ON p.id = t.post_id;
