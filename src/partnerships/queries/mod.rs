//! The statements of this slice. Each answers from one snapshot: the rows with the version that they were read at.
//!
//! A row counts while `superseded_by` is null: it names the release that replaced the row, or its own where that was withdrawn.

mod counts;
mod network;
mod ownership;
mod timeline;

use sqlx::PgPool;
use sqlx::types::Json;

pub use counts::counted;
pub use network::network;
pub use ownership::stakes;
pub use timeline::timeline;

use super::filters::{EventFilter, Order, OrganizationFilter, PartnershipFilter};
use super::model::{Event, Organization, OrganizationDetail, Partnership};
use crate::database::Versioned;
use crate::error::Result;
use crate::filter::{Known, Window};
use crate::words::{EVENT_KINDS, MEMBER_ROLES, ORGANIZATION_KINDS, PARTNERSHIP_KINDS, PARTNERSHIP_STATUSES};

/// What was read of one collection, and the version of another one that the statement read beside it.
pub type Joined<T> = (Versioned<T>, i64);

/// The collections of this slice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Collection {
    /// Partnerships and their members.
    Partnerships,
    /// Organizations.
    Organizations,
    /// Events.
    Events,
}

impl Collection {
    /// Its name, as in paths and versions.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Partnerships => "partnerships",
            Self::Organizations => "organizations",
            Self::Events => "events",
        }
    }

    const fn kinds(self) -> &'static [&'static str] {
        match self {
            Self::Partnerships => &PARTNERSHIP_KINDS,
            Self::Organizations => &ORGANIZATION_KINDS,
            Self::Events => &EVENT_KINDS,
        }
    }
}

/// The words that these parameters of a collection's list may name.
pub async fn known(pool: &PgPool, of: Collection, parameters: &[String]) -> Result<Known> {
    let rows = sqlx::query!(
        r#"SELECT DISTINCT w.parameter AS "parameter!", w.word AS "word!", w.parent
        FROM (
            SELECT p AS parameter, code AS word, parent
            FROM code, unnest('{geo,headquarters_geo}'::text[]) p WHERE dimension = 'geo' AND superseded_by IS NULL
            UNION ALL SELECT 'country', code, NULL
            FROM code WHERE dimension = 'geo' AND code ~ '^[A-Z]{2}$' AND superseded_by IS NULL
            UNION ALL SELECT 'country', country, NULL FROM organization WHERE superseded_by IS NULL
            UNION ALL SELECT p, org_id, NULL
            FROM organization, unnest('{org,parent,organizations}'::text[]) p WHERE superseded_by IS NULL
            UNION ALL SELECT p, partnership_id, NULL
            FROM partnership, unnest('{partnership,partnerships}'::text[]) p WHERE superseded_by IS NULL
            UNION ALL SELECT 'events', event_id, NULL FROM event WHERE superseded_by IS NULL
            UNION ALL SELECT 'focus', unnest(focus), NULL FROM partnership WHERE superseded_by IS NULL
            UNION ALL SELECT 'document', document_id, NULL FROM document WHERE superseded_by IS NULL
        ) w
        WHERE w.word IS NOT NULL AND (w.parameter = ANY ($1) OR 'id' = ANY ($1) AND w.parameter = $2)"#,
        parameters,
        of.name(),
    )
    .fetch_all(pool)
    .await?;
    let mut known = Known::default()
        .with("kind", of.kinds())
        .with("status", &PARTNERSHIP_STATUSES)
        .with("role", &MEMBER_ROLES);
    known.extend(rows.into_iter().map(|row| {
        let parameter = if row.parameter == of.name() { "id".to_owned() } else { row.parameter };
        (parameter, row.word, row.parent)
    }));
    Ok(known)
}

