//! Subsidies: every row of the files, what is known to be true, and each way to ask.

use serde_json::{Value, json};

use crate::client::Client;
use crate::files::{As, record, rows, served};

const LISTS: [&str; 4] =
    ["/v1/subsidies", "/v1/subsidies/rates", "/v1/subsidies/spend", "/v1/subsidies/credits"];

const INSTRUMENT: &[(&str, &str, As)] = &[
    ("instrument_id", "id", As::Text),
    ("name", "name", As::Text),
    ("kind", "kind", As::Text),
    ("jurisdiction", "jurisdiction", As::Text),
    ("level", "level", As::Text),
    ("authority", "authorities", As::List(';')),
    ("announced", "announced", As::Text),
    ("effective_from", "effective_from", As::Text),
    ("effective_to", "effective_to", As::Text),
    ("summary", "summary", As::Text),
    ("document_id", "document", As::Text),
];

const RATE: &[(&str, &str, As)] = &[
    ("instrument_id", "instrument", As::Text),
    ("effective_from", "effective_from", As::Text),
    ("effective_to", "effective_to", As::Text),
    ("vehicle_class", "vehicle_class", As::Text),
    ("powertrain", "powertrains", As::List('|')),
    ("criterion", "criterion", As::Text),
    ("min_value", "min_value", As::Number),
    ("max_value", "max_value", As::Number),
    ("unit", "unit", As::Text),
    ("amount", "amount", As::Number),
    ("cap", "cap", As::Number),
    ("condition", "condition", As::Text),
    ("document_id", "document", As::Text),
];

const RULE: &[(&str, &str, As)] = &[
    ("rule_id", "id", As::Text),
    ("instrument_id", "instrument", As::Text),
    ("valid_from", "valid_from", As::Text),
    ("valid_to", "valid_to", As::Text),
    ("part", "part", As::Text),
    ("scheme", "scheme", As::Text),
    ("vehicle_class", "vehicle_class", As::Text),
    ("powertrain", "powertrains", As::List('|')),
    ("criterion", "criterion", As::Text),
    ("min", "min", As::Number),
    ("max", "max", As::Number),
    ("value", "value", As::Number),
    ("unit", "unit", As::Text),
    ("supersedes", "supersedes", As::Text),
    ("verification", "verification", As::Text),
    ("document_id", "document", As::Text),
    ("note", "note", As::Text),
];

const SPEND: &[(&str, &str, As)] = &[
    ("year", "year", As::Text),
    ("jurisdiction", "jurisdiction", As::Text),
    ("measure", "measure", As::Text),
    ("unit", "unit", As::Text),
    ("value", "value", As::Number),
    ("note", "note", As::Text),
    ("document_id", "document", As::Text),
];

const MANDATE: &[(&str, &str, As)] = &[
    ("year", "year", As::Number),
    ("nev_credit_percent", "nev_credit_percent", As::Number),
    ("cafc_target_l_100km", "cafc_target_l_100km", As::Number),
    ("note", "note", As::Text),
    ("document_id", "document", As::Text),
    ("verification", "verification", As::Text),
];

const CREDIT_RULE: &[(&str, &str, As)] = &[
    ("phase", "phase", As::Text),
    ("effective_from", "valid_from", As::Text),
    ("effective_to", "valid_to", As::Text),
    ("powertrain", "powertrain", As::Text),
    ("criterion", "criterion", As::Text),
    ("coefficient", "coefficient", As::Number),
    ("constant", "constant", As::Number),
    ("cap", "cap", As::Number),
    ("unit", "unit", As::Text),
    ("formula", "formula", As::Text),
    ("condition", "condition", As::Text),
    ("document_id", "document", As::Text),
];

const FORMULA: &[(&str, &str, As)] = &[
    ("valid_from", "valid_from", As::Text),
    ("valid_to", "valid_to", As::Text),
    ("powertrain", "powertrain", As::Text),
    ("criterion", "criterion", As::Text),
    ("coefficient", "coefficient", As::Number),
    ("constant", "constant", As::Number),
    ("max_credits", "cap", As::Number),
    ("unit", "unit", As::Text),
    ("verification", "verification", As::Text),
    ("document_id", "document", As::Text),
    ("note", "note", As::Text),
];

/// Compares the rows of a file, in the order of a column or as they stand, with rows that were served.
fn compare(file: &str, order: Option<&str>, columns: &[(&str, &str, As)], found: &[Value]) {
    let mut expected = rows(file);
    if let Some(column) = order {
        expected.sort_by(|a, b| a[column].cmp(&b[column]));
    }
    assert_eq!(found.len(), expected.len(), "{file}");
    for (row, found) in expected.iter().zip(found) {
        assert_eq!(served(found, columns), record(row, columns), "{file}");
    }
}

