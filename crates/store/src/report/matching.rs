//! Which posts are reported on.

use domain::{CollectionKind, MediaType, OrganizationId, Platform, PostSource, PostStatus, Window};

use super::ReportFilter;
use super::belonging::posts_of_accounts;
use crate::collections::belongs_to;
use crate::sql::Filter;

/// The posts that match: the joins beside tracked posts `t`, and the conditions.
pub struct Matching {
    pub joins: String,
    pub conditions: Filter,
    has_post: bool,
}

/// What join gives the facts of a post.
pub const POST: &str = " JOIN posts p ON p.id = t.post_id";

/// The condition under which the organization itself knows where the post stands: it read it, or tried to.
pub const IS_TOLD: &str = "(t.first_scrape_at IS NOT NULL OR t.tried_at IS NOT NULL)";

impl Matching {
    /// The posts of the organization that match.
    pub fn of(organization: OrganizationId, filter: &ReportFilter, is_postgres: bool) -> Self {
        let ReportFilter {
            platform,
            media_type,
            source,
            status,
            account_id,
            creator_id,
            project_id,
            group_id,
            published,
            read,
        } = filter;
        let mut conditions = Filter::new("t.organization_id = $1", organization.0);
        conditions.and_if("t.platform = ?", platform.map(Platform::as_str));
        if let Some(window) = published {
            conditions.and("t.create_time >= ?", window.first().start().as_millis());
            conditions.and("t.create_time < ?", window.last().plus(1).start().as_millis());
        }
        if let Some(window) = read {
            read_in(&mut conditions, *window);
        }
        for (column, id) in [("a.id", account_id.map(|id| id.0)), ("a.creator_id", creator_id.map(|id| id.0))] {
            if let Some(id) = id {
                let place = conditions.bind(id);
                conditions.and_plain(&format!("t.post_id IN ({})", posts_of_accounts(&format!("{column} = {place}"))));
            }
        }
        for (kind, id) in [(CollectionKind::Project, *project_id), (CollectionKind::Group, *group_id)] {
            if let Some(id) = id {
                belongs_to(&mut conditions, "t", organization, kind, id);
            }
        }
        if let Some(source) = source {
            conditions.and_plain(&came_by(*source, is_postgres));
        }
        let mut joins = String::new();
        let has_post = media_type.is_some() || status.is_some();
        if has_post {
            joins.push_str(POST);
        }
        if let Some(media_type) = media_type {
            conditions.and("p.media_type = ?", MediaType::as_str(*media_type));
            conditions.and_plain("t.first_scrape_at IS NOT NULL");
        }
        if let Some(status) = status {
            let place = conditions.bind(status.as_str());
            // What the post says is somebody else's until the organization's own first attempt, and until then it is live.
            let or_untold = if *status == PostStatus::Live { format!("OR NOT {IS_TOLD}") } else { String::new() };
            conditions.and_plain(&format!("(({IS_TOLD} AND p.status = {place}) {or_untold})"));
        }
        Self { joins, conditions, has_post }
    }

    /// Joins the post's facts `p`, if they are not joined already.
    pub fn join_post(&mut self) {
        if !self.has_post {
            self.joins.push_str(POST);
            self.has_post = true;
        }
    }
}

/// The newest day by the end of the window is not before it. Most windows reach beyond a post's newest day, which the post itself knows. Whoever asks
/// otherwise has PostgreSQL walk through all days there are once it plans for any window.
fn read_in(conditions: &mut Filter, window: Window) {
    let (first, last) = (conditions.bind(window.first().number()), conditions.bind(window.last().number()));
    conditions.and_plain(&format!(
        "CASE WHEN t.last_day <= {last} THEN t.last_day WHEN t.first_day <= {last} THEN \
         (SELECT MAX(x.day) FROM post_days x WHERE x.tracked_post_id = t.id AND x.day <= {last}) END >= {first}"
    ));
}

/// The value of `source` in the notes of a video `h`.
pub const fn noted_source(is_postgres: bool) -> &'static str {
    if is_postgres {
        "CAST(h.metadata AS JSON) ->> 'source'"
    } else {
        "CAST(json_extract(h.metadata, '$.source') AS TEXT)"
    }
}

/// The condition for how a post came to be tracked. Every post has one source: one that somebody added by hand was not discovered.
fn came_by(source: PostSource, is_postgres: bool) -> String {
    let by_hand = "(SELECT 1 FROM videos h WHERE h.organization_id = $1 AND h.post_id = t.post_id";
    let (noted, brand) = (noted_source(is_postgres), PostSource::BrandInitiated.as_str());
    match source {
        PostSource::AutoDiscovered => format!("NOT EXISTS {by_hand})"),
        PostSource::Submitted => format!("EXISTS {by_hand} AND COALESCE({noted}, '') <> '{brand}')"),
        PostSource::BrandInitiated => format!("EXISTS {by_hand} AND {noted} = '{brand}')"),
    }
}
