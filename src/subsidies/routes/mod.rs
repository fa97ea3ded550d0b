//! The paths of this slice.

mod credits;
mod many;
mod quote;
mod schedule;

use std::sync::Arc;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::filters::{CreditFilter, InstrumentFilter, RateFilter, SpendFilter};
use super::model::{Credit, Instrument, InstrumentDetail, SubsidyRate, SubsidySpend};
use super::queries;
use crate::app::App;
use crate::database::Versioned;
use crate::error::Error;
use crate::filter::check_order;
use crate::http::access::Seen;
use crate::http::extract::{Call, Id};
use crate::http::openapi::{FormatParam, ListFailures, PageParams, SingleFailures};
use crate::http::problem::Problem;
use crate::http::records::{Listing, Single, Warning};
use crate::http::reply::Reply;

const COLLECTION: &str = "subsidies";

/// The routes of this slice.
pub fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(list_instruments))
        .routes(routes!(get_instrument))
        .routes(routes!(list_rates))
        .routes(routes!(list_spend))
        .routes(routes!(list_credits))
        .routes(routes!(quote::get_quote, quote::post_quote))
        .routes(routes!(schedule::get_schedule))
        .routes(routes!(schedule::get_series))
        .routes(routes!(credits::quote_credits))
}

/// Instruments: subsidies, taxes, quotas and mandates
///
/// Answers for example "which subsidies for battery-electric vehicles were in force on 1 May 2019?":
/// `/v1/subsidies?valid_on=2019-05-01&powertrain=BEV&kind=purchase_subsidy`.
#[utoipa::path(
    get, path = "/v1/subsidies", operation_id = "list_instruments", tag = "subsidies",
    params(InstrumentFilter, PageParams),
    responses(
        (status = 200, description = "A page of instruments, in the order of their ids.", content(
            (Listing<Instrument> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"))),
        ListFailures,
    )
)]
async fn list_instruments(Seen(app): Seen, mut call: Call) -> Result<Reply, Problem> {
    let known = queries::known(&app.pool, &call.params.names()).await?;
    let filter = InstrumentFilter::read(&mut call.params, &known);
    check_order(&mut call.params, filter.start, filter.end);
    let view = call.page()?.depending_on(&filter);
    let read = queries::instruments(&app.pool, &filter, &view.paging.window()).await?;
    Ok(view.listing(COLLECTION, read, |row| vec![row.id.clone()])?)
}

/// One instrument with all its rates and rules
///
/// Answers for example "what did the 2019 schedule pay, by range, and which notice says so?": `/v1/subsidies/CN-NEV-2019`.
/// Rates are what documents say in words; rules are the same to compute, each with its verification. Rates that state different
/// amounts for the same bounds and days are told as warnings.
#[utoipa::path(
    get, path = "/v1/subsidies/{id}", operation_id = "get_instrument", tag = "subsidies",
    params(("id" = String, Path, description = "The id of the instrument.", example = "CN-NEV-2019"), FormatParam),
    responses(
        (status = 200, description = "The instrument. In CSV its rates and rules are JSON.", content(
            (Single<InstrumentDetail> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"))),
        SingleFailures,
    )
)]
async fn get_instrument(Seen(app): Seen, Id(id): Id, call: Call) -> Result<Reply, Problem> {
    let view = call.single()?;
    let Versioned { version, changed_at, data } = queries::instrument(&app.pool, &id).await?;
    let Some(data) = data else {
        let known = queries::known(&app.pool, &["id".to_owned()]).await?;
        let did_you_mean = known.nearest("id", &id);
        return Err(Error::NotFound { what: "instrument", id, did_you_mean }.into());
    };
    let odds = data.rates_at_odds().into_iter().map(|(one, other)| {
        let detail =
            format!("the rates {one} and {other} state different amounts for the same vehicles and days");
        Warning::new("rates_at_odds", detail)
    });
    let warnings = odds.collect();
    Ok(view.record_with(COLLECTION, Versioned { version, changed_at, data }, warnings)?)
}

/// Rates of all instruments, as documents word them
///
/// Answers for example "how much did Shanghai pay for a plug-in hybrid in 2018, and on which conditions?":
/// `/v1/subsidies/rates?jurisdiction=CN-SH&powertrain=PHEV&valid_on=2018`.
#[utoipa::path(
    get, path = "/v1/subsidies/rates", operation_id = "list_subsidy_rates", tag = "subsidies",
    params(RateFilter, PageParams),
    responses(
        (status = 200, description = "A page of rates, by instrument, then as published.", content(
            (Listing<SubsidyRate> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"))),
        ListFailures,
    )
)]
async fn list_rates(Seen(app): Seen, mut call: Call) -> Result<Reply, Problem> {
    let known = queries::known(&app.pool, &call.params.names()).await?;
    let filter = RateFilter::read(&mut call.params, &known);
    check_order(&mut call.params, filter.start, filter.end);
    let view = call.page()?.depending_on(&filter);
    let read = queries::rates(&app.pool, &filter, &view.paging.window()).await?;
    Ok(view.listing(COLLECTION, read, |row| vec![row.instrument.clone(), row.position.to_string()])?)
}

/// Money spent or forgone on support
///
/// Answers for example "what did the purchase tax waiver cost?": `/v1/subsidies/spend?measure=purchase_tax_forgone`.
#[utoipa::path(
    get, path = "/v1/subsidies/spend", operation_id = "list_subsidy_spend", tag = "subsidies",
    params(SpendFilter, PageParams),
    responses(
        (status = 200, description = "A page of figures, as published. Never add figures of overlapping years.", content(
            (Listing<SubsidySpend> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"))),
        ListFailures,
    )
)]
async fn list_spend(Seen(app): Seen, mut call: Call) -> Result<Reply, Problem> {
    let known = queries::known(&app.pool, &call.params.names()).await?;
    let filter = SpendFilter::read(&mut call.params, &known);
    let view = call.page()?.depending_on(&filter);
    let read = queries::spend(&app.pool, &filter, &view.paging.window()).await?;
    Ok(view.listing(COLLECTION, read, |row| vec![row.position.to_string()])?)
}

/// The dual-credit scheme: targets by year, what a vehicle earns in words and as a formula
///
/// Answers for example "what must a maker reach in 2021, and what does a battery-electric car earn then?":
/// `/v1/subsidies/credits?year=2021`. What is `unverified` is attributed to an official notice whose text was not at hand.
#[utoipa::path(
    get, path = "/v1/subsidies/credits", operation_id = "list_credits", tag = "subsidies",
    params(CreditFilter, PageParams),
    responses(
        (status = 200, description = "A page of mandates, then rules, then formulas, each as published.", content(
            (Listing<Credit> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"))),
        ListFailures,
    )
)]
async fn list_credits(Seen(app): Seen, mut call: Call) -> Result<Reply, Problem> {
    let known = queries::known(&app.pool, &call.params.names()).await?;
    let filter = CreditFilter::read(&mut call.params, &known);
    let view = call.page()?.depending_on(&filter);
    let read = queries::credits(&app.pool, &filter, &view.paging.window()).await?;
    Ok(view.listing(COLLECTION, read, |row| vec![row.part.clone(), row.position.to_string()])?)
}