fn ids(rows: &[Value]) -> Vec<&str> {
    rows.iter().map(|row| row["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn every_row_of_the_files_is_served_as_it_stands() {
    let client = Client::bundled().await;
    let instruments = client.rows("/v1/subsidies?limit=9").await;
    compare("subsidies/instruments.csv", Some("instrument_id"), INSTRUMENT, &instruments);
    compare(
        "subsidies/rates.csv",
        Some("instrument_id"),
        RATE,
        &client.rows("/v1/subsidies/rates?limit=50").await,
    );
    compare("subsidies/spend.csv", None, SPEND, &client.rows("/v1/subsidies/spend").await);
    for (part, file, columns) in [
        ("mandate", "subsidies/credit_mandates.csv", MANDATE),
        ("rule", "subsidies/credit_rules.csv", CREDIT_RULE),
        ("formula", "subsidies/credit_formulas.csv", FORMULA),
    ] {
        compare(file, None, columns, &client.rows(&format!("/v1/subsidies/credits?part={part}")).await);
    }
    assert_eq!(client.rows("/v1/subsidies/credits").await.len(), 13 + 12 + 8);
}

#[tokio::test]
async fn one_instrument_has_all_its_rates_and_rules() {
    let client = Client::bundled().await;
    let (mut rates, mut rules) = (Vec::new(), Vec::new());
    for instrument in client.rows("/v1/subsidies").await {
        let id = instrument["id"].as_str().unwrap();
        let one = client.get(&format!("/v1/subsidies/{id}")).await.expect(200).json();
        for (field, value) in instrument.as_object().unwrap() {
            assert_eq!(&one["data"][field], value, "{id} {field}");
        }
        let of = |field: &str| one["data"][field].as_array().unwrap().clone();
        assert_eq!(
            (&one["data"]["rate_count"], &one["data"]["rule_count"]),
            (&json!(of("rates").len()), &json!(of("rules").len()))
        );
        let unverified = of("rules").iter().filter(|rule| rule["verification"] == "unverified").count();
        assert_eq!(one["data"]["unverified_rule_count"], unverified, "{id}");
        rates.extend(of("rates"));
        rules.extend(of("rules"));
    }
    assert_eq!(rates, client.rows("/v1/subsidies/rates").await);
    compare("subsidies/rules.csv", Some("instrument_id"), RULE, &rules);
}

#[tokio::test]
async fn subsidies_for_battery_electric_vehicles_in_force_on_a_day() {
    let client = Client::bundled().await;
    let path = "/v1/subsidies?valid_on=2019-05-01&powertrain=BEV&kind=purchase_subsidy&level=national";
    let national = client.rows(path).await;
    assert_eq!(ids(&national), ["CN-BUSOP-2015", "CN-LOCALCAP-2017", "CN-NEV-2019"]);
    let all = client.rows("/v1/subsidies?valid_on=2019-05-01&powertrain=BEV").await;
    assert!(ids(&all).contains(&"CN-VPT-2018") && ids(&all).contains(&"CN-SH-2018"));
    let days = [("2019-03-25", "CN-NEV-2018"), ("2019-03-26", "CN-NEV-2019"), ("2020-04-22", "CN-NEV-2019")];
    for (day, schedule) in days {
        let found =
            client.rows(&format!("/v1/subsidies?valid_on={day}&powertrain=BEV&q=central%20nev")).await;
        assert_eq!(ids(&found), [schedule], "{day}");
    }
    // A month asks for what was in force on any of its days.
    let month = client.rows("/v1/subsidies?valid_on=2019-03&powertrain=BEV&q=central nev").await;
    assert_eq!(ids(&month), ["CN-NEV-2018", "CN-NEV-2019"]);
    // What names new energy vehicles as a whole concerns each of their kinds.
    let rates = client.rows("/v1/subsidies/rates?powertrain=FCEV&instrument=CN-SZ-PLATE").await;
    assert!(rates.iter().any(|rate| rate["powertrains"] == json!(["NEV"])), "{rates:?}");
}

#[tokio::test]
async fn the_waiver_of_the_purchase_tax_was_whole_then_capped_then_halved() {
    let client = Client::bundled().await;
    let rule = async |year: &str, part: &str| {
        let path = format!("/v1/subsidies?valid_on={year}&q=purchase tax&powertrain=BEV&authority=MIIT");
        let found = client.rows(&path).await;
        let id = found[0]["id"].as_str().unwrap();
        let one = client.get(&format!("/v1/subsidies/{id}")).await.expect(200).json();
        let rules = one["data"]["rules"].as_array().unwrap();
        let values: Vec<Value> =
            rules.iter().filter(|r| r["part"] == part).map(|r| r["value"].clone()).collect();
        (found.len(), values)
    };
    assert_eq!(rule("2023", "cap").await, (1, vec![]));
    assert_eq!(rule("2024", "amount").await, (1, vec![json!(100)]));
    assert_eq!(rule("2024", "cap").await, (1, vec![json!(30000)]));
    assert_eq!(rule("2026", "amount").await, (1, vec![json!(50)]));
    assert_eq!(rule("2026", "cap").await, (1, vec![json!(15000)]));
}

#[tokio::test]
async fn what_is_not_verified_says_so() {
    let client = Client::bundled().await;
    let credits = client.rows("/v1/subsidies/credits?verification=unverified").await;
    assert!(!credits.is_empty() && credits.iter().all(|row| row["verification"] == "unverified"));
    let some = client.rows("/v1/subsidies?verification=unverified").await;
    assert!(!some.is_empty() && some.iter().all(|row| row["unverified_rule_count"].as_u64() > Some(0)));
    let year = client.rows("/v1/subsidies/credits?year=2021").await;
    let mandate = year.iter().find(|row| row["part"] == "mandate").unwrap();
    assert_eq!((&mandate["year"], &mandate["nev_credit_percent"]), (&json!(2021), &json!(14)));
    assert!(
        year.iter().any(|row| row["part"] == "formula"
            && row["powertrain"] == "BEV"
            && row["coefficient"] == 0.0056)
    );
    assert!(year.iter().all(|row| row["valid_to"] != "2020-12-31"));
}

#[tokio::test]
async fn each_filter_keeps_what_it_names_and_nothing_else() {
    type Keep = fn(&Value) -> bool;
    let cases: [(&str, &str, Keep); 20] = [
        ("/v1/subsidies", "id=CN-VPT-2018,CN-NEV-2013", |r| {
            r["id"] == "CN-VPT-2018" || r["id"] == "CN-NEV-2013"
        }),
        ("/v1/subsidies", "kind=trade_in,plate_quota", |r| {
            r["kind"] == "trade_in" || r["kind"] == "plate_quota"
        }),
        ("/v1/subsidies", "level=provincial", |r| r["level"] == "provincial"),
        ("/v1/subsidies", "jurisdiction=CN-SH", |r| r["jurisdiction"] == "CN-SH"),
        ("/v1/subsidies", "jurisdiction=children:CN", |r| r["jurisdiction"] != "CN"),
        ("/v1/subsidies", "authority=MOT", |r| r["authorities"].as_array().unwrap().contains(&json!("MOT"))),
        ("/v1/subsidies", "announced=2018-06", |r| r["announced"] == "2018"),
        ("/v1/subsidies", "start=2020-04-23", |r| r["effective_from"].as_str() >= Some("2020-04-23")),
        ("/v1/subsidies", "end=2012", |r| r["effective_from"].as_str() < Some("2013")),
        ("/v1/subsidies", "q=TRADE-IN", |r| {
            format!("{} {}", r["name"], r["summary"]).to_lowercase().contains("trade-in")
        }),
        ("/v1/subsidies/rates", "instrument=CN-NEV-2013", |r| r["instrument"] == "CN-NEV-2013"),
        ("/v1/subsidies/rates", "vehicle_class=charging", |r| r["vehicle_class"] == "charging"),
        ("/v1/subsidies/rates", "powertrain=energy_saving", |r| {
            r["powertrains"].to_string().contains("energy_saving")
        }),
        ("/v1/subsidies/rates", "criterion=length_m&unit=CNY", |r| {
            r["criterion"] == "length_m" && r["unit"] == "CNY"
        }),
        ("/v1/subsidies/rates", "document=gasgoo_2018", |r| r["document"] == "gasgoo_2018"),
        ("/v1/subsidies/rates", "end=2010-05", |r| r["effective_from"].as_str() < Some("2010-06")),
        ("/v1/subsidies/spend", "year=2018", |r| {
            r["year_from"].as_i64() <= Some(2018) && r["year_to"].as_i64() >= Some(2018)
        }),
        ("/v1/subsidies/spend", "jurisdiction=children:CN", |r| r["jurisdiction"] != "CN"),
        ("/v1/subsidies/spend", "unit=USD&measure=support_per_vehicle", |r| {
            r["measure"] == "support_per_vehicle"
        }),
        ("/v1/subsidies/credits", "powertrain=BEV&part=rule", |r| {
            r["part"] == "rule" && (r["powertrain"] == "BEV" || r["powertrain"] == "_T")
        }),
    ];
    let client = Client::bundled().await;
    for (list, query, keep) in cases {
        let all = client.rows(list).await;
        let expected: Vec<Value> = all.into_iter().filter(keep).collect();
        assert!(!expected.is_empty(), "{list}?{query}");
        assert_eq!(client.rows(&format!("{list}?{query}")).await, expected, "{list}?{query}");
    }
}

#[tokio::test]
async fn a_document_finds_the_instruments_that_it_speaks_of() {
    let client = Client::bundled().await;
    let mut expected: Vec<String> = Vec::new();
    for file in ["subsidies/instruments.csv", "subsidies/rates.csv", "subsidies/rules.csv"] {
        let rows = rows(file).into_iter().filter(|row| row["document_id"] == "everychina_2010");
        expected.extend(rows.map(|row| row["instrument_id"].clone()));
    }
    expected.sort();
    expected.dedup();
    assert!(expected.len() > 1);
    assert_eq!(ids(&client.rows("/v1/subsidies?document=everychina_2010").await), expected);
}

#[tokio::test]
async fn all_faults_of_a_request_are_told_at_once() {
    let client = Client::bundled().await;
    let path =
        "/v1/subsidies?kind=purchase_subsidies,quota&powertrain=BEVS&jurisdiction=CN-ZZ&colour=red&limit=0";
    let answer = client.get(path).await.expect(422);
    answer.problem("invalid_parameter");
    let expected = [
        ("kind", "purchase_subsidies"),
        ("kind", "quota"),
        ("jurisdiction", "CN-ZZ"),
        ("powertrain", "BEVS"),
        ("limit", "0"),
        ("colour", "red"),
    ];
    assert_eq!(answer.faults(), expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    assert_eq!(answer.json()["errors"][0]["did_you_mean"][0], "purchase_subsidy");
    for (path, parameter) in [
        ("/v1/subsidies?valid_on=2019-02-30", "valid_on"),
        ("/v1/subsidies/rates?valid_on=May 2019", "valid_on"),
        ("/v1/subsidies/spend?year=18", "year"),
        ("/v1/subsidies/credits?year=2021,next", "year"),
    ] {
        let answer = client.get(path).await.expect(400);
        answer.problem("malformed");
        assert_eq!(answer.faults()[0].0, parameter, "{path}");
    }
    let turned = client.get("/v1/subsidies?start=2020-03&end=2019").await.expect(422);
    turned.problem("invalid_parameter");
    assert_eq!(turned.faults(), [("end".to_owned(), "2019".to_owned())], "the value as it was sent");
    client.get("/v1/subsidies?jurisdiction=children:CN-SH").await.expect(422).problem("invalid_parameter");
    client.get("/v1/subsidies/CN-NEV-2019?valid_on=2019").await.expect(422).problem("invalid_parameter");
}

#[tokio::test]
async fn an_unknown_id_is_not_found_and_the_nearest_are_named() {
    let client = Client::bundled().await;
    let answer = client.get("/v1/subsidies/CN-NEV-2091").await.expect(404);
    answer.problem("not_found");
    assert_eq!(answer.json()["errors"][0]["did_you_mean"][0], "CN-NEV-2019");
    client.get("/v1/subsidies/%00").await.expect(400).problem("malformed");
}

#[tokio::test]
async fn what_is_known_and_has_no_data_is_an_empty_list_with_a_warning() {
    let client = Client::bundled().await;
    for path in [
        "/v1/subsidies?kind=charging_subsidy&jurisdiction=CN-SH",
        "/v1/subsidies/rates?valid_on=1950-01-01&powertrain=ICE&unit=CNY&level=city",
        "/v1/subsidies/spend?year=1999",
        "/v1/subsidies/credits?part=mandate&powertrain=BEV",
    ] {
        let answer = client.get(path).await.expect(200);
        assert_eq!((answer.data(), answer.warnings()), (vec![], vec!["no_data".to_owned()]), "{path}");
        let csv = client.get_with(path, &[("accept", "text/csv")]).await.expect(200);
        assert!(csv.text().lines().count() == 1 && csv.text().contains(",document"), "{path}");
    }
    let empty = Client::empty().await;
    for list in LISTS {
        let answer = empty.get(list).await.expect(200);
        assert_eq!((answer.data(), &answer.json()["meta"]["version"]), (vec![], &json!(0)), "{list}");
    }
}

#[tokio::test]
async fn lists_are_paged_to_their_ends_and_come_in_every_format() {
    let client = Client::bundled().await;
    for list in LISTS {
        client.pages_add_up(list, 7).await;
        client.formats_agree(list).await;
        client.revalidates(list).await;
    }
    client.formats_agree("/v1/subsidies/CN-NEV-2019").await;
    client.revalidates("/v1/subsidies/CN-NEV-2019").await;
}
