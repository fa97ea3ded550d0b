//! Who works with whom on a day, as nodes and edges that graph libraries take as they are.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::Number;
use utoipa::ToSchema;

use super::model::{MemberRole, OrganizationKind, PartnershipKind};
use crate::error::Fault;
use crate::filter::{Known, Parameter};
use crate::params::Params;

/// The most organizations that a network holds.
pub const MOST_NODES: usize = 1_000;

/// The most edges that a network holds.
pub const MOST_EDGES: usize = 10_000;

/// How many partnerships away from the organization a network reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[schema(minimum = 1, maximum = 4)]
pub struct Depth(pub i32);

impl Default for Depth {
    fn default() -> Self {
        Self(1)
    }
}

impl Parameter for Depth {
    fn read(params: &mut Params, name: &'static str, _: &Known) -> Option<Self> {
        params.value(name, |text| {
            let depth = text.parse().ok().filter(|depth| (1..=4).contains(depth));
            let wrong = || Fault::new(name, text, "is not a whole number from 1 to 4");
            depth.map(Self).ok_or_else(|| wrong().allowed(["1", "2", "3", "4"]))
        })
    }
}

/// Organizations and what they do together, in the node-link form: D3 takes `nodes` and `edges`, NetworkX
/// `node_link_graph(data, edges="edges")`.
#[derive(Debug, Serialize, ToSchema)]
pub struct Network {
    /// Always true: an edge has a direction where its `relation` has one, and is to be read both ways where that is `works_with`.
    pub directed: bool,
    /// Always true: two organizations may do several things together.
    pub multigraph: bool,
    /// What was asked.
    pub graph: NetworkGraph,
    /// The organizations, the nearest first.
    pub nodes: Vec<NetworkNode>,
    /// What two of them do together, one edge a partnership and pair of members.
    pub edges: Vec<NetworkEdge>,
    /// False where there are more than fit: the nearest organizations are here, and the edges between them.
    pub complete: bool,
}

/// What a network was asked for.
#[derive(Debug, Serialize, ToSchema)]
pub struct NetworkGraph {
    /// The id of the organization in its middle.
    pub organization: String,
    /// The day.
    pub on: NaiveDate,
    /// How many partnerships away from the organization it reaches.
    pub depth: i32,
}

/// An organization in a network.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct NetworkNode {
    /// Its id.
    pub id: String,
    /// Its name in English; the id where the organization is not held any more.
    pub label: String,
    /// Its name in Chinese; null where not known.
    pub label_zh: Option<String>,
    /// Its kind; null where the organization is not held any more.
    #[schema(value_type = Option<OrganizationKind>)]
    pub kind: Option<String>,
    /// The country that it comes from (ISO 3166-1, two letters); null where not known.
    pub country: Option<String>,
    /// How many partnerships away it is; 0 for the organization itself.
    pub distance: i32,
}

/// What two organizations do together.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct NetworkEdge {
    /// The id of the edge: the partnership, and the places of the two among its members.
    pub id: String,
    /// The id of the organization that it goes out from.
    pub source: String,
    /// The id of the organization that it leads to.
    pub target: String,
    /// What the first does with the second.
    pub relation: Relation,
    /// The kind of the partnership.
    #[schema(value_type = PartnershipKind)]
    pub kind: String,
    /// The id of the partnership.
    pub partnership: String,
    /// The name of the partnership.
    pub name: String,
    /// What the first is in the partnership.
    #[schema(value_type = MemberRole)]
    pub source_role: String,
    /// What the second is in it.
    #[schema(value_type = MemberRole)]
    pub target_role: String,
    /// The share of the first in the partnership's company, in percent; null where not stated.
    #[schema(value_type = Option<f64>)]
    pub source_equity_percent: Option<Number>,
    /// The share of the second, in percent; null where not stated.
    #[schema(value_type = Option<f64>)]
    pub target_equity_percent: Option<Number>,
    /// Since when both have been what they are in it, as printed; null where not known.
    pub valid_from: Option<String>,
    /// The first day, month or year in which one no longer was, as printed; null where no end is known.
    pub valid_to: Option<String>,
    /// The documents that state the one and the other.
    pub documents: Vec<String>,
}

