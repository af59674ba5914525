//! Accounts, a row each.

use store::{AccountOrder, Direction, PageRequest, Position, RowId, SortKey};

use super::ExportError;
use super::walk::{AccountPlace, Place, Row, Walk, rows_at};

/// The next accounts, in the order in which their tracking began.
pub async fn page(walk: &Walk) -> Result<Vec<Row>, ExportError> {
    let request = PageRequest {
        order_by: AccountOrder::AddedAt,
        direction: Direction::Asc,
        after: walk
            .account_place()
            .map(|place| Position { key: SortKey::Number(Some(place.added_at)), id: RowId::Uuid(place.id) }),
        limit: walk.page_rows,
        include_total: false,
    };
    let found = walk.tenant.accounts(&walk.account_filter(), &request, walk.job.as_of).await?.rows;
    let found: Vec<_> = found.iter().map(|seen| store::Account::clone(seen)).collect();
    let place = |account: &store::Account| {
        Place::Account(AccountPlace { added_at: account.added_at.as_millis(), id: account.id.0, day: None })
    };
    let places = found.iter().map(place).collect();
    rows_at(places, (walk.layouts.accounts.rows)(found, &walk.job.filters)?)
}
