//! The answer is made: what is counted to each group, by which shares, and of how much of the market.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;

use super::coverage::Coverage;
use super::exact::Exact;
use super::model::{
    Attributed, AttributedMeta, AttributedRow, AttributedShare, Attribution, Counted, Grouped,
};
use super::ownership::Ownership;
use super::parameters::Asked;
use super::share::{Part, parts};
use super::spread::{Sum, spread};
use super::unit::Unit;
use crate::error::Result;
use crate::formats::{self, Codes, Status};
use crate::http::negotiate::Format;
use crate::http::records::{self, Links, Warning};
use crate::http::timeseries::envelope::UsedSource;
use crate::timeseries::derive::Releases;
use crate::timeseries::fetch::Reader;
use crate::timeseries::frame::Series;
use crate::timeseries::key::{Dimension, OTHER};
use crate::timeseries::period::{Frequency, Period};

/// Which rows of a parent and its children are counted, told in each answer.
const LEVELS: &str = "Of makers of which one is above the other in the list of makers, the figure of the one above is counted where both have \
                      one of the same source and period; alliances whose figures are those of other makers are not counted.";

/// An answer before it is written.
pub(super) struct Told<'a> {
    asked: &'a Asked,
    reader: &'a Reader<'a>,
    ownership: &'a Ownership,
    units: &'a [Unit],
    wholes: &'a [Series],
    /// The parts of each maker, by frequency and period.
    parts: BTreeMap<(&'a str, Frequency, i32), Vec<Part<'a>>>,
    /// What is counted to each group, by unit, group and period.
    sums: BTreeMap<(usize, Option<String>, i32), Sum>,
}

impl<'a> Told<'a> {
    pub(super) fn new(
        asked: &'a Asked,
        reader: &'a Reader<'a>,
        (ownership, units, wholes): (&'a Ownership, &'a [Unit], &'a [Series]),
    ) -> Self {
        let (mut all, mut sums) = (BTreeMap::new(), BTreeMap::new());
        for (at, unit) in units.iter().enumerate() {
            for (&period, stated) in &unit.periods {
                let frequency = unit.series.frequency;
                let Some(day) = Period::new(frequency, period).map(Period::last_day) else { continue };
                for maker in stated.counted.keys() {
                    let of = || parts(asked.rule, ownership, (maker, day));
                    all.entry((maker.as_str(), frequency, period)).or_insert_with(of);
                }
                let of = |maker: &'a str| all[&(maker, frequency, period)].as_slice();
                let spread = spread(&stated.counted, of).into_iter();
                sums.extend(spread.map(|(group, sum)| ((at, group, period), sum)));
            }
        }
        Self { asked, reader, ownership, units, wholes, parts: all, sums }
    }

    /// How many rows it has.
    pub(super) fn rows(&self) -> usize {
        self.sums.len()
    }

    /// The answer as it is sent; `nothing` is what is said where no maker has a figure.
    pub(super) fn body(&self, nothing: Option<Warning>) -> Result<Bytes> {
        let data = self
            .sums
            .iter()
            .map(|((unit, group, period), sum)| self.row((*unit, *period), group.as_deref(), sum));
        let data: Vec<AttributedRow<'_>> = data.collect();
        match self.asked.view.format {
            Format::Csv => records::csv_without(&data, &self.absent()),
            Format::Ndjson => records::lines(&data, None),
            Format::Json => {
                let coverage = self.coverage();
                let mut warnings = self.warnings(&coverage);
                warnings.extend(nothing);
                let links = Links { this: self.asked.view.target.this(), next: None };
                let (rule, shares) = (self.asked.rule, self.shares());
                let attribution = Attribution { rule, levels: LEVELS, shares, coverage };
                records::json(&Attributed { meta: self.meta(data.len()), data, attribution, links, warnings })
            }
        }
    }

    fn row(&self, (unit, period): (usize, i32), group: Option<&str>, sum: &Sum) -> AttributedRow<'_> {
        let series = &self.units[unit].series;
        let named = group.and_then(|id| self.ownership.organization(id));
        let language = self.asked.language;
        let name = named.map(|one| language.name(&one.name_en, one.name_zh.as_deref()).to_owned());
        let nobody = || language.name("Nobody", Some("无归属")).to_owned();
        let group = Grouped {
            name: name.or_else(|| group.is_none().then(nobody)),
            group: group.unwrap_or(OTHER).to_owned(),
        };
        let codes = Codes { maker: None, ..formats::codes(self.reader.dataset, series) };
        let figure = Counted {
            frequency: series.frequency,
            period: Period::new(series.frequency, period),
            value: sum.value().map(Exact),
            value_min: Exact(sum.bounds.0),
            value_max: Exact(sum.bounds.1),
            status: Status::of(sum.status),
            makers: sum.makers.iter().cloned().collect(),
            documents: self.documents(sum.releases.as_ref()),
            low_trust: sum.low_trust,
        };
        AttributedRow { group, codes, figure }
    }

