//! Records: the rows of a release replace those of the one before it, which stay behind as they were.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde_json::{Value, json};
use sqlx::PgConnection;

use super::entry::Table;
use super::releases::Changes;
use crate::error::Result;

/// Retires the rows of releases that no longer count and writes those of the new ones.
pub async fn write(connection: &mut PgConnection, today: NaiveDate, changes: &mut Changes) -> Result<()> {
    let (old, new) = changes.replaced();
    replace(connection, &old, &new).await?;
    let mut tables: BTreeMap<Table, Vec<Value>> = BTreeMap::new();
    for taken in &mut changes.taken {
        for mut entry in std::mem::take(&mut taken.part.entries) {
            entry.row["release_id"] = json!(taken.release);
            tables.entry(entry.table).or_default().push(entry.row);
        }
    }
    for (table, rows) in tables {
        insert(connection, table, &Value::Array(rows).to_string(), today).await?;
    }
    Ok(())
}

/// Columns that a row does not name become null; PostgreSQL reads dates in force, lists and numbers from their texts.
async fn insert(connection: &mut PgConnection, table: Table, rows: &str, today: NaiveDate) -> Result<()> {
    macro_rules! insert {
        ($sql:literal) => {
            sqlx::query!($sql, rows).execute(connection).await?
        };
    }
    match table {
        Table::Code => insert!("INSERT INTO code SELECT * FROM jsonb_populate_recordset(NULL::code, $1::text::jsonb)"),
        Table::Measure => insert!("INSERT INTO measure SELECT * FROM jsonb_populate_recordset(NULL::measure, $1::text::jsonb)"),
        Table::Dataset => insert!("INSERT INTO dataset SELECT * FROM jsonb_populate_recordset(NULL::dataset, $1::text::jsonb)"),
        Table::Partition => insert!("INSERT INTO partition SELECT * FROM jsonb_populate_recordset(NULL::partition, $1::text::jsonb)"),
        Table::Precedence => insert!("INSERT INTO precedence SELECT * FROM jsonb_populate_recordset(NULL::precedence, $1::text::jsonb)"),
        Table::Source => insert!("INSERT INTO source SELECT * FROM jsonb_populate_recordset(NULL::source, $1::text::jsonb)"),
        Table::Organization => insert!("INSERT INTO organization SELECT * FROM jsonb_populate_recordset(NULL::organization, $1::text::jsonb)"),
        Table::Partnership => insert!("INSERT INTO partnership SELECT * FROM jsonb_populate_recordset(NULL::partnership, $1::text::jsonb)"),
        Table::PartnershipMember => insert!("INSERT INTO partnership_member SELECT * FROM jsonb_populate_recordset(NULL::partnership_member, $1::text::jsonb)"),
        Table::Event => insert!("INSERT INTO event SELECT * FROM jsonb_populate_recordset(NULL::event, $1::text::jsonb)"),
        Table::SubsidyInstrument => insert!("INSERT INTO subsidy_instrument SELECT * FROM jsonb_populate_recordset(NULL::subsidy_instrument, $1::text::jsonb)"),
        Table::SubsidyRate => insert!("INSERT INTO subsidy_rate SELECT * FROM jsonb_populate_recordset(NULL::subsidy_rate, $1::text::jsonb)"),
        Table::SubsidyRule => insert!("INSERT INTO subsidy_rule SELECT * FROM jsonb_populate_recordset(NULL::subsidy_rule, $1::text::jsonb)"),
        Table::CreditMandate => insert!("INSERT INTO credit_mandate SELECT * FROM jsonb_populate_recordset(NULL::credit_mandate, $1::text::jsonb)"),
        Table::CreditRule => insert!("INSERT INTO credit_rule SELECT * FROM jsonb_populate_recordset(NULL::credit_rule, $1::text::jsonb)"),
        Table::CreditFormula => insert!("INSERT INTO credit_formula SELECT * FROM jsonb_populate_recordset(NULL::credit_formula, $1::text::jsonb)"),
        Table::SubsidySpend => insert!("INSERT INTO subsidy_spend SELECT * FROM jsonb_populate_recordset(NULL::subsidy_spend, $1::text::jsonb)"),
        Table::Document => {
            sqlx::query!(
                "INSERT INTO document (document_id, source, publisher, title, url, published, published_until, licence,
                                       note, coverage, release_id)
                 SELECT document_id, source, publisher, title, url, published, least(published_until, $2), licence, note,
                        coverage, release_id
                 FROM jsonb_populate_recordset(NULL::document, $1::text::jsonb)",
                rows,
                today,
            )
            .execute(connection)
            .await?
        }
    };
    Ok(())
}

