//! Quotes: what a vehicle gets, worked out by hand; how instruments stack; what is told where something is not known.

mod stacking;
mod table;

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::client::Client;
use crate::files::rows;

/// The path of a quote of one day.
fn path(on: &str, vehicle: &str) -> String {
    format!("/v1/subsidies/quote?on={on}&{vehicle}")
}

/// The one quote of a day.
async fn quote(client: &Client, path: &str) -> Value {
    let answer = client.get(path).await.expect(200).json();
    let quotes = answer["data"].as_array().unwrap();
    assert_eq!(quotes.len(), 1, "{path}");
    quotes[0].clone()
}

fn instrument<'a>(quote: &'a Value, id: &str) -> Option<&'a Value> {
    quote["instruments"].as_array().unwrap().iter().find(|one| one["instrument"] == id)
}

/// The least and the most that an instrument gives; nothing where it is not in force.
fn given(quote: &Value, id: &str) -> (f64, f64) {
    let Some(one) = instrument(quote, id) else { return (0.0, 0.0) };
    if one["applies"] == "not_stated" {
        return (0.0, 0.0);
    }
    let amount = &one["amount"];
    assert!(!amount.is_null(), "{id} is not computed: {}", one["reason"]);
    (amount["min_cny"].as_f64().unwrap(), amount["max_cny"].as_f64().unwrap())
}

