//! The codes that random worlds have.

use china_auto::timeseries::key::Dimension;

/// A code, the one above it, and its kind.
pub type Code = (&'static str, &'static str, &'static str);

const GEO: &[Code] = &[
    ("CN", "", "country"),
    ("CN-BJ", "CN", "province"),
    ("CN-SH", "CN", "province"),
    ("CN-GD", "CN", "province"),
    ("JP", "", "country"),
];

const MAKER: &[Code] = &[
    ("_T", "", ""),
    ("saic", "", "group"),
    ("saic-vw", "saic", "oem"),
    ("saic-gm", "saic", "oem"),
    ("byd", "", "oem"),
    ("tesla", "", "oem"),
];

const CLASS: &[Code] =
    &[("_T", "", ""), ("PV", "_T", ""), ("CV", "_T", ""), ("TRUCK", "CV", ""), ("BUS", "CV", "")];

const POWERTRAIN: &[Code] =
    &[("_T", "", ""), ("ICE", "_T", ""), ("NEV", "_T", ""), ("BEV", "NEV", ""), ("PHEV", "NEV", "")];

const ACCESS: &[Code] = &[("_T", "", ""), ("public", "_T", ""), ("private", "_T", "")];

/// The dimensions but the measure and the source.
pub const DIMENSIONS: [Dimension; 5] =
    [Dimension::Geo, Dimension::Maker, Dimension::VehicleClass, Dimension::Powertrain, Dimension::Access];

/// The codes of a dimension in their order.
pub fn codes(dimension: Dimension) -> &'static [Code] {
    match dimension {
        Dimension::Geo => GEO,
        Dimension::Maker => MAKER,
        Dimension::VehicleClass => CLASS,
        Dimension::Powertrain => POWERTRAIN,
        Dimension::Access => ACCESS,
        _ => &[],
    }
}

/// The code that stands for a dimension that a request does not name.
pub fn total(dimension: Dimension) -> &'static str {
    if dimension == Dimension::Geo { "CN" } else { "_T" }
}

/// The kind of a code; empty where it has none.
pub fn kind(dimension: Dimension, code: &str) -> &'static str {
    codes(dimension).iter().find(|(one, ..)| *one == code).map_or("", |(_, _, kind)| kind)
}

/// A code and all above it.
pub fn upwards(dimension: Dimension, code: &str) -> Vec<&'static str> {
    let mut all = Vec::new();
    let mut at = code;
    while let Some((code, above, _)) = codes(dimension).iter().find(|(code, ..)| *code == at) {
        all.push(*code);
        at = above;
    }
    all
}

/// The codes right below a code. At the top of a list the total is above those that name none.
pub fn children(dimension: Dimension, above: &str) -> Vec<String> {
    let is_below =
        |(code, parent, _): &&Code| *parent == above || (parent.is_empty() && above == "_T" && *code != "_T");
    codes(dimension).iter().filter(is_below).map(|(code, ..)| (*code).to_owned()).collect()
}
