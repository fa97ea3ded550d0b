//! Which grains are kept ready where a dataset declares none.
//!
//! The greedy choice of Harinarayan, Rajaraman and Ullman (Implementing Data Cubes Efficiently, 1996): every grain is a query
//! that may be asked, and costs as many series as the smallest chosen grain that answers it has. Again and again the grain is
//! taken that saves most for its room, until they are as many or as large as they may be. What is saved is told in halvings of the
//! cost, since times of answers are compared as ratios: from a million to a thousand counts like from a thousand to one. Room is told in
//! halvings too: a large grain, which alone spares the dearest queries, is not put behind all small ones.
//!
//! Rankings of many codes are read from sums that are kept by period, and these are of grains of one dimension: they come beside.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use crate::timeseries::key::Dimension;
use crate::timeseries::rollup::{Grain, Level};

/// The most grains that are chosen.
const MOST_GRAINS: usize = 32;

/// Together they have no more than this part of the finest series.
const SHARE: u64 = 9;

/// A grain that may be chosen, and how many series it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    pub grain: Grain,
    pub series: u64,
}

/// Every grain of these dimensions, each with the levels that it may be kept apart at beside its top.
pub fn grains(dimensions: &[(Dimension, Vec<Level>)]) -> Vec<Grain> {
    dimensions.iter().fold(vec![Grain::default()], |so_far, (dimension, levels)| {
        let mut all = so_far.clone();
        for level in levels {
            let with = |grain: &Grain| Grain([grain.0.as_slice(), &[(*dimension, level.clone())]].concat());
            all.extend(so_far.iter().map(with));
        }
        all
    })
}

/// The ones that are kept, out of all grains of a dataset that has so many finest series.
pub fn choose(candidates: &[Candidate], finest: u64) -> Vec<Grain> {
    let mut cost: Vec<u64> = vec![finest; candidates.len()];
    let mut room = finest / SHARE;
    let mut chosen = Vec::new();
    while chosen.len() < MOST_GRAINS {
        let saving = |one: &Candidate| -> f64 {
            let served = candidates.iter().zip(&cost).filter(|(other, _)| is_below(&one.grain, &other.grain));
            served.map(|(_, cost)| halvings(*cost, one.series)).sum()
        };
        let fitting = candidates.iter().filter(|one| one.series <= room && !chosen.contains(&one.grain));
        // Of equal ones the finer, which answers more.
        let best = fitting
            .map(|one| (one, saving(one)))
            .filter(|(_, saved)| *saved >= 1.0)
            .map(|(one, saved)| (one, saved / room_of(one.series)))
            .max_by(|a, b| a.1.total_cmp(&b.1).then_with(|| a.0.grain.0.len().cmp(&b.0.grain.0.len())));
        let Some((best, _)) = best else { break };
        for (other, cost) in candidates.iter().zip(&mut cost) {
            if is_below(&best.grain, &other.grain) {
                *cost = best.series.min(*cost);
            }
        }
        room -= best.series;
        chosen.push(best.grain.clone());
    }
    chosen
}

/// The grains that rankings of many series are read from: of each dimension without levels the one that keeps it apart with all that are
/// above it, where it has so many series and is no copy of the finest.
pub fn rankings(
    candidates: &[Candidate],
    (sizes, finest): (RangeInclusive<usize>, u64),
    is_flat: impl Fn(Dimension) -> bool,
) -> Vec<Grain> {
    let fits = |one: &&Candidate| {
        one.series < finest && usize::try_from(one.series).is_ok_and(|series| sizes.contains(&series))
    };
    let of = |dimension: Dimension| {
        let alone = candidates.iter().filter(|one| one.grain.alone() == Some(dimension));
        alone.max_by_key(|one| one.grain.0.len()).filter(fits)
    };
    let dimensions = Dimension::ALL.into_iter().filter(|dimension| is_flat(*dimension));
    dimensions.filter_map(of).map(|one| one.grain.clone()).collect()
}

/// How often a cost is halved on the way to a smaller one.
#[expect(clippy::cast_precision_loss, reason = "a saving is compared, never shown")]
fn halvings(from: u64, to: u64) -> f64 {
    (from.max(1) as f64 / to.max(1) as f64).log2().max(0.0)
}

/// The room of so many series, in halvings; above 1 for one of them too.
fn room_of(series: u64) -> f64 {
    halvings(series.saturating_add(2), 1)
}

