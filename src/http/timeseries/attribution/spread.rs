//! Makers' figures spread to groups by the parts that each is counted in. Pure and exact: what is attributed and what is not add up to
//! the makers' figures, as ranges where a share is not known.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;

use super::share::Part;
use crate::timeseries::derive::{Releases, weaker};

/// The figure of one maker for one period.
#[derive(Debug, Clone)]
pub struct Figure {
    pub value: Decimal,
    pub status: u8,
    pub releases: Option<Releases>,
    pub low_trust: bool,
}

/// What is counted to one group, or to nobody, for one period.
#[derive(Debug, Clone)]
pub struct Sum {
    /// The least and the most that it may be; equal where it is known.
    pub bounds: (Decimal, Decimal),
    /// The makers whose cars it may have.
    pub makers: BTreeSet<String>,
    /// The weakest of their statuses.
    pub status: u8,
    pub releases: Option<Releases>,
    pub low_trust: bool,
}

/// What is counted to each group; `None` is nobody.
pub type Sums = BTreeMap<Option<String>, Sum>;

/// Spreads the figures of some makers for one period.
pub fn spread<'f, 'p, 'a: 'p>(
    figures: &'f BTreeMap<String, Figure>,
    parts: impl Fn(&'f str) -> &'p [Part<'a>],
) -> Sums {
    let mut sums = Sums::new();
    for (maker, figure) in figures {
        for (group, (least, most)) in bounds(parts(maker)) {
            let bounds = (figure.value * least, figure.value * most);
            sums.entry(group.map(str::to_owned)).or_insert_with(Sum::nothing).add(maker, figure, bounds);
        }
    }
    sums
}

/// What each group has of one maker. None has more than the others leave.
fn bounds<'a>(parts: &[Part<'a>]) -> BTreeMap<Option<&'a str>, (Decimal, Decimal)> {
    let mut all: BTreeMap<Option<&str>, (Decimal, Decimal)> = BTreeMap::new();
    for part in parts {
        let bounds = all.entry(part.group).or_default();
        bounds.0 += part.bounds.0;
        bounds.1 += part.bounds.1;
    }
    let least: Decimal = all.values().map(|bounds| bounds.0).sum();
    for bounds in all.values_mut() {
        bounds.1 = bounds.1.min(Decimal::ONE - (least - bounds.0)).max(bounds.0);
    }
    all
}

impl Sum {
    const fn nothing() -> Self {
        let bounds = (Decimal::ZERO, Decimal::ZERO);
        Self { bounds, makers: BTreeSet::new(), status: b'A', releases: None, low_trust: false }
    }

    fn add(&mut self, maker: &str, figure: &Figure, (least, most): (Decimal, Decimal)) {
        self.bounds.0 += least;
        self.bounds.1 += most;
        self.makers.insert(maker.to_owned());
        self.status = weaker(self.status, figure.status);
        self.low_trust |= figure.low_trust;
        match (&mut self.releases, &figure.releases) {
            (Some(own), Some(more)) => own.add(more),
            (own @ None, more) => own.clone_from(more),
            (Some(_), None) => {}
        }
    }

    /// The figure, where it is known.
    pub fn value(&self) -> Option<Decimal> {
        (self.bounds.0 == self.bounds.1).then_some(self.bounds.0)
    }
}
