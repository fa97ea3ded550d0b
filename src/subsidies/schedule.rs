//! The schedules of grants: which band paid how much from when to when, and what a vehicle could get over time.

use chrono::NaiveDate;
use serde::Serialize;
use serde_json::Number;
use utoipa::ToSchema;

use super::model::Verification;
use super::quote::{Book, Held, Question, Quote, quotes};
use crate::error::Fault;
use crate::filter::{Kin, Known, Lineage, Parameter, Words, check_order};
use crate::params::Params;
use crate::timeseries::period::{Frequency, PartialDate, Period};

/// What bands are of where the request does not say.
const BY: &str = "range_km";

/// What an instrument pays to the vehicles of one band.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ScheduleBand {
    /// The instrument.
    pub instrument: String,
    /// The first day in force; null where not known.
    #[schema(value_type = Option<String>, format = Date)]
    pub valid_from: Option<NaiveDate>,
    /// The last day in force; null where no end is known.
    #[schema(value_type = Option<String>, format = Date)]
    pub valid_to: Option<NaiveDate>,
    /// The scheme, where the instrument has several at once; null where it has none.
    pub scheme: Option<String>,
    /// The class of vehicles, as a code of the dimension `vehicle_class`; null where it is not stated.
    pub vehicle_class: Option<String>,
    /// The powertrains, as codes of the dimension `powertrain`.
    pub powertrains: Vec<String>,
    /// What the bounds are of.
    pub criterion: String,
    /// The lower bound, inclusive; null is unbounded.
    #[schema(value_type = Option<f64>)]
    pub min: Option<Number>,
    /// The upper bound, exclusive; null is unbounded.
    #[schema(value_type = Option<f64>)]
    pub max: Option<Number>,
    /// The amount as the schedule states it, in `unit`.
    #[schema(value_type = f64)]
    pub amount: Number,
    /// The unit of the amount.
    pub unit: String,
    /// What it is multiplied with for every vehicle, as in a transition; 1 where with nothing, null where that changes within these
    /// days or is not for all of these vehicles. Multipliers that depend on the vehicle stand with the instrument.
    #[schema(value_type = Option<f64>)]
    pub factor: Option<Number>,
    /// The amount times the factor, in CNY; null where the unit is another or the factor is null. Limits, caps and multipliers of the vehicle are not in it.
    #[schema(value_type = Option<f64>)]
    pub amount_cny: Option<Number>,
    /// The rule that states the amount.
    pub rule: String,
    /// How well the rule is founded.
    #[schema(value_type = Verification)]
    pub verification: String,
    /// The document that states it, or that it is attributed to.
    pub document: String,
    /// What else there is to know; null where there is nothing.
    pub note: Option<String>,
}

/// What a vehicle could get at the end of a period.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct SchedulePoint {
    /// The period.
    #[schema(value_type = String, example = "2019-05")]
    pub period: Period,
    /// Its last day, for which this holds.
    #[schema(value_type = String, format = Date)]
    pub on: NaiveDate,
    /// The most that purchase subsidies and trade-in grants give: what was not told at its best. Null where nothing bounds it.
    #[schema(value_type = Option<f64>)]
    pub max_grant_cny: Option<Number>,
    /// The least that they give: what was not told at its worst.
    #[schema(value_type = f64)]
    pub min_grant_cny: Number,
    /// The most purchase tax that is waived; null where nothing bounds it.
    #[schema(value_type = Option<f64>)]
    pub max_tax_relief_cny: Option<Number>,
    /// The least purchase tax that is waived.
    #[schema(value_type = f64)]
    pub min_tax_relief_cny: Number,
    /// The instruments that grant something, or may, apart from tax.
    pub instruments: Vec<String>,
    /// The parameters that were not given and that it depends on.
    pub unknown: Vec<String>,
    /// False where instruments in force are left out, since they cannot be computed.
    pub complete: bool,
    /// Whether a rule that it depends on is `unverified`.
    pub unverified: bool,
}

