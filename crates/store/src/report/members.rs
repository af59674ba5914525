//! What posts come to for each creator.
//!
//! The conditions that say who (creator, account, project, group) choose the creators; all of them choose the posts that are summed. So a creator is
//! there also when no post of theirs matches.

use std::cmp::Reverse;
use std::collections::HashMap;

use domain::{CollectionKind, CreatorId, MediaType, OrganizationId, Platform, RateCard};
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::belonging::creators_of_posts;
use super::matching::Matching;
use super::numbers::{COUNTS, ENGAGEMENT, Numbers};
use super::sums::{Group, Sums, member};
use super::{ReportFilter, ReportMember, ReportMetrics, ReportNumbers, ReportOrder, ReportRequest, Stretch};
use crate::creators;
use crate::listing;
use crate::merged::{Key, padded};
use crate::paging::{Direction, Page, PageRequest, Position, RowId, SortKey};
use crate::sql::{Filter, is_postgres, once, rows};
use crate::{StoreError, Tenant};

#[derive(FromQueryResult)]
struct Candidate {
    id: Uuid,
    added_at: i64,
}

impl Tenant {
    /// A page of the creators that match, each with what its posts come to. To put them in order the posts of all are summed.
    pub async fn members_report(
        &self,
        filter: &ReportFilter,
        request: &ReportRequest,
    ) -> Result<Page<ReportMember>, StoreError> {
        let PageRequest { order_by: _, direction, after, limit, include_total } = &request.page;
        let read = &self.store.read;
        let conditions = creators_matching(self.organization, filter);
        let total =
            if *include_total { Some(listing::count(read, "FROM creators c", &conditions).await?) } else { None };
        let sql = format!("SELECT c.id, c.added_at FROM creators c WHERE {}", conditions.text());
        let candidates = rows::<Candidate>(read, &sql, conditions.values()).await?;
        let keys = self.sort_keys(filter, request, &candidates).await?;
        let mut places: Vec<Placed> = candidates
            .iter()
            .map(|candidate| Placed { key: keys.get(&candidate.id).copied(), id: candidate.id })
            .collect();
        match direction {
            // Nulls come last in both directions.
            Direction::Asc => places.sort_by_key(|place| (place.key.is_none(), place.key, place.id)),
            Direction::Desc => {
                places.sort_by_key(|place| (place.key.is_none(), Reverse(place.key), Reverse(place.id)));
            }
        }
        let skipped = usize::try_from(request.offset).unwrap_or(usize::MAX);
        let wanted = usize::try_from(*limit).unwrap_or(usize::MAX);
        let begin =
            after.as_ref().map_or(0, |after| places.partition_point(|place| !place.is_after(after, *direction)));
        let page = places.get(begin.saturating_add(skipped)..).unwrap_or_default();
        let shown = page.get(..wanted).unwrap_or(page);
        let next = if page.len() > shown.len() { shown.last().map(Placed::position) } else { None };
        let ids: Vec<Uuid> = shown.iter().map(|place| place.id).collect();
        let rows = self.dressed_members(filter, request.metrics, &request.card, &ids).await?;
        Ok(Page { rows, next, total })
    }

    /// Walks the creators that match in the order of their ids, `limit` at a time: those after the creator `after`.
    pub async fn report_members(
        &self,
        filter: &ReportFilter,
        metrics: ReportMetrics,
        card: &RateCard,
        after: Option<CreatorId>,
        limit: u32,
    ) -> Result<Stretch<ReportMember, CreatorId>, StoreError> {
        let mut conditions = creators_matching(self.organization, filter);
        conditions.and_if("c.id > ?", after.map(|id| id.0));
        let limit = conditions.bind(i64::from(limit));
        let sql =
            format!("SELECT c.id, c.added_at FROM creators c WHERE {} ORDER BY c.id LIMIT {limit}", conditions.text());
        let found = rows::<Candidate>(&self.store.read, &sql, conditions.values()).await?;
        let ids: Vec<Uuid> = found.iter().map(|found| found.id).collect();
        let rows = self.dressed_members(filter, metrics, card, &ids).await?;
        Ok(Stretch { rows, last: ids.last().copied().map(CreatorId) })
    }

