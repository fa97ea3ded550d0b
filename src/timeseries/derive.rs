//! What one source says of a target: its own figures, or exact ones made of them. Never of several sources, never of
//! several frequencies at once.
//!
//! For each period, best first: published at the asked grain and frequency; converted from a finer frequency, complete;
//! summed over a declared partition, complete; converted, incomplete. What is incomplete says so by its coverage.

mod convert;
mod releases;
mod sum;
mod track;

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use convert::convert;
use foldhash::HashMap;
use sum::whole;

use super::dataset::{Dataset, Partition};
use super::period::{Frequency, PartialDate, Period};
use super::plan::Aggregation;
use super::target::{Node, Parts};

pub use releases::Releases;
pub use track::Track;

/// A figure: whole as published, or a ratio computed once.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Figure {
    /// A whole number, scaled by the decimals of its measure.
    Exact(i64),
    /// A ratio in the unit of the answer, not scaled.
    Ratio(f64),
}

impl Figure {
    /// A key that sorts figures of one kind, the largest first where `descending`.
    pub fn order(self, descending: bool) -> impl Ord {
        let key = match self {
            Self::Exact(value) => i128::from(value),
            // Doubles of one sign sort like their bits; those below zero the other way round.
            Self::Ratio(ratio) => {
                let bits = i128::from(ratio.to_bits().cast_signed());
                if bits < 0 { i128::from(i64::MIN) - bits } else { bits }
            }
        };
        if descending { -key } else { key }
    }
}

/// Why there is no figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// A period that the figure would be computed with has none.
    Gap,
    /// No one source has all the figures that it would be computed with.
    SourceChange,
    /// A figure with status B stands between: what is before it is not comparable.
    Break,
    /// A figure that it would be computed with is incomplete.
    Partial,
    /// The figure that it would be divided by is 0.
    Zero,
    /// Nobody states a figure for the period.
    NotStated,
    /// Some of the codes that are summed have no figure.
    Parts,
    /// What is ranked is less than four fifths of the whole, or nobody states the whole.
    IncompleteRanking,
    /// What is ranked overlaps: a code above is ranked, or the parts are more than the whole.
    Overlap,
}

impl Reason {
    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Gap => "gap",
            Self::SourceChange => "source_change",
            Self::Break => "break",
            Self::Partial => "partial",
            Self::Zero => "zero",
            Self::NotStated => "not_stated",
            Self::Parts => "parts",
            Self::IncompleteRanking => "incomplete_ranking",
            Self::Overlap => "overlap",
        }
    }
}

/// What a source says of one period.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    /// The figure; `None` where it is stated as missing.
    pub figure: Option<Figure>,
    /// SDMX `OBS_STATUS` as an ASCII letter: of a derived figure the weakest of its parts.
    pub status: u8,
    /// The releases that state it, or what it was made of.
    pub releases: Releases,
    /// What its document says of it; a derived figure has none.
    pub note: Option<Arc<str>>,
    /// How many of how many parts it was made of; `None` where it is published.
    pub coverage: Option<(u32, u32)>,
    /// Why there is no figure, where there is none and it is not stated as missing.
    pub reason: Option<Reason>,
}

impl Cell {
    /// Whether it is the whole figure.
    pub fn is_complete(&self) -> bool {
        self.coverage.is_none_or(|(has, of)| has == of)
    }

    /// Whether it is a figure, and the whole of it.
    pub fn counts(&self) -> bool {
        self.figure.is_some() && self.is_complete()
    }

    /// Its figure, where it is a whole number.
    pub fn exact(&self) -> Option<i64> {
        match self.figure {
            Some(Figure::Exact(value)) => Some(value),
            _ => None,
        }
    }
}

/// What the tracks of a source are made from.
#[derive(Debug, Clone, Copy)]
pub struct Maker<'a> {
    /// The dataset, for its partitions.
    pub dataset: &'a Dataset,
    /// The figures of each stored series.
    pub published: &'a HashMap<i64, Track>,
    /// How figures of a finer frequency become one.
    pub aggregation: Aggregation,
    /// Whether that is how the measure itself adds up; only then may published figures and sums of parts stand beside it.
    pub own: bool,
    /// Whether finer frequencies are converted at all.
    pub converts: bool,
    /// The decimals that published figures are scaled by.
    pub decimals: u32,
}

