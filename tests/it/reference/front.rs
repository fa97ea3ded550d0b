//! The same questions asked of the service: as paths, with what it answers read back into the lines of the model.

use china_auto::timeseries::key::series_key;
use china_auto::timeseries::period::{Frequency, Period};
use china_auto::timeseries::plan::{Aggregation, Fill, Sources, Transform};
use serde_json::Value;

use super::world::{Answer, Answered, Asked, Group, Line, Number, Query, World};

/// One observation with its series.
pub type Row = (Answered, Line);

/// The question as a path.
pub fn path(world: &World, query: &Query) -> String {
    format!("/v1/datasets/test/observations?{}", words(world, query))
}

/// The question as the parameters of a request.
pub fn words(world: &World, query: &Query) -> String {
    let mut words: Vec<(&str, String)> = Vec::new();
    for dimension in &world.dimensions {
        let written = match &query.codes[dimension] {
            Asked::Unnamed => continue,
            Asked::Every => "*".to_owned(),
            Asked::Codes(codes) => codes.join(","),
            Asked::Below(above) => format!("children:{above}"),
        };
        words.push((dimension.name(), written));
    }
    let group = |(dimension, level): &Group| match level {
        Some(level) => format!("{dimension}:{level}"),
        None => dimension.to_string(),
    };
    let groups = query.groups.as_ref().map(|all| all.iter().map(group).collect::<Vec<_>>().join(","));
    words.extend(groups.map(|groups| ("group_by", groups)));
    match &query.sources {
        Sources::Best => {}
        Sources::All => words.push(("source", "all".to_owned())),
        Sources::Listed(codes) => words.push(("source", codes.join(","))),
    }
    if !query.converts {
        words.push(("frequency", "*".to_owned()));
    } else if query.frequencies != [Frequency::A] {
        words.push(("frequency", query.frequencies[0].to_string()));
    }
    let word_of = |way| Aggregation::ALL.into_iter().find(|(_, other)| *other == way).unwrap().0;
    let optional = [
        ("agg", query.aggregation.map(|way| word_of(way).to_owned())),
        ("partial", query.partial.map(|keep| if keep { "keep" } else { "drop" }.to_owned())),
        ("transform", (query.transform != Transform::Level).then(|| query.transform.to_string())),
        ("top", query.top.map(|top| top.to_string())),
        ("other", query.other.then(|| "true".to_owned())),
        ("start", query.start.map(|period| period.to_string())),
        ("end", query.end.map(|period| period.to_string())),
        ("last", query.last.map(|last| last.to_string())),
        ("as_of", query.as_of.as_ref().map(|date| date.written.clone())),
    ];
    words.extend(optional.into_iter().filter_map(|(name, word)| Some((name, word?))));
    let fill = Fill::ALL.into_iter().find(|(_, fill)| *fill == query.fill).unwrap().0;
    words.extend((query.fill != Fill::None).then(|| ("fill", fill.to_owned())));
    let words: Vec<String> = words.into_iter().map(|(name, word)| format!("{name}={word}")).collect();
    words.join("&")
}

/// The rows of an answer, each with the key that the model gives its series.
pub fn read(world: &World, query: &Query, rows: &[Value]) -> Vec<Row> {
    rows.iter().map(|row| line(world, query, row)).collect()
}

fn line(world: &World, query: &Query, row: &Value) -> Row {
    let text = |name: &str| row[name].as_str().unwrap_or_else(|| panic!("{name} of {row}")).to_owned();
    let period: Period = text("period").parse().unwrap();
    let codes: Vec<String> = world.dimensions.iter().map(|dimension| text(dimension.name())).collect();
    let frequency: Frequency = text("frequency").parse().unwrap();
    let source = text("source");
    let mut all = codes.clone();
    all.insert(1, source.clone());
    assert_eq!(text("series"), series_key("test", frequency, all.iter().map(String::as_str)), "{row}");
    assert_eq!(period.frequency(), frequency, "{row}");
    let coverage = row["coverage"].as_str().map(|text| {
        let (has, of) = text.split_once('/').unwrap();
        (has.parse().unwrap(), of.parse().unwrap())
    });
    let line = Line {
        period: period.ordinal(),
        value: number(&row["value"]),
        status: text("status").chars().next().unwrap(),
        source: source.clone(),
        derived: row["derived"].as_bool().unwrap(),
        coverage,
        reason: row["reason"].as_str().map(|reason| &*Box::leak(reason.to_owned().into_boxed_str())),
        low_trust: row["low_trust"].as_bool().unwrap(),
    };
    let of = if query.sources == Sources::Best { "best".to_owned() } else { source };
    ((frequency, codes, of), line)
}

fn number(value: &Value) -> Option<Number> {
    let whole = value.as_i64().map(Number::Whole);
    whole.or_else(|| value.as_f64().map(Number::Ratio))
}

/// The answer of the model as rows in the order of the service: by the keys of the series, then by period.
pub fn rows(answer: &Answer) -> Vec<Row> {
    let mut rows: Vec<_> = answer
        .iter()
        .flat_map(|(key, lines)| lines.iter().map(|line| (key.clone(), printed(line))))
        .collect();
    rows.sort_by_key(|((frequency, codes, source), line)| {
        (series_key("test", *frequency, codes.iter().map(String::as_str)), source.clone(), line.period)
    });
    rows
}

/// A ratio as it comes out of a text again.
fn printed(line: &Line) -> Line {
    let again = |number: Number| match number {
        Number::Ratio(ratio) => number_of(&serde_json::to_string(&ratio).unwrap()),
        Number::Whole(_) => number,
    };
    Line { value: line.value.map(again), ..line.clone() }
}

fn number_of(text: &str) -> Number {
    number(&serde_json::from_str(text).unwrap()).unwrap()
}
