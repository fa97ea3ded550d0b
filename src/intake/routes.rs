//! `/v1/imports` and `/v1/imports/{id}`.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderMap, header};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::filters::{self, ImportFilter};
use super::model::{ImportEntry, ImportFile, ImportRecord};
use super::parameters::{self, ImportParams};
use super::queries;
use crate::access::Seeing;
use crate::app::App;
use crate::database::Versioned;
use crate::error::{Error, Fault, Result};
use crate::http::access::Seen;
use crate::http::extract::{Call, Id, View};
use crate::http::openapi::{
    ChangeFailures, FormatParam, FreshFailures, Missing, PageParams, ReasonParam, UploadFailures,
};
use crate::http::problem::{Code, Problem};
use crate::http::records::{Listing, Single};
use crate::http::reply::Reply;
use crate::http::writing::Writing;
use crate::ingest::file::Which;

/// What the answers name as their collection: an import may change any.
const CATALOG: &str = "catalog";

/// The routes of this slice.
pub fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(list_imports, create_import))
        .routes(routes!(get_import, delete_import))
}

/// The imports
///
/// What was taken in or is on its way, the newest first, however it ended. Their reports are not in the list.
///
/// For example, what is on its way? `/v1/imports?state=waiting,running`.
#[utoipa::path(
    get, path = "/v1/imports", operation_id = "list_imports", tag = "imports",
    params(ImportFilter, PageParams),
    responses(
        (status = 200, description = "A page of imports.", content(
            (Listing<ImportEntry> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"))),
        FreshFailures,
    )
)]
async fn list_imports(
    Seen(app): Seen,
    seeing: Seeing,
    mut call: Call,
) -> std::result::Result<Reply, Problem> {
    let filter = ImportFilter::read(&mut call.params, &filters::known());
    let view = call.page()?;
    let read = queries::imports((app.catalog(), &seeing), &filter, &view.paging.window()).await?;
    Ok(view.listing(CATALOG, read, |last| vec![last.id.to_string()])?.fleeting())
}

/// One import
///
/// How it stands, how far it is, and what came of it: the report has every fault of the file with its line, column and value (the first
/// thousand; all are counted), what was expected, what was left out, and the mapping that it was read by.
///
/// For example, the import of the bundled data: `/v1/imports/1`.
#[utoipa::path(
    get, path = "/v1/imports/{id}", operation_id = "get_import", tag = "imports",
    params(("id" = i32, Path, description = "The import's number.", example = 1), FormatParam),
    responses(
        (status = 200, description = "The import.", content(
            (Single<ImportRecord> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"))),
        FreshFailures,
        Missing,
    )
)]
async fn get_import(
    Seen(app): Seen,
    seeing: Seeing,
    Id(id): Id,
    call: Call,
) -> std::result::Result<Reply, Problem> {
    let view = call.single()?;
    let read = import(&app, &seeing, &id).await?;
    Ok(view.record(CATALOG, read)?.fleeting())
}

/// Send a file
///
/// The file is the body, as it is: CSV, NDJSON or XLSX, plain or packed with gzip or zstd, known by its content. The answer comes when it
/// lies on disk whole: 202 with the import, which tells how it goes on, at `Location`. It is taken in in one transaction, or not at all;
/// a restart begins it anew. The same file, to be taken in in the same way, answers with the import that it had, and 200.
///
/// `curl --data-binary @own.csv '…/v1/imports?name=own.csv&dataset=production&dry_run=true'`
#[utoipa::path(
    post, path = "/v1/imports", operation_id = "create_import", tag = "imports",
    security(("key" = [])),
    params(ImportParams),
    request_body(content((ImportFile = "application/octet-stream")), description = "The file."),
    responses(
        (status = 202, description = "The import, which waits or is under way.", body = Single<ImportRecord>),
        (status = 200, description = "The import by which the same file is or was taken in.", body = Single<ImportRecord>),
        UploadFailures,
    )
)]
async fn create_import(
    Seen(app): Seen,
    seeing: Seeing,
    writing: Writing,
    headers: HeaderMap,
    mut call: Call,
    body: Body,
) -> std::result::Result<Reply, Problem> {
    refuse_forms(&headers)?;
    let (name, options) = parameters::read(&mut call.params);
    let length = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    let view = call.written()?;
    let Writing { intake, permit, actor } = writing;
    if let Some(dataset) = &options.says.dataset {
        permit.check_seen(dataset)?;
    }
    let sent = (name.as_str(), &options, &permit, &actor);
    let (id, is_new) = intake.receive(sent, body.into_data_stream(), length).await?;
    Ok(written(view, import(&app, &seeing, &id.to_string()).await?, is_new)?)
}

/// A form's parts would be taken for the file.
fn refuse_forms(headers: &HeaderMap) -> std::result::Result<(), Problem> {
    let media = headers.get(header::CONTENT_TYPE).and_then(|media| media.to_str().ok()).unwrap_or_default();
    if !media.to_ascii_lowercase().starts_with("multipart/") {
        return Ok(());
    }
    let detail = "the file itself is the body, not a part of a form: curl --data-binary @own.csv";
    let mut problem = Problem::new(Code::UnsupportedMediaType, detail);
    let fault = Fault::new("Content-Type", media, "is a form");
    problem.errors.push(fault.allowed(["application/octet-stream", "text/csv"]));
    Err(problem)
}

/// Cancel or withdraw an import
///
/// One on its way is cancelled: nothing of it was changed, nor will be; where it is being read that takes a moment, and the answer is
/// 202. Of one that is done all releases are withdrawn, for which a `reason` is needed: what the others say holds again, and the
/// releases stay listed, with when and why. Codes and sources that came with it stay; what it had replaced does not come back.
#[utoipa::path(
    delete, path = "/v1/imports/{id}", operation_id = "delete_import", tag = "imports",
    security(("key" = [])),
    params(
        ("id" = i32, Path, description = "The import's number.", example = 1),
        ReasonParam,
    ),
    responses(
        (status = 200, description = "The import, cancelled or withdrawn.", body = Single<ImportRecord>),
        (status = 202, description = "The import, which is being cancelled or withdrawn.", body = Single<ImportRecord>),
        ChangeFailures,
    )
)]
async fn delete_import(
    Seen(app): Seen,
    seeing: Seeing,
    Writing { intake, permit, actor }: Writing,
    Id(id): Id,
    mut call: Call,
) -> std::result::Result<Reply, Problem> {
    let reason = call.params.text("reason");
    let view = call.written()?;
    let ImportEntry { id: number, datasets, .. } = import(&app, &seeing, &id).await?.data.import;
    for dataset in &datasets {
        permit.check_seen(dataset)?;
    }
    let goes_on = if intake.cancel(number, &actor).await? {
        import(&app, &seeing, &id).await?.data.import.finished_at.is_none()
    } else {
        intake.withdraw(Which::Import(number), reason, &actor).await?.is_none()
    };
    Ok(written(view, import(&app, &seeing, &id).await?, goes_on)?)
}

/// The answer to a request that changed an import.
fn written(view: View, read: Versioned<ImportRecord>, goes_on: bool) -> Result<Reply> {
    let path = read.data.import.links.this.clone();
    view.written((CATALOG, path), read, goes_on)
}

/// The import of this id.
async fn import(app: &App, seeing: &Seeing, id: &str) -> Result<Versioned<ImportRecord>> {
    let unknown = || Error::NotFound { what: "import", id: id.to_owned(), did_you_mean: Vec::new() };
    let number = id.parse().map_err(|_| unknown())?;
    queries::import((app.catalog(), seeing), number).await?.ok_or_else(unknown)
}
