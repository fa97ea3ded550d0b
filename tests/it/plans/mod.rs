//! How PostgreSQL carries out what typical queries ask of it: the texts are pinned, and their plans read on data large enough for the
//! planner to choose as it would in use.

mod data;
mod explain;
mod pinned;
mod queries;

use explain::{Scan, explained};
use queries::{Reads, queries};

use crate::client::Client;

/// Tables that grow with the figures stored. No query reads one of them from end to end.
const FIGURES: [&str; 5] = [
    "observation_chunk",
    "observation_history",
    "observation_note",
    "observation_restatement",
    "rollup_chunk",
];

/// Why a plan reads more than it should; nothing where it does not.
fn fault(scan: &Scan, reads: Reads) -> Option<&'static str> {
    let of_figures = FIGURES.contains(&scan.table.as_str());
    if of_figures && !scan.condition.contains("series_id") {
        return Some("reads figures of series that are not selected");
    }
    let of_series = ["series", "rollup_series"].contains(&scan.table.as_str());
    if reads == Reads::Named && of_series && scan.condition.is_empty() {
        return Some("reads every series although codes are named");
    }
    None
}

#[tokio::test]
async fn no_query_reads_more_than_the_series_that_it_selects() {
    let client = Client::bundled().await;
    data::grow(&client).await;
    let mut connection = client.database.database.writer().await.unwrap();
    let mut faults = Vec::new();
    for query in queries(&client).await {
        let (scans, plans) = explained(&mut connection, &query.statement).await;
        assert!(!scans.is_empty(), "{}: {plans}", query.name);
        for (scan, why) in scans.iter().filter_map(|scan| Some((scan, fault(scan, query.reads)?))) {
            faults.push(format!("{} {why}: {scan:?}", query.name));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
