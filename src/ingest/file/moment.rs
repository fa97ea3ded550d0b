//! Periods as files write them.

use crate::timeseries::period::{Frequency, Period};

/// What is taken for a period, for whoever wrote another.
pub const FORMS: &str = "2024, 2024-Q3, 2024Q3, 2024-05, 2024M05, 2024/05, 202405, 2024年, 2024年5月, 2024年3季度, \
                         or the first or last day of a month as 2024-05-31";

/// The period that a text means; where a frequency is known, of that one.
pub fn period(text: &str, frequency: Option<Frequency>) -> Option<Period> {
    // The forms that are ours come first: they are all but a few.
    let found =
        text.parse().ok().or_else(|| compact(text)).or_else(|| chinese(text)).or_else(|| day(text))?;
    frequency.is_none_or(|frequency| frequency == found.frequency()).then_some(found)
}

/// The period of a year and what stands beside it in columns of its own.
pub fn of_parts(year: &str, quarter: Option<&str>, month: Option<&str>) -> Option<Period> {
    let year: i32 = year.strip_suffix('年').unwrap_or(year).parse().ok()?;
    let number = |text: &str, most: i32| {
        let digits = text.trim_start_matches(['Q', 'M']).trim_end_matches(['月', '季', '度']);
        digits.parse::<i32>().ok().filter(|number| (1..=most).contains(number))
    };
    match (quarter, month) {
        (_, Some(month)) => Period::new(Frequency::M, year * 12 + number(month, 12)? - 1),
        (Some(quarter), None) => Period::new(Frequency::Q, year * 4 + number(quarter, 4)? - 1),
        (None, None) => Period::new(Frequency::A, year),
    }
}

/// A year of four digits and what stands behind it.
fn after_year(text: &str) -> Option<(i32, &str)> {
    let (year, rest) = text.split_at_checked(4)?;
    (year.bytes().all(|b| b.is_ascii_digit())).then(|| Some((year.parse().ok()?, rest)))?
}

/// `2024Q3`, `2024M05`, `2024/5`, `202405`.
fn compact(text: &str) -> Option<Period> {
    let (year, rest) = after_year(text)?;
    let digits = |text: &str| {
        let plain = (1..=2).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        plain.then(|| text.parse::<i32>().ok())?
    };
    if let Some(quarter) = rest.trim_start_matches([' ', '-', '/']).strip_prefix(['Q', 'q']) {
        let quarter = digits(quarter).filter(|quarter| (1..=4).contains(quarter))?;
        return Period::new(Frequency::Q, year * 4 + quarter - 1);
    }
    let month = match rest.strip_prefix(['M', 'm', '/', '-', '.']) {
        Some(month) => digits(month.trim_start_matches('M'))?,
        None => digits(rest).filter(|_| rest.len() == 2)?,
    };
    (1..=12).contains(&month).then(|| Period::new(Frequency::M, year * 12 + month - 1))?
}

/// `2024年`, `2024年5月`, `2024年3季度`, `2024年第3季度`.
fn chinese(text: &str) -> Option<Period> {
    let (year, rest) = after_year(text)?;
    let rest = rest.strip_prefix('年')?;
    if rest.is_empty() || rest == "度" {
        return Period::new(Frequency::A, year);
    }
    let number = |text: &str, most: i32| text.parse().ok().filter(|number| (1..=most).contains(number));
    if let Some(month) = rest.strip_suffix("月份").or_else(|| rest.strip_suffix('月')) {
        return Period::new(Frequency::M, year * 12 + number(month, 12)? - 1);
    }
    let quarter = rest.strip_suffix("季度")?;
    let quarter = number(quarter.strip_prefix('第').unwrap_or(quarter), 4)?;
    Period::new(Frequency::Q, year * 4 + quarter - 1)
}

/// The first or last day of a month.
fn day(text: &str) -> Option<Period> {
    let day: chrono::NaiveDate = text.replace('/', "-").parse().ok()?;
    let month = Period::new(
        Frequency::M,
        chrono::Datelike::year(&day) * 12 + chrono::Datelike::month0(&day).cast_signed(),
    )?;
    (day == month.first_day() || day == month.last_day()).then_some(month)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_forms_of_a_period_are_the_same_period() {
        let forms = [
            ("2024", &["2024", "2024年", "2024年度"][..]),
            ("2024-Q3", &["2024-Q3", "2024Q3", "2024 Q3", "2024q3", "2024年3季度", "2024年第3季度"]),
            (
                "2024-05",
                &[
                    "2024-05",
                    "2024M05",
                    "2024-M05",
                    "2024/5",
                    "2024.05",
                    "202405",
                    "2024年5月",
                    "2024年05月份",
                    "2024-05-01",
                    "2024/05/31",
                ],
            ),
        ];
        for (period, texts) in forms {
            for text in texts {
                assert_eq!(
                    super::period(text, None).map(|p| p.to_string()).as_deref(),
                    Some(period),
                    "{text}"
                );
            }
        }
        for wrong in
            ["", "24", "2024-13", "2024Q5", "2024-05-15", "20245", "2024年13月", "May 2024", "1024", "年"]
        {
            assert_eq!(super::period(wrong, None), None, "{wrong}");
        }
        assert_eq!(super::period("2024", Some(Frequency::M)), None);
    }

    #[test]
    fn a_period_may_stand_in_several_columns() {
        let text = |year, quarter, month| of_parts(year, quarter, month).map(|period| period.to_string());
        assert_eq!(text("2024", None, Some("5月")).as_deref(), Some("2024-05"));
        assert_eq!(text("2024年", Some("Q3"), None).as_deref(), Some("2024-Q3"));
        assert_eq!(text("2024", None, None).as_deref(), Some("2024"));
        assert_eq!(text("2024", None, Some("13")), None);
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in ".{0,12}", digits in "[0-9年月季度QM/.-]{0,10}") {
            let _ = (period(&text, None), period(&digits, Some(Frequency::M)), of_parts(&digits, Some(&text), None));
        }
    }
}
