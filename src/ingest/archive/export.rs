//! Writing everything to a folder, from one snapshot, some series at a time.

use std::collections::HashMap;
use std::path::Path;

use futures_util::TryStreamExt as _;
use sqlx::{Connection, PgConnection};

use super::folder::Unfinished;
use super::series::{self, Place, Seat};
use super::shape::{self, Shape};
use super::table::Table;
use super::tables::TABLES;
use super::{Summary, cell, statement};
use crate::database::Database;
use crate::error::{Error, Result};
use crate::ingest::lines;
use crate::ingest::releases::{self, Origins};
use crate::ingest::store::{Cells, Stored};
use crate::timeseries::key::Dimension;
use crate::timeseries::overlay::Statement;
use crate::timeseries::period::Period;

/// Writes datasets, records, documents and releases to `folder`, which does not exist yet or is empty.
pub async fn export(database: &Database, folder: &Path) -> Result<Summary> {
    let mut to = Unfinished::begin(folder)?;
    let mut connection = database.writer().await?;
    let mut snapshot = connection.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
    // What a server may have set otherwise.
    sqlx::query("SET LOCAL bytea_output = 'hex'").execute(&mut *snapshot).await?;
    let migration = newest_migration(&mut snapshot).await?;
    let mut summary = Summary::default();
    for table in &TABLES {
        let rows = copy(&mut snapshot, table, &mut to).await?;
        summary.count(table, rows);
    }
    let shapes = shape::read(&mut snapshot).await?;
    check_described(&mut snapshot, &shapes).await?;
    summary.datasets = shapes.len() as u64;
    for shape in &shapes {
        summary.statements += write(&mut snapshot, shape, &mut to).await?;
    }
    snapshot.commit().await?;
    to.finish(migration)?;
    Ok(summary)
}

async fn newest_migration(connection: &mut PgConnection) -> Result<i64> {
    let newest = sqlx::query_scalar("SELECT max(version) FROM _sqlx_migrations WHERE success");
    Ok(newest.fetch_one(connection).await?)
}

/// Writes a table as it stands.
async fn copy(connection: &mut PgConnection, table: &Table, to: &mut Unfinished) -> Result<u64> {
    let mut file = to.file(table.path, table.columns)?;
    let mut received = connection.copy_out_raw(table.read).await?;
    let mut rest = Vec::new();
    while let Some(bytes) = received.try_next().await? {
        rest.extend_from_slice(&bytes);
        let Some(end) = rest.iter().rposition(|byte| *byte == b'\n') else { continue };
        let text = std::str::from_utf8(&rest[..end]);
        let text = text.map_err(|error| Error::internal("reading a table", error))?;
        for line in text.split('\n') {
            let fields: Vec<_> = lines::fields(line).collect();
            file.row(fields.iter().map(|field| cell::write(field.as_deref()).into_owned()))?;
        }
        rest.drain(..=end);
    }
    to.end(file)
}

/// A series whose dataset is not described would be left out.
async fn check_described(connection: &mut PgConnection, shapes: &[Shape]) -> Result<()> {
    let names: Vec<String> = shapes.iter().map(|shape| shape.name.clone()).collect();
    let without = sqlx::query_scalar!("SELECT dataset FROM series WHERE dataset <> ALL($1) LIMIT 1", &names);
    match without.fetch_optional(connection).await? {
        Some(dataset) => {
            Err(Error::internal("exporting", format!("{dataset} has series and no description")))
        }
        None => Ok(()),
    }
}

/// Writes the series of a dataset and all that is stated of them.
async fn write(connection: &mut PgConnection, shape: &Shape, to: &mut Unfinished) -> Result<u64> {
    let origins = releases::origins(connection, &shape.name).await?;
    let mut of_series = to.file(&shape.series_path(), &shape::series_columns())?;
    let mut of_statements = to.file(&shape.statements_path(), &shape.statement_columns())?;
    let mut place = Place::default();
    loop {
        let seats = series::page(connection, &shape.name, &place).await?;
        let Some(last) = seats.last() else { break };
        place = last.place.clone();
        let batch = Batch::read(connection, &seats, &origins).await?;
        for seat in &seats {
            let rows = batch.rows(seat, shape)?;
            let codes = seat.codes.iter().map(|code| cell::write(Some(code)).into_owned());
            let numbers = [seat.updated_by.to_string(), rows.len().to_string()];
            of_series.row([seat.key.clone()].into_iter().chain(codes).chain(numbers))?;
            for row in rows {
                of_statements.row(row)?;
            }
        }
    }
    to.end(of_series)?;
    to.end(of_statements)
}

