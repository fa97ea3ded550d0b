//! The purchase tax of a vehicle, which exemptions waive: price / (1 + VAT) x rate.

use rust_decimal::Decimal;

use super::answer::{Money, PurchaseTax};
use super::book::Rule;
use super::range::Range;
use super::vehicle::Vehicle;
use crate::rules::{Effect, NET_PRICE, PRICE, PURCHASE_TAX};
use crate::subsidies::number::number;

/// The purchase tax of one vehicle on one day.
#[derive(Debug)]
pub(super) struct Tax<'a> {
    /// Not rounded: what is waived of it is rounded, and so is what is told.
    pub(super) amount: Range,
    /// Whether only the price with value-added tax was told, and none of its rules is in force and proven.
    pub(super) lacks_vat: bool,
    net: Option<Decimal>,
    vat: Option<Decimal>,
    rate: Decimal,
    rules: Vec<&'a Rule>,
}

impl<'a> Tax<'a> {
    /// Computes it by the rules in force for the vehicle; `None` where none of them states a purchase tax.
    pub(super) fn of(rules: &[&'a Rule], vehicle: &Vehicle) -> Option<Self> {
        let find = |rate: fn(&Effect) -> Option<Decimal>| {
            rules.iter().find_map(|rule| Some((*rule, rate(&rule.meaning.effect)?)))
        };
        let (rule, rate) = find(|effect| if let Effect::Tax(rate) = effect { Some(*rate) } else { None })?;
        let vat = find(|effect| if let Effect::Vat(rate) = effect { Some(*rate) } else { None });
        let told = vehicle.number(PURCHASE_TAX);
        let (net, gross) = (vehicle.number(NET_PRICE), vehicle.number(PRICE));
        // What was told needs no rule.
        let vat = vat.filter(|_| told.is_none() && net.is_none() && gross.is_some());
        let without_vat =
            |(_, vat): (&Rule, Decimal)| gross?.checked_div(Decimal::ONE + vat / Decimal::ONE_HUNDRED);
        let net = net.or_else(|| vat.and_then(without_vat)).filter(|_| told.is_none());
        let computed = net.map(|net| net.saturating_mul(rate) / Decimal::ONE_HUNDRED);
        Some(Self {
            amount: told.or(computed).map_or(Range::OPEN, Range::exactly),
            lacks_vat: told.is_none() && net.is_none() && gross.is_some(),
            net,
            vat: vat.map(|(_, vat)| vat),
            rate,
            rules: std::iter::once(rule)
                .filter(|_| told.is_none())
                .chain(vat.map(|(rule, _)| rule))
                .collect(),
        })
    }

    /// The same as it is answered, with what is left after a relief.
    pub(super) fn told(&self, relief: Range) -> PurchaseTax {
        let mut documents: Vec<_> = self.rules.iter().map(|rule| rule.document.clone()).collect();
        documents.sort();
        documents.dedup();
        let net = self.net.map(|net| number(Range::exactly(net).to_the_fen().min));
        PurchaseTax {
            price_without_vat_cny: net,
            vat_percent: self.vat.map(number),
            tax_percent: number(self.rate),
            tax: self.amount.to_the_fen().into(),
            due: self.due(relief),
            rules: self.rules.iter().map(|rule| rule.id.clone()).collect(),
            notes: self.rules.iter().filter_map(|rule| rule.note.clone()).collect(),
            unverified: self.unverified(),
            documents,
        }
    }

    /// Whether one of its rules is unverified.
    pub(super) fn unverified(&self) -> bool {
        self.rules.iter().any(|rule| rule.verification == "unverified")
    }

    /// What is left: where the tax is not known, anything.
    fn due(&self, relief: Range) -> Money {
        let Some(tax) = self.amount.to_the_fen().certain() else { return Range::OPEN.into() };
        let least = relief.max.map_or(Decimal::ZERO, |most| (tax - most).max(Decimal::ZERO));
        Range { min: least, max: Some((tax - relief.min).max(Decimal::ZERO)) }.into()
    }
}
