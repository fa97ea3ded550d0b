//! Provenance as it is answered: sources, documents, releases.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::describe::local;
use crate::timeseries::period::{Frequency, Period};
use crate::words::words;

/// Who first published figures.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
pub struct SourceEntry {
    /// Its code, as `source=` takes it.
    #[schema(example = "caam")]
    pub id: String,
    /// Its name in the language of the answer; English where no Chinese name is known.
    #[serde(default)]
    #[schema(required)]
    pub name: String,
    /// Its name in English.
    pub name_en: String,
    /// Its name in Chinese; null where none is known.
    pub name_zh: Option<String>,
    /// What it is: association, agency, press, research, company and others.
    #[schema(example = "association")]
    pub kind: String,
    /// Its home page; null where none is known.
    pub homepage: Option<String>,
    /// Its order among the sources that no rule of precedence lists; 1 comes first.
    pub precedence: i32,
    /// Under which terms its figures stand here.
    pub licence: String,
    /// What it counts and how; null where there is nothing to say.
    pub note: Option<String>,
    /// What its terms ask to be printed beside its figures; null where its name is enough.
    pub attribution: Option<String>,
    /// How many documents of it figures were read from. Documents of another publisher may state figures of it too.
    pub documents: i64,
}

/// A source with what it has figures on and when it answers by default.
#[derive(Debug, Serialize, ToSchema)]
pub struct SourceDescription {
    /// The source as the list has it.
    #[serde(flatten)]
    #[schema(inline)]
    pub entry: SourceEntry,
    /// What it has figures on, one entry a dataset, measure and frequency; empty where it has none.
    pub coverage: Vec<SourceCoverage>,
    /// The rules of precedence that list it; empty where none does.
    pub answers: Vec<SourceRule>,
}

/// What a source has figures on.
#[derive(Debug, Serialize, ToSchema)]
pub struct SourceCoverage {
    /// The dataset.
    #[schema(example = "production")]
    pub dataset: String,
    /// The measure.
    #[schema(example = "sales")]
    pub measure: String,
    /// How often: A a year, Q a quarter, M a month.
    pub frequency: Frequency,
    /// The first period with a figure, in any series.
    #[schema(value_type = String, example = "2010-06")]
    pub first: Period,
    /// The last period with a figure, in any series.
    #[schema(value_type = String, example = "2026-02")]
    pub last: Period,
    /// How many series.
    pub series: i64,
    /// How many observations, those stated as missing included.
    pub observations: i64,
}

/// One rule by which a source answers where a query names none.
#[derive(Debug, Serialize, ToSchema)]
pub struct SourceRule {
    /// The dataset.
    pub dataset: String,
    /// The rule.
    #[serde(flatten)]
    #[schema(inline)]
    pub rule: super::datasets::PrecedenceRule,
}

/// A page or file that figures were read from.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
pub struct DocumentEntry {
    /// Its id, as observations and records name it.
    #[schema(example = "iea-gevo-2025")]
    pub id: String,
    /// Who first published its main figures; single rows may name another source.
    #[schema(example = "caam")]
    pub source: String,
    /// Who printed it.
    pub publisher: String,
    /// Its title.
    pub title: String,
    /// Where it was read; null where the address is a mirror or no longer known.
    pub url: Option<String>,
    /// When it was published, as precise as known: a year, month or day; null where it is undated.
    #[schema(example = "2025-01-13")]
    pub published: Option<String>,
    /// The last day that `published` may mean, which `as_of` goes by; null where the document is undated.
    pub published_until: Option<NaiveDate>,
    /// Under which terms its figures stand here.
    pub licence: String,
    /// What else there is to know of it; null where there is nothing.
    pub note: Option<String>,
    /// `patch`: it speaks for the cells that it lists. `edition`: for its whole scope, so that cells which it no longer lists are withdrawn by it.
    #[schema(value_type = DocumentCoverage)]
    pub coverage: String,
    /// What was taken in from it, the newest first: one release a collection, and one more for each correction.
    pub releases: Vec<DocumentRelease>,
}

/// What was taken in from a document for one collection.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
pub struct DocumentRelease {
    /// The release, as `/v1/releases/{id}` takes it.
    pub release: i32,
    /// The dataset or collection of records.
    #[schema(example = "production")]
    pub collection: String,
    /// `initial`, or `corrected` where it replaced an earlier release of the document.
    #[schema(value_type = ReleaseReason)]
    pub reason: String,
    /// How many rows of the document it holds.
    pub rows: i32,
    /// Whether its rows count: neither corrected by a later release nor withdrawn.
    pub in_force: bool,
}

