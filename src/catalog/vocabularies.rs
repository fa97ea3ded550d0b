//! The vocabulary kept in memory, read again only where the database has moved on.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::{Duration, Instant};

use sqlx::PgPool;
use tokio::sync::Mutex;

use super::load;
use super::search::Index;
use super::sight::{self, Sight};
use crate::database::Versioned;
use crate::error::{Error, Result};
use crate::timeseries::dataset::Vocabulary;
use crate::timeseries::fetch::Snapshot;

/// How often a reading is tried again where an import comes between its parts.
const ATTEMPTS: usize = 5;

/// A state of the database, as far as this process has told it from others: while it is the same, no version has changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct State(u64);

/// The most sights of which a view is kept; as a rule there are as many as kinds of keys.
const VIEWS: usize = 32;

/// The cache of the [`Vocabulary`], as somebody may see it. Clones share it.
#[derive(Debug, Clone)]
pub struct Vocabularies {
    pool: PgPool,
    every: Duration,
    sight: Sight,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    /// Held for the moment of a copy or an exchange only, never over an await.
    kept: RwLock<Kept>,
    /// What is seen of it, by the restricted datasets that are not. Held as shortly.
    views: RwLock<HashMap<Vec<String>, View>>,
    /// Held by the one that asks the database, and reads it anew where it has moved on; the others wait for the outcome. When the
    /// last one that failed did so.
    flight: Mutex<Option<Instant>>,
}

/// The vocabulary without what some datasets brought.
#[derive(Debug, Clone)]
struct View {
    /// What it is a view of.
    of: Arc<Vocabulary>,
    seen: Arc<Vocabulary>,
    /// What searches look through, of this view or of one of an earlier state.
    index: Option<Arc<Index>>,
}

#[derive(Debug, Default)]
struct Kept {
    vocabulary: Arc<Vocabulary>,
    state: State,
    /// When the statement was sent that found the versions to be these.
    checked: Option<Instant>,
    /// Before when nothing that was found counts any more.
    forgotten: Option<Instant>,
}

impl Vocabularies {
    /// An empty cache over this database, which asks it at every request whether anything has changed.
    pub fn new(pool: PgPool) -> Self {
        Self { pool, every: Duration::ZERO, sight: Sight::Public, shared: Arc::default() }
    }

    /// The same cache as somebody else may see it.
    #[must_use]
    pub fn seen_by(&self, sight: Sight) -> Self {
        Self { sight, ..self.clone() }
    }

    /// What may be seen of it.
    pub fn sight(&self) -> &Sight {
        &self.sight
    }

    /// The same cache, asking at most so often: what others change is seen so much later at the latest.
    #[must_use]
    pub fn checked_every(self, every: Duration) -> Self {
        Self { every, ..self }
    }

    /// The vocabulary as the database has it now, or had it within the time that may pass between two checks: the one kept,
    /// where no version has changed since it was read.
    pub async fn current(&self) -> Result<Arc<Vocabulary>> {
        let whole = self.checked().await?.0;
        Ok(self.view(whole).seen)
    }

    /// What may be seen of the whole.
    fn view(&self, whole: Arc<Vocabulary>) -> View {
        let hidden = self.sight.hidden(&whole);
        let known = self.shared.views.read().unwrap_or_else(PoisonError::into_inner).get(&hidden).cloned();
        if let Some(view) = known.clone().filter(|view| Arc::ptr_eq(&view.of, &whole)) {
            return view;
        }
        let seen =
            if hidden.is_empty() { Arc::clone(&whole) } else { Arc::new(sight::without(&whole, &hidden)) };
        let view = View { of: whole, seen, index: known.and_then(|view| view.index) };
        let mut views = self.shared.views.write().unwrap_or_else(PoisonError::into_inner);
        if views.len() >= VIEWS && !views.contains_key(&hidden) {
            views.clear();
        }
        views.insert(hidden, view.clone());
        view
    }

    /// The state that the database is in, with the same delay.
    pub async fn state(&self) -> Result<State> {
        Ok(self.checked().await?.1)
    }

    /// The last state that was seen, without asking. What is read from now on is of this state or a later one.
    pub fn last_seen(&self) -> State {
        self.kept().state
    }

    /// Has the next request ask the database, whenever it was asked last: for whoever has just changed something, or seen that it
    /// changed.
    pub fn forget(&self) {
        self.kept_mut().forgotten = Some(Instant::now());
    }

