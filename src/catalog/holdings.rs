//! What there are figures on: the side of a description that only the series know.

use serde::Deserialize;
use sqlx::PgPool;
use sqlx::types::Json;

use super::datasets::LastRelease;
use super::sight::Sight;
use crate::database::Versioned;
use crate::error::Result;
use crate::timeseries::period::Frequency;

/// What there are figures on: one row a dataset, source, measure and frequency.
#[derive(Debug, Clone, Deserialize)]
pub struct Coverage {
    /// The dataset.
    pub dataset: String,
    /// The source.
    pub source: String,
    /// The measure.
    pub measure: String,
    /// The frequency.
    pub frequency: Frequency,
    /// The first period with a figure, as stored.
    pub first: i32,
    /// The last period with a figure, as stored.
    pub last: i32,
    /// How many series have a figure.
    pub series: i64,
    /// How many observations they have.
    pub observations: i64,
}

/// The release of a dataset whose document was published last.
#[derive(Debug, Deserialize)]
pub struct Latest {
    /// The dataset.
    pub dataset: String,
    /// The release.
    #[serde(flatten)]
    pub release: LastRelease,
}

/// What datasets hold at one moment.
#[derive(Debug)]
pub struct Holdings {
    /// What there are figures on.
    pub coverage: Vec<Coverage>,
    /// The release of each dataset whose document was published last.
    pub latest: Vec<Latest>,
}

/// What the datasets hold: of all or one, from all sources or one.
pub async fn holdings(
    (pool, sight): (&PgPool, &Sight),
    dataset: Option<&str>,
    source: Option<&str>,
) -> Result<Versioned<Holdings>> {
    let row = sqlx::query!(
        r#"SELECT v.version AS "version!", v.changed_at AS "changed_at!", (
             SELECT coalesce(jsonb_agg(to_jsonb(c) ORDER BY c.dataset, c.source, c.measure, c.frequency), '[]') FROM (
               SELECT dataset, source, measure, frequency, min(first_period) AS first, max(last_period) AS last,
                 count(*) AS series, sum(observations) AS observations
               FROM series
               WHERE observations > 0 AND first_period IS NOT NULL AND last_period IS NOT NULL
                 AND NOT dataset = ANY(h.hidden) AND ($1::text IS NULL OR dataset = $1) AND ($2::text IS NULL OR source = $2)
               GROUP BY dataset, source, measure, frequency
             ) c) AS "coverage!: Json<Vec<Coverage>>", (
             SELECT coalesce(jsonb_agg(to_jsonb(l)), '[]') FROM (
               SELECT DISTINCT ON (r.collection) r.collection AS dataset, r.release_id AS release,
                 r.document_id AS document, r.published, r.released_at
               FROM release r JOIN collection c ON c.name = r.collection
               WHERE c.kind = 'dataset' AND r.superseded_by IS NULL AND r.withdrawn_at IS NULL
                 AND NOT r.collection = ANY(h.hidden) AND r.document_id IS NOT NULL AND ($1::text IS NULL OR r.collection = $1)
               ORDER BY r.collection, r.published DESC NULLS LAST, r.release_id DESC
             ) l) AS "latest!: Json<Vec<Latest>>"
           FROM hidden_from($3) AS h (hidden), LATERAL (
             SELECT sum(version)::bigint AS version, max(changed_at) AS changed_at FROM collection WHERE NOT name = ANY(h.hidden)) v"#,
        dataset,
        source,
        sight.seen(),
    )
    .fetch_one(pool)
    .await?;
    let data = Holdings { coverage: row.coverage.0, latest: row.latest.0 };
    Ok(Versioned { version: row.version, changed_at: row.changed_at, data })
}
