//! Many rows into SQLite.

use sea_orm::{DatabaseTransaction, Value};

use crate::StoreError;
use crate::sql::execute;

/// Rows of one statement at most. Statements come in powers of two up to this, so that few of them are prepared.
const MOST_ROWS: usize = 128;

/// Inserts `count` rows, of which `values` are the values one after another. Their places have no numbers: sqlx asks for the number of each,
/// which SQLite looks for in a list of all of them, and that comes to more than all the rest of the inserting.
pub(crate) async fn insert(
    tx: &DatabaseTransaction,
    table: &str,
    columns: &[&str],
    count: usize,
    mut values: impl Iterator<Item = Value> + Send,
) -> Result<(), StoreError> {
    for size in in_powers_of_two(count) {
        let places = vec![format!("({})", vec!["?"; columns.len()].join(", ")); size].join(", ");
        let sql = format!("INSERT INTO {table} ({}) VALUES {places}", columns.join(", "));
        let mut some = Vec::with_capacity(size * columns.len());
        some.extend(values.by_ref().take(size * columns.len()));
        execute(tx, &sql, some).await?;
    }
    Ok(())
}

/// Cuts a number of rows into powers of two, largest first.
pub(crate) fn in_powers_of_two(mut rows: usize) -> Vec<usize> {
    let mut sizes = Vec::new();
    while rows > 0 {
        let size = (1 << rows.ilog2()).min(MOST_ROWS);
        sizes.push(size);
        rows -= size;
    }
    sizes
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn rows_are_cut_into_few_sizes() {
        assert_eq!(in_powers_of_two(301), [128, 128, 32, 8, 4, 1]);
        let all: BTreeSet<usize> = (0..=1000).flat_map(in_powers_of_two).collect();
        assert_eq!(all.len(), 8);
    }
}
