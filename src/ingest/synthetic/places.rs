//! Where vehicles are registered: the provinces of the pack, and made cities below them.

use super::dice::Dice;

/// Each province with the cities that it is divided into, and its share of the market in percent, roughly as they are.
/// One that is a city itself has none below it.
const PROVINCES: [(&str, u32, f64); 31] = [
    ("CN-GD", 21, 10.8),
    ("CN-JS", 13, 8.2),
    ("CN-ZJ", 11, 7.9),
    ("CN-SD", 16, 7.6),
    ("CN-HA", 17, 6.2),
    ("CN-SC", 21, 5.1),
    ("CN-HE", 11, 4.9),
    ("CN-HB", 13, 4.2),
    ("CN-AH", 16, 4.0),
    ("CN-HN", 14, 3.9),
    ("CN-SH", 1, 3.0),
    ("CN-FJ", 9, 2.8),
    ("CN-SN", 10, 2.7),
    ("CN-BJ", 1, 2.6),
    ("CN-LN", 14, 2.6),
    ("CN-GX", 14, 2.5),
    ("CN-YN", 16, 2.5),
    ("CN-JX", 11, 2.4),
    ("CN-CQ", 1, 2.3),
    ("CN-SX", 11, 2.2),
    ("CN-GZ", 9, 2.0),
    ("CN-NM", 12, 1.6),
    ("CN-XJ", 14, 1.6),
    ("CN-HL", 13, 1.5),
    ("CN-JL", 9, 1.5),
    ("CN-TJ", 1, 1.4),
    ("CN-GS", 14, 1.1),
    ("CN-HI", 4, 0.8),
    ("CN-NX", 5, 0.5),
    ("CN-QH", 8, 0.3),
    ("CN-XZ", 7, 0.2),
];

/// A place that figures are of.
#[derive(Debug, Clone, PartialEq)]
pub struct City {
    /// Its code: a province's own where that has one place only.
    pub code: String,
    /// The province that it lies in.
    pub province: &'static str,
    /// Its number within the province, from 1, the largest first.
    pub number: u32,
    /// Its share of the market, from 0 to 1.
    pub share: f64,
}

/// The `count` largest places, in the order of their codes; the largest place of each province comes before all others.
pub fn cities(count: usize, seed: u64) -> Vec<City> {
    let mut cities: Vec<City> = (0..).zip(PROVINCES).flat_map(|(at, of)| province(at, of, seed)).collect();
    let rank = |city: &City| (city.number > 1, -city.share);
    cities.sort_by(|a, b| rank(a).partial_cmp(&rank(b)).expect("shares are numbers"));
    cities.truncate(count.max(1));
    let whole: f64 = cities.iter().map(|city| city.share).sum();
    let below: Vec<&str> = cities.iter().filter(|city| city.number == 2).map(|city| city.province).collect();
    for city in &mut cities {
        city.share /= whole;
        city.code = if below.contains(&city.province) {
            format!("{}-SYN{:02}", city.province, city.number)
        } else {
            city.province.to_owned()
        };
    }
    cities.sort_by(|a, b| a.code.cmp(&b.code));
    cities
}

fn province(at: u64, (province, count, percent): (&'static str, u32, f64), seed: u64) -> Vec<City> {
    let weights: Vec<f64> = (1..=count)
        .map(|number| (0.8 + 0.4 * Dice::of(seed, [1, at, number.into()]).unit()) / f64::from(number + 1))
        .collect();
    let whole: f64 = weights.iter().sum();
    let city = |(number, weight): (u32, &f64)| {
        let share = percent * weight / whole;
        City { code: String::new(), province, number, share }
    };
    (1..).zip(&weights).map(city).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_province_has_a_place_before_one_has_two() {
        let few = cities(31, 1);
        assert!(few.iter().all(|city| city.code == city.province), "{few:?}");
        let all = cities(1000, 1);
        assert_eq!(all.len(), 337);
        assert!(all.iter().any(|city| city.code == "CN-BJ") && all.iter().all(|city| city.code != "CN-GD"));
        assert!((all.iter().map(|city| city.share).sum::<f64>() - 1.0).abs() < 1e-9);
        let largest = all.iter().max_by(|a, b| a.share.total_cmp(&b.share)).unwrap();
        assert!(largest.share > 0.02, "{largest:?}");
    }
}
