//! The same state again, in a database without data: from the bundled data, the files that were kept, and what the database that
//! they went to says of each import.

use std::io::Seek;
use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::types::Json;
use sqlx::{Connection, PgConnection};
use tempfile::NamedTempFile;

use super::archive::set_ids;
use super::file::{self, Done, Job, Kept, Options, Progress, Received, Which};
use super::releases::GONE;
use super::{Files, load_bundled};
use crate::clock::Clock;
use crate::database::Database;
use crate::error::{Error, Result};

/// What was made again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rebuilt {
    /// Files that were taken in again, descriptions of datasets included.
    pub files: u64,
    /// Releases that were withdrawn again.
    pub withdrawals: u64,
    /// Releases that there are.
    pub releases: i64,
    /// Whether everything has the number that it had, and was compared. Not so where bundled data of other versions of the program had
    /// been taken in: those of this version stand for them.
    pub is_exact: bool,
}

/// An import as it was.
struct Import {
    number: i32,
    kind: String,
    checksum: Vec<u8>,
    at: DateTime<Utc>,
    name: Option<String>,
    options: Option<Value>,
    is_kept: bool,
    release: i32,
}

/// A withdrawal as it was.
struct Withdrawal {
    release: i32,
    at: DateTime<Utc>,
    reason: String,
}

/// What was done to a database.
struct History {
    imports: Vec<Import>,
    withdrawals: Vec<Withdrawal>,
    is_exact: bool,
}

/// Makes the state of `from` again in `to`, which has the schema and no data.
pub async fn rebuild(from: &Database, to: &Database, kept: &Kept, files: &Files) -> Result<Rebuilt> {
    let mut source = from.writer().await?;
    let history = History::read(&mut source, kept, files).await?;
    let is_exact = history.is_exact;
    if !is_exact && !history.withdrawals.is_empty() {
        return Err(Error::Startup(
            "bundled data of another version of the program were taken in, so releases get other numbers, and which ones were \
             withdrawn would not be known: rebuild with that version"
                .to_owned(),
        ));
    }
    if !is_exact {
        follow(&mut source, to).await?;
    }
    copy_access(&mut source, to).await?;
    let mut made = 0;
    let mut open = history.withdrawals.iter().peekable();
    for import in &history.imports {
        while let Some(withdrawal) = open.next_if(|withdrawal| withdrawal.at < import.at) {
            withdraw(to, withdrawal).await?;
        }
        if is_exact {
            set_numbers(to, import).await?;
        }
        made += u64::from(take_in(to, import, (kept, files)).await?);
    }
    for withdrawal in open {
        withdraw(to, withdrawal).await?;
    }
    let mut target = to.writer().await?;
    if is_exact {
        compare(&mut source, &mut target).await?;
        copy_log(&mut source, &mut target).await?;
    }
    let releases =
        sqlx::query_scalar!("SELECT count(*) AS \"count!\" FROM release").fetch_one(&mut target).await?;
    Ok(Rebuilt { files: made, withdrawals: history.withdrawals.len() as u64, releases, is_exact })
}