/// The figures or records of one document for one collection, taken in at once.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
pub struct ReleaseEntry {
    /// Its number; releases are numbered in the order in which they were taken in.
    pub id: i32,
    /// The dataset or collection of records that it changed.
    #[schema(example = "production")]
    pub collection: String,
    /// `dataset` or `records`.
    #[schema(value_type = CollectionKind)]
    pub collection_kind: String,
    /// The document; null for code lists, the descriptions of datasets and the list of sources.
    pub document: Option<String>,
    /// The document's title; null where there is no document.
    pub title: Option<String>,
    /// The source of the document; null where there is no document.
    pub source: Option<String>,
    /// The last day that the document's date may mean; null where it is undated.
    pub published: Option<NaiveDate>,
    /// `initial`, or `corrected` where it replaced an earlier release of the document.
    #[schema(value_type = ReleaseReason)]
    pub reason: String,
    /// `patch` or `edition`, as for the document.
    #[schema(value_type = DocumentCoverage)]
    pub coverage: String,
    /// For an edition: the measures and frequencies that it speaks for, as `measure/frequency`; else empty.
    pub edition_scope: Vec<String>,
    /// How many rows it holds, restatements and confirmations included.
    pub rows: i32,
    /// How many of them state the figure that already held.
    pub restated: i32,
    /// How many of them only prove since when a figure was known.
    pub confirmed: i32,
    /// When it was taken in.
    pub released_at: DateTime<Utc>,
    /// The import that it was part of; everything of one import became visible at once.
    pub import: i32,
    /// What the import was: `bundled` with the service, a `file`, or `generated`: made up for load tests.
    #[schema(value_type = ImportKind)]
    pub import_kind: String,
    /// The release that corrected it; null while its rows count.
    pub superseded_by: Option<i32>,
    /// When it was withdrawn; null where it was not.
    pub withdrawn_at: Option<DateTime<Utc>>,
    /// Why it was withdrawn; null where it was not, or where nobody said.
    pub withdrawn_reason: Option<String>,
    /// SHA-256 over its rows, in hexadecimal.
    pub checksum: String,
    /// Where what it belongs to is, relative to the service.
    #[serde(default)]
    #[schema(required)]
    pub links: ReleaseLinks,
}

/// Where what a release belongs to is, relative to the service.
#[derive(Debug, Clone, Default, Deserialize, Serialize, ToSchema)]
pub struct ReleaseLinks {
    /// The dataset or the records; null for the code lists, which are one path a dimension.
    pub collection: Option<String>,
    /// The document; null where there is none.
    pub document: Option<String>,
    /// The release that corrected it; null while its rows count.
    pub superseded_by: Option<String>,
    /// What it changed, figure by figure; null for records, which are replaced whole.
    pub changes: Option<String>,
}

impl SourceEntry {
    /// The source with its name in the language of the answer.
    #[must_use]
    pub fn named(mut self, chinese: bool) -> Self {
        self.name = local(&self.name_en, self.name_zh.as_deref(), chinese);
        self
    }
}

impl ReleaseEntry {
    /// The release with its links.
    #[must_use]
    pub fn linked(mut self) -> Self {
        let document = self.document.as_deref();
        self.links = ReleaseLinks::new(
            (&self.collection_kind, &self.collection),
            document,
            (self.id, self.superseded_by),
        );
        self
    }
}

impl ReleaseLinks {
    /// The links of a release: the kind and name of its collection, its document, its id and that of the release that corrected it.
    pub fn new(
        (kind, name): (&str, &str),
        document: Option<&str>,
        (release, superseded_by): (i32, Option<i32>),
    ) -> Self {
        let collection = match (kind, name) {
            ("dataset", name) => Some(format!("/v1/datasets/{}", segment(name))),
            (_, "codes") => None,
            (_, name) => Some(format!("/v1/{}", segment(name))),
        };
        let document = document.map(|id| format!("/v1/documents/{}", segment(id)));
        let superseded_by = superseded_by.map(|id| format!("/v1/releases/{id}"));
        let changes = (kind == "dataset").then(|| format!("/v1/releases/{release}/changes"));
        Self { collection, document, superseded_by, changes }
    }
}

/// A text as one segment of a path.
fn segment(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

words! {
    /// What a document speaks for.
    DocumentCoverage = ["patch", "edition"];
}

words! {
    /// Why a release was taken in.
    ReleaseReason = ["initial", "corrected"];
}

words! {
    /// What a collection holds.
    CollectionKind = ["dataset", "records"];
}

words! {
    /// What an import was.
    ImportKind = ["bundled", "file", "generated"];
}
