//! The reference model: a query answered cell by cell, from everything that was published.

use std::collections::{BTreeMap, BTreeSet};

use china_auto::timeseries::key::Dimension;
use china_auto::timeseries::period::{Frequency, PartialDate, Period};
use china_auto::timeseries::plan::{Aggregation, Dated, Fill, Sources, Transform};
use chrono::NaiveDate;

use super::growth::transformed;
use super::said::said;
use super::scope::{Voice, ordered, voices_of_best};
use super::vintage::Key;

/// All there is to ask: what was published, and how the codes hang together.
#[derive(Debug, Clone, Default)]
pub struct World {
    /// The dimensions but the source, in order.
    pub dimensions: Vec<Dimension>,
    pub measures: Vec<Measured>,
    pub splits: Vec<Split>,
    pub rows: Vec<Row>,
    /// The sources in their general order, each with whether it is press.
    pub sources: Vec<(String, bool)>,
    /// The figures that hold.
    pub published: BTreeMap<Key, Stated>,
}

/// What one series states: by period, value and status.
pub type Stated = BTreeMap<i32, (Option<i64>, u8)>;

/// A measure.
#[derive(Debug, Clone)]
pub struct Measured {
    pub code: String,
    pub is_stock: bool,
    pub decimals: u32,
    pub aggregation: Aggregation,
}

/// Declared parts of a whole.
#[derive(Debug, Clone)]
pub struct Split {
    pub source: String,
    pub dimension: Dimension,
    pub whole: String,
    pub parts: Vec<String>,
    pub absent_is_zero: bool,
    /// The first and the last day that it holds for.
    pub from: Option<NaiveDate>,
    pub to: Option<NaiveDate>,
}

/// A row of the table of sources.
#[derive(Debug, Clone)]
pub struct Row {
    pub measure: String,
    pub frequencies: Vec<Frequency>,
    pub level: String,
    pub rank: i32,
    pub scope: String,
    pub sources: Vec<String>,
    pub until: Option<PartialDate>,
    pub low_trust: bool,
}

/// A question.
#[derive(Debug, Clone)]
pub struct Query {
    /// The codes of each dimension but the source; `None` is every code.
    pub codes: BTreeMap<Dimension, Option<Vec<String>>>,
    pub sources: Sources,
    pub frequencies: Vec<Frequency>,
    pub converts: bool,
    pub aggregation: Option<Aggregation>,
    pub partial: Option<bool>,
    pub transform: Transform,
    pub fill: Fill,
    pub start: Option<Period>,
    pub end: Option<Period>,
    pub last: Option<usize>,
    pub as_of: Option<Dated>,
}

/// A number of the answer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Number {
    Whole(i64),
    Ratio(f64),
}

/// What a source says of a period.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    pub value: Option<Number>,
    pub status: u8,
    pub coverage: Option<(u32, u32)>,
}

/// One observation of the answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    pub period: i32,
    pub value: Option<Number>,
    pub status: char,
    pub source: String,
    pub derived: bool,
    pub coverage: Option<(u32, u32)>,
    pub reason: Option<&'static str>,
    pub low_trust: bool,
}

/// A series of the answer: its frequency, codes, and source or `best`.
pub type Answered = (Frequency, Vec<String>, String);

/// The answer.
pub type Answer = BTreeMap<Answered, Vec<Line>>;

/// The years that anything happens in.
pub const YEARS: std::ops::Range<i32> = 2019..2023;

impl Cell {
    pub fn is_complete(&self) -> bool {
        self.coverage.is_none_or(|(has, of)| has == of)
    }

    pub fn whole(&self) -> Option<i64> {
        match self.value {
            Some(Number::Whole(value)) => Some(value),
            _ => None,
        }
    }

    /// A figure, and all of it.
    pub fn counts(&self) -> bool {
        self.value.is_some() && self.is_complete()
    }
}

impl World {
    pub fn place(&self, dimension: Dimension) -> usize {
        self.dimensions.iter().position(|d| *d == dimension).unwrap()
    }

    pub fn measure(&self, codes: &[String]) -> &Measured {
        self.measures.iter().find(|m| m.code == codes[self.place(Dimension::Measure)]).unwrap()
    }

    /// Whether a partition of any source gives way to one that names this source.
    pub fn is_replaced(&self, at: usize, source: &str) -> bool {
        let any = &self.splits[at];
        let same = |split: &&Split| split.dimension == any.dimension && split.whole == any.whole;
        self.splits.iter().filter(same).any(|split| split.source == source)
    }

    /// Whether a source states anything of these codes or of parts of them. Nothing comes of nothing, and asking for it at every
    /// period takes time.
    pub fn speaks_of(&self, source: &str, codes: &[String], fits: impl Fn(Frequency) -> bool) -> bool {
        let is_whole = |at: usize| {
            let of = |split: &&Split| split.dimension == self.dimensions[at];
            self.splits.iter().filter(of).any(|split| split.whole == codes[at])
        };
        let of_it = |others: &[String]| (0..codes.len()).all(|at| codes[at] == others[at] || is_whole(at));
        self.published.keys().any(|(by, of, others)| by == source && fits(*of) && of_it(others))
    }

