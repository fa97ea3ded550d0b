//! The walk of a change through a dataset's cells. First load, corrected documents, withdrawn ones: all take this one path.
//!
//! For each batch of touched series: read all that is stored of them, make every statement explicit, note which releases
//! no longer count, add the new statements and what editions withdraw, bring each cell into canonical form, and write
//! only the rows that differ. A cell comes out the same whatever the order in which releases came in. Statements behind
//! all that is known of a series, as a new month has them, need nothing of it and are put at its end.

mod read;
mod write;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use sqlx::PgConnection;
use tokio::task::JoinHandle;

use super::entry::{Observation, Series};
use super::releases::{Origins, Taken, origins};
use super::rollup::Keeper;
use super::store::{Cells, Extent, Places, Stored};
use crate::error::{Error, Result};
use crate::timeseries::overlay::{self, Kind, Statement};
pub use read::Seats;
use read::{Edition, Seat};

/// How many series are held in memory at once.
const BATCH: usize = 2_000;

/// What changes in one dataset.
pub struct Change {
    /// The dataset.
    pub dataset: String,
    /// Its new releases.
    pub new: Vec<i32>,
    /// Its releases that no longer count.
    pub dead: Vec<i32>,
    /// Its releases as they were before.
    pub before: Origins,
}

/// A row of a new release; its series is an index into those that come with it.
pub type Stated<'a> = (i32, &'a Observation);

/// How many rows of each new release restate, and how many confirm.
type Counts = HashMap<i32, (i32, i32)>;

/// The new statements of each series.
type Added = BTreeMap<i64, Vec<(i32, Statement)>>;

/// Carries a change through whose rows are all in memory.
pub async fn walk(
    connection: &mut PgConnection,
    change: Change,
    series: &[Series],
    taken: &[&Taken],
) -> Result<()> {
    let mut walk = Walk::begin(connection, change).await?;
    let rows = taken.iter().flat_map(|taken| taken.part.observations.iter().map(|row| (taken.release, row)));
    walk.take(connection, series, &rows.collect::<Vec<_>>()).await?;
    walk.finish(connection).await
}

/// A change on its way through a dataset, with all that its batches are held against.
pub struct Walk {
    change: Change,
    after: Origins,
    editions: Vec<Edition>,
    /// At work on its own thread, while the server is on what the turn writes.
    keeper: Option<JoinHandle<Result<Keeper>>>,
    counts: Counts,
    /// The series that were walked; kept only where some are touched that no row names.
    walked: HashSet<i64>,
}

/// What a batch of series was, and what it comes to be.
struct Turn {
    extents: HashMap<i64, Extent>,
    old: Stored,
    new: Stored,
    counts: Counts,
    last: HashMap<i64, i32>,
}

impl Walk {
    /// Begins with a change whose releases are written and whose rows follow.
    pub async fn begin(connection: &mut PgConnection, change: Change) -> Result<Self> {
        let after = origins(connection, &change.dataset).await?;
        let editions = read::editions(connection, &change.dataset).await?;
        let keeper = Keeper::of(connection, &change.dataset).await?;
        let keeper = keeper.map(|keeper| tokio::task::spawn_blocking(|| Ok(keeper)));
        Ok(Self { change, after, editions, keeper, counts: Counts::new(), walked: HashSet::new() })
    }

