//! Observations as stored and as cells: reading some series whole, and writing what a change of their cells makes different.

mod append;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use sqlx::PgConnection;

pub use append::went_to_all;

use super::binary::Rows;
use super::lines::copy;
use super::releases::Origins;
use super::rollup::{Changed, Figure};
use crate::error::{Error, Result};
use crate::timeseries::overlay::{self, Cell, Kind, Origin, Statement};
use crate::timeseries::period::Frequency;

/// Takes the rows that [`Chunk::encode`] makes.
pub const COPY_CHUNKS: &str =
    "COPY observation_chunk (series_id, chunk, first_period, \"values\", statuses, releases)
     FROM STDIN WITH (FORMAT binary)";

/// The statements about each cell, by series and period.
pub type Cells = BTreeMap<(i64, i32), Vec<Statement>>;

/// A stretch of current figures.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Chunk {
    first_period: i32,
    values: Vec<Option<i64>>,
    statuses: Option<Vec<u8>>,
    releases: Vec<Option<i32>>,
}

/// The first and last period of a series that has a figure, and how many have one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Extent {
    /// First period with a figure.
    pub first: Option<i32>,
    /// Last period with a figure.
    pub last: Option<i32>,
    /// Periods with a figure, those stated as missing included.
    pub observations: i32,
}

/// Kind, value and status of a statement.
type Said = (Kind, Option<i64>, u8);

/// The rows of some series.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Stored {
    chunks: BTreeMap<(i64, i32), Chunk>,
    history: BTreeMap<(i64, i32, i32), Said>,
    restated: BTreeMap<(i64, i32), BTreeSet<i32>>,
}

/// Some chunks of some series.
pub struct Places {
    /// Each as series and number.
    pub chunks: BTreeSet<(i64, i32)>,
    /// How often each of the series states a figure.
    pub frequencies: HashMap<i64, Frequency>,
}

impl Places {
    fn has(&self, series: i64, period: i32) -> bool {
        let frequency = self.frequencies.get(&series);
        frequency.is_some_and(|frequency| self.chunks.contains(&(series, frequency.chunk(period))))
    }
}

struct ChunkRow {
    series_id: i64,
    chunk: i32,
    first_period: i32,
    values: Vec<Option<i64>>,
    statuses: Option<Vec<u8>>,
    releases: Vec<Option<i32>>,
}

impl Stored {
    /// Reads all rows of these series.
    pub async fn read(connection: &mut PgConnection, series: &[i64]) -> Result<Self> {
        let mut stored = Self::default();
        let chunks = sqlx::query_as!(
            ChunkRow,
            "SELECT series_id, chunk, first_period, \"values\" AS \"values!: Vec<Option<i64>>\", statuses,
                    releases AS \"releases!: Vec<Option<i32>>\"
             FROM observation_chunk WHERE series_id = ANY($1)",
            series,
        );
        stored.take_chunks(chunks.fetch_all(&mut *connection).await?);
        stored.read_history(connection, series).await?;
        let restated = sqlx::query!(
            "SELECT series_id, release_id, lower(range) AS \"first!\", upper(range) AS \"end!\"
             FROM observation_restatement, unnest(periods) AS range WHERE series_id = ANY($1)",
            series,
        );
        for row in restated.fetch_all(connection).await? {
            stored.restated.entry((row.series_id, row.release_id)).or_default().extend(row.first..row.end);
        }
        Ok(stored)
    }

    /// Reads all that is stored of the periods of these chunks, of series without restatements.
    pub async fn read_at(connection: &mut PgConnection, places: &Places) -> Result<Self> {
        let mut stored = Self::default();
        let (series, numbers): (Vec<i64>, Vec<i32>) = places.chunks.iter().copied().unzip();
        let chunks = sqlx::query_as!(
            ChunkRow,
            "SELECT series_id, chunk, first_period, \"values\" AS \"values!: Vec<Option<i64>>\", statuses,
                    releases AS \"releases!: Vec<Option<i32>>\"
             FROM observation_chunk JOIN UNNEST($1::bigint[], $2::integer[]) AS it (series_id, chunk)
                                    USING (series_id, chunk)",
            &series,
            &numbers,
        );
        stored.take_chunks(chunks.fetch_all(&mut *connection).await?);
        stored.read_history(connection, &series).await?;
        stored.history.retain(|&(series, period, _), _| places.has(series, period));
        Ok(stored)
    }

