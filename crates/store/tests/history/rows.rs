//! Days as they stand in the tables.

use crate::support::Home;

pub const POST_DAYS: &str = "tracked_post_id day observed_days notes view_count view_gain view_total view_days like_count like_gain like_total \
     like_days comment_count comment_gain comment_total comment_days share_count share_gain share_total share_days play_count play_gain \
     play_total play_days saved_count saved_gain saved_total saved_days";

pub const ACCOUNT_DAYS: &str = "day observed_days notes posts posts_observed posts_fallen follower_count follower_gain follower_total \
     follower_days following_count following_gain following_total following_days profile_post_count profile_post_gain profile_post_total \
     profile_post_days view_count view_gain view_total view_days like_count like_gain like_total like_days comment_count comment_gain \
     comment_total comment_days share_count share_total play_count saved_count view_posts like_posts comment_posts share_posts play_posts \
     saved_posts";

/// Every row of a table of days, as text.
pub async fn days(home: &Home, table: &str, columns: &str, key: &str) -> Vec<String> {
    let all: Vec<String> =
        columns.split_whitespace().map(|column| format!("COALESCE(CAST({column} AS TEXT), '-')")).collect();
    home.lines(&format!("SELECT {} FROM {table} ORDER BY {key}, day", all.join(" || '|' || "))).await
}

pub async fn all_days(home: &Home) -> (Vec<String>, Vec<String>) {
    (
        days(home, "post_days", POST_DAYS, "tracked_post_id").await,
        days(home, "account_days", ACCOUNT_DAYS, "account_id").await,
    )
}

/// Whoever repeats of its newest day something else than it says.
pub async fn misremembered(home: &Home) -> Vec<String> {
    let mut all = Vec::new();
    for (table, days, key, metrics) in [
        ("accounts", "account_days", "account_id", "view like comment share play saved follower"),
        ("tracked_posts", "post_days", "tracked_post_id", "view like comment share play saved"),
    ] {
        let sums = metrics.split_whitespace().flat_map(|metric| ["total", "days"].map(|of| format!("{metric}_{of}")));
        let same = sums.chain(std::iter::once("observed_days".to_owned()));
        let mut differs: Vec<_> = same.map(|column| format!("t.{column} IS DISTINCT FROM d.{column}")).collect();
        let last = |metric| format!("t.{metric}_last IS DISTINCT FROM d.{metric}_count");
        differs.extend(metrics.split_whitespace().map(last));
        let edge = |edge: &str| format!("(SELECT {edge}(x.day) FROM {days} x WHERE x.{key} = t.id)");
        let sql = format!(
            "SELECT '{table} of ' || COALESCE(CAST(d.day AS TEXT), '-') FROM {table} t \
             LEFT JOIN {days} d ON d.{key} = t.id AND d.day = {} \
             WHERE t.last_day IS DISTINCT FROM d.day OR t.first_day IS DISTINCT FROM {} OR {}",
            edge("MAX"),
            edge("MIN"),
            differs.join(" OR ")
        );
        all.extend(home.lines(&sql).await);
    }
    all
}
