//! The answer of the pipeline before it is written: series with their observations, sources chosen.

use std::sync::Arc;

use super::dataset::{Dataset, Vocabulary};
use super::key::{Dimension, series_key};
use super::period::{Frequency, Period};
use super::plan::{Plan, Sources, Window};
use super::precedence::{Scope, Subject, choose};

/// One series as it is answered.
#[derive(Debug, Clone)]
pub struct Series {
    /// The key without its source: series that share it state the same figure.
    pub group: String,
    /// Its frequency.
    pub frequency: Frequency,
    /// Its codes in the order of the dataset's dimensions. Where the best source is chosen for each period, the code of
    /// the source is `best`.
    pub codes: Vec<String>,
    /// Its observations by period.
    pub observations: Vec<Observation>,
}

/// One figure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observation {
    /// The period, as the integer of the series' frequency.
    pub period: i32,
    /// The figure, scaled by the decimals of its measure; `None` where it is stated as missing.
    pub value: Option<i64>,
    /// SDMX `OBS_STATUS` as an ASCII letter.
    pub status: u8,
    /// Who first published it.
    pub source: Arc<str>,
    /// The release that states it.
    pub release: i32,
    /// What its document says of it.
    pub note: Option<String>,
    /// Whether its source is press, or one that the precedence table does not list or marks as weak.
    pub low_trust: bool,
}

/// The code that stands for "whichever source comes first" in the key of a series.
pub const BEST: &str = "best";

impl Series {
    /// Its public key.
    pub fn key(&self, dataset: &Dataset) -> String {
        series_key(&dataset.name, self.frequency, self.codes.iter().map(String::as_str))
    }

    /// The key of the series that an observation of it is from.
    pub fn key_of(&self, dataset: &Dataset, observation: &Observation) -> String {
        let at = source_at(dataset);
        let codes = self.codes.iter().enumerate();
        let codes = codes.map(|(i, code)| if i == at { observation.source.as_ref() } else { code.as_str() });
        series_key(&dataset.name, self.frequency, codes)
    }

    /// The code of one dimension; the empty text where the dataset does not have it.
    pub fn code(&self, dataset: &Dataset, dimension: Dimension) -> &str {
        let at = dataset.dimensions.iter().position(|d| *d == dimension);
        at.map_or("", |at| self.codes[at].as_str())
    }

    /// Where the series begins and ends; `None` without observations.
    pub fn span(&self) -> Option<(Period, Period)> {
        let period = |o: Option<&Observation>| o.and_then(|o| Period::new(self.frequency, o.period));
        Some((period(self.observations.first())?, period(self.observations.last())?))
    }
}

/// Where the source stands among the dimensions of a dataset.
pub fn source_at(dataset: &Dataset) -> usize {
    dataset.dimensions.iter().position(|d| *d == Dimension::Source).unwrap_or_default()
}

/// Answers one group of series that state the same figure, each from another source.
pub fn answer(plan: &Plan, dataset: &Dataset, vocabulary: &Vocabulary, group: Vec<Series>) -> Vec<Series> {
    let Some(first) = group.first() else { return Vec::new() };
    let subject = Subject { dataset, frequency: first.frequency, codes: &first.codes };
    let at = source_at(dataset);
    let scopes = subject.scopes(vocabulary, group.iter().map(|series| series.codes[at].as_str()));
    let mut answered = match &plan.sources {
        Sources::Best => best(&group, at, scopes).into_iter().collect(),
        Sources::All | Sources::Listed(_) => side_by_side(group, at, &scopes),
    };
    for series in &mut answered {
        cut(series, &plan.window);
    }
    answered.retain(|series| !series.observations.is_empty());
    answered
}

/// For each period the first source of the scope that answers.
fn best(group: &[Series], at: usize, scopes: Vec<Scope>) -> Option<Series> {
    let first_of =
        |source: &str| group.iter().find(|s| s.codes[at] == source)?.observations.first().map(|o| o.period);
    let scope = choose(scopes, first_of)?;
    let mut codes = group.first()?.codes.clone();
    BEST.clone_into(&mut codes[at]);
    let (key, frequency) = (group.first()?.group.clone(), group.first()?.frequency);
    let mut observations: Vec<Observation> = Vec::new();
    for ranked in &scope.sources {
        let Some(series) = group.iter().find(|s| s.codes[at] == ranked.source) else { continue };
        let standing =
            series.observations.iter().filter(|o| ranked.until.is_none_or(|until| o.period <= until));
        for observation in standing {
            // Kept in order: the sources before this one have filled in their periods.
            if let Err(place) = observations.binary_search_by_key(&observation.period, |o| o.period) {
                observations
                    .insert(place, Observation { low_trust: ranked.low_trust, ..observation.clone() });
            }
        }
    }
    Some(Series { group: key, frequency, codes, observations })
}

/// Every series as it is, its observations flagged by what the table says of their source.
fn side_by_side(mut group: Vec<Series>, at: usize, scopes: &[Scope]) -> Vec<Series> {
    for series in &mut group {
        let ranked = scopes.iter().flat_map(|s| &s.sources).find(|r| r.source == series.codes[at]);
        let low_trust = ranked.is_some_and(|r| r.low_trust);
        series.observations.iter_mut().for_each(|o| o.low_trust = low_trust);
    }
    group
}

/// Leaves only what lies within the window.
fn cut(series: &mut Series, window: &Window) {
    let (first, last) = window.ordinals(series.frequency);
    let within = |o: &Observation| first.is_none_or(|f| o.period >= f) && last.is_none_or(|l| o.period <= l);
    series.observations.retain(within);
    if let Some(last) = window.last {
        let before = series.observations.len().saturating_sub(last);
        series.observations.drain(..before);
    }
}
