//! The contract: the routes of every slice, the document made from them, and the pages that show it.

use std::collections::BTreeMap;

use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::{Ref, RefOr, Response, ResponseBuilder};
use utoipa::{IntoParams, IntoResponses, OpenApi};
use utoipa_axum::router::OpenApiRouter;
use utoipa_swagger_ui::SwaggerUi;

use super::negotiate::{Format, Language};
use super::problem::Code;
use crate::app::App;

/// What the document says of the service as a whole.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "China auto market data",
        description = "China's auto market: production volumes, EV subsidies, charging outlets and OEM partnerships. \
            Every figure names its source and the document that it was read from.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    tags(
        (name = "datasets", description = "Time series: datasets, their series and observations."),
        (name = "catalog", description = "Codes, sources, documents and releases."),
        (name = "subsidies", description = "Subsidies, taxes, quotas and credits."),
        (name = "partnerships", description = "Organizations, their partnerships and shares, events."),
        (name = "operations", description = "Health."),
    )
)]
struct Contract;

/// Which page of a list, and how it is written.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageParams {
    /// At most so many records; 1,000 where it is not given.
    #[param(required = false, minimum = 1, maximum = 10_000, example = 100)]
    pub limit: u32,
    /// `meta.page.next_cursor` of the page before, with the same other parameters; not given for the first page.
    #[param(required = false)]
    pub cursor: String,
    /// The representation; where it is not given the header `Accept` chooses, else it is JSON.
    #[param(required = false, inline)]
    pub format: Format,
}

/// How a single record is written.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct FormatParam {
    /// The representation; where it is not given the header `Accept` chooses, else it is JSON.
    #[param(required = false, inline)]
    pub format: Format,
}

/// The language of names.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct LangParam {
    /// The language of `name` and `title`; where it is not given the header `Accept-Language` chooses, else it is English.
    #[param(required = false, inline)]
    pub lang: Language,
}

/// What a list answers instead of a page.
pub struct ListFailures;

/// What a single record's path answers instead of it.
pub struct SingleFailures;

/// What a query whose answer may be too large answers beside: that it is, and that its pages are gone.
pub struct TooLarge;

impl IntoResponses for TooLarge {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        failures(&[Code::TooLarge, Code::CursorGone])
    }
}

impl IntoResponses for ListFailures {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        failures(&[
            Code::Malformed,
            Code::NotAcceptable,
            Code::InvalidParameter,
            Code::Internal,
            Code::Unavailable,
            Code::Timeout,
        ])
    }
}

impl IntoResponses for SingleFailures {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let mut all = ListFailures::responses();
        all.extend(failures(&[Code::NotFound]));
        all
    }
}

/// The answers without data: that the caller has it already, and these kinds of problems.
fn failures(codes: &[Code]) -> BTreeMap<String, RefOr<Response>> {
    let unchanged = Response::new("The caller has this answer already, by its `ETag` or `Last-Modified`.");
    let mut all = BTreeMap::from([("304".to_owned(), RefOr::T(unchanged))]);
    for (_, status, _, title) in Code::TABLE.iter().filter(|(code, ..)| codes.contains(code)) {
        let problem = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
        let response =
            ResponseBuilder::new().description(*title).content("application/problem+json", problem).build();
        all.insert(status.as_str().to_owned(), RefOr::T(response));
    }
    all
}

/// The routes of every slice.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(Contract::openapi())
        .merge(crate::production::routes())
        .merge(crate::charging::routes())
        .merge(crate::catalog::routes())
        .merge(crate::subsidies::routes())
        .merge(crate::partnerships::routes())
        .merge(super::operations::routes())
}

/// The document as it is committed.
pub fn document() -> utoipa::openapi::OpenApi {
    routes().into_openapi()
}

/// The document, the page to try it on, and what the codes of problems mean.
pub fn pages(document: utoipa::openapi::OpenApi) -> Router<App> {
    Router::new()
        .route("/problems", get(problems))
        .merge(SwaggerUi::new("/docs").url("/openapi.json", document))
}

/// One kind of problem.
#[derive(Serialize)]
struct Kind {
    code: &'static str,
    status: u16,
    title: &'static str,
}

/// What the `type` of every problem leads to.
async fn problems() -> Json<Vec<Kind>> {
    let kinds = Code::TABLE.iter();
    Json(kinds.map(|(_, status, code, title)| Kind { code, status: status.as_u16(), title }).collect())
}
