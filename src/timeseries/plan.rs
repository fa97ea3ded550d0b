//! What a query means: every code resolved, every default filled in. A plan that exists can be answered.

use std::collections::BTreeMap;
use std::fmt;

use chrono::NaiveDate;
use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::dataset::{Measure, Partition};
use super::key::{Dimension, PLUS, TOTAL};
use super::period::{Frequency, PartialDate, Period};

/// A time-series query, understood.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// The dataset.
    pub dataset: String,
    /// What is selected of each of its dimensions but the source.
    pub selection: BTreeMap<Dimension, Selection>,
    /// Which dimensions are kept apart, the others summed; `None`: every one that is named is kept apart.
    pub groups: Option<Vec<Group>>,
    /// The sums that are asked for, for each source whose declared parts allow them.
    pub sums: Vec<Partition>,
    /// Which sources answer.
    pub sources: Sources,
    /// At which frequencies.
    pub frequencies: Vec<Frequency>,
    /// Whether finer frequencies are converted to these.
    pub converts: bool,
    /// How they are converted; `None` is the measure's own way.
    pub aggregation: Option<Aggregation>,
    /// Whether incomplete figures are answered; `None`: those of flows are, those of stocks are not.
    pub partial: Option<bool>,
    /// What is computed of the figures.
    pub transform: Transform,
    /// Whether codes are held against each other.
    pub ranks: Ranks,
    /// Only so many codes of the ranked dimension, the largest.
    pub top: Option<usize>,
    /// Whether the rest stands beside them.
    pub other: bool,
    /// What stands where a source states nothing.
    pub fill: Fill,
    /// For which time.
    pub window: Window,
    /// What was known by the end of this date; `None` is now.
    pub as_of: Option<Dated>,
}

/// What is selected of one dimension.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    /// Every code.
    Any,
    /// Every code but the total.
    Each,
    /// These codes, summed.
    Sum {
        /// The codes.
        codes: Vec<String>,
        /// The selection as it was written, where it was not a list of codes.
        written: Option<String>,
    },
    /// These codes, each a series of its own.
    Codes {
        /// The codes.
        codes: Vec<String>,
        /// The selection as it was written, where it was not a list of codes.
        written: Option<String>,
    },
}

/// Whether the codes of the ranked dimension are held against each other.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Ranks {
    /// Each series stands for itself.
    #[default]
    No,
    /// Each is held against the whole.
    Shares,
    /// They are a ranking: of one source, which has to list enough of the whole.
    Ranking,
}

/// A dimension whose codes are kept apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The dimension.
    pub dimension: Dimension,
    /// The kind of its codes: province, group; `None` is any.
    pub level: Option<String>,
    /// The codes that may be ranked: of the level, or below a code; not only those that are listed.
    pub ranked: Selection,
    /// Whether codes are listed.
    pub listed: bool,
    /// What the codes are parts of; `None` where they have nothing above them in common.
    pub whole: Option<String>,
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.level {
            Some(level) => write!(f, "{}:{level}", self.dimension),
            None => f.write_str(self.dimension.name()),
        }
    }
}

/// Which sources answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Sources {
    /// For each period the first of the precedence table, within one scope.
    #[default]
    Best,
    /// Every source, side by side.
    All,
    /// These, side by side.
    Listed(Vec<String>),
}

/// The time that is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Window {
    /// The first period, of any frequency; what begins earlier is left out.
    pub start: Option<Period>,
    /// The last period, of any frequency; what ends later is left out.
    pub end: Option<Period>,
    /// Only the last so many observations of each series.
    pub last: Option<usize>,
}

/// How figures of a finer frequency become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Aggregation {
    /// Their sum.
    Sum,
    /// Their mean.
    Mean,
    /// The last.
    Last,
    /// The first.
    First,
    /// The smallest.
    Min,
    /// The largest.
    Max,
}

