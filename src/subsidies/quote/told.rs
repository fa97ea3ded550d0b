//! The words in which a quote tells what rules ask for and what follows from them.

use super::Verdict;
use super::book::Rule;
use super::range::Range;
use crate::rules::{Base, Effect, Measure, Test};
use crate::subsidies::number::number;

/// What a rule asks for, what the vehicle has, and what follows.
pub(super) fn check(rule: &Rule, given: Option<&str>, verdict: Verdict) -> String {
    let follows = follows(rule);
    let Some((criterion, wanted)) = rule.meaning.test.criterion().zip(wanted(&rule.meaning.test)) else {
        let open = if verdict == Verdict::Unknown { "; how much that is was not given" } else { "" };
        return format!("{follows}{open}");
    };
    let given = given.unwrap_or_default();
    match verdict {
        Verdict::Unknown => format!("{criterion} is not given; if it is {wanted}: {follows}"),
        Verdict::Pass if matches!(rule.meaning.test, Test::Yes(_)) => {
            format!("{criterion} is true: {follows}")
        }
        Verdict::Pass => format!("{criterion} is {given}, {wanted}: {follows}"),
        Verdict::Fail if rule.meaning.effect == Effect::Condition => {
            format!("{criterion} is {given}, not {wanted}: nothing is granted")
        }
        Verdict::Fail => format!("{criterion} is {given}, not {wanted}"),
    }
}

fn wanted(test: &Test) -> Option<String> {
    match test {
        Test::Always => None,
        Test::Yes(_) => Some("true".to_owned()),
        Test::Word { words, .. } => Some(format!("one of {}", words.join(", "))),
        Test::Band { min, max, .. } => Some(match (min.map(number), max.map(number)) {
            (Some(min), Some(max)) => format!("at least {min} and below {max}"),
            (Some(min), None) => format!("at least {min}"),
            (None, Some(max)) => format!("below {max}"),
            (None, None) => "anything".to_owned(),
        }),
    }
}

fn follows(rule: &Rule) -> String {
    match &rule.meaning.effect {
        Effect::Condition => "the condition holds; otherwise nothing is granted".to_owned(),
        Effect::Amount(measure) => told(measure),
        Effect::Limit(measure) => format!("the amount is at most {}", told(measure)),
        Effect::Cap(measure) => format!("at most {}", told(measure)),
        Effect::Multiplier(factor) => format!("times {}", number(*factor)),
        Effect::Vat(rate) => format!("value-added tax of {} percent", number(*rate)),
        Effect::Tax(rate) => format!("purchase tax of {} percent", number(*rate)),
        Effect::Ceiling(_, measure) => format!("together at most {}", told(measure)),
        Effect::Excludes(others) => format!("not beside {}", others.join(", ")),
    }
}

fn told(measure: &Measure) -> String {
    match measure {
        Measure::Cny(value) => format!("{} CNY", number(*value)),
        Measure::CnyPer(value, criterion) => format!("{} CNY for each 1 of {criterion}", number(*value)),
        Measure::Percent(percent, base) => {
            let base = match base {
                Base::Tax => "the purchase tax".to_owned(),
                Base::Price => "the price".to_owned(),
                Base::NationalGrants => "the national purchase subsidies".to_owned(),
                Base::Instrument(id) => format!("what {id} grants"),
            };
            format!("{} percent of {base}", number(*percent))
        }
    }
}

/// A sum of money.
pub(super) fn money(range: Range) -> String {
    if range == Range::OPEN {
        "a sum that was not told".to_owned()
    } else {
        format!("{} CNY", self::range(range))
    }
}

/// A figure, or from where to where it may lie.
pub(super) fn range(range: Range) -> String {
    match (range.certain(), range.max) {
        (Some(value), _) => number(value).to_string(),
        (None, Some(max)) => format!("{} to {}", number(range.min), number(max)),
        (None, None) => format!("{} or more", number(range.min)),
    }
}
