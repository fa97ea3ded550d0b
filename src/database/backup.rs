//! The embedded server's database as a file, and back.
//!
//! What is taken back is first made beside the database and looked at. Then both names change in one transaction, so that a
//! database of the right name stands there at every moment: the old one or the new one, whole. Whoever starts the server holds
//! the lock on the data folder, and so knows that what else stands there was left by a process that is gone.

use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use sqlx::{Connection, PgConnection};

use super::embedded::{Embedded, Options};
use super::open::{NAME, Opened, blocking};
use super::{Database, newest_migration};
use crate::error::{Error, Result};

/// The name of a database that is being made to take the place of the one that stands there.
const RESTORED: &str = "china_auto_restored";

/// SQLSTATE `object_in_use`.
const IN_USE: &str = "55006";

impl Opened {
    /// Writes the embedded server's database to a file as it stands at one moment, whatever migrations it has.
    /// [`Error::Cancelled`] once `cancelled` is set.
    pub async fn dump(&self, options: &Options, to: File, cancelled: Arc<AtomicBool>) -> Result<()> {
        if self.database.migration().await?.is_none() {
            return Err(Error::Startup(format!("{}: the database is empty", self.described)));
        }
        let client = self.server()?.pg_dump(options)?;
        blocking(move || client.dump(NAME, to, &cancelled)).await
    }

    /// Puts what such a file holds in the place of the embedded server's database, and tells how many migrations that took.
    /// Refused where releases are in it, unless `replace` says that they may go. Nothing changes where it fails.
    pub async fn restore(&self, options: &Options, from: File, replace: bool) -> Result<usize> {
        if !replace && has_releases(&self.database).await? {
            return Err(Error::Startup(format!(
                "{}: the database has data already. Say --replace to have the backup take its place, or name a new data \
                 folder with --data-dir.",
                self.described
            )));
        }
        let client = self.server()?.pg_restore(options)?;
        let restore = async |restored: &Database| {
            blocking(move || client.restore(RESTORED, from)).await?;
            settle(restored).await
        };
        self.replace(restore).await
    }

    /// Has `make` fill a database that has the schema and no data, and puts it in the place of the embedded server's. Nothing changes
    /// where it fails.
    pub async fn remake<T>(&self, make: impl AsyncFnOnce(&Database) -> Result<T>) -> Result<T> {
        let remake = async |remade: &Database| {
            remade.migrate().await?;
            make(remade).await
        };
        self.replace(remake).await
    }

    async fn replace<T>(&self, fill: impl AsyncFnOnce(&Database) -> Result<T>) -> Result<T> {
        let replaced = versions(&self.database).await?;
        let server = self.server()?;
        let mut connection = administrator(server).await?;
        // Empty in any case, and in the encoding and collation that were fixed when the cluster was made.
        sqlx::query!("CREATE DATABASE china_auto_restored TEMPLATE template0")
            .execute(&mut connection)
            .await?;
        let filled = async {
            let restored = Database::new(server.connect(RESTORED));
            let made = fill(&restored).await?;
            overtake(&restored, &replaced).await?;
            exchange(&mut connection).await?;
            Ok(made)
        };
        let filled = filled.await;
        // What was refused, or what gave way.
        clear_up(server).await;
        filled
    }

    fn server(&self) -> Result<&Embedded> {
        let elsewhere = || Error::Startup(format!("{}: this server is not the embedded one", self.described));
        self.embedded.as_ref().ok_or_else(elsewhere)
    }
}

/// A connection beside the databases that are made, renamed and dropped.
async fn administrator(embedded: &Embedded) -> Result<PgConnection> {
    Database::new(embedded.connect("postgres")).writer().await
}

/// Whether a table is there: the first start may have ended among the migrations.
async fn has(connection: &mut PgConnection, table: &str) -> Result<bool> {
    let has = sqlx::query_scalar!("SELECT to_regclass($1) IS NOT NULL AS \"has!\"", table);
    Ok(has.fetch_one(connection).await?)
}

