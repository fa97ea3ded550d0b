//! Reads stored series: first which there are, then their figures, each from one snapshot of the vocabulary's versions.

mod array;
mod availability;
mod cancel;
mod connections;
mod few;
mod held;
mod holding;
mod listed;
mod named;
mod sums;
mod together;

use std::sync::Arc;

use foldhash::{HashMap, HashMapExt as _};
use futures_util::TryStreamExt as _;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, PgConnection, PgPool, Postgres, Row as _};

pub use availability::{Available, Count};
pub use cancel::Cancel;
pub use connections::{Connection, Connections, Lease, Snapshot};
pub use held::Listing;
use holding::{Holding, add_cells, add_figures, cell};
pub use listed::Listed;
use listed::listed;
pub use named::{Named, first_of_each, with_codes};
pub use sums::OfPeriod;
pub use together::Together;

use super::complete;
use super::dataset::{Dataset, Vocabulary};
use super::derive::Track;
use super::past::{self, Cells, Past};
use super::plan::Plan;
use super::reach::{self, Reach};
use super::rollup::{self, Rollup};
use super::sql::{self, Bind, MOST_SERIES, Statement};
use super::target::{self, Stored, Target};
use crate::database::{Admission, Gate};
use crate::error::{Error, Result};

/// What is read, and at which state of the data.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a> {
    /// Where the statements go.
    pub connections: Connections<'a>,
    /// The query.
    pub plan: &'a Plan,
    /// Its dataset.
    pub dataset: &'a Dataset,
    /// The vocabulary that the query was understood by. What is read must be of the same versions.
    pub vocabulary: &'a Vocabulary,
    /// Only releases up to this one count; `None` counts all.
    pub pin: Option<i32>,
    /// Whether all figures are read, though those of the window are enough for the answer.
    pub reads_all: bool,
    /// Where those wait who read many figures; `None` where they are bounded in another way.
    pub heavy: Option<&'a Gate>,
}

/// The figures of some stored series.
#[derive(Debug, Default)]
pub struct Figures {
    /// By series.
    pub tracks: HashMap<i64, Track>,
    /// With a past state: figures whose first document came over 24 months late, or is undated; by series, their periods.
    pub late: HashMap<i64, Vec<i32>>,
}

/// The most stored figures that are read at once, such as those that one total is the sum of.
pub const MOST_FIGURES: i64 = 5_000_000;

impl<'a> Reader<'a> {
    /// A reader of what holds now, that waits for nobody.
    pub const fn now(
        pool: &'a PgPool,
        plan: &'a Plan,
        (dataset, vocabulary): (&'a Dataset, &'a Vocabulary),
    ) -> Self {
        Self {
            connections: Connections::Pool(pool),
            plan,
            dataset,
            vocabulary,
            pin: None,
            reads_all: false,
            heavy: None,
        }
    }

    /// The stored series that a plan selects. [`Error::Moved`] where the data is no longer of the vocabulary's versions.
    pub async fn series(&self, plan: &Plan) -> Result<Vec<Stored>> {
        self.stored(&sql::series(plan, self.dataset, self.is_past())).await
    }

    async fn stored(&self, statement: &Statement) -> Result<Vec<Stored>> {
        let mut stored = Vec::new();
        let mut connection = self.connections.one().await?;
        self.each_row(&mut connection, statement, |row| {
            if let Some(id) = row.try_get::<Option<i64>, _>("series_id")? {
                stored.push(listed(row, id)?);
            }
            Ok(())
        })
        .await?;
        if stored.len() > MOST_SERIES {
            return Err(Error::too_much_of("series", MOST_SERIES as u64));
        }
        Ok(stored)
    }

    /// The targets of a plan, and the stored series that they may be made of.
    pub async fn targets(&self, plan: &Plan) -> Result<(Vec<Target>, Listing)> {
        let by = (self.dataset, self.vocabulary);
        if self.dataset.complete {
            let rollup = self.rollup(plan);
            let wider = complete::ingredients(plan, by, rollup.map(|rollup| &rollup.grain));
            let listing = match rollup {
                Some(rollup) => self.rolled(&wider, rollup).await?,
                None => self.listing(&wider).await?,
            };
            return Ok((complete::targets(plan, by, (&listing.stored, rollup.is_some()))?, listing));
        }
        let listing = self.listing(&target::ingredients(plan, self.dataset)).await?;
        Ok((target::targets(plan, self.dataset, &listing.stored), listing))
    }

