//! The rows of a file as figures of series: each text held against the lists, each fault told, the rest kept in the spool.

use csv::StringRecord;

use super::documents::Documents;
use super::layout::{Layout, Misfit};
use super::lists::Lists;
use super::mapping::{Mapping, NewSource};
use super::number::Format;
use super::options::Options;
use super::progress::Progress;
use super::recognise::{Beginning, Recognised, beginning, recognise};
use super::report::{FaultKind, ImportFault, Report};
use super::rows::Rows;
use super::series::Numbered;
use super::spool::Spool;
use super::target::{Fact, Target};
use super::world::World;
use super::{Received, own};
use crate::error::nearest;
use crate::ingest::table::{Table, Unreadable};
use crate::timeseries::dataset::Dataset;
use crate::timeseries::key::{Dimension, TOTAL};
use crate::timeseries::period::Period;

/// A file that was read.
pub struct Content {
    /// What came of it so far.
    pub report: Report,
    /// How it was read.
    pub mapping: Mapping,
    /// The dataset that it is for.
    pub dataset: Dataset,
    /// Whether the dataset is there, or comes with the file.
    pub is_new: bool,
    /// The lists with what the file adds.
    pub lists: Lists,
    /// Its series.
    pub series: Numbered,
    /// Its documents.
    pub documents: Documents,
    /// Its rows.
    pub spool: Spool,
    /// Sources that come with it.
    pub sources: Vec<NewSource>,
    /// The header of its figures, and its sheet, for what is told of them later.
    pub value_column: String,
    /// The headers that are periods.
    pub wide: Vec<(Period, String)>,
    /// The sheet that was read; `None` where the file has none.
    pub sheet: Option<String>,
}

/// What reading a file came to.
pub enum Outcome {
    /// Its rows.
    Content(Box<Content>),
    /// It cannot be read, for the reasons that the report tells.
    Refused(Box<Report>),
}

/// Reads a file; it may take long, and blocks.
pub fn read(
    received: &Received,
    options: &Options,
    world: &World,
    progress: &Progress,
) -> crate::error::Result<Outcome> {
    let mut report = Report::default();
    let Begun { mut table, layout, format, first, mut content } =
        match begin(received, options, world, &mut report) {
            Ok(begun) => begun,
            Err(faults) => {
                for fault in faults {
                    report.faults.add(fault);
                }
                return Ok(Outcome::Refused(Box::new(report)));
            }
        };
    let sheet = table.sheet().map(str::to_owned);
    let mut rows = Rows::new(&layout, format, options, sheet.clone(), &mut content);
    for (line, row) in &first {
        rows.take(*line, row)?;
    }
    let mut row = StringRecord::new();
    let ended = loop {
        match table.next(&mut row) {
            Ok(true) => rows.take(table.line(), &row)?,
            Ok(false) => break Ok(()),
            Err(unreadable) => break Err(unreadable),
        }
        progress.check()?;
        if rows.count().is_multiple_of(4_096) {
            progress.read(table.consumed(), rows.count())?;
        }
    };
    progress.read(table.consumed(), rows.count())?;
    if let Err(unreadable) = ended {
        content.report.is_broken = true;
        content.report.faults.add(ImportFault { sheet, ..unreadable.into() });
    }
    Ok(Outcome::Content(content))
}

/// A fault of the whole file.
pub fn whole(code: FaultKind, reason: impl Into<String>) -> ImportFault {
    let (value, expected) = (String::new(), Vec::new());
    ImportFault { code, sheet: None, line: 0, column: String::new(), value, reason: reason.into(), expected }
}

impl From<Unreadable> for ImportFault {
    fn from(Unreadable { line, value, reason }: Unreadable) -> Self {
        Self { line, value: value.chars().take(200).collect(), ..whole(FaultKind::Unreadable, reason) }
    }
}

/// A file whose rows can be read.
struct Begun {
    table: Table,
    layout: Layout,
    format: Format,
    /// Rows that were read to find the header.
    first: Beginning,
    content: Box<Content>,
}

