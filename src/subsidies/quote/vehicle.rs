//! The vehicle that a quote is for, as far as the request tells of it.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::{Held, Verdict};
use crate::error::Fault;
use crate::filter::{Known, Lineage, Parameter};
use crate::params::Params;
use crate::rules::{Form, Test};
use crate::timeseries::key::TOTAL;

/// The class of a vehicle where none is named.
const CLASS: &str = "PV";

/// The largest figure that is taken, in whatever unit.
const MOST: i64 = 1_000_000_000;

/// How many digits behind the point are taken.
const MOST_DIGITS: u32 = 6;

/// The word for what is bought for oneself, where rules only name what is not.
const PRIVATE: &str = "private";

/// What an old car can have been: never both.
const OLD_CAR: [&str; 2] = ["scrapped_old_car", "sold_old_car"];

/// A vehicle.
#[derive(Debug, Clone)]
pub struct Vehicle {
    /// Its class with all above it, nearest first.
    pub(super) class: Vec<String>,
    /// Its powertrain with all above it, nearest first.
    pub(super) powertrain: Vec<String>,
    given: BTreeMap<String, Given>,
}

/// What a request tells of one criterion.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Given {
    Number(Decimal),
    YesNo(bool),
    Word(String),
}

impl Vehicle {
    /// Takes the parameters that describe a vehicle; faults are kept in `params`.
    pub fn read(params: &mut Params, held: &Held) -> Option<Self> {
        let Held { known, criteria, .. } = held;
        let powertrain = single_powertrain(params, known);
        let class = class(params, held);
        let mut given = BTreeMap::new();
        for (criterion, form) in criteria {
            if let Some(value) = Given::read(params, criterion, form) {
                given.insert(criterion.clone(), value);
            }
        }
        old_car(params, &mut given);
        let mut powertrain = powertrain?.to_vec();
        // What documents name beside the code list is a powertrain too, and of all of them.
        if powertrain.last().is_some_and(|top| top != TOTAL) {
            powertrain.push(TOTAL.to_owned());
        }
        Some(Self { class: class?, powertrain, given })
    }

    /// What the request tells, as it was understood.
    pub(super) fn told(&self, criterion: &str) -> Option<String> {
        self.given.get(criterion).map(|given| match given {
            Given::Number(number) => number.normalize().to_string(),
            Given::YesNo(yes) => yes.to_string(),
            Given::Word(word) => word.clone(),
        })
    }

    /// A figure that the request tells.
    pub(super) fn number(&self, criterion: &str) -> Option<Decimal> {
        if let Given::Number(number) = self.given.get(criterion)? { Some(*number) } else { None }
    }

    /// Whether it passes.
    pub(super) fn judged(&self, test: &Test) -> Verdict {
        let Some(criterion) = test.criterion() else { return Verdict::Pass };
        let passes = match (self.given.get(criterion), test) {
            (Some(Given::Number(number)), Test::Band { min, max, .. }) => {
                min.is_none_or(|min| min <= *number) && max.is_none_or(|max| *number < max)
            }
            (Some(Given::YesNo(yes)), Test::Yes(_)) => *yes,
            (Some(Given::Word(word)), Test::Word { words, .. }) => {
                words.iter().any(|wanted| wanted.to_lowercase() == word.to_lowercase())
            }
            _ => return Verdict::Unknown,
        };
        if passes { Verdict::Pass } else { Verdict::Fail }
    }
}

/// Takes the class: one within which rules and rates make no difference.
fn class(params: &mut Params, held: &Held) -> Option<Vec<String>> {
    const NAME: &str = "vehicle_class";
    let given = params.given(NAME).is_some();
    let read = Lineage::read(params, NAME, &held.known);
    let class = read.or_else(|| held.known.lineage(NAME, CLASS).filter(|_| !given))?;
    let own = class.first()?;
    let finer: Vec<&str> =
        held.book.data.classes().into_iter().filter(|of| held.known.is_below(NAME, of, own)).collect();
    if class.last().is_some_and(|top| top != TOTAL) {
        params.reject(Fault::new(NAME, own, "is no class of vehicles"));
        return None;
    }
    if !finer.is_empty() {
        let fault =
            Fault::new(NAME, own, "stands for several classes of which rules or rates differ; name one");
        params.reject(fault.allowed(finer));
        return None;
    }
    Some(class.to_vec())
}

