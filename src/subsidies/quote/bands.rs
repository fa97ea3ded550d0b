//! The bands that amounts depend on, as a schedule shows them.

use chrono::{Days, NaiveDate};
use rust_decimal::Decimal;

use super::book::{Book, Rule, Terms};
use crate::filter::Known;
use crate::rules::{Effect, Measure, Test};
use crate::subsidies::number::number;
use crate::subsidies::schedule::{ScheduleBand, Wanted};

impl Book {
    /// The criteria that amounts have bands of.
    pub fn banded(&self) -> Vec<&str> {
        let rules = self.instruments.iter().flat_map(|terms| &terms.rules);
        let mut criteria: Vec<_> = rules.filter_map(banded_by).collect();
        criteria.sort_unstable();
        criteria.dedup();
        criteria
    }

    /// The bands that are wanted, by their first day, then by instrument, scheme, powertrain and lower bound.
    pub fn schedule(&self, wanted: &Wanted, known: &Known) -> Vec<ScheduleBand> {
        let mut bands: Vec<(&Terms, &Rule)> = self
            .instruments
            .iter()
            .flat_map(|terms| terms.rules.iter().map(move |rule| (terms, rule)))
            .filter(|(terms, rule)| {
                !terms.rules.iter().any(|other| other.supersedes.as_ref() == Some(&rule.id))
            })
            .filter(|(terms, rule)| banded_by(rule) == Some(wanted.by.as_str()) && wanted.has(terms, rule))
            .collect();
        let order = |(terms, rule): &(&Terms, &Rule)| {
            let (min, _) = bounds(rule);
            (rule.span.from, terms.id.clone(), rule.scheme.clone(), rule.concerns.powertrains.clone(), min)
        };
        bands.sort_by_cached_key(order);
        bands.into_iter().filter_map(|(terms, rule)| band(terms, rule, known)).collect()
    }
}

impl Wanted {
    fn has(&self, terms: &Terms, rule: &Rule) -> bool {
        let of = |lineage: &[String], code: &String| lineage.contains(code);
        let concerns = &rule.concerns;
        self.instruments.as_ref().is_none_or(|ids| of(ids, &terms.id))
            && self.jurisdiction.as_ref().is_none_or(|above| of(above, &terms.jurisdiction))
            && self
                .powertrain
                .as_ref()
                .is_none_or(|kin| concerns.powertrains.iter().any(|code| of(kin, code)))
            && self
                .class
                .as_ref()
                .is_none_or(|kin| concerns.vehicle_class.as_ref().is_none_or(|code| of(kin, code)))
            && self.start.is_none_or(|start| rule.span.until.is_none_or(|until| until > start))
            && self.end.is_none_or(|end| rule.span.from.is_none_or(|from| from <= end))
    }
}

fn banded_by(rule: &Rule) -> Option<&str> {
    match (&rule.meaning.effect, &rule.meaning.test) {
        (Effect::Amount(_), Test::Band { criterion, .. }) => Some(criterion),
        _ => None,
    }
}

fn bounds(rule: &Rule) -> (Option<Decimal>, Option<Decimal>) {
    if let Test::Band { min, max, .. } = rule.meaning.test { (min, max) } else { (None, None) }
}

fn band(terms: &Terms, rule: &Rule, known: &Known) -> Option<ScheduleBand> {
    let (min, max) = bounds(rule);
    let (amount, factor) = (rule.value?, factor(terms, rule, known));
    let cny = matches!(rule.meaning.effect, Effect::Amount(Measure::Cny(_)));
    let last = |until: NaiveDate| until - Days::new(1);
    Some(ScheduleBand {
        instrument: terms.id.clone(),
        valid_from: rule.span.from,
        valid_to: rule.span.until.map(last),
        scheme: rule.scheme.clone(),
        vehicle_class: rule.concerns.vehicle_class.clone(),
        powertrains: rule.concerns.powertrains.clone(),
        criterion: banded_by(rule)?.to_owned(),
        min: min.map(number),
        max: max.map(number),
        amount: number(amount),
        unit: rule.unit.clone().unwrap_or_default(),
        factor: factor.map(number),
        amount_cny: factor.filter(|_| cny).map(|factor| number(amount.saturating_mul(factor))),
        rule: rule.id.clone(),
        verification: rule.verification.clone(),
        document: rule.document.clone(),
        note: rule.note.clone(),
    })
}

/// What every vehicle of a band has its amount multiplied with; `None` where that is not one factor for all of them and all days.
fn factor(terms: &Terms, band: &Rule, known: &Known) -> Option<Decimal> {
    let mut product = Decimal::ONE;
    for rule in &terms.rules {
        let Effect::Multiplier(factor) = rule.meaning.effect else { continue };
        let scheme = rule.scheme.is_none() || rule.scheme == band.scheme;
        if rule.meaning.test != Test::Always || !scheme || !rule.span.overlaps(band.span) {
            continue;
        }
        let all = |dimension, codes: &[String], of: &[String]| {
            let within = |code: &String| {
                let above = known.lineage(dimension, code);
                of.iter().any(|of| above.as_ref().is_some_and(|above| above.contains(of)))
            };
            (codes.iter().all(within), codes.iter().any(within))
        };
        let class = |rule: &Rule| -> Vec<String> { rule.concerns.vehicle_class.iter().cloned().collect() };
        let (all_powertrains, any_powertrain) =
            all("powertrain", &band.concerns.powertrains, &rule.concerns.powertrains);
        let (all_classes, _) = all("vehicle_class", &class(band), &class(rule));
        let of_every_class = rule.concerns.vehicle_class.is_none() || all_classes;
        if all_powertrains && of_every_class && rule.span.covers(band.span) {
            product = product.saturating_mul(factor);
        } else if any_powertrain && of_every_class {
            return None;
        }
    }
    Some(product)
}
