//! What is registered: the models of the pack, the best-selling ones, and behind them as many made ones as are needed; each with
//! the powertrains that it comes with.

use std::collections::{HashMap, HashSet};

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::dice::Dice;
use super::{MONTHS, Powertrain};
use crate::error::{Error, Result};
use crate::ingest::files::Files;
use crate::timeseries::key::TOTAL;

/// Brands of the pack that sell nothing with a combustion engine alone.
const NEW_ENERGY: [&str; 16] = [
    "aion",
    "aito",
    "deepal",
    "denza",
    "galaxy",
    "geometry",
    "leapmotor",
    "li-auto",
    "neta",
    "nio",
    "ora",
    "smart",
    "tesla",
    "xiaomi",
    "xpeng",
    "zeekr",
];

/// Brands of the pack that sell trucks and buses too.
const COMMERCIAL: [&str; 6] = ["byd", "changan", "geely", "jac", "jmc", "wuling"];

/// A brand of the pack.
#[derive(Debug, Clone, Deserialize)]
pub struct Brand {
    /// Its code.
    pub code: String,
    /// Its name in English.
    pub name_en: String,
    /// Its name in Chinese.
    pub name_zh: String,
    /// Who builds its models.
    maker: String,
    /// Who builds some of them too, separated by semicolons.
    makers_also: String,
}

/// A model: one of the pack, or a made one.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Model {
    /// Its code.
    pub code: String,
    /// Who builds it.
    pub maker: String,
    /// Its brand.
    pub brand: String,
    /// Its vehicle class, a finest one.
    pub vehicle_class: String,
    /// Its number among the made ones of its brand; 0 where it is one of the pack.
    #[serde(skip)]
    pub made: u32,
    /// Its place among all models, the best-selling one first.
    #[serde(skip)]
    rank: u32,
}

/// A model with one of its powertrains: how well it sells, where, and from when to when.
#[derive(Debug, Clone, PartialEq)]
pub struct Variant {
    /// The model.
    pub model: Model,
    /// What drives it.
    pub powertrain: Powertrain,
    /// How well it sells beside others.
    pub weight: f64,
    /// In which share of the cities it is sold, from 0 to 1.
    pub reach: f64,
    /// The month of its launch, counted from the first of all; negative where it was there before.
    pub launch: i32,
    /// The first month in which it is no longer sold; [`MONTHS`] where it still is.
    pub end: i32,
    /// Its number, by which its chances are drawn.
    pub number: u64,
}

/// All variants that there can be: those of one model of each maker, so that a market has the same makers whatever its size, then those of
/// the others, the best-selling models first. Never ends.
pub struct Variants {
    seed: u64,
    brands: Vec<Brand>,
    /// What comes first: the models of the pack, and a made one of each maker that has none there.
    first: std::vec::IntoIter<Model>,
    made: HashMap<String, u32>,
    /// How many models have a rank.
    ranked: u32,
    /// How many models came.
    models: u64,
    waiting: Vec<Variant>,
    count: u64,
}

/// The brands of the pack.
pub fn brands(files: &Files) -> Result<Vec<Brand>> {
    let mut brands: Vec<Brand> = rows(files, "codes/brand.csv")?;
    brands.retain(|brand| brand.code != TOTAL);
    Ok(brands)
}

fn rows<T: DeserializeOwned>(files: &Files, path: &str) -> Result<Vec<T>> {
    let mut reader = csv::Reader::from_reader(files.text(path).unwrap_or_default().as_bytes());
    let rows: std::result::Result<Vec<T>, _> = reader.deserialize().collect();
    rows.map_err(|error| Error::internal(format!("reading {path} of the bundled data"), error))
}

impl Variants {
    /// Those that the code lists of the pack and a seed lead to.
    pub fn new(files: &Files, seed: u64) -> Result<Self> {
        let (mut brands, mut models): (_, Vec<Model>) = (brands(files)?, rows(files, "codes/model.csv")?);
        models.retain(|model| model.code != TOTAL);
        shuffle(&mut brands, |at| Dice::of(seed, [2, 0, at]));
        shuffle(&mut models, |at| Dice::of(seed, [2, 1, at]));
        (1..).zip(&mut models).for_each(|(rank, model)| model.rank = rank);
        let (ranked, made, first) = (count(&models), HashMap::new(), Vec::new().into_iter());
        let mut all = Self { seed, brands, first, made, ranked, models: 0, waiting: Vec::new(), count: 0 };
        all.first = all.one_of_each_maker_first(models).into_iter();
        Ok(all)
    }

