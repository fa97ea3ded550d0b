//! Makers' figures attributed to groups by who holds the makers: an answer of its own on top of a time-series read.

mod coverage;
mod exact;
mod model;
mod ownership;
mod parameters;
mod share;
mod spread;
#[cfg(test)]
mod tests;
mod told;
mod unit;

use std::time::Instant;

pub use model::Attributed;
use ownership::Ownership;
use parameters::Asked;
pub use share::{Basis, Rule};
use told::Told;
use unit::Unit;

use super::MOST_WHOLE;
use super::envelope::stamp_with;
use super::warnings;
use crate::app::App;
use crate::error::{Error, Result};
use crate::http::extract::Call;
use crate::http::reply::{Reply, tag};
use crate::partnerships;
use crate::timeseries::answer::Frame;
use crate::timeseries::dataset::{Dataset, Vocabulary};
use crate::timeseries::fetch::{Connections, Lease, Reader};
use crate::timeseries::key::Dimension;
use crate::timeseries::ranking;

/// The collections that it is made from beside figures, codes and sources.
const COLLECTIONS: [&str; 2] = ["partnerships", "organizations"];

/// Whether a call asks for figures by ownership.
pub(super) fn is_asked(call: &Call, dataset: &Dataset) -> bool {
    dataset.place(Dimension::Maker).is_some() && call.has("attribution")
}

/// Answers the figures of a dataset's makers by who holds them.
pub(super) async fn answer(
    app: &App,
    (vocabulary, dataset): (&Vocabulary, &Dataset),
    call: Call,
) -> Result<Reply> {
    let asked = Asked::read(call, vocabulary, dataset)?;
    let lease = Lease::new(&app.pool, &app.together);
    let connections = Connections::Lease(&lease);
    let now = Reader::now(&app.pool, &asked.plan, (dataset, vocabulary));
    let reader = Reader { connections, heavy: Some(&app.heavy), ..now };
    let start = Instant::now();
    let (frame, wholes) = ranking::with_wholes(&reader).await?;
    let ownership = ownership(&reader, &frame).await?;
    let nothing =
        if frame.is_empty() { Some(warnings::nothing(&reader, &asked.held()).await?) } else { None };
    let database_ms = start.elapsed().as_secs_f64() * 1000.0;
    let units = Unit::all(&reader, &frame);
    let told = Told::new(&asked, &reader, (&ownership, &units, &wholes));
    if told.rows() > MOST_WHOLE {
        let (estimate, limit) = (told.rows() as u64, MOST_WHOLE as u64);
        let way_out = "Name fewer codes or a shorter time".to_owned();
        return Err(Error::TooLarge { estimate, limit, way_out });
    }
    let body = told.body(nothing)?;
    let applied = serde_json::to_string(&asked.applied()).unwrap_or_default();
    let (version, last_modified) = stamp_with(vocabulary, &dataset.name, &COLLECTIONS);
    let format = asked.view.format;
    let tag = tag([asked.view.target.path.as_str(), &applied, &version, format.media_type()]);
    let reply = Reply::new(body, format, Some(tag), last_modified);
    Ok(Reply { language: Some(asked.language.code()), database_ms: Some(database_ms), ..reply })
}

/// Who holds the makers of a frame. [`Error::Moved`] where that is no longer of the versions that the query was understood by.
async fn ownership(reader: &Reader<'_>, frame: &Frame) -> Result<Ownership> {
    let codes = frame.series.iter().map(|series| series.code(reader.dataset, Dimension::Maker).to_owned());
    let makers: Vec<String> = codes.collect();
    let mut connection = reader.connections.one().await?;
    let holdings = partnerships::holdings(&mut connection, &makers).await?;
    let [known, named] = COLLECTIONS.map(|collection| reader.vocabulary.version(collection));
    if holdings.versions != (known, named) {
        return Err(Error::Moved);
    }
    Ok(Ownership::new(holdings))
}