impl Aggregation {
    /// Every way with the word that `agg=` takes.
    pub const ALL: [(&'static str, Self); 6] = [
        ("sum", Self::Sum),
        ("mean", Self::Mean),
        ("last", Self::Last),
        ("first", Self::First),
        ("min", Self::Min),
        ("max", Self::Max),
    ];
}

/// What is computed of the figures.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Transform {
    /// Nothing: the figures themselves.
    #[default]
    Level,
    /// The difference to the period before.
    Diff,
    /// The growth against the period before, in percent.
    Pct,
    /// The growth against the same period of the year before, in percent.
    Yoy,
    /// The difference to the same period of the year before.
    YoyDiff,
    /// The sum since the beginning of the year.
    Ytd,
    /// 100 times the figure over that of this period.
    Index(Period),
    /// The mean of the last so many periods.
    MovingAverage(u8),
    /// The part of the whole of the ranked dimension, in percent.
    Share,
    /// The place among the codes of the ranked dimension; 1 is the largest.
    Rank,
}

impl Transform {
    /// The words of those that take nothing else.
    pub const WORDS: [(&'static str, Self); 8] = [
        ("level", Self::Level),
        ("diff", Self::Diff),
        ("pct", Self::Pct),
        ("yoy", Self::Yoy),
        ("yoy_diff", Self::YoyDiff),
        ("ytd", Self::Ytd),
        ("share", Self::Share),
        ("rank", Self::Rank),
    ];

    /// The unit of what is computed of figures in `unit`.
    pub fn unit(self, unit: &str) -> String {
        match self {
            Self::Pct | Self::Yoy | Self::Share => "percent".to_owned(),
            Self::Rank => "rank".to_owned(),
            Self::Index(base) => format!("index, {base} = 100"),
            _ => unit.to_owned(),
        }
    }
}

impl fmt::Display for Transform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Index(base) => write!(f, "index:{base}"),
            Self::MovingAverage(periods) => write!(f, "ma:{periods}"),
            other => {
                let word = Self::WORDS.iter().find(|(_, transform)| transform == other);
                f.write_str(word.map_or("level", |(word, _)| word))
            }
        }
    }
}

/// What stands where a source states nothing, between the first and the last figure of a series.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Fill {
    /// Nothing.
    #[default]
    None,
    /// A null.
    Null,
    /// The figure before, with status I. Of stocks only.
    Previous,
}

impl Fill {
    /// Every way with the word that `fill=` takes.
    pub const ALL: [(&'static str, Self); 3] =
        [("none", Self::None), ("null", Self::Null), ("previous", Self::Previous)];
}

/// A date as written, and what it means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dated {
    /// As written: 2021, 2021-12 or 2021-12-31.
    pub written: String,
    /// Its last day.
    pub day: NaiveDate,
}

impl std::str::FromStr for Dated {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let date: PartialDate = text.parse()?;
        Ok(Self { written: text.to_owned(), day: date.last })
    }
}

impl Selection {
    /// One code.
    pub fn one(code: &str) -> Self {
        Self::Codes { codes: vec![code.to_owned()], written: None }
    }

    /// The codes that it reads, where it does not read every one.
    pub fn codes(&self) -> Option<&[String]> {
        match self {
            Self::Any | Self::Each => None,
            Self::Codes { codes, .. } | Self::Sum { codes, .. } => Some(codes),
        }
    }

    /// Whether a series of this code is answered; that of a sum is its codes with a plus.
    pub fn takes(&self, code: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Each => code != TOTAL,
            Self::Codes { codes, .. } => codes.iter().any(|one| one == code),
            Self::Sum { codes, .. } => codes.iter().map(String::as_str).eq(code.split(PLUS)),
        }
    }

    /// Makes of a sum the codes that it is of.
    pub fn part(&mut self) {
        if let Self::Sum { codes, written } = self {
            *self = Self::Codes { codes: std::mem::take(codes), written: written.take() };
        }
    }

    /// Adds the parts of a whole that is selected; whether that added any.
    pub fn widen(&mut self, whole: &str, parts: &[String]) -> bool {
        let Self::Codes { codes, .. } = self else { return false };
        if !codes.iter().any(|code| code == whole) {
            return false;
        }
        let before = codes.len();
        let new: Vec<String> = parts.iter().filter(|part| !codes.contains(part)).cloned().collect();
        codes.extend(new);
        codes.len() > before
    }

    /// As it was written.
    pub fn written(&self) -> String {
        match self {
            Self::Any | Self::Each => "*".to_owned(),
            Self::Codes { written: Some(written), .. } | Self::Sum { written: Some(written), .. } => {
                written.clone()
            }
            Self::Codes { codes, .. } | Self::Sum { codes, .. } => codes.join(","),
        }
    }
}

