//! What the answers on subsidies hold. Amounts are JSON numbers with the digits that the document prints.

use serde::{Deserialize, Serialize};
use serde_json::Number;
use utoipa::ToSchema;

use crate::rules::{RULE_PARTS, at_odds};
use crate::timeseries::period::PartialDate;
use crate::timeseries::span::Span;
use crate::words::{GOVERNMENT_LEVELS, INSTRUMENT_KINDS, VERIFICATIONS, words};

/// The parts of the dual-credit scheme.
pub const CREDIT_PARTS: [&str; 3] = ["mandate", "rule", "formula"];

/// A scheme, tax, quota or mandate.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Instrument {
    /// Its id.
    pub id: String,
    /// Its name in English.
    pub name: String,
    /// `purchase_subsidy`, `tax_exemption`, `tax_rate`, `trade_in`, `plate_quota`, `credit_mandate` or `charging_subsidy`.
    #[schema(value_type = InstrumentKind)]
    pub kind: String,
    /// The region whose government grants it, as a code of the dimension `geo`; a city's scheme stands under its province.
    pub jurisdiction: String,
    /// `national`, `provincial` or `city`.
    #[schema(value_type = GovernmentLevel)]
    pub level: String,
    /// The authorities that issued it.
    pub authorities: Vec<String>,
    /// When it was announced, as printed: year, month or day; null where not known.
    pub announced: Option<String>,
    /// When it came into force, as printed; a month or year counts from its first day; null where not known.
    pub effective_from: Option<String>,
    /// The last day, month or year in force, as printed; null where no end is known.
    pub effective_to: Option<String>,
    /// The powertrains that its rates and rules name, over all years: codes of the dimension `powertrain`, and
    /// `energy_saving`, `supercapacitor`, `efficient`.
    pub powertrains: Vec<String>,
    /// What it grants, in a sentence; null where there is none.
    pub summary: Option<String>,
    /// How many rates in words it has.
    pub rate_count: i64,
    /// How many computable rules it has; 0 where it is known in words only.
    pub rule_count: i64,
    /// How many of the rules are `unverified`.
    pub unverified_rule_count: i64,
    /// The document that it was read from.
    pub document: String,
}

/// An instrument with all its rates and rules.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct InstrumentDetail {
    /// The instrument itself.
    #[serde(flatten)]
    #[schema(inline)]
    pub instrument: Instrument,
    /// What documents say of its amounts and conditions, of all years, in the published order.
    pub rates: Vec<SubsidyRate>,
    /// The same as rules that can be computed, of all years; empty where there are none.
    pub rules: Vec<SubsidyRule>,
}

impl InstrumentDetail {
    /// The rates that state different amounts for the same class, powertrain, bounds and days: each pair by its places.
    pub fn rates_at_odds(&self) -> Vec<(i32, i32)> {
        let in_cny = |rate: &&SubsidyRate| rate.unit.as_deref() == Some("CNY") && rate.amount.is_some();
        let stated: Vec<&SubsidyRate> = self.rates.iter().filter(in_cny).collect();
        let mut amounts = Vec::new();
        for rate in &stated {
            let alike =
                (&rate.vehicle_class, &rate.powertrains, &rate.criterion, &rate.min_value, &rate.max_value);
            amounts.push((alike, &rate.amount, rate.span()));
        }
        at_odds(&amounts)
            .into_iter()
            .map(|(one, other)| (stated[one].position, stated[other].position))
            .collect()
    }
}

impl SubsidyRate {
    /// The days on which it is in force: a partial start counts from its first day, a partial end to its last.
    fn span(&self) -> Span {
        let date = |text: &Option<String>| text.as_ref().and_then(|text| text.parse::<PartialDate>().ok());
        let until = date(&self.effective_to).and_then(|date| date.last.succ_opt());
        Span { from: date(&self.effective_from).map(|date| date.first), until }
    }
}

