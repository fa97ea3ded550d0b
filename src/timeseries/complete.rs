//! Datasets that list every part of each whole: whatever is coarser than their finest series is the sum of these, and one that is
//! not stated counts as nothing.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::dataset::{CodeList, Dataset, Vocabulary};
use super::frame::{BEST, source_at};
use super::key::{Dimension, PLUS, TOTAL, series_key};
use super::period::Frequency;
use super::plan::{Plan, Selection};
use super::target::{Node, Stored, Target};
use crate::error::{Error, Result};

/// How many parts all sums of an answer have together at the most.
const MOST_PARTS: usize = 2_000_000;

/// The plan that reads the series which a plan of such a dataset is answered with, of any of its codes or of those below.
pub fn ingredients(plan: &Plan, (dataset, vocabulary): (&Dataset, &Vocabulary)) -> Plan {
    let mut wider = plan.clone();
    wider.frequencies = super::target::finer(plan, dataset);
    for (dimension, selection) in &mut wider.selection {
        let Some(list) = vocabulary.codes.get(dimension) else { continue };
        if let Some(codes) = selection.codes() {
            *selection = below(list, codes);
        } else if *selection == Selection::Each {
            *selection = Selection::Any;
        }
    }
    wider
}

/// Some codes with all that are below them.
fn below(list: &CodeList, codes: &[String]) -> Selection {
    if codes.iter().any(|code| code == TOTAL) {
        return Selection::Any;
    }
    let within = |code: &str| codes.iter().any(|above| covers(list, above, code));
    let codes = list.iter().map(|code| &code.code).filter(|code| within(code)).cloned().collect();
    Selection::Codes { codes, written: None }
}

fn covers(list: &CodeList, above: &str, code: &str) -> bool {
    above == code || list.above(code).any(|one| one == above)
}

/// The targets of a plan, in the order of their keys: each with the finest series that are part of it, or with the one that
/// states it.
pub fn targets(
    plan: &Plan,
    (dataset, vocabulary): (&Dataset, &Vocabulary),
    stored: &[Stored],
) -> Result<Vec<Target>> {
    let coarse = coarse((dataset, vocabulary), stored);
    let answered = Answered { plan, dataset, vocabulary, coarse };
    let at = source_at(dataset);
    let mut nodes: BTreeMap<Vec<String>, BTreeMap<String, Node>> = BTreeMap::new();
    let mut parts = 0;
    for one in stored {
        let wholes = answered.by(one, &one.codes[at]);
        parts += wholes.len();
        if parts > MOST_PARTS {
            return Err(Error::TooMuchRead { what: "parts", limit: MOST_PARTS as u64 });
        }
        for codes in wholes {
            let own = codes.iter().zip(&one.codes).enumerate().all(|(i, (a, b))| i == at || a == b);
            let node = nodes.entry(codes).or_default().entry(one.codes[at].clone()).or_default();
            if own {
                node.published.insert(one.frequency, one.id);
            } else {
                node.finest.entry(one.frequency).or_default().push(one.id);
            }
        }
    }
    let mut targets: BTreeMap<String, Target> = BTreeMap::new();
    for (codes, sources) in nodes {
        for &frequency in &plan.frequencies {
            let reaches = |node: &Node| {
                let mut all = node.published.keys().chain(node.finest.keys());
                all.any(|f| *f == frequency || (plan.converts && *f > frequency))
            };
            let sources: BTreeMap<String, Node> = sources
                .iter()
                .filter(|(_, node)| reaches(node))
                .map(|(s, n)| (s.clone(), n.clone()))
                .collect();
            if sources.is_empty() {
                continue;
            }
            let without = codes.iter().enumerate().filter(|(i, _)| *i != at).map(|(_, code)| code.as_str());
            let group = series_key(&dataset.name, frequency, without);
            targets.insert(group.clone(), Target { group, frequency, codes: codes.clone(), sources });
        }
    }
    Ok(targets.into_values().collect())
}

/// The codes that others of a source's series of one frequency are below: what is stated of them is in the others already.
type Coarse = HashMap<(String, Frequency), BTreeSet<(Dimension, String)>>;

