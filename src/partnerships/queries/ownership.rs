//! The stakes around an organization, by one recursive statement.

use chrono::NaiveDate;
use sqlx::PgPool;
use sqlx::types::Json;

use crate::database::Versioned;
use crate::error::{Error, Result};
use crate::partnerships::ownership::{Asked, Direction, Known, MOST_ORGANIZATIONS};

/// What is known of the stakes around an organization on a day, beside it the versions of the organizations that hold them and of
/// the documents that date them.
#[expect(clippy::too_many_lines, reason = "it is one statement, so that all of it is of one snapshot")]
pub async fn stakes(pool: &PgPool, asked: Asked<'_>) -> Result<(Versioned<Known>, [i64; 2])> {
    let Asked { id, on, direction } = asked;
    let row = sqlx::query!(
        r#"WITH RECURSIVE gone AS MATERIALIZED (
            SELECT o.org_id FROM organization o WHERE o.superseded_by IS NULL AND upper(o.existence) <= $2::date
        ),
        -- Each share of the day; and of who had one before and has one later, for the days between of which nothing is stated, one of
        -- unknown size from the end of the one to the start of the other.
        share AS NOT MATERIALIZED (
            SELECT h.partnership_id, h.position, h.org_id, h.role, h.equity_percent, h.valid_from, h.valid_to, h.document_id,
                   lower_inf(h.in_force) AS is_open
            FROM partnership_member h
            WHERE h.superseded_by IS NULL AND h.role IN ('parent', 'investor') AND h.in_force @> $2::date
            UNION ALL
            SELECT h.partnership_id, h.position, h.org_id, h.role, NULL, h.valid_to, n.valid_from, h.document_id,
                   false
            FROM partnership_member h
            CROSS JOIN LATERAL (
                SELECT n.valid_from FROM partnership_member n
                WHERE n.superseded_by IS NULL AND n.partnership_id = h.partnership_id AND n.org_id = h.org_id
                  AND n.role IN ('parent', 'investor') AND lower(n.in_force) > $2
                ORDER BY lower(n.in_force), n.position LIMIT 1
            ) n
            WHERE h.superseded_by IS NULL AND h.role IN ('parent', 'investor') AND upper(h.in_force) <= $2
              AND NOT EXISTS (
                  SELECT FROM partnership_member o
                  WHERE o.superseded_by IS NULL AND o.partnership_id = h.partnership_id AND o.org_id = h.org_id
                    AND o.role IN ('parent', 'investor')
                    AND (o.in_force @> $2 OR upper(o.in_force) <= $2 AND (upper(o.in_force), o.position) > (upper(h.in_force), h.position)))
        ),
        stake AS NOT MATERIALIZED (
            SELECT h.partnership_id AS partnership, h.position, h.org_id AS holder, t.org_id AS held, p.kind, p.name, h.role,
                   trim_scale(h.equity_percent)::text AS equity_percent, h.valid_from, h.valid_to, h.document_id AS document,
                   NOT isempty(p.in_force) AS placed,
                   -- Of an undated document a start that it does not tell is that of the partnership, where that has one.
                   h.valid_from IS NOT NULL OR coalesce((
                       SELECT CASE WHEN d.published IS NULL THEN NOT h.is_open ELSE d.published_until <= $2 END FROM document d
                       WHERE d.superseded_by IS NULL AND d.document_id = h.document_id), false) AS begun
            FROM share h
            JOIN partnership p ON p.superseded_by IS NULL AND p.partnership_id = h.partnership_id
            LEFT JOIN partnership_member t ON t.superseded_by IS NULL AND t.partnership_id = h.partnership_id
                AND t.role IN ('operator', 'target')
            WHERE p.kind IN ('joint_venture', 'equity_stake', 'acquisition', 'brand_launch', 'wholly_owned_plant')
              -- A stake counts by its own dates. Where the company began later, that is an earlier holding which its document
              -- states, unless both dates may mean the same day.
              AND (t.org_id IS NULL OR lower_inf(t.in_force) OR lower(t.in_force) <= $2 OR h.valid_from IS NOT NULL
                   AND NOT starts_with(coalesce(t.valid_from, p.effective_from, p.announced, h.valid_from), h.valid_from))
              -- Nobody holds what is dissolved, and who is dissolved holds nothing.
              AND (h.org_id IN (SELECT org_id FROM gone)) IS NOT TRUE AND (t.org_id IN (SELECT org_id FROM gone)) IS NOT TRUE
        ),
        -- Each OFFSET 0 keeps a step by itself, so that it is one look into an index whatever is guessed of its size.
        reached (org) AS (
            SELECT o.org_id FROM organization o WHERE o.superseded_by IS NULL AND o.org_id = $1
            UNION
            SELECT n.org FROM reached r CROSS JOIN LATERAL (
                SELECT CASE WHEN $3::boolean THEN s.holder ELSE s.held END AS org
                FROM (
                    SELECT DISTINCT m.partnership_id FROM partnership_member m
                    WHERE m.superseded_by IS NULL AND m.org_id = r.org
                      AND m.role = ANY (CASE WHEN $3 THEN '{operator,target}'::text[] ELSE '{parent,investor}' END) OFFSET 0
                ) m
                CROSS JOIN LATERAL (SELECT s.* FROM stake s WHERE s.partnership = m.partnership_id OFFSET 0) s
                WHERE s.placed AND s.held IS NOT NULL AND r.org = CASE WHEN $3 THEN s.held ELSE s.holder END
                UNION ALL
                SELECT o.parent_org_id FROM organization o
                WHERE $3 AND o.superseded_by IS NULL AND o.org_id = r.org AND o.parent_org_id IS NOT NULL
                UNION ALL
                SELECT o.org_id FROM organization o
                WHERE NOT $3 AND o.superseded_by IS NULL AND o.parent_org_id = r.org
            ) n
        ),
        node AS MATERIALIZED (SELECT org FROM reached LIMIT $4),
        touched AS MATERIALIZED (
            SELECT DISTINCT m.partnership_id FROM node n CROSS JOIN LATERAL (
                SELECT m.partnership_id FROM partnership_member m
                WHERE m.superseded_by IS NULL AND m.org_id = n.org
                  AND (m.role IN ('operator', 'target') OR NOT $3 AND m.role IN ('parent', 'investor')) OFFSET 0
            ) m
        ),
        found AS MATERIALIZED (
            SELECT DISTINCT s.* FROM touched t
            CROSS JOIN LATERAL (SELECT s.* FROM stake s WHERE s.partnership = t.partnership_id OFFSET 0) s
            WHERE (s.held IN (SELECT org FROM node)) IS TRUE
               OR NOT $3 AND (s.held IS NULL OR NOT s.placed AND s.holder IN (SELECT org FROM node))
        )
        SELECT c.version, greatest(c.changed_at, o.changed_at, s.changed_at) AS "changed_at!", o.version AS organizations,
               s.version AS sources, json_build_object(
            'reached', (SELECT count(*) FROM node),
            'stakes', coalesce((
                SELECT json_agg(to_json(f) ORDER BY f.held, f.holder, f.partnership, f.position) FROM found f), '[]'),
            'organizations', coalesce((SELECT json_agg(to_json(p) ORDER BY p.id) FROM (
                SELECT o.org_id AS id, o.name_en, o.name_zh, o.kind, o.country, o.parent_org_id AS parent, o.document_id AS document,
                       o.founded, o.dissolved, o.existence @> $2 AS exists
                FROM organization o
                WHERE o.superseded_by IS NULL AND o.org_id IN (
                    SELECT org FROM node UNION SELECT holder FROM found UNION SELECT held FROM found)
            ) p), '[]')) AS "known!: Json<Known>"
        FROM collection c, collection o, collection s
        WHERE c.name = 'partnerships' AND o.name = 'organizations' AND s.name = 'sources'"#,
        id,
        on as NaiveDate,
        direction == Direction::Up,
        i64::try_from(MOST_ORGANIZATIONS).unwrap_or(i64::MAX).saturating_add(1),
    )
    .fetch_one(pool)
    .await?;
    let Json(known) = row.known;
    if known.reached > MOST_ORGANIZATIONS {
        return Err(Error::TooMuchRead {
            what: "organizations",
            limit: MOST_ORGANIZATIONS as u64,
            way_out: "Ask for an organization that stands nearer to the end of the chains",
        });
    }
    let read = Versioned { version: row.version, changed_at: row.changed_at, data: known };
    Ok((read, [row.organizations, row.sources]))
}
