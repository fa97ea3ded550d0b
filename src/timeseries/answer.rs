//! The pipeline put together: reads batch by batch, chooses sources, cuts the window, and stops where the page is full.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::{panic, thread};

use foldhash::{HashMap, HashMapExt as _};
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::task::yield_now;

use super::dataset::{Dataset, Vocabulary};
use super::derive::{Maker, Track};
use super::estimate::{self, Bounds};
use super::fetch::{Figures, Reader};
use super::frame::{Series, answer, source_at};
use super::plan::{Aggregation, Plan, Ranks};
use super::ranking::{self, Ranking, Wanted};
use super::selected::Selected;
use super::target::Target;
use crate::error::{Error, Result};
use crate::words::words;

/// Series in the order of their keys, or observations in an order of their own.
#[derive(Debug, Default)]
pub struct Frame {
    /// The series. On a page the first and the last may lack observations that stand on other pages.
    pub series: Vec<Series>,
    /// The observations as they are sorted, each by its series and its place in that; `None` is series by series.
    pub order: Option<Vec<(usize, usize)>>,
    /// The place behind which the next page begins; `None` where nothing follows.
    pub next: Option<Place>,
    /// Figures of the past state whose first document came over 24 months late, or is undated.
    pub late: usize,
    /// The rankings that it shows.
    pub rankings: Vec<Ranking>,
}

/// The place of one observation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The key of its series without the source.
    pub group: String,
    /// The source of its series; `best` where the best is chosen.
    pub source: String,
    /// Its period.
    pub period: i32,
}

/// In which order observations stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// By series, then by period.
    Series,
    /// By period, then by series.
    Period {
        /// The latest first.
        descending: bool,
    },
    /// By value, then by series and period; what is stated as missing comes last.
    Value {
        /// The largest first.
        descending: bool,
    },
}

impl Sort {
    /// The word that `sort=` takes for it.
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(_, sort)| *sort == self).map_or("series", |(word, _)| *word)
    }

    /// Every order with the word that `sort=` takes.
    pub const ALL: [(&'static str, Self); 5] = [
        ("series", Self::Series),
        ("period", Self::Period { descending: false }),
        ("-period", Self::Period { descending: true }),
        ("value", Self::Value { descending: false }),
        ("-value", Self::Value { descending: true }),
    ];
}

words! {
    /// The order of observations.
    SortWord = Sort::ALL.map(|(word, _)| word);
}

