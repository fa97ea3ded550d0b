//! The descriptions of datasets, which parts make a whole in them, and which source answers by default.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Sheets;
use crate::error::DataFault;
use crate::ingest::entry::{Entry, Table};
use crate::ingest::fields::End;
use crate::ingest::sheet::Row;
use crate::ingest::vocabulary::Vocabulary;
use crate::timeseries::key::{Dimension, illegal_code};
use crate::timeseries::period::Frequency;
use crate::timeseries::rollup::{Grain, Level};

/// The columns of `codes/partitions.csv`.
pub const PARTITIONS: &[&str] =
    &["dataset", "source", "dimension", "whole", "parts", "absent_is_zero", "valid_from", "valid_to", "note"];

/// The columns of `codes/precedence.csv`.
pub const PRECEDENCE: &[&str] =
    &["dataset", "measure", "frequency", "level", "rank", "scope", "sources", "valid_to", "note"];

/// The levels that precedence tells apart.
pub const LEVELS: [&str; 7] = ["*", "national", "nev", "maker", "operator", "province", "public"];

/// Names that collections of records have.
const TAKEN: [&str; 6] = ["codes", "sources", "organizations", "partnerships", "subsidies", "events"];

/// A dataset as its file describes it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dataset {
    /// Its place in lists.
    pub position: i32,
    /// Title in English.
    pub title_en: String,
    /// Title in Chinese.
    pub title_zh: String,
    /// What it holds and what it does not.
    pub description: String,
    /// Its dimensions, in the order of keys.
    pub dimensions: Vec<Dimension>,
    /// The frequencies of its series.
    pub frequencies: Vec<Frequency>,
    /// The frequency that answers where none is asked for.
    pub default_frequency: Frequency,
    /// Whether its rows list every part of each whole.
    pub complete: bool,
    /// The grains whose sums are kept ready; without it the service chooses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollups: Option<Vec<String>>,
    /// Under which terms it may be used.
    pub licence: String,
    /// How to cite it.
    pub citation: String,
    /// Its measures with their decimals, from the list of measures.
    #[serde(skip)]
    pub measures: HashMap<String, u32>,
}

/// The described datasets by name.
pub fn descriptions(sheets: &Sheets<'_>) -> BTreeMap<String, Dataset> {
    let mut datasets = BTreeMap::new();
    let is_kind = |dimension: Dimension, kind: &str| {
        let lists = sheets.codes.iter().filter(|(of, _)| *of == dimension);
        lists.flat_map(|(_, sheet)| sheet.rows()).any(|row| row.text("kind") == kind)
    };
    for (path, name) in sheets.files.below("datasets/", ".toml") {
        let text = sheets.files.text(path).unwrap_or_default();
        let fault = |at: usize, reason: String| {
            let line = text[..at.min(text.len())].matches('\n').count() as u64 + 1;
            let (file, column, value) = (path.to_owned(), String::new(), String::new());
            sheets.faults.add(DataFault { file, line, column, value, reason });
        };
        match toml::from_str::<Dataset>(text) {
            Ok(dataset) => {
                if let Some(reason) = contradiction(name, &dataset, &is_kind) {
                    sheets.faults.file(path, name, reason);
                }
                datasets.insert(name.to_owned(), Dataset { measures: measures(sheets, name), ..dataset });
            }
            Err(error) => fault(error.span().map_or(0, |span| span.start), error.message().to_owned()),
        }
    }
    datasets
}

/// What a description says that cannot be; `is_kind` tells whether some code of a dimension is of a kind.
pub fn contradiction(
    name: &str,
    dataset: &Dataset,
    is_kind: &dyn Fn(Dimension, &str) -> bool,
) -> Option<String> {
    let leading = [Dimension::Measure, Dimension::Source, Dimension::Geo];
    let illegal = illegal_code(name).map(str::to_owned);
    let taken = TAKEN.contains(&name).then(|| "a collection of records has this name".to_owned());
    illegal.or(taken).or_else(|| {
        if !dataset.dimensions.starts_with(&leading) || !dataset.dimensions.is_sorted_by(|a, b| a < b) {
            let order = Dimension::ALL.map(Dimension::name).join(", ");
            Some(format!("dimensions begin with measure, source, geo and keep the order {order}"))
        } else if !dataset.frequencies.contains(&dataset.default_frequency) {
            Some(format!("the default frequency {} is none of its frequencies", dataset.default_frequency))
        } else if dataset.frequencies.iter().collect::<HashSet<_>>().len() != dataset.frequencies.len() {
            Some("a frequency stands twice".to_owned())
        } else {
            wrong_rollup(dataset, is_kind)
        }
    })
}

fn wrong_rollup(dataset: &Dataset, is_kind: &dyn Fn(Dimension, &str) -> bool) -> Option<String> {
    let rollups = dataset.rollups.as_ref()?;
    if !dataset.complete && !rollups.is_empty() {
        return Some("only datasets that list every part of each whole have rollups".to_owned());
    }
    let mut grains = HashSet::new();
    rollups.iter().find_map(|text| match text.parse::<Grain>() {
        Err(reason) => Some(format!("{text} is no grain of a rollup: {reason}")),
        Ok(grain) => {
            let foreign = grain.0.iter().find(|(dimension, _)| !dataset.dimensions.contains(dimension));
            let foreign = foreign.map(|(dimension, _)| format!("{text}: it has no dimension {dimension}"));
            let unknown = grain.0.iter().find_map(|(dimension, level)| match level {
                Level::Kind(kind) if !is_kind(*dimension, kind) => {
                    Some(format!("{text}: no code of {dimension} is of the kind {kind:?}"))
                }
                _ => None,
            });
            foreign
                .or(unknown)
                .or_else(|| (!grains.insert(grain)).then(|| format!("the rollup {text} stands twice")))
        }
    })
}

