//! One object an observation.

use std::sync::Arc;

use rust_decimal::Decimal;
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

use super::Written;
use crate::timeseries::dataset::Vocabulary;
use crate::timeseries::derive::{Figure, Reason};
use crate::timeseries::frame::{Observation, Series};
use crate::timeseries::key::Dimension;
use crate::timeseries::period::{Frequency, Period};
use crate::timeseries::plan::Transform;

/// One figure with everything that names it and says where it is from. A dimension that the dataset does not have is absent.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Observation)]
pub struct Row<'a> {
    /// The key of the series that the figure is from; `/v1/series/{id}` takes it, but for `_O`, which is of this answer alone.
    #[schema(value_type = String, example = "production:A.production.oica.CN._T._T._T._T._T")]
    pub series: SeriesKey,
    /// What is counted.
    #[schema(value_type = String, example = "production")]
    pub measure: &'a str,
    /// Who first published the figure.
    #[schema(value_type = String, example = "oica")]
    pub source: &'a str,
    /// Country, region or province.
    #[schema(value_type = String, example = "CN")]
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
    /// How often the series states a figure.
    pub frequency: Frequency,
    /// The period: 2024, 2024-Q3 or 2024-05.
    #[schema(value_type = String, example = "2020")]
    pub period: Option<Period>,
    /// The figure in the unit of its measure; null where it is stated as missing.
    #[schema(value_type = Option<f64>, example = 25_225_242)]
    pub value: Option<Value>,
    /// What kind of figure it is.
    pub status: Status,
    /// The document that it was read from; `/v1/documents/{document}` takes it. Null where a derived figure rests on several.
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
    /// Why there is no figure: `gap`, `source_change`, `break`, `partial`, `zero`, `not_stated`, `parts`, `incomplete_ranking` or
    /// `overlap`; null where there is one, or where it is stated as missing.
    #[schema(value_type = Option<String>)]
    pub reason: Option<&'static str>,
}

/// SDMX OBS_STATUS: A normal, E estimated, P provisional, F forecast, B break, I imputed, M stated as missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ObservationStatus)]
pub enum Status {
    /// Normal.
    A,
    /// Estimated.
    E,
    /// Provisional.
    P,
    /// Forecast.
    F,
    /// A break: it is not comparable with the one before.
    B,
    /// Imputed.
    I,
    /// Stated as missing.
    M,
}

impl Status {
    /// The status of this letter; a letter that no writer lets in counts as normal.
    pub const fn of(letter: u8) -> Self {
        match letter {
            b'E' => Self::E,
            b'P' => Self::P,
            b'F' => Self::F,
            b'B' => Self::B,
            b'I' => Self::I,
            b'M' => Self::M,
            _ => Self::A,
        }
    }

    /// Its letter.
    pub const fn letter(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::E => "E",
            Self::P => "P",
            Self::F => "F",
            Self::B => "B",
            Self::I => "I",
            Self::M => "M",
        }
    }
}

/// A figure as it is printed: exact, a whole number scaled by the decimals of its measure; or a ratio.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value {
    /// An exact one.
    Exact {
        /// The whole number.
        scaled: i64,
        /// How many of its digits stand behind the point.
        decimals: u32,
    },
    /// A ratio, not rounded.
    Ratio(f64),
}

impl Value {
    /// The figure that this whole number stands for.
    pub const fn new(scaled: i64, decimals: u32) -> Self {
        Self::Exact { scaled, decimals }
    }
}

impl std::fmt::Display for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match *self {
            Self::Ratio(ratio) => ratio.fmt(f),
            Self::Exact { scaled, decimals } => match Decimal::try_new(scaled, decimals) {
                Ok(exact) => exact.fmt(f),
                Err(_) => scaled.fmt(f),
            },
        }
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match *self {
            Self::Ratio(ratio) => serializer.serialize_f64(ratio),
            Self::Exact { scaled, decimals: 0 } => serializer.serialize_i64(scaled),
            // The nearest double prints back as the decimal it came from, up to fifteen digits.
            Self::Exact { .. } => {
                let double = self.to_string().parse().map_err(serde::ser::Error::custom)?;
                serializer.serialize_f64(double)
            }
        }
    }
}

/// The key of a series, which many rows share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeriesKey(Arc<str>);

impl std::ops::Deref for SeriesKey {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl Serialize for SeriesKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// What the rows of a series from one source have in common.
#[derive(Debug, Clone)]
struct Head<'a> {
    at: usize,
    key: SeriesKey,
    source: &'a Arc<str>,
    /// The codes in the order of [`Dimension::ALL`]; empty where the dataset does not have the dimension.
    codes: [&'a str; Dimension::ALL.len()],
    decimals: u32,
}

/// The observations of a frame in its order.
pub fn rows(written: Written<'_>) -> impl Iterator<Item = Row<'_>> {
    let mut rows = Rows::new(written);
    let places = written.frame.places().into_iter();
    places.map(move |(at, place)| rows.row(at, &written.frame.series[at].observations[place]))
}

/// Makes rows, and remembers what those of a series have in common.
pub(super) struct Rows<'a> {
    written: Written<'a>,
    known: Option<Head<'a>>,
}

impl<'a> Rows<'a> {
    /// None made yet.
    pub(super) const fn new(written: Written<'a>) -> Self {
        Self { written, known: None }
    }

