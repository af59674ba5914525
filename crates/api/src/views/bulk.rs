//! Many bodies of a POST in one, and what became of each.

use std::borrow::Cow;
use std::collections::HashSet;

use domain::{FieldError, FieldErrors};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::schema::{AnyOfBuilder, Array, ArrayBuilder, ObjectBuilder, Schema, SchemaType};
use utoipa::openapi::{Ref, RefOr};
use uuid::Uuid;

use crate::body::{Fields, boolean, list};
use crate::links::{Draft, Located, Target};
use crate::problem::{FieldErrorOut, Problem};
use crate::views::account_in::AccountIn;
use crate::views::post_in::VideoIn;

/// Items in one call, at most.
const MOST_ITEMS: usize = 1000;

/// Many accounts to track.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AccountsBulkCreate)]
#[expect(dead_code, reason = "the published form of what batch reads")]
pub(crate) struct AccountsIn {
    /// The accounts, as in `AccountCreate`. One that is not as it should be is rejected by itself, so anything may stand here.
    #[schema(schema_with = accounts)]
    items: Vec<AccountIn>,
    /// Answer as if, and write nothing.
    #[schema(default = false, required = false, value_type = bool)]
    dry_run: Option<bool>,
}

/// Many posts to track.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = VideosBulkCreate)]
#[expect(dead_code, reason = "the published form of what batch reads")]
pub(crate) struct VideosIn {
    /// The posts, as in `VideoCreate`. One that is not as it should be is rejected by itself, so anything may stand here.
    #[schema(schema_with = posts)]
    items: Vec<VideoIn>,
    /// Answer as if, and write nothing.
    #[schema(default = false, required = false, value_type = bool)]
    dry_run: Option<bool>,
}

fn accounts() -> Array {
    items_like("AccountCreate")
}

fn posts() -> Array {
    items_like("VideoCreate")
}

/// What is published of items: a good one is as in `schema`, and any other is answered for in its place.
fn items_like(schema: &str) -> Array {
    let anything = ObjectBuilder::new().schema_type(SchemaType::AnyValue);
    let item = AnyOfBuilder::new().item(Ref::from_schema_name(schema)).item(anything);
    ArrayBuilder::new().items(RefOr::T(Schema::from(item))).min_items(Some(1)).max_items(Some(MOST_ITEMS)).build()
}

/// A valid body: its good items and its bad ones, each with its place.
#[derive(Clone)]
pub(crate) struct Batch<N> {
    pub(crate) good: Vec<(usize, N)>,
    pub(crate) bad: Vec<(usize, Problem)>,
    pub(crate) is_dry_run: bool,
}

/// Reads the body of a POST of many; `read` reads each item as the POST of one reads its body.
pub(crate) fn batch<T: Target, N, F: FnOnce(T) -> N>(
    mut fields: Fields,
    read: impl Fn(Fields) -> Result<Draft<T, F>, Problem>,
) -> Result<Batch<N>, Problem> {
    let items = fields.required("items", list(MOST_ITEMS));
    let is_dry_run = fields.optional("dry_run", boolean).unwrap_or(false);
    fields.finish()?;
    let items = items.ok_or_else(|| Problem::internal("a required field was neither read nor refused"))?;
    let mut batch = Batch { good: Vec::with_capacity(items.len()), bad: Vec::new(), is_dry_run };
    for (index, item) in items.into_iter().enumerate() {
        let path = format!("items[{index}]");
        match Fields::part(item, path.clone()).and_then(&read) {
            Ok(Draft { located: Located::Found(found), complete }) => batch.good.push((index, complete(found))),
            Ok(Draft { located: Located::Behind { platform: _, link: _ }, complete: _ }) => {
                let message = "is a short link; add it by itself, or give the address that it leads to in a browser";
                batch.bad.push((index, FieldErrors::of(format!("{path}.{}", T::FIELD), message).into()));
            }
            Err(invalid) => batch.bad.push((index, invalid)),
        }
    }
    Ok(batch)
}

/// What became of each item, in their order.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BulkAnswer)]
pub(crate) struct BulkOut {
    /// One result for each item.
    data: Vec<BulkResultOut>,
    /// The results counted.
    meta: BulkMetaOut,
}

/// What became of one item.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BulkResult)]
struct BulkResultOut {
    /// The item's place in `items`, counted from 0.
    #[schema(minimum = 0)]
    index: usize,
    /// What became of it.
    status: BulkStatus,
    /// The resource's id: of the new one, or of the one that is there. Null when the item was rejected, and of what a dry run would create.
    id: Option<Uuid>,
    /// Why it was rejected.
    error: Option<BulkErrorOut>,
}

/// `created`; `exists` when it is tracked already; `rejected` when there is an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum BulkStatus {
    Created,
    Exists,
    Rejected,
}

/// Why an item was rejected, as the problem document of a single POST would say it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BulkError)]
struct BulkErrorOut {
    /// The kind of problem for programs: `VALIDATION_ERROR` or `QUOTA_EXCEEDED`.
    #[schema(example = "VALIDATION_ERROR")]
    code: &'static str,
    /// What is wrong with this item.
    detail: Cow<'static, str>,
    /// Every invalid field, such as `items[3].platform`.
    #[schema(value_type = Vec<FieldErrorOut>)]
    errors: Vec<FieldError>,
}

/// Results counted.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = BulkMeta)]
struct BulkMetaOut {
    /// Items that were created.
    #[schema(minimum = 0)]
    created: usize,
    /// Items that were there already.
    #[schema(minimum = 0)]
    exists: usize,
    /// Items that were rejected.
    #[schema(minimum = 0)]
    rejected: usize,
    /// Whether nothing was written.
    dry_run: bool,
}

impl BulkOut {
    /// Of good items with their new id, or the id of what is there, and bad ones. What is no fault of an item fails the whole.
    pub(crate) fn of(
        made: Vec<(usize, Result<Uuid, Uuid>)>,
        bad: Vec<(usize, Problem)>,
        is_dry_run: bool,
    ) -> Result<Self, Problem> {
        let created: HashSet<Uuid> = made.iter().filter_map(|(_, made)| made.ok()).collect();
        let mut meta = BulkMetaOut { dry_run: is_dry_run, ..BulkMetaOut::default() };
        let mut data = Vec::with_capacity(made.len() + bad.len());
        for (index, made) in made {
            let (status, id, count) = match made {
                Ok(id) => (BulkStatus::Created, id, &mut meta.created),
                Err(id) => (BulkStatus::Exists, id, &mut meta.exists),
            };
            *count += 1;
            // A dry run's new ids are nobody's.
            let is_kept = !is_dry_run || !created.contains(&id);
            data.push(BulkResultOut { index, status, id: is_kept.then_some(id), error: None });
        }
        for (index, problem) in bad {
            if !problem.code().status().is_client_error() {
                return Err(problem);
            }
            meta.rejected += 1;
            let (code, detail, errors) = problem.into_parts();
            let error = Some(BulkErrorOut { code: code.as_str(), detail, errors });
            data.push(BulkResultOut { index, status: BulkStatus::Rejected, id: None, error });
        }
        data.sort_by_key(|result| result.index);
        Ok(Self { data, meta })
    }
}
