//! The contract: the routes of every slice, the document made from them, and the pages that show it.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::LazyLock;

use axum::Router;
use axum::http::Method;
use axum::middleware::from_fn;
use serde_json::Value;
use utoipa::openapi::{Ref, RefOr, Response};
use utoipa::{IntoParams, IntoResponses, OpenApi};
use utoipa_axum::router::OpenApiRouter;
use utoipa_swagger_ui::{Config, SwaggerUi};

use super::document::NOT_MODIFIED;
use super::negotiate::{Format, Language};
use super::problem::{Code, Problem};
use super::timeseries::Shape;
use crate::app::App;
use crate::formats::ColumnsItem;
use crate::timeseries::answer::SortWord;

/// What is true of every operation.
const DESCRIPTION: &str = "China's auto market: production volumes, EV subsidies, charging outlets and OEM partnerships. \
Every figure names its source and the document that it was read from.

**Answers** are JSON, CSV or NDJSON, by `format` or the header `Accept`. A field that can be null is always there; what does \
not apply is left out only where its description says so. What is to be known of an answer stands in its `warnings`.

**Time series** are computed in one order, whatever the order of the parameters: filter, `as_of`; then for each source group \
and convert the frequency; choose the source; `transform`; `top` and `other`; `fill`; `start`, `end` and `last`; `sort` and `limit`.

- *What answers a figure*, within one source and best first: as published; converted from a finer frequency, every sub-period there \
(a flow is their sum, a stock the last); the sum over parts that the dataset declares to be a whole, all of them; converted with \
sub-periods missing, which `coverage` tells (`11/12`). Sources and frequencies are never mixed in one figure, and what is \
incomplete is never compared or ranked.
- *Which source answers*: `source=best` follows the dataset's precedence table, which groups sources that count alike into \
scopes. The first scope with a complete figure of the series answers it, each period by its first source that has one; another \
scope never fills a gap. Growth takes all its figures from one source, the first that has them.
- *Formulas*, v(t) being the figure of a period: `diff` v(t) - v(t-1); `pct` 100 (v(t) - v(t-1)) / v(t-1); `yoy` and `yoy_diff` \
the same against the period a year before; `ytd` the sum since the first period of the year; `index:P` 100 v(t) / v(P); `ma:N` \
the mean of the last N; `share` 100 v(t) / whole(t); `rank` the place among the codes, 1 the largest. Nothing is rounded.
- *Null* with status M and no `reason` is stated as missing by a document; where nobody states anything there is no row. With a \
`reason` it could not be computed: `gap` (a period is missing), `source_change` (no one source has all), `break` (a figure of \
status B, from which on the source counts otherwise, stands between), `partial` (one is incomplete), `zero`, `parts` (of a sum some \
are not stated), `incomplete_ranking` (what is ranked is less than 80 percent of the whole), `overlap`, `not_stated` (`fill=null`).
- *Sums* over codes are only of declared parts: other codes are refused (`not_additive`), as are codes of which one is part of \
another (`overlap`).

**Pages**: a list holds up to `limit` records; `links.next`, the header `Link` and `meta.page.next_cursor` lead to the next \
page, and nothing is cut in silence: `meta.complete` and the header `X-Complete` say whether more follows.

**Downloads**: observations as `csv` or `ndjson` without `limit` come whole, however many they are, all in one state of the \
data. From about 10,000 on they are sent while they are read, without a length. One that cannot be sent to its end breaks off: the \
connection is reset before the body has ended, and NDJSON lacks the line of type `end`. Only some are sent at a time; others \
get 503 with `Retry-After`.

**CSV**: a text that begins with `= + - @`, a tab or a carriage return and is no number gets an apostrophe before it, so that no spreadsheet \
runs it; one that begins with an apostrophe gets another.

**Keys** are sent as `Authorization: Bearer KEY`, never in an address. Without one, every public dataset can be read. A restricted \
dataset, and whatever it alone brought (codes, sources, documents, releases), exists for those keys only that may read it; for all \
others it is not there (404). Answers to such keys may be kept by nobody. A key that is unknown, expired or revoked is 401 everywhere, \
also for what could be read without.

**Writing** changes nothing by halves: a file that is sent waits on disk, is taken in in one transaction, and its import tells how that \
goes. It takes a key with the scope `write` (401 without one, 403 for one without it or for another dataset).

