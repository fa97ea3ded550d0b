//! Everything that quotes are computed from, in one statement.

use chrono::NaiveDate;
use sqlx::PgPool;
use sqlx::types::Json;

use crate::database::Versioned;
use crate::error::Result;
use crate::subsidies::credit::Scheme;
use crate::subsidies::quote::{Book, Held, InstrumentRow};

/// All that quotes are made from, and the codes that requests for them may name.
pub async fn held(pool: &PgPool, today: NaiveDate) -> Result<Held> {
    let names = ["instrument", "jurisdiction", "powertrain", "vehicle_class"].map(str::to_owned);
    let (book, others) = book(pool).await?;
    let known = super::known(pool, &names).await?;
    Ok(Held { criteria: book.data.criteria(), book, known, others, today })
}

/// All instruments with their rules and rates, beside them the versions of the codes and of the sources that date the documents.
async fn book(pool: &PgPool) -> Result<(Versioned<Book>, (i64, i64))> {
    let row = sqlx::query!(
        r#"WITH rule AS (
            SELECT r.instrument_id, r.position, r.rule_id AS id, lower(r.in_force) AS "from", upper(r.in_force) AS until,
                   r.part, r.scheme, r.vehicle_class, r.powertrains, r.criterion, r.min::text, r.max::text, r.value::text,
                   r.unit, r.supersedes, r.verification, r.document_id AS document, CASE WHEN d.published IS NOT NULL THEN d.published_until END AS published, r.note
            FROM subsidy_rule r
            LEFT JOIN document d ON d.document_id = r.document_id AND d.superseded_by IS NULL
            WHERE r.superseded_by IS NULL
        ),
        rate AS (
            SELECT r.instrument_id, r.position, lower(r.in_force) AS "from", upper(r.in_force) AS until, r.vehicle_class,
                   r.powertrains, r.criterion, r.min_value::text, r.max_value::text, r.unit, r.amount::text, r.cap::text,
                   r.condition, r.document_id AS document,
                   CASE WHEN d.published IS NOT NULL THEN d.published_until END AS published
            FROM subsidy_rate r
            LEFT JOIN document d ON d.document_id = r.document_id AND d.superseded_by IS NULL
            WHERE r.superseded_by IS NULL
        )
        SELECT c.version, greatest(c.changed_at, k.changed_at, s.changed_at) AS "changed_at!", k.version AS codes,
               s.version AS sources,
               coalesce((SELECT json_agg(to_json(i) ORDER BY i.level <> 'national', i.id) FROM (
            SELECT i.instrument_id AS id, i.name, i.kind, i.jurisdiction, i.level, lower(i.in_force) AS "from",
                   upper(i.in_force) AS until, i.document_id AS document,
                   coalesce((SELECT json_agg(to_json(r) ORDER BY r.position) FROM rule r
                             WHERE r.instrument_id = i.instrument_id), '[]') AS rules,
                   coalesce((SELECT json_agg(to_json(r) ORDER BY r.position) FROM rate r
                             WHERE r.instrument_id = i.instrument_id), '[]') AS rates
            FROM subsidy_instrument i WHERE i.superseded_by IS NULL
        ) i), '[]') AS "data!: Json<Vec<InstrumentRow>>"
        FROM collection c, collection k, collection s
        WHERE c.name = 'subsidies' AND k.name = 'codes' AND s.name = 'sources'"#,
    )
    .fetch_one(pool)
    .await?;
    let data = row.data.0.try_into()?;
    Ok((Versioned { version: row.version, changed_at: row.changed_at, data }, (row.codes, row.sources)))
}

/// The formulas and targets of the dual-credit scheme, beside them the version of the codes.
pub async fn scheme(pool: &PgPool) -> Result<(Versioned<Scheme>, i64)> {
    let row = sqlx::query!(
        r#"SELECT c.version, greatest(c.changed_at, k.changed_at) AS "changed_at!", k.version AS codes, json_build_object(
            'formulas', coalesce((SELECT json_agg(to_json(f) ORDER BY f.position) FROM (
                SELECT position, lower(in_force) AS "from", upper(in_force) AS until, valid_from, valid_to, powertrain,
                       criterion, coefficient::text, "constant"::text, max_credits::text, verification,
                       document_id AS document, note
                FROM credit_formula WHERE superseded_by IS NULL
            ) f), '[]'),
            'mandates', coalesce((SELECT json_agg(to_json(m) ORDER BY m.position) FROM (
                SELECT position, year, nev_credit_percent, cafc_target_l_100km, verification, document_id AS document, note
                FROM credit_mandate WHERE superseded_by IS NULL
            ) m), '[]')
        ) AS "data!: Json<Scheme>"
        FROM collection c, collection k WHERE c.name = 'subsidies' AND k.name = 'codes'"#,
    )
    .fetch_one(pool)
    .await?;
    Ok((Versioned { version: row.version, changed_at: row.changed_at, data: row.data.0 }, row.codes))
}
