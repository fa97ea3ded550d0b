//! An owner's own file: read by a mapping, checked whole, and taken in as releases in one transaction, or not at all.
//!
//! `recognise` finds out which form a file has, `layout` which column is what, `rows` holds each text against the `lists` and keeps
//! the figures in a `spool` on disk, `check` looks at whole series, `write` makes releases of them. `report` is what is told.

mod check;
mod codes;
mod documents;
mod guess;
mod kept;
mod layout;
mod lists;
mod mapping;
mod moment;
mod number;
mod options;
mod own;
mod progress;
mod read;
mod recognise;
mod report;
mod rows;
mod sdmx;
mod series;
mod spool;
mod target;
mod withdraw;
mod world;
mod write;

use std::io::Read;
use std::path::{Path, PathBuf};

use serde_json::json;
use sha2::{Digest, Sha256};
use sqlx::types::Json;
use sqlx::{Connection, PgConnection};

use super::{LARGE, hold_lock, take_lock, upkeep};
use crate::access::{Action, Actor, Permit, note};
use crate::clock::Clock;
use crate::database::Database;
use crate::error::{Error, Result};
use kept::Keeping;
pub use kept::Kept;
pub use mapping::{Coverage, Document, Jump, Mapping};
pub use options::Options;
pub use own::Description;
pub use progress::Progress;
use read::Outcome;
pub use recognise::forms;
pub use report::{FaultKind, Faults, ImportFault, Report};
pub use target::{Fact, Target};
pub use withdraw::{Which, Withdrawn, withdraw};
use world::World;

/// A file to be taken in.
#[derive(Debug, Clone)]
pub struct Received {
    /// Where it is.
    pub path: PathBuf,
    /// What it is called.
    pub name: String,
    /// How many bytes it has.
    pub size: u64,
    /// SHA-256 over them.
    pub checksum: [u8; 32],
}

impl Received {
    /// The file at `path`; blocks while it is read for its checksum.
    pub fn at(path: &Path) -> Result<Self> {
        let failed = |error: std::io::Error| unreadable(path, &error);
        let mut file = std::fs::File::open(path).map_err(failed)?;
        let (mut digest, mut size, mut buffer) = (Sha256::new(), 0, vec![0; 1 << 16]);
        loop {
            let read = file.read(&mut buffer).map_err(failed)?;
            if read == 0 {
                break;
            }
            digest.update(&buffer[..read]);
            size += read as u64;
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Self { path: path.to_owned(), name, size, checksum: digest.finalize().into() })
    }
}

/// What became of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Done {
    /// It was taken in, by the import of this number.
    Taken(i32, Box<Report>),
    /// The same file was taken in the same way before.
    Known(i32, Box<Report>),
    /// It could be taken in; nothing was written.
    Checked(Box<Report>),
    /// It cannot be taken in; nothing was written.
    Refused(Box<Report>),
}

/// What is to be done with a file.
#[derive(Debug, Clone, Copy)]
pub struct Job<'a> {
    /// The file.
    pub received: &'a Received,
    /// How it is taken in.
    pub options: &'a Options,
    /// Where it is kept as it was received; `None` where it is not.
    pub kept: Option<&'a Kept>,
    /// The import, where it is known already.
    pub number: Option<i32>,
    /// What may be written.
    pub permit: &'a Permit,
    /// Who takes it in; `None` where that is noted already.
    pub by: Option<&'a Actor>,
}

impl<'a> Job<'a> {
    /// Takes a file in whatever it writes, keeps it nowhere, gives its import the next number and notes nobody.
    pub const fn new(received: &'a Received, options: &'a Options) -> Self {
        Self { received, options, kept: None, number: None, permit: &Permit::All, by: None }
    }
}

/// Takes a file in, in one transaction; waits for any other import to end.
pub async fn import(database: &Database, job: Job<'_>, clock: &Clock, progress: &Progress) -> Result<Done> {
    let Job { received, options, permit, .. } = job;
    let mut connection = database.writer().await?;
    let mut transaction = connection.begin().await?;
    take_lock(&mut transaction, || progress.check()).await?;
    if let Some((import, report)) = known(&mut transaction, (&received.checksum, options), permit).await? {
        return Ok(Done::Known(import, Box::new(report)));
    }
    let world = World::read(&mut transaction).await?.permitted(permit);
    let (mut content, world) = match read_aside(job, world, progress).await? {
        (Outcome::Refused(report), _) => return Ok(Done::Refused(report)),
        (Outcome::Content(content), world) => (content, world),
    };
    if let Err(error) = permit.check(&content.dataset.name, world.restricted.contains(&content.dataset.name))
    {
        content.report.faults.add(read::whole(FaultKind::Mapping, error.to_string()));
        return Ok(Done::Refused(Box::new(content.report)));
    }
    check::check(&mut transaction, &mut content, options.skip_faulty, progress).await?;
    let Some(written) = write::plan(&mut content, &world, options) else {
        return Ok(Done::Refused(Box::new(content.report)));
    };
    if options.dry_run {
        return Ok(Done::Checked(Box::new(content.report)));
    }
    let keeping = keep_aside(job).await?;
    let writing = write::write(&mut transaction, *content, written, (job, &world), clock, progress);
    let (import, report) = Box::pin(writing).await?;
    progress.check()?;
    // Before the commit, of which nobody may learn how it ended: a file too many does no harm.
    keeping.into_iter().for_each(Keeping::done);
    transaction.commit().await?;
    if report.observations >= LARGE {
        upkeep::vacuum(&mut connection, &upkeep::OF_FIGURES).await?;
    }
    Ok(Done::Taken(import, Box::new(report)))
}

