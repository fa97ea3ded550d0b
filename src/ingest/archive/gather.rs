//! Making cells of statements again, series by series.

use std::collections::BTreeMap;
use std::path::Path;

use tokio::sync::mpsc::Sender;

use super::manifest::Manifest;
use super::series::group;
use super::shape::{Shape, series_columns};
use super::source::Source;
use super::{cell, statement};
use crate::error::Result;
use crate::ingest::entry::Series;
use crate::ingest::lines;
use crate::ingest::releases::Origins;
use crate::ingest::store::Stored;
use crate::timeseries::key::{Dimension, series_id};
use crate::timeseries::overlay::{self, Statement};
use crate::timeseries::period::Period;

/// How many series are sent at once.
const BATCH: usize = 500;

/// Some series with all that is stated of them.
#[derive(Default)]
pub(super) struct Batch {
    /// Each with the last release that changed a figure of it.
    pub(super) series: Vec<(Series, i32)>,
    /// Their cells.
    pub(super) stored: Stored,
    /// Their notes, as lines of text.
    pub(super) notes: Vec<String>,
    /// How many statements there are.
    pub(super) statements: u64,
}

/// The two files of a dataset.
pub(super) struct Gatherer {
    shape: Shape,
    origins: Origins,
    series: Source,
    statements: Source,
}

impl Gatherer {
    /// Opens the files of a dataset whose releases are these.
    pub(super) fn open(from: (&Path, &Manifest), shape: Shape, origins: Origins) -> Result<Self> {
        let series = Source::open(from, &shape.series_path(), &series_columns())?;
        let statements = Source::open(from, &shape.statements_path(), &shape.statement_columns())?;
        Ok(Self { shape, origins, series, statements })
    }

    /// Sends everything in batches, to the end or to the first fault.
    pub(super) fn send(mut self, to: &Sender<Result<Batch>>) {
        loop {
            let batch = self.batch();
            let is_last = batch.as_ref().map_or(true, |batch| batch.series.len() < BATCH);
            // Where nobody receives any more, taking in has failed.
            if to.blocking_send(batch).is_err() || is_last {
                return;
            }
        }
    }

    fn batch(&mut self) -> Result<Batch> {
        let mut batch = Batch::default();
        while batch.series.len() < BATCH {
            if !self.series.advance()? {
                // The rows that are left belong to no series.
                if self.statements.advance()? {
                    return Err(self.statements.fault("it belongs to no series"));
                }
                break;
            }
            self.one(&mut batch)?;
        }
        Ok(batch)
    }

    /// Adds the series of the row.
    fn one(&mut self, batch: &mut Batch) -> Result<()> {
        let (series, updated_by, count) = self.series()?;
        let measure = series.code(Dimension::Measure);
        let decimals = self.shape.decimals.get(measure).copied();
        let decimals = decimals.ok_or_else(|| self.series.fault(&format!("no measure {measure}")))?;
        let mut cells: BTreeMap<i32, Vec<Statement>> = BTreeMap::new();
        for _ in 0..count {
            if !self.statements.advance()? {
                return Err(self.statements.fault(&format!("the end, before that of {}", series.key)));
            }
            let (period, statement) = self.statement(&series, decimals)?;
            let release = statement.origin.release.to_string();
            if let Some(note) = cell::read(self.statements.field(self.shape.dimensions.len() + 6)) {
                let place = [series.id.to_string(), period.to_string(), release];
                batch.notes.push(lines::line(place.iter().map(String::as_str).chain([note]).map(Some)));
            }
            cells.entry(period).or_default().push(statement);
        }
        for (period, statements) in cells {
            batch.stored.put((series.id, period), series.frequency, &overlay::canonical(&statements));
        }
        batch.statements += count;
        batch.series.push((series, updated_by));
        Ok(())
    }

    /// The series of the row, the last release that changed it, and how many statements it has.
    fn series(&self) -> Result<(Series, i32, u64)> {
        let row = &self.series;
        let key = row.field(0);
        let (dataset, frequency, group_key) =
            group(key).ok_or_else(|| row.fault(&format!("{key:?} is no key of a series")))?;
        if dataset != self.shape.name {
            return Err(row.fault(&format!("a series of {dataset}")));
        }
        let code = |dimension: Dimension| cell::read(row.field(1 + dimension as usize)).unwrap_or_default();
        let series = Series {
            id: series_id(key),
            dataset: dataset.to_owned(),
            frequency,
            key: key.to_owned(),
            group_key,
            codes: Dimension::ALL.map(|dimension| code(dimension).to_owned()),
        };
        let [updated_by, statements] = [12, 13].map(|at| row.field(at));
        let updated_by =
            updated_by.parse().map_err(|_| row.fault(&format!("{updated_by:?} is no release")))?;
        let count = statements.parse().map_err(|_| row.fault(&format!("{statements:?} is no number")))?;
        Ok((series, updated_by, count))
    }

    /// What the row states of a series: of which period, and what.
    fn statement(&self, series: &Series, decimals: u32) -> Result<(i32, Statement)> {
        let row = &self.statements;
        let behind = self.shape.dimensions.len();
        let same = |at: usize, dimension: Dimension| {
            cell::read(row.field(at)).unwrap_or_default() == series.code(dimension)
        };
        let all = self.shape.dimensions.iter().enumerate();
        if !all.into_iter().all(|(at, dimension)| same(at, *dimension)) {
            return Err(row.fault(&format!("it is not of {}, whose turn it is", series.key)));
        }
        let [frequency, period, release, kind, value, status] =
            [0, 1, 2, 3, 4, 5].map(|at| row.field(behind + at));
        let wrong = |field: &str, what: &str| row.fault(&format!("{field:?} is no {what}"));
        let place = period.parse::<Period>().ok().filter(|period| period.frequency() == series.frequency);
        let place = place.ok_or_else(|| wrong(period, "period of the series"))?;
        if frequency != series.frequency.code() {
            return Err(wrong(frequency, "frequency of the series"));
        }
        let origin = release.parse().ok().and_then(|release: i32| self.origins.get(&release));
        let origin = *origin.ok_or_else(|| wrong(release, "release of the dataset"))?;
        let kind = statement::kind(kind).ok_or_else(|| wrong(kind, "kind of statement"))?;
        let number = |text| statement::scaled(text, decimals).ok_or_else(|| wrong(text, "value"));
        let value = (!value.is_empty()).then(|| number(value)).transpose()?;
        let [status] = *status.as_bytes() else { return Err(wrong(status, "status")) };
        Ok((place.ordinal(), Statement { origin, kind, value, status }))
    }
}
