//! Instruments by the dates of their lives, for who marks them on an axis of time.

use sqlx::PgConnection;

use crate::database::Versioned;
use crate::error::Result;

/// An instrument with the dates that are known of it, each as printed.
#[derive(Debug, Clone)]
pub struct InstrumentDates {
    /// Its id.
    pub id: String,
    /// Its name in English.
    pub name: String,
    /// The region whose government grants it.
    pub jurisdiction: String,
    /// When it was announced; null where not known.
    pub announced: Option<String>,
    /// When it came into force; null where not known.
    pub effective_from: Option<String>,
    /// The last day, month or year in force; null where no end is known.
    pub effective_to: Option<String>,
    /// The powertrains that its rates and rules name, over all years; none where none of them names any.
    pub powertrains: Vec<String>,
    /// The document that it was read from.
    pub document: String,
}

/// Which instruments are asked for.
#[derive(Debug)]
pub struct Concerning<'a> {
    /// The regions that may have granted them.
    pub jurisdictions: &'a [String],
    /// Only those that name one of these powertrains, or none at all; null takes all.
    pub powertrains: Option<&'a [String]>,
    /// Only those for one of these classes of vehicles, or for none that is named; null takes all.
    pub classes: Option<&'a [String]>,
    /// Those alone that pay for charging, or all others.
    pub is_charging: bool,
}

/// The dates of these instruments, by id.
pub async fn dated(
    connection: &mut PgConnection,
    concerning: &Concerning<'_>,
) -> Result<Versioned<Vec<InstrumentDates>>> {
    let rows = sqlx::query!(
        r#"WITH term AS NOT MATERIALIZED (
            SELECT instrument_id, powertrains, vehicle_class FROM subsidy_rate WHERE superseded_by IS NULL
            UNION ALL SELECT instrument_id, powertrains, vehicle_class FROM subsidy_rule WHERE superseded_by IS NULL
        )
        SELECT c.version, c.changed_at, i.instrument_id AS "id?", i.name AS "name?", i.jurisdiction AS "jurisdiction?",
               i.announced, i.effective_from, i.effective_to, i.powertrains AS "powertrains?", i.document_id AS "document?"
        FROM collection c LEFT JOIN LATERAL (
            SELECT s.*, ARRAY(SELECT DISTINCT p FROM term t, unnest(t.powertrains) p
                              WHERE t.instrument_id = s.instrument_id ORDER BY p) AS powertrains
            FROM subsidy_instrument s WHERE s.superseded_by IS NULL
        ) i ON i.jurisdiction = ANY ($1)
           AND ($2::text[] IS NULL OR i.powertrains && $2 OR i.powertrains = '{}')
           AND (i.kind = 'charging_subsidy') = $3
           AND ($4::text[] IS NULL OR NOT EXISTS (SELECT FROM term t WHERE t.instrument_id = i.instrument_id)
                OR EXISTS (SELECT FROM term t WHERE t.instrument_id = i.instrument_id
                           AND (t.vehicle_class IS NULL OR t.vehicle_class = ANY ($4))))
        WHERE c.name = 'subsidies' ORDER BY i.instrument_id"#,
        concerning.jurisdictions,
        concerning.powertrains,
        concerning.is_charging,
        concerning.classes,
    )
    .fetch_all(connection)
    .await?;
    let (version, changed_at) = rows.first().map(|row| (row.version, row.changed_at)).unwrap_or_default();
    let instruments = rows.into_iter().filter_map(|row| {
        Some(InstrumentDates {
            id: row.id?,
            name: row.name?,
            jurisdiction: row.jurisdiction?,
            announced: row.announced,
            effective_from: row.effective_from,
            effective_to: row.effective_to,
            powertrains: row.powertrains.unwrap_or_default(),
            document: row.document?,
        })
    });
    Ok(Versioned { version, changed_at, data: instruments.collect() })
}
