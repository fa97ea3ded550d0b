//! Observations as CSV: the columns of the rows, in their order. Texts are such that no spreadsheet takes one for a formula.

use bytes::Bytes;

use super::Written;
use super::rows::{Row, rows};
use crate::error::{Error, Result};
use crate::spreadsheet::guarded;
use crate::timeseries::key::Dimension;

/// Writes the observations of a frame as CSV, with a header row.
pub fn csv(written: Written<'_>) -> Result<Bytes> {
    let dimensions = &written.dataset.dimensions;
    let mut body = csv_head(dimensions)?;
    body.extend(csv_chunk(&mut rows(written), dimensions, usize::MAX)?.0);
    Ok(body.into())
}

/// The header row of a dataset with these dimensions.
pub fn csv_head(dimensions: &[Dimension]) -> Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let header = ["series"].into_iter().chain(dimensions.iter().map(|d| d.name()));
    let header = header.chain(["frequency", "period", "value", "status", "document", "note"]);
    let written = writer.write_record(header.chain(["low_trust", "derived", "coverage", "reason"]));
    written.map_err(failed)?;
    finished(writer)
}

/// Takes rows until they fill about so many bytes, and tells how many it took.
pub fn csv_chunk<'a>(
    rows: &mut impl Iterator<Item = Row<'a>>,
    dimensions: &[Dimension],
    bytes: usize,
) -> Result<(Vec<u8>, usize)> {
    let (mut writer, mut count) = (csv::Writer::from_writer(Vec::new()), 0);
    while writer.get_ref().len() < bytes
        && let Some(row) = rows.next()
    {
        writer.write_record(cells(&row, dimensions)).map_err(failed)?;
        count += 1;
    }
    Ok((finished(writer)?, count))
}

fn finished(writer: csv::Writer<Vec<u8>>) -> Result<Vec<u8>> {
    writer.into_inner().map_err(|error| Error::internal("writing an answer as CSV", error.to_string()))
}

fn failed(error: csv::Error) -> Error {
    Error::internal("writing an answer as CSV", error)
}

fn cells(row: &Row<'_>, dimensions: &[Dimension]) -> Vec<String> {
    let text = |text: &str| guarded(text).into_owned();
    let mut cells = vec![text(&row.series)];
    cells.extend(dimensions.iter().map(|dimension| text(code(row, *dimension))));
    cells.push(row.frequency.to_string());
    cells.push(row.period.map(|p| p.to_string()).unwrap_or_default());
    cells.push(row.value.map(|v| v.to_string()).unwrap_or_default());
    cells.push(row.status.letter().to_owned());
    cells.push(
        row.documents
            .as_ref()
            .map_or_else(|| text(row.document.unwrap_or_default()), |all| text(&all.join(";"))),
    );
    cells.push(text(row.note.unwrap_or_default()));
    cells.extend([row.low_trust, row.derived].map(|flag| flag.to_string()));
    cells.push(row.coverage.map(|covered| covered.to_string()).unwrap_or_default());
    cells.push(row.reason.unwrap_or_default().to_owned());
    cells
}

fn code<'a>(row: &Row<'a>, dimension: Dimension) -> &'a str {
    let code = match dimension {
        Dimension::Measure => Some(row.measure),
        Dimension::Source => Some(row.source),
        Dimension::Geo => Some(row.geo),
        Dimension::Maker => row.maker,
        Dimension::Brand => row.brand,
        Dimension::Model => row.model,
        Dimension::VehicleClass => row.vehicle_class,
        Dimension::Powertrain => row.powertrain,
        Dimension::Operator => row.operator,
        Dimension::Access => row.access,
        Dimension::Current => row.current,
    };
    code.unwrap_or_default()
}
