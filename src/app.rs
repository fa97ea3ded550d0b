//! What a handler may reach.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::http::HeaderValue;
use sqlx::PgPool;

use crate::catalog::Vocabularies;
use crate::clock::Clock;
use crate::error::Result;

/// The running service, as its handlers see it. Clones share everything.
#[derive(Debug, Clone)]
pub struct App {
    /// Connections that can only read.
    pub pool: PgPool,
    /// What queries are read against.
    pub vocabularies: Vocabularies,
    /// Tells the time.
    pub clock: Clock,
    /// The origins whose pages may read answers; none means any.
    pub origins: Vec<HeaderValue>,
    ready: Arc<AtomicBool>,
}

impl App {
    /// A service that is not ready yet.
    pub fn new(pool: PgPool, clock: Clock) -> Self {
        let vocabularies = Vocabularies::new(pool.clone());
        Self { pool, vocabularies, clock, origins: Vec::new(), ready: Arc::new(AtomicBool::new(false)) }
    }

    /// Says whether requests should be sent here.
    pub fn set_ready(&self, ready: bool) {
        self.ready.store(ready, Ordering::Release);
    }

    /// Whether requests should be sent here.
    pub fn is_ready(&self) -> bool {
        self.ready.load(Ordering::Acquire)
    }

    /// Asks the database for a sign of life.
    pub async fn ping(&self) -> Result<()> {
        crate::database::ping(&self.pool).await
    }
}
