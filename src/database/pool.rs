//! How the database is reached: a pool for reading, single connections for writing.

use std::sync::Arc;
use std::time::Duration;

use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions, Connection, PgConnection, PgPool};

use crate::error::{Error, Result};

static MIGRATIONS: Migrator = sqlx::migrate!();

/// How long a read may take before PostgreSQL ends it; less than a request may take.
const STATEMENT_TIMEOUT: &str = "5s";

/// How long a request waits for a connection before it is told that the database is not available.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(3);

/// For how long a connection that was just used is taken to be alive without asking: a question costs as much as a statement.
const TRUSTED: Duration = Duration::from_secs(1);

/// A database that can be connected to.
#[derive(Clone)]
pub struct Database {
    options: Arc<PgConnectOptions>,
}

impl std::fmt::Debug for Database {
    // The options' own form would show the password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Database({})", self.options.get_database().unwrap_or_default())
    }
}

impl Database {
    /// The database that these options lead to.
    pub fn new(options: PgConnectOptions) -> Self {
        let options = options.application_name("china-auto").log_statements(log::LevelFilter::Trace);
        Self { options: Arc::new(options) }
    }

    /// A pool for reading. Its connections can write nothing, and no statement on them outlasts 5 seconds.
    pub async fn readers(&self, size: u32) -> Result<PgPool> {
        let settings = [
            ("default_transaction_read_only", "on"),
            ("statement_timeout", STATEMENT_TIMEOUT),
            // Statements are few, and each says which columns it selects by: one plan serves all values of it, and making another one
            // for each would take longer than most take to run.
            ("plan_cache_mode", "force_generic_plan"),
            // A statement that walks is guessed to be dear. Compiling it takes 300 ms, each time anew, and running it a tenth of that.
            ("jit", "off"),
        ];
        let pool = PgPoolOptions::new()
            .max_connections(size)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .test_before_acquire(false)
            .before_acquire(|connection, meta| {
                Box::pin(async move {
                    if meta.idle_for > TRUSTED {
                        connection.ping().await?;
                    }
                    Ok(true)
                })
            });
        Ok(pool.connect_with(PgConnectOptions::clone(&self.options).options(settings)).await?)
    }

    /// A connection for writing, without a time limit: that its statements take long is no news.
    pub async fn writer(&self) -> Result<PgConnection> {
        let options =
            PgConnectOptions::clone(&self.options).log_slow_statements(log::LevelFilter::Off, Duration::ZERO);
        Ok(PgConnection::connect_with(&options).await?)
    }

    /// What tells it from every other database, as a name that a file may have: its cluster's number and its own.
    pub async fn identity(&self) -> Result<String> {
        let mut connection = self.writer().await?;
        let identity = sqlx::query_scalar!(
            "SELECT system_identifier || '-' || left(md5(current_database()), 8) AS \"identity!\" FROM pg_control_system()"
        );
        Ok(identity.fetch_one(&mut connection).await?)
    }

    /// Brings the schema up to date and tells how many migrations that took. A database that is newer than this
    /// program is refused.
    pub async fn migrate(&self) -> Result<usize> {
        let mut connection = self.writer().await?;
        let before = applied(&mut connection).await?;
        let outcome = MIGRATIONS.run(&mut connection).await;
        outcome.map_err(|error| Error::Startup(format!("the migrations failed: {error}")))?;
        Ok(applied(&mut connection).await? - before)
    }

    /// The number of the newest migration that was applied to it; `None` where none was, so that nothing of ours can be in it.
    pub async fn migration(&self) -> Result<Option<i64>> {
        let mut connection = self.writer().await?;
        let newest = if is_migrated(&mut connection).await? {
            sqlx::query_scalar("SELECT max(version) FROM _sqlx_migrations").fetch_one(&mut connection).await?
        } else {
            None
        };
        connection.close().await?;
        Ok(newest)
    }

    /// Takes back every migration, the newest first: the schema is empty afterwards and all data is gone.
    pub async fn undo_migrations(&self) -> Result<()> {
        let mut connection = self.writer().await?;
        let outcome = MIGRATIONS.undo(&mut connection, 0).await;
        outcome.map_err(|error| Error::Startup(format!("the migrations could not be taken back: {error}")))
    }
}

/// The number of the newest migration that this program has.
pub fn newest_migration() -> i64 {
    MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or_default()
}

async fn is_migrated(connection: &mut PgConnection) -> Result<bool> {
    let is_there = sqlx::query_scalar("SELECT to_regclass('_sqlx_migrations') IS NOT NULL");
    Ok(is_there.fetch_one(connection).await?)
}

async fn applied(connection: &mut PgConnection) -> Result<usize> {
    if !is_migrated(connection).await? {
        return Ok(0);
    }
    let count: i64 =
        sqlx::query_scalar("SELECT count(*) FROM _sqlx_migrations").fetch_one(connection).await?;
    Ok(usize::try_from(count).unwrap_or_default())
}

/// Asks the database for a sign of life.
pub async fn ping(pool: &PgPool) -> Result<()> {
    sqlx::query("SELECT 1").execute(pool).await?;
    Ok(())
}
