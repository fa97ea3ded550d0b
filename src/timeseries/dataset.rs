//! What a query is read against: datasets, code lists, sources and precedence, as one snapshot of the database.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, NaiveDate, Utc};
use foldhash::fast::RandomState;
use smol_str::SmolStr;

use super::key::{Dimension, PLUS, TOTAL};
use super::period::{Frequency, PartialDate};
use super::rollup::{Grain, Rollup};

/// Everything that gives a query its meaning, read in one snapshot. Never changed: a later one replaces it.
#[derive(Debug, Clone, Default)]
pub struct Vocabulary {
    /// The version of every dataset and collection at the snapshot, and when it last changed.
    pub versions: BTreeMap<String, (i64, DateTime<Utc>)>,
    /// The datasets, in their published order.
    pub datasets: Vec<Dataset>,
    /// The code list of each dimension but `measure` and `source`, which have their own.
    pub codes: HashMap<Dimension, CodeList>,
    /// The sources by code.
    pub sources: BTreeMap<String, Source>,
    /// Every release by id.
    pub releases: HashMap<i32, Release>,
    /// The datasets that exist for some callers only.
    pub restricted: BTreeSet<String>,
    /// What positions in the feed of changes are sealed with.
    pub seal: [u8; 32],
    /// The codes and sources that came with files; empty where no dataset is restricted.
    pub owned: Vec<Owned>,
}

/// A code or source that came with a file of somebody's own.
#[derive(Debug, Clone)]
pub struct Owned {
    /// Its dimension.
    pub dimension: Dimension,
    /// The code.
    pub code: String,
    /// The datasets whose series use it; where none do, those that came with it.
    pub datasets: Vec<String>,
}

/// A dataset: observations of one subject with the same dimensions.
#[derive(Debug, Clone, Default)]
pub struct Dataset {
    /// Its name in paths and keys.
    pub name: String,
    /// Its title in English.
    pub title_en: String,
    /// Its title in Chinese.
    pub title_zh: String,
    /// What it holds and what it does not.
    pub description: String,
    /// Its dimensions in the order of its keys; measure, source and geo lead.
    pub dimensions: Vec<Dimension>,
    /// The frequencies it may have.
    pub frequencies: Vec<Frequency>,
    /// The frequency of a query that names none.
    pub default_frequency: Frequency,
    /// Whether its rows list every part of each whole, so that coarser grains may be summed.
    pub complete: bool,
    /// Whether a document has ever said anything of a single figure of it; else nobody looks for that.
    pub has_notes: bool,
    /// What it measures; the first is the measure of a query that names none.
    pub measures: Vec<Measure>,
    /// Which parts make a whole.
    pub partitions: Vec<Partition>,
    /// Which source answers by default, in the order of the table.
    pub precedence: Vec<Precedence>,
    /// The sums that are kept ready.
    pub rollups: Vec<Rollup>,
    /// The grains that it wants to be kept ready; `None` leaves the choice to the service.
    pub declared_rollups: Option<Vec<Grain>>,
    /// Under which terms it may be used.
    pub licence: String,
    /// How to cite it.
    pub citation: String,
}

/// What is counted, and how it adds up.
#[derive(Debug, Clone, Default)]
pub struct Measure {
    /// Its code.
    pub code: String,
    /// Its name in English.
    pub name_en: String,
    /// Its name in Chinese.
    pub name_zh: Option<String>,
    /// What one is: vehicles, outlets, kWh.
    pub unit: String,
    /// Stored values are whole numbers in units of 10^-decimals.
    pub decimals: u32,
    /// Whether it is the state at the end of a period (stock) or what happened during it (flow).
    pub is_stock: bool,
    /// How it is converted to a coarser period: sum, last or none.
    pub aggregation: String,
    /// What is counted and what is not.
    pub definition: Option<String>,
}

/// Declared parts that make a whole, complete and disjoint.
#[derive(Debug, Clone)]
pub struct Partition {
    /// The source that it holds for; `*` is any.
    pub source: String,
    /// The dimension that it is of.
    pub dimension: Dimension,
    /// The code of the whole.
    pub whole: String,
    /// The codes of the parts.
    pub parts: Vec<String>,
    /// Whether a part that is not stated counts as 0.
    pub absent_is_zero: bool,
    /// The first day that it holds for, as printed; null is open.
    pub valid_from: Option<String>,
    /// The last day that it holds for, as printed; null is open.
    pub valid_to: Option<String>,
    /// What else there is to know.
    pub note: Option<String>,
}

