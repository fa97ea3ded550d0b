//! Datasets of the owner's own: described by a TOML file, checked, and written as records like those that the service ships with.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::world::World;
use crate::ingest::entry::{Entry, Table};
use crate::ingest::read::datasets::{self, LEVELS, contradiction};
use crate::timeseries::dataset::{Dataset, Measure};
use crate::timeseries::key::{Dimension, illegal_code};
use crate::timeseries::period::{Frequency, PartialDate};

/// Where datasets come in lists that name no place.
const LAST: i32 = 500;

/// The descriptions that come with forms of files.
const BUNDLED: [&str; 1] = [include_str!("adapters/ev_outlook.toml")];

/// The description of a dataset.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Description {
    /// Its name in paths and keys.
    pub dataset: String,
    /// Its place in lists; the shipped ones have 1 and 2.
    #[serde(default)]
    pub position: Option<i32>,
    /// Its title in English.
    pub title_en: String,
    /// Its title in Chinese; without it the English one.
    #[serde(default)]
    pub title_zh: Option<String>,
    /// What it holds and what it does not.
    pub description: String,
    /// Its dimensions, of the shared ones, in the order of keys.
    pub dimensions: Vec<Dimension>,
    /// The frequencies of its series.
    pub frequencies: Vec<Frequency>,
    /// The frequency that answers where none is asked for.
    pub default_frequency: Frequency,
    /// Whether its rows list every part of each whole.
    #[serde(default)]
    pub complete: bool,
    /// The grains whose sums are kept ready; without it the service chooses.
    #[serde(default)]
    pub rollups: Option<Vec<String>>,
    /// Who it exists for: `public`, without it, is everybody; `restricted` the keys that name it.
    #[serde(default)]
    pub access: Access,
    /// Under which terms it may be used.
    pub licence: String,
    /// How to cite it; without it by its title.
    #[serde(default)]
    pub citation: Option<String>,
    /// What it measures; the first is the measure of a query that names none.
    #[serde(default)]
    pub measure: Vec<OwnMeasure>,
    /// Which parts make a whole.
    #[serde(default)]
    pub partition: Vec<OwnPartition>,
    /// Which source answers by default.
    #[serde(default)]
    pub precedence: Vec<OwnPrecedence>,
}

/// Who a dataset exists for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Access {
    /// Everybody.
    #[default]
    Public,
    /// The keys that name it.
    Restricted,
}

/// A measure of a dataset of one's own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnMeasure {
    code: String,
    name_en: String,
    #[serde(default)]
    name_zh: Option<String>,
    unit: String,
    /// `flow` adds up over time, `stock` takes the last.
    kind: String,
    /// `sum`, `last` or `none`; without it that of its kind.
    #[serde(default)]
    aggregation: Option<String>,
    #[serde(default)]
    decimals: u32,
    #[serde(default)]
    definition: Option<String>,
}

/// Parts that make a whole in a dataset of one's own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnPartition {
    /// The source that it holds for; without it any.
    #[serde(default)]
    source: Option<String>,
    dimension: Dimension,
    whole: String,
    parts: Vec<String>,
    #[serde(default)]
    absent_is_zero: bool,
    #[serde(default)]
    valid_from: Option<String>,
    #[serde(default)]
    valid_to: Option<String>,
    #[serde(default)]
    note: Option<String>,
}

/// A row of the table that says which source answers by default in a dataset of one's own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnPrecedence {
    /// Without it any.
    #[serde(default)]
    measure: Option<String>,
    /// Without it any; several are set apart by `|`.
    #[serde(default)]
    frequency: Option<String>,
    /// Without it any.
    #[serde(default)]
    level: Option<String>,
    rank: i32,
    scope: String,
    sources: Vec<String>,
    #[serde(default)]
    valid_to: Option<String>,
    #[serde(default)]
    note: Option<String>,
}

/// The description that comes with a form of file, by the name of its own file.
pub fn bundled(file: &str) -> Option<Description> {
    let name = file.strip_suffix(".toml").unwrap_or(file);
    let all = BUNDLED.iter().map(|text| Description::parse(text).expect("a test reads every description"));
    all.into_iter().find(|description| description.dataset == name)
}

impl Description {
    /// Reads a description; says the line of what cannot be read.
    pub fn parse(text: &str) -> Result<Self, String> {
        toml::from_str(text).map_err(|error| {
            let before =
                error.span().map_or(0, |span| text[..span.start.min(text.len())].matches('\n').count());
            format!("line {}: {}", before + 1, error.message())
        })
    }

    /// Whether it exists only for the keys that name it.
    pub fn is_restricted(&self) -> bool {
        self.access == Access::Restricted
    }

