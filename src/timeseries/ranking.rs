//! Codes of one dimension held against each other: shares of the whole, ranks, the largest and the rest. A ranking is of one
//! measure, class, powertrain and frequency, and of one source; where that lists too little of the whole, it says so.

mod by_period;
mod ground;
mod listing;
mod ranked;
mod unit;

use std::collections::{BTreeMap, BTreeSet};

use by_period::Largest;
pub use by_period::is_of_one_period;
use foldhash::{HashSet, HashSetExt as _};
use ground::{Ground, Place, Said};
use unit::Unit;

use super::answer::{BATCH, Frame, computed, computed_beside, of_target, tracks};
use super::dataset::{Dataset, Vocabulary};
use super::fetch::{Figures, MOST_FIGURES, Reader};
use super::frame::{Series, source_at};
use super::key::Dimension;
use super::period::{Frequency, Period};
use super::plan::{Group, Plan, Ranks, Selection, Sources};
use super::selected::Selected;
use super::target::{Stored, Target};
use crate::error::{Error, Fault, FaultCode, Result};

/// How many windows are named where there is no ranking for the one that is asked for.
const NEAREST: usize = 8;

/// A ranking of an answer: what is ranked, by whom, and how much of the whole it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Ranking {
    /// The dimension whose codes are ranked.
    pub dimension: Dimension,
    /// The codes that all of them share, in the order of the dataset's dimensions; those of the source, of the ranked dimension and
    /// of open levels above it are left out.
    pub codes: Vec<(Dimension, String)>,
    /// The frequency.
    pub frequency: Frequency,
    /// Whose ranking it is.
    pub source: String,
    /// The first and the last period that it is asked for.
    pub window: (i32, i32),
    /// How much of the whole its codes are together, in percent, in the period in which that is least; `None` where for some period
    /// nobody states the whole, or the source ranks nothing.
    pub coverage: Option<f64>,
    /// Whether they are at least four fifths of the whole in each period.
    pub complete: bool,
}

/// Where a source has a ranking: outside the window that is asked for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Elsewhere {
    source: String,
    frequency: Frequency,
    first: i32,
    last: i32,
}

/// What a page or a whole answer takes of the series of rankings.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// Behind this place: the key of a series without its source, and its source.
    pub after: Option<(&'a str, &'a str)>,
    /// So many observations, and those of the series that are over it.
    pub most: usize,
}

/// What is wanted of the series of a plan that ranks, in the order of their keys, and how many observations all of them have.
pub async fn read(reader: &Reader<'_>, wanted: Wanted<'_>) -> Result<(Frame, usize)> {
    let (selected, ranked) = match by_period::read(reader).await? {
        Some(Largest { selected, figures }) => (selected, Some(figures)),
        None => (Selected::read(reader, &widened(reader.plan)).await?, None),
    };
    let ground = Ground::of(reader).map(|ground| Ground { figures: ranked.as_deref(), ..ground });
    let count = selected.figures(&selected.targets);
    if count > MOST_FIGURES {
        return Err(Error::too_much_of("figures", MOST_FIGURES.unsigned_abs()));
    }
    let _admission = if count > BATCH { reader.admitted().await? } else { None };
    let units = units(ground, &selected, count);
    let found = answered(reader, (ground, &selected, &units), wanted).await?;
    let has_window = reader.plan.window.start.or(reader.plan.window.end).is_some();
    if reader.plan.ranks != Ranks::Ranking || !has_window || !found.frame.rankings.is_empty() {
        return Ok((found.frame, found.count));
    }
    // Where nothing is ranked in the window, it is told where something is.
    let reader = Reader { reads_all: true, ..*reader };
    let found = answered(&reader, (ground, &selected, &units), wanted).await?;
    let count = found.count;
    Ok((found.somewhere(reader.plan)?, count))
}

