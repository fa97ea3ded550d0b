//! Figures as files print them, exact.

use super::mapping::Mapping;

/// How the figures of a file are written.
#[derive(Debug, Clone, Copy, Default)]
pub struct Format {
    /// The power of ten that values are multiplied by.
    pub scale: i32,
    /// Numbers of more significant digits are read to so many.
    pub digits: Option<u32>,
    /// What stands between thousands.
    pub thousands: Option<char>,
}

/// Why a text is no figure of its measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrong {
    /// It is no number.
    NoNumber,
    /// It has more decimals than the measure.
    Fraction,
    /// It is larger than what is stored.
    TooLarge,
}

impl Format {
    /// As a mapping says.
    pub fn of(mapping: &Mapping) -> Result<Self, String> {
        let read = |text: &str| power_of_ten(text).map_err(|wrong| format!("scale: {text:?} {wrong}"));
        let scale = mapping.scale.as_deref().map_or(Ok(0), read)?;
        Ok(Self { scale, digits: mapping.digits, thousands: mapping.thousands })
    }

    /// The number as a whole one in units of 10^-decimals.
    pub fn read(self, text: &str, decimals: u32) -> Result<i64, Wrong> {
        let (negative, digits, exponent) = self.split(text).ok_or(Wrong::NoNumber)?;
        let exponent = exponent + self.scale + i32::try_from(decimals).unwrap_or(i32::MAX);
        let scaled = shift(digits, exponent)?;
        let scaled = i64::try_from(scaled).map_err(|_| Wrong::TooLarge)?;
        Ok(if negative { -scaled } else { scaled })
    }

    /// Sign, digits as a whole number, and the power of ten that this is multiplied by.
    fn split(self, text: &str) -> Option<(bool, i128, i32)> {
        let negative = text.starts_with('-');
        let text = text.strip_prefix('-').unwrap_or(text);
        let (number, exponent) = match text.find(['e', 'E']) {
            Some(at) => (&text[..at], text[at + 1..].parse::<i16>().ok()?),
            None => (text, 0),
        };
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if whole.is_empty() || (number.contains('.') && fraction.is_empty()) {
            return None;
        }
        let mut exponent = i32::from(exponent) - i32::try_from(fraction.len()).ok()?;
        let mut digits: i128 = 0;
        let mut groups = Groups::new(self.thousands);
        for c in whole.chars() {
            match c.to_digit(10) {
                Some(digit) => digits = push(digits, digit)?,
                None if Some(c) == self.thousands => groups.end()?,
                None => return None,
            }
            groups.count(c);
        }
        groups.finish()?;
        for c in fraction.chars() {
            digits = push(digits, c.to_digit(10)?)?;
        }
        if let Some(most) = self.digits {
            (digits, exponent) = shorten(digits, exponent, most);
        }
        Some((negative, digits, exponent))
    }
}

/// The digits between two separators: three, fewer only before the first.
struct Groups {
    separator: Option<char>,
    current: usize,
    any: bool,
}

impl Groups {
    const fn new(separator: Option<char>) -> Self {
        Self { separator, current: 0, any: false }
    }

    fn count(&mut self, c: char) {
        if Some(c) != self.separator {
            self.current += 1;
        }
    }

    fn end(&mut self) -> Option<()> {
        let fits = if self.any { self.current == 3 } else { (1..=3).contains(&self.current) };
        (self.any, self.current) = (true, 0);
        fits.then_some(())
    }

    fn finish(&self) -> Option<()> {
        (!self.any || self.current == 3).then_some(())
    }
}

/// At most 30 digits, so that nothing overflows on the way.
fn push(digits: i128, digit: u32) -> Option<i128> {
    (digits < 10i128.pow(29)).then(|| digits * 10 + i128::from(digit))
}

/// Rounds to so many significant digits, halves to the even one.
fn shorten(mut digits: i128, mut exponent: i32, most: u32) -> (i128, i32) {
    let length = digits.checked_ilog10().map_or(1, |log| log + 1);
    if length <= most {
        return (digits, exponent);
    }
    let cut = length - most;
    let unit = 10i128.pow(cut);
    let (kept, rest) = (digits / unit, digits % unit);
    let up = rest * 2 > unit || (rest * 2 == unit && kept % 2 == 1);
    digits = kept + i128::from(up);
    exponent += i32::try_from(cut).unwrap_or_default();
    (digits, exponent)
}

