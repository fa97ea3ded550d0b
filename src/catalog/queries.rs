//! The statements on provenance. Each answers from one snapshot: the rows with the version that they were read at.
//!
//! A row counts while `superseded_by` is null: it names the release that replaced the row, or its own where that was withdrawn. What is
//! hidden from the caller is found out in the same snapshot.

use sqlx::PgPool;
use sqlx::types::Json;

use super::filters::{DocumentFilter, ReleaseFilter, SourceFilter};
use super::model::{DocumentEntry, ReleaseEntry, SourceEntry};
use super::sight::Sight;
use crate::database::Versioned;
use crate::error::Result;
use crate::filter::Window;

/// The sources, or this one, by precedence.
pub async fn sources(
    (pool, sight): (&PgPool, &Sight),
    id: Option<&str>,
    filter: &SourceFilter,
    window: &Window,
) -> Result<Versioned<Vec<SourceEntry>>> {
    let row = sqlx::query!(
        r#"SELECT v.version, v.changed_at, (
             SELECT coalesce(jsonb_agg(to_jsonb(p) ORDER BY p.precedence, p.id), '[]') FROM (
               SELECT s.source AS id, s.name_en, s.name_zh, s.kind, s.homepage, s.precedence, s.licence, s.note,
                 s.attribution,
                 (SELECT count(*) FROM document d
                   WHERE d.source = s.source AND d.superseded_by IS NULL
                     AND document_is_seen(d.document_id, h.hidden)) AS documents
               FROM source s
               WHERE s.superseded_by IS NULL AND source_is_seen(s.source, s.release_id, h.hidden)
                 AND ($1::text IS NULL OR s.source = $1)
                 AND ($2::text[] IS NULL OR s.kind = ANY($2))
                 AND ($3::text IS NULL
                   OR strpos(lower(concat_ws(chr(10), s.source, s.name_en, s.name_zh)), lower($3)) > 0)
                 AND ($4::text IS NULL OR strpos(lower(s.licence), lower($4)) > 0)
                 AND ($5::integer IS NULL OR (s.precedence, s.source) > ($5, $6))
               ORDER BY s.precedence, s.source LIMIT $7
             ) p) AS "data!: Json<Vec<SourceEntry>>"
           FROM collection v, hidden_from($8) AS h (hidden) WHERE v.name = 'sources'"#,
        id,
        filter.kind.as_deref(),
        filter.q.as_deref(),
        filter.licence.as_deref(),
        window.number(0),
        window.text(1),
        window.rows,
        sight.seen(),
    )
    .fetch_one(pool)
    .await?;
    Ok(Versioned { version: row.version, changed_at: row.changed_at, data: row.data.0 })
}

/// The documents, or this one, with what was taken in from them, by id.
pub async fn documents(
    (pool, sight): (&PgPool, &Sight),
    id: Option<&str>,
    filter: &DocumentFilter,
    window: &Window,
) -> Result<Versioned<Vec<DocumentEntry>>> {
    let row = sqlx::query!(
        r#"SELECT v.version AS "version!", v.changed_at AS "changed_at!", (
             SELECT coalesce(jsonb_agg(to_jsonb(p) ORDER BY p.id), '[]') FROM (
               SELECT d.document_id AS id, d.source, d.publisher, d.title, d.url, d.published,
                 d.published_until, d.licence, d.note, d.coverage, coalesce(t.releases, '[]') AS releases
               FROM document d
               LEFT JOIN (
                 SELECT document_id, jsonb_agg(jsonb_build_object('release', release_id, 'collection', collection,
                   'reason', reason, 'rows', row_count,
                   'in_force', superseded_by IS NULL AND withdrawn_at IS NULL) ORDER BY release_id DESC) AS releases
                 FROM release WHERE ($1::text IS NULL OR document_id = $1) AND NOT collection = ANY(h.hidden)
                 GROUP BY document_id
               ) t ON t.document_id = d.document_id
               WHERE d.superseded_by IS NULL AND document_is_seen(d.document_id, h.hidden)
                 AND ($1::text IS NULL OR d.document_id = $1)
                 AND ($2::text[] IS NULL OR d.source = ANY($2))
                 AND ($3::text IS NULL
                   OR strpos(lower(concat_ws(chr(10), d.document_id, d.title, d.publisher, d.url)), lower($3)) > 0)
                 AND ($4::text IS NULL OR d.document_id > $4)
                 AND ($6::text[] IS NULL OR d.document_id = ANY($6))
               ORDER BY d.document_id LIMIT $5
             ) p) AS "data!: Json<Vec<DocumentEntry>>"
           FROM hidden_from($7) AS h (hidden), LATERAL (
             SELECT sum(version)::bigint AS version, max(changed_at) AS changed_at FROM collection WHERE NOT name = ANY(h.hidden)) v"#,
        id,
        filter.source.as_deref(),
        filter.q.as_deref(),
        window.text(0),
        window.rows,
        filter.id.as_deref(),
        sight.seen(),
    )
    .fetch_one(pool)
    .await?;
    Ok(Versioned { version: row.version, changed_at: row.changed_at, data: row.data.0 })
}

