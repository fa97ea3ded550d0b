//! What the columns of a file mean: a mapping, as a TOML file, flags or a guess say it.

use std::collections::BTreeMap;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::target::Target;
use crate::timeseries::key::Dimension;

/// How a file is read. Everything may be left out; what is missing and needed is told.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Mapping {
    /// The name of a form of file that is known beforehand.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// What such files are.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// The dataset that rows go to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dataset: Option<String>,
    /// The description of the dataset, which is created with the first such file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub describes: Option<String>,
    /// Columns that are left aside; `*` is all that mean nothing else.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ignore: Vec<String>,
    /// Texts that stand for a figure that is not stated.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
    /// Numbers with more significant digits are read to so many; a spreadsheet keeps 15.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digits: Option<u32>,
    /// What is done with values of more decimals than their measure has.
    #[serde(skip_serializing_if = "Fractions::is_refuse")]
    pub fractions: Fractions,
    /// Whether codes have their names behind them, as `A: Annual`.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub labels: bool,
    /// Values are multiplied by this power of ten: `1e4` for 万.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scale: Option<String>,
    /// What stands between thousands: `,` or a blank.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thousands: Option<char>,
    /// What is done with a row that repeats another.
    #[serde(skip_serializing_if = "Duplicates::is_refuse")]
    pub duplicates: Duplicates,
    /// Which steps within a series are told or refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jump: Option<Jump>,
    /// How far a whole may be from its parts before it is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sums: Option<Sums>,
    /// How such files are recognised.
    #[serde(skip_serializing_if = "Recognise::is_empty")]
    pub recognise: Recognise,
    /// The document that the file is.
    #[serde(skip_serializing_if = "Document::is_empty")]
    pub document: Document,
    /// Columns by what they are.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub columns: BTreeMap<Target, String>,
    /// Periods as headers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wide: Option<Wide>,
    /// What holds for all rows.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub constants: BTreeMap<Target, String>,
    /// Texts of a dimension's column by the codes that they mean.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub codes: BTreeMap<Dimension, BTreeMap<String, String>>,
    /// Sources that are added where they are unknown.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub source: Vec<NewSource>,
    /// Codes that are added where they are unknown.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub code: Vec<NewCode>,
    /// What holds for some rows.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rows: Vec<Rule>,
}

/// What is done with values of more decimals than their measure has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fractions {
    /// They are faults.
    #[default]
    Refuse,
    /// They are left out, and told.
    LeaveOut,
}

/// What is done with a row that repeats another.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Duplicates {
    /// It is a fault.
    #[default]
    Refuse,
    /// Where it states the same figure it is left out, and told; else it is a fault.
    Equal,
}

impl Fractions {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
    fn is_refuse(&self) -> bool {
        *self == Self::Refuse
    }
}

impl Duplicates {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
    fn is_refuse(&self) -> bool {
        *self == Self::Refuse
    }
}

/// A step from one figure to the next of its series that is too large to be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Jump {
    /// So many times the last accepted figure before it, or less than so many parts of it.
    pub factor: u32,
    /// Only where the larger of both is at least this, in the unit of the measure.
    #[serde(default)]
    pub above: i64,
    /// Whether it is a fault; else it is told.
    #[serde(default)]
    pub refuse: bool,
}

/// How far a whole may be from the sum of its declared parts, where the file states all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sums {
    /// In thousandths of the whole.
    pub per_mille: u32,
    /// Whether it is a fault; else it is told.
    #[serde(default)]
    pub refuse: bool,
}

/// How files of a form are recognised; all must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Recognise {
    /// The header has all of these.
    pub columns: Vec<String>,
    /// Some cell of the first rows contains one of these.
    pub texts: Vec<String>,
    /// Columns with a text that some row has there.
    pub values: BTreeMap<String, String>,
}

impl Recognise {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// The document that a file is: what its figures are read from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Document {
    /// Its id; made of the file's name and checksum where it is not given.
    #[serde(rename = "document", skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Who first published most of its figures.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Who published it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub publisher: Option<String>,
    /// Its title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Where it is found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// When it was published: 2024, 2024-05 or 2024-05-13.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub published: Option<String>,
    /// Under which terms it may be used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub licence: Option<String>,
    /// What else there is to know.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// `patch` (what it does not list stays) or `edition` (it speaks for its whole scope).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coverage: Option<Coverage>,
}

