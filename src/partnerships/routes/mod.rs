//! The paths of this slice.

mod counts;
mod network;
mod ownership;
mod timeline;

use std::sync::Arc;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::filters::{EventFilter, OrganizationFilter, PartnershipFilter};
use super::model::{Event, Organization, OrganizationDetail, Partnership};
use super::queries::{self, Collection};
use crate::app::App;
use crate::database::Versioned;
use crate::error::Error;
use crate::filter::{Window, Words, check_order};
use crate::http::access::Seen;
use crate::http::extract::{Call, Id};
use crate::http::openapi::{FormatParam, ListFailures, PageParams, SingleFailures};
use crate::http::problem::Problem;
use crate::http::records::{Listing, Single};
use crate::http::reply::Reply;

/// The routes of this slice.
pub fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(list_partnerships))
        .routes(routes!(get_partnership))
        .routes(routes!(list_organizations))
        .routes(routes!(get_organization))
        .routes(routes!(list_events))
        .routes(routes!(counts::count_partnerships))
        .routes(routes!(network::get_network))
        .routes(routes!(ownership::get_ownership))
        .routes(routes!(timeline::get_timeline))
}

/// Partnerships with their members: joint ventures, stakes, alliances, licences
///
/// Answers for example "who owned Volvo Cars, and since when?": `/v1/partnerships?org=volvo-cars&role=target`, and "which
/// foreign makers began something in China from 2018, or took a larger share?":
/// `/v1/partnerships?foreign=true&geo=children:CN&member_start=2018`.
#[utoipa::path(
    get, path = "/v1/partnerships", operation_id = "list_partnerships", tag = "partnerships",
    params(PartnershipFilter, PageParams),
    responses(
        (status = 200, description = "A page of partnerships, in the order of their ids. In CSV the members are JSON.", content(
            (Listing<Partnership> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"))),
        ListFailures,
    )
)]
async fn list_partnerships(Seen(app): Seen, mut call: Call) -> Result<Reply, Problem> {
    let known = queries::known(&app.pool, Collection::Partnerships, &call.params.names()).await?;
    let filter = PartnershipFilter::read(&mut call.params, &known);
    check_order(&mut call.params, filter.start, filter.end);
    let view = call.page()?;
    let (read, organizations) = queries::partnerships(&app.pool, &filter, &view.paging.window()).await?;
    let view = view.depending_on((&filter, organizations));
    Ok(view.listing(Collection::Partnerships.name(), read, |row| vec![row.id.clone()])?)
}

/// One partnership with its members
///
/// Answers for example "who holds Daimler shares on the Chinese side, how much, and since when?":
/// `/v1/partnerships/baic-daimler-stake` and `/v1/partnerships/li-shufu-daimler-stake`. For the members on one day ask the list
/// with `id` and `valid_on`.
#[utoipa::path(
    get, path = "/v1/partnerships/{id}", operation_id = "get_partnership", tag = "partnerships",
    params(
        ("id" = String, Path, description = "The id of the partnership.", example = "li-shufu-daimler-stake"),
        FormatParam,
    ),
    responses(
        (status = 200, description = "The partnership. In CSV its members are JSON.", content(
            (Single<Partnership> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"))),
        SingleFailures,
    )
)]
async fn get_partnership(Seen(app): Seen, Id(id): Id, call: Call) -> Result<Reply, Problem> {
    let view = call.single()?;
    let filter = PartnershipFilter { id: Some(Words::of_path(&id)), ..PartnershipFilter::default() };
    let (read, organizations) = queries::partnerships(&app.pool, &filter, &Window::first()).await?;
    let Versioned { version, changed_at, mut data } = read;
    let Some(data) = data.pop() else {
        return Err(missing(&app, Collection::Partnerships, "partnership", id).await);
    };
    let read = Versioned { version, changed_at, data };
    Ok(view.depending_on(organizations).record(Collection::Partnerships.name(), read)?)
}

/// Organizations: carmakers, groups, brands, investors, suppliers, authorities
///
/// Answers for example "which foreign carmakers are held here?": `/v1/organizations?foreign=true&kind=oem,group`.
#[utoipa::path(
    get, path = "/v1/organizations", operation_id = "list_organizations", tag = "partnerships",
    params(OrganizationFilter, PageParams),
    responses(
        (status = 200, description = "A page of organizations, in the order of their ids.", content(
            (Listing<Organization> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"))),
        ListFailures,
    )
)]
async fn list_organizations(Seen(app): Seen, mut call: Call) -> Result<Reply, Problem> {
    let known = queries::known(&app.pool, Collection::Organizations, &call.params.names()).await?;
    let filter = OrganizationFilter::read(&mut call.params, &known);
    let view = call.page()?;
    let (read, partnerships) = queries::organizations(&app.pool, &filter, &view.paging.window()).await?;
    let view = view.depending_on((&filter, partnerships));
    Ok(view.listing(Collection::Organizations.name(), read, |row| vec![row.id.clone()])?)
}

/// One organization with its children and its partnerships
///
/// Answers for example "with whom, with which share and since when does Geely Holding work?":
/// `/v1/organizations/geely-holding`.
#[utoipa::path(
    get, path = "/v1/organizations/{id}", operation_id = "get_organization", tag = "partnerships",
    params(("id" = String, Path, description = "The id of the organization.", example = "geely-holding"), FormatParam),
    responses(
        (status = 200, description = "The organization. In CSV its children and partnerships are JSON.", content(
            (Single<OrganizationDetail> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"))),
        SingleFailures,
    )
)]
async fn get_organization(Seen(app): Seen, Id(id): Id, call: Call) -> Result<Reply, Problem> {
    let view = call.single()?;
    let (read, partnerships) = queries::organization(&app.pool, &id).await?;
    let Versioned { version, changed_at, data: Some(data) } = read else {
        return Err(missing(&app, Collection::Organizations, "organization", id).await);
    };
    let read = Versioned { version, changed_at, data };
    Ok(view.depending_on(partnerships).record(Collection::Organizations.name(), read)?)
}

/// Dated events: policy, plants, launches, partnerships, deals
///
/// Answers for example "what did foreign makers do in Shanghai from 2018?":
/// `/v1/events?foreign=true&geo=CN-SH&start=2018`.
#[utoipa::path(
    get, path = "/v1/events", operation_id = "list_events", tag = "partnerships",
    params(EventFilter, PageParams),
    responses(
        (status = 200, description = "A page of events, the oldest first where `sort` does not say otherwise.", content(
            (Listing<Event> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"))),
        ListFailures,
    )
)]
async fn list_events(Seen(app): Seen, mut call: Call) -> Result<Reply, Problem> {
    let known = queries::known(&app.pool, Collection::Events, &call.params.names()).await?;
    let filter = EventFilter::read(&mut call.params, &known);
    check_order(&mut call.params, filter.start, filter.end);
    let view = call.page()?;
    let (read, organizations) = queries::events(&app.pool, &filter, &view.paging.window()).await?;
    let view = view.depending_on((&filter, organizations));
    Ok(view.listing(Collection::Events.name(), read, |row| vec![row.date.clone(), row.id.clone()])?)
}

/// That there is none of this id, with those that look like it.
async fn missing(app: &App, of: Collection, what: &'static str, id: String) -> Problem {
    match queries::known(&app.pool, of, &["id".to_owned()]).await {
        Ok(known) => {
            let did_you_mean = known.nearest("id", &id);
            Error::NotFound { what, id, did_you_mean }.into()
        }
        Err(error) => error.into(),
    }
}
