//! Which form a file has: one that was given, one that is known, or one that its header suggests.

use std::collections::HashSet;
use std::path::Path;

use csv::StringRecord;

use super::guess::guess;
use super::layout::plain;
use super::mapping::Mapping;
use super::options::Options;
use crate::error::nearest;
use crate::ingest::table::{Table, Unreadable};

/// How many rows a header may stand below, title and blank rows counted.
const HEADER_WITHIN: usize = 30;

/// The forms that are known beforehand, the more particular ones first.
const FORMS: [&str; 7] = [
    include_str!("adapters/iea_2025.toml"),
    include_str!("adapters/iea_2022.toml"),
    include_str!("adapters/iea_2024.toml"),
    include_str!("adapters/oica_production.toml"),
    include_str!("adapters/oica_sales.toml"),
    include_str!("adapters/oica_sales_pv.toml"),
    include_str!("adapters/oica_sales_cv.toml"),
];

/// How many rows are read for what tells forms apart that have the same columns.
const SCANNED: usize = 200_000;

/// The rows that a file begins with, and their lines.
pub type Beginning = Vec<(u64, StringRecord)>;

/// How a file is read.
pub struct Recognised {
    /// What its columns mean.
    pub mapping: Mapping,
    /// Its form, `given` or `guessed`.
    pub form: String,
    /// Whether the mapping was guessed.
    pub is_guess: bool,
    /// Which of the first rows is the header.
    pub header: usize,
}

/// The forms that are known beforehand.
pub fn forms() -> Vec<Mapping> {
    FORMS.iter().map(|text| Mapping::parse(text).expect("a test reads every form")).collect()
}

/// The rows that a file begins with.
pub fn beginning(table: &mut Table) -> Result<Beginning, Unreadable> {
    let mut rows = Vec::new();
    let mut row = StringRecord::new();
    while rows.len() < HEADER_WITHIN && table.next(&mut row)? {
        rows.push((table.line(), row.clone()));
    }
    Ok(rows)
}

/// Finds out how a file is to be read.
pub fn recognise(path: &Path, options: &Options, rows: &Beginning) -> Result<Recognised, String> {
    let known = |mapping: Mapping, form: &str, columns: Vec<String>| {
        let header = header(rows, &columns).unwrap_or_default();
        Recognised { mapping: options.over(mapping), form: form.to_owned(), is_guess: false, header }
    };
    if let Some(given) = &options.given {
        let columns = options.over(given.clone()).columns.into_values().collect();
        return Ok(known(given.clone(), "given", columns));
    }
    if let Some(name) = &options.form {
        let form = form(name)?;
        let columns = form.recognise.columns.clone();
        return Ok(known(form, name, columns));
    }
    let candidates = forms().into_iter().filter(|form| is_like(form, rows));
    if let Some(form) =
        with_values(path, options, candidates.collect(), rows).map_err(|fault| fault.reason)?
    {
        let (name, columns) = (form.name.clone(), form.recognise.columns.clone());
        return Ok(known(form, &name, columns));
    }
    let below = |at: usize| rows[at + 1..].iter().map(|(_, row)| row).collect::<Vec<_>>();
    let guessed = rows.iter().enumerate().filter_map(|(at, (_, row))| Some((at, guess(row, &below(at))?)));
    let best = guessed.max_by_key(|(at, guess)| (guess.mapping.columns.len(), std::cmp::Reverse(*at)));
    let Some((header, guess)) = best else {
        return Err(
            "no row of the first 30 is a header that says anything: give a mapping (--mapping)".to_owned()
        );
    };
    let form = guess.mapping.name.clone();
    Ok(Recognised { mapping: options.over(guess.mapping), form, is_guess: !guess.is_certain, header })
}

/// The form of this name.
fn form(name: &str) -> Result<Mapping, String> {
    let forms = forms();
    let names: Vec<&str> = forms.iter().map(|form| form.name.as_str()).collect();
    let unknown = || {
        let near = did_you_mean(&nearest(name, names.iter().copied()));
        format!("there is no form {name:?}; there are {}{near}", names.join(", "))
    };
    forms.iter().find(|form| form.name == name).cloned().ok_or_else(unknown)
}

fn did_you_mean(near: &[String]) -> String {
    if near.is_empty() { String::new() } else { format!("; did you mean {}?", near.join(" or ")) }
}

/// The first row that has all of these columns.
fn header(rows: &Beginning, columns: &[String]) -> Option<usize> {
    let has_all = |row: &StringRecord| {
        let names: Vec<String> = row.iter().map(plain).collect();
        columns.iter().all(|column| names.contains(&plain(column)))
    };
    rows.iter().position(|(_, row)| has_all(row))
}

/// Whether the first rows may be those of a file of this form.
fn is_like(form: &Mapping, rows: &Beginning) -> bool {
    let Some(header) = header(rows, &form.recognise.columns) else { return false };
    let mut cells = rows[..=header].iter().flat_map(|(_, row)| row.iter()).map(str::to_uppercase);
    let texts = &form.recognise.texts;
    texts.is_empty() || cells.any(|cell| texts.iter().any(|text| cell.contains(&text.to_uppercase())))
}

/// The first of these forms whose values the file has. Only forms that differ in nothing else need the whole file read for it.
fn with_values(
    path: &Path,
    options: &Options,
    forms: Vec<Mapping>,
    rows: &Beginning,
) -> Result<Option<Mapping>, Unreadable> {
    if forms.iter().all(|form| form.recognise.values.is_empty()) {
        return Ok(forms.into_iter().next());
    }
    let Some(at) = header(rows, &forms[0].recognise.columns) else { return Ok(None) };
    let names: Vec<String> = rows[at].1.iter().map(plain).collect();
    let place = |column: &String| names.iter().position(|name| *name == plain(column));
    let pairs = forms.iter().flat_map(|form| &form.recognise.values);
    let wanted: Vec<(usize, &String)> =
        pairs.filter_map(|(column, text)| Some((place(column)?, text))).collect();
    let (mut table, mut row, mut seen) =
        (Table::open(path, &options.table())?, StringRecord::new(), HashSet::<(usize, &String)>::new());
    for _ in 0..SCANNED {
        if !table.next(&mut row)? {
            break;
        }
        seen.extend(wanted.iter().copied().filter(|(at, text)| row.get(*at) == Some(text.as_str())));
    }
    let has = |(column, text): (&String, &String)| place(column).is_some_and(|at| seen.contains(&(at, text)));
    Ok(forms.iter().find(|form| form.recognise.values.iter().all(has)).cloned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_can_be_read_and_has_a_name_of_its_own() {
        let mut names: Vec<String> = forms().into_iter().map(|form| form.name).collect();
        assert!(names.iter().all(|name| !name.is_empty()));
        names.sort();
        names.dedup();
        assert_eq!(names.len(), FORMS.len());
        assert!(forms().iter().all(|form| !form.recognise.columns.is_empty() && !form.title.is_empty()));
    }
}
