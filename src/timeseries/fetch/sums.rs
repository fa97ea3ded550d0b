//! Sums that are kept ready, as tracks like those of stored series.

use foldhash::{HashMap, HashMapExt as _};
use sqlx::Row as _;
use sqlx::postgres::PgRow;

use super::super::derive::{Cell, Figure, Releases, Track, weaker};
use super::super::plan::Plan;
use super::super::reach::Reach;
use super::super::rollup::{self, Rollup};
use super::super::sql::{self, Few};
use super::super::target::Stored;
use super::array::{Elements, before, integers, releases};
use super::{Figures, Listing, Reader};
use crate::error::Result;

/// What a cell is made of: parts of a release with a status.
type Parts = (i32, u8, i32);

/// How many series come with their figures at the most; of more the list is read first.
const FEW: usize = 64;

/// The sums of one period that are ranked together.
#[derive(Debug)]
pub struct OfPeriod {
    /// The key that their series have, with `*` for the codes in which they differ.
    pub unit: String,
    /// The series, each with its sum; `None` where the row says nothing of that.
    pub sums: Vec<(i64, Option<Cell>)>,
}

impl Reader<'_> {
    /// The series of a rollup that a plan selects, with their figures where they are few.
    pub(super) async fn rolled(&self, plan: &Plan, rollup: &Rollup) -> Result<Listing> {
        if rollup::most(rollup, plan, self.vocabulary) > FEW {
            let statement = sql::rolled_series(plan, self.dataset, rollup.id);
            return Ok(Listing { stored: self.stored(&statement).await?, figures: None });
        }
        let all = |track: &mut Track, row: &PgRow| add_chunk(track, row, Reach::ALL.periods);
        let read = self.few(Few::of_rollup(plan, self.dataset, rollup.id).into(), all).await?;
        let are_sums = read.stored.iter().all(|one| one.is_sum);
        let figures = are_sums.then(|| Figures { tracks: read.made, late: HashMap::new() });
        Ok(Listing { stored: read.stored, figures })
    }

    /// The figures of some sums within reach, by series.
    pub(super) async fn sums(&self, ids: &[i64], reach: Reach) -> Result<HashMap<i64, Track>> {
        let statement = sql::sums(&self.plan.dataset, ids, reach);
        let mut connection = self.connections.one().await?;
        self.by_series(&mut connection, &statement, |track, row| add_chunk(track, row, reach.periods)).await
    }

    /// The sums of a rollup in one period, of the units whose key is taken.
    pub async fn sums_of_period(
        &self,
        rollup: &Rollup,
        period: i32,
        takes: impl Fn(&str) -> bool,
    ) -> Result<Vec<OfPeriod>> {
        let statement = sql::sums_of_period(&self.plan.dataset, rollup.id, period);
        let mut units = Vec::new();
        let mut connection = self.connections.one().await?;
        self.each_row(&mut connection, &statement, |row| {
            if let Some(unit) = row.try_get::<Option<String>, _>("unit")?.filter(|unit| takes(unit)) {
                units.push(OfPeriod { unit, sums: sums_of_row(row)? });
            }
            Ok(())
        })
        .await?;
        Ok(units)
    }

    /// The series of a rollup with these ids.
    pub async fn rolled_with_ids(&self, rollup: &Rollup, ids: &[i64]) -> Result<Vec<Stored>> {
        self.stored(&sql::rolled_with_ids(self.dataset, rollup.id, ids)).await
    }
}

fn sums_of_row(row: &PgRow) -> Result<Vec<(i64, Option<Cell>)>> {
    // Places stand for periods.
    let mut track = Track::new();
    add_chunk(&mut track, row, Reach::ALL.periods)?;
    let ids = Elements::of(row, "series_ids")?.flatten();
    Ok((0..).zip(ids).map(|(place, id)| (id, track.get(&place).cloned())).collect())
}

fn add_chunk(track: &mut Track, row: &PgRow, periods: (i32, i32)) -> Result<()> {
    let first: i32 = row.try_get("first_period")?;
    let statuses: Option<&[u8]> = row.try_get("statuses")?;
    let (values, counts) = (Elements::of(row, "values")?, integers(Elements::of(row, "parts")?).flatten());
    let releases = releases(row, values.size_hint().0)?;
    let mixed: Option<Vec<i32>> = row.try_get("mixed")?;
    let mut of_many: HashMap<i32, Vec<Parts>> = HashMap::new();
    for entry in mixed.unwrap_or_default().chunks_exact(4) {
        let status = u8::try_from(entry[2]).unwrap_or(b'A');
        of_many.entry(entry[0]).or_default().push((entry[1], status, entry[3]));
    }
    let cut = before(first, periods.0);
    track.reserve(values.size_hint().0);
    for (place, (value, (count, release))) in (cut..).zip(values.zip(counts.zip(releases))) {
        let Ok(at) = i32::try_from(place) else { break };
        let status = statuses.and_then(|all| all.get(place)).copied().unwrap_or(b'A');
        let cell = match release {
            Some(release) => cell_of_one(value, (release, status, count)),
            None => of_many.get(&at).and_then(|parts| cell(value, parts)),
        };
        if let Some(cell) = cell {
            track.insert(first + at, cell);
        }
    }
    Ok(())
}

/// A sum whose parts are all of one release with one status, as most are; `None` where it has a figure and they do not.
fn cell_of_one(value: Option<i64>, (release, status, count): Parts) -> Option<Cell> {
    let is_stated = status != b'M';
    let of = u32::try_from(count).ok().filter(|_| is_stated || value.is_none())?;
    Some(Cell {
        figure: value.map(Figure::Exact),
        status,
        releases: Releases::one(release),
        note: None,
        coverage: Some((if is_stated { of } else { 0 }, of)),
        reason: None,
    })
}

/// A sum of these parts; `None` where it is of none.
fn cell(value: Option<i64>, parts: &[Parts]) -> Option<Cell> {
    let is_stated = |(_, status, _): &&Parts| *status != b'M';
    let count = |parts: i32, one: &Parts| parts + one.2;
    let (has, of) = (parts.iter().filter(is_stated).fold(0, count), parts.iter().fold(0, count));
    let stated = parts.iter().filter(|part| value.is_none() || is_stated(part));
    let mut all = stated.clone().map(|part| Releases::one(part.0));
    let mut releases = all.next()?;
    all.for_each(|more| releases.add(&more));
    let status = stated.map(|part| part.1).reduce(weaker)?;
    let coverage = Some((u32::try_from(has).ok()?, u32::try_from(of).ok()?));
    Some(Cell {
        figure: value.map(Figure::Exact),
        status,
        releases: releases.sorted(),
        note: None,
        coverage,
        reason: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_of_one_kind_of_parts_is_as_any_sum() {
        for value in [None, Some(7)] {
            for status in *b"AEPFBIM" {
                let parts = (3, status, 12);
                assert_eq!(cell_of_one(value, parts), cell(value, &[parts]));
            }
        }
    }
}
