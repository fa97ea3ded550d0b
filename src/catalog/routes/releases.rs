//! `/v1/releases` and `/v1/releases/{id}`.

use super::{ONE, known};
use crate::app::App;
use crate::catalog::filters::ReleaseFilter;
use crate::catalog::model::ReleaseEntry;
use crate::catalog::{CATALOG, queries};
use crate::database::Versioned;
use crate::error::{Error, Result};
use crate::http::access::Seen;
use crate::http::extract::{Call, Id};
use crate::http::openapi::{
    ChangeFailures, FormatParam, LangParam, ListFailures, PageParams, ReasonParam, SingleFailures,
};
use crate::http::problem::Problem;
use crate::http::records::{Listing, Single};
use crate::http::reply::Reply;
use crate::http::timeseries::parameters::KindParam;
use crate::http::timeseries::{ReleaseChange, release_changes};
use crate::http::writing::Writing;

/// The releases
///
/// What was taken in, one release a document and collection, the newest first. Data changes only by releases.
///
/// For example, what changed the production figures last? `/v1/releases?collection=production&limit=10`. What was
/// read from the IEA? `/v1/releases?source=iea`.
#[utoipa::path(
    get, path = "/v1/releases", operation_id = "list_releases", tag = "catalog",
    params(ReleaseFilter, PageParams),
    responses(
        (status = 200, description = "A page of releases.", content(
            (Listing<ReleaseEntry> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"))),
        ListFailures,
    )
)]
pub async fn list_releases(Seen(app): Seen, mut call: Call) -> std::result::Result<Reply, Problem> {
    let known = known(&app, &call).await?;
    let filter = ReleaseFilter::read(&mut call.params, &known);
    let view = call.page()?.depending_on(&filter);
    let read = queries::releases(app.catalog(), None, &filter, &view.paging.window()).await?;
    Ok(view.listing(CATALOG, read, |last| vec![last.id.to_string()])?)
}

/// One release
///
/// What one document stated for one collection, as it was taken in: when, why, how many rows, and whether they still count.
///
/// For example, is the release that an observation names still in force, and which document does it stand for? `/v1/releases/42`.
#[utoipa::path(
    get, path = "/v1/releases/{id}", operation_id = "get_release", tag = "catalog",
    params(
        ("id" = i32, Path, description = "The release's number.", example = 42),
        FormatParam,
    ),
    responses(
        (status = 200, description = "The release.", content(
            (Single<ReleaseEntry> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"))),
        SingleFailures,
    )
)]
pub async fn get_release(Seen(app): Seen, Id(id): Id, call: Call) -> std::result::Result<Reply, Problem> {
    let view = call.single()?;
    Ok(view.record(CATALOG, release(&app, &id).await?)?)
}

/// Withdraw a release
///
/// What it states no longer counts, and what the others say holds again; a release that it had replaced does not come back. It stays listed, with
/// when and why. A release that was withdrawn before is answered as it is. Where it takes longer than a request may, the answer is 202, and the
/// work goes on: asked for again, the release tells whether it is done.
#[utoipa::path(
    delete, path = "/v1/releases/{id}", operation_id = "delete_release", tag = "imports",
    security(("key" = [])),
    params(
        ("id" = i32, Path, description = "The release's number.", example = 42),
        ReasonParam,
    ),
    responses(
        (status = 200, description = "The release, withdrawn.", body = Single<ReleaseEntry>),
        (status = 202, description = "The release, which is being withdrawn.", body = Single<ReleaseEntry>),
        ChangeFailures,
    )
)]
pub async fn delete_release(
    Seen(app): Seen,
    Writing { intake, permit, actor }: Writing,
    Id(id): Id,
    mut call: Call,
) -> std::result::Result<Reply, Problem> {
    let reason = call.params.text("reason");
    let view = call.written()?;
    let ReleaseEntry { id: number, collection, .. } = release(&app, &id).await?.data;
    permit.check_seen(&collection)?;
    let goes_on = intake.withdraw_release(number, reason, &actor).await?.is_none();
    let path = format!("/v1/releases/{number}");
    let read = release(&app, &id).await?;
    Ok(view.written((CATALOG, path), read, goes_on)?)
}

/// The release of this id.
async fn release(app: &App, id: &str) -> Result<Versioned<ReleaseEntry>> {
    let unknown = || Error::NotFound { what: "release", id: id.to_owned(), did_you_mean: Vec::new() };
    let release = id.parse().map_err(|_| unknown())?;
    let mut read = queries::releases(app.catalog(), Some(release), &ReleaseFilter::default(), &ONE).await?;
    let release = read.data.pop().ok_or_else(unknown)?;
    Ok(read.map(|_| release))
}

/// What a release changed
///
/// Each figure that holds otherwise with the release than without it, against the releases taken in before it: `new`, `revised` (with
/// value, previous value and difference) or `withdrawn` (an edition or a correction no longer lists it); and `outdated` ones, which it
/// states for the past while a newer document had already stated another. How many figures it only restates or confirms, the
/// release itself says. Releases that were withdrawn since are left out, but for the one asked about. A release of records changes no figures: its list is empty.
///
/// For example, which figures did it revise? `/v1/releases/597/changes?kind=revised`.
#[utoipa::path(
    get, path = "/v1/releases/{id}/changes", operation_id = "list_release_changes", tag = "catalog",
    params(
        ("id" = i32, Path, description = "The release's number.", example = 42),
        KindParam, LangParam, PageParams,
    ),
    responses(
        (status = 200, description = "A page of changed figures, by series and period.", content(
            (Listing<ReleaseChange> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"))),
        SingleFailures,
    )
)]
pub async fn list_release_changes(
    Seen(app): Seen,
    Id(id): Id,
    call: Call,
) -> std::result::Result<Reply, Problem> {
    // What is known of releases must not be older than the release.
    let (_, read) = app.vocabularies.beside(|| release(&app, &id)).await?;
    let release = read.data;
    Ok(release_changes(&app, (release.id, &release.collection), &call).await?)
}
