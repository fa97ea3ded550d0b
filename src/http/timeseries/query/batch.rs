//! Several queries, one after the other on one connection, all in one state of the data.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::PATH;
use super::question::Parameters;
use crate::app::App;
use crate::error::{Error, Fault, Result};
use crate::http::body::Fields;
use crate::http::extract::Call;
use crate::http::negotiate::Format;
use crate::http::problem::Problem;
use crate::http::records::{Links, Warning, json};
use crate::http::reply::Reply;
use crate::http::timeseries::{Observations, Understood, annotations, understand};
use crate::params::MAX_QUERY_BYTES;
use crate::timeseries::dataset::Vocabulary;
use crate::timeseries::fetch::{Connections, Snapshot};

/// The most observations of all answers of a batch together: two of the largest, so that the one connection is soon free again.
pub const MOST_OBSERVATIONS: usize = 20_000;

/// How many bytes of the longest URL are kept free for the cursor of a next page.
const CURSOR_BYTES: usize = 1024;

/// The answers to a batch of queries, all read in one state of the data.
#[derive(Debug, Serialize, ToSchema)]
pub struct Batch {
    /// What became of each query, by its name, in the order in which they were sent.
    #[schema(value_type = BTreeMap<String, QueryResult>)]
    #[serde(serialize_with = "by_name")]
    pub data: Vec<(String, QueryResult)>,
    /// What the answers were made from.
    pub meta: BatchMeta,
    /// Where batches are sent to. Each answer has links of its own.
    pub links: Links,
    /// What a reader should know before using the answers.
    pub warnings: Vec<Warning>,
}

/// What became of one query of a batch: an answer or a problem.
#[derive(Debug, Serialize, ToSchema)]
pub struct QueryResult {
    /// The HTTP status that it would have alone: 200, or that of the problem.
    #[schema(example = 200)]
    pub status: u16,
    /// What a GET would answer; null where there is a problem.
    #[schema(value_type = Option<Observations<'static>>)]
    pub answer: Option<Box<RawValue>>,
    /// Why there is no answer; null where there is one.
    pub problem: Option<Problem>,
}

/// What the answers of a batch were made from.
#[derive(Debug, Serialize, ToSchema)]
pub struct BatchMeta {
    /// The versions of the datasets answered, of codes and sources, and of what answers are annotated from, in the one state that all
    /// was read in.
    pub versions: BTreeMap<String, i64>,
    /// When the latest of them changed.
    pub changed_at: DateTime<Utc>,
    /// How many queries were sent.
    pub queries: usize,
    /// How many of them have a problem in place of an answer.
    pub failed: usize,
    /// How many observations the answers hold together.
    pub observations: usize,
    /// False where an answer goes on on a next page.
    pub complete: bool,
}

/// The batch while it is answered.
struct Answering<'a> {
    vocabulary: &'a Vocabulary,
    snapshot: &'a Snapshot,
    call: &'a Call,
    /// How many observations were answered so far.
    observations: usize,
    complete: bool,
    database_ms: f64,
    datasets: BTreeSet<String>,
}

/// Answers each query, or says what is wrong with it. Only what no query is to blame for ends the batch.
pub(super) async fn answer(
    app: &App,
    (call, id): (&Call, &str),
    queries: &[(String, Fields)],
) -> Result<Reply> {
    let (vocabulary, snapshot) = app.vocabularies.snapshot().await?;
    let mut answering = Answering::new(&vocabulary, &snapshot, call);
    let mut data = Vec::new();
    for (name, fields) in queries {
        let result = match answering.one(fields).await {
            Ok(answer) => QueryResult { status: 200, answer: Some(answer), problem: None },
            Err(error @ (Error::Moved | Error::Unavailable(_))) => return Err(error),
            Err(error) => {
                if matches!(error, Error::Timeout | Error::Internal { .. }) {
                    snapshot.recover().await?;
                }
                let problem = Problem { request_id: id.to_owned(), ..Problem::from(error) };
                QueryResult { status: problem.status, answer: None, problem: Some(problem) }
            }
        };
        data.push((name.clone(), result));
    }
    let reply = answering.reply(data)?;
    snapshot.close().await?;
    Ok(reply)
}

