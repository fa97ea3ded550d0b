//! What came of files, as it is printed: for people, or a line of JSON a file.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::{Value, json};

use crate::error::{Error, Result};
use crate::ingest::file::{Done, Faults, Report};

/// How many faults and warnings are printed; the report has more of them.
const PRINTED: usize = 20;

/// What came of the files of one command.
#[derive(Debug)]
pub struct Told {
    /// What is printed on standard output: what was taken in, and as JSON all of it.
    pub out: String,
    is_json: bool,
    /// What kept a file from being taken in; empty where nothing did.
    at_fault: String,
    /// The files behind that one.
    not_tried: Vec<String>,
}

impl Told {
    /// Nothing yet.
    pub(super) fn new(is_json: bool) -> Self {
        Self { out: String::new(), is_json, at_fault: String::new(), not_tried: Vec::new() }
    }

    /// A text about what went well.
    pub(super) fn of(out: String) -> Self {
        Self { out, ..Self::new(false) }
    }

    /// Whether a file was not taken in.
    pub(super) fn is_at_fault(&self) -> bool {
        !self.at_fault.is_empty()
    }

    /// What came of a file.
    pub(super) fn done(&mut self, path: &Path, done: &Done) {
        let (outcome, import, report) = match done {
            Done::Taken(import, report) => ("done", Some(*import), report),
            Done::Known(import, report) => ("known", Some(*import), report),
            Done::Checked(report) => ("checked", None, report),
            Done::Refused(report) => ("refused", None, report),
        };
        self.line(path, outcome, &json!({"import": import, "report": report}));
        let text = tell(&name(path), done);
        match done {
            Done::Refused(report) if self.is_json => {
                self.at_fault =
                    format!("{}: {} fault(s); nothing was taken in\n", name(path), report.faults.count);
            }
            Done::Refused(_) => self.at_fault = text,
            _ if self.is_json => {}
            _ => self.out += &text,
        }
    }

    /// That a file could not be taken in for a reason beside it.
    pub(super) fn failed(&mut self, path: &Path, error: &Error) {
        self.line(path, "failed", &json!({"detail": error.to_string()}));
        self.at_fault = format!("{}: {error}\n", name(path));
    }

    /// That a file was left, since another was not taken in.
    pub(super) fn not_tried(&mut self, path: &Path) {
        self.line(path, "not_tried", &json!({}));
        self.not_tried.push(name(path));
    }

    /// A line of JSON, in which each file has the same fields.
    fn line(&mut self, path: &Path, outcome: &str, told: &Value) {
        if !self.is_json {
            return;
        }
        let mut line =
            json!({"file": name(path), "outcome": outcome, "import": null, "report": null, "detail": null});
        for (field, value) in told.as_object().into_iter().flatten() {
            line[field] = value.clone();
        }
        let _ = writeln!(self.out, "{line}");
    }

    /// What standard error tells where a file was not taken in.
    pub fn end(self) -> Result<()> {
        if !self.is_at_fault() {
            return Ok(());
        }
        let mut text = self.at_fault;
        if !self.not_tried.is_empty() {
            let _ = writeln!(text, "not tried after that: {}", self.not_tried.join(", "));
        }
        Err(Error::Startup(text.trim_end().to_owned()))
    }
}

/// What a file is called.
fn name(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

fn tell(name: &str, done: &Done) -> String {
    match done {
        Done::Taken(import, report) => {
            let releases: Vec<String> = report.releases.iter().map(ToString::to_string).collect();
            let begin = format!("{name}: taken in as import {import}, release {}", releases.join(", "));
            format!("{begin}\n{}", body(report))
        }
        Done::Known(import, _) => format!("{name}: was taken in already, as import {import}\n"),
        Done::Checked(report) => format!("{name}: can be taken in; nothing was written\n{}", body(report)),
        Done::Refused(report) => {
            format!(
                "{name}: {} fault(s); nothing was taken in\n{}{}{}",
                report.faults.count,
                body(report),
                rest(report),
                guessed(report)
            )
        }
    }
}

/// That the rest could be taken in, where each fault is of a row.
fn rest(report: &Report) -> &'static str {
    let is_of_rows = report.faults.listed.iter().all(|fault| fault.line > 0);
    if is_of_rows && report.observations > 0 && !report.is_broken {
        "  --skip-faulty leaves out what is faulty and takes in the rest\n"
    } else {
        ""
    }
}

/// The mapping that a guess came to, to be looked at.
fn guessed(report: &Report) -> String {
    if report.recognised == "guessed" {
        format!("  the mapping, as TOML:\n\n{}\n", report.mapping)
    } else {
        String::new()
    }
}

fn body(report: &Report) -> String {
    let Report {
        recognised,
        rows_read,
        rows_passed_over,
        rows_left_out,
        observations,
        series,
        datasets,
        added,
        ..
    } = report;
    let mut text = String::new();
    if *rows_read > 0 {
        let _ = write!(text, "  form {recognised}; {rows_read} rows read");
        for (count, what) in [(rows_passed_over, "passed over"), (rows_left_out, "left out")] {
            if *count > 0 {
                let _ = write!(text, ", {count} {what}");
            }
        }
        let _ = writeln!(text, "; {observations} figures of {series} series for {}", datasets.join(", "));
    }
    if !added.is_empty() {
        let shown: Vec<&str> = added.iter().take(PRINTED).map(String::as_str).collect();
        let more = if added.len() > PRINTED { " …" } else { "" };
        let _ = writeln!(text, "  {} code(s) added: {}{more}", added.len(), shown.join(", "));
    }
    text += &lines("fault", &report.faults);
    text += &lines("warning", &report.warnings);
    text
}

fn lines(what: &str, faults: &Faults) -> String {
    let mut text = String::new();
    for fault in faults.listed.iter().take(PRINTED) {
        let sheet = fault.sheet.as_ref().map(|sheet| format!("sheet {sheet}, ")).unwrap_or_default();
        let place = if fault.line > 0 { format!("{sheet}line {}: ", fault.line) } else { String::new() };
        let found = match (fault.column.as_str(), fault.value.as_str()) {
            ("", "") => String::new(),
            ("", value) => format!("{value:?}: "),
            (column, value) => format!("{column} {value:?}: "),
        };
        let expected = if fault.expected.is_empty() {
            String::new()
        } else {
            format!("; expected {}", fault.expected.join(", "))
        };
        let _ = writeln!(text, "  {what}: {place}{found}{}{expected}", fault.reason);
    }
    if faults.count > PRINTED as u64 {
        let listed = if faults.listed.len() as u64 == faults.count {
            "all of them".to_owned()
        } else {
            format!("the first {}", faults.listed.len())
        };
        let _ = writeln!(text, "  {} {what}s in all; --json lists {listed}", faults.count);
    }
    text
}
