//! Exact decimals as they are answered.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde_json::Number;

/// A decimal as a JSON number with its digits. Sums of money have at most fifteen, which the format keeps.
pub fn number(value: Decimal) -> Number {
    let value = value.normalize();
    let whole = value.to_i64().filter(|_| value.scale() == 0).map(Number::from);
    whole.or_else(|| value.to_f64().and_then(Number::from_f64)).unwrap_or_else(|| Number::from(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_the_digits_that_they_are_written_with() {
        for text in ["24750", "0", "22123.89", "0.95", "300000.01", "999999999999.99"] {
            assert_eq!(number(text.parse().unwrap()).to_string(), text);
        }
        assert_eq!(number("24750.00".parse().unwrap()).to_string(), "24750");
    }
}
