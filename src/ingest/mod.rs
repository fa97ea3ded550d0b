//! Taking data in: all or nothing, and the same twice is nothing.
//!
//! One import is one transaction. It waits for any other import to end, and stops at once where the data are those of the
//! last one. Else
//!
//! 1. `pack` reads and checks every file (`sheet` splits it, `fields` reads what a field means, `read` has a reader for each
//!    kind of file, `vocabulary` knows what may be referred to) and sorts the rows into parts: what one document
//!    states for one collection. All faults of all files come out together, and nothing is written.
//! 2. `releases` compares each part with the release that holds its place. A part whose rows are the same is left alone; one
//!    that differs becomes a new release, which supersedes the earlier one; a document that is gone has its release withdrawn.
//!    Releases are numbered in the order of publication.
//! 3. `records` replaces the records of changed parts. Rows are never updated but for the mark that they were replaced.
//! 4. `walk` carries the changes through the cells of each dataset (`store` reads and writes them); which figure holds
//!    is decided by [`crate::timeseries::overlay`].
//! 5. `rollup` keeps the sums of complete datasets that stand ready.
//! 6. The version of every collection that changed is raised by one.
//!
//! `archive` writes all of it to a folder of CSV, and takes such a folder in again.

pub mod archive;
mod binary;
mod bulk;
mod entry;
mod fields;
pub mod file;
mod files;
mod lines;
mod pack;
mod read;
pub mod rebuild;
mod records;
mod releases;
pub mod rollup;
mod sheet;
mod store;
pub mod synthetic;
pub mod table;
mod upkeep;
mod vocabulary;
mod walk;

use std::collections::HashMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::{Connection, PgConnection};

use crate::catalog::read_codes;
use crate::clock::Clock;
use crate::database::Database;
use crate::error::Result;

pub use files::Files;
use pack::Pack;
use releases::{Import, Origins};
use walk::Change;

/// The advisory lock that imports hold; any number that nothing else uses. Whatever else writes to releases takes it by the
/// triggers on them, so that the feed of changes is numbered in the order of commits.
const IMPORT_LOCK: i64 = 0x6368_696e_6175_746f;

/// From how many rows on it is looked after an import whether tables are to be vacuumed.
const LARGE: u64 = 10_000;

/// What an import did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// Rows of the releases that were taken in.
    pub rows: u64,
    /// Releases that were taken in.
    pub releases: u64,
    /// Whether the data were those that already stood there.
    pub unchanged: bool,
}

/// Loads the data files, or finds them loaded.
pub async fn load_bundled(database: &Database, files: &Files, clock: &Clock) -> Result<Outcome> {
    let mut connection = database.writer().await?;
    let checksum = files.checksum();
    // Before the lock: a start does not wait for an import that may take long.
    if last_checksum(&mut connection, "bundled").await?.is_some_and(|last| last == checksum) {
        return Ok(Outcome { rows: 0, releases: 0, unchanged: true });
    }
    let mut transaction = connection.begin().await?;
    hold_lock(&mut transaction).await?;
    if last_checksum(&mut transaction, "bundled").await?.is_some_and(|last| last == checksum) {
        return Ok(Outcome { rows: 0, releases: 0, unchanged: true });
    }
    let pack = Pack::read(files)?;
    let import = Import { number: None, checksum, at: clock.now(), today: clock.today() };
    let outcome = take_in(&mut transaction, import, pack).await?;
    transaction.commit().await?;
    if outcome.rows >= LARGE {
        upkeep::vacuum(&mut connection, &upkeep::OF_FIGURES).await?;
    }
    // Plans are made once a connection: without statistics those of recursive statements would look through whole tables.
    sqlx::query("ANALYZE document, organization, partnership, partnership_member, event")
        .execute(&mut connection)
        .await?;
    Ok(outcome)
}

