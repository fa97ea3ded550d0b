//! The parameters of figures by ownership: those that select, and which others do not go with it.

use serde_json::{Map, Value, json};

use super::share::Rule;
use crate::error::{Fault, Result};
use crate::http::extract::{Call, View};
use crate::http::negotiate::Language;
use crate::timeseries::dataset::{Dataset, Vocabulary};
use crate::timeseries::key::{Dimension, TOTAL};
use crate::timeseries::plan::{Group, Plan, Ranks, Selection};
use crate::timeseries::request::{self, Unnamed};

/// What `group_by` has to be.
const BY_GROUP: &str = "maker:group";

/// The parameters of a query that do not go with attribution, each with what it stands at there.
const OTHERS: [(&str, Option<&str>); 13] = [
    ("agg", None),
    ("partial", None),
    ("transform", Some("level")),
    ("fill", Some("none")),
    ("top", None),
    ("other", Some("false")),
    ("as_of", None),
    ("shape", Some("rows")),
    ("sort", Some("series")),
    ("limit", None),
    ("cursor", None),
    ("explain", Some("false")),
    ("annotate", None),
];

/// A query for figures by ownership, understood.
pub(super) struct Asked {
    pub(super) rule: Rule,
    /// The plan that reads the makers' figures.
    pub(super) plan: Plan,
    /// The parameters that select series, as far as the request names them.
    pub(super) named: Vec<&'static str>,
    pub(super) language: Language,
    pub(super) view: View,
}

impl Asked {
    pub(super) fn read(mut call: Call, vocabulary: &Vocabulary, dataset: &Dataset) -> Result<Self> {
        let rule = call.params.choice("attribution", &Rule::ALL).unwrap_or(Rule::Equity);
        group_by(&mut call);
        for (name, at) in OTHERS {
            let given = call.params.text(name).filter(|value| Some(value.as_str()) != at);
            if let Some(value) = given {
                let detail = "does not go with attribution, which answers makers' figures as they are, whole and as rows";
                call.params.reject(Fault::new(name, &value, detail).allowed(at));
            }
        }
        let selecting = dataset.dimensions.iter().map(|dimension| dimension.name()).chain(["frequency"]);
        let named: Vec<&'static str> = selecting.filter(|name| call.has(name)).collect();
        // Where makers that are not known were refused, the plan has the total, which nobody named.
        let of_total = |makers: &str| makers.split(',').any(|code| code.trim() == TOTAL);
        let names_total = call.params.given("maker").is_some_and(of_total);
        let params = &mut call.params;
        let mut plan = request::select(params, vocabulary, dataset, Unnamed::Default);
        plan.window = request::window(params);
        if names_total {
            let detail = "is the total, and attribution counts single makers; * takes every one";
            call.params.reject(Fault::new("maker", TOTAL, detail));
        }
        makers(&mut plan, named.contains(&"maker"));
        additive(&mut call, &plan, dataset);
        let language = call.language();
        Ok(Self { rule, plan, named, language, view: call.single()? })
    }

    /// The parameters that hold what is looked for elsewhere where nothing is found: those that are named, and single makers.
    pub(super) fn held(&self) -> Vec<&'static str> {
        self.named.iter().copied().chain([Dimension::Maker.name()]).collect()
    }

    /// Whether the whole market is asked for: who names makers, brands or models knows that these are none.
    pub(super) fn is_of_market(&self) -> bool {
        let every = self.plan.selection.get(&Dimension::Maker) == Some(&Selection::Each);
        every && !self.named.iter().any(|name| ["brand", "model"].contains(name))
    }

    /// The query with all defaults resolved.
    pub(super) fn applied(&self) -> Map<String, Value> {
        let mut applied = self.plan.applied();
        for (name, _) in OTHERS {
            applied.remove(name);
        }
        applied.insert("attribution".to_owned(), json!(self.rule));
        applied.insert("lang".to_owned(), json!(self.language.code()));
        applied
    }
}

fn group_by(call: &mut Call) {
    let given = call.params.text("group_by").unwrap_or_default();
    if given != BY_GROUP {
        let detail = if given.is_empty() {
            "is missing: attribution counts makers to groups"
        } else {
            "does not go with attribution, which counts makers to groups and keeps every other dimension that is named apart"
        };
        call.params.reject(Fault::new("group_by", &given, detail).allowed([BY_GROUP]));
    }
}

/// Has the plan rank makers, so that one source answers, as in every comparison of makers.
fn makers(plan: &mut Plan, is_named: bool) {
    let selection = plan.selection.entry(Dimension::Maker).or_insert(Selection::Each);
    if !(is_named && matches!(selection, Selection::Codes { .. })) {
        *selection = Selection::Each;
    }
    plan.groups = Some(vec![Group {
        dimension: Dimension::Maker,
        level: Some("group".to_owned()),
        ranked: Selection::Each,
        // Which of them are parts of others is told period by period.
        listed: true,
        whole: Some(TOTAL.to_owned()),
    }]);
    plan.ranks = Ranks::Ranking;
}

/// Refuses measures that do not add up.
fn additive(call: &mut Call, plan: &Plan, dataset: &Dataset) {
    let selected = plan.codes(Dimension::Measure);
    let measures = dataset.measures.iter().filter(|m| selected.is_none_or(|codes| codes.contains(&m.code)));
    for measure in measures.filter(|measure| measure.aggregation == "none") {
        let detail = "does not add up, and attribution adds makers to groups";
        call.params.reject(Fault::new("measure", &measure.code, detail));
    }
}
