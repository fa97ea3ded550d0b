//! What a quote answers. Amounts are in CNY, exact, as JSON numbers.

use chrono::NaiveDate;
use serde::Serialize;
use serde_json::Number;
use utoipa::ToSchema;

use super::range::Range;
use crate::subsidies::model::{GovernmentLevel, InstrumentKind, RulePart, Verification};
use crate::subsidies::number::number;
use crate::words::words;

/// What an instrument is to who buys a vehicle.
pub const BENEFITS: [&str; 7] = ["grant", "tax_relief", "tax", "ceiling", "plate", "credits", "charging"];

/// What can be said of a test.
pub const OUTCOMES: [&str; 3] = ["pass", "fail", "unknown"];

/// Whether an instrument grants something.
pub const APPLIES: [&str; 4] = ["yes", "no", "unknown", "not_stated"];

/// What one vehicle gets in one region, on one day or as long as nothing changes.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Quote {
    /// The name that a request with several vehicles gives this one; null where there is just one.
    pub vehicle: Option<String>,
    /// The day, or the first of the days on which this holds.
    #[schema(value_type = String, format = Date)]
    pub from: NaiveDate,
    /// The day, or the last of the days on which this holds.
    #[schema(value_type = String, format = Date)]
    pub to: NaiveDate,
    /// The region, as a code of the dimension `geo`. Instruments of the regions above it count too.
    pub jurisdiction: String,
    /// All that is granted in CNY; null where it is not certain, then it lies between `min_cny` and `max_cny`.
    #[schema(value_type = Option<f64>)]
    pub total_cny: Option<Number>,
    /// The least that is granted: what was not told turns out at its worst.
    #[schema(value_type = f64)]
    pub min_cny: Number,
    /// The most that is granted: what was not told turns out at its best. Null where nothing bounds it.
    #[schema(value_type = Option<f64>)]
    pub max_cny: Option<Number>,
    /// Purchase subsidies and trade-in grants of the total.
    pub grants: Money,
    /// Purchase tax that is waived, of the total.
    pub tax_relief: Money,
    /// False where the total leaves out instruments: those of `left_out`.
    pub complete: bool,
    /// The instruments in force that may grant money and cannot be computed; they are not in the total.
    pub left_out: Vec<String>,
    /// The parameters that were not given and that the total depends on; naming them narrows it.
    pub unknown: Vec<String>,
    /// Whether a rule that the total depends on is `unverified`: attributed to an official notice whose text was not at hand.
    pub unverified: bool,
    /// The purchase tax of the vehicle; null where no rules of one are in force.
    pub purchase_tax: Option<PurchaseTax>,
    /// How instruments act on one another; where nothing is listed their amounts are added.
    pub stacking: Vec<Stacking>,
    /// Every instrument in force there, national ones first, then by id. For several days, none that is `not_stated`.
    pub instruments: Vec<QuotedInstrument>,
}

/// A sum of money as far as it is known.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[expect(clippy::struct_field_names, reason = "the contract names the unit of each figure")]
pub struct Money {
    /// The sum in CNY; null where it is not certain.
    #[schema(value_type = Option<f64>)]
    pub amount_cny: Option<Number>,
    /// The least that it can be.
    #[schema(value_type = f64)]
    pub min_cny: Number,
    /// The most that it can be; null where nothing bounds it.
    #[schema(value_type = Option<f64>)]
    pub max_cny: Option<Number>,
}

/// The purchase tax of a vehicle before any relief: price / (1 + VAT) x rate, to the hundredth of a CNY. What is temporarily halved
/// for small engines is not held here.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PurchaseTax {
    /// The price without value-added tax in CNY, which the tax is counted from; null where it was not told.
    #[schema(value_type = Option<f64>)]
    pub price_without_vat_cny: Option<Number>,
    /// The value-added tax in percent of the price without it; null where it is not held for the day.
    #[schema(value_type = Option<f64>)]
    pub vat_percent: Option<Number>,
    /// The purchase tax in percent of the price without value-added tax.
    #[schema(value_type = f64)]
    pub tax_percent: Number,
    /// The tax before relief.
    pub tax: Money,
    /// What is left of it to pay.
    pub due: Money,
    /// The rules that it was computed by.
    pub rules: Vec<String>,
    /// What else there is to know of them.
    pub notes: Vec<String>,
    /// Whether one of them is `unverified`.
    pub unverified: bool,
    /// The documents that state them.
    pub documents: Vec<String>,
}

/// How instruments act on one another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Stacking {
    /// The rule that says so; null where none does.
    pub rule: Option<String>,
    /// How well the rule is founded; null where there is none.
    #[schema(value_type = Option<Verification>)]
    pub verification: Option<String>,
    /// The document that states it, or that it is attributed to; null where there is none.
    pub document: Option<String>,
    /// The instruments that it is about.
    pub instruments: Vec<String>,
    /// What it means for the total, in words.
    pub detail: String,
}