/// Waits for any other import to end, and keeps others waiting until the end of the transaction.
async fn hold_lock(connection: &mut PgConnection) -> Result<()> {
    sqlx::query!("SELECT pg_advisory_xact_lock($1)", IMPORT_LOCK).execute(connection).await?;
    Ok(())
}

/// How long to wait between two looks at whether another import has ended.
const PAUSE: Duration = Duration::from_millis(100);

/// The same for whoever may give up: `goes_on` is asked while another import is under way, and its error ends the waiting. Who waits
/// within the database goes on doing so when nobody wants it any more.
async fn take_lock(connection: &mut PgConnection, goes_on: impl Fn() -> Result<()>) -> Result<()> {
    while !try_lock(connection).await? {
        goes_on()?;
        tokio::time::sleep(PAUSE).await;
    }
    Ok(())
}

async fn try_lock(connection: &mut PgConnection) -> Result<bool> {
    let taken = sqlx::query_scalar!("SELECT pg_try_advisory_xact_lock($1) AS \"taken!\"", IMPORT_LOCK);
    Ok(taken.fetch_one(connection).await?)
}

/// Of the last import of a kind.
async fn last_checksum(connection: &mut PgConnection, kind: &str) -> Result<Option<Vec<u8>>> {
    let last = sqlx::query_scalar!(
        "SELECT checksum FROM import WHERE kind = $1 ORDER BY import_id DESC LIMIT 1",
        kind,
    );
    Ok(last.fetch_optional(connection).await?)
}

async fn take_in(connection: &mut PgConnection, import: Import, pack: Pack) -> Result<Outcome> {
    describe_datasets(connection, &pack.datasets, import.at).await?;
    let codes_before = read_codes(connection).await?;
    let before = origins_before(connection).await?;
    let mut changes = releases::write(connection, import, pack.parts).await?;
    let rows = changes.taken.iter().map(|taken| taken.part.rows() as u64).sum();
    records::write(connection, import.today, &mut changes).await?;
    let (dead, _) = changes.replaced();
    for (dataset, before) in before {
        let of_it = |collection: &str| collection == dataset;
        let taken: Vec<_> = changes.taken.iter().filter(|taken| of_it(&taken.part.collection)).collect();
        let dead: Vec<i32> = dead.iter().copied().filter(|release| before.contains_key(release)).collect();
        if !taken.is_empty() || !dead.is_empty() {
            let new = taken.iter().map(|taken| taken.release).collect();
            let change = Change { dataset, new, dead, before };
            walk::walk(connection, change, &pack.series, &taken).await?;
        }
    }
    rollup::settle(connection, &codes_before, import.at).await?;
    raise_versions(connection, import.at, &changes.collections()).await?;
    Ok(Outcome { rows, releases: changes.taken.len() as u64, unchanged: changes.is_empty() })
}

/// The releases of each dataset as they are before the import.
async fn origins_before(connection: &mut PgConnection) -> Result<HashMap<String, Origins>> {
    let names = sqlx::query_scalar!("SELECT name FROM collection WHERE kind = 'dataset'");
    let mut before = HashMap::new();
    for name in names.fetch_all(&mut *connection).await? {
        let origins = releases::origins(connection, &name).await?;
        before.insert(name, origins);
    }
    Ok(before)
}

/// Gives each dataset a version of its own, where it has none yet.
async fn describe_datasets(connection: &mut PgConnection, names: &[String], at: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "INSERT INTO collection (name, kind, changed_at) SELECT name, 'dataset', $2 FROM UNNEST($1::text[]) AS name
         ON CONFLICT (name) DO NOTHING",
        names,
        at,
    )
    .execute(connection)
    .await?;
    Ok(())
}

async fn raise_versions(
    connection: &mut PgConnection,
    at: DateTime<Utc>,
    collections: &[String],
) -> Result<()> {
    sqlx::query!(
        "UPDATE collection SET version = version + 1, changed_at = $2 WHERE name = ANY($1)",
        collections,
        at,
    )
    .execute(connection)
    .await?;
    Ok(())
}
