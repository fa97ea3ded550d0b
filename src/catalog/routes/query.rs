//! Time-series queries sent as a body.

use crate::http::access::Seen;
use crate::http::body::Posted;
use crate::http::openapi::{BodyFailures, CursorParam};
use crate::http::problem::Problem;
use crate::http::reply::Reply;
use crate::http::timeseries::{QueryAnswer, QueryRequest, query};

/// Several queries at once, or a long one
///
/// `queries` are up to 50 queries of any datasets, answered one after the other from one state of the data, so that their figures
/// stand side by side whatever is imported meanwhile. Each has its name, and under that its own result: the `answer` that a GET would
/// give as JSON, or its own `problem` with the status of that, so that one wrong query does not spoil the others. The whole is 200
/// wherever the body is well formed; `meta.failed` counts the problems. All answers together hold up to 20,000
/// observations: a query whose answer has no room left is refused with 413, later ones that fit are answered. All of it has the
/// time of one request. The links of an answer are those of the GET that asks the same.
///
/// `query` is a single one, for when it is too long for a URL. It is answered as the GET is, in every shape and format. For the next
/// page send the same body to `links.next`, or `meta.page.next_cursor` within the query as its `cursor`.
///
/// A parameter has the name it has in a URL. It takes a text or a number; one that takes several codes has a list of them, or a text
/// with commas. Null and an empty list count as not given. The answer to a body may not be stored and has no `ETag`.
#[utoipa::path(
    post, path = "/v1/query", operation_id = "query", tag = "datasets",
    params(CursorParam),
    request_body(content = QueryRequest, description = "Either `query` or `queries`.", examples(
        ("batch" = (summary = "Several queries", value = json!({"queries": [
            {"name": "sales", "dataset": "production", "measure": ["sales"], "powertrain": ["NEV"], "start": "2020", "shape": "columns"},
            {"name": "makers", "dataset": "production", "measure": ["sales"], "maker": ["byd", "tesla"], "powertrain": ["NEV"],
             "frequency": ["M"], "last": 12},
            {"name": "outlets", "dataset": "charging", "access": ["public"]},
        ]}))),
        ("single" = (summary = "A single query", value = json!({"query": {"dataset": "production", "start": "2001"}}))),
    )),
    responses(
        (status = 200, description = "What became of each query, or the answer to the single one; CSV and NDJSON have its rows.",
         content((QueryAnswer = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"))),
        BodyFailures,
    )
)]
pub async fn post_query(Seen(app): Seen, posted: Posted) -> Result<Reply, Problem> {
    Ok(query(&app, posted).await?)
}
