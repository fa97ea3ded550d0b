//! Exact decimals as they are printed: with all their digits.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

/// A number with all its digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exact(pub Decimal);

impl Exact {
    /// The number that this whole one stands for, with so many digits behind the point.
    pub fn scaled(scaled: i64, decimals: u32) -> Self {
        Self(Decimal::try_new(scaled, decimals).unwrap_or_default())
    }

    /// The number in percent of another, computed once and not rounded; `None` where that is 0.
    pub fn percent_of(self, whole: Self) -> Option<f64> {
        let (part, whole) = (self.0.to_f64()?, whole.0.to_f64()?);
        (whole != 0.0).then(|| part * 100.0 / whole)
    }
}

impl std::fmt::Display for Exact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.normalize().fmt(f)
    }
}

impl Serialize for Exact {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // The digits of a decimal are a number of JSON as they stand.
        let digits = RawValue::from_string(self.to_string()).map_err(serde::ser::Error::custom)?;
        digits.serialize(serializer)
    }
}
