//! Who collects a post: the one condition under which it is read for an account, what was read is written to its records, and the run is shown to
//! it. Whoever else collects the post makes no difference.

/// The rank of account video `av` among all that its account has; 0 is the newest.
pub const RANK: &str = "(SELECT COUNT(*) FROM account_videos n WHERE n.account_id = av.account_id \
     AND COALESCE(n.create_time, -1) > COALESCE(av.create_time, -1))";

/// The condition under which account `a` of organization `o`, whose creator `c` may be none, collects at `now` a post of this rank that was published at
/// `created`: neither of them is paused, and the post is young enough and one of the newest. The three are places of parameters or expressions.
pub fn collects(created: &str, rank: &str, now: &str) -> String {
    format!(
        "a.is_active AND COALESCE(c.is_active, TRUE) \
         AND (COALESCE(a.post_lookback_days, o.post_lookback_days) IS NULL OR {created} IS NULL \
         OR {created} >= CAST({now} AS BIGINT) - COALESCE(a.post_lookback_days, o.post_lookback_days) * 86400000) \
         AND (COALESCE(a.max_recent_posts, o.max_recent_posts) IS NULL OR {rank} < COALESCE(a.max_recent_posts, o.max_recent_posts))"
    )
}

/// A query for `what` of the account videos `av` that are collected at `now`, of those for which `which` holds.
pub fn account_videos(what: &str, which: &str, rank: &str, now: &str) -> String {
    format!(
        "SELECT {what} FROM account_videos av JOIN accounts a ON a.id = av.account_id \
         JOIN organizations o ON o.id = a.organization_id LEFT JOIN creators c ON c.id = a.creator_id \
         WHERE {which} AND {}",
        collects("av.create_time", rank, now)
    )
}

/// The condition under which anybody collects at `now` what the row `s` of `schedules` reads.
pub fn anybody(s: &str, now: &str) -> String {
    let posts = account_videos("1", &format!("av.post_id = {s}.target_id"), RANK, now);
    format!(
        "CASE {s}.kind WHEN 'post' THEN EXISTS (SELECT 1 FROM videos v WHERE v.post_id = {s}.target_id AND v.is_active) OR EXISTS ({posts}) \
         ELSE EXISTS (SELECT 1 FROM accounts a LEFT JOIN creators c ON c.id = a.creator_id \
         WHERE a.profile_id = {s}.target_id AND a.is_active AND COALESCE(c.is_active, TRUE)) END"
    )
}

/// The condition under which somebody of the organization collects the tracked post `t` at `now`.
pub fn tracked_post(t: &str, rank: &str, now: &str) -> String {
    let of = |row: &str| format!("{row}.organization_id = {t}.organization_id AND {row}.post_id = {t}.post_id");
    format!(
        "(EXISTS (SELECT 1 FROM videos v WHERE {} AND v.is_active) OR EXISTS ({}))",
        of("v"),
        account_videos("1", &of("av"), rank, now)
    )
}

/// Where a post stands in the list that was read: whose list it is, and its rank in it, which counts for the accounts of that profile instead of
/// [`RANK`]: what has been deleted is in no list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Listed {
    /// The profile; none for the page of a post.
    pub profile_id: Option<i64>,
    /// The rank.
    pub rank: i64,
}

impl Listed {
    /// The rank of account video `av`, of parameters at these places.
    pub fn rank(profile_id: &str, rank: &str) -> String {
        format!("(CASE WHEN a.profile_id = CAST({profile_id} AS BIGINT) THEN CAST({rank} AS BIGINT) ELSE {RANK} END)")
    }
}
