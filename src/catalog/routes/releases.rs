//! `/v1/releases` and `/v1/releases/{release}`.

use axum::extract::State;
use utoipa::IntoParams;

use super::parameters::{FormatParameter, PageParameters, rows, words};
use super::{DEFAULT_LIMIT, MOST};
use crate::app::App;
use crate::catalog::CATALOG;
use crate::catalog::model::ReleaseEntry;
use crate::catalog::queries::{ReleaseFilter, document_ids, releases};
use crate::error::{Error, Fault, Result, nearest};
use crate::http::extract::{Call, Id};
use crate::http::problem::Problem;
use crate::http::records::{Listing, Single};
use crate::http::reply::Reply;
use crate::timeseries::dataset::Vocabulary;

/// Which releases.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents what the handler reads into the filter of its statement")]
struct ReleaseParameters {
    /// Only releases for these datasets or collections of records, separated by commas.
    #[param(value_type = String, required = false, example = "production")]
    collection: Option<String>,
    /// Only releases of this document.
    #[param(value_type = String, required = false, example = "iea-gevo-2025")]
    document: Option<String>,
    /// Only releases of documents of these sources, separated by commas.
    #[param(value_type = String, required = false, example = "caam")]
    source: Option<String>,
    /// `initial` for what was taken in first, `corrected` for what replaced an earlier release of its document.
    #[param(value_type = String, required = false, example = "corrected")]
    reason: Option<String>,
    /// `true` for withdrawn releases only, `false` for the others only.
    #[param(value_type = bool, required = false, example = false)]
    withdrawn: Option<bool>,
}

fn read(call: &mut Call, vocabulary: &Vocabulary) -> ReleaseFilter {
    let params = &mut call.params;
    ReleaseFilter {
        collections: words(params, "collection", vocabulary.versions.keys().map(String::as_str)),
        document: params.text("document"),
        sources: words(params, "source", vocabulary.sources.keys().map(String::as_str)),
        reason: params.choice("reason", &[("initial", "initial"), ("corrected", "corrected")]),
        withdrawn: params.choice("withdrawn", &[("true", true), ("false", false)]),
        ..ReleaseFilter::default()
    }
}

/// The releases
///
/// What was taken in, one release a document and collection, the newest first. Data changes only by releases.
///
/// For example, what changed the production figures last? `/v1/releases?collection=production&limit=10`. Was anything
/// corrected? `/v1/releases?reason=corrected`.
#[utoipa::path(
    get, path = "/v1/releases", operation_id = "list_releases", tag = "catalog",
    params(ReleaseParameters, PageParameters),
    responses((status = 200, description = "A page of releases.", body = Listing<ReleaseEntry>))
)]
pub async fn list_releases(State(app): State<App>, mut call: Call) -> std::result::Result<Reply, Problem> {
    let vocabulary = app.vocabularies.current().await?;
    let filter = read(&mut call, &vocabulary);
    let view = call.view(DEFAULT_LIMIT, MOST)?;
    let after = view.paging.after.as_ref().and_then(|key| key.first()?.parse().ok());
    let filter = ReleaseFilter { after, limit: rows(&view), ..filter };
    let found = releases(&app.pool, &filter).await?;
    if let Some(document) = filter.document.filter(|_| found.data.is_empty()) {
        known_document(&app, &document).await?;
    }
    Ok(view.listing(CATALOG, found, |last| vec![last.release.to_string()])?)
}

/// Refuses a document that is not known, which else would look like one without releases.
async fn known_document(app: &App, document: &str) -> Result<()> {
    let known = document_ids(&app.pool).await?;
    if known.iter().any(|id| id == document) {
        return Ok(());
    }
    let mut fault = Fault::new("document", document, "is not known here");
    fault.did_you_mean = nearest(document, known.iter().map(String::as_str));
    Err(Error::Rejected(vec![fault]))
}

/// One release
///
/// What one document stated for one collection, as it was taken in: when, why, how many rows, and whether they still count.
///
/// For example, is the release that an observation names still in force, and which document does it stand for? `/v1/releases/42`.
#[utoipa::path(
    get, path = "/v1/releases/{release}", operation_id = "get_release", tag = "catalog",
    params(
        ("release" = i32, Path, description = "The release's number.", example = 42),
        FormatParameter,
    ),
    responses((status = 200, description = "The release.", body = Single<ReleaseEntry>))
)]
pub async fn get_release(
    State(app): State<App>,
    Id(id): Id,
    call: Call,
) -> std::result::Result<Reply, Problem> {
    let view = call.single()?;
    let unknown = || Error::NotFound { what: "release", id: id.clone(), did_you_mean: Vec::new() };
    let release = id.parse().map_err(|_| unknown())?;
    let filter = ReleaseFilter { release: Some(release), limit: 1, ..ReleaseFilter::default() };
    let mut read = releases(&app.pool, &filter).await?;
    let release = read.data.pop().ok_or_else(unknown)?;
    Ok(view.record(CATALOG, read.map(|_| release))?)
}