impl Frame {
    /// How many observations it holds.
    pub fn len(&self) -> usize {
        self.order.as_ref().map_or_else(|| self.series.iter().map(|s| s.observations.len()).sum(), Vec::len)
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The observations in order, each by its series and its place in that.
    pub fn places(&self) -> Vec<(usize, usize)> {
        let by_series = self.series.iter().enumerate();
        self.order.clone().unwrap_or_else(|| {
            by_series.flat_map(|(at, series)| (0..series.observations.len()).map(move |o| (at, o))).collect()
        })
    }
}

/// How many stored figures are read at once, unless one target alone has more. An answer that needs more is a heavy one.
pub(super) const BATCH: i64 = 50_000;

/// From how many figures on making others of them takes longer than a task should keep its thread from the others.
const LONG: i64 = 10_000;

/// How many figures there may be in memory while others are made of some and more are read; where they are more, one waits for the other.
const MOST_BESIDE: i64 = 8 * BATCH;

/// Up to `limit` observations behind a place, series by series.
pub async fn page(reader: &Reader<'_>, after: Option<Place>, limit: usize) -> Result<Frame> {
    if reader.plan.ranks != Ranks::No {
        let place = after.as_ref().map(|place| (&*place.group, &*place.source));
        let (frame, _) = ranking::read(reader, Wanted { after: place, most: limit }).await?;
        return Ok(behind(frame, after.as_ref(), (limit, source_at(reader.dataset))));
    }
    let selected = Selected::read(reader, reader.plan).await?;
    of_targets(reader, &selected, after, limit).await
}

/// Up to `limit` observations of what is selected behind a place.
async fn of_targets(
    reader: &Reader<'_>,
    selected: &Selected,
    after: Option<Place>,
    limit: usize,
) -> Result<Frame> {
    let mut frame = Frame::default();
    // What comes late behind a full page is counted by the next one, if there is one.
    let (mut room, mut late_behind) = (limit, 0);
    let at = source_at(reader.dataset);
    let before = |target: &Target| after.as_ref().is_some_and(|place| target.group < place.group);
    let mut targets = &selected.targets[selected.targets.partition_point(before)..];
    let (mut admission, mut begun) = (None, false);
    while !targets.is_empty() {
        let batch = selected.batch(targets, BATCH);
        if admission.is_none() && (begun || selected.figures(batch) > BATCH) {
            admission = reader.admitted().await?;
        }
        begun = true;
        for (target, (mut answered, late)) in batch.iter().zip(answers(reader, selected, batch).await?) {
            let told = after.as_ref().filter(|place| place.group == target.group);
            let counted = if room == 0 { &mut late_behind } else { &mut frame.late };
            *counted += if told.is_some() { 0 } else { late };
            if let Some(place) = told {
                skip(&mut answered, at, place);
            }
            if !fill(&mut frame, answered, &mut room) {
                frame.next = frame.series.last().and_then(|last| place_of(last, at));
                return Ok(frame);
            }
        }
        targets = &targets[batch.len()..];
    }
    frame.late += late_behind;
    Ok(frame)
}

/// The page of a whole frame behind a place.
fn behind(whole: Frame, after: Option<&Place>, (limit, at): (usize, usize)) -> Frame {
    let mut series = whole.series;
    if let Some(place) = after {
        series.retain(|s| (&*s.group, &*s.codes[at]) >= (&*place.group, &*place.source));
        skip(&mut series, at, place);
    }
    let mut frame = Frame { series: Vec::new(), ..whole };
    let mut room = limit;
    if !fill(&mut frame, series, &mut room) {
        frame.next = frame.series.last().and_then(|last| place_of(last, at));
    }
    frame
}

/// Adds series as far as the page has room; false where something is left over.
fn fill(frame: &mut Frame, answered: Vec<Series>, room: &mut usize) -> bool {
    for mut series in answered {
        if *room == 0 {
            return false;
        }
        let over = series.observations.len() > *room;
        series.observations.truncate(*room);
        *room -= series.observations.len();
        frame.series.push(series);
        if over {
            return false;
        }
    }
    true
}

/// The series that some targets are answered with, each target with how many of its figures came late.
pub(super) async fn answers(
    reader: &Reader<'_>,
    selected: &Selected,
    targets: &[Target],
) -> Result<Vec<(Vec<Series>, usize)>> {
    let Reader { plan, dataset, vocabulary, .. } = *reader;
    let figures = selected.read_figures(reader, targets).await?;
    let answered = |target: &Target| {
        (of_target(plan, (dataset, vocabulary), target, &figures), selected.late(plan, target, &figures))
    };
    Ok(computed(selected.figures(targets), || targets.iter().map(answered).collect()))
}

/// Computes what is made of so many figures. Where they are many, the other tasks of the thread are given to another one for as
/// long as that takes.
pub(super) fn computed<T>(figures: i64, work: impl FnOnce() -> T) -> T {
    let has_others = Handle::try_current().is_ok_and(|it| it.runtime_flavor() == RuntimeFlavor::MultiThread);
    if figures > LONG && has_others { tokio::task::block_in_place(work) } else { work() }
}

/// Computes what is made of so many figures while others are read, so many of them: both take long where they are many, and neither waits
/// for the other. A request that nobody waits for any more, or whose time is over, ends behind both and not amid the reading.
pub(super) async fn computed_beside<T>(
    (figures, others): (i64, i64),
    work: impl FnOnce() + Send,
    read: impl Future<Output = T>,
) -> T {
    let has_others = Handle::try_current().is_ok_and(|it| it.runtime_flavor() == RuntimeFlavor::MultiThread);
    if figures <= LONG || figures + others > MOST_BESIDE || !has_others {
        computed(figures, work);
        return read.await;
    }
    let read = tokio::task::block_in_place(|| {
        thread::scope(|scope| {
            let beside = scope.spawn(work);
            let read = Handle::current().block_on(read);
            beside.join().unwrap_or_else(|cause| panic::resume_unwind(cause));
            read
        })
    });
    yield_now().await;
    read
}

/// The series that one target is answered with, of the figures of the stored series that it may be made of.
pub fn of_target(
    plan: &Plan,
    (dataset, vocabulary): (&Dataset, &Vocabulary),
    target: &Target,
    figures: &Figures,
) -> Vec<Series> {
    answer(plan, (dataset, vocabulary), target, &tracks(plan, dataset, target, figures))
}

/// What each source says of a target.
pub(super) fn tracks<'a>(
    plan: &Plan,
    dataset: &'a Dataset,
    target: &Target,
    figures: &'a Figures,
) -> Vec<(String, Cow<'a, Track>)> {
    let maker = maker(plan, dataset, target, &figures.tracks);
    let each = target.sources.iter();
    each.map(|(source, node)| (source.clone(), maker.track(node, target.frequency))).collect::<Vec<_>>()
}

