//! Bytes an observation, with indexes, after one load and after monthly releases.

use std::process::Command;

use crate::report::failed;
use crate::stand::Server;
use crate::{DATASET, Result};

/// The columns of the table.
pub const HEAD: [&str; 4] = ["after", "observations", "MiB by table", "bytes an observation"];

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

fn measured(server: &Server, name: &str, database: &str) -> Result<Vec<String>> {
    let mut sql = server.sql(database)?;
    let tables = "FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
        AND (relname LIKE 'series%' OR relname LIKE 'observation\\_%' OR relname LIKE 'rollup%')";
    let bytes: i64 = sql.one(&format!("SELECT sum(pg_total_relation_size(oid))::bigint {tables}"))?;
    let by_table: Vec<String> = sql.list(&format!(
        "SELECT relname || ' ' || round(pg_total_relation_size(oid) / 1048576.0, 1) {tables}
         AND pg_total_relation_size(oid) > 65536 ORDER BY pg_total_relation_size(oid) DESC"
    ))?;
    let observations: i64 = sql.one("SELECT sum(observations)::bigint FROM series")?;
    let made: i64 =
        sql.one(&format!("SELECT sum(observations)::bigint FROM series WHERE dataset = '{DATASET}'"))?;
    let number = |of: i64| i32::try_from(of / 1024).map_or(f64::NAN, f64::from);
    let each = number(bytes) / (number(observations * 1024) / 1024.0);
    Ok(vec![name.to_owned(), made.to_string(), by_table.join(", "), format!("{each:.2}")])
}
