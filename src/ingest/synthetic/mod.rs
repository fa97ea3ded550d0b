//! A made market for load tests: registrations by city, maker, brand, model, vehicle class and powertrain over 120 months.
//!
//! It has the shape of the real one (few models and cities sell most; models are launched, rise, decline and end; there are
//! seasons and a dip at the Chinese New Year; new powertrains displace old ones) and none of its figures. It lists every
//! finest cell and no totals, so that coarser ones are sums. Everything about it says that it is synthetic: the dataset, the
//! measure, the source, the document, and each made code.
//!
//! The same order over the same code lists makes the same market on every machine: nothing in it is drawn by a clock, a
//! hash map or a function that rounds differently elsewhere.

mod course;
mod describe;
mod dice;
mod load;
mod models;
mod monthly;
mod places;

use std::ops::Range;

use super::bulk::{Figure, Listed};
use super::entry::Series;
use super::files::Files;
use crate::error::Result;
use crate::timeseries::key::{Dimension, TOTAL, series_id, series_key};
use crate::timeseries::period::Frequency;
use course::Months;
use dice::Dice;
use models::{Variant, Variants};
use places::City;

pub use load::{Generated, Removed, generate, remove};

/// How many months the market is observed, from January 2016.
const MONTHS: i32 = 120;

/// January 2016.
const FIRST: i32 = 2016 * 12;

/// The name of the dataset.
pub const DATASET: &str = "synthetic";

/// What it measures.
const MEASURE: &str = "synthetic_registrations";

/// Who publishes it.
const SOURCE: &str = "synthetic";

/// What drives a vehicle: the finest powertrains that do not overlap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Powertrain {
    /// Battery electric.
    Bev,
    /// Fuel cell.
    Fcev,
    /// Hybrid without plug.
    Hev,
    /// Conventional fuel.
    Ice,
    /// Plug-in hybrid, with range extenders.
    Phev,
}

impl Powertrain {
    const fn code(self) -> &'static str {
        match self {
            Self::Bev => "BEV",
            Self::Fcev => "FCEV",
            Self::Hev => "HEV",
            Self::Ice => "ICE",
            Self::Phev => "PHEV",
        }
    }

    const fn is_new_energy(self) -> bool {
        matches!(self, Self::Bev | Self::Fcev | Self::Phev)
    }
}

/// Which market is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order {
    /// How many observations it has, exactly; above 0.
    pub observations: u32,
    /// What its chances are drawn from.
    pub seed: u64,
    /// How many months at its end come as releases of their own, fewer than it has; 0 where it comes as one release.
    pub monthly: u32,
}

/// A made market, all of it but the figures, which are made as they are asked for.
#[derive(Debug, Clone)]
pub struct Market {
    order: Order,
    cities: Vec<City>,
    /// In the order of their codes, so that rows come in the order of the indexes.
    variants: Vec<Variant>,
    national: Vec<Months>,
    cut: Cut,
}

/// The last series, which is cut so that the observations are as many as were asked for.
#[derive(Debug, Clone, Copy)]
struct Cut {
    variant: u64,
    city: usize,
    months: i32,
}

impl Market {
    /// The market that an order and the code lists of the pack lead to.
    pub fn plan(files: &Files, order: Order) -> Result<Self> {
        let cities = places::cities(count_of_cities(order.observations), order.seed);
        let mut variants = Vec::new();
        let mut left = i64::from(order.observations);
        let mut cut = Cut { variant: u64::MAX, city: 0, months: 0 };
        let mut source = Variants::new(files, order.seed)?;
        while left > 0 {
            let Some(variant) = source.next() else { break };
            let length = i32::try_from(variant.months().len()).unwrap_or(MONTHS);
            for (city, _) in sold(&cities, &variant, order.seed) {
                let months = length.min(i32::try_from(left).unwrap_or(length));
                left -= i64::from(months);
                cut = Cut { variant: variant.number, city, months };
                if left == 0 {
                    break;
                }
            }
            if cut.variant == variant.number {
                variants.push(variant);
            }
        }
        variants.sort_by(|a, b| codes(a).cmp(&codes(b)));
        let national = course::national(&variants);
        Ok(Self { order, cities, variants, national, cut })
    }