**Limits**: each key, or else each address, may send so many requests of a kind a minute: `imports` change something, `exports` are \
downloads as said above, `queries` is everything else under `/v1`; a batch counts as many queries as it holds. A minute's worth may come \
at once. `RateLimit-Policy` and `RateLimit` tell what may come and what is left; one too many is answered 429 with `Retry-After`. \
Where more is asked for at a time than can be answered soon, it is 503 `overloaded` with `Retry-After`.

**Asking again**: an answer to a GET carries an `ETag`. Sent back as `If-None-Match` it brings 304 without a body while nothing has \
changed.

**Errors** are `application/problem+json` (RFC 9457), with the same fields whatever went wrong, all faults of a request at once, \
and what would have been allowed. `/problems` lists their kinds. An unknown parameter is an error, so that no filter is \
overlooked; a method that is not served is 405, a path that is not served 404.";

/// What the document says of the service as a whole.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "China auto market data",
        description = DESCRIPTION,
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    servers((url = "/", description = "The service that serves this document.")),
    // Types that only parameters and shared responses name.
    components(schemas(ColumnsItem<'_>, Format, Language, Shape, SortWord, Problem)),
    tags(
        (name = "production", description = "Vehicles made, sold, registered, exported and in use, as time series."),
        (name = "subsidies", description = "Subsidies, taxes, quotas and credits."),
        (name = "charging", description = "Charging outlets, stations and energy, as time series."),
        (name = "partnerships", description = "Organizations, their partnerships and shares, events."),
        (name = "datasets", description = "Any dataset, its series and its observations."),
        (name = "catalog", description = "What is here: codes, sources, documents and releases."),
        (name = "imports", description = "Files that are taken in, and what is taken back."),
        (name = "operations", description = "Health, counts, and the kinds of problems."),
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
    #[param(required = false)]
    pub format: Format,
}

/// Where the feed is read, and how much of it.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct FeedParams {
    /// `meta.since` of the last answer, or the `cursor` of its last entry: what happened behind it. Or, to begin with, a date (from its
    /// start in China) or a time: from the first entry of then or later. Without it: from the beginning.
    #[param(required = false, example = "2026-11-01")]
    pub since: String,
    /// At most so many entries; 1,000 where it is not given.
    #[param(required = false, minimum = 1, maximum = 10_000, example = 100)]
    pub limit: u32,
    /// The representation; where it is not given the header `Accept` chooses, else it is JSON.
    #[param(required = false, inline)]
    pub format: Format,
}

/// How a single record is written.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct FormatParam {
    /// The representation; where it is not given the header `Accept` chooses, else it is JSON.
    #[param(required = false)]
    pub format: Format,
}

/// The language of names.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct LangParam {
    /// The language of `name` and `title`; where it is not given the header `Accept-Language` chooses, else it is English.
    #[param(required = false)]
    pub lang: Language,
}

/// Why something is withdrawn.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ReasonParam {
    /// Why; it stays with what is withdrawn, which it is needed for.
    #[param(required = false, example = "a slip")]
    pub reason: String,
}

/// From where on a query that was sent as a body is answered.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CursorParam {
    /// `meta.page.next_cursor` of the page before, as `links.next` has it, with the same body; for a single query alone.
    #[param(required = false)]
    pub cursor: String,
}

/// What a list answers instead of a page.
pub struct ListFailures;

/// What a single record's path answers instead of it.
pub struct SingleFailures;

/// What is answered instead of what changes without any collection changing, and has no tag.
pub struct FreshFailures;

/// What is answered where there is nothing under an id.
pub struct Missing;

/// What a file that is sent is answered by instead.
pub struct UploadFailures;

/// What a request to take back something is answered by instead.
pub struct ChangeFailures;

/// What is answered to who has no key that may do this.
pub struct KeyFailures;

/// What a body of queries is answered by instead.
pub struct BodyFailures;

/// What is answered where an answer that comes whole would be too large.
pub struct TooLarge;

/// What is answered where the pages of an answer can no longer be read as its first one was.
pub struct PagesGone;

impl IntoResponses for TooLarge {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        failures(&[Code::TooLarge])
    }
}

