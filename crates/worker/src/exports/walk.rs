//! Walking through the rows of an export, page by page, from any place.

use domain::{AccountId, ExportDataset, RateCard, Timestamp};
use files::{Column, FilesError, Value};
use serde::{Deserialize, Serialize};
use store::{AccountFilter, ExportJob, Tenant};
use uuid::Uuid;

use super::{ExportError, Layouts, accounts, days, members, posts};

/// Where a row stands: what a walk goes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Place {
    /// In a walk of accounts, or of their days.
    Account(AccountPlace),
    /// In a walk of posts, by their ids in reports.
    Post(i64),
    /// In a walk of creators.
    Member(Uuid),
}

/// An account in a walk, or one of its days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountPlace {
    /// When tracking of the account began, in milliseconds.
    pub added_at: i64,
    /// The account.
    pub id: Uuid,
    /// The day, where an account has several rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day: Option<i32>,
}

impl AccountPlace {
    /// The account's position in the walk of accounts.
    pub const fn account(self) -> (Timestamp, AccountId) {
        (Timestamp::from_millis(self.added_at), AccountId(self.id))
    }
}

/// Where the next part begins, as it is noted with the one before.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Noted {
    /// Which columns the parts have, so that nobody goes on with others.
    form: u64,
    after: Place,
}

impl Noted {
    /// After this row, of a file with these columns.
    pub fn after(row: &Row, columns: &[Column]) -> Self {
        Self { form: form_of(columns), after: row.place }
    }

    /// The place that a job goes on from, when its parts have these columns.
    fn of(job: &ExportJob, columns: &[Column]) -> Result<Option<Place>, ExportError> {
        let Some(text) = &job.place else { return Ok(None) };
        let noted = serde_json::from_str::<Self>(text).ok().filter(|noted| noted.form == form_of(columns));
        noted.map(|noted| Some(noted.after)).ok_or(ExportError::Older)
    }
}

/// A number for these columns: FNV-1a over their names and what they hold.
fn form_of(columns: &[Column]) -> u64 {
    let words = columns.iter().map(|column| format!("{} {:?}\n", column.name, column.kind));
    let add = |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    words.fold(0xcbf2_9ce4_8422_2325, |hash, word| word.bytes().fold(hash, add))
}

/// A row, and where it stands.
pub struct Row {
    pub values: Vec<Value>,
    pub place: Place,
}

/// What a look for the next rows came to.
pub struct Looked {
    /// The rows. What goes while it is looked for is left out, so there may be none before the end.
    pub rows: Vec<Row>,
    /// From where to go on; `None` at the end.
    pub last: Option<Place>,
}

impl From<Vec<Row>> for Looked {
    /// What was found at one look.
    fn from(rows: Vec<Row>) -> Self {
        let last = rows.last().map(|row| row.place);
        Self { rows, last }
    }
}

/// A walk through an export's rows.
pub struct Walk {
    pub tenant: Tenant,
    pub job: ExportJob,
    /// The last row that was read.
    pub place: Option<Place>,
    /// Rows at once, about.
    pub page_rows: u32,
    /// What they say.
    pub layouts: Layouts,
}

impl Walk {
    /// A walk from where the job stands.
    pub fn of(tenant: Tenant, job: &ExportJob, page_rows: u32, layouts: Layouts) -> Result<Self, ExportError> {
        let place = Noted::of(job, columns(layouts, job.dataset))?;
        Ok(Self { tenant, job: job.clone(), place, page_rows, layouts })
    }

    /// The next rows; none at the end.
    pub async fn page(&mut self) -> Result<Vec<Row>, ExportError> {
        loop {
            let Looked { rows, last } = match self.job.dataset {
                ExportDataset::Accounts => accounts::page(self).await?.into(),
                ExportDataset::Timeseries => days::page(self).await?.into(),
                ExportDataset::Posts => posts::page(self).await?,
                ExportDataset::Members => members::page(self).await?,
            };
            if last.is_none() {
                return Ok(rows);
            }
            self.place = last;
            if !rows.is_empty() {
                return Ok(rows);
            }
        }
    }

    /// The account that was read last, in walks of accounts.
    pub const fn account_place(&self) -> Option<AccountPlace> {
        match self.place {
            Some(Place::Account(place)) => Some(place),
            Some(Place::Post(_) | Place::Member(_)) | None => None,
        }
    }

    /// What posts are worth.
    pub fn card(&self) -> Result<&RateCard, ExportError> {
        self.job.filters.report.as_ref().map(|report| &report.card).ok_or(ExportError::Older)
    }

    /// Which accounts are visited.
    pub fn account_filter(&self) -> AccountFilter {
        let filters = &self.job.filters;
        AccountFilter {
            platform: filters.platform,
            q: None,
            is_active: filters.is_active,
            category: filters.category.clone(),
            creator_id: filters.creator_id,
        }
    }
}

/// Rows with their places.
pub fn rows_at(places: Vec<Place>, rows: Vec<Vec<Value>>) -> Result<Vec<Row>, ExportError> {
    if places.len() != rows.len() {
        return Err(FilesError::Misfit.into());
    }
    Ok(places.into_iter().zip(rows).map(|(place, values)| Row { values, place }).collect())
}

/// The columns of an export of `dataset`.
pub const fn columns(layouts: Layouts, dataset: ExportDataset) -> &'static [Column] {
    match dataset {
        ExportDataset::Accounts => layouts.accounts.columns,
        ExportDataset::Timeseries => days::COLUMNS,
        ExportDataset::Posts => layouts.posts.columns,
        ExportDataset::Members => layouts.members.columns,
    }
}

#[cfg(test)]
mod tests {
    use files::Kind;

    use super::*;

    #[test]
    fn columns_of_another_name_kind_or_order_are_another_form() {
        let (a, b) = (Column::new("a", Kind::Integer), Column::new("b", Kind::Integer));
        let forms = [vec![a, b], vec![b, a], vec![a], vec![a, Column::new("b", Kind::Number)]].map(|all| form_of(&all));
        for (place, form) in forms.iter().enumerate() {
            assert!(!forms[..place].contains(form), "{place}");
        }
        assert_eq!(form_of(&[a, b]), forms[0]);
    }
}