    /// Whether some release restates figures of one of these series.
    pub async fn has_restatements(connection: &mut PgConnection, series: &[i64]) -> Result<bool> {
        let any = sqlx::query_scalar!(
            "SELECT EXISTS (SELECT FROM observation_restatement WHERE series_id = ANY($1)) AS \"exists!\"",
            series,
        );
        Ok(any.fetch_one(connection).await?)
    }

    fn take_chunks(&mut self, rows: Vec<ChunkRow>) {
        self.chunks.extend(rows.into_iter().map(|row| {
            let ChunkRow { series_id, chunk, first_period, values, statuses, releases } = row;
            ((series_id, chunk), Chunk { first_period, values, statuses, releases })
        }));
    }

    async fn read_history(&mut self, connection: &mut PgConnection, series: &[i64]) -> Result<()> {
        let history = sqlx::query!(
            "SELECT series_id, period, release_id, kind, value, status FROM observation_history WHERE series_id = ANY($1)",
            series,
        );
        for row in history.fetch_all(connection).await? {
            let kind = Kind::from_name(&row.kind).ok_or_else(|| corrupt("a kind of statement", &row.kind))?;
            let status = row.status.bytes().next().ok_or_else(|| corrupt("a status", &row.status))?;
            self.history.insert((row.series_id, row.period, row.release_id), (kind, row.value, status));
        }
        Ok(())
    }

    /// The statements about each cell, restatements made explicit.
    pub fn cells(&self, origins: &Origins) -> Result<Cells> {
        let mut cells = Cells::new();
        for (&(series, _), chunk) in &self.chunks {
            for (at, period) in (0..chunk.values.len()).zip(chunk.first_period..) {
                let Some(&Some(release)) = chunk.releases.get(at) else { continue };
                let status = chunk.statuses.as_ref().and_then(|all| all.get(at)).copied().unwrap_or(b'A');
                let (origin, value) = (origin(origins, release)?, chunk.values[at]);
                let statement = Statement { origin, kind: Kind::Stated, value, status };
                cells.entry((series, period)).or_default().push(statement);
            }
        }
        for (&(series, period, release), &(kind, value, status)) in &self.history {
            let statement = Statement { origin: origin(origins, release)?, kind, value, status };
            cells.entry((series, period)).or_default().push(statement);
        }
        let mut restated: HashMap<(i64, i32), Vec<Origin>> = HashMap::new();
        for (&(series, release), periods) in &self.restated {
            for &period in periods {
                restated.entry((series, period)).or_default().push(origin(origins, release)?);
            }
        }
        for (place, origins) in restated {
            overlay::restate(cells.entry(place).or_default(), &origins);
        }
        Ok(cells)
    }

    /// Whether a release only repeats what held in a cell before it.
    pub fn restates(&self, (series, period): (i64, i32), release: i32) -> bool {
        self.restated.get(&(series, release)).is_some_and(|periods| periods.contains(&period))
    }

    /// Takes in a cell. Cells come in the order of series and period.
    pub fn put(&mut self, (series, period): (i64, i32), frequency: Frequency, cell: &Cell) {
        if let Some(holder) = &cell.holder {
            let chunk = self.chunks.entry((series, frequency.chunk(period))).or_default();
            chunk.push(period, (holder.value, holder.status), holder.origin.release);
        }
        for said in &cell.history {
            let place = (series, period, said.origin.release);
            self.history.insert(place, (said.kind, said.value, said.status));
        }
        for &release in &cell.restated {
            self.restated.entry((series, release)).or_default().insert(period);
        }
    }