/// What an organization does with another in a partnership.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = NetworkRelation)]
pub enum Relation {
    /// A parent or investor holds the company that they run, or that is invested in.
    Holds,
    /// A supplier supplies a customer, or the company of the partnership.
    Supplies,
    /// A licensor licenses a licensee.
    Licenses,
    /// They are in it side by side.
    WorksWith,
}

/// What one statement found of a network.
#[derive(Debug, Default, Deserialize)]
pub struct Found {
    /// The organizations, one more than fit where there are more.
    pub nodes: Vec<NetworkNode>,
    /// Whether the walk to them was not ended early.
    pub walked: bool,
    /// The pairs of members between them, one more than fit where there are more.
    pub pairs: Vec<Pair>,
}

/// Two members of a partnership at one time.
#[derive(Debug, Deserialize)]
pub struct Pair {
    partnership: String,
    name: String,
    kind: String,
    first: Member,
    second: Member,
    valid_from: Option<String>,
    valid_to: Option<String>,
}

/// A member of a partnership.
#[derive(Debug, Deserialize)]
struct Member {
    position: i32,
    org: String,
    role: String,
    equity_percent: Option<Number>,
    document: String,
}

impl Network {
    /// The network of what was found.
    pub fn of(found: Found, graph: NetworkGraph) -> Self {
        let Found { mut nodes, walked, mut pairs } = found;
        let complete = walked && nodes.len() <= MOST_NODES && pairs.len() <= MOST_EDGES;
        if nodes.len() > MOST_NODES {
            // The farthest one was only read to tell that there are more.
            let beyond = nodes.split_off(MOST_NODES);
            let is_beyond = |org: &String| beyond.iter().any(|node| node.id == *org);
            pairs.retain(|pair| !is_beyond(&pair.first.org) && !is_beyond(&pair.second.org));
        }
        pairs.truncate(MOST_EDGES);
        let edges = pairs.into_iter().map(NetworkEdge::of).collect();
        Self { directed: true, multigraph: true, graph, nodes, edges, complete }
    }
}

impl NetworkEdge {
    fn of(pair: Pair) -> Self {
        let Pair { partnership, name, kind, first, second, valid_from, valid_to } = pair;
        let id = format!("{partnership}/{}-{}", first.position, second.position);
        let forth = Relation::of(&first.role, &second.role);
        let (relation, source, target) = match (forth, Relation::of(&second.role, &first.role)) {
            (Relation::WorksWith, back) if back != Relation::WorksWith => (back, second, first),
            (forth, _) => (forth, first, second),
        };
        let mut documents = vec![source.document, target.document];
        documents.dedup();
        Self {
            id,
            source: source.org,
            target: target.org,
            relation,
            kind,
            partnership,
            name,
            source_role: source.role,
            target_role: target.role,
            source_equity_percent: source.equity_percent,
            target_equity_percent: target.equity_percent,
            valid_from,
            valid_to,
            documents,
        }
    }
}

impl Relation {
    /// What somebody of one role does with somebody of another; `WorksWith` also where it is the other way round.
    fn of(source: &str, target: &str) -> Self {
        match (source, target) {
            ("parent" | "investor", "operator" | "target") => Self::Holds,
            ("supplier", "customer" | "operator") => Self::Supplies,
            ("licensor", "licensee") => Self::Licenses,
            _ => Self::WorksWith,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edge_goes_from_who_gives_to_who_takes() {
        for (first, second, relation, source) in [
            ("parent", "operator", Relation::Holds, "a"),
            ("target", "investor", Relation::Holds, "b"),
            ("customer", "supplier", Relation::Supplies, "b"),
            ("licensor", "licensee", Relation::Licenses, "a"),
            ("parent", "parent", Relation::WorksWith, "a"),
            ("partner", "supplier", Relation::WorksWith, "a"),
        ] {
            let member = |position, org: &str, role: &str| Member {
                position,
                org: org.to_owned(),
                role: role.to_owned(),
                equity_percent: None,
                document: "d".to_owned(),
            };
            let edge = NetworkEdge::of(Pair {
                partnership: "p".to_owned(),
                name: "P".to_owned(),
                kind: "joint_venture".to_owned(),
                first: member(1, "a", first),
                second: member(2, "b", second),
                valid_from: None,
                valid_to: None,
            });
            assert_eq!((edge.relation, edge.source.as_str()), (relation, source), "{first} and {second}");
            assert_eq!((edge.id.as_str(), edge.documents.len()), ("p/1-2", 1));
        }
    }
}
