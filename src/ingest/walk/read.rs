//! What a walk must know before it changes a cell.

use std::collections::{HashMap, HashSet};

use sqlx::PgConnection;

use crate::error::{Error, Result};
use crate::ingest::store::Extent;
use crate::timeseries::period::Frequency;

/// What the walk must know of a stored series.
pub struct Seat {
    /// How often it states a figure.
    pub frequency: Frequency,
    /// `source/measure/frequency`, as editions name what they speak for.
    pub scope: String,
    /// How far its figures reach.
    pub extent: Extent,
}

/// Seats by series.
pub type Seats = HashMap<i64, Seat>;

/// A release that speaks for all of a scope.
pub struct Edition {
    /// Its release.
    pub release: i32,
    /// Each `source/measure/frequency` that it speaks for.
    pub scope: HashSet<String>,
}

/// The seats of some series.
pub async fn seats(connection: &mut PgConnection, series: &[i64]) -> Result<Seats> {
    let rows = sqlx::query!(
        "SELECT series_id, frequency, source || '/' || measure || '/' || frequency AS \"scope!\",
                first_period, last_period, observations
         FROM series WHERE series_id = ANY($1)",
        series,
    )
    .fetch_all(connection)
    .await?;
    let seat = |frequency: &str, scope, extent| -> Result<Seat> {
        let frequency = frequency
            .parse()
            .map_err(|reason: String| Error::internal("reading the frequency of a stored series", reason))?;
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

/// The editions of a dataset that count.
pub async fn editions(connection: &mut PgConnection, dataset: &str) -> Result<Vec<Edition>> {
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

/// Every stored series whose cells may come out different although no new release has a row of it: those on which a release
/// speaks that no longer counts, and those of the `scopes` that a new edition speaks for.
pub async fn touched(
    connection: &mut PgConnection,
    dataset: &str,
    scopes: &[String],
    dead: &[i32],
) -> Result<Vec<i64>> {
    let stored = sqlx::query_scalar!(
        "SELECT series_id AS \"series_id!\" FROM series
         WHERE dataset = $1 AND source || '/' || measure || '/' || frequency = ANY($2)
         UNION SELECT series_id FROM observation_chunk WHERE cardinality($3::integer[]) > 0 AND releases && $3
         UNION SELECT series_id FROM observation_history WHERE cardinality($3) > 0 AND release_id = ANY($3)
         UNION SELECT series_id FROM observation_restatement WHERE cardinality($3) > 0 AND release_id = ANY($3)",
        dataset,
        scopes,
        dead,
    )
    .fetch_all(connection)
    .await?;
    Ok(stored)
}
