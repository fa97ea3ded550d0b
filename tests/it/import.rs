//! An owner's own files: recognised, checked whole, taken in or not at all, and taken back.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use china_auto::database::Database;
use china_auto::error::Error;
use china_auto::ingest::file::{
    Done, FaultKind, Job, Mapping, Options, Progress, Received, Report, Which, create_dataset, import,
    withdraw,
};
use serde_json::{Value, json};

use crate::client::Client;
use crate::cluster::{clock, database, program};

/// A service, and files for it.
pub struct World {
    pub client: Client,
    pub database: Database,
    folder: tempfile::TempDir,
}

impl World {
    pub async fn new() -> Self {
        let database = database().await;
        let handle = database.database.clone();
        Self { client: Client::of(database).await, database: handle, folder: tempfile::tempdir().unwrap() }
    }

    pub fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    }

    pub async fn import(&self, path: &Path, options: &Options) -> Done {
        let received = Received::at(path).unwrap();
        let job = Job::new(&received, options);
        import(&self.database, job, &clock(), &Progress::default()).await.unwrap()
    }

    pub async fn taken(&self, path: &Path, options: &Options) -> Report {
        match self.import(path, options).await {
            Done::Taken(_, report) => *report,
            other => panic!("{other:?}"),
        }
    }

    pub async fn refused(&self, path: &Path, options: &Options) -> Report {
        match self.import(path, options).await {
            Done::Refused(report) => *report,
            other => panic!("{other:?}"),
        }
    }

    /// Period and value of each observation.
    pub async fn values(&self, path: &str) -> Vec<(String, Value)> {
        let rows = self.client.rows(path).await;
        rows.iter().map(|row| (row["period"].as_str().unwrap().to_owned(), row["value"].clone())).collect()
    }
}

pub fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files").join(name)
}

pub fn says(text: &str) -> Options {
    Options { says: Mapping::parse(text).unwrap(), ..Options::default() }
}

pub fn kinds(report: &Report) -> Vec<(u64, FaultKind)> {
    report.faults.listed.iter().map(|fault| (fault.line, fault.code)).collect()
}

pub const TIDY: &str =
    "measure,source,geo,maker,brand,model,vehicle_class,powertrain,frequency,period,value,status,note\n";
pub const OWN: &str =
    "dataset = 'production'\n[document]\ndocument = 'own-1'\npublished = '2026-02'\nlicence = 'ours'\n";

#[tokio::test]
async fn a_tidy_file_is_served_with_its_document_and_known_again() {
    let world = World::new().await;
    let rows = "sales,caam,CN-GD,_T,_T,_T,PV,BEV,M,2026-01,1234,A,by hand\nsales,caam,CN-GD,_T,_T,_T,PV,BEV,M,2026-02,,M,\n\
                sales,caam,CN-GD,_T,_T,_T,PV,PHEV,M,2026-01,,A,\n";
    let path = world.file("own.csv", format!("{TIDY}{rows}"));
    let checked = world.import(&path, &Options { dry_run: true, ..says(OWN) }).await;
    assert!(matches!(checked, Done::Checked(report) if report.observations == 2), "a dry run writes nothing");
    let report = world.taken(&path, &says(OWN)).await;
    assert_eq!((report.recognised.as_str(), report.observations, report.rows_passed_over), ("tidy", 2, 1));
    let found = world
        .client
        .rows(
            "/v1/production?measure=sales&source=caam&geo=CN-GD&vehicle_class=PV&powertrain=BEV&frequency=M",
        )
        .await;
    assert_eq!(
        (&found[0]["value"], &found[0]["document"], &found[0]["note"]),
        (&json!(1234), &json!("own-1"), &json!("by hand"))
    );
    assert_eq!((&found[1]["value"], &found[1]["status"]), (&Value::Null, &json!("M")));
    let again = world.import(&path, &says(OWN)).await;
    assert!(matches!(again, Done::Known(_, known) if known.releases == report.releases));
    // Another file that calls itself the same document could only lose what the first one states.
    let other =
        world.file("other.csv", format!("{TIDY}sales,caam,CN-GD,_T,_T,_T,PV,BEV,M,2026-01,1235,A,\n"));
    let refused = world.refused(&other, &says(OWN)).await;
    assert_eq!(kinds(&refused), [(0, FaultKind::Document)]);
    let way_out = &refused.faults.listed[0].reason;
    assert!(way_out.contains("(--document)") && way_out.contains("(--replace)"), "{way_out}");
    let report = world.taken(&other, &Options { replace: true, ..says(OWN) }).await;
    let values = world
        .values(
            "/v1/production?measure=sales&source=caam&geo=CN-GD&vehicle_class=PV&powertrain=BEV&frequency=M",
        )
        .await;
    assert_eq!(values, [("2026-01".to_owned(), json!(1235))]);
    let release = world.client.get(&format!("/v1/releases/{}", report.releases[0])).await.expect(200).json();
    assert_eq!((&release["data"]["reason"], &release["data"]["rows"]), (&json!("corrected"), &json!(1)));
}

