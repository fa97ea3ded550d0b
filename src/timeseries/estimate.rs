//! How many observations a query is answered with, told by where its series begin and end and how many figures they have, before
//! any of these is read.
//!
//! Two numbers bound the true one. Where a figure is made of others, or chosen among scopes of sources, it depends on figures
//! whether there is one at all: the lower bound counts none of these, the upper one all that may be.

use std::iter::Sum;

use foldhash::{HashMap, HashMapExt as _};

use super::answer::{Frame, maker};
use super::dataset::{Dataset, Vocabulary};
use super::derive::{Maker, holds};
use super::period::Frequency;
use super::plan::{Aggregation, Fill, Plan, Sources};
use super::precedence::{Scope, Subject};
use super::target::{Node, Parts, Stored, Target};

/// The least and the most observations that an answer may have.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Bounds {
    /// It has no fewer.
    pub least: u64,
    /// It has no more.
    pub most: u64,
}

impl Sum for Bounds {
    fn sum<I: Iterator<Item = Self>>(each: I) -> Self {
        each.fold(Self::default(), |so_far, one| Self {
            least: so_far.least + one.least,
            most: so_far.most + one.most,
        })
    }
}

/// Figures that may be there: no more than so many, none of them outside of these periods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Run {
    first: i32,
    last: i32,
    most: i64,
    /// Whether each of these figures is there for certain, the first and the last period among them.
    certain: bool,
}

/// The bounds of each target, by the spans of the stored series that it may be made of. Of a past state nothing is certain, and
/// the upper bound holds only where the spans are of all that has ever held.
pub fn bounds(
    plan: &Plan,
    (dataset, vocabulary): (&Dataset, &Vocabulary),
    targets: &[Target],
    stored: &[Stored],
) -> Vec<Bounds> {
    let (none, stored) = (HashMap::new(), &stored.iter().map(|one| (one.id, one)).collect());
    let of = |target: &Target| {
        let maker = maker(plan, dataset, target, &none);
        let keeps_partial = plan.keeps_partial(dataset.measure_of(&target.codes));
        Estimate { plan, vocabulary, target, stored, maker, keeps_partial }.bounds()
    };
    targets.iter().map(of).collect()
}

/// The most observations where reading stopped behind these: those that were read are counted, the rest is bounded.
pub fn behind(frame: &Frame, targets: &[Target], bounds: &[Bounds]) -> u64 {
    let Some(stopped) = frame.series.last().map(|series| &series.group) else { return 0 };
    let read = frame.series.iter().filter(|series| series.group < *stopped);
    let read: usize = read.map(|series| series.observations.len()).sum();
    let rest = targets.iter().zip(bounds).filter(|(target, _)| target.group >= *stopped);
    read as u64 + rest.map(|(_, bounds)| bounds.most).sum::<u64>()
}

/// What the bounds of one target are told by.
struct Estimate<'a> {
    plan: &'a Plan,
    vocabulary: &'a Vocabulary,
    target: &'a Target,
    stored: &'a HashMap<i64, &'a Stored>,
    maker: Maker<'a>,
    keeps_partial: bool,
}

