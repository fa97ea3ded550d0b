//! Taking an export in: checked whole first, then in one transaction, some series at a time.

use std::collections::BTreeSet;
use std::path::Path;

use sqlx::{Connection, PgConnection};
use tokio::sync::mpsc;

use super::folder::{checksum, failed};
use super::gather::{Batch, Gatherer};
use super::manifest::{self, Manifest};
use super::shape::{self, Shape};
use super::source::Source;
use super::table::Table;
use super::tables::TABLES;
use super::{Summary, cell};
use crate::access::{Action, Actor, note};
use crate::catalog::read_codes;
use crate::clock::Clock;
use crate::database::{Database, newest_migration};
use crate::error::{Error, Result};
use crate::ingest::binary::Rows;
use crate::ingest::bulk::{COPY_SERIES, add_series};
use crate::ingest::store::Stored;
use crate::ingest::{hold_lock, lines, releases, rollup};

/// How much text is gathered before it is sent.
const BUFFER: usize = 1 << 18;

/// How many batches of series wait at most to be written.
const WAITING: usize = 2;

/// Takes the export in `folder` into a database that is migrated and has no releases: all of it, or nothing.
pub async fn restore(database: &Database, folder: &Path, by: &Actor, clock: &Clock) -> Result<Summary> {
    let manifest = checked(folder)?;
    let mut connection = database.writer().await?;
    let mut transaction = connection.begin().await?;
    hold_lock(&mut transaction).await?;
    check_empty(&mut transaction).await?;
    let mut summary = Summary::default();
    for table in &TABLES {
        let rows = load(&mut transaction, (folder, &manifest), table).await?;
        summary.count(table, rows);
        if table.name == "release" {
            // By their triggers the releases are told as new ones; the feed as it was follows.
            sqlx::query!("DELETE FROM change").execute(&mut *transaction).await?;
        }
    }
    // An export has the figures of files, and not the files.
    sqlx::query!("UPDATE import SET is_kept = false WHERE is_kept").execute(&mut *transaction).await?;
    set_ids(&mut transaction).await?;
    let shapes = shape::read(&mut transaction).await?;
    check_files(&manifest, &shapes)?;
    summary.datasets = shapes.len() as u64;
    for shape in shapes {
        summary.statements += take_in(&mut transaction, (folder, &manifest), shape).await?;
    }
    let codes = read_codes(&mut transaction).await?;
    rollup::settle(&mut transaction, &codes, clock.now()).await?;
    let place = folder.display().to_string();
    note(&mut transaction, Action::Import, ("export", Some(&place)), by, clock.now()).await?;
    transaction.commit().await?;
    sqlx::query(
        "VACUUM (ANALYZE) collection, release, change, code, document, organization, partnership, partnership_member, event, series, observation_chunk, observation_history,
                          observation_restatement, observation_note, rollup_series, rollup_chunk, rollup_period",
    )
    .execute(&mut connection)
    .await?;
    Ok(summary)
}

/// What the folder holds, each file of it as it was written.
fn checked(folder: &Path) -> Result<Manifest> {
    let place = folder.join(manifest::NAME);
    let text = std::fs::read_to_string(&place).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => {
            let name = manifest::NAME;
            Error::Startup(format!("{} is no export: it has no {name}", folder.display()))
        }
        _ => failed("read", &place)(error),
    })?;
    let manifest = Manifest::read(&text, newest_migration())?;
    for listed in &manifest.file {
        let place = folder.join(&listed.path);
        let damaged =
            |what: &str| Error::Startup(format!("the export is damaged: {}: {what}", place.display()));
        let found = checksum(&place).map_err(|error| damaged(&error.to_string()))?;
        if found != listed.sha256 {
            return Err(damaged("its SHA-256 is not the one in export.toml"));
        }
    }
    Ok(manifest)
}

