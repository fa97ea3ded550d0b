//! Takes in the files that wait, one after the other, until the service stops.

use std::time::Duration;

use sqlx::PgConnection;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval, sleep};

use super::queue::{self, Claimed, End};
use super::{Intake, Shared};
use crate::error::{Error, Result};
use crate::ingest::file::{self, Done, Job, Options, Progress, Received};

/// How often an import says how far it is, and looks whether it was cancelled.
const TOLD_EVERY: Duration = Duration::from_millis(500);

/// How often an import is begun that cannot be brought to an end for reasons beside its file.
const ATTEMPTS: i32 = 10;

/// How long to wait before the database is tried again.
const PAUSE: Duration = Duration::from_secs(5);

impl Intake {
    /// Takes in what waits and what is sent, until `stop` holds. What is under way then rolls back and waits for the next start.
    pub async fn work(self, mut stop: watch::Receiver<bool>) {
        let shared = &self.0;
        let mut has_failed = false;
        while !*stop.borrow() {
            let next = async {
                if has_failed {
                    shared.recover().await?;
                }
                shared.next(&stop).await
            };
            let next = next.await;
            has_failed = next.is_err();
            match next {
                Ok(true) => continue,
                Ok(false) => {}
                // What was begun when it failed is begun again.
                Err(error) => {
                    tracing::warn!("files that were sent cannot be taken in at the moment: {error}");
                }
            }
            tokio::select! {
                () = shared.work.notified(), if !has_failed => {}
                () = sleep(PAUSE), if has_failed => {}
                _ = stop.changed() => {}
            }
        }
    }
}

impl Shared {
    /// Has what was under way wait again, and ends what cannot be gone on with; tells which imports are on their way.
    pub(super) async fn recover(&self) -> Result<Vec<i32>> {
        let mut connection = self.database.writer().await?;
        let mut goes_on = Vec::new();
        for (import, is_cancelled) in queue::on_their_way(&mut connection, self.spool.id()).await? {
            if is_cancelled {
                queue::end(&mut connection, import, End::Cancelled, self.clock.now()).await?;
                self.spool.remove(import);
            } else if self.spool.path(import).exists() {
                queue::put_back(&mut connection, import, true).await?;
                goes_on.push(import);
            } else {
                let why = "its file is not in the data folder any more".to_owned();
                queue::end(&mut connection, import, End::Failed(why), self.clock.now()).await?;
            }
        }
        Ok(goes_on)
    }

    /// Takes in the next file; `false` where none waits.
    async fn next(&self, stop: &watch::Receiver<bool>) -> Result<bool> {
        let mut connection = self.database.writer().await?;
        let Some(claimed) = queue::claim(&mut connection, self.spool.id(), self.clock.now()).await? else {
            return Ok(false);
        };
        let import = claimed.import;
        tracing::info!(import, file = claimed.name, attempt = claimed.attempts, "import begun");
        let progress = Progress::default();
        let done = self.take_in(&mut connection, &claimed, &progress, stop.clone()).await;
        let end = match done {
            Ok(Done::Taken(..)) => {
                self.vocabularies.forget();
                tracing::info!(import, "import done");
                None
            }
            Ok(Done::Known(same, _)) => Some(End::Known(same)),
            Ok(Done::Checked(report)) => Some(End::Checked(report)),
            Ok(Done::Refused(report)) => Some(End::Refused(report)),
            Err(Error::Cancelled) if *stop.borrow() => {
                queue::put_back(&mut connection, import, false).await?;
                return Ok(true);
            }
            Err(Error::Cancelled) => Some(End::Cancelled),
            Err(error @ Error::Unavailable(_)) if claimed.attempts < ATTEMPTS => return Err(error),
            Err(error) => Some(End::Failed(told(&error))),
        };
        if let Some(end) = end {
            tracing::info!(import, state = end.state(), "import ended");
            self.end(import, &end, stop.clone()).await?;
        }
        self.spool.remove(import);
        Ok(true)
    }

    /// Says how an import ended, as often as it takes: begun again only because its end found no room, it would fill a disk once more.
    async fn end(&self, import: i32, end: &End, mut stop: watch::Receiver<bool>) -> Result<()> {
        loop {
            let ending = async {
                queue::end(&mut self.database.writer().await?, import, end.clone(), self.clock.now()).await
            };
            match ending.await {
                Err(error @ (Error::Full(_) | Error::Unavailable(_))) if !*stop.borrow() => {
                    tracing::warn!(import, "how the import ended cannot be written down yet: {error}");
                }
                ended => return ended,
            }
            tokio::select! {
                () = sleep(PAUSE) => {}
                _ = stop.changed() => {}
            }
        }
    }

    /// The file of an import, and how it is to be taken in.
    fn received(&self, claimed: &Claimed) -> Result<(Received, Options)> {
        let path = self.spool.path(claimed.import);
        let checksum = claimed.checksum.as_slice().try_into();
        let checksum = checksum.map_err(|error| Error::internal("reading a checksum", error))?;
        let size = self.spool.size(claimed.import);
        let options = serde_json::from_value(claimed.options.clone()).map_err(|error| {
            Error::Startup(format!("how it is to be taken in is not understood: {error}"))
        })?;
        Ok((Received { path, name: claimed.name.clone(), size, checksum }, options))
    }

    /// Takes a file in, and says all the while how far that is.
    async fn take_in(
        &self,
        connection: &mut PgConnection,
        claimed: &Claimed,
        progress: &Progress,
        mut stop: watch::Receiver<bool>,
    ) -> Result<Done> {
        if claimed.attempts > ATTEMPTS {
            let why = format!("the service or its database ended {ATTEMPTS} times while it was taken in");
            return Err(Error::Startup(why));
        }
        let (received, options) = self.received(claimed)?;
        let kept = self.kept.as_ref();
        let job = Job {
            received: &received,
            options: &options,
            kept,
            number: Some(claimed.import),
            permit: &claimed.permit,
            by: None,
        };
        let mut work = Box::pin(file::import(&self.database, job, &self.clock, progress));
        let mut told = interval(TOLD_EVERY);
        told.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                done = &mut work => {
                    if !matches!(done, Ok(Done::Taken(..))) {
                        let _ = queue::progress(connection, claimed.import, progress.so_far()).await;
                    }
                    return done;
                }
                _ = stop.changed() => progress.cancel(),
                _ = told.tick() => {
                    let is_cancelled = queue::progress(connection, claimed.import, progress.so_far()).await;
                    // Where the database is gone, the work itself tells so.
                    if is_cancelled.unwrap_or_default() {
                        progress.cancel();
                    }
                }
            }
        }
    }
}

/// What a failure is to those who ask for the import. A fault of ours is told in the log only.
fn told(error: &Error) -> String {
    match error {
        Error::Internal { .. } => {
            tracing::error!("an import failed: {error}");
            "the service failed; its log tells more".to_owned()
        }
        // Begun again before there is room it would only fill the disk anew, in the end for the database's log too.
        Error::Full(_) => {
            tracing::error!("an import failed: {error}");
            format!("{error}; nothing of the file was taken in: send it again when there is room")
        }
        _ => error.to_string(),
    }
}
