//! What is refused, and what is said of it.

use serde_json::json;

use super::whole::everything;
use crate::client::Client;

#[tokio::test]
async fn each_wrong_parameter_is_named_with_what_was_meant() {
    let client = Client::bundled().await;
    for (query, parameter, value, meant) in [
        ("makr=byd", "makr", "byd", json!(["maker"])),
        ("geo=Beijing", "geo", "Beijing", json!(["CN-BJ"])),
        ("geo=北京市", "geo", "北京市", json!(["CN-BJ"])),
        ("maker=比亚迪", "maker", "比亚迪", json!(["byd"])),
        ("maker=bydd", "maker", "bydd", json!(["byd"])),
        ("source=oicaa", "source", "oicaa", json!(["oica"])),
        ("source=中国汽车工业协会", "source", "中国汽车工业协会", json!(["caam"])),
        ("measure=sale", "measure", "sale", json!(["sales"])),
        ("measure=outlets", "measure", "outlets", json!(null)),
        ("operator=teld", "operator", "teld", json!(null)),
        ("source=best,oica", "source", "best", json!(null)),
        ("maker=*,byd", "maker", "*,byd", json!(null)),
        ("geo=children:JP", "geo", "children:JP", json!(null)),
        ("frequency=W", "frequency", "W", json!(null)),
        ("start=2020-13", "start", "2020-13", json!(null)),
        ("end=20x0", "end", "20x0", json!(null)),
        ("start=2021&end=2020", "end", "2020", json!(null)),
        ("as_of=2020-Q1", "as_of", "2020-Q1", json!(null)),
        ("as_of=2020-02-30", "as_of", "2020-02-30", json!(null)),
        ("last=0", "last", "0", json!(null)),
        ("last=10001", "last", "10001", json!(null)),
        ("sort=values", "sort", "values", json!(["value", "-value"])),
        ("shape=row", "shape", "row", json!(["rows"])),
        ("format=xml", "format", "xml", json!(null)),
        ("lang=fr", "lang", "fr", json!(null)),
        ("geo=CN&geo=JP", "geo", "JP", json!(null)),
        ("shape=series&format=csv", "shape", "series", json!(null)),
        ("shape=columns&sort=-value", "sort", "-value", json!(null)),
        ("shape=array&limit=5", "limit", "5", json!(null)),
    ] {
        let answer = client.get(&format!("/v1/production?{query}")).await.expect(422);
        answer.problem("invalid_parameter");
        assert_eq!(answer.faults(), [(parameter.to_owned(), value.to_owned())], "{query}: {}", answer.text());
        assert_eq!(answer.json()["errors"][0]["did_you_mean"], meant, "{query}");
    }
    let table = client.get_with("/v1/production?shape=columns", &[("accept", "text/csv")]).await.expect(422);
    assert_eq!(table.faults(), [("shape".to_owned(), "columns".to_owned())]);
}

#[tokio::test]
async fn all_faults_of_a_request_are_told_at_once() {
    let client = Client::bundled().await;
    let query = "/v1/charging?maker=byd&geo=Nowhere&source=x,iea,y&frequency=W&start=no&last=-1&sort=x&shape=y&format=z&limit=0&cursor=c";
    let answer = client.get(query).await.expect(422);
    let faults = answer.faults();
    let told: Vec<&str> = faults.iter().map(|(parameter, _)| parameter.as_str()).collect();
    let expected = [
        "geo",
        "source",
        "source",
        "frequency",
        "start",
        "last",
        "shape",
        "sort",
        "format",
        "limit",
        "cursor",
        "maker",
    ];
    assert_eq!(told, expected);
    assert!(answer.json()["errors"][6]["allowed"].as_array().unwrap().contains(&json!("columns")));
}

