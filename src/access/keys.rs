//! Finds the key of a request: each at most once a second, so that one that is revoked is of no use a second later, wherever it was.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use moka::future::Cache;
use sqlx::PgPool;
use tokio::sync::Semaphore;

use super::key::Key;
use super::queries;
use super::secret::Secret;
use crate::clock::Clock;
use crate::database::Database;
use crate::error::{Error, Result};

/// For how long what was found is taken to be so.
const FOUND_FOR: Duration = Duration::from_secs(1);

/// The most keys that are remembered, found or not: whoever sends many wrong ones gets no more of the memory.
const REMEMBERED: u64 = 10_000;

/// How many keys are looked up at a time.
const LOOK_UPS: usize = 2;

/// How exactly the last use of a key is kept.
const USE_KEPT_TO: TimeDelta = TimeDelta::minutes(1);

/// The keys of callers. Clones share what was found.
#[derive(Debug, Clone)]
pub struct Keys {
    pool: PgPool,
    clock: Clock,
    found: Cache<[u8; 32], Option<Arc<Key>>>,
    /// So many look-ups at a time: who sends wrong keys without end takes no more of the connections.
    looking: Arc<Semaphore>,
    /// When the last use of each was last written.
    used: Cache<i32, DateTime<Utc>>,
    /// Where that is written; `None` keeps no uses.
    database: Option<Database>,
}

impl Keys {
    /// The keys in this database, whose uses are not written.
    pub fn new(pool: PgPool, clock: Clock) -> Self {
        let found = Cache::builder().max_capacity(REMEMBERED).time_to_live(FOUND_FOR).build();
        let used = Cache::builder().max_capacity(REMEMBERED).build();
        let looking = Arc::new(Semaphore::new(LOOK_UPS));
        Self { pool, clock, found, looking, used, database: None }
    }

    /// The same keys, whose last uses are written to this database.
    #[must_use]
    pub fn noting_uses(self, database: Database) -> Self {
        Self { database: Some(database), ..self }
    }

    /// The key of this text; [`Error::Unauthorized`] where there is none, or none of any use now.
    pub async fn find(&self, text: &str) -> Result<Arc<Key>> {
        let unknown = || Error::Unauthorized("the key is not known here".to_owned());
        let secret = Secret::parse(text).ok_or_else(unknown)?;
        let hash = secret.hash();
        let finding = async {
            let _place = self.looking.acquire().await;
            queries::by_hash(&self.pool, &hash).await.map(|key| key.map(Arc::new))
        };
        let found = self.found.try_get_with(hash, finding).await;
        // Those who waited for a look-up that failed share its error.
        let found = found.map_err(|error| Error::Unavailable(error.to_string()))?;
        let key = found.ok_or_else(unknown)?;
        let now = self.clock.now();
        if let Some(fault) = key.fault(now) {
            return Err(Error::Unauthorized(format!("the key {} {fault}", key.prefix)));
        }
        self.note_use(key.id, now).await;
        Ok(key)
    }

    /// Writes down, aside, that a key was used, unless that was written within the minute.
    async fn note_use(&self, id: i32, now: DateTime<Utc>) {
        let Some(database) = self.database.clone() else { return };
        if self.used.get(&id).await.is_some_and(|last| now - last < USE_KEPT_TO) {
            return;
        }
        self.used.insert(id, now).await;
        tokio::spawn(async move {
            if let Err(error) = queries::used(&database, id, now).await {
                tracing::warn!("the last use of key {id} was not written: {error}");
            }
        });
    }
}
