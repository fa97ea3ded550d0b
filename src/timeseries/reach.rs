//! Which part of its series a query can have to do with: what lies far outside of its window is not read.

use super::dataset::Dataset;
use super::frame::source_at;
use super::period::{Frequency, Period};
use super::plan::{Fill, Plan, Ranks, Sources, Transform};
use super::target::{Stored, Target};

/// Which figures are read of each series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reach {
    /// The first and the last chunk.
    pub chunks: (i32, i32),
    /// The first and the last period.
    pub periods: (i32, i32),
}

impl Reach {
    /// All figures.
    pub const ALL: Self = Self { chunks: (i32::MIN, i32::MAX), periods: (i32::MIN, i32::MAX) };
}

/// Every figure which the answer within the window may be made of: whole years, since figures become those of coarser periods, and
/// as many years before as a growth looks back.
///
/// All of them where a figure outside of the window may decide within it: which of several sources or scopes answers, or what is
/// carried on.
pub fn reach(plan: &Plan, dataset: &Dataset, stored: &[&Stored]) -> Reach {
    reach_from(plan, dataset, stored, None)
}

/// The same of targets of which only the last observations are asked for; `None` where the years of these are not known before figures
/// are read. A cell without a figure may make no observation: where one is found within this reach, more has to be read.
///
/// `stored` are those that the targets may be made of, by their ids.
pub fn recent(plan: &Plan, dataset: &Dataset, (targets, stored): (&[&Target], &[&Stored])) -> Option<Reach> {
    let frequency = stored.first()?.frequency;
    let first = Recent { plan, dataset, frequency, stored }.first(targets)?;
    let reach = reach_from(plan, dataset, stored, Some(first.div_euclid(frequency.per_year())));
    (reach != Reach::ALL).then_some(reach)
}

/// That of the window, and of no year before the one that is given.
fn reach_from(plan: &Plan, dataset: &Dataset, stored: &[&Stored], from: Option<i32>) -> Reach {
    let cut = || {
        let (start, end) = (plan.window.start, plan.window.end);
        let frequency = stored.first()?.frequency;
        let at = source_at(dataset);
        let source = stored.first()?.codes.get(at)?;
        let alike = |one: &&Stored| one.frequency == frequency && one.codes.get(at) == Some(source);
        let ends =
            plan.sources == Sources::Best && dataset.precedence.iter().any(|row| row.valid_to.is_some());
        let begin = start.map(Period::year).into_iter().chain(from).max();
        if ends || plan.fill != Fill::None || (begin, end) == (None, None) || !stored.iter().all(alike) {
            return None;
        }
        let year = |ordinal: i32| ordinal * frequency.per_year();
        let first = match begin {
            Some(begin) => year(begin - back(plan)?),
            None => i32::MIN,
        };
        let last = end.map_or(i32::MAX, |end| year(end.year() + 1) - 1);
        let overlaps = |one: &&Stored| one.span.is_some_and(|span| span.0 <= last && span.1 >= first);
        let chunk = |ordinal: i32| match ordinal {
            i32::MIN | i32::MAX => ordinal,
            ordinal => frequency.chunk(ordinal),
        };
        let reach = Reach { chunks: (chunk(first), chunk(last)), periods: (first, last) };
        stored.iter().any(overlaps).then_some(reach)
    };
    cut().unwrap_or(Reach::ALL)
}

/// Stored series of one frequency, of which the last observations of targets are made.
struct Recent<'a> {
    plan: &'a Plan,
    dataset: &'a Dataset,
    frequency: Frequency,
    stored: &'a [&'a Stored],
}

impl Recent<'_> {
    /// The first period of the last observations of all targets; `None` where it is not known before figures are read.
    fn first(&self, targets: &[&Target]) -> Option<i32> {
        // A ranking counts the periods of which any of its codes has a figure.
        let counts_own = self.dataset.complete && self.plan.ranks != Ranks::Ranking;
        let count = self.plan.window.last.filter(|_| counts_own)?;
        let count = i32::try_from(count).ok()?;
        let mut first = None;
        for target in targets {
            let keeps = self.plan.keeps_partial(self.dataset.measure_of(&target.codes));
            if !keeps || target.frequency != self.frequency {
                return None;
            }
            let parts = self.parts(target);
            if !parts.is_empty() {
                first = Some(first_of(&parts, count)?.min(first.unwrap_or(i32::MAX)));
            }
        }
        first
    }

    /// What a target is made of within the window: from when to when there are cells, and whether there is one for each period of that.
    fn parts(&self, target: &Target) -> Vec<(i32, i32, bool)> {
        let end = self.plan.window.ordinals(self.frequency).1.unwrap_or(i32::MAX);
        let parts = target.ids().into_iter().filter_map(|id| {
            let at = self.stored.binary_search_by_key(&id, |one| one.id).ok()?;
            let (first, last) = self.stored[at].span.filter(|span| span.0 <= end)?;
            let is_dense = i64::from(self.stored[at].observations) == i64::from(last) - i64::from(first) + 1;
            Some((first, last.min(end), is_dense))
        });
        parts.collect()
    }
}

