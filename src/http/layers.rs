//! The one stack of middleware, outermost first, with the reason of each place.

use std::any::Any;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::cors::{AllowHeaders, AllowOrigin, Any as AnyOf, CorsLayer};
use uuid::Uuid;

use super::cache::{Answers, Origin};
use super::limits::{Limits, RATE_LIMIT, RATE_LIMIT_POLICY};
use super::problem::{Code, Problem};
use super::reply::{Reply, X_COMPLETE};
use super::{REQUEST_ID, access, address, body, cache, limits, openapi, overload, problem, security};
use crate::access::{Keys, redacted};
use crate::app::App;
use crate::metrics::Metrics;
use crate::params::MAX_QUERY_BYTES;

/// How long a request may take: more than a statement may, less than the drain at the stop.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(8);

/// The longest path and query together, in bytes: more than a query may have, so that one that is little too long is told by how much.
const MOST_URI_BYTES: usize = MAX_QUERY_BYTES + 4096;

const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// Puts the layers around the routes.
pub fn around(routes: Router<Arc<App>>, app: Arc<App>) -> Router {
    let edge = &app.edge;
    let is_encrypted = edge.tls.is_some();
    // Each layer copies those inside of it for each request, with what they hold.
    let seen = Arc::new(Observer { metrics: app.metrics.clone(), trusted_proxies: edge.trusted_proxies });
    let entrance =
        Arc::new(Entrance { keys: app.keys.clone(), limits: Limits::new(edge), answers: Answers::new(&app) });
    let layers = ServiceBuilder::new()
        // Outermost: every answer is logged and carries its id, whichever layer makes it.
        .layer(from_fn_with_state(seen, observe))
        // Outside of all that answers too: what a browser may do holds of errors and preflights as well.
        .map_response(move |response: Response| security::guarded(response, is_encrypted))
        // Outside of what answers errors: a browser may read a timeout as well as an answer, and a preflight counts for nothing.
        .layer(cors(&app.origins))
        // Outside of panics and timeouts: they get the body that every error has.
        .layer(from_fn_with_state(app.clone(), problem::complete))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(DefaultBodyLimit::max(body::MOST_BYTES))
        // Innermost, and one for all that decides whether a handler is called at all: each layer costs what some answers do.
        .layer(from_fn_with_state(entrance, admitted));
    routes.layer(layers).with_state(app)
}

/// What a request has to pass.
#[derive(Debug)]
struct Entrance {
    keys: Keys,
    limits: Limits,
    answers: Answers,
}

/// Hands on what is admitted, and ends what takes too long. A file that is sent takes as long as its sender needs: the end of that is
/// where nothing more comes.
async fn admitted(State(entrance): State<Arc<Entrance>>, request: Request, next: Next) -> Response {
    if request.method() == Method::POST && request.uri().path() == "/v1/imports" {
        return entrance.admit(request, next).await;
    }
    let answer = tokio::time::timeout(REQUEST_TIMEOUT, entrance.admit(request, next)).await;
    answer.unwrap_or_else(|_| StatusCode::GATEWAY_TIMEOUT.into_response())
}

impl Entrance {
    /// Hands on what may be answered: it fits, and its sender, who is found out for all that follows, has not sent too much. What is no
    /// key counts like other requests, and so do answers that are kept.
    async fn admit(&self, mut request: Request, next: Next) -> Response {
        if let Some(refusal) = overload::crowded(&request).or_else(|| too_long(&request)) {
            return refusal;
        }
        access::identify(&self.keys, &mut request).await;
        let answer = async |request| match access::refused(&request) {
            Some(refusal) => refusal,
            None => cache::conditional(&self.answers, request, next).await,
        };
        limits::count(&self.limits, request, answer).await
    }
}

/// The refusal of an address that is longer than any that can be meant.
fn too_long(request: &Request) -> Option<Response> {
    let bytes = request.uri().path_and_query().map_or(0, |all| all.as_str().len());
    let refusal = || {
        let detail = format!(
            "path and query are {bytes} bytes long; POST /v1/query takes a query that is longer than a URL can be"
        );
        Problem::new(Code::UriTooLong, detail).into_response()
    };
    (bytes > MOST_URI_BYTES).then(refusal)
}

fn cors(origins: &[HeaderValue]) -> CorsLayer {
    let layer = CorsLayer::new()
        .allow_methods([Method::GET, Method::HEAD, Method::POST, Method::DELETE])
        // A browser takes `*` for every header but this one.
        .allow_headers(AllowHeaders::list([HeaderName::from_static("*"), header::AUTHORIZATION]))
        .expose_headers([
            header::ETAG,
            header::LAST_MODIFIED,
            header::LINK,
            header::RETRY_AFTER,
            RATE_LIMIT,
            RATE_LIMIT_POLICY,
            header::CONTENT_LANGUAGE,
            SERVER_TIMING,
            TRACEPARENT,
            X_COMPLETE,
            REQUEST_ID,
        ])
        .max_age(Duration::from_hours(1));
    let any = origins.is_empty();
    if any { layer.allow_origin(AnyOf) } else { layer.allow_origin(AllowOrigin::list(origins.to_vec())) }
}

