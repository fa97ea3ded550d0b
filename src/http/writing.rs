//! Who may write: for now whoever reaches a service that was told to take anybody, from this machine and from no other web page.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};

use super::problem::Problem;
use crate::app::App;
use crate::error::Error;
use crate::intake::Intake;

/// A request that may write, with what takes that in.
#[derive(Debug)]
pub struct Writing(pub Intake);

impl FromRequestParts<App> for Writing {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let refused = |why: &str| Problem::from(Error::Forbidden(why.to_owned()));
        let intake = app.intake.clone().ok_or_else(|| {
            refused(
                "writing is refused here: start the service with --allow-anonymous-writes and --listen at an address of this \
                 machine alone, or use the command line",
            )
        })?;
        if !is_from_here(&parts.headers) {
            return Err(refused(
                "writing is refused to what comes by way of a proxy or under another name than this machine's own: anybody could \
                 send it",
            ));
        }
        let scheme = if app.edge.tls.is_some() { "https" } else { "http" };
        if is_of_another_page(&parts.headers, (scheme, &app.origins)) {
            return Err(refused(
                "writing is refused to web pages of other origins: name theirs with --cors-origins, each by itself",
            ));
        }
        Ok(Self(intake))
    }
}

/// What a proxy adds to what it hands on.
const FORWARDED: [&str; 5] = ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via"];

/// Whether it was sent to a name of this machine, and not handed on from elsewhere. A name of somebody else's may lead here too.
fn is_from_here(headers: &HeaderMap) -> bool {
    let host = text(headers, &header::HOST);
    let name = host.rsplit_once(':').map_or(host.as_str(), |(name, port)| {
        if port.bytes().all(|byte| byte.is_ascii_digit()) { name } else { host.as_str() }
    });
    let address = name.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
    let is_local =
        host.is_empty() || name == "localhost" || address.is_ok_and(|address| address.is_loopback());
    is_local && !FORWARDED.iter().any(|name| headers.contains_key(*name))
}

/// Whether a browser sends it for a page that is neither the service's own nor of an origin that was named. Any page that its user
/// has open could reach a service on this machine.
fn is_of_another_page(headers: &HeaderMap, (scheme, named): (&str, &[HeaderValue])) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else { return false };
    !named.contains(origin) && *origin != format!("{scheme}://{}", text(headers, &header::HOST))
}

fn text(headers: &HeaderMap, name: &header::HeaderName) -> String {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_elsewhere_may_not_write() {
        let check = |host: &'static str, origin: Option<&'static str>| {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, HeaderValue::from_static(host));
            origin.map(|origin| headers.insert(header::ORIGIN, HeaderValue::from_static(origin)));
            !is_from_here(&headers)
                || is_of_another_page(&headers, ("http", &[HeaderValue::from_static("https://a.example")]))
        };
        assert!(!check("127.0.0.1:8080", None));
        for host in ["127.0.0.1:8080", "localhost:8080", "[::1]:8080", "localhost"] {
            let own = format!("http://{host}").leak();
            assert!(!check(host, Some(own)), "{host}");
        }
        assert!(!check("127.0.0.1:8080", Some("https://a.example")));
        assert!(check("127.0.0.1:8080", Some("https://b.example")));
        assert!(check("127.0.0.1:8080", Some("http://127.0.0.1:9090")));
        assert!(check("127.0.0.1:8080", Some("null")));
        assert!(check("rebound.example:8080", Some("http://rebound.example:8080")));
        assert!(check("api.example", None));
        assert!(check("127.0.0.1:8080", Some("https://127.0.0.1:8080")), "it is not encrypted here");
        let mut handed_on = HeaderMap::new();
        handed_on.insert("x-forwarded-for", HeaderValue::from_static("192.0.2.1"));
        assert!(!is_from_here(&handed_on) && is_from_here(&HeaderMap::new()));
    }
}
