//! Whose posts are whose: an account's are those of its feed, and those that were added by hand and made by it. Who made a post that was added by hand
//! is not known before the organization's own first read of it.

/// The posts of the accounts `a` of the organization `$1` for which `which` holds; a post may be there twice.
pub fn posts_of_accounts(which: &str) -> String {
    format!("SELECT v.post_id {} UNION ALL SELECT h.post_id {}", in_feeds(which), by_hand(which))
}

/// The creators of posts, each with each of their posts once. `which` is a condition on their accounts `a`.
pub fn creators_of_posts(which: &str) -> String {
    format!(
        "SELECT a.creator_id, v.post_id {} UNION SELECT a.creator_id, h.post_id {}",
        in_feeds(which),
        by_hand(which)
    )
}

fn in_feeds(which: &str) -> String {
    format!("FROM accounts a JOIN account_videos v ON v.account_id = a.id WHERE a.organization_id = $1 AND {which}")
}

fn by_hand(which: &str) -> String {
    format!(
        "FROM accounts a JOIN posts q ON q.profile_id = a.profile_id \
         JOIN videos h ON h.post_id = q.id AND h.organization_id = $1 AND h.first_scrape_at IS NOT NULL \
         WHERE a.organization_id = $1 AND {which}"
    )
}
