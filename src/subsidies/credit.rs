//! What one vehicle earns under the dual-credit scheme: credits = min(coefficient x criterion + constant, limit).

use std::collections::BTreeMap;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::Number;
use utoipa::ToSchema;

use super::model::Verification;
use super::number::number;
use crate::error::Fault;
use crate::filter::Known;
use crate::params::Params;
use crate::subsidies::quote::{figure, single_powertrain};
use crate::timeseries::period::PartialDate;

/// What a maker or importer is credited for one vehicle.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct CreditQuote {
    /// The day.
    #[schema(value_type = String, format = Date)]
    pub on: NaiveDate,
    /// The powertrain.
    pub powertrain: String,
    /// The credits; null where they are not certain, or no formula is held for such a vehicle on that day.
    #[schema(value_type = Option<f64>)]
    pub credits: Option<Number>,
    /// The least that they can be: what was not given turns out to be nothing. Null where no formula is held.
    #[schema(value_type = Option<f64>)]
    pub min_credits: Option<Number>,
    /// The most that they can be; null where no formula is held or nothing bounds them.
    #[schema(value_type = Option<f64>)]
    pub max_credits: Option<Number>,
    /// The parameter that was not given and that the credits depend on; null where there is none.
    pub unknown: Option<String>,
    /// What was computed, in words; null where nothing was.
    pub calculation: Option<String>,
    /// The formula; null where none is held for such a vehicle on that day.
    pub formula: Option<CreditFormula>,
    /// What makers must reach in that year; empty where no target is held.
    pub mandates: Vec<CreditTarget>,
}

/// The formula of a phase.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct CreditFormula {
    /// The powertrain that it is for.
    pub powertrain: String,
    /// The first day in force; null where not known.
    pub valid_from: Option<String>,
    /// The last day in force; null where no end is known.
    pub valid_to: Option<String>,
    /// What the coefficient is multiplied with; null where the credits are flat.
    pub criterion: Option<String>,
    /// Credits for one of the criterion.
    #[schema(value_type = f64)]
    pub coefficient: Number,
    /// Credits that every such vehicle earns.
    #[schema(value_type = f64)]
    pub constant: Number,
    /// The most credits; null where no limit is stated.
    #[schema(value_type = Option<f64>)]
    pub max_credits: Option<Number>,
    /// How well it is founded.
    #[schema(value_type = Verification)]
    pub verification: String,
    /// The document that states it, or that it is attributed to.
    pub document: String,
    /// What else there is to know; null where there is nothing.
    pub note: Option<String>,
}

/// A target of a year.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CreditTarget {
    /// The year.
    pub year: i32,
    /// Credits from new energy vehicles in percent of a maker's conventional cars; null where not stated.
    #[schema(value_type = Option<f64>)]
    pub nev_credit_percent: Option<Number>,
    /// The fleet average of fuel consumption in litres per 100 km; null where not stated.
    #[schema(value_type = Option<f64>)]
    pub cafc_target_l_100km: Option<Number>,
    /// How well it is founded.
    #[schema(value_type = Verification)]
    pub verification: String,
    /// The document that states it, or that it is attributed to.
    pub document: String,
    /// What else there is to know; null where there is nothing.
    pub note: Option<String>,
}

/// The formulas and targets that are held, as the database has them.
#[derive(Debug, Default, Deserialize)]
pub struct Scheme {
    formulas: Vec<FormulaRow>,
    mandates: Vec<CreditTarget>,
}

#[derive(Debug, Clone, Deserialize)]
struct FormulaRow {
    from: Option<NaiveDate>,
    until: Option<NaiveDate>,
    valid_from: Option<String>,
    valid_to: Option<String>,
    powertrain: String,
    criterion: Option<String>,
    coefficient: Decimal,
    constant: Decimal,
    max_credits: Option<Decimal>,
    verification: String,
    document: String,
    note: Option<String>,
}

/// A vehicle, on a day.
#[derive(Debug)]
pub struct Earner {
    on: NaiveDate,
    /// Its powertrain with all above it, nearest first.
    powertrain: Vec<String>,
    figures: BTreeMap<String, Decimal>,
}

