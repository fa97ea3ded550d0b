//! The data files as they lie in `data/`, to compare with what the service answers.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Number, Value};

/// A row by column.
pub type Row = BTreeMap<String, String>;

/// What a column is in an answer.
#[derive(Debug, Clone, Copy)]
pub enum As {
    /// A text; null where it is empty.
    Text,
    /// A number; null where it is empty.
    Number,
    /// A list with this separator.
    List(char),
}

/// The rows of a file.
pub fn rows(file: &str) -> Vec<Row> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("data").join(file);
    let mut reader = csv::Reader::from_path(path).expect("the file is there");
    reader.deserialize().map(|row| row.expect("the rows have the columns of the header")).collect()
}

/// The record that a row should be: each column under the name of its field.
pub fn record(row: &Row, columns: &[(&str, &str, As)]) -> Value {
    let field = |(column, field, kind): &(&str, &str, As)| ((*field).to_owned(), value(&row[*column], *kind));
    let record: Map<String, Value> = columns.iter().map(field).collect();
    Value::Object(record)
}

/// The same fields of a record that was served.
pub fn served(record: &Value, columns: &[(&str, &str, As)]) -> Value {
    let field = |(_, field, _): &(&str, &str, As)| ((*field).to_owned(), record[*field].clone());
    let record: Map<String, Value> = columns.iter().map(field).collect();
    Value::Object(plain(record))
}

fn value(text: &str, kind: As) -> Value {
    match kind {
        As::List(_) if text.is_empty() => Value::Array(Vec::new()),
        As::List(separator) => text.split(separator).map(|part| Value::from(part.trim())).collect(),
        _ if text.is_empty() => Value::Null,
        As::Text => text.into(),
        As::Number => number(text.parse().expect("the column holds numbers")),
    }
}

/// Numbers compare by value: 1.0 and 1 are the same.
fn plain(record: Map<String, Value>) -> Map<String, Value> {
    let plain = |value: Value| value.as_f64().map_or(value, number);
    record.into_iter().map(|(name, value)| (name, plain(value))).collect()
}

fn number(value: f64) -> Value {
    Number::from_f64(value).map_or(Value::Null, Value::Number)
}