impl Estimate<'_> {
    fn bounds(&self) -> Bounds {
        let tracks = self.target.sources.iter().map(|(source, node)| (source.as_str(), self.track(node)));
        let tracks: HashMap<&str, Vec<Run>> = tracks.collect();
        if self.plan.sources != Sources::Best {
            return tracks.values().map(|runs| self.series(runs)).sum();
        }
        let Target { frequency, codes, .. } = self.target;
        let subject = Subject { dataset: self.maker.dataset, frequency: *frequency, codes };
        let scopes = subject.scopes(self.vocabulary, tracks.keys().copied());
        // Which scope answers depends on its figures: one whose figures are all stated as missing does not.
        let each = scopes.iter().map(|scope| standing(scope, &tracks)).filter(|runs| !runs.is_empty());
        let either = |one: Bounds, other: Bounds| Bounds {
            least: one.least.min(other.least),
            most: one.most.max(other.most),
        };
        each.map(|runs| self.series(&runs)).reduce(either).unwrap_or_default()
    }

    /// The bounds of one series of the answer.
    fn series(&self, runs: &[Run]) -> Bounds {
        let (start, end) = self.plan.window.ordinals(self.target.frequency);
        let window = (start.unwrap_or(i32::MIN), end.unwrap_or(i32::MAX));
        let certain = runs.iter().filter(|run| run.certain);
        let (least, most) = if self.plan.fill == Fill::None {
            let each = runs.iter().map(|run| run.most.min(run.within(window)));
            (certain.map(|run| run.least(window)).max(), each.sum::<i64>().min(joint(runs, window)))
        } else {
            let all = merged(runs).map_or(0, |run| run.within(window));
            (certain.map(|run| run.within(window)).max(), all)
        };
        let cut = self.plan.window.last.map_or(u64::MAX, |last| last as u64);
        let counted = |count: i64| u64::try_from(count).unwrap_or_default().min(cut);
        Bounds { least: counted(least.unwrap_or_default()), most: counted(most) }
    }

    /// What a source may say of the target: see [`Maker::track`].
    fn track(&self, node: &Node) -> Vec<Run> {
        let frequency = self.target.frequency;
        let mut runs = if self.maker.own { self.group(node, frequency) } else { Vec::new() };
        let finer = Frequency::ALL.into_iter().filter(|f| self.maker.converts && *f > frequency);
        for finer in finer {
            let group = merged(&self.group(node, finer));
            runs.extend(group.and_then(|run| self.converted(run, finer)));
        }
        runs
    }

    fn group(&self, node: &Node, frequency: Frequency) -> Vec<Run> {
        let stored = node.published.get(frequency).and_then(|id| self.stored.get(id));
        let published = stored.and_then(|stored| {
            let (first, last) = stored.span?;
            Some(Run { first, last, most: i64::from(stored.observations), certain: true })
        });
        let sums = node.partitions.iter().filter_map(|parts| self.sum(parts, frequency));
        let finest = node.finest.get(frequency).into_iter().flatten();
        let finest = finest.filter_map(|id| {
            let stored = self.stored.get(id)?;
            let (first, last) = stored.span?;
            Some(Run { first, last, most: i64::from(stored.observations), certain: false })
        });
        let finest = merged(&finest.collect::<Vec<_>>());
        published.into_iter().chain(finest).chain(sums).collect()
    }

    /// The sums over declared parts.
    fn sum(&self, parts: &Parts, frequency: Frequency) -> Option<Run> {
        let partition = &self.maker.dataset.partitions[parts.partition];
        let runs = parts.nodes.iter().map(|node| merged(&self.group(node.as_ref()?, frequency)));
        // Where a sum is asked for, there is an answer wherever any of its parts is.
        let sum = if partition.absent_is_zero || partition.is_asked() {
            merged(&runs.flatten().collect::<Vec<_>>())?
        } else {
            runs.reduce(|one, other| one?.common(other?))??
        };
        let holding = |period: &i32| holds(partition, frequency, *period);
        let (first, last) = ((sum.first..=sum.last).find(holding)?, (sum.first..=sum.last).rfind(holding)?);
        Run { certain: false, ..sum }.clamped((first, last))
    }

    /// What figures of a finer frequency become; only where they are complete, if others are not kept.
    fn converted(&self, run: Run, finer: Frequency) -> Option<Run> {
        let length = finer.per_year() / self.target.frequency.per_year();
        let Run { first, last, most, .. } = run;
        let (mut first, mut last, mut most) = (first, last, most);
        if !self.keeps_partial {
            let aggregation = self.maker.aggregation;
            if aggregation != Aggregation::Last {
                first += length - 1;
            }
            if aggregation != Aggregation::First {
                last -= length - 1;
            }
            if !matches!(aggregation, Aggregation::Last | Aggregation::First) {
                most /= i64::from(length);
            }
        }
        let run =
            Run { first: first.div_euclid(length), last: last.div_euclid(length), most, certain: false };
        run.clamped((i32::MIN, i32::MAX))
    }
}

