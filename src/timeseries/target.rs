//! Which series an answer has, and what each source can make them of: its own figures at the asked frequency, finer ones to
//! convert, declared parts to sum.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use smol_str::SmolStr;

use super::dataset::{Dataset, Partition};
use super::frame::{BEST, source_at};
use super::key::series_key;
use super::period::{ByFrequency, Frequency};
use super::plan::{Plan, Selection};

/// A stored series without its figures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Where its figures are.
    pub id: i64,
    /// Its frequency.
    pub frequency: Frequency,
    /// Its codes in the order of the dataset's dimensions.
    pub codes: Vec<SmolStr>,
    /// The first and the last period that have a figure now; `None` where none has one.
    pub span: Option<(i32, i32)>,
    /// How many figures it has now, those stated as missing included.
    pub observations: i32,
    /// Whether it is a sum that is kept ready, and no series that anybody stated.
    pub is_sum: bool,
}

/// A series of the answer, whichever source it will be from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Its key without the source.
    pub group: String,
    /// Its frequency.
    pub frequency: Frequency,
    /// Its codes; that of the source is `best`.
    pub codes: Vec<SmolStr>,
    /// What each source can make it of, in the order of their codes.
    pub sources: Vec<(String, Node)>,
}

/// What one source has for one combination of codes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Node {
    /// The stored series, by frequency.
    pub published: ByFrequency<i64>,
    /// Of a dataset that lists every part of each whole: the finest stored series that it is the sum of, by frequency.
    pub finest: ByFrequency<Vec<i64>>,
    /// The ways in which it is a whole of declared parts.
    pub partitions: Vec<Parts>,
}

impl Node {
    /// Whether it has anything at a frequency, or declared parts, which may.
    pub fn reaches(&self, frequency: Frequency) -> bool {
        self.published.get(frequency).is_some()
            || self.finest.get(frequency).is_some()
            || !self.partitions.is_empty()
    }
}

/// A whole of declared parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parts {
    /// The place of the partition among those of the dataset.
    pub partition: usize,
    /// What the source has for each part; `None` where nothing.
    pub nodes: Vec<Option<Node>>,
}

/// How deep wholes of wholes are followed; more than there are dimensions with declared parts.
const DEPTH: usize = 6;

/// The targets of a plan among the stored series, in the order of their keys.
pub fn targets(plan: &Plan, dataset: &Dataset, stored: &[Stored]) -> Vec<Target> {
    let index = Index::new(plan, dataset, stored);
    let mut targets: BTreeMap<String, Target> = BTreeMap::new();
    for (source, combinations) in index.combinations() {
        for codes in combinations.iter().filter(|codes| selects(plan, dataset, codes)) {
            let node = index.node(source, codes, DEPTH);
            for &frequency in plan.frequencies.iter().filter(|f| index.reaches(&node, **f)) {
                let without = codes.iter().enumerate().filter(|(at, _)| *at != index.source_at);
                let group = series_key(&dataset.name, frequency, without.map(|(_, code)| code.as_str()));
                let target = targets.entry(group).or_insert_with_key(|group| Target {
                    group: group.clone(),
                    frequency,
                    codes: codes.clone(),
                    sources: Vec::new(),
                });
                target.sources.push((source.to_owned(), node.clone()));
            }
        }
    }
    targets.into_values().collect()
}

/// The plan that reads what the targets of a plan are made of: finer frequencies and declared parts too.
pub fn ingredients(plan: &Plan, dataset: &Dataset) -> Plan {
    let mut wider = Plan { frequencies: finer(plan, dataset), ..plan.clone() };
    wider.selection.values_mut().for_each(Selection::part);
    // A part may be a whole itself: until nothing is added.
    loop {
        let mut grown = false;
        for partition in &dataset.partitions {
            if let Some(selection) = wider.selection.get_mut(&partition.dimension) {
                grown |= selection.widen(&partition.whole, &partition.parts);
            }
        }
        if !grown {
            return wider;
        }
    }
}

/// The frequencies of a plan with those that are converted to them.
pub fn finer(plan: &Plan, dataset: &Dataset) -> Vec<Frequency> {
    if !plan.converts {
        return plan.frequencies.clone();
    }
    let coarsest = plan.frequencies.iter().min().copied().unwrap_or_default();
    dataset.frequencies.iter().copied().filter(|f| *f >= coarsest).collect()
}

