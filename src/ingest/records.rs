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
        give_way(connection, table, &Value::Array(rows.clone()).to_string()).await?;
        insert(connection, table, &Value::Array(rows).to_string(), today).await?;
    }
    Ok(())
}

/// Codes, sources and documents that came with a file give way to ones of the same name: there is one of each that counts.
async fn give_way(connection: &mut PgConnection, table: Table, rows: &str) -> Result<()> {
    macro_rules! give_way {
        ($table:literal, $key:literal) => {
            sqlx::query!(
                "UPDATE " + $table + " AS old SET superseded_by = new.release_id
                 FROM jsonb_populate_recordset(NULL::" + $table + ", $1::text::jsonb) AS new
                 WHERE old.superseded_by IS NULL AND (" + $key + ")
                   AND old.release_id IN (SELECT release_id FROM release JOIN import USING (import_id) WHERE kind = 'file')",
                rows,
            )
            .execute(connection)
            .await?
        };
    }
    match table {
        Table::Code => {
            give_way!("code", "old.dimension = new.dimension AND old.code = new.code");
        }
        Table::Source => {
            give_way!("source", "old.source = new.source");
        }
        Table::Document => {
            give_way!("document", "old.document_id = new.document_id");
        }
        _ => {}
    }
    Ok(())
}

/// Columns that a row does not name become null; PostgreSQL reads dates in force, lists and numbers from their texts.
async fn insert(connection: &mut PgConnection, table: Table, rows: &str, today: NaiveDate) -> Result<()> {
    macro_rules! insert {
        ($table:literal) => {
            sqlx::query!(
                "INSERT INTO "
                    + $table
                    + " SELECT * FROM jsonb_populate_recordset(NULL::"
                    + $table
                    + ", $1::text::jsonb)",
                rows,
            )
            .execute(connection)
            .await?
        };
    }
    match table {
        Table::Code => insert!("code"),
        Table::Measure => insert!("measure"),
        Table::Dataset => insert!("dataset"),
        Table::Partition => insert!("partition"),
        Table::Precedence => insert!("precedence"),
        Table::Source => insert!("source"),
        Table::Organization => insert!("organization"),
        Table::Partnership => insert!("partnership"),
        Table::PartnershipMember => insert!("partnership_member"),
        Table::Event => insert!("event"),
        Table::SubsidyInstrument => insert!("subsidy_instrument"),
        Table::SubsidyRate => insert!("subsidy_rate"),
        Table::SubsidyRule => insert!("subsidy_rule"),
        Table::CreditMandate => insert!("credit_mandate"),
        Table::CreditRule => insert!("credit_rule"),
        Table::CreditFormula => insert!("credit_formula"),
        Table::SubsidySpend => insert!("subsidy_spend"),
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
pub async fn replace(connection: &mut PgConnection, old: &[i32], new: &[i32]) -> Result<()> {
    macro_rules! replace {
        ($($table:literal),* $(,)?) => {$(
            sqlx::query!(
                "UPDATE " + $table + " SET superseded_by = pair.new
                 FROM UNNEST($1::integer[], $2::integer[]) AS pair (old, new) WHERE release_id = pair.old",
                old,
                new,
            )
            .execute(&mut *connection)
            .await?;
        )*};
    }
    if old.is_empty() {
        return Ok(());
    }
    replace!(
        "code",
        "measure",
        "dataset",
        "partition",
        "precedence",
        "source",
        "document",
        "organization",
        "partnership",
        "partnership_member",
        "event",
        "subsidy_instrument",
        "subsidy_rate",
        "subsidy_rule",
        "credit_mandate",
        "credit_rule",
        "credit_formula",
        "subsidy_spend",
    );
    Ok(())
}
