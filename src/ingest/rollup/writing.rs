//! Differences of sums on their way to the tables: new sums are added, to others cells are put behind those that they have, and where
//! the cells themselves are others, the chunks that have them are read and written anew.

use std::collections::{BTreeMap, HashMap};

use sqlx::PgConnection;

use super::sum::{COPY_CHUNKS, Row, Run};
use super::sums::{self, Place, Shelf, Summed};
use crate::error::Result;
use crate::ingest::binary::Rows;
use crate::ingest::lines::array;
use crate::ingest::store::went_to_all;

/// A sum by rollup and series.
type Key = (i32, i64);

/// A sum that is there already, and how it differs.
type Difference<'a> = (Key, &'a Place, &'a Summed);

/// Writes some differences.
pub async fn write(connection: &mut PgConnection, kept: Shelf<'_>, some: &[(Place, Summed)]) -> Result<()> {
    let key = |place: &Place| (kept.rollups[place.rollup].0, kept.id(place));
    let all: Vec<Difference<'_>> = some.iter().map(|(place, summed)| (key(place), place, summed)).collect();
    let known = known(connection, &all).await?;
    let (there, new): (Vec<_>, Vec<_>) = all.into_iter().partition(|(key, ..)| known.contains_key(key));
    let new: Vec<(Place, Summed)> =
        new.into_iter().map(|(_, place, summed)| (*place, summed.clone())).collect();
    kept.write(connection, &new).await?;
    let (stored, sums): (Vec<_>, Vec<_>) =
        there.into_iter().partition(|(_, place, _)| place.stored.is_some());
    let (behind, among): (Vec<_>, Vec<_>) =
        sums.into_iter().partition(|(key, _, summed)| is_behind(summed, known[key]));
    Behind::of(&behind, &known).write(connection).await?;
    rewrite(connection, &among).await?;
    follow(connection, &stored.iter().map(|(key, ..)| *key).collect::<Vec<_>>()).await
}

