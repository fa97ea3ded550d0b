//! One object a series, with its observations as a list of points or as columns.

use std::borrow::Cow;

use serde::Serialize;
use utoipa::ToSchema;

use super::Written;
use super::rows::{Covered, Status, Value, coverage, decimals, documents, printed};
use crate::language::Language;
use crate::timeseries::dataset::{Dataset, Vocabulary};
use crate::timeseries::derive::Reason;
use crate::timeseries::frame::{BEST, Observation, Series};
use crate::timeseries::key::{Dimension, OTHER, PLUS, TOTAL};
use crate::timeseries::period::{Frequency, Period};

/// The codes of a series; a dimension that the dataset does not have is absent.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SeriesCodes)]
pub struct Codes<'a> {
    /// What is counted.
    #[schema(value_type = String)]
    pub measure: &'a str,
    /// Who first published the figures; `best` where each period has the first source of the precedence table.
    #[schema(value_type = String)]
    pub source: &'a str,
    /// Country, region or province.
    #[schema(value_type = String)]
    pub geo: &'a str,
    /// Who built the vehicles; `_T` is all.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    pub maker: Option<&'a str>,
    /// Under which brand; `_T` is all.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    pub brand: Option<&'a str>,
    /// Which model; `_T` is all.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    pub model: Option<&'a str>,
    /// Class of vehicle; `_T` is all.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    pub vehicle_class: Option<&'a str>,
    /// What drives it; `_T` is all.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    pub powertrain: Option<&'a str>,
    /// Who operates the outlets; `_T` is all.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    pub operator: Option<&'a str>,
    /// Public or private; `_T` is both.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    pub access: Option<&'a str>,
    /// Alternating or direct current; `_T` is all.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    pub current: Option<&'a str>,
}

/// A series with its observations, one object each.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Series)]
pub struct SeriesItem<'a> {
    /// Its key; `/v1/series/{id}` takes it.
    pub id: String,
    /// What it is, in words.
    pub title: String,
    /// Its codes.
    pub codes: Codes<'a>,
    /// How often it states a figure.
    pub frequency: Frequency,
    /// The unit of its figures.
    #[schema(example = "vehicles")]
    pub unit: String,
    /// Its observations by period.
    pub observations: Vec<Point<'a>>,
}

/// One observation of a series.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SeriesPoint)]
pub struct Point<'a> {
    /// The period: 2024, 2024-Q3 or 2024-05.
    #[schema(value_type = String)]
    pub period: Option<Period>,
    /// The figure in the unit of the series; null where it is stated as missing.
    #[schema(value_type = Option<f64>)]
    pub value: Option<Value>,
    /// What kind of figure it is.
    pub status: Status,
    /// Who first published the figure.
    #[schema(value_type = String)]
    pub source: &'a str,
    /// The document that it was read from; null where a derived figure rests on several.
    #[schema(value_type = Option<String>)]
    pub document: Option<&'a str>,
    /// The documents that a derived figure rests on, where they are several.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Vec<String>, required = false)]
    pub documents: Option<Vec<&'a str>>,
    /// What the document, or the compilers, say of this one figure; null where nothing.
    #[schema(value_type = Option<String>)]
    pub note: Option<&'a str>,
    /// Whether the source is press, or one that the precedence table does not list or marks as weak.
    pub low_trust: bool,
    /// Whether the figure was computed from others.
    pub derived: bool,
    /// How much of the whole a derived figure covers, as `11/12`; null where it is not derived.
    #[schema(value_type = Option<String>)]
    pub coverage: Option<Covered>,
    /// Why there is no figure; null where there is one, or where it is stated as missing.
    #[schema(value_type = Option<String>)]
    pub reason: Option<&'static str>,
}

/// A series as columns: the arrays are equally long, and what stands at one place of each belongs together.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SeriesColumns)]
pub struct ColumnsItem<'a> {
    /// Its key; `/v1/series/{id}` takes it.
    pub id: String,
    /// What it is, in words.
    pub title: String,
    /// Its codes.
    pub codes: Codes<'a>,
    /// How often it states a figure.
    pub frequency: Frequency,
    /// The unit of its figures.
    pub unit: String,
    /// The periods.
    #[schema(value_type = Vec<String>)]
    pub period: Vec<Option<Period>>,
    /// The figures; null where stated as missing.
    #[schema(value_type = Vec<Option<f64>>)]
    pub value: Vec<Option<Value>>,
    /// What kinds of figures they are.
    pub status: Vec<Status>,
    /// Who first published them.
    #[schema(value_type = Vec<String>)]
    pub source: Vec<&'a str>,
    /// The documents that they were read from; those of a derived figure with semicolons.
    #[schema(value_type = Vec<Option<String>>)]
    pub document: Vec<Option<Cow<'a, str>>>,
    /// What is noted of them.
    #[schema(value_type = Vec<Option<String>>)]
    pub note: Vec<Option<&'a str>>,
    /// Whether their sources are weak.
    pub low_trust: Vec<bool>,
    /// Whether they were computed from others.
    pub derived: Vec<bool>,
    /// How much of the whole they cover, where derived.
    #[schema(value_type = Vec<Option<String>>)]
    pub coverage: Vec<Option<Covered>>,
    /// Why there is no figure, where there is none.
    #[schema(value_type = Vec<Option<String>>)]
    pub reason: Vec<Option<&'static str>>,
}

