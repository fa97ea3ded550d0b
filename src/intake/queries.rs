//! The statements that read imports.

use sqlx::PgPool;
use sqlx::types::Json;

use super::filters::ImportFilter;
use super::model::{ImportEntry, ImportRecord};
use crate::access::Seeing;
use crate::catalog::Sight;
use crate::database::Versioned;
use crate::error::Result;
use crate::filter::Window;

/// The connections, what may be seen of the catalog, and which imports beside.
type Reader<'a> = ((&'a PgPool, &'a Sight), &'a Seeing);

/// The imports, the newest first; of all of them without how their files were read and what came of that.
pub async fn imports(
    reader: Reader<'_>,
    filter: &ImportFilter,
    window: &Window,
) -> Result<Versioned<Vec<ImportEntry>>> {
    let read = read(reader, None, filter, window).await?;
    Ok(read.map(|all| all.into_iter().map(|one| one.import).collect()))
}

/// An import with its report; `None` where there is none of this number.
pub async fn import(reader: Reader<'_>, id: i32) -> Result<Option<Versioned<ImportRecord>>> {
    let read = read(reader, Some(id), &ImportFilter::default(), &Window::first()).await?;
    let (version, changed_at) = (read.version, read.changed_at);
    Ok(read.data.into_iter().next().map(|data| Versioned { version, changed_at, data }))
}

async fn read(
    ((pool, sight), seeing): Reader<'_>,
    id: Option<i32>,
    filter: &ImportFilter,
    window: &Window,
) -> Result<Versioned<Vec<ImportRecord>>> {
    let row = sqlx::query!(
        r#"SELECT v.version AS "version!", v.changed_at AS "changed_at!", (
             SELECT coalesce(jsonb_agg(to_jsonb(p) ORDER BY p.id DESC), '[]') FROM (
               SELECT i.import_id AS id, i.kind, i.state, i.file_name, i.file_size, encode(i.checksum, 'hex') AS checksum,
                 i.is_kept, i.received_at, i.started_at, coalesce(i.finished_at, i.imported_at) AS finished_at,
                 i.bytes_read, i.rows_read, i.is_cancelled, i.same_as, i.detail, r.releases, r.withdrawn, d.datasets,
                 (i.report -> 'faults' ->> 'count')::bigint AS faults,
                 (i.report -> 'warnings' ->> 'count')::bigint AS warnings,
                 jsonb_build_object('self', '/v1/imports/' || i.import_id,
                   'releases', CASE WHEN r.releases > 0 THEN '/v1/releases?import=' || i.import_id END,
                   'same_as', '/v1/imports/' || i.same_as) AS links,
                 CASE WHEN $1::integer IS NOT NULL THEN i.options END AS options,
                 CASE WHEN $1::integer IS NOT NULL THEN i.report END AS report
               FROM import i CROSS JOIN LATERAL (
                 SELECT count(*)::integer AS releases, count(withdrawn_at)::integer AS withdrawn
                 FROM release WHERE release.import_id = i.import_id) r
               CROSS JOIN LATERAL (SELECT to_jsonb(of) AS datasets, of FROM datasets_of(i.import_id) AS of) d
               WHERE ($1::integer IS NULL OR i.import_id = $1)
                 AND ($2::text[] IS NULL OR i.state = ANY($2)) AND ($3::text[] IS NULL OR i.kind = ANY($3))
                 AND ($4::integer IS NULL OR i.import_id < $4)
                 AND ($6 OR i.kind = 'bundled' OR i.key_id = $7
                   OR (i.state = 'done' AND cardinality(d.of) > 0 AND NOT d.of && h.hidden))
               ORDER BY i.import_id DESC LIMIT $5
             ) p) AS "data!: Json<Vec<ImportRecord>>"
           FROM hidden_from($8) AS h (hidden), LATERAL (
             SELECT sum(version)::bigint AS version, max(changed_at) AS changed_at FROM collection WHERE NOT name = ANY(h.hidden)) v"#,
        id,
        filter.state.as_deref(),
        filter.kind.as_deref(),
        window.number(0),
        window.rows,
        seeing.all,
        seeing.key,
        sight.seen(),
    )
    .fetch_one(pool)
    .await?;
    Ok(Versioned { version: row.version, changed_at: row.changed_at, data: row.data.0 })
}