/// The sums that are there already, each with its last period.
async fn known(connection: &mut PgConnection, all: &[Difference<'_>]) -> Result<HashMap<Key, Option<i32>>> {
    let (rollups, ids): (Vec<i32>, Vec<i64>) = all.iter().map(|(key, ..)| *key).unzip();
    let rows = sqlx::query!(
        "SELECT s.rollup_id, s.series_id, s.last_period FROM rollup_series s
         JOIN UNNEST($1::integer[], $2::bigint[]) AS it (rollup_id, series_id) USING (rollup_id, series_id)",
        &rollups,
        &ids,
    );
    let rows = rows.fetch_all(connection).await?;
    Ok(rows.into_iter().map(|row| ((row.rollup_id, row.series_id), row.last_period)).collect())
}

/// Whether a difference only adds cells behind the last one.
fn is_behind(summed: &Summed, last: Option<i32>) -> bool {
    let is = |run: &Run| {
        let first = run.bounds().map(|(first, _)| first);
        run.only_adds() && first.zip(last).is_some_and(|(first, last)| first > last)
    };
    summed.values().all(is)
}

/// What is put behind the last cells of sums: to chunks column by column, as new chunks, and how much that is of each sum.
#[derive(Default)]
struct Behind {
    ids: Vec<i64>,
    numbers: Vec<i32>,
    firsts: Vec<i32>,
    values: Vec<String>,
    parts: Vec<String>,
    statuses: Vec<Option<Vec<u8>>>,
    releases: Vec<String>,
    new: Rows,
    grown: Vec<(Key, i32, i32)>,
}

impl Behind {
    fn of(all: &[Difference<'_>], known: &HashMap<Key, Option<i32>>) -> Self {
        let mut behind = Self::default();
        for (key, place, summed) in all {
            let last = known[key].map(|last| place.frequency.chunk(last));
            for (&number, run) in *summed {
                if last == Some(number) {
                    behind.ids.push(key.1);
                    behind.numbers.push(number);
                    behind.put(run.row().unwrap_or_default());
                } else {
                    run.encode((key.1, number), &mut behind.new);
                }
            }
            let more = summed.values().map(|run| run.cells().count()).sum::<usize>();
            if let Some((_, last)) = summed.values().filter_map(Run::bounds).next_back() {
                behind.grown.push((*key, i32::try_from(more).unwrap_or_default(), last));
            }
        }
        behind
    }

    fn put(&mut self, row: Row) {
        self.firsts.push(row.first_period);
        self.values.push(array(&row.values));
        self.parts.push(array(&row.parts.into_iter().map(Some).collect::<Vec<_>>()));
        self.statuses.push(row.statuses);
        self.releases.push(array(&row.releases));
    }

    async fn write(mut self, connection: &mut PgConnection) -> Result<()> {
        std::mem::take(&mut self.new).copy(connection, COPY_CHUNKS).await?;
        self.extend(connection).await?;
        let keys = self.grown.iter().map(|(key, ..)| *key);
        let (rollups, ids): (Vec<i32>, Vec<i64>) = keys.unzip();
        let (more, last): (Vec<i32>, Vec<i32>) =
            self.grown.iter().map(|(_, more, last)| (*more, *last)).unzip();
        sqlx::query!(
            "UPDATE rollup_series s SET observations = s.observations + it.more, last_period = it.last
             FROM UNNEST($1::integer[], $2::bigint[], $3::integer[], $4::integer[]) AS it (rollup_id, series_id, more, last)
             WHERE s.rollup_id = it.rollup_id AND s.series_id = it.series_id",
            &rollups,
            &ids,
            &more,
            &last,
        )
        .execute(connection)
        .await?;
        Ok(())
    }

    /// Arrays of arrays have to be of one length, so each array comes as its text.
    async fn extend(&self, connection: &mut PgConnection) -> Result<()> {
        if self.ids.is_empty() {
            return Ok(());
        }
        let written = sqlx::query!(
            "UPDATE rollup_chunk c
             SET \"values\" = c.\"values\" || array_fill(NULL::bigint, ARRAY[it.first_period - c.first_period - cardinality(c.releases)])
                     || it.more::bigint[],
                 parts = c.parts || array_fill(0, ARRAY[it.first_period - c.first_period - cardinality(c.releases)])
                     || it.parts::integer[],
                 releases = c.releases || array_fill(NULL::integer, ARRAY[it.first_period - c.first_period - cardinality(c.releases)])
                     || it.stating::integer[],
                 statuses = CASE WHEN c.statuses IS NOT NULL OR it.letters IS NOT NULL THEN
                     coalesce(c.statuses, convert_to(repeat('A', cardinality(c.releases)), 'UTF8'))
                     || convert_to(repeat('A', it.first_period - c.first_period - cardinality(c.releases)), 'UTF8')
                     || coalesce(it.letters, convert_to(repeat('A', cardinality(it.stating::integer[])), 'UTF8')) END
             FROM UNNEST($1::bigint[], $2::integer[], $3::integer[], $4::text[], $5::text[], $6::bytea[], $7::text[])
                  AS it (series_id, chunk, first_period, more, parts, letters, stating)
             WHERE c.series_id = it.series_id AND c.chunk = it.chunk",
            &self.ids,
            &self.numbers,
            &self.firsts,
            &self.values,
            &self.parts,
            &self.statuses as &[Option<Vec<u8>>],
            &self.releases,
        )
        .execute(connection)
        .await?;
        went_to_all(written.rows_affected(), self.ids.len())
    }
}

/// Joins differences with the chunks that they fall into.
async fn rewrite(connection: &mut PgConnection, among: &[Difference<'_>]) -> Result<()> {
    if among.is_empty() {
        return Ok(());
    }
    let place = |(key, _, summed): &Difference<'_>| {
        let id = key.1;
        summed.keys().map(move |number| (id, *number)).collect::<Vec<_>>()
    };
    let (ids, numbers): (Vec<i64>, Vec<i32>) = among.iter().flat_map(place).unzip();
    let mut runs = chunks(connection, (&ids, &numbers)).await?;
    let mut rows = Rows::default();
    let mut grown: BTreeMap<Key, i32> = BTreeMap::new();
    for (key, _, summed) in among {
        for (&number, run) in *summed {
            let mut kept = runs.remove(&(key.1, number)).unwrap_or_default();
            let count = |run: &Run| i32::try_from(run.cells().count()).unwrap_or_default();
            let before = count(&kept);
            if !kept.join(run) {
                return Err(sums::beyond());
            }
            *grown.entry(*key).or_default() += count(&kept) - before;
            kept.encode((key.1, number), &mut rows);
        }
    }
    sqlx::query!(
        "DELETE FROM rollup_chunk USING UNNEST($1::bigint[], $2::integer[]) AS gone (series_id, chunk)
         WHERE rollup_chunk.series_id = gone.series_id AND rollup_chunk.chunk = gone.chunk",
        &ids,
        &numbers,
    )
    .execute(&mut *connection)
    .await?;
    rows.copy(connection, COPY_CHUNKS).await?;
    update(connection, &grown).await
}

/// Some stored chunks of sums.
pub async fn chunks(
    connection: &mut PgConnection,
    (ids, numbers): (&[i64], &[i32]),
) -> Result<HashMap<(i64, i32), Run>> {
    let rows = sqlx::query!(
        "SELECT series_id, chunk, first_period, \"values\" AS \"values!: Vec<Option<i64>>\", parts, statuses,
                releases AS \"releases!: Vec<Option<i32>>\", mixed
         FROM rollup_chunk JOIN UNNEST($1::bigint[], $2::integer[]) AS it (series_id, chunk) USING (series_id, chunk)",
        ids,
        numbers,
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
async fn update(connection: &mut PgConnection, grown: &BTreeMap<Key, i32>) -> Result<()> {
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
async fn follow(connection: &mut PgConnection, stored: &[Key]) -> Result<()> {
    if stored.is_empty() {
        return Ok(());
    }
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
