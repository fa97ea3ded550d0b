//! How what several instruments give adds up. A vehicle has all of them that nothing keeps apart: rules that exclude one another
//! do, and where nothing says whether two grants of a kind add up both are possible. Ceilings bound sums.
//!
//! The total is a range over all that a vehicle may have at once, never the better of it: which one it is, no rule says.

use rust_decimal::Decimal;

use super::answer::Stacking;
use super::book::Rule;
use super::instrument::Granted;
use super::range::Range;
use super::tax::Tax;
use super::told;
use super::vehicle::Vehicle;
use crate::rules::{Base, Effect, Measure, PRICE, Together};

/// The most sets of instruments that are looked at; beyond them the total is only bounded.
const MOST_SETS: usize = 1_000;

/// What is granted altogether.
#[derive(Debug)]
pub(super) struct Total {
    pub(super) sum: Range,
    pub(super) grants: Range,
    pub(super) relief: Range,
    /// Of the relief, what is waived of the purchase tax.
    pub(super) waived: Range,
    pub(super) stacking: Vec<Stacking>,
    /// What was not told and bounds a sum.
    pub(super) unknown: Option<&'static str>,
}

/// What a set of instruments gives.
#[derive(Debug, Clone, Copy)]
struct Sums {
    grants: Range,
    relief: Range,
    waived: Range,
}

/// Adds up what instruments give to a vehicle.
pub(super) fn total(granted: &[Granted<'_>], vehicle: &Vehicle, tax: Option<&Tax<'_>>) -> Total {
    let given = giving(granted.iter());
    let ceilings = Ceilings { granted, price: vehicle.number(PRICE), national: national(granted) };
    let sums = |sets: Vec<Vec<&Granted<'_>>>| -> Vec<Sums> {
        sets.iter()
            .map(|set| ceilings.sums(set, tax.map_or(Range::OPEN, |tax| tax.amount.to_the_fen())))
            .collect()
    };
    let (strict, free) = (sums(sets(&given, apart)), sums(sets(&given, excludes)));
    let over = |of: fn(&Sums) -> Range| between(strict.iter().map(of), free.iter().map(of));
    Total {
        sum: over(|sums| sums.grants.plus(sums.relief)),
        grants: over(|sums| sums.grants),
        relief: over(|sums| sums.relief),
        waived: over(|sums| sums.waived),
        stacking: ceilings.told().into_iter().chain(told_apart(&given)).collect(),
        unknown: ceilings.lacks(),
    }
}

/// What national purchase subsidies give together, which local shares and ceilings are counted from.
pub(super) fn national(granted: &[Granted<'_>]) -> Range {
    let given = giving(granted.iter().filter(|one| one.is_national_subsidy()));
    let sums = |sets: Vec<Vec<&Granted<'_>>>| -> Vec<Range> {
        sets.iter().map(|set| Range::sum(set.iter().filter_map(|one| one.for_shares()))).collect()
    };
    between(sums(sets(&given, apart)).into_iter(), sums(sets(&given, excludes)).into_iter())
}

/// Those that may give something.
fn giving<'a>(granted: impl Iterator<Item = &'a Granted<'a>>) -> Vec<&'a Granted<'a>> {
    granted.filter(|one| one.for_shares().is_some_and(|amount| !amount.is_zero())).collect()
}

/// From the least of what must be chosen between to the most of what may be had at once.
fn between(strict: impl Iterator<Item = Range>, free: impl Iterator<Item = Range>) -> Range {
    let min = strict.map(|range| range.min).min().unwrap_or_default();
    Range { min, max: Range::any(free).max }
}

/// The rule by which two instruments are not granted beside each other, whichever of them states it.
fn exclusion<'a>(one: &Granted<'a>, other: &Granted<'a>) -> Option<&'a Rule> {
    let found = |one: &Granted<'a>, other: &Granted<'a>| {
        one.in_force.rules.iter().copied().find(|rule| match &rule.meaning.effect {
            Effect::Excludes(others) => others.contains(&other.quoted.instrument),
            _ => false,
        })
    };
    found(one, other).or_else(|| found(other, one))
}

fn excludes<'a>(one: &Granted<'a>, other: &Granted<'a>) -> bool {
    exclusion(one, other).is_some()
}

/// Whether nothing says that two grants of one kind and region add up.
fn undeclared(one: &Granted<'_>, other: &Granted<'_>) -> bool {
    let (one, other) = (&one.quoted, &other.quoted);
    one.benefit == "grant" && (&one.kind, &one.jurisdiction) == (&other.kind, &other.jurisdiction)
}

fn apart<'a>(one: &Granted<'a>, other: &Granted<'a>) -> bool {
    excludes(one, other) || undeclared(one, other)
}