/// What is stored of some series.
struct Batch {
    stored: Stored,
    cells: Cells,
    notes: HashMap<(i64, i32, i32), String>,
}

impl Batch {
    async fn read(connection: &mut PgConnection, seats: &[Seat], origins: &Origins) -> Result<Self> {
        let ids: Vec<i64> = seats.iter().map(|seat| seat.id).collect();
        let stored = Stored::read(connection, &ids).await?;
        let cells = stored.cells(origins)?;
        let rows = sqlx::query!(
            "SELECT series_id, period, release_id, note FROM observation_note WHERE series_id = ANY($1)",
            &ids,
        );
        let rows = rows.fetch_all(connection).await?.into_iter();
        let notes = rows.map(|row| ((row.series_id, row.period, row.release_id), row.note)).collect();
        let batch = Self { stored, cells, notes };
        batch.check_notes()?;
        Ok(batch)
    }

    /// A note without a statement would be left out.
    fn check_notes(&self) -> Result<()> {
        let said = |(series, period, release): &(i64, i32, i32)| {
            let statements = self.cells.get(&(*series, *period));
            statements.is_some_and(|all| all.iter().any(|one| one.origin.release == *release))
        };
        match self.notes.keys().find(|place| !said(place)) {
            Some(place) => {
                Err(Error::internal("exporting", format!("a note without a statement: {place:?}")))
            }
            None => Ok(()),
        }
    }

    /// The rows of a series, by period and in the order of the overlay.
    fn rows(&self, seat: &Seat, shape: &Shape) -> Result<Vec<Vec<String>>> {
        let mut rows = Vec::new();
        for (&(_, period), statements) in self.cells.range((seat.id, i32::MIN)..=(seat.id, i32::MAX)) {
            let mut statements: Vec<&Statement> = statements.iter().collect();
            statements.sort_by_key(|one| (one.order(), one.kind));
            let mut before = None;
            for statement in statements {
                // A release that says two things of a cell has one note on it.
                let is_first = before.replace(statement.origin.release) != Some(statement.origin.release);
                rows.push(self.row((seat, shape), period, statement, is_first)?);
            }
        }
        Ok(rows)
    }

    fn row(
        &self,
        (seat, shape): (&Seat, &Shape),
        period: i32,
        statement: &Statement,
        with_note: bool,
    ) -> Result<Vec<String>> {
        let broken = |what: &str| Error::internal("exporting", format!("{what} of {}", seat.key));
        let code = |dimension: Dimension| seat.codes[dimension as usize].as_str();
        let release = statement.origin.release;
        let decimals = shape.decimals.get(code(Dimension::Measure)).ok_or_else(|| broken("no measure"))?;
        let value = statement.value.map(|value| statement::decimal(value, *decimals));
        let value = value.map(|value| value.ok_or_else(|| broken("a value"))).transpose()?;
        let printed = Period::new(seat.frequency, period).ok_or_else(|| broken("a period"))?;
        let is_restated = self.stored.restates((seat.id, period), release);
        let note = self.notes.get(&(seat.id, period, release)).filter(|_| with_note);
        let codes = shape.dimensions.iter().map(|dimension| cell::write(Some(code(*dimension))).into_owned());
        Ok(codes
            .chain([
                seat.frequency.to_string(),
                printed.to_string(),
                release.to_string(),
                statement::word(statement.kind, is_restated).to_owned(),
                value.unwrap_or_default(),
                char::from(statement.status).to_string(),
                cell::write(note.map(String::as_str)).into_owned(),
            ])
            .collect())
    }
}
