//! The sources of the same figures side by side, with their differences.

use std::collections::BTreeMap;
use std::time::Instant;

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::envelope::{UsedSource, stamp};
use super::{dataset_of, pinned, retried};
use crate::app::App;
use crate::error::{Error, Fault, Result};
use crate::formats::{self, Codes, Status, Value};
use crate::http::extract::{Call, View};
use crate::http::negotiate::{Format, Language};
use crate::http::records::{self, Links, Page, Warning};
use crate::http::reply::{Reply, tag};
use crate::timeseries::dataset::{Dataset, Vocabulary};
use crate::timeseries::derive::{Figure, Releases};
use crate::timeseries::fetch::Reader;
use crate::timeseries::frame::Observation;
use crate::timeseries::key::Dimension;
use crate::timeseries::period::{Frequency, Period};
use crate::timeseries::plan::{Plan, Sources};
use crate::timeseries::reconcile::{self, Compared, Comparison};
use crate::timeseries::request::{self, Unnamed};

/// How many sources a period has at least where the caller does not say.
const DEFAULT_SOURCES: usize = 2;

/// What `min_sources` takes at the most.
const MOST_SOURCES: usize = 50;

/// How many comparisons a page holds where the caller names no limit.
const DEFAULT_ROWS: usize = 1_000;

/// How many comparisons a page holds at the most.
const MOST_ROWS: usize = 10_000;

/// A page of comparisons.
#[derive(Debug, Serialize, ToSchema)]
pub struct Reconciled<'a> {
    /// The comparisons by series and period.
    pub data: Vec<ComparisonItem<'a>>,
    /// What the answer was made from.
    pub meta: ReconciledMeta,
    /// Where this page and the next one are, relative to the service.
    pub links: Links,
    /// What a reader should know before using the answer.
    pub warnings: Vec<Warning>,
}

/// What a page of comparisons was made from.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReconciledMeta {
    /// The dataset.
    pub dataset: String,
    /// Its version; it rises with every release.
    pub version: i64,
    /// When it last changed.
    pub changed_at: DateTime<Utc>,
    /// The date whose knowledge is shown, as asked for; null is now.
    pub as_of: Option<String>,
    /// The query with all defaults resolved.
    #[schema(value_type = Object)]
    pub applied: serde_json::Map<String, serde_json::Value>,
    /// The sources of the figures, with what their use asks for.
    pub sources: Vec<UsedSource>,
    /// False where a next page follows.
    pub complete: bool,
    /// The page.
    pub page: Page,
}

/// What the sources say of one period of one series.
#[derive(Debug, Serialize, ToSchema)]
pub struct ComparisonItem<'a> {
    /// The key of the series that `source=best` answers.
    #[schema(example = "production:A.production.best.CN._T._T._T._T.NEV")]
    pub series: String,
    /// What it is, in words.
    pub title: String,
    /// Its codes; the source is `best`.
    pub codes: Codes<'a>,
    /// How often it states a figure.
    pub frequency: Frequency,
    /// The period: 2024, 2024-Q3 or 2024-05.
    #[schema(value_type = String, example = "2020")]
    pub period: Option<Period>,
    /// The unit of values and differences.
    #[schema(example = "vehicles")]
    pub unit: &'a str,
    /// What is counted and what is not; null where nothing is said.
    #[schema(value_type = Option<String>)]
    pub definition: Option<&'a str>,
    /// The source that `best` answers with; null where it answers nothing for the period.
    #[schema(value_type = Option<String>, example = "caam")]
    pub best: Option<&'a str>,
    /// What each source says, in the order of the precedence table.
    pub figures: Vec<ComparedFigure<'a>>,
}