    /// The rollup that the targets of a plan are made from; `None` where they are made from the finest series.
    pub fn rollup(&self, plan: &Plan) -> Option<&'a Rollup> {
        if self.is_past() { None } else { rollup::smallest(plan, (self.dataset, self.vocabulary)) }
    }

    /// The figures that targets are made of, of the stored series that they may be made of, at the plan's date and the reader's pin.
    pub async fn figures(&self, targets: &[&Target], stored: &[&Stored]) -> Result<Figures> {
        let count: i64 = stored.iter().map(|one| i64::from(one.observations)).sum();
        if count > MOST_FIGURES {
            return Err(Error::too_much_of("figures", MOST_FIGURES.unsigned_abs()));
        }
        if self.is_past() {
            return self.figures_then(stored).await;
        }
        if self.reads_all {
            return self.figures_within(stored, Reach::ALL).await;
        }
        if let Some(recent) = reach::recent(self.plan, self.dataset, (targets, stored)) {
            let figures = self.figures_within(stored, recent).await?;
            if figures.tracks.values().all(|track| track.iter().all(|(_, cell)| cell.figure.is_some())) {
                return Ok(figures);
            }
        }
        self.figures_within(stored, reach::reach(self.plan, self.dataset, stored)).await
    }

    /// The figures of stored series that hold now, within reach.
    async fn figures_within(&self, stored: &[&Stored], reach: Reach) -> Result<Figures> {
        let ids = |are_sums| -> Vec<i64> {
            stored.iter().filter(|one| one.is_sum == are_sums).map(|one| one.id).collect()
        };
        let (sums, stated) = (ids(true), ids(false));
        let mut tracks = HashMap::new();
        if !sums.is_empty() {
            tracks = self.sums(&sums, reach).await?;
        }
        if !stated.is_empty() {
            let statement = sql::figures(self.dataset, &stated, reach);
            let mut connection = self.connections.one().await?;
            let add = |track: &mut Track, row: &PgRow| add_figures(track, row, reach.periods);
            tracks.extend(self.by_series(&mut connection, &statement, add).await?);
        }
        Ok(Figures { tracks, late: HashMap::new() })
    }

    /// The figures of stored series as they stood at the plan's date and the reader's pin. Sums are not kept of then.
    async fn figures_then(&self, stored: &[&Stored]) -> Result<Figures> {
        let ids: Vec<i64> = stored.iter().map(|one| one.id).collect();
        let mut connection = self.connections.of_one_state().await?;
        let mut holding = self.holding(&mut connection, &ids).await?;
        let past = past::read(&mut connection, &ids).await?;
        connection.done().await?;
        let mut figures = Figures::default();
        for one in stored {
            let cells = self.cells(one.id, holding.remove(&one.id).unwrap_or_default(), &past);
            let (track, late) = self.past(one, &cells, &past);
            figures.tracks.insert(one.id, track);
            figures.late.insert(one.id, late);
        }
        Ok(figures)
    }

    /// The same series with where what they have ever stated begins and ends, and how much that may be.
    pub async fn ever(&self, stored: &[Stored]) -> Result<Vec<Stored>> {
        let ids: Vec<i64> = stored.iter().map(|one| one.id).collect();
        let gone = past::extents(&mut *self.connections.one().await?, &ids).await?;
        let with_past = |one: &Stored| {
            let Some(&(first, last, count)) = gone.get(&one.id) else { return one.clone() };
            let (from, to) = one.span.unwrap_or((first, last));
            let observations = one.observations.saturating_add(count);
            Stored { span: Some((from.min(first), to.max(last))), observations, ..one.clone() }
        };
        Ok(stored.iter().map(with_past).collect())
    }

    /// Up to `limit` series of the plan behind the one with this group key and source, without their figures. `gone` takes
    /// those too that have none now.
    pub async fn list(
        &self,
        after: Option<(String, String)>,
        (limit, gone): (usize, bool),
    ) -> Result<Vec<Listed>> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.listed(&sql::series_list(self.plan, self.dataset, after, (limit, gone))).await
    }

    /// Up to `limit` series of the plan of which some releases state or withdraw a figure, from a group key and source on.
    pub async fn touched(
        &self,
        releases: &[i32],
        (group, source): (String, String),
        limit: usize,
    ) -> Result<Vec<Listed>> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.listed(&sql::touched(self.plan, self.dataset, releases, (group, source, limit))).await
    }

    async fn listed(&self, statement: &Statement) -> Result<Vec<Listed>> {
        let mut listed = Vec::new();
        for row in &self.rows(statement).await? {
            same_versions(row, self.vocabulary, &self.plan.dataset)?;
            if row.try_get::<Option<String>, _>("group_key")?.is_some() {
                listed.push(Listed::new(row)?);
            }
        }
        Ok(listed)
    }

    /// Everything that was ever stated of each cell of some stored series, in their order, and what is noted of it.
    pub async fn vintages(&self, ids: &[i64]) -> Result<(Vec<Cells>, Past)> {
        let mut connection = self.connections.of_one_state().await?;
        let mut holding = self.holding(&mut connection, ids).await?;
        let past = past::read(&mut connection, ids).await?;
        connection.done().await?;
        let cells = ids.iter().map(|id| self.cells(*id, holding.remove(id).unwrap_or_default(), &past));
        Ok((cells.collect(), past))
    }

    /// The lists of texts that a statement selects.
    pub async fn texts(&self, statement: &Statement) -> Result<Vec<Vec<String>>> {
        let rows = self.rows(statement).await?;
        rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
    }

    async fn rows(&self, statement: &Statement) -> Result<Vec<PgRow>> {
        let mut connection = self.connections.one().await?;
        Ok(bound(statement).fetch_all(&mut *connection).await?)
    }

    /// Waits until it may read many figures. [`Error::Busy`] where too many others do so for too long.
    pub async fn admitted(&self) -> Result<Option<Admission>> {
        match self.heavy {
            Some(gate) => {
                // Who waits keeps no connection from others.
                self.connections.give_back().await;
                gate.wait().await.map(Some)
            }
            None => Ok(None),
        }
    }

    /// Whether it reads another state than the one that holds now.
    pub const fn is_past(&self) -> bool {
        self.plan.as_of.is_some() || self.pin.is_some()
    }

    /// What holds now of some series.
    async fn holding(&self, connection: &mut PgConnection, ids: &[i64]) -> Result<HashMap<i64, Holding>> {
        let statement = sql::cells(&self.plan.dataset, ids);
        self.by_series(connection, &statement, add_cells).await
    }

    /// What `add` makes of the chunks that a statement reads, a row each, by series.
    async fn by_series<T: Default>(
        &self,
        connection: &mut PgConnection,
        statement: &Statement,
        add: impl Fn(&mut T, &PgRow) -> Result<()>,
    ) -> Result<HashMap<i64, T>> {
        let mut all: HashMap<i64, T> = HashMap::new();
        self.each_row(connection, statement, |row| match row.try_get("series_id")? {
            Some(id) => add(all.entry(id).or_default(), row),
            None => Ok(()),
        })
        .await?;
        Ok(all)
    }

    /// Takes the rows of a statement as they come: there may be very many. [`Error::Moved`] where they are no longer of the
    /// vocabulary's versions, which each row of a statement tells alike.
    async fn each_row(
        &self,
        connection: &mut PgConnection,
        statement: &Statement,
        mut take: impl FnMut(&PgRow) -> Result<()>,
    ) -> Result<()> {
        let mut rows = bound(statement).fetch(connection);
        let mut is_first = true;
        while let Some(row) = rows.try_next().await? {
            if std::mem::take(&mut is_first) {
                same_versions(&row, self.vocabulary, &self.plan.dataset)?;
            }
            take(&row)?;
        }
        Ok(())
    }

    /// Everything that was ever stated of each cell.
    fn cells(&self, id: i64, holding: Holding, past: &Past) -> Cells {
        past.cells(id, holding.into_iter(), &self.vocabulary.releases)
    }

    /// The series as it stood at the plan's date and the reader's pin, and the periods whose figures came late.
    fn past(&self, stored: &Stored, cells: &Cells, past: &Past) -> (Track, Vec<i32>) {
        let day = self.plan.as_of.as_ref().map(|dated| dated.day);
        let (mut track, mut late) = (Track::new(), Vec::new());
        for (&period, statements) in cells {
            if day.is_some_and(|day| past::is_late(statements, stored.frequency, period, day)) {
                late.push(period);
            }
            if let Some(winner) = super::overlay::winner(statements, day, self.pin) {
                let note = past.note(stored.id, period, winner.release).map(Arc::from);
                track.insert(period, cell(winner.value, winner.status, winner.release, note));
            }
        }
        (track, late)
    }
}

/// Refuses a row that was read at other versions than those that the query was understood by.
fn same_versions(row: &PgRow, vocabulary: &Vocabulary, dataset: &str) -> Result<()> {
    for (column, collection) in [("dataset", dataset), ("codes", "codes"), ("sources", "sources")] {
        if row.try_get::<Option<i64>, _>(column)?.unwrap_or_default() != vocabulary.version(collection) {
            return Err(Error::Moved);
        }
    }
    Ok(())
}

/// The statement as the driver takes it.
fn bound(statement: &Statement) -> Query<'_, Postgres, PgArguments> {
    // The text holds no value of a request: see the module that writes it.
    let mut query = sqlx::query(AssertSqlSafe(statement.text.clone()));
    for bind in &statement.binds {
        query = match bind {
            Bind::Text(text) => query.bind(text.as_str()),
            Bind::Texts(texts) => query.bind(texts.as_slice()),
            Bind::MaybeTexts(texts) => query.bind(texts.as_deref()),
            Bind::Number(number) => query.bind(*number),
            Bind::Numbers(numbers) => query.bind(numbers.as_slice()),
        };
    }
    query
}
