//! What one instrument gives to one vehicle by one scheme. Every rule is evaluated here and nowhere else.
//!
//! The order is the vocabulary's: conditions must hold; the amount is that of the band that holds; limits bound it; multipliers of
//! one criterion are alternatives, those of different criteria multiply; caps bound the result. Where there are amounts or
//! multipliers with bounds and none of them holds, nothing is given. What was not told leaves a range.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;

use super::answer::{Check, Step};
use super::book::Rule;
use super::range::Range;
use super::tax::Tax;
use super::vehicle::{Vehicle, may_be_negative};
use super::{Verdict, told};
use crate::rules::{Base, Effect, Measure, PRICE, Test};
use crate::subsidies::number::number;

/// What amounts may be a share of.
#[derive(Debug)]
pub(super) struct Bases<'a> {
    /// The purchase tax; `None` where no rules of one are in force.
    pub(super) tax: Option<&'a Tax<'a>>,
    /// What instruments give that were computed before, by their ids.
    pub(super) given: &'a BTreeMap<String, Range>,
    /// All national purchase subsidies together.
    pub(super) national: Range,
}

/// What a scheme gives.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) amount: Range,
    pub(super) checks: Vec<Check>,
    pub(super) steps: Vec<Step>,
    /// What was not told and would have made a difference.
    pub(super) unknown: BTreeSet<String>,
}

/// Evaluates the rules of one scheme.
pub(super) fn evaluated(rules: &[&Rule], vehicle: &Vehicle, bases: &Bases<'_>) -> Outcome {
    let mut work =
        Work { rules, vehicle, bases, checks: Vec::new(), steps: Vec::new(), unknown: BTreeSet::new() };
    let (mut amount, stated) = work.amount();
    amount = work.limited(amount);
    amount = work.multiplied(amount);
    amount = work.capped(amount, stated);
    amount = work.on_conditions(amount);
    let Work { checks, steps, mut unknown, .. } = work;
    if amount.is_zero() {
        // Where nothing is granted whatever is open, knowing it would change nothing.
        unknown.clear();
    }
    Outcome { amount, checks, steps, unknown }
}

struct Work<'a> {
    rules: &'a [&'a Rule],
    vehicle: &'a Vehicle,
    bases: &'a Bases<'a>,
    checks: Vec<Check>,
    steps: Vec<Step>,
    unknown: BTreeSet<String>,
}

/// A rule with its verdict.
type Judged<'a> = (&'a Rule, Verdict);

