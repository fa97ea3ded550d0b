//! Who owns whom.

use super::missing;
use crate::database::Versioned;
use crate::filter::Known;
use crate::http::access::Seen;
use crate::http::extract::{Call, Id};
use crate::http::openapi::{FormatParam, SingleFailures, TooLarge};
use crate::http::problem::Problem;
use crate::http::records::{Single, Tabled, Warning};
use crate::http::reply::Reply;
use crate::partnerships::filters::{OwnershipFilter, day};
use crate::partnerships::ownership::{Asked, Ownership, answer};
use crate::partnerships::queries::{self, Collection};

/// Who owns an organization on a day, or what it owns
///
/// Answers for example "who owned BMW Brilliance on 11 February 2022?": `/v1/organizations/bmw-brilliance/ownership?on=2022-02-11`,
/// and "which part of Polestar does Geely Holding own through all chains?":
/// `/v1/organizations/polestar/ownership?on=2024-12-31`. A chain's effective share is the product of its shares; a total is of all
/// chains, circles included. A share that is not stated is a range: from nothing to what the known shares of the others
/// leave. Licences, supply and alliances are no ownership.
#[utoipa::path(
    get, path = "/v1/organizations/{id}/ownership", operation_id = "get_ownership", tag = "partnerships",
    params(("id" = String, Path, description = "The id of the organization.", example = "bmw-brilliance"), OwnershipFilter, FormatParam),
    responses(
        (status = 200, description = "Chains, totals and control. CSV and NDJSON hold a row a chain.", content(
            (Single<Ownership> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"))),
        SingleFailures,
        TooLarge,
    )
)]
pub async fn get_ownership(Seen(app): Seen, Id(id): Id, mut call: Call) -> Result<Reply, Problem> {
    let filter = OwnershipFilter::read(&mut call.params, &Known::default());
    let view = call.single()?;
    let on = day(filter.on, app.clock.today());
    let asked = Asked { id: &id, on, direction: filter.direction.unwrap_or_default() };
    let (read, versions) = queries::stakes(&app.pool, asked).await?;
    let Some((record, rows, notices)) = answer(&read.data, asked, view.is_table()) else {
        return Err(missing(&app, Collection::Organizations, "organization", id).await);
    };
    let warnings = notices.into_iter().map(|notice| Warning::new(notice.code, notice.detail)).collect();
    let complete = record.complete;
    let tabled = Tabled { record, rows, warnings, complete };
    let read = Versioned { version: read.version, changed_at: read.changed_at, data: tabled };
    let reply = view.depending_on((on, versions)).tabled(Collection::Partnerships.name(), read)?;
    Ok(if filter.on.is_some() { reply } else { reply.of_today() })
}
