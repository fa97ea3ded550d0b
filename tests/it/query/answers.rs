//! What is answered is what the GET answers.

use serde_json::{Value, json};

use super::{PATH, batch, path, single};
use crate::client::Client;

/// Queries of every kind.
const QUERIES: [(&str, &str); 18] = [
    ("production", ""),
    ("production", "start=2001&end=2023-12"),
    ("production", "source=all&start=2015"),
    ("production", "source=oica,caam,nbs&start=2015&sort=-value"),
    ("production", "source=oica&start=2019&end=2019&as_of=2021-12-31"),
    ("production", "as_of=2015&source=all"),
    ("production", "transform=yoy&start=2017"),
    ("production", "transform=index:2010&start=2010"),
    ("production", "measure=sales&powertrain=NEV&frequency=Q&start=2022&partial=drop"),
    ("production", "measure=sales&maker=byd,tesla&powertrain=*&frequency=M&limit=40"),
    ("production", "geo=children:CN&vehicle_class=*&last=2"),
    ("production", "measure=sales&powertrain=NEV&shape=columns"),
    ("production", "measure=sales&powertrain=NEV,BEV&shape=series&lang=zh"),
    ("charging", "access=public&shape=array"),
    ("charging", "access=public&fill=previous&frequency=M"),
    ("charging", "access=*&current=*&frequency=*&source=all&limit=25"),
    ("charging", "geo=JP"),
    ("charging", "operator=*&frequency=M&transform=diff&sort=-period&limit=7"),
];

#[tokio::test]
async fn each_query_of_a_batch_is_answered_as_its_get_is() {
    let client = Client::bundled().await;
    let all = client.batch(&QUERIES).await;
    let mut observations = 0;
    for (at, (dataset, query)) in QUERIES.iter().enumerate() {
        let get = client.get(&format!("{}?{query}", path(dataset))).await.expect(200).json();
        let result = all.result(&format!("q{at}"));
        assert_eq!((&result["status"], &result["problem"]), (&json!(200), &Value::Null), "{query}");
        assert!(result["answer"] == get, "{query}: {}\n{get}", result["answer"]);
        let page = &get["meta"]["page"]["rows"];
        observations += page.as_u64().unwrap_or_else(|| get.as_array().unwrap().len() as u64);
    }
    let json = all.json();
    let names: Vec<&String> = json["data"].as_object().unwrap().keys().collect();
    let sent: Vec<String> = (0..QUERIES.len()).map(|at| format!("q{at}")).collect();
    assert_eq!(names, sent.iter().collect::<Vec<_>>(), "they stand in the order in which they were sent");
    let meta = &json["meta"];
    assert_eq!((&meta["queries"], &meta["failed"]), (&json!(18), &json!(0)));
    assert_eq!((&meta["observations"], &meta["complete"]), (&json!(observations), &json!(false)));
    assert_eq!(all.header("x-complete"), "false");
    assert_eq!(json["warnings"], json!([]));
    for (collection, version) in meta["versions"].as_object().unwrap() {
        assert_eq!(*version, 1, "{collection}");
    }
    assert_eq!(meta["versions"].as_object().unwrap().len(), 4, "two datasets, codes and sources: {meta}");
}

#[tokio::test]
async fn the_next_page_of_a_query_in_a_batch_is_where_its_link_says() {
    let client = Client::bundled().await;
    let query = "access=*&current=*&frequency=*&source=all&limit=25";
    let first = client.batch(&[("charging", query)]).await;
    let next = first.result("q0")["answer"]["links"]["next"].as_str().unwrap().to_owned();
    let mut rows = first.observations("q0");
    rows.extend(client.rows(&next).await);
    assert_eq!(rows, client.rows(&format!("{}?{query}", path("charging"))).await);
    let cursor = first.result("q0")["answer"]["meta"]["page"]["next_cursor"].as_str().unwrap().to_owned();
    let second = client.batch(&[("charging", &format!("{query}&cursor={cursor}"))]).await;
    assert_eq!(second.observations("q0"), rows[25..50]);
}

#[tokio::test]
async fn a_single_query_is_answered_as_its_get_is_in_every_form() {
    let client = Client::bundled().await;
    for (dataset, query) in QUERIES {
        let mut get = client.get(&format!("{}?{query}", path(dataset))).await.expect(200).json();
        let answer = client.post(PATH, &single(dataset, query)).await.expect(200);
        let mut json = answer.json();
        if json.is_object() {
            assert_eq!(json["links"]["self"], PATH, "{query}");
            assert_eq!(json["links"]["next"].is_null(), get["links"]["next"].is_null(), "{query}");
            drop((json["links"].take(), get["links"].take()));
        }
        assert!(json == get, "{query}: {json}\n{get}");
        for known in ["etag", "last-modified"] {
            assert_eq!(answer.header(known), "", "nothing to know it by");
        }
        assert_eq!(answer.header("cache-control"), "no-store");
    }
    for format in ["text/csv", "application/x-ndjson"] {
        let query = "source=all&start=2015&lang=zh";
        let get = client.get_with(&format!("{}?{query}", path("production")), &[("accept", format)]).await;
        let posted = client.post_with(PATH, &[("accept", format)], &single("production", query)).await;
        assert!(posted.body == get.body && posted.header("content-type") == get.header("content-type"));
        assert_eq!(posted.header("content-language"), "zh");
    }
    let named = client.post(PATH, &single("production", "format=csv")).await.expect(200);
    assert_eq!(named.header("content-type"), "text/csv; charset=utf-8");
}

