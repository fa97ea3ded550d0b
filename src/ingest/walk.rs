//! The walk of a change through a dataset's cells. First load, corrected documents, withdrawn ones: all take this one path.
//!
//! For each batch of touched series: read all that is stored of them, make every statement explicit, note which releases
//! no longer count, add the new statements and what editions withdraw, bring each cell into canonical form, and write
//! only the rows that differ. A cell comes out the same whatever the order in which releases came in.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use serde_json::{Value, json};
use sqlx::PgConnection;

use super::entry::Series;
use super::releases::{Origins, Taken, origins};
use super::rollup::Keeper;
use super::store::{Cells, Extent, Places, Stored, copy};
use crate::error::Result;
use crate::timeseries::key::Dimension;
use crate::timeseries::overlay::{self, Kind, Statement};
use crate::timeseries::period::Frequency;

/// How many series are held in memory at once.
const BATCH: usize = 2_000;

/// What changes in one dataset.
pub struct Change<'a> {
    /// The dataset.
    pub dataset: &'a str,
    /// Its new releases.
    pub taken: Vec<&'a Taken>,
    /// Its releases that no longer count.
    pub dead: Vec<i32>,
    /// The series that the new releases refer to.
    pub series: &'a [Series],
    /// Its releases as they were before.
    pub before: Origins,
}

/// What the walk must know of a stored series.
struct Seat {
    frequency: Frequency,
    scope: String,
    extent: Extent,
}

type Seats = HashMap<i64, Seat>;

struct Edition {
    release: i32,
    scope: HashSet<String>,
}

/// How many rows of each new release restate, and how many confirm.
type Counts = HashMap<i32, (i32, i32)>;

/// The new statements of each series.
type Added = BTreeMap<i64, Vec<(i32, Statement)>>;

/// Carries a change through.
pub async fn walk(connection: &mut PgConnection, change: &Change<'_>) -> Result<()> {
    insert_series(connection, change).await?;
    let after = origins(connection, change.dataset).await?;
    let editions = editions(connection, change.dataset).await?;
    let added = added(change, &after);
    let touched = touched(connection, change, &added, &editions).await?;
    let mut counts = Counts::new();
    let mut keeper = Keeper::of(connection, change.dataset).await?;
    let walk = Walk { change, after, editions, added };
    for batch in touched.chunks(BATCH) {
        let turn = walk.turn(connection, batch).await?;
        if let Some(keeper) = &mut keeper {
            keeper.note(connection, &turn.old.changed_cells(&turn.new)).await?;
        }
        turn.old.replace(connection, &turn.new).await?;
        update_series(connection, &turn).await?;
        for (release, (restated, confirmed)) in turn.counts {
            let count = counts.entry(release).or_default();
            *count = (count.0 + restated, count.1 + confirmed);
        }
    }
    if let Some(keeper) = keeper {
        keeper.write(connection).await?;
    }
    write_notes(connection, change).await?;
    write_counts(connection, change, &counts).await
}

/// A change with all that its batches are held against.
struct Walk<'a> {
    change: &'a Change<'a>,
    after: Origins,
    editions: Vec<Edition>,
    added: Added,
}

/// What a batch of series was, and what it comes to be.
struct Turn {
    extents: HashMap<i64, Extent>,
    old: Stored,
    new: Stored,
    counts: Counts,
    last: HashMap<i64, i32>,
}

