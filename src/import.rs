//! `china-auto import` and `china-auto dataset create`: an owner's own data, from the command line.

mod told;
mod watch;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::access::{self, Actor};
use crate::clock::Clock;
use crate::config::Settings;
use crate::database::Opened;
use crate::error::{Error, Result};
use crate::ingest::archive::{self, Summary};
use crate::ingest::file::{
    self, Coverage, Document, Job, Jump, Kept, Mapping, Options, Progress, Received, Target, Which, Withdrawn,
};
use crate::ingest::{self, Files};
use crate::timeseries::key::Dimension;
pub use told::Told;

/// How long the embedded server may take to stop.
const STOP_WITHIN: Duration = Duration::from_secs(30);

/// What is to be taken in, and how.
#[derive(Debug, Clone, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct Wanted {
    /// The files: CSV, NDJSON or XLSX, plain or packed with gzip or zstd; or a folder that export made, for a database without data
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The dataset that the figures are for
    #[arg(long, value_name = "NAME")]
    dataset: Option<String>,
    /// A file (TOML) that says what the columns mean; or the name of a known form
    #[arg(long, value_name = "FILE|FORM")]
    mapping: Option<String>,
    /// What a column is, as geo=省份; may be given again
    #[arg(long = "map", value_name = "WHAT=COLUMN", value_parser = pair)]
    columns: Vec<(Target, String)>,
    /// What holds for all rows, as measure=sales; may be given again
    #[arg(long = "set", value_name = "WHAT=TEXT", value_parser = pair)]
    constants: Vec<(Target, String)>,
    /// A column that is left aside, * for all that mean nothing else; may be given again
    #[arg(long, value_name = "COLUMN")]
    ignore: Vec<String>,
    /// The power of ten that values are multiplied by: 1e4 for 万
    #[arg(long, value_name = "POWER")]
    scale: Option<String>,
    /// What stands between thousands
    #[arg(long, value_name = "CHARACTER")]
    thousands: Option<char>,
    /// A step of so many times from one figure to the next is refused
    #[arg(long, value_name = "FACTOR", value_parser = clap::value_parser!(u32).range(2..))]
    refuse_jump: Option<u32>,
    /// Use a mapping that was guessed from the headers
    #[arg(long)]
    accept_guess: bool,
    /// Add unknown codes to a list, below a code if one is given: geo=CN-GD, model; may be given again
    #[arg(long, value_name = "DIMENSION[=PARENT]", value_parser = list)]
    add_codes: Vec<(Dimension, Option<String>)>,
    /// Leave out what is faulty and take in the rest
    #[arg(long)]
    skip_faulty: bool,
    /// Do everything but write
    #[arg(long)]
    dry_run: bool,
    /// Take the place of what the same document stated before
    #[arg(long)]
    replace: bool,
    /// The sheet of a workbook [default: its first visible one]
    #[arg(long, value_name = "NAME")]
    sheet: Option<String>,
    /// The encoding of a text, as gb18030 [default: utf-8, or utf-16 with its mark]
    #[arg(long, value_name = "LABEL")]
    encoding: Option<String>,
    /// What stands between fields [default: found out]
    #[arg(long, value_name = "CHARACTER")]
    delimiter: Option<char>,
    /// The id of the document that the file is [default: made of its name and checksum]
    #[arg(long, value_name = "ID")]
    document: Option<String>,
    /// Who first published the figures, where no column says it
    #[arg(long, value_name = "CODE")]
    source: Option<String>,
    /// The document's title [default: the file's name]
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,
    /// Who published the document
    #[arg(long, value_name = "TEXT")]
    publisher: Option<String>,
    /// When: 2024, 2024-05 or 2024-05-13; without it, dated documents go before this one
    #[arg(long, value_name = "DATE")]
    published: Option<String>,
    /// Where it is found
    #[arg(long, value_name = "ADDRESS")]
    url: Option<String>,
    /// Under which terms it may be used
    #[arg(long, value_name = "TEXT")]
    licence: Option<String>,
    /// patch: what it does not list stays; edition: it speaks for its whole scope
    #[arg(long, value_name = "COVERAGE")]
    coverage: Option<Coverage>,
    /// Print the whole report as JSON, a line a file whatever came of it
    #[arg(long)]
    json: bool,
}

