//! From the parameters of a request to a plan: every code looked up, every fault of the request told at once.

mod apart;
mod compute;
mod grouping;

pub use compute::transform;
use grouping::Named;

use super::dataset::{Dataset, Partition, Vocabulary};
use super::key::{Dimension, PLUS, TOTAL};
use super::period::{Frequency, Period};
use super::plan::{Dated, Plan, Selection, Sources, Window};
use crate::error::{Fault, nearest};
use crate::params::Params;

/// How many codes a selection may list; `children:` counts as one, however many codes it stands for.
pub const MAX_CODES: usize = 50;

/// The most observations of each series that `last` takes.
const MAX_LAST: usize = 10_000;

/// What an unnamed dimension means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unnamed {
    /// Its default: the total, China, the first measure, the default frequency, the best source.
    Default,
    /// Every code: a list of series leaves out nothing unasked.
    Open,
}

/// Reads the parameters of a query for observations. Faults stay in `params`; the plan counts only without any.
pub fn read(params: &mut Params, vocabulary: &Vocabulary, dataset: &Dataset) -> Plan {
    let asked = grouping::read(params, (vocabulary, dataset));
    let mut named = named(params, vocabulary, dataset);
    let grouped = asked.map(|asked| grouping::apply(params, (vocabulary, dataset), &asked, &mut named));
    let (groups, sums) = grouped.map(|(groups, sums)| (Some(groups), sums)).unwrap_or_default();
    let selected = selected(params, (vocabulary, dataset), named, Unnamed::Default);
    let mut plan = Plan { groups, sums, window: window(params), as_of: as_of(params), ..selected };
    compute::read(params, dataset, &mut plan);
    grouping::ranking(params, dataset, &mut plan);
    plan
}

/// Reads the parameters that select series: dimensions, source and frequency.
pub fn select(params: &mut Params, vocabulary: &Vocabulary, dataset: &Dataset, unnamed: Unnamed) -> Plan {
    let named = named(params, vocabulary, dataset);
    selected(params, (vocabulary, dataset), named, unnamed)
}

/// What is selected of the dimensions that are named.
fn named(params: &mut Params, vocabulary: &Vocabulary, dataset: &Dataset) -> Named {
    let mut named = Named::new();
    for &dimension in dataset.dimensions.iter().filter(|d| **d != Dimension::Source) {
        let codes = Codes { vocabulary, dataset, dimension };
        if let Some(selected) = codes.read(params) {
            named.insert(dimension, selected);
        }
    }
    named
}

/// The plan that selects what is named, and for the rest its default, or everything.
fn selected(
    params: &mut Params,
    (vocabulary, dataset): (&Vocabulary, &Dataset),
    mut selection: Named,
    unnamed: Unnamed,
) -> Plan {
    let named = |dimension| selection.get(&dimension).is_some_and(|s| *s != Selection::one(TOTAL));
    let levels_open = (named(Dimension::Brand) || named(Dimension::Model), named(Dimension::Model));
    for &dimension in dataset.dimensions.iter().filter(|d| **d != Dimension::Source) {
        let open = match dimension {
            Dimension::Maker => levels_open.0,
            Dimension::Brand => levels_open.1,
            _ => false,
        };
        let default = || if open { Selection::Any } else { default_of(dataset, dimension, unnamed) };
        selection.entry(dimension).or_insert_with(default);
    }
    let sources = sources(params, vocabulary, unnamed);
    let (frequencies, converts) = frequencies(params, dataset, unnamed);
    Plan { dataset: dataset.name.clone(), selection, sources, frequencies, converts, ..Plan::default() }
}

/// The sum of codes that a key joins with a plus, as partitions of each source that declares how they are apart; `None` where
/// they are not.
pub fn sum_of_key(
    code: &str,
    dimension: Dimension,
    (vocabulary, dataset): (&Vocabulary, &Dataset),
) -> Option<(Selection, Vec<Partition>)> {
    let codes: Vec<String> = code.split(PLUS).map(str::to_owned).collect();
    let sums = apart::sums(dataset, vocabulary.sources.keys(), (dimension, &codes));
    let list = vocabulary.codes.get(&dimension)?;
    let listed_once = codes.iter().enumerate().all(|(at, code)| !codes[..at].contains(code));
    let apart = listed_once && apart::overlap(list, &codes).is_none();
    (apart && (dataset.complete || !sums.is_empty()))
        .then_some((Selection::Sum { codes, written: None }, sums))
}