async fn has_releases(database: &Database) -> Result<bool> {
    let mut connection = database.writer().await?;
    let stands = has(&mut connection, "release").await?
        && sqlx::query_scalar!(
            "SELECT EXISTS (SELECT FROM release) OR EXISTS (SELECT FROM import) AS \"exists!\""
        )
        .fetch_one(&mut connection)
        .await?;
    connection.close().await?;
    Ok(stands)
}

/// Checks that a database is one of ours, and makes it ready to be served.
async fn settle(restored: &Database) -> Result<usize> {
    let newest = newest_migration();
    match restored.migration().await? {
        None => {
            let foreign = "the backup is of another program's database: it has no migrations of this one";
            return Err(Error::Startup(foreign.to_owned()));
        }
        Some(migration) if migration > newest => {
            return Err(Error::Startup(format!(
                "the backup was made by a newer version of this program: it has migration {migration}, and this one knows \
                 them up to {newest}"
            )));
        }
        Some(_) => {}
    }
    let applied = restored.migrate().await?;
    let mut connection = restored.writer().await?;
    sqlx::query!(
        "UPDATE import SET state = 'failed', finished_at = now(), detail = 'it was on its way when the backup was made'
         WHERE state IN ('waiting', 'running')"
    )
    .execute(&mut connection)
    .await?;
    // A backup has no statistics, and plans that go without them are bad ones.
    sqlx::query("VACUUM (ANALYZE)").execute(&mut connection).await?;
    connection.close().await?;
    Ok(applied)
}

/// The collections that have data, each with its version.
async fn versions(database: &Database) -> Result<(Vec<String>, Vec<i64>)> {
    let mut connection = database.writer().await?;
    let mut found = (Vec::new(), Vec::new());
    if has(&mut connection, "collection").await? {
        let all = sqlx::query!("SELECT name, version FROM collection WHERE version > 0");
        found.extend(all.fetch_all(&mut connection).await?.into_iter().map(|row| (row.name, row.version)));
    }
    connection.close().await?;
    Ok(found)
}

/// Raises the versions above those of what is replaced. Whoever keeps an answer of that asks by version and time whether it still
/// holds, and later imports would give the same version to other data.
async fn overtake(restored: &Database, (names, versions): &(Vec<String>, Vec<i64>)) -> Result<()> {
    let mut connection = restored.writer().await?;
    sqlx::query!(
        "UPDATE collection SET version = GREATEST(collection.version, replaced.version) + 1, changed_at = now()
         FROM UNNEST($1::text[], $2::bigint[]) AS replaced (name, version) WHERE collection.name = replaced.name",
        names,
        versions,
    )
    .execute(&mut connection)
    .await?;
    Ok(connection.close().await?)
}

/// Gives the names away, both or none.
async fn exchange(connection: &mut PgConnection) -> Result<()> {
    let renamed = async {
        let mut transaction = connection.begin().await?;
        sqlx::query!("ALTER DATABASE china_auto RENAME TO china_auto_replaced")
            .execute(&mut *transaction)
            .await?;
        sqlx::query!("ALTER DATABASE china_auto_restored RENAME TO china_auto")
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await
    };
    renamed.await.map_err(|error| match &error {
        sqlx::Error::Database(refused) if refused.code().as_deref() == Some(IN_USE) => {
            let who = "somebody is connected to the database, so nothing was changed: try again when that has ended";
            Error::Startup(who.to_owned())
        }
        _ => error.into(),
    })
}

/// Removes what a restore or a rebuild leaves beside the database. Only for who holds the lock: nobody else is at it. Where that fails, the next
/// start has another try.
pub(super) async fn clear_up(embedded: &Embedded) {
    let drop = async {
        let mut connection = administrator(embedded).await?;
        sqlx::query!("DROP DATABASE IF EXISTS china_auto_restored WITH (FORCE)")
            .execute(&mut connection)
            .await?;
        sqlx::query!("DROP DATABASE IF EXISTS china_auto_replaced WITH (FORCE)")
            .execute(&mut connection)
            .await?;
        Ok::<_, Error>(connection.close().await?)
    };
    if let Err(error) = drop.await {
        tracing::warn!("what a restore or a rebuild left beside the database could not be removed: {error}");
    }
}
