//! Withdrawing: what a release states no longer counts, and what the others say holds again.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use sqlx::{Connection, PgConnection};

use crate::access::{Action, Actor, note};
use crate::catalog::read_codes;
use crate::clock::Clock;
use crate::database::Database;
use crate::error::{Error, Result};
use crate::ingest::walk::{Change, Walk};
use crate::ingest::{raise_versions, records, releases, rollup, take_lock};

/// What is to count no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// A release, by its number.
    Release(i32),
    /// All releases of an import, by its number.
    Import(i32),
}

/// What does not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withdrawn {
    /// The releases, with the dataset or collection of records that each is of.
    pub releases: Vec<(i32, String)>,
    /// Whether one of them counted until now.
    pub is_new: bool,
}

/// A release as it stands.
struct Standing {
    release: i32,
    collection: String,
    kind: String,
    counts: bool,
}

/// Withdraws a release, or all of an import; it stays listed, with when and why. What the lists of codes and sources got cannot be
/// withdrawn: figures name them. A release that another one replaced does not come back when that is withdrawn.
/// An import that is under way is waited for so long: then it is [`Error::Busy`].
pub async fn withdraw(
    database: &Database,
    (which, by): (Which, Option<&Actor>),
    reason: &str,
    patience: Duration,
    clock: &Clock,
) -> Result<Withdrawn> {
    let mut connection = database.writer().await?;
    let mut transaction = connection.begin().await?;
    let begun = Instant::now();
    let goes_on = || if begun.elapsed() > patience { Err(Error::Busy("imports")) } else { Ok(()) };
    take_lock(&mut transaction, goes_on).await?;
    let standing = match which {
        Which::Release(release) => vec![release_of(&mut transaction, release).await?],
        Which::Import(import) => releases_of(&mut transaction, import).await?,
    };
    let mut dead: BTreeMap<(String, bool), Vec<i32>> = BTreeMap::new();
    for one in standing.iter().filter(|one| one.counts) {
        dead.entry((one.collection.clone(), one.kind == "dataset")).or_default().push(one.release);
    }
    let codes = read_codes(&mut transaction).await?;
    for ((collection, is_dataset), dead) in &dead {
        retire(&mut transaction, (collection, *is_dataset), dead, reason, clock).await?;
    }
    if dead.keys().any(|(_, is_dataset)| *is_dataset) {
        rollup::settle(&mut transaction, &codes, clock.now()).await?;
    }
    let collections: Vec<String> = dead.keys().map(|(collection, _)| collection.clone()).collect();
    raise_versions(&mut transaction, clock.now(), &collections).await?;
    if let Some(by) = by.filter(|_| !dead.is_empty()) {
        let subject = match which {
            Which::Release(release) => format!("release {release}"),
            Which::Import(import) => format!("import {import}"),
        };
        note(&mut transaction, Action::Withdrawal, (&subject, Some(reason)), by, clock.now()).await?;
    }
    transaction.commit().await?;
    let releases = standing.into_iter().map(|one| (one.release, one.collection)).collect();
    Ok(Withdrawn { releases, is_new: !dead.is_empty() })
}

/// Has these releases of a collection count no more.
async fn retire(
    connection: &mut PgConnection,
    (collection, is_dataset): (&str, bool),
    dead: &[i32],
    reason: &str,
    clock: &Clock,
) -> Result<()> {
    let before = releases::origins(connection, collection).await?;
    sqlx::query!(
        "UPDATE release SET withdrawn_at = $2, withdrawn_reason = $3 WHERE release_id = ANY($1)",
        dead,
        clock.now(),
        reason,
    )
    .execute(&mut *connection)
    .await?;
    records::replace(connection, dead, dead).await?;
    if is_dataset {
        let dataset = collection.to_owned();
        let change = Change { dataset, new: Vec::new(), dead: dead.to_vec(), before };
        Walk::begin(connection, change).await?.finish(connection).await?;
    }
    Ok(())
}

fn unknown(what: &'static str, number: i32) -> Error {
    Error::NotFound { what, id: number.to_string(), did_you_mean: Vec::new() }
}

async fn release_of(connection: &mut PgConnection, release: i32) -> Result<Standing> {
    let found = sqlx::query!(
        "SELECT collection, kind, superseded_by, withdrawn_at IS NULL AS \"counts!\"
         FROM release JOIN collection ON name = collection WHERE release_id = $1",
        release,
    );
    let found = found.fetch_optional(connection).await?.ok_or_else(|| unknown("release", release))?;
    let (collection, kind, counts) = (found.collection, found.kind, found.counts);
    if let Some(other) = found.superseded_by.filter(|_| counts) {
        let detail = format!(
            "release {release} was replaced by release {other}, and counts no more whatever becomes of that: send its file again"
        );
        return Err(Error::Conflict(detail));
    }
    if ["codes", "sources"].contains(&collection.as_str()) {
        let detail =
            format!("release {release} is of {collection}, which figures name: it cannot be withdrawn");
        return Err(Error::Conflict(detail));
    }
    Ok(Standing { release, collection, kind, counts })
}

/// The releases of an import of a file but for those of codes and sources; one that was corrected counts no more.
async fn releases_of(connection: &mut PgConnection, import: i32) -> Result<Vec<Standing>> {
    let stands = sqlx::query!("SELECT kind, state FROM import WHERE import_id = $1", import);
    let stands = stands.fetch_optional(&mut *connection).await?.ok_or_else(|| unknown("import", import))?;
    if stands.kind != "file" || stands.state != "done" {
        let what = if stands.kind == "file" { stands.state } else { stands.kind };
        let detail = format!("import {import} is {what}: only what a file brought can be withdrawn at once");
        return Err(Error::Conflict(detail));
    }
    let found = sqlx::query_as!(
        Standing,
        "SELECT release_id AS release, collection, kind,
                withdrawn_at IS NULL AND superseded_by IS NULL AS \"counts!\"
         FROM release JOIN collection ON name = collection
         WHERE import_id = $1 AND collection NOT IN ('codes', 'sources') ORDER BY release_id",
        import,
    );
    let found = found.fetch_all(connection).await?;
    if found.is_empty() {
        let detail = format!("import {import} brought codes and sources only, which figures name");
        return Err(Error::Conflict(detail));
    }
    Ok(found)
}
