//! Forms of files from end to end: SDMX-CSV, OICA's, wide tables, guesses with units; and what is checked of whole files.

use std::fmt::Write as _;

use china_auto::ingest::file::{FaultKind, Options, Report, create_dataset};
use serde_json::{Value, json};

use crate::cluster::clock;
use crate::import::{OWN, REGISTRATIONS, TIDY, World, kinds, sample, says};

const GUANGDONG: &str =
    "/v1/production?measure=sales&source=caam&geo=CN-GD&vehicle_class=PV&powertrain=BEV&frequency=M";

/// Each warning in words.
fn warnings(report: &Report) -> Vec<String> {
    let told = report.warnings.listed.iter();
    told.map(|one| format!("{} {} {:?}: {}", one.line, one.column, one.value, one.reason)).collect()
}

fn document(id: &str) -> Options {
    says(&format!(
        "dataset = 'production'\n[document]\ndocument = '{id}'\npublished = '2026-03'\nlicence = 'ours'\n"
    ))
}

const IDS: &str = "STRUCTURE,STRUCTURE_ID,ACTION,SERIES_KEY,FREQ,MEASURE,SOURCE,REF_AREA,VEHICLE_CLASS,POWERTRAIN,TIME_PERIOD,\
                   OBS_VALUE,OBS_STATUS\n\
                   dataflow,OWN:SALES(1.0),I,M.sales.caam,M,sales,caam,CN-GD,PV,BEV,2026-01,1234,A\n";

const BOTH: &str = "STRUCTURE[|];STRUCTURE_ID;ACTION;FREQ: Frequency;MEASURE: Measure;SOURCE: Source;REF_AREA: Reference area;\
                    VEHICLE_CLASS: Class;POWERTRAIN: Powertrain;TIME_PERIOD: Time period;OBS_VALUE: Observation value;\
                    OBS_STATUS: Status;COMMENT_OBS: Comment\n\
                    dataflow;OWN:SALES(1.0): Sales;I;M: Monthly;sales: Sales;caam: CAAM;CN-GD: Guangdong: the province;PV: Cars;\
                    BEV: Battery;2026-02: 2026-02;2345;P: Provisional;by hand: twice\n";

const NAMES: &str = "STRUCTURE,STRUCTURE_ID,STRUCTURE_NAME,ACTION,FREQ,Frequency,MEASURE,Measure,SOURCE,Source,REF_AREA,\
                     Reference area,VEHICLE_CLASS,Vehicle class,POWERTRAIN,Powertrain,TIME_PERIOD,Time period,OBS_VALUE,\
                     Observation value\n\
                     dataflow,OWN:SALES(1.0),Sales,A,M,Monthly,sales,Sales,caam,CAAM,CN-GD,Guangdong,PV,Cars,BEV,Battery,2026-03,\
                     ,3456,\n";

#[tokio::test]
async fn sdmx_csv_is_read_by_ids_with_labels_behind_or_beside_them() {
    let world = World::new().await;
    for (name, text) in [("ids", IDS), ("both", BOTH), ("names", NAMES)] {
        let report = world.taken(&world.file(&format!("{name}.csv"), text), &document(name)).await;
        assert_eq!((report.recognised.as_str(), report.observations), ("sdmx-csv", 1), "{name}");
        // The mapping that is told can be given again.
        let given = china_auto::ingest::file::Mapping::parse(&report.mapping).unwrap();
        let again = Options { given: Some(given), dry_run: true, replace: true, ..Options::default() };
        let done = world.import(&world.file("again.csv", text), &again).await;
        assert!(matches!(done, china_auto::ingest::file::Done::Checked(_)), "{name}: {done:?}");
    }
    let rows = world.client.rows(GUANGDONG).await;
    let told: Vec<_> = rows.iter().map(|row| (&row["period"], &row["value"], &row["status"])).collect();
    let expected = [("2026-01", 1234, "A"), ("2026-02", 2345, "P"), ("2026-03", 3456, "A")];
    let expected = expected.map(|(period, value, status)| (json!(period), json!(value), json!(status)));
    assert!(told.iter().copied().eq(expected.iter().map(|(p, v, s)| (p, v, s))), "{told:?}");
    assert_eq!(rows[1]["note"], "by hand: twice");
    let deletes = world.file("deletes.csv", IDS.replace(",I,", ",D,"));
    let report = world.refused(&deletes, &document("deletes")).await;
    assert!(report.faults.listed[0].reason.contains("deletes figures"), "{report:?}");
}

