//! The sources side by side: their figures, their differences, and the one that answers by default.

use serde_json::{Value, json};

use crate::client::Client;

/// The figure of a source in a comparison.
fn of<'a>(comparison: &'a Value, source: &str) -> &'a Value {
    let figures = comparison["figures"].as_array().unwrap();
    figures.iter().find(|figure| figure["source"] == source).unwrap_or_else(|| panic!("{comparison}"))
}

#[tokio::test]
async fn the_sources_of_2020_differ_by_90_000_new_energy_vehicles() {
    let client = Client::bundled().await;
    let path = "/v1/production/reconcile?powertrain=NEV&start=2020&end=2020";
    let answer = client.get(path).await.expect(200);
    let data = answer.data();
    assert_eq!(data.len(), 1, "{}", answer.text());
    let (nbs, caam) = (of(&data[0], "nbs"), of(&data[0], "caam"));
    assert_eq!((&nbs["value"], &caam["value"]), (&json!(1_456_000), &json!(1_366_000)));
    let best = client.get("/v1/production?powertrain=NEV&start=2020&end=2020").await.expect(200).data();
    assert_eq!(data[0]["best"], best[0]["source"]);
    assert_eq!(of(&data[0], best[0]["source"].as_str().unwrap())["difference"], 0);
    let base = if data[0]["best"] == "caam" { 1_366_000 } else { 1_456_000 };
    assert_eq!(nbs["difference"].as_i64().unwrap() - caam["difference"].as_i64().unwrap(), 90_000);
    let (other, difference) = if base == 1_366_000 { (nbs, 90_000.0) } else { (caam, -90_000.0) };
    assert_eq!(other["difference_percent"], json!(100.0 * difference / f64::from(base)));
    assert_eq!(data[0]["unit"], "vehicles");
    assert!(!nbs["documents"].as_array().unwrap().is_empty() && !nbs["source_note"].is_null());
}

#[tokio::test]
async fn an_old_figure_of_the_planners_stands_beside_that_of_the_association() {
    let client = Client::bundled().await;
    let data = client.rows("/v1/datasets/production/reconcile?start=2007&end=2007").await;
    let (oica, ndrc) = (of(&data[0], "oica"), of(&data[0], "ndrc"));
    assert_eq!((&oica["value"], &ndrc["value"]), (&json!(8_882_456), &json!(9_040_000)));
    assert_eq!(ndrc["difference"].as_i64().unwrap() - oica["difference"].as_i64().unwrap(), 157_544);
}

#[tokio::test]
async fn every_figure_is_one_that_a_query_answers() {
    let client = Client::bundled().await;
    for (path, name) in [("production", "production"), ("charging", "datasets/charging/observations")] {
        let filter = if path == "charging" { "access=*&frequency=A" } else { "measure=*&powertrain=*" };
        let query = |source: &str| format!("/v1/{name}?{filter}&source={source}&limit=10000");
        let (all, best) = (client.rows(&query("all")).await, client.rows(&query("best")).await);
        let compared = client.rows(&format!("/v1/{path}/reconcile?{filter}&min_sources=1")).await;
        let figures: Vec<&Value> = compared.iter().flat_map(|c| c["figures"].as_array().unwrap()).collect();
        assert_eq!(figures.len(), all.len(), "{path}");
        let chosen = figures.iter().filter(|figure| figure["best"] == true).count();
        assert_eq!(chosen, best.len(), "{path}");
        for comparison in &compared {
            let best = comparison["figures"].as_array().unwrap().iter().find(|f| f["best"] == true);
            assert_eq!(best.map_or(&Value::Null, |b| &b["source"]), &comparison["best"]);
            for figure in comparison["figures"].as_array().unwrap() {
                let same = |row: &&Value| {
                    row["source"] == figure["source"]
                        && row["period"] == comparison["period"]
                        && row["series"].as_str() == Some(&key(comparison, figure))
                };
                let row = all.iter().find(same).unwrap_or_else(|| panic!("{comparison}"));
                assert_eq!((&row["value"], &row["status"]), (&figure["value"], &figure["status"]));
                let expected = figure["value"].as_i64().zip(best.and_then(|b| b["value"].as_i64()));
                assert_eq!(figure["difference"].as_i64(), expected.map(|(own, base)| own - base));
            }
        }
    }
}

/// The key of the series of a source.
fn key(comparison: &Value, figure: &Value) -> String {
    comparison["series"]
        .as_str()
        .unwrap()
        .replace(".best.", &format!(".{}.", figure["source"].as_str().unwrap()))
}

#[tokio::test]
async fn named_sources_are_compared_with_the_best_of_them() {
    let client = Client::bundled().await;
    let data = client.rows("/v1/production/reconcile?start=2007&end=2007&source=ndrc,oica").await;
    let sources: Vec<&Value> = data[0]["figures"].as_array().unwrap().iter().map(|f| &f["source"]).collect();
    assert_eq!((sources.len(), &data[0]["best"]), (2, &json!("oica")));
    let last = client.rows("/v1/production/reconcile?last=2").await;
    assert_eq!(last.len(), 2);
    let past = client.rows("/v1/production/reconcile?start=2007&end=2007&as_of=2005").await;
    assert!(past.is_empty());
}

#[tokio::test]
async fn pages_add_up_in_every_format() {
    let client = Client::bundled().await;
    let path = "/v1/production/reconcile?powertrain=NEV,BEV,_T&measure=production,sales";
    client.pages_add_up(path, 7).await;
    client.revalidates(path).await;
    let json = client.rows(path).await;
    let csv = client.get(&format!("{path}&format=csv")).await.expect(200);
    let figures: Vec<(&Value, &Value)> = json
        .iter()
        .flat_map(|c| c["figures"].as_array().unwrap().iter().map(move |figure| (c, figure)))
        .collect();
    assert!(
        csv.text().starts_with("series,frequency,period,unit,measure,source,geo,maker,"),
        "{}",
        csv.text()
    );
    let rows = csv.csv();
    assert_eq!(rows.len(), figures.len());
    for (row, (comparison, figure)) in rows.iter().zip(figures) {
        assert_eq!(row["period"], comparison["period"].as_str().unwrap());
        assert_eq!(row["source"], figure["source"].as_str().unwrap());
        assert_eq!(
            row["difference"],
            figure["difference"].as_i64().map(|d| d.to_string()).unwrap_or_default()
        );
    }
    let mut lines = client.get(&format!("{path}&format=ndjson")).await.expect(200).ndjson();
    assert_eq!(lines.pop().unwrap()["rows"], json.len());
    assert_eq!(lines, json);
}

#[tokio::test]
async fn what_cannot_be_compared_is_refused_or_empty() {
    let client = Client::bundled().await;
    let query = "source=best&transform=yoy&min_sources=0&shape=rows&geo=XX";
    let wrong = client.get(&format!("/v1/production/reconcile?{query}")).await.expect(422);
    let mut names: Vec<String> = wrong.faults().into_iter().map(|(name, _)| name).collect();
    names.sort();
    assert_eq!(names, ["geo", "min_sources", "shape", "source", "transform"]);
    client.get("/v1/production/reconcile?source=oica").await.expect(422);
    client.get("/v1/datasets/none/reconcile").await.expect(404).problem("not_found");
    let empty = client.get("/v1/production/reconcile?start=1900&end=1901").await.expect(200);
    assert_eq!((empty.data().len(), empty.warnings()), (0, vec!["no_data".to_owned()]));
}
