//! The statements of this slice. Each answers from one snapshot: the rows with the version that they were read at.
//!
//! A row counts while `superseded_by` is null: it names the release that replaced the row, or its own where that was withdrawn.

mod book;

use sqlx::PgPool;
use sqlx::types::Json;

pub use book::{held, scheme};

use super::filters::{CreditFilter, InstrumentFilter, RateFilter, SpendFilter};
use super::model::{CREDIT_PARTS, Credit, Instrument, InstrumentDetail, SubsidyRate, SubsidySpend};
use crate::database::Versioned;
use crate::error::Result;
use crate::filter::{Known, Window};
use crate::words::{GOVERNMENT_LEVELS, INSTRUMENT_KINDS, VERIFICATIONS};

/// The words that these parameters may name.
pub async fn known(pool: &PgPool, parameters: &[String]) -> Result<Known> {
    let rows = sqlx::query!(
        r#"SELECT DISTINCT w.parameter AS "parameter!", w.word AS "word!", w.parent
        FROM (
            SELECT 'jurisdiction' AS parameter, code AS word, parent
            FROM code WHERE dimension = 'geo' AND superseded_by IS NULL
            UNION ALL SELECT dimension, code, parent
            FROM code WHERE dimension IN ('powertrain', 'vehicle_class') AND superseded_by IS NULL
            UNION ALL SELECT 'document', document_id, NULL FROM document WHERE superseded_by IS NULL
            UNION ALL SELECT p, instrument_id, NULL
            FROM subsidy_instrument, unnest('{id,instrument}'::text[]) p WHERE superseded_by IS NULL
            UNION ALL SELECT 'authority', unnest(authorities), NULL FROM subsidy_instrument WHERE superseded_by IS NULL
            UNION ALL SELECT 'powertrain', unnest(powertrains), NULL FROM subsidy_rate WHERE superseded_by IS NULL
            UNION ALL SELECT 'vehicle_class', vehicle_class, NULL FROM subsidy_rate WHERE superseded_by IS NULL
            UNION ALL SELECT 'criterion', criterion, NULL FROM subsidy_rate WHERE superseded_by IS NULL
            UNION ALL SELECT 'criterion', criterion, NULL FROM subsidy_rule WHERE superseded_by IS NULL
            UNION ALL SELECT 'criterion', criterion, NULL FROM credit_rule WHERE superseded_by IS NULL
            UNION ALL SELECT 'criterion', criterion, NULL FROM credit_formula WHERE superseded_by IS NULL
            UNION ALL SELECT 'unit', unit, NULL FROM subsidy_rate WHERE superseded_by IS NULL
            UNION ALL SELECT 'unit', unit, NULL FROM subsidy_rule WHERE superseded_by IS NULL
            UNION ALL SELECT 'unit', unit, NULL FROM subsidy_spend WHERE superseded_by IS NULL
            UNION ALL SELECT 'measure', measure, NULL FROM subsidy_spend WHERE superseded_by IS NULL
        ) w
        WHERE w.word IS NOT NULL AND w.parameter = ANY ($1)"#,
        parameters,
    )
    .fetch_all(pool)
    .await?;
    let mut known = Known::default()
        .with("kind", &INSTRUMENT_KINDS)
        .with("level", &GOVERNMENT_LEVELS)
        .with("verification", &VERIFICATIONS)
        .with("part", &CREDIT_PARTS);
    known.extend(rows.into_iter().map(|row| (row.parameter, row.word, row.parent)));
    Ok(known)
}

