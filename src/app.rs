//! What a handler may reach.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::http::HeaderValue;
use sqlx::PgPool;

use crate::access::Keys;
use crate::catalog::{Sight, Vocabularies};
use crate::clock::Clock;
use crate::config::Edge;
use crate::database::Gate;
use crate::error::Result;
use crate::intake::Intake;
use crate::metrics::Metrics;
use crate::timeseries::fetch::Together;

/// The running service, as its handlers see it. Clones share everything.
#[derive(Debug, Clone)]
pub struct App {
    /// Connections that can only read.
    pub pool: PgPool,
    /// Reads of a few series, for several requests at once.
    pub together: Together,
    /// What queries are read against.
    pub vocabularies: Vocabularies,
    /// Tells the time.
    pub clock: Clock,
    /// Lets in who reads many figures for one answer: a quarter of the connections, so that the others stay for what is short.
    pub heavy: Gate,
    /// Lets in who is sent an answer while it is read. Each holds a connection for as long as that takes: half of them.
    pub streams: Gate,
    /// The origins whose pages may read answers; none means any.
    pub origins: Vec<HeaderValue>,
    /// How many bytes of answers are kept in memory; 0 keeps none.
    pub cache_bytes: u64,
    /// How much is taken from whom, and what comes before the service.
    pub edge: Edge,
    /// A connection for the question whether the database answers, which must not wait for those who read.
    pub probe: PgPool,
    /// What takes in files and takes back releases; `None` where nothing is taken in here.
    pub intake: Option<Intake>,
    /// Whether who has no key may write.
    pub anonymous_writes: bool,
    /// The keys of callers.
    pub keys: Keys,
    /// What is counted.
    pub metrics: Metrics,
    ready: Arc<AtomicBool>,
    has_database: Arc<AtomicBool>,
}

impl App {
    /// A service that is not ready yet, looks for changes at every request, keeps 64 MiB of answers, limits nothing, shows what is public
    /// and lets nobody write without a key.
    pub fn new(pool: PgPool, clock: Clock) -> Self {
        let vocabularies = Vocabularies::new(pool.clone());
        let connections = pool.options().get_max_connections();
        let heavy = Gate::new(connections / 4, "answers from very many figures");
        let streams = Gate::new(connections / 2, "downloads of large answers");
        let (ready, has_database) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(true)));
        let keys = Keys::new(pool.clone(), clock.clone());
        let (edge, probe) = (Edge::default(), pool.clone());
        let together = Together::new(&pool);
        Self {
            pool,
            together,
            vocabularies,
            clock,
            heavy,
            streams,
            origins: Vec::new(),
            cache_bytes: 64 << 20,
            edge,
            probe,
            intake: None,
            anonymous_writes: false,
            keys,
            metrics: Metrics::new(),
            ready,
            has_database,
        }
    }

    /// The same service as somebody else may see it.
    #[must_use]
    pub fn seen_by(&self, sight: Sight) -> Self {
        Self { vocabularies: self.vocabularies.seen_by(sight), ..self.clone() }
    }

    /// What statements on the catalog are read by: the connections, and what may be seen.
    pub fn catalog(&self) -> (&PgPool, &Sight) {
        (&self.pool, self.vocabularies.sight())
    }

    /// Says whether requests should be sent here.
    pub fn set_ready(&self, ready: bool) {
        self.ready.store(ready, Ordering::Release);
    }

    /// Whether requests should be sent here.
    pub fn is_ready(&self) -> bool {
        self.ready.load(Ordering::Acquire)
    }

    /// Says that the embedded database has ended by itself, which only another start of the service mends.
    pub fn lose_database(&self) {
        self.has_database.store(false, Ordering::Release);
        self.set_ready(false);
    }

    /// Whether the database has not ended by itself.
    pub fn has_database(&self) -> bool {
        self.has_database.load(Ordering::Acquire)
    }

    /// Asks the database for a sign of life.
    pub async fn ping(&self) -> Result<()> {
        crate::database::ping(&self.probe).await
    }
}
