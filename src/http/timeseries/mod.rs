//! The one handler of every time-series query, whatever path it comes by.

mod annotations;
mod attribution;
mod availability;
mod download;
mod envelope;
mod explain;
mod list;
mod one;
pub mod parameters;
mod query;
mod reconcile;
mod release;
mod warnings;

use std::sync::Arc;
use std::time::Instant;

use serde::Serialize;
use utoipa::ToSchema;

use annotations::{Annotate, Annotations};
pub use annotations::{Annotation, AnnotationKind, MOST_ANNOTATIONS};
pub use attribution::{Attributed, Basis, Rule};
pub use availability::{Availability, availability};
pub use envelope::{Answer, Observations};
use explain::Explanation;
pub use list::{SeriesEntry, series_list};
pub use one::{OneSeries, Vintage, series, vintages};
pub use query::{MOST_OBSERVATIONS, MOST_QUERIES, QueryAnswer, QueryRequest, query};
pub use reconcile::{Reconciled, reconcile};
pub use release::{ReleaseChange, release_changes};

use super::extract::{Call, View};
use super::negotiate::{Format, Language};
use super::page::Pin;
use super::records::Warning;
use super::reply::Reply;
use crate::app::App;
use crate::database::Gate;
use crate::error::{Error, Fault, Result};
use crate::formats::Written;
use crate::timeseries::answer::{Frame, Place, Sort, page, sorted, whole};
use crate::timeseries::dataset::{Dataset, Vocabulary};
use crate::timeseries::fetch::{Connections, Lease, Reader};
use crate::timeseries::frame::source_at;
use crate::timeseries::key::Dimension;
use crate::timeseries::plan::{Plan, Ranks};
use crate::timeseries::request;

/// The most observations of an answer in series or columns, or with `last`.
pub const MOST_WHOLE: usize = 10_000;

/// The most observations of one page of rows.
pub const MOST_ROWS: usize = 10_000;

/// How many rows a page holds where the caller names no limit.
pub const DEFAULT_ROWS: usize = 1_000;

/// The most observations of what is sorted by value or period, and of ranked codes as CSV or NDJSON without pages: these are read
/// whole before they are sent.
pub const MOST_LINES: usize = 1_000_000;

/// What to do where an answer is too large.
const WAYS_OUT: &str =
    "Name fewer codes or a shorter time, read shape=rows page by page, or take format=csv without a limit";

/// How often a query is understood anew where the data changes under it.
const TRIES: usize = 3;

/// The words for yes and no.
const YES_OR_NO: [(&str, bool); 4] = [("true", true), ("1", true), ("false", false), ("0", false)];

/// In which form observations are answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Shape {
    /// One object an observation, in pages.
    Rows,
    /// One object a series, with its observations as objects.
    Series,
    /// One object a series, with its observations as columns.
    Columns,
    /// The rows alone, without anything around them.
    Array,
}

impl Shape {
    /// The word that `shape=` takes for it.
    fn word(self) -> &'static str {
        Self::ALL.iter().find(|(_, shape)| *shape == self).map_or("rows", |(word, _)| *word)
    }

    /// Every shape with the word that `shape=` takes.
    pub const ALL: [(&'static str, Self); 4] =
        [("rows", Self::Rows), ("series", Self::Series), ("columns", Self::Columns), ("array", Self::Array)];
}

/// A query understood, and how its answer is to be made.
struct Asked {
    plan: Plan,
    /// The parameters that select series, as far as the request names them.
    named: Vec<&'static str>,
    /// `None` for a series by its key: there is just one.
    shape: Option<Shape>,
    sort: Sort,
    language: Language,
    extent: Extent,
    /// Whether it is told what the answer is made from.
    explains: bool,
    /// What it is annotated with.
    annotates: Vec<Annotate>,
    view: View,
}

/// How much of an answer is sent at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Extent {
    /// A page.
    Pages,
    /// All of it; more observations than these are refused.
    Whole(usize),
}

/// Answers a time-series query of a dataset.
pub async fn observations(app: &App, dataset: &str, call: &Call) -> Result<Reply> {
    retried(app, || attempt(app, dataset, call.clone())).await
}

/// Tries again where the data moved on between understanding a query and reading for it.
pub async fn retried<F: Future<Output = Result<Reply>>>(app: &App, attempt: impl Fn() -> F) -> Result<Reply> {
    for _ in 1..TRIES {
        match attempt().await {
            Err(Error::Moved) => app.vocabularies.forget(),
            done => return done,
        }
    }
    attempt().await
}

