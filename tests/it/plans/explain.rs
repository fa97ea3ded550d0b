//! What PostgreSQL says of how it would carry out a statement.

use china_auto::timeseries::sql::{Bind, Statement};
use serde_json::Value;
use sqlx::{AssertSqlSafe, PgConnection};

/// How a table is read.
#[derive(Debug)]
pub struct Scan {
    /// The table.
    pub table: String,
    /// What an index is asked for; empty where all of the table is read.
    pub condition: String,
    /// The node of the plan.
    #[expect(dead_code, reason = "it is told when a test fails")]
    pub node: String,
}

/// How often a statement is run until PostgreSQL may plan it for any values, if that seems to cost no more: one time more than that.
const RUNS: usize = 6;

/// Each reading of a table in the plans of a statement: as it is planned for its values, and as it is once it was run often.
pub async fn explained(connection: &mut PgConnection, statement: &Statement) -> (Vec<Scan>, Value) {
    let values: Vec<String> = statement.binds.iter().map(literal).collect();
    let run = |text: String| sqlx::raw_sql(AssertSqlSafe(text));
    run(format!("PREPARE asked AS {}", statement.text)).execute(&mut *connection).await.expect("it is right");
    let explain = format!("EXPLAIN (FORMAT JSON) EXECUTE asked({})", values.join(", "));
    let mut plans: Vec<Value> = Vec::new();
    for _ in 0..RUNS {
        let plan = sqlx::query_scalar(AssertSqlSafe(explain.clone())).fetch_one(&mut *connection).await;
        plans.push(plan.expect("it has a plan"));
    }
    run("DEALLOCATE asked".to_owned()).execute(connection).await.expect("it was prepared");
    let mut scans = Vec::new();
    let (first, last) = (&plans[0], &plans[RUNS - 1]);
    walk(&first[0]["Plan"], &mut scans);
    walk(&last[0]["Plan"], &mut scans);
    (scans, Value::Array(vec![first.clone(), last.clone()]))
}

fn walk(node: &Value, scans: &mut Vec<Scan>) {
    let text = |name: &str| node[name].as_str().unwrap_or_default().to_owned();
    if !text("Relation Name").is_empty() {
        let mut condition = text("Index Cond");
        conditions(node, &mut condition);
        scans.push(Scan { table: text("Relation Name"), condition, node: text("Node Type") });
    }
    for child in node["Plans"].as_array().into_iter().flatten() {
        walk(child, scans);
    }
}

/// Adds what the indexes below a bitmap are asked for.
fn conditions(node: &Value, all: &mut String) {
    for child in node["Plans"].as_array().into_iter().flatten() {
        let kind = child["Node Type"].as_str().unwrap_or_default();
        if kind.starts_with("Bitmap") {
            all.push_str(child["Index Cond"].as_str().unwrap_or_default());
            conditions(child, all);
        }
    }
}

/// A value as SQL writes it.
fn literal(bind: &Bind) -> String {
    let quoted = |text: &String| format!("'{}'", text.replace('\'', "''"));
    match bind {
        Bind::Text(text) => quoted(text),
        Bind::Texts(texts) => {
            format!("ARRAY[{}]::text[]", texts.iter().map(quoted).collect::<Vec<_>>().join(", "))
        }
        Bind::MaybeTexts(texts) => {
            texts.as_ref().map_or("NULL::text[]".to_owned(), |texts| literal(&Bind::Texts(texts.clone())))
        }
        Bind::Number(number) => number.to_string(),
        Bind::Numbers(numbers) => {
            let numbers: Vec<String> = numbers.iter().map(ToString::to_string).collect();
            format!("ARRAY[{}]::bigint[]", numbers.join(", "))
        }
    }
}
