//! Reads the series of a plan, a batch at a time, each batch from one snapshot.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, PgConnection, PgPool, Postgres, Row as _};

use super::dataset::{Dataset, Vocabulary};
use super::frame::{Observation, Series, source_at};
use super::past::{self, Cells};
use super::period::Frequency;
use super::plan::Plan;
use super::sql::{self, Bind, From, Statement};
use crate::error::{Error, Result};

/// What is read, and at which state of the data.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a> {
    /// Connections that can only read.
    pub pool: &'a PgPool,
    /// The query.
    pub plan: &'a Plan,
    /// Its dataset.
    pub dataset: &'a Dataset,
    /// The vocabulary that the query was understood by. What is read must be of the same versions.
    pub vocabulary: &'a Vocabulary,
    /// Only releases up to this one count; `None` counts all.
    pub pin: Option<i32>,
}

/// Some series, whole groups of them: series of one group state the same figure, each from another source.
#[derive(Debug)]
pub struct Batch {
    /// The groups, in the order of their keys.
    pub groups: Vec<Vec<Series>>,
    /// Where the next batch begins; `None` behind the last.
    pub next: Option<From>,
    /// Figures of the past state whose first document came over 24 months late, or is undated.
    pub late: usize,
}

/// A series as it is stored, with the cells that hold now.
struct Stored {
    id: i64,
    group: String,
    frequency: Frequency,
    codes: Vec<String>,
    cells: Vec<Cell>,
    notes: HashMap<(i32, i32), String>,
}

/// A cell that holds now.
struct Cell {
    period: i32,
    value: Option<i64>,
    status: u8,
    release: i32,
}

/// A series without its figures.
#[derive(Debug, Clone)]
pub struct Listed {
    /// Its codes.
    pub series: Series,
    /// The first and the last period that have a figure; `None` where none has one now.
    pub span: Option<(i32, i32)>,
    /// How many figures it has, those stated as missing included.
    pub observations: i32,
    /// When a release last changed one.
    pub updated: Option<DateTime<Utc>>,
}

/// How many series a batch reads at the least; more than there are sources, so that it holds a whole group.
const BATCH: usize = 512;