/// Copies the keys, the audit, what cursors are sealed with, and which datasets are restricted, before there is anything to be seen.
async fn copy_access(source: &mut PgConnection, to: &Database) -> Result<()> {
    let rows = sqlx::query!(
        "SELECT (SELECT coalesce(jsonb_agg(to_jsonb(api_key)), '[]') FROM api_key) AS \"keys!: Json<Value>\",
                (SELECT coalesce(jsonb_agg(to_jsonb(audit) ORDER BY audit_id), '[]') FROM audit) AS \"audit!: Json<Value>\",
                hidden_from('{}') AS \"restricted!\", (SELECT secret FROM seal) AS \"secret!\"",
    );
    let rows = rows.fetch_one(source).await?;
    let mut connection = to.writer().await?;
    let mut transaction = connection.begin().await?;
    sqlx::query!(
        "INSERT INTO api_key OVERRIDING SYSTEM VALUE SELECT * FROM jsonb_populate_recordset(NULL::api_key, $1)",
        rows.keys.0,
    )
    .execute(&mut *transaction)
    .await?;
    sqlx::query!(
        "INSERT INTO audit OVERRIDING SYSTEM VALUE SELECT * FROM jsonb_populate_recordset(NULL::audit, $1)",
        rows.audit.0,
    )
    .execute(&mut *transaction)
    .await?;
    sqlx::query!("UPDATE seal SET secret = $1", rows.secret).execute(&mut *transaction).await?;
    sqlx::query!(
        "INSERT INTO collection (name, kind, is_restricted) SELECT name, 'dataset', true FROM UNNEST($1::text[]) AS name
         ON CONFLICT (name) DO UPDATE SET is_restricted = true",
        &rows.restricted,
    )
    .execute(&mut *transaction)
    .await?;
    set_ids(&mut transaction).await?;
    transaction.commit().await?;
    Ok(connection.close().await?)
}

/// Has the feed of changes go on behind the places that it had: whoever reads on from one must miss nothing.
async fn follow(source: &mut PgConnection, to: &Database) -> Result<()> {
    let last = sqlx::query_scalar!("SELECT coalesce(max(change_id), 0) AS \"last!\" FROM change");
    let last = last.fetch_one(source).await?;
    let mut connection = to.writer().await?;
    sqlx::query!(
        "SELECT setval(pg_get_serial_sequence('change', 'change_id'), $1::bigint + 1, false) AS change",
        last,
    )
    .fetch_one(&mut connection)
    .await?;
    Ok(connection.close().await?)
}

/// Refuses a database that has releases.
pub async fn check_empty(database: &Database) -> Result<()> {
    let mut connection = database.writer().await?;
    let stands = sqlx::query_scalar!("SELECT EXISTS (SELECT FROM release) AS \"exists!\"");
    if stands.fetch_one(&mut connection).await? {
        return Err(Error::Startup("the database that is to be filled has releases already".to_owned()));
    }
    Ok(connection.close().await?)
}

impl History {
    async fn read(connection: &mut PgConnection, kept: &Kept, files: &Files) -> Result<Self> {
        let on_their_way =
            sqlx::query_scalar!("SELECT import_id FROM import WHERE state IN ('waiting', 'running') LIMIT 1");
        if let Some(import) = on_their_way.fetch_optional(&mut *connection).await? {
            let reason =
                format!("import {import} is on its way: start the service, and rebuild when it has ended");
            return Err(Error::Startup(reason));
        }
        let imports = sqlx::query_as!(
            Import,
            "SELECT import_id AS number, kind, import.checksum, imported_at AS \"at!\", file_name AS name,
                    options, is_kept, r.release AS \"release!\"
             FROM import CROSS JOIN LATERAL (
               SELECT min(release_id) AS release FROM release WHERE release.import_id = import.import_id) r
             WHERE state = 'done' AND r.release IS NOT NULL ORDER BY r.release",
        );
        let imports = imports.fetch_all(&mut *connection).await?;
        check(&imports, kept)?;
        let withdrawals = sqlx::query_as!(
            Withdrawal,
            "SELECT release_id AS release, withdrawn_at AS \"at!\", coalesce(withdrawn_reason, '') AS \"reason!\"
             FROM release JOIN import USING (import_id)
             WHERE withdrawn_at IS NOT NULL AND NOT (kind = 'bundled' AND withdrawn_reason = $1)
             ORDER BY withdrawn_at, release_id",
            GONE,
        );
        let withdrawals = withdrawals.fetch_all(connection).await?;
        let bundled: Vec<&Import> = imports.iter().filter(|import| import.kind == "bundled").collect();
        let is_exact = bundled.len() < 2 && bundled.iter().all(|import| import.checksum == files.checksum());
        Ok(Self { imports, withdrawals, is_exact })
    }
}

