//! What is refused so that the rest is answered: more requests than can be answered soon, and what comes over more connections
//! than are served.
//!
//! Who finds no place waits for one, in the order of arrival, and is refused only when that takes too long. Waiting costs nothing. A
//! refusal costs as much as an answer that is kept, and who was refused at once may be back at once: a thousand callers who are would
//! leave a tenth of the answers.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::Request;
use axum::http::Method;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::problem::{Code, Problem};

/// How long one waits for a place; less than anybody who is still there would mind.
const PATIENCE: Duration = Duration::from_millis(500);

/// That more connections are open than are served: an extension of each request that comes over one of those beyond.
#[derive(Debug, Clone, Copy)]
pub struct Crowded;

/// The places for requests that are answered at a time. Clones are the same places.
#[derive(Debug, Clone)]
pub struct Places(Option<Arc<Semaphore>>);

impl Places {
    /// So many places; 0 is any number.
    pub fn new(most: u32) -> Self {
        let places = usize::try_from(most).unwrap_or(Semaphore::MAX_PERMITS).min(Semaphore::MAX_PERMITS);
        Self((most > 0).then(|| Arc::new(Semaphore::new(places))))
    }
}

/// Answers who gets a place. What operators ask needs none, and a file that is sent takes as long as its sender.
pub async fn bounded(places: &Places, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let is_file = request.method() == Method::POST && path == "/v1/imports";
    let (true, Some(places)) = (path.starts_with("/v1") && !is_file, &places.0) else {
        return next.run(request).await;
    };
    match timeout(PATIENCE, places.acquire()).await {
        Ok(Ok(_place)) => next.run(request).await,
        _ => refused("as many requests as are answered at a time are under way"),
    }
}

/// The refusal of what comes over a connection beyond the bound, but for what operators ask.
pub fn crowded(request: &Request) -> Option<Response> {
    let is_health = ["/livez", "/readyz", "/metrics"].contains(&request.uri().path());
    let is_crowded = !is_health && request.extensions().get::<Crowded>().is_some();
    is_crowded.then(|| refused("as many connections as are served at a time are open"))
}

fn refused(why: &str) -> Response {
    Problem::new(Code::Overloaded, format!("{why}: try again in a moment")).into_response()
}
