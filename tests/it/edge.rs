//! The edge as an operator sets it up: what browsers are told, who counts as whom, encryption, a listener for operators.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use axum::http::Method;
use china_auto::config::Edge;
use china_auto::config::edge::Tls;
use china_auto::listener::unproven;
use nix::sys::signal::Signal;
use reqwest::Response;
use serde_json::Value;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned, crypto::ring};

use crate::client::{Answer, Client};
use crate::cluster::{self, TestDatabase};
use crate::service::{Service, command, eventually};

/// A service with these arguments over a database of its own.
async fn service(arguments: &[&str]) -> (TestDatabase, Service) {
    let database = cluster::bare().await;
    let mut command = command(cluster::program(), Path::new("/nonexistent"));
    command.env("DATABASE_URL", database.url()).args(arguments);
    (database, Service::spawn(command))
}

async fn get(url: &str, from: &str) -> Response {
    let request = reqwest::Client::new().get(url).header("x-forwarded-for", from);
    request.send().await.unwrap()
}

async fn statuses(url: &str, from: &[&str]) -> Vec<u16> {
    let mut all = Vec::new();
    for from in from {
        all.push(get(url, from).await.status().as_u16());
    }
    all
}

#[tokio::test]
async fn every_answer_tells_browsers_to_do_nothing_but_show_it() {
    let client = Client::empty().await;
    let told = |answer: &Answer| {
        let name = &answer.path;
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{name}");
        assert_eq!(answer.header("referrer-policy"), "no-referrer", "{name}");
        assert_eq!(answer.header("x-frame-options"), "DENY", "{name}");
        assert_eq!(answer.header("cross-origin-resource-policy"), "cross-origin", "{name}");
        assert_eq!(answer.header("strict-transport-security"), "", "{name}");
        let policy = answer.header("content-security-policy").to_owned();
        assert!(
            policy.starts_with("default-src 'none';") && policy.ends_with("frame-ancestors 'none'"),
            "{policy}"
        );
        policy
    };
    for path in ["/v1", "/v1?x=1", "/nowhere", "/readyz", "/openapi.json"] {
        assert!(!told(&client.get(path).await).contains("script-src"), "{path}");
    }
    told(&client.send(Method::PUT, "/v1", &[]).await.expect(405));
    for path in ["/docs/", "/docs/swagger-ui.css"] {
        assert!(told(&client.get(path).await.expect(200)).contains("script-src 'self';"), "{path}");
    }
    let tls = Tls { certificate: "of no use".into(), key: "here".into() };
    let client = client.tuned(|app| app.edge = Edge { tls: Some(tls), ..Edge::default() });
    let strict = client.get("/v1").await.expect(200);
    assert_eq!(strict.header("strict-transport-security"), "max-age=31536000");
}

#[tokio::test]
async fn origins_that_are_named_may_read_errors_and_send_keys_and_others_may_not() {
    let named = "https://a.example";
    let client = Client::empty().await.tuned(|app| app.origins = vec![named.parse().unwrap()]);
    for (origin, allowed) in [(named, named), ("https://b.example", "")] {
        for (path, status) in [("/v1", 200), ("/nowhere", 404), ("/v1?x=1", 422)] {
            let answer = client.get_with(path, &[("origin", origin)]).await.expect(status);
            assert_eq!(answer.header("access-control-allow-origin"), allowed, "{path}");
            let mut vary = answer.headers.get_all("vary").iter().map(|value| value.to_str().unwrap());
            assert!(vary.any(|vary| vary.contains("origin")), "{path}");
        }
        let asked = [
            ("origin", origin),
            ("access-control-request-method", "DELETE"),
            ("access-control-request-headers", "authorization,content-type"),
        ];
        let preflight = client.send(Method::OPTIONS, "/v1/releases/1", &asked).await.expect(200);
        assert_eq!(preflight.header("access-control-allow-origin"), allowed);
        // A browser takes `*` for every header but Authorization.
        assert_eq!(preflight.header("access-control-allow-headers"), "*,authorization");
        assert!(preflight.header("access-control-allow-methods").contains("DELETE"));
    }
}

#[tokio::test]
async fn a_url_that_is_too_long_is_a_problem_of_its_own() {
    let client = Client::empty().await;
    client.get(&format!("/v1?x={}", "a".repeat(20_000))).await.expect(400).problem("malformed");
    let answer = client.get(&format!("/v1/production?maker={}", "a".repeat(30_000))).await.expect(414);
    answer.problem("uri_too_long");
    assert!(answer.text().contains("/v1/query"), "it names the way out");
}

