//! What one instrument gives to one vehicle on one day.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::answer::{Check, QuotedInstrument, QuotedRate, QuotedScheme};
use super::book::{Concerns, Rate, Rule, Terms};
use super::range::Range;
use super::scheme::{self, Bases, Outcome};
use super::vehicle::Vehicle;
use super::{Question, Verdict};
use crate::rules::{Base, Effect};
use crate::subsidies::number::number;
use crate::timeseries::span::Span;

/// An instrument in force, with those of its rules and rates that are for the vehicle on the day.
#[derive(Debug)]
pub(super) struct InForce<'a> {
    pub(super) terms: &'a Terms,
    pub(super) rules: Vec<&'a Rule>,
    rates: Vec<&'a Rate>,
    /// Rules in force that no document had stated by the date asked for.
    unproven: Vec<&'a str>,
}

/// What an instrument gives, and what the total needs to know of it.
#[derive(Debug)]
pub(super) struct Granted<'a> {
    pub(super) in_force: InForce<'a>,
    /// `None` where it is not computed, or gives no money.
    pub(super) amount: Option<Range>,
    /// Whether it waives a share of the purchase tax.
    pub(super) waives_tax: bool,
    pub(super) quoted: QuotedInstrument,
}

impl<'a> InForce<'a> {
    /// `None` where it is not in force there on that day. Documents may know of rates before the day from which it is dated.
    pub(super) fn on(terms: &'a Terms, question: &Question, day: NaiveDate) -> Option<Self> {
        let dated = terms.span.holds(day)
            || terms.rates.iter().any(|rate| rate.span.holds(day) && rate.span.from.is_some());
        if !dated || !question.jurisdiction.contains(&terms.jurisdiction) {
            return None;
        }
        let Vehicle { class, powertrain, .. } = &question.vehicle;
        let is_for = |span: Span, concerns: &Concerns| span.holds(day) && concerns.vehicle(class, powertrain);
        let concerned = terms.rules.iter().filter(|rule| is_for(rule.span, &rule.concerns));
        let (mut rules, mut unproven): (Vec<&Rule>, Vec<&Rule>) =
            concerned.partition(|rule| question.proves(rule.published));
        let replaced: Vec<&str> = rules.iter().filter_map(|rule| rule.supersedes.as_deref()).collect();
        rules.retain(|rule| !replaced.contains(&rule.id.as_str()));
        // What takes the place of another is no gap while the other still stands, and what was replaced is none.
        unproven.retain(|rule| rule.supersedes.is_none() && !replaced.contains(&rule.id.as_str()));
        let rates = terms
            .rates
            .iter()
            .filter(|rate| is_for(rate.span, &rate.concerns) && question.proves(rate.published));
        Some(Self {
            terms,
            rules,
            rates: rates.collect(),
            unproven: unproven.into_iter().map(|rule| rule.id.as_str()).collect(),
        })
    }

