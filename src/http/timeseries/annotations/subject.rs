//! What the series of an answer are of, as far as it decides what concerns them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::partnerships::About;
use crate::subsidies::{Concerning, InstrumentDates};
use crate::timeseries::answer::Frame;
use crate::timeseries::dataset::{CodeList, Dataset, Vocabulary};
use crate::timeseries::fetch::Reader;
use crate::timeseries::key::{Dimension, OTHER, PLUS, TOTAL};

/// The country whose policies and companies the records are of.
const COUNTRY: &str = "CN";

/// All regions above one, and all below it.
type Around = (Vec<String>, Vec<String>);

/// What the series of an answer are of.
#[derive(Debug)]
pub(super) struct Subject {
    /// Their regions, each with all above and all below it.
    geos: BTreeMap<String, Around>,
    /// These with all regions above them.
    above: Vec<String>,
    /// These with all regions below them.
    within: Vec<String>,
    /// Their powertrains with all that is above and below these; `None` where they are of every one, or know none.
    kin: Option<Vec<String>>,
    /// Their classes of vehicles, likewise.
    classes: Option<Vec<String>>,
    /// Whether they count outlets.
    is_charging: bool,
    /// The companies that they are pinned to, by maker, brand, model or operator, with the makers below those.
    orgs: Vec<String>,
}

impl Subject {
    pub(super) fn of(reader: &Reader<'_>, frame: &Frame) -> Self {
        let (dataset, vocabulary) = (reader.dataset, reader.vocabulary);
        let codes = |dimension| pinned(frame, dataset, dimension);
        let list = vocabulary.codes.get(&Dimension::Geo);
        let around = |geo: String| {
            let above = list.map(|list| list.above(&geo).map(str::to_owned).collect()).unwrap_or_default();
            let within = list.map(|list| below(list, &geo)).unwrap_or_default();
            (geo, (above, within))
        };
        let geos: BTreeMap<String, Around> = codes(Dimension::Geo).into_iter().map(around).collect();
        let all = |more: fn(&Around) -> &Vec<String>| -> Vec<String> {
            let more = geos.values().flat_map(more).cloned();
            geos.keys().cloned().chain(more).collect::<BTreeSet<_>>().into_iter().collect()
        };
        let (above, within) = (all(|(above, _)| above), all(|(_, within)| within));
        let kin = |dimension| {
            let mut of = frame.series.iter().map(|series| series.code(dataset, dimension));
            let is_of_some =
                dataset.place(dimension).is_some() && !of.any(|code| code == TOTAL || code == OTHER);
            let kin = with(vocabulary.codes.get(&dimension), &codes(dimension), |list, code| {
                list.above(code).map(str::to_owned).chain(below(list, code)).collect()
            });
            is_of_some.then_some(kin)
        };
        let (classes, kin) = (kin(Dimension::VehicleClass), kin(Dimension::Powertrain));
        let is_charging = [Dimension::Operator, Dimension::Access, Dimension::Current]
            .iter()
            .any(|dimension| dataset.place(*dimension).is_some());
        let makers = makers(vocabulary, codes);
        let orgs = with(vocabulary.codes.get(&Dimension::Maker), &makers, below);
        Self { geos, above, within, kin, classes, is_charging, orgs }
    }

