//! `china-auto rebuild`: the same state again, from the files that were kept.

use std::time::Duration;

use crate::config::Settings;
use crate::database::{Database, DatabaseUrl, Opened};
use crate::error::{Error, Result};
use crate::ingest::Files;
use crate::ingest::file::Kept;
use crate::ingest::rebuild::{Rebuilt, check_empty, rebuild};

/// How long the embedded server may take to stop.
const STOP_WITHIN: Duration = Duration::from_secs(30);

/// Where it is made.
#[derive(Debug, Clone, clap::Args)]
pub struct Wanted {
    /// Make it in this database, which is empty, and leave the one that is used as it is
    #[arg(long, value_name = "URL")]
    into: Option<DatabaseUrl>,
}

/// Makes it and tells in one line what it came to. Without another database to make it in it takes the place of the embedded one, while no
/// service runs.
pub async fn run(settings: Settings, wanted: Wanted) -> Result<String> {
    let kept = Kept::of(&settings.data_folder()?);
    match (&wanted.into, &settings.database_url) {
        (Some(into), _) => {
            let (opened, target) = (settings.attached().await?, Opened::external(into).await?);
            let made = make_in(&opened.database, &target.database, &kept).await;
            opened.close(STOP_WITHIN).await?;
            Ok(told(made?, &target.described))
        }
        (None, None) => {
            let opened = Opened::alone(settings.embedded()?).await?;
            let made = opened.remake(async |empty| make(&opened.database, empty, &kept).await).await;
            let described = opened.described.clone();
            opened.close(STOP_WITHIN).await?;
            Ok(told(made?, &described))
        }
        (None, Some(url)) => Err(Error::Startup(format!(
            "the {url}, which DATABASE_URL names, is not replaced: make an empty database and name it with --into"
        ))),
    }
}

async fn make_in(from: &Database, to: &Database, kept: &Kept) -> Result<Rebuilt> {
    to.migrate().await?;
    check_empty(to).await?;
    make(from, to, kept).await
}

async fn make(from: &Database, to: &Database, kept: &Kept) -> Result<Rebuilt> {
    Box::pin(rebuild(from, to, kept, &Files::bundled())).await
}

fn told(Rebuilt { files, withdrawals, releases, is_exact }: Rebuilt, described: &str) -> String {
    let how = if is_exact {
        "all figures and numbers are what they were"
    } else {
        "bundled data are those of this version of the program, so releases have other numbers"
    };
    format!(
        "{described}: rebuilt from {files} kept files, {releases} releases, {withdrawals} withdrawn; {how}\n"
    )
}
