//! What is refused: of a body, all of it; of a query, that query alone.

use axum::body::Body;
use axum::http::Method;
use serde_json::{Value, json};

use super::{PATH, batch, single};
use crate::client::Client;
use crate::observations::whole::everything;

const JSON: [(&str, &str); 1] = [("content-type", "application/json")];

#[tokio::test]
async fn one_wrong_query_does_not_spoil_the_others() {
    let client = Client::bundled().await;
    let queries = [
        ("production", "start=2020&end=2021"),
        ("production", "maker=teslla&frequency=W"),
        ("chargin", ""),
        ("production", "maker=a\0b"),
        ("charging", "access=public&last=1"),
        ("production", "format=csv"),
        ("charging", "maker=byd"),
        (
            "production",
            "shape=array&geo=*&measure=*&maker=*&brand=*&model=*&vehicle_class=*&powertrain=*&frequency=*&source=all",
        ),
        ("production", "cursor=nonsense"),
    ];
    let answer = client.post_with(PATH, &[("x-request-id", "mine")], &batch(&queries)).await.expect(200);
    let statuses: Vec<u64> =
        (0..queries.len()).map(|at| answer.result(&format!("q{at}"))["status"].as_u64().unwrap()).collect();
    assert_eq!(statuses, [200, 422, 422, 400, 200, 422, 422, 413, 422]);
    for (at, status) in statuses.iter().enumerate() {
        let result = answer.result(&format!("q{at}"));
        assert_eq!(
            (result["answer"].is_null(), result["problem"].is_null()),
            (*status != 200, *status == 200),
            "{at}"
        );
        if *status != 200 {
            assert_eq!(
                (&result["problem"]["status"], &result["problem"]["request_id"]),
                (&json!(status), &json!("mine")),
                "{at}"
            );
        }
    }
    assert_eq!(answer.json()["meta"]["failed"], 7);
    assert_eq!(answer.warnings(), ["queries_failed"]);
    // As the GET says it.
    let get = client
        .get_with("/v1/production?maker=teslla&frequency=W", &[("x-request-id", "mine")])
        .await
        .expect(422);
    assert_eq!(answer.result("q1")["problem"], get.json());
    assert_eq!(answer.result("q2")["problem"]["errors"][0]["did_you_mean"], json!(["charging"]));
    assert_eq!(answer.result("q5")["problem"]["errors"][0]["allowed"], json!(["json"]));
}

#[tokio::test]
async fn a_body_that_is_not_one_of_queries_is_refused_whole() {
    let client = Client::bundled().await;
    let named = |name: Value| json!({"name": name, "dataset": "production"});
    let many = |count: usize| json!({"queries": (0..count).map(|at| named(json!(at))).collect::<Vec<_>>()});
    for (body, status, parameters) in [
        (json!([]), 400, vec!["(body)"]),
        (json!("query"), 400, vec!["(body)"]),
        (json!({}), 422, vec!["(body)"]),
        (json!({"query": null}), 422, vec!["(body)"]),
        (json!({"query": {"dataset": "production"}, "queries": [named(json!("a"))]}), 422, vec!["(body)"]),
        (json!({"dataset": "production"}), 422, vec!["dataset", "(body)"]),
        (json!({"query": []}), 400, vec!["query"]),
        (json!({"queries": {}}), 400, vec!["queries"]),
        (json!({"queries": []}), 422, vec!["queries"]),
        (many(51), 422, vec!["queries"]),
        (json!({"queries": [7, named(json!("a"))]}), 400, vec!["queries[0]"]),
        (
            json!({"queries": [named(json!("a")), named(json!("b")), named(json!("a"))]}),
            422,
            vec!["queries[2].name"],
        ),
        (
            json!({"queries": [named(json!("")), named(json!("x".repeat(101))), named(json!("a\nb"))]}),
            422,
            vec!["queries[0].name", "queries[1].name", "queries[2].name"],
        ),
        (
            json!({"queries": [named(Value::Null), named(json!(["a"])), {"dataset": "production"}]}),
            422,
            vec!["queries[0].name", "queries[1].name", "queries[2].name"],
        ),
        (json!({"queries": [], "format": "csv"}), 422, vec!["format", "queries"]),
        (json!({"query": {}}), 422, vec!["dataset"]),
        (json!({"query": {"dataset": "productoin", "maker": {}}}), 400, vec!["maker", "dataset"]),
        (
            json!({"query": {"dataset": "production", "maker": {"code": "byd"}, "geo": [["CN"]], "shap": "rows"}}),
            400,
            vec!["maker", "geo", "shap"],
        ),
        (json!({"query": {"dataset": "production", "name": "a"}}), 422, vec!["name"]),
        (json!({"query": {"dataset": "production", "maker": "x".repeat(5000)}}), 400, vec!["maker"]),
    ] {
        let answer = client.post(PATH, &body).await.expect(status);
        answer.problem(if status == 400 { "malformed" } else { "invalid_parameter" });
        let told: Vec<String> = answer.faults().into_iter().map(|(parameter, _)| parameter).collect();
        assert_eq!(told, parameters, "{body}: {}", answer.text());
    }
    let fifty = client.post(PATH, &many(50)).await.expect(200).json();
    assert_eq!((&fifty["meta"]["queries"], &fifty["meta"]["failed"]), (&json!(50), &json!(0)));
    let chinese = client.post(PATH, &json!({"queries": [named(json!("销量 1"))]})).await.expect(200);
    assert_eq!(chinese.result("销量 1")["status"], 200);
}