/// An amount or condition, as a document words it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SubsidyRate {
    /// The instrument that it belongs to.
    pub instrument: String,
    /// Its place among the rates of the instrument, from 1.
    pub position: i32,
    /// The region whose government grants it.
    pub jurisdiction: String,
    /// When it came into force, as printed; a month or year counts from its first day; null where not known.
    pub effective_from: Option<String>,
    /// The last day, month or year in force, as printed; null where no end is known.
    pub effective_to: Option<String>,
    /// A code of the dimension `vehicle_class`, or `truck_special`, `public_service`, `city_cluster`, `charging`;
    /// null where not stated.
    pub vehicle_class: Option<String>,
    /// Codes of the dimension `powertrain`, or `energy_saving`, `supercapacitor`, `efficient`.
    pub powertrains: Vec<String>,
    /// What the bounds are of, with its unit in its name (`range_km`); null where the rate has no bounds.
    pub criterion: Option<String>,
    /// The lower bound, in the unit that the criterion names; inclusive; null is unbounded.
    #[schema(value_type = Option<f64>)]
    pub min_value: Option<Number>,
    /// The upper bound, in the unit that the criterion names; null is unbounded.
    #[schema(value_type = Option<f64>)]
    pub max_value: Option<Number>,
    /// What `amount` and `cap` count: `CNY`, `percent`, `plates`, or `multiplier` of the amounts that `condition` names;
    /// null where there is neither.
    pub unit: Option<String>,
    /// The amount in `unit`; null where the document states none.
    #[schema(value_type = Option<f64>)]
    pub amount: Option<Number>,
    /// The most that is granted: in CNY, or in plates where `unit` says so; null where there is no limit.
    #[schema(value_type = Option<f64>)]
    pub cap: Option<Number>,
    /// What else must hold, or what the amount is of, in words; null where there is nothing more.
    pub condition: Option<String>,
    /// The document that states it.
    pub document: String,
}

/// A rule that can be computed.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SubsidyRule {
    /// Its id.
    pub id: String,
    /// The instrument that it belongs to.
    pub instrument: String,
    /// The first day in force; null where not known.
    pub valid_from: Option<String>,
    /// The last day in force; null where no end is known.
    pub valid_to: Option<String>,
    /// `condition` (must hold), `amount`, `limit` (bounds the amount before multipliers), `multiplier`, `cap` (bounds the
    /// result), `vat` or `tax` (the rates of the tax that an exemption waives), `ceiling` (bounds what several instruments give) or
    /// `excludes` (names instruments that are not given beside this one).
    #[schema(value_type = RulePart)]
    pub part: String,
    /// One of several schemes that a vehicle may fall under; null where the rule holds for all of them.
    pub scheme: Option<String>,
    /// A code of the dimension `vehicle_class`.
    pub vehicle_class: String,
    /// Codes of the dimension `powertrain`.
    pub powertrains: Vec<String>,
    /// What the bounds are of, with its unit in its name; null where the rule holds without one.
    pub criterion: Option<String>,
    /// The lower bound, inclusive; null is unbounded.
    #[schema(value_type = Option<f64>)]
    pub min: Option<Number>,
    /// The upper bound, exclusive; null is unbounded.
    #[schema(value_type = Option<f64>)]
    pub max: Option<Number>,
    /// The amount, factor or limit in `unit`; null for a condition.
    #[schema(value_type = Option<f64>)]
    pub value: Option<Number>,
    /// `CNY`, `CNY_per_kWh`, `factor`, `factor:commercial`, `percent`, `percent_of_tax`, `percent_of_price`,
    /// `percent_of_national_grants`, `percent_of:` with an instrument, the unit of a condition's bounds, or for the criterion `city` the
    /// places; null where there is none.
    pub unit: Option<String>,
    /// The rule that this one replaced with effect back in time; null where it replaced none.
    pub supersedes: Option<String>,
    /// `read`: a document that states it was read. `unverified`: attributed to the official notice, whose text was not at hand.
    #[schema(value_type = Verification)]
    pub verification: String,
    /// What else there is to know; null where there is nothing.
    pub note: Option<String>,
    /// The document that states it, or that it is attributed to.
    pub document: String,
}

