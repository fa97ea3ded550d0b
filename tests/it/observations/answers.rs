//! The questions that the service was made for, with their answers.

use serde_json::json;

use super::{each, figures};
use crate::client::Client;

#[tokio::test]
async fn production_without_a_word_more_is_that_of_china_by_year() {
    let client = Client::bundled().await;
    let answer = client.get("/v1/production").await.expect(200);
    let rows = answer.data();
    for dimension in ["maker", "brand", "model", "vehicle_class", "powertrain"] {
        assert_eq!(each(&rows, dimension).into_iter().collect::<Vec<_>>(), ["_T"]);
    }
    assert_eq!(
        (each(&rows, "geo").len(), each(&rows, "measure").len(), each(&rows, "frequency").len()),
        (1, 1, 1)
    );
    assert!(rows.iter().all(|row| row["geo"] == "CN" && row["measure"] == "production"));
    let figures = figures(&rows);
    assert!(figures.is_sorted_by(|a, b| a.0 < b.0), "a year stands once");
    let last = &figures[figures.len() - 2..];
    assert_eq!((figures[0], last), (("1955", 61), &[("2025", 34_531_000), ("2026", 2_450_000)][..]));
    for row in &rows {
        let january = row["period"] == "2026";
        let told = json!([row["derived"], row["coverage"]]);
        assert_eq!(told, if january { json!([true, "1/12"]) } else { json!([false, null]) }, "{row}");
    }
    let january = client.get("/v1/production?frequency=M&start=2026").await.expect(200).data();
    assert_eq!(super::figures(&january), [("2026-01", 2_450_000)], "what there is of 2026");
    let meta = &answer.json()["meta"];
    assert_eq!(
        (&meta["unit"], &meta["complete"], &meta["coverage"]["first"]),
        (&json!("vehicles"), &json!(true), &json!("1955"))
    );
    let same = client.get("/v1/datasets/production/observations").await.expect(200);
    assert_eq!(same.data(), rows);
}

#[tokio::test]
async fn production_rose_steeply_after_2001() {
    let client = Client::bundled().await;
    let rows = client.get("/v1/production?start=1990&end=2010").await.expect(200).data();
    let value = |year: &str| {
        figures(&rows).into_iter().find(|(period, _)| *period == year).map(|(_, value)| value).unwrap()
    };
    assert_eq!((value("1990"), value("1995"), value("2000")), (509_242, 1_434_772, 2_069_069));
    assert_eq!((value("2001"), value("2009"), value("2010")), (2_330_000, 13_790_994, 18_264_761));
    let after: Vec<_> = figures(&rows).into_iter().filter(|(year, _)| *year >= "2000").collect();
    assert!(after.len() == 11 && after.is_sorted_by(|a, b| a.1 < b.1), "it rose every year: {after:?}");
}

#[tokio::test]
async fn what_oica_said_of_2019_and_2020_then_and_now() {
    let client = Client::bundled().await;
    let oica = "/v1/production?source=oica&start=2019&end=2020";
    let now = client.get(oica).await.expect(200).data();
    assert_eq!(figures(&now), [("2019", 25_750_650), ("2020", 25_225_242)]);
    let then = client.get(&format!("{oica}&as_of=2021-12-31")).await.expect(200);
    assert_eq!(figures(&then.data())[0], ("2019", 25_720_665));
    assert_eq!(then.json()["meta"]["as_of"], "2021-12-31");
    let series = "/v1/series/production:A.production.oica.CN._T._T._T._T._T";
    let vintages = client.get(&format!("{series}/vintages?start=2019&end=2019")).await.expect(200).data();
    let told: Vec<_> = vintages.iter().map(|v| (&v["value"], &v["current"], &v["document"])).collect();
    assert_eq!(
        json!(told),
        json!([[25_720_665, false, "rdatasets-mvprod"], [25_750_650, true, "ktt-2022-n3"]])
    );
    let confirmed: Vec<_> =
        vintages[0]["confirmed_by"].as_array().unwrap().iter().map(|p| &p["document"]).collect();
    assert_eq!(json!(confirmed), json!(["jhelvy-oica-production"]));
}

