//! Making all rollups of a dataset anew, in one walk through its finest series.
//!
//! The walk goes through the codes of one dimension in the order of their tree, so that whatever lies behind it is written and
//! forgotten: of a dimension of places, the sums of a city when the city is done, those of its province when the province is.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::by_period;
use super::choice::{self, Candidate};
use super::members::{Lists, Mapping, Member, Members, Numbers};
use super::sum::Figure;
use super::sums::{self, Place, Shelf, Summed, Sums};
use crate::error::Result;
use crate::timeseries::dataset::Dataset;
use crate::timeseries::key::Dimension;
use crate::timeseries::rollup::{Grain, Level};

/// How many stored series are read at once.
const BATCH: usize = 1_000;

/// The sums of a rollup with no more series than this are held until all are done: it is read as a whole, and so lies together.
const FEW: u64 = 256;

/// How many times as much as all others the largest code of a dimension may have.
const UNEVEN: u64 = 8;

/// What was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Built {
    /// The rollups of these grains.
    Kept(Vec<Grain>),
    /// None: the dataset does not list every part of each whole, or has no figures.
    NotComplete,
    /// None: beside figures of this series there are some of its parts.
    Coarse(String),
}

/// Makes the rollups of a dataset anew: those that it declares, else the ones that its series suggest.
pub async fn build(
    connection: &mut PgConnection,
    (dataset, lists): (&Dataset, &Lists),
    at: DateTime<Utc>,
) -> Result<Built> {
    clear(connection, &dataset.name).await?;
    if !dataset.complete {
        return Ok(Built::NotComplete);
    }
    let mut members = Members::read(connection, &dataset.name).await?;
    if members.all.is_empty() {
        return Ok(Built::NotComplete);
    }
    if let Some(codes) = members.coarse(lists) {
        let code = |dimension: &Dimension| members.numbers.name(*dimension, codes[*dimension as usize]);
        return Ok(Built::Coarse(dataset.dimensions.iter().map(code).collect::<Vec<_>>().join(".")));
    }
    let grains = match &dataset.declared_rollups {
        Some(declared) => declared.clone(),
        None => suggested(dataset, &mut members, lists),
    };
    let rollups = insert(connection, (&dataset.name, &grains), at).await?;
    keep_codes(connection, &dataset.name, &members.numbers).await?;
    let sizes = members.sizes(&grains, lists);
    let walk_by = walked_dimension(dataset, (&grains, &sizes), (&members, lists));
    Walk { dataset, lists, rollups: &rollups, sizes: &sizes }.through(connection, members, walk_by).await?;
    count_series(connection, &dataset.name).await?;
    for rollup in &rollups {
        by_period::settle(connection, (dataset, lists), (rollup, false)).await?;
    }
    Ok(Built::Kept(grains))
}