#[tokio::test]
async fn what_cannot_be_read_at_all_is_malformed() {
    let client = Client::bundled().await;
    let long = format!("/v1/production?maker={}", "x".repeat(5000));
    let endless = format!("/v1/production?maker={}", "x".repeat(17_000));
    for (path, parameter) in [
        ("/v1/production?maker=a\0b", "maker"),
        ("/v1/production?maker=%FF", "maker"),
        (long.as_str(), "maker"),
        (endless.as_str(), "(query)"),
        ("/v1/series/production:A\0", "(path)"),
    ] {
        let answer = client.get(path).await.expect(400);
        answer.problem("malformed");
        let json = answer.json();
        assert_eq!(json["errors"][0]["parameter"], parameter, "{path}");
        assert!(json["errors"][0]["value"].as_str().unwrap().chars().count() <= 200, "{path}");
    }
    let both = client.get("/v1/production?maker=a\0b&geo=Nowhere").await.expect(400);
    assert_eq!(both.faults().len(), 2, "the other fault is told too");
}

#[tokio::test]
async fn more_codes_than_can_be_listed_are_refused_and_as_many_as_can_are_not() {
    let client = Client::bundled().await;
    let codes: Vec<String> =
        crate::files::rows("codes/geo.csv").iter().map(|row| row["code"].clone()).collect();
    client.get(&format!("/v1/production?geo={}", codes[..50].join(","))).await.expect(200);
    let many = client.get(&format!("/v1/production?geo={}", codes[..51].join(","))).await.expect(422);
    assert_eq!(many.faults()[0].0, "geo");
    assert!(many.text().contains("at most 50"), "{}", many.text());
}

#[tokio::test]
async fn an_answer_too_large_for_its_shape_says_how_large_and_how_to_get_it() {
    let client = Client::bundled().await;
    let query = format!("{}&source=all", everything("production"));
    for shape in ["series", "columns", "array"] {
        let answer = client.get(&format!("{query}&shape={shape}")).await.expect(413);
        answer.problem("too_large");
        let detail = answer.json()["detail"].as_str().unwrap().to_owned();
        let estimate: usize = detail.split(' ').find_map(|word| word.parse().ok()).unwrap();
        let held = client.get(&format!("{query}&format=csv")).await.expect(200).csv().len();
        assert!((held..=held * 5 / 4).contains(&estimate), "{held} observations: {detail}");
        assert!(detail.contains("10000") && detail.contains("format=csv"), "{detail}");
    }
    client.get(&format!("{query}&last=10000")).await.expect(413).problem("too_large");
    client.get(&format!("{query}&last=1")).await.expect(200);
}

#[tokio::test]
async fn what_is_not_there_is_not_found_and_what_is_near_is_named() {
    let client = Client::bundled().await;
    for (path, near) in [
        ("/v1/datasets/productoin/observations", "production"),
        ("/v1/datasets/chargin/series", "charging"),
        ("/v1/series/chargin:M.outlets.evcipa.CN._T.public._T", "charging"),
        (
            "/v1/series/production:A.production.oica.CN._T._T._T._T._X",
            "production:A.production.oica.CN._T._T._T._T._T",
        ),
        (
            "/v1/series/charging:M.outlets.evcipa.CN._T.publik._T/vintages",
            "charging:M.outlets.evcipa.CN._T.public._T",
        ),
    ] {
        let answer = client.get(path).await.expect(404);
        answer.problem("not_found");
        let meant = answer.json()["errors"][0]["did_you_mean"].clone();
        assert_eq!(meant[0], near, "{path}: {meant}");
    }
    for path in [
        "/v1/series/x",
        "/v1/series/production:A",
        "/v1/series/production:W.a.b",
        "/v1/series/production:A.production.oica.CN",
    ] {
        client.get(path).await.expect(404).problem("not_found");
    }
    client
        .send(axum::http::Method::POST, "/v1/production", &[])
        .await
        .expect(405)
        .problem("method_not_allowed");
    client.get_with("/v1/production", &[("accept", "image/png")]).await.expect(406).problem("not_acceptable");
}
