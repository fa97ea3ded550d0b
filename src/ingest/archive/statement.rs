//! What one row of statements says: its kind as a word and its value as a decimal.

use rust_decimal::Decimal;

use crate::timeseries::overlay::Kind;

/// The word of a figure that only repeats the one before it.
const RESTATED: &str = "restated";

/// The word of a statement. That of an edition which withdraws again what another has withdrawn is the same as the first's.
pub(super) fn word(kind: Kind, is_restated: bool) -> &'static str {
    if kind == Kind::Stated && is_restated { RESTATED } else { kind.name() }
}

/// The kind that a word says. Which figures repeat the one before is found out anew.
pub(super) fn kind(word: &str) -> Option<Kind> {
    if word == RESTATED { Some(Kind::Stated) } else { Kind::from_name(word) }
}

/// A value as it reads. `None` where it has more digits than a decimal can have.
pub(super) fn decimal(value: i64, decimals: u32) -> Option<String> {
    Decimal::try_from_i128_with_scale(value.into(), decimals).ok().map(|value| value.to_string())
}

/// The value of a decimal, in units of its last place. `None` where it is none, or would have to be rounded.
pub(super) fn scaled(text: &str, decimals: u32) -> Option<i64> {
    let decimal = Decimal::from_str_exact(text).ok()?;
    let missing = decimals.checked_sub(decimal.scale())?;
    decimal.mantissa().checked_mul(10_i128.checked_pow(missing)?)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_value_that_would_have_to_be_rounded_is_none() {
        assert_eq!(decimal(-1250, 2).unwrap(), "-12.50");
        assert_eq!(scaled("-12.5", 2), Some(-1250));
        for wrong in ["12.505", "1e3", "", "92233720368547758.08", "twelve"] {
            assert_eq!(scaled(wrong, 2), None, "{wrong}");
        }
    }

    #[test]
    fn a_word_says_its_kind() {
        for all in [Kind::Stated, Kind::Withdrawn, Kind::Confirmed] {
            assert_eq!([false, true].map(|restated| kind(word(all, restated))), [Some(all); 2]);
        }
        assert_eq!((word(Kind::Stated, true), kind("guessed")), ("restated", None));
    }

    proptest! {
        #[test]
        fn values_are_exact(value: i64, decimals in 0_u32..12) {
            prop_assert_eq!(scaled(&decimal(value, decimals).unwrap(), decimals), Some(value));
        }
    }
}
