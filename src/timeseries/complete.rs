//! Datasets that list every part of each whole: whatever is coarser than their finest series is the sum of these, and one that is
//! not stated counts as nothing.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::dataset::{CodeList, Dataset, Vocabulary};
use super::frame::{BEST, source_at};
use super::key::{Dimension, PLUS, TOTAL, series_key};
use super::period::Frequency;
use super::plan::{Plan, Selection};
use super::rollup::{Grain, Level, at_level};
use super::target::{Node, Stored, Target};
use crate::error::{Error, Result};

/// How many parts all sums of an answer have together at the most.
const MOST_PARTS: usize = 2_000_000;

/// The plan that reads the series which a plan of such a dataset is answered with, of any of its codes or of those below: the
/// finest, or those of a rollup of this grain.
pub fn ingredients(
    plan: &Plan,
    (dataset, vocabulary): (&Dataset, &Vocabulary),
    grain: Option<&Grain>,
) -> Plan {
    let mut wider = plan.clone();
    wider.frequencies = super::target::finer(plan, dataset);
    for (dimension, selection) in &mut wider.selection {
        let Some(list) = vocabulary.codes.get(dimension) else { continue };
        let level = grain.map_or(Some(&Level::Finest), |grain| grain.level(*dimension));
        if let Some(codes) = selection.codes() {
            *selection = below(list, codes, level);
        } else if *selection == Selection::Each {
            *selection = Selection::Any;
        }
    }
    wider
}

/// Some codes with all that are below them, as far down as a level.
fn below(list: &CodeList, codes: &[String], level: Option<&Level>) -> Selection {
    let mut all: Vec<String> = codes.to_vec();
    if let Some(level) = level {
        if codes.iter().any(|code| code == TOTAL) {
            return Selection::Any;
        }
        let below = codes.iter().flat_map(|code| list.below(code)).map(|code| &code.code);
        all.extend(below.filter(|code| at_level(list, Some(level), code) == *code).cloned());
    }
    if codes.len() > 1 {
        all.sort_unstable();
        all.dedup();
    }
    Selection::Codes { codes: all, written: None }
}

/// The targets of a plan, in the order of their keys: each with the finest series that are part of it, or with the one that
/// states it. Of sums that are kept ready none is coarse: a dataset keeps none while a series of it is.
pub fn targets(
    plan: &Plan,
    (dataset, vocabulary): (&Dataset, &Vocabulary),
    (stored, are_sums): (&[Stored], bool),
) -> Result<Vec<Target>> {
    let coarse = if are_sums { HashSet::new() } else { coarse((dataset, vocabulary), stored) };
    let answered = Answered { plan, dataset, vocabulary, coarse };
    let at = source_at(dataset);
    let mut nodes: BTreeMap<Vec<String>, BTreeMap<String, Node>> = BTreeMap::new();
    let mut parts = 0;
    for one in stored {
        let wholes = answered.by(one);
        parts += wholes.len();
        if parts > MOST_PARTS {
            return Err(Error::too_much_of("parts", MOST_PARTS as u64));
        }
        for codes in wholes {
            let own = codes.iter().zip(&one.codes).enumerate().all(|(i, (a, b))| i == at || a == b);
            let node = nodes.entry(codes).or_default().entry(one.codes[at].clone()).or_default();
            if own && !one.is_sum {
                node.published.insert(one.frequency, one.id);
            } else {
                node.finest.entry(one.frequency).or_default().push(one.id);
            }
        }
    }
    Ok(answered.at_each_frequency(nodes))
}

/// The series that have others below them in every dimension, or at the same code: what they state is in the others already. A
/// maker of a group that makes cars itself has none, since its models are no other's.
fn coarse((dataset, vocabulary): (&Dataset, &Vocabulary), stored: &[Stored]) -> HashSet<i64> {
    let mut above: Vec<HashMap<&str, Vec<&str>>> = vec![HashMap::new(); dataset.dimensions.len()];
    for one in stored {
        above.iter_mut().zip(&one.codes).for_each(|(codes, code)| _ = codes.entry(code).or_default());
    }
    for (dimension, codes) in dataset.dimensions.iter().zip(&mut above) {
        let list = vocabulary.codes.get(dimension).filter(|_| Grain::may_sum(*dimension));
        let stated: HashSet<&str> = codes.keys().copied().collect();
        for (code, above) in codes {
            let all = list.into_iter().flat_map(|list| list.above(code));
            above.extend(all.filter_map(|code| stated.get(code)));
        }
    }
    let has_above =
        |one: &&Stored| above.iter().zip(&one.codes).any(|(all, code)| !all[code.as_str()].is_empty());
    let below: Vec<&Stored> = stored.iter().filter(has_above).collect();
    if below.is_empty() {
        return HashSet::new();
    }
    let key = |one: &'_ Stored| (one.frequency, one.codes.clone());
    let known: HashMap<(Frequency, Vec<String>), i64> = stored.iter().map(|one| (key(one), one.id)).collect();
    let wholes = |one: &Stored| {
        let mut all: Vec<Vec<String>> = vec![Vec::new()];
        for (codes, code) in above.iter().zip(&one.codes) {
            let chain = || std::iter::once(code.as_str()).chain(codes[code.as_str()].iter().copied());
            let with = |so_far: Vec<String>| {
                chain().map(move |code| [so_far.as_slice(), &[code.to_owned()]].concat()).collect::<Vec<_>>()
            };
            all = all.into_iter().flat_map(with).collect();
        }
        // The first is itself.
        all.into_iter()
            .skip(1)
            .filter_map(|codes| known.get(&(one.frequency, codes)).copied())
            .collect::<Vec<_>>()
    };
    below.into_iter().flat_map(wholes).collect()
}

/// Which series of the answer a stored one is part of.
struct Answered<'a> {
    plan: &'a Plan,
    dataset: &'a Dataset,
    vocabulary: &'a Vocabulary,
    coarse: HashSet<i64>,
}

impl Answered<'_> {
    /// The targets of these codes at each frequency that is asked for and that a source reaches.
    fn at_each_frequency(&self, nodes: BTreeMap<Vec<String>, BTreeMap<String, Node>>) -> Vec<Target> {
        let at = source_at(self.dataset);
        let mut targets: BTreeMap<String, Target> = BTreeMap::new();
        for (codes, sources) in nodes {
            for &frequency in &self.plan.frequencies {
                let reaches = |node: &Node| {
                    let mut all = node.published.keys().chain(node.finest.keys());
                    all.any(|f| *f == frequency || (self.plan.converts && *f > frequency))
                };
                let sources: BTreeMap<String, Node> = sources
                    .iter()
                    .filter(|(_, node)| reaches(node))
                    .map(|(s, n)| (s.clone(), n.clone()))
                    .collect();
                if sources.is_empty() {
                    continue;
                }
                let without =
                    codes.iter().enumerate().filter(|(i, _)| *i != at).map(|(_, code)| code.as_str());
                let group = series_key(&self.dataset.name, frequency, without);
                targets.insert(group.clone(), Target { group, frequency, codes: codes.clone(), sources });
            }
        }
        targets.into_values().collect()
    }

    /// The codes of these series; `best` stands in the place of the source.
    fn by(&self, stored: &Stored) -> Vec<Vec<String>> {
        let codes = &stored.codes;
        let mut all: Vec<Vec<String>> = vec![Vec::new()];
        let pairs = || self.dataset.dimensions.iter().zip(codes);
        let is_coarse = self.coarse.contains(&stored.id);
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