/// The series of a frame without their observations, which [`add_points`](super::add_points) writes.
pub fn items(written: Written<'_>) -> Vec<SeriesItem<'_>> {
    let all = written.frame.series.iter().map(|series| SeriesItem {
        id: series.key(written.dataset),
        title: title(written.vocabulary, written.dataset, series, written.language),
        codes: codes(written.dataset, series),
        frequency: series.frequency,
        unit: written.transform.unit(unit(written.dataset, series)),
        observations: Vec::new(),
    });
    all.collect()
}

/// The series of a frame, a column a field.
pub fn columns(written: Written<'_>) -> Vec<ColumnsItem<'_>> {
    let all = written.frame.series.iter().map(|series| {
        let each = || series.observations.iter();
        let decimals = decimals(written, series);
        ColumnsItem {
            id: series.key(written.dataset),
            title: title(written.vocabulary, written.dataset, series, written.language),
            codes: codes(written.dataset, series),
            frequency: series.frequency,
            unit: written.transform.unit(unit(written.dataset, series)),
            period: each().map(|o| Period::new(series.frequency, o.period)).collect(),
            value: each().map(|o| o.figure.map(|figure| printed(figure, decimals))).collect(),
            status: each().map(|o| Status::of(o.status)).collect(),
            source: each().map(|o| o.source.as_ref()).collect(),
            document: each()
                .map(|o| match documents(written.vocabulary, o) {
                    (one, None) => one.map(Cow::Borrowed),
                    (_, Some(all)) => Some(Cow::Owned(all.join(";"))),
                })
                .collect(),
            note: each().map(|o| o.note.as_deref()).collect(),
            low_trust: each().map(|o| o.low_trust).collect(),
            derived: each().map(|o| o.derived).collect(),
            coverage: each().map(coverage).collect(),
            reason: each().map(|o| o.reason.map(Reason::word)).collect(),
        }
    });
    all.collect()
}

/// An observation of a series whose figures have so many digits behind the point.
pub(super) fn point<'a>(
    written: Written<'a>,
    (series, decimals): (&Series, u32),
    observation: &'a Observation,
) -> Point<'a> {
    let (document, documents) = documents(written.vocabulary, observation);
    Point {
        period: Period::new(series.frequency, observation.period),
        value: observation.figure.map(|figure| printed(figure, decimals)),
        status: Status::of(observation.status),
        source: &observation.source,
        document,
        documents,
        note: observation.note.as_deref(),
        low_trust: observation.low_trust,
        derived: observation.derived,
        coverage: coverage(observation),
        reason: observation.reason.map(Reason::word),
    }
}

/// The codes of a series by dimension.
pub fn codes<'a>(dataset: &Dataset, series: &'a Series) -> Codes<'a> {
    let code = |dimension| Some(series.code(dataset, dimension)).filter(|code| !code.is_empty());
    Codes {
        measure: series.code(dataset, Dimension::Measure),
        source: series.code(dataset, Dimension::Source),
        geo: series.code(dataset, Dimension::Geo),
        maker: code(Dimension::Maker),
        brand: code(Dimension::Brand),
        model: code(Dimension::Model),
        vehicle_class: code(Dimension::VehicleClass),
        powertrain: code(Dimension::Powertrain),
        operator: code(Dimension::Operator),
        access: code(Dimension::Access),
        current: code(Dimension::Current),
    }
}

/// The unit of the figures that a series is computed from.
pub fn unit<'a>(dataset: &'a Dataset, series: &Series) -> &'a str {
    dataset.measure(series.code(dataset, Dimension::Measure)).map_or("", |measure| measure.unit.as_str())
}

/// The name of a code; of a sum the names of its codes, of the rest that it is the rest.
pub fn name(
    (vocabulary, dataset): (&Vocabulary, &Dataset),
    dimension: Dimension,
    code: &str,
    language: Language,
) -> Option<String> {
    if code == OTHER {
        return Some(language.name("Others", Some("其他")).to_owned());
    }
    let of = |code: &str| vocabulary.names(dataset, dimension, code).map(|(en, zh)| language.name(en, zh));
    let names: Option<Vec<&str>> = code.split(PLUS).map(of).collect();
    names.map(|names| names.join(" + "))
}

/// A series in words: its measure, what it is of, its frequency and its source.
pub fn title(vocabulary: &Vocabulary, dataset: &Dataset, series: &Series, language: Language) -> String {
    let name = |dimension, code: &str| {
        name((vocabulary, dataset), dimension, code, language).unwrap_or_else(|| code.to_owned())
    };
    let of = dataset.dimensions.iter().zip(&series.codes);
    let of = of.filter(|(d, code)| **d != Dimension::Source && code.as_str() != TOTAL);
    let of: Vec<String> = of.map(|(dimension, code)| name(*dimension, code)).collect();
    let source = series.code(dataset, Dimension::Source);
    let (frequency, best) = match (language, series.frequency) {
        (Language::En, Frequency::A) => ("annual", "best source"),
        (Language::En, Frequency::Q) => ("quarterly", "best source"),
        (Language::En, Frequency::M) => ("monthly", "best source"),
        (Language::Zh, Frequency::A) => ("年度", "首选来源"),
        (Language::Zh, Frequency::Q) => ("季度", "首选来源"),
        (Language::Zh, Frequency::M) => ("月度", "首选来源"),
    };
    let source = if source == BEST { best.to_owned() } else { name(Dimension::Source, source) };
    match language {
        Language::En => format!("{}; {frequency}; {source}", of.join(", ")),
        Language::Zh => format!("{}；{frequency}；{source}", of.join("，")),
    }
}
