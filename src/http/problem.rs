//! Errors as answers: RFC 9457 problems, the same shape on every status.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::error::{Error, Fault};

/// An error answer, `application/problem+json` (RFC 9457).
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Problem {
    /// Where this kind of problem is described; relative to the service.
    #[serde(rename = "type")]
    pub kind: String,
    /// The kind of problem in a few words; the same for every occurrence.
    pub title: String,
    /// The HTTP status of the answer.
    pub status: u16,
    /// What happened this time.
    pub detail: String,
    /// The kind of problem as one word for programs.
    pub code: Code,
    /// The id that the log knows this request by; also in the header `X-Request-Id`.
    pub request_id: String,
    /// Each fault of the request; empty where the request is not at fault.
    pub errors: Vec<Fault>,
    /// Seconds after which trying again may help; sent as the header `Retry-After`.
    #[serde(skip)]
    pub retry_after: Option<u32>,
}

/// Every kind of problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ProblemCode)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// The request cannot be read.
    Malformed,
    /// A parameter is unknown, names something unknown, or contradicts another.
    InvalidParameter,
    /// There is nothing at this path or under this id.
    NotFound,
    /// The path exists, but not for this method.
    MethodNotAllowed,
    /// No accepted media type can be served.
    NotAcceptable,
    /// The answer would be larger than one answer may be, or the request is.
    TooLarge,
    /// The URL is longer than one that is read.
    UriTooLong,
    /// The body is not of a type that is read here.
    UnsupportedMediaType,
    /// Later pages can no longer be answered as the first was.
    CursorGone,
    /// It takes a key, or what was sent as one is none of any use.
    Unauthorized,
    /// The caller, or anybody here, may not do this.
    Forbidden,
    /// It contradicts how things stand.
    Conflict,
    /// The body stopped arriving.
    Stalled,
    /// There is no room for the body.
    StorageFull,
    /// Too many requests.
    RateLimited,
    /// A fault of the service.
    Internal,
    /// The database cannot be reached, or the service is starting, stopping or as busy as it may be.
    Unavailable,
    /// More is asked for at a time than is answered.
    Overloaded,
    /// The answer took too long.
    Timeout,
}

impl Code {
    /// One row a kind of problem: status, word, title.
    pub const TABLE: [(Self, StatusCode, &'static str, &'static str); 19] = [
        (Self::Malformed, StatusCode::BAD_REQUEST, "malformed", "The request cannot be read"),
        (
            Self::InvalidParameter,
            StatusCode::UNPROCESSABLE_ENTITY,
            "invalid_parameter",
            "The request cannot be answered",
        ),
        (Self::NotFound, StatusCode::NOT_FOUND, "not_found", "There is nothing here"),
        (
            Self::MethodNotAllowed,
            StatusCode::METHOD_NOT_ALLOWED,
            "method_not_allowed",
            "This method is not served here",
        ),
        (
            Self::NotAcceptable,
            StatusCode::NOT_ACCEPTABLE,
            "not_acceptable",
            "No accepted media type is served",
        ),
        (Self::TooLarge, StatusCode::PAYLOAD_TOO_LARGE, "too_large", "Too much at once"),
        (Self::UriTooLong, StatusCode::URI_TOO_LONG, "uri_too_long", "The URL is too long"),
        (
            Self::UnsupportedMediaType,
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            "This media type is not read here",
        ),
        (Self::CursorGone, StatusCode::GONE, "cursor_gone", "The pages have to be read again"),
        (Self::Unauthorized, StatusCode::UNAUTHORIZED, "unauthorized", "This takes a key"),
        (Self::Forbidden, StatusCode::FORBIDDEN, "forbidden", "This is not allowed"),
        (Self::Conflict, StatusCode::CONFLICT, "conflict", "It contradicts how things stand"),
        (Self::Stalled, StatusCode::REQUEST_TIMEOUT, "stalled", "The body stopped arriving"),
        (Self::StorageFull, StatusCode::INSUFFICIENT_STORAGE, "storage_full", "There is no room for it"),
        (Self::RateLimited, StatusCode::TOO_MANY_REQUESTS, "rate_limited", "Too many requests"),
        (Self::Internal, StatusCode::INTERNAL_SERVER_ERROR, "internal", "The service failed to answer"),
        (Self::Unavailable, StatusCode::SERVICE_UNAVAILABLE, "unavailable", "The service cannot answer now"),
        (Self::Overloaded, StatusCode::SERVICE_UNAVAILABLE, "overloaded", "Too much is asked for at a time"),
        (Self::Timeout, StatusCode::GATEWAY_TIMEOUT, "timeout", "The answer took too long"),
    ];

    fn of_status(status: StatusCode) -> Self {
        let row = Self::TABLE.iter().find(|(_, s, _, _)| *s == status);
        row.map_or(if status.is_client_error() { Self::Malformed } else { Self::Internal }, |row| row.0)
    }
}

