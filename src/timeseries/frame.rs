//! The answer of the pipeline before it is written: series with their observations, sources chosen.

use std::borrow::Cow;
use std::sync::Arc;

use smol_str::SmolStr;

use super::dataset::{Dataset, Vocabulary};
use super::derive::{Cell, Figure, Reason, Releases, Track};
use super::key::{Dimension, series_key};
use super::period::{Frequency, Period};
use super::plan::{Fill, Plan, Sources, Window};
use super::precedence::{Ranked, Scope, Subject, choose};
use super::target::Target;
use super::transform;

/// One series as it is answered.
#[derive(Debug, Clone)]
pub struct Series {
    /// The key without its source: series that share it state the same figure.
    pub group: String,
    /// Its frequency.
    pub frequency: Frequency,
    /// Its codes in the order of the dataset's dimensions. Where the best source is chosen for each period, the code of
    /// the source is `best`.
    pub codes: Vec<SmolStr>,
    /// Its observations by period.
    pub observations: Vec<Observation>,
}

/// One figure.
#[derive(Debug, Clone, PartialEq)]
pub struct Observation {
    /// The period, as the integer of the series' frequency.
    pub period: i32,
    /// The figure; `None` where it is stated as missing, or where there is none for `reason`.
    pub figure: Option<Figure>,
    /// SDMX `OBS_STATUS` as an ASCII letter.
    pub status: u8,
    /// Who first published it.
    pub source: Arc<str>,
    /// The releases that state it or what it was made of; `None` where there is nothing.
    pub releases: Option<Releases>,
    /// What its document says of it.
    pub note: Option<Arc<str>>,
    /// Whether its source is press, or one that the precedence table does not list or marks as weak.
    pub low_trust: bool,
    /// Whether it was computed from others.
    pub derived: bool,
    /// How many of how many parts it was made of.
    pub coverage: Option<(u32, u32)>,
    /// Why there is no figure; `None` where there is one, or where it is stated as missing.
    pub reason: Option<Reason>,
}

/// The code that stands for "whichever source comes first" in the key of a series.
pub const BEST: &str = "best";

impl Series {
    /// Its public key.
    pub fn key(&self, dataset: &Dataset) -> String {
        series_key(&dataset.name, self.frequency, self.codes.iter().map(SmolStr::as_str))
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
        let at = dataset.place(dimension);
        at.map_or("", |at| self.codes[at].as_str())
    }

    /// Where the series begins and ends; `None` without observations.
    pub fn span(&self) -> Option<(Period, Period)> {
        let period = |o: Option<&Observation>| o.and_then(|o| Period::new(self.frequency, o.period));
        Some((period(self.observations.first())?, period(self.observations.last())?))
    }
}

impl Observation {
    /// What a source says of a period.
    pub fn new(period: i32, source: &Arc<str>, cell: &Cell, low_trust: bool) -> Self {
        Self {
            period,
            figure: cell.figure,
            status: cell.status,
            source: source.clone(),
            releases: Some(cell.releases.clone()),
            note: cell.note.clone(),
            low_trust,
            derived: cell.coverage.is_some(),
            coverage: cell.coverage,
            reason: cell.reason,
        }
    }
}

/// Where the source stands among the dimensions of a dataset.
pub fn source_at(dataset: &Dataset) -> usize {
    dataset.place(Dimension::Source).unwrap_or_default()
}

/// A source at its place in the order, with what it says of a target.
#[derive(Debug)]
pub struct Voice<'a> {
    /// Its code.
    pub source: Arc<str>,
    /// The last ordinal at which it counts; `None` is open.
    pub until: Option<i32>,
    /// Whether its figures are weak.
    pub low_trust: bool,
    /// What it says.
    pub track: &'a Track,
}

/// Answers a target: of what each source says of it, the series that the plan asks for.
pub fn answer(
    plan: &Plan,
    (dataset, vocabulary): (&Dataset, &Vocabulary),
    target: &Target,
    tracks: &[(String, Cow<'_, Track>)],
) -> Vec<Series> {
    let subject = Subject { dataset, frequency: target.frequency, codes: &target.codes };
    let scopes = subject.scopes(vocabulary, tracks.iter().map(|(source, _)| source.as_str()));
    let measure = dataset.measure_of(&target.codes);
    let keeps_partial = plan.keeps_partial(measure);
    let of = (target.frequency, measure.map_or(0, |m| m.decimals));
    let at = source_at(dataset);
    let answered = voices(plan, scopes, tracks)
        .into_iter()
        .map(|(code, voices)| {
            let mut codes = target.codes.clone();
            codes[at] = code.into();
            let observations = transform::observations(plan, of, &voices, keeps_partial);
            Series { group: target.group.clone(), frequency: target.frequency, codes, observations }
        })
        .collect();
    finished(answered, plan.fill, &plan.window)
}

/// Series with what is not stated filled, and only what lies within the window; those of which nothing is left are left out.
pub fn finished(mut answered: Vec<Series>, fill: Fill, window: &Window) -> Vec<Series> {
    for series in &mut answered {
        transform::fill(series, fill);
        cut(series, window);
    }
    answered.retain(|series| !series.observations.is_empty());
    answered
}

/// The sources that speak for each series of the answer, best first: those of one scope together, or each for itself.
pub fn voices<'a>(
    plan: &Plan,
    scopes: Vec<Scope>,
    tracks: &'a [(String, Cow<'_, Track>)],
) -> Vec<(String, Vec<Voice<'a>>)> {
    let find = |source: &str| tracks.iter().find(|(of, _)| of == source).map(|(_, track)| &**track);
    let voice = |ranked: &Ranked, until: Option<i32>, track: &'a Track| Voice {
        source: ranked.source.as_str().into(),
        until,
        low_trust: ranked.low_trust,
        track,
    };
    if plan.sources == Sources::Best {
        let whole = |source: &str| {
            let first = find(source)?.iter().find(|(_, cell)| cell.counts())?;
            Some(*first.0)
        };
        let any = |source: &str| find(source)?.keys().next().copied();
        let scope = choose(scopes.clone(), whole).or_else(|| choose(scopes, any));
        let all = scope.into_iter().flat_map(|scope| scope.sources).filter_map(|ranked| {
            let track = find(&ranked.source)?;
            Some(voice(&ranked, ranked.until, track))
        });
        return vec![(BEST.to_owned(), all.collect())];
    }
    let alone = tracks.iter().map(|(source, track)| {
        let ranked = scopes.iter().flat_map(|s| &s.sources).find(|r| r.source == *source);
        let voices = ranked.map(|ranked| vec![voice(ranked, None, track)]).unwrap_or_default();
        (source.clone(), voices)
    });
    alone.collect()
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