    /// Every combination of codes that can mean anything.
    fn combinations(&self, query: &Query) -> Vec<Vec<String>> {
        let mut combinations = vec![Vec::new()];
        for (at, dimension) in self.dimensions.iter().enumerate() {
            let mut known: BTreeSet<&String> =
                self.published.keys().map(|(_, _, codes)| &codes[at]).collect();
            for split in self.splits.iter().filter(|split| split.dimension == *dimension) {
                known.insert(&split.whole);
                known.extend(&split.parts);
            }
            known.retain(|code| query.codes[dimension].as_ref().is_none_or(|asked| asked.contains(code)));
            combinations = combinations
                .iter()
                .flat_map(|so_far| {
                    known
                        .iter()
                        .map(|code| so_far.iter().cloned().chain([(*code).clone()]).collect::<Vec<_>>())
                })
                .collect();
        }
        combinations
    }
}

/// The answer to a question.
pub fn answer(world: &World, query: &Query) -> Answer {
    let mut answer = Answer::new();
    for codes in world.combinations(query) {
        for &frequency in &query.frequencies {
            let voices = voices(world, query, &codes, frequency);
            let groups = match &query.sources {
                Sources::Best => {
                    vec![("best".to_owned(), voices_of_best(world, &codes, frequency, &voices))]
                }
                _ => ordered(world, &codes, frequency, &voices)
                    .into_iter()
                    .map(|voice| (voice.source.clone(), vec![voice]))
                    .collect(),
            };
            for (source, voices) in groups {
                let is_stock = world.measure(&codes).is_stock;
                let keeps = query.partial.unwrap_or(!is_stock);
                let lines = observations(query, &voices, frequency, (keeps, world.measure(&codes).decimals));
                let lines = window(query, frequency, lines);
                if !lines.is_empty() {
                    answer.insert((frequency, codes.clone(), source), lines);
                }
            }
        }
    }
    answer
}

/// What each source that may answer says, with the periods of all years.
fn voices(
    world: &World,
    query: &Query,
    codes: &[String],
    frequency: Frequency,
) -> BTreeMap<String, BTreeMap<i32, Cell>> {
    let mut voices = BTreeMap::new();
    for (source, _) in &world.sources {
        if matches!(&query.sources, Sources::Listed(asked) if !asked.contains(source)) {
            continue;
        }
        let fits = |of: Frequency| of == frequency || (query.converts && of > frequency);
        if !world.speaks_of(source, codes, fits) {
            continue;
        }
        let periods = YEARS.start * frequency.per_year()..YEARS.end * frequency.per_year();
        let track: BTreeMap<i32, Cell> = periods
            .filter_map(|period| Some((period, said(world, query, (source, codes), frequency, period)?)))
            .collect();
        if !track.is_empty() {
            voices.insert(source.clone(), track);
        }
    }
    voices
}

/// Chosen, transformed and filled.
fn observations(
    query: &Query,
    voices: &[Voice],
    frequency: Frequency,
    (keeps, decimals): (bool, u32),
) -> Vec<Line> {
    let mut lines = Vec::new();
    let periods: BTreeSet<i32> = voices.iter().flat_map(|voice| voice.track.keys().copied()).collect();
    for period in periods {
        let Some((voice, cell)) = choose(voices, period, keeps) else { continue };
        lines.push(match query.transform {
            Transform::Level => Line {
                period,
                value: cell.value,
                status: char::from(cell.status),
                source: voice.source.clone(),
                derived: cell.coverage.is_some(),
                coverage: cell.coverage,
                reason: None,
                low_trust: voice.low_trust,
            },
            transform => transformed(voices, (voice, cell), transform, (frequency, period, decimals)),
        });
    }
    fill(query.fill, lines)
}

/// The first source that has a complete figure of a period, else the first with an incomplete one where those are kept, else
/// the first that states it as missing.
fn choose(voices: &[Voice], period: i32, keeps: bool) -> Option<(&Voice, &Cell)> {
    let speaking = || voices.iter().filter_map(|voice| Some((voice, voice.track.get(&period)?)));
    speaking()
        .find(|(_, cell)| cell.counts())
        .or_else(|| speaking().find(|(_, cell)| keeps && cell.value.is_some()))
        .or_else(|| speaking().find(|(_, cell)| cell.value.is_none()))
}

/// Puts something where nothing is stated, between the first and the last period.
fn fill(fill: Fill, lines: Vec<Line>) -> Vec<Line> {
    if fill == Fill::None {
        return lines;
    }
    let mut filled: Vec<Line> = Vec::new();
    for line in lines {
        while let Some(before) = filled.last().filter(|before| before.period + 1 < line.period) {
            let period = before.period + 1;
            let previous = fill == Fill::Previous && before.value.is_some();
            filled.push(if previous {
                Line { period, status: 'I', derived: true, ..before.clone() }
            } else {
                Line {
                    period,
                    value: None,
                    status: 'M',
                    source: before.source.clone(),
                    derived: true,
                    coverage: None,
                    reason: Some("not_stated"),
                    low_trust: before.low_trust,
                }
            });
        }
        filled.push(line);
    }
    filled
}

/// What lies wholly between start and end; of that the last so many.
fn window(query: &Query, frequency: Frequency, mut lines: Vec<Line>) -> Vec<Line> {
    lines.retain(|line| {
        let period = Period::new(frequency, line.period).unwrap();
        query.start.is_none_or(|start| period.first_day() >= start.first_day())
            && query.end.is_none_or(|end| period.last_day() <= end.last_day())
    });
    let more = query.last.map_or(0, |last| lines.len().saturating_sub(last));
    lines.drain(..more);
    lines
}
