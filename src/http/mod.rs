//! The edge: the only part of the service that speaks HTTP, beside each slice's `routes`.

pub mod access;
pub mod address;
pub mod body;
pub mod cache;
pub mod document;
pub mod extract;
pub mod layers;
pub mod limits;
pub mod negotiate;
pub mod openapi;
mod operations;
pub mod overload;
pub mod page;
pub mod problem;
pub mod records;
pub mod reply;
mod security;
mod stream;
pub mod timeseries;
pub mod writing;

use std::sync::Arc;

use axum::Router;
use axum::http::HeaderName;

use crate::app::App;

/// The header that carries a request's id.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// This build, by a hash of all that went into it: part of every tag, since another build may answer otherwise.
pub const BUILD: &str = env!("CHINA_AUTO_BUILD");

/// Everything that is served, with all layers around it; the counts only where nowhere else serves them.
pub fn router(app: App) -> Router {
    let app = Arc::new(app);
    let routes = if app.edge.metrics_listen.is_some() { openapi::public() } else { openapi::routes() };
    let (routes, _) = routes.split_for_parts();
    layers::around(routes.merge(openapi::pages(document::document())), app)
}

/// What operators ask, for a listener of its own.
pub fn operators(app: App) -> Router {
    let app = Arc::new(app);
    let (routes, _) = operations::routes().merge(operations::counts()).split_for_parts();
    layers::around(routes, app)
}