/// What one source says.
#[derive(Debug, Serialize, ToSchema)]
pub struct ComparedFigure<'a> {
    /// Who first published the figure.
    #[schema(value_type = String, example = "nbs")]
    pub source: &'a str,
    /// Whether it is the one that `best` answers.
    pub best: bool,
    /// The scope of the precedence table that the source stands in for this series: sources of one scope count alike. Null where the
    /// table does not list it.
    #[schema(value_type = Option<String>)]
    pub scope: Option<&'a str>,
    /// The figure; null where it is stated as missing.
    #[schema(value_type = Option<f64>, example = 1_456_000)]
    pub value: Option<Value>,
    /// The figure less that of `best`, exact, in the unit of the series; null where one of both is missing.
    #[schema(value_type = Option<f64>, example = 90_000)]
    pub difference: Option<Value>,
    /// The difference in percent of the figure of `best`, not rounded; null where it is missing or that figure is 0.
    #[schema(example = 6.588)]
    pub difference_percent: Option<f64>,
    /// What kind of figure it is.
    pub status: Status,
    /// The documents that state it, or what it was made of.
    #[schema(value_type = Vec<String>)]
    pub documents: Vec<&'a str>,
    /// The last day that the date of the latest of these documents may mean; null where one of them is undated.
    pub published: Option<NaiveDate>,
    /// What the document, or the compilers, say of this one figure; null where nothing.
    #[schema(value_type = Option<String>)]
    pub note: Option<&'a str>,
    /// What the source counts and how; null where nothing is said.
    #[schema(value_type = Option<String>)]
    pub source_note: Option<&'a str>,
    /// Whether the source is press, or one that the precedence table does not list or marks as weak.
    pub low_trust: bool,
    /// Whether the figure was computed from others of the source.
    pub derived: bool,
    /// How much of the whole a derived figure covers, as `11/12`; null where it is not derived.
    #[schema(value_type = Option<String>)]
    pub coverage: Option<formats::Covered>,
}

/// What one source says, with what it is of: a row of CSV. Its parts stand in the order of the columns.
#[derive(Debug, Serialize, ToSchema)]
struct Line<'a> {
    #[serde(flatten)]
    #[schema(inline)]
    head: Head<'a>,
    #[serde(flatten)]
    #[schema(inline)]
    codes: Codes<'a>,
    #[serde(flatten)]
    #[schema(inline)]
    figure: &'a ComparedFigure<'a>,
}

/// What the figures of a row of CSV are of.
#[derive(Debug, Serialize, ToSchema)]
struct Head<'a> {
    series: &'a str,
    frequency: Frequency,
    #[schema(value_type = String)]
    period: Option<Period>,
    unit: &'a str,
}

/// Answers the sources of a dataset's figures side by side.
pub async fn reconcile(app: &App, dataset: &str, call: &Call) -> Result<Reply> {
    retried(app, || attempt(app, dataset, call.clone())).await
}

async fn attempt(app: &App, dataset: &str, mut call: Call) -> Result<Reply> {
    let vocabulary = app.vocabularies.current().await?;
    let dataset = dataset_of(&vocabulary, dataset)?;
    let (plan, min_sources) = understand(&mut call, &vocabulary, dataset);
    let language = call.language();
    let view = call.view(DEFAULT_ROWS, MOST_ROWS)?;
    let after = view.paging.after.as_deref().map(place).transpose()?;
    let (pages_at, pin) = pinned(&vocabulary, &dataset.name, &view)?;
    let reader =
        Reader { pin, heavy: Some(&app.heavy), ..Reader::now(&app.pool, &plan, (dataset, &vocabulary)) };
    let start = Instant::now();
    let mut compared = reconcile::page(&reader, after, (view.paging.limit + 1, min_sources)).await?;
    let database_ms = start.elapsed().as_secs_f64() * 1000.0;
    let more = compared.len() > view.paging.limit;
    compared.truncate(view.paging.limit);
    let last = compared.last().filter(|_| more);
    let next = last.map(|last| {
        let key = vec![last.series.group.clone(), last.period.to_string()];
        view.paging.next(key, Some(pages_at))
    });
    let items = Items { vocabulary: &vocabulary, dataset, language };
    let data = compared.iter().map(|comparison| items.item(comparison)).collect();
    let mut applied = plan.applied();
    for name in ["agg", "partial", "transform", "fill"] {
        applied.remove(name);
    }
    applied.insert("min_sources".to_owned(), json!(min_sources));
    applied.insert("limit".to_owned(), json!(view.paging.limit));
    applied.insert("lang".to_owned(), json!(language.code()));
    let meta = items.meta(&plan, &compared, (applied, view.paging.limit, next));
    let page = format!("{:?} {pages_at:?}", view.paging.after);
    let mut reply = write(&view, (data, meta), (&page, &stamp(&vocabulary, &dataset.name)))?;
    reply.language = Some(language.code());
    reply.database_ms = Some(database_ms);
    Ok(reply)
}