/// Leaves nothing but what the migrations wrote, or refuses.
async fn check_empty(connection: &mut PgConnection) -> Result<()> {
    let stands = sqlx::query_scalar!("SELECT EXISTS (SELECT FROM release) AS \"exists!\"");
    if stands.fetch_one(&mut *connection).await? {
        return Err(Error::Startup(
            "the database has releases already, and an export is taken into one without: name a new data folder with \
             --data-dir, or a new database with DATABASE_URL, and say --no-bundled-data if the service is started on it \
             before"
                .to_owned(),
        ));
    }
    sqlx::query!("DELETE FROM collection").execute(&mut *connection).await?;
    sqlx::query!("DELETE FROM seal").execute(&mut *connection).await?;
    sqlx::query!("DELETE FROM import").execute(connection).await?;
    Ok(())
}

/// Takes a table in as it stands in its file.
async fn load(connection: &mut PgConnection, from: (&Path, &Manifest), table: &Table) -> Result<u64> {
    let mut source = Source::open(from, table.path, table.columns)?;
    let mut sink = connection.copy_in_raw(table.write).await?;
    let (mut text, mut rows) = (String::new(), 0);
    while source.advance()? {
        rows += 1;
        text.push_str(&lines::line(source.fields().map(cell::read)));
        if text.len() >= BUFFER {
            sink.send(text.as_bytes()).await?;
            text.clear();
        }
    }
    sink.send(text.as_bytes()).await?;
    sink.finish().await?;
    Ok(rows)
}

/// Has the next import, release and change get the numbers that follow.
pub(in crate::ingest) async fn set_ids(connection: &mut PgConnection) -> Result<()> {
    let set = sqlx::query!(
        "SELECT (SELECT setval(pg_get_serial_sequence('import', 'import_id'), max(import_id)) FROM import) AS import,
                (SELECT setval(pg_get_serial_sequence('release', 'release_id'), max(release_id)) FROM release) AS release,
                (SELECT setval(pg_get_serial_sequence('change', 'change_id'), max(change_id)) FROM change) AS change,
                (SELECT setval(pg_get_serial_sequence('api_key', 'key_id'), max(key_id)) FROM api_key) AS key,
                (SELECT setval(pg_get_serial_sequence('audit', 'audit_id'), max(audit_id)) FROM audit) AS audit",
    );
    set.fetch_one(connection).await?;
    Ok(())
}

/// A file that nobody would read holds what would be lost.
fn check_files(manifest: &Manifest, shapes: &[Shape]) -> Result<()> {
    let of_shapes = shapes.iter().flat_map(|shape| [shape.series_path(), shape.statements_path()]);
    let known: BTreeSet<String> = TABLES.iter().map(|table| table.path.to_owned()).chain(of_shapes).collect();
    match manifest.file.iter().find(|listed| !known.contains(&listed.path)) {
        Some(unknown) => Err(Error::Startup(format!(
            "the export has {}, which china-auto {} does not know: take it in with china-auto {}, which made it",
            unknown.path,
            env!("CARGO_PKG_VERSION"),
            manifest.program
        ))),
        None => Ok(()),
    }
}

/// Takes in the series of a dataset and all that is stated of them, while the next are read.
async fn take_in(connection: &mut PgConnection, from: (&Path, &Manifest), shape: Shape) -> Result<u64> {
    let origins = releases::origins(connection, &shape.name).await?;
    let gatherer = Gatherer::open(from, shape, origins)?;
    let (send, mut batches) = mpsc::channel(WAITING);
    let reader = tokio::task::spawn_blocking(move || gatherer.send(&send));
    let mut statements = 0;
    while let Some(batch) = batches.recv().await {
        let batch = batch?;
        statements += batch.statements;
        write(connection, batch).await?;
    }
    reader.await.map_err(|error| Error::internal("reading an export", error))?;
    Ok(statements)
}

async fn write(connection: &mut PgConnection, batch: Batch) -> Result<()> {
    let extents = batch.stored.extents();
    let mut rows = Rows::default();
    for (series, updated_by) in &batch.series {
        add_series(&mut rows, series, extents.get(&series.id).copied().unwrap_or_default(), *updated_by);
    }
    rows.copy(connection, COPY_SERIES).await?;
    Stored::default().replace(connection, &batch.stored).await?;
    lines::copy(connection, "COPY observation_note FROM STDIN", batch.notes.into_iter()).await
}
