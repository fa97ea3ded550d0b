//! The network around an organization, by one recursive statement.

use chrono::NaiveDate;
use sqlx::PgPool;
use sqlx::types::Json;

use crate::database::Versioned;
use crate::error::Result;
use crate::partnerships::network::{Found, MOST_EDGES, MOST_NODES, NetworkGraph};

/// The most steps of the walk from organization to organization: one that is reached at several distances counts at each.
const MOST_STEPS: usize = 4 * MOST_NODES;

/// The organizations that partnerships of these kinds lead to, and what they do together, on a day; beside it the version of the
/// organizations. `None` where the organization is not held.
pub async fn network(
    pool: &PgPool,
    asked: &NetworkGraph,
    kinds: Option<&[String]>,
) -> Result<(Versioned<Option<Found>>, i64)> {
    let row = sqlx::query!(
        // Each OFFSET 0 keeps a step by itself, so that it is one look into an index whatever is guessed of its size.
        r#"WITH RECURSIVE walk (org, distance) AS (
            SELECT o.org_id, 0 FROM organization o WHERE o.superseded_by IS NULL AND o.org_id = $1
            UNION
            SELECT b.org_id, w.distance + 1
            FROM walk w
            CROSS JOIN LATERAL (
                SELECT a.partnership_id FROM partnership_member a
                WHERE a.superseded_by IS NULL AND a.org_id = w.org AND a.in_force @> $2::date OFFSET 0
            ) a
            CROSS JOIN LATERAL (
                SELECT b.org_id FROM partnership_member b
                WHERE b.superseded_by IS NULL AND b.partnership_id = a.partnership_id AND b.org_id <> w.org AND b.in_force @> $2
                  AND EXISTS (
                      SELECT FROM partnership p WHERE p.superseded_by IS NULL AND p.partnership_id = a.partnership_id
                        AND p.in_force @> $2 AND ($4::text[] IS NULL OR p.kind = ANY ($4))) OFFSET 0
            ) b
            WHERE w.distance < $3::integer
        ),
        step AS MATERIALIZED (SELECT org, distance FROM walk LIMIT $5),
        node AS MATERIALIZED (
            SELECT org, min(distance) AS distance FROM step GROUP BY org ORDER BY distance, org LIMIT $6
        ),
        pair AS (
            SELECT a.partnership_id AS partnership, p.name, p.kind, a.position AS at, b.position AS with,
                   json_build_object('position', a.position, 'org', a.org_id, 'role', a.role,
                       'equity_percent', trim_scale(a.equity_percent), 'document', a.document_id) AS first,
                   json_build_object('position', b.position, 'org', b.org_id, 'role', b.role,
                       'equity_percent', trim_scale(b.equity_percent), 'document', b.document_id) AS second,
                   CASE WHEN lower(b.in_force) > lower(a.in_force) OR lower_inf(a.in_force)
                       THEN b.valid_from ELSE a.valid_from END AS valid_from,
                   CASE WHEN upper(b.in_force) < upper(a.in_force) OR upper_inf(a.in_force)
                       THEN b.valid_to ELSE a.valid_to END AS valid_to
            FROM node n
            CROSS JOIN LATERAL (
                SELECT a.* FROM partnership_member a
                WHERE a.superseded_by IS NULL AND a.org_id = n.org AND a.in_force @> $2 OFFSET 0
            ) a
            CROSS JOIN LATERAL (
                SELECT p.* FROM partnership p
                WHERE p.superseded_by IS NULL AND p.partnership_id = a.partnership_id AND p.in_force @> $2
                  AND ($4 IS NULL OR p.kind = ANY ($4)) OFFSET 0
            ) p
            CROSS JOIN LATERAL (
                SELECT b.* FROM partnership_member b
                WHERE b.superseded_by IS NULL AND b.partnership_id = a.partnership_id AND b.position > a.position
                  AND b.org_id <> a.org_id AND b.in_force @> $2 OFFSET 0
            ) b
            -- As a truth value it is looked up in a hash, where as a join it would be compared with each.
            WHERE (b.org_id IN (SELECT org FROM node)) IS TRUE
            ORDER BY a.partnership_id, a.position, b.position LIMIT $7
        )
        SELECT c.version, greatest(c.changed_at, o.changed_at) AS "changed_at!", o.version AS organizations,
               CASE WHEN EXISTS (SELECT FROM node) THEN json_build_object(
            'walked', (SELECT count(*) < $5 FROM step),
            'nodes', (SELECT json_agg(to_json(n) ORDER BY n.distance, n.id) FROM (
                SELECT n.org AS id, coalesce(g.name_en, n.org) AS label, g.name_zh AS label_zh, g.kind, g.country, n.distance
                FROM node n LEFT JOIN organization g ON g.superseded_by IS NULL AND g.org_id = n.org
            ) n),
            'pairs', coalesce((SELECT json_agg(to_json(p) ORDER BY p.partnership, p.at, p.with) FROM pair p), '[]')
        ) END AS "found: Json<Found>"
        FROM collection c, collection o WHERE c.name = 'partnerships' AND o.name = 'organizations'"#,
        asked.organization,
        asked.on as NaiveDate,
        asked.depth,
        kinds,
        i64::try_from(MOST_STEPS).unwrap_or(i64::MAX),
        i64::try_from(MOST_NODES).unwrap_or(i64::MAX).saturating_add(1),
        i64::try_from(MOST_EDGES).unwrap_or(i64::MAX).saturating_add(1),
    )
    .fetch_one(pool)
    .await?;
    let data = row.found.map(|Json(found)| found);
    Ok((Versioned { version: row.version, changed_at: row.changed_at, data }, row.organizations))
}
