//! Reads of a few series that several requests want at the same time, by one statement: going to the database and back costs more than the
//! few pages that each of them is for. Nobody waits for others to come: who finds nothing under way is read for at once, and those
//! who come meanwhile go with the next, up to [`MOST`] who want the same kind.

use std::collections::VecDeque;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use sqlx::postgres::PgRow;
use sqlx::{PgConnection, PgPool, Row as _};
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::bound;
use crate::error::Result;
use crate::timeseries::sql::Few;

/// How many requests are read for by one statement at the most.
const MOST: usize = 16;

/// How long one waits for a statement that reads for others too, longer than it and several before it mostly take.
const PATIENCE: Duration = Duration::from_millis(100);

/// Reads for several requests at once. Clones are the same.
#[derive(Debug, Clone)]
pub struct Together(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    pool: PgPool,
    /// How many lanes may be open at a time.
    most_lanes: usize,
    waiting: Mutex<Waiting>,
}

#[derive(Debug, Default)]
struct Waiting {
    asks: VecDeque<Ask>,
    /// How many lanes are open.
    lanes: usize,
}

/// What one request wants.
#[derive(Debug)]
struct Ask {
    few: Arc<Few>,
    answer: oneshot::Sender<Vec<PgRow>>,
}

impl Together {
    /// Reads by a quarter of the connections of a pool and by no more than half as many as there are processors: the more statements are
    /// under way, the fewer requests go together.
    pub fn new(pool: &PgPool) -> Self {
        let processors = thread::available_parallelism().map_or(1, usize::from);
        let connections = usize::try_from(pool.options().get_max_connections()).unwrap_or(usize::MAX);
        let most_lanes = processors.div_ceil(2).min(connections / 4).max(1);
        Self(Arc::new(Shared { pool: pool.clone(), most_lanes, waiting: Mutex::default() }))
    }

    /// The rows of a few series, one at least, as they are at some moment after this was called. `None` where that took too long or failed:
    /// then a read of one's own is in nobody's way, and tells what is wrong.
    pub(super) async fn read(&self, few: Arc<Few>) -> Option<Vec<PgRow>> {
        let (answer, answered) = oneshot::channel();
        let Self(shared) = self;
        if shared.enters(Ask { few, answer }) {
            // Not a part of this request, which may go away while others are read for.
            tokio::spawn(Lane::new(shared).run());
        }
        timeout(PATIENCE, answered).await.ok()?.ok()
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
        let opens = waiting.lanes < self.most_lanes;
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
    fn new(shared: &Arc<Shared>) -> Self {
        Self { shared: Arc::clone(shared), is_open: true }
    }

    async fn run(mut self) {
        // Where no connection is to be had, those who wait learn it by themselves.
        let Ok(mut connection) = self.shared.pool.acquire().await else { return };
        while let Some(asks) = self.next() {
            // Those who are not answered read by themselves. Whoever waits behind them does so too, unless another lane is open: the
            // connection may be broken.
            if answer(&mut connection, asks).await.is_err() {
                return;
            }
        }
    }

    /// Who has waited longest, and others who want the same kind. `None` closes the lane.
    fn next(&mut self) -> Option<Vec<Ask>> {
        let mut waiting = self.shared.waiting();
        let mut asks: Vec<Ask> = Vec::new();
        // Those who have gone away are read for no more.
        for ask in mem::take(&mut waiting.asks).into_iter().filter(|ask| !ask.answer.is_closed()) {
            if asks.len() < MOST && asks.first().is_none_or(|first| first.few.is_like(&ask.few)) {
                asks.push(ask);
            } else {
                waiting.asks.push_back(ask);
            }
        }
        if asks.is_empty() {
            // Under the same lock: who comes next opens another lane.
            waiting.lanes -= 1;
            self.is_open = false;
            return None;
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
    let statement = Few::statement(asks.iter().map(|ask| &*ask.few));
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
    use std::ops::Range;

    use super::*;
    use crate::timeseries::dataset::Dataset;

    fn shared() -> Arc<Shared> {
        // Nobody connects before a connection is asked for.
        let pool = PgPool::connect_lazy("postgres://nobody@127.0.0.1:1/nothing").unwrap();
        Arc::new(Shared { pool, most_lanes: 1, waiting: Mutex::default() })
    }

    fn few(dataset: &str, id: i64) -> Arc<Few> {
        Arc::new(Few::with_ids(&Dataset { name: dataset.to_owned(), ..Dataset::default() }, vec![id]))
    }

    fn wants(shared: &Shared, few: Arc<Few>) -> (bool, oneshot::Receiver<Vec<PgRow>>) {
        let (answer, answered) = oneshot::channel();
        (shared.enters(Ask { few, answer }), answered)
    }

    #[tokio::test]
    async fn who_wants_alike_goes_together_and_who_waits_longest_goes_first() {
        let shared = shared();
        let of = |dataset: &'static str, ids: Range<i64>| ids.map(move |id| few(dataset, id));
        let all = of("a", 0..10).chain(of("b", 0..2)).chain(of("a", 10..20)).chain(of("b", 2..3));
        let (opens, mut answered): (Vec<bool>, Vec<_>) = all.map(|few| wants(&shared, few)).unzip();
        assert_eq!(opens.iter().filter(|opens| **opens).count(), 1, "one lane is opened for all");
        // One of the first goes away.
        answered.remove(3);
        let mut lane = Lane::new(&shared);
        let sizes: Vec<usize> = std::iter::from_fn(|| lane.next()).map(|asks| asks.len()).collect();
        assert_eq!(sizes, [MOST, 3, 19 - MOST]);
        drop(lane);
        assert!(wants(&shared, few("a", 1)).0, "the lane is closed, so the next opens one");
    }

    #[tokio::test]
    async fn a_lane_that_breaks_off_lets_go_whom_no_other_reads_for() {
        let shared = Arc::new(Shared { most_lanes: 2, ..Arc::into_inner(shared()).unwrap() });
        let (first, second) = (wants(&shared, few("a", 1)), wants(&shared, few("b", 2)));
        assert!(first.0 && second.0 && !wants(&shared, few("a", 3)).0);
        let (mut broken, open) = (Lane::new(&shared), Lane::new(&shared));
        drop(broken.next());
        drop(broken);
        assert!(first.1.await.is_err(), "those whom it read for read by themselves");
        assert_eq!(shared.waiting().asks.len(), 1, "the other lane reads for those who wait");
        drop(open);
        assert!(second.1.await.is_err());
    }

    #[tokio::test]
    async fn who_cannot_be_read_for_is_let_go() {
        let together = Together(shared());
        let (one, other) = tokio::join!(together.read(few("a", 1)), together.read(few("b", 2)));
        assert!(one.is_none() && other.is_none());
    }
}
