//! `/v1/documents` and `/v1/documents/{document}`.

use super::{ONE, known};
use crate::catalog::filters::DocumentFilter;
use crate::catalog::model::DocumentEntry;
use crate::catalog::{CATALOG, queries};
use crate::error::{Error, nearest};
use crate::http::access::Seen;
use crate::http::extract::{Call, Id};
use crate::http::openapi::{FormatParam, ListFailures, PageParams, SingleFailures};
use crate::http::problem::Problem;
use crate::http::records::{Listing, Single};
use crate::http::reply::Reply;

/// The documents
///
/// The pages and files that figures were read from, with what was taken in from each, by id.
///
/// For example, which editions of the IEA's outlook are here? `/v1/documents?source=iea&q=outlook`. Where do the figures of a chart
/// come from? `/v1/documents?id=` with the documents that its observations name, separated by commas.
#[utoipa::path(
    get, path = "/v1/documents", operation_id = "list_documents", tag = "catalog",
    params(DocumentFilter, PageParams),
    responses(
        (status = 200, description = "A page of documents.", content(
            (Listing<DocumentEntry> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"))),
        ListFailures,
    )
)]
pub async fn list_documents(Seen(app): Seen, mut call: Call) -> Result<Reply, Problem> {
    let known = known(&app, &call).await?;
    let filter = DocumentFilter::read(&mut call.params, &known);
    let view = call.page()?.depending_on(&filter);
    let read = queries::documents(app.catalog(), None, &filter, &view.paging.window()).await?;
    Ok(view.listing(CATALOG, read, |last| vec![last.id.clone()])?)
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
        FormatParam,
    ),
    responses(
        (status = 200, description = "The document.", content(
            (Single<DocumentEntry> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"))),
        SingleFailures,
    )
)]
pub async fn get_document(Seen(app): Seen, Id(id): Id, call: Call) -> Result<Reply, Problem> {
    let view = call.single()?;
    let mut read = queries::documents(app.catalog(), Some(&id), &DocumentFilter::default(), &ONE).await?;
    let Some(document) = read.data.pop() else {
        let known = queries::document_ids(app.catalog()).await?;
        let did_you_mean = nearest(&id, known.iter().map(String::as_str));
        return Err(Error::NotFound { what: "document", id, did_you_mean }.into());
    };
    Ok(view.record(CATALOG, read.map(|_| document))?)
}
