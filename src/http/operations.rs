//! What operators ask: is the process alive, can it answer.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::problem::{Code, Problem};
use crate::app::App;

/// The routes of this module.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(livez)).routes(routes!(readyz))
}

/// How the service is.
#[derive(Debug, Serialize, ToSchema)]
struct Health {
    /// `ok`.
    status: &'static str,
}

/// Whether the process is alive.
#[utoipa::path(
    get, path = "/livez", operation_id = "livez", tag = "operations",
    responses((status = 200, description = "It is.", body = Health))
)]
async fn livez() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// Whether requests can be answered: the service is neither starting nor stopping, and its database answers.
#[utoipa::path(
    get, path = "/readyz", operation_id = "readyz", tag = "operations",
    responses(
        (status = 200, description = "They can.", body = Health),
        (status = 503, description = "Not now; `Retry-After` says when to ask again.", body = Problem, content_type = "application/problem+json"),
    )
)]
async fn readyz(State(app): State<App>) -> Result<Json<Health>, Problem> {
    if !app.is_ready() {
        return Err(Problem::new(Code::Unavailable, "the service is starting or stopping"));
    }
    app.ping().await?;
    Ok(Json(Health { status: "ok" }))
}
