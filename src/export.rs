//! `china-auto export`: all that the database holds as a folder of CSV, which `china-auto import` takes back.

use std::path::PathBuf;
use std::time::Duration;

use crate::config::Settings;
use crate::error::Result;
use crate::ingest::archive::{self, Summary};

/// How long the embedded server may take to stop.
const STOP_WITHIN: Duration = Duration::from_secs(30);

/// Where it goes.
#[derive(Debug, Clone, clap::Args)]
pub struct Wanted {
    /// The folder to make; it must not be there, or be empty
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
}

/// Writes it, and tells in one line what was written.
pub async fn run(settings: Settings, wanted: Wanted) -> Result<String> {
    let opened = settings.attached().await?;
    let written = archive::export(&opened.database, &wanted.folder).await;
    opened.close(STOP_WITHIN).await?;
    let Summary { datasets, releases, records, statements } = written?;
    Ok(format!(
        "{}: {datasets} datasets, {releases} releases, {records} records and {statements} statements of figures\n",
        wanted.folder.display()
    ))
}