/// The targets of rankings that are read at once.
fn units<'a>(ground: Option<Ground<'_>>, selected: &'a Selected, count: i64) -> Vec<Vec<&'a Target>> {
    let all = || vec![selected.targets.iter().collect()];
    let Some(ground) = ground.filter(|_| count > BATCH) else { return all() };
    let mut units: BTreeMap<(Frequency, Vec<&str>), Vec<&Target>> = BTreeMap::new();
    for target in &selected.targets {
        units.entry((target.frequency, ground.shared(&target.codes))).or_default().push(target);
    }
    let with_stored = |unit: Vec<&'a Target>| {
        let stored = selected.needed(unit.iter().copied());
        (unit, stored)
    };
    let (batches, read) = batched(units.into_values().map(with_stored));
    // Where rankings share much of what they are made of, it would be read again for each.
    if read > 2 * count { all() } else { batches }
}

/// Batches of units, each of which comes with the stored series that it is made of: whole units, up to [`BATCH`] figures or one that has
/// more, and those whose figures the batch reads already, such as a class behind the one that it is part of. And how many figures all
/// batches read.
fn batched<'a, T>(units: impl Iterator<Item = (Vec<T>, Vec<&'a Stored>)>) -> (Vec<Vec<T>>, i64) {
    let (mut batches, mut room, mut read): (Vec<Vec<T>>, i64, i64) = (Vec::new(), 0, 0);
    let mut held = HashSet::new();
    for (unit, stored) in units {
        let figures = |held: &HashSet<i64>| -> i64 {
            let more = stored.iter().filter(|one| !held.contains(&one.id));
            more.map(|one| i64::from(one.observations)).sum()
        };
        let mut more = figures(&held);
        if let Some(batch) = batches.last_mut().filter(|_| more <= room) {
            batch.extend(unit);
        } else {
            batches.push(unit);
            held.clear();
            (room, more) = (BATCH, figures(&held));
        }
        held.extend(stored.iter().map(|one| one.id));
        room = (room - more).max(0);
        read += more;
    }
    (batches, read)
}

