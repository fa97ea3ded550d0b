//! `/v1/datasets` and `/v1/datasets/{dataset}`.

use crate::catalog::datasets::DatasetDescription;
use crate::catalog::holdings::holdings;
use crate::catalog::{CATALOG, describe};
use crate::error::{Error, nearest};
use crate::http::access::Seen;
use crate::http::extract::{Call, Id};
use crate::http::negotiate::Language;
use crate::http::openapi::{FormatParam, LangParam, ListFailures, PageParams, SingleFailures};
use crate::http::problem::Problem;
use crate::http::records::{Listing, Single};
use crate::http::reply::Reply;

/// The datasets
///
/// What there are observations of, each dataset with its dimensions, measures and coverage, in their published order.
///
/// For example, which measures are there, in which unit, and from when to when? `/v1/datasets`.
#[utoipa::path(
    get, path = "/v1/datasets", operation_id = "list_datasets", tag = "datasets",
    params(LangParam, PageParams),
    responses(
        (status = 200, description = "A page of datasets.", content(
            (Listing<DatasetDescription> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"))),
        ListFailures,
    )
)]
pub async fn list_datasets(Seen(app): Seen, mut call: Call) -> Result<Reply, Problem> {
    let chinese = call.language() == Language::Zh;
    let view = call.page()?;
    let (vocabulary, held) = app.vocabularies.beside(|| holdings(app.catalog(), None, None)).await?;
    let after = view.paging.after.as_ref().and_then(|key| key.first());
    let behind = after.and_then(|name| vocabulary.datasets.iter().position(|dataset| dataset.name == *name));
    let page = vocabulary.datasets.iter().skip(behind.map_or(0, |at| at + 1)).take(view.paging.limit + 1);
    let read = held.map(|held| page.map(|d| describe::dataset(&vocabulary, d, &held, chinese)).collect());
    Ok(view.listing(CATALOG, read, |last: &DatasetDescription| vec![last.id.clone()])?)
}

/// One dataset
///
/// What it holds and what it does not: dimensions, measures with unit and meaning, coverage, sources, which of them answers where a
/// query names none, which parts may be summed, licence and citation.
///
/// For example, since when are there monthly production figures, and may the makers be added up? `/v1/datasets/production`.
#[utoipa::path(
    get, path = "/v1/datasets/{dataset}", operation_id = "get_dataset", tag = "datasets",
    params(
        ("dataset" = String, Path, description = "The dataset's name.", example = "production"),
        LangParam, FormatParam,
    ),
    responses(
        (status = 200, description = "The dataset.", content(
            (Single<DatasetDescription> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"))),
        SingleFailures,
    )
)]
pub async fn get_dataset(Seen(app): Seen, Id(name): Id, mut call: Call) -> Result<Reply, Problem> {
    let chinese = call.language() == Language::Zh;
    let view = call.single()?;
    let read = app.vocabularies.beside(|| holdings(app.catalog(), Some(&name), None)).await?;
    let (vocabulary, held) = read;
    let Some(dataset) = vocabulary.dataset(&name) else {
        let did_you_mean = nearest(&name, vocabulary.datasets.iter().map(|dataset| dataset.name.as_str()));
        return Err(Error::NotFound { what: "dataset", id: name, did_you_mean }.into());
    };
    let read = held.map(|held| describe::dataset(&vocabulary, dataset, &held, chinese));
    Ok(view.record(CATALOG, read)?)
}
