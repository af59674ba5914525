//! Searching everything that an organization tracks.
//!
//! What matches is ranked by how a name matches (a whole name, the beginning of one, anything else) and then by followers or views. The work is
//! bounded whatever is asked for: a common text is found among the first of that ranking, and a rare one by index, which gives few. See
//! [`rank`].

mod rank;
pub mod texts;
mod wanted;

use domain::Timestamp;
use uuid::Uuid;

use self::rank::{ACCOUNT_VIDEOS, ACCOUNTS, CREATORS, Hit, Place, VIDEOS, ranked};
pub use self::wanted::Wanted;
use crate::account_videos::AccountVideoRow;
use crate::accounts::AccountRow;
use crate::creators;
use crate::merged::{Key, Keyed, rows_of};
use crate::seen::Viewed;
use crate::videos::VideoRow;
use crate::views::{Creator, FoundPost, SearchResults};
use crate::{StoreError, Tenant};

/// A condition of lists: the pattern `?` is found in `column` of the organization's (`$1`) texts of the rows `of`.
pub fn found_in(column: &str, texts: &str, of: &str) -> String {
    format!(
        "EXISTS (SELECT 1 FROM {texts} x WHERE x.target_id = {of}.id AND x.organization_id = $1 AND x.{column} LIKE ? ESCAPE '\\')"
    )
}

impl Tenant {
    /// The accounts, creators and posts in whose texts `q` is found, `limit` at most of each, the best first. Accounts are found by handle and
    /// name, creators by name, posts by caption and author. A blank `q` finds nothing.
    ///
    /// A `q` without three letters or digits in a row is looked for among the names that are or begin with it and, beyond those, among what has
    /// most followers or views.
    pub async fn search(&self, q: &str, limit: u32, now: Timestamp) -> Result<SearchResults, StoreError> {
        let Some(wanted) = Wanted::of(q) else { return Ok(SearchResults::default()) };
        let (read, organization, moment) = (&self.store.read, self.organization, self.store.moment(now));
        let most = usize::try_from(limit).unwrap_or(usize::MAX);
        let accounts = ranked::<Uuid>(read, &ACCOUNTS, organization, &wanted, limit).await?;
        let creators = ranked::<Uuid>(read, &CREATORS, organization, &wanted, limit).await?;
        let videos = ranked::<Uuid>(read, &VIDEOS, organization, &wanted, limit).await?;
        let account_videos = ranked::<i64>(read, &ACCOUNT_VIDEOS, organization, &wanted, limit).await?;

        let mut posts: Vec<(Place, FoundPost)> = Vec::new();
        for (place, row) in self.rows_of::<VideoRow>(&videos).await? {
            posts.push((place, FoundPost::Video(row.view(moment)?)));
        }
        for (place, row) in self.rows_of::<AccountVideoRow>(&account_videos).await? {
            posts.push((place, FoundPost::AccountVideo(row.view(moment)?)));
        }
        // Of those in one place, the ones that were added by hand stay first.
        posts.sort_by_key(|(place, _)| *place);
        posts.truncate(most);
        let accounts = self.rows_of::<AccountRow>(&accounts).await?;
        Ok(SearchResults {
            accounts: accounts.into_iter().map(|(_, row)| row.view(moment)).collect::<Result<_, _>>()?,
            creators: self.creators_of(&creators).await?,
            videos: posts.into_iter().map(|(_, post)| post).collect(),
        })
    }

    /// The rows of what was found, in its order; those that have gone meanwhile are left out.
    async fn rows_of<R: Keyed>(&self, hits: &[Hit<R::Id>]) -> Result<Vec<(Place, R)>, StoreError> {
        if hits.is_empty() {
            return Ok(Vec::new());
        }
        let key = |hit: &Hit<R::Id>| Key { organization: self.organization, id: hit.id };
        let keys: Vec<_> = hits.iter().map(key).collect();
        let mut found = rows_of::<R>(&self.store.read, &keys).await?;
        Ok(hits.iter().filter_map(|hit| Some((hit.place(), found.remove(&key(hit))?))).collect())
    }

    async fn creators_of(&self, hits: &[Hit<Uuid>]) -> Result<Vec<Creator>, StoreError> {
        if hits.is_empty() {
            return Ok(Vec::new());
        }
        let keys: Vec<_> = hits.iter().map(|hit| Key { organization: self.organization, id: hit.id }).collect();
        let mut found = creators::find(&self.store.read, &keys).await?;
        Ok(keys.iter().filter_map(|key| found.remove(key)).map(|(row, links)| row.view(links)).collect())
    }
}