impl<'a> Maker<'a> {
    /// What a source says of a target at this frequency.
    pub fn track(&self, node: &Node, frequency: Frequency) -> Cow<'a, Track> {
        let finer: Vec<Frequency> = Frequency::ALL
            .into_iter()
            .filter(|f| self.converts && *f > frequency && node.reaches(*f))
            .collect();
        if self.own && finer.is_empty() && node.partitions.is_empty() {
            return self.at_grain(node, frequency);
        }
        let mut track = if self.own { self.published(node, frequency).into_owned() } else { Track::new() };
        let mut incomplete = Vec::new();
        for finer in finer {
            let way = (self.aggregation, self.decimals);
            for (period, cell) in convert(&self.group(node, finer), (finer, frequency), way) {
                if cell.is_complete() {
                    track.or_insert(period, cell);
                } else {
                    incomplete.push((period, cell));
                }
            }
        }
        if self.own {
            for (period, cell) in self.finest(node, frequency).into_owned() {
                if cell.is_complete() {
                    track.or_insert(period, cell);
                } else {
                    incomplete.push((period, cell));
                }
            }
            self.add_declared(node, frequency, &mut track);
        }
        // The fuller one first: 3 of 4 quarters rather than 8 of 12 months.
        incomplete.sort_by(|a, b| fullness(&b.1).total_cmp(&fullness(&a.1)));
        for (period, cell) in incomplete {
            track.or_insert(period, cell);
        }
        if self.own {
            self.add_lacking(node, frequency, &mut track);
        }
        Cow::Owned(track)
    }

    /// What there is at the asked grain and frequency, published or else summed over the finest series, incomplete figures last.
    fn at_grain(&self, node: &Node, frequency: Frequency) -> Cow<'a, Track> {
        let (published, finest) = (self.published(node, frequency), self.finest(node, frequency));
        if published.is_empty() {
            return finest;
        }
        let mut track = published;
        if !finest.is_empty() {
            finest.into_owned().into_iter().for_each(|(period, cell)| track.to_mut().or_insert(period, cell));
        }
        track
    }

    fn published(&self, node: &Node, frequency: Frequency) -> Cow<'a, Track> {
        let track = node.published.get(frequency).and_then(|id| self.published.get(id));
        track.map_or_else(|| Cow::Owned(Track::new()), Cow::Borrowed)
    }

    /// What a source says at one frequency: published, or else summed over declared parts.
    fn group(&self, node: &Node, frequency: Frequency) -> Cow<'a, Track> {
        let mut track = self.published(node, frequency);
        let finest = self.finest(node, frequency);
        if track.is_empty() && finest.iter().all(|(_, cell)| cell.is_complete()) {
            track = finest;
        } else {
            let complete = finest.into_owned().into_iter().filter(|(_, cell)| cell.is_complete());
            complete.for_each(|(period, cell)| track.to_mut().or_insert(period, cell));
        }
        if !node.partitions.is_empty() {
            self.add_declared(node, frequency, track.to_mut());
        }
        track
    }

    /// Adds the complete sums over declared parts.
    fn add_declared(&self, node: &Node, frequency: Frequency, track: &mut Track) {
        for parts in &node.partitions {
            for (period, cell) in self.sums(parts, frequency) {
                track.or_insert(period, cell);
            }
        }
    }

    /// The complete sums over the parts of a partition, for the periods that it holds for.
    fn sums(&self, parts: &Parts, frequency: Frequency) -> Track {
        let partition = &self.dataset.partitions[parts.partition];
        let tracks = self.tracks(parts, frequency);
        let mentioned: Vec<BTreeSet<i32>> = if partition.absent_is_zero {
            let of = |node: &Option<Node>| node.as_ref().map(|node| self.mentioned(node, frequency));
            parts.nodes.iter().map(|node| of(node).unwrap_or_default()).collect()
        } else {
            Vec::new()
        };
        let absent = |at: usize, period: i32| {
            partition.absent_is_zero && mentioned.get(at).is_none_or(|periods| !periods.contains(&period))
        };
        let sums = periods(partition, frequency, &tracks).into_iter();
        sums.filter_map(|period| Some((period, sum(&tracks, |at| absent(at, period), period)?))).collect()
    }

    /// The periods of which the source says anything about a node or its parts, at this frequency or a finer one: there it is
    /// not absent, though it may have no whole figure.
    fn mentioned(&self, node: &Node, frequency: Frequency) -> BTreeSet<i32> {
        let finer = node.published.iter().filter(|(own, _)| *own >= frequency);
        let mut periods: BTreeSet<i32> = finer
            .filter_map(|(own, id)| Some((own.per_year() / frequency.per_year(), self.published.get(id)?)))
            .flat_map(|(length, track)| track.keys().map(move |period| period.div_euclid(length)))
            .collect();
        for parts in node.partitions.iter().flat_map(|parts| &parts.nodes).flatten() {
            periods.append(&mut self.mentioned(parts, frequency));
        }
        periods
    }

    /// Where a sum is asked for of which some parts are not stated: that there is none.
    fn add_lacking(&self, node: &Node, frequency: Frequency, track: &mut Track) {
        for parts in &node.partitions {
            let partition = &self.dataset.partitions[parts.partition];
            if partition.is_asked() {
                let tracks = self.tracks(parts, frequency);
                for period in periods(partition, frequency, &tracks) {
                    if let Some(cell) = lacking(&tracks, period) {
                        track.or_insert(period, cell);
                    }
                }
            }
        }
    }

    /// The sum of the finest series, of which one that is not stated counts as nothing; one that is stated as missing lacks.
    fn finest(&self, node: &Node, frequency: Frequency) -> Cow<'a, Track> {
        let ids = node.finest.get(frequency).map_or(&[][..], Vec::as_slice);
        let tracks = ids.iter().filter_map(|id| self.published.get(id));
        if let &[id] = ids
            && let Some(track) = self.published.get(&id)
            && track.iter().all(|(_, cell)| cell.coverage.is_some() && cell.figure.is_some())
        {
            return Cow::Borrowed(track);
        }
        Cow::Owned(whole(tracks))
    }

    fn tracks(&self, parts: &Parts, frequency: Frequency) -> Vec<Option<Cow<'a, Track>>> {
        parts.nodes.iter().map(|node| node.as_ref().map(|node| self.group(node, frequency))).collect()
    }
}