/// The answer of all rankings, read batch by batch.
async fn answered(
    reader: &Reader<'_>,
    (ground, selected, batches): (Option<Ground<'_>>, &Selected, &[Vec<&Target>]),
    wanted: Wanted<'_>,
) -> Result<Found> {
    let mut found = Found::default();
    let Some(ground) = ground else { return Ok(found) };
    let count = |batch: &[&Target]| selected.figures(batch.iter().copied());
    let mut batches = batches.iter();
    let Some(mut batch) = batches.next() else { return Ok(found) };
    let mut figures = selected.read_figures(reader, batch.iter().copied()).await?;
    loop {
        let found = &mut found;
        // It has the figures to itself, so that they are gone before others are read.
        let work = move || {
            found.add(&ground, batch, &figures);
            let late = batch.iter().map(|target| selected.late(reader.plan, target, &figures));
            found.frame.late += late.sum::<usize>();
            found.keep(wanted, source_at(reader.dataset));
        };
        let Some(next) = batches.next() else {
            computed(count(batch), work);
            break;
        };
        let read = selected.read_figures(reader, next.iter().copied());
        figures = computed_beside((count(batch), count(next)), work, read).await?;
        batch = next;
    }
    Ok(found)
}

/// What is found of rankings.
#[derive(Debug, Default)]
struct Found {
    frame: Frame,
    /// How many observations there are, those that are not wanted included.
    count: usize,
    /// Where sources rank something outside of the window.
    elsewhere: BTreeSet<Elsewhere>,
}

impl Found {
    /// Adds the rankings of some targets.
    fn add(&mut self, ground: &Ground<'_>, targets: &[&Target], figures: &Figures) {
        let Ground { plan, dataset, .. } = *ground;
        let mut units: BTreeMap<(Frequency, Vec<&str>), Unit<'_>> = BTreeMap::new();
        for target in targets {
            let Some(place) = ground.place(&target.codes) else { continue };
            let said = Said::new(ground, target, tracks(plan, dataset, target, figures));
            let unit = units.entry((target.frequency, ground.shared(&target.codes))).or_default();
            match place {
                Place::Whole => unit.whole = Some(said),
                // Of what nobody says anything of, nothing follows either: not even in which order sources come.
                Place::Part if said.says_nothing() => {}
                Place::Part => unit.parts.push(said),
            }
        }
        for unit in units.values() {
            let mut series = unit.answer(ground, &mut self.frame.rankings, &mut self.elsewhere);
            self.count += series.iter().map(|series| series.observations.len()).sum::<usize>();
            self.frame.series.append(&mut series);
        }
    }

    /// Leaves of the series what is wanted, in the order of their keys.
    fn keep(&mut self, Wanted { after, most }: Wanted<'_>, at: usize) {
        let series = &mut self.frame.series;
        series.retain(|one| after.is_none_or(|after| (&*one.group, &*one.codes[at]) >= after));
        series.sort_by(|a, b| (&a.group, &a.codes[at]).cmp(&(&b.group, &b.codes[at])));
        let mut before = 0;
        let fitting = series.iter().take_while(|one| {
            let fits = before <= most;
            // Of the series at the place itself, which other pages have a part of, nothing is counted on.
            let is_whole = after != Some((&*one.group, &*one.codes[at]));
            before += if is_whole { one.observations.len() } else { 0 };
            fits
        });
        let fitting = fitting.count();
        series.truncate(fitting);
    }

    /// The frame; an error where nobody ranks anything in the window that is asked for, but somebody does at another time.
    fn somewhere(self, plan: &Plan) -> Result<Frame> {
        let has_window = plan.window.start.or(plan.window.end).is_some();
        match plan.ranked() {
            Some(group) if has_window && self.frame.rankings.is_empty() && !self.elsewhere.is_empty() => {
                Err(nowhere(plan, group, self.elsewhere))
            }
            _ => Ok(self.frame),
        }
    }
}

/// Every series of a plan that ranks, and what each source says of the wholes that they are parts of, whichever sources are ranked.
pub async fn with_wholes(reader: &Reader<'_>) -> Result<(Frame, Vec<Series>)> {
    let Reader { plan, dataset, .. } = *reader;
    let Some(group) = plan.ranked() else { return Ok((Frame::default(), Vec::new())) };
    let whole = group.whole.clone().unwrap_or_default();
    let mut wide = Plan { sources: Sources::All, ..plan.clone() };
    // The last of the parts may not be the last of the whole.
    wide.window.last = None;
    match wide.selection.get_mut(&group.dimension) {
        Some(Selection::Codes { codes, .. }) => codes.push(whole.clone()),
        Some(selection) => *selection = Selection::Any,
        None => {}
    }
    let selected = Selected::read(reader, &wide).await?;
    let count = selected.figures(&selected.targets);
    let _admission = if count > BATCH { reader.admitted().await? } else { None };
    let at = dataset.place(group.dimension).unwrap_or_default();
    let (wholes, mut parts): (Vec<Target>, Vec<Target>) =
        selected.targets.iter().cloned().partition(|target| target.codes[at] == whole);
    for part in &mut parts {
        part.sources.retain(|(source, _)| plan.codes(Dimension::Source).is_none_or(|s| s.contains(source)));
    }
    let beside = Beside { reader, wide: &wide, parts: [parts, wholes.clone()].concat(), wholes };
    let figures = selected.read_figures(reader, &selected.targets).await?;
    let answered = computed(count, || beside.answer(&figures));
    if !matches!(&answered, Ok((frame, _)) if frame.rankings.is_empty()) {
        return answered;
    }
    // Where nothing is ranked in the window, it is told where something is.
    let all = Reader { reads_all: true, ..*reader };
    let figures = selected.read_figures(&all, &selected.targets).await?;
    computed(count, || beside.answer(&figures))
}

/// What is ranked beside its wholes.
struct Beside<'a> {
    reader: &'a Reader<'a>,
    /// The plan that answers each source of the wholes.
    wide: &'a Plan,
    parts: Vec<Target>,
    wholes: Vec<Target>,
}

impl Beside<'_> {
    fn answer(&self, figures: &Figures) -> Result<(Frame, Vec<Series>)> {
        let by = (self.reader.dataset, self.reader.vocabulary);
        let frame = answer(self.reader.plan, by, &self.parts, figures)?;
        let wholes = self.wholes.iter().flat_map(|target| of_target(self.wide, by, target, figures));
        Ok((frame, wholes.collect()))
    }
}

