//! What is known of a sum of money that depends on what was not told: from the least to the most that it can be.

use rust_decimal::{Decimal, RoundingStrategy};

/// From the least to the most, never below zero; without an upper end where nothing bounds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Range {
    pub(super) min: Decimal,
    pub(super) max: Option<Decimal>,
}

impl Range {
    pub(super) const ZERO: Self = Self { min: Decimal::ZERO, max: Some(Decimal::ZERO) };
    pub(super) const ONE: Self = Self { min: Decimal::ONE, max: Some(Decimal::ONE) };
    /// Anything.
    pub(super) const OPEN: Self = Self { min: Decimal::ZERO, max: None };

    pub(super) const fn exactly(value: Decimal) -> Self {
        Self { min: value, max: Some(value) }
    }

    /// Either of both.
    pub(super) fn or(self, other: Self) -> Self {
        Self { min: self.min.min(other.min), max: self.max.zip(other.max).map(|(a, b)| a.max(b)) }
    }

    /// Either of all; nothing where there are none.
    pub(super) fn any(all: impl IntoIterator<Item = Self>) -> Self {
        all.into_iter().reduce(Self::or).unwrap_or(Self::ZERO)
    }

    pub(super) fn plus(self, other: Self) -> Self {
        let max = self.max.zip(other.max).map(|(a, b)| a.saturating_add(b));
        Self { min: self.min.saturating_add(other.min), max }
    }

    pub(super) fn sum(all: impl IntoIterator<Item = Self>) -> Self {
        all.into_iter().fold(Self::ZERO, Self::plus)
    }

    pub(super) fn times(self, other: Self) -> Self {
        let max = match (self.max, other.max) {
            (Some(a), Some(b)) => Some(a.saturating_mul(b)),
            // Nothing times anything is nothing.
            (Some(zero), None) | (None, Some(zero)) if zero.is_zero() => Some(zero),
            _ => None,
        };
        Self { min: self.min.saturating_mul(other.min), max }
    }

    /// So many percent of it.
    pub(super) fn percent(self, percent: Decimal) -> Self {
        self.times(Self::exactly(percent)).times(Self::exactly(Decimal::new(1, 2)))
    }

    /// The same to the fen, the hundredth of a CNY, in which tax is charged: what is divided by the VAT need not end.
    pub(super) fn to_the_fen(self) -> Self {
        let fen = |value: Decimal| value.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero);
        Self { min: fen(self.min), max: self.max.map(fen) }
    }

    /// It, or the limit where that is less.
    pub(super) fn at_most(self, limit: Self) -> Self {
        let max = match (self.max, limit.max) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (one, other) => one.or(other),
        };
        Self { min: self.min.min(limit.min), max }
    }

    /// Whether it is certain to be nothing.
    pub(super) fn is_zero(self) -> bool {
        self.max.is_some_and(|max| max.is_zero())
    }

    /// The value, where it is certain.
    pub(super) fn certain(self) -> Option<Decimal> {
        self.max.filter(|max| *max == self.min)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(min: i64, max: Option<i64>) -> Range {
        Range { min: min.into(), max: max.map(Decimal::from) }
    }

    #[test]
    fn ranges_keep_their_ends_apart() {
        assert_eq!(range(1, Some(2)).plus(range(10, None)), range(11, None));
        assert_eq!(range(1, Some(2)).or(range(5, Some(6))), range(1, Some(6)));
        assert_eq!(range(2, Some(3)).times(range(4, Some(5))), range(8, Some(15)));
        assert_eq!(Range::ZERO.times(Range::OPEN), Range::ZERO);
        assert_eq!(range(5, None).at_most(range(3, Some(4))), range(3, Some(4)));
        assert_eq!(range(5, Some(9)).at_most(range(7, None)), range(5, Some(9)));
        assert_eq!(Range::exactly(200.into()).percent(50.into()).certain(), Some(100.into()));
        assert_eq!(range(1, Some(2)).certain(), None);
        let exact = |text: &str| Range::exactly(text.parse().unwrap());
        assert_eq!(exact("11061.946902654867").to_the_fen(), exact("11061.95"));
        assert!(Range::any([]).is_zero() && !range(0, None).is_zero());
    }

    #[test]
    fn what_is_too_large_to_be_told_does_not_end_the_service() {
        let huge = Range::exactly(Decimal::MAX);
        assert_eq!(huge.times(huge).plus(huge).max, Some(Decimal::MAX));
    }
}