impl Reader<'_> {
    /// Reads the batch that begins there. [`Error::Moved`] where the data is no longer of the vocabulary's versions.
    pub async fn batch(&self, from: &From) -> Result<Batch> {
        let limit = BATCH.max(self.vocabulary.sources.len() + 1);
        let past = self.plan.as_of.is_some() || self.pin.is_some();
        let count = i64::try_from(limit).unwrap_or(i64::MAX);
        let statement = sql::series_with_cells(self.plan, self.dataset, from, (count, past));
        let (mut stored, past) = if past {
            let mut transaction =
                self.pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
            let stored = self.stored(&mut transaction, &statement).await?;
            let ids: Vec<i64> = stored.iter().map(|s| s.id).collect();
            let past = past::read(&mut transaction, &ids).await?;
            transaction.commit().await?;
            (stored, Some(past))
        } else {
            (self.stored(&mut *self.pool.acquire().await?, &statement).await?, None)
        };
        let next = cut_last_group(&mut stored, limit);
        let mut batch = Batch { groups: Vec::new(), next, late: 0 };
        for one in stored {
            let series = match &past {
                None => self.current(one),
                Some(past) => self.past(one, past, &mut batch.late),
            };
            match batch.groups.last_mut().filter(|group| group[0].group == series.group) {
                Some(group) => group.push(series),
                None => batch.groups.push(vec![series]),
            }
        }
        Ok(batch)
    }

    /// How many observations the answer would hold at the most, whatever the time.
    pub async fn estimate(&self) -> Result<u64> {
        let row = bound(&sql::size(self.plan)).fetch_one(self.pool).await?;
        let (series, observations): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
        let last = self.plan.window.last.and_then(|last| i64::try_from(last).ok());
        let most = last.map_or(observations, |last| observations.min(series.saturating_mul(last)));
        Ok(u64::try_from(most).unwrap_or_default())
    }

    /// Up to `limit` series of the plan behind the one with this group key and source, without their figures.
    pub async fn list(&self, after: Option<(String, String)>, limit: usize) -> Result<Vec<Listed>> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let statement = sql::series_list(self.plan, self.dataset, after, limit);
        let mut listed = Vec::new();
        for row in &bound(&statement).fetch_all(self.pool).await? {
            same_versions(row, self.vocabulary, &self.plan.dataset)?;
            if row.try_get::<Option<String>, _>("group_key")?.is_some() {
                listed.push(Listed::new(row)?);
            }
        }
        Ok(listed)
    }

    /// The lists of texts that a statement selects.
    pub async fn texts(&self, statement: &Statement) -> Result<Vec<Vec<String>>> {
        let rows = bound(statement).fetch_all(self.pool).await?;
        rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
    }

    async fn stored(&self, connection: &mut PgConnection, statement: &Statement) -> Result<Vec<Stored>> {
        let rows = bound(statement).fetch_all(connection).await?;
        let mut stored: Vec<Stored> = Vec::new();
        for row in &rows {
            same_versions(row, self.vocabulary, &self.plan.dataset)?;
            let Some(id) = row.try_get::<Option<i64>, _>("series_id")? else { continue };
            if stored.last().is_none_or(|last| last.id != id) {
                stored.push(Stored::new(id, row)?);
            }
            if let Some(last) = stored.last_mut() {
                last.add_chunk(row)?;
            }
        }
        Ok(stored)
    }

    /// The series as it stands now.
    fn current(&self, mut stored: Stored) -> Series {
        let source: std::sync::Arc<str> = stored.codes[source_at(self.dataset)].as_str().into();
        let notes = &mut stored.notes;
        let observations = stored.cells.iter().map(|cell| Observation {
            period: cell.period,
            value: cell.value,
            status: cell.status,
            source: source.clone(),
            release: cell.release,
            note: notes.remove(&(cell.period, cell.release)),
            low_trust: false,
        });
        let observations = observations.collect();
        Series { group: stored.group, frequency: stored.frequency, codes: stored.codes, observations }
    }

    /// The series as it stood at the plan's date and the reader's pin.
    fn past(&self, stored: Stored, past: &past::Past, late: &mut usize) -> Series {
        let source: std::sync::Arc<str> = stored.codes[source_at(self.dataset)].as_str().into();
        let day = self.plan.as_of.as_ref().map(|dated| dated.day);
        let mut observations = Vec::new();
        for (period, statements) in self.cells(&stored, past) {
            if let Some(day) = day
                && past::is_late(&statements, stored.frequency, period, day)
            {
                *late += usize::from(self.plan.window.holds(stored.frequency, period));
            }
            if let Some(winner) = super::overlay::winner(&statements, day, self.pin) {
                observations.push(Observation {
                    period,
                    value: winner.value,
                    status: winner.status,
                    source: source.clone(),
                    release: winner.release,
                    note: past.note(stored.id, period, winner.release),
                    low_trust: false,
                });
            }
        }
        Series { group: stored.group, frequency: stored.frequency, codes: stored.codes, observations }
    }

    /// Everything that was ever stated of each cell.
    fn cells(&self, stored: &Stored, past: &past::Past) -> Cells {
        let holding = stored.cells.iter().map(|c| (c.period, c.value, c.status, c.release));
        past.cells(stored.id, holding, &self.vocabulary.releases)
    }

    /// Everything that was ever stated of each cell of one series.
    pub async fn vintages(&self) -> Result<Option<(Series, Cells, past::Past)>> {
        let statement = sql::series_with_cells(self.plan, self.dataset, &From::Start, (1, true));
        let mut transaction = self.pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
        let Some(stored) = self.stored(&mut transaction, &statement).await?.pop() else { return Ok(None) };
        let past = past::read(&mut transaction, &[stored.id]).await?;
        transaction.commit().await?;
        let cells = self.cells(&stored, &past);
        Ok(Some((self.current(stored), cells, past)))
    }
}

