//! The newest row of days by some day, as a join: what a window's end or beginning is looked up by.

/// Rows of days, each owner's by its own key.
#[derive(Clone, Copy, Debug)]
pub struct Newest {
    table: &'static str,
    key: &'static str,
    /// The owner, as an expression.
    id: &'static str,
    is_postgres: bool,
}

impl Newest {
    /// Days of posts, by the tracked post's id.
    pub const fn of_post(id: &'static str, is_postgres: bool) -> Self {
        Self { table: "post_days", key: "tracked_post_id", id, is_postgres }
    }

    /// Days of accounts, by the account's id.
    pub const fn of_account(id: &'static str, is_postgres: bool) -> Self {
        Self { table: "account_days", key: "account_id", id, is_postgres }
    }

    /// Joins, as `name`, the newest of the owner's rows whose day is `than`, where `when` holds and there is one.
    pub fn join(self, name: &str, than: &str, when: &str) -> String {
        let Self { table, key, id, is_postgres } = self;
        let days = format!("{table} x WHERE x.{key} = {id} AND x.day {than}");
        if is_postgres {
            // One way down the index, where the newest day and then its row would be two.
            format!(" LEFT JOIN LATERAL (SELECT x.* FROM {days} AND {when} ORDER BY x.day DESC LIMIT 1) {name} ON TRUE")
        } else {
            format!(
                " LEFT JOIN {table} {name} ON {when} AND {name}.{key} = {id} \
                 AND {name}.day = (SELECT MAX(x.day) FROM {days})"
            )
        }
    }

    /// The same row as one value, for PostgreSQL: null where there is none, or `when` does not hold.
    pub fn row(self, than: &str, when: &str) -> String {
        let Self { table, key, id, is_postgres: _ } = self;
        format!(
            "CASE WHEN {when} THEN (SELECT x FROM {table} x WHERE x.{key} = {id} AND x.day {than} ORDER BY x.day DESC LIMIT 1) END"
        )
    }
}
