//! Who controls whom: more than half of the shares, held by one or by several under the same control.
//!
//! Apart from that stand halves against halves, which are joint control, and the undated statement that an organization is
//! counted to a group, which is believed only where the dated shares of others leave the group more than half.

use rust_decimal::Decimal;

use super::graph::Graph;
use super::model::Basis;

/// Half of everything.
const HALF: Decimal = Decimal::from_parts(5, 0, 0, false, 1);

/// What somebody controls.
#[derive(Debug)]
pub struct Sphere {
    /// Who controls.
    pub head: usize,
    /// What follows from dated shares alone, the head included.
    dated: Vec<bool>,
    /// What follows where parents of record count too.
    all: Vec<bool>,
}

/// How somebody controls something.
#[derive(Debug)]
pub struct Hold {
    /// What it rests on.
    pub basis: Basis,
    /// The least share that the controller and all that it controls hold together, as a fraction.
    pub least: Decimal,
    /// Who of these holds it directly.
    pub through: Vec<usize>,
    /// Whether a parent of record stands anywhere between.
    pub of_record: bool,
}

/// Parents of record that the dated shares do not contradict: of each node those that it is the parent of.
pub fn children_of_record(graph: &Graph<'_>) -> Vec<Vec<usize>> {
    let parent = |child: usize| {
        let party = graph.nodes[child].party.filter(|party| party.exists)?;
        let parent = graph.organization(party.parent.as_deref()?)?;
        graph.nodes[parent].party.filter(|party| party.exists)?;
        let holdings = graph.into[child].iter().map(|at| &graph.holdings[*at]);
        let own = holdings.clone().find(|holding| holding.holder == parent).map(|holding| holding.most);
        let others: Decimal = holdings.map(|holding| holding.least).sum();
        (own.unwrap_or(Decimal::ONE - others) > HALF).then_some(parent)
    };
    let mut children = vec![Vec::new(); graph.nodes.len()];
    for child in 0..graph.nodes.len() {
        if let Some(parent) = parent(child) {
            children[parent].push(child);
        }
    }
    children
}

impl Sphere {
    /// What somebody controls.
    pub fn of(graph: &Graph<'_>, children: &[Vec<usize>], head: usize) -> Self {
        Self { head, dated: reached(graph, &[], head), all: reached(graph, children, head) }
    }

    /// Whether this is controlled by the head of the sphere.
    pub fn holds(&self, node: usize) -> bool {
        node != self.head && self.all[node]
    }

    /// How a node is controlled, alone or jointly; `None` where it is not.
    pub fn hold(&self, graph: &Graph<'_>, node: usize) -> Option<Hold> {
        if node == self.head {
            return None;
        }
        let within = |members: &[bool]| {
            let all = graph.into[node].iter().map(|at| &graph.holdings[*at]);
            let own = all.filter(|holding| members[holding.holder] && holding.least > Decimal::ZERO);
            let shares: Vec<_> = own.map(|holding| (holding.holder, holding.least)).collect();
            let sum: Decimal = shares.iter().map(|(_, share)| share).sum();
            (shares, sum)
        };
        let (dated, all) = (within(&self.dated), within(&self.all));
        // Dated shares before records; more than half before joint control.
        let of_record = dated.1 <= HALF && (all.1 > HALF || !is_joint(graph, node, &dated));
        let (shares, least) = if of_record { all } else { dated };
        let majority = shares.iter().find(|(_, share)| *share > HALF).map(|(holder, _)| *holder);
        let basis = match majority {
            Some(_) => Basis::Majority,
            None if least > HALF => Basis::Combined,
            None if is_joint(graph, node, &(shares.clone(), least)) => Basis::Joint,
            None if self.all[node] => Basis::ParentOfRecord,
            None => return None,
        };
        let through =
            majority.map_or_else(|| shares.iter().map(|(holder, _)| *holder).collect(), |one| vec![one]);
        Some(Hold { basis, least, through, of_record })
    }
}

/// The holders within a sphere with their shares, and the sum of these.
type Within = (Vec<(usize, Decimal)>, Decimal);

/// Whether a sphere holds half of a node and one other holder the other half.
fn is_joint(graph: &Graph<'_>, node: usize, (shares, sum): &Within) -> bool {
    let is_other = |holder: usize| shares.iter().all(|(within, _)| *within != holder);
    let mut holdings = graph.into[node].iter().map(|at| &graph.holdings[*at]);
    *sum == HALF && holdings.any(|holding| holding.least == HALF && is_other(holding.holder))
}

/// Whom the votes of a head and of all that it controls carry to more than half, and whom its records name.
fn reached(graph: &Graph<'_>, children: &[Vec<usize>], head: usize) -> Vec<bool> {
    let mut votes = vec![Decimal::ZERO; graph.nodes.len()];
    let (mut reached, mut open) = (vec![false; graph.nodes.len()], vec![head]);
    reached[head] = true;
    while let Some(node) = open.pop() {
        let mut won = Vec::new();
        for holding in graph.from[node].iter().map(|at| &graph.holdings[*at]) {
            votes[holding.held] += holding.least;
            if votes[holding.held] > HALF {
                won.push(holding.held);
            }
        }
        won.extend(children.get(node).into_iter().flatten());
        won.retain(|next| !std::mem::replace(&mut reached[*next], true));
        open.extend(won);
    }
    reached
}
