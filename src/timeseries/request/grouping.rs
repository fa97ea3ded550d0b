//! The parameters that say which dimensions are kept apart, which are summed, and what is ranked.

use std::collections::{BTreeMap, BTreeSet};

use super::apart::{overlap, sums};
use super::compute;
use crate::error::{Fault, FaultCode};
use crate::params::Params;
use crate::timeseries::dataset::{CodeList, Dataset, Partition, Vocabulary};
use crate::timeseries::key::{Dimension, TOTAL};
use crate::timeseries::plan::{Aggregation, Group, Plan, Ranks, Selection, Transform};

/// The most codes that `top` keeps.
const MOST_TOP: usize = 1_000;

/// What is selected of the dimensions that are named.
pub type Named = BTreeMap<Dimension, Selection>;

/// A dimension that `group_by` names, with its level.
pub type Asked = (Dimension, Option<String>);

/// Reads `group_by`: the dimensions and levels that are kept apart.
pub fn read(params: &mut Params, (vocabulary, dataset): (&Vocabulary, &Dataset)) -> Option<Vec<Asked>> {
    let words = params.list("group_by")?;
    let mut asked: Vec<Asked> = Vec::new();
    for word in words {
        match one(&word, vocabulary, dataset) {
            Ok((dimension, _)) if asked.iter().any(|(known, _)| *known == dimension) => {
                params.reject(Fault::new("group_by", &word, format!("names {dimension} twice")));
            }
            Ok(group) => asked.push(group),
            Err(fault) => params.reject(fault),
        }
    }
    Some(asked)
}

fn one(word: &str, vocabulary: &Vocabulary, dataset: &Dataset) -> Result<Asked, Fault> {
    let (name, level) = word.split_once(':').map_or((word, None), |(name, level)| (name, Some(level)));
    let known = Dimension::from_name(name).filter(|dimension| dataset.dimensions.contains(dimension));
    let dimension = known.ok_or_else(|| {
        let fault = Fault::new("group_by", word, "is no dimension of this dataset");
        fault.allowed(dataset.dimensions.iter().map(|dimension| dimension.name()))
    })?;
    let Some(level) = level else { return Ok((dimension, None)) };
    let codes = vocabulary.codes.get(&dimension).into_iter().flat_map(CodeList::iter);
    let levels: BTreeSet<&str> = codes.filter_map(|code| code.kind.as_deref()).collect();
    if levels.contains(level) {
        return Ok((dimension, Some(level.to_owned())));
    }
    if levels.is_empty() {
        return Err(Fault::new("group_by", word, format!("{dimension} has no levels")));
    }
    let fault = Fault::new("group_by", word, format!("is no level of {dimension}"));
    Err(fault.allowed(levels.iter().map(|level| format!("{dimension}:{level}"))))
}

/// Opens the dimensions that are kept apart, and sums the others where several of their codes are named.
pub fn apply(
    params: &mut Params,
    (vocabulary, dataset): (&Vocabulary, &Dataset),
    asked: &[Asked],
    named: &mut Named,
) -> (Vec<Group>, Vec<Partition>) {
    let (mut groups, mut partitions) = (Vec::new(), Vec::new());
    for (dimension, level) in asked {
        let Some(list) = vocabulary.codes.get(dimension) else {
            let ranked = Selection::Any;
            groups.push(Group { dimension: *dimension, level: None, ranked, listed: true, whole: None });
            continue;
        };
        match (Level { dimension: *dimension, kind: level.as_deref(), list }).group(named.get(dimension)) {
            Ok((group, selection)) => {
                groups.push(group);
                named.insert(*dimension, selection);
            }
            Err(fault) => params.reject(fault),
        }
    }
    let apart = |dimension: Dimension| asked.iter().any(|(one, _)| *one == dimension);
    for (dimension, selection) in named.iter_mut().filter(|(d, _)| **d != Dimension::Measure && !apart(**d)) {
        match summed(*dimension, selection, (vocabulary, dataset)) {
            Ok(mut found) => partitions.append(&mut found),
            Err(fault) => params.reject(fault),
        }
    }
    (groups, partitions)
}

/// A dimension that is kept apart, at a level or at any.
struct Level<'a> {
    dimension: Dimension,
    kind: Option<&'a str>,
    list: &'a CodeList,
}

