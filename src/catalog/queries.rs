//! What the catalog reads: one statement an answer, so that data and version are of one snapshot.

use serde::Deserialize;
use sqlx::PgPool;
use sqlx::types::Json;

use super::datasets::LastRelease;
use super::model::{DocumentEntry, ReleaseEntry, SourceEntry};
use crate::database::Versioned;
use crate::error::Result;
use crate::timeseries::period::Frequency;

/// Which sources.
#[derive(Debug, Default)]
pub struct SourceFilter {
    /// Names are read in Chinese where there is a Chinese one.
    pub chinese: bool,
    /// Only this one.
    pub source: Option<String>,
    /// Of one of these kinds.
    pub kinds: Option<Vec<String>>,
    /// With this text in the code or a name, whatever its case.
    pub text: Option<String>,
    /// With this text in the licence, whatever its case.
    pub licence: Option<String>,
    /// Behind the source with this precedence and code.
    pub after: Option<(i32, String)>,
    /// At most so many.
    pub limit: i64,
}

/// The sources, by precedence.
pub async fn sources(pool: &PgPool, filter: &SourceFilter) -> Result<Versioned<Vec<SourceEntry>>> {
    let (rank, code) = filter.after.as_ref().map(|(rank, code)| (*rank, code.as_str())).unzip();
    let row = sqlx::query!(
        r#"SELECT v.version, v.changed_at, (
             SELECT coalesce(jsonb_agg(to_jsonb(p) ORDER BY p.precedence, p.source), '[]') FROM (
               SELECT s.source, CASE WHEN $1 THEN coalesce(s.name_zh, s.name_en) ELSE s.name_en END AS name,
                 s.name_en, s.name_zh, s.kind, s.homepage, s.precedence, s.licence, s.note,
                 (SELECT count(*) FROM document d JOIN release USING (release_id)
                   WHERE d.source = s.source AND d.superseded_by IS NULL AND withdrawn_at IS NULL) AS documents
               FROM source s JOIN release r USING (release_id)
               WHERE s.superseded_by IS NULL AND r.withdrawn_at IS NULL
                 AND ($2::text IS NULL OR s.source = $2)
                 AND ($3::text[] IS NULL OR s.kind = ANY($3))
                 AND ($4::text IS NULL
                   OR strpos(lower(concat_ws(chr(10), s.source, s.name_en, s.name_zh)), lower($4)) > 0)
                 AND ($5::text IS NULL OR strpos(lower(s.licence), lower($5)) > 0)
                 AND ($6::integer IS NULL OR (s.precedence, s.source) > ($6, $7))
               ORDER BY s.precedence, s.source LIMIT $8
             ) p) AS "data!: Json<Vec<SourceEntry>>"
           FROM collection v WHERE v.name = 'sources'"#,
        filter.chinese,
        filter.source.as_deref(),
        filter.kinds.as_deref(),
        filter.text.as_deref(),
        filter.licence.as_deref(),
        rank,
        code,
        filter.limit,
    )
    .fetch_one(pool)
    .await?;
    Ok(Versioned { version: row.version, changed_at: row.changed_at, data: row.data.0 })
}

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
    pool: &PgPool,
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
                 AND ($1::text IS NULL OR dataset = $1) AND ($2::text IS NULL OR source = $2)
               GROUP BY dataset, source, measure, frequency
             ) c) AS "coverage!: Json<Vec<Coverage>>", (
             SELECT coalesce(jsonb_agg(to_jsonb(l)), '[]') FROM (
               SELECT DISTINCT ON (r.collection) r.collection AS dataset, r.release_id AS release,
                 r.document_id AS document, r.published, r.released_at
               FROM release r JOIN collection c ON c.name = r.collection
               WHERE c.kind = 'dataset' AND r.superseded_by IS NULL AND r.withdrawn_at IS NULL
                 AND r.document_id IS NOT NULL AND ($1::text IS NULL OR r.collection = $1)
               ORDER BY r.collection, r.published DESC NULLS LAST, r.release_id DESC
             ) l) AS "latest!: Json<Vec<Latest>>"
           FROM (SELECT sum(version)::bigint AS version, max(changed_at) AS changed_at FROM collection) v"#,
        dataset,
        source,
    )
    .fetch_one(pool)
    .await?;
    let data = Holdings { coverage: row.coverage.0, latest: row.latest.0 };
    Ok(Versioned { version: row.version, changed_at: row.changed_at, data })
}

/// Which documents.
#[derive(Debug, Default)]
pub struct DocumentFilter {
    /// Only this one.
    pub document: Option<String>,
    /// Of one of these sources.
    pub sources: Option<Vec<String>>,
    /// With this text in the id, the title, the publisher or the address, whatever its case.
    pub text: Option<String>,
    /// Behind this one.
    pub after: Option<String>,
    /// At most so many.
    pub limit: i64,
}

