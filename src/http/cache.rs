//! Conditional requests and content coding. Both decide over the tag, so they are one layer.

use std::io::Write as _;

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use bytes::Bytes;
use chrono::{DateTime, NaiveDateTime, Utc};
use flate2::Compression;
use flate2::write::GzEncoder;

use super::layers::DatabaseTime;
use super::negotiate::accepts_gzip;
use super::reply::Reply;
use super::stream;

/// Bodies below this size are sent as they are: coding would cost more than it saves.
const WORTH_CODING: usize = 1024;

const HTTP_DATE: &str = "%a, %d %b %Y %H:%M:%S GMT";

/// Gives an answer its tag, answers 304 where the caller has it already, and codes it where the caller takes that.
pub async fn conditional(request: Request, next: Next) -> Response {
    let headers = request.headers().clone();
    let mut response = next.run(request).await;
    let Some(reply) = response.extensions_mut().remove::<Reply>() else { return response };
    response.extensions_mut().insert(DatabaseTime::of(&reply));
    let worth = reply.stream.is_some() || reply.body.len() >= WORTH_CODING;
    let coded = worth && accepts_gzip(text(&headers, header::ACCEPT_ENCODING));
    let mark = if coded { "-gzip" } else { "" };
    let tag = reply.tag.as_ref().map(|tag| format!("\"{tag}{mark}\""));
    let known = tag.as_ref().is_some_and(|tag| is_known(&headers, tag, reply.last_modified));
    let answer = response.headers_mut();
    if let Some(tag) = tag {
        let date = reply.last_modified.format(HTTP_DATE).to_string();
        for (name, value) in [(header::ETAG, tag), (header::LAST_MODIFIED, date)] {
            answer.insert(name, HeaderValue::try_from(value).expect("tags and dates are visible ASCII"));
        }
    }
    if known {
        answer.remove(header::CONTENT_TYPE);
        answer.remove(header::CONTENT_LENGTH);
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        *response.body_mut() = Body::empty();
    } else if coded && reply.stream.is_some() {
        answer.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        *response.body_mut() = stream::gzip(std::mem::take(response.body_mut()));
    } else if coded && let Some(body) = gzip(&reply.body) {
        answer.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        answer.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
        *response.body_mut() = Body::from(body);
    }
    response
}

/// Whether the caller has this answer: by its tags, or, where it sends none, by its date (RFC 9110, 13.2.2).
fn is_known(headers: &HeaderMap, tag: &str, last_modified: DateTime<Utc>) -> bool {
    let tags: Vec<&str> =
        headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok()).collect();
    if !tags.is_empty() {
        let mut all = tags.iter().flat_map(|list| list.split(',')).map(str::trim);
        return all.any(|t| t == "*" || t.trim_start_matches("W/") == tag);
    }
    let since = NaiveDateTime::parse_from_str(text(headers, header::IF_MODIFIED_SINCE), HTTP_DATE);
    since.is_ok_and(|since| last_modified.timestamp() <= since.and_utc().timestamp())
}

fn gzip(body: &Bytes) -> Option<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 4), Compression::fast());
    encoder.write_all(body).ok()?;
    encoder.finish().ok()
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> &str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: header::HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_static(value))])
    }

    #[test]
    fn a_tag_goes_before_a_date() {
        let changed = "2026-11-24T10:00:00.5Z".parse().unwrap();
        let known = |headers: &HeaderMap| is_known(headers, "\"abc\"", changed);
        assert!(known(&headers(header::IF_NONE_MATCH, "\"x\", W/\"abc\"")));
        assert!(known(&headers(header::IF_NONE_MATCH, "*")));
        assert!(!known(&headers(header::IF_NONE_MATCH, "\"abc-gzip\"")));
        assert!(known(&headers(header::IF_MODIFIED_SINCE, "Tue, 24 Nov 2026 10:00:00 GMT")));
        assert!(!known(&headers(header::IF_MODIFIED_SINCE, "Tue, 24 Nov 2026 09:59:59 GMT")));
        let mut both = headers(header::IF_MODIFIED_SINCE, "Tue, 24 Nov 2026 10:00:00 GMT");
        both.insert(header::IF_NONE_MATCH, HeaderValue::from_static("\"other\""));
        assert!(!known(&both));
        assert!(!known(&HeaderMap::new()));
    }
}
