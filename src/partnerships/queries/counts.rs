//! The partnerships that are counted, by one statement.

use sqlx::PgPool;
use sqlx::types::Json;

use crate::database::Versioned;
use crate::error::Result;
use crate::partnerships::counts::Held;
use crate::partnerships::filters::CountFilter;

/// When each partnership began and ended, beside it the version of the organizations whose countries they are found by.
pub async fn counted(pool: &PgPool, filter: &CountFilter) -> Result<(Versioned<Held>, i64)> {
    let row = sqlx::query!(
        r#"WITH life AS NOT MATERIALIZED (
            SELECT p.partnership_id AS id, p.kind, p.geo, p.document_id AS document, NOT isempty(p.in_force) AS placed,
                   left(coalesce(p.effective_from, p.announced), 4)::integer AS started, left(p.effective_to, 4)::integer AS ended
            FROM partnership p WHERE p.superseded_by IS NULL
        ),
        country AS NOT MATERIALIZED (
            SELECT DISTINCT m.partnership_id, o.country
            FROM partnership_member m
            JOIN organization o ON o.superseded_by IS NULL AND o.org_id = m.org_id AND o.country IS NOT NULL
            WHERE m.superseded_by IS NULL
        )
        SELECT c.version, greatest(c.changed_at, o.changed_at) AS "changed_at!", o.version AS organizations, json_build_object(
            'last', (SELECT max(greatest(l.started, l.ended)) FROM life l WHERE l.placed),
            'partnerships', coalesce((SELECT json_agg(to_json(l) ORDER BY l.id) FROM (
                SELECT l.id, l.kind, l.started, l.ended, l.placed, l.document,
                       coalesce((SELECT array_agg(n.country ORDER BY n.country) FROM country n
                                 WHERE n.partnership_id = l.id AND n.country <> 'CN'), '{CN}') AS countries
                FROM life l
                WHERE ($1::text[] IS NULL OR l.kind = ANY ($1)) AND ($2::text[] IS NULL OR l.geo = ANY ($2))
                  AND ($3::text[] IS NULL OR EXISTS (
                      SELECT FROM country n WHERE n.partnership_id = l.id AND n.country = ANY ($3)))
            ) l), '[]')) AS "held!: Json<Held>"
        FROM collection c, collection o WHERE c.name = 'partnerships' AND o.name = 'organizations'"#,
        filter.kind.as_deref(),
        filter.geo.as_deref(),
        filter.country.as_deref(),
    )
    .fetch_one(pool)
    .await?;
    let Json(held) = row.held;
    let read = Versioned { version: row.version, changed_at: row.changed_at, data: held };
    Ok((read, row.organizations))
}