/// Which bands are asked for.
#[derive(Debug)]
pub struct Wanted {
    pub(super) instruments: Option<Words>,
    pub(super) by: String,
    pub(super) powertrain: Option<Kin>,
    pub(super) class: Option<Kin>,
    pub(super) jurisdiction: Option<Lineage>,
    pub(super) start: Option<NaiveDate>,
    pub(super) end: Option<NaiveDate>,
}

impl Wanted {
    /// Takes the parameters of a schedule; faults are kept in `params`.
    pub fn read(params: &mut Params, known: &Known, book: &Book) -> Self {
        let (start, end) =
            (PartialDate::read(params, "start", known), PartialDate::read(params, "end", known));
        check_order(params, start, end);
        let banded = book.banded();
        let choices: Vec<(&str, &str)> = banded.iter().map(|criterion| (*criterion, *criterion)).collect();
        Self {
            instruments: Words::read(params, "instrument", known),
            by: params.choice("by", &choices).unwrap_or(BY).to_owned(),
            powertrain: Kin::read(params, "powertrain", known),
            class: Kin::read(params, "vehicle_class", known),
            jurisdiction: Lineage::read(params, "jurisdiction", known),
            start: start.map(|date| date.first),
            end: end.map(|date| date.last),
        }
    }
}

/// The periods of a series, and what is asked for each of their last days.
#[derive(Debug)]
pub struct Course {
    periods: Vec<Period>,
    question: Question,
}

impl Course {
    /// Takes the parameters of a series; faults are kept in `params`, and where there are some there is no course.
    pub fn read(params: &mut Params, held: &Held) -> Option<Self> {
        let frequency =
            params.choice("frequency", &Frequency::ALL.map(|f| (f.code(), f))).unwrap_or(Frequency::M);
        let mut period = |name: &'static str| {
            if params.given(name).is_none() {
                params.reject(Fault::new(name, "", "is needed: 2019, 2019-Q3 or 2019-05"));
            }
            let malformed =
                |text: &str| text.parse::<Period>().map_err(|detail| Fault::new(name, text, detail));
            params.value(name, malformed)
        };
        let (start, end) = (period("start"), period("end"));
        let question =
            Question::of_days(params, held, start.zip(end).map(|(s, e)| (s.first_day(), e.last_day())));
        let (start, end) = (start?, end?);
        let ordinals = start.first_within(frequency)..=end.last_within(frequency);
        let periods: Vec<_> = ordinals.filter_map(|ordinal| Period::new(frequency, ordinal)).collect();
        if periods.is_empty() {
            let detail = format!("leaves no period of frequency {} from start={start} on", frequency.code());
            params.reject(Fault::new("end", &end.to_string(), detail));
            return None;
        }
        Some(Self { periods, question: question? })
    }

    /// A point for each period.
    pub fn points(&self, book: &Book) -> Vec<SchedulePoint> {
        let stretches = quotes(book, &self.question);
        let on = |day: NaiveDate| stretches.iter().find(|quote| quote.from <= day && day <= quote.to);
        let points = self.periods.iter().filter_map(|period| Some((period, on(period.last_day())?)));
        points.map(|(period, quote)| point(*period, quote)).collect()
    }
}

fn point(period: Period, quote: &Quote) -> SchedulePoint {
    let granting = quote.instruments.iter().filter(|one| one.benefit == "grant" && one.applies != "no");
    SchedulePoint {
        period,
        on: period.last_day(),
        max_grant_cny: quote.grants.max_cny.clone(),
        min_grant_cny: quote.grants.min_cny.clone(),
        max_tax_relief_cny: quote.tax_relief.max_cny.clone(),
        min_tax_relief_cny: quote.tax_relief.min_cny.clone(),
        instruments: granting.filter(|one| one.computable).map(|one| one.instrument.clone()).collect(),
        unknown: quote.unknown.clone(),
        complete: quote.complete,
        unverified: quote.unverified,
    }
}
