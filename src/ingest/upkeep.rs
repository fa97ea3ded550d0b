//! What tables need that many rows were written to.

use sqlx::{AssertSqlSafe, PgConnection};

use crate::error::Result;

/// The tables that figures are in, and what tells of them.
pub const OF_FIGURES: [&str; 7] = [
    "collection",
    "series",
    "observation_chunk",
    "observation_history",
    "rollup_series",
    "rollup_chunk",
    "rollup_period",
];

/// Frees what was replaced, and counts what statements are planned by, in those of some tables that were written to by half since that
/// was done last: what was loaded first is read well at once. Of less the server takes care by itself, a while later and beside those
/// who read; a month's file would wait for all of a large market to be gone through, which took 47 s of 72 at 100 million figures.
pub async fn vacuum(connection: &mut PgConnection, tables: &[&str]) -> Result<()> {
    // What a transaction did is counted with those after it, within a second.
    sqlx::query("SELECT pg_stat_force_next_flush()").execute(&mut *connection).await?;
    let tables: Vec<String> = tables.iter().map(|table| (*table).to_owned()).collect();
    let due = sqlx::query_scalar!(
        "SELECT c.relname::text AS \"name!\" FROM pg_stat_user_tables s JOIN pg_class c ON c.oid = s.relid
         WHERE c.oid = ANY($1::text[]::regclass[]) AND n_dead_tup + n_ins_since_vacuum > 50 + 0.5 * greatest(c.reltuples, 0)
         ORDER BY c.relname",
        &tables,
    );
    let due = due.fetch_all(&mut *connection).await?;
    if due.is_empty() {
        return Ok(());
    }
    // The names are those of tables that were asked for.
    sqlx::query(AssertSqlSafe(format!("VACUUM (ANALYZE) {}", due.join(", ")))).execute(connection).await?;
    Ok(())
}