/// One row of the table that says which source answers by default.
#[derive(Debug, Clone)]
pub struct Precedence {
    /// The measure; `*` is any.
    pub measure: String,
    /// The frequencies; none is any.
    pub frequencies: Vec<Frequency>,
    /// The level of a series: operator, maker, province, nev, public, national; `*` is any.
    pub level: String,
    /// The order of the rows.
    pub rank: i32,
    /// The name of the scope: sources of one scope count alike and may follow one another.
    pub scope: String,
    /// The sources, best first.
    pub sources: Vec<String>,
    /// The last day that the row holds for; null is open.
    pub valid_to: Option<PartialDate>,
    /// Whether its sources are press or otherwise weak.
    pub low_trust: bool,
    /// What else there is to know.
    pub note: Option<String>,
}

/// Who first published figures.
#[derive(Debug, Clone)]
pub struct Source {
    /// Its name in English.
    pub name_en: String,
    /// Its name in Chinese.
    pub name_zh: Option<String>,
    /// association, agency, press, research, company …
    pub kind: String,
    /// Its order among the sources that the precedence table does not list; 1 comes first.
    pub precedence: i32,
    /// Under which terms its figures stand here.
    pub licence: String,
    /// What its terms ask to be printed beside its figures; null where its name is enough.
    pub attribution: Option<String>,
    /// What it counts and how; null where there is nothing to say.
    pub note: Option<String>,
}

/// One document's figures or records for one collection, as taken in.
#[derive(Debug, Clone)]
pub struct Release {
    /// The dataset.
    pub collection: String,
    /// The document; null for code lists and the list of sources.
    pub document: Option<String>,
    /// The last day that the printed date may mean; null where the document is undated.
    pub published: Option<NaiveDate>,
    /// The release that took its place; null where none has.
    pub superseded_by: Option<i32>,
    /// Whether it was withdrawn.
    pub withdrawn: bool,
}

/// The codes of one dimension, as a tree.
#[derive(Debug, Clone, Default)]
pub struct CodeList {
    codes: Vec<Code>,
    index: HashMap<String, usize, RandomState>,
    /// The codes below each, at any depth, in their published order; those below the total are all others.
    below: HashMap<usize, Vec<usize>, RandomState>,
}

/// One code.
#[derive(Debug, Clone, Default)]
pub struct Code {
    /// The code.
    pub code: String,
    /// The code above it; null at the top.
    pub parent: Option<String>,
    /// Its name in English.
    pub name_en: String,
    /// Its name in Chinese.
    pub name_zh: Option<String>,
    /// What only its dimension has: a region its kind.
    pub kind: Option<String>,
    /// What it covers and what it does not.
    pub definition: Option<String>,
    /// All that only its dimension has: a model its brand, maker and class.
    pub attributes: serde_json::Map<String, serde_json::Value>,
    /// From when it is in use, as printed; null is open.
    pub valid_from: Option<String>,
    /// Until when it is in use, as printed; null is open.
    pub valid_to: Option<String>,
    /// The code that took over where this one was renamed.
    pub replaced_by: Option<String>,
}

impl CodeList {
    /// A list of these codes, in their published order.
    pub fn new(codes: Vec<Code>) -> Self {
        let index = codes.iter().enumerate().map(|(at, code)| (code.code.clone(), at)).collect();
        let mut list = Self { codes, index, below: HashMap::default() };
        let mut below: HashMap<usize, Vec<usize>, RandomState> = HashMap::default();
        for (at, code) in list.codes.iter().enumerate() {
            let above = list.above(&code.code).filter(|above| *above != TOTAL);
            for above in above.filter_map(|above| list.index.get(above)) {
                below.entry(*above).or_default().push(at);
            }
        }
        list.below = below;
        list
    }

    /// The codes below one but the total, at any depth, in their published order.
    pub fn below(&self, code: &str) -> impl Iterator<Item = &Code> {
        let below = self.index.get(code).and_then(|at| self.below.get(at));
        below.into_iter().flatten().map(|at| &self.codes[*at])
    }

    /// The code of this name.
    pub fn get(&self, code: &str) -> Option<&Code> {
        self.index.get(code).map(|at| &self.codes[*at])
    }

    /// Every code in its published order.
    pub fn iter(&self) -> impl Iterator<Item = &Code> {
        self.codes.iter()
    }