/// Takes the rollups of a dataset away.
pub async fn clear(connection: &mut PgConnection, dataset: &str) -> Result<()> {
    sqlx::query!(
        "DELETE FROM rollup_chunk USING rollup_series s
         WHERE rollup_chunk.series_id = s.series_id AND s.dataset = $1 AND NOT s.is_stored",
        dataset,
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!("DELETE FROM rollup WHERE dataset = $1", dataset).execute(&mut *connection).await?;
    sqlx::query!("DELETE FROM rollup_code WHERE dataset = $1", dataset).execute(connection).await?;
    Ok(())
}

async fn insert(
    connection: &mut PgConnection,
    (dataset, grains): (&str, &[Grain]),
    at: DateTime<Utc>,
) -> Result<Vec<(i32, Grain)>> {
    let mut rollups = Vec::with_capacity(grains.len());
    for grain in grains {
        let id = sqlx::query_scalar!(
            "INSERT INTO rollup (dataset, grain, series, built_at) VALUES ($1, $2, 0, $3) RETURNING rollup_id",
            dataset,
            grain.to_string(),
            at,
        );
        rollups.push((id.fetch_one(&mut *connection).await?, grain.clone()));
    }
    Ok(rollups)
}

/// Notes which codes the series of a dataset have.
pub async fn keep_codes(connection: &mut PgConnection, dataset: &str, numbers: &Numbers) -> Result<()> {
    for dimension in Dimension::ALL {
        sqlx::query!(
            "INSERT INTO rollup_code SELECT $1, $2, code FROM UNNEST($3::text[]) AS code ON CONFLICT DO NOTHING",
            dataset,
            dimension.name(),
            numbers.names(dimension),
        )
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

/// Tells each rollup of a dataset how many series it has.
pub async fn count_series(connection: &mut PgConnection, dataset: &str) -> Result<()> {
    sqlx::query!(
        "UPDATE rollup SET series = (SELECT count(*) FROM rollup_series s WHERE s.rollup_id = rollup.rollup_id)
         WHERE dataset = $1",
        dataset,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The grains that the series of a dataset suggest.
fn suggested(dataset: &Dataset, members: &mut Members, lists: &Lists) -> Vec<Grain> {
    let summed = dataset.dimensions.iter().copied().filter(|dimension| Grain::may_sum(*dimension));
    let levels = summed.map(|dimension| (dimension, levels(members, dimension, lists))).collect::<Vec<_>>();
    let grains = choice::grains(&levels);
    let sizes = members.sizes(&grains, lists);
    let candidates = grains.into_iter().zip(sizes).map(|(grain, series)| Candidate { grain, series });
    let candidates: Vec<Candidate> = candidates.collect();
    let mut chosen = choice::choose(&candidates, members.all.len() as u64);
    let is_flat = |dimension| {
        let names = members.numbers.names(dimension);
        names.iter().all(|name| by_period::has_none_above(lists.get(&dimension), name))
    };
    let more = choice::rankings(&candidates, (by_period::SIZES, members.all.len() as u64), is_flat);
    let more: Vec<Grain> = more.into_iter().filter(|grain| !chosen.contains(grain)).collect();
    chosen.extend(more);
    chosen
}

/// The levels that the codes of a dimension may be kept apart at: all, and each kind that is above some of them.
fn levels(members: &Members, dimension: Dimension, lists: &Lists) -> Vec<Level> {
    let names = members.numbers.names(dimension);
    let Some(list) = lists.get(&dimension).filter(|_| names.len() > 1) else { return Vec::new() };
    let mut levels = vec![Level::Finest];
    for above in names.iter().flat_map(|name| list.above(name)) {
        // At the top a dimension is not kept apart.
        let is_top = list.above(above).next().is_none();
        let kind = list.get(above).and_then(|code| code.kind.clone()).filter(|_| !is_top);
        if let Some(level) = kind.map(Level::Kind).filter(|level| !levels.contains(level)) {
            levels.push(level);
        }
    }
    levels
}

/// The dimension by which the fewest sums are held at a time.
fn walked_dimension(
    dataset: &Dataset,
    (grains, sizes): (&[Grain], &[u64]),
    (members, lists): (&Members, &Lists),
) -> Dimension {
    let held = |dimension: &Dimension| -> u64 {
        let names = members.numbers.names(*dimension);
        let parts = |grain: &Grain| -> u64 {
            let code = |name| grain.code(lists.get(dimension), *dimension, name);
            names.iter().map(|name| code(name)).collect::<HashSet<_>>().len().max(1) as u64
        };
        // What is kept apart by it is held part by part; some are much larger than others.
        grains.iter().zip(sizes).map(|(grain, size)| size / parts(grain).div_ceil(UNEVEN)).sum()
    };
    let summed = dataset.dimensions.iter().copied().filter(|dimension| Grain::may_sum(*dimension));
    summed.min_by_key(held).unwrap_or(Dimension::Geo)
}

/// A walk through all series of a dataset.
struct Walk<'a> {
    dataset: &'a Dataset,
    lists: &'a Lists,
    rollups: &'a [(i32, Grain)],
    /// About how many series each of these has.
    sizes: &'a [u64],
}

impl Walk<'_> {
    async fn through(&self, connection: &mut PgConnection, members: Members, by: Dimension) -> Result<()> {
        let Members { mut numbers, mut all } = members;
        let ranks = self.ranks(numbers.names(by), by);
        all.sort_unstable_by_key(|member| (ranks[member.codes[by as usize] as usize], member.codes));
        let grains = self.rollups.iter().map(|(_, grain)| grain.clone());
        let mut mappings: Vec<Mapping> = grains.map(Mapping::new).collect();
        let mut sums = Sums::new();
        let groups: Vec<&[Member]> =
            all.chunk_by(|a, b| a.codes[by as usize] == b.codes[by as usize]).collect();
        for (at, group) in groups.iter().enumerate() {
            for some in group.chunks(BATCH) {
                for (member, figures) in figures(connection, some).await? {
                    for (rollup, mapping) in mappings.iter_mut().enumerate() {
                        let codes = mapping.map(&member.codes, &mut numbers, self.lists);
                        sums::add(&mut sums, (rollup, codes), &member, figures.iter().copied(), 1)?;
                    }
                }
            }
            let next = groups.get(at + 1).map(|group| numbers.name(by, group[0].codes[by as usize]));
            let open = self.path(next, by);
            let is_open = |place: &Place| open.contains(&numbers.name(by, place.codes[by as usize]));
            let is_done =
                |place: &Place| next.is_none() || (self.sizes[place.rollup] > FEW && !is_open(place));
            let mut done: Vec<(Place, Summed)> = sums.extract_if(|place, _| is_done(place)).collect();
            self.write(connection, &numbers, &mut done).await?;
        }
        Ok(())
    }

    /// A code behind all that are above it, the highest first.
    fn path<'c>(&'c self, code: Option<&'c str>, by: Dimension) -> Vec<&'c str> {
        let above = |code| self.lists.get(&by).into_iter().flat_map(move |list| list.above(code));
        let mut path: Vec<&str> =
            code.into_iter().flat_map(|code| std::iter::once(code).chain(above(code))).collect();
        path.reverse();
        path
    }

    /// Where each code comes in the walk: behind what is above it, and before whatever is not below that.
    fn ranks(&self, names: &[String], by: Dimension) -> Vec<usize> {
        let mut order: Vec<usize> = (0..names.len()).collect();
        order.sort_by_cached_key(|at| self.path(Some(&names[*at]), by));
        let mut ranks = vec![0; names.len()];
        for (rank, at) in order.into_iter().enumerate() {
            ranks[at] = rank;
        }
        ranks
    }

    async fn write(
        &self,
        connection: &mut PgConnection,
        numbers: &Numbers,
        done: &mut [(Place, Summed)],
    ) -> Result<()> {
        // Series of a rollup that are read together lie together.
        done.sort_by_key(|(place, _)| (place.rollup, place.codes));
        let Dataset { name, dimensions, .. } = self.dataset;
        let kept = Shelf { dataset: name, dimensions, rollups: self.rollups, numbers };
        kept.write(connection, done).await
    }
}

/// The current figures of some series, chunk by chunk.
async fn figures(
    connection: &mut PgConnection,
    members: &[Member],
) -> Result<Vec<(Member, Vec<(i32, Figure)>)>> {
    let by_id: HashMap<i64, Member> = members.iter().map(|member| (member.id, *member)).collect();
    let ids: Vec<i64> = members.iter().map(|member| member.id).collect();
    let rows = sqlx::query!(
        "SELECT series_id, first_period, \"values\" AS \"values!: Vec<Option<i64>>\", statuses,
                releases AS \"releases!: Vec<Option<i32>>\"
         FROM observation_chunk WHERE series_id = ANY($1)",
        &ids,
    );
    let rows = rows.fetch_all(connection).await?;
    let chunks = rows.into_iter().filter_map(|row| {
        let member = by_id.get(&row.series_id)?;
        let statuses = row.statuses;
        let status = |at: usize| statuses.as_ref().and_then(|all| all.get(at)).copied().unwrap_or(b'A');
        let all = (row.first_period..).zip(row.values.into_iter().zip(row.releases)).enumerate();
        let stated = all.filter_map(|(at, (period, (value, release)))| {
            Some((period, Figure { value, status: status(at), release: release? }))
        });
        Some((*member, stated.collect()))
    });
    Ok(chunks.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timeseries::dataset::{Code, CodeList};

    #[test]
    fn the_walk_is_done_with_all_that_is_below_a_code_before_it_goes_on() {
        let codes = [("CN", None), ("CN-GD", Some("CN")), ("CN-GD-1", Some("CN-GD")), ("CN-SC", Some("CN"))];
        let code = |(code, parent): (&str, Option<&str>)| Code {
            code: code.to_owned(),
            parent: parent.map(str::to_owned),
            ..Code::default()
        };
        let lists: Lists = [(Dimension::Geo, CodeList::new(codes.map(code).into()))].into();
        let dataset = Dataset::default();
        let walk = Walk { dataset: &dataset, lists: &lists, rollups: &[], sizes: &[] };
        let names = ["CN-SC", "CN-GD-1", "CN-GD"].map(str::to_owned);
        assert_eq!(walk.ranks(&names, Dimension::Geo), [2, 1, 0]);
    }
}