/// A page of instruments by id.
pub async fn instruments(
    pool: &PgPool,
    filter: &InstrumentFilter,
    window: &Window,
) -> Result<Versioned<Vec<Instrument>>> {
    let row = sqlx::query!(
        r#"WITH term AS NOT MATERIALIZED (
            SELECT r.instrument_id, 'rate' AS part, r.in_force, r.vehicle_class, r.powertrains, r.criterion, r.unit,
                   NULL AS verification, r.document_id
            FROM subsidy_rate r WHERE r.superseded_by IS NULL
            UNION ALL
            SELECT r.instrument_id, 'rule', r.in_force, r.vehicle_class, r.powertrains, r.criterion, r.unit,
                   r.verification, r.document_id
            FROM subsidy_rule r WHERE r.superseded_by IS NULL
        )
        SELECT c.version, c.changed_at, coalesce((SELECT json_agg(to_json(i) ORDER BY i.id) FROM (
            SELECT i.instrument_id AS id, i.name, i.kind, i.jurisdiction, i.level, i.authorities, i.announced,
                   i.effective_from, i.effective_to, i.summary, i.document_id AS document,
                   ARRAY(SELECT DISTINCT p FROM term t, unnest(t.powertrains) p
                         WHERE t.instrument_id = i.instrument_id ORDER BY p) AS powertrains,
                   n.rate_count, n.rule_count, n.unverified_rule_count
            FROM subsidy_instrument i, LATERAL (
                SELECT count(*) FILTER (WHERE t.part = 'rate') AS rate_count,
                       count(*) FILTER (WHERE t.part = 'rule') AS rule_count,
                       count(*) FILTER (WHERE t.verification = 'unverified') AS unverified_rule_count
                FROM term t WHERE t.instrument_id = i.instrument_id
            ) n
            WHERE i.superseded_by IS NULL
              AND ($1::text IS NULL OR i.instrument_id > $1)
              AND ($2::text[] IS NULL OR i.instrument_id = ANY ($2))
              AND ($3::text[] IS NULL OR i.kind = ANY ($3))
              AND ($4::text[] IS NULL OR i.level = ANY ($4))
              AND ($5::text[] IS NULL OR i.jurisdiction = ANY ($5))
              AND ($6::text[] IS NULL OR i.authorities && $6)
              AND ($7::date IS NULL OR i.in_force && daterange($7, $8::date, '[]'))
              AND ($9::date IS NULL OR (i.announced <= to_char($10::date, 'YYYY-MM-DD')
                   AND i.announced >= left(to_char($9, 'YYYY-MM-DD'), length(i.announced))))
              AND ($11::date IS NULL OR i.effective_from >= left(to_char($11, 'YYYY-MM-DD'), length(i.effective_from)))
              AND ($12::date IS NULL OR i.effective_from <= to_char($12, 'YYYY-MM-DD'))
              AND (num_nonnulls($13::text[], $14::text[], $15::text[], $16::text[], $17::text[]) = 0 OR EXISTS (
                  SELECT FROM term t WHERE t.instrument_id = i.instrument_id
                    AND ($13 IS NULL OR t.powertrains && $13)
                    AND ($14 IS NULL OR t.vehicle_class = ANY ($14))
                    AND ($15 IS NULL OR t.criterion = ANY ($15))
                    AND ($16 IS NULL OR t.unit = ANY ($16))
                    AND ($17 IS NULL OR t.verification = ANY ($17))
                    AND ($7 IS NULL OR t.in_force && daterange($7, $8, '[]'))))
              AND ($18::text[] IS NULL OR i.document_id = ANY ($18) OR EXISTS (
                  SELECT FROM term t WHERE t.instrument_id = i.instrument_id AND t.document_id = ANY ($18)))
              AND ($19::text IS NULL OR strpos(lower(concat_ws(' ', i.name, i.summary)), $19) > 0)
            ORDER BY i.instrument_id LIMIT $20
        ) i), '[]') AS "data!: Json<Vec<Instrument>>"
        FROM collection c WHERE c.name = 'subsidies'"#,
        window.text(0),
        filter.id.as_deref(),
        filter.kind.as_deref(),
        filter.level.as_deref(),
        filter.jurisdiction.as_deref(),
        filter.authority.as_deref(),
        filter.valid_on.map(|date| date.first),
        filter.valid_on.map(|date| date.last),
        filter.announced.map(|date| date.first),
        filter.announced.map(|date| date.last),
        filter.start.map(|date| date.first),
        filter.end.map(|date| date.last),
        filter.powertrain.as_deref(),
        filter.vehicle_class.as_deref(),
        filter.criterion.as_deref(),
        filter.unit.as_deref(),
        filter.verification.as_deref(),
        filter.document.as_deref(),
        filter.q.as_deref(),
        window.rows,
    )
    .fetch_one(pool)
    .await?;
    Ok(Versioned { version: row.version, changed_at: row.changed_at, data: row.data.0 })
}