/// A page of partnerships by id, beside it the version of the organizations that name their members.
pub async fn partnerships(
    pool: &PgPool,
    filter: &PartnershipFilter,
    window: &Window,
) -> Result<Joined<Vec<Partnership>>> {
    let row = sqlx::query!(
        r#"WITH member AS NOT MATERIALIZED (
            SELECT m.partnership_id, m.position, m.org_id AS org, o.name_en, o.name_zh, o.country, m.role,
                   trim_scale(m.equity_percent) AS equity_percent, m.valid_from, m.valid_to,
                   m.in_force && daterange($1::date, $2::date, '[]') AS in_force, m.document_id AS document
            FROM partnership_member m
            LEFT JOIN organization o ON o.org_id = m.org_id AND o.superseded_by IS NULL
            WHERE m.superseded_by IS NULL
        )
        SELECT c.version, greatest(c.changed_at, o.changed_at) AS "changed_at!", o.version AS organizations,
               coalesce((SELECT json_agg(to_json(p) ORDER BY p.id) FROM (
            SELECT p.partnership_id AS id, p.kind, p.name, p.announced, p.effective_from, p.effective_to, p.status, p.geo,
                   p.focus, p.summary, p.document_id AS document,
                   coalesce((SELECT json_agg(to_json(m) ORDER BY m.position) FROM (
                       SELECT m.position, m.org, m.name_en, m.name_zh, m.country, m.role, m.equity_percent, m.valid_from,
                              m.valid_to, CASE WHEN $1 IS NOT NULL THEN m.in_force END AS in_force, m.document
                       FROM member m WHERE m.partnership_id = p.partnership_id
                   ) m), '[]') AS members
            FROM partnership p
            WHERE p.superseded_by IS NULL
              AND ($3::text IS NULL OR p.partnership_id > $3)
              AND ($4::text[] IS NULL OR p.partnership_id = ANY ($4))
              AND ($5::text[] IS NULL OR p.kind = ANY ($5))
              AND ($6::text[] IS NULL OR p.status = ANY ($6))
              AND ($7::text[] IS NULL OR p.geo = ANY ($7))
              AND ($8::text[] IS NULL OR p.focus && $8)
              AND ($1 IS NULL OR p.in_force && daterange($1, $2, '[]'))
              AND (num_nonnulls($9::text[], $10::text[], $11::text[], $20::date) = 0 AND $12::boolean IS NOT TRUE OR EXISTS (
                  SELECT FROM member m WHERE m.partnership_id = p.partnership_id
                    AND ($9 IS NULL OR m.org = ANY ($9))
                    AND ($10 IS NULL OR m.role = ANY ($10))
                    AND ($11 IS NULL OR m.country = ANY ($11))
                    AND ($12 IS NOT TRUE OR m.country <> 'CN')
                    AND ($20 IS NULL OR m.valid_from >= left(to_char($20, 'YYYY-MM-DD'), length(m.valid_from)))
                    AND ($1 IS NULL OR m.in_force)))
              AND ($12 IS NOT FALSE OR NOT EXISTS (
                  SELECT FROM member m WHERE m.partnership_id = p.partnership_id AND m.country <> 'CN'
                    AND ($1 IS NULL OR m.in_force)))
              AND ($13::date IS NULL OR (p.announced <= to_char($14::date, 'YYYY-MM-DD')
                   AND p.announced >= left(to_char($13, 'YYYY-MM-DD'), length(p.announced))))
              AND ($15::date IS NULL OR coalesce(p.effective_from, p.announced)
                   >= left(to_char($15, 'YYYY-MM-DD'), length(coalesce(p.effective_from, p.announced))))
              AND ($16::date IS NULL OR coalesce(p.effective_from, p.announced) <= to_char($16, 'YYYY-MM-DD'))
              AND ($17::text[] IS NULL OR p.document_id = ANY ($17) OR EXISTS (
                  SELECT FROM member m WHERE m.partnership_id = p.partnership_id AND m.document = ANY ($17)))
              AND ($18::text IS NULL OR strpos(lower(concat_ws(' ', p.name, p.summary)), $18) > 0 OR EXISTS (
                  SELECT FROM member m WHERE m.partnership_id = p.partnership_id
                    AND strpos(lower(concat_ws(' ', m.name_en, m.name_zh)), $18) > 0))
            ORDER BY p.partnership_id LIMIT $19
        ) p), '[]') AS "data!: Json<Vec<Partnership>>"
        FROM collection c, collection o WHERE c.name = 'partnerships' AND o.name = 'organizations'"#,
        filter.valid_on.map(|date| date.first),
        filter.valid_on.map(|date| date.last),
        window.text(0),
        filter.id.as_deref(),
        filter.kind.as_deref(),
        filter.status.as_deref(),
        filter.geo.as_deref(),
        filter.focus.as_deref(),
        filter.org.as_deref(),
        filter.role.as_deref(),
        filter.country.as_deref(),
        filter.foreign,
        filter.announced.map(|date| date.first),
        filter.announced.map(|date| date.last),
        filter.start.map(|date| date.first),
        filter.end.map(|date| date.last),
        filter.document.as_deref(),
        filter.q.as_deref(),
        window.rows,
        filter.member_start.map(|date| date.first),
    )
    .fetch_one(pool)
    .await?;
    Ok((Versioned { version: row.version, changed_at: row.changed_at, data: row.data.0 }, row.organizations))
}