/// Marks the rows of each old release as replaced by the new one beside it.
async fn replace(connection: &mut PgConnection, old: &[i32], new: &[i32]) -> Result<()> {
    macro_rules! replace {
        ($sql:literal) => {
            sqlx::query!($sql, old, new).execute(&mut *connection).await?
        };
    }
    if old.is_empty() {
        return Ok(());
    }
    replace!(
        "UPDATE code SET superseded_by = pair.new FROM UNNEST($1::integer[], $2::integer[]) AS pair (old, new)
         WHERE release_id = pair.old"
    );
    replace!(
        "UPDATE measure SET superseded_by = pair.new FROM UNNEST($1::integer[], $2::integer[]) AS pair (old, new)
         WHERE release_id = pair.old"
    );
    replace!(
        "UPDATE dataset SET superseded_by = pair.new FROM UNNEST($1::integer[], $2::integer[]) AS pair (old, new)
         WHERE release_id = pair.old"
    );
    replace!(
        "UPDATE partition SET superseded_by = pair.new FROM UNNEST($1::integer[], $2::integer[]) AS pair (old, new)
         WHERE release_id = pair.old"
    );
    replace!(
        "UPDATE precedence SET superseded_by = pair.new FROM UNNEST($1::integer[], $2::integer[]) AS pair (old, new)
         WHERE release_id = pair.old"
    );
    replace!(
        "UPDATE source SET superseded_by = pair.new FROM UNNEST($1::integer[], $2::integer[]) AS pair (old, new)
         WHERE release_id = pair.old"
    );
    replace!(
        "UPDATE document SET superseded_by = pair.new FROM UNNEST($1::integer[], $2::integer[]) AS pair (old, new)
         WHERE release_id = pair.old"
    );
    replace!(
        "UPDATE organization SET superseded_by = pair.new FROM UNNEST($1::integer[], $2::integer[]) AS pair (old, new)
         WHERE release_id = pair.old"
    );
    replace!(
        "UPDATE partnership SET superseded_by = pair.new FROM UNNEST($1::integer[], $2::integer[]) AS pair (old, new)
         WHERE release_id = pair.old"
    );
    replace!(
        "UPDATE partnership_member SET superseded_by = pair.new FROM UNNEST($1::integer[], $2::integer[]) AS pair (old, new)
         WHERE release_id = pair.old"
    );
    replace!(
        "UPDATE event SET superseded_by = pair.new FROM UNNEST($1::integer[], $2::integer[]) AS pair (old, new)
         WHERE release_id = pair.old"
    );
    replace!(
        "UPDATE subsidy_instrument SET superseded_by = pair.new FROM UNNEST($1::integer[], $2::integer[]) AS pair (old, new)
         WHERE release_id = pair.old"
    );
    replace!(
        "UPDATE subsidy_rate SET superseded_by = pair.new FROM UNNEST($1::integer[], $2::integer[]) AS pair (old, new)
         WHERE release_id = pair.old"
    );
    replace!(
        "UPDATE subsidy_rule SET superseded_by = pair.new FROM UNNEST($1::integer[], $2::integer[]) AS pair (old, new)
         WHERE release_id = pair.old"
    );
    replace!(
        "UPDATE credit_mandate SET superseded_by = pair.new FROM UNNEST($1::integer[], $2::integer[]) AS pair (old, new)
         WHERE release_id = pair.old"
    );
    replace!(
        "UPDATE credit_rule SET superseded_by = pair.new FROM UNNEST($1::integer[], $2::integer[]) AS pair (old, new)
         WHERE release_id = pair.old"
    );
    replace!(
        "UPDATE credit_formula SET superseded_by = pair.new FROM UNNEST($1::integer[], $2::integer[]) AS pair (old, new)
         WHERE release_id = pair.old"
    );
    replace!(
        "UPDATE subsidy_spend SET superseded_by = pair.new FROM UNNEST($1::integer[], $2::integer[]) AS pair (old, new)
         WHERE release_id = pair.old"
    );
    Ok(())
}
