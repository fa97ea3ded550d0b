//! Keeping the rollups of a dataset right while its figures change: what differs is added to the sums that it is part of, and only
//! these are written.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use sqlx::PgConnection;

use super::build::{clear, count_series, keep_codes};
use super::members::{Above, Codes, Lists, Mapping, Member, Numbers, frequency};
use super::sum::{COPY_CHUNKS, Figure, Row, Run};
use super::sums::{self, Place, Shelf, Summed, Sums};
use super::{Kept, kept};
use crate::error::Result;
use crate::ingest::binary::Rows;
use crate::timeseries::dataset::Dataset;
use crate::timeseries::key::{Dimension, series_id, series_key};
use crate::timeseries::period::Frequency;
use crate::timeseries::rollup::Grain;

/// How many series of rollups are written at once.
const BATCH: usize = 1_000;

/// The most parts of a new series that are looked for, and how many series are looked for at once.
const MOST_PARTS: usize = 10_000;

/// A cell that came to hold another figure: its period, what it held and what it holds.
pub type Changed = (i32, Option<Figure>, Option<Figure>);

/// What changes in the rollups of a dataset.
pub struct Keeper {
    dataset: Dataset,
    lists: Lists,
    rollups: Vec<(i32, Grain)>,
    mappings: Vec<Mapping>,
    numbers: Numbers,
    differences: Sums,
    /// Series that had no figure before.
    fresh: Vec<Member>,
}

impl Keeper {
    /// Of a dataset; `None` where it has no rollups.
    pub async fn of(connection: &mut PgConnection, dataset: &str) -> Result<Option<Self>> {
        let Some(Kept { dataset, lists, rollups }) = kept(connection, dataset).await? else {
            return Ok(None);
        };
        let mappings = rollups.iter().map(|(_, grain)| Mapping::new(grain.clone())).collect();
        let (numbers, differences, fresh) = (Numbers::default(), Sums::new(), Vec::new());
        Ok(Some(Self { dataset, lists, rollups, mappings, numbers, differences, fresh }))
    }

    /// Takes notice of changed cells, by series.
    pub async fn note(
        &mut self,
        connection: &mut PgConnection,
        changed: &BTreeMap<i64, Vec<Changed>>,
    ) -> Result<()> {
        for member in self.members(connection, changed).await? {
            let cells = &changed[&member.id];
            let figures = |of: fn(&Changed) -> Option<Figure>| {
                cells.iter().filter_map(move |changed| Some((changed.0, of(changed)?)))
            };
            for (rollup, mapping) in self.mappings.iter_mut().enumerate() {
                let to = (rollup, mapping.map(&member.codes, &mut self.numbers, &self.lists));
                sums::add(&mut self.differences, to, &member, figures(|changed| changed.1), -1)?;
                sums::add(&mut self.differences, to, &member, figures(|changed| changed.2), 1)?;
            }
        }
        Ok(())
    }