/// A page of organizations by id, beside it the version of the partnerships that they can be found by.
pub async fn organizations(
    pool: &PgPool,
    filter: &OrganizationFilter,
    window: &Window,
) -> Result<Joined<Vec<Organization>>> {
    let row = sqlx::query!(
        r#"SELECT c.version, greatest(c.changed_at, p.changed_at) AS "changed_at!", p.version AS partnerships,
               coalesce((SELECT json_agg(to_json(o) ORDER BY o.id) FROM (
            SELECT o.org_id AS id, o.name_en, o.name_zh, o.kind, o.country, o.headquarters_geo, o.founded, o.dissolved,
                   o.parent_org_id AS parent, o.notes, o.document_id AS document
            FROM organization o
            WHERE o.superseded_by IS NULL
              AND ($1::text IS NULL OR o.org_id > $1)
              AND ($2::text[] IS NULL OR o.org_id = ANY ($2))
              AND ($3::text[] IS NULL OR o.kind = ANY ($3))
              AND ($4::text[] IS NULL OR o.country = ANY ($4))
              AND ($5::boolean IS NULL OR $5 = (o.country IS NOT NULL AND o.country <> 'CN'))
              AND ($6::text[] IS NULL OR o.headquarters_geo = ANY ($6))
              AND ($7::text[] IS NULL OR o.parent_org_id = ANY ($7))
              AND ($8::text[] IS NULL OR EXISTS (
                  SELECT FROM partnership_member m
                  WHERE m.superseded_by IS NULL AND m.org_id = o.org_id AND m.partnership_id = ANY ($8)))
              AND ($9::date IS NULL OR o.existence && daterange($9, $10::date, '[]'))
              AND ($11::date IS NULL OR (o.founded <= to_char($12::date, 'YYYY-MM-DD')
                   AND o.founded >= left(to_char($11, 'YYYY-MM-DD'), length(o.founded))))
              AND ($13::date IS NULL OR (o.dissolved <= to_char($14::date, 'YYYY-MM-DD')
                   AND o.dissolved >= left(to_char($13, 'YYYY-MM-DD'), length(o.dissolved))))
              AND ($15::text[] IS NULL OR o.document_id = ANY ($15))
              AND ($16::text IS NULL OR strpos(lower(concat_ws(' ', o.org_id, o.name_en, o.name_zh)), $16) > 0)
            ORDER BY o.org_id LIMIT $17
        ) o), '[]') AS "data!: Json<Vec<Organization>>"
        FROM collection c, collection p WHERE c.name = 'organizations' AND p.name = 'partnerships'"#,
        window.text(0),
        filter.id.as_deref(),
        filter.kind.as_deref(),
        filter.country.as_deref(),
        filter.foreign,
        filter.headquarters_geo.as_deref(),
        filter.parent.as_deref(),
        filter.partnership.as_deref(),
        filter.valid_on.map(|date| date.first),
        filter.valid_on.map(|date| date.last),
        filter.founded.map(|date| date.first),
        filter.founded.map(|date| date.last),
        filter.dissolved.map(|date| date.first),
        filter.dissolved.map(|date| date.last),
        filter.document.as_deref(),
        filter.q.as_deref(),
        window.rows,
    )
    .fetch_one(pool)
    .await?;
    Ok((Versioned { version: row.version, changed_at: row.changed_at, data: row.data.0 }, row.partnerships))
}

