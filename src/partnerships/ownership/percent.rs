//! Shares as fractions of one, exact to 28 digits, and as the percent of an answer.

use rust_decimal::Decimal;
use rust_decimal::prelude::{FromPrimitive as _, ToPrimitive as _};
use serde_json::Number;

/// A fraction of one.
pub fn fraction(percent: Decimal) -> Decimal {
    percent / Decimal::ONE_HUNDRED
}

/// In percent, with the digits that a number of JSON holds.
pub fn percent(fraction: Decimal) -> Number {
    number(fraction * Decimal::ONE_HUNDRED)
}

/// A decimal number as one of JSON, a whole one without a fraction.
pub fn number(value: Decimal) -> Number {
    // By way of its text, which is read to the nearest number that there is.
    let nearest: f64 = value.to_string().parse().unwrap_or(f64::NAN);
    let whole = Decimal::from_f64(nearest).filter(Decimal::is_integer).and_then(|whole| whole.to_i64());
    whole.map(Number::from).or_else(|| Number::from_f64(nearest)).unwrap_or_else(|| Number::from(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percent_keeps_its_digits() {
        let of = |text: &str| percent(text.parse().unwrap()).to_string();
        assert_eq!(of("0.501"), "50.1");
        assert_eq!(of("1"), "100");
        assert_eq!(of("0.500"), "50");
        assert_eq!(of("0.17034"), "17.034");
        assert_eq!(of("0.3333333333333333333333333333"), "33.333333333333336");
        assert_eq!(of("0.99999999999999999999999"), "100");
        assert_eq!(fraction("33.78".parse().unwrap()).to_string(), "0.3378");
    }
}
