//! Effective shares in total, whatever number of chains there are and whether they run in circles.
//!
//! The share of an owner in a company is the chance that a part of the company, followed upwards from holder to holder, comes
//! to the owner: the sum over all walks from the owner to the company that do not come back to the owner. Without circles it
//! is the sum over the chains. For an owner outside of all circles it is the entry of (I - A)^-1; for one within a circle
//! that entry divided by the owner's own, so that nobody owns more than everything by way of holding itself. It is the least
//! solution of equations that grow with each share, so least shares give its lower bound and most shares its upper one.

use rust_decimal::Decimal;

use super::graph::Graph;

/// Which bound of each share is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// The least that it may be.
    Least,
    /// The most that it may be, where all shares of one company together are no more than everything.
    Most,
}

/// Where a circle is followed no further: what another round adds is less than any digit that is told.
const NEGLIGIBLE: Decimal = Decimal::from_parts(1, 0, 0, false, 22);

/// The most rounds through one circle.
const MOST_ROUNDS: usize = 10_000;

/// The nodes of a graph in an order in which holders come before what they hold; those that hold one another together.
#[derive(Debug)]
pub struct Reach<'g, 'a> {
    graph: &'g Graph<'a>,
    components: Vec<Vec<usize>>,
    exact: bool,
}

impl<'g, 'a> Reach<'g, 'a> {
    /// Looks where the circles of a graph are.
    pub fn of(graph: &'g Graph<'a>) -> Self {
        let exact = graph.holdings.iter().all(|holding| holding.least == holding.most);
        Self { graph, components: components(graph), exact }
    }

    /// The nodes that hold one another in a circle, circle by circle.
    pub fn circles(&self) -> impl Iterator<Item = &[usize]> {
        let is_circle = |component: &&Vec<usize>| component.len() > 1 || self.holds_itself(component[0]);
        self.components.iter().filter(is_circle).map(Vec::as_slice)
    }

    /// The effective share of an owner in each node, as the bounds of a fraction; its own is one.
    pub fn shares(&self, owner: usize) -> Vec<(Decimal, Decimal)> {
        let least = self.bounds(owner, Bound::Least);
        if self.exact {
            return least.into_iter().map(|share| (share, share)).collect();
        }
        let most = self.bounds(owner, Bound::Most);
        least.into_iter().zip(most).collect()
    }

    fn bounds(&self, owner: usize, bound: Bound) -> Vec<Decimal> {
        let below = self.below(owner);
        let mut shares = vec![Decimal::ZERO; self.graph.nodes.len()];
        shares[owner] = Decimal::ONE;
        for component in &self.components {
            let open: Vec<usize> =
                component.iter().copied().filter(|node| below[*node] && *node != owner).collect();
            let in_circle = open.len() > 1 || open.first().is_some_and(|node| self.holds_itself(*node));
            let rounds = if in_circle { MOST_ROUNDS } else { 1 };
            for _ in 0..rounds {
                let mut change = Decimal::ZERO;
                for node in &open {
                    let share = self.share(*node, &shares, bound);
                    change = change.max(share - shares[*node]);
                    shares[*node] = share;
                }
                if change < NEGLIGIBLE {
                    break;
                }
            }
        }
        shares
    }

    /// The share in a node that follows from the shares in those who hold it.
    fn share(&self, node: usize, shares: &[Decimal], bound: Bound) -> Decimal {
        let holdings = self.graph.into[node].iter().map(|at| &self.graph.holdings[*at]);
        let mut share: Decimal = holdings.clone().map(|holding| holding.least * shares[holding.holder]).sum();
        if bound == Bound::Most {
            let stated = self.graph.least_of(node);
            // Shares that contradict one another bound nothing.
            let mut left = if stated > Decimal::ONE { Decimal::ONE } else { Decimal::ONE - stated };
            let mut open: Vec<_> = holdings.filter(|holding| holding.most > holding.least).collect();
            // What is open goes to whom the owner has most of, as far as that one's share may be larger.
            open.sort_by_key(|holding| std::cmp::Reverse(shares[holding.holder]));
            for holding in open {
                let more = (holding.most - holding.least).min(left);
                share += more * shares[holding.holder];
                left -= more;
            }
        }
        share.min(Decimal::ONE)
    }

    /// What an owner holds a part of, directly or not.
    fn below(&self, owner: usize) -> Vec<bool> {
        let (mut below, mut open) = (vec![false; self.graph.nodes.len()], vec![owner]);
        while let Some(node) = open.pop() {
            for at in &self.graph.from[node] {
                let held = self.graph.holdings[*at].held;
                if !std::mem::replace(&mut below[held], true) {
                    open.push(held);
                }
            }
        }
        below
    }

    fn holds_itself(&self, node: usize) -> bool {
        self.graph.from[node].iter().any(|at| self.graph.holdings[*at].held == node)
    }
}

/// The strongly connected components, by Kosaraju's algorithm, holders first.
fn components(graph: &Graph<'_>) -> Vec<Vec<usize>> {
    let down = |node: usize| graph.from[node].iter().map(|at| graph.holdings[*at].held).collect();
    let up = |node: usize| graph.into[node].iter().map(|at| graph.holdings[*at].holder).collect();
    let mut seen = vec![false; graph.nodes.len()];
    let mut order = Vec::new();
    for node in 0..graph.nodes.len() {
        order.extend(finished(node, &mut seen, down));
    }
    seen.fill(false);
    let found = order.into_iter().rev().map(|node| finished(node, &mut seen, up));
    found.filter(|component| !component.is_empty()).collect()
}

/// What is reached from a node and was not seen before, each behind all that is reached from it.
fn finished(start: usize, seen: &mut [bool], next: impl Fn(usize) -> Vec<usize>) -> Vec<usize> {
    let mut done = Vec::new();
    if std::mem::replace(&mut seen[start], true) {
        return done;
    }
    let mut open = vec![(start, next(start))];
    while let Some((node, rest)) = open.last_mut() {
        match rest.pop() {
            Some(further) if !std::mem::replace(&mut seen[further], true) => {
                open.push((further, next(further)));
            }
            Some(_) => {}
            None => {
                done.push(*node);
                open.pop();
            }
        }
    }
    done
}
