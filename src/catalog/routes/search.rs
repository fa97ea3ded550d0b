//! `/v1/search`.

use serde::Serialize;
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::catalog::CATALOG;
use crate::catalog::search::{self, Counts, Hit, Kind, Outcome, Search};
use crate::database::Versioned;
use crate::error::{Error, Fault, Result};
use crate::http::access::Seen;
use crate::http::extract::{Call, View};
use crate::http::negotiate::Format;
use crate::http::openapi::{LangParam, ListFailures};
use crate::http::problem::Problem;
use crate::http::records::{Links, Page, Warning, csv, json, lines};
use crate::http::reply::Reply;
use crate::http::timeseries::retried;
use crate::params::Params;

/// The longest text that is looked for, in characters.
const MAX_CHARS: usize = 200;

/// How many hits a page holds where the caller names no limit.
const DEFAULT_HITS: usize = 20;

/// How many hits a page holds at most.
const MOST_HITS: usize = 100;

/// What is looked for.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it tells the contract of the parameters, which are read one by one")]
pub struct SearchParams {
    /// Words of any name, English or Chinese, a code, an id, or several names together that describe series.
    #[param(min_length = 1, max_length = 200, example = "比亚迪")]
    pub q: String,
    /// Only these kinds, with commas: `code`, `source`, `organization`, `series`, `instrument`, `partnership`, `event`.
    #[param(required = false, example = "code,organization")]
    pub kind: String,
    /// At most so many hits; 20 where it is not given.
    #[param(required = false, minimum = 1, maximum = 100, example = 10)]
    pub limit: u32,
    /// `meta.page.next_cursor` of the page before, with the same other parameters; not given for the first page.
    #[param(required = false)]
    pub cursor: String,
    /// The representation; where it is not given the header `Accept` chooses, else it is JSON.
    #[param(required = false, inline)]
    pub format: Format,
}

/// What a search found.
#[derive(Debug, Serialize, ToSchema)]
pub struct SearchAnswer {
    /// The hits, best first.
    pub data: Vec<Hit>,
    /// What the answer was made from.
    pub meta: SearchMeta,
    /// Where this page and the next one are, relative to the service.
    pub links: Links,
    /// What a reader should know before using the answer.
    pub warnings: Vec<Warning>,
}

/// What the answer to a search was made from.
#[derive(Debug, Serialize, ToSchema)]
pub struct SearchMeta {
    /// Always `catalog`: everything is looked through.
    pub collection: String,
    /// The sum of all versions; it rises whenever anything changes.
    pub version: i64,
    /// When anything last changed.
    pub changed_at: chrono::DateTime<chrono::Utc>,
    /// The parameters that the answer was made for, as understood.
    #[schema(value_type = std::collections::BTreeMap<String, String>)]
    pub applied: serde_json::Map<String, Value>,
    /// How much of each kind was found, whatever kinds were asked for.
    pub counts: Counts,
    /// False where a next page follows.
    pub complete: bool,
    /// The page.
    pub page: Page,
}