/// Money spent or forgone.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SubsidySpend {
    /// Its place in the published list, from 1.
    pub position: i32,
    /// The year, or the range of years that `value` is the whole of, as printed.
    pub year: String,
    /// The first year.
    pub year_from: i32,
    /// The last year; equal to `year_from` where it is a single one.
    pub year_to: i32,
    /// The region whose money it is, as a code of the dimension `geo`.
    pub jurisdiction: String,
    /// What is counted, in a word: `total_ev_support`, `purchase_tax_forgone` …
    pub measure: String,
    /// `CNY`, `USD`, `percent` or `vehicles`.
    pub unit: String,
    /// The figure in `unit`.
    #[schema(value_type = f64)]
    pub value: Number,
    /// What else there is to know; null where there is nothing.
    pub note: Option<String>,
    /// The document that states it.
    pub document: String,
}

/// A part of the dual-credit scheme: a target of a year, a rule in words, or a formula.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Credit {
    /// `mandate`: what makers must reach in a year. `rule`: what a vehicle earns, in words. `formula`: the same to compute,
    /// credits = min(coefficient x criterion + constant, cap).
    #[schema(value_type = CreditPart)]
    pub part: String,
    /// Its place in the published list of its part, from 1.
    pub position: i32,
    /// The year of a mandate; null for rules and formulas.
    pub year: Option<i32>,
    /// The phase of the scheme that a rule belongs to (`1`, `2`, `1-2`); null for mandates and formulas.
    pub phase: Option<String>,
    /// The first day in force, as printed; null for mandates.
    pub valid_from: Option<String>,
    /// The last day, month or year in force, as printed; null for mandates, and where no end is known.
    pub valid_to: Option<String>,
    /// A code of the dimension `powertrain`; null for mandates.
    pub powertrain: Option<String>,
    /// The credits from new energy vehicles that a maker needs, in percent of its conventional cars; null where not stated.
    #[schema(value_type = Option<f64>)]
    pub nev_credit_percent: Option<Number>,
    /// The fleet average of fuel consumption to reach, in litres per 100 km; null where not stated.
    #[schema(value_type = Option<f64>)]
    pub cafc_target_l_100km: Option<Number>,
    /// What the coefficient is multiplied with, with its unit in its name; null where the credits are flat.
    pub criterion: Option<String>,
    /// Credits for one of the criterion; null where not stated.
    #[schema(value_type = Option<f64>)]
    pub coefficient: Option<Number>,
    /// Credits that every vehicle earns; null where not stated.
    #[schema(value_type = Option<f64>)]
    pub constant: Option<Number>,
    /// The most credits that a vehicle earns; null where no limit is stated.
    #[schema(value_type = Option<f64>)]
    pub cap: Option<Number>,
    /// What rules and formulas count: `credits`; null for mandates.
    pub unit: Option<String>,
    /// A rule's formula in words; null where there is none.
    pub formula: Option<String>,
    /// What else must hold, in words; null where there is nothing more.
    pub condition: Option<String>,
    /// What else there is to know; null where there is nothing.
    pub note: Option<String>,
    /// `read`: a document that states it was read. `unverified`: attributed to the official notice, whose text was not at
    /// hand. Null for rules, which are words of a document that was read.
    #[schema(value_type = Option<Verification>)]
    pub verification: Option<String>,
    /// The document that states it, or that it is attributed to.
    pub document: String,
}

words! {
    /// The kind of an instrument.
    InstrumentKind = INSTRUMENT_KINDS;
}

words! {
    /// A level of government.
    GovernmentLevel = GOVERNMENT_LEVELS;
}

words! {
    /// How well a computable row is founded.
    Verification = VERIFICATIONS;
}

words! {
    /// What a computable rule says.
    RulePart = RULE_PARTS;
}

words! {
    /// A part of the dual-credit scheme.
    CreditPart = CREDIT_PARTS;
}
