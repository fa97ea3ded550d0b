//! How much is taken from whom: counted by key or address, told with each answer, and refused where it is too much.

use std::collections::BTreeSet;

use axum::Extension;
use axum::body::Body;
use axum::http::{Method, Request};
use china_auto::access::Scope;
use china_auto::config::Edge;
use china_auto::config::edge::Limits;
use china_auto::http::limits::{KeyId, OBSERVATIONS};
use china_auto::http::{document, router};
use futures_util::future::join;
use serde_json::json;
use tower::ServiceExt as _;

use crate::access::key;
use crate::client::{Answer, Client};

const HERE: (&str, &str) = ("x-forwarded-for", "192.0.2.1");
const ELSEWHERE: (&str, &str) = ("x-forwarded-for", "192.0.2.2");
const CSV: (&str, &str) = ("accept", "text/csv");

/// The service with limits, called by way of a proxy.
async fn limited(limits: Limits) -> Client {
    let edge = Edge { trusted_proxies: 1, limits, key_factor: 10, ..Edge::default() };
    Client::empty().await.tuned(|app| app.edge = edge)
}

fn policy(answer: &Answer) -> &str {
    answer.header("ratelimit-policy")
}

/// What is left and when all of it is there again.
fn left(answer: &Answer) -> (u32, u32) {
    let mut numbers = answer.header("ratelimit").split(['=', ';']).filter_map(|part| part.parse().ok());
    (numbers.next().unwrap(), numbers.next().unwrap())
}

#[tokio::test]
async fn each_answer_tells_what_is_left_and_one_too_many_is_refused() {
    let client = limited(Limits { queries: 2, ..Limits::default() }).await;
    let first = client.get_with("/v1", &[HERE]).await.expect(200);
    assert_eq!(policy(&first), "\"queries\";q=2;w=60");
    assert_eq!(first.header("ratelimit"), "\"queries\";r=1;t=30");
    // That there is nothing is an answer too, and so is one that is kept.
    let second = client.get_with("/v1/nowhere", &[HERE]).await.expect(404);
    assert_eq!(left(&second), (0, 60));
    let third = client.get_with("/v1", &[HERE, ("origin", "https://a.example")]).await.expect(429);
    third.problem("rate_limited");
    assert!(third.text().contains("this address may send 2 queries a minute"), "{}", third.text());
    let again: u32 = third.header("retry-after").parse().unwrap();
    assert!((1..=30).contains(&again), "{again}");
    assert_eq!((policy(&third), left(&third).0), ("\"queries\";q=2;w=60", 0));
    assert_eq!(third.header("access-control-allow-origin"), "*");
    let exposed = third.header("access-control-expose-headers");
    for name in ["ratelimit", "ratelimit-policy", "retry-after"] {
        assert!(exposed.split(',').any(|exposed| exposed == name), "{name} is not in {exposed}");
    }
    assert_eq!(
        left(&client.get_with("/v1", &[ELSEWHERE]).await.expect(200)).0,
        1,
        "who is elsewhere has their own"
    );
}

#[tokio::test]
async fn what_operators_and_readers_of_the_documentation_ask_is_not_counted() {
    let client = limited(Limits { queries: 1, exports: 1, imports: 1 }).await;
    for path in ["/livez", "/readyz", "/metrics", "/problems", "/openapi.json", "/docs/"] {
        for _ in 0..2 {
            assert_eq!(policy(&client.get_with(path, &[HERE]).await.expect(200)), "", "{path}");
        }
    }
    let preflight = [HERE, ("origin", "https://a.example"), ("access-control-request-method", "GET")];
    for _ in 0..2 {
        assert_eq!(policy(&client.send(Method::OPTIONS, "/v1", &preflight).await.expect(200)), "");
    }
    assert_eq!(left(&client.get_with("/v1", &[HERE]).await.expect(200)).0, 0);
}

#[tokio::test]
async fn downloads_and_writes_have_quotas_of_their_own() {
    let client = limited(Limits { queries: 50, exports: 1, imports: 1 }).await;
    let kind = async |path: &str, more: &[(&str, &str)]| {
        let answer = client.get_with(path, &[&[HERE], more].concat()).await;
        (policy(&answer).split('"').nth(1).unwrap_or_default().to_owned(), answer.status)
    };
    assert_eq!(kind("/v1/production?format=csv&start=2020", &[]).await.0, "exports");
    for (path, more) in
        [("/v1/production", &[CSV][..]), ("/v1/datasets/charging/observations?format=ndjson", &[])]
    {
        assert_eq!(kind(path, more).await, ("exports".to_owned(), 429), "{path}");
    }
    for (path, more) in [
        ("/v1/production", &[][..]),
        ("/v1/production?format=csv&limit=10", &[]),
        ("/v1/production?format=json", &[CSV]),
        ("/v1/codes/geo?format=csv", &[]),
    ] {
        assert_eq!(kind(path, more).await.0, "queries", "{path}");
    }
    let delete = async || client.send(Method::DELETE, "/v1/releases/1?reason=x", &[HERE]).await;
    assert_eq!(policy(&delete().await.expect(401)), "\"imports\";q=1;w=60");
    delete().await.expect(429).problem("rate_limited");
}