impl IntoResponses for PagesGone {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        failures(&[Code::CursorGone])
    }
}

/// What the question whether requests can be answered is answered beside: that they cannot.
pub struct NotReady;

impl IntoResponses for NotReady {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        untagged(failures(&[Code::Internal, Code::Unavailable, Code::Timeout]))
    }
}

impl IntoResponses for FreshFailures {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        untagged(ListFailures::responses())
    }
}

impl IntoResponses for Missing {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        untagged(failures(&[Code::NotFound]))
    }
}

impl IntoResponses for KeyFailures {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        untagged(failures(&[Code::Unauthorized, Code::Forbidden]))
    }
}

impl IntoResponses for UploadFailures {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let of_bodies = [Code::TooLarge, Code::UnsupportedMediaType, Code::Stalled, Code::StorageFull];
        let mut all = ListFailures::responses();
        all.extend(failures(&of_bodies));
        all.extend(KeyFailures::responses());
        untagged(all)
    }
}

impl IntoResponses for ChangeFailures {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let mut all = ListFailures::responses();
        all.extend(failures(&[Code::NotFound, Code::Unauthorized, Code::Forbidden, Code::Conflict]));
        untagged(all)
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

impl IntoResponses for BodyFailures {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let mut all = ListFailures::responses();
        all.extend(failures(&[Code::TooLarge, Code::UnsupportedMediaType, Code::CursorGone]));
        untagged(all)
    }
}

/// Without the answer that the caller has it already.
fn untagged(mut all: BTreeMap<String, RefOr<Response>>) -> BTreeMap<String, RefOr<Response>> {
    all.remove("304");
    all
}

/// The answers without data: that the caller has it already, and these kinds of problems. Each is described once.
fn failures(codes: &[Code]) -> BTreeMap<String, RefOr<Response>> {
    let described = |name: &str| RefOr::Ref(Ref::from_response_name(name));
    let rows = Code::TABLE.iter().filter(|(code, ..)| codes.contains(code));
    let problems =
        rows.map(|(code, status, ..)| (status.as_str().to_owned(), described(&format!("{code:?}"))));
    problems.chain([("304".to_owned(), described(NOT_MODIFIED))]).collect()
}

/// The routes of every slice, and that of the counts.
pub fn routes() -> OpenApiRouter<Arc<App>> {
    public().merge(super::operations::counts())
}

/// The routes of every slice.
pub fn public() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::with_openapi(Contract::openapi())
        .merge(crate::production::routes())
        .merge(crate::charging::routes())
        .merge(crate::catalog::routes())
        .merge(crate::subsidies::routes())
        .merge(crate::partnerships::routes())
        .merge(crate::intake::routes())
        .merge(crate::access::routes())
        .merge(super::operations::routes())
}

/// The id of each operation, by path and method.
static OPERATIONS: LazyLock<HashMap<String, Vec<(Method, String)>>> = LazyLock::new(|| {
    let paths = routes().into_openapi().paths.paths.into_iter();
    let served = paths.map(|(path, item)| {
        let methods = [(Method::GET, item.get), (Method::POST, item.post), (Method::DELETE, item.delete)];
        let ids = methods.into_iter().filter_map(|(method, says)| Some((method, says?.operation_id?)));
        (path, ids.collect())
    });
    served.collect()
});

/// The id of the operation that a method has at a route.
pub fn operation(method: &Method, route: &str) -> Option<&'static str> {
    // What GET answers, HEAD does too.
    let method = if method == Method::HEAD { &Method::GET } else { method };
    let (_, id) = OPERATIONS.get(route)?.iter().find(|(served, _)| served == method)?;
    Some(id)
}

/// The document, and the pages to try it on.
pub fn pages(document: Value) -> Router<Arc<App>> {
    let shown = Config::default()
        .display_operation_id(true)
        .display_request_duration(true)
        .default_models_expand_depth(0)
        .doc_expansion("list")
        .try_it_out_enabled(true)
        .use_base_layout()
        // Nothing is sent to a validator elsewhere.
        .validator_url("none");
    let pages: Router<Arc<App>> =
        SwaggerUi::new("/docs").config(shown).external_url_unchecked("/openapi.json", document).into();
    pages.layer(from_fn(super::security::of_docs))
}
