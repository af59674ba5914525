//! Posts in order: the ids of a page, by what is known of the posts or by what they gained.

use sea_orm::FromQueryResult;

use super::matching::Matching;
use super::numbers::{ENGAGEMENT, ENGAGEMENT_RATE, Numbers, rough_tmv, tmv};
use super::{ReportMetrics, ReportOrder, ReportRequest};
use crate::listing::{self, Listing, SortColumn};
use crate::paging::{Direction, Page, PageRequest, Position, RowId, SortKey};
use crate::sql::{Filter, is_postgres, once, rows};
use crate::{StoreError, Tenant};

/// A post in its place.
#[derive(FromQueryResult)]
pub struct Placed {
    pub id: i64,
    pub sort_key: Option<i64>,
}

impl Placed {
    pub const fn position(&self) -> Position {
        Position { key: SortKey::Number(self.sort_key), id: RowId::Integer(self.id) }
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
pub struct Expression {
    text: String,
    /// What is in it more than once: `n.parts`, also an expression over the numbers.
    parts: Option<String>,
    /// The numbers that are in it, as their columns begin.
    pub of: &'static [&'static str],
}

impl Expression {
    /// Each of the rows `numbers` as an id with what it is sorted by.
    pub fn keys(&self, numbers: &str, is_postgres: bool) -> String {
        let once = once(is_postgres);
        let Self { text, parts, of: _ } = self;
        let numbers = match parts {
            Some(parts) => format!("SELECT n.*, {parts} AS parts FROM ({numbers}) n{once}"),
            None => numbers.to_owned(),
        };
        format!("SELECT n.id, {text} AS sort_key FROM ({numbers}) n{once}")
    }
}

impl Order {
    fn of(request: &ReportRequest) -> Self {
        let is_range = request.metrics != ReportMetrics::Lifetime;
        let by = |column: &'static str, text: String, of| {
            if is_range {
                Self::Expression(Expression { text, parts: None, of })
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
            ReportOrder::EngagementRate if is_range => Self::Expression(Expression {
                text: ENGAGEMENT_RATE.to_owned(),
                parts: Some(ENGAGEMENT.to_owned()),
                of: &["view", "like", "comment", "share"],
            }),
            ReportOrder::EngagementRate => {
                let column = "t.engagement_rate";
                Self::Column { select: column, sort: SortColumn::NullableNumber(column) }
            }
            ReportOrder::Tmv => Self::Expression(Expression {
                text: tmv(&request.card, request.metrics),
                parts: Some(rough_tmv(&request.card)),
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
        let of_posts = Numbers::of_posts(request.metrics, expression.of, &joins, &mut conditions, is_postgres(read));
        let begins = begins_after(&mut conditions, after.as_ref(), *direction);
        let most = conditions.bind(i64::from(*limit) + 1);
        let skip = conditions.bind(i64::try_from(request.offset).unwrap_or(i64::MAX));
        let word = match direction {
            Direction::Asc => "ASC",
            Direction::Desc => "DESC",
        };
        let sql = format!(
            "SELECT id, sort_key FROM ({}) k {begins} ORDER BY sort_key {word} NULLS LAST, id {word} LIMIT {most} OFFSET {skip}",
            expression.keys(&of_posts, is_postgres(read))
        );
        let mut found = rows::<Placed>(read, &sql, conditions.values()).await?;
        let wanted = usize::try_from(*limit).unwrap_or(usize::MAX);
        let has_next = found.len() > wanted;
        found.truncate(wanted);
        let next = if has_next { found.last().map(Placed::position) } else { None };
        Ok(Page { rows: found, next, total })
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