/// Reads the parameters: those of a query, but for what computes or shapes, and how many sources are compared.
fn understand(call: &mut Call, vocabulary: &Vocabulary, dataset: &Dataset) -> (Plan, usize) {
    let names_source = call.has("source");
    let params = &mut call.params;
    let mut plan = request::select(params, vocabulary, dataset, Unnamed::Default);
    plan.window = request::window(params);
    plan.as_of = request::as_of(params);
    let min_sources = params.value("min_sources", |text| {
        let number = text.parse().ok().filter(|n| (1..=MOST_SOURCES).contains(n));
        let detail = format!("is not a whole number from 1 to {MOST_SOURCES}");
        number.ok_or_else(|| Fault::new("min_sources", text, detail))
    });
    let min_sources = min_sources.unwrap_or(DEFAULT_SOURCES);
    if plan.sources == Sources::Best {
        if names_source {
            let detail =
                "is one source a period, and several are compared here; name their codes, or none for all";
            params.reject(Fault::new("source", "best", detail));
        }
        plan.sources = Sources::All;
    }
    if let Sources::Listed(codes) = &plan.sources
        && codes.len() < min_sources
    {
        let detail = format!("lists fewer sources than min_sources={min_sources} asks for");
        params.reject(Fault::new("source", &codes.join(","), detail));
    }
    (plan, min_sources)
}

/// The place that a cursor's key names.
fn place(key: &[String]) -> Result<(String, i32)> {
    let parsed = match key {
        [group, period] => period.parse().ok().map(|period| (group.clone(), period)),
        _ => None,
    };
    let detail = "is not a cursor that this service gave";
    parsed.ok_or_else(|| Error::Malformed(vec![Fault::new("cursor", &key.join(" "), detail)]))
}

/// What comparisons are written with.
struct Items<'a> {
    vocabulary: &'a Vocabulary,
    dataset: &'a Dataset,
    language: Language,
}