/// Opens the file, finds out what its columns mean and checks that this is enough.
fn begin(
    received: &Received,
    options: &Options,
    world: &World,
    report: &mut Report,
) -> Result<Begun, Vec<ImportFault>> {
    let mut table = Table::open(&received.path, &options.table()).map_err(|fault| vec![fault.into()])?;
    let mut first = beginning(&mut table).map_err(|fault| vec![fault.into()])?;
    let mapping_fault = |reason: String| vec![whole(FaultKind::Mapping, reason)];
    let Recognised { mapping, form, is_guess, header } =
        recognise(&received.path, options, &first).map_err(mapping_fault)?;
    (report.recognised, report.mapping) = (form, mapping.text());
    let Some((line, names)) = first.get(header) else {
        return Err(mapping_fault("the file has no rows".to_owned()));
    };
    let layout = Layout::new(&mapping, names)
        .map_err(|misfits| misfits.into_iter().map(|misfit| told(*line, misfit)).collect::<Vec<_>>())?;
    if is_guess && !options.accept_guess {
        return Err(mapping_fault(GUESSED.to_owned()));
    }
    let (dataset, is_new) = dataset(&mapping, world).map_err(mapping_fault)?;
    let format = Format::of(&mapping).map_err(mapping_fault)?;
    let mut lists = Lists::new(&dataset, &world.codes, &world.sources, &mapping);
    check_constants(&layout, &dataset, &mut lists, options)?;
    let documents = Documents::new(&mapping, received).map_err(|reasons| {
        reasons.into_iter().map(|reason| whole(FaultKind::Document, reason)).collect::<Vec<_>>()
    })?;
    first.drain(..=header);
    let content = Content {
        report: std::mem::take(report),
        series: Numbered::new(&dataset.name, &dataset.dimensions),
        spool: Spool::new().map_err(|error| vec![whole(FaultKind::Unreadable, error.to_string())])?,
        value_column: layout.column(Target::Fact(Fact::Value)).to_owned(),
        wide: layout.wide.iter().map(|(at, period)| (*period, layout.header(*at).to_owned())).collect(),
        sheet: table.sheet().map(str::to_owned),
        mapping,
        dataset,
        is_new,
        lists,
        documents,
        sources: Vec::new(),
    };
    Ok(Begun { table, layout, format, first, content: Box::new(content) })
}

/// Why a guess alone is not enough.
const GUESSED: &str = "what the columns mean was guessed from their headers: look at the mapping that the report shows, and accept \
                       it (--accept-guess) or give another (--mapping)";

fn told(line: u64, Misfit { column, reason, expected }: Misfit) -> ImportFault {
    let code = if column.is_empty() { FaultKind::Mapping } else { FaultKind::UnknownColumn };
    ImportFault { line, column, expected, ..whole(code, reason) }
}

/// The dataset that a file is for, and whether it comes with it.
fn dataset(mapping: &Mapping, world: &World) -> Result<(Dataset, bool), String> {
    let names = || world.datasets.iter().map(|dataset| dataset.name.as_str());
    let Some(name) = &mapping.dataset else {
        let all: Vec<&str> = names().collect();
        return Err(format!(
            "nothing says which dataset the file is for (--dataset); there are {}",
            all.join(", ")
        ));
    };
    if let Some(dataset) = world.datasets.iter().find(|dataset| dataset.name == *name) {
        return Ok((dataset.clone(), false));
    }
    if let Some(described) = mapping.describes.as_deref().and_then(own::bundled) {
        return Ok((described.dataset(), true));
    }
    let near = nearest(name, names());
    let near = if near.is_empty() { String::new() } else { format!("; did you mean {}?", near.join(" or ")) };
    Err(format!("there is no dataset {name:?}{near}; china-auto dataset create makes one"))
}

/// Checks what is said for all rows, once and for all.
fn check_constants(
    layout: &Layout,
    dataset: &Dataset,
    lists: &mut Lists,
    options: &Options,
) -> Result<(), Vec<ImportFault>> {
    let mut faults = Vec::new();
    for (target, text) in layout.constants() {
        let Target::Dimension(dimension) = target else { continue };
        let (column, value, has) =
            (dimension.to_string(), text.to_owned(), dataset.dimensions.contains(&dimension));
        if !has && text != TOTAL {
            let reason = format!("the dataset {} has no dimension {dimension}", dataset.name);
            faults.push(ImportFault { column, value, ..whole(FaultKind::Mapping, reason) });
        } else if has && lists.find(dimension, text).is_none() && !options.add_codes.contains_key(&dimension)
        {
            let (reason, expected) =
                (format!("there is no {dimension} {text:?}"), lists.alike(dimension, text));
            faults.push(ImportFault { column, value, expected, ..whole(FaultKind::UnknownCode, reason) });
        }
    }
    for dimension in Dimension::ALL.into_iter().filter(|dimension| !dataset.dimensions.contains(dimension)) {
        let column = layout.column(Target::Dimension(dimension)).to_owned();
        if !column.is_empty() {
            let reason = format!(
                "the dataset {} has no dimension {dimension}: leave the column aside (--ignore)",
                dataset.name
            );
            faults.push(ImportFault { column, ..whole(FaultKind::UnknownColumn, reason) });
        }
    }
    faults.dedup();
    if faults.is_empty() { Ok(()) } else { Err(faults) }
}
