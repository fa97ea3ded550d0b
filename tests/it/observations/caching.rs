//! Tags, dates and what is sent again.

use std::collections::BTreeSet;

use serde_json::json;

use super::pages::{load, production};
use crate::client::Client;

const SERIES: &str = "/v1/series/production:A.production.oica.CN._T._T._T._T._T";

#[tokio::test]
async fn a_caller_is_told_that_it_has_the_answer_already() {
    let client = Client::bundled().await;
    for path in
        ["/v1/production", "/v1/charging?access=public&limit=5", SERIES, "/v1/production/series?limit=5"]
    {
        client.revalidates(path).await;
    }
    client.revalidates(&format!("{SERIES}/vintages")).await;
}

#[tokio::test]
async fn each_form_of_an_answer_has_a_tag_of_its_own() {
    let client = Client::bundled().await;
    let headers: [(&str, &[(&str, &str)]); 10] = [
        ("/v1/production", &[]),
        ("/v1/production", &[("accept", "text/csv")]),
        ("/v1/production", &[("accept", "application/x-ndjson")]),
        ("/v1/production", &[("accept-language", "zh")]),
        ("/v1/production", &[("accept-encoding", "gzip")]),
        ("/v1/production?limit=5", &[]),
        ("/v1/production?as_of=2020", &[]),
        ("/v1/production?shape=columns", &[]),
        ("/v1/production?sort=-value", &[]),
        ("/v1/production?source=all", &[]),
    ];
    let mut tags = BTreeSet::new();
    for (path, headers) in headers {
        let answer = client.get_with(path, headers).await.expect(200);
        let again = client.get_with(path, headers).await.expect(200);
        assert_eq!((answer.header("etag"), &answer.body), (again.header("etag"), &again.body));
        for vary in ["Accept", "Accept-Language", "Accept-Encoding"] {
            assert!(answer.header("vary").contains(vary));
        }
        assert!(tags.insert(answer.header("etag").to_owned()), "{path} {headers:?} has the tag of another");
        let coded = headers.iter().any(|(name, _)| *name == "accept-encoding");
        assert_eq!(answer.header("content-encoding"), if coded { "gzip" } else { "" });
    }
    let second = client.get("/v1/production?limit=5").await.expect(200).json()["links"]["next"].clone();
    let second = client.get(second.as_str().unwrap()).await.expect(200);
    assert!(tags.insert(second.header("etag").to_owned()), "the second page has the tag of the first");
}

#[tokio::test]
async fn nothing_is_called_known_after_an_import() {
    let client = Client::bundled().await;
    let changes = production(|line| {
        Some(line.replace(",A,2020,25225242,A,ktt-2022-n3,", ",A,2020,25225999,A,ktt-2022-n3,"))
    });
    let paths = [
        "/v1/production".to_owned(),
        SERIES.to_owned(),
        format!("{SERIES}/vintages"),
        "/v1/production/series".to_owned(),
    ];
    let mut before = Vec::new();
    for path in &paths {
        before.push(client.get(path).await.expect(200));
    }
    let charging = client.get("/v1/charging").await.expect(200);
    load(&client, "observations/production.csv", changes).await;
    for (path, before) in paths.iter().zip(before) {
        for known in
            [("if-none-match", before.header("etag")), ("if-modified-since", before.header("last-modified"))]
        {
            let after = client.get_with(path, &[known]).await.expect(200);
            assert_ne!(after.header("etag"), before.header("etag"), "{path}");
            assert_ne!(after.header("last-modified"), before.header("last-modified"), "{path}");
        }
    }
    client.get_with("/v1/charging", &[("if-none-match", charging.header("etag"))]).await.expect(304);
}

#[tokio::test]
async fn a_change_of_the_table_of_sources_changes_what_answers_and_its_tag() {
    let client = Client::bundled().await;
    let before = client.get("/v1/production?start=2019&end=2019").await.expect(200);
    let table = china_auto::ingest::Files::bundled()
        .text("codes/precedence.csv")
        .unwrap()
        .replace("oica|caam,,\"OICA", "caam|oica,,\"OICA");
    load(&client, "codes/precedence.csv", table).await;
    let after = client
        .get_with("/v1/production?start=2019&end=2019", &[("if-none-match", before.header("etag"))])
        .await;
    let sources = [before.data()[0]["source"].clone(), after.expect(200).data()[0]["source"].clone()];
    assert_eq!(json!(sources), json!(["oica", "caam"]));
}
