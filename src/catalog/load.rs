//! Reads the vocabulary from the database: everything in one snapshot, and only what is current.
//!
//! A row counts while `superseded_by` is null: it names the release that replaced the row, or its own where that was withdrawn.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::types::Json;
use sqlx::{PgConnection, PgExecutor, PgPool};

use crate::error::{Error, Result};
use crate::timeseries::dataset::{
    Code, CodeList, Dataset, Measure, Owned, Partition, Precedence, Release, Source, Vocabulary,
};
use crate::timeseries::key::Dimension;
use crate::timeseries::period::PartialDate;
use crate::timeseries::rollup::Rollup;

/// The version of every dataset and collection, and when it last changed.
pub async fn versions(executor: impl PgExecutor<'_>) -> Result<BTreeMap<String, (i64, DateTime<Utc>)>> {
    let rows = sqlx::query!("SELECT name, version, changed_at FROM collection").fetch_all(executor).await?;
    Ok(rows.into_iter().map(|row| (row.name, (row.version, row.changed_at))).collect())
}

/// The whole vocabulary.
pub async fn vocabulary(pool: &PgPool) -> Result<Vocabulary> {
    let mut transaction = pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
    let restricted = restricted(&mut transaction).await?;
    let owned = if restricted.is_empty() { Vec::new() } else { owned(&mut transaction).await? };
    let read = Vocabulary {
        restricted,
        owned,
        seal: seal(&mut transaction).await?,
        versions: versions(&mut *transaction).await?,
        datasets: datasets(&mut transaction).await?,
        codes: codes(&mut transaction).await?,
        sources: sources(&mut transaction).await?,
        releases: releases(&mut transaction).await?,
    };
    transaction.commit().await?;
    Ok(read)
}

/// The datasets in their published order.
pub async fn datasets(connection: &mut PgConnection) -> Result<Vec<Dataset>> {
    let rows = sqlx::query!(
        "SELECT d.dataset, d.title_en, d.title_zh, d.description, d.dimensions, d.frequencies, \
             d.default_frequency, d.complete, c.has_notes, d.rollups, d.licence, d.citation \
         FROM dataset d JOIN collection c ON c.name = d.dataset \
         WHERE d.superseded_by IS NULL ORDER BY d.position, d.dataset"
    )
    .fetch_all(&mut *connection)
    .await?;
    let mut measures = measures(connection).await?;
    let mut partitions = partitions(connection).await?;
    let mut precedence = precedence(connection).await?;
    let mut rollups = rollups(connection).await?;
    let mut datasets = Vec::with_capacity(rows.len());
    for row in rows {
        datasets.push(Dataset {
            measures: measures.remove(&row.dataset).unwrap_or_default(),
            partitions: partitions.remove(&row.dataset).unwrap_or_default(),
            precedence: precedence.remove(&row.dataset).unwrap_or_default(),
            rollups: rollups.remove(&row.dataset).unwrap_or_default(),
            declared_rollups: row
                .rollups
                .map(|all| all.iter().map(|text| parsed(text)).collect())
                .transpose()?,
            title_en: row.title_en,
            title_zh: row.title_zh,
            description: row.description,
            dimensions: row.dimensions.iter().map(|name| dimension(name)).collect::<Result<_>>()?,
            frequencies: row.frequencies.iter().map(|text| parsed(text)).collect::<Result<_>>()?,
            default_frequency: parsed(&row.default_frequency)?,
            complete: row.complete,
            has_notes: row.has_notes,
            licence: row.licence,
            citation: row.citation,
            name: row.dataset,
        });
    }
    Ok(datasets)
}

async fn rollups(connection: &mut PgConnection) -> Result<HashMap<String, Vec<Rollup>>> {
    let rows =
        sqlx::query!("SELECT dataset, rollup_id, grain, series, by_period FROM rollup ORDER BY rollup_id");
    let mut rollups: HashMap<String, Vec<Rollup>> = HashMap::new();
    for row in rows.fetch_all(connection).await? {
        let dataset = rollups.entry(row.dataset).or_default();
        let (grain, series) = (parsed(&row.grain)?, row.series);
        dataset.push(Rollup { id: row.rollup_id, grain, series, by_period: row.by_period });
    }
    Ok(rollups)
}