    /// What creators are sorted by; those of whom it is not known are left out.
    async fn sort_keys(
        &self,
        filter: &ReportFilter,
        request: &ReportRequest,
        candidates: &[Candidate],
    ) -> Result<HashMap<Uuid, i64>, StoreError> {
        let of: fn(&ReportNumbers) -> Option<i64> = match request.page.order_by {
            ReportOrder::CreateTime => return Ok(candidates.iter().map(|it| (it.id, it.added_at)).collect()),
            ReportOrder::Impressions | ReportOrder::ViewTime => return Ok(HashMap::new()),
            ReportOrder::Views => |numbers| numbers.counts.view_count,
            ReportOrder::Likes => |numbers| numbers.counts.like_count,
            ReportOrder::Comments => |numbers| numbers.counts.comment_count,
            ReportOrder::Shares => |numbers| numbers.counts.share_count,
            ReportOrder::Engagements => |numbers| numbers.engagements,
            ReportOrder::EngagementRate => |numbers| numbers.engagement_rate,
            ReportOrder::Tmv => |numbers| numbers.tmv,
        };
        let mut sums: HashMap<Uuid, Sums> = HashMap::new();
        for group in self.groups(filter, request.metrics, None, false).await? {
            let (_, _, of_group) = group.read(&request.card)?;
            sums.entry(group.creator_id).or_default().add(&of_group);
        }
        Ok(sums.iter().filter_map(|(id, sums)| Some((*id, of(&sums.numbers())?))).collect())
    }

    /// These creators as they are reported, in this order. One that has gone meanwhile is left out.
    async fn dressed_members(
        &self,
        filter: &ReportFilter,
        metrics: ReportMetrics,
        card: &RateCard,
        ids: &[Uuid],
    ) -> Result<Vec<ReportMember>, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let keys: Vec<Key<Uuid>> = ids.iter().map(|id| Key { organization: self.organization, id: *id }).collect();
        let mut found = creators::find(&self.store.read, &keys).await?;
        let mut groups: HashMap<Uuid, Vec<(Platform, Option<MediaType>, Sums)>> = HashMap::new();
        for group in self.groups(filter, metrics, Some(ids), true).await? {
            groups.entry(group.creator_id).or_default().push(group.read(card)?);
        }
        let is_range = metrics != ReportMetrics::Lifetime;
        let members = keys.iter().filter_map(|key| {
            let (row, links) = found.remove(key)?;
            Some(member(row.view(links), groups.remove(&key.id).unwrap_or_default(), is_range))
        });
        Ok(members.collect())
    }

    /// What the posts that match come to, for each creator and platform, and by what they are made of if that is wanted.
    async fn groups(
        &self,
        filter: &ReportFilter,
        metrics: ReportMetrics,
        creators: Option<&[Uuid]>,
        by_media_type: bool,
    ) -> Result<Vec<Group>, StoreError> {
        let read = &self.store.read;
        let mut matching = Matching::of(self.organization, filter, is_postgres(read));
        if by_media_type {
            matching.join_post();
        }
        let Matching { joins, mut conditions, .. } = matching;
        let whose = match (creators, filter.creator_id) {
            (Some(ids), _) => {
                let places: Vec<_> = padded(ids.to_vec()).into_iter().map(|id| conditions.bind(id)).collect();
                format!("a.creator_id IN ({})", places.join(", "))
            }
            (None, Some(id)) => format!("a.creator_id = {}", conditions.bind(id.0)),
            (None, None) => "a.creator_id IS NOT NULL".to_owned(),
        };
        let numbers = Numbers::of(metrics, &mut conditions, is_postgres(read));
        let once = once(is_postgres(read));
        let media_type = if by_media_type {
            "CASE WHEN t.first_scrape_at IS NOT NULL THEN p.media_type END"
        } else {
            "CAST(NULL AS TEXT)"
        };
        let sums = COUNTS.map(|metric| {
            format!(
                "CAST(SUM(n.{metric}_count) AS BIGINT) AS {metric}_count, COUNT(n.{metric}_count) AS {metric}_posts"
            )
        });
        let is_rated = "n.view_count IS NOT NULL AND n.engagement IS NOT NULL";
        let sql = format!(
            "SELECT n.creator_id, n.platform, n.media_type, COUNT(*) AS posts, \
             COUNT(CASE WHEN COALESCE({}) IS NOT NULL THEN 1 END) AS counted, \
             COUNT(CASE WHEN n.observed_days > 0 THEN 1 END) AS observed, COUNT(n.first_scrape_at) AS posts_read, {}, \
             CAST(SUM(n.engagement) AS BIGINT) AS engagement, \
             CAST(SUM(CASE WHEN {is_rated} THEN n.engagement END) AS BIGINT) AS rated_engagement, \
             CAST(SUM(CASE WHEN {is_rated} THEN n.view_count END) AS BIGINT) AS rated_views \
             FROM (SELECT n.*, {ENGAGEMENT} AS engagement FROM (SELECT m.creator_id, t.platform, t.first_scrape_at, {media_type} AS media_type, {}, \
             {} AS observed_days FROM ({}) m JOIN tracked_posts t ON t.organization_id = $1 AND t.post_id = m.post_id{joins}{} \
             WHERE {}{once}) n{once}) n GROUP BY n.creator_id, n.platform, n.media_type",
            COUNTS.map(|metric| format!("n.{metric}_count")).join(", "),
            sums.join(", "),
            numbers.columns(&COUNTS),
            numbers.observed_days(),
            creators_of_posts(&whose),
            numbers.joins,
            conditions.text(),
        );
        rows(read, &sql, conditions.values()).await
    }
}