fn coarse((dataset, vocabulary): (&Dataset, &Vocabulary), stored: &[Stored]) -> Coarse {
    let at = source_at(dataset);
    let mut present: HashMap<(&str, Frequency), BTreeSet<(Dimension, &str)>> = HashMap::new();
    for one in stored {
        let codes = dataset.dimensions.iter().copied().zip(one.codes.iter().map(String::as_str));
        present.entry((&one.codes[at], one.frequency)).or_default().extend(codes);
    }
    let above = |(dimension, code): (Dimension, &str)| {
        let list = vocabulary.codes.get(&dimension);
        let above = list.into_iter().flat_map(move |list| list.above(code));
        above.map(move |code| (dimension, code.to_owned())).collect::<Vec<_>>()
    };
    let of = |((source, frequency), codes): ((&str, Frequency), BTreeSet<(Dimension, &str)>)| {
        ((source.to_owned(), frequency), codes.into_iter().flat_map(above).collect())
    };
    present.into_iter().map(of).collect()
}

/// Which series of the answer a stored one is part of.
struct Answered<'a> {
    plan: &'a Plan,
    dataset: &'a Dataset,
    vocabulary: &'a Vocabulary,
    coarse: Coarse,
}

impl Answered<'_> {
    /// The codes of these series; `best` stands in the place of the source.
    fn by(&self, stored: &Stored, source: &str) -> Vec<Vec<String>> {
        let codes = &stored.codes;
        let mut all: Vec<Vec<String>> = vec![Vec::new()];
        let pairs = || self.dataset.dimensions.iter().zip(codes);
        let coarse = self.coarse.get(&(source.to_owned(), stored.frequency));
        let is_coarse = pairs().any(|(dimension, code)| {
            coarse.is_some_and(|coarse| coarse.contains(&(*dimension, code.clone())))
        });
        // What it states is in the finer series too, which are summed.
        if is_coarse && self.plan.selection.values().any(|s| matches!(s, Selection::Sum { .. })) {
            return Vec::new();
        }
        for (dimension, code) in pairs() {
            let each = self.of(*dimension, code, is_coarse);
            all = all
                .into_iter()
                .flat_map(|so_far| {
                    each.iter().map(move |code| [so_far.as_slice(), std::slice::from_ref(code)].concat())
                })
                .collect();
        }
        all.retain(|one| self.is_pinned(one, codes));
        all
    }

    /// Whether a combination leaves to a brand its maker and to a model its brand and maker, where these are open.
    fn is_pinned(&self, combination: &[String], codes: &[String]) -> bool {
        let open = |dimension| {
            let selection = self.plan.selection.get(&dimension);
            matches!(selection, Some(Selection::Any | Selection::Each))
        };
        let pins = |lower: Dimension, upper: Dimension| {
            let (Some(lower), Some(at)) = (self.dataset.place(lower), self.dataset.place(upper)) else {
                return true;
            };
            combination[lower] == TOTAL || !open(upper) || combination[at] == codes[at]
        };
        pins(Dimension::Brand, Dimension::Maker)
            && pins(Dimension::Model, Dimension::Maker)
            && pins(Dimension::Model, Dimension::Brand)
    }

    /// The codes of one dimension that a code is part of, among those that are answered. One of a coarse series is only itself.
    fn of(&self, dimension: Dimension, code: &str, only_itself: bool) -> Vec<String> {
        if dimension == Dimension::Source {
            return vec![BEST.to_owned()];
        }
        let Some(selection) = self.plan.selection.get(&dimension) else { return vec![code.to_owned()] };
        let list = self.vocabulary.codes.get(&dimension);
        let above = list.into_iter().filter(|_| !only_itself).flat_map(|list| list.above(code));
        let all = std::iter::once(code).chain(above);
        match selection {
            Selection::Sum { codes, .. } => {
                let within = all.into_iter().any(|code| codes.iter().any(|one| one == code));
                within.then(|| codes.join(&PLUS.to_string())).into_iter().collect()
            }
            _ => all.filter(|code| selection.takes(code)).map(str::to_owned).collect(),
        }
    }
}
