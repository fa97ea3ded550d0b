//! Who may write: the holder of a key with the scope `write`; and, where the service was told to take anybody, who calls from this
//! machine and from no other web page.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};

use super::access::Caller;
use super::problem::Problem;
use crate::access::{Actor, Permit, Scope, Seeing};
use crate::app::App;
use crate::error::Error;
use crate::intake::Intake;

/// A request that may write, with what takes that in.
#[derive(Debug)]
pub struct Writing {
    /// What takes it in.
    pub intake: Intake,
    /// What may be written.
    pub permit: Permit,
    /// Who writes.
    pub actor: Actor,
}

impl FromRequestParts<Arc<App>> for Writing {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        let caller = Caller::of(parts);
        let permit = if app.anonymous_writes && caller.key.is_none() {
            refuse_others(&parts.headers, app)?;
            Permit::Public
        } else {
            caller.must(Scope::Write, "writing")?.permit()
        };
        let intake = app.intake.clone().ok_or_else(|| {
            let why = "nothing is taken in here: another service takes in the files of the data folder, or there is none";
            Error::Forbidden(why.to_owned())
        })?;
        Ok(Self { intake, permit, actor: caller.actor(parts, app.edge.trusted_proxies) })
    }
}

impl FromRequestParts<Arc<App>> for Seeing {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Infallible> {
        let key = Caller::of(parts).key;
        let all = key
            .as_ref()
            .map_or(app.anonymous_writes, |key| key.may(Scope::Write) && key.permit() == Permit::All);
        Ok(Self { all, key: key.map(|key| key.id) })
    }
}

/// Refuses who is not on this machine, or is another's web page.
fn refuse_others(headers: &HeaderMap, app: &App) -> Result<(), Problem> {
    let refused = |why: &str| Problem::from(Error::Forbidden(why.to_owned()));
    if !is_from_here(headers) {
        return Err(refused(
            "writing without a key is refused to what comes by way of a proxy or under another name than this machine's own: anybody \
             could send it",
        ));
    }
    let scheme = if app.edge.tls.is_some() { "https" } else { "http" };
    if is_of_another_page(headers, (scheme, &app.origins)) {
        return Err(refused(
            "writing without a key is refused to web pages of other origins: name theirs with --cors-origins, each by itself",
        ));
    }
    Ok(())
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