/// The description of a dataset.
#[derive(Debug, Clone, clap::Args)]
pub struct Described {
    /// The file (TOML) that describes the dataset
    #[arg(value_name = "FILE")]
    description: PathBuf,
}

fn pair(text: &str) -> std::result::Result<(Target, String), String> {
    let (target, rest) =
        text.split_once('=').ok_or_else(|| format!("{text:?} is not of the form what=text"))?;
    Ok((target.parse()?, rest.to_owned()))
}

fn list(text: &str) -> std::result::Result<(Dimension, Option<String>), String> {
    let (name, parent) =
        text.split_once('=').map_or((text, None), |(name, parent)| (name, Some(parent.to_owned())));
    let all = Dimension::ALL.map(Dimension::name).join(", ");
    let dimension =
        Dimension::from_name(name).ok_or_else(|| format!("{name:?} is no dimension; there are {all}"))?;
    Ok((dimension, parent))
}

impl Wanted {
    fn options(&self) -> Result<Options> {
        let (given, form) = match &self.mapping {
            Some(name) if file::forms().iter().any(|form| form.name == *name) => (None, Some(name.clone())),
            Some(path) => (Some(mapping(Path::new(path))?), None),
            None => (None, None),
        };
        let says = Mapping {
            dataset: self.dataset.clone(),
            ignore: self.ignore.clone(),
            scale: self.scale.clone(),
            thousands: self.thousands,
            jump: self.refuse_jump.map(|factor| Jump { factor, above: 1_000, refuse: true }),
            document: Document {
                id: self.document.clone(),
                source: self.source.clone(),
                publisher: self.publisher.clone(),
                title: self.title.clone(),
                url: self.url.clone(),
                published: self.published.clone(),
                licence: self.licence.clone(),
                note: None,
                coverage: self.coverage,
            },
            columns: self.columns.iter().cloned().collect(),
            constants: self.constants.iter().cloned().collect(),
            ..Mapping::default()
        };
        Ok(Options {
            given,
            form,
            says,
            sheet: self.sheet.clone(),
            encoding: self.encoding.clone(),
            delimiter: self.delimiter,
            add_codes: self.add_codes.iter().cloned().collect::<BTreeMap<_, _>>(),
            skip_faulty: self.skip_faulty,
            dry_run: self.dry_run,
            accept_guess: self.accept_guess,
            replace: self.replace,
        })
    }
}

fn mapping(path: &Path) -> Result<Mapping> {
    let wrong = |reason: String| Error::Startup(format!("the mapping {}: {reason}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| {
        let forms: Vec<String> = file::forms().into_iter().map(|form| form.name).collect();
        wrong(format!("{error}; known forms are {}", forms.join(", ")))
    })?;
    Mapping::parse(&text).map_err(wrong)
}

/// Takes back what an export wrote.
async fn restore(settings: &Settings, folder: &Path) -> Result<String> {
    let opened = settings.attached().await?;
    let taken = archive::restore(&opened.database, folder, &Actor::of_command_line(), &Clock::system()).await;
    opened.close(STOP_WITHIN).await?;
    let Summary { datasets, releases, records, statements } = taken?;
    Ok(format!(
        "{}: taken in with {datasets} datasets, {releases} releases, {records} records and {statements} statements of figures\n",
        folder.display()
    ))
}

async fn open(settings: &Settings) -> Result<Opened> {
    let opened = settings.attached().await?;
    if settings.bundled_data {
        ingest::load_bundled(&opened.database, &Files::bundled(), &Clock::system()).await?;
    }
    Ok(opened)
}

/// Takes files in, one after the other, and tells what came of each. What is refused ends it: what was taken in before stays.
pub async fn run(settings: Settings, wanted: Wanted) -> Result<Told> {
    if let [folder] = wanted.files.as_slice()
        && folder.is_dir()
    {
        return restore(&settings, folder).await.map(Told::of);
    }
    let options = wanted.options()?;
    let opened = open(&settings).await?;
    let kept = kept(&settings)?;
    let taken = Box::pin(take_in(&opened, &wanted, (&options, kept.as_ref()))).await;
    opened.close(STOP_WITHIN).await?;
    taken
}

