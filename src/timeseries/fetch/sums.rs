//! Sums that are kept ready, as tracks like those of stored series.

use std::collections::HashMap;

use sqlx::Row as _;
use sqlx::postgres::PgRow;

use super::super::derive::{Cell, Figure, Releases, Track, weaker};
use super::super::reach::Chunks;
use super::super::sql;
use super::{Reader, bound, same_versions};
use crate::error::Result;

/// What a cell is made of: parts of a release with a status.
type Parts = (i32, u8, i32);

impl Reader<'_> {
    /// The figures of some sums, as far as these chunks hold them, by series.
    pub(super) async fn sums(&self, ids: &[i64], chunks: Chunks) -> Result<HashMap<i64, Track>> {
        let mut tracks: HashMap<i64, Track> = HashMap::new();
        let statement = sql::sums(&self.plan.dataset, ids, chunks);
        let mut connection = self.connections.one().await?;
        for row in &bound(&statement).fetch_all(&mut *connection).await? {
            same_versions(row, self.vocabulary, &self.plan.dataset)?;
            if let Some(id) = row.try_get::<Option<i64>, _>("series_id")? {
                add_chunk(tracks.entry(id).or_default(), row)?;
            }
        }
        Ok(tracks)
    }
}

fn add_chunk(track: &mut Track, row: &PgRow) -> Result<()> {
    let first: i32 = row.try_get("first_period")?;
    let values: Vec<Option<i64>> = row.try_get("values")?;
    let counts: Vec<i32> = row.try_get("parts")?;
    let statuses: Option<&[u8]> = row.try_get("statuses")?;
    let releases: Vec<Option<i32>> = row.try_get("releases")?;
    let mixed: Option<Vec<i32>> = row.try_get("mixed")?;
    let mut of_many: HashMap<i32, Vec<Parts>> = HashMap::new();
    for entry in mixed.unwrap_or_default().chunks_exact(4) {
        let status = u8::try_from(entry[2]).unwrap_or(b'A');
        of_many.entry(entry[0]).or_default().push((entry[1], status, entry[3]));
    }
    let cells = (0..).zip(values.into_iter().zip(counts.into_iter().zip(releases)));
    for (at, (value, (count, release))) in cells {
        let place = usize::try_from(at).unwrap_or_default();
        let status = statuses.and_then(|all| all.get(place)).copied().unwrap_or(b'A');
        let parts = of_many.remove(&at).or_else(|| release.map(|release| vec![(release, status, count)]));
        if let Some(cell) = parts.and_then(|parts| cell(value, &parts)) {
            track.insert(first + at, cell);
        }
    }
    Ok(())
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
