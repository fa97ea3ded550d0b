//! The ranking of one source as it is answered: what is shown, what is computed of it, and the rest.

use std::cmp::Reverse;

use super::ground::Ground;
use super::listing::Listing;
use super::unit::{Unit, share};
use crate::timeseries::derive::{Cell, Figure, Reason, Track, joined};
use crate::timeseries::frame::{BEST, Observation, Series, Voice, finished, source_at};
use crate::timeseries::key::{OTHER, TOTAL, series_key};
use crate::timeseries::period::Period;
use crate::timeseries::plan::{Sources, Transform, Window};
use crate::timeseries::transform::{self, Level};

/// A ranking with what it is answered on.
#[derive(Clone, Copy)]
pub struct Ranked<'a> {
    pub ground: &'a Ground<'a>,
    pub unit: &'a Unit<'a>,
    pub listing: &'a Listing<'a>,
}

impl Ranked<'_> {
    /// The series that are shown, and the rest where it is asked for.
    pub fn series(&self) -> Vec<Series> {
        let shown = self.shown();
        let mut series: Vec<Series> = Vec::new();
        for &(at, voice) in &shown {
            let part = &self.unit.parts[at];
            let observations = self.observations(voice, Some(at));
            let (group, frequency) = (part.target.group.clone(), part.target.frequency);
            let codes = part.codes(self.ground, self.source());
            series.push(Series { group, frequency, codes, observations });
        }
        // What is not shown has no place among the codes.
        if self.ground.plan.other && self.ground.plan.transform != Transform::Rank {
            series.extend(self.other(&shown));
        }
        finished(series, self.ground.plan.fill, &self.window())
    }

    /// The time that is answered: with `last` that of the ranking, so that no series reaches back behind it.
    fn window(&self) -> Window {
        let asked = &self.ground.plan.window;
        let period = |ordinal| Period::new(self.unit.frequency(), ordinal);
        match asked.last {
            Some(_) => Window {
                start: period(self.listing.window.0),
                end: period(self.listing.window.1),
                last: None,
            },
            None => asked.clone(),
        }
    }

    fn source(&self) -> &str {
        if self.ground.plan.sources == Sources::Best { BEST } else { &self.listing.source }
    }

    /// The parts that are asked for, of these the largest.
    fn shown(&self) -> Vec<(usize, &Voice<'_>)> {
        let asked = |at: &usize| {
            let codes = &self.unit.parts[*at].target.codes;
            self.ground.shows(codes) && (self.listing.level.contains(at) || self.ground.group.listed)
        };
        let all = (0..self.unit.parts.len()).filter(asked);
        let mut shown: Vec<(usize, &Voice)> =
            all.filter_map(|at| Some((at, self.listing.voices[at].as_ref()?))).collect();
        if let Some(top) = self.ground.plan.top {
            shown.retain(|(_, voice)| self.size(voice).is_some());
            shown.sort_by_key(|(_, voice)| Reverse(self.size(voice)));
            shown.truncate(top);
        }
        shown
    }

    /// How large a code is in the time that is asked for: the sum of a flow, the last of a stock.
    fn size(&self, voice: &Voice) -> Option<i128> {
        let within = voice.whole().filter(|(period, _)| self.listing.periods().contains(period));
        let figures: Vec<i128> = within.map(|(_, figure)| i128::from(figure)).collect();
        let last = figures.last().copied();
        let measure = self.ground.dataset.measure_of(self.unit.codes());
        if measure.is_some_and(|measure| measure.is_stock) {
            last
        } else {
            last.map(|_| figures.iter().sum())
        }
    }

    /// What is computed of one part, or of the rest.
    fn observations(&self, voice: &Voice, part: Option<usize>) -> Vec<Observation> {
        let ground = self.ground;
        let voices = std::slice::from_ref(voice);
        let measure = ground.dataset.measure_of(self.unit.codes());
        let keeps_partial = ground.plan.keeps_partial(measure);
        let computed = |level: &Level<'_>| match ground.plan.transform {
            Transform::Share => self.share(level),
            _ => self.rank(level, part),
        };
        match ground.plan.transform {
            Transform::Share | Transform::Rank => transform::levels(voices, keeps_partial)
                .map(|level| {
                    let cell = computed(&level);
                    level.told(cell.map(|cell| voice.says(level.period, &cell)))
                })
                .collect(),
            _ => {
                let of = (self.unit.frequency(), measure.map_or(0, |measure| measure.decimals));
                transform::observations(ground.plan, of, voices, keeps_partial)
            }
        }
    }

    fn share(&self, level: &Level<'_>) -> Result<Cell, Reason> {
        if !self.listing.is_enough(level.period) {
            return Err(Reason::IncompleteRanking);
        }
        let whole = self.listing.whole(level.period).ok_or(Reason::Gap)?;
        share(level.counting()?, whole)
    }

    /// The place among what is ranked; equal figures share the better one.
    fn rank(&self, level: &Level<'_>, part: Option<usize>) -> Result<Cell, Reason> {
        let cell = level.counting()?;
        let figure = cell.exact().ok_or(Reason::Gap)?;
        if !part.is_some_and(|part| self.listing.level.contains(&part)) {
            return Err(Reason::Overlap);
        }
        let ranked = self.listing.ranked.get(&level.period).map(Vec::as_slice).unwrap_or_default();
        let above = ranked.partition_point(|other| *other > figure);
        let place = i64::try_from(above + 1).map_err(|_| Reason::Gap)?;
        let figure = Some(Figure::Exact(place));
        Ok(Cell { figure, note: None, coverage: None, ..cell.clone() })
    }

    /// The whole less what is shown.
    fn other(&self, shown: &[(usize, &Voice<'_>)]) -> Option<Series> {
        let (first, ..) = shown.first()?;
        let (source, low_trust) = (shown[0].1.source.clone(), shown[0].1.low_trust);
        let voices: Vec<&Voice<'_>> = shown.iter().map(|(_, voice)| *voice).collect();
        let track: Track = self
            .listing
            .ranked
            .keys()
            .filter_map(|period| Some((*period, self.rest(*period, &voices)?)))
            .collect();
        let rest = Voice { source, until: None, low_trust, track: &track };
        let ground = self.ground;
        let mut codes = self.unit.parts[*first].codes(ground, self.source());
        for (dimension, code) in ground.dataset.dimensions.iter().zip(&mut codes) {
            if ground.is_ranked(*dimension) {
                let other = *dimension == ground.group.dimension;
                *code = if other { OTHER } else { TOTAL }.into();
            }
        }
        let at = source_at(ground.dataset);
        let without = codes.iter().enumerate().filter(|(i, _)| *i != at).map(|(_, code)| code.as_str());
        let frequency = self.unit.frequency();
        let group = series_key(&ground.dataset.name, frequency, without);
        Some(Series { group, frequency, codes, observations: self.observations(&rest, None) })
    }

    /// The whole less what is shown at one period, or why there is no such figure.
    fn rest(&self, period: i32, shown: &[&Voice<'_>]) -> Option<Cell> {
        let cells: Vec<&Cell> = shown.iter().filter_map(|voice| voice.at(period)).collect();
        let whole = self.listing.whole(period);
        let of = whole.into_iter().chain(cells.iter().copied());
        let basis = of.fold(None, |so_far, cell| Some(joined(so_far, cell)))?;
        // What is not stated of a code that is shown would hide in the rest.
        let unstated = cells.len() < shown.len() && !self.ground.dataset.complete;
        let difference = || {
            let whole = whole.filter(|_| self.listing.is_enough(period)).and_then(Cell::exact);
            let whole = whole.ok_or(Reason::IncompleteRanking)?;
            if unstated {
                return Err(Reason::Parts);
            }
            let mut rest = whole;
            for cell in &cells {
                let figure = cell.exact().filter(|_| cell.counts()).ok_or(Reason::Partial)?;
                rest = rest.checked_sub(figure).ok_or(Reason::Overlap)?;
            }
            if rest < 0 { Err(Reason::Overlap) } else { Ok(rest) }
        };
        Some(match difference() {
            Ok(rest) => {
                let count = u32::try_from(cells.len() + 1).unwrap_or(u32::MAX);
                Cell { figure: Some(Figure::Exact(rest)), coverage: Some((count, count)), ..basis }
            }
            Err(reason) => {
                Cell { figure: None, status: b'M', coverage: None, reason: Some(reason), note: None, ..basis }
            }
        })
    }
}
