//! What of the catalog somebody may see. What a restricted dataset brought exists for those alone who may see it.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use crate::timeseries::dataset::{Code, CodeList, Vocabulary};
use crate::timeseries::key::Dimension;

/// Which restricted datasets somebody may see.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub enum Sight {
    /// None: what everybody may see.
    #[default]
    Public,
    /// These, in their order; at least one.
    Datasets(Arc<[String]>),
    /// All.
    All,
}

impl Sight {
    /// The sight of who may see these restricted datasets; `None` is all.
    pub fn of(datasets: Option<&[String]>) -> Self {
        let Some(datasets) = datasets else { return Self::All };
        let ordered: BTreeSet<&String> = datasets.iter().collect();
        if ordered.is_empty() { Self::Public } else { Self::Datasets(ordered.into_iter().cloned().collect()) }
    }

    /// The restricted datasets that may be seen, as statements take them; `None` is all.
    pub fn seen(&self) -> Option<&[String]> {
        match self {
            Self::Public => Some(&[]),
            Self::Datasets(datasets) => Some(datasets),
            Self::All => None,
        }
    }

    /// The restricted datasets of a vocabulary that may not be seen.
    pub fn hidden(&self, vocabulary: &Vocabulary) -> Vec<String> {
        let Some(seen) = self.seen() else { return Vec::new() };
        vocabulary.restricted.iter().filter(|dataset| !seen.contains(dataset)).cloned().collect()
    }
}

/// The vocabulary without what these datasets brought.
pub fn without(whole: &Vocabulary, hidden: &[String]) -> Vocabulary {
    let gone = gone(whole, hidden);
    let is_gone = |dimension: Dimension, code: &str| gone.contains(&(dimension, code));
    let shown = |name: &String| !hidden.contains(name);
    let mut view = Vocabulary {
        versions: whole.versions.clone(),
        datasets: whole.datasets.iter().filter(|dataset| shown(&dataset.name)).cloned().collect(),
        codes: whole.codes.clone(),
        sources: whole.sources.clone(),
        releases: whole.releases.clone(),
        restricted: whole.restricted.iter().filter(|name| shown(name)).cloned().collect(),
        owned: Vec::new(),
        seal: whole.seal,
    };
    view.versions.retain(|name, _| shown(name));
    view.releases.retain(|_, release| shown(&release.collection));
    view.sources.retain(|source, _| !is_gone(Dimension::Source, source));
    for (dimension, list) in &mut view.codes {
        if gone.iter().any(|(of, _)| of == dimension) {
            let kept: Vec<Code> =
                list.iter().filter(|code| !is_gone(*dimension, &code.code)).cloned().collect();
            *list = CodeList::new(kept);
        }
    }
    view
}

/// The codes and sources that have to do with hidden datasets alone, whoever is below them included: what is above a code that can be
/// seen can be seen.
fn gone<'a>(whole: &'a Vocabulary, hidden: &[String]) -> HashSet<(Dimension, &'a str)> {
    let owned: HashMap<(Dimension, &str), bool> = whole
        .owned
        .iter()
        .map(|owned| {
            let is_hidden = !owned.datasets.is_empty() && owned.datasets.iter().all(|of| hidden.contains(of));
            ((owned.dimension, owned.code.as_str()), is_hidden)
        })
        .collect();
    let is_hidden = |dimension: Dimension, code: &str| owned.get(&(dimension, code)).is_some_and(|is| *is);
    let all_below = |dimension: Dimension, code: &str| {
        let list = whole.codes.get(&dimension);
        list.into_iter().flat_map(|list| list.below(code)).all(|below| is_hidden(dimension, &below.code))
    };
    let alone = owned.iter().filter(|((dimension, code), is)| **is && all_below(*dimension, code));
    alone.map(|(of, _)| *of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timeseries::dataset::{Dataset, Owned};

    fn whole() -> Vocabulary {
        let code = |code: &str, parent: Option<&str>| Code {
            code: code.to_owned(),
            parent: parent.map(str::to_owned),
            ..Code::default()
        };
        let models =
            vec![code("qin", None), code("line", None), code("x1", Some("line")), code("x2", Some("line"))];
        let owned = |code: &str, datasets: &[&str]| Owned {
            dimension: Dimension::Model,
            code: code.to_owned(),
            datasets: datasets.iter().map(|name| (*name).to_owned()).collect(),
        };
        let dataset = |name: &str| Dataset { name: name.to_owned(), ..Dataset::default() };
        Vocabulary {
            datasets: vec![dataset("production"), dataset("own"), dataset("other")],
            codes: HashMap::from([(Dimension::Model, CodeList::new(models))]),
            restricted: BTreeSet::from(["own".to_owned(), "other".to_owned()]),
            owned: vec![owned("line", &["own"]), owned("x1", &["own"]), owned("x2", &["own", "production"])],
            ..Vocabulary::default()
        }
    }

    fn models(view: &Vocabulary) -> Vec<&str> {
        view.codes[&Dimension::Model].iter().map(|code| code.code.as_str()).collect()
    }

    #[test]
    fn a_code_is_seen_where_a_dataset_that_uses_it_is_and_so_is_what_is_above_it() {
        let whole = whole();
        let view = without(&whole, &Sight::Public.hidden(&whole));
        assert_eq!(view.datasets.iter().map(|d| d.name.as_str()).collect::<Vec<_>>(), ["production"]);
        assert_eq!(models(&view), ["qin", "line", "x2"]);
        let view = without(&whole, &Sight::of(Some(&["own".to_owned()])).hidden(&whole));
        assert_eq!(view.datasets.len(), 2);
        assert_eq!(models(&view), ["qin", "line", "x1", "x2"]);
    }

    #[test]
    fn a_line_without_anything_seen_below_it_is_gone() {
        let mut whole = whole();
        whole.owned[2].datasets.truncate(1);
        assert_eq!(models(&without(&whole, &Sight::Public.hidden(&whole))), ["qin"]);
    }

    #[test]
    fn sights_of_the_same_datasets_are_the_same() {
        let of = |names: &[&str]| Sight::of(Some(&names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>()));
        assert_eq!(of(&["b", "a"]), of(&["a", "b", "a"]));
        assert_eq!(of(&[]), Sight::Public);
        assert_eq!(Sight::of(None).hidden(&whole()), Vec::<String>::new());
    }
}