    async fn checked(&self) -> Result<(Arc<Vocabulary>, State)> {
        let asked = Instant::now();
        if let Some(kept) = self.kept().good_for(asked, self.every) {
            return Ok(kept);
        }
        let mut failed = self.shared.flight.lock().await;
        if let Some(kept) = self.kept().good_for(asked, self.every) {
            return Ok(kept);
        }
        // Those who waited for a check that failed do not queue up to fail one after the other.
        if failed.is_some_and(|at| at > asked) {
            return Err(Error::Unavailable("its versions could not be read".to_owned()));
        }
        let outcome = self.check().await;
        *failed = outcome.is_err().then(Instant::now);
        outcome
    }

    /// Asks the database, and reads the vocabulary anew where a version is not what it was.
    async fn check(&self) -> Result<(Arc<Vocabulary>, State)> {
        let began = Instant::now();
        let versions = load::versions(&self.pool).await?;
        let kept = Arc::clone(&self.kept().vocabulary);
        let read = if kept.versions == versions { None } else { Some(load::vocabulary(&self.pool).await?) };
        Ok(self.keep(read, began))
    }

    fn keep(&self, read: Option<Vocabulary>, began: Instant) -> (Arc<Vocabulary>, State) {
        let mut kept = self.kept_mut();
        if let Some(read) = read {
            kept.vocabulary = Arc::new(read);
            kept.state = State(kept.state.0 + 1);
        }
        kept.checked = Some(began);
        (Arc::clone(&kept.vocabulary), kept.state)
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
            self.forget();
        }
        Err(Error::Unavailable("the data changes faster than it can be read".to_owned()))
    }

    /// One state of the database, kept open, with the vocabulary of that state. [`Error::Moved`] where a change came between.
    pub async fn snapshot(&self) -> Result<(Arc<Vocabulary>, Snapshot)> {
        let vocabulary = self.current().await?;
        let snapshot = Snapshot::open(&self.pool).await?;
        let mut versions = load::versions(&mut **snapshot.connection().await).await?;
        versions.retain(|name, _| vocabulary.versions.contains_key(name));
        if versions != vocabulary.versions {
            return Err(Error::Moved);
        }
        Ok((vocabulary, snapshot))
    }

    /// Reads the vocabulary anew, whatever is kept.
    pub async fn reload(&self) -> Result<()> {
        let _flight = self.shared.flight.lock().await;
        let began = Instant::now();
        let read = load::vocabulary(&self.pool).await?;
        self.keep(Some(read), began);
        Ok(())
    }

    /// What was last built for searches of what may be seen, be it of this state or an earlier one.
    pub(super) fn index(&self) -> Option<Arc<Index>> {
        self.view(self.kept().vocabulary.clone()).index
    }

    /// Keeps what was built for searches.
    pub(super) fn keep_index(&self, index: Arc<Index>) {
        let mut view = self.view(self.kept().vocabulary.clone());
        view.index = Some(index);
        let hidden = self.sight.hidden(&view.of);
        self.shared.views.write().unwrap_or_else(PoisonError::into_inner).insert(hidden, view);
    }

    fn kept(&self) -> RwLockReadGuard<'_, Kept> {
        self.shared.kept.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn kept_mut(&self) -> RwLockWriteGuard<'_, Kept> {
        self.shared.kept.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    /// What is kept, where it was checked late enough for a request of this moment.
    fn good_for(&self, asked: Instant, every: Duration) -> Option<(Arc<Vocabulary>, State)> {
        let checked = self.checked.filter(|at| *at + every >= asked)?;
        let counts = self.forgotten.is_none_or(|forgotten| checked > forgotten);
        counts.then(|| (Arc::clone(&self.vocabulary), self.state))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_good_for_a_while_and_until_it_is_forgotten() {
        let (start, second) = (Instant::now(), Duration::from_secs(1));
        let mut kept = Kept::default();
        let good = |kept: &Kept, after: u64, every| {
            kept.good_for(start + Duration::from_millis(after), every).is_some()
        };
        assert!(!good(&kept, 0, second), "nothing was read yet");
        kept.checked = Some(start + second);
        assert!(good(&kept, 1_000, second) && good(&kept, 2_000, second) && !good(&kept, 2_001, second));
        assert!(good(&kept, 999, Duration::ZERO), "it was checked after it was asked for");
        assert!(!good(&kept, 1_001, Duration::ZERO));
        kept.forgotten = Some(start + second);
        assert!(!good(&kept, 1_000, second));
        kept.checked = Some(start + second + second);
        assert!(good(&kept, 1_000, second));
    }
}
