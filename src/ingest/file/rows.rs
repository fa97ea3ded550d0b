//! The rows of a file as figures of series: each text held against the lists, each fault told, the rest kept in the spool.

use std::collections::{BTreeMap, HashMap};

use csv::StringRecord;

use super::layout::{Fields, Layout, Row};
use super::mapping::Fractions;
use super::moment;
use super::number::{Format, Wrong};
use super::options::Options;
use super::read::Content;
use super::report::{FaultKind, ImportFault};
use super::series::Key;
use super::spool;
use super::target::{Fact, Target};
use crate::error::Result;
use crate::timeseries::key::Dimension;
use crate::timeseries::period::{Frequency, Period};

/// The SDMX `OBS_STATUS` letters that are taken.
const STATUSES: [&str; 7] = ["A", "E", "P", "F", "B", "I", "M"];

/// How many rows of a file one series may have, all documents together.
const MOST_OF_A_SERIES: u32 = 200_000;

/// The most characters of a note.
const LONGEST_NOTE: usize = 4_000;

/// Takes in rows one after the other.
pub struct Rows<'a> {
    layout: &'a Layout,
    format: Format,
    sheet: Option<String>,
    pub(super) add_codes: &'a BTreeMap<Dimension, Option<String>>,
    /// Whether what is faulty is left out.
    skips: bool,
    /// How many rows each series has, by number.
    of_series: Vec<u32>,
    pub(super) content: &'a mut Content,
    /// The decimals of measures by number.
    decimals: HashMap<u32, u32>,
    /// What is wrong with the row at hand.
    pub(super) faults: Vec<Fault>,
}

/// Something wrong with a row.
pub(super) struct Fault {
    pub code: FaultKind,
    pub target: Option<Target>,
    pub value: String,
    pub reason: String,
    pub expected: Vec<String>,
    /// Whether the figure is left out and the file taken in all the same.
    pub is_warning: bool,
}

/// A figure with all that is told of it but its series.
struct Figure {
    period: Period,
    value: Option<i64>,
    status: u8,
}

impl<'a> Rows<'a> {
    /// Takes rows of this layout into `content`.
    pub fn new(
        layout: &'a Layout,
        format: Format,
        options: &'a Options,
        sheet: Option<String>,
        content: &'a mut Content,
    ) -> Self {
        let measures = content.dataset.measures.clone();
        let mut number = |code: &str| content.lists.find(Dimension::Measure, code);
        let decimals = measures.iter().filter_map(|one| Some((number(&one.code)?, one.decimals))).collect();
        let (add_codes, skips) = (&options.add_codes, options.skip_faulty);
        let (of_series, faults) = (Vec::new(), Vec::new());
        Self { layout, format, sheet, add_codes, skips, of_series, content, decimals, faults }
    }

    /// How many rows were taken.
    pub fn count(&self) -> u64 {
        self.content.report.rows_read
    }

    /// Takes the row of a line.
    pub fn take(&mut self, line: u64, row: &StringRecord) -> Result<()> {
        self.content.report.rows_read += 1;
        if row.len() != self.layout.width() {
            let reason = format!("the row has {} fields, the header {}", row.len(), self.layout.width());
            self.fault(FaultKind::RowLength, None, "", reason);
            self.tell(line, None);
            return Ok(());
        }
        match self.layout.read(row) {
            Row::Skipped => self.content.report.rows_passed_over += 1,
            Row::Refused(reason) => {
                self.fault(FaultKind::Mapping, None, "", reason);
                self.tell(line, None);
            }
            Row::Fields(fields) if self.layout.wide.is_empty() => {
                let text = fields[Target::Fact(Fact::Value).place()].unwrap_or_default();
                if !self.cell(line, &fields, (text, None))? && !self.tell(line, None) {
                    self.content.report.rows_passed_over += 1;
                }
            }
            Row::Fields(fields) => {
                for &(at, period) in &self.layout.wide {
                    let text = row.get(at).unwrap_or_default().trim();
                    self.cell(line, &fields, (text, Some(period)))?;
                    self.tell(line, Some(at));
                }
            }
        }
        Ok(())
    }

