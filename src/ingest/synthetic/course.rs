//! How the market goes over the months: its size, its seasons, the rise of new powertrains, the life of a model.

use super::dice::Dice;
use super::models::Variant;
use super::{MONTHS, Powertrain};

/// Vehicles registered in each year from 2016, in millions, roughly as they were.
const YEARS: [f64; 10] = [24.4, 24.8, 23.9, 22.6, 20.9, 22.4, 21.6, 23.2, 24.5, 25.6];

/// What each month is to the mean of its year, apart from the New Year.
const SEASONS: [f64; 12] = [1.03, 0.93, 1.03, 0.93, 0.94, 0.97, 0.92, 0.96, 1.05, 1.03, 1.08, 1.13];

/// The years from 2016 whose Chinese New Year fell into January; in all others it is in February.
const NEW_YEAR_IN_JANUARY: [usize; 4] = [1, 4, 7, 9];

/// One figure a month.
pub type Months = [f64; MONTHS as usize];

impl Powertrain {
    /// How well it sells, beside its best, at a share of the time from 0 to 1.
    fn trend(self, time: f64) -> f64 {
        match self {
            Self::Ice => 1.0 - 0.55 * time,
            Self::Hev => 0.15 + 0.6 * time,
            Self::Bev => 0.03 + 0.87 * time * time,
            Self::Phev => 0.02 + 0.88 * time * time * time,
            Self::Fcev => 0.05 + 0.1 * time,
        }
    }
}

/// How well a variant sells in each month beside others; 0 where it is not sold.
fn appeal(variant: &Variant) -> Months {
    std::array::from_fn(|month| {
        let at = i32::try_from(month).unwrap_or(i32::MAX);
        if !variant.months().contains(&at) {
            return 0.0;
        }
        let (age, left) = (f64::from(at - variant.launch), f64::from(variant.end - at));
        let rise = ((age + 1.0) / 8.0).min(1.0);
        let decline = (1.0 - (age - 48.0) / 150.0).clamp(0.4, 1.0);
        let end = if variant.end < MONTHS { (left / 7.0).min(1.0) } else { 1.0 };
        let time = f64::from(at) / f64::from(MONTHS);
        variant.weight * rise * decline * end * variant.powertrain.trend(time)
    })
}

/// The vehicles that the whole market registers in a month.
fn market(month: usize) -> f64 {
    let (year, of_year) = (month / 12, month % 12);
    let new_year = usize::from(!NEW_YEAR_IN_JANUARY.contains(&year));
    let holiday = if of_year == new_year { 0.72 } else { 1.0 };
    YEARS[year] * 1e6 / 12.0 * SEASONS[of_year] * holiday
}

/// What each variant registers in the whole country in each month, so that all together make the market.
pub fn national(variants: &[Variant]) -> Vec<Months> {
    let mut all: Vec<Months> = variants.iter().map(appeal).collect();
    for month in 0..MONTHS as usize {
        let whole: f64 = all.iter().map(|months| months[month]).sum();
        let scale = if whole > 0.0 { market(month) / whole } else { 0.0 };
        for months in &mut all {
            months[month] *= scale;
        }
    }
    all
}

/// A figure that is expected to be `mean`, as a whole number: a fifth more or less at most, and rounded up or down by chance, so
/// that many small ones still add up to what is expected.
#[expect(clippy::cast_possible_truncation, reason = "a month of the market is far below 2^63")]
pub fn figure(mean: f64, dice: &mut Dice) -> i64 {
    let (noise, rounding) = dice.pair();
    (mean * (0.8 + 0.4 * noise) + rounding) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_month_of_the_new_year_is_the_lowest_of_winter() {
        for year in 0..10 {
            let (january, february) = (market(12 * year), market(12 * year + 1));
            assert_eq!(january < february, NEW_YEAR_IN_JANUARY.contains(&year), "{}", 2016 + year);
            assert!(january.min(february) < market(12 * year + 2) * 0.8);
        }
    }

    #[test]
    fn small_figures_add_up_to_what_is_expected() {
        let mut dice = Dice::of(3, [9, 9, 9]);
        let sum: i64 = (0..100_000).map(|_| figure(0.3, &mut dice)).sum();
        assert!((29_000..31_000).contains(&sum), "{sum}");
        assert_eq!(figure(0.0, &mut dice), 0);
    }
}