#[tokio::test]
async fn every_fault_is_told_with_its_line_and_nothing_is_taken_in() {
    let world = World::new().await;
    let before =
        world.client.get("/v1/datasets/production").await.expect(200).json()["data"]["version"].clone();
    let rows = "sales,caam,CN-GX1,_T,_T,_T,PV,BEV,M,2026-01,1,A,\nsales,caam,CN,_T,_T,_T,PV,BEV,M,2026-13,1,A,\n\
                sales,caam,CN,_T,_T,_T,PV,BEV,M,2026-01,1.5,A,\nsales,caam,CN,_T,_T,_T,PV,BEV,M,2026-02,x,Z,\n\
                sales,caam,CN,_T,_T,_T,PV,BEV,M,2026-03,5,A,\nsales,caam,CN,_T,_T,_T,PV,BEV,M,2026-03,6,A,\nshort,row\n";
    let path = world.file("faulty.csv", format!("{TIDY}{rows}"));
    let report = world.refused(&path, &says(OWN)).await;
    let expected = [
        (2, FaultKind::UnknownCode),
        (3, FaultKind::Period),
        (4, FaultKind::Value),
        (5, FaultKind::Status),
        (7, FaultKind::Duplicate),
        (8, FaultKind::RowLength),
    ];
    let mut told = kinds(&report);
    told.dedup_by_key(|(line, _)| *line);
    assert_eq!(told, expected);
    let unknown = &report.faults.listed[0];
    assert!(
        unknown.column == "geo"
            && unknown.value == "CN-GX1"
            && unknown.expected.contains(&"CN-GX".to_owned())
            && unknown.reason.contains("--add-codes geo"),
        "{unknown:?}"
    );
    let after =
        world.client.get("/v1/datasets/production").await.expect(200).json()["data"]["version"].clone();
    assert_eq!(before, after);
    let report = world.taken(&path, &Options { skip_faulty: true, ..says(OWN) }).await;
    assert_eq!((report.observations, report.faults.count > 5), (1, true));
}

#[tokio::test]
async fn editions_of_one_explorer_are_vintages_and_projections_no_facts() {
    let world = World::new().await;
    for (file, form) in [("iea_2022.csv", "2022"), ("iea_2024.csv", "2024"), ("iea_2025.csv", "2025")] {
        let report = world.taken(&sample(file), &Options::default()).await;
        assert_eq!(report.recognised, format!("iea-global-ev-data-{form}"));
        assert_eq!((report.faults.count, report.rows_read >= report.observations), (0, true));
    }
    let cars = "/v1/datasets/ev_outlook/observations?measure=ev_sales&geo=CN&vehicle_class=PV&powertrain=BEV";
    let best = world.client.rows(cars).await;
    assert!(best.iter().all(|row| row["source"] == "iea" && row["status"] == "A"), "{best:?}");
    let steps = world.client.rows(&format!("{cars}&source=iea-steps")).await;
    assert!(!steps.is_empty() && steps.iter().all(|row| row["status"] == "F"), "{steps:?}");
    let vintages = world
        .client
        .rows("/v1/series/ev_outlook:A.ev_sales.iea.CN.PV.BEV._T._T/vintages?start=2021&end=2022")
        .await;
    let told: Vec<_> =
        vintages.iter().map(|row| (row["period"].as_str().unwrap(), row["value"].as_f64())).collect();
    // 2020 and 2021 stand in the first edition, and each later one revises.
    assert!(told.contains(&("2021", Some(2222.0))) && told.contains(&("2021", Some(2200.0))), "{told:?}");
    assert!(told.contains(&("2022", Some(3300.0))) && told.contains(&("2022", Some(3400.0))), "{told:?}");
    let current = world.values(cars).await;
    assert!(
        current.iter().all(|(period, _)| period != "2020"),
        "an edition withdraws what it no longer lists: {current:?}"
    );
    let then = world.client.rows(&format!("{cars}&as_of=2023")).await;
    assert_eq!(then[0]["period"], "2020");
}

