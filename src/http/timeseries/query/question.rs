//! What a body asks: its form checked here, each query's parameters by the pipeline.

use std::collections::BTreeSet;

use crate::error::{Error, Fault, Result};
use crate::http::body::{Fields, Json};
use crate::http::extract::Call;
use crate::params::Params;
use crate::timeseries::dataset::{Dataset, Vocabulary};

/// The most queries of a batch.
pub const MOST_QUERIES: usize = 50;

/// The longest name of a query, in characters.
const MOST_NAME_CHARS: usize = 100;

/// What a body asks.
#[derive(Debug, PartialEq, Eq)]
pub enum Question {
    /// One query.
    One(Fields),
    /// Several, by their names.
    Several(Vec<(String, Fields)>),
}

/// Reads the form of a body, with all faults of it at once. What stands within a query is read when it is answered.
pub fn read(body: &Json) -> Result<Question> {
    let Json::Object(fields) = body else {
        let fault = Fault::new("(body)", body.shown(), "is no object");
        return Err(Error::Malformed(vec![fault]));
    };
    let mut faults = Params::default();
    let (one, several) = (field(fields, "query", &mut faults), field(fields, "queries", &mut faults));
    for (name, value) in fields.iter().filter(|(name, _)| !["query", "queries"].contains(&name.as_str())) {
        let detail = "is no field of a body; the parameters of a query stand within query or queries";
        faults.reject(Fault::new(name, value.shown(), detail).allowed(["query", "queries"]));
    }
    let question = match (one, several) {
        (Some(Json::Object(query)), None) => Question::One(query.clone()),
        (None, Some(Json::List(queries))) => Question::Several(named(queries, &mut faults)),
        (None, None) | (Some(_), Some(_)) => {
            let detail = "has either query, a single one, or queries, a list of them";
            faults.reject(Fault::new("(body)", "", detail));
            Question::Several(Vec::new())
        }
        (Some(other), None) | (None, Some(other)) => {
            let (name, what) = if one.is_some() { ("query", "an object") } else { ("queries", "a list") };
            faults.malform(Fault::new(name, other.shown(), format!("is not {what}")));
            Question::Several(Vec::new())
        }
    };
    faults.finish()?;
    Ok(question)
}

/// The value of a field, which stands there once; null counts as not given.
fn field<'a>(fields: &'a Fields, name: &'static str, faults: &mut Params) -> Option<&'a Json> {
    let mut found = fields.iter().filter(|(n, _)| n == name).map(|(_, value)| value);
    let first = found.next();
    if let Some(second) = found.next() {
        faults.reject(Fault::new(name, second.shown(), "is given twice"));
    }
    first.filter(|value| **value != Json::Null)
}

/// The queries of a batch with their names taken from them.
fn named(queries: &[Json], faults: &mut Params) -> Vec<(String, Fields)> {
    if !(1..=MOST_QUERIES).contains(&queries.len()) {
        let detail = format!("holds {} queries; from 1 to {MOST_QUERIES} are answered", queries.len());
        faults.reject(Fault::new("queries", "[…]", detail));
    }
    let (mut named, mut taken) = (Vec::new(), BTreeSet::new());
    for (at, query) in queries.iter().take(MOST_QUERIES).enumerate() {
        let Json::Object(fields) = query else {
            faults.malform(Fault::new(format!("queries[{at}]"), query.shown(), "is no object"));
            continue;
        };
        let place = format!("queries[{at}].name");
        match name(fields) {
            Ok(name) if taken.insert(name) => {
                let first = fields.iter().position(|(field, _)| field == "name");
                let mut fields = fields.clone();
                // A second one is left for the pipeline, which knows no parameter of this name.
                drop(first.map(|first| fields.remove(first)));
                named.push((name.to_owned(), fields));
            }
            Ok(name) => faults.reject(Fault::new(place, name, "is the name of another query too")),
            Err((shown, detail)) => faults.reject(Fault::new(place, shown, detail)),
        }
    }
    named
}

/// The name of a query, or what is given for it and why that is none.
fn name(fields: &Fields) -> std::result::Result<&str, (&str, String)> {
    let given = fields.iter().find(|(field, _)| field == "name").map(|(_, value)| value);
    match given {
        Some(Json::Text(name))
            if (1..=MOST_NAME_CHARS).contains(&name.chars().count()) && !name.contains(char::is_control) =>
        {
            Ok(name)
        }
        Some(other) => {
            let detail =
                format!("is no text of 1 to {MOST_NAME_CHARS} characters without control characters");
            Err((other.shown(), detail))
        }
        None => Err(("", "is missing: the answer is known by it".to_owned())),
    }
}

/// The parameters of one query, as a URL would have them.
#[derive(Debug, Default)]
pub struct Parameters {
    dataset: Option<String>,
    pairs: Vec<(String, String)>,
    malformed: Vec<Fault>,
}

impl Parameters {
    /// Those of a query's fields: texts, numbers, and lists of them with commas. Null counts as not given.
    pub fn of(fields: &Fields) -> Self {
        let mut parameters = Self::default();
        for (name, value) in fields {
            match value.as_parameter() {
                Ok(None) => {}
                Ok(Some(text)) if name == "dataset" && parameters.dataset.is_none() => {
                    parameters.dataset = Some(text);
                }
                Ok(Some(text)) if name == "dataset" => {
                    parameters.malformed.push(Fault::new(name, &text, "is given twice"));
                }
                Ok(Some(text)) => parameters.pairs.push((name.clone(), text)),
                Err(detail) => parameters.malformed.push(Fault::new(name, value.shown(), detail)),
            }
        }
        parameters
    }

    /// The same, from another cursor on.
    pub fn behind(mut self, cursor: String) -> Self {
        self.pairs.retain(|(name, _)| name != "cursor");
        self.pairs.push(("cursor".to_owned(), cursor));
        self
    }

    /// The dataset, and the call as if it had asked for its path with these parameters.
    pub fn asked<'a>(self, call: &Call, vocabulary: &'a Vocabulary) -> Result<(&'a Dataset, Call)> {
        let name = self.dataset.as_deref().unwrap_or_default();
        let Some(dataset) = vocabulary.dataset(name) else {
            let detail = if name.is_empty() { "is missing" } else { "is no dataset" };
            let names = vocabulary.datasets.iter().map(|dataset| dataset.name.as_str());
            let cannot_be_read = !self.malformed.is_empty();
            let mut faults = self.malformed;
            faults.push(Fault::new("dataset", name, detail).allowed(names));
            return Err(if cannot_be_read { Error::Malformed(faults) } else { Error::Rejected(faults) });
        };
        let mut call = call.asking(format!("/v1/datasets/{}/observations", dataset.name), self.pairs);
        self.malformed.into_iter().for_each(|fault| call.params.malform(fault));
        Ok((dataset, call))
    }
}