/// Whether every series of `coarse` is a sum of series of `fine`.
fn is_below(fine: &Grain, coarse: &Grain) -> bool {
    coarse.0.iter().all(|(dimension, level)| match fine.level(*dimension) {
        Some(Level::Finest) => true,
        known => known == Some(level),
    })
}

/// Tells about how many different things it has seen, by the smallest of their hashes (Bar-Yossef and others, Counting Distinct
/// Elements in a Data Stream, 2002): 1,024 of them are good for 3 percent.
#[derive(Debug, Clone, Default)]
pub struct Sketch(BTreeSet<u64>);

impl Sketch {
    const KEPT: usize = 1_024;

    /// Takes notice of the thing with this hash.
    pub fn see(&mut self, hash: u64) {
        if self.0.len() < Self::KEPT {
            self.0.insert(hash);
        } else if self.0.last().is_some_and(|last| hash < *last) && self.0.insert(hash) {
            self.0.pop_last();
        }
    }

    /// About how many there were; exactly, while they are few.
    pub fn count(&self) -> u64 {
        match self.0.last() {
            Some(last) if self.0.len() == Self::KEPT => {
                let kept = Self::KEPT as u128 - 1;
                u64::try_from(kept * u128::from(u64::MAX) / u128::from((*last).max(1))).unwrap_or(u64::MAX)
            }
            _ => self.0.len() as u64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn things_are_counted_closely() {
        use sha2::{Digest, Sha256};
        let mut sketch = Sketch::default();
        for thing in 0..50_000_u32 {
            let digest = Sha256::digest((thing % 20_000).to_le_bytes());
            sketch.see(u64::from_le_bytes(digest[..8].try_into().unwrap()));
        }
        assert!((18_000..22_000).contains(&sketch.count()), "{}", sketch.count());
    }

    #[test]
    fn rankings_are_of_a_dimension_with_those_above_it() {
        let candidate = |grain: &str, series| Candidate { grain: grain.parse().unwrap(), series };
        let all = [
            candidate("maker", 60),
            candidate("model", 290),
            candidate("maker,brand,model", 300),
            candidate("maker,brand,model,powertrain", 500),
            candidate("geo:province,maker", 900),
            candidate("geo", 256),
        ];
        let chosen = |sizes, finest| {
            let chosen = rankings(&all, (sizes, finest), |dimension| dimension != Dimension::Geo);
            chosen.into_iter().map(|grain| grain.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(chosen(256..=10_000, 5_000), ["maker,brand,model"]);
        assert!(chosen(301..=10_000, 5_000).is_empty() && chosen(60..=299, 5_000) == ["maker"]);
        assert!(chosen(256..=10_000, 300).is_empty(), "it would be a copy of the finest series");
    }

    #[test]
    fn what_saves_most_for_its_size_is_chosen_first_and_nothing_too_large() {
        let province = Level::Kind("province".to_owned());
        let dimensions = [
            (Dimension::Geo, vec![Level::Finest, province]),
            (Dimension::Model, vec![Level::Finest]),
            (Dimension::Powertrain, vec![Level::Finest]),
        ];
        let sizes = |grain: &Grain| {
            let geo = match grain.level(Dimension::Geo) {
                Some(Level::Finest) => 300,
                Some(Level::Kind(_)) => 30,
                None => 1,
            };
            let model = if grain.level(Dimension::Model).is_some() { 1_000 } else { 1 };
            geo * model * if grain.level(Dimension::Powertrain).is_some() { 2 } else { 1 }
        };
        let all = grains(&dimensions);
        assert_eq!(all.len(), 12);
        let candidates: Vec<_> =
            all.iter().map(|grain| Candidate { grain: grain.clone(), series: sizes(grain) }).collect();
        let chosen: Vec<String> = choose(&candidates, 600_000).iter().map(Grain::to_string).collect();
        assert!(chosen.iter().all(|grain| !grain.contains("geo,model")), "{chosen:?}");
        assert!(chosen.contains(&"geo,powertrain".to_owned()), "{chosen:?}");
        assert!(chosen.contains(&"model,powertrain".to_owned()), "{chosen:?}");
        // It saves half of what the largest of them does, and takes the least room.
        assert_eq!(chosen[0], "powertrain");
        let total: u64 = chosen.iter().map(|grain| sizes(&grain.parse().unwrap())).sum();
        assert!(total <= 600_000 / SHARE);
    }
}