/// Reads a file on a thread that may wait.
async fn read_aside(job: Job<'_>, world: World, progress: &Progress) -> Result<(Outcome, World)> {
    let (received, options, progress) = (job.received.clone(), job.options.clone(), progress.clone());
    let read = move || {
        let outcome = read::read(&received, &options, &world, &progress);
        outcome.map(|outcome| (outcome, world))
    };
    aside(read).await
}

/// Keeps a file, where that is asked for, on a thread that may wait.
async fn keep_aside(job: Job<'_>) -> Result<Option<Keeping>> {
    let Some(kept) = job.kept.cloned() else { return Ok(None) };
    let Received { path, checksum, .. } = job.received.clone();
    let keep = move || {
        let file = std::fs::File::open(&path).map_err(|error| unreadable(&path, &error))?;
        kept.keep(file, &checksum)
    };
    aside(keep).await.map(Some)
}

async fn aside<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| Error::internal("reading a file", error))?
}

fn unreadable(path: &Path, error: &std::io::Error) -> Error {
    Error::Startup(format!("the file {}: {error}", path.display()))
}

/// The import by which the same file was taken in the same way, some release of which still counts; whether it is only to be checked
/// makes no difference. Who may not write what it brought is not told of it.
pub async fn known(
    connection: &mut PgConnection,
    (checksum, options): (&[u8; 32], &Options),
    permit: &Permit,
) -> Result<Option<(i32, Report)>> {
    let (permitted, is_public) = (permit.datasets(), *permit == Permit::Public);
    let found = sqlx::query!(
        "SELECT import_id, report AS \"report!: Json<Report>\" FROM import
         WHERE import.kind = 'file' AND import.checksum = $1 AND options - 'dry_run' = $2::jsonb - 'dry_run' AND report IS NOT NULL
           AND EXISTS (SELECT FROM release JOIN collection ON name = collection WHERE release.import_id = import.import_id
                         AND collection.kind = 'dataset' AND withdrawn_at IS NULL AND superseded_by IS NULL)
           AND ($3::text[] IS NULL OR datasets_of(import_id) <@ $3)
           AND NOT ($4 AND datasets_of(import_id) && hidden_from('{}'))
         ORDER BY import_id LIMIT 1",
        &checksum[..],
        json!(options),
        permitted,
        is_public,
    );
    Ok(found.fetch_optional(connection).await?.map(|row| (row.import_id, row.report.0)))
}

/// Makes a dataset of one's own out of its description, which is kept like a file; answers with its name.
pub async fn create_dataset(
    database: &Database,
    text: &str,
    kept: Option<&Kept>,
    by: Option<&Actor>,
    clock: &Clock,
) -> Result<String> {
    let wrong = |reasons: Vec<String>| {
        Error::Startup(format!("the description of the dataset: {}", reasons.join("; ")))
    };
    let description = Description::parse(text).map_err(|reason| wrong(vec![reason]))?;
    let mut connection = database.writer().await?;
    let mut transaction = connection.begin().await?;
    hold_lock(&mut transaction).await?;
    let world = World::read(&mut transaction).await?;
    let faults = description.faults(&world, &|_, _| false);
    if !faults.is_empty() {
        return Err(wrong(faults));
    }
    let checksum = Sha256::digest(text).into();
    let keeping = kept.map(|kept| kept.keep(text.as_bytes(), &checksum)).transpose()?;
    let how = (checksum, keeping.is_some());
    write::describe(&mut transaction, &description, &world, how, clock).await?;
    if description.is_restricted() {
        sqlx::query!("UPDATE collection SET is_restricted = true WHERE name = $1", description.dataset)
            .execute(&mut *transaction)
            .await?;
    }
    if let Some(by) = by {
        let detail = if description.is_restricted() { "restricted" } else { "public" };
        note(&mut transaction, Action::DatasetCreated, (&description.dataset, Some(detail)), by, clock.now())
            .await?;
    }
    keeping.into_iter().for_each(Keeping::done);
    transaction.commit().await?;
    Ok(description.dataset)
}