fn selects(plan: &Plan, dataset: &Dataset, codes: &[SmolStr]) -> bool {
    dataset
        .dimensions
        .iter()
        .zip(codes)
        .all(|(dimension, code)| plan.selection.get(dimension).is_none_or(|selection| selection.takes(code)))
}

/// The stored series by what they are of. The codes in it have `best` in the place of the source.
struct Index<'a> {
    plan: &'a Plan,
    dataset: &'a Dataset,
    source_at: usize,
    series: HashMap<(&'a str, Vec<SmolStr>), ByFrequency<i64>>,
}

impl<'a> Index<'a> {
    fn new(plan: &'a Plan, dataset: &'a Dataset, stored: &'a [Stored]) -> Self {
        let source_at = source_at(dataset);
        let mut series: HashMap<(&str, Vec<SmolStr>), ByFrequency<i64>> = HashMap::new();
        for one in stored {
            let mut codes = one.codes.clone();
            codes[source_at] = BEST.into();
            let of = series.entry((one.codes[source_at].as_str(), codes)).or_default();
            of.insert(one.frequency, one.id);
        }
        Self { plan, dataset, source_at, series }
    }

    /// The combinations of codes that each source has, or has all declared parts of.
    fn combinations(&self) -> BTreeMap<&'a str, BTreeSet<Vec<SmolStr>>> {
        let mut all: BTreeMap<&str, BTreeSet<Vec<SmolStr>>> = BTreeMap::new();
        for (source, codes) in self.series.keys() {
            let known = all.entry(source).or_default();
            let mut upwards = vec![codes.clone()];
            while let Some(codes) = upwards.pop() {
                if !known.insert(codes.clone()) {
                    continue;
                }
                for (at, partition) in self.partitions(source) {
                    if partition.parts.iter().any(|part| *part == codes[at]) {
                        let mut whole = codes.clone();
                        whole[at] = partition.whole.as_str().into();
                        upwards.push(whole);
                    }
                }
            }
        }
        all
    }

    /// The partitions that hold for a source, each with the place of its dimension.
    fn partitions(&self, source: &'a str) -> impl Iterator<Item = (usize, &'a Partition)> {
        self.dataset.partitions_of(source).filter_map(|p| Some((self.dataset.place(p.dimension)?, p)))
    }

    fn node(&self, source: &'a str, codes: &[SmolStr], depth: usize) -> Node {
        let published = self.series.get(&(source, codes.to_vec())).cloned().unwrap_or_default();
        let mut partitions = Vec::new();
        if depth > 0 {
            for (at, partition) in self.partitions(source).filter(|(at, p)| codes[*at] == p.whole) {
                let nodes: Vec<Option<Node>> = partition
                    .parts
                    .iter()
                    .map(|part| {
                        let mut codes = codes.to_vec();
                        codes[at] = part.as_str().into();
                        Some(self.node(source, &codes, depth - 1)).filter(|node| *node != Node::default())
                    })
                    .collect();
                // Whether they are all there is told by figures; what is there tells that it is not absent.
                if nodes.iter().any(Option::is_some) {
                    let place = self.dataset.partitions.iter().position(|p| std::ptr::eq(p, partition));
                    partitions.push(Parts { partition: place.unwrap_or_default(), nodes });
                }
            }
        }
        Node { published, finest: ByFrequency::default(), partitions }
    }

    /// Whether a node has anything for a frequency: at it, or finer where the plan converts.
    fn reaches(&self, node: &Node, frequency: Frequency) -> bool {
        let fits = |f: Frequency| f == frequency || (self.plan.converts && f > frequency);
        node.published.keys().any(fits)
            || node.partitions.iter().any(|p| p.nodes.iter().flatten().any(|n| self.reaches(n, frequency)))
    }
}

impl Target {
    /// The stored series that it may be made of.
    pub fn ids(&self) -> Vec<i64> {
        let mut ids = Vec::new();
        self.sources.iter().for_each(|(_, node)| node.collect(self.frequency, &mut ids));
        ids
    }
}

impl Node {
    fn collect(&self, coarsest: Frequency, ids: &mut Vec<i64>) {
        ids.extend(self.published.iter().filter(|(f, _)| *f >= coarsest).map(|(_, id)| *id));
        ids.extend(self.finest.iter().filter(|(f, _)| *f >= coarsest).flat_map(|(_, ids)| ids));
        for parts in &self.partitions {
            parts.nodes.iter().flatten().for_each(|node| node.collect(coarsest, ids));
        }
    }
}