    /// The models of the pack behind the best-selling one of each maker, with a made one of each maker that has none there.
    fn one_of_each_maker_first(&mut self, models: Vec<Model>) -> Vec<Model> {
        let mut makers: HashSet<String> = HashSet::new();
        let (mut first, others): (Vec<Model>, _) =
            models.into_iter().partition(|model| makers.insert(model.maker.clone()));
        for brand in self.brands.clone() {
            let lacking: Vec<&str> =
                brand.makers().filter(|maker| makers.insert((*maker).to_owned())).collect();
            first.extend(lacking.into_iter().map(|maker| self.make(&brand, maker)));
        }
        first.extend(others);
        first
    }

    fn next_model(&mut self) -> Model {
        self.models += 1;
        if let Some(model) = self.first.next() {
            return model;
        }
        let mut dice = Dice::of(self.seed, [2, 2, self.models]);
        // The first brands of the list have the most models.
        let within = dice.below(count(&self.brands)) + 1;
        let brand = self.brands[dice.below(within) as usize].clone();
        let makers: Vec<&str> = brand.makers().collect();
        self.make(&brand, makers[dice.below(count(&makers)) as usize])
    }

    /// The next made model of a brand that one of its makers builds.
    fn make(&mut self, brand: &Brand, maker: &str) -> Model {
        self.ranked += 1;
        let number = self.made.entry(brand.code.clone()).or_default();
        *number += 1;
        let mut dice = Dice::of(self.seed, [2, 4, self.ranked.into()]);
        Model {
            code: format!("{}--syn{:03}", brand.code, *number),
            maker: maker.to_owned(),
            brand: brand.code.clone(),
            vehicle_class: class(&brand.code, dice.unit()).to_owned(),
            made: *number,
            rank: self.ranked,
        }
    }

    fn variant(&mut self, model: &Model, powertrain: Powertrain) -> Variant {
        let number = self.count;
        self.count += 1;
        let mut dice = Dice::of(self.seed, [3, number, 0]);
        // Few models sell most, as they do: half of all vehicles are of less than a tenth of the models.
        let rank = f64::from(model.rank);
        let weight = (0.5 + dice.unit()) / (rank + 8.0);
        let reach = 0.6 + 0.4 / (1.0 + rank / 100.0);
        let months = |end: u32, dice: &mut Dice| i32::try_from(dice.below(end)).expect("it is a few years");
        let early = if powertrain.is_new_energy() { 0.45 } else { 0.65 };
        let launch = if dice.unit() < early { months(60, &mut dice) - 60 } else { months(108, &mut dice) };
        let ends = dice.unit() < 0.25;
        let end = if ends { launch.max(0) + 24 + months(84, &mut dice) } else { MONTHS };
        Variant { model: model.clone(), powertrain, weight, reach, launch, end: end.min(MONTHS), number }
    }
}

impl Brand {
    /// Who builds its models.
    fn makers(&self) -> impl Iterator<Item = &str> {
        let also = self.makers_also.split(';').filter(|maker| !maker.is_empty());
        std::iter::once(self.maker.as_str()).chain(also)
    }
}

impl Iterator for Variants {
    type Item = Variant;

    fn next(&mut self) -> Option<Variant> {
        if self.waiting.is_empty() {
            let model = self.next_model();
            let dice = Dice::of(self.seed, [2, 3, self.models]).unit();
            let powertrains = powertrains(&model, dice);
            self.waiting = powertrains.iter().map(|powertrain| self.variant(&model, *powertrain)).collect();
        }
        self.waiting.pop()
    }
}

impl Variant {
    /// The months in which it is sold, as far as there are figures.
    pub fn months(&self) -> std::ops::Range<i32> {
        self.launch.max(0)..self.end
    }
}

fn count<T>(list: &[T]) -> u32 {
    u32::try_from(list.len()).expect("lists of codes are short")
}