impl Window {
    /// The ordinals of this frequency that lie wholly within the window, first and last; either may be open.
    pub fn ordinals(&self, frequency: Frequency) -> (Option<i32>, Option<i32>) {
        (self.start.map(|p| p.first_within(frequency)), self.end.map(|p| p.last_within(frequency)))
    }

    /// Whether a period of this frequency lies within the window.
    pub fn holds(&self, frequency: Frequency, ordinal: i32) -> bool {
        let (first, last) = self.ordinals(frequency);
        first.is_none_or(|first| ordinal >= first) && last.is_none_or(|last| ordinal <= last)
    }
}

impl Plan {
    /// The codes that it holds a dimension to; `None` where it takes every one.
    pub fn codes(&self, dimension: Dimension) -> Option<&[String]> {
        match (dimension, &self.sources) {
            (Dimension::Source, Sources::Listed(codes)) => Some(codes),
            (Dimension::Source, _) => None,
            _ => self.selection.get(&dimension)?.codes(),
        }
    }

    /// Whether incomplete figures of a measure are answered: those of flows are and those of stocks are not, unless it is said.
    pub fn keeps_partial(&self, measure: Option<&Measure>) -> bool {
        self.partial.unwrap_or(!measure.is_some_and(|measure| measure.is_stock))
    }

    /// The dimension that is ranked: the first that is kept apart and may be summed.
    pub fn ranked(&self) -> Option<&Group> {
        let summed = |group: &&Group| !matches!(group.dimension, Dimension::Measure | Dimension::Source);
        self.groups.as_ref()?.iter().find(summed)
    }

    /// The query with every default resolved, as answers echo it.
    pub fn applied(&self) -> Map<String, Value> {
        let mut applied = Map::new();
        for (dimension, selection) in &self.selection {
            applied.insert(dimension.name().to_owned(), json!(selection.written()));
        }
        let groups = self.groups.as_ref().map(|all| all.iter().map(Group::to_string).collect::<Vec<_>>());
        applied.insert("group_by".to_owned(), json!(groups.map(|all| all.join(","))));
        let sources = match &self.sources {
            Sources::Best => json!("best"),
            Sources::All => json!("all"),
            Sources::Listed(codes) => json!(codes.join(",")),
        };
        applied.insert("source".to_owned(), sources);
        let frequencies: Vec<&str> = self.frequencies.iter().map(|f| f.code()).collect();
        applied.insert("frequency".to_owned(), json!(frequencies.join(",")));
        applied.insert("agg".to_owned(), json!(self.aggregation));
        let partial = self.partial.map(|keep| if keep { "keep" } else { "drop" });
        applied.insert("partial".to_owned(), json!(partial));
        applied.insert("transform".to_owned(), json!(self.transform.to_string()));
        applied.insert("top".to_owned(), json!(self.top));
        applied.insert("other".to_owned(), json!(self.top.map(|_| self.other)));
        applied.insert("fill".to_owned(), json!(self.fill));
        let window = &self.window;
        applied.insert("start".to_owned(), json!(window.start));
        applied.insert("end".to_owned(), json!(window.end));
        applied.insert("last".to_owned(), json!(window.last));
        applied.insert("as_of".to_owned(), json!(self.as_of.as_ref().map(|d| &d.written)));
        applied
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(start: &str, end: &str) -> Window {
        Window { start: start.parse().ok(), end: end.parse().ok(), last: None }
    }

    #[test]
    fn a_window_holds_the_periods_that_lie_wholly_in_it() {
        let holds = |window: &Window, period: &str| {
            let period: Period = period.parse().unwrap();
            window.holds(period.frequency(), period.ordinal())
        };
        let window = window("2020-Q2", "2021-06");
        for inside in ["2020-04", "2021-06", "2020-Q2", "2021-Q2"] {
            assert!(holds(&window, inside), "{inside}");
        }
        for outside in ["2020", "2021", "2020-03", "2021-07", "2020-Q1", "2021-Q3"] {
            assert!(!holds(&window, outside), "{outside}");
        }
        assert!(holds(&Window::default(), "1955"));
    }
}
