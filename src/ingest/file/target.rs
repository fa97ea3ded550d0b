//! What a column of a file may be.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::nearest;
use crate::timeseries::key::Dimension;

/// What is told of an observation beside its codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fact {
    /// A, Q or M; without it the form of the period says it.
    Frequency,
    /// `2024`, `2024-Q3`, `2024-05` and the other forms that periods are written in.
    Period,
    /// The year, where the period stands in several columns.
    Year,
    /// The quarter in the year, 1 to 4.
    Quarter,
    /// The month in the year, 1 to 12.
    Month,
    /// The figure.
    Value,
    /// SDMX `OBS_STATUS` letter.
    Status,
    /// What the document says of this one figure.
    Note,
    /// The id of the document that states it.
    Document,
    /// `value`, or `confirmation` where it only dates the knowledge of a figure.
    Role,
}

impl Fact {
    /// Every fact.
    pub const ALL: [Self; 10] = [
        Self::Frequency,
        Self::Period,
        Self::Year,
        Self::Quarter,
        Self::Month,
        Self::Value,
        Self::Status,
        Self::Note,
        Self::Document,
        Self::Role,
    ];

    /// Its name in mappings and flags.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Frequency => "frequency",
            Self::Period => "period",
            Self::Year => "year",
            Self::Quarter => "quarter",
            Self::Month => "month",
            Self::Value => "value",
            Self::Status => "status",
            Self::Note => "note",
            Self::Document => "document",
            Self::Role => "role",
        }
    }
}

/// What a column may be: a dimension or a fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Target {
    /// The codes of a dimension.
    Dimension(Dimension),
    /// What is told beside them.
    Fact(Fact),
}

impl Target {
    /// How many there are.
    pub const COUNT: usize = Dimension::ALL.len() + Fact::ALL.len();

    /// Every target, dimensions first.
    pub fn all() -> impl Iterator<Item = Self> {
        let dimensions = Dimension::ALL.into_iter().map(Self::Dimension);
        dimensions.chain(Fact::ALL.into_iter().map(Self::Fact))
    }

    /// Its place among all.
    pub const fn place(self) -> usize {
        match self {
            Self::Dimension(dimension) => dimension as usize,
            Self::Fact(fact) => Dimension::ALL.len() + fact as usize,
        }
    }

    /// Its name in mappings and flags.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Dimension(dimension) => dimension.name(),
            Self::Fact(fact) => fact.name(),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::all().find(|target| target.name() == text).ok_or_else(|| {
            let all: Vec<&str> = Self::all().map(Self::name).collect();
            let near = nearest(text, all.iter().copied());
            let near = if near.is_empty() {
                String::new()
            } else {
                format!(", did you mean {}?", near.join(" or "))
            };
            format!("{text:?} is neither a dimension nor a fact{near}; there are {}", all.join(", "))
        })
    }
}

impl<'de> Deserialize<'de> for Target {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl Serialize for Target {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_target_has_a_place_of_its_own() {
        let places: Vec<usize> = Target::all().map(Target::place).collect();
        assert_eq!(places, (0..Target::COUNT).collect::<Vec<_>>());
        assert!(Target::all().all(|target| target.name().parse() == Ok(target)));
    }
}