/// The ids of all documents, to find those that look like a wrong one.
pub async fn document_ids((pool, sight): (&PgPool, &Sight)) -> Result<Vec<String>> {
    let ids = sqlx::query_scalar!(
        "SELECT document_id FROM document d, hidden_from($1) AS hidden
         WHERE superseded_by IS NULL AND document_is_seen(d.document_id, hidden)",
        sight.seen(),
    );
    Ok(ids.fetch_all(pool).await?)
}

/// The releases, or this one, the newest first.
pub async fn releases(
    (pool, sight): (&PgPool, &Sight),
    id: Option<i32>,
    filter: &ReleaseFilter,
    window: &Window,
) -> Result<Versioned<Vec<ReleaseEntry>>> {
    let row = sqlx::query!(
        r#"SELECT v.version AS "version!", v.changed_at AS "changed_at!", (
             SELECT coalesce(jsonb_agg(to_jsonb(p) ORDER BY p.id DESC), '[]') FROM (
               SELECT r.release_id AS id, r.collection, c.kind AS collection_kind, r.document_id AS document,
                 d.title, d.source, r.published, r.reason, r.coverage, r.edition_scope, r.row_count AS rows,
                 r.restated_count AS restated, r.confirmed_count AS confirmed, r.released_at, i.import_id AS import,
                 i.kind AS import_kind, r.superseded_by, r.withdrawn_at, r.withdrawn_reason,
                 encode(r.checksum, 'hex') AS checksum
               FROM release r JOIN collection c ON c.name = r.collection JOIN import i USING (import_id)
               LEFT JOIN document d ON d.document_id = r.document_id AND d.superseded_by IS NULL
               WHERE ($1::integer IS NULL OR r.release_id = $1) AND NOT is_hidden(r.import_id, r.collection, h.hidden)
                 AND ($2::text[] IS NULL OR r.collection = ANY($2))
                 AND ($3::text[] IS NULL OR r.document_id = ANY($3))
                 AND ($4::text[] IS NULL OR d.source = ANY($4))
                 AND ($5::text[] IS NULL OR r.reason = ANY($5))
                 AND ($6::boolean IS NULL OR (r.withdrawn_at IS NOT NULL) = $6)
                 AND ($7::integer[] IS NULL OR r.import_id = ANY($7))
                 AND ($8::integer IS NULL OR r.release_id < $8)
               ORDER BY r.release_id DESC LIMIT $9
             ) p) AS "data!: Json<Vec<ReleaseEntry>>"
           FROM hidden_from($10) AS h (hidden), LATERAL (
             SELECT sum(version)::bigint AS version, max(changed_at) AS changed_at FROM collection WHERE NOT name = ANY(h.hidden)) v"#,
        id,
        filter.collection.as_deref(),
        filter.document.as_deref(),
        filter.source.as_deref(),
        filter.reason.as_deref(),
        filter.withdrawn,
        filter.import.as_deref(),
        window.number(0),
        window.rows,
        sight.seen(),
    )
    .fetch_one(pool)
    .await?;
    let data = row.data.0.into_iter().map(ReleaseEntry::linked).collect();
    Ok(Versioned { version: row.version, changed_at: row.changed_at, data })
}