/// Where files are kept.
fn kept(settings: &Settings) -> Result<Option<Kept>> {
    let folder = settings.keep_files.then(|| settings.data_folder()).transpose()?;
    Ok(folder.as_deref().map(Kept::of))
}

async fn take_in(
    opened: &Opened,
    wanted: &Wanted,
    (options, kept): (&Options, Option<&Kept>),
) -> Result<Told> {
    let mut told = Told::new(wanted.json);
    for path in &wanted.files {
        if told.is_at_fault() {
            told.not_tried(path);
            continue;
        }
        let done = async {
            let received = Received::at(path)?;
            let (clock, progress) = (Clock::system(), Progress::default());
            let by = Actor::of_command_line();
            let job = Job { kept, by: Some(&by), ..Job::new(&received, options) };
            let work = Box::pin(file::import(&opened.database, job, &clock, &progress));
            watch::watched(&progress, received.size, work).await
        };
        match done.await {
            Ok(done) => told.done(path, &done),
            Err(error) => told.failed(path, &error),
        }
    }
    Ok(told)
}

/// What no longer counts.
#[derive(Debug, Clone, clap::Args)]
pub struct Withdraw {
    /// The number of a release, as /v1/releases and import tell it
    #[arg(value_name = "RELEASE", required_unless_present = "import")]
    release: Option<i32>,
    /// All releases of this import
    #[arg(long, value_name = "IMPORT", conflicts_with = "release")]
    import: Option<i32>,
    /// Why; it stays with the release
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

/// Withdraws a release, or all of an import.
pub async fn withdraw(settings: Settings, wanted: Withdraw) -> Result<String> {
    let which = wanted.import.map(Which::Import).or(wanted.release.map(Which::Release));
    let which = which.ok_or_else(|| Error::Startup("a release or an import is needed".to_owned()))?;
    let opened = open(&settings).await?;
    let done = withdrawn(&opened, which, &wanted.reason).await;
    opened.close(STOP_WITHIN).await?;
    let Withdrawn { releases, is_new } = done?;
    let what = if is_new { "is withdrawn" } else { "was withdrawn already" };
    let line = |(release, collection)| format!("release {release} of {collection} {what}\n");
    Ok(releases.into_iter().map(line).collect())
}

async fn withdrawn(opened: &Opened, which: Which, reason: &str) -> Result<Withdrawn> {
    let by = Actor::of_command_line();
    file::withdraw(&opened.database, (which, Some(&by)), reason, Duration::MAX, &Clock::system()).await
}

/// A dataset.
#[derive(Debug, Clone, clap::Args)]
pub struct Named {
    /// The dataset's name
    #[arg(value_name = "DATASET")]
    dataset: String,
}

/// Has a dataset exist for the keys that name it alone, or for everybody.
pub async fn restrict(settings: Settings, named: Named, is_restricted: bool) -> Result<String> {
    let Named { dataset } = named;
    let opened = settings.attached().await?;
    let by = Actor::of_command_line();
    let which = (dataset.as_str(), is_restricted);
    let done = access::restrict(&opened.database, which, &by, Clock::system().now()).await;
    opened.close(STOP_WITHIN).await?;
    let what = if is_restricted { "restricted" } else { "public" };
    let already = if done? { "is" } else { "was already" };
    Ok(format!("dataset {dataset} {already} {what}\n"))
}

/// Makes a dataset of one's own.
pub async fn create(settings: Settings, described: Described) -> Result<String> {
    let path = described.description.display();
    let text = std::fs::read_to_string(&described.description)
        .map_err(|error| Error::Startup(format!("the description {path}: {error}")))?;
    let opened = open(&settings).await?;
    let by = Actor::of_command_line();
    let created =
        file::create_dataset(&opened.database, &text, kept(&settings)?.as_ref(), Some(&by), &Clock::system())
            .await;
    opened.close(STOP_WITHIN).await?;
    Ok(format!("dataset {} created\n", created?))
}
