//! What holds of all that documents state: the overlay of those that count, now or as of a day.

use std::collections::{BTreeMap, BTreeSet};

use china_auto::timeseries::period::{Frequency, PartialDate};
use chrono::NaiveDate;

use super::world::Stated;

/// A series: its source, frequency and codes.
pub type Key = (String, Frequency, Vec<String>);

/// All that was ever loaded.
#[derive(Debug, Clone, Default)]
pub struct History {
    /// The series that anything is stated of.
    pub series: Vec<Key>,
    /// The documents as they stood at each loading, by their ids. Those of the last one count.
    pub loads: Vec<BTreeMap<String, Document>>,
}

/// What a document says.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    pub published: Option<PartialDate>,
    /// Whether it withdraws what it does not list of that which it speaks for.
    pub is_edition: bool,
    /// By series and period.
    pub facts: BTreeMap<(usize, i32), Fact>,
}

/// What a document says of one cell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Fact {
    States(Option<i64>, u8),
    Confirms(i64),
}

/// A figure that a cell has had (`None`: it was withdrawn), with the days of the documents that prove it.
struct Known {
    figure: Option<(Option<i64>, u8)>,
    days: Vec<NaiveDate>,
}

/// The day on which everything is loaded.
pub fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, 24).unwrap()
}

impl Document {
    /// The day by which it was published, never later than that of loading.
    pub fn day(&self) -> Option<NaiveDate> {
        self.published.map(|date| date.last.min(today()))
    }
}

impl History {
    /// The figures that hold, by series.
    pub fn holding(&self, as_of: Option<NaiveDate>) -> BTreeMap<Key, Stated> {
        let documents: Vec<_> = self.documents().into_iter().map(|one| (one, self.scopes(one))).collect();
        let mut holding: BTreeMap<Key, Stated> = BTreeMap::new();
        let cells: BTreeSet<_> = documents.iter().flat_map(|(one, _)| one.facts.keys().copied()).collect();
        for cell in cells {
            let key = &self.series[cell.0];
            if let Some(figure) = figure(&documents, (cell, self.scope(cell.0)), as_of) {
                holding.entry(key.clone()).or_default().insert(cell.1, figure);
            }
        }
        holding
    }

    /// The same up to a loading.
    pub fn until(&self, load: usize) -> Self {
        Self { series: self.series.clone(), loads: self.loads[..=load].to_vec() }
    }

    /// Whether a loading lacks a document that stated something until then.
    pub fn withdraws(&self, load: usize) -> bool {
        let states = |load: &BTreeMap<String, Document>, id: &String| {
            load.get(id).is_some_and(|document| !document.facts.is_empty())
        };
        let (before, now) = (&self.loads[load - 1], &self.loads[load]);
        before.keys().any(|id| states(before, id) && !states(now, id))
    }

    /// The documents that count, as one holds over the other: by day, undated ones first, then in the order of loading.
    fn documents(&self) -> Vec<&Document> {
        let mut taken: Vec<(&String, &Document)> = Vec::new();
        for load in &self.loads {
            taken.retain(|(id, document)| load.get(*id) == Some(document));
            let is_new = |id: &String| !taken.iter().any(|(known, _)| *known == id);
            let mut new: Vec<_> = load.iter().filter(|(id, _)| is_new(id)).collect();
            new.sort_by_key(|(id, document)| (document.published.map(|date| date.last), *id));
            taken.extend(new);
        }
        taken.sort_by_key(|(_, document)| document.day());
        taken.into_iter().map(|(_, document)| document).collect()
    }

    /// What an edition speaks for: a source's figures of a measure at a frequency.
    pub fn scope(&self, series: usize) -> (&str, &str, Frequency) {
        let (source, frequency, codes) = &self.series[series];
        (source, &codes[0], *frequency)
    }

    /// What a document speaks for as a whole: nothing where it is no edition.
    pub fn scopes(&self, document: &Document) -> BTreeSet<(&str, &str, Frequency)> {
        let listed = document.facts.keys().filter(|_| document.is_edition);
        listed.map(|(series, _)| self.scope(*series)).collect()
    }
}

type Scope<'a> = (&'a str, &'a str, Frequency);

/// The last figure of a cell that documents published by the day prove.
fn figure(
    documents: &[(&Document, BTreeSet<Scope<'_>>)],
    (cell, scope): ((usize, i32), Scope<'_>),
    as_of: Option<NaiveDate>,
) -> Option<(Option<i64>, u8)> {
    let mut all: Vec<Known> = Vec::new();
    for (document, scopes) in documents {
        let figure = match document.facts.get(&cell) {
            Some(Fact::States(value, status)) => Some((*value, *status)),
            None if scopes.contains(&scope) && !all.is_empty() => None,
            Some(Fact::Confirms(_)) | None => continue,
        };
        match all.last_mut().filter(|known| known.figure == figure) {
            Some(known) => known.days.extend(document.day()),
            None => all.push(Known { figure, days: document.day().into_iter().collect() }),
        }
    }
    for (document, _) in documents {
        if let Some(Fact::Confirms(printed)) = document.facts.get(&cell)
            && let Some(known) = nearest(&mut all, *printed)
        {
            known.days.extend(document.day());
        }
    }
    let proven = |known: &&Known| as_of.is_none_or(|day| known.days.iter().any(|one| *one <= day));
    all.iter().rev().find(proven)?.figure
}

/// The figure that a confirmation speaks of: the nearest to what it prints, of several the last.
fn nearest(all: &mut [Known], printed: i64) -> Option<&mut Known> {
    let distance = |known: &Known| Some(known.figure?.0?.abs_diff(printed));
    let with = all.iter_mut().rev().filter(|known| distance(known).is_some());
    with.min_by_key(|known| distance(known))
}