impl<'a> Items<'a> {
    fn item(&self, comparison: &'a Comparison) -> ComparisonItem<'a> {
        let series = &comparison.series;
        let measure = self.dataset.measure(series.code(self.dataset, Dimension::Measure));
        let best = comparison.best();
        let decimals = measure.map_or(0, |measure| measure.decimals);
        let figure = |compared| self.figure(compared, best, decimals);
        ComparisonItem {
            series: series.key(self.dataset),
            title: formats::title(self.vocabulary, self.dataset, series, self.language),
            codes: formats::codes(self.dataset, series),
            frequency: series.frequency,
            period: Period::new(series.frequency, comparison.period),
            unit: formats::unit(self.dataset, series),
            definition: measure.and_then(|measure| measure.definition.as_deref()),
            best: best.map(|best| best.observation.source.as_ref()),
            figures: comparison.figures.iter().map(figure).collect(),
        }
    }

    fn figure(&self, compared: &'a Compared, best: Option<&Compared>, decimals: u32) -> ComparedFigure<'a> {
        let observation = &compared.observation;
        let base = best.and_then(|best| exact(&best.observation));
        let difference = exact(observation).zip(base).and_then(|(own, base)| own.checked_sub(base));
        ComparedFigure {
            source: &observation.source,
            best: compared.best,
            scope: compared.scope.as_deref(),
            value: exact(observation).map(|scaled| Value::new(scaled, decimals)),
            difference: difference.map(|scaled| Value::new(scaled, decimals)),
            difference_percent: difference.zip(base).and_then(percent),
            status: Status::of(observation.status),
            documents: match formats::documents(self.vocabulary, observation) {
                (one, None) => one.into_iter().collect(),
                (_, Some(all)) => all,
            },
            published: self.published(observation),
            note: observation.note.as_deref(),
            source_note: self
                .vocabulary
                .sources
                .get(observation.source.as_ref())
                .and_then(|s| s.note.as_deref()),
            low_trust: observation.low_trust,
            derived: observation.derived,
            coverage: formats::coverage(observation),
        }
    }

    fn published(&self, observation: &Observation) -> Option<NaiveDate> {
        let releases = observation.releases.iter().flat_map(Releases::iter);
        let dates = releases.map(|release| self.vocabulary.releases.get(&release).and_then(|r| r.published));
        dates.collect::<Option<Vec<_>>>()?.into_iter().max()
    }

    fn meta(
        &self,
        plan: &Plan,
        compared: &[Comparison],
        (applied, limit, next_cursor): (serde_json::Map<String, serde_json::Value>, usize, Option<String>),
    ) -> ReconciledMeta {
        let (version, changed_at) =
            self.vocabulary.versions.get(&self.dataset.name).copied().unwrap_or_default();
        let codes = compared.iter().flat_map(|c| &c.figures).map(|f| f.observation.source.as_ref());
        let used = codes.filter_map(|code| Some((code, self.vocabulary.sources.get(code)?)));
        let sources = used.collect::<BTreeMap<_, _>>().into_iter();
        let sources = sources.map(|(code, source)| UsedSource::new(code, source));
        ReconciledMeta {
            dataset: self.dataset.name.clone(),
            version,
            changed_at,
            as_of: plan.as_of.as_ref().map(|date| date.written.clone()),
            applied,
            sources: sources.collect(),
            complete: next_cursor.is_none(),
            page: Page { limit, rows: compared.len(), next_cursor },
        }
    }
}

fn exact(observation: &Observation) -> Option<i64> {
    match observation.figure {
        Some(Figure::Exact(value)) => Some(value),
        _ => None,
    }
}

/// The difference in percent of the base.
#[expect(clippy::cast_precision_loss, reason = "a share is a ratio, computed once from exact numbers")]
fn percent((difference, base): (i64, i64)) -> Option<f64> {
    (base != 0).then(|| 100.0 * difference as f64 / base as f64)
}

fn write(
    view: &View,
    (data, meta): (Vec<ComparisonItem<'_>>, ReconciledMeta),
    (page, (version, last_modified)): (&str, &(String, DateTime<Utc>)),
) -> Result<Reply> {
    let cursor = meta.page.next_cursor.as_deref();
    let next = cursor.map(|cursor| view.target.next(cursor, view.paging.limit));
    let applied = json!(meta.applied).to_string();
    let tag = tag([view.target.path.as_str(), &applied, page, version, view.format.media_type()]);
    let body = match view.format {
        Format::Json => {
            let warnings = if data.is_empty() { vec![Warning::no_data()] } else { Vec::new() };
            let links = Links { this: view.target.this(), next: next.clone() };
            records::json(&Reconciled { data, meta, links, warnings })?
        }
        Format::Ndjson => records::lines(&data, next.as_deref())?,
        Format::Csv => records::csv(&data.iter().flat_map(csv_rows).collect::<Vec<_>>())?,
    };
    Ok(Reply { complete: next.is_none(), next, ..Reply::new(body, view.format, Some(tag), *last_modified) })
}

fn csv_rows<'a>(item: &'a ComparisonItem<'a>) -> impl Iterator<Item = Line<'a>> {
    let ComparisonItem { series, frequency, period, unit, codes, .. } = item;
    item.figures.iter().map(move |figure| Line {
        head: Head { series, frequency: *frequency, period: *period, unit },
        codes: Codes { source: figure.source, ..*codes },
        figure,
    })
}
