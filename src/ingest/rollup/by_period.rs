//! The sums of a grain period by period, beside those series by series: a ranking of one period reads one row, however many series
//! it ranks. They are kept of grains of one dimension, where a series of the grain is one of the answer of a ranking.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::RangeInclusive;

use sqlx::PgConnection;

use super::members::Lists;
use super::sum::{Row, Run, Sum};
use super::sums::{Place, Shelf, Summed, beyond};
use super::writing::chunks;
use crate::error::Result;
use crate::ingest::binary::Rows;
use crate::timeseries::dataset::{CodeList, Dataset};
use crate::timeseries::key::{Dimension, TOTAL, series_key};
use crate::timeseries::period::Frequency;
use crate::timeseries::rollup::Grain;

const COPY: &str =
    "COPY rollup_period (rollup_id, period, unit, series_ids, \"values\", parts, statuses, releases, mixed)
     FROM STDIN WITH (FORMAT binary)";

/// Of so many series at the finest frequency, where nobody declares the grain: fewer are read by a ranking about as soon one by one, and a
/// row of more would be larger than what a release may cost.
pub const SIZES: RangeInclusive<usize> = 256..=10_000;

/// How many rows are read and written at once.
const BATCH: usize = 32;

/// What stands for the codes in which the series of a row differ.
const ANY: &str = "*";

/// Where a row is: rollup, period, and the key that its series share.
type Key = (i32, i32, String);

/// The sums of a row by series.
type OfPeriod = BTreeMap<i64, Sum>;

/// A series of a rollup.
struct Series {
    id: i64,
    key: String,
    frequency: Frequency,
    span: (i32, i32),
    is_stored: bool,
    /// The code of the dimension that is ranked.
    code: String,
}

/// Begins to keep by period what can be, and stops to keep what no longer can. `is_kept` tells whether it is kept now.
pub async fn settle(
    connection: &mut PgConnection,
    (dataset, lists): (&Dataset, &Lists),
    (rollup, is_kept): (&(i32, Grain), bool),
) -> Result<()> {
    let all = read(connection, dataset, rollup).await?;
    let least = if dataset.declared_rollups.is_some() { 1 } else { *SIZES.start() };
    let may_be = (least..=*SIZES.end()).contains(&all.len()) && is_plain(&all, &rollup.1, lists);
    if may_be == is_kept {
        return Ok(());
    }
    sqlx::query!("UPDATE rollup SET by_period = $2 WHERE rollup_id = $1", rollup.0, may_be)
        .execute(&mut *connection)
        .await?;
    if may_be {
        return fill(connection, rollup.0, &all).await;
    }
    sqlx::query!("DELETE FROM rollup_period WHERE rollup_id = $1", rollup.0).execute(connection).await?;
    Ok(())
}

/// Makes the rows of a rollup out of its sums.
async fn fill(connection: &mut PgConnection, rollup: i32, all: &[Series]) -> Result<()> {
    let keys: HashMap<i64, &str> = all.iter().map(|one| (one.id, one.key.as_str())).collect();
    let mut by_number: BTreeMap<i32, Vec<i64>> = BTreeMap::new();
    for one in all {
        let (first, last) = one.span;
        for number in one.frequency.chunk(first)..=one.frequency.chunk(last) {
            by_number.entry(number).or_default().push(one.id);
        }
    }
    for (number, ids) in by_number {
        let mut rows: BTreeMap<Key, OfPeriod> = BTreeMap::new();
        for ((id, _), run) in chunks(connection, (&ids, &vec![number; ids.len()])).await? {
            for (period, sum) in run.cells() {
                let key = (rollup, period, keys[&id].to_owned());
                rows.entry(key).or_default().insert(id, sum.clone());
            }
        }
        write(connection, &rows).await?;
    }
    Ok(())
}

/// Carries differences to the rows of the rollups that are kept by period, those of the finest frequency.
pub async fn keep(
    connection: &mut PgConnection,
    kept: Shelf<'_>,
    (differences, by_period): (&[(Place, Summed)], &HashSet<i32>),
    frequency: Option<Frequency>,
) -> Result<()> {
    let mut changes: BTreeMap<Key, OfPeriod> = BTreeMap::new();
    for (place, summed) in differences {
        let (rollup, grain) = &kept.rollups[place.rollup];
        if !by_period.contains(rollup) || Some(place.frequency) != frequency {
            continue;
        }
        let code = |dimension: &Dimension| {
            let is_ranked = grain.level(*dimension).is_some();
            if is_ranked { ANY } else { kept.numbers.name(*dimension, place.codes[*dimension as usize]) }
        };
        let key = series_key(kept.dataset, place.frequency, kept.dimensions.iter().map(code));
        for (period, sum) in summed.values().flat_map(Run::cells) {
            changes.entry((*rollup, period, key.clone())).or_default().insert(kept.id(place), sum.clone());
        }
    }
    let changes: Vec<(Key, OfPeriod)> = changes.into_iter().collect();
    for some in changes.chunks(BATCH) {
        let mut rows = take(connection, some.iter().map(|(key, _)| key)).await?;
        for (key, differences) in some {
            let sums = rows.entry(key.clone()).or_default();
            for (id, difference) in differences {
                if !sums.entry(*id).or_default().join(difference) {
                    return Err(beyond());
                }
            }
            sums.retain(|_, sum| !sum.is_empty());
        }
        write(connection, &rows).await?;
    }
    Ok(())
}

