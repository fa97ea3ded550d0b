//! Events and partnerships by their dates, for who marks them on an axis of time.

use chrono::NaiveDate;
use sqlx::PgConnection;
use sqlx::types::Json;

use super::model::Event;
use crate::database::Versioned;
use crate::error::Result;

/// Which events and partnerships are asked for: those that one of the organizations takes part in, or of one of the regions.
#[derive(Debug, Default)]
pub struct About {
    /// The organizations.
    pub orgs: Vec<String>,
    /// The regions, by exact code.
    pub geos: Vec<String>,
    /// Whether events that are bound to no region are asked for too.
    pub unbound: bool,
}

/// A partnership with the dates of its life, each as printed.
#[derive(Debug, Clone)]
pub struct PartnershipDates {
    /// Its id.
    pub id: String,
    /// Its name in English.
    pub name: String,
    /// When it began; null where not known.
    pub effective_from: Option<String>,
    /// The last day, month or year in force; null where no end is known.
    pub effective_to: Option<String>,
    /// The region in China where it works; null where it is elsewhere or not bound to one.
    pub geo: Option<String>,
    /// Who takes part in it, over its whole life.
    pub orgs: Vec<String>,
    /// The document that it was read from.
    pub document: String,
}

/// The events of these kinds that may have happened on one of these days, by date.
pub async fn happened(
    connection: &mut PgConnection,
    (about, kinds): (&About, &[String]),
    (first, last): (NaiveDate, NaiveDate),
) -> Result<Versioned<Vec<Event>>> {
    let row = sqlx::query!(
        r#"SELECT c.version, c.changed_at, coalesce((SELECT json_agg(to_json(e) ORDER BY e.date, e.id) FROM (
            SELECT e.event_id AS id, e.date, e.kind, e.title, e.orgs, e.geo, e.summary, e.document_id AS document
            FROM event e
            WHERE e.superseded_by IS NULL AND e.kind = ANY ($1)
              AND (e.orgs && $2 OR e.geo = ANY ($3) OR $4::boolean AND e.geo IS NULL)
              AND e.happened && daterange($5, $6, '[]')
        ) e), '[]') AS "data!: Json<Vec<Event>>"
        FROM collection c WHERE c.name = 'events'"#,
        kinds,
        &about.orgs,
        &about.geos,
        about.unbound,
        first,
        last,
    )
    .fetch_one(connection)
    .await?;
    Ok(Versioned { version: row.version, changed_at: row.changed_at, data: row.data.0 })
}

/// The partnerships of these organizations or regions, by id.
pub async fn dated(connection: &mut PgConnection, about: &About) -> Result<Versioned<Vec<PartnershipDates>>> {
    let rows = sqlx::query!(
        r#"SELECT c.version, c.changed_at, p.partnership_id AS "id?", p.name AS "name?", p.effective_from, p.effective_to,
               p.geo, p.orgs AS "orgs?", p.document_id AS "document?"
        FROM collection c LEFT JOIN LATERAL (
            SELECT s.*, ARRAY(SELECT DISTINCT m.org_id FROM partnership_member m
                              WHERE m.superseded_by IS NULL AND m.partnership_id = s.partnership_id ORDER BY 1) AS orgs
            FROM partnership s WHERE s.superseded_by IS NULL
        ) p ON p.orgs && $1 OR p.geo = ANY ($2)
        WHERE c.name = 'partnerships' ORDER BY p.partnership_id"#,
        &about.orgs,
        &about.geos,
    )
    .fetch_all(connection)
    .await?;
    let (version, changed_at) = rows.first().map(|row| (row.version, row.changed_at)).unwrap_or_default();
    let partnerships = rows.into_iter().filter_map(|row| {
        Some(PartnershipDates {
            id: row.id?,
            name: row.name?,
            effective_from: row.effective_from,
            effective_to: row.effective_to,
            geo: row.geo,
            orgs: row.orgs.unwrap_or_default(),
            document: row.document?,
        })
    });
    Ok(Versioned { version, changed_at, data: partnerships.collect() })
}