    /// As files and queries see it; partitions and precedence are read from the database later.
    pub fn dataset(&self) -> Dataset {
        let measure = |measure: &OwnMeasure| Measure {
            code: measure.code.clone(),
            name_en: measure.name_en.clone(),
            name_zh: measure.name_zh.clone(),
            unit: measure.unit.clone(),
            decimals: measure.decimals,
            is_stock: measure.kind == "stock",
            aggregation: measure.aggregation().to_owned(),
            definition: measure.definition.clone(),
        };
        Dataset {
            name: self.dataset.clone(),
            title_en: self.title_en.clone(),
            dimensions: self.dimensions.clone(),
            frequencies: self.frequencies.clone(),
            default_frequency: self.default_frequency,
            complete: self.complete,
            measures: self.measure.iter().map(measure).collect(),
            ..Dataset::default()
        }
    }

    /// What cannot be, all of it at once; `also` are sources and codes that come with it.
    pub fn faults(&self, world: &World, also: &dyn Fn(Dimension, &str) -> bool) -> Vec<String> {
        let mut faults = Vec::new();
        if world.datasets.iter().any(|dataset| dataset.name == self.dataset) {
            faults.push(format!("there is a dataset {} already", self.dataset));
        }
        let is_kind = |dimension: Dimension, kind: &str| {
            let list = world.codes.get(&dimension);
            list.is_some_and(|list| list.iter().any(|code| code.kind.as_deref() == Some(kind)))
        };
        faults.extend(contradiction(&self.dataset, &self.as_read(), &is_kind));
        if self.measure.is_empty() {
            faults.push("a dataset measures something: describe one [[measure]] at least".to_owned());
        }
        let mut seen = Vec::new();
        for measure in &self.measure {
            faults.extend(measure.fault());
            if seen.contains(&&measure.code) {
                faults.push(format!("the measure {} stands twice", measure.code));
            }
            seen.push(&measure.code);
        }
        let known = |dimension: Dimension, code: &str| {
            let measures = || self.measure.iter().any(|measure| measure.code == code);
            also(dimension, code)
                || match dimension {
                    Dimension::Measure => measures(),
                    Dimension::Source => world.sources.contains_key(code),
                    _ => world.codes.get(&dimension).is_some_and(|list| list.get(code).is_some()),
                }
        };
        faults.extend(self.partition.iter().flat_map(|partition| partition.faults(&self.dimensions, &known)));
        faults.extend(self.precedence.iter().flat_map(|precedence| precedence.faults(&known)));
        faults
    }

    fn as_read(&self) -> datasets::Dataset {
        datasets::Dataset {
            position: self.position.unwrap_or(LAST),
            title_en: self.title_en.clone(),
            title_zh: self.title_zh.clone().unwrap_or_else(|| self.title_en.clone()),
            description: self.description.clone(),
            dimensions: self.dimensions.clone(),
            frequencies: self.frequencies.clone(),
            default_frequency: self.default_frequency,
            complete: self.complete,
            rollups: self.rollups.clone(),
            licence: self.licence.clone(),
            citation: self.citation.clone().unwrap_or_else(|| self.title_en.clone()),
            measures: HashMap::new(),
        }
    }

    /// Its records. Measures whose code other datasets have already keep its name.
    pub fn entries(&self, world: &World) -> Vec<Entry> {
        let mut entries = vec![Entry {
            table: Table::Dataset,
            document: None,
            row: datasets::row(&self.dataset, &self.as_read()),
        }];
        let mut push = |table, row| entries.push(Entry { table, document: None, row });
        for (position, measure) in (1..).zip(&self.measure) {
            if !world.measures.contains(&measure.code) {
                push(Table::Code, measure.code_row(position));
            }
            push(Table::Measure, measure.row(&self.dataset, position));
        }
        for (position, partition) in (1..).zip(&self.partition) {
            push(Table::Partition, partition.row(&self.dataset, position));
        }
        for (position, precedence) in (1..).zip(&self.precedence) {
            push(Table::Precedence, precedence.row(&self.dataset, position));
        }
        entries
    }
}

impl OwnMeasure {
    fn aggregation(&self) -> &str {
        let by_kind = if self.kind == "stock" { "last" } else { "sum" };
        self.aggregation.as_deref().unwrap_or(by_kind)
    }

    fn fault(&self) -> Option<String> {
        let code = &self.code;
        if let Some(reason) = illegal_code(code) {
            return Some(format!("the measure {code:?}: {reason}"));
        }
        let wrong = |what: &str, found: &str, expected: &str| {
            Some(format!("the measure {code}: its {what} is {found:?}; expected {expected}"))
        };
        match (self.kind.as_str(), self.aggregation()) {
            ("flow" | "stock", "sum" | "last" | "none") if self.decimals <= 12 => None,
            ("flow" | "stock", "sum" | "last" | "none") => {
                wrong("decimals", &self.decimals.to_string(), "0 to 12")
            }
            ("flow" | "stock", other) => wrong("aggregation", other, "sum, last or none"),
            (other, _) => wrong("kind", other, "flow or stock"),
        }
    }

