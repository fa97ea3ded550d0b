//! Which codes may be summed: those that a source declares to be different parts of one whole. That codes stand beside each
//! other in a tree says nothing of it.

use std::collections::{BTreeMap, HashSet};

use crate::timeseries::dataset::{CodeList, Dataset, Partition};
use crate::timeseries::key::{Dimension, PLUS};
use crate::timeseries::period::PartialDate;

/// How deep parts of parts are followed; more than any whole is divided.
const DEPTH: usize = 6;

/// Two of the codes of which one is above the other.
pub fn overlap<'a>(list: &'a CodeList, codes: &'a [String]) -> Option<(&'a str, &'a str)> {
    let all: HashSet<&str> = codes.iter().map(String::as_str).collect();
    codes.iter().find_map(|below| {
        let above = list.above(below).find(|above| all.contains(above))?;
        Some((above, below.as_str()))
    })
}

/// The sum of some codes as a partition, for each of the sources that declare how they are apart; of one that does so in
/// several ways, for different times, each.
pub fn sums<'a>(
    dataset: &Dataset,
    sources: impl Iterator<Item = &'a String>,
    (dimension, codes): (Dimension, &[String]),
) -> Vec<Partition> {
    let whole = codes.join(&PLUS.to_string());
    let of = |source: &'a String| {
        let declared = dataset.partitions_of(source).filter(|p| p.dimension == dimension).collect();
        let declared = Declared(declared);
        let wholes: Vec<&str> = declared.0.iter().map(|p| p.whole.as_str()).collect();
        let codes: Vec<&str> = codes.iter().map(String::as_str).collect();
        let ways = wholes.into_iter().flat_map(|whole| declared.apart(whole, &codes, DEPTH));
        let ways: std::collections::BTreeSet<Way> = ways.collect();
        ways.into_iter().map(|way| (source.clone(), way)).collect::<Vec<_>>()
    };
    let partition = |(source, way): (String, Way)| Partition {
        source,
        dimension,
        whole: whole.clone(),
        parts: codes.to_vec(),
        absent_is_zero: way.absent_is_zero,
        valid_from: way.from,
        valid_to: way.to,
        note: None,
    };
    sources.flat_map(of).map(partition).collect()
}

/// One way in which codes are apart: whether one that is not stated counts as 0, and for which days it holds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Way {
    absent_is_zero: bool,
    from: Option<String>,
    to: Option<String>,
}

/// The declared parts of one dimension that hold for one source.
struct Declared<'a>(Vec<&'a Partition>);

impl Declared<'_> {
    /// The ways in which some codes are different parts of a whole, or of its parts.
    fn apart(&self, whole: &str, codes: &[&str], depth: usize) -> Vec<Way> {
        let mut ways = Vec::new();
        for partition in self.0.iter().filter(|p| depth > 0 && p.whole == whole) {
            let mut under: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
            for code in codes {
                if let Some(part) =
                    partition.parts.iter().find(|part| !self.within(part, code, depth).is_empty())
                {
                    under.entry(part).or_default().push(code);
                }
            }
            if under.values().map(Vec::len).sum::<usize>() < codes.len() {
                continue;
            }
            let mut own = vec![Way::of(partition)];
            for (part, codes) in &under {
                let deeper = match codes.as_slice() {
                    [code] => self.within(part, code, depth),
                    several => self.apart(part, several, depth - 1),
                };
                own = own.iter().flat_map(|way| deeper.iter().filter_map(|more| way.and(more))).collect();
            }
            ways.append(&mut own);
        }
        ways
    }

    /// The ways in which a code is this part or one of its declared parts: the times for which it is.
    fn within(&self, part: &str, code: &str, depth: usize) -> Vec<Way> {
        if part == code {
            return vec![Way { absent_is_zero: true, from: None, to: None }];
        }
        let mut ways = Vec::new();
        for partition in self.0.iter().filter(|p| depth > 0 && p.whole == part) {
            // Whether parts beside it count as 0 says nothing of the code itself.
            let here = Way { absent_is_zero: true, ..Way::of(partition) };
            let below = partition.parts.iter().flat_map(|part| self.within(part, code, depth - 1));
            ways.extend(below.filter_map(|way| here.and(&way)));
        }
        ways
    }
}