    /// The row of an observation of the series that stands there.
    pub(super) fn row(&mut self, at: usize, observation: &'a Observation) -> Row<'a> {
        let is_same = |head: &Head<'_>| head.at == at && Arc::ptr_eq(head.source, &observation.source);
        let head = match self.known.take().filter(is_same) {
            Some(head) => head,
            None => Head::new(self.written, at, observation),
        };
        let row = head.row(self.written, &self.written.frame.series[at], observation);
        self.known = Some(head);
        row
    }
}

impl<'a> Head<'a> {
    fn new(written: Written<'a>, at: usize, observation: &'a Observation) -> Self {
        let series = &written.frame.series[at];
        Self {
            at,
            key: SeriesKey(series.key_of(written.dataset, observation).into()),
            source: &observation.source,
            codes: Dimension::ALL.map(|dimension| series.code(written.dataset, dimension)),
            decimals: decimals(written, series),
        }
    }

    fn row(&self, written: Written<'a>, series: &Series, observation: &'a Observation) -> Row<'a> {
        let each = |dimension: Dimension| self.codes[dimension as usize];
        let code = |dimension| Some(each(dimension)).filter(|code| !code.is_empty());
        let (document, documents) = documents(written.vocabulary, observation);
        Row {
            series: self.key.clone(),
            measure: each(Dimension::Measure),
            source: self.source,
            geo: each(Dimension::Geo),
            maker: code(Dimension::Maker),
            brand: code(Dimension::Brand),
            model: code(Dimension::Model),
            vehicle_class: code(Dimension::VehicleClass),
            powertrain: code(Dimension::Powertrain),
            operator: code(Dimension::Operator),
            access: code(Dimension::Access),
            current: code(Dimension::Current),
            frequency: series.frequency,
            period: Period::new(series.frequency, observation.period),
            value: observation.figure.map(|figure| printed(figure, self.decimals)),
            status: Status::of(observation.status),
            document,
            documents,
            note: observation.note.as_deref(),
            low_trust: observation.low_trust,
            derived: observation.derived,
            coverage: coverage(observation),
            reason: observation.reason.map(Reason::word),
        }
    }
}

/// How many digits of the figures of a series stand behind the point.
pub fn decimals(written: Written<'_>, series: &Series) -> u32 {
    let measure = written.dataset.measure(series.code(written.dataset, Dimension::Measure));
    // A rank is a number of its own, not one in the unit of the measure.
    measure.filter(|_| written.transform != Transform::Rank).map_or(0, |measure| measure.decimals)
}

/// A figure with so many digits behind the point.
pub fn printed(figure: Figure, decimals: u32) -> Value {
    match figure {
        Figure::Exact(scaled) => Value::new(scaled, decimals),
        // A ratio of scaled figures may itself be scaled: a mean is, a growth is not.
        Figure::Ratio(ratio) => Value::Ratio(ratio),
    }
}

/// The document that states a figure, or what it was made of; all of them where they are several.
pub fn documents<'a>(
    vocabulary: &'a Vocabulary,
    observation: &Observation,
) -> (Option<&'a str>, Option<Vec<&'a str>>) {
    let document = |release| vocabulary.releases.get(&release).and_then(|r| r.document.as_deref());
    match &observation.releases {
        None => (None, None),
        Some(releases) if releases.others.is_empty() => (document(releases.first), None),
        Some(releases) => {
            let mut all: Vec<&str> = Vec::new();
            for document in releases.iter().filter_map(document) {
                if !all.contains(&document) {
                    all.push(document);
                }
            }
            if all.len() > 1 { (None, Some(all)) } else { (all.first().copied(), None) }
        }
    }
}

/// How much of the whole a figure covers, as answers print it.
pub fn coverage(observation: &Observation) -> Option<Covered> {
    observation.coverage.map(|(has, of)| Covered { has, of })
}

/// So many of so many parts: `11/12`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Covered {
    has: u32,
    of: u32,
}

impl std::fmt::Display for Covered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.has, self.of)
    }
}

impl Serialize for Covered {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // Answers hold very many, so no text is allocated for any.
        let (mut has, mut of) = (itoa::Buffer::new(), itoa::Buffer::new());
        let (has, of) = (has.format(self.has).as_bytes(), of.format(self.of).as_bytes());
        let (mut text, slash) = ([b'/'; 2 * u32::MAX.ilog10() as usize + 3], has.len());
        let end = slash + 1 + of.len();
        text[..slash].copy_from_slice(has);
        text[slash + 1..end].copy_from_slice(of);
        serializer.serialize_str(str::from_utf8(&text[..end]).map_err(serde::ser::Error::custom)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_is_printed_as_it_was_published() {
        let json = |scaled, decimals| serde_json::to_string(&Value::new(scaled, decimals)).unwrap();
        assert_eq!(json(11_150_000_000, 0), "11150000000");
        assert_eq!(json(1_234_567, 2), "12345.67");
        assert_eq!(json(-5, 1), "-0.5");
        assert_eq!(json(9_007_199_254_740_993, 0), "9007199254740993");
        assert_eq!(Value::new(1_234_500, 2).to_string(), "12345.00");
    }

    #[test]
    fn a_coverage_is_printed_in_json_as_in_lines() {
        for (has, of) in [(0, 1), (11, 12), (999, 1_000), (u32::MAX, u32::MAX)] {
            let covered = Covered { has, of };
            assert_eq!(serde_json::to_string(&covered).unwrap(), format!("\"{covered}\""));
        }
    }
}
