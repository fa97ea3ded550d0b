//! What one source ranks: which codes, for which periods, and how much of the whole they are.

use std::collections::{BTreeMap, BTreeSet};

use foldhash::HashSet;

use super::ground::{Ground, Said};
use super::unit::Unit;
use super::{Elsewhere, Ranking};
use crate::timeseries::derive::Cell;
use crate::timeseries::frame::Voice;
use crate::timeseries::key::Dimension;
use crate::timeseries::period::Frequency;
use crate::timeseries::plan::Window;

/// Codes that are at least so much of the whole, in percent, are a ranking of it.
const ENOUGH: i128 = 80;

/// A source with the codes that it ranks.
#[derive(Debug)]
pub struct Listing<'a> {
    pub source: String,
    unit: &'a Unit<'a>,
    /// What the source says of each part of the unit.
    pub voices: Vec<Option<Voice<'a>>>,
    /// The parts that are ranked: none of them is part of another.
    pub level: BTreeSet<usize>,
    /// The figures of those, by period, the largest first.
    pub ranked: BTreeMap<i32, Vec<i64>>,
    /// Whether they are the whole.
    is_whole: bool,
    /// The first and the last period that are asked for.
    pub window: (i32, i32),
    /// The first and the last period for which it has any figure.
    span: (i32, i32),
}

impl<'a> Listing<'a> {
    /// What a source ranks of a unit; `None` where it has no whole figure of any code.
    pub fn new(ground: &Ground<'_>, unit: &'a Unit<'a>, source: &str) -> Option<Self> {
        let voices: Vec<Option<Voice<'a>>> = unit.parts.iter().map(|part| part.voice(source)).collect();
        let open: Vec<usize> = (0..voices.len()).filter(|at| unit.parts[*at].is_ranked(ground)).collect();
        let figures = |at: &usize| voices[*at].iter().flat_map(Voice::whole).map(|(period, _)| period);
        // Most codes have figures of the same periods: a sorted set of all of them would be sorted for nothing.
        let periods: HashSet<i32> = open.iter().flat_map(figures).collect();
        let periods: BTreeSet<i32> = periods.into_iter().collect();
        let span = (*periods.first()?, *periods.last()?);
        let window = window(&ground.plan.window, unit.frequency(), &periods)?;
        let speaks = |at: &usize| figures(at).any(|period| (window.0..=window.1).contains(&period));
        let speaking: BTreeSet<usize> = open.iter().copied().filter(speaks).collect();
        let codes = |at: usize| unit.parts[at].target.codes.as_slice();
        let ranked = |at: usize| -> Vec<&str> { ground.ranked(codes(at)).map(|(_, code)| code).collect() };
        let spoken: HashSet<Vec<&str>> = speaking.iter().map(|at| ranked(*at)).collect();
        let each: HashSet<(Dimension, &str)> =
            speaking.iter().flat_map(|at| ground.ranked(codes(*at))).collect();
        // Of most none of the codes above is spoken of, which is found out sooner.
        let is_part = |at: usize| {
            ground.above(codes(at)).any(|one| each.contains(&one))
                && ground.wholes(codes(at)).iter().any(|whole| spoken.contains(whole))
        };
        let level: BTreeSet<usize> = speaking.iter().copied().filter(|at| !is_part(*at)).collect();
        let ranked = match ground.figures {
            Some(figures) => BTreeMap::from([(window.0, figures.to_vec())]),
            None => by_period(level.iter().flat_map(|at| voices[*at].iter().flat_map(Voice::whole))),
        };
        let is_whole = ground.figures.is_some();
        Some(Self { source: source.to_owned(), unit, voices, level, ranked, is_whole, window, span })
    }

    /// The periods that are asked for.
    pub fn periods(&self) -> std::ops::RangeInclusive<i32> {
        self.window.0..=self.window.1
    }

    /// In how many of the periods that are asked for it ranks something.
    pub fn covered(&self) -> usize {
        self.ranked.range(self.periods()).count()
    }

    /// What the codes are parts of, as the source or one that counts alike states it.
    pub fn whole(&self, period: i32) -> Option<&Cell> {
        self.unit.whole.as_ref()?.alike(&self.source, period)
    }

    /// The sum of what is ranked, and the whole.
    fn extent(&self, period: i32) -> Option<(i128, i128)> {
        let ranked: i128 = self.ranked.get(&period)?.iter().map(|figure| i128::from(*figure)).sum();
        let whole = if self.is_whole { ranked } else { self.whole(period)?.exact()?.into() };
        (whole > 0).then_some((ranked, whole))
    }

    /// Whether what is ranked for a period is enough of the whole.
    pub fn is_enough(&self, period: i32) -> bool {
        self.extent(period).is_some_and(|(ranked, whole)| ranked * 100 >= whole * ENOUGH)
    }

    /// Whether it is in each period that is asked for.
    pub fn is_complete(&self) -> bool {
        self.periods().all(|period| self.is_enough(period))
    }

    /// How an answer tells of it.
    pub fn told(&self, ground: &Ground<'_>) -> Ranking {
        #[expect(clippy::cast_precision_loss, reason = "figures are far below 2^53")]
        let percent = |(ranked, whole): (i128, i128)| (ranked * 100) as f64 / whole as f64;
        let coverage: Option<Vec<f64>> = self.periods().map(|p| self.extent(p).map(percent)).collect();
        let shared = ground.dataset.dimensions.iter().zip(self.unit.codes());
        let shared = shared.filter(|(d, _)| !ground.is_ranked(**d) && **d != Dimension::Source);
        Ranking {
            dimension: ground.group.dimension,
            codes: shared.map(|(dimension, code)| (*dimension, code.to_string())).collect(),
            frequency: self.unit.frequency(),
            source: self.source.clone(),
            window: self.window,
            coverage: coverage.and_then(|all| all.into_iter().min_by(f64::total_cmp)),
            complete: self.is_complete(),
        }
    }

    /// When it ranks something at all.
    pub fn elsewhere(&self) -> Elsewhere {
        let (first, last) = self.span;
        Elsewhere { source: self.source.clone(), frequency: self.unit.frequency(), first, last }
    }
}

/// Figures by period, the largest first.
fn by_period(figures: impl Iterator<Item = (i32, i64)>) -> BTreeMap<i32, Vec<i64>> {
    let mut all: BTreeMap<i32, Vec<i64>> = BTreeMap::new();
    for (period, figure) in figures {
        all.entry(period).or_default().push(figure);
    }
    for figures in all.values_mut() {
        figures.sort_unstable_by(|a, b| b.cmp(a));
    }
    all
}

/// The periods that are asked for, of a source that has figures for these; an open side ends where they end.
fn window(asked: &Window, frequency: Frequency, periods: &BTreeSet<i32>) -> Option<(i32, i32)> {
    let (start, end) = asked.ordinals(frequency);
    let first = start.or(periods.first().copied())?;
    let last = end.or(periods.last().copied())?;
    let Some(count) = asked.last.filter(|_| first <= last) else { return Some((first, last)) };
    let within: Vec<i32> = periods.range(first..=last).copied().collect();
    let from = within.get(within.len().saturating_sub(count));
    Some((from.copied().unwrap_or(first), within.last().copied().unwrap_or(last)))
}

impl Said<'_> {
    fn is_ranked(&self, ground: &Ground<'_>) -> bool {
        let code = ground.ranked(&self.target.codes).find(|(d, _)| *d == ground.group.dimension);
        code.is_some_and(|(_, code)| ground.group.ranked.takes(code))
    }
}
