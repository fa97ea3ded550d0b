//! The paths of this slice: the dataset `charging` under a name of its own.

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
    Annotating, ChargingDimensions, Comparing, Computation, EveryDimension, Form, Frequencies, Grouping,
    Knowledge, Span,
};
use crate::http::timeseries::{
    Availability, Observations, Reconciled, SeriesEntry, availability, observations, reconcile, series_list,
};

/// The dataset that this slice is about.
const DATASET: &str = "charging";

/// The routes of this slice.
pub fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(query_charging))
        .routes(routes!(list_charging_series))
        .routes(routes!(get_charging_availability))
        .routes(routes!(reconcile_charging))
}

/// Charging outlets, stations, swap stations, energy and power
///
/// For example, how did public outlets grow? `/v1/charging?access=public&start=2017`. Which operators had most in September 2020?
/// `/v1/charging?operator=children:_T&access=public&start=2020-09&end=2020-09&sort=-value`. How
/// did their ranks change? `/v1/charging?access=public&group_by=operator&transform=rank&start=2019&end=2021`.
///
/// A dimension that is not named stands at its default, so a bare call is one series; a dimension that is named is kept apart, one
/// series a code. Every figure names its source and its document.
#[utoipa::path(
    get, path = "/v1/charging", operation_id = "query_charging", tag = "charging",
    params(EveryDimension, ChargingDimensions, Frequencies, Span, Knowledge, Computation, Grouping, Annotating, Form),
    responses(
        (status = 200, description = "Observations in the shape asked for; CSV and NDJSON have rows.", content(
            (Observations = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"))),
        ListFailures, TooLarge, PagesGone,
    )
)]
async fn query_charging(Seen(app): Seen, call: Call) -> Result<Reply, Problem> {
    Ok(observations(&app, DATASET, &call).await?)
}

/// The series on charging
///
/// Every series there is, or those of the codes that are named; a dimension that is not named is open here.
///
/// For example, which operators are there figures on? `/v1/charging/series?measure=outlets&operator=*`.
#[utoipa::path(
    get, path = "/v1/charging/series", operation_id = "list_charging_series", tag = "charging",
    params(EveryDimension, ChargingDimensions, Frequencies, LangParam, PageParams),
    responses(
        (status = 200, description = "A page of series, in the order of their keys.", content(
            (Listing<SeriesEntry> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"))),
        ListFailures,
    )
)]
async fn list_charging_series(Seen(app): Seen, call: Call) -> Result<Reply, Problem> {
    Ok(series_list(&app, DATASET, &call).await?)
}

/// What charging has left under a partial selection
///
/// For pick lists: each dimension with the codes that have figures under the codes named, with counts and the time they span. A
/// dimension that is not named is open; one that is named has the codes left under the *other* selections, so that another can
/// be chosen, with `selected` on those named. Only the list of series is counted, nothing is summed or converted.
///
/// For example, which operators have figures on public outlets, and which other kinds of access are there? `/v1/charging/availability?measure=outlets&access=public`.
#[utoipa::path(
    get, path = "/v1/charging/availability", operation_id = "get_charging_availability", tag = "charging",
    params(EveryDimension, ChargingDimensions, Frequencies, LangParam, FormatParam),
    responses(
        (status = 200, description = "What is left; CSV and NDJSON have a row a code.", content(
            (Single<Availability> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"))),
        ListFailures,
    )
)]
async fn get_charging_availability(Seen(app): Seen, call: Call) -> Result<Reply, Problem> {
    Ok(availability(&app, DATASET, &call).await?)
}

/// The sources of charging side by side
///
/// For each series and period, what every source says, with document, definition and scope, and how far it is from the figure that
/// `source=best` answers: exactly in the unit, and in percent. A source's figure may be converted from a finer frequency or summed
/// over declared parts, as in a query. Where sources are named, they are compared with the best of them.
///
/// For example, do the alliance and the agency agree on public outlets? `/v1/charging/reconcile?access=public&frequency=M&start=2023`.
#[utoipa::path(
    get, path = "/v1/charging/reconcile", operation_id = "reconcile_charging", tag = "charging",
    params(EveryDimension, ChargingDimensions, Frequencies, Span, Knowledge, Comparing, LangParam, PageParams),
    responses(
        (status = 200, description = "A page of comparisons, by series and period; CSV has a row a source and period.", content(
            (Reconciled = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"))),
        ListFailures, TooLarge,
    )
)]
async fn reconcile_charging(Seen(app): Seen, call: Call) -> Result<Reply, Problem> {
    Ok(reconcile(&app, DATASET, &call).await?)
}