    /// The codes above one, the nearest first. The total is above every other code of a list that has one.
    pub fn above<'a>(&'a self, code: &str) -> impl Iterator<Item = &'a str> {
        let total = self.index.contains_key(TOTAL).then_some(TOTAL).filter(|_| code != TOTAL);
        let parent = |code: &str| self.get(code).and_then(|code| code.parent.as_deref());
        // A list is a tree, so no path in it is longer than the list.
        let path = std::iter::successors(parent(code), move |code| parent(code)).take(self.codes.len());
        path.filter(|code| *code != TOTAL).chain(total)
    }

    /// The codes one level below.
    pub fn children<'a>(&'a self, parent: &'a str) -> impl Iterator<Item = &'a Code> {
        // At the top of a list the total is the parent of those that name none.
        self.codes.iter().filter(move |code| match &code.parent {
            Some(above) => above == parent,
            None => parent == TOTAL && code.code != TOTAL,
        })
    }
}

impl Vocabulary {
    /// The dataset of this name.
    pub fn dataset(&self, name: &str) -> Option<&Dataset> {
        self.datasets.iter().find(|dataset| dataset.name == name)
    }

    /// The version of a collection; 0 where there is none of that name.
    pub fn version(&self, collection: &str) -> i64 {
        self.versions.get(collection).map_or(0, |(version, _)| *version)
    }

    /// A version of everything together, which rises whenever one rises, and when that was last.
    pub fn whole(&self) -> (i64, DateTime<Utc>) {
        let versions = self.versions.values();
        versions.fold((0, DateTime::UNIX_EPOCH), |(sum, last), (version, changed_at)| {
            (sum + version, last.max(*changed_at))
        })
    }

    /// The names of a code of any dimension, English and Chinese.
    pub fn names<'a>(
        &'a self,
        dataset: &'a Dataset,
        dimension: Dimension,
        code: &str,
    ) -> Option<(&'a str, Option<&'a str>)> {
        match dimension {
            Dimension::Measure => {
                dataset.measure(code).map(|measure| (measure.name_en.as_str(), measure.name_zh.as_deref()))
            }
            Dimension::Source => {
                self.sources.get(code).map(|source| (source.name_en.as_str(), source.name_zh.as_deref()))
            }
            other => {
                let code = self.codes.get(&other)?.get(code)?;
                Some((code.name_en.as_str(), code.name_zh.as_deref()))
            }
        }
    }
}

impl Partition {
    /// Whether it is a sum that a query asks for, and none that is declared.
    pub fn is_asked(&self) -> bool {
        self.whole.contains(PLUS)
    }
}

impl Dataset {
    /// The finest frequency that it may have; `None` where it has none.
    pub fn finest_frequency(&self) -> Option<Frequency> {
        self.frequencies.iter().copied().max()
    }

    /// The dataset with sums that a query asks for before its partitions: a sum is of its codes, each as it is stated or made of
    /// its own parts, and not of the parts of another dimension.
    pub fn with(&self, sums: &[Partition]) -> Cow<'_, Self> {
        if sums.is_empty() {
            return Cow::Borrowed(self);
        }
        let mut dataset = self.clone();
        dataset.partitions.splice(0..0, sums.iter().cloned());
        Cow::Owned(dataset)
    }

    /// The partitions that hold for a source. One that names the source replaces, for the same whole, those that hold for any.
    pub fn partitions_of<'a>(&'a self, source: &'a str) -> impl Iterator<Item = &'a Partition> {
        let named = move |one: &Partition| {
            let mut all = self.partitions.iter();
            all.any(|p| p.source == source && p.dimension == one.dimension && p.whole == one.whole)
        };
        self.partitions.iter().filter(move |p| p.source == source || (p.source == "*" && !named(p)))
    }

    /// Where a dimension stands in its keys; `None` where it does not have it.
    pub fn place(&self, dimension: Dimension) -> Option<usize> {
        self.dimensions.iter().position(|one| *one == dimension)
    }

    /// The measure of a series with these codes.
    pub fn measure_of(&self, codes: &[SmolStr]) -> Option<&Measure> {
        self.measure(codes.get(self.place(Dimension::Measure)?)?)
    }

    /// The measure of this code.
    pub fn measure(&self, code: &str) -> Option<&Measure> {
        self.measures.iter().find(|measure| measure.code == code)
    }
}
