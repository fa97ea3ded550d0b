//! What a walk writes beside the cells.

use serde_json::{Value, json};
use sqlx::PgConnection;

use super::{Counts, Stated, Turn};
use crate::error::Result;
use crate::ingest::entry::Series;
use crate::ingest::lines::{copy, escaped};
use crate::ingest::store::Extent;
use crate::timeseries::key::Dimension;

/// Adds series that are not stored yet, each with the first release that has a row of it.
pub async fn insert_series(connection: &mut PgConnection, new: &[(&Series, i32)]) -> Result<()> {
    if new.is_empty() {
        return Ok(());
    }
    let rows: Vec<Value> = new.iter().map(|(series, release)| row(series, *release)).collect();
    sqlx::query!(
        "INSERT INTO series SELECT * FROM jsonb_populate_recordset(NULL::series, $1::text::jsonb)
         ON CONFLICT (series_id) DO NOTHING",
        Value::Array(rows).to_string(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

fn row(series: &Series, release: i32) -> Value {
    let mut row = json!({
        "series_id": series.id,
        "dataset": series.dataset,
        "frequency": series.frequency,
        "group_key": series.group_key,
        "observations": 0,
        "updated_by": release,
    });
    for dimension in Dimension::ALL {
        row[dimension.name()] = json!(series.code(dimension));
    }
    row
}

/// Brings up to date how far the figures of each series reach, and which release last changed one.
pub async fn update_series(connection: &mut PgConnection, turn: &Turn) -> Result<()> {
    let Turn { extents, old, new, last, .. } = turn;
    let changed = old.changed_series(new);
    let extent = |series: &i64| extents.get(series).copied().unwrap_or_default();
    let extents: Vec<Extent> = changed.iter().map(extent).collect();
    let first: Vec<Option<i32>> = extents.iter().map(|e| e.first).collect();
    let end: Vec<Option<i32>> = extents.iter().map(|e| e.last).collect();
    let counts: Vec<i32> = extents.iter().map(|e| e.observations).collect();
    let releases: Vec<Option<i32>> = changed.iter().map(|series| last.get(series).copied()).collect();
    sqlx::query!(
        "UPDATE series SET first_period = new.first, last_period = new.last, observations = new.count,
                           updated_by = coalesce(new.release, updated_by)
         FROM UNNEST($1::bigint[], $2::integer[], $3::integer[], $4::integer[], $5::integer[])
              AS new (series_id, first, last, count, release)
         WHERE series.series_id = new.series_id",
        &changed,
        &first as &[Option<i32>],
        &end as &[Option<i32>],
        &counts,
        &releases as &[Option<i32>],
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Keeps what the rows say of their figures.
pub async fn notes(connection: &mut PgConnection, series: &[Series], stated: &[Stated<'_>]) -> Result<()> {
    let lines = stated.iter().filter_map(|(release, row)| {
        Some(note_line((series[row.series].id, row.period, *release), row.note.as_deref()?))
    });
    copy(connection, "COPY observation_note FROM STDIN", lines).await
}

/// The note of a series, period and release in PostgreSQL's text format.
fn note_line((series, period, release): (i64, i32, i32), note: &str) -> String {
    let note = escaped(note);
    format!("{series}\t{period}\t{release}\t{note}\n")
}

/// Tells each new release how many of its rows restate and how many confirm.
pub async fn counts(connection: &mut PgConnection, releases: &[i32], counts: &Counts) -> Result<()> {
    let count = |release: &i32| counts.get(release).copied().unwrap_or_default();
    let (restated, confirmed): (Vec<i32>, Vec<i32>) = releases.iter().map(count).unzip();
    sqlx::query!(
        "UPDATE release SET restated_count = new.restated, confirmed_count = new.confirmed
         FROM UNNEST($1::integer[], $2::integer[], $3::integer[]) AS new (release_id, restated, confirmed)
         WHERE release.release_id = new.release_id",
        releases,
        &restated,
        &confirmed,
    )
    .execute(connection)
    .await?;
    Ok(())
}
