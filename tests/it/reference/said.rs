//! What one source says of one series at one period: published, converted, or summed over declared parts.

use china_auto::timeseries::key::Dimension;
use china_auto::timeseries::period::{Frequency, Period};
use china_auto::timeseries::plan::Aggregation;

use super::choice::apart;
use super::world::{Cell, Number, Query, World};

/// What a source says of these codes at this frequency and period; `None` where it says nothing.
pub fn said(
    world: &World,
    query: &Query,
    (source, codes): (&str, &[String]),
    frequency: Frequency,
    period: i32,
) -> Option<Cell> {
    let own = query.aggregation.is_none_or(|way| way == world.measure(codes).aggregation);
    let converted = converted(world, query, (source, codes), frequency, period);
    let complete = converted.iter().find(|cell| cell.is_complete()).cloned();
    if !own {
        return complete.or_else(|| fullest(converted));
    }
    stated(world, source, codes, (frequency, period))
        .or(complete)
        .or_else(|| summed(world, source, codes, (frequency, period)))
        .or_else(|| fullest(converted))
        .or_else(|| lacking(world, source, codes, (frequency, period)))
}

/// The incomplete one that has most; of two alike the one from the coarser frequency.
fn fullest(converted: Vec<Cell>) -> Option<Cell> {
    let share = |cell: &Cell| cell.coverage.map_or(1.0, |(has, of)| f64::from(has) / f64::from(of));
    converted.into_iter().reduce(|best, cell| if share(&cell) > share(&best) { cell } else { best })
}

/// What it published.
fn stated(
    world: &World,
    source: &str,
    codes: &[String],
    (frequency, period): (Frequency, i32),
) -> Option<Cell> {
    let series = world.published.get(&(source.to_owned(), frequency, codes.to_vec()))?;
    let (value, status) = series.get(&period)?;
    Some(Cell { value: value.map(Number::Whole), status: *status, coverage: None, reason: None })
}

/// What it published at this very frequency, or else the complete sum of declared parts.
fn grouped(world: &World, source: &str, codes: &[String], when: (Frequency, i32)) -> Option<Cell> {
    if !world.speaks_of(source, codes, |frequency| frequency == when.0) {
        return None;
    }
    stated(world, source, codes, when).or_else(|| summed(world, source, codes, when))
}

/// The complete sum over the first of the ways to sum that gives one.
fn summed(world: &World, source: &str, codes: &[String], when: (Frequency, i32)) -> Option<Cell> {
    let ways = [asked(world, source, codes, when), declared(world, source, codes, when)].concat();
    ways.into_iter().find_map(|way| {
        let absent = |part: &String| {
            way.absent_is_zero && !mentions(world, source, &with(codes, way.place, part), when)
        };
        let absent = way.parts.iter().map(absent).collect();
        sum(parts(world, source, (codes, &way), when), absent)
    })
}

/// Whether the source says anything of these codes, or of what they are declared to be made of, within the period: then what
/// they are made of is not absent, though they may have no whole figure.
fn mentions(world: &World, source: &str, codes: &[String], (frequency, period): (Frequency, i32)) -> bool {
    world.published.iter().any(|((by, own, others), series)| {
        let is_part = |at: usize| is_within(world, (source, world.dimensions[at]), &others[at], &codes[at]);
        let within = |p: &i32| p.div_euclid(own.per_year() / frequency.per_year()) == period;
        by == source && *own >= frequency && (0..codes.len()).all(is_part) && series.keys().any(within)
    })
}

/// Whether a code is another one or, by any partition that the source goes by, a part of it.
fn is_within(world: &World, (source, dimension): (&str, Dimension), code: &str, whole: &str) -> bool {
    let mut below = world.all_splits_of(source).filter(|s| s.dimension == dimension && s.whole == whole);
    code == whole
        || (whole.contains('+')
            && whole.split('+').any(|one| is_within(world, (source, dimension), code, one)))
        || below.any(|split| split.parts.iter().any(|p| is_within(world, (source, dimension), code, p)))
}

fn with(codes: &[String], place: usize, code: &str) -> Vec<String> {
    let mut codes = codes.to_vec();
    code.clone_into(&mut codes[place]);
    codes
}

/// A way to sum: the codes of one dimension that make up what stands at its place.
#[derive(Debug, Clone)]
struct Way {
    place: usize,
    parts: Vec<String>,
    absent_is_zero: bool,
}

/// The sums that are asked for: codes that a source declares to be apart.
fn asked(world: &World, source: &str, codes: &[String], when: (Frequency, i32)) -> Vec<Way> {
    let mut ways = Vec::new();
    for (place, dimension) in world.dimensions.iter().enumerate().filter(|(at, _)| codes[*at].contains('+')) {
        let parts: Vec<String> = codes[place].split('+').map(str::to_owned).collect();
        let mut all = apart(world, (source, *dimension), &parts, when);
        // What is stated comes before what counts as 0.
        all.sort_unstable();
        ways.extend(all.into_iter().map(|absent_is_zero| Way {
            place,
            parts: parts.clone(),
            absent_is_zero,
        }));
    }
    ways
}

