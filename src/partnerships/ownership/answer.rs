//! An answer on ownership, made of what one statement found.

use std::cmp::Reverse;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap, VecDeque};

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::Known;
use super::chains::{Path, paths};
use super::control::{Sphere, children_of_record};
use super::graph::{Graph, Holding, Name};
use super::model::{
    ChainRow, Direction, Ownership, OwnershipChain, OwnershipControl, OwnershipLink, OwnershipNode,
    OwnershipStatement, OwnershipTotal,
};
use super::percent::{number, percent};
use super::reach::Reach;
use super::warnings::{Notice, notices};
use crate::partnerships::model::OrganizationLink;

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked<'a> {
    /// The organization.
    pub id: &'a str,
    /// The day.
    pub on: NaiveDate,
    /// Which way ownership is followed.
    pub direction: Direction,
}

/// Everything that an answer is made of.
struct Found<'g, 'a> {
    asked: Asked<'a>,
    graph: &'g Graph<'a>,
    start: usize,
    paths: Vec<Path>,
    /// How many links there are at least to each node that a chain leads to, the start included.
    distances: BTreeMap<usize, usize>,
    /// The effective share of each node that a chain leads to, as the bounds of a fraction.
    totals: HashMap<usize, (Decimal, Decimal)>,
}

/// The answer, as a record and where it is a table as rows, and what a reader should know of it. `None` where the organization is
/// not held.
pub fn answer(
    known: &Known,
    asked: Asked<'_>,
    is_table: bool,
) -> Option<(Ownership, Vec<ChainRow>, Vec<Notice>)> {
    let graph = Graph::of(known);
    let start = graph.organization(asked.id)?;
    let party = graph.nodes[start].party?;
    let reach = Reach::of(&graph);
    let (paths, complete) = paths(&graph, start, asked.direction);
    let distances = distances(&graph, start, asked.direction);
    let totals = totals(distances.keys().copied(), &reach, (start, asked.direction));
    let found = Found { asked, graph: &graph, start, paths, distances, totals };
    let organization = OrganizationLink {
        id: party.id.clone(),
        name_en: party.name_en.clone(),
        name_zh: party.name_zh.clone(),
        kind: party.kind.clone(),
    };
    let children = children_of_record(&graph);
    let ownership = Ownership {
        organization,
        on: asked.on,
        direction: asked.direction,
        totals: found.totals(),
        chains: found.paths.iter().map(|path| found.chain(path)).collect(),
        control: found.control(&children),
        links: found.links(),
        records: found.records(&children),
        complete,
    };
    let tabled = if is_table { found.paths.as_slice() } else { &[] };
    let rows = tabled.iter().map(|path| found.row(path)).collect();
    let notices = notices(known, &graph, (&reach, start), &ownership);
    Some((ownership, rows, notices))
}

/// The effective shares: of each owner in the start, or of the start in each that it owns.
fn totals(
    reached: impl IntoIterator<Item = usize>,
    reach: &Reach<'_, '_>,
    (start, direction): (usize, Direction),
) -> HashMap<usize, (Decimal, Decimal)> {
    let others = reached.into_iter().filter(|node| *node != start);
    match direction {
        Direction::Up => others.map(|owner| (owner, reach.shares(owner)[start])).collect(),
        Direction::Down => {
            let shares = reach.shares(start);
            others.map(|held| (held, shares[held])).collect()
        }
    }
}

/// What chains lead to, however many there are, and how many links the shortest chain to each has.
fn distances(graph: &Graph<'_>, start: usize, direction: Direction) -> BTreeMap<usize, usize> {
    let (mut found, mut open) = (BTreeMap::from([(start, 0)]), VecDeque::from([(start, 0)]));
    while let Some((node, distance)) = open.pop_front() {
        for next in graph.next(node, direction) {
            if let Entry::Vacant(place) = found.entry(next) {
                place.insert(distance + 1);
                open.push_back((next, distance + 1));
            }
        }
    }
    found
}

impl Found<'_, '_> {
    /// Whether chains cannot be followed beyond a node.
    fn is_last(&self, node: usize) -> bool {
        self.graph.links(node, self.asked.direction).is_empty()
    }

    fn id(&self, node: usize) -> String {
        self.graph.nodes[node].name.id().to_owned()
    }

    fn node(&self, node: usize) -> OwnershipNode {
        match self.graph.nodes[node].name {
            Name::Organization(_) => OwnershipNode::Organization,
            Name::Venture(_) => OwnershipNode::Partnership,
        }
    }

    fn name(&self, node: usize) -> Option<String> {
        let venture = || {
            let holding = &self.graph.holdings[*self.graph.into[node].first()?];
            let is_venture = matches!(self.graph.nodes[node].name, Name::Venture(_));
            is_venture.then(|| holding.stakes[0].name.clone())
        };
        self.graph.nodes[node].party.map(|party| party.name_en.clone()).or_else(venture)
    }

    fn totals(&self) -> Vec<OwnershipTotal> {
        let mut all: Vec<_> = self.totals.iter().map(|(node, share)| (*node, *share)).collect();
        // The largest first; of equal ones the nearest, then by id.
        all.sort_by_cached_key(|(node, (least, most))| {
            (Reverse((*least, *most)), self.distances[node], self.id(*node))
        });
        all.into_iter()
            .map(|(node, (least, most))| {
                let party = self.graph.nodes[node].party;
                OwnershipTotal {
                    node: self.node(node),
                    id: self.id(node),
                    name_en: self.name(node),
                    name_zh: party.and_then(|party| party.name_zh.clone()),
                    kind: party.map(|party| party.kind.clone()),
                    country: party.and_then(|party| party.country.clone()),
                    effective_percent: (least == most).then(|| percent(least)),
                    effective_percent_min: percent(least),
                    effective_percent_max: percent(most),
                    distance: self.distances[&node],
                    ultimate: self.is_last(node),
                    parent_of_record: party.and_then(|party| party.parent.clone()),
                }
            })
            .collect()
    }