async fn attempt(app: &App, dataset: &str, call: Call) -> Result<Reply> {
    let vocabulary = app.vocabularies.current().await?;
    let dataset = dataset_of(&vocabulary, dataset)?;
    if attribution::is_asked(&call, dataset) {
        return attribution::answer(app, (&vocabulary, dataset), call).await;
    }
    let asked = understand(call, &vocabulary, dataset)?;
    let (pages_at, _) = pinned(&vocabulary, &dataset.name, &asked.view)?;
    if let Some(reply) = envelope::unread(&asked, &vocabulary, pages_at) {
        return Ok(reply);
    }
    let understood = Understood { asked, dataset, vocabulary: &vocabulary };
    understood.answered(app, &vocabulary).await
}

/// A query understood, with what it was understood by.
struct Understood<'a> {
    asked: Asked,
    dataset: &'a Dataset,
    vocabulary: &'a Vocabulary,
}

/// What was read for a query.
struct Found<'a> {
    understood: Understood<'a>,
    frame: Frame,
    warnings: Vec<Warning>,
    explanation: Option<Explanation>,
    annotations: Option<Annotations>,
    pages_at: Pin,
    database_ms: f64,
}

impl<'a> Understood<'a> {
    /// Reads for it from the pool and answers; lines, of which there may be many, while they are read.
    async fn answered(self, app: &App, vocabulary: &Arc<Vocabulary>) -> Result<Reply> {
        let Asked { extent, sort, ref plan, .. } = self.asked;
        if (extent, sort, plan.ranks) == (Extent::Whole(MOST_LINES), Sort::Series, Ranks::No) {
            return download::answer(self, app, vocabulary).await;
        }
        let lease = Lease::new(&app.pool, &app.together);
        let found = self.found(Connections::Lease(&lease), Some(&app.heavy)).await?;
        drop(lease);
        found.written()
    }

    /// Reads for it.
    async fn found(self, connections: Connections<'_>, heavy: Option<&Gate>) -> Result<Found<'a>> {
        let Self { asked, dataset, vocabulary } = &self;
        let (pages_at, pin) = pinned(vocabulary, &dataset.name, &asked.view)?;
        let dataset = &*dataset.with(&asked.plan.sums);
        let plan = &asked.plan;
        let reader = Reader { connections, plan, dataset, vocabulary, pin, reads_all: false, heavy };
        let start = Instant::now();
        let frame = read(&reader, asked).await?;
        let mut warnings = warnings::warnings(&reader, asked, &frame).await?;
        let annotations = annotations::read(&reader, asked, &frame).await?;
        warnings.extend(annotations.as_ref().and_then(Annotations::warning));
        let database_ms = start.elapsed().as_secs_f64() * 1000.0;
        let explanation = asked.explains.then(|| Explanation::of(&reader));
        Ok(Found { understood: self, frame, warnings, explanation, annotations, pages_at, database_ms })
    }
}

impl Found<'_> {
    /// Writes the answer.
    fn written(self) -> Result<Reply> {
        let Understood { asked, dataset, vocabulary } = &self.understood;
        let (language, transform) = (asked.language, asked.plan.transform);
        let written = Written { frame: &self.frame, dataset, vocabulary, language, transform };
        let (warnings, explanation) = (self.warnings, self.explanation);
        let annotations = self.annotations.map(|annotations| annotations.told);
        let beside = envelope::Beside { warnings, explanation, annotations };
        let reply = envelope::write(asked, written, self.pages_at, beside)?;
        Ok(Reply { database_ms: Some(self.database_ms), ..reply })
    }
}

/// The dataset of this name.
pub fn dataset_of<'a>(vocabulary: &'a Vocabulary, name: &str) -> Result<&'a Dataset> {
    vocabulary.dataset(name).ok_or_else(|| {
        let names = vocabulary.datasets.iter().map(|dataset| dataset.name.as_str());
        let did_you_mean = crate::error::nearest(name, names);
        Error::NotFound { what: "dataset", id: name.to_owned(), did_you_mean }
    })
}