fn shift(mut digits: i128, exponent: i32) -> Result<i128, Wrong> {
    if digits == 0 {
        return Ok(0);
    }
    let steps = exponent.unsigned_abs();
    if exponent >= 0 {
        let factor = 10i128.checked_pow(steps).ok_or(Wrong::TooLarge)?;
        return digits.checked_mul(factor).ok_or(Wrong::TooLarge);
    }
    for _ in 0..steps {
        if digits % 10 != 0 {
            return Err(Wrong::Fraction);
        }
        digits /= 10;
    }
    Ok(digits)
}

/// The exponent of a power of ten; else what is wrong with the text.
pub fn power_of_ten(text: &str) -> Result<i32, String> {
    let wrong = || "is no power of ten as 1e4, 1000 or 0.001".to_owned();
    let plain = Format::default();
    let (negative, mut digits, mut exponent) = plain.split(text.trim()).ok_or_else(wrong)?;
    while digits > 1 && digits % 10 == 0 {
        (digits, exponent) = (digits / 10, exponent + 1);
    }
    if negative || digits != 1 || exponent.unsigned_abs() > 12 { Err(wrong()) } else { Ok(exponent) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, decimals: u32) -> Result<i64, Wrong> {
        Format::default().read(text, decimals)
    }

    #[test]
    fn a_figure_is_exact_or_refused() {
        for (text, decimals, value) in [
            ("11150000000", 0, 11_150_000_000),
            ("-1.5", 2, -150),
            ("7", 2, 700),
            ("49.00", 0, 49),
            ("1.20E-06", 9, 1_200),
            ("9.4e5", 0, 940_000),
            ("0", 9, 0),
            ("0.0", 0, 0),
            ("9223372036854775807", 0, i64::MAX),
        ] {
            assert_eq!(read(text, decimals), Ok(value), "{text}");
        }
        for text in
            ["", "-", "+1", " 1", "1,000", "1.", ".5", "1e", "e5", "0x10", "NaN", "1.5.2", "１２", "1e99999"]
        {
            assert_eq!(read(text, 0), Err(Wrong::NoNumber), "{text}");
        }
        assert_eq!(read("1.5", 0), Err(Wrong::Fraction));
        assert_eq!(read("1e-400", 9), Err(Wrong::Fraction));
        for text in ["9223372036854775808", "1e300", "99999999999999999999"] {
            assert_eq!(read(text, 0), Err(Wrong::TooLarge), "{text}");
        }
    }

    #[test]
    fn ten_thousands_are_scaled_without_a_rounding() {
        let wan = Format { scale: 4, ..Format::default() };
        assert_eq!(wan.read("3143.6", 0), Ok(31_436_000));
        assert_eq!(wan.read("3143.61234", 0), Err(Wrong::Fraction));
        assert_eq!(power_of_ten("1e4"), Ok(4));
        assert_eq!(power_of_ten("10000"), Ok(4));
        assert_eq!(power_of_ten("0.001"), Ok(-3));
        for wrong in ["2", "0", "-10", "1e40", "ten"] {
            assert!(power_of_ten(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn digits_beyond_those_of_a_spreadsheet_are_no_figure() {
        let sheet = Format { digits: Some(15), ..Format::default() };
        assert_eq!(sheet.read("220.00000000000003", 0), Ok(220));
        assert_eq!(sheet.read("9232.996696944674", 0), Err(Wrong::Fraction));
        assert_eq!(sheet.read("9232.996696944674", 11), Ok(923_299_669_694_467));
        assert_eq!(sheet.read("1234567", 0), Ok(1_234_567));
    }

    #[test]
    fn separators_stand_between_thousands_only() {
        let grouped = Format { thousands: Some(','), ..Format::default() };
        assert_eq!(grouped.read("1,234,567", 0), Ok(1_234_567));
        assert_eq!(grouped.read("999", 0), Ok(999));
        for wrong in ["1,23", "12,3456", ",123", "1,,234", "1234,567"] {
            assert_eq!(grouped.read(wrong, 0), Err(Wrong::NoNumber), "{wrong}");
        }
    }
}
