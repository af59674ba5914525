//! `/v2/search`: everything that an organization tracks, by a piece of text.

use crate::call::Call;
use crate::respond::{Answer, JSON, fetched, json_bytes, tag_of};
use crate::views::search::{MetaOut, SearchOut, SearchParams, search_query};

/// Search.
///
/// Looks for `q` in the handles and names of accounts, in the names of creators, and in the captions and author handles of posts, of those that you
/// added by hand and of those in the feeds of your accounts; a post that is both is there as both. Case, accents and width make no difference, and
/// any other sign is a letter like others: `cafe` finds `Café`, `STRASSE` finds `straße`, `100%` finds `100%`. In Unicode's words both
/// sides are decomposed (NFKD), marks and what is not to be seen are dropped, case is folded, and white space is one space.
///
/// In each section whole names come first, then names that begin with `q`, then all others, each by followers or views. What a page says is
/// found once it was read for you, an account's handle and, by it, what its feed shows from the beginning. A `q` without three letters or digits in a row is looked for in the names that are `q`, in those that begin with it (from two
/// letters on), and otherwise among your 1,000 with most followers or views; one without any letter or digit among these alone.
#[utoipa::path(
    get, path = "/v2/search", operation_id = "search", tag = "search",
    params(SearchParams),
    responses((status = 200, description = "What was found. A blank `q` finds nothing.", body = SearchOut))
)]
pub(crate) async fn search(call: Call) -> Answer {
    let (q, limit) = search_query(call.query())?;
    let results = call.tenant()?.search(&q, limit, call.now()).await?;
    let tag = tag_of(&(&results, &q, limit));
    fetched(call.headers(), &tag, JSON, || json_bytes(&SearchOut::new(results, MetaOut::new(q, limit))))
}