    /// Takes in all rows of some series.
    pub async fn take(
        &mut self,
        connection: &mut PgConnection,
        series: &[Series],
        stated: &[Stated<'_>],
    ) -> Result<()> {
        let seats = Arc::new(named(connection, series, stated).await?);
        let added = self.added(series, stated);
        let ids: Vec<i64> = added.keys().copied().collect();
        for batch in ids.chunks(BATCH) {
            self.carry(connection, batch, (&added, &seats)).await?;
        }
        if !self.only_adds() {
            self.walked.extend(ids);
        }
        write::notes(connection, series, stated).await
    }

    /// Goes through the series that no row named, and writes what was gathered on the way.
    pub async fn finish(mut self, connection: &mut PgConnection) -> Result<()> {
        if !self.only_adds() {
            let new = self.editions.iter().filter(|edition| self.is_new(edition));
            let scopes: Vec<String> = new.flat_map(|edition| edition.scope.iter().cloned()).collect();
            let mut touched =
                read::touched(connection, &self.change.dataset, &scopes, &self.change.dead).await?;
            touched.retain(|series| !self.walked.contains(series));
            touched.sort_unstable();
            for batch in touched.chunks(BATCH) {
                let seats = Arc::new(read::seats(connection, batch).await?);
                self.carry(connection, batch, (&Added::new(), &seats)).await?;
            }
        }
        if let Some(keeper) = self.keeper {
            ended(keeper).await?.write(connection).await?;
        }
        write::counts(connection, &self.change.new, &self.counts).await
    }

    async fn carry(
        &mut self,
        connection: &mut PgConnection,
        batch: &[i64],
        (added, seats): (&Added, &Arc<Seats>),
    ) -> Result<()> {
        let (behind, among) = self.sorted(connection, batch, (added, seats)).await?;
        if !behind.is_empty() {
            let mut turn = self.compute(Stored::default(), (&behind, added), seats)?;
            turn.widen(seats);
            self.note(&turn, seats).await?;
            turn.new.append(connection, &ends(&behind, seats)).await?;
            write::update_series(connection, &turn).await?;
        }
        if !among.is_empty() {
            let turn = self.turn(connection, &among, (added, seats)).await?;
            self.note(&turn, seats).await?;
            turn.old.replace(connection, &turn.new).await?;
            write::update_series(connection, &turn).await?;
        }
        Ok(())
    }

    /// Those of a batch all of whose new statements are behind whatever is known of them, and the others.
    ///
    /// What is stored of the former does not come out different, so nothing of it has to be read.
    async fn sorted(
        &self,
        connection: &mut PgConnection,
        batch: &[i64],
        (added, seats): (&Added, &Seats),
    ) -> Result<(Vec<i64>, Vec<i64>)> {
        let only_adds = self.only_adds();
        let is_behind = |id: &i64| {
            let (Some(seat), Some(statements)) = (seats.get(id), added.get(id)) else { return false };
            let last = seat.extent.last.filter(|_| only_adds);
            seat.is_fresh || last.is_some_and(|last| statements.iter().all(|(period, _)| *period > last))
        };
        let (mut behind, mut among): (Vec<i64>, Vec<i64>) = batch.iter().copied().partition(is_behind);
        let last = |id: &i64| Some((*id, seats.get(id)?.extent.last?));
        let stored: (Vec<i64>, Vec<i32>) = behind.iter().filter_map(last).unzip();
        if !stored.0.is_empty() {
            let remembered = read::remembered(connection, (&stored.0, &stored.1)).await?;
            among.extend(behind.extract_if(.., |id| remembered.contains(id)));
        }
        Ok((behind, among))
    }

    /// Takes notice of what a turn comes to.
    async fn note(&mut self, turn: &Turn, seats: &Arc<Seats>) -> Result<()> {
        if let Some(keeper) = self.keeper.take() {
            let (mut keeper, seats) = (ended(keeper).await?, Arc::clone(seats));
            let changed = turn.old.changed_cells(&turn.new);
            let noted = move || keeper.note(&seats, &changed).map(|()| keeper);
            self.keeper = Some(tokio::task::spawn_blocking(noted));
        }
        for (release, (restated, confirmed)) in &turn.counts {
            let count = self.counts.entry(*release).or_default();
            *count = (count.0 + restated, count.1 + confirmed);
        }
        Ok(())
    }

    /// Where only statements are added, a few periods of each series come out different, and their chunks are all that is read.
    async fn turn(
        &self,
        connection: &mut PgConnection,
        batch: &[i64],
        (added, seats): (&Added, &Seats),
    ) -> Result<Turn> {
        if self.only_adds() && !Stored::has_restatements(connection, batch).await? {
            let old = Stored::read_at(connection, &places(batch, added, seats)).await?;
            let mut turn = self.compute(old, (batch, added), seats)?;
            // How far a series reaches that loses figures is not known from some of its chunks.
            if !turn.old.loses_cells(&turn.new) {
                turn.widen(seats);
                return Ok(turn);
            }
        }
        self.compute(Stored::read(connection, batch).await?, (batch, added), seats)
    }

    /// Whether no release died and no new one is an edition.
    fn only_adds(&self) -> bool {
        self.change.dead.is_empty() && !self.editions.iter().any(|edition| self.is_new(edition))
    }

    fn is_new(&self, edition: &Edition) -> bool {
        self.change.new.contains(&edition.release)
    }

    fn added(&self, series: &[Series], stated: &[Stated<'_>]) -> Added {
        let mut added = Added::new();
        for &(release, row) in stated {
            let origin = self.after[&release];
            let kind = if row.confirmation { Kind::Confirmed } else { Kind::Stated };
            let statement = Statement { origin, kind, value: row.value, status: row.status };
            added.entry(series[row.series].id).or_default().push((row.period, statement));
        }
        added
    }

    fn compute(&self, old: Stored, (batch, added): (&[i64], &Added), seats: &Seats) -> Result<Turn> {
        let mut cells = old.cells(&self.change.before)?;
        for statement in cells.values_mut().flatten() {
            let release = statement.origin.release;
            statement.origin = self.after.get(&release).copied().unwrap_or(statement.origin);
        }
        for (series, statements) in batch.iter().filter_map(|id| Some((*id, added.get(id)?))) {
            for &(period, statement) in statements {
                cells.entry((series, period)).or_default().push(statement);
            }
        }
        withdraw(&mut cells, seats, &self.editions, &self.after);
        let mut counts = Counts::new();
        let new = canonical(&cells, seats, &mut counts);
        let last = last_changes(&self.change, &cells);
        Ok(Turn { extents: new.extents(), old, new, counts, last })
    }
}

/// What a keeper that was at work comes to.
async fn ended(keeper: JoinHandle<Result<Keeper>>) -> Result<Keeper> {
    keeper.await.map_err(|error| Error::internal("keeping sums", error))?
}

/// The seats of the series that rows name; those that are not stored yet are by then.
async fn named(connection: &mut PgConnection, series: &[Series], stated: &[Stated<'_>]) -> Result<Seats> {
    let mut first: Vec<Option<i32>> = vec![None; series.len()];
    for (release, row) in stated {
        first[row.series].get_or_insert(*release);
    }
    let named: Vec<(&Series, i32)> =
        series.iter().zip(first).filter_map(|(series, release)| Some((series, release?))).collect();
    let ids: Vec<i64> = named.iter().map(|(series, _)| series.id).collect();
    let extents = read::extents(connection, &ids).await?;
    let is_new = |(series, _): &&(&Series, i32)| !extents.contains_key(&series.id);
    let new: Vec<(&Series, i32)> = named.iter().filter(is_new).copied().collect();
    write::insert_series(connection, &new).await?;
    let seat =
        |(series, _): &(&Series, i32)| (series.id, Seat::named(series, extents.get(&series.id).copied()));
    Ok(named.iter().map(seat).collect())
}

/// The last chunk of each of some series that has one.
fn ends(series: &[i64], seats: &Seats) -> HashSet<(i64, i32)> {
    let end = |id: &i64| {
        let seat = seats.get(id)?;
        Some((*id, seat.frequency.chunk(seat.extent.last?)))
    };
    series.iter().filter_map(end).collect()
}

/// The chunks that the new statements fall into.
fn places(batch: &[i64], added: &Added, seats: &Seats) -> Places {
    let of = |id: &i64| Some((*id, seats.get(id)?.frequency, added.get(id)?));
    let stated = batch.iter().filter_map(of).flat_map(|(id, frequency, statements)| {
        statements.iter().map(move |(period, _)| (id, frequency.chunk(*period)))
    });
    let chunks: BTreeSet<(i64, i32)> = stated.collect();
    let frequencies = seats.iter().map(|(id, seat)| (*id, seat.frequency)).collect();
    Places { chunks, frequencies }
}

impl Turn {
    /// Takes the chunks that were not read into how far each series reaches.
    fn widen(&mut self, seats: &Seats) {
        let before = self.old.extents();
        for (series, extent) in &mut self.extents {
            let read = before.get(series).copied().unwrap_or_default();
            let Some(Seat { extent: whole, .. }) = seats.get(series) else { continue };
            *extent = Extent {
                first: whole.first.into_iter().chain(extent.first).min(),
                last: whole.last.max(extent.last),
                observations: whole.observations - read.observations + extent.observations,
            };
        }
    }
}

/// Lets each edition withdraw the figures stated before it, by a release that counts, which it no longer lists.
fn withdraw(cells: &mut Cells, seats: &Seats, editions: &[Edition], after: &Origins) {
    for ((series, _), statements) in cells {
        for edition in
            editions.iter().filter(|e| seats.get(series).is_some_and(|s| e.scope.contains(&s.scope)))
        {
            let origin = after[&edition.release];
            let place = (origin.published, origin.release);
            let stated = |s: &Statement| s.kind == Kind::Stated && s.origin.counts(None) && s.order() < place;
            let speaks = statements.iter().any(|s| s.origin.release == edition.release);
            if !speaks && statements.iter().any(stated) {
                statements.push(Statement { origin, kind: Kind::Withdrawn, value: None, status: b'M' });
            }
        }
    }
}

fn canonical(cells: &Cells, seats: &Seats, counts: &mut Counts) -> Stored {
    let mut stored = Stored::default();
    for (&(series, period), statements) in cells {
        let Some(seat) = seats.get(&series) else { continue };
        let cell = overlay::canonical(statements);
        for statement in statements {
            let count = counts.entry(statement.origin.release).or_default();
            let restates =
                statement.kind == Kind::Stated && cell.restated.contains(&statement.origin.release);
            count.0 += i32::from(restates);
            count.1 += i32::from(statement.kind == Kind::Confirmed);
        }
        stored.put((series, period), seat.frequency, &cell);
    }
    stored
}

/// The latest of the changed releases that speaks on each series. What a correction leaves out is changed by the correction.
fn last_changes(change: &Change, cells: &Cells) -> HashMap<i64, i32> {
    let changed: HashSet<i32> = change.dead.iter().chain(&change.new).copied().collect();
    let mut last = HashMap::new();
    for (&(series, _), statements) in cells {
        for origin in statements.iter().map(|s| s.origin).filter(|o| changed.contains(&o.release)) {
            let release = origin.superseded_by.unwrap_or(origin.release);
            let latest = last.entry(series).or_insert(release);
            *latest = release.max(*latest);
        }
    }
    last
}
