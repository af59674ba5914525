//! `/v2/requests`: the calls themselves, for whoever has to find out what became of one.

use domain::RequestId;

use crate::call::Call;
use crate::problem::Problem;
use crate::respond::{Answer, Envelope};
use crate::views::request::RequestOut;

/// Look up a call by its request id.
///
/// Every call leaves a record under the `X-Request-ID` of its answer: who made it, how it was answered, and what the workers made of it. It can
/// be found within a second and for as long as the operator keeps it. Calls without a good key leave none that you could see.
#[utoipa::path(
    get, path = "/v2/requests/{request_id}", operation_id = "read_request", tag = "requests",
    params(("request_id" = String, Path, description = "The `X-Request-ID` of an answer.", min_length = 1, max_length = 128)),
    responses((status = 200, description = "The call.", body = Envelope<RequestOut>))
)]
pub(crate) async fn read(call: Call) -> Answer {
    call.no_query()?;
    // What is no request id becomes a new one, under which there are no calls: the same answer, found out in the same way.
    let id = RequestId::adopt(call.http().match_info().get("request_id"));
    let request = call.tenant()?.recorded_request(&id).await?.ok_or_else(Problem::not_found)?;
    call.show::<RequestOut>(request)
}
