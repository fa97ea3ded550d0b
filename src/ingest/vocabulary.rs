//! All that rows may refer to: ids are gathered from every file before any reference is checked, so that the order of files
//! and rows does not matter.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;

use super::fields::{Known, Span};
use super::read::datasets::{self, Dataset};
use super::read::{Sheets, codes, partnerships};
use crate::timeseries::key::Dimension;

/// When a document was published and for how much it speaks.
#[derive(Debug, Clone, Default)]
pub struct Dated {
    /// As printed.
    pub printed: String,
    /// The last day that may mean.
    pub last: Option<NaiveDate>,
    /// Whether it speaks for its whole scope.
    pub edition: bool,
}

/// What exists.
pub struct Vocabulary {
    /// The datasets by name, with their measures.
    pub datasets: BTreeMap<String, Dataset>,
    /// The names of the datasets.
    pub dataset_names: Known,
    /// The codes of each dimension; sources and measures are dimensions too.
    pub codes: HashMap<Dimension, Known>,
    /// The documents.
    pub documents: Known,
    /// When each document was published.
    pub dated: HashMap<String, Dated>,
    /// The organizations.
    pub organizations: Known,
    /// The partnerships.
    pub partnerships: Known,
    /// When each partnership was in force.
    pub partnership_spans: HashMap<String, Span>,
    /// The subsidy instruments.
    pub instruments: Known,
    /// The computable rules.
    pub rules: Known,
    /// The brand of each model.
    pub brand_of: HashMap<String, String>,
}

impl Vocabulary {
    /// Gathers what the files define.
    pub fn collect(sheets: &Sheets<'_>) -> Self {
        let documents = Known::collect("document", &sheets.documents, "document_id", &[]);
        let reserved = ["quote", "rates", "spend", "schedule", "credits"];
        let datasets = datasets::descriptions(sheets);
        let mut dataset_names = Known::new("dataset");
        dataset_names.extend(datasets.keys().cloned());
        Self {
            datasets,
            dataset_names,
            codes: codes::known(sheets),
            documents,
            dated: sheets
                .documents
                .rows()
                .map(|row| (row.text("document_id").to_owned(), dated(row)))
                .collect(),
            organizations: Known::collect("organization", &sheets.organizations, "org_id", &[]),
            partnerships: Known::collect("partnership", &sheets.partnerships, "partnership_id", &["counts"]),
            partnership_spans: partnerships::spans(&sheets.partnerships),
            instruments: Known::collect("instrument", &sheets.instruments, "instrument_id", &reserved),
            rules: Known::collect("rule", &sheets.rules, "rule_id", &[]),
            brand_of: codes::brands_of_models(sheets),
        }
    }

    /// The codes of a dimension.
    pub fn codes(&self, dimension: Dimension) -> &Known {
        self.codes.get(&dimension).expect("every dimension is filled when the vocabulary is collected")
    }
}

/// The date without its faults: those are told where documents are read.
fn dated(row: super::sheet::Row<'_>) -> Dated {
    let printed = row.text("published");
    let last = printed.parse::<crate::timeseries::period::PartialDate>().ok().map(|date| date.last);
    Dated { printed: printed.to_owned(), last, edition: row.text("coverage") == "edition" }
}
