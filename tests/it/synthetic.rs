//! Synthetic registrations: made, complete, told from real figures, taken away.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::process::Command;

use china_auto::database::Database;
use china_auto::ingest::rollup::rebuild;
use china_auto::ingest::synthetic::{Generated, Market, Order, Removed, generate, remove};
use china_auto::ingest::{Files, load_bundled};
use china_auto::timeseries::key::Dimension;
use china_auto::timeseries::period::{Frequency, Period};
use serde_json::{Value, json};
use sqlx::postgres::PgRow;
use sqlx::{FromRow, PgConnection};

use crate::client::Client;
use crate::cluster::{self, clock};

const ORDER: Order = Order { observations: 20_000, seed: 7, monthly: 0 };

async fn make(database: &Database, order: Order) -> Generated {
    generate(database, &Files::bundled(), order, &clock()).await.unwrap()
}

async fn rows<T: for<'r> FromRow<'r, PgRow> + Send + Unpin>(
    connection: &mut PgConnection,
    sql: &'static str,
) -> Vec<T> {
    sqlx::query_as(sql).fetch_all(connection).await.unwrap()
}

/// The market as a data file, which the loader takes row by row.
fn as_file(market: Market) -> String {
    let mut text = Dimension::ALL[..8].iter().map(|d| d.name()).collect::<Vec<_>>().join(",");
    text += ",frequency,period,value,status,document_id,note,role\n";
    let document = market.document();
    for one in market.series() {
        let codes: Vec<&str> = Dimension::ALL[..8].iter().map(|d| one.series.code(*d)).collect();
        for figure in &one.figures {
            let period = Period::new(Frequency::M, figure.period).unwrap();
            let value = figure.value.unwrap();
            writeln!(text, "{},M,{period},{value},A,{document},,value", codes.join(",")).unwrap();
        }
    }
    text
}

/// Series, frequency, group key, first, last, observations.
type Series = (i64, String, String, i32, i32, i32);

/// Series, number, first period, values, statuses, and the document of the release of each.
type Chunk = (i64, i32, i32, Vec<Option<i64>>, Option<Vec<u8>>, Vec<Option<String>>);

/// Collection, document, date, coverage, and how many rows there are, restate, confirm.
type Release = (String, String, String, String, i32, i32, i32);

async fn stored(database: &Database) -> (Vec<Series>, Vec<Chunk>) {
    let mut connection = database.writer().await.unwrap();
    let series = rows(
        &mut connection,
        "SELECT series_id, frequency, group_key, first_period, last_period, observations FROM series
         WHERE dataset = 'synthetic' ORDER BY series_id",
    );
    let series = series.await;
    let chunks = rows(
        &mut connection,
        "SELECT series_id, chunk, c.first_period, \"values\", statuses,
                array(SELECT document_id FROM unnest(releases) WITH ORDINALITY AS cell (release_id, at)
                      LEFT JOIN release USING (release_id) ORDER BY at)
         FROM observation_chunk c JOIN series USING (series_id) WHERE dataset = 'synthetic' ORDER BY series_id, chunk",
    );
    (series, chunks.await)
}

#[tokio::test]
async fn what_is_written_in_bulk_is_what_the_loader_makes_of_the_same_rows() {
    let (bulk, walked) = (cluster::database().await, cluster::migrated().await);
    let made = make(&bulk.database, ORDER).await;
    assert_eq!((made.observations, made.unchanged), (20_000, false));
    let market = Market::plan(&Files::bundled(), ORDER).unwrap();
    let files = market.describe(&Files::bundled()).unwrap();
    let files = files.with("observations/synthetic.csv", as_file(market));
    load_bundled(&walked.database, &files, &clock()).await.unwrap();
    let (written, expected) = (stored(&bulk.database).await, stored(&walked.database).await);
    assert_eq!(written.0.len() as u64, made.series);
    assert!(written == expected, "{} and {} chunks differ", written.1.len(), expected.1.len());
    let releases = "SELECT collection, document_id, published::text, coverage, row_count, restated_count, confirmed_count
                    FROM release WHERE collection = 'synthetic'";
    let of = async |database: &Database| -> Vec<Release> {
        rows(&mut database.writer().await.unwrap(), releases).await
    };
    let release = of(&bulk.database).await;
    assert_eq!(release, of(&walked.database).await);
    assert_eq!((release.len(), release[0].4), (1, 20_000));
}