#[tokio::test]
async fn caam_and_nbs_stand_beside_oica_and_are_not_merged() {
    let client = Client::bundled().await;
    let rows = client.get("/v1/production?source=all&start=2019&end=2019").await.expect(200).data();
    let of = |source: &str| {
        rows.iter().find(|row| row["source"] == source).map(|row| row["value"].as_i64().unwrap())
    };
    assert_eq!((of("oica"), of("caam")), (Some(25_750_650), Some(25_721_000)));
    let nev =
        client.get("/v1/production?source=all&powertrain=NEV&start=2020&end=2020").await.expect(200).data();
    let of = |source: &str| {
        nev.iter().find(|row| row["source"] == source).map(|row| row["value"].as_i64().unwrap())
    };
    assert_eq!((of("nbs"), of("caam")), (Some(1_456_000), Some(1_366_000)));
    let monthly = "/v1/production?source=nbs,caam&frequency=M&start=2021-06&end=2021-06";
    let june = client.get(monthly).await.expect(200).data();
    let told: Vec<_> = june.iter().map(|row| (&row["source"], &row["value"])).collect();
    assert_eq!(json!(told), json!([["caam", 1_943_000], ["nbs", 2_038_000]]));
}

#[tokio::test]
async fn the_largest_producers_of_the_world_stand_side_by_side() {
    let client = Client::bundled().await;
    let query = "/v1/production?vehicle_class=PV&geo=*&source=oica&start=2022&end=2022&sort=-value";
    let rows = client.get(query).await.expect(200).data();
    let first: Vec<_> = rows.iter().take(4).map(|row| (&row["geo"], &row["value"])).collect();
    assert_eq!(
        json!(first),
        json!([["CN", 23_836_083], ["JP", 6_566_356], ["IN", 4_439_039], ["DE", 3_480_357]])
    );
    assert!(rows.len() > 30 && figures(&rows).is_sorted_by(|a, b| a.1 >= b.1));
}

#[tokio::test]
async fn monthly_sales_of_new_energy_vehicles_name_their_documents() {
    let client = Client::bundled().await;
    let rows = client.get("/v1/production?measure=sales&powertrain=NEV&frequency=M").await.expect(200).data();
    assert!(rows.len() > 40, "{}", rows.len());
    assert!(
        rows.iter()
            .all(|row| row["frequency"] == "M" && row["source"] == "caam" && row["low_trust"] == false)
    );
    for document in each(&rows, "document").into_iter().take(10) {
        let known = client.get(&format!("/v1/documents/{document}")).await.expect(200);
        assert_eq!(known.json()["data"]["id"], document);
    }
    let annual = client.get("/v1/production?measure=sales&powertrain=NEV").await.expect(200).data();
    let told: Vec<_> =
        figures(&annual).into_iter().filter(|(y, _)| ["2013", "2020", "2022", "2023"].contains(y)).collect();
    assert_eq!(told, [("2013", 17_642), ("2020", 1_367_000), ("2022", 6_887_000), ("2023", 9_495_000)]);
}

#[tokio::test]
async fn public_outlets_passed_half_a_million_at_the_end_of_2019() {
    let client = Client::bundled().await;
    let year = "frequency=A&start=2019&end=2019&access=public";
    let slow_and_fast = format!("/v1/charging?{year}&source=iea&current=AC,DC");
    for query in [format!("{slow_and_fast}&as_of=2023-12-31"), slow_and_fast] {
        let answer = client.get(&query).await.expect(200);
        let told: Vec<_> = answer.data().iter().map(|row| json!([row["current"], row["value"]])).collect();
        assert_eq!(told, [json!(["AC", 301_238]), json!(["DC", 214_670])]);
        assert_eq!(answer.json()["meta"]["sources"][0]["source"], "iea");
        assert!(answer.text().contains("IEA"), "its attribution stands in the answer");
    }
    let bnef = client.get(&format!("/v1/charging?{year}&source=bnef")).await.expect(200).data();
    assert_eq!(figures(&bnef), [("2019", 516_000)]);
    assert!(bnef[0]["note"].as_str().unwrap().contains("over 500,000"));
}