    async fn members(
        &mut self,
        connection: &mut PgConnection,
        changed: &BTreeMap<i64, Vec<Changed>>,
    ) -> Result<Vec<Member>> {
        let ids: Vec<i64> = changed.keys().copied().collect();
        let rows = sqlx::query!(
            "SELECT series_id, frequency, observations = 0 AS \"is_new!\", ARRAY[measure, source, geo, maker, brand, model, vehicle_class, powertrain,
                    operator, access, current] AS \"codes!\"
             FROM series WHERE series_id = ANY($1)",
            &ids,
        );
        let mut members = Vec::with_capacity(ids.len());
        for row in rows.fetch_all(connection).await? {
            let mut codes = Codes::default();
            for (dimension, code) in Dimension::ALL.into_iter().zip(&row.codes) {
                codes[dimension as usize] = self.numbers.of(dimension, code);
            }
            let member = Member { id: row.series_id, frequency: frequency(&row.frequency)?, codes };
            // What a series states now is counted only after this.
            if row.is_new {
                self.fresh.push(member);
            }
            members.push(member);
        }
        Ok(members)
    }

    /// Writes what differs. Where the dataset came to have figures of a series beside some of its parts, there are no rollups any
    /// more.
    pub async fn write(mut self, connection: &mut PgConnection) -> Result<()> {
        if let Some(series) = self.coarse(connection).await? {
            let dataset = &self.dataset.name;
            tracing::warn!(%dataset, series, "figures stand beside those of their parts: no rollups are kept");
            return clear(connection, dataset).await;
        }
        let mut differences: Vec<(Place, Summed)> =
            std::mem::take(&mut self.differences).into_iter().collect();
        differences.sort_by_key(|(place, _)| (place.rollup, place.codes));
        let Dataset { name, dimensions, .. } = &self.dataset;
        let kept = Shelf { dataset: name, dimensions, rollups: &self.rollups, numbers: &self.numbers };
        for some in differences.chunks(BATCH) {
            Writing { kept, some }.write(connection).await?;
        }
        count_series(connection, name).await
    }

    /// A series that a new one is a part of, or that is a part of a new one; one that may have very many parts is taken for having
    /// one, and building anew then tells for certain.
    async fn coarse(&mut self, connection: &mut PgConnection) -> Result<Option<String>> {
        let name = self.dataset.name.clone();
        let known = sqlx::query!("SELECT dimension, code FROM rollup_code WHERE dataset = $1", name);
        for row in known.fetch_all(&mut *connection).await? {
            if let Some(dimension) = Dimension::from_name(&row.dimension) {
                self.numbers.of(dimension, &row.code);
            }
        }
        keep_codes(connection, &name, &self.numbers).await?;
        let above = Above::of(&self.numbers, &self.lists);
        let below = above.turned();
        let mut related = Vec::new();
        for member in &self.fresh {
            if below.count(&member.codes) > MOST_PARTS {
                return Ok(Some(self.id(member.frequency, &member.codes).to_string()));
            }
            let (wholes, parts) = (above.wholes(&member.codes), below.wholes(&member.codes));
            related.extend(wholes.iter().chain(&parts).map(|codes| self.id(member.frequency, codes)));
        }
        for some in related.chunks(MOST_PARTS) {
            let found = sqlx::query_scalar!(
                "SELECT group_key FROM series WHERE series_id = ANY($1) AND observations > 0 LIMIT 1",
                some,
            );
            if let Some(key) = found.fetch_optional(&mut *connection).await? {
                return Ok(Some(key));
            }
        }
        Ok(None)
    }

    fn id(&self, frequency: Frequency, codes: &Codes) -> i64 {
        let code = |dimension: &Dimension| self.numbers.name(*dimension, codes[*dimension as usize]);
        series_id(&series_key(&self.dataset.name, frequency, self.dataset.dimensions.iter().map(code)))
    }
}

/// Some differences on their way to the tables.
struct Writing<'a> {
    kept: Shelf<'a>,
    some: &'a [(Place, Summed)],
}

