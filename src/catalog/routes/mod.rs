//! The paths of the catalog.

mod changes;
mod codes;
mod datasets;
mod documents;
mod home;
mod observations;
mod query;
mod releases;
mod search;
mod sources;

use std::sync::Arc;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{filters, queries};
use crate::app::App;
use crate::error::Result;
use crate::filter::{Known, Window};
use crate::http::extract::Call;

/// The window of a single thing.
const ONE: Window = Window { after: Vec::new(), rows: 1 };

/// The routes of this slice.
pub fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(home::get_home))
        .routes(routes!(datasets::list_datasets))
        .routes(routes!(datasets::get_dataset))
        .routes(routes!(observations::query_dataset))
        .routes(routes!(observations::list_dataset_series))
        .routes(routes!(observations::get_dataset_availability))
        .routes(routes!(observations::reconcile_dataset))
        .routes(routes!(observations::get_series))
        .routes(routes!(observations::list_vintages))
        .routes(routes!(query::post_query))
        .routes(routes!(codes::list_codes))
        .routes(routes!(search::find))
        .routes(routes!(sources::list_sources))
        .routes(routes!(sources::get_source))
        .routes(routes!(documents::list_documents))
        .routes(routes!(documents::get_document))
        .routes(routes!(releases::list_releases))
        .routes(routes!(releases::get_release, releases::delete_release))
        .routes(routes!(releases::list_release_changes))
        .routes(routes!(changes::list_changes))
}

/// The words that the filters of a call may name. The ids of documents are read only for a call that names one.
async fn known(app: &App, call: &Call) -> Result<Known> {
    let vocabulary = app.vocabularies.current().await?;
    let documents = call.has("document") || call.has("id");
    let documents = if documents { queries::document_ids(app.catalog()).await? } else { Vec::new() };
    Ok(filters::known(&vocabulary, documents))
}