#[tokio::test]
async fn every_sum_over_stored_cells_is_the_sum_over_made_ones() {
    let database = cluster::database().await;
    make(&database.database, ORDER).await;
    let mut expected: [BTreeMap<String, i64>; 3] = Default::default();
    for one in Market::plan(&Files::bundled(), ORDER).unwrap().series() {
        let sum: i64 = one.figures.iter().filter_map(|figure| figure.value).sum();
        let codes = [Dimension::Geo, Dimension::Model, Dimension::Powertrain].map(|d| one.series.code(d));
        for (sums, code) in expected.iter_mut().zip(codes) {
            *sums.entry(code.to_owned()).or_default() += sum;
        }
    }
    let mut connection = database.database.writer().await.unwrap();
    let sums = [
        "SELECT geo, sum(value)::bigint FROM series JOIN observation_chunk USING (series_id), unnest(\"values\") value
         WHERE dataset = 'synthetic' GROUP BY 1",
        "SELECT model, sum(value)::bigint FROM series JOIN observation_chunk USING (series_id), unnest(\"values\") value
         WHERE dataset = 'synthetic' GROUP BY 1",
        "SELECT powertrain, sum(value)::bigint FROM series JOIN observation_chunk USING (series_id), unnest(\"values\") value
         WHERE dataset = 'synthetic' GROUP BY 1",
    ];
    for (sql, expected) in sums.into_iter().zip(expected) {
        let found: Vec<(String, i64)> = rows(&mut connection, sql).await;
        assert_eq!(found.into_iter().collect::<BTreeMap<_, _>>(), expected);
    }
}

#[tokio::test]
async fn every_answer_says_that_the_figures_are_synthetic() {
    let database = cluster::database().await;
    make(&database.database, ORDER).await;
    let client = Client::of(database).await;
    let described = client.get("/v1/datasets/synthetic").await.json();
    assert_eq!(described["data"]["title"], "Synthetic registrations for load tests; no real figure");
    let series = client.get("/v1/datasets/synthetic/series?model=*&geo=*&limit=1").await.json();
    let id = series["data"][0]["id"].as_str().unwrap().to_owned();
    assert!(id.starts_with("synthetic:M.synthetic_registrations.synthetic."), "{id}");
    let one = client.get(&format!("/v1/series/{id}")).await.json();
    assert!(one.to_string().contains("synthetic-20000-7"), "{one}");
    let geo = id.split('.').nth(3).unwrap();
    let path = format!("/v1/datasets/synthetic/observations?geo={geo}&model=*&vehicle_class=*&powertrain=*");
    let answer = client.get(&path).await.json();
    let observations = answer["data"].as_array().unwrap();
    assert!(observations.len() > 100);
    for row in observations {
        assert_eq!((&row["source"], &row["low_trust"]), (&json!("synthetic"), &json!(true)), "{row}");
    }
    let document = client.get("/v1/documents/synthetic-20000-7").await.json();
    let title = document["data"]["title"].as_str().unwrap();
    assert!(title.starts_with("Synthetic registrations for load tests; no real figure"), "{title}");
    assert_eq!(document["data"]["licence"], "CC0-1.0");
    let model = client.get("/v1/codes/geo?q=synthetic&limit=1").await.json();
    assert!(model["data"][0]["name"].as_str().unwrap().contains("synthetic city"), "{model}");
}

#[tokio::test]
async fn a_market_is_made_once_and_another_only_after_it_is_removed() {
    let database = cluster::database().await;
    let other = Order { seed: 8, ..ORDER };
    let first = make(&database.database, ORDER).await;
    let again = make(&database.database, ORDER).await;
    assert_eq!(again, Generated { series: 0, observations: 0, unchanged: true });
    let refused =
        generate(&database.database, &Files::bundled(), other, &clock()).await.unwrap_err().to_string();
    assert!(refused.contains("--remove"), "{refused}");
    let bundled = load_bundled(&database.database, &Files::bundled(), &clock()).await.unwrap();
    assert!(bundled.unchanged, "the bundled data are told from it");

    let removed = remove(&database.database, &clock()).await.unwrap();
    assert_eq!(removed, Removed { series: first.series, releases: 3 });
    assert_eq!(remove(&database.database, &clock()).await.unwrap(), Removed { series: 0, releases: 0 });
    assert_eq!(stored(&database.database).await, (Vec::new(), Vec::new()));
    assert_eq!(make(&database.database, other).await.observations, 20_000);
}

