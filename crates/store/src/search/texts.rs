//! Keeping what is searched exact: for each tracking row and creator, the folded texts that its organization may see.
//!
//! `names` holds names, each between two [`APART`]s, so that one pattern tells how a name matches; `words` holds captions. What a page said
//! is in them from the organization's own first read on, as everywhere. The texts are written at the end of the transaction that
//! changes what they are made of, after the locks of the tracking rows; what has not changed is not touched.

use domain::{CreatorId, OrganizationId, fold};
use sea_orm::{ConnectionTrait, FromQueryResult, Value};
use uuid::Uuid;

use crate::StoreError;
use crate::sql::{execute, places, rows, values};

/// Keeps names apart. A control character, which no folded text has.
pub const APART: char = '\u{1f}';

/// What an account `a` of the profile `p` is found by.
fn account_names() -> String {
    format!(
        "'{APART}' || a.username_folded || '{APART}' \
         || CASE WHEN a.first_scrape_at IS NOT NULL THEN COALESCE(p.name_folded || '{APART}', '') ELSE '' END"
    )
}

/// What an account video `t` of the account `a` with the post `p` is found by, beside its caption.
fn account_video_names() -> String {
    format!(
        "'{APART}' || a.username_folded || '{APART}' \
         || CASE WHEN t.first_scrape_at IS NOT NULL AND p.author_folded <> a.username_folded \
         THEN p.author_folded || '{APART}' ELSE '' END"
    )
}

const ACCOUNT_VIDEO_WORDS: &str =
    "CASE WHEN t.first_scrape_at IS NOT NULL THEN COALESCE(p.description_folded, '') ELSE '' END";

/// Brings the texts of accounts up to date, and those of their posts, which are found by the account's handle as well. `which` is a condition
/// on accounts `a`.
pub async fn follow_accounts(
    connection: &impl ConnectionTrait,
    which: &str,
    values: Vec<Value>,
) -> Result<(), StoreError> {
    #[derive(FromQueryResult)]
    struct Changed {
        target_id: Uuid,
    }
    let names = account_names();
    let sql = format!(
        "INSERT INTO account_texts (target_id, organization_id, names) SELECT a.id, a.organization_id, {names} FROM accounts a \
         JOIN profiles p ON p.id = a.profile_id WHERE {which} AND NOT EXISTS \
         (SELECT 1 FROM account_texts x WHERE x.target_id = a.id AND x.names = {names}) ORDER BY a.id \
         ON CONFLICT (target_id) DO UPDATE SET names = excluded.names RETURNING target_id"
    );
    let changed = rows::<Changed>(connection, &sql, values).await?;
    if changed.is_empty() {
        return Ok(());
    }
    let which = format!("t.account_id IN ({})", places(1, changed.len()));
    let accounts = changed.into_iter().map(|row| row.target_id.into()).collect();
    follow_account_videos(connection, &which, accounts).await
}

/// The same for accounts that were made just now, of which nothing is read yet and no posts are known. `which` is a condition on accounts.
pub async fn add_accounts(
    connection: &impl ConnectionTrait,
    which: &str,
    values: Vec<Value>,
) -> Result<(), StoreError> {
    let sql = format!(
        "INSERT INTO account_texts (target_id, organization_id, names) \
         SELECT id, organization_id, '{APART}' || username_folded || '{APART}' FROM accounts WHERE {which}"
    );
    execute(connection, &sql, values).await?;
    Ok(())
}

/// Brings the texts of these posts up to date, for everybody who tracks them.
pub async fn follow_posts(connection: &impl ConnectionTrait, posts: &[i64]) -> Result<(), StoreError> {
    if posts.is_empty() {
        return Ok(());
    }
    let ids = || posts.iter().map(|id| Value::from(*id)).collect::<Vec<_>>();
    let list = places(1, posts.len());
    let names = format!("'{APART}' || COALESCE(p.author_folded || '{APART}', '')");
    let words = "COALESCE(p.description_folded, '')";
    let sql = format!(
        "INSERT INTO video_texts (target_id, organization_id, names, words) SELECT t.id, t.organization_id, {names}, {words} \
         FROM videos t JOIN posts p ON p.id = t.post_id WHERE t.post_id IN ({list}) AND t.first_scrape_at IS NOT NULL AND NOT EXISTS \
         (SELECT 1 FROM video_texts x WHERE x.target_id = t.id AND x.names = {names} AND x.words = {words}) ORDER BY t.id \
         ON CONFLICT (target_id) DO UPDATE SET names = excluded.names, words = excluded.words"
    );
    execute(connection, &sql, ids()).await?;
    follow_account_videos(connection, &format!("t.post_id IN ({list})"), ids()).await
}

/// `which` is a condition on account videos `t`.
async fn follow_account_videos(
    connection: &impl ConnectionTrait,
    which: &str,
    values: Vec<Value>,
) -> Result<(), StoreError> {
    let (names, words) = (account_video_names(), ACCOUNT_VIDEO_WORDS);
    let sql = format!(
        "INSERT INTO account_video_texts (target_id, organization_id, names, words) SELECT t.id, t.organization_id, {names}, {words} \
         FROM account_videos t JOIN accounts a ON a.id = t.account_id JOIN posts p ON p.id = t.post_id WHERE {which} AND NOT EXISTS \
         (SELECT 1 FROM account_video_texts x WHERE x.target_id = t.id AND x.names = {names} AND x.words = {words}) ORDER BY t.id \
         ON CONFLICT (target_id) DO UPDATE SET names = excluded.names, words = excluded.words"
    );
    execute(connection, &sql, values).await?;
    Ok(())
}

/// What a creator is found by from now on.
pub async fn name_creator(
    connection: &impl ConnectionTrait,
    organization: OrganizationId,
    id: CreatorId,
    name: &str,
) -> Result<(), StoreError> {
    execute(
        connection,
        "INSERT INTO creator_texts (target_id, organization_id, names) VALUES ($1, $2, $3) \
         ON CONFLICT (target_id) DO UPDATE SET names = excluded.names",
        values![id.0, organization.0, format!("{APART}{}{APART}", fold(name))],
    )
    .await?;
    Ok(())
}