#[tokio::test]
async fn the_first_note_of_a_dataset_is_told_at_once() {
    let world = World::new().await;
    create_dataset(&world.database, REGISTRATIONS, None, None, &clock()).await.unwrap();
    let head = "measure,source,geo,powertrain,frequency,period,value,status";
    let plain = world.file("plain.csv", format!("{head}\nregistered,caam,CN-GD,BEV,M,2026-01,5,A\n"));
    let told =
        world.file("told.csv", format!("{head},note\nregistered,caam,CN-GD,BEV,M,2026-02,7,A,by hand\n"));
    let paths = ["", "&as_of=2100-01-01", "&source=all"]
        .map(|more| format!("/v1/datasets/own_registrations/observations?geo=CN-GD&powertrain=BEV{more}"));
    for (path, of, expected) in [(&plain, "plain", vec![None]), (&told, "noted", vec![None, Some("by hand")])]
    {
        let document = format!(
            "dataset = 'own_registrations'\n[document]\ndocument = '{of}'\npublished = '2026-03'\nlicence = 'ours'\n"
        );
        world.taken(path, &says(&document)).await;
        for path in &paths {
            let rows = world.client.rows(path).await;
            let notes: Vec<Option<&str>> = rows.iter().map(|row| row["note"].as_str()).collect();
            assert_eq!(notes, expected, "{path}");
        }
    }
}

#[tokio::test]
async fn a_guess_reads_months_with_their_year_and_figures_in_their_unit() {
    let world = World::new().await;
    let text = "省份,月份,销量（万辆）\nCN-GD,2026年1月,1.5\nCN-GD,2026-02,0.25\n";
    let path = world.file("月.csv", text);
    let options = says(&format!(
        "{OWN}[constants]\nmeasure = 'sales'\nsource = 'caam'\nvehicle_class = 'PV'\npowertrain = 'BEV'\n"
    ));
    let report = world.refused(&path, &options).await;
    for shown in ["period = \"月份\"", "value = \"销量（万辆）\"", "scale = \"1e4\""] {
        assert!(report.mapping.contains(shown), "{shown}: {}", report.mapping);
    }
    assert!(report.faults.listed[0].reason.contains("(--accept-guess)"), "{report:?}");
    world.taken(&path, &Options { accept_guess: true, ..options }).await;
    let expected = [("2026-01".to_owned(), json!(15_000)), ("2026-02".to_owned(), json!(2_500))];
    assert_eq!(world.values(GUANGDONG).await, expected);
}

#[tokio::test]
async fn what_is_told_of_a_wide_sheet_names_the_column_and_the_value() {
    let world = World::new().await;
    let text = "Country,2026-01,2026-02,2026-03,2026-04\nCN-GD,5000,12,5100,=B2+C2\n";
    let path = world.file("wide.csv", text);
    let constants =
        "[constants]\nmeasure = 'sales'\nsource = 'caam'\nvehicle_class = 'PV'\npowertrain = 'BEV'\n";
    let options = |jump: &str| Options { accept_guess: true, ..says(&format!("{jump}{OWN}{constants}")) };
    let report =
        world.refused(&path, &options("jump = { factor = 100, above = 1000, refuse = true }\n")).await;
    let told: Vec<_> = report
        .faults
        .listed
        .iter()
        .map(|fault| (fault.code, fault.column.as_str(), fault.value.as_str()))
        .collect();
    // What follows a figure that is not believed is held against the one before it.
    assert!(told.contains(&(FaultKind::Jump, "2026-02", "12")) && told.len() == 2, "{told:?}");
    assert!(told.contains(&(FaultKind::Value, "2026-04", "=B2+C2")), "{told:?}");
    assert!(report.faults.listed.iter().any(|fault| fault.reason.contains("formula without its result")));
    let report = world.refused(&path, &options("")).await;
    assert!(warnings(&report).iter().any(|told| told.starts_with("2 2026-02 \"12\": a step")), "{report:?}");
}