    /// The dimensions that rows do not have: those that the dataset lacks, and makers, which are counted to groups.
    fn absent(&self) -> Vec<&'static str> {
        let lacks = |dimension: &Dimension| self.reader.dataset.place(*dimension).is_none();
        let absent = Dimension::ALL.into_iter().filter(|d| lacks(d) || *d == Dimension::Maker);
        absent.map(Dimension::name).collect()
    }

    fn documents(&self, releases: Option<&Releases>) -> Vec<&str> {
        let known = &self.reader.vocabulary.releases;
        let all = releases.into_iter().flat_map(Releases::iter);
        let all: BTreeSet<&str> = all.filter_map(|r| known.get(&r)?.document.as_deref()).collect();
        all.into_iter().collect()
    }

    fn coverage(&self) -> Vec<Coverage> {
        let each = self.units.iter().flat_map(|unit| unit.periods.keys().map(move |period| (unit, *period)));
        each.map(|(unit, period)| Coverage::new(self.reader, (unit, self.wholes), period)).collect()
    }

    /// The parts of each maker, those that stay the same from one of its periods to the next put together.
    fn shares(&self) -> Vec<AttributedShare> {
        let mut shares: Vec<AttributedShare> = Vec::new();
        let (mut of, mut open) = (None, Vec::new());
        for ((maker, frequency, period), parts) in &self.parts {
            let at = Period::new(*frequency, *period);
            if of.replace((maker, frequency)) != Some((maker, frequency)) {
                open.clear();
            }
            let mut now = Vec::new();
            for part in parts {
                let share = AttributedShare::new(maker, part, at);
                let same = open.iter().copied().find(|i: &usize| shares[*i].goes_on(&share));
                now.push(same.unwrap_or(shares.len()));
                match same {
                    Some(i) => shares[i].last = at,
                    None => shares.push(share),
                }
            }
            open = now;
        }
        shares
    }

    fn warnings(&self, coverage: &[Coverage]) -> Vec<Warning> {
        let mut warnings = Vec::new();
        let few = coverage.iter().filter(|one| self.asked.is_of_market() && !one.is_enough()).count();
        if few > 0 {
            let detail = format!(
                "the makers counted are less than 80 % of the national figure, or that is not known, in {few} of {} sources and periods: \
                 attribution.coverage tells each",
                coverage.len()
            );
            warnings.push(Warning::new("incomplete_makers", detail));
        }
        let unknown = self.sums.values().filter(|sum| sum.value().is_none()).count();
        if unknown > 0 {
            let detail = format!(
                "{unknown} rows are ranges, since a share in them is not known: attribution.shares tells which"
            );
            warnings.push(Warning::new("unknown_shares", detail));
        }
        warnings.extend(self.overlaps().into_iter().map(|detail| Warning::new("possible_overlap", detail)));
        warnings
    }

    /// Groups whose own figures are counted beside those of makers that they hold: nobody says whether they have these in them.
    fn overlaps(&self) -> BTreeSet<String> {
        let list = self.reader.vocabulary.codes.get(&Dimension::Maker);
        let is_group = |code: &str| {
            list.and_then(|list| list.get(code)).is_some_and(|code| code.kind.as_deref() == Some("group"))
        };
        let mut told = BTreeSet::new();
        for unit in self.units {
            for (period, stated) in &unit.periods {
                for maker in stated.counted.keys() {
                    let parts = self.parts.get(&(maker.as_str(), unit.series.frequency, *period));
                    let groups = parts.into_iter().flatten().filter_map(|part| part.group);
                    let both =
                        groups.filter(|g| *g != maker && is_group(g) && stated.counted.contains_key(*g));
                    told.extend(both.map(|group| {
                        format!("{group} has a figure of its own beside that of {maker}, which it holds: it may have it in it")
                    }));
                }
            }
        }
        told
    }

    fn meta(&self, rows: usize) -> AttributedMeta {
        let (dataset, vocabulary) = (self.reader.dataset, self.reader.vocabulary);
        let named = [dataset.name.as_str(), "partnerships", "organizations"];
        let versions = named.iter().filter_map(|name| vocabulary.versions.get(*name));
        let measures = self.units.iter().filter_map(|unit| dataset.measure_of(&unit.series.codes));
        let codes: BTreeSet<&str> = self.units.iter().map(|unit| unit.source.as_ref()).collect();
        let sources = codes.into_iter().filter_map(|code| Some((code, vocabulary.sources.get(code)?)));
        AttributedMeta {
            dataset: dataset.name.clone(),
            version: vocabulary.version(&dataset.name),
            changed_at: versions.map(|(_, changed)| *changed).max().unwrap_or_default(),
            applied: self.asked.applied(),
            units: measures.map(|measure| (measure.code.clone(), measure.unit.clone())).collect(),
            sources: sources.map(|(code, source)| UsedSource::new(code, source)).collect(),
            rows,
        }
    }
}