impl Problem {
    /// A problem of this kind. The request id is filled in when it is answered.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        let row = Code::TABLE.iter().find(|(c, ..)| *c == code).expect("the table has a row for each code");
        Self {
            kind: format!("/problems#{}", row.2),
            title: row.3.to_owned(),
            status: row.1.as_u16(),
            detail: detail.into(),
            code,
            request_id: String::new(),
            errors: Vec::new(),
            retry_after: match code {
                Code::Unavailable => Some(2),
                Code::Overloaded => Some(1),
                _ => None,
            },
        }
    }

    fn with_errors(mut self, errors: Vec<Fault>) -> Self {
        self.errors = errors;
        self
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let detail = error.to_string();
        match error {
            Error::Malformed(faults) => Self::new(Code::Malformed, detail).with_errors(faults),
            Error::Rejected(faults) => Self::new(Code::InvalidParameter, detail).with_errors(faults),
            Error::NotFound { what, id, did_you_mean } => {
                let mut fault = Fault::new(what, &id, "is not known here");
                fault.did_you_mean = did_you_mean;
                Self::new(Code::NotFound, detail).with_errors(vec![fault])
            }
            Error::TooLarge { way_out, .. } => Self::new(Code::TooLarge, format!("{detail}. {way_out}")),
            Error::TooMuchRead { way_out, .. } => Self::new(Code::TooLarge, format!("{detail}. {way_out}")),
            Error::Gone(_) => Self::new(Code::CursorGone, detail),
            Error::NotAcceptable { accept, served } => {
                let fault = Fault::new("Accept", &accept, "names no media type that is served here");
                Self::new(Code::NotAcceptable, detail).with_errors(vec![fault.allowed(served)])
            }
            Error::Unauthorized(_) => Self::new(Code::Unauthorized, detail),
            Error::Forbidden(_) => Self::new(Code::Forbidden, detail),
            Error::Conflict(_) => Self::new(Code::Conflict, detail),
            Error::Stalled(_) => Self::new(Code::Stalled, detail),
            Error::Oversize(_) => Self::new(Code::TooLarge, detail),
            Error::Full(_) => {
                tracing::warn!(detail, "there is no room");
                Self::new(Code::StorageFull, detail)
            }
            Error::Unavailable(cause) => {
                tracing::warn!(cause, "the database cannot be reached");
                Self::new(Code::Unavailable, "the database cannot be reached at the moment")
            }
            Error::Moved | Error::Busy(_) | Error::Cancelled => Self::new(Code::Unavailable, detail),
            Error::TooOften { seconds: retry_after, .. } => {
                Self { retry_after, ..Self::new(Code::RateLimited, detail) }
            }
            Error::Timeout => Self::new(Code::Timeout, detail),
            Error::Data(_) | Error::Startup(_) | Error::Internal { .. } => {
                tracing::error!(error = detail, "a request failed");
                Self::new(Code::Internal, "the service failed; its log knows more under the request id")
            }
        }
    }
}

impl IntoResponse for Problem {
    /// The status alone: [`complete`] writes the body, when it knows the request id.
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// What is answered instead of all that needs the database once that has ended by itself.
const ENDED: &str = "the database has ended, and the service must be started again; its log tells why";

/// Writes the body of every error answer, also of those that a layer made and no handler.
pub async fn complete(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let (id, uri) = (request.headers().get(super::REQUEST_ID).cloned(), request.uri().clone());
    let mut response = next.run(request).await;
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return response;
    }
    let known = response.extensions_mut().remove::<Problem>();
    let mut problem =
        known.unwrap_or_else(|| Problem::new(Code::of_status(status), of_layer(status, uri.path())));
    problem.status = status.as_u16();
    let id = id.as_ref().and_then(|id| id.to_str().ok());
    id.unwrap_or_default().clone_into(&mut problem.request_id);
    if problem.code == Code::Unavailable && !app.has_database() {
        ENDED.clone_into(&mut problem.detail);
    }
    let body = serde_json::to_vec(&problem).expect("a problem holds only texts and numbers");
    *response.body_mut() = Body::from(body);
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_LENGTH);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if problem.code == Code::Unauthorized {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    if let Some(seconds) = problem.retry_after {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// What to say of an error answer that carries no problem of its own.
fn of_layer(status: StatusCode, path: &str) -> String {
    match status {
        StatusCode::NOT_FOUND => format!("nothing is served at {path}; /v1 lists what is"),
        StatusCode::METHOD_NOT_ALLOWED => {
            "the header Allow names the methods that are served here".to_owned()
        }
        StatusCode::GATEWAY_TIMEOUT => "the answer took longer than a request may".to_owned(),
        StatusCode::PAYLOAD_TOO_LARGE => "the body is larger than what is read here".to_owned(),
        _ => status.canonical_reason().unwrap_or("the request failed").to_lowercase(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_code_has_one_row_and_its_word_is_its_json() {
        for (code, _, word, _) in Code::TABLE {
            assert_eq!(serde_json::to_value(code).unwrap(), word);
            assert_eq!(Problem::new(code, "").kind, format!("/problems#{word}"));
        }
    }

    #[test]
    fn an_internal_fault_tells_nothing_of_the_inside() {
        let problem = Problem::from(Error::internal("reading", std::io::Error::other("secret")));
        assert!(!serde_json::to_string(&problem).unwrap().contains("secret"));
    }
}
