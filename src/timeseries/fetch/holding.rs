//! The figures of stored series that hold now, as they are read.

use std::collections::HashMap;

use sqlx::Row as _;
use sqlx::postgres::PgRow;

use super::super::derive::{Cell, Figure, Releases, Track};
use super::array::{Elements, integers, within};
use crate::error::Result;

/// What holds now of some series: period, value, status and release, and what is noted.
#[derive(Debug, Default)]
pub(super) struct Holding {
    pub(super) cells: Vec<(i32, Option<i64>, u8, i32)>,
    notes: HashMap<(i32, i32), String>,
}

impl Holding {
    /// Adds what a row holds of a chunk, as far as it lies within these periods.
    pub(super) fn add_chunk(&mut self, row: &PgRow, periods: (i32, i32)) -> Result<()> {
        let first: i32 = row.try_get("first_period")?;
        let statuses: Option<&[u8]> = row.try_get("statuses")?;
        let (values, releases) = (Elements::of(row, "values")?, integers(Elements::of(row, "releases")?));
        let (before, most) = within(first, periods);
        self.cells.reserve(values.size_hint().0.saturating_sub(before).min(most));
        let cells = (first..).zip(values.zip(releases)).enumerate();
        for (at, (period, (value, release))) in cells.skip(before).take(most) {
            // Where no release speaks there is no figure, not even one stated as missing.
            let Some(release) = release else { continue };
            let status = statuses.and_then(|s| s.get(at)).copied().unwrap_or(b'A');
            self.cells.push((period, value, status, release));
        }
        let Some(periods) = row.try_get::<Option<Vec<i32>>, _>("periods")? else { return Ok(()) };
        let releases: Option<Vec<i32>> = row.try_get("note_releases")?;
        let notes: Option<Vec<String>> = row.try_get("notes")?;
        let keys = periods.into_iter().zip(releases.into_iter().flatten());
        self.notes.extend(keys.zip(notes.into_iter().flatten()));
        Ok(())
    }

    /// The figures that hold now.
    pub(super) fn track(mut self) -> Track {
        let notes = &mut self.notes;
        let cells = self.cells.iter().map(|&(period, value, status, release)| {
            let note = if notes.is_empty() { None } else { notes.remove(&(period, release)) };
            (period, cell(value, status, release, note))
        });
        cells.collect()
    }
}

/// A figure as it is stated.
pub(super) fn cell(value: Option<i64>, status: u8, release: i32, note: Option<String>) -> Cell {
    let figure = value.map(Figure::Exact);
    Cell { figure, status, releases: Releases::one(release), note, coverage: None, reason: None }
}