/// The series of a rollup that have figures of the dataset's finest frequency, or one more than may be kept by period; none where its grain is
/// not of one dimension.
async fn read(
    connection: &mut PgConnection,
    dataset: &Dataset,
    (id, grain): &(i32, Grain),
) -> Result<Vec<Series>> {
    let (Some(ranked), Some(frequency)) = (grain.alone(), dataset.finest_frequency()) else {
        return Ok(Vec::new());
    };
    let rows = sqlx::query!(
        "SELECT series_id, is_stored, first_period AS \"first_period!\", last_period AS \"last_period!\",
                ARRAY[measure, source, geo, maker, brand, model, vehicle_class, powertrain, operator, access, current] AS \"codes!\"
         FROM rollup_series WHERE rollup_id = $1 AND frequency = $2 AND observations > 0 LIMIT $3",
        id,
        frequency.code(),
        i64::try_from(*SIZES.end()).unwrap_or(i64::MAX).saturating_add(1),
    );
    let rows = rows.fetch_all(connection).await?.into_iter().map(|row| {
        let code = |dimension: &Dimension| {
            if grain.level(*dimension).is_some() { ANY } else { row.codes[*dimension as usize].as_str() }
        };
        Series {
            id: row.series_id,
            key: series_key(&dataset.name, frequency, dataset.dimensions.iter().map(code)),
            frequency,
            span: (row.first_period, row.last_period),
            is_stored: row.is_stored,
            code: row.codes[ranked as usize].clone(),
        }
    });
    Ok(rows.collect())
}

/// Whether each series is one of those that a ranking answers: of a code with none but the total above it, which it has alone, and a sum.
fn is_plain(all: &[Series], grain: &Grain, lists: &Lists) -> bool {
    let list = grain.alone().and_then(|dimension| lists.get(&dimension));
    let is_flat = |one: &Series| one.code != TOTAL && has_none_above(list, &one.code);
    let places: HashSet<(&str, &str)> = all.iter().map(|one| (one.key.as_str(), one.code.as_str())).collect();
    places.len() == all.len() && all.iter().all(|one| !one.is_stored && is_flat(one))
}

/// Whether a code has none but the total above it.
pub fn has_none_above(list: Option<&CodeList>, code: &str) -> bool {
    list.into_iter().flat_map(|list| list.above(code)).all(|above| above == TOTAL)
}

/// Takes the rows of some keys out of the table.
async fn take(
    connection: &mut PgConnection,
    keys: impl Iterator<Item = &Key>,
) -> Result<BTreeMap<Key, OfPeriod>> {
    let (mut rollups, mut periods, mut units) = (Vec::new(), Vec::new(), Vec::new());
    for (rollup, period, unit) in keys {
        rollups.push(*rollup);
        periods.push(*period);
        units.push(unit.clone());
    }
    let rows = sqlx::query!(
        "DELETE FROM rollup_period r USING UNNEST($1::integer[], $2::integer[], $3::text[]) AS it (rollup_id, period, unit)
         WHERE r.rollup_id = it.rollup_id AND r.period = it.period AND r.unit = it.unit
         RETURNING r.rollup_id, r.period, r.unit, series_ids, \"values\" AS \"values!: Vec<Option<i64>>\", parts, statuses,
                   releases AS \"releases!: Vec<Option<i32>>\", mixed",
        &rollups,
        &periods,
        &units,
    );
    let rows = rows.fetch_all(connection).await?.into_iter().map(|row| {
        let (values, parts, statuses) = (row.values, row.parts, row.statuses);
        let (releases, mixed) = (row.releases, row.mixed);
        let run = Run::decode(Row { first_period: 0, values, parts, statuses, releases, mixed });
        let sums = row.series_ids.into_iter().zip(run.cells().map(|(_, sum)| sum.clone())).collect();
        ((row.rollup_id, row.period, row.unit), sums)
    });
    Ok(rows.collect())
}

async fn write(connection: &mut PgConnection, all: &BTreeMap<Key, OfPeriod>) -> Result<()> {
    let mut rows = Rows::default();
    for ((rollup, period, unit), sums) in all {
        let mut run = Run::default();
        for (place, sum) in (0..).zip(sums.values()) {
            *run.cell(place) = sum.clone();
        }
        let Some(row) = run.row() else { continue };
        rows.begin(9);
        rows.integer(*rollup);
        rows.integer(*period);
        rows.bytes(unit.as_bytes());
        rows.bigints(&sums.keys().copied().map(Some).collect::<Vec<_>>());
        row.encode(&mut rows);
    }
    rows.copy(connection, COPY).await
}
