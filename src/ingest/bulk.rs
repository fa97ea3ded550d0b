//! A large release for a dataset that has no figures yet: series stream from their maker to the tables without being gathered.
//!
//! Where nothing is stored, each statement holds its cell and there is no history, so what [`super::walk`] would come to is
//! known beforehand. One thread makes and encodes batches while the server takes in those before.

use std::collections::BTreeMap;

use sqlx::PgConnection;
use tokio::sync::mpsc;

use super::binary::Rows;
use super::entry::Series;
use super::store::{COPY_CHUNKS, Chunk, Extent};
use crate::error::{Error, Result};
use crate::timeseries::key::Dimension;

/// How many series are sent at once, and how many such batches wait at most: about a megabyte each.
const BATCH: u64 = 500;
const WAITING: usize = 2;

/// Takes the rows that [`add_series`] makes.
pub const COPY_SERIES: &str = "COPY series (series_id, dataset, frequency, measure, source, geo, maker, brand, model,
                                        vehicle_class, powertrain, operator, access, current, group_key, first_period,
                                        last_period, observations, updated_by)
     FROM STDIN WITH (FORMAT binary)";

/// A figure of a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Figure {
    /// The period as an integer.
    pub period: i32,
    /// Scaled by the decimals of its measure; `None` where stated as missing.
    pub value: Option<i64>,
    /// SDMX `OBS_STATUS` letter.
    pub status: u8,
}

/// A series with all its figures, in the order of their periods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The series.
    pub series: Series,
    /// Its figures: one a period, one at least.
    pub figures: Vec<Figure>,
}

/// What was written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Written {
    /// Series.
    pub series: u64,
    /// Figures, those stated as missing included.
    pub observations: u64,
}

/// The rows of some series.
#[derive(Default)]
struct Batch {
    series: Rows,
    chunks: Rows,
    written: Written,
}

/// Writes all figures of a release, each series once, to a dataset that has none.
pub async fn write(
    connection: &mut PgConnection,
    dataset: &str,
    release: i32,
    listed: impl Iterator<Item = Listed> + Send + 'static,
) -> Result<Written> {
    let stored =
        sqlx::query_scalar!("SELECT EXISTS (SELECT FROM series WHERE dataset = $1) AS \"exists!\"", dataset);
    if stored.fetch_one(&mut *connection).await? {
        return Err(Error::internal("writing a release in bulk", format!("{dataset} has figures already")));
    }
    let (send, mut batches) = mpsc::channel(WAITING);
    // Ends by itself: when all is sent, or when nobody receives any more because sending to the server failed.
    let maker = tokio::task::spawn_blocking(move || encode(listed, release, &send));
    let mut all = Written::default();
    while let Some(Batch { series, chunks, written }) = batches.recv().await {
        series.copy(connection, COPY_SERIES).await?;
        chunks.copy(connection, COPY_CHUNKS).await?;
        all.series += written.series;
        all.observations += written.observations;
    }
    maker.await.map_err(|error| Error::internal("making the rows of a release", error))?;
    let rows = i32::try_from(all.observations).unwrap_or(i32::MAX);
    sqlx::query!("UPDATE release SET row_count = $2 WHERE release_id = $1", release, rows)
        .execute(connection)
        .await?;
    Ok(all)
}

fn encode(listed: impl Iterator<Item = Listed>, release: i32, to: &mpsc::Sender<Batch>) {
    let mut batch = Batch::default();
    for one in listed {
        batch.add(&one, release);
        if batch.written.series == BATCH && to.blocking_send(std::mem::take(&mut batch)).is_err() {
            return;
        }
    }
    // Whether anybody receives the last one is known to the receiver.
    let _ = to.blocking_send(batch);
}

impl Batch {
    fn add(&mut self, Listed { series, figures }: &Listed, release: i32) {
        let mut chunks: BTreeMap<i32, Chunk> = BTreeMap::new();
        for &Figure { period, value, status } in figures {
            let chunk = chunks.entry(series.frequency.chunk(period)).or_default();
            chunk.push(period, (value, status), release);
        }
        for (number, chunk) in chunks {
            chunk.encode((series.id, number), &mut self.chunks);
        }
        let period = |figure: Option<&Figure>| figure.map(|figure| figure.period);
        let observations = i32::try_from(figures.len()).expect("300 years have 3,600 months");
        let extent = Extent { first: period(figures.first()), last: period(figures.last()), observations };
        add_series(&mut self.series, series, extent, release);
        self.written.series += 1;
        self.written.observations += figures.len() as u64;
    }
}

/// Adds the row of a series for [`COPY_SERIES`]: how far its figures reach, and the last release that changed one.
pub fn add_series(rows: &mut Rows, series: &Series, extent: Extent, updated_by: i32) {
    rows.begin(19);
    rows.bigint(series.id);
    rows.bytes(series.dataset.as_bytes());
    rows.bytes(series.frequency.code().as_bytes());
    for dimension in Dimension::ALL {
        rows.bytes(series.code(dimension).as_bytes());
    }
    rows.bytes(series.group_key.as_bytes());
    for period in [extent.first, extent.last] {
        match period {
            Some(period) => rows.integer(period),
            None => rows.null(),
        }
    }
    rows.integer(extent.observations);
    rows.integer(updated_by);
}