#[tokio::test]
async fn oicas_sales_are_taken_in_but_for_what_no_count_can_be() {
    let world = World::new().await;
    let dated = says("[document]\ndocument = 'oica-sales-test'\npublished = '2030'\n");
    let report = world.taken(&sample("oica_sales.csv"), &dated).await;
    assert_eq!(
        (report.recognised.as_str(), report.rows_read, report.rows_passed_over, report.rows_left_out),
        ("oica-sales-csv", 12, 1, 1)
    );
    let told = warnings(&report);
    assert!(told.iter().any(|one| one.starts_with("10 n \"9123.996696944674\": is left out")), "{told:?}");
    assert!(told.iter().any(|one| one.starts_with("13 n \"14\": a step of more than 400")), "{told:?}");
    let sales = async |geo: &str, class: &str| {
        let path = format!(
            "/v1/production?measure=sales&source=oica&geo={geo}&vehicle_class={class}&frequency=A&start=2021&end=2021"
        );
        world.client.rows(&path).await.first().map(|row| row["value"].clone())
    };
    for (geo, class, value) in [
        ("CN", "PV", Some(1_222_000)),
        ("US", "CV", Some(444_000)),
        ("CD", "PV", Some(123)),
        ("LR", "CV", Some(220)),
        ("BG", "CV", None),
    ] {
        assert_eq!(sales(geo, class).await, value.map(Value::from), "{geo}");
    }
}

/// A workbook of passenger cars as OICA publishes it.
fn passenger_cars() -> Vec<u8> {
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet().set_name("PC").unwrap();
    sheet.write(0, 0, "NEW PC REGISTRATIONS OR SALES").unwrap();
    for (column, text) in ["REGIONS/COUNTRIES", "2020", "Q1-Q4 2021", "2021/2020"].into_iter().enumerate() {
        sheet.write(3, u16::try_from(column).unwrap(), text).unwrap();
    }
    let rows = [
        ("RUSSIA, TURKEY & OTHER EUROPE", 700.0, 800.0),
        ("OTHER COUNTRIES/REGIONS", 30.0, 40.0),
        ("ASIA/OCEANIA/MIDDLE EAST", 2_000_000.0, 2_100_000.0),
        ("CHINA", 1_900_001.0, 1_950_001.0),
        ("JAPAN", 9_000.5, 9_100.0),
        ("OTHER COUNTRIES/REGIONS", 5.0, 6.0),
    ];
    for (row, (name, before, after)) in (4..).zip(rows) {
        sheet.write(row, 0, name).unwrap();
        sheet.write(row, 1, before).unwrap();
        sheet.write(row, 2, after).unwrap();
        sheet.write(row, 3, 0.05).unwrap();
    }
    book.save_to_buffer().unwrap()
}

#[tokio::test]
async fn an_oica_workbook_is_taken_in_and_says_that_nothing_dates_it() {
    let world = World::new().await;
    let path = world.file("pc-sales.xlsx", passenger_cars());
    let report = world.taken(&path, &says("[document]\ndocument = 'oica-pc-test'\n")).await;
    assert_eq!(
        (report.recognised.as_str(), report.observations, report.rows_left_out),
        ("oica-sales-passenger-cars", 11, 1)
    );
    let told = warnings(&report);
    assert!(told.iter().any(|one| one.starts_with("9 2020 \"9000.5\": is left out")), "{told:?}");
    assert!(told.iter().any(|one| one.contains("no date of publication (--published)")), "{told:?}");
    let sales = async |geo: &str| {
        let path = format!(
            "/v1/production?measure=sales&source=oica&geo={geo}&vehicle_class=PV&start=2021&end=2021"
        );
        world.client.rows(&path).await[0].clone()
    };
    assert_eq!(sales("OICA_OTHER_EUROPE_REST").await["value"], 40);
    assert_eq!(sales("OICA_ASIA_REST").await["value"], 6);
    assert_ne!(sales("JP").await["document"], "oica-pc-test", "a dated document states it too");
}

