//! What is said about a made market: its dataset, measure, source, document and codes, as data files beside those of the pack, so
//! that they are read and checked as those are.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;

use super::models::{Model, brands};
use super::monthly::published;
use super::places::City;
use super::{DATASET, FIRST, MEASURE, Market, SOURCE};
use crate::error::{Error, Result};
use crate::ingest::files::Files;

const TITLE: &str = "Synthetic registrations for load tests; no real figure";
const LICENCE: &str = "CC0-1.0";

const DATASET_TOML: &str = r#"
position = 1000
title_en = "Synthetic registrations for load tests; no real figure"
title_zh = "用于负载测试的合成上牌数据（非真实数据）"
description = """
Figures drawn by chance in the shape of China's market, to measure the service with: by city, maker, brand, model, vehicle class \
and powertrain, January 2016 to December 2025. They say nothing about any real city, maker, brand or model, of which some \
lend their codes. Every finest cell is listed and no total, zeros included.\
"""
dimensions = ["measure", "source", "geo", "maker", "brand", "model", "vehicle_class", "powertrain"]
frequencies = ["M"]
default_frequency = "M"
complete = true
licence = "CC0-1.0"
citation = "china-auto, synthetic registrations for load tests; no real figure."
"#;

/// A place of the pack.
#[derive(Deserialize)]
struct Place {
    code: String,
    name_en: String,
    name_zh: String,
}

impl Market {
    /// The document that states its figures: all of them, or those before its monthly releases.
    pub fn document(&self) -> String {
        format!("{SOURCE}-{}-{}", self.order.observations, self.order.seed)
    }

    /// The document of a month that comes as a release of its own.
    pub(super) fn document_of(&self, month: i32) -> String {
        let (year, month) = ((FIRST + month) / 12, (FIRST + month) % 12 + 1);
        format!("{}-{year}-{month:02}", self.document())
    }

    /// The files of the pack with all that describes the market, but without its observations.
    pub fn describe(&self, pack: &Files) -> Result<Files> {
        let files = pack.clone().with(&format!("datasets/{DATASET}.toml"), DATASET_TOML);
        let added = [
            ("codes/measure.csv", vec![measure()]),
            ("sources.csv", vec![source()]),
            ("documents.csv", self.document_rows()),
            ("codes/precedence.csv", vec![precedence()]),
            ("codes/partitions.csv", self.partitions()),
            ("codes/geo.csv", self.city_rows(pack)?),
            ("codes/model.csv", self.model_rows(pack)?),
        ];
        added.into_iter().try_fold(files, |files, (path, rows)| add(files, path, &rows))
    }

    fn document_rows(&self) -> Vec<Vec<String>> {
        let of = format!("{} observations, seed {}", self.order.observations, self.order.seed);
        let row = |document: &str, last: i32, title: &str| {
            let published = published(last).to_string();
            owned(&[document, SOURCE, "china-auto generate", title, "", &published, LICENCE, "", "patch"])
        };
        let first = row(&self.document(), self.monthly().start - 1, &format!("{TITLE} ({of})"));
        let later = self.monthly().map(|month| {
            let document = self.document_of(month);
            let printed = &document[document.len() - "2016-01".len()..];
            row(&document, month, &format!("{TITLE} ({of}): {printed}"))
        });
        std::iter::once(first).chain(later).collect()
    }

    fn city_rows(&self, pack: &Files) -> Result<Vec<Vec<String>>> {
        let text = pack.text("codes/geo.csv").unwrap_or_default();
        let places: std::result::Result<Vec<Place>, _> =
            csv::Reader::from_reader(text.as_bytes()).deserialize().collect();
        let places = places.map_err(|error| Error::internal("reading codes/geo.csv of the pack", error))?;
        let places: HashMap<&str, &Place> = places.iter().map(|place| (place.code.as_str(), place)).collect();
        let row = |city: &City| {
            let province = places.get(city.province)?;
            let name_en = format!("{}, synthetic city {}", province.name_en, city.number);
            let name_zh = format!("{}合成市{}", province.name_zh, city.number);
            let note = "made up for load tests";
            Some(owned(&[&city.code, city.province, &name_en, &name_zh, "city", "", "", note]))
        };
        Ok(self.made_cities().filter_map(row).collect())
    }