/// From a word to what there is on it
///
/// Looks through codes, sources, organizations, subsidy instruments, partnerships, events and series, in English and Chinese. Best first:
/// the very code or id, a whole name, series whose codes the words name together, names that begin with the query, names with all of its
/// words, names that hold it, records whose description or participants do. Only where nothing does, what is written almost alike.
/// `figures` of a hit leads to the numbers.
///
/// For example, what is there on BYD? `/v1/search?q=比亚迪`. Which series have monthly sales of battery cars by BYD?
/// `/v1/search?q=BYD BEV sales monthly&kind=series`. What is written `Volkswagon` here? `/v1/search?q=volkswagon`.
#[utoipa::path(
    get, path = "/v1/search", operation_id = "search", tag = "catalog",
    params(SearchParams, LangParam),
    responses(
        (status = 200, description = "A page of hits.", content(
            (SearchAnswer = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"))),
        ListFailures,
    )
)]
pub async fn find(Seen(app): Seen, call: Call) -> std::result::Result<Reply, Problem> {
    Ok(retried(&app, || attempt(&app, call.clone())).await?)
}

async fn attempt(app: &App, mut call: Call) -> Result<Reply> {
    let text = text(&mut call.params);
    let kinds = kinds(&mut call.params);
    let language = call.language();
    let view = call.view(DEFAULT_HITS, MOST_HITS)?;
    // Without a text the view is not reached.
    let asked = Search { text: text.unwrap_or_default(), kinds, language };
    let found = search::search(&app.pool, &app.vocabularies, &asked).await?;
    answer(app, view, found).await
}

fn text(params: &mut Params) -> Option<String> {
    let text = params.text("q").map(|text| text.trim().to_owned()).unwrap_or_default();
    if (1..=MAX_CHARS).contains(&text.chars().count()) {
        return Some(text);
    }
    let detail = format!("is needed: what to look for, 1 to {MAX_CHARS} characters");
    params.reject(Fault::new("q", &text, detail));
    None
}

fn kinds(params: &mut Params) -> Vec<Kind> {
    let mut kinds = Vec::new();
    for word in params.list("kind").unwrap_or_default() {
        if let Some(kind) = Kind::of_word(&word) {
            kinds.push(kind);
        } else {
            let fault = Fault::new("kind", &word, "is no kind of thing that can be found");
            params.reject(fault.allowed(Kind::ALL.map(|(word, _)| word)));
        }
    }
    kinds
}

async fn answer(app: &App, view: View, found: Versioned<Outcome>) -> Result<Reply> {
    let Versioned { version, changed_at, data } = found;
    let Outcome { hits, counts, more_series, vocabulary } = data;
    let warnings = warnings(&hits, more_series);
    let mut data = behind(&view, hits)?;
    let next_cursor = view.paging.cut(&mut data, key);
    let next = next_cursor.as_deref().map(|cursor| view.target.next(cursor, view.paging.limit));
    search::lead_to_figures(&mut data, &vocabulary, (&app.pool, app.vocabularies.sight()), version).await?;
    let body = match view.format {
        Format::Csv => csv(&data)?,
        Format::Ndjson => lines(&data, next.as_deref())?,
        Format::Json => {
            let applied =
                view.target.pairs.iter().map(|(name, value)| (name.clone(), Value::String(value.clone())));
            let meta = SearchMeta {
                collection: CATALOG.to_owned(),
                version,
                changed_at,
                applied: applied.collect(),
                counts,
                complete: next.is_none(),
                page: Page { limit: view.paging.limit, rows: data.len(), next_cursor },
            };
            let links = Links { this: view.target.this(), next: next.clone() };
            json(&SearchAnswer { data, meta, links, warnings })?
        }
    };
    Ok(view.reply(CATALOG, (version, changed_at), body, next))
}

/// What tells a hit from all others.
fn key(hit: &Hit) -> Vec<String> {
    vec![hit.link.clone()]
}

/// The hits behind the last one of the page before.
fn behind(view: &View, mut hits: Vec<Hit>) -> Result<Vec<Hit>> {
    let Some(after) = &view.paging.after else { return Ok(hits) };
    let at = hits.iter().position(|hit| key(hit) == *after).ok_or_else(|| {
        let detail = "ends with what is no longer found; begin again without it";
        Error::Rejected(vec![Fault::new("cursor", "", detail)])
    })?;
    Ok(hits.split_off(at + 1))
}

fn warnings(hits: &[Hit], more_series: usize) -> Vec<Warning> {
    let mut warnings = Vec::new();
    if hits.is_empty() {
        let detail = "nothing here is called this, or anything like it";
        warnings.push(Warning::new("no_data", detail));
    }
    if more_series > 0 {
        let detail = format!(
            "{more_series} more series match; kind=series shows up to {} of them, further words narrow them",
            search::MOST_SERIES
        );
        warnings.push(Warning::new("more_series", detail));
    }
    warnings
}
