//! The paths of the catalog.

mod codes;
mod datasets;
mod documents;
mod home;
mod parameters;
mod releases;
mod sources;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;

/// How many rows a page holds where the caller does not say: every bundled list comes whole.
const DEFAULT_LIMIT: usize = 1_000;

/// How many rows a page holds at most.
const MOST: usize = 10_000;

/// The routes of this slice.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(home::get_home))
        .routes(routes!(datasets::list_datasets))
        .routes(routes!(datasets::get_dataset))
        .routes(routes!(codes::list_codes))
        .routes(routes!(sources::list_sources))
        .routes(routes!(sources::get_source))
        .routes(routes!(documents::list_documents))
        .routes(routes!(documents::get_document))
        .routes(routes!(releases::list_releases))
        .routes(routes!(releases::get_release))
}