/// The largest sets of which no two are apart.
fn sets<'a>(
    given: &[&'a Granted<'a>],
    apart: fn(&Granted<'a>, &Granted<'a>) -> bool,
) -> Vec<Vec<&'a Granted<'a>>> {
    let mut sets: Vec<Vec<usize>> = vec![Vec::new()];
    for next in 0..given.len() {
        let beside = |other: &usize| !apart(given[*other], given[next]);
        let (fits, clashes): (Vec<_>, Vec<_>) = sets.into_iter().partition(|set| set.iter().all(beside));
        let with =
            |set: &Vec<usize>| set.iter().copied().filter(|other| beside(other)).chain([next]).collect();
        let mut more: Vec<Vec<usize>> = fits.iter().chain(&clashes).map(with).collect();
        more.extend(clashes);
        more.sort();
        more.dedup();
        let within =
            |set: &Vec<usize>, other: &Vec<usize>| set != other && set.iter().all(|one| other.contains(one));
        sets = more.iter().filter(|set| !more.iter().any(|other| within(set, other))).cloned().collect();
        if sets.len() > MOST_SETS {
            // Nothing at the least, all of it at the most.
            return vec![Vec::new(), given.to_vec()];
        }
    }
    sets.into_iter().map(|set| set.into_iter().map(|at| given[at]).collect()).collect()
}

/// What is told of instruments that are apart, pair by pair.
fn told_apart(given: &[&Granted<'_>]) -> Vec<Stacking> {
    let mut told = Vec::new();
    for (at, one) in given.iter().enumerate() {
        for other in &given[..at] {
            let mut instruments = vec![other.quoted.instrument.clone(), one.quoted.instrument.clone()];
            instruments.sort();
            if let Some(rule) = exclusion(one, other) {
                let detail = "a vehicle has only one of them; which one is not said".to_owned();
                told.push(Stacking { instruments, ..stated(rule, detail) });
            } else if undeclared(one, other) {
                let detail = "no document here says whether a vehicle can have both: the total lies between one of them alone and both";
                let detail = detail.to_owned();
                told.push(Stacking { rule: None, verification: None, document: None, instruments, detail });
            }
        }
    }
    told
}

fn stated(rule: &Rule, detail: String) -> Stacking {
    Stacking {
        rule: Some(rule.id.clone()),
        verification: Some(rule.verification.clone()),
        document: Some(rule.document.clone()),
        instruments: Vec::new(),
        detail,
    }
}

/// What bounds sums.
struct Ceilings<'a> {
    granted: &'a [Granted<'a>],
    price: Option<Decimal>,
    national: Range,
}

impl Ceilings<'_> {
    /// What a set of instruments gives within the ceilings.
    fn sums(&self, set: &[&Granted<'_>], tax: Range) -> Sums {
        let of = |benefit: &'static str, wanted: &dyn Fn(&Granted<'_>) -> bool| {
            Range::sum(set.iter().filter(|one| wanted(one)).filter_map(|one| one.of_benefit(benefit)))
        };
        let is_local = |one: &Granted<'_>| one.quoted.level != "national";
        let local = self.bound(Together::Local, of("grant", &is_local));
        let central = of("grant", &|one| !is_local(one));
        let waived = of("tax_relief", &|one| one.waives_tax).at_most(tax);
        Sums {
            grants: self.bound(Together::All, central.plus(local)),
            relief: waived.plus(of("tax_relief", &|one| !one.waives_tax)),
            waived,
        }
    }

    fn rules(&self) -> impl Iterator<Item = (&Granted<'_>, &Rule, Together, &Measure)> {
        self.granted.iter().flat_map(|one| {
            one.in_force.rules.iter().filter_map(move |rule| match &rule.meaning.effect {
                Effect::Ceiling(together, measure) => Some((one, *rule, *together, measure)),
                _ => None,
            })
        })
    }

    fn bound(&self, together: Together, sum: Range) -> Range {
        let of = self.rules().filter(|(_, _, of, _)| *of == together);
        of.fold(sum, |sum, (_, _, _, measure)| sum.at_most(self.most(measure)))
    }

    fn most(&self, measure: &Measure) -> Range {
        match measure {
            Measure::Cny(value) => Range::exactly(*value),
            Measure::Percent(percent, Base::NationalGrants) => self.national.percent(*percent),
            Measure::Percent(percent, _) => {
                self.price.map_or(Range::OPEN, |p| Range::exactly(p).percent(*percent))
            }
            // Refused when rules are read.
            Measure::CnyPer(..) => Range::OPEN,
        }
    }

    fn told(&self) -> Vec<Stacking> {
        let told = |(one, rule, together, measure): (&Granted<'_>, &Rule, Together, &Measure)| {
            let of = if together == Together::Local { "local grants" } else { "all grants" };
            let detail = format!("{of} together are at most {}", told::money(self.most(measure)));
            Stacking { instruments: vec![one.quoted.instrument.clone()], ..stated(rule, detail) }
        };
        self.rules().map(told).collect()
    }

    /// What a ceiling is a share of, where that was not told.
    fn lacks(&self) -> Option<&'static str> {
        let of_price = self.rules().any(|(_, _, _, measure)| measure.base() == Some(&Base::Price));
        (of_price && self.price.is_none()).then_some(PRICE)
    }
}