#[tokio::test]
async fn quotes_are_as_worked_out_by_hand() {
    let client = Client::bundled().await;
    let worked = table::worked();
    assert!(worked.len() >= 100);
    let known: BTreeSet<String> =
        rows("subsidies/instruments.csv").iter().map(|row| row["instrument_id"].clone()).collect();
    assert!(worked.iter().all(|(_, _, id, ..)| known.contains(*id)));
    let mut wrong = Vec::new();
    for (on, vehicle, id, least, most) in worked {
        let found = given(&quote(&client, &path(on, vehicle)).await, id);
        if found != (least, most) {
            wrong.push(format!("{on} {vehicle} {id}: {least} to {most} expected, found {found:?}"));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[tokio::test]
async fn every_criterion_of_the_rules_is_a_parameter_of_the_contract() {
    let client = Client::bundled().await;
    let quote = client.get(&path("2020-01-01", "powertrain=BEV")).await.expect(200).json();
    let criteria: BTreeSet<&str> =
        quote["meta"]["criteria"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    let document = client.get("/openapi.json").await.expect(200).json();
    let parameters = &document["paths"]["/v1/subsidies/quote"]["get"]["parameters"];
    let described: BTreeSet<&str> =
        parameters.as_array().unwrap().iter().map(|parameter| parameter["name"].as_str().unwrap()).collect();
    assert!(criteria.is_subset(&described), "{:?}", criteria.difference(&described));
    // The criterion of a ceiling says which grants it bounds.
    let named: BTreeSet<String> = rows("subsidies/rules.csv")
        .iter()
        .filter(|row| row["part"] != "ceiling")
        .map(|row| row["criterion"].clone())
        .collect();
    for criterion in named.iter().filter(|criterion| !criterion.is_empty()) {
        assert!(criteria.contains(criterion.as_str()), "{criterion}");
    }
}

#[tokio::test]
async fn a_quote_tells_which_rule_held_and_how_the_amount_came_about() {
    let client = Client::bundled().await;
    let vehicle = "powertrain=BEV&range_km=400&battery_kwh=40&energy_density_wh_kg=140&efficiency_gain_percent=5&top_speed_kmh=120";
    let quote = quote(&client, &path("2018-07-01", vehicle)).await;
    let scheme = &instrument(&quote, "CN-NEV-2018").unwrap()["schemes"][0];
    let steps: Vec<_> = scheme["steps"].as_array().unwrap().iter().collect();
    let told: Vec<(&str, Option<f64>)> = steps
        .iter()
        .map(|step| (step["part"].as_str().unwrap(), step["amount"]["amount_cny"].as_f64()))
        .collect();
    let expected =
        [("amount", 50_000.0), ("limit", 48_000.0), ("multiplier", 48_000.0), ("multiplier", 52_800.0)];
    assert_eq!(told, expected.map(|(part, amount)| (part, Some(amount))));
    let checks = scheme["checks"].as_array().unwrap();
    let band = checks.iter().find(|check| check["part"] == "amount").unwrap();
    let expected = json!({
        "rule": "CN-NEV-2018-15", "part": "amount", "criterion": "range_km", "given": "400", "outcome": "pass",
        "detail": "range_km is 400, at least 400: 50000 CNY", "value": 50000, "unit": "CNY", "verification": "read",
        "document": "gasgoo_2018", "note": null,
    });
    assert_eq!(*band, expected);
    assert!(checks.iter().all(|check| check["outcome"] == "pass"));
}

#[tokio::test]
async fn what_was_not_given_is_unknown_and_what_it_would_change_is_said() {
    let client = Client::bundled().await;
    let answer = client.get(&path("2020-08-01", "powertrain=PHEV&range_km=60")).await.expect(200).json();
    let quote = &answer["data"][0];
    assert_eq!(quote["unknown"], json!(["price_cny", "use"]));
    assert_eq!(
        (&quote["total_cny"], &quote["min_cny"], &quote["max_cny"]),
        (&json!(null), &json!(0), &json!(null))
    );
    let one = instrument(quote, "CN-NEV-2020").unwrap();
    assert_eq!((&one["applies"], &one["amount"]["max_cny"]), (&json!("unknown"), &json!(8500)));
    let checks = one["schemes"][0]["checks"].as_array().unwrap();
    let told: Vec<_> =
        checks.iter().filter(|check| check["outcome"] == "unknown").map(|check| &check["detail"]).collect();
    let price =
        "price_cny is not given; if it is below 300000.01: the condition holds; otherwise nothing is granted";
    assert_eq!(told, [&json!("use is not given; if it is one of commercial: times 0.7"), &json!(price)]);
    let codes: Vec<_> =
        answer["warnings"].as_array().unwrap().iter().map(|warning| &warning["code"]).collect();
    assert_eq!(codes, ["unverified", "left_out", "not_given"]);
}

#[tokio::test]
async fn rates_in_words_are_told_and_left_out_of_the_total() {
    let client = Client::bundled().await;
    let vehicle = "powertrain=BEV&jurisdiction=CN-SH&range_km=420&price_cny=200000";
    let quote = quote(&client, &path("2018-08-01", vehicle)).await;
    let local = instrument(&quote, "CN-SH-2018").unwrap();
    assert_eq!(
        (&local["computable"], &local["applies"], &local["amount"]),
        (&json!(false), &json!("unknown"), &json!(null))
    );
    let holds: Vec<_> =
        local["rates"].as_array().unwrap().iter().filter(|rate| rate["outcome"] == "pass").collect();
    assert_eq!(
        (holds.len(), &holds[0]["amount"], &holds[0]["document"]),
        (1, &json!(25000), &json!("gh_local_2018"))
    );
    assert_eq!(quote["complete"], false);
    assert!(quote["left_out"].as_array().unwrap().contains(&json!("CN-SH-2018")));
    // Nothing is held of what is for buses that would be for a car: it is not left out.
    assert_eq!(instrument(&quote, "CN-BUSOP-2015").unwrap()["applies"], "not_stated");
    assert!(!quote["left_out"].as_array().unwrap().contains(&json!("CN-BUSOP-2015")));
    let elsewhere =
        client.get(&path("2018-08-01", "powertrain=BEV&jurisdiction=CN-BJ")).await.expect(200).json();
    assert!(instrument(&elsewhere["data"][0], "CN-SH-2018").is_none());
}

#[tokio::test]
async fn plates_are_told_as_no_sum_of_money() {
    let client = Client::bundled().await;
    let quote = quote(&client, &path("2022-06-01", "powertrain=PHEV&jurisdiction=CN-SH")).await;
    let plates = instrument(&quote, "CN-SH-PLATE").unwrap();
    assert_eq!(
        (&plates["benefit"], &plates["amount"], &plates["applies"]),
        (&json!("plate"), &json!(null), &json!("unknown"))
    );
    assert_eq!(plates["rates"][0]["condition"], "free plate until 31 Dec 2022, none from 1 Jan 2023");
    assert!(!quote["left_out"].as_array().unwrap().contains(&json!("CN-SH-PLATE")));
}

#[tokio::test]
async fn the_purchase_tax_is_told_with_what_is_left_of_it() {
    let client = Client::bundled().await;
    let quote =
        quote(&client, &path("2024-06-01", "powertrain=BEV&price_cny=565000&scrapped_old_car=false")).await;
    let tax = &quote["purchase_tax"];
    let told = ["price_without_vat_cny", "vat_percent", "tax_percent"].map(|name| tax[name].clone());
    assert_eq!(told, [json!(500_000), json!(13), json!(10)]);
    assert_eq!((&tax["tax"]["amount_cny"], &tax["due"]["amount_cny"]), (&json!(50000), &json!(20000)));
    assert_eq!((&quote["tax_relief"]["amount_cny"], &quote["total_cny"]), (&json!(30000), &json!(30000)));
    assert_eq!(tax["documents"], json!(["tax_2014", "vat-rates"]));
    let before = client.get(&path("2000-06-01", "powertrain=BEV")).await.expect(200).json();
    assert_eq!(before["data"][0]["purchase_tax"], json!(null));
}

#[tokio::test]
async fn several_days_are_answered_in_the_stretches_in_which_nothing_changes() {
    let client = Client::bundled().await;
    let path = "/v1/subsidies/quote?from=2013&to=2015&powertrain=PHEV&range_km=60&price_cny=117000";
    let answer = client.get(path).await.expect(200).json();
    let told: Vec<_> = answer["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|quote| {
            (quote["from"].as_str().unwrap(), quote["to"].as_str().unwrap(), quote["total_cny"].as_f64())
        })
        .collect();
    let expected = [
        ("2013-01-01", "2013-12-31", 35_000.0),
        ("2014-01-01", "2014-08-31", 33_250.0),
        ("2014-09-01", "2014-12-31", 43_250.0),
        // What documents say in words of the yearly vehicle tax changes.
        ("2015-01-01", "2015-05-17", 41_500.0),
        ("2015-05-18", "2015-12-31", 41_500.0),
    ];
    assert_eq!(told, expected.map(|(from, to, total)| (from, to, Some(total))));
}

#[tokio::test]
async fn by_the_knowledge_of_a_day_what_no_document_proved_is_not_computed() {
    let client = Client::bundled().await;
    let quote = quote(&client, &path("2018-07-01", "powertrain=BEV&range_km=420&as_of=2010")).await;
    let one = instrument(&quote, "CN-NEV-2018").unwrap();
    assert_eq!((&one["computable"], &one["applies"]), (&json!(false), &json!("unknown")));
    assert!(one["reason"].as_str().unwrap().contains("CN-NEV-2018-15"), "{}", one["reason"]);
}

#[tokio::test]
async fn many_vehicles_are_quoted_at_once_each_with_what_holds_for_all_and_its_own() {
    let client = Client::bundled().await;
    let body = json!({
        "on": "2013-06-01", "powertrain": "BEV",
        "vehicles": [
            {"name": "far", "range_km": 250},
            {"name": "near", "range_km": "80"},
            {"powertrain": "PHEV", "range_km": 50, "on": "2014-06-01"},
        ],
    });
    let answer = client.post("/v1/subsidies/quote", &body).await.expect(200);
    assert_eq!(answer.headers["cache-control"], "no-store");
    let told: Vec<_> = answer.json()["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|quote| (quote["vehicle"].clone(), quote["total_cny"].as_f64().unwrap()))
        .collect();
    assert_eq!(told, [(json!("far"), 60_000.0), (json!("near"), 35_000.0), (json!("3"), 33_250.0)]);
}

#[tokio::test]
async fn wrong_vehicles_are_refused_with_all_their_faults() {
    let client = Client::bundled().await;
    let faults = |answer: Value| -> Vec<String> {
        let errors = answer["errors"].as_array().unwrap().iter();
        errors.map(|fault| fault["parameter"].as_str().unwrap().to_owned()).collect()
    };
    let wrong = "/v1/subsidies/quote?powertrain=NEV&range_km=-5&jurisdiction=CN-SH-PD&use=rent&scrapped_old_car=true\
                 &sold_old_car=true&scheme=none&price_cny=1e5&length=3&as_of=June";
    let answer = client.get(wrong).await.expect(400).json();
    let told: BTreeSet<String> = faults(answer).into_iter().collect();
    let expected = [
        "as_of",
        "jurisdiction",
        "length",
        "powertrain",
        "price_cny",
        "range_km",
        "scheme",
        "sold_old_car",
        "use",
    ];
    assert_eq!(told, expected.map(str::to_owned).into());
    let region =
        client.get(&path("2020-01-01", "powertrain=BEV&jurisdiction=CN-SH-PD")).await.expect(422).json();
    assert_eq!(region["errors"][0]["did_you_mean"][0], "CN-SH");
    for (query, parameter) in [
        ("on=2020&powertrain=BEV", "on"),
        ("on=2020-01-01&from=2020&powertrain=BEV", "on"),
        ("from=2199&powertrain=BEV", "from"),
        ("from=2021&to=2020&powertrain=BEV", "to"),
        ("on=2020-01-01", "powertrain"),
    ] {
        let answer = client.get(&format!("/v1/subsidies/quote?{query}")).await.expect(422).json();
        assert_eq!(faults(answer), [parameter], "{query}");
    }
    let body = json!({"on": "2020-01-01", "vehicles": [
        {"name": "a", "powertrain": "BEV"}, {"name": "a", "powertrain": "BEV"}, {"powertrain": "X", "range_km": -1},
    ], "jurisdiction": "MOON"});
    let answer = client.post("/v1/subsidies/quote", &body).await.expect(422).json();
    assert_eq!(faults(answer), ["jurisdiction", "vehicles[2].powertrain", "vehicles[2].range_km"]);
    let body = json!({"on": "2020-01-01", "vehicles": [{"name": "a", "powertrain": "BEV"}, {"name": "a", "powertrain": "BEV"}]});
    let answer = client.post("/v1/subsidies/quote", &body).await.expect(422).json();
    assert_eq!(faults(answer), ["vehicles[1].name"]);
    for (body, status) in [
        (json!({"vehicles": []}), 422),
        (json!({"on": "2020-01-01"}), 422),
        (json!([]), 400),
        (json!({"vehicles": [1]}), 400),
        (json!({"vehicles": {"a": 1}}), 400),
    ] {
        client.post("/v1/subsidies/quote", &body).await.expect(status);
    }
}

#[tokio::test]
async fn silence_is_not_told_as_no() {
    let client = Client::bundled().await;
    for (on, vehicle, id) in [
        ("2024-05-15", "powertrain=HEV&scrapped_old_car=true&displacement_l=1.8", "CN-TRADEIN-2024"),
        ("2016-06-01", "powertrain=BEV&vehicle_class=CV_TRUCK", "CN-NEV-2017"),
        ("2019-05-01", "powertrain=BEV", "CN-DUALCREDIT-1"),
    ] {
        let quote = quote(&client, &path(on, vehicle)).await;
        let applies = instrument(&quote, id).map(|one| one["applies"].clone());
        assert!(applies.is_none_or(|applies| applies == "not_stated"), "{on} {vehicle} {id}");
    }
    let credits = quote(&client, &path("2019-05-01", "powertrain=BEV")).await;
    let reason = &instrument(&credits, "CN-DUALCREDIT-1").unwrap()["reason"];
    assert!(reason.as_str().unwrap().contains("/v1/subsidies/credits/quote"), "{reason}");
}

#[tokio::test]
async fn what_stands_for_several_classes_or_regions_without_anything_is_refused() {
    let client = Client::bundled().await;
    for query in ["vehicle_class=_T", "vehicle_class=CV", "vehicle_class=public_service", "jurisdiction=US"] {
        let name = query.split('=').next().unwrap();
        let answer =
            client.get(&path("2021-06-01", &format!("powertrain=BEV&{query}"))).await.expect(422).json();
        assert_eq!(answer["errors"][0]["parameter"], name, "{query}");
    }
    client.get(&path("2021-06-01", "powertrain=supercapacitor&vehicle_class=CV_BUS")).await.expect(200);
}

#[tokio::test]
async fn a_quote_says_on_what_it_rests_and_what_would_narrow_it() {
    let client = Client::bundled().await;
    // A zero that an unverified condition decides.
    let zero = quote(&client, &path("2011-01-01", "powertrain=BEV&battery_kwh=14.9&city=Shanghai")).await;
    assert_eq!(zero["unverified"], true);
    // A tax that was told needs no rule of the value-added tax.
    let told = "powertrain=BEV&price_without_vat_cny=200000&scrapped_old_car=false";
    let told = quote(&client, &path("2024-06-01", told)).await;
    assert_eq!(
        (&told["unverified"], &told["purchase_tax"]["rules"]),
        (&json!(false), &json!(["CN-VPT-BASE-04"]))
    );
    let schemes = quote(&client, &path("2019-05-01", "powertrain=PHEV&range_km=60&price_cny=100000")).await;
    assert_eq!(schemes["unknown"], json!(["scheme"]));
    // A figure with more digits than can be held is refused, not rounded over an edge.
    let digits = "powertrain=BEV&range_km=249.99999999999999999999999999999999";
    client.get(&path("2013-06-01", digits)).await.expect(422);
    // Conditions that only documents word are told beside what is computed.
    let words = quote(&client, &path("2024-05-15", "powertrain=BEV&scrapped_old_car=true")).await;
    assert!(!instrument(&words, "CN-TRADEIN-2024").unwrap()["rates"].as_array().unwrap().is_empty());
    let failed = "powertrain=BEV&range_km=430&battery_kwh=60&energy_density_wh_kg=160&efficiency_gain_percent=25&top_speed_kmh=150\
                  &use=private&price_cny=358000";
    let failed = quote(&client, &path("2021-06-01", failed)).await;
    assert!(
        instrument(&failed, "CN-NEV-2020").unwrap()["reason"].as_str().unwrap().contains("CN-NEV-2020-47")
    );
}

#[tokio::test]
async fn by_the_knowledge_of_a_day_a_tax_without_a_proven_rate_is_told_as_such() {
    let client = Client::bundled().await;
    let before =
        quote(&client, &path("2018-03-01", "powertrain=BEV&price_cny=117000&as_of=2019-03-19")).await;
    let relief = instrument(&before, "CN-VPT-2018").unwrap();
    assert_eq!((&relief["applies"], &relief["amount"]), (&json!("unknown"), &json!(null)));
    assert!(relief["reason"].as_str().unwrap().contains("value-added tax"));
    assert!(!before["unknown"].as_array().unwrap().contains(&json!("price_cny")));
    let rates = quote(&client, &path("2018-07-01", "powertrain=BEV&jurisdiction=CN-SH&as_of=2010")).await;
    assert_eq!(instrument(&rates, "CN-SH-2018").unwrap()["rates"], json!([]));
}

#[tokio::test]
async fn local_grants_are_bounded_by_the_national_ones() {
    let client = Client::bundled().await;
    let quote = quote(&client, &path("2018-03-01", "powertrain=PHEV&range_km=60&jurisdiction=CN-SH")).await;
    let expected = json!([{
        "rule": "CN-LOCALCAP-2017-01", "verification": "read", "document": "iea_2698", "instruments": ["CN-LOCALCAP-2017"],
        "detail": "local grants together are at most 8400 CNY",
    }]);
    assert_eq!(quote["stacking"], expected);
}

#[tokio::test]
async fn more_quotes_than_one_answer_holds_are_refused() {
    let client = Client::bundled().await;
    let vehicles: Vec<Value> = (0..100).map(|_| json!({"powertrain": "BEV"})).collect();
    let body = json!({"from": "1900", "to": "2199", "vehicles": vehicles});
    let answer = client.post("/v1/subsidies/quote", &body).await.expect(422).json();
    assert!(answer["errors"][0]["detail"].as_str().unwrap().contains("at most 1000"));
}

#[tokio::test]
async fn without_a_day_it_is_today_and_without_a_first_one_all_that_is_held() {
    let client = Client::bundled().await;
    let today = client.app.clock.today().to_string();
    let now = client.get("/v1/subsidies/quote?powertrain=BEV").await.expect(200);
    assert_eq!(
        (&now.json()["data"][0]["from"], &now.json()["data"][0]["to"]),
        (&json!(today), &json!(today))
    );
    let since = client.get("/v1/subsidies/quote?powertrain=ICE&from=2024").await.expect(200).json();
    assert_eq!(since["data"].as_array().unwrap().last().unwrap()["to"], json!(today));
    let all = client.get("/v1/subsidies/quote?powertrain=ICE&to=2024").await.expect(200).json();
    assert_eq!(
        (&all["data"][0]["from"], all["data"].as_array().unwrap().last().unwrap()["to"].as_str()),
        (&json!("2001-01-01"), Some("2024-12-31"))
    );
    let clock = china_auto::clock::Clock::fixed(client.app.clock.now() + chrono::Days::new(1));
    let before = now.headers["etag"].clone();
    let client = client.tuned(|app| app.clock = clock);
    let tomorrow = client.get("/v1/subsidies/quote?powertrain=BEV").await.expect(200);
    assert_ne!(tomorrow.headers["etag"], before);
}

#[tokio::test]
async fn a_day_before_anything_has_no_instruments_and_says_so() {
    let client = Client::bundled().await;
    let answer = client.get(&path("1950-01-01", "powertrain=BEV")).await.expect(200).json();
    assert_eq!(answer["data"][0]["instruments"], json!([]));
    assert_eq!(answer["warnings"][0]["code"], "no_data");
}

#[tokio::test]
async fn credits_are_those_of_the_formula_of_the_phase() {
    let client = Client::bundled().await;
    for (query, credits) in [
        // 0.012 x 300 + 0.8, at most 5
        ("on=2018-04-01&powertrain=BEV&range_km=300", Some(4.4)),
        ("on=2020-12-31&powertrain=BEV&range_km=400", Some(5.0)),
        ("on=2019-01-01&powertrain=PHEV", Some(2.0)),
        // 0.16 x 30
        ("on=2019-01-01&powertrain=FCEV&power_kw=30", Some(4.8)),
        // 0.0056 x 420 + 0.4
        ("on=2021-05-01&powertrain=BEV&range_km=420", Some(2.752)),
        ("on=2023-12-31&powertrain=EREV", Some(1.6)),
        // 0.0034 x 500 + 0.2
        ("on=2024-01-01&powertrain=BEV&range_km=500", Some(1.9)),
        ("on=2025-12-31&powertrain=BEV&range_km=700", Some(2.3)),
        ("on=2018-03-31&powertrain=BEV&range_km=300", None),
        ("on=2019-01-01&powertrain=ICE", None),
    ] {
        let answer = client.get(&format!("/v1/subsidies/credits/quote?{query}")).await.expect(200).json();
        assert_eq!(answer["data"]["credits"].as_f64(), credits, "{query}");
        assert_eq!(answer["data"]["formula"].is_null(), credits.is_none(), "{query}");
    }
    let open =
        client.get("/v1/subsidies/credits/quote?on=2021-05-01&powertrain=BEV").await.expect(200).json();
    let data = &open["data"];
    let told = (&data["credits"], &data["min_credits"], &data["max_credits"], &data["unknown"]);
    assert_eq!(told, (&json!(null), &json!(0.4), &json!(3.4), &json!("range_km")));
    assert_eq!(data["mandates"][0]["nev_credit_percent"], 14);
    let codes: Vec<_> = open["warnings"].as_array().unwrap().iter().map(|warning| &warning["code"]).collect();
    assert_eq!(codes, ["unverified", "not_given"]);
    let wrong =
        client.get("/v1/subsidies/credits/quote?powertrain=NEV&range_km=-1&on=2021").await.expect(422).json();
    assert_eq!(wrong["errors"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn a_schedule_has_each_band_of_each_time() {
    let client = Client::bundled().await;
    let answer =
        client.get("/v1/subsidies/schedule?instrument=CN-NEV-2019&powertrain=BEV").await.expect(200).json();
    let told: Vec<_> = answer["data"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|band| band["min"] == 400)
        .map(|band| {
            (band["scheme"].clone(), band["valid_from"].clone(), band["amount_cny"].as_f64().unwrap())
        })
        .collect();
    let expected = [
        (json!("meets_2018_rules_only"), json!("2019-03-26"), 5_000.0),
        (json!("meets_2019_rules"), json!("2019-03-26"), 30_000.0),
        (json!(null), json!("2019-06-26"), 25_000.0),
    ];
    assert_eq!(told, expected);
    let all = client.get("/v1/subsidies/schedule").await.expect(200).json();
    let banded = rows("subsidies/rules.csv");
    let banded = banded.iter().filter(|row| {
        row["part"] == "amount"
            && row["criterion"] == "range_km"
            && !(row["min"].is_empty() && row["max"].is_empty())
    });
    assert_eq!(all["data"].as_array().unwrap().len(), banded.count());
    let pages = client.pages("/v1/subsidies/schedule?limit=7").await;
    let together: Vec<Value> =
        pages.iter().flat_map(|page| page.json()["data"].as_array().unwrap().clone()).collect();
    assert_eq!(together, *all["data"].as_array().unwrap());
    let in_2016 =
        client.get("/v1/subsidies/schedule?start=2016&end=2016&powertrain=BEV").await.expect(200).json();
    assert_eq!(in_2016["data"].as_array().unwrap().len(), 3);
    client.get("/v1/subsidies/schedule?by=colour").await.expect(422);
}

#[tokio::test]
async fn the_largest_grant_of_a_car_is_a_series() {
    let client = Client::bundled().await;
    let vehicle = "powertrain=BEV&range_km=400&battery_kwh=60&energy_density_wh_kg=130&efficiency_gain_percent=10&top_speed_kmh=120\
                   &use=private&price_cny=200000";
    let path = format!("/v1/subsidies/schedule/series?frequency=A&start=2013&end=2023&{vehicle}");
    let answer = client.get(&path).await.expect(200).json();
    let told: Vec<_> = answer["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|point| (point["period"].as_str().unwrap(), point["max_grant_cny"].as_f64().unwrap()))
        .collect();
    let expected = [
        ("2013", 60_000.0),
        ("2014", 57_000.0),
        ("2015", 54_000.0),
        ("2016", 55_000.0),
        ("2017", 48_400.0),
        ("2018", 50_000.0),
        // 25,000 x 0.8 x 0.8
        ("2019", 16_000.0),
        // 22,500 x 0.8 x 1
        ("2020", 18_000.0),
        ("2021", 14_400.0),
        ("2022", 10_080.0),
        ("2023", 0.0),
    ];
    assert_eq!(told, expected);
    let months = client
        .get(&format!("/v1/subsidies/schedule/series?start=2019&end=2019-06&{vehicle}"))
        .await
        .expect(200);
    assert_eq!(months.json()["data"].as_array().unwrap().len(), 6);
    for query in [
        "powertrain=BEV",
        "start=2020&end=2019&powertrain=BEV",
        "start=2019-02&end=2019-02&frequency=A&powertrain=BEV",
    ] {
        client.get(&format!("/v1/subsidies/schedule/series?{query}")).await.expect(422);
    }
}

#[tokio::test]
async fn an_instrument_tells_rates_that_are_at_odds() {
    let client = Client::bundled().await;
    let answer = client.get("/v1/subsidies/CN-TRADEIN-2024").await.expect(200).json();
    let codes: Vec<_> =
        answer["warnings"].as_array().unwrap().iter().map(|warning| &warning["code"]).collect();
    assert_eq!(codes, ["rates_at_odds", "rates_at_odds"]);
    let answer = client.get("/v1/subsidies/CN-NEV-2017").await.expect(200).json();
    assert_eq!(answer["warnings"], json!([]));
}