impl<'a> Answering<'a> {
    fn new(vocabulary: &'a Vocabulary, snapshot: &'a Snapshot, call: &'a Call) -> Self {
        let datasets = ["codes", "sources"].map(str::to_owned).into();
        Self { vocabulary, snapshot, call, observations: 0, complete: true, database_ms: 0.0, datasets }
    }

    /// The body of one answer.
    async fn one(&mut self, fields: &Fields) -> Result<Box<RawValue>> {
        let understood = self.understood(fields)?;
        let dataset = understood.dataset.name.clone();
        let beside = annotations::collections(&understood.asked.annotates);
        let found = understood.found(Connections::Snapshot(self.snapshot), None).await?;
        self.database_ms += found.database_ms;
        let observations = found.frame.len();
        if self.observations + observations > MOST_OBSERVATIONS {
            return Err(too_large(self.observations, observations));
        }
        let reply = found.written()?;
        let written = String::from_utf8(reply.body.into())
            .map_err(|error| Error::internal("writing an answer of a batch", error))?;
        let answer = RawValue::from_string(written)
            .map_err(|error| Error::internal("writing an answer of a batch", error))?;
        self.observations += observations;
        self.complete &= reply.complete;
        self.datasets.insert(dataset);
        self.datasets.extend(beside.into_iter().map(str::to_owned));
        Ok(answer)
    }

    fn understood(&self, fields: &Fields) -> Result<Understood<'a>> {
        let (dataset, mut call) = Parameters::of(fields).asked(self.call, self.vocabulary)?;
        if call.url_bytes() > MAX_QUERY_BYTES - CURSOR_BYTES {
            let detail = "is too long for the links of its answer; ask it alone, as query";
            call.params.malform(Fault::new("(query)", "", detail));
        }
        if let Some(format) =
            call.params.given("format").filter(|format| *format != "json").map(str::to_owned)
            && Format::ALL.iter().any(|(word, _)| *word == format)
        {
            let detail = "is no form of an answer within a batch, which is JSON; ask it alone, as query";
            call.params.reject(Fault::new("format", &format, detail).allowed(["json"]));
        }
        if let Some(rule) = call.params.given("attribution").map(str::to_owned) {
            let detail = "makes an answer of its own, which no batch holds; ask it alone, as query";
            call.params.reject(Fault::new("attribution", &rule, detail));
        }
        let asked = understand(call, self.vocabulary, dataset)?;
        Ok(Understood { asked, dataset, vocabulary: self.vocabulary })
    }

    fn reply(self, data: Vec<(String, QueryResult)>) -> Result<Reply> {
        let read = self.datasets.iter().filter_map(|name| Some((name, self.vocabulary.versions.get(name)?)));
        let versions = read.clone().map(|(name, (version, _))| (name.clone(), *version)).collect();
        let changed_at = read.map(|(_, (_, changed))| *changed).max().unwrap_or(DateTime::UNIX_EPOCH);
        let (queries, observations, complete) = (data.len(), self.observations, self.complete);
        let failed = data.iter().filter(|(_, result)| result.problem.is_some()).count();
        let mut warnings = Vec::new();
        if failed > 0 {
            let detail = format!("{failed} of {queries} queries have a problem in place of an answer");
            warnings.push(Warning::new("queries_failed", detail));
        }
        let meta = BatchMeta { versions, changed_at, queries, failed, observations, complete };
        let links = Links { this: PATH.to_owned(), next: None };
        let body = json(&Batch { data, meta, links, warnings })?;
        let reply = Reply::new(body, Format::Json, None, changed_at);
        Ok(Reply { complete, database_ms: Some(self.database_ms), ..reply })
    }
}

/// That an answer would make a batch too large.
fn too_large(before: usize, observations: usize) -> Error {
    let way_out = format!(
        "The answers before this one hold {before}: ask it in another batch, or name fewer codes or a shorter time"
    );
    Error::TooLarge { estimate: (before + observations) as u64, limit: MOST_OBSERVATIONS as u64, way_out }
}

/// Writes results as an object by their names.
fn by_name<S: Serializer>(
    results: &[(String, QueryResult)],
    serializer: S,
) -> std::result::Result<S::Ok, S::Error> {
    serializer.collect_map(results.iter().map(|(name, result)| (name, result)))
}