#[tokio::test]
async fn a_zero_does_not_hide_a_step() {
    let world = World::new().await;
    let mut text = std::fs::read_to_string(sample("oica_production.csv")).unwrap();
    text.push_str("2022,Austria,cv,11,Europe,Western Europe,AT,AUT\n");
    let options = says("[document]\ndocument = 'oica-zero'\npublished = '2030'\n");
    let report = world.refused(&world.file("oica.csv", text), &options).await;
    assert_eq!(kinds(&report), [(14, FaultKind::Jump)]);
    assert!(report.faults.listed[0].reason.contains("from 6666 before it"), "{report:?}");
}

#[tokio::test]
async fn a_whole_that_its_parts_contradict_is_told_or_refused() {
    let world = World::new().await;
    let mut text = TIDY.to_owned();
    for (powertrain, value) in [("BEV", 1_000), ("PHEV", 200), ("FCEV", 30), ("NEV", 1_300)] {
        writeln!(text, "exports,redplanx,CN-GD,_T,_T,_T,PV,{powertrain},M,2026-01,{value},A,").unwrap();
    }
    let path = world.file("parts.csv", text);
    let refusing = says(&format!("sums = {{ per_mille = 50, refuse = true }}\n{OWN}"));
    let report = world.refused(&path, &refusing).await;
    assert_eq!(kinds(&report), [(5, FaultKind::Sum)]);
    let report = world.taken(&path, &says(OWN)).await;
    let told = warnings(&report);
    assert!(told.iter().any(|one| one.starts_with("5 value \"1300\": the parts of")), "{told:?}");
    assert!(told.iter().any(|one| one.ends_with("add up to 1230")), "{told:?}");
}

#[tokio::test]
async fn a_thousand_faults_are_listed_and_all_of_them_counted() {
    let world = World::new().await;
    let text = TIDY.to_owned() + &"sales,caam,CN-GD,_T,_T,_T,PV,BEV,M,2026-01,x,A,\n".repeat(1_234);
    let report = world.refused(&world.file("faulty.csv", text), &says(OWN)).await;
    assert_eq!((report.faults.count, report.faults.listed.len()), (1_234, 1_000));
}

const FLEET: &str = "dataset = 'own_fleet'\ntitle_en = 'Fleet'\ndescription = 'Ours.'\n\
    dimensions = ['measure', 'source', 'geo', 'powertrain']\nfrequencies = ['A']\ndefault_frequency = 'A'\nlicence = 'ours'\n\
    [[measure]]\ncode = 'fleet'\nname_en = 'Fleet'\nunit = 'vehicles'\nkind = 'stock'\n\
    [[partition]]\ndimension = 'powertrain'\nwhole = 'NEV'\nparts = ['BEV', 'PHEV']\n";

#[tokio::test]
async fn a_dataset_of_ones_own_sums_its_parts_and_ranks_its_sources() {
    let world = World::new().await;
    let rows = "measure,source,geo,powertrain,frequency,period,value\nfleet,caam,CN,BEV,A,2024,10\nfleet,caam,CN,PHEV,A,2024,3\n\
                fleet,iea,CN,BEV,A,2024,20\nfleet,iea,CN,PHEV,A,2024,4\n";
    for (first, second, value) in [("iea", "caam", 24), ("caam", "iea", 13)] {
        let name = format!("own_fleet_{first}");
        let precedence = format!(
            "[[precedence]]\nrank = 1\nscope = 'a'\nsources = ['{first}']\n[[precedence]]\nrank = 2\nscope = 'b'\nsources = ['{second}']\n"
        );
        let description = format!("{FLEET}{precedence}").replace("own_fleet", &name);
        create_dataset(&world.database, &description, None, None, &clock()).await.unwrap();
        let path = world.file(&format!("{name}.csv"), rows);
        world
            .taken(
                &path,
                &says(&format!("dataset = '{name}'\n[document]\ndocument = '{name}'\nlicence = 'ours'\n")),
            )
            .await;
        let whole =
            world.client.rows(&format!("/v1/datasets/{name}/observations?geo=CN&powertrain=NEV")).await;
        assert_eq!(
            (&whole[0]["source"], &whole[0]["value"], &whole[0]["derived"]),
            (&json!(first), &json!(value), &json!(true))
        );
    }
}