    fn chain(&self, path: &Path) -> OwnershipChain {
        OwnershipChain {
            path: path.nodes.iter().map(|node| self.id(*node)).collect(),
            effective_percent: (path.least == path.most).then(|| percent(path.least)),
            effective_percent_min: percent(path.least),
            effective_percent_max: percent(path.most),
            ultimate: self.is_last(path.nodes[path.holdings.len()]),
        }
    }

    fn row(&self, path: &Path) -> ChainRow {
        let end = path.nodes[path.holdings.len()];
        let holdings: Vec<&Holding<'_>> = path.holdings.iter().map(|at| &self.graph.holdings[*at]).collect();
        let stakes = || holdings.iter().flat_map(|holding| &holding.stakes);
        let (least, most) = self.totals[&end];
        ChainRow {
            organization: self.asked.id.to_owned(),
            on: self.asked.on,
            direction: self.asked.direction,
            end: self.id(end),
            end_node: self.node(end),
            end_name: self.name(end),
            ultimate: self.is_last(end),
            path: path.nodes.iter().map(|node| self.id(*node)).collect(),
            shares: holdings.iter().map(|holding| share(holding)).collect(),
            partnerships: stakes().map(|stake| stake.partnership.clone()).collect(),
            documents: stakes().map(|stake| stake.document.clone()).collect(),
            effective_percent_min: percent(path.least),
            effective_percent_max: percent(path.most),
            total_percent_min: percent(least),
            total_percent_max: percent(most),
        }
    }

    /// The stakes that chains are made of: by held, holder and partnership.
    fn links(&self) -> Vec<OwnershipLink> {
        let is_reached = |node: usize| self.distances.contains_key(&node);
        let is_part = |holding: &&Holding<'_>| is_reached(holding.holder) && is_reached(holding.held);
        let mut links: Vec<OwnershipLink> = Vec::new();
        for holding in self.graph.holdings.iter().filter(is_part) {
            links.extend(holding.stakes.iter().map(|stake| OwnershipLink {
                holder: stake.holder.clone(),
                held: self.id(holding.held),
                partnership: stake.partnership.clone(),
                kind: stake.kind.clone(),
                role: stake.role.clone(),
                equity_percent: stake.equity_percent.map(number),
                percent_min: percent(holding.least),
                percent_max: percent(holding.most),
                valid_from: stake.valid_from.clone(),
                valid_to: stake.valid_to.clone(),
                document: stake.document.clone(),
            }));
        }
        let place = |link: &OwnershipLink| [&link.held, &link.holder, &link.partnership].map(Clone::clone);
        links.sort_by_cached_key(place);
        links
    }

    fn records(&self, children: &[Vec<usize>]) -> Vec<OwnershipStatement> {
        let own = Sphere::of(self.graph, children, self.start);
        // Upwards everything that was read stands above the start.
        let concerns = |parent: &usize| {
            self.asked.direction == Direction::Up || own.holds(*parent) || *parent == self.start
        };
        let all = children.iter().enumerate().filter(|(parent, _)| concerns(parent));
        let all = all.flat_map(|(parent, children)| children.iter().map(move |child| (*child, parent)));
        let mut records: Vec<OwnershipStatement> = all
            .map(|(child, parent)| OwnershipStatement {
                organization: self.id(child),
                parent: self.id(parent),
                document: self.graph.nodes[child].party.and_then(|party| party.document.clone()),
            })
            .collect();
        records.sort();
        records
    }

    fn control(&self, children: &[Vec<usize>]) -> Vec<OwnershipControl> {
        let sphere = |head: usize| Sphere::of(self.graph, children, head);
        let mut control: Vec<OwnershipControl> = match self.asked.direction {
            Direction::Up => {
                let spheres: Vec<Sphere> = (0..self.graph.nodes.len()).map(sphere).collect();
                let is_free = |head: usize| !spheres.iter().any(|sphere| sphere.holds(head));
                let told = |sphere: &Sphere| self.controlled(sphere, self.start, Some(is_free(sphere.head)));
                spheres.iter().filter_map(told).collect()
            }
            Direction::Down => {
                let own = sphere(self.start);
                let nodes = 0..self.graph.nodes.len();
                nodes.filter_map(|node| self.controlled(&own, node, None)).collect()
            }
        };
        control.sort();
        control
    }

    fn controlled(&self, sphere: &Sphere, node: usize, ultimate: Option<bool>) -> Option<OwnershipControl> {
        let hold = sphere.hold(self.graph, node)?;
        Some(OwnershipControl {
            controller: self.id(sphere.head),
            controlled: self.id(node),
            basis: hold.basis,
            percent: (hold.least * Decimal::ONE_HUNDRED).normalize(),
            through: hold.through.into_iter().map(|holder| self.id(holder)).collect(),
            of_record: hold.of_record,
            ultimate,
        })
    }
}

fn share(holding: &Holding<'_>) -> String {
    let (least, most) = (percent(holding.least), percent(holding.most));
    if least == most { least.to_string() } else { format!("{least}..{most}") }
}