impl Level<'_> {
    /// What is kept apart where this is selected of the dimension, and what then is selected.
    fn group(&self, selected: Option<&Selection>) -> Result<(Group, Selection), Fault> {
        let Some(Selection::Codes { codes, written }) = selected else {
            let ranked = self.open(selected.is_none());
            let whole = self.whole(&ranked);
            return Ok((self.of(ranked.clone(), whole, false), ranked));
        };
        let wrong: Vec<&String> = codes.iter().filter(|code| !self.holds(code)).collect();
        if let (Some(code), Some(kind)) = (wrong.first(), self.kind) {
            let detail =
                format!("is no {kind}, and group_by={}:{kind} keeps only those apart", self.dimension);
            return Err(Fault::new(self.dimension.name(), code, detail));
        }
        let selection = Selection::Codes { codes: codes.clone(), written: written.clone() };
        let children = written.as_deref().and_then(|text| text.strip_prefix("children:"));
        if let Some(parent) = children.filter(|parent| !parent.contains(',')) {
            return Ok((self.of(selection.clone(), Some(parent.to_owned()), false), selection));
        }
        let whole = self.whole(&selection);
        Ok((self.of(self.open(false), whole, true), selection))
    }

    fn of(&self, ranked: Selection, whole: Option<String>, listed: bool) -> Group {
        Group { dimension: self.dimension, level: self.kind.map(str::to_owned), ranked, listed, whole }
    }

    /// Every code of the level. Where geo is not named, they are the parts of China, its default.
    fn open(&self, unnamed: bool) -> Selection {
        let codes = |codes: Vec<&str>, written: &str| Selection::Codes {
            codes: codes.into_iter().map(str::to_owned).collect(),
            written: Some(written.to_owned()),
        };
        match self.kind {
            None if unnamed && self.dimension == Dimension::Geo => {
                codes(self.list.children("CN").map(|code| code.code.as_str()).collect(), "children:CN")
            }
            None => Selection::Each,
            Some(_) => {
                codes(self.list.iter().map(|c| c.code.as_str()).filter(|c| self.holds(c)).collect(), "*")
            }
        }
    }

    fn holds(&self, code: &str) -> bool {
        self.kind.is_none_or(|kind| self.list.get(code).is_some_and(|c| c.kind.as_deref() == Some(kind)))
    }

    /// What the codes are parts of: the total, or the nearest place that all of them lie in.
    fn whole(&self, selection: &Selection) -> Option<String> {
        if self.dimension != Dimension::Geo {
            return Some(TOTAL.to_owned());
        }
        let codes = selection.codes()?;
        let within = |above: &str, code: &String| self.list.above(code).any(|one| one == above);
        // One of them that has all the others in it is what they are parts of.
        let listed = codes
            .iter()
            .find(|above| codes.len() > 1 && codes.iter().all(|code| code == *above || within(above, code)));
        let common = |above: &&str| codes.iter().all(|code| within(above, code));
        let above = self.list.above(codes.first()?).find(common);
        listed.map(String::as_str).or(above).map(str::to_owned)
    }
}

/// Makes a sum of a selection of several codes of a dimension that is not kept apart; for each source that says how they
/// are apart, the sum as a partition.
fn summed(
    dimension: Dimension,
    selection: &mut Selection,
    (vocabulary, dataset): (&Vocabulary, &Dataset),
) -> Result<Vec<Partition>, Fault> {
    let written = selection.written();
    let wrong = |why: String| {
        let detail = format!("{why}; name {dimension} in group_by to keep them apart");
        Fault::new(dimension.name(), &written, detail)
    };
    let Selection::Codes { codes, written: expanded } = &*selection else {
        let why = "stands for every code, and they overlap: the total has all the others in it";
        return Err(wrong(why.to_owned()).of_kind(FaultCode::Overlap));
    };
    if codes.len() < 2 {
        return Ok(Vec::new());
    }
    if let Some((above, below)) = vocabulary.codes.get(&dimension).and_then(|list| overlap(list, codes)) {
        let why = format!("{above} and {below} overlap and have no sum");
        return Err(wrong(why).of_kind(FaultCode::Overlap));
    }
    let found = sums(dataset, vocabulary.sources.keys(), (dimension, codes));
    // Where every part of each whole is listed, codes of which none is above another are apart.
    if found.is_empty() && !dataset.complete {
        let fault = wrong("are not additive: no source declares that they are parts of one whole".to_owned());
        let declared = dataset.partitions.iter().filter(|p| p.dimension == dimension);
        let declared: BTreeSet<String> = declared.map(|partition| partition.parts.join(",")).collect();
        return Err(fault.allowed(declared).of_kind(FaultCode::NotAdditive));
    }
    *selection = Selection::Sum { codes: codes.clone(), written: expanded.clone() };
    Ok(found)
}