    fn model_rows(&self, pack: &Files) -> Result<Vec<Vec<String>>> {
        let brands = brands(pack)?;
        let models = self.variants.iter().map(|variant| &variant.model).filter(|model| model.made > 0);
        let models: BTreeMap<(&str, u32), &Model> =
            models.map(|model| ((model.brand.as_str(), model.made), model)).collect();
        let row = |model: &Model| {
            let brand = brands.iter().find(|brand| brand.code == model.brand)?;
            let name_en = format!("{} Synthetic {}", brand.name_en, model.made);
            let name_zh = format!("{}合成{}", brand.name_zh, model.made);
            let Model { code, brand, maker, vehicle_class, .. } = model;
            Some(owned(&[code, "", &name_en, &name_zh, brand, maker, vehicle_class]))
        };
        Ok(models.into_values().filter_map(row).collect())
    }

    /// Which parts make a whole, for the dimensions that have few.
    fn partitions(&self) -> Vec<Vec<String>> {
        let mut wholes: Vec<(&str, &str, Vec<&str>)> = vec![
            ("vehicle_class", "_T", vec!["PV", "CV"]),
            ("vehicle_class", "PV", vec!["PV_CAR", "PV_SUV", "PV_MPV"]),
            ("vehicle_class", "CV", vec!["CV_TRUCK", "CV_BUS"]),
            ("powertrain", "_T", vec!["ICE", "HEV", "NEV"]),
            ("powertrain", "NEV", vec!["BEV", "PHEV", "FCEV"]),
        ];
        let mut provinces: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for city in &self.cities {
            provinces.entry(city.province).or_default().push(&city.code);
        }
        if provinces.len() > 1 {
            wholes.push(("geo", "CN", provinces.keys().copied().collect()));
        }
        let divided = provinces.into_iter().filter(|(_, cities)| cities.len() > 1);
        wholes.extend(divided.map(|(province, cities)| ("geo", province, cities)));
        let row = |(dimension, whole, parts): (&str, &str, Vec<&str>)| {
            owned(&[DATASET, SOURCE, dimension, whole, &parts.join("|"), "yes", "", "", ""])
        };
        wholes.into_iter().map(row).collect()
    }

    fn made_cities(&self) -> impl Iterator<Item = &City> {
        self.cities.iter().filter(|city| city.code != city.province)
    }
}

fn measure() -> Vec<String> {
    let (name_en, name_zh) = ("Synthetic registrations", "合成上牌量");
    let definition = "Vehicles of a made market, to measure the service with; no real figure";
    owned(&[MEASURE, "", name_en, name_zh, "vehicles", "flow", "sum", DATASET, definition])
}

fn source() -> Vec<String> {
    let (name_en, name_zh) = ("Synthetic figures of this service", "本服务合成数据");
    let note = "Drawn by chance for load tests; no real figure";
    // Behind every other source.
    let precedence = "999999";
    owned(&[SOURCE, name_en, name_zh, "synthetic", "", precedence, LICENCE, note, TITLE])
}

fn precedence() -> Vec<String> {
    let note = "low trust: drawn by chance for load tests";
    owned(&[DATASET, "*", "*", "*", "1", SOURCE, SOURCE, "", note])
}

fn owned(fields: &[&str]) -> Vec<String> {
    fields.iter().map(|field| (*field).to_owned()).collect()
}

/// The files with rows behind those of one of them.
fn add(files: Files, path: &str, rows: &[Vec<String>]) -> Result<Files> {
    let failed = |error: csv::Error| Error::internal(format!("adding rows to {path}"), error);
    let mut text = files.text(path).unwrap_or_default().trim_end().to_owned();
    let mut writer = csv::Writer::from_writer(Vec::new());
    rows.iter().try_for_each(|row| writer.write_record(row)).map_err(failed)?;
    let added = writer.into_inner().map_err(|error| Error::internal("writing rows", error.to_string()))?;
    text.push('\n');
    text.push_str(&String::from_utf8_lossy(&added));
    Ok(files.with(path, text))
}