/// Refuses what cannot be made again, all of it at once.
fn check(imports: &[Import], kept: &Kept) -> Result<()> {
    let reasons = imports.iter().filter_map(|import| {
        let Import { number, kind, name, .. } = import;
        let name = name.as_deref().unwrap_or("a file");
        match kind.as_str() {
            "generated" => Some(format!("import {number} is of synthetic figures: take them away before")),
            "file" if !import.is_kept => Some(format!("import {number} is of {name}, which was not kept")),
            "file" if !kept.path(&import.checksum).exists() => {
                let path = kept.path(&import.checksum);
                Some(format!(
                    "import {number} is of {name}, which is not kept at {} any more",
                    path.display()
                ))
            }
            _ => None,
        }
    });
    let reasons: Vec<String> = reasons.collect();
    if reasons.is_empty() { Ok(()) } else { Err(Error::Startup(reasons.join("\n"))) }
}

/// Takes an import in again; tells whether it was a file.
async fn take_in(to: &Database, import: &Import, (kept, files): (&Kept, &Files)) -> Result<bool> {
    let clock = Clock::fixed(import.at);
    if import.kind == "bundled" {
        load_bundled(to, files, &clock).await?;
        return Ok(false);
    }
    let received = fetch(import, kept).await?;
    let Some(options) = &import.options else {
        let text = std::fs::read_to_string(received.path())
            .map_err(|error| Error::internal("reading a kept description", error))?;
        file::create_dataset(to, &text, Some(kept), None, &clock).await?;
        return Ok(true);
    };
    let options: Options = serde_json::from_value(options.clone())
        .map_err(|error| Error::internal("reading how a file was taken in", error))?;
    let received = received_at(received.path(), import)?;
    let job = Job { kept: Some(kept), ..Job::new(&received, &options) };
    let done = Box::pin(file::import(to, job, &clock, &Progress::default())).await?;
    if let Done::Taken(..) = done {
        return Ok(true);
    }
    Err(Error::Startup(format!("import {} cannot be made again: {done:?}", import.number)))
}

/// The file of an import as it was received.
async fn fetch(import: &Import, kept: &Kept) -> Result<NamedTempFile> {
    let (kept, checksum) = (kept.clone(), import.checksum.clone());
    let restore = move || {
        let failed = |error| Error::internal("unpacking a kept file", error);
        let mut file = NamedTempFile::new().map_err(failed)?;
        kept.restore(&checksum, file.as_file_mut())?;
        file.as_file_mut().rewind().map_err(failed)?;
        Ok(file)
    };
    let restored = tokio::task::spawn_blocking(restore).await;
    restored.map_err(|error| Error::internal("unpacking a kept file", error))?
}

fn received_at(path: &Path, import: &Import) -> Result<Received> {
    let received = Received::at(path)?;
    Ok(Received { name: import.name.clone().unwrap_or_default(), ..received })
}

async fn withdraw(to: &Database, withdrawal: &Withdrawal) -> Result<()> {
    let Withdrawal { release, at, reason } = withdrawal;
    file::withdraw(to, (Which::Release(*release), None), reason, Duration::MAX, &Clock::fixed(*at)).await?;
    Ok(())
}

/// Has the next import and its releases get the numbers that they had.
async fn set_numbers(to: &Database, import: &Import) -> Result<()> {
    let mut connection = to.writer().await?;
    sqlx::query!(
        "SELECT setval(pg_get_serial_sequence('import', 'import_id'), $1::integer, false) AS import,
                setval(pg_get_serial_sequence('release', 'release_id'), $2::integer, false) AS release",
        import.number,
        import.release,
    )
    .fetch_one(&mut connection)
    .await?;
    Ok(connection.close().await?)
}

