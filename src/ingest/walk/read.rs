//! What a walk must know before it changes a cell.

use std::collections::{HashMap, HashSet};

use sqlx::PgConnection;

use crate::error::{Error, Result};
use crate::ingest::entry::Series;
use crate::ingest::store::Extent;
use crate::timeseries::key::Dimension;
use crate::timeseries::period::Frequency;

/// What the walk must know of a series.
pub struct Seat {
    /// How often it states a figure.
    pub frequency: Frequency,
    /// Its codes in the order of [`Dimension::ALL`].
    pub codes: [String; Dimension::ALL.len()],
    /// `source/measure/frequency`, as editions name what they speak for.
    pub scope: String,
    /// How far its figures reach.
    pub extent: Extent,
    /// Whether it comes with this change, so that nothing is stored of it.
    pub is_fresh: bool,
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

impl Seat {
    fn new(frequency: Frequency, codes: [String; Dimension::ALL.len()], stored: Option<Extent>) -> Self {
        let code = |dimension: Dimension| &codes[dimension as usize];
        let scope = format!("{}/{}/{frequency}", code(Dimension::Source), code(Dimension::Measure));
        Self { frequency, scope, extent: stored.unwrap_or_default(), is_fresh: stored.is_none(), codes }
    }

    /// Of a series that rows name, with its extent where it is stored.
    pub fn named(series: &Series, stored: Option<Extent>) -> Self {
        Self::new(series.frequency, series.codes.clone(), stored)
    }
}

/// How far those of some series reach that are stored.
pub async fn extents(connection: &mut PgConnection, series: &[i64]) -> Result<HashMap<i64, Extent>> {
    let rows = sqlx::query!(
        "SELECT series_id, first_period, last_period, observations FROM series WHERE series_id = ANY($1)",
        series,
    );
    let rows = rows.fetch_all(connection).await?.into_iter().map(|row| {
        let (first, last, observations) = (row.first_period, row.last_period, row.observations);
        (row.series_id, Extent { first, last, observations })
    });
    Ok(rows.collect())
}

/// The seats of some stored series.
pub async fn seats(connection: &mut PgConnection, series: &[i64]) -> Result<Seats> {
    let rows = sqlx::query!(
        "SELECT series_id, frequency, first_period, last_period, observations,
                ARRAY[measure, source, geo, maker, brand, model, vehicle_class, powertrain, operator, access, current] AS \"codes!\"
         FROM series WHERE series_id = ANY($1)",
        series,
    )
    .fetch_all(connection)
    .await?;
    let corrupt = |what: &'static str| {
        move |reason: String| Error::internal("reading a stored series", format!("{what}: {reason}"))
    };
    rows.into_iter()
        .map(|row| {
            let (first, last, observations) = (row.first_period, row.last_period, row.observations);
            let frequency = row.frequency.parse().map_err(corrupt("its frequency"))?;
            let codes = row.codes.try_into();
            let codes = codes.map_err(|codes: Vec<String>| corrupt("its codes")(codes.join(".")))?;
            Ok((row.series_id, Seat::new(frequency, codes, Some(Extent { first, last, observations }))))
        })
        .collect()
}

/// Those of some series that have something beside figures behind the period that comes with each.
pub async fn remembered(
    connection: &mut PgConnection,
    (series, last): (&[i64], &[i32]),
) -> Result<HashSet<i64>> {
    let found = sqlx::query_scalar!(
        "SELECT series_id AS \"series_id!\"
         FROM observation_history JOIN UNNEST($1::bigint[], $2::integer[]) AS it (series_id, last) USING (series_id)
         WHERE period > last
         UNION SELECT series_id
         FROM observation_restatement JOIN UNNEST($1, $2) AS it (series_id, last) USING (series_id)
         WHERE upper(periods) > last + 1",
        series,
        last,
    );
    Ok(found.fetch_all(connection).await?.into_iter().collect())
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
