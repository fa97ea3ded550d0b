//! Who calls: the key of a request, what the caller may see, and what only some may do.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::{FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};

use super::limits::KeyId;
use super::problem::{Code, Problem};
use super::{REQUEST_ID, address};
use crate::access::{Actor, Key, Keys, Scope, redacted};
use crate::app::App;
use crate::catalog::Sight;
use crate::error::{Error, Fault};

/// Parameters by which keys are sent elsewhere. An address is written down by everything that it comes by.
const KEYS_IN_ADDRESSES: [&str; 8] =
    ["key", "api_key", "api-key", "apikey", "token", "access_token", "auth", "authorization"];

/// Who sent a request: the holder of a key, or anybody.
#[derive(Debug, Clone, Default)]
pub struct Caller {
    /// The key; `None` without one.
    pub key: Option<Arc<Key>>,
    /// Why what was sent as a key is none.
    refused: Option<Arc<Problem>>,
}

impl Caller {
    /// What the caller may see.
    pub fn sight(&self) -> Sight {
        self.key.as_ref().map_or(Sight::Public, |key| key.sight())
    }

    /// The one who sent this request.
    pub fn of(parts: &Parts) -> Self {
        parts.extensions.get::<Self>().cloned().unwrap_or_default()
    }

    /// The caller as the audit names it.
    pub fn actor(&self, parts: &Parts, trusted_proxies: u8) -> Actor {
        let id = parts.headers.get(REQUEST_ID).and_then(|id| id.to_str().ok()).unwrap_or_default();
        let address = address::of_caller(&parts.headers, &parts.extensions, trusted_proxies);
        let address = address.map(|address| address.to_string());
        Actor::of_request(self.key.as_deref(), address, id.to_owned())
    }

    /// Refuses who has no key with this scope.
    pub fn must(&self, scope: Scope, what: &str) -> Result<&Arc<Key>, Error> {
        let word = scope.word();
        let key = self.key.as_ref().ok_or_else(|| {
            Error::Unauthorized(format!(
                "{what} takes a key with the scope {word}, sent as Authorization: Bearer"
            ))
        })?;
        if key.may(scope) {
            return Ok(key);
        }
        let own: Vec<&str> = key.scopes.iter().map(|scope| scope.word()).collect();
        Err(Error::Forbidden(format!(
            "{what} takes the scope {word}; the key {} has {}",
            key.prefix,
            own.join(", ")
        )))
    }
}

/// Finds out who calls. A key that is none is refused later, by [`refused`], so that it counts against its address.
pub async fn identify(keys: &Keys, request: &mut Request) {
    let sent = if request.uri().path().starts_with("/v1") { sent(request) } else { Ok(None) };
    let caller = caller(keys, sent).await;
    if let Some(key) = &caller.key {
        request.extensions_mut().insert(KeyId(key.id));
    }
    request.extensions_mut().insert(caller);
}

/// The refusal of who sent a key that is none.
pub fn refused(request: &Request) -> Option<Response> {
    let caller = request.extensions().get::<Caller>()?;
    caller.refused.as_ref().map(|problem| Problem::clone(problem).into_response())
}

/// The text of the key that was sent with a request.
fn sent(request: &Request) -> Result<Option<String>, Problem> {
    if let Some(problem) = key_in_address(request) {
        return Err(problem);
    }
    Ok(bearer(request.headers())?.map(str::to_owned))
}

async fn caller(keys: &Keys, sent: Result<Option<String>, Problem>) -> Caller {
    let found = match sent {
        Ok(None) => return Caller::default(),
        Ok(Some(text)) => keys.find(&text).await.map_err(Problem::from),
        Err(problem) => Err(problem),
    };
    match found {
        Ok(key) => Caller { key: Some(key), refused: None },
        Err(problem) => Caller { key: None, refused: Some(Arc::new(problem)) },
    }
}

