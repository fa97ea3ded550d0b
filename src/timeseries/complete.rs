//! Datasets that list every part of each whole: whatever is coarser than their finest series is the sum of these, and one that is
//! not stated counts as nothing.

mod coarse;
mod combined;

use coarse::coarse;
use combined::{Combination, Combined};
use foldhash::fast::RandomState;
use foldhash::{HashSet, HashSetExt as _};
use indexmap::IndexMap;
use smol_str::SmolStr;

use super::dataset::{CodeList, Dataset, Vocabulary};
use super::frame::source_at;
use super::key::{TOTAL, series_key};
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
    let mut combined = Combined::new(plan, (dataset, vocabulary));
    let at = source_at(dataset);
    let mut nodes: IndexMap<Combination, Vec<(String, Node)>, RandomState> = IndexMap::default();
    let mut parts = 0;
    for one in stored {
        let Some(looked) = combined.look_at(one, coarse.contains(&one.id)) else { continue };
        combined.each(&looked, |combination| {
            parts += 1;
            let node = node_of(nodes.entry(combination).or_default(), &one.codes[at]);
            if combination == looked.itself && !one.is_sum {
                node.published.insert(one.frequency, one.id);
            } else {
                node.finest.entry(one.frequency).push(one.id);
            }
        });
        if parts > MOST_PARTS {
            return Err(Error::too_much_of("parts", MOST_PARTS as u64));
        }
    }
    let each = nodes.into_iter().map(|(combination, sources)| (combined.codes(&combination), sources));
    Ok(at_each_frequency(plan, dataset, each))
}

/// What a source has.
fn node_of<'n>(sources: &'n mut Vec<(String, Node)>, source: &str) -> &'n mut Node {
    let at = sources.iter().position(|(known, _)| known == source).unwrap_or_else(|| {
        sources.push((source.to_owned(), Node::default()));
        sources.len() - 1
    });
    &mut sources[at].1
}

/// The targets of these codes at each frequency that is asked for and that a source reaches.
fn at_each_frequency(
    plan: &Plan,
    dataset: &Dataset,
    nodes: impl Iterator<Item = (Vec<SmolStr>, Vec<(String, Node)>)>,
) -> Vec<Target> {
    let at = source_at(dataset);
    let target = |frequency, codes: Vec<SmolStr>, mut sources: Vec<(String, Node)>| {
        let reached = |own| own == frequency || (plan.converts && own > frequency);
        sources.retain(|(_, node)| node.published.keys().chain(node.finest.keys()).any(reached));
        sources.sort_by(|(a, _), (b, _)| a.cmp(b));
        let without = codes.iter().enumerate().filter(|(i, _)| *i != at).map(|(_, code)| code.as_str());
        let group = series_key(&dataset.name, frequency, without);
        (!sources.is_empty()).then_some(Target { group, frequency, codes, sources })
    };
    let mut targets = Vec::new();
    if let Some((last, others)) = plan.frequencies.split_last() {
        for (codes, sources) in nodes {
            targets.extend(others.iter().filter_map(|f| target(*f, codes.clone(), sources.clone())));
            targets.extend(target(*last, codes, sources));
        }
    }
    targets.sort_unstable_by(|a, b| a.group.cmp(&b.group));
    targets
}
