//! The names of the records beside the catalog's own, read anew for each search: they are few and short.

use sqlx::PgPool;

use super::text::Names;
use super::{Found, Kind};
use crate::catalog::Sight;
use crate::database::Versioned;
use crate::error::Result;

/// Every organization, instrument, partnership and event with its names, at the version of everything together.
pub async fn records(pool: &PgPool, sight: &Sight) -> Result<Versioned<Vec<(Names, Found)>>> {
    let rows = sqlx::query!(
        r#"SELECT v.version AS "version!", v.changed_at AS "changed_at!", r.kind AS "kind?", r.id AS "id?", r.name_en AS "name_en?",
             r.name_zh AS "name_zh?", r.detail AS "detail?", r.also AS "also?"
           FROM (SELECT sum(version)::bigint AS version, max(changed_at) AS changed_at FROM collection, hidden_from($1) AS hidden
                 WHERE NOT name = ANY(hidden)) v
           LEFT JOIN (
             SELECT 'organization' AS kind, org_id AS id, name_en, name_zh, concat_ws(', ', kind, country, founded) AS detail,
               notes AS also
             FROM organization WHERE superseded_by IS NULL
             UNION ALL
             SELECT 'instrument', i.instrument_id, i.name, NULL, concat_ws(', ', i.kind, i.jurisdiction,
                 concat_ws(' to ', i.effective_from, coalesce(i.effective_to, '…'))),
               concat_ws(' ', array_to_string(i.authorities, ' '), i.summary, g.name_en, g.name_zh)
             FROM subsidy_instrument i
             LEFT JOIN code g ON g.dimension = 'geo' AND g.code = i.jurisdiction AND g.superseded_by IS NULL
             WHERE i.superseded_by IS NULL
             UNION ALL
             SELECT 'partnership', p.partnership_id, p.name, NULL, concat_ws(', ', p.kind, p.status,
                 concat_ws(' to ', coalesce(p.effective_from, p.announced), p.effective_to)),
               concat_ws(' ', p.summary, g.name_en, g.name_zh, (
                 SELECT string_agg(DISTINCT concat_ws(' ', o.name_en, o.name_zh), ' ')
                 FROM partnership_member m JOIN organization o ON o.org_id = m.org_id AND o.superseded_by IS NULL
                 WHERE m.partnership_id = p.partnership_id AND m.superseded_by IS NULL))
             FROM partnership p
             LEFT JOIN code g ON g.dimension = 'geo' AND g.code = p.geo AND g.superseded_by IS NULL
             WHERE p.superseded_by IS NULL
             UNION ALL
             SELECT 'event', e.event_id, e.title, NULL, concat_ws(', ', e.date, e.kind, e.geo),
               concat_ws(' ', e.summary, g.name_en, g.name_zh, (
                 SELECT string_agg(concat_ws(' ', o.name_en, o.name_zh), ' ')
                 FROM organization o WHERE o.org_id = ANY(e.orgs) AND o.superseded_by IS NULL))
             FROM event e
             LEFT JOIN code g ON g.dimension = 'geo' AND g.code = e.geo AND g.superseded_by IS NULL
             WHERE e.superseded_by IS NULL
           ) r ON true"#,
        sight.seen(),
    )
    .fetch_all(pool)
    .await?;
    let first = rows.first().map(|row| (row.version, row.changed_at));
    let (version, changed_at) = first.unwrap_or_default();
    let mut data = Vec::with_capacity(rows.len());
    for row in rows {
        let kind = row.kind.as_deref().and_then(Kind::of_word);
        let (Some(kind), Some(id), Some(name_en)) = (kind, row.id, row.name_en) else { continue };
        let all = [Some(name_en.as_str()), row.name_zh.as_deref()];
        let names = Names::new(&id, all.into_iter().flatten(), row.also.as_deref());
        data.push((
            names,
            Found {
                kind,
                dimension: None,
                id,
                name_en,
                name_zh: row.name_zh,
                detail: row.detail.unwrap_or_default(),
            },
        ));
    }
    Ok(Versioned { version, changed_at, data })
}
