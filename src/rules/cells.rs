//! The cells of a row of rules, read as what they mean; what says nothing that can be computed names the column at fault.

use rust_decimal::Decimal;

use super::{Base, Effect, Meaning, Measure, NET_PRICE, PRICE, PURCHASE_TAX, RULE_PARTS, Test, Together};

/// The cells of a row that say what it means.
#[derive(Debug, Clone, Copy, Default)]
pub struct Cells<'a> {
    /// One of [`RULE_PARTS`].
    pub part: &'a str,
    /// What the row depends on; empty where on nothing.
    pub criterion: &'a str,
    /// The lower bound, inclusive.
    pub min: Option<Decimal>,
    /// The upper bound, exclusive.
    pub max: Option<Decimal>,
    /// The amount, factor, limit or rate.
    pub value: Option<Decimal>,
    /// The unit of the value, or the words that a criterion may be.
    pub unit: &'a str,
}

/// Why a row says nothing that can be computed: the column at fault and what is wrong with it.
pub type Unclear = (&'static str, String);

impl Meaning {
    /// What a row means.
    pub fn read(cells: &Cells<'_>) -> Result<Self, Unclear> {
        if cells.value.is_some_and(|value| value.is_sign_negative()) {
            return Err(("value", "is negative".to_owned()));
        }
        let untested = ["vat", "tax", "ceiling", "excludes"].contains(&cells.part);
        if untested && cells.has_bounds() {
            return Err(("min", format!("a {} holds for every vehicle and has no bounds", cells.part)));
        }
        let (test, effect) = match cells.part {
            "condition" => (condition(cells)?, Effect::Condition),
            "amount" => (cells.test()?, Effect::Amount(cells.measure()?)),
            "limit" => (cells.test()?, Effect::Limit(cells.measure()?)),
            "cap" => (cells.test()?, Effect::Cap(cells.measure()?)),
            "multiplier" => (multiplier(cells)?, Effect::Multiplier(cells.needed()?)),
            "vat" => (Test::Always, Effect::Vat(cells.percent()?)),
            "tax" => (Test::Always, Effect::Tax(cells.percent()?)),
            "ceiling" => (Test::Always, ceiling(cells)?),
            "excludes" => (Test::Always, Effect::Excludes(cells.words("instruments")?)),
            _ => return Err(("part", format!("expected one of {}", RULE_PARTS.join(", ")))),
        };
        Ok(Self { test, effect })
    }
}

impl Cells<'_> {
    fn has_bounds(&self) -> bool {
        self.min.is_some() || self.max.is_some()
    }

    fn needed(&self) -> Result<Decimal, Unclear> {
        self.value.ok_or(("value", format!("a {} needs one", self.part)))
    }

    fn percent(&self) -> Result<Decimal, Unclear> {
        if self.unit != "percent" {
            return Err(("unit", format!("a {} is in percent", self.part)));
        }
        self.needed()
    }

    fn words(&self, what: &str) -> Result<Vec<String>, Unclear> {
        let words: Vec<String> = self.unit.split(';').map(|word| word.trim().to_owned()).collect();
        if words.iter().any(String::is_empty) {
            return Err(("unit", format!("a {} without bounds lists its {what}: A;B", self.part)));
        }
        Ok(words)
    }

    /// When an amount, limit or cap holds. What is multiplied or taken a share of is no test.
    fn test(&self) -> Result<Test, Unclear> {
        let criterion = self.criterion.to_owned();
        if self.has_bounds() {
            return self.band();
        }
        let base = [PURCHASE_TAX, PRICE, NET_PRICE].contains(&self.criterion);
        let quantity = self.unit.starts_with("CNY_per_") || self.unit.starts_with("percent_of_") && base;
        Ok(if criterion.is_empty() || quantity { Test::Always } else { Test::Yes(criterion) })
    }

    fn band(&self) -> Result<Test, Unclear> {
        if self.criterion.is_empty() {
            return Err(("criterion", "bounds need one".to_owned()));
        }
        Ok(Test::Band { criterion: self.criterion.to_owned(), min: self.min, max: self.max })
    }

    fn measure(&self) -> Result<Measure, Unclear> {
        let value = self.needed()?;
        let base = match self.unit {
            "CNY" => return Ok(Measure::Cny(value)),
            "percent_of_tax" => Base::Tax,
            "percent_of_price" => Base::Price,
            "percent_of_national_grants" => Base::NationalGrants,
            unit if unit.starts_with("CNY_per_") && !self.criterion.is_empty() => {
                return Ok(Measure::CnyPer(value, self.criterion.to_owned()));
            }
            unit => match unit.strip_prefix("percent_of:").filter(|instrument| !instrument.is_empty()) {
                Some(instrument) => Base::Instrument(instrument.to_owned()),
                None => return Err(("unit", MONEY.to_owned())),
            },
        };
        Ok(Measure::Percent(value, base))
    }
}

/// What counts money.
const MONEY: &str = "expected CNY, CNY_per_ with a criterion to multiply by, percent_of_tax, percent_of_price, \
                     percent_of_national_grants or percent_of: with an instrument";

