//! Makes the descriptions of datasets and sources from the vocabulary and from what there are figures on.

use std::collections::BTreeMap;

use super::datasets::{
    DatasetCoverage, DatasetDescription, DatasetDimension, DatasetLinks, DatasetSource, MeasureDescription,
};
use super::holdings::{Coverage, Holdings};
use super::model::{SourceCoverage, SourceRule};
use crate::timeseries::dataset::{Dataset, Measure, Vocabulary};
use crate::timeseries::key::{Dimension, TOTAL};
use crate::timeseries::period::Period;

/// Where a query that names no place looks.
const HOME: &str = "CN";

/// Describes a dataset; names in Chinese where `chinese` and where there are any.
pub fn dataset(
    vocabulary: &Vocabulary,
    dataset: &Dataset,
    holdings: &Holdings,
    chinese: bool,
) -> DatasetDescription {
    let held = || holdings.coverage.iter().filter(|row| row.dataset == dataset.name);
    let versions = vocabulary.versions.get(&dataset.name);
    let (version, changed_at) = versions.copied().unwrap_or_default();
    let last_release = holdings.latest.iter().find(|latest| latest.dataset == dataset.name);
    DatasetDescription {
        id: dataset.name.clone(),
        title: if chinese { dataset.title_zh.clone() } else { dataset.title_en.clone() },
        title_en: dataset.title_en.clone(),
        title_zh: dataset.title_zh.clone(),
        description: dataset.description.clone(),
        dimensions: dataset.dimensions.iter().map(|name| dimension(dataset, *name)).collect(),
        frequencies: dataset.frequencies.clone(),
        default_frequency: dataset.default_frequency,
        complete: dataset.complete,
        measures: dataset.measures.iter().map(|of| measure(of, chinese)).collect(),
        coverage: coverage(dataset, &held().collect::<Vec<_>>()),
        sources: sources(vocabulary, held(), chinese),
        precedence: dataset.precedence.iter().map(Into::into).collect(),
        partitions: dataset.partitions.iter().map(Into::into).collect(),
        licence: dataset.licence.clone(),
        citation: dataset.citation.clone(),
        version,
        changed_at,
        last_release: last_release.map(|latest| latest.release.clone()),
        links: DatasetLinks {
            observations: format!("/v1/datasets/{}/observations", dataset.name),
            series: format!("/v1/datasets/{}/series", dataset.name),
            releases: format!("/v1/releases?collection={}", dataset.name),
        },
    }
}

fn dimension(dataset: &Dataset, dimension: Dimension) -> DatasetDimension {
    let default = match dimension {
        Dimension::Measure => dataset.measures.first().map(|measure| measure.code.clone()),
        Dimension::Source => Some("best".to_owned()),
        Dimension::Geo => Some(HOME.to_owned()),
        _ => Some(TOTAL.to_owned()),
    };
    DatasetDimension { dimension, default, codes: format!("/v1/codes/{dimension}") }
}

fn measure(measure: &Measure, chinese: bool) -> MeasureDescription {
    let Measure { code, name_en, name_zh, unit, decimals, is_stock, aggregation, definition } =
        measure.clone();
    MeasureDescription {
        measure: code,
        name: local(&name_en, name_zh.as_deref(), chinese),
        name_en,
        name_zh,
        unit,
        decimals,
        kind: if is_stock { "stock" } else { "flow" }.to_owned(),
        aggregation,
        definition,
    }
}

/// One entry a measure and frequency, in the order of the dataset's measures.
fn coverage(dataset: &Dataset, held: &[&Coverage]) -> Vec<DatasetCoverage> {
    let pairs = dataset.measures.iter().flat_map(|m| dataset.frequencies.iter().map(move |f| (&m.code, *f)));
    let entry = |(measure, frequency): (&String, _)| {
        let rows = || held.iter().filter(move |row| row.measure == *measure && row.frequency == frequency);
        DatasetCoverage {
            measure: measure.clone(),
            frequency,
            first: rows().map(|row| row.first).min().and_then(|first| Period::new(frequency, first)),
            last: rows().map(|row| row.last).max().and_then(|last| Period::new(frequency, last)),
            series: rows().map(|row| row.series).sum(),
            observations: rows().map(|row| row.observations).sum(),
        }
    };
    pairs.map(entry).collect()
}

fn sources<'a>(
    vocabulary: &Vocabulary,
    held: impl Iterator<Item = &'a Coverage>,
    chinese: bool,
) -> Vec<DatasetSource> {
    let mut counts: BTreeMap<(i32, &str), (i64, i64)> = BTreeMap::new();
    for row in held {
        let rank = vocabulary.sources.get(&row.source).map_or(i32::MAX, |source| source.precedence);
        let (series, observations) = counts.entry((rank, &row.source)).or_default();
        *series += row.series;
        *observations += row.observations;
    }
    let entry = |((_, code), (series, observations)): ((i32, &str), _)| {
        let known = vocabulary.sources.get(code);
        DatasetSource {
            source: code.to_owned(),
            name: known.map_or_else(
                || code.to_owned(),
                |source| local(&source.name_en, source.name_zh.as_deref(), chinese),
            ),
            licence: known.map(|source| source.licence.clone()).unwrap_or_default(),
            series,
            observations,
        }
    };
    counts.into_iter().map(entry).collect()
}

/// What a source has figures on. A stored period outside the calendar is left out; none can be loaded.
pub fn source_coverage(holdings: &Holdings) -> Vec<SourceCoverage> {
    let entry = |row: &Coverage| {
        Some(SourceCoverage {
            dataset: row.dataset.clone(),
            measure: row.measure.clone(),
            frequency: row.frequency,
            first: Period::new(row.frequency, row.first)?,
            last: Period::new(row.frequency, row.last)?,
            series: row.series,
            observations: row.observations,
        })
    };
    holdings.coverage.iter().filter_map(entry).collect()
}

/// The rules of precedence that list a source.
pub fn source_rules(vocabulary: &Vocabulary, source: &str) -> Vec<SourceRule> {
    let rules = vocabulary.datasets.iter().flat_map(|d| d.precedence.iter().map(move |rule| (d, rule)));
    rules
        .filter(|(_, rule)| rule.sources.iter().any(|s| s == source))
        .map(|(dataset, rule)| SourceRule { dataset: dataset.name.clone(), rule: rule.into() })
        .collect()
}

/// The name in the language of the answer.
pub fn local(en: &str, zh: Option<&str>, chinese: bool) -> String {
    zh.filter(|_| chinese).unwrap_or(en).to_owned()
}