impl Way {
    fn of(partition: &Partition) -> Self {
        Self {
            absent_is_zero: partition.absent_is_zero,
            from: partition.valid_from.clone(),
            to: partition.valid_to.clone(),
        }
    }

    /// Both at once; `None` where they hold for no common time.
    fn and(&self, other: &Self) -> Option<Self> {
        let date = |text: &Option<String>| text.as_deref().and_then(|t| t.parse::<PartialDate>().ok());
        let from = [&self.from, &other.from].into_iter().max_by_key(|text| date(text).map(|d| d.first))?;
        let ends = [&self.to, &other.to].into_iter().filter(|text| text.is_some());
        let to = ends.min_by_key(|text| date(text).map(|d| d.last)).unwrap_or(&None);
        let ends_first = date(from).zip(date(to)).is_some_and(|(from, to)| to.last < from.first);
        let absent_is_zero = self.absent_is_zero && other.absent_is_zero;
        (!ends_first).then(|| Self { absent_is_zero, from: from.clone(), to: to.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn partition(source: &str, whole: &str, parts: &str, years: (Option<&str>, Option<&str>)) -> Partition {
        Partition {
            source: source.to_owned(),
            dimension: Dimension::Current,
            whole: whole.to_owned(),
            parts: parts.split('|').map(str::to_owned).collect(),
            absent_is_zero: false,
            valid_from: years.0.map(str::to_owned),
            valid_to: years.1.map(str::to_owned),
            note: None,
        }
    }

    fn found(partitions: Vec<Partition>, codes: &str) -> Vec<(String, Option<String>, Option<String>)> {
        let dataset = Dataset { partitions, ..Dataset::default() };
        let codes: Vec<String> = codes.split('|').map(str::to_owned).collect();
        let sources = ["a".to_owned(), "b".to_owned()];
        let sums = sums(&dataset, sources.iter(), (Dimension::Current, &codes));
        sums.into_iter().map(|sum| (sum.source, sum.valid_from, sum.valid_to)).collect()
    }

    #[test]
    fn codes_are_apart_for_the_sources_that_declare_it() {
        let open = (None, None);
        let both = vec![partition("*", "T", "x|y|z", open), partition("b", "T", "x|yz", open)];
        assert_eq!(
            found(both, "x|y"),
            [("a".to_owned(), None, None)],
            "a source's own parts replace those of any"
        );
        assert_eq!(found(vec![partition("b", "T", "x|y", open)], "y|x").len(), 1);
        assert_eq!(found(vec![partition("b", "T", "x|y", open)], "x|q"), []);
        assert_eq!(found(vec![partition("b", "T", "x|y", open)], "x|x"), []);
    }

    #[test]
    fn parts_of_different_parts_are_apart_and_a_part_of_another_is_not() {
        let open = (None, None);
        let tree = || vec![partition("a", "T", "x|y", open), partition("a", "y", "y1|y2", open)];
        for (codes, apart) in
            [("x|y1", true), ("y1|y2", true), ("x|y1|y2", true), ("y|y1", false), ("T|x", false)]
        {
            assert_eq!(!found(tree(), codes).is_empty(), apart, "{codes}");
        }
    }

    #[test]
    fn parts_that_changed_are_a_sum_for_each_time() {
        let (early, late) = ((None, Some("2021")), (Some("2022"), None));
        let parts = vec![partition("a", "T", "x|y|z", early), partition("a", "T", "x|y", late)];
        let times = [(None, Some("2021")), (Some("2022"), None)];
        let times = times.map(|(from, to)| ("a".to_owned(), from.map(str::to_owned), to.map(str::to_owned)));
        assert_eq!(found(parts, "x|y"), times);
        let never = vec![partition("a", "T", "x|y", late), partition("a", "y", "y1|y2", early)];
        assert_eq!(found(never, "x|y1"), [], "y1 was part of y when y was not yet beside x");
        let never = vec![partition("a", "T", "x|y", late), partition("a", "y", "y1|y2", early)];
        assert_eq!(found(never, "x|y1|y2"), []);
    }
}
