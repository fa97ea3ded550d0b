//! What the data files say, worked out apart from the service: which figure holds, since when documents prove it, and
//! which source answers.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Days, Months, NaiveDate};

use crate::files::{Row, rows};

/// The datasets with their dimensions, in the order of their keys.
pub const DATASETS: [(&str, &[&str]); 2] = [
    ("production", &["measure", "source", "geo", "maker", "brand", "model", "vehicle_class", "powertrain"]),
    ("charging", &["measure", "source", "geo", "operator", "access", "current"]),
];

/// Every series by its key.
pub type Published = BTreeMap<String, Series>;

/// A series with all that documents print of it, by period.
#[derive(Debug, Clone)]
pub struct Series {
    pub dataset: &'static str,
    pub codes: BTreeMap<&'static str, String>,
    pub frequency: String,
    pub cells: BTreeMap<String, Vec<Print>>,
}

/// What one document prints of one cell; `value` is none where an edition no longer lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Print {
    pub document: String,
    pub published: Option<NaiveDate>,
    pub value: Option<i64>,
    pub status: String,
    pub note: String,
    pub confirms: bool,
    /// Of how many parts it is the sum; 0 where it is printed itself.
    pub parts: usize,
}

/// A figure that a cell has, or has had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figure {
    pub first: Print,
    pub restated: Vec<Print>,
    pub confirmed: Vec<Print>,
}

/// Reads all observations, with what editions withdraw.
pub fn published() -> Published {
    let documents: BTreeMap<String, Row> =
        rows("documents.csv").into_iter().map(|row| (row["document_id"].clone(), row)).collect();
    let mut all = Published::new();
    for (dataset, dimensions) in DATASETS {
        for row in rows(&format!("observations/{dataset}.csv")) {
            let codes = dimensions.iter().map(|dimension| (*dimension, row[*dimension].clone()));
            let (codes, frequency) = (codes.collect(), row["frequency"].clone());
            let series = Series { dataset, codes, frequency, cells: BTreeMap::new() };
            let series = all.entry(series.key(None)).or_insert(series);
            let print = Print {
                document: row["document_id"].clone(),
                published: last_day(&documents[&row["document_id"]]["published"]),
                value: Some(row["value"].parse().expect("every figure of the files is a whole number")),
                status: row["status"].clone(),
                note: row["note"].clone(),
                confirms: row["role"] == "confirmation",
                parts: 0,
            };
            series.cells.entry(row["period"].clone()).or_default().push(print);
        }
    }
    withdraw(&mut all, &documents);
    for cell in all.values_mut().flat_map(|series| series.cells.values_mut()) {
        cell.sort_by(|a, b| (a.published, &a.document).cmp(&(b.published, &b.document)));
    }
    all
}

/// Lets editions withdraw what earlier documents state of a source, measure and frequency that they speak for.
fn withdraw(all: &mut Published, documents: &BTreeMap<String, Row>) {
    let mut scopes = BTreeSet::new();
    for (series, print) in all.values().flat_map(|s| s.cells.values().flatten().map(move |print| (s, print)))
    {
        if documents[&print.document]["coverage"] == "edition" {
            scopes.insert((series.scope(), print.document.clone(), print.published));
        }
    }
    for (scope, document, published) in scopes {
        for series in all.values_mut().filter(|series| series.scope() == scope) {
            for cell in series.cells.values_mut() {
                let lists = cell.iter().any(|print| print.document == document);
                let stated = cell.iter().any(|print| !print.confirms && print.published < published);
                if !lists && stated {
                    let (document, status) = (document.clone(), "M".to_owned());
                    let (value, note, confirms) = (None, String::new(), false);
                    cell.push(Print { document, published, value, status, note, confirms, parts: 0 });
                }
            }
        }
    }
}

/// The last day that a printed date may mean, never after the day of loading.
pub fn last_day(printed: &str) -> Option<NaiveDate> {
    let day = |text: &str| text.parse::<NaiveDate>().expect("it is a date");
    let last = match printed.len() {
        0 => return None,
        4 => day(&format!("{printed}-12-31")),
        7 => day(&format!("{printed}-01")) + Months::new(1) - Days::new(1),
        _ => day(printed),
    };
    Some(last.min(day("2026-11-24")))
}

