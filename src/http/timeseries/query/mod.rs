//! Queries sent in a body: one that is too long for a URL, or several that are answered from one state of the data.

mod batch;
mod question;
mod schema;

use serde::Serialize;
use utoipa::ToSchema;

pub use batch::{Batch, MOST_OBSERVATIONS};
pub use question::MOST_QUERIES;
pub use schema::QueryRequest;

use super::{Observations, Understood, attribution, retried, understand};
use crate::app::App;
use crate::error::{Fault, Result};
use crate::http::body::Posted;
use crate::http::extract::Call;
use crate::http::reply::Reply;
use question::{Parameters, Question};

/// The path that queries are sent to.
const PATH: &str = "/v1/query";

/// An answer to a single query, or to several.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
#[expect(clippy::large_enum_variant, reason = "it is described and never made")]
pub enum QueryAnswer<'a> {
    /// To `queries`.
    Batch(Batch),
    /// To `query`: what a GET would answer.
    One(Observations<'a>),
}

/// Answers a single query or a batch of them.
pub async fn query(app: &App, posted: Posted) -> Result<Reply> {
    let Posted { mut call, body, id, account } = posted;
    let mut url = std::mem::take(&mut call.params);
    let cursor = url.text("cursor");
    match question::read(&body)? {
        Question::One(fields) => {
            url.finish()?;
            let parameters = || match &cursor {
                Some(cursor) => Parameters::of(&fields).behind(cursor.clone()),
                None => Parameters::of(&fields),
            };
            retried(app, || one(app, &call, parameters())).await
        }
        Question::Several(queries) => {
            if let Some(cursor) = cursor {
                let detail = "leads to a page of a single query; in a batch it stands within its query";
                url.reject(Fault::new("cursor", &cursor, detail));
            }
            url.finish()?;
            let call = call.as_json()?;
            // The request itself is counted as the first of them.
            account.map_or(Ok(()), |account| account.take(queries.len().saturating_sub(1)))?;
            retried(app, || batch::answer(app, (&call, &id), &queries)).await
        }
    }
}

/// Answers a single query as a GET would, but that its pages are asked for with the same body.
async fn one(app: &App, call: &Call, parameters: Parameters) -> Result<Reply> {
    let vocabulary = app.vocabularies.current().await?;
    let (dataset, call) = parameters.asked(call, &vocabulary)?;
    if attribution::is_asked(&call, dataset) {
        let reply = attribution::answer(app, (&vocabulary, dataset), call.posted_to(PATH)).await?;
        return Ok(Reply { tag: None, ..reply });
    }
    let asked = understand(call.posted_to(PATH), &vocabulary, dataset)?;
    let understood = Understood { asked, dataset, vocabulary: &vocabulary };
    let reply = understood.answered(app, &vocabulary).await?;
    Ok(Reply { tag: None, ..reply })
}