/// Reads `top` and `other` into a plan, and finds what does not go with what is kept apart.
pub fn ranking(params: &mut Params, dataset: &Dataset, plan: &mut Plan) {
    let names_top = params.given("top").is_some();
    plan.top = params.value("top", |text| {
        let number = text.parse().ok().filter(|n| (1..=MOST_TOP).contains(n));
        number.ok_or_else(|| Fault::new("top", text, format!("is not a whole number from 1 to {MOST_TOP}")))
    });
    plan.other = params.choice("other", &[("true", true), ("false", false)]).unwrap_or_default();
    if plan.other && plan.top.is_none() && !names_top {
        params.reject(Fault::new("other", "true", "goes with top: it is the rest besides the largest"));
    }
    let transform = Some(plan.transform).filter(|t| matches!(t, Transform::Share | Transform::Rank));
    let top = plan.top.map(|top| ("top", top.to_string()));
    let comparing: Vec<(&str, String)> =
        top.into_iter().chain(transform.map(|t| ("transform", t.to_string()))).collect();
    plan.ranks = ranks(plan);
    // Where it names nothing that is known, that is told already.
    let groups_named = plan.groups.as_ref().is_none_or(|groups| !groups.is_empty());
    if groups_named && plan.ranked().is_none() {
        let detail = "needs group_by with the dimension whose codes are compared";
        for (name, value) in &comparing {
            params.reject(Fault::new(*name, value, detail));
        }
    }
    if let Some(whole) = plan.ranked().and_then(|group| whole_among(plan, group)) {
        params.reject(whole);
    }
    if plan.transform == Transform::Share && plan.ranked().is_some_and(|group| group.whole.is_none()) {
        let detail = "needs a whole, and the codes that are kept apart have none in common";
        params.reject(Fault::new("transform", "share", detail));
    }
    let selected = compute::selected_measures(dataset, plan);
    if let Some(measure) = selected.iter().find(|measure| measure.aggregation == "none") {
        let detail = format!("does not go with {}, which does not add up", measure.code);
        for (name, value) in &comparing {
            params.reject(Fault::new(*name, value, detail.clone()));
        }
        for (dimension, selection) in
            plan.selection.iter().filter(|(_, s)| matches!(s, Selection::Sum { .. }))
        {
            let fault = Fault::new(dimension.name(), &selection.written(), detail.clone());
            params.reject(fault.of_kind(FaultCode::NotAdditive));
        }
    }
    if let Some((word, _)) = Aggregation::ALL.iter().find(|(_, one)| Some(*one) == plan.aggregation)
        && plan.ranks != Ranks::No
        && selected.iter().any(|measure| measure.aggregation != *word)
    {
        let detail = "does not go with a ranking or a share: only figures that add up are compared";
        params.reject(Fault::new("agg", word, detail));
    }
}

/// That the whole is listed among the codes that are compared with it.
fn whole_among(plan: &Plan, group: &Group) -> Option<Fault> {
    let listed = plan.selection.get(&group.dimension)?.codes().filter(|_| plan.ranks != Ranks::No)?;
    let whole = listed.iter().find(|code| Some(*code) == group.whole.as_ref())?;
    let detail = "is the whole that the others are compared with, and no code beside them";
    Some(Fault::new(group.dimension.name(), whole, detail))
}

/// Whether codes are held against each other: those of makers, brands, models and operators always are, unless they are listed.
fn ranks(plan: &Plan) -> Ranks {
    let Some(group) = plan.ranked() else { return Ranks::No };
    let ranking = [Dimension::Maker, Dimension::Brand, Dimension::Model, Dimension::Operator]
        .contains(&group.dimension);
    match plan.transform {
        _ if plan.top.is_some() => Ranks::Ranking,
        Transform::Rank => Ranks::Ranking,
        Transform::Share if ranking => Ranks::Ranking,
        Transform::Share => Ranks::Shares,
        _ if ranking && !group.listed => Ranks::Ranking,
        _ => Ranks::No,
    }
}
