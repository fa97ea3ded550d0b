//! What a reader should know of an answer before using it.

use std::collections::BTreeSet;

use super::Asked;
use crate::error::Result;
use crate::http::records::Warning;
use crate::timeseries::answer::Frame;
use crate::timeseries::fetch::Reader;
use crate::timeseries::key::Dimension;
use crate::timeseries::plan::Window;
use crate::timeseries::sql;

/// That nothing was found and where there is something; that the past is incomplete.
pub(super) async fn warnings(reader: &Reader<'_>, asked: &Asked, frame: &Frame) -> Result<Vec<Warning>> {
    let mut warnings = Vec::new();
    if frame.is_empty() && asked.view.paging.after.is_none() {
        let mut warning = Warning::no_data();
        if let Some(hint) = hint(reader, &asked.named).await? {
            warning.detail = format!("{}; {hint}", warning.detail);
        }
        warnings.push(warning);
    }
    if frame.late > 0 {
        let detail = format!(
            "{} figures for this time are first stated by documents over 24 months younger, or undated: what was known \
             then may lack them",
            frame.late
        );
        warnings.push(Warning::new("vintage_incomplete", detail));
    }
    Ok(warnings)
}

/// What the time, or the dimensions that were not named, would have to be for there to be figures.
async fn hint(reader: &Reader<'_>, named: &[Dimension]) -> Result<Option<String>> {
    let timed = reader.plan.as_of.is_some() || reader.plan.window != Window::default();
    if timed && !reader.list(None, (1, false)).await?.is_empty() {
        return Ok(Some("there are figures for another time".to_owned()));
    }
    let open: Vec<Dimension> = reader
        .dataset
        .dimensions
        .iter()
        .filter(|d| !named.contains(d) && **d != Dimension::Source)
        .copied()
        .collect();
    let found = reader.texts(&sql::codes_with_figures(reader.plan, named, &open)).await?;
    let mut parts = Vec::new();
    for (at, name) in ["frequency"].into_iter().chain(open.iter().map(|d| d.name())).enumerate() {
        let codes: BTreeSet<&str> = found.iter().filter_map(|row| row.get(at)).map(String::as_str).collect();
        let asked = reader.plan.applied().get(name).and_then(|v| v.as_str().map(str::to_owned));
        if !codes.is_empty() && asked.is_none_or(|asked| !codes.contains(asked.as_str())) {
            let codes: Vec<&str> = codes.into_iter().take(8).collect();
            parts.push(format!("{name}={}", codes.join(",")));
        }
    }
    Ok((!parts.is_empty()).then(|| format!("there are figures with {}", parts.join("&"))))
}
