//! The files as a whole: read, checked, and sorted into parts, each of which one document states for one collection.

use std::collections::{BTreeMap, HashSet};

use chrono::NaiveDate;
use sha2::{Digest, Sha256};

use super::entry::{Entry, Observation, Series};
use super::files::Files;
use super::read::{self, Sheets};
use super::sheet::Faults;
use super::vocabulary::{Dated, Vocabulary};
use crate::error::Result;
use crate::timeseries::key::Dimension;

/// What one document states for one collection: the content of a release.
#[derive(Debug)]
pub struct Part {
    /// A dataset or a collection of records.
    pub collection: String,
    /// The document; `None` for what no document states.
    pub document: Option<String>,
    /// The last day that its printed date may mean; `None` where undated.
    pub published: Option<NaiveDate>,
    /// For an edition: `source/measure/frequency` of all that it speaks for; else empty.
    pub scope: Vec<String>,
    /// SHA-256 over all of it.
    pub checksum: [u8; 32],
    /// Its records.
    pub entries: Vec<Entry>,
    /// Its observations.
    pub observations: Vec<Observation>,
}

impl Part {
    /// How many rows it has.
    pub fn rows(&self) -> usize {
        self.entries.len() + self.observations.len()
    }
}

/// All files, without a fault.
#[derive(Debug)]
pub struct Pack {
    /// The names of the datasets.
    pub datasets: Vec<String>,
    /// Every series that has an observation.
    pub series: Vec<Series>,
    /// Undated ones first, then by date: the order in which they become releases.
    pub parts: Vec<Part>,
}

impl Pack {
    /// Reads and checks all files; all faults come out together.
    pub fn read(files: &Files) -> Result<Self> {
        let faults = Faults::default();
        let sheets = Sheets::read(files, &faults);
        let vocabulary = Vocabulary::collect(&sheets);
        let entries = records(&sheets, &vocabulary);
        let observations = read::observations::read(&sheets, &vocabulary);
        drop(sheets);
        faults.finish()?;
        let mut parts = record_parts(entries, &vocabulary);
        parts.extend(observations.rows.into_iter().map(|((dataset, document), rows)| {
            let dated = vocabulary.dated.get(&document).cloned().unwrap_or_default();
            observation_part((dataset, document), &dated, rows, &observations.series)
        }));
        parts.sort_by(|a, b| {
            (a.published, &a.document, &a.collection).cmp(&(b.published, &b.document, &b.collection))
        });
        let datasets = vocabulary.datasets.into_keys().collect();
        Ok(Self { datasets, series: observations.series, parts })
    }
}

/// The records that `files` have and `fewer` have not, checked together with all others.
pub fn records_beyond(fewer: &Files, files: &Files) -> Result<Vec<Part>> {
    let read = |files: &Files| -> Result<(Vec<Entry>, Vocabulary)> {
        let faults = Faults::default();
        let sheets = Sheets::read(files, &faults);
        let vocabulary = Vocabulary::collect(&sheets);
        let entries = records(&sheets, &vocabulary);
        drop(sheets);
        faults.finish()?;
        Ok((entries, vocabulary))
    };
    let identity = |entry: &Entry| (entry.table, entry.row.to_string());
    let (known, _) = read(fewer)?;
    let known: HashSet<_> = known.iter().map(identity).collect();
    let (mut entries, vocabulary) = read(files)?;
    entries.retain(|entry| !known.contains(&identity(entry)));
    Ok(record_parts(entries, &vocabulary))
}

fn records(sheets: &Sheets<'_>, vocabulary: &Vocabulary) -> Vec<Entry> {
    let mut entries = Vec::new();
    read::codes::read(sheets, vocabulary, &mut entries);
    read::datasets::read(sheets, vocabulary, &mut entries);
    read::sources::read(sheets, vocabulary, &mut entries);
    read::organizations::read(sheets, vocabulary, &mut entries);
    read::partnerships::read(sheets, vocabulary, &mut entries);
    read::events::read(sheets, vocabulary, &mut entries);
    read::subsidies::read(sheets, vocabulary, &mut entries);
    read::credits::read(sheets, vocabulary, &mut entries);
    entries
}

fn record_parts(entries: Vec<Entry>, vocabulary: &Vocabulary) -> Vec<Part> {
    let mut groups: BTreeMap<(&str, Option<String>), Vec<Entry>> = BTreeMap::new();
    for entry in entries {
        groups.entry((entry.table.collection(), entry.document.clone())).or_default().push(entry);
    }
    let part = |((collection, document), entries): ((&str, Option<String>), Vec<Entry>)| {
        let dated = document.as_ref().and_then(|id| vocabulary.dated.get(id)).cloned().unwrap_or_default();
        let mut digest = Sha256::new_with_prefix(&dated.printed);
        for entry in &entries {
            digest.update(format!("\n{:?} {}", entry.table, entry.row));
        }
        Part {
            collection: collection.to_owned(),
            document,
            published: dated.last,
            scope: Vec::new(),
            checksum: digest.finalize().into(),
            entries,
            observations: Vec::new(),
        }
    };
    groups.into_iter().map(part).collect()
}

fn observation_part(
    (collection, document): (String, String),
    dated: &Dated,
    observations: Vec<Observation>,
    series: &[Series],
) -> Part {
    let mut digest = Sha256::new_with_prefix(format!("{} {}", dated.printed, dated.edition));
    let mut scope = Vec::new();
    for row in &observations {
        let series = &series[row.series];
        let Observation { period, value, status, confirmation, note, .. } = row;
        digest.update(format!("\n{} {period} {value:?} {status} {confirmation} {note:?}", series.key));
        if dated.edition {
            scope.push(scope_of(series));
        }
    }
    scope.sort();
    scope.dedup();
    Part {
        collection,
        document: Some(document),
        published: dated.last,
        scope,
        checksum: digest.finalize().into(),
        entries: Vec::new(),
        observations,
    }
}

/// What an edition speaks for if it has a row of this series.
pub fn scope_of(series: &Series) -> String {
    let (source, measure) = (series.code(Dimension::Source), series.code(Dimension::Measure));
    format!("{source}/{measure}/{}", series.frequency)
}
