//! The figures of stored series that hold now, as they are read.

use std::sync::Arc;

use foldhash::{HashMap, HashMapExt as _};
use sqlx::Row as _;
use sqlx::postgres::PgRow;

use super::super::derive::{Cell, Figure, Releases, Track};
use super::super::reach::Reach;
use super::array::{Elements, before, releases};
use crate::error::Result;

/// What holds now of a series: period, value, status and release.
pub(super) type Holding = Vec<(i32, Option<i64>, u8, i32)>;

/// Adds what a row holds of a chunk, of which all was read.
pub(super) fn add_cells(holding: &mut Holding, row: &PgRow) -> Result<()> {
    let periods = Reach::ALL.periods;
    each_cell(row, periods, |period, value, status, release| holding.push((period, value, status, release)))
}

/// Adds what a row holds of a chunk, of which these periods were read, as figures with what is noted of them.
pub(super) fn add_figures(track: &mut Track, row: &PgRow, periods: (i32, i32)) -> Result<()> {
    let mut notes = notes(row)?;
    track.reserve(Elements::of(row, "values")?.size_hint().0);
    each_cell(row, periods, |period, value, status, release| {
        let note = if notes.is_empty() { None } else { notes.remove(&(period, release)) };
        track.insert(period, cell(value, status, release, note));
    })
}

/// Each cell of a chunk: its period, value, status and release.
fn each_cell(row: &PgRow, periods: (i32, i32), mut add: impl FnMut(i32, Option<i64>, u8, i32)) -> Result<()> {
    let first: i32 = row.try_get("first_period")?;
    let statuses: Option<&[u8]> = row.try_get("statuses")?;
    let values = Elements::of(row, "values")?;
    let releases = releases(row, values.size_hint().0)?;
    let cells = values.zip(releases).enumerate();
    let cut = before(first, periods.0);
    for (at, (value, release)) in cells.map(|(at, cell)| (cut + at, cell)) {
        // Where no release speaks there is no figure, not even one stated as missing.
        let (Some(release), Ok(behind)) = (release, i32::try_from(at)) else { continue };
        let status = statuses.and_then(|s| s.get(at)).copied().unwrap_or(b'A');
        add(first + behind, value, status, release);
    }
    Ok(())
}

/// What a row says of figures, by period and release.
fn notes(row: &PgRow) -> Result<HashMap<(i32, i32), Arc<str>>> {
    let Some(periods) = row.try_get::<Option<Vec<i32>>, _>("periods")? else { return Ok(HashMap::new()) };
    let releases: Option<Vec<i32>> = row.try_get("note_releases")?;
    let notes: Option<Vec<String>> = row.try_get("notes")?;
    let keys = periods.into_iter().zip(releases.into_iter().flatten());
    Ok(keys.zip(notes.into_iter().flatten().map(Arc::from)).collect())
}

/// A figure as it is stated.
pub(super) fn cell(value: Option<i64>, status: u8, release: i32, note: Option<Arc<str>>) -> Cell {
    let figure = value.map(Figure::Exact);
    Cell { figure, status, releases: Releases::one(release), note, coverage: None, reason: None }
}
