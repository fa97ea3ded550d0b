//! What a vehicle gets on a day, or from one day to another; for one vehicle or many.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::COLLECTION;
use super::many::Many;
use crate::error::Error;
use crate::http::access::Seen;
use crate::http::body::Posted;
use crate::http::extract::{Call, View};
use crate::http::negotiate::Format;
use crate::http::openapi::{BodyFailures, FormatParam, ListFailures};
use crate::http::problem::Problem;
use crate::http::records::{Links, Warning, csv, json, lines};
use crate::http::reply::Reply;
use crate::subsidies::contract::{QuoteParams, QuoteRequest, VehicleParams};
use crate::subsidies::queries;
use crate::subsidies::quote::{Held, Question, Quote, bounded, quotes};

/// What vehicles get.
#[derive(Debug, Serialize, ToSchema)]
pub struct Quotes {
    /// By vehicle in the order of the request, then by day.
    pub data: Vec<Quote>,
    /// What the answer was made from.
    pub meta: QuotesMeta,
    /// Where this answer is, relative to the service.
    pub links: Links,
    /// What a reader should know before using the answer.
    pub warnings: Vec<Warning>,
}

/// What quotes were made from.
#[derive(Debug, Serialize, ToSchema)]
pub struct QuotesMeta {
    /// The collection that was read.
    pub collection: String,
    /// The collection's version; it rises whenever the collection changes.
    pub version: i64,
    /// When one of the collections that were read last changed.
    pub changed_at: chrono::DateTime<chrono::Utc>,
    /// The parameters that the answer was made for, as understood; those of a body stand in the body.
    #[schema(value_type = std::collections::BTreeMap<String, String>)]
    pub applied: serde_json::Map<String, Value>,
    /// What a vehicle can be asked for: every criterion that a rule held here names.
    pub criteria: Vec<String>,
    /// True: quotes come whole.
    pub complete: bool,
}