/// The declared parts of what is a whole.
fn declared(world: &World, source: &str, codes: &[String], when: (Frequency, i32)) -> Vec<Way> {
    let Some(period) = Period::new(when.0, when.1) else { return Vec::new() };
    let ways = world.splits_of(source, period).map(|split| (world.place(split.dimension), split));
    let ways = ways.filter(|(place, split)| codes[*place] == split.whole);
    ways.map(|(place, split)| Way { place, parts: split.parts.clone(), absent_is_zero: split.absent_is_zero })
        .collect()
}

/// What a source says of each part.
fn parts(
    world: &World,
    source: &str,
    (codes, way): (&[String], &Way),
    when: (Frequency, i32),
) -> Vec<Option<Cell>> {
    let part = |part: &String| grouped(world, source, &with(codes, way.place, part), when);
    way.parts.iter().map(part).collect()
}

/// That a sum which is asked for is not known: only some of its parts have a figure.
fn lacking(world: &World, source: &str, codes: &[String], when: (Frequency, i32)) -> Option<Cell> {
    asked(world, source, codes, when).into_iter().find_map(|way| {
        let parts = parts(world, source, (codes, &way), when);
        let of = u32::try_from(parts.len()).ok()?;
        let has = u32::try_from(parts.iter().flatten().filter(|part| part.value.is_some()).count()).ok()?;
        let cell = Cell { value: None, status: b'M', coverage: Some((has, of)), reason: Some("parts") };
        (has > 0).then_some(cell)
    })
}

fn sum(parts: Vec<Option<Cell>>, absent: Vec<bool>) -> Option<Cell> {
    let of = u32::try_from(parts.len()).ok()?;
    if parts.iter().zip(absent).any(|(part, absent)| part.is_none() && !absent) {
        return None;
    }
    let parts: Vec<Cell> = parts.into_iter().flatten().collect();
    let values: Option<Vec<i64>> = parts.iter().map(Cell::whole).collect();
    let values = values.filter(|values| !values.is_empty())?;
    let status = weakest(parts.iter().map(|part| part.status));
    Some(Cell {
        value: Some(Number::Whole(values.iter().sum())),
        status,
        coverage: Some((of, of)),
        reason: None,
    })
}

/// What each finer frequency gives, coarsest first.
fn converted(
    world: &World,
    query: &Query,
    (source, codes): (&str, &[String]),
    frequency: Frequency,
    period: i32,
) -> Vec<Cell> {
    let way = query.aggregation.unwrap_or(world.measure(codes).aggregation);
    let finer = Frequency::ALL.into_iter().filter(|finer| query.converts && *finer > frequency);
    let cells = finer.filter_map(|finer| {
        let length = finer.per_year() / frequency.per_year();
        let within = (0..length).map(|at| grouped(world, source, codes, (finer, period * length + at)));
        // What is stated as missing is no figure to convert.
        let within = within.map(|cell| cell.filter(|cell| cell.value.is_some()));
        aggregate(&within.collect::<Vec<_>>(), way, world.measure(codes).decimals)
    });
    cells.collect()
}

/// One figure of those of the sub-periods.
fn aggregate(within: &[Option<Cell>], way: Aggregation, decimals: u32) -> Option<Cell> {
    let there: Vec<(usize, &Cell)> =
        within.iter().enumerate().filter_map(|(at, cell)| Some((at, cell.as_ref()?))).collect();
    let values: Vec<i64> = there.iter().filter_map(|(_, cell)| cell.whole()).collect();
    let (first, last) = (there.first()?, there.last()?);
    let all = weakest(there.iter().map(|(_, cell)| cell.status));
    let sum: i64 = values.iter().sum();
    let of = within.len();
    let (value, status, has) = match way {
        Aggregation::Sum => (Number::Whole(sum), all, there.len()),
        #[expect(clippy::cast_precision_loss, reason = "the figures are small")]
        Aggregation::Mean => (
            Number::Ratio(sum as f64 / (values.len() as f64 * 10_f64.powi(decimals.cast_signed()))),
            all,
            there.len(),
        ),
        Aggregation::Min => (Number::Whole(*values.iter().min()?), all, there.len()),
        Aggregation::Max => (Number::Whole(*values.iter().max()?), all, there.len()),
        Aggregation::Last => {
            // The state at the end is the last one, and it stands behind every break on the way there.
            let status = if all == b'B' { b'B' } else { last.1.status };
            (Number::Whole(last.1.whole()?), status, last.0 + 1)
        }
        Aggregation::First => (Number::Whole(first.1.whole()?), first.1.status, of - first.0),
    };
    let coverage = Some((u32::try_from(has).ok()?, u32::try_from(of).ok()?));
    Some(Cell { value: Some(value), status, coverage, reason: None })
}

/// The weakest status: B if any has it, then F, E, I, P, A.
pub fn weakest(statuses: impl IntoIterator<Item = u8>) -> u8 {
    let statuses: Vec<u8> = statuses.into_iter().collect();
    b"BFEIP".iter().copied().find(|status| statuses.contains(status)).unwrap_or(b'A')
}
