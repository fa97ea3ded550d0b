//! The vocabulary kept in memory, read again only where the database has moved on.

use std::sync::{Arc, PoisonError, RwLock};

use sqlx::PgPool;
use tokio::sync::Mutex;

use super::load;
use super::search::Index;
use crate::database::Versioned;
use crate::error::{Error, Result};
use crate::timeseries::dataset::Vocabulary;
use crate::timeseries::fetch::Snapshot;

/// How often a reading is tried again where an import comes between its parts.
const ATTEMPTS: usize = 5;

/// The cache of the [`Vocabulary`]. Clones share it.
#[derive(Debug, Clone)]
pub struct Vocabularies {
    pool: PgPool,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    /// Held for the moment of a copy or an exchange only, never over an await.
    snapshot: RwLock<Arc<Vocabulary>>,
    /// What searches look through, of the snapshot or an earlier one. Held as shortly.
    index: RwLock<Option<Arc<Index>>>,
    /// Held by the one that reads the database anew; those who need what it reads wait for it.
    loading: Mutex<()>,
}

impl Vocabularies {
    /// An empty cache over this database.
    pub fn new(pool: PgPool) -> Self {
        Self { pool, shared: Arc::default() }
    }

    /// The vocabulary as the database has it now: the one kept, where no version has changed since it was read.
    pub async fn current(&self) -> Result<Arc<Vocabulary>> {
        let versions = load::versions(&self.pool).await?;
        let before = self.kept();
        if before.versions == versions {
            return Ok(before);
        }
        let _flight = self.shared.loading.lock().await;
        // Whoever held the lock meanwhile may have read what is needed here, or something newer still. Only then: versions that
        // went back, as after a restored backup, must not leave the old reading in place.
        let kept = self.kept();
        let newer = |(name, (version, _)): (&String, &(i64, _))| kept.version(name) >= *version;
        if !Arc::ptr_eq(&before, &kept) && versions.iter().all(newer) {
            return Ok(kept);
        }
        self.load().await
    }

    /// The vocabulary and what `read` reads beside it, both of one state of the database. The version of the reading is
    /// that of everything together.
    pub async fn beside<T, F>(&self, read: impl Fn() -> F) -> Result<(Arc<Vocabulary>, Versioned<T>)>
    where
        F: Future<Output = Result<Versioned<T>>>,
    {
        for _ in 0..ATTEMPTS {
            let vocabulary = self.current().await?;
            let read = read().await?;
            if vocabulary.whole().0 == read.version {
                return Ok((vocabulary, read));
            }
        }
        Err(Error::Unavailable("the data changes faster than it can be read".to_owned()))
    }

    /// One state of the database, kept open, with the vocabulary of that state. [`Error::Moved`] where a change came between.
    pub async fn snapshot(&self) -> Result<(Arc<Vocabulary>, Snapshot)> {
        let vocabulary = self.current().await?;
        let snapshot = Snapshot::open(&self.pool).await?;
        let versions = load::versions(&mut **snapshot.connection().await).await?;
        if versions != vocabulary.versions {
            return Err(Error::Moved);
        }
        Ok((vocabulary, snapshot))
    }

    /// Reads the vocabulary anew, whatever is kept.
    pub async fn reload(&self) -> Result<()> {
        let _flight = self.shared.loading.lock().await;
        self.load().await.map(drop)
    }

    /// What was last built for searches, be it of this state or an earlier one.
    pub(super) fn index(&self) -> Option<Arc<Index>> {
        self.shared.index.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Keeps what was built for searches.
    pub(super) fn keep(&self, index: Arc<Index>) {
        *self.shared.index.write().unwrap_or_else(PoisonError::into_inner) = Some(index);
    }

    async fn load(&self) -> Result<Arc<Vocabulary>> {
        let read = Arc::new(load::vocabulary(&self.pool).await?);
        *self.shared.snapshot.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&read);
        Ok(read)
    }

    fn kept(&self) -> Arc<Vocabulary> {
        Arc::clone(&self.shared.snapshot.read().unwrap_or_else(PoisonError::into_inner))
    }
}