#[tokio::test]
async fn who_asks_is_who_connects_unless_proxies_are_trusted() {
    let (_database, mut plain) = service(&["--query-limit", "2"]).await;
    let url = plain.url("/v1");
    // What a caller says of itself changes nothing.
    assert_eq!(statuses(&url, &["192.0.2.1", "192.0.2.2", "192.0.2.3"]).await, [200, 200, 429]);
    let refused: Value = get(&url, "192.0.2.4").await.json().await.unwrap();
    assert_eq!(refused["code"], "rate_limited");
    plain.stop();

    let (_database, mut behind) = service(&["--query-limit", "2", "--trusted-proxies", "1"]).await;
    let url = behind.url("/v1");
    let from = ["192.0.2.1", "198.51.100.1, 192.0.2.1", "198.51.100.2, 192.0.2.1", "192.0.2.2"];
    assert_eq!(statuses(&url, &from).await, [200, 200, 429, 200]);
    behind.stop();
}

#[tokio::test]
async fn operators_have_a_listener_of_their_own_where_they_want_one() {
    let (_database, mut service) = service(&["--metrics-listen", "127.0.0.1:0"]).await;
    let (metrics, api) = (service.told("metrics"), service.url(""));
    let base = metrics.strip_suffix("/metrics").unwrap();
    for path in ["/metrics", "/livez", "/readyz"] {
        assert_eq!(get(&format!("{base}{path}"), "").await.status(), 200, "{path}");
    }
    assert_eq!(get(&format!("{base}/v1"), "").await.status(), 404);
    let gone = get(&format!("{api}/metrics"), "").await;
    assert_eq!(
        (gone.status().as_u16(), gone.json::<Value>().await.unwrap()["code"].as_str()),
        (404, Some("not_found"))
    );
    for path in ["/livez", "/readyz", "/v1"] {
        assert_eq!(get(&format!("{api}{path}"), "").await.status(), 200, "{path}");
    }
    let health = |listen: &str| {
        let mut asked = Command::new(cluster::program());
        asked
            .args(["health", "--listen", "127.0.0.1:1", "--metrics-listen", listen])
            .status()
            .unwrap()
            .success()
    };
    let listen = base.strip_prefix("http://").unwrap();
    assert!(health(listen));
    service.stop();
    assert!(!health(listen));
}

/// Writes a certificate of its own making for this machine, and its key.
fn certify(folder: &Path) -> [String; 2] {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let [certificate, key] = ["cert.pem", "key.pem"].map(|name| folder.join(name));
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    [certificate, key].map(|path| path.display().to_string())
}

/// Asks a service that must prove itself with this certificate.
fn ask(address: &str, certificate: &str) -> Option<String> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(certificate).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let config = config.with_safe_default_protocol_versions().unwrap();
    let config = config.with_root_certificates(roots).with_no_client_auth();
    let name = ServerName::try_from("localhost").unwrap();
    let connection = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut stream = StreamOwned::new(connection, TcpStream::connect(address).unwrap());
    stream.write_all(b"GET /v1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    Some(answer)
}

#[tokio::test]
async fn with_a_certificate_it_is_encrypted_and_a_new_one_is_taken_while_it_runs() {
    let folder = tempfile::tempdir().unwrap();
    let [certificate, key] = certify(folder.path());
    let tls = ["--tls-cert", &certificate, "--tls-key", &key];
    let (_database, mut service) = service(&tls).await;
    let url = service.url("");
    let address = url.strip_prefix("https://").expect("it says how it is reached").to_owned();
    let answer = ask(&address, &certificate).expect("it proves itself");
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    assert!(answer.contains("strict-transport-security: max-age"), "{answer}");
    let health =
        Command::new(cluster::program()).args(["health", "--listen", &address]).args(tls).status().unwrap();
    assert!(health.success());

    // Without encryption there is no answer.
    let mut plain = TcpStream::connect(&address).unwrap();
    plain.write_all(b"GET /v1 HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut said = Vec::new();
    let _ = plain.read_to_end(&mut said);
    assert!(!said.starts_with(b"HTTP"), "{said:?}");

    certify(folder.path());
    assert_eq!(ask(&address, &certificate), None, "the old one is still in use");
    service.signal(Signal::SIGHUP);
    eventually("the new certificate", || ask(&address, &certificate));
    std::fs::write(&certificate, "nothing").unwrap();
    service.signal(Signal::SIGHUP);
    unproven(TcpStream::connect(&address).unwrap()).unwrap().write_all(b"x").unwrap();
    service.stop();
}

#[tokio::test]
async fn a_certificate_that_cannot_be_used_is_refused_before_anything_is_done() {
    let folder = tempfile::tempdir().unwrap();
    let [certificate, key] = certify(folder.path());
    let alone = service(&["--tls-cert", &certificate]).await.1.refused();
    assert!(alone.contains("tls-cert and tls-key go together"), "{alone}");
    std::fs::write(folder.path().join("none.pem"), "").unwrap();
    let none = folder.path().join("none.pem").display().to_string();
    for (arguments, path) in [
        (["--tls-cert", &none, "--tls-key", &key], &none),
        (["--tls-cert", &certificate, "--tls-key", &none], &none),
        (["--tls-cert", &certificate, "--tls-key", &certificate], &certificate),
    ] {
        let refused = service(&arguments).await.1.refused();
        assert!(refused.contains("TLS: ") && refused.contains(path.as_str()), "{refused}");
    }
}