#[tokio::test]
async fn a_jump_is_refused_and_the_rest_can_be_taken() {
    let world = World::new().await;
    let text = fs::read_to_string(sample("oica_production.csv")).unwrap();
    let path =
        world.file("oica.csv", format!("{}\n2022,China,pv,12,Asia,Eastern Asia,CN,CHN\n", text.trim_end()));
    let options = says("[document]\ndocument = 'oica-test'\npublished = '2030'\n");
    let report = world.refused(&path, &options).await;
    assert!(
        report.faults.listed.iter().any(|fault| fault.code == FaultKind::Jump && fault.value == "12"),
        "{report:?}"
    );
    let report = world.taken(&path, &Options { skip_faulty: true, ..options }).await;
    assert_eq!((report.rows_left_out, report.faults.count), (1, 1));
    let values = world.values("/v1/production?geo=CN&source=oica&vehicle_class=PV&start=2021&end=2022").await;
    assert_eq!(values[0].1, json!(1_222_222));
    assert_ne!(values.get(1).map(|(_, value)| value.clone()), Some(json!(12)));
}

pub const REGISTRATIONS: &str = "dataset = 'own_registrations'\ntitle_en = 'Registrations by city'\ndescription = 'Ours.'\n\
    dimensions = ['measure', 'source', 'geo', 'powertrain']\nfrequencies = ['M']\ndefault_frequency = 'M'\ncomplete = true\n\
    licence = 'ours'\n[[measure]]\ncode = 'registered'\nname_en = 'Registered vehicles'\nunit = 'vehicles'\nkind = 'flow'\n";

#[tokio::test]
async fn a_dataset_of_ones_own_takes_guessed_columns_ten_thousands_new_codes_and_revisions() {
    let world = World::new().await;
    assert_eq!(
        create_dataset(&world.database, REGISTRATIONS, None, None, &clock()).await.unwrap(),
        "own_registrations"
    );
    let twice =
        create_dataset(&world.database, REGISTRATIONS, None, None, &clock()).await.unwrap_err().to_string();
    assert!(twice.contains("there is a dataset own_registrations already"), "{twice}");
    let text = "城市,动力类型,年,月,销量\n羊城,BEV,2026,1,1.5\n羊城,插电式混合动力,2026,1,0.25\n鹏城,BEV,2026,1,2\n鹏城,BEV,2026,2,2.5\n";
    let path = world.file("城市上牌.csv", text);
    let options = Options {
        add_codes: [("geo", Some("CN-GD".to_owned()))]
            .map(|(d, p)| (china_auto::timeseries::key::Dimension::from_name(d).unwrap(), p))
            .into(),
        ..says(
            "dataset = 'own_registrations'\nscale = '1e4'\n[document]\nsource = 'caam'\nlicence = 'ours'\n",
        )
    };
    let report = world.refused(&path, &options).await;
    assert!(
        report.recognised == "guessed" && report.mapping.contains("geo = \"城市\""),
        "{}",
        report.mapping
    );
    let accepted = Options { accept_guess: true, ..options };
    let report = world.taken(&path, &accepted).await;
    assert_eq!(report.added, ["geo:羊城", "geo:鹏城"]);
    let province = "/v1/datasets/own_registrations/observations?geo=CN-GD&powertrain=BEV";
    assert_eq!(
        world.values(province).await,
        [("2026-01".to_owned(), json!(35_000)), ("2026-02".to_owned(), json!(25_000))]
    );
    // Nobody ranks the sources of this dataset, so none is a weak one.
    assert_eq!(world.client.rows(province).await[0]["low_trust"], false);
    let revised = world.file("b.csv", "城市,动力类型,年,月,销量\n羊城,BEV,2026,1,1.6\n羊城,BEV,2026,3,1\n");
    let report = world.taken(&revised, &accepted).await;
    let three =
        |january: i32| [("2026-01".to_owned(), json!(january)), ("2026-02".to_owned(), json!(25_000))];
    assert_eq!(world.values(province).await[..2], three(36_000));
    withdraw(&world.database, (Which::Release(report.releases[0]), None), "a slip", Duration::MAX, &clock())
        .await
        .unwrap();
    assert_eq!(world.values(province).await, three(35_000));
    let withdrawn =
        world.client.get(&format!("/v1/releases/{}", report.releases[0])).await.expect(200).json();
    assert_eq!(withdrawn["data"]["withdrawn_reason"], "a slip");
    assert!(
        !withdraw(
            &world.database,
            (Which::Release(report.releases[0]), None),
            "again",
            Duration::MAX,
            &clock()
        )
        .await
        .unwrap()
        .is_new
    );
}

