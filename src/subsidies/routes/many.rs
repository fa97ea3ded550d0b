//! Many vehicles in a body: each with its own fields and those that hold for all.

use std::collections::BTreeSet;

use crate::error::{Error, Fault, Result};
use crate::http::body::{Fields, Json};
use crate::params::{MOST_FAULTS, Params};
use crate::subsidies::quote::{Held, Question};

/// The most vehicles of a body.
const MOST_VEHICLES: usize = 100;

/// The longest name of a vehicle, in characters.
const MOST_NAME_CHARS: usize = 100;

/// The vehicles of a body as they came.
#[derive(Debug)]
pub(super) struct Many {
    common: Fields,
    vehicles: Vec<Fields>,
}

impl Many {
    /// Reads the form of a body.
    pub(super) fn of(body: &Json) -> Result<Self> {
        let malformed = |parameter: &str, value: &Json, detail: &str| {
            Err(Error::Malformed(vec![Fault::new(parameter, value.shown(), detail)]))
        };
        let Json::Object(fields) = body else { return malformed("(body)", body, "is no object") };
        let (vehicles, common): (Fields, Fields) =
            fields.iter().cloned().partition(|(name, _)| name == "vehicles");
        let [(_, list)] = vehicles.as_slice() else {
            let fault = Fault::new("vehicles", "", "is needed once: a list of vehicles");
            return Err(Error::Rejected(vec![fault]));
        };
        let Json::List(items) = list else { return malformed("vehicles", list, "is not a list") };
        if !(1..=MOST_VEHICLES).contains(&items.len()) {
            let detail =
                format!("holds {} vehicles; from 1 to {MOST_VEHICLES} are quoted at once", items.len());
            return Err(Error::Rejected(vec![Fault::new("vehicles", "[…]", detail)]));
        }
        let mut vehicles = Vec::new();
        for (at, item) in items.iter().enumerate() {
            let Json::Object(fields) = item else {
                return malformed(&format!("vehicles[{at}]"), item, "is no object");
            };
            vehicles.push(fields.clone());
        }
        Ok(Self { common, vehicles })
    }

    /// A question for each vehicle; the faults of all come out together.
    pub(super) fn questions(&self, held: &Held) -> Result<Vec<Question>> {
        let (mut questions, mut faults, mut names) = (Vec::new(), Faults::default(), BTreeSet::new());
        for (at, own) in self.vehicles.iter().enumerate() {
            match self.question(at, own, held) {
                Ok(question) => {
                    if !names.insert(question.name.clone()) {
                        let name = question.name.as_deref().unwrap_or_default();
                        let fault = Fault::new(
                            format!("vehicles[{at}].name"),
                            name,
                            "is the name of another vehicle too",
                        );
                        faults.add(Error::Rejected(vec![fault]))?;
                    }
                    questions.push(question);
                }
                Err(error) => faults.add(error)?,
            }
        }
        faults.finish(questions)
    }

    fn question(&self, at: usize, own: &Fields, held: &Held) -> Result<Question> {
        let mine = |name: &str| own.iter().any(|(field, _)| field == name);
        let common = self.common.iter().filter(|(name, _)| !mine(name));
        let (mut pairs, mut malformed) = (Vec::new(), Vec::new());
        for (name, value) in common.chain(own) {
            match value.as_parameter() {
                Ok(Some(text)) => pairs.push((name.clone(), text)),
                Ok(None) => {}
                Err(detail) => malformed.push(Fault::new(name, value.shown(), detail)),
            }
        }
        let mut params = Params::of(&pairs);
        for fault in malformed {
            params.malform(fault);
        }
        let name = params.value("name", name);
        let question = Question::read(&mut params, held);
        params
            .finish()
            .map_err(|error| placed(error, |name| mine(name).then(|| format!("vehicles[{at}].{name}"))))?;
        let name = name.unwrap_or_else(|| (at + 1).to_string());
        let question = question
            .ok_or_else(|| Error::internal("reading a quote's question", "neither it nor a fault"))?;
        Ok(Question { name: Some(name), ..question })
    }
}

/// The faults of many vehicles. One that is of what holds for all of them is told once.
#[derive(Default)]
struct Faults {
    malformed: bool,
    all: Vec<Fault>,
}

impl Faults {
    fn add(&mut self, error: Error) -> Result<()> {
        let faults = match error {
            Error::Malformed(faults) => {
                self.malformed = true;
                faults
            }
            Error::Rejected(faults) => faults,
            other => return Err(other),
        };
        for fault in faults {
            if !self.all.contains(&fault) {
                self.all.push(fault);
            }
        }
        Ok(())
    }

    fn finish<T>(self, done: T) -> Result<T> {
        let Self { malformed, mut all } = self;
        if all.len() > MOST_FAULTS {
            let untold = all.len() - MOST_FAULTS;
            all.truncate(MOST_FAULTS);
            all.push(Fault::new("(query)", "", format!("has {untold} faults more")));
        }
        match (all.is_empty(), malformed) {
            (true, _) => Ok(done),
            (false, true) => Err(Error::Malformed(all)),
            (false, false) => Err(Error::Rejected(all)),
        }
    }
}

fn name(text: &str) -> std::result::Result<String, Fault> {
    if text.chars().count() > MOST_NAME_CHARS || text.contains(char::is_control) {
        let detail = format!("is no text of at most {MOST_NAME_CHARS} characters without control characters");
        return Err(Fault::new("name", text, detail));
    }
    Ok(text.to_owned())
}

/// The same faults, named by where in the body they are.
fn placed(error: Error, place: impl Fn(&str) -> Option<String>) -> Error {
    let placed = |faults: Vec<Fault>| {
        let place =
            |fault: Fault| Fault { parameter: place(&fault.parameter).unwrap_or(fault.parameter), ..fault };
        faults.into_iter().map(place).collect()
    };
    match error {
        Error::Malformed(faults) => Error::Malformed(placed(faults)),
        Error::Rejected(faults) => Error::Rejected(placed(faults)),
        other => other,
    }
}