fn default_of(dataset: &Dataset, dimension: Dimension, unnamed: Unnamed) -> Selection {
    if unnamed == Unnamed::Open {
        return Selection::Any;
    }
    match dimension {
        Dimension::Geo => Selection::one("CN"),
        Dimension::Measure => dataset.measures.first().map_or(Selection::Any, |m| Selection::one(&m.code)),
        _ => Selection::one(TOTAL),
    }
}

/// The codes of one dimension that a dataset may ask for.
struct Codes<'a> {
    vocabulary: &'a Vocabulary,
    dataset: &'a Dataset,
    dimension: Dimension,
}

impl Codes<'_> {
    /// Takes the selection of this dimension; `None` where it is not named or at fault.
    fn read(&self, params: &mut Params) -> Option<Selection> {
        let name = self.dimension.name();
        let words = params.list(name)?;
        let written = words.join(",");
        if words.iter().any(|word| word == "*") {
            if words.len() > 1 {
                params.reject(Fault::new(name, &written, "* stands for every code and goes with no other"));
            }
            return Some(Selection::Any);
        }
        let listed = words.iter().filter(|word| !word.starts_with("children:")).count();
        if words.len() > MAX_CODES {
            let detail =
                format!("lists {} codes; at most {MAX_CODES} are taken, and * takes every one", words.len());
            params.reject(Fault::new(name, &written, detail));
            return None;
        }
        let mut codes: Vec<String> = Vec::new();
        for word in &words {
            match self.expand(word) {
                Ok(found) => {
                    let new: Vec<String> = found.into_iter().filter(|code| !codes.contains(code)).collect();
                    codes.extend(new);
                }
                Err(fault) => params.reject(fault),
            }
        }
        let written = (listed < words.len()).then_some(written);
        (!codes.is_empty()).then_some(Selection::Codes { codes, written })
    }

    /// The codes that one word of a selection stands for.
    fn expand(&self, word: &str) -> Result<Vec<String>, Fault> {
        let name = self.dimension.name();
        let Some(parent) = word.strip_prefix("children:") else {
            return self.known(word).map(|code| vec![code]);
        };
        let list = self.vocabulary.codes.get(&self.dimension);
        let list = list.ok_or_else(|| Fault::new(name, word, "this dimension has no levels"))?;
        let parent = self.known(parent)?;
        let children: Vec<String> = list.children(&parent).map(|code| code.code.clone()).collect();
        if children.is_empty() {
            return Err(Fault::new(name, word, format!("{parent} has no codes below it")));
        }
        Ok(children)
    }

    /// The code, if there is one of this name. A code that was renamed leads to the one that took over.
    fn known(&self, code: &str) -> Result<String, Fault> {
        let name = self.dimension.name();
        if self.dimension == Dimension::Measure {
            let known = self.dataset.measure(code).is_some();
            let codes = self.dataset.measures.iter().map(|m| m.code.as_str());
            let fault = || Fault::new(name, code, "is no measure of this dataset").allowed(codes);
            return if known { Ok(code.to_owned()) } else { Err(fault()) };
        }
        let list = self.vocabulary.codes.get(&self.dimension);
        if let Some(found) = list.and_then(|list| list.get(code)) {
            return Ok(found.replaced_by.clone().unwrap_or_else(|| code.to_owned()));
        }
        let codes = list.into_iter().flat_map(super::dataset::CodeList::iter);
        let mut fault = Fault::new(name, code, format!("is no code of {name}; /v1/codes/{name} lists them"));
        fault.did_you_mean =
            nearest_code(code, codes.map(|c| (c.code.as_str(), c.name_en.as_str(), c.name_zh.as_deref())));
        Err(fault)
    }
}

/// The codes that a wrong one may have meant: a name of theirs as it stands, or else what looks like it.
fn nearest_code<'a>(
    wanted: &str,
    codes: impl Iterator<Item = (&'a str, &'a str, Option<&'a str>)>,
) -> Vec<String> {
    let codes: Vec<_> = codes.collect();
    let named = codes.iter().find(|(_, en, zh)| en.eq_ignore_ascii_case(wanted) || *zh == Some(wanted));
    if let Some((code, ..)) = named {
        return vec![(*code).to_owned()];
    }
    let words: Vec<(&str, &str)> =
        codes.iter().flat_map(|(code, en, _)| [(*code, *code), (*en, *code)]).collect();
    let mut near: Vec<String> = nearest(wanted, words.iter().map(|(name, _)| *name))
        .into_iter()
        .filter_map(|name| words.iter().find(|(n, _)| *n == name).map(|(_, code)| (*code).to_owned()))
        .collect();
    near.dedup();
    near
}

