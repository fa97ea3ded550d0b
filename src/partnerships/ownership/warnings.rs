//! What a reader should know before using an answer on ownership.

use std::collections::BTreeSet;

use rust_decimal::Decimal;

use super::chains::{MOST_CHAINS, MOST_LINKS};
use super::graph::Graph;
use super::model::Ownership;
use super::percent::percent;
use super::reach::Reach;
use super::{Known, Stake};

/// One thing to know: a word for programs, and what it means for this answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The word.
    pub code: &'static str,
    /// What it means.
    pub detail: String,
}

/// All that is to be known of an answer.
pub fn notices(
    known: &Known,
    graph: &Graph<'_>,
    (reach, start): (&Reach<'_, '_>, usize),
    answer: &Ownership,
) -> Vec<Notice> {
    let mut told = Vec::new();
    told.extend(existence(graph, start));
    if answer.chains.is_empty() {
        let detail = format!("no stake that was in force on {} is known here", answer.on);
        told.push(Notice { code: "no_data", detail });
    }
    told.extend(contradictions(graph));
    told.extend(stakes(
        known,
        "start_unknown",
        |stake| stake.placed && !stake.begun,
        "are of no known \
        start and were stated later than this day, so that they may not have been held yet",
    ));
    told.extend(stakes(
        known,
        "not_placed",
        |stake| !stake.placed,
        "belong to partnerships that were only \
        announced, or ended on a day that is not known, and are left out",
    ));
    for circle in reach.circles() {
        let ids: Vec<&str> = circle.iter().map(|node| graph.nodes[*node].name.id()).collect();
        let detail = format!("own parts of one another: {}; totals are of all rounds", ids.join(", "));
        told.push(Notice { code: "circular", detail });
    }
    if !answer.complete {
        let detail = format!(
            "only {MOST_CHAINS} chains of at most {MOST_LINKS} links are listed; the totals are of all"
        );
        told.push(Notice { code: "chains_cut", detail });
    }
    told
}

/// That the organization did not exist on the day.
fn existence(graph: &Graph<'_>, start: usize) -> Option<Notice> {
    let party = graph.nodes[start].party.filter(|party| !party.exists)?;
    let said = [("founded", &party.founded), ("dissolved", &party.dissolved)];
    let said = said.iter().filter_map(|(what, date)| Some(format!("{what} {}", date.as_deref()?)));
    let said: Vec<String> = said.collect();
    let detail = format!("{} did not exist on this day: {}", party.id, said.join(", "));
    Some(Notice { code: "not_in_existence", detail })
}

/// That documents state more than everything of a company, or several shares of one holder.
fn contradictions(graph: &Graph<'_>) -> Vec<Notice> {
    let mut told = Vec::new();
    for (node, holdings) in graph.into.iter().enumerate() {
        let (held, sum) = (graph.nodes[node].name.id(), graph.least_of(node));
        if sum > Decimal::ONE {
            let detail = format!(
                "the known shares in {held} add up to {} percent; they stand as stated",
                percent(sum)
            );
            told.push(Notice { code: "over_100", detail });
        }
        for holding in holdings.iter().map(|at| &graph.holdings[*at]) {
            let stated: BTreeSet<Decimal> =
                holding.stakes.iter().filter_map(|stake| stake.equity_percent).collect();
            if stated.len() > 1 {
                let all: Vec<String> = stated.iter().map(ToString::to_string).collect();
                let holder = graph.nodes[holding.holder].name.id();
                let detail =
                    format!("documents state several shares of {holder} in {held}: {}", all.join(", "));
                told.push(Notice { code: "several_shares", detail });
            }
        }
    }
    told
}

/// That some stakes are of no certain time.
fn stakes(
    known: &Known,
    code: &'static str,
    concerned: impl Fn(&&Stake) -> bool,
    meaning: &str,
) -> Option<Notice> {
    let concerned: BTreeSet<&str> =
        known.stakes.iter().filter(concerned).map(|stake| stake.partnership.as_str()).collect();
    let ids: Vec<&str> = concerned.into_iter().collect();
    (!ids.is_empty()).then(|| Notice { code, detail: format!("stakes of {} {meaning}", ids.join(", ")) })
}
