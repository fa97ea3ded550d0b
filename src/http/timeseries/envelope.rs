//! The envelope of time-series answers: what stands around the data, and the answer as a whole.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::explain::Explanation;
use super::{Annotation, Asked, Attributed, Extent, OneSeries, Shape, annotations};
use crate::error::{Error, Result};
use crate::formats::{self, ColumnsItem, Row, SeriesItem, Written};
use crate::http::negotiate::Format;
use crate::http::page::Pin;
use crate::http::records::{Links, Page, Warning, json, lines};
use crate::http::reply::{Reply, tag};
use crate::timeseries::answer::Frame;
use crate::timeseries::dataset::{Source, Vocabulary};
use crate::timeseries::frame::Series;
use crate::timeseries::key::Dimension;
use crate::timeseries::period::{Frequency, Period};
use crate::timeseries::ranking::Ranking;

/// Observations in the shape that was asked for.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum Observations<'a> {
    /// `shape=rows`.
    Rows(Answer<Row<'a>>),
    /// `shape=series`.
    Series(Answer<SeriesItem<'a>>),
    /// `shape=columns`.
    Columns(Answer<ColumnsItem<'a>>),
    /// `shape=array`: the rows alone.
    Array(Vec<Row<'a>>),
    /// `attribution`: makers' figures counted to groups.
    Attributed(Attributed<'a>),
}

/// An answer to a time-series query.
#[derive(Debug, Serialize, ToSchema)]
pub struct Answer<T: ToSchema> {
    /// The observations or series.
    pub data: Vec<T>,
    /// What the answer was made from.
    pub meta: Meta,
    /// Where this page and the next one are, relative to the service.
    pub links: Links,
    /// What a reader should know before using the answer.
    pub warnings: Vec<Warning>,
    /// With `annotate`: what happened in the time from the first to the last period answered and concerns the series, the oldest
    /// first, at most 100; of more the latest, and the warning `annotations_cut`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Vec<Annotation>, required = false)]
    pub annotations: Option<Vec<Annotation>>,
}

/// What stands around the data beside what is read from them.
#[derive(Default)]
pub(super) struct Beside {
    pub(super) warnings: Vec<Warning>,
    pub(super) explanation: Option<Explanation>,
    pub(super) annotations: Option<Vec<Annotation>>,
}

/// What an answer to a time-series query was made from.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ObservationsMeta)]
pub struct Meta {
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
    /// The unit of every figure; null where measures of several units are answered: see `units`.
    pub unit: Option<String>,
    /// The unit of each measure answered.
    pub units: BTreeMap<String, String>,
    /// The name of each code answered, by dimension, in the language asked for.
    pub names: BTreeMap<String, BTreeMap<String, String>>,
    /// The sources of the figures, with what their use asks for.
    pub sources: Vec<UsedSource>,
    /// How much is answered.
    pub coverage: Coverage,
    /// The rankings that are shown: whose each is and how much of the whole it lists. None where codes are not ranked.
    pub rankings: Vec<ToldRanking>,
    /// False where a next page follows.
    pub complete: bool,
    /// The page.
    pub page: Page,
    /// With `explain=1`: what the answer is made from.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Explanation, required = false)]
    pub explain: Option<Explanation>,
}

/// A source of figures in an answer.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ObservationsSource)]
pub struct UsedSource {
    /// Its code.
    pub source: String,
    /// Under which terms its figures stand here.
    pub licence: String,
    /// What to print beside its figures.
    pub attribution: String,
}

impl UsedSource {
    /// A source by its code.
    pub(super) fn new(code: &str, source: &Source) -> Self {
        let attribution = source.attribution.clone().unwrap_or_else(|| source.name_en.clone());
        Self { source: code.to_owned(), licence: source.licence.clone(), attribution }
    }
}

/// A ranking: codes of one dimension held against each other, of one source.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ObservationsRanking)]
pub struct ToldRanking {
    /// The dimension whose codes are ranked.
    pub dimension: Dimension,
    /// The codes that all of them share, by dimension.
    pub codes: BTreeMap<String, String>,
    /// The frequency.
    pub frequency: Frequency,
    /// Whose ranking it is.
    pub source: String,
    /// The first period that it is asked for.
    #[schema(value_type = String)]
    pub first: Option<Period>,
    /// The last period that it is asked for.
    #[schema(value_type = String)]
    pub last: Option<Period>,
    /// How much of the whole its codes are together, in percent, in the period in which that is least; null where for some period
    /// nobody states the whole or the source ranks nothing.
    pub coverage: Option<f64>,
    /// Whether its codes are at least 80 percent of the whole in each period: below it there is no share and no rest.
    pub complete: bool,
}

impl ToldRanking {
    fn new(ranking: &Ranking) -> Self {
        let Ranking { dimension, ref codes, frequency, ref source, window, coverage, complete } = *ranking;
        Self {
            dimension,
            codes: codes
                .iter()
                .map(|(dimension, code)| (dimension.name().to_owned(), code.clone()))
                .collect(),
            frequency,
            source: source.clone(),
            first: Period::new(frequency, window.0),
            last: Period::new(frequency, window.1),
            coverage,
            complete,
        }
    }
}

/// How much is answered on this page.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ObservationsCoverage)]
pub struct Coverage {
    /// Series.
    pub series: usize,
    /// Observations.
    pub observations: usize,
    /// The earliest period; null without observations.
    #[schema(value_type = Option<String>)]
    pub first: Option<Period>,
    /// The latest period; null without observations.
    #[schema(value_type = Option<String>)]
    pub last: Option<Period>,
    /// With `as_of`: figures for the asked time whose first document came over 24 months late, or is undated. The past
    /// state may lack them although they were known.
    pub late: usize,
}

/// Writes the answer.
pub(super) fn write(asked: &Asked, written: Written<'_>, pin: Pin, beside: Beside) -> Result<Reply> {
    let view = &asked.view;
    let applied = applied(asked);
    let head = head_of((asked, &applied), written.vocabulary, pin);
    let next = written.frame.next.as_ref().map(|place| {
        let key = vec![place.group.clone(), place.source.clone(), place.period.to_string()];
        view.paging.next(key, Some(pin))
    });
    let link = next.as_deref().map(|cursor| view.target.next(cursor, view.paging.limit));
    let body = match view.format {
        Format::Csv => formats::csv(written)?,
        Format::Ndjson => lines(formats::rows(written), link.as_deref())?,
        Format::Json => {
            let meta = meta((asked, applied), written, next);
            let links = Links { this: view.target.this(), next: link.clone() };
            shaped(asked.shape, written, (meta, links, beside))?
        }
    };
    Ok(Reply { body, complete: link.is_none(), next: link, ..head })
}

/// What an answer says of itself, without a body: that nothing follows it.
pub(super) fn head(asked: &Asked, vocabulary: &Vocabulary, pin: Pin) -> Reply {
    head_of((asked, &applied(asked)), vocabulary, pin)
}

/// The same of a query that is resolved already.
fn head_of((asked, applied): (&Asked, &Applied), vocabulary: &Vocabulary, pin: Pin) -> Reply {
    let view = &asked.view;
    let read = annotations::collections(&asked.annotates);
    let (version, last_modified) = stamp_with(vocabulary, &asked.plan.dataset, &read);
    let applied = serde_json::to_string(applied).unwrap_or_default();
    let page = format!("{:?} {pin:?}", view.paging.after);
    let media = view.format.media_type();
    let tag = tag([view.target.path.as_str(), &applied, &page, &version, media]);
    let reply = Reply::new(Bytes::new(), view.format, Some(tag), last_modified);
    Reply { language: Some(asked.language.code()), ..reply }
}

/// The answer to a caller that has it already, where that can be told before anything is read.
pub(super) fn unread(asked: &Asked, vocabulary: &Vocabulary, pin: Pin) -> Option<Reply> {
    let caller = &asked.view.caller;
    if !caller.has_tags() {
        return None;
    }
    let head = head(asked, vocabulary, pin);
    let coding = caller.holds(head.tag.as_deref()?)?;
    Some(Reply { unread: Some(coding), ..head })
}

/// The body of an answer in JSON. Observations as objects are written by themselves, into the places of empty lists.
fn shaped(
    shape: Option<Shape>,
    written: Written<'_>,
    (meta, links, beside): (Meta, Links, Beside),
) -> Result<Bytes> {
    let Beside { warnings, explanation, annotations } = beside;
    let meta = Meta { explain: explanation, ..meta };
    let series = &written.frame.series;
    let points = |text: &mut Vec<u8>, number: usize| formats::add_points(text, written, &series[number]);
    let body = match shape {
        Some(Shape::Array) => {
            let mut text = vec![b'['];
            formats::add_rows(&mut text, written)?;
            text.push(b']');
            text
        }
        Some(Shape::Columns) => {
            let data = formats::columns(written);
            return json(&Observations::Columns(Answer { data, meta, links, warnings, annotations }));
        }
        Some(Shape::Rows) => {
            let around = Answer { data: Vec::new(), meta, links, warnings, annotations };
            let rows = |text: &mut Vec<u8>, _| formats::add_rows(text, written);
            formats::filled(&json(&Observations::Rows(around))?, ("data", 1), rows)?
        }
        Some(Shape::Series) => {
            let around = Answer { data: formats::items(written), meta, links, warnings, annotations };
            let around = json(&Observations::Series(around))?;
            formats::filled(&around, ("observations", series.len()), points)?
        }
        None => {
            let mut items = formats::items(written);
            let data = items.pop().filter(|_| items.is_empty());
            let data = data.ok_or_else(|| Error::internal("writing a series", "the frame has not one"))?;
            let around = json(&OneSeries { data, meta, links, warnings, annotations })?;
            formats::filled(&around, ("observations", 1), points)?
        }
    };
    Ok(as_long_as_it_is(body))
}

/// A body without much room behind it: what is kept is counted by its length.
fn as_long_as_it_is(mut body: Vec<u8>) -> Bytes {
    if body.capacity() / 2 > body.len() {
        body.shrink_to_fit();
    }
    body.into()
}

/// The versions that an answer depends on, and when the latest of them came.
pub fn stamp(vocabulary: &Vocabulary, dataset: &str) -> (String, DateTime<Utc>) {
    stamp_with(vocabulary, dataset, &[])
}

/// The same of an answer that was made of further collections too.
pub fn stamp_with(vocabulary: &Vocabulary, dataset: &str, more: &[&str]) -> (String, DateTime<Utc>) {
    let read = [dataset, "codes", "sources"].into_iter().chain(more.iter().copied());
    let read = read.filter_map(|name| vocabulary.versions.get(name));
    let (mut text, mut latest) = (String::new(), DateTime::UNIX_EPOCH);
    for (version, changed) in read {
        // Writing to a String cannot fail.
        let _ = write!(text, "{version} {changed} ");
        latest = latest.max(*changed);
    }
    (text, latest)
}

/// A query with all defaults resolved.
type Applied = serde_json::Map<String, serde_json::Value>;

/// The query with all defaults resolved, the form of the answer included.
fn applied(asked: &Asked) -> Applied {
    let mut applied = asked.plan.applied();
    if let Some(shape) = asked.shape {
        applied.insert("shape".to_owned(), json!(shape));
    }
    applied.insert("sort".to_owned(), json!(asked.sort.word()));
    let limit = (asked.extent == Extent::Pages).then_some(asked.view.paging.limit);
    applied.insert("limit".to_owned(), json!(limit));
    applied.insert("lang".to_owned(), json!(asked.language.code()));
    if asked.explains {
        applied.insert("explain".to_owned(), json!(true));
    }
    if !asked.annotates.is_empty() {
        let words: Vec<&str> = asked.annotates.iter().map(|one| one.word()).collect();
        applied.insert("annotate".to_owned(), json!(words.join(",")));
    }
    applied
}

fn meta((asked, applied): (&Asked, Applied), written: Written<'_>, next_cursor: Option<String>) -> Meta {
    let Written { frame, dataset, vocabulary, language, transform } = written;
    let (version, changed_at) = vocabulary.versions.get(&dataset.name).copied().unwrap_or_default();
    let mut units = BTreeMap::new();
    let mut names: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    let mut sources = BTreeSet::new();
    for series in &frame.series {
        let measure = series.code(dataset, Dimension::Measure);
        units.insert(measure.to_owned(), transform.unit(formats::unit(dataset, series)));
        let each = series.observations.chunk_by(|a, b| Arc::ptr_eq(&a.source, &b.source));
        sources.extend(each.map(|run| run[0].source.clone()));
        for (dimension, code) in dataset.dimensions.iter().zip(&series.codes) {
            let list = names.entry(dimension.name().to_owned()).or_default();
            if !list.contains_key(code.as_str())
                && let Some(name) = formats::name((vocabulary, dataset), *dimension, code, language)
            {
                list.insert(code.to_string(), name);
            }
        }
    }
    let only = units.values().collect::<BTreeSet<_>>();
    let unit = (only.len() == 1).then(|| only.first().map(|unit| (*unit).clone())).flatten();
    let sources = sources.iter().filter_map(|code| {
        let source = vocabulary.sources.get(code.as_ref())?;
        names
            .entry("source".to_owned())
            .or_default()
            .insert(code.to_string(), language.name(&source.name_en, source.name_zh.as_deref()).to_owned());
        Some(UsedSource::new(code, source))
    });
    let sources = sources.collect();
    let most = match asked.extent {
        Extent::Pages => asked.view.paging.limit,
        Extent::Whole(most) => most,
    };
    Meta {
        dataset: dataset.name.clone(),
        version,
        changed_at,
        as_of: asked.plan.as_of.as_ref().map(|date| date.written.clone()),
        applied,
        unit,
        units,
        names,
        sources,
        coverage: coverage(frame),
        rankings: frame.rankings.iter().map(ToldRanking::new).collect(),
        complete: next_cursor.is_none(),
        page: Page { limit: most, rows: frame.len(), next_cursor },
        explain: None,
    }
}

fn coverage(frame: &Frame) -> Coverage {
    let spans: Vec<(Period, Period)> = frame.series.iter().filter_map(Series::span).collect();
    Coverage {
        series: frame.series.len(),
        observations: frame.len(),
        first: spans.iter().map(|span| span.0).min_by_key(|period| period.first_day()),
        last: spans.iter().map(|span| span.1).max_by_key(|period| period.last_day()),
        late: frame.late,
    }
}
