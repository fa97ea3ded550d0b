//! The conversion of figures to a coarser frequency.

use super::{Cell, Figure, Track, joined, mean};
use crate::timeseries::period::{Frequency, Period};
use crate::timeseries::plan::Aggregation;

/// Converts figures to a coarser frequency.
pub fn convert(
    track: &Track,
    (from, to): (Frequency, Frequency),
    (aggregation, decimals): (Aggregation, u32),
) -> Track {
    let length = from.per_year() / to.per_year();
    let stated = track.iter().filter(|(_, cell)| cell.exact().is_some());
    let parts: Vec<(i32, &Cell)> = stated.map(|(period, cell)| (*period, cell)).collect();
    let of = |period: i32| period.div_euclid(length);
    let whole = |parts: &[(i32, &Cell)]| {
        let period = of(parts.first()?.0);
        let mut cell = aggregate(parts, length, (aggregation, decimals))?;
        if aggregation == Aggregation::Last && !cell.is_complete() {
            let last = parts.last().and_then(|(last, _)| Period::new(from, *last));
            cell.note = last.map(|last| format!("the state at the end of {last}").into());
        }
        Some((period, cell))
    };
    parts.chunk_by(|(one, _), (next, _)| of(*one) == of(*next)).filter_map(whole).collect()
}

/// One figure of those of the sub-periods, of which there are `length` in the whole.
fn aggregate(
    cells: &[(i32, &Cell)],
    length: i32,
    (aggregation, decimals): (Aggregation, u32),
) -> Option<Cell> {
    let values: Vec<i64> = cells.iter().filter_map(|(_, cell)| cell.exact()).collect();
    let sum = values.iter().try_fold(0_i64, |sum, value| sum.checked_add(*value))?;
    let (has, of) = (u32::try_from(values.len()).ok()?, u32::try_from(length).ok()?);
    let (figure, used, has) = match aggregation {
        Aggregation::Sum => (Figure::Exact(sum), cells, has),
        Aggregation::Mean => (mean(sum, has, decimals), cells, has),
        Aggregation::Min => (Figure::Exact(*values.iter().min()?), cells, has),
        Aggregation::Max => (Figure::Exact(*values.iter().max()?), cells, has),
        // The state at the end is that of the last sub-period; where that is missing, the place of the one taken tells.
        Aggregation::Last => {
            let (period, cell) = cells.last()?;
            (cell.figure?, &cells[cells.len() - 1..], u32::try_from(period.rem_euclid(length) + 1).ok()?)
        }
        Aggregation::First => {
            let (period, cell) = cells.first()?;
            (cell.figure?, &cells[..1], u32::try_from(length - period.rem_euclid(length)).ok()?)
        }
    };
    let mut joined = used.iter().fold(None, |so_far, (_, cell)| Some(joined(so_far, cell)))?;
    // What a state at the end is compared with lies before all of the period, and so before any break within.
    if aggregation == Aggregation::Last && cells.iter().any(|(_, cell)| cell.status == b'B') {
        joined.status = b'B';
    }
    Some(Cell { figure: Some(figure), coverage: Some((has, of)), ..joined })
}

#[cfg(test)]
mod tests {
    use super::super::Releases;
    use super::*;

    fn cell(value: i64, status: u8, release: i32) -> Cell {
        Cell {
            figure: Some(Figure::Exact(value)),
            status,
            releases: Releases::one(release),
            note: None,
            coverage: None,
            reason: None,
        }
    }

    fn months(values: &[(i32, i64)]) -> Track {
        values.iter().map(|(month, value)| (2020 * 12 + month, cell(*value, b'A', *month))).collect()
    }

    #[test]
    fn a_year_is_the_sum_of_its_months_and_says_how_many_it_has() {
        let year = |track: &Track, agg| {
            convert(track, (Frequency::M, Frequency::A), (agg, 0)).get(&2020).cloned().unwrap()
        };
        let whole: Vec<(i32, i64)> = (0..12).map(|m| (m, i64::from(m))).collect();
        let sum = year(&months(&whole), Aggregation::Sum);
        assert_eq!((sum.exact(), sum.coverage), (Some(66), Some((12, 12))));
        let partial = year(&months(&whole[..11]), Aggregation::Sum);
        assert_eq!((partial.exact(), partial.is_complete()), (Some(55), false));
        let mean = year(&months(&whole), Aggregation::Mean);
        assert_eq!(mean.figure, Some(Figure::Ratio(5.5)));
    }

    #[test]
    fn a_stock_at_the_end_of_a_year_is_that_of_december() {
        let year = |values: &[(i32, i64)]| {
            convert(&months(values), (Frequency::M, Frequency::A), (Aggregation::Last, 0))
                .get(&2020)
                .cloned()
                .unwrap()
        };
        assert!(year(&[(3, 5), (11, 9)]).is_complete());
        let november = year(&[(3, 5), (10, 8)]);
        assert_eq!((november.exact(), november.coverage), (Some(8), Some((11, 12))));
        assert_eq!(november.note.as_deref(), Some("the state at the end of 2020-11"));
    }
}
