//! From a frame to bytes: rows, series and columns, as JSON, CSV or lines of JSON.

mod csv;
mod rows;
mod series;
mod text;

pub use csv::{csv, csv_chunk, csv_head};
pub use rows::{Covered, Row, Status, Value, coverage, documents, rows};
pub use series::{Codes, ColumnsItem, Point, SeriesItem, codes, columns, items, name, title, unit};
pub use text::{add_points, add_rows, filled};

use crate::language::Language;
use crate::timeseries::answer::Frame;
use crate::timeseries::dataset::{Dataset, Vocabulary};
use crate::timeseries::plan::Transform;

/// A frame with what is needed to write it.
#[derive(Debug, Clone, Copy)]
pub struct Written<'a> {
    /// What was read.
    pub frame: &'a Frame,
    /// The dataset it is of.
    pub dataset: &'a Dataset,
    /// Names and documents.
    pub vocabulary: &'a Vocabulary,
    /// The language of titles.
    pub language: Language,
    /// What the figures were computed by.
    pub transform: Transform,
}
