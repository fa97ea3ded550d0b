//! A ranking of one period, from sums that are kept by period: what all that is ranked comes to is one row, and only of what is shown
//! more is read.

use smol_str::SmolStr;

use crate::error::Result;
use crate::timeseries::complete;
use crate::timeseries::dataset::Dataset;
use crate::timeseries::derive::{Cell, Track};
use crate::timeseries::fetch::{Figures, OfPeriod, Reader};
use crate::timeseries::frame::{BEST, source_at};
use crate::timeseries::key::{Dimension, TOTAL, parse_series_key, series_key};
use crate::timeseries::period::Frequency;
use crate::timeseries::plan::{Fill, Group, Plan, Ranks, Selection, Transform};
use crate::timeseries::rollup::Rollup;
use crate::timeseries::selected::Selected;
use crate::timeseries::target::{Node, Target};

/// The largest of what is ranked, and the figures of all of it.
pub struct Largest {
    /// As many as are shown, and those that are as large as the last of them; and the whole where the answer takes it.
    pub selected: Selected,
    /// The figures of all, the largest first.
    pub figures: Vec<i64>,
}

/// What a plan ranks, where that is one period of sums that are kept by period, and each is a whole figure. `None` leaves it to be read
/// series by series.
pub async fn read(reader: &Reader<'_>) -> Result<Option<Largest>> {
    let Some(asked) = Asked::of(reader) else { return Ok(None) };
    let units = reader.sums_of_period(asked.rollup, asked.period, |unit| asked.takes(unit)).await?;
    let Ok([unit]) = <[OfPeriod; 1]>::try_from(units) else { return Ok(None) };
    let Some(sums) = whole_figures(unit.sums) else { return Ok(None) };
    let mut figures: Vec<i64> = sums.iter().map(|(_, figure, _)| *figure).collect();
    figures.sort_unstable_by(|a, b| b.cmp(a));
    let Some(&least) = figures.get(asked.top.saturating_sub(1)).or(figures.last()) else { return Ok(None) };
    let shown: Vec<i64> = sums.iter().filter(|one| one.1 >= least).map(|(id, ..)| *id).collect();
    let stored = reader.rolled_with_ids(asked.rollup, &shown).await?;
    let mut targets = complete::targets(asked.plan, (reader.dataset, reader.vocabulary), (&stored, true))?;
    let all = || sums.iter().map(|(id, ..)| *id).collect();
    if let Some(whole) = asked.needs_whole().then(|| asked.whole(&unit.unit, all())).flatten() {
        targets.insert(targets.partition_point(|target| target.group < whole.group), whole);
    }
    // What looks back reads more of what is shown.
    let known = asked.is_within_period().then(|| asked.figures(sums, least));
    Ok(Some(Largest { selected: Selected::of(targets, stored, known), figures }))
}

/// The series with their figures and what these are made of; `None` where one is not whole.
fn whole_figures(sums: Vec<(i64, Option<Cell>)>) -> Option<Vec<(i64, i64, Cell)>> {
    let each = sums.into_iter().map(|(id, cell)| {
        let cell = cell.filter(Cell::counts)?;
        Some((id, cell.exact()?, cell))
    });
    each.collect()
}

/// Whether a plan is of one period of what is kept by period.
pub fn is_of_one_period(reader: &Reader<'_>) -> bool {
    Asked::of(reader).is_some()
}

/// A ranking of one period.
struct Asked<'a> {
    plan: &'a Plan,
    dataset: &'a Dataset,
    rollup: &'a Rollup,
    frequency: Frequency,
    period: i32,
    top: usize,
}