/// The plan that selects the whole too, and all codes that are ranked. A share asks for no other codes than those that are shown.
pub fn widened(plan: &Plan) -> Plan {
    let mut wide = plan.clone();
    let Some(group) = plan.ranked() else { return wide };
    match (plan.ranks, wide.selection.get_mut(&group.dimension), &group.whole) {
        (Ranks::Shares, Some(Selection::Codes { codes, .. }), Some(whole)) => {
            if !codes.contains(whole) {
                codes.push(whole.clone());
            }
        }
        _ => _ = wide.selection.insert(group.dimension, Selection::Any),
    }
    wide
}

/// The answer of a plan that ranks, of the targets of its widened plan and their figures.
pub fn answer(
    plan: &Plan,
    (dataset, vocabulary): (&Dataset, &Vocabulary),
    targets: &[Target],
    figures: &Figures,
) -> Result<Frame> {
    let Some(group) = plan.ranked() else { return Ok(Frame::default()) };
    let mut found = Found::default();
    let ground = Ground { plan, dataset, vocabulary, group, figures: None };
    found.add(&ground, &targets.iter().collect::<Vec<_>>(), figures);
    found.keep(Wanted { after: None, most: usize::MAX }, source_at(dataset));
    found.somewhere(plan)
}

/// That nobody ranks anything in the window that is asked for, with the nearest windows that there are, one of each source.
fn nowhere(plan: &Plan, group: &Group, elsewhere: BTreeSet<Elsewhere>) -> Error {
    let mut nearest: Vec<(i32, Elsewhere)> = Vec::new();
    for one in elsewhere {
        let (start, end) = plan.window.ordinals(one.frequency);
        let months = 12 / one.frequency.per_year();
        let before = start.map_or(0, |start| start - one.last);
        let behind = end.map_or(0, |end| one.first - end);
        let distance = before.max(behind).max(0).saturating_mul(months);
        match nearest.iter_mut().find(|(_, other)| other.source == one.source) {
            Some(other) if distance < other.0 => *other = (distance, one),
            Some(_) => {}
            None => nearest.push((distance, one)),
        }
    }
    nearest.sort();
    let window = |(_, one): &(i32, Elsewhere)| {
        let period = |ordinal| Period::new(one.frequency, ordinal).map(|p| p.to_string()).unwrap_or_default();
        let (first, last) = (period(one.first), period(one.last));
        format!("source={}&frequency={}&start={first}&end={last}", one.source, one.frequency)
    };
    let dimension = group.dimension;
    let detail = format!(
        "no source ranks codes of {dimension} in the time from start to end; there are rankings at other times"
    );
    let mut fault = Fault::new("group_by", &group.to_string(), detail).of_kind(FaultCode::NoRanking);
    fault.allowed = nearest.iter().take(NEAREST).map(window).collect();
    Error::Rejected(vec![fault])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_batch_reads_already_takes_no_room() {
        let stored = [60_000, 60_000, 60_000, 10_000, 40_000, 1].into_iter().zip(0..);
        let stored: Vec<Stored> = stored
            .map(|(observations, id)| Stored {
                id,
                frequency: Frequency::M,
                codes: Vec::new(),
                span: None,
                observations,
                is_sum: false,
            })
            .collect();
        // The second is part of the first, though that is full; the fifth just fits, and behind it there is no room.
        let units: [(&str, &[usize]); 6] =
            [("a", &[0, 1]), ("b", &[1]), ("c", &[1, 2]), ("d", &[3]), ("e", &[3, 4]), ("f", &[5])];
        let with_stored =
            units.map(|(name, ids)| (vec![name], ids.iter().map(|at| &stored[*at]).collect::<Vec<_>>()));
        let (batches, read) = batched(with_stored.into_iter());
        assert_eq!(batches, [vec!["a", "b"], vec!["c"], vec!["d", "e"], vec!["f"]]);
        assert_eq!(read, 120_000 + 120_000 + 50_000 + 1);
    }
}