/// Leaves out the last group where the limit may have cut it, and says where the next batch begins.
fn cut_last_group(stored: &mut Vec<Stored>, limit: usize) -> Option<From> {
    if stored.len() < limit {
        return None;
    }
    let last = stored.last()?.group.clone();
    stored.retain(|s| s.group != last);
    Some(From::At(last))
}

fn frequency(row: &PgRow) -> Result<Frequency> {
    let text: String = row.try_get("frequency")?;
    text.parse().map_err(|why: String| Error::internal("reading a series", why))
}

impl Listed {
    fn new(row: &PgRow) -> Result<Self> {
        let series = Series {
            group: row.try_get("group_key")?,
            frequency: frequency(row)?,
            codes: row.try_get("series_codes")?,
            observations: Vec::new(),
        };
        let (first, last) = (row.try_get("first_period")?, row.try_get("last_period")?);
        let span = Option::<i32>::zip(first, last);
        let (observations, updated) = (row.try_get("observations")?, row.try_get("released_at")?);
        Ok(Self { series, span, observations, updated })
    }
}

impl Stored {
    fn new(id: i64, row: &PgRow) -> Result<Self> {
        Ok(Self {
            id,
            group: row.try_get("group_key")?,
            frequency: frequency(row)?,
            codes: row.try_get("series_codes")?,
            cells: Vec::new(),
            notes: HashMap::new(),
        })
    }

    fn add_chunk(&mut self, row: &PgRow) -> Result<()> {
        let Some(first) = row.try_get::<Option<i32>, _>("first_period")? else { return Ok(()) };
        let values: Vec<Option<i64>> = row.try_get("values")?;
        let statuses: Option<&[u8]> = row.try_get("statuses")?;
        let releases: Vec<Option<i32>> = row.try_get("releases")?;
        for (at, (period, (value, release))) in (first..).zip(values.into_iter().zip(releases)).enumerate() {
            // Where no release speaks there is no figure, not even one stated as missing.
            let Some(release) = release else { continue };
            let status = statuses.and_then(|s| s.get(at)).copied().unwrap_or(b'A');
            self.cells.push(Cell { period, value, status, release });
        }
        let periods: Option<Vec<i32>> = row.try_get("periods")?;
        let releases: Option<Vec<i32>> = row.try_get("note_releases")?;
        let notes: Option<Vec<String>> = row.try_get("notes")?;
        let keys = periods.into_iter().flatten().zip(releases.into_iter().flatten());
        self.notes.extend(keys.zip(notes.into_iter().flatten()));
        Ok(())
    }
}

/// Refuses a row that was read at other versions than those that the query was understood by.
pub fn same_versions(row: &PgRow, vocabulary: &Vocabulary, dataset: &str) -> Result<()> {
    for (column, collection) in [("dataset", dataset), ("codes", "codes"), ("sources", "sources")] {
        if row.try_get::<Option<i64>, _>(column)?.unwrap_or_default() != vocabulary.version(collection) {
            return Err(Error::Moved);
        }
    }
    Ok(())
}

/// The statement as the driver takes it.
pub fn bound(statement: &Statement) -> Query<'_, Postgres, PgArguments> {
    // The text holds no value of a request: see the module that writes it.
    let mut query = sqlx::query(AssertSqlSafe(statement.text.clone()));
    for bind in &statement.binds {
        query = match bind {
            Bind::Text(text) => query.bind(text.as_str()),
            Bind::Texts(texts) => query.bind(texts.as_slice()),
            Bind::Number(number) => query.bind(*number),
        };
    }
    query
}
