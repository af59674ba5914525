//! Which posts belong to a collection.

use domain::{CollectionId, CollectionKind, MemberType, OrganizationId};

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
    // Members of one type each, so that the planner knows how many there are.
    let members = |of: MemberType, join: &str| {
        format!("FROM collection_members m {join} WHERE m.collection_id = {id} AND m.member_type = '{}'", of.as_str())
    };
    let by_itself = [
        members(MemberType::Video, "JOIN videos v ON v.id = m.video_id"),
        members(MemberType::AccountVideo, "JOIN account_videos v ON v.id = m.account_video_id"),
    ];
    let by_hand = format!(
        "JOIN posts p ON p.profile_id = a.profile_id JOIN videos v ON v.post_id = p.id AND v.organization_id = {organization}"
    );
    let by_account = [
        (MemberType::Account, "JOIN accounts a ON a.id = m.account_id"),
        (MemberType::Creator, "JOIN accounts a ON a.creator_id = m.creator_id"),
    ]
    .map(|(of, accounts)| {
        let in_feeds = members(of, &format!("{accounts} JOIN account_videos v ON v.account_id = a.id"));
        let by_hand = members(of, &format!("{accounts} {by_hand}")) + " AND v.first_scrape_at IS NOT NULL";
        [in_feeds, by_hand]
    });
    let posts = by_itself.iter().chain(by_account.iter().flatten());
    let posts: Vec<_> = posts.map(|from| format!("SELECT v.post_id {from}")).collect();
    conditions.and_plain(&format!(
        "EXISTS (SELECT 1 FROM collections c WHERE c.id = {id} AND c.organization_id = {organization} AND c.kind = {kind}) \
         AND {table}.post_id IN ({})",
        posts.join(" UNION ALL ")
    ));
}