fn condition(cells: &Cells<'_>) -> Result<Test, Unclear> {
    if cells.has_bounds() {
        return cells.band();
    }
    if cells.criterion.is_empty() {
        return Err(("criterion", "a condition needs one".to_owned()));
    }
    if cells.unit == "yes" {
        return Ok(Test::Yes(cells.criterion.to_owned()));
    }
    Ok(Test::Word { criterion: cells.criterion.to_owned(), words: cells.words("words")? })
}

fn multiplier(cells: &Cells<'_>) -> Result<Test, Unclear> {
    let word = cells.unit.strip_prefix("factor:").filter(|word| !word.is_empty());
    match (cells.unit, word) {
        ("factor", _) if cells.has_bounds() => cells.band(),
        ("factor", _) if cells.criterion.is_empty() => Ok(Test::Always),
        (_, Some(word)) if !cells.criterion.is_empty() => {
            Ok(Test::Word { criterion: cells.criterion.to_owned(), words: vec![word.to_owned()] })
        }
        _ => {
            let wanted =
                "expected factor, with bounds where there is a criterion, or factor: with a word of it";
            Err(("unit", wanted.to_owned()))
        }
    }
}

fn ceiling(cells: &Cells<'_>) -> Result<Effect, Unclear> {
    let together = match cells.criterion {
        "local_grants" => Together::Local,
        "grants" => Together::All,
        _ => return Err(("criterion", "of a ceiling is local_grants or grants".to_owned())),
    };
    let measure = cells.measure()?;
    match measure {
        Measure::Cny(_) | Measure::Percent(_, Base::Price | Base::NationalGrants) => {
            Ok(Effect::Ceiling(together, measure))
        }
        _ => Err(("unit", "of a ceiling is CNY, percent_of_price or percent_of_national_grants".to_owned())),
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
    fn each_form_of_a_row_has_its_meaning() {
        let read = |cells: Cells<'_>| Meaning::read(&cells).unwrap();
        let ten = Decimal::TEN;
        let per_kwh = read(cells("amount", "battery_kwh", "CNY_per_kWh"));
        assert_eq!(per_kwh.test, Test::Always);
        assert_eq!(per_kwh.effect, Effect::Amount(Measure::CnyPer(ten, "battery_kwh".into())));
        assert_eq!(
            read(cells("amount", "scrapped_old_car", "CNY")).test,
            Test::Yes("scrapped_old_car".into())
        );
        assert_eq!(
            read(cells("amount", "", "percent_of:X")).effect,
            Effect::Amount(Measure::Percent(ten, Base::Instrument("X".into())))
        );
        assert_eq!(read(cells("amount", PURCHASE_TAX, "percent_of_tax")).test, Test::Always);
        let commercial = Test::Word { criterion: "use".into(), words: vec!["commercial".into()] };
        assert_eq!(read(cells("multiplier", "use", "factor:commercial")).test, commercial);
        assert_eq!(read(banded("condition", "range_km", "km")).test, band(Some(1), None));
        let ceiling = Effect::Ceiling(Together::Local, Measure::Percent(ten, Base::NationalGrants));
        assert_eq!(read(cells("ceiling", "local_grants", "percent_of_national_grants")).effect, ceiling);
        assert_eq!(read(cells("excludes", "", "A;B")).effect, Effect::Excludes(vec!["A".into(), "B".into()]));
    }

    #[test]
    fn a_row_that_cannot_be_computed_names_the_column_at_fault() {
        let fault = |cells: Cells<'_>| Meaning::read(&cells).unwrap_err().0;
        assert_eq!(fault(cells("bonus", "", "CNY")), "part");
        assert_eq!(fault(cells("amount", "", "USD")), "unit");
        assert_eq!(fault(cells("amount", "", "CNY_per_kWh")), "unit");
        assert_eq!(fault(cells("amount", "", "percent_of:")), "unit");
        assert_eq!(fault(Cells { value: None, ..cells("amount", "", "CNY") }), "value");
        assert_eq!(fault(Cells { value: Some(-Decimal::ONE), ..cells("cap", "", "CNY") }), "value");
        assert_eq!(fault(banded("amount", "", "CNY")), "criterion");
        assert_eq!(fault(cells("condition", "", "")), "criterion");
        assert_eq!(fault(cells("condition", "city", "")), "unit");
        assert_eq!(fault(cells("multiplier", "range_km", "factor")), "unit");
        assert_eq!(fault(cells("multiplier", "", "factor:commercial")), "unit");
        assert_eq!(fault(cells("vat", "", "CNY")), "unit");
        assert_eq!(fault(cells("ceiling", "", "CNY")), "criterion");
        assert_eq!(fault(cells("ceiling", "grants", "percent_of_tax")), "unit");
        assert_eq!(fault(cells("excludes", "", "A;")), "unit");
        assert_eq!(fault(banded("ceiling", "grants", "CNY")), "min");
        assert_eq!(fault(banded("tax", "displacement_l", "percent")), "min");
    }
}
