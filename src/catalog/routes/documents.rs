//! `/v1/documents` and `/v1/documents/{document}`.

use axum::extract::State;
use utoipa::IntoParams;

use super::parameters::{FormatParameter, PageParameters, piece, rows, words};
use super::{DEFAULT_LIMIT, MOST};
use crate::app::App;
use crate::catalog::CATALOG;
use crate::catalog::model::DocumentEntry;
use crate::catalog::queries::{DocumentFilter, document_ids, documents};
use crate::error::{Error, nearest};
use crate::http::extract::{Call, Id};
use crate::http::problem::Problem;
use crate::http::records::{Listing, Single};
use crate::http::reply::Reply;

/// Which documents.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents what the handler reads into the filter of its statement")]
struct DocumentParameters {
    /// Only documents of these sources, separated by commas.
    #[param(value_type = String, required = false, example = "caam,oica")]
    source: Option<String>,
    /// Only documents with this text in the id, the title, the address or the publisher's name, whatever its case.
    #[param(value_type = String, required = false, example = "outlook")]
    q: Option<String>,
}

/// The documents
///
/// The pages and files that figures were read from, with what was taken in from each, by id.
///
/// For example, which editions of the IEA's outlook are here? `/v1/documents?source=iea&q=outlook`.
#[utoipa::path(
    get, path = "/v1/documents", operation_id = "list_documents", tag = "catalog",
    params(DocumentParameters, PageParameters),
    responses((status = 200, description = "A page of documents.", body = Listing<DocumentEntry>))
)]
pub async fn list_documents(State(app): State<App>, mut call: Call) -> Result<Reply, Problem> {
    let vocabulary = app.vocabularies.current().await?;
    let sources = words(&mut call.params, "source", vocabulary.sources.keys().map(String::as_str));
    let text = piece(&mut call.params, "q");
    let view = call.view(DEFAULT_LIMIT, MOST)?;
    let after = view.paging.after.as_ref().and_then(|key| key.first().cloned());
    let filter = DocumentFilter { sources, text, after, limit: rows(&view), document: None };
    let read = documents(&app.pool, &filter).await?;
    Ok(view.listing(CATALOG, read, |last| vec![last.document.clone()])?)
}

/// One document
///
/// The page or file that figures were read from: who printed it, when, where it is, under which terms, and each release made from it.
///
/// For example, where does a figure come from that names the document `iea-gevo-2025`? `/v1/documents/iea-gevo-2025`.
#[utoipa::path(
    get, path = "/v1/documents/{document}", operation_id = "get_document", tag = "catalog",
    params(
        ("document" = String, Path, description = "The document's id.", example = "iea-gevo-2025"),
        FormatParameter,
    ),
    responses((status = 200, description = "The document.", body = Single<DocumentEntry>))
)]
pub async fn get_document(State(app): State<App>, Id(id): Id, call: Call) -> Result<Reply, Problem> {
    let view = call.single()?;
    let filter = DocumentFilter { document: Some(id.clone()), limit: 1, ..DocumentFilter::default() };
    let mut read = documents(&app.pool, &filter).await?;
    let Some(document) = read.data.pop() else {
        let known = document_ids(&app.pool).await?;
        let did_you_mean = nearest(&id, known.iter().map(String::as_str));
        return Err(Error::NotFound { what: "document", id, did_you_mean }.into());
    };
    Ok(view.record(CATALOG, read.map(|_| document))?)
}