    /// Every series with its figures, city by city.
    pub fn series(self) -> impl Iterator<Item = Listed> + Send + 'static {
        let places = self.cities.len() * self.variants.len();
        let all = 0..MONTHS;
        (0..places).filter_map(move |at| {
            self.listed((at / self.variants.len(), at % self.variants.len()), all.clone())
        })
    }

    /// The figures of a variant in a city within some months; `None` where it is not sold there and then.
    fn listed(&self, (city, at): (usize, usize), within: Range<i32>) -> Option<Listed> {
        let (place, variant) = (&self.cities[city], &self.variants[at]);
        let affinity = affinity(variant, city, self.order.seed)?;
        let mut months = variant.months();
        if variant.number == self.cut.variant {
            match city.cmp(&self.cut.city) {
                std::cmp::Ordering::Less => {}
                std::cmp::Ordering::Equal => months.end = months.start + self.cut.months,
                std::cmp::Ordering::Greater => return None,
            }
        }
        let (before, start) = (months.start, months.start.max(within.start));
        let months = start..months.end.min(within.end);
        if months.is_empty() {
            return None;
        }
        let mut dice = Dice::of(self.order.seed, [5, variant.number, city as u64]);
        // Each month is drawn by one number.
        dice.skip(u64::from((start - before).unsigned_abs()));
        let national = &self.national[at];
        let figure = |month: i32| {
            let mean = national[usize::try_from(month).unwrap_or_default()] * place.share * affinity;
            let value = Some(course::figure(mean, &mut dice));
            Figure { period: FIRST + month, value, status: b'A' }
        };
        Some(Listed { series: series(place, variant), figures: months.map(figure).collect() })
    }
}

/// The more observations, the more cities: a hundredth of the observations is a third of the cities. Models are as many as it takes then.
fn count_of_cities(observations: u32) -> usize {
    let fourth_root = f64::from(observations).sqrt().sqrt();
    (1..=400).take_while(|count| f64::from(*count) <= fourth_root * 3.4).count()
}

/// The cities that a variant is sold in, with how much better it sells there than elsewhere.
fn sold<'a>(cities: &'a [City], variant: &'a Variant, seed: u64) -> impl Iterator<Item = (usize, f64)> + 'a {
    (0..cities.len()).filter_map(move |city| Some((city, affinity(variant, city, seed)?)))
}

fn affinity(variant: &Variant, city: usize, seed: u64) -> Option<f64> {
    let (here, better) = Dice::of(seed, [4, variant.number, city as u64]).pair();
    (here < variant.reach).then_some(0.4 + 1.2 * better)
}

fn codes(variant: &Variant) -> [&str; 5] {
    let model = &variant.model;
    [&model.maker, &model.brand, &model.code, &model.vehicle_class, variant.powertrain.code()]
}

