//! Which part of its series a query can have to do with: what lies far outside of its window is not read.

use super::dataset::Dataset;
use super::frame::source_at;
use super::plan::{Fill, Plan, Sources, Transform};
use super::target::Stored;

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
    let cut = || {
        let (start, end) = (plan.window.start, plan.window.end);
        let frequency = stored.first()?.frequency;
        let at = source_at(dataset);
        let source = stored.first()?.codes.get(at)?;
        let alike = |one: &&Stored| one.frequency == frequency && one.codes.get(at) == Some(source);
        let ends =
            plan.sources == Sources::Best && dataset.precedence.iter().any(|row| row.valid_to.is_some());
        if ends || plan.fill != Fill::None || (start, end) == (None, None) || !stored.iter().all(alike) {
            return None;
        }
        let year = |ordinal: i32| ordinal * frequency.per_year();
        let first = match start {
            Some(start) => year(start.year() - back(plan)?),
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

/// How many years a transform looks back; `None` where that has no bound.
fn back(plan: &Plan) -> Option<i32> {
    match plan.transform {
        Transform::Level | Transform::Ytd | Transform::Share | Transform::Rank => Some(0),
        Transform::Diff | Transform::Pct | Transform::Yoy | Transform::YoyDiff => Some(1),
        Transform::MovingAverage(periods) => Some(i32::from(periods)),
        Transform::Index(_) => None,
    }
}