impl Earner {
    /// Takes the parameters; faults are kept in `params`, and where there are some there is no vehicle.
    pub fn read(params: &mut Params, known: &Known, scheme: &Scheme, today: NaiveDate) -> Option<Self> {
        let today = params.given("on").is_none().then_some(today);
        let on = params.value("on", day).or(today);
        let powertrain = single_powertrain(params, known);
        let mut figures = BTreeMap::new();
        for criterion in scheme.criteria() {
            if let Some(number) = params.value(criterion, |text| figure(criterion, text)) {
                figures.insert(criterion.to_owned(), number);
            }
        }
        Some(Self { on: on?, powertrain: powertrain?.to_vec(), figures })
    }
}

impl Scheme {
    /// What formulas multiply with.
    fn criteria(&self) -> Vec<&str> {
        let mut criteria: Vec<_> = self.formulas.iter().filter_map(|row| row.criterion.as_deref()).collect();
        criteria.sort_unstable();
        criteria.dedup();
        criteria
    }

    /// The formula for a vehicle: that of its own powertrain before that of one above it.
    fn formula(&self, earner: &Earner) -> Option<&FormulaRow> {
        let in_force = |row: &&FormulaRow| {
            row.from.is_none_or(|from| from <= earner.on) && row.until.is_none_or(|until| earner.on < until)
        };
        earner.powertrain.iter().find_map(|powertrain| {
            self.formulas.iter().filter(in_force).find(|row| row.powertrain == *powertrain)
        })
    }

    /// What a vehicle earns.
    pub fn quote(&self, earner: &Earner) -> CreditQuote {
        use chrono::Datelike as _;
        let row = self.formula(earner);
        let bounds = row.map(|row| row.credits(earner));
        let certain = bounds.and_then(|(least, most)| most.filter(|most| *most == least));
        let lacks =
            row.and_then(|row| row.criterion.clone()).filter(|name| !earner.figures.contains_key(name));
        CreditQuote {
            on: earner.on,
            powertrain: earner.powertrain.first().cloned().unwrap_or_default(),
            credits: certain.map(number),
            min_credits: bounds.map(|(least, _)| number(least)),
            max_credits: bounds.and_then(|(_, most)| most).map(number),
            unknown: lacks.filter(|_| certain.is_none()),
            calculation: row.map(|row| row.told(earner)),
            formula: row.map(FormulaRow::formula),
            mandates: self
                .mandates
                .iter()
                .filter(|target| target.year == earner.on.year())
                .cloned()
                .collect(),
        }
    }
}

impl FormulaRow {
    /// The least and the most credits.
    fn credits(&self, earner: &Earner) -> (Decimal, Option<Decimal>) {
        let limited = |credits: Decimal| self.max_credits.map_or(credits, |most| credits.min(most));
        let Some(criterion) = self.criterion.as_ref().filter(|_| !self.coefficient.is_zero()) else {
            return (limited(self.constant), Some(limited(self.constant)));
        };
        match earner.figures.get(criterion) {
            Some(figure) => {
                let credits = limited(self.coefficient.saturating_mul(*figure).saturating_add(self.constant));
                (credits, Some(credits))
            }
            None => (limited(self.constant), self.max_credits),
        }
    }

    fn told(&self, earner: &Earner) -> String {
        let flat = number(self.constant).to_string();
        let sum = match &self.criterion {
            None => flat,
            Some(name) => {
                let figure =
                    earner.figures.get(name).map_or_else(|| name.clone(), |f| number(*f).to_string());
                format!("{} x {figure} + {flat}", number(self.coefficient))
            }
        };
        self.max_credits.map_or(sum.clone(), |most| format!("min({sum}, {})", number(most)))
    }

    fn formula(&self) -> CreditFormula {
        let row = self.clone();
        CreditFormula {
            powertrain: row.powertrain,
            valid_from: row.valid_from,
            valid_to: row.valid_to,
            criterion: row.criterion,
            coefficient: number(row.coefficient),
            constant: number(row.constant),
            max_credits: row.max_credits.map(number),
            verification: row.verification,
            document: row.document,
            note: row.note,
        }
    }
}

/// A single day.
fn day(text: &str) -> Result<NaiveDate, Fault> {
    let date: PartialDate = text.parse().map_err(|detail: String| Fault::new("on", text, detail))?;
    let one = (date.first == date.last).then_some(date.first);
    one.ok_or_else(|| Fault::new("on", text, "names no single day; expected one, as 2021-05-01"))
}
