//! Withdrawing a release: its statements no longer count, and what the others say holds again.

use sqlx::Connection;

use crate::catalog::read_codes;
use crate::clock::Clock;
use crate::database::Database;
use crate::error::{Error, Result};
use crate::ingest::walk::{Change, Walk};
use crate::ingest::{hold_lock, raise_versions, records, releases, rollup};

/// A release that does not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withdrawn {
    /// The dataset or collection of records that it is of.
    pub collection: String,
    /// Whether it counted until now.
    pub is_new: bool,
}

/// Withdraws a release; it stays listed, with when and why. Lists of codes and sources cannot be withdrawn: figures name them.
pub async fn withdraw(database: &Database, release: i32, reason: &str, clock: &Clock) -> Result<Withdrawn> {
    let mut connection = database.writer().await?;
    let mut transaction = connection.begin().await?;
    hold_lock(&mut transaction).await?;
    let found = sqlx::query!(
        "SELECT collection, kind, superseded_by, withdrawn_at IS NOT NULL AS \"withdrawn!\"
         FROM release JOIN collection ON name = collection WHERE release_id = $1",
        release,
    );
    let unknown = || Error::NotFound { what: "release", id: release.to_string(), did_you_mean: Vec::new() };
    let found = found.fetch_optional(&mut *transaction).await?.ok_or_else(unknown)?;
    let collection = found.collection;
    if found.withdrawn {
        return Ok(Withdrawn { collection, is_new: false });
    }
    if let Some(other) = found.superseded_by {
        return Err(Error::Startup(format!(
            "release {release} was corrected by release {other}: withdraw that one"
        )));
    }
    if ["codes", "sources"].contains(&collection.as_str()) {
        return Err(Error::Startup(format!(
            "release {release} is of {collection}, which figures name: it cannot be withdrawn"
        )));
    }
    let codes = read_codes(&mut transaction).await?;
    let before = releases::origins(&mut transaction, &collection).await?;
    sqlx::query!(
        "UPDATE release SET withdrawn_at = $2, withdrawn_reason = $3 WHERE release_id = $1",
        release,
        clock.now(),
        reason,
    )
    .execute(&mut *transaction)
    .await?;
    records::replace(&mut transaction, &[release], &[release]).await?;
    if found.kind == "dataset" {
        let change = Change { dataset: collection.clone(), new: Vec::new(), dead: vec![release], before };
        Walk::begin(&mut transaction, change).await?.finish(&mut transaction).await?;
        rollup::settle(&mut transaction, &codes, clock.now()).await?;
    }
    raise_versions(&mut transaction, clock.now(), std::slice::from_ref(&collection)).await?;
    transaction.commit().await?;
    Ok(Withdrawn { collection, is_new: true })
}
