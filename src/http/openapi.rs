//! The contract: the routes of every slice, the document made from them, and the pages that show it.

use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_swagger_ui::SwaggerUi;

use super::problem::Code;
use crate::app::App;

/// What the document says of the service as a whole.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "China auto market data",
        description = "China's auto market: production volumes, EV subsidies, charging outlets and OEM partnerships. \
            Every figure names its source and the document that it was read from.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    tags(
        (name = "datasets", description = "Time series: datasets, their series and observations."),
        (name = "catalog", description = "Codes, sources, documents and releases."),
        (name = "subsidies", description = "Subsidies, taxes, quotas and credits."),
        (name = "partnerships", description = "Organizations, their partnerships and shares, events."),
        (name = "operations", description = "Health."),
    )
)]
struct Contract;

/// The routes of every slice.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(Contract::openapi()).merge(super::operations::routes())
}

/// The document as it is committed.
pub fn document() -> utoipa::openapi::OpenApi {
    routes().into_openapi()
}

/// The document, the page to try it on, and what the codes of problems mean.
pub fn pages(document: utoipa::openapi::OpenApi) -> Router<App> {
    Router::new()
        .route("/problems", get(problems))
        .merge(SwaggerUi::new("/docs").url("/openapi.json", document))
}

/// One kind of problem.
#[derive(Serialize)]
struct Kind {
    code: &'static str,
    status: u16,
    title: &'static str,
}

/// What the `type` of every problem leads to.
async fn problems() -> Json<Vec<Kind>> {
    let kinds = Code::TABLE.iter();
    Json(kinds.map(|(_, status, code, title)| Kind { code, status: status.as_u16(), title }).collect())
}
