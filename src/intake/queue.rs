//! The imports on their way, as the database has them: each step is one statement, or one short transaction.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use sqlx::types::Json;
use sqlx::{Connection, PgConnection};

use crate::access::{Action, Actor, Permit, note};
use crate::error::Result;
use crate::ingest::file::{Options, Report, known};

/// What is known of a file that was sent, before it is read.
#[derive(Debug, Clone, Copy)]
pub struct Sent<'a> {
    /// What it is called.
    pub name: &'a str,
    /// Its size in bytes.
    pub size: u64,
    /// SHA-256 over its bytes.
    pub checksum: [u8; 32],
    /// How it is to be taken in.
    pub options: &'a Options,
    /// What its sender may write.
    pub permit: &'a Permit,
    /// Who sent it.
    pub by: &'a Actor,
    /// The spool that has it.
    pub spool: &'a str,
    /// When it had arrived.
    pub at: DateTime<Utc>,
}

/// An import that is begun.
#[derive(Debug)]
pub struct Claimed {
    /// Its number.
    pub import: i32,
    /// What its file is called.
    pub name: String,
    /// SHA-256 over the file.
    pub checksum: Vec<u8>,
    /// How it is taken in.
    pub options: Value,
    /// What its sender may write.
    pub permit: Permit,
    /// How often it was begun, this time included.
    pub attempts: i32,
}

/// How an import ended without being done.
#[derive(Debug, Clone)]
pub enum End {
    /// It could be taken in; nothing was to be written.
    Checked(Box<Report>),
    /// The file cannot be taken in.
    Refused(Box<Report>),
    /// The same file had been taken in the same way by this import.
    Known(i32),
    /// Something beside the file kept it from being taken in.
    Failed(String),
    /// Somebody asked to end it.
    Cancelled,
}

