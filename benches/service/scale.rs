//! Eight queries at two sizes of the market, one after the other: which of them grow with what they do not ask for.

use std::time::{Duration, Instant};

use crate::cases::aggregate_query;
use crate::report::{failed, median};
use crate::sql::Sql;
use crate::stand::{Market, Server};
use crate::{DATASET, ROUNDS, Result};

/// The columns of the table.
pub const HEAD: [&str; 8] = [
    "query",
    "rows small",
    "rows large",
    "buffers small",
    "buffers large",
    "p50 small, ms",
    "p50 large, ms",
    "p50 large / small",
];

/// What is there at both sizes.
struct Common {
    city: String,
    /// All codes of a series, by the names of their parameters.
    series: String,
    model: String,
    /// Twenty of the city.
    models: String,
    /// Fifty of all places.
    national: String,
}

impl Common {
    fn find(small: &mut Sql, large: &mut Sql) -> Result<Self> {
        let mut both = |expression: &str, rest: &str| -> Result<Vec<String>> {
            let statement = format!(
                "SELECT {expression} FROM series WHERE dataset = '{DATASET}' {rest}
                 GROUP BY 1 ORDER BY sum(observations) DESC, 1 LIMIT 2000"
            );
            let (few, many): (Vec<String>, Vec<String>) = (small.list(&statement)?, large.list(&statement)?);
            Ok(few.into_iter().filter(|code| many.contains(code)).collect())
        };
        let first = |of: &[String]| of.first().cloned().ok_or("the two markets have nothing in common");
        // A place below a province has a longer code.
        let city = first(&both("geo", "AND length(geo) > 5")?)?;
        let models = both("model", &format!("AND geo = '{city}'"))?;
        let model = first(&models)?;
        let here = format!("AND geo = '{city}' AND model = '{model}'");
        let series = "concat('geo=', geo, '&maker=', maker, '&brand=', brand, '&model=', model,
            '&vehicle_class=', vehicle_class, '&powertrain=', powertrain)";
        let series = first(&both(series, &here)?)?;
        let national = both("model", "")?;
        let some = |of: &[String], count| of.iter().take(count).cloned().collect::<Vec<_>>().join(",");
        Ok(Self { city, series, model, models: some(&models, 20), national: some(&national, 50) })
    }

    /// Each query with its name; the last one takes three requests, whose times and pages are added.
    fn queries(&self) -> [(&'static str, Vec<String>); 8] {
        let Self { city, series, model, models, national } = self;
        let month =
            |month: &str| format!("model={national}&frequency=M&start={month}&end={month}&limit=1000");
        let class = "group_by=vehicle_class,powertrain&frequency=A&start=2024&end=2024";
        let growth = "group_by=powertrain&transform=yoy&frequency=Q&limit=1000";
        let top = "group_by=model&top=50&frequency=M&start=2025-06&end=2025-06&limit=1000";
        [
            ("month and powertrain in one province over ten years", vec![aggregate_query()]),
            ("top 10 makers by year", vec!["group_by=maker&top=10&frequency=A&limit=1000".to_owned()]),
            ("one series over 120 months", vec![format!("{series}&frequency=M&limit=1000")]),
            ("growth by quarter and powertrain", vec![growth.to_owned()]),
            ("one model nationally by month", vec![format!("model={model}&frequency=M&limit=1000")]),
            ("classes by powertrains in one city and year", vec![format!("geo={city}&{class}")]),
            (
                "twenty models in one city by month",
                vec![format!("geo={city}&model={models}&frequency=M&limit=5000")],
            ),
            (
                "top 50 models of a month; fifty models the month and the year before",
                vec![top.to_owned(), month("2025-05"), month("2024-06")],
            ),
        ]
    }
}

/// Measures all queries, each to a row of the table.
pub fn rows(server: &Server, small: &Market, large: &Market, seconds: u32) -> Result<Vec<Vec<String>>> {
    let (mut of_small, mut of_large) = (server.sql(&small.database)?, server.sql(&large.database)?);
    let common = Common::find(&mut of_small, &mut of_large)?;
    // The counts of all databases are seen from one, and asking for them there is not counted with them.
    let mut counts = [server.sql("postgres")?, server.sql("postgres")?];
    let row = |(name, queries): (&'static str, Vec<String>)| {
        let [first, second] = &mut counts;
        let mut sides = [Side { market: small, sql: first }, Side { market: large, sql: second }];
        row(&mut sides, name, &queries, seconds).unwrap_or_else(|error| failed(name, HEAD.len(), &error))
    };
    Ok(common.queries().into_iter().map(row).collect())
}

/// One of the sizes.
struct Side<'a> {
    market: &'a Market,
    /// Where the buffers are counted.
    sql: &'a mut Sql,
}

impl Side<'_> {
    /// How many milliseconds queries take that are answered well, anew, and how many rows they are answered.
    fn ask(&self, queries: &[String]) -> Result<(f64, usize)> {
        let (mut millis, mut rows) = (0.0, 0);
        for query in queries {
            let (answer, took) = self.market.client().timed(&self.market.query(query))?;
            if answer.status != 200 {
                let database = &self.market.database;
                return Err(format!("{database}: {query}: {} {}", answer.status, answer.body).into());
            }
            answer.check_origin("bypass")?;
            millis += took;
            rows += answer.json()?["data"].as_array().map_or(0, Vec::len);
        }
        Ok((millis, rows))
    }

    /// The pages that the statements of queries touch, in PostgreSQL's buffers or not; none where that is not counted.
    fn buffers(&mut self, queries: &[String]) -> Result<Option<i64>> {
        let before = self.touched()?;
        self.ask(queries)?;
        Ok(before.zip(self.touched()?).map(|(before, after)| after - before))
    }

    fn touched(&mut self) -> Result<Option<i64>> {
        if !self.sql.one::<bool>("SELECT to_regclass('pg_stat_statements') IS NOT NULL")? {
            return Ok(None);
        }
        self.sql.one(&format!(
            "SELECT coalesce(sum(shared_blks_hit + shared_blks_read), 0)::bigint FROM pg_stat_statements
             WHERE dbid = (SELECT oid FROM pg_database WHERE datname = '{}')",
            self.market.database
        ))
    }
}

fn row(sides: &mut [Side<'_>; 2], name: &str, queries: &[String], seconds: u32) -> Result<Vec<String>> {
    let until = Instant::now() + Duration::from_secs(u64::from(seconds) * ROUNDS as u64);
    let (mut millis, mut rows) = ([Vec::new(), Vec::new()], [0; 2]);
    // Warm: prepared statements, pages.
    for side in sides.iter() {
        side.ask(queries)?;
    }
    while Instant::now() < until {
        for (at, side) in sides.iter().enumerate() {
            let (took, answered) = side.ask(queries)?;
            millis[at].push(took);
            rows[at] = answered;
        }
    }
    let mut buffers = [String::new(), String::new()];
    for (at, side) in sides.iter_mut().enumerate() {
        buffers[at] = side.buffers(queries)?.map_or("not counted".to_owned(), |pages| pages.to_string());
    }
    let [small, large] = millis.map(median);
    let ([few, many], [of_small, of_large]) = (rows.map(|rows| rows.to_string()), buffers);
    let times = [format!("{small:.2}"), format!("{large:.2}"), format!("{:.2}", large / small)];
    Ok([vec![name.to_owned(), few, many, of_small, of_large], times.to_vec()].concat())
}
