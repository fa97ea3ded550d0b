//! Reads of a few series that several requests want at the same time, by one statement: going to the database and back costs more than the
//! few pages that each of them is for. Nobody waits for others to come: who finds nothing under way is read for at once, and
//! who comes meanwhile goes with the next.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use sqlx::postgres::PgRow;
use sqlx::{PgConnection, PgPool, Row as _};
use tokio::sync::oneshot;

use super::bound;
use crate::error::Result;
use crate::timeseries::sql::Few;

/// How many requests are read for by one statement at the most.
const MOST: usize = 16;

/// Reads for several requests at once. Clones are the same.
#[derive(Debug, Clone)]
pub struct Together(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    pool: PgPool,
    /// How many statements may be under way at a time.
    lanes: usize,
    waiting: Mutex<Waiting>,
}

#[derive(Debug, Default)]
struct Waiting {
    asks: VecDeque<Ask>,
    lanes: usize,
}

/// What one request wants.
#[derive(Debug)]
struct Ask {
    few: Few,
    answer: oneshot::Sender<Vec<PgRow>>,
}

impl Together {
    /// Reads by connections of a pool, half as many as there are processors: the more are under way, the fewer go together.
    pub fn new(pool: &PgPool) -> Self {
        let lanes = thread::available_parallelism().map_or(1, |processors| processors.get().div_ceil(2));
        Self(Arc::new(Shared { pool: pool.clone(), lanes, waiting: Mutex::default() }))
    }

    /// The rows of a few series, one at least, as they are at some moment after this was called; `None` where the statement failed for
    /// all whom it was for: what is wrong then tells a read of one's own.
    pub(super) async fn read(&self, few: Few) -> Option<Vec<PgRow>> {
        let (answer, answered) = oneshot::channel();
        let Self(shared) = self;
        if shared.enters(Ask { few, answer }) {
            // Not a part of this request, which may go away while others are read for.
            tokio::spawn(Lane { shared: Arc::clone(shared), is_open: true }.run());
        }
        answered.await.ok()
    }
}

impl Shared {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds what is wanted; true where another lane has to be opened for it.
    fn enters(&self, ask: Ask) -> bool {
        let mut waiting = self.waiting();
        waiting.asks.push_back(ask);
        let opens = waiting.lanes < self.lanes;
        waiting.lanes += usize::from(opens);
        opens
    }
}

/// One statement after the other, until nobody waits.
struct Lane {
    shared: Arc<Shared>,
    is_open: bool,
}

impl Lane {
    async fn run(mut self) {
        // Where no connection is to be had, those who wait learn it by themselves.
        let Ok(mut connection) = self.shared.pool.acquire().await else { return };
        while let Some(asks) = self.next() {
            // Those who are not answered read by themselves, and so do those behind them: the connection may be broken.
            if answer(&mut connection, asks).await.is_err() {
                return;
            }
        }
    }

    /// Those of the same text who have waited longest. `None` closes the lane.
    fn next(&mut self) -> Option<Vec<Ask>> {
        let mut waiting = self.shared.waiting();
        let Some(first) = waiting.asks.pop_front() else {
            // Under the same lock: who comes next opens another lane.
            waiting.lanes -= 1;
            self.is_open = false;
            return None;
        };
        let mut asks = vec![first];
        while asks.len() < MOST
            && let Some(ask) = waiting.asks.pop_front_if(|ask| ask.few.is_like(&asks[0].few))
        {
            asks.push(ask);
        }
        Some(asks)
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        if !self.is_open {
            return;
        }
        let mut waiting = self.shared.waiting();
        waiting.lanes -= 1;
        if waiting.lanes == 0 {
            // Nobody is left to read for them.
            waiting.asks.clear();
        }
    }
}

/// Reads for some, and gives each its rows.
async fn answer(connection: &mut PgConnection, asks: Vec<Ask>) -> Result<()> {
    let statement = Few::statement(asks.iter().map(|ask| &ask.few));
    let mut rows: Vec<Vec<PgRow>> = asks.iter().map(|_| Vec::new()).collect();
    for row in bound(&statement).fetch_all(connection).await? {
        let ask = usize::try_from(row.try_get::<i64, _>("ask")?).ok();
        if let Some(own) = ask.and_then(|ask| rows.get_mut(ask)) {
            own.push(row);
        }
    }
    for (ask, rows) in asks.into_iter().zip(rows) {
        // Who has gone away needs none.
        let _ = ask.answer.send(rows);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timeseries::dataset::Dataset;

    fn shared() -> Arc<Shared> {
        // Nobody connects before a connection is asked for.
        let pool = PgPool::connect_lazy("postgres://nobody@127.0.0.1:1/nothing").unwrap();
        Arc::new(Shared { pool, lanes: 1, waiting: Mutex::default() })
    }

    fn few(dataset: &str, id: i64) -> Few {
        Few::with_ids(&Dataset { name: dataset.to_owned(), ..Dataset::default() }, vec![id])
    }

    fn wants(shared: &Shared, few: Few) -> (bool, oneshot::Receiver<Vec<PgRow>>) {
        let (answer, answered) = oneshot::channel();
        (shared.enters(Ask { few, answer }), answered)
    }

    #[tokio::test]
    async fn who_wants_alike_goes_together_and_nobody_overtakes_another() {
        let shared = shared();
        let of = |dataset: &'static str, count: i64| (0..count).map(move |id| few(dataset, id));
        let all = of("a", 20).chain(of("b", 2)).chain(of("a", 1)).map(|few| wants(&shared, few));
        let (opens, _answered): (Vec<bool>, Vec<_>) = all.unzip();
        assert_eq!(opens.iter().filter(|opens| **opens).count(), 1, "one lane is opened for all");
        let mut lane = Lane { shared: Arc::clone(&shared), is_open: true };
        let sizes: Vec<usize> = std::iter::from_fn(|| lane.next()).map(|asks| asks.len()).collect();
        assert_eq!(sizes, [MOST, 20 - MOST, 2, 1]);
        drop(lane);
        assert!(wants(&shared, few("a", 1)).0, "the lane is closed, so the next opens one");
    }

    #[tokio::test]
    async fn who_cannot_be_read_for_is_let_go() {
        let together = Together(shared());
        let (one, other) = tokio::join!(together.read(few("a", 1)), together.read(few("b", 2)));
        assert!(one.is_none() && other.is_none());
        assert_eq!(together.0.waiting().lanes, 0);
    }
}
