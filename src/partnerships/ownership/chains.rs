//! The chains of holdings that begin at an organization and pass nobody twice, the shortest first.

use std::collections::VecDeque;

use rust_decimal::Decimal;

use super::graph::Graph;
use super::model::Direction;

/// The most chains that are listed.
pub const MOST_CHAINS: usize = 1_000;

/// The most links of a chain that is listed.
pub const MOST_LINKS: usize = 20;

/// A chain of holdings.
#[derive(Debug, Clone)]
pub struct Path {
    /// What it leads through, from the organization that was asked for on.
    pub nodes: Vec<usize>,
    /// The holdings between them.
    pub holdings: Vec<usize>,
    /// The product of the least shares.
    pub least: Decimal,
    /// The product of the most shares.
    pub most: Decimal,
}

/// Lists the chains from a node on, and says whether these are all.
pub fn paths(graph: &Graph<'_>, start: usize, direction: Direction) -> (Vec<Path>, bool) {
    let mut found: Vec<Path> = Vec::new();
    let first = Path { nodes: vec![start], holdings: Vec::new(), least: Decimal::ONE, most: Decimal::ONE };
    let (mut open, mut complete) = (VecDeque::from([first]), true);
    while let Some(path) = open.pop_front() {
        for next in longer(graph, &path, direction) {
            if found.len() == MOST_CHAINS || path.holdings.len() == MOST_LINKS {
                complete = false;
                break;
            }
            found.push(next.clone());
            open.push_back(next);
        }
        if found.len() == MOST_CHAINS && !complete {
            break;
        }
    }
    (found, complete)
}

/// The chains that are one link longer.
fn longer<'p>(
    graph: &'p Graph<'_>,
    path: &'p Path,
    direction: Direction,
) -> impl Iterator<Item = Path> + use<'p> {
    let last = path.nodes[path.nodes.len() - 1];
    graph.links(last, direction).iter().zip(graph.next(last, direction)).filter_map(move |(at, next)| {
        let holding = &graph.holdings[*at];
        if path.nodes.contains(&next) {
            return None;
        }
        let (mut nodes, mut holdings) = (path.nodes.clone(), path.holdings.clone());
        nodes.push(next);
        holdings.push(*at);
        Some(Path { nodes, holdings, least: path.least * holding.least, most: path.most * holding.most })
    })
}
