//! `/v1/sources` and `/v1/sources/{source}`.

use axum::extract::State;
use utoipa::IntoParams;

use super::parameters::{FormatParameter, LanguageParameter, PageParameters, piece, rows, words};
use super::{DEFAULT_LIMIT, MOST};
use crate::app::App;
use crate::catalog::model::{SourceDescription, SourceEntry};
use crate::catalog::queries::{SourceFilter, holdings, sources};
use crate::catalog::{CATALOG, describe};
use crate::error::{Error, nearest};
use crate::http::extract::{Call, Id};
use crate::http::negotiate::Language;
use crate::http::problem::Problem;
use crate::http::records::{Listing, Single};
use crate::http::reply::Reply;
use crate::timeseries::dataset::Vocabulary;

/// Which sources.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
struct SourceParameters {
    /// Only sources of these kinds, separated by commas.
    #[param(value_type = String, required = false, example = "association,agency")]
    kind: Option<Vec<String>>,
    /// Only sources with this text in the code or in a name, English or Chinese, whatever its case.
    #[param(value_type = String, required = false, example = "汽车工业协会")]
    q: Option<String>,
    /// Only sources with this text in the licence, whatever its case.
    #[param(value_type = String, required = false, example = "CC BY")]
    licence: Option<String>,
}

impl SourceParameters {
    fn read(call: &mut Call, vocabulary: &Vocabulary) -> Self {
        let mut kinds: Vec<&str> = vocabulary.sources.values().map(|source| source.kind.as_str()).collect();
        kinds.sort_unstable();
        kinds.dedup();
        Self {
            kind: words(&mut call.params, "kind", kinds.iter().copied()),
            q: piece(&mut call.params, "q"),
            licence: piece(&mut call.params, "licence"),
        }
    }
}

/// The sources
///
/// Who first published the figures, in the order in which they are trusted where no rule of precedence lists them.
///
/// For example, which of the sources are government agencies? `/v1/sources?kind=agency`. Whose figures are under an open
/// licence? `/v1/sources?licence=CC BY`.
#[utoipa::path(
    get, path = "/v1/sources", operation_id = "list_sources", tag = "catalog",
    params(SourceParameters, LanguageParameter, PageParameters),
    responses((status = 200, description = "A page of sources.", body = Listing<SourceEntry>))
)]
pub async fn list_sources(State(app): State<App>, mut call: Call) -> Result<Reply, Problem> {
    let vocabulary = app.vocabularies.current().await?;
    let chinese = call.language() == Language::Zh;
    let SourceParameters { kind, q, licence } = SourceParameters::read(&mut call, &vocabulary);
    let view = call.view(DEFAULT_LIMIT, MOST)?;
    let after = view.paging.after.as_deref().and_then(|key| match key {
        [precedence, source] => Some((precedence.parse().ok()?, source.clone())),
        _ => None,
    });
    let filter =
        SourceFilter { chinese, kinds: kind, text: q, licence, after, limit: rows(&view), source: None };
    let read = sources(&app.pool, &filter).await?;
    Ok(view.listing("sources", read, |last| vec![last.precedence.to_string(), last.source.clone()])?)
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
        LanguageParameter, FormatParameter,
    ),
    responses((status = 200, description = "The source.", body = Single<SourceDescription>))
)]
pub async fn get_source(State(app): State<App>, Id(source): Id, mut call: Call) -> Result<Reply, Problem> {
    let chinese = call.language() == Language::Zh;
    let view = call.single()?;
    let filter = SourceFilter { chinese, source: Some(source.clone()), limit: 1, ..SourceFilter::default() };
    let read = async || {
        let entry = sources(&app.pool, &filter).await?.data.pop();
        let held = holdings(&app.pool, None, Some(&source)).await?;
        Ok(held.map(|held| (entry, held)))
    };
    let (vocabulary, read) = app.vocabularies.beside(read).await?;
    let version = (read.version, read.changed_at);
    let (Some(entry), held) = read.data else {
        let did_you_mean = nearest(&source, vocabulary.sources.keys().map(String::as_str));
        return Err(Error::NotFound { what: "source", id: source, did_you_mean }.into());
    };
    let coverage = describe::source_coverage(&held);
    let answers = describe::source_rules(&vocabulary, &source);
    let data = SourceDescription { entry, coverage, answers };
    Ok(view.record(CATALOG, crate::database::Versioned { version: version.0, changed_at: version.1, data })?)
}
