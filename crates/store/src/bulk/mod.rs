//! Adding many accounts or videos in one transaction, as if one after another, but set by set: a thousand cost a hundred statements.
//!
//! Whoever waits for another waits in one order, so that batches and single additions at the same time are no deadlock: new profiles and
//! posts in the order of their names, then schedule rows in the order of their ids, then creators, and the organization last, under whose
//! lock the cap is counted.

mod accounts;
mod profiles;
mod videos;

use sea_orm::Value;

/// Rows in one statement. More make parameters slow to find for SQLite; fewer make more round trips.
pub(crate) const ROWS_AT_ONCE: usize = 100;

/// A list of rows for `VALUES`, with its parameters: `row` for each of `each`, with a place of its own for every `?` in it. `$1` and so on
/// stand for what is common to all.
pub(crate) fn listed(row: &str, common: Vec<Value>, each: impl Iterator<Item = Vec<Value>>) -> (String, Vec<Value>) {
    let mut values = common;
    let mut text = String::new();
    for own in each {
        let mut next = values.len();
        values.extend(own);
        if !text.is_empty() {
            text.push_str(", ");
        }
        for (at, piece) in row.split('?').enumerate() {
            if at > 0 {
                next += 1;
                text.push('$');
                text.push_str(&next.to_string());
            }
            text.push_str(piece);
        }
    }
    (text, values)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::values;

    #[test]
    fn each_row_has_places_of_its_own_beside_the_common_ones() {
        let (text, values) =
            listed("(?, $1, ?)", values![7_i64], [values![1_i64, 2_i64], values![3_i64, 4_i64]].into_iter());
        assert_eq!(text, "($2, $1, $3), ($4, $1, $5)");
        assert_eq!(values, values![7_i64, 1_i64, 2_i64, 3_i64, 4_i64]);
    }
}