    /// How far the figures of each series reach.
    pub fn extents(&self) -> HashMap<i64, Extent> {
        let mut extents: HashMap<i64, Extent> = HashMap::new();
        for (&(series, _), chunk) in &self.chunks {
            let extent = extents.entry(series).or_default();
            for (release, period) in chunk.releases.iter().zip(chunk.first_period..) {
                if release.is_some() {
                    extent.first.get_or_insert(period);
                    extent.last = Some(period);
                    extent.observations += 1;
                }
            }
        }
        extents
    }

    /// The series whose current figures are others in `new`, in order.
    pub fn changed_series(&self, new: &Self) -> Vec<i64> {
        let (gone, added) = difference(&self.chunks, &new.chunks);
        let all = gone.into_iter().chain(added.into_iter().map(|(place, _)| place));
        all.map(|(series, _)| series).collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// The cells that hold another figure in `new`, by series.
    pub fn changed_cells(&self, new: &Self) -> BTreeMap<i64, Vec<Changed>> {
        let mut changed: BTreeMap<i64, Vec<Changed>> = BTreeMap::new();
        let places: BTreeSet<&(i64, i32)> = self.chunks.keys().chain(new.chunks.keys()).collect();
        for place in places {
            let (old, new) = (self.chunks.get(place), new.chunks.get(place));
            let both = || [old, new].into_iter().flatten();
            let first = both().map(|chunk| chunk.first_period).min().unwrap_or_default();
            let end = both().map(Chunk::end).max().unwrap_or_default();
            let figure = |chunk: Option<&Chunk>, period| chunk.and_then(|chunk| chunk.figure(period));
            let cells = (first..end).map(|period| (period, figure(old, period), figure(new, period)));
            let mut cells = cells.filter(|(_, old, new)| old != new).peekable();
            if cells.peek().is_some() {
                changed.entry(place.0).or_default().extend(cells);
            }
        }
        changed
    }

    /// Whether a cell has no figure in `new` that has one here.
    pub fn loses_cells(&self, new: &Self) -> bool {
        let cells = self.changed_cells(new);
        cells.values().flatten().any(|(_, old, new)| old.is_some() && new.is_none())
    }

    /// Writes what differs from `self` in `new`, which holds the same series.
    pub async fn replace(&self, connection: &mut PgConnection, new: &Self) -> Result<()> {
        let (gone, added) = difference(&self.chunks, &new.chunks);
        let (series, chunks): (Vec<i64>, Vec<i32>) = gone.into_iter().unzip();
        sqlx::query!(
            "DELETE FROM observation_chunk USING UNNEST($1::bigint[], $2::integer[]) AS gone (series_id, chunk)
             WHERE observation_chunk.series_id = gone.series_id AND observation_chunk.chunk = gone.chunk",
            &series,
            &chunks,
        )
        .execute(&mut *connection)
        .await?;
        let mut rows = Rows::default();
        for (place, chunk) in added {
            chunk.encode(place, &mut rows);
        }
        rows.copy(connection, COPY_CHUNKS).await?;

        let (gone, added) = difference(&self.history, &new.history);
        let series: Vec<i64> = gone.iter().map(|place| place.0).collect();
        let (periods, releases): (Vec<i32>, Vec<i32>) = gone.iter().map(|place| (place.1, place.2)).unzip();
        sqlx::query!(
            "DELETE FROM observation_history h
             USING UNNEST($1::bigint[], $2::integer[], $3::integer[]) AS gone (series_id, period, release_id)
             WHERE h.series_id = gone.series_id AND h.period = gone.period AND h.release_id = gone.release_id",
            &series,
            &periods,
            &releases,
        )
        .execute(&mut *connection)
        .await?;
        copy(connection, "COPY observation_history FROM STDIN", added.into_iter().map(history_line)).await?;

        let (gone, added) = difference(&self.restated, &new.restated);
        let (series, releases): (Vec<i64>, Vec<i32>) = gone.into_iter().unzip();
        sqlx::query!(
            "DELETE FROM observation_restatement r USING UNNEST($1::bigint[], $2::integer[]) AS gone (series_id, release_id)
             WHERE r.series_id = gone.series_id AND r.release_id = gone.release_id",
            &series,
            &releases,
        )
        .execute(&mut *connection)
        .await?;
        copy(connection, "COPY observation_restatement FROM STDIN", added.into_iter().map(restated_line))
            .await
    }
}

impl Chunk {
    /// The period behind the last.
    fn end(&self) -> i32 {
        self.first_period + i32::try_from(self.values.len()).unwrap_or_default()
    }

