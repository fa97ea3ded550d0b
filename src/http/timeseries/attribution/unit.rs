//! Makers' figures that are attributed together: of one source, measure, class, powertrain and frequency, by period.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rust_decimal::Decimal;
use serde::Serialize;
use smol_str::SmolStr;
use utoipa::ToSchema;

use super::spread::Figure;
use crate::timeseries::answer::Frame;
use crate::timeseries::dataset::CodeList;
use crate::timeseries::fetch::Reader;
use crate::timeseries::frame::{Observation, Series, source_at};
use crate::timeseries::key::{Dimension, TOTAL};
use crate::timeseries::period::Frequency;

/// Why a maker's figure is not counted: `part_of_another` (one above it in the list of makers has a figure of the same source and
/// period), `overlaps` (an alliance, whose figures are those of other makers), `incomplete` (made of fewer sub-periods than there are),
/// `missing` (stated as missing).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = AttributionOmission)]
pub enum Omission {
    /// A maker above it in the list has a figure of the same source and period, which may have it in it.
    PartOfAnother,
    /// It is an alliance whose figures are those of other makers.
    Overlaps,
    /// It was converted from fewer sub-periods than there are.
    Incomplete,
    /// It is stated as missing.
    Missing,
}

/// What a source states of its makers for one period.
#[derive(Debug, Default)]
pub(super) struct Stated {
    /// The figures that are counted: none of them has another in it.
    pub(super) counted: BTreeMap<String, Figure>,
    /// Those that are not, and why.
    pub(super) left_out: BTreeMap<String, Omission>,
}

/// What is stated of each maker, by period.
type Periods<'a> = BTreeMap<i32, BTreeMap<String, &'a Observation>>;

/// Figures that are attributed together.
#[derive(Debug)]
pub(super) struct Unit {
    /// What they are of; the maker is the total.
    pub(super) series: Series,
    /// Who publishes them.
    pub(super) source: Arc<str>,
    pub(super) periods: BTreeMap<i32, Stated>,
}

impl Unit {
    /// The units of the makers' series of a frame, in the order of their codes.
    pub(super) fn all(reader: &Reader<'_>, frame: &Frame) -> Vec<Self> {
        let dataset = reader.dataset;
        let (maker_at, source_at) = (dataset.place(Dimension::Maker).unwrap_or_default(), source_at(dataset));
        let mut units: BTreeMap<(Vec<SmolStr>, Frequency), (Arc<str>, Periods<'_>)> = BTreeMap::new();
        for series in &frame.series {
            let Some(first) = series.observations.first() else { continue };
            let mut codes = series.codes.clone();
            codes[maker_at] = TOTAL.into();
            codes[source_at] = first.source.as_ref().into();
            let empty = || (Arc::clone(&first.source), Periods::new());
            let (_, periods) = units.entry((codes, series.frequency)).or_insert_with(empty);
            for observation in &series.observations {
                let makers = periods.entry(observation.period).or_default();
                makers.insert(series.codes[maker_at].to_string(), observation);
            }
        }
        let list = reader.vocabulary.codes.get(&Dimension::Maker);
        let unit = |((codes, frequency), (source, periods)): (
            (Vec<SmolStr>, Frequency),
            (Arc<str>, Periods<'_>),
        )| {
            let decimals = dataset.measure_of(&codes).map_or(0, |measure| measure.decimals);
            let stated = |(period, all)| (period, Stated::of(&all, list, decimals));
            let series = Series { group: String::new(), frequency, codes, observations: Vec::new() };
            Self { series, source, periods: periods.into_iter().map(stated).collect() }
        };
        units.into_iter().map(unit).collect()
    }
}

impl Stated {
    /// Of all figures of a source for a period those that may be added: of makers that are parts of one another the one above, as it
    /// has the others in it, or may have.
    fn of(all: &BTreeMap<String, &Observation>, list: Option<&CodeList>, decimals: u32) -> Self {
        let mut stated = Self::default();
        for (maker, observation) in all {
            match figure(observation, decimals) {
                Err(omission) => {
                    stated.left_out.insert(maker.clone(), omission);
                }
                Ok(_) if is_alliance(list, maker) => {
                    stated.left_out.insert(maker.clone(), Omission::Overlaps);
                }
                Ok(figure) => {
                    stated.counted.insert(maker.clone(), figure);
                }
            }
        }
        let known: BTreeSet<String> = stated.counted.keys().cloned().collect();
        for maker in &known {
            let mut above = list.into_iter().flat_map(|list| list.above(maker));
            if above.any(|code| known.contains(code)) {
                stated.counted.remove(maker);
                stated.left_out.insert(maker.clone(), Omission::PartOfAnother);
            }
        }
        stated
    }

    /// The sum of what is counted.
    pub(super) fn total(&self) -> Decimal {
        self.counted.values().map(|figure| figure.value).sum()
    }
}

fn figure(observation: &Observation, decimals: u32) -> Result<Figure, Omission> {
    let whole = observation.coverage.is_none_or(|(has, of)| has == of);
    let crate::timeseries::derive::Figure::Exact(scaled) = observation.figure.ok_or(Omission::Missing)?
    else {
        return Err(Omission::Incomplete);
    };
    let value = Decimal::try_new(scaled, decimals).map_err(|_| Omission::Incomplete)?;
    let figure = Figure {
        value,
        status: observation.status,
        releases: observation.releases.clone(),
        low_trust: observation.low_trust,
    };
    if whole { Ok(figure) } else { Err(Omission::Incomplete) }
}

/// Whether the list of makers says of one that its figures are those of others.
fn is_alliance(list: Option<&CodeList>, maker: &str) -> bool {
    list.and_then(|list| list.get(maker)).is_some_and(|code| code.attributes.contains_key("overlaps"))
}
