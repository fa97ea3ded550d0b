//! What is refused at once, so that the rest is answered: more requests than can be answered soon, and what comes over more
//! connections than are served.
//!
//! Below this bound requests wait for a connection to the database, in the order of their arrival: waiting costs nothing, and
//! refusing costs as much as a small answer.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::sync::Semaphore;

use super::problem::{Code, Problem};

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

/// Answers only who finds a place. What operators ask needs none, and a file that is sent takes as long as its sender.
pub async fn bounded(State(places): State<Places>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let is_file = request.method() == Method::POST && path == "/v1/imports";
    let (true, Some(places)) = (path.starts_with("/v1") && !is_file, &places.0) else {
        return next.run(request).await;
    };
    match places.try_acquire() {
        Ok(_place) => next.run(request).await,
        Err(_) => refused("as many requests as are answered at a time are under way"),
    }
}

/// Answers over connections beyond the bound only what operators ask.
pub async fn uncrowded(request: Request, next: Next) -> Response {
    let is_health = ["/livez", "/readyz", "/metrics"].contains(&request.uri().path());
    if is_health || request.extensions().get::<Crowded>().is_none() {
        return next.run(request).await;
    }
    refused("as many connections as are served at a time are open")
}

fn refused(why: &str) -> Response {
    Problem::new(Code::Overloaded, format!("{why}: try again in a moment")).into_response()
}
