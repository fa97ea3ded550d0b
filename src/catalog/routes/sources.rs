//! `/v1/sources` and `/v1/sources/{source}`.

use super::{ONE, known};
use crate::catalog::filters::SourceFilter;
use crate::catalog::holdings::holdings;
use crate::catalog::model::{SourceDescription, SourceEntry};
use crate::catalog::{CATALOG, describe, queries};
use crate::database::Versioned;
use crate::error::{Error, nearest};
use crate::http::access::Seen;
use crate::http::extract::{Call, Id};
use crate::http::negotiate::Language;
use crate::http::openapi::{FormatParam, LangParam, ListFailures, PageParams, SingleFailures};
use crate::http::problem::Problem;
use crate::http::records::{Listing, Single};
use crate::http::reply::Reply;

/// The sources
///
/// Who first published the figures, in the order in which they are trusted where no rule of precedence lists them.
///
/// For example, which of the sources are government agencies? `/v1/sources?kind=agency`. Whose figures are under an open
/// licence? `/v1/sources?licence=CC BY`.
#[utoipa::path(
    get, path = "/v1/sources", operation_id = "list_sources", tag = "catalog",
    params(SourceFilter, LangParam, PageParams),
    responses(
        (status = 200, description = "A page of sources.", content(
            (Listing<SourceEntry> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"))),
        ListFailures,
    )
)]
pub async fn list_sources(Seen(app): Seen, mut call: Call) -> Result<Reply, Problem> {
    let known = known(&app, &call).await?;
    let chinese = call.language() == Language::Zh;
    let filter = SourceFilter::read(&mut call.params, &known);
    let view = call.page()?.depending_on(&filter);
    let read = queries::sources(app.catalog(), None, &filter, &view.paging.window()).await?;
    let read = read.map(|found| found.into_iter().map(|source| source.named(chinese)).collect());
    Ok(view
        .listing("sources", read, |last: &SourceEntry| vec![last.precedence.to_string(), last.id.clone()])?)
}

/// One source
///
/// The source with what it has figures on, and where it answers by default.
///
/// For example, since when does CAAM publish monthly sales, and when does a query without `source` get its figures?
/// `/v1/sources/caam`.
#[utoipa::path(
    get, path = "/v1/sources/{source}", operation_id = "get_source", tag = "catalog",
    params(
        ("source" = String, Path, description = "The source's code.", example = "caam"),
        LangParam, FormatParam,
    ),
    responses(
        (status = 200, description = "The source.", content(
            (Single<SourceDescription> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"))),
        SingleFailures,
    )
)]
pub async fn get_source(Seen(app): Seen, Id(id): Id, mut call: Call) -> Result<Reply, Problem> {
    let chinese = call.language() == Language::Zh;
    let view = call.single()?;
    let read = async || {
        let found = queries::sources(app.catalog(), Some(&id), &SourceFilter::default(), &ONE).await?;
        let held = holdings(app.catalog(), None, Some(&id)).await?;
        Ok(held.map(|held| (found.data.into_iter().next(), held)))
    };
    let (vocabulary, read) = app.vocabularies.beside(read).await?;
    let Versioned { version, changed_at, data: (entry, held) } = read;
    let Some(entry) = entry.map(|source| source.named(chinese)) else {
        let did_you_mean = nearest(&id, vocabulary.sources.keys().map(String::as_str));
        return Err(Error::NotFound { what: "source", id, did_you_mean }.into());
    };
    let coverage = describe::source_coverage(&held);
    let answers = describe::source_rules(&vocabulary, &id);
    let data = SourceDescription { entry, coverage, answers };
    Ok(view.record(CATALOG, Versioned { version, changed_at, data })?)
}
