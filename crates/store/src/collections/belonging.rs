//! Which posts belong to a collection.

use domain::{CollectionId, CollectionKind, OrganizationId};

use crate::sql::Filter;

/// Adds the condition that a post belongs to a collection of the organization. `table` is the name by which the statement knows `videos` or
/// `account_videos`.
///
/// A post belongs to a collection when it is a member itself, or its account is, or its account's creator. What is asked of is the post, not the
/// row: an organization may track it by hand and find it in several feeds, and then all of these rows belong when one does, so that whoever counts
/// each post once may take any of them. Who made a post that was added by hand is not known before the organization's own first read of it.
///
/// The posts are looked up from the members, by index, so that a small collection costs little in a large organization. Another organization's
/// collection has no posts, and a project none under a group's name.
pub fn belongs_to(
    conditions: &mut Filter,
    table: &str,
    organization: OrganizationId,
    kind: CollectionKind,
    id: CollectionId,
) {
    let id = conditions.bind(id.0);
    let organization = conditions.bind(organization.0);
    let kind = conditions.bind(kind.as_str());
    conditions.and_plain(&format!(
        "{table}.post_id IN (WITH member AS (SELECT cm.creator_id, cm.account_id, cm.video_id, cm.account_video_id \
         FROM collections co JOIN collection_members cm ON cm.collection_id = co.id \
         WHERE co.id = {id} AND co.organization_id = {organization} AND co.kind = {kind}), \
         author AS (SELECT ma.id, ma.profile_id FROM member JOIN accounts ma ON ma.id = member.account_id \
         UNION SELECT ca.id, ca.profile_id FROM member JOIN accounts ca ON ca.creator_id = member.creator_id) \
         SELECT hv.post_id FROM member JOIN videos hv ON hv.id = member.video_id \
         UNION ALL SELECT fv.post_id FROM member JOIN account_videos fv ON fv.id = member.account_video_id \
         UNION ALL SELECT av.post_id FROM author JOIN account_videos av ON av.account_id = author.id \
         UNION ALL SELECT ov.post_id FROM author JOIN posts op ON op.profile_id = author.profile_id \
         JOIN videos ov ON ov.post_id = op.id AND ov.organization_id = {organization} WHERE ov.first_scrape_at IS NOT NULL)"
    ));
}