/// What a vehicle gets on a day: each subsidy, tax relief and grant, and why
///
/// Answers for example "what did a battery-electric car with a range of 420 km get in Shanghai on 1 May 2019?":
/// `/v1/subsidies/quote?on=2019-05-01&jurisdiction=CN-SH&powertrain=BEV&range_km=420`.
///
/// Each instrument in force there is listed: whether it applies, which of its rules hold, fail or are open because a parameter was
/// not given, the amount by each of its schemes step by step, and the documents. What cannot be computed is told in words and left
/// out of the total, which says so. What is not certain is a range.
///
/// Rules are data: a condition must hold (`min` inclusive, `max` exclusive); the amount is that of the band that holds; limits bound
/// it; multipliers of one criterion are alternatives, those of different criteria multiply; caps bound the result. Amounts of
/// different instruments are added, unless a rule says otherwise: see `stacking`. The purchase tax is price / (1 + VAT) x rate, to
/// the fen.
#[utoipa::path(
    get, path = "/v1/subsidies/quote", operation_id = "quote_subsidies", tag = "subsidies",
    params(QuoteParams, VehicleParams, FormatParam),
    responses(
        (status = 200, description = "A quote for the day, or for each stretch of days. In CSV what is nested is JSON.", content(
            (Quotes = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"))),
        ListFailures,
    )
)]
pub async fn get_quote(Seen(app): Seen, mut call: Call) -> Result<Reply, Problem> {
    let held = queries::held(&app.pool, app.clock.today()).await?;
    let question = Question::read(&mut call.params, &held);
    // Today's date is part of the question where the request leaves it out.
    let days = question.as_ref().map(|question| (question.from, question.to));
    let view = call.single()?.depending_on((held.others, days));
    let questions = bounded(&held, question.into_iter().collect())?;
    Ok(answer(view, &held, &questions)?)
}

/// What many vehicles get, on one day or from one day to another
///
/// Each vehicle takes the parameters of the GET as fields. What stands beside `vehicles` holds for all of them. Up to 100 vehicles and
/// 1,000 quotes are answered at once. The answer to a body may not be stored and has no `ETag`.
#[utoipa::path(
    post, path = "/v1/subsidies/quote", operation_id = "quote_subsidies_of_many", tag = "subsidies",
    params(FormatParam),
    request_body(content = QuoteRequest, description = "The vehicles, and what holds for all of them.", examples(
        ("two" = (summary = "Two vehicles in Shanghai", value = json!({
            "on": "2019-05-01", "jurisdiction": "CN-SH", "vehicles": [
                {"name": "long", "powertrain": "BEV", "range_km": 420, "battery_kwh": 52, "energy_density_wh_kg": 160},
                {"name": "short", "powertrain": "BEV", "range_km": 260, "battery_kwh": 30, "energy_density_wh_kg": 125},
            ]}))),
    )),
    responses(
        (status = 200, description = "The quotes, by vehicle, then by day. In CSV what is nested is JSON.", content(
            (Quotes = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"))),
        BodyFailures,
    )
)]
pub async fn post_quote(Seen(app): Seen, posted: Posted) -> Result<Reply, Problem> {
    let Posted { call, body, .. } = posted;
    let view = call.single()?;
    let many = Many::of(&body)?;
    let held = queries::held(&app.pool, app.clock.today()).await?;
    let questions = bounded(&held, many.questions(&held)?)?;
    Ok(answer(view, &held, &questions)?.fleeting())
}

/// Quotes for each question, and the answer with them.
fn answer(view: View, held: &Held, questions: &[Question]) -> Result<Reply, Error> {
    let answered: Vec<(&Question, Vec<Quote>)> =
        questions.iter().map(|question| (question, quotes(&held.book.data, question))).collect();
    let warnings = warnings(&answered);
    let data: Vec<Quote> = answered.into_iter().flat_map(|(_, quotes)| quotes).collect();
    let body = match view.format {
        Format::Csv => csv(&data)?,
        Format::Ndjson => lines(&data, None)?,
        Format::Json => {
            let meta = QuotesMeta {
                collection: COLLECTION.to_owned(),
                version: held.book.version,
                changed_at: held.book.changed_at,
                applied: applied(&view, questions),
                criteria: held.criteria.keys().cloned().collect(),
                complete: true,
            };
            let links = Links { this: view.target.this(), next: None };
            json(&Quotes { data, meta, links, warnings })?
        }
    };
    Ok(view.reply(COLLECTION, (held.book.version, held.book.changed_at), body, None))
}

/// The parameters as given, and for a single vehicle what was taken where one was not.
fn applied(view: &View, questions: &[Question]) -> serde_json::Map<String, Value> {
    let defaults = match questions {
        [question] if question.name.is_none() => question.resolved(),
        _ => Vec::new(),
    };
    let given = view.target.pairs.iter().cloned();
    let named: Vec<&str> = view.target.pairs.iter().map(|(name, _)| name.as_str()).collect();
    let missing = defaults.into_iter().filter(|(name, _)| !named.contains(name));
    let missing: Vec<_> = missing.map(|(name, value)| (name.to_owned(), value)).collect();
    given.chain(missing).map(|(name, value)| (name, Value::String(value))).collect()
}

/// What to know before using quotes.
fn warnings(answered: &[(&Question, Vec<Quote>)]) -> Vec<Warning> {
    const UNVERIFIED: &str = "a quote depends on rules that are attributed to official notices whose text was not at hand: see verification";
    const LEFT_OUT: &str = "a total leaves out instruments that are in force and cannot be computed: see left_out and their rates";
    const NOT_GIVEN: &str = "a total depends on parameters that were not given: see unknown";
    const NO_DATA: &str = "on some days nothing is held that was in force there for such a vehicle";
    let any = |of: fn(&Quote) -> bool| answered.iter().flat_map(|(_, quotes)| quotes).any(of);
    let told = [
        (any(|quote| quote.unverified), "unverified", UNVERIFIED),
        (any(|quote| !quote.complete), "left_out", LEFT_OUT),
        (any(|quote| !quote.unknown.is_empty()), "not_given", NOT_GIVEN),
        (any(|quote| quote.instruments.is_empty()), "no_data", NO_DATA),
    ];
    let mut warnings: Vec<Warning> = told
        .into_iter()
        .filter(|(is_so, ..)| *is_so)
        .map(|(_, code, detail)| Warning::new(code, detail))
        .collect();
    let unshown = answered.iter().find_map(|(question, quotes)| {
        let scheme = question.scheme.as_deref()?;
        let instruments = quotes.iter().flat_map(|quote| &quote.instruments);
        let shown = instruments.flat_map(|one| &one.schemes).any(|one| one.scheme.as_deref() == Some(scheme));
        (!shown).then_some(scheme)
    });
    if let Some(scheme) = unshown {
        let detail = format!(
            "for some vehicle no instrument in force has the scheme {scheme}; every scheme that there is was quoted"
        );
        warnings.push(Warning::new("scheme_not_in_force", detail));
    }
    warnings
}
