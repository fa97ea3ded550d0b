//! Datasets as they are described to their readers.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::timeseries::dataset::{Partition, Precedence};
use crate::timeseries::key::Dimension;
use crate::timeseries::period::{Frequency, Period};
use crate::words::words;

/// A dataset: observations of one subject with the same dimensions.
#[derive(Debug, Serialize, ToSchema)]
pub struct DatasetDescription {
    /// Its name in paths and series keys.
    #[schema(example = "production")]
    pub id: String,
    /// Its title in the language of the answer.
    pub title: String,
    /// Its title in English.
    pub title_en: String,
    /// Its title in Chinese.
    pub title_zh: String,
    /// What it holds and what it does not.
    pub description: String,
    /// Its dimensions in the order of its series keys.
    pub dimensions: Vec<DatasetDimension>,
    /// How often its series may state a figure: A a year, Q a quarter, M a month.
    pub frequencies: Vec<Frequency>,
    /// The frequency of a query that names none.
    pub default_frequency: Frequency,
    /// Whether its rows list every part of each whole. Where they do not, parts are summed only where `partitions` says so.
    pub complete: bool,
    /// What it measures; the first is what a query gets that names none.
    pub measures: Vec<MeasureDescription>,
    /// What there are figures on, one entry a measure and frequency, those without any figure too.
    pub coverage: Vec<DatasetCoverage>,
    /// The sources with figures in it, by their order among unlisted sources.
    pub sources: Vec<DatasetSource>,
    /// Which source answers where a query names none, in the order of the rules.
    pub precedence: Vec<PrecedenceRule>,
    /// Which parts make a whole. Nothing else is ever summed into a total.
    pub partitions: Vec<PartitionRule>,
    /// Under which terms it may be used.
    pub licence: String,
    /// How to cite it.
    pub citation: String,
    /// Its version; it rises whenever the dataset changes.
    pub version: i64,
    /// When it last changed.
    pub changed_at: DateTime<Utc>,
    /// The release whose document was published last; null where it has none.
    pub last_release: Option<LastRelease>,
    /// Where its figures are, relative to the service.
    pub links: DatasetLinks,
}

/// Where the figures of a dataset are, relative to the service.
#[derive(Debug, Serialize, ToSchema)]
pub struct DatasetLinks {
    /// Its observations: the time-series query.
    #[schema(example = "/v1/datasets/production/observations")]
    pub observations: String,
    /// The list of its series.
    #[schema(example = "/v1/datasets/production/series")]
    pub series: String,
    /// Everything that was taken in for it.
    #[schema(example = "/v1/releases?collection=production")]
    pub releases: String,
}

/// An axis of a dataset.
#[derive(Debug, Serialize, ToSchema)]
pub struct DatasetDimension {
    /// Its name, which is also the parameter.
    pub dimension: Dimension,
    /// What a query is pinned to that does not name it: a code, or `best` for the source.
    #[schema(example = "CN")]
    pub default: Option<String>,
    /// Where its codes are, relative to the service.
    #[schema(example = "/v1/codes/geo")]
    pub codes: String,
}

/// What is counted, and how it adds up.
#[derive(Debug, Serialize, ToSchema)]
pub struct MeasureDescription {
    /// Its code.
    #[schema(example = "sales")]
    pub measure: String,
    /// Its name in the language of the answer; English where no Chinese name is known.
    pub name: String,
    /// Its name in English.
    pub name_en: String,
    /// Its name in Chinese; null where none is known.
    pub name_zh: Option<String>,
    /// What one is.
    #[schema(example = "vehicles")]
    pub unit: String,
    /// How many decimal places its values have; 0 for counts.
    pub decimals: u32,
    /// `flow` happens during a period and adds up over time; `stock` is the state at the end of one.
    #[schema(value_type = MeasureKind)]
    pub kind: String,
    /// How it is converted to a coarser period: `sum`, `last` or `none`.
    #[schema(value_type = Aggregation)]
    pub aggregation: String,
    /// What is counted and what is not; null where it goes without saying.
    pub definition: Option<String>,
}

