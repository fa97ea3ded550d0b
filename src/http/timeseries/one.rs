//! One series by its key, and everything that its figures have been.

use std::time::Instant;

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

use super::annotations::{self, Annotate, Annotation, Annotations};
use super::envelope::{self, Beside, Meta};
use super::{Asked, Extent, MOST_WHOLE, dataset_of, pin_now, retried, warnings};
use crate::app::App;
use crate::database::Versioned;
use crate::error::{Error, Result, nearest};
use crate::formats::{SeriesItem, Status, Value, Written};
use crate::http::extract::{Call, View};
use crate::http::negotiate::Format;
use crate::http::records::{Links, Warning};
use crate::http::reply::Reply;
use crate::timeseries::answer::{Sort, whole};
use crate::timeseries::dataset::{Dataset, Vocabulary};
use crate::timeseries::fetch::{Connections, Lease, Reader};
use crate::timeseries::frame::{BEST, Series, source_at};
use crate::timeseries::key::{Dimension, PLUS, parse_series_key, series_id};
use crate::timeseries::overlay::{Kind, Origin, Run, Statement, runs};
use crate::timeseries::past::Past;
use crate::timeseries::period::Period;
use crate::timeseries::plan::{Plan, Selection, Sources};
use crate::timeseries::request;
use crate::timeseries::target::Target;
use crate::words::words;

/// One series with its observations.
#[derive(Debug, Serialize, ToSchema)]
pub struct OneSeries<'a> {
    /// The series.
    pub data: SeriesItem<'a>,
    /// What the answer was made from.
    pub meta: Meta,
    /// Where this answer is, relative to the service.
    pub links: Links,
    /// What a reader should know before using the answer.
    pub warnings: Vec<Warning>,
    /// With `annotate`: what happened in the time from the first to the last period answered and concerns the series, the oldest
    /// first, at most 100; of more the latest, and the warning `annotations_cut`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Vec<Annotation>, required = false)]
    pub annotations: Option<Vec<Annotation>>,
}

/// A figure that a cell of a series has, or has had.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Vintage {
    /// The period that the figure is for.
    #[schema(value_type = String)]
    pub period: Option<Period>,
    /// `stated`, or `withdrawn` where an edition no longer lists what it speaks for.
    #[schema(value_type = VintageKind)]
    pub kind: String,
    /// The figure in the unit of the series; null where it is stated as missing, or withdrawn.
    #[schema(value_type = Option<f64>)]
    pub value: Option<Value>,
    /// What kind of figure it is.
    pub status: Status,
    /// Whether it is the one that holds now.
    pub current: bool,
    /// The document that stated it first.
    pub document: Option<String>,
    /// The last day that the document's printed date may mean; null where it is undated.
    pub published: Option<NaiveDate>,
    /// Since which day documents prove it, confirmations counted; null where all of them are undated.
    pub known_since: Option<NaiveDate>,
    /// Documents that stated the same again before another figure came.
    pub restated_by: Vec<Print>,
    /// Documents that print the same figure, or the same rounded, and only date it.
    pub confirmed_by: Vec<Print>,
    /// What the first document, or the compilers, say of it.
    pub note: Option<String>,
    /// The release that stated it first.
    pub release: i32,
}

/// What a further document prints of a figure.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Print {
    /// The document.
    pub document: Option<String>,
    /// The last day that its printed date may mean; null where it is undated.
    pub published: Option<NaiveDate>,
    /// The figure as it prints it, which may be rounded; null where it is stated as missing, or withdrawn.
    #[schema(value_type = Option<f64>)]
    pub value: Option<Value>,
    /// What kind of figure it is.
    pub status: Status,
    /// What the document, or the compilers, say of it.
    pub note: Option<String>,
}

/// How many series are compared to find those whose keys look like a wrong one.
const NEAR: usize = 500;

/// Answers one series by its key.
pub async fn series(app: &App, key: &str, call: &Call) -> Result<Reply> {
    retried(app, || attempt(app, key, call.clone())).await
}

/// Answers everything that the figures of one series have been.
pub async fn vintages(app: &App, key: &str, call: &Call) -> Result<Reply> {
    retried(app, || attempt_vintages(app, key, call.clone())).await
}

