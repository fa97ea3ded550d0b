//! Observations and series of any dataset, and single series by their keys.

use crate::http::access::Seen;
use crate::http::extract::{Call, Id};
use crate::http::openapi::{FormatParam, LangParam, PageParams, PagesGone, SingleFailures, TooLarge};
use crate::http::problem::Problem;
use crate::http::records::{Listing, Single};
use crate::http::reply::Reply;
use crate::http::timeseries::parameters::{
    Annotating, Attributing, ChargingDimensions, Comparing, Computation, EveryDimension, Form, Frequencies,
    Grouping, Knowledge, ProductionDimensions, Span,
};
use crate::http::timeseries::{
    Availability, Observations, OneSeries, Reconciled, SeriesEntry, Vintage, availability, observations,
    reconcile, series, series_list, vintages,
};

/// Observations of a dataset
///
/// The same as the path of the dataset's own, for any dataset. Which dimensions it has, `/v1/datasets/{dataset}` says; one that it does
/// not have is refused.
///
/// For example, how many public charging outlets has China had, month by month?
/// `/v1/datasets/charging/observations?access=public`.
#[utoipa::path(
    get, path = "/v1/datasets/{dataset}/observations", operation_id = "query_dataset", tag = "datasets",
    params(
        ("dataset" = String, Path, description = "The dataset's name.", example = "production"),
        EveryDimension, ProductionDimensions, ChargingDimensions, Frequencies, Span, Knowledge, Computation, Grouping, Attributing, Annotating, Form,
    ),
    responses(
        (status = 200, description = "Observations in the shape asked for; CSV and NDJSON have rows.", content(
            (Observations = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"))),
        SingleFailures, TooLarge, PagesGone,
    )
)]
pub async fn query_dataset(Seen(app): Seen, Id(name): Id, call: Call) -> Result<Reply, Problem> {
    Ok(observations(&app, &name, &call).await?)
}

/// The series of a dataset
///
/// Every series there is, or those of the codes that are named; a dimension that is not named is open here.
///
/// For example, which operators of charging outlets are there figures on? `/v1/datasets/charging/series?operator=*`.
#[utoipa::path(
    get, path = "/v1/datasets/{dataset}/series", operation_id = "list_dataset_series", tag = "datasets",
    params(
        ("dataset" = String, Path, description = "The dataset's name.", example = "charging"),
        EveryDimension, ProductionDimensions, ChargingDimensions, Frequencies, LangParam, PageParams,
    ),
    responses(
        (status = 200, description = "A page of series, in the order of their keys.", content(
            (Listing<SeriesEntry> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"))),
        SingleFailures,
    )
)]
pub async fn list_dataset_series(Seen(app): Seen, Id(name): Id, call: Call) -> Result<Reply, Problem> {
    Ok(series_list(&app, &name, &call).await?)
}

/// What a dataset has left under a partial selection
///
/// For pick lists: each dimension with the codes that have figures under the codes named, with counts and the time they span. A
/// dimension that is not named is open; one that is named has the codes left under the *other* selections, so that another can
/// be chosen, with `selected` on those named. Only the list of series is counted, nothing is summed or converted.
///
/// For example, which provinces have figures on outlets? `/v1/datasets/charging/availability?measure=outlets&geo=children:CN`.
#[utoipa::path(
    get, path = "/v1/datasets/{dataset}/availability", operation_id = "get_dataset_availability", tag = "datasets",
    params(
        ("dataset" = String, Path, description = "The dataset's name.", example = "charging"),
        EveryDimension, ProductionDimensions, ChargingDimensions, Frequencies, LangParam, FormatParam,
    ),
    responses(
        (status = 200, description = "What is left; CSV and NDJSON have a row a code.", content(
            (Single<Availability> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"))),
        SingleFailures,
    )
)]
pub async fn get_dataset_availability(Seen(app): Seen, Id(name): Id, call: Call) -> Result<Reply, Problem> {
    Ok(availability(&app, &name, &call).await?)
}

/// The sources of a dataset side by side
///
/// The same as the path of the dataset's own, for any dataset.
///
/// For example, what did the sources say of 2007? `/v1/datasets/production/reconcile?start=2007&end=2007`.
#[utoipa::path(
    get, path = "/v1/datasets/{dataset}/reconcile", operation_id = "reconcile_dataset", tag = "datasets",
    params(
        ("dataset" = String, Path, description = "The dataset's name.", example = "production"),
        EveryDimension, ProductionDimensions, ChargingDimensions, Frequencies, Span, Knowledge, Comparing, LangParam, PageParams,
    ),
    responses(
        (status = 200, description = "A page of comparisons, by series and period; CSV has a row a source and period.", content(
            (Reconciled = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"))),
        SingleFailures, TooLarge,
    )
)]
pub async fn reconcile_dataset(Seen(app): Seen, Id(name): Id, call: Call) -> Result<Reply, Problem> {
    Ok(reconcile(&app, &name, &call).await?)
}

/// One series by its key
///
/// Its key is its dataset, frequency and codes. With `best` in place of the source, each period has the first source of the
/// precedence table.
///
/// For example, China's production by OICA since 2015: `/v1/series/production:A.production.oica.CN._T._T._T._T._T?start=2015`.
#[utoipa::path(
    get, path = "/v1/series/{id}", operation_id = "get_series", tag = "datasets",
    params(
        ("id" = String, Path, description = "The key.", example = "production:A.production.oica.CN._T._T._T._T._T"),
        Span, Knowledge, Annotating, LangParam, FormatParam,
    ),
    responses(
        (status = 200, description = "The series with its observations; CSV and NDJSON have rows.", content(
            (OneSeries = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"))),
        SingleFailures, TooLarge,
    )
)]
pub async fn get_series(Seen(app): Seen, Id(key): Id, call: Call) -> Result<Reply, Problem> {
    Ok(series(&app, &key, &call).await?)
}

/// Everything that the figures of a series have been
///
/// Each value that a cell has, or has had, with the documents that stated it, restated it and confirmed it.
///
/// For example, which figures has OICA given for 2019? `/v1/series/production:A.production.oica.CN._T._T._T._T._T/vintages?start=2019&end=2019`.
#[utoipa::path(
    get, path = "/v1/series/{id}/vintages", operation_id = "list_vintages", tag = "datasets",
    params(
        ("id" = String, Path, description = "The key.", example = "production:A.production.oica.CN._T._T._T._T._T"),
        Span, PageParams,
    ),
    responses(
        (status = 200, description = "A page of vintages, by period, the oldest first.", content(
            (Listing<Vintage> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"))),
        SingleFailures,
    )
)]
pub async fn list_vintages(Seen(app): Seen, Id(key): Id, call: Call) -> Result<Reply, Problem> {
    Ok(vintages(&app, &key, &call).await?)
}