#[tokio::test]
async fn the_pages_of_a_single_query_are_asked_for_with_the_same_body() {
    let client = Client::bundled().await;
    let query = "measure=production,sales&powertrain=*&frequency=*&source=all&limit=300";
    let expected = client.rows(&format!("{}?{query}", path("production"))).await;
    let body = single("production", query);
    let (mut rows, mut to) = (Vec::new(), PATH.to_owned());
    let second = loop {
        let page = client.post(&to, &body).await.expect(200);
        assert_eq!(page.json()["links"]["self"], to.as_str());
        rows.extend(page.data());
        let next = page.json()["links"]["next"].as_str().map(str::to_owned);
        assert_eq!(page.header("x-complete"), if next.is_some() { "false" } else { "true" });
        let Some(next) = next else { break to };
        assert!(page.header("link").contains(&format!("<{next}>; rel=\"next\"")));
        to = next;
    };
    assert!(rows == expected, "{} of {}", rows.len(), expected.len());
    let cursor = second.split_once("?cursor=").unwrap().1;
    let within = single("production", &format!("{query}&cursor={cursor}"));
    let last = client.post(PATH, &within).await.expect(200);
    assert_eq!(last.data(), client.post(&second, &body).await.expect(200).data());
    // The cursor of the link goes before one in the body, so that a body that had one can be sent on.
    assert_eq!(client.post(&second, &within).await.expect(200).data(), last.data());
    let lines =
        client.post_with(&second, &[("accept", "application/x-ndjson")], &body).await.expect(200).ndjson();
    assert_eq!(lines[..lines.len() - 1], last.data());
    let other = client.post(&second, &single("production", "limit=300")).await.expect(422);
    assert_eq!(other.faults(), [("cursor".to_owned(), cursor.to_owned())]);
}

#[tokio::test]
async fn values_are_taken_in_every_way_in_which_they_may_be_written() {
    let client = Client::bundled().await;
    let query = "maker=byd,tesla&measure=sales&powertrain=NEV&frequency=M&last=3&start=2020";
    let expected = client.get(&format!("{}?{query}", path("production"))).await.expect(200).json();
    for (maker, last, start) in [
        (json!(["byd", "tesla"]), json!(3), json!(2020)),
        (json!("byd,tesla"), json!("3"), json!("2020")),
        (json!(["byd,tesla"]), json!([3]), json!(["2020"])),
    ] {
        let query = json!({"dataset": "production", "maker": maker, "measure": "sales", "powertrain": ["NEV"],
            "frequency": "M", "last": last, "start": start, "end": null, "source": [], "geo": ""});
        let answer = client.post(PATH, &json!({"query": query, "queries": null})).await.expect(200).json();
        assert_eq!((&answer["data"], &answer["meta"]), (&expected["data"], &expected["meta"]));
    }
}

#[tokio::test]
async fn a_query_may_be_longer_than_a_url() {
    let client = Client::bundled().await;
    let codes = |list: &str| -> Vec<String> {
        crate::files::rows(list).iter().map(|row| row["code"].clone()).take(50).collect()
    };
    // Real codes, and between them as many spaces as a value may have.
    let spaced = |codes: &[String]| {
        let room = 4_000 - codes.iter().map(|code| code.len() + 1).sum::<usize>();
        codes.join(&format!(",{}", " ".repeat(room / codes.len())))
    };
    let mut query = json!({"dataset": "production", "measure": "*", "source": "all"});
    for name in ["geo", "maker", "brand", "model", "vehicle_class"] {
        query[name] = json!(spaced(&codes(&format!("codes/{name}.csv"))));
    }
    assert!(query.to_string().len() > 16 * 1024, "{}", query.to_string().len());
    client.post(PATH, &json!({"query": query})).await.expect(200);
    query["name"] = json!("long");
    let refused = client.post(PATH, &json!({"queries": [query]})).await.expect(200).result("long");
    assert_eq!(
        (&refused["status"], &refused["problem"]["errors"][0]["parameter"]),
        (&json!(400), &json!("(query)"))
    );
}

#[tokio::test]
async fn an_answer_to_a_body_is_coded_and_never_called_known() {
    let client = Client::bundled().await;
    let body = batch(&[("production", "")]);
    let headers = [
        ("if-none-match", "*"),
        ("accept-encoding", "gzip"),
        ("if-modified-since", "Tue, 24 Nov 2099 10:00:00 GMT"),
    ];
    let answer = client.post_with(PATH, &headers, &body).await.expect(200);
    assert_eq!((answer.header("content-encoding"), answer.header("cache-control")), ("gzip", "no-store"));
}