/// The creators `c` that the conditions that say who choose.
fn creators_matching(organization: OrganizationId, filter: &ReportFilter) -> Filter {
    let ReportFilter {
        account_id,
        creator_id,
        project_id,
        group_id,
        platform: _,
        media_type: _,
        source: _,
        status: _,
        published: _,
        read: _,
    } = filter;
    let mut conditions = Filter::new("c.organization_id = $1", organization.0);
    conditions.and_if("c.id = ?", creator_id.map(|id| id.0));
    conditions.and_if("c.id IN (SELECT a.creator_id FROM accounts a WHERE a.id = ?)", account_id.map(|id| id.0));
    for (kind, id) in [(CollectionKind::Project, project_id), (CollectionKind::Group, group_id)] {
        let Some(id) = id else { continue };
        let (id, kind) = (conditions.bind(id.0), conditions.bind(kind.as_str()));
        let of = |column: &str, join: &str| {
            format!(
                "SELECT {column} FROM collection_members m {join} WHERE m.collection_id = {id} AND {column} IS NOT NULL"
            )
        };
        // Whose the post of a member `x` is: everybody's in whose feeds it stands, and its author's where it was added by hand.
        let in_feeds = "JOIN account_videos v ON v.post_id = x.post_id AND v.organization_id = x.organization_id \
             JOIN accounts a ON a.id = v.account_id";
        let by_hand = "JOIN videos h ON h.post_id = x.post_id AND h.organization_id = x.organization_id \
             AND h.first_scrape_at IS NOT NULL JOIN posts q ON q.id = h.post_id \
             JOIN accounts a ON a.profile_id = q.profile_id AND a.organization_id = x.organization_id";
        // A creator belongs with what belongs to them: themselves, their accounts, and their posts.
        let members = [
            of("m.creator_id", ""),
            of("a.creator_id", "JOIN accounts a ON a.id = m.account_id"),
            of("a.creator_id", &format!("JOIN account_videos x ON x.id = m.account_video_id {in_feeds}")),
            of("a.creator_id", &format!("JOIN account_videos x ON x.id = m.account_video_id {by_hand}")),
            of("a.creator_id", &format!("JOIN videos x ON x.id = m.video_id {in_feeds}")),
            of("a.creator_id", &format!("JOIN videos x ON x.id = m.video_id {by_hand}")),
        ];
        conditions.and_plain(&format!(
            "EXISTS (SELECT 1 FROM collections k WHERE k.id = {id} AND k.organization_id = $1 AND k.kind = {kind}) \
             AND c.id IN ({})",
            members.join(" UNION ALL ")
        ));
    }
    conditions
}

/// A creator in its place.
struct Placed {
    key: Option<i64>,
    id: Uuid,
}

impl Placed {
    const fn position(&self) -> Position {
        Position { key: SortKey::Number(self.key), id: RowId::Uuid(self.id) }
    }

    /// Whether its place is after that of the last row of the page before.
    fn is_after(&self, after: &Position, direction: Direction) -> bool {
        let key = match after.key {
            SortKey::Number(key) => key,
            SortKey::Text(_) => None,
        };
        let id = match after.id {
            RowId::Uuid(id) => id,
            RowId::Integer(_) => Uuid::nil(),
        };
        let (own, other) = ((self.key, self.id), (key, id));
        match (self.key.is_none().cmp(&key.is_none()), direction) {
            (std::cmp::Ordering::Equal, Direction::Asc) => own > other,
            (std::cmp::Ordering::Equal, Direction::Desc) => own < other,
            (nulls, _) => nulls.is_gt(),
        }
    }
}