/// Writes the imports as they were: those that came to nothing, and when and how the others came. And the feed with its places,
/// which imports that failed left gaps in: whoever reads on from one must not miss anything.
async fn copy_log(source: &mut PgConnection, target: &mut PgConnection) -> Result<()> {
    let rows = sqlx::query!(
        "SELECT (SELECT coalesce(jsonb_agg(to_jsonb(import) ORDER BY import_id), '[]') FROM import) AS \"imports!: Json<Value>\",
                (SELECT coalesce(jsonb_agg(to_jsonb(change)), '[]') FROM change) AS \"changes!: Json<Value>\"",
    );
    let rows = rows.fetch_one(source).await?;
    let mut transaction = target.begin().await?;
    sqlx::query!(
        "INSERT INTO import OVERRIDING SYSTEM VALUE SELECT * FROM jsonb_populate_recordset(NULL::import, $1)
         ON CONFLICT (import_id) DO UPDATE SET (received_at, started_at, finished_at, spool, attempts, report)
           = (excluded.received_at, excluded.started_at, excluded.finished_at, excluded.spool, excluded.attempts, excluded.report)",
        rows.imports.0,
    )
    .execute(&mut *transaction)
    .await?;
    sqlx::query!("DELETE FROM change").execute(&mut *transaction).await?;
    sqlx::query!(
        "INSERT INTO change OVERRIDING SYSTEM VALUE SELECT * FROM jsonb_populate_recordset(NULL::change, $1)",
        rows.changes.0,
    )
    .execute(&mut *transaction)
    .await?;
    set_ids(&mut transaction).await?;
    Ok(transaction.commit().await?)
}

/// Refuses what is not as it was.
async fn compare(source: &mut PgConnection, target: &mut PgConnection) -> Result<()> {
    let (was, is) = (fingerprints(source).await?, fingerprints(target).await?);
    let differing: Vec<&str> =
        was.iter().zip(&is).filter(|(was, is)| was != is).map(|(was, _)| was.0.as_str()).collect();
    if differing.is_empty() {
        return Ok(());
    }
    Err(Error::Startup(format!("what was made differs from what stands in {}", differing.join(", "))))
}

/// Of each table of figures and releases how many rows it has, and a sum over them in no order.
async fn fingerprints(connection: &mut PgConnection) -> Result<Vec<(String, i64, String)>> {
    let rows = sqlx::query!(
        "SELECT 'release' AS \"table!\", count(*) AS \"rows!\",
                coalesce(sum(hashtextextended(release::text, 0)::numeric), 0)::text AS \"sum!\" FROM release
         UNION ALL SELECT 'series', count(*), coalesce(sum(hashtextextended(series::text, 0)::numeric), 0)::text FROM series
         UNION ALL SELECT 'observation_chunk', count(*),
                coalesce(sum(hashtextextended(observation_chunk::text, 0)::numeric), 0)::text FROM observation_chunk
         UNION ALL SELECT 'observation_history', count(*),
                coalesce(sum(hashtextextended(observation_history::text, 0)::numeric), 0)::text FROM observation_history
         UNION ALL SELECT 'observation_restatement', count(*),
                coalesce(sum(hashtextextended(observation_restatement::text, 0)::numeric), 0)::text FROM observation_restatement
         UNION ALL SELECT 'observation_note', count(*),
                coalesce(sum(hashtextextended(observation_note::text, 0)::numeric), 0)::text FROM observation_note
         UNION ALL SELECT 'code', count(*), coalesce(sum(hashtextextended(code::text, 0)::numeric), 0)::text FROM code
         UNION ALL SELECT 'document', count(*),
                coalesce(sum(hashtextextended(document::text, 0)::numeric), 0)::text FROM document
         UNION ALL SELECT 'change', count(*),
                coalesce(sum(hashtextextended(concat_ws(' ', release_id, kind, at), 0)::numeric), 0)::text FROM change"
    );
    let rows = rows.fetch_all(connection).await?;
    Ok(rows.into_iter().map(|row| (row.table, row.rows, row.sum)).collect())
}
