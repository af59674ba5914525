//! `/v2/organization` and `/v2/usage`: the organization that a key belongs to.

use store::OrganizationSettings;

use crate::call::Call;
use crate::idempotent;
use crate::respond::{Answer, Envelope, Reply};
use crate::views::organization::{InForce, OrganizationOut, OrganizationPatch, organization_change};
use crate::views::usage::{Limits, UsageOut};

/// Read your organization.
#[utoipa::path(
    get, path = "/v2/organization", operation_id = "read_organization", tag = "organization",
    responses((status = 200, description = "The organization of the key.", body = Envelope<OrganizationOut>))
)]
pub(crate) async fn read(call: Call) -> Answer {
    call.no_query()?;
    let settings = call.tenant()?.settings().await?;
    call.show::<OrganizationOut>(in_force(&call, settings))
}

/// Change your organization.
///
/// A new `scrape_interval_hours` is for what is added from then on without an interval of its own. The bounds are in force at once for every
/// account without its own: posts outside of a narrower bound are read no more, and posts that a wider one lets in again are read from the
/// account's next read on.
#[utoipa::path(
    patch, path = "/v2/organization", operation_id = "update_organization", tag = "organization",
    request_body = OrganizationPatch,
    responses((status = 200, description = "The organization as it is now.", body = Envelope<OrganizationOut>))
)]
pub(crate) async fn update(mut call: Call) -> Answer {
    let (precondition, fields) = call.patch().await?;
    let change = organization_change(fields)?;
    idempotent::write(&call, change, async |tx, change| {
        if precondition.is_set() {
            precondition.check(&in_force(&call, tx.hold_settings().await?))?;
        }
        Reply::ok::<OrganizationOut>(in_force(&call, tx.update_settings(&change).await?))
    })
    .await
}

/// What your organization uses.
///
/// The counts that bills and the cap go by, and the limits in force. Paused accounts and videos, and accounts of paused creators, are in
/// `total` and not in `billable`.
#[utoipa::path(
    get, path = "/v2/usage", operation_id = "read_usage", tag = "organization",
    responses((status = 200, description = "The counts as they are now.", body = Envelope<UsageOut>))
)]
pub(crate) async fn usage(call: Call) -> Answer {
    call.no_query()?;
    let usage = call.tenant()?.usage().await?;
    let limits = Limits {
        requests_per_minute: call.shared().limit_of(call.key()?),
        failed_authentications_per_minute: call.shared().failed_authentications_per_minute,
    };
    call.show::<UsageOut>((usage, limits))
}

fn in_force(call: &Call, settings: OrganizationSettings) -> InForce {
    let own = settings.rate_limit_per_minute.and_then(|limit| u32::try_from(limit).ok());
    InForce { settings, rate_limit_per_minute: own.unwrap_or(call.shared().rate_limit_per_minute) }
}
