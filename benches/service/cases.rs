//! What is asked in the parts `cached` and `uncached`.

use serde_json::Value;

use crate::client::FRESH;
use crate::measure::{Case, Peer};
use crate::sql::{Sql, texts};
use crate::stand::{Market, Server, Stored};
use crate::{DATASET, Result};

/// The province that has most of the market.
pub const PROVINCE: &str = "CN-GD";

/// Powertrains that every market has, whatever its size; NEV is a sum itself.
pub const POWERTRAINS: &str = "BEV,HEV,ICE,NEV,PHEV";

/// How many series are asked for in turn.
pub const MANY: usize = 64;

/// The releases of a chunk `c` as the service reads them: where all are the same, one stands for all.
const RELEASES: &str =
    "CASE WHEN c.releases[1] = ALL (c.releases) THEN c.releases[1:1] ELSE c.releases END AS releases";

/// The grain of the aggregate.
pub const GRAIN: &str = "geo:province,powertrain";

/// Five powertrains by 120 months of one province.
pub fn aggregate_query() -> String {
    format!("geo={PROVINCE}&powertrain={POWERTRAINS}&frequency=M&start=2016&end=2025&limit=1000")
}

/// The path of the aggregate.
pub fn aggregate() -> String {
    format!("/datasets/{DATASET}/observations?{}", aggregate_query())
}

/// The same as columns, which a chart takes as they are.
pub fn aggregate_columns() -> String {
    aggregate().replace("&limit=1000", "&shape=columns")
}

/// Answers that are kept, and what says that the caller has them.
pub fn cached(server: &Server, market: &Market) -> Result<Vec<Case>> {
    let series = market.whole_series(server, 1)?[0].path();
    let small = "/production?start=2021";
    let tag = market.get(small, &[])?;
    let tag = tag.header("etag").ok_or("an answer has no tag")?;
    let case = |name: &str, path: &str, headers: Vec<String>| Case {
        name: name.to_owned(),
        paths: vec![path.to_owned()],
        headers,
        origin: "hit",
        peer: Peer::Bare,
    };
    Ok(vec![
        case("production since 2021, kept", small, Vec::new()),
        case("one series of 120 months, kept", &series, Vec::new()),
        case("production since 2021, 304", small, vec![format!("If-None-Match: {tag}")]),
    ])
}

/// Answers that are made anew for each request.
pub fn uncached(server: &Server, market: &Market) -> Result<Vec<Case>> {
    let stored = market.whole_series(server, MANY)?;
    let case = |name: &str, paths: Vec<String>, sql| Case {
        name: name.to_owned(),
        paths,
        headers: vec![FRESH.to_owned()],
        origin: "bypass",
        peer: Peer::Pgbench(sql),
    };
    let ids: Vec<String> = stored.iter().map(|one| one.id.to_string()).collect();
    let series = format!(
        "\\set at random(1, {})
         SELECT c.chunk, c.first_period, c.\"values\", c.statuses, {RELEASES} FROM observation_chunk c
         WHERE c.series_id = ('{{{}}}'::bigint[])[:at] ORDER BY c.chunk",
        ids.len(),
        ids.join(",")
    );
    let grain = grain(market, &aggregate_query())?;
    let from = grain.as_deref().map_or("the finest series".to_owned(), |grain| format!("sums by {grain}"));
    let sql = aggregate_sql(&mut server.sql(&market.database)?, grain.as_deref())?;
    Ok(vec![
        case("one series of 120 months", stored.iter().map(Stored::path).collect(), series),
        case(&format!("5 powertrains by 120 months as rows, from {from}"), vec![aggregate()], sql.clone()),
        case("the same as columns", vec![aggregate_columns()], sql),
    ])
}

/// The grain of the sums that a query is answered from; none where it is from the finest series, or the service does not tell.
fn grain(market: &Market, query: &str) -> Result<Option<String>> {
    let answer = market.client().get(&market.query(&format!("{query}&explain=1")), &[FRESH.to_owned()])?;
    Ok(answer.json()?["meta"]["explain"]["grain"].as_str().map(str::to_owned))
}

/// Fixed SQL that reads the arrays of the aggregate: the columns that the service reads, found by what the database holds.
fn aggregate_sql(sql: &mut Sql, grain: Option<&str>) -> Result<String> {
    let Some(grain) = grain else { return finest_sql(sql) };
    let rollup: i32 =
        sql.one(&format!("SELECT rollup_id FROM rollup WHERE dataset = '{DATASET}' AND grain = '{grain}'"))?;
    let places: Vec<String> = sql.list(&format!(
        "SELECT DISTINCT geo FROM rollup_series WHERE rollup_id = {rollup} AND geo LIKE '{PROVINCE}%'"
    ))?;
    let here = format!("s.rollup_id = {rollup} AND s.geo = ANY({})", texts(&places));
    // A sum of one series is not stored again: it is that series, with arrays of its own table.
    let stored: bool =
        sql.one(&format!("SELECT coalesce(bool_or(is_stored), false) FROM rollup_series s WHERE {here}"))?;
    let select = |table: &str, more: &str| {
        format!(
            "SELECT s.series_id, c.chunk, c.first_period, c.\"values\", c.statuses, {RELEASES}{more}
             FROM rollup_series s JOIN {table} c USING (series_id) WHERE {here}"
        )
    };
    let sums = select("rollup_chunk", ", c.parts, c.mixed");
    Ok(if stored {
        let none = ", NULL::integer[], NULL::integer[]";
        format!("{sums} UNION ALL {} AND s.is_stored", select("observation_chunk", none))
    } else {
        sums
    })
}

fn finest_sql(sql: &mut Sql) -> Result<String> {
    // The code of a made city begins with its province's.
    let places: Vec<String> = sql.list(&format!(
        "SELECT DISTINCT geo FROM series WHERE dataset = '{DATASET}' AND geo LIKE '{PROVINCE}%'"
    ))?;
    let measure: String =
        sql.one(&format!("SELECT DISTINCT measure FROM series WHERE dataset = '{DATASET}'"))?;
    Ok(format!(
        "SELECT s.series_id, s.powertrain, c.chunk, c.first_period, c.\"values\", c.statuses, {RELEASES}
         FROM series s JOIN observation_chunk c USING (series_id)
         WHERE s.dataset = '{DATASET}' AND s.measure = '{measure}' AND s.frequency = 'M' AND s.geo = ANY({})",
        texts(&places)
    ))
}

/// The figures of an answer, whatever their order.
pub fn figures(answer: &Value) -> Vec<(String, String, i64)> {
    let word = |row: &Value, name: &str| row[name].as_str().unwrap_or_default().to_owned();
    let data = &answer["data"];
    // One series has its codes once, and its observations below.
    let rows = data.as_array().or_else(|| data["observations"].as_array()).into_iter().flatten();
    let of = |row: &Value| -> Vec<(String, String, i64)> {
        let (Some(periods), Some(values)) = (row["period"].as_array(), row["value"].as_array()) else {
            let figure =
                row["value"].as_i64().map(|value| (word(row, "powertrain"), word(row, "period"), value));
            return figure.into_iter().collect();
        };
        // Columns have their codes once, and an array of each field.
        let powertrain = word(&row["codes"], "powertrain");
        let pairs = periods.iter().zip(values);
        let pair = |(period, value): (&Value, &Value)| {
            Some((powertrain.clone(), period.as_str()?.to_owned(), value.as_i64()?))
        };
        pairs.filter_map(pair).collect()
    };
    let mut figures: Vec<_> = rows.flat_map(of).collect();
    figures.sort();
    figures
}
