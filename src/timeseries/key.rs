//! The key of a series: its public id, and where it is stored.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use super::period::Frequency;

/// The axes that observations have; every dataset uses some of them, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Dimension {
    /// What is counted: production, sales, outlets.
    Measure,
    /// Who first published the figure.
    Source,
    /// Country, region or province.
    Geo,
    /// Who built the vehicles.
    Maker,
    /// Under which brand.
    Brand,
    /// Which model.
    Model,
    /// Passenger, commercial and their kinds.
    VehicleClass,
    /// What drives it.
    Powertrain,
    /// Who operates the outlets.
    Operator,
    /// Public or private.
    Access,
    /// Alternating or direct current.
    Current,
}

impl Dimension {
    /// Every dimension, in the order of keys.
    pub const ALL: [Self; 11] = [
        Self::Measure,
        Self::Source,
        Self::Geo,
        Self::Maker,
        Self::Brand,
        Self::Model,
        Self::VehicleClass,
        Self::Powertrain,
        Self::Operator,
        Self::Access,
        Self::Current,
    ];

    /// Its name: the parameter, the field, the column.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Measure => "measure",
            Self::Source => "source",
            Self::Geo => "geo",
            Self::Maker => "maker",
            Self::Brand => "brand",
            Self::Model => "model",
            Self::VehicleClass => "vehicle_class",
            Self::Powertrain => "powertrain",
            Self::Operator => "operator",
            Self::Access => "access",
            Self::Current => "current",
        }
    }

    /// The dimensions above it: each of its codes leaves theirs to its rows where they are open.
    pub const fn above(self) -> &'static [Self] {
        match self {
            Self::Brand => &[Self::Maker],
            Self::Model => &[Self::Maker, Self::Brand],
            _ => &[],
        }
    }

    /// The dimension of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|d| d.name() == name)
    }
}

impl fmt::Display for Dimension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The code that stands for the total of a dimension, and for a dimension that a dataset does not have.
pub const TOTAL: &str = "_T";

/// The code of what a ranking does not show.
pub const OTHER: &str = "_O";

/// What stands between the codes of a sum: `BEV+PHEV`.
pub const PLUS: char = '+';

/// The key of a series as everybody sees it: `production:A.production.oica.CN._T._T._T._T._T`.
///
/// `codes` are those of the dataset's dimensions, in their order.
pub fn series_key<'a>(
    dataset: &str,
    frequency: Frequency,
    codes: impl IntoIterator<Item = &'a str>,
) -> String {
    let mut key = format!("{dataset}:{frequency}");
    for code in codes {
        key.push('.');
        key.push_str(code);
    }
    key
}

/// The parts of a series key: dataset, frequency, codes. `None` where the text has not the form of one.
pub fn parse_series_key(key: &str) -> Option<(&str, Frequency, Vec<&str>)> {
    let (dataset, rest) = key.split_once(':')?;
    let (frequency, codes) = rest.split_once('.')?;
    Some((dataset, frequency.parse().ok()?, codes.split('.').collect()))
}

/// Where a series is stored: the first 8 bytes of SHA-256 of its key, so that rows spread evenly over shards.
pub fn series_id(key: &str) -> i64 {
    let digest = Sha256::digest(key.as_bytes());
    let mut first = [0; 8];
    first.copy_from_slice(&digest[..8]);
    i64::from_be_bytes(first)
}

/// Why a text cannot be a code, or `None` where it can.
///
/// The characters refused are those that keys, lists and selections use, and the leading `_` of `_T` and `_O`.
pub fn illegal_code(code: &str) -> Option<&'static str> {
    if code.is_empty() {
        Some("a code cannot be empty")
    } else if code.starts_with('_') && code != TOTAL {
        Some("a code cannot start with _")
    } else if code.chars().any(|c| c.is_whitespace() || c.is_control() || "/.,:*+".contains(c)) {
        Some("a code holds no white space and none of / . , : * +")
    } else if code.len() > 100 {
        Some("a code is at most 100 bytes long")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_lists_the_codes_behind_dataset_and_frequency() {
        let key = series_key("production", Frequency::M, ["sales", "caam", "CN"]);
        assert_eq!(key, "production:M.sales.caam.CN");
        let parts = Some(("production", Frequency::M, vec!["sales", "caam", "CN"]));
        assert_eq!(parse_series_key(&key), parts);
        assert_eq!(parse_series_key("production:W.sales"), None);
        assert_eq!(series_id(&key), series_id("production:M.sales.caam.CN"));
        assert_ne!(series_id(&key), series_id("production:M.sales.caam.CN-BJ"));
    }

    #[test]
    fn codes_keep_clear_of_the_characters_of_keys() {
        for wrong in ["", "_O", "a.b", "a,b", "a:b", "a*", "a+b", "a/b", "a b", "a\u{0}"] {
            assert!(illegal_code(wrong).is_some(), "{wrong:?}");
        }
        for right in ["_T", "CN-BJ", "volkswagen--jetta", "PV_SUV"] {
            assert_eq!(illegal_code(right), None);
        }
    }
}
