//! What operators ask: is the process alive, can it answer, what did it do; and what problems are called.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::openapi::NotReady;
use super::problem::{Code, Problem};
use crate::app::App;
use crate::metrics;

/// The routes of this module.
pub fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(livez)).routes(routes!(readyz)).routes(routes!(list_problems))
}

/// The route of the counts, which may be served elsewhere.
pub fn counts() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(get_metrics))
}

/// How the service is.
#[derive(Debug, Serialize, ToSchema)]
struct Health {
    /// `ok`.
    status: &'static str,
}

/// Whether the process is alive
///
/// It says nothing of the database; for that ask `/readyz`.
#[utoipa::path(
    get, path = "/livez", operation_id = "livez", tag = "operations",
    responses((status = 200, description = "It is.", body = Health))
)]
async fn livez() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// Whether requests can be answered
///
/// They can while the service is neither starting nor stopping and its database answers.
#[utoipa::path(
    get, path = "/readyz", operation_id = "readyz", tag = "operations",
    responses(
        (status = 200, description = "They can.", body = Health),
        NotReady,
    )
)]
async fn readyz(State(app): State<Arc<App>>) -> Result<Json<Health>, Problem> {
    if !app.is_ready() {
        return Err(Problem::new(Code::Unavailable, "the service is starting or stopping"));
    }
    app.ping().await?;
    Ok(Json(Health { status: "ok" }))
}

/// What the service counts
///
/// In the text format of Prometheus (OpenMetrics 1.0), since the start of this process: requests by operation and status, their
/// durations, answers from the cache and its size, connections to the database. An operation is an `operationId`, or `none`.
#[utoipa::path(
    get, path = "/metrics", operation_id = "get_metrics", tag = "operations",
    responses((status = 200, description = "The counts.", body = String, content_type = "application/openmetrics-text"))
)]
async fn get_metrics(State(app): State<Arc<App>>) -> Result<impl IntoResponse, Problem> {
    let idle = app.pool.num_idle();
    let in_use = usize::try_from(app.pool.size()).unwrap_or(usize::MAX).saturating_sub(idle);
    Ok(([(header::CONTENT_TYPE, metrics::MEDIA_TYPE)], app.metrics.text(in_use, idle)?))
}

/// One kind of problem.
#[derive(Debug, Serialize, ToSchema)]
struct ProblemKind {
    /// The word that problems of this kind have as their `code`.
    code: Code,
    /// The HTTP status of answers with it.
    #[schema(example = 422)]
    status: u16,
    /// What it is, in a few words.
    #[schema(example = "The request cannot be answered")]
    title: &'static str,
}

/// Every kind of problem
///
/// What the `type` of a problem leads to: the code of each kind, its HTTP status and its title.
#[utoipa::path(
    get, path = "/problems", operation_id = "list_problems", tag = "operations",
    responses((status = 200, description = "All of them.", body = Vec<ProblemKind>))
)]
async fn list_problems() -> Json<Vec<ProblemKind>> {
    let kinds = Code::TABLE.into_iter();
    Json(kinds.map(|(code, status, _, title)| ProblemKind { code, status: status.as_u16(), title }).collect())
}
