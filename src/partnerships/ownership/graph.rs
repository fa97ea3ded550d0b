//! Stakes as a graph: what holds and is held, and between each two the bounds of the share.

use std::collections::{BTreeMap, HashMap};

use rust_decimal::Decimal;

use super::model::Direction;
use super::percent::fraction;
use super::{Known, Party, Stake};

/// Organizations and ventures, and who holds which part of whom.
#[derive(Debug, Default)]
pub struct Graph<'a> {
    /// What holds and is held.
    pub nodes: Vec<Node<'a>>,
    /// Who holds a part of whom: one for each pair, whatever number of documents state it.
    pub holdings: Vec<Holding<'a>>,
    /// The holdings in each node.
    pub into: Vec<Vec<usize>>,
    /// The holdings of each node.
    pub from: Vec<Vec<usize>>,
    places: HashMap<Name<'a>, usize>,
}

/// What holds or is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Name<'a> {
    /// An organization, by id.
    Organization(&'a str),
    /// A venture that no organization stands for, by the id of its partnership.
    Venture(&'a str),
}

/// A node with what is known of it.
#[derive(Debug)]
pub struct Node<'a> {
    /// What it is.
    pub name: Name<'a>,
    /// The organization; `None` for a venture, and for an organization that is not held any more.
    pub party: Option<&'a Party>,
}

/// One holder's share in one held.
#[derive(Debug)]
pub struct Holding<'a> {
    /// The node that holds.
    pub holder: usize,
    /// The node that is held.
    pub held: usize,
    /// The least that the share may be, as a fraction of one.
    pub least: Decimal,
    /// The most that it may be.
    pub most: Decimal,
    /// What documents state of it.
    pub stakes: Vec<&'a Stake>,
}

impl<'a> Graph<'a> {
    /// The graph of all stakes that are known to hold on the date.
    pub fn of(known: &'a Known) -> Self {
        let parties = known.organizations.iter().map(|party| (party.id.as_str(), party));
        let parties: HashMap<&str, &Party> = parties.collect();
        let mut graph = Self::default();
        for party in &known.organizations {
            graph.place(Name::Organization(&party.id), &parties);
        }
        let mut pairs: BTreeMap<(usize, usize), Vec<&Stake>> = BTreeMap::new();
        for stake in known.stakes.iter().filter(|stake| stake.placed) {
            let holder = graph.place(Name::Organization(&stake.holder), &parties);
            let held = stake.held.as_deref().map_or(Name::Venture(&stake.partnership), Name::Organization);
            let held = graph.place(held, &parties);
            pairs.entry((held, holder)).or_default().push(stake);
        }
        for ((held, holder), stakes) in pairs {
            let (least, most) = stated(&stakes);
            let at = graph.holdings.len();
            graph.holdings.push(Holding { holder, held, least, most, stakes });
            graph.into[held].push(at);
            graph.from[holder].push(at);
        }
        graph.bound();
        graph
    }

    fn place(&mut self, name: Name<'a>, parties: &HashMap<&str, &'a Party>) -> usize {
        *self.places.entry(name).or_insert_with(|| {
            let party = match name {
                Name::Organization(id) => parties.get(id).copied(),
                Name::Venture(_) => None,
            };
            self.nodes.push(Node { name, party });
            self.into.push(Vec::new());
            self.from.push(Vec::new());
            self.nodes.len() - 1
        })
    }

    /// No share is more than what the least shares of the others leave. Where these contradict one another they bound nothing.
    fn bound(&mut self) {
        for held in 0..self.nodes.len() {
            let all = self.least_of(held);
            if all > Decimal::ONE {
                continue;
            }
            for at in self.into[held].clone() {
                let holding = &mut self.holdings[at];
                let left = Decimal::ONE - (all - holding.least);
                holding.most = holding.most.min(left).max(holding.least);
            }
        }
    }

    /// The sum of the least shares in a node. It is above one where documents contradict one another.
    pub fn least_of(&self, held: usize) -> Decimal {
        self.into[held].iter().map(|at| self.holdings[*at].least).sum()
    }

    /// The holdings that lead on from a node.
    pub fn links(&self, node: usize, direction: Direction) -> &[usize] {
        match direction {
            Direction::Up => &self.into[node],
            Direction::Down => &self.from[node],
        }
    }

    /// The nodes that these lead to.
    pub fn next(&self, node: usize, direction: Direction) -> impl Iterator<Item = usize> {
        self.links(node, direction).iter().map(move |at| match direction {
            Direction::Up => self.holdings[*at].holder,
            Direction::Down => self.holdings[*at].held,
        })
    }

    /// The place of an organization.
    pub fn organization(&self, id: &str) -> Option<usize> {
        self.places.get(&Name::Organization(id)).copied()
    }
}

impl<'a> Name<'a> {
    /// The id.
    pub const fn id(self) -> &'a str {
        match self {
            Self::Organization(id) | Self::Venture(id) => id,
        }
    }
}

/// What documents state of one holder's share in one held. Each states the whole share, so two are never added: they bound it.
/// One that does not state a share says nothing where another does; one that may not have begun may be nothing yet.
fn stated(stakes: &[&Stake]) -> (Decimal, Decimal) {
    let shares = |begun: bool| {
        let all = stakes.iter().filter(move |stake| stake.begun || !begun);
        all.filter_map(|stake| stake.equity_percent.map(fraction))
    };
    match (shares(true).min(), shares(true).max(), shares(false).max()) {
        (Some(least), Some(most), _) => (least, most),
        (_, _, Some(most)) => (Decimal::ZERO, most),
        _ => (Decimal::ZERO, Decimal::ONE),
    }
}