    /// The instruments that concern them.
    pub(super) fn granted(&self) -> Concerning<'_> {
        Concerning {
            jurisdictions: &self.above,
            powertrains: self.kin.as_deref(),
            classes: self.classes.as_deref(),
            is_charging: self.is_charging,
        }
    }

    /// Whose policies concern them: those of their regions and of the regions above, and those bound to none.
    pub(super) fn governed(&self) -> About {
        About { orgs: Vec::new(), geos: self.above.clone(), unbound: self.is_domestic() }
    }

    /// The events that concern them: those of their companies, or where no company is pinned all of their regions.
    pub(super) fn lived(&self) -> About {
        if self.orgs.is_empty() {
            let unbound = self.geos.contains_key(COUNTRY);
            return About { orgs: Vec::new(), geos: self.within.clone(), unbound };
        }
        About { orgs: self.orgs.clone(), ..About::default() }
    }

    /// The partnerships that concern them: those of their companies, or where no company is pinned those that work in just their
    /// region, which are few in a province, and none in the country as a whole.
    pub(super) fn run(&self) -> About {
        let geos = if self.orgs.is_empty() { self.geos.keys().cloned().collect() } else { Vec::new() };
        About { orgs: self.orgs.clone(), geos, unbound: false }
    }

    pub(super) fn why_granted(&self, instrument: &InstrumentDates) -> String {
        let granted = format!("granted by {}", self.region(&instrument.jurisdiction));
        let Some(kin) = &self.kin else { return granted };
        let named: Vec<&str> =
            instrument.powertrains.iter().filter(|code| kin.contains(code)).map(String::as_str).collect();
        if named.is_empty() {
            return format!("{granted}; it names no powertrain");
        }
        format!("{granted}; it names {}", named.join(", "))
    }

    pub(super) fn why_governed(&self, geo: Option<&str>) -> String {
        geo.map_or_else(
            || "a policy that is bound to no region".to_owned(),
            |geo| format!("a policy of {}", self.region(geo)),
        )
    }

    pub(super) fn why_about(&self, orgs: &[String], geo: Option<&str>) -> String {
        let ours: Vec<&str> = orgs.iter().filter(|org| self.orgs.contains(org)).map(String::as_str).collect();
        match (ours.as_slice(), geo) {
            ([], Some(geo)) if self.geos.contains_key(geo) => format!("in {geo}"),
            ([], Some(geo)) => format!("in {geo}, within {}", self.listed(|(_, within)| within, geo)),
            ([], None) => "bound to no region".to_owned(),
            (ours, _) => format!("about {}", ours.join(", ")),
        }
    }

    fn region(&self, geo: &str) -> String {
        if self.geos.contains_key(geo) {
            return geo.to_owned();
        }
        format!("{geo}, above {}", self.listed(|(above, _)| above, geo))
    }

    /// Those of their regions that have another one above or within them.
    fn listed(&self, side: fn(&Around) -> &Vec<String>, geo: &str) -> String {
        let around = self.geos.iter().filter(|(_, around)| side(around).iter().any(|code| code == geo));
        around.map(|(code, _)| code.as_str()).collect::<Vec<_>>().join(", ")
    }

    /// Whether one of their regions is the country or lies in it.
    fn is_domestic(&self) -> bool {
        self.above.iter().any(|geo| geo == COUNTRY)
    }
}

/// The codes of a dimension that the series of an answer are pinned to, those of sums apart.
fn pinned(frame: &Frame, dataset: &Dataset, dimension: Dimension) -> BTreeSet<String> {
    let codes = frame.series.iter().flat_map(|series| series.code(dataset, dimension).split(PLUS));
    codes.filter(|code| !["", TOTAL, OTHER].contains(code)).map(str::to_owned).collect()
}

/// Codes with what a list has above or below each.
fn with(
    list: Option<&CodeList>,
    codes: &BTreeSet<String>,
    more: impl Fn(&CodeList, &str) -> Vec<String>,
) -> Vec<String> {
    let more = codes.iter().flat_map(|code| list.map(|list| more(list, code)).unwrap_or_default());
    let all: BTreeSet<String> = codes.iter().cloned().chain(more).collect();
    all.into_iter().collect()
}

fn below(list: &CodeList, code: &str) -> Vec<String> {
    list.below(code).map(|code| code.code.clone()).collect()
}

/// The makers, the makers of brands and models, and the companies behind operators.
fn makers(vocabulary: &Vocabulary, codes: impl Fn(Dimension) -> BTreeSet<String>) -> BTreeSet<String> {
    let mut makers = codes(Dimension::Maker);
    for dimension in [Dimension::Brand, Dimension::Model, Dimension::Operator] {
        let Some(list) = vocabulary.codes.get(&dimension) else { continue };
        for code in codes(dimension).iter().filter_map(|code| list.get(code)) {
            let named =
                ["maker", "makers_also", "org_id"].iter().filter_map(|name| code.attributes.get(*name));
            makers.extend(named.flat_map(texts));
        }
    }
    makers
}

/// A text, or the texts of a list.
fn texts(value: &Value) -> Vec<String> {
    let one = value.as_str().into_iter();
    let all = value.as_array().into_iter().flatten().filter_map(Value::as_str);
    one.chain(all).map(str::to_owned).collect()
}