    /// What it is to who buys the vehicle.
    fn benefit(&self) -> &'static str {
        let rules = &self.terms.rules;
        let bounds = |rule: &Rule| matches!(rule.meaning.effect, Effect::Ceiling(..) | Effect::Excludes(_));
        match self.terms.kind.as_str() {
            "plate_quota" => "plate",
            "credit_mandate" => "credits",
            "charging_subsidy" => "charging",
            _ if !rules.is_empty() && rules.iter().all(bounds) => "ceiling",
            "purchase_subsidy" | "trade_in" => "grant",
            _ if rules.iter().any(|rule| matches!(rule.meaning.effect, Effect::Tax(_))) => "tax",
            _ => "tax_relief",
        }
    }

    /// Whether its amount is a share of what other instruments give.
    pub(super) fn depends(&self) -> bool {
        let mut bases = self.rules.iter().filter_map(|rule| rule.meaning.effect.share_of());
        bases.any(Base::of_grants)
    }

    /// Whether it waives a share of the purchase tax.
    fn waives_tax(&self) -> bool {
        self.rules.iter().any(|rule| rule.meaning.effect.share_of() == Some(&Base::Tax))
    }

    /// Computes it, or tells why that cannot be done.
    pub(super) fn granted(self, question: &Question, bases: &Bases<'_>) -> Granted<'a> {
        let benefit = self.benefit();
        if !matches!(benefit, "grant" | "tax_relief") {
            return self.without_money(question, benefit);
        }
        match self.obstacle(bases) {
            Some(reason) => self.in_words(question, benefit, reason),
            None => self.computed(question, bases, benefit),
        }
    }

    /// Why its amount cannot be computed.
    fn obstacle(&self, bases: &Bases<'_>) -> Option<String> {
        let pays = |rule: &&Rule| matches!(rule.meaning.effect, Effect::Amount(_) | Effect::Cap(_));
        if !self.unproven.is_empty() {
            let rules = self.unproven.join(", ");
            return Some(format!("no document of these rules had been published by then: {rules}"));
        }
        if self.is_silent() {
            return Some("nothing that is held of it is for such a vehicle".to_owned());
        }
        if !self.rules.iter().any(pays) {
            return Some("no rules to compute it by are held for such a vehicle: see its rates".to_owned());
        }
        if self.waives_tax() {
            return match bases.tax {
                None => Some("it waives a share of the purchase tax, of which no rule is held or proven for then".to_owned()),
                Some(tax) => tax.lacks_vat.then(|| "no rule of the value-added tax is held or proven for then, so that the purchase tax is not known".to_owned()),
            };
        }
        None
    }

    /// Whether neither a rule nor a rate of it is for such a vehicle.
    fn is_silent(&self) -> bool {
        self.rules.is_empty() && self.rates.is_empty() && self.unproven.is_empty()
    }

    fn computed(self, question: &Question, bases: &Bases<'_>, benefit: &'static str) -> Granted<'a> {
        let outcomes: Vec<(Option<&str>, Outcome)> = self
            .schemes(question.scheme.as_deref())
            .into_iter()
            .map(|(scheme, rules)| (scheme, scheme::evaluated(&rules, &question.vehicle, bases)))
            .collect();
        let amount = Range::any(outcomes.iter().map(|(_, outcome)| outcome.amount));
        let mut unknown: BTreeSet<_> =
            outcomes.iter().flat_map(|(_, outcome)| outcome.unknown.clone()).collect();
        if outcomes.iter().any(|(_, outcome)| outcome.amount != amount) {
            unknown.insert("scheme".to_owned());
        }
        let checks: Vec<&Check> = outcomes.iter().flat_map(|(_, outcome)| &outcome.checks).collect();
        let noted = checks
            .iter()
            .find(|check| check.part == "condition" && check.outcome == "fail" && check.note.is_some());
        let noted = noted.map(|check| format!("the note of {} may say more than is computed", check.rule));
        let unverified = checks.iter().any(|check| check.verification == "unverified");
        let documents = checks.iter().map(|check| check.document.clone()).collect();
        let waives_tax = self.waives_tax();
        let quoted = QuotedInstrument {
            applies: applies(amount),
            computable: true,
            reason: noted,
            amount: Some(amount.into()),
            unknown: unknown.into_iter().collect(),
            unverified,
            schemes: outcomes.into_iter().map(quoted_scheme).collect(),
            ..self.quoted(question, benefit, documents)
        };
        Granted { in_force: self, amount: Some(amount), waives_tax, quoted }
    }

    /// The rules of each scheme, together with those of all schemes.
    fn schemes(&self, chosen: Option<&str>) -> Vec<(Option<&'a str>, Vec<&'a Rule>)> {
        let mut names: Vec<&str> = self.rules.iter().filter_map(|rule| rule.scheme.as_deref()).collect();
        names.sort_unstable();
        names.dedup();
        if let Some(chosen) = chosen.filter(|chosen| names.contains(chosen)) {
            names.retain(|name| *name == chosen);
        }
        if names.is_empty() {
            return vec![(None, self.rules.clone())];
        }
        let of = |name: &'a str| {
            let rules =
                self.rules.iter().filter(|rule| rule.scheme.as_deref().is_none_or(|scheme| scheme == name));
            (Some(name), rules.copied().collect())
        };
        names.into_iter().map(of).collect()
    }

    /// Not computed: told by its rates.
    fn in_words(self, question: &Question, benefit: &'static str, reason: String) -> Granted<'a> {
        let quoted = self.quoted(question, benefit, Vec::new());
        let outside =
            !quoted.rates.is_empty() && quoted.rates.iter().all(|rate| rate.outcome == Verdict::Fail.word());
        let applies = if self.is_silent() {
            "not_stated"
        } else if outside && self.rules.is_empty() && self.unproven.is_empty() {
            "no"
        } else {
            "unknown"
        };
        let quoted = QuotedInstrument { applies, reason: Some(reason), ..quoted };
        Granted { in_force: self, amount: None, waives_tax: false, quoted }
    }

    /// One that gives no money to the buyer: listed with what it says.
    fn without_money(self, question: &Question, benefit: &'static str) -> Granted<'a> {
        let (reason, computable) = match benefit {
            "tax" => ("it is the tax that reliefs are taken from: see purchase_tax", true),
            "ceiling" => ("it bounds what others grant: see stacking", true),
            "credits" => ("it gives credits to makers: see /v1/subsidies/credits/quote", false),
            "charging" => ("it is for charging, not for the vehicle", false),
            _ => ("it is no sum of money", false),
        };
        let holds = computable && !self.rules.is_empty();
        let granted = self.in_words(question, benefit, reason.to_owned());
        let applies = if holds { "yes" } else { granted.quoted.applies };
        let quoted = QuotedInstrument { applies, computable, ..granted.quoted };
        Granted { quoted, ..granted }
    }

    fn quoted(
        &self,
        question: &Question,
        benefit: &'static str,
        mut documents: Vec<String>,
    ) -> QuotedInstrument {
        let rates: Vec<_> = self.rates.iter().map(|rate| quoted_rate(rate, &question.vehicle)).collect();
        documents.extend(rates.iter().map(|rate| rate.document.clone()));
        documents.push(self.terms.document.clone());
        documents.sort();
        documents.dedup();
        QuotedInstrument {
            instrument: self.terms.id.clone(),
            name: self.terms.name.clone(),
            kind: self.terms.kind.clone(),
            jurisdiction: self.terms.jurisdiction.clone(),
            level: self.terms.level.clone(),
            benefit,
            applies: "no",
            computable: false,
            reason: None,
            amount: None,
            schemes: Vec::new(),
            rates,
            unknown: Vec::new(),
            unverified: false,
            documents,
        }
    }
}

impl Granted<'_> {
    /// Whether it may grant money that the total does not have.
    pub(super) fn is_left_out(&self) -> bool {
        let quoted = &self.quoted;
        matches!(quoted.benefit, "grant" | "tax_relief") && quoted.applies == "unknown" && !quoted.computable
    }

    /// Whether it is of those that a local share is counted from.
    pub(super) fn is_national_subsidy(&self) -> bool {
        self.quoted.level == "national" && self.quoted.kind == "purchase_subsidy"
    }

    /// What shares of it are counted from; `None` where it gives nothing that could be computed.
    pub(super) fn for_shares(&self) -> Option<Range> {
        let in_force = &self.in_force;
        let open = self.is_left_out() && !(in_force.rules.is_empty() && in_force.unproven.is_empty());
        self.amount.or(open.then_some(Range::OPEN))
    }

    /// What it gives, where it is of this benefit.
    pub(super) fn of_benefit(&self, benefit: &str) -> Option<Range> {
        self.amount.filter(|_| self.quoted.benefit == benefit)
    }
}

