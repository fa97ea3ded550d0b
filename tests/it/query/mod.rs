//! Queries sent as a body: answered as their GETs are, from one state of the data.

mod answers;
mod faults;
mod snapshot;

use serde_json::{Map, Value, json};

use crate::client::{Answer, Client};

/// Where queries are sent.
const PATH: &str = "/v1/query";

/// The path that answers a dataset's queries by GET.
fn path(dataset: &str) -> String {
    format!("/v1/datasets/{dataset}/observations")
}

/// A query as a body has it: what has commas as a list.
fn fields(dataset: &str, query: &str) -> Map<String, Value> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty()).map(|pair| pair.split_once('=').unwrap());
    let value = |text: &str| match text.split_once(',') {
        Some(_) => json!(text.split(',').collect::<Vec<_>>()),
        None => json!(text),
    };
    let pairs = pairs.map(|(name, text)| (name.to_owned(), value(text)));
    pairs.chain([("dataset".to_owned(), json!(dataset))]).collect()
}

/// A batch of queries, each named by its place.
fn batch(queries: &[(&str, &str)]) -> Value {
    let named = queries.iter().enumerate().map(|(at, (dataset, query))| {
        let mut fields = fields(dataset, query);
        fields.insert("name".to_owned(), json!(format!("q{at}")));
        fields
    });
    json!({"queries": named.collect::<Vec<_>>()})
}

/// A single query.
fn single(dataset: &str, query: &str) -> Value {
    json!({"query": fields(dataset, query)})
}

impl Client {
    /// Sends a batch that is well formed.
    async fn batch(&self, queries: &[(&str, &str)]) -> Answer {
        self.post(PATH, &batch(queries)).await.expect(200)
    }
}

impl Answer {
    /// What became of one query.
    fn result(&self, name: &str) -> Value {
        self.json()["data"][name].clone()
    }

    /// The observations that one query is answered with.
    fn observations(&self, name: &str) -> Vec<Value> {
        let result = self.result(name);
        result["answer"]["data"].as_array().unwrap_or_else(|| panic!("{result}")).clone()
    }
}