fn sources(params: &mut Params, vocabulary: &Vocabulary, unnamed: Unnamed) -> Sources {
    let default = if unnamed == Unnamed::Open { Sources::All } else { Sources::Best };
    let Some(words) = params.list("source") else { return default };
    let written = words.join(",");
    if let [word] = words.as_slice() {
        match word.as_str() {
            "best" if unnamed == Unnamed::Default => return Sources::Best,
            "all" | "*" => return Sources::All,
            _ => {}
        }
    }
    if words.len() > MAX_CODES {
        let detail =
            format!("lists {} sources; at most {MAX_CODES} are taken, all takes every one", words.len());
        params.reject(Fault::new("source", &written, detail));
        return Sources::All;
    }
    for word in words.iter().filter(|word| !vocabulary.sources.contains_key(*word)) {
        if ["best", "all", "*"].contains(&word.as_str()) {
            let detail = if words.len() > 1 {
                "goes with no other source"
            } else {
                "chooses among figures, not series"
            };
            params.reject(Fault::new("source", word, detail));
            continue;
        }
        let detail = "is no source; /v1/sources lists them; best and all are taken too";
        let mut fault = Fault::new("source", word, detail);
        let names = vocabulary.sources.iter();
        let names = names.map(|(code, s)| (code.as_str(), s.name_en.as_str(), s.name_zh.as_deref()));
        fault.did_you_mean = nearest_code(word, names);
        params.reject(fault);
    }
    Sources::Listed(words)
}

/// The frequencies, and whether finer ones are converted to them: where each native one is asked for, none is.
fn frequencies(params: &mut Params, dataset: &Dataset, unnamed: Unnamed) -> (Vec<Frequency>, bool) {
    let Some(words) = params.list("frequency") else {
        return match unnamed {
            Unnamed::Default => (vec![dataset.default_frequency], true),
            Unnamed::Open => (dataset.frequencies.clone(), false),
        };
    };
    if words == ["*"] {
        return (dataset.frequencies.clone(), false);
    }
    let converts = unnamed == Unnamed::Default;
    let reached = |f: &Frequency| dataset.frequencies.iter().any(|own| own == f || (converts && own > f));
    let mut found = Vec::new();
    for word in words {
        match word.parse::<Frequency>().ok().filter(reached) {
            Some(frequency) if !found.contains(&frequency) => found.push(frequency),
            Some(_) => {}
            None => {
                let fault = Fault::new("frequency", &word, "is no frequency of this dataset");
                let all = Frequency::ALL.iter().filter(|f| reached(f)).map(|f| f.code());
                params.reject(fault.allowed(all.chain(["*"])));
            }
        }
    }
    (found, converts)
}

/// Reads the date whose knowledge is asked for.
pub fn as_of(params: &mut Params) -> Option<Dated> {
    params.value("as_of", |text| text.parse().map_err(|why: String| Fault::new("as_of", text, why)))
}

/// Reads the time that is asked for.
pub fn window(params: &mut Params) -> Window {
    let start = period(params, "start");
    let end = period(params, "end");
    if let (Some(start), Some(end)) = (start, end)
        && start.first_day() > end.last_day()
    {
        let detail = format!("ends before start={start} begins");
        params.reject(Fault::new("end", &end.to_string(), detail));
    }
    let last = params.value("last", |text| {
        let number = text.parse().ok().filter(|n| (1..=MAX_LAST).contains(n));
        number.ok_or_else(|| Fault::new("last", text, format!("is not a whole number from 1 to {MAX_LAST}")))
    });
    Window { start, end, last }
}

fn period(params: &mut Params, name: &'static str) -> Option<Period> {
    params.value(name, |text| text.parse().map_err(|why: String| Fault::new(name, text, why)))
}

#[cfg(test)]
mod tests {
    use super::super::dataset::{Code, CodeList, Measure};
    use super::*;

    fn code(code: &str, parent: Option<&str>, name: &str) -> Code {
        Code {
            code: code.to_owned(),
            parent: parent.map(str::to_owned),
            name_en: name.to_owned(),
            ..Code::default()
        }
    }

