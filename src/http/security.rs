//! What a browser is told of every answer, so that it does nothing with one but show or read it.

use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;

/// Data is no page: nothing of it is run, loaded or framed.
const OF_DATA: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");

/// The page to try requests on: its own scripts, and requests to this service. It styles elements one by one, and its icons are in
/// its styles.
const OF_DOCS: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// A year of nothing but HTTPS.
const STRICT: HeaderValue = HeaderValue::from_static("max-age=31536000");

const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// Adds what holds of every answer, where nothing else was said. Which origins may read one is for CORS; that one may be loaded by a
/// page elsewhere is said here.
pub fn guarded(mut response: Response, is_encrypted: bool) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(OF_DATA);
    headers.insert(RESOURCE_POLICY, HeaderValue::from_static("cross-origin"));
    if is_encrypted {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, STRICT);
    }
    response
}

/// Lets the pages to try requests on do what they need.
pub async fn of_docs(request: Request, next: Next) -> Response {
    let is_docs = request.uri().path().starts_with("/docs");
    let mut response = next.run(request).await;
    if is_docs {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, OF_DOCS);
    }
    response
}
