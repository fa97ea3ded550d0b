//! What there is to ask, the question, and the answer.

use std::collections::BTreeMap;

use china_auto::timeseries::key::Dimension;
use china_auto::timeseries::period::{Frequency, PartialDate, Period};
use china_auto::timeseries::plan::{Aggregation, Dated, Fill, Sources, Transform};
use chrono::NaiveDate;

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
    /// What is asked of each dimension but the source.
    pub codes: BTreeMap<Dimension, Asked>,
    /// Which dimensions are kept apart, each at a level or at any, and the others summed; `None`: all are kept apart.
    pub groups: Option<Vec<Group>>,
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
    /// Only so many codes of the ranked dimension, the largest, and whether the rest stands beside them.
    pub top: Option<usize>,
    pub other: bool,
}

/// What is asked of a dimension.
#[derive(Debug, Clone, PartialEq)]
pub enum Asked {
    Unnamed,
    /// `*`
    Every,
    /// A list of codes.
    Codes(Vec<String>),
    /// `children:`
    Below(String),
}

/// A dimension that is kept apart, with a level.
pub type Group = (Dimension, Option<&'static str>);

impl Query {
    /// The question that names a frequency and nothing else.
    pub fn of(world: &World, frequency: Frequency) -> Self {
        Self {
            codes: world.dimensions.iter().map(|dimension| (*dimension, Asked::Unnamed)).collect(),
            groups: None,
            sources: Sources::Best,
            frequencies: vec![frequency],
            converts: true,
            aggregation: None,
            partial: None,
            transform: Transform::Level,
            fill: Fill::None,
            start: None,
            end: None,
            last: None,
            as_of: None,
            top: None,
            other: false,
        }
    }

    /// The dimension whose codes are held against each other, with its level.
    pub fn ranked(&self) -> Option<Group> {
        let given = [Dimension::Measure, Dimension::Source];
        self.groups.as_ref()?.iter().find(|(dimension, _)| !given.contains(dimension)).copied()
    }

    /// Whether one source has to answer all codes of a unit.
    pub fn is_ranking(&self) -> bool {
        let Some((dimension, _)) = self.ranked() else { return false };
        let is_listed = matches!(self.codes[&dimension], Asked::Codes(_));
        let is_share = self.transform == Transform::Share;
        self.top.is_some()
            || self.transform == Transform::Rank
            || (dimension == Dimension::Maker && (!is_listed || is_share))
    }
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
    pub reason: Option<&'static str>,
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

    /// The declared parts that hold for a source and a period, in their order.
    pub fn splits_of(&self, source: &str, period: Period) -> impl Iterator<Item = &Split> {
        self.all_splits_of(source).filter(move |split| {
            split.from.is_none_or(|from| period.first_day() >= from)
                && split.to.is_none_or(|to| period.last_day() <= to)
        })
    }

    /// The declared parts that a source goes by at any time.
    pub fn all_splits_of(&self, source: &str) -> impl Iterator<Item = &Split> {
        self.splits.iter().enumerate().filter_map(move |(at, split)| {
            let speaks = split.source == source || (split.source == "*" && !self.is_replaced(at, source));
            speaks.then_some(split)
        })
    }

    /// Whether a partition of any source gives way to one that names this source.
    fn is_replaced(&self, at: usize, source: &str) -> bool {
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
        let is_sum = |at: usize| codes[at].contains('+');
        let of_it = |others: &[String]| {
            (0..codes.len()).all(|at| codes[at] == others[at] || is_whole(at) || is_sum(at))
        };
        self.published.keys().any(|(by, of, others)| by == source && fits(*of) && of_it(others))
    }
}
