//! Code lists as they are answered: every dimension in the same form, measures and sources too.

use std::collections::HashMap;

use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::filters::CodeFilter;
use crate::timeseries::dataset::Vocabulary;
use crate::timeseries::key::{Dimension, TOTAL};

/// One code of a dimension.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CodeEntry {
    /// The code, as the parameter named after the dimension takes it.
    #[schema(example = "byd")]
    pub code: String,
    /// The code above it in the tree; null at the top. Being a child implies nothing about sums.
    pub parent: Option<String>,
    /// Its name in the language of the answer; English where no Chinese name is known.
    pub name: String,
    /// Its name in English.
    pub name_en: String,
    /// Its name in Chinese; null where none is known.
    pub name_zh: Option<String>,
    /// What it covers and what it does not; null where it goes without saying.
    pub definition: Option<String>,
    /// How many codes are directly below it.
    pub children: usize,
    /// What only this dimension has: a region its `kind`, `iso` and `gbt2260`; a maker its `kind` and `country`, and an alliance the makers whose figures
    /// it `overlaps`; a brand its `maker`; a
    /// model its `brand`, `maker` and `vehicle_class`; a measure its `unit`, `decimals`, `kind`, `aggregation` and `datasets`; a source its
    /// `kind`, `licence` and `precedence`.
    #[schema(value_type = std::collections::BTreeMap<String, Value>)]
    pub attributes: Map<String, Value>,
    /// From when it is in use, as printed; null is open.
    pub valid_from: Option<String>,
    /// Until when it is in use, as printed; null is open.
    pub valid_to: Option<String>,
    /// The code that took over where this one was renamed; null where it still stands.
    pub replaced_by: Option<String>,
}

/// The code list of a dimension in its published order; names in Chinese where `chinese` and where there are any.
pub fn list(vocabulary: &Vocabulary, dimension: Dimension, chinese: bool) -> Vec<CodeEntry> {
    let mut codes = match dimension {
        Dimension::Measure => measures(vocabulary),
        Dimension::Source => sources(vocabulary),
        _ => shared(vocabulary, dimension),
    };
    let mut below: HashMap<String, usize> = HashMap::new();
    for parent in codes.iter().filter_map(|code| code.parent.clone()) {
        *below.entry(parent).or_default() += 1;
    }
    for code in &mut codes {
        code.children = below.get(&code.code).copied().unwrap_or_default();
        if let Some(zh) = code.name_zh.as_ref().filter(|_| chinese) {
            code.name.clone_from(zh);
        }
    }
    codes
}

impl CodeEntry {
    fn new(code: &str, name_en: &str, name_zh: Option<&str>) -> Self {
        Self {
            code: code.to_owned(),
            parent: None,
            name: name_en.to_owned(),
            name_en: name_en.to_owned(),
            name_zh: name_zh.map(str::to_owned),
            definition: None,
            children: 0,
            attributes: Map::new(),
            valid_from: None,
            valid_to: None,
            replaced_by: None,
        }
    }

    /// Whether the filter keeps it.
    pub fn is_kept(&self, filter: &CodeFilter) -> bool {
        filter.q.as_deref().is_none_or(|piece| self.holds(piece))
            && filter.parent.as_deref().is_none_or(|parents| parents.iter().any(|p| self.is_below(p)))
    }

    /// Whether the code or one of its names holds this text, given in lower case.
    fn holds(&self, text: &str) -> bool {
        let names = [Some(&self.code), Some(&self.name_en), self.name_zh.as_ref()];
        names.into_iter().flatten().any(|name| name.to_lowercase().contains(text))
    }

    /// Whether it stands directly below `parent`; below the total stand those at the top of a list.
    fn is_below(&self, parent: &str) -> bool {
        match &self.parent {
            Some(above) => above == parent,
            None => parent == TOTAL && self.code != TOTAL,
        }
    }
}