/// What there are figures on for one measure at one frequency.
#[derive(Debug, Serialize, ToSchema)]
pub struct DatasetCoverage {
    /// The measure.
    #[schema(example = "sales")]
    pub measure: String,
    /// The frequency.
    pub frequency: Frequency,
    /// The first period with a figure, in any series; null where there is none.
    #[schema(value_type = Option<String>, example = "2010-06")]
    pub first: Option<Period>,
    /// The last period with a figure, in any series; null where there is none.
    #[schema(value_type = Option<String>, example = "2026-02")]
    pub last: Option<Period>,
    /// How many series have a figure.
    pub series: i64,
    /// How many observations, those stated as missing included.
    pub observations: i64,
}

/// A source with figures in a dataset.
#[derive(Debug, Serialize, ToSchema)]
pub struct DatasetSource {
    /// The source.
    #[schema(example = "caam")]
    pub source: String,
    /// Its name in the language of the answer.
    pub name: String,
    /// Under which terms its figures stand here.
    pub licence: String,
    /// How many series of it have a figure.
    pub series: i64,
    /// How many observations of it there are, those stated as missing included.
    pub observations: i64,
}

/// One rule of which source answers where a query names none.
#[derive(Debug, Serialize, ToSchema)]
pub struct PrecedenceRule {
    /// The measure; `*` is any.
    #[schema(example = "production")]
    pub measure: String,
    /// The frequencies; empty is any.
    pub frequencies: Vec<Frequency>,
    /// The level of a series: operator or maker where it names one, else province, nev, public or national; `*` is any.
    #[schema(example = "national")]
    pub level: String,
    /// The order among the rules of the same measure, frequency and level; 1 comes first.
    pub rank: i32,
    /// Sources of one scope count alike and may follow one another; another scope never fills a gap unasked.
    #[schema(example = "caam")]
    pub scope: String,
    /// The sources, best first.
    pub sources: Vec<String>,
    /// The last day that the rule holds for; null is open.
    pub valid_to: Option<NaiveDate>,
    /// Whether the sources are press or otherwise weak.
    pub low_trust: bool,
    /// What else there is to know; null where there is nothing.
    pub note: Option<String>,
}

/// Declared parts that make a whole, complete and disjoint.
#[derive(Debug, Serialize, ToSchema)]
pub struct PartitionRule {
    /// The source that it holds for; `*` is any.
    #[schema(example = "caam")]
    pub source: String,
    /// The dimension that it is of.
    pub dimension: Dimension,
    /// The code of the whole.
    #[schema(example = "NEV")]
    pub whole: String,
    /// The codes of the parts.
    pub parts: Vec<String>,
    /// Whether a part that is not stated counts as 0; else the sum is incomplete without it.
    pub absent_is_zero: bool,
    /// The first day that it holds for, as printed; null is open.
    pub valid_from: Option<String>,
    /// The last day that it holds for, as printed; null is open.
    pub valid_to: Option<String>,
    /// What else there is to know; null where there is nothing.
    pub note: Option<String>,
}

/// A release in short.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct LastRelease {
    /// Its number, as `/v1/releases/{id}` takes it.
    pub release: i32,
    /// The document.
    pub document: Option<String>,
    /// The last day that the document's date may mean; null where it is undated.
    pub published: Option<NaiveDate>,
    /// When it was taken in.
    pub released_at: DateTime<Utc>,
}

impl From<&Precedence> for PrecedenceRule {
    fn from(rule: &Precedence) -> Self {
        let Precedence { measure, frequencies, level, rank, scope, sources, valid_to, low_trust, note } =
            rule.clone();
        let valid_to = valid_to.map(|date| date.last);
        Self { measure, frequencies, level, rank, scope, sources, valid_to, low_trust, note }
    }
}

impl From<&Partition> for PartitionRule {
    fn from(partition: &Partition) -> Self {
        let Partition { source, dimension, whole, parts, absent_is_zero, valid_from, valid_to, note } =
            partition.clone();
        Self { source, dimension, whole, parts, absent_is_zero, valid_from, valid_to, note }
    }
}

words! {
    /// Whether figures happen during a period or are the state at its end.
    MeasureKind = ["flow", "stock"];
}

words! {
    /// How figures are converted to a coarser period.
    Aggregation = ["sum", "last", "none"];
}
