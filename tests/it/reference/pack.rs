//! A world and its documents written as the data files that the service loads.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use china_auto::ingest::Files;
use china_auto::timeseries::key::Dimension;
use china_auto::timeseries::plan::Aggregation;

use super::codes::{DIMENSIONS, codes};
use super::vintage::{Document, Fact, History};
use super::world::World;

const DESCRIPTION: &str = r#"
position = 1
title_en = "A test"
title_zh = "测试"
description = "Random figures."
dimensions = ["measure", "source", "geo", "maker", "vehicle_class", "powertrain", "access"]
frequencies = ["A", "Q", "M"]
default_frequency = "A"
complete = false
licence = "none"
citation = "none"
"#;

/// The files as they stand at one loading.
pub fn files(world: &World, history: &History, load: &BTreeMap<String, Document>) -> Files {
    let mut files = bare().with("datasets/test.toml", DESCRIPTION);
    for dimension in DIMENSIONS {
        let rows = codes(dimension).iter().map(|(code, parent, kind)| match dimension {
            Dimension::Geo | Dimension::Maker => format!("{code},{parent},{code},,{kind},,,"),
            _ => format!("{code},{parent},{code},,"),
        });
        files = filled(files, &format!("codes/{dimension}.csv"), rows);
    }
    for path in ["codes/brand.csv", "codes/model.csv", "codes/current.csv", "codes/operator.csv"] {
        let columns = files.text(path).unwrap().matches(',').count();
        files = filled(files, path, [format!("_T,,All{}", ",".repeat(columns - 2))]);
    }
    let makers = codes(Dimension::Maker).iter().filter(|(code, ..)| *code != "_T");
    let makers = makers.map(|(code, ..)| format!("{code},{code},,oem,CN,,,,,,"));
    files = filled(files, "partnerships/organizations.csv", makers);
    files = filled(files, "codes/measure.csv", measures(world));
    files = filled(files, "codes/partitions.csv", partitions(world));
    files = filled(files, "codes/precedence.csv", precedence(world));
    files = filled(files, "sources.csv", sources(world));
    let documents = load.iter().map(|(id, document)| {
        let date = document.published.map(|date| date.to_string()).unwrap_or_default();
        let coverage = if document.is_edition { "edition" } else { "patch" };
        format!("{id},{},Publisher,Title,,{date},none,,{coverage}", world.sources[0].0)
    });
    let mut files = filled(files, "documents.csv", documents);
    let columns = "measure,source,geo,maker,vehicle_class,powertrain,access,frequency,period,value,status,document_id,note,role";
    files = files.with("observations/test.csv", columns);
    filled(files, "observations/test.csv", load.iter().flat_map(|document| observations(history, document)))
}

/// The bundled files with their first lines alone.
fn bare() -> Files {
    let bundled = Files::bundled();
    let mut bare = bundled.clone();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("data");
    for folder in ["", "codes", "observations", "partnerships", "subsidies"] {
        for entry in root.join(folder).read_dir().unwrap() {
            let path = Path::new(folder).join(entry.unwrap().file_name());
            if path.extension().is_some_and(|extension| extension == "csv") {
                let path = path.display().to_string();
                bare = bare.with(&path, bundled.text(&path).unwrap().lines().next().unwrap());
            }
        }
    }
    bare
}

/// The files with rows added to one of them.
fn filled(files: Files, path: &str, rows: impl IntoIterator<Item = String>) -> Files {
    let mut text = files.text(path).unwrap().trim_end().to_owned();
    rows.into_iter().for_each(|row| write!(text, "\n{row}").unwrap());
    files.with(path, text + "\n")
}

fn measures(world: &World) -> impl Iterator<Item = String> {
    world.measures.iter().map(|measure| {
        let kind = if measure.is_stock { "stock" } else { "flow" };
        let (way, _) = Aggregation::ALL.into_iter().find(|(_, way)| *way == measure.aggregation).unwrap();
        format!("{0},,{0},,vehicles,{kind},{way},test,", measure.code)
    })
}

fn partitions(world: &World) -> impl Iterator<Item = String> {
    world.splits.iter().map(|split| {
        let day = |day: Option<chrono::NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
        let zero = if split.absent_is_zero { "yes" } else { "no" };
        let (source, dimension, whole, parts) =
            (&split.source, split.dimension, &split.whole, split.parts.join("|"));
        format!("test,{source},{dimension},{whole},{parts},{zero},{},{},", day(split.from), day(split.to))
    })
}

fn precedence(world: &World) -> impl Iterator<Item = String> {
    world.rows.iter().map(|row| {
        let frequencies: Vec<&str> = row.frequencies.iter().map(|frequency| frequency.code()).collect();
        let frequencies = if frequencies.is_empty() { "*".to_owned() } else { frequencies.join("|") };
        let until = row.until.map(|date| date.to_string()).unwrap_or_default();
        let note = if row.low_trust { "low trust" } else { "" };
        let (measure, level, rank, scope) = (&row.measure, &row.level, row.rank, &row.scope);
        let sources = row.sources.join("|");
        format!("test,{measure},{frequencies},{level},{rank},{scope},{sources},{until},{note}")
    })
}

fn sources(world: &World) -> impl Iterator<Item = String> {
    (1..).zip(&world.sources).map(|(place, (source, is_press))| {
        let kind = if *is_press { "press" } else { "agency" };
        format!("{source},{source},,{kind},,{place},none,,")
    })
}

fn observations<'a>(
    history: &'a History,
    (id, document): (&'a String, &'a Document),
) -> impl Iterator<Item = String> + 'a {
    document.facts.iter().map(move |((series, period), fact)| {
        let (source, frequency, codes) = &history.series[*series];
        let period = china_auto::timeseries::period::Period::new(*frequency, *period).unwrap();
        let (value, status, role) = match fact {
            Fact::States(value, status) => (*value, char::from(*status), "value"),
            Fact::Confirms(value) => (Some(*value), 'A', "confirmation"),
        };
        let value = value.map(|value| value.to_string()).unwrap_or_default();
        let (measure, codes) = (&codes[0], codes[1..].join(","));
        format!("{measure},{source},{codes},{frequency},{period},{value},{status},{id},,{role}")
    })
}
