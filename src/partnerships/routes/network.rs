//! Who works with whom.

use super::missing;
use crate::database::Versioned;
use crate::http::access::Seen;
use crate::http::extract::{Call, Id};
use crate::http::openapi::{FormatParam, SingleFailures};
use crate::http::problem::Problem;
use crate::http::records::{Single, Tabled, Warning};
use crate::http::reply::Reply;
use crate::partnerships::filters::{NetworkFilter, day, partnership_kinds};
use crate::partnerships::network::{Network, NetworkGraph};
use crate::partnerships::queries::{self, Collection};

/// What is said of a network that is not whole.
const CUT: &str = "there are more organizations or edges than fit: the nearest are here; a smaller depth or a kind makes it whole";

/// Who works with an organization on a day, as nodes and edges
///
/// Answers for example "with whom does CATL work, and they with one another?": `/v1/organizations/catl/network?on=2024-12-31`, and
/// "which joint ventures tie Volkswagen to others, two steps away?":
/// `/v1/organizations/volkswagen-group/network?on=2020&kind=joint_venture&depth=2`. Two members of a partnership are an edge while
/// it and both are in force; all edges between the organizations that are reached are there.
#[utoipa::path(
    get, path = "/v1/organizations/{id}/network", operation_id = "get_network", tag = "partnerships",
    params(("id" = String, Path, description = "The id of the organization.", example = "catl"), NetworkFilter, FormatParam),
    responses(
        (status = 200, description = "The network. CSV and NDJSON hold its edges, a row each.", content(
            (Single<Network> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"))),
        SingleFailures,
    )
)]
pub async fn get_network(Seen(app): Seen, Id(id): Id, mut call: Call) -> Result<Reply, Problem> {
    let filter = NetworkFilter::read(&mut call.params, &partnership_kinds());
    let view = call.single()?;
    let (on, depth) = (day(filter.on, app.clock.today()), filter.depth.unwrap_or_default().0);
    let asked = NetworkGraph { organization: id, on, depth };
    let (read, organizations) = queries::network(&app.pool, &asked, filter.kind.as_deref()).await?;
    let Versioned { version, changed_at, data: Some(found) } = read else {
        return Err(missing(&app, Collection::Organizations, "organization", asked.organization).await);
    };
    let record = Network::of(found, asked);
    let cut = (!record.complete).then(|| Warning::new("network_cut", CUT));
    let rows = if view.is_table() { record.edges.clone() } else { Vec::new() };
    let complete = record.complete;
    let data = Tabled { record, rows, warnings: cut.into_iter().collect(), complete };
    let read = Versioned { version, changed_at, data };
    let reply = view.depending_on((on, organizations)).tabled(Collection::Partnerships.name(), read)?;
    Ok(if filter.on.is_some() { reply } else { reply.of_today() })
}