async fn attempt(app: &App, key: &str, mut call: Call) -> Result<Reply> {
    let vocabulary = app.vocabularies.current().await?;
    let (dataset, mut plan) = plan_of(&vocabulary, key)?;
    plan.window = request::window(&mut call.params);
    plan.as_of = request::as_of(&mut call.params);
    let language = call.language();
    let is_lines = call.format().is_ok_and(|format| format != Format::Json);
    let annotates = Annotate::read(&mut call, is_lines);
    let named = dataset.dimensions.iter().map(|dimension| dimension.name()).chain(["frequency"]).collect();
    let (sort, extent) = (Sort::Series, Extent::Whole(MOST_WHOLE));
    let (shape, explains) = (None, false);
    let asked =
        Asked { plan, named, shape, sort, language, extent, explains, annotates, view: call.single()? };
    let pin = pin_now(&vocabulary, &dataset.name);
    if let Some(reply) = envelope::unread(&asked, &vocabulary, pin) {
        return Ok(reply);
    }
    let dataset = &*dataset.with(&asked.plan.sums);
    let (lease, start) = (Lease::new(&app.pool, &app.together), Instant::now());
    let reader = Reader {
        connections: Connections::Lease(&lease),
        heavy: Some(&app.heavy),
        ..Reader::now(&app.pool, &asked.plan, (dataset, &vocabulary))
    };
    let mut frame = whole(&reader, MOST_WHOLE, super::WAYS_OUT).await?;
    if frame.series.is_empty() {
        // A series that exists may have no figure for the time; one that does not is no series.
        let Some(bare) = bare(&reader, dataset).await? else { return Err(unknown(&reader, key).await?) };
        frame.series.push(bare);
    }
    let mut warnings = warnings::warnings(&reader, &asked, &frame).await?;
    let annotations = annotations::read(&reader, &asked, &frame).await?;
    warnings.extend(annotations.as_ref().and_then(Annotations::warning));
    drop(lease);
    let database_ms = Some(start.elapsed().as_secs_f64() * 1000.0);
    let transform = asked.plan.transform;
    let written = Written { frame: &frame, dataset, vocabulary: &vocabulary, language, transform };
    let annotations = annotations.map(|annotations| annotations.told);
    let reply = envelope::write(&asked, written, pin, Beside { warnings, annotations, explanation: None })?;
    Ok(Reply { database_ms, ..reply })
}

async fn attempt_vintages(app: &App, key: &str, mut call: Call) -> Result<Reply> {
    let vocabulary = app.vocabularies.current().await?;
    let (dataset, mut plan) = plan_of(&vocabulary, key)?;
    plan.window = request::window(&mut call.params);
    let view = call.page()?;
    let reader = Reader::now(&app.pool, &plan, (dataset, &vocabulary));
    let listed = if plan.sources == Sources::Best { None } else { reader.list(None, (1, true)).await?.pop() };
    let Some(series) = listed.map(|listed| listed.series) else { return Err(unknown(&reader, key).await?) };
    let (cells, past) = reader.vintages(&[series_id(key)]).await?;
    let cells = cells.into_iter().next().unwrap_or_default();
    let within = cells.iter().filter(|(period, _)| plan.window.holds(series.frequency, **period));
    let within: Vec<_> = within.collect();
    let earlier = plan.window.last.map_or(0, |last| within.len().saturating_sub(last));
    let told = Told { dataset, vocabulary: &vocabulary, series: &series, past: &past };
    let shown = within.into_iter().skip(earlier);
    let mut all: Vec<Vintage> =
        shown.flat_map(|(period, statements)| told.vintages(*period, statements)).collect();
    let place =
        |v: &Vintage| vec![v.period.map(|p| p.to_string()).unwrap_or_default(), v.release.to_string()];
    if let Some(after) = &view.paging.after {
        let behind = all.iter().position(|v| place(v) == *after).ok_or_else(|| corrected(&view))?;
        all.drain(..=behind);
    }
    let (version, changed_at) = vocabulary.versions.get(&dataset.name).copied().unwrap_or_default();
    view.listing(&dataset.name, Versioned { version, changed_at, data: all }, place)
}

/// That the figure which a cursor names no longer counts.
fn corrected(view: &View) -> Error {
    let detail = "the figure that the page before ended with was corrected or withdrawn; begin again without the cursor";
    Error::Gone(format!("{detail}: {}", view.target.name()))
}

/// A series with what its figures are told by.
struct Told<'a> {
    dataset: &'a Dataset,
    vocabulary: &'a Vocabulary,
    series: &'a Series,
    past: &'a Past,
}