impl Document {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The same with what `other` says in its place.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            id: self.id.or(other.id),
            source: self.source.or(other.source),
            publisher: self.publisher.or(other.publisher),
            title: self.title.or(other.title),
            url: self.url.or(other.url),
            published: self.published.or(other.published),
            licence: self.licence.or(other.licence),
            note: self.note.or(other.note),
            coverage: self.coverage.or(other.coverage),
        }
    }
}

/// For how much a document speaks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Coverage {
    /// What it does not list stays as it was.
    #[default]
    Patch,
    /// Of its sources, measures and frequencies, what it no longer lists is withdrawn by it.
    Edition,
}

impl FromStr for Coverage {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "patch" => Ok(Self::Patch),
            "edition" => Ok(Self::Edition),
            _ => Err(format!("{text:?} is no coverage; expected patch or edition")),
        }
    }
}

/// Headers that are periods.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Wide {
    /// What may stand before the period in a header.
    pub strip: Vec<String>,
}

/// A source that comes with a file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NewSource {
    /// Its code.
    pub source: String,
    /// Its name in English.
    pub name_en: String,
    /// Its name in Chinese.
    pub name_zh: Option<String>,
    /// association, agency, press, research, company …
    pub kind: String,
    /// Its address in the web.
    pub homepage: Option<String>,
    /// Under which terms its figures may be used.
    pub licence: String,
    /// What its terms ask to be printed beside its figures.
    pub attribution: Option<String>,
    /// What it counts and how.
    pub note: Option<String>,
}

/// A code that comes with a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewCode {
    /// The list that it is of.
    pub dimension: Dimension,
    /// The code.
    pub code: String,
    /// The code above it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// Its name in English.
    pub name_en: String,
    /// Its name in Chinese.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name_zh: Option<String>,
    /// What it covers and what it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub definition: Option<String>,
    /// Of a region: country, province, city, region or world.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// What else there is to know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Of a model its `brand`, `maker` and `vehicle_class`; of a brand its `maker`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, String>,
}

/// What holds for the rows that fulfil its conditions.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Rule {
    /// Columns with the text, or the texts, that they must have.
    pub when: BTreeMap<String, Texts>,
    /// Columns with a text that some row above has there.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub below: BTreeMap<String, Texts>,
    /// What the rows are then; it goes before columns and constants.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub set: BTreeMap<Target, String>,
    /// Whether the rows are passed over.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub skip: bool,
    /// Why such rows cannot be taken in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refuse: Option<String>,
}

/// One text or several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Texts {
    /// One.
    One(String),
    /// Any of these.
    Any(Vec<String>),
}

impl Texts {
    /// All of them.
    pub fn all(&self) -> &[String] {
        match self {
            Self::One(text) => std::slice::from_ref(text),
            Self::Any(texts) => texts,
        }
    }
}

impl Mapping {
    /// Reads a mapping; says the line of what cannot be read.
    pub fn parse(text: &str) -> Result<Self, String> {
        toml::from_str(text).map_err(|error| {
            let line =
                error.span().map_or(1, |span| text[..span.start.min(text.len())].matches('\n').count() + 1);
            format!("line {line}: {}", error.message())
        })
    }

    /// The mapping as a file that can be edited and given again.
    pub fn text(&self) -> String {
        toml::to_string(self).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::super::target::Fact;
    use super::*;

    #[test]
    fn a_mapping_is_read_back_as_it_was_written() {
        let text = "dataset = 'production'\nscale = '1e4'\njump = { factor = 20 }\n[columns]\ngeo = '省份'\nyear = '年'\n\
                    [constants]\nmeasure = 'sales'\n[codes.geo]\n'沪' = 'CN-SH'\n[[rows]]\nskip = true\n\
                    when = { kind = ['total', 'sum'], region = '' }\n";
        let mapping = Mapping::parse(text).unwrap();
        assert_eq!(mapping.columns[&Target::Fact(Fact::Year)], "年");
        assert_eq!(Mapping::parse(&mapping.text()).unwrap(), mapping);
    }

    #[test]
    fn what_a_mapping_cannot_say_is_told_with_its_line() {
        let refused = Mapping::parse("[columns]\n\ncolour = 'red'\n").unwrap_err();
        assert!(refused.contains("\"colour\" is neither a dimension nor a fact"), "{refused}");
        let refused = Mapping::parse("datset = 'x'\n").unwrap_err();
        assert!(refused.starts_with("line 1") && refused.contains("datset"), "{refused}");
        let refused = "maket".parse::<Target>().unwrap_err();
        assert!(refused.contains("did you mean maker"), "{refused}");
    }
}