#[tokio::test]
async fn a_key_is_counted_wherever_it_is_sent_from_and_a_wrong_one_counts_for_its_address() {
    let client = limited(Limits { queries: 1, ..Limits::default() }).await;
    let database = client.database.database.clone();
    let sent = key(&database, &[Scope::Read], None).await;
    let wrong = format!("Bearer ca_00000000_{}", "0".repeat(64));
    let ask = async |key: &str, from| client.get_with("/v1", &[("authorization", key), from]).await;
    assert_eq!(left(&ask(&sent, HERE).await.expect(200)).0, 9);
    assert_eq!(left(&ask(&sent, ELSEWHERE).await.expect(200)).0, 8);
    assert_eq!(left(&ask(&wrong, HERE).await.expect(401)).0, 0);
    ask(&wrong, HERE).await.expect(429).problem("rate_limited");
    client.get_with("/v1", &[HERE]).await.expect(429);
    assert_eq!(
        left(&ask(&sent, HERE).await.expect(200)).0,
        7,
        "who is limited without a key is not with one"
    );
}

#[test]
fn downloads_are_of_the_paths_that_answer_observations() {
    let document = document::document();
    let paths = document["paths"].as_object().unwrap().iter();
    let answers = paths.filter(|(_, item)| {
        let parameters = item["get"]["parameters"].as_array().cloned().unwrap_or_default();
        ["top", "annotate"].iter().all(|name| parameters.iter().any(|parameter| parameter["name"] == *name))
    });
    let answers: BTreeSet<&str> = answers.map(|(path, _)| path.as_str()).collect();
    assert_eq!(answers, BTreeSet::from(OBSERVATIONS));
}

#[tokio::test]
async fn the_readme_shows_what_is_told() {
    let readme = include_str!("../../README.md");
    for (exports, status) in [(120, 200), (1, 429)] {
        let client = limited(Limits { exports, ..Limits::default() }).await;
        let mut answer = client.get_with("/v1/production?format=csv", &[HERE]).await;
        if status == 429 {
            answer = client.get_with("/v1/production?format=csv", &[HERE]).await.expect(429);
            // What is left of the minute, it shows as all of it.
            let again = format!(" {} s ", answer.header("retry-after"));
            let detail = answer.json()["detail"].as_str().unwrap().replace(&again, " 60 s ");
            assert!(readme.contains(&format!("\"detail\":\"{detail}\"")), "{detail}");
        }
        for name in ["ratelimit-policy", "ratelimit"] {
            let line = format!("\n{name}: {}\n", answer.header(name));
            assert!(readme.contains(&line), "README.md does not show {line}");
        }
    }
}

#[tokio::test]
async fn a_batch_counts_as_many_queries_as_it_has() {
    let client = limited(Limits { queries: 4, ..Limits::default() }).await;
    let post = async |queries: usize, from: (&str, &str)| {
        let queries: Vec<_> =
            (0..queries).map(|n| json!({"name": n.to_string(), "dataset": "production"})).collect();
        client.post_with("/v1/query", &[from], &json!({"queries": queries})).await
    };
    assert_eq!(left(&post(3, HERE).await.expect(200)).0, 1);
    let refused = post(3, HERE).await.expect(429);
    refused.problem("rate_limited");
    assert!(!refused.header("retry-after").is_empty());
    let never = post(6, ELSEWHERE).await.expect(429);
    assert!(never.text().contains("more than the 4 that may come in a minute"), "{}", never.text());
    assert_eq!(never.header("retry-after"), "", "waiting would not help");
}

#[tokio::test]
async fn a_key_has_a_quota_of_its_own_wherever_it_comes_from() {
    let client = limited(Limits { queries: 1, ..Limits::default() }).await;
    let with_key = |key: i32| {
        let router = router(client.app.clone()).layer(Extension(KeyId(key)));
        async move |from: (&str, &str)| {
            let request = Request::get("/v1").header(from.0, from.1).body(Body::empty()).unwrap();
            let answer = router.clone().oneshot(request).await.unwrap();
            let told = answer.headers()["ratelimit-policy"].to_str().unwrap().to_owned();
            (answer.status().as_u16(), told)
        }
    };
    let first = with_key(1);
    for at in 0..10 {
        let from = if at % 2 == 0 { HERE } else { ELSEWHERE };
        assert_eq!(first(from).await, (200, "\"queries\";q=10;w=60".to_owned()));
    }
    assert_eq!(first(HERE).await.0, 429);
    assert_eq!(with_key(2)(HERE).await.0, 200);
}

#[tokio::test]
async fn without_limits_nothing_is_told_of_them() {
    let client = limited(Limits::default()).await;
    let answer = client.get_with("/v1", &[HERE]).await.expect(200);
    assert_eq!((policy(&answer), answer.header("ratelimit")), ("", ""));
}

#[tokio::test]
async fn who_gets_no_place_soon_is_refused_and_operators_are_answered() {
    let edge = Edge { most_requests: 1, ..Edge::default() };
    let client = Client::empty().await;
    let probe = client.database.database.readers(1).await.unwrap();
    let client = client.tuned(|app| (app.edge, app.probe) = (edge, probe));
    let mut held = Vec::new();
    for _ in 0..client.app.pool.options().get_max_connections() {
        held.push(client.app.pool.acquire().await.unwrap());
    }
    let others = async {
        let refused = client.get("/v1/sources").await.expect(503);
        refused.problem("overloaded");
        assert_eq!(refused.header("retry-after"), "1");
        for path in ["/livez", "/readyz", "/metrics"] {
            client.get(path).await.expect(200);
        }
        drop(held);
    };
    // The first one to be looked at takes the only place, and waits for a connection.
    let (first, ()) = join(client.get("/v1/codes/geo"), others).await;
    first.expect(200);
    client.get("/v1/sources").await.expect(200);
}