impl Walk<'_> {
    /// Where only statements are added, a few periods of each series come out different, and their chunks are all that is read.
    async fn turn(&self, connection: &mut PgConnection, batch: &[i64]) -> Result<Turn> {
        let seats = seats(connection, batch).await?;
        if self.only_adds() && !Stored::has_restatements(connection, batch).await? {
            let old = Stored::read_at(connection, &self.places(batch, &seats)).await?;
            let mut turn = self.compute(old, batch, &seats)?;
            // How far a series reaches that loses figures is not known from some of its chunks.
            if !turn.old.loses_cells(&turn.new) {
                turn.widen(&seats);
                return Ok(turn);
            }
        }
        self.compute(Stored::read(connection, batch).await?, batch, &seats)
    }

    /// Whether no release died and no new one is an edition.
    fn only_adds(&self) -> bool {
        let is_new = |release| self.change.taken.iter().any(|taken| taken.release == release);
        self.change.dead.is_empty() && !self.editions.iter().any(|edition| is_new(edition.release))
    }

    /// The chunks that the new statements fall into.
    fn places(&self, batch: &[i64], seats: &Seats) -> Places {
        let of = |id: &i64| Some((*id, seats.get(id)?.frequency, self.added.get(id)?));
        let stated = batch.iter().filter_map(of).flat_map(|(id, frequency, statements)| {
            statements.iter().map(move |(period, _)| (id, frequency.chunk(*period)))
        });
        let chunks: BTreeSet<(i64, i32)> = stated.collect();
        let frequencies = seats.iter().map(|(id, seat)| (*id, seat.frequency)).collect();
        Places { chunks, frequencies }
    }

    fn compute(&self, old: Stored, batch: &[i64], seats: &Seats) -> Result<Turn> {
        let mut cells = old.cells(&self.change.before)?;
        for statement in cells.values_mut().flatten() {
            let release = statement.origin.release;
            statement.origin = self.after.get(&release).copied().unwrap_or(statement.origin);
        }
        for (series, statements) in batch.iter().filter_map(|id| Some((*id, self.added.get(id)?))) {
            for &(period, statement) in statements {
                cells.entry((series, period)).or_default().push(statement);
            }
        }
        withdraw(&mut cells, seats, &self.editions, &self.after);
        let mut counts = Counts::new();
        let new = canonical(&cells, seats, &mut counts);
        let last = last_changes(self.change, &cells);
        Ok(Turn { extents: new.extents(), old, new, counts, last })
    }
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

