//! Sums that are kept ready: the same answers as without them, and always those that building them anew would make.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::process::Command;

use china_auto::database::Database;
use china_auto::ingest::rollup::{Built, rebuild};
use china_auto::ingest::synthetic::{Order, generate, remove};
use china_auto::ingest::{Files, load_bundled};
use futures_util::future::join_all;
use proptest::prelude::Rng as _;
use proptest::test_runner::{RngAlgorithm, TestRng};
use serde_json::{Value, json};
use sqlx::FromRow;
use sqlx::postgres::PgRow;

use crate::client::Client;
use crate::cluster::{self, TestDatabase, clock};
use crate::complete::DESCRIPTION;

async fn rows<T: for<'r> FromRow<'r, PgRow> + Send + Unpin>(
    database: &Database,
    sql: &'static str,
) -> Vec<T> {
    sqlx::query_as(sql).fetch_all(&mut database.writer().await.unwrap()).await.unwrap()
}

/// Chances that are the same in each run.
struct Dice(TestRng);

impl Dice {
    fn new(seed: u8) -> Self {
        Self(TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]))
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.0.next_u64() % end as u64).unwrap()
    }

    fn one_of<'a, T: ?Sized>(&mut self, of: &[&'a T]) -> &'a T {
        of[self.below(of.len())]
    }
}

/// A query of the made market, drawn by chance.
fn query(dice: &mut Dice) -> String {
    let mut query = format!("frequency={}", dice.one_of(&["M", "Q", "A", "A,Q"]));
    let choices: [(&str, &[&str]); 6] = [
        ("geo", &["CN", "CN-GD", "CN-GD,CN-SC", "children:CN", "*", "CN-BJ,CN", "CN-GD-1"]),
        ("maker", &["byd", "byd,geely-auto", "*", "volkswagen-group"]),
        ("brand", &["byd", "*"]),
        ("model", &["byd--han", "*"]),
        ("vehicle_class", &["PV", "PV_SUV,PV_CAR", "*", "CV"]),
        ("powertrain", &["NEV", "BEV,PHEV", "*", "ICE"]),
    ];
    let mut named = Vec::new();
    for (name, codes) in choices {
        if dice.below(3) == 0 {
            write!(query, "&{name}={}", dice.one_of(codes)).unwrap();
            named.push(name);
        }
    }
    if dice.below(3) == 0 {
        let group = dice.one_of(&["geo", "geo:province", "powertrain", "maker", "vehicle_class", "model"]);
        write!(query, "&group_by={group}").unwrap();
        let more = ["", "&transform=share", "&transform=rank", "&top=3&other=true"];
        query.push_str(dice.one_of(&more));
    } else {
        query.push_str(dice.one_of(&["", "", "&transform=yoy", "&transform=ytd", "&agg=max", "&fill=null"]));
    }
    query.push_str(dice.one_of(&["", "&start=2024", "&start=2020-Q2&end=2021-03", "&last=5"]));
    query
}

/// What a query is answered with, but for what changes with the version, and the grain that it is made from.
async fn answer(client: &Client, query: &str) -> (u16, Value, Option<String>) {
    let answer =
        client.get(&format!("/v1/datasets/synthetic/observations?{query}&explain=1&limit=3000")).await;
    let (status, mut body) = (answer.status, answer.json());
    let grain = body["meta"]["explain"]["grain"].as_str().map(str::to_owned);
    if status == 200 {
        body = json!([body["data"], body["warnings"], body["meta"]["rankings"], body["meta"]["coverage"]]);
    }
    body.as_object_mut().and_then(|problem| problem.remove("request_id"));
    (status, body, grain)
}

async fn without_rollups(client: &Client) {
    let mut connection = client.database.database.writer().await.unwrap();
    for sql in
        ["DELETE FROM rollup_chunk", "DELETE FROM rollup", "UPDATE collection SET version = version + 1"]
    {
        sqlx::query(sql).execute(&mut connection).await.unwrap();
    }
    client.app.vocabularies.forget();
}

#[tokio::test]
async fn answers_are_the_same_with_rollups_and_without() {
    let database = cluster::database().await;
    // The last two years come month by month, so that some sums are of several releases.
    let order = Order { observations: 20_000, seed: 7, monthly: 24 };
    generate(&database.database, &Files::bundled(), order, &clock()).await.unwrap();
    let client = Client::of(database).await;
    let mut dice = Dice::new(11);
    let queries: Vec<String> = (0..150).map(|_| query(&mut dice)).collect();
    let mut with = Vec::new();
    for query in &queries {
        with.push(answer(&client, query).await);
    }
    let answered = with.iter().filter(|(status, ..)| *status == 200).count();
    let rolled = with.iter().filter(|(_, _, grain)| grain.is_some()).count();
    assert!(answered > 80 && rolled > 60 && rolled < 150, "{answered} {rolled}");
    without_rollups(&client).await;
    for (query, (status, body, _)) in queries.iter().zip(&with) {
        let (again, expected, grain) = answer(&client, query).await;
        assert_eq!((again, grain), (*status, None), "{query}");
        assert!(*body == expected, "{query}\n{body:#}\n{expected:#}");
    }
}