    fn vocabulary() -> Vocabulary {
        let list = |codes: &[(&str, Option<&str>, &str)]| {
            CodeList::new(codes.iter().map(|(c, p, n)| code(c, *p, n)).collect())
        };
        let measures =
            ["production", "sales"].map(|code| Measure { code: code.to_owned(), ..Measure::default() });
        let dataset = Dataset {
            name: "production".to_owned(),
            dimensions: Dimension::ALL[..8].to_vec(),
            frequencies: Frequency::ALL.to_vec(),
            measures: measures.to_vec(),
            ..Dataset::default()
        };
        let codes = [
            (
                Dimension::Geo,
                list(&[("CN", None, "China"), ("CN-BJ", Some("CN"), "Beijing"), ("JP", None, "Japan")]),
            ),
            (Dimension::Maker, list(&[("_T", None, "All"), ("byd", None, "BYD"), ("tesla", None, "Tesla")])),
            (Dimension::Brand, list(&[("_T", None, "All"), ("audi", None, "Audi")])),
            (Dimension::Model, list(&[("_T", None, "All"), ("audi--a6l", None, "Audi A6L")])),
            (Dimension::VehicleClass, list(&[("_T", None, "All"), ("PV", Some("_T"), "Passenger")])),
            (Dimension::Powertrain, list(&[("_T", None, "All"), ("NEV", Some("_T"), "New energy")])),
        ];
        Vocabulary { datasets: vec![dataset], codes: codes.into_iter().collect(), ..Vocabulary::default() }
    }

    fn plan(query: &str) -> (Plan, crate::error::Result<()>) {
        let vocabulary = vocabulary();
        let mut params = Params::parse(query);
        let plan = read(&mut params, &vocabulary, &vocabulary.datasets[0]);
        (plan, params.finish())
    }

    #[test]
    fn an_unnamed_dimension_stands_at_its_default() {
        let (plan, outcome) = plan("");
        assert!(outcome.is_ok());
        assert_eq!(plan.selection[&Dimension::Measure], Selection::one("production"));
        assert_eq!(plan.selection[&Dimension::Geo], Selection::one("CN"));
        assert_eq!(plan.selection[&Dimension::Maker], Selection::one("_T"));
        assert_eq!((plan.sources, plan.frequencies), (Sources::Best, vec![Frequency::A]));
    }

    #[test]
    fn a_named_model_or_brand_leaves_the_levels_above_it_open() {
        let model = plan("model=audi--a6l").0.selection;
        assert_eq!(
            (&model[&Dimension::Maker], &model[&Dimension::Brand]),
            (&Selection::Any, &Selection::Any)
        );
        let brand = plan("brand=audi").0.selection;
        assert_eq!(brand[&Dimension::Maker], Selection::Any);
        assert_eq!(brand[&Dimension::Model], Selection::one("_T"));
        let total = plan("brand=_T").0.selection;
        assert_eq!(total[&Dimension::Maker], Selection::one("_T"));
    }

    #[test]
    fn children_are_the_level_below() {
        let (plan, outcome) = plan("geo=children:CN&maker=children:_T");
        assert!(outcome.is_ok());
        assert_eq!(plan.selection[&Dimension::Geo].codes().unwrap(), ["CN-BJ"]);
        assert_eq!(plan.selection[&Dimension::Maker].codes().unwrap(), ["byd", "tesla"]);
        assert_eq!(plan.applied()["geo"], "children:CN");
    }

    #[test]
    fn all_faults_come_at_once_and_say_what_was_meant() {
        let query =
            "maker=teslla&geo=Beijing&frequency=W&start=2021&end=2020&as_of=now&shap=rows&source=caam";
        let Err(crate::error::Error::Rejected(faults)) = plan(query).1 else { panic!("accepted") };
        let names: Vec<&str> = faults.iter().map(|f| f.parameter.as_str()).collect();
        assert_eq!(names, ["geo", "maker", "source", "frequency", "end", "as_of", "shap"]);
        assert_eq!(faults[0].did_you_mean, ["CN-BJ"]);
        assert_eq!(faults[1].did_you_mean, ["tesla"]);
    }

    #[test]
    fn contradictions_are_refused() {
        for query in
            ["maker=*,byd", "geo=children:JP", "measure=children:_T", "last=0", "last=x", "source=best,all"]
        {
            assert!(plan(query).1.is_err(), "{query}");
        }
        let many = vec!["byd"; MAX_CODES + 1].join(",");
        assert!(plan(&format!("maker={many}")).1.is_err());
    }
}
