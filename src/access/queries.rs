//! The statements on keys, and on which datasets are restricted. Each change notes itself in the audit, in its transaction.

use chrono::{DateTime, Utc};
use sqlx::{Connection, PgConnection, PgPool};

use super::audit::{Action, Actor, note};
use super::key::{Key, Scope};
use super::secret::Secret;
use crate::database::Database;
use crate::error::{Error, Result};

/// A key as it is wished for.
#[derive(Debug, Clone)]
pub struct Wish {
    /// What it is called.
    pub name: String,
    /// What it may be used for.
    pub scopes: Vec<Scope>,
    /// The restricted datasets that it may read, and the datasets that it may write; `None` is all.
    pub datasets: Option<Vec<String>>,
    /// From when on it is of no use; `None` is never.
    pub expires_at: Option<DateTime<Utc>>,
}

/// A key that was made.
#[derive(Debug)]
pub struct Made {
    /// Its number.
    pub id: i32,
    /// Its text, which is not kept.
    pub secret: Secret,
}

/// Makes a key.
pub async fn create(database: &Database, wish: &Wish, by: &Actor, at: DateTime<Utc>) -> Result<Made> {
    let mut connection = database.writer().await?;
    let mut transaction = connection.begin().await?;
    for dataset in wish.datasets.iter().flatten() {
        known_dataset(&mut transaction, dataset).await?;
    }
    let secret = Secret::random()?;
    let scopes: Vec<String> = wish.scopes.iter().map(|scope| scope.word().to_owned()).collect();
    let id = sqlx::query_scalar!(
        "INSERT INTO api_key (name, prefix, hash, scopes, datasets, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING key_id",
        wish.name,
        secret.prefix(),
        &secret.hash()[..],
        &scopes,
        wish.datasets.as_deref(),
        at,
        wish.expires_at,
    );
    let id = id.fetch_one(&mut *transaction).await?;
    let datasets = wish.datasets.as_ref().map_or("all datasets".to_owned(), |all| all.join(", "));
    let detail = format!("{}; {}; {datasets}", wish.name, scopes.join(", "));
    note(&mut transaction, Action::KeyCreated, (secret.prefix(), Some(&detail)), by, at).await?;
    transaction.commit().await?;
    Ok(Made { id, secret })
}

/// Every key, the newest last.
pub async fn list(database: &Database) -> Result<Vec<Key>> {
    let rows = sqlx::query_as!(
        Row,
        "SELECT key_id, name, prefix, scopes, datasets, created_at, expires_at, revoked_at, last_used_at FROM api_key
         ORDER BY key_id"
    );
    let rows = rows.fetch_all(&mut database.writer().await?).await?;
    rows.into_iter().map(Row::key).collect()
}

/// Revokes the key of this number or beginning; `false` where it was revoked already.
pub async fn revoke(database: &Database, which: &str, by: &Actor, at: DateTime<Utc>) -> Result<bool> {
    let mut connection = database.writer().await?;
    let mut transaction = connection.begin().await?;
    let row = sqlx::query!(
        "SELECT key_id, prefix, name, revoked_at FROM api_key WHERE key_id::text = $1 OR prefix = $1 FOR UPDATE",
        which,
    );
    let row = row.fetch_optional(&mut *transaction).await?;
    let unknown = || Error::NotFound { what: "key", id: which.to_owned(), did_you_mean: Vec::new() };
    let row = row.ok_or_else(unknown)?;
    if row.revoked_at.is_some() {
        return Ok(false);
    }
    sqlx::query!("UPDATE api_key SET revoked_at = $2 WHERE key_id = $1", row.key_id, at)
        .execute(&mut *transaction)
        .await?;
    note(&mut transaction, Action::KeyRevoked, (&row.prefix, Some(&row.name)), by, at).await?;
    transaction.commit().await?;
    Ok(true)
}

/// Has a dataset exist for keys that name it alone, or for everybody; `false` where it did already.
pub async fn restrict(
    database: &Database,
    (dataset, is_restricted): (&str, bool),
    by: &Actor,
    at: DateTime<Utc>,
) -> Result<bool> {
    let mut connection = database.writer().await?;
    let mut transaction = connection.begin().await?;
    known_dataset(&mut transaction, dataset).await?;
    let changed = sqlx::query!(
        "UPDATE collection SET is_restricted = $2, version = version + 1, changed_at = $3
         WHERE name = $1 AND is_restricted <> $2",
        dataset,
        is_restricted,
        at,
    );
    if changed.execute(&mut *transaction).await?.rows_affected() == 0 {
        return Ok(false);
    }
    let action = if is_restricted { Action::DatasetRestricted } else { Action::DatasetPublished };
    note(&mut transaction, action, (dataset, None), by, at).await?;
    transaction.commit().await?;
    Ok(true)
}

async fn known_dataset(connection: &mut PgConnection, dataset: &str) -> Result<()> {
    let all = sqlx::query_scalar!("SELECT name FROM collection WHERE kind = 'dataset' ORDER BY name");
    let all = all.fetch_all(connection).await?;
    if all.iter().any(|name| name == dataset) {
        return Ok(());
    }
    Err(Error::Startup(format!("there is no dataset {dataset:?}; there are {}", all.join(", "))))
}

/// The key with this hash.
pub(super) async fn by_hash(pool: &PgPool, hash: &[u8; 32]) -> Result<Option<Key>> {
    let row = sqlx::query_as!(
        Row,
        "SELECT key_id, name, prefix, scopes, datasets, created_at, expires_at, revoked_at, last_used_at FROM api_key
         WHERE hash = $1",
        &hash[..],
    );
    row.fetch_optional(pool).await?.map(Row::key).transpose()
}

/// Writes down when a key was last used.
pub(super) async fn used(database: &Database, id: i32, at: DateTime<Utc>) -> Result<()> {
    let mut connection = database.writer().await?;
    sqlx::query!(
        "UPDATE api_key SET last_used_at = $2 WHERE key_id = $1 AND (last_used_at IS NULL OR last_used_at < $2)",
        id,
        at
    )
    .execute(&mut connection)
    .await?;
    Ok(connection.close().await?)
}

struct Row {
    key_id: i32,
    name: String,
    prefix: String,
    scopes: Vec<String>,
    datasets: Option<Vec<String>>,
    created_at: DateTime<Utc>,
    expires_at: Option<DateTime<Utc>>,
    revoked_at: Option<DateTime<Utc>>,
    last_used_at: Option<DateTime<Utc>>,
}

impl Row {
    fn key(self) -> Result<Key> {
        let scopes: std::result::Result<Vec<Scope>, String> =
            self.scopes.iter().map(|word| word.parse()).collect();
        Ok(Key {
            id: self.key_id,
            name: self.name,
            prefix: self.prefix,
            scopes: scopes.map_err(|error| Error::internal("reading a key", error))?,
            datasets: self.datasets,
            created_at: self.created_at,
            expires_at: self.expires_at,
            revoked_at: self.revoked_at,
            last_used_at: self.last_used_at,
        })
    }
}
