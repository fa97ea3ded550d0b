//! Ends a statement that nobody waits for any more. The driver would have it run to its end before it uses the connection again.

use std::time::Duration;

use sqlx::{Connection as _, PgConnection, PgPool};
use tokio::time::timeout;

use super::Snapshot;
use crate::error::Result;

/// How long it may take to reach the database with a cancellation; what is not cancelled ends by the statement timeout.
const PATIENCE: Duration = Duration::from_secs(5);

/// Can end what runs on the connection of one snapshot.
#[derive(Debug)]
pub struct Cancel {
    pool: PgPool,
    backend: i32,
}

impl Cancel {
    /// Opens a snapshot, and tells how to end what is read in it.
    pub async fn open(pool: PgPool) -> Result<(Snapshot, Self)> {
        let snapshot = Snapshot::open(&pool).await?;
        let backend = sqlx::query_scalar!(r#"SELECT pg_backend_pid() AS "pid!""#);
        let backend = backend.fetch_one(&mut **snapshot.connection().await).await?;
        Ok((snapshot, Self { pool, backend }))
    }

    /// Ends the statement under way, if there is one, and gives the snapshot up.
    pub async fn end(self, snapshot: Snapshot) {
        match timeout(PATIENCE, self.cancel()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "a statement could not be cancelled"),
            Err(_) => tracing::warn!("a statement could not be cancelled in time"),
        }
        // Not before: as long as the snapshot has the connection, no other statement than its own can be hit.
        drop(snapshot);
    }

    /// Over a connection of its own: there may be no free one, and those who wait for one wait for this.
    async fn cancel(&self) -> Result<()> {
        let mut connection = PgConnection::connect_with(&self.pool.connect_options()).await?;
        sqlx::query_scalar!("SELECT pg_cancel_backend($1)", self.backend).fetch_one(&mut connection).await?;
        Ok(connection.close().await?)
    }
}
