//! Loading data: whole, twice, corrected, withdrawn, faulty.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::time::Instant;

use china_auto::clock::Clock;
use china_auto::database::Database;
use china_auto::error::{DataFault, Error};
use china_auto::ingest::{Files, Outcome, load_bundled};
use china_auto::timeseries::key::{series_id, series_key};
use china_auto::timeseries::overlay::{Kind, Origin, Statement, Winner, restate, winner};
use china_auto::timeseries::period::Period;
use chrono::NaiveDate;
use sqlx::PgConnection;

use crate::cluster;

fn clock() -> Clock {
    Clock::fixed("2026-11-24T04:00:00Z".parse().unwrap())
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

pub async fn load(database: &Database, files: &Files) -> Outcome {
    load_bundled(database, files, &clock()).await.unwrap()
}

/// Series, first period, values, statuses, releases.
type Chunk = (i64, i32, Vec<Option<i64>>, Option<Vec<u8>>, Vec<Option<i32>>);

/// Id, document, date, successor, whether withdrawn.
type Release = (i32, Option<String>, Option<NaiveDate>, Option<i32>, bool);

/// Everything stored about observations, as a reader puts it together.
struct Tables {
    cells: HashMap<(i64, i32), Vec<Statement>>,
    notes: HashMap<(i64, i32, i32), String>,
    documents: HashMap<i32, String>,
    holders: HashMap<(i64, i32), (Option<i64>, u8, i32)>,
}

impl Tables {
    async fn read(database: &Database) -> Self {
        let mut connection = database.writer().await.unwrap();
        let connection = &mut connection;
        let (origins, documents) = releases(connection).await;
        let mut tables = Self {
            cells: HashMap::new(),
            notes: notes(connection).await,
            documents,
            holders: HashMap::new(),
        };
        let chunks: Vec<Chunk> = all(
            connection,
            "SELECT series_id, first_period, \"values\", statuses, releases FROM observation_chunk",
        )
        .await;
        for (series, first, values, statuses, releases) in chunks {
            for (at, release) in releases.iter().enumerate().filter_map(|(at, r)| Some((at, (*r)?))) {
                let place = (series, first + i32::try_from(at).unwrap());
                let status = statuses.as_ref().map_or(b'A', |letters| letters[at]);
                tables.holders.insert(place, (values[at], status, release));
                tables.push(
                    place,
                    Statement { origin: origins[&release], kind: Kind::Stated, value: values[at], status },
                );
            }
        }
        let history: Vec<(i64, i32, i32, String, Option<i64>, String)> = all(
            connection,
            "SELECT series_id, period, release_id, kind, value, status FROM observation_history",
        )
        .await;
        for (series, period, release, kind, value, status) in history {
            let (kind, status) = (Kind::from_name(&kind).unwrap(), status.as_bytes()[0]);
            tables.push((series, period), Statement { origin: origins[&release], kind, value, status });
        }
        let restated: Vec<(i64, i32, i32, i32)> = all(
            connection,
            "SELECT series_id, release_id, lower(r), upper(r) FROM observation_restatement, unnest(periods) r",
        )
        .await;
        let mut by_cell: HashMap<(i64, i32), Vec<Origin>> = HashMap::new();
        for (series, release, first, end) in restated {
            (first..end)
                .for_each(|period| by_cell.entry((series, period)).or_default().push(origins[&release]));
        }
        for (place, origins) in by_cell {
            restate(tables.cells.get_mut(&place).expect("a restatement follows a statement"), &origins);
        }
        tables
    }

    fn push(&mut self, place: (i64, i32), statement: Statement) {
        self.cells.entry(place).or_default().push(statement);
    }

    fn cell(&self, key: &str, period: &str) -> &[Statement] {
        let place = (series_id(key), period.parse::<Period>().unwrap().ordinal());
        self.cells.get(&place).map_or(&[], Vec::as_slice)
    }

    fn winner(&self, key: &str, period: &str, as_of: Option<&str>) -> Option<Winner> {
        winner(self.cell(key, period), as_of.map(day), None)
    }

    fn value(&self, key: &str, period: &str, as_of: Option<&str>) -> Option<i64> {
        self.winner(key, period, as_of).and_then(|winner| winner.value)
    }

    /// All statements by document instead of release, so that loads can be compared.
    fn told(&self) -> BTreeMap<(i64, i32), Vec<String>> {
        let line = |s: &Statement| {
            let Statement { origin, kind, value, status } = s;
            format!("{} {kind:?} {value:?} {status} {}", self.documents[&origin.release], origin.counts(None))
        };
        let mut told: BTreeMap<_, Vec<String>> = BTreeMap::new();
        for (place, statements) in &self.cells {
            let lines = told.entry(*place).or_default();
            lines.extend(statements.iter().map(line));
            lines.sort();
            lines.push(format!("{:?}", self.holders.get(place).map(|(v, s, r)| (v, s, &self.documents[r]))));
        }
        told
    }
}

async fn all<T>(connection: &mut PgConnection, sql: &'static str) -> Vec<T>
where
    T: for<'r> sqlx::FromRow<'r, sqlx::postgres::PgRow> + Send + Unpin,
{
    sqlx::query_as(sql).fetch_all(connection).await.unwrap()
}

async fn releases(connection: &mut PgConnection) -> (HashMap<i32, Origin>, HashMap<i32, String>) {
    let rows: Vec<Release> = all(
        connection,
        "SELECT release_id, document_id, published, superseded_by, withdrawn_at IS NOT NULL FROM release",
    )
    .await;
    let mut origins = HashMap::new();
    let mut documents = HashMap::new();
    for (release, document, published, superseded_by, withdrawn) in rows {
        origins.insert(release, Origin { release, published, superseded_by, withdrawn });
        documents.insert(release, document.unwrap_or_default());
    }
    (origins, documents)
}

async fn notes(connection: &mut PgConnection) -> HashMap<(i64, i32, i32), String> {
    let rows: Vec<(i64, i32, i32, String)> =
        all(connection, "SELECT series_id, period, release_id, note FROM observation_note").await;
    rows.into_iter().map(|(series, period, release, note)| ((series, period, release), note)).collect()
}

async fn versions(database: &Database) -> BTreeMap<String, i64> {
    let mut connection = database.writer().await.unwrap();
    let rows: Vec<(String, i64)> = all(&mut connection, "SELECT name, version FROM collection").await;
    rows.into_iter().collect()
}

async fn count(database: &Database, sql: &'static str) -> i64 {
    let mut connection = database.writer().await.unwrap();
    sqlx::query_scalar(sql).fetch_one(&mut connection).await.unwrap()
}

const OICA: &str = "production:A.production.oica.CN._T._T._T._T._T";

/// The text of a bundled file without the lines that `drop` picks.
pub fn without(path: &str, drop: impl Fn(&str) -> bool) -> String {
    let files = Files::bundled();
    let kept = files.text(path).unwrap().lines().filter(|line| !drop(line));
    kept.flat_map(|line| [line, "\n"]).collect()
}

/// The pack with only these observations of production, each `period,value,document,role` of one annual series of gasgoo's,
/// which is not in the pack, and with documents for them.
pub fn small(rows: &[&str]) -> Files {
    let bundled = Files::bundled();
    let dates =
        [("t-2017", "2017-06-01", "patch"), ("t-2019", "2019", "patch"), ("t-2020", "2020-06-30", "edition")];
    let later =
        [("t-2021", "2021-03", "patch"), ("t-none", "", "patch"), ("t-2022", "2022-01-01", "edition")];
    let mut documents = bundled.text("documents.csv").unwrap().to_owned();
    for (id, published, coverage) in dates.into_iter().chain(later) {
        writeln!(documents, "{id},gasgoo,Test,Test,,{published},facts only,,{coverage}").unwrap();
    }
    let mut observations =
        bundled.text("observations/production.csv").unwrap().lines().next().unwrap().to_owned();
    for row in rows {
        let [period, value, document, role] = row.split(',').collect::<Vec<_>>()[..] else { panic!("{row}") };
        let status = if value.is_empty() { 'M' } else { 'A' };
        let facts = format!("A,{period},{value},{status},{document},of {document},{role}");
        write!(observations, "\nretail,gasgoo,CN,_T,_T,_T,PV,_T,{facts}").unwrap();
    }
    let charging = bundled.text("observations/charging.csv").unwrap().lines().next().unwrap().to_owned();
    let files = bundled.clone().with("documents.csv", documents);
    files.with("observations/production.csv", observations + "\n").with("observations/charging.csv", charging)
}

pub const SMALL: &str = "production:A.retail.gasgoo.CN._T._T._T.PV._T";

#[tokio::test]
async fn the_whole_pack_loads_once() {
    let fresh = cluster::migrated().await;
    let start = Instant::now();
    let first = load(&fresh.database, &Files::bundled()).await;
    println!("loaded in {:?}", start.elapsed());
    assert!(!first.unchanged);
    let vacuumed = "SELECT count(*) FROM pg_stat_user_tables
                    WHERE relname IN ('series', 'observation_chunk') AND last_vacuum IS NOT NULL AND last_analyze IS NOT NULL";
    assert_eq!(count(&fresh.database, vacuumed).await, 2, "what was loaded first is read well at once");
    let files = Files::bundled();
    let observations = ["observations/production.csv", "observations/charging.csv"];
    let lines: usize = observations.iter().map(|path| files.text(path).unwrap().lines().count() - 1).sum();
    assert_eq!(
        count(
            &fresh.database,
            "SELECT sum(row_count) FROM release JOIN collection ON name = collection WHERE kind = 'dataset'"
        )
        .await,
        i64::try_from(lines).unwrap()
    );
    assert_eq!(
        count(&fresh.database, "SELECT count(*) FROM release").await,
        i64::try_from(first.releases).unwrap()
    );
    assert!(versions(&fresh.database).await.values().all(|version| *version == 1));
    let start = Instant::now();
    let second = load(&fresh.database, &Files::bundled()).await;
    println!("again in {:?}", start.elapsed());
    assert_eq!(second, Outcome { rows: 0, releases: 0, unchanged: true });
    assert_eq!(count(&fresh.database, "SELECT count(*) FROM import").await, 1);
}

#[tokio::test]
async fn every_row_of_the_observations_is_found_again() {
    let fresh = cluster::migrated().await;
    load(&fresh.database, &Files::bundled()).await;
    let tables = Tables::read(&fresh.database).await;
    let mut rows = 0;
    for dataset in ["production", "charging"] {
        let files = Files::bundled();
        let mut reader =
            csv::Reader::from_reader(files.text(&format!("observations/{dataset}.csv")).unwrap().as_bytes());
        let header = reader.headers().unwrap().clone();
        for record in reader.records() {
            let record = record.unwrap();
            let field = |name: &str| &record[header.iter().position(|column| column == name).unwrap()];
            let dimensions = header.iter().take_while(|column| *column != "frequency").map(field);
            let key = series_key(dataset, field("frequency").parse().unwrap(), dimensions);
            let statements = tables.cell(&key, field("period"));
            let document = field("document_id");
            let mut of_document = statements
                .iter()
                .filter(|s| tables.documents[&s.origin.release] == document && s.kind != Kind::Withdrawn);
            let found = of_document.next().unwrap_or_else(|| panic!("{record:?}"));
            assert!(of_document.next().is_none(), "{record:?}");
            let kind = if field("role") == "value" { Kind::Stated } else { Kind::Confirmed };
            assert_eq!((found.kind, found.value), (kind, field("value").parse().ok()), "{record:?}");
            assert_eq!(found.status, field("status").as_bytes()[0], "{record:?}");
            let place =
                (series_id(&key), field("period").parse::<Period>().unwrap().ordinal(), found.origin.release);
            assert_eq!(tables.notes.get(&place).map_or("", String::as_str), field("note"), "{record:?}");
            rows += 1;
        }
    }
    let kept = tables.cells.values().flatten().filter(|s| s.kind != Kind::Withdrawn).count();
    assert_eq!(kept, rows, "nothing else is stored");
}

#[tokio::test]
async fn what_holds_is_what_the_overlay_says_and_series_know_their_extent() {
    let fresh = cluster::migrated().await;
    load(&fresh.database, &Files::bundled()).await;
    let tables = Tables::read(&fresh.database).await;
    for (place, statements) in &tables.cells {
        let expected = winner(statements, None, None).map(|w| (w.value, w.status, w.release));
        assert_eq!(tables.holders.get(place).copied(), expected);
    }
    let mut connection = fresh.database.writer().await.unwrap();
    let series: Vec<(i64, Option<i32>, Option<i32>, i32)> =
        all(&mut connection, "SELECT series_id, first_period, last_period, observations FROM series").await;
    assert_eq!(series.len(), 1527);
    for (id, first, last, observations) in series {
        let periods = || tables.holders.keys().filter(|(series, _)| *series == id).map(|(_, period)| *period);
        assert_eq!((first, last), (periods().min(), periods().max()));
        assert_eq!(usize::try_from(observations).unwrap(), periods().count());
    }
}

#[tokio::test]
async fn the_revision_of_2019_and_its_first_figure_are_both_kept() {
    let fresh = cluster::migrated().await;
    load(&fresh.database, &Files::bundled()).await;
    let tables = Tables::read(&fresh.database).await;
    assert_eq!(tables.value(OICA, "2019", None), Some(25_750_650));
    assert_eq!(tables.value(OICA, "2019", Some("2021-12-31")), Some(25_720_665));
    assert_eq!(tables.value(OICA, "2020", None), Some(25_225_242));
}

#[tokio::test]
async fn confirmations_of_the_pack_date_knowledge_and_change_no_value() {
    let fresh = cluster::migrated().await;
    load(&fresh.database, &Files::bundled()).await;
    let tables = Tables::read(&fresh.database).await;
    let mut moved = 0;
    for statements in tables.cells.values().filter(|all| all.iter().any(|s| s.kind == Kind::Confirmed)) {
        let plain: Vec<Statement> =
            statements.iter().copied().filter(|s| s.kind != Kind::Confirmed).collect();
        let (with, without) = (winner(statements, None, None), winner(&plain, None, None));
        assert_eq!(with.map(|w| (w.value, w.release)), without.map(|w| (w.value, w.release)));
        let since = |w: Option<Winner>| w.and_then(|w| w.known_since).unwrap_or(NaiveDate::MAX);
        assert!(since(with) <= since(without));
        moved += usize::from(since(with) < since(without));
    }
    assert!(moved > 10, "{moved}");
    let counted = count(&fresh.database, "SELECT sum(confirmed_count) FROM release").await;
    let stored =
        count(&fresh.database, "SELECT count(*) FROM observation_history WHERE kind = 'confirmed'").await;
    assert_eq!(counted, stored);
}

#[tokio::test]
async fn a_corrected_document_gets_a_release_that_supersedes_the_earlier() {
    let fresh = cluster::migrated().await;
    load(&fresh.database, &small(&["2018,100,t-2019,value", "2018,105,t-2021,value"])).await;
    let before = versions(&fresh.database).await;
    let outcome = load(&fresh.database, &small(&["2018,100,t-2019,value", "2018,106,t-2021,value"])).await;
    assert_eq!(outcome, Outcome { rows: 1, releases: 1, unchanged: false });
    let tables = Tables::read(&fresh.database).await;
    assert_eq!(tables.value(SMALL, "2018", None), Some(106));
    let cell = tables.cell(SMALL, "2018");
    let earlier = cell.iter().find(|s| s.value == Some(105)).expect("the earlier figure is kept");
    let later = cell.iter().find(|s| s.value == Some(106)).unwrap();
    assert_eq!(earlier.origin.superseded_by, Some(later.origin.release));
    assert_eq!(winner(cell, None, Some(earlier.origin.release)).unwrap().value, Some(105));
    let corrected = "SELECT count(*) FROM release WHERE reason = 'corrected' AND document_id = 't-2021'";
    assert_eq!(count(&fresh.database, corrected).await, 1);
    let after = versions(&fresh.database).await;
    let raised: Vec<&str> =
        after.iter().filter(|(name, v)| before[*name] != **v).map(|(name, _)| name.as_str()).collect();
    assert_eq!(raised, ["production"]);
}

#[tokio::test]
async fn a_series_is_changed_by_the_correction_that_leaves_it_out() {
    let fresh = cluster::migrated().await;
    let other = "sales,gasgoo,CN,_T,_T,_T,PV,_T,A,2018,50,A,t-2019,,value\n";
    let with_other = |files: Files| {
        let rows = files.text("observations/production.csv").unwrap().to_owned() + other;
        files.with("observations/production.csv", rows)
    };
    load(&fresh.database, &with_other(small(&["2018,100,t-2019,value"]))).await;
    load(&fresh.database, &with_other(small(&[]))).await;
    assert_eq!(Tables::read(&fresh.database).await.value(SMALL, "2018", None), None);
    let by_the_correction = "SELECT count(*) FROM series JOIN release ON release_id = updated_by
                             WHERE measure = 'retail' AND reason = 'corrected' AND superseded_by IS NULL";
    assert_eq!(count(&fresh.database, by_the_correction).await, 1);
}

#[tokio::test]
async fn a_document_that_is_gone_is_withdrawn_and_cells_fall_back_to_the_rest() {
    let fresh = cluster::migrated().await;
    let bundled = Files::bundled();
    load(&fresh.database, &bundled).await;
    let document = "ktt-2022-n3";
    let files = bundled.with(
        "observations/production.csv",
        without("observations/production.csv", |line| line.contains(&format!(",{document},"))),
    );
    let outcome = load(&fresh.database, &files).await;
    assert_eq!((outcome.releases, outcome.unchanged), (0, false));
    let tables = Tables::read(&fresh.database).await;
    assert_eq!(tables.value(OICA, "2019", None), Some(25_720_665));
    assert!(tables.holders.values().all(|(_, _, release)| tables.documents[release] != document));
    assert!(tables.cell(OICA, "2019").iter().any(|s| s.value == Some(25_750_650) && s.origin.withdrawn));
    let again = load(&fresh.database, &Files::bundled()).await;
    assert_eq!(again.releases, 1);
    assert_eq!(Tables::read(&fresh.database).await.value(OICA, "2019", None), Some(25_750_650));
}

#[tokio::test]
async fn restatements_survive_the_release_that_spoke_first() {
    let fresh = cluster::migrated().await;
    load(&fresh.database, &small(&["2018,100,t-2019,value", "2018,100,t-2021,value"])).await;
    assert_eq!(count(&fresh.database, "SELECT sum(restated_count) FROM release").await, 1);
    load(&fresh.database, &small(&["2018,100,t-2021,value"])).await;
    let tables = Tables::read(&fresh.database).await;
    let winner = tables.winner(SMALL, "2018", None).unwrap();
    assert_eq!((winner.value, winner.known_since), (Some(100), Some(day("2021-03-31"))));
    assert_eq!(count(&fresh.database, "SELECT count(*) FROM observation_restatement").await, 0);
}

#[tokio::test]
async fn a_figure_stated_as_missing_replaces_and_differs_from_none() {
    let fresh = cluster::migrated().await;
    let rows = ["2013,10,t-2019,value", "2016,30,t-2019,value", "2016,,t-2021,value", "2018,50,t-2019,value"];
    load(&fresh.database, &small(&rows)).await;
    let tables = Tables::read(&fresh.database).await;
    let missing = tables.winner(SMALL, "2016", None).unwrap();
    assert_eq!((missing.value, missing.status), (None, b'M'));
    assert_eq!(tables.value(SMALL, "2016", Some("2020-01-01")), Some(30));
    assert_eq!(tables.winner(SMALL, "2015", None), None);
    assert_eq!(tables.holders.len(), 3);
    assert_eq!(tables.value(SMALL, "2018", None), Some(50));
}

#[tokio::test]
async fn an_edition_withdraws_what_it_no_longer_lists_even_if_that_comes_later() {
    let fresh = cluster::migrated().await;
    let rows = ["2017,90,t-2019,value", "2018,100,t-2019,value", "2017,91,t-2020,value"];
    load(&fresh.database, &small(&rows)).await;
    let tables = Tables::read(&fresh.database).await;
    assert_eq!((tables.value(SMALL, "2017", None), tables.value(SMALL, "2018", None)), (Some(91), None));
    assert_eq!(tables.value(SMALL, "2018", Some("2019-12-31")), Some(100));
    assert_eq!(count(&fresh.database, "SELECT observations::bigint FROM series").await, 1);
    let scope =
        "SELECT count(*) FROM release WHERE edition_scope = '{gasgoo/retail/A}' AND coverage = 'edition'";
    assert_eq!(count(&fresh.database, scope).await, 1);

    let older = [&rows[..], &["2016,80,t-2017,value", "2018,101,t-2021,value"]].concat();
    load(&fresh.database, &small(&older)).await;
    let tables = Tables::read(&fresh.database).await;
    assert_eq!(tables.value(SMALL, "2016", None), None);
    assert_eq!(tables.value(SMALL, "2016", Some("2018-01-01")), Some(80));
    assert_eq!(tables.value(SMALL, "2018", None), Some(101), "a later document brings it back");
}

#[tokio::test]
async fn the_order_of_loading_does_not_matter() {
    let rows = [
        "2018,100,t-none,value",
        "2018,100,t-2017,value",
        "2018,105,t-2019,value",
        "2018,105,t-2021,value",
        "2018,100,t-2022,confirmation",
        "2017,90,t-2017,value",
        "2016,80,t-2019,value",
        "2017,91,t-2020,value",
        "2015,70,t-2022,value",
    ];
    let at_once = cluster::migrated().await;
    load(&at_once.database, &small(&rows)).await;
    let expected = Tables::read(&at_once.database).await.told();
    let one_by_one = ["t-2022", "t-2017", "t-2020", "t-none", "t-2021", "t-2019"];
    let backwards = ["t-2022", "t-2021", "t-2020", "t-2019", "t-2017", "t-none"];
    for order in [one_by_one, backwards] {
        let fresh = cluster::migrated().await;
        for loaded in 1..=order.len() {
            let known = |row: &&&str| order[..loaded].iter().any(|document| row.contains(document));
            load(&fresh.database, &small(&rows.iter().filter(known).copied().collect::<Vec<_>>())).await;
        }
        assert_eq!(Tables::read(&fresh.database).await.told(), expected, "{order:?}");
    }
}

#[tokio::test]
async fn a_changed_source_replaces_its_row_and_leaves_the_old_one_behind() {
    let fresh = cluster::migrated().await;
    load(&fresh.database, &small(&[])).await;
    let text = small(&[]).text("sources.csv").unwrap().replace("National Bureau of Statistics", "The Bureau");
    load(&fresh.database, &small(&[]).with("sources.csv", text)).await;
    let current = "SELECT count(*) FROM source WHERE source = 'nbs' AND name_en LIKE 'The Bureau%' AND superseded_by IS NULL";
    assert_eq!(count(&fresh.database, current).await, 1);
    assert_eq!(count(&fresh.database, "SELECT count(*) FROM source WHERE source = 'nbs'").await, 2);
    assert_eq!(count(&fresh.database, "SELECT count(*) FROM source WHERE superseded_by IS NULL").await, 206);
}

#[tokio::test]
async fn records_of_a_document_that_is_gone_are_no_longer_current() {
    let fresh = cluster::migrated().await;
    load(&fresh.database, &small(&[])).await;
    let events = without("partnerships/events.csv", |line| line.starts_with("1985-cherokee,"));
    load(&fresh.database, &small(&[]).with("partnerships/events.csv", events)).await;
    assert_eq!(count(&fresh.database, "SELECT count(*) FROM event WHERE superseded_by IS NULL").await, 118);
    let withdrawn = "SELECT count(*) FROM event JOIN release USING (release_id)
                     WHERE event_id = '1985-cherokee' AND withdrawn_reason IS NOT NULL";
    assert_eq!(count(&fresh.database, withdrawn).await, 1);
}

#[tokio::test]
async fn records_carry_their_dates_in_force_and_lists() {
    let fresh = cluster::migrated().await;
    load(&fresh.database, &small(&[])).await;
    let tables = [
        ("SELECT count(*) FROM code WHERE superseded_by IS NULL", 630),
        ("SELECT count(*) FROM measure", 11),
        ("SELECT count(*) FROM dataset WHERE dimensions[1:3] = '{measure,source,geo}'", 2),
        ("SELECT count(*) FROM partition", 11),
        ("SELECT count(*) FROM precedence", 43),
        ("SELECT count(*) FROM organization", 243),
        ("SELECT count(*) FROM partnership", 168),
        ("SELECT count(*) FROM partnership_member", 529),
        ("SELECT count(*) FROM event", 119),
        ("SELECT count(*) FROM subsidy_instrument", 41),
        ("SELECT count(*) FROM subsidy_rate", 202),
        ("SELECT count(*) FROM subsidy_rule", 194),
        ("SELECT count(*) FROM credit_mandate", 13),
        ("SELECT count(*) FROM credit_rule", 12),
        ("SELECT count(*) FROM credit_formula WHERE coefficient = 0.0056", 1),
        ("SELECT count(*) FROM subsidy_spend", 21),
        ("SELECT count(*) FROM document WHERE published_until > '2026-11-24'", 0),
        ("SELECT count(*) FROM subsidy_instrument WHERE instrument_id = 'CN-NEV-2013'
            AND in_force = '[2013-01-01,2016-01-01)' AND authorities = '{MOF,MOST,MIIT,NDRC}'", 1),
        ("SELECT count(*) FROM partnership_member WHERE partnership_id = 'beijing-jeep' AND org_id = 'chrysler'
            AND in_force = '[1987-01-01,1998-01-01)'", 1),
        ("SELECT count(*) FROM event WHERE event_id = '1983-beijing-jeep' AND happened = '[1983-05-05,1983-05-06)'
            AND orgs = '{american-motors,baic-group,beijing-jeep}'", 1),
        ("SELECT count(*) FROM code WHERE dimension = 'brand' AND attributes->'makers_also' ? 'saic-volkswagen'", 2),
    ];
    for (sql, expected) in tables {
        assert_eq!(count(&fresh.database, sql).await, expected, "{sql}");
    }
}

async fn faults(database: &Database, files: &Files) -> Vec<DataFault> {
    match load_bundled(database, files, &clock()).await {
        Err(Error::Data(faults)) => faults,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn all_faults_of_all_files_come_at_once_and_nothing_is_written() {
    let fresh = cluster::migrated().await;
    let head = "measure,source,geo,maker,brand,model,vehicle_class,powertrain,frequency,period,value,status,document_id,note,role\n";
    let rows = [
        "sales,caam,CN,_T,_T,_T,PVX,_T,A,2019,5,A,caam-747,,value",
        "sales,camm,CN,_T,_T,_T,PV,_T,A,2019-05,5,A,caam-747,,value",
        "outlets,caam,CN,_T,_T,_T,PV,_T,M,2019-13,5.5,A,no-such,,value",
        "sales,caam,CN,byd,nio,byd--qin-ev,PV,BEV,M,2019-05,,A,caam-747,,maybe",
        "sales,caam,CN,_T,_T,_T,PV,_T,A,2020,5,A,caam-747,,value",
        "sales,caam,CN,_T,_T,_T,PV,_T,A,2020,6,A,caam-747,,value",
        "sales,caam,CN,_T,_T,_T,PV,_T,A,2021,7,Z,caam-747,,value",
    ];
    let partitions = "dataset,source,dimension,whole,parts,absent_is_zero,valid_from,valid_to,note\n\
                      trucks,*,powertrain,NEV,BEV|PHEV,no,,,\n\
                      production,*,operator,NEV,BEV|XEV,no,2022,2021,\n";
    let files = Files::bundled()
        .with("observations/production.csv", head.to_owned() + &rows.join("\n"))
        .with("codes/partitions.csv", partitions)
        .with("codes/access.csv", "code,parent,name_en,name_zh,definition\n_T,,All,,\npublic,private,Public,,\nprivate,public,Private,,\n")
        .with("datasets/charging.toml", "title_en = 5\n");
    let found = faults(&fresh.database, &files).await;
    let told: Vec<String> =
        found.iter().map(|f| format!("{}:{} {} {}", f.file, f.line, f.column, f.value)).collect();
    for expected in [
        "codes/access.csv:3 parent private",
        "codes/access.csv:4 parent public",
        "codes/partitions.csv:2 dataset trucks",
        "codes/partitions.csv:3 dimension operator",
        "codes/partitions.csv:3 valid_to 2021",
        "datasets/charging.toml:1  ",
        "observations/production.csv:2 vehicle_class PVX",
        "observations/production.csv:3 source camm",
        "observations/production.csv:3 period 2019-05",
        "observations/production.csv:4 measure outlets",
        "observations/production.csv:4 value 5.5",
        "observations/production.csv:4 period 2019-13",
        "observations/production.csv:5 brand nio",
        "observations/production.csv:5 value ",
        "observations/production.csv:5 role maybe",
        "observations/production.csv:7 period 2020",
        "observations/production.csv:8 status Z",
    ] {
        assert!(told.iter().any(|line| line == expected), "{expected} is missing in {told:#?}");
    }
    let source = found.iter().find(|f| f.value == "camm").unwrap();
    assert_eq!(source.reason, "there is no source \"camm\"; did you mean caam?");
    assert_eq!(count(&fresh.database, "SELECT count(*) FROM import").await, 0);
    assert_eq!(count(&fresh.database, "SELECT count(*) FROM collection WHERE kind = 'dataset'").await, 0);
}

#[tokio::test]
async fn a_fault_in_later_data_leaves_the_earlier_as_they_were() {
    let fresh = cluster::migrated().await;
    load(&fresh.database, &small(&["2018,100,t-2019,value"])).await;
    faults(&fresh.database, &small(&["2018,200,t-2019,value", "2019,x,t-2019,value"])).await;
    assert_eq!(Tables::read(&fresh.database).await.value(SMALL, "2018", None), Some(100));
    assert!(versions(&fresh.database).await.values().all(|version| *version <= 1));
}

#[tokio::test]
async fn words_that_the_interface_uses_are_no_ids() {
    let fresh = cluster::migrated().await;
    let sources = Files::bundled().text("sources.csv").unwrap().to_owned();
    let instruments = Files::bundled().text("subsidies/instruments.csv").unwrap().to_owned();
    let partnerships = Files::bundled().text("partnerships/partnerships.csv").unwrap().to_owned();
    let files = Files::bundled()
        .with("sources.csv", sources + "best,Best,,press,,999,facts only,,\n")
        .with(
            "subsidies/instruments.csv",
            instruments + "quote,Q,trade_in,CN,national,,,2020,,,gasgoo_2018\n",
        )
        .with(
            "partnerships/partnerships.csv",
            partnerships + "counts,supply,C,,2020,,active,,EV,,wiki-chac\n",
        );
    let found = faults(&fresh.database, &files).await;
    let ids: Vec<&str> = found.iter().map(|fault| fault.value.as_str()).collect();
    assert_eq!(ids, ["counts", "best", "quote"]);
}

#[tokio::test]
async fn of_two_loaders_at_once_one_waits_and_finds_the_work_done() {
    let fresh = cluster::migrated().await;
    let files = small(&["2018,100,t-2019,value"]);
    let (one, other) = tokio::join!(load(&fresh.database, &files), load(&fresh.database, &files));
    assert_ne!(one.unchanged, other.unchanged);
    assert_eq!(count(&fresh.database, "SELECT count(*) FROM import").await, 1);
}