async fn measures(connection: &mut PgConnection) -> Result<HashMap<String, Vec<Measure>>> {
    let rows = sqlx::query!(
        r#"SELECT m.dataset, m.measure, m.unit, m.decimals, m.kind, m.aggregation, n.name_en AS "name_en?", n.name_zh,
             n.definition
         FROM measure m
         LEFT JOIN code n ON n.dimension = 'measure' AND n.code = m.measure AND n.superseded_by IS NULL
         WHERE m.superseded_by IS NULL ORDER BY m.position, m.measure"#
    )
    .fetch_all(connection)
    .await?;
    let mut measures: HashMap<String, Vec<Measure>> = HashMap::new();
    for row in rows {
        measures.entry(row.dataset).or_default().push(Measure {
            name_en: row.name_en.unwrap_or_else(|| row.measure.clone()),
            name_zh: row.name_zh,
            unit: row.unit,
            decimals: u32::try_from(row.decimals)
                .map_err(|error| Error::internal(format!("the decimals of {}", row.measure), error))?,
            is_stock: row.kind == "stock",
            aggregation: row.aggregation,
            definition: row.definition,
            code: row.measure,
        });
    }
    Ok(measures)
}

async fn partitions(connection: &mut PgConnection) -> Result<HashMap<String, Vec<Partition>>> {
    let rows = sqlx::query!(
        "SELECT p.dataset, p.source, p.dimension, p.whole, p.parts, p.absent_is_zero, p.valid_from, p.valid_to, p.note \
         FROM partition p \
         WHERE p.superseded_by IS NULL ORDER BY p.position"
    )
    .fetch_all(connection)
    .await?;
    let mut partitions: HashMap<String, Vec<Partition>> = HashMap::new();
    for row in rows {
        partitions.entry(row.dataset).or_default().push(Partition {
            source: row.source,
            dimension: dimension(&row.dimension)?,
            whole: row.whole,
            parts: row.parts,
            absent_is_zero: row.absent_is_zero,
            valid_from: row.valid_from,
            valid_to: row.valid_to,
            note: row.note,
        });
    }
    Ok(partitions)
}

async fn precedence(connection: &mut PgConnection) -> Result<HashMap<String, Vec<Precedence>>> {
    let rows = sqlx::query!(
        "SELECT p.dataset, p.measure, p.frequencies, p.level, p.rank, p.scope, p.sources, p.valid_to, p.low_trust, \
             p.note \
         FROM precedence p \
         WHERE p.superseded_by IS NULL ORDER BY p.position"
    )
    .fetch_all(connection)
    .await?;
    let mut precedence: HashMap<String, Vec<Precedence>> = HashMap::new();
    for row in rows {
        precedence.entry(row.dataset).or_default().push(Precedence {
            measure: row.measure,
            frequencies: row.frequencies.iter().map(|text| parsed(text)).collect::<Result<_>>()?,
            level: row.level,
            rank: row.rank,
            scope: row.scope,
            sources: row.sources,
            valid_to: row.valid_to.as_deref().map(parsed::<PartialDate>).transpose()?,
            low_trust: row.low_trust,
            note: row.note,
        });
    }
    Ok(precedence)
}

/// The code lists of the dimensions that have one in common.
pub async fn codes(connection: &mut PgConnection) -> Result<HashMap<Dimension, CodeList>> {
    let rows = sqlx::query!(
        r#"SELECT c.dimension, c.code, c.parent, c.name_en, c.name_zh, c.definition,
             c.attributes AS "attributes: Json<serde_json::Map<String, Value>>", c.valid_from, c.valid_to, c.replaced_by
         FROM code c
         WHERE c.superseded_by IS NULL AND c.dimension NOT IN ('measure', 'source')
         ORDER BY c.position, c.code"#
    )
    .fetch_all(connection)
    .await?;
    let mut lists: HashMap<Dimension, Vec<Code>> = HashMap::new();
    for row in rows {
        let Json(attributes) = row.attributes;
        lists.entry(dimension(&row.dimension)?).or_default().push(Code {
            kind: attributes.get("kind").and_then(Value::as_str).map(str::to_owned),
            code: row.code,
            parent: row.parent,
            name_en: row.name_en,
            name_zh: row.name_zh,
            definition: row.definition,
            attributes,
            valid_from: row.valid_from,
            valid_to: row.valid_to,
            replaced_by: row.replaced_by,
        });
    }
    Ok(lists.into_iter().map(|(dimension, codes)| (dimension, CodeList::new(codes))).collect())
}