/// The first and the last day of a period.
pub fn days(period: &str) -> (NaiveDate, NaiveDate) {
    let (year, part) = period.split_once('-').unwrap_or((period, ""));
    let (month, months) = match part.strip_prefix('Q') {
        Some(quarter) => (quarter.parse::<u32>().expect("it is a quarter") * 3 - 2, 3),
        None if part.is_empty() => (1, 12),
        None => (part.parse().expect("it is a month"), 1),
    };
    let first = NaiveDate::from_ymd_opt(year.parse().expect("it is a year"), month, 1).expect("it is a day");
    (first, first + Months::new(months) - Days::new(1))
}

impl Series {
    /// Its key, or that of the series of the same figure from another source.
    pub fn key(&self, source: Option<&str>) -> String {
        let (_, dimensions) = DATASETS.iter().find(|(name, _)| *name == self.dataset).expect("it is known");
        let code = |dimension: &&str| match source {
            Some(source) if *dimension == "source" => source.to_owned(),
            _ => self.codes[dimension].clone(),
        };
        let codes: Vec<String> = dimensions.iter().map(code).collect();
        format!("{}:{}.{}", self.dataset, self.frequency, codes.join("."))
    }

    /// What it is of, without its figures.
    pub fn without_cells(&self) -> Self {
        let (codes, frequency) = (self.codes.clone(), self.frequency.clone());
        Self { dataset: self.dataset, codes, frequency, cells: BTreeMap::new() }
    }

    fn scope(&self) -> (&'static str, String, String, String) {
        let code = |dimension: &str| self.codes[dimension].clone();
        (self.dataset, code("source"), code("measure"), self.frequency.clone())
    }

    /// The figures that hold, or held by what documents published up to a day prove.
    pub fn holding(&self, as_of: Option<NaiveDate>) -> BTreeMap<&str, Print> {
        let held = self.cells.iter().filter_map(|(period, cell)| {
            let proven = |figure: &Figure| as_of.is_none_or(|day| figure.since().is_some_and(|s| s <= day));
            let last = figures(cell).into_iter().rev().find(proven)?;
            last.first.value.is_some().then_some((period.as_str(), last.first))
        });
        held.collect()
    }

    /// How many of its figures a past state may lack: for a period over by that day, proven only two years after, or never.
    pub fn late(&self, as_of: NaiveDate) -> usize {
        let over = self.cells.iter().filter(|(period, _)| days(period).1 <= as_of);
        let late = over.filter(|(period, cell)| {
            let first = figures(cell).iter().filter_map(Figure::since).min();
            first.is_none_or(|first| first > days(period).1 + Months::new(24))
        });
        late.count()
    }
}

impl Figure {
    /// Since which day dated documents prove it.
    pub fn since(&self) -> Option<NaiveDate> {
        let prints = [&self.first].into_iter().chain(&self.restated).chain(&self.confirmed);
        prints.filter_map(|print| print.published).min()
    }
}

/// The figures of a cell in the order of their documents: what is printed again belongs to the figure before it, a confirmation
/// to the figure nearest to what it prints.
pub fn figures(cell: &[Print]) -> Vec<Figure> {
    let mut figures: Vec<Figure> = Vec::new();
    for print in cell.iter().filter(|print| !print.confirms) {
        match figures.last_mut() {
            Some(last) if (last.first.value, &last.first.status) == (print.value, &print.status) => {
                last.restated.push(print.clone());
            }
            _ => figures.push(Figure { first: print.clone(), restated: Vec::new(), confirmed: Vec::new() }),
        }
    }
    for print in cell.iter().filter(|print| print.confirms) {
        let distance = |figure: &Figure| Some(figure.first.value?.abs_diff(print.value?));
        let nearest = figures.iter().filter_map(distance).min();
        if let Some(figure) =
            figures.iter_mut().rev().find(|figure| distance(figure).is_some_and(|d| Some(d) == nearest))
        {
            figure.confirmed.push(print.clone());
        }
    }
    figures
}

/// The table that says which source answers.
pub struct Table {
    rows: Vec<Row>,
    sources: BTreeMap<String, Row>,
    provinces: BTreeSet<String>,
}