/// Takes the powertrain: one that a single vehicle can have.
pub fn single_powertrain(params: &mut Params, known: &Known) -> Option<Lineage> {
    const NAME: &str = "powertrain";
    if params.given(NAME).is_none() {
        params.text(NAME);
        let fault = Fault::new(NAME, "", "is needed: what is granted depends on it before all");
        params.reject(fault.allowed(known.single(NAME)));
        return None;
    }
    let lineage = Lineage::read(params, NAME, known)?;
    let own = lineage.first()?;
    if known.single(NAME).any(|single| single == own) {
        return Some(lineage);
    }
    let fault = Fault::new(NAME, own, "stands for several powertrains; name the one of the vehicle");
    params.reject(fault.allowed(known.single(NAME)));
    None
}

/// An old car is either scrapped or sold: what is true of one is false of the other.
fn old_car(params: &mut Params, given: &mut BTreeMap<String, Given>) {
    let yes = |given: &BTreeMap<String, Given>, name: &str| given.get(name) == Some(&Given::YesNo(true));
    let [scrapped, sold] = OLD_CAR;
    if yes(given, scrapped) && yes(given, sold) {
        params.reject(Fault::new(sold, "true", format!("cannot be beside {scrapped}=true")));
    }
    for (one, other) in [(scrapped, sold), (sold, scrapped)] {
        if yes(given, one) && !given.contains_key(other) {
            given.insert(other.to_owned(), Given::YesNo(false));
        }
    }
}

impl Given {
    fn read(params: &mut Params, criterion: &str, form: &Form) -> Option<Self> {
        match form {
            Form::Number => params.value(criterion, |text| figure(criterion, text)).map(Self::Number),
            Form::YesNo => params.choice(criterion, &[("true", true), ("false", false)]).map(Self::YesNo),
            Form::Word(words) if criterion == "use" => {
                let text = params.text(criterion)?;
                let allowed: Vec<&str> =
                    std::iter::once(PRIVATE).chain(words.iter().map(String::as_str)).collect();
                if allowed.contains(&text.as_str()) {
                    return Some(Self::Word(text));
                }
                params.reject(
                    Fault::new(criterion, &text, "is not one of the allowed values").allowed(allowed),
                );
                None
            }
            Form::Word(_) => params.text(criterion).map(|text| Self::Word(text.trim().to_owned())),
        }
    }
}

/// Whether a figure may lie below zero: only what is a percentage may, since a car may use more than the threshold.
pub(super) fn may_be_negative(criterion: &str) -> bool {
    criterion.ends_with("_percent")
}

/// Reads a figure of a vehicle.
pub fn figure(criterion: &str, text: &str) -> Result<Decimal, Fault> {
    let fault = |detail: &str| Fault::new(criterion, text, detail);
    let plain = text.bytes().all(|b| b.is_ascii_digit() || b == b'.' || b == b'-');
    // Not one that would be rounded where it has more digits than can be held.
    let number = Decimal::from_str_exact(text).ok().filter(|_| plain);
    let number = number.ok_or_else(|| {
        fault("is not a number of at most 28 digits; expected digits with a decimal point at most")
    })?;
    if number.is_sign_negative() && !number.is_zero() && !may_be_negative(criterion) {
        return Err(fault("is negative; expected zero or more"));
    }
    if number.abs() > Decimal::from(MOST) || number.normalize().scale() > MOST_DIGITS {
        return Err(fault("is larger than 1000000000, or has more than 6 digits behind the point"));
    }
    Ok(number)
}
