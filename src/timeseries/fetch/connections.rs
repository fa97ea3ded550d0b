//! Where a reader's statements go: to the pool, or all into one snapshot.

use std::ops::{Deref, DerefMut};

use sqlx::pool::PoolConnection;
use sqlx::{PgConnection, PgPool, Postgres, Transaction};
use tokio::sync::{MappedMutexGuard, Mutex, MutexGuard};

use super::Together;
use crate::error::Result;

/// How a transaction begins that sees one state of the database and changes nothing.
const ONE_STATE: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// Where statements go.
#[derive(Debug, Clone, Copy)]
pub enum Connections<'a> {
    /// Each to whichever connection is free: what belongs together has to come by one statement, or is compared by versions.
    Pool(&'a PgPool),
    /// One after the other to one connection of the pool, which is given back once for all of them.
    Lease(&'a Lease),
    /// One after the other to the same connection, all in one state of the database.
    Snapshot(&'a Snapshot),
}

/// A connection of the pool for the statements of one request, taken for the first of them that does not go together with those of
/// other requests: taking and giving back cost more than some statements do.
#[derive(Debug)]
pub struct Lease {
    pool: PgPool,
    together: Together,
    held: Mutex<Option<PoolConnection<Postgres>>>,
}

impl Lease {
    /// One that has no connection yet. What can be read together with what others want is.
    pub fn new(pool: &PgPool, together: &Together) -> Self {
        Self { pool: pool.clone(), together: together.clone(), held: Mutex::new(None) }
    }
}

/// One state of the database, kept open on a connection of its own. Dropped, it gives the connection back.
#[derive(Debug)]
pub struct Snapshot {
    transaction: Mutex<Transaction<'static, Postgres>>,
}

/// A connection for some statements.
#[derive(Debug)]
pub enum Connection<'a> {
    /// A free one of the pool.
    Free(PoolConnection<Postgres>),
    /// That of a lease.
    Leased(MappedMutexGuard<'a, PoolConnection<Postgres>>),
    /// One in a transaction of its own.
    Begun(Transaction<'static, Postgres>),
    /// That of a snapshot.
    Shared(MutexGuard<'a, Transaction<'static, Postgres>>),
}

impl Snapshot {
    /// Opens one. The state is that of the first statement read in it.
    pub async fn open(pool: &PgPool) -> Result<Self> {
        let mut transaction = pool.begin_with(ONE_STATE).await?;
        sqlx::query("SAVEPOINT begun").execute(&mut *transaction).await?;
        Ok(Self { transaction: Mutex::new(transaction) })
    }

    /// The connection, for other statements in the same state.
    pub async fn connection(&self) -> MutexGuard<'_, Transaction<'static, Postgres>> {
        self.transaction.lock().await
    }

    /// Makes it readable again after a statement failed in it; the state stays the same.
    pub async fn recover(&self) -> Result<()> {
        let mut connection = self.connection().await;
        sqlx::query("ROLLBACK TO SAVEPOINT begun").execute(&mut **connection).await?;
        Ok(())
    }

    /// Ends it.
    pub async fn close(self) -> Result<()> {
        Ok(self.transaction.into_inner().commit().await?)
    }
}

impl<'a> Connections<'a> {
    /// A connection for one statement.
    pub async fn one(self) -> Result<Connection<'a>> {
        Ok(match self {
            Self::Pool(pool) => Connection::Free(pool.acquire().await?),
            Self::Lease(lease) => {
                let mut held = lease.held.lock().await;
                let connection = match held.take() {
                    Some(connection) => connection,
                    None => lease.pool.acquire().await?,
                };
                Connection::Leased(MutexGuard::map(held, |held| held.insert(connection)))
            }
            Self::Snapshot(snapshot) => Connection::Shared(snapshot.connection().await),
        })
    }

    /// By what something is read together with what other requests want; `None` where it has to be read by a connection of one's own, or
    /// one is held: then nobody has to wait for another.
    pub(super) async fn together(self) -> Option<&'a Together> {
        let Self::Lease(lease) = self else { return None };
        lease.held.lock().await.is_none().then_some(&lease.together)
    }

    /// Gives back the connection of a lease; the next statement takes another one.
    pub(super) async fn give_back(self) {
        if let Self::Lease(lease) = self {
            lease.held.lock().await.take();
        }
    }

    /// A connection for several statements that see one state of the database.
    pub(super) async fn of_one_state(self) -> Result<Connection<'a>> {
        Ok(match self {
            Self::Pool(pool) => Connection::Begun(pool.begin_with(ONE_STATE).await?),
            Self::Lease(lease) => {
                // Nobody waits for a second connection who holds one.
                self.give_back().await;
                Connection::Begun(lease.pool.begin_with(ONE_STATE).await?)
            }
            Self::Snapshot(snapshot) => Connection::Shared(snapshot.connection().await),
        })
    }
}

impl Connection<'_> {
    /// Ends what was begun for these statements alone.
    pub(super) async fn done(self) -> Result<()> {
        if let Self::Begun(transaction) = self {
            transaction.commit().await?;
        }
        Ok(())
    }
}

impl Deref for Connection<'_> {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        match self {
            Self::Free(connection) => connection,
            Self::Leased(connection) => connection,
            Self::Begun(transaction) => transaction,
            Self::Shared(transaction) => transaction,
        }
    }
}

impl DerefMut for Connection<'_> {
    fn deref_mut(&mut self) -> &mut PgConnection {
        match self {
            Self::Free(connection) => connection,
            Self::Leased(connection) => connection,
            Self::Begun(transaction) => transaction,
            Self::Shared(transaction) => transaction,
        }
    }
}