/// The periods that a partition holds for and some part says something of.
fn periods(partition: &Partition, frequency: Frequency, tracks: &[Option<Cow<'_, Track>>]) -> BTreeSet<i32> {
    let all = tracks.iter().flatten().flat_map(|track| track.keys().copied());
    all.filter(|period| holds(partition, frequency, *period)).collect()
}

/// The sum of the parts at one period; `None` where one is missing that is not `absent` and so does not count as 0.
fn sum(tracks: &[Option<Cow<'_, Track>>], absent: impl Fn(usize) -> bool, period: i32) -> Option<Cell> {
    let mut total: Option<Cell> = None;
    let mut value: i64 = 0;
    for (at, track) in tracks.iter().enumerate() {
        match track.as_ref().and_then(|track| track.get(&period)) {
            Some(cell) => {
                value = value.checked_add(cell.exact()?)?;
                total = Some(joined(total, cell));
            }
            None if absent(at) => {}
            None => return None,
        }
    }
    let of = u32::try_from(tracks.len()).ok()?;
    total.map(|cell| Cell { figure: Some(Figure::Exact(value)), coverage: Some((of, of)), ..cell })
}

/// That a sum is not known at one period, with how many of its parts are; `None` where no part is.
fn lacking(tracks: &[Option<Cow<'_, Track>>], period: i32) -> Option<Cell> {
    let cells = tracks.iter().flatten().filter_map(|track| track.get(&period));
    let stated: Vec<&Cell> = cells.filter(|cell| cell.exact().is_some()).collect();
    let has = u32::try_from(stated.len()).ok()?;
    let cell = stated.into_iter().fold(None, |so_far, part| Some(joined(so_far, part)))?;
    let coverage = Some((has, u32::try_from(tracks.len()).ok()?));
    Some(Cell { figure: None, status: b'M', coverage, reason: Some(Reason::Parts), ..cell })
}

/// A derived cell with one more part: the weakest status, all releases.
pub fn joined(so_far: Option<Cell>, part: &Cell) -> Cell {
    let Some(mut cell) = so_far else { return Cell { note: None, ..part.clone() } };
    cell.status = weaker(cell.status, part.status);
    cell.releases.add(&part.releases);
    cell
}

/// The weaker of two statuses: a break before all, then forecasts, estimates, imputed and provisional ones.
pub fn weaker(one: u8, other: u8) -> u8 {
    let weight = |status: u8| b"APIEFB".iter().position(|s| *s == status).unwrap_or_default();
    if weight(other) > weight(one) { other } else { one }
}

/// The mean of so many figures with this sum: a ratio, computed once from exact numbers.
#[expect(clippy::cast_precision_loss, reason = "a ratio is of doubles; figures are far below 2^53")]
pub fn mean(sum: i64, count: u32, decimals: u32) -> Figure {
    Figure::Ratio(sum as f64 / (f64::from(count) * 10_f64.powi(decimals.cast_signed())))
}

/// How much of the whole a figure has.
fn fullness(cell: &Cell) -> f64 {
    cell.coverage.map_or(1.0, |(has, of)| f64::from(has) / f64::from(of))
}

/// Whether a partition holds for a whole period.
pub(super) fn holds(partition: &Partition, frequency: Frequency, period: i32) -> bool {
    let Some(period) = Period::new(frequency, period) else { return false };
    let date = |text: &Option<String>| text.as_deref().and_then(|t| t.parse::<PartialDate>().ok());
    date(&partition.valid_from).is_none_or(|from| period.first_day() >= from.first)
        && date(&partition.valid_to).is_none_or(|to| period.last_day() <= to.last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_weakest_status_stands_and_a_break_before_all() {
        assert_eq!(
            [(b'A', b'E'), (b'F', b'E'), (b'B', b'F'), (b'P', b'A')].map(|(a, b)| weaker(a, b)),
            *b"EFBP"
        );
    }
}