#[tokio::test]
async fn a_workbook_with_titles_above_its_header_is_read_as_a_table() {
    let world = World::new().await;
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet().set_name("2026").unwrap();
    sheet.write(1, 0, "OWN SALES").unwrap();
    for (column, text) in ["Country", "2025-01", "2025-02", "Growth"].into_iter().enumerate() {
        sheet.write(3, u16::try_from(column).unwrap(), text).unwrap();
    }
    sheet.write(4, 0, "China (mainland)").unwrap();
    sheet.write(4, 1, 220.000_000_000_000_03).unwrap();
    sheet.write(4, 2, 331).unwrap();
    sheet.write(4, 3, 0.5).unwrap();
    let path = world.folder.path().join("own.xlsx");
    book.save(&path).unwrap();
    let options = Options {
        accept_guess: true,
        ..says(&format!(
            "ignore = ['Growth']\n{OWN}[constants]\nmeasure = 'sales'\nsource = 'caam'\npowertrain = 'HEV'\n"
        ))
    };
    let report = world.taken(&path, &options).await;
    assert_eq!((report.observations, report.rows_read), (2, 1));
    let values = world
        .values("/v1/production?measure=sales&source=caam&powertrain=HEV&frequency=M&start=2025&end=2025-02")
        .await;
    assert_eq!(values.iter().map(|(_, value)| value.clone()).collect::<Vec<_>>(), [json!(220), json!(331)]);
    let column = world.refused(&path, &says("dataset = 'production'\n[document]\nsource = 'caam'\n")).await;
    assert!(kinds(&column).contains(&(4, FaultKind::UnknownColumn)), "{column:?}");
}

#[tokio::test]
async fn a_series_of_more_rows_than_there_are_periods_is_refused_as_it_is_read() {
    let world = World::new().await;
    let row = "sales,caam,CN-GD,_T,_T,_T,PV,BEV,M,2026-01,1234,A,\n";
    let path = world.file("many.csv", format!("{TIDY}{}", row.repeat(200_002)));
    let report = world.refused(&path, &says(OWN)).await;
    let told: Vec<&str> = report.faults.listed.iter().map(|fault| fault.reason.as_str()).collect();
    assert!(told.iter().any(|reason| reason.contains("more than 200000 rows")), "{told:?}");
    assert!(report.faults.count > 200_000, "{}", report.faults.count);
}

