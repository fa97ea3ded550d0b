//! An answer as it is sent: tagged and coded.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use bytes::Bytes;
use chrono::{DateTime, Utc};

use super::caller::{Caller, HTTP_DATE};
use super::coding::Coding;
use crate::http::layers::DatabaseTime;
use crate::http::reply::Reply;
use crate::http::stream;

/// What an answer without a body says: by what it is known again, and that it may be kept.
const UNCHANGED: [HeaderName; 4] = [header::ETAG, header::LAST_MODIFIED, header::CACHE_CONTROL, header::VARY];

/// An answer with data, ready to be sent.
#[derive(Debug, Clone)]
pub struct Ready {
    headers: HeaderMap,
    /// The tag of this form, with its quotes; `None` where nobody may keep it.
    tag: Option<String>,
    last_modified: DateTime<Utc>,
    /// Whether the service may keep it.
    kept: bool,
    status: StatusCode,
    /// `None` where the caller had it, so that it was not made.
    body: Option<Bytes>,
}

impl Ready {
    /// Makes a handler's answer ready for a caller. What is no answer with data is handed back.
    pub fn of(mut response: Response, caller: &Caller) -> Result<(Self, DatabaseTime), Response> {
        let Some(reply) = response.extensions_mut().remove::<Reply>() else { return Err(response) };
        let (coding, body) = if let Some(coding) = reply.unread {
            (coding, None)
        } else {
            let (coding, body) = caller.coding.code(&reply.body);
            (coding, Some(body))
        };
        let mut headers = std::mem::take(response.headers_mut());
        if let Some(body) = &body {
            headers.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
        }
        Ok((Self::tagged(headers, &reply, (coding, caller)).with(body), DatabaseTime::of(&reply)))
    }

    /// Sends a body while it is written, which is not kept. The answer is handed back where its body is there already.
    pub fn stream(mut response: Response, caller: &Caller) -> Result<Response, Response> {
        let reply = response.extensions().get::<Reply>().filter(|reply| reply.stream.is_some()).cloned();
        let Some(reply) = reply else { return Err(response) };
        response.extensions_mut().remove::<Reply>();
        let coding = if caller.takes_gzip { Coding::Gzip } else { Coding::Identity };
        let ready = Self::tagged(std::mem::take(response.headers_mut()), &reply, (coding, caller));
        let mut answer = ready.answer(caller).unwrap_or_else(|| {
            let body = std::mem::take(response.body_mut());
            let body = if coding == Coding::Gzip { stream::gzip(body) } else { body };
            let mut answer = Response::new(body);
            *answer.headers_mut() = ready.headers;
            answer
        });
        answer.extensions_mut().insert(DatabaseTime::of(&reply));
        Ok(answer)
    }

    /// An answer in a coding for a caller, with its tag and date, without a body.
    fn tagged(mut headers: HeaderMap, reply: &Reply, (coding, caller): (Coding, &Caller)) -> Self {
        let tag = reply.tag.as_ref().map(|tag| format!("\"{tag}{}{}\"", caller.mark, coding.mark()));
        if let Some(tag) = &tag {
            let date = reply.last_modified.format(HTTP_DATE).to_string();
            for (name, value) in [(header::ETAG, tag), (header::LAST_MODIFIED, &date)] {
                headers.insert(name, HeaderValue::try_from(value).expect("tags and dates are visible ASCII"));
            }
        }
        if let Some(coding) = coding.header() {
            headers.insert(header::CONTENT_ENCODING, coding);
        }
        let (last_modified, kept, status) = (reply.last_modified, reply.kept, reply.status());
        Self { headers, tag, last_modified, kept, status, body: None }
    }

    fn with(self, body: Option<Bytes>) -> Self {
        Self { body, ..self }
    }

    /// Whether the service may keep it.
    pub fn may_be_kept(&self) -> bool {
        self.kept && self.tag.is_some()
    }

    /// How many bytes it takes, about.
    pub fn size(&self) -> usize {
        let headers = self.headers.iter().map(|(name, value)| name.as_str().len() + 2 * value.len());
        self.body.as_ref().map_or(0, Bytes::len) + headers.sum::<usize>() + 40 * self.headers.len()
    }

    /// The answer to a caller: 304 where it has it. `None` where it does not and there is no body.
    pub fn answer(&self, caller: &Caller) -> Option<Response> {
        let mut response = Response::default();
        if self.tag.as_ref().is_some_and(|tag| caller.has(tag, self.last_modified)) {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            let said =
                UNCHANGED.iter().filter_map(|name| Some((name.clone(), self.headers.get(name)?.clone())));
            response.headers_mut().extend(said);
        } else {
            *response.status_mut() = self.status;
            *response.body_mut() = Body::from(self.body.clone()?);
            response.headers_mut().clone_from(&self.headers);
        }
        Some(response)
    }
}
