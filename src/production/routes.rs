//! The paths of this slice: the dataset `production` under a name of its own.

use std::sync::Arc;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::http::access::Seen;
use crate::http::extract::Call;
use crate::http::openapi::{FormatParam, LangParam, ListFailures, PageParams, PagesGone, TooLarge};
use crate::http::problem::Problem;
use crate::http::records::{Listing, Single};
use crate::http::reply::Reply;
use crate::http::timeseries::parameters::{
    Annotating, Attributing, Comparing, Computation, EveryDimension, Form, Frequencies, Grouping, Knowledge,
    ProductionDimensions, Span,
};
use crate::http::timeseries::{
    Availability, Observations, Reconciled, SeriesEntry, availability, observations, reconcile, series_list,
};

/// The dataset that this slice is about.
const DATASET: &str = "production";

/// The routes of this slice.
pub fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(query_production))
        .routes(routes!(list_production_series))
        .routes(routes!(get_production_availability))
        .routes(routes!(reconcile_production))
}

/// Vehicles made, sold, registered, exported and in use
///
/// For example, how many vehicles did China make each year since 2001? `/v1/production?start=2001`. What do OICA, CAAM and NBS say side
/// by side? `/v1/production?source=oica,caam,nbs&start=2015`. Who made most cars in 2022?
/// `/v1/production?vehicle_class=PV&geo=*&source=oica&start=2022&end=2022&sort=-value`: OICA publishes passenger and commercial
/// vehicles apart. How much of the market is electric? `/v1/production?measure=sales&powertrain=NEV&group_by=powertrain&transform=share`.
/// Who sold most cars in November 2023, and how much did the others?
/// `/v1/production?measure=sales&vehicle_class=PV&frequency=M&start=2023-11&end=2023-11&group_by=maker&top=10&other=true`.
///
/// A dimension that is not named stands at its default, so a bare call is one series; a dimension that is named is kept apart, one
/// series a code. Every figure names its source and its document.
#[utoipa::path(
    get, path = "/v1/production", operation_id = "query_production", tag = "production",
    params(EveryDimension, ProductionDimensions, Frequencies, Span, Knowledge, Computation, Grouping, Attributing, Annotating, Form),
    responses(
        (status = 200, description = "Observations in the shape asked for; CSV and NDJSON have rows.", content(
            (Observations = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"))),
        ListFailures, TooLarge, PagesGone,
    )
)]
async fn query_production(Seen(app): Seen, call: Call) -> Result<Reply, Problem> {
    Ok(observations(&app, DATASET, &call).await?)
}

/// The series on vehicles
///
/// Every series there is, or those of the codes that are named; a dimension that is not named is open here.
///
/// For example, which monthly series are there on BYD? `/v1/production/series?maker=byd&frequency=M`.
#[utoipa::path(
    get, path = "/v1/production/series", operation_id = "list_production_series", tag = "production",
    params(EveryDimension, ProductionDimensions, Frequencies, LangParam, PageParams),
    responses(
        (status = 200, description = "A page of series, in the order of their keys.", content(
            (Listing<SeriesEntry> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"))),
        ListFailures,
    )
)]
async fn list_production_series(Seen(app): Seen, call: Call) -> Result<Reply, Problem> {
    Ok(series_list(&app, DATASET, &call).await?)
}

/// What production has left under a partial selection
///
/// For pick lists: each dimension with the codes that have figures under the codes named, with counts and the time they span. A
/// dimension that is not named is open; one that is named has the codes left under the *other* selections, so that another can
/// be chosen, with `selected` on those named. Only the list of series is counted, nothing is summed or converted.
///
/// For example, which makers have monthly sales of battery cars, and from when to when? `/v1/production/availability?measure=sales&powertrain=BEV&frequency=M`.
#[utoipa::path(
    get, path = "/v1/production/availability", operation_id = "get_production_availability", tag = "production",
    params(EveryDimension, ProductionDimensions, Frequencies, LangParam, FormatParam),
    responses(
        (status = 200, description = "What is left; CSV and NDJSON have a row a code.", content(
            (Single<Availability> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"))),
        ListFailures,
    )
)]
async fn get_production_availability(Seen(app): Seen, call: Call) -> Result<Reply, Problem> {
    Ok(availability(&app, DATASET, &call).await?)
}

/// The sources of production side by side
///
/// For each series and period, what every source says, with document, definition and scope, and how far it is from the figure that
/// `source=best` answers: exactly in the unit, and in percent. A source's figure may be converted from a finer frequency or summed
/// over declared parts, as in a query. Where sources are named, they are compared with the best of them.
///
/// For example, how far apart are the sources on new energy vehicles made in 2020?
/// `/v1/production/reconcile?powertrain=NEV&start=2020&end=2020`. Which figures do only OICA and CAAM share? `/v1/production/reconcile?source=oica,caam`.
#[utoipa::path(
    get, path = "/v1/production/reconcile", operation_id = "reconcile_production", tag = "production",
    params(EveryDimension, ProductionDimensions, Frequencies, Span, Knowledge, Comparing, LangParam, PageParams),
    responses(
        (status = 200, description = "A page of comparisons, by series and period; CSV has a row a source and period.", content(
            (Reconciled = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"))),
        ListFailures, TooLarge,
    )
)]
async fn reconcile_production(Seen(app): Seen, call: Call) -> Result<Reply, Problem> {
    Ok(reconcile(&app, DATASET, &call).await?)
}
