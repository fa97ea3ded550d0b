//! Transforms: what is computed with other periods of the same source.

use china_auto::timeseries::period::Frequency;
use china_auto::timeseries::plan::Transform;

use super::said::weakest;
use super::scope::Voice;
use super::world::{Cell, Line, Number};

/// The transform of one period at which `chosen` speaks.
pub fn transformed(
    voices: &[Voice],
    (chosen, cell): (&Voice, &Cell),
    transform: Transform,
    (frequency, period, decimals): (Frequency, i32, u32),
) -> Line {
    let needed = needed(transform, frequency, period);
    let mut line = Line {
        period,
        value: None,
        status: char::from(cell.status),
        source: chosen.source.clone(),
        derived: true,
        coverage: None,
        reason: None,
        low_trust: chosen.low_trust,
    };
    let has_all = |voice: &&Voice, what: fn(&Cell) -> bool| {
        needed.iter().all(|period| voice.track.get(period).is_some_and(what))
    };
    let Some(voice) = voices.iter().find(|voice| has_all(voice, Cell::counts)) else {
        line.reason = Some(why_not(voices, &needed));
        return line;
    };
    let (first, last) = (*needed.iter().min().unwrap(), *needed.iter().max().unwrap());
    // A break on the base itself is no break between the two.
    if (first + 1..=last).any(|period| voice.track.get(&period).is_some_and(|cell| cell.status == b'B')) {
        line.reason = Some("break");
        return line;
    }
    let cells: Vec<&Cell> = needed.iter().map(|period| &voice.track[period]).collect();
    match compute(transform, &cells, decimals) {
        Some(value) => {
            line.source.clone_from(&voice.source);
            line.low_trust = voice.low_trust;
            line.value = Some(value);
            line.status = char::from(weakest(cells.iter().map(|cell| cell.status)));
        }
        None => line.reason = Some("zero"),
    }
    line
}

/// The periods that go into a figure, its own first and what it is compared with last.
fn needed(transform: Transform, frequency: Frequency, period: i32) -> Vec<i32> {
    let year = frequency.per_year();
    match transform {
        Transform::Level | Transform::Share | Transform::Rank => vec![period],
        Transform::Diff | Transform::Pct => vec![period, period - 1],
        Transform::Yoy | Transform::YoyDiff => vec![period, period - year],
        Transform::Ytd => (period.div_euclid(year) * year..=period).rev().collect(),
        Transform::Index(base) => vec![period, base.ordinal()],
        Transform::MovingAverage(n) => (0..i32::from(n)).map(|back| period - back).collect(),
    }
}

/// Why no source has all that is needed.
fn why_not(voices: &[Voice], needed: &[i32]) -> &'static str {
    let any = |period: &i32, what: fn(&Cell) -> bool| {
        voices.iter().any(|voice| voice.track.get(period).is_some_and(what))
    };
    if needed.iter().all(|period| any(period, Cell::counts)) {
        "source_change"
    } else if needed.iter().all(|period| any(period, |cell| cell.value.is_some())) {
        "partial"
    } else {
        "gap"
    }
}

/// The figure; `None` where it would be divided by 0.
#[expect(clippy::cast_precision_loss, reason = "the figures are small")]
fn compute(transform: Transform, cells: &[&Cell], decimals: u32) -> Option<Number> {
    let ratio = |part: f64, whole: f64| (whole != 0.0).then(|| Number::Ratio(part / whole));
    let scale = 10_f64.powi(decimals.cast_signed());
    let Some(values) = cells.iter().map(|cell| cell.whole()).collect::<Option<Vec<i64>>>() else {
        return of_means(transform, cells);
    };
    let (own, base) = (values[0], *values.last().unwrap());
    match transform {
        Transform::Level | Transform::Share | Transform::Rank => Some(Number::Whole(own)),
        Transform::Diff | Transform::YoyDiff => Some(Number::Whole(own - base)),
        Transform::Pct | Transform::Yoy => ratio(((own - base) * 100) as f64, base as f64),
        Transform::Ytd => Some(Number::Whole(values.iter().sum())),
        Transform::Index(_) => ratio((own * 100) as f64, base as f64),
        Transform::MovingAverage(_) => ratio(values.iter().sum::<i64>() as f64, values.len() as f64 * scale),
    }
}

/// The same of means, which are ratios already.
fn of_means(transform: Transform, cells: &[&Cell]) -> Option<Number> {
    let values: Vec<f64> = cells
        .iter()
        .filter_map(|cell| match cell.value {
            Some(Number::Ratio(value)) => Some(value),
            _ => None,
        })
        .collect();
    let (own, base) = (values[0], *values.last().unwrap());
    let ratio = |part: f64, whole: f64| (whole != 0.0).then(|| Number::Ratio(part / whole));
    match transform {
        Transform::Level | Transform::Share | Transform::Rank => Some(Number::Ratio(own)),
        Transform::Diff | Transform::YoyDiff => Some(Number::Ratio(own - base)),
        Transform::Pct | Transform::Yoy => ratio((own - base) * 100.0, base),
        // As time goes: doubles add up differently in another order.
        Transform::Ytd => Some(Number::Ratio(values.iter().rev().sum())),
        Transform::Index(_) => ratio(own * 100.0, base),
        #[expect(clippy::cast_precision_loss, reason = "the figures are small")]
        Transform::MovingAverage(_) => ratio(values.iter().rev().sum(), values.len() as f64),
    }
}