/// The first of so many periods before the end of what is made of parts. `None` unless one part has a cell for each of them, or none
/// begins before: there may be periods without any.
fn first_of(parts: &[(i32, i32, bool)], count: i32) -> Option<i32> {
    let last = parts.iter().map(|part| part.1).max()?;
    let first = last.saturating_sub(count - 1);
    let covers = |&(begin, end, is_dense): &(i32, i32, bool)| is_dense && begin <= first && end == last;
    let is_known = parts.iter().any(covers) || parts.iter().all(|part| part.0 >= first);
    is_known.then_some(first)
}

/// How many years a transform looks back; `None` where that has no bound.
fn back(plan: &Plan) -> Option<i32> {
    match plan.transform {
        Transform::Level | Transform::Ytd | Transform::Share | Transform::Rank => Some(0),
        Transform::Diff | Transform::Pct | Transform::Yoy | Transform::YoyDiff => Some(1),
        Transform::MovingAverage(periods) => Some(i32::from(periods)),
        Transform::Index(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::key::Dimension;
    use super::super::target::Node;
    use super::*;

    const DECEMBER: i32 = 2025 * 12 + 11;

    fn stored(id: i64, (first, last): (i32, i32), observations: i32) -> Stored {
        let span = Some((first, last));
        Stored { id, frequency: Frequency::M, codes: vec!["a".into()], span, observations, is_sum: false }
    }

    fn target(ids: &[i64]) -> Target {
        let mut node = Node::default();
        node.finest.entry(Frequency::M).extend(ids);
        let sources = vec![("a".to_owned(), node)];
        Target { group: String::new(), frequency: Frequency::M, codes: vec!["best".into()], sources }
    }

    /// The first period that is read for the last 12 observations of targets that are made of these; `None` where all are.
    fn first(
        stored: &[Stored],
        targets: &[&[i64]],
        change: impl FnOnce(&mut Plan, &mut Dataset),
    ) -> Option<i32> {
        let mut plan = Plan::default();
        plan.window.last = Some(12);
        let mut dataset =
            Dataset { dimensions: vec![Dimension::Source], complete: true, ..Dataset::default() };
        change(&mut plan, &mut dataset);
        let targets: Vec<Target> = targets.iter().map(|ids| target(ids)).collect();
        let (targets, stored): (Vec<&Target>, Vec<&Stored>) =
            (targets.iter().collect(), stored.iter().collect());
        recent(&plan, &dataset, (&targets, &stored)).map(|reach| reach.periods.0)
    }

    #[test]
    fn of_the_last_observations_whole_years_are_read_where_none_can_lie_before() {
        let january = DECEMBER - 11;
        // One has a figure for each month, the next lacks some, the third begins with the year, the fourth ended the year before.
        let all = [
            stored(1, (DECEMBER - 119, DECEMBER), 120),
            stored(2, (DECEMBER - 119, DECEMBER), 100),
            stored(3, (DECEMBER - 5, DECEMBER), 6),
            stored(4, (DECEMBER - 119, DECEMBER - 12), 108),
        ];
        let first = |targets: &[&[i64]]| first(&all, targets, |_, _| {});
        assert_eq!(first(&[&[1]]), Some(january));
        assert_eq!(first(&[&[1, 2, 4]]), Some(january), "the sum has what one part has");
        assert_eq!(first(&[&[2]]), None, "twelve figures may reach back any time");
        assert_eq!(first(&[&[1], &[2]]), None);
        assert_eq!(first(&[&[3]]), Some(january), "no more than these are there");
        assert_eq!(first(&[&[3, 4]]), None, "between both there may be gaps");
        assert_eq!(first(&[&[1], &[4]]), Some(january - 12), "as far as the one that ended first");
    }

    #[test]
    fn of_the_last_observations_all_is_read_where_cells_do_not_tell_which_they_are() {
        let all = [stored(1, (DECEMBER - 119, DECEMBER), 120)];
        let first = |change: fn(&mut Plan, &mut Dataset)| first(&all, &[&[1]], change);
        assert_eq!(first(|_, _| {}), Some(DECEMBER - 11));
        assert_eq!(first(|_, dataset| dataset.complete = false), None);
        assert_eq!(first(|plan, _| plan.ranks = Ranks::Ranking), None);
        assert_eq!(first(|plan, _| plan.partial = Some(false)), None, "what is left out is not known");
        assert_eq!(first(|plan, _| plan.fill = Fill::Null), None);
        assert_eq!(first(|plan, _| plan.transform = Transform::Yoy), Some(DECEMBER - 23));
        let end = |plan: &mut Plan, _: &mut Dataset| plan.window.end = "2020-06".parse().ok();
        assert_eq!(first(end), Some(2019 * 12), "from July 2019 on");
    }
}