/// The documents with what was taken in from them, by id.
pub async fn documents(pool: &PgPool, filter: &DocumentFilter) -> Result<Versioned<Vec<DocumentEntry>>> {
    let row = sqlx::query!(
        r#"SELECT v.version AS "version!", v.changed_at AS "changed_at!", (
             SELECT coalesce(jsonb_agg(to_jsonb(p) ORDER BY p.document), '[]') FROM (
               SELECT d.document_id AS document, d.source, d.publisher, d.title, d.url, d.published,
                 d.published_until, d.licence, d.note, d.coverage, coalesce(t.releases, '[]') AS releases
               FROM document d JOIN release r USING (release_id)
               LEFT JOIN (
                 SELECT document_id, jsonb_agg(jsonb_build_object('release', release_id, 'collection', collection,
                   'reason', reason, 'rows', row_count,
                   'in_force', superseded_by IS NULL AND withdrawn_at IS NULL) ORDER BY release_id DESC) AS releases
                 FROM release WHERE $1::text IS NULL OR document_id = $1 GROUP BY document_id
               ) t ON t.document_id = d.document_id
               WHERE d.superseded_by IS NULL AND r.withdrawn_at IS NULL
                 AND ($1::text IS NULL OR d.document_id = $1)
                 AND ($2::text[] IS NULL OR d.source = ANY($2))
                 AND ($3::text IS NULL
                   OR strpos(lower(concat_ws(chr(10), d.document_id, d.title, d.publisher, d.url)), lower($3)) > 0)
                 AND ($4::text IS NULL OR d.document_id > $4)
               ORDER BY d.document_id LIMIT $5
             ) p) AS "data!: Json<Vec<DocumentEntry>>"
           FROM (SELECT sum(version)::bigint AS version, max(changed_at) AS changed_at FROM collection) v"#,
        filter.document.as_deref(),
        filter.sources.as_deref(),
        filter.text.as_deref(),
        filter.after.as_deref(),
        filter.limit,
    )
    .fetch_one(pool)
    .await?;
    Ok(Versioned { version: row.version, changed_at: row.changed_at, data: row.data.0 })
}

/// The ids of all documents, to find those that look like a wrong one.
pub async fn document_ids(pool: &PgPool) -> Result<Vec<String>> {
    let ids = sqlx::query_scalar!("SELECT document_id FROM document WHERE superseded_by IS NULL");
    Ok(ids.fetch_all(pool).await?)
}

/// Which releases.
#[derive(Debug, Default)]
pub struct ReleaseFilter {
    /// Only this one.
    pub release: Option<i32>,
    /// Of one of these collections.
    pub collections: Option<Vec<String>>,
    /// Of this document.
    pub document: Option<String>,
    /// Of a document of one of these sources.
    pub sources: Option<Vec<String>>,
    /// For this reason.
    pub reason: Option<&'static str>,
    /// Only withdrawn ones, or only the others.
    pub withdrawn: Option<bool>,
    /// Before this one.
    pub after: Option<i32>,
    /// At most so many.
    pub limit: i64,
}

/// The releases, the newest first.
pub async fn releases(pool: &PgPool, filter: &ReleaseFilter) -> Result<Versioned<Vec<ReleaseEntry>>> {
    let row = sqlx::query!(
        r#"SELECT v.version AS "version!", v.changed_at AS "changed_at!", (
             SELECT coalesce(jsonb_agg(to_jsonb(p) ORDER BY p.release DESC), '[]') FROM (
               SELECT r.release_id AS release, r.collection, c.kind AS collection_kind, r.document_id AS document,
                 d.title, d.source, r.published, r.reason, r.coverage, r.edition_scope, r.row_count AS rows,
                 r.restated_count AS restated, r.confirmed_count AS confirmed, r.released_at, i.import_id AS import,
                 i.kind AS import_kind, r.superseded_by, r.withdrawn_at, r.withdrawn_reason,
                 encode(r.checksum, 'hex') AS checksum
               FROM release r JOIN collection c ON c.name = r.collection JOIN import i USING (import_id)
               LEFT JOIN document d ON d.document_id = r.document_id AND d.superseded_by IS NULL
               WHERE ($1::integer IS NULL OR r.release_id = $1)
                 AND ($2::text[] IS NULL OR r.collection = ANY($2))
                 AND ($3::text IS NULL OR r.document_id = $3)
                 AND ($4::text[] IS NULL OR d.source = ANY($4))
                 AND ($5::text IS NULL OR r.reason = $5)
                 AND ($6::boolean IS NULL OR (r.withdrawn_at IS NOT NULL) = $6)
                 AND ($7::integer IS NULL OR r.release_id < $7)
               ORDER BY r.release_id DESC LIMIT $8
             ) p) AS "data!: Json<Vec<ReleaseEntry>>"
           FROM (SELECT sum(version)::bigint AS version, max(changed_at) AS changed_at FROM collection) v"#,
        filter.release,
        filter.collections.as_deref(),
        filter.document.as_deref(),
        filter.sources.as_deref(),
        filter.reason,
        filter.withdrawn,
        filter.after,
        filter.limit,
    )
    .fetch_one(pool)
    .await?;
    let data = row.data.0.into_iter().map(ReleaseEntry::linked).collect();
    Ok(Versioned { version: row.version, changed_at: row.changed_at, data })
}
