//! The vocabulary of computable subsidy rules: what a row of `subsidies/rules.csv` can say. The loader of the files refuses rows
//! that say nothing which can be computed; the quote computes what the others say.
//!
//! The rows are data, and so is what they ask of a vehicle: whatever criterion a row names can be given in a request.

mod cells;
mod odds;

use std::collections::BTreeMap;

use rust_decimal::Decimal;

pub use cells::{Cells, Unclear};
pub use odds::at_odds;

/// What rules say.
pub const RULE_PARTS: [&str; 9] =
    ["condition", "amount", "limit", "multiplier", "cap", "vat", "tax", "ceiling", "excludes"];

/// The criterion that stands for the purchase tax itself.
pub const PURCHASE_TAX: &str = "purchase_tax_cny";

/// The criterion that stands for the price with value-added tax, before any grant.
pub const PRICE: &str = "price_cny";

/// The criterion that stands for the price that the purchase tax is counted from.
pub const NET_PRICE: &str = "price_without_vat_cny";

/// What a row means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meaning {
    /// When it holds.
    pub test: Test,
    /// What follows.
    pub effect: Effect,
}

/// When a row holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Test {
    /// For every vehicle.
    Always,
    /// Where the criterion lies within bounds: the lower inclusive, the upper exclusive.
    Band {
        /// What must lie within them.
        criterion: String,
        /// The lower bound.
        min: Option<Decimal>,
        /// The upper bound.
        max: Option<Decimal>,
    },
    /// Where the criterion is said to be true.
    Yes(String),
    /// Where the criterion is one of a few words.
    Word {
        /// What must be one of them.
        criterion: String,
        /// The words, as printed.
        words: Vec<String>,
    },
}

/// What follows from a row that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Nothing is granted where it does not hold.
    Condition,
    /// What is granted.
    Amount(Measure),
    /// The most that the amount is before it is multiplied.
    Limit(Measure),
    /// What the amount is multiplied with.
    Multiplier(Decimal),
    /// The most that is granted.
    Cap(Measure),
    /// The value-added tax, in percent of the price without it.
    Vat(Decimal),
    /// The purchase tax, in percent of the price without value-added tax.
    Tax(Decimal),
    /// The most that several instruments grant together.
    Ceiling(Together, Measure),
    /// The instruments that a vehicle cannot have beside this one.
    Excludes(Vec<String>),
}

/// A sum of money.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Measure {
    /// So many CNY.
    Cny(Decimal),
    /// So many CNY for one of a criterion.
    CnyPer(Decimal, String),
    /// So many percent of something.
    Percent(Decimal, Base),
}

/// What percents are of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Base {
    /// The purchase tax.
    Tax,
    /// The price with value-added tax.
    Price,
    /// All national purchase subsidies together.
    NationalGrants,
    /// What another instrument grants.
    Instrument(String),
}

/// Which grants a ceiling bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Together {
    /// Those of provinces and cities.
    Local,
    /// All of them.
    All,
}

/// What a criterion takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Form {
    /// A number.
    Number,
    /// `true` or `false`.
    YesNo,
    /// A word, for example one of these.
    Word(Vec<String>),
}

impl Meaning {
    /// The criteria that it asks a vehicle for, and what each takes.
    pub fn criteria(&self) -> Vec<(&str, Form)> {
        let mut asked = Vec::new();
        match &self.test {
            Test::Always => {}
            Test::Band { criterion, .. } => asked.push((criterion.as_str(), Form::Number)),
            Test::Yes(criterion) => asked.push((criterion.as_str(), Form::YesNo)),
            Test::Word { criterion, words } => asked.push((criterion.as_str(), Form::Word(words.clone()))),
        }
        if matches!(self.effect, Effect::Tax(_)) {
            asked.extend([PRICE, NET_PRICE, PURCHASE_TAX].map(|criterion| (criterion, Form::Number)));
        }
        if let Some(measure) = self.effect.measure() {
            match measure {
                Measure::CnyPer(_, criterion) => asked.push((criterion.as_str(), Form::Number)),
                Measure::Percent(_, Base::Price) => asked.push((PRICE, Form::Number)),
                Measure::Cny(_) | Measure::Percent(..) => {}
            }
        }
        asked
    }
}

impl Effect {
    /// Whether it holds for all schemes alike.
    pub const fn is_of_all(&self) -> bool {
        matches!(self, Self::Vat(_) | Self::Tax(_) | Self::Ceiling(..) | Self::Excludes(_))
    }

    /// What it is a share of, where a vehicle is granted one. A ceiling grants nothing.
    pub const fn share_of(&self) -> Option<&Base> {
        match self {
            Self::Amount(Measure::Percent(_, base))
            | Self::Limit(Measure::Percent(_, base))
            | Self::Cap(Measure::Percent(_, base)) => Some(base),
            _ => None,
        }
    }

    /// The sum of money in it.
    pub const fn measure(&self) -> Option<&Measure> {
        match self {
            Self::Amount(measure) | Self::Limit(measure) | Self::Cap(measure) | Self::Ceiling(_, measure) => {
                Some(measure)
            }
            _ => None,
        }
    }
}

