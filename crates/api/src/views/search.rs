//! A search and what it found, on the wire.

use serde::Serialize;
use store::{FoundPost, SearchResults};
use utoipa::{IntoParams, ToSchema};

use crate::problem::Problem;
use crate::query::Query;
use crate::views::account::AccountOut;
use crate::views::creator::CreatorOut;
use crate::views::post::{AccountVideoOut, VideoOut};

/// Letters of `q`.
const MOST_LETTERS: usize = 128;
/// Entries of a section when the client does not say.
const DEFAULT_LIMIT: u32 = 10;
const MOST_ENTRIES: u32 = 25;

/// What to look for.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "the published form of what search_query reads")]
pub(crate) struct SearchParams {
    /// What to look for; nothing is found without it.
    #[param(max_length = 128)]
    q: Option<String>,
    /// Entries of each section.
    #[param(minimum = 1, maximum = 25, default = 10)]
    limit: Option<u32>,
}

/// Reads the query: what to look for, and the most entries of a section.
pub(crate) fn search_query(mut query: Query) -> Result<(String, u32), Problem> {
    let q = query.text_within("q", MOST_LETTERS);
    let limit = query.limit(MOST_ENTRIES);
    query.finish()?;
    Ok((q.unwrap_or_default(), limit.unwrap_or(DEFAULT_LIMIT)))
}

/// What a search found.
#[derive(Serialize, ToSchema)]
#[schema(as = Search)]
pub(crate) struct SearchOut {
    /// The sections, the best of each first.
    data: SectionsOut,
    /// What was looked for, and how much of it is shown.
    meta: MetaOut,
}

/// What a search found, by kind.
#[derive(Serialize, ToSchema)]
#[schema(as = SearchSections)]
struct SectionsOut {
    /// Accounts, by handle or name.
    accounts: Vec<AccountOut>,
    /// Creators, by name.
    creators: Vec<CreatorOut>,
    /// Posts, by caption or author: `type` says whether it is a `video` or an `account_video`.
    videos: Vec<FoundPostOut>,
}

/// A post, added by hand or found in a feed.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = SearchedPost)]
enum FoundPostOut {
    Video(VideoOut),
    AccountVideo(AccountVideoOut),
}

/// What was looked for, and how much of it is shown.
#[derive(Serialize, ToSchema)]
#[schema(as = SearchMeta)]
pub(crate) struct MetaOut {
    /// `q` as it came.
    query: String,
    /// `limit` in force.
    #[schema(minimum = 1, maximum = 25)]
    limit_per_section: u32,
    /// The most entries that each section has under it. Posts of both kinds share one.
    effective_caps: CapsOut,
}

/// The most entries of each section.
#[derive(Serialize, ToSchema)]
#[schema(as = SearchCaps)]
struct CapsOut {
    /// Accounts.
    #[schema(minimum = 1, maximum = 25)]
    accounts: u32,
    /// Creators.
    #[schema(minimum = 1, maximum = 25)]
    creators: u32,
    /// Posts.
    #[schema(minimum = 1, maximum = 25)]
    videos: u32,
}

impl MetaOut {
    pub(crate) const fn new(query: String, limit: u32) -> Self {
        let effective_caps = CapsOut { accounts: limit, creators: limit, videos: limit };
        Self { query, limit_per_section: limit, effective_caps }
    }
}

impl SearchOut {
    pub(crate) fn new(results: SearchResults, meta: MetaOut) -> Self {
        let SearchResults { accounts, creators, videos } = results;
        let data = SectionsOut {
            accounts: accounts.into_iter().map(AccountOut::from).collect(),
            creators: creators.into_iter().map(CreatorOut::from).collect(),
            videos: videos.into_iter().map(FoundPostOut::from).collect(),
        };
        Self { data, meta }
    }
}

impl From<FoundPost> for FoundPostOut {
    fn from(found: FoundPost) -> Self {
        match found {
            FoundPost::Video(video) => Self::Video(video.into()),
            FoundPost::AccountVideo(video) => Self::AccountVideo(video.into()),
        }
    }
}
