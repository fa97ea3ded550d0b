//! Schedules of grants: as a table of bands, and for a vehicle over time.

use super::COLLECTION;
use crate::http::access::Seen;
use crate::http::extract::Call;
use crate::http::openapi::{ListFailures, PageParams};
use crate::http::problem::Problem;
use crate::http::records::Listing;
use crate::http::reply::Reply;
use crate::subsidies::contract::{ScheduleParams, SeriesParams, VehicleParams};
use crate::subsidies::queries;
use crate::subsidies::schedule::{Course, ScheduleBand, SchedulePoint, Wanted};

/// The schedules of grants: which band paid how much, from when to when
///
/// Answers for example "how did the grant for battery-electric cars change with their range, over the years?":
/// `/v1/subsidies/schedule?by=range_km&powertrain=BEV&jurisdiction=CN`.
#[utoipa::path(
    get, path = "/v1/subsidies/schedule", operation_id = "get_subsidy_schedule", tag = "subsidies",
    params(ScheduleParams, PageParams),
    responses(
        (status = 200, description = "A page of bands: by first day, instrument, scheme, powertrain and lower bound.", content(
            (Listing<ScheduleBand> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"))),
        ListFailures,
    )
)]
pub async fn get_schedule(Seen(app): Seen, mut call: Call) -> Result<Reply, Problem> {
    let held = queries::held(&app.pool, app.clock.today()).await?;
    let wanted = Wanted::read(&mut call.params, &held.known, &held.book.data);
    let view = call.page()?.depending_on((&wanted, held.others));
    let key = |band: &ScheduleBand| vec![band.rule.clone()];
    let data = view.paging.window().of(held.book.data.schedule(&wanted, &held.known), key);
    Ok(view.listing(COLLECTION, held.dated(data), key)?)
}

/// What a vehicle could get, by month, quarter or year
///
/// Answers for example "what was the largest grant for a battery-electric car with a range of 400 km, month by month?":
/// `/v1/subsidies/schedule/series?start=2013&end=2022&powertrain=BEV&range_km=400`. Each period tells what holds on its last day, as
/// the quote of that day does.
#[utoipa::path(
    get, path = "/v1/subsidies/schedule/series", operation_id = "get_subsidy_series", tag = "subsidies",
    params(SeriesParams, VehicleParams, PageParams),
    responses(
        (status = 200, description = "A page of periods, the oldest first.", content(
            (Listing<SchedulePoint> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"))),
        ListFailures,
    )
)]
pub async fn get_series(Seen(app): Seen, mut call: Call) -> Result<Reply, Problem> {
    let held = queries::held(&app.pool, app.clock.today()).await?;
    let course = Course::read(&mut call.params, &held);
    let view = call.page()?.depending_on(held.others);
    let key = |point: &SchedulePoint| vec![point.period.to_string()];
    let points = course.map(|course| course.points(&held.book.data)).unwrap_or_default();
    let data = view.paging.window().of(points, key);
    Ok(view.listing(COLLECTION, held.dated(data), key)?)
}