fn shared(vocabulary: &Vocabulary, dimension: Dimension) -> Vec<CodeEntry> {
    let Some(codes) = vocabulary.codes.get(&dimension) else { return Vec::new() };
    // Where a list has a total, it is above those that name no parent.
    let top = codes.get(TOTAL).map(|total| total.code.clone());
    let entry = |code: &crate::timeseries::dataset::Code| CodeEntry {
        parent: code.parent.clone().or_else(|| top.clone().filter(|top| *top != code.code)),
        definition: code.definition.clone(),
        attributes: code.attributes.clone(),
        valid_from: code.valid_from.clone(),
        valid_to: code.valid_to.clone(),
        replaced_by: code.replaced_by.clone(),
        ..CodeEntry::new(&code.code, &code.name_en, code.name_zh.as_deref())
    };
    codes.iter().map(entry).collect()
}

/// A measure that several datasets share is listed once, as the first of them has it.
fn measures(vocabulary: &Vocabulary) -> Vec<CodeEntry> {
    let mut entries: Vec<CodeEntry> = Vec::new();
    for measure in vocabulary.datasets.iter().flat_map(|dataset| &dataset.measures) {
        if entries.iter().any(|entry| entry.code == measure.code) {
            continue;
        }
        let holders = vocabulary.datasets.iter().filter(|d| d.measure(&measure.code).is_some());
        let attributes = [
            ("unit", json!(measure.unit)),
            ("decimals", json!(measure.decimals)),
            ("kind", json!(if measure.is_stock { "stock" } else { "flow" })),
            ("aggregation", json!(measure.aggregation)),
            ("datasets", holders.map(|dataset| json!(dataset.name)).collect()),
        ];
        entries.push(CodeEntry {
            definition: measure.definition.clone(),
            attributes: attributes.map(|(name, value)| (name.to_owned(), value)).into_iter().collect(),
            ..CodeEntry::new(&measure.code, &measure.name_en, measure.name_zh.as_deref())
        });
    }
    entries
}

fn sources(vocabulary: &Vocabulary) -> Vec<CodeEntry> {
    let mut sources: Vec<_> = vocabulary.sources.iter().collect();
    sources.sort_by_key(|(_, source)| source.precedence);
    let entry = |(code, source): (&String, &crate::timeseries::dataset::Source)| {
        let attributes = [
            ("kind", json!(source.kind)),
            ("licence", json!(source.licence)),
            ("precedence", json!(source.precedence)),
        ];
        CodeEntry {
            attributes: attributes.map(|(name, value)| (name.to_owned(), value)).into_iter().collect(),
            ..CodeEntry::new(code, &source.name_en, source.name_zh.as_deref())
        }
    };
    sources.into_iter().map(entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timeseries::dataset::{Code, CodeList};

    fn makers() -> Vec<CodeEntry> {
        let code = |code: &str, parent: Option<&str>, zh: &str| Code {
            code: code.to_owned(),
            parent: parent.map(str::to_owned),
            name_en: code.to_uppercase(),
            name_zh: Some(zh.to_owned()),
            ..Code::default()
        };
        let codes = vec![
            code("_T", None, "全部"),
            code("geely", None, "吉利"),
            code("volvo", Some("geely"), "沃尔沃"),
        ];
        let mut vocabulary = Vocabulary::default();
        vocabulary.codes.insert(Dimension::Maker, CodeList::new(codes));
        list(&vocabulary, Dimension::Maker, true)
    }

    #[test]
    fn the_total_is_above_those_that_name_no_parent() {
        let makers = makers();
        let tree: Vec<_> =
            makers.iter().map(|m| (m.code.as_str(), m.parent.as_deref(), m.children)).collect();
        assert_eq!(tree, [("_T", None, 1), ("geely", Some("_T"), 1), ("volvo", Some("geely"), 0)]);
        assert_eq!(makers.iter().filter(|m| m.is_below("_T")).count(), 1);
    }

    #[test]
    fn a_code_is_found_by_a_part_of_any_of_its_names() {
        let found =
            |text: &str| makers().into_iter().filter(|m| m.holds(text)).map(|m| m.code).collect::<Vec<_>>();
        assert_eq!(found("吉利"), ["geely"]);
        assert_eq!(found("vol"), ["volvo"]);
        assert_eq!(found("x"), Vec::<String>::new());
        assert_eq!(makers()[1].name, "吉利");
    }

    #[test]
    fn a_dimension_without_codes_is_an_empty_list() {
        for dimension in Dimension::ALL {
            assert!(list(&Vocabulary::default(), dimension, false).is_empty());
        }
    }
}