/// How the tracks of a target's sources are made: by its measure, unless the plan says otherwise.
pub(super) fn maker<'a>(
    plan: &Plan,
    dataset: &'a Dataset,
    target: &Target,
    published: &'a HashMap<i64, Track>,
) -> Maker<'a> {
    let measure = dataset.measure_of(&target.codes);
    let own = measure.and_then(|m| Aggregation::ALL.iter().find(|(word, _)| *word == m.aggregation));
    let own = own.map(|(_, aggregation)| *aggregation);
    let aggregation = plan.aggregation.or(own);
    Maker {
        dataset,
        published,
        aggregation: aggregation.unwrap_or(Aggregation::Last),
        own: plan.aggregation.is_none() || plan.aggregation == own,
        converts: plan.converts && aggregation.is_some(),
        decimals: measure.map_or(0, |m| m.decimals),
    }
}

/// Every observation; more than `most` are refused with their estimated number, before any is read where that is certain.
pub async fn whole(reader: &Reader<'_>, most: usize, way_out: &str) -> Result<Frame> {
    if reader.plan.ranks != Ranks::No {
        let (frame, count) = ranking::read(reader, Wanted { after: None, most }).await?;
        let (estimate, limit) = (count as u64, most as u64);
        let refused = || Error::TooLarge { estimate, limit, way_out: way_out.to_owned() };
        return if count > most { Err(refused()) } else { Ok(frame) };
    }
    of_selected(reader, &Selected::read(reader, reader.plan).await?, (most, way_out)).await
}

/// The same of what is selected.
pub async fn of_selected(
    reader: &Reader<'_>,
    selected: &Selected,
    (most, way_out): (usize, &str),
) -> Result<Frame> {
    let limit = most as u64;
    let refused = |estimate| Error::TooLarge { estimate, limit, way_out: way_out.to_owned() };
    if !reader.is_past() {
        let all: Bounds = selected.bounds(reader).into_iter().sum();
        if all.least > limit {
            return Err(refused(all.most));
        }
    }
    let frame = of_targets(reader, selected, None, most).await?;
    if frame.next.is_none() {
        return Ok(frame);
    }
    let bounds = selected.bounds_then(reader).await?;
    Err(refused(estimate::behind(&frame, &selected.targets, &bounds)))
}

/// A page of observations that stand in another order than series by series.
pub fn sorted(frame: Frame, sort: Sort, after: Option<&Place>, (limit, at): (usize, usize)) -> Frame {
    let mut order = frame.places();
    let observation = |place: &(usize, usize)| &frame.series[place.0].observations[place.1];
    match sort {
        Sort::Series => {}
        Sort::Period { descending } => order.sort_by_key(|place| {
            let day = super::period::Period::new(frame.series[place.0].frequency, observation(place).period)
                .map(super::period::Period::last_day);
            let ordinal = day.map_or(0, |day| chrono::Datelike::num_days_from_ce(&day));
            if descending { -ordinal } else { ordinal }
        }),
        Sort::Value { descending } => order.sort_by_key(|place| {
            let figure = observation(place).figure;
            (figure.is_none(), figure.map(|f| f.order(descending)))
        }),
    }
    let key = |&(series, at_period): &(usize, usize)| {
        let series = &frame.series[series];
        Place {
            group: series.group.clone(),
            source: series.codes[at].to_string(),
            period: series.observations[at_period].period,
        }
    };
    if let Some(after) = after {
        let behind = order.iter().position(|place| key(place) == *after).map_or(order.len(), |i| i + 1);
        order.drain(..behind);
    }
    let next = (order.len() > limit).then(|| key(&order[limit - 1]));
    order.truncate(limit);
    Frame { next, ..only(frame, &order) }
}

/// Leaves of a frame only the observations at these places, in their order.
fn only(frame: Frame, places: &[(usize, usize)]) -> Frame {
    let mut kept: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    for (series, observation) in places {
        kept.entry(*series).or_default().insert(*observation);
    }
    let mut moved = HashMap::new();
    let mut left = Vec::new();
    for (at, mut series) in frame.series.into_iter().enumerate() {
        let Some(kept) = kept.get(&at) else { continue };
        moved.extend(kept.iter().enumerate().map(|(to, from)| ((at, *from), (left.len(), to))));
        let mut place = 0..;
        series.observations.retain(|_| place.next().is_some_and(|place| kept.contains(&place)));
        left.push(series);
    }
    let order = places.iter().map(|place| moved[place]).collect();
    Frame { series: left, order: Some(order), ..frame }
}

/// Leaves out of a group what stands before a place or at it.
fn skip(group: &mut Vec<Series>, at: usize, place: &Place) {
    let before = group.iter().position(|s| s.codes[at] == place.source).unwrap_or(0);
    group.drain(..before);
    if let Some(first) = group.first_mut().filter(|s| s.codes[at] == place.source) {
        first.observations.retain(|o| o.period > place.period);
    }
    group.retain(|series| !series.observations.is_empty());
}

fn place_of(series: &Series, at: usize) -> Option<Place> {
    let last = series.observations.last()?;
    Some(Place { group: series.group.clone(), source: series.codes[at].to_string(), period: last.period })
}