impl Writing<'_> {
    async fn write(self, connection: &mut PgConnection) -> Result<()> {
        let known = self.known(connection).await?;
        let id = |(place, _): &(Place, Summed)| (self.kept.rollups[place.rollup].0, self.kept.id(place));
        let (there, new): (Vec<_>, Vec<_>) =
            self.some.iter().cloned().partition(|difference| known.contains(&id(difference)));
        self.kept.write(connection, &new).await?;
        let (stored, sums): (Vec<_>, Vec<_>) = there.iter().partition(|(place, _)| place.stored.is_some());
        let mut runs = chunks(connection, &sums.iter().map(|one| id(one).1).collect::<Vec<_>>()).await?;
        let (mut keys, mut rows) = ((Vec::new(), Vec::new()), Rows::default());
        let mut grown: BTreeMap<(i32, i64), i32> = BTreeMap::new();
        for difference in sums {
            let key = id(difference);
            for (&number, run) in &difference.1 {
                let mut kept = runs.remove(&(key.1, number)).unwrap_or_default();
                let count = |run: &Run| i32::try_from(run.cells().count()).unwrap_or_default();
                let before = count(&kept);
                if !kept.join(run) {
                    return Err(sums::beyond());
                }
                *grown.entry(key).or_default() += count(&kept) - before;
                kept.encode((key.1, number), &mut rows);
                keys.0.push(key.1);
                keys.1.push(number);
            }
        }
        sqlx::query!(
            "DELETE FROM rollup_chunk USING UNNEST($1::bigint[], $2::integer[]) AS gone (series_id, chunk)
             WHERE rollup_chunk.series_id = gone.series_id AND rollup_chunk.chunk = gone.chunk",
            &keys.0,
            &keys.1,
        )
        .execute(&mut *connection)
        .await?;
        rows.copy(connection, COPY_CHUNKS).await?;
        update(connection, &grown).await?;
        follow(connection, &stored.iter().map(|one| id(one)).collect::<Vec<_>>()).await
    }

    /// The series that are there already, by rollup and id.
    async fn known(&self, connection: &mut PgConnection) -> Result<BTreeSet<(i32, i64)>> {
        let (rollups, ids): (Vec<i32>, Vec<i64>) = self
            .some
            .iter()
            .map(|(place, _)| (self.kept.rollups[place.rollup].0, self.kept.id(place)))
            .unzip();
        let rows = sqlx::query!(
            "SELECT s.rollup_id, s.series_id FROM rollup_series s
             JOIN UNNEST($1::integer[], $2::bigint[]) AS it (rollup_id, series_id) USING (rollup_id, series_id)",
            &rollups,
            &ids,
        );
        let rows = rows.fetch_all(connection).await?;
        Ok(rows.into_iter().map(|row| (row.rollup_id, row.series_id)).collect())
    }
}

/// The stored chunks of some sums.
async fn chunks(connection: &mut PgConnection, ids: &[i64]) -> Result<HashMap<(i64, i32), Run>> {
    let rows = sqlx::query!(
        "SELECT series_id, chunk, first_period, \"values\" AS \"values!: Vec<Option<i64>>\", parts, statuses,
                releases AS \"releases!: Vec<Option<i32>>\", mixed
         FROM rollup_chunk WHERE series_id = ANY($1)",
        ids,
    );
    let rows = rows.fetch_all(connection).await?.into_iter().map(|row| {
        let (first_period, values, parts) = (row.first_period, row.values, row.parts);
        let (statuses, releases, mixed) = (row.statuses, row.releases, row.mixed);
        let run = Run::decode(Row { first_period, values, parts, statuses, releases, mixed });
        ((row.series_id, row.chunk), run)
    });
    Ok(rows.collect())
}

/// Brings up to date where sums begin and end, and how many figures they have: so many more than before.
async fn update(connection: &mut PgConnection, grown: &BTreeMap<(i32, i64), i32>) -> Result<()> {
    let (rollups, ids): (Vec<i32>, Vec<i64>) = grown.keys().copied().unzip();
    let more: Vec<i32> = grown.values().copied().collect();
    sqlx::query!(
        "UPDATE rollup_series s SET observations = s.observations + it.more, first_period = c.first, last_period = c.last
         FROM UNNEST($1::integer[], $2::bigint[], $3::integer[]) AS it (rollup_id, series_id, more),
              LATERAL (SELECT min(first_period) AS first, max(first_period + cardinality(\"values\") - 1) AS last
                       FROM rollup_chunk WHERE rollup_chunk.series_id = it.series_id) AS c
         WHERE s.rollup_id = it.rollup_id AND s.series_id = it.series_id",
        &rollups,
        &ids,
        &more,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The same of those that are stored series themselves.
async fn follow(connection: &mut PgConnection, stored: &[(i32, i64)]) -> Result<()> {
    let (rollups, ids): (Vec<i32>, Vec<i64>) = stored.iter().copied().unzip();
    sqlx::query!(
        "UPDATE rollup_series s
         SET observations = o.observations, first_period = o.first_period, last_period = o.last_period
         FROM UNNEST($1::integer[], $2::bigint[]) AS it (rollup_id, series_id) JOIN series o USING (series_id)
         WHERE s.rollup_id = it.rollup_id AND s.series_id = it.series_id",
        &rollups,
        &ids,
    )
    .execute(connection)
    .await?;
    Ok(())
}