#[tokio::test]
async fn what_was_removed_is_gone_from_every_list_and_told_by_the_feed() {
    let client = Client::bundled().await;
    let before = client.get("/v1/changes?limit=1000").await.json()["meta"]["since"].clone();
    make(&client.database.database, ORDER).await;
    assert_eq!(client.get("/v1/datasets/synthetic").await.status, 200);
    remove(&client.database.database, &clock()).await.unwrap();
    for gone in ["/v1/datasets/synthetic", "/v1/sources/synthetic", "/v1/documents/synthetic-20000-7"] {
        assert_eq!(client.get(gone).await.status, 404, "{gone}");
    }
    for list in ["/v1/codes/geo?q=synthetic", "/v1/codes/model?q=synthetic", "/v1/search?q=synthetic"] {
        assert_eq!(client.get(list).await.json()["data"], json!([]), "{list}");
    }
    let feed = client.get(&format!("/v1/changes?since={}", before.as_str().unwrap())).await.json();
    let kinds: Vec<&str> =
        feed["data"].as_array().unwrap().iter().map(|change| change["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["released", "released", "released", "withdrawn", "withdrawn", "withdrawn"]);
    let mut connection = client.database.database.writer().await.unwrap();
    let left: Vec<(i64,)> =
        rows(&mut connection, "SELECT count(*) FROM series WHERE dataset = 'synthetic'").await;
    assert_eq!(left, [(0,)]);
}

#[tokio::test]
async fn the_command_makes_removes_and_says_so() {
    let database = cluster::database().await;
    let run = |arguments: &[&str]| {
        let mut command = Command::new(cluster::program());
        command.env_clear().env("DATABASE_URL", database.url()).arg("generate").args(arguments);
        let output = command.output().unwrap();
        let text = if output.status.success() { output.stdout } else { output.stderr };
        (output.status.success(), String::from_utf8(text).unwrap())
    };
    let (done, said) = run(&["--observations", "1000", "--seed", "3"]);
    assert!(done && said.starts_with("synthetic: 1000 synthetic observations in "), "{said}");
    let (done, said) = run(&["--observations", "1000", "--seed", "3"]);
    assert!(done && said.contains("there already"), "{said}");
    let (done, said) = run(&["--observations", "0"]);
    assert!(!done && said.contains("0 is not in 1..=2000000000"), "{said}");
    assert!(!run(&[]).0 && !run(&["--remove", "--observations", "5"]).0);
    let (done, said) = run(&["--remove"]);
    assert!(done && said.contains("3 releases withdrawn"), "{said}");
    let (done, said) = run(&["--observations", "5", "--no-bundled-data"]);
    assert!(!done && said.contains("they need the bundled data"), "{said}");
}

const MONTHLY: Order = Order { monthly: 3, ..ORDER };

#[tokio::test]
async fn monthly_releases_come_to_the_same_figures_as_one() {
    let (whole, monthly) = (cluster::database().await, cluster::database().await);
    let expected = make(&whole.database, ORDER).await;
    assert_eq!(make(&monthly.database, MONTHLY).await, expected);
    let (expected, found) = (stored(&whole.database).await, stored(&monthly.database).await);
    assert!(found.0 == expected.0, "series differ");
    let figures = |chunks: Vec<Chunk>| -> Vec<_> {
        chunks
            .into_iter()
            .map(|(id, number, first, values, statuses, _)| (id, number, first, values, statuses))
            .collect()
    };
    assert!(figures(found.1) == figures(expected.1), "chunks differ");
    let mut connection = monthly.database.writer().await.unwrap();
    let sql = "SELECT document_id, published::text, row_count FROM release WHERE collection = 'synthetic' ORDER BY release_id";
    let releases: Vec<(String, String, i32)> = rows(&mut connection, sql).await;
    let named: Vec<_> = releases.iter().map(|(document, day, _)| (document.as_str(), day.as_str())).collect();
    assert_eq!(
        named,
        [
            ("synthetic-20000-7", "2025-10-15"),
            ("synthetic-20000-7-2025-10", "2025-11-15"),
            ("synthetic-20000-7-2025-11", "2025-12-15"),
            ("synthetic-20000-7-2025-12", "2026-01-15"),
        ]
    );
    let provisional: Vec<(i32, i64)> = rows(
        &mut connection,
        "SELECT period, count(*) FROM observation_history JOIN series USING (series_id)
         WHERE dataset = 'synthetic' AND kind = 'stated' AND status = 'P' GROUP BY 1 ORDER BY 1",
    )
    .await;
    let stated: i64 = releases.iter().map(|(_, _, rows)| i64::from(*rows)).sum();
    assert_eq!(stated, 20_000 + provisional.iter().map(|(_, count)| count).sum::<i64>());
    let months: Vec<i32> = provisional.iter().map(|(period, _)| *period).collect();
    assert_eq!(months, [8, 9, 10].map(|month| 2025 * 12 + month), "{provisional:?}");
}

#[tokio::test]
async fn before_a_month_is_revised_its_provisional_figure_holds() {
    let database = cluster::database().await;
    make(&database.database, MONTHLY).await;
    let mut connection = database.database.writer().await.unwrap();
    let revised: Vec<(String, i64)> = rows(
        &mut connection,
        "SELECT group_key, value FROM observation_history JOIN series USING (series_id)
         WHERE dataset = 'synthetic' AND period = 2025 * 12 + 10 AND status = 'P' ORDER BY 1 LIMIT 1",
    )
    .await;
    let (group, value) = revised.into_iter().next().unwrap();
    let codes: Vec<&str> = group.split('.').collect();
    let names = ["measure", "geo", "maker", "brand", "model", "vehicle_class", "powertrain"];
    let query: Vec<String> =
        names.iter().zip(&codes[1..]).map(|(name, code)| format!("{name}={code}")).collect();
    let path = format!("/v1/datasets/synthetic/observations?{}&start=2025-11&end=2025-11", query.join("&"));
    let client = Client::of(database).await;
    let then = client.get(&format!("{path}&as_of=2025-12-20")).await.json();
    assert_eq!(
        (&then["data"][0]["value"], &then["data"][0]["status"]),
        (&json!(value), &json!("P")),
        "{then}"
    );
    let now = client.get(&path).await.json();
    assert_eq!(now["data"][0]["document"], "synthetic-20000-7-2025-12", "{now}");
    assert_ne!(now["data"][0]["value"], json!(value));
    assert_eq!(now["data"][0]["status"], "A");
}

#[tokio::test]
async fn monthly_releases_are_made_once_and_go_with_the_market() {
    let database = cluster::database().await;
    let first = make(&database.database, MONTHLY).await;
    assert!(make(&database.database, MONTHLY).await.unchanged);
    for other in [ORDER, Order { monthly: 2, ..ORDER }] {
        let refused = generate(&database.database, &Files::bundled(), other, &clock()).await.unwrap_err();
        assert!(refused.to_string().contains("another synthetic market"), "{refused}");
    }
    let removed = remove(&database.database, &clock()).await.unwrap();
    assert_eq!(removed, Removed { series: first.series, releases: 6 });
    let mut connection = database.database.writer().await.unwrap();
    let left: Vec<(i64,)> = rows(
        &mut connection,
        "SELECT (SELECT count(*) FROM observation_history h WHERE NOT EXISTS (SELECT FROM series s WHERE s.series_id = h.series_id))
                + (SELECT count(*) FROM series WHERE dataset = 'synthetic')
                + (SELECT count(*) FROM release WHERE collection = 'synthetic' AND withdrawn_at IS NULL)",
    )
    .await;
    assert_eq!(left, [(0,)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_rankings_are_read_part_by_part_and_each_is_whole() {
    let client = Client::bundled().await;
    make(&client.database.database, Order { observations: 150_000, ..ORDER }).await;
    let of = |groups: &str| {
        format!("/v1/datasets/synthetic/observations?group_by={groups}&frequency=M&start=2024&limit=10000")
    };
    let named =
        |row: &Value, names: &[&str]| names.iter().map(|name| row[*name].to_string()).collect::<String>();
    let wholes = client
        .rows(&of("maker,powertrain").replace("group_by=maker,powertrain", "maker=*&powertrain=*"))
        .await;
    let of_whole = |row: &Value| named(row, &["maker", "powertrain", "period"]);
    let wholes: BTreeMap<String, f64> =
        wholes.iter().map(|row| (of_whole(row), row["value"].as_f64().unwrap())).collect();
    let path = of("geo:city,maker,powertrain");
    let (shares, levels) = (client.rows(&format!("{path}&transform=share")).await, client.rows(&path).await);
    assert_eq!(shares.len(), levels.len());
    for (share, level) in shares.iter().zip(&levels) {
        let part = level["value"].as_f64().unwrap();
        assert_eq!(named(share, &["series", "period"]), named(level, &["series", "period"]));
        let of_the_whole = part * 100.0 / wholes[&of_whole(level)];
        assert!((share["value"].as_f64().unwrap() - of_the_whole).abs() < 1e-9, "{share}");
    }
    let path = path.replace("&limit=10000", "");
    client.pages_add_up(&format!("{path}&top=2"), 97).await;
    let refused = client.get(&format!("{path}&transform=share&shape=columns")).await.expect(413).json();
    let detail = refused["detail"].as_str().unwrap();
    assert!(detail.contains(&shares.len().to_string()), "{detail} of {}", shares.len());
}

#[tokio::test]
async fn a_window_answers_what_the_whole_time_does() {
    for order in [ORDER, Order { monthly: 90, ..ORDER }] {
        windows_answer_alike(order).await;
    }
}

async fn windows_answer_alike(order: Order) {
    let client = Client::bundled().await;
    let database = &client.database.database;
    make(database, order).await;
    let declared = "UPDATE dataset SET rollups = '{\"geo,powertrain\"}' WHERE dataset = 'synthetic'";
    sqlx::query(declared).execute(&mut database.writer().await.unwrap()).await.unwrap();
    rebuild(database, Some("synthetic"), &clock()).await.unwrap();
    let transforms = ["level", "diff", "pct", "yoy", "yoy_diff", "ytd", "ma:3", "ma:24", "index:2019-03"];
    let asked = transforms.map(|transform| ("M", transform)).into_iter();
    let asked = asked.chain([("Q", "level"), ("Q", "yoy"), ("Q", "ma:3"), ("A", "level"), ("A", "pct")]);
    // The first are made of the finest series, the second of more sums than are read whole.
    let selected = ["geo=CN-GD&maker=*&powertrain=*", "geo=children:CN&powertrain=NEV"];
    for ((frequency, transform), selected) in asked.flat_map(|asked| selected.map(|one| (asked, one))) {
        let path = format!(
            "/v1/datasets/synthetic/observations?{selected}&frequency={frequency}&transform={transform}&limit=10000"
        );
        let all = client.rows(&path).await;
        for (start, end) in [("2020", "2020"), ("2021", "2022"), ("2017", "2019"), ("2024", "2025")] {
            let period = |row: &Value| row["period"].as_str().unwrap()[..4].to_owned();
            let within = all.iter().filter(|row| (start..=end).contains(&period(row).as_str()));
            let found = client.rows(&format!("{path}&start={start}&end={end}")).await;
            assert!(found.len() > 5 && found.iter().eq(within), "{path} from {start} to {end}");
        }
    }
}

#[tokio::test]
async fn the_last_observations_are_those_of_the_whole_time() {
    for order in [ORDER, Order { monthly: 90, ..ORDER }] {
        last_ones_answer_alike(order).await;
    }
}

async fn last_ones_answer_alike(order: Order) {
    let client = Client::bundled().await;
    make(&client.database.database, order).await;
    // Of models many have ended; shares are of wholes that have not.
    let selected = [
        "geo=CN-GD,CN-SC,CN-BJ&maker=*&powertrain=*",
        "geo=CN-GD&maker=*&model=*",
        "geo=CN-GD,CN-SC&group_by=geo,maker,powertrain&transform=share",
        "geo=CN-GD,CN-SC&maker=*&transform=yoy",
        "geo=CN-GD,CN-SC&maker=*&transform=ytd",
        "geo=CN-GD,CN-SC&maker=*&transform=ma:3",
    ];
    let windows = ["", "&end=2021", "&start=2020-03&end=2021-05"];
    let cases = selected.into_iter().flat_map(|one| windows.map(|window| (one, window)));
    for ((selected, window), frequency) in
        cases.flat_map(|case| ["M", "Q"].map(|frequency| (case, frequency)))
    {
        let path = format!(
            "/v1/datasets/synthetic/observations?{selected}{window}&frequency={frequency}&shape=series"
        );
        let all = client.get(&path).await.expect(200).json();
        for last in [1, 7, 30] {
            let mut expected = all["data"].clone();
            for series in expected.as_array_mut().unwrap() {
                let observations = series["observations"].as_array_mut().unwrap();
                observations.drain(..observations.len().saturating_sub(last));
            }
            let found = client.get(&format!("{path}&last={last}")).await.expect(200).json();
            let count = found["data"].as_array().unwrap().len();
            assert!(count > 3, "{path}: {count} series");
            assert!(found["data"] == expected, "{path}, last {last}");
        }
    }
}