fn series(city: &City, variant: &Variant) -> Series {
    let [maker, brand, model, class, powertrain] = codes(variant);
    let key = [MEASURE, SOURCE, &city.code, maker, brand, model, class, powertrain];
    let without_source =
        key.iter().enumerate().filter(|(at, _)| *at != Dimension::Source as usize).map(|(_, code)| *code);
    let group_key = series_key(DATASET, Frequency::M, without_source);
    let codes = Dimension::ALL.map(|d| key.get(d as usize).copied().unwrap_or(TOTAL).to_owned());
    let key = series_key(DATASET, Frequency::M, key);
    Series {
        id: series_id(&key),
        dataset: DATASET.to_owned(),
        frequency: Frequency::M,
        key,
        group_key,
        codes,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeSet, HashSet};

    use sha2::{Digest, Sha256};

    use super::*;

    fn market(observations: u32, seed: u64) -> Vec<Listed> {
        Market::plan(&Files::bundled(), Order { observations, seed, monthly: 0 }).unwrap().series().collect()
    }

    fn checksum(all: &[Listed]) -> [u8; 32] {
        let mut digest = Sha256::new();
        for Listed { series, figures } in all {
            digest.update(&series.key);
            for figure in figures {
                digest.update(format!(" {} {:?}", figure.period, figure.value));
            }
        }
        digest.finalize().into()
    }

    #[test]
    fn there_are_as_many_observations_as_were_asked_for() {
        for observations in [1, 119, 5_000, 77_777] {
            let all = market(observations, 3);
            assert_eq!(all.iter().map(|one| one.figures.len()).sum::<usize>(), observations as usize);
            assert!(all.iter().all(|one| !one.figures.is_empty()));
            let ids: HashSet<i64> = all.iter().map(|one| one.series.id).collect();
            assert_eq!(ids.len(), all.len(), "each series is listed once");
        }
    }

    #[test]
    fn the_same_order_makes_the_same_market() {
        let all = market(20_000, 7);
        assert_eq!(checksum(&all), checksum(&market(20_000, 7)));
        assert_ne!(checksum(&all), checksum(&market(20_000, 8)));
    }

    #[test]
    fn it_has_the_same_provinces_and_makers_whatever_its_size() {
        for seed in 1..=3 {
            let all = [1_000_000, 4_000_000].map(|observations| {
                let order = Order { observations, seed, monthly: 0 };
                let Market { cities, variants, .. } = Market::plan(&Files::bundled(), order).unwrap();
                let provinces: BTreeSet<&str> = cities.iter().map(|city| city.province).collect();
                let makers: BTreeSet<String> =
                    variants.into_iter().map(|variant| variant.model.maker).collect();
                (provinces, makers)
            });
            let [(provinces, makers), large] = &all;
            assert_eq!((provinces, makers), (&large.0, &large.1), "seed {seed}");
            assert!(provinces.len() == 31 && makers.len() > 50, "{provinces:?} {makers:?}");
        }
    }

    #[test]
    fn it_has_the_size_the_skew_and_the_seasons_of_the_real_one() {
        let all = market(300_000, 1);
        let sum = |of: &dyn Fn(&Listed, &Figure) -> bool| -> f64 {
            let figures = all.iter().flat_map(|one| one.figures.iter().map(move |figure| (one, figure)));
            let values = figures.filter(|(one, figure)| of(one, figure)).filter_map(|(_, f)| f.value);
            values.map(|value| f64::from(i32::try_from(value).unwrap())).sum()
        };
        let year = |year: i32| move |_: &Listed, f: &Figure| f.period / 12 == year;
        assert!((12e6..30e6).contains(&sum(&year(2024))), "{}", sum(&year(2024)));
        assert!(sum(&|_, f| f.period == 2024 * 12 + 1) < 0.85 * sum(&|_, f| f.period == 2024 * 12 + 2));
        let electric = |year: i32| {
            let new = |one: &Listed| ["BEV", "PHEV"].contains(&one.series.code(Dimension::Powertrain));
            sum(&|one, f| f.period / 12 == year && new(one)) / sum(&|_, f| f.period / 12 == year)
        };
        assert!(electric(2016) < 0.15 && electric(2025) > 0.35, "{} {}", electric(2016), electric(2025));
        let south = sum(&|one, _| one.series.code(Dimension::Geo).starts_with("CN-GD"));
        assert!(south > 0.07 * sum(&|_, _| true) && south < 0.15 * sum(&|_, _| true));
        let launched = all.iter().filter(|one| one.figures[0].period > FIRST).count();
        let ended = all.iter().filter(|one| one.figures.last().unwrap().period < FIRST + MONTHS - 1).count();
        assert!(launched > all.len() / 5 && ended > all.len() / 10, "{launched} {ended} of {}", all.len());
    }
}
