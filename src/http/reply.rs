//! Answers with data: the body, what is true of it, and the headers that say so.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

use super::cache::Coding;
use super::negotiate::Format;
use super::stream::Streamed;

/// An answer with data, of whatever kind. Tag, conditional requests and content coding are the cache layer's.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The body, not coded; empty where it is sent while it is written.
    pub body: Bytes,
    /// The body that is being written, not coded; `None` where it is there already.
    pub stream: Option<Streamed>,
    /// Its media type.
    pub format: Format,
    /// Hashes everything that the body depends on but its content coding; `None` for the answer to a body, which nobody may
    /// keep and which has no tag or date.
    pub tag: Option<String>,
    /// When one of the collections that were read last changed.
    pub last_modified: DateTime<Utc>,
    /// Whether nothing follows on a next page.
    pub complete: bool,
    /// Where the next page is, relative to the service; `None` where this is the last.
    pub next: Option<String>,
    /// The language of the names in it, where it has one.
    pub language: Option<&'static str>,
    /// Milliseconds that the database took, for `Server-Timing`.
    pub database_ms: Option<f64>,
    /// What the request changed; `None` where it only read.
    pub written: Option<Written>,
    /// Whether the service may keep it: not where it changes with the day, without any collection changing. The tag knows the day.
    pub kept: bool,
    /// Where the caller has the answer already, so that nothing was read and there is no body: the coding of what it has.
    pub unread: Option<Coding>,
}

/// What a request changed.
#[derive(Debug, Clone)]
pub struct Written {
    /// Its path, relative to the service.
    pub path: String,
    /// Whether the work is not done yet.
    pub goes_on: bool,
}

/// Says whether an answer is whole: `true`, or `false` where a next page follows.
pub const X_COMPLETE: HeaderName = HeaderName::from_static("x-complete");

/// Hashes the parts that an answer depends on, and the build that makes it.
pub fn tag<'a>(parts: impl IntoIterator<Item = &'a str>) -> String {
    let mut hash = Sha256::new();
    hash.update(super::BUILD);
    for part in parts {
        hash.update([0]);
        hash.update(part);
    }
    hash.finalize()[..12].iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

impl Reply {
    /// An answer that is whole, was only read, and has no names in a language.
    pub const fn new(body: Bytes, format: Format, tag: Option<String>, last_modified: DateTime<Utc>) -> Self {
        Self {
            body,
            stream: None,
            format,
            tag,
            last_modified,
            complete: true,
            next: None,
            language: None,
            database_ms: None,
            written: None,
            kept: true,
            unread: None,
        }
    }

    /// The same answer as one that changes without any collection changing: nobody may keep it.
    #[must_use]
    pub fn fleeting(self) -> Self {
        Self { tag: None, ..self }
    }

    /// The same answer as one of today, which is another tomorrow: its tag has to depend on the day.
    #[must_use]
    pub fn of_today(self) -> Self {
        Self { kept: false, ..self }
    }

    /// The same answer to a request that changed something.
    #[must_use]
    pub fn of_writing(self, path: String, goes_on: bool) -> Self {
        Self { written: Some(Written { path, goes_on }), ..self.fleeting() }
    }

    /// 202 where work goes on, else 200.
    pub fn status(&self) -> StatusCode {
        let goes_on = self.written.as_ref().is_some_and(|written| written.goes_on);
        if goes_on { StatusCode::ACCEPTED } else { StatusCode::OK }
    }

    fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.format.media_type()));
        let cache = if self.tag.is_some() { "public, max-age=0, must-revalidate" } else { "no-store" };
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
        let vary = HeaderValue::from_static("Accept, Accept-Language, Accept-Encoding, Authorization");
        headers.insert(header::VARY, vary);
        let complete = if self.complete { "true" } else { "false" };
        headers.insert(X_COMPLETE, HeaderValue::from_static(complete));
        if let Some(language) = self.language {
            headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(language));
        }
        let mut link = "</openapi.json>; rel=\"service-desc\"".to_owned();
        if let Some(next) = &self.next {
            link = format!("<{next}>; rel=\"next\", {link}");
        }
        let location = self.written.as_ref().and_then(|written| HeaderValue::from_str(&written.path).ok());
        if let Some(location) = location {
            headers.insert(header::LOCATION, location);
        }
        // A link that cannot be a header value is left out; the body has it too.
        if let Ok(link) = HeaderValue::from_str(&link) {
            headers.insert(header::LINK, link);
        }
        headers
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        let body = self.stream.clone().map_or_else(|| Body::from(self.body.clone()), Streamed::into_body);
        let mut response = (self.headers(), body).into_response();
        response.extensions_mut().insert(self);
        response
    }
}