impl End {
    /// The state of an import that ended so.
    pub const fn state(&self) -> &'static str {
        match self {
            Self::Checked(_) => "checked",
            Self::Refused(_) => "refused",
            Self::Known(_) => "known",
            Self::Failed(_) => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

/// The import by which the same file is or was taken in the same way, where what it brought counts; else a new one, whose file `place`
/// puts where it waits, before anybody is told of it. Also whether it is new.
pub async fn enter(
    connection: &mut PgConnection,
    sent: Sent<'_>,
    place: impl FnOnce(i32) -> Result<()>,
) -> Result<(i32, bool)> {
    let mut transaction = connection.begin().await?;
    let options = json!(sent.options);
    // Of two that send the same file at once, one waits here and then finds the other's.
    sqlx::query!(
        "SELECT pg_advisory_xact_lock(hashtext('import'), hashtext($1))",
        format!("{:?}", sent.checksum)
    )
    .execute(&mut *transaction)
    .await?;
    let same = sqlx::query_scalar!(
        "SELECT import_id FROM import WHERE kind = 'file' AND checksum = $1 AND options = $2 AND spool = $3
           AND state IN ('waiting', 'running') AND NOT is_cancelled AND (key_id IS NOT DISTINCT FROM $4 OR $5)
         ORDER BY import_id LIMIT 1",
        &sent.checksum[..],
        options,
        sent.spool,
        sent.by.key,
        *sent.permit == Permit::All,
    );
    let same = match same.fetch_optional(&mut *transaction).await? {
        Some(import) => Some(import),
        None => known(&mut transaction, (&sent.checksum, sent.options), sent.permit)
            .await?
            .map(|(import, _)| import),
    };
    if let Some(same) = same {
        return Ok((same, false));
    }
    let import = sqlx::query_scalar!(
        "INSERT INTO import (kind, state, checksum, file_name, file_size, options, spool, received_at, key_id, permitted)
         VALUES ('file', 'waiting', $1, $2, $3, $4, $5, $6, $7, $8) RETURNING import_id",
        &sent.checksum[..],
        sent.name,
        i64::try_from(sent.size).unwrap_or(i64::MAX),
        options,
        sent.spool,
        sent.at,
        sent.by.key,
        sent.permit.datasets(),
    );
    let import = import.fetch_one(&mut *transaction).await?;
    note(&mut transaction, Action::Import, (&subject(import), Some(sent.name)), sent.by, sent.at).await?;
    place(import)?;
    transaction.commit().await?;
    Ok((import, true))
}

/// Begins the one that waits longest in this spool.
pub async fn claim(connection: &mut PgConnection, spool: &str, at: DateTime<Utc>) -> Result<Option<Claimed>> {
    let claimed = sqlx::query!(
        "UPDATE import SET state = 'running', started_at = $2, attempts = attempts + 1, bytes_read = 0, rows_read = 0
         WHERE import_id = (SELECT import_id FROM import WHERE spool = $1 AND state = 'waiting'
                            ORDER BY import_id LIMIT 1 FOR UPDATE SKIP LOCKED)
         RETURNING import_id, file_name, checksum, options AS \"options!: Json<Value>\", attempts, key_id, permitted",
        spool,
        at,
    );
    let Some(row) = claimed.fetch_optional(connection).await? else { return Ok(None) };
    Ok(Some(Claimed {
        import: row.import_id,
        name: row.file_name.unwrap_or_default(),
        checksum: row.checksum,
        options: row.options.0,
        permit: match (row.key_id, row.permitted) {
            (_, Some(datasets)) => Permit::Datasets(datasets),
            (Some(_), None) => Permit::All,
            (None, None) => Permit::Public,
        },
        attempts: row.attempts,
    }))
}

/// Says how far it is, and tells whether somebody asked to end it. Waits for nobody: the import's own transaction, which whoever calls
/// this carries on, holds the row at its end.
pub async fn progress(connection: &mut PgConnection, import: i32, (bytes, rows): (u64, u64)) -> Result<bool> {
    let progress = sqlx::query_scalar!(
        "UPDATE import SET bytes_read = $2, rows_read = $3 WHERE import_id = (
           SELECT import_id FROM import WHERE import_id = $1 FOR NO KEY UPDATE SKIP LOCKED) RETURNING is_cancelled",
        import,
        i64::try_from(bytes).unwrap_or(i64::MAX),
        i64::try_from(rows).unwrap_or(i64::MAX),
    );
    Ok(progress.fetch_optional(connection).await?.unwrap_or_default())
}

/// Says how it ended.
pub async fn end(connection: &mut PgConnection, import: i32, end: End, at: DateTime<Utc>) -> Result<()> {
    let state = end.state();
    let (report, same_as, detail) = match end {
        End::Checked(report) | End::Refused(report) => (Some(report), None, None),
        End::Known(import) => (None, Some(import), None),
        End::Failed(detail) => (None, None, Some(detail)),
        End::Cancelled => (None, None, None),
    };
    sqlx::query!(
        "UPDATE import SET state = $2, report = $3, same_as = $4, detail = $5, finished_at = $6
         WHERE import_id = $1 AND state IN ('waiting', 'running')",
        import,
        state,
        report.map(|report| json!(report)),
        same_as,
        detail,
        at,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Has it wait again; `counts` says whether it was begun in vain.
pub async fn put_back(connection: &mut PgConnection, import: i32, counts: bool) -> Result<()> {
    sqlx::query!(
        "UPDATE import SET state = 'waiting', started_at = NULL, attempts = attempts - CASE WHEN $2 THEN 0 ELSE 1 END
         WHERE import_id = $1 AND state = 'running'",
        import,
        counts,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Whether an import is there, however it stands.
pub async fn is_entered(connection: &mut PgConnection, import: i32) -> Result<bool> {
    let entered = sqlx::query_scalar!(
        "SELECT EXISTS (SELECT FROM import WHERE import_id = $1) AS \"entered!\"",
        import
    );
    Ok(entered.fetch_one(connection).await?)
}

/// Asks to end one that is on its way, and tells its state; `None` where it is not on its way. One that waits, or is of another spool,
/// whose service may be gone, is ended at once.
pub async fn cancel(
    connection: &mut PgConnection,
    (import, spool): (i32, &str),
    by: &Actor,
    at: DateTime<Utc>,
) -> Result<Option<String>> {
    let mut transaction = connection.begin().await?;
    let state = sqlx::query_scalar!(
        "UPDATE import SET is_cancelled = true,
                           state = CASE WHEN state = 'waiting' OR spool <> $3 THEN 'cancelled' ELSE state END,
                           finished_at = CASE WHEN state = 'waiting' OR spool <> $3 THEN $2::timestamptz END
         WHERE import_id = $1 AND state IN ('waiting', 'running') RETURNING state",
        import,
        at,
        spool,
    );
    let state = state.fetch_optional(&mut *transaction).await?;
    if state.is_some() {
        note(&mut transaction, Action::ImportCancelled, (&subject(import), None), by, at).await?;
    }
    transaction.commit().await?;
    Ok(state)
}

/// An import as the audit names it.
fn subject(import: i32) -> String {
    format!("import {import}")
}

/// The imports of this spool that are on their way, and whether each is to be ended.
pub async fn on_their_way(connection: &mut PgConnection, spool: &str) -> Result<Vec<(i32, bool)>> {
    let rows = sqlx::query!(
        "SELECT import_id, is_cancelled FROM import WHERE spool = $1 AND state IN ('waiting', 'running') ORDER BY import_id",
        spool,
    );
    let rows = rows.fetch_all(connection).await?;
    Ok(rows.into_iter().map(|row| (row.import_id, row.is_cancelled)).collect())
}