/// One instrument with its rates and rules.
pub async fn instrument(pool: &PgPool, id: &str) -> Result<Versioned<Option<InstrumentDetail>>> {
    let row = sqlx::query!(
        r#"WITH rate AS (
            SELECT r.instrument_id AS instrument, r.position, i.jurisdiction, r.effective_from, r.effective_to,
                   r.vehicle_class, r.powertrains, r.criterion, r.min_value, r.max_value, r.unit, r.amount, r.cap,
                   r.condition, r.document_id AS document
            FROM subsidy_rate r
            JOIN subsidy_instrument i ON i.instrument_id = r.instrument_id AND i.superseded_by IS NULL
            WHERE r.superseded_by IS NULL AND r.instrument_id = $1
        ),
        rule AS (
            SELECT r.rule_id AS id, r.instrument_id AS instrument, r.position, r.valid_from, r.valid_to, r.part, r.scheme,
                   r.vehicle_class, r.powertrains, r.criterion, r.min, r.max, r.value, r.unit, r.supersedes,
                   r.verification, r.note, r.document_id AS document
            FROM subsidy_rule r
            WHERE r.superseded_by IS NULL AND r.instrument_id = $1
        )
        SELECT c.version, c.changed_at, (SELECT to_json(i) FROM (
            SELECT i.instrument_id AS id, i.name, i.kind, i.jurisdiction, i.level, i.authorities, i.announced,
                   i.effective_from, i.effective_to, i.summary, i.document_id AS document,
                   ARRAY(SELECT unnest(powertrains) FROM rate UNION SELECT unnest(powertrains) FROM rule
                         ORDER BY 1) AS powertrains,
                   (SELECT count(*) FROM rate) AS rate_count,
                   (SELECT count(*) FROM rule) AS rule_count,
                   (SELECT count(*) FROM rule WHERE verification = 'unverified') AS unverified_rule_count,
                   coalesce((SELECT json_agg(to_json(r) ORDER BY r.position) FROM rate r), '[]') AS rates,
                   coalesce((SELECT json_agg(to_json(r) ORDER BY r.position) FROM rule r), '[]') AS rules
            FROM subsidy_instrument i
            WHERE i.superseded_by IS NULL AND i.instrument_id = $1
        ) i) AS "data: Json<InstrumentDetail>"
        FROM collection c WHERE c.name = 'subsidies'"#,
        id,
    )
    .fetch_one(pool)
    .await?;
    let data = row.data.map(|Json(detail)| detail);
    Ok(Versioned { version: row.version, changed_at: row.changed_at, data })
}