impl Measure {
    /// What it is a part of, where it is one.
    pub const fn base(&self) -> Option<&Base> {
        if let Self::Percent(_, base) = self { Some(base) } else { None }
    }
}

impl Base {
    /// The instrument that it is of, where it is of one.
    pub fn instrument(&self) -> Option<&str> {
        if let Self::Instrument(id) = self { Some(id) } else { None }
    }

    /// Whether it is what other instruments grant.
    pub const fn of_grants(&self) -> bool {
        matches!(self, Self::Instrument(_) | Self::NationalGrants)
    }
}

impl Test {
    /// What it looks at; `None` where at nothing.
    pub fn criterion(&self) -> Option<&str> {
        match self {
            Self::Always => None,
            Self::Band { criterion, .. } | Self::Yes(criterion) | Self::Word { criterion, .. } => {
                Some(criterion)
            }
        }
    }

    /// Whether some vehicle passes both.
    pub fn overlaps(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Band { min, max, .. }, Self::Band { min: low, max: high, .. }) => {
                max.zip(*low).is_none_or(|(max, low)| low < max)
                    && high.zip(*min).is_none_or(|(high, min)| min < high)
            }
            (Self::Word { words, .. }, Self::Word { words: others, .. }) => {
                words.iter().any(|word| others.contains(word))
            }
            _ => true,
        }
    }
}

impl Form {
    /// Whether two rules ask for the same kind of thing.
    pub const fn is_like(&self, other: &Self) -> bool {
        matches!(
            (self, other),
            (Self::Number, Self::Number) | (Self::YesNo, Self::YesNo) | (Self::Word(_), Self::Word(_))
        )
    }

    /// What several rules that name one criterion ask for: their words together; numbers before words.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Word(mut words), Self::Word(more)) => {
                words.extend(more.into_iter().filter(|word| !words.contains(word)).collect::<Vec<_>>());
                Self::Word(words)
            }
            (Self::Number, _) | (_, Self::Number) => Self::Number,
            (Self::YesNo, _) | (_, Self::YesNo) => Self::YesNo,
        }
    }

    /// The criteria of many rules.
    pub fn all<'a>(meanings: impl Iterator<Item = &'a Meaning>) -> BTreeMap<String, Self> {
        let mut all: BTreeMap<String, Self> = BTreeMap::new();
        for (criterion, form) in meanings.flat_map(Meaning::criteria) {
            let both = match all.remove(criterion) {
                Some(known) => known.and(form),
                None => form,
            };
            all.insert(criterion.to_owned(), both);
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells<'a>(part: &'a str, criterion: &'a str, unit: &'a str) -> Cells<'a> {
        let value = (!["condition", "excludes"].contains(&part)).then_some(Decimal::TEN);
        Cells { part, criterion, value, unit, ..Cells::default() }
    }

    fn banded<'a>(part: &'a str, criterion: &'a str, unit: &'a str) -> Cells<'a> {
        Cells { min: Some(Decimal::ONE), ..cells(part, criterion, unit) }
    }

    fn band(min: Option<i64>, max: Option<i64>) -> Test {
        Test::Band { criterion: "range_km".into(), min: min.map(Decimal::from), max: max.map(Decimal::from) }
    }

    #[test]
    fn bands_overlap_where_some_figure_lies_in_both() {
        assert!(!band(Some(100), Some(150)).overlaps(&band(Some(150), None)));
        assert!(band(Some(100), Some(151)).overlaps(&band(Some(150), None)));
        assert!(band(None, Some(100)).overlaps(&band(Some(50), Some(60))));
        assert!(band(None, None).overlaps(&band(Some(50), Some(60))));
        assert!(!band(Some(50), Some(60)).overlaps(&band(None, Some(50))));
        let word = |word: &str| Test::Word { criterion: "use".into(), words: vec![word.into()] };
        assert!(!word("a").overlaps(&word("b")) && word("a").overlaps(&word("a")));
        assert!(Test::Always.overlaps(&band(None, None)));
    }

    #[test]
    fn the_criteria_of_many_rules_are_told_with_what_they_take() {
        let rows = [
            banded("amount", "range_km", "CNY"),
            cells("limit", "battery_kwh", "CNY_per_kWh"),
            cells("amount", "scrapped_old_car", "CNY"),
            cells("condition", "city", "Hefei;Shenzhen"),
            cells("condition", "city", "Hefei;Shanghai"),
            cells("tax", NET_PRICE, "percent"),
        ];
        let meanings = rows.map(|cells| Meaning::read(&cells).unwrap());
        let all = Form::all(meanings.iter());
        let numbers = ["battery_kwh", PRICE, NET_PRICE, PURCHASE_TAX, "range_km"];
        assert!(numbers.iter().all(|criterion| all[*criterion] == Form::Number));
        assert_eq!(all["scrapped_old_car"], Form::YesNo);
        let cities = ["Hefei", "Shenzhen", "Shanghai"].map(str::to_owned).to_vec();
        assert_eq!(all["city"], Form::Word(cities));
        assert_eq!(all.len(), 7);
    }
}