impl<'a> Work<'a> {
    /// The rules of a kind that are of one criterion, for each criterion.
    fn groups(&self, of: impl Fn(&Effect) -> bool) -> Vec<Vec<Judged<'a>>> {
        let mut groups: BTreeMap<Option<&str>, Vec<Judged<'a>>> = BTreeMap::new();
        for rule in self.rules.iter().filter(|rule| of(&rule.meaning.effect)) {
            let verdict = self.vehicle.judged(&rule.meaning.test);
            groups.entry(rule.meaning.test.criterion()).or_default().push((rule, verdict));
        }
        groups.into_values().collect()
    }

    /// The amount, and whether there is one at all: a band that holds or may hold.
    fn amount(&mut self) -> (Range, bool) {
        let (mut total, mut stated, mut rules) = (Range::ZERO, false, Vec::new());
        for group in self.groups(|effect| matches!(effect, Effect::Amount(_))) {
            self.check(&group);
            stated |= group.iter().any(|(_, verdict)| *verdict != Verdict::Fail);
            let amount = self.chosen(&group, Self::money);
            rules.extend(deciding(&group));
            total = total.plus(amount);
        }
        if stated {
            let detail = told::money(total);
            self.step(("amount", rules, detail), total);
        }
        (total, stated)
    }

    /// What the rule of a group gives that holds; of those that may hold each, and nothing where they leave a gap.
    fn chosen(&mut self, group: &[Judged<'a>], value: impl Fn(&mut Self, &'a Rule) -> Range) -> Range {
        if let Some((rule, _)) = group.iter().find(|(_, verdict)| *verdict == Verdict::Pass) {
            return value(self, rule);
        }
        let open: Vec<_> =
            group.iter().filter(|(_, verdict)| *verdict == Verdict::Unknown).copied().collect();
        self.open(&open);
        let gap = (!covers(&open)).then_some(Range::ZERO);
        let values: Vec<_> = open.into_iter().map(|(rule, _)| value(self, rule)).collect();
        Range::any(values.into_iter().chain(gap))
    }

    fn limited(&mut self, amount: Range) -> Range {
        self.bounded(amount, |effect| matches!(effect, Effect::Limit(_)))
    }

    /// Bounds an amount by each rule of a kind that holds; one that may hold leaves both.
    fn bounded(&mut self, mut amount: Range, of: impl Fn(&Effect) -> bool) -> Range {
        for (rule, verdict) in self.groups(of).concat() {
            self.check(&[(rule, verdict)]);
            if verdict == Verdict::Fail || amount.is_zero() {
                continue;
            }
            let most = self.money(rule);
            let bounded = amount.at_most(most);
            amount = if verdict == Verdict::Pass { bounded } else { amount.or(bounded) };
            if verdict == Verdict::Unknown {
                self.open(&[(rule, verdict)]);
            }
            self.step((&rule.part, vec![rule], format!("at most {}", told::money(most))), amount);
        }
        amount
    }

    fn multiplied(&mut self, mut amount: Range) -> Range {
        for group in self.groups(|effect| matches!(effect, Effect::Multiplier(_))) {
            // What depends on nothing is no alternative: each of them multiplies.
            let each = group.first().is_some_and(|(rule, _)| rule.meaning.test == Test::Always);
            let sets: Vec<&[Judged<'a>]> = if each { group.chunks(1).collect() } else { vec![&group] };
            for set in sets {
                self.check(set);
                if amount.is_zero() {
                    continue;
                }
                let word = matches!(set, [(rule, _), ..] if matches!(rule.meaning.test, Test::Word { .. }));
                let factor = if word { self.of_word(set) } else { self.chosen(set, |_, rule| factor(rule)) };
                amount = amount.times(factor);
                if factor != Range::ONE || !word {
                    self.step(
                        ("multiplier", deciding(set), format!("times {}", told::range(factor))),
                        amount,
                    );
                }
            }
        }
        amount
    }

    /// The factor for a word: 1 for every other one.
    fn of_word(&mut self, group: &[Judged<'a>]) -> Range {
        if group.iter().all(|(_, verdict)| *verdict != Verdict::Unknown) {
            let holds = group.iter().find(|(_, verdict)| *verdict == Verdict::Pass);
            return holds.map_or(Range::ONE, |(rule, _)| factor(rule));
        }
        self.open(group);
        Range::any(group.iter().map(|(rule, _)| factor(rule))).or(Range::ONE)
    }

    /// Notes that the criterion of these rules was not told.
    fn open(&mut self, group: &[Judged<'a>]) {
        self.unknown
            .extend(group.iter().filter_map(|(rule, _)| rule.meaning.test.criterion()).map(str::to_owned));
    }

    /// Bounds the result. A cap that holds where no amount is stated says all that is known of one.
    fn capped(&mut self, amount: Range, stated: bool) -> Range {
        let is_cap = |effect: &Effect| matches!(effect, Effect::Cap(_));
        if stated {
            return self.bounded(amount, is_cap);
        }
        let has_amounts = self.rules.iter().any(|rule| matches!(rule.meaning.effect, Effect::Amount(_)));
        let (mut certain, mut possible) = (None, None);
        for (rule, verdict) in self.groups(is_cap).concat() {
            self.check(&[(rule, verdict)]);
            if verdict == Verdict::Fail || has_amounts && rule.meaning.test == Test::Always {
                continue;
            }
            let most = self.money(rule);
            if verdict == Verdict::Pass {
                certain = Some(certain.map_or(most, |least: Range| least.at_most(most)));
            } else {
                self.open(&[(rule, verdict)]);
                possible = Some(possible.map_or(most, |any: Range| any.or(most)));
            }
            let detail = format!("at most {}; the amount itself is not held", told::money(most));
            let so_far = certain.or(possible).unwrap_or(Range::ZERO);
            self.step(("cap", vec![rule], detail), Range { min: Decimal::ZERO, ..so_far });
        }
        // The least of those that hold counts; where none is certain, the largest of those that may.
        certain.or(possible).map_or(amount, |most| Range { min: Decimal::ZERO, ..most })
    }

    fn on_conditions(&mut self, mut amount: Range) -> Range {
        for (rule, verdict) in self.groups(|effect| *effect == Effect::Condition).concat() {
            self.check(&[(rule, verdict)]);
            if verdict == Verdict::Pass || amount.is_zero() {
                continue;
            }
            amount = if verdict == Verdict::Fail { Range::ZERO } else { amount.or(Range::ZERO) };
            if verdict == Verdict::Unknown {
                self.open(&[(rule, verdict)]);
            }
            let detail = if verdict == Verdict::Fail { "it does not hold" } else { "it may not hold" };
            self.step(("condition", vec![rule], detail.to_owned()), amount);
        }
        amount
    }

    /// The sum of money in a rule.
    fn money(&mut self, rule: &Rule) -> Range {
        match rule.meaning.effect.measure() {
            None => Range::ZERO,
            Some(Measure::Cny(value)) => Range::exactly(*value),
            Some(Measure::CnyPer(value, criterion)) => self.quantity(criterion).times(Range::exactly(*value)),
            Some(Measure::Percent(percent, Base::Tax)) => {
                self.base(&Base::Tax).percent(*percent).to_the_fen()
            }
            Some(Measure::Percent(percent, base)) => self.base(base).percent(*percent),
        }
    }

    fn quantity(&mut self, criterion: &str) -> Range {
        self.vehicle.number(criterion).map_or_else(
            || {
                self.unknown.insert(criterion.to_owned());
                Range::OPEN
            },
            Range::exactly,
        )
    }

    fn base(&mut self, base: &Base) -> Range {
        match base {
            Base::Price => self.quantity(PRICE),
            Base::NationalGrants => self.bases.national,
            Base::Instrument(id) => self.bases.given.get(id).copied().unwrap_or(Range::ZERO),
            Base::Tax => {
                let Some(tax) = self.bases.tax else { return Range::ZERO };
                if tax.amount.certain().is_none() {
                    self.unknown.insert(PRICE.to_owned());
                }
                tax.amount
            }
        }
    }

    /// Tells what became of rules of one criterion: of the one that holds, else of all.
    fn check(&mut self, group: &[Judged<'a>]) {
        let holds = group.iter().position(|(_, verdict)| *verdict == Verdict::Pass);
        let told = holds.map_or(group, |at| &group[at..=at]);
        for (rule, verdict) in told {
            let quantity = match rule.meaning.effect.measure() {
                Some(Measure::CnyPer(_, criterion)) => Some(criterion.as_str()),
                Some(Measure::Percent(_, Base::Price)) => Some(PRICE),
                _ => None,
            };
            let criterion = rule.meaning.test.criterion().or(quantity);
            let given = criterion.and_then(|criterion| self.vehicle.told(criterion));
            let lacks = quantity.is_some_and(|quantity| self.vehicle.number(quantity).is_none());
            let verdict = if *verdict == Verdict::Pass && lacks { Verdict::Unknown } else { *verdict };
            self.checks.push(Check {
                rule: rule.id.clone(),
                part: rule.part.clone(),
                criterion: criterion.map(str::to_owned),
                outcome: verdict.word(),
                detail: told::check(rule, given.as_deref(), verdict),
                given,
                value: rule.value.map(number),
                unit: rule.unit.clone(),
                verification: rule.verification.clone(),
                document: rule.document.clone(),
                note: rule.note.clone(),
            });
        }
    }

    fn step(&mut self, (part, rules, detail): (&str, Vec<&Rule>, String), amount: Range) {
        let rules = rules.into_iter().map(|rule| rule.id.clone()).collect();
        self.steps.push(Step { part: part.to_owned(), rules, detail, amount: amount.into() });
    }
}

/// The rules of a group that decide: the one that holds, else those that may.
fn deciding<'a>(group: &[Judged<'a>]) -> Vec<&'a Rule> {
    let of =
        |wanted: Verdict| group.iter().filter(move |(_, verdict)| *verdict == wanted).map(|(rule, _)| *rule);
    of(Verdict::Pass).next().map_or_else(|| of(Verdict::Unknown).collect(), |rule| vec![rule])
}

fn factor(rule: &Rule) -> Range {
    if let Effect::Multiplier(factor) = rule.meaning.effect { Range::exactly(factor) } else { Range::ONE }
}

/// Whether one of these holds whatever the figure is: bands from the least figure that there can be, without a gap and without an
/// end.
fn covers(group: &[Judged<'_>]) -> bool {
    let band = |(rule, _): &Judged<'_>| match &rule.meaning.test {
        Test::Band { min, max, .. } => Some((min.unwrap_or(Decimal::MIN), *max)),
        _ => None,
    };
    let mut bands: Vec<_> = group.iter().filter_map(band).collect();
    bands.sort_unstable();
    let negative = group.iter().filter_map(|(rule, _)| rule.meaning.test.criterion()).any(may_be_negative);
    let mut reached = Some(if negative { Decimal::MIN } else { Decimal::ZERO });
    for (min, max) in bands {
        if reached.is_none_or(|reached| min > reached) {
            break;
        }
        reached = max;
    }
    reached.is_none()
}
