//! Rollups: the sums of a complete dataset at the grains that it keeps ready, exact at every moment.
//!
//! `choice` says which grains a dataset keeps that declares none, `build` makes all of them anew, `keep` carries a change of
//! figures through them in the transaction of the change. `by_period` holds some of them period by period too. `writing` brings what it makes different to the tables. `sum` is a sum
//! with what it is made of, `sums` many of them, `members` the series that they are sums of.

mod build;
mod by_period;
mod choice;
mod keep;
mod members;
mod sum;
mod sums;
mod writing;

use chrono::{DateTime, Utc};
use sqlx::{Connection, PgConnection};

pub use build::Built;
pub(super) use build::{build, clear};
pub(super) use keep::{Changed, Keeper};
use members::Lists;
pub(super) use sum::Figure;

use super::{hold_lock, raise_versions};
use crate::catalog::{read_codes, read_datasets};
use crate::clock::Clock;
use crate::database::Database;
use crate::error::{Error, Result, nearest};
use crate::timeseries::dataset::{CodeList, Dataset};
use crate::timeseries::rollup::{Grain, Rollup};

/// The rollups of a dataset with what they are made by.
pub(super) struct Kept {
    dataset: Dataset,
    lists: Lists,
    rollups: Vec<(i32, Grain)>,
}

/// The rollups of a dataset; `None` where it has none.
async fn kept(connection: &mut PgConnection, dataset: &str) -> Result<Option<Kept>> {
    let there =
        sqlx::query_scalar!("SELECT EXISTS (SELECT FROM rollup WHERE dataset = $1) AS \"exists!\"", dataset);
    if !there.fetch_one(&mut *connection).await? {
        return Ok(None);
    }
    let datasets = read_datasets(connection).await?;
    let Some(dataset) = datasets.into_iter().find(|one| one.name == dataset) else { return Ok(None) };
    let rollups = dataset.rollups.iter().map(|rollup| (rollup.id, rollup.grain.clone())).collect();
    Ok(Some(Kept { lists: read_codes(connection).await?, dataset, rollups }))
}

/// After an import: gives datasets the rollups that they lack, and makes those anew that a dataset declares otherwise now, or whose
/// codes have others above them than `before`. Of the others those are kept by period that now can be.
pub(super) async fn settle(connection: &mut PgConnection, before: &Lists, at: DateTime<Utc>) -> Result<()> {
    let lists = read_codes(connection).await?;
    let datasets = read_datasets(connection).await?;
    let with_rollups = sqlx::query_scalar!("SELECT DISTINCT dataset FROM rollup").fetch_all(&mut *connection);
    for gone in
        with_rollups.await?.iter().filter(|name| datasets.iter().all(|dataset| dataset.name != **name))
    {
        clear(connection, gone).await?;
    }
    for dataset in datasets {
        let kept: Vec<&Grain> = dataset.rollups.iter().map(|rollup| &rollup.grain).collect();
        let declared = dataset.declared_rollups.as_ref();
        let lacks = dataset.complete && kept.is_empty() && declared.is_none_or(|grains| !grains.is_empty());
        let differs = declared.is_some_and(|grains| {
            grains.len() != kept.len() || !grains.iter().all(|grain| kept.contains(&grain))
        });
        let moved = || kept.iter().any(|grain| is_moved(grain, before, &lists));
        if lacks || (!kept.is_empty() && (!dataset.complete || differs || moved())) {
            build(connection, (&dataset, &lists), at).await?;
            continue;
        }
        for Rollup { id, grain, by_period, .. } in &dataset.rollups {
            let rollup = (*id, grain.clone());
            by_period::settle(connection, (&dataset, &lists), (&rollup, *by_period)).await?;
        }
    }
    Ok(())
}

/// Whether a code that there was has others above it, or has become part of others at a grain.
fn is_moved(grain: &Grain, before: &Lists, after: &Lists) -> bool {
    before.iter().any(|(dimension, list): (_, &CodeList)| {
        let code = |of: Option<&CodeList>, code: &str| grain.code(of, *dimension, code).to_owned();
        list.iter().map(|one| one.code.as_str()).any(|one| {
            let later = after.get(dimension);
            let is_above = later.is_some_and(|later| later.above(one).eq(list.above(one)));
            !is_above || code(Some(list), one) != code(later, one)
        })
    })
}

/// A rollup with what it takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its dataset.
    pub dataset: String,
    /// Its grain; none where the dataset keeps none.
    pub grain: Option<String>,
    /// Whether the dataset declares it; else the service chose it.
    pub is_declared: bool,
    /// How many series it has.
    pub series: i64,
    /// How many figures they have.
    pub observations: i64,
    /// Whether those of one period are kept together too.
    pub by_period: bool,
    /// When it was made anew last.
    pub built_at: Option<DateTime<Utc>>,
}

/// The rollups of every complete dataset.
pub async fn list(database: &Database) -> Result<Vec<Listed>> {
    let mut connection = database.writer().await?;
    let rows = sqlx::query!(
        "SELECT d.dataset, r.grain AS \"grain?\", coalesce(r.grain = ANY(d.rollups), false) AS \"is_declared!\",
                r.built_at AS \"built_at?\", coalesce(r.by_period, false) AS \"by_period!\", count(s.series_id) AS \"series!\",
                coalesce(sum(s.observations), 0)::bigint AS \"observations!\"
         FROM dataset d LEFT JOIN rollup r USING (dataset) LEFT JOIN rollup_series s USING (rollup_id)
         WHERE d.superseded_by IS NULL AND d.complete
         GROUP BY d.dataset, d.position, d.rollups, r.rollup_id ORDER BY d.position, r.rollup_id",
    );
    let rows = rows.fetch_all(&mut connection).await?;
    let listed = rows.into_iter().map(|row| Listed {
        dataset: row.dataset,
        grain: row.grain,
        is_declared: row.is_declared,
        series: row.series,
        observations: row.observations,
        by_period: row.by_period,
        built_at: row.built_at,
    });
    Ok(listed.collect())
}

/// Makes the rollups of a dataset anew, or those of all complete ones.
pub async fn rebuild(database: &Database, name: Option<&str>, clock: &Clock) -> Result<Vec<(String, Built)>> {
    let mut connection = database.writer().await?;
    let mut transaction = connection.begin().await?;
    hold_lock(&mut transaction).await?;
    let lists = read_codes(&mut transaction).await?;
    let datasets = read_datasets(&mut transaction).await?;
    if let Some(name) = name.filter(|name| !datasets.iter().any(|dataset| dataset.name == *name)) {
        let near = nearest(name, datasets.iter().map(|dataset| dataset.name.as_str()));
        let near =
            if near.is_empty() { String::new() } else { format!("; did you mean {}?", near.join(" or ")) };
        return Err(Error::Startup(format!("there is no dataset {name}{near}")));
    }
    let mut all = Vec::new();
    let wanted = |dataset: &&Dataset| name.map_or(dataset.complete, |name| dataset.name == name);
    for dataset in datasets.iter().filter(wanted) {
        let built = build(&mut transaction, (dataset, &lists), clock.now()).await?;
        raise_versions(&mut transaction, clock.now(), std::slice::from_ref(&dataset.name)).await?;
        all.push((dataset.name.clone(), built));
    }
    transaction.commit().await?;
    sqlx::query("VACUUM (ANALYZE) collection, rollup, rollup_series, rollup_chunk, rollup_period")
        .execute(&mut connection)
        .await?;
    Ok(all)
}
