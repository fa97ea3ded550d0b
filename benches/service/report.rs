//! The report in Markdown, told as it grows and kept in a file.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::{fs, io};

use crate::machine;
use crate::options::Options;

/// What has been told so far.
pub struct Report {
    file: PathBuf,
    text: String,
}

impl Report {
    /// Begins one, with what was measured and on what.
    pub fn begin(file: PathBuf, options: &Options, server: &str) -> io::Result<Self> {
        let mut report = Self { file, text: String::new() };
        report.say(&format!(
            "# Measurements\n\n{} on {}. {server}, durable (fsync is on), as the service starts it. Each figure is the median of \
             {} rounds of {} s, service and peer by turns. Client, service and database share the processors, so what one of \
             them takes the others lack: ratios count, not absolute figures. The access log is written (to /dev/null) and every \
             layer is on. Load is 16 connections.",
            chrono::Utc::now().format("%Y-%m-%d %H:%M UTC"),
            machine::described(),
            crate::ROUNDS,
            options.seconds,
        ))?;
        Ok(report)
    }

    /// Adds a paragraph.
    pub fn say(&mut self, paragraph: &str) -> io::Result<()> {
        println!("{paragraph}\n");
        self.text.push_str(paragraph);
        self.text.push_str("\n\n");
        let folder = self.file.parent().ok_or(io::ErrorKind::InvalidInput)?;
        fs::create_dir_all(folder)?;
        fs::write(&self.file, &self.text)
    }

    /// Adds a part: its title, what has to be known of it, and its table.
    pub fn table(&mut self, title: &str, note: &str, head: &[&str], rows: &[Vec<String>]) -> io::Result<()> {
        let mut text =
            format!("## {title}\n\n{note}\n\n| {} |\n|{}", head.join(" | "), "---|".repeat(head.len()));
        for row in rows {
            let _ = write!(text, "\n| {} |", row.join(" | "));
        }
        self.say(&text)
    }
}

/// The row of what could not be measured: its name, and why in the last column.
pub fn failed(name: &str, columns: usize, why: &dyn std::fmt::Display) -> Vec<String> {
    // A bar or a line's end would end the cell.
    let why = why.to_string().replace('|', "/").replace('\n', " ");
    let short: String = why.chars().take(300).collect();
    let mut row = vec![String::new(); columns];
    name.clone_into(&mut row[0]);
    row[columns - 1] = format!("not measured: {short}");
    row
}

/// The middle one of some figures; not a number where there are none.
pub fn median(of: impl IntoIterator<Item = f64>) -> f64 {
    quantile(&mut of.into_iter().collect::<Vec<_>>(), 50)
}

/// The figure that so many percent are not above; not a number where there are none.
pub fn quantile(of: &mut [f64], percent: usize) -> f64 {
    of.sort_by(f64::total_cmp);
    let at = (of.len() * percent).div_ceil(100).max(1) - 1;
    of.get(at).copied().unwrap_or(f64::NAN)
}