#[tokio::test]
async fn what_is_cancelled_or_unreadable_leaves_nothing() {
    let world = World::new().await;
    let path = world.file("own.csv", format!("{TIDY}sales,caam,CN-GD,_T,_T,_T,PV,BEV,M,2026-01,1234,A,\n"));
    let progress = Progress::default();
    progress.cancel();
    let received = Received::at(&path).unwrap();
    let options = says(OWN);
    let job = Job::new(&received, &options);
    let ended = import(&world.database, job, &clock(), &progress).await;
    assert!(matches!(ended, Err(Error::Cancelled)), "{ended:?}");
    for (name, bytes) in [
        ("empty.csv", &b""[..]),
        ("page.html", b"<!doctype html><p>"),
        ("old.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
    ] {
        let report = world.refused(&world.file(name, bytes), &says(OWN)).await;
        assert_eq!(kinds(&report), [(0, FaultKind::Unreadable)], "{name}");
    }
    let latin = world.file(
        "latin.csv",
        [TIDY.as_bytes(), b"sales,caam,CN,_T,_T,_T,PV,BEV,M,2026-01,1,A,\xe9t\xe9\n"].concat(),
    );
    let report = world.refused(&latin, &Options { skip_faulty: true, ..says(OWN) }).await;
    assert_eq!(kinds(&report), [(2, FaultKind::Unreadable)]);
    world.client.get("/v1/documents/own-1").await.expect(404);
}

/// One row for each model city, powertrain and month: parts and their declared whole, which must never disagree.
pub fn monthly(value: u32) -> String {
    let mut text = TIDY.replace(",note", "");
    for year in 1995..2025 {
        for month in 1..=12 {
            for (powertrain, share) in [("BEV", 1), ("PHEV", 2), ("FCEV", 3), ("NEV", 6)] {
                for class in ["PV", "CV", "CV_BUS", "CV_TRUCK", "CV_VAN"] {
                    let value = value * share;
                    writeln!(
                        text,
                        "exports,redplanx,CN-GD,_T,_T,_T,{class},{powertrain},M,{year}-{month:02},{value},A"
                    )
                    .unwrap();
                }
            }
        }
    }
    text
}

#[tokio::test]
async fn an_import_that_is_killed_leaves_the_old_figures_or_the_new() {
    let database = database().await;
    let url = database.url();
    let handle = database.database.clone();
    let world =
        World { client: Client::of(database).await, database: handle, folder: tempfile::tempdir().unwrap() };
    let sum = "/v1/production?measure=exports&source=redplanx&geo=CN-GD&vehicle_class=PV,CV,CV_BUS&powertrain=BEV,PHEV,FCEV,NEV\
               &frequency=M&limit=10000";
    let (mut held, mut ended, mut round) = (0, false, 0);
    // Later and later, until one has ended before it is killed: so every moment of it has had its turn.
    while !ended {
        round += 1;
        assert!(round <= 100, "no import ends");
        let path = world.file(&format!("round-{round}.csv"), monthly(round));
        let mut program = Command::new(program())
            .args(["import", path.to_str().unwrap(), "--dataset", "production", "--licence", "ours"])
            .args(["--published", &format!("{}", 1900 + round), "--database-url", &url])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        tokio::time::sleep(Duration::from_millis(u64::from(round - 1) * 90)).await;
        ended = program.try_wait().unwrap().is_some_and(|status| status.success());
        program.kill().unwrap();
        program.wait().unwrap();
        let values = world.client.rows(sum).await;
        let base: Vec<u64> = values
            .iter()
            .map(|row| {
                let share = match row["powertrain"].as_str().unwrap() {
                    "BEV" => 1,
                    "PHEV" => 2,
                    "FCEV" => 3,
                    _ => 6,
                };
                row["value"].as_u64().unwrap() / share
            })
            .collect();
        let one = base.first().copied().unwrap_or_default();
        assert!(base.iter().all(|value| *value == one), "a mixture after round {round}: {base:?}");
        assert!(one == held || one == u64::from(round), "round {round} left {one}, before it stood {held}");
        assert!(!ended || one == u64::from(round), "an import that has ended well is there");
        held = one;
    }
    let path = world.file("last.csv", monthly(99));
    let said = "dataset = 'production'\n[document]\npublished = '2026-02'\nlicence = 'ours'\n";
    world.taken(&path, &says(said)).await;
    assert_eq!(world.client.rows(sum).await[0]["value"], json!(99));
}
