//! Who owns whom and who works with whom among 10,000 made organizations with 50,000 stakes.

use std::time::{Duration, Instant};

use crate::report::{failed, quantile};
use crate::stand::{Market, Server};
use crate::{ROUNDS, Result};

/// The columns of the table.
pub const HEAD: [&str; 7] =
    ["answer", "organizations", "chains or edges", "bytes", "p50, ms", "p95, ms", "requests"];

/// The database.
const DATABASE: &str = "owners";

/// The smallest market, which is not asked for.
const OBSERVATIONS: u32 = 1_000;

/// A hundred groups of a hundred companies: `made-G` is the head of a group, `made-(100 M + G)` its M-th company. A company has five
/// stakes over the years, of which three hold today: its parent's, that of a company beside the parent, and that of the head of
/// another group; one company of seventeen holds a part of its parent's parent, so that there are circles.
const MADE: &str = "
    CREATE TEMPORARY TABLE origin AS SELECT document_id, release_id FROM partnership ORDER BY partnership_id LIMIT 1;
    CREATE TEMPORARY TABLE company AS SELECT 100 * m + g AS n, m, g FROM generate_series(1, 99) m, generate_series(1, 100) g;
    INSERT INTO organization
    SELECT 'made-' || n, 'Made ' || n, NULL, 'oem', 'CN', NULL, NULL, NULL, '(,)', NULL, NULL, document_id, release_id, NULL
    FROM origin, generate_series(1, 10000) n;
    INSERT INTO partnership
    SELECT 'made-' || n, 'equity_stake', 'Made ' || n, NULL, '1990', NULL, '[1990-01-01,)', 'active', NULL, '{}', NULL, document_id,
           release_id, NULL
    FROM origin, company;
    INSERT INTO partnership_member
    SELECT 'made-' || n, 1, 'made-' || n, 'target', NULL, '1990', NULL, '[1990-01-01,)', document_id, release_id, NULL
    FROM origin, company;
    INSERT INTO partnership_member
    SELECT 'made-' || n, 1 + s,
           'made-' || CASE s % 3 WHEN 1 THEN 100 * (m / 4) + g WHEN 2 THEN 100 * (m / 5) + g ELSE 1 + (n * 37) % 100 END, 'investor',
           CASE WHEN s % 3 = 1 THEN 51 + n % 20 ELSE 5 + n % 10 END, CASE WHEN s > 2 THEN '2008' ELSE '1990' END,
           CASE WHEN s > 2 THEN NULL ELSE '2008' END,
           CASE WHEN s > 2 THEN '[2008-01-01,)'::daterange ELSE '[1990-01-01,2008-01-01)' END, document_id, release_id, NULL
    FROM origin, company, generate_series(1, 5) s;
    INSERT INTO partnership_member
    SELECT 'made-' || 100 * (m / 16) + g, 100 + m, 'made-' || n, 'investor', 2, '2015', NULL, '[2015-01-01,)', document_id,
           release_id, NULL
    FROM origin, company WHERE m > 16 AND n % 17 = 0;
    ANALYZE organization, partnership, partnership_member";

/// Measures each kind of answer, to a row of the table.
pub fn rows(server: &Server, seconds: u32) -> Result<Vec<Vec<String>>> {
    server.generate(DATABASE, OBSERVATIONS, &[])?;
    let mut sql = server.sql(DATABASE)?;
    if !sql.one::<bool>("SELECT EXISTS (SELECT FROM organization WHERE org_id = 'made-1')")? {
        sql.run(MADE)?;
    }
    let market = server.serving(DATABASE)?;
    let row = |(name, from, query): (&str, u32, &str)| {
        measured(&market, (name, from, query), seconds)
            .unwrap_or_else(|error| failed(name, HEAD.len(), &error))
    };
    let cases = [
        ("who owns a company of the lowest level", 9_001, "ownership?on=2020-06-30"),
        ("what a company below the head owns", 101, "ownership?on=2020-06-30&direction=down"),
        ("what a group owns", 11, "ownership?on=2020-06-30&direction=down"),
        ("network one partnership away", 2_001, "network?on=2020-06-30"),
        ("network two partnerships away", 2_001, "network?on=2020-06-30&depth=2"),
        ("network three partnerships away", 2_001, "network?on=2020-06-30&depth=3"),
    ];
    Ok(cases.map(row).to_vec())
}

/// Asks about seventy organizations in turn, from one on, one request at a time.
fn measured(market: &Market, (name, from, query): (&str, u32, &str), seconds: u32) -> Result<Vec<String>> {
    let urls: Vec<String> =
        (from..from + 70).map(|n| market.url(&format!("/organizations/made-{n}/{query}"))).collect();
    let (mut nodes, mut lines, mut bytes) = (Vec::new(), Vec::new(), Vec::new());
    // Warm: prepared statements, pages.
    for url in &urls {
        let (answer, _) = market.client().timed(url)?;
        if answer.status != 200 {
            return Err(format!("{url}: {} {}", answer.status, answer.body).into());
        }
        answer.check_origin("bypass")?;
        let json = answer.json()?;
        let count = |fields: [&str; 2]| {
            let found = fields.iter().find_map(|field| json["data"][*field].as_array());
            found.map_or(0.0, |found| f64::from(u32::try_from(found.len()).unwrap_or(u32::MAX)))
        };
        nodes.push(count(["totals", "nodes"]));
        lines.push(count(["chains", "edges"]));
        bytes.push(f64::from(u32::try_from(answer.body.len()).unwrap_or(u32::MAX)));
    }
    let until = Instant::now() + Duration::from_secs(u64::from(seconds) * ROUNDS as u64);
    let mut millis = Vec::new();
    for url in urls.iter().cycle() {
        if Instant::now() > until {
            break;
        }
        millis.push(market.client().timed(url)?.1);
    }
    let whole = |of: &mut Vec<f64>| format!("{:.0}", quantile(of, 50));
    Ok(vec![
        name.to_owned(),
        whole(&mut nodes),
        whole(&mut lines),
        whole(&mut bytes),
        format!("{:.2}", quantile(&mut millis, 50)),
        format!("{:.2}", quantile(&mut millis, 95)),
        millis.len().to_string(),
    ])
}