async fn insert_series(connection: &mut PgConnection, change: &Change<'_>) -> Result<()> {
    let mut first: BTreeMap<usize, i32> = BTreeMap::new();
    for taken in &change.taken {
        for row in &taken.part.observations {
            first.entry(row.series).or_insert(taken.release);
        }
    }
    let ids: Vec<i64> = first.keys().map(|at| change.series[*at].id).collect();
    let known = sqlx::query_scalar!("SELECT series_id FROM series WHERE series_id = ANY($1)", &ids);
    let known: HashSet<i64> = known.fetch_all(&mut *connection).await?.into_iter().collect();
    first.retain(|at, _| !known.contains(&change.series[*at].id));
    let rows = first.into_iter().map(|(at, release)| {
        let series = &change.series[at];
        let mut row = json!({
            "series_id": series.id,
            "dataset": series.dataset,
            "frequency": series.frequency,
            "group_key": series.group_key,
            "observations": 0,
            "updated_by": release,
        });
        for dimension in Dimension::ALL {
            row[dimension.name()] = json!(series.code(dimension));
        }
        row
    });
    sqlx::query!(
        "INSERT INTO series SELECT * FROM jsonb_populate_recordset(NULL::series, $1::text::jsonb)
         ON CONFLICT (series_id) DO NOTHING",
        rows.collect::<Value>().to_string(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

fn added(change: &Change<'_>, after: &Origins) -> Added {
    let mut added = Added::new();
    for taken in &change.taken {
        let origin = after[&taken.release];
        for row in &taken.part.observations {
            let kind = if row.confirmation { Kind::Confirmed } else { Kind::Stated };
            let statement = Statement { origin, kind, value: row.value, status: row.status };
            added.entry(change.series[row.series].id).or_default().push((row.period, statement));
        }
    }
    added
}

/// The editions of a dataset that count.
async fn editions(connection: &mut PgConnection, dataset: &str) -> Result<Vec<Edition>> {
    let rows = sqlx::query!(
        "SELECT release_id, edition_scope FROM release
         WHERE collection = $1 AND coverage = 'edition' AND superseded_by IS NULL AND withdrawn_at IS NULL",
        dataset,
    )
    .fetch_all(connection)
    .await?;
    let edition = rows
        .into_iter()
        .map(|row| Edition { release: row.release_id, scope: row.edition_scope.into_iter().collect() });
    Ok(edition.collect())
}

/// Every series whose cells may come out different: those with new statements, those on which a release speaks that no
/// longer counts, and those that a new edition speaks for.
async fn touched(
    connection: &mut PgConnection,
    change: &Change<'_>,
    added: &Added,
    editions: &[Edition],
) -> Result<Vec<i64>> {
    let new: HashSet<i32> = change.taken.iter().map(|taken| taken.release).collect();
    let scopes = editions.iter().filter(|edition| new.contains(&edition.release));
    let scopes: Vec<String> = scopes.flat_map(|edition| edition.scope.iter().cloned()).collect();
    let stored = sqlx::query_scalar!(
        "SELECT series_id AS \"series_id!\" FROM series
         WHERE dataset = $1 AND source || '/' || measure || '/' || frequency = ANY($2)
         UNION SELECT series_id FROM observation_chunk WHERE cardinality($3::integer[]) > 0 AND releases && $3
         UNION SELECT series_id FROM observation_history WHERE cardinality($3) > 0 AND release_id = ANY($3)
         UNION SELECT series_id FROM observation_restatement WHERE cardinality($3) > 0 AND release_id = ANY($3)",
        change.dataset,
        &scopes,
        &change.dead,
    )
    .fetch_all(connection)
    .await?;
    let mut touched: Vec<i64> = stored.into_iter().chain(added.keys().copied()).collect();
    touched.sort_unstable();
    touched.dedup();
    Ok(touched)
}

async fn seats(connection: &mut PgConnection, series: &[i64]) -> Result<Seats> {
    let rows = sqlx::query!(
        "SELECT series_id, frequency, source || '/' || measure || '/' || frequency AS \"scope!\",
                first_period, last_period, observations
         FROM series WHERE series_id = ANY($1)",
        series,
    )
    .fetch_all(connection)
    .await?;
    let seat = |frequency: &str, scope, extent| -> Result<Seat> {
        let frequency = frequency.parse().map_err(|reason: String| {
            crate::error::Error::internal("reading the frequency of a stored series", reason)
        })?;
        Ok(Seat { frequency, scope, extent })
    };
    rows.into_iter()
        .map(|row| {
            let extent =
                Extent { first: row.first_period, last: row.last_period, observations: row.observations };
            Ok((row.series_id, seat(&row.frequency, row.scope, extent)?))
        })
        .collect()
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
fn last_changes(change: &Change<'_>, cells: &Cells) -> HashMap<i64, i32> {
    let mut changed: HashSet<i32> = change.dead.iter().copied().collect();
    changed.extend(change.taken.iter().map(|taken| taken.release));
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

/// Brings up to date how far the figures of each series reach, and which release last changed one.
async fn update_series(connection: &mut PgConnection, turn: &Turn) -> Result<()> {
    let Turn { extents, old, new, last, .. } = turn;
    let changed = old.changed_series(new);
    let extent = |series: &i64| extents.get(series).copied().unwrap_or_default();
    let extents: Vec<Extent> = changed.iter().map(extent).collect();
    let first: Vec<Option<i32>> = extents.iter().map(|e| e.first).collect();
    let end: Vec<Option<i32>> = extents.iter().map(|e| e.last).collect();
    let counts: Vec<i32> = extents.iter().map(|e| e.observations).collect();
    let releases: Vec<Option<i32>> = changed.iter().map(|series| last.get(series).copied()).collect();
    sqlx::query!(
        "UPDATE series SET first_period = new.first, last_period = new.last, observations = new.count,
                           updated_by = coalesce(new.release, updated_by)
         FROM UNNEST($1::bigint[], $2::integer[], $3::integer[], $4::integer[], $5::integer[])
              AS new (series_id, first, last, count, release)
         WHERE series.series_id = new.series_id",
        &changed,
        &first as &[Option<i32>],
        &end as &[Option<i32>],
        &counts,
        &releases as &[Option<i32>],
    )
    .execute(connection)
    .await?;
    Ok(())
}

async fn write_notes(connection: &mut PgConnection, change: &Change<'_>) -> Result<()> {
    let escaped = |note: &str| {
        note.replace('\\', "\\\\").replace('\n', "\\n").replace('\r', "\\r").replace('\t', "\\t")
    };
    let lines = change.taken.iter().flat_map(|taken| {
        taken.part.observations.iter().filter_map(move |row| {
            let (series, note) = (change.series[row.series].id, row.note.as_deref()?);
            Some(format!("{series}\t{}\t{}\t{}\n", row.period, taken.release, escaped(note)))
        })
    });
    copy(connection, "COPY observation_note FROM STDIN", lines).await
}

async fn write_counts(connection: &mut PgConnection, change: &Change<'_>, counts: &Counts) -> Result<()> {
    let releases: Vec<i32> = change.taken.iter().map(|taken| taken.release).collect();
    let count = |release: &i32| counts.get(release).copied().unwrap_or_default();
    let (restated, confirmed): (Vec<i32>, Vec<i32>) = releases.iter().map(count).unzip();
    sqlx::query!(
        "UPDATE release SET restated_count = new.restated, confirmed_count = new.confirmed
         FROM UNNEST($1::integer[], $2::integer[], $3::integer[]) AS new (release_id, restated, confirmed)
         WHERE release.release_id = new.release_id",
        &releases,
        &restated,
        &confirmed,
    )
    .execute(connection)
    .await?;
    Ok(())
}
