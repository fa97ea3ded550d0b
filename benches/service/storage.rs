//! Bytes an observation, with indexes, after one load and after monthly releases.

use std::process::Command;

use crate::report::failed;
use crate::stand::Server;
use crate::{DATASET, Result};

/// The columns of the table.
pub const HEAD: [&str; 4] = ["after", "observations", "MiB by table", "bytes an observation"];

/// The database without a market to speak of.
const BUNDLED: &str = "market_1";

/// The tables that hold figures or say what they are of.
const TABLES: &str = "FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
    AND (relname LIKE 'series%' OR relname LIKE 'observation\\_%' OR relname LIKE 'rollup%')";

/// The months that come as releases of their own.
const MONTHLY: &str = "24";

/// Measures both, each to a row of the table.
pub fn rows(server: &Server, observations: u32) -> Vec<Vec<String>> {
    let name = format!("one load and {MONTHLY} monthly releases that revise 2 % of the month before");
    let kinds: [(&str, String, &[&str]); 2] = [
        ("one load", format!("market_{observations}"), &[]),
        (&name, format!("monthly_{observations}"), &["--monthly", MONTHLY]),
    ];
    let row = |(name, database, more): &(&str, String, &[&str])| {
        let measured = if more.is_empty() || is_monthly_known() {
            server.generate(database, observations, more).and_then(|()| measured(server, name, database))
        } else {
            Err("generate has no --monthly".into())
        };
        measured.unwrap_or_else(|error| failed(name, HEAD.len(), &error))
    };
    kinds.iter().map(row).collect()
}

fn is_monthly_known() -> bool {
    let help = Command::new(env!("CARGO_BIN_EXE_china-auto")).args(["generate", "--help"]).output();
    help.is_ok_and(|help| String::from_utf8_lossy(&help.stdout).contains("--monthly"))
}

/// What a market takes beyond the bundled data, which one of a single observation stands for.
fn measured(server: &Server, name: &str, database: &str) -> Result<Vec<String>> {
    server.generate(BUNDLED, 1, &[])?;
    let bytes = bytes(server, database)? - bytes(server, BUNDLED)?;
    let mut sql = server.sql(database)?;
    let by_table: Vec<String> = sql.list(&format!(
        "SELECT relname || ' ' || round(pg_total_relation_size(oid) / 1048576.0, 1) {TABLES}
         AND pg_total_relation_size(oid) > 65536 ORDER BY pg_total_relation_size(oid) DESC"
    ))?;
    let made: i64 =
        sql.one(&format!("SELECT sum(observations)::bigint FROM series WHERE dataset = '{DATASET}'"))?;
    let each: f64 = sql.one(&format!("SELECT {bytes}::float8 / {made}"))?;
    Ok(vec![name.to_owned(), made.to_string(), by_table.join(", "), format!("{each:.2}")])
}

fn bytes(server: &Server, database: &str) -> Result<i64> {
    server.sql(database)?.one(&format!("SELECT sum(pg_total_relation_size(oid))::bigint {TABLES}"))
}
