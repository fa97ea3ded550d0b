//! What happened to an organization, by one statement.

use sqlx::PgPool;
use sqlx::types::Json;

use crate::database::Versioned;
use crate::error::Result;
use crate::filter::Window;
use crate::partnerships::filters::TimelineFilter;
use crate::partnerships::timeline::Page;

/// A page of what happened to an organization, beside it the versions of partnerships and events.
pub async fn timeline(
    pool: &PgPool,
    id: &str,
    filter: &TimelineFilter,
    window: &Window,
) -> Result<(Versioned<Page>, [i64; 2])> {
    let row = sqlx::query!(
        r#"WITH own AS MATERIALIZED (
            SELECT o.* FROM organization o WHERE o.superseded_by IS NULL AND o.org_id = $1
        ),
        member AS MATERIALIZED (
            SELECT m.*, p.name, p.kind, m.role IN ('parent', 'investor') AS holds
            FROM partnership_member m
            JOIN partnership p ON p.superseded_by IS NULL AND p.partnership_id = m.partnership_id
            WHERE m.superseded_by IS NULL AND m.partnership_id IN (
                SELECT w.partnership_id FROM partnership_member w WHERE w.superseded_by IS NULL AND w.org_id = $1)
        ),
        taken AS MATERIALIZED (
            SELECT DISTINCT p.* FROM member m
            JOIN partnership p ON p.superseded_by IS NULL AND p.partnership_id = m.partnership_id
        ),
        -- What it holds, and what is held in it; beside each the share that it follows at once, and whether one follows it.
        stake AS MATERIALIZED (
            SELECT m.*, b.position AS before, b.equity_percent AS percent_before, EXISTS (
                SELECT FROM member n
                WHERE n.holds AND n.partnership_id = m.partnership_id AND n.org_id = m.org_id
                  AND lower(n.in_force) = upper(m.in_force)) AS goes_on
            FROM member m
            LEFT JOIN LATERAL (
                SELECT b.position, b.equity_percent FROM member b
                WHERE b.holds AND b.partnership_id = m.partnership_id AND b.org_id = m.org_id
                  AND upper(b.in_force) = lower(m.in_force)
                ORDER BY b.position DESC LIMIT 1) b ON true
            WHERE m.holds AND (m.org_id = $1 OR EXISTS (
                SELECT FROM member h
                WHERE h.partnership_id = m.partnership_id AND h.org_id = $1 AND h.role IN ('operator', 'target')))
        ),
        entry AS (
            SELECT founded AS date, '1/founded' AS id, 'founded' AS kind, name_en AS title, NULL AS partnership,
                   NULL AS partnership_kind, NULL AS event, NULL AS event_kind, NULL AS member, NULL AS role,
                   NULL::numeric AS equity_percent, NULL::numeric AS equity_percent_before, document_id AS document
            FROM own WHERE founded IS NOT NULL
            UNION ALL
            SELECT t.date, t.rank || '/' || p.partnership_id || '/' || t.kind, t.kind, p.name, p.partnership_id, p.kind, NULL, NULL,
                   NULL, NULL, NULL, NULL, p.document_id
            FROM taken p CROSS JOIN LATERAL (VALUES
                ('2', 'announced', p.announced), ('3', 'began', p.effective_from), ('7', 'ended', p.effective_to)
            ) t (rank, kind, date)
            WHERE t.date IS NOT NULL
            UNION ALL
            SELECT s.valid_from, '4/' || s.partnership_id || '/' || s.position,
                   CASE WHEN s.before IS NULL THEN 'stake_began' ELSE 'stake_changed' END, s.name, s.partnership_id, s.kind, NULL,
                   NULL, s.org_id, s.role, s.equity_percent, s.percent_before, s.document_id
            FROM stake s
            UNION ALL
            SELECT s.valid_to, '6/' || s.partnership_id || '/' || s.position, 'stake_ended', s.name, s.partnership_id, s.kind, NULL,
                   NULL, s.org_id, s.role, NULL, s.equity_percent, s.document_id
            FROM stake s WHERE s.valid_to IS NOT NULL AND NOT s.goes_on
            UNION ALL
            SELECT t.date, t.rank || '/' || m.partnership_id || '/' || m.position, t.kind, m.name, m.partnership_id, m.kind, NULL,
                   NULL, m.org_id, m.role, NULL, NULL, m.document_id
            FROM member m CROSS JOIN LATERAL (VALUES ('5', 'joined', m.valid_from), ('6', 'left', m.valid_to)) t (rank, kind, date)
            WHERE m.org_id = $1 AND NOT m.holds AND m.role NOT IN ('operator', 'target') AND t.date IS NOT NULL
            UNION ALL
            SELECT e.date, '8/' || e.event_id, 'event', e.title, NULL, NULL, e.event_id, e.kind, NULL, NULL, NULL, NULL, e.document_id
            FROM event e WHERE e.superseded_by IS NULL AND e.orgs @> ARRAY[$1]
            UNION ALL
            SELECT dissolved, '9/dissolved', 'dissolved', name_en, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, document_id
            FROM own WHERE dissolved IS NOT NULL
        )
        SELECT c.version, greatest(c.changed_at, p.changed_at, e.changed_at) AS "changed_at!", p.version AS partnerships,
               e.version AS events, json_build_object(
            'held', EXISTS (SELECT FROM own),
            'entries', coalesce((SELECT json_agg(to_json(t) ORDER BY coalesce(t.date, '~'), t.id) FROM (
                SELECT n.date, n.kind, n.title, n.partnership, n.partnership_kind, n.event, n.event_kind, n.member, n.role,
                       trim_scale(n.equity_percent) AS equity_percent, trim_scale(n.equity_percent_before) AS equity_percent_before,
                       n.document, n.id
                FROM entry n
                WHERE ($2::text IS NULL OR (coalesce(n.date, '~'), n.id) > ($2, $3::text))
                  AND ($4::text[] IS NULL OR n.kind = ANY ($4))
                  AND ($5::date IS NULL OR n.date >= left(to_char($5, 'YYYY-MM-DD'), length(n.date)))
                  AND ($6::date IS NULL OR n.date <= to_char($6, 'YYYY-MM-DD'))
                ORDER BY coalesce(n.date, '~'), n.id LIMIT $7
            ) t), '[]')) AS "page!: Json<Page>"
        FROM collection c, collection p, collection e
        WHERE c.name = 'organizations' AND p.name = 'partnerships' AND e.name = 'events'"#,
        id,
        window.text(0),
        window.text(1),
        filter.kind.as_deref(),
        filter.start.map(|date| date.first),
        filter.end.map(|date| date.last),
        window.rows,
    )
    .fetch_one(pool)
    .await?;
    let Json(page) = row.page;
    let read = Versioned { version: row.version, changed_at: row.changed_at, data: page };
    Ok((read, [row.partnerships, row.events]))
}