/// A page of rates by instrument, then as published.
pub async fn rates(
    pool: &PgPool,
    filter: &RateFilter,
    window: &Window,
) -> Result<Versioned<Vec<SubsidyRate>>> {
    let row = sqlx::query!(
        r#"SELECT c.version, c.changed_at,
               coalesce((SELECT json_agg(to_json(r) ORDER BY r.instrument, r.position) FROM (
            SELECT r.instrument_id AS instrument, r.position, i.jurisdiction, r.effective_from, r.effective_to,
                   r.vehicle_class, r.powertrains, r.criterion, r.min_value, r.max_value, r.unit, r.amount, r.cap,
                   r.condition, r.document_id AS document
            FROM subsidy_rate r
            JOIN subsidy_instrument i ON i.instrument_id = r.instrument_id AND i.superseded_by IS NULL
            WHERE r.superseded_by IS NULL
              AND ($1::text IS NULL OR (r.instrument_id, r.position) > ($1, $2::integer))
              AND ($3::text[] IS NULL OR r.instrument_id = ANY ($3))
              AND ($4::text[] IS NULL OR i.kind = ANY ($4))
              AND ($5::text[] IS NULL OR i.level = ANY ($5))
              AND ($6::text[] IS NULL OR i.jurisdiction = ANY ($6))
              AND ($7::date IS NULL OR r.in_force && daterange($7, $8::date, '[]'))
              AND ($9::date IS NULL OR r.effective_from >= left(to_char($9, 'YYYY-MM-DD'), length(r.effective_from)))
              AND ($10::date IS NULL OR r.effective_from <= to_char($10, 'YYYY-MM-DD'))
              AND ($11::text[] IS NULL OR r.powertrains && $11)
              AND ($12::text[] IS NULL OR r.vehicle_class = ANY ($12))
              AND ($13::text[] IS NULL OR r.criterion = ANY ($13))
              AND ($14::text[] IS NULL OR r.unit = ANY ($14))
              AND ($15::text[] IS NULL OR r.document_id = ANY ($15))
              AND ($16::text IS NULL OR strpos(lower(r.condition), $16) > 0)
            ORDER BY r.instrument_id, r.position LIMIT $17
        ) r), '[]') AS "data!: Json<Vec<SubsidyRate>>"
        FROM collection c WHERE c.name = 'subsidies'"#,
        window.text(0),
        window.number(1),
        filter.instrument.as_deref(),
        filter.kind.as_deref(),
        filter.level.as_deref(),
        filter.jurisdiction.as_deref(),
        filter.valid_on.map(|date| date.first),
        filter.valid_on.map(|date| date.last),
        filter.start.map(|date| date.first),
        filter.end.map(|date| date.last),
        filter.powertrain.as_deref(),
        filter.vehicle_class.as_deref(),
        filter.criterion.as_deref(),
        filter.unit.as_deref(),
        filter.document.as_deref(),
        filter.q.as_deref(),
        window.rows,
    )
    .fetch_one(pool)
    .await?;
    Ok(Versioned { version: row.version, changed_at: row.changed_at, data: row.data.0 })
}

/// A page of spending, as published.
pub async fn spend(
    pool: &PgPool,
    filter: &SpendFilter,
    window: &Window,
) -> Result<Versioned<Vec<SubsidySpend>>> {
    let row = sqlx::query!(
        r#"SELECT c.version, c.changed_at, coalesce((SELECT json_agg(to_json(s) ORDER BY s.position) FROM (
            SELECT s.position, s.year, s.year_from, s.year_to, s.jurisdiction, s.measure, s.unit, s.value, s.note,
                   s.document_id AS document
            FROM subsidy_spend s
            WHERE s.superseded_by IS NULL
              AND ($1::integer IS NULL OR s.position > $1)
              AND ($2::integer[] IS NULL OR EXISTS (
                  SELECT FROM unnest($2) y WHERE y BETWEEN s.year_from AND s.year_to))
              AND ($3::text[] IS NULL OR s.jurisdiction = ANY ($3))
              AND ($4::text[] IS NULL OR s.measure = ANY ($4))
              AND ($5::text[] IS NULL OR s.unit = ANY ($5))
              AND ($6::text[] IS NULL OR s.document_id = ANY ($6))
              AND ($7::text IS NULL OR strpos(lower(concat_ws(' ', s.measure, s.note)), $7) > 0)
            ORDER BY s.position LIMIT $8
        ) s), '[]') AS "data!: Json<Vec<SubsidySpend>>"
        FROM collection c WHERE c.name = 'subsidies'"#,
        window.number(0),
        filter.year.as_deref(),
        filter.jurisdiction.as_deref(),
        filter.measure.as_deref(),
        filter.unit.as_deref(),
        filter.document.as_deref(),
        filter.q.as_deref(),
        window.rows,
    )
    .fetch_one(pool)
    .await?;
    Ok(Versioned { version: row.version, changed_at: row.changed_at, data: row.data.0 })
}

