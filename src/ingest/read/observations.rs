//! The observations of a dataset: one row a series, period and document.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::Sheets;
use super::datasets::Dataset;
use crate::ingest::entry::{Observation, Series};
use crate::ingest::sheet::{Row, Sheet};
use crate::ingest::vocabulary::Vocabulary;
use crate::timeseries::key::{Dimension, TOTAL, series_id, series_key};
use crate::timeseries::period::{Frequency, Period};

/// What follows the dimensions in each row.
const FACTS: [&str; 7] = ["frequency", "period", "value", "status", "document_id", "note", "role"];

/// The SDMX `OBS_STATUS` letters that are taken.
const STATUSES: [&str; 7] = ["A", "E", "P", "F", "B", "I", "M"];

/// The observations of all datasets: the series, and the rows of each dataset and document.
#[derive(Default)]
pub struct Observations {
    /// Every series, once.
    pub series: Vec<Series>,
    /// By dataset and document, in the order of the file.
    pub rows: BTreeMap<(String, String), Vec<Observation>>,
    places: HashMap<String, usize>,
}

/// Reads the observations of every described dataset.
pub fn read(sheets: &Sheets<'_>, vocabulary: &Vocabulary) -> Observations {
    let mut all = Observations::default();
    for (path, name) in sheets.files.below("observations/", ".csv") {
        if !vocabulary.datasets.contains_key(name) {
            sheets.faults.file(
                path,
                name,
                format!("there is no readable datasets/{name}.toml to describe it"),
            );
        }
    }
    for (name, dataset) in &vocabulary.datasets {
        let dimensions = dataset.dimensions.iter().map(|dimension| dimension.name());
        let columns: Vec<&str> = dimensions.chain(FACTS).collect();
        let path = format!("observations/{name}.csv");
        let sheet = Sheet::read(sheets.files, &path, &columns, sheets.faults);
        let mut seen = HashSet::new();
        for row in sheet.rows() {
            let Some((series, observation)) = all.observation(name, dataset, &row, vocabulary) else {
                continue;
            };
            let document = row.known("document_id", &vocabulary.documents);
            if !seen.insert((series, observation.period, document.clone())) {
                row.fault("period", "the document states this series and period in an earlier row too");
            }
            all.rows.entry((name.clone(), document)).or_default().push(observation);
        }
    }
    all
}

impl Observations {
    /// One row; `None` where it has no period, which is told.
    fn observation(
        &mut self,
        name: &str,
        dataset: &Dataset,
        row: &Row<'_>,
        vocabulary: &Vocabulary,
    ) -> Option<(usize, Observation)> {
        check_codes(dataset, row, vocabulary);
        let (value, status) = figure(dataset, row);
        let confirmation = row.choice("role", &["value", "confirmation"]) == "confirmation";
        if confirmation && value.is_none() {
            row.fault("value", "a confirmation states the figure that it confirms");
        }
        let period = period(dataset, row)?;
        let series = self.series(name, dataset, period.frequency(), row);
        let note = row.optional("note");
        Some((series, Observation { series, period: period.ordinal(), value, status, confirmation, note }))
    }

    fn series(&mut self, name: &str, dataset: &Dataset, frequency: Frequency, row: &Row<'_>) -> usize {
        let codes = |skipped: Option<Dimension>| {
            let kept = dataset.dimensions.iter().filter(move |d| Some(**d) != skipped);
            series_key(name, frequency, kept.map(|dimension| row.text(dimension.name())))
        };
        let key = codes(None);
        if let Some(&place) = self.places.get(&key) {
            return place;
        }
        let code = |d: Dimension| if dataset.dimensions.contains(&d) { row.text(d.name()) } else { TOTAL };
        self.series.push(Series {
            id: series_id(&key),
            dataset: name.to_owned(),
            frequency,
            key: key.clone(),
            group_key: codes(Some(Dimension::Source)),
            codes: Dimension::ALL.map(|dimension| code(dimension).to_owned()),
        });
        self.places.insert(key, self.series.len() - 1);
        self.series.len() - 1
    }
}

fn check_codes(dataset: &Dataset, row: &Row<'_>, vocabulary: &Vocabulary) {
    for &dimension in &dataset.dimensions {
        let (column, code) = (dimension.name(), row.text(dimension.name()));
        let known = vocabulary.codes(dimension);
        if !known.has(code) {
            row.fault(column, known.unknown(code));
        } else if dimension == Dimension::Measure && !dataset.measures.contains_key(code) {
            row.fault(column, "is a measure of another dataset");
        }
    }
    let model = Dimension::Model.name();
    if dataset.dimensions.contains(&Dimension::Model) && row.text(model) != TOTAL {
        let brand = vocabulary.brand_of.get(row.text(model)).map(String::as_str);
        if brand.is_some_and(|brand| brand != row.text("brand")) {
            row.fault("brand", format!("the model is one of {}", brand.unwrap_or_default()));
        }
    }
}

fn period(dataset: &Dataset, row: &Row<'_>) -> Option<Period> {
    let frequency: Option<Frequency> =
        row.text("frequency").parse().map_err(|reason: String| row.fault("frequency", reason)).ok();
    if frequency.is_some_and(|frequency| !dataset.frequencies.contains(&frequency)) {
        row.fault("frequency", "is not a frequency of the dataset");
    }
    let period: Period =
        row.text("period").parse().map_err(|reason: String| row.fault("period", reason)).ok()?;
    if frequency.is_some_and(|frequency| frequency != period.frequency()) {
        row.fault("period", format!("is not a period of frequency {}", row.text("frequency")));
    }
    Some(period)
}

/// Value and status. A missing value is stated as such, or it is a slip.
fn figure(dataset: &Dataset, row: &Row<'_>) -> (Option<i64>, u8) {
    let text = row.text("value");
    let decimals = dataset.measures.get(row.text("measure")).copied().unwrap_or_default();
    let value = scaled(text, decimals);
    if !text.is_empty() && value.is_none() {
        row.fault("value", format!("is not a number with {decimals} decimals at most"));
    }
    let status = row.choice("status", &STATUSES);
    if text.is_empty() != (status == "M") {
        row.fault("value", "a value is empty if, and only if, its status is M");
    }
    (value, status.bytes().next().unwrap_or(b'A'))
}

/// A decimal number as a whole one in units of 10^-decimals; exact, or `None`.
fn scaled(text: &str, decimals: u32) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = whole.strip_prefix('-').unwrap_or(whole);
    let plain = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    let places = usize::try_from(decimals).ok()?;
    let dangling = text.contains('.') && fraction.is_empty();
    if digits.is_empty() || !plain(digits) || !plain(fraction) || fraction.len() > places || dangling {
        return None;
    }
    format!("{whole}{fraction:0<places$}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_a_whole_number_of_its_smallest_unit() {
        assert_eq!(scaled("11150000000", 0), Some(11_150_000_000));
        assert_eq!(scaled("-1.5", 2), Some(-150));
        assert_eq!(scaled("7", 2), Some(700));
        for wrong in ["", "-", "1.5", "1e5", "+1", " 1", "1,000", "1.", ".5", "9223372036854775808"] {
            assert_eq!(scaled(wrong, 0), None, "{wrong:?}");
        }
    }
}
