//! Taking a made market in, and away again.
//!
//! It comes as releases of an import of its own, beside the bundled ones: those of the code lists and sources, and the one of its
//! figures. Monthly releases follow, each in an import of its own; where they were broken off, the same order goes on with them. It goes by withdrawing them, which the feed of changes tells like any other withdrawal; but its figures are deleted,
//! since a hundred million cells of no meaning have no place in the history.

use sha2::{Digest, Sha256};
use sqlx::{Connection, PgConnection};

use super::monthly::{Month, published};
use super::{DATASET, Market, Order};
use crate::catalog::{read_codes, read_datasets};
use crate::clock::Clock;
use crate::database::Database;
use crate::error::{Error, Result};
use crate::ingest::entry::Observation;
use crate::ingest::files::Files;
use crate::ingest::pack::{self, Part};
use crate::ingest::releases::{self, Import};
use crate::ingest::walk::{self, Change};
use crate::ingest::{bulk, describe_datasets, hold_lock, last_checksum, raise_versions, records, rollup};

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
    let (market, import) = (
        Market::plan(pack, order)?,
        Import { number: None, checksum, at: clock.now(), today: clock.today() },
    );
    let mut made = Generated { series: 0, observations: 0, unchanged: true };
    if standing(&mut transaction).await?.is_empty() {
        let written = take_in(&mut transaction, import, pack, market.clone()).await?;
        transaction.commit().await?;
        made = Generated { series: written.series, observations: written.observations, unchanged: false };
        vacuum(&mut connection).await?;
    } else if last_checksum(&mut transaction, "generated").await?.is_none_or(|last| last != checksum) {
        let other =
            "another synthetic market is loaded: take it away first with china-auto generate --remove";
        return Err(Error::Startup(other.to_owned()));
    } else {
        transaction.commit().await?;
    }
    for month in market.monthly() {
        if let Some(taken) = take_month(&mut connection, import, (&market, month)).await? {
            made.series += taken.new_series;
            made.observations += taken.new_figures;
            made.unchanged = false;
            vacuum(&mut connection).await?;
        }
    }
    Ok(made)
}

/// Frees what a release replaced, so that the next one finds room for what it writes.
async fn vacuum(connection: &mut PgConnection) -> Result<()> {
    sqlx::query(
        "VACUUM (ANALYZE) collection, series, observation_chunk, observation_history, rollup_series, rollup_chunk, rollup_period",
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The market follows from this alone.
fn checksum(pack: &Files, Order { observations, seed, monthly }: Order) -> [u8; 32] {
    let mut digest = Sha256::new_with_prefix(format!("synthetic {EDITION} {observations} {seed}\n"));
    if monthly > 0 {
        digest.update(format!("monthly {monthly}\n"));
    }
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
    let (document, last) = (market.document(), market.monthly().start - 1);
    parts.push(part(document, last, import, Vec::new()));
    describe_datasets(connection, &[DATASET.to_owned()], import.at).await?;
    let mut changes = releases::append(connection, "generated", import, parts).await?;
    records::write(connection, import.today, &mut changes).await?;
    // Releases keep the order of the parts, and that of the figures is the last.
    let of_figures = changes.taken.last().map(|taken| taken.release);
    let release = of_figures.ok_or_else(|| Error::internal("writing releases", "there is none"))?;
    let written = bulk::write(connection, DATASET, release, market.first_release()).await?;
    let lists = read_codes(connection).await?;
    let datasets = read_datasets(connection).await?;
    if let Some(dataset) = datasets.iter().find(|dataset| dataset.name == DATASET) {
        rollup::build(connection, (dataset, &lists), import.at).await?;
    }
    raise_versions(connection, import.at, &changes.collections()).await?;
    Ok(written)
}

/// Takes in the release of a month, as any release that comes to a dataset; `None` where it is there already.
async fn take_month(
    connection: &mut PgConnection,
    import: Import,
    (market, month): (&Market, i32),
) -> Result<Option<Month>> {
    let mut transaction = connection.begin().await?;
    hold_lock(&mut transaction).await?;
    let (standing, document) = (standing(&mut transaction).await?, market.document_of(month));
    if standing.contains(&document) {
        return Ok(None);
    }
    if !standing.contains(&market.document()) {
        let gone = "the synthetic market was removed while it was made";
        return Err(Error::Startup(gone.to_owned()));
    }
    let mut stated = market.month(month);
    let parts = vec![part(document, month, import, std::mem::take(&mut stated.observations))];
    let before = releases::origins(&mut transaction, DATASET).await?;
    let changes = releases::append(&mut transaction, "generated", import, parts).await?;
    let taken: Vec<_> = changes.taken.iter().collect();
    let new = taken.iter().map(|taken| taken.release).collect();
    let change = Change { dataset: DATASET.to_owned(), new, dead: Vec::new(), before };
    walk::walk(&mut transaction, change, &stated.series, &taken).await?;
    let codes = read_codes(&mut transaction).await?;
    rollup::settle(&mut transaction, &codes, import.at).await?;
    raise_versions(&mut transaction, import.at, &changes.collections()).await?;
    transaction.commit().await?;
    Ok(Some(stated))
}

fn part(document: String, last: i32, import: Import, observations: Vec<Observation>) -> Part {
    Part {
        collection: DATASET.to_owned(),
        document: Some(document),
        published: Some(published(last)),
        scope: Vec::new(),
        checksum: import.checksum,
        entries: Vec::new(),
        observations,
    }
}

/// The documents of the made market that is loaded.
async fn standing(connection: &mut PgConnection) -> Result<Vec<String>> {
    let standing = sqlx::query_scalar!(
        "SELECT document_id AS \"document_id!\" FROM release WHERE collection = $1 AND withdrawn_at IS NULL",
        DATASET,
    );
    Ok(standing.fetch_all(connection).await?)
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
    vacuum(&mut connection).await?;
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