    /// Takes one figure; false where there is none, or where something is wrong with it.
    fn cell(
        &mut self,
        line: u64,
        fields: &Fields<'_>,
        (text, period): (&str, Option<Period>),
    ) -> Result<bool> {
        let Some((figure, codes)) = self.read(fields, (text, period)) else { return Ok(false) };
        let confirmation = self.is_confirmation(fields, &figure);
        let note = fields[Target::Fact(Fact::Note).place()].filter(|note| !note.is_empty());
        let note = note.map(|note| note.chars().take(LONGEST_NOTE).collect::<String>().into_boxed_str());
        if !self.faults.is_empty() {
            return Ok(false);
        }
        let Some(document) = self.document(fields, codes[Dimension::Source as usize]) else {
            return Ok(false);
        };
        let key: Key = (figure.period.frequency(), codes);
        let series = self.content.series.number(key);
        if !self.has_room(series) {
            let reason = format!(
                "its series has more than {MOST_OF_A_SERIES} rows, and there are not so many periods"
            );
            self.fault(FaultKind::Duplicate, None, "", reason);
            return Ok(false);
        }
        let (period, value, status) = (figure.period.ordinal(), figure.value, figure.status);
        self.content.spool.add(&spool::Row {
            series,
            document,
            period,
            value,
            status,
            confirmation,
            line,
            note,
        })?;
        self.content.report.observations += 1;
        Ok(true)
    }

    /// A figure and its codes; `None` where the row states none. Whatever is wrong already, each of its fields is looked at, so that
    /// all faults are told at once.
    fn read(
        &mut self,
        fields: &Fields<'_>,
        (text, period): (&str, Option<Period>),
    ) -> Option<(Figure, [u32; 11])> {
        let figure = self.figure(fields, text, period);
        if figure.is_none() && self.faults.is_empty() {
            return None;
        }
        let codes = self.codes(fields);
        let measure = codes.map(|codes| codes[Dimension::Measure as usize]);
        let value = if self.is_missing(text) { None } else { self.value(text, measure) };
        Some((Figure { value, ..figure? }, codes?))
    }

    /// The document that states it, by its number.
    fn document(&mut self, fields: &Fields<'_>, source: u32) -> Option<u16> {
        let named = fields[Target::Fact(Fact::Document).place()];
        let source = self.content.lists.code(Dimension::Source, source);
        match self.content.documents.slot(named, source) {
            Ok(document) => Some(document),
            Err(reason) => {
                let target = Some(Target::Fact(Fact::Document));
                self.fault(FaultKind::Document, target, named.unwrap_or_default(), reason);
                None
            }
        }
    }

    /// Counts one more row of a series, unless there are too many: all of them are later in memory at once.
    fn has_room(&mut self, series: u32) -> bool {
        let at = series as usize;
        if self.of_series.len() <= at {
            self.of_series.resize(at + 1, 0);
        }
        self.of_series[at] += 1;
        self.of_series[at] <= MOST_OF_A_SERIES
    }

    /// Whether it stands for a figure that is not stated.
    fn is_missing(&self, text: &str) -> bool {
        text.is_empty() || self.content.mapping.missing.iter().any(|one| one == text)
    }

    /// Period and status; `None` where the row states no figure, or not of when.
    fn figure(&mut self, fields: &Fields<'_>, text: &str, period: Option<Period>) -> Option<Figure> {
        let status =
            fields[Target::Fact(Fact::Status).place()].filter(|status| !status.is_empty()).unwrap_or("A");
        let is_missing = self.is_missing(text);
        if is_missing && status != "M" {
            return None;
        }
        if !STATUSES.contains(&status) {
            self.expecting(
                FaultKind::Status,
                Target::Fact(Fact::Status),
                status,
                "is no status of an observation",
                &STATUSES,
            );
        } else if !is_missing && status == "M" {
            self.fault(
                FaultKind::Status,
                Some(Target::Fact(Fact::Status)),
                status,
                "status M goes with no value",
            );
        }
        let period = period.or_else(|| self.period(fields))?;
        if !self.content.dataset.frequencies.contains(&period.frequency()) {
            let has: Vec<&str> =
                self.content.dataset.frequencies.iter().map(|frequency| frequency.code()).collect();
            let reason = format!(
                "the dataset {} has no figures of frequency {}",
                self.content.dataset.name,
                period.frequency()
            );
            self.expecting(FaultKind::Period, Target::Fact(Fact::Period), &period.to_string(), &reason, &has);
        }
        Some(Figure { period, value: None, status: status.bytes().next().unwrap_or(b'A') })
    }

    fn period(&mut self, fields: &Fields<'_>) -> Option<Period> {
        let fact = |fact| fields[Target::Fact(fact).place()].filter(|text| !text.is_empty());
        let frequency = match fact(Fact::Frequency).map(str::parse::<Frequency>) {
            Some(Err(reason)) => {
                self.fault(
                    FaultKind::Period,
                    Some(Target::Fact(Fact::Frequency)),
                    fact(Fact::Frequency).unwrap_or_default(),
                    reason,
                );
                return None;
            }
            other => other.and_then(std::result::Result::ok),
        };
        let (target, text, period) = match (fact(Fact::Period), fact(Fact::Year)) {
            (Some(text), _) => (Fact::Period, text, moment::period(text, frequency)),
            (None, Some(year)) => {
                let period = moment::of_parts(year, fact(Fact::Quarter), fact(Fact::Month));
                (
                    Fact::Year,
                    year,
                    period.filter(|period| frequency.is_none_or(|one| one == period.frequency())),
                )
            }
            (None, None) => (Fact::Period, "", None),
        };
        if period.is_none() {
            let of = frequency.map(|frequency| format!(" of frequency {frequency}")).unwrap_or_default();
            let reason = format!("is no period{of} from 1900 to 2199");
            self.expecting(FaultKind::Period, Target::Fact(target), text, &reason, &[moment::FORMS]);
        }
        period
    }

