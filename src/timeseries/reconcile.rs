//! The sources side by side: for one series and period, what each says and how far it is from the one that answers by default.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use super::answer::{BATCH, computed, tracks};
use super::derive::Track;
use super::fetch::Reader;
use super::frame::{Observation, Series, answer};
use super::plan::{Plan, Sources, Window};
use super::precedence::{Scope, Subject};
use super::selected::Selected;
use super::target::Target;
use crate::error::Result;

/// What the sources say of one period of one series.
#[derive(Debug, Clone)]
pub struct Comparison {
    /// The series, without observations; its source is `best`.
    pub series: Series,
    /// The period, as the integer of the series' frequency.
    pub period: i32,
    /// What each source says, in the order of the precedence table.
    pub figures: Vec<Compared>,
}

/// What one source says of a period.
#[derive(Debug, Clone)]
pub struct Compared {
    /// The figure with where it is from.
    pub observation: Observation,
    /// The scope that the source stands in; sources of one scope count alike. `None` where the table does not list it.
    pub scope: Option<String>,
    /// Whether this is what `source=best` answers.
    pub best: bool,
}

impl Comparison {
    /// The figure that `source=best` answers; `None` where it answers none for the period.
    pub fn best(&self) -> Option<&Compared> {
        self.figures.iter().find(|compared| compared.best)
    }
}

/// Up to `limit` comparisons of at least so many sources, series by series, behind the group and period of `after`.
pub async fn page(
    reader: &Reader<'_>,
    after: Option<(String, i32)>,
    (limit, sources): (usize, usize),
) -> Result<Vec<Comparison>> {
    let mut selected = Selected::read(reader, reader.plan).await?;
    selected.targets.retain(|target| target.sources.len() >= sources);
    selected.targets.retain(|target| after.as_ref().is_none_or(|(group, _)| target.group >= *group));
    let (mut compared, mut admission) = (Vec::new(), None);
    let mut targets = selected.targets.as_slice();
    while !targets.is_empty() && compared.len() < limit {
        let batch = selected.batch(targets, BATCH);
        if targets.len() < selected.targets.len() && admission.is_none() {
            admission = reader.admitted().await?;
        }
        targets = &targets[batch.len()..];
        let figures = selected.read_figures(reader, batch).await?;
        let comparisons = |target: &Target| {
            let tracks = tracks(reader.plan, reader.dataset, target, &figures);
            compare(reader, target, &tracks, sources)
        };
        let count = selected.figures(batch);
        let all: Vec<_> = computed(count, || batch.iter().map(comparisons).collect());
        for (target, mut comparisons) in batch.iter().zip(all) {
            if let Some((_, period)) = after.as_ref().filter(|(group, _)| *group == target.group) {
                comparisons.retain(|comparison| comparison.period > *period);
            }
            compared.append(&mut comparisons);
        }
    }
    compared.truncate(limit);
    Ok(compared)
}

/// Answers a target twice from the same figures, by each source and by the best, and puts both together.
fn compare(
    reader: &Reader<'_>,
    target: &Target,
    tracks: &[(String, Cow<'_, Track>)],
    sources: usize,
) -> Vec<Comparison> {
    let Reader { plan, dataset, vocabulary, .. } = *reader;
    let whole = Plan { window: Window { last: None, ..plan.window.clone() }, ..plan.clone() };
    let answered = |sources| {
        let plan = Plan { sources, ..whole.clone() };
        let series = answer(&plan, (dataset, vocabulary), target, tracks);
        series.into_iter().flat_map(|series| series.observations)
    };
    let best: HashMap<i32, Observation> = answered(Sources::Best).map(|o| (o.period, o)).collect();
    let subject = Subject { dataset, frequency: target.frequency, codes: &target.codes };
    let scopes = subject.scopes(vocabulary, tracks.iter().map(|(source, _)| source.as_str()));
    let mut periods: BTreeMap<i32, Vec<Compared>> = BTreeMap::new();
    for observation in answered(Sources::All) {
        let scope = place(&scopes, &observation).and_then(|(scope, _)| scopes[scope].name.clone());
        let best = best.get(&observation.period).is_some_and(|best| best.source == observation.source);
        periods.entry(observation.period).or_default().push(Compared { observation, scope, best });
    }
    periods.retain(|_, figures| figures.len() >= sources);
    let earlier = plan.window.last.map_or(0, |last| periods.len().saturating_sub(last));
    let (group, frequency, codes) = (target.group.clone(), target.frequency, target.codes.clone());
    let series = Series { group, frequency, codes, observations: Vec::new() };
    let comparison = |(period, mut figures): (i32, Vec<Compared>)| {
        figures.sort_by_key(|compared| {
            (place(&scopes, &compared.observation), compared.observation.source.clone())
        });
        Comparison { series: series.clone(), period, figures }
    };
    periods.into_iter().skip(earlier).map(comparison).collect()
}

/// Where the source of a figure stands in the order: its scope and its place in that, at the figure's period.
fn place(scopes: &[Scope], observation: &Observation) -> Option<(usize, usize)> {
    let stands = |until: Option<i32>| until.is_none_or(|until| observation.period <= until);
    let find = |any: bool| {
        scopes.iter().enumerate().find_map(|(at, scope)| {
            let named = |r: &super::precedence::Ranked| *r.source == *observation.source;
            let place = scope.sources.iter().position(|r| named(r) && (any || stands(r.until)));
            place.map(|place| (at, place))
        })
    };
    find(false).or_else(|| find(true))
}