/// What is needed to tell of a request.
#[derive(Debug)]
struct Observer {
    metrics: Metrics,
    trusted_proxies: u8,
}

/// Gives the request its id, and the answer its id, its times and its line in the log.
async fn observe(State(seen): State<Arc<Observer>>, mut request: Request, next: Next) -> Response {
    let start = Instant::now();
    let id = request_id(&request);
    request.headers_mut().insert(REQUEST_ID, id.clone());
    let trace = request.headers().get(TRACEPARENT).cloned();
    let (method, uri) = (request.method().clone(), request.uri().clone());
    let route = request.extensions().get::<MatchedPath>().cloned();
    let client = address::of_caller(request.headers(), request.extensions(), seen.trusted_proxies);
    let mut response = next.run(request).await;
    let duration = start.elapsed();
    let duration_ms = duration.as_secs_f64() * 1000.0;
    let database_ms = response.extensions().get::<DatabaseTime>().map_or(0.0, |time| time.0);
    // The parameters are not logged; a key has no place in a path.
    let path = redacted(uri.path());
    let path = path.as_deref().unwrap_or(uri.path());
    let route = route.as_ref().map(MatchedPath::as_str);
    let operation = route.and_then(|route| openapi::operation(&method, route));
    seen.metrics.answered(operation.unwrap_or("none"), response.status().as_u16(), duration);
    tracing::info!(
        id = id.to_str().unwrap_or_default(),
        route = route.unwrap_or(path),
        status = response.status().as_u16(),
        client = client.map(tracing::field::display),
        duration_ms,
        database_ms,
        "{method} {path} {}",
        response.status().as_u16(),
    );
    let origin = response.extensions().get::<Origin>();
    let origin = origin.map_or(String::new(), |origin| format!("cache;desc={}, ", origin.0));
    let timing = format!("{origin}db;dur={database_ms:.1}, total;dur={duration_ms:.1}");
    let headers = response.headers_mut();
    headers.insert(REQUEST_ID, id);
    headers.insert(SERVER_TIMING, HeaderValue::try_from(timing).expect("numbers are visible ASCII"));
    if let Some(trace) = trace {
        headers.insert(TRACEPARENT, trace);
    }
    response
}

/// Milliseconds that a request spent in the database.
#[derive(Debug, Clone, Copy)]
pub struct DatabaseTime(pub f64);

impl DatabaseTime {
    /// The time that an answer says it took.
    pub fn of(reply: &Reply) -> Self {
        Self(reply.database_ms.unwrap_or_default())
    }
}

/// The id that the caller sent, where it can stand in a log, else a new one.
fn request_id(request: &Request) -> HeaderValue {
    let sent = request.headers().get(REQUEST_ID).filter(|id| {
        id.len() <= 128 && id.as_bytes().iter().all(|b| b.is_ascii_alphanumeric() || b"-_.:/+=".contains(b))
    });
    sent.filter(|id| !id.is_empty()).cloned().unwrap_or_else(|| {
        HeaderValue::try_from(Uuid::now_v7().to_string()).expect("a UUID is visible ASCII")
    })
}

#[expect(clippy::needless_pass_by_value, reason = "the layer asks for a function of this type")]
fn panicked(cause: Box<dyn Any + Send>) -> Response {
    let text = cause.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| cause.downcast_ref::<&str>().copied()).unwrap_or("no message");
    tracing::error!(panic = text, "a handler panicked");
    Problem::new(Code::Internal, "the service failed; its log knows more under the request id")
        .into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use axum::body::Body;
    use axum::routing::get;
    use sqlx::postgres::PgPoolOptions;
    use tower::ServiceExt as _;

    async fn answer(path: &str) -> (Response, serde_json::Value) {
        let routes = Router::new()
            .route("/panics", get(|| async { panic!("no") as () }))
            .route("/hangs", get(|| async { std::future::pending::<()>().await }));
        let pool = PgPoolOptions::new().connect_lazy("postgres://nowhere").unwrap();
        let app = Arc::new(App::new(pool, Clock::system()));
        let request = Request::get(path).header("origin", "https://a.example").header(REQUEST_ID, "me-1");
        let response = around(routes, app).oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        (Response::from_parts(parts, Body::empty()), serde_json::from_slice(&bytes).unwrap())
    }

    #[tokio::test(start_paused = true)]
    async fn panics_and_timeouts_are_problems_that_a_browser_may_read() {
        for (path, status, code) in
            [("/panics", 500, "internal"), ("/hangs", 504, "timeout"), ("/nowhere", 404, "not_found")]
        {
            let (response, body) = answer(path).await;
            assert_eq!(response.status().as_u16(), status, "{path}");
            assert_eq!(response.headers()["content-type"], "application/problem+json");
            assert_eq!(response.headers()["access-control-allow-origin"], "*");
            assert_eq!(response.headers()[REQUEST_ID], "me-1");
            assert_eq!((&body["code"], &body["request_id"]), (&code.into(), &"me-1".into()), "{path}");
        }
    }
}
