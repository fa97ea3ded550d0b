//! Random documents that state some figures, once and again, in several loadings.

use std::collections::BTreeMap;
use std::hash::{Hash as _, Hasher as _};

use china_auto::timeseries::period::PartialDate;
use proptest::prelude::*;
use proptest::sample::select;

use super::vintage::{Document, Fact, History, Key};
use super::world::Stated;

/// The dates that documents print. The last is in the future for those who load it.
const DATES: [&str; 9] =
    ["2018", "2019-11", "2020", "2020-06", "2020-12-31", "2021-03-15", "2022", "2023-02", "2026"];

/// The ids of documents; their order is not that of their dates.
const IDS: [&str; 5] = ["north", "east", "west", "south", "all"];

/// What all the documents of a history are made from.
#[derive(Debug, Clone)]
struct Shape {
    seed: u64,
    loads: u64,
    /// The date of each document, and whether it is an edition.
    documents: Vec<(Option<PartialDate>, bool)>,
}

/// Documents that state these figures: one alone with all of them, or several that each state some and contradict each other.
pub fn history(published: BTreeMap<Key, Stated>) -> impl Strategy<Value = History> {
    prop_oneof![
        1 => dates().prop_map(|date| Shape { seed: 0, loads: 1, documents: vec![(date, false)] }),
        1 => (any::<u64>(), 1..4_u64, several())
            .prop_map(|(seed, loads, documents)| Shape { seed, loads, documents }),
    ]
    .prop_map(move |shape| shape.history(&published))
}

fn dates() -> impl Strategy<Value = Option<PartialDate>> {
    prop::option::weighted(0.8, select(&DATES[..]).prop_map(|date| date.parse().unwrap()))
}

fn several() -> impl Strategy<Value = Vec<(Option<PartialDate>, bool)>> {
    prop::collection::vec((dates(), prop::bool::weighted(0.25)), 2..=IDS.len())
}

impl Shape {
    fn history(&self, published: &BTreeMap<Key, Stated>) -> History {
        let figures: Vec<_> = (0..)
            .zip(published.values())
            .flat_map(|(at, stated)| stated.iter().map(move |(period, figure)| ((at, *period), *figure)))
            .collect();
        let mut loads: Vec<BTreeMap<String, Document>> = Vec::new();
        for load in 0..self.loads {
            let mut documents = BTreeMap::new();
            for (at, id) in (0..).zip(IDS).take(self.documents.len()) {
                let number = self.number((at, load));
                let before = loads.last().and_then(|before| before.get(id));
                let now = match number % 8 {
                    0 | 1 if load > 0 => None,
                    2..=5 if before.is_some() => before.cloned(),
                    _ => Some(self.document((at, load), &figures)),
                };
                documents.extend(now.map(|document| (id.to_owned(), document)));
            }
            loads.push(documents);
        }
        History { series: published.keys().cloned().collect(), loads }
    }

    /// The state of a document that it has since a loading.
    fn document(&self, (at, load): (usize, u64), figures: &[Cell]) -> Document {
        let number = self.number((at, load, "date"));
        let moved = usize::from(load > 0 && number.is_multiple_of(3));
        let (published, is_edition) = self.documents[(at + moved) % self.documents.len()];
        let facts = figures.iter().filter_map(|(cell, figure)| {
            let corrected = self.number((at, cell, load, "corrected")).is_multiple_of(5);
            let load = if corrected { load } else { 0 };
            Some((*cell, self.fact(at, self.number((at, cell, load)), *figure)?))
        });
        Document { published, is_edition, facts: facts.collect() }
    }

    /// What a document says of a figure, if anything.
    fn fact(&self, at: usize, number: u64, (value, status): (Option<i64>, u8)) -> Option<Fact> {
        if self.seed == 0 {
            return Some(Fact::States(value, status));
        }
        let silent = [5, 30, 75][usize::try_from(self.number(at) % 3).unwrap()];
        if number % 100 < silent {
            return None;
        }
        let other = value.map(|value| value + i64::try_from(number / 1000 % 3).unwrap());
        Some(match number / 100 % 10 {
            0 => Fact::States(None, b'M'),
            1 | 2 if value.is_some() => Fact::Confirms(other.unwrap()),
            3..=5 => Fact::States(other, status),
            _ => Fact::States(value, status),
        })
    }

    /// A number that follows from the seed and from what it is for.
    fn number(&self, of: impl std::hash::Hash) -> u64 {
        let mut hash = std::hash::DefaultHasher::new();
        (self.seed, of).hash(&mut hash);
        hash.finish()
    }
}

/// A figure with its series and period.
type Cell = ((usize, i32), (Option<i64>, u8));
