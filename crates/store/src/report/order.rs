//! Posts in order: the ids of a page, by what is known of the posts or by what they gained.

use sea_orm::FromQueryResult;

use super::bounds;
use super::matching::Matching;
use super::numbers::{ENGAGEMENT, Numbers, engagement_rate, once, tmv};
use super::{ReportMetrics, ReportOrder, ReportRequest};
use crate::listing::{self, Listing, SortColumn};
use crate::paging::{Direction, Page, PageRequest, Position, RowId, SortKey};
use crate::sql::{Filter, is_postgres, rows};
use crate::{StoreError, Tenant};

/// A post in its place.
#[derive(FromQueryResult)]
pub struct Placed {
    pub id: i64,
    sort_key: Option<i64>,
}

impl Placed {
    const fn position(&self) -> Position {
        Position { key: SortKey::Number(self.sort_key), id: RowId::Integer(self.id) }
    }
}

/// For the first so many posts it is tried to look up few.
const MOST_LOOKED_FOR: u64 = 2_000;

/// Posts that are looked up first for each one that is wanted.
const CANDIDATES_FOR_EACH: u64 = 8;

/// A post that may be among the first, beside how many there are, and the least that one of them could be.
#[derive(FromQueryResult)]
struct Candidate {
    id: i64,
    sort_key: i64,
    candidates: i64,
    bound: Option<f64>,
}

impl Candidate {
    /// Whether it is more than all could be that are no candidates. The bound is a fraction, so it is kept off by more than its error.
    fn is_beyond(&self) -> bool {
        self.bound.is_some_and(|bound| self.most_of_no_use() > bound)
    }

    /// A post that is at most this is behind it.
    #[expect(clippy::cast_precision_loss, reason = "the comparison leaves room for it")]
    fn most_of_no_use(&self) -> f64 {
        let key = self.sort_key as f64;
        key - key.abs() * 1e-9 - 1.0
    }
}

/// By what posts are put in order.
enum Order {
    /// A column of tracked posts, which has an index.
    Column { select: &'static str, sort: SortColumn },
    /// An expression over the numbers `n` of every post that matches.
    Expression(Expression),
}

/// An expression over the numbers `n` of a post.
struct Expression {
    text: String,
    /// The numbers that are in it, as their columns begin.
    of: &'static [&'static str],
}

impl Order {
    fn of(request: &ReportRequest) -> Self {
        let is_range = request.metrics != ReportMetrics::Lifetime;
        let by = |column: &'static str, text: String, of| {
            if is_range {
                Self::Expression(Expression { text, of })
            } else {
                Self::Column { select: column, sort: SortColumn::NullableNumber(column) }
            }
        };
        match request.page.order_by {
            ReportOrder::Views => by("t.view_count", "n.view_count".to_owned(), &["view"]),
            ReportOrder::Likes => by("t.like_count", "n.like_count".to_owned(), &["like"]),
            ReportOrder::Comments => by("t.comment_count", "n.comment_count".to_owned(), &["comment"]),
            ReportOrder::Shares => by("t.share_count", "n.share_count".to_owned(), &["share"]),
            ReportOrder::Engagements => by("t.engagement", ENGAGEMENT.to_owned(), &["like", "comment", "share"]),
            ReportOrder::EngagementRate => {
                by("t.engagement_rate", engagement_rate(), &["view", "like", "comment", "share"])
            }
            ReportOrder::Tmv => Self::Expression(Expression {
                text: tmv(&request.card),
                of: &["view", "like", "comment", "share", "saved"],
            }),
            ReportOrder::CreateTime => {
                Self::Column { select: "t.create_time", sort: SortColumn::NullableNumber("t.create_time") }
            }
            ReportOrder::Impressions | ReportOrder::ViewTime => {
                Self::Column { select: "t.id", sort: SortColumn::Number("t.id") }
            }
        }
    }
}

impl Tenant {
    /// A page of the posts that match.
    pub(super) async fn posts_in_order(
        &self,
        matching: Matching,
        request: &ReportRequest,
    ) -> Result<Page<Placed>, StoreError> {
        match Order::of(request) {
            Order::Column { select, sort } => self.by_column(matching, request, select, sort).await,
            Order::Expression(expression) => self.by_expression(matching, request, &expression).await,
        }
    }

    /// Posts in the order of an index.
    async fn by_column(
        &self,
        Matching { joins, conditions, .. }: Matching,
        request: &ReportRequest,
        column: &str,
        sort: SortColumn,
    ) -> Result<Page<Placed>, StoreError> {
        let from = format!("FROM tracked_posts t{joins}");
        let select = format!("SELECT t.id, {column} AS sort_key {from}");
        let listing = Listing { select: &select, count_from: &from, id: "t.id", sort };
        listing::page_from(&self.store.read, &listing, conditions, &request.page, request.offset, Placed::position)
            .await
    }

