//! The last months of a market as releases of their own, as publishers bring them: a fiftieth of each month's figures is provisional
//! and a little off, and the next month's release states what holds.

use std::ops::Range;

use chrono::{Months, NaiveDate};

use super::dice::Dice;
use super::{FIRST, MONTHS, Market};
use crate::ingest::bulk::{Figure, Listed};
use crate::ingest::entry::{Observation, Series};
use crate::timeseries::period::{Frequency, Period};

/// The share of a month's figures that the next release revises.
const REVISED: f64 = 0.02;

/// What one monthly release states.
#[derive(Debug, Default)]
pub struct Month {
    /// The series that it speaks of.
    pub series: Vec<Series>,
    /// What it says of them.
    pub observations: Vec<Observation>,
    /// How many of the series have no earlier figure.
    pub new_series: u64,
    /// How many figures are of the month itself; all others revise those of the month before.
    pub new_figures: u64,
}

impl Market {
    /// The months that come as releases of their own.
    pub(super) fn monthly(&self) -> Range<i32> {
        let count = i32::try_from(self.order.monthly).unwrap_or(MONTHS);
        MONTHS - count.clamp(0, MONTHS - 1)..MONTHS
    }

    /// Every series as the first release lists it: up to the first monthly one, which revises its last month.
    pub(super) fn first_release(self) -> impl Iterator<Item = Listed> + Send + 'static {
        let (variants, end) = (self.variants.len(), self.monthly().start);
        (0..self.cities.len() * variants).filter_map(move |at| {
            let place = (at / variants, at % variants);
            let mut listed = self.listed(place, 0..end)?;
            if let Some(last) = listed.figures.last_mut().filter(|last| last.period == FIRST + end - 1) {
                *last = self.as_first_stated(place, *last);
            }
            Some(listed)
        })
    }

    /// What the release of a month states.
    pub(super) fn month(&self, month: i32) -> Month {
        let mut all = Month::default();
        for city in 0..self.cities.len() {
            for at in 0..self.variants.len() {
                let place = (city, at);
                let Some(Listed { series, figures }) = self.listed(place, month - 1..month + 1) else {
                    continue;
                };
                let (now, before): (Vec<Figure>, Vec<Figure>) =
                    figures.into_iter().partition(|figure| figure.period == FIRST + month);
                let revised =
                    before.into_iter().filter(|figure| self.as_first_stated(place, *figure) != *figure);
                let now: Vec<Figure> =
                    now.into_iter().map(|figure| self.as_first_stated(place, figure)).collect();
                all.new_figures += now.len() as u64;
                all.new_series += u64::from(!now.is_empty() && self.variants[at].months().start == month);
                all.add(series, revised.chain(now.iter().copied()));
            }
        }
        all
    }

    /// A figure as the release of its own month states it.
    fn as_first_stated(&self, (city, at): (usize, usize), last: Figure) -> Figure {
        let month = last.period - FIRST;
        let is_revised = (self.monthly().start - 1..MONTHS - 1).contains(&month);
        let Some(value) = last.value.filter(|_| is_revised) else { return last };
        let drawn_by = [1_000 + u64::from(month.unsigned_abs()), self.variants[at].number, city as u64];
        let mut dice = Dice::of(self.order.seed, drawn_by);
        if dice.unit() >= REVISED {
            return last;
        }
        let most = u32::try_from(value / 20 + 1).unwrap_or(u32::MAX);
        let off = i64::from(dice.below(most)) + 1;
        let value = if off <= value && dice.unit() < 0.5 { value - off } else { value + off };
        Figure { value: Some(value), status: b'P', ..last }
    }
}

impl Month {
    fn add(&mut self, series: Series, figures: impl Iterator<Item = Figure>) {
        let (place, before) = (self.series.len(), self.observations.len());
        self.observations.extend(figures.map(|Figure { period, value, status }| Observation {
            series: place,
            period,
            value,
            status,
            confirmation: false,
            note: None,
        }));
        if self.observations.len() > before {
            self.series.push(series);
        }
    }
}

/// The day that figures up to a month count as published: the 15th of the month after.
pub fn published(month: i32) -> NaiveDate {
    let month =
        Period::new(Frequency::M, FIRST + month).expect("the months of the market are of this century");
    month.first_day() + Months::new(1) + chrono::Days::new(14)
}
