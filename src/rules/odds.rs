//! Amounts in words that differ for the same thing.

use crate::timeseries::span::Span;

/// The pairs of amounts that are stated for the same thing and for some same day, and differ. Each is given by what it is for, the amount
/// and its days; a pair by their places.
pub fn at_odds<T: PartialEq, A: PartialEq>(amounts: &[(T, A, Span)]) -> Vec<(usize, usize)> {
    let differ = |(thing, amount, days): &(T, A, Span), (other, another, span): &(T, A, Span)| {
        thing == other && amount != another && days.overlaps(*span)
    };
    let of = |(at, one)| {
        let later = amounts.iter().enumerate().skip(at + 1);
        later.filter(move |(_, other)| differ(one, other)).map(move |(next, _)| (at, next))
    };
    amounts.iter().enumerate().flat_map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_differ_where_they_are_for_the_same_thing_on_the_same_day() {
        let span = |from: &str, until: &str| Span { from: from.parse().ok(), until: until.parse().ok() };
        let (first, second) = (span("2020-01-01", "2021-01-01"), span("2021-01-01", ""));
        let amounts =
            [("a", 1, first), ("a", 2, second), ("a", 2, first), ("b", 3, first), ("a", 1, span("", ""))];
        assert_eq!(at_odds(&amounts), [(0, 2), (1, 4), (2, 4)]);
    }
}