fn measures(sheets: &Sheets<'_>, dataset: &str) -> HashMap<String, u32> {
    let lists = sheets.codes.iter().filter(|(dimension, _)| *dimension == Dimension::Measure);
    let rows = lists.flat_map(|(_, sheet)| sheet.rows()).filter(|row| row.text("dataset") == dataset);
    rows.map(|row| (row.text("code").to_owned(), 0)).collect()
}

/// Reads descriptions, partitions and precedence.
pub fn read(sheets: &Sheets<'_>, vocabulary: &Vocabulary, entries: &mut Vec<Entry>) {
    let mut push = |table, row| entries.push(Entry { table, document: None, row });
    for (name, dataset) in &vocabulary.datasets {
        push(Table::Dataset, row(name, dataset));
    }
    for (position, row) in (1..).zip(sheets.partitions.rows()) {
        push(Table::Partition, partition(position, &row, vocabulary));
    }
    let mut ranks = HashSet::new();
    for (position, row) in (1..).zip(sheets.precedence.rows()) {
        let key =
            ["dataset", "measure", "frequency", "level", "rank"].map(|column| row.text(column).to_owned());
        if !ranks.insert(key) {
            row.fault(
                "rank",
                "this rank stands in an earlier row of the same measure, frequency and level too",
            );
        }
        push(Table::Precedence, precedence(position, &row, vocabulary));
    }
}

/// The record of a description.
pub fn row(name: &str, dataset: &Dataset) -> Value {
    let mut row = json!(dataset);
    row["dataset"] = json!(name);
    if let Some(rollups) = &dataset.rollups {
        // As the service writes them; what cannot be read is a fault already.
        let written = rollups.iter().filter_map(|text| text.parse::<Grain>().ok());
        row["rollups"] = json!(written.map(|grain| grain.to_string()).collect::<Vec<_>>());
    }
    row
}

fn partition(position: i32, row: &Row<'_>, vocabulary: &Vocabulary) -> Value {
    let dataset = row.known("dataset", &vocabulary.dataset_names);
    let dimension = row.text("dimension");
    let has = |d: &Dimension| vocabulary.datasets.get(&dataset).is_none_or(|s| s.dimensions.contains(d));
    let (mut whole, mut parts) = (String::new(), Vec::new());
    match Dimension::from_name(dimension).filter(has) {
        Some(dimension) => {
            let known = vocabulary.codes(dimension);
            whole = row.known("whole", known);
            parts = row.known_list("parts", '|', known, &[]);
        }
        None => row.fault("dimension", "is not a dimension of the dataset"),
    }
    if parts.len() == 1 || parts.contains(&whole) {
        row.fault("parts", "a whole is made of two parts or more, none of which is the whole");
    }
    row.span("valid_from", "valid_to", End::Inclusive);
    json!({
        "dataset": dataset,
        "source": any_or(row, "source", |row| row.known("source", vocabulary.codes(Dimension::Source))),
        "dimension": dimension,
        "whole": whole,
        "parts": parts,
        "absent_is_zero": row.choice("absent_is_zero", &["yes", "no"]) == "yes",
        "valid_from": row.optional("valid_from"),
        "valid_to": row.optional("valid_to"),
        "note": row.optional("note"),
        "position": position,
    })
}

fn precedence(position: i32, row: &Row<'_>, vocabulary: &Vocabulary) -> Value {
    let dataset = row.known("dataset", &vocabulary.dataset_names);
    let measure = any_or(row, "measure", |row| row.known("measure", vocabulary.codes(Dimension::Measure)));
    let elsewhere = vocabulary.datasets.get(&dataset).is_some_and(|d| !d.measures.contains_key(&measure));
    if measure != "*" && elsewhere {
        row.fault("measure", format!("is not a measure of {dataset}"));
    }
    let frequencies = if row.text("frequency") == "*" { Vec::new() } else { row.list("frequency", '|') };
    for frequency in &frequencies {
        if let Err(reason) = frequency.parse::<Frequency>() {
            row.value_fault("frequency", frequency, reason);
        }
    }
    let sources = row.known_list("sources", '|', vocabulary.codes(Dimension::Source), &[]);
    if sources.is_empty() {
        row.fault("sources", "cannot be empty");
    }
    if let Some(reason) = illegal_code(row.text("scope")) {
        row.fault("scope", reason);
    }
    row.date("valid_to");
    json!({
        "dataset": dataset,
        "measure": measure,
        "frequencies": frequencies,
        "level": row.choice("level", &LEVELS),
        "rank": row.ordinal("rank"),
        "scope": row.text("scope"),
        "sources": sources,
        "valid_to": row.optional("valid_to"),
        "low_trust": row.text("note").contains("low trust"),
        "note": row.optional("note"),
        "position": position,
    })
}

/// `*` as it stands, everything else as `read` has it.
fn any_or(row: &Row<'_>, column: &str, read: impl Fn(&Row<'_>) -> String) -> String {
    if row.text(column) == "*" { "*".to_owned() } else { read(row) }
}