impl Table {
    pub fn read() -> Self {
        let province = |row: &Row| row["kind"] == "province";
        let geo = rows("codes/geo.csv").into_iter().filter(province);
        let sources = rows("sources.csv").into_iter().map(|row| (row["source"].clone(), row));
        Self {
            rows: rows("codes/precedence.csv"),
            sources: sources.collect(),
            provinces: geo.map(|row| row["code"].clone()).collect(),
        }
    }

    fn level(&self, series: &Series) -> &'static str {
        let code = |dimension: &str| series.codes.get(dimension).map_or("_T", String::as_str);
        if code("operator") != "_T" {
            "operator"
        } else if ["maker", "brand", "model"].iter().any(|dimension| code(dimension) != "_T") {
            "maker"
        } else if self.provinces.contains(code("geo")) {
            "province"
        } else if ["NEV", "BEV", "PHEV", "EREV", "FCEV"].contains(&code("powertrain")) {
            "nev"
        } else if code("access") == "public" {
            "public"
        } else {
            "national"
        }
    }

    /// The scopes of a series, best first, as source, last day and whether it is weak.
    fn scopes(&self, series: &Series) -> Vec<Vec<(&str, Option<NaiveDate>, bool)>> {
        let level = self.level(series);
        let fits = |row: &&Row| {
            row["dataset"] == series.dataset
                && ["*", &series.codes["measure"]].contains(&row["measure"].as_str())
                && row["frequency"].split('|').any(|f| f == "*" || f == series.frequency)
                && ["*", level].contains(&row["level"].as_str())
        };
        let named = |row: &Row| (row["measure"] != "*", row["level"] != "*");
        let fitting: Vec<&Row> = self.rows.iter().filter(fits).collect();
        let most = fitting.iter().map(|row| named(row)).max();
        let mut fitting: Vec<&Row> = fitting.into_iter().filter(|row| Some(named(row)) == most).collect();
        fitting.sort_by_key(|row| row["rank"].parse::<u32>().expect("it is a number"));
        let mut scopes: Vec<(&str, Vec<_>)> = Vec::new();
        for row in fitting {
            let until = last_day(&row["valid_to"]);
            let low = row["note"] == "low trust";
            let sources = row["sources"].split('|');
            let sources =
                sources.map(|source| (source, until, low || self.sources[source]["kind"] == "press"));
            match scopes.iter_mut().find(|(name, _)| *name == row["scope"]) {
                Some((_, scope)) => scope.extend(sources),
                None => scopes.push((&row["scope"], sources.collect())),
            }
        }
        let mut scopes: Vec<Vec<_>> = scopes.into_iter().map(|(_, sources)| sources).collect();
        let mut rest: Vec<&str> = self.sources.keys().map(String::as_str).collect();
        rest.retain(|source| !scopes.iter().flatten().any(|(listed, ..)| listed == source));
        rest.sort_by_key(|source| {
            self.sources[*source]["precedence"].parse::<u32>().expect("it is a number")
        });
        scopes.extend(rest.into_iter().map(|source| vec![(source, None, true)]));
        scopes
    }

    /// For each period the figure of the source that answers, among series of the same figure by source, and whether it is weak.
    pub fn best(
        &self,
        group: &BTreeMap<&str, &Series>,
        as_of: Option<NaiveDate>,
    ) -> BTreeMap<String, (String, Print, bool)> {
        let Some(first) = group.values().next() else { return BTreeMap::new() };
        for scope in self.scopes(first) {
            let mut chosen = BTreeMap::new();
            for (source, until, low) in scope {
                let Some(series) = group.get(source) else { continue };
                for (period, print) in series.holding(as_of) {
                    if until.is_none_or(|until| days(period).1 <= until) {
                        chosen.entry(period.to_owned()).or_insert((source.to_owned(), print, low));
                    }
                }
            }
            if !chosen.is_empty() {
                return chosen;
            }
        }
        BTreeMap::new()
    }
}

/// Series by what they state, and by source.
pub fn groups(published: &Published) -> BTreeMap<String, BTreeMap<&str, &Series>> {
    let mut groups: BTreeMap<String, BTreeMap<&str, &Series>> = BTreeMap::new();
    for series in published.values() {
        groups.entry(series.key(Some("best"))).or_default().insert(&series.codes["source"], series);
    }
    groups
}