impl Run {
    /// How many of its periods lie within these.
    fn within(self, (first, last): (i32, i32)) -> i64 {
        (i64::from(self.last.min(last)) - i64::from(self.first.max(first)) + 1).max(0)
    }

    /// How many of its figures lie within these periods at the least, where each that can lies outside.
    fn least(self, window: (i32, i32)) -> i64 {
        let outside = self.within((i32::MIN, i32::MAX)) - self.within(window);
        (self.most - outside).max(0)
    }

    /// Only what lies within these periods.
    fn clamped(self, (first, last): (i32, i32)) -> Option<Self> {
        let (first, last) = (self.first.max(first), self.last.min(last));
        let cut = Self { first, last, ..self };
        let most = self.most.min(cut.within((i32::MIN, i32::MAX)));
        let certain = self.certain && (first, last) == (self.first, self.last);
        (most > 0).then_some(Self { most, certain, ..cut })
    }

    /// The periods that both may have.
    fn common(self, other: Self) -> Option<Self> {
        Self { most: self.most.min(other.most), certain: false, ..self }.clamped((other.first, other.last))
    }
}

/// What the sources of a scope say while they count.
fn standing(scope: &Scope, tracks: &HashMap<&str, Vec<Run>>) -> Vec<Run> {
    let of = scope.sources.iter().flat_map(|ranked| {
        let runs = tracks.get(ranked.source.as_str()).into_iter().flatten();
        runs.filter_map(|run| run.clamped((i32::MIN, ranked.until.unwrap_or(i32::MAX))))
    });
    of.collect()
}

/// All together as one.
fn merged(runs: &[Run]) -> Option<Run> {
    let both = |one: Run, other: Run| Run {
        first: one.first.min(other.first),
        last: one.last.max(other.last),
        most: one.most + other.most,
        certain: false,
    };
    runs.iter().copied().reduce(both)?.clamped((i32::MIN, i32::MAX))
}

/// How many periods within these any of them may have.
fn joint(runs: &[Run], (first, last): (i32, i32)) -> i64 {
    let mut spans: Vec<(i32, i32)> =
        runs.iter().map(|run| (run.first.max(first), run.last.min(last))).collect();
    spans.sort_unstable();
    let (mut count, mut counted) = (0, i64::MIN);
    for (from, to) in spans {
        let (from, to) = (i64::from(from).max(counted.saturating_add(1)), i64::from(to));
        count += (to - from + 1).max(0);
        counted = counted.max(to);
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(first: i32, last: i32, most: i64) -> Run {
        Run { first, last, most, certain: true }
    }

    #[test]
    fn figures_that_may_lie_outside_of_a_window_are_not_certain_within() {
        let series = run(2000, 2009, 8);
        assert_eq!([(2000, 2009), (2000, 2005), (2004, 2005)].map(|window| series.least(window)), [8, 4, 0]);
        assert_eq!(
            [(1990, 2030), (2008, 2020), (2010, 2020)].map(|window| series.within(window)),
            [10, 2, 0]
        );
    }

    #[test]
    fn sources_that_state_the_same_periods_have_them_once() {
        let ever = (i32::MIN, i32::MAX);
        assert_eq!(joint(&[run(2000, 2009, 10), run(2005, 2011, 7), run(2020, 2020, 1)], ever), 13);
        assert_eq!(joint(&[run(2000, 2009, 10), run(2005, 2011, 7)], (2008, 2010)), 3);
        assert_eq!(joint(&[], ever), 0);
    }

    #[test]
    fn a_sum_has_the_periods_that_all_its_parts_have() {
        let sum = run(2000, 2009, 10).common(run(2005, 2011, 3)).unwrap();
        assert_eq!((sum.first, sum.last, sum.most, sum.certain), (2005, 2009, 3, false));
        assert_eq!(run(2000, 2004, 5).common(run(2005, 2011, 7)), None);
    }
}
