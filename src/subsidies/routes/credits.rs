//! What one vehicle earns under the dual-credit scheme.

use super::COLLECTION;
use crate::database::Versioned;
use crate::error::Error;
use crate::http::access::Seen;
use crate::http::extract::Call;
use crate::http::openapi::{FormatParam, ListFailures};
use crate::http::problem::Problem;
use crate::http::records::{Single, Warning};
use crate::http::reply::Reply;
use crate::subsidies::contract::CreditVehicleParams;
use crate::subsidies::credit::{CreditQuote, Earner};
use crate::subsidies::queries;

/// What one vehicle earns under the dual-credit scheme
///
/// Answers for example "how many credits does a battery-electric car with a range of 420 km earn in 2021?":
/// `/v1/subsidies/credits/quote?on=2021-05-01&powertrain=BEV&range_km=420`. By the formula of the phase:
/// credits = min(coefficient x criterion + constant, limit), unrounded.
#[utoipa::path(
    get, path = "/v1/subsidies/credits/quote", operation_id = "quote_credits", tag = "subsidies",
    params(CreditVehicleParams, FormatParam),
    responses(
        (status = 200, description = "The credits with the formula. In CSV formula and mandates are JSON.", content(
            (Single<CreditQuote> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"))),
        ListFailures,
    )
)]
pub async fn quote_credits(Seen(app): Seen, mut call: Call) -> Result<Reply, Problem> {
    let known = queries::known(&app.pool, &["powertrain".to_owned()]).await?;
    let (scheme, codes) = queries::scheme(&app.pool).await?;
    let earner = Earner::read(&mut call.params, &known, &scheme.data, app.clock.today());
    let view = call.single()?.depending_on((codes, &earner));
    let earner =
        earner.ok_or_else(|| Error::internal("reading a vehicle", "there is neither one nor a fault"))?;
    let quote = scheme.data.quote(&earner);
    let warnings = warnings(&quote);
    let Versioned { version, changed_at, .. } = scheme;
    Ok(view.record_with(COLLECTION, Versioned { version, changed_at, data: quote }, warnings)?)
}

/// What to know before using credits.
fn warnings(quote: &CreditQuote) -> Vec<Warning> {
    let Some(formula) = &quote.formula else {
        let detail = "no formula is held for such a vehicle on that day";
        return vec![Warning::new("no_data", detail)];
    };
    let mut warnings = Vec::new();
    if formula.verification == "unverified" {
        let detail = "the formula is attributed to an official notice whose text was not at hand";
        warnings.push(Warning::new("unverified", detail));
    }
    if let Some(unknown) = &quote.unknown {
        warnings
            .push(Warning::new("not_given", format!("the credits depend on {unknown}, which was not given")));
    }
    warnings
}
