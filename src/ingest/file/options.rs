//! How a file is to be taken in, as flags or parameters say it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::mapping::Mapping;
use super::number::power_of_ten;
use crate::ingest::table;
use crate::timeseries::key::Dimension;
use crate::timeseries::period::PartialDate;

/// How a file is to be taken in. With the file it determines what comes of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a choice of its own")]
pub struct Options {
    /// A mapping that was given, or the name of one that is known; without it the form is recognised, or guessed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub given: Option<Mapping>,
    /// The name of a form that is known beforehand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub form: Option<String>,
    /// What goes before whatever the mapping says.
    pub says: Mapping,
    /// The sheet of a workbook; else its first visible one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sheet: Option<String>,
    /// The encoding of a text by its label; else UTF-8, or UTF-16 with a mark.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoding: Option<String>,
    /// What stands between the fields of a text; else it is found out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delimiter: Option<char>,
    /// The lists that unknown codes are added to, each with the code that they come below.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub add_codes: BTreeMap<Dimension, Option<String>>,
    /// Whether what is faulty is left out, and the rest taken in.
    pub skip_faulty: bool,
    /// Whether nothing is written.
    pub dry_run: bool,
    /// Whether a mapping that was guessed is used.
    pub accept_guess: bool,
    /// Whether it takes the place of what the same document stated before.
    pub replace: bool,
}

impl Options {
    /// How the bytes of the file are read.
    pub fn table(&self) -> table::Options {
        let delimiter = self.delimiter.and_then(|delimiter| u8::try_from(delimiter).ok());
        table::Options { encoding: self.encoding.clone(), delimiter, sheet: self.sheet.clone() }
    }

    /// What of it can be known to be wrong before the file is looked at: which option, its value, and why.
    pub fn faults(&self) -> Vec<(&'static str, String, String)> {
        let Mapping { scale, document, .. } = &self.says;
        let date = document.published.as_deref().map(|text| (text, text.parse::<PartialDate>().err()));
        let scale = scale.as_deref().map(|text| (text, power_of_ten(text).err()));
        let encoding = self.encoding.as_deref();
        let encoding = encoding.map(|label| (label, table::encoding(label).err().map(|wrong| wrong.reason)));
        let all = [("published", date), ("scale", scale), ("encoding", encoding)];
        let wrong = all.into_iter().filter_map(|(name, read)| {
            let (text, reason) = read?;
            Some((name, text.to_owned(), reason?))
        });
        wrong.collect()
    }

    /// A mapping with what goes before it.
    pub fn over(&self, base: Mapping) -> Mapping {
        let says = self.says.clone();
        let mut mapping = Mapping {
            dataset: says.dataset.or(base.dataset),
            digits: says.digits.or(base.digits),
            scale: says.scale.or(base.scale),
            thousands: says.thousands.or(base.thousands),
            jump: says.jump.or(base.jump),
            sums: says.sums.or(base.sums),
            document: says.document.or(base.document),
            wide: says.wide.or(base.wide),
            ..base
        };
        mapping.ignore.extend(says.ignore);
        mapping.missing.extend(says.missing);
        for (target, column) in says.columns {
            mapping.constants.remove(&target);
            mapping.columns.insert(target, column);
        }
        for (target, text) in says.constants {
            if let Some(column) = mapping.columns.remove(&target) {
                mapping.ignore.push(column);
            }
            mapping.rows.iter_mut().for_each(|rule| drop(rule.set.remove(&target)));
            mapping.constants.insert(target, text);
        }
        mapping
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::file::target::{Fact, Target};

    #[test]
    fn what_is_said_goes_before_the_mapping() {
        let says = Mapping::parse(
            "dataset = 'b'\nscale = '1e4'\n[constants]\ngeo = 'CN'\n[columns]\nvalue = '销量'\n",
        )
        .unwrap();
        let base = "dataset = 'a'\n[columns]\ngeo = 'region'\nvalue = 'n'\n[[rows]]\nset = { geo = 'X', status = 'F' }\n";
        let over = Options { says, ..Options::default() }.over(Mapping::parse(base).unwrap());
        let geo = Target::Dimension(Dimension::Geo);
        assert_eq!((over.dataset.as_deref(), over.scale.as_deref()), (Some("b"), Some("1e4")));
        assert_eq!((over.constants[&geo].as_str(), over.columns.get(&geo)), ("CN", None));
        assert_eq!(over.columns[&Target::Fact(Fact::Value)], "销量");
        assert_eq!((over.ignore, over.rows[0].set.len()), (vec!["region".to_owned()], 1));
    }
}
