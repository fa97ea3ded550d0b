//! What a request asks of a quote, read from its parameters against what is held.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::{Book, Question, Vehicle};
use crate::database::Versioned;
use crate::error::{Error, Fault, Result};
use crate::filter::{Known, Lineage, Parameter};
use crate::params::Params;
use crate::rules::Form;
use crate::timeseries::period::PartialDate;

/// Where a quote is for if no region is named.
const JURISDICTION: &str = "CN";

/// The most quotes of one answer.
pub const MOST_QUOTES: usize = 1_000;

/// What is held of subsidies, and what requests may name.
#[derive(Debug)]
pub struct Held {
    /// The instruments.
    pub book: Versioned<Book>,
    /// The codes.
    pub known: Known,
    /// What a vehicle can be asked for.
    pub criteria: BTreeMap<String, Form>,
    /// The versions of the codes and of the sources.
    pub others: (i64, i64),
    /// Today's date in China.
    pub today: NaiveDate,
}

impl Held {
    /// Whether an instrument is held of the region or one above it; else that is a fault.
    fn reaches(&self, params: &mut Params, region: &Lineage) -> bool {
        let regions = self.book.data.jurisdictions();
        let reaches = region.iter().any(|code| regions.contains(&code.as_str()));
        if !reaches {
            let own = region.first().map(String::as_str).unwrap_or_default();
            let fault =
                Fault::new("jurisdiction", own, "is no region of which anything is held here, nor in one");
            params.reject(fault.allowed(regions));
        }
        reaches
    }

    /// Something computed from it, dated as it is.
    pub fn dated<T>(&self, data: T) -> Versioned<T> {
        Versioned { version: self.book.version, changed_at: self.book.changed_at, data }
    }
}

impl Question {
    /// Takes the parameters of a quote; faults are kept in `params`, and where there are some there is no question.
    pub fn read(params: &mut Params, held: &Held) -> Option<Self> {
        let days = days(params, held);
        Self::of_days(params, held, days)
    }

    /// The parameters that a default may stand for, as they were taken.
    pub fn resolved(&self) -> Vec<(&'static str, String)> {
        let first = |codes: &[String]| codes.first().cloned().unwrap_or_default();
        let mut resolved =
            vec![("jurisdiction", first(&self.jurisdiction)), ("vehicle_class", first(&self.vehicle.class))];
        if self.from == self.to {
            resolved.push(("on", self.from.to_string()));
        } else {
            resolved.extend([("from", self.from.to_string()), ("to", self.to.to_string())]);
        }
        resolved
    }

    /// The same for days that are known, from the first to the last.
    pub fn of_days(params: &mut Params, held: &Held, days: Option<(NaiveDate, NaiveDate)>) -> Option<Self> {
        let jurisdiction = Lineage::read(params, "jurisdiction", &held.known);
        let jurisdiction = jurisdiction.or_else(|| held.known.lineage("jurisdiction", JURISDICTION));
        let jurisdiction = jurisdiction.filter(|region| held.reaches(params, region));
        let schemes: Vec<_> = held.book.data.schemes().into_iter().map(|name| (name, name)).collect();
        let scheme = params.choice("scheme", &schemes).map(str::to_owned);
        let as_of = PartialDate::read(params, "as_of", &held.known).map(|date| date.last);
        let vehicle = Vehicle::read(params, held);
        let (from, to) = days?;
        Some(Self {
            name: None,
            vehicle: vehicle?,
            jurisdiction: jurisdiction?.to_vec(),
            scheme,
            as_of,
            from,
            to,
        })
    }
}

/// The questions, if all together they are answered by no more quotes than one answer holds.
pub fn bounded(held: &Held, questions: Vec<Question>) -> Result<Vec<Question>> {
    let count: usize = questions.iter().map(|question| question.changes(&held.book.data).len()).sum();
    if count <= MOST_QUOTES {
        return Ok(questions);
    }
    let detail = format!(
        "would be answered by up to {count} quotes; at most {MOST_QUOTES} are sent at once: name fewer vehicles or fewer days"
    );
    Err(Error::Rejected(vec![Fault::new("(query)", "", detail)]))
}

/// The days: `on`, or `from` and `to`; today where none of them is given.
fn days(params: &mut Params, held: &Held) -> Option<(NaiveDate, NaiveDate)> {
    let mut date = |name| {
        let given = params.given(name).is_some();
        let date = PartialDate::read(params, name, &held.known);
        (given, date)
    };
    let [on, from, to] = ["on", "from", "to"].map(&mut date);
    if [on, from, to].iter().any(|(given, date)| *given && date.is_none()) {
        return None;
    }
    let ((_, on), (_, from), (_, to)) = (on, from, to);
    if let Some(on) = on {
        let fault = if from.is_some() || to.is_some() {
            "cannot be beside from or to"
        } else if on.first < on.last {
            "names no single day; a quote is for a day, as 2019-05-01, or for those from `from` to `to`"
        } else {
            return Some((on.first, on.first));
        };
        params.reject(Fault::new("on", &on.to_string(), fault));
        return None;
    }
    if from.is_none() && to.is_none() {
        return Some((held.today, held.today));
    }
    let last = to.map_or(held.today, |to| to.last);
    let first = from.map_or_else(|| held.book.data.first_day().unwrap_or(last).min(last), |from| from.first);
    if first > last {
        let (name, date) = if to.is_some() { ("to", to) } else { ("from", from) };
        let shown = date.map(|date| date.to_string()).unwrap_or_default();
        params.reject(Fault::new(name, &shown, format!("leaves no day: {first} lies behind {last}")));
        return None;
    }
    Some((first, last))
}