    /// Posts in the order of what is made of their numbers, which is done for every one that matches.
    async fn by_expression(
        &self,
        Matching { joins, mut conditions, .. }: Matching,
        request: &ReportRequest,
        expression: &Expression,
    ) -> Result<Page<Placed>, StoreError> {
        let PageRequest { order_by: _, direction, after, limit, include_total } = &request.page;
        let read = &self.store.read;
        let total = if *include_total {
            Some(listing::count(read, &format!("FROM tracked_posts t{joins}"), &conditions).await?)
        } else {
            None
        };
        if let Some(first) = self.first_few(&joins, &conditions, request, expression).await? {
            return Ok(Page { total, ..first });
        }
        let once = once(is_postgres(read));
        let numbers = Numbers::of(request.metrics, &mut conditions, is_postgres(read));
        let of_posts = format!(
            "SELECT t.id, t.platform, {} FROM tracked_posts t{joins}{} WHERE {}{once}",
            numbers.columns(expression.of),
            numbers.joins,
            conditions.text()
        );
        let begins = begins_after(&mut conditions, after.as_ref(), *direction);
        let most = conditions.bind(i64::from(*limit) + 1);
        let skip = conditions.bind(i64::try_from(request.offset).unwrap_or(i64::MAX));
        let word = match direction {
            Direction::Asc => "ASC",
            Direction::Desc => "DESC",
        };
        let sql = format!(
            "SELECT id, sort_key FROM (SELECT n.id, {} AS sort_key FROM ({of_posts}) n{once}) k {begins} \
             ORDER BY sort_key {word} NULLS LAST, id {word} LIMIT {most} OFFSET {skip}",
            expression.text
        );
        let mut found = rows::<Placed>(read, &sql, conditions.values()).await?;
        let wanted = usize::try_from(*limit).unwrap_or(usize::MAX);
        let has_next = found.len() > wanted;
        found.truncate(wanted);
        let next = if has_next { found.last().map(Placed::position) } else { None };
        Ok(Page { rows: found, next, total })
    }

    /// The first page of what gained most, without looking up every post. First those are looked up that may have gained most. If others may have
    /// gained as much as the last that is wanted of them, then all that may have. `None` where nothing can be told beforehand.
    async fn first_few(
        &self,
        joins: &str,
        conditions: &Filter,
        request: &ReportRequest,
        expression: &Expression,
    ) -> Result<Option<Page<Placed>>, StoreError> {
        let PageRequest { order_by, direction, after, limit, include_total: _ } = &request.page;
        let (ReportMetrics::Range(window), Direction::Desc, None) = (request.metrics, direction, after) else {
            return Ok(None);
        };
        let wanted = u64::from(*limit).saturating_add(request.offset).saturating_add(1);
        if wanted > MOST_LOOKED_FOR {
            return Ok(None);
        }
        let mut filter = conditions.clone();
        let Some(bounded) =
            bounds::posts(*order_by, &request.card, window, joins, &mut filter, is_postgres(&self.store.read))
        else {
            return Ok(None);
        };
        let candidates = i64::try_from(wanted.saturating_mul(CANDIDATES_FOR_EACH)).unwrap_or(i64::MAX);
        let mut first = filter.clone();
        let which = format!("WHERE bound IS NOT NULL ORDER BY bound DESC LIMIT {}", first.bind(candidates + 1));
        let mut found = self.candidates(&bounded, &which, first, request, expression).await?;
        // One more than is shown is beyond what all others can be, so that the order is certain to its end.
        let is_whole = found.len() > usize::try_from(*limit).unwrap_or(usize::MAX);
        let Some(last) = found.last().filter(|_| is_whole) else { return Ok(None) };
        if last.candidates > candidates && !last.is_beyond() {
            let which = format!("WHERE bound > {}", filter.bind(last.most_of_no_use()));
            found = self.candidates(&bounded, &which, filter, request, expression).await?;
        }
        found.pop();
        let rows: Vec<Placed> = found.into_iter().map(|it| Placed { id: it.id, sort_key: Some(it.sort_key) }).collect();
        let next = rows.last().map(Placed::position);
        Ok(Some(Page { rows, next, total: None }))
    }

    /// The page, and one post more, of those of the `bounded` posts that `which` chooses.
    async fn candidates(
        &self,
        bounded: &str,
        which: &str,
        mut filter: Filter,
        request: &ReportRequest,
        expression: &Expression,
    ) -> Result<Vec<Candidate>, StoreError> {
        let read = &self.store.read;
        let numbers = Numbers::of(request.metrics, &mut filter, is_postgres(read));
        let (page, skip) = (
            filter.bind(i64::from(request.page.limit) + 1),
            filter.bind(i64::try_from(request.offset).unwrap_or(i64::MAX)),
        );
        let once = once(is_postgres(read));
        let sql = format!(
            "WITH c AS (SELECT * FROM ({bounded}) b {which}), s AS (SELECT COUNT(*) AS candidates, MIN(bound) AS bound FROM c) \
             SELECT id, sort_key, (SELECT candidates FROM s) AS candidates, (SELECT bound FROM s) AS bound \
             FROM (SELECT n.id, {} AS sort_key FROM (SELECT t.id, t.platform, {} FROM c t{}{once}) n{once}) k \
             WHERE sort_key IS NOT NULL ORDER BY sort_key DESC, id DESC LIMIT {page} OFFSET {skip}",
            expression.text,
            numbers.columns(expression.of),
            numbers.joins,
        );
        rows(read, &sql, filter.values()).await
    }
}

/// The condition on what comes after a position in an order with nulls last.
fn begins_after(conditions: &mut Filter, after: Option<&Position>, direction: Direction) -> String {
    let comparison = match direction {
        Direction::Asc => ">",
        Direction::Desc => "<",
    };
    let Some(Position { key, id }) = after else { return String::new() };
    let id = match id {
        RowId::Integer(id) => conditions.bind(*id),
        RowId::Uuid(id) => conditions.bind(*id),
    };
    match key {
        SortKey::Number(Some(key)) => {
            let key = conditions.bind(*key);
            format!(
                "WHERE sort_key IS NULL OR sort_key {comparison} {key} OR (sort_key = {key} AND id {comparison} {id})"
            )
        }
        SortKey::Number(None) | SortKey::Text(_) => format!("WHERE sort_key IS NULL AND id {comparison} {id}"),
    }
}