/// Paths that are answered from a few series, of several datasets: single ones, some of which there are not, and sums.
async fn of_few(client: &Client) -> Vec<String> {
    let mut paths = Vec::new();
    for dataset in ["synthetic", "production", "charging"] {
        let listed = client.get(&format!("/v1/datasets/{dataset}/series?limit=15")).await.expect(200).json();
        let ids = listed["data"].as_array().unwrap().iter().map(|series| series["id"].as_str().unwrap());
        paths.extend(ids.flat_map(|id| [format!("/v1/series/{id}"), format!("/v1/series/{id}x")]));
    }
    let mut dice = Dice::new(12);
    for _ in 0..25 {
        let codes = ["BEV,PHEV,HEV", "ICE", "NEV"].map(|codes| format!("&powertrain={codes}"));
        let place = dice.one_of(&["CN", "CN-GD", "CN-SC,CN-BJ"]);
        let query =
            format!("geo={place}{}{}", dice.one_of(&["", &codes[0], &codes[1], &codes[2]]), "&frequency=M");
        paths.push(format!("/v1/datasets/synthetic/observations?{query}"));
    }
    paths
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_at_the_same_time_are_answered_each_with_its_own() {
    let database = cluster::database().await;
    let order = Order { observations: 20_000, seed: 7, monthly: 3 };
    generate(&database.database, &Files::bundled(), order, &clock()).await.unwrap();
    let client = Client::of(database).await;
    let paths = of_few(&client).await;
    let anew = async |path: &String| {
        let answer = client.get_with(path, &[("cache-control", "no-cache")]).await;
        let body = if answer.status == 200 { answer.json() } else { Value::Null };
        (answer.status, body)
    };
    let mut alone = Vec::new();
    for path in &paths {
        alone.push(anew(path).await);
    }
    assert!(alone.iter().filter(|(status, _)| *status == 200).count() > paths.len() / 2);
    assert!(alone.iter().any(|(status, _)| *status == 404));
    let at_once = join_all(paths.iter().map(anew)).await;
    for ((path, alone), at_once) in paths.iter().zip(alone).zip(at_once) {
        assert!(alone == at_once, "{path}\n{alone:?}\n{at_once:?}");
    }
}

/// The last is the whole of those before it but one.
const PLACES: [&str; 5] = ["CN-BJ", "CN-GD", "CN-SC", "JP", "CN"];

/// The last two are of a group, one of them of a maker in it.
const MODELS: [&str; 6] = [
    "byd,byd,byd--dolphin,PV_CAR,BEV",
    "byd,byd,byd--han,PV_CAR,PHEV",
    "geely-auto,geely,geely--xingyue-l,PV_SUV,ICE",
    "geely-auto,geely,geely--galaxy-e5,PV_SUV,BEV",
    "gac-aion,aion,aion--s,PV_CAR,BEV",
    "gac-group,aion,aion--y,PV_SUV,BEV",
];

/// What documents state: by document, the cells with value and status.
type Stated = BTreeMap<u32, BTreeMap<(usize, usize, usize), (Option<i64>, char)>>;

fn files(stated: &Stated, description: &str) -> Files {
    let with = |files: Files, path: &str, rows: &str| {
        let text = format!("{}\n{rows}\n", files.text(path).unwrap().trim_end());
        files.with(path, text)
    };
    let files = Files::bundled().with("datasets/registered.toml", description);
    let files = with(files, "codes/measure.csv", "registered,,Registered,,vehicles,flow,sum,registered,");
    let files = with(files, "sources.csv", "made,Made,,research,,900,none,,");
    let documents: Vec<String> =
        (1..7).map(|at| format!("made-{at},made,Publisher,Title,,2025-0{at}-15,none,,patch")).collect();
    let files = with(files, "documents.csv", &documents.join("\n"));
    let files = with(files, "codes/precedence.csv", "registered,*,*,*,1,made,made,,");
    let mut rows = "measure,source,geo,maker,brand,model,vehicle_class,powertrain,frequency,period,value,status,document_id,note,role\n".to_owned();
    for (document, cells) in stated {
        for ((place, model, month), (value, status)) in cells {
            let period = format!("{}-{:02}", 2023 + month / 12, month % 12 + 1);
            let value = value.map(|value| value.to_string()).unwrap_or_default();
            let (place, model) = (PLACES[*place], MODELS[*model]);
            writeln!(
                rows,
                "registered,made,{place},{model},M,{period},{value},{status},made-{document},,value"
            )
            .unwrap();
        }
    }
    files.with("observations/registered.csv", rows)
}

/// Grain, key of the series, whether it is stored itself, first, last, observations.
type KeptSeries = (String, String, bool, Option<i32>, Option<i32>, i32);

/// Grain, codes, chunk, first period, values, parts, statuses, releases, mixed in order.
type KeptChunk =
    (String, String, i32, i32, Vec<Option<i64>>, Vec<i32>, Option<Vec<u8>>, Vec<Option<i32>>, Vec<String>);

/// Grain, period, what its series share, series, values, parts, statuses, releases, mixed in order.
type KeptPeriod = (
    String,
    i32,
    String,
    Vec<i64>,
    Vec<Option<i64>>,
    Vec<i32>,
    Option<Vec<u8>>,
    Vec<Option<i32>>,
    Vec<String>,
);

/// The sums that are kept by period.
async fn kept_by_period(database: &Database) -> Vec<KeptPeriod> {
    let periods = "SELECT grain, period, unit, series_ids, \"values\", parts, CASE WHEN mixed IS NULL THEN statuses END, releases,
            array(SELECT concat_ws(' ', mixed[i], mixed[i + 1], mixed[i + 2], mixed[i + 3])
                  FROM generate_series(1, cardinality(mixed), 4) AS i ORDER BY 1)
         FROM rollup_period JOIN rollup USING (rollup_id) ORDER BY 1, 2, 3";
    rows(database, periods).await
}

/// Everything that is kept of the sums, but for what has no figures now.
async fn kept(database: &Database) -> (Vec<KeptSeries>, Vec<KeptChunk>) {
    let series = "SELECT grain, concat_ws('.', frequency, geo, maker, brand, model, vehicle_class, powertrain), is_stored,
            first_period, last_period, observations
         FROM rollup_series s JOIN rollup USING (rollup_id) WHERE observations > 0 ORDER BY 1, 2";
    let chunks = "SELECT grain, concat_ws('.', frequency, geo, maker, brand, model, vehicle_class, powertrain), chunk,
            c.first_period, \"values\", parts, CASE WHEN mixed IS NULL THEN statuses END, releases,
            array(SELECT concat_ws(' ', mixed[i], mixed[i + 1], mixed[i + 2], mixed[i + 3])
                  FROM generate_series(1, cardinality(mixed), 4) AS i ORDER BY 1)
         FROM rollup_chunk c JOIN rollup_series USING (series_id) JOIN rollup USING (rollup_id) ORDER BY 1, 2, 3";
    (rows(database, series).await, rows(database, chunks).await)
}

/// Asserts that what is kept is what building it anew makes.
async fn is_as_built_anew(database: &TestDatabase, when: &str) {
    let kept_until_now = kept(&database.database).await;
    let by_period = kept_by_period(&database.database).await;
    rebuild(&database.database, Some("registered"), &clock()).await.unwrap();
    let anew = kept(&database.database).await;
    let by_period_anew = kept_by_period(&database.database).await;
    assert!(by_period == by_period_anew, "{when}: {by_period:#?}\n{by_period_anew:#?}");
    assert!(kept_until_now.0 == anew.0, "{when}: {:#?}\n{:#?}", kept_until_now.0, anew.0);
    assert!(kept_until_now.1 == anew.1, "{when}: {:#?}\n{:#?}", kept_until_now.1, anew.1);
    assert!(!anew.0.is_empty() && !anew.1.is_empty());
}

#[tokio::test]
async fn whatever_changes_the_sums_are_those_that_building_them_anew_makes() {
    let database = cluster::migrated().await;
    let declared = format!(
        "{DESCRIPTION}rollups = [\"_T\", \"geo\", \"maker,powertrain\", \"geo,maker,brand,model\", \
         \"maker,brand,model\"]\n"
    );
    let mut dice = Dice::new(5);
    let mut stated = Stated::new();
    for step in 0..10 {
        let document = u32::try_from(1 + dice.below(6)).unwrap();
        if dice.below(5) == 0 {
            stated.remove(&document);
        }
        for _ in 0..30 {
            let cell = (dice.below(PLACES.len() - 1), dice.below(MODELS.len()), dice.below(30));
            let status = ['A', 'A', 'A', 'P', 'E', 'M'][dice.below(6)];
            let value = (status != 'M').then(|| i64::try_from(dice.below(1_000)).unwrap());
            stated.entry(document).or_default().insert(cell, (value, status));
        }
        load_bundled(&database.database, &files(&stated, &declared), &clock()).await.unwrap();
        is_as_built_anew(&database, &format!("step {step}")).await;
    }
    let mixed: Vec<(bool,)> =
        rows(&database.database, "SELECT true FROM rollup_chunk WHERE mixed IS NOT NULL").await;
    assert!(!mixed.is_empty(), "some sums are of several releases");
    assert!(kept_by_period(&database.database).await.iter().any(|period| !period.8.is_empty()));
}

/// The sums of models by period, and what is said of these.
const MODELS_KEPT: &str = "rollups = [\"maker,brand,model\"]\n";

const TOGETHER: &str =
    "the fewest sums that keep apart what the query does; those of one period are kept together";

/// Two years of each model in three places, in documents that revise a month of the one before; one has no figure in 2023-03.
fn of_two_years() -> Stated {
    let mut stated = Stated::new();
    for month in 0..24 {
        let document = 1 + u32::try_from(month / 4).unwrap();
        for (place, model) in (0..3).flat_map(|place| (0..MODELS.len()).map(move |model| (place, model))) {
            // Some are equally large.
            let value = i64::try_from((place + 1) * (1 + (model + month) % 4) * 10).unwrap();
            let value = (month != 2 || (place, model) != (1, 1)).then_some(value);
            let status = if value.is_none() { 'M' } else { ['A', 'A', 'P'][(model + month) % 3] };
            stated.entry(document).or_default().insert((place, model, month), (value, status));
            if month % 4 == 3 && document < 6 && model == 2 {
                let revised = (value.map(|value| value + 5), 'A');
                stated.entry(document + 1).or_default().insert((place, model, month), revised);
            }
        }
    }
    stated
}

/// Rankings of models in one month, and of more or others.
fn rankings() -> Vec<String> {
    let mut queries = Vec::new();
    for month in ["2023-01", "2023-03", "2023-08", "2024-04", "2024-12", "2025-01"] {
        for more in [
            "",
            "&transform=rank",
            "&transform=yoy",
            "&transform=ma:3",
            "&other=true",
            "&transform=share",
            "&transform=share&other=true",
            "&transform=yoy&other=true",
        ] {
            let top = 1 + (month.len() + more.len() + queries.len()) % 5;
            let of = format!("frequency=M&start={month}&end={month}&group_by=model&top={top}");
            queries.push(format!("{of}{more}"));
        }
    }
    let of_2024 = "frequency=M&start=2024-04&end=2024-04&top=2";
    let others = [
        "group_by=maker",
        "group_by=model&maker=byd",
        "group_by=model&geo=CN-BJ",
        "group_by=model,powertrain",
    ];
    queries.extend(others.map(|other| format!("{of_2024}&{other}")));
    let others = ["source=made", "source=all", "geo=JP", "fill=null", "sort=-value", "shape=columns"];
    queries.extend(
        others.map(|other| format!("{}&group_by=model&{other}", of_2024.replace("&top=2", "&top=3"))),
    );
    queries.push("frequency=M&start=2024-04&end=2024-04&group_by=model&top=100".to_owned());
    queries.push("frequency=Q&start=2024-Q2&end=2024-Q2&group_by=model&top=2".to_owned());
    queries.push("frequency=M&start=2024-04&end=2024-05&group_by=model&top=2".to_owned());
    queries
}

#[tokio::test]
async fn a_ranking_of_one_period_is_read_from_one_row() {
    let database = cluster::migrated().await;
    let declared = format!("{DESCRIPTION}{MODELS_KEPT}");
    load_bundled(&database.database, &files(&of_two_years(), &declared), &clock()).await.unwrap();
    is_as_built_anew(&database, "two years").await;
    let client = Client::of(database).await;
    let ask = async |query: &str| {
        let path = format!("/v1/datasets/registered/observations?{query}&explain=1&limit=50");
        let answer = client.get(&path).await;
        let mut body = answer.json();
        let why = body["meta"]["explain"]["why"].as_str().map(str::to_owned);
        if answer.status == 200 {
            body =
                json!([body["data"], body["warnings"], body["meta"]["rankings"], body["meta"]["coverage"]]);
        }
        body.as_object_mut().and_then(|problem| problem.remove("request_id"));
        (answer.status, body, why)
    };
    let mut with = Vec::new();
    for query in rankings() {
        with.push((ask(&query).await, query));
    }
    let together = with.iter().filter(|((_, _, why), _)| why.as_deref() == Some(TOGETHER)).count();
    assert!((36..56).contains(&together), "{together} of {}", with.len());

    // Without the sums by series those of one period are still there.
    let mut connection = client.database.database.writer().await.unwrap();
    sqlx::query("DELETE FROM rollup_chunk").execute(&mut connection).await.unwrap();
    drop(connection);
    for more in
        ["top=3", "top=100", "top=2&transform=rank", "top=2&transform=share&other=true", "top=4&other=true"]
    {
        let query = format!("frequency=M&start=2024-04&end=2024-04&group_by=model&{more}");
        let alone = ask(&query).await;
        assert!(alone.0 == 200 && !alone.1[0].as_array().unwrap().is_empty(), "{query}: {alone:?}");
        with.push((alone, query));
    }

    without_rollups(&client).await;
    for ((status, body, _), query) in &with {
        let (again, expected, _) = ask(query).await;
        assert_eq!(again, *status, "{query}");
        assert!(*body == expected, "{query}\n{body:#}\n{expected:#}");
    }
}

#[tokio::test]
async fn sums_are_kept_by_period_only_while_each_code_has_one_series() {
    let database = cluster::migrated().await;
    let declared = format!("{DESCRIPTION}{MODELS_KEPT}");
    let pack = files(&of_two_years(), &declared);
    load_bundled(&database.database, &pack, &clock()).await.unwrap();
    assert_eq!(kept_by_period(&database.database).await.len(), 24);
    // A model of a maker in a group is sold by the group too.
    let rows = pack.text("observations/registered.csv").unwrap();
    let line = rows.lines().find(|line| line.contains(",gac-aion,") && line.contains(",2024-12,")).unwrap();
    let more = line.replace(",gac-aion,", ",gac-group,").replace(",BEV,", ",ICE,");
    let twice = pack.clone().with("observations/registered.csv", format!("{rows}{more}\n"));
    load_bundled(&database.database, &twice, &clock()).await.unwrap();
    assert!(kept_by_period(&database.database).await.is_empty());
    // Without that they are kept again, and no rollup is built for it.
    load_bundled(&database.database, &pack, &clock()).await.unwrap();
    assert_eq!(kept_by_period(&database.database).await.len(), 24);
    is_as_built_anew(&database, "each once").await;
    load_bundled(&database.database, &twice, &clock()).await.unwrap();
    is_as_built_anew(&database, "a model twice").await;
    let client = Client::of(database).await;
    let path =
        "/v1/datasets/registered/observations?frequency=M&start=2024-12&end=2024-12&group_by=model&top=6";
    let with = client.rows(path).await;
    without_rollups(&client).await;
    assert_eq!(client.rows(path).await, with);
}

#[tokio::test]
async fn a_ranking_of_several_sources_is_read_series_by_series() {
    let database = cluster::migrated().await;
    let declared = format!("{DESCRIPTION}{MODELS_KEPT}");
    let pack = files(&of_two_years(), &declared);
    let with = |path: &str, rows: &str| format!("{}\n{rows}\n", pack.text(path).unwrap().trim_end());
    let rows = pack.text("observations/registered.csv").unwrap();
    let of_one_month = rows.lines().filter(|line| line.contains(",2024-12,")).collect::<Vec<_>>().join("\n");
    let other = of_one_month.replace("registered,made,", "registered,other,").replace("made-", "other-");
    let pack = pack
        .clone()
        .with("sources.csv", with("sources.csv", "other,Other,,research,,901,none,,"))
        .with("documents.csv", with("documents.csv", "other-6,other,Publisher,Title,,2025-06-15,none,,patch"))
        .with("codes/precedence.csv", with("codes/precedence.csv", "registered,*,*,*,2,other,other,,"))
        .with("observations/registered.csv", with("observations/registered.csv", &other));
    load_bundled(&database.database, &pack, &clock()).await.unwrap();
    let periods = kept_by_period(&database.database).await;
    assert_eq!(periods.len(), 25, "in a row those of one source");
    let client = Client::of(database).await;
    let path = |month: &str, source: &str| {
        let of = format!("frequency=M&start={month}&end={month}&group_by=model&top=2&other=true");
        format!("/v1/datasets/registered/observations?{of}&source={source}")
    };
    let months = ["2024-11", "2024-12"];
    let paths =
        months.iter().flat_map(|month| ["best", "all", "other", "made"].map(|source| path(month, source)));
    let mut with = Vec::new();
    for path in paths {
        let answer = client.get(&path).await;
        let (status, body) = (answer.status, answer.json());
        with.push((path, status, body["data"].clone(), body["meta"]["rankings"].clone()));
    }
    assert!(with.iter().filter(|(_, status, ..)| *status == 200).count() > 6, "{with:?}");
    without_rollups(&client).await;
    for (path, status, data, rankings) in with {
        let again = client.get(&path).await;
        let (now, body) = (again.status, again.json());
        assert_eq!((now, &body["data"], &body["meta"]["rankings"]), (status, &data, &rankings), "{path}");
    }
}

#[tokio::test]
async fn sums_of_many_models_are_kept_by_period_without_being_declared() {
    let database = cluster::migrated().await;
    for (count, periods) in [(255, 0), (256, 1)] {
        let pack = files(&Stated::new(), DESCRIPTION);
        let mut models = pack.text("codes/model.csv").unwrap().trim_end().to_owned();
        let mut rows = pack.text("observations/registered.csv").unwrap().to_owned();
        for model in 0..count {
            writeln!(models, "\nbyd--made{model},,Made {model},,byd,byd,PV_CAR").unwrap();
            for place in ["CN-BJ", "CN-GD"] {
                let of = format!("registered,made,{place},byd,byd,byd--made{model},PV_CAR,BEV");
                writeln!(rows, "{of},M,2024-01,{},A,made-1,,value", model % 50).unwrap();
            }
        }
        let models = models.replace("\n\n", "\n");
        let pack = pack.with("codes/model.csv", models).with("observations/registered.csv", rows);
        load_bundled(&database.database, &pack, &clock()).await.unwrap();
        rebuild(&database.database, Some("registered"), &clock()).await.unwrap();
        assert_eq!(kept_by_period(&database.database).await.len(), periods, "{count} models");
    }
    let client = Client::of(database).await;
    let path = "/v1/datasets/registered/observations?frequency=M&start=2024-01&end=2024-01&group_by=model";
    let (largest, ranked) = (format!("{path}&top=7"), format!("{path}&top=7&transform=rank&limit=9"));
    let with = [client.rows(&largest).await, client.rows(&ranked).await];
    let values: Vec<i64> = with[0].iter().map(|row| row["value"].as_i64().unwrap()).collect();
    assert_eq!(values.iter().filter(|value| **value == 98).count(), 5);
    assert_eq!(values.iter().filter(|value| **value == 96).count(), 2);
    without_rollups(&client).await;
    assert_eq!([client.rows(&largest).await, client.rows(&ranked).await], with);
}

#[tokio::test]
async fn what_is_stated_as_missing_is_none_of_the_last_observations_of_a_sum() {
    let database = cluster::migrated().await;
    let missing = [26, 27];
    let cell = |month| {
        let value = (!missing.contains(&month)).then_some(100);
        ((1, 0, month), (value, if value.is_some() { 'A' } else { 'M' }))
    };
    let stated = Stated::from([(1, (0..36).map(cell).collect())]);
    load_bundled(&database.database, &files(&stated, DESCRIPTION), &clock()).await.unwrap();
    let client = Client::of(database).await;
    without_rollups(&client).await;
    let path = "/v1/datasets/registered/observations?geo=CN-GD&maker=byd&frequency=M";
    let all = client.rows(path).await;
    assert_eq!(all.len(), 36 - missing.len());
    // Of the last twelve two lie in the year before.
    assert_eq!(client.rows(&format!("{path}&last=12")).await, all[all.len() - 12..]);
}

#[tokio::test]
async fn a_source_with_a_comma_in_a_key_is_no_two_sources() {
    let database = cluster::database().await;
    let order = Order { observations: 5_000, seed: 7, monthly: 0 };
    generate(&database.database, &Files::bundled(), order, &clock()).await.unwrap();
    let client = Client::of(database).await;
    let of = |source| format!("/v1/series/synthetic:M.synthetic_registrations.{source}.CN._T._T._T._T._T");
    client.get(&of("synthetic")).await.expect(200);
    for source in ["synthetic,x", "synthetic,", "synthetic,synthetic", ","] {
        client.get(&of(source)).await.expect(404);
    }
}

/// Key, chunk, first period, values, statuses, documents.
type StoredChunk = (String, i32, i32, Vec<Option<i64>>, Option<Vec<u8>>, Vec<Option<String>>);

/// What is stored of the figures, by document: chunks, what else was stated, what is only repeated, and how far each series reaches.
async fn figures(database: &Database) -> (Vec<StoredChunk>, Vec<(String,)>, Vec<(String,)>, Vec<(String,)>) {
    let chunks = "SELECT group_key, chunk, c.first_period, \"values\", statuses,
            array(SELECT document_id FROM unnest(releases) WITH ORDINALITY AS r (release_id, n) LEFT JOIN release USING (release_id) ORDER BY n)
         FROM observation_chunk c JOIN series USING (series_id) WHERE dataset = 'registered' ORDER BY 1, 2";
    let history = "SELECT concat_ws(' ', group_key, period, document_id, h.kind, value, status)
         FROM observation_history h JOIN series USING (series_id) JOIN release USING (release_id) WHERE dataset = 'registered' ORDER BY 1";
    let restated = "SELECT concat_ws(' ', group_key, document_id, periods)
         FROM observation_restatement JOIN series USING (series_id) JOIN release USING (release_id) WHERE dataset = 'registered' ORDER BY 1";
    let extents = "SELECT concat_ws(' ', group_key, first_period, last_period, observations)
         FROM series WHERE dataset = 'registered' ORDER BY 1";
    (
        rows(database, chunks).await,
        rows(database, history).await,
        rows(database, restated).await,
        rows(database, extents).await,
    )
}

#[tokio::test]
async fn what_comes_month_by_month_is_stored_as_if_it_had_come_at_once() {
    let declared = format!("{DESCRIPTION}rollups = [\"_T\", \"geo\", \"maker,powertrain\"]\n");
    let (database, at_once) = (cluster::migrated().await, cluster::migrated().await);
    let mut dice = Dice::new(3);
    let mut stated = Stated::new();
    // Each document has months behind those before it, some with a gap, and the last one of the document before once more; January
    // of 2025 begins another chunk. Two documents of one import make sums of several releases.
    for import in [1..2, 2..3, 3..4, 4..6, 6..7] {
        for document in import {
            for _ in 0..40 {
                let month = usize::try_from(document).unwrap() * 5 - 5 + [0, 0, 2, 3, 4, 5][dice.below(6)];
                let cell = (dice.below(PLACES.len() - 1), dice.below(MODELS.len()), month);
                let status = ['A', 'A', 'A', 'A', 'P', 'M'][dice.below(6)];
                let value = (status != 'M').then(|| i64::try_from(dice.below(20)).unwrap());
                stated.entry(document).or_default().insert(cell, (value, status));
            }
        }
        load_bundled(&database.database, &files(&stated, &declared), &clock()).await.unwrap();
        is_as_built_anew(&database, &format!("{} documents", stated.len())).await;
    }
    load_bundled(&at_once.database, &files(&stated, &declared), &clock()).await.unwrap();
    let (came, expected) = (figures(&database.database).await, figures(&at_once.database).await);
    assert!(came == expected, "{came:#?}\n{expected:#?}");
    assert!(
        came.0.iter().any(|chunk| chunk.4.is_some()) && !came.1.is_empty(),
        "statuses and revisions are among them"
    );
}

#[tokio::test]
async fn a_total_may_take_the_place_of_its_parts_and_they_its_place() {
    let database = cluster::migrated().await;
    let places: [&[usize]; 5] = [&[0, 1], &[4], &[0, 1, 2], &[4], &[1]];
    let declared =
        format!("{DESCRIPTION}rollups = [\"_T\", \"geo\", \"maker,brand,model,vehicle_class,powertrain\"]\n");
    for (step, places) in (1..).zip(places) {
        let cell = |place: &usize| ((*place, 0, 3), (Some(step * 10), 'A'));
        let stated: Stated = [(1, places.iter().map(cell).collect())].into();
        load_bundled(&database.database, &files(&stated, &declared), &clock()).await.unwrap();
        is_as_built_anew(&database, &format!("step {step}")).await;
    }
}

#[tokio::test]
async fn a_code_with_figures_of_its_own_and_others_below_it_is_summed_once() {
    let database = cluster::migrated().await;
    let declared = format!("{DESCRIPTION}rollups = [\"maker:group\", \"maker\", \"geo,maker:group\"]\n");
    let cells = (0..3).flat_map(|place| [0, 4, 5].map(|model| ((place, model, 0), (Some(7), 'A'))));
    let stated: Stated = [(1, cells.collect())].into();
    load_bundled(&database.database, &files(&stated, &declared), &clock()).await.unwrap();
    is_as_built_anew(&database, "mixed depths").await;
    let client = Client::of(database).await;
    let path = "/v1/datasets/registered/observations?frequency=M";
    let with = client.rows(&format!("{path}&maker=gac-group&geo=CN")).await;
    assert_eq!(with[0]["value"], 3 * 2 * 7, "{with:?}");
    without_rollups(&client).await;
    assert_eq!(client.rows(&format!("{path}&maker=gac-group&geo=CN")).await, with);
}

#[tokio::test]
async fn another_declaration_or_another_tree_makes_other_sums() {
    let database = cluster::migrated().await;
    let grains = async || -> Vec<String> {
        let rows: Vec<(String,)> =
            rows(&database.database, "SELECT grain FROM rollup ORDER BY rollup_id").await;
        rows.into_iter().map(|row| row.0).collect()
    };
    let load = async |files: Files| load_bundled(&database.database, &files, &clock()).await.unwrap();
    let cells = (0..48).map(|at| ((at % 4, at / 4 % 4, at / 16), (Some(100), 'A'))).collect();
    let stated: Stated = [(1, cells)].into();
    let declaring = |grains: &str| format!("{DESCRIPTION}rollups = [{grains}]\n");
    load(files(&stated, &declaring("\"geo\", \"powertrain\""))).await;
    assert_eq!(grains().await, ["geo", "powertrain"]);
    load(files(&stated, &declaring(""))).await;
    assert!(grains().await.is_empty(), "none are wanted");

    let pack = files(&stated, &declaring("\"maker:group\""));
    load(pack.clone()).await;
    let of_groups = kept(&database.database).await.0;
    let text = pack.text("codes/maker.csv").unwrap().to_owned();
    let line = text.lines().find(|line| line.starts_with("geely-auto,")).unwrap();
    let parent = line.split(',').nth(1).unwrap();
    assert!(!parent.is_empty(), "the test moves a maker out of its group");
    let moved = line.replacen(&format!(",{parent},"), ",,", 1);
    load(pack.with("codes/maker.csv", text.replace(line, &moved))).await;
    assert_ne!(kept(&database.database).await.0, of_groups);
    is_as_built_anew(&database, "moved").await;
}

#[tokio::test]
async fn a_dataset_that_states_totals_beside_their_parts_keeps_no_sums() {
    let database = cluster::migrated().await;
    let declared = format!("{DESCRIPTION}rollups = [\"_T\"]\n");
    let cell = |place| ((place, 0, 0), (Some(10), 'A'));
    let mut stated: Stated = [(1, [cell(0), cell(1)].into())].into();
    load_bundled(&database.database, &files(&stated, &declared), &clock()).await.unwrap();
    let client = Client::of(database).await;
    let path = "/v1/datasets/registered/observations?geo=CN&explain=1";
    let explained = client.get(path).await.expect(200).json();
    assert!(explained["meta"]["explain"]["grain"].is_string(), "{explained}");
    let total = files(&stated, &declared);
    let rows = total.text("observations/registered.csv").unwrap();
    let above = rows.lines().nth(1).unwrap().replace("CN-BJ", "CN").replace(",10,", ",999,");
    let total = total.clone().with("observations/registered.csv", format!("{rows}{above}\n"));
    load_bundled(&client.database.database, &total, &clock()).await.unwrap();
    client.app.vocabularies.forget();
    let answer = client.get(path).await.expect(200).json();
    assert_eq!(answer["meta"]["explain"]["grain"], Value::Null);
    assert_eq!(answer["meta"]["explain"]["why"], "the dataset keeps no sums ready");
    assert_eq!(answer["data"][0]["value"], 20, "what a total states is in its parts already");
    let built = rebuild(&client.database.database, Some("registered"), &clock()).await.unwrap();
    assert!(matches!(&built[0].1, Built::Coarse(series) if series.contains(".CN.byd.")), "{built:?}");
    stated.entry(1).or_default().insert((2, 0, 0), (Some(5), 'A'));
    load_bundled(&client.database.database, &files(&stated, &declared), &clock()).await.unwrap();
    client.app.vocabularies.forget();
    let answer = client.get(path).await.expect(200).json();
    assert!(answer["meta"]["explain"]["grain"].is_string(), "without the total they are kept again");
    assert_eq!(answer["data"][0]["value"], 25);
}

#[tokio::test]
async fn the_command_lists_and_builds_them() {
    let database = cluster::database().await;
    let run = |arguments: &[&str]| {
        let mut command = Command::new(cluster::program());
        command.arg("rollups").args(arguments).env("DATABASE_URL", database.url());
        let output = command.output().unwrap();
        let told = if output.status.success() { output.stdout } else { output.stderr };
        (output.status.success(), String::from_utf8(told).unwrap())
    };
    let (_, nothing) = run(&["list"]);
    assert_eq!(nothing, "no dataset is complete: there is nothing that rollups could be kept of\n");
    let order = Order { observations: 5_000, seed: 1, monthly: 0 };
    generate(&database.database, &Files::bundled(), order, &clock()).await.unwrap();
    let (_, listed) = run(&["list"]);
    assert!(listed.lines().count() > 1 && listed.contains("chosen, made 20"), "{listed}");
    let (done, built) = run(&["build", "--dataset", "synthetic"]);
    assert!(done && built.starts_with("synthetic: ") && built.contains("rollups: "), "{built}");
    let (done, told) = run(&["build", "--dataset", "sinthetic"]);
    assert!(!done && told.contains("there is no dataset sinthetic; did you mean synthetic?"), "{told}");
    remove(&database.database, &clock()).await.unwrap();
    let left: Vec<(i64,)> = rows(
        &database.database,
        "SELECT count(*) FROM rollup UNION ALL SELECT count(*) FROM rollup_series UNION ALL SELECT count(*) FROM rollup_chunk",
    )
    .await;
    assert_eq!(left, [(0,), (0,), (0,)]);
}

#[tokio::test]
async fn explain_is_told_in_json_and_refused_where_there_is_no_place_for_it() {
    let client = Client::bundled().await;
    let answer = client.get("/v1/production?start=2020&explain=true").await.expect(200).json();
    let explain = &answer["meta"]["explain"];
    assert_eq!(explain["grain"], Value::Null);
    assert_eq!(explain["considered"], json!([]));
    assert!(explain["why"].as_str().unwrap().contains("does not list every part"));
    let without = client.get("/v1/production?start=2020").await.expect(200).json();
    assert!(without["meta"].get("explain").is_none());
    for form in ["shape=array", "format=csv", "format=ndjson"] {
        let refused = client.get(&format!("/v1/production?explain=1&{form}")).await.expect(422);
        assert_eq!(refused.faults()[0].0, "explain", "{form}");
    }
    client.get("/v1/production?explain=yes").await.expect(422);
}