impl<'a> Asked<'a> {
    fn of(reader: &Reader<'a>) -> Option<Self> {
        let Reader { plan, dataset, .. } = *reader;
        let group = plan.ranked().filter(|_| plan.ranks == Ranks::Ranking)?;
        let top = plan.top?;
        // What ends may end before the period, and what is carried on may come from before it.
        let ends = dataset.precedence.iter().any(|row| row.valid_to.is_some());
        // Of the finest frequency nothing else is converted to it.
        let frequency = dataset.finest_frequency()?;
        if ends || plan.fill != Fill::None || plan.frequencies != [frequency] || plan.window.last.is_some() {
            return None;
        }
        let (first, last) = plan.window.ordinals(frequency);
        let period = first.filter(|first| last == Some(*first))?;
        let rollup = reader.rollup(&super::widened(plan)).filter(|rollup| rollup.by_period)?;
        let asked = Self { plan, dataset, rollup, frequency, period, top };
        // The whole is known of the period only.
        let is_known = asked.is_within_period() || !asked.needs_whole();
        (is_known && asked.is_each_series(group)).then_some(asked)
    }

    /// Whether the answer follows from the figures of the period.
    fn is_within_period(&self) -> bool {
        matches!(self.plan.transform, Transform::Level | Transform::Rank | Transform::Share)
    }

    /// Whether it takes what all that is ranked comes to, and what that is made of.
    fn needs_whole(&self) -> bool {
        self.plan.other || self.plan.transform == Transform::Share
    }

    /// Whether each series of the rollup that is ranked is one of the answer.
    fn is_each_series(&self, group: &Group) -> bool {
        let all_codes = group.ranked == Selection::Each
            && group.level.is_none()
            && !group.listed
            && group.whole.as_deref() == Some(TOTAL);
        let mut selection =
            self.plan.selection.iter().filter(|(dimension, _)| **dimension != Dimension::Measure);
        let is_whole = |(dimension, selection): (&Dimension, &Selection)| match selection {
            Selection::Each => *dimension == group.dimension,
            Selection::Any => *dimension != group.dimension && self.rollup.grain.level(*dimension).is_some(),
            Selection::Codes { codes, .. } => {
                codes.len() == 1 && self.rollup.grain.level(*dimension).is_none()
            }
            Selection::Sum { .. } => false,
        };
        all_codes && self.rollup.grain.alone() == Some(group.dimension) && selection.all(is_whole)
    }

    /// Whether a unit of series with this key is ranked.
    fn takes(&self, unit: &str) -> bool {
        let Some((_, frequency, codes)) = parse_series_key(unit) else { return false };
        let is_taken = |(dimension, code): (&Dimension, &str)| {
            let is_kept_apart = self.rollup.grain.level(*dimension).is_some();
            let is_source = *dimension == Dimension::Source;
            let source =
                || self.plan.codes(*dimension).is_none_or(|codes| codes.iter().any(|one| one == code));
            let selected =
                || self.plan.selection.get(dimension).is_none_or(|selection| selection.takes(code));
            is_kept_apart || if is_source { source() } else { selected() }
        };
        frequency == self.frequency && self.dataset.dimensions.iter().zip(codes).all(is_taken)
    }

    /// The sum of all series of a unit.
    fn whole(&self, unit: &str, all: Vec<i64>) -> Option<Target> {
        let (dataset, frequency, codes) = parse_series_key(unit)?;
        let at = source_at(self.dataset);
        let source = (*codes.get(at)?).to_owned();
        let each = self.dataset.dimensions.iter().zip(&codes);
        let each = each.map(|(dimension, code)| match dimension {
            Dimension::Source => BEST,
            dimension if self.rollup.grain.level(*dimension).is_some() => TOTAL,
            _ => *code,
        });
        let codes: Vec<SmolStr> = each.map(SmolStr::from).collect();
        let without = codes.iter().enumerate().filter(|(i, _)| *i != at).map(|(_, code)| code.as_str());
        let group = series_key(dataset, frequency, without);
        let mut node = Node::default();
        node.finest.insert(frequency, all);
        Some(Target { group, frequency, codes, sources: vec![(source, node)] })
    }

    /// What is known of the period: of what is shown, or of all.
    fn figures(&self, sums: Vec<(i64, i64, Cell)>, least: i64) -> Figures {
        let track = |cell| {
            let mut track = Track::with_capacity(1);
            track.insert(self.period, cell);
            track
        };
        let known = sums.into_iter().filter(|(_, figure, _)| self.needs_whole() || *figure >= least);
        Figures { tracks: known.map(|(id, _, cell)| (id, track(cell))).collect(), ..Figures::default() }
    }
}