/// What instruments give, by their ids; anything, where rules in force for the vehicle cannot be computed.
pub(super) fn by_id(granted: &[Granted<'_>]) -> BTreeMap<String, Range> {
    granted.iter().filter_map(|one| Some((one.quoted.instrument.clone(), one.for_shares()?))).collect()
}

fn quoted_scheme((scheme, outcome): (Option<&str>, Outcome)) -> QuotedScheme {
    QuotedScheme {
        scheme: scheme.map(str::to_owned),
        applies: applies(outcome.amount),
        amount: outcome.amount.into(),
        steps: outcome.steps,
        checks: outcome.checks,
    }
}

fn applies(amount: Range) -> &'static str {
    match amount {
        amount if amount.is_zero() => "no",
        Range { min, .. } if min.is_zero() => "unknown",
        _ => "yes",
    }
}

fn quoted_rate(rate: &Rate, vehicle: &Vehicle) -> QuotedRate {
    QuotedRate {
        criterion: rate.criterion.clone(),
        min_value: rate.min_value.map(number),
        max_value: rate.max_value.map(number),
        outcome: within(rate, vehicle).word(),
        unit: rate.unit.clone(),
        amount: rate.amount.map(number),
        cap: rate.cap.map(number),
        condition: rate.condition.clone(),
        document: rate.document.clone(),
    }
}

fn within(rate: &Rate, vehicle: &Vehicle) -> Verdict {
    if rate.min_value.is_none() && rate.max_value.is_none() {
        return Verdict::Pass;
    }
    let Some(figure) = rate.criterion.as_deref().and_then(|criterion| vehicle.number(criterion)) else {
        return Verdict::Unknown;
    };
    if rate.max_value == Some(figure) {
        return Verdict::Unknown;
    }
    let inside =
        rate.min_value.is_none_or(|min| min <= figure) && rate.max_value.is_none_or(|max| figure < max);
    if inside { Verdict::Pass } else { Verdict::Fail }
}
