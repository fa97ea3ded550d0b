//! Who holds how much of which company from when to when, for who reckons with it.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::Deserialize;
use sqlx::PgConnection;
use sqlx::types::Json;

use crate::error::Result;

/// What is known of some companies' holders, and of their holders' holders.
#[derive(Debug, Clone, Default)]
pub struct Holdings {
    /// The companies, their holders and those above them.
    pub organizations: Vec<Holder>,
    /// Each share in one of them that a document states, of all times.
    pub stakes: Vec<Stake>,
    /// The versions of partnerships and of organizations that it was read at.
    pub versions: (i64, i64),
}

/// An organization as one that may hold others.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Holder {
    /// Its id.
    pub id: String,
    /// Its name in English.
    pub name_en: String,
    /// Its name in Chinese; null where not known.
    pub name_zh: Option<String>,
    /// The country that it comes from; null where not known.
    pub country: Option<String>,
    /// The group that it is counted to; null where there is none.
    pub parent: Option<String>,
    /// Its first day; null where not known.
    pub from: Option<NaiveDate>,
    /// The day on which it was no more; null where it exists or no end is known.
    pub until: Option<NaiveDate>,
}

/// A share in a company, over the days that it is stated for.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Stake {
    /// The company.
    pub of: String,
    /// Whether it is a venture that its holders run together, and not a company that somebody invested in.
    pub is_venture: bool,
    /// Who holds the share.
    pub holder: String,
    /// How much it is, in percent; null where not stated.
    pub percent: Option<Decimal>,
    /// The first day; null is open.
    pub from: Option<NaiveDate>,
    /// The first day on which it no longer holds; null is open.
    pub until: Option<NaiveDate>,
    /// The first day as printed; null where not known.
    pub valid_from: Option<String>,
    /// The first day, month or year in which it no longer holds, as printed; null where no end is known.
    pub valid_to: Option<String>,
    /// The partnership that it belongs to.
    pub partnership: String,
    /// Whether the partnership is known to have been in force at any time: not where it was only announced, or ended on a day that
    /// is not known.
    pub has_life: bool,
    /// The first day of the partnership; null is open.
    pub life_from: Option<NaiveDate>,
    /// The day on which the partnership was no more; null is open.
    pub life_until: Option<NaiveDate>,
    /// The document that states it.
    pub document: String,
    /// The last day that the date of the document may mean; null where it is undated.
    pub published: Option<NaiveDate>,
}

/// What is known of the holders of these companies, at all levels above them, in one snapshot.
pub async fn holdings(connection: &mut PgConnection, companies: &[String]) -> Result<Holdings> {
    let row = sqlx::query!(
        r#"WITH RECURSIVE stake AS MATERIALIZED (
            SELECT s.org_id AS of, s.role = 'operator' AS is_venture, h.org_id AS holder, h.position,
                   h.equity_percent::text AS percent, lower(h.in_force) AS "from", upper(h.in_force) AS until,
                   h.valid_from, h.valid_to, p.partnership_id AS partnership, NOT isempty(p.in_force) AS has_life,
                   lower(p.in_force) AS life_from, upper(p.in_force) AS life_until, h.document_id AS document,
                   CASE WHEN d.published IS NOT NULL THEN d.published_until END AS published
            FROM partnership_member s
            JOIN partnership_member h ON h.partnership_id = s.partnership_id AND h.superseded_by IS NULL
            JOIN partnership p ON p.partnership_id = s.partnership_id AND p.superseded_by IS NULL
            LEFT JOIN document d ON d.document_id = h.document_id AND d.superseded_by IS NULL
            WHERE s.superseded_by IS NULL AND s.role IN ('operator', 'target') AND h.role IN ('parent', 'investor')
        ),
        concerned AS (
            SELECT company FROM unnest($1::text[]) company
            UNION
            SELECT above.company FROM concerned c CROSS JOIN LATERAL (
                SELECT o.parent_org_id AS company FROM organization o
                WHERE o.org_id = c.company AND o.superseded_by IS NULL AND o.parent_org_id IS NOT NULL
                UNION ALL SELECT s.holder FROM stake s WHERE s.of = c.company
            ) above
        )
        SELECT p.version AS partnerships, o.version AS organizations,
               coalesce((SELECT json_agg(to_json(h)) FROM (
                   SELECT o.org_id AS id, o.name_en, o.name_zh, o.country, o.parent_org_id AS parent, lower(o.existence) AS "from",
                          upper(o.existence) AS until
                   FROM organization o WHERE o.superseded_by IS NULL AND o.org_id IN (SELECT company FROM concerned)
               ) h), '[]') AS "holders!: Json<Vec<Holder>>",
               coalesce((SELECT json_agg(to_json(s) ORDER BY s.of, s.partnership, s.position) FROM (
                   SELECT * FROM stake s WHERE s.of IN (SELECT company FROM concerned)
               ) s), '[]') AS "stakes!: Json<Vec<Stake>>"
        FROM collection p, collection o WHERE p.name = 'partnerships' AND o.name = 'organizations'"#,
        companies,
    )
    .fetch_one(connection)
    .await?;
    let versions = (row.partnerships, row.organizations);
    Ok(Holdings { organizations: row.holders.0, stakes: row.stakes.0, versions })
}