fn shuffle<T>(all: &mut Vec<T>, dice: impl Fn(u64) -> Dice) {
    let mut drawn: Vec<(f64, T)> = (0..).zip(all.drain(..)).map(|(at, one)| (dice(at).unit(), one)).collect();
    drawn.sort_by(|a, b| a.0.total_cmp(&b.0));
    all.extend(drawn.into_iter().map(|(_, one)| one));
}

fn class(brand: &str, draw: f64) -> &'static str {
    match draw {
        draw if draw < 0.18 && COMMERCIAL.contains(&brand) => "CV_TRUCK",
        draw if draw < 0.24 && COMMERCIAL.contains(&brand) => "CV_BUS",
        draw if draw < 0.52 => "PV_SUV",
        draw if draw < 0.93 => "PV_CAR",
        _ => "PV_MPV",
    }
}

/// What a model comes with. A model of the pack that says so in its name comes with that alone.
fn powertrains(model: &Model, draw: f64) -> &'static [Powertrain] {
    use Powertrain::{Bev, Fcev, Hev, Ice, Phev};
    let named = |end: &str| model.code.ends_with(end);
    match draw {
        _ if named("-ev") => &[Bev],
        _ if named("-dm") => &[Phev],
        draw if model.vehicle_class.starts_with("CV") => {
            if draw < 0.15 {
                &[Bev, Fcev]
            } else if draw < 0.5 {
                &[Ice, Bev]
            } else {
                &[Ice]
            }
        }
        draw if NEW_ENERGY.contains(&model.brand.as_str()) => {
            if draw < 0.6 {
                &[Bev]
            } else {
                &[Bev, Phev]
            }
        }
        draw if draw < 0.30 => &[Ice],
        draw if draw < 0.42 => &[Ice, Hev],
        draw if draw < 0.56 => &[Ice, Phev],
        draw if draw < 0.64 => &[Ice, Hev, Phev, Bev],
        draw if draw < 0.84 => &[Bev],
        _ => &[Bev, Phev],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_model_of_each_maker_comes_first_whatever_its_rank() {
        let files = Files::bundled();
        let brands = brands(&files).unwrap();
        let all: Vec<Variant> = Variants::new(&files, 5).unwrap().take(2000).collect();
        let mut models: Vec<&Model> = all.iter().map(|variant| &variant.model).collect();
        models.dedup();
        let makers: HashSet<&str> = brands.iter().flat_map(Brand::makers).collect();
        let first: HashSet<&str> = models[..makers.len()].iter().map(|model| model.maker.as_str()).collect();
        assert_eq!(first, makers);
        let ranks: HashSet<u32> = models.iter().map(|model| model.rank).collect();
        assert_eq!(ranks.len(), models.len(), "each has a rank of its own");
        assert!((1..=models.len()).all(|rank| ranks.contains(&u32::try_from(rank).unwrap())));
        let is_made = |rank: u32| models.iter().any(|model| model.rank == rank && model.made > 0);
        assert!(!(1..=150).any(is_made), "models of the pack sell best");
    }

    #[test]
    fn made_models_have_real_parents() {
        let files = Files::bundled();
        let brands = brands(&files).unwrap();
        let all: Vec<Variant> = Variants::new(&files, 5).unwrap().take(2000).collect();
        for variant in all.iter().filter(|variant| variant.model.made > 0) {
            let Model { code, maker, brand, made, .. } = &variant.model;
            let brand = brands.iter().find(|known| known.code == *brand).unwrap();
            assert_eq!(*code, format!("{}--syn{made:03}", brand.code));
            assert!(brand.makers().any(|builds| builds == maker));
        }
        assert!(all.iter().all(|variant| !variant.months().is_empty()));
    }

    #[test]
    fn a_brand_without_engines_gets_none() {
        let all = Variants::new(&Files::bundled(), 5).unwrap().take(2000);
        let new_energy = |variant: &Variant| NEW_ENERGY.contains(&variant.model.brand.as_str());
        let mut tried = 0;
        for variant in all.filter(|v| new_energy(v) && v.model.vehicle_class.starts_with("PV")) {
            assert!(variant.powertrain.is_new_energy(), "{variant:?}");
            tried += 1;
        }
        assert!(tried > 50, "{tried}");
    }
}