fn understand(mut call: Call, vocabulary: &Vocabulary, dataset: &Dataset) -> Result<Asked> {
    let selecting = dataset.dimensions.iter().map(|dimension| dimension.name()).chain(["frequency"]);
    let mut named: Vec<&'static str> = selecting.filter(|name| call.has(name)).collect();
    if dataset.place(Dimension::Maker).is_some() {
        // Where it is given, another answer is made.
        call.params.text("attribution");
    }
    let plan = request::read(&mut call.params, vocabulary, dataset);
    named.extend(plan.groups.iter().flatten().map(|group| group.dimension.name()));
    let shape = call.params.choice("shape", &Shape::ALL).unwrap_or(Shape::Rows);
    let sort = call.params.choice("sort", &Sort::ALL).unwrap_or(Sort::Series);
    let language = call.language();
    let format = call.format();
    let whole = shape != Shape::Rows || plan.window.last.is_some();
    let explains = call.params.choice("explain", &YES_OR_NO).unwrap_or(false);
    let is_lines = format.as_ref().is_ok_and(|f| *f != Format::Json);
    clashes(&mut call, (shape, sort, whole), is_lines);
    // CSV and NDJSON, and the bare rows, hold nothing beside them.
    let is_bare = is_lines || shape == Shape::Array;
    let annotates = Annotate::read(&mut call, is_bare);
    let extent = match (is_lines && !call.has("limit") && !call.has("cursor"), whole) {
        (true, _) => Extent::Whole(MOST_LINES),
        (_, true) => Extent::Whole(MOST_WHOLE),
        _ => Extent::Pages,
    };
    if explains && is_bare {
        let detail = "is told in meta, which CSV, NDJSON and shape=array do not have";
        call.params.reject(Fault::new("explain", "1", detail));
    }
    let view = call.view(DEFAULT_ROWS, MOST_ROWS)?;
    Ok(Asked { plan, named, shape: Some(shape), sort, language, extent, explains, annotates, view })
}

/// Tells where the parameters that say how to answer contradict each other.
fn clashes(call: &mut Call, (shape, sort, whole): (Shape, Sort, bool), is_lines: bool) {
    for name in ["limit", "cursor"].into_iter().filter(|_| whole) {
        if let Some(value) = call.params.text(name) {
            let detail = "chooses a page, and with last or a shape other than rows the answer comes whole";
            call.params.reject(Fault::new(name, &value, detail));
        }
    }
    if sort != Sort::Series && matches!(shape, Shape::Series | Shape::Columns) {
        let detail = "orders rows; series and columns stand by series and period";
        call.params.reject(Fault::new("sort", sort.word(), detail));
    }
    if is_lines && shape != Shape::Rows {
        let detail = "is a form of JSON; CSV and NDJSON have rows only";
        call.params.reject(Fault::new("shape", shape.word(), detail));
    }
}

/// The state of the data that the pages of an answer are read at, and the last release that counts where later ones came.
fn pinned(vocabulary: &Vocabulary, dataset: &str, view: &View) -> Result<(Pin, Option<i32>)> {
    let pin = pin_now(vocabulary, dataset);
    let pages_at = view.paging.pin.unwrap_or(pin);
    if pages_at.withdrawn != pin.withdrawn {
        let detail =
            "a release that the first page may have read was withdrawn; begin again without the cursor";
        return Err(Error::Gone(format!("{detail}: {}", view.target.first())));
    }
    Ok((pages_at, (pages_at.release != pin.release).then_some(pages_at.release)))
}

/// The state of the data that a first page is read at.
fn pin_now(vocabulary: &Vocabulary, dataset: &str) -> Pin {
    let releases = vocabulary.releases.iter().filter(|(_, release)| release.collection == dataset);
    let (mut last, mut withdrawn) = (0, 0);
    for (id, release) in releases {
        last = last.max(*id);
        withdrawn += usize::from(release.withdrawn);
    }
    Pin { release: last, withdrawn }
}

async fn read(reader: &Reader<'_>, asked: &Asked) -> Result<Frame> {
    let paging = &asked.view.paging;
    let after = paging.after.as_deref().map(place).transpose()?;
    match (asked.extent, asked.sort) {
        (Extent::Pages, Sort::Series) => page(reader, after, paging.limit).await,
        (Extent::Whole(most), Sort::Series) => whole(reader, most, WAYS_OUT).await,
        (Extent::Pages, sort) => {
            let frame = whole(reader, MOST_LINES, WAYS_OUT).await?;
            Ok(sorted(frame, sort, after.as_ref(), (paging.limit, source_at(reader.dataset))))
        }
        (Extent::Whole(most), sort) => {
            let frame = whole(reader, most, WAYS_OUT).await?;
            Ok(sorted(frame, sort, None, (usize::MAX, source_at(reader.dataset))))
        }
    }
}

/// The place that a cursor's key names.
fn place(key: &[String]) -> Result<Place> {
    let parsed = match key {
        [group, source, period] => period.parse().ok().map(|period| (group, source, period)),
        _ => None,
    };
    let (group, source, period) = parsed.ok_or_else(|| {
        Error::Rejected(vec![Fault::new("cursor", &key.join(" "), "is not a cursor that this service gave")])
    })?;
    Ok(Place { group: group.clone(), source: source.clone(), period })
}