/// The text after `Bearer`.
fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Error> {
    let mut all = headers.get_all(header::AUTHORIZATION).iter();
    let Some(first) = all.next() else { return Ok(None) };
    let wrong =
        || Error::Unauthorized("the header Authorization is not of the form Bearer KEY, once".to_owned());
    let (scheme, text) = first.to_str().ok().and_then(|text| text.split_once(' ')).ok_or_else(wrong)?;
    if !scheme.eq_ignore_ascii_case("bearer") || all.next().is_some() {
        return Err(wrong());
    }
    Ok(Some(text.trim()))
}

/// What to say to who sends a key in the address. Its value is not said again.
fn key_in_address(request: &Request) -> Option<Problem> {
    let query = request.uri().query().unwrap_or_default();
    let named = form_urlencoded::parse(query.as_bytes()).map(|(name, _)| name.into_owned());
    let named =
        named.map(|name| name.to_ascii_lowercase()).find(|name| KEYS_IN_ADDRESSES.contains(&name.as_str()));
    let decoded = |text: &str| {
        form_urlencoded::parse(text.as_bytes()).any(|(a, b)| redacted(&a).or(redacted(&b)).is_some())
    };
    let place = named.or_else(|| decoded(query).then(|| "(query)".to_owned()));
    let place = place.or_else(|| redacted(request.uri().path()).map(|_| "(path)".to_owned()))?;
    let detail = "a key in an address is written down by everything that it comes by: send it as the header Authorization: Bearer KEY, \
                  and have this one revoked if it was one";
    let mut problem = Problem::new(Code::Malformed, detail);
    problem.errors.push(Fault::new(place, "", "no key is taken in an address"));
    Some(problem)
}

/// Says to caches and browsers whose an answer is: one for a key that sees more than everybody is its own.
pub fn own(response: &mut Response, sight: &Sight) {
    if *sight != Sight::Public {
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    }
}

/// The service as the caller may see it: what handlers read by.
#[derive(Debug, Clone)]
pub struct Seen(pub Arc<App>);

impl FromRequestParts<Arc<App>> for Seen {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Infallible> {
        Ok(Self(match Caller::of(parts).sight() {
            Sight::Public => Arc::clone(app),
            sight => Arc::new(app.seen_by(sight)),
        }))
    }
}

/// The holder of a key with the scope `admin`.
#[derive(Debug)]
pub struct Administering;

impl FromRequestParts<Arc<App>> for Administering {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<App>) -> Result<Self, Problem> {
        Caller::of(parts).must(Scope::Admin, "this")?;
        Ok(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;

    fn request(path: &str, authorization: &[&str]) -> Request {
        let mut request = Request::get(path);
        for value in authorization {
            request = request.header(header::AUTHORIZATION, *value);
        }
        request.body(Body::empty()).unwrap()
    }

    #[test]
    fn a_key_is_taken_from_one_bearer_header_alone() {
        let read =
            |sent: &[&str]| bearer(request("/v1", sent).headers()).map(|text| text.map(str::to_owned)).ok();
        assert_eq!(read(&[]), Some(None));
        assert_eq!(read(&["bearer  ca_1 "]), Some(Some("ca_1".to_owned())));
        for wrong in [&["Basic dTpw"][..], &["ca_1"], &["Bearer a", "Bearer b"], &[""]] {
            assert_eq!(read(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn a_key_in_an_address_is_refused_and_not_said_again() {
        let key = format!("ca_00000000_{}", "a".repeat(64));
        for path in [
            "/v1/production?api_key=x".to_owned(),
            "/v1/production?Access_Token=".to_owned(),
            format!("/v1/production?geo={key}"),
            format!("/v1/production?{key}"),
            format!("/v1/sources/{key}"),
        ] {
            let problem = key_in_address(&request(&path, &[])).expect(&path);
            let text = serde_json::to_string(&problem).unwrap();
            assert!(problem.code == Code::Malformed && !text.contains("aaaa"), "{text}");
        }
        assert!(key_in_address(&request("/v1/production?geo=CN&keyword=1", &[])).is_none());
    }
}