/// The sources that are current, by code.
pub async fn sources(connection: &mut PgConnection) -> Result<BTreeMap<String, Source>> {
    let rows = sqlx::query!(
        "SELECT s.source, s.name_en, s.name_zh, s.kind, s.precedence, s.licence, s.attribution, s.note \
         FROM source s \
         WHERE s.superseded_by IS NULL"
    )
    .fetch_all(connection)
    .await?;
    let sources = rows.into_iter().map(|row| {
        let source = Source {
            name_en: row.name_en,
            name_zh: row.name_zh,
            kind: row.kind,
            precedence: row.precedence,
            licence: row.licence,
            attribution: row.attribution,
            note: row.note,
        };
        (row.source, source)
    });
    Ok(sources.collect())
}

/// The datasets that exist for some callers only.
pub async fn restricted(connection: &mut PgConnection) -> Result<BTreeSet<String>> {
    let names = sqlx::query_scalar!("SELECT name FROM collection WHERE is_restricted");
    Ok(names.fetch_all(connection).await?.into_iter().collect())
}

async fn seal(connection: &mut PgConnection) -> Result<[u8; 32]> {
    let secret = sqlx::query_scalar!("SELECT secret FROM seal").fetch_one(connection).await?;
    Ok(secret.try_into().expect("the table has a check of the length"))
}

/// The codes and sources that came with files, each with the datasets that it has to do with.
async fn owned(connection: &mut PgConnection) -> Result<Vec<Owned>> {
    let rows = sqlx::query!(
        r#"SELECT o.dimension AS "dimension!", o.code AS "code!",
             datasets_with(o.dimension, o.code, o.import_id) AS "datasets!"
           FROM (
             SELECT c.dimension, c.code, c.release_id FROM code c
             WHERE c.superseded_by IS NULL AND c.dimension NOT IN ('measure', 'source')
             UNION ALL SELECT 'source', s.source, s.release_id FROM source s WHERE s.superseded_by IS NULL
           ) AS c JOIN release r USING (release_id) JOIN import i USING (import_id)
           CROSS JOIN LATERAL (SELECT c.dimension, c.code, i.import_id) AS o
           WHERE i.kind <> 'bundled'"#
    );
    let rows = rows.fetch_all(connection).await?.into_iter();
    rows.map(|row| {
        Ok(Owned { dimension: dimension(&row.dimension)?, code: row.code, datasets: row.datasets })
    })
    .collect()
}

/// Superseded and withdrawn releases too: older figures still name them.
async fn releases(connection: &mut PgConnection) -> Result<HashMap<i32, Release>> {
    let rows = sqlx::query!(
        r#"SELECT release_id, collection, document_id, published, superseded_by,
             withdrawn_at IS NOT NULL AS "withdrawn!" FROM release
         WHERE collection IN (SELECT name FROM collection WHERE kind = 'dataset')"#
    )
    .fetch_all(connection)
    .await?;
    let releases = rows.into_iter().map(|row| {
        let release = Release {
            collection: row.collection,
            document: row.document_id,
            published: row.published,
            superseded_by: row.superseded_by,
            withdrawn: row.withdrawn,
        };
        (row.release_id, release)
    });
    Ok(releases.collect())
}

fn dimension(name: &str) -> Result<Dimension> {
    Dimension::from_name(name)
        .ok_or_else(|| Error::internal("reading the vocabulary", format!("{name:?} is no dimension")))
}

fn parsed<T: FromStr<Err = String>>(text: &str) -> Result<T> {
    text.parse().map_err(|error: String| Error::internal("reading the vocabulary", error))
}