#[tokio::test]
async fn a_field_that_is_given_twice_is_refused() {
    let client = Client::bundled().await;
    for (body, status, parameter) in [
        (r#"{"query": {"dataset": "production"}, "query": {"dataset": "charging"}}"#, 422, "query"),
        (r#"{"query": {"dataset": "production", "geo": "CN", "geo": "JP"}}"#, 422, "geo"),
        (r#"{"query": {"dataset": "production", "dataset": "charging"}}"#, 400, "dataset"),
        (r#"{"query": {"dataset": "production""#, 400, "(body)"),
        ("", 400, "(body)"),
        ("\u{feff}{}", 400, "(body)"),
    ] {
        let answer = client.send_body((Method::POST, PATH), &JSON, Body::from(body)).await.expect(status);
        assert_eq!(answer.faults()[0].0, parameter, "{body}: {}", answer.text());
    }
    let nested = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let answer = client.send_body((Method::POST, PATH), &JSON, Body::from(nested)).await.expect(400);
    answer.problem("malformed");
}

#[tokio::test]
async fn a_body_of_another_type_or_too_large_is_refused() {
    let client = Client::bundled().await;
    let body = single("production", "").to_string();
    for headers in
        [&[][..], &[("content-type", "text/plain")], &[("content-type", "application/x-www-form-urlencoded")]]
    {
        let answer =
            client.send_body((Method::POST, PATH), headers, Body::from(body.clone())).await.expect(415);
        answer.problem("unsupported_media_type");
        assert_eq!(answer.json()["errors"][0]["allowed"], json!(["application/json"]));
    }
    let with_charset = [("content-type", "application/json; charset=utf-8")];
    client.send_body((Method::POST, PATH), &with_charset, Body::from(body.clone())).await.expect(200);
    let padded = |bytes: usize| Body::from(format!("{body}{}", " ".repeat(bytes - body.len())));
    client.send_body((Method::POST, PATH), &JSON, padded(1024 * 1024)).await.expect(200);
    let large = client.send_body((Method::POST, PATH), &JSON, padded(1024 * 1024 + 1)).await.expect(413);
    large.problem("too_large");
}

#[tokio::test]
async fn a_batch_is_json_and_takes_nothing_in_its_url() {
    let client = Client::bundled().await;
    let body = batch(&[("production", "last=1")]);
    client.post_with(PATH, &[("accept", "text/csv, */*;q=0.1")], &body).await.expect(200);
    let refused = client.post_with(PATH, &[("accept", "text/csv")], &body).await.expect(406);
    refused.problem("not_acceptable");
    assert_eq!(refused.json()["errors"][0]["allowed"], json!(["application/json"]));
    for query in ["cursor=x", "format=json", "geo=CN"] {
        let answer = client.post(&format!("{PATH}?{query}"), &body).await.expect(422);
        assert_eq!(answer.faults()[0].0, query.split('=').next().unwrap());
    }
    let single = single("production", "");
    let answer = client.post(&format!("{PATH}?geo=CN"), &single).await.expect(422);
    assert_eq!(answer.faults()[0].0, "geo");
}

#[tokio::test]
async fn other_methods_are_refused_and_a_page_of_another_origin_may_send_a_body() {
    let client = Client::bundled().await;
    for method in [Method::GET, Method::PUT, Method::DELETE] {
        let answer = client.send(method, PATH, &[]).await.expect(405);
        answer.problem("method_not_allowed");
        assert_eq!(answer.header("allow"), "POST");
    }
    let asks = [
        ("origin", "https://a.example"),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "content-type"),
    ];
    let allowed = client.send(Method::OPTIONS, PATH, &asks).await.expect(200);
    assert!(allowed.header("access-control-allow-methods").contains("POST"));
    assert_eq!(allowed.header("access-control-allow-headers"), "*,authorization");
    assert_eq!(allowed.header("access-control-allow-origin"), "*");
}

#[tokio::test]
async fn codes_are_limited_as_in_a_url() {
    let client = Client::bundled().await;
    let codes: Vec<String> =
        crate::files::rows("codes/geo.csv").iter().map(|row| row["code"].clone()).collect();
    let named =
        |name: &str, count: usize| json!({"name": name, "dataset": "production", "geo": codes[..count]});
    let answer =
        client.post(PATH, &json!({"queries": [named("fits", 50), named("not", 51)]})).await.expect(200);
    assert_eq!(answer.result("fits")["status"], 200);
    assert_eq!(answer.result("not")["problem"]["errors"][0]["parameter"], "geo");
}

#[tokio::test]
async fn the_answers_of_a_batch_are_limited_together_and_later_ones_that_fit_are_answered() {
    let client = Client::bundled().await;
    let everything = everything("production");
    let (_, everything) = everything.split_once('?').unwrap();
    let of = |limit: usize| format!("{everything}&source=all&limit={limit}");
    let (most, rest, more) = (of(10_000), of(9_999), of(2));
    let answer = client
        .batch(&[
            ("production", &most),
            ("production", &rest),
            ("production", &more),
            ("production", "last=1"),
            ("production", "last=1&geo=JP"),
        ])
        .await;
    let statuses: Vec<Value> = (0..5).map(|at| answer.result(&format!("q{at}"))["status"].clone()).collect();
    assert_eq!(statuses, [200, 200, 413, 200, 413]);
    assert_eq!(answer.json()["meta"]["observations"], 20_000);
    let detail = answer.result("q2")["problem"]["detail"].as_str().unwrap().to_owned();
    assert!(
        detail.contains("20001 observations; at most 20000") && detail.contains("hold 19999"),
        "{detail}"
    );
}
