//! An import as it is told.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::filters::{KINDS, STATES};
use crate::ingest::file::Report;
use crate::words::words;

/// An import: one or more releases that became visible at once, or the attempt at that.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
pub struct ImportEntry {
    /// Its number.
    pub id: i32,
    /// What it was: `bundled` with the service, a `file`, or `generated`: made up for load tests.
    #[schema(value_type = ImportedKind)]
    pub kind: String,
    /// How it stands.
    #[schema(value_type = ImportState)]
    pub state: String,
    /// What the file was called; null where it was none.
    pub file_name: Option<String>,
    /// The size of the file as received, in bytes; null where it was none.
    pub file_size: Option<i64>,
    /// SHA-256 over the file as received, in hexadecimal; of bundled data over all their files.
    pub checksum: String,
    /// Whether the file is kept as it was received.
    pub is_kept: bool,
    /// When the service had the whole file; null where it was taken in from the command line.
    pub received_at: Option<DateTime<Utc>>,
    /// When it was last begun; null where it was not, and from the command line.
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended, however it did; null while it is on its way.
    pub finished_at: Option<DateTime<Utc>>,
    /// Bytes of the file that were read so far; null where nobody counts them.
    pub bytes_read: Option<i64>,
    /// Rows that were read so far; null where nobody counts them.
    pub rows_read: Option<i64>,
    /// Whether somebody asked to end it before it was done.
    pub is_cancelled: bool,
    /// For `known`: the import by which the same file had been taken in the same way.
    pub same_as: Option<i32>,
    /// For `failed`: why.
    pub detail: Option<String>,
    /// The datasets that it had to do with; empty before it was done, and where it had to do with records alone.
    pub datasets: Vec<String>,
    /// How many releases it made, those of lists of codes, sources and documents included.
    pub releases: i32,
    /// How many of them were withdrawn.
    pub withdrawn: i32,
    /// How many faults the file has; null before it was read.
    pub faults: Option<i64>,
    /// How many warnings there are of it; null before it was read.
    pub warnings: Option<i64>,
    /// Where it and what it brought are, relative to the service.
    pub links: ImportLinks,
}

/// Where an import and what it brought are, relative to the service.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
pub struct ImportLinks {
    /// The import, with its report.
    #[serde(rename = "self")]
    pub this: String,
    /// Its releases; null where it has none.
    pub releases: Option<String>,
    /// For `known`: the import by which the file had been taken in.
    pub same_as: Option<String>,
}

/// An import with how its file was read and what came of it.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
pub struct ImportRecord {
    /// The import as the list has it.
    #[serde(flatten)]
    #[schema(inline)]
    pub import: ImportEntry,
    /// How the file was to be read, with only what was said; null where there was no file.
    #[schema(value_type = Option<Object>)]
    pub options: Option<serde_json::Value>,
    /// What came of reading the file; null before, and where there was none.
    pub report: Option<Report>,
}

/// A file as it is, as a body.
#[derive(Debug)]
pub struct ImportFile;

impl PartialSchema for ImportFile {
    fn schema() -> RefOr<Schema> {
        let text = ObjectBuilder::new().schema_type(Type::String);
        let format = SchemaFormat::KnownFormat(KnownFormat::Binary);
        text.format(Some(format)).description(Some("A file as it is.")).into()
    }
}

impl ToSchema for ImportFile {}

words! {
    /// What an import was of.
    ImportedKind = KINDS;
}

words! {
    /// How an import stands. `waiting` and `running` are on their way; `done` is in force; `checked` could be taken in and was only to be
    /// checked; `refused` has faults; `known` had been taken in before; `failed` for reasons beside the file; `cancelled` by a caller.
    /// Only `done` changed anything.
    ImportState = STATES;
}