impl Told<'_> {
    /// The figures that one cell has had.
    fn vintages(&self, period: i32, statements: &[Statement]) -> Vec<Vintage> {
        let runs = runs(statements, None);
        let mut all: Vec<Vintage> = runs.iter().map(|run| self.vintage(period, run, statements)).collect();
        if let Some(last) = all.last_mut() {
            last.current = last.kind == Kind::Stated.name();
        }
        all
    }

    fn vintage(&self, period: i32, run: &Run, statements: &[Statement]) -> Vintage {
        let again = |origins: &[Origin]| {
            let of = |origin: &Origin| statements.iter().find(|s| s.origin.release == origin.release);
            origins.iter().filter_map(of).map(|statement| self.print(period, statement)).collect()
        };
        let Print { document, published, value, status, note } = self.print(period, &run.first);
        Vintage {
            period: Period::new(self.series.frequency, period),
            kind: run.first.kind.name().to_owned(),
            value,
            status,
            current: false,
            document,
            published,
            known_since: run.known_since,
            restated_by: again(&run.restated),
            confirmed_by: again(&run.confirmed),
            note,
            release: run.first.origin.release,
        }
    }

    fn print(&self, period: i32, statement: &Statement) -> Print {
        let release = statement.origin.release;
        let measure = self.dataset.measure(self.series.code(self.dataset, Dimension::Measure));
        Print {
            document: self.vocabulary.releases.get(&release).and_then(|r| r.document.clone()),
            published: statement.origin.published,
            value: statement.value.map(|scaled| Value::new(scaled, measure.map_or(0, |m| m.decimals))),
            status: Status::of(statement.status),
            note: self.past.note(series_id(&self.series.key(self.dataset)), period, release),
        }
    }
}

/// The dataset of a key, and the plan that selects its one series.
fn plan_of<'a>(vocabulary: &'a Vocabulary, key: &str) -> Result<(&'a Dataset, Plan)> {
    let missing = || Error::NotFound { what: "series", id: key.to_owned(), did_you_mean: Vec::new() };
    let (name, frequency, codes) = parse_series_key(key).ok_or_else(missing)?;
    let dataset = dataset_of(vocabulary, name)?;
    if codes.len() != dataset.dimensions.len() {
        return Err(missing());
    }
    let (mut sources, mut sums) = (Sources::Best, Vec::new());
    let mut selection = std::collections::BTreeMap::new();
    for (dimension, code) in dataset.dimensions.iter().zip(codes) {
        match (dimension, code) {
            (Dimension::Source, BEST) => {}
            (Dimension::Source, code) => sources = Sources::Listed(vec![code.to_owned()]),
            (other, code) if code.contains(PLUS) => {
                let sum = request::sum_of_key(code, *other, (vocabulary, dataset));
                let (sum, mut parts) = sum.ok_or_else(missing)?;
                selection.insert(*other, sum);
                sums.append(&mut parts);
            }
            (other, code) => drop(selection.insert(*other, Selection::one(code))),
        }
    }
    let frequencies = vec![frequency];
    let plan = Plan { dataset: name.to_owned(), selection, sources, frequencies, sums, ..Plan::default() };
    Ok((dataset, Plan { converts: true, ..plan }))
}

/// The series of the plan without its figures, where there is such a series, be it that all its figures were withdrawn.
async fn bare(reader: &Reader<'_>, dataset: &Dataset) -> Result<Option<Series>> {
    if reader.plan.selection.values().any(|selection| matches!(selection, Selection::Sum { .. })) {
        let (targets, _) = reader.targets(reader.plan).await?;
        return Ok(targets.into_iter().next().map(|mut target| {
            if let Sources::Listed(sources) = &reader.plan.sources {
                for source in sources {
                    target.codes[source_at(dataset)] = source.into();
                }
            }
            let Target { group, frequency, codes, .. } = target;
            Series { group, frequency, codes, observations: Vec::new() }
        }));
    }
    let found = reader.list(None, (1, true)).await?.pop().map(|listed| listed.series);
    Ok(found.map(|mut series| {
        if reader.plan.sources == Sources::Best {
            series.codes[source_at(dataset)] = BEST.into();
        }
        series
    }))
}

/// That there is no series of this key, with those that come nearest.
async fn unknown(reader: &Reader<'_>, key: &str) -> Result<Error> {
    let mut plan = reader.plan.clone();
    plan.sources = Sources::All;
    plan.selection.retain(|dimension, _| matches!(dimension, Dimension::Measure | Dimension::Geo));
    let near = Reader { plan: &plan, ..*reader }.list(None, (NEAR, false)).await?;
    let keys: Vec<String> = near.iter().map(|listed| listed.series.key(reader.dataset)).collect();
    let did_you_mean = nearest(key, keys.iter().map(String::as_str));
    Ok(Error::NotFound { what: "series", id: key.to_owned(), did_you_mean })
}

words! {
    /// What became of a figure.
    VintageKind = [Kind::Stated.name(), Kind::Withdrawn.name()];
}
