//! Which part of its series a query can have to do with: what lies far outside of its window is not read.

use super::dataset::Dataset;
use super::frame::source_at;
use super::plan::{Fill, Plan, Sources, Transform};
use super::target::Stored;

/// The first and the last chunk that are read of each series.
pub type Chunks = (i32, i32);

/// All chunks.
pub const ALL: Chunks = (i32::MIN, i32::MAX);

/// The chunks that hold every figure which the answer within the window may be made of: whole years, since figures become those of
/// coarser periods, and as many years before as a growth looks back.
///
/// All of them where a figure outside of the window may decide within it: which of several sources or scopes answers, or what is
/// carried on.
pub fn chunks(plan: &Plan, dataset: &Dataset, stored: &[&Stored]) -> Chunks {
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
        stored.iter().any(overlaps).then(|| (chunk(first), chunk(last)))
    };
    cut().unwrap_or(ALL)
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