/// What one instrument gives.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct QuotedInstrument {
    /// The id of the instrument.
    pub instrument: String,
    /// Its name in English.
    pub name: String,
    /// Its kind.
    #[schema(value_type = InstrumentKind)]
    pub kind: String,
    /// The region whose government grants it.
    pub jurisdiction: String,
    /// The level of that government. What a city grants stands under its province, and is for the city alone.
    #[schema(value_type = GovernmentLevel)]
    pub level: String,
    /// `grant` and `tax_relief` are money for the buyer; `tax` is a tax that reliefs are taken from; a `ceiling` bounds what others
    /// grant; `plate` is a licence plate; `credits` are for makers, `charging` is for charging.
    #[schema(value_type = Benefit)]
    pub benefit: &'static str,
    /// `yes`: something is granted. `no`: nothing. `unknown`: it depends on what was not told, or on rates in words. `not_stated`:
    /// nothing that is held of it is for such a vehicle, which is not to say that it grants none.
    #[schema(value_type = Applies)]
    pub applies: &'static str,
    /// Whether the amount is computed from rules; where it is not, `reason` says why, and `rates` have it in words.
    pub computable: bool,
    /// Why it is not computed, or what else there is to know; null where there is nothing.
    pub reason: Option<String>,
    /// What it gives, by all its schemes together; null where it is not computed or gives no money.
    pub amount: Option<Money>,
    /// What it gives by each scheme that a vehicle may fall under: one without a name where there are no several.
    pub schemes: Vec<QuotedScheme>,
    /// What documents say in words of such a vehicle, conditions that are not computed with it.
    pub rates: Vec<QuotedRate>,
    /// The parameters that were not given and that the amount depends on.
    pub unknown: Vec<String>,
    /// Whether a rule that the amount depends on is `unverified`.
    pub unverified: bool,
    /// The documents of the instrument, and of the rules or rates listed.
    pub documents: Vec<String>,
}

/// What an instrument gives by one scheme.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct QuotedScheme {
    /// The scheme; null where the instrument has no several.
    pub scheme: Option<String>,
    /// Whether it grants something.
    #[schema(value_type = Applies)]
    pub applies: &'static str,
    /// What it gives.
    pub amount: Money,
    /// How the amount came about, step by step.
    pub steps: Vec<Step>,
    /// The rules that were looked at, and what became of each. Of bands, the one that holds; all where none does or where it is not
    /// known which.
    pub checks: Vec<Check>,
}

/// A step of a computation.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Step {
    /// What was done: the amount was found, limited, multiplied or capped, or a condition did not hold or is open.
    #[schema(value_type = RulePart)]
    pub part: String,
    /// The rules that it was done by.
    pub rules: Vec<String>,
    /// What it was done with, in words.
    pub detail: String,
    /// The amount behind it.
    pub amount: Money,
}

/// A rule that was looked at.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Check {
    /// The id of the rule.
    pub rule: String,
    /// What the rule says.
    #[schema(value_type = RulePart)]
    pub part: String,
    /// What it looks at or multiplies by; null where at nothing.
    pub criterion: Option<String>,
    /// What the request tells of it; null where it tells nothing.
    pub given: Option<String>,
    /// `pass`: it holds. `fail`: it does not. `unknown`: the criterion was not given.
    #[schema(value_type = Outcome)]
    pub outcome: &'static str,
    /// What it asks for and what follows, in words.
    pub detail: String,
    /// The value of the rule in `unit`; null for a condition.
    #[schema(value_type = Option<f64>)]
    pub value: Option<Number>,
    /// The unit of the value or of the bounds; null where there is none.
    pub unit: Option<String>,
    /// How well the rule is founded.
    #[schema(value_type = Verification)]
    pub verification: String,
    /// The document that states it, or that it is attributed to.
    pub document: String,
    /// What else there is to know of it; null where there is nothing.
    pub note: Option<String>,
}

/// A rate in words.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct QuotedRate {
    /// What its bounds are of; null where it has none.
    pub criterion: Option<String>,
    /// The lower bound; null is unbounded.
    #[schema(value_type = Option<f64>)]
    pub min_value: Option<Number>,
    /// The upper bound; null is unbounded.
    #[schema(value_type = Option<f64>)]
    pub max_value: Option<Number>,
    /// Whether the vehicle lies within the bounds; `unknown` on the upper one, of which documents do not say whether it is included.
    #[schema(value_type = Outcome)]
    pub outcome: &'static str,
    /// What `amount` and `cap` count; null where there is neither.
    pub unit: Option<String>,
    /// The amount in `unit`; null where none is stated.
    #[schema(value_type = Option<f64>)]
    pub amount: Option<Number>,
    /// The most that is granted; null where there is no limit.
    #[schema(value_type = Option<f64>)]
    pub cap: Option<Number>,
    /// What else must hold, in words; null where there is nothing more.
    pub condition: Option<String>,
    /// The document that states it.
    pub document: String,
}

impl QuotedInstrument {
    /// Whether it has anything for such a vehicle, be it a rule that does not hold.
    pub(super) fn concerns(&self) -> bool {
        self.applies != "not_stated"
    }
}

impl From<Range> for Money {
    fn from(range: Range) -> Self {
        let amount_cny = range.certain().map(number);
        Self { amount_cny, min_cny: number(range.min), max_cny: range.max.map(number) }
    }
}

words! {
    /// What an instrument is to who buys a vehicle.
    Benefit = BENEFITS;
}

words! {
    /// What can be said of a test.
    Outcome = OUTCOMES;
}

words! {
    /// Whether an instrument grants something.
    Applies = APPLIES;
}
