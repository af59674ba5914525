//! The first few of many posts: what gained most, without looking up every post.

use domain::Window;
use sea_orm::FromQueryResult;

use super::bounds::{self, Indexed, Taken};
use super::numbers::Numbers;
use super::order::{Expression, Placed};
use super::{ReportMetrics, ReportOrder, ReportRequest};
use crate::paging::{Direction, Page, PageRequest};
use crate::sql::{Filter, is_postgres, once, rows};
use crate::{StoreError, Tenant};

/// For the first so many posts it is tried to look up few.
const MOST_LOOKED_FOR: u64 = 2_000;

/// Posts that are looked up first for each one that is wanted.
const CANDIDATES_FOR_EACH: u64 = 8;

/// A post that may be among the first, beside whether there are others that were not looked up, and the most that one of them could be.
#[derive(FromQueryResult)]
struct Candidate {
    id: i64,
    sort_key: i64,
    others: i32,
    bound: Option<f64>,
}

impl Candidate {
    /// Whether it is more than all could be that were not looked up. The bound is a fraction, so it is kept off by more than its error.
    fn is_beyond(&self) -> bool {
        self.others == 0 || self.bound.is_some_and(|bound| self.most_of_no_use() > bound)
    }

    /// A post that is at most this is behind it.
    #[expect(clippy::cast_precision_loss, reason = "the comparison leaves room for it")]
    fn most_of_no_use(&self) -> f64 {
        let key = self.sort_key as f64;
        key - key.abs() * 1e-9 - 1.0
    }
}

impl ReportRequest {
    /// The posts up to the page's end, and one more: what is beyond all that the others can be makes the order certain to its end.
    fn wanted(&self) -> u64 {
        u64::from(self.page.limit).saturating_add(self.offset).saturating_add(1)
    }

    /// Posts that are looked up first.
    fn looked_up(&self) -> i64 {
        whole_number(self.wanted().saturating_mul(CANDIDATES_FOR_EACH))
    }
}

fn whole_number(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Whether there is one more than is shown.
fn is_whole(found: &[Candidate], limit: u32) -> bool {
    found.len() > usize::try_from(limit).unwrap_or(usize::MAX)
}

impl Tenant {
    /// The first page of what gained most, without looking up every post. First those are looked up that may have gained most, by an index where
    /// there is one. If others may have gained as much as the last that is wanted of them, then all that may have. `None` where nothing can be told
    /// beforehand.
    pub(super) async fn first_few(
        &self,
        joins: &str,
        conditions: &Filter,
        request: &ReportRequest,
        expression: &Expression,
    ) -> Result<Option<Page<Placed>>, StoreError> {
        let PageRequest { direction, after, .. } = &request.page;
        let (ReportMetrics::Range(window), Direction::Desc, None) = (request.metrics, direction, after) else {
            return Ok(None);
        };
        if request.wanted() > MOST_LOOKED_FOR {
            return Ok(None);
        }
        let few = match self.first_by_index(joins, conditions, request, window, expression).await? {
            Some(found) => Some(found),
            None => self.first_by_bound(joins, conditions, request, window, expression).await?,
        };
        Ok(few.map(|mut found| {
            found.pop();
            let placed = |it: Candidate| Placed { id: it.id, sort_key: Some(it.sort_key) };
            let rows: Vec<Placed> = found.into_iter().map(placed).collect();
            let next = rows.last().map(Placed::position);
            Page { rows, next, total: None }
        }))
    }

    /// The page, and one post more, by an index that bounds what is sorted by. `None` where there is none, and where it gives fewer.
    async fn first_by_index(
        &self,
        joins: &str,
        conditions: &Filter,
        request: &ReportRequest,
        window: Window,
        expression: &Expression,
    ) -> Result<Option<Vec<Candidate>>, StoreError> {
        let mut filter = conditions.clone();
        let page = &request.page;
        if page.order_by == ReportOrder::EngagementRate {
            let tables = bounds::rates(window, joins, &mut filter, whole_number(request.wanted()));
            let found = self.candidates(&tables, filter, request, expression).await?;
            return Ok(Some(found).filter(|found| is_whole(found, page.limit)));
        }
        let Some(indexed) = Indexed::of(page.order_by, &request.card) else { return Ok(None) };
        let tables = indexed.posts(Taken::Most(request.looked_up()), window, joins, &mut filter);
        let found = self.candidates(&tables, filter, request, expression).await?;
        match found.last().filter(|_| is_whole(&found, page.limit)) {
            None => Ok(None),
            Some(last) if last.is_beyond() => Ok(Some(found)),
            Some(last) => {
                let mut filter = conditions.clone();
                let tables = indexed.posts(Taken::Above(last.most_of_no_use()), window, joins, &mut filter);
                self.candidates(&tables, filter, request, expression).await.map(Some)
            }
        }
    }

    /// The same by what each post that matches can have at most.
    async fn first_by_bound(
        &self,
        joins: &str,
        conditions: &Filter,
        request: &ReportRequest,
        window: Window,
        expression: &Expression,
    ) -> Result<Option<Vec<Candidate>>, StoreError> {
        let (page, is_postgres) = (&request.page, is_postgres(&self.store.read));
        let mut conditions = conditions.clone();
        let Some(bounded) = bounds::posts(page.order_by, &request.card, window, joins, &mut conditions, is_postgres)
        else {
            return Ok(None);
        };
        let mut filter = conditions.clone();
        let most = filter.bind(request.looked_up());
        let tables = chosen(&bounded, &format!("ORDER BY bound DESC NULLS LAST LIMIT {most}"), &most);
        let found = self.candidates(&tables, filter, request, expression).await?;
        match found.last().filter(|_| is_whole(&found, page.limit)) {
            None => Ok(None),
            Some(last) if last.is_beyond() => Ok(Some(found)),
            Some(last) => {
                let which = format!("WHERE bound > {}", conditions.bind(last.most_of_no_use()));
                let tables = chosen(&bounded, &which, &conditions.bind(i64::MAX));
                self.candidates(&tables, conditions, request, expression).await.map(Some)
            }
        }
    }

    /// The page, and one post more, of the posts of the table `c` of `tables`.
    async fn candidates(
        &self,
        tables: &str,
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
        let of_posts = format!(
            "SELECT t.id, t.platform, {} FROM c t{}{}",
            numbers.columns(expression.of),
            numbers.joins,
            once(is_postgres(read))
        );
        let sql = format!(
            "{tables} SELECT k.id, k.sort_key, (SELECT others FROM s) AS others, (SELECT bound FROM s) AS bound FROM ({}) k \
             WHERE k.sort_key IS NOT NULL ORDER BY k.sort_key DESC, k.id DESC LIMIT {page} OFFSET {skip}",
            expression.keys(&of_posts, is_postgres(read))
        );
        rows(read, &sql, filter.values()).await
    }
}

/// Those of the `bounded` posts that `which` chooses, as tables for [`Tenant::candidates`]; there are others once they are `most`.
fn chosen(bounded: &str, which: &str, most: &str) -> String {
    format!(
        "WITH c AS (SELECT * FROM ({bounded}) b {which}), \
         s AS (SELECT CASE WHEN COUNT(*) < {most} THEN 0 ELSE 1 END AS others, MIN(bound) AS bound FROM c)"
    )
}
