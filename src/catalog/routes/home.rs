//! `/v1`: what is here.

use std::sync::LazyLock;

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::catalog::CATALOG;
use crate::database::Versioned;
use crate::http::access::Seen;
use crate::http::body::MOST_BYTES;
use crate::http::extract::{Call, DEFAULT_RECORDS, MOST_RECORDS};
use crate::http::negotiate::Language;
use crate::http::openapi::{FormatParam, LangParam, SingleFailures};
use crate::http::problem::Problem;
use crate::http::records::Single;
use crate::http::reply::Reply;
use crate::http::timeseries::{MOST_OBSERVATIONS, MOST_QUERIES};
use crate::params::{MAX_QUERY_BYTES, MAX_VALUE_CHARS};
use crate::timeseries::dataset::Vocabulary;

/// What is here.
#[derive(Debug, Serialize, ToSchema)]
pub struct Home {
    /// The version of the service itself.
    #[schema(example = "0.1.0")]
    pub service: &'static str,
    /// The datasets, in their published order.
    pub datasets: Vec<HomeDataset>,
    /// The datasets and collections of records with their versions, by name.
    pub versions: Vec<CollectionVersion>,
    /// How much one request may ask for.
    pub limits: Limits,
    /// Everything that can be asked, by path.
    pub operations: Vec<HomeOperation>,
    /// The OpenAPI document, relative to the service.
    #[schema(example = "/openapi.json")]
    pub contract: &'static str,
    /// The pages to try it on, relative to the service.
    #[schema(example = "/docs")]
    pub documentation: &'static str,
}

/// A dataset in short.
#[derive(Debug, Serialize, ToSchema)]
pub struct HomeDataset {
    /// Its name.
    #[schema(example = "production")]
    pub dataset: String,
    /// Its title in the language of the answer.
    pub title: String,
    /// Its measures, the one first that a query gets that names none.
    pub measures: Vec<String>,
    /// Where it is described, relative to the service.
    #[schema(example = "/v1/datasets/production")]
    pub link: String,
}

/// The version of a dataset or collection of records.
#[derive(Debug, Serialize, ToSchema)]
pub struct CollectionVersion {
    /// Its name.
    #[schema(example = "production")]
    pub collection: String,
    /// Its version; it rises whenever the collection changes, and is 0 before the first data.
    pub version: i64,
    /// When it last changed.
    pub changed_at: DateTime<Utc>,
}

/// How much one request may ask for.
#[derive(Debug, Serialize, ToSchema)]
pub struct Limits {
    /// Records of a page where `limit` is not given.
    pub default_records: usize,
    /// The largest `limit`.
    pub most_records: usize,
    /// The longest query string, in bytes.
    pub query_bytes: usize,
    /// The longest value of a parameter, in characters.
    pub value_characters: usize,
    /// The longest body, in bytes.
    pub body_bytes: usize,
    /// The most queries of a batch.
    pub batch_queries: usize,
    /// The most observations of all answers of a batch together.
    pub batch_observations: usize,
}

/// One thing that can be asked.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct HomeOperation {
    /// Its id in the OpenAPI document.
    #[schema(example = "list_codes")]
    pub operation: String,
    /// Its method: GET, or POST where it takes a body.
    #[schema(example = "GET")]
    pub method: &'static str,
    /// Its path; what stands in braces is to be filled in.
    #[schema(example = "/v1/codes/{dimension}")]
    pub path: String,
    /// What it answers.
    pub summary: String,
}

/// Read off the contract once, so that nothing is missing here that is served.
static OPERATIONS: LazyLock<Vec<HomeOperation>> = LazyLock::new(|| {
    let paths = crate::http::openapi::routes().into_openapi().paths.paths;
    let of_path = |(path, item): (String, utoipa::openapi::PathItem)| {
        let methods = [("GET", item.get), ("POST", item.post), ("DELETE", item.delete)];
        methods.into_iter().filter_map(move |(method, says)| {
            let says = says?;
            Some(HomeOperation {
                operation: says.operation_id.unwrap_or_default(),
                method,
                path: path.clone(),
                summary: says.summary.unwrap_or_default(),
            })
        })
    };
    let mut all: Vec<HomeOperation> = paths.into_iter().flat_map(of_path).collect();
    all.sort_by(|a, b| a.path.cmp(&b.path));
    all
});

/// What is here
///
/// The datasets, everything that can be asked, the limits, and the versions by which a caller sees whether anything changed.
///
/// For example, has any data changed since yesterday? `/v1`, with the tag of yesterday's answer in `If-None-Match`.
#[utoipa::path(
    get, path = "/v1", operation_id = "get_home", tag = "catalog",
    params(LangParam, FormatParam),
    responses(
        (status = 200, description = "What is here.", content(
            (Single<Home> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"))),
        SingleFailures,
    )
)]
pub async fn get_home(Seen(app): Seen, mut call: Call) -> Result<Reply, Problem> {
    let language = call.language();
    let view = call.single()?;
    let vocabulary = app.vocabularies.current().await?;
    let (version, changed_at) = vocabulary.whole();
    Ok(view.record(CATALOG, Versioned { version, changed_at, data: home(&vocabulary, language) })?)
}

fn home(vocabulary: &Vocabulary, language: Language) -> Home {
    let datasets = vocabulary.datasets.iter().map(|dataset| HomeDataset {
        dataset: dataset.name.clone(),
        title: language.name(&dataset.title_en, Some(&dataset.title_zh)).to_owned(),
        measures: dataset.measures.iter().map(|measure| measure.code.clone()).collect(),
        link: format!("/v1/datasets/{}", dataset.name),
    });
    let versions = vocabulary.versions.iter().map(|(collection, (version, changed_at))| CollectionVersion {
        collection: collection.clone(),
        version: *version,
        changed_at: *changed_at,
    });
    Home {
        service: concat!("china-auto ", env!("CARGO_PKG_VERSION")),
        datasets: datasets.collect(),
        versions: versions.collect(),
        limits: Limits {
            default_records: DEFAULT_RECORDS,
            most_records: MOST_RECORDS,
            query_bytes: MAX_QUERY_BYTES,
            value_characters: MAX_VALUE_CHARS,
            body_bytes: MOST_BYTES,
            batch_queries: MOST_QUERIES,
            batch_observations: MOST_OBSERVATIONS,
        },
        operations: OPERATIONS.clone(),
        contract: "/openapi.json",
        documentation: "/docs",
    }
}