/// A page of the dual-credit scheme: mandates, then rules, then formulas, each as published.
pub async fn credits(
    pool: &PgPool,
    filter: &CreditFilter,
    window: &Window,
) -> Result<Versioned<Vec<Credit>>> {
    let row = sqlx::query!(
        r#"WITH credit (nth, part, position, year, phase, valid_from, valid_to, in_force, powertrain, nev_credit_percent,
                cafc_target_l_100km, criterion, coefficient, "constant", cap, unit, formula, condition, note,
                verification, document) AS (
            SELECT 1, 'mandate', m.position, m.year, NULL, NULL, NULL,
                   daterange(make_date(m.year, 1, 1), make_date(m.year + 1, 1, 1)), NULL, m.nev_credit_percent,
                   m.cafc_target_l_100km, NULL, NULL::numeric, NULL::numeric, NULL::numeric, NULL, NULL, NULL, m.note,
                   m.verification, m.document_id
            FROM credit_mandate m WHERE m.superseded_by IS NULL
            UNION ALL
            SELECT 2, 'rule', r.position, NULL, r.phase, r.effective_from, r.effective_to, r.in_force, r.powertrain, NULL,
                   NULL, r.criterion, r.coefficient, r.constant, r.cap, r.unit, r.formula, r.condition, NULL, NULL,
                   r.document_id
            FROM credit_rule r WHERE r.superseded_by IS NULL
            UNION ALL
            SELECT 3, 'formula', f.position, NULL, NULL, f.valid_from, f.valid_to, f.in_force, f.powertrain, NULL,
                   NULL, f.criterion, f.coefficient, f.constant, f.max_credits, f.unit, NULL, NULL, f.note,
                   f.verification, f.document_id
            FROM credit_formula f WHERE f.superseded_by IS NULL
        )
        SELECT c.version, c.changed_at, coalesce((SELECT json_agg(to_json(t) ORDER BY t.nth, t.position) FROM (
            SELECT t.* FROM credit t
            WHERE ($1::text IS NULL OR (t.nth, t.position) > (array_position('{mandate,rule,formula}', $1), $2::integer))
              AND ($3::text[] IS NULL OR t.part = ANY ($3))
              AND ($4::integer[] IS NULL OR EXISTS (
                  SELECT FROM unnest($4) y WHERE t.in_force && daterange(make_date(y, 1, 1), make_date(y + 1, 1, 1))))
              AND ($5::text[] IS NULL OR t.powertrain = ANY ($5))
              AND ($6::text[] IS NULL OR t.criterion = ANY ($6))
              AND ($7::text[] IS NULL OR t.verification = ANY ($7))
              AND ($8::text[] IS NULL OR t.document = ANY ($8))
              AND ($9::text IS NULL OR strpos(lower(concat_ws(' ', t.formula, t.condition, t.note)), $9) > 0)
            ORDER BY t.nth, t.position LIMIT $10
        ) t), '[]') AS "data!: Json<Vec<Credit>>"
        FROM collection c WHERE c.name = 'subsidies'"#,
        window.text(0),
        window.number(1),
        filter.part.as_deref(),
        filter.year.as_deref(),
        filter.powertrain.as_deref(),
        filter.criterion.as_deref(),
        filter.verification.as_deref(),
        filter.document.as_deref(),
        filter.q.as_deref(),
        window.rows,
    )
    .fetch_one(pool)
    .await?;
    Ok(Versioned { version: row.version, changed_at: row.changed_at, data: row.data.0 })
}