    /// The figure of a period.
    fn figure(&self, period: i32) -> Option<Figure> {
        let at = usize::try_from(period - self.first_period).ok()?;
        let release = *self.releases.get(at)?.as_ref()?;
        let status = self.statuses.as_ref().and_then(|all| all.get(at)).copied().unwrap_or(b'A');
        Some(Figure { value: self.values[at], status, release })
    }

    /// Adds a figure, later than those before it: value and status, and the release that states it.
    pub fn push(&mut self, period: i32, (value, status): (Option<i64>, u8), release: i32) {
        if self.values.is_empty() {
            self.first_period = period;
        }
        let at =
            usize::try_from(period - self.first_period).expect("cells come in the order of their periods");
        self.values.resize(at, None);
        self.releases.resize(at, None);
        self.values.push(value);
        self.releases.push(Some(release));
        if status != b'A' || self.statuses.is_some() {
            let statuses = self.statuses.get_or_insert_default();
            statuses.resize(at, b'A');
            statuses.push(status);
        }
    }

    /// Adds the row of this series and number for [`COPY_CHUNKS`].
    pub fn encode(&self, (series, number): (i64, i32), rows: &mut Rows) {
        rows.begin(6);
        rows.bigint(series);
        rows.integer(number);
        rows.integer(self.first_period);
        rows.bigints(&self.values);
        match &self.statuses {
            Some(letters) => rows.bytes(letters),
            None => rows.null(),
        }
        rows.integers(&self.releases);
    }
}

/// The keys that no longer hold, and the rows that hold now.
fn difference<'a, K: Ord + Copy, V: PartialEq>(
    old: &BTreeMap<K, V>,
    new: &'a BTreeMap<K, V>,
) -> (Vec<K>, Vec<(K, &'a V)>) {
    let gone = old.iter().filter(|(key, value)| new.get(*key) != Some(*value)).map(|(key, _)| *key);
    let added =
        new.iter().filter(|(key, value)| old.get(*key) != Some(*value)).map(|(key, value)| (*key, value));
    (gone.collect(), added.collect())
}

fn origin(origins: &Origins, release: i32) -> Result<Origin> {
    origins.get(&release).copied().ok_or_else(|| corrupt("a release", &release.to_string()))
}

fn corrupt(what: &str, found: &str) -> Error {
    Error::internal("reading stored observations", format!("{what} that does not exist: {found}"))
}

fn history_line(((series, period, release), &(kind, value, status)): ((i64, i32, i32), &Said)) -> String {
    let value = value.map_or_else(|| "\\N".to_owned(), |value| value.to_string());
    format!("{series}\t{period}\t{release}\t{}\t{value}\t{}\n", kind.name(), char::from(status))
}

fn restated_line(((series, release), periods): ((i64, i32), &BTreeSet<i32>)) -> String {
    let mut ranges: Vec<(i32, i32)> = Vec::new();
    for &period in periods {
        match ranges.last_mut().filter(|(_, end)| *end == period) {
            Some((_, end)) => *end += 1,
            None => ranges.push((period, period + 1)),
        }
    }
    let ranges: Vec<String> = ranges.iter().map(|(first, end)| format!("[{first},{end})")).collect();
    format!("{series}\t{release}\t{{{}}}\n", ranges.join(","))
}