/// One organization with its children and partnerships, beside it the version of the partnerships.
pub async fn organization(pool: &PgPool, id: &str) -> Result<Joined<Option<OrganizationDetail>>> {
    let row = sqlx::query!(
        r#"WITH current AS NOT MATERIALIZED (SELECT o.* FROM organization o WHERE o.superseded_by IS NULL),
        member AS NOT MATERIALIZED (
            SELECT m.* FROM partnership_member m WHERE m.superseded_by IS NULL
        )
        SELECT c.version, greatest(c.changed_at, p.changed_at) AS "changed_at!", p.version AS partnerships,
               (SELECT to_json(o) FROM (
            SELECT o.org_id AS id, o.name_en, o.name_zh, o.kind, o.country, o.headquarters_geo, o.founded, o.dissolved,
                   o.parent_org_id AS parent, o.notes, o.document_id AS document,
                   coalesce((SELECT json_agg(to_json(h) ORDER BY h.id) FROM (
                       SELECT h.org_id AS id, h.name_en, h.name_zh, h.kind FROM current h WHERE h.parent_org_id = o.org_id
                   ) h), '[]') AS children,
                   coalesce((SELECT json_agg(to_json(m) ORDER BY m.partnership, m.position) FROM (
                       SELECT m.partnership_id AS partnership, m.position, s.name, s.kind, s.status, m.role,
                              trim_scale(m.equity_percent) AS equity_percent, m.valid_from, m.valid_to,
                              ARRAY(SELECT DISTINCT w.org_id FROM member w WHERE w.partnership_id = m.partnership_id
                                      AND w.org_id <> m.org_id ORDER BY w.org_id) AS "with",
                              m.document_id AS document
                       FROM member m JOIN partnership s ON s.partnership_id = m.partnership_id AND s.superseded_by IS NULL
                       WHERE m.org_id = o.org_id
                   ) m), '[]') AS partnerships
            FROM current o WHERE o.org_id = $1
        ) o) AS "data: Json<OrganizationDetail>"
        FROM collection c, collection p WHERE c.name = 'organizations' AND p.name = 'partnerships'"#,
        id,
    )
    .fetch_one(pool)
    .await?;
    let data = row.data.map(|Json(detail)| detail);
    Ok((Versioned { version: row.version, changed_at: row.changed_at, data }, row.partnerships))
}

/// A page of events by date, beside it the version of the organizations whose countries they can be found by.
pub async fn events(pool: &PgPool, filter: &EventFilter, window: &Window) -> Result<Joined<Vec<Event>>> {
    let row = sqlx::query!(
        r#"SELECT c.version, greatest(c.changed_at, o.changed_at) AS "changed_at!", o.version AS organizations,
               coalesce((SELECT json_agg(to_json(e) ORDER BY e.nth) FROM (
            SELECT e.event_id AS id, e.date, e.kind, e.title, e.orgs, e.geo, e.summary, e.document_id AS document,
                   row_number() OVER (ORDER BY CASE WHEN $1::boolean THEN e.date END DESC, e.date, e.event_id) AS nth
            FROM event e
            WHERE e.superseded_by IS NULL
              AND ($2::text IS NULL OR e.date = $2 AND e.event_id > $3::text
                   OR CASE WHEN $1 THEN e.date < $2 ELSE e.date > $2 END)
              AND ($4::text[] IS NULL OR e.event_id = ANY ($4))
              AND ($5::text[] IS NULL OR e.kind = ANY ($5))
              AND ($6::text[] IS NULL OR e.orgs && $6)
              AND ($7::text[] IS NULL OR EXISTS (
                  SELECT FROM organization g WHERE g.superseded_by IS NULL AND g.org_id = ANY (e.orgs)
                    AND g.country = ANY ($7)))
              AND ($8::boolean IS NULL OR $8 = EXISTS (
                  SELECT FROM organization g WHERE g.superseded_by IS NULL AND g.org_id = ANY (e.orgs)
                    AND g.country <> 'CN'))
              AND ($9::text[] IS NULL OR e.geo = ANY ($9))
              AND (num_nonnulls($10::date, $11::date) = 0 OR e.happened && daterange($10, $11, '[]'))
              AND ($12::text[] IS NULL OR e.document_id = ANY ($12))
              AND ($13::text IS NULL OR strpos(lower(concat_ws(' ', e.title, e.summary)), $13) > 0)
            ORDER BY nth LIMIT $14
        ) e), '[]') AS "data!: Json<Vec<Event>>"
        FROM collection c, collection o WHERE c.name = 'events' AND o.name = 'organizations'"#,
        filter.sort == Some(Order::Latest),
        window.text(0),
        window.text(1),
        filter.id.as_deref(),
        filter.kind.as_deref(),
        filter.org.as_deref(),
        filter.country.as_deref(),
        filter.foreign,
        filter.geo.as_deref(),
        filter.start.map(|date| date.first),
        filter.end.map(|date| date.last),
        filter.document.as_deref(),
        filter.q.as_deref(),
        window.rows,
    )
    .fetch_one(pool)
    .await?;
    Ok((Versioned { version: row.version, changed_at: row.changed_at, data: row.data.0 }, row.organizations))
}