    fn code_row(&self, position: i32) -> Value {
        json!({
            "dimension": "measure", "code": self.code, "parent": null, "position": LAST + position,
            "name_en": self.name_en, "name_zh": self.name_zh, "definition": self.definition, "attributes": {},
        })
    }

    fn row(&self, dataset: &str, position: i32) -> Value {
        json!({
            "measure": self.code, "dataset": dataset, "position": position, "unit": self.unit,
            "decimals": self.decimals, "kind": self.kind, "aggregation": self.aggregation(),
        })
    }
}

type Known<'a> = &'a dyn Fn(Dimension, &str) -> bool;

impl OwnPartition {
    fn faults(&self, dimensions: &[Dimension], known: Known<'_>) -> Vec<String> {
        let Self { source, dimension, whole, parts, valid_from, valid_to, .. } = self;
        let mut faults = Vec::new();
        let mut fault = |reason: String| faults.push(format!("the parts of {dimension} {whole}: {reason}"));
        if !dimensions.contains(dimension) {
            fault("the dataset has no such dimension".to_owned());
        }
        for code in parts.iter().chain([whole]).filter(|code| !known(*dimension, code)) {
            fault(format!("there is no {dimension} {code:?}"));
        }
        if let Some(source) =
            source.as_ref().filter(|source| *source != "*" && !known(Dimension::Source, source))
        {
            fault(format!("there is no source {source:?}"));
        }
        if parts.len() < 2 || parts.contains(whole) {
            fault("a whole is made of two parts or more, none of which is the whole".to_owned());
        }
        for date in [valid_from, valid_to].into_iter().flatten() {
            if let Err(reason) = date.parse::<PartialDate>() {
                fault(reason);
            }
        }
        faults
    }

    fn row(&self, dataset: &str, position: i32) -> Value {
        json!({
            "dataset": dataset, "source": self.source.as_deref().unwrap_or("*"), "dimension": self.dimension,
            "whole": self.whole, "parts": self.parts, "absent_is_zero": self.absent_is_zero,
            "valid_from": self.valid_from, "valid_to": self.valid_to, "note": self.note, "position": position,
        })
    }
}

impl OwnPrecedence {
    fn frequencies(&self) -> Vec<&str> {
        self.frequency
            .as_deref()
            .filter(|all| *all != "*")
            .map(|all| all.split('|').collect())
            .unwrap_or_default()
    }

    fn faults(&self, known: Known<'_>) -> Vec<String> {
        let mut faults = Vec::new();
        let mut fault =
            |reason: String| faults.push(format!("the precedence of scope {}: {reason}", self.scope));
        if let Some(reason) = illegal_code(&self.scope) {
            fault(reason.to_owned());
        }
        if let Some(measure) =
            self.measure.as_ref().filter(|one| *one != "*" && !known(Dimension::Measure, one))
        {
            fault(format!("there is no measure {measure:?}"));
        }
        for frequency in self.frequencies() {
            if let Err(reason) = frequency.parse::<Frequency>() {
                fault(reason);
            }
        }
        if let Some(level) = self.level.as_deref().filter(|level| !LEVELS.contains(level)) {
            fault(format!("its level is {level:?}; expected one of {}", LEVELS.join(", ")));
        }
        if self.sources.is_empty() {
            fault("it names no source".to_owned());
        }
        for source in self.sources.iter().filter(|source| !known(Dimension::Source, source)) {
            fault(format!("there is no source {source:?}"));
        }
        if let Some(Err(reason)) = self.valid_to.as_deref().map(str::parse::<PartialDate>) {
            fault(reason);
        }
        faults
    }

    fn row(&self, dataset: &str, position: i32) -> Value {
        json!({
            "dataset": dataset, "measure": self.measure.as_deref().unwrap_or("*"), "frequencies": self.frequencies(),
            "level": self.level.as_deref().unwrap_or("*"), "rank": self.rank, "scope": self.scope,
            "sources": self.sources, "valid_to": self.valid_to,
            "low_trust": self.note.as_deref().is_some_and(|note| note.contains("low trust")),
            "note": self.note, "position": position,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_description_that_comes_with_a_form_can_be_read() {
        assert!(BUNDLED.iter().all(|text| Description::parse(text).is_ok()));
        assert_eq!(bundled("ev_outlook.toml").unwrap().dataset, "ev_outlook");
        for form in super::super::recognise::forms() {
            assert!(form.describes.is_none_or(|file| bundled(&file).is_some()), "{}", form.name);
        }
    }
}