    /// The value in units of 10^-decimals of its measure; where that is not known, whether it is a number is all that is looked at.
    fn value(&mut self, text: &str, measure: Option<u32>) -> Option<i64> {
        let known = measure.and_then(|measure| self.decimals.get(&measure).copied());
        let decimals = known.unwrap_or_default();
        let reason = match self.format.read(text, decimals) {
            Ok(value) => return Some(value),
            Err(Wrong::Fraction) if measure.is_none() => return None,
            Err(Wrong::Fraction) if self.content.mapping.fractions == Fractions::LeaveOut => {
                self.content.report.rows_left_out += 1;
                let reason = format!(
                    "is left out: it has more than the {decimals} decimals of its measure, and nothing is rounded"
                );
                self.fault(FaultKind::Value, Some(Target::Fact(Fact::Value)), text, reason);
                self.faults.iter_mut().last().into_iter().for_each(|fault| fault.is_warning = true);
                return None;
            }
            Err(Wrong::Fraction) => format!("has more than the {decimals} decimals of its measure"),
            Err(Wrong::TooLarge) => "is larger than what can be stored".to_owned(),
            Err(Wrong::NoNumber) if text.starts_with('=') => {
                "is a formula without its result: open the file in a spreadsheet and save it again".to_owned()
            }
            Err(Wrong::NoNumber) => "is no number".to_owned(),
        };
        let expected = "digits with a point before decimals, as 1234.5; thousands are set apart where --thousands says so";
        self.expecting(FaultKind::Value, Target::Fact(Fact::Value), text, &reason, &[expected]);
        None
    }

    fn is_confirmation(&mut self, fields: &Fields<'_>, figure: &Figure) -> bool {
        match fields[Target::Fact(Fact::Role).place()].unwrap_or_default() {
            "" | "value" => false,
            "confirmation" if figure.value.is_some() => true,
            "confirmation" => {
                let target = Some(Target::Fact(Fact::Role));
                self.fault(
                    FaultKind::Status,
                    target,
                    "confirmation",
                    "a confirmation states the figure that it confirms",
                );
                false
            }
            other => {
                self.expecting(
                    FaultKind::Status,
                    Target::Fact(Fact::Role),
                    other,
                    "is no role",
                    &["value", "confirmation"],
                );
                false
            }
        }
    }

    pub(super) fn fault(
        &mut self,
        code: FaultKind,
        target: Option<Target>,
        value: &str,
        reason: impl Into<String>,
    ) {
        let value = value.chars().take(200).collect();
        self.faults.push(Fault {
            code,
            target,
            value,
            reason: reason.into(),
            expected: Vec::new(),
            is_warning: false,
        });
    }

    pub(super) fn expecting(
        &mut self,
        code: FaultKind,
        target: Target,
        value: &str,
        reason: &str,
        expected: &[&str],
    ) {
        self.fault(code, Some(target), value, reason);
        if let Some(fault) = self.faults.last_mut() {
            fault.expected = expected.iter().map(|one| (*one).to_owned()).collect();
        }
    }

    /// Tells what is wrong with the row at hand, if anything is; in the column of a period where the row has several figures.
    fn tell(&mut self, line: u64, wide: Option<usize>) -> bool {
        let is_faulty = !self.faults.is_empty();
        let is_left_out = self.skips && self.faults.iter().any(|fault| !fault.is_warning);
        self.content.report.rows_left_out += u64::from(is_left_out);
        let layout = self.layout;
        for Fault { code, target, value, reason, expected, is_warning } in self.faults.drain(..) {
            let column = match (wide, target) {
                (Some(at), Some(Target::Fact(Fact::Value | Fact::Period)) | None) => layout.header(at),
                (_, Some(target)) => match (layout.column(target), target) {
                    ("", Target::Fact(Fact::Period)) => layout.column(Target::Fact(Fact::Year)),
                    (column, _) => column,
                },
                (_, None) => "",
            };
            let (sheet, column) = (self.sheet.clone(), column.to_owned());
            let report = &mut self.content.report;
            let list = if is_warning { &mut report.warnings } else { &mut report.faults };
            list.add(ImportFault { code, sheet, line, column, value, reason, expected });
        }
        is_faulty
    }
}
