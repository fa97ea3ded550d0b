//! Taking a made market in, and away again.
//!
//! It comes as releases of an import of its own, beside the bundled ones: those of the code lists and sources, and the one of its
//! figures. It goes by withdrawing them, which the feed of changes tells like any other withdrawal; but its figures are deleted,
//! since a hundred million cells of no meaning have no place in the history.

use sha2::{Digest, Sha256};
use sqlx::{Connection, PgConnection};

use super::describe::PUBLISHED;
use super::{DATASET, Market, Order};
use crate::catalog::{read_codes, read_datasets};
use crate::clock::Clock;
use crate::database::Database;
use crate::error::{Error, Result};
use crate::ingest::files::Files;
use crate::ingest::pack::{self, Part};
use crate::ingest::releases::{self, Import};
use crate::ingest::{bulk, describe_datasets, hold_lock, last_checksum, raise_versions, records, rollup};
use crate::timeseries::period::PartialDate;

/// Raised when the same order makes other figures than before.
const EDITION: u32 = 1;

/// Why its releases are withdrawn.
const REMOVED: &str = "the synthetic figures were removed";

/// What stands in the database after an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Generated {
    /// Series that were written; 0 where the market stood there already.
    pub series: u64,
    /// Observations that were written.
    pub observations: u64,
    /// Whether the same market stood there already.
    pub unchanged: bool,
}

/// What was taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Removed {
    /// Series that were deleted with their figures.
    pub series: u64,
    /// Releases that were withdrawn; 0 where there was no synthetic figure.
    pub releases: u64,
}

/// Makes a market out of the code lists of the pack, which has to be loaded, and takes it in.
pub async fn generate(database: &Database, pack: &Files, order: Order, clock: &Clock) -> Result<Generated> {
    let mut connection = database.writer().await?;
    let mut transaction = connection.begin().await?;
    hold_lock(&mut transaction).await?;
    if last_checksum(&mut transaction, "bundled").await?.is_none_or(|last| last != pack.checksum()) {
        let missing = "synthetic registrations are made of the bundled code lists, which are not loaded";
        return Err(Error::Startup(missing.to_owned()));
    }
    let checksum = checksum(pack, order);
    if standing(&mut transaction).await? {
        if last_checksum(&mut transaction, "generated").await?.is_some_and(|last| last == checksum) {
            return Ok(Generated { series: 0, observations: 0, unchanged: true });
        }
        let other =
            "another synthetic market is loaded: take it away first with china-auto generate --remove";
        return Err(Error::Startup(other.to_owned()));
    }
    let market = Market::plan(pack, order)?;
    let import = Import { checksum, at: clock.now(), today: clock.today() };
    let written = take_in(&mut transaction, import, pack, market).await?;
    transaction.commit().await?;
    sqlx::query("VACUUM (ANALYZE) collection, series, observation_chunk, rollup_series, rollup_chunk")
        .execute(&mut connection)
        .await?;
    Ok(Generated { series: written.series, observations: written.observations, unchanged: false })
}

/// The market follows from this alone.
fn checksum(pack: &Files, Order { observations, seed }: Order) -> [u8; 32] {
    let mut digest = Sha256::new_with_prefix(format!("synthetic {EDITION} {observations} {seed}\n"));
    digest.update(pack.checksum());
    digest.finalize().into()
}

async fn take_in(
    connection: &mut PgConnection,
    import: Import,
    pack: &Files,
    market: Market,
) -> Result<bulk::Written> {
    let mut parts = pack::records_beyond(pack, &market.describe(pack)?)?;
    let published: PartialDate = PUBLISHED
        .parse()
        .map_err(|reason: String| Error::internal("the date of synthetic figures", reason))?;
    parts.push(Part {
        collection: DATASET.to_owned(),
        document: Some(market.document()),
        published: Some(published.last),
        scope: Vec::new(),
        checksum: import.checksum,
        entries: Vec::new(),
        observations: Vec::new(),
    });
    describe_datasets(connection, &[DATASET.to_owned()], import.at).await?;
    let mut changes = releases::append(connection, "generated", import, parts).await?;
    records::write(connection, import.today, &mut changes).await?;
    // Releases keep the order of the parts, and that of the figures is the last.
    let of_figures = changes.taken.last().map(|taken| taken.release);
    let release = of_figures.ok_or_else(|| Error::internal("writing releases", "there is none"))?;
    let written = bulk::write(connection, DATASET, release, market.series()).await?;
    let lists = read_codes(connection).await?;
    let datasets = read_datasets(connection).await?;
    if let Some(dataset) = datasets.iter().find(|dataset| dataset.name == DATASET) {
        rollup::build(connection, (dataset, &lists), import.at).await?;
    }
    raise_versions(connection, import.at, &changes.collections()).await?;
    Ok(written)
}

/// Whether a made market is loaded.
async fn standing(connection: &mut PgConnection) -> Result<bool> {
    let standing = sqlx::query_scalar!(
        "SELECT EXISTS (SELECT FROM release WHERE collection = $1 AND withdrawn_at IS NULL) AS \"exists!\"",
        DATASET,
    );
    Ok(standing.fetch_one(connection).await?)
}

/// Takes every made market away: withdraws its releases and deletes its figures.
pub async fn remove(database: &Database, clock: &Clock) -> Result<Removed> {
    let mut connection = database.writer().await?;
    let mut transaction = connection.begin().await?;
    hold_lock(&mut transaction).await?;
    let withdrawn = sqlx::query!(
        "UPDATE release SET withdrawn_at = $1, withdrawn_reason = $2
         WHERE withdrawn_at IS NULL
           AND (collection = $3 OR import_id IN (SELECT import_id FROM import WHERE kind = 'generated'))
         RETURNING release_id, collection",
        clock.now(),
        REMOVED,
        DATASET,
    )
    .fetch_all(&mut *transaction)
    .await?;
    if withdrawn.is_empty() {
        return Ok(Removed { series: 0, releases: 0 });
    }
    let (releases, collections): (Vec<i32>, Vec<String>) =
        withdrawn.into_iter().map(|row| (row.release_id, row.collection)).unzip();
    records::replace(&mut transaction, &releases, &releases).await?;
    let series = delete(&mut transaction).await?;
    raise_versions(&mut transaction, clock.now(), &collections).await?;
    transaction.commit().await?;
    sqlx::query(
        "VACUUM (ANALYZE) collection, series, observation_chunk, observation_history, rollup_series, rollup_chunk",
    )
    .execute(&mut connection)
    .await?;
    Ok(Removed { series, releases: releases.len() as u64 })
}

async fn delete(connection: &mut PgConnection) -> Result<u64> {
    rollup::clear(connection, DATASET).await?;
    macro_rules! delete {
        ($($table:literal),*) => {$(
            sqlx::query!(
                "DELETE FROM " + $table + " USING series
                 WHERE " + $table + ".series_id = series.series_id AND dataset = $1",
                DATASET,
            )
            .execute(&mut *connection)
            .await?;
        )*};
    }
    delete!("observation_chunk", "observation_history", "observation_restatement", "observation_note");
    let gone = sqlx::query!("DELETE FROM series WHERE dataset = $1", DATASET).execute(connection).await?;
    Ok(gone.rows_affected())
}
